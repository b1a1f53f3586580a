"""THY04: how well a new concept is learnt from a few examples follows from the geometry of its manifold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.cohen_layers import PIXELS, draw_images, layer_responses
from tertium.studies.methods.small_cnn import SHELF, SmallCNN, accuracy, trained_small_cnn
from tertium.studies.methods.sorscher import FORMULAS, correlations, gaussians, of_layers
from tertium.studies.pictures import sorscher as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Layers of the network trained on a thousand other classes.
WIDE = ("conv1", "fire3", "fire5", "fire7", "fire9", "pool10")

#: Systems whose layers are measured.
SYSTEMS = ("SqueezeNet", "small network", "untrained")


class Sorscher2022(Study):
    """Few-shot learning of concepts follows from their signal, dimension and overlaps (Sorscher et al. 2022).

    Examples of two concepts are averaged to prototypes, and a new sample goes to the nearer one. Its errors are
    predicted from the moments of the manifolds: for Gaussian manifolds of some 80 dimensions, of unequal size and
    partly shared axes; and for ten classes of photographs in the layers of two networks. SqueezeNet learned a thousand
    other classes from large photographs; the small network learned these very classes, so that they are no new concepts
    to it, and is tested on other photographs of them.

    What equation 1 of the paper leaves out, the noise that both manifolds share and the noise that two examples share,
    is needed after one example; each term is also left out alone, with `few_shot_snr`'s own measures of geometry.

    Ours: concepts (ten classes, 60 photographs each, and a random thousand units of each layer), Gaussian manifolds,
    all thresholds but those of the canon's row. Layers of photographs are not Gaussian: errors are ranked well (the
    correlation is claimed) but are off by up to a third in single pairs, more than on Gaussian manifolds; the pictures
    show it. After one example the first layer of SqueezeNet had a correlation of 0.84 in a pilot; claimed are the mean
    over layers after one example and the lowest layer after five. The leading terms alone rank pairs as well:
    correlations do not tell the formulas apart, errors on Gaussian manifolds do.
    """

    row, kind = "THY04", "simulation"
    cite = (
        Reference(
            "Sorscher2022",
            "Sorscher, B., Ganguli, S. & Sompolinsky, H.",
            2022,
            "Neural representational geometry underlies few-shot concept learning",
            "PNAS 119:e2200800119",
            "10.1073/pnas.2200800119",
        ),
    )
    test_seeds = (10, 11, 12)
    needs = ("cifar10_subset", "squeezenet11")
    smoke = {"units": 60, "samples": 60, "draws": 30, "each": 8, "sampled": 60, "layer_draws": 5, "network": False}

    class Config(StudyConfig):
        """Gaussian manifolds, photographs, draws."""

        units: int = Field(200, ge=10, description="units of the Gaussian manifolds")
        concepts: int = Field(4, ge=2, description="Gaussian manifolds")
        samples: int = Field(800, ge=30, description="samples of each")
        sizes: tuple[float, ...] = Field((0.2, 0.45, 0.8), description="norms of the centres, in radii")
        fall: float = Field(0.2, ge=0, description="power by which the lengths of axes fall")
        shots: tuple[int, ...] = Field((1, 5, 20), min_length=3, description="examples of each concept")
        draws: int = Field(3000, ge=10, description="draws of examples, Gaussian manifolds")
        each: int = Field(60, ge=8, le=200, description="photographs of each class")
        sampled: int = Field(1000, ge=10, description="units of a layer")
        layer_draws: int = Field(200, ge=5, description="draws of examples, layers")
        network: bool = Field(True, description="whether the small network is trained, or left as it is")
        epochs: int = Field(10, ge=1, description="epochs of its training")
        retrain: bool = Field(False, description="train it even if one is kept")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; errors are shares of new samples, shots 1 and 5 first."""

        shots: list[int]
        gauss_measured: Floats  # (shots, size, pair)
        gauss_predicted: Floats  # (formula, shots, size, pair)
        gauss_dimension: Floats  # (size, concept)
        accuracy: float
        layers: dict[str, list[str]]  # names of the layers of each system
        measured: dict[str, Floats]  # (shots, layer, pair) of each system
        predicted: dict[str, Floats]
        exchanged: dict[str, Floats]  # predictions for other concepts
        dimension: dict[str, Floats]  # (layer, concept)

        def gap(self, formula: str, shots: int) -> float:
            """Return the largest difference of predicted and measured errors on Gaussian manifolds."""
            i, k = self.shots.index(shots), FORMULAS.index(formula)
            return float(np.abs(self.gauss_predicted[k, i] - self.gauss_measured[i]).max())

        def agreement(self, system: str, what: str = "predicted") -> Floats:
            """Return the correlation of predicted and measured errors over pairs, (shots, layer)."""
            return correlations(getattr(self, what)[system], self.measured[system])

        def mean_error(self, system: str) -> Floats:
            """Return measured errors, mean over pairs, (shots, layer)."""
            return np.asarray(self.measured[system].mean(-1))

    def run(self, config: Config, lab: Lab) -> Results:
        """Draw Gaussian manifolds; show photographs to three networks; let prototypes learn."""
        from tertium.models import make

        data = lab.data("cifar10_subset")
        images, labels = draw_images(data, config.each, lab.seeds)
        fresh = SmallCNN(len(data.classes), lab.seeds.child(SHELF)).eval()
        small = trained_small_cnn(lab, data, epochs=config.epochs, retrain=config.retrain) if config.network else fresh
        systems: dict[str, Any] = {"SqueezeNet": make("squeezenet11"), "small network": small, "untrained": fresh}

        def layers(name: str) -> dict[str, Any]:
            sites = WIDE if name == "SqueezeNet" else fresh.site_names[:-1]
            shown = layer_responses(systems[name], images, sites, config.sampled, lab.seeds)
            measures = of_layers(shown, labels, config.shots[:2], config.layer_draws, lab.seeds.child(name))
            return {"layers": list(shown), **measures}

        found: dict[str, dict[str, Any]] = {}
        for name in lab.track(SYSTEMS, "networks"):
            found[name] = lab.stage(name.replace(" ", "_"), partial(layers, name))
        fields = ("layers", "measured", "predicted", "exchanged", "dimension")
        by_system: dict[str, Any] = {field: {name: found[name][field] for name in SYSTEMS} for field in fields}
        tested = np.array(data.split) == "test"
        drawn: dict[str, Any] = lab.stage("gaussians", partial(gaussians, config, lab.seeds))
        return self.Results(
            shots=list(config.shots),
            **drawn,
            accuracy=accuracy(small, data.images[tested], data.label[tested]),
            **by_system,
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield how exact the theory is on Gaussian manifolds, what its terms are for, and what it says of layers."""
        yield from of_gaussians(results)
        yield from of_networks(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw predicted against measured errors, gaps by formula, correlations and errors by layer."""
        yield from draw.pictures(results)


def of_gaussians(results: Sorscher2022.Results) -> Iterator[Claim]:
    """Yield claims on Gaussian manifolds."""
    first, few, many = results.shots
    for shots, word in ((first, "one example"), (few, "five examples")):
        yield Claim(
            f"gaussian_{'one' if shots == first else 'five'}",
            f"Errors of prototypes on Gaussian manifolds after {word} are predicted to two in a hundred; largest gap "
            "of all pairs.",
            results.gap("all terms", shots),
            at_most(0.02),
            "canon THY04",
            Control("leading terms only, as in equation 1", results.gap("neither", shots)),
            unit="share of new samples",
        )
    yield Claim(
        "terms_matter",
        "Without the noise that manifolds share and that two examples share, errors after one example are wrong by "
        "0.06 or more; largest gap of all pairs.",
        results.gap("neither", first),
        at_least(0.06),
        "canon THY04 (up to 0.08); threshold ours",
        Control("the same formula after twenty examples", results.gap("neither", many)),
        unit="share of new samples",
    )
    yield Claim(
        "second_order",
        "What two examples share, 1/(D m²), matters after one example and no more after five: gap without it.",
        results.gap("no 1/(D m²)", first),
        at_least(0.04),
        "ours, from pilot seeds",
        Control("after five examples", results.gap("no 1/(D m²)", few)),
        unit="share of new samples",
    )


def of_networks(results: Sorscher2022.Results) -> Iterator[Claim]:
    """Yield claims on layers of networks; pixels are no layer of theirs."""
    for system, id in (("SqueezeNet", "pretrained"), ("small network", "small")):
        agree, wrong = results.agreement(system)[:, 1:], results.agreement(system, "exchanged")[:, 1:]
        yield Claim(
            f"{id}_one",
            f"Layers of {'SqueezeNet' if id == 'pretrained' else 'the small network'}, one example: predicted errors "
            "of pairs of concepts correlate with measured ones; mean over layers.",
            float(agree[0].mean()),
            at_least(0.9),
            "canon THY04; that it is the mean over layers is ours",
            Control("predictions for other concepts", float(wrong[0].mean())),
            kind="analogue",
            unit="Pearson's correlation over pairs",
        )
        yield Claim(
            f"{id}_five",
            f"Layers of {'SqueezeNet' if id == 'pretrained' else 'the small network'}, five examples: predicted errors "
            "of pairs of concepts correlate with measured ones; the lowest of all layers.",
            float(agree[1].min()),
            at_least(0.9),
            "canon THY04",
            Control("predictions for other concepts", float(wrong[1].min())),
            kind="analogue",
            unit="Pearson's correlation over pairs",
        )
    last = results.layers["small network"].index("pooled")
    yield Claim(
        "learnt_geometry",
        "In the last layer of the small network errors after five examples are at most 0.7 of those in pixels.",
        float(results.mean_error("small network")[1, last] / results.mean_error("small network")[1, 0]),
        at_most(0.7),
        "ours, from pilot seeds",
        Control(
            "the network before training",
            float(results.mean_error("untrained")[1, last] / results.mean_error("untrained")[1, 0]),
        ),
        kind="analogue",
        unit=f"error in the last layer / in {PIXELS}",
    )
