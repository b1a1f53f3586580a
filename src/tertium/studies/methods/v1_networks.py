"""Networks that predict neurons from images: a core that all neurons share, and what each reads and where."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Largest exponent of a predicted response.
LIMIT = 6.0

#: Least response that a rectified output predicts: silence would make one spike impossible.
LEAST = 1e-2

Output = Literal["exp", "softplus"]


class Core(nn.Module):
    """Convolutions with batch normalisation, each rectified, shared by all neurons (Cadena et al. 2019).

    Parameters
    ----------
    channels : tuple of int
        Of each layer.
    sides : tuple of int
        Of the filters of each layer, pixels; no padding.
    stride : int
        Of the first layer.
    seeds : Seeds
        Of the first weights: normal, of variance 2 / inputs.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> Core((4, 8), (9, 3), 2, Seeds(0))(torch.zeros(5, 1, 32, 32)).shape
    torch.Size([5, 8, 10, 10])
    """

    def __init__(self, channels: tuple[int, ...], sides: tuple[int, ...], stride: int, seeds: Seeds) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        random = seeds.torch("core")
        for i, (before, after) in enumerate(pairwise((1, *channels))):
            layer = nn.Conv2d(before, after, sides[i], stride=stride if i == 0 else 1, bias=False)
            with torch.no_grad():
                layer.weight.normal_(0, (2 / layer.weight[0].numel()) ** 0.5, generator=random)
            layers += [layer, nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    @property
    def filters(self) -> Floats:
        """Filters of the first layer, (channel, side, side)."""
        first = self.layers.get_submodule("0").get_parameter("weight")
        return np.asarray(first.detach().numpy()[:, 0], dtype=np.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rates, (image, channel, row, column)."""
        return torch.as_tensor(self.layers(x))


