"""Digits told by networks of rectified units, by what they are converted to, and by spiking networks that learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import CNN, MLP, FeedforwardNetwork
from tertium.models.spiking import ConvLIF, SequenceCode, SpikingNetwork, to_spiking
from tertium.models.spiking.surrogates import Arctan
from tertium.tasks import LabelledTask, SpikingTask

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: A step stands for so many seconds.
DT = 0.001
#: The package's surrogate, alpha = 2: the derivative of ``arctan(pi x) / pi``.
ATAN = Arctan(height=1.0, width=1 / math.pi)
#: Items that are told at a time.
PART = 100


class Sizes(Protocol):
    """What trainings take from the study's configuration."""

    mlp_units: tuple[int, ...]
    cnn_channels: tuple[int, ...]
    rate_steps: int
    rate_learning_rate: float
    channels: tuple[int, ...]
    kernel: int
    steps: int
    batch: int
    learning_rate: float
    tau: float
    window: int
    percentile: float


def held(items: LabelledTask, steps: int) -> SpikingTask:
    """Return the task of telling which item is held for so many steps, as a current; outputs are averaged over them."""
    return SpikingTask(items, SequenceCode(items.n_inputs, each=steps), dt=DT, duration=steps * DT)


def rate_network(kind: str, items: LabelledTask, config: Sizes, lab: Lab) -> FeedforwardNetwork:
    """Return a trained network of rectified units, "MLP" or "CNN"."""
    seed = lab.seeds.integer(f"weights of {kind}") % 2**31
    network: FeedforwardNetwork
    if kind == "MLP":
        network = MLP(items.n_inputs, config.mlp_units, items.n_outputs, seed=seed)
    else:
        _, rows, columns = items.shape
        network = CNN(items.n_inputs, config.cnn_channels, items.n_outputs, size=(rows, columns), seed=seed)
    lab.fit(
        network,
        items,
        name=kind,
        goal="cross_entropy",
        learning_rate=config.rate_learning_rate,
        schedule="cosine",
        steps=config.rate_steps,
        batch=config.batch,
        validate_every=config.rate_steps,
        progress=False,
    )
    return network


def right(network: torch.nn.Module, items: LabelledTask, steps: int = 1) -> Floats:
    """Return the per cent of items that are told right from outputs averaged over 1, 2, ... steps, shape (step,)."""
    told = np.zeros(steps)
    with torch.no_grad():
        for start in range(0, len(items), PART):
            shown = torch.from_numpy(items.items[start : start + PART])
            outputs = network(shown.expand(steps, *shown.shape))[0]
            answers = outputs.cumsum(0).argmax(-1).numpy()
            told += (answers == items.labels[start : start + PART]).sum(1)
    return 100 * told / len(items)


def converted(kind: str, items: LabelledTask, config: Sizes, lab: Lab) -> dict[str, Floats]:
    """Train a network of rectified units and return the per cent of held-out items that it and its copies tell right.

    Returns
    -------
    dict
        ``rate`` (1,), of the network itself; ``normalised`` and ``plain`` (step,), of spiking networks with its
        weights, scaled by the activity that training items cause, or left as they are.
    """
    assert items.held_out is not None
    network = rate_network(kind, items, config, lab)
    typical = torch.from_numpy(items.items[: 10 * PART])
    found = {"rate": right(network, items.held_out)}
    for name, inputs in (("normalised", typical), ("plain", None)):
        spiking = to_spiking(network, inputs, percentile=config.percentile, dt=DT)
        found[name] = right(spiking, items.held_out, config.window)
    return found


def spiking_network(items: LabelledTask, config: Sizes, seeds: Seeds) -> SpikingNetwork:
    """Return untrained layers of convolutional units with learned time constants under a read-out."""
    cells, shape = [], (items.shape[0], items.shape[1], items.shape[2])
    for place, channels in enumerate(config.channels):
        cell = ConvLIF(
            shape,
            channels,
            kernel=config.kernel,
            tau=config.tau,
            dt=DT,
            decay="euler",
            gain="leak",
            reset="zero",
            learn_tau=True,
            bias=True,
            surrogate=ATAN,
            # spikes are few, and the leak halves what they bring
            input_gain=4.0,
            seeds=seeds.child(f"layer {place}"),
        )
        cells.append(cell)
        shape = cell.out_shape
    return SpikingNetwork(cells, items.n_outputs, tau_readout=0.0, seeds=seeds.child("readout"))


def learned(items: LabelledTask, steps: int, config: Sizes, lab: Lab, *, whole: bool = True) -> dict[str, Floats]:
    """Train a spiking network by surrogate gradients, or its read-out alone, and test it on held-out items.

    Returns
    -------
    dict
        ``right`` (step,), per cent; ``rate`` (layer,), share of steps with a spike; ``curve`` (point, 2), steps of
        training and per cent of items that are learned from.
    """
    assert items.held_out is not None
    network = spiking_network(items, config, lab.seeds.child("spiking"))
    if not whole:
        for parameter in network.cells.parameters():
            parameter.requires_grad_(False)
    task = held(items, steps)
    done = lab.fit(
        network,
        task,
        name=f"spiking-{'whole' if whole else 'readout'}",
        goal="mean_cross_entropy",
        learning_rate=config.learning_rate,
        schedule="cosine",
        steps=config.steps,
        batch=config.batch,
        validate_every=max(1, config.steps // 8),
        validate_trials=200,
        progress=False,
    )
    shown = torch.from_numpy(items.held_out.items[:PART])
    with torch.no_grad():
        _, states = network(shown.expand(steps, *shown.shape))
        layers = [cell for cell in network.cells if isinstance(cell, ConvLIF)]
        rates = [float(cell.activity(s).mean()) for cell, s in zip(layers, states, strict=False)]
    return {
        "right": right(network, items.held_out, steps),
        "rate": np.array(rates),
        "curve": np.array([[check.step, 100 * check.performance] for check in done.history]),
    }
