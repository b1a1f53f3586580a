"""Low-rank networks reduced to a few latent variables: their flow when loadings are a mixture of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput
from tertium.theory.gaussian_averages import Transfer, gaussian_average

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LatentFlow:
    """Where the latent variables of a low-rank network go, and what each population contributes.

    Attributes
    ----------
    velocity : array, shape (state, rank)
        ``d kappa / dt``, per time constant of a unit.
    recurrent : array, shape (state, population, rank, rank)
        Effective couplings: how strongly a population passes kappa_s on to kappa_r.
    feedforward : array, shape (state, population, rank, input)
        The same from inputs.
    gain : array, shape (state, population)
        Mean slope of its units' nonlinearity, in the state.
    variance : array, shape (state, population)
        Of the input to its units.
    """

    velocity: Floats
    recurrent: Floats
    feedforward: Floats
    gain: Floats
    variance: Floats


def kappa_flow(
    kappa: ArrayLike,
    inputs: ArrayLike,
    *,
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    random_gain: float = 0.0,
    transfer: Transfer = "tanh",
) -> LatentFlow:
    """Return how the latent variables of a low-rank network move, in the limit of many units.

    The network is ``tau dx/dt = -x + (M N^T / n_units + J) phi(x) + I v``, so that ``x = M kappa + I v`` apart from the
    random part. Loadings (m, n, I) of a unit are drawn from a mixture of Gaussians, one for each population p. Then
    (Beiran et al. 2021; Dubreuil et al. 2022)

    ``d kappa_r / dt = -kappa_r + sum_p alpha_p (mean_n <phi>_p + <phi'>_p (sum_s cov(n_r, m_s) kappa_s + sum_s cov(n_r,
    I_s) v_s))``

    with averages over Gaussian inputs of the population's mean and variance. Random connections of gain g add the
    variance ``g^2 <phi^2>``, found self-consistently (Mastrogiuseppe & Ostojic 2018, stationary solutions).

    Parameters
    ----------
    kappa : array-like, shape (state, rank)
    inputs : array-like, shape (input,) or (state, input)
        ``v``.
    weights : array-like, shape (population,)
        Shares of the populations; they sum to 1.
    means : array-like, shape (population, 2 rank + input)
        Of m_1..m_rank, n_1..n_rank, I_1..I_input.
    covariances : array-like, shape (population, 2 rank + input, 2 rank + input)
    random_gain : float
        g, 0 or more.
    transfer : {"tanh", "erf"}

    Returns
    -------
    LatentFlow

    Raises
    ------
    BadInput
        If shapes do not fit, weights do not sum to 1, or a value is not finite.

    Examples
    --------
    One population of rank one whose overlap is 2: zero is left, and somewhere the flow stops.

    >>> cov = [[[1.0, 2.0], [2.0, 5.0]]]
    >>> flow = kappa_flow([[0.1], [5.0]], [], weights=[1], means=np.zeros((1, 2)), covariances=cov)
    >>> flow.velocity.round(3).ravel().tolist()
    [0.098, -3.43]
    """
    k = np.asarray(kappa, dtype=np.float64)
    if k.ndim != 2:
        raise BadInput("kappa", got=f"shape {k.shape}", expected="(state, rank)")
    states, rank = k.shape
    given = np.asarray(inputs, dtype=np.float64)
    v = np.broadcast_to(given, (states, given.shape[-1])) if given.ndim <= 2 and given.ndim else np.zeros((states, 0))
    alpha, mu, sigma = _mixture(weights, means, covariances, 2 * rank + v.shape[1])
    if not 0 <= random_gain < np.inf:
        raise BadInput("random_gain", got=f"{random_gain}", expected="a number, 0 or more")
    drive = np.r_[:rank, 2 * rank : 2 * rank + v.shape[1]]  # loadings along which x moves: m and I
    along = np.concatenate([k, v], axis=1)
    mean = np.einsum("pd,sd->sp", mu[:, drive], along)
    variance = np.einsum("sd,pde,se->sp", along, sigma[:, drive][:, :, drive], along)
    variance = _with_random_part(mean, variance, alpha, random_gain, transfer)
    rate, gain = (gaussian_average(what, mean, variance, transfer) for what in ("mean", "slope"))
    shared = sigma[:, rank : 2 * rank][:, :, drive]  # (population, rank, m and I)
    effective = np.einsum("p,sp,prd->sprd", alpha, gain, shared)
    velocity = -k + np.einsum("p,pr,sp->sr", alpha, mu[:, rank : 2 * rank], rate)
    velocity = velocity + np.einsum("sprd,sd->sr", effective, along)
    return LatentFlow(velocity, effective[..., :rank], effective[..., rank:], gain, variance)


def _mixture(weights: ArrayLike, means: ArrayLike, covariances: ArrayLike, size: int) -> tuple[Floats, Floats, Floats]:
    alpha, mu, sigma = (np.asarray(a, dtype=np.float64) for a in (weights, means, covariances))
    n = len(alpha) if alpha.ndim == 1 else 0
    if not n or mu.shape != (n, size) or sigma.shape != (n, size, size):
        raise BadInput(
            "populations",
            got=f"weights {alpha.shape}, means {mu.shape}, covariances {sigma.shape}",
            expected=f"(population,), (population, {size}) and (population, {size}, {size}): m, n and inputs",
        )
    if not all(np.isfinite(a).all() for a in (alpha, mu, sigma)):
        raise BadInput("populations", got="a value that is not finite", expected="finite numbers")
    if (alpha < 0).any() or abs(alpha.sum() - 1) > 1e-6:
        raise BadInput("weights", got=f"{alpha.tolist()}", expected="shares of the populations, summing to 1")
    return alpha, mu, sigma


def _with_random_part(mean: Floats, variance: Floats, alpha: Floats, gain: float, transfer: Transfer) -> Floats:
    """Return the variance of each population's input, (state, population), random connections included.

    Their part is the largest solution of ``part = gain^2 sum_p alpha_p <phi^2>_p``, to which iteration from above
    falls monotonically.
    """
    variance = np.maximum(variance, 0.0)  # of rounding errors
    if not gain:
        return variance
    part = np.full(len(mean), gain**2)
    for _ in range(10_000):
        square = gaussian_average("square", mean, variance + part[:, None], transfer)
        new = gain**2 * square @ alpha
        if np.abs(new - part).max(initial=0.0) < 1e-12:
            break
        part = new
    return np.asarray(variance + part[:, None])
