"""Targeted axes of neurons of LIP, each recorded in trials of its own (Roitman & Shadlen 2002)."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data import load
from tertium.dynamics import tdr
from tertium.errors import BadInput

#: Trials of each signed strength of motion that a neuron must have to be averaged with the others.
LEAST = 4


@pytest.fixture(scope="module")
def neurons():
    """Spike counts before the saccade, 54 sessions of one neuron each."""
    sessions = {}
    for name, r in load("roitman_lip").responses(align="dots_on", window=(-0.1, 0.4), dt=0.05).items():
        towards = np.where(r["direction"].values == 1, 1, -1)
        motion = np.round(100 * towards * r["coherence"].values, 1) + 0.0
        choice = np.where(r["choice"].values == 1, 1, -1)
        r = r.assign_coords(choice=("trial", choice), motion=("trial", motion))
        # 0.4 s are looked at: later saccades only
        sessions[name] = r.isel(trial=np.flatnonzero(r["rt"].values > 0.4))
    return sessions


@pytest.fixture
def lip(needs_data, request):
    needs_data("roitman_lip")
    return request.getfixturevalue("neurons")


def test_choice_and_motion_have_axes_in_lip(lip):
    found = tdr(lip, ["choice", "motion"], conditions="choice", n_permutations=200, smooth=0.04)
    assert (len(found.units), len(found.n_trials)) == (54, 54)
    np.testing.assert_allclose(found.p, 1 / 201)
    assert found.peaks.min() > 0.27
    # neurons were chosen to fire for the choice of target 1: nearly all weigh on the axis with one sign
    towards, away = found.projections[list(found.conditions["choice"]).index(1)], found.projections[0]
    assert (towards - away)[-1, 0] > 10 * np.hypot(*found.errors[:, -1, 0])
    assert (found.vectors[:, 0] > 0).mean() > 0.8


def test_responses_part_some_200_ms_after_the_onset_of_motion(lip):
    """Roitman & Shadlen 2002, Fig. 7; bins of 50 ms, named by their start."""
    found = tdr(lip, ["choice"], n_permutations=200)
    ratio = found.strengths[0] / found.null_level[0]
    assert (ratio[found.time < 0.12] < 1.1).all()
    assert (ratio[found.time > 0.22] > 1.2).all()


def test_strength_of_motion_orders_the_averages(lip):
    kept = {
        name: r
        for name, r in lip.items()
        if min(np.bincount(np.unique(r["motion"], return_inverse=True)[1])) >= LEAST
        and len(np.unique(r["motion"])) == 11
    }
    found = tdr(kept, ["choice", "motion"], conditions=["motion"], n_permutations=0, smooth=0.04)
    strongest = np.asarray(found.conditions["motion"], dtype=float)
    along = found.projections[:, -1, 0]
    assert np.corrcoef(strongest, along)[0, 1] > 0.9
    assert len(found.figure().data) > 2 * len(strongest)


def test_shuffled_choices_have_no_axis(lip):
    """The control: choices dealt anew among trials of the same motion."""
    rng = np.random.default_rng(0)
    dealt = {}
    for name, r in lip.items():
        choice = r["choice"].values.copy()
        for motion in np.unique(r["motion"]):
            here = np.flatnonzero(r["motion"].values == motion)
            choice[here] = rng.permutation(choice[here])
        dealt[name] = r.assign_coords(choice=("trial", choice))
    found = tdr(dealt, ["choice", "motion"], conditions=["choice"], n_permutations=200)
    assert found.p[0] > 0.02
    assert found.p[1] == pytest.approx(1 / 201)


def test_a_neuron_without_errors_cannot_tell_choice_from_motion(lip):
    name, r = next(iter(lip.items()))
    right = r.isel(trial=np.flatnonzero(r["choice"].values * r["motion"].values > 0))
    sign = right.assign_coords(motion=("trial", np.sign(right["motion"].values)))
    with pytest.raises(BadInput, match="'motion': got a linear combination of choice"):
        tdr({name: sign}, ["choice", "motion"])
