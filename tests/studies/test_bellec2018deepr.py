"""SNN04: networks of one seed differ in nothing but their wiring, the hook counts what happens, claims read results."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tertium.models.wiring import Rewired
from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.bellec2018deepr import NETWORKS, Bellec2018DeepR
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.deepr_networks import Watch, network_of, train
from tertium.tasks import labelled

LABELS = np.arange(90) % 3
TASK = labelled(Seeds(0).numpy("clouds").normal(size=(90, 12)) + 4 * np.eye(3, 12)[LABELS], LABELS)
CONFIG = SimpleNamespace(
    units=(20, 10), steps=60, batch=10, learning_rate=0.3, dense_learning_rate=0.3, l1=0.02, temperature=1e-6
)
DENSITIES = (0.2, 0.3, 0.5)


def made(kind):
    return network_of(kind, DENSITIES, CONFIG, TASK, seed=2)


def test_sparse_networks_have_the_same_number_of_connections_and_weights_of_the_dense_one_made_larger():
    dense, counts = made("dense"), {}
    for kind in ("static", "deep-r", "dale", "shrinking"):
        network = made(kind)
        counts[kind] = Watch(network).counts
        for layer, full, density in zip(network.stack(), dense.stack(), DENSITIES, strict=True):
            there = layer.weight != 0
            torch.testing.assert_close(layer.weight.abs()[there], (full.weight / density**0.5).abs()[there])
    assert counts == {kind: [48 + 60 + 15] for kind in counts}


@pytest.mark.parametrize("kind", ["deep-r", "dale"])
def test_rewired_networks_keep_count_and_signs_and_move_connections(kind):
    found = train(made(kind), TASK, CONFIG, MemoryLab(0), kind, dale=kind == "dale")
    assert (found["count"], found["lost"], found["flipped"]) == (123, 0, 0)
    assert found["moved"] > 0.1
    assert found["accuracy"] > 70
    assert found["counts"].tolist() == [123] * 50


def test_without_growth_connections_are_lost_for_good():
    network = made("shrinking")
    found = train(network, TASK, CONFIG, MemoryLab(0), "shrinking")
    assert found["lost"] > 10
    assert found["moved"] == 0
    assert (np.diff(found["counts"]) <= 0).all()
    layer = network.layers[0]
    (rewired,) = layer.parametrizations.weight
    assert isinstance(rewired, Rewired)
    assert bool((layer.weight[~rewired.active] == 0).all())


def test_a_dense_network_turns_signs_round_and_the_hook_sees_it():
    network = made("dense")
    watch = Watch(network, dale=True)
    layer = network.layers[1]
    with torch.no_grad():
        for one in network.stack()[1:]:
            one.weight.copy_(one.weight.abs() * torch.where(torch.arange(one.n_inputs) < 0.8 * one.n_inputs, 1, -1))
        watch.after_step(network, Seeds(0))
        layer.weight[3, 0] *= -1
        layer.weight[4, 19] *= -1
        watch.after_step(network, Seeds(0))
    assert watch.flipped == [0, 0, 2]
    assert train(made("dense"), TASK, CONFIG, MemoryLab(0), "dense")["flipped"] > 0


def measured(lost=0.0, **accuracy):
    told = {
        "dense": 96.0, "deep-r": 95.0, "dale": 94.0, "static": 94.8, "sparse-deep-r": 91.0, "sparse-static": 88.0,
        "sparse-shrinking": 88.5,
    }  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in accuracy.items()}
    number = dict.fromkeys(NETWORKS, 0.0)
    return Bellec2018DeepR.Results(
        accuracy=told,
        count=dict.fromkeys(NETWORKS, 100.0),
        lost=number | {"deep-r": lost, "sparse-shrinking": 40.0},
        flipped=number | {"dense": 9.0},
        moved=dict.fromkeys(NETWORKS, 0.5),
        counts=dict.fromkeys(NETWORKS, np.linspace(100, 60, 50)),
    )


@pytest.mark.parametrize(
    ("results", "not_held"),
    [
        (measured(), {"rewired"}),
        (measured(static=92.0), set()),
        (measured(lost=1.0, deep_r=93.0), {"rewired", "count", "close"}),
        (measured(sparse_shrinking=92.0, static=90.0), {"rewired", "rewired_sparse"}),  # no growth does as well
    ],
)
def test_claims_read_what_was_measured(results, not_held):
    assert {v.id for v in verdicts(Bellec2018DeepR(), [results]) if not v.held} == not_held


def test_pictures_show_every_network_and_the_loss_of_connections():
    pictures = {p.id: p for p in Bellec2018DeepR().figures([measured(), measured()])}
    assert set(pictures) == {"accuracies", "connections"}
    assert len(pictures["accuracies"].figure.data[0].y) == len(NETWORKS)
    assert "50 % (of 12 %)" in pictures["connections"].caption
