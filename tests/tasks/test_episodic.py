"""Tasks that are played: their numbers, their players, and that worlds follow from seeds and actions."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.errors import BadInput, UnknownName
from tertium.rng import Seeds
from tertium.tasks import TASKS, gym, make
from tertium.tasks.episodic import KnowsBest, OneShot, ThompsonSampling, UniformlyRandom, WinStay
from tertium.tasks.episodic.episodic_task import EpisodicTask
from tertium.tasks.task import TaskLike
from tertium.testing.task_conformance import check_task

#: The rest of the catalogue goes through the longer checks in the slow tier.
QUICK = {"harlow", "two_step"}

NAMES = [name for name in TASKS if TASKS[name].startswith("tertium.tasks.episodic.")]

TIERED = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES]


def earned(task, player, n=400, seed=3):
    return task.play(player, n, seed).rewards.mean()


def worlds(task, n, seed=0):
    return task.begin(n, Seeds(seed).numpy("world"))


def test_all_eight_are_there():
    assert len(NAMES) == 8


@pytest.mark.parametrize("name", TIERED)
def test_they_keep_the_contract_of_batches(name):
    task = make(name)
    assert isinstance(task, EpisodicTask)
    assert isinstance(task, TaskLike)
    check_task(task, n=8)


@pytest.mark.parametrize("name", TIERED)
def test_knowing_the_world_beats_guessing(name):
    task = make(name, trials=30) if name != "harlow" else make(name)
    knows, guesses = task.play(KnowsBest(), 300, 1), task.play(UniformlyRandom(), 300, 1)
    assert (knows.share_best == 1.0).all()
    # n = 300 subjects: the standard error of a mean share of choices is below 0.02
    assert guesses.share_best.mean() == pytest.approx(1 / task.n_actions, abs=0.05)
    assert knows.rewards.mean() > guesses.rewards.mean() + 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_and_actions_give_the_same_play(name):
    task = make(name, trials=6)
    one, two, other = (task.play(UniformlyRandom(), 5, seed) for seed in (4, 4, 5))
    assert np.array_equal(one.observations, two.observations)
    assert np.array_equal(one.rewards, two.rewards)
    assert not np.array_equal(one.actions, other.actions)


def test_independent_arms_pay_with_their_probabilities():
    world = worlds(make("bandit", arms=3, trials=2000), 40)
    paid = np.mean([world.step(np.full(40, 1)) for _ in range(2000)], axis=0)
    assert paid == pytest.approx(world.probability[:, 1], abs=0.05)  # 4.5 standard errors


def test_ideal_and_random_pay_of_two_uniform_arms():
    task = make("bandit")
    # the expected maximum of two uniform numbers is 2/3, their mean 1/2
    assert earned(task, KnowsBest(), 2000) == pytest.approx(2 / 3, abs=0.02)
    assert earned(task, UniformlyRandom(), 2000) == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
def test_thompson_sampling_comes_close_to_the_best_arm():
    for name, best in (("bandit", 2 / 3), ("bandit_correlated", 3 / 4)):
        task = make(name)
        learnt = earned(task, ThompsonSampling(), 1000)
        assert best - 0.06 < learnt < best
        last = task.play(ThompsonSampling(), 1000, 2)
        assert (last.actions == last.best)[-20:].mean() > (last.actions == last.best)[:20].mean() + 0.1


def test_thompson_sampling_learns():
    task = make("bandit", trials=40)
    assert earned(task, ThompsonSampling(), 300) > earned(task, UniformlyRandom(), 300) + 0.05


def test_correlated_arms_add_up_to_one():
    assert worlds(make("bandit_correlated"), 50).probability.sum(1) == pytest.approx(np.ones(50))


def test_restless_arms_walk_as_in_daw_2006():
    world = worlds(make("bandit_restless"), 3000)
    # stationary: centre 50, standard deviation 2.8 / sqrt(1 - 0.9836**2)
    spread = 2.8 / np.sqrt(1 - 0.9836**2)
    before = world.mean.copy()
    for _ in range(20):
        world.step(np.zeros(3000, dtype=int))
    assert world.mean.mean() == pytest.approx(50, abs=0.6)
    assert world.mean.std() == pytest.approx(spread, rel=0.03)
    lag = np.corrcoef(before.ravel(), world.mean.ravel())[0, 1]
    assert lag == pytest.approx(0.9836**20, abs=0.02)


def test_restless_pay_is_whole_points_from_1_to_100():
    play = make("bandit_restless").play(UniformlyRandom(), 50, 0)
    points = play.rewards * 100
    assert points == pytest.approx(np.rint(points), abs=1e-9)
    assert points.min() >= 1
    assert points.max() <= 100


def test_the_volatile_schedule_is_that_of_behrens_2007():
    task = make("bandit_volatile")
    first, second = task.schedule(True), task.schedule(False)
    assert len(first) == 120 + 170 == task.steps
    assert (first[:120] == 0.75).all()
    reversals = np.flatnonzero(np.diff(first[120:])) + 1
    assert np.diff([0, *reversals, 170]).tolist() == [30, 40, 30, 40, 30]
    assert set(np.round(first[120:], 6)) == {0.8, 0.2}
    assert np.array_equal(second, np.concatenate([first[120:], first[:120]]))


def test_reversals_wait_for_10_to_15_correct_choices():
    world = worlds(make("reversal", trials=400), 100)
    since, counts = np.zeros(100, dtype=int), []
    for _ in range(400):
        before = world.best()
        world.step(before)
        since += 1
        turned = world.best() != before
        counts += since[turned].tolist()
        since[turned] = 0
    assert (min(counts), max(counts)) == (10, 15)
    assert np.mean(counts) == pytest.approx(12.5, abs=0.15)


def test_the_world_does_not_turn_for_one_who_is_always_wrong():
    world = worlds(make("reversal"), 20)
    first = world.best()
    for _ in range(200):
        world.step(1 - first)
    assert np.array_equal(world.best(), first)


def test_win_stay_is_better_than_chance_in_reversal_learning():
    task = make("reversal")
    stays = task.play(WinStay(), 300, 1)
    # with feedback of 0.8, win-stay lose-shift keeps or finds the better option with probability 0.8 in each trial
    assert 0.7 < stays.share_best.mean() < 0.8
    assert stays.rewards.mean() > earned(task, UniformlyRandom()) + 0.1


def test_one_who_has_learnt_to_learn_is_right_from_the_second_trial_on():
    play = make("harlow").play(OneShot(), 500, 0)
    right = play.actions == play.best
    assert right[1:].all()
    assert right[0].mean() == pytest.approx(0.5, abs=0.08)
    assert set(np.unique(play.rewards)) == {-1.0, 1.0}


def test_harlows_objects_change_sides_but_not_within_an_episode():
    world = worlds(make("harlow"), 30)
    good, seen = world.good.copy(), []
    while not world.finished:
        shown, side = world.shown(), world.best()
        there = np.where(side[:, None] == 0, shown[:, :8], shown[:, 8:])
        assert np.array_equal(there, good)
        seen.append(side)
        world.step(np.zeros(30, dtype=int))
    assert len(np.unique(seen)) == 2


def test_two_step_has_the_numbers_of_akam_and_wang():
    task = make("two_step")
    play = task.play(UniformlyRandom(), 1000, 2)
    first, state = play.actions[::2], play.observations[1::2, :, :3].argmax(-1)
    assert (state - 1 == first).mean() == pytest.approx(0.8, abs=0.006)
    better = play.best[::2] + 1
    paid = play.rewards[1::2]
    assert paid[state == better].mean() == pytest.approx(0.9, abs=0.006)
    assert paid[state != better].mean() == pytest.approx(0.1, abs=0.006)
    assert (better[1:] != better[:-1]).mean() == pytest.approx(0.025, abs=0.002)
    assert not play.rewards[::2].any()
    assert np.array_equal(play.matters, np.repeat((np.arange(200) % 2 == 0)[:, None], 1000, axis=1))


def test_the_best_first_action_earns_what_transitions_and_rewards_say():
    # 0.8 * 0.9 + 0.2 * 0.1
    assert make("two_step").play(KnowsBest(), 1000, 0).rewards[1::2].mean() == pytest.approx(0.74, abs=0.01)


@pytest.mark.slow
def test_two_step_daw_drifts_within_its_bounds():
    world = worlds(make("two_step_daw"), 200)
    before = world.probability.copy()
    for _ in range(2):
        world.step(np.zeros(200, dtype=int))
    inside = (before > 0.35) & (before < 0.65)
    assert (world.probability - before)[inside].std() == pytest.approx(0.025, rel=0.12)
    while not world.finished:
        world.step(np.zeros(200, dtype=int))
    assert world.probability.min() >= 0.25
    assert world.probability.max() <= 0.75


def test_observations_hold_the_last_action_and_reward():
    task = make("bandit", arms=3, trials=4)
    play = task.play(UniformlyRandom(), 6, 0)
    assert [block.name for block in task.spec.inputs] == ["clock", "last_action", "last_reward"]
    assert not play.observations[0].any()
    assert np.array_equal(play.observations[1:, :, 1:4].argmax(-1), play.actions[:-1])
    assert np.array_equal(play.observations[1:, :, 4], play.rewards[:-1].astype(np.float32))
    assert play.observations[:, 0, 0].tolist() == [0.0, 0.25, 0.5, 0.75]
    assert make("bandit", shows_past=False).n_inputs == 1


def test_a_function_can_play():
    task = make("harlow")
    play = task.play(lambda seen: np.zeros(len(seen), dtype=int), 4)
    assert not play.actions.any()
    assert play.observations.shape == (6, 4, task.n_inputs)


def test_the_environment_is_one_of_the_subjects():
    env = gym("two_step", trials=5)
    observation, info = env.reset(seed=2)
    earned_, ended, steps = 0.0, False, 0
    while not ended:
        assert observation in env.observation_space
        observation, reward, ended, _, info = env.step(info["best_action"])
        earned_, steps = earned_ + reward, steps + 1
    assert steps == 10
    assert info["share_best"] == 1.0
    assert env.reset(seed=2)[1] == gym("two_step", trials=5).reset(seed=2)[1]


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (lambda: make("bandit", arms=1), "arms of task 'bandit': got 1, expected an integer >= 2"),
        (lambda: make("bandit", trials=0), "trials of task 'bandit': got 0"),
        (lambda: make("reversal", probability=0.4), "probability of task 'reversal'"),
        (lambda: make("reversal", fewest=5, most=4), "got 5 to 4, expected 1 <= fewest <= most"),
        (lambda: make("harlow", features=0), "features of task 'harlow'"),
        (lambda: make("two_step", reward=1.5), "reward of task 'two_step': got 1.5, expected a probability, 0 to 1"),
        (lambda: make("bandit", arm=3), "Did you mean 'arms'"),
        (
            lambda: worlds(make("bandit"), 3).step([0, 1]),
            "actions in task 'bandit': got shape .2,., int64, expected 3 int",
        ),
        (lambda: worlds(make("bandit"), 1).step([2]), "expected 1 integers from 0 to 1"),
        (lambda: worlds(make("bandit"), 1).step([0.5]), "float64"),
        (lambda: make("bandit").play(UniformlyRandom(), 0), "number of trials: got 0"),
        (lambda: make("bandit").batch(2, probability=0.1), "condition of task 'bandit': got 'probability'"),
        (lambda: gym("bandit").reset(options={"p": 1}), "option of an episode of task 'bandit'"),
        (lambda: gym("bandit").step(0), "an environment that was not reset"),
    ],
)
def test_bad_input_is_answered_clearly(act, line):
    with pytest.raises((BadInput, UnknownName), match=line):
        act()


def test_an_episode_ends():
    world = worlds(make("harlow"), 1)
    for _ in range(6):
        world.step([0])
    with pytest.raises(BadInput, match="got step 7, expected at most 6 steps"):
        world.step([0])


def test_a_player_that_is_none_is_named():
    with pytest.raises(BadInput, match="expected a Player, or a function"):
        make("bandit").play("best", 4)
