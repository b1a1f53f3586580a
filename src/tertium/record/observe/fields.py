"""LFP and MEG: what electrodes in the tissue and sensors outside the head see of many units at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.errors import BadInput
from tertium.record.observe.latent import FloatArray, check_positive, latent_values, observed
from tertium.record.observe.sphere import leadfield, sensor_helmet
from tertium.rng import Seeds

Mode = Literal["lfp", "meg"]

#: Charge that the synapses reached by one spike move, in coulomb (ours: some hundreds of synapses of ~0.3 pC).
CHARGE_PER_SPIKE = 100e-12
#: Dipole moment of a unit, in A m per Hz (ours: a unit stands for about a mm2 of cortex, 1 nA m when strongly active,
#: at 10 Hz; the density is of the order that Murakami & Okada 2015, NeuroImage 111:49, report).
MOMENT_PER_HZ = 1e-10


def point_source(
    units: npt.ArrayLike, sites: npt.ArrayLike, *, conductivity: float = 0.3, closest: float = 10e-6
) -> FloatArray:
    """Return the potential that a unit current at each unit makes at each recording site.

    Parameters
    ----------
    units : array-like, shape (unit, 3)
        Positions in metres.
    sites : array-like, shape (site, 3)
        Recording sites in metres.
    conductivity : float
        Of the tissue, in S/m (0.3: Logothetis, Kayser & Oeltermann 2007, about).
    closest : float
        Distances below this one (m) count as it: neither cells nor contacts are points.

    Returns
    -------
    array, shape (unit, site)
        Ohm (volt per ampere): 1 / (4 pi sigma d), a point source in an infinite medium.

    Raises
    ------
    BadInput
        If the positions do not have three columns, or a parameter is not positive.

    Examples
    --------
    >>> point_source([[0, 0, 0]], [[1e-4, 0, 0], [2e-4, 0, 0]]).round(0).tolist()
    [[2653.0, 1326.0]]
    """
    here, there = np.atleast_2d(np.asarray(units, float)), np.atleast_2d(np.asarray(sites, float))
    if here.shape[1:] != (3,) or there.shape[1:] != (3,):
        raise BadInput(
            "positions",
            got=f"units of shape {here.shape}, sites of shape {there.shape}",
            expected="(unit, 3) and (site, 3)",
            repair="Give x, y, z in metres.",
        )
    check_positive(conductivity, "conductivity")
    check_positive(closest, "closest")
    distance = np.linalg.norm(here[:, None] - there[None], axis=2)
    return np.asarray(1.0 / (4.0 * np.pi * conductivity * np.maximum(distance, closest)))


def lfp_mixing(units: npt.ArrayLike, sites: npt.ArrayLike, charge: float = CHARGE_PER_SPIKE) -> FloatArray:
    """Return what each recording site sees of a unit firing at 1 Hz, in microvolts.

    Parameters
    ----------
    units, sites : array-like, shapes (unit, 3) and (site, 3)
        Positions in metres.
    charge : float
        Charge (C) moved by the synapses that one spike reaches, all of it at the unit's place.

    Returns
    -------
    array, shape (unit, site)

    Examples
    --------
    >>> lfp_mixing([[0, 0, 0]], [[1e-4, 0, 0]]).round(3).tolist()
    [[0.265]]
    """
    return 1e6 * charge * point_source(units, sites)


def meg_mixing(
    dipoles: npt.ArrayLike, directions: npt.ArrayLike, sensors: npt.ArrayLike, moment: float = MOMENT_PER_HZ
) -> FloatArray:
    """Return what each radial magnetometer sees of a unit firing at 1 Hz, in femtotesla.

    Parameters
    ----------
    dipoles, directions : array-like, shape (unit, 3)
        Positions in metres from the centre of the sphere, and unit vectors.
    sensors : array-like, shape (sensor, 3)
        Positions in metres.
    moment : float
        Dipole moment in A m per Hz.

    Returns
    -------
    array, shape (unit, sensor)

    Examples
    --------
    >>> meg_mixing([[0, 0, 0.07]], [[1, 0, 0]], [[0, 0.04, 0.11]]).round(1).tolist()
    [[1.3]]
    """
    return 1e15 * leadfield(dipoles, moment * np.asarray(directions, dtype=np.float64), sensors)


def depth_probe(n: int, length: float = 1.5e-3) -> FloatArray:
    """Return n recording sites in metres, shape (n, 3), evenly along a shank through the middle of a column."""
    depth = np.zeros(1) if n == 1 else np.linspace(-length / 2, length / 2, n)
    return np.column_stack([np.zeros(n), np.zeros(n), depth])


def cortical_dipoles(
    n: int, seed: int = 0, radius: float = 0.07, tangential: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Return positions (m) and unit directions of n dipoles spread over the upper half of a sphere.

    Parameters
    ----------
    n : int
        Number of dipoles.
    seed : int
        Seed of positions and directions.
    radius : float
        Distance from the centre in metres.
    tangential : bool
        Directions along the surface, as in the walls of sulci; otherwise radial, as on gyral crowns.

    Returns
    -------
    tuple of array, shapes (n, 3) and (n, 3)

    Examples
    --------
    >>> positions, directions = cortical_dipoles(5, seed=1)
    >>> bool(np.allclose((positions * directions).sum(axis=1), 0))
    True
    """
    generator = Seeds(seed).numpy("dipoles")
    outward = generator.normal(size=(n, 3))
    outward[:, 2] = np.abs(outward[:, 2])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    if not tangential:
        return radius * outward, outward
    along = np.cross(outward, generator.normal(size=(n, 3)))
    return radius * outward, along / np.linalg.norm(along, axis=1, keepdims=True)


