"""``tertium data``: the data sets there are; fetch one; look into or import a recording of one's own."""

from __future__ import annotations

from pathlib import Path

import typer

from tertium.cli.show import AsJson, print_json, print_table, remark

verbs = typer.Typer(
    help="List the data sets; fetch one; import a recording.", invoke_without_command=True, rich_markup_mode=None
)


@verbs.callback()
def _list(context: typer.Context, as_json: bool = AsJson) -> None:
    if context.invoked_subcommand is not None:
        return
    from dataclasses import asdict

    from tertium.data.catalogue import list_sets

    sets = list_sets()
    if as_json:
        print_json([asdict(s) for s in sets])
        return
    rows = [(s.name, s.real, f"{s.bytes / 1e6:.1f} MB", s.at_hand, s.licence, s.what) for s in sets]
    print_table(("name", "real", "size", "at hand", "licence", "what"), rows)


@verbs.command("fetch")
def fetch(
    name: str = typer.Argument(..., help="A data set; see tertium data."),
    as_json: bool = AsJson,
) -> None:
    """Get a data set: from TERTIUM_DATA, the cache, or its public source; checked against its SHA-256."""
    from tertium.data.catalogue import fetch as get

    files = get(name)
    if as_json:
        print_json({"name": name, "files": {file: str(path) for file, path in files.items()}})
    else:
        typer.echo("\n".join(str(path) for path in files.values()))


@verbs.command("import")
def import_file(
    file: Path = typer.Argument(..., help="A recording: .nwb, .mat, .npz, .csv, .zarr."),
    to: Path = typer.Option(None, "--to", help="Where to write the responses; by default FILE with .zarr."),
    options: list[str] = typer.Argument(None, help="key=value for the reader, for instance dt=0.01 align_to=go_time."),
    as_json: bool = AsJson,
) -> None:
    """Turn a recording into responses (trial x time x unit) and save them as zarr."""
    from tertium.config import parse_overrides
    from tertium.data import load, save

    target = to or file.with_suffix(".zarr")
    responses = load(str(file), **parse_overrides(options or []))
    save(responses, target)
    sizes = {str(dim): int(n) for dim, n in responses.sizes.items()}
    labels = sorted(str(c) for c in responses.coords)
    described = {"file": str(file), "saved": str(target), "sizes": sizes, "labels": labels}
    if as_json:
        print_json(described)
    else:
        remark(" x ".join(f"{n} {dim}s" for dim, n in sizes.items()) + f"; labels: {', '.join(labels)}")
        typer.echo(str(target))
