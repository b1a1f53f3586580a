"""The networks of Orhan & Ma 2019: what they are trained on, how, and what is measured of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.dynamics import sequentiality
from tertium.learning.training.schedules import Cosine
from tertium.models import RateRNN
from tertium.models.recurrent.initial_weights import DiagonalPlusGaussian
from tertium.studies.base import Field, StudyConfig
from tertium.studies.methods.orhan import population_vector_skill, shuffled_in_time, skill
from tertium.studies.methods.orhan_comparison import comparison
from tertium.tasks import make
from tertium.tasks.distributions import Choice
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.learning.rule import Trials
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

#: Conditions: the base, the base once more from other random numbers, and those that differ from it in one thing.
FIXED, AGAIN, VARIABLE, COMPARISON, TANH = "fixed delay", "fixed delay again", "variable delay", "comparison", "tanh"
CONDITIONS = (FIXED, AGAIN, VARIABLE, COMPARISON, TANH)

#: What is measured of each network, in the order of `measure`.
MEASURES = (
    "index", "entropy", "ridge", "units", "index of magnitudes", "index, whole-trial bins", "index shuffled",
    "skill", "index untrained", "skill untrained", "optimal skill",
)  # fmt: skip


class NetworksConfig(StudyConfig):
    """Networks, training, and what they are measured with."""

    units: int = Field(100, ge=2, description="recurrent units (paper: 500)")
    lambda0: tuple[float, ...] = Field(
        (0.86, 0.89, 0.92, 0.95, 0.98), description="initial weights of units onto themselves (paper: 0.8 to 0.98)"
    )
    sigma0: float = Field(0.1, ge=0, description="spread of the other initial weights, times sqrt(units)")
    delay: float = Field(1.0, gt=0, description="the fixed delay, of all measurements too, seconds (100 steps)")
    delays: tuple[float, ...] = Field((0.1, 0.4, 0.7, 1.0), description="the variable delays, seconds (paper)")
    batch: int = Field(32, ge=1, description="trials of a step (paper: 50)")
    steps: int = Field(1250, ge=1, description="training steps (paper: 25,000)")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam, falling to a twentieth (paper: 5e-4 throughout)")
    comparison_learning_rate: float = Field(5e-4, gt=0, description="the same for the comparison")
    tanh_learning_rate: float = Field(3e-4, gt=0, description="the same for tanh units, which larger steps saturate")
    warm_up: int = Field(150, ge=0, description="steps over which the learning rate rises first")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    trials: int = Field(100, ge=4, description="trials in which a network is measured")


@dataclass(frozen=True)
class Kind:
    """A kind of network: what it learns, and what its units do.

    Parameters
    ----------
    condition : str
        One of `CONDITIONS`.
    lambda0, sigma0 : float
        Initial weights of units onto themselves; spread of the others, times the root of the number of units.
    task : {"delayed_estimation", "comparison"}
    variable : bool
        Whether the delay varies from trial to trial.
    nonlinearity : {"relu", "tanh"}
    """

    condition: str
    lambda0: float
    sigma0: float
    task: Literal["delayed_estimation", "comparison"] = "delayed_estimation"
    variable: bool = False
    nonlinearity: Literal["relu", "tanh"] = "relu"

    @property
    def key(self) -> str:
        """Return a name that files may have."""
        return f"{self.condition} {self.lambda0:g}".replace(" ", "-").replace(".", "_")

    def learning_rate(self, config: NetworksConfig) -> float:
        """Return Adam's step."""
        if self.nonlinearity == "tanh":
            return config.tanh_learning_rate
        return config.comparison_learning_rate if self.task == "comparison" else config.learning_rate


def kinds(condition: str, config: NetworksConfig) -> list[Kind]:
    """Return the networks of one condition, one for each lambda0."""
    made = []
    for lambda0 in config.lambda0:
        base = Kind(condition, lambda0, config.sigma0)
        match condition:
            case "variable delay":
                base = replace(base, variable=True)
            case "comparison":
                base = replace(base, task="comparison")
            case "tanh":
                base = replace(base, nonlinearity="tanh")
        made.append(base)
    return made


