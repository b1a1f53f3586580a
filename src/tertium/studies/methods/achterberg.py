"""Networks in space: how they are made, and whether function lies in it (Achterberg et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.models import RateRNN
from tertium.models.wiring import SpatialEmbedding, constrain, grid
from tertium.rng import Seeds

if TYPE_CHECKING:
    from tertium.tasks.task import TaskLike

Floats = NDArray[np.float64]


def network_in_space(task: TaskLike, shape: tuple[int, int, int], seeds: Seeds) -> RateRNN:
    """Return the paper's network before training: discrete ReLU units on the points of a lattice.

    ``r' = relu(W r + W_in x + b)``; W begins as a rotation, inputs and read-out as uniform numbers in
    ``+-sqrt(6 / (sources + targets))`` (Glorot), the defaults of the layers that the paper's public code uses.

    Parameters
    ----------
    task : TaskLike
        Gives channels and time step.
    shape : three ints
        Units along x, y, z; neighbours are one unit of length apart.
    seeds : Seeds
        Of the weights.
    """
    network = RateRNN(
        task.n_inputs,
        int(np.prod(shape)),
        task.n_outputs,
        dt=task.dt,
        tau=task.dt,
        form="rate",
        nonlinearity="relu",
        init="orthogonal",
        seed=seeds.integer("network"),
    )
    with torch.no_grad():
        for name, weight in (("input", network.cell.input_weight), ("readout", network.readout.weight)):
            assert isinstance(weight, torch.Tensor)
            ends = float(np.sqrt(6 / sum(weight.shape)))
            weight.uniform_(-ends, ends, generator=seeds.torch(name))
    constrain(network.cell, SpatialEmbedding(grid(*shape)))
    return network


def shuffle_distances(network: RateRNN, rng: np.random.Generator) -> None:
    """Give each pair of units the distance of another pair, so that the wiring cost knows no space any more.

    Shuffling pairs, not places: a network whose units swap places is the same network under other names, and as
    modular; distances of shuffled pairs fit into no space at all.
    """
    places: Any = network.cell.places
    apart = places.distances.numpy()
    pairs = np.triu_indices(len(apart), 1)
    shuffled = np.zeros_like(apart)
    shuffled[pairs] = rng.permutation(apart[pairs])
    places.distances.copy_(torch.from_numpy(shuffled + shuffled.T))


def recurrent_weights(network: RateRNN) -> Floats:
    """Return the weights between units, shape (target, source)."""
    weight = network.cell.recurrent_weight
    assert isinstance(weight, torch.Tensor)
    return weight.detach().numpy().astype(np.float64)


def distances(shape: tuple[int, int, int]) -> Floats:
    """Return how far apart the units of a lattice are, shape (unit, unit)."""
    places = grid(*shape)
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


class Snapshots:
    """A hook of `tertium.learning.fit` that keeps a network's weights every so many steps.

    Parameters
    ----------
    every : int
        Steps between two snapshots.

    Attributes
    ----------
    kept : list of dict
        Name of a weight -> tensor, oldest first.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self.kept: list[dict[str, torch.Tensor]] = []
        self._step = 0

    def after_step(self, model: nn.Module, seeds: Seeds) -> None:
        """Keep the weights if it is time."""
        self._step += 1
        if self._step % self.every == 0:
            self.kept.append({name: value.detach().clone() for name, value in model.state_dict().items()})

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on."""
        return {"step": self._step, "kept": list(self.kept)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._step, self.kept = int(state["step"]), list(state["kept"])


@dataclass(frozen=True)
class Selectivity:
    """What of a unit's activity the goal explains, and what the options.

    Attributes
    ----------
    goal, options : array, shape (unit,)
        Unique fractions of the variance over trials (0 to 1): what each adds to the other in a linear model.
    active : array of bool, shape (unit,)
        Units whose activity varies with the trial.
    """

    goal: Floats
    options: Floats
    active: NDArray[np.bool_]

    def goal_share(self) -> Floats:
        """Return goal / (goal + options) of the active units: 0.5 is an even mixture, 0 and 1 pure selectivity."""
        goal, options = self.goal[self.active], self.options[self.active]
        both = goal + options
        return np.divide(goal, both, out=np.full_like(both, np.nan), where=both > 0)

    def distance_from_even(self) -> float:
        """Return how far the active units are from mixing goal and options evenly, 0 to 0.5; NaN without such units."""
        share = self.goal_share()
        return float(np.nanmean(np.abs(share - 0.5))) if np.isfinite(share).any() else float("nan")


def selectivity(activity: Floats, goal: Floats, options: Floats, floor: float = 0.01) -> Selectivity:
    """Split the variance of units over trials between two sets of regressors.

    The two are correlated in this task (a goal makes some options likelier). What they share is given to neither:
    counted twice, it would make every unit look mixed.

    Parameters
    ----------
    activity : array, shape (trial, unit)
    goal : array, shape (trial, regressor)
        One column for each goal.
    options : array, shape (trial, regressor)
        One column for each step on offer.
    floor : float
        Units count as active whose spread over trials is more than this fraction of the most variable unit's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 500, 1))
    >>> s = selectivity(np.hstack([a, a + b, 0 * a]), a, b)
    >>> s.goal_share().round(1).tolist(), s.active.tolist()
    ([1.0, 0.5], [True, True, False])
    """
    both = _unexplained(activity, np.hstack([goal, options]))
    without_goal, without_options = _unexplained(activity, options), _unexplained(activity, goal)
    variance = activity.var(axis=0)
    active = np.sqrt(variance) > floor * np.sqrt(variance.max(initial=0.0))
    scale = np.where(active, variance, 1.0)
    by_goal = np.where(active, np.clip((without_goal - both) / scale, 0.0, 1.0), 0.0)
    by_options = np.where(active, np.clip((without_options - both) / scale, 0.0, 1.0), 0.0)
    return Selectivity(by_goal, by_options, active)


def _unexplained(activity: Floats, regressors: Floats) -> Floats:
    """Return the variance that is left after a linear model with intercept, shape (unit,)."""
    x = np.hstack([np.ones((len(regressors), 1)), regressors])
    weights = np.linalg.lstsq(x, activity, rcond=None)[0]
    return ((activity - x @ weights) ** 2).mean(axis=0)


@dataclass(frozen=True)
class Nearness:
    """Whether units that do the same lie closer to each other than by chance.

    Attributes
    ----------
    ratio : float
        Their mean distance, over the mean of the permutations.
    z : float
        The difference in standard deviations of the permutations; negative is closer.
    p : float
        One-sided p value of the permutations.
    """

    ratio: float
    z: float
    p: float


def nearness(function: Floats, apart: Floats, rng: np.random.Generator, permutations: int = 1000) -> Nearness:
    """Test whether units with much of a function are near each other, by permuting units over places.

    The mean distance of all pairs of units is weighted by how much of the function both have (product).

    Parameters
    ----------
    function : array, shape (unit,)
        How much of it each unit has (explained variance), not negative.
    apart : array, shape (unit, unit)
        Distances.
    rng : numpy.random.Generator
        Of the permutations.
    permutations : int
        Number.

    Returns
    -------
    Nearness
        NaN where fewer than two units have any of the function.

    Examples
    --------
    >>> apart = np.abs(np.subtract.outer(np.arange(30.0), np.arange(30.0)))
    >>> nearness(np.repeat([1.0, 0.0], 15), apart, np.random.default_rng(0)).p < 0.01
    True
    """
    if (function > 0).sum() < 2:
        return Nearness(np.nan, np.nan, np.nan)
    places = np.array([np.arange(len(function)), *(rng.permutation(len(function)) for _ in range(permutations))])
    weights = function[places]  # (permutation, unit), the first as it is
    total = np.einsum("pi,ij,pj->p", weights, apart, weights, optimize=True)
    found = total / (weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1))
    observed, null = found[0], found[1:]
    closer = (1 + (null <= observed).sum()) / (permutations + 1)
    return Nearness(float(observed / null.mean()), float((observed - null.mean()) / null.std()), float(closer))
