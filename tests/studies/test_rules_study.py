"""The study `rules`: no rule is passed over, networks begin alike, others' targets teach nothing, measures hold."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tertium.learning.rules.feedback_weights.weights import feedforward_network, own_feedback_weights
from tertium.rng import Seeds
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.rules_families import FAMILIES, families
from tertium.studies.methods.rules_measures import (
    angle_and_speed,
    compared,
    entries,
    expected_cosine,
    factor_off,
    faster_though_further,
    reference,
)
from tertium.studies.methods.rules_table import ENTRIES, name_of
from tertium.studies.methods.rules_training import (
    NOT_HERE,
    OthersTargets,
    learned,
    network_of,
    refusals,
    relative_costs,
    rule_of,
)
from tertium.studies.rules import Rules


class ThreeDigits(MemoryLab):
    """A lab whose digits are a bright stripe in one of three places."""

    def data(self, name, **options):
        label = np.arange(60) % 3
        images = np.zeros((60, 28, 28), dtype=np.uint8)
        images[np.arange(60), :, 9 * label + 2] = 255
        images[np.arange(60), :, 9 * label + 3] = 155
        return SimpleNamespace(images=images, label=label)


@pytest.fixture(scope="module")
def made():
    """Return the three families, small."""
    return families(Rules.configure(size="smoke"), ThreeDigits(4))


def test_pixels_are_means_of_four(made):
    task = made["digits"].task
    shown = task.items.reshape(-1, 14, 14)[np.arange(len(task)), :, (9 * task.labels + 2) // 2]
    in_one = task.labels != 1  # the stripe of the other digit lies across two of the new pixels
    np.testing.assert_allclose(shown[in_one], (255 + 155) / 2 / 255, rtol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_rule_is_trained_or_says_why_not(made, family):
    trained = [entry.rule for entry in entries(family)]
    refused = refusals(made[family], trained, 0)
    assert not {rule for rule, words in refused.items() if words == NOT_HERE}, "give it a line in rules_table.ENTRIES"
    assert all("expected" in words for words in refused.values())
    assert refusals(made[family], [rule for rule in trained if rule != "bptt"], 0)["bptt"] == NOT_HERE


@pytest.mark.parametrize("family", FAMILIES)
def test_every_network_is_one_that_its_rule_takes_and_begins_alike(made, family):
    first = dict(network_of(made[family], reference(family), 5).named_parameters())
    for entry in entries(family):
        network = network_of(made[family], entry, 5)
        rule_of(entry, 5).check(network)
        if entry.rule not in ("equilibrium_propagation", "event_prop"):
            own = dict(network.named_parameters())
            assert all(torch.equal(own[name], value) for name, value in first.items()), entry.label


def test_feedback_that_learns_begins_as_that_which_stays(made):
    fixed, mirror = (entries("digits", rules=[name])[0] for name in ("feedback_alignment", "weight_mirror"))
    network = network_of(made["digits"], mirror, 5)
    (own,) = own_feedback_weights(feedforward_network(network, "test"), "test")
    (other,) = rule_of(fixed, 5).feedback(network_of(made["digits"], fixed, 5), Seeds(0))
    assert torch.equal(own.detach(), other)


def test_targets_of_others_are_those_of_the_batch_in_another_order(made):
    task = made["digits"].task
    own, others = task.batch(30, Seeds(3)), OthersTargets(task).batch(30, Seeds(3))
    np.testing.assert_array_equal(own.inputs, others.inputs)
    assert not np.array_equal(own.targets, others.targets)
    np.testing.assert_array_equal(own.targets.sum((0, 1)), others.targets.sum((0, 1)))
    np.testing.assert_array_equal(others.targets, OthersTargets(task).batch(30, Seeds(3)).targets)


def test_stripes_are_learned_and_not_from_the_targets_of_others(made):
    family = replace(made["digits"], steps=40, batch=20)
    entry = replace(reference("digits"), learning_rate=0.03)
    one, other = (learned(family, entry, ThreeDigits(4), points=4, shuffled=s) for s in (False, True))
    assert one["step"].tolist() == [0, 10, 20, 30, 40]
    assert one["accuracy"][-1] == 100
    assert other["accuracy"][-2:].mean() < 75
    assert one["angle"].max() == 0
    assert "angle" not in other


def test_rules_are_followed_along_the_training_of_another(made):
    family = replace(made["decision"], steps=2)
    other = entries("decision", ["local"], ["mdgl"])[0]
    found = learned(family, reference("decision"), ThreeDigits(4), points=2, others=[other])
    assert found["angle"].max() == 0
    assert (found["angle MDGL"] > 0).all()


def test_times_are_taken_only_when_asked(made):
    chosen = entries("digits", ["differences"])[:1]
    assert np.isnan(list(relative_costs(made["digits"], chosen, ThreeDigits(4), 0).values())).all()
    (ratio,) = relative_costs(made["digits"], chosen, ThreeDigits(4), 2).values()
    assert ratio > 0


def test_the_cosine_of_an_estimate_is_that_of_the_formula():
    rng, n, k = np.random.default_rng(0), 200, 12
    truth = rng.normal(size=n)
    pushes = rng.normal(size=(400, k, n))
    estimates = np.einsum("dkn,dk->dn", pushes, pushes @ truth)
    cosines = estimates @ truth / np.linalg.norm(estimates, axis=1) / np.linalg.norm(truth)
    np.testing.assert_allclose(cosines.mean(), expected_cosine(k, n), rtol=0.03)


def planted(angle_of, accuracy_of):
    """Return curves whose early angle and accuracy are functions of the place of an entry among those compared."""
    return {
        name_of(entry): {
            "angle": np.full(6, float(angle_of(i))), "accuracy": np.full(6, float(accuracy_of(i)))
        }
        for family in FAMILIES
        for i, entry in enumerate(compared(family))
    }  # fmt: skip


def test_angle_and_speed_go_together_where_planted():
    value, by_chance = angle_and_speed(planted(lambda i: 10 * i, lambda i: 90 - i), FAMILIES, np.random.default_rng(0))
    assert value == pytest.approx(-1)
    assert -0.5 < by_chance < 0
    falling = angle_and_speed(planted(lambda i: 10 * i, lambda i: (-1) ** i), FAMILIES, np.random.default_rng(0))[0]
    assert abs(falling) < 0.3


def test_a_factor_is_found_in_either_direction():
    entry = next(e for e in ENTRIES if name_of(e) == "digits weight-perturbation")
    expected = expected_cosine(int(entry.options["draws"]), 500)
    for factor in (0.5, 2.0):
        curves = {name_of(entry): {"angle": np.degrees(np.arccos(np.full(4, factor * expected)))}}
        assert factor_off(curves, {"digits": 500.0}) == pytest.approx(2, rel=1e-6)


def test_a_lead_counts_only_over_rules_that_point_nearer():
    one, *others = entries("digits", ["feedback"])[:3]
    curves = {
        name_of(entry): {"angle": np.full(6, angle), "accuracy": np.full(6, accuracy)}
        for entry, angle, accuracy in zip((one, *others), (80.0, 40.0, 50.0), (70.0, 60.0, 65.0), strict=True)
    }
    assert faster_though_further(curves, one, others) == 5
    assert np.isnan(faster_though_further(curves, others[1], [one]))
