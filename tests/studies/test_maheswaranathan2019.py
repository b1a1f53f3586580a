"""DYN05: planted lines, orbits and memories are found; kinds are told where they differ and only there."""

import numpy as np
import pytest
import torch

from tertium.dynamics import as_dynamics
from tertium.rng import Seeds
from tertium.studies.kept import kept_arrays
from tertium.studies.lab import MemoryLab
from tertium.studies.maheswaranathan2019 import Maheswaranathan2019, more_modes
from tertium.studies.methods import maheswaranathan_measures as measures
from tertium.studies.methods import maheswaranathan_topology as topology
from tertium.studies.methods.maheswaranathan_linear import integrating_modes, modes_needed, summed_by_modes, turning
from tertium.studies.methods.maheswaranathan_networks import (
    KEPT,
    PopulationConfig,
    blank_network,
    context_integration,
    population,
    still_inputs,
    task_of,
    training,
)
from tertium.studies.methods.maheswaranathan_population import drive
from tertium.tasks.task import Task
from tertium.testing.task_conformance import check_task

STILL = np.zeros(1)


class Planted(torch.nn.Module):
    """A system with a method ``step``, as cells have."""

    n_inputs = 1

    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def step(self, state, x):
        return self.rule(state)


def memories(state):
    """Three bistable units, each ``h' = tanh(2 h)``."""
    return torch.tanh(2 * state)


def rotation(state):
    """An unstable focus inside one closed orbit, with two units that decay."""
    x, y = state[:, 0], state[:, 1]
    grow = 1 + 0.1 * (1 - x**2 - y**2).clamp(-3, 3)
    cos, sin = np.cos(0.3), np.sin(0.3)
    return torch.stack(
        [grow * (cos * x - sin * y), grow * (sin * x + cos * y), 0.3 * state[:, 2], 0.3 * state[:, 3]], 1
    )


def line(state):
    """One unit that keeps what it has, beside three that forget."""
    return torch.cat([state[:, :1] * 0.9999, 0.3 * state[:, 1:]], 1)


def visited(units, seed=0, spread=1.0):
    return spread * np.random.default_rng(seed).normal(size=(40, 30, units))


@pytest.mark.parametrize(
    ("rule", "units", "task"), [(memories, 3, "bits"), (rotation, 4, "sines"), (line, 4, "integration")]
)
def test_the_planted_scaffold_is_found(rule, units, task):
    taken = topology.anatomy(Planted(rule), visited(units), STILL, 256, Seeds(0))
    assert measures.is_scaffold(taken["graph"], task, 3)
    others = [other for other in ("bits", "sines", "integration") if other != task]
    assert not any(measures.is_scaffold(taken["graph"], other, 3) for other in others)
    assert taken["line"] == (task == "integration")


def test_memories_are_joined_over_the_edges_of_their_cube():
    taken = topology.anatomy(Planted(memories), visited(3), STILL, 256, Seeds(0))
    assert np.bincount(taken["index"]).tolist() == [8, 12, 6, 1]
    assert sorted(taken["graph"].sum(0).tolist()) == [2] * 12 + [3] * 8


def test_a_system_that_decays_is_one_point():
    taken = topology.anatomy(Planted(lambda h: 0.5 * torch.tanh(h)), visited(4), STILL, 16, Seeds(0))
    assert taken["graph"].shape == (1, 1)
    assert not taken["graph"].any()


def test_a_leak_or_gaps_are_no_line():
    leaking = topology.anatomy(
        Planted(lambda h: torch.cat([0.97 * h[:, :1], 0.3 * h[:, 1:]], 1)), visited(4), STILL, 16, Seeds(0)
    )
    assert leaking["filled"] >= topology.FILLED  # states fill it, but drift
    assert not leaking["line"]
    two = visited(4)
    two[..., 0] = np.where(two[..., 0] > 0, 1.0, -1.0)
    apart = topology.anatomy(Planted(line), two, STILL, 16, Seeds(0))
    assert not apart["line"]  # they stay, but there is nothing between


def test_fixed_points_on_a_line_belong_to_it():
    wavy = Planted(lambda h: torch.cat([h[:, :1] - 2e-4 * torch.sin(6 * h[:, :1]), 0.3 * h[:, 1:]], 1))
    taken = topology.anatomy(wavy, visited(4), STILL, 64, Seeds(0))
    assert taken["line"]
    assert taken["on_line"] == len(taken["points"]) >= 3
    assert measures.is_scaffold(taken["graph"], "integration", 3)


def test_what_is_out_of_reach_is_left_out():
    far = Planted(lambda h: h + 0.1 * h * (h**2 - 1) * (25 - h**2) / 25)
    taken = topology.anatomy(far, visited(1, spread=0.2), STILL, 64, Seeds(0))
    assert np.abs(taken["points"]).max() < 4


def test_states_held_on_a_line_are_at_their_places():
    cell, rested = Planted(line), visited(4).reshape(-1, 4)[:200] * [1, 0, 0, 0]
    system = as_dynamics(cell, 4, STILL)
    found = topology.line_through(cell, system, rested, STILL, 30)
    along = (found.points - found.centre) @ found.direction
    np.testing.assert_allclose(np.diff(along), found.length / (topology.PLACES - 1), rtol=1e-6)
    assert found.drift.max() < 0.01


