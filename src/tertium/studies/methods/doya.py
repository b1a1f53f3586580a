"""Networks that are fitted to a vector field, their free runs; networks that read strings (FND13)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import RateRNN, RecurrentNetwork
from tertium.studies.methods.automata import Bools, Machine

Floats = NDArray[np.float64]


def van_der_pol(points: Floats, mu: float) -> Floats:
    """Return the velocity of Van der Pol's oscillator, x'' = mu (1 - x**2) x' - x, at points (..., 2) = (x, x').

    Examples
    --------
    >>> van_der_pol(np.array([2.0, 1.0]), 1.0).tolist()
    [1.0, -5.0]
    """
    x, y = points[..., 0], points[..., 1]
    return np.stack([y, mu * (1 - x**2) * y - x], axis=-1)


def flow(points: Floats, mu: float, duration: float, steps: int = 50) -> Floats:
    """Return where Van der Pol's oscillator takes points within a duration (s), by the classical Runge-Kutta method."""
    h = duration / steps
    for _ in range(steps):
        a = van_der_pol(points, mu)
        b = van_der_pol(points + h / 2 * a, mu)
        c = van_der_pol(points + h / 2 * b, mu)
        d = van_der_pol(points + h * c, mu)
        points = points + h / 6 * (a + 2 * b + 2 * c + d)
    return points


def trajectory(start: Floats, mu: float, dt: float, steps: int) -> Floats:
    """Return the oscillator's states every ``dt`` seconds, the first one being the start; shape (steps, ..., 2)."""
    passed = [np.asarray(start, dtype=np.float64)]
    for _ in range(steps - 1):
        passed.append(flow(passed[-1], mu, dt, steps=4))
    return np.stack(passed)


@dataclass(frozen=True)
class Units:
    """Leaky units with random tuning: the unit i is driven by ``tuning[i] . x + bias[i]``.

    Attributes
    ----------
    tuning : array, shape (unit, dimension)
    bias : array, shape (unit,)
    nonlinearity : str
        "tanh", or "identity" for a linear network.
    dt, tau : float
        Time step and time constant, seconds.
    """

    tuning: Floats
    bias: Floats
    nonlinearity: Literal["tanh", "identity"]
    dt: float
    tau: float

    @classmethod
    def draw(
        cls,
        number: int,
        box: Floats,
        rng: np.random.Generator,
        *,
        dt: float,
        tau: float,
        nonlinearity: Literal["tanh", "identity"] = "tanh",
    ) -> Units:
        """Draw units that are each most sensitive along a line through a random point of a box.

        ``box`` holds the half widths of the region to be covered; along each axis tuning has the standard deviation
        1.5 / half width.
        """
        tuning = rng.normal(size=(number, len(box))) * 1.5 / box
        centres = rng.uniform(-box, box, (number, len(box)))
        return cls(tuning, -(tuning * centres).sum(axis=1), nonlinearity, dt, tau)

    def rates(self, points: Floats) -> Floats:
        """Return what the units would tend to if the read-out stayed at these points, shape (point, unit)."""
        drive = points @ self.tuning.T + self.bias
        return np.tanh(drive) if self.nonlinearity == "tanh" else drive


def wanted(before: Floats, after: Floats, units: Units) -> Floats:
    """Return the drive that takes a leaky variable from ``before`` to ``after`` in one step, shape (point, dimension).

    Of ``x' = (1 - alpha) x + alpha g`` this is g; alpha = dt / tau.
    """
    return before + (after - before) * (units.tau / units.dt)


def readout_for(units: Units, points: Floats, drive: Floats, ridge: float) -> Floats:
    """Return read-out weights (dimension, unit) with which the units' rates give a drive, by ridge regression."""
    rates = units.rates(points)
    gram = rates.T @ rates + ridge * len(points) * np.eye(rates.shape[1])
    return np.asarray(np.linalg.solve(gram, rates.T @ drive).T, dtype=np.float64)


def recurrent_network(units: Units, readout: Floats) -> RateRNN:
    """Return the network without input whose read-out D r moves as ``x' = (1 - alpha) x + alpha D f(tuning x + bias)``.

    With recurrent weights ``tuning @ D`` the units see their own read-out, whatever else they do: the leaky network
    *is* the vector field that D was fitted to (Funahashi & Nakamura 1993).
    """
    number, outputs = len(units.bias), len(readout)
    network = RateRNN(
        1, number, outputs, dt=units.dt, tau=units.tau, nonlinearity=units.nonlinearity, form="rate", readout_bias=False
    ).double()
    weights = {
        "cells.0.recurrent_weight": units.tuning @ readout,
        "cells.0.bias": units.bias,
        "cells.0.input_weight": np.zeros((number, 1)),
        "readout.weight": readout,
    }
    with torch.no_grad():
        for name, values in weights.items():
            network.get_parameter(name).copy_(torch.from_numpy(values))
    return network


def free_run(network: RateRNN, starts: Floats, steps: int) -> Floats:
    """Let a network run by itself from states whose read-out is ``starts`` (run, dimension).

    Returns
    -------
    numpy.ndarray, shape (steps, run, dimension)
        The read-out, the first entry being the start.
    """
    readout = network.readout.weight.detach()
    rates = torch.from_numpy(starts) @ torch.linalg.pinv(readout).T
    with torch.no_grad():
        moved, _ = network(rates.new_zeros(steps - 1, len(starts), 1), rates)
    return np.concatenate([starts[None], moved.numpy()])


def cycles(x: Floats, dt: float) -> tuple[Floats, Floats]:
    """Return period (s) and amplitude (half of the range) of each cycle of a signal (time,).

    A cycle lasts from one upward crossing of zero to the next, interpolated between samples.

    Examples
    --------
    >>> t = np.arange(0, 10, 0.001)
    >>> periods, amplitudes = cycles(3 * np.sin(2 * np.pi * t / 4 - 1), 0.001)
    >>> periods.round(4).tolist(), amplitudes.round(4).tolist()
    ([4.0, 4.0], [3.0, 3.0])
    """
    up = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    crossings = (up - x[up] / (x[up + 1] - x[up])) * dt
    amplitudes = [np.ptp(x[a : b + 1]) / 2 for a, b in pairwise(up)]
    return np.diff(crossings), np.array(amplitudes)


def worst_error(measured: Floats, true: float, number: int) -> float:
    """Return the largest relative error of the last ``number`` cycles; 1 where there are not so many.

    Examples
    --------
    >>> worst_error(np.array([9.0, 1.1, 0.95]), 1.0, 2), worst_error(np.array([1.0]), 1.0, 2)
    (0.1, 1.0)
    """
    if len(measured) < number:
        return 1.0
    return round(float(np.abs(measured[-number:] / true - 1).max()), 12)


def reader(network: RecurrentNetwork) -> Machine:
    """Return the step of a network that reads 0 and 1 on two channels: it accepts where its read-out is positive."""
    eye = torch.eye(2)

    def step(states: Floats, symbol: int) -> tuple[Floats, Bools]:
        with torch.no_grad():
            x = eye[symbol].expand(1, len(states), 2)
            outputs, after = network(x, torch.from_numpy(states).float())
        assert torch.is_tensor(after)
        return after[-1].double().numpy(), outputs[0, :, 0].numpy() > 0

    return step


def answers_to(network: RecurrentNetwork, strings: NDArray[np.int64]) -> Bools:
    """Return whether a network accepts after each symbol of strings (string, position); below 0 nothing is shown."""
    shown = np.stack([strings == symbol for symbol in (0, 1)], axis=-1).astype(np.float32)
    with torch.no_grad():
        outputs, _ = network(torch.from_numpy(shown.transpose(1, 0, 2)))
    return np.asarray(outputs[..., 0].numpy().T > 0)
