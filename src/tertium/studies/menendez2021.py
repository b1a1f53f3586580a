"""SEN13: a network that learns left from right gives up the ring of orientations, which V1 keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.compare import RDM, rsa
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.menendez import (
    LAYERS,
    Judge,
    between_sides,
    layer_rdms,
    orientation_rdm,
    ring,
    tilt_accuracy,
    train,
    v1_responses,
)
from tertium.studies.pictures import menendez as draw

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Menendez2021(Study):
    """A network that learns left from right gives up the ring of orientations that V1 keeps (Menendez et al. 2021).

    Gratings of one phase in pixel noise, tilted left or right of the vertical. Three networks of one convolution, a
    hidden layer and an answer of two numbers, with the same first weights: one learns to tell left from right, one to
    name the orientation (cosine and sine of its double), one learns nothing. Simulated animals: V1 populations with
    bell-shaped tuning to orientation, preferred ones anywhere, and Poisson counts. RDMs over orientations: squared
    distances of mean responses, each unit in units of its spread; compared by Pearson's correlation, as in the
    tutorial, mean over animals.

    The decline from convolution to answer, which the canon asks for, is no sign of learning: two probabilities add up
    to one, so an answer "left or right" is a line in any network, and the untrained network declines more (pilots: 0.40
    to 0.80 against 0.32 to 0.37). Its control is therefore the network that names orientation as well as the other
    tells tilt. What learning does is claimed beside it, with the untrained network as control: the hidden layer, which
    could keep the ring, flattens it (neighbours stay neighbours), and most squared distance is between left and right.
    Of orientations evenly spread on a ring a share of 4/pi^2 = 0.41 is, and of the same on a line (the ring from the
    side) 0.81: 0.9 asks for two clusters.

    Ours: simulated animals (the tutorial's mouse is not at hand, so nothing is said about it); Euclidean distances,
    since two numbers have no correlation distance worth the name; the network that names orientation; all thresholds
    but the canon's. One phase, as in the tutorial: with gratings of random phase (half the wavelength, seeds 0 to 2,
    compared by ranks) the convolution was less like V1, 0.74, the answer 0.65 to 0.69, and the decline below 0.2.
    """

    row, kind = "SEN13", "in_silico"
    cite = (
        Reference(
            "Menendez2021",
            "Menendez, J., Mohsenzadeh, Y. & Stringer, C.",
            2021,
            "Computational Neuroscience: deep learning, normative encoding models",
            "Neuromatch Academy, course material, W1D5 tutorial 3",
        ),
        Reference(
            "Kriegeskorte2008",
            "Kriegeskorte, N., Mur, M. & Bandettini, P.",
            2008,
            "Representational similarity analysis: connecting the branches of systems neuroscience",
            "Frontiers in Systems Neuroscience 2:4",
            "10.3389/neuro.06.004.2008",
        ),
    )
    smoke = {"a_side": 4, "animals": 2, "neurons": 12, "trials": 4, "shown": 4, "channels": 4, "steps": 4, "judged": 50}

    class Config(StudyConfig):
        """Sizes of the experiment."""

        a_side: int = Field(18, ge=4, description="orientations on each side of the vertical, evenly spread")
        animals: int = Field(5, ge=2, description="simulated V1 populations")
        neurons: int = Field(150, ge=4, description="in each of them")
        trials: int = Field(20, ge=1, description="of each orientation, shown to an animal")
        shown: int = Field(40, ge=1, description="gratings of each orientation, shown to a network")
        noise: float = Field(0.5, ge=0, description="standard deviation of a pixel; gratings go from -1 to 1")
        channels: int = Field(48, ge=1, description="filters of the convolution")
        steps: int = Field(300, ge=1, description="of training, 100 new gratings each")
        judged: int = Field(4000, ge=10, description="new gratings by which networks are judged")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; networks are "tilt", "orientation" and "untrained", layers as in ``LAYERS``."""

        orientation: Floats  # (orientation,), degrees
        accuracy: dict[str, float]  # network -> share of tilts told right
        similarity: dict[str, Floats]  # network -> (layer, animal), Pearson's r with V1's RDM
        ceiling: Floats  # (2,), of the animals' RDMs among themselves
        share: dict[str, Floats]  # network -> (layer,), of squared distance between left and right
        circular: dict[str, Floats]  # network, and "V1" -> (layer or animal,), circular r of the plane with the ring
        rdms: dict[str, Floats]  # "V1", "tilt conv", ... -> (orientation, orientation); V1 of the first animal
        points: dict[str, Floats]  # the same -> (orientation, 2), by multidimensional scaling

        def decline(self, network: str, layer: str) -> float:
            """Return how much less a layer is like V1 than the convolution is."""
            mean = self.similarity[network].mean(axis=1)
            return float(mean[0] - mean[LAYERS.index(layer)])

    def run(self, config: Config, lab: Lab) -> Results:
        """Simulate animals, train the networks, and compare their RDMs."""
        half = (np.arange(config.a_side) + 0.5) * 90 / config.a_side
        orientation = np.concatenate([-half[::-1], half])
        animals = simulated_animals(config, orientation, lab.seeds.child("animals"))
        networks = trained_networks(config, lab.seeds.child("network"))
        measured = {name: _measured(config, network, orientation, animals, lab) for name, network in networks.items()}
        rings = [ring(one) for one in animals.values()]
        first = next(iter(animals.values()))
        named = {f"{name} {layer}": one for name, found in measured.items() for layer, one in found.rdms.items()}
        return self.Results(
            orientation=orientation,
            accuracy={name: one.accuracy for name, one in measured.items()},
            similarity={name: one.similarity for name, one in measured.items()},
            ceiling=measured["tilt"].ceiling,
            share={name: np.array([between_sides(r) for r in one.rdms.values()]) for name, one in measured.items()},
            circular={"V1": np.array([r for _, r in rings])}
            | {name: np.array([ring(r)[1] for r in one.rdms.values()]) for name, one in measured.items()},
            rdms={name: one.values for name, one in {"V1": first, **named}.items()},
            points={"V1": rings[0][0]} | {name: ring(one)[0] for name, one in named.items()},
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the network can do, V1's ring, the decline towards the answer, and the two clusters."""
        yield Claim(
            "tilt",
            "The network tells left from right in at least 95 % of new gratings.",
            results.accuracy["tilt"],
            at_least(0.95),
            "canon SEN13",
            Control("untrained network", results.accuracy["untrained"]),
            unit="share of gratings",
        )
        yield Claim(
            "ring",
            "The first two dimensions of V1's RDM follow the ring of orientations.",
            float(results.circular["V1"].mean()),
            at_least(0.9),
            "canon SEN13",
            Control("hidden layer of the network that judges tilt", float(results.circular["tilt"][1])),
            unit="circular r",
        )
        yield Claim(
            "decline",
            "The answer is less like V1 than the convolution is, by 0.2 or more.",
            results.decline("tilt", "answer"),
            at_least(0.2),
            "canon SEN13",
            Control("network that names orientation", results.decline("orientation", "answer")),
            unit="difference of r",
        )
        yield Claim(
            "named",
            "An answer that names orientation is as V1 is.",
            float(results.similarity["orientation"][2].mean()),
            at_least(0.9),
            "ours",
            Control("answer of the network that judges tilt", float(results.similarity["tilt"][2].mean())),
            unit="r with V1",
        )
        yield from of_learning(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw similarity by layer, the planes, the RDMs, and shares between sides."""
        yield from draw.pictures(results)


@dataclass(frozen=True)
class Measured:
    """What is measured of one network."""

    accuracy: float
    rdms: dict[str, RDM]  # layer -> its own
    similarity: Floats  # (layer, animal)
    ceiling: Floats  # (2,)


def simulated_animals(config: Menendez2021.Config, orientation: Floats, seeds: Seeds) -> dict[str, RDM]:
    """Return the RDM of each simulated V1."""
    shown = np.repeat(orientation, config.trials)
    names = [f"animal {k + 1}" for k in range(config.animals)]
    return {
        name: orientation_rdm(v1_responses(shown, config.neurons, seeds.numpy(name)), shown, name) for name in names
    }


def trained_networks(config: Menendez2021.Config, seeds: Seeds) -> dict[str, Judge]:
    """Return the three networks; their first weights and the gratings that they learn from are the same."""
    return {
        "tilt": train(Judge(config.channels, "tilt", seeds), config.noise, config.steps, seeds),
        "orientation": train(Judge(config.channels, "orientation", seeds), config.noise, config.steps, seeds),
        "untrained": Judge(config.channels, "tilt", seeds),
    }


def of_learning(results: Menendez2021.Results) -> Iterator[Claim]:
    """Yield what tells the network that judges tilt from its untrained self."""
    yield Claim(
        "ring_hidden",
        "Its hidden layer flattens the ring: directions in two dimensions no longer follow orientation evenly.",
        float(results.circular["tilt"][1]),
        at_most(0.7),
        "ours",
        Control("untrained network", float(results.circular["untrained"][1])),
        unit="circular r",
    )
    for layer, least in (("hidden", 0.7), ("answer", 0.9)):
        place = LAYERS.index(layer)
        yield Claim(
            f"clusters_{layer}",
            f"At least {least:g} of all squared distance in the {layer} layer is between left and right.",
            float(results.share["tilt"][place]),
            at_least(least),
            "ours",
            Control("untrained network", float(results.share["untrained"][place])),
            unit="share of squared distance",
        )


def _measured(
    config: Menendez2021.Config, network: Judge, orientation: Floats, animals: dict[str, RDM], lab: Lab
) -> Measured:
    """Judge a network on new gratings and compare its layers with the animals; all networks see the same."""
    rdms = layer_rdms(network, orientation, config.shown, config.noise, lab.seeds.numpy("shown"))
    scores = rsa(rdms, animals, method="pearson")
    return Measured(
        accuracy=tilt_accuracy(network, config.noise, lab.seeds.numpy("judged"), config.judged),
        rdms=rdms,
        similarity=scores.scores.values,
        ceiling=np.array(scores.ceiling, dtype=np.float64),
    )
