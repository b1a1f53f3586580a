"""Networks that make sine waves and moving averages: how they are made and trained, and those that are kept (DYN04)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from tertium.learning.costs import RatesL2
from tertium.learning.training.schedules import Cosine
from tertium.models import RateRNN
from tertium.models.recurrent.initial_weights import Gaussian
from tertium.studies.base import Field, StudyConfig
from tertium.studies.kept import kept_arrays
from tertium.studies.methods.sussillo_pulses import pulsed_average
from tertium.tasks import make

if TYPE_CHECKING:
    from tertium.studies.lab import Lab
    from tertium.tasks.task import Task

Floats = npt.NDArray[np.float64]

#: Waves; the mean of the last two values; the last value alone, a control.
Kind = Literal["waves", "average", "single"]
KINDS: tuple[Kind, ...] = ("waves", "average", "single")

#: Under which study trained networks are kept.
KEPT = "sussillo2013examples"


class ExamplesConfig(StudyConfig):
    """The networks and their training; times in seconds."""

    tau: float = Field(0.1, gt=0, description="time constant of the units")
    dt: float = Field(0.02, gt=0, description="time step")
    wave_units: int = Field(200, ge=2, description="units of the network that makes waves")
    frequencies: int = Field(51, ge=2, description="waves it is trained on")
    lowest: float = Field(0.14, gt=0, description="first of them, radians per time constant")
    highest: float = Field(2.14, gt=0, description="last of them, radians per time constant")
    wave_gain: float = Field(1.2, gt=0, description="spread of its first recurrent weights: their spectral radius")
    wave_steps: int = Field(2000, ge=10, description="steps of its training")
    wave_batch: int = Field(32, ge=2, description="waves a step")
    lessons: tuple[tuple[float, float, float], ...] = Field(
        ((1.0, 0.1, 1.0), (1.5, 0.1, 1.0), (2.0, 0.1, 1.0), (3.0, 0.1, 1.0), (4.5, 0.2, 0.5), (8.0, 0.4, 0.5)),
        description="seconds of a trial, share of the steps, relative learning rate",
    )
    rate_cost: float = Field(0.6, ge=0, description="cost of its squared rates, which keeps units off saturation")
    average_units: int = Field(100, ge=2, description="units of the networks that average")
    average_gain: float = Field(1.0, gt=0, description="spread of their first recurrent weights")
    average_steps: int = Field(1500, ge=1, description="steps of training on the mean of two values")
    single_steps: int = Field(800, ge=1, description="steps of training on the last value alone, a control")
    average_batch: int = Field(64, ge=2, description="trials a step")
    gap: float = Field(0.6, gt=0, description="shortest time from pulse to pulse")
    rate: float = Field(2.0, gt=0, description="pulses per second after that")
    pulse: float = Field(0.1, gt=0, description="length of a pulse")
    marked: float = Field(0.75, gt=0, le=1, description="share of the pulses that are marked")
    learning_rate: float = Field(2e-3, gt=0, description="of Adam, falling to a fiftieth as a cosine")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    retrain: bool = Field(False, description="train even where a trained network of the same configuration is kept")


def training(config: ExamplesConfig) -> dict[str, Any]:
    """Return what a trained network depends on: two networks of one seed are the same if these are."""
    return {name: getattr(config, name) for name in ExamplesConfig.model_fields if name != "retrain"}


def wave_task(config: ExamplesConfig, duration: float) -> Task:
    """Return the task of the waves: an input of ``j / J + 0.25`` asks for the j-th of J frequencies."""
    made: Task = make(
        "sine_generator",
        dt=config.dt,
        frequencies=config.frequencies,
        lowest=config.lowest / config.tau,
        highest=config.highest / config.tau,
        duration=duration,
    )
    return made


def average_task(config: ExamplesConfig, points: int = 2) -> Task:
    """Return the task of the moving average, or, of one point, that of the last value."""
    return pulsed_average(
        points=points, dt=config.dt, pulse=config.pulse, gap=config.gap, rate=config.rate, marked=config.marked
    )


def blank_network(config: ExamplesConfig, kind: Kind, seed: int) -> RateRNN:
    """Return an untrained network: tanh units whose potentials leak, as in the paper, and a linear read-out."""
    waves = kind == "waves"
    return RateRNN(
        1 if waves else 2,
        config.wave_units if waves else config.average_units,
        1,
        dt=config.dt,
        tau=config.tau,
        nonlinearity="tanh",
        init=Gaussian(config.wave_gain if waves else config.average_gain),
        seed=seed,
    )


def trained(config: ExamplesConfig, kind: Kind, lab: Lab) -> RateRNN:
    """Return the trained network of the lab's seed, one that is kept if there is one."""
    network = blank_network(config, kind, lab.seed)
    arrays = None if config.retrain else kept_arrays(KEPT, f"{kind}-{lab.seed}", training(config))
    if arrays is None:
        train = train_waves if kind == "waves" else train_average
        arrays = lab.stage(f"network-{kind}", lambda: train(network, config, kind, lab))
    network.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return network


