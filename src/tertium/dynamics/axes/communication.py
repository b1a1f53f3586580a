"""Communication subspaces: through how few dimensions of one area another can be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.data import check_same_labels, folds
from tertium.data.averaging import condition_codes
from tertium.dynamics.axes.population import check_trial_labels, mean_by
from tertium.dynamics.axes.reduced_rank import errors_by_rank, reduced_rank
from tertium.dynamics.states import flat_states, is_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

    from tertium.data import Fold

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CommunicationSubspace:
    """A prediction of one population from another; see `tertium.dynamics.communication_subspace`.

    Attributes
    ----------
    rank : int
        Dimensions chosen: the fewest whose mean score is within one standard error of the best; 0 if nothing is
        predicted.
    scores : array, shape (rank 0 to most, fold)
        Share of the variance of held-out targets that is predicted; 1 is perfect, 0 chance (the mean of the training
        samples), below 0 worse.
    ridge : float
        Penalty used.
    ridge_scores : mapping of float to array, shape (fold,)
        Scores of the full model at each penalty tried.
    coefficients : array, shape (source unit, target unit)
        At the rank chosen, fitted to all samples.
    source_axes : array, shape (source unit, most)
        Predictive dimensions, of length 1, by falling variance of what they predict; not orthogonal.
    target_axes : array, shape (target unit, most)
        Where each predicts to; orthonormal.
    predicted : array, shape (most,)
        Share of the targets' variance that each dimension predicts, fitted to all samples.
    source_variance : array, shape (most,)
        Share of the sources' variance along each predictive dimension.
    n_samples : int
    """

    rank: int
    scores: Floats
    ridge: float
    ridge_scores: dict[float, Floats]
    coefficients: Floats
    source_axes: Floats
    target_axes: Floats
    predicted: Floats
    source_variance: Floats
    n_samples: int

    @property
    def means(self) -> Floats:
        """Mean score over folds at each rank, (rank 0 to most,)."""
        return np.asarray(self.scores.mean(1))

    @property
    def errors(self) -> Floats:
        """Standard error over folds at each rank, (rank 0 to most,)."""
        return np.asarray(self.scores.std(1, ddof=1) / np.sqrt(self.scores.shape[1]))

    def table(self) -> pd.DataFrame:
        """Return one row a dimension: score up to it, what it predicts, what of the sources lies along it."""
        import pandas as pd

        return pd.DataFrame(
            {
                "dimension": np.arange(1, len(self.predicted) + 1),
                "score": self.means[1:],
                "error": self.errors[1:],
                "predicted": self.predicted,
                "source_variance": self.source_variance,
                "chosen": np.arange(1, len(self.predicted) + 1) <= self.rank,
            }
        )

    def figure(self) -> go.Figure:
        """Draw the score against the number of dimensions, the one chosen, and the full model."""
        sources, targets = self.coefficients.shape
        folded = self.scores.shape[1]
        drawn = figure.new(
            x="predictive dimensions",
            y="variance predicted (%)",
            title=f"{sources} units to {targets}, {self.n_samples:,} samples; standard errors over {folded} folds",
        )
        ranks, mean, error = list(range(len(self.means))), 100 * self.means, 100 * self.errors
        full = self.ridge_scores[self.ridge]
        middle, spread = 100 * full.mean(), 100 * full.std(ddof=1) / np.sqrt(folded)
        figure.band(drawn, middle - spread, middle + spread, "full model")
        low, high = (mean - error).tolist(), (mean + error).tolist()
        figure.dots_with_intervals(drawn, ranks, mean.tolist(), low, high, lines=True)
        drawn.add_scatter(
            x=[self.rank],
            y=[mean[self.rank]],
            mode="markers",
            marker={"symbol": "circle-open", "size": 16, "color": figure.COLOURS[1], "line": {"width": 2}},
            name=f"chosen: {self.rank}",
        )
        drawn.update_xaxes(dtick=max(1, len(ranks) // 10))
        return drawn


def communication_subspace(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    *,
    ridge: float | Sequence[float] = 0.0,
    most: int | None = None,
    k: int = 10,
    residual_by: str | Sequence[str] | None = None,
    seed: int = 0,
) -> CommunicationSubspace:
    """Ask through how few dimensions of one area's activity another area's can be predicted (Semedo et al. 2019).

    Parameters
    ----------
    X, Y : responses, or array-like of shape (trial, time, unit) or (sample, unit)
        Source and target, recorded together: the same trials and times.
    ridge : float or sequence of float
        Penalty on the coefficients, added to the eigenvalues of the sources' sum of squares. Of several the largest is
        used whose full model is within one standard error of the best.
    most : int, optional
        Highest rank tried; as many as units if not given.
    k : int
        Folds; the samples of one trial are never divided between fitting and testing.
    residual_by : str or sequence of str, optional
        Trial labels of responses: take off the mean of each condition at each time, so that what both areas do in
        common with the stimulus does not count (as in the paper). Means are over all trials, those held out, too.
    seed : int

    Returns
    -------
    CommunicationSubspace
        Penalty and rank are chosen on the folds that give the scores, which are therefore a little too high.

    Raises
    ------
    BadInput
        If samples differ, there are too few for the units without a penalty, or an option is unusable.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 8))
    >>> Y = np.outer(X[:, 0] - X[:, 1], [1.0, 2.0, 0.0, 1.0, 1.0]) + rng.normal(size=(400, 5))
    >>> found = communication_subspace(X, Y)
    >>> found.rank, np.abs(found.source_axes[:2, 0]).round(1).tolist()
    (1, [0.7, 0.7])
    """
    x, y, groups = _samples(X, Y, residual_by)
    penalties = _penalties(ridge)
    limit = min(x.shape[1], y.shape[1])
    if most is None:
        most = limit
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or not 1 <= most <= limit:
        raise BadInput("most", got=repr(most), expected=f"1 to {limit} dimensions")
    divided = folds(len(x), k, seed=seed, groups=groups)
    _check_enough(divided, x.shape[1], penalties)
    ridge_scores = {p: _scores(x, y, divided, p, limit)[-1] for p in penalties}
    chosen = _largest_within(ridge_scores)
    scores = _scores(x, y, divided, chosen, most)
    means = scores.mean(1)
    best = int(means.argmax())
    error = float(scores[best].std(ddof=1) / np.sqrt(len(divided)))
    rank = int(np.flatnonzero(means >= means[best] - error)[0])
    fit = reduced_rank(x, y, chosen)
    sums, total = errors_by_rank(fit, x, y, most)
    source = fit.coefficients @ fit.target_axes[:, :most]
    sizes = np.linalg.norm(source, axis=0)
    source = source / np.where(sizes > 0, sizes, 1.0)
    centred = x - x.mean(0)
    return CommunicationSubspace(
        rank=rank,
        scores=scores,
        ridge=chosen,
        ridge_scores=ridge_scores,
        coefficients=fit.at(rank),
        source_axes=source,
        target_axes=fit.target_axes[:, :most],
        predicted=-np.diff(sums) / total,
        source_variance=((centred @ source) ** 2).sum(0) / (centred**2).sum(),
        n_samples=len(x),
    )


def _scores(x: Floats, y: Floats, divided: list[Fold], ridge: float, most: int) -> Floats:
    """Return scores at ranks 0 to ``most``, (rank, fold)."""
    columns = []
    for fold in divided:
        fit = reduced_rank(x[fold.train], y[fold.train], ridge)
        errors, total = errors_by_rank(fit, x[fold.test], y[fold.test], most)
        columns.append(1 - errors / total)
    return np.stack(columns, axis=1)


def _largest_within(scores: dict[float, Floats]) -> float:
    """Return the largest penalty whose mean score is within one standard error of the best."""
    best = max(scores.values(), key=lambda one: one.mean())
    enough = best.mean() - best.std(ddof=1) / np.sqrt(len(best))
    return max(p for p, one in scores.items() if one.mean() >= enough)


def _samples(
    X: xr.DataArray | npt.ArrayLike, Y: xr.DataArray | npt.ArrayLike, by: str | Sequence[str] | None
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return sources and targets, (sample, unit), and to which trial each sample belongs."""
    values = [np.asarray(one, dtype=np.float64) for one in (X, Y)]
    if is_responses(X) and is_responses(Y):
        check_same_labels(X, Y, str(X.dims[0]))
        check_same_labels(X, Y, "time")
        if by is not None:
            values = [_residuals(one, [by] if isinstance(by, str) else list(by)) for one in (X, Y)]
    elif by is not None:
        raise BadInput("residual_by", got=repr(by), expected="responses, whose trials have labels")
    x, y = flat_states(values[0]), flat_states(values[1])
    if values[0].shape[:-1] != values[1].shape[:-1]:
        raise BadInput(
            "X and Y",
            got=f"shapes {values[0].shape} and {values[1].shape}",
            expected="the same trials and times in both",
        )
    for name, one in (("X", x), ("Y", y)):
        flat = np.flatnonzero(one.std(0) <= 1e-12 * np.maximum(np.abs(one).max(0), 1e-300))
        if len(flat):
            raise BadInput(
                name, got=f"{len(flat)} units that never vary, first column {flat[0]}", expected="units that vary"
            )
    return x, y, np.repeat(np.arange(len(values[0])), len(x) // len(values[0]))


def _residuals(r: xr.DataArray, by: list[str]) -> Floats:
    check_trial_labels(r, by, "", {})
    keys, codes = condition_codes(r, by)
    counts = np.bincount(codes, minlength=len(keys))
    if counts.min() < 2:
        raise BadInput(
            f"condition {keys[int(counts.argmin())]}",
            got="one trial, of which nothing is left without the mean",
            expected="at least 2 trials of each condition",
        )
    values = r.values.astype(np.float64)
    return np.asarray(values - mean_by(values, codes, counts)[codes])


def _penalties(ridge: float | Sequence[float]) -> list[float]:
    given = np.atleast_1d(np.asarray(ridge, dtype=np.float64))
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all() or (given < 0).any():
        raise BadInput(
            "ridge", got=repr(ridge), expected="0 or more, or several such", repair="Try [1, 10, 100, 1000]."
        )
    return [float(p) for p in np.unique(given)]


def _check_enough(divided: list[Fold], units: int, penalties: list[float]) -> None:
    fewest = min(len(fold.train) for fold in divided)
    if penalties[0] == 0 and fewest < units + 2:
        raise BadInput(
            "samples",
            got=f"{fewest} to fit {units} source units",
            expected=f"at least {units + 2}, or a penalty",
            repair="Pass ridge=[1, 10, 100, 1000], or use more samples.",
        )
