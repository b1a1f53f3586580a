"""A small convolutional network that learns photographs of ten classes in a minute, for studies that look into one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.errors import BadInput
from tertium.models import Preprocess
from tertium.studies.kept import kept_arrays

if TYPE_CHECKING:
    from tertium.data.sets.kinds import Images
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab

Arrays = dict[str, NDArray[Any]]

#: Channels of the eight layers; the second, fourth and sixth halve the picture.
WIDTHS = (16, 32, 32, 48, 48, 64, 64, 96)
HALVING = (1, 3, 5)

#: Where trained networks are kept, whichever study asks.
SHELF = "small_cnn"

#: Largest shift in pixels by which pictures are moved in training.
SHIFT = 3


class Convolution(nn.Module):
    """A convolution with its batch normalisation, then rectified; what it returns are the rates of its units."""

    def __init__(self, n_inputs: int, n_outputs: int, stride: int) -> None:
        super().__init__()
        self.weights = nn.Conv2d(n_inputs, n_outputs, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rates, (image, channel, row, column)."""
        return torch.relu(self.norm(self.weights(x)))


class SmallCNN(nn.Module):
    """Eight layers of convolutions, a mean over places, and a linear readout.

    Parameters
    ----------
    classes : int
        Outputs.
    seeds : Seeds
        Of the first weights: normal, of variance 2 / inputs.
    widths : tuple of int
        Channels of each layer.

    Examples
    --------
    >>> from tertium.rng import Seeds
    >>> network = SmallCNN(10, Seeds(0), (4, 8))
    >>> network(torch.zeros(5, 3, 32, 32)).shape, network.site_names
    (torch.Size([5, 10]), ('conv1', 'conv2', 'pooled', 'readout'))
    """

    def __init__(self, classes: int, seeds: Seeds, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.preprocess = Preprocess(size=32, resize=32, mean=(0.49, 0.48, 0.45), std=(0.25, 0.24, 0.26))
        self.depth = len(widths)
        for i, (before, after) in enumerate(pairwise((3, *widths))):
            self.add_module(f"conv{i + 1}", Convolution(before, after, 2 if i in HALVING else 1))
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.readout = nn.Linear(widths[-1], classes)
        random = seeds.torch("weights")
        with torch.no_grad():
            for one in self.modules():
                if isinstance(one, nn.Conv2d | nn.Linear):
                    one.weight.normal_(0, (2 / one.weight[0].numel()) ** 0.5, generator=random)
            self.readout.bias.zero_()

    @property
    def site_names(self) -> tuple[str, ...]:
        """The layers that ``sites="*"`` records."""
        return (*(f"conv{i + 1}" for i in range(self.depth)), "pooled", "readout")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a score of each class, (image, class), of pictures (image, 3, height, width)."""
        for i in range(self.depth):
            x = self.get_submodule(f"conv{i + 1}")(x)
        return torch.as_tensor(self.readout(self.pooled(x)))


def train_small_cnn(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    seeds: Seeds,
    *,
    epochs: int = 10,
    widths: tuple[int, ...] = WIDTHS,
    batch: int = 64,
    rate: float = 0.1,
) -> SmallCNN:
    """Train a network to tell classes of small photographs: 10,000 of CIFAR-10, ten epochs, a minute, 7 in 10 right.

    Stochastic gradients with momentum; the rate rises for a quarter of the steps and falls to nothing. Pictures are
    mirrored and moved by a few pixels at random. Weights are rounded to half precision at the end, as they are kept.

    Parameters
    ----------
    images : array of uint8, shape (image, 32, 32, 3)
    labels : array of int, shape (image,)
        From 0.
    seeds : Seeds
        Of first weights, order, shifts.
    epochs, batch : int
    widths : tuple of int
        Channels of the layers.
    rate : float
        Largest learning rate.

    Returns
    -------
    SmallCNN
        In eval mode.

    Raises
    ------
    BadInput
        If there are fewer images than a batch, or numbers of images and labels differ.
    """
    if len(images) != len(labels) or len(images) < batch:
        raise BadInput(
            "images to learn",
            got=f"{len(images)} with {len(labels)} labels",
            expected=f"as many labels, {batch} or more",
        )
    network = SmallCNN(int(labels.max()) + 1, seeds, widths)
    pictures = network.preprocess(images)
    kinds, random = torch.from_numpy(labels), seeds.torch("order")
    optimiser = torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    steps = len(images) // batch
    rise = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps * epochs, pct_start=0.25)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=random)
        for which in order[: steps * batch].split(batch):
            shown = _moved(pictures[which], random).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(network(shown), kinds[which])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rise.step()
    return with_weights(network, weights_of(network))


def trained_small_cnn(lab: Lab, data: Images, *, epochs: int = 10, retrain: bool = False) -> SmallCNN:
    """Return the network of this seed that learned the training images of a set: one that is kept, or trained now.

    Parameters
    ----------
    lab : Lab
    data : Images
        With splits "train" and others.
    epochs : int
    retrain : bool
        Train even if one is kept.
    """
    learned = np.array(data.split) == "train"
    seeds = lab.seeds.child(SHELF)
    network = SmallCNN(int(data.label.max()) + 1, seeds)
    arrays = None if retrain else kept_arrays(SHELF, f"cifar10-{lab.seed}", training(epochs))
    if arrays is not None:
        lab.note("The network is the trained one that is kept; retrain=true trains it again.")
        return with_weights(network, arrays)

    def train() -> Arrays:
        return weights_of(train_small_cnn(data.images[learned], data.label[learned], seeds, epochs=epochs))

    return with_weights(network, lab.stage("small_cnn", train))


def training(epochs: int) -> dict[str, Any]:
    """Return by what a kept network is known to be trained alike."""
    return {"data": "cifar10_subset", "epochs": epochs, "widths": list(WIDTHS)}


def weights_of(network: nn.Module) -> Arrays:
    """Return weights and normalisations as arrays in half precision."""
    state = network.state_dict().items()
    return {name: value.numpy().astype(np.float16 if value.is_floating_point() else np.int64) for name, value in state}


def with_weights(network: SmallCNN, arrays: Arrays) -> SmallCNN:
    """Put weights into a network, which is returned in eval mode."""
    network.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return network.eval()


@torch.no_grad()
def accuracy(network: SmallCNN, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    """Return the share of pictures that are told right."""
    right = [
        network(network.preprocess(images[i : i + 250])).argmax(1).numpy() == labels[i : i + 250]
        for i in range(0, len(images), 250)
    ]
    return float(np.concatenate(right).mean())


def _moved(pictures: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Return pictures of a batch moved alike by a few pixels, each mirrored or not."""
    mirrored = torch.rand(len(pictures), 1, 1, 1, generator=random) < 0.5
    turned = torch.where(mirrored, pictures.flip(3), pictures)
    row, column = torch.randint(0, 2 * SHIFT + 1, (2,), generator=random).tolist()
    framed = nn.functional.pad(turned, (SHIFT,) * 4, mode="reflect")
    return framed[:, :, row : row + pictures.shape[2], column : column + pictures.shape[3]]
