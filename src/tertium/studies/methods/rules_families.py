"""Three networks with a task each, on which learning rules are compared: digits, a decision, digits as spikes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tertium.learning import Trials
from tertium.learning.rules import add_feedback, add_feedback_weights, add_inverses
from tertium.models import MLP, EquilibriumNetwork, FeedforwardNetwork, RateRNN, RecurrentNetwork
from tertium.models.event_based import EventNetwork
from tertium.models.spiking import LIF, LatencyCode, SpikingNetwork
from tertium.models.wiring import Dale, constrain
from tertium.rng import Seeds
from tertium.tasks import LabelledTask, SpikingTask, labelled, make

if TYPE_CHECKING:
    from torch import nn

    from tertium.studies.lab import Lab
    from tertium.tasks import TrialBatch
    from tertium.tasks.task import TaskLike

Floats = NDArray[np.float64]

FAMILIES = ("digits", "decision", "spikes")

#: Per cent of answers that a guess between them gets right.
CHANCE = {"digits": 10.0, "decision": 50.0, "spikes": 10.0}

#: Rules that need another kind of network: one that settles, one whose spikes have times.
OWN_NETWORK = ("equilibrium_propagation", "event_prop")

#: Share of excitatory units of the networks over time.
EXCITATORY = 0.8

#: Time step of the decision and of spikes, seconds.
DECISION_DT, SPIKES_DT = 0.04, 0.001


class Sizes(Protocol):
    """What families take from the study's configuration."""

    images: int
    tested: int
    measured: int
    digit_units: int
    decision_units: int
    spiking_units: int
    digit_steps: int
    decision_steps: int
    spiking_steps: int
    digit_batch: int
    decision_batch: int
    spiking_batch: int
    noise: float


@dataclass(frozen=True)
class Family:
    """One network and one task, with the budget that every rule has.

    Attributes
    ----------
    name : str
        One of ``FAMILIES``.
    task : TaskLike
        What is learned; all goals are cross-entropies.
    tested : TrialBatch
        Held-out trials on which answers are counted.
    measured : Trials
        Held-out trials on which angles are taken.
    steps, batch : int
        Steps of the optimiser, trials a step.
    make : callable
        Seed of the weights -> the network.
    """

    name: str
    task: TaskLike
    tested: TrialBatch
    measured: Trials
    steps: int
    batch: int
    make: Callable[[int], nn.Module]


def families(config: Sizes, lab: Lab) -> dict[str, Family]:
    """Return the three families of a seed, by name."""
    items = small_digits(lab, config.images)
    assert items.held_out is not None
    spikes = SpikingTask(items, LatencyCode(tau=0.02, threshold=0.2), dt=SPIKES_DT, duration=0.04)
    assert spikes.held_out is not None
    decision = make(
        "perceptual_decision",
        dt=DECISION_DT,
        fixation=DECISION_DT,
        stimulus=0.32,
        delay=0.16,
        decision=3 * DECISION_DT,
        coherences=(0.2, 0.4, 0.8),
    )
    shown = np.linspace(0, len(items.held_out) - 1, min(config.tested, len(items.held_out))).round().astype(int)
    apart = Seeds(0).child("rules")  # the same trials for every seed and rule
    return {
        "digits": Family(
            "digits",
            items,
            items.held_out.batch(len(shown), item=shown),
            Trials.of(items.held_out.batch(config.measured, apart.child("angles"))),
            config.digit_steps,
            config.digit_batch,
            lambda seed: MLP(items.n_inputs, config.digit_units, items.n_outputs, nonlinearity="tanh", seed=seed),
        ),
        "decision": Family(
            "decision",
            decision,
            decision.batch(config.tested, apart.child("tested")),
            Trials.of(decision.batch(config.measured, apart.child("angles"))),
            config.decision_steps,
            config.decision_batch,
            lambda seed: RateRNN(
                decision.n_inputs,
                config.decision_units,
                decision.n_outputs,
                dt=DECISION_DT,
                dale=EXCITATORY,
                nonlinearity="tanh",
                seed=seed,
            ),
        ),
        "spikes": Family(
            "spikes",
            spikes,
            spikes.held_out.batch(len(shown), apart.child("tested"), item=shown),
            Trials.of(spikes.held_out.batch(config.measured, apart.child("angles"))),
            config.spiking_steps,
            config.spiking_batch,
            lambda seed: spiking_network(spikes, config.spiking_units, config.noise, seed),
        ),
    }


def small_digits(lab: Lab, most: int) -> LabelledTask:
    """Return digits of 14 by 14 pixels from 0 to 1, each the mean of four, a fifth of each class held out."""
    given = lab.data("mnist_t10k")
    chosen = np.linspace(0, len(given.images) - 1, min(most, len(given.images))).round().astype(int)
    rows, columns = given.images.shape[1:3]
    pixels = given.images[chosen].astype(np.float32).reshape(-1, rows // 2, 2, columns // 2, 2) / 255
    classes = np.asarray(given.label)[chosen].astype(np.int64)
    division = lab.seeds.integer("division") % 2**31
    return labelled(pixels.mean((2, 4)), classes, name="small digits", scaling="none", held_out=0.2, seed=division)


def spiking_network(task: SpikingTask, units: int, noise: float, seed: int) -> SpikingNetwork:
    """Return integrate-and-fire units with noise, excitatory and inhibitory, all connected, and a leaky read-out."""
    seeds = Seeds(seed).child("spikes")
    cell = LIF(
        task.n_inputs,
        units,
        recurrent=True,
        tau=0.01,
        dt=SPIKES_DT,
        input_gain=5.0,
        noise=noise,
        seeds=seeds.child("cell"),
    )
    constrain(cell, Dale(EXCITATORY, seed=seed))
    return SpikingNetwork(cell, task.n_outputs, tau_readout=0.01, seeds=seeds.child("readout"))


def network_for(family: Family, rule: str, feedback: str, seed: int) -> nn.Module:
    """Return the family's network with what a rule needs besides: feedback weights, inverses; or a network of its own.

    Forward weights are the same for every rule that shares the network. Two rules have networks of their own, of the
    same sizes: equilibrium propagation one that settles, EventProp one whose spikes have times.

    Parameters
    ----------
    family : Family
    rule : str
        Name of the rule.
    feedback : str
        Kind of feedback that the rule is given, "" if none is named.
    seed : int
        Of the weights.
    """
    model = family.make(seed)
    if rule == "equilibrium_propagation" and isinstance(model, MLP):
        return EquilibriumNetwork(model.n_inputs, model.n_units, model.n_outputs, steps=20, seed=seed)
    if rule == "event_prop" and isinstance(model, SpikingNetwork):
        return EventNetwork(model.n_inputs, model.cell.n_units, model.n_outputs, dt=SPIKES_DT, output="max", seed=seed)
    if isinstance(model, FeedforwardNetwork):
        if rule in ("weight_mirror", "kolen_pollack"):
            return add_feedback_weights(model, seed)
        if rule == "difference_target_propagation":
            return add_inverses(model, seed)
    if feedback == "adaptive" and isinstance(model, RecurrentNetwork):
        return add_feedback(model, seed)
    return model
