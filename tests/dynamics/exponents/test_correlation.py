"""Autocorrelation times: planted ones, closed forms, intervals, refusals."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import autocorrelation_time
from tertium.dynamics.exponents.correlation import autocovariances
from tertium.errors import BadInput


def ornstein(trials, times, units, tau, seed=0, noise=0.0):
    """Return stationary processes whose autocorrelation is exp(-lag / tau), with private noise in each bin."""
    rng = np.random.default_rng(seed)
    keep = np.exp(-1 / tau)
    values = np.empty((trials, times, units))
    values[:, 0] = rng.normal(size=(trials, units))
    for t in range(1, times):
        values[:, t] = keep * values[:, t - 1] + np.sqrt(1 - keep**2) * rng.normal(size=(trials, units))
    return values + noise * rng.normal(size=values.shape)


@pytest.mark.parametrize("tau", [5.0, 20.0])
def test_a_planted_time_is_found_three_ways(tau):
    found = autocorrelation_time(ornstein(40, 2000, 20, tau), dt=0.01)
    for value, (low, high), true in (
        (found.integrated, found.integrated_interval, 0.01 * tau),
        (found.fitted, found.fitted_interval, 0.01 * tau),
        (found.half, found.half_interval, 0.01 * tau * np.log(2)),
    ):
        assert value == pytest.approx(true, rel=0.03)
        assert low < value < high
    assert found.complete
    assert found.amplitude == pytest.approx(1, abs=0.02)


def test_private_noise_lowers_the_amplitude_and_not_the_fitted_time():
    found = autocorrelation_time(ornstein(40, 2000, 20, 10.0, noise=1.0))
    assert found.amplitude == pytest.approx(0.5, abs=0.02)
    assert found.fitted == pytest.approx(10, rel=0.05)
    upto = np.exp(-np.arange(1, round(found.window) + 1) / 10)
    assert found.integrated == pytest.approx(0.5 + 0.5 * (upto.sum() - upto[-1] / 2), rel=0.04)  # half a bin is noise's


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = 0
    for seed in range(30):
        found = autocorrelation_time(ornstein(30, 400, 5, 5.0, seed), centre="none", bootstrap=200)
        low, high = found.fitted_interval
        inside += low < 5.0 < high
    assert inside >= 25


def test_autocovariances_are_those_of_the_definition():
    values = np.random.default_rng(1).normal(size=(2, 30, 3))
    found = autocovariances(values, 7)
    for k in range(8):
        expected = (values[:, : 30 - k] * values[:, k:]).sum((1, 2)) / (30 - k)
        np.testing.assert_allclose(found[:, k], expected, atol=1e-12)


def test_what_the_stimulus_drives_is_taken_off():
    drive = 5 * np.sin(np.arange(600) / 30)[None, :, None]
    values = ornstein(60, 600, 10, 4.0) + drive
    assert autocorrelation_time(values, bootstrap=0).half > 15
    assert autocorrelation_time(values, centre="time", bootstrap=0).fitted == pytest.approx(4, rel=0.06)


def test_responses_bring_their_bins_and_the_same_seed_the_same_numbers():
    values = ornstein(10, 300, 4, 6.0)
    responses = make_responses(values, dt=0.02, quantity="activation", source="simulated")
    a, b = autocorrelation_time(responses), autocorrelation_time(values, dt=0.02)
    assert a.fitted == b.fitted
    assert a.fitted_interval == b.fitted_interval
    assert a.lags[1] == pytest.approx(0.02)
    with pytest.raises(BadInput, match="Leave dt out"):
        autocorrelation_time(responses, dt=0.01)


def test_a_memory_longer_than_the_trial_is_told():
    found = autocorrelation_time(np.linspace(0, 1, 60)[None, :, None] + np.zeros((4, 1, 1)), bootstrap=0)
    assert not found.complete
    assert np.isnan(found.integrated_interval).all()


def test_table_and_picture():
    found = autocorrelation_time(ornstein(5, 200, 4, 3.0))
    assert list(found.table()["estimate"]) == ["integrated", "exponential", "half"]
    drawn = found.figure("bins")
    assert drawn.layout.xaxis.title.text == "lag (bins)"
    assert any(str(t.name).startswith("exponential") for t in drawn.data)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        (np.zeros((5, 100, 2)), {}, "do not vary"),
        (np.full((5, 100, 2), np.nan), {}, "finite"),
        (np.ones(100), {}, "(trial, time, unit)"),
        (np.ones((4, 3, 2)), {}, "4 times or more"),
        (ornstein(2, 100, 2, 3.0), {}, "Pass bootstrap=0"),
        (ornstein(4, 100, 2, 3.0), {"longest": 100}, "2 to 99"),
        (ornstein(4, 100, 2, 3.0), {"dt": 0.0}, "above 0 s"),
        (ornstein(4, 100, 2, 3.0), {"centre": "trial"}, "'unit' or 'time' or 'none'"),
    ],
)
def test_what_has_no_autocorrelation_is_refused(values, options, said):
    with pytest.raises(BadInput) as problem:
        autocorrelation_time(values, **options)
    assert said in str(problem.value)
