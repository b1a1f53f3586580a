"""Banded ridge regression: groups of features, each with a penalty of its own, chosen for every target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import gram_of_columns
from tertium.compare.encoding.hats import dual_hats
from tertium.compare.encoding.models.ridge import checked_penalties, default_penalties
from tertium.compare.encoding.models.spaces.strengths import InnerFold, descended, inner_loss
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput
from tertium.rng import Seeds

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Strength of a band that is switched off: no difference from 0, and with a logarithm.
_NOTHING = 1e-300


@dataclass(frozen=True)
class BandedRidge(Encoder):
    """Ridge regression in which some groups of features may count less than others (Nunez-Elizalde et al. 2019).

    Groups are scaled to the same mean squared norm and weighted; weights are drawn at random (random search of Dupré la
    Tour et al. 2022, NeuroImage 264:119728), beside all groups alike and each group alone. A large weight is a small
    penalty. Each target takes the weights and the penalty that predict it best within the fitted samples; with
    ``steps``, it then walks on from its best two sets of weights along the gradient of that same error.

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
    steps : int
        Most gradient steps (L-BFGS) on the logarithm of each band's weight over the penalty, from either start; 0 for
        none. What they find is taken only where its error within the fitted samples is less than that of the random
        search. Each target takes its own: some ``2 n^3 / 3`` operations a step and inner fold.
    """

    bands: str | tuple[int, ...] = "region"
    draws: int = 20
    penalties: tuple[float, ...] | None = None
    seed: int = 0
    steps: int = 0

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        if isinstance(self.draws, bool) or not isinstance(self.draws, int) or self.draws < 0:
            raise BadInput("draws", got=repr(self.draws), expected="a whole number, 0 or more")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 0:
            raise BadInput("steps", got=repr(self.steps), expected="a whole number, 0 for no gradient steps")

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
        steps = self.steps if len(groups) > 1 else 0
        return ReadyBandedRidge(folds, tuple(groups), np.stack(products), tried, penalties, targets.precision, steps)


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
        steps: int = 0,
    ) -> None:
        self._folds, self._names, self._products, self._kind = folds, names, products, kind
        self._tried, self._penalties, self._steps = tried, penalties, steps

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose weights and penalty of each target within the fitted samples, and predict the tested ones."""
        fitted, tested = self._folds.pairs[fold]
        known = targets[fitted]
        losses, penalty = self.search(fold, known)
        weights, each = losses.argmin(0), np.arange(targets.shape[1])
        chosen, mean = self._penalties[penalty[weights, each]], known.mean(0)
        values = np.empty((len(tested), targets.shape[1]), dtype=self._kind)
        for i in np.unique(weights):
            mine = np.flatnonzero(weights == i)
            hats = dual_hats(self._mixed(self._tried[i]), fitted, tested, self._penalties, self._kind)
            values[:, mine] = hats.predict_chosen(known[:, mine] - mean[mine], penalty[i, mine])
        if self._steps:
            for u, strengths in self.refine(fold, known, losses, penalty).items():
                hats = dual_hats(self._mixed(strengths), fitted, tested, np.ones(1), self._kind)
                values[:, u] = hats.predict(known[:, [u]] - mean[u])[0, :, 0]
                chosen[u] = 1 / strengths.sum()
        return Predicted(values + mean, mean, chosen)

    def search(self, fold: int, known: FloatArray) -> tuple[FloatArray, Indices]:
        """Return the least squared error under each set of weights, and the number of its penalty, (set, target).

        Parameters
        ----------
        fold : int
        known : array, shape (fitted, target)
            Responses of the samples that the fold fits.
        """
        fitted, _ = self._folds.pairs[fold]
        least = np.empty((len(self._tried), known.shape[1]))
        penalty = np.zeros(least.shape, dtype=np.int64)
        inner = self._folds.inside(fitted, fold).pairs
        for i, weights in enumerate(self._tried):
            products = self._mixed(weights)[np.ix_(fitted, fitted)]
            losses = np.zeros((len(self._penalties), known.shape[1]))
            for a, b in inner:
                mean = known[a].mean(0)
                hats = dual_hats(products, a, b, self._penalties, self._kind)
                error = hats.predict(known[a] - mean) - (known[b] - mean)
                losses += np.einsum("ptu,ptu->pu", error, error)
            least[i], penalty[i] = losses.min(0), losses.argmin(0)
        return least, penalty

    def refine(self, fold: int, known: FloatArray, losses: FloatArray, penalty: Indices) -> dict[int, FloatArray]:
        """Return the strengths of bands (weight over penalty) of the targets for which gradient steps found better.

        Parameters
        ----------
        fold, known
            As of `search`.
        losses, penalty : array, shape (set, target)
            What `search` found.
        """
        fitted, _ = self._folds.pairs[fold]
        products = self._products[np.ix_(np.arange(len(self._names)), fitted, fitted)]
        inner = [InnerFold.of(products, a, b) for a, b in self._folds.inside(fitted, fold)]
        found = {}
        for u in range(known.shape[1]):
            best = np.argsort(losses[:, u], kind="stable")[:2]
            responses, over = np.asarray(known[:, u], dtype=np.float64), self._penalties[penalty[best, u]][:, None]
            # a band of weight 0 has no gradient: it begins at a thousandth of the others
            starts = np.log(np.maximum(self._tried[best], 1e-3) / over)
            log_strengths, loss = descended(starts, inner, responses, self._steps)
            # judged anew: the search may have been in single precision
            searched = np.log(np.maximum(self._tried[best[0]] / over[0], _NOTHING))
            if loss < inner_loss(searched, inner, responses)[0]:
                found[u] = np.exp(log_strengths)
        return found

    def _mixed(self, weights: FloatArray) -> FloatArray:
        return np.einsum("b,bij->ij", weights, self._products)

    @property
    def says(self) -> str:
        """The model in words."""
        walked = f", then up to {self._steps} gradient steps" if self._steps else ""
        return f"banded ridge ({len(self._names)} bands, {len(self._tried)} sets of weights{walked})"


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