def field(
    rate: xr.DataArray,
    mode: Mode = "lfp",
    n_sensors: int = 32,
    seed: int = 0,
    *,
    mixing: npt.ArrayLike | None = None,
    synapse: float = 0.01,
    noise: float | None = None,
) -> xr.DataArray:
    """Turn firing rates into local field potentials or magnetic fields: filtered, mixed over units, and noisy.

    Parameters
    ----------
    rate : xarray.DataArray, dims (trial, time, unit)
        Latent rates in Hz, in bins short against ``synapse`` where fast changes matter. Nothing fired before.
    mode : str
        "lfp": sites on a probe through a column of units, potentials falling with distance, in microvolts. "meg":
        magnetometers around a sphere in which each unit is a tangential current dipole, in femtotesla.
    n_sensors : int
        Number of sites or sensors; not used with ``mixing``.
    seed : int
        Seed of the units' positions and of the noise.
    mixing : array-like, shape (unit, sensor), optional
        What each sensor sees of a unit firing at 1 Hz, in uV or fT; from random positions if not given.
    synapse : float
        Time constant in seconds of the synaptic currents, a first-order low-pass; 0 leaves it out.
    noise : float, optional
        LFP: standard deviation of the 1/f background in uV (2 by default). MEG: sensor noise in fT per root Hz, white
        up to half the sampling rate (3 by default, a SQUID's).

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        ``quantity="lfp"`` (uV) or ``"meg"`` (fT); units are sensors "lfp0", ... or "meg0", ...

    Raises
    ------
    BadInput
        If the rates are negative, the mixing has another number of units, or a parameter is out of range.

    Notes
    -----
    A linear forward model with random geometry: each neuron's synapses are one current source at one place. It shows
    what mixing over space and time does to a population code, not the biophysics of a cortical column.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> r = make_responses(np.full((2, 50, 20), 10.0), dt=0.002, quantity="rate")
    >>> field(r, "meg", n_sensors=16, seed=1).attrs["units"], field(r, "lfp", n_sensors=8).sizes["unit"]
    ('fT', 8)
    """
    values = latent_values(rate)
    if mode not in ("lfp", "meg"):
        raise BadInput("mode", got=f"'{mode}'", expected="'lfp' or 'meg'", repair="")
    check_positive(synapse, "synapse", zero=True)
    level = check_positive((2.0 if mode == "lfp" else 3.0) if noise is None else noise, "noise", zero=True)
    seeds = Seeds(seed)
    n_units = values.shape[2]
    weights = _somewhere(mode, n_units, n_sensors, seeds) if mixing is None else _checked(mixing, n_units)
    dt = float(rate.attrs["dt"])
    signal = synaptic(values @ weights, dt, synapse)
    generator = seeds.numpy("noise")
    if level > 0 and mode == "lfp":
        signal = signal + level * pink_noise(signal.shape, generator)
    elif level > 0:
        signal = signal + level * np.sqrt(0.5 / dt) * generator.normal(size=signal.shape)
    note = f"field({mode}, sensors={weights.shape[1]}, synapse={synapse:g} s, noise={level:g}, seed={seed})"
    unit = {"unit": [f"{mode}{i}" for i in range(weights.shape[1])]}
    return observed(signal, rate, quantity=mode, note=note, unit=unit)


