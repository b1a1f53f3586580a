"""Responses out of named arrays that somebody else saved: which are the numbers, which are labels, of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses
from tertium.errors import BadInput, nearest

#: Names that people give to the numbers, tried in this order.
VALUE_NAMES = ("responses", "values", "X", "data", "activations", "rates", "spikes", "counts", "features", "betas")

#: Names of labels that say of what they are, for tables with as many trials as units.
TRIAL_NAMES = frozenset(
    [
        "trial",
        "stimulus",
        "stim",
        "image",
        "condition",
        "context",
        "coherence",
        "choice",
        "reward",
        "split",
        "session",
        "subject",
        "category",
        "run",
        "fold",
        "correct",
        "outcome",
        "block",
        "direction",
        "orientation",
        "n_trials",
    ]
)
UNIT_NAMES = frozenset(
    [
        "unit",
        "neuron",
        "cell",
        "channel",
        "electrode",
        "voxel",
        "region",
        "area",
        "layer",
        "site",
        "cell_type",
        "roi",
        "depth",
        "hemisphere",
        "probe",
    ]
)
TIME_NAMES = frozenset(("time", "times", "t", "bins"))

#: Plural -> the name the label gets.
SINGULAR = {
    "stimuli": "stimulus",
    "conditions": "condition",
    "images": "image",
    "trials": "trial",
    "units": "unit",
    "neurons": "neuron",
    "channels": "channel",
    "regions": "region",
    "areas": "area",
    "layers": "layer",
    "categories": "category",
    "voxels": "voxel",
    "choices": "choice",
    "sessions": "session",
    "subjects": "subject",
}

Choice = Mapping[str, Any] | None


@dataclass(frozen=True)
class ArrayOptions:
    """How named arrays become responses; what is not said is found by name and by length.

    Parameters
    ----------
    values : str, optional
        Name of the array of numbers.
    dims : sequence of str, optional
        What its dimensions are, in their order: "trial" and "unit", perhaps "time". (trial, unit) or
        (trial, time, unit) if not given.
    trial, unit : mapping of str to str or array, optional
        Label -> name of the array that holds it, or the labels themselves. Where given, no others are looked for.
    time : str or array, optional
        Name of the array of times in seconds, or the times.
    dt : float, optional
        Width of a bin in seconds; by default a number saved as "dt", else the step of the times, else 1.
    quantity, source, cite : str
        As in `make_responses`.
    """

    values: str | None = None
    dims: Sequence[str] | None = None
    trial: Choice = None
    unit: Choice = None
    time: str | npt.ArrayLike | None = None
    dt: float | None = None
    quantity: str = "other"
    source: str = ""
    cite: str = ""


def from_arrays(arrays: Mapping[str, Any], options: ArrayOptions, file: str) -> xr.DataArray:
    """Make responses from named arrays.

    Parameters
    ----------
    arrays : mapping of str to array
        As a file held them; vectors may be rows or columns of a matrix.
    options : ArrayOptions
        What is known about them.
    file : str
        Where they come from, for messages and as ``source``.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)

    Raises
    ------
    BadInput
        If it cannot be told which array holds the numbers, or of what an array of labels is.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = {"X": np.ones((3, 2)), "stimuli": np.array(["a", "b", "c"]), "region": np.array(["V1", "IT"])}
    >>> r = from_arrays(arrays, ArrayOptions(), "x.npz")
    >>> r["stimulus"].dims, r["region"].dims
    (('trial',), ('unit',))
    """
    name = options.values if options.values is not None else _find_values(arrays, file)
    cube, kept = _cube(np.asarray(_get(arrays, name, file)), options.dims, name, file)
    taken = {name, options.time if isinstance(options.time, str) else ""}
    taken |= {
        where for choice in (options.trial, options.unit) for where in (choice or {}).values() if isinstance(where, str)
    }
    vectors = {key: v for key, v in ((k, _vector(a)) for k, a in arrays.items() if k not in taken) if v is not None}
    sizes = dict(zip(("trial", "time", "unit"), cube.shape, strict=True))
    found = _assign(vectors, sizes, options, file)
    trial = found["trial"] if options.trial is None else _chosen(arrays, options.trial, file)
    unit = found["unit"] if options.unit is None else _chosen(arrays, options.unit, file)
    time: Any = options.time
    if isinstance(time, str):
        time = _vector(_get(arrays, time, file))
    elif time is None and "time" in kept:
        time = next(iter(found["time"].values()), None)
    return make_responses(
        cube,
        dt=_dt(options.dt, arrays, time),
        trial=_index_or_name(trial),
        unit=unit,
        time=time,
        quantity=options.quantity,
        source=options.source or file,
        cite=options.cite,
    )


def _find_values(arrays: Mapping[str, Any], file: str) -> str:
    tables = {
        key: np.shape(a)
        for key, a in arrays.items()
        if _is_numeric(a) and np.ndim(a) in (2, 3) and min(np.shape(a)) > 0
    }
    for known in VALUE_NAMES:
        if known in tables:
            return known
    real = [key for key, shape in tables.items() if len(shape) == 3 or min(shape) > 1]
    if len(real) == 1:
        return real[0]
    shown = ", ".join(f"'{key}' {np.shape(arrays[key])}" for key in (real or list(arrays))[:8])
    raise BadInput(
        f"'{file}'",
        got=f"{len(real)} arrays that could be responses; it holds {shown or 'nothing'}",
        expected="one array (trial, unit) or (trial, time, unit)",
        repair="Name it: values='...'." if real else "",
    )


def _is_numeric(array: Any) -> bool:
    return isinstance(array, np.ndarray | np.generic | list) and np.asarray(array).dtype.kind in "fiub"


def _get(arrays: Mapping[str, Any], name: str, file: str) -> Any:
    """Return an array by name; "a.b" looks into a structure."""
    here: Any = arrays
    for part in [name] if name in arrays else name.split("."):
        if not isinstance(here, Mapping) or part not in here:
            known = [str(k) for k in here] if isinstance(here, Mapping) else []
            close = nearest(part, known)
            raise BadInput(
                f"'{file}'",
                got=f"no array '{part}'",
                expected=f"one of {', '.join(known[:12]) or 'none'}",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
        here = here[part]
    return here


def _cube(
    array: npt.NDArray[Any], dims: Sequence[str] | None, name: str, file: str
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return the array as (trial, time, unit), and which dimensions it had."""
    named = tuple(dims) if dims is not None else (("trial", "unit") if array.ndim == 2 else ("trial", "time", "unit"))
    if len(named) != array.ndim or not {"trial", "unit"} <= set(named) <= {"trial", "time", "unit"}:
        raise BadInput(
            f"'{name}' of '{file}'",
            got=f"shape {array.shape} for dims ({', '.join(named)})",
            expected="one name for each dimension: 'trial', 'unit', perhaps 'time'",
            repair="Pass, for instance, dims=('unit', 'time', 'trial').",
        )
    order = [named.index(dim) for dim in ("trial", "time", "unit") if dim in named]
    moved = array.transpose(order)
    return (moved if moved.ndim == 3 else moved[:, None, :]), named


