"""A brain set from a file of the user's own: a ``.npz`` that nobody here prepared, or saved responses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tertium.data.brain_set import BrainSet
from tertium.data.own_files.pictures import Shown
from tertium.data.own_files.pixels import as_rgb
from tertium.data.own_files.roles import HOW, Array, Sorted, ambiguous, listing, read_npz, sort_arrays
from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput

#: Arrays that mark a ``.npz`` written by `tertium.data.save`.
SAVED_BY_US = {"tertium", "responses"}


def from_npz(path: Path, shown: Shown | None = None) -> BrainSet:
    """Read a brain set from a ``.npz`` that nobody here prepared.

    Understood are: images (uint8, (n, height, width, 3), (n, height, width, 1) or grey (n, height, width)); responses
    ((n, unit): row i answers image i; or (trial, unit) or (trial, time, unit) with an array ``stimulus`` of image
    numbers from 0, or of names); dissimilarities (symmetric, (n, n) or (subject, n, n)). Optional: ``names`` of the
    stimuli, ``unit`` names, ``region`` of each unit (splits the responses by region), ``dt`` in seconds, ``time``. An
    array with another name is told by its type and shape; several arrays of responses or dissimilarities are regions
    called by their names.

    Parameters
    ----------
    path : Path
        The file. Pickled objects in it are refused.
    shown : Shown, optional
        The images, where the file has none.

    Returns
    -------
    BrainSet

    Raises
    ------
    MissingData
        If there is no such file.
    BadFile
        If it is no ``.npz`` or holds pickled objects.
    BadInput
        If its arrays cannot be told apart or do not fit each other.
    """
    arrays = read_npz(path)
    if SAVED_BY_US.issubset(arrays):
        return from_responses(path, shown)
    found = sort_arrays(arrays, path)
    if "images" in found.labels and shown is not None:
        raise BadInput(f"{path.name}", got="images in the file and images beside it", expected="one of the two")
    if "images" in found.labels:
        shown = Shown(as_rgb(found.labels["images"], f"{path.name}, images"))
    if not found.rdms and not found.responses:
        raise BadInput(f"{path.name}", got=listing(arrays), expected="responses or dissimilarities", repair=HOW)
    stimuli = _stimuli(found, shown, arrays, path)
    n = len(stimuli)
    regions = {name: _dissimilarities(name, matrix, stimuli) for name, matrix in found.rdms.items()}
    for name, values in found.responses.items():
        trial_stimulus = _trial_stimulus(name, len(values), n, found, stimuli)
        regions |= _responses(name, values, trial_stimulus, found, path)
    return BrainSet(path.stem, None if shown is None else shown.images, stimuli, regions)


def from_responses(path: Path, shown: Shown | None = None) -> BrainSet:
    """Read saved responses whose trials carry a label ``stimulus``, with images beside them.

    The file is a ``.zarr`` or ``.nwb``, or a ``.npz`` written by `tertium.data.save`.

    Raises
    ------
    BadInput
        If there is no such label, or its values do not fit the images.
    """
    from tertium.data.store import load

    responses: xr.DataArray = load(path)
    validate(responses, needs=["stimulus"])
    given = np.asarray(responses["stimulus"].values)
    if shown is None:
        stimuli = tuple(sorted({str(s) for s in given}))
        trial_stimulus = [str(s) for s in given]
    else:
        stimuli = shown.names or _numbered(len(shown.images))
        trial_stimulus = _as_names(given, stimuli, has_names=bool(shown.names), what=f"{path.name}, label 'stimulus'")
    named = responses.assign_coords(stimulus=("trial", np.array(trial_stimulus, dtype=object)))
    regions = _by_region(path.stem, named)
    images = None if shown is None else shown.images
    return BrainSet(path.stem, images, stimuli, regions, cite=str(named.attrs.get("cite", "")))


def _stimuli(found: Sorted, shown: Shown | None, arrays: Mapping[str, Array], path: Path) -> tuple[str, ...]:
    """Names of the stimuli: as given, as the images are called, as the trials say, or their numbers."""
    names = found.labels.get("names")
    if shown is not None:
        n = len(shown.images)
        if names is not None and len(names) == n:
            return tuple(str(s) for s in names)
        given = found.labels.get("stimulus")
        if (
            not shown.names
            and given is not None
            and given.dtype.kind in "UT"
            and len(np.unique(given)) == len(given) == n
        ):
            return tuple(str(s) for s in given)  # one row for each image: these are the images' names
        return shown.names or _numbered(n)
    if found.rdms:
        n = next(iter(found.rdms.values())).shape[-1]
        return tuple(str(s) for s in names) if names is not None and len(names) == n else _numbered(n)
    given = found.labels.get("stimulus")
    if given is not None and given.dtype.kind in "UT":
        return tuple(str(s) for s in np.unique(given))
    if names is not None:
        return tuple(str(s) for s in names)
    if given is not None:
        return _numbered(int(given.max()) + 1)
    lengths = {len(values) for values in found.responses.values()}
    if len(lengths) > 1:
        raise ambiguous("responses", arrays, path)
    return _numbered(lengths.pop())


def _trial_stimulus(name: str, n_trials: int, n: int, found: Sorted, stimuli: tuple[str, ...]) -> list[str]:
    given = found.labels.get("stimulus")
    if given is None and n_trials == n:
        return list(stimuli)
    if given is None:
        raise BadInput(
            f"responses '{name}'",
            got=f"{n_trials} rows for {n} stimuli",
            expected="one row for each stimulus, or an array 'stimulus' with the image of each row",
            repair="Add stimulus: image numbers from 0, or names.",
        )
    if len(given) != n_trials:
        raise BadInput(
            f"responses '{name}'", got=f"{n_trials} rows and {len(given)} values of stimulus", expected="as many"
        )
    has_names = "names" in found.labels or given.dtype.kind in "UT"
    return _as_names(given, stimuli, has_names=has_names, what="stimulus")


def _as_names(given: Array, stimuli: tuple[str, ...], *, has_names: bool, what: str) -> list[str]:
    """Turn image numbers or names into names of stimuli."""
    as_text = [str(s) for s in given]
    if has_names and set(as_text) <= set(stimuli):
        return as_text
    if has_names and {Path(s).stem for s in as_text} <= set(stimuli):
        return [Path(s).stem for s in as_text]
    numbers = given.astype(float) if given.dtype.kind in "iuf" else None
    if numbers is None:
        try:
            numbers = np.array([float(s) for s in as_text])
        except ValueError:
            strange = next(s for s in as_text if s not in stimuli)
            raise BadInput(
                what,
                got=f"'{strange}', which no image is called",
                expected="image numbers from 0, or the images' names"
                + (f" ('{stimuli[0]}', ...)" if has_names else ""),
                repair="Add an array 'names' with the name of each image, or use numbers.",
            ) from None
    if (numbers != np.round(numbers)).any() or numbers.min() < 0 or numbers.max() >= len(stimuli):
        repair = "Subtract 1." if numbers.min() == 1 and numbers.max() == len(stimuli) else ""
        raise BadInput(
            what,
            got=f"numbers from {numbers.min():g} to {numbers.max():g}",
            expected=f"whole numbers from 0 to {len(stimuli) - 1}, one for each image",
            repair=repair,
        )
    return [stimuli[int(i)] for i in numbers]


def _dissimilarities(name: str, matrix: Array, stimuli: tuple[str, ...]) -> xr.DataArray:
    values = np.asarray(matrix, dtype=np.float64)
    values = values[None] if values.ndim == 2 else values
    n = len(stimuli)
    if values.shape[1:] != (n, n):
        raise BadInput(
            f"dissimilarities '{name}'",
            got=f"shape {matrix.shape} for {n} stimuli",
            expected=f"({n}, {n}) or (subject, {n}, {n})",
        )
    names = np.array(stimuli, dtype=object)
    subjects = np.array(_numbered(len(values)), dtype=object)
    coords = {"subject": subjects, "stimulus": names, "stimulus_2": names}
    return xr.DataArray(values, dims=("subject", "stimulus", "stimulus_2"), coords=coords, name=name)


def _responses(
    name: str, values: Array, trial_stimulus: list[str], found: Sorted, path: Path
) -> dict[str, xr.DataArray]:
    labels = found.labels
    n_units = values.shape[-1]
    unit: dict[str, Any] = {}
    for key in ("unit", "region"):
        if key in labels and len(labels[key]) == n_units:
            unit[key] = [str(u) for u in labels[key]]
    time = labels.get("time") if values.ndim == 3 else None
    if "dt" in labels:
        dt = float(labels["dt"])
    else:
        dt = float(np.median(np.diff(time))) if time is not None and len(time) > 1 else 1.0
    made = make_responses(
        values, dt=dt, time=time, trial={"stimulus": trial_stimulus}, unit=unit, quantity="other", source=path.name
    )
    return _by_region(name, made)


def _by_region(name: str, responses: xr.DataArray) -> dict[str, xr.DataArray]:
    if "region" not in responses.coords:
        return {name: responses}
    region = np.asarray(responses["region"].values, dtype=str)
    return {str(r): responses.isel(unit=np.flatnonzero(region == r)) for r in dict.fromkeys(region)}


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"{i:0{len(str(max(n - 1, 0)))}d}" for i in range(n))
