"""Templates, cells and files: what every kind of page needs to be written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tertium.report import numbers
from tertium.report.theme import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Cell", "asset", "cell", "cells", "inline_code", "render", "style"]


@dataclass(frozen=True)
class Cell:
    """What stands in one cell of a table, and whether it is a number (set flush right)."""

    text: str
    numeric: bool = False


@dataclass(frozen=True)
class _Piece:
    text: str
    code: bool


def cell(value: Any, name: str = "") -> Cell:
    """Write a value for a table; ``name`` tells p values from other numbers.

    Examples
    --------
    >>> cell(0.12345), cell("IT"), cell(0.0001, "p"), cell(True), cell(None)
    (Cell(text='0.123', numeric=True), Cell(text='IT', numeric=False), Cell(text='< 0.001', numeric=True),
     Cell(text='yes', numeric=False), Cell(text='–', numeric=True))
    """
    if value is None:
        return Cell("–", numeric=True)
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()  # a NumPy scalar
    if isinstance(value, int | float):
        written = numbers.p_value(value) if numbers.is_p_value(name) else numbers.number(value)
        return Cell(written, numeric=True)
    return Cell(str(value))


def cells(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[Cell], list[list[Cell]]]:
    """Write a table: the head's cells, flush right above numbers, and the rows' cells."""
    body = [[cell(value, name) for value, name in zip(row, columns, strict=True)] for row in rows]
    numeric = [bool(body) and all(row[i].numeric for row in body) for i in range(len(columns))]
    for i, name in enumerate(columns):
        if numeric[i] and not numbers.is_p_value(str(name)):
            for written, text in zip(body, numbers.column([row[i] for row in rows]), strict=True):
                written[i] = Cell(text, numeric=True)
    return [Cell(str(name), flush) for name, flush in zip(columns, numeric, strict=True)], body


def inline_code(text: str) -> Iterator[_Piece]:
    """Split text at its back-ticks into plain and code pieces.

    Examples
    --------
    >>> [(p.text, p.code) for p in inline_code("Sets ``alpha`` to 1.")]
    [('Sets ', False), ('alpha', True), (' to 1.', False)]
    """
    for i, part in enumerate(re.split(r"``(.+?)``|`([^`]+?)`", text)):
        if part:
            yield _Piece(part, code=i % 3 != 0)


def render(template: str, **context: Any) -> str:
    """Fill in a template; all text in it is escaped unless the template says that it is safe."""
    return _environment().get_template(template).render(**context)


def style() -> str:
    """Return the style sheet of the pages."""
    css = asset("page.css")
    return css.replace("{{ light }}", css_variables(LIGHT)).replace("{{ dark }}", css_variables(DARK))


def asset(name: str) -> str:
    """Return the text of a file that ships beside the templates."""
    return resources.files("tertium.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tertium.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inline_code"] = inline_code
    return environment
