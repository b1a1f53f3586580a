"""`few_shot_snr`: how well two concepts are told apart after a few examples, and which geometry decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.few_shot.prototypes import prototype_errors
from tertium.geometry.few_shot.terms import Terms, measure
from tertium.geometry.samples import labelled
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FewShot:
    """What `few_shot_snr` found; of all tables (concept, concept) the row is tested against the column.

    Attributes
    ----------
    snr : array, shape (concept, concept)
        Signal-to-noise ratio; NaN on the diagonal.
    error : array, shape (concept, concept)
        Predicted share of mistakes on new samples, ``H(snr)``, the upper tail of a normal number.
    measured : array, shape (concept, concept)
        Share of mistakes of prototypes on held-out samples; NaN where none was asked for.
    signal : array, shape (concept, concept)
        Squared distance of the centres over the row's total variance.
    bias : array, shape (concept, concept)
        Total variance of the column over that of the row, less 1.
    dimension : array, shape (concept,)
        Participation ratio of each.
    own_overlap, other_overlap : array, shape (concept, concept)
        Noise of the row, and of the column, along the signal, over the row's squared total variance.
    noise_overlap : array, shape (concept, concept)
        Noise that both share, in the same unit; on the diagonal ``1 / dimension``.
    names : tuple of str
    shots : int
    samples : array of int, shape (concept,)
    terms : str
    """

    snr: Floats
    error: Floats
    measured: Floats
    signal: Floats
    bias: Floats
    dimension: Floats
    own_overlap: Floats
    other_overlap: Floats
    noise_overlap: Floats
    names: tuple[str, ...]
    shots: int
    samples: npt.NDArray[np.int64]
    terms: str

    @property
    def mean_error(self) -> float:
        """Mean predicted error over all pairs."""
        return float(np.nanmean(self.error))

    def table(self) -> pd.DataFrame:
        """Return one row for each concept tested against each other one: all terms, ratio and errors."""
        import pandas as pd

        a, b = np.nonzero(~np.eye(len(self.names), dtype=bool))
        pairs = {
            "concept": [self.names[i] for i in a],
            "against": [self.names[j] for j in b],
            "signal": self.signal[a, b],
            "bias": self.bias[a, b],
            "dimension": self.dimension[a],
            "own_overlap": self.own_overlap[a, b],
            "other_overlap": self.other_overlap[a, b],
            "noise_overlap": self.noise_overlap[a, b],
            "snr": self.snr[a, b],
            "error": self.error[a, b],
            "measured": self.measured[a, b],
        }
        return pd.DataFrame(pairs)

    def figure(self) -> go.Figure:
        """Draw predicted against measured errors, or a table of predicted ones where none were measured."""
        from tertium import figure

        shots = f"{self.shots} example{'s' if self.shots > 1 else ''} a concept"
        if np.isnan(self.measured).all():
            drawn = figure.new(x="against", y="tested", title=f"predicted errors, {shots}", height=460)
            names = list(self.names)
            return figure.heatmap(drawn, 100 * self.error, x=names, y=names, colour="errors (%)", square=True)
        rows = self.table()
        predicted, measured = 100 * rows["error"], 100 * rows["measured"]
        gap = np.abs(predicted - measured).max()
        title = f"{len(self.names)} concepts, {shots}; largest gap {gap:.1f} %"
        drawn = figure.new(x="predicted errors (%)", y="measured errors (%)", title=title, width=520, height=480)
        most = 1.05 * float(max(predicted.max(), measured.max(), 1))
        drawn.add_scatter(x=[0, most], y=[0, most], mode="lines", line={"color": "#888888", "width": 1, "dash": "dash"})
        look = {"color": figure.COLOURS[0], "size": 6, "opacity": 0.7}
        drawn.add_scatter(x=predicted, y=measured, mode="markers", marker=look)
        drawn.update_layout(showlegend=False)
        return drawn


def few_shot_snr(
    r: xr.DataArray | npt.ArrayLike,
    labels: str | Sequence[Any] | npt.NDArray[Any],
    shots: int = 5,
    *,
    corrected: bool = True,
    terms: Literal["all", "leading"] = "all",
    draws: int = 0,
    seed: int | Seeds = 0,
) -> FewShot:
    r"""Predict how well two concepts are told apart after a few examples of each, and from which geometry.

    A prototype is the mean of m examples; a new sample goes to the nearer one. With ``d`` the difference of the centres
    and C the covariances, the margin of a sample of concept a has

    .. math:: \mathrm{SNR}_a = \frac{\tfrac12 |d|^2 + \tfrac1{2m}(\mathrm{tr} C_b - \mathrm{tr} C_a)}
        {\sqrt{d'C_a d + d'C_b d/m + (\mathrm{tr} C_a^2 + \mathrm{tr} C_a C_b)/m
        + (\mathrm{tr} C_a^2 + \mathrm{tr} C_b^2)/2m^2}}

    which is exact for Gaussian manifolds; the error is its normal tail, good to 0.02 from about 20 dimensions on (of 8
    dimensions to 0.04, since the margin is not normal). Divided by ``tr C_a``, these are the signal, the bias, the
    dimension and the overlaps of Sorscher et al. (2022, eq. 1). Their leading terms leave out ``tr C_a C_b`` and those
    in ``1/m^2``, without which errors after one example come out too low, by up to 0.1.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time.
    labels : str or sequence, shape (sample,)
        The concept of each sample.
    shots : int
        Examples m of each concept.
    corrected : bool
        Take off what few samples add to distances and overlaps: errors are then those expected for the whole manifolds,
        and not for the samples at hand.
    terms : {"all", "leading"}
    draws : int
        Measure errors of prototypes, too, with so many draws of examples for each pair.
    seed : int or Seeds
        Of the draws.

    Returns
    -------
    FewShot

    Raises
    ------
    BadInput
        If there are fewer than 2 concepts or 5 samples of one, a concept never varies, or options make no sense.

    References
    ----------
    Sorscher, B., Ganguli, S. & Sompolinsky, H. (2022). Neural representational geometry underlies few-shot concept
    learning. PNAS 119:e2200800119, eq. 1 and supplementary theory.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> r = rng.normal(size=(200, 30)) + np.repeat([[0.0], [0.8]], 100, axis=0)
    >>> found = few_shot_snr(r, np.repeat(["cat", "dog"], 100), shots=2, draws=200)
    >>> bool(abs(found.error[0, 1] - found.measured[0, 1]) < 0.02)
    True
    """
    if shots < 1 or draws < 0:
        raise BadInput("shots", got=f"{shots} shots, {draws} draws", expected="1 or more shots, 0 or more draws")
    if terms not in ("all", "leading"):
        raise BadInput("terms", got=repr(terms), expected="'all' or 'leading'")
    samples = labelled(r, labels, each=5)
    clouds = samples.clouds()
    if draws and samples.counts.min() <= shots:
        raise BadInput(
            "shots", got=f"{shots} of {samples.counts.min()} samples", expected="fewer, so that some are left to test"
        )
    found = measure(clouds, corrected=corrected)
    if not (found.size > 0).all():
        still = samples.levels[int(found.size.argmin())]
        raise BadInput(f"concept {still!r}", got="samples that never vary", expected="some variance")
    measured = np.full(found.distance.shape, np.nan)
    if draws:
        measured = prototype_errors(clouds, shots, draws, seed if isinstance(seed, Seeds) else Seeds(seed))
    return _result(found, shots, terms, measured, tuple(str(one) for one in samples.levels), samples.counts)


def _result(
    found: Terms, m: int, terms: str, measured: Floats, names: tuple[str, ...], counts: npt.NDArray[np.int64]
) -> FewShot:
    from scipy.special import ndtr

    size, own = found.size[:, None], np.diag(found.shared)[:, None]
    mean = (found.distance + (found.size - size) / m) / 2
    variance = found.along + found.along.T / m + own / m
    if terms == "all":
        variance = variance + found.shared / m + (own + own.T) / (2 * m**2)
    snr = mean / np.sqrt(np.maximum(variance, 1e-300))
    np.fill_diagonal(snr, np.nan)
    return FewShot(
        snr=snr,
        error=np.asarray(ndtr(-snr)),
        measured=measured,
        signal=found.distance / size,
        bias=found.size / size - 1,
        dimension=found.size**2 / np.maximum(np.diag(found.shared), 1e-300),
        own_overlap=found.along / size**2,
        other_overlap=found.along.T / size**2,
        noise_overlap=found.shared / size**2,
        names=names,
        shots=m,
        samples=counts,
        terms=terms,
    )
