"""Where saddles lead: the graph of fixed points, and how alike two such graphs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.roots.newton import newton
from tertium.dynamics.roots.points import FixedPoints
from tertium.dynamics.step import Dynamics, as_dynamics
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Steps before the first look at where the runs are.
FIRST_LOOK = 32


@dataclass(frozen=True, eq=False)
class Connections:
    """Which attractors each saddle leads to.

    Attributes
    ----------
    found : FixedPoints
    starts : array of int, shape (run,)
        The saddle each run left.
    ends : array of int, shape (run,)
        The attractor it came to (or the saddle it came to rest on, in a symmetric system); -1 where it came to none.
    """

    found: FixedPoints
    starts: Integers
    ends: Integers

    @property
    def lost(self) -> int:
        """Runs that came to no attractor that is known: a cycle, a missed fixed point, or too few steps."""
        return int((self.ends < 0).sum())

    def reached(self, saddle: int) -> Integers:
        """Return the attractors that a saddle leads to, each once."""
        ends = np.unique(self.ends[(self.starts == saddle) & (self.ends >= 0)])
        return ends[self.found.stable[ends]]

    @property
    def adjacency(self) -> npt.NDArray[np.bool_]:
        """Whether two fixed points are joined, shape (k, k): a saddle with each point that it leads to."""
        joined = np.zeros((len(self.found), len(self.found)), dtype=bool)
        some = self.ends >= 0
        joined[self.starts[some], self.ends[some]] = True
        return joined | joined.T

    def neighbours(self) -> npt.NDArray[np.bool_]:
        """Return which attractors share a saddle of index 1 between them, shape (attractor, attractor)."""
        stable = np.flatnonzero(self.found.stable)
        joined = np.zeros((len(self.found), len(self.found)), dtype=bool)
        for saddle in np.flatnonzero(self.found.index == 1):
            reached = self.reached(int(saddle))
            joined[np.ix_(reached, reached)] = True
        np.fill_diagonal(joined, False)
        return joined[np.ix_(stable, stable)]

    def table(self) -> pd.DataFrame:
        """Return one row for each saddle and attractor that are joined, with the number of runs."""
        import pandas as pd

        runs = pd.DataFrame({"saddle": self.starts, "attractor": self.ends, "index": self.found.index[self.starts]})
        return runs.groupby(["saddle", "index", "attractor"]).size().rename("runs").reset_index()

    def figure(self, *, dimensions: int = 3) -> go.Figure:
        """Draw fixed points by index and lines from saddles of index 1 to the attractors they lead to."""
        from tertium.dynamics.roots.picture import connections_figure

        return connections_figure(self, dimensions=dimensions)


def connections(
    step: Any,
    found: FixedPoints,
    *,
    push: float = 1e-3,
    extra: int = 8,
    steps: int = 4096,
    dt: float = 0.1,
    near: float = 1e-2,
    seed: int = 0,
) -> Connections:
    """Let the system run from each saddle along its unstable directions, and see where it ends.

    It is pushed both ways along each unstable direction and, where there are two or more, along ``extra`` random
    mixtures of them both ways: a saddle of index 2 leads to whole arcs of states and so to several attractors.

    Parameters
    ----------
    step : callable, module or Dynamics
        The system, as in `fixed_points`; each point keeps its own input.
    found : FixedPoints
        Saddles and attractors.
    push : float
        Length of the push, relative to the root mean square norm of the points about their mean.
    extra : int
        Random directions in the unstable space of saddles of index 2 and more.
    steps : int
        Longest run, in steps.
    dt : float
        Of continuous time: step of the fourth-order Runge-Kutta method, in the velocity's unit of time.
    near : float
        A run has come to an attractor when it is so near, relative as ``push``; or when Newton's method leads from it
        to
        one and the same attractor at two looks, the second after twice the time (saturated gates creep up to their
        memory for tens of thousands of steps).
    seed : int
        Of the random directions.

    Raises
    ------
    BadInput
        If there is no saddle or no attractor.

    Examples
    --------
    >>> from tertium.dynamics import fixed_points
    >>> double_well = lambda h, x: h - h**3
    >>> found = fixed_points(double_well, np.linspace(-2, 2, 20)[:, None], time="continuous")
    >>> connections(double_well, found).reached(2).tolist()
    [0, 1]
    """
    saddles, attractors = np.flatnonzero(~found.stable), np.flatnonzero(found.stable)
    if not len(saddles) or not len(attractors):
        raise BadInput(
            "fixed points",
            got=f"{len(saddles)} saddles and {len(attractors)} attractors",
            expected="at least one of each",
            repair="Find more fixed points, from states that lie between the attractors (mixtures=True).",
        )
    channels: npt.ArrayLike = found.inputs[0]
    system = as_dynamics(step, found.points.shape[1], channels, time=found.time)
    spread = found.points - found.points.mean(0)
    size = float(np.sqrt((spread**2).sum(1).mean()))
    rng = Seeds(seed).numpy("directions")
    directions = [unstable_directions(found, int(k), extra, rng) for k in saddles]
    starts = np.concatenate([np.full(len(d), k) for k, d in zip(saddles, directions, strict=True)])
    states = found.points[starts] + push * size * np.concatenate(directions)
    ends = _run(system, states, found.inputs[starts], found, steps, dt, near * size)
    return Connections(found, starts, ends)


def unstable_directions(found: FixedPoints, which: int, extra: int, rng: np.random.Generator) -> Floats:
    """Return unit vectors out of a saddle, (direction, unit): both ways along each unstable mode, and mixtures."""
    values, right = np.linalg.eig(found.jacobians[which])
    grows = np.abs(values) > 1 if found.time == "discrete" else values.real > 0
    columns = []
    for value, vector in zip(values[grows], right[:, grows].T, strict=True):
        if value.imag >= 0:
            columns += [vector.real, vector.imag] if value.imag > 0 else [vector.real]
    basis = np.array(columns)
    if len(basis) > 1:
        orthonormal = np.linalg.qr(basis.T)[0].T
        basis = np.concatenate([basis, rng.standard_normal((extra, len(basis))) @ orthonormal])
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    return np.concatenate([basis, -basis])


def _run(
    system: Dynamics, states: Floats, inputs: Floats, found: FixedPoints, steps: int, dt: float, near: float
) -> Integers:
    """Return the fixed point that each state comes to, -1 where it comes to none; looked at in doubling intervals."""
    ends, aims = np.full(len(states), -1), np.full(len(states), -2)
    alive, look = np.arange(len(states)), FIRST_LOOK
    for done in range(1, steps + 1):
        states[alive] = _advance(system, states[alive], inputs[alive], dt)
        if done < look and done < steps:
            continue
        look *= 2
        alive = alive[np.isfinite(states[alive]).all(1)]
        if not len(alive):
            break
        h, x = states[alive], inputs[alive]
        here, ahead = _nearest(h, x, found, near), _aim(system, h, x, found, near)
        there = (here >= 0) & found.stable[here]
        # at rest on a saddle: a connection from saddle to saddle, as symmetric systems have them
        moved = np.linalg.norm(h - _advance(system, h, x, dt), axis=1)
        there |= (here >= 0) & (moved <= 1e-14 * (1 + np.linalg.norm(h, axis=1)))
        ends[alive[there]] = here[there]
        # on its way for twice the time and still bound for the same attractor
        bound = ~there & (ahead >= 0) & found.stable[ahead] & (ahead == aims[alive])
        ends[alive[bound]] = ahead[bound]
        aims[alive] = ahead
        alive = alive[~there & ~bound]
        if not len(alive):
            break
    return ends


def _nearest(states: Floats, inputs: Floats, found: FixedPoints, near: float) -> Integers:
    """Return the fixed point that is near each state, under the same input, -1 where there is none."""
    from scipy.spatial import cKDTree

    distance, which = cKDTree(found.points).query(states)
    same = (found.inputs[which] == inputs).all(1)
    return np.where(same & (distance < near), which, -1)


def _aim(system: Dynamics, states: Floats, inputs: Floats, found: FixedPoints, near: float) -> Integers:
    """Return the fixed point that Newton's method comes to from each state, -1 where it comes to none that is known."""
    search = newton(system, states, inputs)
    return np.where(search.converged, _nearest(search.states, inputs, found, near), -1)


