"""Length along a loop: an angle that runs through the states at an even pace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Fewest samples that a mean along the loop is taken from.
FEWEST = 3


def even_pace(angle: Floats, known: Floats, points: Floats, parts: int) -> Floats:
    """Return the angle stretched so that equal steps of it are equal lengths of the loop.

    The samples are sorted by angle and cut into parts of equally many; the closed line through the parts' mean states,
    lightly smoothed, is measured.

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
    from scipy.ndimage import gaussian_filter1d

    turn = 2 * np.pi
    parts = min(parts, len(known) // FEWEST)
    if parts < 3:
        return angle
    order = np.argsort(known % turn, kind="stable")
    groups = np.array_split(order, parts)
    means = gaussian_filter1d(np.stack([points[g].mean(0) for g in groups]), 1.0, axis=0, mode="wrap")
    places = np.array([(known[g] % turn).mean() for g in groups])
    steps = np.linalg.norm(np.diff(means, axis=0, append=means[:1]), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    if length[-1] == 0:
        return angle
    on_line = np.interp((angle - places[0]) % turn, np.append(places - places[0], turn), length / length[-1])
    return np.asarray(turn * on_line)
