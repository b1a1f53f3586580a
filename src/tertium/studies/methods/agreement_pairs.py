"""Units of layers as the study `agreement` records them, every two layers compared, and what chance gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.compare import cka, pairwise
from tertium.geometry import participation_ratio
from tertium.studies.layer_patterns import layer_patterns, normalised, principal
from tertium.studies.methods.agreement import all_scores, taken

if TYPE_CHECKING:
    from torch import nn

    from tertium.rng import Seeds
    from tertium.studies.agreement import Agreement
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Measures of two sets of units: what tables call them, what `pairwise` does, and options.
OF_UNITS: dict[str, tuple[str, dict[str, Any]]] = {
    "RSA correlation": ("rdm_similarity", {"metric": "correlation"}),
    "RSA cosine distance": ("rdm_similarity", {"metric": "cosine"}),
    "RSA euclidean": ("rdm_similarity", {"metric": "euclidean"}),
    "CKA": ("cka", {}),
    "CKA biased": ("cka", {"unbiased": False}),
    "CKA rbf": ("cka", {"kernel": "rbf"}),
    "Procrustes": ("procrustes", {}),
    "Procrustes, half whitened": ("procrustes", {"alpha": 0.5}),
    "Bures rbf": ("bures", {"kernel": "rbf"}),
    "SVCCA 10": ("svcca", {"components": 10}),
    "SVCCA 90 %": ("svcca", {"variance": 0.9}),
    "mutual predictivity": ("mutual_predictivity", {}),
    "soft match": ("soft_match", {}),
    "matched units": ("matched_correlation", {}),
}


def alive(
    units: Mapping[str, Mapping[str, Floats]], count: int, random: np.random.Generator
) -> dict[str, dict[str, Floats]]:
    """Return so many units of each representation, the same ones for all sets of stimuli, that answer in all of them.

    Parameters
    ----------
    units : mapping of str to mapping of str to array, shape (stimulus, unit)
        Set of stimuli -> representation -> activity.
    count : int
        How many units are taken, if there are as many.
    random : numpy.random.Generator

    Returns
    -------
    dict of str to dict of str to array
    """
    found: dict[str, dict[str, Floats]] = {name: {} for name in units}
    for layer in next(iter(units.values())):
        both = [shown[layer] for shown in units.values()]
        useful = np.flatnonzero(np.all([(x != x[0]).sum(0) >= FEWEST for x in both], axis=0))
        some = np.sort(random.permutation(useful)[:count])
        for name, shown in units.items():
            found[name][layer] = shown[layer][:, some]
    return found


#: Stimuli of a set that a unit has to answer otherwise than the first one, to count as one that answers.
FEWEST = 5


def pair_scores(units: Mapping[str, Floats]) -> Floats:
    """Return the similarity of every two representations by each measure, higher for more alike, (measure, pair)."""
    rows = []
    for name, options in OF_UNITS.values():
        found = pairwise(dict(units), name, **options)
        matrix = np.cos(found.matrix) if found.is_distance else found.matrix
        i, j = np.triu_indices(len(matrix), 1)
        rows.append(matrix[i, j])
    return np.array(rows)


def width_effect(samples: int, widths: tuple[int, ...], seeds: Seeds) -> dict[str, Floats]:
    """Return CKA of two layers of independent Gaussian noise, by the number of units of the second, (width,).

    Nothing is shared, so that the true value is 0 for any width.
    """
    random = seeds.numpy("widths")
    first = random.normal(size=(samples, 50))
    found: dict[str, list[float]] = {"biased": [], "unbiased": []}
    for width in widths:
        noise = random.normal(size=(samples, width))
        found["biased"].append(float(cka(first, noise, unbiased=False)))
        found["unbiased"].append(float(cka(first, noise)))
    return {name: np.array(values) for name, values in found.items()}


def recorded(config: Agreement.Config, lab: Lab) -> dict[str, dict[str, Floats]]:
    """Show both sets of images to all networks: set -> "network layer" -> activity of the same units, (image, unit)."""
    data, others = lab.data("kriegeskorte92"), lab.data("imagenet_sample200").images[: config.photographs]
    paired = set(config.paired)
    found: dict[str, dict[str, Floats]] = {"objects": {}, "photographs": {}}
    for name, layers, network in _networks(config):
        found["objects"] |= _shown(network, data.images, name, layers, config.units)
        few = layers if layers == ("*",) else tuple(one for one in layers if f"{name} {one}" in paired)
        if few:
            found["photographs"] |= _shown(network, others, name, few, config.units)
    return found


def _networks(config: Agreement.Config) -> Iterator[tuple[str, tuple[str, ...], nn.Module]]:
    from tertium.models import make

    for name, layers in config.layers:
        yield name, layers, make(name)
    if config.untrained:
        yield "untrained", config.untrained, make("squeezenet11", pretrained=False, seed=0)


def _shown(
    network: nn.Module, images: NDArray[np.uint8], name: str, layers: tuple[str, ...], units: int
) -> dict[str, Floats]:
    labels = [f"{i:03d}" for i in range(len(images))]
    found = layer_patterns(network, images, labels, sites=list(layers), rotates=False, units=units, what=name)
    keys = [name if layers == ("*",) else f"{name} {layer}" for layer in found]
    return {key: x.values[:, 0].astype(np.float64) for key, x in zip(keys, found.values(), strict=True)}


def patterns_of(units: Mapping[str, Floats], count: int, random: np.random.Generator) -> dict[str, Floats]:
    """Return patterns of so many random units, each brought to mean 0 and length 1, in their principal axes."""
    found = {}
    for name, x in units.items():
        some = x[:, random.permutation(x.shape[1])[:count]]
        labels = [str(i) for i in range(len(x))]
        found[name] = principal(normalised(some, labels, name))
    return found


def chance_by_dimension(
    patterns: Mapping[str, Floats],
    regions: Mapping[str, Floats],
    names: Sequence[str],
    shuffles: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Return what measures score with the stimuli shuffled, and how that goes with the number of dimensions.

    Returns
    -------
    correlation : array, shape (measure,)
        Spearman's over representations, of the mean score over shuffles and regions with the dimension.
    scores : array, shape (measure, representation)
        Those mean scores.
    dimensions : array, shape (representation,)
        Participation ratios.
    """
    from scipy.stats import spearmanr

    n = len(next(iter(patterns.values())))
    drawn = [all_scores(taken(patterns, random.permutation(n)), regions, names).mean(1) for _ in range(shuffles)]
    scores = np.mean(drawn, axis=0)
    dimensions = np.array([float(participation_ratio(x, corrected=False).value) for x in patterns.values()])
    return np.array([float(spearmanr(one, dimensions).statistic) for one in scores]), scores, dimensions


def correlation_of_matrices(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation of two symmetric matrices over pairs.

    Examples
    --------
    >>> one = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0.0]])
    >>> correlation_of_matrices(one, 2 * one)
    1.0
    """
    from scipy.stats import spearmanr

    i, j = np.triu_indices(len(first), 1)
    return float(spearmanr(first[i, j], second[i, j]).statistic)
