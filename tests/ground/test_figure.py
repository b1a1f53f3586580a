"""A limit line and its label stand where the axis says, whatever kind of axis it is."""

import pytest

from tertium.figure import limit_line, new


@pytest.mark.parametrize("kind", ["linear", "log"])
@pytest.mark.parametrize("first", [True, False], ids=["axis, line", "line, axis"])
@pytest.mark.parametrize(("vertical", "x", "y"), [(False, (0, 1), (0.01, 0.01)), (True, (0.01, 0.01), (0, 1))])
def test_the_label_belongs_to_the_line(kind, first, vertical, x, y):
    figure = new(x="step", y="loss")
    axes = figure.update_xaxes if vertical else figure.update_yaxes
    if first:
        axes(type=kind)
    limit_line(figure, 0.01, "solved", vertical=vertical)
    axes(type=kind)
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1, line.y0, line.y1) == (*x, *y)
    assert (line.xref, line.yref) == (("x", "y domain") if vertical else ("x domain", "y"))
    assert line.label.text == "solved"
    assert not figure.layout.annotations, "Plotly places annotations of a logarithmic axis by the exponent"


def test_labels_lie_flat_beside_their_lines():
    figure = limit_line(limit_line(new(), 2.0, "chance"), 3.0, "lesson 2", vertical=True)
    places = [(line.label.textposition, line.label.textangle, line.label.xanchor) for line in figure.layout.shapes]
    assert places == [("end", 0, "right"), ("end", 0, "left")]


def test_a_line_without_a_label_is_a_line():
    (line,) = limit_line(new(), 0.5, "").layout.shapes
    assert (line.y0, line.label.text) == (0.5, "")
