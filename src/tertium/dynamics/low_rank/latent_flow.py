"""The field in which the latent variables of a low-rank network move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.low_rank.loadings import Loadings
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KappaField:
    """Where latent variables go from a grid of places; see `kappa_field`.

    Attributes
    ----------
    axes : tuple of array
        Places along each latent variable.
    velocity : array, shape (place of the first, ..., rank)
        ``d kappa / dt``, per time constant.
    """

    axes: tuple[Floats, ...]
    velocity: Floats

    @property
    def speed(self) -> Floats:
        """Length of the velocity at each place."""
        return np.asarray(np.linalg.norm(self.velocity, axis=-1))

    def table(self) -> pd.DataFrame:
        """Return one row for each place."""
        import pandas as pd

        rank = len(self.axes)
        places = [one.ravel() for one in np.meshgrid(*self.axes, indexing="ij")]
        columns = {f"kappa{r + 1}": places[r] for r in range(rank)}
        return pd.DataFrame(columns | {f"velocity{r + 1}": self.velocity[..., r].ravel() for r in range(rank)})

    def zeros(self) -> Floats:
        """Return where the flow of one latent variable changes sign, interpolated; only for rank one.

        Raises
        ------
        BadInput
            If there are more latent variables: see `tertium.dynamics.fixed_points`.
        """
        if len(self.axes) != 1:
            raise BadInput("zeros", got=f"{len(self.axes)} latent variables", expected="one")
        k, v = self.axes[0], self.velocity[:, 0]
        crossing = np.flatnonzero(v[:-1] * v[1:] < 0)
        between = k[crossing] - v[crossing] * (k[crossing + 1] - k[crossing]) / (v[crossing + 1] - v[crossing])
        return np.sort(np.append(between, k[v == 0]))

    def figure(self) -> go.Figure:
        """Draw the flow: a curve for one latent variable, speed and directions for two."""
        if len(self.axes) == 1:
            return self._curve()
        return self._arrows()

    def _curve(self) -> go.Figure:
        from tertium import figure

        drawn = figure.new(x="kappa", y="d kappa / dt (1 / time constant)")
        drawn.add_hline(y=0, line={"color": "#888888", "width": 1, "dash": "dot"})
        line = {"color": figure.COLOURS[0], "width": 2}
        drawn.add_scatter(x=self.axes[0], y=self.velocity[:, 0], mode="lines", line=line, name="flow")
        zeros = self.zeros()
        rising = np.interp(zeros + 1e-6, self.axes[0], np.gradient(self.velocity[:, 0], self.axes[0])) > 0
        for chosen, name, filled in ((~rising, "stable", True), (rising, "unstable", False)):
            look = {"size": 10, "color": figure.COLOURS[1], "symbol": "circle" if filled else "circle-open"}
            drawn.add_scatter(x=zeros[chosen], y=0 * zeros[chosen], mode="markers", marker=look, name=name)
        return drawn

    def _arrows(self) -> go.Figure:
        from plotly.figure_factory import create_quiver

        from tertium import figure

        first, second = self.axes
        drawn = figure.new(x="kappa 1", y="kappa 2", width=580, height=480)
        bar = {"title": {"text": "speed (1 / time constant)", "side": "right"}, "thickness": 12, "outlinewidth": 0}
        drawn.add_heatmap(x=first, y=second, z=self.speed.T, colorscale=figure.SEQUENTIAL, zmin=0, colorbar=bar)
        step = max(1, len(first) // 15), max(1, len(second) // 15)
        some = (slice(step[0] // 2, None, step[0]), slice(step[1] // 2, None, step[1]))
        x, y = np.meshgrid(first[some[0]], second[some[1]], indexing="ij")
        way = self.velocity[some] / np.maximum(self.speed[some], 1e-12)[..., None]
        size = 0.9 * np.array([np.ptp(first) / x.shape[0], np.ptp(second) / x.shape[1]])
        u, v = (way[..., r] * size[r] for r in (0, 1))
        arrows = create_quiver(x - u / 2, y - v / 2, u, v, scale=1, arrow_scale=0.35)
        drawn.add_scatter(
            x=arrows.data[0].x, y=arrows.data[0].y, mode="lines", line={"color": "#FFFFFF", "width": 1.4},
            showlegend=False, hoverinfo="skip",
        )  # fmt: skip
        drawn.update_xaxes(range=[first[0], first[-1]])
        drawn.update_yaxes(range=[second[0], second[-1]])
        return drawn


def kappa_field(
    loadings: Loadings,
    axes: Sequence[npt.ArrayLike],
    inputs: npt.ArrayLike | None = None,
    *,
    bias: npt.ArrayLike = 0.0,
    phi: Callable[[Floats], Floats] = np.tanh,
) -> KappaField:
    """Return the flow of a low-rank network in the space of its latent variables, exactly for these very units.

    ``d kappa / dt = -kappa + N^T phi(M kappa + I v + b) / n_units`` per time constant, for constant inputs v that units
    have come to follow; no random part.

    Parameters
    ----------
    loadings : Loadings
        Rank one or two.
    axes : sequence of array-like
        For each latent variable the places, increasing.
    inputs : array-like, shape (input,), optional
        ``v``; 0 by default.
    bias : array-like, shape (unit,), or a number
        What each unit gets besides.
    phi : callable
        The units' nonlinearity, for arrays of any shape.

    Returns
    -------
    KappaField

    Raises
    ------
    BadInput
        If there are not as many axes as latent variables, more than two, or shapes do not agree.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> m = rng.normal(size=2000)
    >>> field = kappa_field(Loadings(m, 2 * m), [np.linspace(-2, 2, 41)])
    >>> field.zeros().round(1).tolist()
    [-1.3, 0.0, 1.3]
    """
    if len(axes) != loadings.rank or len(axes) > 2:
        raise BadInput("axes", got=f"{len(axes)} for rank {loadings.rank}", expected="one for each of 1 or 2 latents")
    places = tuple(np.asarray(a, dtype=np.float64) for a in axes)
    if any(a.ndim != 1 or len(a) < 2 or (np.diff(a) <= 0).any() or not np.isfinite(a).all() for a in places):
        raise BadInput("axes", got="places that do not increase", expected="at least 2 increasing numbers for each")
    n_inputs = loadings.inputs.shape[1]
    v = np.zeros(n_inputs) if inputs is None else np.asarray(inputs, dtype=np.float64)
    constant = np.asarray(bias, dtype=np.float64)
    if v.shape != (n_inputs,) or constant.shape not in ((), (loadings.n_units,)):
        raise BadInput(
            "inputs", got=f"inputs {v.shape}, bias {constant.shape}", expected=f"({n_inputs},) and one or one a unit"
        )
    kappa = np.stack([one.ravel() for one in np.meshgrid(*places, indexing="ij")], axis=1)
    driven = loadings.inputs @ v + constant
    velocity = np.empty_like(kappa)
    for start in range(0, len(kappa), 256):  # bounds the memory: one row a place
        part = kappa[start : start + 256]
        velocity[start : start + 256] = phi(part @ loadings.m.T + driven) @ loadings.n / loadings.n_units - part
    return KappaField(places, velocity.reshape(*(len(a) for a in places), loadings.rank))
