"""Pictures around demixed PCA: explained variance, angles between axes, the choice of the ridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.dynamics.demixed.picture import described, grid
from tertium.errors import BadInput

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.dynamics.demixed.result import DemixedComponents


def group_colours(found: DemixedComponents) -> dict[str, str]:
    """Return the colour of each marginalisation, the same in all pictures."""
    return {name: figure.COLOURS[i % len(figure.COLOURS)] for i, name in enumerate(found.groups)}


def variance_figure(found: DemixedComponents) -> go.Figure:
    """Draw three panels: cumulative variance against PCA, each component's by marginalisation, and the whole's.

    The last panel shows signal variance where trials were given (noise subtracted), else the variance of the averages.

    Examples
    --------
    >>> from tertium.dynamics import dpca
    >>> found = dpca(np.random.default_rng(0).normal(size=(8, 3, 12)), ["stimulus"], ridge=0.1)
    >>> [trace.name for trace in variance_figure(found).data]
    ['PCA', 'dPCA', 'time', 'stimulus', 'time', 'stimulus']
    """
    whole = found.signal or found.marginal
    what = "signal variance" if found.signal else "variance of averages"
    dotted = "" if found.signal_share is None else f" (dotted: signal, {found.signal_share:.1%})"
    titles = [f"all together{dotted}", "each component alone", what]
    drawn = grid(1, 3, titles, 430, column_widths=[0.36, 0.42, 0.22], horizontal_spacing=0.1)
    number = np.arange(1, len(found) + 1)
    for values, name, colour, dash in (
        (found.explained.cumulative_pca, "PCA", "#222222", "dash"),
        (found.explained.cumulative, "dPCA", "#D55E00", "solid"),
    ):
        drawn.add_scatter(
            x=number, y=100 * values, mode="lines+markers", name=name, legend="legend2",
            line={"color": colour, "width": 1.8, "dash": dash}, marker={"size": 5, "color": colour}, row=1, col=1,
        )  # fmt: skip
    if found.signal_share is not None:
        drawn.add_hline(
            y=100 * found.signal_share, line={"color": "#888888", "width": 1, "dash": "dot"}, row=1, col=1,
        )  # fmt: skip
    colours = group_colours(found)
    for g, name in enumerate(found.groups):
        own = {"color": colours[name]}
        drawn.add_bar(
            x=number, y=100 * found.explained.by_group[:, g], name=name, marker=own, legendgroup=name, row=1, col=2
        )
    for name in found.groups:
        text = [f"{100 * whole[name]:.1f}"]
        drawn.add_bar(
            x=[100 * whole[name]], y=[name], orientation="h", name=name, marker={"color": colours[name]}, text=text,
            textposition="outside", cliponaxis=False, legendgroup=name, showlegend=False, row=1, col=3,
        )  # fmt: skip
    drawn.update_xaxes(title_text="component", row=1, col=1)
    drawn.update_xaxes(title_text="component", row=1, col=2)
    drawn.update_xaxes(
        title_text="share (%)", range=[min(0.0, 110 * min(whole.values())), 130 * max(whole.values())], col=3
    )
    drawn.update_yaxes(title_text="explained variance (%)", rangemode="tozero", row=1, col=1)
    drawn.update_yaxes(title_text="explained variance (%)", row=1, col=2)
    drawn.update_yaxes(autorange="reversed", showticklabels=False, ticks="", row=1, col=3)
    drawn.update_layout(
        title={"text": described(found), "y": 1.0, "yref": "container", "yanchor": "top", "pad": {"t": 12}},
        barmode="relative",
        margin={"t": 72, "b": 96},
        legend={"orientation": "h", "x": 0.45, "y": -0.22, "xanchor": "left"},
        legend2={"x": 0.2, "y": 0.08, "xanchor": "left", "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
    )
    return drawn


def axes_figure(found: DemixedComponents, n: int = 15) -> go.Figure:
    """Draw a matrix: above the diagonal cosines between encoders, below it correlations between components.

    Dots mark encoders that are further from orthogonal than random axes are (p < 0.001 each).

    Examples
    --------
    >>> from tertium.dynamics import dpca
    >>> found = dpca(np.random.default_rng(0).normal(size=(8, 3, 12)), ["stimulus"], ridge=0.1, n_components=2)
    >>> axes_figure(found).data[0].z.shape
    (4, 4)
    """
    n = min(n, len(found))
    upper = np.triu(np.ones((n, n), dtype=np.bool_), 1)
    matrix = np.where(upper, found.cosines[:n, :n], found.correlations[:n, :n])
    np.fill_diagonal(matrix, 1.0)
    names = [f"{found.group[i]} {found.of(found.group[i]).index(i) + 1}" for i in range(n)]
    drawn = figure.new(
        title=f"Above the diagonal: cosine of encoders ({len(found.units)} units); below: correlation of components",
        width=720,
        height=600,
    )
    figure.heatmap(
        drawn,
        matrix,
        x=names,
        y=names,
        colour="cosine, correlation",
        scale=figure.DIVERGING,
        limits=(-1, 1),
        square=True,
    )
    at = np.argwhere(found.oblique[:n, :n] & upper)
    drawn.add_scatter(
        x=[names[j] for _, j in at], y=[names[i] for i, _ in at], mode="markers",
        marker={"color": "#222222", "size": 6}, name="not orthogonal, p < 0.001", showlegend=False,
    )  # fmt: skip
    if len(at):
        drawn.update_xaxes(title_text="dot: further from orthogonal than random axes, p < 0.001")
    drawn.update_xaxes(tickangle=-45)
    return drawn


def validation_figure(found: DemixedComponents) -> go.Figure:
    """Draw the error of held-out pseudo-trials against the ridge, of each marginalisation and of all.

    Raises
    ------
    BadInput
        If the ridge was not cross-validated.
    """
    made = found.validation
    if made is None:
        raise BadInput(
            "validation", got="a ridge that was given", expected="one that was chosen", repair="Pass ridge='cv'."
        )
    drawn = figure.new(
        x="ridge (share of |X|)",
        y="error over power (held-out trials)",
        title=f"{len(made.errors)} held-out sets of pseudo-trials; line: mean, band: range; best {made.best:.3g}",
        height=420,
    )
    curves = [(name, made.errors[:, :, g], group_colours(found)[name]) for g, name in enumerate(made.groups)]
    for name, errors, colour in [*curves, ("all", made.total, "#222222")]:
        figure.lines_with_band(
            drawn, made.ridges.tolist(), errors.mean(0).tolist(), errors.min(0).tolist(), errors.max(0).tolist(),
            name, colour=colour, dash="dash" if name == "all" else "solid",
        )  # fmt: skip
    figure.limit_line(drawn, made.best, "", vertical=True)
    drawn.update_xaxes(type="log", exponentformat="power", dtick=1)
    return drawn
