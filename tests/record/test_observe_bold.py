"""BOLD: canonical responses, convolution against direct sums, noise, drift, voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tertium.data.responses import make_responses
from tertium.errors import BadInput, UnknownName
from tertium.record.observe import HRF, bold, canonical_hrf, point_spread
from tertium.record.observe.haemodynamics import PERCENT_PER_HZ


@pytest.mark.parametrize(("name", "peak"), [("spm", 5.0), ("glover", 5.2)])
def test_canonical_responses_peak_at_five_seconds_and_undershoot(name, peak):
    t = np.arange(0, 40, 0.01)
    h = canonical_hrf(name).density(t)
    assert t[h.argmax()] == pytest.approx(peak, abs=0.15)
    assert h.min() < 0
    assert 10 < t[h.argmin()] < 18
    assert np.trapezoid(h, t) == pytest.approx(1.0, abs=1e-3)


def test_spm_response_is_the_difference_of_gamma_densities():
    t = np.linspace(0, 32, 321)
    expected = stats.gamma.pdf(t, 6) - stats.gamma.pdf(t, 16) / 6
    np.testing.assert_allclose(canonical_hrf("spm").density(t) * (5 / 6), expected, atol=1e-12)


def test_glover_response_is_glovers_formula():
    t = np.linspace(0.01, 32, 321)

    def part(n, b):
        return (t / (n * b)) ** n * np.exp(-(t - n * b) / b)

    expected = part(6.0, 0.9) - 0.35 * part(12.0, 0.9)
    seen = canonical_hrf("glover").density(t)
    np.testing.assert_allclose(seen / seen.max(), expected / expected.max(), atol=1e-10)


def test_signal_equals_the_integral_by_hand_at_volumes_off_the_bin_edges():
    rng = np.random.default_rng(0)
    values, dt, tr = rng.uniform(0, 40, size=(2, 400, 3)), 0.05, 0.73
    seen = bold(make_responses(values, dt=dt, quantity="rate"), tr=tr, noise=0.0, gain=0.1)
    hrf, edges = HRF(), dt * np.arange(401)
    assert seen.sizes["time"] == int(20 / tr) + 1
    for i, t in enumerate(seen["time"].values):
        weight = hrf.integral(t - edges[:-1]) - hrf.integral(t - edges[1:])
        np.testing.assert_allclose(seen.values[:, i], 0.1 * np.einsum("t,rtu->ru", weight, values), atol=2e-4)


def test_sustained_firing_gives_the_gain_and_silence_brings_it_back():
    rate = make_responses(np.full((1, 600, 1), 9.0), dt=0.1, quantity="rate")
    seen = bold(rate, tr=2.0, noise=0.0, after=60.0)
    at = dict(zip(seen["time"].values.tolist(), seen.values[0, :, 0], strict=True))
    assert at[0.0] == 0
    assert at[60.0] == pytest.approx(9.0 * PERCENT_PER_HZ, rel=1e-3)
    assert at[120.0] == pytest.approx(0.0, abs=1e-3)
    assert min(at.values()) < -0.05  # undershoot


def test_noise_is_autocorrelated_and_drift_is_slow():
    quiet = make_responses(np.zeros((60, 400, 5)), dt=1.0, quantity="rate")
    noisy = bold(quiet, tr=2.0, seed=1, noise=0.8, autocorrelation=0.4).values
    assert noisy.std() == pytest.approx(0.8, rel=0.03)
    assert noisy[:, 0].std() == pytest.approx(0.8, rel=0.15)  # in equilibrium from the start
    lag = (noisy[:, 1:] * noisy[:, :-1]).mean() / (noisy**2).mean()
    assert lag == pytest.approx(0.4, abs=0.02)
    slow = bold(quiet, tr=2.0, seed=1, noise=0.0, drift=0.5).values
    assert slow.std() == pytest.approx(0.5, rel=0.1)
    power = (np.abs(np.fft.rfft(slow - slow.mean(axis=1, keepdims=True), axis=1)) ** 2).mean(axis=(0, 2))
    frequency = np.fft.rfftfreq(slow.shape[1], 2.0)
    assert power[frequency <= 1 / 100].sum() / power.sum() > 0.95


def test_voxels_are_weighted_means_of_units():
    units = np.column_stack([np.arange(30.0), np.zeros(30)])
    mixing = point_spread(units, [[5.0, 0.0], [20.0, 0.0]], fwhm=4.0)
    np.testing.assert_allclose(mixing.sum(axis=0), 1.0)
    assert mixing[7, 0] / mixing[5, 0] == pytest.approx(0.5)  # half at half the full width
    rate = make_responses(np.random.default_rng(3).uniform(0, 9, (2, 100, 30)), dt=0.5, quantity="rate")
    alone = bold(rate, noise=0.0).values
    seen = bold(rate, noise=0.0, mixing=mixing)
    np.testing.assert_allclose(seen.values, alone @ mixing, atol=1e-10)
    assert seen["unit"].values.tolist() == ["voxel0", "voxel1"]


def test_bad_input_says_what_is_wrong():
    rate = make_responses(np.ones((1, 20, 3)), dt=0.5, quantity="rate")
    with pytest.raises(UnknownName, match=r"'spmm'.*Did you mean 'spm'"):
        bold(rate, hrf="spmm")
    with pytest.raises(BadInput, match=r"mixing: got an array of shape \(2, 2\).*\(3, n\)"):
        bold(rate, mixing=np.ones((2, 2)))
    with pytest.raises(BadInput, match="autocorrelation: got 1"):
        bold(rate, autocorrelation=1.0)
    with pytest.raises(BadInput, match=r"tr: got 0.0"):
        bold(rate, tr=0.0)
    with pytest.raises(BadInput, match=r"voxel 1: got its nearest unit 1e\+03 mm away"):
        point_spread([[0.0]], [[0.0], [1000.0]])
    with pytest.raises(BadInput, match="undershoot: got 2"):
        HRF(undershoot=2.0)
