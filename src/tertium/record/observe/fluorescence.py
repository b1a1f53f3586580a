"""Calcium imaging: spikes as the fluorescence of a genetically encoded indicator, with its kinetics and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.errors import BadInput, unknown_name
from tertium.record.observe.latent import (
    FloatArray,
    bins_per,
    check_positive,
    latent_values,
    observed,
    rebin,
)
from tertium.rng import Seeds

Start = Literal["silence", "steady"]


@dataclass(frozen=True)
class Indicator:
    """A calcium indicator, by what is measured of its response to one action potential.

    Parameters
    ----------
    time_to_peak : float
        Seconds from the spike to the peak.
    half_decay : float
        Seconds from the peak to half of it.
    amplitude : float
        Peak dF/F (1 = 100 %) for one spike.
    cite : str
        Where the numbers come from.

    Notes
    -----
    The kernel is ``(1 - exp(-t / rise)) exp(-t / decay)``; its two time constants are solved for such that the
    peak and the half-decay are those published. A half-decay shorter than 1.68 times the time to peak is out of
    this kernel's reach.

    Examples
    --------
    >>> rise, decay = INDICATORS["gcamp6f"].time_constants()
    >>> round(rise, 4), round(decay, 4)
    (0.0194, 0.1783)
    """

    time_to_peak: float
    half_decay: float
    amplitude: float
    cite: str = ""

    def __post_init__(self) -> None:
        check_positive(self.time_to_peak, "time_to_peak")
        check_positive(self.half_decay, "half_decay")
        check_positive(self.amplitude, "amplitude")
        if self.half_decay / self.time_to_peak < 1.7:
            raise BadInput(
                "indicator",
                got=f"a half-decay of {self.half_decay:g} s and a time to peak of {self.time_to_peak:g} s",
                expected="a half-decay at least 1.7 times the time to peak",
                repair="Check that the half-decay is measured from the peak.",
            )

    def time_constants(self) -> tuple[float, float]:
        """Return the time constants (s) of rise and decay."""
        from scipy.optimize import brentq

        wanted = self.half_decay / self.time_to_peak
        log_ratio = brentq(lambda x: _shape_of(np.exp(x))[1] - wanted, np.log(1e-3), np.log(1e5), xtol=1e-13)
        ratio = float(np.exp(log_ratio))
        rise = self.time_to_peak / _shape_of(ratio)[0]
        return float(rise), float(ratio * rise)

    def kernel(self, time: npt.ArrayLike) -> FloatArray:
        """Return dF/F at ``time`` seconds after one spike; 0 before it."""
        rise, decay = self.time_constants()
        t = np.maximum(np.asarray(time, dtype=np.float64), 0.0)
        peak = _double_exponential(np.asarray(self.time_to_peak), rise, decay)
        return np.asarray(self.amplitude * _double_exponential(t, rise, decay) / peak)


_GCAMP6 = "Chen et al. (2013). Nature 499:295, one action potential, mouse V1 in vivo (Fig. 3, Supplementary Table 3)"
_GCAMP8 = "Zhang et al. (2023). Nature 615:884, one action potential, cultured neurons (screening table)"

#: Indicators by name. Values in the same paper differ between preparations; these are for one spike.
INDICATORS: dict[str, Indicator] = {
    "gcamp6f": Indicator(0.045, 0.142, 0.19, _GCAMP6),
    "gcamp6m": Indicator(0.080, 0.270, 0.13, _GCAMP6),
    "gcamp6s": Indicator(0.179, 0.550, 0.23, _GCAMP6),
    "jgcamp7f": Indicator(0.0995, 0.1819, 0.21, _GCAMP8),
    "jgcamp8f": Indicator(0.0248, 0.0674, 0.41, _GCAMP8),
    "jgcamp8m": Indicator(0.0290, 0.1183, 0.76, _GCAMP8),
    "jgcamp8s": Indicator(0.0570, 0.3067, 1.11, _GCAMP8),
}


@dataclass(frozen=True)
class Hill:
    """A saturating indicator: fluorescence is a Hill function of calcium, with one spike's peak kept.

    Parameters
    ----------
    half : float
        Calcium at which half of the largest fluorescence is reached, in units of one spike's peak.
    coefficient : float
        Hill coefficient; above 1 the indicator is supralinear for few spikes.

    Examples
    --------
    >>> Hill(half=10.0)(np.array([1.0, 10.0, 1e9])).round(3).tolist()
    [1.0, 5.5, 11.0]
    """

    half: float = 20.0
    coefficient: float = 1.0

    def __post_init__(self) -> None:
        check_positive(self.half, "half")
        check_positive(self.coefficient, "coefficient")

    def __call__(self, calcium: FloatArray) -> FloatArray:
        """Return fluorescence in units of one spike's peak, from calcium in those units."""
        powered, half = calcium**self.coefficient, self.half**self.coefficient
        return np.asarray(powered * (1.0 + half) / (powered + half))


