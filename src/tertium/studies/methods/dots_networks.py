"""Networks that judge random dots, and their trials in the form in which a laboratory has a monkey's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from tertium.data import make_responses
from tertium.learning import Trials
from tertium.learning.training.schedules import Cosine
from tertium.models import RateRNN
from tertium.record import record
from tertium.studies.base import Field, StudyConfig
from tertium.tasks import make
from tertium.tasks.distributions import Uniform
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

Floats = npt.NDArray[np.float64]


class DotsConfig(StudyConfig):
    """The networks, their training, and the measurements."""

    units: int = Field(64, ge=4, description="recurrent units")
    dt: float = Field(0.02, gt=0, description="time step, seconds")
    tau: float = Field(0.1, gt=0, description="time constant of the units, seconds")
    noise: float = Field(0.05, ge=0, description="standard deviation of the units' private noise")
    sensory_noise: float = Field(0.1, ge=0, description="of each motion channel, after a leaky unit of 100 ms")
    viewing: tuple[float, float] = Field((0.08, 1.5), description="shortest and longest stimulus in training, seconds")
    limit: float = Field(2.0, gt=0, description="longest stimulus when the network may answer at any time, seconds")
    level: float = Field(0.7, gt=0, lt=1, description="level of a choice output that makes an answer")
    batch: int = Field(64, ge=1, description="trials a step")
    steps: int = Field(1200, ge=1, description="steps of the training of each network")
    control_steps: int = Field(400, ge=1, description="the same for the network without recurrence")
    learning_rate: float = Field(3e-3, gt=0, description="of Adam, falling to a twentieth as a cosine")
    warm_up: int = Field(50, ge=0, description="steps over which the learning rate rises first")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    trials: int = Field(6000, ge=12, description="trials of the psychometric function")
    duration_trials: int = Field(1200, ge=12, description="trials at each duration")
    kernel_trials: int = Field(3000, ge=10, description="trials at zero coherence")
    shown: float = Field(0.8, gt=0, description="seconds of motion for the psychometric function and the kernel")
    durations: tuple[float, ...] = Field(
        (0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.12, 1.5), description="seconds of motion for thresholds"
    )
    saturation: float = Field(0.8, gt=0, description="longest duration in the fit of thresholds, seconds")
    session_trials: int = Field(3000, ge=24, description="trials with reaction times, units recorded")
    draws: int = Field(100, ge=2, description="bootstrap resamplings of trials and of cells")
    shuffles: int = Field(20, ge=1, description="times that coherences are dealt out anew")


def viewing_task(config: DotsConfig) -> Task:
    """Return the task with motion of unpredictable duration, answered when it ends."""
    return make(
        "perceptual_decision_variable",
        dt=config.dt,
        noise=config.sensory_noise,
        fixation=0.1,
        stimulus=Uniform(*config.viewing),
        decision=0.2,
    )


def answering_task(config: DotsConfig) -> Task:
    """Return the task with motion that stays on and may be answered at any time."""
    return make(
        "perceptual_decision_rt",
        dt=config.dt,
        noise=config.sensory_noise,
        fixation=0.3,
        stimulus=config.limit,
        threshold=config.level,
    )


def blank_network(config: DotsConfig, task: Task, seed: int, *, recurrent: bool = True) -> RateRNN:
    """Return an untrained network of leaky rectified units; without ``recurrent`` no unit hears another, ever."""
    network = RateRNN(
        task.n_inputs,
        config.units,
        task.n_outputs,
        dt=config.dt,
        tau=config.tau,
        nonlinearity="relu",
        noise=config.noise,
        seed=seed,
    )
    if not recurrent:
        weight: Any = network.cell.recurrent_weight
        with torch.no_grad():
            weight.zero_()
        weight.requires_grad_(False)
    return network


def squared_error(outputs: torch.Tensor, trials: Trials) -> torch.Tensor:
    """Return the weighted squared error (Song et al. 2016)."""
    return (trials.mask * (outputs - trials.targets) ** 2).mean()


def trained(name: str, network: RateRNN, task: Task, config: DotsConfig, lab: Lab, steps: int) -> RateRNN:
    """Train a network on a task by back-propagation through time; a run that was killed does not repeat it."""

    def train() -> dict[str, Any]:
        lab.fit(
            network,
            task,
            name=name,
            goal=squared_error,
            steps=steps,
            batch=config.batch,
            learning_rate=config.learning_rate,
            schedule=Cosine(final=0.05, warm_up=config.warm_up),
            clip=config.clip,
            validate_every=400,
            validate_trials=256,
        )
        return {key: tensor.numpy() for key, tensor in network.state_dict().items()}

    arrays = lab.stage(f"network-{name}", train)
    network.load_state_dict({key: torch.as_tensor(array) for key, array in arrays.items()})
    return network


def view(network: RateRNN, task: Task, n: int, seeds: Seeds, **fixed: Any) -> tuple[TrialBatch, npt.NDArray[np.int64]]:
    """Show trials and return them with the choices, shape (trial,)."""
    batch = task.batch(n, seeds, **fixed)
    answers = record(network, batch.inputs, "readout", seed=seeds.integer("units"), progress=False)
    chosen = task.spec.response.read(answers.values.transpose(1, 0, 2), batch)
    return batch, np.asarray(chosen)


@dataclass(frozen=True)
class Session:
    """Trials with reaction times and what the units did, as a laboratory keeps them.

    Attributes
    ----------
    coherence : array, shape (trial,)
        Without sign.
    choice : array of int, shape (trial,)
        0 or 1; -1 where there was no answer until the motion ended.
    correct : array of bool, shape (trial,)
    seconds : array, shape (trial,)
        Reaction time; NaN where there was none.
    rates : xarray.DataArray, dims (trial, time, unit)
        Time in seconds from the onset of the motion.
    """

    coherence: Floats
    choice: npt.NDArray[np.int64]
    correct: npt.NDArray[np.bool_]
    seconds: Floats
    rates: xr.DataArray


def session(network: RateRNN, task: Task, n: int, seeds: Seeds) -> Session:
    """Let a network answer when it is ready, and record from all its units."""
    batch = task.batch(n, seeds)
    both = record(network, batch.inputs, ("cells.0", "readout"), seed=seeds.integer("units"), progress=False)
    layer = both["layer"].values
    outputs = both.values[:, :, layer == "readout"].transpose(1, 0, 2)
    rule: Any = task.spec.response
    start = float(batch.seconds("stimulus")[0, 0])
    rates = both[:, :, layer == "cells.0"]
    return Session(
        coherence=np.abs(batch.columns["coherence"]),
        choice=np.asarray(rule.read(outputs, batch)),
        correct=np.asarray(rule.correct(outputs, batch)),
        # an output that reaches the level in a step has done so at its end
        seconds=np.asarray(rule.reaction_time(outputs, batch) + task.dt, dtype=np.float64),
        rates=rates.assign_coords(time=rates["time"].values - start),
    )


def selectivity(one: Session, trials: npt.NDArray[np.bool_]) -> Floats:
    """Return d' of each unit between choice 0 and choice 1, in the 100 ms before the answer, shape (unit,).

    It is 0 where one of the choices was made less than twice.
    """
    time, dt = one.rates["time"].values, float(one.rates.attrs["dt"])
    before = one.seconds[:, None] - (time + dt)
    inside = (before > -dt / 2) & (before < 0.1 - dt / 2)
    late = np.einsum("btu,bt->bu", one.rates.values, inside) / np.maximum(inside.sum(1), 1)[:, None]
    a, b = (late[trials & (one.choice == side) & one.correct] for side in (0, 1))
    if min(len(a), len(b)) < 2:
        return np.zeros(late.shape[1])
    spread = np.sqrt((a.var(0) + b.var(0)) / 2)
    return np.asarray((a.mean(0) - b.mean(0)) / np.where(spread > 0, spread, np.inf), dtype=np.float64)


def cells_of(one: Session, *, align: str, window: tuple[float, float], least: float = 1.0) -> dict[str, xr.DataArray]:
    """Return the choice-selective units as an electrode would: one table each, as `RoitmanLIP.responses` gives them.

    Parameters
    ----------
    one : Session
    align : {"dots_on", "saccade"}
        Time 0: the onset of the motion, or the answer.
    window : tuple of float
        Seconds around it.
    least : float
        Least selectivity |d'|. It is measured, as is the preferred choice, on the trials of even number; the tables
        hold the others.
    """
    even = np.arange(len(one.choice)) % 2 == 0
    prefer = selectivity(one, even)
    trials = np.flatnonzero(~even & (one.choice >= 0))
    dt, time = float(one.rates.attrs["dt"]), one.rates["time"].values
    bins = round((window[1] - window[0]) / dt)
    event = np.zeros(len(trials)) if align == "dots_on" else one.seconds[trials]
    first = np.rint((event + window[0] - time[0]) / dt).astype(int)
    cut = one.rates.values[trials[:, None], first[:, None] + np.arange(bins)]
    labels = {"coherence": one.coherence[trials], "correct": one.correct[trials], "rt": one.seconds[trials]}
    return {
        f"u{unit}": make_responses(
            cut[:, :, unit : unit + 1],
            dt=dt,
            time=window[0] + dt * np.arange(bins),
            trial={"trial": trials, **labels, "choice": np.where((one.choice[trials] == 0) == (d > 0), 1, 2)},
            unit={"unit": [f"u{unit}"]},
            quantity="activation",
            source="network",
        )
        for unit, d in enumerate(prefer)
        if abs(d) >= least
    }
