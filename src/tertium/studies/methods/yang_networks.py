"""The networks of Yang et al. 2019: how they are made and trained, and the trained ones that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from tertium.learning import Trials
from tertium.learning.training.schedules import Cosine
from tertium.models import RateRNN
from tertium.models.recurrent.initial_weights import Diagonal, InitialWeights, Orthogonal
from tertium.studies.base import Field, StudyConfig
from tertium.studies.kept import kept_arrays
from tertium.tasks import make
from tertium.tasks.multitask.yang19_parts import RULES
from tertium.tasks.task_set import TaskSet

if TYPE_CHECKING:
    from tertium.studies.lab import Lab


class YangConfig(StudyConfig):
    """The networks and their training."""

    tasks: tuple[str, ...] = Field(RULES, description="tasks that one network learns")
    units: int = Field(256, ge=2, description="recurrent units")
    noise: float = Field(0.05, ge=0, description="standard deviation of the units' private noise")
    batch: int = Field(64, ge=1, description="trials a step, all of one task")
    learning_rate: float = Field(5e-3, gt=0, description="of Adam, falling to a twentieth as a cosine")
    tanh_learning_rate: float = Field(2e-3, gt=0, description="the same for networks of tanh units")
    warm_up: int = Field(200, ge=0, description="steps over which the learning rate rises first")
    second_moment: float = Field(0.99, gt=0, lt=1, description="Adam's decay of the squared gradient")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    coarse_dt: float = Field(0.05, gt=0, description="time step of the first part of the training, seconds")
    coarse_steps: int = Field(16_000, ge=1, description="steps of the first part")
    dt: float = Field(0.02, gt=0, description="time step of the second part and of all measurements, seconds")
    steps: int = Field(1_000, ge=1, description="steps of the second part")
    fine_learning_rate: float = Field(5e-4, gt=0, description="of the second part")
    retrain: bool = Field(False, description="train even where a trained network of the same configuration is kept")


def training(config: YangConfig) -> dict[str, Any]:
    """Return what a trained network depends on: two networks of one seed are the same if these are."""
    return {name: getattr(config, name) for name in YangConfig.model_fields if name != "retrain"}


def blank_network(config: YangConfig, nonlinearity: str, seed: int, dt: float) -> RateRNN:
    """Return an untrained network (Yang et al. 2019, eq. 2-3): leaky units, tau 100 ms, a logistic read-out.

    Recurrent weights begin as 0.5 times the identity for softplus units and as a rotation for tanh units.
    """
    init: InitialWeights = Orthogonal(1.0) if nonlinearity == "tanh" else Diagonal(0.5)
    tasks = make("yang19")
    return RateRNN(
        tasks.n_inputs,
        config.units,
        tasks.n_outputs,
        dt=dt,
        tau=0.1,
        nonlinearity=nonlinearity,
        form="rate",
        noise=config.noise,
        init=init,
        output="sigmoid",
        seed=seed,
    )


def tasks_of(config: YangConfig, dt: float, *, noise: float = 0.01, shared_timing: bool = False) -> TaskSet:
    """Return the tasks at a time step; rule inputs stay where they are when some tasks are left out."""
    made = make("yang19", tasks=list(config.tasks), dt=dt, noise=noise, shared_timing=shared_timing)
    assert isinstance(made, TaskSet)
    return made


def cost(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the weighted squared error (Yang et al. 2019, eq. 4)."""
    return (trials.mask * (outputs - trials.targets) ** 2).mean()


def trained(config: YangConfig, nonlinearity: str, lab: Lab) -> tuple[RateRNN, bool]:
    """Return the trained network of the lab's seed, and whether it was taken from those that are kept.

    Training has two parts. The equations are in continuous time, and a step of 50 ms costs 2.5 times less than one of
    20 ms; so most of it is done with the long step, and the rest with the paper's. A batch has one timing, as in the
    original.
    """
    network = blank_network(config, nonlinearity, lab.seed, config.dt)
    arrays = None if config.retrain else kept_arrays("yang2019", f"{nonlinearity}-{lab.seed}", training(config))
    if arrays is not None:
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        return network, True
    arrays = lab.stage(f"network-{nonlinearity}", lambda: _train(config, nonlinearity, lab))
    network.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return network, False


def _train(config: YangConfig, nonlinearity: str, lab: Lab) -> dict[str, Any]:
    coarse = blank_network(config, nonlinearity, lab.seed, config.coarse_dt)
    options: dict[str, Any] = {
        "goal": cost,
        "batch": config.batch,
        "clip": config.clip,
        "schedule": Cosine(final=0.05, warm_up=config.warm_up),
        "validate_every": 1000,
        "validate_trials": 128,
        "over_tasks": "mean",
        "checkpoint_every": 250,
    }

    def adam(rate: float) -> Any:
        return lambda parameters: torch.optim.Adam(parameters, rate, betas=(0.9, config.second_moment))

    lab.fit(
        coarse,
        tasks_of(config, config.coarse_dt, shared_timing=True),
        name=f"{nonlinearity}-coarse",
        steps=config.coarse_steps,
        optimizer=adam(config.tanh_learning_rate if nonlinearity == "tanh" else config.learning_rate),
        **options,
    )
    fine = blank_network(config, nonlinearity, lab.seed, config.dt)
    fine.load_state_dict({**coarse.state_dict(), "cells.0.alpha": fine.state_dict()["cells.0.alpha"]})
    lab.fit(
        fine,
        tasks_of(config, config.dt, shared_timing=True),
        name=f"{nonlinearity}-fine",
        steps=config.steps,
        optimizer=adam(config.fine_learning_rate),
        **options,
    )
    return {name: tensor.numpy() for name, tensor in fine.state_dict().items()}
