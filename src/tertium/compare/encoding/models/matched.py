"""Units predicted by the features they are matched with: no rotation is allowed, so that single-unit tuning counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csc_array
from scipy.spatial import cKDTree

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.memory import Held, Sizes, held_by
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Pairs of a feature and a unit at most: one number each, and the time an assignment, or a transport, takes.
_MOST_PAIRS, _MOST_TRANSPORTED = 50_000_000, 1_000_000

#: A unit is known again by as many random sums of its responses, to this part of their size.
_SUMS, _SAME = 4, 1e-6


@dataclass(frozen=True)
class OneToOne(Encoder):
    """Each unit is predicted by one feature, with a scale and an offset (Li et al. 2015; Khosla & Williams 2024).

    Within the samples that are fitted, features are assigned to units one to one so that the sum of their correlations
    is largest. Units that are left over, where there are fewer features, are predicted by their mean. Units whose
    responses are the same in all samples get the same feature.

    Parameters
    ----------
    shared : bool
        Whether several units may be predicted by one feature: each by that with which it correlates best.

    Examples
    --------
    >>> from tertium.compare import encode
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> encode(X, 5 - 2 * X[:, [2, 0]], OneToOne(shared=True), measure="r2").value.max() < 0.2  # the sign counts
    np.True_
    >>> encode(X, 5 + 2 * X[:, [2, 0]], OneToOne(), measure="r2").value.round(6).tolist()
    [1.0, 1.0]
    """

    shared: bool = False

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyMatched:
        """Return the features, and their assignment to units in each fold.

        Raises
        ------
        BadInput
            If features do not vary, or there are too many pairs of a feature and a unit to assign.
        """
        whole = _varying(features, targets)
        if self.shared:
            return ReadyMatched(folds, whole, None, None, "the feature that correlates best")
        _few_enough(features, targets, _MOST_PAIRS, "Take fewer features, or OneToOne(shared=True).")
        plans = []
        for fitted, _ in folds:
            rows, columns = linear_sum_assignment(_correlations(whole, targets, fitted, width), maximize=True)
            shape = (features.width, targets.width)
            plans.append(csc_array((np.ones(len(rows)), (rows, columns)), shape=shape))
        return ReadyMatched(folds, whole, plans, KnownUnits.of(targets, width), "one feature for each unit")


@dataclass(frozen=True)
class SoftMatched(Encoder):
    """Each unit is predicted by the features it is softly matched with (Khosla & Williams 2024).

    Within the samples that are fitted, every feature spreads a weight over units so that all units receive the same in
    all, and the weighted sum of correlations is largest (optimal transport, as in `tertium.compare.soft_match`). A
    unit's prediction is the weighted sum of its features, each on a standard deviation of 1, with a scale and an
    offset. With as many features as units this is `OneToOne`.

    Examples
    --------
    >>> from tertium.compare import encode
    >>> random = np.random.default_rng(0)
    >>> Y = random.normal(size=(200, 2))
    >>> X = np.repeat(Y, 3, axis=1) + random.normal(size=(200, 6))  # three noisy copies of each unit
    >>> encode(X, Y, SoftMatched()).mean > encode(X, Y, OneToOne()).mean + 0.1
    True
    """

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyMatched:
        """Return the features, and the transport of features to units in each fold.

        Raises
        ------
        BadInput
            If features do not vary, or there are too many pairs of a feature and a unit for a transport.
        """
        from tertium.compare.representations.matching import transport

        whole = _varying(features, targets)
        _few_enough(features, targets, _MOST_TRANSPORTED, "Take fewer features, or method='one_to_one'.")
        plans = [csc_array(transport(_correlations(whole, targets, fitted, width))) for fitted, _ in folds]
        return ReadyMatched(folds, whole, plans, KnownUnits.of(targets, width), "soft matching of features to units")


class ReadyMatched(ReadyEncoder):
    """Features, and which of them predict which unit in each fold; see `OneToOne` and `SoftMatched`."""

    def __init__(
        self, folds: Folds, features: FloatArray, plans: list[csc_array] | None, units: KnownUnits | None, says: str
    ) -> None:
        self._folds, self._features, self._plans, self._units, self._says = folds, features, plans, units, says

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Put the features of each unit on its scale by the fitted samples, and predict the tested ones."""
        fitted, tested = self._folds.pairs[fold]
        known = np.asarray(targets[fitted], dtype=np.float64)
        mean = known.mean(0)
        if self._plans is None or self._units is None:
            chosen = (standardised(self._features, fitted, fitted).T @ standardised(targets, fitted, fitted)).argmax(0)
            signal = self._features[:, chosen] - self._features[fitted][:, chosen].mean(0)
        else:
            plan = self._plans[fold][:, self._units.find(targets)]
            used = np.unique(plan.indices)
            everyone = np.arange(len(self._features))
            signal = np.asarray(plan[used].T @ standardised(self._features[:, used], fitted, everyone).T).T
        own = signal[fitted]
        power = (own**2).sum(0)
        slope = np.divide((own * (known - mean)).sum(0), power, out=np.zeros(len(mean)), where=power > 0)
        return Predicted(signal[tested] * slope + mean, mean, None)

    @property
    def says(self) -> str:
        """The model in words."""
        return self._says


