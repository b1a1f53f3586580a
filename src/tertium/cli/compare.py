"""``tertium compare``: which layer of a network explains which region, with ceilings and a page."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import typer

from tertium.cli.show import AsJson, print_json, print_table, remark


def compare(
    model: str = typer.Argument(..., help="A network: a name of tertium models, package.module:name, or file.py:name."),
    data: str = typer.Argument(..., help="Brains: a name of tertium data, or a .npz, .zarr or .nwb of your own."),
    images: Path = typer.Option(None, "--images", help="The stimuli, if DATA has none: .npy, .npz or a folder."),
    sites: str = typer.Option("*", "--sites", help="Layers, by name with wildcards; several with commas."),
    measure: str = typer.Option("rsa", "--measure", help="rsa, encode, cka, procrustes, soft_match, ..."),
    metric: str = typer.Option("correlation", "--metric", help="Of rsa: dissimilarity of two patterns."),
    method: str = typer.Option(
        "", "--method", help="Of rsa: spearman, kendall_tau_a, rho_a, ... Of encode: ridge, pls, ..."
    ),
    bootstrap: str = typer.Option("auto", "--bootstrap", help="Draw stimuli, subjects, both, none or auto."),
    draws: int = typer.Option(0, "--draws", min=0, help="Draws; 1000 for rsa, 200 for other measures."),
    seed: int = typer.Option(0, "--seed", min=0, help="Seed of the draws."),
    out: Path = typer.Option(None, "--out", help="Folder of the page; by default runs/compare/<model>-<data>."),
    as_json: bool = AsJson,
) -> None:
    """Show the stimuli of DATA to MODEL, and score each layer against each recorded region."""
    from tertium.data.brain_set import brain_set
    from tertium.errors import BadInput
    from tertium.models.catalogue import MODELS

    if ":" not in model:
        _ = MODELS[model]  # a misspelt name is answered before anything is fetched
    brain = brain_set(data, images=images)
    if brain.images is None:
        raise BadInput(
            f"'{data}'", got="responses without the images that were shown", expected="images",
            repair="Give them: --images FILE.npy, FILE.npz or FOLDER.",
        )  # fmt: skip
    from tertium.models import load_model
    from tertium.report.compare_page import write_compare_page
    from tertium.run.folder import runs_folder
    from tertium.studies.layer_comparison import compare_layers

    begin = time.perf_counter()
    network = load_model(model)
    wanted = sites if "," not in sites else [s.strip() for s in sites.split(",")]
    remark(f"showing {len(brain.stimuli)} stimuli to {model}")
    scores = compare_layers(
        network, brain, measure, sites=wanted, metric=metric, method=method, bootstrap=bootstrap, n_draws=draws,
        seed=seed, model=model,
    )  # fmt: skip
    plain = f"{model}-{Path(data).name}".replace("/", "_").replace(":", "_")
    words = ["tertium", "compare", model, data, "--sites", sites, "--measure", measure, "--metric", metric]
    words += ["--method", method] if method else []
    words += ["--bootstrap", bootstrap, "--draws", str(draws), "--seed", str(seed)]
    words += ["--images", str(images)] if images else []
    page = write_compare_page(
        scores,
        brain,
        command=shlex.join(words),
        seconds=time.perf_counter() - begin,
        path=(out or runs_folder() / "compare" / plain) / "report.html",
    )
    table = scores.table()
    if as_json:
        rows = [{k: (None if v != v else v) for k, v in row.items()} for row in table.to_dict("records")]
        print_json(
            {
                "model": model, "data": data, "measure": measure, "metric": metric, "method": scores.method,
                "scores": rows, "best": scores.best(), "notes": list(scores.notes), "report": str(page),
            }
        )  # fmt: skip
        return
    shown = [
        (r["layer"], r["region"], f"{r['score']:.3f}", _interval(r["interval_low"], r["interval_high"]),
         _interval(r["ceiling_low"], r["ceiling_high"]), r["subjects"])
        for r in table.to_dict("records")
    ]  # fmt: skip
    heading = f"{scores.method}, lower is better" if scores.is_distance else scores.method
    print_table(("layer", "region", heading, "95 % interval", "noise ceiling", "subjects"), shown)
    for region, layer in scores.best().items():
        typer.echo(f"Best for {region}: {layer}")
    for note in scores.notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Report: {page}")


def _interval(low: float, high: float) -> str:
    if low != low:
        return ""
    return f"{low:.3f}" if high != high else f"{low:.3f} to {high:.3f}"
