"""SNN12: networks make the functions that their boundaries meet at, and closed forms hold."""

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.podlaski_boundaries import (
    LatentNetwork,
    convex_fit,
    convex_parts,
    excitatory,
    random_curve,
    rank_two,
)
from tertium.studies.methods.podlaski_network import imbalance, relative_error, simulate
from tertium.studies.methods.podlaski_noise import NoisyPopulation, curvature, population_noise
from tertium.studies.podlaski2024 import GRID, Podlaski2024, given, share_that_leaves


def test_convex_parts_are_convex_and_differ_by_the_function():
    curve = random_curve(GRID, 2.0, np.random.default_rng(0))
    upper, lower = convex_parts(GRID, curve, least=0.5)
    np.testing.assert_allclose(upper - lower, curve, atol=1e-12)
    assert min(np.diff(upper, 2)[1:-1].min(), np.diff(lower, 2)[1:-1].min()) > -1e-4
    assert min(upper.min(), lower.min()) == pytest.approx(0.5)


def test_boundaries_meet_at_the_function():
    for curve in given(GRID).values():
        network = rank_two(GRID, curve, 24, (1.25, 2.0), least=0.5)
        assert relative_error(network.crossing(GRID), curve) < 0.05


def test_a_network_of_two_neurons_goes_to_the_crossing():
    # x + yE = yI and x + 2 yE - 1.5 = yI: yE = 1.5, yI = x + 1.5
    network = LatentNetwork(np.ones(2), np.array([0.0, 1.5]), np.array([1.0, 2.0]), 1)
    run = simulate(network, np.full(6000, 1.0), (0.02, 0.02), rng=np.random.default_rng(0))
    assert run.excitation[3000:].mean() == pytest.approx(1.5, abs=0.05)
    assert run.inhibition[3000:].mean() == pytest.approx(2.5, abs=0.05)


def test_a_latent_variable_counts_the_spikes_that_it_filters():
    network = LatentNetwork(np.ones(3), np.zeros(3), np.zeros(3), 0)
    run = simulate(network, np.full(4000, 1.0), (0.0, 0.1), rng=np.random.default_rng(0))
    leak = 5e-5 / 0.01
    kept = 0.1 * ((1 - leak) ** (3999 - run.steps)).sum()
    assert run.inhibition[-1] == pytest.approx(kept)
    assert run.inhibition[2000:].mean() == pytest.approx(1.0, abs=0.1)


def test_the_straight_line_is_the_convex_curve_nearest_to_a_concave_one():
    found = convex_fit(GRID, -((GRID - 5) ** 2))
    np.testing.assert_allclose(found, found.mean(), atol=1e-6)


def test_an_excitatory_boundary_is_left_on_both_sides():
    network = excitatory(GRID, 5 - 4 * (GRID / 5 - 1) ** 2, 20)
    config = Podlaski2024.configure()
    assert share_that_leaves(network, 5 - 4 * (GRID / 5 - 1) ** 2, config, MemoryLab(0)) == 1.0


def test_boundaries_bend_with_the_sign_of_the_coupling():
    x = np.linspace(-1, 1, 21)
    assert curvature(x, x**2 / 2, -0.5, x) > 0 > curvature(x, x**2 / 2, 0.5, x)


def test_rates_without_coupling_are_siegerts():
    population = NoisyPopulation(np.zeros(40), noise=0.15, cost=0.5, dt=1e-4, tau=0.01)
    _, rates = population_noise(
        population, np.array([0.0]), trials=4, windows=10, width=0.2, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(rates[0], population.rates()[0], rtol=0.06)


def test_currents_that_cancel_leave_nothing():
    current = np.array([1.0, 2.0, 4.0])
    assert imbalance(current, current) == 0.0
    assert imbalance(current, np.zeros(3)) == 1.0


def test_smoke_size_holds_all_but_the_long_measurements():
    study = Podlaski2024()
    config = study.configure({"random": 1, "seconds": 0.4, "still": 0.6, "trials": 2, "windows": 2})
    results = study.run(config, MemoryLab(0))
    judged = {v.id: v for v in verdicts(study, [results])}
    for claim in ("computes", "convex_only", "unstable", "balanced", "irregular"):
        assert judged[claim].held, judged[claim]
    pictures = {p.id: p for p in study.figures([results, results])}
    assert set(pictures) == {"functions", "alone", "errors", "spikes", "noise"}
    np.testing.assert_array_equal(pictures["functions"].figure.data[0].y, results.found[0])


def test_weights_that_leave_the_crossing_unstable_are_refused():
    with pytest.raises(BadInput, match="weights of excitation"):
        rank_two(GRID, given(GRID)["wave"], 5, (2.0, 1.25), least=0.5)
