"""jPCA as a whole: planted rotations found and significant, others not; refusals; macaque M1."""

import numpy as np
import pytest

from tertium.data import load, make_responses
from tertium.dynamics import jpca
from tertium.errors import BadInput
from tertium.rng import Seeds


def rotating(seed=0, hertz=(2.5, 1.0), n_conditions=12, n_units=40, noise=0.3, dt=0.01):
    """Rates of units that read two rotations and what all conditions share; phases differ between conditions."""
    rng = Seeds(seed).numpy("rotating")
    t = np.arange(50) * dt
    axes = np.linalg.qr(rng.normal(size=(n_units, 5)))[0].T * np.sqrt(n_units) * 3
    starts = rng.normal(size=(n_conditions, 2, 2))
    rates = 20 + (3 * np.sin(5 * t))[None, :, None] * axes[4]
    for i, f in enumerate(hertz):
        angle = 2 * np.pi * f * t
        x = starts[:, i, :1] * np.cos(angle) - starts[:, i, 1:] * np.sin(angle)
        y = starts[:, i, :1] * np.sin(angle) + starts[:, i, 1:] * np.cos(angle)
        rates = rates + x[..., None] * axes[2 * i] + y[..., None] * axes[2 * i + 1]
    trials = np.repeat(np.arange(n_conditions), 5)
    values = rates[trials] + noise * rng.normal(size=(len(trials), 50, n_units))
    return make_responses(values, dt=dt, quantity="rate", trial={"condition": [f"reach {c:02d}" for c in trials]})


def smooth(seed, n_conditions=12, n_times=50, n_units=40, width=8.0, k=6):
    """Smooth low-dimensional responses without dynamics: each latent and condition is a curve of its own."""
    rng = Seeds(seed).numpy("smooth")
    lags = np.arange(n_times)
    covariance = np.exp(-((lags[:, None] - lags) ** 2) / (2 * width**2)) + 1e-6 * np.eye(n_times)
    curves = np.einsum("ts,csk->ctk", np.linalg.cholesky(covariance), rng.normal(size=(n_conditions, n_times, k)))
    return curves @ rng.normal(size=(k, n_units))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_frequencies_are_recovered(seed):
    found = jpca(rotating(seed=seed), n_dimensions=4, soft=None, n_surrogates=60, seed=seed)
    np.testing.assert_allclose(found.frequencies, [2.5, 1.0], rtol=0.02)
    np.testing.assert_allclose(found.free_frequencies, [2.5, 1.0], rtol=0.02)
    assert found.r2_skew > 0.9
    assert found.ratio > 0.95
    assert found.variance.sum() > 0.99
    np.testing.assert_allclose(found.phase_mean[0], np.pi / 2, atol=0.05)
    assert found.phase_length[0] > 0.9
    assert found.test.p < 0.02
    assert found.test.error < 1e-5
    assert len(found.conditions) == 12


def test_soft_normalisation_and_shared_signal():
    """A unit of large range counts less; what all conditions share never counts."""
    r = rotating()
    loud = r.copy()
    loud.values[:, :, 0] *= 50
    plain, soft = jpca(loud, soft=None, n_dimensions=4), jpca(loud, n_dimensions=4)
    assert abs(plain.axes[0]).max() > 0.9 > 0.5 > abs(soft.axes[0]).max()
    shared = r.copy()
    shared.values += 30 * np.sin(np.arange(50) / 8)[None, :, None]
    a, b = jpca(r, n_dimensions=4, soft=None), jpca(shared, n_dimensions=4, soft=None)
    np.testing.assert_allclose(a.frequencies, b.frequencies, rtol=1e-9)


def test_smooth_data_without_dynamics_are_not_significant():
    """Their R2 may look good; of 12 data sets about one in twenty is below p = 0.05."""
    found = [jpca(smooth(seed), dt=0.01, soft=None, n_surrogates=39, seed=seed) for seed in range(12)]
    below = [one.test.p <= 0.05 for one in found]
    assert sum(below) <= 2
    assert np.mean([one.test.p for one in found]) > 0.25
    assert np.mean([one.phase_length[0] for one in found]) < 0.8


def test_shuffled_conditions_at_each_time_lose_the_rotation():
    r = rotating().groupby("condition").mean()
    values = np.stack([r.values[Seeds(i).numpy("order").permutation(12), i] for i in range(50)], axis=1)
    found = jpca(values, dt=0.01, n_dimensions=4, soft=None)
    assert found.r2_skew < 0.3


