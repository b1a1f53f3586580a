"""`SpikeGLM`: filters in seconds with their errors, held-out likelihood, simulation, and the test of the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.resample import multiplicities
from tertium.compare.spike_trains.design import Designs, Kind, Part
from tertium.compare.spike_trains.rescaling import TimeRescaling, time_rescaling
from tertium.compare.spike_trains.unit_fits import UnitFit
from tertium.compare.validation.agreement import poisson_deviance
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

#: Stretches of the recording, or trials, that intervals of likelihoods are drawn from; draws; tail on either side.
_STRETCHES, _DRAWS, _TAIL = 50, 1000, 0.025


@dataclass(frozen=True, eq=False)
class Filter:
    """What a stimulus, or a spike, does to the logarithm of a unit's rate, some time later.

    Attributes
    ----------
    kind : {"stimulus", "history", "coupling"}
    source, target : str
        The stimulus, or the unit that fires; the unit that is driven.
    times : array, shape (lag,)
        Seconds from the source to the effect.
    values : array, shape (lag,)
        Gain in log rate per unit of the stimulus, or per spike.
    errors : array, shape (lag,)
        Standard errors, from the Fisher information and the prior (the curvature of the posterior at its peak).
    integral, integral_error : float
        Sum over lags, with its standard error: excitation above 0, inhibition below.
    p : float
        Of a filter at least as far from zero in all its functions, if it were zero (Wald's test). A penalty that
        shrinks makes it too large.
    """

    kind: Kind
    source: str
    target: str
    times: FloatArray
    values: FloatArray
    errors: FloatArray
    integral: float
    integral_error: float
    p: float


@dataclass(frozen=True, eq=False)
class SpikeGLM:
    """What drives the spikes of each unit.

    Attributes
    ----------
    units : tuple of str
    dt : float
        Seconds.
    filters : tuple of Filter
        See `filter` for one of them.
    baseline, baseline_error : array, shape (unit,)
        Logarithm of the rate (Hz) in silence at the mean of all stimuli, and its standard error.
    log_likelihood : array, shape (unit,)
        Bits per spike by which held-out spikes are likelier than under the mean rate of what was fitted.
    folds : array, shape (fold, unit)
        The same in each fold; NaN where a unit is silent.
    interval : array, shape (2, unit)
        95 % interval of ``log_likelihood`` over draws of trials, or of fifty stretches of time.
    deviance_explained : array, shape (unit,)
        Fraction of held-out deviance, against the same mean rate; up to 1.
    penalty, smoothness : array, shape (unit,)
        What was chosen for the fit of all bins.
    counts, expected, held_out : array, shape (sample, unit)
        Counts of the bins used, trials after each other; what the fit of all bins expects of them, and what those fits
        do that did not see them.
    drives : tuple of array, each of shape (time, unit)
        Of each trial, the logarithm of the expected count in silence.
    kernels : array, shape (lag, source, target)
        History and coupling filters from lag 1 on.
    """

    units: tuple[str, ...]
    dt: float
    filters: tuple[Filter, ...]
    baseline: FloatArray
    baseline_error: FloatArray
    log_likelihood: FloatArray
    folds: FloatArray
    interval: FloatArray
    deviance_explained: FloatArray
    penalty: FloatArray
    smoothness: FloatArray
    counts: FloatArray
    expected: FloatArray
    held_out: FloatArray
    drives: tuple[FloatArray, ...]
    kernels: FloatArray

    def filter(self, kind: Kind, target: str, source: str | None = None) -> Filter:
        """Return one filter.

        Parameters
        ----------
        kind : {"stimulus", "history", "coupling"}
        target : str
            The unit that is driven.
        source : str, optional
            The stimulus, or unit, where there are several.

        Raises
        ------
        BadInput
            If there is none, or more than one.
        """
        found = [f for f in self.filters if (f.kind, f.target) == (kind, target) and source in (None, f.source)]
        if len(found) != 1:
            there = [f"{f.kind} of '{f.source}' on '{f.target}'" for f in self.filters]
            raise BadInput(
                "filter",
                got=f"{len(found)} with kind '{kind}', target '{target}'" + (f", source '{source}'" if source else ""),
                expected="one of: " + ", ".join(there[:6]) + (" ..." if len(there) > 6 else ""),
            )
        return found[0]

    def table(self) -> pd.DataFrame:
        """Return one row a unit: spikes, baseline (Hz), likelihood with interval, deviance, test of fit, penalties."""
        import pandas as pd

        test = self.time_rescaling()
        columns = {
            "spikes": self.counts.sum(0).astype(int),
            "baseline_hz": np.exp(self.baseline),
            "bits_per_spike": self.log_likelihood,
            "low": self.interval[0],
            "high": self.interval[1],
            "deviance_explained": self.deviance_explained,
            "ks": test.statistic,
            "ks_p": test.p,
            "penalty": self.penalty,
            "smoothness": self.smoothness,
        }
        return pd.DataFrame(columns, index=pd.Index(self.units, name="unit", dtype=object))

    def filter_table(self) -> pd.DataFrame:
        """Return one row a filter: kind, source, target, integral with its error, z, p."""
        import pandas as pd

        rows = [
            (f.kind, f.source, f.target, f.integral, f.integral_error, f.integral / f.integral_error, f.p)
            for f in self.filters
        ]
        return pd.DataFrame(rows, columns=["kind", "source", "target", "integral", "error", "z", "p"])

    def rescaled_times(self, *, held_out: bool = True, seed: int = 0) -> tuple[FloatArray, ...]:
        """Return the intervals between the spikes of each unit on the model's clock; see `time_rescaling`."""
        return self.time_rescaling(held_out=held_out, seed=seed).times

    def time_rescaling(self, *, held_out: bool = True, seed: int = 0) -> TimeRescaling:
        """Test whether spikes come at the pace the model expects; see `tertium.compare.time_rescaling`.

        Parameters
        ----------
        held_out : bool
            Whether each bin's expectation is that of a fit that did not see it.
        seed : int
            Of the places of spikes within bins.
        """
        return time_rescaling(self.counts, self.held_out if held_out else self.expected, units=self.units, seed=seed)

    def simulate(self, seed: int = 0) -> xr.DataArray | list[FloatArray]:
        """Draw spikes of all units from the fitted model, to the same stimuli; each trial begins in silence.

        Parameters
        ----------
        seed : int

        Returns
        -------
        responses, or list of array, each of shape (time, unit)
            Spike counts; a list where trials differ in length.

        Raises
        ------
        BadInput
            If excitation runs away.
        """
        from tertium.compare.spike_trains.simulating import run
        from tertium.data import make_responses

        counts, _ = run(self.drives, self.kernels, seed)
        if len({len(one) for one in counts}) > 1:
            return counts
        labels = {"unit": list(self.units)}
        return make_responses(np.stack(counts), dt=self.dt, unit=labels, quantity="spike_count", source="spike_glm")

    def figure(self, unit: str | None = None) -> go.Figure:
        """Draw the filters of a unit with 95 % bands, and the plot of its time-rescaling test.

        Parameters
        ----------
        unit : str, optional
            By default the first.
        """
        from tertium.compare.spike_trains.pictures import unit_figure

        chosen = self.units[0] if unit is None else unit
        if chosen not in self.units:
            raise BadInput("unit", got=f"'{chosen}'", expected=f"one of {', '.join(self.units[:8])}")
        return unit_figure(self, chosen)


def collect(
    designs: Designs, fits: list[UnitFit], folds: Folds, lengths: tuple[int, ...], dt: float, seed: int
) -> SpikeGLM:
    """Put the fits of all units together."""
    counts = designs.counts
    held_out, known = (np.stack([getattr(fit, name) for fit in fits], 1) for name in ("held_out", "known_mean"))
    held_out = np.maximum(held_out, 1e-12 * known)  # nothing is impossible: a rate that underflows has no likelihood
    gain = (counts * np.log(held_out / known) - held_out + known) / np.log(2)
    spikes = [counts[tested].sum(0) for _, tested in folds]
    by_fold = np.array([gain[tested].sum(0) for _, tested in folds])
    deviance = poisson_deviance(counts, held_out).sum(0) / poisson_deviance(counts, known).sum(0)
    parts = [designs.parts(i) for i in range(len(fits))]
    found = [
        _filter(part, fit, unit) for unit, own, fit in zip(designs.units, parts, fits, strict=True) for part in own
    ]
    width = 0 if designs.stimulus is None else designs.whole[0].shape[1]
    weights = np.stack([fit.weights[1 : 1 + width] for fit in fits], axis=1)
    intercepts = np.array([fit.weights[0] for fit in fits])
    return SpikeGLM(
        units=designs.units,
        dt=dt,
        filters=tuple(found),
        baseline=intercepts - np.log(dt),
        baseline_error=np.array([np.sqrt(fit.covariance[0, 0]) for fit in fits]),
        log_likelihood=gain.sum(0) / counts.sum(0),
        folds=np.divide(by_fold, spikes, out=np.full(by_fold.shape, np.nan), where=np.array(spikes) > 0),
        interval=_interval(gain, counts, designs.trial, seed),
        deviance_explained=1 - deviance,
        penalty=np.array([fit.chosen[0] for fit in fits]),
        smoothness=np.array([fit.chosen[1] for fit in fits]),
        counts=counts,
        expected=np.stack([fit.expected for fit in fits], axis=1),
        held_out=held_out,
        drives=tuple(intercepts + one @ weights for one in designs.whole),
        kernels=_kernels(found, designs.units, dt),
    )


def _filter(part: Part, fit: UnitFit, unit: str) -> Filter:
    from scipy.stats import chi2

    basis, where = part.basis.values, part.columns
    weights, covariance = fit.weights[where], fit.covariance[where, where]
    distance = float(weights @ np.linalg.pinv(covariance, hermitian=True) @ weights)
    area = basis.sum(0)
    return Filter(
        kind=part.kind,
        source=part.source,
        target=unit,
        times=part.basis.times,
        values=basis @ weights / part.scale,
        errors=np.sqrt(np.einsum("lf,fg,lg->l", basis, covariance, basis)) / part.scale,
        integral=float(area @ weights) / part.scale,
        integral_error=float(np.sqrt(area @ covariance @ area)) / part.scale,
        p=float(chi2.sf(distance, len(weights))),
    )


def _interval(gain: FloatArray, counts: FloatArray, trial: npt.NDArray[np.int64], seed: int) -> FloatArray:
    """Return the 95 % interval of bits per spike over draws of trials, or of stretches of time where those are few."""
    stretch = trial
    if len(np.unique(trial)) < _STRETCHES:
        stretch = np.arange(len(trial)) * _STRETCHES // len(trial)
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    gains, spikes = np.add.reduceat(gain, starts), np.add.reduceat(counts, starts)
    if len(starts) < 3:
        return np.full((2, counts.shape[1]), np.nan)
    drawn = multiplicities(len(starts), _DRAWS, Seeds(seed).numpy("stretches"), least=2).astype(float)
    total = drawn @ spikes
    values = np.divide(drawn @ gains, total, out=np.full(total.shape, np.nan), where=total > 0)
    return np.asarray(np.nanquantile(values, [_TAIL, 1 - _TAIL], axis=0))


def _kernels(filters: list[Filter], units: tuple[str, ...], dt: float) -> FloatArray:
    past = [one for one in filters if one.kind != "stimulus"]
    ends = [round(one.times[-1] / dt) for one in past]
    made = np.zeros((max(ends, default=0), len(units), len(units)))
    number = {unit: i for i, unit in enumerate(units)}
    for one, end in zip(past, ends, strict=True):
        made[end - len(one.values) : end, number[one.source], number[one.target]] += one.values
    return made
