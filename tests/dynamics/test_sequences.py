"""The sequentiality index finds planted sequences, and is what its definition says."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import sequentiality
from tertium.dynamics.sequences import mean_log_ridge
from tertium.errors import BadInput


def bumps(peaks, steps=150, trials=3, width=4.0, background=0.05):
    """Units that peak at given steps, the same in all trials: shape (trial, time, unit)."""
    one = background + 4 * np.exp(-(((np.arange(steps)[:, None] - np.asarray(peaks)) / width) ** 2))
    return np.repeat(one[None], trials, axis=0)


def index_by_loops(rates, bins=20, window=5):
    """The definition, unit by unit: what the fast one has to agree with."""
    trials = []
    for one in rates:
        peaks, logs = [], []
        for unit in one.T:
            if unit.mean() <= 0.1:
                continue
            peak = int(unit.argmax())
            near = range(max(peak - window // 2, 0), min(peak + window // 2, len(unit) - 1))
            far = [t for t in range(len(unit)) if t not in near]
            peaks.append(peak)
            logs.append(np.log(np.mean([unit[t] for t in near]) / np.mean([unit[t] for t in far])))
        edges = np.linspace(min(peaks), max(peaks), bins + 1)
        share = np.array(
            [sum(min(np.searchsorted(edges, p, "right") - 1, bins - 1) == b for p in peaks) for b in range(bins)]
        )
        share = (share + 0.1) / (share + 0.1).sum()
        trials.append(np.mean(logs) - (share * np.log(share)).sum())
    return float(np.mean(trials))


@pytest.mark.parametrize("seed", [0, 1])
def test_index_is_that_of_the_definition(seed):
    rates = np.random.default_rng(seed).gamma(0.3, 1.0, size=(4, 60, 30))
    rates[..., :5] *= 0.05  # silent units
    assert sequentiality(rates).index == pytest.approx(index_by_loops(rates), abs=1e-12)
    assert sequentiality(rates).units.max() <= 25


def test_a_sequence_has_a_high_index_and_a_persistent_state_a_low_one():
    sequence = sequentiality(bumps(np.linspace(2, 147, 60)))
    persistent = sequentiality(1 + 0.01 * bumps(np.full(60, 30)))
    assert sequence.entropy[0] == pytest.approx(np.log(20), abs=0.02)  # 60 peaks do not quite divide evenly
    assert persistent.ridge[0] == pytest.approx(np.log(1.04), abs=0.005)
    # one bin holds 60.1, nineteen hold 0.1
    share = np.array([60.1] + [0.1] * 19) / 62
    assert persistent.entropy[0] == pytest.approx(-(share * np.log(share)).sum(), abs=1e-12)
    assert sequence.index - persistent.index > 4


def test_narrower_bumps_are_more_sequential():
    peaks = np.linspace(5, 145, 40)
    indices = [sequentiality(bumps(peaks, width=w)).index for w in (2.0, 5.0, 15.0, 60.0)]
    assert all(np.diff(indices) < -0.3)


def test_bins_of_the_whole_trial_see_that_peaks_are_close_together():
    rates = bumps(np.repeat(np.arange(30, 50), 3))
    assert sequentiality(rates).index - sequentiality(rates, whole_trial=True).index > 1.0
    spread = bumps(np.linspace(0, 149, 60))
    assert sequentiality(spread).index == pytest.approx(sequentiality(spread, whole_trial=True).index, abs=1e-9)


def test_window_at_both_ends_of_the_trial():
    rates = np.ones((10, 2))
    rates[0, 0] = rates[9, 1] = 5.0
    # peak at 0: steps 0 and 1 are the ridge, (5 + 1) / 2; peak at 9: steps 7 and 8, the last is never in it
    expected = (np.log(3.0) + np.log(1.0) - np.log(12 / 8)) / 2
    assert mean_log_ridge(rates, np.array([0, 9])) == pytest.approx(expected, abs=1e-12)


def test_units_without_a_ratio_are_left_out_and_silence_has_no_index():
    rates = np.full((1, 20, 2), 0.5)
    rates[0, 3, 0] = 2.0
    alone = sequentiality(rates[..., :1]).ridge[0]
    rates[0, :, 1], rates[0, 5, 1] = -0.2, 50.0  # on average active, elsewhere negative
    assert sequentiality(rates).ridge[0] == pytest.approx(alone)
    assert np.isnan(sequentiality(np.zeros((2, 20, 3))).index)


def test_rates_that_cannot_be_measured():
    with pytest.raises(
        BadInput, match=r"rates: got shape \(2, 5, 3\), expected \(trial, time, unit\) with more than 5"
    ):
        sequentiality(np.ones((2, 5, 3)))
    with pytest.raises(BadInput, match="a value that is not finite"):
        sequentiality(np.full((2, 20, 3), np.inf))


def test_responses_are_taken_and_shown():
    planted = bumps(np.linspace(2, 147, 60))
    found = sequentiality(make_responses(planted, dt=0.01, quantity="rate", source="planted"))
    assert found.index == sequentiality(planted).index
    assert found.table().shape == (3, 3)
    shown = np.array(found.figure().data[0].z)
    assert np.all(np.diff(shown.argmax(1)) >= 0), "sorted by peak time"
    with pytest.raises(BadInput, match="bins and window"):
        sequentiality(planted, bins=1)
