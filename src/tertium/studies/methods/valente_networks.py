"""The teachers of Valente et al. 2022: full-rank networks trained to judge motion or colour, and their recordings."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.learning.training.schedules import Cosine
from tertium.models import RateCell, RateRNN
from tertium.models.recurrent.initial_weights import Gaussian
from tertium.studies.base import Field, StudyConfig
from tertium.tasks import make
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

#: Contexts in the order of the task: which input is asked for.
CONTEXTS = ("motion", "colour")


class ValenteConfig(StudyConfig):
    """Teachers, students, and what is done to both."""

    units: int = Field(256, ge=8, description="units of the teacher and of its students")
    gain: float = Field(0.1, ge=0, description="spread of the teacher's first recurrent weights")
    noise: float = Field(0.079, ge=0, description="standard deviation of the teacher's private noise; 0.05 a step")
    teacher_steps: int = Field(600, ge=1, description="steps of the teacher's training")
    teacher_rate: float = Field(3e-4, gt=0, description="its learning rate (Adam)")
    trials: int = Field(512, ge=16, description="trials recorded and fitted")
    held_out: int = Field(256, ge=16, description="trials recorded and not fitted")
    ranks: int = Field(5, ge=3, description="largest rank of the students of both contexts")
    context_ranks: int = Field(4, ge=3, description="largest rank of the students of one context")
    steps: int = Field(150, ge=1, description="steps of each fit")
    truncations: int = Field(10, ge=5, description="largest rank of the truncated teacher")
    subsets: int = Field(40, ge=4, description="subsets of units that are inactivated")
    share: float = Field(0.25, gt=0, lt=1, description="share of the units in each of them")
    test_trials: int = Field(400, ge=16, description="trials of each inactivation")


def task_of() -> Task:
    """Return the task: context-dependent integration with a cue that comes before the stimulus."""
    return make("lint22/mante")


def blank_teacher(config: ValenteConfig, seed: int) -> RateRNN:
    """Return an untrained teacher: tanh units with private noise, weak connections and a small read-out."""
    network = RateRNN(
        4,
        config.units,
        1,
        dt=0.02,
        tau=0.1,
        nonlinearity="tanh",
        noise=config.noise,
        bias=False,
        readout_bias=False,
        init=Gaussian(config.gain),
        seed=seed,
    )
    with torch.no_grad():
        # input weights of variance 1, and of the read-out 1 / units^2, as in the authors' code
        rate_cell(network).input_weight.mul_(network.n_inputs**0.5)
        network.readout.weight.mul_(config.units**-0.5)
    return network


def train_teacher(config: ValenteConfig, lab: Lab) -> dict[str, Any]:
    """Return the weights of a trained teacher."""
    network = blank_teacher(config, lab.seed)
    lab.fit(
        network,
        task_of(),
        name="teacher",
        goal="weighted_squared_error",
        steps=config.teacher_steps,
        batch=32,
        learning_rate=config.teacher_rate,
        schedule=Cosine(final=0.05),
        clip=1.0,
        validate_every=200,
        validate_trials=256,
    )
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


def teacher_with(config: ValenteConfig, seed: int, weights: dict[str, Any]) -> RateRNN:
    """Return a teacher with given weights."""
    network = blank_teacher(config, seed)
    network.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return network.requires_grad_(False)


def rate_cell(network: RateRNN) -> RateCell:
    """Return the cell of a network."""
    assert isinstance(network.cell, RateCell)
    return network.cell


def quiet(network: RateRNN) -> RateRNN:
    """Return a copy without private noise."""
    copied = deepcopy(network)
    rate_cell(copied).noise_std = 0.0
    return copied


def run(network: RateRNN, batch: TrialBatch, seeds: Seeds) -> tuple[Singles, Singles]:
    """Return outputs (time, trial, 1) and rates (trial, time, unit) of a network doing trials."""
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(batch.inputs), generator=seeds.torch("noise"))
        assert isinstance(states, torch.Tensor)
        rates = rate_cell(network).activity(states)
    return outputs.numpy(), rates.numpy().swapaxes(0, 1)


def performances(network: RateRNN, batch: TrialBatch, seeds: Seeds) -> Floats:
    """Return the fraction correct in each context, shape (context,)."""
    right = batch.correct(run(network, batch, seeds)[0])
    return np.array([right[batch.columns["context"] == i].mean() for i in range(len(CONTEXTS))])


def truncated(network: RateRNN, rank: int) -> RateRNN:
    """Return a noiseless copy of which only the largest singular values of the recurrent weights are left."""
    cut = quiet(network)
    weights = rate_cell(cut).recurrent_weight
    assert isinstance(weights, torch.Tensor)
    u, s, vt = torch.linalg.svd(weights)
    with torch.no_grad():
        weights.copy_(u[:, :rank] * s[:rank] @ vt[:rank])
    return cut


def inactivated(network: RateRNN, units: npt.NDArray[np.int64]) -> RateRNN:
    """Return a noiseless copy in which some units are without effect on others and on the read-out."""
    hurt = quiet(network)
    cell = rate_cell(hurt)
    sending = cell.recurrent_weight if cell.rank is None else cell.right.T
    with torch.no_grad():
        sending[:, units] = 0
        hurt.readout.weight[:, units] = 0
    return hurt
