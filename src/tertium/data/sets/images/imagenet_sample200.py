"""200 ImageNet photographs, one of every fifth class, as 224 x 224 centre crops."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tertium.data.sets.images.jpeg import decode
from tertium.data.sets.kinds import Images


def load(files: Mapping[str, Path]) -> Images:
    """Read and decode the photographs.

    Returns
    -------
    Images
        ``images`` (200, 224, 224, 3) uint8; ``label`` 0, 5, ..., 995, the place of the class among ImageNet's 1,000
        sorted synsets; ``name`` the original file names ("n01440764_tench.JPEG"), which hold synset and class.
    """
    with np.load(files["images_jpeg224.npz"], allow_pickle=False) as archive:
        images = decode(archive["jpeg"], archive["offsets"])
        return Images(
            images=images,
            label=archive["label"].astype(np.int64),
            name=tuple(str(name) for name in archive["name"]),
            cite="Deng et al. 2009",
        )
