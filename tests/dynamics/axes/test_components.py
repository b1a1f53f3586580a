"""Principal components: against the eigenvectors of the covariance, and of planted axes."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data import average, make_responses
from tertium.dynamics import pca
from tertium.errors import BadInput


@pytest.fixture
def r():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(30, 8, 5)) @ rng.normal(size=(5, 5)) + 3
    return make_responses(values, dt=0.1, trial={"stimulus": np.arange(30) % 3}, quantity="rate")


def test_components_are_eigenvectors_of_the_covariance(r):
    found = pca(r)
    values, vectors = np.linalg.eigh(np.cov(r.values.reshape(-1, 5), rowvar=False))
    np.testing.assert_allclose(found.variances, values[::-1])
    np.testing.assert_allclose(np.abs((found.axes * vectors[:, ::-1]).sum(0)), 1)
    np.testing.assert_allclose(found.explained.sum(), 1)
    back = found.projections @ found.axes.T + found.means
    np.testing.assert_allclose(back, r.values)
    assert (found.axes[np.abs(found.axes).argmax(0), range(5)] > 0).all()


def test_averages_of_conditions_leave_out_noise_between_trials():
    rng = np.random.default_rng(1)
    course = np.sin(np.arange(20) / 3)
    values = 5 * rng.normal(size=(200, 1, 1)) * np.eye(6)[0]  # large, and the same at all times of a trial
    values = values + course[:, None] * np.eye(6)[1] * (np.arange(200) % 2 * 2 - 1)[:, None, None]
    r = make_responses(values, dt=0.05, trial={"choice": np.arange(200) % 2})
    assert abs(pca(r).axes[0, 0]) > 0.99
    assert abs(pca(r, by="choice").axes[1, 0]) > 0.99
    assert pca(r, by="choice").rows == ("0", "1")


def test_averaged_responses_are_taken_as_they_are(r):
    by, given = pca(r, by="stimulus"), pca(average(r, by="stimulus"))
    np.testing.assert_allclose(by.axes, given.axes)
    assert given.row_kind == "condition"


def test_sessions_side_by_side(r):
    first, second = r.isel(unit=[0, 1]), r.isel(unit=[2, 3, 4])
    together = pca({"a": first, "b": second}, by="stimulus")
    np.testing.assert_allclose(together.axes, pca(r, by="stimulus").axes)
    with pytest.raises(BadInput, match="labels to average by"):
        pca([first, second])


def test_projecting_other_trials(r):
    for scale in ("none", "zscore"):
        found = pca(r, by="stimulus", scale=scale)
        averaged = found.project(average(r, by="stimulus"))
        np.testing.assert_allclose(averaged, found.projections, atol=1e-12)
    with pytest.raises(BadInput, match="same 5 units"):
        found.project(r.isel(unit=[0]))


def test_zscores_and_smoothing(r):
    scaled = pca(r.copy(data=r.values * [1.0, 10, 100, 1, 1]), scale="zscore")
    np.testing.assert_allclose(scaled.explained, pca(r, scale="zscore").explained)
    assert pca(r, smooth=0.2).variances.sum() < 0.7 * pca(r).variances.sum()


def test_a_number_of_components(r):
    two = pca(r, n=2)
    assert two.axes.shape == (5, 2)
    assert two.explained.sum() < 1
    np.testing.assert_allclose(two.explained, pca(r).explained[:2])


def test_refusals(r):
    with pytest.raises(BadInput, match="no variance"):
        pca(np.ones((5, 3)))
    with pytest.raises(BadInput, match="whole number of components"):
        pca(r, n=0)
    with pytest.raises(BadInput, match="'none' or 'zscore'"):
        pca(r, scale="max")
    with pytest.raises(BadInput, match="no such label"):
        pca(r, by="choice")
    with pytest.raises(BadInput, match="finite"):
        pca(np.full((5, 3), np.nan))


def test_table_and_figures(r):
    found = pca(r, by="stimulus")
    assert found.table()["cumulative"].iloc[-1] == pytest.approx(1)
    np.testing.assert_allclose(found.figure().data[0].y, 100 * found.explained)
    drawn = found.plane_figure()
    assert [t.name for t in drawn.data] == ["0", "1", "2"]
    with pytest.raises(BadInput, match="1 to 5"):
        found.plane_figure(x=9)
    with pytest.raises(BadInput, match="at most 40"):
        pca(np.random.default_rng(0).normal(size=(50, 3))).plane_figure()
