"""The fast loops equal the readable ones in values and gradients, whatever is combined."""

from __future__ import annotations

import itertools

import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.models.kernels import (
    FORMS,
    NONLINEARITIES,
    low_rank_reference,
    low_rank_unroll,
    nonlinearity,
    rate_reference,
    rate_unroll,
    states_and_rates,
)
from tertium.rng import Seeds

STEPS, BATCH, UNITS, RANK = 7, 3, 9, 2
KINDS = ("dense", "low rank", "both")


def draws(dtype, per_unit=False, steps=STEPS, batch=BATCH):
    random = Seeds(3).torch("kernels")

    def normal(*shape, scale=1.0):
        return (scale * torch.randn(shape, generator=random, dtype=torch.float64)).to(dtype).requires_grad_()

    alpha = 0.1 + 0.8 * torch.rand((UNITS,) if per_unit else (), generator=random, dtype=torch.float64)
    return {
        # the second half of the drive is noise, as far as the loops can tell
        "drive": normal(steps, batch, UNITS),
        "initial": normal(batch, UNITS),
        "alpha": alpha.to(dtype).requires_grad_(),
        "weight": normal(UNITS, UNITS, scale=UNITS**-0.5),
        "m": normal(UNITS, RANK),
        "n": normal(UNITS, RANK),
    }


def run(fast, kind, given, name, form, checkpoint):
    common = (given["alpha"], name, form, checkpoint)
    if kind == "dense":
        function = rate_unroll if fast else rate_reference
        return function(given["drive"], given["initial"], given["weight"], *common)
    function = low_rank_unroll if fast else low_rank_reference
    weight = given["weight"] if kind == "both" else None
    return function(given["drive"], given["initial"], given["m"], given["n"], *common, weight=weight)


def value_and_gradients(states, given):
    toward = torch.linspace(-1, 1, states.numel(), dtype=states.dtype).view(states.shape)
    wanted = {key: tensor for key, tensor in given.items() if tensor.requires_grad}
    found = torch.autograd.grad(
        (states * toward).sum() + states.square().sum(), list(wanted.values()), allow_unused=True
    )
    return states.detach(), dict(zip(wanted, found, strict=True))


def assert_equal(fast, reference, values, gradients):
    def difference(a, b):
        return ((a - b).abs().max() / b.abs().max().clamp_min(1e-30)).item()

    assert difference(fast[0], reference[0]) < values
    assert fast[1].keys() == reference[1].keys()
    for key, expected in reference[1].items():
        if expected is None:
            assert fast[1][key] is None, key
        else:
            assert fast[1][key].shape == expected.shape
            assert difference(fast[1][key], expected) < gradients, key


@pytest.mark.parametrize("per_unit", [False, True], ids=["one alpha", "alpha per unit"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name", [n if n in ("relu", "tanh", "power") else pytest.param(n, marks=pytest.mark.slow) for n in NONLINEARITIES]
)
def test_the_fast_loop_equals_the_readable_one(name, form, per_unit):
    f = nonlinearity(name, k=0.3, n=2.0) if name == "power" else nonlinearity(name)
    tolerances = {torch.float32: (1e-6, 1e-5), torch.float64: (1e-10, 1e-10)}
    for dtype, kind in itertools.product(tolerances, KINDS):
        given = draws(dtype, per_unit)
        reference = value_and_gradients(run(False, kind, given, f, form, False), given)
        for checkpoint in (False, True):
            fast = value_and_gradients(run(True, kind, given, f, form, checkpoint), given)
            assert_equal(fast, reference, *tolerances[dtype])


@pytest.mark.parametrize("form", FORMS)
def test_gradients_agree_with_finite_differences(form):
    given = draws(torch.float64, per_unit=True, steps=4, batch=2)
    names = list(given)

    def function(*tensors):
        return run(True, "both", dict(zip(names, tensors, strict=True)), "tanh", form, True)

    assert torch.autograd.gradcheck(function, tuple(given.values()), fast_mode=True)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (1, 3), (2, 1), (17, 1)])
