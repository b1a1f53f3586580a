"""Angles recovered from shapes and simulated head-direction cells; alignment; the test of loops; bad input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import Preparation, circular_alignment, circular_coordinates, loop_test
from tertium.errors import BadInput


@pytest.mark.parametrize("pace", ["even", "harmonic"])
@pytest.mark.parametrize("weights", ["density", "equal"])
def test_the_angle_of_a_ring(shape, pace, weights):
    for seed in range(3):
        points, (angle, _) = shape("ring", n=1000, noise=0.05, seed=seed)
        found = circular_coordinates(points, weights=weights, pace=pace, scale=0.5)
        assert len(found.landmark_angle) == 200
        assert circular_alignment(found.angle, angle).median_error < 6


def test_unevenly_visited_angles():
    """Nine tenths of the time in one half: weights by density help, the even pace all but undoes the rest."""
    rng = np.random.default_rng(0)
    angle = np.concatenate([rng.uniform(0, np.pi, 1800), rng.uniform(np.pi, 2 * np.pi, 200)])
    preferred = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rates = np.exp(2 * (np.cos(angle[:, None] - preferred) - 1)) + 0.05 * rng.normal(size=(2000, 40))
    prepared = Preparation(components=4)

    def error(**options):
        return circular_alignment(circular_coordinates(rates, prepared, **options).angle, angle).median_error

    assert error() < 5
    assert error() < error(pace="harmonic") < error(pace="harmonic", weights="equal")


def test_two_angles_of_a_torus(shape):
    """Each coordinate is one angle, the other, or their sum or difference; both together tell both angles."""
    points, angles = shape("torus", n=1000)
    prepared = Preparation(landmarks=300)
    combinations = [np.array(c) for c in itertools.product((-1, 0, 1), repeat=2) if any(c)]
    chosen = []
    for loop in (0, 1):
        found = circular_coordinates(points, prepared, loop=loop, pace="harmonic").angle
        errors = [circular_alignment(found, c @ angles, reflect="never").median_error for c in combinations]
        assert min(errors) < 8
        chosen.append(combinations[int(np.argmin(errors))])
    assert abs(round(np.linalg.det(np.array(chosen)))) == 1


@pytest.mark.parametrize("gain", [None, 4.0])
def test_head_direction_from_simulated_cells(compass, gain):
    """Rates, and Poisson counts of at most 4 a bin: one loop, and the angle within a few degrees."""
    counts, angle = compass(n=1500, gain=gain)
    prepared = Preparation(transform="none" if gain is None else "sqrt", components=6, densest=0.9, landmarks=80)
    tested = loop_test(counts, prepared, n_shuffles=20, level=0.95)
    assert tested.n_loops == 1
    assert tested.p == pytest.approx(1 / 21)
    assert tested.dominance > 3
    assert tested.excess > 1.5
    found = circular_coordinates(counts, prepared)
    aligned = circular_alignment(found.angle, angle)
    assert aligned.median_error < (5 if gain is None else 8)
    assert abs(aligned.correlation) > 0.9


def test_shifted_units_have_no_loop(compass):
    """The control: each unit's time course moved by its own amount."""
    counts, _ = compass(gain=4.0, n=1000)
    shifts = np.random.default_rng(1).integers(50, 950, size=counts.shape[1])
    moved = np.stack([np.roll(one, by) for one, by in zip(counts.T, shifts, strict=True)], axis=1)
    prepared = Preparation(transform="sqrt", components=6, densest=0.9, landmarks=60)
    tested = loop_test(moved, prepared, n_shuffles=40, level=0.975)
    assert tested.n_loops == 0
    assert tested.p > 0.05


@pytest.mark.slow
def test_the_control_of_shapes_without_a_loop_holds_its_level():
    """Units that share nothing: the longest loop is beyond 95 % of shuffles in about a twentieth of recordings."""
    prepared = Preparation(landmarks=40)
    beyond = sum(
        loop_test(np.random.default_rng(seed).normal(size=(300, 5)), prepared, n_shuffles=20, level=0.95).p <= 0.05
        for seed in range(40)
    )
    assert beyond <= 6  # of a binomial of 40 and 1/21: probability 0.995


def test_landmarks_beside_the_loop_have_no_angle(shape):
    points, (angle, _) = shape("ring", n=300, noise=0.02)
    points = np.concatenate([points, [[9.0, 9.0], [9.1, 9.0]]])
    found = circular_coordinates(points, Preparation(landmarks=100))
    far = np.isin(found.cloud.landmarks, [300, 301])
    assert far.any()
    assert np.isnan(found.landmark_angle[far]).all()
    assert np.isfinite(found.landmark_angle[~far]).all()
    assert np.flatnonzero(np.isnan(found.angle)).tolist() == [300, 301]
    both = circular_alignment(found.angle, np.append(angle, [0, 0]))
    assert both.table()[["samples", "left_out"]].iloc[0].tolist() == [300, 2]
    assert circular_alignment(found.angle[:300], angle).median_error < 4


def test_responses_with_trials_and_bins(compass):
    rates, angle = compass(n=3000)
    r = make_responses(rates.reshape(3, 1000, -1), dt=0.01, quantity="rate")
    found = circular_coordinates(r, Preparation(bin=0.03, smooth=0.01, components=4))
    assert found.angle.shape == (999,)
    table = found.table()
    assert table["trial"].tolist() == [0] * 333 + [1] * 333 + [2] * 333
    np.testing.assert_allclose(table["time"].iloc[:2], [0.015, 0.045])
    measured = found.average(angle.reshape(3, 1000), dt=0.01)
    assert circular_alignment(found.angle, measured).median_error < 4
    with pytest.raises(BadInput, match="angle along time"):
        found.average(angle[:900], dt=0.01)


