"""How near a filter comes to a 2-D Gabor: least squares from many starts, all filters at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]

#: Limits of the envelope's standard deviation: half a pixel; and that of an envelope whose full width at half height
#: is half the patch's side (across the stripes) or all of it (along them), over the side. A wave that fills the patch
#: is no local filter.
NARROWEST = 0.5
ACROSS, ALONG = 0.5 / np.sqrt(8 * np.log(2)), 1 / np.sqrt(8 * np.log(2))
#: Limits of the carrier: half a cycle over the patch (cycles a side), and little short of the grid's finest (a pixel).
COARSEST, FINEST = 0.5, 0.55
#: First guesses of the envelope, pixels across and along the stripes; all are tried at two places and two carriers.
ENVELOPES = ((1.2, 1.2), (1.2, 2.4), (2.4, 2.4))


@dataclass(frozen=True, eq=False)
class GaborFits:
    """The Gabor nearest to each filter.

    Attributes
    ----------
    r2 : array, shape (filter,)
        Share of the filter's variance over pixels that the Gabor explains.
    x, y : array, shape (filter,)
        Centre, pixels from the first column and row.
    frequency, orientation : array, shape (filter,)
        Of the carrier: cycles a pixel; direction of its change (rad, 0 to pi; 0: vertical stripes).
    across, along : array, shape (filter,)
        Standard deviations of the envelope, pixels.
    even, odd : array, shape (filter,)
        Amplitudes of cosine and sine about the centre.
    fitted : array, shape (filter, side, side)
        The Gabors.
    """

    r2: Floats
    x: Floats
    y: Floats
    frequency: Floats
    orientation: Floats
    across: Floats
    along: Floats
    even: Floats
    odd: Floats
    fitted: Floats

    @property
    def octaves(self) -> Floats:
        """Octaves between the frequencies of half height of the response to gratings of the best orientation.

        Of the Gabor's whole spectrum: where bands about the carrier and its negative meet in the middle, an odd Gabor
        says less to coarse gratings than its envelope alone would, an even one more. Infinite where the response to
        the coarsest is above half height.
        """
        at = np.linspace(0, 1, 4001)
        bands = [
            np.exp(-2 * (np.pi * self.across[:, None] * (at - sign * self.frequency[:, None])) ** 2) for sign in (1, -1)
        ]
        response = np.hypot(self.even[:, None] * (bands[0] + bands[1]), self.odd[:, None] * (bands[0] - bands[1]))
        peak = response.argmax(1)
        above = response >= response.max(1, keepdims=True) / 2
        steps = np.arange(len(at))
        low = np.where(above | (steps > peak[:, None]), -1, steps).max(1)
        high = np.where(above | (steps < peak[:, None]), len(at) - 1, steps).min(1)
        return np.where(low < 0, np.inf, np.log2(at[high] / at[np.maximum(low, 1)]))


def fit_gabors(filters: Floats, iterations: int = 60) -> GaborFits:
    """Fit a Gabor to each filter by least squares (Levenberg-Marquardt, twelve starts).

    ``exp(-p^2 / 2 s^2 - q^2 / 2 t^2) (a cos(2 pi k . r) + b sin(2 pi k . r))``, p along the wave vector k and q across
    it (Daugman 1985). The centre stays in the patch; the envelope at half height is no wider than half the patch across
    the stripes and no longer than the patch along them; the carrier has half a cycle over the patch or more.

    Parameters
    ----------
    filters : array, shape (filter, side, side)
        None of them constant.
    iterations : int
        Steps of each start.

    Raises
    ------
    BadInput
        If filters are not square and of 4 pixels or more, not finite, or constant.

    Examples
    --------
    >>> y, x = np.mgrid[:12, :12]
    >>> wave = np.exp(-((x - 5.0) ** 2 + (y - 6.0) ** 2) / 8) * np.cos(2 * np.pi * 0.2 * (x - 5.0))
    >>> found = fit_gabors(wave[None])
    >>> round(float(found.r2[0]), 6), round(float(found.frequency[0]), 4), round(float(found.octaves[0]), 3)
    (1.0, 0.2, 1.471)
    """
    square = filters.ndim == 3 and filters.shape[1] == filters.shape[2] >= 4
    if not square or not np.isfinite(filters).all() or (np.ptp(filters, axis=(1, 2)) == 0).any():
        raise BadInput(
            "filters",
            got=f"shape {filters.shape}" if not square else "constant ones, or numbers that are not finite",
            expected="finite numbers, (filter, side, side) with 4 pixels a side or more, none constant",
        )
    side = filters.shape[1]
    sizes = np.sqrt((filters**2).sum((1, 2)))
    target = (filters / sizes[:, None, None]).reshape(len(filters), -1)
    row, column = (axis.ravel() for axis in np.mgrid[:side, :side].astype(np.float64))
    starts = _starts(target.reshape(filters.shape))
    n_starts = starts.shape[1]
    found, errors = _descend(starts.reshape(-1, 8), np.repeat(target, n_starts, axis=0), row, column, side, iterations)
    best = errors.reshape(-1, n_starts).argmin(1)
    each = np.arange(len(filters))
    chosen, error = found.reshape(-1, n_starts, 8)[each, best], errors.reshape(-1, n_starts)[each, best]
    x, y, u, v, across, along, even, odd = chosen.T
    return GaborFits(
        r2=1 - error / ((target - target.mean(1, keepdims=True)) ** 2).sum(1),
        x=x,
        y=y,
        frequency=np.hypot(u, v),
        orientation=np.arctan2(v, u) % np.pi,
        across=np.exp(across),
        along=np.exp(along),
        even=even * sizes,
        odd=odd * sizes,
        fitted=(_gabor(chosen, row, column)[0] * sizes[:, None]).reshape(filters.shape),
    )


def _starts(filters: Floats) -> Floats:
    """Return first guesses, shape (filter, start, 8): x, y, u, v, log across, log along, two amplitudes (left at 0)."""
    n, side = filters.shape[:2]
    padded = 4 * side
    power = np.abs(np.fft.rfft2(filters, (padded, padded))) ** 2
    u, v = np.meshgrid(np.fft.rfftfreq(padded), np.fft.fftfreq(padded))
    size = np.hypot(u, v)
    power[:, (size < COARSEST / side) | (size > FINEST)] = 0
    first = power.reshape(n, -1).argmax(1)
    waves = [np.stack([u.ravel()[first], v.ravel()[first]], axis=1)]
    # the next peak that is not the first one's flank, nor the same wave named the other way
    near = [np.hypot(u - s * waves[0][:, :1, None], v - s * waves[0][:, 1:, None]) < 1 / side for s in (1, -1)]
    second = np.where(near[0] | near[1], 0, power).reshape(n, -1).argmax(1)
    waves.append(np.stack([u.ravel()[second], v.ravel()[second]], axis=1))
    waves[1][np.hypot(*waves[1].T) == 0] = waves[0][np.hypot(*waves[1].T) == 0]
    energy = filters**2
    rows, columns = np.mgrid[:side, :side]
    middle = np.stack([(energy * at).sum((1, 2)) / energy.sum((1, 2)) for at in (columns, rows)], axis=1)
    local = sum(np.roll(energy, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    peak = np.stack(np.unravel_index(np.asarray(local).reshape(n, -1).argmax(1), (side, side))[::-1], axis=1)
    guesses = [
        np.concatenate([centre, wave, np.log(np.tile(envelope, (n, 1))), np.zeros((n, 2))], axis=1)
        for wave in waves
        for centre in (middle, peak)
        for envelope in ENVELOPES
    ]
    return np.stack(guesses, axis=1)


def _gabor(at: Floats, row: Floats, column: Floats) -> tuple[Floats, Floats]:
    """Return Gabors, shape (fit, pixel), and their derivatives, (fit, pixel, parameter)."""
    x, y, u, v, across, along, even, odd = at.T[:, :, None]
    dx, dy, size = column - x, row - y, np.hypot(u, v)
    p, q = (u * dx + v * dy) / size, (u * dy - v * dx) / size
    phase = 2 * np.pi * (u * dx + v * dy)
    s2, t2 = np.exp(2 * across), np.exp(2 * along)
    envelope = np.exp(-(p**2) / (2 * s2) - q**2 / (2 * t2))
    cosine, sine = envelope * np.cos(phase), envelope * np.sin(phase)
    value, turned = even * cosine + odd * sine, odd * cosine - even * sine
    by_p, by_q = -value * p / s2, -value * q / t2
    derivatives = (
        -(by_p * u - by_q * v) / size - 2 * np.pi * u * turned,
        -(by_p * v + by_q * u) / size - 2 * np.pi * v * turned,
        (by_q * p - by_p * q) * v / size**2 + 2 * np.pi * dx * turned,
        (by_p * q - by_q * p) * u / size**2 + 2 * np.pi * dy * turned,
        value * p**2 / s2,
        value * q**2 / t2,
        cosine,
        sine,
    )
    return value, np.stack(derivatives, axis=2)


def _allowed(at: Floats, side: int) -> Floats:
    """Return parameters moved to the nearest that are allowed."""
    kept = at.copy()
    kept[:, :2] = kept[:, :2].clip(0, side - 1)
    size = np.hypot(kept[:, 2], kept[:, 3])[:, None]
    kept[:, 2:4] *= size.clip(COARSEST / side, FINEST) / np.where(size > 0, size, 1.0)
    kept[size[:, 0] == 0, 2] = COARSEST / side
    kept[:, 4:6] = kept[:, 4:6].clip(np.log(NARROWEST), np.log([ACROSS * side, ALONG * side]))
    return kept


def _descend(
    starts: Floats, target: Floats, row: Floats, column: Floats, side: int, iterations: int
) -> tuple[Floats, Floats]:
    """Return parameters and summed squared errors after Levenberg-Marquardt steps, each fit with its own damping."""
    at = _allowed(starts, side)
    waves = _gabor(at, row, column)[1][:, :, 6:]
    products = np.einsum("fpi,fpj->fij", waves, waves) + 1e-9 * np.eye(2)
    at[:, 6:] = np.linalg.solve(products, np.einsum("fpi,fp->fi", waves, target)[..., None])[..., 0]
    value, slopes = _gabor(at, row, column)
    error, damping = ((target - value) ** 2).sum(1), np.full(len(at), 1e-2)
    for _ in range(iterations):
        curvature = slopes.transpose(0, 2, 1) @ slopes
        gradient = (slopes.transpose(0, 2, 1) @ (target - value)[..., None])[..., 0]
        diagonal = np.einsum("fii->fi", curvature)
        stiff = curvature + (damping[:, None] * diagonal + 1e-9)[:, :, None] * np.eye(8)
        tried = _allowed(at + np.linalg.solve(stiff, gradient[..., None])[..., 0], side)
        new_value, new_slopes = _gabor(tried, row, column)
        new_error = ((target - new_value) ** 2).sum(1)
        better = new_error < error
        at[better], value[better], slopes[better], error[better] = (
            tried[better],
            new_value[better],
            new_slopes[better],
            new_error[better],
        )
        damping = np.where(better, damping / 3, damping * 4).clip(1e-7, 1e7)
    return at, error
