"""Convolutional recurrent cells and networks: the equation, feedback, still and moving images."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from tertium.errors import BadInput
from tertium.models import ConvRNN, ConvRNNCell
from tertium.models.recurrent.conv_rnn import static
from tertium.record import list_sites, record
from tertium.rng import Seeds
from tertium.testing.cell_conformance import check_cell


def images(steps=6, batch=2, size=8):
    return torch.randn(steps, batch, 1, size, size, generator=Seeds(0).torch("images"))


@pytest.mark.parametrize("lateral", [True, False])
def test_conformance(lateral):
    def make():
        return ConvRNNCell(2, 3, size=(5, 4), lateral=lateral, top_down=2, nonlinearity="softplus")

    check_cell(make(), make=make, value_tolerance=1e-5)


def test_one_step_is_the_equation():
    cell = ConvRNNCell(1, 2, size=(4, 4), top_down=3, dt=0.01, tau=0.04)
    x, state, top = (torch.rand(2, c, n, n, generator=Seeds(0).torch(str(c))) for c, n in ((1, 4), (2, 4), (3, 2)))
    found, rates = cell.step(state, x, top_down=top)
    above = top.repeat_interleave(2, 2).repeat_interleave(2, 3)
    drive = (
        conv2d(x, cell.input_weight, padding=1)
        + conv2d(state, cell.lateral_weight, padding=1)
        + conv2d(above, cell.top_down_weight, padding=1)
        + cell.bias[:, None, None]
    )
    torch.testing.assert_close(found, 0.75 * state + 0.25 * torch.relu(drive), atol=1e-6, rtol=1e-5)
    assert torch.equal(found, rates)


def test_a_network_is_its_cells_step_by_step():
    network = ConvRNN(1, (3, 4), 2, size=(8, 8))
    outputs, states = network(images())
    low, high = (area.cell for area in network.areas)
    a, b = low.init(2), high.init(2)
    for t, x in enumerate(images()):
        a, before = low.step(a, x, top_down=b)[0], b
        b, _ = high.step(before, torch.nn.functional.avg_pool2d(a, 2))
        torch.testing.assert_close(a, states[0][t], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(b, states[1][t], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network.readout(b.mean((-2, -1))), outputs[t], atol=1e-5, rtol=1e-5)


def test_runs_are_continued_where_they_stopped():
    network = ConvRNN(1, (3, 4), 2, size=(8, 8))
    outputs, _ = network(images())
    first, states = network(images()[:2])
    rest, _ = network(images()[2:], tuple(s[-1] for s in states))
    torch.testing.assert_close(torch.cat([first, rest]), outputs, atol=1e-6, rtol=1e-5)


def test_feedback_reaches_the_low_area_one_step_later():
    with_, without = (ConvRNN(1, (3, 4), 2, size=(8, 8), top_down=t) for t in (True, False))
    without.load_state_dict(with_.state_dict(), strict=False)
    (_, (low, _)), (_, (low_without, _)) = with_(images()), without(images())
    torch.testing.assert_close(low[0], low_without[0])
    assert (low[1] - low_without[1]).abs().max() > 1e-3


def test_recordings_of_still_images_have_areas_and_places():
    network = ConvRNN(1, (3, 4), 2, size=(8, 8), names=("V1", "IT"), dt=0.01, tau=0.05)
    assert list_sites(network) == ("areas.0", "areas.1", "readout")
    r = record(network, static(images()[0], steps=7), progress=False)
    assert dict(r.sizes) == {"trial": 2, "time": 7, "unit": 3 * 64 + 4 * 16 + 2}
    assert r.attrs["dt"] == 0.01
    one = r.sel(unit="areas.1/2/3/1")
    assert (one.area.item(), int(one.channel), int(one.row), int(one.column)) == ("IT", 2, 3, 1)
    _, states = network(static(images()[0], steps=7))
    np.testing.assert_allclose(one.values, states[1][:, :, 2, 3, 1].detach().T, atol=1e-6)


@pytest.mark.slow
def test_it_learns():
    network = ConvRNN(1, (4, 4), 2, size=(8, 8), seed=1)
    still = torch.zeros(2, 1, 8, 8)
    still[0, 0, 3], still[1, 0, :, 3] = 1, 1  # a horizontal and a vertical bar
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        outputs, _ = network(static(still, steps=5))
        loss = torch.nn.functional.cross_entropy(outputs[-1], torch.tensor([0, 1]))
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_bad_input_is_named():
    with pytest.raises(BadInput, match=r"images of a ConvRNN: got shape \(2, 1, 8, 8\).*static\(images, steps=20\)"):
        ConvRNN(1, (2, 2), 1, size=(8, 8))(torch.zeros(2, 1, 8, 8))
    with pytest.raises(BadInput, match="kernel: got 4, expected an odd number"):
        ConvRNNCell(1, 2, size=(4, 4), kernel=4)
    with pytest.raises(BadInput, match="areas: got 2 areas, 1 names"):
        ConvRNN(1, (2, 2), 1, names=("V1",))
    with pytest.raises(BadInput, match="noise of a ConvRNNCell: got noise"):
        ConvRNNCell(1, 2, size=(2, 2)).step(torch.zeros(1, 2, 2, 2), torch.zeros(1, 1, 2, 2), torch.zeros(1))
