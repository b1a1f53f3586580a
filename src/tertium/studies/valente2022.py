"""DYN10: what a full-rank network computes, read from low-rank networks that imitate its activity (LINT)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.valente_measures import (
    currents,
    inactivations,
    ranks,
    recordings,
    selections,
    students,
)
from tertium.studies.methods.valente_networks import (
    CONTEXTS,
    ValenteConfig,
    blank_teacher,
    performances,
    task_of,
    teacher_with,
    train_teacher,
)
from tertium.studies.pictures import valente as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon DYN10"


class Valente2022(Study):
    """Low-rank networks fitted to a network's activity tell what it computes and what it loses (Valente et al. 2022).

    A full-rank teacher learns context-dependent decisions; students of low rank, with its units and inputs, are fitted
    to the rates of all its units. A rank is enough where no further one adds more than 0.02 to what is explained of
    trials that were not fitted. The canon asks for at most rank 2 "per stage", which is read as per context: students
    of one context. What one network for both contexts needs is a claim of its own. That network, with the teacher's
    read-out, is then asked what the teacher does when units are cut, and which inputs the teacher selects.
    """

    row, kind = "DYN10", "simulation"
    cite = (
        Reference(
            "Valente2022",
            "Valente, A., Pillow, J. W. & Ostojic, S.",
            2022,
            "Extracting computational mechanisms from neural data using low-rank RNNs",
            "Advances in Neural Information Processing Systems 35",
        ),
        Reference(
            "Mante2013",
            "Mante, V., Sussillo, D., Shenoy, K. V. & Newsome, W. T.",
            2013,
            "Context-dependent computation by recurrent dynamics in prefrontal cortex",
            "Nature 503:78-84",
            "10.1038/nature12742",
        ),
    )
    smoke = {
        "units": 32,
        "teacher_steps": 60,
        "teacher_rate": 3e-3,
        "trials": 96,
        "held_out": 48,
        "ranks": 3,
        "context_ranks": 3,
        "steps": 20,
        "truncations": 5,
        "subsets": 6,
        "test_trials": 60,
    }
    Config = ValenteConfig

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; students: both contexts, motion, colour; contexts: motion, colour."""

        performance: Floats  # (context,) of the teacher, with its noise
        untrained: Floats  # (context,)
        explained: dict[str, Floats]  # student -> (rank from 0,) of held-out trials
        knee: dict[str, int]  # student -> rank
        ceiling: dict[str, float]  # what the teacher without noise explains of itself with noise
        cut: dict[str, Floats]  # trials -> (rank from 0,) explained by the truncated teacher
        by_epoch: dict[str, Floats]  # epoch -> (rank from 0,) of the teacher without noise, student of both contexts
        shown: dict[str, Any]  # mean rates of some units: teacher, student, truncated
        inactivated: dict[str, Floats]  # teacher, student, student with other units cut -> (subset, context)
        intact: dict[str, Floats]  # teacher, student, truncated -> (context,)
        inactivation_r: float
        inactivation_r_random: float
        overlaps: Floats  # (context of the teacher, context of the student) of selection vectors
        teacher_overlap: float  # between the teacher's own two
        picked: dict[str, Floats]  # teacher, student -> (context, input) on the selection vector of length 1
        currents: dict[str, Any]  # of the student, along their first component

    def run(self, config: ValenteConfig, lab: Lab) -> Results:
        """Train a teacher, fit students, choose the rank, cut the same units in both, compare what they select."""
        weights = lab.stage("teacher", lambda: train_teacher(config, lab))
        teacher = teacher_with(config, lab.seed, weights)
        fresh = task_of().batch(1000, lab.seeds.child("fresh"))
        measured: dict[str, Any] = {
            "performance": performances(teacher, fresh, lab.seeds),
            "untrained": performances(blank_teacher(config, lab.seed), fresh, lab.seeds),
        }
        found = students(teacher, config, lab)
        measured |= lab.stage("ranks", lambda: ranks(teacher, found, config, lab))
        readout = teacher.readout.weight.detach().numpy()
        student = found["both"].network(max(1, measured["knee"]["both"]), readout=readout).requires_grad_(False)
        _, tested = recordings(config, lab.seeds)
        measured |= lab.stage("inactivations", lambda: inactivations(teacher, student, config, lab.seeds))
        measured |= selections(teacher, student, tested) | currents(student, tested, lab.seeds)
        return self.Results(**measured)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the teacher can, which rank explains it, and what its student predicts."""
        yield from rank_claims(results)
        yield from prediction_claims(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw ranks, trajectories, inactivations, selection vectors, currents."""
        n = f"{len(results)} teacher{'s' if len(results) > 1 else ''}"
        one = results[0]
        yield Picture(
            "ranks",
            draw.explained(results),
            "Explained share of the variance of all units in held-out trials, against the rank of the student and of "
            f"the truncated teacher (its largest singular values); mean and range over {n}. Dashed: what the teacher "
            "without its private noise explains of itself with it.",
        )
        yield Picture(
            "epochs",
            draw.epochs(results),
            f"The same by epoch of the trial for the student of both contexts, against the teacher without noise; mean "
            f"and range over {n}.",
        )
        yield Picture(
            "trajectories",
            draw.trajectories(one),
            "Mean rates of six units of the first teacher by choice, motion context, with those of its student of "
            f"rank {one.knee['both']} and of the teacher truncated to the same rank; held-out trials, no noise.",
        )
        yield Picture(
            "inactivations",
            draw.inactivations(results),
            f"Fraction correct when a quarter of the units is cut, of the teacher against its student: the same units "
            f"(left) or as many others (right). A dot a subset and context, {n}.",
        )
        yield Picture(
            "selection",
            draw.selection(results),
            "Left: overlap of the selection vectors of teacher and student in the same and in the other context; a dot "
            f"a context of {n}. Right: how the vectors of length 1 pick up the relevant and the irrelevant input.",
        )
        yield Picture(
            "currents",
            draw.currents(one),
            "Recurrent current of the first student along its first principal component, mean over held-out trials by "
            "relevant evidence, in both contexts. Dotted: evidence begins and ends.",
        )


