"""DYN12: energy and recall of small networks that can be worked out, and the equations of mean-field theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erf

from tertium.rng import Seeds
from tertium.studies.methods import hopfield as hop


def test_one_pattern_is_recalled_and_so_is_its_mirror_image() -> None:
    rng = np.random.default_rng(0)
    patterns = hop.random_patterns(1, 60, rng)
    cues = np.concatenate([hop.flipped(patterns, 0.3, rng), -hop.flipped(patterns, 0.3, rng)])
    found = hop.recall(hop.hebbian(patterns), cues, rng)
    assert hop.overlaps(found.states, patterns[[0, 0]]).tolist() == [1.0, -1.0]
    assert hop.energy(hop.hebbian(patterns), patterns)[0] == pytest.approx(-0.5 * 59)


def test_a_cue_has_exactly_as_many_wrong_units_as_asked() -> None:
    patterns = hop.random_patterns(5, 50, np.random.default_rng(1))
    assert (hop.flipped(patterns, 0.1, np.random.default_rng(2)) != patterns).sum(1).tolist() == [5] * 5


@pytest.mark.parametrize("symmetric", [True, False])
def test_changes_of_energy_add_up_to_the_energy(symmetric: bool) -> None:
    rng = np.random.default_rng(3)
    weights = hop.hebbian(hop.random_patterns(9, 40, rng)) + np.diag(rng.normal(size=40))
    weights = weights if symmetric else hop.one_way(weights, rng)
    found = hop.recall(weights, hop.random_patterns(1, 40, rng), rng, most=4)
    assert len(found.changes) == 40 * found.sweeps
    assert found.changes.sum() == pytest.approx(found.energies[-1, 0] - found.energies[0, 0], abs=1e-9)


def test_energy_falls_with_symmetric_couplings_until_no_unit_wants_to_change() -> None:
    rng = np.random.default_rng(4)
    weights = hop.hebbian(hop.random_patterns(10, 80, rng))
    found = hop.recall(weights, hop.random_patterns(6, 80, rng), rng)
    assert found.changes.max() <= 1e-12
    assert (np.diff(found.energies, axis=0) <= 1e-12).all()
    assert (found.states * (found.states @ weights.T) >= -1e-9).all()
    assert hop.recall(hop.one_way(weights, rng), hop.random_patterns(6, 80, rng), rng, most=20).changes.max() > 0.01


def test_cut_couplings_stay_symmetric_and_half_of_them_are_gone() -> None:
    weights = hop.hebbian(hop.random_patterns(31, 100, np.random.default_rng(5)))
    cut = hop.diluted(weights, np.random.default_rng(6))
    assert np.array_equal(cut, cut.T)
    assert (cut != 0).mean() / (weights != 0).mean() == pytest.approx(0.5, abs=0.03)


def test_theory_solves_the_equations_of_amit_gutfreund_and_sompolinsky() -> None:
    """Order parameters m, r and C, solved by iteration in their first form."""
    load, m, c = 0.12, 1.0, 0.0
    for _ in range(5000):
        r = 1 / (1 - c) ** 2
        m = float(erf(m / np.sqrt(2 * load * r)))
        c = float(np.sqrt(2 / (np.pi * load * r)) * np.exp(-(m**2) / (2 * load * r)))
    assert hop.theory(load) == pytest.approx(m, abs=1e-5)
    assert hop.loads_and_overlaps()[0].max() == pytest.approx(hop.CAPACITY, abs=5e-4)
    # at small loads the crosstalk is that of independent terms
    assert hop.theory(0.03) == pytest.approx(hop.naive(0.03), abs=1e-6)


def test_knee_of_a_curve_that_bends_once() -> None:
    loads = np.linspace(0, 1, 101)
    assert hop.knee(loads, np.minimum(1, 1.6 - loads)) == pytest.approx(0.6)
    smooth = 1 - loads**4
    steepest = brentq(lambda x: 4 * x**3 - 1, 0, 1)  # where the slope is that of the line between the ends
    assert hop.knee(loads, smooth) == pytest.approx(steepest, abs=0.01)


def test_recall_fails_above_the_capacity_and_seeds_repeat() -> None:
    easy, again, hard = (hop.retrieval(200, load, 0.1, 10, 2, Seeds(7)) for load in (0.05, 0.05, 0.4))
    assert np.array_equal(easy, again)
    assert easy.mean() > 0.99 > 0.6 > hard.mean()
