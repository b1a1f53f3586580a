"""The factorised readout of a convolutional layer: what a unit reads, and where in the image."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.memory import Held, Sizes, held_by
from tertium.compare.encoding.models.poisson import check_counts, floored_mean
from tertium.compare.encoding.models.readouts.alternating import TEMPORARY, Factors, Prior, first_factors, fit_factors
from tertium.compare.encoding.models.readouts.grid import Grid, grid_of, roughness
from tertium.compare.encoding.models.ridge import checked_penalties
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Loss = Literal["squared", "poisson"]

#: Penalties tried where none are given, in units of the mean squared norm of a centred sample.
_RELATIVE = np.logspace(-3, 1, 5)

#: Part of the function that a turn must gain: while penalties are chosen, and for what predicts.
_CHOOSING, _PREDICTING = 1e-4, 1e-9


@dataclass(frozen=True)
class FactorisedReadout(Encoder):
    """Weights on a convolutional layer that are a mask of places times weights of channels (Klindt et al. 2017).

    ``response = sum over places of mask * (sum over channels of weight * feature) + offset``: channels and places
    add up where the weights of ridge regression multiply, so that fewer samples are enough. Mask and weights are found
    by turns, each a ridge regression. The penalty is that of ridge regression on their product, or smoother and sparser
    over places; each target takes what predicts it best within the samples that are fitted. All features are held in
    memory.

    Parameters
    ----------
    shape : tuple of int, optional
        Channels, rows and columns of X, the last changing fastest. By default they are read from the labels "channel",
        "row" and "column" of X's units.
    rank : int
        Pairs of a mask and weights that are added up. With as many as channels or places this is ridge regression.
    penalties : sequence of float, optional
        Candidates, above 0, in the units of `Ridge`. With the Poisson loss they are multiplied by the mean count of the
        target (its information in a sample), and half of that times the square is added to the negative log-likelihood.
        By default five from 1e-3 to 10 times the mean squared norm of a centred sample.
    smooth : sequence of float
        Candidates, 0 or more: how much a squared difference of weights at neighbouring places counts, beside a squared
        weight.
    sparse : sequence of float
        Candidates, from 0 to below 1: how much of the penalty is on the squared sum over places of the size of the
        weights there, which switches places off, in place of the sum of squares.
    loss : {"squared", "poisson"}
        "poisson" for counts: their mean is the exponential of the sum above (as in Cadena et al. 2019).
    steps : int
        Most turns.

    Examples
    --------
    >>> from tertium.compare import encode
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(100, 4, 5, 5))  # image, channel, row, column
    >>> mask, weights = np.zeros((5, 5)), np.array([1.0, -1.0, 0.5, 0.0])
    >>> mask[1:4, 1:4] = 1 / 3
    >>> Y = np.einsum("ncij,ij,c->n", X, mask, weights)[:, None] + 0.5 * random.normal(size=(100, 1))
    >>> factorised = encode(X.reshape(100, -1), Y, FactorisedReadout((4, 5, 5)))
    >>> bool(factorised.mean > encode(X.reshape(100, -1), Y).mean + 0.1)
    True
    """

    shape: tuple[int, int, int] | None = None
    rank: int = 1
    penalties: tuple[float, ...] | None = None
    smooth: tuple[float, ...] = (1.0,)
    sparse: tuple[float, ...] = (0.0,)
    loss: Loss = "squared"
    steps: int = 50

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)
        for name, value in (("rank", self.rank), ("steps", self.steps)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadInput(name, got=repr(value), expected="a whole number, at least 1")
        for name, values, most in (("smooth", self.smooth, np.inf), ("sparse", self.sparse, 1.0)):
            given = np.asarray(values, dtype=np.float64)
            if given.ndim != 1 or not len(given) or not ((given >= 0) & (given < most)).all():
                expected = "numbers from 0 to below 1" if most == 1 else "finite numbers, 0 or more"
                raise BadInput(
                    name, got=repr(values), expected=f"{expected}, at least one", repair=f"Pass {name}=(0.5,)."
                )
        if self.loss not in get_args(Loss):
            raise BadInput("loss", got=repr(self.loss), expected="'squared' or 'poisson'")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyFactorised:
        """Return the features by channel and place.

        Raises
        ------
        BadInput
            If features do not fill a grid or do not vary, there are fewer channels or places than the rank, or targets
            are no counts and the loss is Poisson's.
        """
        grid = grid_of(features, self.shape)
        if self.rank > min(grid.shape[0], grid.places):
            raise BadInput(
                "rank",
                got=f"{self.rank}",
                expected=f"at most {min(grid.shape[0], grid.places)}: there are {grid.shape[0]} channels and "
                f"{grid.places} places",
            )
        if self.loss == "poisson":
            for where, block in targets.blocks(width):
                check_counts(block, targets, where)
        whole = grid.read(features)
        scale = float(((whole - whole.mean(0)) ** 2).sum() / len(whole))
        if not scale > 0:
            raise BadInput("X", got="features that do not vary over samples", expected="features that do")
        penalties = _RELATIVE * scale if self.penalties is None else np.sort(np.array(self.penalties))
        return ReadyFactorised(self, folds, np.asarray(whole, dtype=targets.precision), grid, penalties)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Priors of places and strengths of penalties, each tried with each.

    Attributes
    ----------
    priors : tuple of Prior
    strengths : array, shape (strength,)
        Ascending.
    """

    priors: tuple[Prior, ...]
    strengths: FloatArray

    def __len__(self) -> int:
        return len(self.priors) * len(self.strengths)


