"""Intrinsic dimension: planted balls, tori and rolls, noise, trajectories, brute-force distances, refusals."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.distance import pdist, squareform

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.intrinsic import distances


def ball(dimensions, samples, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, dimensions))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * rng.uniform(size=(samples, 1)) ** (1 / dimensions)


def torus(turns, samples, seed):
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, size=(samples, turns))
    return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)


def swiss_roll(samples, seed):
    rng = np.random.default_rng(seed)
    turn = 1.5 * np.pi * (1 + 2 * rng.uniform(size=samples))
    return np.stack([turn * np.cos(turn), 21 * rng.uniform(size=samples), turn * np.sin(turn)], axis=1)


def embedded(points, units, seed, noise=0.0):
    rng = np.random.default_rng([seed, 1])
    axes = np.linalg.qr(rng.normal(size=(units, points.shape[1])))[0]
    return points @ axes.T + noise * rng.normal(size=(len(points), units))


PLANTED = [
    (ball(2, 1500, 0), 2, 0.1),
    (ball(5, 1500, 1), 5, 0.1),  # samples at the surface see fewer neighbours: balls come out low
    (torus(1, 1500, 2), 1, 0.06),
    (torus(3, 1500, 3), 3, 0.1),
    (swiss_roll(1500, 4), 2, 0.1),
]


@pytest.mark.parametrize(("points", "dimension", "tolerance"), PLANTED)
def test_planted_dimensions_come_back_from_many_units(points, dimension, tolerance):
    r = embedded(points, 60, 0)
    assert tt.geometry.two_nn(r).value == pytest.approx(dimension, rel=tolerance)
    assert tt.geometry.two_nn(r, method="fit").value == pytest.approx(dimension, rel=tolerance + 0.02)
    assert tt.geometry.correlation_dimension(r).value == pytest.approx(dimension, rel=tolerance)


def test_a_curved_surface_has_fewer_dimensions_than_it_spans():
    r = embedded(torus(3, 1000, 5), 60, 0)
    assert tt.geometry.participation_ratio(r).value > 5.5  # the linear measure sees all six axes
    assert tt.geometry.two_nn(r).value < 3.4


def test_noise_shows_at_small_distances_and_is_passed_by_at_larger_ones():
    noisy = embedded(swiss_roll(2000, 6), 20, 0, noise=0.05)
    found = tt.geometry.two_nn(noisy)
    assert found.value > 2.6
    assert found.by_scale[-1] == pytest.approx(2, abs=0.25)
    assert found.by_scale[-1] < 0.85 * found.by_scale[0]
    plateau = tt.geometry.correlation_dimension(noisy)
    assert plateau.value == pytest.approx(2, rel=0.08)
    assert plateau.plateau[0] > 0.3  # above the size of the noise between samples


def test_the_interval_of_two_nn_covers_as_often_as_it_says():
    inside, values, claimed = [], [], []
    for seed in range(30):
        found = tt.geometry.two_nn(torus(2, 600, 100 + seed))
        inside.append(found.interval[0] < 2 < found.interval[1])
        values.append(found.value)
        claimed.append((found.interval[1] - found.value) / 1.96)
    assert np.mean(inside) >= 0.8
    assert 0.6 < np.mean(claimed) / np.std(values) < 1.6


def test_neighbours_in_time_are_left_out_where_asked():
    path = gaussian_filter1d(np.random.default_rng(8).normal(size=(4000, 3)), 60, axis=0)  # a smooth path in three
    with_time = tt.geometry.correlation_dimension(path)
    without = tt.geometry.correlation_dimension(path, apart=240)
    assert with_time.value < 1.4  # along the path: a line
    assert without.value == pytest.approx(3, abs=0.4)
    assert without.apart == 240


def test_where_no_slope_is_constant_no_dimension_is_claimed():
    rng = np.random.default_rng(9)
    spread = rng.normal(size=(400, 12)) * np.exp(rng.normal(size=(400, 1)) * 3)
    found = tt.geometry.correlation_dimension(spread, tolerance=0.02)
    assert np.isnan(found.value)
    assert np.isnan(found.plateau).all()
    assert "no plateau" in found.figure().layout.title.text


def test_distances_are_those_of_brute_force(monkeypatch):
    points = np.random.default_rng(10).normal(size=(120, 7))
    full = squareform(pdist(points))
    monkeypatch.setattr(distances, "BLOCK", 1000)  # several blocks
    np.fill_diagonal(full, np.inf)
    assert distances.two_nearest(points) == pytest.approx(np.sort(full, axis=1)[:, :2], rel=1e-12)
    edges, groups = np.array([1.0, 3.0, 4.0]), np.arange(120) // 40
    counts = distances.pair_counts(points, edges, groups, apart=3)
    i, j = np.triu_indices(120, 4)
    expected = [(full[i, j] <= edge).sum() for edge in edges]
    assert counts.sum((0, 1)).cumsum().tolist() == expected
    between = (i // 40 == 1) & (j // 40 == 2)
    assert counts[1, 2].cumsum().tolist() == [(full[i, j][between] <= edge).sum() for edge in edges]
    assert counts[2, 1].sum() == 0


def test_responses_arrays_duplicates_and_tables():
    values = torus(1, 300, 11).reshape(30, 10, 2)
    r = tt.data.make_responses(values, dt=0.1)
    assert tt.geometry.two_nn(r).value == tt.geometry.two_nn(values.reshape(-1, 2)).value
    twice = tt.geometry.two_nn(np.concatenate([values.reshape(-1, 2)] * 2))
    assert twice.duplicates == 300
    assert twice.value == pytest.approx(tt.geometry.two_nn(r).value)
    assert tt.geometry.two_nn(r).table().columns.tolist() == ["samples", "dimension", "error"]
    table = tt.geometry.correlation_dimension(r).table()
    assert table["plateau"].sum() > 5
    assert table["share"].is_monotonic_increasing
    assert float(tt.geometry.two_nn(r)) == tt.geometry.two_nn(r).value
    assert tt.geometry.two_nn(r).figure().layout.yaxis.title.text == "dimension"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: tt.geometry.two_nn(np.zeros((50, 3))), "never vary"),
        (lambda: tt.geometry.two_nn(np.eye(10).repeat(5, 0)), "10 at different places"),
        (lambda: tt.geometry.two_nn(torus(1, 50, 0), method="pca"), "'likelihood' or 'fit'"),
        (lambda: tt.geometry.two_nn(torus(1, 50, 0), discard=1.0), "share"),
        (lambda: tt.geometry.two_nn(np.full((50, 3), np.inf)), "finite"),
        (lambda: tt.geometry.correlation_dimension(torus(1, 50, 0)), "200 or more"),
        (lambda: tt.geometry.correlation_dimension(torus(1, 300, 0), apart=200), "0 to 149"),
        (lambda: tt.geometry.correlation_dimension(torus(1, 300, 0), tolerance=0), "between 0 and 1"),
        (lambda: tt.geometry.correlation_dimension(np.zeros(300)), "shape"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, says):
    with pytest.raises(BadInput, match=says):
        call()
