"""Units of a published package, written out from its equations: one loop over steps for one unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models.spiking import LIF
from tertium.models.spiking.resets import Reset
from tertium.rng import Seeds

Floats = NDArray[np.float64]

#: A step stands for so many seconds.
DT = 0.001


@dataclass(frozen=True)
class Convention:
    """How a unit is written.

    Attributes
    ----------
    decay_input : bool
        Whether what arrives is divided by tau too.
    hard : bool
        Whether a spike sets the voltage to 0; else it takes the threshold from it.
    """

    decay_input: bool
    hard: bool


#: All four, in the order of what `compared` returns.
CONVENTIONS = tuple(Convention(decay_input, hard) for decay_input in (True, False) for hard in (True, False))


def written_out(currents: Floats, tau: Floats, threshold: float, how: Convention) -> tuple[Floats, Floats]:
    """Return spikes and voltages before the reset, both (time, unit), by the package's three equations.

    Charge: ``H = V + (X - V) / tau``, or ``H = V - V / tau + X`` where the input does not decay. Fire: ``S = 1`` where
    ``H >= threshold``. Reset: ``V = H (1 - S)``, or ``V = H - threshold S``. The voltage rests at 0.

    Parameters
    ----------
    currents : array, shape (time, unit)
    tau : array, shape (unit,)
        In steps; of a parametric unit ``1 / tau`` is the logistic function of what is learned.
    threshold : float
    how : Convention
    """
    steps, units = currents.shape
    spikes, charged = np.zeros((steps, units)), np.zeros((steps, units))
    for unit in range(units):
        v = 0.0
        for t in range(steps):
            x = currents[t, unit]
            h = v + (x - v) / tau[unit] if how.decay_input else v - v / tau[unit] + x
            s = 1.0 if h >= threshold else 0.0
            v = h * (1 - s) if how.hard else h - threshold * s
            spikes[t, unit], charged[t, unit] = s, h
    return spikes, charged


def ours(
    currents: Floats, tau: Floats, threshold: float, how: Convention, *, learned: bool, late: bool = False
) -> tuple[Floats, Floats]:
    """Return the same of a `LIF` layer, in double precision; ``late`` takes the reset of another family of packages."""
    units = currents.shape[1]
    cell = LIF(
        units,
        units,
        dt=DT,
        tau=tau * DT,
        threshold=threshold,
        reset=_reset(how, late),
        gain="leak" if how.decay_input else "unit",
        decay="euler",
        learn_tau=learned,
    ).double()
    with torch.no_grad():
        cell.input_weight.copy_(torch.eye(units))
        # constants are made in single precision
        exact = torch.from_numpy(tau * DT)
        if learned:
            cell.log_tau.copy_(exact.log())
        else:
            cell.get_buffer("_tau").copy_(exact)
        cell.threshold.fill_(threshold)
        spikes, states = cell(torch.from_numpy(currents)[:, None])
    return spikes[:, 0].numpy(), cell.variable(states, "voltage")[:, 0].numpy()


def _reset(how: Convention, late: bool) -> Reset:
    if how.hard:
        return "zero_late" if late else "zero"
    return "subtract_late" if late else "subtract"


def compared(steps: int, units: int, seeds: Seeds) -> dict[str, Floats]:
    """Return how far our units are from those written out, for each of `CONVENTIONS`.

    Currents are random and drive units to spike now and then; time constants are random, 1.2 to 20 steps.

    Returns
    -------
    dict of array, shape (convention,)
        ``LIF`` and ``PLIF``, the largest difference of voltages; ``spikes``, how many differ; ``rate``, the share of
        steps with a spike; ``late`` and ``tau``, the largest difference of voltages where the reset is that of another
        family of packages, and where the other convention of tau is taken.
    """
    rng = seeds.numpy("currents")
    # 1 / tau is the logistic function of a random number
    tau = 1 + np.exp(rng.normal(1.5, 1.0, units).clip(-1.6, 2.9))
    rows = []
    for how in CONVENTIONS:
        size = 1.0 if how.decay_input else 1 / tau
        currents = size * rng.uniform(-0.5, 3.0, (steps, units))
        spikes, charged = written_out(currents, tau, 0.8, how)
        made = {kind: ours(currents, tau, 0.8, how, learned=kind == "PLIF") for kind in ("LIF", "PLIF")}
        made["late"] = ours(currents, tau, 0.8, how, learned=False, late=True)
        made["tau"] = ours(currents, tau, 0.8, Convention(not how.decay_input, how.hard), learned=False)
        row = {kind: float(np.abs(voltages - charged).max()) for kind, (_, voltages) in made.items()}
        row["spikes"] = float(sum(np.abs(made[kind][0] - spikes).sum() for kind in ("LIF", "PLIF")))
        rows.append(row | {"rate": float(spikes.mean())})
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}
