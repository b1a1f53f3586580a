"""FORCE learning by the error of the outputs: of the read-out alone, or of recurrent weights as well."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import nn

from tertium.errors import BadInput, unknown_name
from tertium.learning.force_learning.plant import Floats, Plant, tanh_network
from tertium.learning.force_learning.result import ForceRun, sequences
from tertium.learning.force_learning.rls import RecursiveLeastSquares
from tertium.rng import Seeds

Learn = Literal["readout", "recurrent"]


def force(
    network: nn.Module,
    targets: npt.ArrayLike,
    inputs: npt.ArrayLike | None = None,
    *,
    learn: Learn = "readout",
    regulariser: float = 1.0,
    every: int = 2,
    plastic: float = 0.1,
    feedback: float = 1.0,
    state: npt.ArrayLike | None = None,
    seed: int = 0,
) -> ForceRun:
    """Train a chaotic network to produce a sequence, by recursive least squares while it runs (Sussillo & Abbott 2009).

    With ``learn="readout"`` the output is fed back through fixed random weights and only the read-out learns
    (Fig. 1A). Afterwards the feedback is part of the network's recurrent weights, ``J + u w``, so that it runs and is
    recorded like any other. With ``learn="recurrent"`` there is no feedback; each unit changes some of its own
    recurrent synapses by the same rule and the plain error of the output (Fig. 1C), and the read-out learns beside.
    Several outputs share out the units. This is the harder way: with 300 units and a tenth of the synapses plastic it
    learns a sine, but not four harmonics, which the read-out with feedback does.

    Train a network once, with targets as long as it takes: a second call would add a second feedback to the first.

    Parameters
    ----------
    network : RateRNN
        tanh units whose potential leaks, ``init=Gaussian(1.5)`` for chaos; trained in place.
    targets : array, shape (time, output)
        What the outputs should be at each step of ``network.dt`` seconds.
    inputs : array, shape (time, input), optional
        Inputs meanwhile; none by default.
    learn : {"readout", "recurrent"}
        What changes.
    regulariser : float
        See `RecursiveLeastSquares`.
    every : int
        Steps from one update to the next.
    plastic : float
        With "recurrent": fraction of its units from which a unit has plastic connections.
    feedback : float
        With "readout": feedback weights are uniform between plus and minus this.
    state : array, shape (unit,), optional
        Where to begin; by default at random.
    seed : int
        Seed of the beginning, the feedback weights and the plastic connections.

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
    >>> run = force(network, wave)
    >>> run.error(last=0.4) < 0.02, bool(run.changes[-400:].sum() < run.changes[:400].sum() / 20)
    (True, True)
    """
    if learn not in ("readout", "recurrent"):
        raise unknown_name("what FORCE learns", learn, ("readout", "recurrent"))
    if every < 1 or not 0 < plastic <= 1:
        raise BadInput("every and plastic", got=f"{every} and {plastic:g}", expected="every >= 1 and 0 < plastic <= 1")
    checked = tanh_network(network)
    wanted, given = sequences(checked, targets, inputs)
    seeds = Seeds(seed).child("force")
    plant = Plant.of(checked, state, seeds)
    n, n_outputs = len(plant.state), wanted.shape[1]
    back = feedback * seeds.numpy("feedback").uniform(-1, 1, size=(n, n_outputs))
    rls = RecursiveLeastSquares((n,), regulariser)
    inner = PlasticSynapses(n, plastic, regulariser, seeds) if learn == "recurrent" else None
    drive = given @ plant.inputs.T + plant.bias
    rates, output = plant.rates, plant.readout @ plant.rates + plant.offset
    outputs, changes = np.empty_like(wanted), np.zeros(len(wanted))
    for t, target in enumerate(wanted):
        rates = plant.step(rates, drive[t] if inner else drive[t] + back @ output)
        output = outputs[t] = plant.readout @ rates + plant.offset
        if t % every == 0:
            error = output - target
            change = rls.step(rates, error)
            plant.readout += change
            squares = (change**2).sum()
            if inner:
                squares += inner.learn(plant.recurrent, rates, np.resize(error, n))
            changes[t] = np.sqrt(squares)
    plant.write(checked, None if inner else back)
    return ForceRun(outputs, wanted, changes, plant.state, rls.inverse, checked.dt)


class PlasticSynapses:
    """Recurrent synapses that learn: for each unit some sources, and an inverse correlation of those alone.

    Parameters
    ----------
    n : int
        Units.
    fraction : float
        Of them each unit listens to, through plastic synapses.
    regulariser : float
        See `RecursiveLeastSquares`.
    seeds : Seeds
        Of the choice.
    """

    def __init__(self, n: int, fraction: float, regulariser: float, seeds: Seeds) -> None:
        each = max(1, round(fraction * n))
        rng = seeds.numpy("plastic")
        self.sources = np.array([rng.choice(n, each, replace=False) for _ in range(n)])
        self._targets = np.arange(n)[:, None]
        self._rls = RecursiveLeastSquares((n, each), regulariser)

    def learn(self, recurrent: Floats, rates: Floats, errors: Floats) -> float:
        """Change the weights (unit, unit) in place for errors (unit,); return the squared length of the change."""
        change = self._rls.step(rates[self.sources], errors)
        recurrent[self._targets, self.sources] += change
        return float((change**2).sum())
