"""THY07: the measurements find what is planted, and what ought to fail fails."""

import numpy as np
import pytest

from tertium.studies.base import verdicts
from tertium.studies.dahmen2019 import Dahmen2019
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.dahmen import (
    distance_from_theory,
    fluctuations,
    participation_ratio,
    random_weights,
    symmetric_weights,
)
from tertium.theory import linear_covariance


def test_eigenvalues_of_both_kinds_of_weights_reach_the_radius():
    rng = np.random.default_rng(0)
    assert np.abs(np.linalg.eigvals(random_weights(400, 0.7, rng))).max() == pytest.approx(0.7, abs=0.05)
    values = np.linalg.eigvalsh(symmetric_weights(400, 0.7, rng))
    assert (values[0], values[-1]) == pytest.approx((-0.7, 0.7), abs=0.05)


def test_participation_ratio_counts_equal_dimensions():
    assert participation_ratio(np.diag([3.0, 3.0, 0.0])) == pytest.approx(2)


def test_the_spectrum_fits_at_the_true_radius_only():
    values = np.linalg.eigvalsh(linear_covariance(random_weights(500, 0.6, np.random.default_rng(1))))
    assert distance_from_theory(values, 0.6) < 0.02
    assert distance_from_theory(10 * values, 0.6) == pytest.approx(distance_from_theory(values, 0.6))
    assert distance_from_theory(values, 0.4) > 0.08


def test_fluctuations_have_the_variance_of_a_leaky_unit():
    x = fluctuations(np.zeros((3, 3)), 400, 20, np.random.default_rng(2))
    assert x.shape == (400, 20, 3)
    assert x.var() == pytest.approx(1 / (2 - 0.1), rel=0.05)  # of Euler's steps of 0.1


def test_half_the_size_holds_what_is_claimed():
    study = Dahmen2019()
    config = study.configure(
        {"radii": [0.3, 0.6], "large": 400, "trials": 400, "runs": 100, "steps": 60, "bootstrap": 20}
    )
    judged = {v.id: v for v in verdicts(study, [study.run(config, MemoryLab(0))])}
    for claim in ("radius", "radius_from_trials", "dimension", "spectrum", "symmetric_fails", "symmetric_detected"):
        assert judged[claim].held, judged[claim]
