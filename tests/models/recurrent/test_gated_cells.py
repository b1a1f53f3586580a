"""Gated and discrete cells: torch's numbers with torch's weights, and conformance."""

import pytest
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models import GRUCell, LSTMCell, RecurrentNetwork, UGRNNCell, VanillaCell
from tertium.models.recurrent.gated.gated_cell import FusedGatedCell, GatedCell
from tertium.rng import Seeds
from tertium.testing.cell_conformance import NonConforming, check_cell

CELLS = {"GRU": GRUCell, "LSTM": LSTMCell, "UGRNN": UGRNNCell, "vanilla": VanillaCell}


@pytest.mark.parametrize("learn_initial", [False, True])
@pytest.mark.parametrize("kind", CELLS.values(), ids=CELLS)
def test_conformance(kind, learn_initial):
    def make():
        return kind(3, 6, learn_initial=learn_initial, seeds=2)

    check_cell(make(), make=make)


def test_conformance_of_a_noisy_discrete_cell():
    check_cell(VanillaCell(3, 6, noise=0.5, nonlinearity="relu"))
    drawn = VanillaCell(1, 400, noise=0.5).noise(50, 1, Seeds(0).torch("noise"))
    assert float(drawn.std()) == pytest.approx(0.5, rel=0.01)


def gradients(run, xs, weights):
    outputs, last = run(xs)
    loss = (outputs * torch.linspace(-1, 1, outputs.numel()).view_as(outputs)).sum() + last.square().sum()
    return outputs, torch.autograd.grad(loss, [xs, *weights])


