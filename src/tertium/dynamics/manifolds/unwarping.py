"""Length along a loop: an angle that runs through the states at an even pace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Fewest samples that a mean along the loop is taken from.
FEWEST = 3
#: Times the loop is measured anew, the parts being of equal length then.
PASSES = 3


def even_pace(angle: Floats, known: Floats, points: Floats, parts: int) -> Floats:
    """Return the angle stretched so that equal steps of it are equal lengths of the loop.

    The samples are sorted by angle and cut into parts of equally many; the closed line through the parts' mean states
    is measured. With the stretched angle, parts of equal length are cut and measured again: those of equally many are
    coarse where few samples are.

    Parameters
    ----------
    angle : array, shape (any,)
        What is to be stretched, rad.
    known : array, shape (sample,)
        Angle of the samples that the loop is measured with.
    points : array, shape (sample, dimension)
        Their states.
    parts : int

    Examples
    --------
    >>> even = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    >>> states = np.stack([np.cos(even), np.sin(even)], axis=1)
    >>> warped = even + 0.6 * np.sin(even)
    >>> found = even_pace(warped, warped, states, 40)
    >>> bool(np.abs(np.angle(np.exp(1j * (found - even - found[0])))).max() < 0.03)
    True
    """
    turn = 2 * np.pi
    known = known % turn
    order = np.argsort(known, kind="stable")
    cuts = np.array_split(order, min(parts, len(known) // FEWEST)) if len(known) >= 3 * FEWEST else []
    for _ in range(PASSES):
        if len(cuts) < 3:
            break
        angle, known = _measured(angle, known, points, cuts)
        part = np.minimum((known / turn * parts).astype(int), parts - 1)
        cuts = [one for one in (np.flatnonzero(part == i) for i in range(parts)) if len(one) >= FEWEST]
    return angle


def _measured(angle: Floats, known: Floats, points: Floats, cuts: list[npt.NDArray[np.int64]]) -> tuple[Floats, Floats]:
    """Return both angles as shares of the closed line through the mean states of the parts."""
    from scipy.ndimage import gaussian_filter1d

    turn = 2 * np.pi
    means = gaussian_filter1d(np.stack([points[one].mean(0) for one in cuts]), 1.0, axis=0, mode="wrap")
    places = np.array([known[one].mean() for one in cuts])
    steps = np.linalg.norm(np.diff(means, axis=0, append=means[:1]), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    if length[-1] == 0:
        return angle, known
    at = np.append(places - places[0], turn)
    one, other = (turn * np.interp((a - places[0]) % turn, at, length / length[-1]) % turn for a in (angle, known))
    return np.asarray(one), np.asarray(other)
