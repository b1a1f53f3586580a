"""The networks of SNN11: rate units that do a task, their factors, spiking units that learn to make these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning.force_learning import FactoredSpikes, learn_factors, run_factors, spiking_network, take_off_means
from tertium.models import RateCell, RateRNN
from tertium.tasks import make

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]

#: Seconds of a step of the spiking units.
DT = 1e-3


class Teacher:
    """A trained network of rate units, its factors, and what spiking units need of it.

    Factors are the principal components of the rates (about 0) that have a share of their power.

    Parameters
    ----------
    config
        The study's configuration.
    lab : Lab
    """

    def __init__(self, config: Any, lab: Lab) -> None:
        self.config, self.seeds = config, lab.seeds
        self.task = make("context_decision", dt=config.dt, delay=config.delay)
        self.network = RateRNN(
            self.task.n_inputs,
            config.rates,
            self.task.n_outputs,
            dt=config.dt,
            tau=config.tau,
            nonlinearity="tanh",
            form="rate",
            seed=lab.seeds.integer("rates") % 2**31,
        )
        lab.fit(
            self.network,
            self.task,
            steps=config.steps,
            batch=config.batch,
            learning_rate=config.learning_rate,
            validate_trials=64,
        )
        rates = self.run(self.trials(300, "components"))[1]
        seen = rates.reshape(-1, config.rates)
        powers, directions = np.linalg.eigh(seen.T @ seen)
        shares = np.cumsum(powers[::-1]) / powers.sum()
        self.components = directions[:, ::-1][:, : int(np.searchsorted(shares, config.variance)) + 1]

    def trials(self, n: int, name: str) -> TrialBatch:
        """Return trials of the task."""
        return self.task.batch(n, self.seeds.child(name))

    def run(self, batch: TrialBatch) -> tuple[Floats, Floats]:
        """Return outputs (time, trial, output) and rates (trial, time, unit) of the rate network."""
        with torch.no_grad():
            outputs, states = self.network(torch.from_numpy(batch.inputs))
        assert torch.is_tensor(states)
        return outputs.double().numpy(), states.double().numpy().transpose(1, 0, 2)

    def factors(self, batch: TrialBatch) -> Floats:
        """Return the factors of the rate network, (trial, millisecond, factor), on straight lines between its steps."""
        found = self.run(batch)[1] @ self.components
        before = np.concatenate([np.zeros_like(found[:, :1]), found[:, :-1]], axis=1)
        part = (np.arange(self.fine) + 1) / self.fine
        between = before[:, :, None] + part[:, None] * (found - before)[:, :, None]
        return np.asarray(between.reshape(len(found), -1, found.shape[2]))

    def inputs(self, batch: TrialBatch) -> Floats:
        """Return the inputs, (trial, millisecond, input)."""
        return np.repeat(batch.inputs.astype(np.float64).transpose(1, 0, 2), self.fine, axis=1)

    def answers(self, factors: Floats) -> Floats:
        """Return what the rate network's read-out makes of factors (trial, millisecond, factor), as outputs of it."""
        steps = factors.reshape(len(factors), -1, self.fine, factors.shape[2]).mean(2)
        weight = self.network.readout.weight.detach().double().numpy()
        bias = self.network.readout.bias.detach().double().numpy()
        return np.asarray((steps @ self.components.T @ weight.T + bias).transpose(1, 0, 2))

    @property
    def fine(self) -> int:
        """Milliseconds of a step of the rate network."""
        return round(self.config.dt / DT)

    def untaught(self, random: bool) -> FactoredSpikes:
        """Return spiking units that stand for random mixtures of the rate units, with or without random synapses."""
        config, cell = self.config, self.network.cell
        assert isinstance(cell, RateCell)
        mixture = config.gain * orthogonal(config.units, config.rates, self.seeds)
        recurrent, inputs = (w.detach().double().numpy() for w in (cell.recurrent_weight, cell.input_weight))
        return spiking_network(
            mixture @ recurrent @ self.components,
            mixture @ inputs,
            slow=config.slow if random else 0.0,
            fast=config.fast if random else 0.0,
            dt=DT,
            seed=self.seeds.integer("spiking") % 2**31,
        )

    def teach(self, random: bool) -> tuple[FactoredSpikes, Floats]:
        """Return spiking units that have learned the factors, and their errors meanwhile, (trial,)."""
        batch = self.trials(self.config.taught, "taught")
        factors, inputs = self.factors(batch), self.inputs(batch)
        first = min(40, len(factors))
        seed = self.seeds.integer("learning") % 2**31
        network = take_off_means(self.untaught(random), factors[:first], inputs[:first], seed=seed)
        learned = learn_factors(network, factors, inputs, seed=seed)
        return learned.network, learned.errors


def orthogonal(n: int, m: int, seeds: Seeds) -> Floats:
    """Return random weights (n, m) with orthonormal columns, or rows where there are fewer of these."""
    drawn = seeds.numpy(f"orthogonal {n} {m}").uniform(-1, 1, size=(n, m))
    left, _, right = np.linalg.svd(drawn, full_matrices=False)
    return np.asarray(left @ right)


def scrambled(network: FactoredSpikes, seeds: Seeds) -> FactoredSpikes:
    """Return the network whose units hear the factors in another basis than they are made in."""
    turn = orthogonal(len(network.factors), len(network.factors), seeds)
    return replace(network, spread=network.spread @ turn)


def turned(network: FactoredSpikes, seeds: Seeds) -> tuple[FactoredSpikes, Floats]:
    """Return the network that makes and hears its factors in another basis, and that basis, (factor, factor)."""
    turn = orthogonal(len(network.factors), len(network.factors), seeds)
    return replace(network, spread=network.spread @ turn, factors=turn.T @ network.factors), turn


def explained(made: Floats, wanted: Floats) -> float:
    """Return the share of the variance of all factors together that is made, over trials and times.

    Examples
    --------
    >>> explained(np.array([[[0.0], [2.0]]]), np.array([[[0.0], [2.0]]]))
    1.0
    """
    return 1 - float(((made - wanted) ** 2).sum() / ((wanted - wanted.mean((0, 1))) ** 2).sum())


def judged(teacher: Teacher, network: FactoredSpikes, batch: TrialBatch, basis: Floats | None = None) -> dict[str, Any]:
    """Run spiking units through trials; return how much of the factors they make, and the share of wrong answers."""
    wanted = teacher.factors(batch)
    made = run_factors(network, teacher.inputs(batch), seed=teacher.seeds.integer("judged") % 2**31).factors
    if basis is not None:
        made = made @ basis.T
    return {
        "explained": explained(made, wanted),
        "wrong": 1 - float(batch.correct(teacher.answers(made)).mean()),
        "made": made[:1],
        "wanted": wanted[:1],
    }
