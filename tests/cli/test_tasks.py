"""``tertium tasks``: lists, describes, draws; bad input is answered in one line."""

from __future__ import annotations

import json

import pytest

from tertium.cli import main
from tertium.tasks import TASKS


@pytest.fixture
def said(capsys):
    """Return a function that runs a command line and returns exit code, standard output and standard error."""

    def run(*words):
        code = main(["tasks", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.mark.slow
def test_all_tasks_are_listed(said):
    code, out, _ = said("--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == list(TASKS)
    assert len(rows) >= 45
    assert all(row["what"] and row["inputs"] > 0 and row["outputs"] > 0 for row in rows)


def test_a_word_narrows_the_list(said):
    code, out, _ = said("bandit_", "--json")
    rows = json.loads(out)
    assert (code, len(rows)) == (0, 3)
    assert set(rows[0]) == {"name", "what", "inputs", "outputs", "cite"}
    assert "3 tasks" in said("bandit_*")[1]


def test_a_task_is_described(said):
    code, out, _ = said("context_decision", "--json")
    told = json.loads(out)
    assert code == 0
    assert [e["name"] for e in told["epochs"]] == ["fixation", "stimulus", "delay", "decision"]
    assert told["epochs"][0]["duration"] == "0.3 s"
    assert [c["name"] for c in told["conditions"]] == ["context", "motion", "colour", "choice"]
    assert told["conditions"][-1]["drawn"] == "follows from the conditions before it"
    options = {option["name"]: option for option in told["options"]}
    assert options["dt"] == {"name": "dt", "default": "0.02", "meaning": "Time step in seconds."}
    text = said("context_decision")[1]
    assert "Judge the motion or the colour" in text
    assert "7 inputs, 3 outputs, dt 0.02 s" in text


def test_options_of_a_class_are_described_with_those_of_its_bases(said):
    told = json.loads(said("bandit", "arms=4", "--json")[1])
    meanings = {option["name"]: option["meaning"] for option in told["options"]}
    assert meanings["trials"] == "Trials in an episode."
    assert meanings["arms"].endswith("[now 4]")
    assert told["n_outputs"] == 4


def test_a_set_names_its_tasks(said):
    told = json.loads(said("yang19", "tasks=dm1,fdgo", "--json")[1])
    assert told["tasks"] == ["dm1", "fdgo"]


def test_a_list_may_have_one_member(said):
    told = json.loads(said("context_decision", "coherences=0.5", "--json")[1])
    assert "(-0.5, 0.5)" in told["conditions"][1]["drawn"]


@pytest.mark.slow
def test_a_picture_is_written_and_its_place_told(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = said("yang19/dm1", "--plot")
    saved = tmp_path / "yang19_dm1.html"
    assert (code, out.strip()) == (0, str(saved))
    assert saved.read_text(encoding="utf-8").startswith("<!doctype html>")
    out = said("bandit_", "--plot", "--out", "some/page.html", "--json")[1]
    assert json.loads(out)["tasks"] == ["bandit_correlated", "bandit_restless", "bandit_volatile"]
    assert (tmp_path / "some" / "page.html").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["context_decsion"],
            "task: got 'context_decsion', expected one of the known names. Did you mean 'context_dec",
        ),
        (["context_decsion", "dt=0.1"], "Did you mean 'context_decision'"),
        (["context_decision", "nose=1"], "Did you mean 'noise'?"),
        (["context_decision", "dt=foo"], "option 'dt' of task 'context_decision': got 'foo', expected a number"),
        (["context_decision", "dt=-1"], "dt: got -1, expected seconds > 0"),
        (["context_decision", "--plot", "--out", "/dev/null/x.html"], "--out /dev/null/x.html: got "),
        (["context_decision", "dt"], "override: got 'dt', expected key=value"),
        (["bandit", "arms=2.5"], "got 2.5, expected an integer, such as the default 2"),
        (["bandit", "shows_past=3"], "got 3, expected true or false"),
        (["reach", "effector=3"], "got 3, expected a word"),
        (["reach", "effector=arm"], "effector: got 'arm'"),
        (["context_decision", "delay=long"], "option 'delay' of task 'context_decision': got 'long'"),
        (["dt=0.1"], "options: got no task, expected a task before its options"),
    ],
)
def test_bad_input_is_answered_in_one_line_with_exit_code_2(said, words, line):
    code, out, err = said(*words)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert line in err
