"""THY07: how strongly a network is coupled, inferred from the covariances of a few of its units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import lag_asymmetry, spectral_radius_from_covariances
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_most
from tertium.studies.methods.dahmen import (
    distance_from_theory,
    fluctuations,
    participation_ratio,
    random_weights,
    symmetric_weights,
)
from tertium.studies.pictures import dahmen as draw
from tertium.theory import linear_covariance, relative_dimension

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: How weights are drawn; the second breaks what the estimator assumes.
KINDS = {"independent": random_weights, "symmetric": symmetric_weights}


class Dahmen2019(Study):
    """Covariances of a few units tell how strongly the whole network is coupled (Dahmen et al. 2019).

    Linear networks with independent random weights of spectral radius g fluctuate with covariances ``(1 - W)^-1
    (1 - W)^-T``. A quarter of the units is recorded; from the spread of their covariances g is inferred, from exact
    covariances and from few trials. The dimension of the fluctuations and the eigenvalues of their covariances are held
    against closed forms (Hu & Sompolinsky 2022). Symmetric weights, which the estimator excludes, must make it fail.
    Nothing at lag 0 betrays them, since covariances of both kinds are turned at random; the direction of time does.
    """

    row, kind = "THY07", "simulation"
    cite = (
        Reference(
            "Dahmen2019",
            "Dahmen, D., Grün, S., Diesmann, M. & Helias, M.",
            2019,
            "Second type of criticality in the brain uncovers rich multiple-neuron dynamics",
            "Proceedings of the National Academy of Sciences 116:13051-13060",
            "10.1073/pnas.1818972116",
        ),
        Reference(
            "Hu2022",
            "Hu, Y. & Sompolinsky, H.",
            2022,
            "The spectrum of covariance matrices of randomly connected recurrent neuronal networks with linear "
            "dynamics",
            "PLoS Computational Biology 18:e1010327",
            "10.1371/journal.pcbi.1010327",
        ),
    )
    smoke = {"units": 100, "recorded": 40, "large": 150, "trials": 100, "runs": 30, "steps": 20, "bootstrap": 20}

    class Config(StudyConfig):
        """Sizes of networks and recordings."""

        units: int = Field(400, ge=50, description="units of the networks whose radius is inferred")
        recorded: int = Field(100, ge=20, description="units that are recorded of them")
        radii: tuple[float, ...] = Field((0.3, 0.5, 0.7, 0.8, 0.9), description="spectral radii, true ones")
        trials: int = Field(500, ge=20, description="trials of the estimate from activity")
        bootstrap: int = Field(200, ge=1, description="draws of each interval")
        large: int = Field(1000, ge=100, description="units of the networks whose dimension is measured")
        largest: float = Field(0.8, gt=0, lt=1, description="largest radius at which the dimension is tested")
        runs: int = Field(200, ge=20, description="trials of the fluctuations in time")
        steps: int = Field(100, ge=10, description="steps of these, a tenth of a time constant each")
        lag: int = Field(10, ge=1, description="lag of the test of time's direction, steps")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; one entry a radius."""

        radii: Floats
        exact: dict[str, Floats]  # kind of weights -> estimates from exact covariances
        sampled: Floats  # from trials, independent weights
        sampled_low: Floats
        sampled_high: Floats
        raw: Floats  # the same without correction
        trials: int
        dimension_radii: Floats  # those of the larger networks
        dimension: dict[str, Floats]  # kind -> participation ratio per unit
        distance: dict[str, Floats]  # kind -> distance of the eigenvalues from theory at the true radius
        eigenvalues: Floats  # (radius, unit) of one network each, independent weights
        asymmetry: dict[str, float]  # kind -> of lagged covariances
        asymmetry_p: dict[str, float]
        covariances: Floats  # (bin,) histogram of covariances over the mean variance, radius 0.9 or the largest
        bins: Floats

    def run(self, config: Config, lab: Lab) -> Results:
        """Infer radii, measure dimensions and spectra, look for the direction of time."""
        inferred = lab.stage("radii", lambda: infer_radii(config, lab))
        spectra = lab.stage("dimensions", lambda: measure_dimensions(config, lab))
        time = lab.stage("time", lambda: measure_asymmetry(config, lab))
        return self.Results(radii=np.array(config.radii), trials=config.trials, **inferred, **spectra, **time)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield radii, dimension, spectrum, and what symmetric weights do."""
        off = {kind: np.abs(found - results.radii) for kind, found in results.exact.items()}
        yield Claim(
            "radius",
            f"From a quarter of the units the spectral radius is inferred, at all of {len(results.radii)} true radii "
            f"from {results.radii[0]:g} to {results.radii[-1]:g}.",
            float(off["independent"].max()),
            at_most(0.05),
            "canon THY07",
            Control("symmetric weights of the same radius (least error of all)", float(off["symmetric"].min())),
            unit="largest error of R",
        )
        yield Claim(
            "radius_from_trials",
            f"From {results.trials} trials of the same units it is inferred too.",
            float(np.abs(results.sampled - results.radii).max()),
            at_most(0.05),
            "as canon THY07; number of trials ours",
            Control("without taking off what finite trials add", float(np.abs(results.raw - results.radii).max())),
            unit="largest error of R",
        )
        theory = np.array([relative_dimension(g) for g in results.dimension_radii])
        away = {kind: np.abs(found - theory) for kind, found in results.dimension.items()}
        yield Claim(
            "dimension",
            "The participation ratio per unit is (1 - R²)², at all radii up to 0.8.",
            float(away["independent"].max()),
            at_most(0.04),
            "canon THY07; Hu & Sompolinsky 2022",
            Control("symmetric weights of the same radius (least of all)", float(away["symmetric"].min())),
            unit="largest difference of PR/N",
        )
        yield Claim(
            "spectrum",
            "The eigenvalues of the covariances are distributed as the closed form says, at all radii up to 0.8.",
            float(results.distance["independent"].max()),
            at_most(0.03),
            "Hu & Sompolinsky 2022; margin ours",
            Control("symmetric weights of the same radius (least of all)", float(results.distance["symmetric"].min())),
            unit="Kolmogorov-Smirnov distance",
        )
        yield Claim(
            "symmetric_fails",
            "Where weights are symmetric, the estimate is wrong at every radius.",
            float(off["symmetric"].min()),
            above(0.05),
            "canon THY07: fails detectably",
            Control("independent weights (largest error of all)", float(off["independent"].max())),
            judge="each",
            unit="least error of R",
        )
        yield Claim(
            "symmetric_detected",
            "Symmetric weights show in recordings: covariances at a lag are the same whichever unit leads.",
            results.asymmetry["symmetric"],
            at_most(0.07),
            "detailed balance gives 0; margin ours",
            Control("independent weights", results.asymmetry["independent"]),
            judge="each",
            unit="antisymmetric / symmetric power",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw estimates against truth, dimensions, spectra."""
        n, first = len(results), results[0]
        yield Picture(
            "radii",
            draw.radii(results),
            f"Spectral radius inferred from the covariances of a quarter of the units against the true one: exact "
            f"covariances, and {first.trials} trials with and without what finite trials add. Mean of {n} networks, "
            "bars 95 % intervals; grey: true. Symmetric weights, which the estimator excludes, give too small a value.",
        )
        yield Picture(
            "dimension",
            draw.dimensions(results),
            f"Participation ratio of the covariances divided by the number of units ({first.eigenvalues.shape[1]}), "
            f"against the spectral radius; mean of {n} networks, bars 95 % intervals; line: (1 - R²)².",
        )
        yield Picture(
            "spectra",
            draw.spectra(first),
            f"Eigenvalues of the covariances of one network of {first.eigenvalues.shape[1]} units a radius "
            "(histograms) and the closed form of many units (lines).",
        )
        yield Picture(
            "covariances",
            draw.covariances(first),
            "Covariances between different units over the mean variance, exact, one network of the largest radius: "
            "their mean is nearly 0, their spread tells the radius.",
        )


