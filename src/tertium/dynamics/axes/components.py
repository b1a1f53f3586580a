"""Principal components of a population: where its activity varies most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.axes.panels import shades
from tertium.dynamics.axes.population import Sessions, averages, population, same_units, smoothed, standardised
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: Most trajectories that a picture can tell apart.
MOST = 40


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Principal components of a population; see `tertium.dynamics.pca`.

    Attributes
    ----------
    axes : array, shape (unit, component)
        Orthonormal; the largest weight of each is positive.
    variances : array, shape (component,)
        Variance of the rows along each axis (over n - 1), in the squared unit of the responses.
    explained : array, shape (component,)
        Share of the total variance.
    projections : array, shape (row, time, component)
        Rows are conditions, or trials; the mean of the units is taken off.
    means, spreads : array, shape (unit,)
        What is taken off and divided by; spreads are 1 unless z-scores were asked for.
    rows : tuple of str
        What each row is.
    row_kind : str
        "condition" or "trial".
    units : tuple of str
    time : array, shape (time,)
        Seconds.
    """

    axes: Floats
    variances: Floats
    explained: Floats
    projections: Floats
    means: Floats
    spreads: Floats
    rows: tuple[str, ...]
    row_kind: str
    units: tuple[str, ...]
    time: Floats

    def project(
        self, r: Sessions, *, labels: Mapping[str, npt.ArrayLike] | None = None, dt: float | None = None
    ) -> Floats:
        """Project other responses of the same units, recorded together: (row, time, component).

        Raises
        ------
        BadInput
            If the units are others.
        """
        one = population(r, labels, dt=dt, averaged=True)
        return (same_units(one, self.units) - self.means) / self.spreads @ self.axes

    def table(self) -> pd.DataFrame:
        """Return one row a component: its variance, its share, and the share up to it."""
        import pandas as pd

        return pd.DataFrame(
            {
                "component": np.arange(1, len(self.variances) + 1),
                "variance": self.variances,
                "explained": self.explained,
                "cumulative": np.cumsum(self.explained),
            }
        )

    def figure(self) -> go.Figure:
        """Draw the share of variance of each component (bars) and up to it (line)."""
        n = f"{len(self.rows)} {self.row_kind}s × {len(self.time)} times"
        drawn = figure.new(x="component", y="share of variance (%)", title=f"{len(self.units)} units, {n}")
        places = list(range(1, len(self.variances) + 1))
        drawn.add_bar(x=places, y=100 * self.explained, name="each", marker={"color": figure.COLOURS[0]})
        line = {"color": "#444444", "width": 1.5}
        drawn.add_scatter(x=places, y=100 * np.cumsum(self.explained), name="up to it", mode="lines+markers", line=line)
        drawn.update_yaxes(range=[0, 103])
        drawn.update_xaxes(range=[0.4, len(places) + 0.6], tick0=1, dtick=max(1, len(places) // 10))
        return drawn

    def plane_figure(self, x: int = 1, y: int = 2) -> go.Figure:
        """Draw the rows' trajectories in the plane of two components, counted from 1; a ring marks the start.

        Raises
        ------
        BadInput
            If there is no such component, or there are too many rows to be told apart.
        """
        for which in (x, y):
            if not 1 <= which <= len(self.variances):
                raise BadInput("component", got=str(which), expected=f"1 to {len(self.variances)}")
        if len(self.rows) > MOST:
            raise BadInput(
                "picture",
                got=f"{len(self.rows)} {self.row_kind}s",
                expected=f"at most {MOST} that can be told apart",
                repair="Average by condition: pca(r, by=[...]).",
            )
        titles = [f"component {i} ({100 * self.explained[i - 1]:.0f} % of variance)" for i in (x, y)]
        title = f"{len(self.units)} units, {len(self.rows)} {self.row_kind}s; ring: start"
        drawn = figure.new(x=titles[0], y=titles[1], title=title, height=480)
        for name, path, hue in zip(self.rows, self.projections, shades(len(self.rows)), strict=True):
            ring = {"size": [9, *[5] * (len(path) - 1)], "symbol": ["circle-open", *["circle"] * (len(path) - 1)]}
            drawn.add_scatter(
                x=path[:, x - 1],
                y=path[:, y - 1],
                mode="lines+markers",
                name=name,
                line={"color": hue, "width": 1.5},
                marker=ring | {"color": hue},
                customdata=self.time,
                hovertemplate="%{x:.2f}, %{y:.2f} at %{customdata:.2f} s",
            )
        return drawn


def pca(
    r: Sessions,
    by: str | Sequence[str] | None = None,
    *,
    n: int | None = None,
    scale: Literal["none", "zscore"] = "none",
    missing: str = "error",
    smooth: float = 0.0,
    labels: Mapping[str, npt.ArrayLike] | None = None,
    dt: float | None = None,
) -> PrincipalComponents:
    """Find the directions in which a population's activity varies most (Pearson 1901).

    Parameters
    ----------
    r : responses, array-like of shape (trial, time, unit) or (trial, unit), or a mapping or sequence of responses
        Several sessions are put side by side, which needs ``by``.
    by : str or sequence of str, optional
        Trial labels whose combinations are averaged first, so that what varies from trial to trial does not count. All
        trials at all times are samples if not given.
    n : int, optional
        Components returned; all that there are if not given.
    scale : {"none", "zscore"}
        "zscore" divides each unit by its standard deviation over trials and times.
    missing : {"error", "drop"}
        Conditions that not every session has: refuse, or leave out.
    smooth : float
        Standard deviation of a Gaussian over time, seconds; 0 for none.
    labels, dt
        Labels of the trials, and width of a time bin in seconds, of a plain array.

    Returns
    -------
    PrincipalComponents

    Raises
    ------
    BadInput
        If the input is no responses, several sessions come without ``by``, or nothing varies.

    Examples
    --------
    >>> line = np.outer(np.arange(10.0), [3.0, 4.0])
    >>> found = pca(line)
    >>> found.axes[:, 0].round(3).tolist(), found.explained.round(6).tolist()
    ([0.6, 0.8], [1.0])
    """
    one = population(r, labels, dt=dt, averaged=by is None)
    if scale not in ("none", "zscore"):
        raise BadInput("scale", got=repr(scale), expected="'none' or 'zscore'")
    spreads = np.ones(len(one.units))
    offset = np.zeros(len(one.units))
    if scale == "zscore":
        one, offset, spreads = standardised(one)
    if by is None:
        if len(one.sessions) > 1:
            raise BadInput(
                "sessions",
                got=f"{len(one.sessions)}, whose trials have nothing in common",
                expected="one, or labels to average by",
                repair='Pass, for instance, by=["stimulus"].',
            )
        (session,) = one.sessions.values()
        values, kind = smoothed(session.values, smooth, one.dt), str(session.dims[0])
        rows = tuple(f"{kind} {name}" if kind == "trial" else str(name) for name in session[kind].values)
    else:
        names = [by] if isinstance(by, str) else list(by)
        found = averages(one, names, missing=missing, smooth=smooth)
        values, kind = found.values, "condition"
        rows = tuple(", ".join(map(str, key)) for key in found.keys)
    axes, variances, total, centre = _decompose(values, n)
    return PrincipalComponents(
        axes=axes,
        variances=variances,
        explained=variances / total,
        projections=(values - centre) @ axes,
        means=offset + spreads * centre,
        spreads=spreads,
        rows=rows,
        row_kind=kind,
        units=one.units,
        time=one.time,
    )


def _decompose(values: Floats, n: int | None) -> tuple[Floats, Floats, float, Floats]:
    """Return axes, variances along them, the total variance and the mean of rows (row, time, unit)."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1):
        raise BadInput("n", got=repr(n), expected="a whole number of components above 0, or None")
    flat = values.reshape(-1, values.shape[2])
    centre = flat.mean(0)
    _, sizes, right = np.linalg.svd(flat - centre, full_matrices=False)
    if len(flat) < 2 or sizes[0] <= 1e-12 * max(float(np.abs(centre).max()), 1e-300):
        raise BadInput("responses", got="no variance", expected="at least two samples that differ")
    kept = int((sizes > 1e-10 * sizes[0]).sum()) if n is None else min(n, len(sizes))
    axes = right[:kept].T
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(kept)])
    squares = sizes**2 / (len(flat) - 1)
    return axes, squares[:kept], float(squares.sum()), centre
