"""Progress on long work: a bar on a terminal, silence anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Go through ``items`` with a progress bar on standard error; silent when that is not a terminal.

    Parameters
    ----------
    items : iterable
        What to go through.
    what : str
        What is being done, shown beside the bar ("conv layers").
    total : int, optional
        How many there are, when ``items`` cannot say.

    Yields
    ------
    object
        The items, unchanged.

    Examples
    --------
    >>> sum(track([1, 2, 3], "adding"))
    6
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, total=total, description=what)
