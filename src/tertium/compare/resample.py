"""Resampling: bootstrap intervals and permutation tests of any statistic, and draws of stimuli as multiplicities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def multiplicities(n: int, n_draws: int, generator: np.random.Generator, *, least: int = 1) -> npt.NDArray[np.int16]:
    """Draw n things with replacement, many times, and count how often each was drawn.

    Parameters
    ----------
    n : int
        Number of things (stimuli, subjects); as many are drawn.
    n_draws : int
        Number of draws.
    generator : numpy.random.Generator
        Source of randomness.
    least : int
        A draw with fewer different things is drawn again, since nothing can be computed from it.

    Returns
    -------
    array of int, shape (n_draws, n)
        Each row sums to n.

    Raises
    ------
    BadInput
        If draws with ``least`` different things are too rare.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> multiplicities(4, 2, Seeds(0).numpy("stimuli")).sum(axis=1)
    array([4, 4])
    """
    counts = np.empty((n_draws, n), dtype=np.int16)
    todo = np.arange(n_draws)
    for _ in range(200):
        drawn = generator.integers(0, n, size=(len(todo), n))
        drawn += np.arange(len(todo))[:, None] * n
        counts[todo] = np.bincount(drawn.ravel(), minlength=len(todo) * n).reshape(-1, n)
        todo = todo[(counts[todo] > 0).sum(axis=1) < least]
        if not len(todo):
            return counts
    raise BadInput(
        "bootstrap",
        got=f"{n} to draw from",
        expected=f"enough that a draw with replacement holds {least} different ones",
        repair="Use more stimuli, or fewer folds.",
    )


@dataclass(frozen=True, eq=False)
class BootstrapResult:
    """A statistic with its bootstrap interval.

    Attributes
    ----------
    estimate : array, any shape
        The statistic of the data as they are.
    interval : tuple of array
        Lower and upper end, of the estimate's shape.
    error : array
        Standard error: the standard deviation over draws times sqrt(n / (n - 1)).
    draws : array, shape (draw, ...)
        The statistic of each draw.
    level : float
        Coverage of the interval.
    """

    estimate: FloatArray
    interval: tuple[FloatArray, FloatArray]
    error: FloatArray
    draws: FloatArray
    level: float


def bootstrap(
    *arrays: npt.ArrayLike,
    statistic: Callable[..., npt.ArrayLike] | None = None,
    n: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> BootstrapResult:
    """Percentile bootstrap interval of any statistic (Efron 1979): how it would vary with other samples.

    Parameters
    ----------
    *arrays : array, shape (sample, ...)
        Data; several arrays are drawn together, so that their rows stay paired.
    statistic : callable, optional
        Takes as many arrays and returns a number or an array; the mean over samples if None.
    n : int
        Number of draws.
    level : float
        Coverage of the interval, between 0 and 1.
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    BootstrapResult

    Raises
    ------
    BadInput
        If there are fewer than 2 samples, or lengths differ, or the statistic is not finite in a draw.

    Examples
    --------
    >>> result = bootstrap([1.0, 2.0, 3.0, 4.0], n=500)
    >>> float(result.estimate), bool(result.interval[0] < 2.5 < result.interval[1])
    (2.5, True)
    """
    data = _samples(arrays, "bootstrap")
    if not 0 < level < 1:
        raise BadInput("level", got=f"{level}", expected="a number between 0 and 1", repair="Pass level=0.95.")
    _whole("n", n, 2, "draws")
    of = statistic if statistic is not None else _mean
    generator = Seeds(seed).numpy("bootstrap")
    size = len(data[0])
    draws = []
    for _ in range(n):
        rows = generator.integers(0, size, size)
        draws.append(np.asarray(of(*(a[rows] for a in data)), dtype=np.float64))
    stacked = np.stack(draws)
    bad = int((~np.isfinite(stacked)).reshape(n, -1).any(axis=1).sum())
    if bad:
        raise BadInput(
            "statistic",
            got=f"NaN or infinity in {bad} of {n} draws",
            expected="a finite value",
            repair=f"There are {size} samples: use more, or a statistic defined when samples repeat.",
        )
    low, high = np.quantile(stacked, [(1 - level) / 2, (1 + level) / 2], axis=0)
    error = stacked.std(axis=0, ddof=1) * np.sqrt(size / (size - 1))
    return BootstrapResult(np.asarray(of(*data), dtype=np.float64), (low, high), error, stacked, level)


@dataclass(frozen=True, eq=False)
class PermutationResult:
    """A statistic with its permutation p value.

    Attributes
    ----------
    estimate : float
        The statistic of the data as they are.
    p : float
        (1 + number of shuffles at least as extreme) / (1 + number of shuffles); never 0.
    null : array, shape (shuffle,)
        The statistic of each shuffle.
    """

    estimate: float
    p: float
    null: FloatArray


def permutation_test(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    statistic: Callable[[FloatArray, FloatArray], float] | None = None,
    kind: str = "groups",
    alternative: str = "two-sided",
    n: int = 1000,
    seed: int = 0,
) -> PermutationResult:
    """Test a statistic of two samples against shuffles that would not matter if nothing were there.

    Parameters
    ----------
    x, y : array, shape (sample, ...)
        The samples; equally many unless ``kind="groups"``.
    statistic : callable, optional
        Takes x and y, returns a number. If None, the difference of means, or for ``kind="association"`` the Pearson
        correlation.
    kind : {"groups", "paired", "association"}
        What is shuffled: who belongs to which sample; which of a pair is which (sign flips of the difference); which
        y goes with which x.
    alternative : {"two-sided", "greater", "less"}
        Two-sided compares distances from the mean of the shuffles.
    n : int
        Number of shuffles.
    seed : int
        The same seed gives the same shuffles.

    Returns
    -------
    PermutationResult

    Raises
    ------
    BadInput
        If an option is unknown, lengths do not fit or there are fewer than 2 samples.

    Examples
    --------
    >>> permutation_test([5.1, 5.3, 4.9, 5.2, 5.0], [1.0, 1.2, 0.8, 1.1, 0.9], n=200).p < 0.05
    True
    """
    _option("kind", kind, ("groups", "paired", "association"))
    _option("alternative", alternative, ("two-sided", "greater", "less"))
    _whole("n", n, 1, "shuffles")
    a, b = _samples([x, y], "permutation_test", together=kind != "groups")
    of = statistic if statistic is not None else (_correlation if kind == "association" else _difference)
    generator = Seeds(seed).numpy("permutation")
    null = np.array([float(of(*_shuffled(a, b, kind, generator))) for _ in range(n)])
    estimate = float(of(a, b))
    if not np.isfinite(estimate) or not np.isfinite(null).all():
        raise BadInput("statistic", got="NaN or infinity", expected="a finite value", repair="Are samples constant?")
    return PermutationResult(estimate, p_value(estimate, null, alternative), null)


def p_value(estimate: float, null: FloatArray, alternative: str = "greater") -> float:
    """Share of shuffles at least as extreme, the data counted as one of them; shape of null (shuffle,).

    Examples
    --------
    >>> p_value(3.0, np.array([1.0, 2.0, 3.0]))
    0.5
    """
    # Equal values computed in another order may differ in the last digits; they count as equal.
    slack = 1e-12 * max(1.0, abs(estimate))
    if alternative == "two-sided":
        middle = null.mean()
        extreme = np.abs(null - middle) >= abs(estimate - middle) - slack
    else:
        sign = 1 if alternative == "greater" else -1
        extreme = sign * null >= sign * estimate - slack
    return float((1 + extreme.sum()) / (1 + len(null)))


def _shuffled(a: FloatArray, b: FloatArray, kind: str, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    if kind == "groups":
        both = generator.permutation(np.concatenate([a, b]))
        return both[: len(a)], both[len(a) :]
    if kind == "association":
        return a, b[generator.permutation(len(b))]
    swap = generator.integers(0, 2, len(a)).astype(bool).reshape(-1, *[1] * (a.ndim - 1))
    return np.where(swap, b, a), np.where(swap, a, b)


def _samples(arrays: object, what: str, *, together: bool = True) -> list[FloatArray]:
    data = [np.asarray(a, dtype=np.float64) for a in arrays]  # type: ignore[attr-defined]
    lengths = [len(a) if a.ndim else 0 for a in data]
    if not lengths or min(lengths) < 2:
        raise BadInput(what, got=f"{min(lengths, default=0)} samples", expected="at least 2", repair="")
    if together and len(set(lengths)) > 1:
        got = " and ".join(map(str, lengths))
        raise BadInput(what, got=f"{got} samples", expected="equally many, in the same order", repair="")
    for a in data:
        if not np.isfinite(a).all():
            got = f"{int((~np.isfinite(a)).sum())} NaN or infinite values"
            raise BadInput(what, got=got, expected="finite values", repair="Leave those samples out.")
    return data


def _whole(name: str, value: object, least: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        expected = f"a whole number of {what}, at least {least}"
        raise BadInput(name, got=repr(value), expected=expected, repair="1000 is usual.")


def _option(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        expected = " or ".join(f"'{k}'" for k in known)
        raise BadInput(name, got=f"'{value}'", expected=expected, repair="")


def _mean(x: FloatArray) -> FloatArray:
    return np.asarray(x.mean(axis=0))


def _difference(x: FloatArray, y: FloatArray) -> float:
    return float(x.mean() - y.mean())


def _correlation(x: FloatArray, y: FloatArray) -> float:
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])
