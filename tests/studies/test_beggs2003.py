"""THY10: the networks branch as they should, the controls keep what they ought to, and half the size holds."""

import numpy as np
import pytest

from tertium.geometry.criticality.detection import cut_avalanches
from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.beggs2003 import Beggs2003, least_error
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.beggs import (
    constantly_driven,
    plausibilities,
    poisson_units,
    random_targets,
    shuffled_intervals,
    slowly_driven,
    sorted_once,
    step,
)


def test_each_connection_passes_with_its_probability_within_its_own_copy():
    rng = np.random.default_rng(0)
    targets = random_targets(50, 4, rng)
    active = np.array([3, 7, 50 + 3])  # units 3 and 7 of the first copy, 3 of the second
    counts = np.zeros(100)
    for _ in range(4000):
        counts[step(active, targets, 1.2, rng)] += 1
    p = 0.3  # of each connection
    for copy, units in ((0, [3, 7]), (1, [3])):
        onto = np.bincount(targets[units].ravel(), minlength=50)
        expected = 4000 * (1 - (1 - p) ** onto)
        error = 4.5 * np.sqrt(4000 * 0.25)
        assert np.abs(counts[50 * copy : 50 * copy + 50] - expected).max() < error
        assert (counts[50 * copy : 50 * copy + 50][onto == 0] == 0).all()


@pytest.mark.parametrize("sigma", [0.8, 1.0])
def test_durations_follow_the_iterated_generating_function(sigma):
    n, rng = 20_000, np.random.default_rng(1)
    trace = slowly_driven(random_targets(50_000, 10, rng), sigma, n, 3.0, rng)
    cut = cut_avalanches([trace])
    assert len(cut.sizes) == n
    alive = [1.0]
    for _ in range(40):
        alive.append(1 - (1 - sigma * alive[-1] / 10) ** 10)
    lasting = np.array([(cut.durations > t).mean() for t in range(41)])
    assert np.abs(lasting - alive).max() < 1.95 / np.sqrt(n)  # Kolmogorov, p = 0.001


def test_silences_are_as_long_as_they_should_be():
    rng = np.random.default_rng(2)
    trace = slowly_driven(random_targets(1000, 10, rng), 0.5, 4000, 25.0, rng)
    edges = np.flatnonzero(np.diff((trace > 0).astype(int)))
    silences = (edges[2::2] - edges[1:-1:2])[:3999]
    assert silences.min() >= 1
    assert silences.mean() == pytest.approx(25, rel=0.08)


def test_driven_networks_keep_their_activity_and_a_share_of_it_is_seen():
    rng = np.random.default_rng(3)
    found = constantly_driven(random_targets(20_000, 10, rng), 0.9, 50.0, 10, 400, 0.1, rng)
    assert found.all.shape == found.seen.shape == (10, 400)
    assert found.all.mean() == pytest.approx(50, rel=0.1)
    assert found.seen.sum() / found.all.sum() == pytest.approx(0.1, abs=0.01)
    assert (found.seen <= found.all).all()


def test_controls_keep_the_rate_and_the_intervals_and_lose_the_order():
    rng = np.random.default_rng(4)
    trace = slowly_driven(random_targets(5000, 10, rng), 1.0, 500, 20.0, rng)
    shuffled = shuffled_intervals(trace, rng)

    def intervals(x):
        return np.sort(np.diff(np.repeat(np.arange(len(x)), x)))

    assert intervals(shuffled).tolist() == intervals(trace).tolist()
    assert (shuffled != trace).any()
    units = poisson_units(trace, rng)
    assert units.mean() == pytest.approx(trace.mean(), rel=0.1)
    assert units.var() == pytest.approx(units.mean(), rel=0.1)


def test_sorted_once_and_least_error():
    assert sorted_once(np.array([3, 1, 3, 2])).tolist() == [1, 2, 3]
    assert sorted_once(np.zeros(0, dtype=int)).tolist() == []
    assert least_error(np.array([0.5, 0.8]), np.array([0.9, 0.9])) == pytest.approx(0.1)


def test_draws_are_tested_in_order_and_the_same_seed_gives_the_same():
    rng = np.random.default_rng(5)
    exponential = rng.geometric(0.03, size=2100)
    first, second = (plausibilities(exponential, 1000, 5, 1000, 10, Seeds(0)) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert len(first) == 2
    assert (first < 0.1).all()


@pytest.mark.slow
def test_a_smaller_size_holds_what_is_claimed():
    study = Beggs2003()
    config = study.configure(
        {"avalanches": 16_000, "control_steps": 2_000_000, "draws": 6, "bootstrap": 20, "ratios": [0.9, 0.98]}
    )
    judged = {v.id: v for v in verdicts(study, [study.run(config, MemoryLab(0))])}
    for claim in ("tau", "branching", "subcritical_rejected", "subsampled", "growth", "shapes"):
        assert judged[claim].held, judged[claim]
