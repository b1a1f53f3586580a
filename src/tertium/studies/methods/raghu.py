"""How raghu2017 measures: networks that learn digits, when their layers settle, and how few directions they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.compare import cca, svcca

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.raghu2017 import Raghu2017

Floats = NDArray[np.float64]

#: Epochs in which a snapshot is taken four times, before one an epoch is enough.
DENSE, PER_EPOCH = 4, 4

#: Where on the straight line from the first weights to the last layers are compared.
STOPS = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Digits:
    """Images (image, pixel) of mean 0 and spread 1, and their digits; those that are fitted to and those tested."""

    fitted: torch.Tensor
    fitted_digits: torch.Tensor
    tested: torch.Tensor
    tested_digits: torch.Tensor


def divided(images: NDArray[np.uint8], digits: NDArray[Any], tested: int, seeds: Seeds) -> Digits:
    """Return images in two parts, drawn without replacement."""
    flat = torch.from_numpy(images.reshape(len(images), -1).astype(np.float32))
    flat = (flat - flat.mean()) / flat.std()
    kinds = torch.from_numpy(np.asarray(digits, dtype=np.int64))
    order = seeds.numpy("division").permutation(len(images))
    first, last = torch.from_numpy(order[tested:]), torch.from_numpy(order[:tested])
    return Digits(flat[first], kinds[first], flat[last], kinds[last])


class Layers(nn.Module):
    """Layers of tanh units one upon the other, and ten outputs; weights of variance 1 / inputs, no bias at first."""

    def __init__(self, pixels: int, units: int, depth: int, seeds: Seeds) -> None:
        super().__init__()
        sizes = [pixels, *([units] * depth), 10]
        self.maps = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        random = seeds.torch("weights")
        with torch.no_grad():
            for one in self.maps:
                weight, bias = one.get_parameter("weight"), one.get_parameter("bias")
                weight.normal_(0, weight.shape[1] ** -0.5, generator=random)
                bias.zero_()

    def above(self, activity: torch.Tensor, layer: int) -> torch.Tensor:
        """Return the outputs for the activity of a layer (-1: for images)."""
        for one in self.maps[layer + 1 : -1]:
            activity = torch.tanh(one(activity))
        return torch.as_tensor(self.maps[-1](activity))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the outputs, (image, digit)."""
        return self.above(images, -1)

    @torch.no_grad()
    def responses(self, images: torch.Tensor) -> list[Floats]:
        """Return the responses of each layer, (image, unit)."""
        found = []
        for one in self.maps[:-1]:
            images = torch.tanh(one(images))
            found.append(images.double().numpy())
        return found

    def weights(self) -> list[torch.Tensor]:
        """Return a copy of all weights."""
        return [one.detach().clone() for one in self.parameters()]

    @torch.no_grad()
    def put(self, weights: Sequence[torch.Tensor]) -> None:
        """Take over weights."""
        for mine, other in zip(self.parameters(), weights, strict=True):
            mine.copy_(other)


def trained(
    network: Layers, digits: Digits, config: Raghu2017.Config, seeds: Seeds
) -> tuple[Floats, list[list[torch.Tensor]]]:
    """Train a network in place (Adam, the rate falls as a half cosine) and return when snapshots were taken, in epochs.

    The first snapshot is of the network before training, the last of the trained one.
    """
    steps = len(digits.fitted) // config.batch
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * config.epochs)
    random = seeds.torch("order")
    times, snapshots = [0.0], [network.weights()]
    for epoch in range(config.epochs):
        order = torch.randperm(len(digits.fitted), generator=random)
        often = PER_EPOCH if epoch < DENSE else 1
        taken = {round(steps * part / often) for part in range(1, often + 1)}
        for step in range(1, steps + 1):
            which = order[(step - 1) * config.batch : step * config.batch]
            loss = nn.functional.cross_entropy(network(digits.fitted[which]), digits.fitted_digits[which])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            falling.step()
            if step in taken:
                times.append(epoch + step / steps)
                snapshots.append(network.weights())
    return np.array(times), snapshots


