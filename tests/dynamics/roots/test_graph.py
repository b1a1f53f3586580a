"""Saddles lead where they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.dynamics import connections, fixed_points, graph_distance
from tertium.errors import BadInput


def cube(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(2 * h + x)


def test_the_memories_of_three_bits_are_the_corners_of_a_cube() -> None:
    found = fixed_points(cube, np.random.default_rng(0).uniform(-1.2, 1.2, (1000, 3)))
    graph = connections(cube, found)
    assert graph.lost == 0
    signs = np.sign(found.points)
    for saddle in np.flatnonzero(found.index == 1):
        ends = graph.reached(int(saddle))
        assert len(ends) == 2
        assert (signs[ends[0]] != signs[ends[1]]).sum() == 1, "two memories that differ in one bit"
    corners = graph.neighbours()
    assert corners.sum(1).tolist() == [3] * 8
    planted = np.abs(signs[found.stable][:, None] - signs[found.stable]).sum(2) == 2
    assert np.array_equal(corners, planted)
    assert graph_distance(corners, planted) == pytest.approx(0, abs=1e-12)
    faces = [len(graph.reached(int(k))) for k in np.flatnonzero(found.index == 2)]
    assert faces == [4] * 6, "the middle of a face leads to its four corners"
    assert graph.table().runs.sum() == len(graph.starts)
    for dimensions in (2, 3):
        names = [trace.name for trace in graph.figure(dimensions=dimensions).data]
        assert {"stable (n = 8)", "1 unstable (n = 12)", "leads to"} <= set(names)


def test_a_run_that_comes_to_a_cycle_is_lost() -> None:
    def system(h: np.ndarray, x: np.ndarray) -> np.ndarray:
        # in the first two units a limit cycle round the origin, in the third a bistable unit that is coupled to nothing
        radius = (h[:, :2] ** 2).sum(1, keepdims=True)
        turn = np.stack([-h[:, 1], h[:, 0]], axis=1)
        return np.concatenate([(1 - radius) * h[:, :2] + turn, -h[:, 2:]], axis=1)

    starts = np.random.default_rng(0).normal(size=(30, 3))
    found = fixed_points(system, starts, time="continuous")
    with pytest.raises(BadInput, match="0 attractors"):
        connections(system, found)


def test_distance_of_graphs_is_symmetric_and_tells_a_ring_from_a_star() -> None:
    ring = np.roll(np.eye(6), 1, 0) + np.roll(np.eye(6), -1, 0)
    star = np.zeros((6, 6))
    star[0, 1:] = star[1:, 0] = 1
    assert graph_distance(ring, star) == graph_distance(star, ring) > 0.2
    order = np.random.default_rng(0).permutation(6)
    assert graph_distance(ring, ring[np.ix_(order, order)]) == pytest.approx(0, abs=1e-12)
    with pytest.raises(BadInput, match="symmetric"):
        graph_distance(np.triu(np.ones((3, 3))), ring)


def test_pictures_of_points_and_eigenvalues() -> None:
    found = fixed_points(cube, np.random.default_rng(0).uniform(-1.2, 1.2, (300, 3)))
    drawn = found.figure(np.random.default_rng(1).normal(size=(4, 10, 3)))
    assert sum(trace.name == "trajectories" for trace in drawn.data) == 1
    assert "unit circle" in {trace.name for trace in found.eigenvalue_figure().data}
    with pytest.raises(BadInput, match="2 or 3"):
        found.figure(dimensions=4)
    nothing = fixed_points(lambda h, x: h + 1, np.zeros((1, 2)), slow=None)
    with pytest.raises(BadInput, match="none"):
        nothing.figure()
