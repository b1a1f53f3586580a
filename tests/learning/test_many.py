"""Seeds in parallel processes give the networks that they give one after the other, also when a process is killed."""

import importlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tertium.errors import BadInput
from tertium.learning import Diverged, Lost, fit, fit_many

OPTIONS = {"steps": 6, "batch": 2, "validate_every": 3, "validate_trials": 4, "checkpoint_every": 2}


@pytest.fixture
def making(monkeypatch):
    """The functions that other processes import: their folder is on the path of both."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv("PYTHONPATH", here, prepend=":")
    yield importlib.import_module("making")
    del sys.modules["making"]


@pytest.mark.slow
def test_seeds_in_processes_are_seeds_one_by_one_even_if_one_is_killed(making, tmp_path):
    (tmp_path / "marks").mkdir()
    hook = making.Kill(tmp_path / "marks", at=5, times=1)
    fits = fit_many(making.network_and_task, [4, 2], folder=tmp_path / "runs", workers=2, hooks=[hook], **OPTIONS)
    assert len(list((tmp_path / "marks").iterdir())) == 1, "one process was killed"
    assert list(fits) == [4, 2]
    for seed, done in fits.items():
        model, task = making.network_and_task(seed)
        alone = fit(model, task, seed=seed, **OPTIONS)
        assert done.steps == 6
        for a, b in zip(done.model.parameters(), alone.model.parameters(), strict=True):
            assert torch.equal(a, b)
        assert (tmp_path / "runs" / f"seed-{seed}" / "metrics.jsonl").exists()


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_is_given_up(making, tmp_path):
    (tmp_path / "marks").mkdir()
    hook = making.Kill(tmp_path / "marks", at=1, times=9)
    with pytest.raises(Lost, match=r"training of seed 0: got its process ended 2 times \(exit code -9\)"):
        fit_many(making.network_and_task, [0], folder=tmp_path / "runs", restarts=1, hooks=[hook], **OPTIONS)


@pytest.mark.slow
def test_an_error_in_a_process_is_raised_here(making, tmp_path):
    with pytest.raises(Diverged, match="step 0 of training: got loss inf"):
        fit_many(making.network_and_task, [0], folder=tmp_path, goal=making.diverges, **OPTIONS)
    with pytest.raises(ZeroDivisionError, match="no network for seed 7"):
        fit_many(making.nothing, [7], folder=tmp_path, **OPTIONS)


ENDLESS = """
import sys
from making import network_and_task
from tertium.learning import fit_many
fit_many(network_and_task, [0, 1], folder=sys.argv[1], workers=2, steps=10**7, batch=2, validate_trials=4)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_no_process_outlives_the_one_that_asked_for_it(making, tmp_path, sent):
    asking = subprocess.Popen([sys.executable, "-c", ENDLESS, str(tmp_path)], stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while len(list(tmp_path.glob("seed-*/checkpoint-fit.pt"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    asking.send_signal(sent)
    # standard error is at its end when nobody holds it any more, its children neither
    asking.communicate(timeout=20)
    assert asking.returncode == -sent
    assert len(list(tmp_path.glob("seed-*/checkpoint-fit.pt"))) == 2


@pytest.mark.parametrize(
    ("seeds", "options", "message"),
    [
        ([], {}, "seeds: got \\[\\], expected different integers"),
        ([1, 1], {}, "seeds: got \\[1, 1\\]"),
        ([1], {"workers": 0}, "workers: got 0"),
        ([1], {"checkpoint": "there"}, "option 'checkpoint': got given, expected to be left to fit_many"),
        ([1], {"goal": lambda outputs, trials: 0}, "goal: got <function .*, which cannot be sent to another process"),
    ],
)
def test_what_cannot_be_done_is_answered_before_a_process_is_started(making, tmp_path, seeds, options, message):
    with pytest.raises(BadInput, match=message):
        fit_many(making.network_and_task, seeds, folder=tmp_path / "runs", **options)
    assert not (tmp_path / "runs").exists()
