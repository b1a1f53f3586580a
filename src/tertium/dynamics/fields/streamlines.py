"""Streamlines of a field in the plane, drawn with room between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tertium.dynamics.fields.flow import FlowField

Floats = npt.NDArray[np.float64]

#: Squares of the plane, along each axis, in each of which one line has room.
ROOM = 22


def streamlines(field: FlowField, room: int = ROOM) -> list[Floats]:
    """Return lines along which a field in the plane leads.

    Lines begin in squares that are still empty, go both ways with unit speed on a plane scaled to the field's ends,
    and stop at its border, where a line has been before, or where nothing moves.

    Parameters
    ----------
    field : FlowField
        Of two dimensions.
    room : int
        Squares along each axis.

    Returns
    -------
    list of array, shape (vertex, 2)
        In the direction of the flow.
    """
    from scipy.interpolate import RegularGridInterpolator

    low, high = (np.array([t[end] for t in field.ticks]) for end in (0, -1))
    size = high - low
    # a fine table and look-up by rounding: a spline a step would take seconds a picture
    fine = np.linspace(0, 1, 400)
    grid = np.stack(np.meshgrid(fine, fine, indexing="ij"), axis=-1)
    scaled = RegularGridInterpolator([np.linspace(0, 1, len(t)) for t in field.ticks], field.velocity / size)(grid)
    pace = np.linalg.norm(scaled, axis=-1, keepdims=True)
    table = np.where(pace > 1e-4 * np.median(pace), scaled / np.maximum(pace, 1e-300), 0.0)
    taken = np.zeros((room, room), dtype=bool)
    lines = []
    # from the border inwards, so that lines come in from outside
    squares = sorted(np.ndindex(room, room), key=lambda s: (min(*s, room - 1 - s[0], room - 1 - s[1]), s))
    for square in squares:
        if taken[square]:
            continue
        begin = (np.array(square) + 0.5) / room
        own: set[tuple[int, ...]] = {square}
        halves = [_follow(table, begin, sign, taken, own) for sign in (-1.0, 1.0)]
        line = np.concatenate([halves[0][::-1], begin[None], halves[1]])
        if len(line) * STRIDE < 1.2 / room:
            continue
        for one in own:
            taken[one] = True
        lines.append(low + line * size)
    return lines


#: Length of a step, relative to the plane.
STRIDE = 0.004


def _follow(
    table: Floats, begin: Floats, sign: float, taken: npt.NDArray[np.bool_], own: set[tuple[int, ...]]
) -> Floats:
    """Go from a place until something stops it; the squares that are entered join ``own``."""
    at, places, room = begin.copy(), [], len(taken)
    entered: list[tuple[int, ...]] = []
    for _ in range(round(1.5 / STRIDE)):
        ahead = _look(table, at)
        middle = _look(table, np.clip(at + sign * STRIDE / 2 * ahead, 0, 1))
        if not middle.any() or float(ahead @ middle) < 0:  # at rest, or past a place where the flow turns back
            break
        at = at + sign * STRIDE * middle
        if (at < 0).any() or (at > 1).any():
            break
        square = tuple(np.minimum((at * room).astype(int), room - 1).tolist())
        if taken[square]:
            break
        if not entered or entered[-1] != square:
            if square in entered[:-1]:  # round once is enough
                break
            entered.append(square)
        places.append(at)
    own.update(entered)
    return np.array(places).reshape(-1, 2)


def _look(table: Floats, at: Floats) -> Floats:
    i, j = (at * (len(table) - 1)).round().astype(int)
    return np.asarray(table[i, j])
