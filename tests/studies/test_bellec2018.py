"""SNN02: constants of the networks, errors counted on planted answers, the swap, claims read from planted results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tertium.rng import Seeds
from tertium.studies.bellec2018 import Bellec2018
from tertium.studies.methods.bellec_networks import (
    BinnedLSTM,
    Recalls,
    example,
    planned,
    recalls_of,
    rise,
    spiking_network,
    swapped_errors,
)
from tertium.tasks import make


@pytest.fixture(scope="module")
def task():
    """Return short sequences of few inputs."""
    return make("store_recall", symbols=6, symbol=0.02, expected_delay=2.0, units=3, rate=200.0)


class Oracle(torch.nn.Module):
    """Answers each recall of the trials that it will be shown with what was stored, but for the given delays."""

    def __init__(self, task, wrong: tuple[int, ...]) -> None:
        super().__init__()
        self.task, self.wrong = task, wrong

    def forward(self, x, state=None, *, generator=None):
        steps = len(x) // 6
        populations = x.reshape(6, steps, x.shape[1], 4, 3).sum((1, 4))
        outputs = torch.zeros(len(x), x.shape[1], 2)
        for trial in range(x.shape[1]):
            kept, since = 0, 0
            for place in range(6):
                shown = populations[place, trial]
                if shown[2] > 0:
                    kept, since = int(shown[1] > shown[0]), place
                if shown[3] > 0:
                    answer = 1 - kept if place - since in self.wrong else kept
                    outputs[place * steps : (place + 1) * steps, trial, answer] = 1
        return outputs, ()


def test_thresholds_rise_as_in_the_published_code(task):
    # b' = r b + (1 - r) z with z = 1 / ms, B = 0.01 + 1.7 b
    r = np.exp(-1 / 600)
    assert rise(0.6, 0.001) == pytest.approx(1.7 * (1 - r) / 0.01)
    network = spiking_network(task, 6, adaptive=0.5, strength=0.2, tau_adaptation=0.6, seed=1)
    assert int((network.cell.strength > 0).sum()) == 3
    plain = spiking_network(task, 6, adaptive=0.0, strength=0.2, tau_adaptation=0.6, seed=1)
    assert torch.equal(plain.cell.input_weight, network.cell.input_weight)
    assert not plain.cell.strength.any()


def test_errors_are_counted_by_delay(task):
    assert recalls_of(Oracle(task, ()), task, 150, Seeds(2), batch=60).error == 0
    found = recalls_of(Oracle(task, (3,)), task, 150, Seeds(2), batch=60)
    np.testing.assert_array_equal(found.wrong, found.held == 3)
    by_delay = found.error_at(5)
    assert by_delay[1] == 100
    assert not np.delete(by_delay, 1).any()
    assert Recalls(np.array([True, False]), np.array([2, 2])).error_at(3)[0] == 50
    assert np.isnan(Recalls(np.array([True]), np.array([2])).error_at(3)[1])


def test_an_lstm_hears_counts(task):
    network = BinnedLSTM(task, 5, 10, seed=0)
    inputs = torch.from_numpy(task.batch(3, 0).inputs)
    outputs, _ = network(inputs)
    counts = torch.stack([inputs[k : k + 10].sum(0) for k in range(0, len(inputs), 10)])
    alone, _ = network.network(counts)
    torch.testing.assert_close(outputs, alone.repeat_interleave(10, dim=0))


def test_planned_trials_store_second_and_recall_last_but_one(task):
    shown = planned(task, 8, Seeds(0))
    assert (shown.columns["commands"] == [0, 1, 0, 0, 2, 0]).all()
    assert shown.columns["answer"][:, 4].tolist() == [0, 1] * 4
    assert (shown.columns["held"][:, 4] == 3).all()


def test_a_bit_that_is_in_the_thresholds_goes_with_them():
    # a unit spikes if its bit comes with the store, and at the recall; the read-out prefers the unit that spikes less
    task = make("store_recall", symbols=6, symbol=0.04, expected_delay=2.0, units=3, rate=1000.0)
    network = spiking_network(task, 2, adaptive=1.0, strength=0.6, tau_adaptation=5.0, seed=0)
    cell = network.cell
    with torch.no_grad():
        cell.parametrizations.recurrent_weight.original.zero_()
        cell.input_weight.zero_()
        for bit in (0, 1):
            cell.input_weight[bit, 3 * bit : 3 * bit + 3] = 0.014
            cell.input_weight[bit, 6:9] = 0.014
            cell.input_weight[bit, 9:] = 0.022
        network.readout.weight.copy_(torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))
        network.readout.bias.zero_()
    found = swapped_errors(network, task, 64, Seeds(3))
    assert found["none"] == 0
    assert found["thresholds"] == 100
    assert found["rest"] == 0
    shown = example(network, task, Seeds(3))
    assert shown.thresholds.min() >= 1
    np.testing.assert_allclose(shown.outputs.sum(1), 1)
    assert shown.rate > 0


def test_claims_read_the_planted_results():
    results = Bellec2018.Results(
        errors={"LSNN": 2.0, "LIF": 42.0, "short": 40.0, "LSTM": 1.0}, untrained=50.0,
        by_delay={"LSNN": np.zeros(2)}, seconds=np.array([0.1, 0.2]), shortest=5.0,
        swapped={"none": 1.0, "thresholds": 97.0, "rest": 3.0}, rates={"LSNN": 50.0}, example={},
    )  # fmt: skip
    claims = {one.id: one for one in Bellec2018().claims(results)}
    assert all(one.threshold.holds(one.value) for one in claims.values())
    assert not any(one.threshold.holds(one.control.value) for one in claims.values())
    assert claims["gap"].value == 40
    assert claims["gap"].control.value == 2
    assert claims["close_to_lstm"].value == 1
    hasty = {one.id: one for one in Bellec2018().claims(replace(results, shortest=4.0))}
    assert not hasty["recalls"].threshold.holds(hasty["recalls"].value), "delays are too short to say so"
