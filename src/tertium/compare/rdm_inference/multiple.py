"""Many tests at once: p values corrected by Benjamini-Hochberg (false discovery rate) and Bonferroni."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


def benjamini_hochberg(p: npt.ArrayLike) -> FloatArray:
    """Adjust p values so that rejecting those below q keeps the expected share of false rejections below q.

    Parameters
    ----------
    p : array, shape (test,)
        p values in [0, 1].

    Returns
    -------
    array, shape (test,)
        The smallest false discovery rate at which each test is rejected (Benjamini & Hochberg 1995, J R Stat Soc B
        57:289, procedure (1)); valid for independent or positively dependent tests.

    Raises
    ------
    BadInput
        If a value is outside [0, 1] or NaN.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    values = _checked(p)
    n = len(values)
    order = np.argsort(values)
    scaled = values[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def bonferroni(p: npt.ArrayLike) -> FloatArray:
    """Adjust p values so that rejecting those below alpha keeps the chance of any false rejection below alpha.

    Parameters
    ----------
    p : array, shape (test,)
        p values in [0, 1].

    Returns
    -------
    array, shape (test,)
        Each times the number of tests, at most 1.

    Raises
    ------
    BadInput
        If a value is outside [0, 1] or NaN.

    Examples
    --------
    >>> bonferroni([0.01, 0.04, 0.5])
    array([0.03, 0.12, 1.  ])
    """
    values = _checked(p)
    return np.minimum(values * len(values), 1.0)


def _checked(p: npt.ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=np.float64).ravel()
    if not ((values >= 0) & (values <= 1)).all():
        raise BadInput("p values", got="a value outside [0, 1] or NaN", expected="probabilities", repair="")
    return values
