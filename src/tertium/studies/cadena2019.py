"""SEN05: four models of V1, from linear filters to networks, on planted cells and on recorded neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least
from tertium.studies.methods.cadena import (
    MODELS,
    UNTRAINED,
    Shown,
    Work,
    as_grey,
    as_patterns,
    explained,
    mean_correlations,
    predictions,
    scrambled,
)
from tertium.studies.methods.cadena_cells import KINDS, SIDE, as_input, plant
from tertium.studies.methods.v1_networks import Split
from tertium.studies.pictures import cadena as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The filter bank on images with their pixels in other places.
SCRAMBLED = "gabor_scrambled"


class Cadena2019(Study):
    """Networks, trained on the neurons or on a task, predict V1 better than a Gabor bank (Cadena et al. 2019).

    Simulated: cells of V1 on small photographs. Each has a pair of Gabor filters of its own; its drive is their energy,
    of which a share from 0 (complex) to 1 (simple) depends on phase, divided by the energy of all filters near by
    (Heeger 1992); counts are Poisson. Four models learn from one trial of 4,500 photographs and predict the means of
    500 others, shown ten times: a linear filter with an output nonlinearity (LNP); the energies of a Gabor bank; a
    convolutional network of three layers whose core all cells share; and a layer (``fire3``) of a network that learned
    to classify photographs. The score is the fraction of explainable variance that is explained (FEVE); the paper has
    16, 45, 50 and 52 %.

    Recorded: four macaque V1 neurons and 9,500 binary patterns (Tang et al. 2018), calcium. No pattern was repeated, so
    there is no explainable variance to divide by: the score is the correlation on patterns that were not fitted, and
    intervals are over these. They are four neurons of one data set, and all seeds draw from the same patterns.

    Ours. SqueezeNet in place of VGG-19, which is not at hand. All models have the same readout (a mask of places times
    weights of channels, sparse and smooth) and are fitted alike: Adam, and for each cell the epoch that predicts 500
    other photographs best; the paper fits task features with a full tensor of weights. The output is a softplus and
    not an exponential: on a pilot the exponential took the Gabor bank from 0.53 to 0.29 and changed the networks
    little, so that it would have won the case for them. The bank's bandwidth and spacing were made fit for the cells
    on that pilot, and it is near its best on complex cells that do not divide. It sees energies only, as the paper's:
    what the networks gain on planted cells is phase and division together. Penalties, rates, the layer of SqueezeNet
    (and the size of its input), the cells' share of phase and where they saturate were chosen on seed 0; nothing was
    chosen on seed 1. Recorded neurons are fitted with the same. Their responses are not counts: squared error, with a
    baseline for each neuron. That 0 is a threshold which their controls meet too would have been seen on a pilot of
    them that was over in time; nothing was changed afterwards.
    """

    row, kind = "SEN05", "simulation"
    cite = (
        Reference(
            "Cadena2019",
            "Cadena, S. A. et al.",
            2019,
            "Deep convolutional models improve predictions of macaque V1 responses to natural images",
            "PLoS Computational Biology 15:e1006897",
            "10.1371/journal.pcbi.1006897",
        ),
        Reference(
            "Klindt2017",
            "Klindt, D. A., Ecker, A. S., Euler, T. & Bethge, M.",
            2017,
            "Neural system identification for large populations separating what and where",
            "Advances in Neural Information Processing Systems 30",
        ),
        Reference(
            "Heeger1992",
            "Heeger, D. J.",
            1992,
            "Normalization of cell responses in cat striate cortex",
            "Visual Neuroscience 9:181-197",
            "10.1017/S0952523800009640",
        ),
        Reference(
            "Tang2018",
            "Tang, S. et al.",
            2018,
            "Large-scale two-photon imaging revealed super-sparse population codes in the V1 superficial layer of "
            "awake monkeys",
            "eLife 7:e33370",
            "10.7554/eLife.33370",
        ),
    )
    pilot_seeds = (0, 1)
    test_seeds = (10, 11, 12)
    needs = ("cifar10_subset", "lee_v1_patterns", "squeezenet11")
    smoke = {
        "cells": 4, "controls": 2, "fitted": 120, "chosen": 40, "tested": 40, "repeats": 4, "recorded": 200,
        "epochs": 1, "draws": 20, "channels": (4, 4, 4),
    }  # fmt: skip

    class Config(StudyConfig):
        """Sizes of the population, of what it was shown, and of the network."""

        cells: int = Field(100, ge=2, description="cells of V1")
        controls: int = Field(16, ge=2, description="cells of each other kind")
        fitted: int = Field(4500, ge=10, description="photographs that are fitted")
        chosen: int = Field(500, ge=10, description="photographs that choose the epoch")
        tested: int = Field(500, ge=10, description="photographs that are predicted")
        repeats: int = Field(10, ge=2, description="times each of these is shown")
        mean_count: float = Field(4.0, gt=0, description="spikes per photograph")
        simple: float = Field(1.0, ge=0, le=1, description="largest share of a cell's drive that depends on phase")
        semisaturation: float = Field(0.3, gt=0, description="of division, in units of the median of what divides")
        channels: tuple[int, ...] = Field((16, 16, 32), description="of the layers of the network that is fitted")
        recorded: int = Field(9500, ge=100, le=9500, description="patterns shown to the recorded neurons")
        epochs: int = Field(0, ge=0, description="of all fits; 0 for those chosen on pilots")
        draws: int = Field(500, ge=10, description="of patterns, for intervals")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        kind: list[str]  # of each planted cell
        feve: dict[str, Floats]  # model -> (cell,)
        correlation: dict[str, float]  # model -> mean over recorded neurons, on patterns that were not fitted
        correlation_draws: dict[str, Floats]  # model -> (draw,)
        neurons: dict[str, Floats]  # model -> (neuron,)
        shuffled: dict[str, float]  # model -> the same where responses belong to other patterns

        def explained(self, model: str, kind: str = "v1") -> float:
            """Return a model's FEVE, mean over cells of a kind."""
            return float(self.feve[model][np.array(self.kind) == kind].mean())

        def gap(self, model: str, other: str, kind: str = "v1") -> float:
            """Return the difference of two models' FEVE."""
            return self.explained(model, kind) - self.explained(other, kind)

        def real_gap(self, model: str, other: str) -> tuple[float, tuple[float, float]]:
            """Return the difference of two models' correlations on recorded neurons, and its interval."""
            low, high = np.quantile(self.correlation_draws[model] - self.correlation_draws[other], [0.025, 0.975])
            return self.correlation[model] - self.correlation[other], (float(low), float(high))

    def run(self, config: Config, lab: Lab) -> Results:
        """Fit the models to planted cells, then to recorded neurons."""
        return self.Results(**simulated(config, lab), **recorded(config, lab))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the order of the models, on planted cells and on recorded neurons."""
        yield from of_planted(results)
        yield from of_recorded(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw scores of all models, of planted cells and of recorded neurons."""
        yield from draw.pictures(results)


