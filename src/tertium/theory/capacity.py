"""How much one threshold unit can do: Cover's count of dichotomies and the ceiling on parity."""

from __future__ import annotations

from fractions import Fraction
from math import comb

from tertium.errors import BadInput


def cover_count(points: int, dimensions: int) -> int:
    r"""Count the ways to label points with a plane through the origin, points in general position.

    .. math:: C(P, N) = 2 \sum_{k=0}^{N-1} \binom{P-1}{k}

    Parameters
    ----------
    points : int
        Number of points P, at least 1.
    dimensions : int
        Number of inputs N of the unit (a bias counts as one more), at least 1.

    Returns
    -------
    int
        Number of linearly separable dichotomies, exact; 2**P when P <= N.

    Raises
    ------
    BadInput
        If a number is below 1.

    References
    ----------
    Cover, T. M. (1965). IEEE Transactions on Electronic Computers 14:326, equation 5 (theorem 1).

    Examples
    --------
    >>> cover_count(4, 3), 2**4  # three inputs with the bias: all but XOR and XNOR
    (14, 16)
    """
    for what, number in (("points", points), ("dimensions", dimensions)):
        if number < 1:
            raise BadInput(what, got=str(number), expected="an integer >= 1")
    return 2 * sum(comb(points - 1, k) for k in range(min(dimensions, points)))


def separable_probability(points: int, dimensions: int) -> float:
    """Return the probability that random labels of points in general position are linearly separable.

    Parameters
    ----------
    points, dimensions : int
        As in `cover_count`.

    Returns
    -------
    float
        ``cover_count / 2**points``, from 0 to 1; exactly one half at P = 2N.

    Raises
    ------
    BadInput
        If a number is below 1.

    Examples
    --------
    >>> separable_probability(120, 60)
    0.5
    """
    return float(Fraction(cover_count(points, dimensions), 2**points))


def parity_ceiling(inputs: int) -> float:
    """Return the largest fraction of the 2**n patterns on which one threshold unit can agree with parity.

    The best unit cuts the number of active inputs at its middle; it agrees with parity on
    ``1/2 + C(n-1, floor((n-1)/2)) / 2**n`` of the patterns (a telescoping sum of binomials). That no unit does
    better is the case of degree one of Aspnes et al.; the tests confirm it by enumerating all units up to n = 4.

    Parameters
    ----------
    inputs : int
        Number of binary inputs n, at least 2 (one input is its own parity).

    Returns
    -------
    float
        Fraction of patterns, from 0.5 to 0.75.

    Raises
    ------
    BadInput
        If there are fewer than two inputs.

    References
    ----------
    Aspnes, J., Beigel, R., Furst, M. & Rudich, S. (1994). The expressive power of voting polynomials.
    Combinatorica 14:135.

    Examples
    --------
    >>> parity_ceiling(2), parity_ceiling(4)  # XOR: three of four patterns
    (0.75, 0.6875)
    """
    if inputs < 2:
        raise BadInput("inputs", got=str(inputs), expected="an integer >= 2")
    return 0.5 + comb(inputs - 1, (inputs - 1) // 2) / 2**inputs
