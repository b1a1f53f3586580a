"""Worker processes of a run, none of which is left behind, however the run ends."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from types import FrameType

from tertium.learning.orphans import end_with_parent

#: Seconds that workers have after Ctrl-C, which a terminal sends to them too, to finish a step and keep it.
PATIENCE = 5.0


class Terminated(KeyboardInterrupt):
    """SIGTERM has arrived."""


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of processes that are gone when the block is left.

    Left by SIGTERM, the workers are ended at once, and this process exits with 143 (or does what its own handler of
    SIGTERM says). Left by Ctrl-C, they have `PATIENCE` seconds to finish their step. Left by an error, the other jobs
    are done first, so that their results are kept. If this process is killed, its workers notice and end by themselves.

    Parameters
    ----------
    workers : int
        Processes.

    Yields
    ------
    concurrent.futures.ProcessPoolExecutor

    Examples
    --------
    >>> with worker_pool(1) as pool:
    ...     pool.submit(abs, -3).result()
    3
    """
    others = set(active_children())
    # spawn: a forked child would inherit torch's thread pools in an unusable state
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent)
    with _terminated_by_sigterm():
        try:
            yield pool
        except KeyboardInterrupt as asked:
            pool.shutdown(wait=False, cancel_futures=True)
            _end(set(active_children()) - others, patience=0.0 if isinstance(asked, Terminated) else PATIENCE)
            raise
        finally:
            pool.shutdown()


def _end(processes: Iterable[BaseProcess], patience: float) -> None:
    """Wait for processes, and end those that are still there after so many seconds, or when asked again to stop."""
    until = time.monotonic() + patience
    try:
        for process in processes:
            process.join(max(0.0, until - time.monotonic()))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def _terminated_by_sigterm() -> Iterator[None]:
    """Raise `Terminated` in the block at SIGTERM; when it has put its things in order, do what SIGTERM did before.

    Signals reach only the main thread; in any other, and where SIGTERM is ignored, nothing is changed.
    """
    before = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or before in (signal.SIG_IGN, None):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut short the clearing up
        raise Terminated

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except Terminated:
        if callable(before):
            before(signal.SIGTERM, None)
            raise
        # rather than dying of the signal: what multiprocessing has in the system's memory is given back on the way out
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        signal.signal(signal.SIGTERM, before)