def test_short_and_single(steps, batch, form, checkpoint):
    given = draws(torch.float64, steps=steps, batch=batch)
    fast, reference = (
        value_and_gradients(run(k, "both", given, "tanh", form, checkpoint), given) for k in (True, False)
    )
    assert_equal(fast, reference, 1e-10, 1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_one_initial_state_for_all_trials_gets_the_sum_of_their_gradients(form):
    given = draws(torch.float64)
    given["initial"] = given["initial"].detach()[0].clone().requires_grad_()
    fast, reference = (value_and_gradients(run(k, "dense", given, "relu", form, False), given) for k in (True, False))
    assert_equal(fast, reference, 1e-10, 1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_strides_do_not_matter(form):
    given = draws(torch.float64)
    plain = value_and_gradients(run(True, "both", given, "tanh", form, False), given)
    turned = {
        "drive": given["drive"].detach().permute(2, 1, 0).contiguous().permute(2, 1, 0).requires_grad_(),
        "alpha": given["alpha"],
    }
    for key in ("initial", "weight", "m", "n"):
        turned[key] = given[key].detach().t().contiguous().t().requires_grad_()
    assert not any(turned[key].is_contiguous() for key in turned if key != "alpha")
    for checkpoint in (False, True):
        found = value_and_gradients(run(True, "both", turned, "tanh", form, checkpoint), turned)
        assert_equal(found, plain, 1e-12, 1e-12)


@pytest.mark.parametrize("wanted", ["drive", "initial", "alpha", "weight", "m", "n"])
@pytest.mark.parametrize("form", FORMS)
def test_one_gradient_alone(form, wanted):
    given = {key: tensor.detach().requires_grad_(key == wanted) for key, tensor in draws(torch.float64).items()}
    fast, reference = (value_and_gradients(run(k, "both", given, "tanh", form, False), given) for k in (True, False))
    assert_equal(fast, reference, 1e-10, 1e-10)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("toward", ["states", "rates", "both"])
@pytest.mark.parametrize("form", FORMS)
def test_rates_carry_their_own_gradient(form, toward, checkpoint):
    given = draws(torch.float64)

    def loss(states, rates):
        total = states.new_zeros(())
        if toward != "rates":
            total = total + states.square().sum()
        return total if toward == "states" else total + rates.pow(3).sum()

    weights = {"weight": given["weight"], "factors": (given["m"], given["n"])}
    found = states_and_rates(
        given["drive"],
        given["initial"],
        given["alpha"],
        **weights,
        nonlinearity="tanh",
        form=form,
        checkpoint=checkpoint,
    )
    states = run(False, "both", given, "tanh", form, False)
    expected = (states, torch.tanh(states) if form == "membrane" else states)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)
    wanted = list(given.values())
    gradients = zip(
        torch.autograd.grad(loss(*found), wanted), torch.autograd.grad(loss(*expected), wanted), strict=True
    )
    for mine, theirs in gradients:
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


def test_alpha_one_is_the_discrete_network_of_torch():
    random = Seeds(0).torch("discrete")
    theirs = torch.nn.RNN(4, UNITS)
    x = torch.randn(STEPS, BATCH, 4, generator=random)
    expected, _ = theirs(x)
    drive = x @ theirs.weight_ih_l0.T + theirs.bias_ih_l0 + theirs.bias_hh_l0
    found = rate_unroll(drive, torch.zeros(UNITS), theirs.weight_hh_l0, 1.0, "tanh", "rate")
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_without_recurrence_the_state_approaches_its_drive_as_the_exponential_of_the_leak():
    alpha, steps = 0.2, 30
    drive = torch.full((steps, 1, 1), 2.0, dtype=torch.float64)
    found = rate_unroll(drive, drive.new_zeros(1), drive.new_zeros(1, 1), alpha)
    expected = 2 * (1 - (1 - alpha) ** torch.arange(1, steps + 1, dtype=torch.float64))
    torch.testing.assert_close(found.ravel(), expected, rtol=1e-12, atol=0)


def stored_bytes(function):
    """Return the bytes autograd keeps between the forward and the backward pass, each piece of memory once."""
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        found = function()
    del found
    return sum(kept.values())


@pytest.mark.parametrize("form", FORMS)
def test_only_what_the_backward_pass_needs_is_kept(form):
    given = draws(torch.float32, steps=100)
    given["alpha"] = 0.2
    everything = 4 * 100 * BATCH * UNITS
    weights = 4 * (UNITS * UNITS + BATCH * UNITS + UNITS)

    def kept(function, checkpoint):
        return stored_bytes(
            lambda: function(given["drive"], given["initial"], given["weight"], 0.2, "tanh", form, checkpoint)
        )

    # rates of the membrane form; states and f(z) of the rate form
    assert kept(rate_unroll, False) <= (1 if form == "membrane" else 2) * everything + weights
    assert kept(rate_unroll, True) <= (1 if form == "membrane" else 2) * everything + weights
    assert kept(rate_unroll, False) <= kept(rate_reference, False)


def test_a_second_derivative_is_refused():
    given = draws(torch.float64)
    states = run(True, "dense", given, "tanh", "membrane", False)
    (gradient,) = torch.autograd.grad(states.square().sum(), given["drive"], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_bad_input_is_answered_in_one_line():
    drive, weight = torch.zeros(4, 2, 3), torch.zeros(3, 3)
    with pytest.raises(BadInput, match=r"drive: got float32 of shape \(4, 2\), expected .*time, batch, unit"):
        rate_unroll(drive[..., 0], torch.zeros(3), weight, 0.1)
    with pytest.raises(BadInput, match=r"recurrent weight: got shape \(3, 2\), expected \(3, 3\), post x pre"):
        rate_unroll(drive, torch.zeros(3), weight[:, :2], 0.1)
    with pytest.raises(BadInput, match=r"recurrent weight: got torch.float64 on cpu, expected torch.float32 on cpu"):
        rate_unroll(drive, torch.zeros(3), weight.double(), 0.1)
    with pytest.raises(BadInput, match=r"initial state: got shape \(4,\), expected \(2, 3\), or \(3,\)"):
        rate_unroll(drive, torch.zeros(4), weight, 0.1)
    for alpha in (0.0, -1.0, float("nan")):
        with pytest.raises(BadInput, match=f"alpha = dt/tau: got {alpha}, expected a number > 0"):
            rate_unroll(drive, torch.zeros(3), weight, alpha)
    with pytest.raises(BadInput, match="a smallest value of 0, expected numbers > 0"):
        rate_unroll(drive, torch.zeros(3), weight, torch.tensor([0.1, 0.0, 0.2]))
    with pytest.raises(BadInput, match=r"alpha = dt/tau: got shape \(2,\), expected one number or \(3,\)"):
        rate_unroll(drive, torch.zeros(3), weight, torch.ones(2))
    with pytest.raises(BadInput, match=r"low-rank factors m and n: got shapes \(3, 1\) and \(3, 2\)"):
        low_rank_unroll(drive, torch.zeros(3), torch.ones(3, 1), torch.ones(3, 2), 0.1)
    with pytest.raises(
        BadInput, match="recurrent connections: got none, expected a weight, or factors m and n, or both"
    ):
        states_and_rates(drive, torch.zeros(3), 0.1)
    with pytest.raises(UnknownName, match=r"form of the rate equation: got 'membran'.* Did you mean 'membrane'"):
        rate_unroll(drive, torch.zeros(3), weight, 0.1, form="membran")
