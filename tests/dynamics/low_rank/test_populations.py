"""Planted populations are found, drawn again, and told from one population of the same covariance."""

import numpy as np
import pytest

from tertium.dynamics import Loadings, fit_populations
from tertium.errors import BadInput
from tertium.rng import Seeds


def planted(n=1500, seed=0):
    """Return units of two populations whose n agrees with m in one and with the input in the other."""
    rng = Seeds(seed).numpy("planted")
    m, i, noise = rng.normal(size=(3, n))
    first = np.arange(n) < 0.6 * n
    return Loadings(m, np.where(first, 2 * m, 1.5 * i) + 0.2 * noise, i), first


def test_planted_populations_are_found_with_shares_covariances_and_members():
    loadings, first = planted()
    found = fit_populations(loadings, (1, 2, 3), seed=1)
    assert len(found) == 2
    np.testing.assert_allclose(found.weights, [0.6, 0.4], atol=0.05)
    table = found.table()
    assert table["cov(n1, m1)"].tolist() == pytest.approx([2, 0], abs=0.25)
    assert table["cov(n1, I1)"].tolist() == pytest.approx([0, 1.5], abs=0.25)
    assert (found.labels == np.where(first, 0, 1)).mean() > 0.85


def test_a_network_drawn_again_has_the_same_statistics_and_one_population_is_not_split():
    found = fit_populations(planted()[0], 2)
    again = found.resample(20_000, seed=3)
    np.testing.assert_array_equal(again.m, found.resample(20_000, seed=3).m)
    refound = fit_populations(Loadings(again.m[:2000], again.n[:2000], again.inputs[:2000]), (1, 2, 3))
    assert len(refound) == 2
    one = fit_populations(planted()[0], 1).resample(1500)
    assert len(fit_populations(one, (1, 2, 3))) == 1
    np.testing.assert_allclose(np.cov(one.joined().T), np.cov(planted()[0].joined().T), atol=0.3)


@pytest.mark.parametrize("seed", range(6))
def test_populations_that_lie_across_each_other_are_not_cut_in_pieces(seed):
    # seed 0 with starts from k-means alone: three
    rng = np.random.default_rng(seed)
    m, noise = rng.normal(size=(2, 600))
    loadings = Loadings(m, np.where(np.arange(600) < 300, 1.0, -1.0) * m + 0.3 * noise)
    assert len(fit_populations(loadings, (1, 2, 3), seed=0)) == 2


def test_populations_that_differ_in_their_means_are_found():
    rng = Seeds(4).numpy("means")
    means = np.array([[3.0, 0.0], [-2.0, 1.0], [0.0, -4.0]])
    table = rng.normal(size=(900, 2)) + means[np.arange(900) % 3]
    found = fit_populations(Loadings.split(table, 1), (2, 3, 4))
    assert len(found) == 3
    for mean in means:
        assert np.linalg.norm(found.means - mean, axis=1).min() < 0.3


def test_figure_shows_the_pair_that_differs():
    found = fit_populations(planted()[0], (1, 2))
    assert "n1" in {found.figure().layout.xaxis2.title.text[-2:], found.figure().layout.yaxis2.title.text[-2:]}
    assert found.figure("m1", "I1").layout.xaxis2.title.text == "loading m1"
    with pytest.raises(BadInput, match="loading: got 'z'"):
        found.figure("z", "m1")


def test_bad_input_is_named():
    loadings, _ = planted(200)
    with pytest.raises(BadInput, match="loading I1: got one value in all units"):
        fit_populations(Loadings(loadings.m, loadings.n, np.ones(200)), 1)
    with pytest.raises(BadInput, match="loadings m1, n1: got one that is a weighted sum"):
        fit_populations(Loadings(loadings.m, -2 * loadings.m, loadings.inputs), 1)
    with pytest.raises(BadInput, match="loadings: got 20 units, expected at least 45"):
        fit_populations(Loadings(*(a[:20] for a in (loadings.m, loadings.n, loadings.inputs))), 3)
    with pytest.raises(BadInput, match="numbers of populations"):
        fit_populations(loadings, 0)
    with pytest.raises(BadInput, match="units: got 0"):
        fit_populations(loadings, 1).resample(0)
