"""All pairs at once are the pairs one by one; reliability, groups, tables, pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tertium.compare as compare
from tertium.compare import pairwise
from tertium.compare.representations.pairs.comparing import SHARED
from tertium.data import make_responses
from tertium.errors import BadInput, UnknownName


def family(samples: int = 40, sizes: tuple[int, ...] = (4, 6, 5, 6), seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(samples, 3))
    return {f"r{i}": shared @ rng.normal(size=(3, p)) + rng.normal(size=(samples, p)) for i, p in enumerate(sizes)}


@pytest.mark.parametrize("measure", SHARED)
def test_all_pairs_are_the_pairs_one_by_one(measure: str) -> None:
    given = family()
    found = pairwise(given, measure)
    function = getattr(compare, measure)
    expected = np.array([[function(x, y) for y in given.values()] for x in given.values()])
    assert np.allclose(found.matrix, expected, rtol=0, atol=5e-8)  # the angle of one with itself is zero here
    looped = pairwise(given, function, is_distance=found.is_distance)
    off = np.triu_indices(4, 1)
    assert np.allclose(looped.matrix[off], found.matrix[off], rtol=0, atol=1e-9)


@pytest.mark.parametrize("measure", ["procrustes", "cka", "bures"])
def test_more_units_than_samples(measure: str) -> None:
    given = family(10, (15, 30, 8))
    expected = [[getattr(compare, measure)(x, y) for y in given.values()] for x in given.values()]
    assert np.allclose(pairwise(given, measure).matrix, expected, rtol=0, atol=5e-8)


def test_options_reach_the_measure() -> None:
    given = family()
    assert pairwise(given, "procrustes", alpha=0.5).matrix[0, 1] == compare.procrustes(given["r0"], given["r1"], 0.5)
    one = pairwise(given, "svcca", components=2).matrix[0, 1]
    assert one == pytest.approx(compare.svcca(given["r0"], given["r1"], components=2), abs=1e-12)
    biased = pairwise(given, "cka", unbiased=False, kernel="rbf").matrix[2, 1]
    assert biased == pytest.approx(compare.cka(given["r1"], given["r2"], unbiased=False, kernel="rbf"), abs=1e-12)


def test_labels_are_matched_and_tensors_taken() -> None:
    given = list(family().values())
    names = [f"s{i}" for i in range(40)]
    first = make_responses(given[0][:, None], dt=1, trial={"stimulus": names})
    second = make_responses(given[1][::-1, None], dt=1, trial={"stimulus": names[::-1]})
    found = pairwise([first, second, torch.from_numpy(given[2]).requires_grad_()])
    assert found.names == ("1", "2", "3")
    assert np.allclose(found.matrix, pairwise(given[:3]).matrix, atol=1e-12)


def test_dynamics_and_noise_are_plugs() -> None:
    rng = np.random.default_rng(0)
    paths = [np.cumsum(rng.normal(size=(60, 3)), axis=0) for _ in range(3)]
    by_name, by_function = (pairwise(paths, m, delays=2, rank=3) for m in ("dsa", compare.dsa))
    assert np.array_equal(by_name.matrix, by_function.matrix)
    assert by_name.matrix[0, 1] == compare.dsa(paths[0], paths[1], delays=2, rank=3).value
    clouds = list(rng.normal(size=(3, 5, 8, 2)))
    assert pairwise(clouds, "stochastic_shape").matrix[0, 2] == compare.stochastic_shape(clouds[0], clouds[2])


def test_the_jackknife_is_the_standard_error_of_a_mean() -> None:
    """Of the mean of n numbers the leave-one-out jackknife gives s / sqrt(n) exactly; CKA's spread is simulated."""
    from tertium.compare import PairwiseComparison

    values = np.random.default_rng(0).normal(size=30)
    left_out = np.array([np.delete(values, i).mean() for i in range(30)])[:, None, None]
    result = PairwiseComparison(("a",), np.zeros((1, 1)), "cka", False, left_out)
    assert result.standard_error[0, 0] == pytest.approx(values.std(ddof=1) / np.sqrt(30), rel=1e-12)


