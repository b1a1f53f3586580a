"""Scores of predictions that noise does not lower: FEVE and the normalised correlation.

Both divide by an estimate of the signal power. In simulation (30 stimuli x 4 or 50 x 10 repeats, half of the variance
signal) the bias is below 0.003; the interval covers in 94 to 96 % (FEVE) and 92 to 93 % (normalised correlation; 87 %
with 12 stimuli). With little signal (a fifth of the variance, 30 stimuli x 4 repeats) 42 % of units are not reliable,
and those that are have scores too low, by 0.11 and 0.05: they pass because their signal was overestimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.ceilings.estimate import LOG_F, PLAIN, jackknife, ratio
from tertium.compare.ceilings.explainable import signal_and_noise, variance_moments
from tertium.compare.ceilings.trials import Repeats, by_block, repeats_of
from tertium.data.averaging import level_codes
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CorrectedScore:
    """A score of predictions in which 1 is a perfect model, whatever the noise.

    Attributes
    ----------
    value, lower, upper : array, shape (unit,)
        The score of each unit and its 95 % interval (jackknife over stimuli). Not clipped: estimates scatter above 1.
    explainable : array, shape (unit,)
        Share of the variance of single trials that is signal.
    reliable : array of bool, shape (unit,)
        Units in which there is enough to explain: a share of ``least``, and signal beyond doubt (the 95 % interval of
        the reliability of their means is above 0). The mean is over them; the score of others is a number divided by
        almost nothing.
    units : tuple of str
        Names of the units.
    measure, definition, assumes : str
        "feve" or "cc_norm"; what the numbers are; what they assume.
    n_stimuli : int
        How many stimuli.
    """

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    explainable: FloatArray
    reliable: npt.NDArray[np.bool_]
    units: tuple[str, ...]
    measure: str
    definition: str
    assumes: str
    n_stimuli: int

    @property
    def mean(self) -> float:
        """Mean over units in which there is enough to explain."""
        return float(self.value[self.reliable].mean()) if self.reliable.any() else float("nan")

    def table(self) -> pd.DataFrame:
        """Return one row for each unit."""
        import pandas as pd

        columns = {"value": self.value, "lower": self.lower, "upper": self.upper, "explainable": self.explainable}
        index = pd.Index(self.units, name="unit", dtype=object)
        return pd.DataFrame({**columns, "reliable": self.reliable}, index=index)

    def figure(self) -> go.Figure:
        """Draw the score of each unit with its interval over what there was to explain."""
        from tertium.figure import COLOURS, error_bars, limit_line, new

        y = {"feve": "FEVE (1: all signal explained)", "cc_norm": "normalised correlation (1: perfect model)"}
        n, n_good = len(self.units), int(self.reliable.sum())
        figure = new(
            x="share of single-trial variance that is signal",
            y=y[self.measure],
            title=f"{n} units, {self.n_stimuli} stimuli; mean of {n_good} reliable units {self.mean:.2f}",
        )
        for good, name, colour in ((True, "reliable", COLOURS[0]), (False, "too little signal", COLOURS[6])):
            rows = np.flatnonzero(self.reliable == good)
            values = self.value[rows].tolist()
            figure.add_scatter(
                x=self.explainable[rows].tolist(),
                y=values,
                mode="markers",
                name=name,
                marker={"size": 6, "color": colour},
                error_y=error_bars(values, self.lower[rows].tolist(), self.upper[rows].tolist()),
                text=[self.units[i] for i in rows],
                hovertemplate="unit %{text}: %{y:.3f}<extra></extra>",
                showlegend=bool(len(rows)),
            )
        drawn = self.reliable if self.reliable.any() else np.ones(n, dtype=bool)
        ends = [float(min(0.0, self.lower[drawn].min())), float(max(1.0, self.upper[drawn].max()))]
        room = 0.06 * (ends[1] - ends[0])
        figure.update_yaxes(range=[ends[0] - room, ends[1] + room])  # units without signal would squeeze the rest
        return limit_line(figure, 1.0, "")


_ASSUMES = (
    "repeats are exchangeable, noise independent between trials; the prediction was not fitted to these trials; "
    "stimuli are an independent sample"
)


def feve(
    predicted: xr.DataArray | npt.ArrayLike, responses: xr.DataArray, by: str = "stimulus", *, least: float = 0.15
) -> CorrectedScore:
    """Return the fraction of explainable variance that a model explains (FEVE).

    Parameters
    ----------
    predicted : array-like, shape (stimulus, unit) or (stimulus, time, unit), or responses
        The prediction for each stimulus: an array in the order of the sorted stimuli, or a table with one row for each
        stimulus, named by the same label (or ``condition``).
    responses : xarray.DataArray, dims (trial, time, unit)
        Single trials with repeats.
    by : str
        Label of the trials that says which are repeats of one another.
    least : float
        Units of which a smaller share of the variance is explainable are not ``reliable``.

    Returns
    -------
    CorrectedScore
        1 - (MSE - noise) / (Var[y] - noise): 1 for the true mean responses, 0 for their overall mean, and below 0 for
        worse predictions (Cadena et al. 2019, PLoS Comput Biol 15:e1006897). All stimuli weigh the same.

    Raises
    ------
    BadInput
        If a stimulus was shown once only, or predictions do not fit the responses.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(300, 1))
    >>> r = make_responses(np.repeat(signal, 4, axis=0) + rng.normal(size=(1200, 1)),
    ...                    trial={"stimulus": np.repeat(np.arange(300), 4)})
    >>> bool(abs(feve(signal, r).mean - 1) < 0.05), bool(abs(feve(0.5 * signal, r).mean - 0.75) < 0.05)
    (True, True)
    """
    repeats = repeats_of(responses, by)
    model = _matched(predicted, repeats, by)
    means = repeats.means()
    errors = (means - model) ** 2
    variances = variance_moments(repeats.of_units(slice(None)))
    moments = np.concatenate([variances, by_block(errors)[:, None, :]], axis=1)
    says = "fraction of explainable variance explained, 1 - (MSE - noise) / (Var[y] - noise)"
    return _score(moments, _feve, repeats, "feve", says, least)


def cc_norm(
    predicted: xr.DataArray | npt.ArrayLike, responses: xr.DataArray, by: str = "stimulus", *, least: float = 0.15
) -> CorrectedScore:
    """Return the correlation that a model would have with the true mean responses (normalised correlation).

    Parameters
    ----------
    predicted, responses, by, least
        As in `feve`.

    Returns
    -------
    CorrectedScore
        Cov(prediction, mean response) / sqrt(Var(prediction) x signal power): Schoppe et al. (2016),
        Frontiers in Computational Neuroscience 10:10; CC_abs / CC_max of Hsu, Borst & Theunissen (2004).

    Raises
    ------
    BadInput
        As `feve`; and if a prediction never changes.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(300, 1))
    >>> r = make_responses(np.repeat(signal, 4, axis=0) + rng.normal(size=(1200, 1)),
    ...                    trial={"stimulus": np.repeat(np.arange(300), 4)})
    >>> bool(abs(cc_norm(3 * signal, r).mean - 1) < 0.05)
    True
    """
    repeats = repeats_of(responses, by)
    model = _matched(predicted, repeats, by)
    model = model - model.mean(axis=(0, 1))
    still = np.flatnonzero(np.ptp(model, axis=(0, 1)) == 0)
    if len(still):
        raise BadInput(
            "predicted",
            got=f"the same number for all stimuli in {len(still)} units, first '{repeats.units[still[0]]}'",
            expected="predictions that differ",
            repair="Drop those units; feve takes them.",
        )
    part = repeats.of_units(slice(None))
    mean = part.means()
    products = by_block(np.stack([model, model**2, model * mean], axis=2))
    moments = np.concatenate([variance_moments(part), products], axis=1)
    says = "correlation with the true mean responses: covariance over the root of prediction's variance x signal power"
    return _score(moments, _cc_norm, repeats, "cc_norm", says, least)


def _feve(sums: FloatArray) -> FloatArray:
    signal, _ = signal_and_noise(sums)
    unexplained = (sums[..., 5, :] - sums[..., 3, :]) / sums[..., 0, :]
    return 1.0 - ratio(unexplained, signal)


def _cc_norm(sums: FloatArray) -> FloatArray:
    signal, _ = signal_and_noise(sums)
    n, total = sums[..., 0, :], sums[..., 1, :]
    variance = (sums[..., 6, :] - sums[..., 5, :] ** 2 / n) / (n - 1)
    covariance = (sums[..., 7, :] - sums[..., 5, :] * total / n) / (n - 1)
    return ratio(covariance, np.sqrt(variance * np.maximum(signal, 0.0)))


def _total(sums: FloatArray) -> FloatArray:
    """Return the variance of the measured means."""
    return signal_and_noise(sums)[0] + sums[..., 3, :] / sums[..., 0, :]


def _score(
    moments: FloatArray, statistic: object, repeats: Repeats, measure: str, says: str, least: float
) -> CorrectedScore:
    assert callable(statistic)
    value, low, high = jackknife(moments, statistic, PLAIN)
    signal, noise = signal_and_noise(moments.sum(axis=0))
    explainable = ratio(signal, signal + noise)
    there = jackknife(moments, lambda s: ratio(signal_and_noise(s)[0], _total(s)), LOG_F).low > 0
    return CorrectedScore(
        value=value,
        lower=low,
        upper=high,
        explainable=explainable,
        reliable=there & (explainable >= least),
        units=repeats.units,
        measure=measure,
        definition=f"{says}; interval: 95 %, jackknife over stimuli",
        assumes=_ASSUMES,
        n_stimuli=len(repeats.n_repeats),
    )


def _matched(predicted: xr.DataArray | npt.ArrayLike, repeats: Repeats, by: str) -> FloatArray:
    """Return predictions in the order of the stimuli, shape (stimulus, time, unit)."""
    shape = (len(repeats.stimuli), *repeats.values.shape[1:])
    if isinstance(predicted, xr.DataArray):
        label = by if by in predicted.coords else "condition"
        if label not in predicted.coords:
            raise BadInput("predicted", got=f"no label '{by}'", expected=f"one row for each '{by}'", repair="Add it.")
        names, codes = level_codes(predicted, label)
        if tuple(str(name) for name in names) != repeats.stimuli or len(codes) != len(names):
            raise BadInput(
                "predicted",
                got=f"{len(codes)} rows for {len(names)} stimuli",
                expected=f"one row for each of the {shape[0]} stimuli of the responses",
                repair=f"tertium.data.average(predicted, by='{by}') makes one row a stimulus.",
            )
        values = np.asarray(predicted.values, dtype=np.float64)[np.argsort(codes)]
    else:
        values = np.asarray(predicted, dtype=np.float64)
        values = values[:, None, :] if values.ndim == 2 else values
    if values.shape != shape or not np.isfinite(values).all():
        fault = f"shape {values.shape}" if values.shape != shape else "NaN or infinite numbers"
        raise BadInput(
            "predicted", got=fault, expected=f"finite numbers, shape {shape}", repair="(stimulus, time, unit)"
        )
    return values
