"""Planted facts of the decision tasks."""

import numpy as np
import pytest

from tertium.errors import BadInput
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


def test_modalities_show_the_rate_and_only_when_they_are_there():
    batch = make("multisensory_decision", noise=0.0).batch(600, seed=0)
    modality, rate = batch.columns["modality"], batch.columns["rate"]
    for place, absent in ((slice(1, 3), "auditory"), (slice(3, 5), "visual")):
        pair = np.stack([mean_input(batch, channel, "stimulus") for channel in range(place.start, place.stop)], -1)
        assert (pair[modality == absent] == 0).all()
        np.testing.assert_allclose(pair[modality != absent][:, 0], rate[modality != absent] / 25, atol=1e-5)
        np.testing.assert_allclose(pair[modality != absent].sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(batch.columns["choice"], np.where(rate > 12.5, 0, 1))


def test_click_counts_have_the_stated_rates_and_the_side_with_more_is_right():
    batch = make("pulse_accumulation").batch(4000, seed=0, stimulus=1.0, log_ratio=0.5)
    left, right = batch.columns["left_clicks"], batch.columns["right_clicks"]
    expected = 40 / (1 + np.exp(-0.5))
    assert left.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 4000))
    assert right.mean() == pytest.approx(40 - expected, abs=4 * np.sqrt((40 - expected) / 4000))
    assert left.var() == pytest.approx(expected, rel=0.1)
    np.testing.assert_allclose(batch.inputs[..., 1].sum(0), left)
    np.testing.assert_allclose(batch.inputs[..., 2].sum(0), right)
    choice = batch.columns["choice"]
    assert (choice[left > right] == 0).all()
    assert (choice[left < right] == 1).all()
    # fewer clicks on the side with the higher rate: the stream decides, not the rate
    assert (choice == 1).mean() == pytest.approx(0.12, abs=0.06)
    assert choice[left == right].mean() == pytest.approx(0.5, abs=0.2)


def test_clicks_fall_within_the_stimulus():
    batch = make("pulse_accumulation").batch(100, seed=2)
    assert (batch.inputs[..., 1:] * ~during(batch, "stimulus")[..., None]).sum() == 0
    assert len(np.unique(batch.columns["stimulus"].round(2))) > 30


def test_the_rewarded_choice_has_the_odds_of_the_shapes():
    batch = make("probabilistic_reasoning", dt=0.5).batch(10_000, seed=0, shape1=6, shape2=3, shape3=5, shape4=5)
    # 0.5 - 0.5 + 0.3 + 0.3
    np.testing.assert_allclose(batch.columns["log_odds"], 0.6)
    chosen = (batch.columns["choice"] == 0).mean()
    assert np.log10(chosen / (1 - chosen)) == pytest.approx(0.6, abs=0.05)


def test_shapes_appear_one_after_another_at_places_of_their_own_and_stay():
    batch = make("probabilistic_reasoning").batch(40, seed=1)
    places = batch.conditions[[f"place{i}" for i in range(1, 5)]].to_numpy()
    assert (np.sort(places, axis=1) == np.arange(4)).all()
    for trial in range(40):
        for i in range(1, 5):
            first, stop = batch.epochs[f"stimulus{i}"][trial]
            seen = batch.inputs[first:stop, trial, 1:].reshape(-1, 4, 10)
            assert (seen.sum((1, 2)) == i).all()
            assert (seen[:, places[trial, i - 1]].argmax(-1) == batch.columns[f"shape{i}"][trial]).all()
    assert (batch.inputs[-1, :, 1:] == 0).all()


