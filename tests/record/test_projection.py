"""Random units and random projections of layers too large to keep."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from torch import nn

from tertium.errors import BadInput
from tertium.record import Projection, projection, record
from tertium.rng import Seeds

N_UNITS, N_COMPONENTS = 5000, 400


def patterns(n=20, n_units=N_UNITS):
    """Responses with the heavy tail of a rectified layer, so that sparse weights are put to the test."""
    return np.maximum(np.random.default_rng(0).standard_t(4, (n, n_units)), 0).astype(np.float32)


@pytest.mark.parametrize(("kind", "density"), [("gaussian", None), ("sparse", None), ("sparse", 1 / 3)])
def test_distances_are_preserved(kind, density):
    x = patterns()
    made = Projection(kind, N_COMPONENTS, density).of(N_UNITS, Seeds(0))
    ratio = pdist(made.apply(x), "sqeuclidean") / pdist(x, "sqeuclidean")
    # each ratio has mean 1 and standard deviation sqrt(2 / k) = .07 (Gaussian; the others tend to it); 190 pairs
    assert abs(ratio.mean() - 1) < 0.03
    assert ratio.std() == pytest.approx((2 / N_COMPONENTS) ** 0.5, rel=0.35)
    assert 1 - 4.5 * 0.0707 < ratio.min() < ratio.max() < 1 + 4.5 * 0.0707


@pytest.mark.parametrize(("kind", "density"), [("gaussian", None), ("sparse", None), ("sparse", 1 / 3)])
@pytest.mark.parametrize("keep", [True, False])
def test_blocks_agree_with_all_weights_at_once(kind, density, keep, monkeypatch):
    monkeypatch.setattr(projection, "BLOCK_WEIGHTS", 3000)
    monkeypatch.setattr(projection, "KEEP_BYTES", 2**28 if keep else 0)
    made = Projection(kind, 16, density).of(1000, Seeds(3))
    assert made.n_rows == 187
    assert made.kept is keep
    x = patterns(5, 1000).astype(np.float64)
    np.testing.assert_allclose(made.apply(x), x @ made.dense(), atol=1e-9)
    np.testing.assert_allclose(made.apply(x[None]), [x @ made.dense()], atol=1e-9)


def test_weights_have_the_moments_that_the_papers_state():
    for made, density in (
        (Projection("gaussian", 50).of(4000, Seeds(0)), 1.0),
        (Projection("sparse", 50).of(4000, Seeds(0)), 1 / 4000**0.5),
        (Projection("sparse", 50, 1 / 3).of(4000, Seeds(0)), 1 / 3),
    ):
        weights = made.dense()
        n = weights.size
        assert made.density == pytest.approx(density)
        assert (weights != 0).mean() == pytest.approx(density, abs=4 * (density * (1 - density) / n) ** 0.5 + 1e-12)
        assert weights.var() == pytest.approx(1 / 50, rel=4 * (3 / density / n) ** 0.5)
        assert abs(weights.mean()) < 4 * (1 / 50 / n) ** 0.5
        if density < 1:
            assert np.unique(np.abs(weights)) == pytest.approx([0, (1 / (density * 50)) ** 0.5])


def test_memory_of_the_weights_is_bounded():
    huge = Projection("gaussian", 1000).of(800_000, Seeds(0))
    assert not huge.kept  # 3.2 GB
    assert huge.bytes <= 4 * projection.BLOCK_WEIGHTS
    assert next(huge.blocks()).nbytes == huge.bytes
    sparse = Projection("sparse", 1000).of(800_000, Seeds(0))
    assert sparse.kept
    held = sum(b.data.nbytes + b.indices.nbytes + b.indptr.nbytes for b in sparse.blocks())
    assert held == pytest.approx(sparse.bytes, rel=0.05)
    assert held < 20e6


def test_seeds_make_the_weights():
    a, b, c = (Projection("sparse", 8).of(500, Seeds(s)).dense() for s in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def net():
    return nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(16 * 36, 5))


def images(n=6):
    return torch.randn(n, 3, 8, 8, generator=Seeds(0).torch("x"))


@pytest.mark.parametrize("kind", ["gaussian", "sparse"])
def test_recording_projects_each_layer_by_itself(kind):
    model, x = net(), images()
    whole = record(model, x, ["1", "3"], progress=False)
    small = record(model, x, ["1", "3"], project=kind, n_components=40, batch_size=4, seed=5, progress=False)
    assert small.unit.values[0] == f"1/{kind}/0"
    assert small.unit.values[-5:].tolist() == [f"3/{i}" for i in range(5)]  # 5 units stay 5 units
    assert set(small.channel.values.tolist()) == {-1}
    relu = whole.values[:, 0, (whole.layer == "1").values]
    seeds = Seeds(5).child("record").child("1").child("projection")
    expected = relu @ Projection(kind, 40).of(576, seeds).dense()
    np.testing.assert_allclose(small.values[:, 0, :40], expected, atol=1e-4)


def test_projection_keeps_the_geometry_of_a_layer():
    """Squared distances keep their value but for a spread of sqrt(2 / k) = .082, wherever the images lie."""
    model, x = net(), images(30)
    whole = record(model, x, "1", progress=False).values[:, 0]
    small = record(model, x, "1", project=Projection("sparse", 300, 1 / 3), progress=False).values[:, 0]
    ratio = pdist(small, "sqeuclidean") / pdist(whole, "sqeuclidean")
    assert abs(ratio.mean() - 1) < 0.05
    assert np.abs(ratio - 1).max() < 5 * 0.082


def test_random_units_are_a_subset_with_their_own_names():
    model, x = net(), images()
    whole = record(model, x, "*", progress=False)
    some = record(model, x, "*", units=20, seed=2, batch_size=4, progress=False)
    assert {name: int((some.layer == name).sum()) for name in ("0", "1", "3")} == {"0": 20, "1": 20, "3": 5}
    same = whole.sel(unit=some.unit.values)
    np.testing.assert_allclose(some.values, same.values, atol=1e-5)
    for label in ("layer", "channel", "row", "column"):
        assert same[label].values.tolist() == some[label].values.tolist()
    again, other = (record(model, x, "*", units=20, seed=s, progress=False) for s in (2, 3))
    assert again.unit.values.tolist() == some.unit.values.tolist() != other.unit.values.tolist()
    of_0, of_1 = ({u.split("/", 1)[1] for u in some.unit.values[(some.layer == n).values]} for n in "01")
    assert of_0 != of_1  # layers of one shape are not drawn alike


def test_units_are_drawn_evenly():
    """Each of 576 units is drawn in 100 of 576 places on average; over 60 seeds the counts are binomial."""
    model, x = net(), images(1)
    counts = np.zeros(16)
    for seed in range(60):
        counts += np.bincount(record(model, x, "1", units=100, seed=seed, progress=False).channel.values, minlength=16)
    assert counts.sum() == 6000
    assert np.abs(counts - 375).max() < 4 * (375 * 15 / 16) ** 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "normal", "n_components": 3}, "project: got 'normal', expected 'gaussian' or 'sparse'"),
        ({"kind": "sparse", "n_components": 0}, "n_components: got 0, expected an integer >= 1"),
        ({"kind": "gaussian", "n_components": 3, "density": 0.5}, "got 0.5 for a gaussian projection"),
        ({"kind": "sparse", "n_components": 3, "density": 1.5}, "expected 0 < density <= 1"),
    ],
)
def test_unusable_options(options, message):
    with pytest.raises(BadInput, match=message):
        Projection(**options)


def test_a_projection_of_another_layer():
    with pytest.raises(BadInput, match="projection: got 3 units, expected the 4 it was made for"):
        Projection("sparse", 2).of(4, Seeds(0)).apply(np.ones((1, 3)))
