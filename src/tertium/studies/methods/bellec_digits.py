"""Digits pixel by pixel as SNN02 shows them: spikes where the brightness crosses a threshold, then a cue to answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.models import LSTM
from tertium.models.spiking import LSNN
from tertium.rng import Seeds
from tertium.tasks import LabelledTask, SpikingTask, labelled

#: Time step in seconds: one pixel.
DT = 0.001

#: Networks -> share of adapting units, and the time constant of adaptation in seconds.
SPIKING = {"LSNN": (0.5, 0.7), "LIF": (0.0, 0.7), "short": (0.5, 0.02)}


@dataclass(frozen=True)
class CrossingCode:
    """Numbers shown one after another: one input spikes where they rise through a threshold, another where they fall.

    After the numbers, one more input spikes in every step: the cue to answer (Bellec et al. 2018, figure 1).

    Parameters
    ----------
    levels : int
        Thresholds, evenly spaced over 0 to 1, without 0 itself.

    Examples
    --------
    >>> code = CrossingCode(2)
    >>> spikes = code.spikes(torch.tensor([[0.0, 0.6, 0.2]]), steps=4, dt=DT, seeds=Seeds(0))
    >>> spikes[:, 0].int().tolist()
    [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]
    """

    levels: int

    def channels(self, values: int) -> int:
        """Return the number of inputs: rising, falling, cue."""
        return 2 * self.levels + 1

    def spikes(self, values: torch.Tensor, *, steps: int, dt: float, seeds: Seeds) -> torch.Tensor:
        """Return spikes (time, trial, channel) for numbers (trial, value) from 0 to 1; nothing is drawn."""
        levels = torch.linspace(0, 1, self.levels + 1, dtype=values.dtype)[1:]
        over = values.T[..., None] >= levels
        before = torch.cat([torch.zeros_like(over[:1]), over[:-1]])
        trains = values.new_zeros(steps, len(values), self.channels(values.shape[1]))
        trains[: len(over), :, :-1] = torch.cat([over & ~before, before & ~over], dim=-1).to(values.dtype)
        trains[len(over) :, :, -1] = 1
        return trains


def pooled(images: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """Return square pictures (image, row, column) as means over blocks, 0 to 1, shape (image, side, side)."""
    block = images.shape[1] // side
    return images.reshape(len(images), side, block, side, block).mean((2, 4)) / 255.0


def digit_task(
    images: NDArray[np.uint8], labels: NDArray[np.int64], *, side: int, levels: int, cue: float, seed: int
) -> SpikingTask:
    """Return the task of telling a digit that is shown pixel by pixel, once its last pixel is gone.

    Parameters
    ----------
    images : numpy.ndarray, shape (image, row, column)
    labels : numpy.ndarray of int, shape (image,)
    side : int
        Rows and columns that remain, a divisor of those there are.
    levels : int
        See `CrossingCode`.
    cue : float
        Seconds of the cue; the answer is read in the second half of it.
    seed : int
        Of the division into digits that are learned and a fifth that is held out.
    """
    items: LabelledTask = labelled(pooled(images, side), labels, scaling="none", held_out=0.2, seed=seed)
    seen = side * side * DT
    return SpikingTask(items, CrossingCode(levels), dt=DT, duration=seen + cue, waiting=seen + cue / 2)


def network(task: SpikingTask, name: str, units: int, seed: int) -> nn.Module:
    """Return an untrained network by its name: one of `SPIKING`, with the same first weights each, or "LSTM"."""
    if name == "LSTM":
        return LSTM(task.n_inputs, units, task.n_outputs, dt=DT, seed=seed)
    adaptive, tau = SPIKING[name]
    return LSNN(
        task.n_inputs,
        units,
        task.n_outputs,
        adaptive=adaptive,
        strength=0.1,
        tau_adaptation=tau,
        dt=DT,
        refractory=0.005,
        seed=seed,
    )


def right(model: nn.Module, task: SpikingTask) -> float:
    """Return the per cent of all items of a task that a network tells right."""
    counts = []
    for part in task.parts():
        with torch.no_grad():
            outputs, _ = model(torch.from_numpy(part.inputs))
        counts.append((task.performance(outputs.numpy(), part), len(part)))
    return 100 * float(np.average([share for share, _ in counts], weights=[n for _, n in counts]))
