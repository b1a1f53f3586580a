"""Ridge regression: a penalty for each target, chosen inside the samples that are fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.gram import gram
from tertium.compare.encoding.hats import Hats, dual_hats, primal_hats
from tertium.compare.encoding.tables import Table
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Penalties tried where none are given, in units of the mean squared norm of a centred sample.
_RELATIVE = np.logspace(-4, 4, 9)


@dataclass(frozen=True)
class Ridge(Encoder):
    """Linear regression with a penalty on squared weights (Hoerl & Kennard 1970), the intercept left free.

    Parameters
    ----------
    penalties : sequence of float, optional
        Candidates, above 0, in the units of scikit-learn's ``alpha``. By default nine from 1e-4 to 1e4 times the mean
        squared norm of a centred sample. Where an end of the range is chosen, widen it.
    form : {"auto", "dual", "primal"}
        In the dual form all work is on products of samples, whatever the number of features; in the primal form on
        products of features. "auto" takes the smaller.
    """

    penalties: tuple[float, ...] | None = None
    form: str = "auto"

    def __post_init__(self) -> None:
        if self.form not in ("auto", "dual", "primal"):
            raise BadInput("form", got=repr(self.form), expected="'auto', 'dual' or 'primal'")
        checked_penalties(self.penalties)

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyRidge:
        """Return the hat matrices of all folds, inner and outer."""
        primal = self.form == "primal" or (self.form == "auto" and features.width < features.n // 2)
        kind = targets.precision
        if primal:
            whole = features.block(0, features.width)
            size = float(((whole - whole.mean(0)) ** 2).sum())
        else:
            whole = gram(features, width)
            size = float(np.trace(whole))
        usual = relative_penalties(size / features.n)
        penalties = usual if self.penalties is None else np.sort(np.array(self.penalties))

        def make(of: FloatArray, fitted: Indices, tested: Indices) -> Hats:
            if primal:
                return primal_hats(of, fitted, tested, penalties).in_precision(kind)
            return dual_hats(of, fitted, tested, penalties, kind)

        return ready_ridge(make, whole, folds, penalties, "primal" if primal else "dual", of_samples=not primal)


class ReadyRidge(ReadyEncoder):
    """Hat matrices of every fold; see `Ridge`."""

    def __init__(
        self,
        folds: Folds,
        penalties: FloatArray,
        outer: list[Hats],
        inner: list[list[tuple[Indices, Indices, Hats]]],
        form: str,
    ) -> None:
        self._folds, self._penalties, self._outer, self._inner, self._form = folds, penalties, outer, inner, form

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Choose each target's penalty within the fitted samples, and predict the tested ones."""
        fitted, _ = self._folds.pairs[fold]
        known = targets[fitted]
        chosen = choose(known, self._inner[fold]) if self._inner else np.zeros(targets.shape[1], dtype=np.int64)
        mean = known.mean(0)
        values = self._outer[fold].predict_chosen(known - mean, chosen) + mean
        return Predicted(values, mean, self._penalties[chosen])

    @property
    def says(self) -> str:
        """The model in words."""
        low, high = self._penalties[[0, -1]]
        return f"ridge ({self._form}; {len(self._penalties)} penalties from {low:.2g} to {high:.2g})"


def checked_penalties(penalties: tuple[float, ...] | None) -> None:
    """Refuse penalties that are not numbers above 0; None is fine."""
    given = np.asarray(penalties if penalties is not None else [1.0], dtype=np.float64)
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all() or not (given > 0).all():
        raise BadInput("penalties", got=f"{penalties}", expected="numbers above 0, at least one")


def default_penalties(products: FloatArray) -> FloatArray:
    """Return the penalties tried where none are given, from the products of centred samples.

    Raises
    ------
    BadInput
        If the features do not vary.
    """
    return relative_penalties(float(np.trace(products)) / len(products))


def relative_penalties(scale: float) -> FloatArray:
    """Return the penalties tried where none are given, from the mean squared norm of a centred sample.

    Raises
    ------
    BadInput
        If it is 0: the features do not vary.

    Examples
    --------
    >>> relative_penalties(2.0)[[0, -1]].tolist()
    [0.0002, 20000.0]
    """
    if not scale > 0:
        raise BadInput("X", got="features that do not vary over samples", expected="features that do")
    return np.asarray(_RELATIVE * scale)


def ready_ridge(
    make: Callable[[FloatArray, Indices, Indices], Hats],
    whole: FloatArray,
    folds: Folds,
    penalties: FloatArray,
    form: str,
    *,
    of_samples: bool,
) -> ReadyRidge:
    """Return the hats of all folds and, where there is a choice of penalties, of the folds inside them.

    Parameters
    ----------
    make : callable
        Of features or products, fitted and tested samples: the hats.
    whole : array
        Features (sample, feature), or products of samples (sample, sample) where ``of_samples``.
    folds, penalties, form
        As of `ReadyRidge`.
    of_samples : bool
        Whether columns of ``whole`` are samples too.
    """
    outer, inner = [], []
    for number, (fitted, tested) in enumerate(folds):
        outer.append(make(whole, fitted, tested))
        if len(penalties) > 1:
            inside = whole[np.ix_(fitted, fitted)] if of_samples else whole[fitted]
            inner.append([(a, b, make(inside, a, b)) for a, b in folds.inside(fitted, number)])
    return ReadyRidge(folds, penalties, outer, inner, form)


def choose(targets: FloatArray, folds: list[tuple[Indices, Indices, Hats]]) -> Indices:
    """Return the number of the penalty with the least squared error over the folds, for each target.

    Parameters
    ----------
    targets : array, shape (sample, target)
    folds : list of (fitted, tested, hats)

    Examples
    --------
    >>> x = np.arange(12.0)[:, None]
    >>> fitted, tested = np.arange(0, 12, 2), np.arange(1, 12, 2)
    >>> hats = dual_hats(x @ x.T, fitted, tested, np.array([1e-3, 1e3]))
    >>> choose(2 * x, [(fitted, tested, hats)]).tolist()
    [0]
    """
    losses = np.zeros((len(folds[0][2].left), targets.shape[1]))
    for fitted, tested, hats in folds:
        mean = targets[fitted].mean(0)
        error = hats.predict(targets[fitted] - mean)
        error -= targets[tested] - mean
        losses += np.einsum("ptu,ptu->pu", error, error)
    return np.asarray(losses.argmin(0), dtype=np.int64)
