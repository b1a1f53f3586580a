"""Linear decoders fitted at all times at once: discriminant, logistic, ridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


#: Variance added to every unit, in the squared unit of the responses (z-scores as a rule): a network without noise has
#: no covariance to invert.
FLOOR = 1e-10


class Readout(NamedTuple):
    """One linear decoder for each time: ``x @ weights[t] + bias[t]``.

    Attributes
    ----------
    weights : array, shape (time, unit, output)
    bias : array, shape (time, output)
    """

    weights: Floats
    bias: Floats

    def outputs(self, x: Floats, block: slice) -> Floats:
        """Return what decoders say of responses (trial, time, unit): (decoder, trial, time, output)."""
        trials, times, units = x.shape
        weights = self.weights[block]
        n, _, outputs = weights.shape
        said = x.reshape(-1, units) @ weights.transpose(1, 0, 2).reshape(units, -1)
        said = said.reshape(trials, times, n, outputs).transpose(2, 0, 1, 3)
        return np.asarray(said + self.bias[block][:, None, None, :])


def discriminant(x: Floats, codes: Codes, n: int, shrinkage: float | None) -> Readout:
    """Fit linear discriminant analysis at each time, classes taken as equally frequent.

    Parameters
    ----------
    x : array, shape (trial, time, unit)
    codes : array of int, shape (trial,)
        Class of each trial, 0 to n - 1.
    n : int
        Classes.
    shrinkage : float, optional
        Weight of the spherical covariance, 0 to 1; by the formula of Ledoit and Wolf (2004) at each time if None.

    Returns
    -------
    Readout
        One output a class; the largest wins.

    Examples
    --------
    >>> x = np.array([[[0.0]], [[0.2]], [[1.0]], [[1.2]]])
    >>> readout = discriminant(x, np.array([0, 0, 1, 1]), 2, 0.0)
    >>> readout.outputs(x, slice(0, 1))[0, :, 0].argmax(1).tolist()
    [0, 0, 1, 1]
    """
    over_time = np.ascontiguousarray(x.transpose(1, 0, 2))  # (time, trial, unit): one product of matrices a time
    share = (codes == np.arange(n)[:, None]) / np.bincount(codes, minlength=n)[:, None]
    means = share @ over_time
    left = over_time - means[:, codes]
    within = left.transpose(0, 2, 1) @ left / len(x)
    weight = ledoit_wolf(left, within) if shrinkage is None else np.full(len(within), shrinkage)
    units = x.shape[2]
    sphere = np.trace(within, axis1=1, axis2=2) / units
    shrunk = (1 - weight)[:, None, None] * within + (weight * sphere + FLOOR)[:, None, None] * np.eye(units)
    weights = np.linalg.solve(shrunk, means.transpose(0, 2, 1))
    return Readout(weights, -0.5 * np.einsum("tcu,tuc->tc", means, weights))


def ledoit_wolf(left: Floats, covariance: Floats) -> Floats:
    """Return the best weight of the spherical covariance at each time, (time,) (Ledoit & Wolf 2004, section 3.2).

    Parameters
    ----------
    left : array, shape (time, trial, unit)
        Of mean 0.
    covariance : array, shape (time, unit, unit)
        ``left' left / trials``.
    """
    n, units = left.shape[1:]
    squares = (covariance**2).sum((1, 2))
    distance = squares - np.trace(covariance, axis1=1, axis2=2) ** 2 / units
    scatter = (((left**2).sum(2) ** 2).sum(1) / n - squares) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.minimum(scatter, distance) / distance
    return np.asarray(np.where(distance > 0, np.clip(weight, 0, 1), 0.0))


def ridge(x: Floats, target: Floats, penalty: float) -> Readout:
    """Fit ridge regression at each time: ``(x' x / n + penalty I) w = x' y / n`` of centred x and y.

    Parameters
    ----------
    x : array, shape (trial, time, unit)
    target : array, shape (trial,)
    penalty : float

    Examples
    --------
    >>> ridge(np.array([[[-1.0]], [[1.0]]]), np.array([-2.0, 2.0]), 0.0).weights.round(6).ravel().tolist()
    [2.0]
    """
    over_time = np.ascontiguousarray(x.transpose(1, 0, 2))
    means = over_time.mean(1)
    left = over_time - means[:, None]
    gram = left.transpose(0, 2, 1) @ left / len(x)
    aim = left.transpose(0, 2, 1) @ (target - target.mean()) / len(x)
    weights = np.linalg.solve(gram + (penalty + FLOOR) * np.eye(x.shape[2]), aim[:, :, None])
    return Readout(weights, target.mean() - np.einsum("tu,tuo->to", means, weights))


def logistic(x: Floats, codes: Codes, n: int, penalty: float) -> Readout:
    """Fit multinomial logistic regression at each time, classes weighted alike, weights penalised by their squares.

    Parameters
    ----------
    x : array, shape (trial, time, unit)
    codes : array of int, shape (trial,)
    n : int
        Classes.
    penalty : float
        Of half the squared weights, beside the mean negative log-likelihood of a trial.
    """
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((x.shape[1], x.shape[2], n)), np.zeros((x.shape[1], n))
    for t in range(x.shape[1]):
        model = LogisticRegression(C=1 / (penalty * len(x)), class_weight="balanced", max_iter=2000)
        model.fit(x[:, t], codes)
        if n == 2:  # the one output that there is decides between both
            weights[t, :, 1], bias[t, 1] = model.coef_[0], model.intercept_[0]
        else:
            weights[t], bias[t] = model.coef_.T, model.intercept_
    return Readout(weights, bias)


def recall(readout: Readout, x: Floats, codes: Sequence[Codes], n: int, blocks: list[slice]) -> Floats:
    """Return the mean over classes of the share of trials recognised, (labelling, decoder time, tested time).

    Several labellings of the same trials, each (trial,), are scored on the same decoders.
    """
    shares = [(1 / np.bincount(one, minlength=n)[one]) / n for one in codes]

    def of(said: Floats) -> Floats:
        read = said.argmax(3)
        right = [np.einsum("dst,s->dt", read == one[:, None], w) for one, w in zip(codes, shares, strict=True)]
        return np.stack(right)

    return _by_block(readout, x, blocks, of)


def correlation(readout: Readout, x: Floats, targets: Sequence[Floats], blocks: list[slice]) -> Floats:
    """Return the correlation over trials of what is read and what was, (labelling, decoder time, tested time).

    It is 0 where one of both does not vary.
    """
    true = np.stack([one - one.mean() for one in targets])

    def of(said: Floats) -> Floats:
        read = said[..., 0] - said[..., 0].mean(1, keepdims=True)
        size = np.sqrt((read**2).sum(1) * (true**2).sum(1)[:, None, None])
        agreed = np.einsum("dst,ls->ldt", read, true)
        return np.asarray(np.divide(agreed, size, out=np.zeros_like(agreed), where=size > 0))

    return _by_block(readout, x, blocks, of)


def _by_block(readout: Readout, x: Floats, blocks: list[slice], of: Callable[[Floats], Floats]) -> Floats:
    return np.concatenate([of(readout.outputs(x, block)) for block in blocks], axis=1)
