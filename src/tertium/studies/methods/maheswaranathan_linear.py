"""Networks near their fixed points as linear systems: how fast they turn, and how many modes integrate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import as_dynamics
from tertium.studies.methods.maheswaranathan_networks import DT

Floats = NDArray[np.float64]

#: The prediction of all modes has to be met to within this share.
WITHIN = 0.1


def turning(taken: dict[str, Any]) -> float:
    """Return the frequency in Hz at which a network turns about the fixed point nearest to where it rests.

    That of the mode that decays slowest or grows fastest; 0 for one that does not turn, NaN without a fixed point.

    Parameters
    ----------
    taken : dict
        Of `maheswaranathan_topology.anatomy`.

    Examples
    --------
    >>> value = 1.02 * np.exp(2j * np.pi * 3 * DT)
    >>> taken = {"near": 0, "eigenvalues": np.array([[[value.real, value.imag], [0.5, 0.0]]])}
    >>> round(turning(taken), 9)
    3.0
    """
    if taken["near"] < 0:
        return float("nan")
    real, imaginary = np.asarray(taken["eigenvalues"])[taken["near"], 0]
    return float(abs(np.arctan2(imaginary, real)) / (2 * np.pi * DT))


def summed_by_modes(jacobian: Floats, drive: Floats, read: Floats, steps: int) -> Floats:
    """Return what a constant unit input adds up to in the output, by the number of modes kept, slowest first.

    Parameters
    ----------
    jacobian : array, shape (unit, unit)
    drive : array, shape (unit,)
        What a unit of input does to the state in one step.
    read : array, shape (unit,)
        How the output reads the state.
    steps : int
        Steps for which the input lasts.

    Returns
    -------
    array, shape (unit,)
        ``Re sum_k read . r_k (1 - v_k^steps) / (1 - v_k) l_k . drive`` over the first 1, 2, ... modes k, with
        eigenvalues v, right and left eigenvectors r, l.

    Examples
    --------
    A perfect integrator beside a unit that forgets at once:

    >>> summed_by_modes(np.diag([1.0, 0.0]), np.ones(2), np.ones(2), 10).tolist()
    [10.0, 11.0]
    """
    values, right = np.linalg.eig(jacobian)
    order = np.argsort(-np.abs(values), kind="stable")
    values, right = values[order], right[:, order]
    left = np.linalg.solve(right, drive.astype(complex))
    near_one = np.abs(1 - values) < 1e-12
    gain = np.where(near_one, steps, (1 - values**steps) / np.where(near_one, 1, 1 - values))
    return np.asarray(np.cumsum((read @ right) * gain * left).real, dtype=np.float64)


def modes_needed(by_modes: Floats) -> int:
    """Return how many of the slowest modes predict the output as all do, to a tenth, from there on.

    Examples
    --------
    >>> modes_needed(np.array([4.0, 9.5, 10.2, 10.0]))
    2
    """
    off = np.abs(by_modes - by_modes[-1]) > WITHIN * abs(by_modes[-1])
    return int(np.flatnonzero(off)[-1]) + 2 if off.any() else 1


def integrating_modes(network: Any, points: Floats, cue: Floats, stream: int, steps: int) -> float:
    """Return how many modes integrate an input, the mean over the states of a line; NaN without states.

    Parameters
    ----------
    network : RecurrentNetwork
    points : array, shape (place, unit)
        Rows that are not finite are left out.
    cue : array, shape (channel,)
        The constant input of the line.
    stream : int
        The channel that is integrated.
    steps : int
        Steps of a trial.
    """
    there = points[np.isfinite(points).all(1)]
    if not len(there):
        return float("nan")
    system = as_dynamics(network.cell, points.shape[1], cue)
    x = system.inputs(cue, len(there))
    jacobians, drives = system.derivative(there, x), system.input_derivative(there, x)[:, :, stream]
    read = np.zeros(points.shape[1])
    read[: network.n_units] = network.readout.weight.detach().double().numpy()[0]
    return float(
        np.mean(
            [
                modes_needed(summed_by_modes(one, drive, read, steps))
                for one, drive in zip(jacobians, drives, strict=True)
            ]
        )
    )
