"""A training that is killed or interrupted goes on to the very weights and numbers it would have had."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from tertium.checkpoint import load_checkpoint, save_checkpoint
from tertium.errors import BadInput
from tertium.learning import fit
from tertium.learning.training.keeping import FolderKeeper
from tertium.studies.lab import MemoryLab

SCRIPT = Path(__file__).with_name("training_script.py")


@pytest.fixture(scope="module")
def script():
    """The script's functions, in this process."""
    spec = importlib.util.spec_from_file_location("training_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["training_script"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["training_script"]


@pytest.fixture(scope="module")
def whole(script):
    """The uninterrupted training."""
    return script.train()


def same_but_for_time(a, b):
    drop = lambda done: done.table().drop(columns="seconds")  # noqa: E731
    return drop(a).equals(drop(b))


def start(folder, name, at):
    words = [sys.executable, str(SCRIPT), str(folder), name, str(at)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def check_resumed(resumed, whole, folder):
    for (name, got), (_, want) in zip(
        resumed.model.state_dict().items(), whole.model.state_dict().items(), strict=True
    ):
        assert torch.equal(got, want), f"{name} differs"
    assert same_but_for_time(resumed, whole)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 24], "each validation once"
    assert not list(folder.glob("*.part"))


def test_the_training_of_these_tests_moves_on_and_rewires(whole, script):
    assert [check.lesson for check in whole.history] == [0, 0, 1, 1, 1]
    active = whole.model.cell.parametrizations.recurrent_weight[0].active
    begun = script.train(steps=1).model.cell.parametrizations.recurrent_weight[0].active
    assert not torch.equal(active, begun)


@pytest.mark.parametrize("at", [6, 15])
def test_a_training_that_fails_anywhere_is_taken_up_to_the_same_weights(whole, script, tmp_path, at):
    class Fail:
        done = 0

        def after_step(self, model, seeds):
            Fail.done += 1
            if Fail.done == at:
                raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError, match="pulled the plug"):
        script.train((Fail(),), checkpoint=tmp_path)
    assert (tmp_path / "checkpoint-fit.pt").exists() == (at > 6)
    hooks = (script.Signal(signal.SIGKILL, -1),)
    check_resumed(script.train(hooks, checkpoint=tmp_path), whole, tmp_path)
    assert hooks[0].done == 24 - (at - 1) // 6 * 6, "no more than one checkpoint interval is repeated"


@pytest.mark.slow
def test_a_killed_process_is_taken_up_to_the_same_weights(whole, script, tmp_path):
    killed = start(tmp_path, "SIGKILL", 15)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    check_resumed(script.train((script.Signal(0, -1),), checkpoint=tmp_path), whole, tmp_path)


@pytest.mark.slow
def test_ctrl_c_ends_a_process_cleanly_with_nothing_lost(whole, script, tmp_path):
    stopped = start(tmp_path, "SIGINT", 15)
    assert "KeyboardInterrupt" in stopped.stderr
    assert stopped.returncode in (-signal.SIGINT, 1, 130)
    assert load_checkpoint(tmp_path / "checkpoint-fit.pt")["step"] == 15, "the step under way was finished and kept"
    hooks = (script.Signal(0, -1),)
    check_resumed(script.train(hooks, checkpoint=tmp_path), whole, tmp_path)
    assert hooks[0].done == 9


