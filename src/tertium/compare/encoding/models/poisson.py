"""Poisson regression: spike counts from features, through an exponential, with a penalty for each unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.models.ridge import checked_penalties
from tertium.compare.encoding.tables import Table
from tertium.compare.spike_trains.newton import LIMIT, fit_poisson
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Penalties tried where none are given, in units of a unit's mean count, the strongest first.
_RELATIVE = np.logspace(2, -6, 9)

#: Likelihood for each spike to which fits are found that penalties are chosen by, and those that predict.
_CHOOSING, _PREDICTING = 1e-8, 1e-14


@dataclass(frozen=True)
class PoissonRidge(Encoder):
    """Counts with a mean of ``exp(features @ weights + intercept)``, and a penalty on squared weights.

    Features are put on a standard deviation of 1 within the samples that are fitted. Each unit takes the penalty under
    which held-out samples inside them are most likely; they are tried from the strongest on, until the likelihood fell
    twice. A unit that is silent in what is fitted is predicted half a spike in all of it. A mean over trials is one
    sample, however many trials it is of.

    Parameters
    ----------
    penalties : sequence of float, optional
        Candidates, above 0, in the units of the ``alpha`` of scikit-learn's ``PoissonRegressor``: the penalty
        ``alpha / 2 * sum(weights**2)`` is added to the *mean* over samples of the negative log-likelihood. By default
        nine from 1e-6 to 100 times the unit's mean count (its information in a sample).
    steps : int
        Most Newton steps.
    """

    penalties: tuple[float, ...] | None = None
    steps: int = 100

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise BadInput("steps", got=repr(self.steps), expected="a whole number, at least 1")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyPoisson:
        """Return standardised features of all folds, inner and outer.

        Raises
        ------
        BadInput
            If targets are no counts, or features do not vary.
        """
        for where, block in targets.blocks(width):
            check_counts(block, targets, where)
        whole = features.block(0, features.width)
        if not (np.ptp(whole, axis=0) > 0).any():
            raise BadInput("X", got="features that do not vary over samples", expected="features that do")
        given = None if self.penalties is None else np.sort(np.array(self.penalties))[::-1]
        outer, inner = [], []
        for number, (fitted, tested) in enumerate(folds):
            outer.append(Standardised.of(whole, fitted, tested))
            if given is None or len(given) > 1:
                pairs = folds.inside(fitted, number).pairs
                inner.append([(a, b, Standardised.of(whole[fitted], a, b)) for a, b in pairs])
        return ReadyPoisson(folds, given, outer, inner, self.steps)


@dataclass(frozen=True, eq=False)
class Standardised:
    """Features of fitted and of tested samples, centred and scaled by the fitted ones, with ones for the intercept.

    They are turned onto the principal axes of the fitted samples, where all weights under a penalty lie, and on which
    Newton's steps are found fast: nothing changes but the cost.

    Attributes
    ----------
    fitted : array, shape (fitted, 1 + axis)
    tested : array, shape (tested, 1 + axis)
    """

    fitted: FloatArray
    tested: FloatArray

    @classmethod
    def of(cls, features: FloatArray, fitted: Indices, tested: Indices) -> Standardised:
        """Standardise by the fitted samples; a feature that does not vary in them is left out."""
        known = features[fitted]
        mean, spread = known.mean(0), known.std(0)
        varies = spread > 1e-12 * np.abs(known).max(0, initial=0.0)
        parts = [(features[rows][:, varies] - mean[varies]) / spread[varies] for rows in (fitted, tested)]
        if parts[0].shape[1]:
            _, sizes, axes = np.linalg.svd(parts[0], full_matrices=False)
            axes = axes[sizes > 1e-10 * sizes[0]]
            parts = [part @ axes.T for part in parts]
        return cls(*(np.concatenate([np.ones((len(part), 1)), part], axis=1) for part in parts))


class ReadyPoisson(ReadyEncoder):
    """Standardised features of every fold; see `PoissonRidge`."""

    def __init__(
        self,
        folds: Folds,
        penalties: FloatArray | None,
        outer: list[Standardised],
        inner: list[list[tuple[Indices, Indices, Standardised]]],
        steps: int,
    ) -> None:
        self._folds, self._given, self._outer, self._inner, self._steps = folds, penalties, outer, inner, steps

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose each target's penalty by held-out likelihood inside the fitted samples, and predict the others."""
        fitted, _ = self._folds.pairs[fold]
        known = np.asarray(targets[fitted], dtype=np.float64)
        means = floored_mean(known)
        tried = np.outer(_RELATIVE, means) if self._given is None else np.tile(self._given[:, None], len(means))
        chosen = tried[0]
        if len(tried) > 1:
            chosen = tried[self._choose(fold, known, tried), np.arange(len(means))]
        ready = self._outer[fold]
        weights = penalised(ready.fitted, known, chosen, None, self._steps)
        return Predicted(np.exp(log_expected(ready.tested, weights, means)), means, chosen)

    def _choose(self, fold: int, known: FloatArray, tried: FloatArray) -> Indices:
        """Return the number of each target's penalty: from the strongest on, until the likelihood fell twice."""
        inner = self._inner[fold]
        likelihood = np.full(tried.shape, -np.inf)
        weights = [np.zeros((tried.shape[1], ready.fitted.shape[1])) for _, _, ready in inner]
        going = np.arange(len(tried[0]))
        for i, penalties in enumerate(tried):
            total = np.zeros(len(going))
            for (a, b, ready), found in zip(inner, weights, strict=True):
                counts, means = known[np.ix_(a, going)], floored_mean(known[np.ix_(a, going)])
                start = found[going] if i else None
                found[going] = penalised(ready.fitted, counts, penalties[going], start, self._steps, _CHOOSING)
                linear = log_expected(ready.tested, found[going], means)
                total += (known[np.ix_(b, going)] * linear - np.exp(linear)).sum(0)
            likelihood[i, going] = total
            if i > 1:
                going = going[likelihood[i - 1 : i + 1, going].max(0) >= likelihood[: i - 1, going].max(0)]
            if not len(going):
                break
        return np.asarray(likelihood.argmax(0), dtype=np.int64)

    @property
    def says(self) -> str:
        """The model in words."""
        if self._given is None:
            return f"Poisson ridge ({len(_RELATIVE)} penalties from 1e-06 to 100 times the mean count)"
        return f"Poisson ridge ({len(self._given)} penalties from {self._given[-1]:.2g} to {self._given[0]:.2g})"


