"""Labels that a module knows of its own units arrive on the unit coordinate."""

import numpy as np
import pytest
import torch
from torch import nn

from tertium.data import load
from tertium.errors import BadInput
from tertium.record import record


class Layer(nn.Linear):
    labels = {"area": np.array(["V1", "V1", "PFC"]), "depth": np.array([1, 2, 3])}

    def unit_labels(self):
        return self.labels


@pytest.fixture
def network():
    return nn.Sequential(Layer(2, 3), nn.Linear(3, 2))


def test_labels_are_put_on_the_units_and_are_empty_elsewhere(network, tmp_path):
    r = record(network, torch.ones(4, 2), progress=False)
    assert r.area.values.tolist() == ["V1", "V1", "PFC", "", ""]
    np.testing.assert_array_equal(r.depth, [1, 2, 3, np.nan, np.nan])
    only = record(network, torch.ones(4, 2), sites="0", progress=False)
    assert only.depth.dtype.kind == "i"
    assert only.sel(unit=only.area == "PFC").sizes["unit"] == 1
    stored = record(network, torch.ones(4, 2), to=tmp_path / "r.zarr", progress=False)
    assert load(tmp_path / "r.zarr").area.values.tolist() == stored.area.values.tolist() == r.area.values.tolist()


def test_a_subset_keeps_its_labels_and_a_projection_has_none(network):
    one = record(network, torch.ones(4, 2), sites="0", units=2, seed=1, progress=False)
    kept = [int(name.split("/")[1]) for name in one.unit.values]
    assert one.area.values.tolist() == [["V1", "V1", "PFC"][i] for i in kept]
    mixed = record(network, torch.ones(4, 2), sites="0", project="gaussian", n_components=2, progress=False)
    assert "area" not in mixed.coords


def test_labels_that_cannot_be_used_are_named(network):
    network[0].labels = {"area": np.array(["V1"])}
    with pytest.raises(BadInput, match=r"unit label 'area' of layer '0': got shape \(1,\)"):
        record(network, torch.ones(4, 2), progress=False)
    network[0].labels = {"layer": np.array(["a", "b", "c"])}
    with pytest.raises(BadInput, match="unit label 'layer' of layer '0': got a name that recordings use"):
        record(network, torch.ones(4, 2), progress=False)
