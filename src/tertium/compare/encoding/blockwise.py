"""Work on blocks, one after the other in this process or as tasks of a Dask scheduler; the results are the same.

`work` is called with one block at a time and knows nothing of where. On Dask it is sent to the workers once (a zarr
store that it reads goes as its path); whatever a worker that dies had begun is done again by the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tertium.errors import BadInput, MissingPackage, TertiumError
from tertium.progress import track

if TYPE_CHECKING:
    from distributed import Client, Future

Block = TypeVar("Block")
Result = TypeVar("Result")

#: Seconds to reach a scheduler, and to wait for a worker once there is none.
_REACH, _NO_WORKER = 5, 60

#: What Dask raises where it does not understand an answer.
_NOT_DASK = (MemoryError, AssertionError)

#: Times that a scheduler is greeted at most.
_GREETINGS = 3

#: Times a task is done again that failed with anything but a clear error (a file system that was away for a moment).
_RETRIES = 2

#: Times in a row that everything is sent again because all workers that had it died.
_ROUNDS = 3


class Executor(ABC):
    """Where blocks are worked on."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many blocks are worked on at a time."""

    @abstractmethod
    def run(
        self,
        work: Callable[[Block], Result],
        blocks: Sequence[Block],
        take: Callable[[Block, Result], None],
        what: str = "blocks",
    ) -> None:
        """Work on every block, and hand each result over as soon as it is there, in whatever order.

        Parameters
        ----------
        work : callable
            Of a block; can be pickled, and changes nothing.
        blocks : sequence
        take : callable
            Of a block and its result; called in this process.
        what : str
            What blocks are of, beside the progress bar.
        """


@contextmanager
def executor(scheduler: str | Client | None = None) -> Iterator[Executor]:
    """Give the executor of a scheduler; a connection that was made for it ends with the block.

    Parameters
    ----------
    scheduler : str or distributed.Client, optional
        Address of a Dask scheduler ("tcp://host:8786") or a client of one; None for this process.

    Raises
    ------
    BadInput
        If it is neither, cannot be reached within seconds, or has no workers.
    MissingPackage
        If Dask is not installed.

    Examples
    --------
    >>> found = {}
    >>> with executor() as here:
    ...     here.run(lambda block: block**2, [1, 2, 3], found.__setitem__)
    >>> found, here.slots
    ({1: 1, 2: 4, 3: 9}, 1)
    """
    if scheduler is None:
        yield _Here()
        return
    client, mine = _client(scheduler)
    try:
        yield _OnDask(client)
    finally:
        if mine:
            client.close()


class _Here(Executor):
    """One block after the other, in this process."""

    @property
    def slots(self) -> int:
        return 1

    def run(
        self,
        work: Callable[[Block], Result],
        blocks: Sequence[Block],
        take: Callable[[Block, Result], None],
        what: str = "blocks",
    ) -> None:
        for block in track(blocks, what, total=len(blocks)):
            take(block, work(block))


