"""SEN04: which layers of a network resemble inferotemporal cortex, and what remixing its features adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.compare import RDM, RemixedModel, rdm, rsa
from tertium.errors import MissingData, MissingPackage
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, below, between
from tertium.studies.lab import Lab
from tertium.studies.layerwise import LayerScores, layer_rdms, score_layers

if TYPE_CHECKING:
    from tertium.data.sets.neurons.kriegeskorte92 import Kriegeskorte92

HUMAN, MONKEY = "human IT", "monkey IT"

#: Published with the data: Spearman of squeezenet11's layers with the mean human RDM and with monkey IT, two digits.
PUBLISHED = {
    HUMAN: {"conv1": 0.11, "fire4": 0.23, "fire8": 0.33},
    MONKEY: {"conv1": 0.20, "fire4": 0.37, "fire8": 0.43},
}

#: Categories read out linearly from the network before remixing, as in the paper (animate, face, body), and human.
READOUTS = ("animate", "face", "body", "human")


@dataclass(frozen=True)
class KhalighResults:
    """What one seed measured; regions are "human IT" and "monkey IT"."""

    spearman: dict[str, dict[str, float]]  # region -> layer or "pixels" -> with the region's mean RDM
    untrained_spearman: dict[str, dict[str, float]]
    layers: dict[str, dict[str, Any]]  # network/region -> layers, score, low, high, ceiling (Spearman over subjects)
    models: dict[str, dict[str, Any]]  # region -> models, score, low, high, ceiling (tau-a over subjects)
    p: dict[str, float]  # bootstrap over images or randomisation, by claim
    agreement: dict[str, float]  # Spearman of monkey IT with human IT, and the ceilings
    gain: dict[str, float]  # region -> held-out tau-a of the remixed model less the best single layer
    shuffled_gain: dict[str, float]
    remixed: dict[str, dict[str, float]]
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
    (2014); p values are from the bootstrap over images, or from shuffling images. Remixed models are fitted and scored
    on different images; the single layer they must beat is the best of all layers, chosen with hindsight.
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
        n_permutations: int = Field(10_000, description="shuffles of the images in randomisation tests")

    def run(self, config: Config, lab: Lab) -> KhalighResults:
        """Show the images, compare every layer with both species, then test the claims' comparisons."""
        data = lab.data("kriegeskorte92")
        trained = _network(lab, data, "squeezenet11", config.sites, config.units)
        untrained = _network(lab, data, "squeezenet11", ("conv1", "fire4", "fire8"), config.units, trained=False)
        pixels = rdm(data.images.reshape(len(data.labels), -1).astype(float), labels=data.labels, name="pixels")
        regions = {HUMAN: _subjects(data), MONKEY: [_rdm(data.monkey, data, "monkey IT")]}
        means = {HUMAN: _rdm(data.human.mean(("subject", "session")), data, HUMAN), MONKEY: regions[MONKEY][0]}
        layers = {"squeezenet11": _scores(lab, "squeezenet11", {"pixels": pixels, **trained}, regions, config)}
        second = _second_network(lab, data, config)
        if second:
            layers[config.second] = _scores(lab, config.second, {"pixels": pixels, **second}, regions, config)

        options: dict[str, Any] = {"n_bootstrap": config.n_bootstrap, "seed": lab.seeds.integer("bootstrap")}
        p = lab.stage("tests", lambda: _tests(lab, data, regions, trained, untrained, pixels, options))
        models = {region: _model_scores(data, subjects, options) for region, subjects in regions.items()}
        agreement, p_agreement = _agreement(lab, regions, config)
        units = lab.stage("readout-layer", lambda: _units(data, config.readout_layer), shared=True)
        remixed = {
            region: lab.stage(
                f"remixed-{region.split()[0]}", partial(_remix, lab, data, units, trained, subjects, config)
            )
            for region, subjects in regions.items()
        }
        return KhalighResults(
            spearman={name: _against({"pixels": pixels, **trained}, mean) for name, mean in means.items()},
            untrained_spearman={name: _against(untrained, mean) for name, mean in means.items()},
            layers={f"{net}/{name}": row for net, rows in layers.items() for name, row in rows.items()},
            models=models,
            p={**p, **p_agreement},
            agreement=agreement,
            gain={name: r["remixed"] - r["best layer"] for name, r in remixed.items()},
            shuffled_gain={name: r["shuffled"] - r["best layer"] for name, r in remixed.items()},
            remixed=remixed,
            pictured={HUMAN: means[HUMAN].vector, MONKEY: means[MONKEY].vector, "fire8": trained["fire8"].vector},
            categories=list(data.category),
        )

    def claims(self, results: KhalighResults) -> Iterator[Claim]:
        """Claims of the row, for both species."""
        r, p = results, results.p
        yield Claim(
            "published_scores",
            "SqueezeNet's conv1, fire4 and fire8 match human and monkey IT as published with the data.",
            _largest_gap(r.spearman),
            at_most(0.006),
            "reference of the data set, two digits (rounding 0.005)",
            Control("untrained network", _largest_gap(r.untrained_spearman)),
            unit="largest difference of six Spearman correlations",
        )
        for region in (HUMAN, MONKEY):
            who = region.split()[0]
            yield Claim(
                f"category_over_v1_{who}",
                f"A model of animacy explains {region} better than a model of V1.",
                p[f"animacy_over_v1_{who}"],
                below(0.05),
                "canon; bootstrap over images, tau-a, two-sided",
                Control("animacy of shuffled images", p[f"shuffled_animacy_over_v1_{who}"]),
                unit="p",
            )
            yield Claim(
                f"v1_above_zero_{who}",
                f"A model of V1 explains some of {region}.",
                p[f"v1_{who}"],
                below(0.05),
                "canon; bootstrap over images, tau-a, one-sided",
                Control("V1 model of shuffled images", p[f"shuffled_v1_{who}"]),
                unit="p",
            )
            yield Claim(
                f"deep_over_pixels_{who}",
                f"A deep layer (fire8) of the trained network explains {region} better than pixels do.",
                p[f"deep_over_pixels_{who}"],
                below(0.05),
                "ours; bootstrap over images, Spearman, two-sided",
                Control("fire8 of an untrained network", p[f"untrained_over_pixels_{who}"]),
                unit="p",
            )
            yield Claim(
                f"remixing_{who}",
                f"Remixed, reweighted features explain held-out images of {region} better than the best single layer.",
                r.gain[region],
                at_least(0.03),
                "canon; gain in tau-a",
                Control("readouts of shuffled categories", r.shuffled_gain[region]),
                unit="tau-a",
            )
        yield Claim(
            "man_and_monkey",
            "Monkey IT and human IT represent the images alike.",
            p["agreement"],
            below(0.001),
            "canon; images shuffled, Spearman",
            Control("monkey IT of shuffled images", p["shuffled_agreement"]),
            unit="p",
        )
        yield Claim(
            "man_and_monkey_ceiling",
            "Monkey IT explains human IT within the noise ceiling (0 the lower, 1 the upper).",
            r.agreement["place_in_ceiling"],
            between(0, 1),
            "canon",
            Control("monkey IT of shuffled images", r.agreement["shuffled_place_in_ceiling"]),
            unit="share of the ceiling's width",
        )

    def figures(self, results: Sequence[KhalighResults]) -> Iterator[Picture]:
        """Layers, models, remixing, matrices."""
        from tertium.studies.khaligh2014_figures import pictures

        yield from pictures(results)


