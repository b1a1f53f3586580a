"""THY10: avalanches of a critical branching network, and what tells them from those of other systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.geometry import Avalanches, avalanches, branching_ratio, fit_power_law
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.methods.beggs import (
    constantly_driven,
    plausibilities,
    poisson_units,
    random_targets,
    shuffled_intervals,
    slowly_driven,
)
from tertium.studies.pictures import beggs as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Beggs2003(Study):
    """Avalanches of a critical branching network, and what tells them from others (Beggs & Plenz 2003).

    Units excite one another at random, each one unit on average (sigma = 1) or fewer (0.8); a silent network is excited
    in one place. Avalanches are cut out in bins of the mean interval between events, their sizes and durations fitted
    and tested as by Clauset, Shalizi & Newman (2009), their growth and shapes compared with those of crackling noise.
    Poisson units of the same rate and shuffled intervals are the controls. Under constant drive the branching ratio is
    inferred from a twentieth of the units (Wilting & Priesemann 2018).
    """

    row, kind = "THY10", "simulation"
    cite = (
        Reference(
            "Beggs2003",
            "Beggs, J. M. & Plenz, D.",
            2003,
            "Neuronal avalanches in neocortical circuits",
            "Journal of Neuroscience 23:11167-11177",
            "10.1523/JNEUROSCI.23-35-11167.2003",
        ),
        Reference(
            "Clauset2009",
            "Clauset, A., Shalizi, C. R. & Newman, M. E. J.",
            2009,
            "Power-law distributions in empirical data",
            "SIAM Review 51:661-703",
            "10.1137/070710111",
        ),
        Reference(
            "Touboul2017",
            "Touboul, J. & Destexhe, A.",
            2017,
            "Power-law statistics and universal scaling in the absence of criticality",
            "Physical Review E 95:012413",
            "10.1103/PhysRevE.95.012413",
        ),
        Reference(
            "Wilting2018",
            "Wilting, J. & Priesemann, V.",
            2018,
            "Inferring collective dynamical states from widely unobserved systems",
            "Nature Communications 9:2325",
            "10.1038/s41467-018-04725-4",
        ),
    )
    smoke = {
        "units": 2000, "avalanches": 1500, "pause": 100.0, "largest_size": 500, "durations": (5, 60), "per_draw": 400,
        "draws": 3, "bootstrap": 5, "ratios": (0.8, 0.9), "trials": 4, "steps": 600,
    }  # fmt: skip

    class Config(StudyConfig):
        """Sizes of networks and recordings."""

        units: int = Field(100_000, ge=1000, description="units of the network")
        targets: int = Field(10, ge=2, description="units that each of them may excite")
        subcritical: float = Field(0.8, gt=0, lt=1, description="mean number excited in the subcritical network")
        avalanches: int = Field(40_000, ge=500, description="avalanches of the critical network")
        pause: float = Field(500.0, ge=1, description="mean silence before a network is excited again, steps")
        largest_size: int = Field(10_000, ge=10, description="where the law of sizes ends, units / 10")
        durations: tuple[int, int] = Field((20, 300), description="steps between which durations are fitted")
        control_steps: int = Field(5_000_000, ge=1000, description="steps of the Poisson units, of shuffled intervals")
        per_draw: int = Field(4000, ge=100, description="avalanches in each draw of the test of the law")
        draws: int = Field(20, ge=2, description="draws of the subcritical network")
        bootstrap: int = Field(40, ge=1, description="samples of each p value")
        ratios: tuple[float, ...] = Field((0.8, 0.9, 0.95, 0.98, 0.99), description="branching ratios under drive")
        activity: float = Field(100.0, gt=0, description="mean number of active units under drive")
        share: float = Field(0.05, gt=0, le=1, description="share of the units that is recorded under drive")
        trials: int = Field(40, ge=3, description="trials under drive")
        steps: int = Field(5000, ge=200, description="steps of each")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; mappings from "critical", "subcritical", "poisson", "shuffled"."""

        tau: dict[str, float]
        alpha: dict[str, float]
        alpha_found: float  # critical, with the beginning found as that of sizes is
        growth: dict[str, float]
        collapse: dict[str, float]
        branching: dict[str, float]
        bins: dict[str, float]  # width, steps
        low: dict[str, int]  # where the law of sizes begins
        p_values: dict[str, Floats]  # of the law of sizes in each draw, critical and subcritical
        sizes: dict[str, Floats]  # (2, place): middles of logarithmic bins and densities
        durations: dict[str, Floats]
        phases: Floats
        shapes: Floats  # (duration, phase), critical, scaled
        shape_durations: Floats
        ratios: Floats  # true ones under drive
        inferred: Floats  # from the share that was recorded
        inferred_low: Floats
        inferred_high: Floats
        naive: Floats
        share: float

    def run(self, config: Config, lab: Lab) -> Results:
        """Cut out avalanches of networks and controls, test their law in draws, infer branching ratios."""
        laws = lab.stage("avalanches", lambda: measure_avalanches(config, lab))
        inferred = lab.stage("branching", lambda: infer_ratios(config, lab))
        return self.Results(**laws, **inferred, ratios=np.array(config.ratios), share=config.share)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield exponents, branching, rejection of the law where it does not hold, growth and shapes."""
        yield Claim(
            "tau",
            "Sizes of avalanches of the critical network follow a power law of exponent 3/2.",
            results.tau["critical"],
            between(1.42, 1.58),
            "canon THY10; Beggs & Plenz 2003",
            Control("Poisson units of the same rate", results.tau["poisson"]),
            unit="exponent",
        )
        yield Claim(
            "alpha",
            "Durations follow a power law of exponent 2.",
            results.alpha["critical"],
            between(1.85, 2.15),
            "canon THY10",
            Control("Poisson units of the same rate", results.alpha["poisson"]),
            unit="exponent",
        )
        yield Claim(
            "branching",
            "In the critical network one event brings about one event in the next bin.",
            results.branching["critical"],
            between(0.97, 1.03),
            "canon THY10; Beggs & Plenz 2003",
            Control("subcritical network", results.branching["subcritical"]),
            unit="branching ratio",
        )
        rejected = {kind: float((p < 0.1).mean()) for kind, p in results.p_values.items()}
        yield Claim(
            "subcritical_rejected",
            "In the subcritical network a power law of sizes over a decade is rejected (p < 0.1).",
            rejected["subcritical"],
            at_least(0.95),
            "canon THY10; Clauset et al. 2009",
            Control("critical network", rejected["critical"]),
            unit="share of draws",
        )
        yield Claim(
            "critical_plausible",
            "In the critical network it is not rejected in most draws of the same length.",
            1 - rejected["critical"],
            at_least(0.5),
            "ours",
            Control("subcritical network", 1 - rejected["subcritical"]),
            unit="share of draws",
        )
        yield Claim(
            "subsampled",
            f"From {results.share:.0%} of the units the branching ratio is inferred, at all of {len(results.ratios)} "
            f"true ones from {results.ratios[0]:g} to {results.ratios[-1]:g}.",
            float(np.abs(results.inferred - results.ratios).max()),
            at_most(0.02),
            "canon THY10; Wilting & Priesemann 2018",
            Control("regression on the step before (least error of all)", least_error(results.naive, results.ratios)),
            unit="largest error of m",
        )
        yield Claim(
            "growth",
            "Mean size grows with the square of the duration.",
            results.growth["critical"],
            between(1.8, 2.2),
            "mean-field branching gives 2; margin ours",
            Control("intervals between events shuffled", results.growth["shuffled"]),
            unit="exponent",
        )
        yield Claim(
            "shapes",
            "Mean shapes of avalanches of all durations collapse at the same exponent.",
            results.collapse["critical"],
            between(1.8, 2.2),
            "mean-field branching gives 2; margin ours",
            Control("intervals between events shuffled", results.collapse["shuffled"]),
            unit="exponent",
        )
        yield Claim(
            "crackling",
            "Growth is what both exponents predict, (alpha - 1) / (tau - 1).",
            off_prediction(results, "critical", "critical"),
            at_most(0.1),
            "Sethna et al. 2001; margin as canon THY09",
            Control("growth of the Poisson units", off_prediction(results, "poisson", "critical")),
            unit="relative difference",
        )
        yield Claim(
            "crackling_proves_nothing",
            "The same holds of Poisson units: of itself it is no sign of a critical point.",
            off_prediction(results, "poisson", "poisson"),
            at_most(0.1),
            "Touboul & Destexhe 2017; margin as above",
            Control("growth of the critical network", off_prediction(results, "critical", "poisson")),
            unit="relative difference",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw sizes, durations, shapes, p values and branching ratios."""
        n, first = len(results), results[0]
        tau, alpha = (np.mean([getattr(r, name)["critical"] for r in results]) for name in ("tau", "alpha"))
        found = np.mean([r.alpha_found for r in results])
        same = "Poisson units of the same rate and the same intervals between events in random order."
        yield Picture(
            "sizes",
            draw.laws(results, "sizes"),
            f"Density of the sizes of avalanches, one network of each kind; mean exponent of {n} critical networks "
            f"{tau:.2f}. Controls: {same}",
        )
        yield Picture(
            "durations",
            draw.laws(results, "durations"),
            f"Density of durations, one network of each kind; mean exponent of {n} critical networks {alpha:.2f} in "
            f"the range that was set before ({found:.2f} where its beginning is found as that of sizes is: short "
            f"avalanches of branching are not yet on the law). Controls: {same}",
        )
        yield Picture(
            "shapes",
            draw.shapes(first),
            f"Mean shapes of avalanches of one critical network, divided by T to the exponent of the collapse less 1 "
            f"({first.collapse['critical']:.2f} - 1) and by their mean; dashed: the parabola of mean-field theory.",
        )
        yield Picture(
            "plausible",
            draw.plausible(results),
            "P values of the power law of sizes over a decade or more, one dot a draw "
            f"({len(first.p_values['critical'])} and {len(first.p_values['subcritical'])} draws of each of {n} "
            "networks); below 0.1 the law is rejected.",
        )
        yield Picture(
            "branching",
            draw.branching(results),
            f"Branching ratio inferred from {first.share:.0%} of the units against the true one, by regression over "
            f"many steps and over one; mean of {n} networks, bars 95 % intervals; grey: true.",
        )


