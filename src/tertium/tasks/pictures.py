"""Pictures of tasks: one trial of each kind, with what is shown, what is asked and how errors count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.figure import COLOURS, new
from tertium.rng import Seeds
from tertium.tasks.channels import Channel, Ring
from tertium.tasks.task import TaskLike
from tertium.tasks.task_set import TaskSet
from tertium.tasks.trial_batch import TrialBatch

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Trials among which one of each combination of facets is looked for.
_SEARCHED = 128

#: Blocks with more channels than this are drawn as colours, not as lines.
_LINES = 6

# Pixels.
_COLUMN, _ALONE, _BETWEEN, _LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 236, 420, 16, 208, 76, 44, 52, 12
_LINE, _STACKED, _COLOURS = 46, 24, 92

_SHADES = ("rgba(0,0,0,0.045)", "rgba(0,0,0,0)")


@dataclass(frozen=True)
class _Row:
    """One row of a picture: a block of channels of every trial that is shown."""

    group: str
    block: Channel
    values: list[npt.NDArray[np.float32]]

    @property
    def kind(self) -> str:
        return "colours" if self.block.size > _LINES else "lines"

    @property
    def stacked(self) -> bool:
        """Whether its lines are drawn one below the other: more than two would hide each other."""
        return self.kind == "lines" and self.block.size > 2

    @property
    def height(self) -> int:
        if self.stacked:
            return _STACKED * self.block.size
        return _COLOURS if self.kind == "colours" else _LINE

    @property
    def limits(self) -> tuple[float, float]:
        low = min(float(v.min(initial=0.0)) for v in self.values)
        high = max(float(v.max(initial=0.0)) for v in self.values)
        return (low, high) if high > low else (low, low + 1.0)


@dataclass(frozen=True)
class _Column:
    """One trial and what it is called."""

    title: str
    batch: TrialBatch
    trial: int

    @property
    def steps(self) -> int:
        return int(self.batch.lengths[self.trial])

    @property
    def seconds(self) -> float:
        return self.steps * self.batch.dt


@dataclass
class _Sheet:
    """What a picture is made of, put together before Plotly checks it once (piece by piece takes ten times as long)."""

    traces: list[dict[str, Any]] = field(default_factory=list)
    axes: dict[str, Any] = field(default_factory=dict)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def axis(self, name: str, settings: Mapping[str, Any]) -> None:
        """Set an axis, or add to its settings."""
        self.axes[name] = self.axes.get(name, {}) | settings

    def note(self, text: str, **settings: Any) -> None:
        """Write a text; ``x`` and ``y`` are fractions of the picture unless an axis is named."""
        self.annotations.append({"text": text, "xref": "paper", "yref": "paper", "showarrow": False} | settings)


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
    wide = _COLUMN if len(columns) > 1 else _ALONE
    slanted = any(_slanted(column, wide) for column in columns)
    top = _TOP + (54 if slanted else 16) + (20 if columns[0].title else 0)
    width = (wide + _BETWEEN) * len(columns) - _BETWEEN
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
    tops, sheet = _tops(rows, height), _Sheet()
    for j, column in enumerate(columns):
        left, right = _span(j, wide, width)
        for i, row in enumerate(rows):
            _draw(sheet, row, j, i * len(columns) + j + 1, (left, right), tops[i], column)
        _epochs(sheet, column, f"x{j + 1}" if j else "x", left, slanted)
        _time_axis(sheet, len(rows), len(columns), j)
    _labels(sheet, rows, tops)
    figure.add_traces(sheet.traces)
    figure.update_layout(**sheet.axes, shapes=sheet.shapes, annotations=sheet.annotations)
    return figure


def gallery(tasks: Mapping[str, TaskLike] | Iterable[TaskLike], seed: int = 0, *, panels: int = 2) -> str:
    """Return a page, one self-contained HTML text, with a picture of each task.

    Parameters
    ----------
    tasks : mapping of str to Task, or iterable of Task
        What to draw, in this order; a mapping's keys are the headings.
    seed : int
        Of the trials.
    panels : int
        Most kinds of trials of each.
    """
    named = tasks.items() if isinstance(tasks, Mapping) else ((task.name, task) for task in tasks)
    parts: list[str] = []
    for name, task in named:
        figure = plot(task, seed, panels=panels)
        said = getattr(task, "spec", task)  # a set speaks for itself
        what = f"{escape(getattr(said, 'what', ''))} <span>{escape(getattr(said, 'cite', ''))}</span>"
        drawn = figure.to_html(full_html=False, include_plotlyjs=not parts, config={"displayModeBar": False})
        parts.append(f'<section id="{escape(name)}"><h2>{escape(name)}</h2><p>{what}</p>{drawn}</section>')
    style = (
        "body{font-family:Inter,Helvetica,Arial,sans-serif;color:#222;max-width:1180px;margin:2em auto;padding:0 1em}"
        "h2{margin:2em 0 .2em}p{margin:0;max-width:48em}span{color:#777}section{overflow-x:auto}"
    )
    head = f"<meta charset='utf-8'><title>Tasks</title><style>{style}</style>"
    count = f"{len(parts)} task{'s' if len(parts) != 1 else ''}"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{count}</h1>{''.join(parts)}</body></html>"


def _columns(task: TaskLike, seed: int, panels: int) -> tuple[list[_Column], int]:
    """Return the trials to be drawn, and how many kinds there are."""
    if isinstance(task, TaskSet):
        names = _spread(list(task.names), panels)
        drawn = [(name, task.batch(1, Seeds(seed).child(name), task=name)) for name in names]
        return [_Column(name, batch, 0) for name, batch in drawn], len(task.names)
    batch = task.batch(1, seed)
    facets = list(batch.spec.facets)
    if not facets:
        return [_Column("", batch, 0)], 1
    batch = task.batch(_SEARCHED, seed)
    first = batch.conditions.reset_index().groupby(facets, sort=True)["trial"].first()
    found = [(values if isinstance(values, tuple) else (values,), int(trial)) for values, trial in first.items()]
    chosen = _spread(found, panels)
    return [
        _Column(", ".join(f"{f} = {_short(v)}" for f, v in zip(facets, values, strict=True)), batch, trial)
        for values, trial in chosen
    ], len(found)


def _spread(items: list[Any], most: int) -> list[Any]:
    """Return at most so many of the items, at even distances."""
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _rows(columns: Sequence[_Column]) -> list[_Row]:
    """Return the blocks of inputs, targets and loss weights; a block that is zero in all trials is left out."""
    spec = columns[0].batch.spec
    rows = _blocks("inputs", spec.inputs, [c.batch.inputs[: c.steps, c.trial] for c in columns])
    rows += _blocks("targets", spec.outputs, [c.batch.targets[: c.steps, c.trial] for c in columns])
    weights = _blocks("loss weights", spec.outputs, [c.batch.mask[: c.steps, c.trial] for c in columns])
    largest = [[values.max(axis=1, keepdims=True) for values in row.values] for row in weights]
    alike = all(np.array_equal(a, b) for other in largest[1:] for a, b in zip(largest[0], other, strict=True))
    names = ["all outputs"] if alike else [row.block.name for row in weights]
    rows += [_Row("loss weights", Channel(name), one) for name, one in zip(names, largest, strict=False)]
    return rows


def _blocks(group: str, blocks: Sequence[Channel], arrays: Sequence[npt.NDArray[np.float32]]) -> list[_Row]:
    rows, start = [], 0
    for block in blocks:
        rows.append(_Row(group, block, [array[:, start : start + block.size] for array in arrays]))
        start += block.size
    return rows


def _tops(rows: Sequence[_Row], height: int) -> list[tuple[float, float]]:
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


def _key(rows: Sequence[_Row]) -> str:
    """Return which colour is which channel, for the title."""
    most = max((row.block.size for row in rows if row.kind == "lines"), default=0)
    if most < 2:
        return ""
    marks = [f"<span style='color:{COLOURS[k]}'>\u2501 {k}</span>" for k in range(most)]
    return "<span style='font-size:11px'>" + "\u2003channel  " + "  ".join(marks) + "</span>"


def _draw(
    sheet: _Sheet,
    row: _Row,
    j: int,
    number: int,
    span: tuple[float, float],
    top: tuple[float, float],
    column: _Column,
) -> None:
    """Draw one block of one trial with axes of its own."""
    suffix = "" if number == 1 else str(number)
    values, dt = row.values[j], column.batch.dt
    low, high = row.limits
    x_axis: dict[str, Any] = {"domain": span, "anchor": f"y{suffix}", "range": [0, column.seconds]}
    sheet.axis(f"xaxis{suffix}", x_axis | {"showticklabels": False, "ticks": "", **_BARE})
    y_axis: dict[str, Any] = {"domain": top, "anchor": f"x{suffix}", "showticklabels": j == 0, **_BARE}
    y_axis |= {"ticks": "outside" if j == 0 else "", "ticklen": 3, "tickfont": {"size": 10}}
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    if row.kind == "colours":
        channel = _channel_axis(row.block)
        last = j == len(row.values) - 1
        bar: dict[str, Any] = {"thickness": 8, "len": top[1] - top[0], "y": sum(top) / 2, "x": 1.01}
        bar |= {"tickfont": {"size": 10}, "nticks": 4, "outlinewidth": 0}
        picture = {"type": "heatmap", "z": values.T, "x0": dt / 2, "dx": dt, "y": channel, "zmin": low, "zmax": high}
        colours = "Blues" if low >= 0 else _around_zero(low, high)
        sheet.traces.append(
            picture | {"colorscale": colours, "showscale": last, "colorbar": bar if last else None, **axes}
        )
        ticks = {"tickvals": [0, 180, 360], "range": [channel[0], channel[-1]]} if isinstance(row.block, Ring) else {}
        sheet.axis(f"yaxis{suffix}", y_axis | ticks)
        return
    apart = 1.15 * (high - low) if row.stacked else 0.0
    seconds = np.arange(len(values) + 1) * dt
    for k in range(row.block.size):
        # the last sample lasts one step
        line = {"color": COLOURS[k % len(COLOURS)], "width": 1.5, "shape": "hv"}
        name = f"{row.block.name} {k}" if row.block.size > 1 else row.block.name
        drawn = np.append(values[:, k], values[-1:, k]) - k * apart
        sheet.traces.append(
            {"type": "scatter", "x": seconds, "y": drawn, "mode": "lines", "line": line, "name": name, **axes}
        )
    sheet.axis(f"yaxis{suffix}", y_axis | _line_ticks(row, apart))


def _line_ticks(row: _Row, apart: float) -> dict[str, Any]:
    """Return range and ticks of an axis: the ends and zero, or the channels where they are stacked."""
    low, high = row.limits
    margin = 0.12 * (high - low)
    if row.stacked:
        places = [-k * apart + (low + high) / 2 for k in range(row.block.size)]
        names = [str(k) for k in range(row.block.size)]
        bottom = low - (row.block.size - 1) * apart
        return {"tickvals": places, "ticktext": names, "range": [bottom - margin, high + margin]}
    ends = [v for v in (low, high) if abs(v) > 0.25 * (high - low)] + ([0.0] if low <= 0 <= high else [])
    return {"tickvals": ends, "ticktext": [f"{v:.2g}" for v in ends], "range": [low - margin, high + margin]}


_BARE: dict[str, Any] = {
    "showgrid": False,
    "zeroline": False,
    "showline": False,
    "linecolor": "#888888",
    "tickcolor": "#888888",
}


def _around_zero(low: float, high: float) -> list[list[Any]]:
    """Return a colour scale that is white at zero, orange below and blue above, equally strong on both sides."""
    reach = max(-low, high)
    zero = -low / (high - low)
    return [[0.0, _mixed("#D55E00", -low / reach)], [zero, "#ffffff"], [1.0, _mixed("#08306b", high / reach)]]


def _mixed(colour: str, share: float) -> str:
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


def _channel_axis(block: Channel) -> npt.NDArray[np.floating]:
    return np.degrees(block.preferred) if isinstance(block, Ring) else np.arange(block.size, dtype=np.float64)


def _lasting(column: _Column) -> dict[str, tuple[int, int]]:
    """Return first and last step of the epochs that have any."""
    edges = {name: steps[column.trial] for name, steps in column.batch.epochs.items()}
    return {name: (int(first), int(stop)) for name, (first, stop) in edges.items() if stop > first}


def _slanted(column: _Column, wide: int) -> bool:
    """Return whether some epoch is too short for its name."""
    return any((b - a) / column.steps * wide < 6.2 * len(name) for name, (a, b) in _lasting(column).items())


def _epochs(sheet: _Sheet, column: _Column, x: str, left: float, slanted: bool) -> None:
    """Shade the epochs of a column and write their names above them."""
    for i, (name, (first, stop)) in enumerate(_lasting(column).items()):
        start, end = first * column.batch.dt, stop * column.batch.dt
        place = {"type": "rect", "xref": x, "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1}
        sheet.shapes.append(place | {"fillcolor": _SHADES[i % 2], "line": {"width": 0}, "layer": "below"})
        sheet.note(
            name,
            xref=x,
            x=start if slanted else (start + end) / 2,
            y=1,
            yshift=2,
            xanchor="left" if slanted else "center",
            yanchor="bottom",
            textangle=-40 if slanted else 0,
            font={"size": 10, "color": "#555555"},
        )
    above = {"x": left, "y": 1, "yshift": 54 if slanted else 16, "xanchor": "left", "yanchor": "bottom"}
    sheet.note(column.title, **above, font={"size": 12})


def _time_axis(sheet: _Sheet, rows: int, columns: int, j: int) -> None:
    number = (rows - 1) * columns + j + 1
    axis = {"title": {"text": "time (s)", "standoff": 6, "font": {"size": 12}}, "showticklabels": True}
    axis |= {"ticks": "outside", "ticklen": 4, "nticks": 6, "showline": True, "tickfont": {"size": 11}}
    sheet.axis(f"xaxis{'' if number == 1 else number}", axis)


def _labels(sheet: _Sheet, rows: Sequence[_Row], tops: Sequence[tuple[float, float]]) -> None:
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
