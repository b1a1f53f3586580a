"""COG02: one network, two contexts: a line attractor in each, and a selection vector that turns between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.mante_choices import LEVELS, ideal_observer
from tertium.studies.methods.mante_measures import choices, lines, trajectories
from tertium.studies.methods.mante_networks import ManteConfig, blank_network, task_of, trained
from tertium.studies.pictures import mante as draw
from tertium.tasks.presets.mante13 import PROBES

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon COG02; Mante et al. 2013, {}"

#: The least by which the relevant input must be picked up better (canon COG02).
LEAST_RATIO = 3.0


class Mante2013(Study):
    """One network, two contexts: a line attractor and a selection vector that turns (Mante et al. 2013)."""

    row, kind = "COG02", "simulation"
    cite = (
        Reference(
            "Mante2013",
            "Mante, V., Sussillo, D., Shenoy, K. V. & Newsome, W. T.",
            2013,
            "Context-dependent computation by recurrent dynamics in prefrontal cortex",
            "Nature 503:78-84",
            "10.1038/nature12742",
        ),
    )
    test_seeds = (10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
    smoke = {"units": 16, "batch": 16, "steps": 40, "trials": 200, "line_trials": 60, "places": 5, "path_trials": 200}

    class Config(ManteConfig):
        """Networks, training and measurements."""

        trials: int = Field(4000, ge=72, description="trials of the psychometric functions, both inputs at three sizes")
        line_trials: int = Field(600, ge=20, description="trials whose last states lines are looked for from")
        places: int = Field(21, ge=3, description="points along each line")
        path_trials: int = Field(3000, ge=72, description="trials recorded for paths on targeted axes")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; contexts, inputs: motion, colour."""

        accuracy: Floats  # (context, strength of the relevant input)
        untrained: Floats  # the same of the network before training
        fractions: Floats  # (context, input, level) of positive choices
        slopes: Floats  # (context, input)
        slope_ratio: float  # irrelevant / relevant, the larger
        slope_ratio_shuffled: float
        outputs: list[Floats]  # for each context, (point,) along its line
        top: list[Floats]  # (point,) real part of the slowest eigenvalue, per time constant
        next: list[Floats]  # (point,) of the next
        speeds: list[Floats]  # (point,) per time constant
        fixed: NDArray[np.int64]  # (context,) certified fixed points
        straight: Floats  # (context,) share of the points' variance in one dimension
        straight_control: Floats  # (context,) of the last states of trials
        untrained_top: Floats  # (context,)
        ratio: float  # relevant over irrelevant input on the selection vector, the lesser context
        ratio_shuffled: float
        input_change: float  # largest change of an input's push on the rates between contexts
        projection_change: float  # least change of an input's projection on the selection vector
        input_turn: float  # degrees by which that push turns
        selection_angle: float  # degrees between the selection vectors
        selection: dict[str, Any]  # fields of `SelectionVectors`
        paths: dict[str, Any]  # of `trajectories`

    def run(self, config: Config, lab: Lab) -> Results:
        """Train; ask what choices depend on; find the lines; look at them in the space of targeted axes."""
        network, kept = trained(config, lab)
        if kept:
            lab.note("The networks are the trained ones that are kept; retrain=true trains them again.")
        blank, task, seeds = blank_network(config, lab.seed), task_of(config, PROBES), lab.seeds
        chosen = lab.stage("choices", lambda: choices(network, blank, task, config.trials, seeds))
        found = lab.stage("lines", lambda: lines(network, blank, task, config.line_trials, config.places, seeds))
        seen = lab.stage("paths", lambda: trajectories(network, task, config.path_trials, found, seeds))
        return self.Results(**chosen, **found, **seen)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what choices depend on, what the lines are, what is selected."""
        yield from choice_claims(results)
        yield from line_claims(results)
        yield from selection_claims(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw choices, paths with lines, the plane of selection, eigenvalues, and what is selected in each network."""
        first, n = results[0], len(results)
        nets = f"{n} network{'s' if n > 1 else ''}"
        ideal = ideal_observer(np.array(PROBES), 0.75, 1.0)
        yield Picture(
            "psychometric",
            draw.psychometric(results, LEVELS),
            f"Positive choices in either context against each input, the other at any of its levels; mean and 95 % "
            f"interval over {nets}. An observer who adds up all evidence is correct in "
            f"{', '.join(f'{100 * one:.0f}' for one in ideal)} % of the trials at the three strengths.",
        )
        yield Picture(
            "paths",
            draw.trajectories(first),
            "Mean paths of correct trials of the first network on axes of choice, motion and colour (targeted "
            "dimensionality reduction of the rates), by level of motion (left) and of colour (right); a dot each 50 "
            "ms. Crosses: points of the context's line; dashed: its selection vector, seen in this plane.",
        )
        if first.selection:
            yield Picture(
                "selection",
                draw.selection(first),
                "The plane of line and selection vector in each context, first network. Arrows: a pulse of each input, "
                "seen in this plane; dotted: how the state goes back to the line; circle: where it ends.",
            )
        yield Picture(
            "eigenvalues",
            draw.eigenvalues(results),
            f"Real parts of the slowest and the next slowest eigenvalue along the lines, ``(lambda - 1) / alpha`` per "
            f"time constant; a line each context of {nets}. Dotted: 0.05 on either side of 0, and -0.1.",
        )
        yield Picture(
            "selected",
            draw.selected(results),
            f"Left: how far a unit pulse of each input moves the state along the line in the end; a dot a network, "
            f"{nets}. Right: how far it pushes the rates at first.",
        )


