"""SEN12: one convolution, pooling and a readout predict V1's answers to gratings, and learn oriented filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least
from tertium.studies.methods.cadena import as_patterns, explained, mean_correlations
from tertium.studies.methods.cadena_cells import SIDE, as_input, plant
from tertium.studies.methods.cadena_gratings import (
    PooledCore,
    gratings,
    orientation_selectivity,
    ridge_predictions,
)
from tertium.studies.methods.v1_networks import Split, Training, core_features, fit_readout
from tertium.studies.pictures import neuromatch2020encoding as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Models: pixels, the network, readouts of its convolution before training.
MODELS = ("pixels", "network", "untrained")

#: Selectivity from which a filter counts as oriented.
ORIENTED = 0.5


class Neuromatch2020Encoding(Study):
    """A small convolutional network predicts V1's answers to gratings and learns oriented filters (Neuromatch 2020).

    Simulated: cells of V1 (Gabor energy of which a share depends on phase, divided by the energy near by; Poisson
    counts) see gratings of random orientation, phase and frequency in pixel noise. A network of one convolution,
    rectified, averaged over neighbouring places and read out (a mask of places times weights of channels, rectified)
    learns from one trial of each; ridge regression on pixels is fitted to the same trials. Both predict gratings that
    neither has seen, shown ten times: R2 over what a perfect model would reach (FEVE). A filter's selectivity is one
    less the circular variance of its energies over orientation, at the frequency that it answers best.

    Recorded: four macaque V1 neurons and 9,500 binary patterns, calcium, one trial a pattern (Tang et al. 2018), so
    correlations in place of explained variance; the linear model is there a filter of pixels with a rectified output,
    fitted like the network. Intervals are over patterns; all seeds draw from the same patterns.

    Ours: the cells (those of cadena2019) and the noise, which were chosen on seed 0 with the rates and penalties; the
    tutorial's data are of mouse V1, which is not at hand. The canon's step of 0.2 is asked of correlations on recorded
    neurons too. That features of random filters already beat pixels on these neurons was known from cadena2019, so
    that the gain by learning the filters is a claim of its own.
    """

    row, kind = "SEN12", "simulation"
    cite = (
        Reference(
            "Neuromatch2020",
            "Neuromatch Academy",
            2020,
            "Computational Neuroscience: deep learning, convolutional encoding models of neural activity",
            "Course material, W1D5 tutorial 2",
        ),
        Reference(
            "Ringach2002",
            "Ringach, D. L., Shapley, R. M. & Hawken, M. J.",
            2002,
            "Orientation selectivity in macaque V1: diversity and laminar dependence",
            "Journal of Neuroscience 22:5639-5651",
            "10.1523/JNEUROSCI.22-13-05639.2002",
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
    pilot_seeds = (0,)
    test_seeds = (10, 11, 12)
    needs = ("lee_v1_patterns",)
    smoke = {
        "cells": 4, "controls": 2, "fitted": 100, "chosen": 40, "tested": 40, "repeats": 4, "channels": 4,
        "recorded": 200, "epochs": 1, "recorded_epochs": 1, "draws": 20,
    }  # fmt: skip

    class Config(StudyConfig):
        """Sizes of the population, of what it was shown, and of the network."""

        cells: int = Field(80, ge=2, description="cells of V1")
        controls: int = Field(16, ge=2, description="linear cells, and cells that were shown other gratings")
        noise: float = Field(0.3, ge=0, description="standard deviation of pixel noise over that of the grating")
        fitted: int = Field(1700, ge=10, description="gratings that are fitted")
        chosen: int = Field(300, ge=10, description="gratings that choose the epoch")
        tested: int = Field(500, ge=10, description="gratings that are predicted")
        repeats: int = Field(10, ge=2, description="times each of these is shown")
        mean_count: float = Field(8.0, gt=0, description="spikes per grating")
        channels: int = Field(16, ge=2, description="filters of the network")
        epochs: int = Field(60, ge=1, description="on gratings")
        recorded: int = Field(9500, ge=100, le=9500, description="patterns shown to the recorded neurons")
        recorded_epochs: int = Field(20, ge=1, description="on patterns")
        draws: int = Field(500, ge=10, description="of patterns, for intervals")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        kind: list[str]  # of each planted cell
        feve: dict[str, Floats]  # model -> (cell,)
        filters: Floats  # (filter, side, side), learned
        selectivity: Floats  # (filter,), learned
        selectivity_before: Floats
        correlation: dict[str, float]  # model -> mean over recorded neurons, on patterns that were not fitted
        correlation_draws: dict[str, Floats]  # model -> (draw,)
        shuffled: dict[str, float]  # model -> the same where responses belong to other patterns

        def explained(self, model: str, kind: str = "v1") -> float:
            """Return a model's FEVE, mean over cells of a kind."""
            return float(self.feve[model][np.array(self.kind) == kind].mean())

        def real_gap(self, model: str, other: str) -> tuple[float, tuple[float, float]]:
            """Return the difference of two models' correlations on recorded neurons, and its interval."""
            low, high = np.quantile(self.correlation_draws[model] - self.correlation_draws[other], [0.025, 0.975])
            return self.correlation[model] - self.correlation[other], (float(low), float(high))

    def run(self, config: Config, lab: Lab) -> Results:
        """Fit the models to planted cells, then to recorded neurons."""
        planted = lab.stage("planted", lambda: simulated(config, lab))
        return self.Results(**planted, **lab.stage("recorded", lambda: recorded(config, lab)))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the network explains, what it gains over pixels, its filters, and recorded neurons."""
        gain = results.explained("network") - results.explained("pixels")
        linear = results.explained("network", "linear") - results.explained("pixels", "linear")
        yield Claim(
            "explains",
            "The network explains at least 0.6 of what can be explained of planted cells on gratings not fitted.",
            results.explained("network"),
            at_least(0.6),
            "canon SEN12",
            Control("cells that were shown other gratings", results.explained("network", "shuffled")),
            unit="R2 / ceiling",
        )
        yield Claim(
            "over_pixels",
            "It explains more than ridge regression on pixels, by 0.2 or more.",
            gain,
            at_least(0.2),
            "canon SEN12",
            Control("half-rectified linear cells", linear),
            unit="R2 / ceiling",
        )
        yield Claim(
            "oriented",
            "At least half of its filters are selective for orientation (0.5 or more).",
            float((results.selectivity >= ORIENTED).mean()),
            at_least(0.5),
            "canon SEN12",
            Control("filters before training", float((results.selectivity_before >= ORIENTED).mean())),
            unit="share of filters",
        )
        yield from of_recorded(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw scores, the filters of one seed, and their selectivity."""
        yield from draw.pictures(results)


