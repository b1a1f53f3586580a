"""FND09: targets, regions and ratios are what they say, and linear units are told from sigmoidal ones."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.rng import Seeds
from tertium.studies import MemoryLab
from tertium.studies.base import verdicts
from tertium.studies.cybenko1989 import BESIDE, TARGETS, Cybenko1989, ratios, square, two_pieces


@pytest.fixture(scope="module")
def finished():
    study = Cybenko1989()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_linear_units_plateau_at_any_size(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    assert judged["linear_plateau"].held
    assert all(v.control_failed for v in judged.values())
    assert (ratios(results.errors) < 0.6).all()
    assert results.region_accuracy > 0.95


def test_linear_error_is_that_of_the_best_plane(finished):
    _, results = finished
    x, dense = square(17), square(33)
    for name, target in TARGETS.items():
        design, new = (np.column_stack([p, np.ones(len(p))]) for p in (x, dense))
        plane = new @ np.linalg.lstsq(design, target(x), rcond=None)[0]
        assert results.linear[name][-1] == pytest.approx(np.abs(plane - target(dense)).max(), rel=1e-3)


def test_targets_have_the_values_they_are_known_by():
    centre, corner = np.array([[0.5, 0.5]]), np.array([[0.0, 0.0]])
    assert TARGETS["bump"](centre) == 1
    assert TARGETS["pyramid"](centre) == 1
    assert TARGETS["pyramid"](corner) == 0
    assert BESIDE["cone"](corner) == pytest.approx(np.sqrt(0.5))
    # Franke's function at the origin, from its published formula written out
    written = 0.75 * np.exp(-2) + 0.75 * np.exp(-1 / 49 - 1 / 10) + 0.5 * np.exp(-(49 + 9) / 4) - 0.2 * np.exp(-16 - 49)
    assert TARGETS["franke"](corner) == pytest.approx(written)
    assert len(TARGETS) == 5


def test_a_region_has_two_separate_pieces():
    from scipy.ndimage import label

    for seed in range(20):
        inside = two_pieces(Seeds(seed).numpy("region"))(square(120, inside=True)).reshape(120, 120)
        assert label(inside)[1] == 2
        assert 0.05 < inside.mean() < 0.25
        edge = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
        assert not edge.any()


def test_untrained_networks_do_not_pass():
    study = Cybenko1989()
    config = study.configure({"widths": [4, 5], "steps": [1, 1]}, size="smoke")
    judged = {v.id: v for v in verdicts(study, [study.run(config, MemoryLab(0))])}
    assert not judged["error_falls"].held


def test_ratio_is_last_over_first():
    assert ratios({"a": np.array([2.0, 9.0, 1.0])}).tolist() == [0.5]


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["errors", "region"]
