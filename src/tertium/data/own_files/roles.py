"""Telling what the arrays of a ``.npz`` are: by their names where these are known, else by type and shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
import numpy.typing as npt

from tertium.data.own_files.pixels import as_rgb
from tertium.errors import BadFile, BadInput, MissingData

Array = npt.NDArray[Any]

#: Names that settle what an array is; anything else is told by its shape.
ROLES: dict[str, tuple[str, ...]] = {
    "images": ("images", "image", "imgs", "img", "pictures", "frames", "pixels", "x"),
    "stimulus": ("stimulus", "stim", "stimulus_id", "stim_id", "stimulus_index", "image_id", "image_index"),
    "names": ("names", "name", "stimuli", "stimulus_names", "image_names", "filenames", "labels", "conditions"),
    "unit": ("unit", "units", "unit_names", "neuron", "neurons", "neuron_ids", "voxels"),
    "region": ("region", "regions", "area", "areas", "unit_region", "roi"),
    "time": ("time", "times", "t"),
    "dt": ("dt", "bin", "bin_size", "bin_width"),
}
#: Parts of names that mark responses and dissimilarities; such arrays are regions, called by their names.
RESPONSES = ("respons", "rate", "spike", "count", "activit", "neural", "beta", "fmri", "bold")
DISSIMILARITIES = ("rdm", "dissim")
HOW = (
    "Name the arrays: images (uint8, n x height x width x 3), responses (n x unit, or trial x unit with stimulus, or "
    "trial x time x unit), or rdm (n x n, or subject x n x n); stimulus holds the image of each trial."
)


@dataclass
class Sorted:
    """The arrays of a file, sorted by what they are.

    Parameters
    ----------
    labels : dict of str to array
        Role -> array, for the roles of `ROLES`.
    rdms : dict of str to array
        Dissimilarities, (n, n) or (subject, n, n), by the names they have in the file.
    responses : dict of str to array
        Responses, (row, unit) or (trial, time, unit), by the names they have in the file.
    """

    labels: dict[str, Array] = field(default_factory=dict)
    rdms: dict[str, Array] = field(default_factory=dict)
    responses: dict[str, Array] = field(default_factory=dict)


def read_npz(path: Path) -> dict[str, Array]:
    """Read all arrays of a ``.npz``; pickled objects are refused.

    Raises
    ------
    MissingData
        If there is no such file.
    BadFile
        If it is no ``.npz``, is damaged or holds pickled objects.
    """
    if not path.exists():
        raise MissingData(f"{path}", got="no such file", repair="Check the path.")
    if not is_zipfile(path):  # numpy would take it for a pickle
        raise BadFile(f"{path.name}", got="no readable .npz", expected="a file written by numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, BadZipFile, OSError, EOFError, AttributeError) as problem:
        pickled = "allow_pickle" in str(problem)
        raise BadFile(
            f"{path.name}",
            got="pickled objects" if pickled else f"no readable .npz ({problem})",
            expected="arrays of numbers and text" if pickled else "a file written by numpy.savez",
            repair="Save names as text, numpy.array(names, dtype=str); objects are never unpickled." if pickled else "",
        ) from problem


def sort_arrays(arrays: Mapping[str, Array], path: Path) -> Sorted:
    """Sort the arrays of a file by what they are.

    Raises
    ------
    BadInput
        If an array could be several things, or is nothing that is understood.
    """
    found = Sorted()
    unclear: dict[str, Array] = {}
    for key, array in arrays.items():
        role = _role_by_name(key, array)
        if role is None:
            unclear[key] = array
        elif role in found.labels:
            raise ambiguous(role, arrays, path)
        else:
            found.labels[role] = array
    for key, array in unclear.items():
        _sort_by_shape(key, array, found, arrays, path)
    _names_or_trials(found)
    return found


def listing(arrays: Mapping[str, Array]) -> str:
    """Describe the arrays of a file in one line."""
    return ", ".join(f"{key} ({a.dtype}, {' x '.join(map(str, a.shape)) or 'one value'})" for key, a in arrays.items())


def ambiguous(what: str, arrays: Mapping[str, Array], path: Path) -> BadInput:
    """Return the error for arrays that cannot be told apart; it says which names are understood."""
    return BadInput(f"{path.name}", got=f"no single meaning for {what} among {listing(arrays)}", repair=HOW)


def _role_by_name(key: str, array: Array) -> str | None:
    key = key.lower()
    for role, keys in ROLES.items():
        fits = array.ndim in (3, 4) if role == "images" else array.ndim == (0 if role == "dt" else 1)
        if key in keys and fits:
            return role
    return None


def _sort_by_shape(key: str, array: Array, found: Sorted, arrays: Mapping[str, Array], path: Path) -> None:
    low = key.lower()
    is_table = array.dtype.kind in "fiub" and array.ndim in (2, 3)
    if is_table and any(part in low for part in DISSIMILARITIES):
        found.rdms[key] = array
    elif is_table and any(part in low for part in RESPONSES):
        found.responses[key] = array
    elif array.dtype == np.uint8 and array.ndim in (3, 4):
        if "images" in found.labels:
            raise ambiguous("images", arrays, path)
        found.labels["images"] = array
    elif is_table:
        _check_no_similarity(key, array, path)
        (found.rdms if _is_symmetric(array) else found.responses)[key] = array
    elif array.ndim == 4:
        as_rgb(array, f"{path.name}, '{key}'")  # says what is wrong with these pixels
    elif array.ndim == 1 and array.dtype.kind in "iuUT" and "stimulus" not in found.labels:
        found.labels["stimulus"] = array
    elif array.ndim >= 1:
        raise ambiguous(f"'{key}'", arrays, path)


def _names_or_trials(found: Sorted) -> None:
    """``labels`` that repeat cannot name the images: they say what was shown on each trial."""
    names = found.labels.get("names")
    if names is not None and "stimulus" not in found.labels and len(np.unique(names)) < len(names):
        found.labels["stimulus"] = found.labels.pop("names")


def _is_symmetric(array: Array) -> bool:
    """Whether an array is a stack of symmetric matrices with zero diagonals."""
    if array.shape[-1] != array.shape[-2] or array.shape[-1] < 3:
        return False
    return bool(np.allclose(array, array.swapaxes(-1, -2)) and np.allclose(np.diagonal(array, 0, -2, -1), 0))


def _check_no_similarity(key: str, array: Array, path: Path) -> None:
    if array.shape[-1] != array.shape[-2] or array.shape[-1] < 3:
        return
    diagonal = np.diagonal(array, 0, -2, -1)
    if np.allclose(array, array.swapaxes(-1, -2)) and np.allclose(diagonal, diagonal.flat[0]) and diagonal.flat[0] > 0:
        raise BadInput(
            f"{path.name}, '{key}'",
            got=f"a symmetric matrix with {diagonal.flat[0]:g} on its diagonal, which looks like similarities",
            expected="dissimilarities, 0 on the diagonal",
            repair="Save rdm=1 - correlation.",
        )