def penalised(
    design: FloatArray,
    counts: FloatArray,
    penalties: FloatArray,
    start: FloatArray | None,
    steps: int = 100,
    tolerance: float = _PREDICTING,
) -> FloatArray:
    """Return weights of each target, (target, 1 + feature), the intercept first and free of penalty.

    Parameters
    ----------
    design : array, shape (sample, 1 + feature)
        Its first column is ones; the others are best orthogonal.
    counts : array, shape (sample, target)
    penalties : array, shape (target,)
        On the mean over samples, as scikit-learn's ``alpha``.
    start : array, shape (target, 1 + feature), or None
    steps, tolerance
        As of `fit_poisson`.

    Examples
    --------
    >>> x = np.array([-1.0, -1.0, 1.0, 1.0])
    >>> counts = np.array([[1.0], [1.0], [4.0], [4.0]])
    >>> weights = penalised(np.stack([np.ones(4), x], 1), counts, np.full(1, 1e-12), None)
    >>> bool(np.allclose(np.exp(weights), 2.0))
    True
    """
    n, p = design.shape
    weights = np.zeros((counts.shape[1], p))
    weights[:, 0] = np.log(floored_mean(counts))
    fires = counts.any(0)
    if not fires.any() or p == 1:
        return weights
    penalty = np.diag(np.r_[0.0, np.ones(p - 1)])
    strength, begin = n * penalties[fires], (weights if start is None else start)[fires]
    weights[fires] = fit_poisson(
        design, counts[:, fires], penalty, strength, begin, steps=steps, tolerance=tolerance, orthogonal=True
    ).weights
    return weights


def floored_mean(counts: FloatArray) -> FloatArray:
    """Return the mean count of each target; of a silent one, half a spike over all samples."""
    return np.asarray(np.maximum(counts.sum(0), 0.5 * ~counts.any(0)) / len(counts))


def log_expected(design: FloatArray, weights: FloatArray, means: FloatArray) -> FloatArray:
    """Return logarithms of expected counts, held within a factor of ``exp(30)`` of the mean."""
    middle = np.log(means)
    return np.asarray(np.clip(design @ weights.T, middle - LIMIT / 2, middle + LIMIT / 2))


def check_counts(block: FloatArray, targets: Table, where: slice) -> None:
    """Refuse what is no count; a mean over trials must be one after multiplication with their number."""
    trials = np.repeat(targets.repeats, targets.n // len(targets.repeats))[:, None]
    total = block * trials
    bad = np.argwhere((block < 0) | (np.abs(total - np.round(total)) > 1e-4 * np.maximum(1, np.abs(total))))
    if len(bad):
        row, column = bad[0]
        raise BadInput(
            "Y",
            got=f"{block[row, column]:.4g} at sample {row}, unit '{targets.columns[where.start + column]}' "
            f"({len(bad)} such in this block)",
            expected="spike counts: whole numbers, 0 or more, or responses whose trials are such",
            repair="Multiply rates by dt, sum over trials instead of averaging, or use method='ridge'.",
        )
