"""Patterns of layers and of brains as any measure takes them: small, labelled, and treated alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare import RDM, rdm_patterns
from tertium.data.responses import make_responses
from tertium.errors import BadInput
from tertium.progress import track
from tertium.studies.layerwise import within_memory

if TYPE_CHECKING:
    from torch import nn

    from tertium.data.brain_set import BrainSet

Floats = npt.NDArray[np.float64]

#: Measures that do not change when the units of either side are rotated: patterns may be given in fewer dimensions.
ROTATES = ("cka", "cca", "svcca", "procrustes", "bures", "mutual_predictivity")

#: Those that do not change when the units of the model are; a mean over units of a brain needs that brain's own units.
MODEL_ROTATES = (*ROTATES, "encode")

#: Units of a layer that other measures are shown; a matching of more takes long.
UNITS = 500


def layer_patterns(
    model: nn.Module,
    images: npt.NDArray[np.uint8],
    labels: Sequence[str],
    *,
    sites: str | Sequence[str] = "*",
    rotates: bool = True,
    units: int | None = None,
    normalise: bool = False,
    seed: int = 0,
    what: str = "layers",
) -> dict[str, xr.DataArray]:
    """Show images to a network and return the patterns of each layer, few enough numbers to keep all layers.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it carries its ``preprocess`` if it is to be shown photographs.
    images : array of uint8, shape (image, height, width, 3)
        What is shown.
    labels : sequence of str
        Names of the images.
    sites : str or sequence of str
        Which layers; wildcards allowed.
    rotates : bool
        Give principal components, of which there are at most as many as images: exact for measures that do not care
        about rotations (`MODEL_ROTATES`). Otherwise units as they are, `UNITS` of each layer if ``units`` is not given.
    units : int, optional
        Take this many units of each layer, chosen at random.
    normalise : bool
        Bring each image's pattern to mean 0 and length 1, as the correlation distance does.
    seed : int
        Seed of that choice.
    what : str
        What the progress bar says.

    Returns
    -------
    dict of str to responses
        Layer -> responses, one trial an image, in the order in which the network computes them.

    Raises
    ------
    BadInput
        If a layer answers an image by the same number in all units, and patterns are to be normalised.
    """
    from tertium.record import record

    wanted = units if rotates or units is not None else UNITS
    groups = within_memory(model, images, sites)
    found: dict[str, xr.DataArray] = {}
    for group in track(groups, what, len(groups)):
        recorded = record(
            model, images, sites=group, units=wanted, seed=seed, trial={"stimulus": list(labels)}, progress=False
        )
        of = np.array([str(layer) for layer in recorded["layer"].values], dtype=object)
        for layer in dict.fromkeys(of):
            values = recorded.values[:, :, of == layer].reshape(len(labels), -1).astype(np.float64)
            if normalise:
                values = normalised(values, labels, f"layer '{layer}'")
            found[layer] = as_patterns(principal(values) if rotates else values, labels, "layer", layer)
    return found


def brain_patterns(brain: BrainSet, region: str, *, rotates: bool = True) -> dict[str, xr.DataArray]:
    """Return the patterns of a region, subject by subject.

    Where a region is known by its dissimilarities alone, its patterns come back up to a rotation
    (`tertium.compare.rdm_patterns`).

    Parameters
    ----------
    brain : BrainSet
        What was shown and answered.
    region : str
        One of its regions.
    rotates : bool
        Whether the measure does not care about rotations.

    Returns
    -------
    dict of str to responses
        Subject -> responses, trials labelled by ``stimulus``.

    Raises
    ------
    BadInput
        If only dissimilarities are known and the measure needs units, or they are those of no patterns.
    """
    answers = brain.regions[region]
    if brain.kind(region) == "responses":
        return _by_subject(answers, region)
    if not rotates:
        raise BadInput(
            f"region '{region}' of {brain.name}",
            got="dissimilarities, from which patterns come back up to a rotation only",
            expected="responses of units, for a measure of single units",
            repair=f"Use rsa, {', '.join(ROTATES[:-1])} or {ROTATES[-1]}.",
        )
    labels = [str(s) for s in answers["stimulus"].values]
    metric = str(answers.attrs.get("metric", ""))
    subjects = [str(s) for s in answers["subject"].values]
    return {
        subject: as_patterns(
            rdm_patterns(RDM.from_matrix(answers.values[i], labels, metric=metric, name=f"{region} {subject}")),
            labels,
            "region",
            region,
        )
        for i, subject in enumerate(subjects)
    }


def has_units(brain: BrainSet, region: str) -> bool:
    """Return whether a region's units are known, so that others like them can be thought of."""
    return brain.kind(region) == "responses"


def normalises(brain: BrainSet, region: str) -> bool:
    """Return whether a region's patterns are of mean 0 and length 1: those that come back from correlations."""
    return brain.kind(region) == "dissimilarities" and brain.regions[region].attrs.get("metric") == "correlation"


def principal(values: Floats) -> Floats:
    """Return patterns (image, unit) in their principal axes, (image, at most as many as images), centred.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(5, 300))
    >>> Y = principal(X)
    >>> Y.shape, bool(np.allclose(Y @ Y.T, (X - X.mean(0)) @ (X - X.mean(0)).T))
    ((5, 4), True)
    """
    centred = values - values.mean(0)
    sizes, axes = np.linalg.eigh(centred @ centred.T)
    sizes, axes = sizes[::-1], axes[:, ::-1]
    kept = sizes > max(values.shape) * np.finfo(np.float32).eps ** 2 * sizes[0]
    return np.asarray(axes[:, kept] * np.sqrt(sizes[kept]))


def normalised(values: Floats, labels: Sequence[str], name: str) -> Floats:
    """Return patterns (image, unit), each less its mean over units and of length 1.

    Raises
    ------
    BadInput
        If a pattern is the same in all units.
    """
    apart = values - values.mean(1, keepdims=True)
    sizes = np.linalg.norm(apart, axis=1, keepdims=True)
    flat = np.flatnonzero(sizes[:, 0] <= 1e-7 * np.abs(values).max(initial=0.0))
    if len(flat):
        raise BadInput(
            f"{name}, image '{labels[flat[0]]}'",
            got="the same response in all units",
            expected="a pattern, without which there is no correlation",
            repair="Leave that layer out with --sites.",
        )
    return np.asarray(apart / sizes)


def as_patterns(values: Floats, labels: Sequence[str], kind: str, name: str) -> xr.DataArray:
    """Return patterns as responses of one trial a stimulus, units labelled by layer or region."""
    return make_responses(values, trial={"stimulus": list(labels)}, unit={kind: name}, quantity="other", source=name)


def _by_subject(answers: xr.DataArray, region: str) -> dict[str, xr.DataArray]:
    if "subject" not in answers.coords or answers["subject"].ndim == 0:
        return {region: answers}
    (dim,) = answers["subject"].dims
    of = np.array([str(s) for s in answers["subject"].values], dtype=object)
    return {name: answers.isel({dim: np.flatnonzero(of == name)}) for name in dict.fromkeys(of)}