def least_error(estimates: Floats, true: Floats) -> float:
    """Return the smallest distance of estimates from the truth."""
    return float(np.abs(estimates - true).min())


def off_prediction(results: Beggs2003.Results, growth_of: str, exponents_of: str) -> float:
    """Return by how much growth differs from its prediction by both exponents, as a share of the prediction."""
    predicted = (results.alpha[exponents_of] - 1) / (results.tau[exponents_of] - 1)
    return abs(results.growth[growth_of] - predicted) / abs(predicted)


def measure_avalanches(config: Beggs2003.Config, lab: Lab) -> dict[str, Any]:
    """Return exponents, shapes and distributions of networks and controls, and p values of draws."""
    rng = lab.seeds.numpy("networks")
    targets = random_targets(config.units, config.targets, rng)
    critical = slowly_driven(targets, 1.0, config.avalanches, config.pause, rng)
    n_draws = config.draws * config.per_draw
    # some of the subcritical ones fall into one wide bin
    subcritical = slowly_driven(targets, config.subcritical, int(1.5 * n_draws), config.pause, rng)
    traces = {
        "critical": critical,
        "subcritical": subcritical,
        "poisson": poisson_units(critical[: config.control_steps], rng),
        "shuffled": shuffled_intervals(critical[: config.control_steps], rng),
    }
    sizes = (None, config.largest_size)
    found: dict[str, Avalanches] = {}
    for kind, trace in traces.items():
        # where nothing lasts so long the law may begin anywhere
        durations = config.durations if kind == "critical" else (None, config.durations[1])
        found[kind] = avalanches(trace, sizes=sizes, durations=durations, alternatives=(), bootstrap=0)
    anywhere = fit_power_law(
        found["critical"].durations, high=config.durations[1], decades=1, alternatives=(), bootstrap=0
    )
    tested = {
        kind: plausibilities(
            found[kind].sizes, config.per_draw, config.draws, config.largest_size, config.bootstrap,
            lab.seeds.child(kind),
        )
        for kind in ("critical", "subcritical")
    }  # fmt: skip
    shapes = found["critical"].shapes
    return {
        "tau": {kind: one.size_law.exponent for kind, one in found.items()},
        "alpha": {kind: one.duration_law.exponent for kind, one in found.items()},
        "alpha_found": anywhere.exponent,
        "growth": {kind: one.growth.exponent for kind, one in found.items()},
        "collapse": {kind: one.shapes.exponent for kind, one in found.items()},
        "branching": {kind: one.branching_ratio for kind, one in found.items()},
        "bins": {kind: one.bin for kind, one in found.items()},
        "low": {kind: one.size_law.low for kind, one in found.items()},
        "p_values": tested,
        "sizes": {kind: one.size_law.density() for kind, one in found.items()},
        "durations": {kind: one.duration_law.density() for kind, one in found.items()},
        "phases": shapes.phases,
        "shapes": shapes.scaled / shapes.scaled.mean() if len(shapes.scaled) else shapes.scaled,
        "shape_durations": shapes.durations,
    }


def infer_ratios(config: Beggs2003.Config, lab: Lab) -> dict[str, Any]:
    """Return branching ratios inferred from a few units of driven networks."""
    rows = []
    for m in lab.track(config.ratios, "branching ratios"):
        rng = lab.seeds.numpy(f"driven {m}")
        targets = random_targets(config.units, config.targets, rng)
        activity = constantly_driven(targets, m, config.activity, config.trials, config.steps, config.share, rng)
        found = branching_ratio(activity.seen[:, :, None], bootstrap=100, seed=lab.seeds.child(f"driven {m}"))
        rows.append((found.value, *found.interval, found.naive))
    names = ("inferred", "inferred_low", "inferred_high", "naive")
    return dict(zip(names, np.array(rows).T, strict=True))
