"""Pictures of teachers and their low-rank students: ranks, trajectories, inactivations, selection, currents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.axes.panels import panels, shades
from tertium.studies.methods.valente_networks import CONTEXTS

if TYPE_CHECKING:
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

TEACHER, STUDENT, CUT = "#222222", figure.COLOURS[0], figure.COLOURS[1]

#: Seconds at which evidence begins and ends.
EVIDENCE = (0.44, 1.24)


def explained(results: Sequence[Any]) -> go.Figure:
    """Draw the explained share against the rank, of students and truncated teachers, for each set of trials."""
    sets = {"both": "both contexts", **{name: f"judge {name}" for name in CONTEXTS}}
    drawn = panels(list(sets.values()), x="rank", y=["explained share of the variance", "", ""])
    shown = [
        field[name][: len(one.explained[name])]
        for one in results
        for field in (one.explained, one.cut)
        for name in sets
    ]
    least = min(0.0, *(float(values.min()) for values in shown))
    for column, name in enumerate(sets, start=1):
        most = len(results[0].explained[name])
        for label, field, hue in (("student", "explained", STUDENT), ("truncated teacher", "cut", CUT)):
            every = np.array([getattr(one, field)[name][:most] for one in results])
            _curve(drawn, np.arange(most), every, label, hue, column)
        ceiling = float(np.mean([one.ceiling[name] for one in results]))
        drawn.add_hline(y=ceiling, line={"color": "#888888", "width": 1, "dash": "dash"}, row=1, col=column)
        drawn.update_yaxes(range=[least - 0.05, 1.04], row=1, col=column)
        drawn.update_xaxes(dtick=1, row=1, col=column)
    drawn.update_layout(legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center"}, margin={"b": 90})
    return drawn


def epochs(results: Sequence[Any]) -> go.Figure:
    """Draw the explained share of each epoch against the rank."""
    drawn = figure.new(x="rank", y="explained share of the variance", height=360)
    for number, name in enumerate(results[0].by_epoch):
        every = np.array([one.by_epoch[name] for one in results])
        ranks = list(range(every.shape[1]))
        hue = figure.COLOURS[(0, 2, 4)[number % 3]]
        figure.lines_with_band(
            drawn, ranks, every.mean(0).tolist(), every.min(0).tolist(), every.max(0).tolist(), name, colour=hue
        )
    drawn.update_yaxes(range=[min(0.0, min(float(v.min()) for r in results for v in r.by_epoch.values())) - 0.03, 1.04])
    drawn.update_xaxes(dtick=1)
    return drawn


def _curve(drawn: go.Figure, x: npt.NDArray[np.int64], every: Floats, label: str, hue: str, column: int) -> None:
    """Add a mean with its range as error bars."""
    mean = every.mean(0)
    drawn.add_scatter(
        x=x,
        y=mean,
        error_y=figure.error_bars(mean.tolist(), every.min(0).tolist(), every.max(0).tolist()) | {"color": hue},
        mode="lines+markers",
        line={"color": hue, "width": 2},
        marker={"size": 7},
        name=label,
        legendgroup=label,
        showlegend=column == 1,
        row=1,
        col=column,
    )


def trajectories(one: Any) -> go.Figure:
    """Draw mean rates of some units by choice, of teacher, student and truncated teacher."""
    from plotly.subplots import make_subplots

    shown = one.shown
    n = len(shown["units"])
    drawn = make_subplots(2, (n + 1) // 2, horizontal_spacing=0.07, vertical_spacing=0.2)
    plain = figure.new(height=520)
    drawn.update_layout(plain.layout)
    for k in range(n):
        where = {"row": 1 + k // ((n + 1) // 2), "col": 1 + k % ((n + 1) // 2)}
        for name, hue, dash, width in (
            ("teacher", TEACHER, "solid", 2.5),
            ("student", STUDENT, "dash", 2),
            ("truncated", CUT, "dot", 1.5),
        ):
            for choice in (0, 1):
                drawn.add_scatter(
                    x=shown["time"],
                    y=shown[name][0, choice, :, k],
                    mode="lines",
                    line={"color": hue, "dash": dash, "width": width},
                    name=name,
                    legendgroup=name,
                    showlegend=k == 0 and choice == 0,
                    **where,
                )
        for update, style, text in (
            (drawn.update_xaxes, plain.layout.xaxis, "time (s)"),
            (drawn.update_yaxes, plain.layout.yaxis, "rate (tanh)" if where["col"] == 1 else ""),
        ):
            update({**style.to_plotly_json(), "title": {"text": text, "standoff": 6, "font": {"size": 13}}}, **where)
        drawn.update_yaxes(range=[-1.05, 1.05], **where)
    return drawn


def inactivations(results: Sequence[Any]) -> go.Figure:
    """Draw performances after inactivation, teacher against student, with the same and with other units cut."""
    rs = [[getattr(one, field) for one in results] for field in ("inactivation_r", "inactivation_r_random")]
    titles = [f"{what}: r = {np.mean(r):.2f}" for what, r in zip(("same units", "other units"), rs, strict=True)]
    drawn = panels(titles, x="student, fraction correct", y=["teacher, fraction correct", ""])
    for column, name in enumerate(("student", "random"), start=1):
        for i, context in enumerate(CONTEXTS):
            drawn.add_scatter(
                x=np.concatenate([one.inactivated[name][:, i] for one in results]),
                y=np.concatenate([one.inactivated["teacher"][:, i] for one in results]),
                mode="markers",
                marker={"size": 6, "color": figure.COLOURS[i], "opacity": 0.5},
                name=f"judge {context}",
                legendgroup=context,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        dash = {"color": "#888888", "width": 1, "dash": "dash"}
        drawn.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=dash, showlegend=False, row=1, col=column)
        drawn.update_xaxes(range=[0.0, 1.03], row=1, col=column)
        drawn.update_yaxes(range=[0.0, 1.03], row=1, col=column)
    return drawn


def selection(results: Sequence[Any]) -> go.Figure:
    """Draw overlaps of selection vectors, and how they pick up the inputs."""
    drawn = panels(
        ["overlap with the teacher's", "pick-up of inputs"], x="vector of", y=["|cosine|", "input · selection vector"]
    )
    overlaps = np.array([one.overlaps for one in results])
    sets = {
        "student,<br>same context": overlaps[:, [0, 1], [0, 1]],
        "student,<br>other context": overlaps[:, [0, 1], [1, 0]],
        "teacher,<br>other context": np.array([[one.teacher_overlap] for one in results]),
    }
    for place, values in enumerate(sets.values()):
        for i in range(values.shape[1]):
            hue = figure.COLOURS[i] if values.shape[1] > 1 else TEACHER
            drawn.add_scatter(
                x=_spread(place + 0.16 * (i - (values.shape[1] - 1) / 2), len(values)),
                y=values[:, i],
                mode="markers",
                marker={"size": 8, "color": hue, "opacity": 0.8},
                name=f"judge {CONTEXTS[i]}",
                showlegend=place == 0,
                row=1,
                col=1,
            )
    drawn.update_xaxes(tickvals=[0, 1, 2], ticktext=list(sets), range=[-0.5, 2.5], row=1, col=1)
    drawn.update_yaxes(range=[0, 1.03], row=1, col=1)
    drawn.add_hline(y=0.7, line={"color": "#888888", "width": 1, "dash": "dash"}, row=1, col=1)
    for place, name in enumerate(("teacher", "student")):
        picked = np.abs([one.picked[name] for one in results])
        for i in range(len(CONTEXTS)):
            for j, kind in ((i, "relevant"), (1 - i, "irrelevant")):
                drawn.add_scatter(
                    x=_spread(2 * place + (kind == "irrelevant") + 0.16 * (i - 0.5), len(picked)),
                    y=picked[:, i, j],
                    mode="markers",
                    marker={"size": 8, "color": figure.COLOURS[i], "opacity": 0.8},
                    showlegend=False,
                    row=1,
                    col=2,
                )
    names = [f"{who},<br>{kind}" for who in ("teacher", "student") for kind in ("relevant", "irrelevant")]
    drawn.update_xaxes(tickvals=[0, 1, 2, 3], ticktext=names, range=[-0.5, 3.5], row=1, col=2)
    drawn.update_yaxes(rangemode="tozero", row=1, col=2)
    return drawn


def _spread(at: float, n: int) -> Floats:
    """Return places side by side around a tick."""
    return at + (np.linspace(-0.05, 0.05, n) if n > 1 else np.zeros(n))


def currents(one: Any) -> go.Figure:
    """Draw the latent current of the decision by relevant evidence, in both contexts."""
    found = one.currents
    drawn = panels([f"judge {name}" for name in CONTEXTS], x="time (s)", y=["latent current (a.u.)", ""])
    hues = shades(len(found["levels"]))
    for i in range(len(CONTEXTS)):
        for k, level in enumerate(found["levels"]):
            drawn.add_scatter(
                x=found["time"],
                y=found["mean"][i, k],
                mode="lines",
                line={"color": hues[k], "width": 2},
                name=f"{level:+g}",
                legendgroup=f"{level:+g}",
                legendgrouptitle={"text": "relevant evidence"} if k == 0 else None,
                showlegend=i == 0,
                row=1,
                col=i + 1,
            )
        for at in EVIDENCE:
            drawn.add_vline(x=at, line={"color": "#888888", "width": 1, "dash": "dot"}, row=1, col=i + 1)
    return drawn
