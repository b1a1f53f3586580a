"""Sums of smooth weights over wide ranges of whole numbers, from few of their values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: The last number of a range without end; what lies beyond is a power law's tail.
FAR = 1e12


def support(low: int, high: int | None, exact: int = 1000) -> tuple[Floats, Floats]:
    """Return places and weights whose weighted sum of a smooth function is its sum over whole numbers from low to high.

    The first ``exact`` numbers stand for themselves; of the others, the integral between half numbers is taken by
    Gauss and Legendre on panels that widen with the numbers: the relative error is near ``1 / exact^2 / 24``.

    Parameters
    ----------
    low, high : int
        Both ends in; None for no end (to 1e12).

    Examples
    --------
    >>> k, weight = support(1, 10**6)
    >>> len(k) < 1300, bool(abs(weight @ k**-1.5 / (np.arange(1, 10**6 + 1) ** -1.5).sum() - 1) < 1e-8)
    (True, True)
    """
    end = FAR if high is None else float(high)
    single = np.arange(low, min(end, low + exact - 1) + 1, dtype=np.float64)
    begin = single[-1] + 0.5
    if end < begin:
        return single, np.ones(len(single))
    panels = max(1, int(np.ceil(np.log((end + 0.5) / begin) / 0.5)))
    edges = begin * ((end + 0.5) / begin) ** (np.arange(panels + 1) / panels)
    nodes, weights = np.polynomial.legendre.leggauss(6)
    half = np.diff(edges)[:, None] / 2
    places = edges[:-1, None] + half * (nodes + 1)
    return np.append(single, places.ravel()), np.append(np.ones(len(single)), (half * weights).ravel())
