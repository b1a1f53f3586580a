"""Both labs refuse the same names; the run folder's lab keeps loops as every keeper of a folder does."""

import pytest

from tertium.checkpoint import load_checkpoint, save_checkpoint
from tertium.errors import BadFile, BadInput
from tertium.learning.training.keeping import FolderKeeper
from tertium.models import RateRNN
from tertium.run.folder import RunFolder
from tertium.run.lab import FolderLab
from tertium.studies.lab import MemoryLab
from tertium.tasks import make


@pytest.fixture(params=["folder", "memory"])
def lab(request, tmp_path):
    return FolderLab(3, RunFolder(tmp_path / "run")) if request.param == "folder" else MemoryLab(3)


def nothing(*given):
    return {}


@pytest.mark.parametrize("name", ["two words", "../up", "", "a/b", "lesson.1", "-"])
def test_both_labs_refuse_the_same_names_before_any_work(lab, name):
    done = []
    message = "stage name.*expected letters, digits, - and _"
    with pytest.raises(BadInput, match=message):
        lab.stage(name, lambda: done.append("stage"))
    with pytest.raises(BadInput, match=message):
        lab.steps(name, 3, save=nothing, load=nothing)
    task = make("context_decision", delay=0.1, dt=0.05)
    network = RateRNN(task.n_inputs, 4, task.n_outputs, dt=task.dt)
    with pytest.raises(BadInput, match=message):
        lab.fit(network, task, name=name, steps=2, batch=2, validate_trials=2, progress=False)
    assert done == []


@pytest.mark.parametrize("name", ["plain", "with-dash_and_1", "Zähler"])
def test_both_labs_take_the_same_names(lab, name):
    assert lab.stage(name, lambda: 2) == 2
    assert list(lab.steps(name, 3, save=nothing, load=nothing)) == [0, 1, 2]


def test_a_loop_of_a_lab_is_one_of_a_keeper_of_its_folder(tmp_path):
    lab = FolderLab(3, RunFolder(tmp_path / "run"))
    kept = {"sum": 0}
    for step in lab.steps("walk", 25, save=lambda: dict(kept), load=kept.update, every=10):
        if step == 22:
            break
        kept["sum"] += step
    path = tmp_path / "run" / "seed-3" / "checkpoint-walk.pt"
    assert load_checkpoint(path) == {"step": 20, "state": {"sum": sum(range(20))}}
    keeper = FolderKeeper(path.parent)
    assert list(keeper("walk", 25, save=nothing, load=kept.update)) == [20, 21, 22, 23, 24]
    assert list(lab.steps("walk", 25, save=nothing, load=nothing)) == [], "finished by the keeper"


def test_a_checkpoint_of_something_else_is_named(tmp_path):
    lab = FolderLab(3, RunFolder(tmp_path / "run"))
    save_checkpoint(lab.place / "checkpoint-walk.pt", {"weights": [1.0]})
    with pytest.raises(BadFile, match=r"checkpoint-walk\.pt.*weights"):
        list(lab.steps("walk", 3, save=nothing, load=nothing))
