"""Networks that learn the flip-flop: how they are made and trained, and the trained ones that are kept (DYN03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning.training.schedules import Cosine
from tertium.models import RateRNN, RecurrentNetwork
from tertium.models.recurrent.gated.networks import GRU
from tertium.studies.base import Field, StudyConfig
from tertium.studies.kept import kept_arrays
from tertium.tasks import make
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Bits of the networks that most is asked of.
MAIN_BITS = 3

#: Under which study trained networks are kept.
KEPT = "sussillo2013"


class FlipFlopConfig(StudyConfig):
    """The networks and their training."""

    units: int = Field(100, ge=2, description="recurrent units")
    steps: int = Field(2500, ge=1, description="steps of training for three bits")
    other_steps: int = Field(1500, ge=1, description="steps of training for another number of bits")
    batch: int = Field(32, ge=2, description="trials a step")
    learning_rate: float = Field(2e-3, gt=0, description="of Adam, falling to a twentieth as a cosine")
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    duration: float = Field(1.0, gt=0, description="seconds of a trial, of 10 ms steps")
    rate: float = Field(5.0, gt=0, description="pulses a second on each channel, of either sign")
    retrain: bool = Field(False, description="train even where a trained network of the same configuration is kept")


def training(config: FlipFlopConfig) -> dict[str, Any]:
    """Return what a trained network depends on: two networks of one seed are the same if these are."""
    return {name: getattr(config, name) for name in FlipFlopConfig.model_fields if name != "retrain"}


def flip_flop(config: FlipFlopConfig, bits: int, **options: Any) -> Task:
    """Return the task: pulses more frequent and trials shorter than its defaults, so that a batch tells more."""
    made = make("flip_flop", bits=bits, duration=config.duration, rate=config.rate, **options)
    assert isinstance(made, Task)
    return made


def blank_network(config: FlipFlopConfig, kind: str, bits: int, seed: int) -> RecurrentNetwork:
    """Return an untrained network: "tanh", leaky tanh units of 20 ms whose rates are the state, or "gru"."""
    if kind == "gru":
        return GRU(bits, config.units, bits, dt=0.01, seed=seed)
    return RateRNN(bits, config.units, bits, dt=0.01, tau=0.02, nonlinearity="tanh", form="rate", seed=seed)


def load(network: RecurrentNetwork, arrays: dict[str, Any]) -> RecurrentNetwork:
    """Put weights into a network, and return it."""
    network.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return network


def trained(config: FlipFlopConfig, kind: str, bits: int, lab: Lab) -> RecurrentNetwork:
    """Return the trained network of the lab's seed, one that is kept if there is one; ``kind`` is "tanh" or "gru"."""
    network = blank_network(config, kind, bits, lab.seed)
    name = f"{kind}-{bits}"
    arrays = None if config.retrain else kept_arrays(KEPT, f"{name}-{lab.seed}", training(config))

    def train() -> dict[str, Any]:
        lab.fit(
            network,
            flip_flop(config, bits),
            name=name,
            steps=config.steps if bits == MAIN_BITS else config.other_steps,
            batch=config.batch,
            learning_rate=config.learning_rate,
            clip=config.clip,
            schedule=Cosine(final=0.05),
            validate_every=500,
            validate_trials=128,
        )
        return {key: tensor.numpy() for key, tensor in network.state_dict().items()}

    return load(network, arrays if arrays is not None else lab.stage(f"network-{name}", train))


def drive(network: RecurrentNetwork, task: Task, trials: int, seeds: Seeds) -> dict[str, Floats]:
    """Let a network do trials that no training has seen.

    Returns
    -------
    dict
        ``inputs``, ``outputs``, ``targets`` (time, trial, channel), ``states`` (trial, time, unit) and ``right``
        (trial,): the fraction of steps, but for the blind ones after a pulse, with the sign of the last pulse.
    """
    batch = task.batch(trials, seeds)
    with torch.no_grad():
        outputs, states = network(torch.as_tensor(batch.inputs, dtype=torch.float32))
    assert torch.is_tensor(states)
    return {
        "inputs": batch.inputs.astype(np.float64),
        "outputs": outputs.double().numpy(),
        "targets": batch.targets.astype(np.float64),
        "states": states.double().numpy().transpose(1, 0, 2),
        "right": np.asarray(task.spec.response.read(outputs.numpy(), batch), dtype=np.float64),
    }
