"""JPEG pictures stored one behind the other in one array of bytes."""

from __future__ import annotations

import io
import itertools

import numpy as np
import numpy.typing as npt


def decode(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Decode pictures of equal size; ``data[offsets[i]:offsets[i + 1]]`` are the bytes of picture i.

    Returns
    -------
    array of uint8, shape (len(offsets) - 1, height, width, 3)
    """
    from PIL import Image

    pictures = []
    for start, stop in itertools.pairwise(offsets):
        with Image.open(io.BytesIO(data[start:stop].tobytes())) as picture:
            pictures.append(np.asarray(picture.convert("RGB"), dtype=np.uint8))
    return np.stack(pictures)
