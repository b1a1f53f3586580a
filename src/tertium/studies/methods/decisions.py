"""Measures of decisions, blind to who decided: psychometric, chronometric, use of evidence over time and duration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Bounds of the Weibull fit: threshold (coherence) and slope. A threshold at the bound means: never reached.
WEIBULL_BOUNDS = ((1e-3, 20.0), (0.2, 8.0))


@dataclass(frozen=True)
class Curve:
    """A mean for each strength of motion.

    Attributes
    ----------
    x : array, shape (level,)
        Coherence (0 to 1), rising.
    mean, sem : array, shape (level,)
        Mean over trials and its standard error.
    n : array, shape (level,)
        Trials.
    """

    x: Floats
    mean: Floats
    sem: Floats
    n: Floats


@dataclass(frozen=True)
class Weibull:
    """A psychometric function ``1 - exp(-(c / threshold)**slope) / 2``.

    Attributes
    ----------
    threshold : float
        Coherence at which ``1 - 1 / (2 e)`` = 81.6 % of the choices are correct.
    slope : float
        Exponent.
    r2 : float
        Share of the variance of the measured fractions over coherences that the function accounts for.
    """

    threshold: float
    slope: float
    r2: float


def curve(coherence: npt.ArrayLike, values: npt.ArrayLike) -> Curve:
    """Average a value over the trials of each coherence; trials without a value (NaN) are left out.

    Examples
    --------
    >>> curve([0.0, 0.5, 0.5], [0, 1, 1]).mean.tolist()
    [0.0, 1.0]
    """
    c, v = np.asarray(coherence, dtype=np.float64), np.asarray(values, dtype=np.float64)
    levels, place = np.unique(c, return_inverse=True)
    there = np.isfinite(v)
    count = np.bincount(place[there], minlength=len(levels))
    n = np.where(count > 0, count, np.nan)
    mean = np.bincount(place[there], v[there], len(levels)) / n
    squares = np.bincount(place[there], (v[there] - mean[place[there]]) ** 2, len(levels))
    return Curve(levels, mean, np.sqrt(squares) / n, count.astype(np.float64))


def weibull(coherence: npt.ArrayLike, threshold: float, slope: float) -> Floats:
    """Return the fraction of correct choices between two alternatives (Quick 1974; Britten et al. 1992).

    Examples
    --------
    >>> weibull([0.0, 0.1], threshold=0.1, slope=1.5).round(3).tolist()
    [0.5, 0.816]
    """
    return np.asarray(1 - 0.5 * np.exp(-((np.asarray(coherence, dtype=np.float64) / threshold) ** slope)))


def fit_weibull(measured: Curve) -> Weibull:
    """Fit threshold and slope to fractions of correct choices by maximum likelihood (binomial).

    Parameters
    ----------
    measured : Curve
        Fraction correct at each coherence. With fewer than 3 coherences all of the result is NaN.
    """
    from scipy.optimize import minimize

    there = measured.n > 0
    x, n, mean = measured.x[there], measured.n[there], measured.mean[there]
    if len(x) < 3:
        return Weibull(np.nan, np.nan, np.nan)

    def misfit(logs: Floats) -> float:
        p = np.clip(weibull(x, *np.exp(logs)), 1e-6, 1 - 1e-6)
        return -float((n * (mean * np.log(p) + (1 - mean) * np.log(1 - p))).sum())

    bounds = np.log(WEIBULL_BOUNDS)
    # begin where the fraction first comes near the 81.6 % of the threshold
    start = np.log([np.clip(x[np.abs(mean - 0.816).argmin()], 0.01, 1.0), 1.3])
    best = minimize(misfit, start, method="L-BFGS-B", bounds=bounds)
    threshold, slope = (float(v) for v in np.exp(best.x))
    return Weibull(threshold, slope, explained(mean, weibull(x, threshold, slope)))


def explained(measured: Floats, predicted: Floats) -> float:
    """Return R squared: 1 minus the squared misfit over the squared spread; NaN where nothing varies."""
    spread = float(((measured - measured.mean()) ** 2).sum())
    return 1 - float(((measured - predicted) ** 2).sum()) / spread if spread > 0 else np.nan


@dataclass(frozen=True)
class Chronometric:
    """Mean decision times of a diffusion to a bound, ``rest + longest tanh(s c) / (s c)``.

    Attributes
    ----------
    rest : float
        Seconds that do not depend on the motion.
    longest : float
        Mean decision time at coherence 0, seconds: the squared bound.
    sensitivity : float
        s, bound times drift per unit of coherence.
    r2 : float
        Share of the variance of mean reaction times over coherences that the function accounts for.
    """

    rest: float
    longest: float
    sensitivity: float
    r2: float

    def accuracy(self, coherence: npt.ArrayLike) -> Floats:
        """Return the fraction of correct choices that the same model puts beside these times."""
        return np.asarray(1 / (1 + np.exp(-2 * self.sensitivity * np.asarray(coherence, dtype=np.float64))))


def mean_times(coherence: Floats, rest: float, longest: float, sensitivity: float) -> Floats:
    """Return mean reaction times, seconds (Palmer, Huk & Shadlen 2005, proportional-rate diffusion).

    Examples
    --------
    >>> mean_times(np.array([0.0, 0.5]), rest=0.3, longest=0.5, sensitivity=10.0).round(3).tolist()
    [0.8, 0.4]
    """
    x = np.maximum(sensitivity * np.abs(coherence), 1e-9)
    return np.asarray(rest + longest * np.tanh(x) / x)


def fit_chronometric(measured: Curve) -> Chronometric:
    """Fit the three constants to mean reaction times by least squares, weighted by their standard errors.

    Parameters
    ----------
    measured : Curve
        Mean reaction time in seconds at each coherence. With fewer than 4 coherences all of the result is NaN.
    """
    from scipy.optimize import least_squares

    there = (measured.n > 1) & (measured.sem > 0)
    x, mean, weight = measured.x[there], measured.mean[there], 1 / np.maximum(measured.sem[there], 1e-6)
    if len(x) < 4:
        return Chronometric(np.nan, np.nan, np.nan, np.nan)

    def misfit(logs: Floats) -> Floats:
        return np.asarray((mean_times(x, *np.exp(logs)) - mean) * weight)

    low, high = np.log([1e-3, 1e-3, 1e-2]), np.log([5.0, 10.0, 1e3])
    start = np.log([0.5 * mean.min(), max(np.ptp(mean), 0.01), 10.0])
    best = least_squares(misfit, np.clip(start, low + 1e-3, high - 1e-3), bounds=(low, high), max_nfev=200)
    rest, longest, sensitivity = (float(v) for v in np.exp(best.x))
    r2 = explained(mean, mean_times(x, rest, longest, sensitivity))
    return Chronometric(rest, longest, sensitivity, r2)


def relative_fall(times: Curve) -> float:
    """Return by which part of itself the mean reaction time falls from the weakest to the strongest motion."""
    return float(1 - times.mean[-1] / times.mean[0])


def kernel(evidence: npt.ArrayLike, choice: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return how much the evidence at each moment leans to the choice that follows: the psychophysical kernel.

    Parameters
    ----------
    evidence : array, shape (time, trial)
        Evidence for choice 0 beyond its mean.
    choice : array of int, shape (trial,)
        0 or 1.

    Returns
    -------
    weight : array, shape (time,)
        Half the difference of the mean evidence before choice 0 and before choice 1, in standard deviations of the
        evidence. An unbiased integrator without noise of its own that adds up T samples has
        sqrt(2 / (pi T)) throughout.
    sem : array, shape (time,)
        Its standard error. Both are NaN where one of the choices was made less than twice.
    """
    e, chosen = np.asarray(evidence, dtype=np.float64), np.asarray(choice)
    groups = [e[:, chosen == side] for side in (0, 1)]
    if min(g.shape[1] for g in groups) < 2:
        return np.full(len(e), np.nan), np.full(len(e), np.nan)
    scale = 2 * e.std()
    error = np.sqrt(sum(g.var(axis=1) / g.shape[1] for g in groups))
    return (groups[0].mean(1) - groups[1].mean(1)) / scale, np.asarray(error / scale)


def weaker_end(weight: Floats) -> float:
    """Return the mean of the kernel over its first or its last third, whichever is less, over its mean throughout.

    1 for even weight; 0 when the beginning or the end of the evidence does not count.

    Examples
    --------
    >>> weaker_end(np.ones(30)), weaker_end(np.repeat([0.0, 1.0], 15))
    (1.0, 0.0)
    """
    third = max(len(weight) // 3, 1)
    return float(min(weight[:third].mean(), weight[-third:].mean()) / weight.mean())


def loglog_slope(seconds: npt.ArrayLike, thresholds: npt.ArrayLike, longest: float) -> float:
    """Return the slope of threshold against duration, both as logarithms, over durations up to ``longest``.

    -0.5 for who adds up all the evidence, 0 for who hears only the end of it.

    Examples
    --------
    >>> round(loglog_slope([0.1, 0.4, 1.6], [0.2, 0.1, 0.1], longest=0.5), 3)
    -0.5
    """
    t, h = np.asarray(seconds, dtype=np.float64), np.asarray(thresholds, dtype=np.float64)
    used = t <= longest * (1 + 1e-9)
    return float(np.polyfit(np.log(t[used]), np.log(h[used]), 1)[0])
