"""Networks of SNN01: current-based units trained through surrogate derivatives, or with their hidden weights frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from tertium.learning import Diverged
from tertium.learning.costs import RateTarget
from tertium.models.spiking import LIF, SpikingNetwork, Surrogate, surrogate
from tertium.rng import Seeds
from tertium.tasks import SpikingTask

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

#: Shapes -> their full width at half height, in units of the width that `surrogate` takes.
SHAPES = {
    "super_spike": 2 * (2**0.5 - 1),
    "sigmoid": 4 * float(np.arccosh(2**0.5)),
    "exponential": 2 * float(np.log(2)),
    "boxcar": 2.0,
}


def shaped(shape: str, beta: float) -> Surrogate:
    """Return a surrogate of height 1 that is as wide at half its height as ``1 / (1 + beta |x|)^2``."""
    return surrogate(shape, height=1.0, width=SHAPES["super_spike"] / SHAPES[shape] / beta)


def steep(beta: float, *, asymptotic: bool) -> Surrogate:
    """Return SuperSpike, ``1 / (1 + beta |x|)^2``, or its asymptotic form, beta times that."""
    return surrogate("fast_sigmoid", height=beta if asymptotic else 1.0, width=1 / beta)


@dataclass(frozen=True)
class Training:
    """What all networks of a seed have in common.

    Attributes
    ----------
    units, steps, batch : int
    learning_rate : float
    gain : float
        Input weights start with this standard deviation over the square root of the inputs, in units of the threshold.
    target : float
        Wanted mean rate of each hidden unit, spikes a second.
    strength : float
        Of the cost on rates.
    """

    units: int
    steps: int
    batch: int
    learning_rate: float
    gain: float
    target: float
    strength: float

    def lasting(self, steps: int) -> Training:
        """Return the same, of another length."""
        return replace(self, steps=steps)


@dataclass(frozen=True)
class Learned:
    """What a trained network does with held-out samples.

    Attributes
    ----------
    accuracy : float
        Per cent of the samples.
    rate : float
        Mean of the hidden units, spikes a second.
    overflowed : bool
        Whether training ended early, at a gradient that is no finite number.
    """

    accuracy: float
    rate: float
    overflowed: bool


def network_of(
    task: SpikingTask, training: Training, shape: Surrogate, seeds: Seeds, *, recurrent: bool = True
) -> SpikingNetwork:
    """Return an untrained network of Zenke & Vogels (2021, section 4.2): the same weights for every surrogate."""
    cell = LIF(
        task.n_inputs,
        training.units,
        recurrent=recurrent,
        dt=task.dt,
        tau=0.01,
        synapse="exponential",
        tau_synapse=0.005,
        gain="leak",
        reset="zero_late",
        surrogate=shape,
        input_gain=training.gain,
        seeds=seeds,
    )
    return SpikingNetwork(cell, task.n_outputs, tau_readout=0.02, seeds=seeds)


def learned(
    task: SpikingTask,
    training: Training,
    shape: Surrogate,
    lab: Lab,
    name: str,
    *,
    recurrent: bool = True,
    frozen: bool = False,
    held: bool = True,
) -> Learned:
    """Return what a network does after training; a seed's networks of one kind have the same first weights.

    Parameters
    ----------
    task : SpikingTask
    training : Training
    shape : Surrogate
    lab : Lab
    name : str
        Of the training.
    recurrent : bool
        Whether hidden units hear each other.
    frozen : bool
        Whether the read-out alone learns.
    held : bool
        Whether there is a cost on rates.
    """
    network = network_of(task, training, shape, lab.seeds.child("network"), recurrent=recurrent)
    if frozen:
        network.cell.requires_grad_(False)
    overflowed = False
    try:
        lab.fit(
            network,
            task,
            name=name,
            goal="peak_cross_entropy",
            steps=training.steps,
            batch=training.batch,
            learning_rate=training.learning_rate,
            schedule="cosine",
            clip=1.0,
            costs=[RateTarget(training.strength, target=training.target * task.dt)] if held and not frozen else [],
            validate_every=training.steps,
            progress=False,
        )
    except Diverged as stopped:
        # gradients that overflow end a training; what the network can do then is its result
        lab.note(f"{name}: {stopped}")
        overflowed = True
    return Learned(*judged(network, task), overflowed)


def judged(network: SpikingNetwork, task: SpikingTask) -> tuple[float, float]:
    """Return accuracy (per cent) and mean rate of the hidden units (Hz) on the held-out samples."""
    assert task.held_out is not None
    right, rates = [], []
    with torch.no_grad():
        for part in task.held_out.parts(500):
            outputs, states = network(torch.from_numpy(part.inputs))
            right.append(part.correct(outputs.numpy()))
            rates.append(float(network.rates(states).mean()) / task.dt)
    return 100 * float(np.concatenate(right).mean()), float(np.mean(rates))