def test_economic_choice_prefers_the_larger_value_at_the_stated_ratio():
    task = make("economic_choice", ratio=2.2)
    batch = task.batch(2000, seed=0)
    table = batch.conditions
    np.testing.assert_allclose(task.spec.response.reward(batch.targets, batch), table["chosen_value"])
    other = task.spec.response.reward(batch.targets[..., [0, 2, 1]], batch)
    np.testing.assert_allclose(other, table["value_a"] + table["value_b"] - table["chosen_value"])
    takes_a = table["chosen_juice"] == "A"
    assert (takes_a == (2.2 * table["amount_a"] > table["amount_b"])).all()
    assert (table["chosen_value"] == np.maximum(table["value_a"], table["value_b"])).all()
    # the inputs tell both offers
    left_a = batch.inputs[:, :, 1].max(0) == 1
    np.testing.assert_array_equal(left_a, table["left_juice"] == 0)
    np.testing.assert_allclose(batch.inputs[..., 5].max(0) * 5, table["left_amount"], atol=1e-5)
    assert ((table["choice"] == 0) == (takes_a == left_a)).all()
    assert table["left_juice"].mean() == pytest.approx(0.5, abs=0.05)


def test_the_sure_target_comes_on_in_half_of_the_trials_and_earns_less():
    task = make("post_decision_wager", noise=0.0, sure_reward=0.7)
    batch = task.batch(1000, seed=0)
    offered = batch.columns["wager"]
    assert offered.mean() == pytest.approx(0.5, abs=0.06)
    np.testing.assert_array_equal(batch.inputs[..., 3].max(0) == 1, offered)
    shown = during(batch, "late_delay") | during(batch, "decision")
    assert (batch.inputs[..., 3][~shown] == 0).all()
    waited = batch.seconds("decision")[:, 0] - batch.seconds("early_delay")[:, 0]
    assert waited.min() >= 1.2 - 0.03
    assert waited.max() <= 1.8 + 0.03
    sure = np.zeros_like(batch.targets)
    sure[..., 3] = 1.0
    rule = task.spec.response
    assert rule.sure(sure, batch).all()
    np.testing.assert_allclose(rule.reward(sure, batch), np.where(offered, 0.7, -1.0))
    np.testing.assert_allclose(rule.reward(batch.targets, batch), 1.0)


def test_the_rule_turns_the_answer_to_the_interval_round():
    table = make("hierarchical_reasoning").batch(3000, seed=0).conditions
    short = table["interval"] < 0.84
    long = table["interval"] > 0.86
    towards = table["choice"] == table["side"]
    for rule, answer in ((0, short), (1, long)):
        clear = (table["rule"] == rule) & (short | long)
        assert (towards[clear] == answer[clear]).all()
    assert towards[~short & ~long].mean() == pytest.approx(0.5, abs=0.1)


def test_flashes_are_apart_by_the_interval():
    batch = make("hierarchical_reasoning").batch(50, seed=0)
    gap = batch.seconds("flash2")[:, 0] - batch.seconds("flash1")[:, 1]
    np.testing.assert_allclose(gap, batch.columns["interval"], atol=1e-9)


def test_no_go_trials_keep_fixation_and_answers_in_them_are_wrong():
    task = make("go_nogo")
    batch = task.batch(400, seed=0)
    go = batch.columns["go"] == 1
    assert go.mean() == pytest.approx(0.5, abs=0.08)
    np.testing.assert_array_equal(batch.targets[-1, :, 1], go)
    np.testing.assert_array_equal(batch.targets[-1, :, 0], ~go)
    always = np.zeros_like(batch.targets)
    always[..., 1] = 1.0
    np.testing.assert_array_equal(batch.correct(always), go)


def test_anti_reaches_go_to_the_other_side():
    task = make("anti_reach", noise=0.0)
    batch = task.batch(200, seed=0)
    shown = batch.inputs[30, :, 1:].argmax(1)
    asked = batch.targets[-1, :, 1:].argmax(1)
    np.testing.assert_array_equal((shown + 16) % 32, asked)
    pro = make("anti_reach", anti=False, noise=0.0).batch(200, seed=0)
    np.testing.assert_array_equal(pro.inputs[30, :, 1:].argmax(1), pro.targets[-1, :, 1:].argmax(1))


def test_odd_numbers_of_directions_have_no_opposites():
    with pytest.raises(BadInput, match="directions: got 7, expected an even number"):
        make("anti_reach", directions=7)
    with pytest.raises(BadInput, match="shapes of a trial"):
        make("probabilistic_reasoning", shapes=0)
