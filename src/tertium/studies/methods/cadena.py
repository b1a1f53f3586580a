"""How cadena2019 measures: six models of one population, fitted alike, on images that none of them has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.compare import bootstrap, feve
from tertium.data import make_responses
from tertium.models import Preprocess, make
from tertium.studies.methods.cadena_cells import SIDE, bank, energies
from tertium.studies.methods.v1_networks import (
    Core,
    Split,
    Training,
    core_features,
    fit_readout,
    standardised,
)

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Models in the order of the paper, then what must not do as well.
MODELS = ("lnp", "gabor", "cnn", "task")
UNTRAINED = ("cnn_untrained", "task_untrained")

#: Filter bank: wavelengths in pixels, orientations, places along a side and pixels between them.
WAVELENGTHS, ORIENTATIONS, PLACES, STEP = (4.0, 5.7, 8.0), 8, 9, 2.0

#: Side to which images are enlarged for SqueezeNet, and places along a side that are kept.
ENLARGED, KEPT = 64, 9

#: Layers of SqueezeNet up to the one that is read.
LAYERS = ("conv1", "pool1", "fire2", "fire3")

#: How each model is fitted; chosen on pilot seeds.
TRAININGS = {
    "lnp": Training(epochs=20, rate=3e-3, sparse=3e-3, smooth=0.03),
    "gabor": Training(epochs=20, rate=3e-2, sparse=1e-3, smooth=0.01),
    "cnn": Training(epochs=25, rate=1e-2, sparse=3e-3, smooth=0.01, core_rate=1e-2),
    "task": Training(epochs=20, rate=2e-2, sparse=3e-4, smooth=3e-3),
    "cnn_untrained": Training(epochs=20, rate=2e-2, sparse=3e-4, smooth=3e-3),
    "task_untrained": Training(epochs=20, rate=2e-2, sparse=3e-4, smooth=3e-3),
}


@dataclass(frozen=True, eq=False)
class Shown:
    """Images as models take them.

    Attributes
    ----------
    pixels : array of float32, shape (image, 1, side, side)
        About 0.
    grey : array of uint8, shape (image, side, side)
    """

    pixels: Singles
    grey: NDArray[np.uint8]


def gabor_energies(pixels: Singles) -> Singles:
    """Return energies of a filter bank about the middle of the images, (image, channel, place, place), standardised."""
    found = energies(pixels, bank(WAVELENGTHS, ORIENTATIONS, PLACES, STEP))
    return standardised(found.reshape(len(pixels), -1, PLACES, PLACES))


@torch.no_grad()
def task_features(network: nn.Module, grey: NDArray[np.uint8]) -> Singles:
    """Return what ``fire3`` of SqueezeNet says about the middle of the images, standardised by channel."""
    layers = nn.Sequential(*(network.get_submodule(name) for name in LAYERS))
    look = Preprocess(ENLARGED, ENLARGED, "whole", "BGR", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))
    found = []
    for first in range(0, len(grey), 250):
        said = layers(look(np.repeat(grey[first : first + 250, :, :, None], 3, axis=3)))
        edge = (said.shape[-1] - KEPT) // 2
        found.append(said[:, :, edge : edge + KEPT, edge : edge + KEPT].numpy())
    return standardised(np.concatenate(found))


def new_core(channels: tuple[int, ...], seeds: Seeds) -> Core:
    """Return a core of three layers before it has learned: filters of 13 and 3 pixels, as in the paper."""
    return Core(channels, (13, 3, 3)[: len(channels)], 2, seeds)


@dataclass(frozen=True, eq=False)
class Work:
    """What models are fitted to.

    Attributes
    ----------
    shown : Shown
    responses : array of float32, shape (image, cell)
    split : Split
    channels : tuple of int
        Of the layers of a core.
    epochs : int
        0 for those chosen on pilots.
    counts : bool
        Whether responses are counts.
    """

    shown: Shown
    responses: Singles
    split: Split
    channels: tuple[int, ...]
    epochs: int
    counts: bool


def predictions(name: str, work: Work, seeds: Seeds) -> Floats:
    """Fit a model by its name and return what it predicts for the tested images, (image, cell)."""
    core, shown = None, work.shown
    if name == "lnp":
        features = shown.pixels
    elif name == "gabor":
        features = gabor_energies(shown.pixels)
    elif name == "cnn":
        features, core = shown.pixels, new_core(work.channels, seeds)
    elif name == "cnn_untrained":
        features = core_features(new_core(work.channels, seeds), shown.pixels)
    elif name == "task":
        features = task_features(make("squeezenet11"), shown.grey)
    else:
        features = task_features(make("squeezenet11", pretrained=False, seed=seeds.integer("weights")), shown.grey)
    training = replace(TRAININGS[name], epochs=work.epochs) if work.epochs else TRAININGS[name]
    return fit_readout(features, work.responses, work.split, training, seeds, core=core, counts=work.counts).predicted


def explained(predicted: Floats, trials: NDArray[np.int64]) -> Floats:
    """Return the fraction of explainable variance that is explained of each cell (FEVE).

    Parameters
    ----------
    predicted : array, shape (image, cell)
    trials : array, shape (repeat, image, cell)
        Counts.
    """
    repeats, images, cells = trials.shape
    labels = [f"{i:04d}" for i in range(images)] * repeats
    given = make_responses(trials.reshape(-1, cells), trial={"stimulus": labels}, quantity="spike_count")
    return feve(predicted, given).value


def correlations(predicted: Floats, responses: Floats) -> Floats:
    """Return Pearson's correlation of columns, 0 where one of them does not vary.

    Examples
    --------
    >>> correlations(np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[2.0, 0.0], [3.0, 1.0]])).tolist()
    [1.0, 0.0]
    """
    a, b = predicted - predicted.mean(0), responses - responses.mean(0)
    sizes = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    still = (np.ptp(predicted, axis=0) == 0) | (np.ptp(responses, axis=0) == 0)
    return np.asarray(np.where(still, 0.0, (a * b).sum(0) / np.where(still, 1.0, sizes)))


def mean_correlations(predicted: Floats, responses: Floats, draws: int, seed: int) -> tuple[Floats, Floats]:
    """Return each model's correlation, mean over neurons, (model,), and the same in draws of images, (draw, model).

    Parameters
    ----------
    predicted : array, shape (model, image, neuron)
    responses : array, shape (image, neuron)
    draws, seed : int
    """

    def means(one: Floats, truth: Floats) -> Floats:
        return np.array([correlations(one[:, k], truth).mean() for k in range(one.shape[1])])

    found = bootstrap(predicted.transpose(1, 0, 2), responses, statistic=means, n=draws, seed=seed)
    return found.estimate, found.draws


def scrambled(shown: Shown, seeds: Seeds) -> Shown:
    """Return images with their pixels in other places, all images alike: no less is said, but nothing is near."""
    order = seeds.numpy("pixels").permutation(SIDE**2)
    pixels = shown.pixels.reshape(-1, SIDE**2)[:, order].reshape(shown.pixels.shape)
    return Shown(pixels, shown.grey.reshape(-1, SIDE**2)[:, order].reshape(shown.grey.shape))


def as_grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luminance of pictures, (image, row, column)."""
    return (images @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)


def as_patterns(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the recorded patterns, bright on dark, at half their resolution."""
    halved = (255 - images).reshape(len(images), SIDE, 2, SIDE, 2).mean((2, 4))
    return halved.round().astype(np.uint8)
