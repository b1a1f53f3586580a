"""How chung2018 measures: capacities of points, balls and clouds over a grid of radii and dimensions; layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.geometry import ball_capacity, manifold_capacity, simulated_ball_capacity, simulated_capacity

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.chung2018 import Chung2018

Floats = NDArray[np.float64]


def point_capacity(margin: float) -> float:
    """Return Gardner's capacity of points with a margin, ``1 / <(t + margin)^2>`` over ``t > -margin``.

    Chung et al. (2018) write alpha_0 for it; Gardner, E. (1988), Journal of Physics A 21:257.

    Examples
    --------
    >>> round(point_capacity(0.0), 9), round(point_capacity(10.0), 3)  # 1 / (1 + margin^2) for wide ones
    (2.0, 0.01)
    """
    from scipy.special import ndtr

    density = np.exp(-(margin**2) / 2) / np.sqrt(2 * np.pi)
    return float(1 / ((1 + margin**2) * ndtr(margin) + margin * density))


def wide_ball_capacity(radius: float, dimension: float) -> float:
    """Return ``(1 + R^2) alpha_0(R sqrt(D))``, which balls of many dimensions tend to (Chung et al. 2018)."""
    return (1 + radius**2) * point_capacity(radius * np.sqrt(dimension))


def balls(config: Chung2018.Config, seeds: Seeds) -> dict[str, Floats]:
    """Return capacities of whole balls, (dimension, radius): simulated, by mean-field theory, and of the limit."""
    grid = [[(d, r) for r in config.radii] for d in config.dimensions]
    by_dimension = dict(zip(config.dimensions, config.draws, strict=True))

    def draws(d: int, r: float) -> int:
        return config.small_draws if r < 1 else by_dimension[d]

    found = [
        [
            simulated_ball_capacity(
                r, d, manifolds=config.manifolds, draws=draws(d, r), seed=seeds.child(f"ball {d} {r:g}")
            ).value
            for d, r in row
        ]
        for row in grid
    ]
    theory = [[ball_capacity(r, d) for d, r in row] for row in grid]
    limit = [[wide_ball_capacity(r, d) for d, r in row] for row in grid]
    return {"ball_simulated": np.array(found), "ball_theory": np.array(theory), "ball_limit": np.array(limit)}


def cloud_manifolds(
    radius: float, dimension: int, config: Chung2018.Config, seeds: Seeds, *, alike: bool = False
) -> list[Floats]:
    """Return random points on spheres of so many dimensions about random centres, in random directions.

    ``alike``: centres are farther as spheres are larger, so that the radius in norms of the centre is 1.
    """
    random, units = seeds.numpy("clouds"), (dimension + 3) * config.manifolds
    centres = random.normal(size=(config.manifolds, 1, units)) * (radius if alike else 1.0)
    axes = random.normal(size=(config.manifolds, dimension, units))
    points = random.normal(size=(config.manifolds, config.points, dimension))
    points /= np.linalg.norm(points, axis=2, keepdims=True)
    return list(centres + radius * points @ axes)


def clouds(config: Chung2018.Config, seeds: Seeds) -> dict[str, Floats]:
    """Return capacities of clouds, (dimension, radius): simulated, from anchor points, and of centres moved alike."""
    shape = (len(config.dimensions), len(config.radii))
    simulated, field, alike = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, d in enumerate(config.dimensions):
        for j, r in enumerate(config.radii):
            own = seeds.child(f"cloud {d}")  # the same directions and labels for all radii
            made = cloud_manifolds(r, d, config, own)
            simulated[i, j] = simulated_capacity(made, draws=config.cloud_draws, seed=own).value
            field[i, j] = manifold_capacity(made, correlations="keep", readouts=config.readouts, seed=own).value
            moved = cloud_manifolds(r, d, config, own, alike=True)
            alike[i, j] = simulated_capacity(moved, draws=config.cloud_draws, seed=own).value
    return {"cloud_simulated": simulated, "cloud_theory": field, "cloud_alike": alike}


def points(config: Chung2018.Config, seeds: Seeds) -> dict[str, float]:
    """Return capacities of single points, and of pairs of points half as far from their centre as this from 0."""
    random = seeds.numpy("points")
    centres = random.normal(size=(config.many_points, 1, 2 * config.many_points))
    ends = 0.5 * random.normal(size=(config.many_points, 1, 2 * config.many_points))
    single, pairs = list(centres), list(np.concatenate([centres + ends, centres - ends], axis=1))
    tried, drawn = seeds.child("labels"), seeds.child("readouts")
    return {
        "point_simulated": simulated_capacity(single, draws=config.point_draws, seed=tried).value,
        "pair_simulated": simulated_capacity(pairs, draws=config.point_draws, seed=tried).value,
        "point_theory": manifold_capacity(single, correlations="keep", readouts=config.readouts, seed=drawn).value,
        "pair_theory": manifold_capacity(pairs, correlations="keep", readouts=config.readouts, seed=drawn).value,
    }


def layer_capacities(layers: dict[str, Floats], labels: NDArray[np.int64], readouts: int, seeds: Seeds) -> Floats:
    """Return the capacity of each layer's class manifolds, axes that centres share taken out."""
    return np.array(
        [
            manifold_capacity(values, labels.tolist(), readouts=readouts, seed=seeds.child(name)).value
            for name, values in layers.items()
        ]
    )


def falls(capacities: Floats) -> float:
    """Return the share of steps along rows and along columns at which the capacity falls.

    Examples
    --------
    >>> falls(np.array([[3.0, 2.0], [2.0, 2.5]]))
    0.5
    """
    steps = np.concatenate([np.diff(capacities, axis=0).ravel(), np.diff(capacities, axis=1).ravel()])
    return float((steps < 0).mean())