@pytest.mark.parametrize("measure", ["cka", "procrustes"])
def test_standard_errors_are_those_of_new_stimuli(measure: str) -> None:
    rng = np.random.default_rng(0)
    read_outs = [rng.normal(size=(6, 5)) for _ in range(3)]

    def draw() -> list[np.ndarray]:
        stimuli = rng.normal(size=(150, 6))
        return [np.tanh(stimuli @ weights) for weights in read_outs]

    spread = np.std([pairwise(draw(), measure).matrix[0, 1] for _ in range(200)])
    told = np.mean([pairwise(draw(), measure, leave_out=15).standard_error[0, 1] for _ in range(20)])
    assert 0.75 < told / spread < 1.35


def test_reliability_is_high_where_pairs_differ_and_low_where_they_do_not() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5))
    graded = [x + noise * rng.normal(size=(200, 5)) for noise in (0, 0.3, 0.6, 1, 2)]
    assert pairwise(graded, leave_out=10).reliability > 0.9
    alike = [rng.normal(size=(30, 5)) for _ in range(6)]
    assert pairwise(alike, leave_out=10).reliability < 0.5


def test_groups_are_recovered_where_there_are_any() -> None:
    rng = np.random.default_rng(0)
    kinds = {kind: rng.normal(size=(80, 4)) for kind in "ab"}
    given = {f"{kind}{i}": kinds[kind] + 0.5 * rng.normal(size=(80, 4)) for kind in "ab" for i in range(4)}
    found = pairwise(given, "procrustes", groups={name: name[0] for name in given})
    table = found.leave_one_out()
    assert table["right"].all()
    assert np.allclose(table["chance"], 3 / 7)
    order = [found.names[i][0] for i in found.order()]
    assert order in ([*"aaaabbbb"], [*"bbbbaaaa"])
    wrong = pairwise(given, "procrustes", groups=list("abababab"))
    assert wrong.leave_one_out()["right"].mean() < 0.75


def test_distances_table_and_pictures() -> None:
    found = pairwise(family(), "pwcca", leave_out=4, groups=["a", "a", "b", "b"])
    table = found.table()
    assert list(table.columns) == ["first", "second", "pwcca", "pwcca_back", "standard_error"]
    assert table["pwcca"][0] == found.matrix[0, 1]
    distances = found.distances()
    assert distances[0, 1] == pytest.approx(np.arccos((found.matrix[0, 1] + found.matrix[1, 0]) / 2))
    assert np.allclose(distances, distances.T)
    assert found.mds().points.shape == (4, 2)
    picture = found.figure()
    assert [trace.type for trace in picture.data] == ["heatmap"] + 3 * ["scatter"]
    order = found.order()
    assert np.array_equal(picture.data[0].z, found.matrix[np.ix_(order, order)])
    assert "reliability" in picture.layout.title.text
    assert len(found.dendrogram().data) == 3
    plain = pairwise(family(), "procrustes")
    assert list(plain.table().columns) == ["first", "second", "procrustes"]
    assert np.array_equal(plain.distances(), plain.matrix)


def test_bad_input_is_told() -> None:
    given = family()
    with pytest.raises(UnknownName, match="Did you mean 'procrustes'"):
        pairwise(given, "procrustse", leave_out=3)
    with pytest.raises(BadInput, match=r"option 'alhpa'.*Did you mean 'alpha'"):
        pairwise(given, "procrustes", alhpa=0.5)
    with pytest.raises(BadInput, match="two or more, each named"):
        pairwise(list(given.values())[:1])
    with pytest.raises(BadInput, match="r0 and r1: got 40 and 39 samples"):
        pairwise({"r0": given["r0"], "r1": given["r1"][:39]})
    with pytest.raises(BadInput, match="leave_out: got 50, expected 0, or 2 to 40 blocks"):
        pairwise(given, leave_out=50)
    with pytest.raises(BadInput, match="leave_out: got the measure cka, which takes representations whole"):
        pairwise(given, compare.cka, leave_out=5)
    with pytest.raises(BadInput, match="Pass leave_out=10"):
        _ = pairwise(given).reliability
    with pytest.raises(BadInput, match="a group of one, 'b'"):
        pairwise(given, groups=list("aaab")).leave_one_out()
    with pytest.raises(BadInput, match="groups: got 2, expected 4"):
        pairwise(given, groups=list("ab"))
    with pytest.raises(BadInput, match="groups: got none for 'r1'"):
        pairwise(given, groups={"r0": "a"})