def _network(
    lab: Lab, data: Kriegeskorte92, name: str, sites: Sequence[str], units: int | None, *, trained: bool = True
) -> dict[str, RDM]:
    """Return the RDM of each layer, kept as vectors so that a resumed run need not show the images again.

    The trained network is the same for all seeds; an untrained one has weights of its own for each.
    """

    def work() -> dict[str, npt.NDArray[np.float64]]:
        from tertium.models import make

        network = make(name) if trained else make(name, pretrained=False, seed=lab.seeds.integer("untrained"))
        what = f"layers of {name}{'' if trained else ', untrained'}"
        shown = layer_rdms(network, data.images, data.labels, sites=list(sites), units=units, what=what)
        return {layer: found.vector for layer, found in shown.items()}

    vectors = lab.stage(f"{'trained' if trained else 'untrained'}-{name}", work, shared=trained)
    return {layer: RDM(v, data.labels, "correlation", layer) for layer, v in vectors.items()}


def _second_network(lab: Lab, data: Kriegeskorte92, config: Khaligh2014.Config) -> dict[str, RDM]:
    if not config.second:
        return {}
    try:
        return _network(lab, data, config.second, ("*",), config.units)
    except (MissingData, MissingPackage) as problem:
        lab.note(f"The second network was left out. {problem}")
        return {}


