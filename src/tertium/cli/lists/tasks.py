"""``tertium tasks``: the cognitive tasks there are; what one asks; a picture of one or of all."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tertium.cli.show import AsJson, print_json, print_table, remark

if TYPE_CHECKING:
    from tertium.tasks.channels import Channel


def tasks(
    words: list[str] = typer.Argument(
        None, help="A task (yang19/dm1), or a word to look for (delay), then options of the task as key=value."
    ),
    picture: bool = typer.Option(False, "--plot", help="Draw one trial of each kind; without a task, all tasks."),
    out: Path = typer.Option(None, "--out", help="The picture's file; by default TASK.html, or tasks.html."),
    seed: int = typer.Option(0, "--seed", help="Of the trials in the picture."),
    as_json: bool = AsJson,
) -> None:
    """List the tasks, describe one, or draw them."""
    from tertium.errors import BadInput
    from tertium.tasks.catalogue import TASKS

    pattern, overrides = _read(words or [])
    if overrides and not pattern:
        raise BadInput("options", got="no task", expected="a task before its options", repair="See tertium tasks.")
    if pattern not in TASKS and overrides:
        TASKS[pattern]  # answers a misspelt name with the nearest
    if pattern in TASKS:
        if picture:
            _draw({pattern: _make(pattern, overrides)}, out or _file_of(pattern), seed, as_json)
        else:
            _describe(pattern, overrides, as_json)
        return
    names = _matching(pattern, list(TASKS))
    if not names:
        TASKS[pattern]
    if picture:
        _draw({name: _make(name, {}) for name in names}, out or Path("tasks.html"), seed, as_json)
    else:
        _list(names, as_json)


def _read(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the name or pattern, and the options."""
    from tertium.config import parse_overrides

    pattern = words[0] if words and "=" not in words[0] else ""
    return pattern, parse_overrides(words[1:] if pattern else words)


def _matching(pattern: str, names: Sequence[str]) -> list[str]:
    wanted = pattern.lower().strip("*")
    return [name for name in names if wanted in name.lower()]


def _list(names: Sequence[str], as_json: bool) -> None:
    rows = []
    for name in names:
        task = _make(name, {})
        what, cite = _what(task)
        rows.append({"name": name, "what": what, "inputs": task.n_inputs, "outputs": task.n_outputs, "cite": cite})
    if as_json:
        print_json(rows)
        return
    columns = ("name", "inputs", "outputs", "what", "cite")
    print_table(columns, [[row[column] for column in columns] for row in rows])
    typer.echo(f"{len(rows)} task{'s' if len(rows) != 1 else ''}")


def _what(task: Any) -> tuple[str, str]:
    """Return the sentence and the paper of a task; a set says them itself."""
    said = getattr(task, "spec", task)
    return said.what, said.cite


def _make(name: str, overrides: Mapping[str, Any]) -> Any:
    from tertium.tasks.catalogue import TASKS, make

    options = inspect.signature(TASKS.load(name)).parameters
    checked = {k: _fitting(name, k, v, options[k].default) if k in options else v for k, v in overrides.items()}
    return make(name, **checked)


def _fitting(task: str, key: str, value: Any, default: Any) -> Any:
    """Return an option's value as its default is: a number, a word, truth, or a list."""
    from tertium.errors import BadInput

    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits, expected = True, ""
    if isinstance(default, bool):
        fits, expected = isinstance(value, bool), "true or false"
    elif isinstance(default, int):
        fits, expected = is_number and float(value).is_integer(), "an integer"
        value = int(value) if fits else value
    elif isinstance(default, float) or type(default).__module__.endswith("tasks.distributions"):
        fits, expected = is_number, "a number"
    elif isinstance(default, str):
        fits, expected = isinstance(value, str), "a word"
    elif isinstance(default, tuple | list):
        value = tuple(value) if isinstance(value, list) else (value,)
    if not fits:
        raise BadInput(
            f"option '{key}' of task '{task}'",
            got=repr(value),
            expected=f"{expected}, such as the default {default!r}",
            repair=f"See tertium tasks {task}.",
        )
    return value


