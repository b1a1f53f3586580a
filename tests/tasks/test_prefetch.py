"""Batches made ahead: the same batches, in order, and no thread left behind."""

import itertools
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import TaskLike, make, prefetch


def threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("tertium-prefetch")]


class Counting:
    """A task that records how many batches were made, and fails or dawdles on request."""

    name, n_inputs, n_outputs, dt = "counting", 1, 1, 0.02

    def __init__(self, bad=(), slow=()):
        self.made, self.bad, self.slow = [], bad, slow

    def batch(self, n, seed=0, **fixed):
        if seed in self.slow:
            time.sleep(0.05)
        if seed in self.bad:
            raise BadInput("seed", got=str(seed), expected="a good one")
        self.made.append(seed)
        return seed

    def performance(self, outputs, batch):
        return 0.0


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_are_those_of_direct_calls(workers):
    tasks = make("yang19", tasks=["dm1", "fdgo", "dmcgo"])
    with prefetch(tasks, 6, range(8), workers=workers) as batches:
        made = list(batches)
    assert len(made) == 8
    for seed, batch in enumerate(made):
        direct = tasks.batch(6, seed)
        assert batch.spec is direct.spec
        for part in ("inputs", "targets", "mask"):
            np.testing.assert_array_equal(getattr(batch, part), getattr(direct, part))
    assert threads() == []


def test_order_is_kept_when_a_batch_takes_longer_and_conditions_are_passed_on():
    task = Counting(slow=(0, 4))
    assert isinstance(task, TaskLike)
    with prefetch(task, 1, range(10), workers=3) as batches:
        assert list(batches) == list(range(10))
    with prefetch(make("context_decision"), 4, [5], delay=1.0) as batches:
        np.testing.assert_allclose(np.diff(next(batches).seconds("delay"))[:, 0], 1.0)


def test_the_lead_is_bounded():
    task = Counting()
    with prefetch(task, 1, itertools.count(), workers=2) as batches:
        next(batches)
        time.sleep(0.05)
        assert len(task.made) <= 1 + 2 * 2
        assert threads()
    assert threads() == []
    with pytest.raises(StopIteration):
        next(batches)


def test_an_error_comes_in_its_turn_and_ends_the_threads():
    batches = prefetch(Counting(bad=(2,)), 1, range(9), workers=2)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(BadInput, match="seed: got 2"):
        next(batches)
    assert threads() == []


def test_an_interruption_in_the_loop_ends_the_threads():
    def train():
        with prefetch(Counting(), 1, itertools.count(), workers=2) as batches:
            for seed in batches:
                if seed == 3:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert threads() == []


def test_dropping_it_ends_the_threads():
    batches = prefetch(Counting(), 1, itertools.count())
    next(batches)
    del batches
    end = time.monotonic() + 5
    while threads() and time.monotonic() < end:
        time.sleep(0.01)
    assert threads() == []


def test_workers_are_checked():
    with pytest.raises(BadInput, match="workers: got -1, expected an integer >= 0"):
        prefetch(Counting(), 1, range(3), workers=-1)


@pytest.mark.slow
def test_ctrl_c_ends_the_process_at_once():
    program = (
        "import itertools, signal; from tertium.tasks import make, prefetch\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job may have been told to ignore it
        "for i, batch in enumerate(prefetch(make('context_decision'), 64, itertools.count(), workers=2)):\n"
        "    if i == 3: print('running', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert errors.strip().splitlines()[-1] == "KeyboardInterrupt"
