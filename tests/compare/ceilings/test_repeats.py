"""Ceilings from repeats: each against its closed form over many draws, and how often its interval covers it."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import CEILINGS, noise_ceiling, temporal_ceiling
from tertium.data.responses import make_responses
from tertium.errors import BadInput

DRAWS = 400  # each unit is a draw of its own: signal, noise


def table(values, stimulus, **options):
    return make_responses(values, trial={"stimulus": stimulus}, **options)


def planted(rng, share, stimuli=30, repeats=5, units=DRAWS):
    """Normal signal of variance 1, and noise such that it is this share of the variance of single trials."""
    noise = np.sqrt(1 / share - 1)
    values = np.repeat(rng.normal(size=(stimuli, units)), repeats, axis=0)
    return table(values + noise * rng.normal(size=values.shape), np.repeat(np.arange(stimuli), repeats))


def coverage(ceiling, truth):
    low, high = ceiling.interval
    return np.mean((low <= truth) & (truth <= high))


def truths(share, n):
    noise = 1 / share - 1
    return {
        "split_half": 1 / (1 + noise / n),
        "signal_power": 1 / (1 + noise / n),
        "feve": share,
        "loo": 1 / np.sqrt((1 + noise) * (1 + noise / (n - 1))),
        "oracle": 1 / np.sqrt((1 + noise) * (1 + noise / (n - 1))),
    }


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("method", ["split_half", "signal_power", "feve", "loo", "oracle"])
def test_each_is_unbiased_and_its_interval_covers(method, share):
    r = planted(np.random.default_rng(1), share)
    ceiling, truth = noise_ceiling(r, method, n_splits=20), truths(share, 5)[method]
    assert abs(ceiling.mean - truth) < 0.02
    assert abs(ceiling.mean - truth) < 4 * ceiling.value.std() / np.sqrt(DRAWS) + 0.005
    assert 0.90 < coverage(ceiling, truth) < 0.99


def test_the_usual_feve_is_biased_where_ours_is_not():
    """Plain variances with few stimuli and a plain ratio: low; without this the test above could not fail."""
    r = planted(np.random.default_rng(2), 0.5, stimuli=6, repeats=3, units=4000)
    values = r.values[:, 0].reshape(6, 3, -1)
    plain = 1 - values.var(axis=1, ddof=1).mean(0) / values.reshape(18, -1).var(axis=0)
    assert plain.mean() < 0.5 - 0.05
    assert abs(noise_ceiling(r, "feve").mean - 0.5) < 0.02


def test_upper_bound_of_loo_meets_its_closed_form():
    found = noise_ceiling(planted(np.random.default_rng(3), 0.5), "loo")
    assert found.upper.mean() == pytest.approx(np.sqrt((1 + 1 / 5) / 2), abs=0.01)


def test_feve_takes_unequal_repeats_and_unequal_noise():
    rng = np.random.default_rng(4)
    n = rng.integers(2, 9, size=80)
    spread = np.repeat(rng.choice([0.5, 1.5], size=80), n)[:, None]
    values = np.repeat(rng.normal(size=(80, DRAWS)), n, axis=0) + spread * rng.normal(size=(n.sum(), DRAWS))
    found = noise_ceiling(table(values, np.repeat(np.arange(80), n)), "feve")
    noise = np.mean([spread[np.repeat(np.arange(80), n) == i][0, 0] ** 2 for i in range(80)])
    assert found.mean == pytest.approx(1 / (1 + noise), abs=0.01)
    np.testing.assert_allclose(found.noise.mean(), noise, rtol=0.02)


def autoregressive(rng, shape, memory):
    x = rng.normal(size=shape)
    for i in range(1, shape[1]):
        x[:, i] = memory * x[:, i - 1] + np.sqrt(1 - memory**2) * x[:, i]
    return x


def within(memory, n_times):
    """Expected variance over time, around the mean over time, of an autoregressive process of variance 1."""
    lags = np.abs(np.subtract.outer(np.arange(n_times), np.arange(n_times)))
    return n_times / (n_times - 1) * (1 - np.mean(float(memory) ** lags))


@pytest.mark.parametrize(("stimuli", "n_times"), [(20, 30), (1, 1000)])
def test_temporal_is_unbiased_with_noise_that_lasts_and_drifts(stimuli, n_times):
    rng = np.random.default_rng(5)
    units, repeats = 200, 4
    signal = autoregressive(rng, (stimuli, n_times, units), 0.8)
    noise = 1.5 * autoregressive(rng, (stimuli * repeats, n_times, units), 0.5)
    drift = 3.0 * rng.normal(size=(stimuli * repeats, 1, units))  # of whole trials: none of its business
    r = table(np.repeat(signal, repeats, axis=0) + noise + drift, np.repeat(np.arange(stimuli), repeats), dt=0.01)
    found = noise_ceiling(r, "temporal")
    s, n = within(0.8, n_times), 2.25 * within(0.5, n_times)
    truth = s / (s + n / repeats)
    assert abs(found.mean - truth) < 0.02
    assert 0.88 < coverage(found, truth) < 0.99
    assert ("20 pieces of time" in found.definition) == (stimuli == 1)
    np.testing.assert_allclose(found.correlation, np.sqrt(np.maximum(found.value, 0)))


def test_temporal_ceiling_follows_the_signal_over_time():
    rng = np.random.default_rng(6)
    gain = np.array([0.0, 0.5, 1.0, 2.0])
    signal = rng.normal(size=(40, 1, 300)) * gain[:, None]
    r = table(np.repeat(signal, 5, 0) + rng.normal(size=(200, 4, 300)), np.repeat(np.arange(40), 5), dt=0.1)
    found = temporal_ceiling(r)
    truth = gain**2 / (gain**2 + 1 / 5)
    np.testing.assert_allclose(found.mean, truth, atol=0.03)
    covered = ((found.lower <= truth[:, None]) & (truth[:, None] <= found.upper)).mean(axis=1)
    assert np.all((covered > 0.91) & (covered < 0.99))
    assert found.table().shape == (1200, 3)
    assert found.figure().layout.xaxis.title.text == "time (s)"
    one = temporal_ceiling(r.isel(unit=[0]))
    assert "unit 0, 95 % interval" in [t.name for t in one.figure().data]


def test_every_ceiling_says_what_it_is_and_what_it_assumes():
    r = planted(np.random.default_rng(7), 0.5, units=3)
    for method in ("split_half", "signal_power", "feve", "loo", "oracle"):
        found = noise_ceiling(r, method)
        assert "{" not in found.definition
        assert "5 repeats" in found.definition
        assert found.assumes == CEILINGS[method].assumes
        assert "repeats are exchangeable" in found.assumes
        bounds = CEILINGS[method].bounds
        assert ("interval_low" in found.table().columns) == bounds
        assert ("upper bound" if bounds else "95 % interval") in found.figure().layout.xaxis.title.text


def test_oracle_refuses_unequal_repeats():
    r = table(np.random.default_rng(8).normal(size=(17, 2)), [*np.repeat(np.arange(4), 4), 0])
    with pytest.raises(BadInput, match="4 to 5, fewest of stimulus '1'"):
        noise_ceiling(r, "oracle")


def test_temporal_refuses_a_moment_and_one_table_is_not_several():
    r = planted(np.random.default_rng(9), 0.5, units=2)
    with pytest.raises(BadInput, match="at least 8: the ceiling is about modulation over time"):
        noise_ceiling(r, "temporal")
    with pytest.raises(BadInput, match="2 tables for method 'feve'"):
        noise_ceiling({"a": r, "b": r}, "feve")
    with pytest.raises(BadInput, match="at least 4 for a ceiling at each time"):
        temporal_ceiling(table(np.random.default_rng(0).normal(size=(6, 9, 2)), [0, 0, 1, 1, 2, 2]))


@pytest.mark.parametrize("method", ["feve", "loo", "oracle", "temporal"])
def test_still_units_and_missing_numbers_are_named(method):
    values = np.random.default_rng(10).normal(size=(20, 9, 3))
    values[:, :, 1] = 4.0
    r = table(values, np.repeat(np.arange(5), 4), unit={"unit": ["a", "b", "c"]})
    with pytest.raises(BadInput, match="the same number on all trials in 1 units, first 'b'"):
        noise_ceiling(r, method)
    found = noise_ceiling(r, method, constant="zero")
    assert found.value[1] == found.interval[0, 1] == found.interval[1, 1] == 0
    assert np.isfinite(found.table().to_numpy()).all()
    with pytest.raises(BadInput, match="got nan at trial 3"):
        noise_ceiling(r.where(r != r.values[3, 2, 0]), method)