def infer_radii(config: Dahmen2019.Config, lab: Lab) -> dict[str, Any]:
    """Return estimates of all radii from exact covariances of both kinds of networks, and from trials."""
    found: dict[str, list[float]] = {
        "independent": [],
        "symmetric": [],
        "sampled": [],
        "low": [],
        "high": [],
        "raw": [],
    }
    counts, edges = np.zeros(0), np.zeros(0)
    for g in config.radii:
        for kind, weights in KINDS.items():
            rng = lab.seeds.numpy(f"{kind} {g}")
            w = weights(config.units, g, rng)
            some = rng.choice(config.units, config.recorded, replace=False)
            exact = linear_covariance(w)[np.ix_(some, some)]
            estimate = spectral_radius_from_covariances(exact, config.units, kind="covariance", n_bootstrap=0)
            found[kind].append(estimate.value)
            if kind == "independent":
                noise = rng.normal(size=(config.trials, config.units))
                activity = np.linalg.solve(np.eye(config.units) - w, noise.T).T[:, some]
                seeds = lab.seeds.child(f"bootstrap {g}")
                of_trials = spectral_radius_from_covariances(
                    activity, config.units, n_bootstrap=config.bootstrap, seed=seeds
                )
                found["sampled"].append(of_trials.value)
                found["low"].append(of_trials.interval[0])
                found["high"].append(of_trials.interval[1])
                found["raw"].append(float(np.sqrt(1 - np.sqrt(1 / (1 + config.units * of_trials.raw_spread**2)))))
                above_diagonal = exact[np.triu_indices(len(exact), 1)] / np.diag(exact).mean()
                counts, edges = np.histogram(above_diagonal, bins=60, density=True)
    return {
        "exact": {kind: np.array(found[kind]) for kind in KINDS},
        "sampled": np.array(found["sampled"]),
        "sampled_low": np.array(found["low"]),
        "sampled_high": np.array(found["high"]),
        "raw": np.array(found["raw"]),
        "covariances": counts,
        "bins": (edges[1:] + edges[:-1]) / 2,
    }


