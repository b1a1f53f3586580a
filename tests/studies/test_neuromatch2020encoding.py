"""SEN12: gratings and selectivity are what they should be, ridge predicts what was not fitted, claims read results."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.rng import Seeds
from tertium.studies.methods.cadena_gratings import (
    FREQUENCIES,
    PooledCore,
    gratings,
    orientation_selectivity,
    ridge_predictions,
)
from tertium.studies.methods.v1_networks import Split
from tertium.studies.neuromatch2020encoding import MODELS, Neuromatch2020Encoding


def test_gratings_have_one_frequency_and_the_noise_asked_for():
    shown = gratings(20, 0.0, Seeds(0))[:, 0]
    assert shown.shape == (20, 32, 32)
    assert np.allclose(shown.mean((1, 2)), 0, atol=1e-5)
    spectrum = np.abs(np.fft.fft2(shown, s=(128, 128)))
    rows, columns = np.unravel_index(spectrum.reshape(20, -1).argmax(1), (128, 128))
    found = np.hypot(np.fft.fftfreq(128)[rows], np.fft.fftfreq(128)[columns])
    assert np.abs(found[:, None] - np.array(FREQUENCIES)).min(1).max() < 0.012
    noisy = gratings(200, 2.0, Seeds(0))
    assert noisy.var() == pytest.approx(1 + 4, rel=0.05)


def test_selectivity_is_high_for_stripes_and_low_for_spots_whatever_the_angle():
    y, x = np.mgrid[:11, :11] - 5.0
    window = np.exp(-(x**2 + y**2) / 12)
    turned = [window * np.cos(2 * np.pi * 0.2 * (np.cos(a) * x + np.sin(a) * y)) for a in (0.1, 0.9, 2.0)]
    assert (orientation_selectivity(np.stack(turned)) > 0.8).all()
    two = window * (np.cos(2 * np.pi * 0.2 * x) + np.cos(2 * np.pi * 0.2 * y))
    assert orientation_selectivity(two[None])[0] < 0.05, "both orientations alike"
    noise = Seeds(1).numpy("noise").normal(size=(400, 11, 11))
    assert (orientation_selectivity(noise) >= 0.5).mean() < 0.5, "random filters are the control"


def test_pools_are_means_over_places_of_the_convolution():
    import torch

    core = PooledCore(3, Seeds(2)).eval()
    shown = torch.from_numpy(gratings(4, 0.1, Seeds(3)))
    with torch.no_grad():
        rates = core.layers[:-1](shown)
        assert torch.allclose(core(shown)[:, :, 0, 0], rates[:, :, :3, :3].mean((2, 3)), atol=1e-6)


def test_ridge_finds_a_linear_cell_and_does_not_look_at_tested_responses():
    shown = gratings(300, 0.5, Seeds(4))
    weights = Seeds(5).numpy("weights").normal(size=(1024, 1)) / 32
    y = (3 + shown.reshape(300, -1) @ weights).astype(np.float32)
    split = Split(np.arange(200), np.arange(200, 240), np.arange(240, 300))
    said = ridge_predictions(shown, y, split)
    assert np.corrcoef(said[:, 0], y[240:, 0])[0, 1] > 0.7
    y[240:] = 99
    assert np.array_equal(said, ridge_predictions(shown, y, split))


def test_claims_read_the_results():
    level = dict(zip(MODELS, (0.1, 0.8, 0.4), strict=True))
    results = Neuromatch2020Encoding.Results(
        kind=["v1", "linear", "shuffled"],
        feve={name: np.array([level[name], 0.5, 0.0]) for name in MODELS},
        filters=np.ones((4, 11, 11)) * np.arange(11),
        selectivity=np.array([0.9, 0.8, 0.7, 0.2]),
        selectivity_before=np.array([0.6, 0.1, 0.1, 0.2]),
        correlation=dict(zip(MODELS, (0.3, 0.7, 0.5), strict=True)),
        correlation_draws={name: np.array([level[name] - 0.01, level[name] + 0.01]) for name in MODELS},
        shuffled=dict.fromkeys(MODELS, 0.0),
    )
    claims = {one.id: one for one in Neuromatch2020Encoding().claims(results)}
    assert (claims["explains"].value, claims["explains"].control.value) == (0.8, 0.0)
    assert claims["over_pixels"].value == pytest.approx(0.7)
    assert claims["over_pixels"].control.value == pytest.approx(0)
    assert (claims["oriented"].value, claims["oriented"].control.value) == (0.75, 0.25)
    assert claims["real_over_pixels"].value == pytest.approx(0.4)
    assert claims["real_over_untrained"].interval == pytest.approx((0.4, 0.4))
    assert [one.id for one in Neuromatch2020Encoding().figures([results])] == ["scores", "filters", "selectivity"]
