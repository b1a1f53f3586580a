"""Population responses to gratings, as Stringer et al. (2021) are taught with: an ``.npz`` of two plain arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import xarray as xr

from tertium.data.own_files.roles import Array, listing, read_npz
from tertium.data.responses import make_responses
from tertium.errors import BadFile, BadInput

CITE = "Stringer et al. 2021 Cell 184:2767"

_MAGIC = b"\x93NUMPY"
_CONVERT = (
    "The published .npy is a pickled dictionary, and unpickling may run any program: it is not read here. If you trust "
    'it, write plain arrays yourself: d = numpy.load(path, allow_pickle=True).item(); numpy.savez("gratings.npz", '
    'resp=d["sresp"].T, stimuli=numpy.degrees(d["istim"])).'
)


def read_gratings(path: str | os.PathLike[str]) -> xr.DataArray:
    """Read what a population answered to gratings of many directions, one row a stimulus.

    Parameters
    ----------
    path : path
        An ``.npz`` with ``resp`` (stimulus, neuron) and ``stimuli`` (degrees, 0 to 360, one a row; a row may be a mean
        over directions that lie within a degree). Nothing is unpickled.

    Returns
    -------
    xarray.DataArray, dims (trial, time 1, unit)
        Labels of the trials: ``direction`` (degrees, as in the file), ``angle`` (the same in rad), and
        ``orientation_angle`` (rad): twice the orientation, which goes round once in 180 degrees of direction.

    Raises
    ------
    MissingData
        If there is no such file.
    BadFile
        If it is no ``.npz`` of plain arrays; of a single ``.npy`` the message says how to convert it.
    BadInput
        If an array is missing, or they do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "gratings.npz")
    ...     np.savez(path, resp=np.eye(4), stimuli=np.array([0.0, 90.0, 180.0, 270.0]))
    ...     r = read_gratings(path)
    >>> r.shape, r["angle"].values.round(2).tolist()
    ((4, 1, 4), [0.0, 1.57, 3.14, 4.71])
    """
    path = Path(path)
    if path.is_file() and path.open("rb").read(len(_MAGIC)) == _MAGIC:
        raise BadFile(f"{path.name}", got="a single array (.npy)", expected="an .npz of plain arrays", repair=_CONVERT)
    arrays = read_npz(path)
    missing = [name for name in ("resp", "stimuli") if name not in arrays]
    if missing:
        expected = "resp (stimulus, neuron) and stimuli (degrees)"
        raise BadInput(f"{path.name}", got=listing(arrays), expected=expected, repair="Name the arrays so.")
    responses, direction = arrays["resp"], np.squeeze(arrays["stimuli"])
    _check(responses, direction, path.name)
    radians = np.radians(np.asarray(direction, dtype=np.float64))
    labels = {"direction": direction, "angle": radians % (2 * np.pi), "orientation_angle": 2 * radians % (2 * np.pi)}
    return make_responses(responses, trial=labels, unit={"region": "V1"}, source=path.name, cite=CITE)


def _check(responses: Array, direction: Array, name: str) -> None:
    if responses.ndim != 2 or responses.dtype.kind not in "fiu" or not responses.size:
        got = f"{responses.dtype} of shape {responses.shape}"
        raise BadInput(f"{name}, resp", got=got, expected="numbers (stimulus, neuron)")
    if direction.shape != (len(responses),) or direction.dtype.kind not in "fiu":
        raise BadInput(
            f"{name}, stimuli",
            got=f"shape {direction.shape} for {len(responses)} rows of resp",
            expected="one number a row",
            repair="Transpose resp if its rows are neurons.",
        )
    bad = ~np.isfinite(direction) | (direction < 0) | (direction > 360)
    if bad.any():
        got = f"{direction[bad][0]:g}"
        raise BadInput(f"{name}, stimuli", got=got, expected="degrees from 0 to 360", repair="Convert them.")
    if np.isclose(direction, direction[0]).all():
        raise BadInput(f"{name}, stimuli", got="one direction only", expected="several")
    if direction.max() < 2 * np.pi + 0.01 and np.abs(direction - np.round(direction)).max() > 0:
        got = f"fractions up to {direction.max():.3g}, as of radians"
        raise BadInput(f"{name}, stimuli", got=got, expected="degrees from 0 to 360", repair="numpy.degrees(stimuli).")