class Readout(nn.Module):
    """For each neuron a mask of places and weights of channels (Klindt et al. 2017), then a positive output.

    Parameters
    ----------
    shape : tuple of int
        Channels, rows, columns of what is read.
    responses : array, shape (sample, neuron)
        That are fitted; where the offsets begin.
    counts : bool
        Whether they are counts; other responses have a baseline that is added to the output.
    output : {"exp", "softplus"}
    seeds : Seeds
    """

    def __init__(
        self, shape: tuple[int, int, int], responses: Singles, counts: bool, output: Output, seeds: Seeds
    ) -> None:
        super().__init__()
        self.shape, self.output, neurons = shape, output, responses.shape[1]
        random = seeds.torch("readout")
        places = shape[1] * shape[2]
        self.mask = nn.Parameter(torch.rand(places, neurons, generator=random) / places**0.5)
        self.what = nn.Parameter(0.1 * torch.randn(shape[0], neurons, generator=random) / shape[0] ** 0.5)
        self.one_channel = shape[0] == 1
        means = torch.from_numpy(responses.mean(0))
        low = torch.zeros(neurons) if counts else means - torch.from_numpy(responses.std(0))
        self.baseline = nn.Parameter(low, requires_grad=not counts)
        middle = (means - low).clamp(min=1e-2)
        self.offset = nn.Parameter(torch.log(middle if output == "exp" else torch.expm1(middle)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return expected responses, (image, neuron), of features (image, channel, place)."""
        seen = features[:, 0] @ self.mask if self.one_channel else None
        if seen is None:
            maps = torch.einsum("ncp,cu->npu", features, self.what)
            seen = (maps * self.mask).sum(1)
        drive = seen + self.offset
        positive = torch.exp(drive.clamp(max=LIMIT)) if self.output == "exp" else nn.functional.softplus(drive) + LEAST
        return positive + self.baseline

    def penalty(self, sparse: float, smooth: float) -> torch.Tensor:
        """Return what is added to the loss: size of mask times weights, and squared differences of neighbours."""
        grid = self.mask.reshape(*self.shape[1:], -1)
        rough = grid.diff(dim=0).square().sum((0, 1)) + grid.diff(dim=1).square().sum((0, 1))
        if self.one_channel:
            return torch.as_tensor(sparse * self.mask.abs().sum() + smooth * rough.sum())
        size, energy = self.what.abs().sum(0), self.what.square().sum(0)
        return torch.as_tensor(sparse * (self.mask.abs().sum(0) * size).sum() + smooth * (rough * energy).sum())


@dataclass(frozen=True)
class Training:
    """How a network is fitted: Adam, a rate that falls to nothing, for each neuron the epoch that validates best."""

    epochs: int
    rate: float
    sparse: float
    smooth: float
    output: Output = "softplus"
    batch: int = 64
    core_rate: float = 3e-3


@dataclass(frozen=True)
class Split:
    """Numbers of images that are fitted, that choose the epoch, and that are predicted."""

    fitted: NDArray[np.int64]
    chosen: NDArray[np.int64]
    tested: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fitted network says.

    Attributes
    ----------
    predicted : array, shape (tested, neuron)
    losses : array, shape (epoch, neuron)
        On the images that choose the epoch.
    """

    predicted: Floats
    losses: Floats


def fit_readout(
    features: Singles,
    responses: Singles,
    split: Split,
    training: Training,
    seeds: Seeds,
    *,
    core: Core | None = None,
    counts: bool = True,
) -> Fitted:
    """Fit what each neuron reads, and a core where one is given, and predict images that were not fitted.

    The loss is that of Poisson counts, or squared error. Each neuron is predicted by the network after the epoch that
    predicts its held-out images best (early stopping).

    Parameters
    ----------
    features : array of float32, shape (image, channel, row, column)
        Pixels of one channel where a core is fitted or a neuron is a linear filter; else what a fixed network says.
    responses : array of float32, shape (image, neuron)
        To one trial of each image; those of tested images are not looked at.
    split, training, seeds
    core : Core, optional
        Fitted with the readouts, in place.
    counts : bool
        Whether responses are counts.
    """
    shown, wanted = torch.from_numpy(features), torch.from_numpy(responses)
    with torch.no_grad():
        shape = tuple((core(shown[:2]) if core else shown[:1]).shape[1:])
    readout = Readout((shape[0], shape[1], shape[2]), responses[split.fitted], counts, training.output, seeds)
    groups = [{"params": [p for p in readout.parameters() if p.requires_grad], "lr": training.rate}]
    if core is not None:
        groups.append({"params": list(core.parameters()), "lr": training.core_rate})
    optimiser = torch.optim.Adam(groups)
    fitted, random = torch.from_numpy(split.fitted), seeds.torch("order")
    steps = training.epochs * -(-len(fitted) // training.batch)
    fall = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / (steps + 1))
    best = np.full(responses.shape[1], np.inf)
    predicted, losses = np.zeros((len(split.tested), responses.shape[1])), []
    for _ in range(training.epochs):
        if core is not None:
            core.train()
        for which in fitted[torch.randperm(len(fitted), generator=random)].split(training.batch):
            seen = core(shown[which]) if core is not None else shown[which]
            error = _loss(readout(seen.flatten(2)), wanted[which], counts).sum()
            optimiser.zero_grad()
            (error + readout.penalty(training.sparse, training.smooth)).backward()
            optimiser.step()
            fall.step()
        chosen = torch.from_numpy(split.chosen)
        held = _predict(core, readout, shown[chosen])
        losses.append(_loss(held, wanted[chosen], counts).numpy().astype(np.float64))
        better = losses[-1] < best
        best = np.where(better, losses[-1], best)
        said = _predict(core, readout, shown[torch.from_numpy(split.tested)]).numpy()
        predicted[:, better] = said[:, better]
    return Fitted(predicted, np.array(losses))


@torch.no_grad()
def core_features(core: Core, images: Singles, batch: int = 500) -> Singles:
    """Return what a core says to images, each channel on a standard deviation of 1 and less its mean."""
    core.train()  # normalised by the images themselves, as before any training there are no averages
    found = torch.cat([core(torch.from_numpy(images[i : i + batch])) for i in range(0, len(images), batch)])
    core.eval()
    return standardised(found.numpy())


def standardised(features: Singles) -> Singles:
    """Return features, (image, channel, row, column), each channel less its mean and over its spread."""
    middle = features.mean((0, 2, 3), keepdims=True)
    spread = features.std((0, 2, 3), keepdims=True)
    return np.asarray((features - middle) / np.where(spread > 0, spread, 1), dtype=np.float32)


@torch.no_grad()
def _predict(core: Core | None, readout: Readout, shown: torch.Tensor) -> torch.Tensor:
    if core is not None:
        core.eval()
    parts = [readout((core(part) if core is not None else part).flatten(2)) for part in shown.split(500)]
    return torch.cat(parts)


def _loss(predicted: torch.Tensor, responses: torch.Tensor, counts: bool) -> torch.Tensor:
    """Return the mean loss of each neuron."""
    if counts:
        return (predicted - responses * torch.log(predicted)).mean(0)
    return (predicted - responses).square().mean(0)
