"""DYN01: the methods find what is planted, and what ought to fail fails."""

import numpy as np
import pytest

from tertium.dynamics import flow_field, simulate
from tertium.errors import BadInput
from tertium.studies.base import verdicts
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.vyas import (
    errors_of_steps,
    explained,
    fitzhugh_nagumo,
    followed,
    full_rank,
    nullcline_error,
    order,
    rank_two,
    rate_network,
)
from tertium.studies.vyas2020 import HIGH, LOW, Vyas2020


@pytest.fixture(scope="module")
def finished():
    study = Vyas2020()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_orders_of_a_decay_are_known_in_closed_form():
    starts, steps = np.array([[1.0], [2.0]]), np.array([8, 16, 32])

    def decay(h, x):
        return -h

    exact = np.exp(-1) * starts
    found = errors_of_steps(decay, starts, steps, "euler", exact)
    np.testing.assert_allclose(found, np.abs((1 - 1 / steps) ** steps - np.exp(-1)) / np.exp(-1))
    assert order(steps, found) == pytest.approx(1, abs=0.05)
    assert order(steps, errors_of_steps(decay, starts, steps, "rk4", exact)) == pytest.approx(4, abs=0.1)


def test_weights_have_the_rank_they_are_said_to_have():
    rng = np.random.default_rng(0)
    weights, m = rank_two(50, 1.2, rng)
    sizes = np.linalg.svd(weights, compute_uv=False)
    assert sizes[1] > 0.5
    assert sizes[2] < 1e-12
    assert np.linalg.matrix_rank(np.column_stack([weights, m])) == 2
    assert full_rank(400, 1.5, rng).std() == pytest.approx(1.5 / 20, rel=0.02)


def test_nullclines_of_another_current_are_off_by_the_difference():
    field = flow_field(fitzhugh_nagumo(0.5), LOW, HIGH, 101, time="continuous")
    assert nullcline_error(field, 0.5) < 5e-3
    assert nullcline_error(field, 0.3) == pytest.approx(0.2, abs=5e-3)


def test_a_plane_that_is_not_its_own_does_not_follow():
    rng = np.random.default_rng(1)
    weights, m = rank_two(30, 1.2, rng)
    velocity = rate_network(weights)
    runs = simulate(velocity, 3 * rng.normal(size=(4, 2)) @ m.T, 100, time="continuous", dt=0.05)
    own = flow_field(velocity, [-60, -60], [60, 60], 61, time="continuous", axes=m)
    other = flow_field(velocity, [-60, -60], [60, 60], 61, time="continuous", axes=rng.normal(size=(30, 2)))
    assert explained(runs, followed(own, runs, 0.05)) > 0.999
    assert explained(runs, followed(other, runs, 0.05)) < 0.9
    with pytest.raises(BadInput, match="Pass axes="):
        followed(flow_field(fitzhugh_nagumo(0.5), LOW, HIGH, 5, time="continuous"), runs[:, :, :2], 0.05)


def test_claims_hold_at_any_size_but_those_of_fine_steps(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    for name in ("order_euler", "order_rk4", "rank_two", "projection"):
        assert judged[name].held, judged[name]
    assert all(v.control_failed for v in judged.values())
    assert results.crossing < 0.08  # half of the grid's spacing


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["orders", "phase_plane", "shadows"]
