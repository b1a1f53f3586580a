"""How khaligh2014 measures: RDMs of layers and brains, effects with intervals, agreement of species, remixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare import RDM, RemixedModel, rsa
from tertium.errors import MissingData, MissingPackage
from tertium.studies.layerwise import LayerScores, layer_rdms, score_layers

if TYPE_CHECKING:
    from tertium.data.sets.neurons.kriegeskorte92 import Kriegeskorte92
    from tertium.studies.khaligh2014 import Khaligh2014
    from tertium.studies.lab import Lab

HUMAN, MONKEY = "human IT", "monkey IT"

#: Categories read out linearly from the network before remixing, as in the paper (animate, face, body), and human.
READOUTS = ("animate", "face", "body", "human")


def network_rdms(
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


def second_network_rdms(lab: Lab, data: Kriegeskorte92, config: Khaligh2014.Config) -> dict[str, RDM]:
    """Return the second network's layer RDMs; none, with a note, where its weights cannot be had."""
    if not config.second:
        return {}
    try:
        return network_rdms(lab, data, config.second, ("*",), config.units)
    except (MissingData, MissingPackage) as problem:
        lab.note(f"The second network was left out. {problem}")
        return {}


def channel_means(data: Kriegeskorte92, layer: str) -> npt.NDArray[np.float32]:
    """Return the responses of a layer's units, averaged over positions: shape (image, channel)."""
    from tertium.models import make
    from tertium.record import record

    recorded = record(make("squeezenet11"), data.images, sites=layer, progress=False)
    channels, values = recorded["channel"].values, recorded.values[:, 0]
    return np.stack([values[:, channels == c].mean(axis=1) for c in np.unique(channels)], axis=1)


def named_rdm(matrix: Any, data: Kriegeskorte92, name: str) -> RDM:
    """Return a matrix of the data set as an RDM."""
    return RDM.from_matrix(matrix.values, data.labels, metric="correlation", name=name)


def human_subjects(data: Kriegeskorte92) -> list[RDM]:
    """Return human IT of each subject, the two sessions averaged."""
    human = data.human.mean("session")
    return [named_rdm(human.isel(subject=i), data, f"{HUMAN} {i + 1}") for i in range(human.sizes["subject"])]


def against(models: dict[str, RDM], target: RDM) -> dict[str, float]:
    """Return the Spearman correlation of each model with one RDM."""
    return rsa(models, target, method="spearman").mean


def layer_rows(
    lab: Lab, network: str, models: dict[str, RDM], regions: dict[str, list[RDM]], config: Khaligh2014.Config
) -> dict[str, dict[str, Any]]:
    """Score all layers (Spearman, subjects) with 95 % intervals over images and, for several subjects, over both.

    For the pictures, not the claims: drawn once, with draws of their own, for all seeds.
    """

    def work() -> dict[str, Any]:
        found: LayerScores = score_layers(models, regions, model=network, n_bootstrap=config.n_bootstrap)
        return {region: _row(found.regions[region]) for region in regions}

    kept: dict[str, Any] = lab.stage(f"layers-{network}", work, shared=True)
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
    return {name: named_rdm(matrix, data, name) for name, matrix in data.models.items() if name != "monkeyIT"}


def model_rows(
    lab: Lab, data: Kriegeskorte92, regions: dict[str, list[RDM]], config: Khaligh2014.Config
) -> dict[str, dict[str, Any]]:
    """Score the models that came with the data (tau-a), with intervals over images and, if several, subjects.

    For the pictures, like `layer_rows`.
    """

    def work() -> dict[str, Any]:
        return {
            region: _row(
                rsa(
                    _category_models(data),
                    subjects,
                    method="kendall_tau_a",
                    bootstrap="both" if len(subjects) > 1 else "stimuli",
                    n_bootstrap=config.n_bootstrap,
                )
            )
            for region, subjects in regions.items()
        }

    kept: dict[str, Any] = lab.stage("models", work, shared=True)
    return kept


