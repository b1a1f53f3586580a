"""Noise ceilings of responses: how much of a unit's response any model could explain, from repeated stimuli.

At least six quantities go by the name "noise ceiling". The three here are defined in `noise_ceiling`; every result
carries its definition in words. The ceiling of a dissimilarity matrix over subjects is another one (`rsa`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.averaging import level_codes
from tertium.data.responses import validate
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]
Method = Literal["split_half", "signal_power", "loo"]

_RELIABILITY = (
    "share of the variance over stimuli of the mean response to {n} that is signal: the R2 (squared correlation) "
    "that a perfect model reaches on these means; {how}; interval: 95 %, F distribution"
)
_DEFINITIONS = {
    "split_half": _RELIABILITY.replace("{how}", "covariance of random halves of the repeats, Spearman-Brown corrected"),
    "signal_power": _RELIABILITY.replace("{how}", "signal power over total power, the limit of all split halves"),
    "loo": "correlation over stimuli of single repeats with the mean of the other repeats (value and lower bound) and "
    "with the mean of all repeats, itself among them (upper bound); a perfect model's correlation with single "
    "repeats lies between the two; {n}",
}


@dataclass(frozen=True, eq=False)
class NoiseCeiling:
    """Noise ceilings of many units, and what exactly they are ceilings of.

    Parameters
    ----------
    value, lower, upper : array, shape (unit,)
        The ceiling of each unit and its bounds; the ``definition`` says what they bound. Estimates are not clipped:
        a unit without signal scatters around 0, below it too.
    units : tuple of str
        Names of the units.
    method : str
        "split_half", "signal_power" or "loo".
    definition : str
        What the numbers are, in words.
    n_repeats : array of int, shape (stimulus,)
        Repeats of each stimulus.
    signal, noise : array, shape (unit,)
        Unbiased estimates of the variance of the true mean responses over stimuli, and of the variance of single
        trials around them, in squared units of the response.
    """

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    units: tuple[str, ...]
    method: str
    definition: str
    n_repeats: npt.NDArray[np.int64]
    signal: FloatArray
    noise: FloatArray

    @property
    def mean(self) -> float:
        """Mean ceiling over units."""
        return float(self.value.mean())

    @property
    def correlation(self) -> FloatArray:
        """Correlation that a perfect model reaches, shape (unit,).

        With the mean response for "split_half" and "signal_power" (the root of the value, 0 where that is negative:
        CC_max of Schoppe et al. 2016), with single repeats for "loo" (the value).
        """
        return self.value if self.method == "loo" else np.sqrt(np.maximum(self.value, 0.0))

    @property
    def single_trial(self) -> FloatArray:
        """Share of the variance of single trials that is signal, shape (unit,): signal / (signal + noise)."""
        return self.signal / (self.signal + self.noise)

    def table(self) -> pd.DataFrame:
        """Return one row for each unit."""
        import pandas as pd

        columns = {"value": self.value, "lower": self.lower, "upper": self.upper, "signal": self.signal}
        index = pd.Index(self.units, name="unit", dtype=object)
        return pd.DataFrame({**columns, "noise": self.noise}, index=index)

    def figure(self) -> go.Figure:
        """Draw the ceilings of all units, sorted, with their bounds."""
        import plotly.graph_objects as go

        from tertium.figure import COLOURS, error_bars, new

        order = np.argsort(self.value)
        kind = "correlation with single repeats" if self.method == "loo" else "explainable variance (share of 1)"
        low, high = int(self.n_repeats.min()), int(self.n_repeats.max())
        shown = f"{low}" if low == high else f"{low} to {high}"
        figure = new(
            x="unit, sorted",
            y=kind,
            title=f"Noise ceiling ({self.method}): {len(order)} units, {len(self.n_repeats)} stimuli, {shown} repeats",
        )
        value, lower, upper = self.value[order], self.lower[order], self.upper[order]
        figure.add_trace(
            go.Scatter(
                x=np.arange(1, len(order) + 1),
                y=value,
                mode="markers",
                marker={"color": COLOURS[0], "size": 6},
                error_y=error_bars(value.tolist(), lower.tolist(), upper.tolist()),
                text=[self.units[i] for i in order],
                hovertemplate="unit %{text}: %{y:.3f}<extra></extra>",
            )
        )
        return figure


def noise_ceiling(
    responses: xr.DataArray,
    method: Method = "split_half",
    by: str = "stimulus",
    *,
    seed: int = 0,
    n_splits: int = 100,
    constant: Literal["raise", "zero"] = "raise",
) -> NoiseCeiling:
    """Estimate how much of each unit's response could be explained at all, from repeats of the same stimuli.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Single trials. Every time bin counts as a response of its own (average over time first if that is not meant).
    method : str
        "split_half", "signal_power" or "loo", see Notes.
    by : str
        Label of the trials that says which are repeats of one another. Where there is no label "stimulus", "condition"
        is used.
    seed : int
        Seed of the random halves ("split_half").
    n_splits : int
        How many random splits to pool ("split_half").
    constant : str
        What to do with a unit whose responses never change: "raise", or "zero" (there is nothing to explain).

    Returns
    -------
    NoiseCeiling

    Raises
    ------
    BadInput
        If a stimulus was shown once only, there are too few stimuli and time bins (fewer than four), the label is
        missing, or a unit is constant.

    Notes
    -----
    Let S be the variance of the true mean response over stimuli, N the variance of single trials around it, n the
    number of repeats (unequal numbers enter as the mean of N / n over stimuli, each with its own N).

    "split_half" and "signal_power" estimate the same number, S / (S + N / n): the squared correlation of a perfect
    model with the mean responses, and the reliability of those means. "split_half" takes the covariance C of the
    two halves' means, over random splits, as S; divided by the variance V of the full means this *is* the Spearman-
    Brown formula, 2 r / (1 + r) with r = C / mean variance of the halves, but holds for odd and unequal numbers too.
    "signal_power" takes S = V - mean(N / n), the limit of all splits (Sahani & Linden 2003), without chance.

    The ratio of two unbiased estimates is biased low, by about 2 (1 - value) / stimuli, and so is the usual mean
    of corrected correlations. 1 - value is a ratio of mean squares, 1 / F, whose expectation is known: it is
    multiplied by (p - 3) / (p - 1), p = stimuli x time bins. The estimate is then unbiased for normal signal and
    noise (stimuli a sample of many). For one fixed set of stimuli it is slightly high, by at most about .013 at 20
    stimuli and .006 at 50. Time bins that go together in the signal count for less than p; with few stimuli and long
    smooth responses some of the low bias is left.

    "loo" is a correlation, of single repeats: see ``definition`` of the result. Covariances and variances are
    pooled over repeats before their ratio is taken, so that a repeat without a spike does no harm.

    References
    ----------
    Spearman, C. (1910) and Brown, W. (1910). British Journal of Psychology 3:271 and 3:296. Sahani, M. & Linden, J. F.
    (2003). How linear are auditory cortical responses? NIPS 15. Hsu, A., Borst, A. & Theunissen, F. E. (2004).
    Quantifying variability in neural responses. Network 15:91. Schoppe, O. et al. (2016). Measuring the performance of
    neural models. Frontiers in Computational Neuroscience 10:10. McGraw, K. O. & Wong, S. P. (1996). Forming
    inferences about some intraclass correlation coefficients. Psychological Methods 1:30 (the interval).

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> rng = np.random.default_rng(0)
    >>> signal = np.repeat(rng.normal(size=200), 8)                  # 200 stimuli, 8 repeats
    >>> r = make_responses((signal + 2.0 * rng.normal(size=1600))[:, None],
    ...                    trial={"stimulus": np.repeat(np.arange(200), 8)})
    >>> ceiling = noise_ceiling(r)                                   # truth: 1 / (1 + 4 / 8) = 0.667
    >>> bool(ceiling.lower[0] < 2 / 3 < ceiling.upper[0]), ceiling.n_repeats[:3].tolist()
    (True, [8, 8, 8])
    """
    if method not in _DEFINITIONS:
        raise BadInput("method", got=f"'{method}'", expected="'split_half', 'signal_power' or 'loo'", repair="")
    if isinstance(n_splits, bool) or not isinstance(n_splits, int | np.integer) or n_splits < 1:
        raise BadInput("n_splits", got=repr(n_splits), expected="a whole number, at least 1", repair="")
    values, n_repeats = _by_stimulus(responses, by)
    units = tuple(str(name) for name in responses["unit"].values)
    still = values.min(axis=0).min(axis=0) == values.max(axis=0).max(axis=0)
    if still.any() and constant != "zero":
        raise BadInput(
            "responses",
            got=f"the same number on all trials in {int(still.sum())} units, first '{units[int(still.argmax())]}'",
            expected="units that respond",
            repair="Drop them, or pass constant='zero' to give them a ceiling of 0.",
        )
    power = _powers(values, n_repeats)
    if method == "loo":
        lower, upper = _leave_one_out(values, n_repeats)
        value = lower
    else:
        estimate = power.mean_total - power.mean_noise
        if method == "split_half":
            estimate = _split_covariance(values, n_repeats, n_splits, Seeds(seed).numpy("splits"))
        noise_share = 1.0 - estimate / np.where(still, 1.0, power.mean_total)
        value, lower, upper = _reliability(noise_share, power.points, int((n_repeats - 1).sum()) * values.shape[1])
    value, lower, upper = (np.where(still, 0.0, part) for part in (value, lower, upper))
    low, high = int(n_repeats.min()), int(n_repeats.max())
    repeats = f"{low} repeats" if low == high else f"{low} to {high} repeats"
    return NoiseCeiling(
        value=value,
        lower=lower,
        upper=upper,
        units=units,
        method=method,
        definition=_DEFINITIONS[method].replace("{n}", repeats),
        n_repeats=n_repeats,
        signal=power.mean_total - power.mean_noise,
        noise=power.trial_noise,
    )


@dataclass(frozen=True)
class _Powers:
    """Variances of each unit: of the mean responses, of their noise, of single trials' noise; number of means."""

    mean_total: FloatArray
    mean_noise: FloatArray
    trial_noise: FloatArray
    points: int


