"""Planted facts of the timing tasks."""

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import Uniform, make


def first_at_one(batch):
    return (batch.targets[..., 0] >= 0.99).argmax(0) * batch.dt


def test_go_comes_one_interval_after_set():
    batch = make("ready_set_go").batch(300, seed=0)
    ready, set_ = batch.seconds("ready")[:, 0], batch.seconds("set")[:, 0]
    np.testing.assert_allclose(set_ - ready, batch.columns["interval"], atol=0.5 * batch.dt + 1e-9)
    np.testing.assert_allclose(first_at_one(batch) - set_, batch.columns["interval"], atol=0.5 * batch.dt + 1e-9)
    assert batch.columns["interval"].min() >= 0.8
    assert batch.columns["interval"].max() < 1.5
    # the flashes are where the inputs say
    np.testing.assert_allclose(batch.inputs[..., 1].argmax(0) * batch.dt, ready)
    np.testing.assert_allclose(batch.inputs[..., 2].argmax(0) * batch.dt, set_)


def test_a_gain_stretches_the_produced_interval():
    batch = make("ready_set_go", gains=(1.0, 1.5)).batch(300, seed=0)
    gain = np.where(batch.columns["gain_index"] == 0, 1.0, 1.5)
    produced = first_at_one(batch) - batch.seconds("set")[:, 0]
    np.testing.assert_allclose(produced, gain * batch.columns["interval"], atol=0.5 * batch.dt + 1e-9)
    np.testing.assert_array_equal(batch.inputs[0, :, 3:].argmax(1), batch.columns["gain_index"])


def test_a_ramp_arrives_when_the_step_would_come():
    step, ramp = (make("ready_set_go", shape=shape).batch(50, seed=4) for shape in ("step", "ramp"))
    np.testing.assert_allclose(first_at_one(step), first_at_one(ramp), atol=step.dt * 1.01)
    assert ramp.correct(ramp.targets).all()
    onset = ramp.epochs["set"][0, 0]
    assert ramp.targets[onset, 0, 0] == 0
    assert (np.diff(ramp.targets[onset : ramp.lengths[0], 0, 0]) >= 0).all()


def test_answers_too_early_or_late_by_more_than_a_fifth_are_wrong():
    task = make("ready_set_go", tolerance=0.2)
    batch = task.batch(4, seed=0, interval=1.0)
    start = batch.epochs["set"][0, 0]
    outputs = np.zeros_like(batch.targets)
    for trial, seconds in enumerate((0.75, 0.85, 1.15, 1.25)):
        outputs[start + round(seconds / batch.dt) :, trial] = 1.0
    assert batch.correct(outputs).tolist() == [False, True, True, False]
    np.testing.assert_allclose(task.spec.response.read(outputs, batch), [0.75, 0.85, 1.15, 1.25])


def test_three_flashes_and_the_response_are_equally_far_apart():
    batch = make("one_two_three_go").batch(200, seed=0)
    onsets = np.stack([batch.seconds(name)[:, 0] for name in ("s1", "s2", "s3")] + [first_at_one(batch)], axis=1)
    np.testing.assert_allclose(np.diff(onsets, axis=1), batch.columns["interval"][:, None].repeat(3, 1), atol=1e-9)
    rises = (np.diff(batch.inputs[..., 1], axis=0) == 1).sum(0)
    assert (rises == 3).all()
    assert set(batch.columns["interval"].tolist()) == {0.6, 0.7, 0.8, 0.9, 1.0}


def test_the_cue_names_the_interval():
    batch = make("motor_timing", intervals=(0.8, 1.5)).batch(200, seed=0)
    produced = first_at_one(batch) - batch.seconds("set")[:, 0]
    cued = batch.inputs[batch.epochs["cue"][:, 0], np.arange(200)][:, 1:3].argmax(1)
    np.testing.assert_allclose(produced, np.array([0.8, 1.5])[cued], atol=1e-9)
    waits = np.diff(batch.seconds("cue"), axis=1)
    assert waits.min() >= 1.0 - 0.01
    assert waits.max() <= 3.0 + 0.01


def test_the_longer_of_two_stimuli_is_the_answer_and_none_are_equal():
    batch = make("interval_discrimination", noise=0.0).batch(3000, seed=0)
    first, second = batch.inputs[..., 1].sum(0), batch.inputs[..., 2].sum(0)
    assert (first != second).all()
    np.testing.assert_array_equal(first > second, batch.columns["choice"] == 0)
    assert (first > second).mean() == pytest.approx(0.5, abs=0.04)
    assert {first.min(), second.min()} == {15.0}
    assert {first.max(), second.max()} == {30.0}
    # both durations come equally often at all lengths
    for steps in (first, second):
        counts = np.bincount(steps.astype(int))[15:]
        assert (((counts - 3000 / 16) ** 2) / (3000 / 16)).sum() < 37.7  # chi-square, 15 degrees of freedom, p = 0.001


def test_impossible_timings_are_refused():
    with pytest.raises(BadInput, match="at least two different numbers of steps"):
        make("interval_discrimination", shortest=0.3, longest=0.3)
    with pytest.raises(BadInput, match="at least the width of a flash"):
        make("ready_set_go", interval=Uniform(0.01, 0.02)).batch(3)
    with pytest.raises(BadInput, match="'step' or 'ramp'"):
        make("motor_timing", shape="pulse")
