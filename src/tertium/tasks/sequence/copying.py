"""Copy memory: repeat a string of symbols after a long blank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import OneHot
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Distribution, Given
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.spec import LossWeight, Series, Stimulus, Target, TaskSpec, lasting

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


def copying(
    *,
    symbols: int = 8,
    length: int = 10,
    delay: float | Distribution = 1.0,
    dt: float = 0.01,
) -> TaskSpec:
    """Repeat a string of symbols after a long blank (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016).

    Inputs are the symbols, a blank, and a go signal at the last step of the delay; outputs are the symbols and the
    blank, which is the answer until the string is due.

    Parameters
    ----------
    symbols : int
        Size of the alphabet (8 in Arjovsky et al.).
    length : int
        Symbols to repeat (10 in Arjovsky et al.).
    delay : float or Distribution
        Seconds from the last symbol to the end of the go signal; at least one step.
    dt : float
        Seconds that one step stands for; the task is in steps (100 of delay by default).

    Raises
    ------
    BadInput
        If there are fewer than two symbols or nothing to repeat.
    """
    if symbols < 2 or length < 1:
        raise BadInput(
            "copying",
            got=f"{length} of {symbols} symbols",
            expected="at least 1 of at least 2",
            repair="Pass length=10.",
        )
    every = ("show", "delay", "recall")
    return TaskSpec(
        name="copy",
        what="Repeat a string of symbols after a long blank.",
        cite="Arjovsky, Shah & Bengio 2016 ICML",
        dt=dt,
        epochs=lasting(show=length * dt, delay=delay, recall=length * dt),
        inputs=(OneHot("symbol", symbols + 2),),
        outputs=(OneHot("symbol", symbols + 1),),
        conditions={"string": Given(lambda rng, drawn, n: rng.integers(symbols, size=(n, length)))},
        stimuli=(Stimulus("symbol", Series(lambda course: _shown(course, symbols)), every),),
        targets=(Target("symbol", Series(lambda course: _placed(course, "recall", symbols)), every),),
        weights=(LossWeight(1.0, every),),
        response=EverySymbol(),
    )


def _placed(course: TrialCourse, epoch: str, blank: int) -> npt.NDArray[np.int64]:
    """Return the string at the steps of an epoch and blanks elsewhere, shape (time, trial)."""
    string = course.columns["string"]
    position = np.clip(course.grid - course.start(epoch), 0, string.shape[1] - 1)
    return np.where(course.during(epoch), string[np.arange(course.n), position], blank)


def _shown(course: TrialCourse, blank: int) -> npt.NDArray[np.int64]:
    shown = _placed(course, "show", blank)
    return np.where(course.grid == course.start("recall") - 1, blank + 1, shown)


@dataclass(frozen=True)
class EverySymbol(ResponseRule):
    """The answer is the largest output at each step of an epoch; correct where every symbol is right."""

    channel: str = "symbol"
    during: str = "recall"

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the string, indices of channels, shape (trial, position)."""
        first, stop = batch.epochs[self.during].T
        steps = first[:, None] + np.arange((stop - first).max())
        return np.asarray(outputs[steps, np.arange(len(batch))[:, None]][..., batch.block(self.channel)].argmax(-1))

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return which strings were repeated without an error."""
        return np.asarray((self.read(outputs, batch) == batch.columns["string"]).all(1))
