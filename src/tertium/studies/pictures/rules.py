"""Pictures of every learning rule on one network: curves and angles by kind of rule, angle against speed, costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium import figure
from tertium.studies.base import Picture
from tertium.studies.methods.rules_families import CHANCE, FAMILIES
from tertium.studies.methods.rules_measures import area, compared, early, entries, reference
from tertium.studies.methods.rules_table import name_of

if TYPE_CHECKING:
    import numpy.typing as npt
    import plotly.graph_objects as go

    from tertium.studies.methods.rules_table import Entry, Group
    from tertium.studies.rules import Rules

#: Kinds of rules, as panels are called, each with its colour where all are in one picture.
KINDS: Mapping[Group, tuple[str, int]] = {
    "exact": ("the gradient", 6),
    "local": ("paths cut off", 0),
    "feedback": ("other feedback", 2),
    "differences": ("differences", 4),
    "reward": ("told how good", 1),
    "untaught": ("told nothing", 3),
}

TITLES = {
    "digits": "Digits, one hidden layer",
    "decision": "A decision, recurrent rates",
    "spikes": "Digits as spikes, recurrent",
}

#: Where numbers stand beside dots.
SIDES = ("top right", "bottom right", "top left", "bottom left")

ANSWERS, ANGLE = "right answers (%)", "angle to BPTT (degrees)"


def pictures(results: Sequence[Rules.Results]) -> Iterator[Picture]:
    """Yield curves of each family, angle against speed, costs, and refusals."""
    n = len(results)
    over = f"mean and range over {n} seeds" if n > 1 else "one seed"
    for family in FAMILIES:
        yield Picture(
            family,
            curves(results, family),
            f"{TITLES[family]}; {over}. Above: held-out trials answered correctly through training; grey: "
            f"back-propagation; dashed: chance. Below: angle between the rule's gradient and that of BPTT on "
            "held-out trials, in the network that the rule has trained; dashed: unrelated." + _remark(family),
        )
    yield Picture(
        "speed",
        speed(results),
        f"Area under the learning curve (mean share of right answers through training) against the mean angle of the "
        f"first third of it; a dot a rule that is taught and shares the family's network; {over}. Colours as above.",
    )
    yield Picture(
        "cost",
        costs(results),
        f"CPU time in which a rule fills the gradients of a batch, over that of BPTT in the same process; {over}. It "
        "is of this package, these sizes and one core: shown, not claimed. Colours as above. Equilibrium "
        "propagation and EventProp run in networks of their own.",
    )
    yield Picture(
        "refused",
        refusals(results[0]),
        "Rules of the catalogue that do not take a network, in their own words (what was got, what was expected).",
    )


def _remark(family: str) -> str:
    if family == "spikes":
        return " EventProp has a network of its own, of which it is the gradient; with one layer DECOLLE is e-prop."
    return " Equilibrium propagation has a network of its own, which settles." if family == "digits" else ""


def curves(results: Sequence[Rules.Results], family: str) -> go.Figure:
    """Draw answers above and angles below, a column a kind of rule, with a legend under each."""
    kinds = [kind for kind in KINDS if _shown(family, kind)]
    drawn = _grid(kinds)
    for column, kind in enumerate(kinds, start=1):
        legend = "legend" if column == 1 else f"legend{column}"
        lines = [(entry, figure.COLOURS[i], True) for i, entry in enumerate(_shown(family, kind))]
        for entry, colour, named in [(reference(family), "#888888", False), *lines]:
            _line(drawn, results, entry, "accuracy", colour, row=1, col=column, named=named, legend=legend)
            if named:
                _line(drawn, results, entry, "angle", colour, row=2, col=column, named=False, legend=legend)
        left = drawn.layout[f"xaxis{column if column > 1 else ''}"].domain[0]
        place = {"x": left, "y": -0.16, "xanchor": "left", "yanchor": "top", "font": {"size": 11}}
        drawn.update_layout({legend: {**place, "bgcolor": "rgba(0,0,0,0)", "traceorder": "normal"}})
    dashed = {"line": {"color": "#888888", "width": 1, "dash": "dash"}}
    drawn.add_hline(y=CHANCE[family], row=1, **dashed)
    drawn.add_hline(y=90, row=2, **dashed)
    return drawn


def _mean_and_range(rows: npt.ArrayLike) -> tuple[Any, Any, Any]:
    """Return mean, least and largest over the first axis: with few seeds an interval would hide the curves."""
    values = np.asarray(rows, dtype=float)
    return values.mean(0), values.min(0), values.max(0)


def _shown(family: str, kind: Group) -> list[Entry]:
    return [entry for entry in entries(family, [kind]) if entry is not reference(family)]


def _grid(kinds: Sequence[Group]) -> go.Figure:
    """Return empty panels, answers above and angles below, in tertium's style."""
    from plotly.subplots import make_subplots

    titles = [KINDS[kind][0] for kind in kinds]
    drawn = make_subplots(2, len(kinds), subplot_titles=titles, horizontal_spacing=0.03, vertical_spacing=0.07)
    plain = figure.new(height=620).layout
    drawn.update_layout({k: v for k, v in plain.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    drawn.update_layout(margin={"t": 36, "b": 190})
    drawn.update_annotations(font={"size": 13})
    drawn.update_xaxes({**plain.xaxis.to_plotly_json(), "title": {"text": ""}, "showticklabels": False})
    drawn.update_yaxes({**plain.yaxis.to_plotly_json(), "title": {"text": ""}, "showticklabels": False})
    drawn.update_xaxes(
        title={"text": "step", "standoff": 4, "font": {"size": 13}}, showticklabels=True, nticks=4, row=2
    )
    for row, text, limits, ticks in ((1, ANSWERS, [0, 102], [0, 50, 100]), (2, ANGLE, [-3, 125], [0, 45, 90])):
        drawn.update_yaxes(range=limits, tickvals=ticks, row=row)
        drawn.update_yaxes(
            title={"text": text, "standoff": 8, "font": {"size": 13}}, showticklabels=True, row=row, col=1
        )
    # each axis is named, those inside by the ones at the edge
    drawn.update_layout(xaxis={"title": {"text": " "}})
    return drawn


def _line(
    drawn: go.Figure,
    results: Sequence[Rules.Results],
    entry: Entry,
    what: str,
    colour: str,
    *,
    row: int,
    col: int,
    named: bool,
    legend: str,
) -> None:
    """Add the mean of one curve over seeds, with its band."""
    found = [one.curves[name_of(entry)] for one in results]
    mean, low, high = _mean_and_range([one[what] for one in found])
    x = found[0]["step"]
    place: dict[str, Any] = {"row": row, "col": col}
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    drawn.add_scatter(y=low, name=f"{entry.label}, low", **edge, **place)
    fill = {"fill": "tonexty", "fillcolor": figure.translucent(colour, 0.15)}
    drawn.add_scatter(y=high, name=f"{entry.label}, high", **fill, **edge, **place)
    line = {"color": colour, "width": 2 if named or what == "angle" else 1.5}
    if colour == figure.COLOURS[4]:  # the fifth line of a panel lies on another one: DECOLLE on e-prop
        line["dash"] = "dash"
    drawn.add_scatter(x=x, y=mean, mode="lines", line=line, name=entry.label, showlegend=named, legend=legend, **place)


def speed(results: Sequence[Rules.Results]) -> go.Figure:
    """Draw the area under the learning curve against the early angle, a panel a family, every dot numbered."""
    drawn = _stacked([TITLES[family] for family in FAMILIES], "mean angle, first third of training (degrees)", ANSWERS)
    for row, family in enumerate(FAMILIES, start=1):
        legend = "legend" if row == 1 else f"legend{row}"
        order = sorted(compared(family), key=lambda e: sum(early(one.curves[name_of(e)]["angle"]) for one in results))
        for place, entry in enumerate(order):
            kind, colour = KINDS[entry.group]
            found = [one.curves[name_of(entry)] for one in results]
            x, *x_ends = (float(v) for v in _mean_and_range([early(one["angle"]) for one in found]))
            y, *y_ends = (float(v) for v in _mean_and_range([area(one["accuracy"]) for one in found]))
            thin = {"thickness": 1, "width": 0}
            drawn.add_scatter(
                x=[x],
                y=[y],
                error_x=figure.error_bars([x], [x_ends[0]], [x_ends[1]]) | thin,
                error_y=figure.error_bars([y], [y_ends[0]], [y_ends[1]]) | thin,
                mode="markers+text",
                cliponaxis=False,
                text=[str(place + 1)],
                # neighbours have their numbers on different sides
                textposition=SIDES[place % len(SIDES)],
                textfont={"size": 11},
                marker={"color": figure.COLOURS[colour], "size": 8},
                name=f"{place + 1} {entry.label}",
                hovertext=kind,
                legend=legend,
                row=row,
                col=1,
            )
        top = drawn.layout[f"yaxis{row if row > 1 else ''}"].domain[1]
        beside = {"x": 1.02, "y": top, "xanchor": "left", "yanchor": "top", "font": {"size": 11}}
        drawn.update_layout({legend: {**beside, "bgcolor": "rgba(0,0,0,0)", "tracegroupgap": 0}})
    drawn.update_xaxes(range=[-3, 100], tickvals=[0, 30, 60, 90])
    return drawn


def _stacked(titles: Sequence[str], x: str, y: str) -> go.Figure:
    """Return empty panels one above the other."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(len(titles), 1, subplot_titles=list(titles), vertical_spacing=0.09)
    plain = figure.new(height=300 * len(titles)).layout
    drawn.update_layout({k: v for k, v in plain.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    drawn.update_layout(margin={"t": 36, "r": 190})
    drawn.update_annotations(font={"size": 13})
    style = {"standoff": 6, "font": {"size": 13}}
    drawn.update_xaxes({**plain.xaxis.to_plotly_json(), "title": {"text": x, **style}})
    drawn.update_yaxes({**plain.yaxis.to_plotly_json(), "title": {"text": y, **style}})
    return drawn


def costs(results: Sequence[Rules.Results]) -> go.Figure:
    """Draw what a step costs, over BPTT, as bars that begin at BPTT's; a panel a family."""
    from plotly.subplots import make_subplots

    drawn = make_subplots(1, len(FAMILIES), subplot_titles=list(TITLES.values()), horizontal_spacing=0.2)
    plain = figure.new(height=480).layout
    drawn.update_layout({k: v for k, v in plain.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
    drawn.update_layout(margin={"t": 36}, bargap=0.35, showlegend=False)
    drawn.update_annotations(font={"size": 13})
    drawn.update_xaxes(
        {
            **plain.xaxis.to_plotly_json(),
            "type": "log",
            "tickvals": [0.3, 1, 3, 10, 30, 100],
            "title": {"text": "time over BPTT's", "font": {"size": 13}},
        }
    )
    drawn.update_yaxes({**plain.yaxis.to_plotly_json(), "title": {"text": ""}, "autorange": "reversed", "ticks": ""})
    drawn.update_yaxes(title={"text": "rule", "font": {"size": 13}}, row=1, col=1)
    for column, family in enumerate(FAMILIES, start=1):
        for entry in entries(family):
            # a ratio: the mean is of its logarithm
            found = _mean_and_range(np.log([one.costs[name_of(entry)] for one in results]))
            middle, low, high = (float(np.exp(value)) for value in found)
            drawn.add_bar(
                y=[entry.label],
                base=[1.0],
                x=[middle - 1],
                error_x=figure.error_bars([middle], [low], [high]) | {"color": "#444444"},
                orientation="h",
                marker={"color": figure.COLOURS[KINDS[entry.group][1]]},
                name=KINDS[entry.group][0],
                row=1,
                col=column,
            )
    return drawn


def refusals(result: Rules.Results) -> go.Figure:
    """Draw a table: family, rules, and the reason that they share."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for key, words in result.refused.items():
        family, rule = key.split()
        reason = words.split(": ", 1)[1].replace(f"'{rule}'", "it")
        reasons.setdefault((family, reason), []).append(rule)
    rows = [(family, ", ".join(rules), reason) for (family, reason), rules in reasons.items()]
    drawn = figure.new(height=1080)
    look: dict[str, Any] = {"align": "left", "fill": {"color": "rgba(0,0,0,0)"}, "line": {"color": "#888888"}}
    look["font"] = {"color": "#222222", "size": 11}
    drawn.add_table(
        columnwidth=[1, 3, 7],
        header={"values": ["network", "rules", "why not"], **look},
        cells={"values": [list(column) for column in zip(*rows, strict=True)], "height": 26, **look},
    )
    drawn.update_layout(xaxis={"visible": False}, yaxis={"visible": False}, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return drawn
