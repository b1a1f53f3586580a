"""FND02: the bound and the capacity at small size, and that broken perceptrons are found out."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.rng import Seeds
from tertium.studies import MemoryLab
from tertium.studies.base import verdicts
from tertium.studies.rosenblatt1958 import Rosenblatt1958, blobs, mistake_bound, worst_deviation
from tertium.theory import separable_probability


@pytest.fixture(scope="module")
def finished():
    study = Rosenblatt1958()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_theorems_hold_at_any_size(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    assert judged["stops"].held
    assert judged["mistake_bound"].held
    assert judged["retina"].held
    assert judged["capacity_2.5"].held  # N = 20: Cover gives 0.04
    assert (results.mistakes <= results.bounds).all()
    assert (results.mistakes > 0).all()


def test_too_few_sweeps_do_not_pass_for_convergence():
    study = Rosenblatt1958()
    config = study.configure({"sweeps": 2}, size="smoke")
    assert mistake_bound(config, Seeds(0).numpy("sets"))["stopped"].mean() < 1


def test_blobs_lie_in_their_half_and_are_balanced():
    config = Rosenblatt1958.Config(noise=0.0)
    images, right = blobs(300, config, Seeds(1).numpy("retina"))
    half = images.shape[2] // 2
    np.testing.assert_array_equal(images[:, :, half:].any(axis=(1, 2)), right == 1)
    np.testing.assert_array_equal(images[:, :, :half].any(axis=(1, 2)), right == 0)
    assert 0.35 < right.mean() < 0.65


def test_the_curve_is_compared_with_the_right_closed_form():
    closed = {f"{load:g}": separable_probability(round(load * 60), 60) for load in (1.5, 2.0, 2.5)}
    assert worst_deviation(closed, 60) == 0
    assert worst_deviation(dict.fromkeys(closed, 1.0), 60) > 0.99


def test_a_load_left_out_is_not_claimed_to_hold():
    study = Rosenblatt1958()
    config = study.configure({"loads": [2.0], "sets": 2, "retinas": 1}, size="smoke")
    judged = {v.id: v for v in verdicts(study, [study.run(config, MemoryLab(0))])}
    assert not judged["capacity_1.5"].held
    assert np.isnan(judged["capacity_1.5"].value)


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["bound", "capacity", "retina", "learning"]
