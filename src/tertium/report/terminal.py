"""Claims and studies on a terminal: tables that fit 80 columns and turn into plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tertium.report import numbers
from tertium.report.claims import judged_text, p_text, reason, written_value

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["claims_table", "speaks_unicode", "studies_table"]

#: State -> (symbol, ASCII symbol, colour); the word always stands beside the symbol.
_STATES: dict[str, tuple[str, str, str]] = {
    "held": ("✓", "+", "green"),
    "partly": ("◐", "~", "yellow"),
    "not held": ("✗", "x", "red"),
    "absent": ("·", ".", "dim"),
}


def speaks_unicode(encoding: str | None = None) -> bool:
    """Whether an encoding (by default standard output's) has the signs that tables are written with.

    Examples
    --------
    >>> speaks_unicode("utf-8"), speaks_unicode("ascii"), speaks_unicode("latin-1")
    (True, False, False)
    """
    try:
        "✓✗◐≥−×⁻".encode(encoding or getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def claims_table(verdicts: Sequence[Mapping[str, Any]], *, unicode: bool | None = None) -> Table:
    """Make the table of a run's claims.

    Parameters
    ----------
    verdicts : sequence of mapping
        ``Verdict.as_json()`` of each claim.
    unicode : bool, optional
        Whether signs beyond ASCII may be used; by default what standard output's encoding allows.

    Returns
    -------
    rich.table.Table
        To be printed with ``rich.console.Console().print(table)``, which leaves colours out of a pipe.
    """
    plain = not (speaks_unicode() if unicode is None else unicode)
    table = _new_table(plain, lines=True)
    table.add_column("claim", min_width=20)
    # 80 columns are shared out here: what is left goes to the sentence
    for name, width in (("measured", 15), ("asked for", 10), ("control", 15), ("verdict", 11)):
        table.add_column(name, width=width)
    for verdict in verdicts:
        table.add_row(
            _stack((verdict["id"], "bold"), (verdict["sentence"], "")),
            _measured(verdict, plain),
            _stack(
                (numbers.pretty_threshold(str(verdict["threshold"]), plain=plain), ""), (judged_text(verdict), "dim")
            ),
            _control(verdict, plain),
            _stack(_state("held" if verdict["held"] else "not held", plain), (reason(verdict), "dim")),
        )
    return table


def studies_table(rows: Iterable[Mapping[str, Any]], *, unicode: bool | None = None) -> Table:
    """Make the table of the canon: one line a row, under its group.

    Parameters
    ----------
    rows : iterable of mapping
        Each with ``study, row, priority, system, state, claims, held, kind, seconds``, and ``group`` if it is not the
        letters that ``row`` begins with; ``state`` is "held", "partly", "not held" or "absent", and ``claims`` a count
        or the list of claims.
    unicode : bool, optional
        Whether signs beyond ASCII may be used; by default what standard output's encoding allows.

    Returns
    -------
    rich.table.Table
    """
    plain = not (speaks_unicode() if unicode is None else unicode)
    table = _new_table(plain)
    table.add_column("row", no_wrap=True)
    table.add_column("P", no_wrap=True)
    table.add_column("system", min_width=20)
    table.add_column("study", overflow="fold", max_width=20)
    table.add_column("state", no_wrap=True, width=10)
    table.add_column("held", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for _, members in groupby(rows, key=_group):
        for row in members:
            state = str(row["state"])
            absent = state == "absent"
            table.add_row(
                str(row["row"]),
                str(row.get("priority") or ""),
                _stack((str(row["system"]), "dim" if absent else "")),
                _stack((str(row.get("study") or ""), "")),
                _stack(_state(state, plain)),
                "" if absent else f"{row.get('held') or 0}/{_count(row.get('claims'))}",
                "" if absent or row.get("seconds") is None else _short(float(row["seconds"])),
            )
        table.add_section()
    return table


def _new_table(plain: bool, *, lines: bool = False) -> Table:
    from rich import box
    from rich.table import Table

    look = box.Box("    \n    \n -- \n" + "    \n" * 5, ascii=True) if plain else box.SIMPLE_HEAD
    return Table(box=look, padding=0, header_style="bold", show_lines=lines)


def _short(seconds: float) -> str:
    """Write a duration in at most six columns."""
    return numbers.duration(seconds) if seconds < 59.5 else f"{round(seconds / 60)} min"


def _group(row: Mapping[str, Any]) -> str:
    return str(row.get("group") or str(row["row"]).rstrip("0123456789"))


def _count(claims: Any) -> int:
    return int(claims) if isinstance(claims, int | float) else len(claims or ())


def _state(state: str, plain: bool) -> tuple[str, str]:
    symbol, ascii_symbol, colour = _STATES.get(state, ("?", "?", ""))
    return f"{ascii_symbol if plain else symbol} {state}", colour


def _measured(verdict: Mapping[str, Any], plain: bool) -> Any:
    unit = str(verdict.get("unit") or "")
    if numbers.is_p_value(unit):
        return _stack((p_text(verdict["value"], plain=plain), "bold"))
    value, interval = written_value(verdict, plain=plain)
    return _stack((f"{value} {unit}".strip(), "bold"), (interval, "dim"))


def _control(verdict: Mapping[str, Any], plain: bool) -> Any:
    control = verdict["control"]
    write = p_text if numbers.is_p_value(str(verdict.get("unit") or "")) else numbers.number
    said, style = ("failed", "") if control["failed"] else ("did not fail", "red")
    return _stack((f"{write(control['value'], plain=plain)} {said}", style), (control["what"], "dim"))


def _stack(*lines: tuple[str, str]) -> Any:
    """Return lines of text in their styles; brackets in a sentence are text, not mark-up."""
    from rich.text import Text

    return Text("\n").join(Text(text, style=style) for text, style in lines if text)
