"""The measurements inside the study of sparse codes: planted Gabors, atoms and cells come back."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.studies.methods.olshausen import learn_dictionary, patches, scrambled, sparse_code, whitened
from tertium.studies.methods.olshausen_cells import SIDE, crops_of, explained, gabor_features, planted_rates
from tertium.studies.methods.olshausen_gabors import _gabor, fit_gabors


def planted(n, side, rng):
    """Gabors of all phases: parameters as the fit has them."""
    frequency, angle = rng.uniform(0.1, 0.25, n), rng.uniform(0, np.pi, n)
    at = np.zeros((n, 8))
    at[:, :2] = rng.uniform(0.25 * side, 0.7 * side, (n, 2))
    at[:, 2], at[:, 3] = frequency * np.cos(angle), frequency * np.sin(angle)
    at[:, 4:6] = np.log(np.stack([rng.uniform(1.2, 2.2, n), rng.uniform(1.5, 4, n)], axis=1))
    at[:, 6:] = rng.normal(size=(n, 2))
    return at


def grid(side):
    return (axis.ravel() for axis in np.mgrid[:side, :side].astype(float))


def test_planted_gabors_are_found_with_their_parameters():
    at = planted(12, 14, np.random.default_rng(0))
    filters = _gabor(at, *grid(14))[0].reshape(12, 14, 14)
    found = fit_gabors(filters)
    np.testing.assert_allclose(found.r2, 1.0, atol=1e-6)
    np.testing.assert_allclose(found.fitted, filters, atol=1e-3 * np.abs(filters).max())
    np.testing.assert_allclose(np.hypot(at[:, 2], at[:, 3]), found.frequency, rtol=2e-2)
    off = (found.orientation - np.arctan2(at[:, 3], at[:, 2]) + np.pi / 2) % np.pi - np.pi / 2
    np.testing.assert_allclose(off, 0, atol=0.03)


def test_derivatives_of_the_gabor_are_those_of_differences():
    at = planted(3, 8, np.random.default_rng(1))
    slopes, h = _gabor(at, *grid(8))[1], 1e-6
    for i in range(8):
        ahead, behind = at.copy(), at.copy()
        ahead[:, i] += h
        behind[:, i] -= h
        difference = (_gabor(ahead, *grid(8))[0] - _gabor(behind, *grid(8))[0]) / (2 * h)
        np.testing.assert_allclose(slopes[:, :, i], difference, atol=1e-6)


def test_noise_waves_over_the_patch_and_crosses_are_no_local_gabors():
    rng = np.random.default_rng(2)
    row, column = np.mgrid[:14, :14]
    wave = np.cos(2 * np.pi * 3 * (column + 0.5) / 14)
    cross = np.cos(2 * np.pi * 2 * (column + 0.5) / 14) * np.cos(2 * np.pi * 2 * (row + 0.5) / 14)
    assert fit_gabors(np.stack([wave, cross, rng.normal(size=(14, 14))])).r2.max() < 0.75
    assert fit_gabors(np.stack([cross, rng.normal(size=(14, 14))])).r2.max() < 0.5


def test_bandwidths_are_those_of_the_spectrum_and_of_the_closed_form_where_bands_are_apart():
    row, column = np.mgrid[:25, :25] - 12.0
    even, odd = (np.exp(-(column**2 + row**2) / 18) * wave(2 * np.pi * 0.2 * column) for wave in (np.cos, np.sin))
    half = np.sqrt(np.log(2) / 2)
    closed = np.log2((np.pi * 0.6 + half) / (np.pi * 0.6 - half))
    np.testing.assert_allclose(fit_gabors(np.stack([even, odd])).octaves, closed, atol=0.02)
    broad = np.exp(-(column**2 + row**2) / 4.5) * np.sin(2 * np.pi * 0.08 * column)
    spectrum = np.abs(np.fft.rfft(broad.sum(0), 8192))
    at = np.fft.rfftfreq(8192)[spectrum >= spectrum.max() / 2]
    assert fit_gabors(broad[None]).octaves[0] == pytest.approx(np.log2(at[-1] / at[0]), abs=0.05)
    blob = np.exp(-(column**2 + row**2) / 4.5) * np.cos(2 * np.pi * 0.03 * column)
    assert fit_gabors(blob[None]).octaves[0] == np.inf


@pytest.mark.parametrize("bad", [np.ones((2, 8, 8)), np.full((1, 8, 8), np.nan), np.zeros((1, 8, 6)), np.eye(8)])
def test_filters_that_cannot_be_fitted_are_refused(bad):
    with pytest.raises(BadInput, match="filters"):
        fit_gabors(bad)


def test_the_sparse_code_obeys_the_conditions_of_its_minimum():
    """Gradient 2 D'(x - D a) is the penalty times the sign where a is not 0, and no larger elsewhere."""
    rng = np.random.default_rng(3)
    dictionary = rng.normal(size=(20, 30)).astype(np.float32)
    dictionary /= np.linalg.norm(dictionary, axis=0)
    shown = rng.normal(size=(20, 5)).astype(np.float32)
    code = sparse_code(dictionary, shown, 0.8, 3000)
    slope = 2 * dictionary.T @ (shown - dictionary @ code)
    used = code != 0
    assert 0.05 < used.mean() < 0.7
    np.testing.assert_allclose(slope[used], 0.8 * np.sign(code[used]), atol=2e-4)
    assert np.abs(slope[~used]).max() <= 0.8 + 2e-4


