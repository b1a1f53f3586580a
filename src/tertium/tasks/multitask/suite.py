"""Sets of tasks in the manner of Yang et al. 2019: fixation, two modalities and a rule in, a direction out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.distributions import Columns
from tertium.tasks.multitask.shared import MODALITIES
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import PopulationVector
from tertium.tasks.spec import Conditions, Epoch, LossWeight, Stimulus, Target, TaskSpec


@dataclass(frozen=True)
class Suite:
    """What all tasks of such a set have in common.

    Parameters
    ----------
    name, cite : str
        Name of the set, and the paper.
    rules : tuple of str
        Names of the tasks, in the order of their rule inputs.
    modality : callable
        Makes the block of inputs of a modality from its name: a `Ring` or `CosSin`.
    fixation, direction : Channel
        The outputs; ``direction`` is a `Ring` or `CosSin`.
    held : float
        What is added to the fixation output's baseline while fixation is to be held.
    tolerance : float
        Radians on either side of the right direction that count as correct.

    Examples
    --------
    >>> from tertium.tasks.multitask.yang19_parts import SUITE
    >>> SUITE.name, len(SUITE.rules)
    ('yang19', 20)
    """

    name: str
    cite: str
    rules: tuple[str, ...]
    modality: Callable[[str], Channel]
    fixation: Channel
    direction: Channel
    held: float
    tolerance: float

    def task(
        self,
        name: str,
        what: str,
        epochs: Sequence[Epoch],
        conditions: Conditions,
        stimuli: Sequence[Stimulus],
        *,
        dt: float,
        noise: float,
        facets: Sequence[str],
        shared_timing: bool = False,
        fixation_goes_off: bool = True,
    ) -> TaskSpec:
        """Return the description of one task; its conditions hold the correct direction as ``answer``, NaN for none.

        Parameters
        ----------
        name, what : str
            Name (one of ``rules``), and what the subject has to do.
        epochs : sequence of Epoch
            The last is the ``response``.
        conditions, stimuli
            See `TaskSpec`; fixation and rule inputs are added here.
        dt : float
            Seconds.
        noise : float
            sigma_x: each sample of each input has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
        facets : sequence of str
            Conditions that pictures tell apart.
        shared_timing : bool
            Whether all trials of a batch have one timing.
        fixation_goes_off : bool
            Whether the end of the fixation input is the signal to respond; otherwise it stays on.
        """
        names = tuple(epoch.name for epoch in epochs)
        before = names[:-1]
        return TaskSpec(
            name=f"{self.name}/{name}",
            what=what,
            cite=self.cite,
            dt=dt,
            epochs=tuple(epochs),
            inputs=(Channel("fixation"), *map(self.modality, MODALITIES), OneHot("rule", len(self.rules))),
            outputs=(self.fixation, self.direction),
            conditions=conditions,
            stimuli=(
                Stimulus("fixation", 1.0, before if fixation_goes_off else names),
                Stimulus("rule", float(self.rules.index(name)), names),
                *stimuli,
            ),
            targets=(
                Target("fixation", self.held, before),
                Target("fixation", self._held_without_answer, "response"),
                Target("direction", "answer", "response"),
            ),
            weights=(
                # 100 ms to settle at the start of the trial and of the response cost nothing; fixation counts twice
                LossWeight(1.0, before, grace=0.1),
                LossWeight(5.0, "response", grace=0.1),
                LossWeight(2.0, before, channel="fixation", grace=0.1),
                LossWeight(10.0, "response", channel="fixation", grace=0.1),
            ),
            response=PopulationVector("answer", tolerance=self.tolerance),
            noise={block: Noise(noise, "leaky", tau=0.1) for block in ("fixation", *MODALITIES, "rule")},
            facets=tuple(facets),
            shared_timing=shared_timing,
        )

    def _held_without_answer(self, drawn: Columns) -> npt.NDArray[np.floating]:
        return self.held * np.isnan(drawn["answer"])
