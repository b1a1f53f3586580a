"""How pillow2008 measures on simulated neurons: filters recovered, spikes on the model's clock, stimuli decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare import SpikeGLM, raised_cosines, simulate_spike_trains, spike_glm, time_rescaling

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.pillow2008 import Pillow2008

Array = npt.NDArray[np.float64]

#: Width of a bin (s); lags of the planted filters of the stimulus and of spikes (bins).
DT, SEEN, PAST = 0.005, 40, 40


@dataclass(frozen=True, eq=False)
class Circuit:
    """Neurons with planted filters, none of which the fitted bases can write exactly.

    Attributes
    ----------
    stimulus : array, shape (lag, unit)
        Log gain per standard deviation of the stimulus, lag 0 the same bin.
    kernels : array, shape (lag, source, target)
        Log gain per spike, from the next bin on; ``kernels[:, i, i]`` is the unit's own history.
    baseline : array, shape (unit,)
        Log rate (Hz).
    """

    stimulus: Array
    kernels: Array
    baseline: Array

    def log_rates(self, stimuli: Array) -> Array:
        """Return the log rate (trial, time, unit) in the absence of spikes, for stimuli (trial, time)."""
        return self.baseline + seen(stimuli, self.stimulus)

    def uncoupled(self) -> Circuit:
        """Return the same neurons, deaf to each other."""
        own = np.eye(len(self.baseline), dtype=bool)
        return Circuit(self.stimulus, np.where(own, self.kernels, 0.0), self.baseline)


def planted(units: int, random: np.random.Generator) -> Circuit:
    """Plant filters: biphasic for the stimulus, a refractory dip and a rebound, couplings of either sign.

    Each unit hears about four in ten of the others. Shapes are gamma functions and exponentials.
    """
    lags = DT * np.arange(SEEN)
    delay = random.uniform(0.012, 0.022, units)
    sign = np.where(np.arange(units) % 2 == 0, 1.0, -1.0)
    rise = (lags[:, None] / delay) ** 3 * np.exp(3 - 3 * lags[:, None] / delay)
    later = (lags[:, None] / (2 * delay)) ** 3 * np.exp(3 - 3 * lags[:, None] / (2 * delay))
    stimulus = 0.35 * sign * (rise - 0.5 * later)
    after = DT * np.arange(1, PAST + 1)
    kernels = np.zeros((PAST, units, units))
    speed = random.uniform(0.010, 0.025, (units, units))
    gain = random.choice([-1.0, 1.0], (units, units)) * random.uniform(0.3, 0.6, (units, units))
    listens = random.random((units, units)) < 0.4
    for i in range(units):
        for j in range(units):
            if i == j:
                dip = -4 * np.exp(-after / random.uniform(0.006, 0.01))
                kernels[:, i, i] = dip + 0.3 * np.exp(-(((after - 0.035) / 0.015) ** 2))
            elif listens[i, j]:
                kernels[:, i, j] = gain[i, j] * np.exp(-after / speed[i, j])
    return Circuit(stimulus, kernels, np.log(random.uniform(12.0, 20.0, units)))


def white(trials: int, bins: int, random: np.random.Generator) -> Array:
    """Return Gaussian white noise (trial, time) of mean 0 and variance 1."""
    drawn = random.normal(size=(trials, bins))
    return np.asarray((drawn - drawn.mean()) / drawn.std())


def seen(stimuli: Array, filters: Array) -> Array:
    """Filter stimuli (trial, time) with each unit's filter (lag, unit) from lag 0 on: (trial, time, unit)."""
    n = stimuli.shape[1]
    return np.stack([[np.convolve(one, f)[:n] for f in filters.T] for one in stimuli]).transpose(0, 2, 1)


def heard(spikes: Array, kernels: Array) -> Array:
    """Filter spikes (trial, time, source) with kernels (lag, source, target) from lag 1 on: (trial, time, target)."""
    made = np.zeros((*spikes.shape[:2], kernels.shape[2]))
    for lag, kernel in enumerate(kernels, start=1):
        made[:, lag:] += spikes[:, :-lag] @ kernel
    return made


def fitted(spikes: Any, stimuli: Array, *, history: bool = True, coupling: bool = True, seed: int = 0) -> SpikeGLM:
    """Fit a model of the stimulus, and of the past of the unit and of the others, if wanted."""
    return spike_glm(
        spikes,
        stimuli[:, :, None],
        dt=DT,
        stimulus=raised_cosines(10, DT * SEEN, DT, scale="linear"),
        history=raised_cosines(8, DT * (PAST + 1), DT, start=DT) if history else None,
        coupling=raised_cosines(5, 0.1, DT, start=DT) if coupling else None,
        penalty=0.1,
        seed=seed,
    )


