"""``report.html``: one file with what was asked, what was found, and how to do it again. It needs no network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tertium.errors import BadInput
from tertium.files import write_atomically
from tertium.report import numbers
from tertium.report.claims import claim_context, outcome
from tertium.report.figures import describe, read_figure, safe_json, take_title
from tertium.report.templating import Cell, asset, cell, cells, render, style
from tertium.report.theme import figure_themes
from tertium.studies.claim import KIND_MEANINGS

__all__ = ["Page", "PageFigure", "PageTable", "seeds_text", "write_page"]


@dataclass(frozen=True)
class PageFigure:
    """A figure of a page.

    Parameters
    ----------
    id : str
        Short name, unique in the page; the name of the file when its data are downloaded.
    figure_json : mapping or str
        Plotly JSON: ``figure.to_plotly_json()`` or ``figure.to_json()``.
    caption : str
        What is shown, n, what the error bars are.
    """

    id: str
    figure_json: Mapping[str, Any] | str
    caption: str


@dataclass(frozen=True)
class PageTable:
    """A table of a page; numbers among the cells are rounded for reading.

    Parameters
    ----------
    title : str
        Its heading.
    columns : sequence of str
        Heads of the columns with units: ``"latency (ms)"``; a column called ``"p"`` holds p values.
    rows : sequence of sequences
        Text, numbers or None, as many to a row as there are columns.
    caption : str
        What a reader needs to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    def __post_init__(self) -> None:
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise BadInput(
                    f"table '{self.title}', row {i}",
                    got=f"{len(row)} cells",
                    expected=f"{len(self.columns)}, one for each column",
                )


@dataclass(frozen=True)
class Page:
    """What a page says; everything but the title may be left out, and so is its section then.

    Parameters
    ----------
    title : str
        One line.
    study, row, kind, size : str
        Name of the study, its row of the canon, its kind (``KIND_MEANINGS``), "smoke" or "full".
    seeds : tuple of int
        Seeds that were run.
    question : str
        What was asked: paragraphs apart by an empty line, code in back-ticks.
    verdicts : list of dict
        The claims: ``Verdict.as_json()`` of each.
    figures : list of PageFigure
        In the order of reading.
    notes : list of str
        Remarks: what could not be had, choices that were made.
    metrics : dict of str to float
        Further numbers.
    config : dict
        Setting -> its value, or ``{"value": ..., "meaning": ...}``.
    environment : dict of str to str
        Package or machine -> version.
    citations : list of dict
        ``{"text": ..., "bibtex": ...}``, the original first.
    command : str
        What to type to do it again.
    seconds : float, optional
        How long it took.
    tables : list of PageTable
        Further tables.
    created : str
        When, as it shall be read.
    """

    title: str
    study: str = ""
    row: str = ""
    kind: str = ""
    size: str = ""
    seeds: tuple[int, ...] = ()
    question: str = ""
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    figures: list[PageFigure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    citations: list[dict[str, str]] = field(default_factory=list)
    command: str = ""
    seconds: float | None = None
    tables: list[PageTable] = field(default_factory=list)
    created: str = ""


def write_page(page: Page, path: str | Path) -> Path:
    """Write a page as one HTML file that opens from disk without a network.

    Parameters
    ----------
    page : Page
        What it says.
    path : str or Path
        Where; folders are made, and the file appears whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BadInput
        If a figure is no Plotly figure.
    """
    return write_atomically(path, lambda file: file.write(page_html(page).encode("utf-8")))


def page_html(page: Page) -> str:
    """Return the text of a page."""
    figures = _figures(page.figures)
    context = {
        "page": page,
        "title": _title(page),
        "css": style(),
        "js": asset("page.js"),
        "plotly": _plotly() if figures else "",
        "themes": safe_json(figure_themes()),
        "sections": _sections(page),
        "kind_meaning": KIND_MEANINGS.get(page.kind, page.kind),
        "facts": _facts(page),
        "question": [text for text in _paragraphs(page.question) if text.rstrip(".") != _title(page)],
        "claims": [claim_context(verdict) for verdict in page.verdicts],
        "outcome": outcome(page.verdicts),
        "figures": figures,
        "tables": [_table(table) for table in page.tables],
        "metrics": _metrics(page.metrics),
        "config": _config(page.config),
    }
    return render("page.html", **context)


def seeds_text(seeds: Sequence[int]) -> str:
    """Write seeds with runs of them drawn together.

    Examples
    --------
    >>> seeds_text((10, 11, 12, 20)), seeds_text((3, 4))
    ('10–12, 20', '3, 4')
    """
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{r[0]}–{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)


def _title(page: Page) -> str:
    """Return the title without the full stop that a docstring's first line has."""
    return " ".join(page.title.split()).removesuffix(".")


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def _sections(page: Page) -> list[tuple[str, str]]:
    every = (
        ("question", "Question", page.question),
        ("claims", "Claims", page.verdicts),
        ("figures", "Figures", page.figures),
        ("numbers", "Numbers", page.tables or page.metrics),
        ("notes", "Notes", page.notes),
        ("methods", "To reproduce", page.command or page.config or page.environment),
        ("cite", "To cite", page.citations),
    )
    return [(id, name) for id, name, content in every if content]


def _facts(page: Page) -> list[tuple[str, str]]:
    every = (
        ("Size", page.size),
        ("Seed" if len(page.seeds) == 1 else "Seeds", seeds_text(page.seeds)),
        ("Time", numbers.duration(page.seconds) if page.seconds is not None else ""),
        ("Written", page.created),
    )
    return [(name, value) for name, value in every if value]


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _figures(figures: Sequence[PageFigure]) -> list[dict[str, Any]]:
    slugs: list[str] = []
    ready = []
    for figure in figures:
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", figure.id).strip("-") or "figure"
        slugs.append(slug)
        read = read_figure(figure.figure_json, figure.id)
        title = take_title(read)
        ready.append(
            {
                "slug": slug if slugs.count(slug) == 1 else f"{slug}-{slugs.count(slug)}",
                "title": title,
                "description": describe(read, title),
                "caption": " ".join(figure.caption.split()),
                "height": int(read["layout"].get("height") or 380),
                "json": safe_json(read),
            }
        )
    return ready


def _table(table: PageTable) -> dict[str, Any]:
    columns, rows = cells(table.columns, table.rows)
    return {"title": table.title, "caption": table.caption, "columns": columns, "rows": rows}


def _metrics(metrics: Mapping[str, float]) -> dict[str, Any] | None:
    if not metrics:
        return None
    rows = [[cell(name), cell(value, name)] for name, value in metrics.items()]
    return {"columns": [Cell("Measurement"), Cell("Value", numeric=True)], "rows": rows}


def _config(config: Mapping[str, Any]) -> list[dict[str, str]]:
    items = []
    for name, entry in config.items():
        explained = isinstance(entry, Mapping) and "value" in entry and set(entry) <= {"value", "meaning"}
        value = entry["value"] if explained else entry
        text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
        items.append({"name": name, "value": text, "meaning": str(entry.get("meaning", "")) if explained else ""})
    return items
