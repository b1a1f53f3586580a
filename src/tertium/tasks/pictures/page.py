"""A page with a picture of each of some tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from tertium.tasks.pictures.trials import plot
from tertium.tasks.task import TaskLike


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
