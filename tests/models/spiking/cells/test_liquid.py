"""Liquid time constants: with fixed gates they are LIF and ALIF units, gates open where told, gradients, refusals."""

import math

import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.models.spiking import ALIF, LIF, LiquidLIF
from tertium.models.wiring import NoAutapses, constrain
from tertium.rng import Seeds
from tertium.testing.cell_conformance import check_cell


@pytest.mark.parametrize(
    "options", [{}, {"recurrent": False, "strength": 0.0, "detach_reset": False}, {"read": "voltage"}]
)
def test_it_conforms(options: dict) -> None:
    check_cell(LiquidLIF(3, 7, **options), make=lambda: LiquidLIF(3, 7, **options))


def fixed(**options: float) -> LiquidLIF:
    """Return a cell whose gates do not look: their biases alone say how fast."""
    cell = LiquidLIF(4, 6, **options)
    for gate in (cell.membrane_gate, cell.adaptation_gate):
        gate.weight.data.zero_()
    return cell.double()


@pytest.mark.parametrize("strength", [0.0, 1.8])
def test_with_fixed_gates_it_is_a_lif_or_alif_unit(strength: float) -> None:
    cell = fixed(strength=strength, tau=0.01, tau_adaptation=0.05)
    options = {"tau": 0.01, "threshold": 0.1, "reset": "zero", "gain": "leak", "decay": "euler", "recurrent": True}
    # Yin's h rises by 1 - rho a spike where ALIF's A rises by 1
    other = ALIF(4, 6, strength=strength * (0.001 / 0.05) / 0.1, tau_adaptation=0.05, **options)
    peer = (LIF(4, 6, **options) if strength == 0 else other).double()
    for name in ("input_weight", "recurrent_weight"):
        getattr(peer, name).data.copy_(getattr(cell, name).data)
    x = 10 * torch.randn(100, 5, 4, generator=Seeds(0).torch("x"), dtype=torch.float64)
    spikes, states = cell(x)
    wanted, theirs = peer(x, backend="reference")
    assert spikes.sum() > 100
    assert torch.equal(spikes, wanted)
    # parameters of the peers are float32
    torch.testing.assert_close(cell.variable(states, "voltage"), peer.variable(theirs, "voltage"), atol=1e-6, rtol=1e-5)


def test_what_arrives_sets_the_time_constant() -> None:
    cell = LiquidLIF(1, 1, recurrent=False, threshold=1e6, bias=False, tau=0.02).double()
    cell.input_weight.data.fill_(1.0)
    cell.membrane_gate.weight.data.copy_(torch.tensor([[2.0, 0.0]]))
    for level in (0.5, 2.0):
        _, states = cell(torch.full((20, 1, 1), level, dtype=torch.float64))
        logit = math.log((0.001 / 0.02) / (1 - 0.001 / 0.02)) + 2 * level
        alpha = 1 / (1 + math.exp(-logit))
        wanted = level * (1 - (1 - alpha) ** torch.arange(1, 21, dtype=torch.float64))
        torch.testing.assert_close(cell.variable(states, "voltage").flatten(), wanted, rtol=1e-5, atol=1e-7)


def test_both_gates_and_all_weights_get_gradients() -> None:
    cell = LiquidLIF(3, 8)
    spikes, _ = cell(5 * torch.randn(40, 4, 3, generator=Seeds(1).torch("x")))
    spikes.sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in cell.parameters())


def test_voltages_are_read_after_their_reset_and_change_nothing_inside() -> None:
    x = 5 * torch.randn(40, 4, 3, generator=Seeds(1).torch("x"))
    spikes, states = LiquidLIF(3, 8)(x)
    voltages, same = LiquidLIF(3, 8, read="voltage")(x)
    assert torch.equal(states, same)
    assert not voltages[spikes > 0].any()
    assert torch.equal(voltages[spikes == 0], states[:, :, 0][spikes == 0])
    assert 0 < float(spikes.detach().mean()) < 1


def test_wiring_constraints_hold() -> None:
    cell = constrain(LiquidLIF(2, 9), NoAutapses())
    assert not cell.recurrent_weight.diagonal().any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "threshold and strength: got 0 and 1.8"),
        ({"tau": 0.0005}, "tau: got 0.0005 s"),
        ({"tau_adaptation": math.inf}, "tau_adaptation"),
        ({"tau_synapse": 0.01}, "the gates filter"),
    ],
)
def test_bad_parameters_are_refused(options: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        LiquidLIF(2, 3, **options)


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(UnknownName, match="what is read of liquid units"):
        LiquidLIF(2, 3, read="current")
