"""Pictures of tasks show the trials as they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.tasks import gallery, make, plot
from tertium.tasks.pictures.epochs import spread_out


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
    shades = [s for s in figure.layout.shapes if s.xref == "x" and s.type == "rect"]
    assert [(s.x0, s.x1) for s in shades] == [
        tuple(pytest.approx(edge) for edge in batch.seconds(name)[trial]) for name in batch.epochs
    ]
    assert texts(figure)[:4] == ["fixation", "stimulus", "delay", "decision"]


def feet(figure):
    """Pixels from the left at which the names of epochs begin, and their names, from left to right."""
    layout = figure.layout
    within = layout.width - layout.margin.l - layout.margin.r
    found = []
    for note in layout.annotations:
        if note.xref != "paper":
            axis = layout["xaxis" + note.xref[1:]]
            first, last = (edge * within for edge in axis.domain)
            found.append((first + note.x / axis.range[1] * (last - first) + (note.xshift or 0), note.text))
    return sorted(found), next(n.textangle for n in layout.annotations if n.xref != "paper")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("context_decision", {}),
        ("one_two_three_go", {}),
        ("hierarchical_reasoning", {"intervals": (0.05, 0.06)}),
        ("dual_delay_match", {}),
        ("delayed_match_distractor", {"distractors": 9}),  # more epochs than a panel of the usual width has room for
        ("yang19", {}),
    ],
)
def test_no_name_of_an_epoch_lies_on_another(name, options):
    places, angle = feet(plot(make(name, **options)))
    assert angle == -45
    between = np.diff([x for x, _ in places]) * np.sin(np.radians(45))
    assert between.min() >= 10  # lines of 10 pixels, also across the border of two panels


def test_names_that_fit_are_level_and_do_not_touch():
    task = make("perceptual_decision", fixation=1.0, stimulus=1.0, delay=1.0, decision=1.0)
    places, angle = feet(plot(task))
    assert not angle
    halves = np.array([6.2 * len(text) / 2 for _, text in places])
    assert (np.diff([x for x, _ in places]) > halves[1:] + halves[:-1]).all()


def test_places_are_the_nearest_that_are_far_enough_apart():
    rng = np.random.default_rng(0)
    for _ in range(20):
        wanted = np.sort(rng.uniform(0, 40, 6))
        placed = np.array(spread_out(list(wanted), 5.0, -100.0, 100.0))
        assert np.diff(placed).min() >= 5 - 1e-9
        cost = ((placed - wanted) ** 2).sum()
        for other in placed + rng.normal(size=(200, 6)) * rng.choice([0.01, 0.5], (200, 1)):
            if np.diff(other).min() >= 5:
                assert ((other - wanted) ** 2).sum() >= cost - 1e-9
    assert spread_out([0.0, 0.0, 0.0], 5.0, 0.0, 10.0) == [0.0, 5.0, 10.0]


def test_weights_that_differ_between_channels_are_drawn_for_each():
    task = make("flip_flop", duration=1.0)
    figure, batch = plot(task, seed=3), task.batch(1, 3)
    drawn = [np.asarray(t.y) for t in figure.data if t.name.startswith("all outputs")]
    assert len(drawn) == 3
    for k, y in enumerate(drawn):
        assert 0 < batch.mask[:, 0, k].mean() < 1
        np.testing.assert_allclose(y[:-1] - y[0], batch.mask[:, 0, k] - batch.mask[0, 0, k], atol=1e-6)


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
