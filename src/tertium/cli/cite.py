"""``tertium cite``: what to cite for a study."""

from __future__ import annotations

import typer

from tertium.cli.show import AsJson, print_json


def cite(
    study: str = typer.Argument(..., help="A study; see tertium studies."),
    bibtex: bool = typer.Option(False, "--bibtex", help="Print BibTeX entries."),
    as_json: bool = AsJson,
) -> None:
    """Print the papers that a study reproduces, to be cited."""
    from tertium.studies.handle import get

    references = get(study).study.cite
    if as_json:
        print_json({"study": study, "cite": [{"text": r.text(), "bibtex": r.bibtex()} for r in references]})
    else:
        typer.echo("\n\n".join(r.bibtex() if bibtex else r.text() for r in references))