def synaptic(values: FloatArray, dt: float, tau: float) -> FloatArray:
    """Return values low-passed by an exponential of time constant ``tau`` (s), averaged over bins, from silence.

    The power falls as 1 / (1 + (2 pi f tau)^2), a Lorentzian; the gain at zero frequency is 1.
    """
    from scipy.signal import lfilter

    if tau == 0:
        return values
    a = dt / tau
    pole = np.exp(-a)
    same_bin = (a + np.expm1(-a)) / a  # input and output both spread over their bins
    next_bins = (1.0 - pole) ** 2 / a  # at lag one; times the pole at each further lag
    return np.asarray(lfilter([same_bin, next_bins - same_bin * pole], [1.0, -pole], values, axis=1))


def pink_noise(shape: tuple[int, int, int], generator: np.random.Generator, exponent: float = 1.0) -> FloatArray:
    """Return Gaussian noise whose power falls as 1 / f^exponent along time, of zero mean and unit variance.

    Parameters
    ----------
    shape : tuple of int
        (trial, time, sensor).
    generator : numpy.random.Generator
        Where the numbers come from.
    exponent : float
        0 is white, 1 pink, 2 brown.

    Returns
    -------
    array, shape (trial, time, sensor)
        Unit variance in expectation; trials are independent. A single time bin gives white noise.
    """
    trials, times, sensors = shape
    if times == 1:
        return generator.normal(size=shape)
    length = 2 * times  # twice as long as needed, so that the ends of a trial do not meet
    frequency = np.fft.rfftfreq(length)
    amplitude = np.zeros_like(frequency)
    amplitude[1:] = frequency[1:] ** (-exponent / 2.0)
    white = generator.normal(size=(2, trials, len(frequency), sensors))
    spectrum = amplitude[None, :, None] * (white[0] + 1j * white[1])
    spectrum[:, -1] = np.sqrt(2.0) * spectrum[:, -1].real
    noise = np.fft.irfft(spectrum, n=length, axis=1)[:, :times]
    variance = (4.0 * (amplitude[1:-1] ** 2).sum() + 2.0 * amplitude[-1] ** 2) / length**2
    return np.asarray(noise / np.sqrt(variance))


def _somewhere(mode: Mode, n_units: int, n_sensors: int, seeds: Seeds) -> FloatArray:
    """Return the mixing of units at random places: a column 0.4 mm wide and 1.5 mm high, or half a sphere."""
    if isinstance(n_sensors, bool) or not isinstance(n_sensors, int | np.integer) or n_sensors < 1:
        raise BadInput("n_sensors", got=repr(n_sensors), expected="a whole number, at least 1", repair="")
    if mode == "meg":
        return meg_mixing(*cortical_dipoles(n_units, seeds.integer("dipoles")), sensor_helmet(n_sensors))
    generator = seeds.numpy("positions")
    flat = generator.uniform(-0.2e-3, 0.2e-3, size=(n_units, 2))
    depth = generator.uniform(-0.75e-3, 0.75e-3, size=n_units)
    return lfp_mixing(np.column_stack([flat, depth]), depth_probe(n_sensors))


def _checked(mixing: npt.ArrayLike, n_units: int) -> FloatArray:
    weights = np.asarray(mixing, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[0] != n_units or not np.isfinite(weights).all():
        raise BadInput(
            "mixing",
            got=f"an array of shape {weights.shape}",
            expected=f"finite numbers of shape ({n_units}, n), one row for each unit",
            repair="Make one with observe.lfp_mixing or observe.meg_mixing.",
        )
    return weights