def task_of(kind: Kind, config: NetworksConfig) -> Task:
    """Return what a kind of network learns; the delay is 1 s, or varies."""
    if kind.task == "comparison":
        return comparison(delay=config.delay)
    task = make("delayed_estimation", delay=Choice(config.delays) if kind.variable else config.delay)
    assert isinstance(task, Task)
    return task


def blank_network(kind: Kind, config: NetworksConfig, task: Task, seeds: Seeds) -> RateRNN:
    """Return an untrained network: discrete steps, no leak, weights as in the paper's code.

    Input and output weights are Gaussian with variance ``0.95**2 * 2 / (sources + targets)``.
    """
    network = RateRNN(
        task.n_inputs,
        config.units,
        task.n_outputs,
        dt=task.dt,
        tau=task.dt,
        nonlinearity=kind.nonlinearity,
        init=DiagonalPlusGaussian(kind.lambda0, kind.sigma0),
        output="sigmoid" if kind.task == "comparison" else "linear",
        seed=seeds.integer("weights"),
    )
    cell: Any = network.cell
    with torch.no_grad():
        for name, weight in (("input", cell.input_weight), ("output", network.readout.weight)):
            spread = 0.95 * math.sqrt(2 / sum(weight.shape))
            weight.normal_(0, spread, generator=seeds.torch(name))
        network.readout.bias.zero_()
    return network


def absolute_error(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the mean absolute error during the response (the paper's loss, which takes it modulo pi)."""
    return (trials.mask * (outputs - trials.targets).abs()).sum() / trials.mask.sum()


def binary_cross_entropy(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the mean cross-entropy in nats of probabilities against 0 and 1, during the test."""
    p = outputs.clamp(1e-6, 1 - 1e-6)
    nats = -(trials.targets * p.log() + (1 - trials.targets) * (1 - p).log())
    return (trials.mask * nats).sum() / trials.mask.sum()


def trained_and_measured(kind: Kind, config: NetworksConfig, lab: Lab) -> dict[str, Any]:
    """Train a network and measure it; networks of one seed begin at the same random numbers, but for `AGAIN`.

    Returns
    -------
    dict
        ``numbers``, in the order of `MEASURES`, and ``rates``, shape (time, unit), in the first trial.
    """
    task, seeds = task_of(kind, config), lab.seeds.child(AGAIN if kind.condition == AGAIN else "network")
    network = blank_network(kind, config, task, seeds)
    trials = task.batch(config.trials, lab.seeds.child("measured trials"), delay=config.delay)
    before, _ = measure(network, trials, lab.seeds)
    lab.fit(
        network,
        task,
        name=kind.key,
        goal=binary_cross_entropy if kind.task == "comparison" else absolute_error,
        steps=config.steps,
        batch=config.batch,
        learning_rate=kind.learning_rate(config),
        schedule=Cosine(final=0.05, warm_up=config.warm_up),
        clip=config.clip,
        validate_every=max(config.steps // 4, 1),
        validate_trials=64,
    )
    after, rates = measure(network, trials, lab.seeds)
    best = population_vector_skill(trials) if kind.task == "delayed_estimation" else float("nan")
    numbers = [*after.values(), before["index"], before["skill"], best]
    return {"numbers": np.array(numbers), "rates": rates[:, 0].astype(np.float64)}


def measure(network: RateRNN, trials: TrialBatch, seeds: Seeds) -> tuple[dict[str, float], NDArray[np.float32]]:
    """Return what a network does in given trials, by name, and its rates, shape (time, trial, unit)."""
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(trials.inputs))
        rates = network.rates(states).numpy()
    mixed = shuffled_in_time(rates, seeds.numpy("shuffled")).swapaxes(0, 1)
    by_trial = rates.swapaxes(0, 1)
    found = sequentiality(by_trial)
    numbers = {
        "index": found.index,
        "entropy": float(np.nanmean(found.entropy)) if found.units.any() else float("nan"),
        "ridge": float(np.nanmean(found.ridge)) if np.isfinite(found.ridge).any() else float("nan"),
        "units": float(found.units.mean()),
        "index of magnitudes": sequentiality(np.abs(by_trial)).index,
        "index, whole-trial bins": sequentiality(by_trial, whole_trial=True).index,
        "index shuffled": sequentiality(mixed).index,
        "skill": skill(outputs.numpy(), trials),
    }
    return numbers, rates