def test_window_arrays_and_table():
    r = rotating()
    found = jpca(r, n_dimensions=4, soft=None, window=(0.1, 0.4))
    assert (found.time[0], found.time[-1], len(found.time)) == (pytest.approx(0.1), pytest.approx(0.4), 31)
    table = np.stack([r.values[i : i + 5].mean(0) for i in range(0, 60, 5)])
    again = jpca(table, dt=0.01, n_dimensions=4, soft=None)
    np.testing.assert_allclose(again.frequencies, jpca(r, n_dimensions=4, soft=None).frequencies, rtol=1e-9)
    assert found.table()["frequency"].is_monotonic_decreasing
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(4), atol=1e-10)
    np.testing.assert_allclose(found.skew, -found.skew.T, atol=1e-9)
    plane = found.skew[:2, :2]
    assert plane[1, 0] > 0
    np.testing.assert_allclose(np.arctan(plane[1, 0] * 0.01 / 2) / (np.pi * 0.01), found.frequencies[0], rtol=1e-9)


def test_ellipses_lower_r2_but_not_the_free_frequency():
    t = np.arange(50) * 0.01
    phase = 2 * np.pi * 2.0 * t + np.linspace(0, 5.5, 9)[:, None]
    found = jpca(np.stack([np.cos(phase), 0.4 * np.sin(phase)], axis=2), dt=0.01, n_dimensions=2, soft=None)
    assert found.r2_skew < 0.9
    assert found.r2_free == pytest.approx(1.0, abs=1e-9)
    assert found.free_frequencies == pytest.approx([2.0], rel=1e-9)


def test_figures_and_determinism():
    r = rotating()
    found = jpca(r, n_dimensions=4, n_surrogates=9, seed=3)
    again = jpca(r, n_dimensions=4, n_surrogates=9, seed=3)
    assert np.array_equal(found.test.null_skew, again.test.null_skew)
    assert not np.array_equal(found.test.null_skew, jpca(r, n_dimensions=4, n_surrogates=9, seed=4).test.null_skew)
    assert found.figure().layout.yaxis.title.text == "jPC 2 (1)"
    assert found.null_figure().data[0].x.shape == (9,)
    assert found.phase_figure(1).data[0].y.sum() == pytest.approx(1.0)
    with pytest.raises(BadInput, match="plane"):
        found.figure(2)
    with pytest.raises(BadInput, match="surrogates"):
        jpca(r, n_dimensions=4).null_figure()


def test_bad_input():
    r = rotating()
    cases = [
        (lambda: jpca(r, n_dimensions=3), "even number"),
        (lambda: jpca(r, derivative="backward"), "midpoint"),
        (lambda: jpca(r, soft=-1.0), "soft"),
        (lambda: jpca(r, n_surrogates=-1), "n_surrogates"),
        (lambda: jpca(r, window=(0.2, 0.21)), "window"),
        (lambda: jpca(r, by="colour"), "colour"),
        (lambda: jpca(np.zeros((3, 4, 5))), "dt"),
        (lambda: jpca(np.zeros((4, 5)), dt=0.1), "shape"),
        (lambda: jpca(np.zeros((1, 9, 5)), dt=0.1), "1 conditions"),
        (lambda: jpca(np.full((3, 9, 5), np.nan), dt=0.1), "not finite"),
        (lambda: jpca(np.ones((3, 9, 5)), dt=0.1), "alike"),
        (lambda: jpca(np.random.default_rng(0).normal(size=(3, 9, 5)), dt=0.1), "differ in 5 dimensions"),
    ]
    for call, words in cases:
        with pytest.raises(BadInput, match=words):
            call()


def reaches():
    """M1 reaches of equal length (the file has bins in a row, no trials), smoothed by a Gaussian of 2 bins."""
    from scipy.ndimage import gaussian_filter1d

    r = load("dad_m1")
    number, reach = np.unique(r["reach"].values, return_inverse=True)
    lengths = np.bincount(reach)
    usual = int(np.bincount(lengths).argmax())
    kept = np.flatnonzero(lengths == usual)
    values = np.stack([r.values[reach == i, 0] for i in kept]).astype(float)
    targets = [int(r["target"].values[reach == i][0]) for i in kept]
    assert len(number) == len(lengths)
    return make_responses(gaussian_filter1d(values, 2.0, axis=1), quantity="spike_count", trial={"condition": targets})


def test_macaque_m1(needs_data):
    """86 reaches to four targets, bins of unknown width: what there is, is measured, not asserted to be rotation."""
    needs_data("dad_m1")
    r = reaches()
    assert r.sizes["trial"] > 80
    found = jpca(r, soft=1.0, n_surrogates=99)
    assert found.conditions == ("0", "1", "2", "3")
    assert 0 < found.r2_skew <= found.r2_free < 1
    assert found.test.error < 1e-5
    assert np.isfinite(found.frequencies).all()
