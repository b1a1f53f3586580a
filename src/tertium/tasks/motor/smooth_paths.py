"""The path of a smooth movement."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def minimum_jerk(progress: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return how far a hand has come in a movement with the smallest mean squared jerk (Flash & Hogan 1985).

    ``10 s**3 - 15 s**4 + 6 s**5``: position, with zero velocity and acceleration at both ends.

    Parameters
    ----------
    progress : array
        Time since the movement began over its duration; before 0 nothing has moved, after 1 the target is held.

    Returns
    -------
    array
        Fraction of the way, 0 to 1.

    Examples
    --------
    >>> minimum_jerk([-1.0, 0.0, 0.5, 1.0, 2.0]).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    s = np.clip(np.asarray(progress, dtype=np.float64), 0.0, 1.0)
    return s**3 * (10 + s * (6 * s - 15))
