"""CMP01: SVCCA, which layers settle first, and how few directions of a layer matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.methods.raghu import (
    STOPS,
    Digits,
    Layers,
    accuracy,
    departures,
    divided,
    losses,
    needed,
    noise,
    similarity_to_last,
    straight_line,
    time_to_reach,
    trained,
)
from tertium.studies.pictures import raghu as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Points of accuracy that a layer may lose with few directions.
MOST = 1.0


class Raghu2017(Study):
    """SVCCA: lower layers settle first, and a few shared directions carry a layer (Raghu et al. 2017).

    Two networks with six layers of tanh units learn 8,000 of 10,000 digits from different first weights; all
    measurements are on the other 2,000. Each layer is compared with itself at the end of training, and settles when its
    SVCCA reaches 0.9 for good; times are means of the two networks. Directions of a layer are those it shares with the
    same layer of the other network, found on the fitted digits; a layer keeps the first of them and the layers above
    run on what is left. How many it needs is told from the tested digits, for each layer, out of a list of numbers.

    Ours: digits and tanh units in place of coloured photographs and convolutions; a straight line from the first
    weights to the last, on which all layers change at the same pace. There SVCCA shows the same order of layers, as it
    compares what a layer answers, which depends on all layers below: the order alone does not tell that lower layers
    learn first. Without change in general invertible maps is CCA; SVCCA, which cuts small components before, is so in
    rotations and one scale.

    Network, training and claims were chosen on pilots (times on seeds 0 and 1, directions on 0 to 2). A first form
    asked for one number of directions for all layers; in the pilots none would do for the first layer and still make
    it matter which units the last one keeps. In the pilots the first layer needs 60, 20 and 20 of its 150 directions
    (seed 1 from an earlier list of numbers).
    """

    row, kind = "CMP01", "analogue"
    cite = (
        Reference(
            "Raghu2017",
            "Raghu, M., Gilmer, J., Yosinski, J. & Sohl-Dickstein, J.",
            2017,
            "SVCCA: singular vector canonical correlation analysis for deep learning dynamics and interpretability",
            "Advances in Neural Information Processing Systems 30",
        ),
    )
    test_seeds = (10, 11, 12, 13)
    needs = ("mnist_t10k",)
    smoke = {"units": 16, "layers": 3, "epochs": 2, "tested": 8500, "counts": (2, 8), "draws": 2}

    class Config(StudyConfig):
        """Networks, training, measurements."""

        layers: int = Field(6, ge=3, description="layers of tanh units")
        units: int = Field(150, ge=4, description="units of a layer")
        tested: int = Field(2000, ge=500, lt=10000, description="digits that no training sees")
        epochs: int = Field(10, ge=1, description="epochs of training")
        batch: int = Field(64, ge=1, description="digits of a step of training")
        learning_rate: float = Field(5e-4, gt=0, description="of Adam at first; falls to 0 as a half cosine")
        level: float = Field(0.9, gt=0, lt=1, description="similarity to the end at which a layer has settled")
        counts: tuple[int, ...] = Field(
            (2, 5, 10, 15, 20, 25, 30, 37, 60, 100), description="how many directions, or units, a layer keeps; rising"
        )
        draws: int = Field(8, ge=1, description="sets of units that are drawn at random")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; times in epochs, accuracies and losses in points (per cent of the tested digits)."""

        times: Floats  # (snapshot,)
        similarity: Floats  # (network, snapshot, layer)
        stops: Floats  # (stop,), part of the straight line
        straight: Floats  # (network, stop, layer)
        settled: Floats  # (layer,), epochs
        settled_straight: Floats  # (layer,), part of the straight line
        order: Floats  # (layer,), depths shuffled
        accuracy: float  # the lesser of the two networks
        accuracy_untrained: float  # the greater of them
        counts: Floats
        units: int
        lost_directions: Floats  # (layer, count)
        lost_units: Floats  # (layer, count)
        cca_mapped: float
        cca_cubed: float
        svcca_rotated: float
        svcca_mapped: float
        noise_svcca: float
        noise_itself: float
        noise_ratio: float
        noise_half_ratio: float

        def needed(self, what: str) -> Floats:
            """Return how many of its "directions" or "units" a layer needs to lose no more than a point, (layer,)."""
            return needed(getattr(self, f"lost_{what}"), self.counts, self.units, MOST)

        def lost_where_needed(self, what: str) -> Floats:
            """Return what each layer loses with as many of its "directions" or "units" as it needs directions."""
            all_kept = np.zeros((len(self.lost_units), 1))
            lost = np.hstack([getattr(self, f"lost_{what}"), all_kept])
            places = np.searchsorted(self.counts, self.needed("directions"))
            return np.asarray(lost[np.arange(len(lost)), places])

    def run(self, config: Config, lab: Lab) -> Results:
        """Train two networks, compare layers over training, project."""
        images = lab.data("mnist_t10k")
        digits = divided(images.images, images.label, config.tested, lab.seeds)
        found = lab.stage("networks", lambda: _measured(config, digits, lab))
        return self.Results(**found, counts=np.array(config.counts, dtype=float), units=config.units)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the measure is blind to, what it says of noise, when layers settle, what directions carry."""
        yield from of_the_measure(results)
        yield from of_training(results)
        yield Claim(
            "few_directions",
            "A layer that keeps a quarter of its directions, those it shares with another network, loses at most one "
            "point: share that it needs for that, the layer that needs most.",
            float(results.needed("directions").max()) / results.units,
            at_most(0.25),
            "canon CMP01; Raghu et al. 2017, section 2.1",
            Control("units at random", float(results.needed("units").max()) / results.units),
            unit="share of the layer's units",
        )
        yield Claim(
            "random_units",
            "A layer that keeps as many random units as it needs directions loses five points or more; the layer that "
            "loses least.",
            float(results.lost_where_needed("units").min()),
            at_least(5.0),
            "canon CMP01; Raghu et al. 2017, section 2.1",
            Control("the directions", float(results.lost_where_needed("directions").max())),
            unit="points of accuracy",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw similarity over training, times to settle, and losses."""
        yield from draw.pictures(results)


