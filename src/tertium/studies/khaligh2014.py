"""SEN04: which layers of a network resemble inferotemporal cortex, and what remixing its features adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tertium.compare import rdm
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, at_most, below, between
from tertium.studies.lab import Lab
from tertium.studies.methods.khaligh import (
    HUMAN,
    MONKEY,
    against,
    channel_means,
    human_subjects,
    layer_rows,
    measure_agreement,
    measure_effects,
    model_rows,
    named_rdm,
    network_rdms,
    remixing,
    second_network_rdms,
)

#: Published with the data: Spearman of squeezenet11's layers with the mean human RDM and with monkey IT, two digits.
PUBLISHED = {
    HUMAN: {"conv1": 0.11, "fire4": 0.23, "fire8": 0.33},
    MONKEY: {"conv1": 0.20, "fire4": 0.37, "fire8": 0.43},
}


@dataclass(frozen=True)
class KhalighResults:
    """What one seed measured; regions are "human IT" and "monkey IT"."""

    spearman: dict[str, dict[str, float]]  # region -> layer or "pixels" -> with the region's mean RDM
    untrained_spearman: dict[str, dict[str, float]]
    layers: dict[str, dict[str, Any]]  # network/region -> layers, score, low, high, ceiling (Spearman over subjects)
    models: dict[str, dict[str, Any]]  # region -> models, score, low, high, ceiling (tau-a over subjects)
    effects: dict[str, dict[str, float]]  # comparison -> difference, its interval over images, p
    agreement: dict[str, float]  # Spearman of monkey IT with human IT, p of shuffled images, ceilings
    remixed: dict[str, dict[str, float]]  # region -> held-out tau-a, and gain over the best layer with interval
    pictured: dict[str, Any]  # RDM vectors for the figures
    categories: list[str]


class Khaligh2014(Study):
    """Supervised networks resemble IT in their deep layers, and more so once remixed for categories.

    Khaligh-Razavi and Kriegeskorte (2014) asked which of 37 models explains how human and monkey inferotemporal (IT)
    cortex represents 92 photographs of objects. A supervised deep network came closest. Features that had been
    remixed by linear category readouts and reweighted came closer still.

    Here the very images are shown to SqueezeNet v1.1 (and EfficientNet-Lite0 where it can be had). Each layer's RDM
    (1 - Pearson correlation over all its units) is scored against human IT (4 subjects, two fMRI sessions averaged)
    and monkey IT (674 neurons of 2 animals, one RDM, so no noise ceiling). Noise ceilings are those of Nili et al.
    (2014); intervals come from the bootstrap over images, p values from shuffling images. Remixed models are fitted
    and scored on different images; the single layer they must beat is the best of all, chosen with hindsight.
    """

    row = "SEN04"
    cite = (
        Reference(
            "KhalighRazavi2014",
            "Khaligh-Razavi, S.-M. and Kriegeskorte, N.",
            2014,
            "Deep supervised, but not unsupervised, models may explain IT cortical representation",
            "PLoS Computational Biology 10:e1003915",
            "10.1371/journal.pcbi.1003915",
        ),
        Reference(
            "Kriegeskorte2008",
            "Kriegeskorte, N. and Mur, M. and Ruff, D. A. and Kiani, R. and others",
            2008,
            "Matching categorical object representations in inferior temporal cortex of man and monkey",
            "Neuron 60:1126",
            "10.1016/j.neuron.2008.10.043",
        ),
    )
    kind = "real"
    needs = ("kriegeskorte92", "squeezenet11")
    smoke = {
        "n_bootstrap": 50,
        "n_permutations": 1000,
        "units": 500,
        "sites": ("conv1", "fire4", "fire8"),
        "second": "",
    }
    Results = KhalighResults

    class Config(StudyConfig):
        """Networks, layers, draws."""

        units: int | None = Field(None, description="units taken of each layer at random; null for all")
        sites: tuple[str, ...] = Field(("*",), description="layers of SqueezeNet, wildcards allowed")
        second: str = Field("efficientnet_lite0", description='second network of tertium models; "" for none')
        readout_layer: str = Field("conv10", description="layer whose units the category readouts read")
        shrinkage: float = Field(0.1, description="ridge penalty of the readouts")
        folds: int = Field(4, description="folds of images for fitting and scoring remixed models")
        n_bootstrap: int = Field(1000, description="bootstrap draws of images")
        n_bootstrap_remixed: int = Field(100, description="bootstrap draws of images in which models are fitted anew")
        n_permutations: int = Field(10_000, description="shuffles of the images in randomisation tests")

    def run(self, config: Config, lab: Lab) -> KhalighResults:
        """Show the images, compare every layer with both species, then test the claims' comparisons."""
        data = lab.data("kriegeskorte92")
        trained = network_rdms(lab, data, "squeezenet11", config.sites, config.units)
        untrained = network_rdms(lab, data, "squeezenet11", ("conv1", "fire4", "fire8"), config.units, trained=False)
        pixels = rdm(data.images.reshape(len(data.labels), -1).astype(float), labels=data.labels, name="pixels")
        regions = {HUMAN: human_subjects(data), MONKEY: [named_rdm(data.monkey, data, "monkey IT")]}
        means = {HUMAN: named_rdm(data.human.mean(("subject", "session")), data, HUMAN), MONKEY: regions[MONKEY][0]}
        layers = {"squeezenet11": layer_rows(lab, "squeezenet11", {"pixels": pixels, **trained}, regions, config)}
        second = second_network_rdms(lab, data, config)
        if second:
            layers[config.second] = layer_rows(lab, config.second, {"pixels": pixels, **second}, regions, config)

        options: dict[str, Any] = {"n_bootstrap": config.n_bootstrap, "seed": lab.seeds.integer("bootstrap")}
        effects = lab.stage("effects", lambda: measure_effects(lab, data, regions, trained, untrained, pixels, options))
        models = model_rows(lab, data, regions, config)
        agreement = measure_agreement(lab, regions, config)
        units = lab.stage("readout-layer", lambda: channel_means(data, config.readout_layer), shared=True)
        remixed = {
            region: lab.stage(
                f"remixed-{region.split()[0]}", partial(remixing, lab, data, units, trained, subjects, config)
            )
            for region, subjects in regions.items()
        }
        return KhalighResults(
            spearman={name: against({"pixels": pixels, **trained}, mean) for name, mean in means.items()},
            untrained_spearman={name: against(untrained, mean) for name, mean in means.items()},
            layers={f"{net}/{name}": row for net, rows in layers.items() for name, row in rows.items()},
            models=models,
            effects=effects,
            agreement=agreement,
            remixed=remixed,
            pictured={HUMAN: means[HUMAN].vector, MONKEY: means[MONKEY].vector, "fire8": trained["fire8"].vector},
            categories=list(data.category),
        )

    def claims(self, results: KhalighResults) -> Iterator[Claim]:
        """Claims of the row, for both species; differences hold when their 95 % interval lies above 0 (p < .05)."""
        yield Claim(
            "published_scores",
            "SqueezeNet's conv1, fire4 and fire8 match human and monkey IT as published with the data.",
            _largest_gap(results.spearman),
            at_most(0.006),
            "reference of the data set, six Spearman correlations of two digits (rounding 0.005)",
            Control("untrained network", _largest_gap(results.untrained_spearman)),
            unit="largest gap",
        )
        for region in (HUMAN, MONKEY):
            who = region.split()[0]
            yield self._difference(
                results,
                f"category_over_v1_{who}",
                f"A model of animacy explains {region} better than a model of V1.",
                "canon; bootstrap over images, tau-a",
                "animacy of shuffled images",
            )
            yield self._difference(
                results,
                f"v1_above_zero_{who}",
                f"A model of V1 explains some of {region}.",
                "canon; bootstrap over images, tau-a",
                "V1 model of shuffled images",
            )
            yield self._difference(
                results,
                f"deep_over_pixels_{who}",
                f"A deep layer (fire8) of the trained network explains {region} better than pixels do.",
                "ours; bootstrap over images, Spearman",
                "fire8 of an untrained network",
            )
            remixed = results.remixed[region]
            yield Claim(
                f"remixing_{who}",
                f"Remixed, reweighted features explain held-out images of {region} better than the best single layer.",
                remixed["gain"],
                at_least(0.03),
                "canon; gain in tau-a, interval of the bootstrap over images",
                Control("readouts of shuffled categories", remixed["shuffled gain"]),
                interval=(remixed["gain low"], remixed["gain high"]),
                unit="tau-a",
            )
        yield Claim(
            "man_and_monkey",
            "Monkey IT and human IT represent the images alike.",
            results.agreement["p"],
            below(0.001),
            "canon; images shuffled, Spearman",
            Control("monkey IT of shuffled images", results.agreement["shuffled p"]),
            unit="p",
        )
        yield Claim(
            "man_and_monkey_ceiling",
            "Monkey IT explains human IT within the noise ceiling (0 the lower, 1 the upper).",
            results.agreement["place in ceiling"],
            between(0, 1),
            "canon",
            Control("monkey IT of shuffled images", results.agreement["shuffled place in ceiling"]),
            unit="of its width",
        )

    @staticmethod
    def _difference(results: KhalighResults, name: str, sentence: str, source: str, control: str) -> Claim:
        """Claim that a difference lies above 0 with its whole interval, and that its control's does not."""
        effect, shuffled = results.effects[name], results.effects[f"{name}/control"]
        return Claim(
            name,
            sentence,
            effect["difference"],
            above(0),
            source,
            Control(f"{control}, lower end of the interval", shuffled["low"]),
            interval=(effect["low"], effect["high"]),
            judge="interval",
            unit=source.rsplit(", ", 1)[-1],
        )

    def figures(self, results: Sequence[KhalighResults]) -> Iterator[Picture]:
        """Layers, models, remixing, matrices."""
        from tertium.studies.pictures.khaligh import pictures

        yield from pictures(results)


def _largest_gap(scores: dict[str, dict[str, float]]) -> float:
    return max(abs(scores[region][layer] - value) for region, row in PUBLISHED.items() for layer, value in row.items())