def calcium(
    activity: xr.DataArray,
    indicator: str | Indicator = "gcamp6f",
    seed: int = 0,
    *,
    noise: float = 0.05,
    photons: float | None = None,
    saturation: Hill | None = None,
    dt: float | None = None,
    start: Start = "silence",
) -> xr.DataArray:
    """Turn spikes into the fluorescence of a calcium indicator, as a microscope would see it.

    Parameters
    ----------
    activity : xarray.DataArray, dims (trial, time, unit)
        Spike counts, or rates in Hz, which stand for their expected counts: draw spikes first with `spikes`
        unless a noise-free drive is wanted.
    indicator : str or Indicator
        A name in ``INDICATORS``, or one's own.
    seed : int
        Seed of the noise.
    noise : float
        Standard deviation of Gaussian noise, in dF/F.
    photons : float, optional
        Photons detected per frame at baseline fluorescence; shot noise is added if given.
    saturation : Hill, optional
        Saturation of the indicator; linear if not given.
    dt : float, optional
        Frame duration in seconds, a multiple of the bin; the bin if not given.
    start : str
        "silence": no spikes before the trial. "steady": the first bin's activity had gone on forever.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        dF/F averaged over each frame (``quantity="df_over_f"``), labels carried over.

    Raises
    ------
    BadInput
        If the activity is negative or of another quantity, or a parameter is out of range.
    UnknownName
        If no indicator has that name.

    Notes
    -----
    Spikes fall anywhere in their bin and fluorescence is averaged over bins, so that the kernel is integrated
    over both; this is exact for linear indicators at any bin width. With saturation, it acts on the bin's average.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> one = np.zeros((1, 1000, 1)); one[0, 100] = 1
    >>> seen = calcium(make_responses(one, dt=0.001, quantity="spike_count"), "gcamp6s", noise=0.0)
    >>> float(seen.max().round(2)), round(float(seen.time[seen.values.argmax()]) - 0.1, 3)
    (0.23, 0.179)
    """
    kinetics = _indicator(indicator)
    values = latent_values(activity, accepts=("spike_count", "rate"))
    fine = float(activity.attrs["dt"])
    n = bins_per(dt, fine, "dt")
    check_positive(noise, "noise", zero=True)
    if start not in ("silence", "steady"):
        raise BadInput("start", got=f"'{start}'", expected="'silence' or 'steady'", repair="")
    counts = values * fine if activity.attrs["quantity"] == "rate" else values
    level = _convolve(counts, fine, kinetics, steady=start == "steady")
    trace = kinetics.amplitude * (saturation(level) if saturation else level)
    trace = rebin(trace, n, "dt") / n
    seeds = Seeds(seed)
    if photons is not None:
        check_positive(photons, "photons")
        trace = seeds.numpy("shot noise").poisson(photons * (1.0 + trace)) / photons - 1.0
    if noise > 0:
        trace = trace + noise * seeds.numpy("noise").normal(size=trace.shape)
    name = indicator if isinstance(indicator, str) else "own indicator"
    shot = "" if photons is None else f", photons={photons:g}"
    bent = "" if saturation is None else f", hill half={saturation.half:g} n={saturation.coefficient:g}"
    note = f"calcium({name}, noise={noise:g}{shot}{bent}, seed={seed})"
    return observed(trace, activity, quantity="df_over_f", note=note, dt=None if n == 1 else n * fine)


def _indicator(indicator: str | Indicator) -> Indicator:
    if isinstance(indicator, Indicator):
        return indicator
    if indicator not in INDICATORS:
        raise unknown_name("indicator", indicator, INDICATORS)
    return INDICATORS[indicator]


def _double_exponential(t: npt.NDArray[np.float64], rise: float, decay: float) -> FloatArray:
    return np.asarray(-np.expm1(-t / rise) * np.exp(-t / decay))


def _shape_of(ratio: float) -> tuple[float, float]:
    """Return time to peak in units of the rise, and half-decay over time to peak, for decay / rise = ratio."""
    from scipy.optimize import brentq

    peak = float(np.log1p(ratio))
    height = _double_exponential(np.asarray(peak), 1.0, ratio)
    last = peak + 3.0 * ratio + 3.0
    half = brentq(lambda t: _double_exponential(np.asarray(t), 1.0, ratio) - height / 2, peak, last, xtol=1e-14)
    return peak, float(half - peak) / peak


def _convolve(counts: FloatArray, dt: float, kinetics: Indicator, *, steady: bool) -> FloatArray:
    """Return calcium in units of one spike's peak, averaged over bins, from counts spread over bins.

    The kernel is a difference of two exponentials, so the convolution is the difference of two first-order filters.
    """
    from scipy.signal import lfilter

    rise, decay = kinetics.time_constants()
    peak = float(_double_exponential(np.asarray(kinetics.time_to_peak), rise, decay))
    total = np.zeros_like(counts)
    for sign, tau in ((1.0, decay), (-1.0, rise * decay / (rise + decay))):
        a = dt / tau
        pole = np.exp(-a)
        same_bin = (a + np.expm1(-a)) / a**2
        next_bin = np.expm1(-a) ** 2 / a**2  # at lag one; times the pole at each further lag
        before = counts[:, :1] * (next_bin / (1.0 - pole) if steady else 0.0)
        part, _ = lfilter([same_bin, next_bin - same_bin * pole], [1.0, -pole], counts, axis=1, zi=before)
        total += sign * part
    return total / peak
