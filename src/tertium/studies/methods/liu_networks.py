"""Networks of MDGL: sparse, signed spiking networks, their training by each rule, and cosines on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning import Trials, fit
from tertium.learning.goals import named_goal
from tertium.learning.rules import angle_to_bptt, named_rule
from tertium.models.spiking import ALIF, LSNN
from tertium.models.wiring import Dale, SparseMask, constrain
from tertium.rng import Seeds

if TYPE_CHECKING:
    from torch import nn

    from tertium.learning.rule import Rule
    from tertium.studies.lab import Lab
    from tertium.tasks.task import TaskLike

Floats = NDArray[np.float64]

#: What each task minimises.
GOALS = {"pattern": "mean_squared_error", "matching": "cross_entropy"}

#: The parameter whose gradients are compared.
RECURRENT = "cells.0.parametrizations.recurrent_weight.original"


def network(task: TaskLike, units: int, density: float, seeds: Seeds) -> LSNN:
    """Return an untrained network: half of the units adapt, four fifths excite, synapses are few.

    Read-outs obey Dale's law too and hear a tenth of the units, the only ones that e-prop tells anything.
    """
    model = LSNN(
        task.n_inputs,
        units,
        task.n_outputs,
        adaptive=0.5,
        tau_adaptation=2.0,
        dt=task.dt,
        refractory=0.005,
        dale=0.8,
        input_gain=3.0,
        seed=seeds.integer("network") % 2**31,
    )
    constrain(model.cell, SparseMask(density, seed=seeds.integer("synapses") % 2**31))
    signs = np.where(model.cell.unit_labels()["cell_type"] == "E", 1, -1)
    heard = SparseMask(0.1, seed=seeds.integer("readout") % 2**31)
    constrain(model.readout, heard, Dale(signs=signs), weight="weight")
    return model


def cell_types(model: LSNN) -> dict[str, list[str]]:
    """Return the types of the units at four grains: one, E and I, these by adaptation, and those by output (fig. 1)."""
    cell = model.cells[0]
    assert isinstance(cell, ALIF)
    sign = [str(one) for one in cell.unit_labels()["cell_type"]]
    adapts = ["A" if one > 0 else "R" for one in cell.strength.tolist()]
    reads = ["O" if heard else "N" for heard in (model.readout.weight != 0).any(0).tolist()]
    finer = [a + b for a, b in zip(sign, adapts, strict=True)]
    return {"1": [""] * len(sign), "2": sign, "4": finer, "8": [a + b for a, b in zip(finer, reads, strict=True)]}


def rules(seed: int) -> dict[str, Rule]:
    """Return the rules that networks are trained by; random type weights are drawn with the seed."""
    return {
        "bptt": named_rule("bptt"),
        "mdgl": named_rule("mdgl"),
        "e_prop": named_rule("e_prop"),
        "random": named_rule("mdgl", secretion="random", seed=seed),
    }


def compared(seed: int) -> Callable[[LSNN], dict[str, Rule]]:
    """Return which rules' gradients are compared in a network: by grain of the cell types, and the controls."""

    def of(model: LSNN) -> dict[str, Rule]:
        by_grain = {f"{n} types": named_rule("mdgl", types=types) for n, types in cell_types(model).items()}
        return {
            "e_prop": named_rule("e_prop"),
            **by_grain,
            "synapses": named_rule("mdgl", secretion="synapses"),
            "random": named_rule("mdgl", secretion="random", seed=seed),
        }

    return of


class Cosines:
    """A hook that measures now and then how the gradients of several rules lie to that of BPTT.

    Parameters
    ----------
    of_network : callable
        From the network to the rules, by name.
    trials : Trials
        The same at every measurement.
    goal : str
    every : int
        Steps between two measurements; the first comes after one step.

    Attributes
    ----------
    rows : list of mapping of str to float
        Cosines of the gradient by the recurrent weights, by name of the rule.
    """

    def __init__(self, of_network: Callable[[LSNN], Mapping[str, Rule]], trials: Trials, goal: str, every: int) -> None:
        self.of_network, self.trials, self.goal, self.every = of_network, trials, goal, every
        self.rows: list[dict[str, float]] = []
        self._step = 0

    def after_step(self, model: nn.Module, seeds: Seeds) -> None:
        """Count a step, and measure where it is time to."""
        if self._step % self.every == 0:
            assert isinstance(model, LSNN)
            found = {
                name: angle_to_bptt(rule, model, self.trials, self.goal).parameters[RECURRENT]
                for name, rule in self.of_network(model).items()
            }
            self.rows.append({name: math.cos(math.radians(angle)) for name, angle in found.items()})
        self._step += 1

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"step": self._step, "rows": [dict(row) for row in self.rows]}

    def load_state_dict(self, kept: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._step, self.rows = int(kept["step"]), [dict(row) for row in kept["rows"]]

    def table(self) -> dict[str, Floats]:
        """Return the cosines of each rule, (measurement,)."""
        return {name: np.array([row[name] for row in self.rows]) for name in self.rows[0]}


def train(
    task: TaskLike, rule: Rule, name: str, lab: Lab, *, model: LSNN, hooks: Sequence[Cosines] = (), **sizes: Any
) -> Floats:
    """Train a network, and return its loss on unseen trials at each validation, that before training first.

    All rules of a seed start from the same weights and see the same batches.
    """
    goal = GOALS[task.name]
    trials = Trials.of(task.batch(sizes["validate_trials"], lab.seeds.child(f"before {task.name}")))
    with torch.no_grad():
        first = float(named_goal(goal)(model(trials.inputs)[0], trials))
    done = fit(
        model,
        task,
        name=f"{task.name}-{name}",
        keeper=lab.steps,
        seed=lab.seeds.child(f"batches of {task.name}"),
        rule=rule,
        goal=goal,
        clip=1.0,
        hooks=list(hooks),
        progress=False,
        **sizes,
    )
    return np.array([first, *(check.validation_loss for check in done.history)])


def pace(curve: Floats) -> float:
    """Return the mean logarithm of the loss through training: the lower, the faster."""
    return float(np.log(curve).mean())


def gap_closed(curves: Mapping[str, Floats], name: str) -> float:
    """Return how much of the way from e-prop's pace to that of BPTT a rule has made, in per cent."""
    slow, fast = pace(curves["e_prop"]), pace(curves["bptt"])
    return 100 * (slow - pace(curves[name])) / (slow - fast)
