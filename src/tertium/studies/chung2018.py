"""THY01: how many manifolds a linear readout tells apart, by mean-field theory and by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between, exactly
from tertium.studies.methods.chung import balls, clouds, falls, layer_capacities, points
from tertium.studies.methods.cohen_layers import PIXELS, draw_images, layer_responses
from tertium.studies.methods.small_cnn import SHELF, SmallCNN, trained_small_cnn
from tertium.studies.pictures import chung as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Chung2018(Study):
    """Capacity for manifolds follows from their radius and dimension (Chung, Lee & Sompolinsky 2018).

    Manifolds about random centres are given random labels; the capacity is their number for each dimension of the
    readout at which half of the labellings can be carried out by a plane. It is found by trying (bisection over the
    number of dimensions, cutting planes) and by mean-field theory: for whole balls by an integral, for clouds of points
    by the anchor points of random readouts (`manifold_capacity`). The formula ``(1 + R^2) alpha_0(R sqrt(D))`` is the
    limit of many dimensions and must miss where they are few. A convolutional network learns ten classes of small
    photographs; their manifolds (photographs that it has not learned) are measured in its layers.

    Ours: sizes, the grid, the network, the claim on clouds (the canon asks a tenth of balls; we ask the same of anchor
    points). 20 manifolds are tried, so that a simulated capacity is good to some 3 % in a seed, and the largest of
    twelve departures is taken. Few manifolds leave a simulated capacity below the theory by some per cent.
    "Across depth" is taken as the mean over the eight convolutions of trained over untrained capacity. Layers are
    compared by a thousand of their units; axes that centres share are taken out, as by Cohen et al. (2020).
    """

    row, kind = "THY01", "simulation"
    cite = (
        Reference(
            "Chung2018",
            "Chung, S., Lee, D. D. & Sompolinsky, H.",
            2018,
            "Classification and geometry of general perceptual manifolds",
            "Physical Review X 8:031003",
            "10.1103/PhysRevX.8.031003",
        ),
    )
    test_seeds = (10, 11, 12)
    needs = ("cifar10_subset",)
    smoke = {
        "dimensions": (1, 2),
        "draws": (6, 6),
        "small_draws": 6,
        "manifolds": 10,
        "many_points": 20,
        "point_draws": 10,
        "cloud_draws": 6,
        "points": 6,
        "readouts": 20,
        "each": 8,
        "sampled": 40,
        "network": False,
    }

    class Config(StudyConfig):
        """Grid, draws, photographs."""

        dimensions: tuple[int, ...] = Field((1, 2, 5, 10), min_length=2, description="dimensions of balls and clouds")
        radii: tuple[float, ...] = Field((0.3, 1.0, 3.0), min_length=2, description="radii in norms of the centre")
        manifolds: int = Field(20, ge=4, description="balls, or clouds")
        draws: tuple[int, ...] = Field((120, 120, 30, 10), description="labellings tried of balls of each dimension")
        small_draws: int = Field(120, ge=5, description="the same of balls whose radius is below 1, which are quick")
        many_points: int = Field(60, ge=10, description="single points")
        point_draws: int = Field(100, ge=10, description="labellings tried of points")
        points: int = Field(15, ge=3, description="points of a cloud")
        cloud_draws: int = Field(60, ge=5, description="labellings tried of clouds")
        readouts: int = Field(200, ge=10, description="random readouts of each manifold")
        each: int = Field(100, ge=8, le=200, description="photographs of each class")
        sampled: int = Field(1000, ge=10, description="units of a layer")
        network: bool = Field(True, description="whether the network is trained, or left as it is")
        epochs: int = Field(10, ge=1, description="epochs of its training")
        retrain: bool = Field(False, description="train it even if one is kept")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; capacities in manifolds for each dimension of the readout."""

        dimensions: list[int]
        radii: list[float]
        point_simulated: float
        point_theory: float
        pair_simulated: float
        pair_theory: float
        ball_simulated: Floats  # (dimension, radius)
        ball_theory: Floats
        ball_limit: Floats
        cloud_simulated: Floats  # (dimension, radius)
        cloud_theory: Floats
        cloud_alike: Floats  # centres farther as spheres are larger
        layers: list[str]
        trained: Floats  # (layer,)
        untrained: Floats
        shuffled: Floats  # trained network, classes shuffled
        shuffled_untrained: Floats

        def across_depth(self, above: str, below: str) -> float:
            """Return the ratio of two capacities, mean over convolutions."""
            at = [i for i, name in enumerate(self.layers) if name.startswith("conv")]
            return float((getattr(self, above)[at] / getattr(self, below)[at]).mean())

    def run(self, config: Config, lab: Lab) -> Results:
        """Measure points, balls, clouds; then the layers of a network before and after training."""
        data = lab.data("cifar10_subset")
        images, labels = draw_images(data, config.each, lab.seeds)
        fresh = SmallCNN(len(data.classes), lab.seeds.child(SHELF)).eval()
        small = trained_small_cnn(lab, data, epochs=config.epochs, retrain=config.retrain) if config.network else fresh
        mixed = lab.seeds.numpy("shuffled").permutation(labels)

        def layers() -> dict[str, Any]:
            shown = {
                name: layer_responses(network, images, fresh.site_names[:-1], config.sampled, lab.seeds)
                for name, network in (("trained", small), ("untrained", fresh))
            }
            measured = partial(layer_capacities, readouts=config.readouts, seeds=lab.seeds.child("layers"))
            return {
                "layers": list(shown["trained"]),
                "trained": measured(shown["trained"], labels),
                "untrained": measured(shown["untrained"], labels),
                "shuffled": measured(shown["trained"], mixed),
                "shuffled_untrained": measured(shown["untrained"], mixed),
            }

        found: dict[str, Any] = {}
        for name, work in (("points", points), ("clouds", clouds), ("balls", balls)):
            found |= lab.stage(name, partial(work, config, lab.seeds.child(name)))
        found |= lab.stage("layers", layers)
        return self.Results(dimensions=list(config.dimensions), radii=list(config.radii), **found)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield claims on points, balls, clouds, and layers."""
        yield from of_points(results)
        yield from of_balls(results)
        yield Claim(
            "trained",
            "Training raises the capacity of classes that a network tells apart by a fifth or more; trained over "
            "untrained, mean over convolutions.",
            results.across_depth("trained", "untrained"),
            at_least(1.2),
            "canon THY01",
            Control("classes shuffled", results.across_depth("shuffled", "shuffled_untrained")),
            kind="analogue",
            unit=f"capacity / capacity untrained, {PIXELS} left out",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw capacities of balls and clouds, gaps of the formulas, and layers."""
        yield from draw.pictures(results)


