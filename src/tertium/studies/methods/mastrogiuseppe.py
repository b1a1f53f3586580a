"""Networks of low rank built from statistics of their loadings (DYN09)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.dynamics import Loadings
from tertium.models import RateRNN
from tertium.tasks.task import Task

Floats = NDArray[np.float64]

#: Loadings of the network that decides by context: two latent variables, two streams of evidence, two cues.
COLUMNS = ("m1", "m2", "n1", "n2", "motion", "colour", "judge motion", "judge colour")


def rank_one(overlap: float, n_units: int, rng: np.random.Generator, *, width: float = 0.5) -> Loadings:
    """Return Gaussian loadings of rank one: n is ``overlap`` times m, and noise of standard deviation ``width``."""
    m, noise = rng.normal(size=(2, n_units))
    return Loadings(m, overlap * m + width * noise)


def rotation(rate: float, growth: float, n_units: int, rng: np.random.Generator) -> Loadings:
    """Return loadings of rank two whose overlaps have the eigenvalues ``growth +- i rate``, but for finite size."""
    m, noise = rng.normal(size=(2, n_units, 2))
    turn = np.array([[growth, -rate], [rate, growth]])
    return Loadings(m, m @ turn.T + 0.5 * noise)


def random_part(n_units: int, gain: float, rng: np.random.Generator) -> Floats:
    """Return independent Gaussian connections whose eigenvalues fill a disc of radius ``gain``."""
    return np.asarray(rng.normal(0.0, gain / np.sqrt(n_units), (n_units, n_units)))


def outlier_error(connections: Floats, loadings: Loadings, predicted: Loadings) -> float:
    """Return how far the outermost eigenvalues of a random network with structure lie from those predicted.

    Parameters
    ----------
    connections : array, shape (unit, unit)
        The random part.
    loadings : Loadings
        The structure.
    predicted : Loadings
        Those whose overlap matrix predicts.

    Returns
    -------
    float
        Largest distance of a predicted eigenvalue from the nearest of the outermost ones.
    """
    from scipy.sparse.linalg import eigs

    weights = connections + loadings.weights()
    # a fixed start: ARPACK would draw one of its own
    found = eigs(weights, k=loadings.rank + 1, ncv=60, tol=1e-4, v0=np.ones(len(weights)), return_eigenvectors=False)
    found = found[np.argsort(-np.abs(found))][: loadings.rank]
    wanted = np.linalg.eigvals(predicted.overlaps)
    return float(np.abs(wanted[:, None] - found).min(axis=1).max())


def sampled(shares: Floats, covariances: Floats, n_units: int, rng: np.random.Generator) -> Loadings:
    """Return loadings of rank two drawn from populations of mean zero."""
    of = rng.choice(len(shares), n_units, p=shares)
    drawn = np.empty((n_units, covariances.shape[1]))
    for p, covariance in enumerate(covariances):
        mine = of == p
        drawn[mine] = rng.multivariate_normal(np.zeros(len(covariance)), covariance, int(mine.sum()), method="eigh")
    return Loadings.split(drawn, 2)


def two_states(
    overlaps: Floats,
    n_units: int,
    rng: np.random.Generator,
    *,
    random_gain: float = 0.0,
    input_variance: float = 0.0,
    duration: float = 100.0,
    dt: float = 0.2,
) -> Floats:
    """Return how far apart a rank-one network stays from two opposite starts, for each overlap.

    All networks share m, the random part and the constant inputs; n is ``overlap m`` plus noise that is orthogonal to
    m, so that ``m.n / n_units`` is the overlap exactly.

    Parameters
    ----------
    overlaps : array, shape (network,)
    n_units : int
    rng : numpy.random.Generator
    random_gain, input_variance : float
        Of the random connections and of the constant inputs.
    duration, dt : float
        Of the run, in time constants; its last half is averaged.

    Returns
    -------
    array, shape (network,)
        Half the difference of kappa between the two starts.
    """
    m, noise = rng.normal(size=(2, n_units))
    m *= np.sqrt(n_units / (m @ m))
    noise = 0.5 * (noise - m * (m @ noise) / n_units)
    drive = np.sqrt(input_variance) * rng.normal(size=n_units)
    drive -= m * (m @ drive) / n_units
    connections = torch.from_numpy(random_part(n_units, random_gain, rng).T.copy()).float() if random_gain else None
    left, rest, constant = (torch.from_numpy(a).float() for a in (m, noise, drive))
    strength = torch.from_numpy(np.tile(overlaps, 2)).float()
    start = torch.cat([torch.ones(len(overlaps)), -torch.ones(len(overlaps))]) * 2
    x = start[:, None] * left
    steps = round(duration / dt)
    mean = torch.zeros(2 * len(overlaps))
    for step in range(steps):
        rates = torch.tanh(x)
        along = strength * (rates @ left) + rates @ rest
        current = along[:, None] * left / n_units + constant
        if connections is not None:
            current = current + rates @ connections
        x = x + dt * (current - x)
        if step >= steps // 2:
            mean += (x @ left) / n_units / (steps - steps // 2)
    above, below = mean.double().numpy().reshape(2, -1)
    return np.asarray((above - below) / 2)


def onset(overlaps: Floats, apart: Floats) -> float:
    """Return where two states appear: the square of their distance grows linearly from there (a pitchfork).

    A line is fitted to the squares between 0.05 and 0.5; NaN where fewer than two are.

    Examples
    --------
    >>> o = np.linspace(0.5, 2, 16)
    >>> round(onset(o, np.sqrt(np.maximum(o - 1.2, 0))), 6)
    1.2
    """
    square = apart**2 * np.sign(apart)
    used = (square > 0.05) & (square < 0.5)
    if used.sum() < 2:
        return float("nan")
    slope, offset = np.polyfit(overlaps[used], square[used], 1)
    return float(-offset / slope)


def context_populations(
    *, saturation: float = 30.0, evidence: float = 6.0, persistence: float = 2.6
) -> tuple[Floats, Floats]:
    """Return shares and covariances of two populations that integrate the evidence which the context asks for.

    All means are zero: the mechanism is in the covariances alone. Latent variable 2 collects evidence: n2 overlaps with
    the weights of motion in population 1, with those of colour in population 2. Latent variable 1 integrates it: n1
    overlaps with m2 and, to persist, with m1. Each cue drives the population far into saturation that collects the
    other evidence: contextual inputs set gains (Beiran et al. 2021; Dubreuil et al. 2022).

    Parameters
    ----------
    saturation : float
        Standard deviation of a cue's weights in the population that it switches off; 0 for none.
    evidence : float
        Standard deviation of the weights of motion and of colour.
    persistence : float
        Overlap of n1 and m1.

    Returns
    -------
    tuple of array
        Shares (2,) and covariances (2, loading, loading), in the order of `COLUMNS`.
    """
    spread, passed_on, own, little = 4.0, 2.0, 0.2, 0.3
    mixed = []
    for mine in (0, 1):
        other = 1 - mine
        # rows: loadings; columns: independent standard normal sources
        sources = np.zeros((8, 8))
        sources[0, 0] = spread
        sources[1, 1] = passed_on
        sources[2, [0, 1, 2]] = persistence / spread, 1.0, own
        sources[3, [4 + mine, 3]] = 1.0, own
        sources[4 + mine, 4 + mine], sources[4 + other, 4 + other] = evidence, little
        sources[6 + mine, 6 + mine], sources[6 + other, 6 + other] = little, max(saturation, little)
        mixed.append(sources @ sources.T)
    return np.array([0.5, 0.5]), np.array(mixed)


def deciding_network(loadings: Loadings, task: Task, *, random_gain: float = 0.0, seed: int = 0) -> RateRNN:
    """Return the network with these loadings (columns as `COLUMNS`) for the context-dependent decision.

    It reads the differences of the two channels of motion and of colour, and both cues; its choice is the sign of
    latent variable 1, read by n1.
    """
    n = loadings.n_units
    network = RateRNN(
        task.n_inputs, n, task.n_outputs, dt=task.dt, tau=0.1, nonlinearity="tanh", rank=2, random_gain=random_gain,
        bias=False, readout_bias=False, seed=seed,
    )  # fmt: skip
    motion, colour, judge_motion, judge_colour = loadings.inputs.T
    columns = [np.zeros(n), motion, -motion, colour, -colour, judge_motion, judge_colour]
    n1 = loadings.n[:, 0] / n
    weights = {
        "cells.0.left": loadings.m,
        "cells.0.right": loadings.n,
        "cells.0.input_weight": np.stack(columns, axis=1),
        "readout.weight": np.stack([np.zeros(n), n1, -n1]),
    }
    with torch.no_grad():
        for name, values in weights.items():
            network.get_parameter(name).copy_(torch.from_numpy(values))
    return network
