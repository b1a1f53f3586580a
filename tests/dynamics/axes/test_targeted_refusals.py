"""What targeted dimensionality reduction refuses, and how it says so."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data import average, make_responses
from tertium.dynamics import tdr
from tertium.errors import BadInput


@pytest.fixture
def r():
    rng = np.random.default_rng(0)
    motion, choice = rng.choice([-1, 1], (2, 40))
    labels = {"motion": motion, "choice": choice, "both": motion + 2 * choice, "same": 1, "side": ["l", "r"] * 20}
    return make_responses(rng.normal(size=(40, 3, 4)), dt=0.1, trial=labels)


def refusal(*given, **options):
    with pytest.raises(BadInput) as caught:
        tdr(*given, n_permutations=0, **options)
    return str(caught.value)


def test_collinear_regressors_are_named(r):
    said = refusal(r, ["motion", "choice", "both"])
    assert "'both'" in said
    assert "combination of motion and choice" in said


def test_a_regressor_twice_under_two_names(r):
    twice = r.assign_coords(copy=("trial", 3 * r["choice"].values + 7))
    said = refusal(twice, ["motion", "choice", "copy"])
    assert "regressor 'copy'" in said
    assert "combination of choice," in said


def test_constant_regressors_are_named(r):
    assert "regressor 'same': got the same value in all 40 trials" in refusal(r, ["choice", "same"])


def test_a_regressor_constant_in_one_session_names_the_session(r):
    other = r.assign_coords(choice=("trial", np.ones(40)))
    said = refusal({"mon": r, "tue": other}, ["motion", "choice"])
    assert "'choice' in session 'tue'" in said


def test_labels_that_are_no_numbers(r):
    said = refusal(r, ["side"])
    assert "values like 'l', expected numbers" in said
    assert "-1 for 'l' and 1 for 'r'" in said


def test_labels_that_are_missing(r):
    assert "there are both, choice, motion, same, side" in refusal(r, ["colour"])
    assert "first trial 3" in refusal(
        r.assign_coords(motion=("trial", np.where(np.arange(40) == 3, np.nan, r["motion"]))), ["motion"]
    )


def test_too_few_trials(r):
    few = r.isel(trial=[int(np.flatnonzero(r["choice"] == c)[0]) for c in (-1, 1)])
    assert "got 2 for 1 regressors and a constant, expected at least 3" in refusal(few, ["choice"])


def test_units_that_never_vary_are_named(r):
    flat = r.copy()
    flat[:, :, 2] = 5.0
    assert "1 of 4 that never vary: 2" in refusal(flat, ["choice"])


def test_averages_are_refused(r):
    assert "single trials" in refusal(average(r, by="choice"), ["choice"])


def test_not_finite(r):
    broken = r.copy()
    broken[0, 0, 0] = np.nan
    assert "nan at trial 0" in refusal(broken, ["choice"])


def test_conditions_that_a_session_lacks(r):
    lacking = r.isel(trial=np.flatnonzero(~((r["motion"] == 1) & (r["choice"] == -1))))
    said = refusal({"mon": r, "tue": lacking}, ["motion", "choice"])
    assert "condition motion = 1, choice = -1" in said
    assert "first 'tue'" in said
    found = tdr({"mon": r, "tue": lacking}, ["motion", "choice"], missing="drop", n_permutations=0)
    assert found.left_out == ((1, -1),)
    assert len(found.averages) == 3


def test_times_that_differ(r):
    later = r.assign_coords(time=r["time"].values + 0.02)
    assert "time" in refusal([r, later], ["choice"])


def test_more_axes_than_dimensions(r):
    assert "an axis of its own" in refusal(r, ["motion", "choice"], n_pcs=1)
    assert "an axis of its own" in refusal(r.isel(unit=[0]), ["motion", "choice"])


def test_options(r):
    assert "regressors" in refusal(r, "choice")
    assert "'choice' twice" in refusal(r, ["choice", "choice"])
    assert "interactions" in refusal(r, ["choice"], interactions=["choice"])
    assert "interactions" in refusal(r, ["choice", "motion"], interactions=[("choice", "colour")])
    assert "scale" in refusal(r, ["choice"], scale="z")
    assert "missing" in refusal(r, ["choice"], missing="ignore")
    assert "smooth" in refusal(r, ["choice"], smooth=-1.0)
    assert "window" in refusal(r, ["choice"], window=(5.0, 6.0))
    assert "n_pcs" in refusal(r, ["choice"], n_pcs=0)
    assert "labels and dt" in refusal(r, ["choice"], labels={"choice": np.ones(40)})
    assert "sessions: got none" in refusal({}, ["choice"])
    assert "type" in refusal("responses.zarr", ["choice"])
    with pytest.raises(BadInput, match="n_permutations"):
        tdr(r, ["choice"], n_permutations=-1)


def test_projecting_other_units(r):
    found = tdr(r, ["choice"], n_permutations=0)
    with pytest.raises(BadInput, match="the same 4 units"):
        found.project(r.isel(unit=[0, 1]))
    with pytest.raises(BadInput, match="axis"):
        tdr(r, ["choice", "motion"], n_permutations=0).figure(x="colour")
