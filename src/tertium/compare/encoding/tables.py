"""Features and targets as tables (sample, column) that are read block by block, so that they may exceed memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.patterns import number
from tertium.compare.rdm_inference.align import KEEP_COMMON, same_stimuli
from tertium.data.responses import validate
from tertium.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

FloatArray = npt.NDArray[np.float64]

#: Bytes of trials that are averaged at a time.
_AVERAGED_AT_ONCE = 32e6

#: Unit labels that say where a unit is, in this order.
_REGION_LABELS = ("region", "area", "layer")


@dataclass(frozen=True, eq=False)
class Table:
    """Samples by columns, read block by block.

    Attributes
    ----------
    name : str
        What errors call it.
    source : responses, or array of shape (sample, column)
        In memory, or on disk: responses opened lazily, a memory map, a zarr array.
    codes : array of int, shape (trial,), or None
        Of responses: which stimulus each trial showed.
    stimuli : tuple of str
        Names of the stimuli, in the order in which samples are handed out; empty for an array.
    bins : int
        Time bins of a stimulus, each a sample; 1 for an array.
    n, width : int
        Number of samples and of columns.
    columns, regions : tuple of str
        Names of the columns; where each is, or nothing.
    by : str
        Label of the trials that names the stimuli; empty for an array.
    """

    name: str
    source: Any
    codes: npt.NDArray[np.int64] | None
    stimuli: tuple[str, ...]
    bins: int
    n: int
    width: int
    columns: tuple[str, ...]
    regions: tuple[str, ...]
    by: str

    @property
    def precision(self) -> np.dtype[Any]:
        """Type of number to compute in: float32 if that is what was given, else float64."""
        return np.dtype(np.float32 if self.source.dtype == np.float32 else np.float64)

    @property
    def repeats(self) -> npt.NDArray[np.int64]:
        """Trials of each stimulus, shape (stimulus,); ones for an array."""
        return np.ones(self.n, dtype=np.int64) if self.codes is None else np.bincount(self.codes)

    def labels(self) -> dict[str, npt.NDArray[Any]]:
        """Return labels of the samples: "stimulus", and whatever else is the same in all its trials."""
        if self.codes is None:
            return {}
        found = {"stimulus": np.repeat(np.array(self.stimuli, dtype=object), self.bins)}
        first = np.array([int(np.flatnonzero(self.codes == i)[0]) for i in range(len(self.stimuli))])
        for label, values in self.source.coords.items():
            if values.dims == ("trial",) and label not in found:
                given = np.asarray(values.values, dtype=object)
                if all(str(given[t]) == str(given[first[c]]) for t, c in enumerate(self.codes)):
                    found[str(label)] = np.repeat(np.array([str(given[t]) for t in first], dtype=object), self.bins)
        return found

    def block(self, start: int, stop: int) -> FloatArray:
        """Return some columns of all samples, (sample, stop - start), trials of a stimulus averaged.

        Raises
        ------
        BadInput
            If a number is not finite.
        """
        if self.codes is None:
            values = np.array(self.source[:, start:stop], dtype=np.float64)  # a copy: the caller may change it
        else:
            values = self._averaged(start, stop)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            raise BadInput(
                self.name,
                got=f"{values[row, column]} at sample {row}, unit '{self.columns[start + column]}' ({len(bad)} such)",
                expected="finite numbers",
                repair="Drop those samples or units.",
            )
        return values

    def blocks(self, width: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield the columns at most ``width`` at a time, with where they are; see `spans`."""
        for span in self.spans(width):
            yield from self.part(span.start, span.stop).blocks_in_memory(span.start, width)

    def blocks_in_memory(self, offset: int, width: int) -> Iterator[tuple[slice, FloatArray]]:
        """Yield the columns ``width`` at a time, with where they are, counted from ``offset``."""
        for start in range(0, self.width, width):
            stop = min(start + width, self.width)
            yield slice(offset + start, offset + stop), self.block(start, stop)

    @property
    def chunk(self) -> int:
        """Columns that are read from disk together, whether all are wanted or not; 1 for what is in memory."""
        if self.codes is not None:
            return max(1, int(self.source.encoding.get("preferred_chunks", {}).get("unit", 1)))
        chunks = getattr(self.source, "chunks", None)
        along = chunks[1] if chunks else 1
        return int(along[0] if isinstance(along, tuple) else along)  # dask names every chunk

    def column_bytes(self) -> int:
        """Return the bytes of a column as it is stored, all its trials."""
        return int(self.source.dtype.itemsize * np.prod(self.source.shape) // self.width)

    def spans(self, width: int) -> list[slice]:
        """Return stretches of columns to read at a time: whole chunks, so that each is read from disk once.

        They are at most ``width`` wide. Where a chunk is wider, so is a stretch, if it takes no more memory than
        four blocks of ``width`` columns; else chunks are read again for each of their parts.
        """
        chunk = min(self.chunk, self.width)
        step = width // chunk * chunk
        if not step:
            step = chunk if chunk * self.column_bytes() <= 4 * 8 * self.n * width else width
        return [slice(start, min(start + step, self.width)) for start in range(0, self.width, step)]

    def part(self, start: int, stop: int) -> Table:
        """Return some columns as a table of their own, read into memory as they are if they were on disk."""
        if self.codes is None:
            source = self.source[:, start:stop]
            source = source if isinstance(source, np.ndarray) else np.asarray(source)
        else:
            source = self.source.isel(unit=slice(start, stop)).load()
        regions = self.regions[start:stop]
        return replace(self, source=source, width=stop - start, columns=self.columns[start:stop], regions=regions)

    def _averaged(self, start: int, stop: int) -> FloatArray:
        """Return the mean of each stimulus's trials, some columns at a time: trials may be many more than stimuli."""
        assert self.codes is not None  # of responses
        count, bins = len(self.stimuli), self.bins
        order = np.argsort(self.codes, kind="stable")
        starts = np.searchsorted(self.codes[order], np.arange(count))
        repeats = np.bincount(self.codes, minlength=count)[:, None, None]
        means = np.empty((count, bins, stop - start))
        chunk = min(self.chunk, stop - start)
        step = max(1, int(_AVERAGED_AT_ONCE / (8 * len(order) * bins)) // chunk) * chunk
        for first in range(start, stop, step):
            last = min(first + step, stop)
            trials = np.asarray(self.source.isel(unit=slice(first, last)).values)[order]
            means[..., first - start : last - start] = np.add.reduceat(trials, starts, axis=0, dtype=np.float64)
        means /= repeats
        return means.reshape(self.n, -1)


def table(given: xr.DataArray | npt.ArrayLike, name: str, by: str = "stimulus") -> Table:
    """Read responses, or an array (sample, column), without loading them.

    Parameters
    ----------
    given : responses, or array-like of shape (sample, column)
        Responses may be opened lazily; an array may be a memory map, or one that is read in parts (zarr, h5py, dask).
    name : str
        What errors call it.
    by : str
        Label of the trials that says which stimulus was shown; where there is no "stimulus", "condition" is taken.

    Raises
    ------
    BadInput
        If it is neither, has no columns, or fewer than two samples.

    Examples
    --------
    >>> from tertium.data import make_responses
    >>> r = make_responses([[1.0], [3.0], [7.0]], trial={"stimulus": ["a", "a", "b"]})
    >>> table(r, "Y").block(0, 1).ravel().tolist()
    [2.0, 7.0]
    """
    if isinstance(given, xr.DataArray):
        return _of_responses(given, name, by)
    in_parts = isinstance(getattr(given, "dtype", None), np.dtype) and hasattr(given, "chunks")
    values: Any = given if isinstance(given, np.ndarray) or in_parts else np.asarray(given)
    if values.ndim != 2 or values.dtype.kind not in "fiub" or values.shape[0] < 2 or not values.shape[1]:
        raise BadInput(
            name,
            got=f"{values.dtype} of shape {values.shape}",
            expected="responses, or numbers (sample, unit), at least two samples and one unit",
            repair="Flatten times and trials into samples: values.reshape(-1, values.shape[-1]).",
        )
    n, width = values.shape
    return Table(name, values, None, (), 1, n, width, tuple(map(str, range(width))), (), "")


def matched_tables(
    features: Table | xr.DataArray | npt.ArrayLike, targets: Table | xr.DataArray | npt.ArrayLike, by: str
) -> tuple[Table, Table]:
    """Read features X and targets Y; where both are labelled, Y is put into X's order of stimuli.

    Either may be a table already, as of `table`.

    Raises
    ------
    BadInput
        If they do not show the same stimuli (it says which), or do not have as many samples.
    """
    X = features if isinstance(features, Table) else table(features, "X", by)
    Y = targets if isinstance(targets, Table) else table(targets, "Y", by)
    if X.stimuli and Y.stimuli:
        same_stimuli(Y.stimuli, X.stimuli, "Y", "X", KEEP_COMMON)
        assert Y.codes is not None  # responses have them
        where = {stimulus: i for i, stimulus in enumerate(X.stimuli)}
        codes = np.array([where[Y.stimuli[code]] for code in Y.codes], dtype=np.int64)
        Y = replace(Y, codes=codes, stimuli=X.stimuli)
    if X.n != Y.n:
        raise BadInput(
            "X and Y",
            got=f"{X.n} and {Y.n} samples",
            expected="the same samples in the same order",
            repair="Give both the same time bins (tertium.data.window), or average over time."
            if X.bins != Y.bins
            else "Take the samples that both have.",
        )
    return X, Y


def _of_responses(given: xr.DataArray, name: str, by: str) -> Table:
    try:
        validate(given, finite="preferred_chunks" not in given.encoding)  # what is on disk is looked at when it is read
    except BadInput as fault:
        what = name if fault.what == "responses" else f"{name}: {fault.what}"
        raise BadInput(what, got=fault.got, expected=fault.expected, repair=fault.repair) from fault
    label = by if by in given.coords or by != "stimulus" else "condition"
    if label not in given.coords or given.coords[label].dims != ("trial",):
        there = ", ".join(f"'{c}'" for c, v in given.coords.items() if v.dims == ("trial",)) or "none"
        raise BadInput(
            name,
            got=f"no trial label '{label}' (there are: {there})",
            expected="one that names the stimulus of a trial",
        )
    codes, stimuli = number(given.coords[label].values, label)
    if len(stimuli) * given.sizes["time"] < 2 or not given.sizes["unit"]:
        raise BadInput(name, got=f"{len(stimuli)} stimuli", expected="at least two, and a unit")
    where = next((r for r in _REGION_LABELS if r in given.coords and given.coords[r].dims == ("unit",)), None)
    regions = () if where is None else tuple(str(value) for value in given.coords[where].values)
    columns = tuple(str(unit) for unit in given["unit"].values)
    bins = given.sizes["time"]
    return Table(name, given, codes, stimuli, bins, len(stimuli) * bins, len(columns), columns, regions, label)
