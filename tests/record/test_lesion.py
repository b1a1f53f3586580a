"""Lesions do what was said to whoever listens, at every step, and leave nothing behind."""

import numpy as np
import pytest
import torch
from torch import nn

from tertium.dynamics import fixed_points
from tertium.errors import BadInput, UnknownName
from tertium.models import GRU, LSTM, ConvRNN, MultiAreaRNN, RateRNN
from tertium.record import lesion, record
from tertium.rng import Seeds
from tertium.testing.model_conformance import _fingerprint

TIMES, TRIALS = 7, 4


def shown(*shape):
    return torch.randn(shape or (TIMES, TRIALS, 3), generator=Seeds(0).torch("x"))


def recorded(net, x, site):
    return record(net, x, site, progress=False).values


def trace(net):
    """All that a lesion might leave: weights, modes, hooks, attributes of instances."""
    return _fingerprint(net), {name: set(vars(module)) for name, module in net.named_modules()}


class Stepped(nn.Module):
    """A network over time that calls its cell once a step."""

    def __init__(self, cell):
        super().__init__()
        self.cell, self.readout = cell, nn.Linear(5, 2)

    def forward(self, x, state=None):
        heard = []
        for step in x:
            state = self.cell(step, state)
            heard.append(state[0] if isinstance(state, tuple) else state)
        return self.readout(torch.stack(heard)), None


@pytest.mark.parametrize("options", [{}, {"form": "rate"}, {"dale": 0.8}, {"rank": 2}, {"nonlinearity": "sigmoid"}])
def test_silence_is_the_network_with_the_axons_cut(options):
    net, gone = RateRNN(3, 6, 2, seed=1, **options), [1, 4]
    keep = torch.ones(6)
    keep[gone] = 0
    with torch.no_grad(), lesion(net, "cells.0", gone):
        found, _ = net(shown())
    cell, state, want = net.cell, net.cell.init(TRIALS), []
    with torch.no_grad():
        for x in shown():
            drive, alpha = cell.drive(x), cell.leak()
            if cell.form == "membrane":
                state = (1 - alpha) * state + alpha * (cell.recurrent(cell.nonlinearity(state) * keep) + drive)
            else:
                state = (1 - alpha) * state + alpha * cell.nonlinearity(cell.recurrent(state * keep) + drive)
            want.append(net.readout(cell.activity(state) * keep))
    torch.testing.assert_close(found, torch.stack(want))


def test_a_lesion_is_seen_by_recordings_and_by_the_reference_loop_alike():
    net, x = RateRNN(3, 6, 2, seed=2), shown()
    with lesion(net, "cells.0", 2, how="clamp", amount=0.7), torch.no_grad():
        fast, states = net(x)
        slow, _ = net(x, backend="reference")
        seen = recorded(net, x, ["cells.0", "readout"])
        rates = net.rates(states)
    torch.testing.assert_close(fast, slow)
    np.testing.assert_allclose(seen[:, :, 6:], fast.transpose(0, 1), atol=1e-6)
    np.testing.assert_allclose(seen[:, :, :6], rates.transpose(0, 1), atol=1e-6)
    assert (seen[:, :, 2] == np.float32(0.7)).all()


