"""`participation_ratio`: how many dimensions the activity of a population fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Groups of samples that are left out in turn for the interval.
GROUPS = 20


@dataclass(frozen=True, eq=False)
class ParticipationRatio:
    """What `participation_ratio` found.

    Attributes
    ----------
    value : float
        Dimensions, 1 to the number of units; of activity, without what few samples take off.
    interval : tuple of float
        95 %, jackknife over trials (or groups of samples); NaN for a covariance matrix.
    raw : float
        Of the sample covariances as they are, never more than the number of samples.
    eigenvalues : array, shape (component,)
        Of the covariance matrix, largest first.
    samples : int or None
        None for a covariance matrix.
    units : int
    """

    value: float
    interval: tuple[float, float]
    raw: float
    eigenvalues: Floats
    samples: int | None
    units: int

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return the dimension, its interval, the raw one and what they rest on, one row."""
        import pandas as pd

        low, high = self.interval
        row = {"dimension": self.value, "low": low, "high": high, "raw": self.raw}
        return pd.DataFrame([row | {"per_unit": self.value / self.units, "samples": self.samples, "units": self.units}])

    def figure(self) -> go.Figure:
        """Draw each component's share of the variance, and where the dimension lies."""
        from tertium import figure

        low, high = self.interval
        ends = f" [{low:.1f}, {high:.1f}]" if np.isfinite(low) else ""
        of = f"{self.units} units" + ("" if self.samples is None else f", {self.samples} samples")
        drawn = figure.new(
            x="component", y="share of variance", title=f"participation ratio {self.value:.1f}{ends}, {of}"
        )
        shares = self.eigenvalues / self.eigenvalues.sum()
        shown = shares > 1e-12
        look = {"color": figure.COLOURS[0], "size": 5}
        drawn.add_scatter(
            x=np.arange(1, len(shares) + 1)[shown], y=shares[shown], mode="lines+markers", marker=look,
            line={"width": 1, "color": figure.COLOURS[0]}, showlegend=False,
        )  # fmt: skip
        drawn.update_xaxes(type="log", dtick=1)
        drawn.update_yaxes(type="log", dtick=1, exponentformat="power")
        figure.limit_line(drawn, self.value, "participation ratio", vertical=True)
        return drawn


def participation_ratio(
    r: xr.DataArray | npt.ArrayLike,
    *,
    kind: Literal["activity", "covariance"] = "activity",
    corrected: bool = True,
) -> ParticipationRatio:
    """Measure how many dimensions activity fills: ``tr(C)^2 / tr(C^2)``, of the covariances C of units.

    Few samples make a population look less high-dimensional than it is, and never more than there are samples.
    Corrected, both traces are estimated without bias from products of different samples (Himeno & Yamada 2014); that
    takes samples for independent, so that slow activity should be averaged over each trial before, or thinned.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit), or a covariance matrix (unit, unit)
        All times of all trials are samples.
    kind : {"activity", "covariance"}
        What ``r`` is.
    corrected : bool
        Take off what few samples add; a covariance matrix is taken as it is.

    Returns
    -------
    ParticipationRatio

    Raises
    ------
    BadInput
        If there are fewer than 5 samples or 2 units, values are not finite, nothing varies, a matrix is not symmetric,
        or the corrected traces make no sense since there are too few samples.

    References
    ----------
    Gao, P. et al. (2017). A theory of multineuronal dimensionality, dynamics and measurement. bioRxiv 214262.
    Himeno, T. & Yamada, T. (2014). Estimations for some functions of covariance matrix in high dimension under
    non-normality. Journal of Multivariate Analysis 130:27-44, eq. 1.3.

    Examples
    --------
    >>> participation_ratio(np.eye(5), kind="covariance").value
    5.0
    >>> few = np.random.default_rng(0).normal(size=(40, 100))  # 100 independent units, 40 samples
    >>> found = participation_ratio(few)
    >>> round(found.raw), bool(80 < found.value < 130)
    (28, True)
    """
    if kind not in ("activity", "covariance"):
        raise BadInput("kind", got=repr(kind), expected="'activity' or 'covariance'")
    if kind == "covariance":
        c = _covariances(r)
        value = float(np.trace(c) ** 2 / (c**2).sum())
        eigenvalues = np.maximum(np.linalg.eigvalsh(c)[::-1], 0.0)
        return ParticipationRatio(value, (np.nan, np.nan), value, eigenvalues, None, len(c))
    samples, groups = _samples(r)
    first, second = traces(samples, corrected=corrected)
    if not (second > 0 and first > 0):
        raise BadInput(
            "activity",
            got=f"{len(samples)} samples, from which no squared covariance is left",
            expected="enough samples to see any covariance",
            repair="Record more, or pass corrected=False and say so.",
        )
    value = first / second
    raw = traces(samples, corrected=False)
    centred = samples - samples.mean(0)
    spread = np.linalg.svd(centred, compute_uv=False) ** 2 / (len(samples) - 1)
    return ParticipationRatio(
        value=value,
        interval=_jackknife(samples, groups, value, corrected),
        raw=raw[0] / raw[1],
        eigenvalues=spread,
        samples=len(samples),
        units=samples.shape[1],
    )


