"""The response rule of reaction-time tasks: the first output to reach a threshold is the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.response_rules import ResponseRule

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


@dataclass(frozen=True)
class FirstToThreshold(ResponseRule):
    """The answer is the first channel to reach a threshold, and the time of it is the reaction time.

    Parameters
    ----------
    correct_answer : str
        Condition that holds the index of the correct channel.
    channel : str
        Block of outputs, one channel an alternative.
    during : str
        The epoch in which an answer may be given.
    threshold : float
        Level of the output.
    earliest : float
        Seconds after the epoch's start before which crossings do not count (pycog: 0.3 s).
    """

    correct_answer: str
    channel: str = "choice"
    during: str = "stimulus"
    threshold: float = 0.5
    earliest: float = 0.0

    def _crossing(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the step of the crossing, -1 where there is none, and the channel with the largest output then."""
        first, stop = batch.epochs[self.during].T
        grid = np.arange(batch.steps)[:, None]
        allowed = (grid >= first + round(self.earliest / batch.dt)) & (grid < stop)
        block = outputs[..., batch.block(self.channel)]
        crossed = (block.max(-1) >= self.threshold) & allowed
        step = crossed.argmax(0)
        chosen = block[step, np.arange(len(batch))].argmax(-1)
        return np.where(crossed.any(0), step, -1), np.where(crossed.any(0), chosen, -1)

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the index of the chosen channel, -1 where the threshold is never reached."""
        return self._crossing(outputs, batch)[1]

    def reaction_time(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.floating]:
        """Return seconds from the start of the epoch to the crossing, NaN where there is none, shape (trial,)."""
        step = self._crossing(outputs, batch)[0]
        return np.where(step >= 0, (step - batch.epochs[self.during][:, 0]) * batch.dt, np.nan)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the first channel to reach the threshold is the correct one."""
        return np.asarray(self.read(outputs, batch) == batch.columns[self.correct_answer])