def choice_claims(results: Mante2013.Results) -> Iterator[Claim]:
    """Yield that both contexts are solved, and that choices do not depend on the other input."""
    yield Claim(
        "both_contexts",
        "At the strongest relevant evidence at least 95 % of the answers are correct in both contexts.",
        float(results.accuracy[:, -1].min()),
        at_least(0.95),
        CANON.format("Fig. 1"),
        Control("the same network before training", float(results.untrained[:, -1].min())),
        unit="fraction correct",
    )
    yield Claim(
        "psychometric",
        "The slope of the choices on the irrelevant input is at most 0.15 of that on the relevant one.",
        results.slope_ratio,
        at_most(0.15),
        CANON.format("Fig. 1"),
        Control("contexts shuffled over the trials", results.slope_ratio_shuffled),
        unit="ratio of slopes",
    )


def line_claims(results: Mante2013.Results) -> Iterator[Claim]:
    """Yield that there is one slow direction in each context, and that it is a line."""
    slowest, following = np.concatenate(results.top), np.concatenate(results.next)
    any_points = len(slowest) > 0
    yield Claim(
        "line",
        "In each context the slow points lie on a line: one dimension holds at least 95 % of their variance.",
        float(results.straight.min()),
        at_least(0.95),
        "canon COG02; margin ours, from the pilot seeds",
        Control("last states of the trials", float(results.straight_control.min())),
        unit="share of variance",
    )
    yield Claim(
        "slow",
        "Along the line the slowest mode neither grows nor decays: its eigenvalue is within 0.05 of zero.",
        float(np.abs(slowest).mean()) if any_points else np.nan,
        at_most(0.05),
        CANON.format("Fig. 6"),
        Control("the fixed point of the network before training", float(np.abs(results.untrained_top).max())),
        unit="mean distance per time constant",
    )
    yield Claim(
        "others_decay",
        "At every point of the lines all other modes decay, at 0.1 per time constant or faster.",
        float(following.max()) if any_points else np.nan,
        at_most(-0.1),
        CANON.format("Fig. 6"),
        Control("the slowest mode", float(slowest.max()) if any_points else np.nan),
        unit="largest real part per time constant",
    )


def selection_claims(results: Mante2013.Results) -> Iterator[Claim]:
    """Yield that the selection vector turns, and that the inputs themselves do not change."""
    yield Claim(
        "selection",
        "In at least 8 of 10 networks the selection vector of each context picks up the relevant input three times as "
        "well as the irrelevant one.",
        float(results.ratio >= LEAST_RATIO),
        at_least(0.8),
        CANON.format("Fig. 6"),
        Control("contexts shuffled over the points", float(results.ratio_shuffled >= LEAST_RATIO)),
        unit="share of networks",
    )
    yield Claim(
        "inputs",
        "The inputs' own push on the rates changes in length by at most a fifth between the contexts.",
        results.input_change,
        at_most(0.2),
        CANON.format("Fig. 6"),
        Control("their projections on the selection vector", results.projection_change),
        unit="relative change",
    )
