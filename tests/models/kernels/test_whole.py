"""Whole networks, with noise and read-out, with and without checkpoints, equal the readable loop."""

from __future__ import annotations

import pytest
import torch

from tertium.errors import BadInput
from tertium.models.kernels import FORMS, NONLINEARITIES, network_reference, network_unroll, project, step_noise
from tertium.rng import Seeds

STEPS, BATCH, UNITS, INPUTS, OUTPUTS = 7, 3, 9, 4, 2


def draws(dtype, kind="dense", per_unit=True, steps=STEPS, batch=BATCH):
    random = Seeds(5).torch("whole")

    def normal(*shape, scale=1.0):
        return (scale * torch.randn(shape, generator=random, dtype=torch.float64)).to(dtype).requires_grad_()

    alpha = 0.1 + 0.8 * torch.rand((UNITS,) if per_unit else (), generator=random, dtype=torch.float64)
    given = {
        "x": normal(steps, batch, INPUTS),
        "initial": normal(batch, UNITS),
        "input_weight": normal(UNITS, INPUTS),
        "output_weight": normal(OUTPUTS, UNITS),
        "alpha": alpha.to(dtype).requires_grad_(),
        "bias": normal(UNITS),
        "output_bias": normal(OUTPUTS),
    }
    weight, m, n = normal(UNITS, UNITS, scale=UNITS**-0.5), normal(UNITS, 2), normal(UNITS, 2)
    given |= {"weight": weight} if kind != "low rank" else {}
    return given | ({"m": m, "n": n} if kind != "dense" else {})


def run(function, given, **options):
    given = dict(given)
    if "m" in given:
        given["factors"] = (given.pop("m"), given.pop("n"))
    if options.get("noise_std"):
        options["generator"] = Seeds(1).torch("noise")
    return function(**given, **options)


def gradients(found, given):
    loss = sum(
        (t * torch.linspace(-1, 1, t.numel(), dtype=t.dtype).view(t.shape)).sum() + t.square().sum() for t in found
    )
    wanted = {key: tensor for key, tensor in given.items() if tensor.requires_grad}
    return dict(zip(wanted, torch.autograd.grad(loss, list(wanted.values()), retain_graph=True), strict=True))


def assert_equal(fast, reference, given, values, tolerance):
    for mine, theirs in zip(fast, reference, strict=True):
        assert mine.shape == theirs.shape
        assert ((mine - theirs).abs().max() / theirs.abs().max()).item() < values
    found, expected = gradients(fast, given), gradients(reference, given)
    for key, theirs in expected.items():
        assert found[key].shape == theirs.shape
        assert ((found[key] - theirs).abs().max() / theirs.abs().max()).item() < tolerance, key


@pytest.mark.parametrize("noise_std", [0.0, 0.3], ids=["quiet", "noisy"])
@pytest.mark.parametrize("kind", ["dense", "low rank", "both"])
@pytest.mark.parametrize("form", FORMS)
def test_the_fast_network_equals_the_readable_one(form, kind, noise_std):
    for dtype, values, tolerance in ((torch.float32, 1e-6, 1e-5), (torch.float64, 1e-10, 1e-10)):
        for per_unit in (False, True):
            given = draws(dtype, kind, per_unit)
            reference = run(network_reference, given, nonlinearity="tanh", form=form, noise_std=noise_std)
            for checkpoint in (False, True):
                options = {"nonlinearity": "tanh", "form": form, "noise_std": noise_std, "checkpoint": checkpoint}
                assert_equal(run(network_unroll, given, **options), reference, given, values, tolerance)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NONLINEARITIES)
def test_every_nonlinearity(name, form):
    given = draws(torch.float64)
    fast, reference = (run(k, given, nonlinearity=name, form=form) for k in (network_unroll, network_reference))
    assert_equal(fast, reference, given, 1e-10, 1e-10)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("kind", ["dense", "low rank"])
@pytest.mark.parametrize("form", FORMS)
def test_the_last_state_alone(form, kind, checkpoint):
    given = draws(torch.float64, kind)
    fast = run(network_unroll, given, form=form, checkpoint=checkpoint, all_states=False)
    assert tuple(fast[1].shape) == (1, BATCH, UNITS)
    assert_equal(fast, run(network_reference, given, form=form, all_states=False), given, 1e-10, 1e-10)
    frozen = given | {"alpha": given["alpha"].detach()}
    fast = run(network_unroll, frozen, form=form, checkpoint=checkpoint, all_states=False)
    assert_equal(fast, run(network_reference, frozen, form=form, all_states=False), frozen, 1e-10, 1e-10)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (2, 1), (1, 3), (17, 1)])
def test_short_and_single(steps, batch, form, checkpoint):
    given = draws(torch.float64, "dense", steps=steps, batch=batch)
    options = {"nonlinearity": "tanh", "form": form, "noise_std": 0.2, "checkpoint": checkpoint}
    assert_equal(run(network_unroll, given, **options), run(network_reference, given, **options), given, 1e-10, 1e-10)


