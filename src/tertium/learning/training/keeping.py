"""Checkpoints of the training loop: who counts its steps and keeps its state."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tertium.checkpoint import load_checkpoint, save_checkpoint
from tertium.errors import BadFile, BadInput


class Keeper(Protocol):
    """Counts the steps of a loop and keeps its state; `tertium.studies.lab.Lab.steps` is one."""

    def __call__(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        """Yield the steps that are still to be done; ``save`` every so many, ``load`` first where there is a state."""
        ...


class Leave(Exception):
    """Thrown into a keeper between two steps: the loop ends here, keep its state now."""


def leave(counting: Iterator[int]) -> None:
    """End a keeper's counting before its last step. A keeper that knows `Leave` saves; any other just ends."""
    if isinstance(counting, Generator):
        with suppress(Leave, StopIteration):
            counting.throw(Leave())


def only_count(
    name: str,
    total: int,
    *,
    save: Callable[[], Mapping[str, Any]],
    load: Callable[[Mapping[str, Any]], None],
    every: int = 100,
) -> Iterator[int]:
    """Count the steps and keep nothing."""
    return iter(range(total))


class FolderKeeper:
    """Keeps the state of a loop in ``<folder>/checkpoint-<name>.pt``, written whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.

    Raises
    ------
    BadInput
        If there is a file of that name, or the folder cannot be made or written to.
    BadFile
        If a checkpoint in it is damaged, or of something else than a training.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise BadInput("checkpoint", got=f"the file {folder}", expected="a folder", repair="Name a new folder.")
        try:  # now, and not after the first hundred steps
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise self._cannot_write(problem.strerror or str(problem)) from None
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise self._cannot_write("no right to write there")

    def _cannot_write(self, why: str) -> BadInput:
        return BadInput(f"checkpoint folder {self.folder}", got=why, expected="a folder in which files can be written")

    def path(self, name: str) -> Path:
        """Return where the state of a loop is kept."""
        return self.folder / f"checkpoint-{name}.pt"

    def __call__(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        """Yield the steps that are still to be done."""
        path, start = self.path(name), 0
        if path.exists():
            kept = load_checkpoint(path)
            if not {"step", "state"} <= set(kept):
                raise BadFile(
                    f"checkpoint {path}",
                    got=f"a file with {', '.join(map(str, kept)) or 'nothing'} in it",
                    expected="a checkpoint of a training",
                    repair="Choose another folder, or delete the file to begin again.",
                )
            start = int(kept["step"])
            load(kept["state"])
        for step in range(start, total):
            try:
                yield step
            except Leave:  # nothing of this step has been done
                save_checkpoint(path, {"step": step, "state": save()})
                return
            if (step + 1) % every == 0 or step + 1 == total:
                save_checkpoint(path, {"step": step + 1, "state": save()})