def _shuffled(model: RDM, order: npt.NDArray[np.int64]) -> RDM:
    """Return the RDM with its images exchanged: same dissimilarities, wrong images."""
    return RDM.from_matrix(model.values[np.ix_(order, order)], model.labels, name=f"{model.name}, shuffled")


def measure_effects(
    lab: Lab,
    data: Kriegeskorte92,
    regions: dict[str, list[RDM]],
    trained: dict[str, RDM],
    untrained: dict[str, RDM],
    pixels: RDM,
    options: dict[str, Any],
) -> dict[str, dict[str, float]]:
    """Return the differences that the claims are about, and those of their controls, in both species."""
    order = lab.seeds.numpy("shuffle").permutation(len(data.labels))
    given = _category_models(data)
    categorical = {
        "animacy": given["animacy"],
        "v1": given["V1"],
        "shuffled animacy": _shuffled(given["animacy"], order),
        "shuffled v1": _shuffled(given["V1"], order),
    }
    deep = {"pixels": pixels, "deep": trained["fire8"], "untrained": untrained["fire8"]}
    found: dict[str, dict[str, float]] = {}
    for region, subjects in regions.items():
        who = region.split()[0]
        by_category = rsa(categorical, subjects, method="kendall_tau_a", bootstrap="stimuli", **options).compare()
        found[f"category_over_v1_{who}"] = _effect(by_category, "animacy", "v1")
        found[f"category_over_v1_{who}/control"] = _effect(by_category, "shuffled animacy", "v1")
        found[f"v1_above_zero_{who}"] = _effect(by_category, "v1", "0")
        found[f"v1_above_zero_{who}/control"] = _effect(by_category, "shuffled v1", "0")
        by_depth = rsa(deep, subjects, method="spearman", bootstrap="stimuli", **options).compare()
        found[f"deep_over_pixels_{who}"] = _effect(by_depth, "deep", "pixels")
        found[f"deep_over_pixels_{who}/control"] = _effect(by_depth, "untrained", "pixels")
    return found


def _effect(table: Any, better: str, worse: str) -> dict[str, float]:
    """Return by how much ``better`` exceeds ``worse``, with the 95 % interval and p."""
    for first, second, sign in ((better, worse, 1), (worse, better, -1)):
        rows = table[(table["model"] == first) & (table["other"] == second)]
        if len(rows):
            row = rows.iloc[0]
            low, high = sorted((sign * row["low"], sign * row["high"]))
            return {
                "difference": float(sign * row["difference"]),
                "low": float(low),
                "high": float(high),
                "p": float(row["p"]),
            }
    raise KeyError(f"no test of {better} against {worse}")


def measure_agreement(lab: Lab, regions: dict[str, list[RDM]], config: Khaligh2014.Config) -> dict[str, float]:
    """Return how well monkey IT explains human IT: Spearman, p of shuffled images, place in the noise ceiling."""
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
    p = np.asarray(result.randomisation)
    return {
        "spearman": result.mean["monkey"],
        "p": float(p[0]),
        "shuffled p": float(p[1]),
        "ceiling low": lower,
        "ceiling high": upper,
        "place in ceiling": (result.mean["monkey"] - lower) / (upper - lower),
        "shuffled place in ceiling": (result.mean["shuffled"] - lower) / (upper - lower),
    }


def remixing(
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
        bootstrap="stimuli",
        n_bootstrap=config.n_bootstrap_remixed,
        folds=config.folds,
        seed=lab.seeds.integer("folds"),
    )
    scores = result.mean
    best = max(trained, key=lambda name: scores[name])
    gain = _effect(result.compare(), "remixed", best)
    return {
        "best layer": scores[best],
        "remixed": scores["remixed"],
        "shuffled": scores["shuffled"],
        "gain": gain["difference"],
        "gain low": gain["low"],
        "gain high": gain["high"],
        "shuffled gain": scores["shuffled"] - scores[best],
    }
