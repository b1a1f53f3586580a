"""From responses to the state that jPCA looks at: soft normalisation, cross-condition mean, principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.states import is_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Averages:
    """Condition averages (condition, time, unit), with their labels."""

    values: Floats
    time: Floats
    dt: float
    conditions: tuple[str, ...]
    units: tuple[str, ...]


def condition_averages(r: xr.DataArray | npt.ArrayLike, by: str, dt: float | None) -> Averages:
    """Average trials by condition, or take averages as they are.

    Raises
    ------
    BadInput
        If the shape does not fit, there are fewer than two conditions or three times, or a number is not finite.
    """
    values: Floats
    if is_responses(r):
        from tertium.data import average

        table = r if r.dims[0] == "condition" else average(r, by=by)
        names = tuple(str(name) for name in table["condition"].values)
        units = tuple(str(unit) for unit in table["unit"].values)
        values = np.asarray(table.values, dtype=np.float64)
        made = Averages(values, table["time"].values.astype(np.float64), float(table.attrs["dt"]), names, units)
    else:
        values = np.asarray(r, dtype=np.float64)
        if dt is None or not np.isfinite(dt) or dt <= 0:
            raise BadInput("dt", got=repr(dt), expected="seconds between times of an array", repair="Pass dt=0.01.")
        if values.ndim != 3:
            raise BadInput("responses", got=f"shape {values.shape}", expected="responses or (condition, time, unit)")
        n_conditions, n_times, n_units = values.shape
        names, units = (tuple(str(i) for i in range(n)) for n in (n_conditions, n_units))
        time: Floats = np.arange(n_times, dtype=np.float64) * dt
        made = Averages(values, time, float(dt), names, units)
    if values.shape[0] < 2 or values.shape[1] < 3:
        raise BadInput(
            "responses",
            got=f"{values.shape[0]} conditions and {values.shape[1]} times",
            expected="two conditions and three times, or more",
            repair="Name the label of the conditions with by=.",
        )
    if not np.isfinite(values).all():
        raise BadInput("responses", got="a value that is not finite", expected="finite numbers")
    return made


def soft_normalise(values: Floats, constant: float | None) -> Floats:
    """Divide each unit by its range plus a constant: weak units count, but less (Churchland et al. 2012, Methods).

    Examples
    --------
    >>> soft_normalise(np.array([[[0.0, 0.0], [15.0, 95.0]]]), 5.0)[0, 1].tolist()
    [0.75, 0.95]
    """
    if constant is None:
        return values
    spread = np.ptp(values, axis=(0, 1)) + constant
    return np.asarray(values / np.where(spread > 0, spread, 1.0))


@dataclass(frozen=True, eq=False)
class Reduced:
    """States on principal components.

    Attributes
    ----------
    states : array, shape (condition, time, component)
    axes : array, shape (unit, component)
    variance : float
        Share of the variance between conditions that the components hold.
    total : float
        Sum of squares between conditions.
    """

    states: Floats
    axes: Floats
    variance: float
    total: float


def reduce_states(values: Floats, n: int, *, subtract_mean: bool) -> Reduced:
    """Subtract the mean over conditions at each time, and project on the first principal components.

    Raises
    ------
    BadInput
        If the conditions do not differ in that many dimensions.
    """
    differences = values - (values.mean(0, keepdims=True) if subtract_mean else values.mean((0, 1), keepdims=True))
    flat = differences.reshape(-1, values.shape[2])
    _, singular, right = np.linalg.svd(flat, full_matrices=False)
    rank = int((singular > 1e-10 * max(singular[0], 1e-300)).sum()) if singular[0] > 0 else 0
    if rank < n:
        raise BadInput(
            "responses",
            got=f"conditions that differ in {rank} dimensions",
            expected=f"{n} dimensions or more",
            repair=f"Pass n_dimensions={rank // 2 * 2} or fewer, or more units, conditions or times."
            if rank > 1
            else "All conditions are alike.",
        )
    axes = right[:n].T
    total = float((singular**2).sum())
    return Reduced(differences @ axes, axes, float((singular[:n] ** 2).sum()) / total, total)
