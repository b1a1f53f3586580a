"""Decoding across time: whether what is read at one time is read the same way at another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.data import folds
from tertium.data.averaging import level_codes
from tertium.dynamics.axes.decoders import correlation, discriminant, logistic, recall, ridge
from tertium.dynamics.axes.population import check_trial_labels, population, standardised
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

    from tertium.data import Fold

Floats = npt.NDArray[np.float64]
Method = Literal["lda", "logistic", "ridge"]
Labels = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Scorer = Callable[["Fold", Labels, Sequence[Labels]], Floats]

#: Outputs of decoders held at once: 32 MB.
PART = 4_000_000


@dataclass(frozen=True, eq=False)
class CrossTemporal:
    """Scores of decoders fitted at one time and tested at another; see `tertium.dynamics.cross_temporal`.

    Attributes
    ----------
    scores : array, shape (fold, time fitted, time tested)
        Mean over classes of the share of held-out trials recognised, or correlation with the value.
    null : array, shape (shuffle, time fitted, time tested)
        Mean over folds with labels shuffled: what scores are if activity says nothing of the label at any time.
    null_fitted : array, shape (shuffle, time fitted, time tested)
        The same with labels shuffled for fitting only: what scores are if activity says nothing of the label at the
        time of fitting. Any direction separates classes that are far apart, rightly or wrongly, so that these scatter
        widely where the label can be read well at the time of testing.
    time : array, shape (time,)
        Seconds.
    dt : float
        Width of a time bin, seconds.
    label : str
    levels : tuple of str
        Classes; empty for a value.
    method : str
    n_trials, n_units : int
    """

    scores: Floats
    null: Floats
    null_fitted: Floats
    time: Floats
    dt: float
    label: str
    levels: tuple[str, ...]
    method: str
    n_trials: int
    n_units: int

    @property
    def mean(self) -> Floats:
        """Mean score over folds, (time fitted, time tested)."""
        return np.asarray(self.scores.mean(0))

    @property
    def errors(self) -> Floats:
        """Standard error over folds (which share training trials), (time fitted, time tested)."""
        return np.asarray(self.scores.std(0, ddof=1) / np.sqrt(len(self.scores)))

    @property
    def chance(self) -> float:
        """Score expected of guessing: one over the classes, or 0."""
        return 1 / len(self.levels) if self.levels else 0.0

    @property
    def p(self) -> Floats:
        """Chance of each pair's score by itself, (time fitted, time tested); NaN without shuffles.

        The larger of the p values under both nulls: the label must be there at both times. Scores below chance are not
        tested.
        """
        return self._larger((null >= self.mean - 1e-12).sum(0) for null in (self.null, self.null_fitted))

    @property
    def p_corrected(self) -> Floats:
        """The same, corrected for looking at all pairs: against the largest deviation of each shuffle.

        Deviations are from the mean shuffle and in units of their spread over shuffles, pair by pair.
        """
        return self._larger(_beyond(self.mean, null) for null in (self.null, self.null_fitted))

    def _larger(self, counts: Iterable[npt.NDArray[np.int64]]) -> Floats:
        """Return p values, the larger of both nulls, from how many shuffles reach each score."""
        if not len(self.null):
            return np.full(self.mean.shape, np.nan)
        return np.asarray((1 + np.max(list(counts), axis=0)) / (1 + len(self.null)))

    def table(self) -> pd.DataFrame:
        """Return one row for each pair of times."""
        import pandas as pd

        fitted, tested = np.meshgrid(self.time, self.time, indexing="ij")
        return pd.DataFrame(
            {
                "fitted_s": fitted.ravel(),
                "tested_s": tested.ravel(),
                "score": self.mean.ravel(),
                "error": self.errors.ravel(),
                "chance": self.chance,
                "p": self.p.ravel(),
                "p_corrected": self.p_corrected.ravel(),
            }
        )

    def figure(self) -> go.Figure:
        """Draw the matrix of scores, centred on chance; a line bounds what is significant after correction."""
        drawn = figure.new(
            x="tested at (s)",
            y="fitted at (s)",
            title=f"{self.label}: {self._n()}" + ("; line: p < 0.05, corrected" if len(self.null) else ""),
            width=620,
            height=520,
        )
        reach = max(float(np.abs(self.mean - self.chance).max()), 1e-6)
        figure.heatmap(
            drawn,
            self.mean,
            colour=self._score(),
            scale=figure.DIVERGING,
            limits=(self.chance - reach, self.chance + reach),
            square=True,
        )
        drawn.update_traces(x=self.time, y=self.time)
        if len(self.time) > 1:
            ends = _edges(self.time)[[0, -1]].tolist()
            drawn.update_yaxes(autorange=False, range=ends)  # time runs upwards
            drawn.update_xaxes(range=ends)
        if len(self.null) and len(self.time) > 1:
            x, y = outline(self.p_corrected < 0.05, self.time)
            line = {"color": "#222222", "width": 1.5}
            drawn.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)
        return drawn

    def time_figure(self) -> go.Figure:
        """Draw the score of decoders tested at the time at which they were fitted, with standard errors and chance."""
        bands = f"bands: standard error over {len(self.scores)} folds"
        if len(self.null):
            bands += f", 95 % of {len(self.null)} shuffles"
        drawn = figure.new(x="time (s)", y=self._score(), title=f"{self.label}: {self._n()}; {bands}")
        time = self.time.tolist()
        if len(self.null):
            along = np.diagonal(self.null, axis1=1, axis2=2)
            low, high = np.quantile(along, [0.025, 0.975], axis=0)
            ends = along.mean(0).tolist(), low.tolist(), high.tolist()
            figure.lines_with_band(drawn, time, *ends, "shuffled", colour="#7F7F7F")
        mean, error = np.diagonal(self.mean), np.diagonal(self.errors)
        figure.lines_with_band(drawn, time, mean.tolist(), (mean - error).tolist(), (mean + error).tolist(), "data")
        return figure.limit_line(drawn, self.chance, "chance")

    def _n(self) -> str:
        return f"{self.n_units} units, {self.n_trials} trials"

    def _score(self) -> str:
        return f"balanced accuracy ({len(self.levels)} classes)" if self.levels else "correlation (1)"


def cross_temporal(
    r: xr.DataArray | npt.ArrayLike,
    label: str | npt.ArrayLike,
    *,
    method: Method = "lda",
    k: int = 5,
    shrinkage: float | None = None,
    penalty: float = 0.1,
    n_permutations: int = 100,
    seed: int = 0,
) -> CrossTemporal:
    """Decode a label at each time with the decoder of every other time (Meyers et al. 2008; King & Dehaene 2014).

    A square of good scores says that a code is stable; a diagonal, that it turns from time to time.

    Parameters
    ----------
    r : responses, or array-like of shape (trial, time, unit)
        One decoder is fitted a time and fold: bin finely sampled activity first (`tertium.data.window`).
    label : str, or array-like of shape (trial,)
        A trial label of responses, or what is to be decoded.
    method : {"lda", "logistic", "ridge"}
        Linear discriminant analysis, logistic regression; for a number, ridge regression.
    k : int
        Folds, with equal shares of each class. Units are z-scored by the trials fitted, over all times alike.
    shrinkage : float, optional
        Of the covariance in "lda", 0 to 1; by Ledoit and Wolf's formula if not given.
    penalty : float
        Of "logistic" and "ridge", relative to the mean over trials.
    n_permutations : int
        Shuffles of labels within folds; 0 for none. "logistic" takes much longer than the others.
    seed : int

    Returns
    -------
    CrossTemporal
        Scores: mean over classes of the share of trials recognised (chance: one over the classes), or the correlation
        with the number (chance: 0).

    Raises
    ------
    BadInput
        If a label is missing, has one value, or has fewer trials of a class than folds; if units never vary, or there
        are too few trials for a covariance without shrinkage.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice = np.repeat([0, 1], 30)
    >>> r = rng.normal(size=(60, 2, 5))
    >>> r[:, 0, 0] += 3 * choice
    >>> r[:, 1, 1] += 3 * choice
    >>> found = cross_temporal(r, choice, n_permutations=20)
    >>> (np.diagonal(found.mean) > 0.85).tolist(), bool(found.mean[0, 1] < 0.75)
    ([True, True], True)
    """
    values, time, dt, name, target = _read(r, label)
    _check_options(method, shrinkage, penalty, n_permutations)
    levels, divided = _divide(target, method, k, seed)
    codes = np.array([levels.index(v) for v in target.tolist()]) if levels else target.astype(np.float64)
    score = _scorer(values, len(levels), method, shrinkage, penalty)
    _check_enough(divided, values.shape[2], len(levels), method, shrinkage, penalty)
    found = np.stack([score(fold, codes, [codes])[0] for fold in divided])
    generator = Seeds(seed).numpy("cross_temporal")
    nulls = np.zeros((2, n_permutations, len(time), len(time)))
    for i in range(n_permutations):
        shuffled = codes.copy()
        for fold in divided:  # within folds, so that each keeps its share of every class
            shuffled[fold.test] = codes[generator.permutation(fold.test)]
        nulls[:, i] = np.mean([score(fold, shuffled, [shuffled, codes]) for fold in divided], axis=0)
    return CrossTemporal(
        found, nulls[0], nulls[1], time, dt, name, tuple(map(str, levels)), method, len(values), values.shape[2]
    )


def outline(mask: npt.NDArray[np.bool_], places: Floats) -> tuple[list[float | None], list[float | None]]:
    """Return x and y of lines round the true cells of a matrix (row: y, column: x), whose middles are at ``places``.

    Examples
    --------
    >>> outline(np.array([[True, False], [False, False]]), np.array([0.0, 1.0]))[0][:3]
    [-0.5, -0.5, None]
    """
    edges = _edges(places)
    padded = np.pad(mask, 1).astype(np.int64)
    x: list[float | None] = []
    y: list[float | None] = []
    for i, j in np.argwhere(np.diff(padded[1:-1], axis=1)):
        x += [float(edges[j]), float(edges[j]), None]
        y += [float(edges[i]), float(edges[i + 1]), None]
    for i, j in np.argwhere(np.diff(padded[:, 1:-1], axis=0)):
        x += [float(edges[j]), float(edges[j + 1]), None]
        y += [float(edges[i]), float(edges[i]), None]
    return x, y


def _edges(places: Floats) -> Floats:
    """Return where cells with these middles begin and end, one more than there are."""
    middles = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])


def _beyond(mean: Floats, null: Floats) -> npt.NDArray[np.int64]:
    """Count for each pair of times the shuffles whose largest deviation, over all pairs, is as large."""
    if not len(null):
        return np.zeros(mean.shape, dtype=np.int64)
    centre, spread = null.mean(0), np.maximum(null.std(0), 1e-9)
    largest = ((null - centre) / spread).max((1, 2))
    return np.asarray((largest[:, None, None] >= (mean - centre) / spread - 1e-9).sum(0))


def _scorer(values: Floats, n: int, method: Method, shrinkage: float | None, penalty: float) -> Scorer:
    """Return a function that fits one labelling and scores several: (labelling, time fitted, time tested)."""

    def score(fold: Fold, fitted: Labels, tested: Sequence[Labels]) -> Floats:
        train = values[fold.train]
        centre, spread = train.mean((0, 1)), train.std((0, 1))
        spread = np.where(spread > 0, spread, 1.0)
        train, test = (train - centre) / spread, (values[fold.test] - centre) / spread
        each = max(1, PART // (test.shape[0] * test.shape[1] * max(n, 1)))
        blocks = [slice(start, start + each) for start in range(0, test.shape[1], each)]
        if method == "ridge":
            weights = ridge(train, fitted[fold.train].astype(np.float64), penalty)
            return correlation(weights, test, [one[fold.test].astype(np.float64) for one in tested], blocks)
        given = fitted[fold.train].astype(np.int64)
        lda = method == "lda"
        readout = discriminant(train, given, n, shrinkage) if lda else logistic(train, given, n, penalty)
        return recall(readout, test, [one[fold.test].astype(np.int64) for one in tested], n, blocks)

    return score


def _read(
    r: xr.DataArray | npt.ArrayLike, label: str | npt.ArrayLike
) -> tuple[Floats, Floats, float, str, npt.NDArray[np.generic]]:
    """Return values, times, dt, the label's name and its values."""
    one = population(r) if isinstance(label, str) or hasattr(r, "dims") else population(r, {"label": label})
    if len(one.sessions) > 1:
        raise BadInput("sessions", got=f"{len(one.sessions)}", expected="one: trials are decoded one by one")
    standardised(one)  # refuses units that never vary
    (session,) = one.sessions.values()
    if isinstance(label, str):
        check_trial_labels(session, [label], "", {})
        level_codes(session, label)  # refuses trials without a value
        return session.values, one.time, one.dt, label, session[label].values
    given = np.asarray(label)
    if given.shape != (session.sizes["trial"],):
        raise BadInput("label", got=f"shape {given.shape}", expected=f"({session.sizes['trial']},), one for each trial")
    return session.values, one.time, one.dt, "label", given


