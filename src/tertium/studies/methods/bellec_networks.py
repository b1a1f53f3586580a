"""Networks of SNN02: spiking, with and without adaptation, and an LSTM; how they recall, and where they keep a bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.models import LSTM
from tertium.models.spiking import ALIF, LSNN
from tertium.rng import Seeds
from tertium.tasks import Task, TrialBatch

Floats = NDArray[np.float64]


def rise(tau_adaptation: float, dt: float) -> float:
    """Return what a spike adds to a threshold, as a part of it, with the ``beta = 1.7`` of the published code.

    There, ``B = 0.01 + 1.7 b`` with ``b' = r b + (1 - r) z`` and z in 1/ms.
    """
    return float(-1.7 * np.expm1(-dt / tau_adaptation) / (0.01 * dt * 1000))


def spiking_network(
    task: Task, units: int, *, adaptive: float, strength: float, tau_adaptation: float, seed: int
) -> LSNN:
    """Return an untrained spiking network with the constants of the authors' published code for this task.

    Membrane and read-out 20 ms, refractory for 3 ms. The same first weights, whatever adapts.

    Parameters
    ----------
    task : Task
    units : int
    adaptive : float
        Share of units that adapt.
    strength : float
        What a spike adds to the threshold of its unit, as a part of it.
    tau_adaptation : float
        Time constant of that in seconds.
    seed : int
    """
    return LSNN(
        task.n_inputs,
        units,
        task.n_outputs,
        adaptive=adaptive,
        strength=strength,
        tau_adaptation=tau_adaptation,
        dt=task.dt,
        tau=0.02,
        refractory=0.003,
        tau_readout=0.02,
        surrogate="triangle",
        input_gain=4.9,
        seed=seed,
    )


class BinnedLSTM(nn.Module):
    """An LSTM that hears spikes counted in bins and answers at every step of a bin what it answers at its end.

    Parameters
    ----------
    task : Task
    units : int
    bin_steps : int
        Steps of a bin, a divisor of the steps of a trial.
    seed : int
    """

    def __init__(self, task: Task, units: int, bin_steps: int, seed: int) -> None:
        super().__init__()
        self.bin_steps = bin_steps
        self.network = LSTM(task.n_inputs, units, task.n_outputs, dt=task.dt * bin_steps, seed=seed)

    def forward(
        self, x: torch.Tensor, state: Any = None, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, Any]:
        """Return outputs (time, batch, output) and the states at the ends of bins."""
        counts = x.reshape(-1, self.bin_steps, *x.shape[1:]).sum(1)
        outputs, states = self.network(counts, state, generator=generator)
        return outputs.repeat_interleave(self.bin_steps, dim=0), states


@dataclass(frozen=True)
class Recalls:
    """How recalls of many trials were answered.

    Attributes
    ----------
    wrong : numpy.ndarray of bool, shape (recall,)
    held : numpy.ndarray of int, shape (recall,)
        Symbols from the store to this recall.
    """

    wrong: NDArray[np.bool_]
    held: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Per cent of the recalls that were wrong."""
        return 100 * float(self.wrong.mean())

    def error_at(self, most: int) -> Floats:
        """Return the per cent of wrong recalls by how long the bit was held, 2 to ``most`` symbols, NaN where none."""
        found = [self.wrong[self.held == held] for held in range(2, most + 1)]
        return np.array([100 * one.mean() if len(one) else np.nan for one in found])


def recalls_of(network: nn.Module, task: Task, trials: int, seeds: Seeds, *, batch: int = 128) -> Recalls:
    """Return how a network answers the recalls of fresh trials."""
    wrong, held = [], []
    for k in range(0, trials, batch):
        shown = task.batch(min(batch, trials - k), seeds.child(f"trials from {k}"))
        with torch.no_grad():
            outputs, _ = network(torch.from_numpy(shown.inputs))
        wrong.append(_wrong(outputs, task, shown))
        held.append(shown.columns["held"][shown.columns["answer"] >= 0])
    return Recalls(np.concatenate(wrong), np.concatenate(held))


