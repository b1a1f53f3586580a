"""The picture of a task: which trials, where everything goes, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.figure import COLOURS, new
from tertium.rng import Seeds
from tertium.tasks.channels import Channel, Ring
from tertium.tasks.pictures.drawing import draw_block
from tertium.tasks.pictures.epochs import EpochNames
from tertium.tasks.pictures.parts import Column, Row, Sheet
from tertium.tasks.task import TaskLike
from tertium.tasks.task_set import TaskSet

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Trials among which one of each combination of facets is looked for.
_SEARCHED = 128

# Pixels.
_COLUMN, _ALONE, _BETWEEN, _LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 236, 420, 16, 208, 76, 44, 52, 12


def plot(task: TaskLike, seed: int = 0, *, panels: int = 4) -> go.Figure:
    """Draw one trial of each kind of a task: inputs, targets and loss weights over time, epochs shaded and named.

    The kinds are the combinations of the task's ``facets`` (of a set, its tasks). Rings and other large blocks are
    drawn as colours, small ones as lines, one colour a channel.

    Parameters
    ----------
    task : Task, TaskSet or EpisodicTask
        From `tertium.tasks.make`.
    seed : int
        Of the trials.
    panels : int
        Most kinds to draw; where there are more, some are taken at even distances, and the title says so.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> from tertium.tasks import make
    >>> figure = plot(make("context_decision"))
    >>> [a.text for a in figure.layout.annotations if a.text.startswith("context =")]
    ['context = 0', 'context = 1']
    """
    if panels < 1:
        raise BadInput("panels", got=f"{panels}", expected="an integer >= 1", repair="Pass panels=4.")
    columns, kinds = _columns(task, seed, panels)
    rows = _rows(columns)
    shown = "" if kinds == len(columns) else f" ({len(columns)} of {kinds} kinds of trials)"
    height = sum(row.height + _GAP for row in rows) - _GAP
    names = EpochNames(columns, _COLUMN if len(columns) > 1 else _ALONE)
    top = _TOP + names.height + (20 if columns[0].title else 0)
    width = (names.width + _BETWEEN) * len(columns) - _BETWEEN
    figure = new(width=_LEFT + _RIGHT + width, height=height + top + _BOTTOM)
    figure.update_layout(
        margin={"l": _LEFT, "r": _RIGHT, "t": top, "b": _BOTTOM, "autoexpand": False},
        title={
            "text": f"<b>{task.name}</b>{shown}{_key(rows)}",
            "y": 1 - 20 / (height + top + _BOTTOM),
            "x": 0,
            "xref": "container",
            "pad": {"l": 8},
            "yanchor": "middle",
        },
        showlegend=False,
    )
    tops, sheet = _tops(rows, height), Sheet()
    for j, column in enumerate(columns):
        left, right = _span(j, names.width, width)
        for i, row in enumerate(rows):
            draw_block(sheet, row, j, i * len(columns) + j + 1, (left, right), tops[i], column)
        names.draw(sheet, column, f"x{j + 1}" if j else "x")
        sheet.note(column.title, x=left, y=1, yshift=names.height, xanchor="left", yanchor="bottom", font={"size": 12})
        _time_axis(sheet, len(rows), len(columns), j)
    _labels(sheet, rows, tops)
    figure.add_traces(sheet.traces)
    figure.update_layout(**sheet.axes, shapes=sheet.shapes, annotations=sheet.annotations)
    return figure


def _columns(task: TaskLike, seed: int, panels: int) -> tuple[list[Column], int]:
    """Return the trials to be drawn, and how many kinds there are."""
    if isinstance(task, TaskSet):
        names = _spread(list(task.names), panels)
        drawn = [(name, task.batch(1, Seeds(seed).child(name), task=name)) for name in names]
        return [Column(name, batch, 0) for name, batch in drawn], len(task.names)
    batch = task.batch(1, seed)
    facets = list(batch.spec.facets)
    if not facets:
        return [Column("", batch, 0)], 1
    batch = task.batch(_SEARCHED, seed)
    first = batch.conditions.reset_index().groupby(facets, sort=True)["trial"].first()
    found = [(values if isinstance(values, tuple) else (values,), int(trial)) for values, trial in first.items()]
    chosen = _spread(found, panels)
    return [
        Column(", ".join(f"{f} = {_short(v)}" for f, v in zip(facets, values, strict=True)), batch, trial)
        for values, trial in chosen
    ], len(found)


def _spread(items: list[Any], most: int) -> list[Any]:
    """Return at most so many of the items, at even distances."""
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _rows(columns: Sequence[Column]) -> list[Row]:
    """Return the blocks of inputs, targets and loss weights; a block that is zero in all trials is left out."""
    spec = columns[0].batch.spec
    rows = _blocks("inputs", spec.inputs, [c.batch.inputs[: c.steps, c.trial] for c in columns])
    rows += _blocks("targets", spec.outputs, [c.batch.targets[: c.steps, c.trial] for c in columns])
    weights = _blocks("loss weights", spec.outputs, [c.batch.mask[: c.steps, c.trial] for c in columns])
    counted = [_one_if_alike(row.values) for row in weights]
    alike = all(np.array_equal(a, b) for other in counted[1:] for a, b in zip(counted[0], other, strict=True))
    names = ["all outputs"] if alike else [row.block.name for row in weights]
    rows += [
        Row("loss weights", Channel(name, one[0].shape[1]), one) for name, one in zip(names, counted, strict=False)
    ]
    return rows


def _one_if_alike(weights: list[npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
    """Return the weights of a block in each trial, (time, 1) where its channels have the same, else all of them."""
    alike = all((values == values[:, :1]).all() for values in weights)
    return [values[:, :1] for values in weights] if alike else weights


def _blocks(group: str, blocks: Sequence[Channel], arrays: Sequence[npt.NDArray[np.float32]]) -> list[Row]:
    rows, start = [], 0
    for block in blocks:
        rows.append(Row(group, block, [array[:, start : start + block.size] for array in arrays]))
        start += block.size
    return rows


def _tops(rows: Sequence[Row], height: int) -> list[tuple[float, float]]:
    """Return bottom and top of each row as fractions of the picture's height."""
    places, at = [], float(height)
    for row in rows:
        places.append(((at - row.height) / height, at / height))
        at -= row.height + _GAP
    return places