def test_learned_atoms_code_sparse_sums_of_strokes_as_well_as_the_strokes_do():
    """Pictures of vertical and horizontal strokes; random atoms do far worse."""
    rng = np.random.default_rng(4)
    pictures = np.zeros((400, 6, 6), np.float32)
    for one in pictures:
        for _ in range(1 + (rng.random() < 0.3)):
            if rng.random() < 0.5:
                one[rng.integers(6)] += rng.normal()
            else:
                one[:, rng.integers(6)] += rng.normal()
    shown = patches(pictures, 6, 400, rng)
    strokes = np.concatenate([np.kron(np.eye(6), np.ones((1, 6))), np.kron(np.ones((1, 6)), np.eye(6))])
    strokes = strokes - strokes.mean(1, keepdims=True)

    def energy(atoms):
        unit = (atoms / np.linalg.norm(atoms, axis=1, keepdims=True)).T.astype(np.float32)
        code = sparse_code(unit, shown, 0.5, 200)
        return ((shown - unit @ code) ** 2).sum() + 0.5 * np.abs(code).sum()

    atoms, energies = learn_dictionary(pictures, 6, 12, 0.5, 300, Seeds(0), batch=100, iterations=40)
    learned, planted_best, chance = (energy(a) for a in (atoms.reshape(12, -1), strokes, rng.normal(size=(12, 36))))
    assert learned - planted_best < 0.25 * (chance - planted_best)
    assert energies[-20:].mean() < 0.6 * energies[0]
    again = [learn_dictionary(pictures, 6, 12, 0.3, 3, Seeds(0))[0] for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_whitening_flattens_a_spectrum_that_falls_with_frequency_and_scrambling_keeps_it():
    rng = np.random.default_rng(5)
    size = np.hypot(np.fft.rfftfreq(96), np.fft.fftfreq(96)[:, None])
    size[0, 0] = np.inf
    noise = np.stack([np.fft.irfft2(np.fft.rfft2(rng.normal(size=(96, 96))) / size, (96, 96)) for _ in range(8)])
    inner = whitened(noise)
    power = (np.abs(np.fft.rfft2(inner)) ** 2).mean(0)
    at = np.hypot(np.fft.rfftfreq(72), np.fft.fftfreq(72)[:, None])
    low, middle, high = (power[(a < at) & (at < b)].mean() for a, b in ((0.05, 0.1), (0.15, 0.2), (0.48, 0.5)))
    assert middle == pytest.approx(low, rel=0.25)
    assert high < 0.05 * low
    colours = rng.integers(0, 255, (2, 64, 64, 3)).astype(np.uint8)
    grey = colours @ np.array([0.299, 0.587, 0.114])
    mixed = scrambled(colours, rng)
    spectrum = np.abs(np.fft.rfft2(grey - grey.mean((1, 2), keepdims=True)))
    np.testing.assert_allclose(np.abs(np.fft.rfft2(mixed))[:, :, 1:32], spectrum[:, :, 1:32], rtol=1e-6)
    assert abs(np.corrcoef(mixed[0].ravel(), grey[0].ravel())[0, 1]) < 0.2
    with pytest.raises(BadInput, match="photographs"):
        whitened(np.zeros((2, 64, 60)))


def test_filters_explain_simple_cells_and_energies_complex_ones():
    pictures = whitened(np.random.default_rng(6).normal(size=(20, 96, 96)))
    crops = crops_of(pictures, 900, 60, np.random.default_rng(7))
    assert crops.shape == (960, SIDE, SIDE)
    simple, complex_ = planted_rates(crops, 3, Seeds(1))
    np.testing.assert_allclose(simple.mean(0), 4.0)
    assert (simple == 0).mean() > 0.3 > (complex_ == 0).mean()
    found = explained(gabor_features(crops), {"simple": simple, "complex": complex_}, 900, 6, Seeds(2))
    assert found["linear, simple"].mean() > 0.5 + found["energy, simple"].mean()
    assert found["energy, complex"].mean() > 0.3 + found["linear, complex"].mean()