def _vector(array: Any) -> npt.NDArray[Any] | None:
    """Return labels as one dimension (MATLAB knows only matrices), None if they are no vector."""
    if isinstance(array, Mapping | str) or array is None:
        return None
    column = np.asarray(array)
    if column.ndim == 2 and 1 in column.shape:
        column = column.ravel()
    if column.ndim != 1 or column.dtype.kind not in "fiubUTSO":
        return None
    if column.dtype.kind == "O" and not all(isinstance(v, str) for v in column):
        return None
    return column


def _assign(
    vectors: Mapping[str, npt.NDArray[Any]], sizes: Mapping[str, int], options: ArrayOptions, file: str
) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Sort vectors to the dimension whose length they have, those of two lengths by name."""
    found: dict[str, dict[str, npt.NDArray[Any]]] = {"trial": {}, "time": {}, "unit": {}}
    open_dims = [d for d in ("trial", "unit") if getattr(options, d) is None]
    for key, column in vectors.items():
        label = SINGULAR.get(key.lower(), key)
        if key.lower() in TIME_NAMES:
            if len(column) == sizes["time"]:
                found["time"][key] = column
            continue
        fits = [dim for dim in ("trial", "unit") if len(column) == sizes[dim]]
        if len(fits) == 2:
            fits = [d for d, names in (("trial", TRIAL_NAMES), ("unit", UNIT_NAMES)) if _base(label) in names]
            if len(fits) != 1 and len(open_dims) == 2:
                raise BadInput(
                    f"'{key}' of '{file}'",
                    got=f"{len(column)} labels for {sizes['trial']} trials and {sizes['unit']} units",
                    expected="to know whether they are of trials or of units",
                    repair=f"Pass trial={{'{label}': '{key}'}} or unit={{'{label}': '{key}'}}.",
                )
        if len(fits) == 1 and fits[0] in open_dims:
            found[fits[0]][label] = column
    return found


def _base(label: str) -> str:
    """The name without what is often put around it: "trial_type" and "unit_id" say of what they are."""
    low = label.lower()
    for names, stem in ((TRIAL_NAMES, "trial"), (UNIT_NAMES, "unit")):
        if low in names:
            return low
        if low.startswith(stem):
            return stem
    return low.removesuffix("_id").removesuffix("_name").removesuffix("s")


def _chosen(arrays: Mapping[str, Any], choice: Mapping[str, Any], file: str) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for label, where in choice.items():
        if isinstance(where, str):
            column = _vector(_get(arrays, where, file))
            if column is None:
                raise BadInput(f"'{where}' of '{file}'", got="no list of numbers or text", expected="labels")
            chosen[label] = column
        else:
            chosen[label] = where
    return chosen


def _index_or_name(trial: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a label "trial" only where it is an index; names of trials move to "trial_name"."""
    labels = dict(trial)
    index = labels.get("trial")
    if index is not None and np.asarray(index).dtype.kind not in "iu":
        labels["trial_name"] = labels.pop("trial")
    return labels


def _dt(dt: float | None, arrays: Mapping[str, Any], time: Any) -> float:
    if dt is not None:
        return float(dt)
    saved = arrays.get("dt")
    if saved is not None and np.size(saved) == 1 and _is_numeric(np.asarray(saved)):
        return float(np.asarray(saved).ravel()[0])
    if time is not None and len(time) > 1:
        return float(np.median(np.diff(np.asarray(time, dtype=float))))
    return 1.0
