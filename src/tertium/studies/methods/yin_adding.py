"""The adding task asked all along, networks with liquid and with fixed time constants, and their training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from numpy.typing import NDArray

from tertium.learning import Trials, fit
from tertium.learning.rules import named_rule
from tertium.models import RecurrentNetwork
from tertium.models.spiking import LiquidLIF
from tertium.tasks import make

if TYPE_CHECKING:
    from torch import nn

    from tertium.learning.rule import Rule
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks import Task
    from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]

#: Always answering 1, the mean of the sum of two uniform numbers, has this error.
BASELINE = 1 / 6
#: A step of a sequence stands for so many seconds.
DT = 0.001
#: What the strength of FPTT's regulariser is where it is to have none; the rule divides by it.
NONE = 1e-12


class Sizes(Protocol):
    """What trainings take from the study's configuration."""

    length: int
    stretches: int
    units: int
    steps: int
    batch: int
    learning_rate: float
    clip: float
    alpha: float
    beta: float
    tau: float
    gain: float
    points: int
    trials: int


class AskedAllAlong:
    """The adding task, of which the sum is asked for at the end of each stretch, with a weight that grows.

    The sum is that of the whole sequence from the start, as in the published code: what has not been shown yet can only
    be guessed. The weight of the k-th of K stretches is k / K.

    Parameters
    ----------
    length : int
        Numbers of a sequence.
    stretches : int
        Into how many stretches it is cut, all of one length; 1 asks at the end alone.
    """

    def __init__(self, length: int, stretches: int) -> None:
        self.source: Task = make("adding", length=length, dt=DT)
        self.name, self.n_inputs, self.n_outputs = "adding, asked all along", 2, 1
        self.dt, self.stretches, self.stride = self.source.dt, stretches, length // stretches

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Draw sequences."""
        drawn = self.source.batch(n, seed, **fixed)
        mask = np.zeros_like(drawn.mask)
        ends = np.arange(1, self.stretches + 1)
        mask[ends * self.stride - 1] = (ends / self.stretches)[:, None, None]
        targets = np.broadcast_to(drawn.targets[-1:], drawn.targets.shape).copy()
        return replace(drawn, targets=targets, mask=mask)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of sums that are told to 0.04."""
        return self.source.performance(outputs, batch)


def summed_error(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the weighted squared error summed over time, mean over trials: a stretch counts what its weight says."""
    return (trials.mask * (outputs - trials.targets) ** 2).sum(0).mean()


@dataclass(frozen=True)
class Units:
    """What a network is made of.

    Attributes
    ----------
    liquid : bool
        Whether gates look at what arrives; else time constants are fixed in a trial, and learned.
    strength : float
        Of the adaptation; 0 for none.
    """

    liquid: bool
    strength: float


LIQUID, FIXED, FIXED_ADAPTING = Units(True, 1.8), Units(False, 0.0), Units(False, 1.8)


def network_of(units: Units, config: Sizes, seeds: Seeds) -> RecurrentNetwork:
    """Return an untrained network whose read-out hears voltages.

    Liquid units whose gates are held where their biases are, which are learned, are LIF or ALIF units, the
    time constant of each learned.
    """
    cell = LiquidLIF(
        2,
        config.units,
        threshold=0.1,
        strength=units.strength,
        tau=config.tau,
        dt=DT,
        read="voltage",
        # numbers and markers arrive with weights of this size, in units of the voltage
        input_gain=config.gain * math.sqrt(2) / 0.1,
        seeds=seeds.child("cell"),
    )
    if not units.liquid:
        for gate in (cell.membrane_gate, cell.adaptation_gate):
            gate.weight.requires_grad_(False).zero_()
    return RecurrentNetwork(cell, 1, dt=DT, seeds=seeds.child("readout"))


def last_answer(network: nn.Module, batch: TrialBatch) -> tuple[float, float]:
    """Return the mean squared error of the last answer, and the share of steps in which a unit spikes."""
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(batch.inputs))
        assert isinstance(network, RecurrentNetwork)
        cell = network.cell
        assert isinstance(cell, LiquidLIF)
        rate = float(cell.spikes_of(states).mean())
    return float(np.mean((outputs[-1].numpy() - batch.targets[-1]) ** 2)), rate


class Curve:
    """A hook that notes the error of the last answer on sequences that no training sees."""

    def __init__(self, batch: TrialBatch, every: int) -> None:
        self.batch, self.every, self.step = batch, every, 0
        self.errors: list[float] = []

    def after_step(self, model: nn.Module, seeds: Seeds) -> None:
        """Count a step, and measure where it is time to."""
        self.step += 1
        if self.step % self.every == 0:
            self.errors.append(last_answer(model, self.batch)[0])

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        return {"step": self.step, "errors": self.errors}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.step, self.errors = int(state["step"]), list(state["errors"])


def rule_of(name: str, config: Sizes) -> Rule:
    """Return a rule: "fptt", "no regulariser" (FPTT's steps without it), "tbptt" or "bptt"."""
    stride = config.length // config.stretches
    if name in ("fptt", "no regulariser"):
        alpha = config.alpha if name == "fptt" else NONE
        return named_rule("fptt", stride=stride, alpha=alpha, beta=config.beta)
    return named_rule("tbptt", window=stride) if name == "tbptt" else named_rule(name)


def learned(units: Units, rule: str, config: Sizes, lab: Lab, name: str) -> dict[str, float | Floats]:
    """Train a network of new weights on the same sequences as all others, and test it.

    Back-propagation, whole and truncated, is asked at the end of the sequence alone.

    Returns
    -------
    dict
        ``error`` (mean squared, of the last answer), ``rate`` (share of steps with a spike), and the ``curve``
        (point,) of errors while learning.
    """
    network = network_of(units, config, lab.seeds.child("weights"))
    task = AskedAllAlong(config.length, config.stretches if rule in ("fptt", "no regulariser") else 1)
    every = max(1, config.steps // config.points)
    curve = Curve(task.batch(config.trials // 4, lab.seeds.child("curve")), every)
    fit(
        network,
        task,
        name=name,
        keeper=lab.steps,
        seed=lab.seeds.child("sequences"),
        rule=rule_of(rule, config),
        goal=summed_error,
        learning_rate=config.learning_rate,
        schedule="cosine",
        clip=config.clip,
        steps=config.steps,
        batch=config.batch,
        validate_every=config.steps,
        validate_trials=8,
        hooks=[curve],
        progress=False,
    )
    error, rate = last_answer(network, task.batch(config.trials, lab.seeds.child("test")))
    return {"error": error, "rate": rate, "curve": np.array(curve.errors)}
