"""The picture of an RSA result: mean scores with intervals, subjects as dots, the noise ceiling as a band."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium.figure import COLOURS, band, error_bars, new

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.compare.rdm_inference.result import RSAResult

#: What the score's axis is called.
AXES: dict[str, str] = {
    "spearman": "Spearman ρ",
    "kendall_tau_a": "Kendall τ<sub>a</sub>",
    "rho_a": "ρ<sub>a</sub>",
    "pearson": "Pearson r",
    "cosine": "cosine",
    "whitened_cosine": "whitened cosine",
    "whitened_correlation": "whitened correlation",
}


def score_figure(result: RSAResult) -> go.Figure:
    """Draw the scores of an `RSAResult`.

    Parameters
    ----------
    result : RSAResult
        From `tertium.compare.rsa`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    n, s = len(result.labels), len(result.subjects)
    of = f"{n} stimuli, {s} subject{'s' if s > 1 else ''}"
    bars = f"{result.level:.0%} intervals over {_over(result)}" if result.interval else "no intervals"
    held = f"; held-out stimuli, {result.n_folds} folds" if result.n_folds else ""
    figure = new(x="model", y=f"similarity to data ({AXES[result.method]})", title=f"{of}; {bars}{held}")
    names = list(result.models)
    means = list(result.mean.values())
    if s > 1:
        figure.add_trace(
            go.Scatter(
                x=[name for name in names for _ in result.subjects],
                y=result.values[: len(names)].ravel(),
                text=[subject for _ in names for subject in result.subjects],
                mode="markers",
                marker={"color": "#9A9A9A", "size": 5},
                name="subject",
                hovertemplate="%{text}: %{y:.3f}<extra></extra>",
            )
        )
    errors = None
    if result.interval:
        low, high = zip(*result.interval.values(), strict=True)
        errors = error_bars(means, list(low), list(high))
    figure.add_trace(
        go.Scatter(
            x=names,
            y=means,
            error_y=errors,
            mode="markers",
            marker={"color": COLOURS[0], "size": 10},
            name="mean",
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    )
    if result.ceiling is not None:
        band(figure, *result.ceiling, "noise ceiling")
        # Above the band, where no error bar of a model below its ceiling crosses it.
        figure.layout.annotations[-1].update(yanchor="bottom")
        figure.update_yaxes(range=_range(result))
    figure.add_hline(y=0, line_width=1, line_color="#888888")
    figure.update_xaxes(type="category")
    figure.update_layout(showlegend=s > 1)
    return figure


def _range(result: RSAResult) -> tuple[float, float]:
    """Return an axis range that holds every dot, interval and band, with room for the band's name."""
    ends = [end for pair in result.interval.values() for end in pair]
    held = [0.0, *result.values.ravel().tolist(), *ends, *(result.ceiling or ())]
    room = 0.08 * (max(held) - min(held))
    return min(held) - room / 2, max(held) + room


def _over(result: RSAResult) -> str:
    return {None: "subjects", "both": "stimuli and subjects"}.get(result.bootstrap, str(result.bootstrap))
