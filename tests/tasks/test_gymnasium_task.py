"""Any Gymnasium environment as a task: what is seen, what is right, and seeds."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import from_gym, gym, make
from tertium.tasks.task import TaskLike


class Count(gymnasium.Env):
    """Shows a drawn number for two to four steps; right is the action of that number."""

    observation_space = gymnasium.spaces.Discrete(3)
    action_space = gymnasium.spaces.Discrete(3, start=1)

    def __init__(self, tells: bool = True) -> None:
        self.tells = tells

    def info(self):
        return {"best_action": self.number + 1, "conditions": {"number": self.number}} if self.tells else {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.number = (options or {}).get("number", int(self.np_random.integers(3)))
        self.left = int(self.np_random.integers(2, 5))
        return self.number, self.info()

    def step(self, action):
        self.left -= 1
        return self.number, float(action == self.number + 1), self.left == 0, False, self.info()


class Turn(Count):
    """Asks for a vector, and tells it."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2, 2), dtype=np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (2,), dtype=np.float32)

    def info(self):
        return {"best_action": np.array([0.5, -0.5])}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros((2, 2), dtype=np.float32), self.info()

    def step(self, action):
        self.left -= 1
        return np.zeros((2, 2), dtype=np.float32), 0.0, self.left == 0, False, self.info()


def test_trials_are_episodes_with_the_right_actions_as_targets():
    task = from_gym(Count())
    assert isinstance(task, TaskLike)
    batch = task.batch(40, seed=1)
    assert set(batch.lengths) == {2, 3, 4}
    assert np.array_equal(batch.inputs.argmax(-1)[0], batch.columns["number"])
    for i, steps in enumerate(batch.lengths):
        assert (batch.targets[:steps, i].argmax(-1) == batch.columns["number"][i]).all()
        assert (batch.mask[:steps, i] == 1).all()
        assert not batch.mask[steps:, i].any()
        assert not batch.inputs[steps:, i].any()
        assert batch.columns["reward"][i] == steps
    assert task.performance(batch.targets, batch) == 1.0
    assert task.performance(-batch.targets, batch) == 0.0


def test_seeds_are_kept():
    one, two, other = (from_gym(Count).batch(20, seed=s).columns["number"] for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_fixed_conditions_are_options_of_the_reset():
    assert (from_gym(Count()).batch(5, number=2).columns["number"] == 2).all()


def test_a_policy_is_imitated_where_nothing_is_told():
    batch = from_gym(lambda: Count(tells=False), policy=lambda seen: 1 + int(seen[0])).batch(20)
    assert set(batch.columns) == {"reward"}
    shown_zero = batch.inputs[0, :, 0] == 1
    assert np.array_equal(batch.targets[0].argmax(-1), shown_zero.astype(int))


def test_a_policy_plays_and_the_told_actions_are_still_the_targets():
    batch = from_gym(Count(), policy=lambda seen: 1).batch(20)
    assert np.array_equal(batch.targets[0].argmax(-1), batch.columns["number"])
    assert (batch.columns["reward"][batch.columns["number"] > 0] == 0).all()


def test_vectors_are_followed_and_pictures_flattened():
    task = from_gym(Turn(), dt=0.02)
    batch = task.batch(3)
    assert (task.n_inputs, task.n_outputs, batch.dt) == (4, 2, 0.02)
    assert batch.targets[0].tolist() == [[0.5, -0.5]] * 3
    assert task.performance(batch.targets + np.float32(0.09), batch) == 1.0
    assert task.performance(batch.targets + np.float32(0.11), batch) == 0.0


def test_our_own_environments_come_back_with_their_inputs():
    task = from_gym(gym("context_decision"))
    assert (task.n_inputs, task.dt) == (7, 0.02)
    batch = task.batch(4, seed=0)
    assert set(batch.columns) >= {"context", "motion", "colour", "choice"}
    # the trial ends with the answer, at the first step of the decision
    whole = make("context_decision")
    assert batch.steps < whole.batch(64, seed=0).steps
    assert np.array_equal(batch.targets[batch.lengths - 1, np.arange(4)].argmax(-1) - 1, batch.columns["choice"])


def test_an_episode_without_end_is_cut():
    assert from_gym(Count(), max_steps=2).batch(30).steps == 2


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (lambda: from_gym(Count(tells=False)).batch(1), "environment 'Count': got no right actions"),
        (lambda: from_gym(Count()).batch(0), "number of trials: got 0"),
        (
            lambda: from_gym(type("Odd", (Count,), {"action_space": gymnasium.spaces.MultiBinary(3)})()),
            r"actions of the environment: got MultiBinary\(3\), expected Discrete, or a Box of one dimension",
        ),
        (
            lambda: from_gym("CartPole-v1"),
            r"env: got 'CartPole-v1', expected an environment.*gymnasium.make\('CartPole-v1'\)",
        ),
    ],
)
def test_bad_input_is_answered_clearly(act, line):
    with pytest.raises(BadInput, match=line):
        act()


@pytest.mark.peer
def test_neurogym_trials_are_taken_whole():
    neurogym = pytest.importorskip("neurogym", reason="neurogym is not installed (its pins need an environment apart)")
    task = from_gym(lambda: neurogym.make("PerceptualDecisionMaking-v0", dt=20))
    one, two = task.batch(6, seed=3), task.batch(6, seed=3)
    assert (task.n_inputs, task.n_outputs, task.dt) == (3, 3, 0.02)
    assert np.array_equal(one.inputs, two.inputs)
    assert one.steps == 110  # 100 + 2000 + 0 + 100 ms
    assert task.performance(one.targets, one) == 1.0
    assert (one.targets[0].argmax(-1) == 0).all()
    assert (one.targets[-1].argmax(-1) > 0).all()
