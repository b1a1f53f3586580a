"""Spikes: variability, refractoriness and rate against closed forms of renewal theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tertium.data.responses import make_responses
from tertium.errors import BadInput
from tertium.record.observe import spike_trains, spikes
from tertium.record.observe.spiking import _operational_clock


def constant(hz, trials=400, seconds=2.0, units=4, dt=0.01):
    return make_responses(np.full((trials, round(seconds / dt), units), float(hz)), dt=dt, quantity="rate")


def fano(counts):
    c = counts.values[:, 0]
    return float((c.var(axis=0, ddof=1) / c.mean(axis=0)).mean())


def test_poisson_counts_have_fano_factor_one_and_the_rate():
    counts = spikes(constant(30.0, trials=4000), seed=1, dt=2.0)
    # standard error of a Fano factor: sqrt(2 / (trials - 1)) per unit
    assert fano(counts) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 4000 / 4))
    assert float(counts.mean()) == pytest.approx(60.0, abs=4 * np.sqrt(60 / 16000))
    assert counts.attrs["quantity"] == "spike_count"
    assert counts.attrs["dt"] == 2.0


def test_poisson_counts_follow_a_rate_that_changes():
    t = np.arange(100) * 0.01
    rate = 20 + 15 * np.sin(2 * np.pi * 2 * t)
    r = make_responses(np.broadcast_to(rate[None, :, None], (5000, 100, 1)).copy(), dt=0.01, quantity="rate")
    seen = spikes(r, seed=2).values.mean(axis=(0, 2)) / 0.01
    z = (seen - rate) / np.sqrt(rate / 0.01 / 5000)
    assert np.abs(z).max() < 4.5
    assert z.var() == pytest.approx(1.0, abs=0.45)


@pytest.mark.parametrize("k", [2.0, 4.0, 9.0])
def test_gamma_intervals_have_the_coefficient_of_variation_of_their_shape(k):
    # long trains: short ones hide their longest intervals
    trains = spike_trains(constant(40.0, trials=20, seconds=50.0, dt=0.1), seed=3, process="gamma", shape=k)
    intervals = trains.intervals()
    assert intervals.std() / intervals.mean() == pytest.approx(1 / np.sqrt(k), rel=0.02)
    assert intervals.mean() == pytest.approx(1 / 40, rel=0.01)
    fit = stats.kstest(intervals[:5000], stats.gamma(k, scale=1 / (40 * k)).cdf)
    assert fit.pvalue > 0.001


def test_gamma_counts_in_long_windows_have_the_fano_factor_of_renewal_theory():
    counts = spikes(constant(40.0, trials=1500, seconds=10.0, dt=0.1), seed=4, process="gamma", shape=4.0, dt=10.0)
    # Cox 1962: Fano -> CV^2, with a term (1 - CV^4) / 6 + ... over the mean count, here below 0.001
    assert fano(counts) == pytest.approx(0.25, abs=4 * 0.25 * np.sqrt(2 / 1500 / 4) + 0.002)


def test_dead_time_shapes_intervals_as_theory_says_and_keeps_the_rate():
    hz, tau = 60.0, 0.004
    trains = spike_trains(constant(hz, trials=20, seconds=50.0, dt=0.1), seed=5, refractory=tau)
    intervals = trains.intervals()
    assert intervals.min() >= tau
    assert len(trains.times) / (20 * 4 * 50.0) == pytest.approx(hz, rel=0.01)
    # exponential after the dead time: mean 1 / r, CV 1 - r tau
    assert intervals.std() / intervals.mean() == pytest.approx(1 - hz * tau, abs=0.01)


@pytest.mark.parametrize("options", [{}, {"process": "gamma", "shape": 3.0}])
def test_refractory_trains_follow_a_rate_with_jumps(options):
    rate = np.repeat([10.0, 80.0, 0.0, 40.0], 50)
    r = make_responses(np.broadcast_to(rate[None, :, None], (6000, 200, 1)).copy(), dt=0.002, quantity="rate")
    tau = 0.004 if not options else 0.0
    seen = spikes(r, seed=6, refractory=tau, **options).values.mean(axis=(0, 2)) / 0.002
    assert np.all(seen[100:150] == 0)
    for start in (0, 50, 150):
        z = (seen - rate)[start : start + 50] / np.sqrt(rate[start] / 0.002 / 6000)
        # the very first bins included: trains begin in equilibrium
        assert np.abs(z[:5]).max() < 4
        assert abs(z.mean()) < 4 / np.sqrt(50)


def test_operational_clock_equals_fine_numerical_integration():
    rng = np.random.default_rng(0)
    rows, dt, tau = rng.uniform(0, 120, size=(3, 20)), 0.01, 0.0033
    knots, clock = _operational_clock(rows, dt, tau)
    fine = (np.arange(200_000) + 0.5) * (0.2 / 200_000)
    step = fine[1] - fine[0]
    for row, expected in zip(rows, clock, strict=True):
        rate = row[np.minimum((fine / dt).astype(int), 19)]
        cumulative = np.concatenate([[0.0], np.cumsum(rate) * step])
        at = np.concatenate([[0.0], fine + step / 2])
        past = fine - tau
        then = np.where(past > 0, np.interp(past, at, cumulative), row[0] * past)
        hazard = rate / (1 - (np.interp(fine, at, cumulative) - then))
        reference = np.interp(knots, at, np.concatenate([[0.0], np.cumsum(hazard) * step]))
        np.testing.assert_allclose(expected, reference, atol=2e-4 * reference[-1])


def test_counts_of_trains_equal_counts_binned_at_once():
    r = constant(50.0, trials=5, seconds=1.0, units=3)
    trains = spike_trains(r, seed=7, process="gamma")
    counts = spikes(r, seed=7, process="gamma")
    np.testing.assert_array_equal(trains.counts(np.arange(101) * 0.01), counts.values)
    by_hand, _ = np.histogram(trains.train(2, 1), bins=np.arange(101) * 0.01)
    np.testing.assert_array_equal(by_hand, counts.values[2, :, 1])
    np.testing.assert_array_equal(trains.of_trial(2)["1"], trains.train(2, 1))


def test_labels_are_carried_over_and_seeds_seed():
    r = make_responses(
        np.full((2, 10, 2), 20.0),
        dt=0.01,
        quantity="rate",
        trial={"stimulus": ["a", "b"]},
        unit={"unit": ["x", "y"], "region": ["V1", "V4"]},
        time=0.5 + 0.01 * np.arange(10),
        source="model",
    )
    seen = spikes(r, seed=1, dt=0.05)
    assert seen["stimulus"].values.tolist() == ["a", "b"]
    assert seen["region"].values.tolist() == ["V1", "V4"]
    np.testing.assert_allclose(seen["time"].values, [0.5, 0.55])
    assert "poisson" in seen.attrs["observation"]
    assert seen.attrs["source"] == "model"
    np.testing.assert_array_equal(seen.values, spikes(r, seed=1, dt=0.05).values)
    assert (spikes(r, seed=2).values != spikes(r, seed=1).values).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"process": "gauss"}, "process: got 'gauss', expected 'poisson' or 'gamma'"),
        ({"shape": 0.0, "process": "gamma"}, "shape: got 0.0, expected a finite number > 0"),
        ({"refractory": -1e-3}, "refractory: got -0.001, expected a finite number >= 0"),
        ({"refractory": 0.05}, "refractory: got 0.05 s at rates up to 30 Hz"),
        ({"dt": 0.015}, "dt: got 0.015 s over rates in bins of 0.01 s, expected a whole multiple"),
        ({"dt": 10.0}, "expected at least one whole bin in a trial"),
        ({"seed": -1}, "seed: got -1"),
    ],
)
def test_bad_options_say_what_is_wrong(options, message):
    with pytest.raises(BadInput, match=message.replace("(", r"\(")):
        spikes(constant(30.0, trials=2), **options)


def test_bad_rates_say_what_is_wrong():
    with pytest.raises(BadInput, match="expected 'rate'"):
        spikes(make_responses(np.ones((1, 2, 1)), quantity="activation"))
    with pytest.raises(BadInput, match=r"-1 Hz at trial 0, time 0.01 s, unit '0'"):
        spikes(make_responses(np.array([[[1.0], [-1.0]]]), dt=0.01, quantity="rate"))
    averaged = make_responses(np.ones((1, 2, 1)), quantity="rate").rename(trial="condition")
    with pytest.raises(BadInput, match=r"observe.repeats"):
        spikes(averaged)
