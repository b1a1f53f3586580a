"""Deterministic finite automata over the symbols 0 and 1: parity and Tomita's seven languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tertium.errors import unknown_name


@dataclass(frozen=True)
class Automaton:
    """A complete deterministic automaton that reads 0 and 1.

    Parameters
    ----------
    moves : sequence of (int, int)
        State -> the states reached by reading 0 and by reading 1. It starts in state 0.
    accepting : sequence of int
        States in which what was read so far belongs to the language.

    Examples
    --------
    >>> odd = Automaton([(0, 1), (1, 0)], [1])
    >>> odd.accepts(np.array([[1, 0, 1, 1]])).tolist()
    [[True, True, False, True]]
    """

    moves: Sequence[tuple[int, int]]
    accepting: Sequence[int]

    @cached_property
    def table(self) -> npt.NDArray[np.int64]:
        """State and symbol -> state, shape (state, 2)."""
        return np.asarray(self.moves, dtype=np.int64)

    @cached_property
    def is_accepting(self) -> npt.NDArray[np.bool_]:
        """Which states accept, shape (state,)."""
        return np.isin(np.arange(len(self.moves)), self.accepting)

    def states(self, symbols: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return the state after each symbol; symbols and states have shape (string, position)."""
        reached = np.zeros(symbols.shape, dtype=np.int64)
        now = np.zeros(len(symbols), dtype=np.int64)
        for position in range(symbols.shape[1]):
            now = self.table[now, symbols[:, position]]
            reached[:, position] = now
        return reached

    def accepts(self, symbols: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """Return after each symbol whether what was read so far belongs to the language."""
        return np.asarray(self.is_accepting[self.states(symbols)])

    def counts(self, length: int) -> npt.NDArray[np.float64]:
        """Return how many strings of 0, 1 ... ``length`` symbols lead from each state to acceptance or rejection.

        Shape (2, length + 1, state): first the rejected ones, then the accepted.
        """
        found = np.zeros((2, length + 1, len(self.moves)))
        found[:, 0] = ~self.is_accepting, self.is_accepting
        for left in range(1, length + 1):
            found[:, left] = found[:, left - 1][:, self.table].sum(-1)
        return found

    def draw(
        self, rng: np.random.Generator, lengths: npt.NDArray[np.integer], accepted: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int64]:
        """Draw strings uniformly from those of a given length that are accepted or rejected, as asked for each.

        Where the language has no such string of that length, one of the other kind is drawn.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        lengths : array of int, shape (string,)
            Symbols of each string.
        accepted : array of bool, shape (string,)
            Whether it should belong to the language.

        Returns
        -------
        array of int, shape (string, longest)
            Symbols, -1 after the end of a string.
        """
        longest = int(lengths.max())
        counts = self.counts(longest)
        kind = np.where(counts[accepted.astype(int), lengths, 0] > 0, accepted, ~accepted).astype(int)
        symbols = np.full((len(lengths), longest), -1, dtype=np.int64)
        now = np.zeros(len(lengths), dtype=np.int64)
        for position in range(longest):
            left = np.maximum(lengths - position - 1, 0)
            ways = counts[kind[:, None], left[:, None], self.table[now]]
            one = rng.random(len(lengths)) * ways.sum(-1) < ways[:, 1]
            now = self.table[now, one.astype(int)]
            symbols[:, position] = np.where(position < lengths, one, -1)
        return symbols


#: Tomita 1982, as usually numbered; each is minimal. "parity": an odd number of ones.
LANGUAGES = {
    "parity": Automaton([(0, 1), (1, 0)], [1]),
    # 1: only ones
    "tomita1": Automaton([(1, 0), (1, 1)], [0]),
    # 2: 10 repeated
    "tomita2": Automaton([(2, 1), (0, 2), (2, 2)], [0]),
    # 3: no odd run of ones followed by an odd run of zeros (states: even ones, odd ones, then odd or even zeros, dead)
    "tomita3": Automaton([(0, 1), (2, 0), (3, 4), (2, 1), (4, 4)], [0, 1, 3]),
    # 4: no three zeros in a row
    "tomita4": Automaton([(1, 0), (2, 0), (3, 0), (3, 3)], [0, 1, 2]),
    # 5: an even number of zeros and an even number of ones
    "tomita5": Automaton([(1, 2), (0, 3), (3, 0), (2, 1)], [0]),
    # 6: as many ones as zeros, modulo 3
    "tomita6": Automaton([(2, 1), (0, 2), (1, 0)], [0]),
    # 7: zeros, ones, zeros, ones, each any number
    "tomita7": Automaton([(0, 1), (2, 1), (2, 3), (4, 3), (4, 4)], [0, 1, 2, 3]),
}


def automaton(language: str) -> Automaton:
    """Return the smallest automaton of a language.

    Parameters
    ----------
    language : str
        "parity" (an odd number of ones) or "tomita1" ... "tomita7" (Tomita 1982).

    Raises
    ------
    UnknownName
        If there is no such language.
    """
    if language not in LANGUAGES:
        raise unknown_name("regular language", language, LANGUAGES)
    return LANGUAGES[language]
