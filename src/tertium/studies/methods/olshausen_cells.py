"""What olshausen1996 encodes: simulated simple and complex cells, and the two standard models of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.compare import feve, fit_ridge
from tertium.data import make_responses
from tertium.models import GaborEnergy, gabor_filters

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Side of the crops that cells see, pixels.
SIDE = 32
#: The models' filter bank (pixels a cycle; pixels from one filter to the next); the cells lie between its filters.
WAVELENGTHS, ORIENTATIONS, STRIDE = (4.0, 5.7, 8.0), 8, 2
#: Octaves, and width over length, of the bank's filters: the middle of the cells' ranges.
BANDWIDTH, ASPECT = 1.5, 0.8
#: Places of the bank along a side that are kept, about the middle, where the cells are.
PLACES = 9
#: Contrast below which a crop is not brought to 1, over that of all photographs.
LEAST_CONTRAST = 0.1
#: Mean count of a cell over crops, in a trial.
MEAN_COUNT = 4.0


def planted_rates(crops: Singles, n: int, seeds: Seeds) -> tuple[Floats, Floats]:
    """Return expected counts of simple and of complex cells, each of shape (crop, n).

    A simple cell is a Gabor of any phase, half-rectified; the complex cell of the same number is the root of the summed
    squares of that Gabor and the one a quarter of a cycle on (Adelson & Bergen 1985). Place, orientation, wavelength,
    bandwidth and shape are drawn from ranges, not from the models' bank.

    Parameters
    ----------
    crops : array of float32, shape (crop, 32, 32)
    n : int
        Cells of each kind.
    seeds : Seeds
    """
    random = seeds.numpy("cells")
    flat = crops.reshape(len(crops), -1).astype(np.float64)
    simple, complex_ = np.empty((len(crops), n)), np.empty((len(crops), n))
    for cell in range(n):
        pair = gabor_filters(
            [random.uniform(4.5, 7.5)], 36, bandwidth=random.uniform(1.2, 1.8), aspect=random.uniform(0.6, 1.0)
        )[0, random.integers(36)]
        row, column = SIDE // 2 + random.integers(-3, 4, size=2)
        even, odd = (flat @ _placed(one, row, column).ravel() for one in pair)
        phase = random.uniform(0, 2 * np.pi)
        simple[:, cell] = np.maximum(np.cos(phase) * even + np.sin(phase) * odd, 0)
        complex_[:, cell] = np.hypot(even, odd)
    return MEAN_COUNT * simple / simple.mean(0), MEAN_COUNT * complex_ / complex_.mean(0)


def _placed(one: Floats, row: int, column: int) -> Floats:
    """Return a filter as weights on a crop, about a pixel; what reaches beyond the crop is cut."""
    reach = one.shape[0] // 2
    framed = np.zeros((SIDE + 2 * reach, SIDE + 2 * reach))
    framed[row : row + 2 * reach + 1, column : column + 2 * reach + 1] = one
    return framed[reach : reach + SIDE, reach : reach + SIDE]


@torch.no_grad()
def gabor_features(crops: Singles) -> dict[str, Singles]:
    """Return what a Gabor bank says to crops: "linear", even and odd filters, and "energy", each (crop, feature)."""
    bank = GaborEnergy(SIDE, WAVELENGTHS, ORIENTATIONS, STRIDE, bandwidth=BANDWIDTH, aspect=ASPECT)
    edge = (SIDE // STRIDE - PLACES + 1) // 2
    middle = slice(edge, edge + PLACES)
    linear, energy = [], []
    for some in torch.from_numpy(crops)[:, None].split(500):
        simple = bank.simple(some)[:, :, middle, middle]
        phases = simple.unflatten(1, (-1, 4))  # rectified: a filter, its negative, its quadrature, that one's negative
        linear.append((phases[:, :, ::2] - phases[:, :, 1::2]).flatten(1).numpy())
        energy.append(bank.energy(simple).flatten(1).numpy())
    return {"linear": np.concatenate(linear), "energy": np.concatenate(energy)}


def explained(
    features: dict[str, Singles], rates: dict[str, Floats], fitted: int, repeats: int, seeds: Seeds
) -> dict[str, Floats]:
    """Return what each model explains of the explainable variance of each kind of cell, on other photographs.

    A model is ridge regression on its features, then a rising output function (isotonic regression on a third of the
    fitted crops that the regression has not seen).

    Parameters
    ----------
    features : dict of str to array, shape (crop, feature)
    rates : dict of str to array, shape (crop, cell)
    fitted : int
        The first crops, shown once; the others are tested.
    repeats : int
        Of each tested crop.
    seeds : Seeds
        Of the Poisson counts.

    Returns
    -------
    dict
        FEVE of each cell by "model, kind", and the share of single-trial variance that is signal by "kind".
    """
    from sklearn.isotonic import IsotonicRegression

    found: dict[str, Floats] = {}
    linear = 2 * fitted // 3
    for kind, expected in rates.items():
        random = seeds.numpy(kind)
        counts = random.poisson(expected[:fitted]).astype(np.float64)
        shown = random.poisson(expected[fitted:], size=(repeats, *expected[fitted:].shape))
        tested, cells = shown.shape[1:]
        names = [f"{i:05d}" for i in range(tested)] * repeats
        responses = make_responses(
            shown.reshape(-1, cells), trial={"stimulus": names}, quantity="spike_count", source="simulated cells"
        )
        for model, table in features.items():
            fit = fit_ridge(table[:linear], counts[:linear].astype(np.float32), cv=3)
            drive = fit.predict(table[linear:])
            predicted = np.empty((tested, cells))
            for cell in range(cells):
                output = IsotonicRegression(out_of_bounds="clip")
                output.fit(drive[: fitted - linear, cell], counts[linear:, cell])
                predicted[:, cell] = output.predict(drive[fitted - linear :, cell])
            score = feve(predicted, responses)
            found[f"{model}, {kind}"] = score.value
            found[kind] = score.explainable
    return found


def crops_of(images: Singles, fitted: int, tested: int, random: np.random.Generator) -> Singles:
    """Return crops of pictures, the first from four fifths of the pictures and the tested ones from the others.

    Returns
    -------
    array of float32, shape (fitted + tested, 32, 32)
        Less their means and over their contrast, as a retina would: each of standard deviation 1 (empty ones less).
    """
    order = random.permutation(len(images))
    parts: list[Singles] = []
    for which, n in ((order[: 4 * len(order) // 5], fitted), (order[4 * len(order) // 5 :], tested)):
        chosen = random.choice(which, n)
        corner = random.integers(0, images.shape[1] - SIDE + 1, size=(n, 2))
        parts += [
            images[i, r : r + SIDE, c : c + SIDE] for i, (r, c) in zip(chosen.tolist(), corner.tolist(), strict=True)
        ]
    crops = np.stack(parts)
    crops -= crops.mean((1, 2), keepdims=True)
    return np.asarray(crops / np.maximum(crops.std((1, 2), keepdims=True), LEAST_CONTRAST), dtype=np.float32)
