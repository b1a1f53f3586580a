"""How observation_models measures: the population, what each modality makes of it, inversion, comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.compare.ceiling import noise_ceiling
from tertium.compare.deconvolution import deconvolve
from tertium.compare.dissimilarity import rdm
from tertium.compare.inference import rsa
from tertium.data.responses import make_responses
from tertium.record import observe

if TYPE_CHECKING:
    import xarray as xr

    from tertium.compare.rdm_type import RDM
    from tertium.rng import Seeds
    from tertium.studies.observation_models import ObservationModels

Array = NDArray[np.float64]

#: Share of the variance of a model's latent code that is the brain's, best model first; the rest is another code.
LEVELS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
#: Explainable variance of the mean counts in the test of the ceiling.
RELIABILITIES = (0.2, 0.5, 0.8)
#: Spatial frequency of the tuning maps in radians per side of the sheet.
MAP_FREQUENCY = 8.0
RDM_METRICS = ("correlation", "euclidean")
MEASURES = ("RSA correlation", "RSA euclidean", "CKA", "Procrustes")
MODALITIES = {
    "spikes": "Poisson spike counts",
    "electrodes": "Poisson spike counts of a third of the units, found in proportion to their rate",
    "calcium": "calcium fluorescence of spikes",
    "bold": "BOLD of voxels",
    "lfp": "local field potentials",
    "meg": "magnetic fields outside the head",
}

# --- the population -----------------------------------------------------------------------------------------------


def latent_codes(config: ObservationModels.Config, seeds: Seeds) -> list[Array]:
    """Return one code for each level, (stimulus, dimension): graded from the brain's, the first, to another one."""
    shape = (config.stimuli, config.dimensions)
    own, other = seeds.numpy("brain code").normal(size=shape), seeds.numpy("other code").normal(size=shape)
    return [np.sqrt(level) * own + np.sqrt(1 - level) * other for level in LEVELS]


def population(
    code: Array, n_units: int, seeds: Seeds, *, name: str, topographic: bool = False, dt: float = 0.02
) -> xr.DataArray:
    """Return latent rates in Hz, (stimulus, time, unit): 2 s, log-normal over stimuli, a transient and then less.

    Units lie anywhere on a square sheet of side 1 (labels x, y). In a topographic population tuning changes smoothly
    along it, as in cortical maps (random plane waves): what is mixed over space later is mixed over this map. Tuning
    covers all latent dimensions equally.
    """
    places = seeds.numpy("places").uniform(0, 1, size=(n_units, 2))
    tuning = seeds.numpy("tuning").normal(size=(n_units, code.shape[1]))
    if topographic:
        wave = seeds.numpy("waves").normal(size=(2, 64)) * MAP_FREQUENCY
        phase = seeds.numpy("phases").uniform(0, 2 * np.pi, size=64)
        tuning = np.cos(places @ wave + phase) @ seeds.numpy("map").normal(size=(64, code.shape[1]))
    weights = np.sqrt(n_units / code.shape[1]) * np.linalg.qr(tuning)[0].T
    mean_rate = seeds.numpy("mean rates").gamma(4.0, 2.5, size=n_units)
    time = dt * np.arange(round(2.0 / dt))
    onset = np.clip((time - 0.1) / 0.05, 0.0, 1.0)
    course = onset * (0.6 + 0.4 * np.exp(-(time - 0.1).clip(0) / 0.2))
    drive = 0.8 * (code @ weights)[:, None, :] * course[None, :, None]
    rates = mean_rate * np.exp(drive - 0.32 * course[None, :, None] ** 2)
    labels = {"x": places[:, 0], "y": places[:, 1]}
    stimulus = [f"s{i:02d}" for i in range(len(code))]
    return make_responses(rates, dt=dt, quantity="rate", trial={"stimulus": stimulus}, unit=labels, source=name)


def rates_of(rates: xr.DataArray) -> Array:
    """Return the mean rate of each stimulus and unit, (stimulus, unit)."""
    return np.asarray(rates.mean("time").values)


