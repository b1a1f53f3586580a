"""Photographs of ten classes as seen by the layers of networks: some units of each layer, and of the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.record import record

if TYPE_CHECKING:
    from torch import nn

    from tertium.data.sets.kinds import Images
    from tertium.rng import Seeds

Floats = NDArray[np.float64]

#: What stands for the network's input among its layers.
PIXELS = "pixels"


def draw_images(data: Images, each: int, seeds: Seeds) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images of the test split, so many of each class in the order of classes, and their classes."""
    random, tested = seeds.numpy("images"), np.array(data.split) == "test"
    chosen = [
        random.permutation(np.flatnonzero(tested & (data.label == kind)))[:each] for kind in np.unique(data.label)
    ]
    where = np.concatenate(chosen)
    return data.images[where], data.label[where]


def layer_responses(
    network: nn.Module, images: NDArray[np.uint8], sites: tuple[str, ...], units: int, seeds: Seeds
) -> dict[str, Floats]:
    """Return responses (image, unit) of each layer: ``units`` units drawn at random, all where there are fewer.

    Pixels come first, as 0 to 1, and as many of them. Units that answer all images alike are left out.
    """
    flat = images.reshape(len(images), -1) / 255.0
    drawn = seeds.numpy(PIXELS).permutation(flat.shape[1])[:units]
    seed = seeds.integer("units") % 2**31
    found = record(network, images, sites=list(sites), units=units, seed=seed, progress=False)
    layers = {PIXELS: flat[:, drawn]}
    values, names = found.values[:, 0].astype(np.float64), found["layer"].values
    layers |= {site: values[:, names == site] for site in sites}
    return {name: one[:, np.ptp(one, axis=0) > 0] for name, one in layers.items()}
