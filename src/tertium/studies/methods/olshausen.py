"""How olshausen1996 learns: photographs whitened, patches of them, a sparse code and its dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Where the paper's filter falls off, cycles a pixel: 200 cycles over pictures of 512 pixels.
CUTOFF = 200 / 512
#: Pixels along each edge of a whitened photograph that are not used: the filter takes the far edge for a neighbour.
MARGIN = 12


def whitened(images: NDArray[np.uint8] | Floats) -> Singles:
    """Return grey photographs filtered by ``f exp(-(f / f0)^4)``, their edges cut off, of variance 1 over all.

    Olshausen & Field (1996): the ramp undoes the fall of amplitude with frequency in natural scenes, the rest keeps
    out what the grid of pixels adds.

    Parameters
    ----------
    images : array, shape (image, side, side, 3) or (image, side, side)
        Square; colours are weighed as for brightness.

    Returns
    -------
    array of float32, shape (image, side - 24, side - 24)

    Raises
    ------
    BadInput
        If photographs are not square, or of 48 pixels a side or less.

    Examples
    --------
    >>> found = whitened(np.random.default_rng(0).normal(size=(2, 64, 64)))
    >>> found.shape, round(float(found.std()), 3)
    ((2, 40, 40), 1.0)
    """
    grey = images @ np.array([0.299, 0.587, 0.114]) if images.ndim == 4 else images
    side = grey.shape[1]
    if grey.ndim != 3 or grey.shape[2] != side or side <= 4 * MARGIN:
        raise BadInput(
            "photographs", got=f"shape {images.shape}", expected=f"square ones of more than {4 * MARGIN} pixels a side"
        )
    frequency = np.hypot(np.fft.rfftfreq(side), np.fft.fftfreq(side)[:, None])
    ramp = frequency * np.exp(-((frequency / CUTOFF) ** 4))
    spectra = (np.fft.rfft2(one) for one in grey)
    filtered = np.stack([np.fft.irfft2(one * ramp, (side, side)) for one in spectra])
    inner = filtered[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    return np.asarray(inner / inner.std(), dtype=np.float32)


def scrambled(images: NDArray[np.uint8], random: np.random.Generator) -> Floats:
    """Return grey pictures with the amplitude spectra of photographs and the phases of noise, (image, side, side)."""
    grey = images @ np.array([0.299, 0.587, 0.114])
    side = grey.shape[1]
    found = np.empty(grey.shape)
    for i, one in enumerate(grey):
        phases = np.angle(np.fft.rfft2(random.normal(size=(side, side))))
        found[i] = np.fft.irfft2(np.abs(np.fft.rfft2(one - one.mean())) * np.exp(1j * phases), (side, side))
    return found


def patches(images: Singles, side: int, n: int, random: np.random.Generator) -> Singles:
    """Return patches drawn anywhere in pictures, less their means, shape (pixel, patch)."""
    which = random.integers(len(images), size=n)
    row, column = random.integers(0, [images.shape[1] - side + 1, images.shape[2] - side + 1], size=(n, 2)).T
    steps = np.arange(side)
    found = images[which[:, None, None], row[:, None, None] + steps[:, None], column[:, None, None] + steps]
    flat = found.reshape(n, -1)
    return np.asarray((flat - flat.mean(1, keepdims=True)).T, dtype=np.float32)


def sparse_code(dictionary: Singles, shown: Singles, penalty: float, iterations: int = 60) -> Singles:
    """Return the coefficients a that minimise ``||x - D a||^2 + penalty |a|_1`` for each patch x.

    By the fast iterative soft-thresholding of Beck & Teboulle (2009, SIAM J Imaging Sci 2:183).

    Parameters
    ----------
    dictionary : array, shape (pixel, atom)
    shown : array, shape (pixel, patch)
    penalty : float
    iterations : int

    Returns
    -------
    array of float32, shape (atom, patch)

    Examples
    --------
    With orthonormal atoms, projections are moved to 0 by half the penalty.

    >>> x = np.array([[2.0], [-0.3], [0.7]], np.float32)
    >>> sparse_code(np.eye(3, dtype=np.float32), x, 1.0).round(6).ravel().tolist()
    [1.5, 0.0, 0.20000000298023224]
    """
    products, drive = dictionary.T @ dictionary, dictionary.T @ shown
    steep = np.float32(np.linalg.eigvalsh(products)[-1])
    pace, threshold = 1 / steep, np.float32(penalty / 2) / steep
    code = np.zeros_like(drive)
    ahead, momentum = code, 1.0
    for _ in range(iterations):
        moved = ahead - pace * (products @ ahead - drive)
        new = moved - np.clip(moved, -threshold, threshold)
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + np.float32((momentum - 1) / grown) * (new - code)
        code, momentum = new, grown
    return code


def learn_dictionary(
    images: Singles,
    side: int,
    atoms: int,
    penalty: float,
    steps: int,
    seeds: Seeds,
    *,
    batch: int = 200,
    iterations: int = 60,
) -> tuple[Floats, Floats]:
    """Learn the atoms of which patches of pictures are sparse sums.

    Each step codes new patches and moves the atoms one by one to where the error over all patches so far, older ones
    weighing less, is least (Mairal et al. 2010, J Mach Learn Res 11:19, algorithm 2). Atoms have length 1, in place of
    the paper's gains that are adapted to keep coefficients from growing. An atom that is not used becomes a patch.

    Parameters
    ----------
    images : array of float32, shape (image, height, width)
    side : int
        Of the patches, pixels.
    atoms, steps, batch, iterations : int
        How many atoms, steps, patches a step, and iterations of the code.
    penalty : float
        Of `sparse_code`.
    seeds : Seeds
        Of the first atoms and the patches.

    Returns
    -------
    dictionary : array, shape (atom, side, side)
    energies : array, shape (step,)
        ``||x - D a||^2 + penalty |a|_1`` over ``||x||^2``, of the patches of each step before the atoms move.
    """
    random = seeds.numpy("patches")
    first = seeds.numpy("atoms").normal(size=(side**2, atoms)).astype(np.float32)
    dictionary = first / np.linalg.norm(first, axis=0)
    codes, mixed = np.zeros((atoms, atoms), np.float32), np.zeros((side**2, atoms), np.float32)
    energies = np.empty(steps)
    for step in range(steps):
        shown = patches(images, side, batch, random)
        code = sparse_code(dictionary, shown, penalty, iterations)
        error = float(((shown - dictionary @ code) ** 2).sum())
        energies[step] = (error + penalty * float(np.abs(code).sum())) / float((shown**2).sum())
        keep = np.float32(1 - 1 / min(step + 1, 100)) if step else np.float32(0)
        codes = keep * codes + code @ code.T
        mixed = keep * mixed + shown @ code.T
        for j in range(atoms):
            if codes[j, j] <= 1e-6:
                moved = shown[:, int(random.integers(batch))]
            else:
                moved = dictionary[:, j] + (mixed[:, j] - dictionary @ codes[:, j]) / codes[j, j]
            dictionary[:, j] = moved / max(float(np.linalg.norm(moved)), 1e-9)
    return dictionary.T.reshape(atoms, side, side).astype(np.float64), energies


def principal_components(images: Singles, side: int, n: int, random: np.random.Generator) -> Floats:
    """Return all principal components of patches but the last, which the taken-off mean leaves empty.

    Returns
    -------
    array, shape (side^2 - 1, side, side)
        By falling variance.
    """
    shown = patches(images, side, n, random).astype(np.float64)
    axes = np.linalg.eigh(shown @ shown.T)[1][:, :0:-1]
    return np.asarray(axes.T.reshape(-1, side, side))


def excess_kurtosis(values: NDArray[np.floating]) -> float:
    """Return the median over rows of the excess kurtosis along them, 0 for a normal distribution.

    Examples
    --------
    >>> excess_kurtosis(np.array([[-1.0, 1.0, -1.0, 1.0]]))
    -2.0
    """
    centred = values - values.mean(1, keepdims=True)
    return float(np.median((centred**4).mean(1) / (centred**2).mean(1) ** 2 - 3))
