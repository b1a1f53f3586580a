"""What a FORCE training did, and the sequences it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.models import RecurrentNetwork

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ForceRun:
    """A run during which a network was trained.

    Attributes
    ----------
    outputs : numpy.ndarray, shape (time, output)
        During training, each before the change at its step.
    targets : numpy.ndarray, shape (time, output)
    changes : numpy.ndarray, shape (time,)
        Length of the change of all learned weights at each step; 0 between the updates. When learning succeeds they
        die out: the network does by itself what it was made to do.
    state : numpy.ndarray, shape (unit,)
        At the end. ``network(x, state=...)`` goes on from there.
    inverse : numpy.ndarray, shape (unit, unit)
        P of the read-out, see `RecursiveLeastSquares`.
    dt : float
        Seconds a step.
    """

    outputs: Floats
    targets: Floats
    changes: Floats
    state: Floats
    inverse: Floats
    dt: float

    def error(self, last: float | None = None) -> float:
        """Return the error of the last so many seconds of training: mean square over that of the targets."""
        steps = len(self.outputs) if last is None else max(1, round(last / self.dt))
        return normalised_error(self.outputs[-steps:], self.targets[-steps:])


def normalised_error(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Return the mean square of the difference over the mean square of the targets about their mean.

    0 is perfect; a constant at the mean of the targets has 1.

    Examples
    --------
    >>> normalised_error([0.0, 0.0], [1.0, -1.0])
    1.0
    """
    y, f = np.asarray(outputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    return float(((y - f) ** 2).mean() / ((f - f.mean(axis=0)) ** 2).mean())


def sequences(network: RecurrentNetwork, targets: npt.ArrayLike, inputs: npt.ArrayLike | None) -> tuple[Floats, Floats]:
    """Return targets (time, output) and inputs (time, input), zero where none are given.

    Raises
    ------
    BadInput
        If they have other shapes, or numbers that are not finite.
    """
    wanted = np.asarray(targets, dtype=np.float64)
    given = np.zeros((len(np.atleast_1d(wanted)), network.n_inputs)) if inputs is None else np.asarray(inputs, float)
    for name, array, channels in (("targets", wanted, network.n_outputs), ("inputs", given, network.n_inputs)):
        if array.ndim != 2 or array.shape[1] != channels or len(array) != len(wanted) or len(array) == 0:
            raise BadInput(
                f"{name} of FORCE",
                got=f"shape {array.shape}",
                expected=f"(time, {channels}), one sequence without trials"
                + ("" if name == "targets" else f", as long as the targets ({len(wanted)} steps)"),
            )
        if not np.isfinite(array).all():
            raise BadInput(f"{name} of FORCE", got="numbers that are not finite", expected="finite numbers")
    return wanted, given
