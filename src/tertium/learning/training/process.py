"""What training asks of the process it runs in: its number of threads, and Ctrl-C held back until a step is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

from tertium.errors import BadInput


@contextmanager
def torch_threads(n: int | None) -> Iterator[None]:
    """Let torch use ``n`` threads inside an operation, and restore what was there before; None leaves it as it is.

    Raises
    ------
    BadInput
        If ``n`` is no positive integer.
    """
    if n is None:
        yield
        return
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise BadInput("threads", got=repr(n), expected="an integer >= 1, or None for torch's own choice")
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class HeldInterrupt:
    """Holds back a first Ctrl-C so that the loop can end between two steps; a second one strikes at once.

    Signals reach only the main thread of a process; in any other thread this does nothing.

    Attributes
    ----------
    asked : bool
        Whether Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> HeldInterrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