# --- spikes -------------------------------------------------------------------------------------------------------


def variability(brain: xr.DataArray, config: ObservationModels.Config, seeds: Seeds) -> dict[str, Array]:
    """Return the Fano factor over repeats of counts in 2 s, (stimulus, unit), for Poisson and gamma spikes of 30 units.

    For Poisson counts the ratio of variance and mean over repeats has expectation 1 whatever their number.
    """
    many = observe.repeats(brain.isel(unit=slice(0, 30)), config.repeats)
    fano = {}
    for process in ("poisson", "gamma"):
        bins = observe.spikes(many, seeds.integer(process), process=process, shape=4.0)
        counts = bins.values.sum(axis=1).reshape(config.repeats, config.stimuli, -1)
        mean = counts.mean(axis=0)
        fano[process] = np.where(mean > 0, counts.var(axis=0, ddof=1) / np.where(mean > 0, mean, 1.0), np.nan)
    return fano


# --- calcium ------------------------------------------------------------------------------------------------------


def deconvolution(config: ObservationModels.Config, seeds: Seeds) -> dict[str, Any]:
    """Image wandering rates with GCaMP6f at 33 Hz, deconvolve, and correlate the mean of repeats with the rate."""
    dt, tau, n_units = 0.01, 0.5, 10
    n = round(config.imaging / dt)
    log_rate = ornstein_uhlenbeck(n, n_units, np.exp(-dt / tau), seeds.numpy("wandering"))
    rate = make_responses(5.0 * np.exp(0.8 * log_rate - 0.32)[None], dt=dt, quantity="rate")
    many = observe.repeats(rate, config.repeats)
    seen = observe.calcium(observe.spikes(many, seeds.integer("spikes")), seed=seeds.integer("noise"), dt=0.03)
    indicator = observe.INDICATORS["gcamp6f"]
    shuffled = seen.copy(data=seeds.numpy("shuffle").permuted(seen.values, axis=1))
    decay = indicator.time_constants()[1]
    found = {
        "deconvolved": deconvolve(seen, decay, amplitude=indicator.amplitude),
        "shuffled": deconvolve(shuffled, decay, amplitude=indicator.amplitude),
        "fluorescence": seen,
    }
    frames = seen.sizes["time"]
    latent = rate.values[0, : frames * 3].reshape(frames, 3, n_units).mean(axis=1)
    smooth = {name: smoothed(trace.values.mean(axis=0), 0.1 / 0.03) for name, trace in found.items()}
    result: dict[str, Any] = {name: correlations(trace, latent) for name, trace in smooth.items()}
    shown = slice(0, min(frames, round(10.0 / 0.03)))
    result["example"] = {
        "calcium trace": seen.values[0, shown, 0].copy(),
        "calcium rate": latent[shown, 0],
        "calcium deconvolved": smooth["deconvolved"][shown, 0],
    }
    return result


def ornstein_uhlenbeck(n: int, n_units: int, kept: float, generator: np.random.Generator) -> Array:
    """Return noise of unit variance that forgets all but ``kept`` of itself in a step, (time, unit)."""
    from scipy.signal import lfilter

    white = generator.normal(size=(n, n_units))
    white[1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], white, axis=0))


def smoothed(traces: Array, width: float) -> Array:
    """Return traces, (time, unit), under a Gaussian of ``width`` bins."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(traces, width, axis=0))


def correlations(a: Array, b: Array) -> Array:
    """Return the correlation over time of each unit's two traces, (unit)."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return np.asarray((a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)))


# --- BOLD ---------------------------------------------------------------------------------------------------------