def test_noise_has_its_deviation_and_all_listeners_hear_the_same_draw():
    net = RateRNN(3, 6, 2, form="rate", seed=3)
    x = shown(200, 50, 3)
    with lesion(net, "cells.0", [0, 3], how="noise", amount=[0.5, 2.0], seed=4), torch.no_grad():
        heard, states = net.cell(x)
        outputs, _ = net(x)
    added = (heard - states).numpy()
    assert added[:, :, 0].std() == pytest.approx(0.5, rel=0.03)
    assert added[:, :, 3].std() == pytest.approx(2.0, rel=0.03)
    assert not added[:, :, [1, 2, 4, 5]].any()
    cell = net.cell
    with torch.no_grad():
        drive = cell.nonlinearity(cell.recurrent(heard[:-1]) + cell.drive(x[1:]))
        torch.testing.assert_close(states[1:], (1 - cell.leak()) * states[:-1] + cell.leak() * drive)
    assert not torch.equal(outputs, net(x)[0])
    with lesion(net, "cells.0", [0, 3], how="noise", amount=[0.5, 2.0], seed=4), torch.no_grad():
        torch.testing.assert_close(net.cell(x)[0], heard, rtol=0, atol=0)


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_where_activity_is_state_the_state_is_held(kind):
    net, x = kind(3, 5, 2, seed=5), shown()
    with torch.no_grad(), lesion(net, "cells.0", [0, 3], how="clamp", amount=[0.2, -0.4]):
        found, _ = net(x)
    hold, cell, want = torch.tensor([0.2, -0.4]), net.cell, []
    with torch.no_grad():
        state = cell.init(TRIALS)
        state[:, [0, 3]] = hold
        for one in x:
            state, _ = cell.step(state, one)
            state[:, [0, 3]] = hold
            want.append(net.readout(state[:, :5]))
    torch.testing.assert_close(found, torch.stack(want))


def test_maps_of_a_convolutional_network_over_time():
    net = ConvRNN(1, (2, 3), 2, size=(4, 4), seed=6)
    x = shown(5, TRIALS, 1, 4, 4)
    whole = recorded(net, x, "*")
    with lesion(net, "areas.0", np.arange(16)):  # the first channel
        hurt = recorded(net, x, "*")
    with lesion(net, "areas.1"), lesion(net, "areas.0", np.arange(16)):
        both = recorded(net, x, "*")
    assert not hurt[:, :, :16].any()
    assert (hurt[:, 1:, 16:32] != whole[:, 1:, 16:32]).any()  # by way of the lateral connections
    assert (hurt[:, :, 32:] != whole[:, :, 32:]).any()
    assert not both[:, :, 32 : 32 + 12].any()
    # without feedback from above, the lower area goes another way
    assert (both[:, 2:, 16:32] != hurt[:, 2:, 16:32]).any()


@pytest.mark.parametrize("cell", [nn.RNNCell(3, 5), nn.LSTMCell(3, 5)])
def test_any_module_that_is_called_step_by_step(cell):
    net, x = Stepped(cell), shown()
    with lesion(net, "cell", [1, 2]), torch.no_grad():
        found, _ = net(x)
    state, want = None, []
    with torch.no_grad():
        for step in x:
            state = net.cell(step, state)
            (state[0] if isinstance(state, tuple) else state)[:, [1, 2]] = 0
            want.append(net.readout(state[0] if isinstance(state, tuple) else state))
    torch.testing.assert_close(found, torch.stack(want))


def test_units_by_place_mask_name_and_label():
    net = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU())
    x = shown(TRIALS, 1, 3, 4)
    intact = record(net, x, "0", progress=False)
    mask = np.zeros(12, dtype=bool)
    mask[[3, 8]] = True
    for units in ([3, 8], mask, intact.unit[[3, 8]], ["0/0/1/0", "0/1/0/2"]):
        with lesion(net, "0", units, how="clamp", amount=9.0):
            seen = recorded(net, x, "0")
        assert (seen[:, 0, mask] == 9).all()
        np.testing.assert_array_equal(seen[:, 0, ~mask], intact.values[:, 0, ~mask])
    areas = MultiAreaRNN(3, {"V1": 4, "PFC": 3}, 2, dale=0.5)
    with lesion(areas, "cells.0", {"area": "PFC", "cell_type": ["E"]}):
        silent = ~record(areas, shown(), "cells.0", progress=False).values.any((0, 1))
    labels = areas.cell.unit_labels()
    assert silent[(labels["area"] == "PFC") & (labels["cell_type"] == "E")].all()
    assert not silent[labels["area"] == "V1"].any()


