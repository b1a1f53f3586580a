"""Full-FORCE: a second network, driven by the answer, shows every unit what it should receive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import nn

from tertium.errors import BadInput
from tertium.learning.force_learning.plant import Floats, Plant, tanh_network
from tertium.learning.force_learning.result import ForceRun, sequences
from tertium.learning.force_learning.rls import RecursiveLeastSquares
from tertium.rng import Seeds


def full_force(
    network: nn.Module,
    targets: npt.ArrayLike,
    inputs: npt.ArrayLike | None = None,
    *,
    hints: npt.ArrayLike | None = None,
    regulariser: float = 1.0,
    every: int = 2,
    drive: float = 1.0,
    state: npt.ArrayLike | None = None,
    seed: int = 0,
) -> ForceRun:
    """Train all recurrent weights of a network with targets from one that is driven by the answer (DePasquale et al. 2018).

    A copy of the network with its first weights ``J_D`` receives the target f through random weights u. The network
    learns weights J with which its units receive without f what those of the copy receive with it: the error of unit i
    is that of ``(J r)_i`` against ``(J_D r_D + u f)_i``, and recursive least squares makes it small. The
    read-out learns beside. All units share one inverse correlation, as all see the same rates.

    Train a network once, with targets as long as it takes: in a second call the copy would have the learned weights.

    Parameters
    ----------
    network : RateRNN
        tanh units whose potential leaks, ``init=Gaussian(1.5)``; trained in place.
    targets : array, shape (time, output)
        What the outputs should be at each step of ``network.dt`` seconds.
    inputs : array, shape (time, input), optional
        Inputs of both networks; none by default.
    hints : array, shape (time, hint), optional
        What the copy is told beside, and the network is to work out by itself (a clock, for instance).
    regulariser : float
        See `RecursiveLeastSquares`.
    every : int
        Steps from one update to the next.
    drive : float
        Weights u are uniform between plus and minus this.
    state : array, shape (unit,), optional
        Where both begin; by default at random.
    seed : int
        Seed of the beginning and of u.

    Returns
    -------
    ForceRun

    Raises
    ------
    BadInput
        If the network is of a kind for which FORCE is not defined, or a shape or number does not fit.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> from tertium.models.recurrent.initial_weights import Gaussian
    >>> network = RateRNN(1, 100, 1, dt=0.001, tau=0.01, nonlinearity="tanh", init=Gaussian(1.5))
    >>> wave = np.sin(2 * np.pi * np.arange(4000) * 0.001 / 0.2)[:, None]     # a period of 0.2 s
    >>> run = full_force(network, wave)
    >>> run.error(last=0.4) < 0.02
    True
    """  # noqa: E501
    if every < 1:
        raise BadInput("every", got=repr(every), expected="an integer >= 1")
    checked = tanh_network(network)
    wanted, given = sequences(checked, targets, inputs)
    seeds = Seeds(seed).child("full_force")
    plant, driven = (Plant.of(checked, state, seeds) for _ in range(2))
    current = given @ plant.inputs.T + plant.bias
    extra = current + _told(wanted, hints, len(plant.state), drive, seeds)
    n = len(plant.state)
    rls = RecursiveLeastSquares((n,), regulariser)
    rates, shown = plant.rates, driven.rates
    outputs, changes = np.empty_like(wanted), np.zeros(len(wanted))
    for t, target in enumerate(wanted):
        rates, shown = plant.step(rates, current[t]), driven.step(shown, extra[t])
        outputs[t] = plant.readout @ rates + plant.offset
        if t % every == 0 and t + 1 < len(wanted):
            # what arrives in the next step, but for the input that both share
            should = driven.recurrent @ shown + (extra[t + 1] - current[t + 1])
            errors = np.concatenate([plant.recurrent @ rates - should, outputs[t] - target])
            change = rls.step(rates, errors)
            plant.recurrent += change[:n]
            plant.readout += change[n:]
            changes[t] = np.linalg.norm(change)
    plant.write(checked)
    return ForceRun(outputs, wanted, changes, plant.state, rls.inverse, checked.dt)


def _told(targets: Floats, hints: npt.ArrayLike | None, n: int, drive: float, seeds: Seeds) -> Floats:
    """Return what the driven copy is told through random weights, (time, unit)."""
    said = targets
    if hints is not None:
        given = np.asarray(hints, dtype=np.float64)
        if given.ndim != 2 or len(given) != len(targets) or not np.isfinite(given).all():
            raise BadInput(
                "hints",
                got=f"shape {given.shape}",
                expected=f"({len(targets)}, hint), as long as the targets, finite",
            )
        said = np.concatenate([targets, given], axis=1)
    weights = drive * seeds.numpy("drive").uniform(-1, 1, size=(said.shape[1], n))
    return np.asarray(said @ weights)
