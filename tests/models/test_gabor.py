"""Gabor filters: their bandwidth is the one asked for, simple cells follow phase and complex cells do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models import GaborEnergy, gabor_filters


def gratings(phases, wavelength=8.0, angle=0.0, size=64):
    y, x = np.mgrid[:size, :size]
    along = x * np.cos(angle) + y * np.sin(angle)
    waves = [np.cos(2 * np.pi * along / wavelength + phase) for phase in phases]
    return torch.from_numpy(np.stack(waves)[:, None].astype(np.float32))


@pytest.mark.parametrize("octaves", [0.8, 1.0, 1.6])
def test_the_bandwidth_is_the_one_asked_for(octaves):
    odd = gabor_filters([12.0], 1, bandwidth=octaves)[0, 0, 1]
    across = odd.sum(0)
    spectrum = np.abs(np.fft.rfft(across, 8192))
    frequency = np.fft.rfftfreq(8192)
    above = frequency[spectrum >= spectrum.max() / 2]
    assert np.log2(above[-1] / above[0]) == pytest.approx(octaves, abs=0.06)
    assert frequency[spectrum.argmax()] == pytest.approx(1 / 12, rel=0.06)


def test_filters_have_unit_energy_and_ignore_uniform_light():
    bank = gabor_filters([4.0, 9.0], 6)
    np.testing.assert_allclose((bank**2).sum((3, 4)), 1.0, atol=1e-12)
    np.testing.assert_allclose(bank.sum((3, 4)), 0.0, atol=1e-12)


def test_complex_cells_do_not_follow_phase_and_simple_cells_do():
    model = GaborEnergy()
    images = gratings(np.linspace(0, 2 * np.pi, 8, endpoint=False))
    simple = model.simple(images).unflatten(1, (3, 8, 4))[:, 1, 0, 0, 8, 8]
    energy = model(images).unflatten(1, (3, 8))[:, 1, 0, 8, 8]
    assert float(simple.min()) == 0.0
    assert float(simple.max()) > 1.0
    assert float(energy.max() / energy.min()) < 1.02


def test_the_preferred_orientation_and_wavelength_are_the_filters():
    model = GaborEnergy()
    for j in (0, 3, 6):
        found = model(gratings([0.3], 8.0, np.pi * j / 8)).unflatten(1, (3, 8))[0, :, :, 8, 8]
        assert divmod(int(found.argmax()), 8) == (1, j)


def test_bad_options_are_refused():
    with pytest.raises(BadInput, match="wavelengths of 2 pixels"):
        gabor_filters([1.0], 4)
    with pytest.raises(BadInput, match="stride"):
        GaborEnergy(stride=0)


def test_the_networks_filters_have_the_bandwidth_and_shape_that_are_asked_for():
    model = GaborEnergy(wavelengths=(6.0,), orientations=4, bandwidth=1.5, aspect=0.8)
    expected = gabor_filters([6.0], 4, bandwidth=1.5, aspect=0.8)
    np.testing.assert_allclose(model.simple.filters.flatten(0, 1), expected.reshape(8, *expected.shape[-2:]), rtol=1e-6)
    assert GaborEnergy(wavelengths=(6.0,)).simple.filters.shape[-1] > expected.shape[-1]
