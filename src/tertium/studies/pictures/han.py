"""Pictures of han2023: opposite rankings, students by measure, the rotated teacher, what measures are good for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.han_measures import ACTIVITY, BATTERY, ROTATION_FREE, UNIT_BY_UNIT, rank_correlations
from tertium.studies.pictures.over_seeds import mean_and_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.han2023 import Han2023

#: Measures whose scores are drawn against each other, and students by what they learned.
_PAIR = ("CCA", "CKA")
_GOALS = ("imitates", "same task", "noisy labels", "autoencoder", "sibling", "untrained")


def pictures(results: Sequence[Han2023.Results]) -> Iterator[Picture]:
    """Yield all pictures."""
    n, students = len(results), len(results[0].kinds)
    over = f"n = {n} seed{'s' if n > 1 else ''}"
    rates = {
        name: np.mean([getattr(one, f"rate{name}") for one in results])
        for name in ("", "_without_canonical", "_as_wide", "_copies")
    }
    yield Picture(
        "opposite",
        opposite(results),
        f"How often two measures rank two of {students} students oppositely, both beyond their paired 95 % intervals "
        f"over stimuli; per cent of all pairs of students, mean over {over}. Mean of all cells {rates['']:.1%}; "
        f"without CCA and SVCCA {rates['_without_canonical']:.1%}; of students as wide as the teacher "
        f"{rates['_as_wide']:.1%}; of copies of one student {rates['_copies']:.1%}.",
    )
    yield Picture(
        "students",
        students_by_two(results[0]),
        f"All students of the first seed by two measures, 1 for the teacher itself; colour: what was learned; size: "
        f"the width of the layer; n = {students}. Lines join the moments of one student's training.",
    )
    yield Picture(
        "rotated",
        rotated(results),
        f"What measures say of the teacher's own activity after a rotation of its units, a random invertible map, and "
        f"another order of units; mean and 95 % interval over {over}. Dotted: 0.7.",
    )
    yield Picture(
        "uses",
        uses(results),
        f"Spearman's correlation over {students} students of each measure with two things a comparison may be for: "
        f"agreement with the teacher's answers to new kinds of stimuli, and correspondence of units (receptive "
        f"fields); mean and 95 % interval over {over}. Measures of answers are hollow: that they predict answers is "
        f"no news.",
    )


def opposite(results: Sequence[Han2023.Results]) -> go.Figure:
    """Draw the matrix of measures."""
    drawn = figure.new(height=560, width=680)
    mean = 100 * np.mean([one.opposite for one in results], axis=0)
    np.fill_diagonal(mean, np.nan)
    figure.heatmap(drawn, mean, x=BATTERY, y=BATTERY, colour="opposite rankings (% of pairs of students)", square=True)
    drawn.data[0].update(
        text=np.where(np.isnan(mean), "", np.char.mod("%.0f", np.nan_to_num(mean))), texttemplate="%{text}"
    )
    drawn.update_xaxes(tickangle=-45)
    return drawn


def students_by_two(one: Han2023.Results) -> go.Figure:
    """Draw students by two measures that disagree."""
    x, y = (one.scores[BATTERY.index(name)] for name in _PAIR)
    drawn = figure.new(x="CCA (mean canonical correlation)", y="CKA (unbiased)", height=460)
    for goal, colour in zip(_GOALS, figure.COLOURS, strict=False):
        ways = [k for k in dict.fromkeys(one.kinds) if k.startswith(goal)]
        for i, way in enumerate(ways):
            here = [k for k, kind in enumerate(one.kinds) if kind == way]
            big = 13 if way.endswith(", wide") else 6 if way.endswith("narrow") else 9
            drawn.add_scatter(
                x=x[here],
                y=y[here],
                mode="lines+markers",
                line={"color": figure.translucent(colour, 0.45), "width": 1},
                marker={"size": big, "color": colour},
                name=goal,
                legendgroup=goal,
                showlegend=i == 0,
                text=[f"{way}, {one.steps[k]} steps" for k in here],
                hovertemplate="%{text}<extra></extra>",
            )
    drawn.update_layout(legend={"itemsizing": "constant"})
    return drawn


def rotated(results: Sequence[Han2023.Results]) -> go.Figure:
    """Draw what measures say of the teacher rotated, mapped, reordered."""
    drawn = figure.new(x="measure", y="similarity to the teacher", height=440)
    others = [name for name in ACTIVITY if name not in (*ROTATION_FREE, *UNIT_BY_UNIT)]
    names = [*ROTATION_FREE, *others, *UNIT_BY_UNIT]
    order = [list(ACTIVITY).index(name) for name in names]
    for what, shown, colour in (
        ("rotated", "rotated", figure.COLOURS[0]),
        ("mapped", "invertible map", figure.COLOURS[1]),
        ("reordered", "units reordered", figure.COLOURS[6]),
    ):
        mean, half = mean_and_interval([one.turned[what][order] for one in results])
        figure.bars(drawn, names, mean.tolist(), (mean - half).tolist(), (mean + half).tolist(), shown, colour=colour)
    drawn.add_hline(y=0.7, line={"color": "#888888", "width": 1, "dash": "dot"})
    drawn.update_yaxes(range=[0, 1.08])
    drawn.update_xaxes(tickangle=-35)
    drawn.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return drawn


def uses(results: Sequence[Han2023.Results]) -> go.Figure:
    """Draw how well each measure predicts each use."""
    drawn = figure.new(
        x="predicts agreement on new kinds of stimuli (Spearman)",
        y="predicts correspondence of units (Spearman)",
        height=500,
    )
    rows = {
        use: mean_and_interval([rank_correlations(one.scores, one.uses[use]) for one in results])
        for use in ("generalisation", "units")
    }
    (x, wide), (y, high) = rows["generalisation"], rows["units"]
    for i, name in enumerate(BATTERY):
        colour = figure.COLOURS[i % len(figure.COLOURS)]
        symbol = "circle" if i < len(figure.COLOURS) else "diamond"
        symbol += "" if name in ACTIVITY else "-open"
        drawn.add_scatter(
            x=[x[i]],
            y=[y[i]],
            error_x={"type": "data", "array": [wide[i]], "thickness": 1, "width": 0, "color": colour},
            error_y={"type": "data", "array": [high[i]], "thickness": 1, "width": 0, "color": colour},
            mode="markers",
            marker={"size": 10, "color": colour, "symbol": symbol},
            name=name,
        )
    return drawn
