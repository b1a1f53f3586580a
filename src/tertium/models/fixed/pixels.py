"""The retina as a network: pixels as they are."""

from __future__ import annotations

import torch
from torch import nn

from tertium.models.preprocess import Preprocess


class Pixels(nn.Module):
    """Pixels of a small picture in colour: what every model of a later stage must be better than.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    framing : {"auto", "whole", "crop"}
        How photographs are framed, see `Preprocess`.

    Examples
    --------
    >>> import numpy as np
    >>> model = Pixels(8)
    >>> model(model.preprocess(np.zeros((2, 16, 16, 3), dtype=np.uint8))).shape
    torch.Size([2, 3, 8, 8])
    """

    name = "pixels"
    cite = "Kriegeskorte et al. 2008 Neuron 60:1126"

    def __init__(self, size: int = 32, framing: str = "auto") -> None:
        super().__init__()
        self.preprocess = Preprocess(size, size, framing)
        self.pixels = nn.Identity()
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the pixels."""
        return self.pixels(x)
