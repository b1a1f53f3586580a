"""BOLD: firing rates seen through the haemodynamic response, a repetition time, voxels, noise and drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.errors import BadInput, unknown_name
from tertium.record.observe.latent import FloatArray, check_positive, latent_values, observed, start_of
from tertium.rng import Seeds

#: % BOLD per Hz of sustained firing: 9 spikes/s for 1 % in human and macaque V5 (Rees, Friston & Koch 2000).
PERCENT_PER_HZ = 1.0 / 9.0


@dataclass(frozen=True)
class HRF:
    """A haemodynamic response to a brief burst of firing: the difference of two gamma densities.

    Parameters
    ----------
    shape, scale : float
        Shape and scale (s) of the response's gamma density; it peaks at ``(shape - 1) scale``.
    undershoot_shape, undershoot_scale : float
        The same of the undershoot.
    undershoot : float
        Area of the undershoot relative to that of the response.
    delay : float
        Seconds before anything happens.

    Examples
    --------
    >>> t = np.arange(0, 32, 0.01)
    >>> round(float(t[canonical_hrf("spm").density(t).argmax()]), 2)
    5.0
    """

    shape: float = 6.0
    scale: float = 1.0
    undershoot_shape: float = 16.0
    undershoot_scale: float = 1.0
    undershoot: float = 1.0 / 6.0
    delay: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shape", "scale", "undershoot_shape", "undershoot_scale"):
            check_positive(getattr(self, name), name)
        check_positive(self.delay, "delay", zero=True)
        if not 0 <= self.undershoot < 1:
            raise BadInput("undershoot", got=f"{self.undershoot:g}", expected="a share from 0 up to, not with, 1")

    def density(self, time: npt.ArrayLike) -> FloatArray:
        """Return the response ``time`` seconds after a burst, in 1/s; its integral is 1."""
        from scipy.stats import gamma

        t = np.asarray(time, dtype=np.float64) - self.delay
        both = gamma.pdf(t, self.shape, scale=self.scale)
        both = both - self.undershoot * gamma.pdf(t, self.undershoot_shape, scale=self.undershoot_scale)
        return np.asarray(both / (1.0 - self.undershoot))

    def integral(self, time: npt.ArrayLike) -> FloatArray:
        """Return the response to a sustained rate that began ``time`` seconds ago; it goes to 1."""
        from scipy.stats import gamma

        t = np.asarray(time, dtype=np.float64) - self.delay
        both = gamma.cdf(t, self.shape, scale=self.scale)
        both = both - self.undershoot * gamma.cdf(t, self.undershoot_shape, scale=self.undershoot_scale)
        return np.asarray(both / (1.0 - self.undershoot))


def canonical_hrf(name: str = "spm") -> HRF:
    """Return a haemodynamic response of the literature.

    Parameters
    ----------
    name : str
        "spm": two gamma densities of shapes 6 and 16, 1 s scale, ratio 1/6 (Friston et al. 1998; peak at 5.0 s).
        "glover": n = 6 and 12, 0.9 s, relative height 0.35 (Glover 1999, auditory cortex; peak at 5.2 s, which is
        5.4 s less the pull of the undershoot).

    Raises
    ------
    UnknownName
        If there is none of that name.

    References
    ----------
    Friston, K. J. et al. (1998). Event-related fMRI: characterizing differential responses. NeuroImage 7:30.
    Glover, G. H. (1999). Deconvolution of impulse response in event-related BOLD fMRI. NeuroImage 9:416.
    """
    if name == "spm":
        return HRF()
    if name == "glover":
        from scipy.stats import gamma

        # Glover's t^n exp(-t/b) is a gamma density of shape n + 1; his 0.35 relates heights, ours relates areas.
        heights = gamma.pdf(6 * 0.9, 7.0, scale=0.9) / gamma.pdf(12 * 0.9, 13.0, scale=0.9)
        return HRF(7.0, 0.9, 13.0, 0.9, float(0.35 * heights))
    raise unknown_name("haemodynamic response", name, ["glover", "spm"])


def point_spread(units: npt.ArrayLike, voxels: npt.ArrayLike, fwhm: float = 3.5) -> FloatArray:
    """Return how strongly each unit drives each voxel, a Gaussian of their distance on the cortical sheet.

    Parameters
    ----------
    units : array-like, shape (unit, d)
        Positions of the units in mm.
    voxels : array-like, shape (voxel, d)
        Positions of the voxels in mm.
    fwhm : float
        Full width at half maximum in mm (3.5 mm in human V1 at 1.5 T: Engel, Glover & Wandell 1997).

    Returns
    -------
    array, shape (unit, voxel)
        Each voxel's weights sum to 1: a voxel is a weighted mean of units.

    Raises
    ------
    BadInput
        If the positions are not two tables of the same number of columns, or a voxel is out of all units' reach.

    Examples
    --------
    >>> point_spread([[0.0], [1.75]], [[0.0]], fwhm=3.5).round(3).ravel().tolist()
    [0.667, 0.333]
    """
    here, there = np.atleast_2d(np.asarray(units, float)), np.atleast_2d(np.asarray(voxels, float))
    if here.ndim != 2 or there.ndim != 2 or here.shape[1] != there.shape[1]:
        raise BadInput(
            "positions",
            got=f"units of shape {here.shape}, voxels of shape {there.shape}",
            expected="(unit, d) and (voxel, d)",
            repair="Give every position as a row of d coordinates in mm.",
        )
    check_positive(fwhm, "fwhm")
    distance2 = ((here[:, None] - there[None]) ** 2).sum(axis=2)
    weights = np.exp(-4.0 * np.log(2.0) * distance2 / fwhm**2)
    total = weights.sum(axis=0)
    if (total < 1e-12).any():
        voxel = int(np.argmin(total))
        raise BadInput(
            f"voxel {voxel}",
            got=f"its nearest unit {np.sqrt(distance2[:, voxel].min()):.3g} mm away",
            expected=f"units within about {fwhm:g} mm",
            repair="Move the voxels over the units.",
        )
    return np.asarray(weights / total)


def bold(
    rate: xr.DataArray,
    tr: float = 2.0,
    hrf: str | HRF = "spm",
    seed: int = 0,
    *,
    noise: float = 0.5,
    autocorrelation: float = 0.3,
    drift: float = 0.0,
    mixing: npt.ArrayLike | None = None,
    gain: float = PERCENT_PER_HZ,
    after: float = 0.0,
) -> xr.DataArray:
    """Turn firing rates into the BOLD signal of voxels, sampled once every repetition time.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit)
        Latent rates in Hz. Nothing fired before the trial.
    tr : float
        Repetition time in seconds; volumes are taken at 0, TR, 2 TR, ... from the start of the trial.
    hrf : str or HRF
        Haemodynamic response; see `canonical_hrf`.
    seed : int
        Seed of noise and drift.
    noise : float
        Standard deviation of the noise in %.
    autocorrelation : float
        Correlation of the noise between successive volumes, in (-1, 1).
    drift : float
        Standard deviation of a slow drift in %: cosines with periods of 128 s and longer, at least one.
    mixing : array-like, shape (unit, voxel), optional
        How units drive voxels, for instance from `point_spread`; one voxel for each unit if not given.
    gain : float
        % BOLD per Hz of sustained firing.
    after : float
        Seconds of silence recorded after each trial, to see the response come down.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        BOLD in % change (``quantity="bold"``). With ``mixing``, units are voxels "voxel0", "voxel1", ...

    Raises
    ------
    BadInput
        If the rates are negative, the mixing has another number of units, or a parameter is out of range.

    Notes
    -----
    The integral of the response over each bin is exact at bin edges; between them, values are interpolated. Neural
    activity is taken to be linear in BOLD (Boynton et al. 1996).

    References
    ----------
    Boynton, G. M., Engel, S. A., Glover, G. H. & Heeger, D. J. (1996). Linear systems analysis of functional magnetic
    resonance imaging in human V1. Journal of Neuroscience 16:4207.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> burst = np.zeros((1, 300, 1)); burst[0, :10] = 90.0  # 1 s
    >>> seen = bold(make_responses(burst, dt=0.1, quantity="rate"), tr=0.5, noise=0.0)
    >>> float(seen.time[seen.values.argmax()]), seen.attrs["units"]
    (5.5, '%')
    """
    response = canonical_hrf(hrf) if isinstance(hrf, str) else hrf
    values = latent_values(rate)
    dt = float(rate.attrs["dt"])
    check_positive(tr, "tr")
    check_positive(after, "after", zero=True)
    check_positive(noise, "noise", zero=True)
    check_positive(drift, "drift", zero=True)
    if not -1 < autocorrelation < 1:
        raise BadInput("autocorrelation", got=f"{autocorrelation:g}", expected="a number in (-1, 1)", repair="")
    weights = None if mixing is None else _mixing(mixing, values.shape[2])
    if weights is not None:
        values = values @ weights
    length = values.shape[1] * dt + after
    # a volume at the very end sees everything, so it counts; the small slack absorbs rounding of dt
    volumes = tr * np.arange(int(length / tr + 1e-9) + 1, dtype=np.float64)
    signal = gain * _sampled(values, dt, response, volumes)
    seeds = Seeds(seed)
    if noise > 0:
        signal = signal + noise * ar1(signal.shape, autocorrelation, seeds.numpy("noise"))
    if drift > 0:
        signal = signal + drift * _slow_cosines(signal.shape, tr, seeds.numpy("drift"))
    note = f"bold(tr={tr:g} s, noise={noise:g} %, autocorrelation={autocorrelation:g}, drift={drift:g} %, seed={seed})"
    unit = None if weights is None else {"unit": [f"voxel{i}" for i in range(weights.shape[1])]}
    return observed(signal, rate, quantity="bold", note=note, dt=tr, time=start_of(rate) + volumes, unit=unit)


def ar1(shape: tuple[int, int, int], correlation: float, generator: np.random.Generator) -> FloatArray:
    """Return first-order autoregressive noise of unit variance along time, in equilibrium from the first sample."""
    from scipy.signal import lfilter

    white = generator.normal(size=shape)
    white[:, 1:] *= np.sqrt(1.0 - correlation**2)
    return np.asarray(lfilter([1.0], [1.0, -correlation], white, axis=1))


def _mixing(mixing: npt.ArrayLike, n_units: int) -> FloatArray:
    weights = np.asarray(mixing, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[0] != n_units or not np.isfinite(weights).all():
        raise BadInput(
            "mixing",
            got=f"an array of shape {weights.shape}" + ("" if np.isfinite(weights).all() else " with NaN"),
            expected=f"finite numbers of shape ({n_units}, n), one row for each unit",
            repair="Make one with observe.point_spread(unit_positions, voxel_positions).",
        )
    return weights


def _sampled(values: FloatArray, dt: float, response: HRF, volumes: FloatArray) -> FloatArray:
    """Return the response to rates constant in bins, shape (trial, volume, unit), by one convolution."""
    from scipy.signal import oaconvolve

    n_edges = max(values.shape[1], int(np.ceil(volumes[-1] / dt))) + 1
    kernel = np.diff(response.integral(dt * np.arange(n_edges)))
    at_edges = np.zeros((values.shape[0], n_edges, values.shape[2]))
    full = oaconvolve(values, kernel[None, :, None], axes=1)
    at_edges[:, 1:] = full[:, : n_edges - 1]
    # linear interpolation between bin edges
    place = np.minimum(volumes / dt, n_edges - 1)
    low = np.minimum(np.floor(place + 1e-9).astype(int), n_edges - 2)
    share = np.clip(place - low, 0.0, 1.0)[None, :, None]
    return np.asarray((1 - share) * at_edges[:, low] + share * at_edges[:, low + 1])


def _slow_cosines(shape: tuple[int, int, int], tr: float, generator: np.random.Generator) -> FloatArray:
    n_volumes = shape[1]
    n_cosines = max(1, int(2.0 * n_volumes * tr / 128.0))
    phase = np.pi * (np.arange(n_volumes) + 0.5) / n_volumes
    basis = np.sqrt(2.0 / n_cosines) * np.cos(np.outer(phase, np.arange(1, n_cosines + 1)))
    weights = generator.normal(size=(shape[0], n_cosines, shape[2]))
    return np.asarray(np.einsum("tk,rku->rtu", basis, weights))
