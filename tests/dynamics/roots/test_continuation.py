"""Branches of systems whose bifurcations are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.dynamics import branches_figure, fixed_points, follow
from tertium.errors import BadInput


def cusp(h: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x + h - h**3


def pitchfork(h: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x * h - h**3


def hopf(h: np.ndarray, x: np.ndarray) -> np.ndarray:
    radius = (h**2).sum(1, keepdims=True)
    return (x - radius) * h + 3.0 * np.stack([-h[:, 1], h[:, 0]], axis=1)


def logistic(h: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x * h * (1 - h)


def test_a_branch_goes_round_two_folds() -> None:
    (branch,) = follow(cusp, np.array([[-1.32]]), [[-1.0], [1.0]], time="continuous")
    assert branch.ended == "border"
    folds = [2 * one.at - 1 for one in branch.bifurcations]
    assert folds == pytest.approx([2 / np.sqrt(27), -2 / np.sqrt(27)], abs=2e-3)
    assert [one.kind for one in branch.bifurcations] == ["fold", "fold"]
    # all on the curve, h^3 - h = x, the middle part unstable
    x = 2 * branch.parameter - 1
    assert np.allclose(branch.points[:, 0] ** 3 - branch.points[:, 0], x, atol=1e-8)
    assert np.array_equal(branch.index == 1, np.abs(branch.points[:, 0]) < 1 / np.sqrt(3))


def test_a_pitchfork_is_a_branch_point_and_the_branch_goes_on() -> None:
    (branch,) = follow(pitchfork, np.zeros((1, 1)), [[-1.0], [1.0]], time="continuous")
    assert np.allclose(branch.points, 0, atol=1e-9)
    (found,) = branch.bifurcations
    assert (found.kind, found.frequency) == ("branch point", 0.0)
    assert found.at == pytest.approx(0.5, abs=1e-6)
    assert branch.table().shape == (1, 3)


def test_hopf_with_its_frequency() -> None:
    (branch,) = follow(hopf, np.zeros((1, 2)), [[-1.0], [1.0]], time="continuous")
    (found,) = branch.bifurcations
    assert found.kind == "hopf"
    assert found.at == pytest.approx(0.5, abs=1e-6)
    assert found.frequency == pytest.approx(3.0, abs=1e-4)


def test_flip_of_the_logistic_map_at_three() -> None:
    (branch,) = follow(logistic, np.array([[1 - 1 / 2.5]]), [[2.5], [3.5]])
    (found,) = branch.bifurcations
    assert found.kind == "flip"
    assert 2.5 + found.at == pytest.approx(3.0, abs=1e-3)


def test_all_points_of_a_search_are_followed_and_drawn() -> None:
    starts = np.linspace(-2, 2, 30)[:, None]
    found = fixed_points(cusp, starts, 0.0, time="continuous")
    branches = follow(cusp, found, [[0.0], [1.0]])
    assert len(branches) == 3
    # the middle and the lower one meet in the fold: both branches pass it
    assert sorted(len(one.bifurcations) for one in branches) == [0, 1, 1]
    drawn = branches_figure(branches, readout=[1.0], name="h")
    assert {trace.name for trace in drawn.data if trace.showlegend} == {"stable", "unstable", "fold"}


def test_bad_input_is_told() -> None:
    with pytest.raises(BadInput, match="two: where to begin"):
        follow(cusp, np.zeros((1, 1)), [[0.0]], time="continuous")
    with pytest.raises(BadInput, match="two different finite inputs"):
        follow(cusp, np.zeros((1, 1)), [[0.0], [0.0]], time="continuous")
    with pytest.raises(BadInput, match="point 0: got speed"):
        follow(lambda h, x: 1 + x**2 + h**2, np.zeros((1, 1)), [[0.0], [1.0]], time="continuous")
    with pytest.raises(BadInput, match="arc"):
        follow(cusp, np.zeros((1, 1)), [[0.0], [1.0]], time="continuous", arc=0)
    with pytest.raises(BadInput, match="branches"):
        branches_figure([])
