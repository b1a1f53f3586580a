"""Multistep regression: exact slopes, planted ratios under subsampling, drifting drive, refusals."""

import numpy as np
import pytest

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.criticality.multistep import _slopes, _sums, fit_slopes


def driven(m, trials, steps, seed, mean=100.0, drive=None):
    """Return activity of Poisson branching under Poisson drive, (trial, time)."""
    rng = np.random.default_rng(seed)
    rows, active = [], np.full(trials, round(mean))
    for t in range(-200, steps):
        outside = (1 - m) * mean if drive is None or t < 0 else drive[t]
        active = rng.poisson(m * active + outside)
        if t >= 0:
            rows.append(active)
    return np.array(rows).T


def test_slopes_are_those_of_ordinary_regression():
    x = np.random.default_rng(0).normal(size=(3, 101)).cumsum(1)
    for parts_of in (x, x[:1]):
        sums, blocks = _sums(parts_of, 7)
        assert blocks == sums.shape[0]
        slopes = _slopes(sums.sum(0))
        for lag in (1, 4, 7):
            a, b = parts_of[:, :-lag].ravel(), parts_of[:, lag:].ravel()
            assert slopes[lag - 1] == pytest.approx(np.polyfit(a, b, 1)[0], rel=1e-9)


@pytest.mark.parametrize("m", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("offset", [False, True])
def test_the_fit_recovers_exact_slopes(m, offset):
    k = np.arange(1, 80)
    found = fit_slopes(0.07 * m**k + 0.01 * offset, offset)
    assert found == pytest.approx((m, 0.07, 0.01 * offset, 1.0), abs=1e-4)


@pytest.mark.parametrize("m", [0.8, 0.95, 0.99])
def test_planted_ratios_are_found_in_a_twentieth_of_all_events(m):
    whole = driven(m, 20, 5000, 1)
    seen = np.random.default_rng(2).binomial(whole, 0.05)
    full = tt.geometry.branching_ratio(whole[:, :, None], bootstrap=50)
    part = tt.geometry.branching_ratio(seen[:, :, None], dt=0.004, bootstrap=50)
    assert full.value == pytest.approx(m, abs=0.01)
    assert full.naive == pytest.approx(m, abs=0.01)
    assert part.value == pytest.approx(m, abs=0.02)
    assert part.naive < m - 0.15
    assert part.interval[0] < part.value < part.interval[1]
    assert part.interval[1] - part.interval[0] < 0.05
    assert part.time_constant == pytest.approx(-0.004 / np.log(part.value))
    # seeing a share p of Poisson-driven branching: b = p^2 var(A) / var(a), with var(a) = p^2 var(A) + p (1 - p) <A>
    p, variance, mean = 0.05, whole.var(), whole.mean()
    assert part.amplitude == pytest.approx(p**2 * variance / (p**2 * variance + p * (1 - p) * mean), rel=0.2)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = 0
    for seed in range(40):
        seen = np.random.default_rng(seed).binomial(driven(0.9, 20, 800, seed), 0.2)
        low, high = tt.geometry.branching_ratio(seen[:, :, None], bootstrap=100, longest=40).interval
        inside += low < 0.9 < high
    assert inside >= 33


def test_a_drifting_drive_needs_the_offset():
    drive = 20 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(20_000) / 20_000))
    seen = np.random.default_rng(3).binomial(driven(0.8, 3, 20_000, 4, drive=drive), 0.3)
    options = {"longest": 60, "bootstrap": 0}
    without = tt.geometry.branching_ratio(seen[:, :, None], **options)
    with_offset = tt.geometry.branching_ratio(seen[:, :, None], offset=True, **options)
    assert with_offset.value == pytest.approx(0.8, abs=0.02)
    assert without.value > 0.95
    assert with_offset.offset > 0.1
    assert np.isnan(with_offset.interval).all()


def test_independent_events_have_no_branching():
    found = tt.geometry.branching_ratio(np.random.default_rng(5).poisson(5, size=20_000), bootstrap=50)
    assert abs(found.naive) < 0.03
    assert not found.explained > 0.5


def test_one_long_trial_is_cut_into_blocks_and_the_same_seed_gives_the_same():
    x = driven(0.9, 1, 20_000, 6)[0]
    first, second = (tt.geometry.branching_ratio(x, bootstrap=40, seed=1) for _ in range(2))
    assert first.blocks == 20
    assert first.interval == second.interval
    assert first.value == pytest.approx(0.9, abs=0.02)
    assert first.interval[0] < first.value < first.interval[1]
    assert first.table()["m"].iloc[0] == first.value
    assert first.figure().layout.xaxis.title.text == "lag (bins)"
    assert tt.geometry.branching_ratio(x, dt=0.01, bootstrap=0).figure().layout.xaxis.title.text == "lag (s)"


@pytest.mark.parametrize(
    ("r", "options", "says"),
    [
        (np.arange(11), {}, "12 bins"),
        (np.ones(100), {}, "does not vary"),
        (np.full(100, np.nan), {}, "not finite"),
        (np.ones((2, 2, 2, 2)), {}, "not empty"),
        (np.arange(100), {"dt": 0.0}, "positive"),
        (np.arange(100), {"longest": 2}, "4 to 96"),
        (np.arange(100), {"longest": 99}, "4 to 96"),
    ],
)
def test_what_cannot_be_regressed_is_refused(r, options, says):
    with pytest.raises(BadInput, match=says):
        tt.geometry.branching_ratio(r, **options)
