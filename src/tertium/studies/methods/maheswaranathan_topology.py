"""What stays where it is in a network under a constant input, and what leads to what: the graph of Maheswaranathan.

Definition, written down before the test. Under one constant input a network's graph has

- a point for each fixed point within reach (no farther from the mean visited state than states are that were visited
  in trials or come to when the network is left alone, and a tenth) that is stable or has one unstable direction;
- a ring of `RING` points for each closed orbit that a run from a fixed point whose one unstable mode is a complex pair
  ends on, and that fixed point itself, its centre. Other points with two and more unstable directions are counted, but
  do not belong to it;
- a path of `SEGMENT` points for a line: states at rest fill it (`FILLED`), and those on it stay where they are for a
  trial (`DRIFT`). Fixed points on it, or on its continuation, belong to the line and are no points of their own:
  within a trial nobody sees them;
- an edge from an unstable fixed point to each stable one that its runs come to, and from a centre to all of its ring.

Nothing in it knows the task. The graph of a network is that of all constant inputs of its task side by side; since
`tertium.dynamics.graph_distance` compares spectra as distributions, the number of inputs does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tertium.dynamics import FixedPoints, as_dynamics, connections, fixed_points
from tertium.dynamics.modules import step_of_module
from tertium.dynamics.roots.graph import unstable_directions
from tertium.dynamics.states import sample_states
from tertium.dynamics.step import Dynamics
from tertium.rng import Seeds

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: Points that stand for a closed orbit, and for a line.
RING, SEGMENT = 6, 6

#: Places along a line, and the least share of them that has to stay where it is.
PLACES, SHARE = 11, 0.8

#: How far a state of a line may be from where it was a trial before, in lengths of the line.
DRIFT = 0.25

#: The least share of so many equal parts of a line that states at rest have to be found in.
FILLED, PARTS = 0.8, 20

#: How far beyond visited states a fixed point may lie, relative to their largest distance from their mean.
REACH = 1.1

#: States that rest under the input for a trial, to look for a line through them.
RESTED = 512

#: States that are left alone for so many trials, to see where they end.
LEFT, TRIALS = 64, 12


@dataclass(frozen=True)
class Line:
    """States that move along one direction only, held at places along it.

    Attributes
    ----------
    centre, direction : array, shape (unit,)
        Where places are counted from, and along what.
    length : float
        From the first place to the last.
    points : array, shape (place, unit)
        NaN where there is no such state.
    drift : array, shape (place,)
        How far each state is from where it was a trial before, in lengths; infinite where there is none.
    filled : float
        Share of its parts in which states at rest are found.
    """

    centre: Floats
    direction: Floats
    length: float
    points: Floats
    drift: Floats
    filled: float = 0.0

    @property
    def there(self) -> bool:
        """Whether states at rest fill it, and enough of it stays where it is."""
        return self.filled >= FILLED and bool((self.drift <= DRIFT).mean() >= SHARE)


def anatomy(cell: Any, states: Floats, cue: Floats, starts: int, seeds: Seeds) -> dict[str, Any]:
    """Take a network apart under one constant input.

    Parameters
    ----------
    cell : Cell
        The recurrent cell.
    states : array, shape (trial, time, unit)
        Where it has been, doing its task.
    cue : array, shape (channel,)
        The constant input.
    starts : int
        States that fixed points are looked for from.
    seeds : Seeds

    Returns
    -------
    dict
        Of the fixed points within reach ``points, index, eigenvalues`` (real, imaginary), ``certified``; ``near``, the
        one nearest to the mean of states at rest, -1 without any; ``graph``, the adjacency; ``nodes``, the fixed point
        that each point of the graph is, -1 in rings and paths; ``rings``, the number of centres of closed orbits;
        ``line``, whether there is one,
        ``line_points, line_drift, filled``; ``on_line``, the number of fixed points that belong to it.
    """
    system = as_dynamics(cell, states.shape[-1], cue)
    rested = rest(system, sample_states(states, RESTED, seed=seeds.integer("rest") % 2**31), cue, states.shape[1])
    ended = rest(system, rested[:LEFT], cue, TRIALS * states.shape[1])
    visited = np.concatenate([states.reshape(-1, states.shape[-1]), ended])
    mixed = sample_states(visited, starts, mixtures=True, seed=seeds.integer("starts") % 2**31)
    between = sample_states(ended, starts, mixtures=True, seed=seeds.integer("ended") % 2**31)
    found = fixed_points(cell, np.concatenate([mixed, between, ended]), cue, slow=None)
    found = found.take(within_reach(found.points, visited))
    line = line_through(cell, system, rested, cue, states.shape[1])
    free = ~on_line(cell, line, found.points, cue) if line.there else np.ones(len(found), dtype=bool)
    centres = centres_of_orbits(system, found, free, cue, states.shape[1])
    kept = np.flatnonzero((free & (found.index <= 1)) | np.isin(np.arange(len(found)), list(centres)))
    graph, nodes = graph_of(cell, found.take(kept), [centres.get(int(k)) for k in kept], line)
    distance = np.linalg.norm(found.points - rested.mean(0), axis=1)
    return {
        "points": found.points,
        "index": found.index,
        "eigenvalues": np.stack([found.eigenvalues.real, found.eigenvalues.imag], axis=-1),
        "certified": found.certified,
        "near": int(distance.argmin()) if len(found) else -1,
        "nodes": np.where(nodes >= 0, kept[nodes] if len(kept) else -1, -1),
        "graph": graph,
        "rings": len(centres),
        "line": line.there,
        "line_points": line.points,
        "line_drift": line.drift,
        "filled": line.filled,
        "on_line": int((~free).sum()),
    }


def rest(system: Dynamics, states: Floats, cue: Floats, steps: int) -> Floats:
    """Let states run on under a constant input."""
    x = system.inputs(cue, len(states))
    for _ in range(steps):
        states = system.move(states, x)
    return states


def within_reach(points: Floats, visited: Floats) -> NDArray[np.int64]:
    """Return which points are no farther from the mean visited state than visited states are, and a tenth.

    Examples
    --------
    >>> within_reach(np.array([[0.0], [1.05], [3.0]]), np.array([[-1.0], [1.0]])).tolist()
    [0, 1]
    """
    centre = visited.mean(0)
    most = np.linalg.norm(visited - centre, axis=1).max()
    return np.flatnonzero(np.linalg.norm(points - centre, axis=1) <= REACH * most)


def centres_of_orbits(
    system: Dynamics, found: FixedPoints, free: Booleans, cue: Floats, trial: int
) -> dict[int, Floats]:
    """Return the closed orbits that runs from fixed points with one unstable complex pair end on, by the point."""
    orbits = {}
    for point in np.flatnonzero(free & (found.index == 2)):
        if found.eigenvalues[point, 0].imag != 0:
            orbit = orbit_from(system, found, int(point), cue, trial)
            if closed_orbit(orbit):
                orbits[int(point)] = orbit
    return orbits


def line_through(cell: Any, system: Dynamics, rested: Floats, cue: Floats, trial: int) -> Line:
    """Lay a line through states at rest and see how far its states are from where they were a trial before.

    Newton's method ends at the few fixed points of what is nearly a line. So a place along the first principal
    component is held and a state is looked for whose velocity across it vanishes (as in `studies.methods.mante_lines`).
    """
    centre = rested.mean(0)
    direction = np.linalg.svd(rested - centre, full_matrices=False)[2][0]
    along = (rested - centre) @ direction
    low, high = np.quantile(along, [0.05, 0.95])
    length = float(high - low)
    blank = Line(centre, direction, length, np.full((PLACES, len(centre)), np.nan), np.full(PLACES, np.inf))
    if length <= 1e-3 * (1e-12 + float(np.linalg.norm(centre))):
        return blank
    points = held(cell, blank, rested, np.linspace(float(low), float(high), PLACES), cue)
    solved = np.isfinite(points).all(1)
    drift = np.full(PLACES, np.inf)
    later = rest(system, points[solved], cue, trial)
    drift[solved] = np.linalg.norm(later - points[solved], axis=1) / length
    filled = float((np.histogram(along, PARTS, (float(low), float(high)))[0] > 0).mean())
    return Line(centre, direction, length, points, drift, filled)


def held(cell: Any, line: Line, starts: Floats, places: Floats, cue: Floats) -> Floats:
    """Return a state at each place along a line's direction that moves along it only, NaN where none was found."""
    step, channels = step_of_module(cell, len(line.centre))
    middle, along = torch.from_numpy(line.centre), torch.from_numpy(line.direction)

    def velocity(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        moved = step(h, x[:, :channels]) - h
        missing = x[:, channels] - (h - middle) @ along
        return moved + (missing - moved @ along)[:, None] * along

    at = (starts - line.centre) @ line.direction
    nearest = starts[np.abs(at - places[:, None]).argmin(1)]
    inputs = np.concatenate([np.tile(cue, (len(places), 1)), places[:, None]], axis=1)
    found = fixed_points(velocity, nearest, inputs, time="continuous", slow=None)
    points = np.full((len(places), len(line.centre)), np.nan)
    for point, place in zip(found.points, found.inputs[:, -1], strict=True):
        points[places == place] = point
    return points


def on_line(cell: Any, line: Line, points: Floats, cue: Floats) -> Booleans:
    """Return which fixed points lie on a line or on its continuation: the state held at their place is they."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    solved = line.points[np.isfinite(line.points).all(1)]
    places = (points - line.centre) @ line.direction
    at = held(cell, line, solved, places, cue)
    distance = np.linalg.norm(at - points, axis=1)
    return np.asarray(np.nan_to_num(distance, nan=np.inf) <= line.length / PLACES)


def graph_of(
    cell: Any, found: FixedPoints, orbits: list[Floats | None], line: Line
) -> tuple[Booleans, NDArray[np.int64]]:
    """Return the graph's adjacency, and the fixed point that each of its points is (-1 in rings and paths).

    ``orbits`` holds the closed orbit that each fixed point is the centre of, if it is.
    """
    nodes, edges = list(range(len(found))), set[tuple[int, int]]()
    if line.there:
        add(nodes, edges, SEGMENT, closed=False)
    saddles = found.index == 1
    if saddles.any() and found.stable.any():
        runs = connections(cell, found.take(np.flatnonzero(saddles | found.stable)))
        place = np.flatnonzero(saddles | found.stable)
        edges |= {(int(place[a]), int(place[b])) for a, b in zip(runs.starts, runs.ends, strict=True) if b >= 0}
    rings: list[tuple[Floats, list[int]]] = []
    for centre, orbit in enumerate(orbits):
        if orbit is None:
            continue
        ring = next((members for other, members in rings if same_orbit(orbit, other)), None)
        if ring is None:
            ring = add(nodes, edges, RING, closed=True)
            rings.append((orbit, ring))
        edges |= {(centre, member) for member in ring}
    adjacency = np.zeros((max(len(nodes), 1),) * 2, dtype=bool)
    for a, b in edges:
        adjacency[a, b] = adjacency[b, a] = True
    return adjacency, np.array([node if node < len(found) else -1 for node in nodes] or [-1], dtype=np.int64)


def add(nodes: list[int], edges: set[tuple[int, int]], size: int, *, closed: bool) -> list[int]:
    """Add a path or a ring of points to a graph, and return them."""
    members = list(range(len(nodes), len(nodes) + size))
    nodes += members
    edges |= set(pairwise(members)) | ({(members[0], members[-1])} if closed else set())
    return members


def orbit_from(system: Dynamics, found: FixedPoints, saddle: int, cue: Floats, trial: int) -> Floats:
    """Push a fixed point along its first unstable direction; return the states of as many trials, after as many."""
    out = unstable_directions(found, saddle, 0, Seeds(0).numpy("unused"))[:1]
    size = np.linalg.norm(found.points[saddle]) + 1e-3
    state = rest(system, found.points[[saddle]] + 1e-2 * size * out, cue, TRIALS * trial)
    x, states = system.inputs(cue, 1), []
    for _ in range(TRIALS * trial):
        state = system.move(state, x)
        states.append(state[0])
    return np.array(states)


def closed_orbit(orbit: Floats) -> bool:
    """Whether a run goes round and round: its later states are all near earlier ones, and it does not stand still.

    Examples
    --------
    >>> angle = 0.3 * np.arange(600)
    >>> round_and_round = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> closed_orbit(round_and_round), closed_orbit(round_and_round * 0.99 ** np.arange(600)[:, None])
    (True, False)
    """
    half = len(orbit) // 2
    size = float(np.linalg.norm(orbit[half:] - orbit[half:].mean(0), axis=1).mean())
    if not np.isfinite(size) or size <= 1e-3 * float(np.linalg.norm(orbit, axis=1).mean()):
        return False
    distance, _ = cKDTree(orbit[:half]).query(orbit[half:])
    return bool(np.quantile(distance, 0.95) <= 0.1 * size)


def same_orbit(first: Floats, second: Floats) -> bool:
    """Whether two runs end on the same closed orbit."""
    size = float(np.linalg.norm(first - first.mean(0), axis=1).mean())
    distance, _ = cKDTree(first).query(second)
    return bool(np.quantile(distance, 0.95) <= 0.1 * size)


def side_by_side(graphs: list[Booleans]) -> Booleans:
    """Return several graphs as one without edges between them.

    Examples
    --------
    >>> side_by_side([np.ones((1, 1), dtype=bool), np.zeros((2, 2), dtype=bool)]).sum().item()
    1
    """
    size = sum(len(graph) for graph in graphs)
    whole, at = np.zeros((size, size), dtype=bool), 0
    for graph in graphs:
        whole[at : at + len(graph), at : at + len(graph)] = graph
        at += len(graph)
    return whole
