"""The classifier: right on the zoo, honest where evidence is short or does not agree."""

from functools import partial

import numpy as np
import pytest

from tertium.dynamics import classify_attractor
from tertium.dynamics.exponents.recurrence import motion
from tertium.errors import BadInput
from tertium.studies.methods.zoo import draw_starts, linear, specimens

ZOO = specimens()
LONG = ["two oscillators, 1 : √2", "Rössler, c = 2.5", "Rössler, c = 3.5", "Rössler, c = 5.7", "Lorenz, rho = 28"]


def classify(name, steps, **options):
    one = ZOO[name]
    starts = draw_starts(one, 1, np.random.default_rng(0))
    common = {"time": one.time, "dt": one.dt, "transient": round(one.length * 1000)}
    return classify_attractor(one.step, starts, steps=round(one.length * steps), **common, **options)


@pytest.mark.parametrize("name", sorted(set(ZOO) - set(LONG)))
def test_the_kind_is_that_of_the_zoo(name):
    found = classify(name, 2500)
    assert found.kind == ZOO[name].kind, found.reasons


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_the_kind_is_that_of_the_zoo_where_it_takes_long(name):
    found = classify(name, 8000)
    assert found.kind == ZOO[name].kind, found.reasons


def test_periods_are_those_of_the_closed_form():
    assert classify("Hopf, mu = 0.2", 2500).periods[0] == pytest.approx(2 * np.pi, abs=1e-3)
    assert classify("Van der Pol", 2500).periods[0] == pytest.approx(6.6633, abs=1e-3)


def test_a_short_run_of_chaos_is_undecided():
    found = classify("Lorenz, rho = 28", 100)
    assert found.kind == "undecided"
    assert "not told from zero" in found.reasons[0]


@pytest.mark.parametrize("name", ["Lorenz, rho = 28", "Rössler, c = 5.7", "two oscillators, 1 : √2"])
def test_runs_of_any_length_are_right_or_undecided(name):
    for steps in (100, 400):
        assert classify(name, steps).kind in ("undecided", ZOO[name].kind)


def test_evidence_that_disagrees_is_undecided():
    centre = partial(linear, matrix=np.array([[0.0, 1.0], [-1.0, 0.0]]))
    found = classify_attractor(centre, [1.0, 0.0], time="continuous", dt=0.05, steps=5000, transient=100)
    assert found.kind == "undecided"
    assert "but it repeats itself" in found.reasons[0]
    resting = classify_attractor(lambda h, x: 4 * np.asarray(h) * (1 - h), [0.0], steps=500, transient=10)
    assert resting.kind == "undecided"
    assert "unstable" in resting.reasons[0]


def test_starts_are_told_apart_one_by_one():
    def bistable(h, x):  # from below 0 off to minus infinity, from above to 1
        return np.asarray(h) * (1 - h)

    starts = np.array([[0.5], [-0.1], [2.0]])
    found = classify_attractor(bistable, starts, time="continuous", dt=0.1, steps=500, transient=500)
    assert found.kinds == ("fixed point", "unbounded", "fixed point")
    assert found.kind == "several"
    assert found.bounded.tolist() == [True, False, True]
    table = found.table()
    assert np.isnan(table["exponent1"][1])
    assert table["exponent1"][0] == pytest.approx(-1, abs=1e-3)
    names = {t.name for t in found.figure().data}
    assert names == {"fixed point", "exponent 1"}


def test_where_all_are_unbounded_there_is_no_spectrum():
    found = classify("linear, unstable", 2500)
    assert found.spectrum is None
    assert found.figure().data == ()


def test_a_run_that_still_grows_is_undecided():
    found = classify("linear, unstable", 500)  # too short to pass the bound
    assert found.kind == "undecided"
    assert "more and more" in found.reasons[0]


@pytest.mark.slow
def test_tori_need_more_exponents_than_they_have_dimensions():
    found = classify("two oscillators, 1 : √2", 5000, n_exponents=2)
    assert found.kind == "undecided"
    assert "ask for more" in found.reasons[0]


def test_a_run_is_told_to_rest_to_repeat_or_neither():
    t = np.arange(0, 100, 0.05)
    cycle = np.stack([np.cos(t) + 0.3 * np.cos(2 * t), np.sin(t)], axis=1)
    assert motion(cycle, "continuous", 1e-3).period * 0.05 == pytest.approx(2 * np.pi, abs=1e-4)
    torus = np.stack([np.cos(t), np.sin(np.sqrt(2) * t)], axis=1)
    assert np.isnan(motion(torus, "continuous", 1e-3).period)
    assert motion(torus, "continuous", 1e-3).mismatch > 1e-3
    assert motion(np.exp(-t / 10)[:, None] * cycle, "continuous", 1e-3).rests
    assert motion(np.tile([[0.0], [1.0], [2.0], [1.5], [0.5]], (40, 1)), "discrete", 1e-3).period == 5


@pytest.mark.parametrize(
    ("change", "said"), [({"resolution": 0}, "above 0"), ({"same": -1}, "above 0"), ({"dt": None}, "Pass dt=0.01")]
)
def test_what_cannot_be_told_is_refused(change, said):
    with pytest.raises(BadInput, match=said):
        classify_attractor(lambda h, x: -np.asarray(h), [1.0], **{"time": "continuous", "dt": 0.1} | change)