def _units(data: Kriegeskorte92, layer: str) -> npt.NDArray[np.float32]:
    """Return the responses of a layer's units, averaged over positions: shape (image, channel)."""
    from tertium.models import make
    from tertium.record import record

    recorded = record(make("squeezenet11"), data.images, sites=layer, progress=False)
    channels, values = recorded["channel"].values, recorded.values[:, 0]
    return np.stack([values[:, channels == c].mean(axis=1) for c in np.unique(channels)], axis=1)


def _rdm(matrix: Any, data: Kriegeskorte92, name: str) -> RDM:
    return RDM.from_matrix(matrix.values, data.labels, metric="correlation", name=name)


def _subjects(data: Kriegeskorte92) -> list[RDM]:
    """Return human IT of each subject, the two sessions averaged."""
    human = data.human.mean("session")
    return [_rdm(human.isel(subject=i), data, f"{HUMAN} {i + 1}") for i in range(human.sizes["subject"])]


def _against(models: dict[str, RDM], target: RDM) -> dict[str, float]:
    return rsa(models, target, method="spearman").mean


def _scores(
    lab: Lab, network: str, models: dict[str, RDM], regions: dict[str, list[RDM]], config: Khaligh2014.Config
) -> dict[str, dict[str, Any]]:
    """Score all layers (Spearman, subjects) with 95 % intervals over images and, for several subjects, over both."""

    def work() -> dict[str, Any]:
        found: LayerScores = score_layers(
            models, regions, model=network, n_bootstrap=config.n_bootstrap, seed=lab.seeds.integer("layers")
        )
        return {region: _row(found.regions[region]) for region in regions}

    kept: dict[str, Any] = lab.stage(f"layers-{network}", work)
    return kept


def _row(result: Any) -> dict[str, Any]:
    names = list(result.models)
    return {
        "names": names,
        "score": [result.mean[n] for n in names],
        "low": [result.interval[n][0] for n in names],
        "high": [result.interval[n][1] for n in names],
        "ceiling": list(result.ceiling) if result.ceiling else None,
        "subjects": len(result.subjects),
    }


def _category_models(data: Kriegeskorte92) -> dict[str, RDM]:
    """Return the model RDMs that came with the data, but monkey IT, which is data and not a model."""
    return {name: _rdm(matrix, data, name) for name, matrix in data.models.items() if name != "monkeyIT"}


def _model_scores(data: Kriegeskorte92, subjects: list[RDM], options: dict[str, Any]) -> dict[str, Any]:
    bootstrap: Literal["both", "stimuli"] = "both" if len(subjects) > 1 else "stimuli"
    return _row(rsa(_category_models(data), subjects, method="kendall_tau_a", bootstrap=bootstrap, **options))


def _shuffled(model: RDM, order: npt.NDArray[np.int64]) -> RDM:
    """Return the RDM with its images exchanged: same dissimilarities, wrong images."""
    return RDM.from_matrix(model.values[np.ix_(order, order)], model.labels, name=f"{model.name}, shuffled")


