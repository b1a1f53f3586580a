"""Store and recall: keep the value that came with a command until another command asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import OneHot, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Columns, Given
from tertium.tasks.engine.checking import require_count, require_number
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.spec import LossWeight, Series, Stimulus, Target, TaskSpec, lasting

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch

#: Commands that a symbol may come with.
_NONE, _STORE, _RECALL = 0, 1, 2


def store_recall(
    *,
    dt: float = 0.001,
    symbols: int = 12,
    symbol: float = 0.2,
    expected_delay: float = 6.0,
    units: int = 25,
    rate: float = 50.0,
) -> TaskSpec:
    """Keep the bit that comes with a store command until a recall command asks for it (Bellec et al. 2018).

    A trial is a sequence of symbols. Each shows a random bit; some come with the command to store it, and some, without
    a bit, with the command to recall what was stored last. Stores and recalls alternate, at least one symbol lies
    between a store and its recall, and every store is recalled. Inputs are Poisson spikes of four populations: of bit
    0, of bit 1, of the store command and of the recall command, in this order, each active while its symbol lasts.

    Conditions are, for each symbol, ``bits``, ``commands`` (0 none, 1 store, 2 recall), ``answer`` (the bit to be
    recalled, -1 where none is) and ``held`` (symbols from the store to this recall, 0 where there is none).

    The defaults are those of the authors' published code; there, a bit shown after a store is the opposite of the
    stored one in half of the trials by construction, here it is drawn like all others, which is the same.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    symbols : int
        Length of the sequence.
    symbol : float
        Duration of a symbol in seconds, a whole number of steps. The shortest delay, from the end of a store to the
        beginning of its recall, is one symbol.
    expected_delay : float
        A command comes with probability ``1 / (1 + expected_delay)`` a symbol, though never right after a store.
        Sequences without a store, or whose last store is not recalled, are drawn again, which shortens long delays.
    units : int
        Input channels of a population.
    rate : float
        Spikes per second of an active channel, at most one a step.

    Raises
    ------
    BadInput
        If the sequence is too short for a store and its recall, a symbol is no whole number of steps, the delay is no
        positive number, or the rate is above one spike a step.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> task = make("store_recall", symbols=6, symbol=0.05, expected_delay=2.0)
    >>> batch = task.batch(3, seed=1)
    >>> batch.inputs.shape, batch.columns["commands"].tolist()[0], batch.columns["answer"].tolist()[0]
    ((300, 3, 100), [0, 0, 1, 0, 0, 2], [-1, -1, -1, -1, -1, 1])
    """
    _check(dt, symbols, symbol, expected_delay, units, rate)
    during = "sequence"
    return TaskSpec(
        name="store_recall",
        what="Keep the bit that came with a store command until it is recalled.",
        cite="Bellec, Salaj, Subramoney, Legenstein & Maass 2018 NeurIPS (arXiv:1803.09574)",
        dt=dt,
        epochs=lasting(sequence=symbols * symbol),
        inputs=(Vector("spikes", 4 * units),),
        outputs=(OneHot("bit", 2),),
        conditions={
            "commands": Given(lambda rng, drawn, n: _commands(rng, n, symbols, 1 / (1 + expected_delay))),
            "bits": Given(lambda rng, drawn, n: rng.integers(2, size=(n, symbols))),
            "held": _held,
            "answer": _answer,
        },
        stimuli=(Stimulus("spikes", Series(lambda course: course.streams["spikes"]), during),),
        targets=(Target("bit", Series(lambda course: _over_time(course, "answer")), during),),
        weights=(LossWeight(1.0, during, where=Series(lambda course: _over_time(course, "answer") >= 0)),),
        response=EveryRecall(),
        streams={"spikes": lambda rng, course: _spikes(rng, course, units, rate)},
    )


@dataclass(frozen=True)
class EveryRecall(ResponseRule):
    """The answer to a recall is the output that is largest in the mean over its symbol; correct where all are right."""

    channel: str = "bit"
    during: str = "sequence"

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the answer to each recall and -1 at other symbols, shape (trial, symbol)."""
        asked = batch.columns["answer"]
        first, stop = batch.epochs[self.during][0]
        own = outputs[first:stop, :, batch.block(self.channel)]
        means = own.reshape(asked.shape[1], -1, *own.shape[1:]).mean(1)
        return np.where(asked < 0, -1, means.argmax(-1).T)

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return the trials in which every recall was answered with what had been stored."""
        return np.asarray((self.read(outputs, batch) == batch.columns["answer"]).all(1))


def _check(dt: float, symbols: int, symbol: float, expected_delay: float, units: int, rate: float) -> None:
    require_count("symbols of store_recall", symbols)
    require_count("units of store_recall", units)
    require_number("dt", dt, above=0)
    require_number("symbol of store_recall", symbol, at_least=dt)
    require_number("expected_delay of store_recall", expected_delay, above=0)
    require_number("rate of store_recall", rate, above=0)
    if symbols < 3:
        raise BadInput("symbols of store_recall", got=f"{symbols}", expected=">= 3: a store, a delay and a recall")
    if abs(symbol / dt - round(symbol / dt)) > 1e-6:
        raise BadInput("symbol of store_recall", got=f"{symbol:g} s", expected=f"a whole number of steps of {dt:g} s")
    if rate * dt > 1:
        raise BadInput("rate of store_recall", got=f"{rate:g} Hz", expected=f"at most one spike a step of {dt:g} s")


def _commands(rng: np.random.Generator, n: int, symbols: int, chance: float) -> npt.NDArray[np.int64]:
    """Return commands (trial, symbol); sequences without a store, or with one that is not recalled, are drawn again."""
    found = np.zeros((n, symbols), dtype=np.int64)
    missing = np.arange(n)
    while len(missing):
        last = np.full(len(missing), _RECALL)
        for place in range(symbols):
            given = rng.random(len(missing)) < chance
            if place:
                given &= found[missing, place - 1] != _STORE  # a symbol lies between a store and its recall
            found[missing, place] = np.where(given, _STORE + _RECALL - last, _NONE)
            last = np.where(given, found[missing, place], last)
        missing = missing[(last == _STORE) | ~found[missing].any(1)]
    return found


def _last_store(drawn: Columns) -> npt.NDArray[np.int64]:
    """Return the place of the last store at or before each symbol, -1 before the first, shape (trial, symbol)."""
    commands = drawn["commands"]
    place = np.arange(commands.shape[1])
    return np.asarray(np.maximum.accumulate(np.where(commands == _STORE, place, -1), axis=1))


def _held(drawn: Columns) -> npt.NDArray[np.int64]:
    commands = drawn["commands"]
    return np.where(commands == _RECALL, np.arange(commands.shape[1]) - _last_store(drawn), 0)


def _answer(drawn: Columns) -> npt.NDArray[np.int64]:
    stored = np.take_along_axis(drawn["bits"], np.maximum(_last_store(drawn), 0), axis=1)
    return np.where(drawn["commands"] == _RECALL, stored, -1)


def _over_time(course: TrialCourse, name: str) -> npt.NDArray[Any]:
    """Return a condition of the symbols at each step, shape (time, trial)."""
    values = course.columns[name].T
    return np.repeat(values, course.steps // len(values), axis=0)


def _spikes(rng: np.random.Generator, course: TrialCourse, units: int, rate: float) -> npt.NDArray[np.float32]:
    """Return Poisson spikes of the four populations, shape (time, trial, channel)."""
    commands, bits = course.columns["commands"].T, course.columns["bits"].T
    shown = [(bits == bit) & (commands != _RECALL) for bit in (0, 1)]
    active = np.stack([*shown, commands == _STORE, commands == _RECALL], axis=-1)
    steps = course.steps // len(commands)
    spikes = np.zeros((len(commands), steps, course.n, 4, units), dtype=np.float32)
    # only active populations are drawn: most are silent at any time
    where = np.nonzero(active)
    spikes[where[0], :, where[1], where[2]] = (
        rng.random((len(where[0]), steps, units), dtype=np.float32) < rate * course.dt
    )
    return spikes.reshape(course.steps, course.n, 4 * units)
