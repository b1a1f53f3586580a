"""Every rate function against its closed form, and its slope from its value against autograd."""

from __future__ import annotations

import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.models.kernels import NONLINEARITIES, Nonlinearity, nonlinearity

CLOSED = {
    "identity": lambda x: x,
    "relu": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "tanh": lambda x: 1 - 2 / (torch.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "softplus": lambda x: torch.log1p(torch.exp(x)),
    "power": lambda x: 0.04 * torch.where(x > 0, x, torch.zeros_like(x)) ** 2,
}


def inputs():
    return torch.cat([torch.linspace(-6, 6, 101, dtype=torch.float64), torch.tensor([0.0, 25.0, 50.0])])


def test_the_table_is_the_one_tested_here():
    assert set(NONLINEARITIES) == set(CLOSED)


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_values_and_slopes(name):
    f, x = nonlinearity(name), inputs().requires_grad_()
    value = f(x)
    torch.testing.assert_close(value, CLOSED[name](x), rtol=1e-12, atol=1e-14)
    (slope,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(f.slope(value.detach()), slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_in_place_is_the_same(name):
    f, x = nonlinearity(name), inputs()
    apart = torch.empty_like(x)
    f.into(x, apart)
    inside = x.clone()
    f.into(inside, inside)
    assert torch.equal(apart, f(x))
    assert torch.equal(inside, apart)
    gradient, out = torch.linspace(1, 2, len(x), dtype=x.dtype), torch.empty_like(x)
    f.back(gradient, apart, out)
    torch.testing.assert_close(out, gradient * f.slope(apart), rtol=1e-14, atol=0)
    f.back(gradient, apart, gradient)
    assert torch.equal(gradient, out)


@pytest.mark.parametrize(("k", "n"), [(0.5, 1.0), (0.04, 2.0), (0.2, 3.3)])
def test_power_law(k, n):
    f, x = nonlinearity("power", k=k, n=n), torch.tensor([-1.0, 0.0, 0.3, 4.0], dtype=torch.float64)
    expected = torch.tensor([0.0, 0.0, k * 0.3**n, k * 4.0**n], dtype=torch.float64)
    slope = torch.tensor([0.0, 0.0, k * n * 0.3 ** (n - 1), k * n * 4.0 ** (n - 1)], dtype=torch.float64)
    torch.testing.assert_close(f(x), expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(f.slope(f(x)), slope, rtol=1e-12, atol=0)


def test_nan_is_not_swallowed():
    for name in NONLINEARITIES:
        out = torch.empty(1)
        nonlinearity(name).into(torch.tensor([float("nan")]), out)
        assert out.isnan().all(), name


def test_bad_names_and_parameters():
    with pytest.raises(UnknownName, match=r"nonlinearity: got 'rleu'.*Did you mean 'relu'"):
        nonlinearity("rleu")
    with pytest.raises(BadInput, match=r"power-law exponent n: got 0.5, expected a number >= 1"):
        nonlinearity("power", n=0.5)
    with pytest.raises(BadInput, match=r"power-law gain k: got 0, expected a number > 0"):
        nonlinearity("power", k=0)
    with pytest.raises(BadInput, match=r"parameters of nonlinearity 'relu': got k, expected none"):
        nonlinearity("relu", k=1.0)
    with pytest.raises(
        BadInput, match=r"parameters of nonlinearity 'tanh': got k, expected none beside a ready-made one"
    ):
        nonlinearity(nonlinearity("tanh"), k=1.0)


def test_a_rate_function_without_its_loops_is_refused_where_it_is_made():
    class Cube(Nonlinearity):
        name = "cube"

        def __call__(self, x):
            return x**3

    with pytest.raises(TypeError, match="into"):
        Cube()
