"""Rank-one structure in a random network: when it holds two states, where they are, and whether they are stable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.theory.gaussian_averages import Transfer, gaussian_average

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RankOneState:
    """A stationary state of a network with rank-one structure.

    Attributes
    ----------
    kappa : float
        Its latent variable.
    variance : float
        Of the input to a unit.
    gain : float
        Mean slope of the nonlinearity.
    slope : float
        Derivative of the flow of kappa: below 0 the state is stable against what happens along m.
    bulk_radius : float
        Of the other directions: ``g sqrt(<phi'^2>)``; below 1 they are stable (no chaos).
    """

    kappa: float
    variance: float
    gain: float
    slope: float
    bulk_radius: float

    @property
    def stable(self) -> bool:
        """Whether every small perturbation decays."""
        return self.slope < 0 and self.bulk_radius < 1


def rank_one_states(
    overlap: float,
    *,
    m_variance: float = 1.0,
    input_variance: float = 0.0,
    random_gain: float = 0.0,
    transfer: Transfer = "tanh",
) -> list[RankOneState]:
    """Return the stationary states of a random network with structure of rank one, loadings being Gaussian of mean 0.

    Of ``tau dx/dt = -x + (m n^T / n_units + J) phi(x) + I`` they solve ``kappa = overlap kappa <phi'>`` and
    ``variance = kappa^2 var(m) + var(I) + g^2 <phi^2>`` (Mastrogiuseppe & Ostojic 2018); the input I is independent
    of m and n.

    Parameters
    ----------
    overlap : float
        ``m.n / n_units``.
    m_variance, input_variance : float
        Of the loadings m and of the constant inputs I.
    random_gain : float
        g of the random connections.
    transfer : {"tanh", "erf"}

    Returns
    -------
    list of RankOneState
        The one of kappa 0 first; then the pair of opposite sign, positive first, if there is one.

    Raises
    ------
    BadInput
        If a variance or the gain is negative, or m has none.

    Examples
    --------
    >>> [round(s.kappa, 3) for s in rank_one_states(1.5)]
    [0.0, 0.843, -0.843]
    >>> [s.stable for s in rank_one_states(1.5)]
    [False, True, True]
    """
    if m_variance <= 0 or input_variance < 0 or not 0 <= random_gain < np.inf:
        raise BadInput(
            "network",
            got=f"var(m) {m_variance}, var(I) {input_variance}, gain {random_gain}",
            expected="var(m) above 0, the others 0 or more",
        )

    def described(kappa: float) -> RankOneState:
        def gain_at(k: float) -> tuple[float, float]:
            variance = _variance(k**2 * m_variance + input_variance, random_gain, transfer)
            return float(gaussian_average("slope", 0, variance, transfer)), variance

        gain, variance = gain_at(kappa)
        step = 1e-5 * max(1.0, abs(kappa))
        up, down = (overlap * k * gain_at(k)[0] for k in (kappa + step, kappa - step))
        radius = random_gain * float(np.sqrt(gaussian_average("squared_slope", 0, variance, transfer)))
        return RankOneState(kappa, variance, gain, (up - down) / (2 * step) - 1, radius)

    zero = described(0.0)
    if overlap * zero.gain <= 1:
        return [zero]
    from scipy.optimize import brentq

    def excess(kappa: float) -> float:
        variance = _variance(kappa**2 * m_variance + input_variance, random_gain, transfer)
        return overlap * float(gaussian_average("slope", 0, variance, transfer)) - 1

    # the mean slope under a Gaussian of width s is below 1 / s, so at this kappa the flow goes inwards
    kappa = brentq(excess, 0.0, overlap / np.sqrt(m_variance) + 1e-9, xtol=1e-12)
    return [zero, described(kappa), described(-kappa)]


def bistability_overlap(
    *, input_variance: float = 0.0, random_gain: float = 0.0, chaotic: bool = True, transfer: Transfer = "tanh"
) -> float:
    """Return the overlap ``m.n / n_units`` above which a rank-one network has two states that it can hold.

    One over the gain of the units at kappa 0. Inputs and random connections saturate units, which then need more
    overlap. Beyond the onset of chaos the variance at kappa 0 is that of the chaotic fluctuations.

    Parameters
    ----------
    input_variance : float
        Of constant inputs to the units, independent of m and n.
    random_gain : float
        g of the random connections.
    chaotic : bool
        Whether, where g is large enough, units at kappa 0 fluctuate (they do) rather than stand still.
    transfer : {"tanh", "erf"}

    Examples
    --------
    >>> round(bistability_overlap(random_gain=0.8), 9)  # without input units at rest have gain 1
    1.0
    >>> round(bistability_overlap(input_variance=1.0), 3), round(bistability_overlap(random_gain=1.5), 3)
    (1.651, 1.52)
    """
    if input_variance < 0 or not 0 <= random_gain < np.inf:
        raise BadInput("network", got=f"var(I) {input_variance}, gain {random_gain}", expected="0 or more")
    if chaotic and not input_variance and random_gain > 1:
        variance = chaotic_variance(random_gain, transfer)
    else:
        variance = _variance(input_variance, random_gain, transfer)
    return 1 / float(gaussian_average("slope", 0, variance, transfer))


def chaotic_variance(random_gain: float, transfer: Transfer = "tanh") -> float:
    """Return the variance of a unit's input in the chaotic state of a random network without structure.

    The autocovariance rolls in a potential from its value at lag 0 to rest at 0, so that
    ``variance^2 / 2 = g^2 (<Phi^2> - <Phi>^2)`` with Phi the integral of phi (Sompolinsky, Crisanti & Sommers 1988).

    Raises
    ------
    BadInput
        If the gain is 1 or below: there is no chaos.

    Examples
    --------
    >>> round(chaotic_variance(2.0), 3)
    1.925
    """
    if not 1 < random_gain < np.inf:
        raise BadInput("random_gain", got=f"{random_gain}", expected="above 1, where chaos begins")
    from scipy.optimize import brentq

    def energy(variance: float) -> float:
        square = float(gaussian_average("squared_integral", 0, variance, transfer))
        mean = float(gaussian_average("integral", 0, variance, transfer))
        return (random_gain**2 * (square - mean**2) - variance**2 / 2) / variance**2

    return float(brentq(energy, 1e-9, random_gain**2, xtol=1e-13))


def _variance(fixed: float, gain: float, transfer: Transfer) -> float:
    """Return the largest solution of ``variance = fixed + gain^2 <phi^2>``."""
    from scipy.optimize import brentq

    def excess(variance: float) -> float:
        return fixed + gain**2 * float(gaussian_average("square", 0, variance, transfer)) - variance

    top = fixed + gain**2
    if not gain or (not fixed and gain <= 1):
        return fixed
    return float(brentq(excess, max(fixed, 1e-12), top, xtol=1e-14))
