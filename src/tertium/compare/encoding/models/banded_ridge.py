"""Banded ridge regression: groups of features, each with a penalty of its own, chosen for every target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import gram_of_columns
from tertium.compare.encoding.hats import dual_hats
from tertium.compare.encoding.models.ridge import checked_penalties, default_penalties
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BandedRidge(Encoder):
    """Ridge regression in which some groups of features may count less than others (Nunez-Elizalde et al. 2019).

    Groups are scaled to the same mean squared norm and weighted; weights are drawn at random (random search of Dupré la
    Tour et al. 2022, NeuroImage 264:119728), beside all groups alike and each group alone. A large weight is a small
    penalty. Each target takes the weights and the penalty that predict it best within the fitted samples.

    Parameters
    ----------
    bands : str or tuple of int
        Label of X's units that names the groups ("region", "area" or "layer"), or how many neighbouring columns each
        has.
    draws : int
        Weights drawn at random, half from a flat Dirichlet distribution, half from one of concentration 0.1, which
        switches groups off.
    penalties : sequence of float, optional
        As of `Ridge`, relative to groups of mean squared norm 1.
    seed : int
        Of the weights.
    """

    bands: str | tuple[int, ...] = "region"
    draws: int = 20
    penalties: tuple[float, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        if isinstance(self.draws, bool) or not isinstance(self.draws, int) or self.draws < 0:
            raise BadInput("draws", got=repr(self.draws), expected="a whole number, 0 or more")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyBandedRidge:
        """Return the products of samples for each group, and the weights that are tried."""
        groups = columns_of_bands(features, self.bands)
        products = []
        for name, columns in groups.items():
            of_band = gram_of_columns(features, columns, width)
            scale = float(np.trace(of_band)) / len(of_band)
            if not scale > 0:
                raise BadInput(f"features of '{name}'", got="no variation over samples", expected="features that vary")
            products.append(of_band / scale)
        tried = band_weights(len(groups), self.draws, self.seed)
        given = self.penalties
        penalties = default_penalties(products[0]) if given is None else np.sort(np.array(given))
        return ReadyBandedRidge(folds, tuple(groups), np.stack(products), tried, penalties, targets.precision)


class ReadyBandedRidge(ReadyEncoder):
    """Products of samples of each band, and what is tried; see `BandedRidge`."""

    def __init__(
        self,
        folds: Folds,
        names: tuple[str, ...],
        products: FloatArray,
        tried: FloatArray,
        penalties: FloatArray,
        kind: npt.DTypeLike,
    ) -> None:
        self._folds, self._names, self._products, self._kind = folds, names, products, kind
        self._tried, self._penalties = tried, penalties

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose weights and penalty of each target within the fitted samples, and predict the tested ones."""
        fitted, tested = self._folds.pairs[fold]
        weights, penalty = self.choose(fold, targets[fitted])
        mean = targets[fitted].mean(0)
        values = np.empty((len(tested), targets.shape[1]), dtype=self._kind)
        for i in np.unique(weights):
            mine = np.flatnonzero(weights == i)
            hats = dual_hats(self._mixed(i), fitted, tested, self._penalties, self._kind)
            values[:, mine] = (
                hats.predict_chosen(targets[np.ix_(fitted, mine)] - mean[mine], penalty[mine]) + mean[mine]
            )
        return Predicted(values, mean, self._penalties[penalty])

    def choose(self, fold: int, known: FloatArray) -> tuple[Indices, Indices]:
        """Return the numbers of the weights and of the penalty with the least squared error, for each target."""
        fitted, _ = self._folds.pairs[fold]
        best = np.full(known.shape[1], np.inf)
        weights, penalty = (np.zeros(known.shape[1], dtype=np.int64) for _ in range(2))
        inner = self._folds.inside(fitted, fold).pairs
        for i in range(len(self._tried)):
            products = self._mixed(i)[np.ix_(fitted, fitted)]
            losses = np.zeros((len(self._penalties), known.shape[1]))
            for a, b in inner:
                mean = known[a].mean(0)
                hats = dual_hats(products, a, b, self._penalties, self._kind)
                error = hats.predict(known[a] - mean) - (known[b] - mean)
                losses += np.einsum("ptu,ptu->pu", error, error)
            least = losses.min(0)
            better = least < best
            best[better], weights[better], penalty[better] = least[better], i, losses.argmin(0)[better]
        return weights, penalty

    def _mixed(self, number: int) -> FloatArray:
        return np.einsum("b,bij->ij", self._tried[number], self._products)

    @property
    def says(self) -> str:
        """The model in words."""
        return f"banded ridge ({len(self._names)} bands, {len(self._tried)} sets of weights)"


def columns_of_bands(features: Table, bands: str | tuple[int, ...]) -> dict[str, Indices]:
    """Return the columns of each group of features, by name.

    Raises
    ------
    BadInput
        If the label is not there, or the widths do not add up to the columns.

    Examples
    --------
    >>> from tertium.compare.encoding.tables import table
    >>> columns_of_bands(table(np.eye(3), "X"), (2, 1))
    {'0': array([0, 1]), '1': array([2])}
    """
    if isinstance(bands, str):
        if not features.regions:
            raise BadInput("bands", got=f"'{bands}'", expected="a label of X's units: 'region', 'area' or 'layer'")
        names = np.array(features.regions)
        return {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(features.regions)}
    if sum(bands) != features.width or min(bands) < 1:
        raise BadInput(
            "bands",
            got=f"{bands}, {sum(bands)} columns in all",
            expected=f"widths, 1 or more each, that add up to the {features.width} columns of X",
        )
    ends = np.cumsum(bands)
    return {str(i): np.arange(end - width, end) for i, (width, end) in enumerate(zip(bands, ends, strict=True))}


def band_weights(bands: int, draws: int, seed: int) -> FloatArray:
    """Return sets of weights, each adding up to 1, (set, band): all alike, each alone, and random ones.

    Examples
    --------
    >>> band_weights(2, 0, 0).tolist()
    [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    """
    if bands == 1:
        return np.ones((1, 1))
    random = Seeds(seed).numpy("band weights")
    flat = random.dirichlet(np.ones(bands), size=draws - draws // 2)
    sparse = random.dirichlet(np.full(bands, 0.1), size=draws // 2)
    return np.concatenate([np.full((1, bands), 1 / bands), np.eye(bands), flat, sparse])
