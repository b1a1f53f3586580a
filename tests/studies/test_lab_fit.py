"""A study that trains networks keeps them in its run folder and survives a kill."""

import importlib.util
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[1] / "learning" / "study_script.py"


@pytest.fixture
def study():
    spec = importlib.util.spec_from_file_location("study_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.study


@pytest.mark.slow
def test_a_study_killed_while_it_trains_ends_with_the_same_networks(study, tmp_path):
    whole, _ = study(tmp_path / "whole")
    words = [sys.executable, str(SCRIPT), str(tmp_path / "killed"), "6"]
    killed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed, done = study(tmp_path / "killed")
    assert done == [0, 8], "the first is kept, the second goes on from its checkpoint at step 4"
    check_same(whole, resumed)


def test_networks_of_a_finished_study_are_read_back(study, tmp_path):
    first, done = study(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert done == [12, 12]
    assert [line["second/step"] for line in lines if "second/step" in line] == [4, 8, 12]
    again, done = study(tmp_path)
    assert done == [0, 0]
    check_same(first, again)


def check_same(some, others):
    for one, other in zip(some, others, strict=True):
        assert one.steps == other.steps == 12
        pairs = zip(one.model.parameters(), other.model.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
        assert [c.performance for c in one.history] == [c.performance for c in other.history]