def _advance(system: Dynamics, h: Floats, x: Floats, dt: float) -> Floats:
    if system.time == "discrete":
        return system.move(h, x)
    first = system.move(h, x)
    second = system.move(h + dt / 2 * first, x)
    third = system.move(h + dt / 2 * second, x)
    fourth = system.move(h + dt * third, x)
    return h + dt / 6 * (first + 2 * second + 2 * third + fourth)


def graph_distance(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Compare two graphs by the spectra of their normalised Laplacians, whatever the order of their points.

    Parameters
    ----------
    first, second : array-like of bool, shape (n, n) and (m, m)
        Adjacency matrices (`Connections.neighbours`, `Connections.adjacency`).

    Returns
    -------
    float
        Mean absolute difference of the two spectra as distributions (their first Wasserstein distance), 0 to 2; 0 for
        graphs that are the same but for the order, and for the few pairs of different graphs with one spectrum.

    Examples
    --------
    >>> square = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
    >>> order = [2, 0, 3, 1]
    >>> round(graph_distance(square, square[np.ix_(order, order)]), 9)
    0.0
    >>> graph_distance(square, 1 - np.eye(4)) > 0.1
    True
    """
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(_spectrum(first), _spectrum(second)))


def _spectrum(adjacency: npt.ArrayLike) -> Floats:
    joined = np.asarray(adjacency, dtype=np.float64)
    if joined.ndim != 2 or joined.shape[0] != joined.shape[1] or not len(joined) or (joined != joined.T).any():
        raise BadInput(
            "graph", got=f"shape {joined.shape}", expected="a symmetric adjacency matrix, at least one point"
        )
    degree = joined.sum(1)
    scale = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    return np.asarray(np.linalg.eigvalsh(np.diag((degree > 0).astype(float)) - scale[:, None] * joined * scale))
