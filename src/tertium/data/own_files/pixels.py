"""What images have to look like, and how near misses are put right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput


def as_rgb(images: npt.NDArray[Any], what: str) -> npt.NDArray[np.uint8]:
    """Return images as uint8, shape (n, height, width, 3); grey is repeated, an alpha channel is refused.

    Raises
    ------
    BadInput
        If they have another type or shape.
    """
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    good = images.dtype == np.uint8 and (images.ndim == 3 or (images.ndim == 4 and images.shape[-1] == 3))
    if not good:
        raise BadInput(
            what,
            got=f"{images.dtype} of shape {images.shape}",
            expected="uint8 (n, height, width, 3) or grey (n, height, width)",
            repair="Use (255 * pixels).astype(numpy.uint8) for pixels in 0..1; transpose (n, 3, height, width).",
        )
    return np.repeat(images[..., None], 3, axis=-1) if images.ndim == 3 else images
