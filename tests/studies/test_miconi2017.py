"""LRN06: trials are those of the task, variants meet the same pushes, decoders see what was put into units."""

from types import SimpleNamespace

import numpy as np

from tertium.data import make_responses
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.miconi_codes import at, mixed_in_time, own_and_others, scores
from tertium.studies.methods.miconi_network import ANSWERS, KINDS, Experiment, drives
from tertium.studies.miconi2017 import Miconi2017

SMALL = Miconi2017.configure({"trials": 12}, "smoke")


def test_stimuli_come_when_they_should_and_the_answer_says_whether_they_differ() -> None:
    made = drives(np.eye(2), steps=20, shown=3, first=1, second=10)
    for kind, (first, second) in enumerate(KINDS):
        wanted = np.zeros((20, 2))
        wanted[1:4, first] = 1
        wanted[10:13, second] = 1
        np.testing.assert_array_equal(made[kind], wanted)
        assert (ANSWERS[kind] > 0) == (first != second)


def test_variants_differ_in_nothing_but_the_rule() -> None:
    one, other = (Experiment(SMALL, MemoryLab(3)) for _ in range(2))
    cube, linear = one.train("cube")[1], other.train("linear", power=1.0)[1]
    np.testing.assert_array_equal(cube, linear)  # before the 102nd trial nothing is learned
    assert len(set(np.round(cube, 6))) == len(cube)


def test_who_is_told_the_error_of_another_trial_learns_something_else() -> None:
    learners = [Experiment(SMALL, MemoryLab(3)).train("x", misdealt=wrong, waits=4)[0] for wrong in (False, True)]
    changes = [one.weights - Experiment(SMALL, MemoryLab(3)).weights for one in learners]
    assert all(np.abs(change).max() > 1e-6 for change in changes)
    assert not np.allclose(*changes, atol=1e-7)


def test_the_error_is_that_of_the_response_epoch() -> None:
    experiment = Experiment(SMALL, MemoryLab(0))
    rates = np.full((SMALL.steps, SMALL.units), 5.0, dtype=np.float32)
    rates[-SMALL.response :, 0] = 0.5
    np.testing.assert_allclose([experiment.error(rates, kind) for kind in range(4)], [1.48, 0.48, 0.48, 1.48])


def test_records_are_of_free_units_and_labelled() -> None:
    experiment = Experiment(SMALL, MemoryLab(0))
    found = experiment.record(experiment.learner())
    assert found.shape == (SMALL.recorded, SMALL.steps, SMALL.units - 3)
    np.testing.assert_array_equal(found["answer"], found["first"].values != found["second"].values)


def planted(turning: bool):
    """Return responses whose first or, with time, second unit codes the label."""
    rng = np.random.default_rng(0)
    label = np.arange(60) % 2
    values = rng.normal(size=(60, 40, 6))
    early = np.arange(40) < 20
    values[:, early, 0] += 4 * label[:, None]
    values[:, ~early, 1 if turning else 0] += 4 * label[:, None]
    return make_responses(values, dt=0.01, trial={"first": label}, quantity="activation", source="planted")


def test_a_code_that_turns_is_told_from_one_that_stays_and_mixing_stops_it() -> None:
    found, times = scores(planted(turning=True), "first", 0.1, seed=0)
    assert len(times) == 4
    own, others = own_and_others(found)
    assert own > 0.95
    assert own - others > 0.2
    stays = own_and_others(scores(planted(turning=False), "first", 0.1, seed=0)[0])
    assert stays[0] - stays[1] < 0.02
    mixed = mixed_in_time(planted(turning=True), 0.1, np.random.default_rng(0))
    own, others = own_and_others(scores(mixed, "first", 0.1, seed=0)[0])
    assert abs(own - others) < 0.1


def test_claims_hold_for_results_as_the_paper_has_them_and_fail_where_nothing_was_learned() -> None:
    times = np.arange(10) * 0.1
    turned = np.where(np.eye(10, dtype=bool), 1.0, 0.5)
    half = np.full((10, 10), 0.5)
    errors = {"cube": 0.1, "square": 0.2, "linear": 1.1, "misdealt": 0.9}
    results = {
        "errors": {name: np.full(20, value) for name, value in errors.items()},
        "judged": 10,
        "outputs": np.zeros((4, 10)),
        "times": times,
        "epochs": {"sample": [0.1, 0.2], "delay": [0.2, 0.4], "response": [0.8, 1.0]},
        "sample": turned,
        "answer": np.ones((10, 10)),
        "untrained": half,
        "later": half,
        "mixed": half,
    }
    held = {c.id: (c.threshold.holds(c.value), c.threshold.holds(c.control.value)) for c in claims(results)}
    assert held["right"] == (True, True)  # 0.9 is below 1, so that the control would be right too
    assert {name: pair for name, pair in held.items() if name != "right"} == dict.fromkeys(
        ("error", "supralinear", "kept", "turned", "dynamic", "answer"), (True, False)
    )
    nothing = results | {"errors": {name: np.full(20, 1.1) for name in errors}, "sample": half, "answer": half}
    assert not any(c.threshold.holds(c.value) for c in claims(nothing) if c.id != "turned")


def claims(results):
    return list(Miconi2017().claims(SimpleNamespace(**results)))


def test_bins_of_an_epoch_are_those_that_begin_in_it() -> None:
    np.testing.assert_array_equal(at(np.array([0.1, 0.2, 0.3]), 0.2, 0.3), [False, True, False])
