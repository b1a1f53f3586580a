"""How sorscher2022 measures: errors of prototypes on Gaussian manifolds and layers, and formulas that lack a term."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.geometry import FewShot, few_shot_snr

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.sorscher2022 import Sorscher2022

Floats = NDArray[np.float64]

#: Formulas: all terms; without what two manifolds' noise shares; without what two examples' noise shares; without both.
FORMULAS = ("all terms", "no shared noise", "no 1/(D m²)", "neither")


def predicted(found: FewShot, m: int, formula: str) -> Floats:
    """Return the error of each concept against each other one, (concept, concept), from the measures of geometry.

    Sorscher et al. (2022, eq. 1) with the terms that it leaves out: half of signal + bias / m over the root of
    1 / (D m) + own overlap + other overlap / m, + noise shared / m, + (1 / D + the same of the other) / (2 m^2).

    Parameters
    ----------
    found : FewShot
        Signal, bias, dimension, overlaps.
    m : int
        Examples of each.
    formula : str
        One of ``FORMULAS``.
    """
    from scipy.special import ndtr

    own = 1 / found.dimension[:, None]
    other = own.T * (1 + found.bias) ** 2
    variance = own / m + found.own_overlap + found.other_overlap / m
    if formula in ("all terms", "no 1/(D m²)"):
        variance = variance + found.noise_overlap / m
    if formula in ("all terms", "no shared noise"):
        variance = variance + (own + other) / (2 * m**2)
    snr = (found.signal + found.bias / m) / 2 / np.sqrt(variance)
    return np.asarray(ndtr(-snr))


def gaussian_clouds(size: float, config: Sorscher2022.Config, seeds: Seeds) -> list[Floats]:
    """Return samples of Gaussian manifolds of unequal shape and size, centres at so many radii from the origin."""
    random, units = seeds.numpy("manifolds"), config.units
    fall = (1.0 + np.arange(units)) ** -config.fall
    radii = np.linspace(0.9, 1.1, config.concepts)
    clouds = []
    for radius in radii:
        axes = random.normal(size=(units, units)) * fall
        axes *= radius / np.linalg.norm(axes)
        centre = size * random.normal(size=units) / np.sqrt(units)
        clouds.append(centre + random.normal(size=(config.samples, units)) @ axes)
    return clouds


def gaussians(config: Sorscher2022.Config, seeds: Seeds) -> dict[str, Floats]:
    """Return errors on Gaussian manifolds, measured (shots, size, pair) and predicted (formula, shots, size, pair)."""
    pairs = ~np.eye(config.concepts, dtype=bool)
    shape = (len(config.shots), len(config.sizes), int(pairs.sum()))
    measured, by_formula = np.zeros(shape), np.zeros((len(FORMULAS), *shape))
    dimensions = np.zeros((len(config.sizes), config.concepts))
    for j, size in enumerate(config.sizes):
        clouds = gaussian_clouds(size, config, seeds.child(f"size {j}"))
        samples, labels = np.concatenate(clouds), np.repeat(np.arange(config.concepts), config.samples)
        for i, m in enumerate(config.shots):
            found = few_shot_snr(samples, labels, m, draws=config.draws, seed=seeds.child(f"size {j} shots {m}"))
            measured[i, j] = found.measured[pairs]
            dimensions[j] = found.dimension
            for k, formula in enumerate(FORMULAS):
                by_formula[k, i, j] = predicted(found, m, formula)[pairs]
    return {"gauss_measured": measured, "gauss_predicted": by_formula, "gauss_dimension": dimensions}


def of_layers(
    layers: dict[str, Floats], labels: NDArray[np.int64], shots: tuple[int, ...], draws: int, seeds: Seeds
) -> dict[str, Floats]:
    """Return errors of all pairs of concepts in each layer, measured and predicted, (shots, layer, pair)."""
    concepts = len(np.unique(labels))
    pairs = ~np.eye(concepts, dtype=bool)
    shape = (len(shots), len(layers), int(pairs.sum()))
    measured, said, exchanged = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    dimensions = np.zeros((len(layers), concepts))
    order = _no_fixed_point(concepts, seeds)
    for j, (name, values) in enumerate(layers.items()):
        for i, m in enumerate(shots):
            found = few_shot_snr(values, labels, m, draws=draws, seed=seeds.child(f"{name} shots {m}"))
            measured[i, j], said[i, j] = found.measured[pairs], found.error[pairs]
            exchanged[i, j] = found.error[np.ix_(order, order)][pairs]
            dimensions[j] = found.dimension
    return {"measured": measured, "predicted": said, "exchanged": exchanged, "dimension": dimensions}


def correlations(first: Floats, second: Floats) -> Floats:
    """Return Pearson's correlation over the last axis.

    Examples
    --------
    >>> correlations(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 5.9]])).round(2).tolist()
    [1.0]
    """
    a, b = first - first.mean(-1, keepdims=True), second - second.mean(-1, keepdims=True)
    return np.asarray((a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1)))


def _no_fixed_point(count: int, seeds: Seeds) -> NDArray[np.int64]:
    """Return a permutation that leaves nothing in its place: a cycle through all in random order."""
    order = seeds.numpy("exchanged").permutation(count)
    moved = np.empty(count, dtype=np.int64)
    moved[order] = np.roll(order, 1)
    return moved
