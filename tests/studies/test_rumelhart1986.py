"""FND04: the gradient checks can fail, and the measures of structure find what was planted."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tertium.models.foundations import mlp
from tertium.rng import Seeds
from tertium.studies import MemoryLab
from tertium.studies.base import verdicts
from tertium.studies.rumelhart1986 import (
    NO_SLOPE,
    Rumelhart1986,
    fraction_near,
    gradient_errors,
    magnitudes,
    mirror_correlation,
    mirror_symmetric,
)


@pytest.fixture(scope="module")
def finished():
    study = Rumelhart1986()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def symmetric_net(*sizes: float, noise: float = 0.0) -> np.ndarray:
    """One network of two hidden units whose mirror pairs have these sizes, (1, hidden, input)."""
    half = np.array(sizes) * [1, -1, 1]
    unit = np.concatenate([half, -half[::-1]])
    return np.stack([unit, -unit])[None] + noise * Seeds(0).numpy("noise").normal(size=(1, 2, 6))


def test_claims_that_need_no_long_training_hold(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    assert judged["central_differences"].held
    assert judged["autograd"].held
    assert results.solved.any()
    assert judged["mirror_weights"].held
    assert judged["symmetry"].control_failed


def test_a_broken_gradient_is_detected(monkeypatch):
    monkeypatch.setattr(mlp, "LOGISTIC", NO_SLOPE)
    errors = gradient_errors(Rumelhart1986.Config(gradient_nets=2), MemoryLab(0))
    assert errors["difference_error"] > 0.1
    assert errors["autograd_error"] > 0.1


def test_eight_of_64_patterns_are_symmetric():
    assert mirror_symmetric().sum() == 8


def test_structure_that_was_planted_is_found():
    nets = np.concatenate([symmetric_net(1, 2, 4), symmetric_net(4, 1, 2, noise=0.02), symmetric_net(2, 3, 4)])
    assert (mirror_correlation(nets) < -0.99).all()
    assert fraction_near(nets, [(1, 2, 4)], 0.3) == pytest.approx(2 / 3)
    assert fraction_near(nets, [(1, 2, 4), (2, 3, 4)], 0.1) == 1
    np.testing.assert_allclose(magnitudes(nets[:1])[0], [[1, 2, 4], [1, 2, 4]])


def test_each_ratio_has_to_be_near():
    assert fraction_near(symmetric_net(1, 2.5, 5), [(1, 2, 4)], 0.3) == 1
    assert fraction_near(symmetric_net(1, 2.5, 6), [(1, 2, 4)], 0.3) == 0  # 6 is half as much again as 4
    assert fraction_near(symmetric_net(1, 1.3, 4), [(1, 2, 4)], 0.3) == 0
    one_unit_only = symmetric_net(1, 2, 4)
    one_unit_only[:, 1] = symmetric_net(2, 3, 4)[:, 0]
    assert fraction_near(one_unit_only, [(1, 2, 4)], 0.3) == 0
    assert np.isnan(fraction_near(np.zeros((0, 2, 6)), [(1, 2, 4)], 0.3))


@pytest.mark.parametrize(
    ("code", "tells_apart"), [((1, 2, 4), True), ((2, 3, 4), True), ((1, 2, 3), False), ((1, 1, 4), False)]
)
def test_a_code_detects_symmetry_exactly_if_no_signed_sum_cancels(code, tells_apart):
    sums = [abs(np.dot(signs, code)) for signs in product((-1, 0, 1), repeat=3) if any(signs)]
    assert (min(sums) > 0) == tells_apart


def test_figures_are_drawn_also_when_nothing_was_solved():
    study = Rumelhart1986()
    results = study.run(study.configure({"sweeps": 3}, size="smoke"), MemoryLab(0))
    judged = {v.id: v for v in verdicts(study, [results])}
    assert np.isnan(judged["mirror_weights"].value)
    assert not judged["mirror_weights"].held
    assert [p.id for p in study.figures([results])] == ["weights", "ratios", "learning"]