@pytest.mark.parametrize(
    ("kind", "peer", "options"),
    [
        (GRUCell, nn.GRU, {}),
        (LSTMCell, nn.LSTM, {}),
        (VanillaCell, nn.RNN, {"nonlinearity": "tanh"}),
        (VanillaCell, nn.RNN, {"nonlinearity": "relu"}),
    ],
    ids=["GRU", "LSTM", "tanh", "relu"],
)
@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_equal_to_torch_with_the_same_weights(kind, peer, options, backend):
    cell = kind(3, 7, **options)
    theirs = peer(3, 7, **options)
    n_gates = len(getattr(cell, "gates", ("candidate",)))
    bias = 0.3 * torch.randn(n_gates * 7, generator=Seeds(0).torch("bias"))
    with torch.no_grad():
        cell.bias.copy_(bias)
        theirs.weight_ih_l0.copy_(cell.input_weight)
        theirs.weight_hh_l0.copy_(torch.cat([getattr(cell, name) for name in cell.recurrent_weights]))
        theirs.bias_ih_l0.copy_(bias)
        theirs.bias_hh_l0.zero_()
        if kind is GRUCell:
            cell.candidate_bias.fill_(0.2)
            theirs.bias_hh_l0[-7:] = 0.2
    xs = torch.randn(12, 4, 3, generator=Seeds(0).torch("xs")).requires_grad_(True)

    def run_theirs(xs):
        outputs, last = theirs(xs)
        return outputs, torch.cat(last, dim=-1) if isinstance(last, tuple) else last

    ours, our_gradients = gradients(
        lambda xs: (lambda activity, states: (activity, states[-1]))(*cell(xs, backend=backend)),
        xs,
        [cell.input_weight],
    )
    expected, their_gradients = gradients(run_theirs, xs, [theirs.weight_ih_l0])
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=0)
    for a, b in zip(our_gradients, their_gradients, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_one_step_of_the_ugrnn_by_hand():
    cell = UGRNNCell(1, 1)
    with torch.no_grad():
        cell.input_weight.copy_(torch.tensor([[2.0], [0.0]]))
        cell.recurrent_weight.fill_(0.5)
        cell.update_weight.fill_(-1.0)
        cell.bias.copy_(torch.tensor([0.1, 1.0]))
    state, _ = cell.step(torch.tensor([[0.4]]), torch.tensor([[0.3]]))
    g = 1 / (1 + torch.exp(torch.tensor(0.4 - 1.0)))
    c = torch.tanh(torch.tensor(0.6 + 0.2 + 0.1))
    torch.testing.assert_close(state.detach(), (g * 0.4 + (1 - g) * c).view(1, 1))


def test_gates_start_open():
    assert LSTMCell(1, 4, forget_bias=2.0).bias.view(4, 4)[1].tolist() == [2.0] * 4
    assert LSTMCell(1, 4).bias.abs().sum().item() == 4.0
    assert UGRNNCell(1, 4).bias.sum().item() == 4.0
    assert GRUCell(1, 4, update_bias=0.5).bias.view(3, 4)[1].tolist() == [0.5] * 4


def test_any_cells_stack():
    network = RecurrentNetwork([GRUCell(3, 8), VanillaCell(8, 7), LSTMCell(7, 6)], n_outputs=2)
    xs = torch.randn(9, 4, 3, generator=Seeds(0).torch("xs"))
    outputs, states = network(xs)
    assert [tuple(s.shape[2:]) for s in states] == [(8,), (7,), (12,)]
    first, middle = network(xs[:5])
    rest, _ = network(xs[5:], tuple(s[-1] for s in middle))
    torch.testing.assert_close(torch.cat([first, rest]), outputs, atol=1e-6, rtol=0)
    assert network.rates(states).shape == (9, 4, 6)
    with pytest.raises(BadInput, match=r"cells: got a cell with 5 inputs on one with 8 units.*n_inputs=8"):
        RecurrentNetwork([GRUCell(3, 8), GRUCell(5, 4)], n_outputs=1)


def test_noise_that_a_gated_cell_has_not_is_refused():
    with pytest.raises(BadInput, match="noise of a GRUCell: got noise"):
        GRUCell(1, 2).step(torch.zeros(1, 2), torch.zeros(1, 1), torch.zeros(1, 2))


class Readable(GatedCell):
    """A UGRNN of which only the readable step is written."""

    gates, keeping, recurrent_weights = UGRNNCell.gates, UGRNNCell.keeping, UGRNNCell.recurrent_weights
    advance = UGRNNCell.advance


def test_a_gated_cell_needs_no_fast_loop():
    cell, fused = Readable(3, 6, open_bias=1.0, seeds=2), UGRNNCell(3, 6, seeds=2)
    check_cell(cell)
    xs = torch.randn(9, 4, 3, generator=Seeds(0).torch("xs"))
    torch.testing.assert_close(cell(xs)[1], fused(xs)[1], atol=1e-6, rtol=0)


def test_half_a_fast_loop_is_refused_where_the_cell_is_made():
    class Half(FusedGatedCell):
        gates, keeping = UGRNNCell.gates, UGRNNCell.keeping
        advance, advance_into = UGRNNCell.advance, UGRNNCell.advance_into

    with pytest.raises(TypeError, match="advance_back"):
        Half(3, 6)


class Forgetful(VanillaCell):
    """Breaks the contract: its fast loop leaves out the bias."""

    def drive(self, xs, noise=None):
        return xs @ self.input_weight.T if xs.ndim == 3 else super().drive(xs, noise)


class Remembering(VanillaCell):
    """Breaks the contract: it counts its runs."""

    runs = 0

    def run(self, xs, state, noise=None):
        self.runs += 1
        return super().run(xs + self.runs, state, noise)


def test_the_suite_finds_what_does_not_conform():
    forgetful = Forgetful(2, 3)
    with torch.no_grad():
        forgetful.bias.fill_(1.0)
    with pytest.raises(NonConforming, match="activity: the fast loop differs from step"):
        check_cell(forgetful)
    with pytest.raises(NonConforming, match="fast loop differs from step"):
        check_cell(Remembering(2, 3))
    with pytest.raises(NonConforming, match="draws from torch's global generator"):
        check_cell(VanillaCell(2, 3), make=lambda: (torch.rand(1), VanillaCell(2, 3))[1])
