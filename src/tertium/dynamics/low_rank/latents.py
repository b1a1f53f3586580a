"""Latent variables of a low-rank network, read from its states along its loadings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.low_rank.loadings import matrix
from tertium.dynamics.states import is_responses
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Latents:
    """States as coordinates along loadings; see `project_on_loadings`.

    Attributes
    ----------
    kappa : array, shape (trial, time, rank)
        Coordinates along the columns of m.
    inputs : array, shape (trial, time, input)
        Coordinates along the input weights: the filtered inputs.
    explained : float
        Fraction of the variance of the states, about their mean, that lies in the span of m and the inputs.
    explained_by_m : float
        The same of m alone.
    time : array, shape (time,)
        Seconds, or steps where the states had no labels.
    seconds : bool
        Which.
    """

    kappa: Floats
    inputs: Floats
    explained: float
    explained_by_m: float
    time: Floats
    seconds: bool

    def table(self) -> pd.DataFrame:
        """Return one row for each latent variable and input: mean and spread of its coordinate."""
        import pandas as pd

        names = [f"kappa{r + 1}" for r in range(self.kappa.shape[-1])]
        names += [f"input{s + 1}" for s in range(self.inputs.shape[-1])]
        both = np.concatenate([self.kappa, self.inputs], axis=-1).reshape(-1, len(names))
        return pd.DataFrame({"latent": names, "mean": both.mean(0), "std": both.std(0)})

    def figure(self, groups: Sequence[Any] | None = None, which: int = 0) -> go.Figure:
        """Draw one latent variable against time: mean and 95 % of the trials of each group (a label a trial)."""
        from tertium import figure

        labels = np.asarray(["all"] * len(self.kappa) if groups is None else list(groups), dtype=object)
        if len(labels) != len(self.kappa) or not 0 <= which < self.kappa.shape[-1]:
            raise BadInput("figure", got=f"{len(labels)} labels, latent {which}", expected="one label a trial")
        drawn = figure.new(x="time (s)" if self.seconds else "time (steps)", y=f"kappa {which + 1}")
        for number, label in enumerate(sorted(set(labels), key=str)):
            mine = self.kappa[labels == label, :, which]
            low, high = np.percentile(mine, [2.5, 97.5], axis=0)
            figure.lines_with_band(
                drawn, self.time.tolist(), mine.mean(0).tolist(), low.tolist(), high.tolist(),
                f"{label} (n = {len(mine)})", colour=figure.COLOURS[number % len(figure.COLOURS)],
            )  # fmt: skip
        return drawn


def project_on_loadings(
    states: xr.DataArray | npt.ArrayLike, m: npt.ArrayLike, inputs: npt.ArrayLike | None = None
) -> Latents:
    """Read the latent variables from the states of a network, or of a recorded population, along given loadings.

    In a network of low rank without a random part the input currents x stay in the span of m and the input weights;
    rates phi(x) do not, so give currents (states) rather than rates.

    Parameters
    ----------
    states : responses, or array-like of shape (trial, time, unit) or (time, unit)
    m : array-like, shape (unit, rank) or (unit,)
    inputs : array-like, shape (unit, input), optional

    Returns
    -------
    Latents

    Raises
    ------
    BadInput
        If shapes do not agree, a value is not finite, nothing varies, or the loadings are linearly dependent.

    Examples
    --------
    >>> m = np.array([1.0, -1.0, 0.0])
    >>> found = project_on_loadings(np.outer([0.0, 1.0, 2.0], m), m)
    >>> (found.kappa[0, :, 0].round(6) + 0.0).tolist(), round(found.explained, 6)
    ([0.0, 1.0, 2.0], 1.0)
    """
    labelled = False
    if is_responses(states):
        values, time, labelled = np.asarray(states.values, dtype=np.float64), states["time"].values, True
    else:
        values = np.asarray(states, dtype=np.float64)
        values = values[None] if values.ndim == 2 else values
        time = np.arange(values.shape[1] if values.ndim == 3 else 0)
    left = matrix(m, "loadings m")
    right = np.zeros((len(left), 0)) if inputs is None else matrix(inputs, "input weights")
    if values.ndim != 3 or len(right) != len(left) or values.shape[-1] != len(left):
        raise BadInput(
            "states",
            got=f"shape {values.shape}, m of {len(left)} and inputs of {len(right)} units",
            expected="(trial, time, unit) and loadings of the same units",
        )
    if not np.isfinite(values).all():
        raise BadInput("states", got="a value that is not finite", expected="finite numbers")
    basis = np.concatenate([left, right], axis=1)
    sizes = np.linalg.norm(basis, axis=0)
    if sizes.min() == 0 or np.linalg.cond(basis / sizes) > 1e8:
        raise BadInput("loadings", got="columns that are linearly dependent", expected="independent directions")
    flat = values.reshape(-1, values.shape[-1])
    along = np.linalg.lstsq(basis, flat.T, rcond=None)[0].T
    centred = flat - flat.mean(0)
    total = float((centred**2).sum())
    if total == 0:
        raise BadInput("states", got="the same at all times", expected="states that vary")
    shares = [float(((centred @ np.linalg.qr(directions)[0]) ** 2).sum()) / total for directions in (basis, left)]
    shaped = along.reshape(*values.shape[:2], -1)
    return Latents(
        shaped[..., : left.shape[1]],
        shaped[..., left.shape[1] :],
        shares[0],
        shares[1],
        time.astype(np.float64),
        labelled,
    )
