"""Linear classifiers, from scikit-learn: discriminant analysis, logistic regression, support vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Decoder, Fitting, FloatArray, Kind, Place, Readout
from tertium.errors import BadInput

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin


#: Numbers below which threads of linear algebra wait for each other for longer than they work (seen: 20 times).
_SMALL = 1_000_000

#: Variance added to that of standardised units: a network without noise has no covariance to invert.
_FLOOR = 1e-10


class Predictor(Readout):
    """A fitted model of scikit-learn."""

    def __init__(self, model: ClassifierMixin) -> None:
        self._model = model

    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Return what the model predicts."""
        return np.asarray(self._model.predict(x))


@dataclass(frozen=True)
class LinearDiscriminant(Decoder):
    """Linear discriminant analysis: classes are Gaussian clouds of one shape; each counts alike.

    Parameters
    ----------
    shrinkage : float or "auto"
        From 0, the covariance as it is, to 1, independent noise; "auto" takes the weight of Ledoit & Wolf (2004). It
        is the correlation within classes that is shrunk: were units in z-scores, shrinkage would blur the best ones.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("class",)
    shrinkage: float | Literal["auto"] = "auto"

    def __post_init__(self) -> None:
        given = self.shrinkage
        if given != "auto" and not (isinstance(given, float | int) and not isinstance(given, bool) and 0 <= given <= 1):
            raise BadInput("shrinkage", got=repr(given), expected="'auto', or a number from 0 to 1")

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Fit the means and the covariance within classes."""
        n = fitting.aim.n_classes
        if self.shrinkage == 0 and len(x) - n < x.shape[1]:
            raise BadInput(
                "samples",
                got=f"{len(x)} fitted for {x.shape[1]} units, whose covariance cannot be inverted",
                expected=f"at least {x.shape[1] + n}",
                repair="Use shrinkage='auto'.",
            )
        means = np.stack([x[y == k].mean(0) for k in range(n)])
        within = x - means[y]
        noise = within.std(0)
        noise = np.where(noise > 1e-9 * np.abs(x).max(0, initial=1e-300), noise, 1.0)
        weights = np.linalg.solve(_shrunk(within / noise, self.shrinkage), (means / noise).T).T / noise
        return Discriminant(weights, -0.5 * (means * weights).sum(1))

    @property
    def says(self) -> str:
        """The decoder in words."""
        return f"LDA (shrinkage {self.shrinkage})"


class Discriminant(Readout):
    """One linear function a class; the largest wins."""

    def __init__(self, weights: FloatArray, bias: FloatArray) -> None:
        self._weights, self._bias = weights, bias

    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Return the class with the largest function."""
        return np.asarray((x @ self._weights.T + self._bias).argmax(1))


def _shrunk(within: FloatArray, shrinkage: float | str) -> FloatArray:
    """Return the covariance of samples of mean 0 and variance 1, shrunk to independence."""
    n, units = within.shape
    covariance = within.T @ within / n
    weight = ledoit_wolf(within, covariance) if shrinkage == "auto" else float(shrinkage)
    shrunk = (1 - weight) * covariance
    shrunk[np.diag_indices(units)] += weight + _FLOOR
    return np.asarray(shrunk)


def ledoit_wolf(centred: FloatArray, covariance: FloatArray) -> float:
    """Return the best weight of a spherical covariance, 0 to 1 (Ledoit & Wolf 2004, section 3.2).

    As scikit-learn's ``ledoit_wolf_shrinkage`` without its checks, which take longer than the work for small data.

    Parameters
    ----------
    centred : array, shape (sample, unit)
        Of mean 0.
    covariance : array, shape (unit, unit)
        ``centred' centred / samples``.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    >>> round(ledoit_wolf(x, x.T @ x / 4), 6)
    0.944444
    """
    squares = float((covariance**2).sum())
    distance = squares - float(np.trace(covariance)) ** 2 / len(covariance)
    scatter = (float(((centred**2).sum(1) ** 2).mean()) - squares) / len(centred)
    return min(max(scatter / distance, 0.0), 1.0) if distance > 0 else 0.0


@dataclass(frozen=True)
class Logistic(Decoder):
    """Multinomial logistic regression with squared weights penalised; classes count alike.

    Parameters
    ----------
    penalty : float
        Of half the squared weights, beside the mean loss of a sample, on z-scored units. The same at any number of
        samples.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("class",)
    penalty: float = 0.1

    def __post_init__(self) -> None:
        _positive("penalty", self.penalty)

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Fit by L-BFGS."""
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        model = LogisticRegression(C=1 / (self.penalty * len(x)), class_weight="balanced", max_iter=2000)
        with threadpool_limits(limits=1 if x.size < _SMALL else None):
            return Predictor(model.fit(x, y))

    @property
    def says(self) -> str:
        """The decoder in words."""
        return f"logistic regression (penalty {self.penalty:g})"


@dataclass(frozen=True)
class SupportVectors(Decoder):
    """Support vector machine, one against one; classes count alike.

    Parameters
    ----------
    penalty : float
        As of `Logistic`: 1 / (C n).
    kernel : {"linear", "rbf"}
        "rbf" sees nonlinear codes; its width is that of scikit-learn ("scale").
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("class",)
    penalty: float = 0.1
    kernel: Literal["linear", "rbf"] = "linear"

    def __post_init__(self) -> None:
        _positive("penalty", self.penalty)
        if self.kernel not in ("linear", "rbf"):
            raise BadInput("kernel", got=repr(self.kernel), expected="'linear' or 'rbf'")

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Fit by sequential minimal optimisation."""
        from sklearn.svm import SVC

        model = SVC(C=1 / (self.penalty * len(x)), kernel=self.kernel, class_weight="balanced")
        return Predictor(model.fit(x, y))

    @property
    def says(self) -> str:
        """The decoder in words."""
        return f"support vectors ({self.kernel}, penalty {self.penalty:g})"


def _positive(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, float | int) or not np.isfinite(value) or value <= 0:
        raise BadInput(name, got=repr(value), expected="a number above 0")
