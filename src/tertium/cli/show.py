"""What verbs share: printing JSON, tables and remarks."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import typer

AsJson = typer.Option(False, "--json", help="Print one JSON object on standard output and nothing else there.")


def print_json(value: Any) -> None:
    """Print one JSON value on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def remark(line: str) -> None:
    """Say how things go on standard error, so that standard output stays clean."""
    typer.echo(line, err=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Print a table; on a terminal it fits the window, in a pipe it is as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(title=title or None, box=None, pad_edge=False, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, overflow="fold" if i == len(columns) - 1 else "ellipsis", no_wrap=not terminal)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if terminal else 2000, highlight=False, markup=False).print(table)
