"""Time series cut into trials, from responses, arrays or lists: one reading for spikes and for stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of one recording, in order.

    Attributes
    ----------
    values : tuple of array, each of shape (time, column)
        Trials may differ in length.
    columns : tuple of str
        Names of the units, or features.
    dt : float or None
        Seconds; None where that is not known.
    quantity : str
        What the numbers are; "" where that is not known.
    labels : dict of str to array, shape (trial,)
        Labels of the trials.
    """

    values: tuple[FloatArray, ...]
    columns: tuple[str, ...]
    dt: float | None
    quantity: str
    labels: dict[str, npt.NDArray[Any]]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Bins of each trial."""
        return tuple(len(one) for one in self.values)


def is_labelled(given: object) -> TypeGuard[xr.DataArray]:
    """Whether something is a labelled table."""
    return hasattr(given, "dims")


def read_trials(given: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike], name: str) -> Trials:
    """Read responses, an array (time, column) or (trial, time, column), or a list of (time, column).

    Parameters
    ----------
    given : responses, array-like, or list of array-like
    name : str
        What errors call it.

    Raises
    ------
    BadInput
        If shapes do not fit or a number is not finite.

    Examples
    --------
    >>> read_trials([np.zeros((3, 2)), np.zeros((5, 2))], "spikes").lengths
    (3, 5)
    """
    if is_labelled(given):
        from tertium.data import validate

        validate(given)
        trial = given.dims[0]
        labels = {str(key): np.asarray(one.values) for key, one in given.coords.items() if one.dims == (trial,)}
        return Trials(
            tuple(np.asarray(one, dtype=np.float64) for one in given.values),
            tuple(str(unit) for unit in given["unit"].values),
            float(given.attrs["dt"]),
            str(given.attrs.get("quantity", "")),
            labels,
        )
    trials = _arrays(given, name)
    if not trials or any(one.ndim != 2 or not one.size or one.shape[1] != trials[0].shape[1] for one in trials):
        raise BadInput(
            name,
            got=", ".join(str(one.shape) for one in trials[:3]) or "nothing",
            expected="responses, (time, column), (trial, time, column), or a list of (time, column), columns alike",
            repair="Write one column as values[:, None].",
        )
    for i, one in enumerate(trials):
        if not np.isfinite(one).all():
            row, column = np.argwhere(~np.isfinite(one))[0]
            raise BadInput(
                name,
                got=f"{one[row, column]} in trial {i}, bin {row}, column {column}",
                expected="finite numbers",
                repair="Cut the series there and pass its pieces as a list of trials.",
            )
    return Trials(tuple(trials), tuple(map(str, range(trials[0].shape[1]))), None, "", {})


def _arrays(given: Any, name: str) -> list[FloatArray]:
    try:
        if isinstance(given, list | tuple) and given and np.ndim(given[0]) == 2:
            return [np.array(one, dtype=np.float64) for one in given]
        values = np.array(given, dtype=np.float64)
    except (ValueError, TypeError) as problem:
        raise BadInput(
            name, got=f"a {type(given).__name__} that is no array ({problem})", expected="numbers"
        ) from problem
    return list(values) if values.ndim == 3 else [values]
