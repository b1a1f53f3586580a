"""`ball_capacity`: how many balls a linear readout can tell apart, in closed form up to one integral."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: Nodes of the quadrature over each of the two variables.
NODES = 300

#: Standard deviations beyond which a normal number is not looked for.
REACH = 10.0


def ball_capacity(radius: float, dimension: float, margin: float = 0.0) -> float:
    r"""Return how many balls a unit a linear readout separates: the capacity of Chung et al. (2016; 2018).

    With ``t`` the length of a random vector of D dimensions and ``t0`` a normal number,

    .. math:: 1 / \alpha = \langle F(t, t_0) \rangle

    where F is 0 for ``t0 + R t <= -margin`` (the readout is far enough as it is), the squared length of the move to the
    tip of the ball's cone where the anchor lies inside the ball, and ``(R t + t0 + margin)^2 / (1 + R^2)`` elsewhere.

    Parameters
    ----------
    radius : float
        Of the ball, in units of the norm of its centre.
    dimension : float
        Of the ball; need not be a whole number.
    margin : float
        In units of the norm of the centre.

    Returns
    -------
    float
        Manifolds for each dimension of the readout; 2 for points without margin.

    Raises
    ------
    BadInput
        If a number is below 0.

    References
    ----------
    Chung, S., Lee, D. D. & Sompolinsky, H. (2018). Classification and geometry of general perceptual manifolds.
    Physical Review X 8:031003, eq. 16 and section IV.

    Examples
    --------
    >>> round(ball_capacity(0.0, 5), 6), round(ball_capacity(1.0, 5), 4) < 0.4
    (2.0, True)
    """
    for what, number in (("radius", radius), ("dimension", dimension), ("margin", margin)):
        if not (np.isfinite(number) and number >= 0):
            raise BadInput(what, got=f"{number}", expected="a number, 0 or more")
    from scipy.special import gammaln

    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    if dimension == 0 or radius == 0:
        t, density = np.zeros(1), np.ones(1)
    else:
        middle = np.sqrt(dimension)
        low, high = max(0.0, middle - REACH), middle + REACH
        share = (nodes + 1) / 2
        t = low + share**2 * (high - low)  # dense at 0, where the density of few dimensions is steep
        log = (dimension - 1) * np.log(t) - t**2 / 2 - (dimension / 2 - 1) * np.log(2) - gammaln(dimension / 2)
        density = np.exp(log) * weights * share * (high - low)
        density /= density.sum()
    # the two kinks of F split the inner integral
    touch = np.clip(-margin - radius * t, -REACH, REACH)
    inside = np.clip((t / radius if radius > 0 else 0 * t) - margin, touch, REACH)
    mean = 0.0
    for first, last in ((touch, inside), (inside, np.full(len(t), REACH))):
        half = (last - first)[:, None] / 2
        t0 = first[:, None] + (nodes + 1) * half
        gauss = np.exp(-(t0**2) / 2) / np.sqrt(2 * np.pi) * weights * half
        mean += float((density[:, None] * gauss * _cost(radius, t[:, None], t0 + margin)).sum())
    return 1 / mean


def _cost(radius: float, t: Floats, t0: Floats) -> Floats:
    edge = (radius * t + t0) ** 2 / (1 + radius**2)
    return np.asarray(np.where(t <= radius * t0, t**2 + t0**2, np.where(radius * t + t0 <= 0, 0.0, edge)))
