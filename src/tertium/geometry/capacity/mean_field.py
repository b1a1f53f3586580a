"""`manifold_capacity`: how many manifolds a linear readout can tell apart, and which of their measures decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.capacity.anchor_points import anchor_points
from tertium.geometry.capacity.centres import SharedAxes, mean_correlation, shared_axes
from tertium.geometry.capacity.clouds import as_clouds, own_axes
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ManifoldCapacity:
    """What `manifold_capacity` found.

    Attributes
    ----------
    value : float
        Capacity alpha_M: manifolds for each unit that random labels leave linearly separable; the inverse of the mean
        over manifolds of ``1 / alpha``. From 2 (points) towards ``2 / points of a manifold``.
    interval : tuple of float
        95 %, normal, over manifolds.
    radius, dimension : float
        Mean over manifolds of R_M (in norms of the centre) and D_M.
    capacities, radii, dimensions : array, shape (manifold,)
    errors : array, shape (manifold,)
        Standard errors of ``1 / capacities`` from the number of readouts.
    spans : array of int, shape (manifold,)
        Dimensions that the points of each span.
    centre_correlation : float
        Mean absolute cosine between centres, about their mean.
    residual_correlation : float
        The same without the shared axes.
    shared : int
        Axes that were taken out since centres share them.
    kkt_residual : float
        Largest violation of the conditions of optimality of any anchor point.
    names : tuple of str
        Of the manifolds.
    units : int
    readouts : int
        Random readouts for each manifold.
    margin : float
    """

    value: float
    interval: tuple[float, float]
    radius: float
    dimension: float
    capacities: Floats
    radii: Floats
    dimensions: Floats
    errors: Floats
    spans: npt.NDArray[np.int64]
    centre_correlation: float
    residual_correlation: float
    shared: int
    kkt_residual: float
    names: tuple[str, ...]
    units: int
    readouts: int
    margin: float

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return one row a manifold: capacity, radius, dimension, and the dimensions its points span."""
        import pandas as pd

        columns = {"manifold": self.names, "capacity": self.capacities, "radius": self.radii}
        return pd.DataFrame(columns | {"dimension": self.dimensions, "span": self.spans})

    def figure(self) -> go.Figure:
        """Draw radius, dimension and capacity of each manifold in three panels."""
        from tertium.geometry.capacity.picture import capacity_figure

        return capacity_figure(self)


