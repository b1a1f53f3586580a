"""How menendez2021 sees: noisy gratings, a small network that judges them, a simulated V1, and a ring on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.compare import RDM, mds, rdm

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Judgement = Literal["tilt", "orientation"]

#: Side of the pictures and wavelength of the gratings, pixels.
SIDE, WAVELENGTH = 24, 12.0
#: Layers that are compared, from the picture to the answer.
LAYERS = ("conv", "hidden", "answer")


def gratings(orientation: Floats, noise: float, random: np.random.Generator) -> torch.Tensor:
    """Return gratings under a round window in pixel noise, a bright bar in the middle, (picture, 1, side, side).

    Parameters
    ----------
    orientation : array, shape (picture,)
        Degrees from vertical, clockwise.
    noise : float
        Standard deviation of a pixel; gratings go from -1 to 1.
    """
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    angle = np.radians(orientation)[:, None, None]
    wave = np.cos(2 * np.pi / WAVELENGTH * (column * np.cos(angle) + row * np.sin(angle)))
    window = np.exp(-(row**2 + column**2) / (2 * (SIDE / 4) ** 2))
    shown = wave * window + noise * random.normal(size=wave.shape)
    return torch.from_numpy(shown[:, None].astype(np.float32))


class Judge(nn.Module):
    """A convolution, a hidden layer and an answer of two numbers.

    Parameters
    ----------
    channels : int
        Filters of the convolution, 7 x 7, rectified and averaged over nine places.
    judgement : {"tilt", "orientation"}
        What is answered: the probabilities of left and right, or cosine and sine of twice the orientation.
    seeds : Seeds
        Of the first weights: normal, of variance 2 / inputs; no biases at first.
    """

    def __init__(self, channels: int, judgement: Judgement, seeds: Seeds) -> None:
        super().__init__()
        self.judgement = judgement
        self.conv = nn.Sequential(nn.Conv2d(1, channels, 7), nn.ReLU(), nn.AvgPool2d(6), nn.Flatten())
        self.hidden = nn.Sequential(nn.Linear(9 * channels, 32), nn.ReLU())
        self.readout = nn.Linear(32, 2)
        random = seeds.torch("weights")
        with torch.no_grad():
            for one in self.parameters():
                spread = (2 / one[0].numel()) ** 0.5 if one.ndim > 1 else 0.0
                one.copy_(spread * torch.randn(one.shape, generator=random))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the readout says, (picture, 2), before it becomes an answer."""
        return torch.as_tensor(self.readout(self.hidden(self.conv(x))))

    @torch.no_grad()
    def layers(self, x: torch.Tensor) -> dict[str, Floats]:
        """Return the responses of each layer, (picture, unit)."""
        conv = self.conv(x)
        hidden = self.hidden(conv)
        answer = self.readout(hidden)
        if self.judgement == "tilt":
            answer = answer.softmax(1)
        return {
            name: part.numpy().astype(np.float64) for name, part in zip(LAYERS, (conv, hidden, answer), strict=True)
        }