class _OnDask(Executor):
    """The workers of a Dask scheduler."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def slots(self) -> int:
        return max(1, sum(self._client.nthreads().values()))

    def run(
        self,
        work: Callable[[Block], Result],
        blocks: Sequence[Block],
        take: Callable[[Block, Result], None],
        what: str = "blocks",
    ) -> None:
        with closing(self._results(work, blocks)) as results:
            for number, result in track(results, what, total=len(blocks)):
                take(blocks[number], result)

    def _results(
        self, work: Callable[[Block], Result], blocks: Sequence[Block]
    ) -> Generator[tuple[int, Result], None, None]:
        left, without_progress = set(range(len(blocks))), 0
        while left:
            before = len(left)
            with closing(self._one_round(work, blocks, sorted(left))) as results:
                for number, result in results:
                    left.discard(number)
                    yield number, result
            without_progress = 0 if len(left) < before else without_progress + 1
            if without_progress == _ROUNDS:
                raise _workers_die(f"all workers gone {_ROUNDS} times before a block was done")

    def _one_round(
        self, work: Callable[[Block], Result], blocks: Sequence[Block], left: list[int]
    ) -> Generator[tuple[int, Result], None, None]:
        """Yield what is done of these blocks until all are, or until no worker has the shared data any more."""
        futures: dict[Future, int] = {}
        try:
            shared = self._scattered(work)
            futures = {self._client.submit(_done, shared, blocks[i], retries=_RETRIES, pure=False): i for i in left}
            while futures:
                for future in self._ready(list(futures)):
                    number = futures.pop(future)
                    try:
                        result = _result(future)
                    except CancelledError:
                        continue  # the data it needed were lost with the last worker that had them
                    yield number, result
        finally:
            # also on Ctrl-C, and where a task failed: nobody waits for the others any more
            self._client.cancel(list(futures), force=True)

    def _scattered(self, work: Any) -> Future:
        try:
            return self._client.scatter([work], broadcast=True, hash=False)[0]
        except (TypeError, AttributeError) as problem:
            raise BadInput(
                "scheduler",
                got=f"data or a model that cannot be sent to workers ({problem})",
                expected="arrays, or responses opened from a zarr store",
                repair="Save them with tertium.data.save(responses, 'file.zarr') and load that.",
            ) from problem

    def _ready(self, futures: list[Future]) -> list[Future]:
        """Wait for some of the futures, as long as there are workers."""
        from distributed import wait

        waited = 0
        while True:
            some = [future for future in futures if future.status not in ("pending", "lost")]  # lost: done again
            if some:
                return some
            try:
                with self._client.as_current():  # wait asks for the current client
                    wait(futures, timeout=5, return_when="FIRST_COMPLETED")
            except CancelledError:
                continue  # its status says so
            except TimeoutError:
                waited = 0 if self._client.nthreads() else waited + 5
                if waited >= _NO_WORKER:
                    raise _workers_die(f"no worker for {_NO_WORKER} s") from None


class _Refusal:
    """A clear error of a task, which is not worth trying again."""

    def __init__(self, error: TertiumError) -> None:
        self.error = error


def _done(work: Callable[[Any], Any], block: Any) -> Any:
    try:
        return work(block)
    except TertiumError as error:
        return _Refusal(error)


def _result(future: Future) -> Any:
    from distributed import KilledWorker

    try:
        result = future.result()
    except KilledWorker as problem:
        raise _workers_die("a block on which several workers died, one after the other") from problem
    if isinstance(result, _Refusal):
        raise result.error
    return result


def _workers_die(got: str) -> BadInput:
    return BadInput(
        "scheduler",
        got=got,
        expected="workers that live",
        repair="They may have run out of memory: give them more, or make blocks smaller by memory=.",
    )


def _client(scheduler: str | Client) -> tuple[Client, bool]:
    """Return a client that has workers, and whether it was made here."""
    try:
        from distributed import Client
    except ImportError as problem:
        raise MissingPackage(
            "scheduler", got="no package 'distributed'", expected="Dask", repair="pip install 'tertium[cluster]'"
        ) from problem
    if isinstance(scheduler, Client):
        client, mine = scheduler, False
        if client.status != "running" or client.asynchronous:
            got = "an asynchronous client" if client.asynchronous else f"a client that is {client.status}"
            raise BadInput("scheduler", got=got, expected="one that is connected", repair="Pass Client(address).")
    elif isinstance(scheduler, str):
        client, mine = _connected(scheduler), True
    else:
        raise BadInput(
            "scheduler",
            got=f"a {type(scheduler).__name__}",
            expected="None for this process, the address of a Dask scheduler, or a distributed.Client",
            repair="Pass distributed.Client(cluster) for a cluster object.",
        )
    if not client.nthreads():
        if mine:
            client.close()
        raise BadInput(
            "scheduler",
            got="no workers",
            expected="at least one",
            repair="Start some (dask worker ADDRESS), and pass a client after client.wait_for_workers(1).",
        )
    return client, mine


def _connected(address: str) -> Client:
    try:
        return _greeted(address)
    except (OSError, ValueError, TypeError, EOFError, *_NOT_DASK) as problem:
        said = "an answer that is not Dask's" if isinstance(problem, _NOT_DASK) else str(problem)
        raise BadInput(
            "scheduler",
            got=f"'{address}' ({said})",
            expected="the address of a running Dask scheduler, like 'tcp://host:8786'",
        ) from problem


def _greeted(address: str) -> Client:
    """Return a client, at the third trial at last: Dask asserts that a scheduler's first message comes alone."""
    from distributed import Client

    for _ in range(_GREETINGS - 1):
        try:
            return Client(address, timeout=_REACH, set_as_default=False)
        except AssertionError:
            continue
    return Client(address, timeout=_REACH, set_as_default=False)
