"""What a running study is given: its seeds, data, progress, and a memory that survives a kill."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from tertium.learning.training.result import Fit
    from tertium.tasks.task import Task, TaskLike

T = TypeVar("T")


def plain_name(name: str) -> str:
    """Return the name of a stage, a loop or a training, which a lab may have to name a file by.

    Raises
    ------
    BadInput
        If there is anything but letters, digits, - and _ in it, or nothing.

    Examples
    --------
    >>> plain_name("learn-parity_2")
    'learn-parity_2'
    >>> plain_name("learn parity")
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: stage name: got 'learn parity', expected letters, digits, - and _. Rename it.
    """
    if not name.replace("-", "").replace("_", "").isalnum():
        raise BadInput("stage name", got=f"'{name}'", expected="letters, digits, - and _", repair="Rename it.")
    return name


class Lab(ABC):
    """The place in which a study runs one seed.

    Attributes
    ----------
    seed : int
        The seed of this run.
    seeds : Seeds
        Named generators made from it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.seeds = Seeds(seed)

    @abstractmethod
    def stage(self, name: str, work: Callable[[], T], *, shared: bool = False) -> T:
        """Return ``work()``, kept: a run that was killed after this stage does not repeat it.

        ``shared`` work does not depend on the seed; it is done once and serves all seeds of the run. What is returned
        may hold numbers, text, arrays, and lists and mappings of those.
        """

    @abstractmethod
    def steps(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        """Count the steps of a loop, checkpointing its state every ``every`` steps; a killed run goes on from there.

        ``save`` returns the whole state of the loop (tensors, numbers, text, mappings of those, generator states)
        and ``load`` puts it back. The state is saved after the body of a step has run.
        """

    @abstractmethod
    def log(self, **numbers: float) -> None:
        """Append one line to the run's metrics."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Leave a remark for the report: something that could not be had, a choice that was made."""

    @abstractmethod
    def keep(self, responses: xr.DataArray) -> None:
        """Keep the recorded responses with the run."""

    def data(self, name: str, **options: Any) -> Any:
        """Load a data set of the catalogue."""
        from tertium.data.catalogue import load_set

        return load_set(name, **options)

    def fit(self, model: nn.Module, task: TaskLike, *, name: str = "fit", **options: Any) -> Fit:
        """Train a network on a task; a run that is killed meanwhile goes on from its last checkpoint.

        Parameters
        ----------
        model : torch.nn.Module
            Trained in place.
        task : TaskLike
            What it learns.
        name : str
            Tells apart the networks that a study trains: each has its own checkpoint, seeds and metrics.
        **options
            Of `tertium.learning.fit`; checkpoints, seeds and metrics are the lab's.

        Raises
        ------
        BadInput
            If a seed, a keeper or a folder for checkpoints is given.

        Examples
        --------
        >>> from tertium.models import RateRNN
        >>> from tertium.tasks import make
        >>> task = make("context_decision")
        >>> network = RateRNN(task.n_inputs, 16, task.n_outputs, dt=task.dt)
        >>> MemoryLab(seed=3).fit(network, task, steps=5, batch=8, validate_trials=16).steps
        5
        """
        from tertium.learning import fit

        for option in ("seed", "keeper", "checkpoint"):
            if option in options:
                raise BadInput(
                    f"option of lab.fit: {option}",
                    got=repr(options[option]),
                    expected="none: the lab has its own",
                    repair="Leave it out, or call tertium.learning.fit.",
                )

        def log(numbers: Mapping[str, float]) -> None:
            self.log(**{key if name == "fit" else f"{name}/{key}": value for key, value in numbers.items()})

        sinks = (log, *options.pop("sinks", ()))
        return fit(model, task, name=name, keeper=self.steps, seed=self.seeds.child(name), sinks=sinks, **options)

    def record(
        self, model: nn.Module, task: Task, trials: int, *, sites: str = "cells.*", **fixed: Any
    ) -> xr.DataArray:
        """Record from a network doing a task, on trials that no training has seen: trial x time x unit, labelled.

        Parameters
        ----------
        model : torch.nn.Module
            The network.
        task : Task
            What it does.
        trials : int
            How many trials.
        sites : str
            Where to record; by default the units of all cells.
        **fixed
            Conditions that are given rather than drawn, and durations of epochs in seconds.
        """
        from tertium.record import record

        seeds = self.seeds.child("record")
        return record(model, task.batch(trials, seeds, **fixed), sites, seed=seeds.integer("noise"), progress=False)

    def track(self, items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
        """Go through items with a progress bar."""
        from tertium.progress import track

        return track(items, what, total)


class MemoryLab(Lab):
    """A lab that keeps nothing: for trying a study in a notebook or a test.

    Examples
    --------
    >>> lab = MemoryLab(seed=3)
    >>> lab.stage("two", lambda: 2)
    2
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.metrics: list[dict[str, float]] = []
        self.notes: list[str] = []
        self.responses: xr.DataArray | None = None

    def stage(self, name: str, work: Callable[[], T], *, shared: bool = False) -> T:
        """Return ``work()``; names are refused as by a lab that keeps it in a file."""
        plain_name(name)
        return work()

    def steps(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        """Count from 0 to ``total - 1``; names are refused as by a lab that keeps checkpoints."""
        plain_name(name)
        return iter(range(total))

    def log(self, **numbers: float) -> None:
        """Append to ``metrics``."""
        self.metrics.append(numbers)

    def note(self, text: str) -> None:
        """Append to ``notes``."""
        self.notes.append(text)

    def keep(self, responses: xr.DataArray) -> None:
        """Keep them in ``responses``."""
        self.responses = responses
