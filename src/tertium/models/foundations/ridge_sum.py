"""One wide hidden layer, f(x) = sum_j v_j s(a_j.x + c_j) + o, fitted by growth and Levenberg-Marquardt steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RidgeSum:
    """A network with one hidden layer and one linear output: the sums G(x) of Cybenko's theorem.

    Attributes
    ----------
    slopes : numpy.ndarray, shape (unit, channel)
        Weights a_j of the inputs.
    offsets : numpy.ndarray, shape (unit,)
        Biases c_j.
    weights : numpy.ndarray, shape (unit,)
        Output weights v_j.
    constant : float
        Output bias o (a unit with slope zero would do the same).
    linear : bool
        Hidden units that pass their input on, in place of s(u) = 1 / (1 + exp(-u)).

    Examples
    --------
    >>> net = RidgeSum(np.array([[4.0]]), np.array([-2.0]), np.array([1.0]), 0.0)
    >>> net([[0.5]])
    array([0.5])
    """

    slopes: Floats
    offsets: Floats
    weights: Floats
    constant: float
    linear: bool = False

    def hidden(self, inputs: ArrayLike) -> Floats:
        """Return the hidden activity, shape (sample, unit)."""
        drive = np.asarray(inputs, dtype=np.float64) @ self.slopes.T + self.offsets
        return drive if self.linear else 0.5 * (1 + np.tanh(drive / 2))

    def __call__(self, inputs: ArrayLike) -> Floats:
        """Return the output for inputs of shape (sample, channel), shape (sample,)."""
        return self.hidden(inputs) @ self.weights + self.constant

    def _flat(self) -> Floats:
        return np.concatenate([self.slopes.ravel(), self.offsets, self.weights, [self.constant]])

    def _moved(self, flat: Floats) -> RidgeSum:
        units, channels = self.slopes.shape
        slopes, offsets, weights, constant = np.split(flat, np.cumsum([units * channels, units, units]))
        return RidgeSum(slopes.reshape(units, channels), offsets, weights, float(constant[0]), self.linear)

    def _jacobian(self, inputs: Floats) -> Floats:
        """Return the derivative of the output by every parameter, shape (sample, parameter)."""
        hidden = self.hidden(inputs)
        by_drive = self.weights * (np.ones_like(hidden) if self.linear else hidden * (1 - hidden))
        by_slopes = (by_drive[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1)
        return np.hstack([by_slopes, by_drive, hidden, np.ones((len(inputs), 1))])


def grow(
    inputs: ArrayLike,
    targets: ArrayLike,
    widths: Sequence[int],
    steps: Sequence[int],
    generator: np.random.Generator,
    *,
    linear: bool = False,
) -> list[RidgeSum]:
    """Fit networks of growing width by least squares; each starts from the one before and learns what it left.

    New units get random directions, places inside the cube and slopes (steeper ones in wider networks), output
    weights that fit the residual, and then all parameters follow Levenberg-Marquardt steps. Growing only widens the
    class of functions, so it leans on nothing that training a wide network at once could not reach.

    Parameters
    ----------
    inputs : array_like, shape (sample, channel)
        Points of the unit cube.
    targets : array_like, shape (sample,)
        Values of the function there.
    widths : sequence of int
        Numbers of hidden units, rising.
    steps : sequence of int
        Levenberg-Marquardt steps at each width.
    generator : numpy.random.Generator
        Source of the new units.
    linear : bool
        Linear hidden units (a control).

    Returns
    -------
    list of RidgeSum
        One network a width.

    Raises
    ------
    BadInput
        If shapes disagree or the widths do not rise.

    Examples
    --------
    >>> x = np.linspace(0, 1, 50)[:, None]
    >>> small, large = grow(x, np.sin(6 * x[:, 0]), (1, 4), (20, 50), np.random.default_rng(0))
    >>> bool(np.abs(large(x) - np.sin(6 * x[:, 0])).max() < 0.05)
    True
    """
    x, y = np.asarray(inputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    _check(x, y, widths, steps)
    empty = np.zeros(0)
    net = RidgeSum(np.zeros((0, x.shape[1])), empty, empty, float(y.mean()), linear)
    fitted: list[RidgeSum] = []
    for width, count in zip(widths, steps, strict=True):
        net = levenberg_marquardt(_widen(net, width, x, y, generator), x, y, count)
        fitted.append(net)
    return fitted


def levenberg_marquardt(net: RidgeSum, inputs: Floats, targets: Floats, steps: int) -> RidgeSum:
    """Lower the squared error by damped Gauss-Newton steps; a step that would raise it is never taken.

    Parameters
    ----------
    net : RidgeSum
        Where to start.
    inputs : numpy.ndarray, shape (sample, channel)
    targets : numpy.ndarray, shape (sample,)
    steps : int
        Accepted steps at most; it ends before when none can be found.

    Returns
    -------
    RidgeSum
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    damping, residual = 1e-3, net(inputs) - targets
    for _ in range(steps):
        jacobian = net._jacobian(inputs)
        curvature, slope = jacobian.T @ jacobian, jacobian.T @ residual
        for _ in range(8):
            damped = curvature.copy()
            damped[np.diag_indices_from(damped)] += damping
            try:
                step = cho_solve(cho_factor(damped, overwrite_a=True, check_finite=False), slope, check_finite=False)
            except LinAlgError:  # rounding made it indefinite: more damping cures that
                damping *= 10
                continue
            tried = net._moved(net._flat() - step)
            error = tried(inputs) - targets
            if error @ error < residual @ residual:
                net, residual, damping = tried, error, max(damping * 0.3, 1e-12)
                break
            damping *= 4
        else:
            break
    return net


def _widen(net: RidgeSum, width: int, x: Floats, y: Floats, generator: np.random.Generator) -> RidgeSum:
    new, channels = width - len(net.weights), x.shape[1]
    direction = generator.normal(size=(new, channels))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    # slopes from 3 (a bend as wide as the cube) to what n units could tile the cube with
    steepness = np.exp(generator.uniform(np.log(3.0), np.log(4.0 * width**0.6), size=new))
    slopes = direction * steepness[:, None]
    offsets = -(slopes * generator.uniform(size=(new, channels))).sum(axis=1)
    added = RidgeSum(slopes, offsets, np.zeros(new), 0.0, net.linear)
    hidden = added.hidden(x)
    design = np.hstack([hidden - hidden.mean(axis=0), np.ones((len(x), 1))])
    ridge = 1e-5 * len(x) * np.eye(new + 1)
    fit = np.linalg.solve(design.T @ design + ridge, design.T @ (y - net(x)))
    return RidgeSum(
        np.vstack([net.slopes, slopes]),
        np.append(net.offsets, offsets),
        np.append(net.weights, fit[:-1]),
        net.constant + float(fit[-1] - hidden.mean(axis=0) @ fit[:-1]),
        net.linear,
    )


def _check(x: Floats, y: Floats, widths: Sequence[int], steps: Sequence[int]) -> None:
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise BadInput(
            "samples of a function",
            got=f"inputs {x.shape} and targets {y.shape}",
            expected="inputs (sample, channel) and targets (sample,)",
        )
    if list(widths) != sorted(set(widths)) or min(widths, default=0) < 1 or len(widths) != len(steps):
        raise BadInput(
            "widths",
            got=f"{list(widths)} with {len(steps)} numbers of steps",
            expected="rising numbers of units, with one number of steps each",
        )