def of_the_measure(results: Raghu2017.Results) -> Iterator[Claim]:
    """Yield claims on what leaves the similarity as it is, and on noise."""
    yield Claim(
        "cca_invertible",
        "CCA is 1 between a layer and any invertible map of it; departure from 1, the most of all layers.",
        results.cca_mapped,
        at_most(1e-6),
        "canon CMP01; closed form",
        Control("each unit cubed", results.cca_cubed),
        judge="each",
        unit="departure from 1",
    )
    yield Claim(
        "svcca_rotation",
        "SVCCA, which cuts to 99 % of the variance, is 1 between a layer and its rotation with one scale.",
        results.svcca_rotated,
        at_most(1e-6),
        "canon CMP01; closed form",
        Control("a random invertible map, which changes what is cut", results.svcca_mapped),
        judge="each",
        unit="departure from 1",
    )
    yield Claim(
        "gaussians",
        "SVCCA of independent Gaussians, as many units and samples as layers have, is below 0.3.",
        results.noise_svcca,
        between(0.0, 0.3),
        "canon CMP01",
        Control("one with itself", results.noise_itself),
        judge="each",
    )
    yield Claim(
        "gaussians_expected",
        "The mean squared canonical correlation of independent Gaussians is units / (samples - 1).",
        results.noise_ratio,
        between(0.95, 1.05),
        "closed form: expectation under independence",
        Control("half of the units shared", results.noise_half_ratio),
        unit="measured / expected",
    )


def of_training(results: Raghu2017.Results) -> Iterator[Claim]:
    """Yield that the networks learned, and in which order layers settle."""
    depth = np.arange(len(results.settled), dtype=float)
    yield Claim(
        "learned",
        "Both networks tell nine tested digits in ten.",
        results.accuracy,
        at_least(90.0),
        "ours",
        Control("before training", results.accuracy_untrained),
        judge="each",
        unit="per cent of the tested digits",
    )
    yield Claim(
        "bottom_up",
        "The deeper a layer, the later it reaches 0.9 of its final similarity.",
        _rank_correlation(depth, results.settled),
        at_least(0.8),
        "canon CMP01; Raghu et al. 2017, section 3",
        Control("order of layers shuffled", _rank_correlation(results.order, results.settled)),
        unit="Spearman correlation of depth and epochs",
    )
    yield Claim(
        "straight_line",
        "The order alone does not tell that lower layers learn first: it is there as well where all layers change at "
        "the same pace, on the straight line from the first weights to the last.",
        _rank_correlation(depth, results.settled_straight),
        at_least(0.8),
        "ours, from pilot seeds",
        Control("order of layers shuffled", _rank_correlation(results.order, results.settled_straight)),
        unit="Spearman correlation of depth and part of the line",
    )


def _measured(config: Raghu2017.Config, digits: Digits, lab: Lab) -> dict[str, Any]:
    """Return all that is measured of the two networks of one seed."""
    networks, curves, lines, before = [], [], [], []
    times = np.zeros(0)
    pixels, images = digits.tested.shape[1], digits.tested.double().numpy()
    for name in lab.track(("first", "second"), "networks"):
        seeds = lab.seeds.child(name)
        network = Layers(pixels, config.units, config.layers, seeds)
        before.append(accuracy(network, images, -1, digits.tested_digits))
        times, snapshots = trained(network, digits, config, seeds)
        lines.append(similarity_to_last(network, straight_line(snapshots[0], snapshots[-1]), digits.tested))
        curves.append(similarity_to_last(network, snapshots, digits.tested))
        networks.append(network)
    after = [accuracy(network, images, -1, digits.tested_digits) for network in networks]
    reached = [time_to_reach(times, curve, config.level) for curve in curves]
    passed = [time_to_reach(STOPS, line, config.level) for line in lines]
    return {
        "times": times,
        "similarity": np.array(curves),
        "stops": STOPS,
        "straight": np.array(lines),
        "settled": np.mean(reached, axis=0),
        "settled_straight": np.mean(passed, axis=0),
        "order": lab.seeds.numpy("shuffled").permutation(config.layers).astype(float),
        "accuracy": min(after),
        "accuracy_untrained": max(before),
        **losses(networks[0], networks[1], digits, config.counts, config.draws, lab.seeds),
        **departures(networks[0].responses(digits.tested), lab.seeds),
        **noise(config.tested, config.units, lab.seeds),
    }


def _rank_correlation(depth: Floats, times: Floats) -> float:
    """Return Spearman's correlation, NaN if a layer never settled or all settled at once."""
    from scipy.stats import spearmanr

    if not np.isfinite(times).all() or np.ptp(times) == 0:
        return float("nan")
    return float(spearmanr(depth, times).statistic)
