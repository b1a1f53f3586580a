"""The population of Maheswaranathan et al. 2019: three tasks, four architectures, and how the networks are trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning.training.schedules import Cosine
from tertium.models import GRU, LSTM, UGRNN, RecurrentNetwork, VanillaRNN
from tertium.studies.base import Field, StudyConfig
from tertium.studies.kept import kept_arrays
from tertium.tasks import make
from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Choice, Uniform
from tertium.tasks.response_rules import FollowsTarget
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Target, TaskSpec
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Under which study trained networks are kept.
KEPT = "maheswaranathan2019"

#: How networks of each architecture are made, all of tanh units.
ARCHITECTURES: Mapping[str, type[RecurrentNetwork]] = {
    "vanilla": VanillaRNN,
    "UGRNN": UGRNN,
    "GRU": GRU,
    "LSTM": LSTM,
}

#: The tasks: hold three bits, put out a sine wave, integrate one of two streams.
TASKS = ("bits", "sines", "integration")

#: Seconds of a step, a label.
DT = 0.01

#: Channels of the integration: two streams and two contexts.
INTEGRATION_INPUTS = 4


class PopulationConfig(StudyConfig):
    """The networks and their training."""

    units: int = Field(64, ge=4, description="recurrent units (the paper: 64, 128, 256)")
    networks: int = Field(4, ge=2, description="networks of each architecture for each task (the paper: hundreds)")
    steps_bits: int = Field(1500, ge=1, description="steps of training to hold bits")
    steps_sines: int = Field(800, ge=1, description="steps of training to put out sine waves")
    steps_integration: int = Field(800, ge=1, description="steps of training to integrate")
    vanilla: int = Field(4, ge=1, description="times as many steps of integration for vanilla networks")
    ugrnn: int = Field(3, ge=1, description="times as many steps of sines and integration for UGRNNs")
    batch: int = Field(32, ge=2, description="trials a step")
    learning_rate: float = Field(2e-3, gt=0, description="of Adam, falling to a fiftieth as a cosine")
    learning_rate_bits: float = Field(5e-3, gt=0, description="the same where bits are to be held")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    bits: int = Field(3, ge=1, description="bits to hold")
    duration: float = Field(0.6, gt=0, description="seconds of a trial of bits, of 10 ms steps")
    integration: float = Field(0.8, gt=0, description="seconds of a trial of integration")
    wave: float = Field(0.8, gt=0, description="seconds of a trial of sine waves")
    rate: float = Field(8.0, gt=0, description="pulses a second on each channel of bits, of either sign")
    levels: int = Field(8, ge=2, description="frequencies of the sine waves, evenly spaced")
    slowest: float = Field(3.0, gt=0, description="lowest frequency, Hz")
    fastest: float = Field(8.0, gt=0, description="highest frequency, Hz")
    retrain: bool = Field(False, description="train even where trained networks of the same configuration are kept")


def training(config: PopulationConfig) -> dict[str, Any]:
    """Return what trained networks depend on: two populations of one seed are the same if these are."""
    return {name: getattr(config, name) for name in PopulationConfig.model_fields if name != "retrain"}


def context_integration(*, dt: float = DT, duration: float = 0.8, sample: float = 0.3, spread: float = 0.7) -> TaskSpec:
    """Put out the running sum of one of two streams of white noise, the one that the context names; then hold it.

    The streams end at a random time in the last three quarters of a trial, and what has been summed up is to be held.
    In the paper they last to the end of the trial: networks are then not asked to hold a sum longer than its evidence
    is old on average, and a leaky sum is nearly as good (pilot: UGRNNs came back to one fixed point within 100 steps).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    duration : float
        Seconds.
    sample : float
        Standard deviation of a sample of the streams.
    spread : float
        Standard deviation of the sum, scaled, where the streams last throughout.

    Examples
    --------
    >>> batch = Task(context_integration()).batch(4, seed=0)
    >>> batch.inputs.shape, batch.targets.shape
    ((80, 4, 4), (80, 4, 1))
    """
    scale = spread * (dt / duration) ** 0.5 / sample

    def evidence(rng: np.random.Generator, course: TrialCourse) -> NDArray[Any]:
        shown = course.grid * course.dt < course.columns["stop"]
        return sample * rng.standard_normal((course.steps, course.n, 2)) * shown[..., None]

    def stream(which: int) -> Series:
        return Series(lambda course: course.streams["evidence"][..., which])

    def total(course: TrialCourse) -> NDArray[Any]:
        asked = course.columns["context"][:, None] == np.arange(2)
        return np.asarray(scale * np.cumsum((course.streams["evidence"] * asked).sum(-1), axis=0))

    return TaskSpec(
        name="context_integration",
        what="Put out the running sum of one of two streams, as the context says.",
        cite="Maheswaranathan, Williams, Golub, Ganguli & Sussillo 2019 NeurIPS",
        dt=dt,
        epochs=(Epoch("integration", duration),),
        inputs=(Channel("first"), Channel("second"), OneHot("context", 2)),
        outputs=(Channel("sum"),),
        conditions={"context": Choice((0, 1)), "stop": Uniform(duration / 4, duration)},
        stimuli=(
            Stimulus("first", stream(0), "integration"),
            Stimulus("second", stream(1), "integration"),
            Stimulus("context", "context", "integration"),
        ),
        targets=(Target("sum", Series(total), "integration"),),
        weights=(LossWeight(1.0, "integration"),),
        response=FollowsTarget(0.15),
        streams={"evidence": evidence},
    )


def task_of(config: PopulationConfig, name: str) -> Task:
    """Return a task of the study."""
    if name == "bits":
        made = make("flip_flop", bits=config.bits, dt=DT, duration=config.duration, rate=config.rate)
        assert isinstance(made, Task)
        return made
    if name == "sines":
        made = make(
            "sine_generator",
            dt=DT,
            frequencies=config.levels,
            lowest=2 * np.pi * config.slowest,
            highest=2 * np.pi * config.fastest,
            duration=config.wave,
        )
        assert isinstance(made, Task)
        return made
    return Task(context_integration(duration=config.integration))


def still_inputs(config: PopulationConfig, name: str) -> Floats:
    """Return the constant inputs under which networks of a task are taken apart, shape (input, channel).

    No pulse for bits; each level of the sine waves; each context without evidence.
    """
    if name == "bits":
        return np.zeros((1, config.bits))
    if name == "sines":
        return np.asarray((np.arange(config.levels) + 1) / config.levels + 0.25)[:, None]
    return np.eye(INTEGRATION_INPUTS)[2:]


def frequencies(config: PopulationConfig) -> Floats:
    """Return the frequencies asked for at the levels, Hz."""
    return np.linspace(config.slowest, config.fastest, config.levels)


def blank_network(config: PopulationConfig, architecture: str, task: Task, seed: int) -> RecurrentNetwork:
    """Return an untrained network."""
    make_one: Any = ARCHITECTURES[architecture]
    network: RecurrentNetwork = make_one(task.n_inputs, config.units, task.n_outputs, dt=DT, seed=seed)
    return network


@dataclass(frozen=True)
class Member:
    """One network of the population, trained, and the same before training."""

    architecture: str
    number: int
    network: RecurrentNetwork
    blank: RecurrentNetwork


def member_names(config: PopulationConfig) -> list[tuple[str, int]]:
    """Return architecture and number of each network of a task, in order."""
    return [(architecture, k) for architecture in ARCHITECTURES for k in range(config.networks)]


def population(config: PopulationConfig, name: str, lab: Lab) -> tuple[list[Member], bool]:
    """Return the trained networks of a task, and whether they were taken from those that are kept."""
    task = task_of(config, name)
    kept = None if config.retrain else kept_arrays(KEPT, f"{name}-{lab.seed}", training(config))
    members = []
    for architecture, k in member_names(config):
        seed = lab.seeds.integer(f"{name}-{architecture}-{k}") % 2**31
        network, blank = (blank_network(config, architecture, task, seed) for _ in range(2))
        label = f"{name}-{architecture}-{k}"
        if kept is not None:
            prefix = f"{architecture}-{k}/"
            arrays = {key.removeprefix(prefix): kept[key] for key in kept if key.startswith(prefix)}
        else:
            arrays = lab.stage(f"network-{label}", _training_of(network, config, name, label, lab))
        network.load_state_dict({key: torch.as_tensor(array) for key, array in arrays.items()})
        members.append(Member(architecture, k, network.eval(), blank.eval()))
    return members, kept is not None


def steps_of(config: PopulationConfig, name: str, network: RecurrentNetwork) -> int:
    """Return how many steps a network is trained; those with fewer gates need more of some tasks, and cost less."""
    steps = {"bits": config.steps_bits, "sines": config.steps_sines, "integration": config.steps_integration}[name]
    if isinstance(network, UGRNN) and name != "bits":
        return steps * config.ugrnn
    return steps * (config.vanilla if isinstance(network, VanillaRNN) and name == "integration" else 1)


def _training_of(
    network: RecurrentNetwork, config: PopulationConfig, name: str, label: str, lab: Lab
) -> Callable[[], dict[str, Any]]:
    return lambda: _train(network, config, name, label, lab)


def weights_of(members: list[Member]) -> dict[str, NDArray[Any]]:
    """Return all weights of a task's networks under one roof, to be kept in one file."""
    return {
        f"{one.architecture}-{one.number}/{key}": tensor.numpy()
        for one in members
        for key, tensor in one.network.state_dict().items()
    }


def _train(network: RecurrentNetwork, config: PopulationConfig, name: str, label: str, lab: Lab) -> dict[str, Any]:
    lab.fit(
        network,
        task_of(config, name),
        name=label,
        steps=steps_of(config, name, network),
        batch=config.batch,
        learning_rate=config.learning_rate_bits if name == "bits" else config.learning_rate,
        clip=config.clip,
        schedule=Cosine(final=0.02),
        validate_every=500,
        validate_trials=128,
    )
    return {key: tensor.numpy().copy() for key, tensor in network.state_dict().items()}
