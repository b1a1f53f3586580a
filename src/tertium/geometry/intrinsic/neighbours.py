"""`two_nn`: the dimension of a manifold from the two nearest neighbours of each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.intrinsic.distances import two_nearest
from tertium.geometry.samples import all_samples, compact
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Samples below which no finer division is looked at.
FEWEST = 50


@dataclass(frozen=True, eq=False)
class TwoNN:
    """What `two_nn` found.

    Attributes
    ----------
    value : float
        Dimensions of the manifold, of all samples.
    interval : tuple of float
        95 %, from the spread of parts of the samples (their errors grow as one over the square root of their number).
    ratios : array, shape (sample,)
        Second distance over first, sorted; infinite ones left out.
    duplicates : int
        Samples left out since another lies at the same place.
    scales : array of int, shape (division,)
        Samples in a part: all, half, a quarter, ... Fewer samples look at larger distances.
    by_scale : array, shape (division,)
        Mean dimension over the parts. A value that falls as parts get smaller means noise at small distances.
    spread : array, shape (division,)
        Standard error of each.
    method : str
    """

    value: float
    interval: tuple[float, float]
    ratios: Floats
    duplicates: int
    scales: npt.NDArray[np.int64]
    by_scale: Floats
    spread: Floats
    method: str

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return one row a division of the samples: how many a part has, dimension, standard error."""
        import pandas as pd

        return pd.DataFrame({"samples": self.scales, "dimension": self.by_scale, "error": self.spread})

    def figure(self) -> go.Figure:
        """Draw the dimension against the number of samples looked at: flat where it is that of the manifold."""
        from tertium import figure

        low, high = self.interval
        title = f"two nearest neighbours: {self.value:.2f} [{low:.2f}, {high:.2f}], {self.scales[0]} samples"
        drawn = figure.new(x="samples in a part (fewer: larger distances)", y="dimension", title=title)
        ends = [(self.by_scale + sign * 1.96 * self.spread).tolist() for sign in (-1, 1)]
        figure.dots_with_intervals(drawn, self.scales.tolist(), self.by_scale.tolist(), *ends, lines=True)
        drawn.update_xaxes(type="log", tickvals=self.scales.tolist(), ticktext=[str(n) for n in self.scales])
        drawn.update_yaxes(rangemode="tozero")
        return drawn


def two_nn(
    r: xr.DataArray | npt.ArrayLike,
    *,
    method: Literal["likelihood", "fit"] = "likelihood",
    discard: float = 0.1,
    seed: int | Seeds = 0,
) -> TwoNN:
    """Estimate how many coordinates a manifold has, from how much farther second neighbours are than first ones.

    Where samples lie evenly over the distance to the second neighbour, the ratio of both distances has the density
    ``d mu^(-d-1)`` whatever their density is (Facco et al. 2017, eq. 5). The manifold may be curved; noise of more
    dimensions counts where it is as large as the distance between neighbours, which ``by_scale`` shows.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        All times of all trials are samples; they are taken for independent draws.
    method : {"likelihood", "fit"}
        Maximum likelihood, without bias, ``(n - 1) / sum(log mu)``; or the straight line through the origin of Facco et
        al. (2017), ``-log(1 - F)`` against ``log mu``.
    discard : float
        Share of the largest ratios that "fit" leaves out.
    seed : int or Seeds
        Of the parts.

    Returns
    -------
    TwoNN

    Raises
    ------
    BadInput
        If there are fewer than 20 samples at different places, values are not finite, or nothing varies.

    References
    ----------
    Facco, E., d'Errico, M., Rodriguez, A. & Laio, A. (2017). Estimating the intrinsic dimension of datasets by a
    minimal neighborhood information. Scientific Reports 7:12140.

    Examples
    --------
    >>> turn = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(2000, 2))
    >>> torus = np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    >>> bool(abs(two_nn(torus).value - 2) < 0.15)
    True
    """
    if method not in ("likelihood", "fit"):
        raise BadInput("method", got=repr(method), expected="'likelihood' or 'fit'")
    if not 0 <= discard < 1:
        raise BadInput("discard", got=f"{discard}", expected="a share, 0 or more and below 1")
    samples = compact(all_samples(r)[0])
    places = np.unique(samples, axis=0)
    if len(places) < 20:
        raise BadInput("samples", got=f"{len(places)} at different places", expected="20 or more")
    order = (seed if isinstance(seed, Seeds) else Seeds(seed)).numpy("two_nn").permutation(len(places))
    ratios = _ratios(places)
    value = _dimension(ratios, method, discard)
    scales, means, errors = [len(places)], [value], []
    parts = 2
    while len(places) // parts >= FEWEST:
        each = [_dimension(_ratios(places[part]), method, discard) for part in np.array_split(order, parts)]
        scales.append(len(places) // parts)
        means.append(float(np.mean(each)))
        errors.append(float(np.std(each, ddof=1) / np.sqrt(parts)))
        parts *= 2
    # the finest division knows its own spread best; relative errors of means over all samples are alike
    relative = errors[-1] / means[-1] if len(errors) > 2 else 1 / np.sqrt(len(ratios))
    spread = np.array([relative * mean for mean in means])
    return TwoNN(
        value=value,
        interval=(value * (1 - 1.96 * relative), value * (1 + 1.96 * relative)),
        ratios=ratios,
        duplicates=len(samples) - len(places),
        scales=np.array(scales),
        by_scale=np.array(means),
        spread=spread,
        method=method,
    )


def _ratios(places: Floats) -> Floats:
    near = two_nearest(places)
    return np.sort(near[:, 1] / near[:, 0])


def _dimension(ratios: Floats, method: str, discard: float) -> float:
    n = len(ratios)
    if method == "likelihood":
        return float((n - 1) / np.log(ratios).sum())
    kept = int(n * (1 - discard))
    x, y = np.log(ratios[:kept]), -np.log1p(-np.arange(1, n + 1)[:kept] / (n + 1))
    return float(x @ y / (x @ x))