def similarity_to_last(network: Layers, snapshots: Sequence[Sequence[torch.Tensor]], images: torch.Tensor) -> Floats:
    """Return SVCCA of each layer with itself at the last snapshot, (snapshot, layer); the network ends as the last."""
    network.put(snapshots[-1])
    last = network.responses(images)
    rows = []
    for weights in snapshots:
        network.put(weights)
        rows.append([svcca(now, end) for now, end in zip(network.responses(images), last, strict=True)])
    return np.array(rows, dtype=np.float64)


def straight_line(first: Sequence[torch.Tensor], last: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
    """Return weights on the straight line between two networks: all layers change at the same pace."""
    return [[(1 - part) * a + part * b for a, b in zip(first, last, strict=True)] for part in STOPS.tolist()]


def time_to_reach(times: Floats, similarity: Floats, level: float) -> Floats:
    """Return when each layer reaches a level for good, between snapshots by a straight line.

    Parameters
    ----------
    times : array, shape (snapshot,)
        When snapshots were taken.
    similarity : array, shape (snapshot, layer)
        Similarity to the last snapshot.
    level : float
        What is to be reached.

    Returns
    -------
    array, shape (layer,)
        0 for a layer that is never below it, NaN for one that is below it at the end.

    Examples
    --------
    >>> similarity = np.array([[0.5, 0.95], [0.8, 0.93], [1.0, 0.5]])
    >>> time_to_reach(np.array([0.0, 1.0, 2.0]), similarity, 0.9).round(9).tolist()
    [1.5, nan]
    """
    found = []
    for layer in similarity.T:
        below = np.flatnonzero(layer < level)
        if not len(below):
            found.append(float(times[0]))
        elif below[-1] == len(times) - 1:
            found.append(float("nan"))
        else:
            at = below[-1]
            part = (level - layer[at]) / (layer[at + 1] - layer[at])
            found.append(float(times[at] + part * (times[at + 1] - times[at])))
    return np.array(found)


def principal(responses: Floats, variance: float = 0.99) -> tuple[Floats, Floats]:
    """Return orthonormal scores (sample, component) of the components that hold 99 % of the variance, and weights.

    The scores are the centred responses times the weights, (unit, component).
    """
    left, values, right = np.linalg.svd(responses - responses.mean(0), full_matrices=False)
    share = np.cumsum(values**2) / (values**2).sum()
    kept = int((share < variance).sum()) + 1
    return left[:, :kept], right[:kept].T / values[:kept]


def canonical_directions(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return weights of the SVCCA directions of x with y, (unit, direction), the most alike first, and correlations.

    Singular vectors of the product of the two bases, after each was cut to 99 % of its variance (Raghu et al. 2017,
    section 2). The centred responses times the weights are orthonormal.
    """
    (mine, weights), (others, _) = principal(x), principal(y)
    turned, correlations, _ = np.linalg.svd(mine.T @ others, full_matrices=False)
    return weights @ turned, correlations


def onto_directions(responses: Floats, fitted: Floats, weights: Floats) -> Floats:
    """Return responses of which only so many directions are left, in the space of units.

    As vectors over the fitted samples, units are projected onto the span of the directions; the map of units that does
    it there is applied to other samples.
    """
    mean = fitted.mean(0)
    scores = (fitted - mean) @ weights
    back = np.linalg.lstsq(scores, fitted - mean, rcond=None)[0]
    return np.asarray(mean + (responses - mean) @ weights @ back)


def accuracy(network: Layers, responses: Floats, layer: int, digits: torch.Tensor) -> float:
    """Return how many digits in a hundred are told right from the activity of a layer (-1: from images)."""
    with torch.no_grad():
        told = network.above(torch.from_numpy(responses).float(), layer).argmax(1)
    return 100 * float((told == digits).double().mean())


def losses(
    network: Layers, other: Layers, digits: Digits, counts: Sequence[int], draws: int, seeds: Seeds
) -> dict[str, Floats]:
    """Return how many points of accuracy are lost if a layer keeps so many directions, or units, (layer, count).

    The directions are those shared with the same layer of another network. Units that are not kept are put to their
    mean; the mean over ``draws`` sets of units is returned.
    """
    whole = accuracy(network, digits.tested.double().numpy(), -1, digits.tested_digits)
    random = seeds.numpy("units")
    fitted, tested = network.responses(digits.fitted), network.responses(digits.tested)
    by_directions, by_units = [], []
    for layer, (mine, others) in enumerate(zip(fitted, other.responses(digits.fitted), strict=True)):
        weights, _ = canonical_directions(mine, others)
        kept = [onto_directions(tested[layer], mine, weights[:, :count]) for count in counts]
        by_directions.append([whole - accuracy(network, one, layer, digits.tested_digits) for one in kept])
        row = []
        for count in counts:
            lost = []
            for _ in range(draws):
                units = random.permutation(mine.shape[1])[:count]
                left = np.tile(mine.mean(0), (len(digits.tested), 1))
                left[:, units] = tested[layer][:, units]
                lost.append(whole - accuracy(network, left, layer, digits.tested_digits))
            row.append(np.mean(lost))
        by_units.append(row)
    return {"lost_directions": np.array(by_directions), "lost_units": np.array(by_units, dtype=np.float64)}


def needed(lost: Floats, counts: Floats, whole: int, most: float) -> Floats:
    """Return how many of the counts each layer needs so that it loses no more than so much, then and with any more.

    Parameters
    ----------
    lost : array, shape (layer, count)
        Points lost.
    counts : array, shape (count,)
        How many are kept, rising.
    whole : int
        How many there are; needed where none of the counts is enough.
    most : float
        Points that may be lost.

    Returns
    -------
    array, shape (layer,)

    Examples
    --------
    >>> lost = np.array([[5.0, 0.5, 0.2], [5.0, 3.0, 1.5]])
    >>> needed(lost, np.array([2.0, 4.0, 8.0]), 20, 1.0).tolist()
    [4.0, 20.0]
    """
    more = np.append(counts, float(whole))
    return np.array([more[np.flatnonzero(np.append(np.inf, one) > most)[-1]] for one in lost])


def departures(responses: Sequence[Floats], seeds: Seeds) -> dict[str, float]:
    """Return how far similarity is from 1, the most of all layers, when the units of a layer are mapped.

    ``cca_mapped``: by a random invertible matrix; ``cca_cubed``: each unit to its cube; ``svcca_rotated``: by a
    rotation and one scale; ``svcca_mapped``: by the random invertible matrix.
    """
    random = seeds.numpy("maps")
    found: dict[str, list[float]] = {name: [] for name in ("cca_mapped", "cca_cubed", "svcca_rotated", "svcca_mapped")}
    for one in responses:
        mixed = random.normal(size=(one.shape[1], one.shape[1]))
        turned = np.linalg.qr(random.normal(size=mixed.shape))[0]
        found["cca_mapped"].append(abs(1 - float(cca(one, one @ mixed))))
        found["cca_cubed"].append(abs(1 - float(cca(one, one**3))))
        found["svcca_rotated"].append(abs(1 - float(svcca(one, 3.0 * one @ turned))))
        found["svcca_mapped"].append(abs(1 - float(svcca(one, one @ mixed))))
    return {name: max(values) for name, values in found.items()}


def noise(samples: int, units: int, seeds: Seeds) -> dict[str, float]:
    """Return similarities of independent Gaussians, and of Gaussians that share half of their units.

    ``ratio``: the mean squared canonical correlation over what is expected of independent ones, units / (samples - 1).
    """
    random = seeds.numpy("gaussians")
    x, y = random.normal(size=(2, samples, units))
    half = np.hstack([x[:, : units // 2], y[:, units // 2 :]])
    expected = units / (samples - 1)
    return {
        "noise_svcca": float(svcca(x, y)),
        "noise_itself": float(svcca(x, x)),
        "noise_ratio": float(cca(x, y, squared=True)) / expected,
        "noise_half_ratio": float(cca(x, half, squared=True)) / expected,
    }
