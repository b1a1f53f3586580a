"""THY02: along a trained network manifolds of classes shrink, lose dimensions, and more of them can be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.cohen import CONDITIONS, MEASURES, measure_layers
from tertium.studies.methods.cohen_layers import PIXELS, draw_images, layer_responses
from tertium.studies.methods.small_cnn import SHELF, SmallCNN, accuracy, trained_small_cnn
from tertium.studies.pictures import cohen as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: First and last layer that are compared; the mean over places behind the last has too few units for it.
EARLY, LATE = "conv1", "conv8"


class Cohen2020(Study):
    """Manifolds of classes untangle along a trained network (Cohen, Chung, Lee & Sompolinsky 2020).

    A convolutional network of eight layers learns ten classes of small photographs. A hundred photographs of each class
    that it has not learned are shown to it; in each layer a thousand random units are taken, the same number as of
    pixels, and mean-field theory gives the capacity for the ten manifolds, their radius and their dimension. Axes that
    the centres share are taken out before, as in the paper (`manifold_capacity`, ``correlations="remove"``); random
    units stand for the paper's random projections. All is measured as well before training, and with classes shuffled.

    Ours: ten classes of small photographs in place of those of ImageNet (the centres of ten manifolds about their mean
    correlate by a ninth already by chance); a small network trained here; the thresholds that the canon does not give.
    With 50 photographs a class the capacity of pixels varied by a half between pilots, as one or three
    shared axes were found among ten centres; with 100 it is stable. "Last" is the last convolution, of as many units
    as the others: the mean over places has only 96 units, where even shuffled classes and untrained networks gain up to
    half. "Early" is the first convolution. Correlations of centres are compared with pixels. The claim `random_network`
    has the trained network for a control, which is the number of `capacity` seen from the other side.

    Left out: a SqueezeNet with its published weights, shown photographs of CIFAR-10 enlarged to its size. In a pilot
    with 50 a class its manifolds did not untangle: capacity in fire9 over pixels was about 1.06 and 0.76, in pool10 1.6
    and 1.4, and 2.2 in pool10 of the same network with random weights. What holds here of a small network trained on
    these photographs is thus not shown of a larger one trained on others.
    """

    row, kind = "THY02", "analogue"
    cite = (
        Reference(
            "Cohen2020",
            "Cohen, U., Chung, S., Lee, D. D. & Sompolinsky, H.",
            2020,
            "Separability and geometry of object manifolds in deep neural networks",
            "Nature Communications 11:746",
            "10.1038/s41467-020-14578-5",
        ),
    )
    test_seeds = (10, 11, 12)
    needs = ("cifar10_subset",)
    smoke = {"each": 8, "sampled": 40, "readouts": 20, "network": False}

    class Config(StudyConfig):
        """Photographs, units, readouts."""

        each: int = Field(100, ge=8, le=200, description="photographs of each class")
        sampled: int = Field(1000, ge=10, description="units of a layer")
        readouts: int = Field(200, ge=10, description="random readouts of each manifold")
        network: bool = Field(True, description="whether the network is trained, or left as it is")
        epochs: int = Field(10, ge=1, description="epochs of its training")
        retrain: bool = Field(False, description="train it even if one is kept")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured, by condition: trained, untrained, shuffled."""

        layers: list[str]
        accuracy: float
        accuracy_untrained: float
        capacity: dict[str, Floats]  # (layer,)
        radius: dict[str, Floats]
        dimension: dict[str, Floats]
        correlation: dict[str, Floats]  # of centres
        shared: dict[str, Floats]  # axes taken out

        def ratio(self, measure: str, condition: str, late: str = LATE, early: str = EARLY) -> float:
            """Return a measure in a late layer over that in an early one."""
            values = getattr(self, measure)[condition]
            return float(values[self.layers.index(late)] / values[self.layers.index(early)])

    def run(self, config: Config, lab: Lab) -> Results:
        """Show photographs to the network before and after training and measure the manifolds in each layer."""
        data = lab.data("cifar10_subset")
        images, labels = draw_images(data, config.each, lab.seeds)
        fresh = SmallCNN(len(data.classes), lab.seeds.child(SHELF)).eval()
        small = trained_small_cnn(lab, data, epochs=config.epochs, retrain=config.retrain) if config.network else fresh
        mixed = lab.seeds.numpy("shuffled").permutation(labels)

        def measured(condition: str) -> dict[str, Any]:
            network = fresh if condition == "untrained" else small
            shown = layer_responses(network, images, fresh.site_names[:-1], config.sampled, lab.seeds)
            kinds = mixed if condition == "shuffled" else labels
            return measure_layers(shown, kinds, config.readouts, lab.seeds.child("measures"))

        found = {name: lab.stage(name, partial(measured, name)) for name in lab.track(CONDITIONS, "conditions")}
        by_measure: dict[str, Any] = {one: {name: found[name][one] for name in CONDITIONS} for one in MEASURES}
        tested = np.array(data.split) == "test"
        right = [accuracy(one, data.images[tested], data.label[tested]) for one in (small, fresh)]
        return self.Results(
            layers=[PIXELS, *fresh.site_names[:-1]], accuracy=right[0], accuracy_untrained=right[1], **by_measure
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield that the network learned, that capacity rises, that radius, dimension and correlation fall."""
        yield Claim(
            "learned",
            "The network tells six in ten of the photographs that it has not learned.",
            results.accuracy,
            at_least(0.6),
            "ours",
            Control("before training", results.accuracy_untrained),
            judge="each",
            unit="share of photographs",
        )
        yield from of_capacity(results)
        yield from of_geometry(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw capacity, radius, dimension, and correlations of centres along the network."""
        yield from draw.pictures(results)


def of_capacity(results: Cohen2020.Results) -> Iterator[Claim]:
    """Yield that capacity rises by training, and hardly without."""
    trained = results.ratio("capacity", "trained", early=PIXELS)
    yield Claim(
        "capacity",
        "Capacity in the last convolution is at least twice that of pixels.",
        trained,
        at_least(2.0),
        "canon THY02",
        Control("classes shuffled", results.ratio("capacity", "shuffled", early=PIXELS)),
        unit="capacity / capacity of pixels",
    )
    yield Claim(
        "random_network",
        "In a network with random weights capacity in the last convolution is at most 1.3 times that of pixels.",
        results.ratio("capacity", "untrained", early=PIXELS),
        at_most(1.3),
        "canon THY02",
        Control("the trained network", trained),
        unit="capacity / capacity of pixels",
    )


def of_geometry(results: Cohen2020.Results) -> Iterator[Claim]:
    """Yield that manifolds shrink and lose dimensions, and that their centres become less correlated."""
    for measure, what in (("radius", "The radius R_M"), ("dimension", "The dimension D_M")):
        yield Claim(
            measure,
            f"{what} of manifolds falls by a fifth or more from the first to the last convolution.",
            results.ratio(measure, "trained"),
            at_most(0.8),
            "canon THY02",
            Control("the network before training", results.ratio(measure, "untrained")),
            unit="last / first",
        )
    yield Claim(
        "centre_correlation",
        "Centres of manifolds are less correlated in the last convolution than in pixels, by a tenth or more.",
        results.ratio("correlation", "trained", early=PIXELS),
        at_most(0.9),
        "canon THY02; margin ours",
        Control("the network before training", results.ratio("correlation", "untrained", early=PIXELS)),
        unit="mean absolute cosine, last convolution / pixels",
    )
