"""THY11: the compiled network is the one of the equations, kappa is right, a short run holds the claims."""

import numpy as np
import pytest

from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.safavi_avalanches import avalanche_sizes, density, exponential_or_power_law, kappa
from tertium.studies.methods.safavi_network import drawn_signal, drive_of, predict, predict_reference
from tertium.studies.safavi2024 import Safavi2024, apart, nearest

NETWORK = {"decoder": 0.1, "cost": 0.1, "leak": 0.01}


@pytest.fixture(scope="module")
def results():
    study = Safavi2024()
    return study.run(study.configure({"seconds": 0.8, "per_decade": 3}), MemoryLab(0))


@pytest.mark.parametrize("delay", [1, 7])
@pytest.mark.parametrize("noise", [0.02, 0.2])
def test_the_compiled_network_is_the_one_of_the_equations(delay, noise):
    drive = np.full(600, 1.0)
    fast, slow = (
        run(drive, 20, delay=delay, noise=noise, rng=np.random.default_rng(3), **NETWORK)
        for run in (predict, predict_reference)
    )
    assert fast[0].sum() > 50
    np.testing.assert_array_equal(fast[0], slow[0])
    np.testing.assert_allclose(fast[1], slow[1], rtol=1e-12)


def test_without_delay_or_noise_the_estimate_is_off_by_less_than_a_few_spikes():
    # slower than the leak: an estimate cannot fall faster than that
    signal = drawn_signal(6000, 1e-4, 1.0, 0.2, 0.2, np.random.default_rng(0))
    _, estimate = predict(
        drive_of(signal, 0.002),
        50,
        decoder=0.02,
        cost=0.0,
        delay=0,
        leak=0.002,
        noise=0.0,
        rng=np.random.default_rng(0),
    )
    assert np.abs(estimate - signal)[3000:].max() < 0.05


def test_all_fire_at_once_where_all_are_alike():
    counts, _ = predict(np.full(500, 1.0), 30, delay=5, noise=0.0, rng=np.random.default_rng(0), **NETWORK)
    assert set(np.unique(counts)) == {0, 30}


def test_avalanches_are_cut_at_silent_bins_and_the_ends_left_out():
    counts = np.array([1, 0, 0, 2, 1, 0, 0, 0, 5, 0, 4])
    assert avalanche_sizes(counts, 1).tolist() == [3, 5]
    assert avalanche_sizes(np.array([0, 0, 1, 1, 0, 3, 0, 0, 0, 0]), 2).tolist() == [5]


def test_tails_are_told_apart():
    rng = np.random.default_rng(1)
    law = np.arange(1, 401) ** -1.5
    power = rng.choice(np.arange(1, 401), 3000, p=law / law.sum())
    assert exponential_or_power_law(power, 400) > 1.96
    assert exponential_or_power_law(rng.geometric(0.3, 3000), 400) < -1.96
    assert np.isnan(exponential_or_power_law(np.full(100, 400), 400))


def test_kappa_of_larger_avalanches_is_larger():
    rng = np.random.default_rng(2)
    sizes = [np.minimum(rng.geometric(p, 4000), 400) for p in (0.5, 0.1, 0.02)]
    found = [kappa(s, 400) for s in sizes]
    assert sorted(found) == found
    assert found[0] < 1 < found[2]


def test_densities_integrate_to_one():
    middles, found = density(np.random.default_rng(0).geometric(0.2, 5000))
    assert (np.diff(middles) > 0).all()
    edges = np.unique(np.floor(10 ** np.arange(0, 3, 1 / 6)))
    assert sum(f * w for f, w in zip(found, np.diff(edges), strict=False)) == pytest.approx(1.0, abs=0.01)


def test_a_tenth_of_the_size_holds_what_is_claimed(results):
    judged = {v.id: v for v in verdicts(Safavi2024(), [results])}
    for claim in ("u_shape", "together", "bump"):
        assert judged[claim].held, judged[claim]


def test_distances_of_noises():
    noise = np.array([0.0, 0.01, 0.1])
    assert apart(noise, 1, 2) == pytest.approx(1.0)
    assert apart(noise, 0, 2) == float("inf")
    assert nearest(np.array([1.0, 1.5, 1.1])) == 2


def test_pictures_show_what_was_measured(results):
    pictures = {p.id: p for p in Safavi2024().figures([results, results])}
    assert set(pictures) == {"error", "kappa", "sizes", "estimates"}
    np.testing.assert_allclose(pictures["error"].figure.data[0].y, results.mse)