def _divide(target: npt.NDArray[np.generic], method: Method, k: int, seed: int) -> tuple[list[object], list[Fold]]:
    """Return the classes (none for a number) and the folds."""
    if method == "ridge":
        if target.dtype.kind not in "iufb" or not np.isfinite(target.astype(np.float64)).all():
            raise BadInput("label", got=f"values like {target[0]!r}", expected="finite numbers for method='ridge'")
        if len(np.unique(target)) < 2:
            raise BadInput("label", got="one value only", expected="values that differ")
        if len(target) < 3 * k:
            raise BadInput("folds", got=f"{k} for {len(target)} trials", expected="3 trials or more in each")
        return [], folds(len(target), k, seed=seed)
    levels = list(dict.fromkeys(target.tolist()))
    if len(levels) < 2:
        raise BadInput("label", got=f"one value only, {levels[0]!r}", expected="at least two classes")
    if target.dtype.kind == "f" and len(levels) > len(target) / 2:
        raise BadInput(
            "label",
            got=f"{len(levels)} different numbers in {len(target)} trials",
            expected="a few classes",
            repair="Pass method='ridge' to decode a number.",
        )
    return levels, folds(target, k, seed=seed)


def _check_options(method: str, shrinkage: float | None, penalty: float, n_permutations: int) -> None:
    if method not in ("lda", "logistic", "ridge"):
        raise BadInput("method", got=repr(method), expected="'lda', 'logistic' or 'ridge'")
    if shrinkage is not None and not 0 <= shrinkage <= 1:
        raise BadInput("shrinkage", got=repr(shrinkage), expected="0 to 1, or None")
    if not np.isfinite(penalty) or penalty < 0 or (penalty == 0 and method == "logistic"):
        raise BadInput("penalty", got=repr(penalty), expected="above 0 (0 for 'ridge' only)")
    if isinstance(n_permutations, bool) or not isinstance(n_permutations, int | np.integer) or n_permutations < 0:
        raise BadInput("n_permutations", got=repr(n_permutations), expected="a whole number, 0 or more")


def _check_enough(
    divided: list[Fold], units: int, n: int, method: Method, shrinkage: float | None, penalty: float
) -> None:
    """Refuse covariances that cannot be inverted."""
    fewest = min(len(fold.train) for fold in divided)
    bare = (method == "lda" and shrinkage == 0) or (method == "ridge" and penalty == 0)
    if bare and fewest - max(n, 1) < units:
        raise BadInput(
            "trials",
            got=f"{fewest} to fit {units} units without {'shrinkage' if method == 'lda' else 'a penalty'}",
            expected=f"at least {units + max(n, 1)}",
            repair="Leave shrinkage=None, or pass penalty=0.1.",
        )
