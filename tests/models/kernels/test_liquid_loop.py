"""The loop of liquid units: equal to the step in values and gradients, in memory, and what it refuses."""

import pytest
import torch

from tertium.errors import BadInput
from tertium.models.kernels.spiking import LiquidUnits, liquid_unroll
from tertium.models.spiking import LiquidLIF
from tertium.models.spiking.surrogates import Triangle
from tertium.models.wiring import NoAutapses, constrain
from tertium.rng import Seeds

OPTIONS = [
    {},
    {"recurrent": False},
    {"detach_reset": False},
    {"read": "voltage", "strength": 0.5},
    {"threshold": 0.5, "strength": 0.0, "bias": False, "surrogate": Triangle()},
]


def drawn(*shape: int, name: str) -> torch.Tensor:
    return torch.randn(*shape, generator=Seeds(0).torch(name), dtype=torch.float64)


@pytest.mark.parametrize(("options", "constrained"), [*((options, False) for options in OPTIONS), ({}, True)])
def test_values_and_gradients_are_those_of_the_step(options: dict, constrained: bool) -> None:
    cell = LiquidLIF(3, 9, input_gain=5.0, **options).double()
    if constrained:
        constrain(cell, NoAutapses())
    x = drawn(30, 5, 3, name="x").requires_grad_()
    start = (0.1 * drawn(5, 2, 9, name="state").abs()).requires_grad_()
    to_read, to_states = drawn(30, 5, 9, name="read"), drawn(30, 5, 2, 9, name="states")
    found = []
    for backend in ("auto", "reference"):
        read, states = cell(x, start, backend=backend)
        loss = (read * to_read).sum() + (states * to_states).sum()
        found.append((read, states, *torch.autograd.grad(loss, [x, start, *cell.parameters()])))
    spikes = cell.spikes_of(found[0][1]).detach()
    assert 0.02 < float(spikes.mean()) < 0.5
    for ours, wanted in zip(*found, strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-10, atol=1e-12)


def test_other_numbers_and_stretches() -> None:
    cell = LiquidLIF(3, 9, input_gain=5.0)
    x = drawn(30, 5, 3, name="x").float()
    spikes, _ = cell(x)
    wanted, _ = cell(x, backend="reference")
    assert torch.equal(spikes, wanted)
    first, between = cell(x[:13])
    second, _ = cell(x[13:], between[-1])
    assert torch.equal(torch.cat([first, second]), spikes)


def test_a_subclass_with_a_step_of_its_own_is_run_by_it() -> None:
    class Silent(LiquidLIF):
        def step(self, state, x, noise=None):
            return torch.zeros_like(state), torch.zeros_like(state[:, 0])

    _, states = Silent(3, 9, input_gain=5.0)(torch.ones(4, 2, 3))
    assert not states.any()


def test_there_is_no_second_derivative() -> None:
    cell = LiquidLIF(3, 9)
    _, states = cell(torch.ones(4, 2, 3))
    (first,) = torch.autograd.grad(states.square().sum(), cell.membrane_gate.weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_another_state_is_refused() -> None:
    gate = (torch.zeros(4, 8), torch.zeros(4))
    units = LiquidUnits(0.1, 1.8, Triangle(), detach_reset=True)
    with pytest.raises(BadInput, match=r"state of liquid units: got shape \(2, 1, 4\)"):
        liquid_unroll(
            torch.zeros(5, 2, 4), torch.zeros(2, 1, 4), units, weight=None, membrane_gate=gate, adaptation_gate=gate
        )