@dataclass(frozen=True, eq=False)
class KnownUnits:
    """Units told apart by their responses: predictions are asked for by these alone.

    Attributes
    ----------
    sums : array, shape (sample, sum)
        Random weights of the samples.
    tree : cKDTree
        Of the weighted sums of each unit.
    """

    sums: FloatArray
    tree: cKDTree

    @classmethod
    def of(cls, targets: Table, width: int) -> KnownUnits:
        """Read all units."""
        sums = Seeds(0).numpy("sums of responses").normal(size=(targets.n, _SUMS))
        kind = targets.precision
        return cls(sums, cKDTree(np.concatenate([block.astype(kind).T @ sums for _, block in targets.blocks(width)])))

    def find(self, targets: FloatArray) -> Indices:
        """Return the numbers of some units, from all their responses, (sample, unit).

        Raises
        ------
        BadInput
            If one of them is none of those that were read.
        """
        distances, found = self.tree.query(targets.T @ self.sums)
        unknown = distances > _SAME * (1 + np.abs(targets).sum(0))
        if unknown.any():
            raise BadInput(
                "Y",
                got=f"{int(unknown.sum())} units that were not matched",
                expected="the units that the model was made ready for",
            )
        return np.asarray(found, dtype=np.int64)


def standardised(values: FloatArray, fitted: Indices, rows: Indices) -> FloatArray:
    """Return rows of columns on a mean of 0 and a standard deviation of 1 in the fitted ones; zeros for constants.

    Examples
    --------
    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0]]), np.array([0, 1]), np.array([0, 2])).tolist()
    [[-1.0, 0.0], [7.0, 0.0]]
    """
    known = np.asarray(values[fitted], dtype=np.float64)
    mean, spread = known.mean(0), known.std(0)
    varies = spread > 1e-12 * np.abs(known).max(0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=varies)
    return np.asarray((values[rows] - mean) * scale)


def _correlations(features: FloatArray, targets: Table, fitted: Indices, width: int) -> FloatArray:
    """Return the correlation of each feature with each unit over the fitted samples, (feature, unit)."""
    own = standardised(features, fitted, fitted) / len(fitted)
    found = np.empty((features.shape[1], targets.width))
    for where, block in targets.blocks(width):
        found[:, where] = own.T @ standardised(block, fitted, fitted)
    return found


def _varying(features: Table, targets: Table) -> FloatArray:
    whole = features.block(0, features.width)
    if not (np.ptp(whole, axis=0) > 0).any():
        raise BadInput("X", got="features that do not vary over samples", expected="features that do")
    return np.asarray(whole, dtype=targets.precision)


def _few_enough(features: Table, targets: Table, most: int, repair: str) -> None:
    if features.width * targets.width > most:
        raise BadInput(
            "X and Y",
            got=f"{features.width} features and {targets.width} units",
            expected=f"at most {most:,} pairs, of which the best are found",
            repair=repair,
        )


@held_by.register
def _(encoder: OneToOne, sizes: Sizes) -> Held:
    """The features and, where they are assigned, their correlations with all units; else those of a block."""
    n, p = sizes.features.n, sizes.features.width
    pairs = 0 if encoder.shared else 3 * p * sizes.targets.width
    return Held(8.0 * (4 * n * p + pairs), 8.0 * 3 * n * p, 8.0 * (p * encoder.shared + 8 * n))


@held_by.register
def _(encoder: SoftMatched, sizes: Sizes) -> Held:
    """The features, their correlations with all units, and what a transport is found in."""
    n, p = sizes.features.n, sizes.features.width
    return Held(8.0 * (4 * n * p + 20 * p * sizes.targets.width), 8.0 * 3 * n * p, 8.0 * 8 * n)
