"""Dendritic trees: equations written out by hand, where inputs go, closed forms of nodes and synapses, bad input."""

import math

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.learning import fit
from tertium.models import DendriticTree
from tertium.models.dendrites.branches import Level
from tertium.models.dendrites.nodes import LinearNode, NMDANode, Node, ThresholdNode
from tertium.models.dendrites.synapses import ConductanceSynapses
from tertium.record import record
from tertium.rng import Seeds
from tertium.tasks import labelled

NODES = [LinearNode(), ThresholdNode(), NMDANode()]


def drawn(*shape, spread=1.0):
    return spread * torch.randn(*shape, generator=Seeds(0).torch(str(shape)), dtype=torch.float64)


def by_hand(tree, x):
    """Return the outputs for inputs (trial, input), branch point by branch point."""
    outputs = []
    for row in x:
        ends = []
        for j in range(tree.n_subtrees * tree.n_outputs):
            branches = list(row[tree.order[j * tree.n_tips : (j + 1) * tree.n_tips]])
            for level in tree.levels:
                weight, bias, fan_in = level.coupling()[:, j], level.bias[j], level.fan_in
                if level.n_nodes == tree.n_tips - 1 and tree.n_tips > 3:  # a chain
                    activity = branches[0]
                    for i, tip in enumerate(branches[1:]):
                        activity = tree.node(weight[0, i] * activity + weight[1, i] * tip + bias[i])
                    branches = [activity]
                    continue
                met = [
                    tree.node(sum(weight[k, i] * branches[fan_in * i + k] for k in range(fan_in)) + bias[i])
                    for i in range(level.n_nodes)
                ]
                branches = met + branches[fan_in * level.n_nodes :]
            (end,) = branches
            ends.append(end)
        ends = torch.stack(ends).reshape(tree.n_outputs, tree.n_subtrees)
        outputs.append((ends * tree.soma.weight).sum(1) + tree.soma.bias)
    return torch.stack(outputs)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fan_in": 3},
        {"shape": "chain"},
        {"leak": 0.1, "order": "same"},
        {"n_outputs": 2},
        {"n_outputs": 2, "order": "divided"},
        {"node": NMDANode()},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_inputs", [9, 12])
def test_a_tree_is_its_branch_points_one_by_one(options, n_inputs):
    tree = DendriticTree(n_inputs, 3, seed=4, **options).double()
    x = drawn(5, n_inputs)
    torch.testing.assert_close(tree(x[None])[0][0], by_hand(tree, x))


@pytest.mark.parametrize("shape", ["balanced", "chain"])
@pytest.mark.parametrize("n_inputs", [2, 7, 784])
def test_both_shapes_have_one_branch_point_less_than_inputs_and_as_many_weights(shape, n_inputs):
    tree = DendriticTree(n_inputs, 2, shape=shape)
    assert sum(level.n_nodes for level in tree.levels) == n_inputs - 1
    assert sum(p.numel() for p in tree.parameters()) == 2 * 3 * (n_inputs - 1) + 2 + 1


def test_each_subtree_hears_every_input_once_in_an_order_of_its_own():
    one, again, other = (DendriticTree(20, 3, seed=s).order.reshape(3, 20) for s in (1, 1, 2))
    assert all(sorted(order.tolist()) == list(range(20)) for order in one)
    assert not torch.equal(one[0], one[1])
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    same = DendriticTree(20, 3, order="same").order.reshape(3, 20)
    assert torch.equal(same, torch.arange(20).expand(3, 20))
    divided = DendriticTree(20, 5, 2, order="divided")
    assert [sorted(order.tolist()) for order in divided.order.reshape(2, 20)] == [list(range(20))] * 2
    assert [level.weight.shape for level in divided.levels] == [(2, 10, 2), (2, 10, 1)]


@pytest.mark.parametrize("shape", ["balanced", "chain"])
def test_a_tree_of_linear_nodes_is_a_point_neuron(shape):
    tree = DendriticTree(9, 4, node=LinearNode(), shape=shape, seed=1).double()
    x, y = drawn(6, 9), drawn(7, 9)[:6]
    silent = tree(torch.zeros(1, 6, 9, dtype=torch.float64))[0]
    sums = tree((x + y)[None])[0] + silent
    torch.testing.assert_close(sums, tree(x[None])[0] + tree(y[None])[0])
    bent = DendriticTree(9, 4, shape=shape, seed=1).double()
    off = bent((x + y)[None])[0] - bent(x[None])[0] - bent(y[None])[0]
    assert float(off.detach().abs().max()) > 0.01


def test_weights_start_with_the_variance_that_keeps_rectified_signals():
    first, second, *_ = DendriticTree(784, 8, seed=3).levels
    assert float(first.weight.detach().var()) == pytest.approx(2 / 2, rel=0.06)
    assert float(second.weight.detach().var()) == pytest.approx(2 / 2, rel=0.08)
    (level,) = DendriticTree(300, 20, fan_in=300, seed=3).levels
    assert float(level.weight.detach().var()) == pytest.approx(2 / 300, rel=0.06)


def test_conductances_take_the_mean_of_branches_and_rest():
    level = Level(1, 1, 2, node=LinearNode(), leak=0.5, generator=Seeds(0).torch("level")).double()
    with torch.no_grad():
        level.weight.copy_(torch.log(torch.expm1(torch.tensor([[[2.0]], [[1.5]]]))))
    x = torch.tensor([[[1.0, -3.0]]], dtype=torch.float64)
    assert float(level(x).detach()) == pytest.approx((2.0 * 1 + 1.5 * -3) / (2.0 + 1.5 + 0.5))
    tied = DendriticTree(16, 5, leak=0.1, seed=2)
    for near in list(tied.levels)[1:]:
        assert bool((near.coupling() > 0).all())
        assert bool((near.coupling().sum(0) < 1).all())
    assert bool((tied.levels[0].coupling() < 0).any())  # where inputs enter there are signs


