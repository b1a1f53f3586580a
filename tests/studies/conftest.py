"""What tests of layers share: a small network whose first layer is known."""

from __future__ import annotations

import pytest


@pytest.fixture
def two_layers():
    """Return a network of local means, then bounded random mixtures of them."""
    import torch

    class TwoLayers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = torch.nn.AvgPool2d(2)
            self.mix = torch.nn.Linear(48, 20)
            with torch.no_grad():
                self.mix.weight.normal_(generator=torch.Generator().manual_seed(1))
                self.mix.bias.zero_()

        def preprocess(self, images):
            return torch.as_tensor(images).permute(0, 3, 1, 2).float()

        def forward(self, x):
            return torch.tanh(self.mix(self.pool(x).flatten(1)) / 100)

    return TwoLayers()
