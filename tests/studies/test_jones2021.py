"""CEL01: neurons of one seed share what they should, copies stay copies, claims read what was measured."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tertium.data.sets.kinds import Images
from tertium.models import DendriticTree
from tertium.rng import Seeds
from tertium.studies.base import verdicts
from tertium.studies.jones2021 import VARIANTS, Jones2021
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.jones_trees import (
    OneNeuron,
    discriminant,
    matched_dense,
    most_equal_parts,
    n_parameters,
    neurons,
    pair_of_digits,
    train,
)
from tertium.tasks import labelled

CONFIG = SimpleNamespace(subtrees=4, steps=40, batch=16, learning_rate=0.03, leak=0.1)


def two_clouds(n=120, channels=6):
    rng, labels = Seeds(0).numpy("clouds"), np.arange(n) % 2
    return labelled(rng.normal(size=(n, channels)) + 1.5 * labels[:, None], labels, held_out=0.25)


def test_a_pair_is_two_digits_with_a_quarter_held_out():
    rng = Seeds(0).numpy("images")
    label = np.arange(200) % 10
    images = Images(
        name=tuple(f"digit {i}" for i in range(200)),
        images=rng.integers(0, 256, (200, 4, 4), dtype=np.uint8),
        label=label,
    )
    task = pair_of_digits(images, (3, 5), 16, seed=1)
    assert (len(task), len(task.held_out), task.n_inputs, task.n_outputs) == (24, 8, 16, 2)
    assert np.bincount(task.held_out.labels).tolist() == [4, 4]


def test_one_output_is_answered_as_the_logistic_function_says():
    network = DendriticTree(5, 2, seed=1)
    x = torch.randn(1, 7, 5, generator=Seeds(0).torch("x"))
    v = network(x)[0][..., 0]
    torch.testing.assert_close(OneNeuron(network)(x)[0].softmax(-1)[..., 1], torch.sigmoid(v))


def test_inputs_are_shared_out_over_as_many_subtrees_as_can_be_equal():
    assert (most_equal_parts(784, 32), most_equal_parts(784, 3), most_equal_parts(7, 5)) == (28, 2, 1)
    divided = neurons(SimpleNamespace(subtrees=32, leak=0.1), 784, 0)["divided"]()
    assert (divided.n_subtrees, divided.n_tips, len(divided.order)) == (28, 28, 784)


def test_the_dense_network_has_as_many_parameters():
    tree = DendriticTree(784, 32)
    dense = matched_dense(784, n_parameters(tree), seed=0)
    assert n_parameters(dense) == pytest.approx(n_parameters(tree), rel=0.01)


def test_every_neuron_learns_two_clouds_from_the_same_batches():
    task = two_clouds()
    for name, make in neurons(CONFIG, task.n_inputs, 0).items():
        if name in ("k-tree", "passive", "nmda", "synapses"):
            assert train(make(), task, CONFIG, MemoryLab(0), name)["learned"] > 85, name
    one, two = (train(neurons(CONFIG, 6, 0)["k-tree"](), task, CONFIG, MemoryLab(0), name) for name in ("a", "b"))
    assert one == two
    assert discriminant(task)["held out"] > 85
    assert abs(discriminant(task, "auto")["held out"] - discriminant(task)["held out"]) < 10


def measured(**changed):
    told = {
        "discriminant": 92.0, "shrunk": 96.0, "linear": 96.5, "1-tree": 86.0, "k-tree": 97.5,
        "divided": 86.5, "chain": 93.0, "passive": 97.0, "nmda": 97.2, "synapses": 96.0, "dense": 98.5,
    }  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in changed.items()}
    return Jones2021.Results(learned=told, held_out=told)


@pytest.mark.parametrize(
    ("results", "not_held"),
    [
        (measured(), set()),
        (measured(dense=96.0), {"one_tree"}),  # its control fails no more
        (measured(**{"1-tree": 97.0}), {"repeats", "dense", "passive", "nmda", "synapses"}),  # no control fails
        (measured(divided=95.0, chain=96.0, passive=94.0), {"repeats", "chain", "passive"}),
        (measured(nmda=94.0, synapses=90.0, passive=95.0), {"chain", "nmda", "synapses"}),
    ],
)  # fmt: skip
def test_claims_read_what_was_measured(results, not_held):
    assert {v.id for v in verdicts(Jones2021(), [results]) if not v.held} == not_held


def test_the_picture_shows_every_neuron_and_tells_of_those_that_learned_nothing():
    (picture,) = Jones2021().figures([measured(), measured()])
    assert [len(trace.y) for trace in picture.figure.data] == [20 + 2, 20 + 2, 10 + 1]
    assert set(VARIANTS) <= set(measured().held_out)
    assert "Off the axis" not in picture.caption
    (picture,) = Jones2021().figures([measured(), measured(**{"1-tree": 53.0})])
    assert "Off the axis: 53 %" in picture.caption
    assert picture.figure.layout.xaxis.range[0] > 53
