"""The networks of Mante et al. 2013: their task, how they are made and trained, and the trained ones that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from tertium.learning import Trials
from tertium.learning.training.schedules import Cosine
from tertium.models import RateCell, RateRNN
from tertium.models.recurrent.initial_weights import Gaussian
from tertium.studies.base import Field, StudyConfig
from tertium.studies.kept import kept_arrays
from tertium.tasks import make
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tertium.studies.lab import Lab

#: Channels of the task; context i asks for input i.
INPUTS = ("motion", "colour")
CONTEXTS = ("motion", "colour")

#: Seconds of the step in which the task gives its noise.
MILLISECOND = 1e-3


class ManteConfig(StudyConfig):
    """The networks and their training."""

    units: int = Field(100, ge=4, description="recurrent units")
    dt: float = Field(0.01, gt=0, description="time step, seconds")
    tau: float = Field(0.02, gt=0, description="time constant of the units, seconds")
    sensory_noise: float = Field(1.0, ge=0, description="standard deviation of an input's sample of 1 ms")
    noise: float = Field(0.0158, ge=0, description="standard deviation of the units' private noise, after their leak")
    gain: float = Field(0.5, gt=0, description="spread of the first recurrent weights: their spectral radius")
    batch: int = Field(64, ge=1, description="trials a step")
    steps: int = Field(1500, ge=1, description="steps of the training")
    learning_rate: float = Field(2e-3, gt=0, description="of Adam, falling to a fiftieth as a cosine")
    warm_up: int = Field(50, ge=0, description="steps over which the learning rate rises first")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    retrain: bool = Field(False, description="train even where a trained network of the same configuration is kept")


def training(config: ManteConfig) -> dict[str, Any]:
    """Return what a trained network depends on: two networks of one seed are the same if these are."""
    return {name: getattr(config, name) for name in ManteConfig.model_fields if name != "retrain"}


def task_of(config: ManteConfig, coherences: Sequence[float] | None = None) -> Task:
    """Return the task at the configuration's step; evidence and noise add up to the same over a trial at any step.

    `tertium.tasks.presets.mante13` takes noise that grows with the step, as it was found; white noise has samples of
    standard deviation ``s sqrt(1 ms / dt)``.
    """
    noise = config.sensory_noise * MILLISECOND**0.5 / config.dt
    return make("mante13", dt=config.dt, noise=noise, coherences=coherences)


def blank_network(config: ManteConfig, seed: int) -> RateRNN:
    """Return an untrained network: leaky tanh units with private noise and a linear read-out."""
    return RateRNN(
        4,
        config.units,
        1,
        dt=config.dt,
        tau=config.tau,
        nonlinearity="tanh",
        noise=config.noise,
        init=Gaussian(config.gain),
        seed=seed,
    )


def leak_of(network: RateRNN) -> float:
    """Return alpha, the time step over the time constant of the units."""
    cell = network.cell
    assert isinstance(cell, RateCell)
    return float(cell.leak())


def log_loss(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the mean log-loss of the choice at the last step, ``log(1 + exp(-2 z answer))``.

    An output that minimises it is half the log-odds of the two answers, which evidence adds to without bound. The
    squared distance to -1 and 1 asks instead for an output that saturates, and networks then end in two basins with an
    unstable point between them (pilot seeds: slowest mode at +0.1 in the middle, -0.2 at the ends, per time constant).
    """
    margins = 2 * outputs * trials.targets
    return (trials.mask * torch.nn.functional.softplus(-margins)).sum() / trials.mask.sum()


def trained(config: ManteConfig, lab: Lab, *, study: str = "mante2013") -> tuple[RateRNN, bool]:
    """Return the trained network of the lab's seed, and whether it was taken from those that are kept."""
    network = blank_network(config, lab.seed)
    arrays = None if config.retrain else kept_arrays(study, f"tanh-{lab.seed}", training(config))
    if arrays is not None:
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        return network, True
    arrays = lab.stage("network", lambda: _train(network, config, lab))
    network.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return network, False


def _train(network: RateRNN, config: ManteConfig, lab: Lab) -> dict[str, Any]:
    lab.fit(
        network,
        task_of(config),
        goal=log_loss,
        steps=config.steps,
        batch=config.batch,
        learning_rate=config.learning_rate,
        schedule=Cosine(final=0.02, warm_up=config.warm_up),
        clip=config.clip,
        validate_every=500,
        validate_trials=512,
    )
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