def rank_claims(results: Valente2022.Results) -> Iterator[Claim]:
    """Yield that the teacher can do the task, and which rank explains its activity."""
    enough = np.flatnonzero(results.cut["both"] >= 0.9)
    truncated = float(enough[0] if len(enough) else len(results.cut["both"]))
    yield Claim(
        "teacher",
        "The full-rank teacher answers at least 95 % of the trials correctly in both contexts.",
        float(results.performance.min()),
        at_least(0.95),
        "ours, as in the paper",
        Control("the same network before training", float(results.untrained.min())),
        unit="fraction correct",
    )
    yield Claim(
        "rank_per_context",
        "In each context rank 2 or less is enough: no further rank adds more than 0.02 to the explained share.",
        float(max(results.knee[name] for name in CONTEXTS)),
        at_most(2),
        CANON,
        Control("least rank at which the truncated teacher explains 0.9", truncated),
        unit="rank",
    )
    yield Claim(
        "rank_both",
        "One network for both contexts needs no more than rank 2 either.",
        float(results.knee["both"]),
        at_most(2),
        f"{CANON}, read without 'per stage'",
        Control("least rank at which the truncated teacher explains 0.9", truncated),
        unit="rank",
    )
    yield Claim(
        "explained",
        "At that rank each context's student explains at least 0.9 of the variance of held-out trials.",
        min(float(results.explained[name][results.knee[name]]) for name in CONTEXTS),
        at_least(0.9),
        CANON,
        Control(
            "the teacher truncated to the same rank",
            max(float(results.cut[name][results.knee[name]]) for name in CONTEXTS),
        ),
        unit="share of variance",
    )


def prediction_claims(results: Valente2022.Results) -> Iterator[Claim]:
    """Yield what the student of both contexts says about its teacher."""
    same, other = np.diag(results.overlaps), np.diag(results.overlaps[::-1])
    yield Claim(
        "solves",
        "The student of both contexts solves the task through the teacher's read-out, in both contexts.",
        float(results.intact["student"].min()),
        at_least(0.9),
        "ours, from the pilot seeds",
        Control("the teacher truncated to the same rank", float(results.intact["truncated"].min())),
        unit="fraction correct",
    )
    yield Claim(
        "inactivation",
        "The student predicts the teacher's performance after units are cut: r within contexts is at least 0.8.",
        results.inactivation_r,
        at_least(0.8),
        CANON,
        Control("as many other units cut from the student", results.inactivation_r_random),
        unit="correlation",
    )
    yield Claim(
        "inactivation_specific",
        "It depends on which units are cut: with as many others r is at most 0.3.",
        results.inactivation_r_random,
        at_most(0.3),
        CANON,
        Control("the same units cut", results.inactivation_r),
        unit="correlation",
    )
    yield Claim(
        "selection",
        "Selection vectors of teacher and student overlap by at least 0.7, mean of both contexts.",
        float(same.mean()),
        at_least(0.7),
        CANON,
        Control("the student's vector of the other context", float(other.mean())),
        unit="|cosine|",
    )
