"""What cadena2019 plants: cells of V1 that measure energy and divide by that of their surround, and images for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.models import gabor_filters

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Side of the images, pixels.
SIDE = 32

#: Kinds of cells: V1's, their energy without the division, their filter alone; and V1's that saw other images.
KINDS = ("v1", "undivided", "linear", "shuffled")


@dataclass(frozen=True, eq=False)
class Cells:
    """A population.

    Attributes
    ----------
    rates : array, shape (image, cell)
        Expected counts.
    kind : array of str, shape (cell,)
        Of ``KINDS``.
    """

    rates: Floats
    kind: NDArray[np.str_]


def as_input(images: NDArray[np.uint8]) -> Singles:
    """Return grey images (image, 1, row, column), each less its mean, of standard deviation 1 over all of them."""
    grey = images.astype(np.float32)
    grey -= grey.mean((1, 2), keepdims=True)
    return np.asarray(grey / grey.std(), dtype=np.float32)[:, None]


def placed(filters: Floats, centre: tuple[float, float]) -> Floats:
    """Return filters, (filter, side, side), as rows of weights on the pixels of an image, each about a centre.

    Examples
    --------
    >>> rows = placed(np.eye(3)[None], (0.0, 31.0))
    >>> rows.reshape(32, 32)[:2, 30:].tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    reach, row, column = filters.shape[-1] // 2, round(centre[0]), round(centre[1])
    framed = np.zeros((len(filters), SIDE + 2 * reach, SIDE + 2 * reach))
    framed[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1] = filters
    return framed[:, reach : reach + SIDE, reach : reach + SIDE].reshape(len(filters), -1)


def bank(wavelengths: tuple[float, ...], orientations: int, places: int, step: float) -> Floats:
    """Return pairs of filters at places about the middle, (2, channel x place x place, pixel): even, odd."""
    filters = gabor_filters(wavelengths, orientations, bandwidth=1.3, aspect=0.7)
    channels, side = len(wavelengths) * orientations, filters.shape[-1]
    pairs = filters.reshape(channels, 2, side, side).transpose(1, 0, 2, 3).reshape(-1, side, side)
    grid = (SIDE - 1) / 2 + step * (np.arange(places) - (places - 1) / 2)
    rows = np.stack([placed(pairs, (y, x)) for y in grid for x in grid], axis=1)
    return rows.reshape(2, channels * places**2, SIDE**2)


def energies(images: Singles, filters: Floats) -> Singles:
    """Return root of the summed squares of pairs of filters, (image, filter)."""
    flat = images.reshape(len(images), -1)
    even, odd = (flat @ one.T.astype(np.float32) for one in filters)
    return np.asarray(np.hypot(even, odd), dtype=np.float32)


def plant(
    images: Singles, numbers: dict[str, int], mean_count: float, simple: float, semisaturation: float, seeds: Seeds
) -> Cells:
    """Return expected counts of cells of each kind, each with its own place, orientation, wavelength and shape.

    With a the amplitude of a pair of filters, r the half-rectified even one and P the root mean energy of all
    orientations and wavelengths near by, a cell of V1 answers with ``((1 - k) a^2 + k r^2) / (s^2 + P^2)``
    (Heeger 1992), k drawn up to ``simple``; undivided cells with the amplitude ``a`` itself, linear ones with
    the half-rectified even filter alone. All are scaled to one mean count.

    Parameters
    ----------
    images : array of float32, shape (image, 1, side, side)
    numbers : dict of str to int
        Cells of each kind.
    mean_count : float
        Over images.
    simple : float
        Largest share of a cell's drive that depends on phase.
    semisaturation : float
        s over the median of P.
    seeds : Seeds
    """
    random = seeds.numpy("cells")
    flat = images.reshape(len(images), -1)
    kinds = np.repeat(KINDS, [numbers[kind] for kind in KINDS])
    pool, grid = _pool(images)
    rates = np.empty((len(images), len(kinds)))
    for cell, kind in enumerate(kinds):
        centre = (SIDE - 1) / 2 + random.uniform(-3.5, 3.5, size=2)
        wavelength, octaves = random.uniform(4.0, 8.0), random.uniform(1.0, 1.6)
        pair = gabor_filters([wavelength], 36, bandwidth=octaves, aspect=random.uniform(0.5, 1.0))
        even, odd = (flat @ placed(pair[0, random.integers(36)], (centre[0], centre[1])).T.astype(np.float32)).T
        distance = ((grid[:, None] - centre[0]) ** 2)[:, None] + ((grid[None] - centre[1]) ** 2)[..., None]
        near = np.exp(-distance.reshape(-1) / (2 * 4.0**2))
        surround = pool @ (near / near.sum())
        k = random.uniform(0, simple) * (kind != "undivided")
        drive = (1 - k) * (even**2 + odd**2) + k * 2 * np.maximum(even, 0) ** 2
        drive = drive.astype(np.float64) / (even**2 + odd**2).mean()
        if kind == "linear":
            rate = np.maximum(even, 0)
        elif kind == "undivided":
            rate = np.sqrt(drive)
        else:
            rate = drive / (semisaturation**2 * np.median(surround) + surround)
        rates[:, cell] = rate * mean_count / rate.mean()
    other = kinds == "shuffled"
    rates[:, other] = rates[seeds.numpy("other images").permutation(len(rates))][:, other]
    return Cells(rates, kinds)


def _pool(images: Singles) -> tuple[Floats, Floats]:
    """Return mean energy of all filters at places of a grid, (image, place), each filter's in units of its mean."""
    places, step = 7, 4.0
    found = energies(images, bank((4.0, 5.7, 8.0), 6, places, step)).reshape(len(images), -1, places**2) ** 2
    grid = (SIDE - 1) / 2 + step * (np.arange(places, dtype=np.float64) - (places - 1) / 2)
    return (found / found.mean((0, 2), keepdims=True)).mean(1).astype(np.float64), grid
