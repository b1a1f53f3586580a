"""The 10,000 test images of MNIST: handwritten digits."""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.data.sets.kinds import Images
from tertium.errors import BadFile

CITE = "LeCun et al. 1998"
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def load(files: Mapping[str, Path]) -> Images:
    """Read the images: grey, 28 x 28, white (255) on black; ``label`` is the digit."""
    images = read_idx(files["t10k-images-idx3-ubyte.gz"])
    label = read_idx(files["t10k-labels-idx1-ubyte.gz"]).astype(np.int64)
    return Images(
        images=images,
        label=label,
        name=tuple(f"{i:05d}" for i in range(len(images))),
        classes=tuple("0123456789"),
        split=("test",) * len(images),
        cite=CITE,
    )


def read_idx(path: Path) -> npt.NDArray[Any]:
    """Read an IDX file, gzipped or not: two zero bytes, a type, the number of dimensions, their lengths, the values.

    Raises
    ------
    BadFile
        If it is no IDX file, or is cut off.
    """
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as problem:
            raise BadFile(path.name, got=f"a damaged gzip file ({problem})", repair="Fetch it again.") from problem
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES:
        raise BadFile(path.name, got=f"a file that begins with {data[:4]!r}", expected="an IDX file")
    dtype, n_dims = np.dtype(_TYPES[data[2]]), data[3]
    shape = tuple(int(n) for n in np.frombuffer(data, ">u4", count=n_dims, offset=4))
    start = 4 + 4 * n_dims
    if len(data) != start + math.prod(shape) * dtype.itemsize:
        raise BadFile(
            path.name,
            got=f"{len(data) - start} bytes of values",
            expected=f"{math.prod(shape) * dtype.itemsize} for shape {shape}",
            repair="Fetch it again.",
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