def simulated(config: Cadena2019.Config, lab: Lab) -> dict[str, Any]:
    """Return the kind of each planted cell and its FEVE under each model."""
    photographs = lab.data("cifar10_subset").images
    total = config.fitted + config.chosen + config.tested
    grey = as_grey(photographs[lab.seeds.numpy("photographs").permutation(len(photographs))[:total]])
    shown = Shown(as_input(grey), grey)
    numbers = {kind: config.cells if kind == "v1" else config.controls for kind in KINDS}
    planted = lab.seeds.child("planted")
    cells = plant(shown.pixels, numbers, config.mean_count, config.simple, config.semisaturation, planted)
    split = split_of(np.arange(total), config.fitted, config.chosen)
    noise = lab.seeds.numpy("noise")
    counts = noise.poisson(cells.rates).astype(np.float32)
    trials = noise.poisson(cells.rates[split.tested], size=(config.repeats, config.tested, len(cells.kind)))

    def scored(name: str) -> Floats:
        work = Work(shown, counts, split, config.channels, config.epochs, counts=True)
        return explained(predictions(name, work, lab.seeds.child(name)), trials)

    found = {
        name: lab.stage(f"planted-{name}", partial(scored, name))
        for name in lab.track((*MODELS, *UNTRAINED), "models of planted cells")
    }
    return {"kind": cells.kind.tolist(), "feve": found}