def read_back(fit: SpikeGLM) -> Circuit:
    """Return the filters of a fit as a circuit, for stimuli and spikes that it has not seen."""
    stimulus = np.stack([fit.filter("stimulus", unit).values for unit in fit.units], axis=1)
    return Circuit(stimulus, fit.kernels, fit.baseline)


def expected(model: Circuit, stimuli: Array, spikes: Array) -> Array:
    """Return the expected count (trial, time, unit) of each bin, given the stimulus and all spikes before."""
    rates = model.log_rates(stimuli)
    past = heard(spikes, model.kernels) if len(model.kernels) else 0.0
    return np.asarray(np.exp(np.minimum(rates + past, 20.0)) * DT)


def recovery(truth: Circuit, fit: SpikeGLM) -> dict[str, Array]:
    """Compare fitted filters with the planted ones.

    Returns
    -------
    dict
        Correlations over lags of "stimulus" and "history" filters (unit,) and of the couplings that were planted;
        "signs": whether the sum of each planted coupling has its sign; "false": whether those that were not planted
        are significant at 5 %.
    """
    found, n = read_back(fit), len(fit.units)
    others = ~np.eye(n, dtype=bool)
    there = others & (np.abs(truth.kernels).sum(0) > 0)
    area = [kernels.sum(0)[there] for kernels in (truth.kernels, found.kernels)]
    silent = [fit.filter("coupling", fit.units[j], fit.units[i]).p < 0.05 for i, j in np.argwhere(others & ~there)]
    return {
        "stimulus": np.array([_r(truth.stimulus[:, i], found.stimulus[:, i]) for i in range(n)]),
        "history": np.array([_r(truth.kernels[:, i, i], found.kernels[:, i, i]) for i in range(n)]),
        "coupling": np.array([_r(truth.kernels[:, i, j], found.kernels[:, i, j]) for i, j in np.argwhere(there)]),
        "signs": (np.sign(area[0]) == np.sign(area[1])).astype(float),
        "false": np.array(silent, dtype=float),
    }


