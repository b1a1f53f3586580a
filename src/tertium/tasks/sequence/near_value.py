"""The response rule of tasks that ask for a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.response_rules import ResponseRule, mean_during

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


@dataclass(frozen=True)
class NearValue(ResponseRule):
    """The answer is a number, the mean of one output during the response; correct is one near enough.

    Parameters
    ----------
    correct_answer : str
        Condition that holds the wanted number.
    channel : str
        The output.
    during : str
        The response epoch.
    tolerance : float
        Largest distance that counts as correct, in units of the number.
    period : float, optional
        Length of the circle on which the number lies (pi for orientations).
    """

    correct_answer: str
    channel: str
    during: str
    tolerance: float
    period: float | None = None

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the reported number of each trial, shape (trial,)."""
        return np.asarray(mean_during(outputs[..., batch.block(self.channel)], batch, self.during)[:, 0])

    def error(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.floating]:
        """Return reported minus wanted, the short way round if there is a period, shape (trial,)."""
        apart = self.read(outputs, batch) - batch.columns[self.correct_answer]
        if self.period is None:
            return np.asarray(apart)
        return np.asarray((apart + self.period / 2) % self.period - self.period / 2)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the number is within the tolerance."""
        return np.asarray(np.abs(self.error(outputs, batch)) <= self.tolerance)