def recorded(config: Cadena2019.Config, lab: Lab) -> dict[str, Any]:
    """Return correlations of each model on recorded neurons, and where their responses belong to other patterns."""
    data = lab.data("lee_v1_patterns", crop=2 * SIDE)
    order = lab.seeds.numpy("patterns").permutation(len(data.images))[: config.recorded]
    grey = as_patterns(data.images[order])
    shown = Shown(as_input(grey), grey)
    responses = data.responses.values[order, 0].astype(np.float32)
    responses /= responses.std(0)
    mixed = responses[lab.seeds.numpy("other patterns").permutation(len(responses))]
    both = np.concatenate([responses, mixed], axis=1)
    fitted = int(0.72 * len(order))
    split = split_of(np.arange(len(order)), fitted, int(0.08 * len(order)))

    def predicted(name: str) -> Floats:
        seeds = lab.seeds.child(f"recorded {name}")
        seen = scrambled(shown, seeds) if name == SCRAMBLED else shown
        work = Work(seen, both, split, config.channels, config.epochs, counts=False)
        return predictions("gabor" if name == SCRAMBLED else name, work, seeds)

    names = (*MODELS, *UNTRAINED, SCRAMBLED)
    said = np.stack(
        [
            lab.stage(f"recorded-{name}", partial(predicted, name))
            for name in lab.track(names, "models of recorded neurons")
        ]
    )
    truth, neurons = both[split.tested].astype(np.float64), responses.shape[1]
    seed = lab.seeds.integer("draws")
    means, draws = mean_correlations(said[:, :, :neurons], truth[:, :neurons], config.draws, seed)
    wrong, _ = mean_correlations(said[:, :, neurons:], truth[:, neurons:], 2, seed)
    each = [mean_correlations(said[:, :, [u]], truth[:, [u]], 2, seed)[0] for u in range(neurons)]
    return {
        "correlation": {name: float(means[i]) for i, name in enumerate(names)},
        "correlation_draws": {name: draws[:, i] for i, name in enumerate(names)},
        "neurons": {name: np.array([one[i] for one in each]) for i, name in enumerate(names)},
        "shuffled": {name: float(wrong[i]) for i, name in enumerate(names)},
    }


def split_of(order: NDArray[np.int64], fitted: int, chosen: int) -> Split:
    """Return images that are fitted, that choose the epoch, and the others, which are predicted."""
    return Split(order[:fitted], order[fitted : fitted + chosen], order[fitted + chosen :])


def of_planted(results: Cadena2019.Results) -> Iterator[Claim]:
    """Yield the steps from one model to the next on planted cells."""
    yield Claim(
        "gabor_over_linear",
        "A Gabor energy bank explains more of planted V1 cells than a linear filter, by 0.05 or more.",
        results.gap("gabor", "lnp"),
        at_least(0.05),
        "canon SEN05",
        Control("cells that are linear filters", results.gap("gabor", "lnp", "linear")),
        unit="FEVE",
    )
    yield Claim(
        "network_over_gabor",
        "A network that is fitted to the cells explains more of them than the bank, by 0.05 or more.",
        results.gap("cnn", "gabor"),
        at_least(0.05),
        "canon SEN05",
        Control("complex cells that do not divide", results.gap("cnn", "gabor", "undivided")),
        unit="FEVE",
    )
    yield Claim(
        "task_over_gabor",
        "Features of a network that learned to classify explain more than the bank, by 0.05 or more.",
        results.gap("task", "gabor"),
        at_least(0.05),
        "canon SEN05",
        Control("the same network with random weights", results.gap("task_untrained", "gabor")),
        unit="FEVE",
    )
    yield Claim(
        "core_is_learned",
        "The network that is fitted explains more than readouts of its core before training, by 0.05 or more.",
        results.gap("cnn", "cnn_untrained"),
        at_least(0.05),
        "canon SEN05's step; comparison ours",
        Control("cells that were shown other photographs", results.gap("cnn", "cnn_untrained", "shuffled")),
        unit="FEVE",
    )


def of_recorded(results: Cadena2019.Results) -> Iterator[Claim]:
    """Yield the steps from one model to the next on recorded neurons."""
    steps = (
        ("gabor", "lnp", SCRAMBLED, "A Gabor energy bank predicts recorded V1 neurons better than a linear filter.",
         "the bank on patterns with pixels in other places"),
        ("cnn", "gabor", "cnn_untrained", "A network that is fitted to recorded V1 neurons predicts them better than "
         "the bank.", "readouts of its core before training"),
        ("task", "gabor", "task_untrained", "Features of a network that learned to classify predict recorded V1 "
         "neurons better than the bank.", "the same network with random weights"),
    )  # fmt: skip
    for model, other, control, sentence, what in steps:
        value, interval = results.real_gap(model, other)
        yield Claim(
            f"real_{model}_over_{other}",
            sentence,
            value,
            above(0.0),
            "canon SEN05's order; whole interval over patterns",
            Control(what, results.real_gap(control, other)[0]),
            interval=interval,
            kind="real",
            judge="interval",
            unit="difference of correlations",
        )
