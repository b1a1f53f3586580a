"""Several seeds at once, each in a process of its own, none lost when a process is killed."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from torch import nn

from tertium.errors import BadInput, TertiumError
from tertium.learning.fitting import fit
from tertium.learning.orphans import end_with_parent
from tertium.learning.training.result import Fit
from tertium.progress import track
from tertium.tasks.task import TaskLike

#: Seed -> a fresh network and its task. A function at the top of a module: it is sent to other processes.
Make = Callable[[int], tuple[nn.Module, TaskLike]]


class Lost(TertiumError, RuntimeError):
    """A process that trained a network was killed more often than it may be started again."""


def fit_many(
    make: Make,
    seeds: Sequence[int],
    *,
    folder: str | Path,
    workers: int | None = None,
    restarts: int = 2,
    **options: Any,
) -> dict[int, Fit]:
    """Train one network for each seed, several at a time.

    Each has its folder ``<folder>/seed-<n>`` with checkpoint and metrics. A process that is killed is started again and
    goes on from its checkpoint; so does the whole call when it is made again.

    Parameters
    ----------
    make : callable
        Seed -> network and task; a function at the top of a module (processes import it).
    seeds : sequence of int
        For the trials and noise of `fit`, and for ``make``.
    folder : str or Path
        Where checkpoints and metrics are kept.
    workers : int, optional
        Processes at a time; by default one for each core.
    restarts : int
        How often a process that was killed is started again.
    **options
        Of `fit`.

    Returns
    -------
    dict of int to Fit
        In the order of ``seeds``.

    Raises
    ------
    BadInput
        If a seed is given twice, or ``make`` or an option cannot be sent to another process.
    Lost
        If a process was killed too often.
    TertiumError
        What went wrong in a process.
    """
    _check(make, seeds, options, workers)
    places = {seed: Path(folder) / f"seed-{seed}" for seed in seeds}
    trained = _trained(make, places, options, workers or min(len(seeds), os.cpu_count() or 1), restarts)
    for _ in track(trained, "networks", total=len(seeds)):
        pass
    # a finished training is read from its checkpoint, without another step
    return {seed: _one(make, seed, place, options) for seed, place in places.items()}


def _trained(
    make: Make, places: Mapping[int, Path], options: Mapping[str, Any], at_most: int, restarts: int
) -> Iterator[int]:
    """Train in processes, and yield each seed when it is done."""
    waiting, killed = list(places), dict.fromkeys(places, 0)
    running: dict[int, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_most:
                seed = waiting.pop(0)
                running[seed] = _Worker.start(make, seed, places[seed], options)
            wait([worker.process.sentinel for worker in running.values()])
            for seed, worker in [(s, w) for s, w in running.items() if not w.process.is_alive()]:
                del running[seed]
                if worker.outcome() == "done":
                    yield seed
                    continue
                killed[seed] += 1
                if killed[seed] > restarts:
                    raise Lost(
                        f"training of seed {seed}",
                        got=f"its process ended {killed[seed]} times (exit code {worker.process.exitcode})",
                        expected="a process that lives",
                        repair=f"Its checkpoint is in {places[seed]}; if memory was short, use fewer workers.",
                    )
                waiting.insert(0, seed)
    finally:
        for worker in running.values():
            worker.stop()


@dataclass(frozen=True)
class _Worker:
    """A process that trains one network, and the end of the pipe on which it reports an error."""

    process: BaseProcess
    errors: Connection

    @classmethod
    def start(cls, make: Make, seed: int, place: Path, options: Mapping[str, Any]) -> _Worker:
        context = multiprocessing.get_context("spawn")  # a forked torch may wait for threads that were not forked
        errors, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, make, seed, place, dict(options)), daemon=True)
        process.start()
        theirs.close()
        return cls(process, errors)

    def outcome(self) -> str:
        """Return "done" or "killed" of a process that ended, or raise the error that ended it."""
        self.process.join()
        error = None
        if self.errors.poll():
            try:
                error = self.errors.recv()
            except EOFError:  # the pipe was closed without a word: the process was killed, or is done
                error = None
        self.errors.close()
        if error is not None:
            raise error
        return "done" if self.process.exitcode == 0 else "killed"

    def stop(self) -> None:
        """Let a process that also got Ctrl-C write its checkpoint, and end any other."""
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()
        self.errors.close()


def _work(errors: Connection, make: Make, seed: int, place: Path, options: Mapping[str, Any]) -> None:
    end_with_parent()
    try:
        _one(make, seed, place, options)
    except Exception as error:  # noqa: BLE001  (raised again in the process that asked)
        errors.send(error)


def _one(make: Make, seed: int, place: Path, options: Mapping[str, Any]) -> Fit:
    model, task = make(seed)
    return fit(model, task, seed=seed, checkpoint=place, **{"progress": False, **options})


def _check(make: Make, seeds: Sequence[int], options: Mapping[str, Any], workers: int | None) -> None:
    if len(set(seeds)) < len(seeds) or not len(seeds):
        raise BadInput("seeds", got=repr(list(seeds)), expected="different integers, at least one")
    if workers is not None and workers < 1:
        raise BadInput("workers", got=repr(workers), expected="an integer >= 1")
    for name in ("seed", "checkpoint", "keeper"):
        if name in options:
            raise BadInput(f"option '{name}'", got="given", expected="to be left to fit_many", repair="Leave it out.")
    for name, value in {"make": make, **options}.items():
        try:
            pickle.dumps(value)
        except (pickle.PicklingError, AttributeError, TypeError):
            raise BadInput(
                name,
                got=f"{value!r}, which cannot be sent to another process",
                expected="something defined at the top of a module",
                repair="Write it with def outside of any function, not as a lambda.",
            ) from None