def test_same_input_same_answer(compass):
    counts, _ = compass(n=600, gain=4.0)
    prepared = Preparation(components=4, landmarks=50)
    first, second = (loop_test(counts, prepared, n_shuffles=5, level=0.8, seed=3) for _ in range(2))
    assert first.null.tolist() == second.null.tolist()
    assert loop_test(counts, prepared, n_shuffles=5, level=0.8, seed=4).null.tolist() != first.null.tolist()
    one, other = (circular_coordinates(counts, prepared).angle for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_alignment_of_turned_and_mirrored_angles():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 500)
    noisy = angle + 0.2 * rng.normal(size=500)
    for sign in (1, -1):
        found = circular_alignment(sign * noisy + 2, angle)
        assert (found.sign, np.sign(found.correlation)) == (sign, sign)
        assert found.median_error == pytest.approx(np.degrees(0.2 * 0.6745), rel=0.15)
        assert abs(found.correlation) == pytest.approx(np.exp(-(0.2**2)), abs=0.02)  # of uniform angles
    assert circular_alignment(-noisy, angle, reflect="never").median_error > 60
    unrelated = circular_alignment(rng.uniform(0, 2 * np.pi, 500), angle)
    assert abs(unrelated.correlation) < 0.02
    assert unrelated.median_error > 75


def test_alignment_is_that_of_all_pairs():
    rng = np.random.default_rng(1)
    a = rng.uniform(0, 4, 60)
    b = 0.7 * a + rng.normal(size=60)
    first, second = (np.sin(np.subtract.outer(t, t)) for t in (a, b))
    expected = (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum())
    assert circular_alignment(a, b).correlation == pytest.approx(expected, abs=1e-12)
    shifts = np.linspace(0, 2 * np.pi, 721)
    best = max(np.cos(sign * a + s - b).sum() for sign in (1, -1) for s in shifts)
    assert np.cos(circular_alignment(a, b).errors).sum() >= best - 1e-9


def test_figures(compass):
    counts, angle = compass(n=800, gain=4.0)
    prepared = Preparation(transform="sqrt", components=4, landmarks=60)
    found = circular_coordinates(counts, prepared)
    assert [len(trace.x) for trace in found.figure(most=200).data] == [200, 60]
    drawn = circular_alignment(found.angle, angle).figure(found.samples.time)
    assert "median error" in drawn.layout.title.text
    assert drawn.layout.xaxis.title.text == "time (s)"
    tested = loop_test(counts, prepared, n_shuffles=5, level=0.8)
    assert len(tested.figure().data[1].x) == min(5, len(tested.barcode.loops()))
    assert tested.table()["loops"].iloc[0] == tested.n_loops


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"smooth": -1.0}, "smooth"),
        ({"bin": np.nan}, "bin"),
        ({"transform": "log"}, "transform"),
        ({"densest": 0.0}, "densest"),
        ({"components": 0}, "components"),
        ({"neighbours": 0}, "neighbours"),
        ({"landmarks": 2}, "landmarks"),
        ({"landmarks": 5000}, "landmarks"),
    ],
)
def test_bad_preparations(options, words):
    with pytest.raises(BadInput, match=words):
        Preparation(**options)


def test_bad_input(shape):
    points, _ = shape("ring", n=100)
    with pytest.raises(BadInput, match="loop 90"):
        circular_coordinates(points, loop=90)
    for options, words in (
        ({"weights": "none"}, "weights"),
        ({"pace": "fast"}, "pace"),
        ({"scale": 1.0}, "scale"),
        ({"neighbours": 0}, "neighbours"),
        ({"prime": 2}, "prime"),
    ):
        with pytest.raises(BadInput, match=words):
            circular_coordinates(points, **options)
    with pytest.raises(BadInput, match="negative"):
        circular_coordinates(points, Preparation(transform="sqrt"))
    with pytest.raises(BadInput, match="never vary: 2"):
        circular_coordinates(np.c_[points, np.ones(100)], Preparation(scale="zscore"))
    with pytest.raises(BadInput, match="length of a trial"):
        circular_coordinates(points, Preparation(bin=500))
    with pytest.raises(BadInput, match="no variance"):
        circular_coordinates(np.ones((100, 3)))
    with pytest.raises(BadInput, match="finite"):
        circular_coordinates(np.full((100, 3), np.inf))
    with pytest.raises(BadInput, match="shuffles"):
        loop_test(points, n_shuffles=10, level=0.99)
    with pytest.raises(BadInput, match="2 units"):
        loop_test(points[:, :1], n_shuffles=20, level=0.9)


def test_bad_angles():
    with pytest.raises(BadInput, match="same length"):
        circular_alignment([0, 1, 2], [0, 1])
    with pytest.raises(BadInput, match="at least 3"):
        circular_alignment([0, 1, np.nan], [0, 1, 2])
    with pytest.raises(BadInput, match="never varies"):
        circular_alignment([1, 1, 1, 1], [0, 1, 2, 3])
    with pytest.raises(BadInput, match="reflect"):
        circular_alignment([0, 1, 2], [0, 1, 2], reflect="maybe")