def test_ctrl_c_can_return_what_there_is(whole, script, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    done = script.train((script.Signal(signal.SIGINT, 8),), checkpoint=tmp_path, on_interrupt="return")
    assert (done.steps, done.stopped, len(done.history)) == (8, "interrupted", 1)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        script.train((script.Signal(signal.SIGINT, 1),))
    check_resumed(script.train((script.Signal(0, -1),), checkpoint=tmp_path), whole, tmp_path)


def test_a_second_ctrl_c_strikes_at_once(script):
    class Twice:
        def after_step(self, model, seeds):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("the second one was held back")

    with pytest.raises(KeyboardInterrupt):
        script.train((Twice(),))


def test_training_runs_in_a_thread_where_no_signals_arrive(task, network):
    found = []
    thread = threading.Thread(target=lambda: found.append(fit(network(), task, steps=1, batch=2, validate_trials=4)))
    thread.start()
    thread.join()
    assert found[0].steps == 1


def test_a_finished_training_is_read_and_not_repeated(whole, script, tmp_path):
    script.train(checkpoint=tmp_path)
    metrics = (tmp_path / "metrics.jsonl").read_bytes()
    again = script.train(checkpoint=tmp_path)
    check_resumed(again, whole, tmp_path)
    assert (tmp_path / "metrics.jsonl").read_bytes() == metrics


def test_a_training_that_met_its_criterion_stays_stopped(network, scripted, tmp_path):
    options = {"steps": 50, "batch": 2, "validate_every": 3, "validate_trials": 4, "until": 0.9}
    first = fit(network(), scripted(0.5, 0.95), checkpoint=tmp_path, **options)
    again = fit(network(), scripted(), checkpoint=tmp_path, **options)
    assert (first.steps, first.stopped) == (again.steps, again.stopped) == (6, "criterion")
    assert again.history == first.history


def test_a_longer_training_goes_on_from_a_shorter_one(task, network, same, tmp_path):
    options = {"batch": 2, "validate_every": 4, "validate_trials": 4}
    whole, parts = network(), network()
    fit(whole, task, steps=8, **options)
    fit(parts, task, steps=4, checkpoint=tmp_path, **options)
    fit(parts, task, steps=8, checkpoint=tmp_path, **options)
    assert same(whole, parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "checkpoint of a training with seed = 0/fit: got seed = 1/fit"),
        ({"batch": 3}, "training with batch = 2: got batch = 3"),
        ({"learning_rate": 0.1}, "training with learning_rate = None: got learning_rate = 0.1"),
        ({"schedule": "linear"}, "training with schedule = None: got schedule = linear over 2 steps"),
        ({"until": 0.9}, "training with lessons = context_decision until None"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(task, network, tmp_path, options, message):
    common = {"steps": 2, "batch": 2, "validate_trials": 4, "checkpoint": tmp_path}
    fit(network(), task, **common)
    with pytest.raises(BadInput, match=message):
        fit(network(), task, **{**common, **options})


def test_a_checkpoint_of_another_network_is_refused(task, network, tmp_path):
    common = {"steps": 2, "batch": 2, "validate_trials": 4, "checkpoint": tmp_path}
    fit(network(), task, **common)
    with pytest.raises(BadInput, match=r"n_units = 12: got n_units = 13"):
        fit(network(units=13), task, **common)


def test_a_keeper_and_a_folder_are_one_too_many(task, network, tmp_path):
    with pytest.raises(BadInput, match="checkpoint: got a folder and a keeper"):
        fit(network(), task, checkpoint=tmp_path, keeper=FolderKeeper(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"checkpoint: got the file .*, expected a folder"):
        fit(network(), task, checkpoint=tmp_path / "file")


def test_a_lab_trains_with_its_own_seeds_and_metrics(task, network, same):
    options = {"steps": 4, "batch": 2, "validate_every": 2, "validate_trials": 4}
    a, b, c = network(), network(), network()
    lab = MemoryLab(seed=3)
    lab.fit(a, task, name="first", **options)
    lab.fit(b, task, name="second", **options)
    MemoryLab(seed=3).fit(c, task, name="first", **options)
    assert same(a, c)
    assert not same(a, b)
    assert [line["first/step"] for line in lab.metrics[:2]] == [2, 4]
    assert "second/performance" in lab.metrics[2]


def test_the_folder_keeper_counts_from_its_checkpoint(tmp_path):
    state = {"x": 0}
    keeper = FolderKeeper(tmp_path / "new")
    for step in keeper("walk", 5, save=lambda: dict(state), load=state.update, every=2):
        state["x"] += 1
        if step == 4:
            break
    state["x"] = -1
    assert list(keeper("walk", 7, save=lambda: dict(state), load=state.update, every=2)) == [4, 5, 6]
    assert load_checkpoint(keeper.path("walk")) == {"step": 7, "state": {"x": 4}}
    save_checkpoint(keeper.path("walk"), {"step": 7, "state": {"x": 4}})
    assert list(keeper("walk", 7, save=lambda: dict(state), load=state.update)) == []


@pytest.mark.parametrize(
    ("network", "task", "named"),
    [
        ({"tau": 0.2}, {}, "cells.0.alpha"),
        ({"nonlinearity": "tanh"}, {}, "cells.0.nonlinearity"),
        ({"noise": 0.2}, {}, "cells.0.noise_std"),
        ({}, {"noise": 0.3}, "options of the task"),
    ],
)
def test_a_checkpoint_of_another_network_or_task_is_refused(tmp_path, network, task, named):
    from tertium.models import RateRNN
    from tertium.tasks import make

    def train(network, task, steps=2):
        made = make("context_decision", **task)
        model = RateRNN(made.n_inputs, 6, made.n_outputs, dt=made.dt, **network)
        return fit(model, made, steps=steps, batch=4, validate_every=2, validate_trials=4, checkpoint=tmp_path)

    train({}, {})
    with pytest.raises(BadInput, match=named):
        train(network, task)
    assert train({}, {}, steps=4).steps == 4


def test_a_file_that_is_no_checkpoint_is_named(tmp_path):
    from tertium.errors import BadFile

    torch.save([1], tmp_path / "checkpoint-fit.pt")
    with pytest.raises(BadFile, match="a list, not the state of a loop"):
        load_checkpoint(tmp_path / "checkpoint-fit.pt")


def test_a_lab_has_its_own_seed():
    with pytest.raises(BadInput, match="the lab has its own"):
        MemoryLab(1).fit(torch.nn.Linear(1, 1), None, seed=3)
