"""Weights of features, worked out and written to disk block by block: they may be far larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.tables import Table
from tertium.data.formats.zarr_write import ZarrWriter, default_chunks, template

FloatArray = npt.NDArray[np.float64]

#: Bytes of weights that are worked out at a time.
_AT_ONCE = 64e6


def weight_blocks(features: Table, dual: FloatArray, width: int) -> Iterator[tuple[slice, FloatArray]]:
    """Yield the weights of at most ``width`` features at a time, (feature, unit), and which features they are of.

    Parameters
    ----------
    features : Table
    dual : array, shape (sample, unit)
        Weights of samples: centred features times these are the weights.
    width : int

    Examples
    --------
    >>> from tertium.compare.encoding.tables import table
    >>> X = table(np.array([[0.0, 2.0], [2.0, 0.0]]), "X")
    >>> [(where.start, found.tolist()) for where, found in weight_blocks(X, np.array([[0.0], [1.0]]), 1)]
    [(0, [[1.0]]), (1, [[-1.0]])]
    """
    for where, block in features.blocks(width):
        yield where, np.asarray((block - block.mean(0)).astype(dual.dtype).T @ dual)


def write_weights(
    path: Path, features: Table, dual: FloatArray, penalties: FloatArray, means: FloatArray, units: tuple[str, ...]
) -> Path:
    """Write weights as a zarr store that `tertium.data.load` opens, and return its path.

    Its trials are features, with their "feature" (name) and "mean"; its units have "intercept" and "penalty". What is
    predicted of features x is ``x @ weights + intercept``.

    Parameters
    ----------
    path : Path
        Ends in ``.zarr``.
    features : Table
    dual : array, shape (sample, unit)
    penalties, means : array, shape (unit,)
    units : tuple of str
    """
    own = np.empty(features.width)
    at_mean = np.zeros(len(dual))
    width = max(1, int(_AT_ONCE / (8 * features.n)))
    for where, block in features.blocks(width):
        own[where] = block.mean(0)
        at_mean += (block - own[where]) @ own[where]
    labels = template(
        (features.width, 1, len(units)),
        trial={"feature": list(features.columns), "mean": own},
        unit={"unit": list(units), "intercept": means - at_mean @ dual, "penalty": penalties},
        quantity="other",
        units="response per feature",
        source="tertium.compare.fit_ridge",
    )
    rows, _, across = default_chunks(labels, dual.dtype)
    step = max(1, int(_AT_ONCE / (dual.dtype.itemsize * len(units))))
    rows = min(rows, step)
    step = step // rows * rows
    room = np.empty((step, len(units)), dtype=dual.dtype)
    with ZarrWriter(path, labels, dtype=dual.dtype, chunks=(rows, 1, across)) as writer:
        begin = filled = 0
        for where, block in weight_blocks(features, dual, step):
            # chunks of features and chunks of weights need not end together: whole ones are written
            taken = 0
            while taken < len(block):
                now = min(step - filled, len(block) - taken)
                room[filled : filled + now] = block[taken : taken + now]
                filled, taken = filled + now, taken + now
                if filled == step or where.start + taken == features.width:
                    writer.write(begin, room[:filled])
                    begin, filled = begin + filled, 0
    return path
