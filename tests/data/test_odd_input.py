"""Odd input to the operations: labels that look alike, windows that are no whole bins, lists, mappings."""

import numpy as np
import pytest

from tertium.data import align, bin_spikes, load, make_responses, save, split, validate, window
from tertium.errors import BadInput


def test_one_label_may_be_asked_for_as_text(table):
    assert validate(table, needs="stimulus") is table
    with pytest.raises(BadInput, match="got no label 'reward'"):
        validate(table, needs="reward")


def test_sessions_are_taken_one_by_one(table):
    with pytest.raises(BadInput, match=r"got a dict of 2 entries, .* one by one"):
        validate({"a": table, "b": table})


def test_labels_do_not_follow_the_array_they_came_from():
    x, names = np.arange(3), np.array(["a", "b", "c"], dtype=object)
    r = make_responses(np.zeros((3, 3)), trial={"x": x}, unit={"unit": names, "region": names})
    x[0], names[0] = 99, "changed"
    assert r["x"].values.tolist() == [0, 1, 2]
    assert r["unit"].values.tolist() == r["region"].values.tolist() == ["a", "b", "c"]


def test_split_loses_no_part_whose_name_is_written_alike():
    r = make_responses(np.ones((4, 1)), trial={"session": np.array([1, "1", 2, 2], dtype=object)})
    with pytest.raises(BadInput, match="got values that are all written '1'"):
        split(r, by="session")


@pytest.mark.parametrize(
    ("before", "after", "times"),
    [
        (0.25, 0.35, [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3]),
        (0.3, 0.1 + 0.2, [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2]),
        (0.15, 0.05, [-0.1, 0.0]),
        (-0.1, 0.3, [0.1, 0.2]),
    ],
)
def test_aligned_bins_begin_within_the_window(before, after, times):
    r = make_responses(np.arange(20.0)[None, :, None], dt=0.1, trial={"go": [1.0]})
    aligned = align(r, "go", before=before, after=after)
    np.testing.assert_allclose(aligned["time"].values, times, atol=1e-12)
    np.testing.assert_array_equal(aligned.values.ravel(), 10 + np.round(10 * np.array(times)))


def test_a_window_of_nan_is_an_error():
    r = make_responses(np.arange(20.0)[None, :, None], dt=0.1, trial={"go": [1.0]})
    with pytest.raises(BadInput, match=r"window: got .*nan.*, expected finite seconds"):
        align(r, "go", before=np.nan, after=0.1)


@pytest.mark.parametrize(("n", "dt"), [(300, 0.001), (100, 1 / 30), (77, 0.7), (10, 0.1)])
def test_windows_are_exact_at_every_edge(n, dt):
    # times as recorders make them, by adding up; edges as people write them, by multiplying
    time = np.cumsum(np.r_[0.0, np.full(n - 1, dt)])
    r = make_responses(np.arange(float(n))[None, :, None], dt=dt, time=time)
    for start in range(0, n, 7):
        for stop in {start + 1, (start + n + 1) // 2, n} - {start}:
            inside = window(r, start * dt, stop * dt).values.ravel()
            assert (inside[0], inside[-1], len(inside)) == (start, stop - 1, stop - start)


def test_millisecond_bins_agree_with_whole_numbers():
    ms = np.sort(np.random.default_rng(0).integers(0, 10_000, 2000))
    counts = bin_spikes({"a": ms / 1000}, events=[0.0], window=(0.0, 10.0), dt=0.001)
    np.testing.assert_array_equal(counts.values.ravel(), np.bincount(ms, minlength=10_000))


def test_a_list_of_spike_times_is_told_where_to_go():
    with pytest.raises(BadInput, match=r"got a list, .*spike_trains"):
        bin_spikes([[0.1, 0.2]], events=[0.0], window=(0.0, 0.3), dt=0.1)


@pytest.mark.parametrize("what", [3, None, ["a.npz"]])
def test_only_paths_and_names_are_loaded(what):
    with pytest.raises(BadInput, match="expected a path, or the name of a data set"):
        load(what)


def test_npz_refuses_text_that_numpy_would_cut(tmp_path):
    r = make_responses(np.ones((2, 1)), trial={"note": np.array(["a", "b\0"], dtype=object)})
    with pytest.raises(BadInput, match="label 'note': got text that ends in a null character"):
        save(r, tmp_path / "r.npz")
    assert load(save(r, tmp_path / "r.zarr")).load().identical(r)