def _span(column: int, wide: int, width: int) -> tuple[float, float]:
    """Return left and right of a column as fractions of the picture's width."""
    left = column * (wide + _BETWEEN)
    return left / width, (left + wide) / width


def _key(rows: Sequence[Row]) -> str:
    """Return which colour is which channel, for the title."""
    most = max((row.block.size for row in rows if row.kind == "lines"), default=0)
    if most < 2:
        return ""
    marks = [f"<span style='color:{COLOURS[k]}'>\u2501 {k}</span>" for k in range(most)]
    return "<span style='font-size:11px'>" + "\u2003channel  " + "  ".join(marks) + "</span>"


def _time_axis(sheet: Sheet, rows: int, columns: int, j: int) -> None:
    number = (rows - 1) * columns + j + 1
    axis = {"title": {"text": "time (s)", "standoff": 6, "font": {"size": 12}}, "showticklabels": True}
    axis |= {"ticks": "outside", "ticklen": 4, "nticks": 6, "showline": True, "tickfont": {"size": 11}}
    sheet.axis(f"xaxis{'' if number == 1 else number}", axis)


def _labels(sheet: Sheet, rows: Sequence[Row], tops: Sequence[tuple[float, float]]) -> None:
    """Write the names of blocks, and of their groups, to the left."""
    named: set[str] = set()
    for row, top in zip(rows, tops, strict=True):
        unit = "<br><span style='font-size:10px'>(degrees)</span>" if isinstance(row.block, Ring) else ""
        place: dict[str, Any] = {"x": 0, "y": sum(top) / 2, "yanchor": "middle", "font": {"size": 12}}
        name = row.block.name.replace("_", " ") + unit
        sheet.note(name, **place, xshift=-36, xanchor="right", align="right")
        if row.group not in named:
            named.add(row.group)
            sheet.note(f"<b>{row.group}</b>", **place, xshift=8 - _LEFT, xanchor="left")
