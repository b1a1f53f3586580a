"""The verbs of ``tertium`` put together, and what happens when one fails."""

from __future__ import annotations

import sys
import traceback

import typer

from tertium.cli import cite, compare, data, doctor, report, run, score, studies
from tertium.cli.lists import models, rules, tasks
from tertium.errors import TertiumError

app = typer.Typer(
    name="tertium",
    help="Artificial neural networks as models of the brain: run studies, compare networks with recorded brains.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Every verb takes --debug (show the traceback of an error); those that print results take --json.",
)

app.command("studies")(studies.studies)
app.command("run")(run.run)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("score")(score.score)
app.add_typer(data.verbs, name="data")
app.command("tasks")(tasks.tasks)
app.command("models")(models.models)
app.command("rules")(rules.rules)
app.command("cite")(cite.cite)
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def _top(version: bool = typer.Option(False, "--version", help="Show the version.")) -> None:
    if version:
        import tertium

        typer.echo(tertium.__version__)
        raise typer.Exit


def invoke(words: list[str], *, debug: bool = False) -> int:
    """Run a command line; tell errors in one line on standard error; return the exit code."""
    # Typer brings its own copy of click or uses the installed one, depending on its version: ask its exceptions.
    usage_error = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    command = typer.main.get_command(app)
    try:
        result = command.main(args=words, prog_name="tertium", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except TertiumError as problem:
        return _tell(str(problem), 2, debug)
    except KeyboardInterrupt:
        return _tell("stopped; the same command goes on from the last checkpoint.", 130, debug)
    except BrokenPipeError:
        return 0  # the reader of a pipe (head, less) has gone
    except Exception as problem:  # noqa: BLE001  (the last line of defence: told, never swallowed)
        if type(problem).__name__ == "Abort":
            return _tell("stopped.", 130, debug)
        if type(problem).__name__ == "NoArgsIsHelpError":
            typer.echo(str(problem))
            return 0
        if isinstance(problem, usage_error):
            message = " ".join(problem.format_message().split())  # type: ignore[attr-defined]
            return _tell(message + ("" if message.endswith((".", "?")) else ".") + " See tertium --help.", 2, debug)
        detail = " ".join(f"{type(problem).__name__}: {problem}".split())
        return _tell(
            f"a fault of tertium's, not yours: {detail}. Please report it with the output of --debug.", 3, debug
        )


def _tell(line: str, code: int, debug: bool) -> int:
    if debug and sys.exc_info()[0] is not None:
        traceback.print_exc()
    typer.echo(f"tertium: {line}", err=True)
    return code
