"""Calcium: kernels against the published numbers, filters against direct sums, noise against its own law."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data.responses import make_responses
from tertium.errors import BadInput, UnknownName
from tertium.record.observe import INDICATORS, Hill, Indicator, calcium, spikes

# Chen et al. 2013: time to peak (s), half-decay (s), dF/F of one action potential
CHEN2013 = {"gcamp6f": (0.045, 0.142, 0.19), "gcamp6m": (0.080, 0.270, 0.13), "gcamp6s": (0.179, 0.550, 0.23)}


def one_spike(dt=0.001, seconds=6.0):
    counts = np.zeros((1, round(seconds / dt), 1))
    counts[0, 0] = 1
    return make_responses(counts, dt=dt, quantity="spike_count")


@pytest.mark.parametrize("name", sorted(CHEN2013))
def test_one_spike_gives_the_published_transient(name):
    peak_time, half_decay, amplitude = CHEN2013[name]
    seen = calcium(one_spike(), name, noise=0.0).values[0, :, 0]
    t = np.arange(len(seen)) * 0.001  # the spike is anywhere in its 1 ms, the sample an average over 1 ms
    peak = int(seen.argmax())
    assert t[peak] == pytest.approx(peak_time, abs=0.001)
    assert seen[peak] == pytest.approx(amplitude, rel=1e-3)
    after = peak + int(np.argmax(seen[peak:] < seen[peak] / 2))
    assert t[after] - t[peak] == pytest.approx(half_decay, abs=0.002)


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_every_indicator_keeps_its_own_numbers(name):
    indicator = INDICATORS[name]
    t = np.linspace(0, 8 * indicator.half_decay, 400_001)
    k = indicator.kernel(t)
    assert t[k.argmax()] == pytest.approx(indicator.time_to_peak, rel=1e-3)
    assert k.max() == pytest.approx(indicator.amplitude, rel=1e-6)
    half = t[k.argmax() + np.argmax(k[k.argmax() :] < k.max() / 2)]
    assert half - t[k.argmax()] == pytest.approx(indicator.half_decay, rel=1e-3)
    assert indicator.kernel([-1.0]) == 0


def test_filter_equals_the_kernel_summed_over_spikes_by_hand():
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.3, size=(2, 40, 3)).astype(float)
    dt, indicator = 0.02, INDICATORS["gcamp6f"]
    seen = calcium(make_responses(counts, dt=dt, quantity="spike_count"), noise=0.0).values
    # reference: every spike at many places of its bin, fluorescence at many places of each frame
    places = (np.arange(200) + 0.5) / 200 * dt
    lag = places[None, :] - places[:, None]
    at_lag = [indicator.kernel(k * dt + lag).mean() for k in range(40)]
    reference = np.zeros_like(counts)
    for i in range(40):
        for j in range(i + 1):
            reference[:, i] += counts[:, j] * at_lag[i - j]
    np.testing.assert_allclose(seen, reference, atol=2e-6)


def test_frames_are_averages_of_fine_bins():
    rate = make_responses(np.random.default_rng(2).uniform(0, 30, (2, 60, 2)), dt=0.01, quantity="rate")
    fine = calcium(rate, noise=0.0)
    frames = calcium(rate, noise=0.0, dt=0.03)
    assert frames.attrs["dt"] == 0.03
    np.testing.assert_allclose(frames.values, fine.values.reshape(2, 20, 3, 2).mean(axis=2), atol=1e-12)


def test_steady_start_is_steady():
    rate = make_responses(np.full((1, 50, 1), 10.0), dt=0.02, quantity="rate")
    steady = calcium(rate, noise=0.0, start="steady").values.ravel()
    silent = calcium(rate, noise=0.0).values.ravel()
    area = np.trapezoid(INDICATORS["gcamp6f"].kernel(np.linspace(0, 5, 500_001)), dx=1e-5)
    np.testing.assert_allclose(steady, 10.0 * area, rtol=1e-6)
    assert silent[0] < 0.1 * steady[0] < silent[-1]


def test_saturation_keeps_one_spike_and_bounds_many():
    hill = Hill(half=5.0, coefficient=2.0)
    one = calcium(one_spike(), noise=0.0, saturation=hill).values.max()
    assert one == pytest.approx(0.19, rel=1e-3)
    many = one_spike() * 1000
    many.attrs = one_spike().attrs
    assert calcium(many, noise=0.0, saturation=hill).values.max() < 0.19 * (1 + 5.0**2)
    assert calcium(many, noise=0.0).values.max() == pytest.approx(190, rel=1e-3)


def test_noise_has_its_variance():
    quiet = make_responses(np.zeros((50, 200, 4)), dt=0.03, quantity="rate")
    gaussian = calcium(quiet, seed=3, noise=0.07).values
    assert gaussian.std() == pytest.approx(0.07, rel=0.02)
    shot = calcium(quiet, seed=3, noise=0.0, photons=400.0).values
    assert shot.std() == pytest.approx(1 / 20, rel=0.02)
    assert shot.mean() == pytest.approx(0.0, abs=0.002)


def test_labels_and_the_chain_of_observations():
    rate = make_responses(np.full((2, 20, 1), 5.0), dt=0.02, quantity="rate", trial={"stimulus": ["a", "b"]})
    seen = calcium(spikes(rate, seed=1), "gcamp6s", seed=2)
    assert seen.attrs["quantity"] == "df_over_f"
    assert seen.attrs["observation"].startswith("spikes(poisson")
    assert "calcium(gcamp6s" in seen.attrs["observation"]
    assert seen["stimulus"].values.tolist() == ["a", "b"]


def test_bad_input_says_what_is_wrong():
    rate = make_responses(np.full((1, 5, 1), 5.0), dt=0.02, quantity="rate")
    with pytest.raises(UnknownName, match="Did you mean 'gcamp6f'"):
        calcium(rate, "gcamp6ff")
    with pytest.raises(BadInput, match=r"noise: got -0.1"):
        calcium(rate, noise=-0.1)
    with pytest.raises(BadInput, match="start: got 'rest', expected 'silence' or 'steady'"):
        calcium(rate, start="rest")
    with pytest.raises(BadInput, match=r"half-decay at least 1.7 times"):
        Indicator(0.1, 0.1, 0.2)
    with pytest.raises(BadInput, match="expected 'spike_count' or 'rate'"):
        calcium(make_responses(np.ones((1, 2, 1)), quantity="activation"))
