"""A run that is killed at any moment loses at most its last checkpoint interval, and ends as if nothing happened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tertium.run.tree import load_tree


def tertium(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tertium", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def results_of(run: dict, seed: int) -> dict:
    return load_tree(Path(run["run"]) / f"seed-{seed}" / "results.npz")["results"]


@pytest.mark.parametrize("kill_at", ["0", "57", "199"])
def test_a_killed_run_resumes_and_ends_like_an_uninterrupted_one(plugin, runs, tmp_path, kill_at):
    whole = tertium("run", "walk", "seeds=10,11", "--json", TERTIUM_RUNS=str(tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    witness = tmp_path / "witness"
    killed = tertium("run", "walk", "seeds=10,11", "--json", KILL_AT=kill_at, WITNESS=str(witness))
    assert killed.returncode == -9
    assert killed.stdout == ""
    resumed = tertium("run", "walk", "seeds=10,11", "--json", WITNESS=str(witness))
    assert resumed.returncode == 0, resumed.stderr

    first, again = json.loads(whole.stdout), json.loads(resumed.stdout)
    assert first["metrics"] == again["metrics"]
    assert first["claims"] == again["claims"]
    for seed in (10, 11):
        assert np.array_equal(results_of(first, seed)["path"], results_of(again, seed)["path"])

    lines = witness.read_text().splitlines()
    assert lines.count("stage 10") == 1, "a finished stage must not be repeated"
    steps = [line for line in lines if line.startswith("step 10 ")]
    assert 200 <= len(steps) <= 200 + 10, "at most one checkpoint interval is repeated"
    assert not list(Path(again["run"]).rglob("*.part"))


def test_a_finished_run_is_reused_and_fresh_starts_again(plugin, runs, tmp_path):
    witness = tmp_path / "witness"
    first = tertium("run", "walk", "seeds=10", "--json", WITNESS=str(witness))
    tertium("run", "walk", "seeds=10", "--json", WITNESS=str(witness))
    assert witness.read_text().count("start") == 1
    again = tertium("run", "walk", "seeds=10", "--json", "--fresh", WITNESS=str(witness))
    assert witness.read_text().count("start") == 2
    assert json.loads(first.stdout)["metrics"] == json.loads(again.stdout)["metrics"]


def test_workers_give_the_same_numbers(plugin, runs, tmp_path):
    one = tertium("run", "walk", "seeds=10,11", "--json", TERTIUM_RUNS=str(tmp_path / "one"))
    two = tertium("run", "walk", "seeds=10,11", "--json", "--workers", "2", TERTIUM_RUNS=str(tmp_path / "two"))
    assert two.returncode == 0, two.stderr
    assert json.loads(one.stdout)["metrics"] == json.loads(two.stdout)["metrics"]


def test_a_claim_that_does_not_hold_gives_exit_code_1(plugin, runs):
    module = plugin / "walk_plugin.py"
    module.write_text(module.read_text().replace("at_least(-1e6)", "at_least(1e6)"))
    done = tertium("run", "walk", "--smoke", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["claims"][0]["held"] is False


def test_a_control_that_does_not_fail_sinks_its_claim(plugin, runs):
    module = plugin / "walk_plugin.py"
    module.write_text(module.read_text().replace('Control("nothing", -1e9)', 'Control("nothing", 1.0)'))
    done = tertium("run", "walk", "--smoke", "--json")
    claim = json.loads(done.stdout)["claims"][0]
    assert done.returncode == 1
    assert (claim["held"], claim["control"]["failed"]) == (False, False)


def test_a_damaged_checkpoint_is_named(plugin, runs):
    tertium("run", "walk", "seeds=10", KILL_AT="57")
    (checkpoint,) = runs.rglob("checkpoint-walk.pt")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    done = tertium("run", "walk", "seeds=10")
    assert done.returncode == 2
    assert "checkpoint" in done.stderr
    assert "Delete it" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_loop_that_is_left_between_two_steps_keeps_them_all(tmp_path):
    """Ctrl-C, or a criterion that is met: off the grid of checkpoints."""
    from tertium.learning.training.keeping import leave
    from tertium.run.folder import RunFolder
    from tertium.run.lab import FolderLab

    def count(until: int | None) -> list[int]:
        done: list[int] = []
        kept = {"sum": 0}
        lab = FolderLab(3, RunFolder(tmp_path / "run"))
        counting = lab.steps("walk", 20, save=lambda: dict(kept), load=kept.update, every=10)
        for step in counting:
            if step == until:
                leave(counting)
                break
            kept["sum"] += step
            done.append(step)
        return [*done, kept["sum"]]

    assert count(7) == [*range(7), 21]
    assert count(None) == [*range(7, 20), 190]
