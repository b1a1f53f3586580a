"""How a large table is walked through piece by piece, along the chunks in which it lies on disk."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

#: Bytes that one piece may take in memory.
BLOCK_BYTES = 64 * 2**20


def unit_blocks(responses: xr.DataArray, rows: int = 1) -> Iterator[slice]:
    """Yield slices along ``unit`` that end where the chunks on disk end; one slice for an array in memory.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily.
    rows : int
        How many rows of sums, in double precision, are kept for each unit; they have to fit in memory, too.

    Yields
    ------
    slice
    """
    trials, _, units = _chunks(responses)
    per_unit = responses.shape[1] * max(trials * _itemsize(responses), rows * 8)
    yield from _slices(responses.shape[2], units * max(1, BLOCK_BYTES // max(1, per_unit * units)))


def trial_blocks(responses: xr.DataArray) -> Iterator[slice]:
    """Yield slices along the first dimension, each of about `BLOCK_BYTES` and ending where chunks on disk end.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Possibly opened lazily.

    Yields
    ------
    slice
    """
    n, n_times, n_units = responses.shape
    chunk = _chunks(responses)[0]
    whole = max(1, BLOCK_BYTES // max(1, chunk * n_times * n_units * _itemsize(responses)))
    yield from _slices(n, chunk * whole)


def _itemsize(responses: xr.DataArray) -> int:
    return int(responses.dtype.itemsize)


def _chunks(responses: xr.DataArray) -> tuple[int, int, int]:
    """Return the shape of a chunk on disk; an array that never was on disk has chunks of one trial."""
    sizes = responses.encoding.get("preferred_chunks", {})
    first, time, unit = (str(dim) for dim in responses.dims)
    n_units = max(1, responses.shape[2])
    return int(sizes.get(first, 1)), int(sizes.get(time, responses.shape[1])), int(sizes.get(unit, n_units))


def _slices(n: int, step: int) -> Iterator[slice]:
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))
