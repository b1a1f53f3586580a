"""However a run with worker processes ends, none of them is left behind, and the run goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import accumulate
from pathlib import Path

import pytest

from tertium.rng import Seeds
from tertium.run import workers
from tertium.run.tree import load_tree
from tertium.run.workers import Terminated, worker_pool

pytestmark = pytest.mark.slow
RUN = [sys.executable, "-m", "tertium", "run", "walk", "seeds=10,11", "--json", "--workers", "2"]


def finish(witness):
    """Run to the end, and return the walks of both seeds."""
    environment = {**os.environ, "WITNESS": str(witness)}
    done = subprocess.run(RUN, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    folder = Path(json.loads(done.stdout)["run"])
    return [load_tree(folder / f"seed-{seed}" / "results.npz")["results"]["path"].tolist() for seed in (10, 11)]


def walk(seed):
    """Return the walk of an uninterrupted run."""
    draws = Seeds(seed).numpy("walk").normal(size=200).tolist()
    return list(accumulate(draws, initial=0.0))


def lines(witness, word):
    found = witness.read_text().splitlines() if witness.exists() else []
    return [line.split() for line in found if line.startswith(word)]


def start(witness):
    """Start a run of two workers, and return it with their process ids when both wait in their 58th step."""
    environment = {**os.environ, "WAIT_AT": "57", "WITNESS": str(witness)}
    # a session of its own, as under a scheduler: a signal reaches the process it is sent to and no other
    process = subprocess.Popen(
        RUN,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while len(lines(witness, "waits")) < 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    pids = [int(pid) for _, _, pid in lines(witness, "waits")]
    assert len(set(pids) - {process.pid}) == 2
    return process, pids


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)], ids=["TERM", "KILL"]
)
def test_no_worker_outlives_the_run_and_the_run_goes_on(plugin, runs, tmp_path, sent, code):
    witness = tmp_path / "witness"
    process, pids = start(witness)
    process.send_signal(sent)
    # the pipes of a process are at their end when nobody holds them any more, its children neither
    output, errors = process.communicate(timeout=30)
    assert process.returncode == code, errors
    assert output == ""
    if sent == signal.SIGTERM:  # killed, its orphans stay in the table of processes until the system collects them
        assert [pid for pid in pids if is_alive(pid)] == []
        assert "leaked" not in errors

    assert finish(witness) == [walk(10), walk(11)]
    for seed in ("10", "11"):
        assert len([line for line in lines(witness, "stage") if line[1] == seed]) == 1, "a finished stage is kept"
        steps = [line for line in lines(witness, "step") if line[1] == seed]
        assert 200 < len(steps) <= 200 + 10, "at most one checkpoint interval is repeated"
    assert not list(runs.rglob("*.part"))


def interrupted_by(number, pids):
    """Do a long job in a pool, while a signal reaches this process."""
    with worker_pool(1) as pool:
        pids.append(pool.submit(os.getpid).result())
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
        pool.submit(time.sleep, 60).result()


def test_a_handler_of_the_caller_is_asked_after_the_workers_are_gone():
    asked, pids = [], []

    def mine(number, frame):
        asked.append((number, is_alive(pids[0])))

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with pytest.raises(Terminated):
            interrupted_by(signal.SIGTERM, pids)
        assert asked == [(signal.SIGTERM, False)]
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_ctrl_c_leaves_no_worker_that_goes_on(monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 0.2)
    pids = []
    # a shell that starts the tests in the background has SIGINT ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted_by(signal.SIGINT, pids)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not is_alive(pids[0])


def test_an_error_of_one_job_lets_the_others_be_done(tmp_path):
    witness, before = tmp_path / "done", signal.getsignal(signal.SIGTERM)

    def fail():
        with worker_pool(1) as pool:
            failing = pool.submit(divmod, 1, 0)
            pool.submit(witness.write_text, "done")
            failing.result()

    with pytest.raises(ZeroDivisionError):
        fail()
    assert witness.read_text() == "done"
    assert signal.getsignal(signal.SIGTERM) == before
