"""COG07: tasks as sums of tasks, in the activity of a network and in its rule inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least
from tertium.studies.methods.yang import performance_with_rules, states_at_stimulus_end
from tertium.studies.methods.yang_networks import YangConfig, tasks_of, trained
from tertium.studies.pictures import yang_composition as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Task -> the epoch with the (first) stimulus; reaction-time tasks respond while it is on.
STIMULUS = {
    "fdgo": "stimulus", "delaygo": "stimulus", "fdanti": "stimulus", "delayanti": "stimulus",
    "dm1": "stimulus", "dm2": "stimulus", "contextdm1": "stimulus", "contextdm2": "stimulus", "multidm": "stimulus",
    "delaydm1": "stimulus1", "delaydm2": "stimulus1", "contextdelaydm1": "stimulus1", "contextdelaydm2": "stimulus1",
    "multidelaydm": "stimulus1", "dmsgo": "stimulus1", "dmsnogo": "stimulus1", "dmcgo": "stimulus1",
    "dmcnogo": "stimulus1",
}  # fmt: skip

#: Delay Anti as the sum of three others (Yang et al. 2019, Fig. 5).
WHOLE, PARTS = "delayanti", {"fdanti": 1.0, "delaygo": 1.0, "fdgo": -1.0}


class Yang2019Composition(Study):
    """Delay Anti is Anti plus Delay Go minus Go, in a network's activity and in its rule inputs (Yang et al. 2019).

    The networks are those of `yang2019`. The pilot was a single one (seed 0); on it was chosen that the sum is compared
    with the other tasks without the three summands, which are near to it by construction.
    """

    row, kind = "COG07", "simulation"
    cite = (
        Reference(
            "Yang2019",
            "Yang, G. R., Joglekar, M. R., Song, H. F., Newsome, W. T. & Wang, X.-J.",
            2019,
            "Task representations in neural networks trained to perform many cognitive tasks",
            "Nature Neuroscience 22:297-306",
            "10.1038/s41593-018-0310-2",
        ),
    )
    test_seeds = (10, 11, 12, 13, 14)
    smoke = {
        "tasks": ("fdgo", "delaygo", "fdanti", "delayanti", "dm1", "dm2"),
        "units": 48,
        "batch": 16,
        "coarse_steps": 60,
        "steps": 20,
        "trials": 32,
        "random_triples": 4,
    }

    class Config(YangConfig):
        """Networks (those of `yang2019`) and measurements."""

        trials: int = Field(256, ge=8, description="trials of each task")
        random_triples: int = Field(20, ge=2, description="sums of three other rule inputs that serve as control")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        tasks: list[str]  # those with a stimulus before the response
        states: Floats  # (task, unit) mean rates at the end of the stimulus, their mean over tasks taken off
        cosine_sum: float  # of the sum of the parts with the whole
        cosine_parts: dict[str, float]  # of each part alone with the whole
        cosine_random: Floats  # (triple,) of sums of three other tasks with the whole
        nearest: str  # task nearest in direction to the sum, the three that are added left out
        nearest_of_all: str  # with the three
        nearest_random: float  # fraction of random sums to which the whole is nearest
        own_rule: float  # fraction correct in the whole task with its own rule input
        sum_rule: float  # with the sum of the parts' rule inputs
        random_rules: Floats  # (triple,) with sums of three others
        part_rules: dict[str, float]  # with the rule input of one part alone

    def run(self, config: Config, lab: Lab) -> Results:
        """Take the network of the seed, add states and rule inputs."""
        network, kept = trained(config, "softplus", lab)
        if kept:
            lab.note("The networks are those of yang2019 that are kept; retrain=true trains them again.")
        names = [name for name in config.tasks if name in STIMULUS]
        triples = random_triples(names, config.random_triples, lab.seeds.numpy("triples"))

        def in_states() -> dict[str, Any]:
            still = tasks_of(config, config.dt, noise=0.0)
            epochs = {name: STIMULUS[name] for name in names}
            states = states_at_stimulus_end(network, still, epochs, config.trials, lab.seeds.child("states"))
            states -= states.mean(0)
            return {"states": states, **sums_of_states(states, names, triples)}

        def in_rules() -> dict[str, Any]:
            tasks, seeds = tasks_of(config, config.dt), lab.seeds.child("rules")

            def correct(rules: dict[str, float]) -> float:
                return performance_with_rules(network, tasks, WHOLE, rules, config.trials, seeds)

            return {
                "own_rule": correct({WHOLE: 1.0}),
                "sum_rule": correct(PARTS),
                "random_rules": np.array([correct(dict(zip(t, PARTS.values(), strict=True))) for t in triples]),
                "part_rules": {part: correct({part: 1.0}) for part in PARTS},
            }

        return self.Results(tasks=names, **lab.stage("states", in_states), **lab.stage("rules", in_rules))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the sum of states, and the sum of rule inputs."""
        best_part = max(results.cosine_parts.values())
        yield Claim(
            "states_add_up",
            "Anti + Delay Go - Go points towards Delay Anti, closer than any of the three alone (cosines).",
            results.cosine_sum - best_part,
            at_least(0.1),
            "canon COG07; Yang et al. 2019, Fig. 5; margin the canon's",
            Control("sums of three other tasks", float(results.cosine_random.mean()) - best_part),
            unit="difference of cosines",
        )
        yield Claim(
            "nearest_task",
            "Of all tasks but the three added, Delay Anti is the one nearest in direction to their sum.",
            float(results.nearest == WHOLE),
            at_least(0.8),
            "canon COG07 (8 of 10 networks)",
            Control("sums of three other tasks: how often Delay Anti is nearest", results.nearest_random),
            unit="fraction of networks",
        )
        yield Claim(
            "rules_add_up",
            "With the sum of the three rule inputs in place of its own, the network does Delay Anti.",
            results.sum_rule,
            at_least(0.5),
            "canon COG07; Yang et al. 2019, Fig. 5",
            Control("sums of three other rule inputs", float(results.random_rules.mean())),
            unit="fraction correct",
        )
        yield Claim(
            "random_rules_fail",
            "Sums of three other rule inputs do not drive Delay Anti.",
            1 - float(results.random_rules.mean()),
            at_least(0.85),
            "canon COG07 (at most 15 % correct)",
            Control("the rule input of Delay Anti itself", 1 - results.own_rule),
            unit="fraction wrong",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the states of the four tasks, the cosines, and the performance under each rule input."""
        n = len(results)
        yield Picture(
            "states",
            draw.states(results[0], WHOLE, tuple(PARTS)),
            "Mean state at the end of the stimulus in each task, first network, on the first two components of "
            "the four tasks; the cross is Anti + Delay Go - Go.",
        )
        yield Picture(
            "cosines",
            draw.cosines(results),
            f"Cosine with the state of Delay Anti, {n} networks (dots) and mean (line); random: mean over sums of "
            "three other tasks.",
        )
        yield Picture(
            "rules",
            draw.rules(results),
            f"Fraction correct in Delay Anti under each rule input, {n} networks (dots) and their mean (line).",
        )


def random_triples(names: Sequence[str], count: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Draw ordered triples of tasks, none of them the whole and not the three parts together."""
    others = [name for name in names if name != WHOLE]
    every = [t for t in permutations(others, 3) if set(t) != set(PARTS)]
    return [every[i] for i in rng.choice(len(every), size=min(count, len(every)), replace=False)]


def sums_of_states(states: Floats, names: Sequence[str], triples: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Compare the sum of the parts, each part, and sums of other tasks with the state of the whole."""
    of = dict(zip(names, states, strict=True))

    def added(tasks: Sequence[str]) -> Floats:
        return np.sum([w * of[t] for t, w in zip(tasks, PARTS.values(), strict=True)], axis=0)

    def nearest(vector: Floats, without: Sequence[str]) -> str:
        # a sum always lies near its own terms, so they are left out, as is usual with analogies of word vectors
        return max((name for name in names if name not in without), key=lambda name: cosine(vector, of[name]))

    parts = tuple(PARTS)
    return {
        "cosine_sum": cosine(added(parts), of[WHOLE]),
        "cosine_parts": {part: cosine(of[part], of[WHOLE]) for part in parts},
        "cosine_random": np.array([cosine(added(t), of[WHOLE]) for t in triples]),
        "nearest": nearest(added(parts), parts),
        "nearest_of_all": nearest(added(parts), ()),
        "nearest_random": float(np.mean([nearest(added(t), t) == WHOLE for t in triples])),
    }


def cosine(a: Floats, b: Floats) -> float:
    """Return the cosine of the angle between two vectors.

    Examples
    --------
    >>> round(cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])) ** 2, 6)
    0.5
    """
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
