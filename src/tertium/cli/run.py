"""``tertium run``: run, resume or reuse a study; its claims on the terminal, its page on disk."""

from __future__ import annotations

import typer

from tertium.cli.show import AsJson, print_json, remark


def run(
    study: str = typer.Argument(..., help="A study; see tertium studies."),
    overrides: list[str] = typer.Argument(None, help="key=value of its configuration; seeds=0..4, test or pilot."),
    smoke: bool = typer.Option(False, "--smoke", help="The small size: seconds, for trying out."),
    workers: int = typer.Option(1, "--workers", min=1, help="Processes; each takes a seed at a time."),
    fresh: bool = typer.Option(False, "--fresh", help="Start again, forgetting what this run has kept."),
    keep: bool = typer.Option(False, "--record", help="Keep the verdicts in results/ (full size, test seeds)."),
    as_json: bool = AsJson,
) -> int:
    """Run a study (or resume it, or reuse it), judge its claims and write its page."""
    from tertium.config import parse_overrides
    from tertium.run.engine import run_study

    values = parse_overrides(overrides or [])
    seeds = values.pop("seeds", values.pop("seed", None))
    done = run_study(
        study,
        values,
        size="smoke" if smoke else "full",
        seeds=seeds,
        workers=workers,
        fresh=fresh,
        say=lambda line: remark(f"{study}: {line}"),
    )
    from tertium.report.study_page import write_study_page

    page = write_study_page(done)
    if keep:
        from tertium.run.records import record

        remark(f"kept in {record(done)}")
    if as_json:
        print_json({**done.as_json(), "report": str(page)})
    else:
        from rich.console import Console

        from tertium.report.terminal import claims_table

        console = Console(highlight=False)
        console.print(f"{done.study.title()}", style="bold")
        console.print(claims_table([v.as_json() for v in done.verdicts]))
        for note in done.notes:
            console.print(f"Note: {note}")
        typer.echo(f"Report: {page}")
    return 0 if done.held else 1
