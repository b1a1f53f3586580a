"""Linear dynamics that only rotate: least squares over skew-symmetric matrices, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: How velocities and the states they belong to are taken from samples.
Derivative = Literal["midpoint", "forward"]


def differences(states: Floats, derivative: Derivative) -> tuple[Floats, Floats]:
    """Return states and their changes per step, both (sample, component).

    ``midpoint`` puts a step's change at the mean of its two ends: a rotation then is exactly skew-symmetric (Cayley's
    transform). ``forward`` puts it at the first end, as the published code does, which a rotation leaves slightly.

    Parameters
    ----------
    states : array, shape (condition, time, component)
    """
    change = np.diff(states, axis=1)
    at = (states[:, 1:] + states[:, :-1]) / 2 if derivative == "midpoint" else states[:, :-1]
    return at.reshape(-1, states.shape[2]), change.reshape(-1, states.shape[2])


def fit_free(x: Floats, dx: Floats) -> Floats:
    """Return the matrix M that makes ``|dx - M x|^2`` least, (component, component)."""
    return np.asarray(np.linalg.lstsq(x, dx, rcond=None)[0].T)


def fit_skew(x: Floats, dx: Floats) -> Floats:
    """Return the skew-symmetric M, ``M' = -M``, that makes ``|dx - M x|^2`` least.

    Where the derivative vanishes, ``M C + C M = B - B'`` with ``C = sum x x'`` and ``B = sum dx x'``: a Sylvester
    equation, solved element by element in the eigenvectors of C (Churchland et al. 2012 find it by descent).

    Parameters
    ----------
    x, dx : array, shape (sample, component)

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> turn = np.array([[0.0, -3.0], [3.0, 0.0]])
    >>> fit_skew(x, x @ turn.T).round(9).tolist()
    [[0.0, -3.0], [3.0, 0.0]]
    """
    values, vectors = np.linalg.eigh(x.T @ x)
    b = vectors.T @ (dx.T @ x) @ vectors
    made = vectors @ ((b - b.T) / (values[:, None] + values[None, :])) @ vectors.T
    return np.asarray((made - made.T) / 2)


def r2(x: Floats, dx: Floats, m: Floats) -> float:
    """Return the share of the velocities' sum of squares that ``M x`` explains."""
    return 1.0 - float(((dx - x @ m.T) ** 2).sum() / (dx**2).sum())


@dataclass(frozen=True, eq=False)
class Planes:
    """Planes of a skew-symmetric matrix, fastest rotation first.

    Attributes
    ----------
    axes : array, shape (component, component)
        Orthonormal; columns 0 and 1 span the first plane, and so on.
    angles : array, shape (plane,)
        Eigenvalues' absolute values: change per step over distance from the origin.
    """

    axes: Floats
    angles: Floats


def planes(m: Floats, first: Floats) -> Planes:
    """Take a skew-symmetric matrix apart into planes, each turned so that it can be compared between data sets.

    The first axis of a plane is that along which the conditions differ most at the first time, and rotation goes from
    the first axis to the second (counter-clockwise in a picture), as in Churchland et al. 2012.

    Parameters
    ----------
    m : array, shape (component, component)
    first : array, shape (condition, component)
        States at the first time.
    """
    values, vectors = np.linalg.eigh(1j * m)  # Hermitian: real eigenvalues, in pairs of opposite sign
    order = np.argsort(-values, kind="stable")[: len(m) // 2]
    columns = []
    for index in order:
        pair = np.stack([vectors[:, index].real, vectors[:, index].imag], axis=1)
        plane = np.linalg.qr(pair)[0]
        spread = first @ plane
        _, turn = np.linalg.eigh(spread.T @ spread)
        plane = plane @ turn[:, ::-1]
        projected = first @ plane[:, 0]
        plane[:, 0] *= np.sign(projected[np.abs(projected).argmax()]) or 1.0
        plane[:, 1] *= np.sign(plane[:, 1] @ m @ plane[:, 0]) or 1.0
        columns.append(plane)
    return Planes(np.concatenate(columns, axis=1), np.asarray(np.abs(values[order]), dtype=np.float64))


def frequencies(angles: Floats, dt: float, derivative: Derivative) -> Floats:
    """Return the frequencies (Hz) of rotation that give these eigenvalues per step.

    Examples
    --------
    >>> turn = 2 * np.pi * 1.5 * 0.01                                  # 1.5 Hz in steps of 10 ms
    >>> frequencies(np.array([2 * np.tan(turn / 2)]), 0.01, "midpoint").round(9).tolist()
    [1.5]
    """
    per_step = 2 * np.arctan(angles / 2) if derivative == "midpoint" else angles
    return np.asarray(per_step / (2 * np.pi * dt))


def free_frequencies(m: Floats, dt: float, derivative: Derivative) -> Floats:
    """Return the frequencies (Hz) at which unconstrained dynamics (change per step) rotate, fastest first.

    Examples
    --------
    >>> shrink = 0.99 * np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])     # a spiral, 0.1 a step
    >>> free_frequencies(shrink - np.eye(2), 0.1 / (2 * np.pi), "forward").round(9).tolist()
    [1.0]
    """
    values = np.linalg.eigvals(m).astype(np.complex128)
    values = values[values.imag > 0]
    step = (1 + values / 2) / (1 - values / 2) if derivative == "midpoint" else 1 + values
    return np.sort(np.abs(np.angle(step)))[::-1] / (2 * np.pi * dt)
