"""Planted facts of the decision tasks."""

import numpy as np
import pytest

from tertium.tasks import make


def during(batch, epoch):
    first, stop = batch.epochs[epoch].T
    grid = np.arange(batch.steps)[:, None]
    return (grid >= first) & (grid < stop)


def mean_input(batch, place, epoch):
    inside = during(batch, epoch)
    return (batch.inputs[..., place] * inside).sum(0) / inside.sum(0)


@pytest.mark.parametrize(
    "name",
    ["perceptual_decision", "perceptual_decision_variable", "perceptual_decision_rt"],
)
def test_the_choice_follows_the_motion_and_is_a_coin_without_motion(name):
    batch = make(name, noise=0.0).batch(3000, seed=0)
    coherence, choice = batch.columns["coherence"], batch.columns["choice"]
    np.testing.assert_allclose(
        mean_input(batch, 1, "stimulus") - mean_input(batch, 2, "stimulus"), coherence, atol=1e-5
    )
    assert (choice[coherence > 0] == 0).all()
    assert (choice[coherence < 0] == 1).all()
    still = choice[coherence == 0]
    assert len(still) == pytest.approx(500, abs=90)
    assert still.mean() == pytest.approx(0.5, abs=0.1)


def test_viewing_times_follow_the_truncated_exponential():
    shown = np.diff(make("perceptual_decision_variable").batch(4000, seed=1).seconds("stimulus"), axis=1)[:, 0]
    assert shown.min() >= 0.08 - 1e-9
    assert shown.max() <= 1.5 + 1e-9
    # memoryless: 80 ms plus the mean of the exponential, less what truncation at 1.5 s takes
    cut = 1.42 / np.expm1(1.42 / 0.33)
    assert shown.mean() == pytest.approx(0.08 + 0.33 - cut, abs=0.02)


def test_delays_before_the_response_are_those_of_the_paper():
    delays = np.diff(make("perceptual_decision_delay_response").batch(400, seed=0).seconds("delay"), axis=1)[:, 0]
    assert np.unique(delays.round(6)).tolist() == [0.3, 0.5, 0.7, 0.9, 1.2, 2.0, 3.2, 4.0]


def test_noise_has_the_stated_size_after_a_leaky_unit_whatever_the_step():
    for dt in (0.005, 0.02):
        batch = make("perceptual_decision", dt=dt, noise=0.1, stimulus=6.0).batch(100, seed=0, coherence=0.0)
        x, kept = np.zeros(100), []
        for u in batch.inputs[..., 1] - 0.5:
            x = x + dt / 0.1 * (u - x)
            kept.append(x)
        tail = np.array(kept)[int(1 / dt) : -int(0.2 / dt)]
        # of a discrete leaky unit: std / sqrt(1 - dt / (2 tau))
        assert tail.std() == pytest.approx(0.1 / np.sqrt(1 - dt / 0.2), rel=0.06)


def test_reaction_time_is_the_first_crossing_and_decides_the_trial():
    task = make("perceptual_decision_rt", threshold=0.5)
    batch = task.batch(3, seed=0, choice=[0, 1, 1])
    onset = batch.epochs["stimulus"][:, 0]
    outputs = np.zeros_like(batch.targets)
    outputs[onset[0] + 10 :, 0, 1] = 0.6  # correct after 10 steps
    outputs[onset[1] + 5 :, 1, 1] = 0.6  # the wrong one first,
    outputs[onset[1] + 9 :, 1, 2] = 0.9  # then the right one; the third trial is never answered
    outputs[: onset[2], 2, 2] = 1.0  # a crossing before motion onset is no answer
    assert batch.correct(outputs).tolist() == [True, False, False]
    np.testing.assert_allclose(task.spec.response.reaction_time(outputs, batch), [0.2, 0.1, np.nan])
    assert task.spec.response.read(outputs, batch).tolist() == [0, 0, -1]


def test_early_answers_are_not_trained_in_the_reaction_time_task():
    batch = make("perceptual_decision_rt", grace=0.3).batch(4, seed=0)
    onset = batch.epochs["stimulus"][0, 0]
    assert (batch.mask[:onset] == 1).all()
    assert (batch.mask[onset : onset + 15] == 0).all()
    assert (batch.mask[onset + 15 :] == 1).all()


def test_spatial_inference_offers_one_step_towards_the_goal():
    batch = make("spatial_inference", noise=0.0).batch(400, seed=0)
    assert batch.steps == 50
    towards = {0: {0, 1}, 1: {1, 2}, 2: {0, 3}, 3: {2, 3}}  # up-left, up-right, down-left, down-right
    for trial in range(400):
        goal = int(batch.inputs[0, trial, :4].argmax())
        offered = set(np.flatnonzero(batch.inputs[49, trial, 4:]).tolist())
        assert {int(batch.targets[49, trial].argmax())} == offered & towards[goal]
    assert (batch.inputs[:20, :, :4].sum(-1) == 1).all()
    assert batch.inputs[20:30].sum() == 0
    assert (batch.inputs[30:, :, 4:].sum(-1) == 2).all()
    assert batch.mask[:49].sum() == 0
    problems = {tuple(row) for row in batch.conditions[["goal", "option1", "option2"]].to_numpy().tolist()}
    assert len(problems) == 8