def _r(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


def explained(spikes: Array, mean: Array) -> Array:
    """Return the share of deviance explained, shape (unit,), from counts and expectations (sample, unit)."""
    known = np.broadcast_to(spikes.mean(0), spikes.shape)
    return np.asarray(1 - _deviance(spikes, mean) / _deviance(spikes, known))


def _deviance(spikes: Array, mean: Array) -> Array:
    from scipy.special import xlogy

    return np.asarray(2 * (xlogy(spikes, spikes / mean) - spikes + mean).sum(0))


def shuffled(spikes: Array, random: np.random.Generator) -> Array:
    """Give each unit its trials in an order of its own: what it owes to the stimulus and to the others is lost."""
    orders = [random.permutation(len(spikes)) for _ in range(spikes.shape[2])]
    return np.stack([spikes[order, :, unit] for unit, order in enumerate(orders)], axis=2)


def encoding(truth: Circuit, config: Pillow2008.Config, seeds: Seeds) -> tuple[dict[str, Any], dict[str, SpikeGLM]]:
    """Simulate a recording, fit it fully, without coupling and without memory, and compare with what was planted."""
    random = seeds.numpy("stimuli")
    stimuli = white(config.trials, config.bins, random)
    made = simulate_spike_trains(truth.log_rates(stimuli), truth.kernels, dt=DT, seed=seeds.integer("spikes"))
    spikes = np.asarray(made.spikes.values, dtype=np.float64)
    fits = {
        "full": fitted(spikes, stimuli),
        "uncoupled": fitted(spikes, stimuli, coupling=False),
        "memoryless": fitted(spikes, stimuli, history=False, coupling=False),
    }
    scrambled = fitted(shuffled(spikes, random), stimuli)
    skipped = spikes.shape[1] - len(fits["full"].counts) // len(spikes)
    kept = [one[:, skipped:].reshape(-1, spikes.shape[2]) for one in (spikes, made.expected)]
    true = explained(*kept)
    full = fits["full"]
    return {
        "recovered": recovery(truth, full),
        "scrambled": recovery(truth, scrambled),
        "explained": {"truth": true, **{name: fit.deviance_explained for name, fit in fits.items()}},
        "rates": spikes.mean((0, 1)) / DT,
        "drawn": _drawn(truth, full),
    }, fits


def _drawn(truth: Circuit, fit: SpikeGLM) -> dict[str, Array]:
    """Return two stimulus, two history and four coupling filters with their errors, for the picture."""
    strong = np.abs(truth.kernels).sum(0) * ~np.eye(len(fit.units), dtype=bool)
    pairs = [np.unravel_index(k, strong.shape) for k in np.argsort(strong.ravel())[::-1][:3]]
    wanted: list[tuple[Any, int, int]] = [("stimulus", 0, 0), ("history", 0, 0)]
    wanted += [("coupling", int(i), int(j)) for i, j in pairs]
    weak = np.argwhere((strong == 0) & ~np.eye(len(fit.units), dtype=bool))
    wanted += [("coupling", int(weak[0, 0]), int(weak[0, 1]))] if len(weak) else []
    made: dict[str, Array] = {}
    for kind, source, target in wanted:
        name = None if kind == "stimulus" else fit.units[source]
        one = fit.filter(kind, fit.units[target], name)
        planted_one = truth.stimulus[:, target] if kind == "stimulus" else truth.kernels[:, source, target]
        n = len(one.times)
        label = f"{kind} of unit {target}" if kind != "coupling" else f"coupling {source} to {target}"
        made[label] = np.stack([one.times, one.values, one.errors, planted_one[:n]])
    return made


def clocks(truth: Circuit, fits: dict[str, SpikeGLM], config: Pillow2008.Config, seeds: Seeds) -> dict[str, Any]:
    """Test time rescaling on fresh realisations: of the truth, of the full fit, and of the fit without memory.

    Returns
    -------
    dict
        "accepted", "statistic" and "band" of each model, (realisation, unit), and "quantiles" of the first realisation
        and unit.
    """
    random = seeds.numpy("stimuli")
    stimuli = white(config.realisations, config.long, random)
    made = simulate_spike_trains(truth.log_rates(stimuli), truth.kernels, dt=DT, seed=seeds.integer("spikes"))
    spikes = np.asarray(made.spikes.values, dtype=np.float64)
    models = {"truth": made.expected}
    models |= {name: expected(read_back(fits[name]), stimuli, spikes) for name in ("full", "memoryless")}
    found: dict[str, dict[str, Array]] = {}
    for name, mean in models.items():
        tests = [time_rescaling(s, m, seed=i) for i, (s, m) in enumerate(zip(spikes, mean, strict=True))]
        found[name] = {
            "accepted": np.array([one.accepted for one in tests], dtype=float),
            "statistic": np.array([one.statistic for one in tests]),
            "band": np.array([one.band for one in tests]),
            "quantiles": tests[0].uniform[0],
        }
    return found


def decoding(truth: Circuit, config: Pillow2008.Config, seeds: Seeds) -> dict[str, float]:
    """Fit the coupled and the uncoupled model, and decode which of many short stimuli was shown, by likelihood.

    Returns
    -------
    dict
        Share of trials decoded right, and bits about the stimulus in the posterior, of each model; "chance".
    """
    random = seeds.numpy("stimuli")
    stimuli = white(config.trials, config.bins, random)
    made = simulate_spike_trains(truth.log_rates(stimuli), truth.kernels, dt=DT, seed=seeds.integer("fitted"))
    spikes = np.asarray(made.spikes.values, dtype=np.float64)
    candidates = white(config.candidates, config.shown, random)
    shown = np.repeat(np.arange(config.candidates), config.repeats)
    answers = simulate_spike_trains(
        truth.log_rates(candidates[shown]), truth.kernels, dt=DT, seed=seeds.integer("decoded")
    )
    seen_spikes = np.asarray(answers.spikes.values, dtype=np.float64)
    found = {"chance": 1 / config.candidates}
    for name, coupling in (("coupled", True), ("uncoupled", False)):
        model = read_back(fitted(spikes, stimuli, coupling=coupling))
        logs = log_likelihoods(model, candidates, seen_spikes)
        posterior = logs - np.logaddexp.reduce(logs, axis=1)[:, None]
        right = posterior[np.arange(len(shown)), shown]
        found[f"{name}, right"] = float((posterior.argmax(1) == shown).mean())
        found[f"{name}, bits"] = float(np.log2(config.candidates) + right.mean() / np.log(2))
    return found


def log_likelihoods(model: Circuit, candidates: Array, spikes: Array) -> Array:
    """Return the log-likelihood of the spikes of each trial under each candidate stimulus, (trial, candidate)."""
    drives, past = model.log_rates(candidates) + np.log(DT), heard(spikes, model.kernels)
    logs = np.einsum("ktu,stu->ks", spikes, drives) + (spikes * past).sum((1, 2))[:, None]
    expectation = np.einsum("ktu,stu->ks", np.exp(past), np.exp(drives))
    return np.asarray(logs - expectation)
