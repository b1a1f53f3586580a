"""Networks of LRN13: one architecture with dendrites, trained by one rule after another, and watched meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import parametrize

from tertium.learning import Trials
from tertium.learning.goals import mean_squared_error
from tertium.learning.rules import angle_to_bptt
from tertium.models import DendriticNetwork
from tertium.models.feedforward.dendritic.gains import PAPER
from tertium.models.feedforward.dendritic.projection import Projection
from tertium.rng import Seeds
from tertium.studies.methods.galloni_controls import HebbianOnly, WrongUnits, scaled_to_totals
from tertium.tasks import LabelledTask

if TYPE_CHECKING:
    from tertium.learning.rule import Rule
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Those of the paper's network, but for outputs that begin near their targets (5.57 in the paper, with 500 units).
GAINS = (*PAPER[:2], replace(PAPER[2], excitation=0.3))

#: The output layer, counted from the first hidden one.
OUTPUT = 2

#: Trials on which angles are measured, always the same, held out.
MEASURED = 100


@dataclass(frozen=True)
class Setting:
    """What all trainings of a seed share.

    Attributes
    ----------
    task : LabelledTask
    units, interneurons : int
        Excitatory units, and interneurons of each kind, of each of two hidden layers.
    steps, batch : int
    learning_rate : float
        Of Adam at first; it falls linearly to zero.
    inhibition, recruitment : float
        Steps of the synapses of dendritic interneurons: factors of the rates of the rule, falling likewise.
    points : int
        Measurements on the way; one more is made before the first step.
    """

    task: LabelledTask
    units: int
    interneurons: int
    steps: int
    batch: int
    learning_rate: float
    inhibition: float
    recruitment: float
    points: int

    def network(
        self,
        seed: int,
        *,
        shuffled: bool = False,
        fixed: tuple[int, ...] = (),
        free: bool = False,
        hebbian: bool = False,
    ) -> DendriticNetwork:
        """Return the untrained network of a seed, the same first weights for all.

        Parameters
        ----------
        seed : int
        shuffled : bool
            Whether what comes from above arrives at wrong units.
        fixed : tuple of int
            Layers whose synapses from below do not learn.
        free : bool
            Whether weights may change their sign.
        hebbian : bool
            Whether all synapses of somata and somatic interneurons learn, and add up to totals.
        """
        made = (WrongUnits if shuffled else DendriticNetwork)(
            self.task.n_inputs,
            (self.units, self.units),
            self.task.n_outputs,
            interneurons=(self.interneurons, self.interneurons, self.task.n_outputs),
            gains=GAINS,
            somatic_learns=hebbian,
            seed=seed,
        )
        if hebbian:
            return scaled_to_totals(made)
        for i in fixed:
            made.stack()[i].from_below.requires_grad_(False)
        if free:
            for part in projections(made).values():
                parametrize.remove_parametrizations(part, "weight")
        return made

    def optimisers(self, network: DendriticNetwork, rule: Rule) -> list[torch.optim.Optimizer]:
        """Return Adam for synapses from below, and plain steps (which keep totals) for others and for Hebb's rule."""
        hebbian, adam, inhibition, recruitment = isinstance(rule, HebbianOnly), [], [], []
        for name, parameter in network.named_parameters():
            if not parameter.requires_grad:
                continue
            if "from_below" in name and not (hebbian and f"layers.{OUTPUT}." not in name):
                adam.append(parameter)
            elif "to_dendrite." in name:
                inhibition.append(parameter)
            else:
                recruitment.append(parameter)
        plain = [
            {"params": inhibition, "lr": self.inhibition},
            {"params": recruitment, "lr": 1.0 if hebbian else self.recruitment},
        ]
        return [torch.optim.Adam(adam, lr=self.learning_rate, betas=(0.9, 0.99)), torch.optim.SGD(plain)]


def projections(network: DendriticNetwork) -> dict[str, Projection]:
    """Return all projections of a network by their names."""
    return {name: part for name, part in network.named_modules() if isinstance(part, Projection)}


