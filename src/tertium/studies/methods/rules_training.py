"""One training by one rule, watched for answers and angles; what its steps cost; which rules refuse a network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.learning import AngleCurve, Trials, fit
from tertium.learning.goals import cross_entropy
from tertium.learning.rules import RULES, named_rule
from tertium.rng import Seeds
from tertium.studies.methods.rules_families import Family, network_for
from tertium.studies.methods.rules_table import ROOM, Entry, name_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import nn

    from tertium.learning.rule import Rule
    from tertium.studies.lab import Lab
    from tertium.tasks import TrialBatch
    from tertium.tasks.task import TaskLike

Floats = NDArray[np.float64]

#: Rules whose fixed random weights the seed of a run draws.
SEEDED = ("feedback_alignment", "direct_feedback_alignment", "e_prop", "mdgl")

#: What is said of a rule that takes a network and has no line in ``ENTRIES``.
NOT_HERE = "network: takes this one, and is not trained here"


class Answers:
    """A hook that counts, now and then, how many of the tested trials are answered correctly."""

    def __init__(self, family: Family, every: int) -> None:
        self.family, self.every, self.step = family, every, 0
        self.inputs = torch.from_numpy(family.tested.inputs)
        self.rows: list[tuple[float, float]] = []

    def after_step(self, model: nn.Module, seeds: Seeds) -> None:
        """Count a step, and measure where it is time to."""
        self.step += 1
        if self.step % self.every == 0:
            self.measure(model)

    def measure(self, model: nn.Module) -> None:
        """Note the step and the share of right answers, in percent."""
        with torch.no_grad():
            outputs = model(self.inputs, generator=Seeds(0).torch("noise"))[0].numpy()
        self.rows.append((self.step, 100 * self.family.task.performance(outputs, self.family.tested)))

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"step": self.step, "rows": [list(row) for row in self.rows]}

    def load_state_dict(self, kept: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.step, self.rows = int(kept["step"]), [(float(a), float(b)) for a, b in kept["rows"]]


class OthersTargets:
    """A task whose targets are those of other trials of the batch: nothing about the inputs can be learned from it."""

    def __init__(self, task: TaskLike) -> None:
        self.task, self.name = task, f"{task.name}, targets of other trials"
        self.n_inputs, self.n_outputs, self.dt = task.n_inputs, task.n_outputs, task.dt

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Return the task's trials with their targets and weights in another order."""
        seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
        made = self.task.batch(n, seed, **fixed)
        order = seeds.child("others").numpy("order").permutation(n)
        return replace(made, targets=made.targets[:, order], mask=made.mask[:, order])

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return what the task says."""
        return self.task.performance(outputs, batch)


def rule_of(entry: Entry, seed: int) -> Rule:
    """Return the rule of an entry; fixed random weights are those of the seed."""
    drawn = {"seed": seed} if entry.rule in SEEDED else {}
    return named_rule(entry.rule, **entry.options, **drawn)


def network_of(family: Family, entry: Entry, seed: int) -> nn.Module:
    """Return the untrained network of an entry."""
    return network_for(family, entry.rule, str(entry.options.get("feedback", "")), seed)


def learned(
    family: Family, entry: Entry, lab: Lab, *, points: int, others: Sequence[Entry] = (), shuffled: bool = False
) -> dict[str, Floats]:
    """Train a network by a rule with Adam, and return how it went.

    All rules of a family and seed start from the same weights, where they share the network, and see the same batches.

    Parameters
    ----------
    family : Family
    entry : Entry
    lab : Lab
    points : int
        Measurements on the way; one more is made before the first step.
    others : sequence of Entry
        Rules whose angles are taken along this training.
    shuffled : bool
        Whether the targets are those of other trials; then no angles are taken.

    Returns
    -------
    dict of str to array, shape (point,)
        "step", "accuracy" (percent), "angle" (degrees between the rule's gradient and that of BPTT on held-out trials),
        and "angle <label>" for each of the others.
    """
    model, rule = network_of(family, entry, lab.seed), rule_of(entry, lab.seed)
    every = max(1, family.steps // points)
    answers = Answers(family, every)
    watched = {"angle": rule, **{f"angle {other.label}": rule_of(other, lab.seed) for other in others}}
    curves = {
        label: AngleCurve(one, family.measured, cross_entropy, every=every)
        for label, one in watched.items()
        if not shuffled
    }
    answers.measure(model)
    for curve in curves.values():
        curve.measure(model, 0, lab.seeds.child("angles"))
    fit(
        model,
        OthersTargets(family.task) if shuffled else family.task,
        name=f"{family.name}-{entry.key}" + ("-shuffled" if shuffled else ""),
        keeper=lab.steps,
        # the lab's own fit would draw other batches for each name
        seed=lab.seeds.child(f"batches of {family.name}"),
        rule=rule,
        goal="cross_entropy",
        learning_rate=entry.learning_rate,
        steps=family.steps,
        batch=family.batch,
        validate_every=family.steps,
        validate_trials=2,
        checkpoint_every=family.steps,
        hooks=[answers, *curves.values()],
        progress=False,
    )
    steps, right = (np.array(column, dtype=float) for column in zip(*answers.rows, strict=True))
    found = {"step": steps, "accuracy": right}
    for label, curve in curves.items():
        # an AngleCurve measures after the very first step as well
        at = {row["step"]: row["together"] for row in curve.rows}
        found[label] = np.array([at[step] for step in steps])
    return found


def relative_costs(family: Family, chosen: Sequence[Entry], lab: Lab, times: int) -> dict[str, float]:
    """Return the CPU time in which rules fill the gradients of a batch, over that of BPTT, by name of the training.

    A rule and BPTT in the family's network take turns, so that whatever else the machine does meets both; medians are
    compared. NaN for no times.
    """
    return {name_of(entry): _relative_cost(family, entry, lab, times) for entry in chosen}


def _relative_cost(family: Family, entry: Entry, lab: Lab, times: int) -> float:
    if not times:
        return float("nan")
    trials = Trials.of(family.task.batch(family.batch, lab.seeds.child("timed")))
    own = rule_of(entry, lab.seed), network_of(family, entry, lab.seed)
    pairs = ((named_rule("bptt"), family.make(lab.seed)), own)
    # the first turn is not counted: it loads and compiles
    took = np.array([[_seconds(rule, model, trials, lab) for rule, model in pairs] for _ in range(times + 1)])[1:]
    exact, other = np.median(took, axis=0)
    return float(other / exact)


def _seconds(rule: Rule, model: nn.Module, trials: Trials, lab: Lab) -> float:
    before = time.process_time()
    for _ in rule.fills(model, trials, cross_entropy, seeds=lab.seeds.child("timed")):
        pass
    return time.process_time() - before


def refusals(family: Family, trained: Sequence[str], seed: int) -> dict[str, str]:
    """Return, for each rule that a family does not train, the words with which the rule refuses its network.

    A rule that takes the network all the same (one that an installed package adds) is said to: ``NOT_HERE``.
    """
    found = {}
    for name in (name for name in RULES if name not in trained):
        found[name] = NOT_HERE
        try:
            named_rule(name, **ROOM.get(name, {})).check(family.make(seed))
        except BadInput as refusal:
            found[name] = str(refusal)
    return found