def train(network: Judge, noise: float, steps: int, seeds: Seeds, batch: int = 100) -> Judge:
    """Train a network on gratings of all orientations by Adam, whose rate falls to nothing."""
    random = seeds.numpy("gratings")
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        orientation = random.uniform(-90, 90, batch)
        said = network(gratings(orientation, noise, random))
        if network.judgement == "tilt":
            loss = nn.functional.cross_entropy(said, torch.from_numpy((orientation > 0).astype(np.int64)))
        else:
            loss = nn.functional.mse_loss(said, torch.from_numpy(_doubled(orientation).astype(np.float32)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        fall.step()
    return network


def tilt_accuracy(network: Judge, noise: float, random: np.random.Generator, n: int = 4000) -> float:
    """Return how often the tilt of new gratings is told right; from the orientation it names, where it names one."""
    orientation = random.uniform(-90, 90, n)
    said = network.layers(gratings(orientation, noise, random))["answer"]
    right = said[:, 1] > (0.5 if network.judgement == "tilt" else 0.0)
    return float((right == (orientation > 0)).mean())


def layer_rdms(
    network: Judge, orientation: Floats, trials: int, noise: float, random: np.random.Generator
) -> dict[str, RDM]:
    """Return the RDM over orientations of each layer, from mean responses to trials of other noise."""
    shown = np.repeat(orientation, trials)
    return {
        name: orientation_rdm(part, shown, name)
        for name, part in network.layers(gratings(shown, noise, random)).items()
    }


def v1_responses(orientation: Floats, neurons: int, random: np.random.Generator) -> Floats:
    """Return spike counts of a simulated population of V1, (trial, neuron).

    Tuning ``b + a exp(k (cos 2(t - p) - 1))``, preferred orientations p anywhere, half widths at half height
    of 15 to 35 degrees, 2 to 20 spikes at the peak, baselines of up to 2; independent Poisson noise.
    """
    preferred = random.uniform(-90, 90, neurons)
    width = np.radians(random.uniform(15, 35, neurons))
    sharp = np.log(2) / (1 - np.cos(2 * width))
    off = np.radians(2 * (orientation[:, None] - preferred))
    rates = random.uniform(0, 2, neurons) + random.uniform(2, 20, neurons) * np.exp(sharp * (np.cos(off) - 1))
    return random.poisson(rates).astype(np.float64)


def orientation_rdm(responses: Floats, orientation: Floats, name: str) -> RDM:
    """Return squared Euclidean distances between the mean responses to orientations, each unit in units of its spread.

    Spread is that of a unit's means over orientations, as in the tutorial; units that never change are left out.
    """
    kinds, which = np.unique(orientation, return_inverse=True)
    means = np.stack([responses[which == k].mean(0) for k in range(len(kinds))])
    lively = means.std(0) > 1e-9
    scaled = (means[:, lively] - means[:, lively].mean(0)) / means[:, lively].std(0)
    return rdm(scaled, metric="euclidean", labels=[f"{o:.1f}" for o in kinds], name=name)


def ring(measured: RDM) -> tuple[Floats, float]:
    """Lay orientations out in two dimensions, and say how well their directions follow the ring of orientations.

    Returns
    -------
    points : array, shape (orientation, 2)
    r : float
        Circular correlation of the points' directions p with twice the orientations t, 0 to 1:
        ``||E exp i(p - 2t)| - |E exp i(p + 2t)||``, the form of Jammalamadaka & SenGupta (2001, section 8.2) where
        angles are spread evenly.

    Examples
    --------
    >>> angle = np.radians(2 * np.arange(-85.0, 90, 10))
    >>> even = rdm(np.stack([np.cos(angle), np.sin(angle)], 1), metric="euclidean", labels=np.arange(-85.0, 90, 10))
    >>> round(ring(even)[1], 6)
    1.0
    """
    points = mds(measured).points
    direction = np.arctan2(points[:, 1], points[:, 0])
    doubled = np.radians(2 * np.array([float(label) for label in measured.labels]))
    same, mirrored = (abs(np.exp(1j * (direction - sign * doubled)).mean()) for sign in (1, -1))
    return points, float(abs(same - mirrored))


def between_sides(measured: RDM) -> float:
    """Return the share of all squared distance that lies between left and right: 0 to 1, 1 for two clusters of points.

    Sum of squares between the two means over the whole sum of squares, from distances of all pairs.
    """
    right = np.array([float(label) for label in measured.labels]) > 0
    square = measured.values
    whole = square.sum() / (2 * len(right))
    within = sum(square[np.ix_(side, side)].sum() / (2 * side.sum()) for side in (right, ~right))
    return float(1 - within / whole)


def _doubled(orientation: Floats) -> Floats:
    angle = np.radians(2 * orientation)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
