"""The measurements inside the report card of tools: closed forms, planted circuits, planted blocks."""

import numpy as np
import pytest
import torch

from tertium.rng import Seeds
from tertium.studies.jonas2017 import Jonas2017
from tertium.studies.methods.jonas_circuits import (
    BYSTANDERS,
    CAUSAL,
    COPIES,
    Laboratory,
    area,
    decision_task,
    effects,
    granger,
    hubs,
    judged,
    planted,
    residual,
    shift,
    signed,
)
from tertium.studies.methods.jonas_edges import (
    REACH,
    SLOWEST,
    correlations,
    granger_edges,
    shared_input,
    simulated,
    tools,
    wiring,
)

CONFIG = Jonas2017.configure(
    {"units": 3, "bystanders": 3, "neurons": 5, "density": 0.4, "spike_trials": 10, "bins": 800}, "smoke"
)


def test_only_the_causal_block_has_a_way_to_the_answer():
    task = decision_task()
    network = planted(CONFIG, task, 0)
    with torch.no_grad():
        weight, read = network.cell.recurrent_weight.numpy(), network.readout.weight.numpy()
    causal, copies, bystanders = (network.units(name) for name in (CAUSAL, COPIES, BYSTANDERS))
    assert read[:, causal].any()
    assert not read[:, 3:].any()
    assert not weight[causal, 3:].any()
    assert weight[copies, causal].any()
    assert not weight[bystanders, :6].any()


def test_lesions_of_copies_move_choices_by_chance_only():
    task = decision_task()
    network = planted(CONFIG, task, 1)
    with torch.no_grad():
        network.readout.weight.copy_(network.readout.weight * 5)
    held = Laboratory(network, task, Seeds(0))
    config = Jonas2017.configure({"units": 3, "bystanders": 3, "trials": 200, "reference": 400}, "smoke")
    hurt, sham = effects(held, config, "silence"), effects(held, config, "sham")
    assert hurt[:3].max() > 5
    assert hurt[3:].max() < 3.5
    assert sham.max() < 3.5


def test_a_shift_of_choices_is_one_by_chance():
    rng = np.random.default_rng(0)
    levels = np.tile(np.linspace(-0.5, 0.5, 5), 100)
    found = [shift((levels, rng.random(500) < 0.4), (levels, rng.random(500) < 0.4)) for _ in range(600)]
    assert np.mean(found) == pytest.approx(1, abs=0.08)
    assert shift((levels, rng.random(500) < 0.4), (levels, rng.random(500) < 0.7)) > 5


def test_granger_sees_who_came_first():
    rng = np.random.default_rng(1)
    units = rng.normal(size=(20, 200, 3))
    target = np.zeros((20, 200))
    target[:, 1:] = 0.5 * units[:, :-1, 1] + rng.normal(size=(20, 199))
    found = granger(units, target)
    assert found[1] > 100
    assert found[[0, 2]].max() < 6
    backwards = granger(target[:, :, None], units[:, :, 1])
    assert backwards[0] < 6


def test_the_mean_course_is_no_cause():
    rng = np.random.default_rng(7)
    motion = rng.choice([-0.5, 0.0, 0.5], 200)
    course = np.sin(np.arange(60) / 8) * (1 + motion[:, None])
    values = course[:, :, None] + rng.normal(size=(200, 60, 2))
    left = residual(values, motion)
    for level in (-0.5, 0.0, 0.5):
        np.testing.assert_allclose(left[motion == level].mean(0), 0, atol=1e-12)
    assert granger(values[:, :, :1], values[:, :, 1])[0] > 50
    assert granger(left[:, :, :1], left[:, :, 1])[0] < 6
    assert signed([0.1, 0.2], [0, 1]).tolist() == [-0.1, 0.2]


def test_granger_of_all_pairs_is_the_f_of_two_regressions():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 60, 2))
    found = granger_edges(x, lags=2)
    past = np.stack([x[:, 1:-1], x[:, :-2]], -1).reshape(-1, 4)  # of source 0, then of source 1
    now = x[:, 2:].reshape(-1, 2)
    design, now = past - past.mean(0), now - now.mean(0)

    def rest(columns, target):
        part = design[:, columns]
        return ((target - part @ np.linalg.lstsq(part, target, rcond=None)[0]) ** 2).sum()

    whole = rest([0, 1, 2, 3], now[:, 1])
    want = (rest([2, 3], now[:, 1]) - whole) / 2 / (whole / (len(now) - 5))
    assert found[0, 1] == pytest.approx(want, rel=1e-9)


def test_correlation_and_partial_correlation_of_a_chain():
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(1, 20_000, 3)).repeat(4, 1)  # one number a coarse bin
    plain, partial = correlations(steps.cumsum(-1))
    assert plain[0, 2] == pytest.approx(1 / np.sqrt(3), abs=0.02)
    assert partial[0, 2] < 0.03 < 0.3 < partial[0, 1]


def test_areas_and_hubs():
    assert area(np.array([3.0, 2.0, 1.0]), np.array([True, False, False])) == 1
    block = np.array([CAUSAL, COPIES, BYSTANDERS])
    found = judged({"a": np.array([3.0, 2.0, 1.0]), "b": np.array([2.0, 3.0, 1.0])}, block)
    assert found["causal"] == {"a": 1.0, "b": 0.5}
    assert found["among_tuned"] == {"a": 1.0, "b": 0.0}
    assert found["tuned"] == {"a": 1.0, "b": 1.0}
    x = np.random.default_rng(4).normal(size=(500, 3))
    x[:, 1] = x[:, 0]
    assert hubs(x)[[0, 1]].min() > 0.45 > 0.2 > hubs(x)[2]


def test_the_shared_input_has_its_variance_and_keeps_rates():
    rng = np.random.default_rng(5)
    circuit, drive = wiring(CONFIG, rng), shared_input(CONFIG, rng)
    assert drive.shape == (10, 800 + SLOWEST)
    assert drive.var() == pytest.approx(1, abs=0.12)
    assert not circuit.edges.diagonal().any()
    assert circuit.kernels.shape == (REACH, 5, 5)
    alone, driven = simulated(circuit, None, CONFIG, 0), simulated(circuit, drive, CONFIG, 0)
    assert driven.mean() == pytest.approx(alone.mean(), rel=0.15)


def test_tools_find_one_strong_connection():
    config = Jonas2017.configure({"neurons": 3, "spike_trials": 10, "bins": 1000}, "smoke")
    circuit = wiring(config, np.random.default_rng(6))
    circuit.kernels[:] = 0
    circuit.kernels[:2, 0, 2] = 1.5
    scores = tools(simulated(circuit, None, config, 1))
    for tool, of in scores.items():
        np.fill_diagonal(of, 0)
        place = np.unravel_index(of.argmax(), of.shape)
        assert place == (0, 2) or (tool.endswith("correlation") and place == (2, 0))