def manifold_capacity(
    r: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    labels: str | Sequence[Any] | None = None,
    *,
    margin: float = 0.0,
    readouts: int = 300,
    correlations: Literal["remove", "keep"] = "remove",
    seed: int | Seeds = 0,
) -> ManifoldCapacity:
    """Measure how well a linear readout could tell manifolds apart, with mean-field theory of random labels.

    Each manifold (all responses to one object) is met by random readouts; where its points resist, the readout has to
    be moved by the least distance, which the anchor point decides. The mean squared distance is the inverse of the
    capacity, the spread of anchor points the radius, their agreement with the readout the dimension (Chung et al.
    2018). The theory takes the centres for uncorrelated: axes that they share are found and taken out (Cohen et al.
    2020).

    Centres are about their mean, which alone correlates them by ``1 / (manifolds - 1)``. The axes are those that lower
    the mean absolute correlation most, one to three for the ten classes of a layer; with few manifolds, or few points
    in each, their number and with it the capacity vary from sample to sample. Each manifold is described within the
    span of its own points: many units cost no more time than few, and need not be projected. Layers are comparable only
    with as many points a manifold (the capacity of m points that span m - 1 dimensions is near ``2 / m`` at worst) and
    units in excess of them.

    Parameters
    ----------
    r : responses, array (sample, unit) or (trial, time, unit), or a sequence of arrays (point, unit)
        Trials are averaged over their time. A sequence holds one array a manifold.
    labels : str or sequence, optional
        What each trial is a sample of; not for a sequence.
    margin : float
        Margin of the readout, in norms of the centres.
    readouts : int
        For each manifold.
    correlations : {"remove", "keep"}
        What to do with axes that the centres share.
    seed : int or Seeds

    Returns
    -------
    ManifoldCapacity

    Raises
    ------
    BadInput
        If there are fewer than 2 manifolds (4 for correlations to be removed), they do not fit together, values are
        not finite, a centre lies at the mean of all, or options make no sense.

    References
    ----------
    Chung, S., Lee, D. D. & Sompolinsky, H. (2018). Classification and geometry of general perceptual manifolds.
    Physical Review X 8:031003, eq. 16 and 17 (capacity), 28 (radius), 29 (dimension), numbered as in the authors' code.
    Cohen, U., Chung, S., Lee, D. D. & Sompolinsky, H. (2020). Separability and geometry of object manifolds in deep
    neural networks. Nature Communications 11:746.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> centres = rng.normal(size=(20, 1, 300))
    >>> tight = manifold_capacity(list(centres + 0.1 * rng.normal(size=(20, 15, 300))))
    >>> loose = manifold_capacity(list(centres + rng.normal(size=(20, 15, 300))))
    >>> tight.value > 1 > loose.value, tight.radius < loose.radius
    (True, True)
    """
    clouds, names = as_clouds(r, labels)
    if not (np.isfinite(margin) and margin >= 0):
        raise BadInput("margin", got=f"{margin}", expected="0 or more")
    if readouts < 10:
        raise BadInput("readouts", got=f"{readouts}", expected="10 or more")
    if correlations not in ("remove", "keep"):
        raise BadInput("correlations", got=repr(correlations), expected="'remove' or 'keep'")
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # many small products: threads would wait for each other
        shared = _shared(clouds, correlations == "remove", seeds)
        found = [
            _measure(
                own_axes(cloud - (cloud @ shared.axes) @ shared.axes.T), readouts, margin, seeds.numpy(f"readouts {i}")
            )
            for i, cloud in enumerate(clouds)
        ]
    cost, radii, dimensions, errors, residuals = np.array([one[:5] for one in found]).T
    mean, half = float(cost.mean()), 1.96 * float(cost.std(ddof=1) / np.sqrt(len(cost)))
    return ManifoldCapacity(
        value=1 / mean,
        interval=(1 / (mean + half), 1 / (mean - half) if mean > half else float("inf")),
        radius=float(radii.mean()),
        dimension=float(dimensions.mean()),
        capacities=1 / cost,
        radii=radii,
        dimensions=dimensions,
        errors=errors,
        spans=np.array([one[5] for one in found]),
        centre_correlation=shared.before,
        residual_correlation=shared.after,
        shared=shared.axes.shape[1],
        kkt_residual=float(residuals.max()),
        names=names,
        units=clouds[0].shape[1],
        readouts=readouts,
        margin=margin,
    )


def _shared(clouds: list[Floats], remove: bool, seeds: Seeds) -> SharedAxes:
    centres = np.array([cloud.mean(0) for cloud in clouds])
    if remove and len(clouds) < 4:
        raise BadInput(
            "manifolds",
            got=f"{len(clouds)}",
            expected="4 or more, to tell which axes centres share",
            repair="Pass correlations='keep'.",
        )
    if remove:
        return shared_axes(centres, seeds.child("centres"))
    correlation = mean_correlation(centres)
    return SharedAxes(np.zeros((centres.shape[1], 0)), correlation, correlation)


def _measure(
    points: Floats, readouts: int, margin: float, rng: np.random.Generator
) -> tuple[float, float, float, float, float, int]:
    """Return ``1 / alpha``, radius, dimension, error of the first, residual, and span, of points that end in 1."""
    span = points.shape[1] - 1
    drawn = rng.normal(size=(readouts, span + 1))
    anchors = anchor_points(points, drawn, margin)
    error = float(anchors.cost.std(ddof=1) / np.sqrt(readouts))
    mean = float(anchors.cost.mean())
    if span == 0:
        return mean, 0.0, 0.0, error, anchors.residual, 0
    inner, along = anchors.points[:, :-1], drawn[:, :-1]
    radius = float(np.sqrt(((inner - inner.mean(0)) ** 2).sum(1).mean()))
    lengths = np.linalg.norm(inner, axis=1) * np.linalg.norm(along, axis=1)
    cosines = (inner * along).sum(1) / np.maximum(lengths, 1e-300)
    return mean, radius, span * float(cosines.mean()) ** 2, error, anchors.residual, span
