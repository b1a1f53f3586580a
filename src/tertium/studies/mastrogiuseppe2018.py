"""DYN09: networks of low rank, their outliers, their two states, and populations that decide by context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.dynamics import Loadings, fit_populations, low_rank_parts, project_on_loadings
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.mastrogiuseppe import (
    context_populations,
    deciding_network,
    onset,
    outlier_error,
    random_part,
    rank_one,
    rotation,
    sampled,
    two_states,
)
from tertium.studies.pictures import mastrogiuseppe as draw
from tertium.tasks import make
from tertium.theory import bistability_overlap, rank_one_states

if TYPE_CHECKING:
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]

#: Rank-one networks that are looked at for two states: gain of the random part, variance of constant inputs.
CASES = {"structure alone": (0.0, 0.0), "inputs and random part": (0.5, 1.0), "chaotic random part": (1.5, 0.0)}


class Mastrogiuseppe2018(Study):
    """Structure of low rank sets the dynamics of random networks (Mastrogiuseppe & Ostojic 2018).

    Connectivity is ``J + M N^T / n_units``, J random. The overlaps of n and m predict the eigenvalues that stand out of
    the bulk, and, with the mean gain of the units, where a rank-one network begins to hold two states. In a network of
    rank two without random part activity stays where loadings and inputs point. Such a network, drawn from two Gaussian
    populations whose gains the context sets (Beiran et al. 2021; Dubreuil et al. 2022), decides by context. Populations
    are found again in its loadings; networks drawn from the fit decide as well with two populations, not with one.
    """

    row, kind = "DYN09", "simulation"
    cite = (
        Reference(
            "Mastrogiuseppe2018",
            "Mastrogiuseppe, F. & Ostojic, S.",
            2018,
            "Linking connectivity, dynamics, and computations in low-rank recurrent neural networks",
            "Neuron 99:609-623",
            "10.1016/j.neuron.2018.07.003",
        ),
        Reference(
            "Beiran2021",
            "Beiran, M., Dubreuil, A., Valente, A., Mastrogiuseppe, F. & Ostojic, S.",
            2021,
            "Shaping dynamics with multiple populations in low-rank recurrent networks",
            "Neural Computation 33:1572-1615",
            "10.1162/neco_a_01381",
        ),
        Reference(
            "Dubreuil2022",
            "Dubreuil, A., Valente, A., Beiran, M., Mastrogiuseppe, F. & Ostojic, S.",
            2022,
            "The role of population structure in computations through neural dynamics",
            "Nature Neuroscience 25:783-794",
            "10.1038/s41593-022-01088-4",
        ),
    )
    smoke = {
        "outlier_units": 150,
        "shown_units": 100,
        "units": 150,
        "duration": 20.0,
        "deciding_units": 500,
        "trials": 30,
        "overlaps": [0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0],
    }

    class Config(StudyConfig):
        """Sizes of the networks and of the runs."""

        outlier_units: int = Field(1600, ge=50, description="units of the networks whose outliers are found")
        outlier_overlaps: tuple[float, ...] = Field((1.2, 1.6, 2.0), description="overlaps m.n / units of these")
        outlier_gain: float = Field(0.8, gt=0, description="gain of their random part")
        shown_units: int = Field(500, ge=20, description="units of the network whose whole spectrum is shown")
        units: int = Field(1200, ge=50, description="units of the rank-one networks that may hold two states")
        overlaps: tuple[float, ...] = Field(
            tuple(np.round(np.arange(0.7, 2.61, 0.075), 3).tolist()), description="overlaps at which they are run"
        )
        duration: float = Field(100.0, gt=0, description="length of these runs, time constants")
        deciding_units: int = Field(4000, ge=100, description="units of the networks that decide by context")
        trials: int = Field(200, ge=10, description="trials of the context-dependent decision")
        noise: float = Field(0.05, ge=0, description="sensory noise of the task; half of its usual value")
        delay: float = Field(0.5, gt=0, description="seconds between stimulus and decision")
        random_gain: float = Field(1.0, gt=0, description="random part of the control of the trajectories")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        outlier_error: dict[str, float]  # network -> |outlier - eigenvalue of the overlaps|, largest of all overlaps
        outlier_error_shuffled: dict[str, float]
        spectrum: NDArray[np.complex128]  # of one network of rank two
        spectrum_overlaps: NDArray[np.complex128]
        spectrum_gain: float
        overlaps: Floats
        apart: dict[str, Floats]  # case -> half distance of kappa from both starts, one an overlap
        onset: dict[str, float]
        predicted_onset: dict[str, float]
        predicted: dict[str, Floats]  # stationary theory of `apart`
        explained: float  # variance of the states in the span of m and inputs
        explained_random: float
        populations: int  # found in the loadings of the deciding network
        populations_of_one: int  # found in a network drawn from one population
        bic: Floats
        performance: dict[str, float]  # network -> fraction of trials answered correctly
        incongruent: dict[str, float]  # network -> the same where motion and colour disagree
        kappa: dict[str, Floats]  # context -> (time, signed relevant evidence) mean of kappa 1
        evidence: Floats
        time: Floats

    def run(self, config: Config, lab: Lab) -> Results:
        """Find outliers, look for two states, build and test networks that decide by context."""
        outliers = lab.stage("outliers", lambda: find_outliers(config, lab))
        states = lab.stage("states", lambda: find_states(config, lab))
        deciding = lab.stage("deciding", lambda: decide(config, lab))
        return self.Results(**outliers, **states, **deciding)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield outliers, two states, trajectories, decisions."""
        for name, sentence in (
            ("rank_one", "The eigenvalue that stands out of the bulk is m.n / N."),
            ("rotation", "With rank two a pair of complex eigenvalues stands out: those of the overlap matrix."),
        ):
            yield Claim(
                f"outlier_{name}",
                sentence,
                results.outlier_error[name],
                at_most(0.05),
                "canon DYN09",
                Control("n given to other units", results.outlier_error_shuffled[name]),
                unit="largest difference of eigenvalues",
            )
        found = {name: abs(at / results.predicted_onset[name] - 1) for name, at in results.onset.items()}
        unsaturated = {name: abs(at - 1) for name, at in results.onset.items()}
        yield Claim(
            "bistability",
            "A rank-one network begins to hold two states where overlap times mean gain is 1: alone, with inputs, and "
            "out of chaos.",
            max(found.values()),
            at_most(0.1),
            "canon DYN09: within 10 %",
            Control("overlap of 1 predicted, as if units never saturated", max(unsaturated.values())),
            unit="relative error of the onset, largest of 3",
        )
        yield Claim(
            "span",
            "Without random part the input currents of a deciding network stay in the span of m and the input weights.",
            results.explained,
            at_least(0.98),
            "canon DYN09",
            Control("random part of gain 1 added", results.explained_random),
            judge="each",
            unit="fraction of variance",
        )
        yield Claim(
            "two_found",
            "Two populations are found in the loadings of the network that decides by context.",
            float(results.populations),
            at_least(2),
            "Dubreuil et al. 2022 (criterion: BIC)",
            Control("drawn from one Gaussian of the same covariance", float(results.populations_of_one)),
            judge="each",
            unit="populations",
        )
        yield Claim(
            "two_populations",
            "Networks of rank two drawn from the two fitted populations decide by context.",
            results.performance["two populations"],
            at_least(0.9),
            "canon DYN09",
            Control("drawn from one population", results.performance["one population"], at_least(0.7)),
            unit="fraction of trials correct",
        )
        yield Claim(
            "one_population",
            "Networks drawn from one Gaussian of the same mean and covariance do not.",
            results.performance["one population"],
            at_most(0.7),
            "canon DYN09; resampling of Dubreuil et al. 2022",
            Control("two populations", results.performance["two populations"]),
            unit="fraction of trials correct",
        )
        yield Claim(
            "one_population_tuned",
            "One population without saturating cues, tuned to integrate, guesses where motion and colour disagree (it "
            "adds both, which is right in 3 of 4 trials).",
            results.incongruent["one population, tuned"],
            at_most(0.6),
            "closed form 1/2; margin ours",
            Control("two populations", results.incongruent["two populations"]),
            unit="fraction of incongruent trials correct",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw a spectrum, the two states, latent trajectories, performance."""
        n, first = len(results), results[0]
        yield Picture(
            "spectrum",
            draw.spectrum(first),
            f"Eigenvalues of a network of {len(first.spectrum)} units: random part and structure of rank two. Dashed: "
            "circle of the random part's gain; crosses: eigenvalues of the overlap matrix. First network.",
        )
        yield Picture(
            "states",
            draw.states(results),
            f"Half the distance of kappa between two opposite starts against the overlap m.n / N; mean of {n} networks "
            "a point, bars 95 % intervals. Lines: stationary mean-field theory; dotted: predicted onset.",
        )
        yield Picture(
            "kappa",
            draw.trajectories(first),
            "Latent variable 1 of a network of two populations, in both contexts: mean over trials of each strength of "
            "the relevant evidence, whatever the irrelevant one. First network.",
        )
        yield Picture(
            "performance",
            draw.performance(results),
            f"Fraction of trials answered correctly, all and those in which motion and colour disagree; mean of {n} "
            "networks a bar, 95 % intervals over networks. Dashed: chance.",
        )


def find_outliers(config: Mastrogiuseppe2018.Config, lab: Lab) -> dict[str, Any]:
    """Return how far outliers lie from the eigenvalues of the overlaps, and the whole spectrum of a small network."""
    n, gain = config.outlier_units, config.outlier_gain
    errors: dict[str, list[float]] = {"rank_one": [], "rotation": []}
    shuffled: dict[str, list[float]] = {"rank_one": [], "rotation": []}
    rng = lab.seeds.numpy("outliers")
    connections = random_part(n, gain, rng)
    for overlap in config.outlier_overlaps:
        for name, loadings in (("rank_one", rank_one(overlap, n, rng)), ("rotation", rotation(overlap, 0.5, n, rng))):
            mixed = Loadings(loadings.m, rng.permutation(loadings.n))
            errors[name].append(outlier_error(connections, loadings, loadings))
            if overlap == min(config.outlier_overlaps):  # the nearest to the bulk, so the control's least error
                shuffled[name].append(outlier_error(connections, mixed, loadings))
    small = config.shown_units
    shown = rotation(1.4, 0.6, small, rng)
    parts = low_rank_parts(random_part(small, gain, rng) + shown.weights(), rank=2)
    return {
        "outlier_error": {name: max(values) for name, values in errors.items()},
        "outlier_error_shuffled": {name: min(values) for name, values in shuffled.items()},
        "spectrum": parts.eigenvalues,
        "spectrum_overlaps": np.linalg.eigvals(shown.overlaps).astype(np.complex128),
        "spectrum_gain": parts.gain,
    }


def find_states(config: Mastrogiuseppe2018.Config, lab: Lab) -> dict[str, Any]:
    """Return how far two states are apart at each overlap, where that begins, and what theory says of both."""
    overlaps = np.array(config.overlaps)
    apart, predicted, begins, expected = {}, {}, {}, {}
    for name, (gain, variance) in CASES.items():
        rng = lab.seeds.numpy(f"states {name}")
        apart[name] = two_states(
            overlaps, config.units, rng, random_gain=gain, input_variance=variance, duration=config.duration
        )
        begins[name] = onset(overlaps, apart[name])
        expected[name] = bistability_overlap(random_gain=gain, input_variance=variance)
        solved = [rank_one_states(float(o), input_variance=variance, random_gain=gain) for o in overlaps]
        predicted[name] = np.array([found[1].kappa if len(found) > 1 else 0.0 for found in solved])
    return {
        "overlaps": overlaps, "apart": apart, "onset": begins, "predicted_onset": expected, "predicted": predicted
    }  # fmt: skip


def decide(config: Mastrogiuseppe2018.Config, lab: Lab) -> dict[str, Any]:
    """Build a network of two populations, fit them, and test networks drawn from fits on the decision by context."""
    n = config.deciding_units
    task = make("context_decision", noise=config.noise, delay=config.delay)
    batch = task.batch(config.trials, lab.seeds.child("trials"))
    built = sampled(*context_populations(), n, lab.seeds.numpy("built"))
    seeds = lab.seeds.child("populations")
    fitted = fit_populations(built, (1, 2, 3), seed=seeds)
    one, two = (fitted if len(fitted) == k else fit_populations(built, k, seed=seeds) for k in (1, 2))
    drawn = one.resample(n, lab.seeds.child("one"))
    shares, covariances = context_populations(saturation=0.0, persistence=1.5)
    tuned = sampled(np.ones(1), np.tensordot(shares, covariances, 1)[None], n, lab.seeds.numpy("tuned"))
    tested = {
        "built": built,
        "two populations": two.resample(n, lab.seeds.child("two")),
        "one population": drawn,
        "one population, tuned": tuned,
    }
    states = {name: run_network(loadings, config, batch) for name, loadings in tested.items()}
    right = {name: correct for name, (correct, _) in states.items()}
    opposed = np.sign(batch.columns["motion"]) != np.sign(batch.columns["colour"])
    _, moved = states["two populations"]
    loadings = tested["two populations"]
    _, disturbed = run_network(loadings, config, batch, random_gain=config.random_gain, seed=lab.seed)
    relevant = np.where(batch.columns["context"] == 0, batch.columns["motion"], batch.columns["colour"])
    latents = project_on_loadings(moved, loadings.m, loadings.inputs)
    strengths = np.unique(relevant)
    curves = {
        name: np.stack([
            latents.kappa[(batch.columns["context"] == context) & (relevant == s), :, 0].mean(0)
            if ((batch.columns["context"] == context) & (relevant == s)).any() else np.zeros(batch.steps)
            for s in strengths
        ], axis=1)
        for context, name in enumerate(("motion", "colour"))
    }  # fmt: skip
    return {
        "explained": explained_within(moved, loadings, batch),
        "explained_random": explained_within(disturbed, loadings, batch),
        "populations": len(fitted),
        "populations_of_one": len(fit_populations(drawn, (1, 2), seed=seeds.child("of one"))),
        "bic": fitted.bic,
        "performance": {name: float(correct.mean()) for name, correct in right.items()},
        "incongruent": {name: float(correct[opposed].mean()) for name, correct in right.items()},
        "kappa": curves,
        "evidence": strengths,
        "time": np.arange(batch.steps) * batch.dt,
    }


def explained_within(states: Floats, loadings: Loadings, batch: TrialBatch) -> float:
    """Return the fraction of variance in the span of m and inputs from stimulus onset on, the lesser of both contexts.

    The cues stay as they are then: else their strong drive would be most of the variance.
    """
    begins = int(batch.epochs["stimulus"][:, 0].min())
    shares = [
        project_on_loadings(states[batch.columns["context"] == context, begins:], loadings.m, loadings.inputs).explained
        for context in (0, 1)
    ]
    return min(shares)


def run_network(
    loadings: Loadings, config: Mastrogiuseppe2018.Config, batch: TrialBatch, *, random_gain: float = 0.0, seed: int = 0
) -> tuple[NDArray[np.bool_], Floats]:
    """Return which trials a network answers correctly, and its states (trial, time, unit)."""
    task = make("context_decision", noise=config.noise, delay=config.delay)
    network = deciding_network(loadings, task, random_gain=random_gain, seed=seed)
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(batch.inputs))
    assert torch.is_tensor(states)
    return batch.correct(outputs.numpy()), states.numpy().transpose(1, 0, 2).astype(np.float64)
