"""Barcodes: against the standard algorithm, a peer and closed forms; the loops of known shapes; bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tertium.dynamics import persistent_cohomology
from tertium.errors import BadInput


def as_bars(found):
    return np.array(sorted(zip(found.dimensions, found.births, found.deaths, strict=True)))


@pytest.mark.parametrize("prime", [2, 3, 47])
@pytest.mark.parametrize("name", ["ring", "torus", "blob", "figure eight"])
def test_bars_are_those_of_the_standard_algorithm(shape, plainly, name, prime):
    for seed in range(3):
        points, _ = shape(name, n=14, noise=0.1, seed=seed)
        between = squareform(pdist(points))
        expected = plainly(between, prime)
        np.testing.assert_allclose(as_bars(persistent_cohomology(points, prime=prime)), expected, atol=1e-12)


def test_ties_are_no_trouble(plainly):
    """Points of a grid: most distances occur many times."""
    grid = np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 2).astype(float)
    between = squareform(pdist(grid))
    found = persistent_cohomology(between, distances=True)
    np.testing.assert_allclose(as_bars(found), plainly(between, 47), atol=1e-12)
    assert (found.dimensions == 1).sum() == 9  # one loop a cell


def test_torsion_is_seen_by_its_prime():
    """The projective plane (6 vertices, 10 triangles, subdivided) has a loop modulo 2, and none modulo other primes."""
    faces = [
        (0, 1, 2),
        (0, 2, 3),
        (0, 3, 4),
        (0, 4, 5),
        (0, 1, 5),
        (1, 2, 4),
        (2, 3, 5),
        (1, 3, 4),
        (2, 4, 5),
        (1, 3, 5),
    ]
    cells = {frozenset(s) for f in faces for s in ([f[0]], [f[1]], [f[2]], f[:2], f[1:], (f[0], f[2]), f)}
    cells = sorted(cells, key=lambda s: (len(s), sorted(s)))
    apart = np.array([[0.0 if a == b else 1.0 if a < b or b < a else 2.0 for b in cells] for a in cells])
    for prime, loops in ((2, [[1.0, np.inf]]), (3, []), (47, [])):
        found = persistent_cohomology(apart, distances=True, prime=prime, threshold=1.0)
        assert found.births[found.dimensions == 1].tolist() == [birth for birth, _ in loops]
        assert found.deaths[found.dimensions == 1].tolist() == [death for _, death in loops]


@pytest.mark.parametrize("n", [12, 30, 61])
def test_regular_polygons(n):
    """The loop of a regular polygon appears with its sides, and goes with the smallest triangle about the centre."""
    angle = 2 * np.pi * np.arange(n) / n
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = persistent_cohomology(points)
    across = 2 * np.sin(np.pi * np.ceil(n / 3) / n)
    np.testing.assert_allclose(found.loops(), [[2 * np.sin(np.pi / n), across]], atol=1e-12)
    np.testing.assert_allclose(found.deaths[found.dimensions == 0][1:], 2 * np.sin(np.pi / n))


@pytest.mark.parametrize(
    ("name", "loops"), [("ring", 1), ("figure eight", 2), ("torus", 2), ("sphere", 0), ("line", 0), ("blob", 0)]
)
def test_loops_of_known_shapes(shape, name, loops):
    """The loops there are live more than twice as long as the next one, for each of three draws."""
    for seed in range(3):
        points, _ = shape(name, n=300 if name == "torus" else 200, noise=0.03, seed=seed)
        found = persistent_cohomology(points)
        lengths = np.diff(found.loops(), axis=1)[:, 0]
        size = np.sqrt(points.var(0).sum())
        if loops:
            assert lengths[loops - 1] > 2 * lengths[loops]
            assert lengths[loops - 1] > 0.5
        else:
            assert lengths[0] < 0.4 * size


def test_two_clusters_are_two_components(shape):
    points, _ = shape("blob", n=80, noise=0.0)
    points[:40] += 50
    found = persistent_cohomology(points)
    zero = found.deaths[found.dimensions == 0]
    assert np.isinf(zero[0])
    assert zero[1] > 40 > 5 > zero[2]


def test_a_threshold_leaves_bars_open(shape):
    points, _ = shape("ring", n=60)
    whole = persistent_cohomology(points)
    birth, death = whole.loops()[0]
    cut = persistent_cohomology(points, threshold=(birth + death) / 2)
    assert cut.loops()[0].tolist() == [birth, np.inf]
    tiny = persistent_cohomology(points, threshold=float(np.median(whole.deaths[1:60])))
    assert np.isinf(tiny.deaths[tiny.dimensions == 0]).sum() > 1


def test_every_cocycle_closes_and_its_loop_does_not(shape):
    """Sum round each triangle is zero modulo the prime while the loop is there; round the ring it is not."""
    points, (angle, _) = shape("ring", n=60, noise=0.05)
    found = persistent_cohomology(points)
    edges, birth, death = found.filtration, *found.loops()[0]
    values = np.zeros((60, 60), dtype=int)
    i, j = edges.ends[found.cocycles[0].ranks].T
    values[i, j], values[j, i] = found.cocycles[0].values, -found.cocycles[0].values
    joined = edges.distances < death
    for a in range(60):
        total = values[a][:, None] + values - values[a]
        inside = joined[a][:, None] & joined & joined[a]
        assert (total[inside] % 47 == 0).all()
    round_ring = np.argsort(angle)
    steps = edges.distances[round_ring, np.roll(round_ring, -1)]
    assert steps.max() < death
    assert steps.max() >= birth - 1e-12
    assert values[round_ring, np.roll(round_ring, -1)].sum() % 47 in (1, 46)


@pytest.mark.peer
def test_bars_are_those_of_ripser(shape):
    """ripser computes in single precision."""
    ripser = pytest.importorskip("ripser")
    for name in ("ring", "torus", "blob"):
        points, _ = shape(name, n=200, noise=0.1)
        loops = ripser.ripser(points, maxdim=1, coeff=47)["dgms"][1]
        expected = loops[np.argsort(loops[:, 0] - loops[:, 1])]
        np.testing.assert_allclose(persistent_cohomology(points).loops()[:20], expected[:20], atol=1e-5)


def test_table_and_figure(shape):
    found = persistent_cohomology(shape("figure eight", n=60)[0])
    table = found.table()
    assert len(table) == len(found) == 60 + len(found.loops())
    assert table["length"].iloc[60:].is_monotonic_decreasing
    drawn = found.figure(most=5)
    assert [len(trace.x) for trace in drawn.data] == [15, 3 * min(5, len(found.loops()))]
    assert "scale" in drawn.layout.xaxis.title.text


@pytest.mark.parametrize(
    ("points", "options", "words"),
    [
        (np.zeros((3, 2)), {}, "4 to 800 points"),
        (np.zeros((900, 2)), {}, "take landmarks"),
        (np.zeros((10, 2)), {}, "coincide"),
        (np.full((10, 2), np.nan), {}, "finite"),
        (np.eye(10), {"distances": True}, "symmetric"),
        (np.arange(20.0).reshape(10, 2), {"distances": True}, "symmetric"),
        (np.arange(20.0).reshape(10, 2), {"prime": 1}, "a prime"),
        (np.arange(20.0).reshape(10, 2), {"prime": 9}, "a prime"),
        (np.arange(20.0).reshape(10, 2), {"threshold": -1.0}, "above 0"),
    ],
)
def test_bad_input(points, options, words):
    with pytest.raises(BadInput, match=words):
        persistent_cohomology(points, **options)
