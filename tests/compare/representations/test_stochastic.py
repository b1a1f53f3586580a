"""Stochastic shape distances: planted rotations, closed forms, limits, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from tertium.compare import procrustes, stochastic_shape
from tertium.data import make_responses
from tertium.errors import BadInput


def clouds(seed: int = 0, stimuli: int = 6, units: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(stimuli, units, units)) * rng.exponential(size=units)
    return 2 * rng.normal(size=(stimuli, units)), factors @ factors.transpose(0, 2, 1)


def rotation_of(units: int, seed: int = 9) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def fidelity(a: np.ndarray, b: np.ndarray) -> float:
    half = sqrtm(a).real
    return float(np.trace(sqrtm(half @ b @ half).real))


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_rotation_is_found(alpha: float, seed: int) -> None:
    means, covariances = clouds(seed)
    q = rotation_of(4, seed)
    turned = (5 * means @ q.T + 1, 25 * q @ covariances @ q.T)
    assert stochastic_shape((means, covariances), turned, alpha) < 1e-5
    other = clouds(seed + 50)
    assert stochastic_shape((means, covariances), other, alpha) > 0.1


def test_one_unit_has_a_closed_form() -> None:
    rng = np.random.default_rng(0)
    (m, v), (k, w) = ((rng.normal(size=(5, 1)), rng.exponential(size=(5, 1, 1))) for _ in range(2))
    m, k = m - m.mean(), k - k.mean()
    inner = abs((m * k).sum()) + np.sqrt(v * w).sum()  # a sign is the only rotation
    expected = np.arccos(inner / np.sqrt(((m**2).sum() + v.sum()) * ((k**2).sum() + w.sum())))
    assert stochastic_shape((m, v), (k, w)) == pytest.approx(expected, abs=1e-9)


def test_two_units_against_all_rotations() -> None:
    (m, v), (k, w) = clouds(0, 4, 2), clouds(1, 4, 2)
    m, k = m - m.mean(0), k - k.mean(0)
    best = -np.inf
    for angle in np.linspace(0, 2 * np.pi, 721):
        for flip in (1, -1):
            q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1, flip])
            best = max(best, (m * (k @ q.T)).sum() + sum(fidelity(a, q @ b @ q.T) for a, b in zip(v, w, strict=True)))
    sizes = [(a**2).sum() + np.trace(b, axis1=1, axis2=2).sum() for a, b in ((m, v), (k, w))]
    found = stochastic_shape((m, v), (k, w))
    grid = np.arccos(best / np.sqrt(sizes[0] * sizes[1]))
    assert grid - 1e-4 < found <= grid + 1e-9


def test_means_alone_are_procrustes() -> None:
    (m, v), (k, w) = clouds(0), clouds(1, units=3)
    assert stochastic_shape((m, v), (k, w), 2) == pytest.approx(procrustes(m, k), abs=1e-7)
    nothing = np.zeros_like(v), np.zeros_like(w)
    assert stochastic_shape((m, nothing[0]), (k, nothing[1])) == pytest.approx(procrustes(m, k), abs=1e-7)


def test_noise_tells_apart_what_means_do_not() -> None:
    means, covariances = clouds()
    assert stochastic_shape((means, covariances), (means, covariances[::-1].copy()), 2) < 1e-6
    assert stochastic_shape((means, covariances), (means, covariances[::-1].copy())) > 0.1


def test_trials_are_means_and_covariances() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 7, 3)) * np.arange(1, 4)
    moments = [(v.mean(1), np.stack([np.cov(one.T) for one in v])) for v in (x, y)]
    assert stochastic_shape(x, y) == pytest.approx(stochastic_shape(moments[0], moments[1]), abs=1e-7)
    assert stochastic_shape(x, y) == stochastic_shape(x, y), "the same starts"
    names = [f"s{i}" for i in range(5)]
    first = make_responses(x.reshape(35, 1, 3), dt=1, trial={"stimulus": np.repeat(names, 7)})
    order = np.argsort(rng.normal(size=35))
    second = make_responses(y.reshape(35, 1, 3)[order], dt=1, trial={"stimulus": np.repeat(names, 7)[order]})
    assert stochastic_shape(first, second) == pytest.approx(stochastic_shape(x, y), abs=1e-7)
    fewer = second.isel(trial=np.flatnonzero(np.arange(35) != 4))
    assert abs(stochastic_shape(first, fewer) - stochastic_shape(x, y)) < 0.1


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_triangles_hold(alpha: float) -> None:
    for seed in range(12):
        x, y, z = (clouds(100 * seed + i, 4, 2) for i in range(3))
        d = [stochastic_shape(a, b, alpha, starts=8) for a, b in ((x, y), (x, z), (z, y))]
        assert d[0] <= d[1] + d[2] + 1e-7


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_gradients_are_those_of_central_differences(alpha: float) -> None:
    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.normal(size=(4, 6, 2))).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: stochastic_shape(a, b, alpha), (x, y), atol=1e-5)
    means, spreads = (torch.from_numpy(v).requires_grad_() for v in clouds(0, 3, 2))
    other = clouds(1, 3, 2)
    assert torch.autograd.gradcheck(
        lambda m, s: stochastic_shape((m, (s + s.mT) / 2), other, alpha), (means, spreads), atol=1e-5
    )


def test_bad_input_is_told() -> None:
    x = np.random.default_rng(0).normal(size=(5, 7, 3))
    with pytest.raises(BadInput, match="alpha, starts: got 3"):
        stochastic_shape(x, x, 3)
    with pytest.raises(BadInput, match="Y: got 1 repeats"):
        stochastic_shape(x, x[:, :1])
    with pytest.raises(BadInput, match=r"Y: got shape \(7, 3\)"):
        stochastic_shape(x, x[0])
    with pytest.raises(BadInput, match="got 5 and 4 stimuli"):
        stochastic_shape(x, x[:4])
    with pytest.raises(BadInput, match="Y: got no noise"):
        stochastic_shape(x, np.repeat(x[:, :1], 3, axis=1), 0)
    with pytest.raises(BadInput, match="covariances of Y: got a covariance with the eigenvalue -1"):
        stochastic_shape(x, (x[:, 0], -np.stack([np.eye(3)] * 5)))
    with pytest.raises(BadInput, match="a value that is not finite"):
        stochastic_shape(x, np.where(x > 1, np.nan, x))
    labels = ["a", "a", "b", "b", "c"]
    few = make_responses(x[:, :1], dt=1, trial={"stimulus": labels})
    with pytest.raises(BadInput, match="X, stimulus 'c': got 1 repeat"):
        stochastic_shape(few, few)
    with pytest.raises(BadInput, match="7 time bins"):
        stochastic_shape(make_responses(x, dt=1, trial={"stimulus": labels}), few)
