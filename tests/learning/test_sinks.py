"""Where the numbers of a training go, and what is drawn of them."""

import json
import math
import sys

import pytest

from tertium.errors import MissingPackage
from tertium.learning import Check, Fit, Lesson, TensorBoard, fit
from tertium.learning.training.display import training_bar

OPTIONS = {"steps": 4, "batch": 2, "validate_every": 2, "validate_trials": 4}


def test_a_folder_holds_one_line_a_validation(task, network, tmp_path):
    done = fit(network(), task, checkpoint=tmp_path, **OPTIONS)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [check.numbers() for check in done.history]
    assert set(lines[0]) >= {"step", "loss", "performance", "validation_loss", "learning_rate", "gradient_norm"}


def test_a_sink_is_any_function(task, network):
    seen = []
    done = fit(network(), task, sinks=[seen.append], **OPTIONS)
    assert seen == [check.numbers() for check in done.history]


def test_tensorboard_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingPackage, match=r"TensorBoard: got .*Install it: pip install 'tertium\[tensorboard\]'"):
        TensorBoard(tmp_path)


def test_tensorboard_is_given_each_number(task, network, monkeypatch, tmp_path):
    written = []

    class SummaryWriter:
        def __init__(self, folder):
            self.folder = folder

        def add_scalar(self, name, value, step):
            written.append((name, value, step))

        def flush(self):
            written.append("flush")

    fake = type(sys)("torch.utils.tensorboard")
    fake.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    done = fit(network(), task, sinks=[TensorBoard(tmp_path)], **OPTIONS)
    assert ("performance", done.history[1].performance, 4) in written
    assert written.count("flush") == 2
    assert not [w for w in written if w[0] == "step"]


@pytest.mark.peer
def test_tensorboard_reads_what_was_written(task, network, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    done = fit(network(), task, sinks=[TensorBoard(tmp_path)], **OPTIONS)
    read = events.EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in read.Scalars("performance")] == [(c.step, c.performance) for c in done.history]


def test_the_bar_shows_loss_performance_and_speed_on_a_terminal_only(monkeypatch, capsys):
    with training_bar(10) as show:
        show(1, 0.5, math.nan)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with training_bar(10) as show:
        show(4, 0.25, math.nan)
        show(5, 0.125, 0.75)
    shown = capsys.readouterr().err
    assert "loss 0.125" in shown
    assert "correct 0.750" in shown
    assert "steps/s" in shown
    with training_bar(10, wanted=False) as show:
        show(4, 0.25, math.nan)
    assert capsys.readouterr().err == ""


def test_the_figure_shows_losses_performance_criterion_and_lessons(network, scripted):
    easy, hard = scripted(0.4, 0.8), scripted(0.5, 0.9)
    done = fit(
        network(), hard, curriculum=[Lesson(easy, until=0.7)], until=0.9, steps=8, batch=2, validate_every=1,
        validate_trials=4,
    )  # fmt: skip
    figure = done.figure()
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["performance"].y) == [0.4, 0.8, 0.5, 0.9]
    assert list(by_name["training loss"].x) == [1, 2, 3, 4]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis2.type) == ("training step", "log")
    texts = {line.label.text for line in figure.layout.shapes}
    assert texts == {"criterion 0.9", "lesson 2"}


def test_a_training_without_validations_has_a_table_and_a_figure_too(network):
    done = Fit(network(), (), 0, "interrupted", 0.0)
    assert len(done.table()) == 0
    assert math.isnan(done.performance)
    assert len(done.figure().data) == 3


def test_the_figure_of_a_set_of_tasks_draws_each(network):
    rows = [Check(k, 0, 1.0 / k, 0.5, 1.0, 1e-3, 1.0, 1.0, {"go": 0.5, "anti": 0.9}) for k in (1, 2)]
    names = [trace.name for trace in Fit(network(), rows, 2, "steps", 1.0).figure().data]
    assert {"go", "anti"} < set(names)
