"""No process that works for another outlives it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def end_with_parent() -> None:
    """Let this process end as soon as the one that started it has ended, in whatever way (SIGTERM, SIGKILL).

    What it has not written yet is lost, as when it is killed itself: files are written whole or not at all, and the
    work goes on from the last checkpoint. In a process that multiprocessing did not start, nothing is done.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(128 + signal.SIGTERM)  # from a thread, no gentler end reaches the main thread inside of an operation

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
