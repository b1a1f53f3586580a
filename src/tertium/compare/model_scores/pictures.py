"""The picture of `ModelScores`: means with intervals, subjects as dots, the ceiling and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.compare.model_scores.result import ModelScores


def scores_figure(found: ModelScores) -> go.Figure:
    """Draw the scores of a `ModelScores`, models in the order in which they were given."""
    count = len(found.subjects)
    spread = found.spread
    of = f"{spread.n_stimuli} stimuli, {count} subject{'s' if count > 1 else ''}" if spread else f"{count} subjects"
    bars = f"{found.level:.0%} intervals over {' and '.join(spread.over)}" if spread else "no intervals"
    drawn = figure.new(x="model", y=f"{found.words}; {found.direction}", title=f"{of}; {bars}")
    names, means = list(found.models), list(found.mean.values())
    if count > 1:
        drawn.add_scatter(
            x=[name for name in names for _ in found.subjects],
            y=found.values[: len(names)].ravel(),
            text=[subject for _ in names for subject in found.subjects],
            mode="markers",
            marker={"color": "#9A9A9A", "size": 5},
            name="subject",
            hovertemplate="%{text}: %{y:.3f}<extra></extra>",
        )
    errors = None
    if found.interval:
        low, high = zip(*found.interval.values(), strict=True)
        errors = figure.error_bars(means, list(low), list(high))
    drawn.add_scatter(
        x=names, y=means, error_y=errors, mode="markers", marker={"color": figure.COLOURS[0], "size": 9}, name="mean"
    )
    if found.chance:
        mark = {"symbol": "line-ew-open", "size": 14, "color": figure.COLOURS[6]}
        chance = list(found.chance.values())
        drawn.add_scatter(x=names, y=chance, mode="markers", marker=mark, name="shuffled stimuli")
    if found.ceiling is not None:
        figure.limit_line(drawn, found.ceiling, "the other subjects as a model")
    drawn.update_xaxes(type="category")
    drawn.update_layout(showlegend=count > 1 or bool(found.chance))
    return drawn