def burst_response(seeds: Seeds) -> tuple[dict[str, float], dict[str, Array]]:
    """Return when BOLD peaks after the middle of half a second of firing, and the mean time courses (40 trials)."""
    burst = np.zeros((1, 50, 5))
    burst[:, :50] = 50.0
    rate = observe.repeats(make_responses(burst, dt=0.01, quantity="rate"), 40)
    shapes = {"canonical": observe.canonical_hrf("spm"), "no delay": observe.HRF(shape=1.0, undershoot=0.0)}
    peaks, example = {}, {}
    for name, shape in shapes.items():
        seen = observe.bold(rate, tr=0.5, hrf=shape, seed=seeds.integer(name), noise=0.3, after=30.0)
        course = seen.values.mean(axis=2)
        example[f"bold {name}"] = np.stack([course.mean(axis=0), course.std(axis=0, ddof=1) / np.sqrt(len(course))])
        peaks[name] = float(seen["time"].values[course.mean(axis=0).argmax()] - 0.25)
    return peaks, example


# --- ceilings -----------------------------------------------------------------------------------------------------


def ceiling_errors(config: ObservationModels.Config, seeds: Seeds) -> dict[str, Array]:
    """Return mean estimate - truth at each reliability, over draws of 20 stimuli, 6 repeats and 20 units.

    Rates are normal over stimuli (20 +- 5 Hz); counts in T seconds have signal variance 25 T^2 and noise 20 T, which
    gives T for a wanted reliability of the mean of six.
    """
    stimuli, repeats, n_units = 20, 6, 20
    errors: dict[str, list[float]] = {}
    for truth in RELIABILITIES:
        here = seeds.child(f"{truth:g}")
        seconds = 20.0 / repeats / 25.0 * truth / (1 - truth)
        # every unit has stimuli of its own, so all draws can be units of one table
        rates = here.numpy("rates").normal(20.0, 5.0, size=(stimuli, 1, config.draws * n_units)).clip(0)
        many = observe.repeats(make_responses(rates, dt=seconds, quantity="rate"), repeats)
        counts = observe.spikes(many, here.integer("spikes"))
        split = noise_ceiling(counts, "split_half", seed=here.integer("splits"), constant="zero")
        halves = counts.values.reshape(2, repeats // 2, stimuli, -1).mean(axis=1)
        plain = np.nan_to_num(correlations(halves[0], halves[1]))
        found = {
            "split-half, corrected": split.mean,
            "signal power": noise_ceiling(counts, "signal_power", constant="zero").mean,
            "mean of Spearman-Brown": float((2 * plain / (1 + plain)).mean()),
            "split-half correlation": float(plain.mean()),
        }
        for name, value in found.items():
            errors.setdefault(name, []).append(value - truth)
    return {name: np.array(error) for name, error in errors.items()}


# --- comparing models with what was seen --------------------------------------------------------------------------


def seen_through(modality: str, brain: xr.DataArray, config: ObservationModels.Config, seeds: Seeds) -> xr.DataArray:
    """Return what an experimenter records of the brain: all repeats, (trial, time, unit)."""
    many = observe.repeats(brain, config.repeats)
    seed = seeds.integer(modality)
    modalities: dict[str, Callable[[], xr.DataArray]] = {
        "spikes": lambda: observe.spikes(many, seed),
        "electrodes": lambda: observe.spikes(observe.electrodes(many, config.units // 3, seed, bias="rate"), seed),
        "calcium": lambda: observe.calcium(observe.spikes(many, seed), seed=seed),
        "bold": lambda: _voxels(many, seed),
        "lfp": lambda: observe.field(many, "lfp", seed=seed, mixing=_array_in_cortex(many)),
        "meg": lambda: observe.field(many, "meg", seed=seed, mixing=_helmet_over_cortex(many)),
    }
    return modalities[modality]()


def _places(responses: xr.DataArray) -> Array:
    return np.column_stack([responses["x"].values, responses["y"].values])


def _grid(n: int) -> Array:
    line = (np.arange(n) + 0.5) / n
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def _voxels(many: xr.DataArray, seed: int) -> xr.DataArray:
    """Return BOLD of 36 voxels of 3 mm over a sheet of 18 mm, from 3 to 9 s after onset."""
    mixing = observe.point_spread(18.0 * _places(many), 18.0 * _grid(6))
    seen = observe.bold(many, tr=1.0, seed=seed, noise=0.5, drift=0.2, mixing=mixing, after=8.0)
    return seen.isel(time=slice(3, 10))


def _array_in_cortex(many: xr.DataArray) -> Array:
    """Return the mixing for 25 electrodes 0.4 mm apart, 0.1 mm over a sheet of 2 mm."""
    units = np.column_stack([2e-3 * _places(many), np.zeros(many.sizes["unit"])])
    return observe.lfp_mixing(units, np.column_stack([2e-3 * _grid(5), np.full(25, 1e-4)]))


def _helmet_over_cortex(many: xr.DataArray) -> Array:
    """Return the mixing for 64 magnetometers around a sheet that is wrapped over the top of a sphere of 7 cm."""
    flat = 2.0 * _places(many) - 1.0
    outward = np.column_stack([flat, np.ones(len(flat))])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    along = np.array([1.0, 0.0, 0.0]) - outward[:, :1] * outward
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return observe.meg_mixing(0.07 * outward, along, observe.sensor_helmet(64))


def compare(
    modality: str, brain: xr.DataArray, models: list[Array], config: ObservationModels.Config, seeds: Seeds
) -> dict[str, Any]:
    """Return the similarity of each model with what was seen, also with stimuli shuffled, and a trace to draw."""
    seen = seen_through(modality, brain, config, seeds)
    patterns = seen.mean("time").values.reshape(config.repeats, config.stimuli, -1).mean(axis=0)
    shuffle = seeds.numpy(f"shuffle {modality}")
    known = rdms_of(models)
    orders = [shuffle.permutation(config.stimuli) for _ in range(config.shuffles)]
    shuffled = [similarities(patterns[order], models, known) for order in orders]
    return {
        "similarity": similarities(patterns, models, known),
        "shuffled": np.stack(shuffled),
        "trace": seen.values[0, :, :: max(1, seen.sizes["unit"] // 4)][:, :4].copy(),
    }


def similarities(seen: Array, models: list[Array], model_rdms: list[dict[str, RDM]] | None = None) -> Array:
    """Return the similarity of patterns, (stimulus, unit), with each model's, by four measures: (measure, level)."""
    rows = []
    for metric, known in zip(RDM_METRICS, model_rdms or rdms_of(models), strict=True):
        rows.append(np.asarray(rsa(known, rdm(seen, metric)).scores.values)[:, 0])
    rows.append(np.array([cka(seen, model) for model in models]))
    rows.append(np.array([procrustes(seen, model) for model in models]))
    return np.stack(rows)


def rdms_of(models: list[Array]) -> list[dict[str, RDM]]:
    """Return the models' dissimilarity matrices for each metric."""
    return [{str(i): rdm(model, metric) for i, model in enumerate(models)} for metric in RDM_METRICS]


def cka(x: Array, y: Array) -> float:
    """Return linear centred kernel alignment, with the unbiased HSIC of Song et al. (2012)."""

    def kernel(z: Array) -> Array:
        k = z @ z.T
        np.fill_diagonal(k, 0.0)
        n, sums = len(k), k.sum(axis=0)
        k = k - sums[:, None] / (n - 2) - sums[None] / (n - 2) + sums.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(k, 0.0)
        return np.asarray(k)

    a, b = kernel(x - x.mean(axis=0)), kernel(y - y.mean(axis=0))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def procrustes(x: Array, y: Array) -> float:
    """Return the similarity left after the best rotation: the nuclear norm of the normalised cross-product, 0 to 1."""
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(np.linalg.svd((a / np.linalg.norm(a)).T @ (b / np.linalg.norm(b)), compute_uv=False).sum())


def in_order(similarity: Array) -> NDArray[np.int64]:
    """Return how many of the five comparisons of neighbouring models come out right, (..., measure)."""
    return np.asarray((np.diff(similarity, axis=-1) < 0).sum(axis=-1))
