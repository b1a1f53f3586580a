"""What tasks of the kind "hold fixation, then choose" (or go) have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.distributions import Columns, Given
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput, ResponseRule
from tertium.tasks.spec import Conditions, Epoch, LossWeight, Stimulus, Target, TaskSpec


class Frame(NamedTuple):
    """The parts of a description that go with fixation and answer; a task adds its own to them."""

    inputs: tuple[Channel, ...]
    outputs: tuple[Channel, ...]
    stimuli: tuple[Stimulus, ...]
    targets: tuple[Target, ...]
    weights: tuple[LossWeight, ...]
    response: ResponseRule

    def task(
        self,
        *,
        name: str,
        what: str,
        cite: str,
        dt: float,
        epochs: Sequence[Epoch],
        inputs: Sequence[Channel],
        conditions: Conditions,
        stimuli: Sequence[Stimulus],
        noise: Mapping[str, Noise],
        facets: Sequence[str],
        response: ResponseRule | None = None,
    ) -> TaskSpec:
        """Return the description of a task: its own inputs and stimuli after the frame's, the rest as the frame has it.

        Parameters
        ----------
        name, what, cite, dt, epochs, inputs, conditions, stimuli, noise, facets
            See `TaskSpec`.
        response : ResponseRule, optional
            In place of the frame's.
        """
        return TaskSpec(
            name=name,
            what=what,
            cite=cite,
            dt=dt,
            epochs=epochs,
            inputs=(*self.inputs, *inputs),
            outputs=self.outputs,
            conditions=conditions,
            stimuli=(*self.stimuli, *stimuli),
            targets=self.targets,
            weights=self.weights,
            response=response or self.response,
            noise=noise,
            facets=facets,
        )


def fixate_then_choose(
    before: Sequence[str], decision: str = "decision", alternatives: int = 2, weight: float = 5.0, grace: float = 0.0
) -> Frame:
    """Return the frame of a task in which fixation is held and then one of some alternatives is chosen.

    Parameters
    ----------
    before : sequence of str
        Epochs in which fixation is shown and held.
    decision : str
        Epoch in which the condition ``choice``, an index, is to be reported.
    alternatives : int
        Number of choices.
    weight : float
        Weight of an error during the decision; 1 before it.
    grace : float
        Seconds at the start of the decision that do not count.

    Examples
    --------
    >>> frame = fixate_then_choose(["fixation", "stimulus"])
    >>> [block.name for block in frame.outputs]
    ['fixation', 'choice']
    """
    return Frame(
        inputs=(Channel("fixation"),),
        outputs=(Channel("fixation"), OneHot("choice", alternatives)),
        stimuli=(Stimulus("fixation", 1.0, before),),
        targets=(Target("fixation", 1.0, before), Target("choice", "choice", decision)),
        weights=(LossWeight(1.0, before), LossWeight(weight, decision, grace=grace)),
        response=LargestOutput("choice", during=decision),
    )


def fixate_then_go(before: Sequence[str]) -> Frame:
    """Return the frame of a task in which fixation is held and then, by the condition ``go`` (0 or 1), left or held on.

    The answer is read during the epoch ``decision``; the condition ``choice`` is 0 where it is to be given, else -1.

    Parameters
    ----------
    before : sequence of str
        Epochs in which fixation is shown and held.

    Examples
    --------
    >>> [block.name for block in fixate_then_go(["fixation", "stimulus"]).outputs]
    ['fixation', 'go']
    """
    return Frame(
        inputs=(Channel("fixation"),),
        outputs=(Channel("fixation"), Channel("go")),
        stimuli=(Stimulus("fixation", 1.0, before),),
        targets=(
            Target("fixation", 1.0, before),
            Target("fixation", lambda c: 1.0 - c["go"], "decision"),
            Target("go", lambda c: c["go"].astype(float), "decision"),
        ),
        weights=(LossWeight(1.0, before), LossWeight(5.0, "decision")),
        response=LargestOutput("choice", channel="go", fixation="fixation"),
    )


def choice_from(evidence: str) -> Given:
    """Return the draw of the correct choice: 0 for positive evidence, 1 for negative, either for none.

    Parameters
    ----------
    evidence : str
        A condition drawn before.
    """

    def draw(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        coin = rng.integers(2, size=n)  # drawn for all, so that fixing the evidence changes nothing else
        return np.where(drawn[evidence] > 0, 0, np.where(drawn[evidence] < 0, 1, coin))

    return Given(draw)


def signed(values: Sequence[float]) -> tuple[float, ...]:
    """Return values with both signs, each once per sign (0 twice, so that signs and strengths stay balanced).

    Examples
    --------
    >>> signed((0.1, 0.5))
    (-0.5, -0.1, 0.1, 0.5)
    """
    return tuple(sorted(sign * value + 0.0 for value in values for sign in (-1, 1)))


@dataclass(frozen=True)
class TunedPair(Channel):
    """Two channels of which one rises and one falls linearly with a value, a vibration's frequency for instance.

    Parameters
    ----------
    low, high : float
        Values between which the tuning is given.
    rising, falling : tuple of float
        Activity of the first and of the second channel at ``low`` and at ``high``.

    Examples
    --------
    >>> TunedPair("vibration", low=10, high=34).encode(np.array([10.0])).tolist()
    [[0.2, 1.0]]
    """

    size: int = 2
    low: float = 0.0
    high: float = 1.0
    rising: tuple[float, float] = (0.2, 1.0)
    falling: tuple[float, float] = (1.0, 0.2)

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the pair of activities, shape (..., 2)."""
        part = (value - self.low) / (self.high - self.low)
        return np.stack([first + (last - first) * part for first, last in (self.rising, self.falling)], axis=-1)
