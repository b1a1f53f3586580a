"""The RDM object, means over RDMs, joining of partial ones, files."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

from tertium.compare import RDM, align_rdms, average_rdms, join_partial_rdms, load_rdm, save_rdm
from tertium.errors import BadFile, BadInput, MissingData, UnknownName
from tertium.rng import Seeds


@pytest.fixture
def rdm():
    x = Seeds(0).numpy("x").normal(size=(6, 9))
    return RDM(pdist(x), tuple("abcdef"), "euclidean", "IT", {"kind": tuple("xxyyzz")})


def test_values_and_vector_agree(rdm):
    assert RDM.from_matrix(rdm.values, rdm.labels).vector.tolist() == rdm.vector.tolist()
    np.testing.assert_array_equal(rdm.values, rdm.values.T)


def test_subsets_reorder(rdm):
    part = rdm.subset("fba")
    assert part.values[0, 2] == rdm.values[5, 0]
    assert part.groups == {"kind": ("z", "x", "x")}
    assert rdm.where("kind", "y").labels == ("c", "d")
    with pytest.raises(BadInput, match="RDM subset: got 'q'"):
        rdm.subset(["a", "q"])
    with pytest.raises(BadInput, match="RDM group: got 'sort', expected one of kind"):
        rdm.where("sort", "y")


@pytest.mark.parametrize(
    ("vector", "labels", "groups", "message"),
    [
        ([1.0, 2.0], ("a", "b", "c"), {}, r"got 3 labels and dissimilarities of shape \(2,\)"),
        ([1.0], ("a", "a"), {}, "RDM labels: got 'a' twice"),
        ([1.0], ("a", "b"), {"kind": ("x",)}, "RDM group 'kind': got 1 values, expected 2"),
    ],
)
def test_what_is_no_rdm(vector, labels, groups, message):
    with pytest.raises(BadInput, match=message):
        RDM(vector, labels, groups=groups)


def test_what_is_no_matrix():
    with pytest.raises(BadInput, match="a square matrix"):
        RDM.from_matrix(np.zeros((2, 3)))
    with pytest.raises(BadInput, match="differs from its transpose by 1"):
        RDM.from_matrix([[0.0, 1.0], [2.0, 0.0]])


def test_frame_and_array(rdm):
    frame = rdm.to_frame()
    assert list(frame.columns) == ["first", "second", "dissimilarity"]
    row = frame[(frame["first"] == "b") & (frame["second"] == "e")]
    assert row["dissimilarity"].item() == rdm.values[1, 4]
    assert float(rdm.to_xarray().sel(stimulus="e", stimulus_2="b")) == rdm.values[1, 4]


def test_ranks_share_ties_and_leave_out_what_is_missing():
    ranked = RDM([3.0, 1.0, 1.0, np.nan, 7.0, 2.0], tuple("abcd")).ranked()
    np.testing.assert_array_equal(ranked.vector, [4.0, 1.5, 1.5, np.nan, 5.0, 3.0])


def test_ranks_are_scipys(rdm):
    np.testing.assert_array_equal(rdm.ranked().vector, rankdata(rdm.vector))


def test_mean_matches_conditions_by_label(rdm):
    shuffled = rdm.subset("dfacbe")
    mean = average_rdms([rdm, shuffled, rdm])
    assert mean.labels == rdm.labels
    assert mean.groups == rdm.groups
    np.testing.assert_allclose(mean.vector, rdm.vector, rtol=1e-14)


def test_weighted_mean(rdm):
    double = RDM(2 * rdm.vector, rdm.labels, rdm.metric)
    np.testing.assert_allclose(average_rdms([rdm, double], [3, 1]).vector, 1.25 * rdm.vector, rtol=1e-14)


def test_mean_of_partial_rdms_is_over_those_that_have_the_pair(rdm):
    a, b = rdm.subset("abc"), RDM(3 * rdm.subset("bcd").vector, tuple("bcd"), rdm.metric)
    mean = average_rdms([a, b])
    d = mean.values
    assert d[0, 1] == rdm.values[0, 1]
    assert d[1, 2] == pytest.approx(2 * rdm.values[1, 2])
    assert d[2, 3] == pytest.approx(3 * rdm.values[2, 3])
    assert np.isnan(d[0, 3])


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.nan]])
def test_bad_weights(rdm, weights):
    with pytest.raises(BadInput, match="weights: got shape"):
        average_rdms([rdm, rdm], weights)


def test_metrics_are_not_mixed(rdm):
    with pytest.raises(BadInput, match="metrics cosine, euclidean, expected one metric"):
        align_rdms([rdm, RDM([1.0], ("a", "b"), "cosine")])
    with pytest.raises(BadInput, match="RDMs: got none"):
        average_rdms([])


@pytest.mark.parametrize("method", ["evidence", "setsize", "simple"])
def test_partial_rdms_of_one_truth_join_exactly(rdm, method):
    scale = {"abcd": 0.3, "cdef": 5.0, "abef": 40.0}
    parts = [RDM(k * rdm.subset(s).vector, tuple(s), rdm.metric, s) for s, k in scale.items()]
    joined = join_partial_rdms(parts, method, tolerance=1e-26)
    mean = joined.mean.subset(rdm.labels).vector
    np.testing.assert_allclose(mean, rdm.vector / np.linalg.norm(rdm.vector), rtol=1e-9)
    np.testing.assert_allclose(joined.scales * list(scale.values()), 1 / np.linalg.norm(rdm.vector), rtol=1e-9)
    for part, given in zip(joined.parts, parts, strict=True):
        assert part.name == given.name
        expected = rdm.subset(given.labels).vector / np.linalg.norm(rdm.vector)
        np.testing.assert_allclose(part.subset(given.labels).vector, expected, rtol=1e-9)


def test_evidence_trusts_large_dissimilarities():
    """Of two RDMs, the one that shows a pair far apart on screen has more say on that pair."""
    a = RDM([1.0, 4.0, 4.0], tuple("xyz"))
    b = RDM([4.0, 4.0, 1.0], tuple("xyz"))
    simple, evidence = (join_partial_rdms([a, b], m).mean.vector for m in ("simple", "evidence"))
    assert simple[0] / simple[1] == pytest.approx((1 + 4) / (4 + 4))
    assert evidence[0] / evidence[1] == pytest.approx((1 * 1 + 4 * 16) / (1 + 16) / 4)


def test_unrelated_partial_rdms(rdm):
    with pytest.raises(BadInput, match="RDM 1 'q': got no pair of conditions shared"):
        join_partial_rdms([rdm.subset("abc"), RDM([1.0, 1.0, 1.0], tuple("cde"), rdm.metric, "q")])
    with pytest.raises(BadInput, match="RDM 'q': got only zeros"):
        join_partial_rdms([rdm, RDM([0.0], ("a", "b"), rdm.metric, "q")])
    with pytest.raises(UnknownName, match="rescaling: got 'evidense'"):
        join_partial_rdms([rdm, rdm], "evidense")
    with pytest.raises(BadInput, match="no convergence in 2 rounds"):
        join_partial_rdms(
            [rdm.subset("abcd"), RDM(rdm.vector**2, rdm.labels, rdm.metric)], tolerance=-1.0, max_iterations=2
        )


def test_files_keep_everything(rdm, tmp_path):
    partial = average_rdms([rdm.subset("abc"), rdm.subset("def")])
    for one in (rdm, partial):
        back = load_rdm(save_rdm(one, tmp_path / "one.npz"))
        np.testing.assert_array_equal(back.vector, one.vector)
        assert (back.labels, back.metric, back.name, back.groups) == (one.labels, one.metric, one.name, one.groups)
    assert rdm.save(tmp_path / "IT.v2").name == "IT.v2.npz"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["IT.v2.npz", "one.npz"]


def test_damaged_files(rdm, tmp_path):
    path = rdm.save(tmp_path / "one.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match="expected a file that save_rdm wrote"):
        load_rdm(path)
    path.write_bytes(b"")
    with pytest.raises(BadFile, match="expected a file that save_rdm wrote"):
        load_rdm(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(BadFile, match="KeyError"):
        load_rdm(path)
    with pytest.raises(MissingData, match="no such file"):
        load_rdm(tmp_path / "two.npz")
