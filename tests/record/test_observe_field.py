"""LFP and MEG: the spherical conductor against physics, the filter and the noise against their spectra."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data.responses import make_responses
from tertium.errors import BadInput
from tertium.record.observe import cortical_dipoles, field, leadfield, pink_noise, point_source, sensor_helmet
from tertium.record.observe.fields import synaptic
from tertium.record.observe.sphere import MU0_OVER_4PI, magnetic_field


@pytest.fixture
def sources():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 3)) * 0.03, rng.normal(size=(6, 3)) * 1e-8, sensor_helmet(40, lowest=-0.9)


def test_radial_and_central_dipoles_are_silent():
    positions, outward = cortical_dipoles(20, seed=1, tangential=False)
    helmet = sensor_helmet(50)
    loud = np.abs(magnetic_field(*cortical_dipoles(20, seed=1), helmet)).max()
    assert np.abs(magnetic_field(positions, outward, helmet)).max() < 1e-12 * loud
    assert np.abs(magnetic_field([[0, 0, 0]], [[0, 1, 0]], helmet)).max() == 0


def test_radial_field_is_that_of_the_dipole_alone(sources):
    """Volume currents of a sphere add nothing to the radial field: Biot and Savart's law must give it."""
    positions, moments, sensors = sources
    away = sensors[None] - positions[:, None]
    primary = MU0_OVER_4PI * np.cross(moments[:, None], away) / np.linalg.norm(away, axis=2, keepdims=True) ** 3
    outward = sensors / np.linalg.norm(sensors, axis=1, keepdims=True)
    expected = np.einsum("dpk,pk->dp", primary, outward)
    np.testing.assert_allclose(leadfield(positions, moments, sensors), expected, rtol=1e-9, atol=1e-22)


def test_field_outside_has_no_divergence_and_no_curl(sources):
    positions, moments, sensors = sources
    h = 1e-5
    slope = np.empty((3, 3, 6, 40))
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = h
        plus = magnetic_field(positions, moments, sensors + step)
        slope[axis] = ((plus - magnetic_field(positions, moments, sensors - step)) / (2 * h)).transpose(2, 0, 1)
    size = np.abs(slope).max()
    assert np.abs(slope[0, 0] + slope[1, 1] + slope[2, 2]).max() < 1e-5 * size
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(slope[a, b] - slope[b, a]).max() < 1e-5 * size


def test_a_usual_dipole_makes_a_usual_field():
    """10 nA m, 4 cm below the sensors: some hundreds of fT at most (Hamalainen et al. 1993)."""
    gain = leadfield([[0, 0, 0.07]], [[1e-8, 0, 0]], sensor_helmet(300)) * 1e15
    assert 100 < np.abs(gain).max() < 500
    assert abs(gain.max() + gain.min()) < 0.1 * gain.max()  # dipolar pattern


def test_point_source_falls_with_distance():
    potential = point_source([[0, 0, 0]], [[1e-4, 0, 0], [0, 3e-4, 0], [1e-9, 0, 0]])
    assert potential[0, 0] / potential[0, 1] == pytest.approx(3.0)
    assert potential[0, 2] == pytest.approx(1 / (4 * np.pi * 0.3 * 10e-6))  # not closer than 10 um


def test_synaptic_filter_has_a_lorentzian_spectrum_and_unit_gain():
    dt, tau = 0.0005, 0.01
    impulse = np.zeros((1, 4000, 1))
    impulse[0, 0] = 1
    kernel = synaptic(impulse, dt, tau)[0, :, 0]
    assert kernel.sum() == pytest.approx(1.0, abs=1e-12)
    frequency = np.fft.rfftfreq(4000, dt)
    power = np.abs(np.fft.rfft(kernel)) ** 2
    low = (frequency > 0) & (frequency < 100)
    np.testing.assert_allclose(power[low], 1 / (1 + (2 * np.pi * frequency[low] * tau) ** 2), rtol=0.02)
    np.testing.assert_array_equal(synaptic(impulse, dt, 0.0), impulse)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_background_noise_falls_with_its_exponent(exponent):
    noise = pink_noise((200, 512, 2), np.random.default_rng(1), exponent)
    assert noise.var() == pytest.approx(1.0, rel=0.15)
    taper = np.hanning(512)[None, :, None]
    power = (np.abs(np.fft.rfft(noise * taper, axis=1)) ** 2).mean(axis=(0, 2))
    use = slice(4, 200)
    slope = np.polyfit(np.log(np.fft.rfftfreq(512)[use]), np.log(power[use]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.1)


def test_lfp_and_meg_are_mixtures_of_the_rates():
    values = np.random.default_rng(2).uniform(0, 20, (3, 80, 12))
    rate = make_responses(values, dt=0.005, quantity="rate", trial={"stimulus": ["a", "b", "c"]})
    mixing = np.random.default_rng(3).normal(size=(12, 5))
    seen = field(rate, "meg", mixing=mixing, noise=0.0)
    np.testing.assert_allclose(seen.values, synaptic(values, 0.005, 0.01) @ mixing, atol=1e-10)
    assert (seen.attrs["quantity"], seen.attrs["units"]) == ("meg", "fT")
    assert seen["stimulus"].values.tolist() == ["a", "b", "c"]
    lfp = field(rate, "lfp", n_sensors=7, seed=4)
    assert (lfp.sizes["unit"], lfp.attrs["units"]) == (7, "uV")


def test_meg_sensor_noise_has_its_density():
    quiet = make_responses(np.zeros((20, 500, 3)), dt=0.001, quantity="rate")
    seen = field(quiet, "meg", n_sensors=10, noise=3.0, seed=1).values
    assert seen.std() == pytest.approx(3.0 * np.sqrt(500.0), rel=0.02)  # fT/sqrt(Hz) over 500 Hz


def test_bad_input_says_what_is_wrong():
    rate = make_responses(np.ones((1, 20, 3)), dt=0.005, quantity="rate")
    with pytest.raises(BadInput, match="mode: got 'eeg', expected 'lfp' or 'meg'"):
        field(rate, "eeg")
    with pytest.raises(BadInput, match=r"mixing: got an array of shape \(2, 4\)"):
        field(rate, mixing=np.ones((2, 4)))
    with pytest.raises(BadInput, match="n_sensors: got 0"):
        field(rate, "meg", n_sensors=0)
    with pytest.raises(BadInput, match=r"points: got one at 0.05 m from the centre"):
        magnetic_field([[0, 0, 0.07]], [[1e-8, 0, 0]], [[0, 0, 0.05]])
    with pytest.raises(BadInput, match=r"dipoles: got shape \(1, 2\)"):
        magnetic_field([[0, 0]], [[1e-8, 0, 0]], [[0, 0, 0.1]])
