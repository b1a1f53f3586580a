"""How an answer is read from the outputs of a network, and when it is correct."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import CosSin, Ring

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


class ResponseRule(ABC):
    """Reads the answer of each trial from outputs (time, trial, output)."""

    @abstractmethod
    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the answer in each trial, shape (trial,) or (trial, ...)."""

    @abstractmethod
    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return which answers are correct, shape (trial,)."""


@dataclass(frozen=True)
class LargestOutput(ResponseRule):
    """The answer is the channel with the largest mean output during the response.

    Parameters
    ----------
    correct_answer : str
        Condition that holds the index of the correct channel; -1 where no answer is correct (holding fixation is).
    channel : str
        Block of outputs, one channel an alternative.
    during : str
        The response epoch.
    fixation : str, optional
        Output that must be low (< 0.5) in the mean of the response for an answer to count, and high for none. Without
        it, an answer is always given.
    """

    correct_answer: str
    channel: str = "choice"
    during: str = "decision"
    fixation: str | None = None

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the index of the chosen channel, -1 for none."""
        chosen = mean_during(outputs[..., batch.block(self.channel)], batch, self.during).argmax(-1)
        if self.fixation is None:
            return chosen
        fixating = mean_during(outputs[..., batch.block(self.fixation)], batch, self.during)[:, 0] >= 0.5
        return np.where(fixating, -1, chosen)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the chosen channel is the correct one."""
        return np.asarray(self.read(outputs, batch) == batch.columns[self.correct_answer])


@dataclass(frozen=True)
class SignOfOutput(ResponseRule):
    """The answer is the sign of one output, in the mean of the response.

    Parameters
    ----------
    correct_answer : str
        Condition that holds +1 or -1.
    channel : str
        The output.
    during : str
        The response epoch.
    """

    correct_answer: str
    channel: str = "choice"
    during: str = "decision"

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return -1 or +1."""
        mean = mean_during(outputs[..., batch.block(self.channel)], batch, self.during)[:, 0]
        return np.where(mean > 0, 1, -1)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the sign is the correct one."""
        return np.asarray(self.read(outputs, batch) == batch.columns[self.correct_answer])


@dataclass(frozen=True)
class PopulationVector(ResponseRule):
    """The answer is the direction of the population vector at the last step (Yang et al. 2019).

    Correct is an answer within ``tolerance`` of the correct direction with the fixation output below 0.5, or, where
    the correct direction is NaN, a fixation output above 0.5.

    Parameters
    ----------
    correct_answer : str
        Condition that holds the direction in radians, NaN where fixation has to be held.
    channel : str
        A `Ring` or `CosSin` of outputs.
    fixation : str, optional
        The fixation output.
    tolerance : float
        Radians; pi / 5 (36 degrees) in Yang et al., pi / 10 in Driscoll et al.
    during : str
        The response epoch, at whose last step the answer is read.
    """

    correct_answer: str
    channel: str = "direction"
    fixation: str | None = "fixation"
    tolerance: float = np.pi / 10
    during: str = "response"

    def ring(self, batch: TrialBatch) -> Ring | CosSin:
        """Return the outputs that hold a direction."""
        for block in batch.spec.outputs:
            if block.name == self.channel and isinstance(block, Ring | CosSin):
                return block
        raise BadInput(
            f"response of task '{batch.spec.name}'",
            got=f"'{self.channel}'",
            expected="a Ring or CosSin of outputs",
            repair="Name the block of outputs that holds the direction.",
        )

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return directions in radians, NaN where fixation was held."""
        last = at_last_step(outputs, batch, self.during)
        direction = self.ring(batch).decode(last[:, batch.block(self.channel)])
        if self.fixation is None:
            return direction
        return np.where(last[:, batch.block(self.fixation)][:, 0] > 0.5, np.nan, direction)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the direction is near enough, or fixation was rightly held."""
        given, wanted = self.read(outputs, batch), batch.columns[self.correct_answer]
        apart = np.abs((given - wanted + np.pi) % (2 * np.pi) - np.pi)
        return np.asarray(np.where(np.isnan(wanted), np.isnan(given), apart < self.tolerance))


@dataclass(frozen=True)
class FollowsTarget(ResponseRule):
    """The answer is the whole output; correct where its weighted root-mean-square error is small.

    Parameters
    ----------
    tolerance : float
        Largest root-mean-square distance to the targets, in units of the targets.
    """

    tolerance: float

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the weighted root-mean-square error of each trial."""
        weighted = (batch.mask * (outputs - batch.targets) ** 2).sum((0, 2))
        return np.sqrt(weighted / np.maximum(batch.mask.sum((0, 2)), 1e-12))

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the error is within the tolerance."""
        return np.asarray(self.read(outputs, batch) <= self.tolerance)


@dataclass(frozen=True)
class CrossingTime(ResponseRule):
    """The answer is the time at which an output first rises through a threshold (timing tasks).

    Parameters
    ----------
    correct_answer : str
        Condition that holds the wanted time in seconds after ``since`` began.
    since : str
        The epoch from whose start time is counted.
    channel : str
        The output.
    threshold : float
        Level of the output.
    tolerance : float
        Largest relative error.
    """

    correct_answer: str
    since: str
    channel: str = "go"
    threshold: float = 0.5
    tolerance: float = 0.2

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return seconds, NaN where the threshold is never reached."""
        start = batch.epochs[self.since][:, 0]
        after = (np.arange(batch.steps)[:, None] >= start) & batch.valid
        above = (outputs[..., batch.block(self.channel)][..., 0] >= self.threshold) & after
        return np.where(above.any(0), (above.argmax(0) - start) * batch.dt, np.nan)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the time is within the tolerance."""
        wanted = batch.columns[self.correct_answer]
        return np.asarray(np.abs(self.read(outputs, batch) - wanted) <= self.tolerance * np.abs(wanted))


def mean_during(outputs: npt.NDArray[Any], batch: TrialBatch, epoch: str | Sequence[str]) -> npt.NDArray[Any]:
    """Return the mean of outputs over one epoch of each trial, shape (trial, channel)."""
    names = (epoch,) if isinstance(epoch, str) else epoch
    inside = np.zeros((batch.steps, len(batch)), dtype=bool)
    for name in names:
        first, stop = batch.epochs[name].T
        grid = np.arange(batch.steps)[:, None]
        inside |= (grid >= first) & (grid < stop)
    return np.einsum("tn,tnc->nc", inside, outputs) / np.maximum(inside.sum(0), 1)[:, None]


def at_last_step(outputs: npt.NDArray[Any], batch: TrialBatch, epoch: str) -> npt.NDArray[Any]:
    """Return the outputs at the last step of an epoch of each trial, shape (trial, channel)."""
    return outputs[np.maximum(batch.epochs[epoch][:, 1] - 1, 0), np.arange(len(batch))]
