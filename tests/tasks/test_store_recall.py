"""Planted facts of store_recall: what is stored, what is asked for, and the spikes that show it."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import make


@pytest.fixture(scope="module")
def batch():
    """Return many short trials."""
    return make("store_recall", symbols=8, symbol=0.02, expected_delay=3.0, units=5).batch(300, seed=3)


def test_each_recall_asks_for_the_bit_of_the_last_store(batch):
    columns = batch.columns
    for commands, bits, answer, held in zip(*(columns[k] for k in ("commands", "bits", "answer", "held")), strict=True):
        kept, since, waiting = None, 0, False
        for place, command in enumerate(commands):
            if command == 1:
                assert not waiting
                kept, since, waiting = bits[place], place, True
            wanted = (kept, place - since) if command == 2 else (-1, 0)
            assert (answer[place], held[place]) == wanted
            if command == 2:
                assert waiting
                assert held[place] >= 2, "a symbol lies between"
                waiting = False
        assert not waiting
        assert kept is not None


def test_commands_come_as_often_as_stated():
    task = make("store_recall", symbols=100, symbol=0.001, expected_delay=4.0, units=1)
    commands = task.batch(300, seed=0).columns["commands"]
    # a store takes 5 symbols to come, and its recall 6
    assert (commands > 0).mean() == pytest.approx(2 / 11, abs=0.01)


def test_spikes_show_bits_and_commands(batch):
    steps, rate = 20, 0.05
    counts = batch.inputs.reshape(8, steps, 300, 4, 5).mean((1, 4)).transpose(1, 0, 2)
    bits, commands = batch.columns["bits"], batch.columns["commands"]
    active = np.stack([(bits == 0) & (commands < 2), (bits == 1) & (commands < 2), commands == 1, commands == 2], -1)
    assert not counts[~active].any()
    assert counts[active].mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / (active.sum() * steps * 5)))
    assert set(np.unique(batch.inputs)) == {0.0, 1.0}


def test_recalls_alone_are_weighed_and_judged(batch):
    task = make("store_recall", symbols=8, symbol=0.02, expected_delay=3.0, units=5)
    recalled = np.repeat(batch.columns["commands"].T == 2, 20, axis=0)
    np.testing.assert_array_equal(batch.mask, np.repeat(recalled[..., None], 2, axis=2))
    assert task.performance(np.where(batch.mask > 0, batch.targets, 1 - batch.targets), batch) == 1.0
    one = np.argwhere(batch.columns["answer"] >= 0)[0]
    wrong = batch.targets.copy()
    wrong[one[1] * 20 : (one[1] + 1) * 20, one[0]] = wrong[one[1] * 20 : (one[1] + 1) * 20, one[0], ::-1]
    assert np.flatnonzero(~task.spec.response.correct(wrong, batch)).tolist() == [one[0]]
    read = task.spec.response.read(batch.targets, batch)
    np.testing.assert_array_equal(read, batch.columns["answer"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"symbols": 2}, "symbols of store_recall"),
        ({"symbol": 0.0015}, "whole number of steps"),
        ({"rate": 2000.0}, "one spike a step"),
        ({"expected_delay": 0.0}, "expected_delay"),
    ],
)
def test_what_makes_no_sequence_is_refused(options, said):
    with pytest.raises(BadInput, match=said):
        make("store_recall", **options)
