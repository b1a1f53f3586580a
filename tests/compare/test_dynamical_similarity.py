"""Dynamical similarity analysis: conjugated systems have none to speak of apart, others have."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from tertium.compare import dsa
from tertium.compare.operators.dynamical import Measure
from tertium.compare.operators.hankel import delayed
from tertium.compare.operators.similarity_transform import CayleyChart, align
from tertium.data import make_responses
from tertium.errors import BadInput


def stable_matrix(seed: int, n: int = 6, radius: float = 0.97) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    return radius * matrix / np.abs(np.linalg.eigvals(matrix)).max()


def trials_of_linear(matrix: np.ndarray, lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    trials = []
    for length in lengths:
        h = [rng.normal(size=len(matrix))]
        for _ in range(length - 1):
            h.append(matrix @ h[-1])
        trials.append(np.array(h))
    return trials


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", get_args(Measure))
def test_linear_transforms_of_one_system_are_not_apart(method: Measure, seed: int) -> None:
    trials = trials_of_linear(stable_matrix(seed), [20, 31, 25, 40, 28, 33], seed)
    mixing = np.random.default_rng(seed + 10).normal(size=(6, 9))
    mixed = [trial @ mixing for trial in trials]
    found = dsa(trials, mixed, method=method, delays=1, rank=6)
    assert found.value < (2e-6 if method == "angular" else 1e-6)  # the arc cosine of one minus rounding
    assert all(one.prediction > 1 - 1e-9 for one in found.operators)


@pytest.mark.parametrize("seed", range(4))
def test_the_solver_reaches_tolerance_on_conjugated_operators(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for n in (3, 10, 25):
        a, (c, _) = rng.normal(size=(n, n)), np.linalg.qr(rng.normal(size=(n, n)))
        assert align(a, c.T @ a @ c).residual < 1e-6


def test_the_solver_improves_where_operators_are_only_nearly_conjugated() -> None:
    rng = np.random.default_rng(0)
    a, (c, _) = rng.normal(size=(8, 8)), np.linalg.qr(rng.normal(size=(8, 8)))
    noise = 0.05 * rng.normal(size=(8, 8))
    b = c.T @ a @ c + noise
    found = align(a, b)
    assert np.allclose(found.rotation @ found.rotation.T, np.eye(8), atol=1e-12)
    assert found.residual <= np.linalg.norm(noise) * (1 + 1e-9), "at least as good as the planted one"
    # any orthogonal matrix is a bound from above
    assert found.residual < min(np.linalg.norm(a - q @ b @ q.T) for q in (np.eye(8), c))


def test_the_gradient_is_that_of_central_differences() -> None:
    rng = np.random.default_rng(0)
    chart, x = CayleyChart(*rng.normal(size=(2, 5, 5))), rng.normal(0, 0.3, 10)
    steps = 1e-6 * np.eye(10)
    differences = [(chart.loss(x + step)[0] - chart.loss(x - step)[0]) / 2e-6 for step in steps]
    assert np.allclose(chart.loss(x)[1], differences, rtol=1e-6, atol=1e-6)


def test_two_rotations_of_one_plane_have_the_distance_that_is_known() -> None:
    # 2 x 2 rotations by angles p and q: conjugation only turns the sign, so |A - C B C'|^2 = 4 - 4 cos(p - q)
    def turn(angle: float) -> np.ndarray:
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    assert align(turn(0.5), turn(-0.2)).residual == pytest.approx(np.sqrt(4 - 4 * np.cos(0.3)), abs=1e-9)


def test_other_dynamics_are_apart_by_every_measure() -> None:
    trials = trials_of_linear(stable_matrix(0), [40] * 6)
    other = trials_of_linear(stable_matrix(1), [40] * 6)
    backwards = [trial[::-1] for trial in trials]
    for wrong in (other, backwards):
        for method in get_args(Measure):
            assert dsa(trials, wrong, method=method, delays=1, rank=6).value > 0.05


def test_geometry_does_not_matter_but_dynamics_does() -> None:
    """A ring passed through slowly or fast: one shape, two dynamics; a bent ring: two shapes, one dynamics."""
    time = np.arange(400)

    def ring(speed: float, bent: bool = False) -> np.ndarray:
        a, b = np.cos(speed * time), np.sin(speed * time)
        return np.stack([a, b, a**2 - b**2] if bent else [a, b, 0.3 * a], axis=1)

    slow, fast, bent = ring(0.05), ring(0.15), ring(0.05, bent=True)
    same = dsa(slow, bent, delays=20, rank=2).value
    different = dsa(slow, fast, delays=20, rank=2).value
    assert different > 5 * same


def test_responses_are_taken_and_the_result_is_shown() -> None:
    trials = np.stack(trials_of_linear(stable_matrix(0), [30] * 8))
    responses = make_responses(trials, dt=0.01, quantity="rate", source="planted")
    found = dsa(responses, trials, delays=2)
    assert float(found) == found.value < 1e-9
    assert found.table().shape == (2, 4)
    assert [trace.name.split()[0] for trace in found.figure().data] == ["unit", "first", "second"]
    assert found.value == dsa(responses, trials, delays=2).value


def test_delays_put_the_newest_first() -> None:
    assert delayed(np.arange(6.0).reshape(3, 2), 2).tolist() == [[2, 3, 0, 1], [4, 5, 2, 3]]


def test_bad_input_is_told() -> None:
    good = np.random.default_rng(0).normal(size=(50, 3))
    with pytest.raises(BadInput, match="Did you mean 'spectrum'"):
        dsa(good, good, method="spectrun")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"Y: got a trial of 5 time bins, expected at least 12"):
        dsa(good, good[:5])
    with pytest.raises(BadInput, match="Y: got a value that is not finite"):
        dsa(good, np.where(good > 2, np.nan, good))
    with pytest.raises(BadInput, match="rank: got 99, expected at most 6"):
        dsa(good, good, rank=99, delays=2)
    with pytest.raises(BadInput, match="with the same units"):
        dsa(good, [good, good[:, :2]])
    with pytest.raises(BadInput, match="all zero"):
        dsa(good, 0 * good)
    with pytest.raises(BadInput, match="delays >= 1"):
        dsa(good, good, delays=0)
