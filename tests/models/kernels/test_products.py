"""Products by oneDNN equal torch.mm's, are taken where they pay, and large networks equal the readable loop."""

from __future__ import annotations

import pytest
import torch

from tertium.models.kernels import network_reference, network_unroll, rate_reference, rate_unroll
from tertium.models.kernels.products import OneDnnProduct, TorchProduct, outer_sum, product_with
from tertium.rng import Seeds

UNITS, BATCH, STEPS = 160, 64, 40  # 1.6 million multiplications a step, for which the product by oneDNN pays

has_onednn = pytest.mark.skipif(
    not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")),
    reason="this build of torch has no oneDNN",
)


def normal(*shape, dtype=torch.float32, scale=1.0, name="products"):
    return scale * torch.randn(shape, generator=Seeds(5).torch(f"{name} {shape}"), dtype=torch.float64).to(dtype)


@has_onednn
@pytest.mark.parametrize("rows", [BATCH, 1, 1000])
def test_both_products_agree_for_any_number_of_rows(rows):
    matrix, given, added = normal(130, 170), normal(rows, 170), normal(rows, 130)
    fast, plain = OneDnnProduct(matrix, BATCH), TorchProduct(matrix)
    for more in (None, added):
        scratch = torch.empty(rows, 130)
        torch.testing.assert_close(fast(given, more, scratch), plain(given, more, scratch), rtol=1e-5, atol=1e-4)


@has_onednn
def test_a_matrix_that_changes_later_does_not_change_the_product():
    matrix = normal(130, 170)
    product, before = OneDnnProduct(matrix, BATCH), matrix.clone()
    matrix.zero_()
    given = normal(BATCH, 170)
    torch.testing.assert_close(product(given, None, given), given @ before.t(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 2048, 5000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_sum_over_samples_is_exact_to_rounding(samples, dtype):
    left, right = normal(samples, 150, dtype=dtype), normal(samples, 90, dtype=dtype, name="right")
    wanted = left.double().t() @ right.double()
    found = outer_sum(left, right)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=(1e-3 if dtype == torch.float32 else 1e-10))


def test_small_products_and_float64_stay_with_torch():
    assert isinstance(product_with(normal(UNITS, UNITS, dtype=torch.float64), BATCH, STEPS), TorchProduct)
    assert isinstance(product_with(normal(64, 64), BATCH, 10_000), TorchProduct)
    assert isinstance(product_with(normal(UNITS, UNITS), BATCH, 1), TorchProduct)


def networks(dtype):
    """Return a network's tensors, drawn alike in every type."""
    return {
        "x": normal(STEPS, BATCH, 4, dtype=dtype, name="x"),
        "initial": normal(BATCH, UNITS, dtype=dtype, name="initial"),
        "input_weight": normal(UNITS, 4, dtype=dtype, name="input"),
        "output_weight": normal(2, UNITS, dtype=dtype, scale=UNITS**-0.5, name="output"),
        "weight": normal(UNITS, UNITS, dtype=dtype, scale=UNITS**-0.5, name="weight"),
        "bias": normal(UNITS, dtype=dtype, name="bias"),
    }


def outputs_and_gradients(function, dtype, **options):
    given = {name: tensor.requires_grad_() for name, tensor in networks(dtype).items()}
    outputs, states = function(**given, alpha=0.2, nonlinearity="tanh", **options)
    loss = outputs.square().sum() + (states * torch.linspace(-1, 1, UNITS, dtype=dtype)).sum()
    return [outputs.detach(), *torch.autograd.grad(loss, list(given.values()))]


@pytest.mark.parametrize("form", ["membrane", "rate"])
@pytest.mark.parametrize("checkpoint", [False, True])
def test_large_networks_equal_the_readable_loop(form, checkpoint):
    wanted = outputs_and_gradients(network_reference, torch.float64, form=form)
    found = outputs_and_gradients(network_unroll, torch.float32, form=form, checkpoint=checkpoint)
    for one, other in zip(found, wanted, strict=True):
        assert float((one.double() - other).abs().max() / other.abs().max()) < 1e-5


@pytest.mark.parametrize("form", ["membrane", "rate"])
@pytest.mark.parametrize("checkpoint", [False, True])
def test_large_loops_equal_the_readable_one(form, checkpoint):
    def states_and_gradients(function, dtype, *more):
        given = networks(dtype)
        drive = normal(STEPS, BATCH, UNITS, dtype=dtype, name="drive").requires_grad_()
        initial, weight = given["initial"].requires_grad_(), given["weight"].requires_grad_()
        states = function(drive, initial, weight, 0.2, "tanh", form, *more)
        return [states.detach(), *torch.autograd.grad(states.square().sum(), [drive, initial, weight])]

    wanted = states_and_gradients(rate_reference, torch.float64)
    found = states_and_gradients(rate_unroll, torch.float32, checkpoint)
    for one, other in zip(found, wanted, strict=True):
        assert float((one.double() - other).abs().max() / other.abs().max()) < 1e-5