def test_without_biases_and_with_frozen_parts():
    given = draws(torch.float64)
    given = {key: tensor for key, tensor in given.items() if key not in {"bias", "output_bias"}}
    given = {key: tensor.detach().requires_grad_(key == "weight") for key, tensor in given.items()}
    assert_equal(run(network_unroll, given), run(network_reference, given), given, 1e-10, 1e-10)
    outputs, _ = run(network_unroll, given)
    only_inputs = {key: tensor.detach().requires_grad_(key == "x") for key, tensor in given.items()}
    assert_equal(run(network_unroll, only_inputs), run(network_reference, only_inputs), only_inputs, 1e-10, 1e-10)
    with torch.no_grad():
        assert torch.equal(run(network_unroll, given, checkpoint=True)[0], outputs)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_agree_with_finite_differences(form):
    given = draws(torch.float64, steps=4, batch=2)

    def function(*tensors):
        return run(network_unroll, dict(zip(given, tensors, strict=True)), nonlinearity="tanh", form=form)

    assert torch.autograd.gradcheck(function, tuple(given.values()), fast_mode=True)


@pytest.mark.parametrize("kind", ["dense", "low rank"])
def test_an_input_that_is_not_a_number_spoils_nothing_before_it(kind):
    given = {key: tensor.detach() for key, tensor in draws(torch.float32, kind).items()}
    expected = run(network_unroll, given)
    given["x"][4] = float("nan")
    for mine, before in zip(run(network_unroll, given), expected, strict=True):
        torch.testing.assert_close(mine[:4], before[:4])
        assert mine[4:].isnan().all()


def test_noise_has_its_size_and_leaves_the_generator_where_one_draw_would():
    given = draws(torch.float64)
    std = torch.linspace(0.1, 1, UNITS, dtype=torch.float64)
    noise = step_noise(4000, 5, std, Seeds(2).torch("noise"))
    torch.testing.assert_close(noise.std((0, 1)), std, rtol=0.03, atol=0)
    states = []
    for checkpoint in (False, True):
        generator = Seeds(2).torch("noise")
        network_unroll(**given, noise_std=std, generator=generator, checkpoint=checkpoint)[0].sum().backward()
        states.append(generator.get_state())
    step_noise(STEPS, BATCH, std, generator := Seeds(2).torch("noise"))
    assert all(torch.equal(state, generator.get_state()) for state in states)


def kept_bytes(steps, **options):
    """Return the bytes that are alive for the backward pass, each piece of memory once."""
    given = draws(torch.float32, steps=steps, per_unit=False)
    given["alpha"] = given["alpha"].detach()
    own = {tensor.untyped_storage().data_ptr() for tensor in given.values()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        found = run(network_unroll, given, **options)
    del found
    return sum(kept.values())


def test_rows_of_rates_and_inputs_are_all_that_is_kept():
    steps = 400
    row = 4 * BATCH * 16  # 9 rates, 4 inputs and the constant, filled up to 16
    matrix = 4 * 16 * 16
    assert kept_bytes(steps, all_states=False) <= (steps + 1) * row + matrix + 4 * UNITS * (BATCH + 2)
    # the state before each block is a view of the last state of the one before
    assert kept_bytes(steps, all_states=False, checkpoint=True) < 0.15 * kept_bytes(steps, all_states=False)


@pytest.mark.parametrize(("channels", "units"), [(2, 9), (9, 2), (5, 5)])
def test_project_is_a_linear_map(channels, units):
    random = Seeds(0).torch("project")
    tensors = [
        torch.randn(s, generator=random, dtype=torch.float64) for s in ((6, 4, channels), (units, channels), (units,))
    ]
    for parts in (tensors, tensors[:2]):
        x, *rest = (tensor.clone().requires_grad_() for tensor in parts)
        found, expected = project(x, *rest), torch.nn.functional.linear(x, *rest)
        assert torch.equal(found, expected)
        mine, theirs = (torch.autograd.grad(y.square().sum(), (x, *rest)) for y in (found, expected))
        for one, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_bad_input_is_answered_in_one_line():
    given = {key: tensor.detach() for key, tensor in draws(torch.float32).items()}
    with pytest.raises(BadInput, match=r"inputs: got float32 of shape \(7, 4\), expected .*\(time, batch, input\)"):
        network_unroll(**(given | {"x": given["x"][:, 0]}))
    with pytest.raises(
        BadInput, match=r"input weight: got float32 of shape \(9, 3\), expected float32 of shape \(9, 4\)"
    ):
        network_unroll(**(given | {"input_weight": given["input_weight"][:, :3]}))
    with pytest.raises(BadInput, match=r"output bias: got float64 of shape \(2,\), expected float32 of shape \(2,\)"):
        network_unroll(**(given | {"output_bias": given["output_bias"].double()}))
    with pytest.raises(BadInput, match=r"noise_std: got -1.0, expected a number >= 0"):
        network_unroll(**given, noise_std=-1.0)
    with pytest.raises(
        BadInput, match=r"noise_std: got shape \(2,\), expected one number or \(9,\), without a gradient"
    ):
        network_unroll(**given, noise_std=torch.ones(2))
    for function in (network_unroll, network_reference):
        with pytest.raises(BadInput, match="recurrent connections: got none, expected a weight"):
            function(**{key: tensor for key, tensor in given.items() if key != "weight"})
