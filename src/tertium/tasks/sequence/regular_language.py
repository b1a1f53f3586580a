"""Regular languages: tell after each symbol whether the string so far belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns, Given
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.sequence.automaton import Automaton, automaton
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Target, TaskSpec

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch


def regular_language(
    *,
    language: str = "parity",
    shortest: int = 1,
    longest: int = 20,
    balance: float = 0.5,
    dt: float = 0.01,
) -> TaskSpec:
    """Tell after each symbol whether the string of 0 and 1 so far belongs to a language (Tomita 1982).

    Strings of each length are drawn uniformly from those that belong and from those that do not, so that languages
    with few strings are learnt from both kinds. The condition ``symbols`` holds each string.

    Parameters
    ----------
    language : str
        "parity" (an odd number of ones) or "tomita1" ... "tomita7".
    shortest, longest : int
        Numbers of symbols between which each string's length is drawn, both included.
    balance : float
        Fraction of strings that belong, as far as there are any of that length.
    dt : float
        Seconds that one symbol stands for; the task is in steps.

    Raises
    ------
    UnknownName
        If there is no such language.
    BadInput
        If the lengths or the balance make no sense.
    """
    if not 1 <= shortest <= longest:
        raise BadInput("lengths of strings", got=f"{shortest} to {longest}", expected="1 <= shortest <= longest")
    if not 0 <= balance <= 1:
        raise BadInput("balance", got=f"{balance}", expected="a fraction of strings, 0 to 1")
    rule = automaton(language)
    return TaskSpec(
        name="regular_language",
        what="Tell after each symbol whether the string so far belongs to the language.",
        cite="Tomita 1982 Proc Cognitive Science Society",
        dt=dt,
        epochs=(Epoch("string", lambda c: c["length"] * dt),),
        inputs=(OneHot("symbol", 2),),
        outputs=(Channel("accept"),),
        conditions={
            "length": Given(lambda rng, drawn, n: rng.integers(shortest, longest + 1, size=n)),
            "symbols": Given(_strings(rule, balance)),
            "accepted": lambda drawn: _accepted(rule, drawn),
        },
        stimuli=(Stimulus("symbol", Series(_in_time(lambda c: c["symbols"])), "string"),),
        targets=(Target("accept", Series(_in_time(lambda c: _signs(rule, c["symbols"]))), "string"),),
        weights=(LossWeight(1.0, "string"),),
        response=EverySign(),
        facets=("accepted",),
    )


@dataclass(frozen=True)
class EverySign(ResponseRule):
    """The answer is the sign of the output after each symbol; correct where all are right."""

    channel: str = "accept"

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the answers, +1 or -1, 0 after the end of a string, shape (trial, position)."""
        signs = np.where(outputs[..., batch.block(self.channel)][..., 0] > 0, 1, -1)
        return np.where(batch.valid, signs, 0).T

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return for which strings every answer is right."""
        return np.asarray((self.read(outputs, batch) == self.read(batch.targets, batch)).all(1))


def _strings(rule: Automaton, balance: float) -> Any:
    def draw(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        return rule.draw(rng, drawn["length"], rng.random(n) < balance)

    return draw


def _accepted(rule: Automaton, drawn: Columns) -> npt.NDArray[np.bool_]:
    after = rule.accepts(np.maximum(drawn["symbols"], 0))
    return np.asarray(after[np.arange(len(after)), drawn["length"] - 1])


def _signs(rule: Automaton, symbols: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(rule.accepts(np.maximum(symbols, 0)), 1.0, -1.0)


def _in_time(values: Any) -> Any:
    """Return the series that shows one column of an array (trial, position) at each step."""

    def series(course: TrialCourse) -> npt.NDArray[Any]:
        return np.asarray(values(course.columns)[:, : course.steps].T)

    return series
