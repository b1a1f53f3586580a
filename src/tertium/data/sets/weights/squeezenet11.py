"""SqueezeNet v1.1 trained on ImageNet-1k: the weights of each layer, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt


def load(files: Mapping[str, Path]) -> dict[str, npt.NDArray[np.float32]]:
    """Read the weights.

    Returns
    -------
    dict of str to array of float32
        ``<layer>.w``, shape (out, in, height, width), and ``<layer>.b``, shape (out,), for ``conv1``,
        ``fire2.squeeze1x1``, ``fire2.expand1x1``, ``fire2.expand3x3``, ..., ``fire9.expand3x3``, ``conv10``:
        1,235,496 numbers. The network takes BGR pixels (0 to 255) minus (103.939, 116.779, 123.68), from a
        224 x 224 centre crop of an image resized to 256.
    """
    with np.load(files["squeezenet_v1.1.npz"], allow_pickle=False) as archive:
        return {name: np.asarray(archive[name], dtype=np.float32) for name in archive.files}
