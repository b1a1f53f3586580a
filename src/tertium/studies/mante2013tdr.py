"""COG03: targeted axes of networks that judge motion or colour, and of neurons of LIP, found by the same functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import tdr
from tertium.rng import Seeds
from tertium.studies.base import Field, Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least, at_most, below
from tertium.studies.methods.mante_axes import (
    CONDITIONS,
    REGRESSORS,
    choice_angle,
    decoded_choice,
    halves,
    kept_when_irrelevant,
    lip_axes,
    lip_sessions,
    paths,
    relabelled,
    separations,
    shuffled_units,
    variance_of_components,
)
from tertium.studies.methods.mante_measures import recorded
from tertium.studies.methods.mante_networks import INPUTS, ManteConfig, task_of, trained
from tertium.studies.pictures import mante_axes as draw
from tertium.tasks.presets.mante13 import PROBES

if TYPE_CHECKING:
    import xarray as xr

    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon COG03; Mante et al. 2013"


class Mante2013TDR(Study):
    """Axes of choice, motion and colour: nothing irrelevant is shut out of the population (Mante et al. 2013; Gallego et al. 2017)."""  # noqa: E501

    row, kind = "COG03", "simulation"
    cite = (
        Reference(
            "Mante2013",
            "Mante, V., Sussillo, D., Shenoy, K. V. & Newsome, W. T.",
            2013,
            "Context-dependent computation by recurrent dynamics in prefrontal cortex",
            "Nature 503:78-84",
            "10.1038/nature12742",
        ),
        Reference(
            "Gallego2017",
            "Gallego, J. A., Perich, M. G., Miller, L. E. & Solla, S. A.",
            2017,
            "Neural manifolds for the control of movement",
            "Neuron 94:978-984",
            "10.1016/j.neuron.2017.05.025",
        ),
        Reference(
            "Roitman2002",
            "Roitman, J. D. & Shadlen, M. N.",
            2002,
            "Response of neurons in the lateral intraparietal area during a combined visual discrimination reaction "
            "time task",
            "Journal of Neuroscience 22:9475-9489",
        ),
    )
    needs = ("roitman_lip",)
    test_seeds = (10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
    smoke = {
        "units": 16,
        "batch": 16,
        "steps": 60,
        "trials": 600,
        "pseudo_trials": 50,
        "shuffles": 1,
        "permutations": 5,
    }

    class Config(ManteConfig):
        """Networks, training and measurements."""

        trials: int = Field(3000, ge=288, description="trials recorded; half give the axes, half are looked at")
        n_pcs: int = Field(12, ge=1, description="principal components that denoise")
        pseudo_trials: int = Field(500, ge=2, description="trials of each choice put together from single LIP neurons")
        shuffles: int = Field(3, ge=1, description="times that labels are dealt out anew")
        permutations: int = Field(500, ge=1, description="permutations behind each p value of LIP")
        late: float = Field(0.4, gt=0, description="seconds of motion that are looked at in LIP; later saccades only")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        auc: float
        auc_shuffled: float
        separation: Floats  # (input, context) along the input's own axis
        along_choice: Floats  # (input, context) along the choice axis
        kept: float  # irrelevant / relevant separation, the lesser input
        kept_choice: float  # the same along the choice axis
        variance: Floats  # (component,) cumulative
        variance_shuffled: Floats
        angle: float  # degrees between the choice axes of the contexts
        angle_shuffled: float
        explained: Floats  # (axis,) share of the variance of averages
        paths: dict[str, Any]
        lip: dict[str, Any]

    def run(self, config: Config, lab: Lab) -> Results:
        """Take the networks of COG02, record, find axes on half of the trials, look at the other half; then LIP."""
        network, kept = trained(config, lab)
        if kept:
            lab.note("The networks are the trained ones of mante2013 that are kept; retrain=true trains them again.")
        task, seeds = task_of(config, PROBES), lab.seeds

        def animals() -> dict[str, Any]:
            cells = lab.data("roitman_lip").responses(align="dots_on", window=(-0.1, config.late), dt=0.05)
            sessions = lip_sessions(cells, config.late)
            # shared by all seeds, so it may depend on none
            fixed = Seeds(0).child("lip")
            return lip_axes(sessions, config.pseudo_trials, config.shuffles, config.permutations, fixed)

        neurons = lab.stage("lip", animals, shared=True)
        axes = lab.stage("axes", lambda: network_axes(recorded(network, task, config.trials, seeds), config, seeds))
        return self.Results(**axes, lip=neurons)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the axes of the networks carry, then those of LIP."""
        yield from network_claims(results)
        yield from lip_claims(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw separations, components, choice axes, and the averages of LIP."""
        n = len(results)
        nets = f"{n} network{'s' if n > 1 else ''}"
        lip = results[0].lip
        yield Picture(
            "separation",
            draw.separation(results),
            "Distance between the strongest positive and negative evidence, mean over the stimulus, in trials kept "
            f"aside, along the input's own axis (left) and along the choice axis (right); a dot a network, {nets}.",
        )
        yield Picture(
            "over_time",
            draw.over_time(results[0]),
            "Mean paths of correct trials of the first network along the motion and the colour axis over time, by the "
            "level of that input; solid where it is relevant, dashed where it is not.",
        )
        yield Picture(
            "components",
            draw.components(results),
            f"Variance of the condition averages in the first principal components; a line a network, {nets}. "
            "Dashed: each unit's values dealt out anew over conditions and times.",
        )
        yield Picture(
            "angles",
            draw.angles(results),
            f"Angle between the choice axes of the two contexts; a dot a network, {nets}. Open: choices shuffled.",
        )
        yield Picture(
            "lip",
            draw.lip(lip),
            f"{lip['averaged']} LIP neurons with two trials or more of every strength of motion: averages by signed "
            "motion along the axes of choice and motion (trials with saccades after 0.4 s; bands at the strongest "
            "motion: standard errors over trials).",
        )


def network_axes(rates: xr.DataArray, config: Mante2013TDR.Config, seeds: Seeds) -> dict[str, Any]:
    """Return what the axes found on one half of a network's trials carry in the other half, and the controls."""
    first, second = halves(rates)
    rng = seeds.numpy("dealt")

    def axes(trials: xr.DataArray) -> Any:
        return tdr(
            trials,
            list(REGRESSORS),
            conditions=list(CONDITIONS),
            missing="drop",
            n_pcs=config.n_pcs,
            n_permutations=0,
        )

    found = axes(first)
    dealt = [relabelled(first, "choice", rng) for _ in range(config.shuffles)]
    mixed = [relabelled(rates, "choice", rng) for _ in range(config.shuffles)]
    return {
        "auc": decoded_choice(found, second),
        "auc_shuffled": float(np.mean([decoded_choice(axes(one), second) for one in dealt])),
        "separation": np.array([separations(found, second, name, name) for name in INPUTS]),
        "along_choice": np.array([separations(found, second, "choice", name) for name in INPUTS]),
        "kept": kept_when_irrelevant(found, second),
        "kept_choice": kept_when_irrelevant(found, second, along_choice=True),
        "variance": variance_of_components(found.averages),
        "variance_shuffled": variance_of_components(shuffled_units(found.averages, rng)),
        "angle": choice_angle(rates, config.n_pcs),
        "angle_shuffled": float(np.mean([choice_angle(one, config.n_pcs) for one in mixed])),
        "explained": found.explained,
        "paths": paths(found, second),
    }


def network_claims(results: Mante2013TDR.Results) -> Iterator[Claim]:
    """Yield what the axes of a network carry."""
    yield Claim(
        "choice",
        "The choice is read off the choice axis at the end of trials that did not give the axis.",
        results.auc,
        at_least(0.95),
        CANON,
        Control("axis found with choices shuffled", results.auc_shuffled),
        unit="area under the ROC curve",
    )
    yield Claim(
        "not_gated",
        "Motion and colour move the population along their axes in both contexts: where irrelevant, at least half as "
        "far as where relevant.",
        results.kept,
        at_least(0.5),
        CANON,
        Control("the same along the choice axis", results.kept_choice),
        unit="ratio of separations",
    )
    yield Claim(
        "components",
        "Twelve principal components hold at least 90 % of the variance of the condition averages.",
        float(results.variance[min(12, len(results.variance)) - 1]),
        at_least(0.9),
        CANON,
        Control(
            "each unit's values dealt out anew",
            float(results.variance_shuffled[min(12, len(results.variance_shuffled)) - 1]),
        ),
        unit="share of variance",
    )
    yield Claim(
        "one_choice_axis",
        "The choice axes of the two contexts are at most 30 degrees apart.",
        results.angle,
        at_most(30),
        CANON,
        Control("choices shuffled", results.angle_shuffled),
        unit="degrees",
    )


def lip_claims(results: Mante2013TDR.Results) -> Iterator[Claim]:
    """Yield what the axes of LIP carry, found by the same functions."""
    yield Claim(
        "lip_choice",
        "In LIP the choice is read off the choice axis of the population, in trials that did not give the axis.",
        results.lip["auc"],
        at_least(0.95),
        "canon COG03; Roitman & Shadlen 2002; the networks' threshold",
        Control("axis found with choices shuffled", results.lip["auc_shuffled"]),
        kind="real",
        unit="area under the ROC curve",
    )
    yield Claim(
        "lip_motion",
        "Beside the choice, LIP has an axis of the strength and direction of motion.",
        results.lip["p"],
        below(0.01),
        "canon COG03; margin ours",
        Control("motion shuffled among trials of one choice", results.lip["p_shuffled"]),
        kind="real",
        unit="p",
    )
