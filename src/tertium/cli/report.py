"""``tertium report``: write the page of finished runs again."""

from __future__ import annotations

import typer

from tertium.cli.show import AsJson, print_json


def report(
    runs: list[str] = typer.Argument(..., help="Run folders, or names of studies (their latest run here)."),
    as_json: bool = AsJson,
) -> None:
    """Write report.html of finished runs again, from what the runs have kept."""
    from tertium.report.study_page import write_study_page
    from tertium.run import find_run, load_run

    pages = [str(write_study_page(load_run(find_run(name)))) for name in runs]
    if as_json:
        print_json({"reports": pages})
    else:
        typer.echo("\n".join(pages))
