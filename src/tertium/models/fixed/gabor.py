"""Simple and complex cells of V1 as a fixed network: Gabor filters in four phases, and their energy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from tertium.errors import BadInput
from tertium.models.preprocess import Preprocess


def gabor_filters(
    wavelengths: Sequence[float],
    orientations: int,
    *,
    bandwidth: float = 1.0,
    aspect: float = 0.5,
) -> npt.NDArray[np.float64]:
    """Return pairs of Gabor filters, even and odd, of unit energy and without response to uniform light.

    ``exp(-(x'^2 + aspect^2 y'^2) / (2 s^2)) cos(2 pi x' / wavelength + phase)`` with x' across the stripes (Daugman
    1985, J Opt Soc Am A 2:1160); s from the bandwidth b in octaves: ``s / wavelength = sqrt(ln 2 / 2) / pi (2^b + 1) /
    (2^b - 1)``.

    Parameters
    ----------
    wavelengths : sequence of float
        Of the carrier, pixels; at least 2.
    orientations : int
        How many, evenly over half a turn; the first has vertical stripes.
    bandwidth : float
        Of spatial frequency at half height, octaves.
    aspect : float
        Width over length of the envelope.

    Returns
    -------
    array, shape (wavelength, orientation, phase 2, side, side)
        One side for all, odd: six standard deviations of the longest envelope.

    Raises
    ------
    BadInput
        If an option is out of range.

    Examples
    --------
    >>> bank = gabor_filters([4.0, 8.0], 4)
    >>> bank.shape[:3], bool(abs(bank.sum((3, 4))).max() < 1e-12)
    ((2, 4, 2), True)
    """
    if min(wavelengths, default=0) < 2 or orientations < 1 or bandwidth <= 0 or not 0 < aspect <= 1:
        raise BadInput(
            "Gabor filters",
            got=f"wavelengths {tuple(wavelengths)}, orientations {orientations}, {bandwidth} octaves, aspect {aspect}",
            expected="wavelengths of 2 pixels or more, orientations and octaves above 0, aspect 0 to 1",
        )
    ratio = np.sqrt(np.log(2) / 2) / np.pi * (2**bandwidth + 1) / (2**bandwidth - 1)
    reach = int(np.ceil(3 * ratio * max(wavelengths) / aspect))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    bank = np.empty((len(wavelengths), orientations, 2, 2 * reach + 1, 2 * reach + 1))
    for i, wavelength in enumerate(wavelengths):
        for j in range(orientations):
            angle = np.pi * j / orientations
            across, along = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
            envelope = np.exp(-(across**2 + (aspect * along) ** 2) / (2 * (ratio * wavelength) ** 2))
            for k, wave in enumerate((np.cos, np.sin)):
                filtered = envelope * wave(2 * np.pi * across / wavelength)
                filtered -= envelope * filtered.sum() / envelope.sum()
                bank[i, j, k] = filtered / np.linalg.norm(filtered)
    return bank


class SimpleCells(nn.Module):
    """Rectified Gabor filters in four phases a quarter apart.

    Parameters
    ----------
    filters : array, shape (wavelength, orientation, phase 2, side, side)
        From `gabor_filters`.
    stride : int
        Pixels from one cell to the next.
    """

    filters: torch.Tensor

    def __init__(self, filters: npt.NDArray[np.float64], stride: int) -> None:
        super().__init__()
        side = filters.shape[-1]
        bank = torch.from_numpy(filters.reshape(-1, 1, side, side).astype(np.float32))
        self.register_buffer("filters", bank, persistent=False)
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rates, shape (image, channel, row, column); channels by wavelength, orientation, then phase."""
        filtered = functional.conv2d(x, self.filters, stride=self.stride, padding=self.filters.shape[-1] // 2)
        signed = torch.stack([filtered, -filtered], dim=2)
        return functional.relu(signed.flatten(1, 2))


class ComplexCells(nn.Module):
    """The energy of simple cells of one wavelength and orientation (Adelson & Bergen 1985)."""

    def forward(self, simple: torch.Tensor) -> torch.Tensor:
        """Return the root of the summed squares of four phases, shape (image, channel, row, column)."""
        return simple.unflatten(1, (-1, 4)).square().sum(2).sqrt()


class GaborEnergy(nn.Module):
    """V1 as filters that nobody trained: sites ``simple`` and ``energy``; the output is the energy.

    Parameters
    ----------
    size : int
        Side of the grey picture, pixels.
    wavelengths : sequence of float
        Of the filters, pixels.
    orientations : int
        How many.
    stride : int
        Pixels from one cell to the next, the same for all filters.
    framing : {"auto", "whole", "crop"}
        How photographs are framed, see `Preprocess`.
    bandwidth, aspect : float
        Of the filters, as in `gabor_filters`.

    Raises
    ------
    BadInput
        If an option is out of range.

    Examples
    --------
    >>> bars = torch.zeros(1, 1, 64, 64)
    >>> bars[..., ::8] = bars[..., 1::8] = bars[..., 2::8] = bars[..., 3::8] = 1.0
    >>> energy = GaborEnergy()(bars).unflatten(1, (3, 8))[0, :, :, 8, 8]
    >>> divmod(int(energy.argmax()), 8)
    (1, 0)
    """

    name = "gabor_energy"
    cite = "Adelson & Bergen 1985 J Opt Soc Am A 2:284"

    def __init__(
        self,
        size: int = 64,
        wavelengths: Sequence[float] = (4.0, 8.0, 16.0),
        orientations: int = 8,
        stride: int = 4,
        framing: str = "auto",
        bandwidth: float = 1.0,
        aspect: float = 0.5,
    ) -> None:
        super().__init__()
        if not 1 <= stride <= size:
            raise BadInput("stride", got=str(stride), expected=f"1 to {size} pixels")
        self.preprocess = Preprocess(size, size, framing, "grey", 1 / 255, (0.5,), (0.5,))
        self.simple = SimpleCells(gabor_filters(wavelengths, orientations, bandwidth=bandwidth, aspect=aspect), stride)
        self.energy = ComplexCells()
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return energies, shape (image, wavelength x orientation, row, column), of images (image, 1, size, size)."""
        return self.energy(self.simple(x))