def simulated(config: Neuromatch2020Encoding.Config, lab: Lab) -> dict[str, Any]:
    """Return FEVE of the models on planted cells, and the filters."""
    total = config.fitted + config.chosen + config.tested
    shown = gratings(total, config.noise, lab.seeds)
    numbers = {"v1": config.cells, "undivided": 0, "linear": config.controls, "shuffled": config.controls}
    cells = plant(shown, numbers, config.mean_count, 1.0, 0.3, lab.seeds.child("planted"))
    order = np.arange(total)
    last = config.fitted + config.chosen
    split = Split(order[: config.fitted], order[config.fitted : last], order[last:])
    noise = lab.seeds.numpy("noise")
    counts = noise.poisson(cells.rates).astype(np.float32)
    trials = noise.poisson(cells.rates[split.tested], size=(config.repeats, config.tested, len(cells.kind)))
    training = Training(config.epochs, rate=1e-2, sparse=1e-3, smooth=1e-3, core_rate=2e-2)
    seeds = lab.seeds.child("network")
    core = PooledCore(config.channels, seeds)
    before = orientation_selectivity(core.filters)
    untrained = core_features(PooledCore(config.channels, seeds), shown)
    said = {
        "pixels": ridge_predictions(shown, counts, split),
        "network": fit_readout(shown, counts, split, training, seeds, core=core).predicted,
        "untrained": fit_readout(untrained, counts, split, training, seeds).predicted,
    }
    return {
        "kind": cells.kind.tolist(),
        "feve": {name: explained(said[name], trials) for name in MODELS},
        "filters": core.filters,
        "selectivity": orientation_selectivity(core.filters),
        "selectivity_before": before,
    }


def recorded(config: Neuromatch2020Encoding.Config, lab: Lab) -> dict[str, Any]:
    """Return correlations of the models on recorded neurons, and where their responses belong to other patterns."""
    data = lab.data("lee_v1_patterns", crop=2 * SIDE)
    order = lab.seeds.numpy("patterns").permutation(len(data.images))[: config.recorded]
    shown = as_input(as_patterns(data.images[order]))
    responses = data.responses.values[order, 0].astype(np.float32)
    responses /= responses.std(0)
    mixed = responses[lab.seeds.numpy("other patterns").permutation(len(responses))]
    both, neurons = np.concatenate([responses, mixed], axis=1), responses.shape[1]
    fitted, last = int(0.72 * len(order)), int(0.8 * len(order))
    places = np.arange(len(order))
    split = Split(places[:fitted], places[fitted:last], places[last:])
    seeds, epochs = lab.seeds.child("recorded"), config.recorded_epochs
    core = PooledCore(config.channels, seeds)
    untrained = core_features(PooledCore(config.channels, seeds), shown)
    training = Training(epochs, rate=1e-2, sparse=1e-3, smooth=1e-3, core_rate=2e-2)
    of_pixels = Training(epochs, rate=3e-3, sparse=3e-3, smooth=0.03)
    fits = (
        fit_readout(shown, both, split, of_pixels, seeds, counts=False),
        fit_readout(shown, both, split, training, seeds, core=core, counts=False),
        fit_readout(untrained, both, split, training, seeds, counts=False),
    )
    said, truth = np.stack([one.predicted for one in fits]), both[split.tested].astype(np.float64)
    seed = lab.seeds.integer("draws")
    means, draws = mean_correlations(said[:, :, :neurons], truth[:, :neurons], config.draws, seed)
    wrong, _ = mean_correlations(said[:, :, neurons:], truth[:, neurons:], 2, seed)
    return {
        "correlation": {name: float(means[i]) for i, name in enumerate(MODELS)},
        "correlation_draws": {name: draws[:, i] for i, name in enumerate(MODELS)},
        "shuffled": {name: float(wrong[i]) for i, name in enumerate(MODELS)},
    }


def of_recorded(results: Neuromatch2020Encoding.Results) -> Iterator[Claim]:
    """Yield what the network gains over pixels and over random filters on recorded neurons."""
    steps = (
        ("pixels", 0.2, "The network predicts recorded V1 neurons better than a filter of pixels, by 0.2 or more."),
        ("untrained", 0.05, "It predicts them better than readouts of random filters, by 0.05 or more."),
    )
    for other, step, sentence in steps:
        value, interval = results.real_gap("network", other)
        yield Claim(
            f"real_over_{other}",
            sentence,
            value,
            at_least(step),
            "canon SEN12's step; whole interval over patterns" if other == "pixels" else "ours",
            Control("responses to other patterns", results.shuffled["network"] - results.shuffled[other]),
            interval=interval,
            kind="real",
            judge="interval",
            unit="difference of correlations",
        )
