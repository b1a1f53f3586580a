"""DYN04: the pulsed average against a loop, and instruments on networks whose points are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.config import apply
from tertium.models import RateRNN
from tertium.rng import Seeds
from tertium.studies.methods import sussillo_plane as planes
from tertium.studies.methods import sussillo_waves as wave
from tertium.studies.methods.sussillo_networks import (
    KINDS,
    Equations,
    ExamplesConfig,
    average_task,
    blank_network,
    wave_task,
)
from tertium.studies.methods.sussillo_pulses import interval, pulsed_average
from tertium.studies.sussillo2013examples import _on_branch, _slow_share, _two_flat

CONFIG = apply(ExamplesConfig, {})


@pytest.mark.parametrize("points", [1, 2, 3])
def test_targets_are_the_mean_of_the_last_marked_pulses(points: int) -> None:
    batch = pulsed_average(points=points, dt=0.02, duration=6.0, pulse=0.1, grace=0.1).batch(20, seed=3)
    unmarked = 0
    for trial in range(20):
        value, mark = batch.inputs[:, trial].T
        seen, since = [0.0] * points, 10**6
        for t in range(len(value)):
            begins = value[t] != 0 and (t == 0 or value[t - 1] != value[t])
            since = 0 if begins else since + 1
            if begins and mark[t]:
                seen.append(float(value[t]))
            unmarked += bool(begins and not mark[t])
            assert batch.targets[t, trial, 0] == pytest.approx(np.mean(seen[-points:]), abs=1e-6)
            assert batch.mask[t, trial, 0] == (since >= 10)
            assert (value[t] != 0) == (since < 5)
    assert unmarked > 5


def test_the_same_seed_gives_the_same_pulses_and_marks_are_as_frequent_as_said() -> None:
    task = pulsed_average(duration=8.0, gap=0.6, rate=2.0, marked=0.75)
    first, again, other = (task.batch(200, seed=s) for s in (1, 1, 2))
    assert (first.inputs == again.inputs).all()
    assert (first.inputs != other.inputs).any()
    begins = np.diff(first.inputs[..., 1], axis=0, prepend=0) > 0
    seconds = np.concatenate([np.diff(np.flatnonzero(begins[:, k])) for k in range(200)]) * 0.02
    assert seconds.min() >= 0.6 - 1e-9
    # trials end, which cuts off long intervals
    assert interval(0.6, 2.0, 0.75) * 0.75 < seconds.mean() < interval(0.6, 2.0, 0.75)


def test_equations_are_those_of_the_network() -> None:
    network = RateRNN(2, 7, 1, dt=0.02, tau=0.1, nonlinearity="tanh", seed=1)
    with torch.no_grad():
        network.cell.bias.normal_(generator=Seeds(0).torch("bias"))
        network.readout.bias.fill_(0.3)
    equations = Equations.of(network)
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(5, 7)), rng.normal(size=(5, 2))
    outputs, states = network(torch.tensor(u, dtype=torch.float32)[None], torch.tensor(x, dtype=torch.float32))
    assert np.allclose(equations.step(x, u), states[0].detach().numpy(), atol=1e-5)
    assert np.allclose(equations.output(equations.step(x, u)), outputs[0, :, 0].detach().numpy(), atol=1e-5)
    assert equations.alpha == pytest.approx(0.2)
    small = 1e-6 * np.eye(7)
    by_differences = (equations.velocity(x[:1] + small, u[:1]) - equations.velocity(x[:1] - small, u[:1])) / 2e-6
    assert np.allclose(equations.slope(x, u)[0].T, by_differences, atol=1e-8)
    assert np.allclose(equations.step_slope(x, u), np.eye(7) + 0.2 * equations.slope(x, u))
    assert np.allclose(equations.q(x, u), 0.5 * np.linalg.norm(equations.velocity(x, u), axis=1) ** 2)
    assert np.allclose(equations.run(x, u, 2), equations.step(equations.step(x, u), u))


def test_frequencies_of_waves_are_measured() -> None:
    time = np.arange(2000) * 0.01
    assert wave.produced(3 + np.sin(2 * np.pi * 0.83 * time), 0.01) == pytest.approx(0.83, rel=1e-3)
    assert wave.produced(0.05 * np.sin(2 * np.pi * time), 0.01) == 0  # too small
    assert wave.produced(time, 0.01) == 0  # never comes back
    assert wave.within(np.array([1.0, 2.2]), np.array([1.04, 2.0]), 0.05) == 0.5
    assert wave.deviation(np.array([1.0]), np.array([0.0])) == np.inf
    assert wave.deviation(np.array([np.nan]), np.array([1.0])) == np.inf


def test_levels_between_are_no_trained_ones_and_frequencies_go_with_inputs() -> None:
    numbers, known = wave.levels(CONFIG, 11, 10)
    assert numbers[known].tolist() == list(range(1, 52, 5))
    assert ((numbers[~known] % 1) == 0.5).all()
    assert (np.diff(numbers) > 0).all()
    batch = wave_task(CONFIG, 1.0).batch(64, seed=0)
    index = np.asarray(batch.conditions["index"]) + 1
    assert np.allclose(batch.inputs[0, :, 0], wave.level_of(CONFIG, index), atol=1e-6)
    assert np.allclose(np.asarray(batch.conditions["omega"]) / (2 * np.pi), wave.asked(CONFIG, index))
    # 0.04 j + 0.1 radians per time constant of 0.1 s
    assert np.allclose(np.asarray(batch.conditions["omega"]), (0.04 * index + 0.1) / 0.1)


def hopf(gain: float, angle: float, push: float = 0.3) -> RateRNN:
    """Three units: two that turn round each other, about 0 at any input, and one that the input pushes."""
    network = RateRNN(1, 3, 1, dt=0.02, tau=0.1, nonlinearity="tanh")
    with torch.no_grad():
        network.cell.recurrent_weight.zero_()
        turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        network.cell.recurrent_weight[:2, :2] = gain * turn
        network.cell.input_weight.copy_(torch.tensor([[0.0], [0.0], [push]]))
        network.cell.bias[:2] = 1e-3  # or it would stay at 0
        network.readout.weight.copy_(torch.tensor([[1.0, 0.0, 0.0]]))
    return network


def test_a_planted_oscillator_has_one_point_whose_pair_is_known() -> None:
    numbers = np.array([1.0, 26.0, 51.0])
    network = hopf(1.15, 0.5)
    found = wave.waves(network, CONFIG, numbers, 16, Seeds(0))
    mode = np.log(1 + 0.2 * (-1 + 1.15 * np.exp(0.5j))) / 0.02
    assert found["pairs"].all()
    assert (found["found"] == 1).all()
    assert np.allclose(found["linear"], mode.imag / (2 * np.pi), rtol=1e-4)
    assert np.allclose(found["growth"], mode.real, rtol=1e-3)
    assert np.allclose(found["points"][:, 2], 0.3 * wave.level_of(CONFIG, numbers), atol=1e-6)
    assert wave.deviation(found["linear"], found["produced"]) < 0.05  # near the bifurcation
    walked = wave.branch(network, found["points"], wave.level_of(CONFIG, numbers))
    assert _on_branch(walked, "distances") == 1
    assert _on_branch(walked, "distances_reversed") == pytest.approx(1 / 3)
    again = wave.waves(network, CONFIG, numbers, 16, Seeds(0))
    assert (again["points"] == found["points"]).all()


def test_a_stable_point_is_no_oscillator() -> None:
    found = wave.waves(hopf(0.9, 0.5), CONFIG, np.array([1.0, 51.0]), 16, Seeds(0))
    assert not found["pairs"].any()
    assert (found["produced"] == 0).all()
    assert (found["growth"] < 0).all()


def shallow(units: int = 5) -> Equations:
    """Units that keep themselves (x' = tanh x - x, slow near 0) and others that decay: a plane of slow points."""
    keep = np.zeros((units, units))
    keep[[0, 1], [0, 1]] = 1
    return Equations(keep, np.zeros((units, 2)), np.zeros(units), np.ones(units), 0.0, 0.2)


def test_slow_points_of_a_planted_plane_keep_their_places() -> None:
    equations = shallow()
    rng = np.random.default_rng(0)
    plane = rng.uniform(-0.2, 0.2, (60, 2))
    kept = np.concatenate([plane, 1e-3 * rng.normal(size=(60, 3))], axis=1)
    points, settled = planes.slow_points(equations, kept)
    assert settled.all()
    assert np.abs(points[:, 2:]).max() < 1e-4
    assert np.abs(points[:, :2] - plane).max() < 1e-4
    still = np.zeros((60, 2))
    assert np.allclose(equations.q(points, still), 0.5 * ((plane - np.tanh(plane)) ** 2).sum(1), rtol=1e-2, atol=1e-12)
    singular = np.sort(np.linalg.svd(equations.slope(points, still), compute_uv=False), axis=1)
    found = {"singular": singular, "useful": np.ones(60, dtype=bool)}
    assert _two_flat(found, 0.1) == 1
    assert _two_flat({**found, "useful": np.zeros(60, dtype=bool)}, 0.1) == 0
    slid, _ = planes.slow_points(equations, kept, held=0)
    assert np.abs(slid).max() < np.abs(points).max() / 3  # all go to 0


def test_a_network_that_keeps_nothing_is_of_no_use() -> None:
    two = planes.pairs(5)
    deaf = Equations(np.zeros((4, 4)), np.zeros((4, 2)), np.zeros(4), np.zeros(4), 0.0, 0.2)
    points = planes.keep(deaf, two, CONFIG)
    assert not planes.useful(deaf, points, two, CONFIG).any()
    found = planes.plane(blank_equations(), two, CONFIG, 16, Seeds(0))
    assert found["useful"].mean() < 0.2
    assert found["points"].shape == (25, 20)


def blank_equations() -> Equations:
    return Equations.of(blank_network(apply(ExamplesConfig, {"average_units": 20}), "average", 0))


def test_a_value_that_is_passed_on_at_once_is_kept_by_the_one_who_shows_it() -> None:
    # one unit that keeps what was shown last while its mark is there: useful for one value, not for two
    weights, tiny = np.array([[1.0]]), 0.05
    holder = Equations(weights, np.array([[tiny, 0.0]]), np.zeros(1), np.array([1.0]), 0.0, 0.2)
    shown = planes.show(holder, np.zeros((3, 1)), np.array([-0.8, 0.0, 0.8]), CONFIG, 0.0)
    # five steps of 0.2 add tiny * value, less what tanh x - x takes
    assert np.allclose(shown[:, 0], tiny * np.array([-0.8, 0.0, 0.8]), rtol=1e-2, atol=1e-12)


def test_shares_and_what_cannot_be_measured() -> None:
    useful = np.array([True, True, False])
    assert _slow_share(np.array([1e-5, 1e-7, 1.0]), useful) == 0.5
    assert np.isnan(_slow_share(np.ones(2), np.zeros(2, dtype=bool)))
    lost = {"bifurcations": 1, "ended": "border", "distances": np.zeros(3)}
    assert _on_branch(lost, "distances") == 0
    assert _on_branch({**lost, "bifurcations": 0, "ended": "lost"}, "distances") == 0
    assert planes.flatness(CONFIG) == pytest.approx(0.1 / (2 * interval(0.6, 2.0, 0.75)))


@pytest.mark.parametrize("kind", KINDS)
def test_networks_fit_their_tasks(kind: str) -> None:
    network = blank_network(CONFIG, kind, 0)
    task = wave_task(CONFIG, 1.0) if kind == "waves" else average_task(CONFIG, 1 if kind == "single" else 2)
    assert (network.n_inputs, network.n_outputs, network.dt) == (task.n_inputs, task.n_outputs, task.dt)
    assert network.cell.n_units == (200 if kind == "waves" else 100)
