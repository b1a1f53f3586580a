"""The measurements inside the study of decoded angles: closed forms, planted codes, and that controls fail."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import PoissonBayes
from tertium.rng import Seeds
from tertium.studies.methods.stringer import (
    HARMONICS,
    Tuning,
    binned_compass,
    estimated_information,
    linear_code,
    measured_tuning,
    read_angle,
    reference_error,
)


@pytest.fixture
def tuning():
    """Twelve von Mises curves: ``log f = c + k cos(angle - preferred)``, the first harmonic alone."""
    preferred = np.arange(12) * np.pi / 6
    weights = np.zeros((2 * HARMONICS, 12))
    weights[0], weights[HARMONICS] = 2 * np.cos(preferred), 2 * np.sin(preferred)
    return Tuning(np.full(12, -0.5), weights)


def test_information_of_von_mises_curves_has_its_closed_form(tuning):
    """``f'^2 / f = k^2 sin^2 f``; by finite differences too, also of a population turned at random."""
    angle = np.linspace(0, 6, 7)
    off = angle[:, None] - np.arange(12) * np.pi / 6
    expected = (4 * np.sin(off) ** 2 * np.exp(-0.5 + 2 * np.cos(off))).sum(1)
    np.testing.assert_allclose(tuning.information(angle), expected, rtol=1e-12)
    drawn = tuning.drawn(5, np.random.default_rng(0))
    h = 1e-6
    slope = (drawn.counts(angle + h) - drawn.counts(angle - h)) / (2 * h)
    np.testing.assert_allclose(drawn.slopes(angle), slope, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(drawn.counts(angle).max(), tuning.counts(angle).max(), rtol=0.3)
    assert tuning.bound(angle) == pytest.approx(np.degrees(np.sqrt((1 / expected).mean())))


def test_planted_tuning_is_measured_and_decoded_near_its_bound(tuning):
    rng = np.random.default_rng(1)
    angle = np.cumsum(rng.normal(0, 0.3, 6000)) % (2 * np.pi)
    counts = rng.poisson(tuning.counts(angle)).astype(float)
    found = measured_tuning(counts, angle)
    np.testing.assert_allclose(found.counts(angle), tuning.counts(angle), rtol=0.35, atol=0.05)
    decoded = read_angle(counts, angle, PoissonBayes(), n_bootstrap=0)
    error = np.degrees(np.sqrt(np.nanmean(decoded.errors**2)))
    assert 0.95 < error / tuning.bound(angle) < 1.25
    assert reference_error(counts, angle, np.arange(12)) < 15
    assert reference_error(counts, angle, np.roll(np.arange(12), 6)) > 90  # cells read as their opposites


def test_a_linear_code_keeps_what_is_linear_and_nothing_else(tuning):
    rng = np.random.default_rng(2)
    angle = rng.uniform(0, 2 * np.pi, 8000)
    counts = rng.poisson(tuning.counts(angle)).astype(float)
    made = linear_code(counts, angle, rng)
    design = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    curved = np.stack([np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    fit = [np.linalg.lstsq(design, table, rcond=None)[0] for table in (counts, made)]
    np.testing.assert_allclose(fit[1], fit[0], atol=0.1)
    assert np.abs(curved.T @ made / len(made)).max() < 0.1 < np.abs(curved.T @ counts / len(counts)).max()


def test_information_is_estimated_without_bias_and_naively_with(tuning):
    found = estimated_information(tuning, 24, 2000, 40, Seeds(3))
    assert found["estimate"].mean() == pytest.approx(1, abs=0.15)
    assert found["naive"].mean() > 1.3


def test_the_compass_is_binned_as_the_reference_has_it(needs_data):
    needs_data("peyrache_hd")
    from tertium.data.catalogue import load_set

    counts, angle = binned_compass(load_set("peyrache_hd"))
    assert counts.shape == (10603, 19)
    assert reference_error(counts, angle, np.arange(19)) == pytest.approx(15.5, abs=0.3)
