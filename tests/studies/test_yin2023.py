"""SNN06: the task asked all along, networks with fixed gates, peaks of memory; claims read the results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tertium.learning import Trials
from tertium.rng import Seeds
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.yin_adding import (
    FIXED,
    FIXED_ADAPTING,
    LIQUID,
    AskedAllAlong,
    Curve,
    last_answer,
    learned,
    network_of,
    rule_of,
    summed_error,
)
from tertium.studies.methods.yin_memory import memory_of
from tertium.studies.yin2023 import NETWORKS, Yin2023, lost

SMOKE = Yin2023.configure(size="smoke")


def test_the_sum_is_asked_for_at_the_end_of_each_stretch():
    batch = AskedAllAlong(20, 4).batch(5, 1)
    assert np.flatnonzero(batch.mask[:, 0, 0]).tolist() == [4, 9, 14, 19]
    assert batch.mask[batch.mask > 0].reshape(4, 5)[:, 0].tolist() == [0.25, 0.5, 0.75, 1.0]
    numbers, marks = batch.inputs[..., 0], batch.inputs[..., 1]
    np.testing.assert_allclose(batch.targets[3, :, 0], (numbers * marks).sum(0), rtol=1e-6)
    assert (batch.targets == batch.targets[-1]).all()
    at_end = AskedAllAlong(20, 1).batch(5, 1)
    assert np.flatnonzero(at_end.mask[:, 0, 0]).tolist() == [19]


def test_the_goal_weighs_stretches_and_splits_over_them():
    trials = Trials.of(AskedAllAlong(20, 2).batch(5, 1))
    outputs = trials.targets + 2.0
    assert float(summed_error(outputs, trials)) == pytest.approx(4 * (0.5 + 1.0))


def test_fixed_gates_do_not_look_and_are_learned_as_time_constants():
    for units in (LIQUID, FIXED, FIXED_ADAPTING):
        cell = network_of(units, SMOKE, Seeds(0)).cell
        assert cell.membrane_gate.weight.requires_grad is units.liquid
        assert bool(cell.membrane_gate.weight.any()) is units.liquid
        assert cell.membrane_gate.bias.requires_grad
        assert float(cell.membrane_gate.bias.detach()[0].sigmoid()) == pytest.approx(0.001 / SMOKE.tau)
        assert cell.strength == units.strength


def test_rules_of_the_networks():
    fptt, without = rule_of("fptt", SMOKE), rule_of("no regulariser", SMOKE)
    assert (fptt.stride, fptt.alpha, without.stride) == (10, SMOKE.alpha, 10)
    assert without.alpha < 1e-9
    assert rule_of("tbptt", SMOKE).window == 10
    assert {rule for _, rule in NETWORKS.values()} == {"fptt", "no regulariser", "tbptt", "bptt"}


def test_an_answer_is_tested_at_the_last_step():
    network, batch = network_of(LIQUID, SMOKE, Seeds(0)), AskedAllAlong(20, 2).batch(50, 1)
    with torch.no_grad():
        network.readout.weight.zero_()
        network.readout.bias.fill_(1.0)
    error, rate = last_answer(network, batch)
    assert error == pytest.approx(float(((batch.targets[-1] - 1) ** 2).mean()))
    assert 0 <= rate < 1


def test_a_curve_goes_on_from_a_checkpoint():
    network, batch = network_of(LIQUID, SMOKE, Seeds(0)), AskedAllAlong(20, 2).batch(8, 1)
    curve, again = Curve(batch, 2), Curve(batch, 2)
    for _ in range(3):
        curve.after_step(network, Seeds(0))
    again.load_state_dict(curve.state_dict())
    again.after_step(network, Seeds(0))
    assert len(again.errors) == 2
    assert again.errors[0] == curve.errors[0] == again.errors[1]


def test_liquid_units_learn_a_short_sum():
    config = Yin2023.configure(
        {"length": 20, "stretches": 2, "units": 12, "steps": 80, "batch": 24, "tau": 0.02, "trials": 200, "points": 2}
    )
    found = learned(LIQUID, "fptt", config, MemoryLab(0), "short")
    assert found["error"] < 0.12
    assert len(found["curve"]) == 2


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_is_measured_in_a_process_of_its_own():
    found = memory_of(("fptt", "bptt"), (100, 400), 10, 48, 48)
    assert found["bptt"][1] > 20
    assert found["bptt"][1] > 1.5 * found["fptt"][1]
    assert np.isnan(memory_of(("fptt",), (100,), 10, 48, 0)["fptt"]).all()


def test_claims_read_the_planted_results():
    errors = dict(zip(NETWORKS, (0.01, 0.015, 0.02, 0.17, 0.165), strict=True))
    results = Yin2023.Results(
        error=errors,
        rate=dict.fromkeys(NETWORKS, 0.01),
        curves=dict.fromkeys(NETWORKS, np.full(4, 0.01)),
        batches=np.arange(4.0),
        memory={"fptt": np.array([10.0, 11.0]), "bptt": np.array([10.0, 90.0])},
        lengths=np.array([100.0, 1000.0]),
    )
    claims = {one.id: one for one in Yin2023().claims(results)}
    assert all(one.threshold.holds(one.value) for one in claims.values())
    assert not any((one.control.threshold or one.threshold).holds(one.control.value) for one in claims.values())
    assert claims["memory"].value == pytest.approx(1.1)
    assert claims["units"].value == 0.02
    assert claims["units"].control.value == 0.165
    assert claims["lif"].value == pytest.approx(lost(0.17, 0.01)) == pytest.approx(0.16 / (1 / 6 - 0.01))
    worse = replace(results, error=errors | {"liquid, FPTT": 0.05})
    changed = {one.id: one for one in Yin2023().claims(worse)}
    assert not changed["learned"].threshold.holds(changed["learned"].value)
    assert not changed["truncated"].threshold.holds(changed["truncated"].value)
    assert not changed["units"].threshold.holds(changed["units"].value)
