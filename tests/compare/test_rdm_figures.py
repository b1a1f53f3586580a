"""Layouts recover planted configurations; pictures hold what they should."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tertium.compare import RDM, mds
from tertium.compare.rdm_embedding import distances
from tertium.compare.rdm_figures import dendrogram_figure, matrix_figure, mds_figure
from tertium.errors import BadInput, UnknownName
from tertium.rng import Seeds


@pytest.fixture
def clusters():
    """Three clusters of five points in the plane, given in mixed order."""
    random = Seeds(0).numpy("clusters")
    kind = np.tile([0, 1, 2], 5)
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 7.0]])[kind] + random.normal(scale=0.5, size=(15, 2))
    groups = {"kind": tuple(np.array(["face", "hand", "tool"])[kind])}
    return points, RDM(pdist(points) ** 2, tuple(f"s{i}" for i in range(15)), "euclidean", "IT", groups)


@pytest.mark.parametrize("method", ["metric", "classical"])
def test_points_of_the_plane_are_found_again(clusters, method):
    points, rdm = clusters
    laid = mds(rdm, method)
    np.testing.assert_allclose(pdist(laid.points), pdist(points), rtol=1e-5)
    assert laid.stress < 1e-5
    assert np.var(laid.points[:, 0]) > np.var(laid.points[:, 1])


def test_metric_mds_lowers_the_stress():
    rdm = RDM(pdist(Seeds(1).numpy("x").normal(size=(20, 10))), tuple(map(str, range(20))))
    metric, classical = mds(rdm), mds(rdm, "classical")
    assert metric.stress < 0.9 * classical.stress
    assert metric.stress == pytest.approx(
        np.sqrt(((pdist(metric.points) - rdm.vector) ** 2).sum() / (pdist(metric.points) ** 2).sum())
    )
    np.testing.assert_array_equal(metric.points, mds(rdm).points)


def test_squared_metrics_are_rooted_and_negative_values_are_zero():
    assert distances(RDM([4.0, -1.0, 9.0], tuple("abc"), "crossnobis"))[0].tolist() == [0.0, 2.0, 0.0]
    assert distances(RDM([4.0, 1.0, 9.0], tuple("abc"), "correlation"))[0].tolist() == [0.0, 4.0, 1.0]


@pytest.mark.parametrize("draw", [mds, mds_figure, dendrogram_figure])
def test_partial_or_tiny_rdms_cannot_be_laid_out(draw):
    with pytest.raises(BadInput, match="got 1 pairs that were not measured"):
        draw(RDM([1.0, np.nan, 2.0], tuple("abc")))
    with pytest.raises(BadInput, match="got 2 conditions, expected 3 or more"):
        draw(RDM([1.0], tuple("ab")))


def test_bad_options(clusters):
    rdm = clusters[1]
    with pytest.raises(UnknownName, match="MDS method: got 'metrik'"):
        mds(rdm, "metrik")
    with pytest.raises(BadInput, match="n_dims: got 15, expected 1 to 14"):
        mds(rdm, n_dims=15)
    with pytest.raises(UnknownName, match="linkage: got 'averag'"):
        dendrogram_figure(rdm, linkage="averag")
    for draw in (lambda: matrix_figure(rdm, order="sort"), lambda: mds_figure(rdm, group="sort")):
        with pytest.raises(BadInput, match="RDM group: got 'sort', expected one of kind"):
            draw()


def test_matrix_is_sorted_by_group(clusters):
    rdm = clusters[1]
    picture = rdm.figure(order="kind", rank=False)
    order = [i for k in ("face", "hand", "tool") for i in range(15) if rdm.groups["kind"][i] == k]
    np.testing.assert_array_equal(picture.data[0].z, rdm.values[np.ix_(order, order)])
    assert list(picture.layout.xaxis.ticktext) == ["face", "hand", "tool"]
    assert len(picture.layout.shapes) == 4
    assert "15 conditions" in picture.layout.title.text


def test_matrix_shows_percentiles_and_leaves_gaps():
    z = matrix_figure(RDM([1.0, np.nan, 5.0], tuple("abc"))).data[0].z
    assert z[0, 1] == 50.0
    assert z[1, 2] == 100.0
    assert np.isnan(z[0, 2])


def test_crossnobis_has_zero_in_the_middle_of_the_scale():
    heat = matrix_figure(RDM([1.0, -2.0, 0.0], tuple("abc"), "crossnobis"), rank=False).data[0]
    assert (heat.zmin, heat.zmax) == (-2.0, 2.0)


def test_mds_picture(clusters):
    picture = clusters[1].mds_figure(group="kind")
    assert [t.name for t in picture.data] == ["face", "hand", "tool"]
    assert all(len(t.x) == 5 for t in picture.data)
    assert "stress" in picture.layout.title.text


def test_dendrogram_keeps_clusters_together(clusters):
    rdm = clusters[1]
    picture = rdm.dendrogram_figure(group="kind")
    kinds = [rdm.groups["kind"][rdm.labels.index(name)] for name in picture.layout.yaxis.ticktext]
    assert sum(a != b for a, b in pairwise(kinds)) == 2
    marks = {t.name: set(t.text) for t in picture.data[1:]}
    assert marks["hand"] == {name for name, k in zip(rdm.labels, rdm.groups["kind"], strict=True) if k == "hand"}
    lines = picture.data[0]
    assert len(lines.x) == len(lines.y) == 14 * 5  # 14 joins of four corners and a gap
