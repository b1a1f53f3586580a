"""CEL03: the rule makes a negative image, the window is a window, the study runs small."""

import numpy as np
import pytest

from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.muller_circuit import (
    BINS,
    BroadSpikes,
    PlasticInputs,
    filtered,
    granule_responses,
    pairing,
    prey,
    self_signals,
    signal_to_noise,
)
from tertium.studies.muller2019 import Muller2019


@pytest.fixture(scope="module")
def results():
    study = Muller2019()
    config = study.configure(
        {"cells": 30, "pairings": 200, "warm": 60, "blocks": 2, "outputs": 6, "rates": [0.1, 0.3]}, size="smoke"
    )
    return study.run(config, MemoryLab(0))


def test_the_window_is_an_exponential_that_ends():
    impulse = np.zeros(BINS)
    impulse[20] = 1.0
    felt = filtered(impulse, tau=10.0, window=50)
    assert felt.sum() == pytest.approx(1.0)
    assert felt[21] / felt[20] == pytest.approx(np.exp(-0.1))
    np.testing.assert_allclose(felt[:20], 0.0, atol=1e-12)
    np.testing.assert_allclose(felt[70:], 0.0, atol=1e-12)


def test_granule_cells_answer_early_shortly_and_late_long():
    cells = granule_responses(300, np.random.default_rng(0))
    bumps = cells[cells.mean(axis=1) < 0.5]
    peak, width = bumps.argmax(axis=1), bumps.sum(axis=1)
    assert np.corrcoef(peak, width)[0, 1] > 0.9
    assert (peak < 40).sum() > (peak >= 100).sum()


def test_expected_change_is_down_the_gradient():
    rng = np.random.default_rng(0)
    felt = filtered(granule_responses(20, rng))
    inputs = PlasticInputs(felt, 1, 0.5, BroadSpikes(0.05, rng))
    potential = 0.5 * self_signals()[0]
    expected = 0.05 * (1 + potential)[None]
    inputs.learn(expected)
    np.testing.assert_allclose(inputs.weights[0], -inputs.step * 0.05 * felt @ potential, rtol=1e-10)


def test_broad_spikes_are_drawn_at_their_rate_and_shuffled_in_time():
    spikes = BroadSpikes(0.1, np.random.default_rng(1))
    fired = spikes.fire(np.tile(np.repeat([0.0, 1.0], 75), (2000, 1)))
    assert fired[:, :75].mean() == pytest.approx(0.1, abs=0.005)
    assert fired[:, 75:].mean() == pytest.approx(0.2, abs=0.005)
    elsewhere = spikes.elsewhere(fired)
    np.testing.assert_array_equal(elsewhere.sum(axis=1), fired.sum(axis=1))
    assert elsewhere[:, :75].mean() == pytest.approx(0.15, abs=0.005)


def test_a_signal_that_never_comes_is_not_learned():
    rng = np.random.default_rng(2)
    felt = filtered(granule_responses(50, rng))
    inputs = PlasticInputs(felt, 60, 0.1, BroadSpikes(0.05, rng))
    images, heard = pairing(inputs, 60, lambda: np.zeros(BINS))
    assert heard.shape == (60, BINS)
    assert np.abs(images[-10:].mean(axis=0)).max() < 0.15


def test_prey_and_signal_to_noise():
    assert prey(70.0, size=0.4).max() == pytest.approx(0.4, rel=0.01)
    bump = np.stack([prey(t) for t in (20.0, 60.0, 100.0)])
    snr, gain = signal_to_noise(2 * bump + 0.01 * np.random.default_rng(0).normal(size=bump.shape), bump)
    assert gain == pytest.approx(2.0, abs=0.05)
    assert snr > 20


def test_few_commands_already_make_a_negative_image(results):
    judged = {v.id: v for v in verdicts(Muller2019(), [results])}
    assert judged["negative_image"].value < -0.97
    assert judged["cancelled"].value < 0.1 < judged["cancelled"].control_value
    assert judged["prey_passes"].held
    assert judged["extinction"].value > 0.7


def test_pictures_show_what_was_measured(results):
    pictures = {p.id: p for p in Muller2019().figures([results, results])}
    assert set(pictures) == {"images", "learning", "extinction", "stages", "adaptation"}
    np.testing.assert_allclose(pictures["learning"].figure.data[0].y, results.residual["paired"])
