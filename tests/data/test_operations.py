"""Averaging, splitting, windows, alignment, z-scores, spikes, selection, and operations of two tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from tertium.data import (
    SpikeTrains,
    align,
    average,
    bin_spikes,
    check_same_labels,
    combine,
    folds,
    make_responses,
    select,
    spike_trains,
    split,
    window,
    zscore,
)
from tertium.data.blocks import trial_blocks, unit_blocks
from tertium.errors import BadInput

Make = Callable[..., xr.DataArray]


class TestAverage:
    @settings(max_examples=30, deadline=None)
    @given(labels=st.lists(st.sampled_from("abcd"), min_size=1, max_size=20), seed=st.integers(0, 2**32 - 1))
    def test_equals_the_mean_of_each_group(self, labels: list[str], seed: int) -> None:
        values = np.random.default_rng(seed).normal(size=(len(labels), 3, 2))
        r = make_responses(values, trial={"stimulus": labels})
        found = average(r, by="stimulus")
        expected = r.groupby("stimulus").mean("trial").transpose("stimulus", "time", "unit")
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-12, atol=1e-14)
        assert found["condition"].values.tolist() == expected["stimulus"].values.tolist() == sorted(set(labels))
        assert found["n_trials"].values.tolist() == [labels.count(c) for c in sorted(set(labels))]

    def test_labels_constant_within_a_condition_are_carried(self) -> None:
        r = make_responses(
            np.zeros((4, 1, 2)),
            dt=0.5,
            trial={"stimulus": ["a", "b", "a", "b"], "category": ["x", "y", "x", "y"], "run": [1, 1, 2, 2]},
            unit={"region": ["V1", "V2"]},
        )
        found = average(r, by="stimulus")
        assert found.dims == ("condition", "time", "unit")
        assert found["category"].values.tolist() == ["x", "y"]
        assert found["stimulus"].values.tolist() == ["a", "b"]
        assert "run" not in found.coords
        assert found["region"].values.tolist() == ["V1", "V2"]
        assert found.attrs["dt"] == 0.5

    def test_several_labels_make_combinations(self) -> None:
        r = make_responses([[1.0], [2.0], [3.0], [5.0]], trial={"a": [0, 0, 1, 1], "b": ["x", "y", "x", "x"]})
        found = average(r, by=["a", "b"])
        assert found["condition"].values.tolist() == ["0, x", "0, y", "1, x"]
        assert found["a"].values.tolist() == [0, 0, 1]
        np.testing.assert_array_equal(found.values.ravel(), [1, 2, 4])

    def test_levels_choose_and_order(self, table: xr.DataArray) -> None:
        found = average(table, by="stimulus", levels=["s2", "s0"])
        assert found["condition"].values.tolist() == ["s2", "s0"]
        np.testing.assert_allclose(found.values[0], table.values[2::3].mean(axis=0))

    def test_numbers_are_levels_too(self, table: xr.DataArray) -> None:
        found = average(table, by="context", levels=np.array([1, 0]))
        np.testing.assert_allclose(found.values[0], table.values[1::2].mean(axis=0))
        np.testing.assert_allclose(found.sel(condition=0).values, table.values[0::2].mean(axis=0))

    def test_zero_trials_of_a_condition(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="condition 's9' of stimulus: got zero trials, expected at least one"):
            average(table, by="stimulus", levels=["s0", "s9"])
        with pytest.raises(BadInput, match="condition '1, s9' of context, stimulus: got zero trials"):
            average(table, by=["context", "stimulus"], levels=[(1, "s9")])

    def test_single_precision_is_summed_in_double(self) -> None:
        values = np.full((20_000, 1, 1), 0.1, dtype=np.float32)
        values[0] = 1e6
        found = average(make_responses(values, trial={"condition": "all"}))
        assert found.dtype == np.float32
        assert found.item() == np.float32(values.astype(np.float64).mean())

    def test_counts_become_double_precision(self) -> None:
        found = average(make_responses(np.array([[1], [2]]), trial={"condition": "all"}))
        assert found.dtype == np.float64
        assert found.item() == 1.5

    def test_pieces_add_up(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        r = make(n=30, units=8)
        whole = average(r, by="stimulus")
        monkeypatch.setattr("tertium.data.blocks.BLOCK_BYTES", 1000)
        r.encoding["preferred_chunks"] = {"trial": 4, "time": 5, "unit": 3}
        assert len(list(unit_blocks(r))) > 1
        assert len(list(trial_blocks(r))) > 1
        np.testing.assert_allclose(average(r, by="stimulus").values, whole.values, rtol=1e-12)

    def test_a_trial_without_the_label(self) -> None:
        r = make_responses(np.ones((3, 1)), trial={"coherence": [0.1, np.nan, 0.2], "name": np.array(["a", None, "b"])})
        for label in ("coherence", "name"):
            with pytest.raises(BadInput, match=rf"label '{label}': got no value .* first trial 1"):
                average(r, by=label)

    def test_a_label_of_units_or_none(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="label 'region': got a label of unit, expected a label of each trial"):
            average(table, by="region")
        with pytest.raises(BadInput, match="no label 'condition'"):
            average(table)

    def test_nan_is_named(self, table: xr.DataArray) -> None:
        bad = table.copy()
        bad[3, 2, 1] = np.nan
        with pytest.raises(BadInput, match="nan at trial 3, time index 2, unit 'n1'"):
            average(bad, by="stimulus")


class TestSelect:
    def test_every_way_of_asking(self, table: xr.DataArray) -> None:
        assert select(table, stimulus="s1").sizes["trial"] == 4
        assert select(table, stimulus=["s1", "s2"], region=["V1", "MT"]).shape == (8, 5, 2)
        assert select(table, context=np.array([1]))["trial"].values.tolist() == [1, 3, 5, 7, 9, 11]
        low = select(table, coherence=(None, 0.0))
        assert (low["coherence"].values <= 0).all()
        assert low.sizes["trial"] == (table["coherence"].values <= 0).sum()
        # the table's time 0.1 is stored as 0.10000000000000003
        np.testing.assert_allclose(select(table, time=(-0.1, 0.1))["time"].values, [-0.1, 0.0, 0.1], atol=1e-12)
        assert select(table, time=0.1).sizes["time"] == 1
        assert select(table, unit=lambda names: np.char.endswith(names.astype(str), "2")).sizes["unit"] == 1
        assert select(table, correct=True, stimulus="s0")["trial"].values.tolist() == [0, 6]

    def test_nothing_left_says_what_there_is(self, table: xr.DataArray) -> None:
        with pytest.raises(
            BadInput, match="label 'stimulus': got 's7', which no trial has, expected one of 's0', 's1'"
        ):
            select(table, stimulus="s7")
        with pytest.raises(BadInput, match=r"no trial with stimulus = 's0' and coherence = \(90, 99\)"):
            select(table, stimulus="s0", coherence=(90, 99))
        with pytest.raises(BadInput, match="no unit with region as the function asks"):
            select(table, region=lambda names: names == "nowhere")

    def test_unusable_requests(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="no label 'colour'"):
            select(table, colour="red")
        with pytest.raises(BadInput, match=r"the tuple \('s0', 's1'\), which means a range"):
            select(table, stimulus=("s0", "s1"))
        with pytest.raises(BadInput, match="a function that returns"):
            select(table, coherence=lambda values: 3)


class TestSplit:
    def test_parts_share_no_trial_and_lose_none(self, table: xr.DataArray) -> None:
        parts = split(table, {"a": 0.5, "b": 0.25, "c": 0.25}, seed=3)
        trials = np.concatenate([part["trial"].values for part in parts.values()])
        assert sorted(trials) == list(range(12))
        assert [part.sizes["trial"] for part in parts.values()] == [6, 3, 3]
        np.testing.assert_array_equal(parts["b"].values, table.values[parts["b"]["trial"].values])

    def test_the_seed_decides(self, make: Make) -> None:
        r = make(n=60)
        one, same, other = (split(r, seed=s)["test"]["trial"].values.tolist() for s in (1, 1, 2))
        assert one == same != other

    def test_strata_are_shared_out_evenly(self, make: Make) -> None:
        parts = split(make(n=60), {"train": 0.75, "test": 0.25}, stratify=["stimulus", "context"])
        for name, each in (("train", 7.5), ("test", 2.5)):
            pairs = list(zip(parts[name]["stimulus"].values, parts[name]["context"].values, strict=True))
            counts = [pairs.count(pair) for pair in set(pairs)]
            assert len(counts) == 6
            assert max(abs(count - each) for count in counts) <= 0.5
        assert parts["train"].sizes["trial"] == 45

    def test_by_label(self, table: xr.DataArray) -> None:
        parts = split(table, by="context")
        assert list(parts) == ["0", "1"]
        assert parts["1"]["trial"].values.tolist() == [1, 3, 5, 7, 9, 11]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"fractions": {"a": 0.5}}, "expected positive shares that add up to 1"),
            ({"fractions": {"a": 1.5, "b": -0.5}}, "expected positive shares"),
            ({"fractions": {"a": 0.99, "b": 0.01}}, "part 'b': got zero of 12 trials for a fraction of 0.01"),
            ({"fractions": {"a": 1.0}, "by": "context"}, "both a label and fractions"),
            ({"by": "colour"}, "no label 'colour'"),
            ({"seed": -1}, "seed: got -1"),
        ],
    )
    def test_unusable(self, table: xr.DataArray, arguments: dict[str, object], message: str) -> None:
        with pytest.raises(BadInput, match=message):
            split(table, **arguments)  # type: ignore[arg-type]


class TestFolds:
    @settings(max_examples=40, deadline=None)
    @given(n=st.integers(2, 60), k=st.integers(2, 10), seed=st.integers(0, 1000))
    def test_every_row_is_tested_once(self, n: int, k: int, seed: int) -> None:
        k = min(k, n)
        cut = folds(n, k, seed=seed)
        assert sorted(np.concatenate([fold.test for fold in cut])) == list(range(n))
        sizes = [len(fold.test) for fold in cut]
        assert max(sizes) - min(sizes) <= 1
        for train, test in cut:
            assert sorted([*train, *test]) == list(range(n))

    def test_labels_are_stratified(self) -> None:
        labels = ["a"] * 10 + ["b"] * 20
        for _, test in folds(labels, 5, seed=1):
            assert [labels[i] for i in test].count("a") == 2
            assert len(test) == 6

    def test_groups_are_never_divided(self) -> None:
        groups = np.repeat(np.arange(7), [5, 3, 3, 2, 2, 2, 1])
        cut = folds(len(groups), 3, groups=groups)
        for train, test in cut:
            assert not set(groups[train]) & set(groups[test])
        sizes = [len(fold.test) for fold in cut]
        assert sum(sizes) == 18
        assert max(sizes) - min(sizes) <= 2  # largest first, to the smallest fold: off by the last groups at most

    def test_unusable(self) -> None:
        with pytest.raises(BadInput, match="k=5 for 3 rows"):
            folds(3, 5)
        with pytest.raises(BadInput, match="1 rows with label 'b' for 2 folds"):
            folds(["a", "a", "b"], 2)
        with pytest.raises(BadInput, match="got 2 groups, expected at least 3"):
            folds(4, 3, groups=[0, 0, 1, 1])
        with pytest.raises(BadInput, match="labels and groups"):
            folds(["a", "b"], 2, groups=[0, 1])


class TestWindow:
    def test_half_open_despite_rounding(self) -> None:
        r = make_responses(np.arange(10.0).reshape(1, 10, 1), dt=0.1)  # 3 * 0.1 > 0.3
        assert window(r, 0.3, 0.7).values.ravel().tolist() == [3, 4, 5, 6]
        assert window(r, None, 0.3).values.ravel().tolist() == [0, 1, 2]
        assert window(r, 0.8, None).values.ravel().tolist() == [8, 9]

    @pytest.mark.parametrize(("quantity", "expected"), [("rate", [0.5, 2.5, 4.5]), ("spike_count", [1, 5, 9])])
    def test_coarser_bins(self, quantity: str, expected: list[float]) -> None:
        r = make_responses(np.arange(7.0).reshape(1, 7, 1), dt=0.1, quantity=quantity)
        found = window(r, None, None, step=0.2)
        np.testing.assert_allclose(found.values.ravel(), expected)
        np.testing.assert_allclose(found["time"].values, [0, 0.2, 0.4])
        assert found.attrs["dt"] == pytest.approx(0.2)

    def test_unusable(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match=r"5 to 6 s, in which no bin begins, expected a part of -0.2 to 0.3 s"):
            window(table, 5, 6)
        for step in (0.15, 0.05, 9.0):
            with pytest.raises(BadInput, match="expected a whole multiple of dt"):
                window(table, None, None, step=step)


class TestAlign:
    def test_a_planted_pulse_comes_to_zero(self) -> None:
        generator = np.random.default_rng(0)
        at = generator.integers(20, 70, size=15)
        values = np.zeros((15, 100, 2))
        values[np.arange(15), at] = 1.0
        jitter = generator.uniform(-0.0049, 0.0049, size=15)
        r = make_responses(values, dt=0.01, time=np.arange(100) * 0.01 - 0.3, trial={"go": at * 0.01 - 0.3 + jitter})
        found = align(r, "go", before=0.2, after=0.3)
        assert found.shape == (15, 50, 2)
        expected = np.zeros(50)
        expected[20] = 1
        np.testing.assert_array_equal(found.values.mean(axis=(0, 2)), expected)
        assert found["time"].values[20] == 0
        np.testing.assert_allclose(found["time"].values[[0, -1]], [-0.2, 0.29])
        assert found.attrs["aligned_to"] == "go"

    def test_trials_that_run_out_are_named_or_dropped(self) -> None:
        r = make_responses(np.zeros((4, 10, 1)), dt=0.1, trial={"go": [0.5, 0.1, 0.95, np.nan], "trial": [7, 8, 9, 10]})
        message = r"3 of 4 trials whose window runs out of the recording: 8 \(0.1 s\), 9 \(0.95 s\), 10 \(nan s\)"
        with pytest.raises(BadInput, match=message):
            align(r, "go", 0.2, 0.2)
        assert align(r, "go", 0.2, 0.2, drop=True)["trial"].values.tolist() == [7]
        with pytest.raises(BadInput, match="4 of 4 trials"):
            align(r, "go", 5.0, 5.0, drop=True)

    def test_unusable(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="event 'stimulus': got object"):
            align(table, "stimulus", 0.1, 0.1)
        with pytest.raises(BadInput, match=r"expected at least one bin of 0.1 s"):
            align(table, "coherence", 0.0, 0.0)
        uneven = table.assign_coords(time=[0, 0.1, 0.2, 0.5, 0.6])
        with pytest.raises(BadInput, match=r"0.2 s followed by 0.5 s, expected steps of dt = 0.1 s"):
            align(uneven, "coherence", 0.1, 0.1)


class TestZscore:
    def test_mean_zero_and_variance_one(self, table: xr.DataArray) -> None:
        found = zscore(table)
        np.testing.assert_allclose(found.values.mean(axis=(0, 1)), 0, atol=1e-14)
        np.testing.assert_allclose(found.values.std(axis=(0, 1)), 1, rtol=1e-12)
        assert (found.attrs["quantity"], found.attrs["units"]) == ("z_score", "1")
        each_bin = zscore(table, over=("trial",))
        np.testing.assert_allclose(each_bin.values.std(axis=0), 1, rtol=1e-12)

    def test_baseline(self, table: xr.DataArray) -> None:
        found = zscore(table, baseline=(None, 0.0))
        before = table.values[:, :2]
        expected = (table.values - before.mean(axis=(0, 1))) / before.std(axis=(0, 1))
        np.testing.assert_allclose(found.values, expected, rtol=1e-12)

    def test_units_without_variance_are_named(self, table: xr.DataArray) -> None:
        flat = table.copy()
        flat[:, :, 2] = 0.1
        with pytest.raises(BadInput, match="units without variance: got 1 of 4: n2"):
            zscore(flat)
        kept = zscore(flat, constant="drop")
        assert kept["unit"].values.tolist() == ["n0", "n1", "n3"]
        np.testing.assert_allclose(kept.values, zscore(table).values[:, :, [0, 1, 3]])

    def test_unusable(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match=r"over: got \('unit',\)"):
            zscore(table, over=("unit",))
        with pytest.raises(BadInput, match="expected 'time' in over"):
            zscore(table, over=("trial",), baseline=(0, 1))


class TestSpikes:
    def test_equals_a_histogram_of_each_trial(self) -> None:
        generator = np.random.default_rng(1)
        times = {f"n{i}": np.sort(generator.uniform(0, 100, size=500 * i)) for i in range(4)}
        events = generator.uniform(1, 98, size=30)
        found = bin_spikes(times, events, window=(-0.5, 1.0), dt=0.05)
        assert found.shape == (30, 30, 4)
        for u, spikes in enumerate(times.values()):
            for t, event in enumerate(events):
                expected, _ = np.histogram(spikes, event - 0.5 + np.arange(31) * 0.05)
                np.testing.assert_array_equal(found.values[t, :, u], expected)
        np.testing.assert_allclose(found["time"].values, -0.5 + 0.05 * np.arange(30))
        np.testing.assert_array_equal(found["event_time"].values, events)
        assert found.attrs["quantity"] == "spike_count"

    def test_a_spike_on_an_edge_belongs_to_the_later_bin(self) -> None:
        edges = np.round(np.arange(0, 1.0, 0.1), 1)  # decimals, as a recorder writes them
        found = bin_spikes({"a": edges}, [0.0], window=(0.0, 1.0), dt=0.1)
        np.testing.assert_array_equal(found.values.ravel(), np.ones(10))

    def test_order_of_spikes_does_not_matter(self) -> None:
        trains = SpikeTrains(np.array([3.0, 1.0, 2.0]), np.array([1, 0, 1]), ("a", "b"))
        assert trains["b"].tolist() == [2.0, 3.0]
        assert trains["a"].tolist() == [1.0]
        assert spike_trains([[1.0], [], [2.0]]).at(1).size == 0

    def test_labels(self) -> None:
        found = bin_spikes(
            {1: [0.1], 2: []}, [0.0], (0, 1), 0.5, trial={"choice": ["left"]}, unit={"region": ["A", "B"]}
        )
        assert found["unit"].values.tolist() == ["1", "2"]
        assert found["choice"].item() == "left"
        assert found["region"].values.tolist() == ["A", "B"]

    def test_unusable(self) -> None:
        with pytest.raises(BadInput, match=r"window: got 0 to 1 s for bins of 0.3 s"):
            bin_spikes({"a": [1.0]}, [0.0], (0, 1), 0.3)
        with pytest.raises(BadInput, match="events: got trial 1 without one"):
            bin_spikes({"a": [1.0]}, [0.0, np.nan], (0, 1), 0.5)
        with pytest.raises(BadInput, match="spike times of unit 'a': got nan"):
            bin_spikes({"a": [np.nan]}, [0.0], (0, 1), 0.5)
        with pytest.raises(BadInput, match="'a' twice"):
            SpikeTrains(np.zeros(0), np.zeros(0, int), ("a", "a"))
        with pytest.raises(BadInput, match="expected 0 to 0"):
            SpikeTrains(np.zeros(1), np.ones(1, int), ("a",))
        with pytest.raises(BadInput, match="0 units"):
            bin_spikes({}, [0.0], (0, 1), 0.5)


class TestTwoTables:
    def test_combine_keeps_labels(self, table: xr.DataArray, make: Make) -> None:
        other = make(seed=1)
        found = combine(table, other, np.subtract)
        np.testing.assert_array_equal(found.values, table.values - other.values)
        assert found["stimulus"].identical(table["stimulus"])

    def test_unequal_labels_are_an_error_that_says_which(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="unit labels: got 'n3' only in the first, expected the same units"):
            combine(table, table[:, :, :3], np.add)
        renamed = table.assign_coords(unit=["n0", "n1", "n2", "m3"])
        with pytest.raises(BadInput, match="unit labels: got 'n3' only in the first; 'm3' only in the second"):
            combine(table, renamed, np.add)
        with pytest.raises(BadInput, match="unit labels: got another order: 'n0' and 'n3' at index 0"):
            combine(table, table[:, :, ::-1], np.add)
        with pytest.raises(BadInput, match=r"time labels: got -0.2 s in the first and 0.8 s in the second"):
            check_same_labels(table, table.assign_coords(time=table["time"] + 1.0), "time")
        with pytest.raises(BadInput, match="trial labels: got 11 only in the first"):
            check_same_labels(table, table[:11])
        with pytest.raises(
            BadInput, match=r"dimension 'trial': got \(trial, time, unit\) and \(condition, time, unit\)"
        ):
            combine(table, average(table, "stimulus"), np.add)

    def test_times_within_rounding_are_equal(self, table: xr.DataArray) -> None:
        check_same_labels(table, table.assign_coords(time=table["time"] + 1e-9))

    def test_results_are_checked(self, table: xr.DataArray) -> None:
        with pytest.raises(BadInput, match="a result of shape"):
            combine(table, table, lambda a, b: a.sum())
        zero = table.copy(data=np.zeros(table.shape))
        with pytest.raises(BadInput, match="nan at trial 0"), np.errstate(invalid="ignore"):
            combine(zero, zero, np.divide)