def test_nmda_receptors_amplify_from_a_threshold_on_and_saturate():
    node = NMDANode(conductance=4.0, unit=25.0)
    opened = 4.0 / (1 + math.exp(-0.062 * -20) / 3.57)  # 2 units from -70 mV are -20 mV
    at_rest = 4.0 / (1 + math.exp(-0.062 * -70) / 3.57)
    expected = (2 + opened * 70 / 25) / (1 + opened) - at_rest * 70 / 25 / (1 + at_rest)
    assert float(node(torch.tensor(2.0, dtype=torch.float64))) == pytest.approx(expected, rel=1e-12)
    x = torch.linspace(-2, 6, 200, dtype=torch.float64)
    slope = torch.diff(node(x)) / torch.diff(x)
    assert bool((slope > 0).all())
    assert float(slope.max()) > 1.2 > 0.4 > float(slope[-1])
    torch.testing.assert_close(NMDANode(conductance=0.0)(x), x)


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_slopes_of_nodes_are_those_of_finite_differences(node: Node):
    x = (drawn(40) * 3).requires_grad_(True)
    (slope,) = torch.autograd.grad(node(x).sum(), x)
    with torch.no_grad():
        secant = (node(x + 1e-6) - node(x - 1e-6)) / 2e-6
    torch.testing.assert_close(slope, secant, rtol=1e-5, atol=1e-6)


def test_synapses_add_sublinearly_and_inhibition_divides():
    synapses = ConductanceSynapses(2, generator=Seeds(0).torch("s"), unit=1.0).double()
    with torch.no_grad():
        synapses.slope.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))  # the first input excites, the second inhibits
        synapses.offset.zero_()
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0], [200.0, 200.0]], dtype=torch.float64)
    at_zero, at_one, far = synapses(x).detach().numpy()
    silent = (115 - 5) / 3
    np.testing.assert_allclose(at_zero, 0, atol=1e-12)
    expected = np.array([(115 * math.e - 5) / (math.e + 2), (115 - 5 * math.e) / (math.e + 2)])
    np.testing.assert_allclose(at_one, expected - silent)
    np.testing.assert_allclose(far + silent, [115, -5], atol=1e-6)  # the reversal potentials


def test_a_tree_is_recorded_by_level_and_subtree():
    responses = record(DendriticTree(8, 2), torch.ones(1, 3, 8), sites="*", progress=False)
    layers, counts = np.unique(responses["layer"].values.astype(str), return_counts=True)
    assert dict(zip(layers.tolist(), counts.tolist(), strict=True)) == {
        "levels.0": 8, "levels.1": 4, "levels.2": 2, "soma": 1,
    }  # fmt: skip


def test_one_neuron_learns_exclusive_or_which_a_point_neuron_cannot():
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    task = labelled(np.repeat(2 * corners - 1, 4, axis=0), np.repeat([0, 1, 1, 0], 4), held_out=0, scaling="none")
    options = {"goal": "cross_entropy", "steps": 250, "batch": 16, "learning_rate": 0.05, "progress": False}
    reached = {}
    for node in (ThresholdNode(), LinearNode()):
        tree = DendriticTree(2, 8, 2, node=node, seed=1)
        fit(tree, task, validate_every=250, **options)
        batch = task.everything()
        reached[type(node)] = task.performance(tree(torch.from_numpy(batch.inputs))[0].detach().numpy(), batch)
    assert reached[ThresholdNode] == 1
    assert reached[LinearNode] <= 0.75


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DendriticTree(1, 1), "n_inputs of a DendriticTree: got 1"),
        (lambda: DendriticTree(4, 0), "n_subtrees of a DendriticTree: got 0"),
        (lambda: DendriticTree(4, 1, fan_in=1), "fan_in of a DendriticTree: got 1"),
        (
            lambda: DendriticTree(4, 1, shape="bush"),
            "shape of a DendriticTree: got 'bush', expected 'balanced' or 'chain'",
        ),
        (lambda: DendriticTree(4, 1, order="random"), "order of a DendriticTree: got 'random'"),
        (lambda: DendriticTree(4, 1, synapses="none"), "synapses of a DendriticTree: got 'none'"),
        (
            lambda: DendriticTree(9, 2, order="divided"),
            r"DendriticTree\(order='divided'\): got 9 inputs for 2 subtrees",
        ),
        (lambda: DendriticTree(4, 1, leak=-1.0), "leak of a DendriticTree: got -1.0"),
        (
            lambda: DendriticTree(4, 1, shape="chain", leak=0.1),
            r"DendriticTree\(shape='chain'\): got fan_in=2, leak=0.1",
        ),
        (lambda: DendriticTree(4, 1)(torch.zeros(3, 4)), r"inputs of the tree: got shape \(3, 4\)"),
        (lambda: DendriticTree(4, 1)(np.zeros((1, 3, 4))), "inputs of the tree: got a ndarray"),
        (lambda: ThresholdNode(2.0), "leak of a ThresholdNode: got 2.0"),
        (lambda: NMDANode(unit=0.0), "NMDANode: got conductance=4.0, unit=0.0"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(BadInput, match=message):
        make()
