"""Reduced-rank regression: all units are predicted through a few directions that they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import centred, gram
from tertium.compare.encoding.hats import Hats, dual_hats
from tertium.compare.encoding.models.ridge import checked_penalties, default_penalties
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ReducedRank(Encoder):
    """Linear regression whose weights have a given rank (Izenman 1975), with a ridge penalty that all units share.

    The fitted responses of a ridge regression are projected onto their leading principal directions over units.

    Parameters
    ----------
    rank : int
        Number of directions.
    penalties : sequence of float, optional
        As of `Ridge`; the one with the least squared error over all units is taken.
    """

    rank: int = 10
    penalties: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        if isinstance(self.rank, bool) or not isinstance(self.rank, int) or self.rank < 1:
            raise BadInput("rank", got=repr(self.rank), expected="a whole number, at least 1")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyReducedRank:
        """Return the hat matrix of each fold."""
        of_features, of_targets = gram(features, width), gram(targets, width)
        usual = default_penalties(of_features)
        penalties = usual if self.penalties is None else np.sort(np.array(self.penalties))
        hats, chosen = [], []
        for number, (fitted, tested) in enumerate(folds):
            penalty = float(penalties[0])
            if len(penalties) > 1:
                inside, wanted = (g[np.ix_(fitted, fitted)] for g in (of_features, of_targets))
                losses = sum(total_losses(inside, wanted, a, b, penalties) for a, b in folds.inside(fitted, number))
                penalty = float(penalties[np.argmin(losses)])
            hats.append(self._of_fold(of_features, of_targets, fitted, tested, penalty))
            chosen.append(penalty)
        return ReadyReducedRank(folds, [one.in_precision(targets.precision) for one in hats], chosen, self.rank)

    def _of_fold(
        self, of_features: FloatArray, of_targets: FloatArray, fitted: Indices, tested: Indices, penalty: float
    ) -> Hats:
        both = np.concatenate([fitted, tested])
        hat = dual_hats(of_features, fitted, both, np.array([penalty])).left[0]
        own, across = hat[: len(fitted)], hat[len(fitted) :]
        wanted, _ = centred(of_targets, fitted, tested)
        # fitted responses are own @ Y; their principal directions over samples are those of own Y Y' own'
        values, vectors = eigh(own @ wanted @ own.T)
        if values[-self.rank :][0] <= 1e-12 * values[-1] or self.rank > len(values):
            found = int((values > 1e-12 * values[-1]).sum())
            raise BadInput("rank", got=f"{self.rank}", expected=f"at most {found}, the rank of the fitted responses")
        values, vectors = values[-self.rank :], vectors[:, -self.rank :]
        left = across @ wanted @ own.T @ vectors / values
        return Hats(np.ascontiguousarray(left)[None], np.ascontiguousarray(vectors.T @ own))


class ReadyReducedRank(ReadyEncoder):
    """Hat matrices of every fold; see `ReducedRank`."""

    def __init__(self, folds: Folds, hats: list[Hats], penalties: list[float], rank: int) -> None:
        self._folds, self._hats, self._penalties, self._rank = folds, hats, penalties, rank

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Predict the tested samples of a fold."""
        fitted, _ = self._folds.pairs[fold]
        mean = targets[fitted].mean(0)
        values = self._hats[fold].predict(targets[fitted] - mean)[0] + mean
        return Predicted(values, mean, np.full(targets.shape[1], self._penalties[fold]))

    @property
    def says(self) -> str:
        """The model in words."""
        return f"reduced-rank regression (rank {self._rank})"


def total_losses(
    of_features: FloatArray, of_targets: FloatArray, fitted: Indices, tested: Indices, penalties: FloatArray
) -> FloatArray:
    """Return the squared error of ridge regression summed over tested samples and all units, under each penalty.

    Only products of samples are needed: ``|Y_t - H Y_f|^2 = tr(S_tt) - 2 tr(H S_ft) + tr(H S_ff H')``.

    Examples
    --------
    >>> x = np.array([[-1.0], [1.0], [3.0]])
    >>> total_losses(x @ x.T, x @ x.T, np.array([0, 1]), np.array([2]), np.array([2.0])).round(12).tolist()
    [2.25]
    """
    inside, across = centred(of_targets, fitted, tested)
    means = of_targets[np.ix_(fitted, fitted)].mean()
    own = np.diagonal(of_targets)[tested] - 2 * of_targets[np.ix_(tested, fitted)].mean(1) + means
    hats = dual_hats(of_features, fitted, tested, penalties).left
    return np.array([own.sum() - 2 * np.sum(hat * across) + np.sum((hat @ inside) * hat) for hat in hats])
