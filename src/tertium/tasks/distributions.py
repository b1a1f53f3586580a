"""Distributions from which tasks draw durations and conditions of trials."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.engine.checking import require_number, require_range

Columns = Mapping[str, npt.NDArray[Any]]


class Distribution(ABC):
    """Something from which one value a trial can be drawn."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` values; ``drawn`` holds the conditions that were drawn before."""


@dataclass(frozen=True)
class Fixed(Distribution):
    """Always the same value."""

    value: float

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return the value ``n`` times."""
        return np.full(n, self.value)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any value in [low, high) with equal probability."""

    low: float
    high: float

    def __post_init__(self) -> None:
        require_range(self)

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` floats."""
        return rng.uniform(self.low, self.high, n)


@dataclass(frozen=True)
class UniformSteps(Distribution):
    """Any multiple of ``step`` in [low, high) with equal probability: ``Uniform`` rounded down to whole time steps.

    Examples
    --------
    >>> drawn = UniformSteps(0.1, 0.16, 0.02).draw(np.random.default_rng(0), 1000, {})
    >>> np.unique(drawn.round(6)).tolist()
    [0.1, 0.12, 0.14]
    """

    low: float
    high: float
    step: float

    def __post_init__(self) -> None:
        require_range(self)
        require_number("step of UniformSteps", self.step, above=0)

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` floats."""
        # 0.1 / 0.02 may come out a hair below 5; a millionth of a step does not change the odds
        return np.floor(rng.uniform(self.low, self.high, n) / self.step + 1e-6) * self.step


@dataclass(frozen=True)
class Choice(Distribution):
    """One of a few values (numbers or words), equally often or with given probabilities."""

    values: Sequence[Any]
    probabilities: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not len(self.values):
            raise BadInput("Choice", got="no values", expected="at least one to choose from")
        if self.probabilities is None:
            return
        chances = np.asarray(self.probabilities, dtype=np.float64)
        if len(chances) != len(self.values) or not (chances >= 0).all() or abs(chances.sum() - 1) > 1e-8:
            raise BadInput(
                "probabilities of Choice",
                got=f"{len(chances)} that sum to {chances.sum():g}",
                expected=f"one for each of the {len(self.values)} values, none negative, that sum to 1",
            )

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` of the values."""
        if self.probabilities is None:
            return self._values[rng.integers(len(self._values), size=n)]
        return self._values[rng.choice(len(self._values), size=n, p=np.asarray(self.probabilities))]

    @cached_property
    def _values(self) -> npt.NDArray[Any]:
        return np.asarray(self.values)


@dataclass(frozen=True)
class TruncatedExponential(Distribution):
    """An exponential waiting time, drawn again until it lies in [low, high).

    The exponential has no memory, so this is the inverse of its distribution function between the two limits; no loop
    is needed. ``mean`` is the mean of the exponential before truncation.

    Examples
    --------
    >>> drawn = TruncatedExponential(0.6, 0.3, 3.0).draw(np.random.default_rng(0), 20_000, {})
    >>> bool(drawn.min() >= 0.3), bool(drawn.max() < 3.0), round(float(drawn.mean()), 2)
    (True, True, 0.87)
    """

    mean: float
    low: float
    high: float

    def __post_init__(self) -> None:
        require_range(self)
        require_number("mean of TruncatedExponential", self.mean, above=0)

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` floats."""
        inside = -np.expm1(-(self.high - self.low) / self.mean)
        return self.low - self.mean * np.log1p(-inside * rng.random(n))


@dataclass(frozen=True)
class Normal(Distribution):
    """A Gaussian value."""

    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        require_number("std of Normal", self.std, at_least=0)

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` floats."""
        return rng.normal(self.mean, self.std, n)


@dataclass(frozen=True)
class Rows(Distribution):
    """One row of a table, so that several conditions are drawn together: value pairs, match and non-match.

    Examples
    --------
    >>> Rows([(18, 10), (10, 18)]).draw(np.random.default_rng(1), 3, {}).shape
    (3, 2)
    """

    rows: Sequence[Sequence[Any]]

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return ``n`` rows, shape (trial, column)."""
        rows = np.asarray(self.rows)
        return rows[rng.integers(len(rows), size=n)]


@dataclass(frozen=True)
class Given(Distribution):
    """A random value that depends on conditions drawn before it: ``draw_from(rng, drawn, n)``."""

    draw_from: Callable[[np.random.Generator, Columns, int], npt.NDArray[Any]]

    def draw(self, rng: np.random.Generator, n: int, drawn: Columns) -> npt.NDArray[Any]:
        """Return whatever the function draws."""
        return self.draw_from(rng, drawn, n)
