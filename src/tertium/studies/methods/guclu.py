"""How guclu2015 measures: voxels of four areas in silico, layers that predict them, and the gradient between both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.compare import GroupedKFold, Ridge, encode, permutation_test
from tertium.data.responses import make_responses
from tertium.record import record
from tertium.record.observe import point_spread

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from tertium.rng import Seeds
    from tertium.studies.guclu2015 import Guclu2015

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Side of each area's cortical sheet in mm.
SIDE = 20.0


def features(
    model: nn.Module, images: NDArray[np.uint8], layers: tuple[str, ...], units: int, seed: int
) -> xr.DataArray:
    """Return responses of so many random units of each layer, (image, 1, unit), each unit in units of its own spread.

    Units that answer all images alike are left out.
    """
    labels = [f"{i:03d}" for i in range(len(images))]
    found = record(
        model, images, sites=list(layers), units=units, seed=seed, trial={"stimulus": labels}, progress=False
    )
    values = found.values.astype(np.float64)
    spread = values.std(0)[0]
    alive = spread > 1e-9 * np.abs(values).max()
    found = found.isel(unit=np.flatnonzero(alive))
    return found.copy(data=(values[:, :, alive] - values[:, :, alive].mean(0)) / spread[alive])


def voxels(sampled: xr.DataArray, layer: str, count: int, fwhm: float, seeds: Seeds) -> Floats:
    """Return what drives the voxels of an area, (image, voxel): blurred sums of the units of one layer.

    A unit lies on the sheet where its receptive field lies in the image; a voxel sums the units around it by a Gaussian
    point spread, each with a random gain (exponentially distributed, as cells are of unequal weight).
    """
    own = sampled.isel(unit=np.flatnonzero(sampled["layer"].values == layer))
    places = np.stack([own["row"].values, own["column"].values], axis=1).astype(np.float64)
    places = SIDE * (places + 0.5) / (places.max(0) + 1)
    random = seeds.numpy("voxels")
    where = random.uniform(0.15 * SIDE, 0.85 * SIDE, size=(count, 2))
    gains = random.exponential(size=(own.sizes["unit"], count))
    return np.asarray(own.values[:, 0] @ (point_spread(places, where, fwhm) * gains))


def scanned(drive: Floats, repeats: int, reliability: float, seeds: Seeds) -> Floats:
    """Return noisy answers, (repeat, image, voxel): means over repeats have the reliability asked for."""
    noise = drive.std(0) * np.sqrt(repeats * (1 - reliability) / reliability)
    return np.asarray(drive + noise * seeds.numpy("noise").normal(size=(repeats, *drive.shape)))


def as_responses(scans: Floats, areas: list[str], order: Indices) -> xr.DataArray:
    """Return scans as responses; ``order`` says which image each answer is said to be of."""
    repeats, images, _ = scans.shape
    labels = [f"{i:03d}" for i in order]
    return make_responses(
        scans.reshape(repeats * images, -1), trial={"stimulus": labels * repeats}, unit={"region": areas}
    )


def layer_scores(model: xr.DataArray, brain: xr.DataArray, layers: tuple[str, ...], folds: int, seed: int) -> Any:
    """Return scores, (layer, voxel), and ceilings, (voxel,), of every layer under the same folds."""
    scheme = GroupedKFold(folds=folds, seed=seed)
    scores = []
    for layer in layers:
        own = model.isel(unit=np.flatnonzero(model["layer"].values == layer))
        scores.append(encode(own, brain, Ridge(), cv=scheme, n_bootstrap=0))
    return np.stack([score.value for score in scores]), scores[0].ceiling


def gradient(areas: Indices, assigned: Indices, seed: int) -> tuple[float, float]:
    """Return Spearman's correlation of area and assigned layer over voxels, and its p from shuffled areas."""
    from scipy.stats import spearmanr

    def rank_correlation(x: Floats, y: Floats) -> float:
        return float(spearmanr(x, y).statistic)

    found = permutation_test(
        areas.astype(float), assigned.astype(float), statistic=rank_correlation, kind="association", n=999, seed=seed
    )
    return found.estimate, found.p


def measure(
    config: Guclu2015.Config, images: NDArray[np.uint8], networks: dict[str, nn.Module], seeds: Seeds
) -> dict[str, Any]:
    """Scan an area for each layer that was planted, and find the layer that predicts each voxel best."""
    planted = tuple(config.areas.values())
    names = tuple(config.areas)
    cells = features(networks["trained"], images, planted, config.cells, seeds.integer("cells") % 2**31)
    drives = [
        voxels(cells, layer, config.voxels, config.fwhm, seeds.child(name)) for name, layer in config.areas.items()
    ]
    scans = scanned(np.concatenate(drives, axis=1), config.repeats, config.reliability, seeds)
    areas = [name for name in names for _ in range(config.voxels)]
    rank = np.repeat(np.arange(len(names)), config.voxels)
    still, mixed = np.arange(len(images)), seeds.numpy("images shuffled").permutation(len(images))
    fold_seed = seeds.integer("folds")
    found: dict[str, Any] = {"rank": rank, "planted": np.array([config.layers.index(planted[r]) for r in rank])}
    for kind, network, order in (
        ("trained", "trained", still), ("untrained", "untrained", still), ("shuffled", "trained", mixed),
    ):  # fmt: skip
        model = features(networks[network], images, config.layers, config.units, seeds.integer("model units") % 2**31)
        brain = as_responses(scans, areas, order)
        scores, ceilings = layer_scores(model, brain, config.layers, config.folds, fold_seed)
        assigned = scores.argmax(0)
        rho, p = gradient(rank, assigned, fold_seed)
        found |= {f"{kind}_scores": scores, f"{kind}_assigned": assigned, f"{kind}_rho": rho, f"{kind}_p": p}
        found["ceilings"] = ceilings
    return found
