"""The gallery: one page with the state of every study, and links to their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tertium.files import write_atomically
from tertium.report.figures import safe_json
from tertium.report.numbers import duration
from tertium.report.templating import asset, render, style
from tertium.report.theme import figure_themes
from tertium.studies.claim import KIND_MEANINGS

__all__ = ["GalleryEntry", "write_gallery"]

_SYMBOLS = {"held": "✓", "partly": "◐", "not held": "✗", "absent": "·"}
_CLASSES = {"held": "held", "partly": "partly", "not held": "missed", "absent": "small"}


@dataclass(frozen=True)
class GalleryEntry:
    """One row of the canon in the gallery.

    Parameters
    ----------
    row, system : str
        Row of the canon and what it is ("SEN04", "Primate IT and deep networks").
    state : str
        "held", "partly", "not held" or "absent".
    study, kind : str
        The study that stands for it and its kind; empty when absent.
    claims, held : int
        How many claims it has and how many held.
    seconds : float, optional
        How long a full run took.
    href : str
        Where its page is, relative to the gallery; empty when there is none.
    """

    row: str
    system: str
    state: str
    study: str = ""
    kind: str = ""
    claims: int = 0
    held: int = 0
    seconds: float | None = None
    href: str = ""


def write_gallery(entries: Iterable[GalleryEntry], path: str | Path, *, title: str = "The canon") -> Path:
    """Write the gallery as one HTML file, entries under the letters of their rows.

    Parameters
    ----------
    entries : iterable of GalleryEntry
        In the order of the canon.
    path : str or Path
        Where.
    title : str
        Its heading.

    Returns
    -------
    Path
        The file.
    """
    entries = list(entries)
    groups = [
        {"name": name, "entries": [_context(entry) for entry in members]}
        for name, members in groupby(entries, key=lambda entry: entry.row.rstrip("0123456789"))
    ]
    counts = [(state, sum(entry.state == state for entry in entries)) for state in _SYMBOLS]
    summary = [{"state": s, "symbol": _SYMBOLS[s], "class": _CLASSES[s], "count": n} for s, n in counts if n]
    text = render(
        "gallery.html",
        title=title,
        groups=groups,
        summary=summary,
        css=style(),
        js=asset("page.js"),
        themes=safe_json(figure_themes()),
    )
    return write_atomically(path, lambda file: file.write(text.encode("utf-8")))


def _context(entry: GalleryEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "symbol": _SYMBOLS.get(entry.state, "?"),
        "class": _CLASSES.get(entry.state, "small"),
        "kind": KIND_MEANINGS.get(entry.kind, entry.kind),
        "time": duration(entry.seconds) if entry.seconds is not None else "",
        "held": f"{entry.held} of {entry.claims}" if entry.claims else "",
    }