def measure_dimensions(config: Dahmen2019.Config, lab: Lab) -> dict[str, Any]:
    """Return participation ratios and distances from the closed spectrum of large networks of both kinds."""
    radii = [g for g in config.radii if g <= config.largest]
    dimension: dict[str, list[float]] = {kind: [] for kind in KINDS}
    distance: dict[str, list[float]] = {kind: [] for kind in KINDS}
    shown = []
    for g in radii:
        for kind, weights in KINDS.items():
            covariances = linear_covariance(weights(config.large, g, lab.seeds.numpy(f"large {kind} {g}")))
            values = np.asarray(np.linalg.eigvalsh(covariances), dtype=np.float64)
            dimension[kind].append(participation_ratio(covariances) / config.large)
            distance[kind].append(distance_from_theory(values, g))
            if kind == "independent":
                shown.append(values)
    return {
        "dimension_radii": np.array(radii),
        "dimension": {kind: np.array(values) for kind, values in dimension.items()},
        "distance": {kind: np.array(values) for kind, values in distance.items()},
        "eigenvalues": np.array(shown),
    }


def measure_asymmetry(config: Dahmen2019.Config, lab: Lab) -> dict[str, Any]:
    """Return how much the direction of time shows in the fluctuations of both kinds of networks, radius 0.7."""
    found = {}
    for kind, weights in KINDS.items():
        rng = lab.seeds.numpy(f"time {kind}")
        x = fluctuations(weights(config.units, 0.7, rng), config.runs, config.steps, rng)
        seeds = lab.seeds.child(f"time {kind}")
        found[kind] = lag_asymmetry(x[..., : config.recorded], config.lag, n_permutations=99, seed=seeds)
    return {
        "asymmetry": {kind: one.value for kind, one in found.items()},
        "asymmetry_p": {kind: one.p_value for kind, one in found.items()},
    }
