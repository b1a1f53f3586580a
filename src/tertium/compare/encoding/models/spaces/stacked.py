"""Stacked regression: one ridge regression for each feature space, and a mixture of their predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import gram_of_columns
from tertium.compare.encoding.hats import Hats, dual_hats
from tertium.compare.encoding.memory import Held, Sizes, held_by
from tertium.compare.encoding.models.banded_ridge import columns_of_bands
from tertium.compare.encoding.models.ridge import Ridge, checked_penalties, choose, default_penalties
from tertium.compare.encoding.models.spaces.simplex import MOST, simplex_weights
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stacked(Encoder):
    """A ridge regression for each feature space, mixed for every target (Breiman 1996; Lin et al. 2024).

    The weights of the mixture are 0 or more and add up to 1, and have the least squared error on samples that were held
    out of the regressions, all within the samples that are fitted (Lin, Naselaris, Kay & Wehbe 2024, NeuroImage
    298:120772). Each space takes its own penalty first, by the same held-out samples. The penalty that a score
    reports is that of the space with the largest weight.

    Parameters
    ----------
    spaces : str or tuple of int
        Label of X's units that names the spaces ("region", "area" or "layer"), or how many neighbouring columns each
        has. Two to eight spaces.
    penalties : sequence of float, optional
        As of `Ridge`, for every space.

    Examples
    --------
    >>> from tertium.compare import encode
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 12))
    >>> Y = X[:, :4] @ random.normal(size=(4, 2)) + random.normal(size=(200, 2))
    >>> score = encode(X, Y, Stacked((4, 8)))  # the second space says nothing
    >>> bool((score.value > 0.7).all()), score.method
    (True, 'stacked ridge regressions (2 feature spaces: 0, 1)')
    """

    spaces: str | tuple[int, ...] = "region"
    penalties: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        checked_penalties(self.penalties)

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyStacked:
        """Return the hat matrices of every space in all folds, inner and outer.

        Raises
        ------
        BadInput
            If there is one space, or there are more than eight, or one does not vary.
        """
        groups = columns_of_bands(features, self.spaces)
        if not 2 <= len(groups) <= MOST:
            raise BadInput(
                "spaces",
                got=f"{len(groups)} of them",
                expected=f"2 to {MOST}: every set of them is tried in the mixture",
                repair="Put some together." if len(groups) > MOST else "Use method='ridge' for one.",
            )
        penalties = []
        outer: list[list[Hats]] = [[] for _ in folds]
        inner: list[list[InnerSpaces]] = [
            [InnerSpaces(a, b, []) for a, b in folds.inside(fitted, i)] for i, (fitted, _) in enumerate(folds)
        ]
        for name, columns in groups.items():
            products = gram_of_columns(features, columns, width)
            if not np.trace(products) > 0:
                raise BadInput(f"features of '{name}'", got="no variation over samples", expected="features that vary")
            own = default_penalties(products) if self.penalties is None else np.sort(np.array(self.penalties))
            penalties.append(own)
            for i, (fitted, tested) in enumerate(folds):
                outer[i].append(dual_hats(products, fitted, tested, own, targets.precision))
                inside = products[np.ix_(fitted, fitted)]
                for part in inner[i]:
                    part.hats.append(dual_hats(inside, part.fitted, part.tested, own, targets.precision))
        return ReadyStacked(folds, tuple(groups), np.stack(penalties), outer, inner)


@dataclass(frozen=True, eq=False)
class InnerSpaces:
    """Hats of every space in an inner fold.

    Attributes
    ----------
    fitted, tested : array of int
    hats : list of Hats
    """

    fitted: Indices
    tested: Indices
    hats: list[Hats]


@dataclass(frozen=True, eq=False)
class Mixture:
    """What was chosen for each target.

    Attributes
    ----------
    weights : array, shape (space, target)
    penalty : array of int, shape (space, target)
        Numbers of the penalties.
    """

    weights: FloatArray
    penalty: Indices


class ReadyStacked(ReadyEncoder):
    """Hat matrices of every space; see `Stacked`."""

    def __init__(
        self,
        folds: Folds,
        names: tuple[str, ...],
        penalties: FloatArray,
        outer: list[list[Hats]],
        inner: list[list[InnerSpaces]],
    ) -> None:
        self._folds, self._names, self._penalties, self._outer, self._inner = folds, names, penalties, outer, inner

    def only(self, spaces: tuple[int, ...]) -> ReadyStacked:
        """Return the same of some of the spaces; nothing is made anew."""
        inner = [[InnerSpaces(p.fitted, p.tested, [p.hats[s] for s in spaces]) for p in fold] for fold in self._inner]
        return ReadyStacked(
            self._folds,
            tuple(self._names[s] for s in spaces),
            self._penalties[list(spaces)],
            [[fold[s] for s in spaces] for fold in self._outer],
            inner,
        )

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose penalties and weights within the fitted samples, and predict the tested ones."""
        fitted, _ = self._folds.pairs[fold]
        known = targets[fitted]
        mean, mixture = known.mean(0), self.mix(fold, known)
        values = sum(
            weights * hats.predict_chosen(known - mean, penalty)
            for hats, weights, penalty in zip(self._outer[fold], mixture.weights, mixture.penalty, strict=True)
        )
        each, heaviest = np.arange(known.shape[1]), mixture.weights.argmax(0)
        return Predicted(np.asarray(values + mean), mean, self._penalties[heaviest, mixture.penalty[heaviest, each]])

    def mix(self, fold: int, known: FloatArray) -> Mixture:
        """Return the penalties of each space and the weights of its prediction, for each target.

        Parameters
        ----------
        fold : int
        known : array, shape (fitted, target)
            Responses of the samples that the fold fits.
        """
        spaces, inner = len(self._names), self._inner[fold]
        penalty = np.stack(
            [choose(known, [(part.fitted, part.tested, part.hats[s]) for part in inner]) for s in range(spaces)]
        )
        products = np.zeros((known.shape[1], spaces, spaces))
        for part in inner:
            mean = known[part.fitted].mean(0)
            responses, held_out = known[part.fitted] - mean, known[part.tested] - mean
            errors = np.stack([part.hats[s].predict_chosen(responses, penalty[s]) - held_out for s in range(spaces)])
            products += np.einsum("stu,rtu->usr", errors, errors)
        return Mixture(simplex_weights(products).T, penalty)

    @property
    def says(self) -> str:
        """The model in words."""
        return f"stacked ridge regressions ({len(self._names)} feature spaces: {', '.join(self._names)})"


@held_by.register
def _(encoder: Stacked, sizes: Sizes) -> Held:
    """Hats of every space, and the errors of all of them on held-out samples."""
    one, spaces = (
        held_by(Ridge(encoder.penalties, "dual"), sizes),
        len(columns_of_bands(sizes.features, encoder.spaces)),
    )
    errors = sizes.number * 2 * spaces * sizes.tested + 8 * 3 * spaces**2
    return Held(one.passing, spaces * one.kept, one.column + errors)
