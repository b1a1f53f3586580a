"""Noise covariances against scikit-learn, loops over the published formulas, and known noise."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from tertium.compare.noise_precision import (
    diagonal_precision_missing,
    noise_covariance,
    noise_precision,
    noise_residuals,
)
from tertium.errors import BadInput, UnknownName
from tertium.rng import Seeds


@pytest.fixture
def residuals():
    random = Seeds(0).numpy("residuals")
    return random.normal(size=(40, 8)) @ random.normal(size=(8, 8)) * np.linspace(0.5, 3.0, 8)


def test_ledoit_wolf_is_scikit_learns(residuals):
    expected = LedoitWolf(assume_centered=True).fit(residuals).covariance_
    np.testing.assert_allclose(noise_covariance(residuals, freedom=40), expected, rtol=1e-10)
    # degrees of freedom scale it
    np.testing.assert_allclose(noise_covariance(residuals, freedom=20), 2 * expected, rtol=1e-10)


def test_more_channels_than_trials_still_invert():
    left = Seeds(1).numpy("wide").normal(size=(10, 50))
    for method in ("shrinkage", "shrinkage_diagonal"):
        np.testing.assert_allclose(
            noise_precision(left, method=method) @ noise_covariance(left, method=method), np.eye(50), atol=1e-8
        )
    with pytest.raises(
        BadInput, match=r"without inverse, from 9 degrees of freedom for 50 channels.*Use noise='shrinkage'"
    ):
        noise_precision(left, method="full")


def test_full_is_the_sample_covariance(residuals):
    centred = residuals - residuals.mean(axis=0)
    np.testing.assert_allclose(noise_covariance(centred, method="full"), np.cov(residuals.T), rtol=1e-12)
    np.testing.assert_allclose(noise_covariance(centred, method="diagonal"), residuals.var(axis=0, ddof=1), rtol=1e-12)


def test_schafer_strimmer_equals_loops_over_their_formula(residuals):
    x = residuals - residuals.mean(axis=0)
    n, p = x.shape
    z = x / x.std(axis=0, ddof=1)
    above = below = 0.0
    r = np.eye(p)
    for i in range(p):
        for j in range(p):
            if i == j:
                continue
            w = z[:, i] * z[:, j]
            r[i, j] = n / (n - 1) * w.mean()
            above += n / (n - 1) ** 3 * np.sum((w - w.mean()) ** 2)
            below += r[i, j] ** 2
    intensity = min(1.0, above / below)
    assert 0.05 < intensity < 0.95  # neither end, or the test would not see it
    shrunk = (1 - intensity) * r + intensity * np.eye(p)
    scale = x.std(axis=0, ddof=1)
    np.testing.assert_allclose(
        noise_covariance(x, method="shrinkage_diagonal"), shrunk * np.outer(scale, scale), rtol=1e-10
    )


def test_residuals_are_within_runs_where_cells_repeat():
    random = Seeds(2).numpy("trials")
    condition, run = np.tile(np.repeat([0, 1, 2], 2), 3), np.repeat([0, 1, 2], 6)
    values = random.normal(size=(18, 4)) + 100.0 * run[:, None]
    left, freedom = noise_residuals(values, condition, run)
    assert freedom.sum() == pytest.approx(18 - 9)
    assert np.abs(left).max() < 10  # the offsets of runs are gone
    left, freedom = noise_residuals(values, condition)
    assert freedom.sum() == pytest.approx(18 - 3)
    assert np.abs(left).max() > 50


def test_estimates_recover_known_noise():
    random = Seeds(3).numpy("noise")
    mix = random.normal(size=(6, 6)) / 2 + np.eye(6)
    truth = mix @ mix.T
    condition = np.repeat(np.arange(50), 100)
    values = random.normal(size=(50, 6))[condition] * 5 + random.normal(size=(5000, 6)) @ mix.T
    left, freedom = noise_residuals(values, condition)
    for method in ("full", "shrinkage", "shrinkage_diagonal"):
        np.testing.assert_allclose(
            noise_covariance(left, freedom.sum(), method), truth, atol=0.06 * np.abs(truth).max()
        )


def test_diagonal_with_missing_channels_equals_the_plain_one_when_none_is_missing(residuals):
    condition = np.repeat(np.arange(10), 4)
    left, freedom = noise_residuals(residuals, condition)
    expected = noise_precision(left, freedom.sum(), "diagonal")
    np.testing.assert_allclose(diagonal_precision_missing(residuals, condition), expected, rtol=1e-12)


def test_bad_noise(residuals):
    with pytest.raises(UnknownName, match="Did you mean 'shrinkage'"):
        noise_covariance(residuals, method="shrinkag")
    flat = residuals.copy()
    flat[:, 5] = 0.0
    with pytest.raises(BadInput, match=r"channel number 5 without variance \(1 of 8\)"):
        noise_covariance(flat)
    with pytest.raises(BadInput, match="0 degrees of freedom"):
        noise_covariance(residuals, freedom=0)
    with pytest.raises(BadInput, match="got one trial of each condition"):
        noise_residuals(residuals, np.arange(40))
    holes = residuals.copy()
    holes[:, 2] = np.nan
    with pytest.raises(BadInput, match="channel number 2 without variance"):
        diagonal_precision_missing(holes, np.repeat(np.arange(10), 4))
