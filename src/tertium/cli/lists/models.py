"""``tertium models``: the networks there are."""

from __future__ import annotations

from tertium.cli.show import AsJson, print_json, print_table


def models(as_json: bool = AsJson) -> None:
    """List the networks of the catalogue and whether their weights are at hand."""
    from tertium.models.catalogue import list_models

    rows = [dict(row) if isinstance(row, dict) else dict(vars(row)) for row in list_models()]
    if as_json:
        print_json(rows)
        return
    columns = list(rows[0])
    print_table(columns, [[row[c] for c in columns] for row in rows])
