"""Time rescaling: exact under the right model in coarse bins, and not fooled by wrong ones; simulation as planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import expon, kstest

from tertium.compare import simulate_spike_trains, time_rescaling
from tertium.errors import BadInput


def wave(n, mean, rng):
    return mean * np.exp(0.7 * np.sin(np.arange(n) / 30) + 0.3 * rng.normal(size=n))


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("mean", [0.02, 0.3])
def test_p_values_are_uniform_under_the_truth_even_in_coarse_bins(binary, mean):
    rng = np.random.default_rng(0)
    found = []
    for seed in range(200):
        expected = wave(int(150 / mean), mean, rng)
        if binary:
            expected = -np.expm1(-expected)
            counts = (rng.random(len(expected)) < expected).astype(float)
        else:
            counts = rng.poisson(expected)
        found.append(time_rescaling(counts, expected, seed=seed).p[0])
    assert kstest(found, "uniform").pvalue > 0.01
    assert abs(np.mean(np.array(found) < 0.05) - 0.05) < 0.05


def test_without_the_correction_coarse_bins_would_be_rejected():
    rng = np.random.default_rng(1)
    p = np.full(20_000, 0.3)
    counts = (rng.random(len(p)) < p).astype(float)
    fired = np.flatnonzero(counts)
    naive = np.diff(np.cumsum(p)[fired])
    assert kstest(naive, expon.cdf).pvalue < 1e-6
    assert time_rescaling(counts, p).accepted[0]


def test_a_wrong_pace_a_wrong_modulation_and_refractoriness_are_rejected():
    rng = np.random.default_rng(2)
    expected = wave(60_000, 0.05, rng)
    counts = rng.poisson(expected)
    assert time_rescaling(counts, expected).accepted[0]
    assert not time_rescaling(counts, 1.15 * expected).accepted[0]
    assert not time_rescaling(counts, np.full(len(expected), counts.mean())).accepted[0]
    made = simulate_spike_trains(np.full((60_000, 1), np.log(60.0)), np.full((8, 1, 1), -4.0), dt=0.001)
    seen, right = made.spikes.values[0], made.expected[0]
    assert time_rescaling(seen, right).accepted[0]
    assert not time_rescaling(seen, np.full(seen.shape, seen.mean())).accepted[0]


def test_neighbouring_intervals_are_correlated_where_a_slow_drive_is_missed():
    rng = np.random.default_rng(3)
    expected = 0.05 * np.exp(np.sin(np.arange(60_000) / 3000))
    counts = rng.poisson(expected)
    right, wrong = time_rescaling(counts, expected), time_rescaling(counts, np.full(60_000, counts.mean()))
    assert abs(right.serial[0]) < 3 / np.sqrt(counts.sum())
    assert wrong.serial[0] > 6 / np.sqrt(counts.sum())


def test_places_within_bins_are_drawn_from_the_seed_and_add_up_to_the_clock():
    rng = np.random.default_rng(4)
    expected = wave(5000, 0.2, rng)
    counts = rng.poisson(expected)
    once, again, other = (time_rescaling(counts, expected, seed=s).times[0] for s in (0, 0, 1))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert len(once) == counts.sum()
    last = np.flatnonzero(counts)[-1]
    assert expected[:last].sum() <= once.sum() <= expected[: last + 1].sum()


def test_its_table_and_figure():
    rng = np.random.default_rng(5)
    expected = np.full((4000, 2), 0.1)
    test = time_rescaling(rng.poisson(expected), expected, units=("a", "b"))
    assert test.table().index.tolist() == ["a", "b"]
    assert np.allclose(test.band, 1.358 / np.sqrt([len(one) for one in test.times]), rtol=0.03)
    drawn = test.figure()
    assert drawn.layout.xaxis.title.text == "quantile under the model"
    assert sum(trace.name is not None and trace.name.startswith(("a", "b")) for trace in drawn.data) == 2


def test_simulated_counts_follow_their_drive_and_their_filters():
    drive = np.log(np.tile(np.array([[20.0, 80.0]]), (4000, 1)))
    filters = np.zeros((3, 2, 2))
    filters[0, 0, 1] = np.log(5.0)  # a spike of 0 makes 1 five times as likely in the next bin
    made = simulate_spike_trains(np.tile(drive, (5, 1, 1)), filters, dt=0.002, seed=1)
    counts = made.spikes.values
    assert counts[..., 0].mean() == pytest.approx(0.04, abs=4 * np.sqrt(0.04 / 20_000))
    after = counts[:, 1:, 1][counts[:, :-1, 0] == 1]
    assert after.mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.8 / len(after)))
    assert made.expected[:, 1:, 1][counts[:, :-1, 0] == 1] == pytest.approx(0.8)
    again = simulate_spike_trains(np.tile(drive, (5, 1, 1)), filters, dt=0.002, seed=1)
    assert np.array_equal(again.spikes.values, counts)
    single = simulate_spike_trains(drive, dt=0.02, binary=True)
    assert single.spikes.values.max() == 1
    assert single.expected[0, 0] == pytest.approx(-np.expm1(-np.array([0.4, 1.6])))


def test_refusals():
    with pytest.raises(BadInput, match="no count"):
        time_rescaling([0.0, 0.5], [0.1, 0.1])
    with pytest.raises(BadInput, match="that of the spikes"):
        time_rescaling([0, 1], [0.1, 0.1, 0.1])
    with pytest.raises(BadInput, match="above 0"):
        time_rescaling(np.ones(9), np.zeros(9))
    with pytest.raises(BadInput, match="fewer than 5"):
        time_rescaling(np.r_[np.ones(3), np.zeros(9)], np.full(12, 0.1))
    with pytest.raises(BadInput, match="run away"):
        simulate_spike_trains(np.full((500, 1), 3.0), np.full((50, 1, 1), 1.0), dt=0.01)
    with pytest.raises(BadInput, match=r"\(lag, 2, 2\)"):
        simulate_spike_trains(np.zeros((9, 2)), np.zeros((3, 1, 1)), dt=0.01)
    with pytest.raises(BadInput, match="dt"):
        simulate_spike_trains(np.zeros((9, 2)), dt=0.0)
