"""Measurements of FND11: two ways to one gradient, products of Jacobians, Lyapunov spectra, memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tertium.learning.rule import Rule, Trials
from tertium.learning.rules.effective_weights import EffectiveWeights
from tertium.learning.rules.rtrl import add_gradient, influences
from tertium.learning.rules.stepped import OneStep
from tertium.models import RateCell, RateRNN, RecurrentNetwork
from tertium.rng import Seeds

Floats = NDArray[np.float64]
Goal = Callable[[torch.Tensor, Trials], torch.Tensor]


def gradient_differences(
    rule: Rule, exact: Rule, model: RecurrentNetwork, trials: Trials, goal: Goal, seeds: Seeds
) -> dict[str, float]:
    """Return for each parameter the largest difference of two rules' gradients, over the largest exact entry."""
    found = []
    for one in (rule, exact):
        one.fill(model, trials, goal, seeds=seeds)
        found.append({n: p.grad.detach().clone() for n, p in model.named_parameters() if p.grad is not None})
    theirs, true = found
    return {n: float((theirs[n] - g).abs().max() / g.abs().max()) for n, g in true.items()}


def discrete_cell(weights: Floats) -> RateCell:
    """Return tanh units in discrete time, h' = W tanh(h) + drive, with these recurrent weights (target x source)."""
    cell = RateCell(1, len(weights), dt=0.1, tau=0.1, nonlinearity="tanh", bias=False).double()
    with torch.no_grad():
        cell.recurrent_weight.copy_(torch.from_numpy(weights))
    return cell


def step_jacobians(cell: RateCell, trajectories: int, steps: int, drive: float, rng: np.random.Generator) -> Floats:
    """Run a cell under private white noise and return dh_t / dh_{t-1}, shape (step, trajectory, unit, unit).

    100 steps are run before, so that the states are those the network visits.
    """
    before = 100
    states = torch.from_numpy(rng.normal(size=(trajectories, cell.n_units)))
    visited = []
    with torch.no_grad():
        for t in range(before + steps):
            if t >= before:
                visited.append(states)
            noise = torch.from_numpy(drive * rng.normal(size=states.shape))
            states, _ = cell.step(states, states.new_zeros(trajectories, 1), noise)
        # the noise is added and leaves the Jacobian as it is
        derivative = torch.func.vmap(torch.func.jacrev(lambda h: cell.step(h[None], h.new_zeros(1, 1))[0][0]))
        pieces = torch.cat(visited).split(512)  # many states at once, as far as memory goes
        jacobians = np.concatenate([derivative(piece).numpy() for piece in pieces])
    return jacobians.reshape(steps, trajectories, cell.n_units, cell.n_units)


def lyapunov_spectrum(jacobians: Floats, discard: int = 50) -> Floats:
    """Return the Lyapunov exponents of one long trajectory in nats a step, the largest first (Benettin et al. 1980).

    Tangent vectors are carried along and made orthonormal again (QR) at each step; exponents are the mean logarithms of
    the stretching. ``jacobians`` has shape (step, unit, unit).
    """
    n = jacobians.shape[-1]
    frame, total = np.eye(n), np.zeros(n)
    for t, jacobian in enumerate(jacobians):
        frame, stretched = np.linalg.qr(jacobian @ frame)
        if t >= discard:
            total += np.log(np.abs(np.diag(stretched)))
    return np.sort(total / (len(jacobians) - discard))[::-1]


def product_norms(jacobians: Floats, at: NDArray[np.int64]) -> dict[str, Floats]:
    """Return the mean logarithm of the size of dh_T / dh_0 for each T in ``at``, over trajectories, by kind of size.

    Parameters
    ----------
    jacobians : numpy.ndarray, shape (step, trajectory, unit, unit)
    at : numpy.ndarray, shape (horizon,)
        Numbers of steps T.

    Returns
    -------
    dict
        "spectral": the largest singular value; "frobenius": the root mean square of all singular values; "volume":
        their geometric mean, |det|^(1/N). Each of shape (horizon,).
    """
    n = jacobians.shape[-1]
    product = np.broadcast_to(np.eye(n), jacobians.shape[1:])
    volumes = np.linalg.slogdet(jacobians)[1].cumsum(axis=0).mean(axis=1) / n  # the product itself is soon singular
    wanted, spectral, frobenius = set(at.tolist()), [], []
    for t, jacobian in enumerate(jacobians, start=1):
        product = jacobian @ product
        if t in wanted:
            spectral.append(np.log(np.linalg.norm(product, 2, axis=(1, 2))).mean())
            frobenius.append(np.log(np.linalg.norm(product, axis=(1, 2)) / np.sqrt(n)).mean())
    return {"spectral": np.array(spectral), "frobenius": np.array(frobenius), "volume": volumes[at - 1]}


def line(x: Floats | NDArray[np.int64], y: Floats) -> tuple[float, float]:
    """Return the slope of the least-squares line and the fraction of variance it explains (0 where there is none).

    Examples
    --------
    >>> slope, explained = line(np.array([0, 1, 2]), np.array([1.0, 3.0, 5.0]))
    >>> round(slope, 6), round(explained, 6)
    (2.0, 1.0)
    >>> line(np.array([0, 1, 2]), np.array([4.0, 4.0, 4.0]))
    (0.0, 0.0)
    """
    away = y - y.mean()
    if not away.any():
        return 0.0, 0.0
    centred = x - x.mean()
    slope = float(centred @ away / (centred @ centred))
    return slope, float(1 - ((away - slope * centred) ** 2).sum() / (away**2).sum())


class PeakBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that are made inside and are alive at once.

    Examples
    --------
    >>> with PeakBytes() as counted:
    ...     for _ in range(5):
    ...         made = torch.zeros(100, dtype=torch.float64) + 1
    >>> counted.peak   # the one before, the zeros, and the sum
    2400
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak, self._live, self._known = 0, 0, weakref.WeakSet[Any]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {id(t.untyped_storage()) for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)}
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage(), given)
        return out

    def _count(self, storage: Any, given: set[int]) -> None:
        # a view, or the result of an operation in place, lives in the storage of what was given
        if id(storage) in given or storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self._live += size
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self._live -= size


def small_network(units: int, seed: int) -> RateRNN:
    """Return a tanh network of 2 inputs and 1 output in float64."""
    return RateRNN(2, units, 1, dt=0.1, tau=0.2, nonlinearity="tanh", seed=seed).double()


def bytes_of_bptt(network: RecurrentNetwork, xs: torch.Tensor, targets: torch.Tensor) -> int:
    """Return the peak of bytes when the squared error of a run is back-propagated."""
    network.zero_grad(set_to_none=True)
    with PeakBytes() as counted:
        outputs, _ = network(xs)
        ((outputs - targets) ** 2).sum().backward()
    return counted.peak


def bytes_of_rtrl(network: RecurrentNetwork, xs: torch.Tensor, targets: torch.Tensor) -> int:
    """Return the peak of bytes when the same gradient is gathered on the way, step by step."""
    with PeakBytes() as counted:
        online_gradient(network, xs, targets)
    return counted.peak


def online_gradient(network: RecurrentNetwork, xs: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the gradient of the summed squared error, worked out while the network runs; nothing past is kept."""
    weights = EffectiveWeights(network)
    one, total = OneStep(weights), weights.zeros()
    for (states, influence), target in zip(influences(weights, xs, [None]), targets, strict=True):
        outputs, _ = one.read(weights.values, states)
        add_gradient(total, one, weights.values, states, influence, 2 * (outputs - target))
    return total
