"""CMP02: rankings that were planted to be opposite are found so, units and uses are what they should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tertium.compare import score_models
from tertium.rng import Seeds
from tertium.studies.han2023 import Han2023
from tertium.studies.methods.han_measures import (
    ACTIVITY,
    BATTERY,
    ROTATION_FREE,
    UNIT_BY_UNIT,
    against_teacher,
    answered,
    apart,
    battery,
    best_for,
    difference,
    mean_of_pairs,
    opposite,
    rank_correlations,
    receptive_fields,
    same_errors,
    turned,
    unit_correspondence,
)
from tertium.studies.methods.han_networks import Layered, Student, learn, one_hot, targets, told_classes, world

CONFIG = Han2023.Config(inputs=8, classes=3, units=6, examples=300, moments=(0, 150), batch=32)


def student(seed, units=6, **options):
    return Student("any", 0, Layered((8, units, 3), Seeds(seed), **options), None)


def test_opposite_rankings_are_counted_and_ties_are_not():
    first = np.array([[0, 1, 1], [-1, 0, 0], [-1, 0, 0.0]])
    second = np.array([[0, -1, 1], [1, 0, 1], [-1, -1, 0.0]])
    found = opposite(np.array([first, second]))
    assert found[0, 1] == pytest.approx(1 / 3), "one of three pairs; a tie is no contradiction"
    assert np.diag(found).tolist() == [0, 0]
    assert mean_of_pairs(found) == pytest.approx(1 / 3)


def test_signs_say_who_is_more_alike_whichever_way_the_measure_points():
    random = np.random.default_rng(0)
    teacher = random.normal(size=(80, 5))
    models = {"near": teacher + 0.1 * random.normal(size=(80, 5)), "far": random.normal(size=(80, 5))}
    for measure in ("cka", "procrustes", "soft_match"):
        signs = apart(score_models(models, {"t": teacher}, measure, over=("stimuli",), n_draws=20))
        assert signs.tolist() == [[0, 1], [-1, 0]], measure


def test_a_rotation_changes_what_counts_units_only():
    random = np.random.default_rng(1)
    teacher = np.maximum(random.normal(size=(300, 20)), 0)
    found = against_teacher(turned(teacher, random), teacher)
    place = {name: i for i, name in enumerate(ACTIVITY)}
    assert found["rotated"][[place[m] for m in ROTATION_FREE]].min() > 0.999
    assert found["rotated"][[place[m] for m in UNIT_BY_UNIT]].max() < 0.7
    assert found["reordered"] == pytest.approx(1, abs=1e-3)
    assert found["mapped"][place["Procrustes"]] < 0.99
    assert found["mapped"][place["CCA"]] == pytest.approx(1)


def test_receptive_fields_are_the_input_weights_and_pairing_undoes_an_order():
    one = student(2)
    fields = receptive_fields(one, 8, np.random.default_rng(0), samples=20000)
    weights = one.network.maps[0].weight.detach().double().numpy()
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    assert (fields * weights).sum(1).min() > 0.99
    assert unit_correspondence(fields[::-1], fields) == pytest.approx(1)
    assert unit_correspondence(np.vstack([fields, -fields]), fields) == pytest.approx(2 / 3, abs=0.01), "left over"
    assert unit_correspondence(receptive_fields(student(3), 8, np.random.default_rng(0)), fields) < 0.8


def test_students_learn_what_they_are_told():
    place, seeds = world(3, 8, Seeds(4)), Seeds(5)
    x, kinds = place.draw(300, seeds.numpy("x"))
    network = Layered((8, 6, 3), seeds)
    before, after = learn(network, x, one_hot(kinds, 3), "classes", (0, 150), CONFIG, seeds)
    right = [(Student("s", 0, one, None).answers(x).argmax(1) == kinds).mean() for one in (before, after)]
    assert right[1] > right[0] + 0.1
    same = Layered((8, 6, 3), seeds).maps[0].weight
    assert torch.equal(before.maps[0].weight, same), "a copy that training does not reach"
    readout = told_classes(after, x, kinds, 3)
    assert (Student("s", 0, after, readout).answers(x).argmax(1) == kinds).mean() > 0.5
    teacher = Student("t", 0, after, None)
    assert np.array_equal(targets("rebuild", x, kinds, teacher, CONFIG, seeds.numpy("t")), x)
    imitated = targets("imitate", x, kinds, teacher, CONFIG, seeds.numpy("t"))
    assert imitated.mean(0) == pytest.approx(0, abs=1e-9)
    wrong = targets("noisy", x, kinds, teacher, CONFIG, seeds.numpy("t")).argmax(1) != kinds
    assert wrong.mean() == pytest.approx(0.6 * 2 / 3, abs=0.08)


def test_answers_and_errors():
    random = np.random.default_rng(6)
    shown, classes = random.normal(size=(200, 8)), random.integers(0, 3, 200)
    one, other = (answered(student(seed), shown, classes) for seed in (7, 8))
    assert same_errors(one, one) == pytest.approx(1)
    assert abs(same_errors(one, other)) < 0.6
    always = np.stack([classes, classes], axis=1).astype(float)
    assert same_errors(one, always) == 0


def test_the_battery_finds_the_teacher_the_most_alike_and_nothing_in_shuffled_stimuli():
    random = np.random.default_rng(9)
    shown, classes = random.normal(size=(100, 8)), random.integers(0, 3, 100)
    teacher = student(10)
    both = [teacher, student(11)]
    options: dict[str, Any] = {"draws": 20, "noise": 0.01, "seeds": Seeds(0)}
    scores, signs = battery(both, teacher, shown, classes, **options)
    assert scores.shape == (len(BATTERY), 2)
    assert (scores[:, 0] > scores[:, 1]).all()
    assert (signs[: len(ACTIVITY), 0, 1] == 1).all()
    again, _ = battery(both, teacher, shown, classes, **options)
    assert np.array_equal(scores, again)
    shuffled, _ = battery(both, teacher, shown, classes, shuffled=True, **options)
    assert abs(shuffled[BATTERY.index("CKA")]).max() < 0.2


def test_a_measure_is_the_best_for_what_it_follows():
    random = np.random.default_rng(12)
    target = random.normal(size=30)
    scores = random.normal(size=(len(ACTIVITY), 30))
    scores[3] = target**3
    assert rank_correlations(scores, target)[3] == pytest.approx(1)
    assert best_for(scores, target) == list(ACTIVITY)[3]
    assert difference(scores, target, list(ACTIVITY)[3], "CKA") > 0.3


def test_claims_read_the_planted_results():
    n = len(ACTIVITY)
    scores = np.tile(np.arange(4.0), (len(BATTERY), 1))
    scores[list(ACTIVITY).index("regression, from teacher")] *= -1
    scores[BATTERY.index("same answers")] = [0.1, 0.2, 0.9, 0.3]
    uses = {"generalisation": np.arange(4.0), "units": -np.arange(4.0), "generalisation, again": np.arange(4.0)}
    results = Han2023.Results(
        kinds=["untrained", "x", "imitates, as wide", "x"], steps=[0, 5, 5, 5], scores=scores,
        opposite=np.zeros((12, 12)), decided=np.ones(12), rate=0.2, rate_without_canonical=0.1, rate_as_wide=0.05,
        rate_copies=0.0, turned={"rotated": np.ones(n), "mapped": np.zeros(n), "reordered": np.ones(n)},
        chance_decided=np.zeros(12), uses=uses,
    )  # fmt: skip
    claims = {c.id: c for c in Han2023().claims(results)}
    assert (claims["learned"].value, claims["learned"].control.value) == (0.9, 0.1)
    assert claims["for_generalisation"].value == pytest.approx(2)
    assert claims["for_generalisation"].control.value == pytest.approx(-2)
    assert claims["for_units"].value == pytest.approx(2)
    assert (claims["another_measure"].value, claims["another_measure"].control.value) == (1, 0)
    alike = {c.id: c for c in Han2023().claims(replace(results, uses=uses | {"units": uses["generalisation"]}))}
    assert alike["another_measure"].value == 0