def test_kinds_are_told_where_they_differ_and_only_there():
    rng = np.random.default_rng(0)
    labels, names = ["a"] * 6 + ["b"] * 6, ["a", "b"]
    apart = rng.normal(size=(12, 2)) + 20 * np.repeat([[0], [1]], 6, axis=0)
    assert measures.decodable(apart, labels, names) == 1
    assert measures.decodable(np.zeros((12, 2)), labels, names) == pytest.approx(5 / 11)
    shuffled = measures.by_chance(apart, labels, names, Seeds(0), 200)
    assert shuffled.mean() == pytest.approx(5 / 11, abs=0.05)
    np.testing.assert_allclose(measures.confusion(apart, labels, names).sum(1), 1)


def test_geometry_does_not_see_rotations_and_sees_other_responses():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 300, 5))
    turned = x @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    found = measures.geometry_distances([x, turned, y])
    assert found[0, 1] == pytest.approx(0, abs=1e-6)
    assert found[0, 2] > 0.7
    np.testing.assert_array_equal(found, found.T)


def test_the_number_of_inputs_does_not_tell_graphs_apart():
    one = measures.scaffold("sines", 3)
    found = measures.topology_distances([one, topology.side_by_side([one] * 8), measures.scaffold("bits", 3)])
    assert found[0, 1] == 0
    assert found[0, 2] > 0.1
    at = measures.laid_out(found)
    np.testing.assert_allclose(at[0], at[1], atol=measures.TIE)


def test_linear_sums_are_those_of_the_simulated_system():
    rng = np.random.default_rng(3)
    jacobian, drive_, read = 0.4 * rng.normal(size=(5, 5)), rng.normal(size=5), rng.normal(size=5)
    state = np.zeros(5)
    for _ in range(12):
        state = jacobian @ state + drive_
    by_modes = summed_by_modes(jacobian, drive_, read, 12)
    assert by_modes[-1] == pytest.approx(read @ state, rel=1e-9)
    assert modes_needed(np.full(5, 2.0)) == 1
    assert modes_needed(by_modes) <= 5


def test_a_planted_integrator_needs_one_mode():
    network = blank_network(PopulationConfig(units=6), "vanilla", task_of(PopulationConfig(), "integration"), 0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.cell.recurrent_weight[0, 0] = 1.0
        network.cell.input_weight[0, 0] = 0.01
        network.readout.weight[0, 0] = 1.0
    assert integrating_modes(network, np.zeros((2, 6)), STILL.repeat(4), 0, 80) == 1
    assert np.isnan(integrating_modes(network, np.full((2, 6), np.nan), STILL.repeat(4), 0, 80))


def test_a_point_that_does_not_turn_has_no_frequency():
    real = np.array([[[1.1, 0.0], [0.2, 0.0]]])
    assert turning({"near": 0, "eigenvalues": real}) == 0
    assert np.isnan(turning({"near": -1, "eigenvalues": np.zeros((0, 2, 2))}))


def test_modes_are_compared_with_those_of_vanilla_networks():
    names = ["vanilla", "vanilla", "GRU", "LSTM"]
    assert more_modes(np.array([[1.0, 3.0], [np.nan, 2.0], [3.0, 3.0], [8.0, 8.0]]), names) == 1.5
    assert np.isnan(more_modes(np.array([[1.0], [1.0], [np.nan], [2.0]]), names))


def test_the_sum_is_that_of_the_stream_that_the_context_names():
    task = Task(context_integration())
    check_task(task)
    batch = task.batch(50, seed=1)
    context = np.asarray(batch.conditions["context"])
    relevant = np.where(context == 0, batch.inputs[..., 0], batch.inputs[..., 1])
    ratio = batch.targets[1:, :, 0] / np.cumsum(relevant, axis=0)[1:]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-2)
    stop = np.asarray(batch.conditions["stop"])
    after = (np.arange(len(batch.inputs))[:, None] * task.dt) >= stop
    assert not batch.inputs[..., :2][after].any()
    assert np.abs(np.diff(batch.targets[..., 0], axis=0)[after[1:]]).max() < 1e-6


def test_a_population_is_the_same_again_and_no_two_members_are():
    config = PopulationConfig(units=6, networks=2, steps_sines=1, batch=2, levels=2)
    first, again = (population(config, "sines", MemoryLab(4))[0] for _ in range(2))
    weights = [one.network.readout.weight for one in first]
    assert all(torch.equal(a, b.network.readout.weight) for a, b in zip(weights, again, strict=True))
    assert len({tuple(w.flatten().tolist()) for w in weights}) == len(first) == 8
    assert all(not torch.equal(one.network.readout.weight, one.blank.readout.weight) for one in first)


@pytest.mark.parametrize("seed", Maheswaranathan2019.test_seeds)
def test_kept_networks_are_those_of_the_configuration_and_do_their_task(seed):
    config = PopulationConfig()
    for name, most in (("sines", 0.15), ("integration", 0.15)):
        assert kept_arrays(KEPT, f"{name}-{seed}", training(config)) is not None
        members, kept = population(config, name, MemoryLab(seed))
        assert kept
        assert len(members) == 16
        batch = task_of(config, name).batch(32, seed=3)
        outputs, states, activity = drive(members[-1].network, batch)
        assert task_of(config, name).spec.response.read(outputs, batch).mean() < most
        assert states.shape[-1] == 2 * activity.shape[-1]  # an LSTM
    assert still_inputs(config, "integration").shape == (2, 4)