def wrong_signs(network: DendriticNetwork) -> float:
    """Return the share of synapses whose weight has not the sign of their population."""
    with torch.no_grad():
        wrong = [int((part.weight * part.sign < 0).sum()) for part in projections(network).values()]
        return sum(wrong) / sum(part.weight.numel() for part in projections(network).values())


def train(
    setting: Setting, name: str, rule: Rule, lab: Lab, *, angles: bool = False, **options: Any
) -> dict[str, Floats]:
    """Train a network by a rule; all of a seed have the same first weights and see the same batches.

    Parameters
    ----------
    setting : Setting
    name : str
        Tells the training apart from others of the study.
    rule : Rule
    lab : Lab
    angles : bool
        Whether to measure angles to back-propagation on the way.
    **options
        Of `Setting.network`.

    Returns
    -------
    dict of str to array
        "step", "accuracy" (held out, %) and, if asked for, "angle" (degrees, of the synapses on somata, mean over
        hidden layers), each of shape (point,); "wrong", the largest share of synapses of the wrong sign after any step,
        shape (1,).
    """
    network = setting.network(lab.seed, **options)
    optimisers = setting.optimisers(network, rule)
    first = [[group["lr"] for group in one.param_groups] for one in optimisers]
    watch = Watch(setting, rule, angles)
    seeds = lab.seeds.child("batches")
    every = max(1, setting.steps // setting.points)

    def save() -> dict[str, Any]:
        kept = {f"optimiser {i}": one.state_dict() for i, one in enumerate(optimisers)}
        return {"network": network.state_dict(), "rows": watch.rows, "wrong": watch.wrong, **kept}

    def load(state: Any) -> None:
        network.load_state_dict(state["network"])
        watch.rows, watch.wrong = [dict(row) for row in state["rows"]], float(state["wrong"])
        for i, one in enumerate(optimisers):
            one.load_state_dict(state[f"optimiser {i}"])

    watch.measure(network, 0)
    for step in lab.steps(name, setting.steps, save=save, load=load, every=200):
        for one, rates in zip(optimisers, first, strict=True):
            for group, rate in zip(one.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - step / setting.steps)
        trials = Trials.of(setting.task.batch(setting.batch, seeds.child(f"step {step}")))
        rule.fill(network, trials, mean_squared_error, seeds=seeds)
        for one in optimisers:
            one.step()
        watch.wrong = max(watch.wrong, wrong_signs(network))
        if (step + 1) % every == 0:
            watch.measure(network, step + 1)
    found = {key: np.array([row[key] for row in watch.rows]) for key in watch.rows[0]}
    return {**found, "wrong": np.array([watch.wrong])}


class Watch:
    """What is noted on the way: held-out items told right, angles to back-propagation, synapses of the wrong sign."""

    def __init__(self, setting: Setting, rule: Rule, angles: bool) -> None:
        assert setting.task.held_out is not None
        self.task, self.rule, self.angles = setting.task.held_out, rule, angles
        self.test = self.task.everything()
        self.trials = Trials.of(self.task.batch(MEASURED, Seeds(0).child("angles")))
        self.rows: list[dict[str, float]] = []
        self.wrong = 0.0

    def measure(self, network: DendriticNetwork, step: int) -> None:
        """Note a row of numbers."""
        with torch.no_grad():
            outputs = network(torch.from_numpy(self.test.inputs))[0].numpy()
        row = {"step": float(step), "accuracy": 100 * self.task.performance(outputs, self.test)}
        if self.angles:
            found = angle_to_bptt(self.rule, network, self.trials).parameters
            hidden = [found[f"layers.{i}.from_below.parametrizations.weight.original"] for i in range(OUTPUT)]
            row["angle"] = float(np.mean(hidden))
        self.rows.append(row)


def final_accuracy(curves: dict[str, Floats], last: int = 2) -> float:
    """Return the held-out items told right in percent: the mean of the last measurements."""
    return float(curves["accuracy"][-last:].mean())
