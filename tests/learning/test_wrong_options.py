"""What a user gets wrong in a call of fit is said in one line, before the first step."""

from __future__ import annotations

import os

import pytest
import torch

from tertium.errors import BadFile, BadInput
from tertium.learning import Lesson, costs, fit
from tertium.models import RateRNN
from tertium.tasks import make

TASK = make("go_nogo", dt=0.1)
SMALL = {"steps": 2, "batch": 2, "validate_every": 2, "validate_trials": 4, "progress": False}


def network() -> RateRNN:
    return RateRNN(TASK.n_inputs, 4, TASK.n_outputs, dt=TASK.dt)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"until": "x"}, "until: got 'x', expected a fraction correct"),
        ({"clip": "a"}, "clip: got 'a', expected a positive norm"),
        ({"learning_rate": "a"}, "learning_rate: got 'a', expected a positive number"),
        ({"costs": costs.RatesL1(0.1)}, r"costs: got RatesL1\(.*expected a list such as"),
        ({"costs": [costs.RatesL1]}, "costs: got .*expected a list such as"),
        ({"curriculum": [TASK]}, r"curriculum: got .*expected a list of lessons. Pass \[Lesson\("),
        ({"hooks": [3]}, r"hooks: got \[3\], expected a list of objects with after_step"),
        ({"sinks": [3]}, r"sinks: got \[3\], expected a list of functions"),
        ({"goal": 3}, "goal: got 3, expected a name, or a function"),
        ({"rule": 3}, "rule: got 3, expected a name, or a Rule"),
        (
            {"optimizer": torch.optim.SGD([torch.zeros(1)], lr=0.1)},
            "optimizer: got a SGD, expected a name, or a function",
        ),
    ],
)
def test_options_of_the_wrong_kind(options, message) -> None:
    with pytest.raises(BadInput, match=message):
        fit(network(), TASK, **{**SMALL, **options})


def test_what_is_no_network_and_what_is_no_task() -> None:
    with pytest.raises(BadInput, match=r"task: got 'go_nogo', expected a task. Pass tertium.tasks.make\('go_nogo'\)"):
        fit(network(), "go_nogo", **SMALL)
    with pytest.raises(BadInput, match="task of a lesson: got 'go_nogo', expected a task"):
        Lesson("go_nogo", 0.5)
    with pytest.raises(BadInput, match="model: got a int"):
        fit(3, TASK, **SMALL)
    with pytest.raises(
        BadInput, match=r"model Linear: got forward\(input\), expected forward\(x, state=None, generator"
    ):
        fit(torch.nn.Linear(TASK.n_inputs, TASK.n_outputs), TASK, **SMALL)


def test_a_folder_that_cannot_be_made_is_found_before_training(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    model = network()
    before = model.cell.recurrent_weight.detach().clone()
    with pytest.raises(BadInput, match=r"checkpoint folder .*: got Not a directory, expected a folder in which files"):
        fit(model, TASK, checkpoint=tmp_path / "file" / "run", **SMALL)
    assert torch.equal(before, model.cell.recurrent_weight)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="no right to write there"):
        fit(network(), TASK, checkpoint=tmp_path, **SMALL)


def test_a_checkpoint_of_something_else(tmp_path) -> None:
    torch.save({"weights": torch.zeros(2)}, tmp_path / "checkpoint-fit.pt")
    with pytest.raises(BadFile, match=r"got a file with weights in it, expected a checkpoint of a training"):
        fit(network(), TASK, checkpoint=tmp_path, **SMALL)


def test_a_fit_is_shown_in_one_line() -> None:
    text = repr(fit(network(), TASK, **SMALL))
    assert text.startswith("Fit(RateRNN, 2 steps, stopped by steps, performance ")
    assert "\n" not in text
