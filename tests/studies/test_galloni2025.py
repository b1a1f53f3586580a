"""LRN13: trainings are alike but for the rule, controls are what they say, signs are counted, claims read results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.learning import Trials
from tertium.learning.goals import mean_squared_error
from tertium.learning.rules import named_rule
from tertium.models.feedforward.dendritic.projection import Projection
from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.galloni2025 import Galloni2025
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.galloni_controls import TOTALS, HebbianOnly
from tertium.studies.methods.galloni_networks import Setting, final_accuracy, train, wrong_signs
from tertium.tasks import labelled

LABELS = np.arange(80) % 4
CENTRES = Seeds(0).numpy("centres").random((4, 20))
ITEMS = np.clip(CENTRES[LABELS] + 0.05 * Seeds(0).numpy("noise").normal(size=(80, 20)), 0, 1)
TASK = labelled(ITEMS, LABELS, scaling="none")
SETTING = Setting(TASK, 15, 4, 12, 8, 0.01, 0.04, 0.03, 2)
ERROR = named_rule("dendritic_targets", compare="time")


def test_trainings_of_one_seed_share_weights_and_batches():
    one = train(SETTING, "one", ERROR, MemoryLab(1), angles=True)
    two = train(SETTING, "another", ERROR, MemoryLab(1), angles=True)
    assert one["step"].tolist() == [0, 6, 12]
    assert np.array_equal(one["angle"], two["angle"])
    assert not np.array_equal(one["angle"], train(SETTING, "one", ERROR, MemoryLab(2), angles=True)["angle"])
    assert one["wrong"].tolist() == [0]
    same = [SETTING.network(1, **options).layers[0].from_below.weight for options in ({}, {"shuffled": True})]
    assert torch.equal(*same)


def test_what_is_fixed_stays_and_what_is_free_changes_sign():
    network = SETTING.network(1, fixed=(2,))
    assert [layer.from_below.weight.requires_grad for layer in network.stack()] == [True, True, False]
    free = SETTING.network(1, free=True)
    assert torch.equal(free.layers[1].from_below.weight, network.layers[1].from_below.weight)
    with torch.no_grad():
        free.layers[0].from_below.weight[0, 0] = -1
    assert wrong_signs(free) == pytest.approx(
        1 / sum(part.weight.numel() for part in free.modules() if isinstance(part, Projection))
    )
    assert wrong_signs(network) == 0


def test_wrong_units_hear_what_was_meant_for_others():
    right, wrong = SETTING.network(3), SETTING.network(3, shuffled=True)
    for i in range(2):
        meant = wrong.meant_for[i]
        assert sorted(meant.tolist()) == list(range(15))
        assert not (meant == torch.arange(15)).any()
        assert torch.equal(wrong.top_down(i), right.top_down(i)[meant])
    x = torch.from_numpy(ITEMS[None].astype(np.float32))
    assert torch.equal(right(x)[0], wrong(x)[0])  # only learning hears it


def test_hebbian_synapses_keep_their_totals_and_no_teacher_reaches_hidden_layers():
    network, trials = SETTING.network(1, hebbian=True), Trials.of(TASK.batch(8, seed=1))
    rule = HebbianOnly()
    filled = []
    for targets in (trials.targets, trials.targets.flip(-1)):
        rule.fill(
            network, Trials(trials.inputs, targets, trials.mask, trials.batch), mean_squared_error, seeds=Seeds(0)
        )
        filled.append({name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None})
    differ = {name for name in filled[0] if not torch.equal(filled[0][name], filled[1][name])}
    assert differ == {"layers.2.from_below.parametrizations.weight.original"}
    for optimiser in SETTING.optimisers(network, rule):
        optimiser.step()
    for layer, totals in zip(network.stack(), TOTALS, strict=True):
        for name, total in totals.items():
            found = layer.weights()[name].detach().abs().sum(1)
            torch.testing.assert_close(found, torch.full_like(found, total))


def test_claims_read_the_results():
    def curves(accuracy, angle=10.0, wrong=0.0):
        return {"accuracy": np.full(3, accuracy), "angle": np.full(3, angle), "wrong": np.array([wrong])}

    results = Galloni2025.Results(
        {
            "back-propagation": curves(90), "dendrites": curves(89), "plateaus": curves(84), "hebbian": curves(60),
            "shuffled": curves(80, 50.0), "dendrites-fixed": curves(86), "shuffled-fixed": curves(10),
            "outputs-only": curves(12), "free": curves(92, wrong=0.1),
        }
    )  # fmt: skip
    assert final_accuracy(results.curves["plateaus"]) == 84
    judged = {v.id: v for v in verdicts(Galloni2025(), [results])}
    assert {name for name, v in judged.items() if not v.held} == {"learns_plateaus", "shuffled"}
    assert judged["beyond_hebb_dendrites"].value == 29
    assert judged["near_exact_plateaus"].value == 6
    assert judged["signs"].control_value == 0.1
