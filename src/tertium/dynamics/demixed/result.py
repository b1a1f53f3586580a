"""The result of demixed PCA: axes, components in time, what they explain, and what was chosen on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.demixed.significance import Significance
from tertium.dynamics.demixed.validation import Validation
from tertium.dynamics.demixed.variance import Explained
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DemixedComponents:
    """Demixed principal components, largest explained variance first; see `tertium.dynamics.dpca`.

    Attributes
    ----------
    encoder : array, shape (unit, component)
        Axes F by which a component is written back to the units; orthonormal within a marginalisation.
    decoder : array, shape (unit, component)
        Axes D by which it is read: ``component = D' (r - mean)``.
    group : tuple of str
        The marginalisation that each component belongs to.
    components : array, shape (component, label 1, ..., time)
        Averages read by the decoders.
    mean : array, shape (unit,)
        Grand mean of the averages.
    groups : tuple of str
    levels : tuple of (name, values)
        Labels with their values.
    units : tuple of str
    time : array, shape (time,)
        Seconds, or the number of the bin if ``timed`` is false.
    timed : bool
    explained : Explained
        Shares of the total variance.
    marginal : dict of float
        Share of the total variance in each marginalisation; they sum to 1.
    noise : dict of float or None
        Share of the total variance that is expected in each from noise alone; None without repeated trials.
    ridge : dict of float
        Used in each marginalisation, as a share of ``|X|``.
    n_trials : (int, int) or None
        Fewest and most trials of a unit and condition; None if averages were given.
    validation : Validation or None
        If the ridge was cross-validated.
    significance : Significance or None
        If shuffles were asked for.
    """

    encoder: Floats
    decoder: Floats
    group: tuple[str, ...]
    components: Floats
    mean: Floats
    groups: tuple[str, ...]
    levels: tuple[tuple[str, tuple[Any, ...]], ...]
    units: tuple[str, ...]
    time: Floats
    timed: bool
    explained: Explained
    marginal: dict[str, float]
    noise: dict[str, float] | None
    ridge: dict[str, float]
    n_trials: tuple[int, int] | None
    validation: Validation | None
    significance: Significance | None

    def __len__(self) -> int:
        return len(self.group)

    def of(self, group: str) -> list[int]:
        """Return the numbers of a marginalisation's components, best first.

        Raises
        ------
        BadInput
            If there is no such marginalisation.
        """
        if group not in self.groups:
            raise BadInput("marginalisation", got=f"'{group}'", expected=f"one of {', '.join(self.groups)}")
        return [i for i, own in enumerate(self.group) if own == group]

    @property
    def signal(self) -> dict[str, float] | None:
        """Share of each marginalisation in the signal variance, which is total variance less what noise leaves in it.

        None without repeated trials. The estimate is unbiased and may fall below 0 where there is no signal.
        """
        if self.noise is None:
            return None
        left = {name: self.marginal[name] - self.noise[name] for name in self.groups}
        total = sum(left.values())
        return {name: value / total for name, value in left.items()}

    @property
    def signal_share(self) -> float | None:
        """Share of the variance of the averages that is signal: what components can hope to explain."""
        return None if self.noise is None else 1.0 - sum(self.noise.values())

    @property
    def correlations(self) -> Floats:
        """Correlations of the components over conditions and times, shape (component, component)."""
        return np.atleast_2d(np.corrcoef(self.components.reshape(len(self), -1)))

    @property
    def cosines(self) -> Floats:
        """Cosines of the angles between encoders, shape (component, component)."""
        return np.asarray(self.encoder.T @ self.encoder)

    @property
    def oblique(self) -> npt.NDArray[np.bool_]:
        """Pairs of encoders, (component, component), whose cosine is beyond 3.3 / sqrt(units).

        Cosines of random axes have a standard deviation of ``1 / sqrt(units)``: p < 0.001 each, as in the paper.
        """
        far = np.abs(self.cosines) > 3.3 / np.sqrt(len(self.encoder))
        np.fill_diagonal(far, False)
        return np.asarray(far)

    def transform(self, r: xr.DataArray | npt.ArrayLike) -> Floats:
        """Read the components from single trials, or from any states of the same units.

        Parameters
        ----------
        r : responses or array-like, shape (..., unit)

        Returns
        -------
        array, shape (..., component)

        Raises
        ------
        BadInput
            If there are other units.
        """
        values = np.asarray(getattr(r, "values", r), dtype=np.float64)
        if values.ndim < 1 or values.shape[-1] != len(self.mean):
            raise BadInput(
                "responses", got=f"shape {values.shape}", expected=f"(..., {len(self.mean)}): the same units"
            )
        return np.asarray((values - self.mean) @ self.decoder)

    def table(self) -> pd.DataFrame:
        """Return one row a component: its marginalisation and the shares of variance that it explains (0 to 1)."""
        import pandas as pd

        columns: dict[str, Any] = {"group": self.group, "explained": self.explained.alone}
        columns |= {f"of {name}": self.explained.by_group[:, g] for g, name in enumerate(self.groups)}
        columns |= {"cumulative": self.explained.cumulative, "cumulative_pca": self.explained.cumulative_pca}
        if self.significance is not None:
            columns["significant_bins"] = [self._significant(i) for i in range(len(self))]
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(self) + 1, name="component"))

    def _significant(self, component: int) -> float:
        """Return the number of significant bins; NaN of components that were not tested."""
        own = self.of(self.group[component])
        if self.significance is None or self.group[component] not in self.significance.accuracy:
            return float("nan")
        marks = self.significance.significant[self.group[component]]
        rank = own.index(component)
        return float(marks[rank].sum()) if rank < len(marks) else float("nan")

    def figure(self, n: int = 3) -> go.Figure:
        """Draw the first components of each marginalisation over time; see `tertium.dynamics.demixed.picture`."""
        from tertium.dynamics.demixed.picture import component_figure

        return component_figure(self, n)

    def variance_figure(self) -> go.Figure:
        """Draw explained variance: cumulative against PCA, by component, and signal variance by marginalisation."""
        from tertium.dynamics.demixed.variance_picture import variance_figure

        return variance_figure(self)

    def axes_figure(self, n: int = 15) -> go.Figure:
        """Draw how the first axes lie to each other: cosines of encoders, correlations of components."""
        from tertium.dynamics.demixed.variance_picture import axes_figure

        return axes_figure(self, n)

    def validation_figure(self) -> go.Figure:
        """Draw the errors of held-out trials against the ridge.

        Raises
        ------
        BadInput
            If the ridge was given and not cross-validated.
        """
        from tertium.dynamics.demixed.variance_picture import validation_figure

        return validation_figure(self)