def _tests(
    lab: Lab,
    data: Kriegeskorte92,
    regions: dict[str, list[RDM]],
    trained: dict[str, RDM],
    untrained: dict[str, RDM],
    pixels: RDM,
    options: dict[str, Any],
) -> dict[str, float]:
    order = lab.seeds.numpy("shuffle").permutation(len(data.labels))
    given = _category_models(data)
    categorical = {
        "animacy": given["animacy"],
        "v1": given["V1"],
        "shuffled_animacy": _shuffled(given["animacy"], order),
        "shuffled_v1": _shuffled(given["V1"], order),
    }
    deep = {"pixels": pixels, "deep": trained["fire8"], "untrained": untrained["fire8"]}
    p: dict[str, float] = {}
    for region, subjects in regions.items():
        who = region.split()[0]
        by_category = rsa(categorical, subjects, method="kendall_tau_a", bootstrap="stimuli", **options).compare()
        p[f"animacy_over_v1_{who}"] = _p(by_category, "animacy", "v1")
        p[f"shuffled_animacy_over_v1_{who}"] = _p(by_category, "shuffled_animacy", "v1")
        p[f"v1_{who}"] = _p(by_category, "v1", "0")
        p[f"shuffled_v1_{who}"] = _p(by_category, "shuffled_v1", "0")
        by_depth = rsa(deep, subjects, method="spearman", bootstrap="stimuli", **options).compare()
        p[f"deep_over_pixels_{who}"] = _p(by_depth, "deep", "pixels")
        p[f"untrained_over_pixels_{who}"] = _p(by_depth, "untrained", "pixels")
    return p


def _p(table: Any, better: str, worse: str) -> float:
    """Return p that ``better`` exceeds ``worse``; 1 where it is the lower of the two."""
    for first, second, sign in ((better, worse, 1), (worse, better, -1)):
        rows = table[(table["model"] == first) & (table["other"] == second)]
        if len(rows):
            row = rows.iloc[0]
            return float(row["p"]) if sign * row["difference"] > 0 else 1.0
    raise KeyError(f"no test of {better} against {worse}")


def _agreement(
    lab: Lab, regions: dict[str, list[RDM]], config: Khaligh2014.Config
) -> tuple[dict[str, float], dict[str, float]]:
    monkey = regions[MONKEY][0]
    shuffled = _shuffled(monkey, lab.seeds.numpy("monkey").permutation(monkey.n_conditions))
    result = rsa(
        {"monkey": monkey, "shuffled": shuffled},
        regions[HUMAN],
        method="spearman",
        n_permutations=config.n_permutations,
        seed=lab.seeds.integer("permutations"),
    )
    lower, upper = result.ceiling or (np.nan, np.nan)
    found = {
        "spearman": result.mean["monkey"],
        "ceiling_low": lower,
        "ceiling_high": upper,
        "place_in_ceiling": (result.mean["monkey"] - lower) / (upper - lower),
        "shuffled_place_in_ceiling": (result.mean["shuffled"] - lower) / (upper - lower),
    }
    p = np.asarray(result.randomisation)
    return found, {"agreement": float(p[0]), "shuffled_agreement": float(p[1])}


def _remix(
    lab: Lab,
    data: Kriegeskorte92,
    units: npt.NDArray[np.float32],
    trained: dict[str, RDM],
    subjects: list[RDM],
    config: Khaligh2014.Config,
) -> dict[str, float]:
    """Return held-out tau-a of the best layer, of reweighted layers with readouts, and with readouts of nonsense."""
    categories = {name: data.categories[name].to_numpy(dtype=bool) for name in READOUTS}
    order = lab.seeds.numpy("categories").permutation(len(data.labels))
    nonsense = {name: members[order] for name, members in categories.items()}
    layers = list(trained.values())

    def remixed(targets: dict[str, Any], name: str) -> RemixedModel:
        return RemixedModel(units, data.labels, targets, layers=layers, shrinkage=config.shrinkage, name=name)

    result = rsa(
        {**trained, "remixed": remixed(categories, "remixed"), "shuffled": remixed(nonsense, "shuffled")},
        subjects,
        method="kendall_tau_a",
        folds=config.folds,
        seed=lab.seeds.integer("folds"),
    )
    scores = result.mean
    return {
        "best layer": max(scores[name] for name in trained),
        "remixed": scores["remixed"],
        "shuffled": scores["shuffled"],
    }


def _largest_gap(scores: dict[str, dict[str, float]]) -> float:
    return max(abs(scores[region][layer] - value) for region, row in PUBLISHED.items() for layer, value in row.items())
