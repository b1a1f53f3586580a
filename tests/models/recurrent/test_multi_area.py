"""Networks of several areas: what is connected, and labels in recordings."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.models import MultiAreaRNN
from tertium.record import record
from tertium.rng import Seeds

AREAS = {"V1": 20, "PPC": 10, "PFC": 10}


def test_areas_are_connected_as_asked_and_stay_so():
    network = MultiAreaRNN(3, AREAS, 2, feedforward=0.3, feedback=0.1, within=0.5, autapses=False, nonlinearity="tanh")
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2, weight_decay=1e-2)
    xs = torch.randn(8, 6, 3, generator=Seeds(0).torch("xs"))
    for _ in range(20):
        optimizer.zero_grad()
        (network(xs)[0] - 1).square().mean().backward()
        optimizer.step()
    weight = network.cell.recurrent_weight.detach()
    count = {(s, t): int((weight[network.units(t), network.units(s)] != 0).sum()) for s in AREAS for t in AREAS}
    assert count["V1", "PPC"] == 60
    assert count["PPC", "V1"] == 20
    assert count["PPC", "PFC"] == 30
    assert count["PFC", "PPC"] == 10
    assert count["V1", "PFC"] == count["PFC", "V1"] == 0
    assert 0 < count["PFC", "PFC"] <= 50  # half of them, less what was on the diagonal
    assert not weight.diagonal().any()
    assert (network.cell.input_weight[:20] != 0).all()
    assert not network.cell.input_weight[20:].any()
    assert (network.readout.weight[:, 30:] != 0).all()
    assert not network.readout.weight[:, :30].any()


def test_only_excitatory_units_project_if_asked():
    network = MultiAreaRNN(3, AREAS, 2, dale=0.8, feedforward=1.0, feedback=1.0, excitatory_projections=True)
    weight, labels = network.cell.recurrent_weight.detach().numpy(), network.cell.unit_labels()
    inhibitory = labels["cell_type"] == "I"
    assert [int((inhibitory & (labels["area"] == a)).sum()) for a in AREAS] == [4, 2, 2]
    away = labels["area"][:, None] != labels["area"][None, :]
    assert not (weight * away)[:, inhibitory].any()
    assert (weight * ~away)[:, inhibitory].any()
    assert (weight * away)[:, ~inhibitory].any()


def test_connections_inputs_and_outputs_of_ones_own():
    network = MultiAreaRNN(
        3, {"A": 4, "B": 4}, 1, connections={("A", "B"): 1}, input_to=["A", "B"], output_from="A", noise=0.1
    )
    weight = network.cell.recurrent_weight
    assert (weight[4:, :4] != 0).all()
    assert int((weight != 0).sum()) == 16
    assert (network.cell.input_weight != 0).all()
    assert not network.readout.weight[:, 4:].any()


def test_recordings_carry_area_and_cell_type():
    r = record(MultiAreaRNN(3, AREAS, 2, dale=0.8), torch.zeros(5, 2, 3), sites="cells.0", progress=False)
    np.testing.assert_array_equal(r.area, np.repeat(list(AREAS), list(AREAS.values())))
    assert set(r.cell_type.values) == {"E", "I"}
    assert r.sel(unit=r.area == "PFC").sizes["unit"] == 10


def test_unknown_areas_are_named():
    with pytest.raises(UnknownName, match=r"area: got 'PCF'.*Did you mean .*'PFC'"):
        MultiAreaRNN(3, AREAS, 2, output_from=["PCF"])
    with pytest.raises(UnknownName, match="area: got 'V2'"):
        MultiAreaRNN(3, AREAS, 2).units("V2")
    with pytest.raises(BadInput, match="share of connections from V1 to PPC: got 2"):
        MultiAreaRNN(3, AREAS, 2, feedforward=2)
