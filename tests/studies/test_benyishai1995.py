"""DYN13: the ring against closed forms (bump, marginal mode, turning, diffusion), and the places of a spoilt ring."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tertium.studies import benyishai1995 as study
from tertium.studies.methods.ring import Ring, bump, diffusion, run, through_origin, uniform

RING = Ring(96, 18.0, -10.0, 2.5)


def test_a_bump_rests_at_every_angle_and_only_the_marginal_mode_is_zero() -> None:
    for angle in (0.0, 0.123, 2.5):
        u = bump(RING, angle)
        assert np.abs(RING.velocity(u[None])).max() < 1e-10
        assert RING.decode(u)[0] == pytest.approx(angle, abs=1e-9)
    values, vectors = np.linalg.eig(RING.jacobian(bump(RING)[None])[0])
    order = np.argsort(-values.real)
    assert values.real[order[0]] == pytest.approx(0, abs=1e-9)
    assert np.allclose(np.sort(values.real)[: RING.units - 3], -1, atol=0.7)
    # the marginal mode is the derivative of the bump in its angle
    mode = vectors[:, order[0]].real
    sine = np.sin(RING.angles)
    assert abs(mode @ sine) / np.linalg.norm(sine) == pytest.approx(1, abs=1e-9)


def test_the_jacobian_is_the_derivative_of_the_velocity() -> None:
    u = np.random.default_rng(0).normal(size=96)
    step = 1e-5
    moved = [
        (RING.velocity((u + step * e)[None]) - RING.velocity((u - step * e)[None])) / (2 * step) for e in np.eye(96)
    ]
    assert np.allclose(RING.jacobian(u[None])[0], np.concatenate(moved).T, atol=1e-8)


def test_the_uniform_state_rests_and_gives_way_to_a_bump() -> None:
    u = uniform(RING)
    assert np.abs(RING.velocity(u[None])).max() < 1e-10
    rates = expit(u[0])
    expected = RING.excitation * rates * (1 - rates) / 2 - 1  # of the first Fourier component
    assert study.spectrum(RING, u)[:2] == pytest.approx([expected, expected], abs=1e-9)


def test_a_velocity_input_turns_the_bump_by_its_integral_and_keeps_its_shape() -> None:
    turn = 0.05 * np.sin(np.arange(1000) * 0.02 / 3)
    angles, sizes = run(RING, bump(RING)[None], 20.0, 0.02, turn=turn)
    assert angles[1:, 0] == pytest.approx(np.cumsum(turn) * 0.02, abs=1e-3)
    assert np.ptp(sizes) < 1e-3


def test_dense_couplings_are_turned_like_the_perfect_ones() -> None:
    dense = Ring(96, 18.0, -10.0, 2.5, RING.couplings())
    u = np.random.default_rng(1).normal(size=(4, 96))
    turn = np.array([0.0, 0.1, -0.2, 1.0])
    assert np.allclose(RING.velocity(u, turn), dense.velocity(u, turn), atol=1e-12)


def test_diffusion_of_the_angle_is_that_of_theory() -> None:
    start = np.tile(bump(RING), (400, 1))
    angles, _ = run(RING, start, 20.0, 0.1, noise=0.3, rng=np.random.default_rng(2), every=10)
    time = np.arange(len(angles)) * 1.0
    slope, _ = through_origin(time, ((angles - angles[0]) ** 2).mean(1))
    right, wrong = diffusion(RING, 0.3)
    assert slope == pytest.approx(right, rel=0.2)
    assert wrong < 0.7 * right


def test_a_perfect_ring_rests_everywhere_and_a_planted_pair_of_places_is_found() -> None:
    starts = np.array([bump(RING, angle) for angle in np.linspace(-3, 3, 24)])
    assert study.resting(RING, starts)["resting"] == 24
    # couplings that are stronger along one axis leave two places, and two saddles between them
    double = 1 + 0.02 * np.cos(2 * RING.angles)
    spoilt = Ring(96, 18.0, -10.0, 2.5, RING.couplings() * double[:, None] * double)
    found = study.resting(spoilt, starts)
    assert found["certified"].all()
    assert np.allclose(np.sort(np.abs(found["angle"][found["index"] == 0])), [0, np.pi], atol=1e-6)
    assert np.allclose(np.sort(np.abs(found["angle"][found["index"] == 1])), [np.pi / 2] * 2, atol=1e-6)


def test_measures() -> None:
    assert study.exponent(np.array([10, 100]), np.array([5.0, 0.5])) == pytest.approx(-1)
    assert study.explained(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 1
    slope, fits = through_origin(np.arange(100.0), np.arange(100.0) ** 2)
    assert fits < 0.9 < slope