class ReadyFactorised(ReadyEncoder):
    """Features by channel and place; see `FactorisedReadout`."""

    def __init__(
        self, model: FactorisedReadout, folds: Folds, features: FloatArray, grid: Grid, penalties: FloatArray
    ) -> None:
        self._model, self._folds, self._features, self._grid = model, folds, features, grid
        rough, alone = roughness(*grid.shape[1:]), np.eye(grid.places)
        priors = tuple(Prior(alone + smooth * rough, sparse) for smooth, sparse in product(model.smooth, model.sparse))
        self._candidates = Candidates(priors, penalties)
        self._poisson = model.loss == "poisson"

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose the penalty of each target within the fitted samples, and predict the tested ones."""
        fitted, tested = self._folds.pairs[fold]
        known = np.asarray(targets[fitted], dtype=np.float64)
        mean = floored_mean(known) if self._poisson else known.mean(0)
        values, penalties = np.empty((len(tested), known.shape[1])), np.empty(known.shape[1])
        middle = self._features[fitted].mean(0)
        for units, strength, found in self.fit(fold, known):
            values[:, units] = self._predicted(found, self._features[tested] - middle)
            penalties[units] = strength * mean[units] if self._poisson else strength
        return Predicted(values, mean, penalties)

    def fit(self, fold: int, known: FloatArray) -> list[tuple[Indices, float, Factors]]:
        """Return, for each penalty that was chosen by some targets, which, the penalty, and their weights.

        Parameters
        ----------
        fold : int
        known : array, shape (fitted, target)
            Responses of the samples that the fold fits.
        """
        fitted, _ = self._folds.pairs[fold]
        chosen = self._choose(fold, known) if len(self._candidates) > 1 else np.zeros(known.shape[1], dtype=np.int64)
        X = self._features[fitted]
        X -= X.mean(0)
        made = []
        for number in np.unique(chosen):
            units = np.flatnonzero(chosen == number)
            which, strength = divmod(int(number), len(self._candidates.strengths))
            size, prior = float(self._candidates.strengths[strength]), self._candidates.priors[which]
            start = first_factors(X, known[:, units], self._model.rank, poisson=self._poisson)
            made.append((units, size, self._fitted(X, known[:, units], start, size, prior, _PREDICTING)))
        return made

    def _choose(self, fold: int, known: FloatArray) -> Indices:
        """Return the number of the best candidate of each target, the strengths of a prior side by side."""
        fitted, _ = self._folds.pairs[fold]
        losses = np.zeros((len(self._candidates.priors), len(self._candidates.strengths), known.shape[1]))
        for a, b in self._folds.inside(fitted, fold):
            X = self._features[fitted[a]]
            middle = X.mean(0)
            X -= middle
            held_out = self._features[fitted[b]] - middle
            begin = first_factors(X, known[a], self._model.rank, poisson=self._poisson)
            for i, prior in enumerate(self._candidates.priors):
                found = begin
                for j in reversed(range(len(self._candidates.strengths))):  # from the strongest on, each from the last
                    strength = float(self._candidates.strengths[j])
                    found = self._fitted(X, known[a], found, strength, prior, _CHOOSING)
                    losses[i, j] += self._loss(found, held_out, known[b])
        return np.asarray(losses.reshape(-1, known.shape[1]).argmin(0), dtype=np.int64)

    def _fitted(
        self, X: FloatArray, known: FloatArray, start: Factors, strength: float, prior: Prior, tolerance: float
    ) -> Factors:
        strengths = strength * (floored_mean(known) if self._poisson else np.ones(known.shape[1]))
        steps = self._model.steps
        return fit_factors(X, known, start, strengths, prior, poisson=self._poisson, steps=steps, tolerance=tolerance)

    def _predicted(self, found: Factors, X: FloatArray) -> FloatArray:
        return found.expected(X) if self._poisson else found.linear(X)

    def _loss(self, found: Factors, X: FloatArray, responses: FloatArray) -> FloatArray:
        predicted = self._predicted(found, X)
        if self._poisson:
            return np.asarray((predicted - responses * np.log(predicted)).sum(0))
        return np.asarray(((responses - predicted) ** 2).sum(0))

    @property
    def says(self) -> str:
        """The model in words."""
        channels, rows, columns = self._grid.shape
        of = f"{channels} channels, {rows} x {columns} places, rank {self._model.rank}"
        return f"factorised readout ({of}; {self._model.loss} loss; {len(self._candidates)} penalties)"


@held_by.register
def _(encoder: FactorisedReadout, sizes: Sizes) -> Held:
    """The features, those of a fold and of one inside it, and maps of some units."""
    n, p = sizes.features.n, sizes.features.width
    now = 3 * sizes.number * sizes.fitted * p + 8 * 4 * TEMPORARY
    return Held(8.0 * 4 * n * p, float(sizes.number * n * p + now), 8.0 * (4 * p + 10 * n + encoder.steps))