def test_nothing_is_left_behind_not_even_by_an_error():
    net, x = RateRNN(3, 6, 2, seed=7), shown()
    before, outputs = trace(net), net(x)[0]
    with lesion(net, "cells.0", 1), lesion(net, "cells.0", 2, how="clamp", amount=1.0), lesion(net, "readout", 0):
        nested = recorded(net, x, ["cells.0", "readout"])
    assert (nested[:, :, 2] == 1).all()
    assert not nested[:, :, [1, 6]].any()
    assert trace(net) == before
    with pytest.raises(RuntimeError, match="stop"), lesion(net, "cells.0"), lesion(net, "output"):
        raise RuntimeError("stop")
    assert trace(net) == before
    with pytest.raises(BadInput, match="inputs of the network"), lesion(net, "cells.0"):
        net(x[..., :2])
    assert trace(net) == before
    torch.testing.assert_close(net(x)[0], outputs, rtol=0, atol=0)


def test_fixed_points_are_those_of_the_lesioned_network():
    net = RateRNN(2, 6, 1, nonlinearity="tanh", seed=1)
    with torch.no_grad():
        net.cell.bias.normal_(generator=Seeds(1).torch("bias"))
    starts = np.random.default_rng(0).normal(size=(4, 6))
    with lesion(net, "cells.0", 2):
        point = fixed_points(net.cell, starts, 0.0).points[0]
    heard = np.tanh(point) * (np.arange(6) != 2)
    weight, bias = (one.detach().double().numpy() for one in (net.cell.recurrent_weight, net.cell.bias))
    np.testing.assert_allclose(point, weight @ heard + bias, atol=1e-9)


def test_gradients_flow_past_a_lesion():
    net = RateRNN(3, 6, 1, seed=8)
    with lesion(net, "cells.0", [0]):
        net(shown())[0].sum().backward()
    assert net.cell.recurrent_weight.grad[1:, 0].abs().max() == 0 < net.cell.recurrent_weight.grad.abs().max()
    assert net.readout.weight.grad[0, 0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cells.0", [6]), r"units of 'cells.0': got place 6, expected 0 to 5"),
        (("cells.0", [-1]), "got place -1"),
        (("cells.0", [1, 1]), "a unit twice"),
        (("cells.0", []), "got none|float64"),
        (("cells.0", [0.5]), "float64 of shape"),
        (("cells.0", np.ones(5, dtype=bool)), r"mask of shape \(6,\)"),
        (("cells.0", "cells.1/0"), "expected names from 'cells.0/0' to 'cells.0/5'"),
        (("cells.0", "cells.0/9"), "expected names from"),
        (("*",), "expected one"),
        ((["readout"],), "site: got a list"),
    ],
)
def test_what_is_not_there_is_named(arguments, message):
    net = RateRNN(3, 6, 2)
    with pytest.raises(BadInput, match=message), lesion(net, *arguments):
        net(shown())


def test_misspelt_sites_labels_and_ways():
    net = MultiAreaRNN(3, {"V1": 4, "PFC": 3}, 2)
    for arguments, problem in [
        (("cell.0",), "cells.0"),
        (("cells.0", {"aera": "V1"}), "area"),
    ]:
        with pytest.raises(UnknownName, match=problem), lesion(net, *arguments):
            net(shown())
    for options, problem in [
        ({"how": "burn"}, "silence, clamp, noise"),
        ({"amount": 1.0}, "silence is 0"),
        ({"how": "clamp"}, "expected the value"),
        ({"how": "noise", "amount": -1.0}, "0 or more"),
        ({"how": "clamp", "amount": np.nan}, "finite"),
        ({"how": "clamp", "amount": [1.0, 2.0]}, "2 numbers for 7 units"),
        ({"units": {"area": "V4"}}, "none with"),
    ]:
        with pytest.raises(BadInput, match=problem), lesion(net, "cells.0", **options):
            net(shown())


def test_a_loop_that_cannot_be_reached_is_refused():
    net = nn.GRU(3, 5)
    with pytest.raises(BadInput, match=r"runs over time in one call.*nn\.GRUCell"), lesion(net, "output"):
        net(shown())
    with pytest.raises(BadInput, match="Call the whole network"), lesion(Stepped(nn.RNNCell(3, 5)), "readout") as hurt:
        hurt.readout(torch.zeros(2, 3, 5))
