"""Selection vectors of systems whose left and right eigenvectors are planted."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.dynamics import fixed_points, selection_vector
from tertium.errors import BadInput

RNG = np.random.default_rng(0)
UNITS = 12
LINE = np.linalg.qr(RNG.normal(size=(UNITS, 1)))[0][:, 0]
MOTION, COLOUR = RNG.normal(size=(2, UNITS))


def orthogonal_to(vector, others):
    """Return the part of a vector that is orthogonal to the others."""
    basis = np.linalg.qr(np.transpose(others))[0]
    return vector - basis @ (basis.T @ vector)


def selections():
    """Two selection vectors, each blind for the other input, with s . line = 1."""
    found = []
    for other in (COLOUR, MOTION):
        free = orthogonal_to(RNG.normal(size=UNITS), [other, LINE])
        found.append(orthogonal_to(LINE, [other]) / (LINE @ orthogonal_to(LINE, [other])) + 2 * free)
    return found


CHOSEN = selections()


def system(context, slow=-0.01, time="continuous"):
    """Return a linear system: one slow mode along the line, read by the planted vector, all others decaying at 1."""
    jacobian = -np.eye(UNITS) + (1 + slow) * np.outer(LINE, CHOSEN[context])
    drive = np.stack([MOTION, COLOUR], axis=1)
    step = 0.1

    def velocity(h, x):
        return h @ jacobian.T + x @ drive.T

    return velocity if time == "continuous" else lambda h, x: h + step * velocity(h, x)


def points(context, time="continuous"):
    return fixed_points(system(context, time=time), RNG.normal(size=(5, UNITS)), np.zeros(2), time=time)


@pytest.fixture(scope="module")
def found():
    both = {"motion": points(0), "colour": points(1)}
    return selection_vector(
        both, {"motion": 0, "colour": 1}, relevant={"motion": "motion", "colour": "colour"}, towards=LINE
    )


def test_planted_line_and_selection_vectors_are_found(found):
    np.testing.assert_allclose(found.lines, [LINE, LINE], atol=1e-9)
    np.testing.assert_allclose(found.selections, CHOSEN, atol=1e-8)
    np.testing.assert_allclose(found.eigenvalues[:, 0], -0.01, atol=1e-10)
    np.testing.assert_allclose(found.eigenvalues[:, 1], -1, atol=1e-8)
    expected = [[CHOSEN[0] @ MOTION, 0], [0, CHOSEN[1] @ COLOUR]]
    np.testing.assert_allclose(found.strengths, expected, atol=1e-7)
    assert found.line_angles[0, 1] == pytest.approx(0, abs=1e-4)
    cosine = CHOSEN[0] @ CHOSEN[1] / np.prod(np.linalg.norm(CHOSEN, axis=1))
    assert found.selection_angles[0, 1] == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-6)


def test_a_pulse_ends_where_the_projection_says(found):
    """The peer: simulate the pulse and wait until the fast modes have gone."""
    for context in range(2):
        velocity = system(context)
        for j in range(2):
            h = found.mean_drives[context, j][None].copy()
            for _ in range(2000):
                h = h + 0.01 * velocity(h, np.zeros((1, 2)))
            # the slow mode itself has decayed by (1 - 0.01 * 0.01) ** 2000
            assert h[0] @ LINE == pytest.approx(found.strengths[context, j] * (1 - 1e-4) ** 2000, abs=1e-6)


def test_ratio_of_a_vector_that_is_not_blind():
    jacobian = -np.eye(2) + np.outer([1.0, 0.0], [1.0, 0.25])
    flat = fixed_points(lambda h, x: h @ jacobian.T + x, np.zeros((1, 2)), np.zeros(2), time="continuous")
    one = selection_vector(flat, {"a": 0, "b": [0.0, 1.0]}, relevant={"": "a"})
    assert one.ratios == pytest.approx([4.0])
    assert selection_vector(flat, {"a": 0, "b": 1}, relevant={"": "b"}).ratios == pytest.approx([0.25])
    assert one.table()["projection"].tolist() == pytest.approx([1.0, 0.25])


def test_discrete_and_continuous_time_agree(found):
    both = {"motion": points(0, "discrete"), "colour": points(1, "discrete")}
    again = selection_vector(both, {"motion": 0, "colour": 1}, towards=LINE)
    np.testing.assert_allclose(again.selections, found.selections, atol=1e-8)
    np.testing.assert_allclose((again.eigenvalues - 1) / 0.1, found.eigenvalues, atol=1e-7)
    # inputs come in at a tenth of the strength in a step of a tenth
    np.testing.assert_allclose(again.strengths, 0.1 * found.strengths, atol=1e-8)


def curved(h, x):
    """A ring of fixed points: an arc of it is a curved line with as many tangents as points."""
    radius = np.linalg.norm(h, axis=1, keepdims=True)
    return h * (1 - radius) + x


def test_signs_are_turned_alike_along_a_curved_line():
    angles = np.linspace(0.2, 1.2, 9)
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # an arc is degenerate, so it is handed over as slow points: fixed to 1e-3 by a weak pull to the diagonal
    pull = np.array([[-1e-3, 1e-3], [1e-3, -1e-3]])
    slow = fixed_points(lambda h, x: curved(h, x) + h @ pull.T, arc, np.zeros(2), time="continuous", iterations=1)
    assert len(slow.slow) + len(slow) >= 2
    one = selection_vector(slow, {"x": 0, "y": 1}, towards=[-1.0, 1.0])
    tangents = np.stack([-one.points[:, 1], one.points[:, 0]], axis=1)
    assert ((one.right * tangents).sum(1) > 0.99 * np.linalg.norm(tangents, axis=1)).all()
    assert np.all(np.diff(one.positions) > 0)
    np.testing.assert_allclose((one.left * one.right).sum(1), 1, atol=1e-9)


def test_without_a_direction_the_contexts_agree_with_the_first():
    both = {"a": points(0), "b": points(1)}
    one = selection_vector(both, {"motion": 0})
    assert one.lines[0] @ one.lines[1] > 0.999
    assert one.lines[0][np.abs(one.lines[0]).argmax()] > 0


def test_tables_of_a_context_are_put_together_and_turning_points_left_out():
    turning = -0.5 * np.eye(2) + np.array([[0.0, -1.0], [1.0, 0.0]])
    spiral = fixed_points(lambda h, x: h @ turning.T + x, np.zeros((1, 2)), np.zeros(2), time="continuous")
    straight = fixed_points(lambda h, x: h * [-0.01, -1.0] + x, np.zeros((1, 2)), np.zeros(2), time="continuous")
    one = selection_vector({"c": [spiral, straight]}, {"x": 0})
    assert one.used.tolist().count(True) == 1
    assert len(one.points) == 2
    assert one.strengths == pytest.approx(np.array([[1.0]]))
    with pytest.raises(BadInput, match="the state turns"):
        selection_vector(spiral, {"x": 0})


def test_the_same_points_give_the_same_vectors():
    both = {"a": points(0), "b": points(1)}
    first, again = (selection_vector(both, {"motion": 0, "colour": 1}) for _ in range(2))
    np.testing.assert_array_equal(first.selections, again.selections)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"points": {}}, "no context"),
        ({"points": {"a": []}}, "points of context 'a': got none"),
        ({"inputs": {}}, "inputs: got none"),
        ({"inputs": {"motion": 2}}, "input 'motion'"),
        ({"inputs": {"motion": [1.0]}}, "input 'motion': got shape"),
        ({"inputs": {"motion": [1.0, np.nan]}}, "not finite"),
        ({"relevant": {"": "sound"}}, "relevant"),
        ({"relevant": {"b": "motion"}}, "relevant"),
        ({"towards": np.zeros(UNITS)}, "towards"),
        ({"towards": np.ones(3)}, "towards: got shape"),
        ({"towards": orthogonal_to(np.ones(UNITS), [LINE])}, "orthogonal to the line"),
    ],
)
def test_what_cannot_be_used_is_refused(change, match):
    given = {"points": points(0), "inputs": {"motion": 0}} | change
    with pytest.raises(BadInput, match=match):
        selection_vector(given.pop("points"), given.pop("inputs"), **given)


def test_points_of_different_systems_are_refused():
    small = fixed_points(lambda h, x: -h + x, np.zeros((1, 2)), np.zeros(2), time="continuous")
    with pytest.raises(BadInput, match="different systems"):
        selection_vector({"a": points(0), "b": small}, {"motion": 0})


def test_ratios_need_relevant_inputs():
    with pytest.raises(BadInput, match="no relevant inputs"):
        _ = selection_vector(points(0), {"motion": 0, "colour": 1}).ratios
    with pytest.raises(BadInput, match="one input"):
        _ = selection_vector(points(0), {"motion": 0}, relevant={"": "motion"}).ratios


def test_table_and_figures_say_the_same(found):
    table = found.table()
    assert len(table) == 4
    np.testing.assert_allclose(table["projection"], found.strengths.ravel())
    assert table["relevant"].tolist() == [True, False, False, True]
    # an input that the selection vector does not see is orthogonal to it
    assert table["from_selection_degrees"][1] == pytest.approx(90, abs=1e-5)
    drawn = found.figure()
    ends = [t.x[0] for t in drawn.data if t.name and t.name.endswith(": end")]
    scale = found.strengths[0, 0] / ends[0]
    np.testing.assert_allclose(np.array(ends) * scale, found.strengths.ravel(), atol=1e-6)
    assert drawn.layout.xaxis.title.text
    assert drawn.layout.yaxis.title.text
    assert len(found.along_figure().data) == 4
