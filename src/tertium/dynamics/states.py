"""States to begin from: flattened responses, samples with noise, mixtures, grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def flat_states(states: xr.DataArray | npt.ArrayLike) -> Floats:
    """Return states as an array (state, unit), all times of all trials in a row.

    Parameters
    ----------
    states : responses, or array-like of shape (state, unit) or (trial, time, unit)

    Raises
    ------
    BadInput
        If there is no state, the shape does not fit, or a value is not finite.

    Examples
    --------
    >>> flat_states(np.zeros((5, 10, 3))).shape
    (50, 3)
    """
    values = np.asarray(states.values if is_responses(states) else states, dtype=np.float64)
    if values.ndim not in (2, 3) or not values.size:
        raise BadInput(
            "states",
            got=f"shape {values.shape}",
            expected="(state, unit), (trial, time, unit) or responses, at least one state",
            repair="One state of n units is an array of shape (1, n).",
        )
    flat = values.reshape(-1, values.shape[-1])
    if not np.isfinite(flat).all():
        raise BadInput("states", got="a value that is not finite", expected="finite numbers")
    return np.array(flat)


def is_responses(states: Any) -> TypeGuard[xr.DataArray]:
    """Return whether this is a labelled array; if so, it must be responses.

    Raises
    ------
    BadInput
        If it is labelled otherwise.
    """
    if not hasattr(states, "dims"):
        return False
    from tertium.data import validate

    validate(states)
    return True


def sample_states(
    states: xr.DataArray | npt.ArrayLike,
    n: int,
    *,
    noise: float = 0.0,
    mixtures: bool = False,
    seed: int = 0,
) -> Floats:
    """Draw states to begin from, out of those that a network has been in.

    Parameters
    ----------
    states : responses, or array-like of shape (state, unit) or (trial, time, unit)
    n : int
        States to draw; without replacement where there are enough.
    noise : float
        Standard deviation of Gaussian noise on each unit, relative to the root mean square spread of the states.
    mixtures : bool
        Put each start on the line between two drawn states, at a uniformly drawn place: saddles lie between attractors.
    seed : int

    Returns
    -------
    array, shape (n, unit)

    Examples
    --------
    >>> visited = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> starts = sample_states(visited, 100, mixtures=True)
    >>> bool((starts[:, 0] == starts[:, 1]).all()), bool(0 < starts.std() < 0.5)
    (True, True)
    """
    flat = flat_states(states)
    if n < 1:
        raise BadInput("n", got=str(n), expected="at least 1 state to draw")
    if noise < 0:
        raise BadInput("noise", got=f"{noise}", expected="0 or more")
    seeds = Seeds(seed)

    def draw(name: str) -> Floats:
        return np.asarray(flat[seeds.numpy(name).choice(len(flat), n, replace=n > len(flat))])

    drawn = draw("first")
    if mixtures:
        share = seeds.numpy("share").uniform(size=(n, 1))
        drawn = share * drawn + (1 - share) * draw("second")
    spread = float(np.sqrt(((flat - flat.mean(0)) ** 2).mean())) or 1.0
    return drawn + noise * spread * seeds.numpy("noise").standard_normal(drawn.shape)


def grid_states(low: Sequence[float], high: Sequence[float], n: int | Sequence[int]) -> Floats:
    """Return a regular grid of states, (state, unit), the last unit running fastest.

    Parameters
    ----------
    low, high : sequence of float, shape (unit,)
        Ends of the grid.
    n : int or sequence of int
        Places along each unit, both ends among them.

    Examples
    --------
    >>> grid_states([0, 0], [1, 2], 3)[:4].tolist()
    [[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.5, 0.0]]
    """
    if len(low) != len(high) or not len(low):
        raise BadInput("grid", got=f"{len(low)} lower and {len(high)} upper ends", expected="one of each for each unit")
    counts = [n] * len(low) if isinstance(n, int) else list(n)
    if len(counts) != len(low) or min(counts) < 1:
        raise BadInput("grid", got=f"n = {n}", expected=f"one number above 0, or {len(low)} of them")
    axes = [np.linspace(a, b, count) for a, b, count in zip(low, high, counts, strict=True)]
    return np.stack([one.ravel() for one in np.meshgrid(*axes, indexing="ij")], axis=1)
