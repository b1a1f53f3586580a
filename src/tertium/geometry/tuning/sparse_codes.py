"""`sparseness`: how few stimuli drive a unit, and how few units a stimulus drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.tuning.curves import TuningCurves

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sparseness:
    """What `sparseness` found; 0 where all respond alike, 1 where a single one does.

    Attributes
    ----------
    lifetime : array, shape (unit,)
        Over stimuli, for each unit; NaN for one that never responds.
    population : array, shape (stimulus,)
        Over units, for each stimulus; NaN for one that nothing responds to.
    units : tuple of str
    stimuli : tuple
    """

    lifetime: Floats
    population: Floats
    units: tuple[str, ...]
    stimuli: tuple[Any, ...]

    def table(self) -> pd.DataFrame:
        """Return one row a unit and one a stimulus."""
        import pandas as pd

        rows = [
            {"kind": "lifetime", "of": unit, "sparseness": s} for unit, s in zip(self.units, self.lifetime, strict=True)
        ]
        rows += [
            {"kind": "population", "of": one, "sparseness": s}
            for one, s in zip(self.stimuli, self.population, strict=True)
        ]
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Draw how many units, and what share of stimuli, are how sparse."""
        from tertium import figure

        drawn = figure.new(
            x="sparseness",
            y="share (%)",
            title=f"{len(self.units)} units, {len(self.stimuli)} stimuli; mean lifetime sparseness "
            f"{np.nanmean(self.lifetime):.2f}, population {np.nanmean(self.population):.2f}",
        )
        for i, (name, values) in enumerate(
            (("lifetime (units)", self.lifetime), ("population (stimuli)", self.population))
        ):
            look = {"color": figure.translucent(figure.COLOURS[i], 0.6)}
            bins = {"start": 0, "end": 1, "size": 0.05}
            drawn.add_histogram(x=values, xbins=bins, histnorm="percent", name=name, marker=look)
        drawn.update_layout(barmode="overlay", legend={"x": 0.98, "xanchor": "right", "y": 0.98})
        drawn.update_xaxes(range=[0, 1])
        return drawn


def sparseness(curves: TuningCurves | npt.ArrayLike) -> Sparseness:
    """Measure how few stimuli drive a unit, and how few units a stimulus drives.

    ``(1 - <r>^2 / <r^2>) / (1 - 1/n)``, of means r of n stimuli (or units): Vinje & Gallant (2000). The activity ratio
    of Rolls & Tovee (1995) is ``a = <r>^2 / <r^2>``.

    Parameters
    ----------
    curves : TuningCurves, or array (stimulus, unit)
        Mean responses, none below 0: rates, and not z-scores.

    Returns
    -------
    Sparseness

    Raises
    ------
    BadInput
        If a mean is below 0 or not finite, or there are fewer than 2 stimuli and 2 units.

    References
    ----------
    Vinje, W. E. & Gallant, J. L. (2000). Sparse coding and decorrelation in primary visual cortex during natural
    vision. Science 287:1273-1276.
    Rolls, E. T. & Tovee, M. J. (1995). Sparseness of the neuronal representation of stimuli in the primate temporal
    visual cortex. Journal of Neurophysiology 73:713-726.

    Examples
    --------
    >>> found = sparseness([[1.0, 3.0], [1.0, 0.0], [1.0, 0.0]])
    >>> found.lifetime.round(6).tolist()
    [0.0, 1.0]
    """
    values = np.asarray(curves.values if isinstance(curves, TuningCurves) else curves, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        raise BadInput("curves", got=f"shape {values.shape}", expected="(stimulus, unit), 2 of each or more")
    if not np.isfinite(values).all() or (values < 0).any():
        raise BadInput(
            "curves",
            got=f"a smallest mean of {np.nanmin(values):.3g}",
            expected="finite means of 0 or more",
            repair="Take rates; sparseness has no meaning for responses about a mean of 0.",
        )
    if isinstance(curves, TuningCurves):
        units, stimuli = curves.units, curves.stimuli
    else:
        units, stimuli = tuple(str(i) for i in range(values.shape[1])), tuple(range(len(values)))
    return Sparseness(_sparse(values, 0), _sparse(values, 1), units, stimuli)


def _sparse(values: Floats, axis: int) -> Floats:
    n = values.shape[axis]
    square = (values**2).mean(axis)
    ratio = np.where(square > 0, values.mean(axis) ** 2 / np.where(square > 0, square, 1.0), np.nan)
    return np.asarray((1 - ratio) / (1 - 1 / n))