def train_waves(network: RateRNN, config: ExamplesConfig, kind: Kind, lab: Lab) -> dict[str, Any]:
    """Train on ever longer waves, from a state of zero and in phase; return the weights.

    Waves of many periods are not learned from the start: an early error of the frequency is punished as a wrong phase.
    """
    for number, (duration, share, rate) in enumerate(config.lessons):
        lab.fit(
            network,
            wave_task(config, duration),
            name=f"{kind}-{number}",
            steps=max(1, round(share * config.wave_steps)),
            batch=config.wave_batch,
            learning_rate=rate * config.learning_rate,
            schedule=Cosine(final=0.02 if number == len(config.lessons) - 1 else 0.5, warm_up=20),
            clip=config.clip,
            costs=(RatesL2(config.rate_cost),),
            validate_every=200,
            validate_trials=config.frequencies,
        )
    return _weights(network)


def train_average(network: RateRNN, config: ExamplesConfig, kind: Kind, lab: Lab) -> dict[str, Any]:
    """Train on the mean of the last two values, or on the last alone; return the weights."""
    single = kind == "single"
    lab.fit(
        network,
        average_task(config, 1 if single else 2),
        name=kind,
        steps=config.single_steps if single else config.average_steps,
        batch=config.average_batch,
        learning_rate=config.learning_rate,
        schedule=Cosine(final=0.02, warm_up=50),
        clip=config.clip,
        validate_every=200,
        validate_trials=256,
    )
    return _weights(network)


def _weights(network: RateRNN) -> dict[str, Any]:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


@dataclass(frozen=True)
class Equations:
    """A network of tanh units as plain equations with their Jacobian, in float64: ``dx/dt = -x + J tanh x + B u + b``.

    Times are in time constants of the units. The network goes in steps of ``alpha`` of them, after Euler.

    Attributes
    ----------
    recurrent : array, shape (unit, unit)
        J, row = target.
    incoming : array, shape (unit, channel)
        B.
    bias : array, shape (unit,)
    readout : array, shape (unit,)
    offset : float
        Of the read-out.
    alpha : float
    """

    recurrent: Floats
    incoming: Floats
    bias: Floats
    readout: Floats
    offset: float
    alpha: float

    @classmethod
    def of(cls, network: RateRNN) -> Equations:
        """Return the equations of a network."""
        held = {name: tensor.detach().double().numpy() for name, tensor in network.state_dict().items()}
        return cls(
            held["cells.0.recurrent_weight"],
            held["cells.0.input_weight"],
            held["cells.0.bias"],
            held["readout.weight"][0],
            float(held["readout.bias"][0]),
            float(held["cells.0.alpha"]),
        )

    def velocity(self, x: Floats, u: Floats) -> Floats:
        """Return dx/dt per time constant, (state, unit), of states under inputs (state, channel)."""
        return -x + np.tanh(x) @ self.recurrent.T + u @ self.incoming.T + self.bias

    def slope(self, x: Floats, u: Floats) -> Floats:
        """Return the derivative of `velocity` in the state, (state, unit, unit)."""
        gains = 1 - np.tanh(x) ** 2
        return np.asarray(self.recurrent * gains[:, None, :] - np.eye(len(self.recurrent)))

    def step(self, x: Floats, u: Floats) -> Floats:
        """Return the states one step later."""
        return x + self.alpha * self.velocity(x, u)

    def step_slope(self, x: Floats, u: Floats) -> Floats:
        """Return the derivative of `step` in the state."""
        return np.eye(len(self.recurrent)) + self.alpha * self.slope(x, u)

    def output(self, x: Floats) -> Floats:
        """Return the read-out of states, (..., unit) -> (...)."""
        return np.asarray(np.tanh(x) @ self.readout + self.offset)

    def q(self, x: Floats, u: Floats) -> Floats:
        """Return ``|dx/dt|^2 / 2`` per squared time constant (Sussillo & Barak 2013, eq. 2.2), (state,)."""
        return np.asarray(0.5 * (self.velocity(x, u) ** 2).sum(1))

    def run(self, x: Floats, u: npt.ArrayLike, steps: int) -> Floats:
        """Return the states ``steps`` later under a constant input, one channel or (state, channel)."""
        given = np.broadcast_to(np.asarray(u, dtype=np.float64), (len(x), self.incoming.shape[1]))
        for _ in range(steps):
            x = self.step(x, given)
        return x
