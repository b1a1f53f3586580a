"""Progress of training: a bar with loss, performance and speed on a terminal, silence anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called after each step with the step, the loss and the performance at the last validation.
Show = Callable[[int, float, float], None]


@contextmanager
def training_bar(total: int, wanted: bool = True) -> Iterator[Show]:
    """Give a function that shows how far training is; it does nothing when standard error is not a terminal.

    Parameters
    ----------
    total : int
        Steps of the whole training.
    wanted : bool
        Whether to show anything at all.
    """
    if not (wanted and sys.stderr.isatty()):
        yield lambda step, loss, performance: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line, began, first = bar.add_task("training", total=total, numbers=""), time.monotonic(), -1

        def show(step: int, loss: float, performance: float) -> None:
            nonlocal first
            first = step - 1 if first < 0 else first
            speed = (step - first) / max(time.monotonic() - began, 1e-9)
            correct = "" if performance != performance else f"  correct {performance:.3f}"
            bar.update(line, completed=step, numbers=f"loss {loss:.4g}{correct}  {speed:.1f} steps/s")

        yield show
