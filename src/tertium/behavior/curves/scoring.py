"""Maximum likelihood of many data sets side by side: Fisher scoring with Marquardt's damping."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Of (fit, constant): the loss of each fit, its gradient, and Fisher's information.
Evaluate = Callable[[Floats], tuple[Floats, Floats, Floats]]
_STEP = 1e-5
_SMALLEST = 1e-10


def minimise(evaluate: Evaluate, start: Floats, *, iterations: int = 200) -> tuple[Floats, Floats]:
    """Minimise a loss (minus a log likelihood) for many data sets at once.

    Parameters
    ----------
    evaluate : callable
        See `Evaluate`.
    start : array, shape (fit, constant)
    iterations : int
        At most.

    Returns
    -------
    array, shape (fit, constant)
        Where each is smallest.
    array, shape (fit,)
        The losses there.

    Examples
    --------
    >>> def parabola(z):
    ...     return ((z - 3) ** 2).sum(axis=1), 2 * (z - 3), np.full((len(z), 1, 1), 2.0)
    >>> minimise(parabola, np.zeros((1, 1)))[0].round(6).tolist()
    [[3.0]]
    """
    z = np.array(start, dtype=np.float64)
    loss, gradient, information = evaluate(z)
    damping = np.full(len(z), 1e-3)
    calm = np.zeros(len(z), dtype=int)
    k = z.shape[1]
    for _ in range(iterations):
        scale = np.einsum("fkk->fk", information) + 1e-6
        matrix = information + damping[:, None, None] * scale[:, :, None] * np.eye(k) + 1e-9 * np.eye(k)
        step = -np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
        tried = z + np.clip(step, -2.0, 2.0)
        new_loss, new_gradient, new_information = evaluate(tried)
        better = new_loss < loss
        gained = np.where(better, loss - new_loss, 0.0)
        calm = np.where(gained < 1e-9 * (1 + np.abs(loss)), calm + 1, 0)
        for old, new in ((z, tried), (loss, new_loss), (gradient, new_gradient), (information, new_information)):
            old[better] = new[better]
        damping = np.clip(np.where(better, damping / 5, damping * 5), 1e-9, 1e9)
        if (calm >= 8).all():
            break
    return z, loss


def slopes(predict: Callable[[Floats], Floats], z: Floats) -> tuple[Floats, Floats]:
    """Return predictions (fit, level), and their derivatives (fit, constant, level) by central differences."""
    middle = predict(z)
    derivatives = np.empty((len(z), z.shape[1], middle.shape[1]))
    for i in range(z.shape[1]):
        up, down = z.copy(), z.copy()
        up[:, i] += _STEP
        down[:, i] -= _STEP
        derivatives[:, i] = (predict(up) - predict(down)) / (2 * _STEP)
    return middle, derivatives


def binomial(p: Floats, dp: Floats, k: Floats, n: Floats) -> tuple[Floats, Floats, Floats]:
    """Return minus the log likelihood of k of n, its gradient and information, given p (fit, level) and derivatives."""
    p = np.clip(p, _SMALLEST, 1 - _SMALLEST)
    loss = -(k * np.log(p) + (n - k) * np.log1p(-p)).sum(axis=1)
    variance = p * (1 - p)
    gradient = -np.einsum("fl,fkl->fk", (k - n * p) / variance, dp)
    return loss, gradient, np.einsum("fl,fkl,fml->fkm", n / variance, dp, dp)


def gaussian(t: Floats, dt: Floats, mean: Floats, error: Floats) -> tuple[Floats, Floats, Floats]:
    """Return half the squared misfit of means with standard errors, its gradient and information; as `binomial`."""
    z = (mean - t) / error
    return (
        0.5 * (z**2).sum(axis=1),
        -np.einsum("fl,fkl->fk", z / error, dt),
        np.einsum("fl,fkl,fml->fkm", 1 / error**2 + np.zeros_like(t), dt, dt),
    )


def deviance(k: Floats, n: Floats, p: Floats) -> Floats:
    """Return twice the log likelihood ratio of the saturated model, over the last axis; 0 log 0 is 0."""
    from scipy.special import xlogy

    p = np.clip(p, _SMALLEST, 1 - _SMALLEST)
    saturated = xlogy(k, k / n) + xlogy(n - k, 1 - k / n)
    return np.asarray(2 * (saturated - k * np.log(p) - (n - k) * np.log1p(-p)).sum(axis=-1))
