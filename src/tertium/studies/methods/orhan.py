"""Measures of Orhan & Ma 2019: how sequential the activity of a network is, and how well it remembers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]

#: Numbers of the paper's code: bins of the peak times, window round a peak in steps, least mean rate of a unit that
#: counts, and what is added to each bin.
BINS, WINDOW, ACTIVE, ADDED = 20, 5, 0.1, 0.1


@dataclass(frozen=True)
class Sequentiality:
    """How sequential activity is, for each trial; NaN in trials without an active unit.

    Attributes
    ----------
    entropy : array, shape (trial,)
        Entropy of the units' peak times, nats; at most ``log(20)``.
    ridge : array, shape (trial,)
        Mean over units of the log ratio of the rate near the peak to the rate elsewhere.
    units : array of int, shape (trial,)
        Active units.
    """

    entropy: Floats
    ridge: Floats
    units: NDArray[np.int64]

    @property
    def index(self) -> float:
        """The sequentiality index: entropy plus ridge, averaged over trials; NaN if no trial has an active unit."""
        both = self.entropy + self.ridge
        return float(both[np.isfinite(both)].mean()) if np.isfinite(both).any() else float("nan")


def sequentiality(rates: NDArray[np.floating], *, whole_trial: bool = False) -> Sequentiality:
    """Measure how far units peak one after the other, each for a short time (Orhan & Ma 2019, sequentiality index).

    Trial by trial, with the units whose mean rate exceeds 0.1. Peak times are counted in 20 bins between the first and
    the last of them, 0.1 is added to each count, and the entropy is taken. The ridge of a unit is its mean rate in four
    steps round its peak (from two before it to one after it, cut at the ends; the paper's code makes four of a window
    of 5), the background its mean rate in all other steps; the log of their ratio is averaged over units. A unit whose
    ratio has no log (a negative or silent background) is left out of that average, as in the paper's code.

    Parameters
    ----------
    rates : array, shape (time, trial, unit)
        Firing rates.
    whole_trial : bool
        Bins between the beginning and the end of the trial, in place of the first and last peak: a handful of peaks
        close together then has a low entropy.

    Raises
    ------
    BadInput
        If the rates have another number of axes, too few steps, or a value that is not finite.

    Examples
    --------
    >>> steps = np.arange(100)[:, None, None]
    >>> tiling = 4 * np.exp(-(((steps - np.arange(100)) / 5) ** 2))  # units that peak one after the other
    >>> constant = 1 + 1e-3 * tiling                                 # the same peaks on a high background
    >>> round(sequentiality(tiling).index, 1), round(sequentiality(constant).index, 1)
    (5.9, 3.0)
    """
    check(rates)
    steps, trials, _ = rates.shape
    entropy, ridge, units = np.full(trials, np.nan), np.full(trials, np.nan), np.zeros(trials, dtype=np.int64)
    for trial in range(trials):
        one = rates[:, trial].astype(np.float64)
        one = one[:, one.mean(0) > ACTIVE]
        units[trial] = one.shape[1]
        if not units[trial]:
            continue
        peaks = one.argmax(0)
        counts, _ = np.histogram(peaks, BINS, range=(0, steps) if whole_trial else None)
        share = (counts + ADDED) / (counts + ADDED).sum()
        entropy[trial] = -(share * np.log(share)).sum()
        ridge[trial] = mean_log_ridge(one, peaks)
    return Sequentiality(entropy, ridge, units)


def mean_log_ridge(rates: Floats, peaks: NDArray[np.int64]) -> float:
    """Return the mean over units of log(mean rate near the peak / mean rate elsewhere), NaN if no unit has one.

    Parameters
    ----------
    rates : array, shape (time, unit)
    peaks : array of int, shape (unit,)
        Step of each unit's peak.
    """
    steps = len(rates)
    # the last step is never part of a window: in the paper's code it is the largest end, and ends are exclusive
    start, stop = (np.clip(peaks + shift, 0, steps - 1) for shift in (-(WINDOW // 2), WINDOW // 2))
    step = np.arange(steps)[:, None]
    near = (step >= start) & (step < stop)
    ridge, background = (rates * near).sum(0) / near.sum(0), (rates * ~near).sum(0) / (~near).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(ridge) - np.log(background)
    return float(logs[np.isfinite(logs)].mean()) if np.isfinite(logs).any() else float("nan")


def check(rates: NDArray[np.floating]) -> None:
    """Raise `BadInput` for rates of which no sequentiality can be measured."""
    if rates.ndim != 3 or rates.shape[0] <= WINDOW:
        raise BadInput(
            "rates", got=f"shape {rates.shape}", expected=f"(time, trial, unit) with more than {WINDOW} steps"
        )
    if not np.isfinite(rates).all():
        raise BadInput("rates", got="a value that is not finite", expected="finite rates")


def shuffled_in_time(rates: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Return rates in which each unit's steps are put in another order, its own in each trial."""
    return rng.permuted(rates, axis=0)


def angular_error(angles: NDArray[np.floating], truth: NDArray[np.floating]) -> Floats:
    """Return the distance of orientations in radians, at most pi / 2.

    Examples
    --------
    >>> angular_error(np.array([0.1, 3.0]), np.array([3.1, 3.0])).round(3).tolist()
    [0.142, 0.0]
    """
    apart = np.mod(angles - truth, np.pi)
    return np.asarray(np.minimum(apart, np.pi - apart), dtype=np.float64)


def skill(outputs: NDArray[np.floating], batch: TrialBatch) -> float:
    """Return how far answers are better than guesses: 0 for guesses, 1 for no error.

    Of `delayed_estimation`: one minus the mean angular error of the answers, read as means of the response, over
    pi / 4, the mean error of guesses. Of a task with two answers: twice the fraction correct, minus one.
    """
    if "orientation" not in batch.columns:
        return float(2 * batch.correct(outputs).mean() - 1)
    answers = np.array([outputs[a:b, i, 0].mean() for i, (a, b) in enumerate(batch.epochs["response"])])
    return 1 - float(angular_error(answers, batch.columns["orientation"]).mean()) / (np.pi / 4)


def population_vector_skill(batch: TrialBatch) -> float:
    """Return the skill in `delayed_estimation` of the population vector of all spikes of the stimulus.

    It sees each trial's spikes and forgets nothing: what the paper's code calls optimal.
    """
    start, stop = batch.epochs["stimulus"][0]
    counts = batch.inputs[start:stop].sum(0)
    angle = np.angle(counts @ np.exp(2j * np.linspace(0, np.pi, counts.shape[1]))) / 2
    return 1 - float(angular_error(angle, batch.columns["orientation"]).mean()) / (np.pi / 4)


def rank_correlation(x: Floats, y: Floats) -> float:
    """Return Spearman's correlation, NaN where a value is missing or all are equal.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 5.0]))
    0.5
    """
    from scipy.stats import rankdata

    if not np.isfinite(y).all() or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
