"""How cohen2020 measures: capacity, radius, dimension of manifolds of classes, correlations of their centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.geometry import manifold_capacity

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]

#: Networks and labels that are measured.
CONDITIONS = ("trained", "untrained", "shuffled")

#: What is measured of each layer.
MEASURES = ("capacity", "radius", "dimension", "correlation", "shared")


def measure_layers(
    layers: dict[str, Floats], labels: NDArray[np.int64], readouts: int, seeds: Seeds
) -> dict[str, Floats]:
    """Return each of ``MEASURES``, (layer,); axes that the centres share are taken out, ``shared`` says how many."""
    found = [
        manifold_capacity(values, labels.tolist(), readouts=readouts, seed=seeds.child(name))
        for name, values in layers.items()
    ]
    return {
        "capacity": np.array([one.value for one in found]),
        "radius": np.array([one.radius for one in found]),
        "dimension": np.array([one.dimension for one in found]),
        "correlation": np.array([one.centre_correlation for one in found]),
        "shared": np.array([float(one.shared) for one in found]),
    }
