"""``tertium studies``: what there is, by floor and by state."""

from __future__ import annotations

from typing import Any

import typer

from tertium.cli.show import AsJson, print_json


def studies(
    pattern: str = typer.Argument("", help="Words to look for: a row (FND01), a group (FND), a name, a state."),
    as_json: bool = AsJson,
) -> None:
    """List the studies: one line for each row of the canon, the absent ones too."""
    from tertium.run.records import canon_states

    rows = _matching(canon_states(), pattern.strip("*"))
    if as_json:
        print_json(rows)
        return
    if not rows:
        from tertium.errors import unknown_name

        raise unknown_name("study", pattern, [str(r["study"]) for r in canon_states() if r["study"]])
    from rich.console import Console

    from tertium.report.terminal import studies_table

    Console(highlight=False).print(studies_table(rows))
    counts = {s: sum(r["state"] == s for r in rows) for s in ("held", "partly", "not held", "absent")}
    typer.echo(f"{len(rows)} rows: " + ", ".join(f"{n} {s}" for s, n in counts.items() if n))


def _matching(rows: list[dict[str, Any]], pattern: str) -> list[dict[str, Any]]:
    """Return the rows of a group or id, else of a state or kind, else those whose name or system has the words."""
    wanted = pattern.lower()
    for matches in (
        lambda row: str(row["row"]).lower().startswith(wanted),
        lambda row: wanted in (row["state"], row["kind"]),
        lambda row: wanted in f"{row['study']} {row['system']}".lower(),
    ):
        if found := [row for row in rows if matches(row)]:
            return found
    return []