def of_points(results: Chung2018.Results) -> Iterator[Claim]:
    """Yield that single points have capacity 2."""
    for id, how in (("simulated", "found by trying"), ("theory", "by anchor points")):
        yield Claim(
            f"points_{id}",
            f"Twice as many points as dimensions can be told apart: capacity of points, {how}.",
            float(getattr(results, f"point_{id}")),
            between(1.9, 2.1),
            "canon THY01; Cover 1965",
            Control("pairs of points, radius 0.5", float(getattr(results, f"pair_{id}"))),
            unit="manifolds / dimension",
        )


def of_balls(results: Chung2018.Results) -> Iterator[Claim]:
    """Yield how well theory and simulation agree over the grid, and that capacity falls."""
    simulated = results.ball_simulated
    yield Claim(
        "balls",
        "The mean-field capacity of balls (D = 1 to 10, R = 0.3 to 3) is the simulated one to a tenth; largest "
        "departure.",
        float(np.abs(results.ball_theory / simulated - 1).max()),
        at_most(0.1),
        "canon THY01",
        Control("the formula of many dimensions", float(np.abs(results.ball_limit / simulated - 1).max())),
        unit="|theory / simulation - 1|",
    )
    yield Claim(
        "clouds",
        "The capacity that anchor points give for clouds of points on spheres (D = 1 to 10, R = 0.3 to 3) is the "
        "simulated one to a tenth; largest departure.",
        float(np.abs(results.cloud_theory / results.cloud_simulated - 1).max()),
        at_most(0.1),
        "ours",
        Control("taken for whole balls", float(np.abs(results.ball_theory / results.cloud_simulated - 1).max())),
        unit="|theory / simulation - 1|",
    )
    yield Claim(
        "falls",
        "Simulated capacity of balls falls at each step of radius and of dimension.",
        falls(simulated),
        exactly(1.0),
        "canon THY01",
        Control("clouds whose centres move out as their radius grows", falls_by_radius(results.cloud_alike)),
        judge="each",
        unit="share of steps",
    )


def falls_by_radius(capacities: Floats) -> float:
    """Return the share of steps of the radius at which the capacity falls by more than rounding does."""
    return float((np.diff(capacities, axis=1) < -1e-9).mean())
