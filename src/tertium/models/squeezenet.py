"""SqueezeNet v1.1 (Iandola et al. 2016): a small network trained on ImageNet, written to be recorded from."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tertium.models.build import blank, he_normal
from tertium.models.preprocess import Preprocess
from tertium.rng import Seeds

#: Channels of each fire module: (in, squeezed, expanded by 1x1 and by 3x3 each). Table 1 of the paper, v1.1 strides.
FIRES: dict[str, tuple[int, int, int]] = {
    "fire2": (64, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}


class RectifiedConv2d(nn.Conv2d):
    """A convolution followed by rectification, in one module, so that its site is the firing rate of its units."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return relu(conv(x)), shape (image, channel, row, column)."""
        return functional.relu(super().forward(x))


class Fire(nn.Module):
    """A fire module: squeeze to few channels by 1x1, expand by 1x1 and 3x3 side by side, join the two.

    Parameters
    ----------
    n_inputs, n_squeezed, n_expanded : int
        Channels coming in, after the squeeze, and of each of the two expansions; ``2 * n_expanded`` come out.
    """

    def __init__(self, n_inputs: int, n_squeezed: int, n_expanded: int) -> None:
        super().__init__()
        self.squeeze1x1 = RectifiedConv2d(n_inputs, n_squeezed, 1)
        self.expand1x1 = RectifiedConv2d(n_squeezed, n_expanded, 1)
        self.expand3x3 = RectifiedConv2d(n_squeezed, n_expanded, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the joined expansions, shape (image, 2 * n_expanded, row, column)."""
        squeezed = self.squeeze1x1(x)
        return torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1)


class SqueezeNet(nn.Module):
    """SqueezeNet v1.1: 1.2 million weights, no fully connected layer, 1,000 ImageNet classes.

    Its layers are ``conv1, pool1, fire2, fire3, pool3, fire4, fire5, pool5, fire6 ... fire9, conv10, pool10``; all
    are rectified. Inside a fire module are ``squeeze1x1, expand1x1, expand3x3``. The output holds the class scores
    before the softmax, in the order of the sorted WordNet ids (n01440764 tench is class 0).

    Parameters
    ----------
    preprocess : Preprocess, optional
        How photographs become input; by default BGR, 0..255, minus the mean of ImageNet's training images.

    References
    ----------
    Iandola et al. 2016, arXiv:1602.07360.
    """

    name = "squeezenet11"
    cite = "Iandola et al. 2016 (arXiv:1602.07360)"

    def __init__(self, preprocess: Preprocess | None = None) -> None:
        super().__init__()
        self.preprocess = preprocess or squeezenet_preprocess()
        self.conv1 = RectifiedConv2d(3, 64, 3, stride=2)
        self.pool1 = _pool()
        self.fire2, self.fire3 = Fire(*FIRES["fire2"]), Fire(*FIRES["fire3"])
        self.pool3 = _pool()
        self.fire4, self.fire5 = Fire(*FIRES["fire4"]), Fire(*FIRES["fire5"])
        self.pool5 = _pool()
        self.fire6, self.fire7 = Fire(*FIRES["fire6"]), Fire(*FIRES["fire7"])
        self.fire8, self.fire9 = Fire(*FIRES["fire8"]), Fire(*FIRES["fire9"])
        self.drop9 = nn.Dropout(0.5)
        self.conv10 = RectifiedConv2d(512, 1000, 1)
        self.pool10 = nn.AdaptiveAvgPool2d(1)

    @property
    def site_names(self) -> tuple[str, ...]:
        """The layers that ``sites="*"`` records; the parts of the fire modules are reached by their names."""
        return tuple(name for name, child in self.named_children() if not isinstance(child, nn.Dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return class scores, shape (image, 1000), of images of shape (image, 3, 224, 224)."""
        x = self.pool1(self.conv1(x))
        x = self.pool3(self.fire3(self.fire2(x)))
        x = self.pool5(self.fire5(self.fire4(x)))
        x = self.fire9(self.fire8(self.fire7(self.fire6(x))))
        return self.pool10(self.conv10(self.drop9(x))).flatten(1)


def squeezenet_preprocess(framing: str = "auto") -> Preprocess:
    """Return what the published weights were trained on: BGR, 0..255, minus the mean image's three values.

    Examples
    --------
    >>> squeezenet_preprocess().order
    'BGR'
    """
    mean = (103.939, 116.779, 123.68)
    return Preprocess(framing=framing, order="BGR", scale=1.0, mean=mean, std=(1.0, 1.0, 1.0))


def squeezenet11(*, pretrained: bool = True, seed: int = 0, framing: str = "auto") -> SqueezeNet:
    """Make SqueezeNet v1.1, trained on ImageNet or untrained.

    Parameters
    ----------
    pretrained : bool
        Load the weights of the data set ``squeezenet11``; otherwise draw them (He et al. 2015).
    seed : int
        Seed of the untrained weights.
    framing : {"auto", "whole", "crop"}
        How photographs are framed, see `Preprocess`.

    Returns
    -------
    SqueezeNet
        In eval mode.

    Raises
    ------
    MissingData
        If the weights cannot be had.
    BadFile
        If the weights are not those of this network.

    Examples
    --------
    >>> network = squeezenet11(pretrained=False, seed=3)
    >>> network(torch.zeros(1, 3, 224, 224)).shape
    torch.Size([1, 1000])
    """
    network = blank(lambda: SqueezeNet(squeezenet_preprocess(framing)))
    if pretrained:
        from tertium.models.weights import fill, squeezenet_weights

        fill(network, squeezenet_weights(), "squeezenet11")
    else:
        he_normal(network, Seeds(seed).child("squeezenet11").torch("weights"))
    return network.eval()


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)
