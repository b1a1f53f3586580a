"""The first networks: units, the perceptron rule, hand-written back-propagation, the wide layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models.foundations import (
    Layer,
    RidgeSum,
    backpropagate,
    binary_inputs,
    descend,
    forward,
    grow,
    learn,
    random_layers,
    realised,
    refuted,
    respond,
    threshold,
    truth_code,
    two_layer_functions,
)
from tertium.models.foundations.mlp import LINEAR, LOGISTIC, all_right, at_rest, squared_error
from tertium.rng import Seeds


def test_realised_functions_are_those_of_single_units_run_one_by_one():
    patterns, codes = binary_inputs(2), set()
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            for cut in range(-2, 4):
                codes.add(int(truth_code(threshold(patterns, [[a, b]], [cut])[:, 0])))
    assert sorted(codes) == realised(2, range(-1, 2)).tolist()


def test_no_realised_function_is_refuted():
    for n in (2, 3, 4):
        assert not refuted(n)[realised(n, range(-3, 4))].any()


def test_two_layers_contain_one_and_chunks_change_nothing():
    whole = two_layer_functions(3, 2, range(-2, 3))
    assert set(realised(3, range(-2, 3))) < set(whole)
    np.testing.assert_array_equal(whole, two_layer_functions(3, 2, range(-2, 3), chunk=7))


def test_perceptrons_side_by_side_learn_as_they_do_alone():
    rng = Seeds(0).numpy("sets")
    x = rng.normal(size=(5, 30, 4))
    t = (np.einsum("snc,sc->sn", x, rng.normal(size=(5, 4))) > 0).astype(float)
    together = learn(x, t, sweeps=2000)
    assert together.stopped.all()
    for k in range(5):
        weights, mistakes = np.zeros(5), 0  # the rule, written plainly
        for _ in range(len(together.accuracy)):
            for sample, wanted in zip(x[k], t[k], strict=True):
                padded = np.append(sample, 1.0)
                answer = float(weights @ padded >= 0)
                weights = weights + (wanted - answer) * padded
                mistakes += answer != wanted
        np.testing.assert_allclose(together.weights[k], weights, atol=1e-12)
        assert together.mistakes[k] == mistakes
    np.testing.assert_array_equal(respond(together.weights, x), t)


def test_perceptron_never_stops_on_xor():
    run = learn([binary_inputs(2)], [[0, 1, 1, 0]], sweeps=200)
    assert not run.stopped[0]
    assert run.accuracy.max() <= 0.75


@pytest.mark.parametrize("units", [[LOGISTIC] * 3, [LOGISTIC, LINEAR, LOGISTIC], [LOGISTIC, LOGISTIC, LINEAR]])
def test_hand_written_gradient_is_autograd(units):
    seeds = Seeds(3)
    layers = random_layers((4, 5, 3, 2), 6, 1.0, seeds.torch("weights"))
    x = torch.randn(7, 4, dtype=torch.float64, generator=seeds.torch("inputs"))
    d = torch.rand(7, 2, dtype=torch.float64, generator=seeds.torch("targets"))
    by_hand = backpropagate(layers, forward(layers, x, units), d, units)
    tracked = [Layer(*(p.clone().requires_grad_() for p in layer)) for layer in layers]
    squared_error(forward(tracked, x, units)[-1], d).sum().backward()
    for mine, theirs in zip(by_hand, tracked, strict=True):
        for gradient, parameter in zip(mine, theirs, strict=True):
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-11, atol=1e-13)


def test_wrong_feedback_is_a_wrong_gradient_below_the_top_only():
    layers = random_layers((4, 5, 1), 2, 1.0, Seeds(0).torch("weights"))
    x, d = torch.ones(3, 4, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64)
    activity = forward(layers, x)
    right = backpropagate(layers, activity, d)
    wrong = backpropagate(layers, activity, d, feedback=[-layer.weights for layer in layers])
    torch.testing.assert_close(right[1].weights, wrong[1].weights)
    torch.testing.assert_close(right[0].weights, -wrong[0].weights)


def test_momentum_follows_equation_nine():
    weight = [Layer(torch.ones(1, 1, 1), torch.zeros(1, 1))]
    slope = [Layer(torch.full((1, 1, 1), 2.0), torch.zeros(1, 1))]
    change = at_rest(weight)
    for _ in range(2):  # -0.1 * 2 = -0.2, then -0.2 + 0.9 * -0.2 = -0.38
        descend(weight, change, slope, rate=0.1, momentum=0.9)
    assert weight[0].weights.item() == pytest.approx(1 - 0.2 - 0.38)


def test_all_right_needs_every_pattern_and_no_half_answers():
    outputs = torch.tensor([[[0.9], [0.1]], [[0.9], [0.9]], [[0.501], [0.499]]])
    assert all_right(outputs, torch.tensor([[1.0], [0.0]])).tolist() == [True, False, False]


def test_ridge_sum_recovers_a_planted_network():
    rng = Seeds(0).numpy("planted")
    truth = RidgeSum(rng.normal(size=(3, 2)) * 5, rng.normal(size=3), rng.normal(size=3), 0.3)
    x, held_out = rng.uniform(size=(400, 2)), rng.uniform(size=(400, 2))
    fitted = grow(x, truth(x), (8,), (200,), Seeds(0).numpy("fit"))[0]
    assert np.abs(fitted(held_out) - truth(held_out)).max() < 0.01


@pytest.mark.parametrize("linear", [False, True])
def test_ridge_sum_derivatives_are_finite_differences(linear):
    rng = Seeds(1).numpy("net")
    net = RidgeSum(rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=3), 0.1, linear)
    x, flat = rng.uniform(size=(5, 2)), net._flat()
    numeric = np.column_stack(
        [(net._moved(flat + 1e-6 * e)(x) - net._moved(flat - 1e-6 * e)(x)) / 2e-6 for e in np.eye(len(flat))]
    )
    np.testing.assert_allclose(net._jacobian(x), numeric, atol=1e-8)


def test_linear_units_find_the_best_plane_and_no_more():
    rng = Seeds(2).numpy("points")
    x = rng.uniform(size=(200, 2))
    y = np.abs(x[:, 0] - x[:, 1])
    design = np.column_stack([x, np.ones(200)])
    plane = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    narrow, wide = grow(x, y, (4, 32), (20, 20), Seeds(2).numpy("fit"), linear=True)
    np.testing.assert_allclose(narrow(x), plane, atol=1e-4)
    np.testing.assert_allclose(wide(x), plane, atol=1e-4)


def test_bad_input_is_named():
    with pytest.raises(BadInput, match=r"number of inputs: got 5, expected 1 to 4. 5 inputs have 2\*\*32 functions"):
        realised(5, range(2))
    with pytest.raises(BadInput, match=r"number of binary inputs: got 0"):
        binary_inputs(0)
    with pytest.raises(BadInput, match=r"labelled sets: got inputs \(1, 4, 2\) and targets \(4,\)"):
        learn([binary_inputs(2)], [0, 1, 1, 0], sweeps=1)
    with pytest.raises(BadInput, match=r"perceptron targets: got \[-1.0, 1.0\], expected 0 and 1"):
        learn([binary_inputs(2)], [[-1, 1, 1, -1]], sweeps=1)
    with pytest.raises(BadInput, match=r"layer sizes: got \(3,\)"):
        random_layers((3,), 1, 0.3, Seeds(0).torch("w"))
    with pytest.raises(BadInput, match=r"unit kinds: got 1, expected one for each of the 2 layers"):
        forward(random_layers((3, 2, 1), 1, 0.3, Seeds(0).torch("w")), torch.ones(1, 3).double(), [LINEAR])
    with pytest.raises(BadInput, match=r"widths: got \[4, 4\]"):
        grow([[0.0]], [0.0], (4, 4), (1, 1), Seeds(0).numpy("fit"))
    with pytest.raises(BadInput, match=r"samples of a function: got inputs \(1, 1\) and targets \(2,\)"):
        grow([[0.0]], [0.0, 1.0], (4,), (1,), Seeds(0).numpy("fit"))
