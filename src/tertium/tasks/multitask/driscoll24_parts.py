"""What the 15 tasks of Driscoll et al. 2024 have in common: channels, targets, costs and the rule of response."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.tasks.channels import Channel, CosSin, OneHot
from tertium.tasks.multitask.shared import MODALITIES, Conditions
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import PopulationVector
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec, Value

#: In the order of their rule inputs.
RULES = (
    "delaypro", "memorypro", "reactpro", "delayanti", "memoryanti", "reactanti",
    "intmod1", "intmod2", "contextintmod1", "contextintmod2", "contextintmultimodal",
    "match2sample", "nonmatch2sample", "matchcatpro", "matchcatanti",
)  # fmt: skip

CITE = "Driscoll, Shenoy & Sussillo 2024 Nature Neuroscience"

#: Target of the fixation output while fixation is to be held; 0 after.
HELD = 0.8

#: 18 degrees on either side count as correct.
TOLERANCE = np.pi / 10


def spec(
    name: str,
    what: str,
    epochs: Sequence[Epoch],
    conditions: Conditions,
    stimuli: Sequence[Stimulus],
    *,
    dt: float,
    noise: float,
    facets: Sequence[str],
    fixation_goes_off: bool = True,
) -> TaskSpec:
    """Return the description of one task; its conditions hold the correct direction as ``answer``, NaN for none.

    Parameters
    ----------
    name, what : str
        Name (one of `RULES`), and what the subject has to do.
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
    fixation_goes_off : bool
        Whether the end of the fixation input is the signal to respond; otherwise it stays on.
    """
    names = tuple(epoch.name for epoch in epochs)
    before = names[:-1]
    held: Value = lambda c: HELD * np.isnan(c["answer"])  # noqa: E731
    return TaskSpec(
        name=f"driscoll24/{name}",
        what=what,
        cite=CITE,
        dt=dt,
        epochs=tuple(epochs),
        inputs=(Channel("fixation"), *(CosSin(block) for block in MODALITIES), OneHot("rule", len(RULES))),
        outputs=(Channel("fixation"), CosSin("direction")),
        conditions=conditions,
        stimuli=(
            Stimulus("fixation", 1.0, before if fixation_goes_off else names),
            Stimulus("rule", float(RULES.index(name)), names),
            *stimuli,
        ),
        targets=(
            Target("fixation", HELD, before),
            Target("fixation", held, "response"),
            Target("direction", "answer", "response"),
        ),
        weights=(
            # as in Yang et al.: 100 ms to settle at the start of trial and response are free; fixation counts twice
            LossWeight(1.0, before, grace=0.1),
            LossWeight(5.0, "response", grace=0.1),
            LossWeight(2.0, before, channel="fixation", grace=0.1),
            LossWeight(10.0, "response", channel="fixation", grace=0.1),
        ),
        response=PopulationVector("answer", tolerance=TOLERANCE),
        noise={block: Noise(noise, "leaky", tau=0.1) for block in ("fixation", *MODALITIES, "rule")},
        facets=tuple(facets),
    )