def _wrong(outputs: torch.Tensor, task: Task, shown: TrialBatch) -> NDArray[np.bool_]:
    asked = shown.columns["answer"]
    read = task.spec.response.read(outputs.numpy(), shown)
    return np.asarray((read != asked)[asked >= 0])


def planned(task: Task, trials: int, seeds: Seeds) -> TrialBatch:
    """Return trials with a store in the second symbol and its recall in the last but one, half of either bit."""
    symbols = task.batch(1, 0).columns["commands"].shape[1]
    commands = np.zeros((trials, symbols), dtype=np.int64)
    commands[:, 1], commands[:, -2] = 1, 2
    bits = seeds.numpy("bits").integers(2, size=(trials, symbols))
    bits[:, 1] = np.arange(trials) % 2
    return task.batch(trials, seeds, commands=commands, bits=bits)


def swapped_errors(network: LSNN, task: Task, trials: int, seeds: Seeds) -> dict[str, float]:
    """Return the per cent of wrong recalls where part of the network's state is another trial's from the recall on.

    The other trial has stored the other bit. Inputs stay the trial's own; during the recall they do not tell the bit.

    Returns
    -------
    dict of str to float
        "none": nothing was swapped; "thresholds": the adaptation of all units; "rest": all but that.
    """
    shown = planned(task, trials, seeds)
    inputs = torch.from_numpy(shown.inputs)
    symbols = shown.columns["commands"].shape[1]
    cut = len(inputs) // symbols * (symbols - 2)
    partner = torch.arange(trials) ^ 1
    with torch.no_grad():
        before, states = network(inputs[:cut])
        own, readout = (state[-1] for state in states)
        cell = network.cell
        assert isinstance(cell, ALIF)
        place = cell.variables.index("adaptation")
        adapted = torch.zeros_like(own, dtype=torch.bool)
        adapted[:, place] = True
        begun = {
            "none": (own, readout),
            "thresholds": (torch.where(adapted, own[partner], own), readout),
            "rest": (torch.where(adapted, own, own[partner]), readout[partner]),
        }
        found = {}
        for name, state in begun.items():
            after, _ = network(inputs[cut:], state)
            found[name] = 100 * float(_wrong(torch.cat([before, after]), task, shown).mean())
    return found


@dataclass(frozen=True)
class Example:
    """One trial of a spiking network, and its mean rate over trials like it.

    Attributes
    ----------
    rate : float
        Mean over units and trials, spikes a second.
    inputs : numpy.ndarray, shape (time, channel)
    spikes : numpy.ndarray, shape (time, unit)
    thresholds : numpy.ndarray, shape (time, unit)
        In units of the baseline.
    outputs : numpy.ndarray, shape (time, bit)
        Probabilities.
    commands, bits : numpy.ndarray, shape (symbol,)
    """

    rate: float
    inputs: Floats
    spikes: Floats
    thresholds: Floats
    outputs: Floats
    commands: Floats
    bits: Floats

    def arrays(self) -> dict[str, Floats]:
        """Return the trial by name."""
        names = ("inputs", "spikes", "thresholds", "outputs", "commands", "bits")
        return {name: getattr(self, name) for name in names}


def example(network: LSNN, task: Task, seeds: Seeds) -> Example:
    """Return the first of 64 planned trials, in which a bit 0 is stored."""
    shown = planned(task, 64, seeds)
    cell = network.cell
    assert isinstance(cell, ALIF)
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(shown.inputs))
        spikes = network.rates(states)
        thresholds = cell.thresholds(states[0][:, 0]) / cell.threshold
    return Example(
        rate=float(spikes.mean()) / task.dt,
        inputs=shown.inputs[:, 0].astype(np.float64),
        spikes=spikes[:, 0].double().numpy(),
        thresholds=thresholds.double().numpy(),
        outputs=torch.softmax(outputs[:, 0], dim=-1).double().numpy(),
        commands=shown.columns["commands"][0].astype(np.float64),
        bits=shown.columns["bits"][0].astype(np.float64),
    )
