"""`learning_curve`: what is read from few and from many neurons, and from how many there would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from tertium import figure as style
from tertium.compare.decoding.decoders.contract import Decoder, FloatArray, Indices
from tertium.compare.decoding.front import as_decoder, decode
from tertium.compare.decoding.populations.fisher import unbiased
from tertium.compare.decoding.samples import Samples, gather
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr


#: How far below 0 the limiting noise may come out, where it is asked whether it is above 0.
_LEAST = -0.5

#: Draws of subsets of neurons, for the part of errors that comes from their choice.
_DRAWS = 50


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """How well two classes are told apart by populations of growing size; see `tertium.compare.learning_curve`.

    Attributes
    ----------
    sizes : array of int, shape (size,)
        Numbers of neurons.
    subsets : array, shape (size, subset)
        Squared distance of the classes, d'^2, in each random subset.
    left_out : array, shape (block, size)
        The mean over subsets without each block of trials.
    slope, limit : float
        a and e of ``d'^2(N) = a N / (1 + e a N)``; e is the information-limiting noise, 0 for none.
    free : float
        e where it may be below 0, so that an interval about 0 has two sides.
    left_out_fits : array, shape (block, 3)
        a, e and free e without each block of trials.
    drawn_fits : array, shape (draw, 3)
        The same for draws of subsets.
    method : str
    n_trials : int
    """

    sizes: npt.NDArray[np.int64]
    subsets: FloatArray
    left_out: FloatArray
    slope: float
    limit: float
    free: float
    left_out_fits: FloatArray
    drawn_fits: FloatArray
    method: str
    n_trials: int

    @property
    def mean(self) -> FloatArray:
        """Mean d'^2 over subsets, shape (size,)."""
        return np.asarray(self.subsets.mean(1))

    @property
    def error(self) -> FloatArray:
        """Standard error over trials (jackknife) and over the choice of neurons, shape (size,)."""
        return _error(self.left_out, self.subsets)

    @property
    def limit_interval(self) -> tuple[float, float]:
        """95 % interval of e over trials and the choice of neurons; its lower end may be below 0."""
        wide = self._wide(self.left_out_fits[:, 2], self.drawn_fits[:, 2])
        return self.free - float(wide), self.free + float(wide)

    @property
    def asymptote(self) -> float:
        """d'^2 of endlessly many such neurons, 1 / e; infinite without limiting noise."""
        return 1 / self.limit if self.limit > 0 else np.inf

    @property
    def asymptote_interval(self) -> tuple[float, float]:
        """95 % interval; its upper end is infinite where the data do not show that the curve saturates."""
        low, high = self.limit_interval
        return 1 / high if high > 0 else np.inf, 1 / low if low > 0 else np.inf

    @property
    def half(self) -> float:
        """Neurons that reach half of the asymptote, 1 / (e a); infinite without limiting noise."""
        return 1 / (self.limit * self.slope) if self.limit > 0 else np.inf

    def at(self, sizes: npt.ArrayLike) -> FloatArray:
        """Return d'^2 at other numbers of neurons, by the fitted curve.

        Parameters
        ----------
        sizes : array-like, any shape
        """
        return _curve(np.asarray(sizes, dtype=np.float64), self.slope, self.limit)

    def at_interval(self, sizes: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the 95 % interval of `at`, over trials and the choice of neurons.

        Parameters
        ----------
        sizes : array-like, any shape
        """
        given = np.asarray(sizes, dtype=np.float64)
        left_out, drawn = (
            np.stack([_curve(given, slope, limit) for slope, limit, _ in fits])
            for fits in (self.left_out_fits, self.drawn_fits)
        )
        wide = self._wide(left_out, drawn)
        return self.at(given) - wide, self.at(given) + wide

    def _wide(self, left_out: FloatArray, drawn: FloatArray) -> FloatArray:
        """Return half the width of a 95 % interval."""
        error = np.sqrt(_jackknife(left_out) ** 2 + drawn.var(0, ddof=1))
        return np.asarray(t.ppf(0.975, len(left_out) - 1) * error)

    def table(self) -> pd.DataFrame:
        """Return one row for each size: d'^2, its error and spread over subsets, the best accuracy at that distance."""
        import pandas as pd

        accuracy = norm.cdf(np.sqrt(np.maximum(self.mean, 0)) / 2)
        return pd.DataFrame(
            {
                "units": self.sizes,
                "d2": self.mean,
                "error": self.error,
                "spread": self.subsets.std(1),
                "accuracy": accuracy,
                "chance": 0.5,
                "fitted": self.at(self.sizes),
            }
        )

    def figure(self) -> go.Figure:
        """Draw d'^2 by number of neurons, with standard errors, and the fitted curve with its band beyond the data."""
        low, high = self.asymptote_interval
        limit = "no limit" if not np.isfinite(self.asymptote) else f"{self.asymptote:.3g}"
        drawn = style.new(
            x="units",
            y="squared distance of the classes, d'² (1)",
            title=f"{self.method}: {self.subsets.shape[1]} subsets a size, {self.n_trials} trials; limit {limit} "
            f"[{low:.3g}, {'∞' if np.isinf(high) else f'{high:.3g}'}]"
            "<br>bars: standard error; band: 95 %, over trials and choice of units",
        )
        drawn.update_layout(margin={"t": 64})
        n = np.linspace(0, 3 * self.sizes.max(), 100)
        lower, upper = self.at_interval(n)
        ends = np.maximum(lower, 0).tolist(), upper.tolist()
        style.lines_with_band(
            drawn, n.tolist(), self.at(n).tolist(), *ends, "a N / (1 + e a N)", colour=style.COLOURS[1]
        )
        points = (self.mean - self.error).tolist(), (self.mean + self.error).tolist()
        style.dots_with_intervals(drawn, self.sizes.tolist(), self.mean.tolist(), *points, "data")
        return style.limit_line(drawn, 0.0, "chance").update_yaxes(rangemode="tozero")


def learning_curve(
    R: xr.DataArray | npt.ArrayLike,
    labels: str | npt.ArrayLike,
    sizes: Sequence[int] | None = None,
    method: str | Decoder = "unbiased",
    *,
    n_subsets: int = 20,
    blocks: int = 10,
    seed: int = 0,
) -> LearningCurve:
    """Tell two classes apart by ever more neurons and extrapolate: information may go on growing, or saturate.

    Information limited by correlated noise grows as ``a N / (1 + e a N)`` (Moreno-Bote et al. 2014): straight at first,
    1 / e in the end. All sizes are fitted together, each weighted by its error over trials.

    Parameters
    ----------
    R : responses, or array-like of shape (trial, unit)
        Averaged over time.
    labels : str, or array-like of shape (trial,)
        Two classes.
    sizes : sequence of int, optional
        Numbers of neurons; eight, evenly spaced by their logarithm, if not given.
    method : "unbiased", or a decoder of classes or its name
        "unbiased" is the squared distance without the bias of few trials (see `fisher_information`; there have to be
        more trials than neurons). A decoder gives ``4 z(accuracy)^2`` of its cross-validated accuracy, which is too
        low where trials are few, so that its limit may be one of trials and not of neurons.
    n_subsets : int
        Random subsets of neurons at each size.
    blocks : int
        Blocks of trials that are left out in turn, for errors.
    seed : int

    Raises
    ------
    BadInput
        If there are not two classes, three sizes, or enough trials for the largest size.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 400)
    >>> noise = rng.normal(size=(800, 30)) + 0.5 * rng.normal(size=(800, 1))  # shared along the signal: limit 4
    >>> curve = learning_curve(noise + y[:, None], y)
    >>> low, high = curve.asymptote_interval
    >>> low < 4 < high
    True
    """
    samples = gather(R, labels, "class", ("class",), "mean")
    if len(samples.classes) != 2:
        raise BadInput("labels", got=f"{len(samples.classes)} classes", expected="two", repair="Take two at a time.")
    for name, number, least in (("n_subsets", n_subsets, 1), ("blocks", blocks, 3)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
            raise BadInput(name, got=repr(number), expected=f"a whole number, at least {least}")
    units = samples.values.shape[2]
    given = _sizes(sizes, units)
    distance = _distance(method, samples, int(given[-1]), blocks, seed)
    seeds = Seeds(seed).child("learning curve")
    drawn = [
        [
            np.sort(seeds.numpy(f"subset {i} of {n}").permutation(units)[:n])
            for i in range(n_subsets if n < units else 1)
        ]
        for n in given.tolist()
    ]
    block = _blocks(samples.target, blocks, seeds)
    everything = np.arange(samples.n)

    def over_sizes(trials: Indices) -> list[FloatArray]:
        return [np.array([distance(trials, subset) for subset in subsets]) for subsets in drawn]

    whole = [np.resize(one, n_subsets) for one in over_sizes(everything)]  # all units make one subset
    left_out = np.array([[one.mean() for one in over_sizes(everything[block != b])] for b in range(blocks)])
    values = np.array(whole)
    error = np.maximum(_error(left_out, values), 1e-9 * max(1.0, float(np.abs(values).max())))
    random = seeds.numpy("draws of subsets")
    drawn_means = [
        [random.choice(one, len(one)).mean() if n < units else one[0] for n, one in zip(given, values, strict=True)]
        for _ in range(_DRAWS)
    ]
    slope, limit, free = _fits(given, values.mean(1), error)
    left_out_fits = np.array([_fits(given, one, error) for one in left_out])
    drawn_fits = np.array([_fits(given, np.array(one), error) for one in drawn_means])
    says = "d'² without bias" if isinstance(method, str) and method == "unbiased" else as_decoder(method).says
    return LearningCurve(given, values, left_out, slope, limit, free, left_out_fits, drawn_fits, says, samples.n)


def _distance(
    method: str | Decoder, samples: Samples, largest: int, blocks: int, seed: int
) -> Callable[[Indices, Indices], float]:
    """Return a function of trials and units that gives d'^2."""
    values, target = samples.values[:, 0], samples.target
    if isinstance(method, str) and method == "unbiased":
        least = int(np.bincount(target).sum() * (1 - 1 / blocks)) - blocks
        if least < largest + 6:
            raise BadInput(
                "trials",
                got=f"{samples.n} for {largest} units",
                expected=f"at least {int((largest + 6 + blocks) / (1 - 1 / blocks)) + 1}",
                repair="Take smaller sizes, or method='lda'.",
            )

        def of_clouds(trials: Indices, units: Indices) -> float:
            x, y = values[np.ix_(trials, units)], target[trials]
            return unbiased(x[y == 0], x[y == 1])[1]

        return of_clouds
    decoder = as_decoder(method)

    def of_decoder(trials: Indices, units: Indices) -> float:
        x = values[np.ix_(trials, units)]
        found = decode(x, target[trials], decoder, kind="class", n_permutations=0, n_bootstrap=0, seed=seed)
        edge = 0.5 / len(trials)  # half a trial wrong stands for none
        z = float(norm.ppf(np.clip(found.mean, edge, 1 - edge)))
        return 4 * z * abs(z)

    return of_decoder


def _sizes(sizes: Sequence[int] | None, units: int) -> npt.NDArray[np.int64]:
    if sizes is None:
        sizes = np.unique(np.round(np.geomspace(1, units, 8)).astype(int)).tolist()
    given = np.array(sorted(set(sizes)))
    if len(given) < 3 or given.dtype.kind not in "iu" or given[0] < 1 or given[-1] > units:
        raise BadInput("sizes", got=f"{list(sizes)}", expected=f"at least three whole numbers from 1 to {units}")
    return np.asarray(given, dtype=np.int64)


def _blocks(target: npt.NDArray[np.int64], blocks: int, seeds: Seeds) -> Indices:
    """Return the block of each trial; each has its share of both classes."""
    found = np.empty(len(target), dtype=np.int64)
    for k in (0, 1):
        mine = seeds.numpy(f"blocks of class {k}").permutation(np.flatnonzero(target == k))
        if len(mine) < 2 * blocks:
            raise BadInput("trials", got=f"{len(mine)} of a class", expected=f"at least {2 * blocks}, two a block")
        found[mine] = np.arange(len(mine)) % blocks
    return found


def _curve(n: FloatArray, slope: float, limit: float) -> FloatArray:
    return np.asarray(slope * n / np.maximum(1 + limit * slope * n, 1e-3))


def _fits(sizes: npt.NDArray[np.int64], values: FloatArray, error: FloatArray) -> tuple[float, float, float]:
    """Return a, e, and e where it may be below 0."""
    slope, limit = _fitted(sizes, values, error, 0.0)
    return slope, limit, _fitted(sizes, values, error, _LEAST)[1]


def _error(left_out: FloatArray, subsets: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(_jackknife(left_out) ** 2 + subsets.var(1) / max(1, subsets.shape[1] - 1)))


def _fitted(sizes: npt.NDArray[np.int64], values: FloatArray, error: FloatArray, least: float) -> tuple[float, float]:
    """Return a and e by weighted least squares; a is above 0, e at least so much, relative to 1 / d'^2 of all units."""
    from scipy.optimize import least_squares

    n = sizes.astype(np.float64)
    start = max(float(values[0] / n[0]), float(values[-1] / n[-1]), 1e-12)
    scale = max(float(values[-1]), 1e-12)

    def off(parameters: FloatArray) -> FloatArray:
        return np.asarray((_curve(n, start * np.exp(parameters[0]), parameters[1] / scale) - values) / error)

    found = least_squares(off, np.array([0.0, 0.5]), bounds=([-12.0, least], [12.0, np.inf]), x_scale="jac")
    return float(start * np.exp(found.x[0])), float(found.x[1] / scale)


def _jackknife(left_out: FloatArray) -> FloatArray:
    """Return the standard error from estimates without each block, (block, ...)."""
    return np.asarray(np.sqrt((len(left_out) - 1) * left_out.var(0)))
