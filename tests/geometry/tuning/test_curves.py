"""Tuning curves, sparseness and directions: planted curves, closed forms, coverage, chance, refusals."""

import numpy as np
import pytest

import tertium as tt
from tertium.errors import BadInput

geometry = tt.geometry
ANGLES = np.arange(0, 360, 45)


def moving(trials, seed, gain=10.0):
    """Return spike counts of four units to eight directions: one for a direction, one for an orientation, two flat."""
    rng = np.random.default_rng(seed)
    angles = np.tile(ANGLES, trials)
    turn = np.deg2rad(angles)
    one, two = np.exp(2 * (np.cos(turn - np.pi / 4) - 1)), np.exp(2 * (np.cos(2 * (turn - np.pi / 3)) - 1))
    flat = np.full(len(angles), 0.4)
    return rng.poisson(gain * np.stack([one, two, flat, flat], axis=1)).astype(float), angles


def test_curves_are_means_and_their_intervals_cover():
    rng = np.random.default_rng(0)
    truth, inside = np.array([2.0, 5.0, 9.0]), []
    for seed in range(40):
        labels = np.repeat(["a", "b", "c"], 25)
        r = rng.poisson(np.repeat(truth, 25)[:, None], size=(75, 4)).astype(float)
        found = geometry.tuning_curves(r, labels, bootstrap=300, seed=seed)
        inside.append((found.low <= truth[:, None]) & (truth[:, None] <= found.high))
        assert found.values[1] == pytest.approx(r[25:50].mean(0))
        assert found.errors[1] == pytest.approx(r[25:50].std(0, ddof=1) / 5)
    assert 0.88 < np.mean(inside) < 0.98
    assert found.draws.std(0) == pytest.approx(found.errors, rel=0.25)
    assert found.preferred == ("c",) * 4


def test_responses_tables_figures_and_determinism():
    counts, angles = moving(6, 1)
    r = tt.data.make_responses(
        counts[:, None], dt=0.5, trial={"direction": angles}, unit={"unit": list("abcd")}, quantity="spike_count"
    )
    found, again = (geometry.tuning_curves(r, "direction", bootstrap=50, seed=2) for _ in range(2))
    assert found.table().equals(again.table())
    assert len(found.table()) == 32
    assert found.units == tuple("abcd")
    assert found.stimuli == tuple(ANGLES.tolist())
    assert [trace.name for trace in found.figure(["a", "c"]).data] == ["unit a", "unit c"]
    assert len(found.figure().data) == 4
    with pytest.raises(BadInput, match="'z'"):
        found.figure(["z"])
    assert np.isnan(geometry.tuning_curves(r, "direction", bootstrap=0).low).all()


def test_sparseness_of_known_codes():
    n = 8
    found = geometry.sparseness(np.stack([np.ones(n), np.eye(n)[3], np.r_[np.ones(4), np.zeros(4)]], axis=1))
    assert found.lifetime == pytest.approx([0, 1, (1 - 0.5) / (1 - 1 / n)])
    exponential = np.random.default_rng(1).exponential(size=(20_000, 2))
    assert geometry.sparseness(exponential).lifetime == pytest.approx([0.5, 0.5], abs=0.02)
    silent = geometry.sparseness(np.array([[0.0, 1.0], [0.0, 2.0]]))
    assert np.isnan(silent.lifetime[0])
    assert silent.population == pytest.approx([1, 1])
    assert len(silent.table()) == 4
    assert len(found.figure().data) == 2


def test_directions_and_orientations_are_told_apart_and_from_chance():
    counts, angles = moving(20, 2)
    found = geometry.direction_selectivity(geometry.tuning_curves(counts, angles, seed=3))
    assert found.preferred_direction[0] == pytest.approx(45, abs=8)
    assert found.preferred_orientation[1] == pytest.approx(60, abs=8)
    assert found.direction[0] > 0.5
    assert found.direction[1] < 0.15
    assert found.orientation[1] > 0.5
    assert found.contrast[0] > 0.7
    assert (found.orientation[:2] > found.chance[:2, 0]).all()
    assert (found.orientation_interval[:, 0] <= found.orientation).all()
    assert found.table()["unit"].tolist() == list("0123")
    assert "units above 95 % of chance" in found.figure().layout.title.text


def test_units_without_tuning_are_above_chance_as_often_as_it_says():
    rng = np.random.default_rng(4)
    flat = rng.poisson(5.0, size=(160, 300)).astype(float)
    found = geometry.direction_selectivity(geometry.tuning_curves(flat, np.tile(ANGLES, 20), bootstrap=400))
    assert np.mean(found.orientation > found.chance[:, 0]) == pytest.approx(0.05, abs=0.035)
    assert np.mean(found.direction > found.chance[:, 1]) == pytest.approx(0.05, abs=0.035)
    assert found.direction.mean() > 0.03  # the control: the index itself is above 0 without any tuning


def test_the_closed_form_of_a_cosine():
    turn = np.deg2rad(np.repeat(np.arange(0, 360, 30), 2))
    r = np.stack([1 + np.cos(turn), 2 + np.cos(2 * turn)], axis=1)
    found = geometry.direction_selectivity(geometry.tuning_curves(r, np.rad2deg(turn).round(), bootstrap=0))
    assert found.direction == pytest.approx([0.5, 0], abs=1e-9)
    assert found.orientation == pytest.approx([0, 0.25], abs=1e-9)
    assert found.contrast == pytest.approx([1, 0], abs=1e-9)
    assert np.isnan(found.chance).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: geometry.tuning_curves(np.ones((4, 2)), ["a", "b", "b", "b"]), "2 or more of each"),
        (lambda: geometry.tuning_curves(np.ones((4, 2)), list("aabb"), bootstrap=-1), "0 or more"),
        (lambda: geometry.sparseness([[1.0, -1.0], [2.0, 0.0]]), "smallest mean of -1"),
        (lambda: geometry.sparseness([[1.0, 1.0]]), "2 of each"),
        (lambda: geometry.direction_selectivity(geometry.tuning_curves(np.ones((4, 2)), list("aabb"))), "a, b"),
        (
            lambda: geometry.direction_selectivity(
                geometry.tuning_curves(np.ones((8, 2)), np.repeat([0, 90, 180, 200], 2))
            ),
            "evenly spread",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(call, says):
    with pytest.raises(BadInput, match=says):
        call()