def _describe(name: str, overrides: Mapping[str, Any], as_json: bool) -> None:
    task = _make(name, overrides)
    what, cite = _what(task)
    said: dict[str, Any] = {"name": name, "what": what, "cite": cite, "dt": task.dt}
    said |= {"n_inputs": task.n_inputs, "n_outputs": task.n_outputs}
    spec = getattr(task, "spec", None)
    if spec is not None:
        said["epochs"] = [{"name": e.name, "duration": _told(e.duration, " s")} for e in spec.epochs]
        said["inputs"], said["outputs"] = _channels(spec.inputs), _channels(spec.outputs)
        said["conditions"] = [
            {"name": key if isinstance(key, str) else ", ".join(key), "drawn": _told(source)}
            for key, source in spec.conditions.items()
        ]
        said["noise"] = [{"channel": channel, "noise": repr(noise)} for channel, noise in spec.noise.items()]
        said["response"] = repr(spec.response)
    else:
        said["tasks"] = list(task.names)
    said["options"] = _options(name, overrides)
    if as_json:
        print_json(said)
        return
    typer.echo(f"{name}: {what}")
    if cite:
        typer.echo(cite)
    typer.echo(f"{task.n_inputs} inputs, {task.n_outputs} outputs, dt {task.dt:g} s")
    for part in ("epochs", "inputs", "outputs", "conditions", "noise", "options"):
        if said.get(part):
            typer.echo("")
            print_table([f"{part}", *list(said[part][0])[1:]], [list(row.values()) for row in said[part]])
    if spec is None:
        typer.echo("\ntasks\n" + "\n".join(task.names))
    else:
        typer.echo(f"\nresponse\n{said['response']}")


def _told(source: Any, unit: str = "") -> str:
    """Return a duration or the source of a condition in words."""
    if isinstance(source, int | float):
        return f"{source:g}{unit}"
    if isinstance(source, str):
        return f"the condition '{source}'"
    if inspect.isfunction(source):
        return "follows from the conditions before it"
    text = repr(source)
    if "<function" in text:  # a distribution that is given by a function of the task
        return "drawn given the conditions before it"
    return text if len(text) <= 90 else f"{text[:87]}..."


def _channels(blocks: Sequence[Channel]) -> list[dict[str, Any]]:
    return [{"name": b.name, "size": b.size, "kind": type(b).__name__, "baseline": b.baseline} for b in blocks]


def _options(name: str, overrides: Mapping[str, Any]) -> list[dict[str, str]]:
    from tertium.tasks.catalogue import TASKS

    write = TASKS.load(name)
    meanings = _meanings(write)
    return [
        {
            "name": key,
            "default": str(option.default) if not isinstance(option.default, str) else repr(option.default),
            "meaning": meanings.get(key, "") + (f" [now {overrides[key]}]" if key in overrides else ""),
        }
        for key, option in inspect.signature(write).parameters.items()
    ]


def _meanings(write: Any) -> dict[str, str]:
    """Return what the docstring (of a class: its bases' too) says of each parameter."""
    meanings: dict[str, str] = {}
    documented = reversed(write.__mro__) if inspect.isclass(write) else [write]
    for one in documented:
        doc = inspect.cleandoc(one.__doc__ or "")
        _, _, rest = doc.partition("Parameters\n----------\n")
        section = re.split(r"\n\w[\w ]*\n-{3,}\n", rest)[0]
        for found in re.finditer(r"^(\w[\w, ]*) : .*\n((?:    .*\n?)+)", section, re.M):
            for key in found[1].split(","):
                meanings[key.strip()] = " ".join(found[2].split())
    return meanings


def _file_of(name: str) -> Path:
    return Path(name.replace("/", "_") + ".html")


def _draw(drawn: Mapping[str, Any], out: Path, seed: int, as_json: bool) -> None:
    """Write a picture, or a page of pictures, and say where."""
    from tertium.errors import BadInput
    from tertium.files import write_atomically
    from tertium.tasks.pictures import gallery

    if len(drawn) > 1:
        remark(f"drawing {len(drawn)} tasks")
    page = gallery(drawn, seed, panels=4 if len(drawn) == 1 else 2)
    try:
        saved = write_atomically(out, lambda file: file.write(page.encode()))
    except OSError as problem:
        raise BadInput(
            f"--out {out}", got=problem.strerror or str(problem), expected="a file that can be written"
        ) from None
    if as_json:
        print_json({"tasks": list(drawn), "saved": str(saved.resolve())})
    else:
        typer.echo(str(saved.resolve()))
