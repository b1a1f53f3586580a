"""``tertium score``: a network on all real data at hand, beside reference models, with a page."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from tertium.cli.show import AsJson, print_json, print_table, remark


def score(
    model: str = typer.Argument(..., help="A network: a name of tertium models, package.module:name, or file.py:name."),
    on: str = typer.Option("", "--on", help="Data to score on, with commas; all at hand by default."),
    references: str = typer.Option("", "--references", help="Models beside it, with commas; all by default; or none."),
    sites: str = typer.Option("*", "--sites", help="Layers, by name with wildcards; several with commas."),
    draws: int = typer.Option(100, "--draws", min=20, help="Draws for intervals."),
    seed: int = typer.Option(0, "--seed", min=0, help="Seed of the draws."),
    out: Path = typer.Option(None, "--out", help="Folder of the page; by default runs/score/<model>."),
    as_json: bool = AsJson,
) -> None:
    """Score MODEL on the real data at hand (V1, IT, judgements), beside pixels, Gabor energy and trained networks."""
    from tertium.errors import unknown_name
    from tertium.models.catalogue import MODELS

    if ":" not in model:
        _ = MODELS[model]  # a misspelt name is answered before anything is loaded
    from tertium.report.score_page import write_score_page
    from tertium.run.folder import runs_folder
    from tertium.studies.leaderboard import BENCHMARKS, REFERENCES
    from tertium.studies.leaderboard import score as score_on

    begin = time.perf_counter()
    wanted, beside = _words(on), _words(references)
    for given, known, kind in ((wanted, BENCHMARKS, "benchmark"), (beside, {**REFERENCES, "none": None}, "reference")):
        for name in given:
            if name not in known:
                raise unknown_name(kind, name, known)
    remark(f"scoring {model} on {', '.join(wanted or BENCHMARKS)}")
    board = score_on(
        model,
        wanted or None,
        references=None if not beside else [name for name in beside if name != "none"],
        sites=_words(sites) if "," in sites else sites,
        n_draws=draws,
        seed=seed,
    )
    words = ["tertium", "score", model, "--sites", sites, "--draws", str(draws), "--seed", str(seed)]
    words += (["--on", on] if on else []) + (["--references", references] if references else [])
    folder = out or runs_folder() / "score" / board.model.replace("/", "_")
    page = write_score_page(
        board, folder / "report.html", command=shlex.join(words), seconds=time.perf_counter() - begin
    )
    rows = board.table().to_dict("records")
    if as_json:
        plain = [{k: (None if v != v else v) for k, v in row.items()} for row in rows]
        print_json({"model": board.model, "scores": plain, "missing": board.missing, "report": str(page)})
        return
    shown = [_row(row) for row in rows]
    heading = ("data", "model", "score", "95 % interval", "ceiling", "best layer", f"{board.model} less this")
    print_table(heading, shown)
    for name, why in board.missing.items():
        typer.echo(f"Not scored: {name}: {why}")
    typer.echo(f"Report: {page}")


def _row(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return a line of the table; the scored network is marked, and has no difference from itself."""
    apart = f"{row['difference']:+.3f} ({_interval(row['difference_low'], row['difference_high'])})"
    return (
        str(row["benchmark"]),
        ("" if row["reference"] else "> ") + str(row["model"]),
        f"{row['score']:.3f}",
        _interval(row["low"], row["high"]),
        "" if row["ceiling"] != row["ceiling"] else f"{row['ceiling']:.3f}",
        str(row["layer"]),
        apart if row["reference"] else "",
    )


def _words(given: str) -> list[str]:
    return [word.strip() for word in given.split(",") if word.strip()]


def _interval(low: float, high: float) -> str:
    return "" if low != low else f"{low:.3f} to {high:.3f}"