def traces(samples: Floats, *, corrected: bool) -> tuple[float, float]:
    """Return the squared trace of the covariance matrix and the trace of its square, from (sample, unit).

    Corrected, both are U-statistics over four different samples: without bias for any distribution with four moments.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(2000, 3))
    >>> [round(v) for v in traces(x, corrected=True)]
    [9, 3]
    """
    t = len(samples)
    x = samples - samples.mean(0)
    # the smaller of the two Gram matrices has the same traces
    gram = x.T @ x if x.shape[1] <= t else x @ x.T
    square_of_trace, trace_of_square = float(np.trace(gram) / (t - 1)) ** 2, float((gram**2).sum()) / (t - 1) ** 2
    if not corrected:
        return square_of_trace, trace_of_square
    fourth = float(((x**2).sum(1) ** 2).sum()) / (t - 1)
    scale = (t - 1) / (t * (t - 2) * (t - 3))
    first = scale * ((t**2 - 3 * t + 1) * square_of_trace + 2 * trace_of_square - t * fourth)
    second = scale * ((t - 1) * (t - 2) * trace_of_square + square_of_trace - t * fourth)
    return first, second


def _jackknife(samples: Floats, groups: npt.NDArray[np.int64], value: float, corrected: bool) -> tuple[float, float]:
    """Return the 95 % interval from leaving out groups of samples in turn, on the scale of the logarithm."""
    n = int(groups.max()) + 1
    left = []
    for group in range(n):
        first, second = traces(samples[groups != group], corrected=corrected)
        if not (first > 0 and second > 0):
            return float("nan"), float("nan")
        left.append(np.log(first / second))
    half = 1.96 * float(np.sqrt((n - 1) * np.var(left)))
    return float(value * np.exp(-half)), float(value * np.exp(half))


def _samples(r: Any) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return activity as (sample, unit), and the group of each sample: its trial, or one of 20 stretches."""
    if hasattr(r, "dims"):
        from tertium.data import validate

        validate(r)
    values = np.asarray(r.values if hasattr(r, "dims") else r, dtype=np.float64)
    if values.ndim not in (2, 3) or not values.size:
        raise BadInput("activity", got=f"shape {values.shape}", expected="(sample, unit) or (trial, time, unit)")
    trials = len(values) if values.ndim == 3 else 1
    flat = values.reshape(-1, values.shape[-1])
    if len(flat) < 5 or flat.shape[1] < 2:
        raise BadInput(
            "activity", got=f"{len(flat)} samples of {flat.shape[1]} units", expected="5 samples of 2 units or more"
        )
    if not np.isfinite(flat).all():
        raise BadInput("activity", got="a value that is not finite", expected="finite numbers")
    if not np.ptp(flat, axis=0).any():
        raise BadInput("activity", got="units that never vary", expected="some variance")
    if trials >= 5:
        return flat, np.repeat(np.arange(trials), len(flat) // trials)
    n = min(GROUPS, len(flat))
    return flat, np.arange(len(flat)) * n // len(flat)


def _covariances(r: Any) -> Floats:
    c = np.asarray(r, dtype=np.float64)
    if c.ndim != 2 or c.shape[0] != c.shape[1] or not np.isfinite(c).all() or not np.allclose(c, c.T):
        raise BadInput("covariances", got=f"shape {c.shape}", expected="a symmetric matrix of finite numbers")
    if not np.trace(c) > 0 or (np.diag(c) < 0).any():
        raise BadInput("covariances", got="variances of 0 or below", expected="some variance")
    return c
