"""12,000 small photographs of ten classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tertium.data.sets.images.jpeg import decode
from tertium.data.sets.kinds import Images

CITE = "Krizhevsky 2009"


def load(files: Mapping[str, Path]) -> Images:
    """Read and decode the photographs.

    Returns
    -------
    Images
        ``images`` (12000, 32, 32, 3) uint8; ``split`` "train" (1,000 a class) or "test" (200 a class); ``name`` is the
        position in the file. They are JPEG copies: the pixels differ slightly from the original CIFAR-10.
    """
    with np.load(files["cifar10_subset.npz"], allow_pickle=False) as stored:
        return Images(
            images=decode(stored["jpeg"], stored["offset"]),
            label=stored["label"].astype(np.int64),
            name=tuple(f"{i:05d}" for i in range(len(stored["label"]))),
            classes=tuple(str(c) for c in stored["classes"]),
            split=tuple("test" if is_test else "train" for is_test in stored["split"]),
            cite=CITE,
        )
