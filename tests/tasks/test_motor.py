"""Effectors obey mechanics, in NumPy and in torch; reaches are judged where they end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from tertium.errors import BadInput, UnknownName
from tertium.tasks import gym, make
from tertium.tasks.motor import PointMass, TwoLinkArm, minimum_jerk
from tertium.testing.task_conformance import check_task

BODIES = [PointMass(mass=1.3, friction=0.4), TwoLinkArm()]


def states(body, n=6, seed=0):
    """Return states with bent elbows and some speed."""
    rng = np.random.default_rng(seed)
    hand = np.array(body.start) + rng.uniform(-0.1, 0.1, (n, 2))
    moving = body.at_rest(hand)
    moving[:, 2:] = rng.normal(0, 2, (n, 2))
    return moving, rng.normal(0, 1, (n, 2))


def test_minimum_jerk_is_flash_and_hogans():
    s = np.linspace(0, 1, 101)
    assert minimum_jerk(s) == pytest.approx(10 * s**3 - 15 * s**4 + 6 * s**5, abs=1e-12)
    assert minimum_jerk(s) + minimum_jerk(1 - s) == pytest.approx(np.ones(101))
    # peak velocity is 1.875 of the mean velocity
    assert np.gradient(minimum_jerk(s), s).max() == pytest.approx(1.875, abs=1e-3)


def test_a_free_arm_keeps_its_energy():
    arm = TwoLinkArm(friction=(0.0, 0.0))
    start, _ = states(arm)
    path = arm.move(start, np.zeros((300, 6, 2)), 0.002)
    assert np.abs(path[-1] - start).max() > 1  # it does move
    assert arm.energy(path) == pytest.approx(np.broadcast_to(arm.energy(start), (300, 6)), rel=1e-8)


@pytest.mark.parametrize("body", BODIES)
def test_a_command_does_work_and_friction_takes_it(body):
    start, command = states(body)
    step = 1e-5
    gained = (body.energy(body.step(start, command, step)) - body.energy(start)) / step
    speed = start[:, 2:]
    friction = (
        body.friction * speed
        if isinstance(body, PointMass)
        else np.stack([0.05 * speed[:, 0] + 0.025 * speed[:, 1], 0.025 * speed[:, 0] + 0.05 * speed[:, 1]], -1)
    )
    assert gained == pytest.approx(((command - friction) * speed).sum(1), abs=1e-3)


def test_the_arm_has_the_inertia_of_li_and_todorov():
    # M11 = I1 + I2 + m2 l1^2 + 2 m2 l1 s2 cos q2 with I1 = 0.025, I2 = 0.045, m2 = 1, l1 = 0.3, s2 = 0.16
    arm = TwoLinkArm()
    for elbow in (0.3, 1.2):
        turning = np.array([0.2, elbow, 1.0, 0.0])
        assert arm.energy(turning) == pytest.approx(0.5 * (0.025 + 0.045 + 0.09 + 2 * 0.048 * np.cos(elbow)))
        flexing = np.array([0.2, elbow, 0.0, 1.0])
        assert arm.energy(flexing) == pytest.approx(0.5 * 0.045)


@pytest.mark.parametrize("body", BODIES)
def test_steps_agree_with_scipys_integrator(body):
    start, command = states(body, n=1)
    solved = solve_ivp(lambda t, y: body.derivative(y, command[0]), (0, 0.2), start[0], rtol=1e-10, atol=1e-12)
    path = body.move(start, np.repeat(command[None], 20, axis=0), 0.01)
    assert path[-1, 0] == pytest.approx(solved.y[:, -1], abs=1e-6)


def test_a_point_mass_falls_as_newton_says():
    path = PointMass(mass=2.0).move(np.zeros((1, 4)), np.full((50, 1, 2), 3.0), 0.01)
    assert path[-1, 0] == pytest.approx([0.1875, 0.1875, 0.75, 0.75])  # a t^2 / 2 and a t, t = 0.5 s


@pytest.mark.parametrize("body", BODIES)
def test_kinematics_fit_together(body):
    start, _ = states(body)
    assert body.hand(body.at_rest(body.hand(start))) == pytest.approx(body.hand(start))
    step = 1e-6
    later = start.copy()
    later[:, :2] += step * start[:, 2:]
    assert (body.hand(later) - body.hand(start)) / step == pytest.approx(body.hand_velocity(start), abs=1e-4)


@pytest.mark.parametrize("body", BODIES)
def test_inverse_dynamics_give_the_acceleration_asked_for(body):
    start, wanted = states(body)
    rate = body.derivative(start, body.command_for(start, wanted))
    step = 1e-6
    gained = (body.hand_velocity(start + step * rate) - body.hand_velocity(start)) / step
    assert gained == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("effector", ["point_mass", "two_link_arm"])
def test_numpy_and_torch_move_alike_and_gradients_flow(effector):
    task = make("reach", effector=effector)
    commands = np.random.default_rng(1).normal(0, 0.5, (25, 3, 2))
    tensor = torch.tensor(commands, requires_grad=True)
    paths = task.paths(tensor)
    assert paths.detach().numpy() == pytest.approx(task.paths(commands), abs=1e-12)
    paths[-1].sum().backward()
    step = np.zeros_like(commands)
    step[4, 1, 0] = 1e-6
    slope = (task.paths(commands + step)[-1].sum() - task.paths(commands - step)[-1].sum()) / 2e-6
    assert float(tensor.grad[4, 1, 0]) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("name", ["reach", "random_target_reach"])
def test_reaches_keep_the_contract_of_batches(name):
    check_task(make(name))


def test_a_reach_is_right_only_if_it_waits_and_ends_at_the_target():
    task = make("reach")
    batch = task.batch(64, seed=1)
    assert task.performance(batch.targets, batch) == 1.0
    for miss, share in ((0.009, 1.0), (0.011, 0.0)):  # metres; 1 cm counts
        assert task.performance(batch.targets + np.float32([miss / 0.1, 0]), batch) == share
    hasty = np.where(batch.inputs[..., :1] ** 2 + batch.inputs[..., 1:2] ** 2 > 0, batch.inputs[..., :2], 0)
    assert task.performance(hasty, batch) == 0.0


def test_targets_lie_on_the_circle_and_paths_end_there():
    task = make("reach")
    batch = task.batch(32, seed=0)
    last = batch.lengths - 1
    ends = batch.targets[last, np.arange(32)]
    angle = batch.columns["target"] * np.pi / 4
    assert ends == pytest.approx(np.stack([np.cos(angle), np.sin(angle)], -1), abs=1e-6)
    go = batch.epochs["movement"][:, 0]
    assert np.abs(batch.targets[go - 1, np.arange(32)]).max() == 0
    stop = batch.epochs["movement"][:, 1] - 1
    assert batch.targets[stop, np.arange(32)] == pytest.approx(ends, abs=1e-6)


@pytest.mark.parametrize("effector", ["point_mass", "two_link_arm"])
def test_inverse_dynamics_along_the_path_reach_the_targets(effector):
    env = gym("reach", effector=effector)
    for target in (0, 3, 6):
        _, info = env.reset(seed=1, options={"target": target, "delay": 0.3})
        total, ended = 0.0, False
        while not ended:
            assert np.abs(info["best_action"]).max() < 1  # within what the effector can do
            _, reward, ended, _, info = env.step(info["best_action"])
            total += reward
        assert info["correct"]
        assert total == pytest.approx(1.0, abs=1e-5)


def test_an_agent_sees_inputs_hand_and_joints():
    assert gym("reach").observation_space.shape == (3 + 4,)
    assert gym("reach", effector="two_link_arm").observation_space.shape == (3 + 8,)
    env = gym("reach")
    observation, _ = env.reset(seed=0)
    assert not observation.any()
    observation = env.step([1.0, 0.0])[0]
    # 5 N on 1 kg for 10 ms: 0.05 m/s and 0.25 mm, in units of 10 cm
    assert observation[3:] == pytest.approx([0.0025, 0.0, 0.5, 0.0], rel=1e-5)


def test_doing_nothing_fails():
    env = gym("reach")
    env.reset(seed=0)
    total, ended = 0.0, False
    while not ended:
        _, reward, ended, _, info = env.step([0.0, 0.0])
        total += reward
    assert total < 0
    assert not info["correct"]


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (lambda: make("reach", effector="two_link_arn"), "Did you mean 'two_link_arm'"),
        (lambda: make("reach", distance=0.0), "distance of task 'reach': got 0.0"),
        (lambda: make("reach", n_targets=0), "n_targets: got 0"),
        (lambda: make("random_target_reach", nearest=0.2), "distances of targets: got 0.2 to 0.12 m"),
        (lambda: PointMass(mass=0.0), "point mass: got mass=0.0"),
        (lambda: TwoLinkArm().at_rest(np.array([[0.0, 0.7]])), "0.700 m from the shoulder, expected between 0.03 and"),
    ],
)
def test_bad_input_is_answered_clearly(act, line):
    with pytest.raises((BadInput, UnknownName), match=line):
        act()
