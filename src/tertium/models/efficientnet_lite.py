"""EfficientNet-Lite0 (Tan & Le 2019, without squeeze-and-excitation and with ReLU6), written to be recorded from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from tertium.models.build import blank, he_normal
from tertium.models.preprocess import Preprocess
from tertium.rng import Seeds


@dataclass(frozen=True)
class Stage:
    """Blocks in a row with the same width: Table 1 of the paper, one line each."""

    expansion: int
    n_channels: int
    n_blocks: int
    kernel: int
    stride: int


STAGES: tuple[Stage, ...] = (
    Stage(1, 16, 1, 3, 1),
    Stage(6, 24, 2, 3, 2),
    Stage(6, 40, 2, 5, 2),
    Stage(6, 80, 3, 3, 2),
    Stage(6, 112, 3, 5, 1),
    Stage(6, 192, 4, 5, 2),
    Stage(6, 320, 1, 3, 1),
)
N_STEM, N_HEAD, N_CLASSES = 32, 1280, 1000
#: The published weights were trained with this added to the variance in batch normalisation.
EPSILON = 1e-3


class SameConv2d(nn.Conv2d):
    """A convolution whose output has ceil(side / stride) rows; an odd pixel of padding goes below and to the right.

    The weights were trained with this padding. Symmetric padding shifts every strided layer by half a pixel and
    costs about five points of top-1 accuracy.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the convolution, shape (image, channel, ceil(row / stride), ceil(column / stride))."""
        pads: list[int] = []
        for side, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            n_out = -(-side // stride)
            missing = max((n_out - 1) * stride + kernel - side, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(x, pads))


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless linear, ReLU6."""

    def __init__(
        self, n_inputs: int, n_outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.conv = SameConv2d(n_inputs, n_outputs, kernel, stride=stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(n_outputs, eps=EPSILON)
        self.linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the normalised convolution, clipped to [0, 6] unless linear."""
        x = self.norm(self.conv(x))
        return x if self.linear else functional.relu6(x)


class InvertedResidual(nn.Module):
    """Expand the channels, filter each by itself, project back; add the input where the shapes agree.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels coming in and going out.
    stage : Stage
        Expansion and kernel.
    stride : int
        Step of the filters in pixels.
    """

    def __init__(self, n_inputs: int, n_outputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        n_wide = n_inputs * stage.expansion
        if stage.expansion > 1:
            self.expand = ConvNorm(n_inputs, n_wide, 1)
        self.depthwise = ConvNorm(n_wide, n_wide, stage.kernel, stride=stride, groups=n_wide)
        self.project = ConvNorm(n_wide, n_outputs, 1, linear=True)
        self.residual = stride == 1 and n_inputs == n_outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output, shape (image, n_outputs, row / stride, column / stride)."""
        wide = self.expand(x) if hasattr(self, "expand") else x
        out = self.project(self.depthwise(wide))
        return x + out if self.residual else out


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0: 4.7 million weights, 16 inverted residual blocks, 1,000 ImageNet classes.

    Its layers are ``stem, block1 ... block16, head, pool, classifier``; inside a block are ``expand``,
    ``depthwise`` and ``project``, each with ``conv`` and ``norm``. Blocks end linearly (they may be negative). The
    output holds the class scores before the softmax, in the order of the sorted WordNet ids.

    Parameters
    ----------
    preprocess : Preprocess, optional
        How photographs become input; by default RGB, (value - 127) / 128.

    References
    ----------
    Tan & Le 2019, ICML, arXiv:1905.11946; the Lite variants are described with Google's TPU models.
    """

    name = "efficientnet_lite0"
    cite = "Tan & Le 2019 ICML (arXiv:1905.11946)"

    def __init__(self, preprocess: Preprocess | None = None) -> None:
        super().__init__()
        self.preprocess = preprocess or efficientnet_preprocess()
        self.stem = ConvNorm(3, N_STEM, 3, stride=2)
        n_inputs, number = N_STEM, 0
        for stage in STAGES:
            for position in range(stage.n_blocks):
                number += 1
                stride = stage.stride if position == 0 else 1
                self.add_module(f"block{number}", InvertedResidual(n_inputs, stage.n_channels, stage, stride))
                n_inputs = stage.n_channels
        self.head = ConvNorm(n_inputs, N_HEAD, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.classifier = nn.Linear(N_HEAD, N_CLASSES)

    @property
    def site_names(self) -> tuple[str, ...]:
        """The layers that ``sites="*"`` records; the parts of the blocks are reached by their names."""
        return tuple(name for name, child in self.named_children() if not isinstance(child, nn.Dropout))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return class scores, shape (image, 1000), of images of shape (image, 3, 224, 224)."""
        for name, layer in self.named_children():
            if name == "classifier":
                x = x.flatten(1)
            x = layer(x)
        return x


def efficientnet_preprocess(framing: str = "auto") -> Preprocess:
    """Return what the published weights were trained on: RGB, bicubic, (value - 127) / 128.

    Examples
    --------
    >>> efficientnet_preprocess().mean
    (127.0, 127.0, 127.0)
    """
    return Preprocess(
        framing=framing, scale=1.0, mean=(127.0,) * 3, std=(128.0,) * 3, interpolation="bicubic", order="RGB"
    )


def efficientnet_lite0(*, pretrained: bool = True, seed: int = 0, framing: str = "auto") -> EfficientNetLite0:
    """Make EfficientNet-Lite0, trained on ImageNet or untrained.

    Parameters
    ----------
    pretrained : bool
        Load the published weights; otherwise draw them (He et al. 2015).
    seed : int
        Seed of the untrained weights.
    framing : {"auto", "whole", "crop"}
        How photographs are framed, see `Preprocess`.

    Returns
    -------
    EfficientNetLite0
        In eval mode.

    Raises
    ------
    MissingData
        If the weights cannot be had.
    BadFile
        If the weights are not those of this network.

    Examples
    --------
    >>> network = efficientnet_lite0(pretrained=False)
    >>> network.site_names[:3], sum(p.numel() for p in network.parameters())
    (('stem', 'block1', 'block2'), 4652008)
    """
    network = blank(lambda: EfficientNetLite0(efficientnet_preprocess(framing)))
    if pretrained:
        from tertium.models.weights import efficientnet_weights, fill

        fill(network, efficientnet_weights(), "efficientnet_lite0")
    else:
        he_normal(network, Seeds(seed).child("efficientnet_lite0").torch("weights"))
    return network.eval()


def published_name(ours: str) -> str:
    """Return the published state-dict key of one of our parameters.

    Examples
    --------
    >>> published_name("block2.expand.norm.running_mean")
    '_blocks.1._bn0.running_mean'
    >>> published_name("classifier.bias")
    '_fc.bias'
    """
    first, *rest = ours.split(".")
    if first == "classifier":
        return ".".join(["_fc", *rest])
    if first == "stem":
        return ".".join([{"conv": "_conv_stem", "norm": "_bn0"}[rest[0]], rest[1]])
    if first == "head":
        return ".".join([{"conv": "_conv_head", "norm": "_bn1"}[rest[0]], rest[1]])
    part, kind, parameter = rest
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[part]
    return f"_blocks.{int(first.removeprefix('block')) - 1}.{f'_{part}_conv' if kind == 'conv' else norm}.{parameter}"
