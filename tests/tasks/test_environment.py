"""Tasks as Gymnasium environments: what an agent may do, what it is paid, and that seeds are kept."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from tertium.errors import BadInput, UnknownName
from tertium.tasks import TASKS, Task, TaskSet, gym, make, register
from tertium.tasks.channels import Channel, Ring
from tertium.tasks.distributions import Choice, Fixed, Uniform
from tertium.tasks.environment.actions import ChooseChannel, action_mapping, choose_mapping
from tertium.tasks.environment.trial_environment import TrialEnvironment
from tertium.tasks.episodic.episodic_task import EpisodicTask
from tertium.tasks.response_rules import CrossingTime, LargestOutput, PopulationVector, ResponseRule
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec

#: One of each way to answer; the rest of the catalogue is in the slow tier.
QUICK = {"context_decision", "yang19/dmsgo", "perceptual_decision_rt", "motor_timing", "adding", "reach", "harlow"}

CATALOGUE = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in TASKS]


def ideal(env, seed):
    """Return what an agent earns that does as ``info`` says, and the last info."""
    _, info = env.reset(seed=seed)
    total, ended = 0.0, False
    while not ended:
        _, reward, ended, _, info = env.step(info["best_action"])
        total += reward
    return total, info


def random(env, seed):
    """Return what an agent earns that does anything."""
    env.reset(seed=seed)
    env.action_space.seed(seed)
    total, ended = 0.0, False
    while not ended:
        _, reward, ended, _, _ = env.step(env.action_space.sample())
        total += reward
    return total


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_task_of_the_catalogue_is_a_sound_environment(name):
    env = gym(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env)
    knowing, guessing = [ideal(env, s)[0] for s in range(3)], [random(env, s) for s in range(3)]
    assert sum(knowing) > sum(guessing)
    if not isinstance(env.unwrapped.task, EpisodicTask):
        # the ideal mover of a body lags its path by a fraction of a millimetre, which costs 1e-6
        assert knowing == pytest.approx([1.0] * 3, abs=2e-6)


def decision(**changes):
    """Return a task with fixation 2 steps, stimulus 2 and decision 3, whose choice is a condition."""
    rule = changes.pop("response", LargestOutput("choice", fixation="fixation"))
    spec = TaskSpec(
        name="small",
        what="",
        cite="",
        dt=0.1,
        epochs=(Epoch("fixation", 0.2), Epoch("stimulus", 0.2), Epoch("decision", 0.3)),
        inputs=(Channel("fixation"), Channel("stimulus", 2)),
        outputs=(Channel("fixation"), Channel("choice", 2)),
        conditions={"choice": Choice((-1, 0, 1)), "nothing": Fixed(np.nan), "amount": Uniform(0, 1)},
        stimuli=(Stimulus("fixation", 1.0, ("fixation", "stimulus")), Stimulus("stimulus", "amount", "stimulus")),
        targets=(
            Target("fixation", 1.0, ("fixation", "stimulus")),
            Target("fixation", lambda c: 1.0 * (c["choice"] == -1), "decision"),
            Target("choice", lambda c: np.stack([c["choice"] == 0, c["choice"] == 1], -1), "decision"),
        ),
        weights=(LossWeight(1.0, ("fixation", "stimulus")), LossWeight(2.0, "decision")),
        response=rule,
    )
    return Task(replace(spec, **changes))


def run(env, actions, **options):
    """Return rewards, the last info and whether the episode ended, for actions from step 0 on."""
    env.reset(seed=0, options=options or None)
    rewards = []
    for action in actions:
        _, reward, ended, _, info = env.step(action)
        rewards.append(reward)
    return rewards, info, ended


@pytest.mark.parametrize(
    ("choice", "actions", "rewards", "correct"),
    [
        (1, [0, 0, 0, 0, 2], [0, 0, 0, 0, 1], True),
        (1, [0, 0, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 0, 1], True),
        (1, [0, 0, 0, 0, 1], [0, 0, 0, 0, 0], False),
        (1, [0] * 7, [0] * 7, False),
        (-1, [0] * 7, [0] * 6 + [1], True),
        (-1, [0, 0, 0, 0, 1], [0] * 5, False),
    ],
)
def test_the_first_action_of_the_decision_is_the_answer(choice, actions, rewards, correct):
    earned, info, ended = run(TrialEnvironment(decision()), actions, choice=choice)
    assert (earned, ended) == (rewards, True)
    assert info["correct"] is correct
    assert info["broke_fixation"] is False


def test_answering_before_the_decision_breaks_fixation():
    earned, info, ended = run(TrialEnvironment(decision()), [0, 0, 2], choice=1)
    assert (earned, ended, info["broke_fixation"], info["correct"]) == ([0, 0, -0.1], True, True, False)
    lenient = TrialEnvironment(decision(), abort=False, break_reward=-0.5)
    earned, info, ended = run(lenient, [2, 0, 0, 0, 2], choice=1)
    assert (earned, ended, info["correct"]) == ([-0.5, 0, 0, 0, 1], True, True)


def test_a_wrong_answer_may_be_punished():
    earned, _, _ = run(TrialEnvironment(decision(), wrong_reward=-1.0), [0, 0, 0, 0, 1], choice=1)
    assert earned[-1] == -1.0


def test_without_a_fixation_output_holding_is_right_only_if_no_channel_is():
    task = decision(response=LargestOutput("choice"))
    for choice, paid in ((0, 0.0), (-1, 1.0)):
        earned, _, _ = run(TrialEnvironment(task), [0] * 7, choice=choice)
        assert sum(earned) == paid


def test_agents_and_networks_are_judged_by_the_same_rule():
    task = decision()
    mapping = action_mapping(task.spec)
    for choice in (-1, 0, 1):
        trial = task.batch(1, choice=choice)
        for action in (0, 1, 2):
            by_rule = task.performance(mapping.outputs(action, 4, trial), trial) == 1.0
            assert mapping.correct(action, 4, trial) == by_rule == (action == choice + 1)


def test_info_tells_conditions_epoch_and_what_is_best():
    env = TrialEnvironment(decision())
    _, info = env.reset(seed=3, options={"choice": 1, "amount": 0.25})
    assert info["conditions"] == {"choice": 1, "amount": 0.25}  # `nothing` is NaN and left out
    seen = [(info["epoch"], info["best_action"])]
    for _ in range(6):
        info = env.step(0)[-1]
        seen.append((info["epoch"], info["best_action"]))
    assert seen == [("fixation", 0)] * 2 + [("stimulus", 0)] * 2 + [("decision", 2)] * 3
    assert (info["task"], info["trial"]) == ("small", 0)


def trials_of(env, seed, count):
    amounts = [env.reset(seed=seed)[1]["conditions"]["amount"]]
    return amounts + [env.reset()[1]["conditions"]["amount"] for _ in range(count - 1)]


def test_seeds_are_kept_and_the_stream_goes_on_without_one():
    first, second = TrialEnvironment(decision()), TrialEnvironment(decision())
    amounts = trials_of(first, 5, 200)
    assert amounts == trials_of(second, 5, 200) == trials_of(first, 5, 200)
    assert len(set(amounts)) == 200
    assert amounts != trials_of(first, 6, 200)
    unseeded = TrialEnvironment(decision())
    assert unseeded.reset()[1]["conditions"] == TrialEnvironment(decision()).reset()[1]["conditions"]


def test_given_conditions_do_not_disturb_the_stream():
    env = TrialEnvironment(decision())
    plain = trials_of(env, 5, 3)
    env.reset(seed=5)
    _, info = env.reset(options={"choice": 0})
    assert info["conditions"]["choice"] == 0
    assert [env.reset()[1]["conditions"]["amount"] for _ in range(2)] == plain[1:]
    with pytest.raises(UnknownName, match="Did you mean 'choice'"):
        env.reset(options={"choise": 0})


def test_numpys_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    ideal(TrialEnvironment(decision()), 0)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_several_trials_in_an_episode_follow_without_a_gap():
    env = TrialEnvironment(decision(), trials_per_episode=3)
    _, info = env.reset(seed=1)
    seen, correct, ended = [], [], False
    while not ended:
        observation, reward, ended, _, info = env.step(info["best_action"])
        if "correct" in info:
            correct.append((info["correct"], reward))
            seen.append(observation.tolist())
    assert correct == [(True, 1.0)] * 3
    assert seen == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]  # the next trial's fixation, then nothing


def test_observations_stay_within_their_bounds():
    env = gym("context_decision", noise=1.0)
    env.reset(seed=0)
    assert np.isfinite(env.observation_space.low).all()
    assert np.isfinite(env.observation_space.high).all()
    env.trial.inputs[0] = 1e9
    assert env._observation() in env.observation_space


def following(response=None):
    task = decision(response=response) if response else make("flip_flop", duration=0.2)
    return TrialEnvironment(task)


def test_outputs_as_actions_cost_their_weighted_mean_squared_error():
    env = following()
    env.reset(seed=2)
    trial, total, ended = env.trial, 0.0, False
    given = np.random.default_rng(0).uniform(-1, 1, trial.targets.shape).astype(np.float32)
    for t in range(trial.steps):
        _, reward, ended, _, info = env.step(given[t, 0])
        total += reward
    expected = (trial.mask * (given - trial.targets) ** 2).sum() / trial.mask.sum()
    assert ended
    assert not info["correct"]
    assert total == pytest.approx(-expected, rel=1e-5)


def test_targets_beyond_one_are_within_reach():
    env = TrialEnvironment(decision(targets=(Target("choice", 4.0, "decision"),), response=NoWay()))
    assert env.output_scale.tolist() == [1.0, 6.0, 6.0]
    assert env.action_space.shape == (3,)


@dataclass(frozen=True)
class NoWay(ResponseRule):
    """A rule that tertium does not know: correct is any output above zero."""

    def read(self, outputs, batch):
        return outputs.max((0, 2))

    def correct(self, outputs, batch):
        return self.read(outputs, batch) > 0


@dataclass(frozen=True)
class OwnWay(LargestOutput):
    """A rule that brings its own actions."""

    def actions(self, spec):
        return ChooseChannel(self, spec)


def test_a_rule_of_a_third_party_brings_or_registers_its_actions():
    assert isinstance(TrialEnvironment(decision(response=NoWay())).action_space, gymnasium.spaces.Box)
    assert TrialEnvironment(decision(response=OwnWay("choice"))).action_space == gymnasium.spaces.Discrete(3)

    @dataclass(frozen=True)
    class Registered(NoWay):
        channel: str = "choice"

    choose_mapping.register(Registered, ChooseChannel)
    assert TrialEnvironment(decision(response=Registered())).action_space == gymnasium.spaces.Discrete(3)


def test_a_press_is_judged_by_its_time():
    spec = decision().spec
    rule = CrossingTime("wait", since="stimulus", channel="choice", tolerance=0.3)
    task = Task(replace(spec, response=rule, conditions={**spec.conditions, "wait": Fixed(0.4)}))
    env = TrialEnvironment(task)
    for step, reward in ((1, -0.1), (3, 0.0), (5, 1.0), (6, 1.0)):  # stimulus begins at step 2; 0.4 s is step 6
        earned, _, ended = run(env, [0] * step + [1])
        assert (earned[-1], ended) == (reward, True), step
    assert sum(run(env, [0] * 7)[0]) == 0.0


def test_on_a_coarse_ring_the_nearest_unit_is_right():
    spec = decision().spec
    rule = PopulationVector("direction", "ring", fixation=None, tolerance=0.1, during="decision")
    task = Task(
        replace(
            spec,
            outputs=(Ring("ring", 4),),
            conditions={"direction": Fixed(0.6), "choice": Fixed(0), "amount": Fixed(0)},
            targets=(Target("ring", "direction", "decision"),),
            response=rule,
        )
    )
    env = TrialEnvironment(task)
    assert env.action_space.n == 5
    assert [run(env, [0] * 4 + [a])[0][-1] for a in (1, 2, 3, 4)] == [1.0, 0.0, 0.0, 0.0]


def test_a_set_of_tasks_is_one_environment():
    env = gym("yang19", tasks=["dm1", "fdgo"])
    env.reset(seed=0)
    names = {env.reset()[1]["task"] for _ in range(40)}
    assert names == {"yang19/dm1", "yang19/fdgo"}
    mixed = TaskSet("mixed", {"a": decision(), "b": Task(replace(decision(response=NoWay()).spec, name="other"))})
    with pytest.raises(BadInput, match="tasks with different actions, expected the same actions in all"):
        TrialEnvironment(mixed)


def test_environments_run_side_by_side():
    envs = SyncVectorEnv([lambda: gym("context_decision") for _ in range(3)])
    _, info = envs.reset(seed=7)
    alone = gym("context_decision")
    assert info["conditions"]["motion"][1] == alone.reset(seed=8)[1]["conditions"]["motion"]
    earned = np.zeros(3)
    for _ in range(300):
        _, reward, ended, _, info = envs.step(info["best_action"])
        earned += reward
        if ended.any():
            assert info["correct"][ended].all()
    assert (earned >= 1).all()


def test_gymnasium_knows_the_tasks_once_told():
    assert "tertium/yang19.dm1-v0" in register()
    env = gymnasium.make("tertium/context_decision-v0", dt=0.05)
    assert env.unwrapped.task.dt == 0.05


def test_a_task_of_ones_own_is_an_environment_too():
    ours, named = gym(make("go_nogo", delay=0.3), break_reward=-1.0), gym("go_nogo", delay=0.3, break_reward=-1.0)
    for env in (ours, named):
        env.reset(seed=4)
    assert ours.step(1)[1] == named.step(1)[1] == -1.0
    assert np.array_equal(ours.reset(seed=2)[0], named.reset(seed=2)[0])
    assert gym(make("bandit")).action_space == gym("bandit").action_space


def beyond_the_end(name):
    """Step on after an episode has ended: it once paid the last reward again and again."""
    env = gym(name)
    _, info = env.reset(seed=0)
    ended = False
    while not ended:
        _, _, ended, _, info = env.step(info["best_action"])
    env.step(info["best_action"])


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (lambda: TrialEnvironment(decision()).step(0), "step: got an environment that was not reset"),
        (
            lambda: run(TrialEnvironment(decision()), [3]),
            r"action in task 'small': got 3, expected one of Discrete\(3\)",
        ),
        (lambda: run(following(), [[0.0]]), r"expected one of Box\(-1.0, 1.0, \(3,\), float32\)"),
        (lambda: run(following(), [[np.nan] * 3]), "action in task 'flip_flop'"),
        (lambda: TrialEnvironment(decision(), trials_per_episode=0), "trials_per_episode: got 0"),
        (
            lambda: gym("context_decision", aborrt=True),
            "got 'aborrt', expected one of trials_per_episode, abort, .*Did you mean 'abort'",
        ),
        (
            lambda: gym("context_decision", nosie=1),
            "option of task 'context_decision': got 'nosie'.*Did you mean 'noise'",
        ),
        (lambda: gym(make("go_nogo"), delay=0.3), "option of the environment of task 'go_nogo': got 'delay'"),
        (
            lambda: gym(make("go_nogo").spec),
            r"expected the name of a task, or a task. A TaskSpec becomes one by Task\(spec",
        ),
        (lambda: beyond_the_end("go_nogo"), "step: got an episode that has ended"),
        (lambda: beyond_the_end("harlow"), "step: got an episode that has ended"),
        (lambda: beyond_the_end("reach"), "step: got an episode that has ended"),
        (lambda: gym("bandit", abort=True), "option of the environment of task 'bandit': got 'abort', expected none"),
        (lambda: gym("contxt_decision"), "Did you mean 'context_decision'"),
    ],
)
def test_bad_input_is_answered_clearly(act, line):
    with pytest.raises((BadInput, UnknownName), match=line):
        act()