def _by_stimulus(responses: xr.DataArray, by: str) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return trials sorted by stimulus, shape (trial, time, unit), and the number of repeats of each stimulus."""
    validate(responses)
    if by == "stimulus" and by not in responses.coords and "condition" in responses.coords:
        by = "condition"
    validate(responses, needs=(by,), finite=False)
    if responses.dims[0] != "trial" or responses[by].dims != ("trial",):
        raise BadInput(
            "responses",
            got=f"dims ({', '.join(map(str, responses.dims))}) and '{by}' along {responses[by].dims}",
            expected=f"single trials, (trial, time, unit), with a label '{by}' on trial",
            repair="Averaged responses have no noise left to estimate: pass the single trials.",
        )
    names, stimulus = level_codes(responses, by)
    n_repeats = np.bincount(stimulus)
    if n_repeats.min() < 2:
        once = int((n_repeats < 2).sum())
        raise BadInput(
            f"repeats by '{by}'",
            got=f"{once} of {len(names)} stimuli shown once only, first '{names[int(n_repeats.argmin())]}'",
            expected="at least 2 repeats of every stimulus: one trial cannot tell signal from noise",
            repair="Leave those stimuli out, or choose another label with by=.",
        )
    if len(names) * responses.sizes["time"] < 4:
        raise BadInput(
            f"stimuli by '{by}'",
            got=f"{len(names)} stimuli and {responses.sizes['time']} time bins",
            expected="at least 4 stimuli, or stimuli x time bins",
            repair="The variance over so few mean responses says nothing; use more stimuli.",
        )
    order = np.argsort(stimulus, kind="stable")
    return np.asarray(responses.values, dtype=np.float64)[order], n_repeats.astype(np.int64)


def _group_sums(values: FloatArray, n_repeats: npt.NDArray[np.int64]) -> FloatArray:
    """Return sums over the trials of each stimulus, shape (stimulus, time, unit)."""
    starts = np.cumsum(n_repeats) - n_repeats
    return np.asarray(np.add.reduceat(values, starts, axis=0))


def _powers(values: FloatArray, n_repeats: npt.NDArray[np.int64]) -> _Powers:
    n = n_repeats[:, None, None].astype(np.float64)
    means = _group_sums(values, n_repeats) / n
    within = _group_sums((values - np.repeat(means, n_repeats, axis=0)) ** 2, n_repeats) / (n - 1.0)
    points = means.shape[0] * means.shape[1]
    return _Powers(
        mean_total=means.reshape(points, -1).var(axis=0, ddof=1),
        mean_noise=(within / n).mean(axis=(0, 1)),
        trial_noise=within.mean(axis=(0, 1)),
        points=points,
    )


def _split_covariance(
    values: FloatArray, n_repeats: npt.NDArray[np.int64], n_splits: int, generator: np.random.Generator
) -> FloatArray:
    """Return the covariance over stimuli of the means of two random halves of the repeats, mean over splits."""
    n_trials, n_units = len(values), values.shape[2]
    stimulus = np.repeat(np.arange(len(n_repeats)), n_repeats)
    rank_start = np.repeat(np.cumsum(n_repeats) - n_repeats, n_repeats)
    total = _group_sums(values, n_repeats)
    first_size = n_repeats // 2
    pooled = np.zeros(n_units)
    for _ in range(n_splits):
        # trials in random order within their stimulus; the first half of each goes into one half of the data
        order = np.lexsort((generator.random(n_trials), stimulus))
        first = order[(np.arange(n_trials) - rank_start) < np.repeat(first_size, n_repeats)]
        part = _group_sums(values[first], first_size)
        a = (part / first_size[:, None, None]).reshape(-1, n_units)
        b = ((total - part) / (n_repeats - first_size)[:, None, None]).reshape(-1, n_units)
        pooled += ((a - a.mean(axis=0)) * (b - b.mean(axis=0))).sum(axis=0) / (len(a) - 1)
    return pooled / n_splits


def _reliability(noise_share: FloatArray, points: int, within: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the unbiased reliability and its 95 % interval from 1 - the plain ratio, which is 1 / F."""
    from scipy import stats

    value = 1.0 - noise_share * (points - 3.0) / (points - 1.0)
    high, low = stats.f.ppf([0.975, 0.025], points - 1, within)
    return value, 1.0 - noise_share * high, 1.0 - noise_share * low


def _leave_one_out(values: FloatArray, n_repeats: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return pooled correlations of single repeats with the mean of the others, and with the mean of all."""
    n_units = values.shape[2]
    starts = np.cumsum(n_repeats) - n_repeats
    total = _group_sums(values, n_repeats)
    sums = np.zeros((5, n_units))
    for repeat in range(int(n_repeats.max())):
        there = n_repeats > repeat
        n = n_repeats[there][:, None, None]
        one = values[starts[there] + repeat]
        everyone = total[there]
        if one.shape[0] * one.shape[1] < 2:
            continue  # a single mean has no variance over stimuli; it can only be the last repeat of one stimulus
        x, rest, full = (
            part.reshape(-1, n_units) - part.reshape(-1, n_units).mean(axis=0)
            for part in (one, (everyone - one) / (n - 1), everyone / n)
        )
        sums += np.stack([(x * rest).sum(0), (x * full).sum(0), (x**2).sum(0), (rest**2).sum(0), (full**2).sum(0)])
    scale = np.sqrt(sums[2] * np.stack([sums[3], sums[4]]))
    lower, upper = sums[:2] / np.where(scale > 0, scale, 1.0)
    return lower, upper
