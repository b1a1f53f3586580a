"""Where the numbers of each validation go: a file of JSON lines, TensorBoard, or any function."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tertium.errors import MissingPackage
from tertium.files import write_atomically
from tertium.learning.training.state import TrainingState

#: Takes the numbers of one validation, by name; "step" is among them.
Sink = Callable[[Mapping[str, float]], None]


class MetricsFile:
    """Writes one JSON object a line, the numbers of one validation.

    A resumed training first puts back the lines up to its checkpoint, so that the file reads as if it had never been
    interrupted.

    Parameters
    ----------
    path : Path
        The file, ``metrics.jsonl``.
    state : TrainingState
        Whose history it is.
    """

    def __init__(self, path: Path, state: TrainingState) -> None:
        self.path, self._state, self._begun = path, state, False

    def __call__(self, numbers: Mapping[str, float]) -> None:
        """Append one line."""
        if not self._begun:
            text = "".join(_line(check.numbers()) for check in self._state.history)
            write_atomically(self.path, lambda file: file.write(text.encode()))
            self._begun = True
            return
        # one write of one line: a kill leaves whole lines before it
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(numbers))


def _line(numbers: Mapping[str, float]) -> str:
    return json.dumps(dict(numbers)) + "\n"


class TensorBoard:
    """Writes the numbers of each validation for TensorBoard (the optional package ``tensorboard``).

    Parameters
    ----------
    folder : str or Path
        Where TensorBoard looks (``tensorboard --logdir``).

    Raises
    ------
    MissingPackage
        If ``tensorboard`` is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as problem:
            raise MissingPackage(
                "TensorBoard",
                got=str(problem).splitlines()[0],
                expected="the package tensorboard",
                repair="Install it: pip install 'tertium[tensorboard]'.",
            ) from None
        self._writer: Any = SummaryWriter(str(folder))

    def __call__(self, numbers: Mapping[str, float]) -> None:
        """Write one point of each curve."""
        for name, value in numbers.items():
            if name != "step":
                self._writer.add_scalar(name, value, int(numbers["step"]))
        self._writer.flush()
