"""Pictures of tasks show the trials as they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import gallery, make, plot


@pytest.fixture(scope="module")
def drawn():
    """Return a picture and the trials among which it looked for kinds."""
    task = make("context_decision")
    return plot(task, seed=2), task.batch(128, 2)


def texts(figure):
    return [a.text for a in figure.layout.annotations]


def test_a_column_for_each_kind_of_trial_a_row_for_each_block(drawn):
    figure, _ = drawn
    assert [t for t in texts(figure) if t.startswith("context =")] == ["context = 0", "context = 1"]
    rows = ["fixation", "motion", "colour", "context", "fixation", "choice", "all outputs"]
    assert [t for t in texts(figure) if t in {*rows}][-len(rows) :] == rows
    assert [t for t in texts(figure) if t.startswith("<b>")] == [
        "<b>inputs</b>",
        "<b>targets</b>",
        "<b>loss weights</b>",
    ]
    lines = 1 + 2 + 2 + 2 + 1 + 2 + 1
    assert len(figure.data) == 2 * lines


def test_lines_are_the_batch(drawn):
    figure, batch = drawn
    trial = int(np.flatnonzero(batch.columns["context"] == 0)[0])
    steps = int(batch.lengths[trial])
    motion = next(trace for trace in figure.data if trace.name == "motion 0")
    assert np.allclose(motion.y[:-1], batch.inputs[:steps, trial, 1])
    assert motion.x[1] == pytest.approx(0.02)
    assert motion.x[-1] == pytest.approx(steps * 0.02)


def test_epochs_are_shaded_and_named_where_they_are(drawn):
    figure, batch = drawn
    trial = int(np.flatnonzero(batch.columns["context"] == 0)[0])
    shades = [s for s in figure.layout.shapes if s.xref == "x"]
    assert [(s.x0, s.x1) for s in shades] == [
        tuple(pytest.approx(edge) for edge in batch.seconds(name)[trial]) for name in batch.epochs
    ]
    assert texts(figure)[:4] == ["fixation", "stimulus", "delay", "decision"]


def test_rings_are_drawn_as_colours_over_degrees():
    figure = plot(make("yang19/dm1"))
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    ring = maps[0]
    assert ring.z.shape[0] == 32
    assert ring.y[8] == pytest.approx(90.0)
    assert "(degrees)" in " ".join(texts(figure))
    assert {trace.zmax for trace in maps[:1]} == {max(trace.zmax for trace in maps[:1])}


def test_many_bits_are_drawn_one_below_the_other():
    figure = plot(make("flip_flop", bits=3, duration=0.5))
    first, second = (np.asarray(t.y, dtype=float) for t in figure.data if t.name in {"memory 0", "memory 1"})
    assert first.min() > second.max() - 1e-6 or first.mean() - second.mean() > 1.5


@pytest.mark.slow
def test_too_many_kinds_are_counted_in_the_title():
    figure = plot(make("reach"), panels=4)
    assert [t for t in texts(figure) if t.startswith("target =")] == [f"target = {k}" for k in (0, 2, 4, 6)]
    assert "(4 of 8 kinds of trials)" in figure.layout.title.text


@pytest.mark.slow
def test_a_set_shows_its_tasks():
    figure = plot(make("yang19"), panels=3)
    assert "(3 of 20 kinds of trials)" in figure.layout.title.text
    assert "fdgo" in texts(figure)


def test_an_episodic_task_is_drawn_too():
    assert {"clock", "last action", "choice"} <= set(texts(plot(make("bandit", trials=20))))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_picture():
    task = make("go_nogo")
    assert plot(task, 1).to_json() == plot(task, 1).to_json() != plot(task, 2).to_json()


@pytest.mark.slow
def test_a_gallery_is_one_page_without_links_to_scripts():
    page = gallery({"a": make("context_decision"), "b": make("bandit", trials=5)})
    assert re.findall(r"<section id=\"(\w+)\"", page) == ["a", "b"]
    assert "2 tasks" in page
    assert not re.search(r"<script[^>]+src=", page)
    assert page.count("Mante, Sussillo, Shenoy") == 1


def test_bad_input_is_answered_clearly():
    with pytest.raises(BadInput, match="panels: got 0, expected an integer >= 1"):
        plot(make("bandit"), panels=0)
