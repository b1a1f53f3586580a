"""SEN03: the higher the area, the deeper the layer that predicts it, voxel by voxel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.guclu import measure
from tertium.studies.pictures import guclu as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LAYERS = ("conv1", *(f"fire{i}" for i in range(2, 10)))


class Guclu2015(Study):
    """The higher a visual area, the deeper the layer that predicts its voxels best (Güçlü & van Gerven 2015).

    Each voxel is predicted from every layer by ridge regression (penalty chosen inside the fitted images) and assigned
    the layer that predicts held-out images best. Whether that finds a gradient where there is one is tested on four
    areas in silico: their cells are units of SqueezeNet at four depths, their voxels blurred sums of cells around a
    place of the cortical sheet, scanned four times with noise. The layers that predict are those of the same network,
    but other units of them. A second model is the network before training. Pilots (seeds 0 to 2) gave correlations of
    0.75, 0.71 and 0.81. With 200 photographs no layer comes near the ceiling in the highest area.
    """

    row, kind = "SEN03", "in_silico"
    cite = (
        Reference(
            "Guclu2015",
            "Güçlü, U. & van Gerven, M. A. J.",
            2015,
            "Deep neural networks reveal a gradient in the complexity of neural representations across the ventral "
            "stream",
            "Journal of Neuroscience 35:10005-10014",
            "10.1523/JNEUROSCI.5023-14.2015",
        ),
    )
    needs = ("imagenet_sample200", "squeezenet11")
    smoke = {"images": 60, "voxels": 8, "units": 200, "cells": 300, "folds": 3}

    class Config(StudyConfig):
        """Areas, voxels, scans."""

        images: int = Field(200, ge=30, le=200, description="photographs that are shown")
        areas: dict[str, str] = Field(
            {"V1": "conv1", "V2": "fire3", "V4": "fire6", "IT": "fire9"}, description="area, and layer of its cells"
        )
        layers: tuple[str, ...] = Field(LAYERS, description="layers that predict, from input to output")
        cells: int = Field(2000, ge=50, description="cells of an area")
        voxels: int = Field(50, ge=2, description="voxels of an area")
        units: int = Field(2000, ge=50, description="units of a layer that predict")
        fwhm: float = Field(3.5, gt=0, description="full width at half maximum of the point spread, mm")
        repeats: int = Field(4, ge=2, description="scans of each photograph")
        reliability: float = Field(0.6, gt=0, lt=1, description="of the mean over scans")
        folds: int = Field(5, ge=2, description="folds of photographs, outside and inside")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; scores are correlations with held-out photographs, (layer, voxel)."""

        rank: Indices  # number of each voxel's area
        planted: Indices  # number of the layer that its cells are in
        ceilings: Floats
        trained_scores: Floats
        trained_assigned: Indices
        trained_rho: float
        trained_p: float
        untrained_scores: Floats
        untrained_assigned: Indices
        untrained_rho: float
        untrained_p: float
        shuffled_scores: Floats
        shuffled_assigned: Indices
        shuffled_rho: float
        shuffled_p: float
        areas: tuple[str, ...]
        layers: tuple[str, ...]

    def run(self, config: Config, lab: Lab) -> Results:
        """Scan the areas and assign a layer to each voxel."""
        from tertium.models import make

        images = lab.data("imagenet_sample200").images[: config.images]
        networks = {"trained": make("squeezenet11"), "untrained": make("squeezenet11", pretrained=False, seed=lab.seed)}
        found = lab.stage("voxels", lambda: measure(config, images, networks, lab.seeds))
        return self.Results(**found, areas=tuple(config.areas), layers=config.layers)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the gradient, its p, the shuffled control, and what is recovered."""
        yield Claim(
            "gradient",
            "Voxels of higher areas are predicted best by deeper layers.",
            results.trained_rho,
            at_least(0.7),
            "canon SEN03; Güçlü & van Gerven 2015, fig. 3",
            Control("answers to other photographs", results.shuffled_rho),
            unit="Spearman correlation of area and layer over voxels",
        )
        yield Claim(
            "significant",
            "Areas shuffled over voxels do not show such a gradient.",
            results.trained_p,
            at_most(0.01),
            "canon SEN03",
            Control("answers to other photographs", results.shuffled_p),
            judge="each",
            unit="p",
        )
        yield Claim(
            "no_gradient_of_nothing",
            "Where answers belong to other photographs, there is no gradient.",
            abs(results.shuffled_rho),
            at_most(0.2),
            "canon SEN03",
            Control("answers to their own photographs", abs(results.trained_rho)),
            unit="Spearman correlation, without its sign",
        )
        yield Claim(
            "recovered",
            "Most voxels are assigned the layer of their cells, or one beside it.",
            within_one(results.trained_assigned, results.planted),
            at_least(0.55),
            "ours, from pilot seeds (0.62 to 0.68)",
            Control("answers to other photographs", within_one(results.shuffled_assigned, results.planted)),
            unit="share of voxels",
        )
        yield Claim(
            "explained",
            "Learned features are needed: in every area their best layer reaches a part of the ceiling that none "
            "of the untrained network does.",
            explained(results.trained_scores, results.ceilings, results.rank),
            at_least(0.15),
            "ours, from pilot seeds (0.20 to 0.23; untrained 0.06 to 0.09)",
            Control("untrained network", explained(results.untrained_scores, results.ceilings, results.rank)),
            unit="score over ceiling, the least of the areas",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw which layers are assigned, and how scores run over layers."""
        n, count = len(results), len(results[0].rank)
        rho = {kind: np.mean([getattr(r, f"{kind}_rho") for r in results]) for kind in draw.KINDS}
        yield Picture(
            "assignments",
            draw.assignments(results),
            f"Layers that predict the voxels of each area best, {n} seeds of {count} voxels; circles: the layer of "
            f"their cells. Spearman correlation of area and layer {rho['trained']:.2f}, with the untrained network "
            f"{rho['untrained']:.2f}, with answers to other photographs {rho['shuffled']:.2f}.",
        )
        yield Picture(
            "profiles",
            draw.profiles(results),
            f"Correlation with held-out photographs over layers, mean over the voxels of an area and {n} seeds, bars "
            "from the least seed to the largest; dashed: mean noise ceiling.",
        )


def within_one(assigned: Indices, planted: Indices) -> float:
    """Return the share of voxels whose layer is that of their cells or a neighbour."""
    return float((np.abs(assigned - planted) <= 1).mean())


def explained(scores: Floats, ceilings: Floats, rank: Indices) -> float:
    """Return score over ceiling at the layer that is best for the mean of an area's voxels, the least of the areas."""
    shares = []
    for area in np.unique(rank):
        mine = rank == area
        shares.append(float(scores[:, mine].mean(1).max() / ceilings[mine].mean()))
    return min(shares)
