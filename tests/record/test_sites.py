"""Choosing where to record."""

import pytest
from torch import nn

from tertium.errors import BadInput, UnknownName
from tertium.record import list_sites
from tertium.record.sites import choose_sites, label_of, named_sites


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.relu, self.conv2 = nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


def net():
    layers = {"layer1": nn.Sequential(Block(), Block()), "drop": nn.Dropout(), "layer2": nn.Sequential(Block())}
    made = nn.Sequential()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made


def test_every_layer_means_layers_and_blocks_but_no_containers_and_nothing_that_passes_through():
    assert list_sites(net()) == tuple(
        f"{block}{part}" for block in ("layer1.0", "layer1.1", "layer2.0") for part in ("", ".conv1", ".relu", ".conv2")
    )
    assert choose_sites(net(), "*") == list_sites(net())


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("layer1", ("layer1",)),
        ("layer?", ("layer1", "layer2")),
        ("layer1.*", tuple(f"layer1.{i}{p}" for i in (0, 1) for p in ("", ".conv1", ".relu", ".conv2"))),
        ("*conv[2]", ("layer1.0.conv2", "layer1.1.conv2", "layer2.0.conv2")),
        (["output", "layer2", "layer1"], ("layer1", "layer2", "")),  # in the order of the network
        (["drop", "drop", "d*"], ("drop",)),
        ("", ("",)),
    ],
)
def test_patterns(patterns, expected):
    assert choose_sites(net(), patterns) == expected


def test_wildcards_meet_a_shared_module_once_and_its_second_name_still_works():
    shared = nn.ReLU()
    made = nn.Sequential()
    made.add_module("first", shared)
    made.add_module("second", shared)
    assert list_sites(made) == ("first",)
    assert choose_sites(made, "?*") == ("first",)
    assert choose_sites(made, "second") == ("second",)


def test_a_single_layer_is_recorded_at_its_output():
    assert choose_sites(nn.Linear(2, 3), "*") == ("",)
    assert label_of(nn.Linear(2, 3), "") == "output"


def test_a_network_may_name_its_layers():
    made = net()
    made.site_names = ("layer1", "layer2")
    assert choose_sites(made, "*") == ("layer1", "layer2")
    assert choose_sites(made, "layer2.0.conv?") == ("layer2.0.conv1", "layer2.0.conv2")
    made.site_names = ("layer3",)
    with pytest.raises(BadInput, match="site_names of Sequential: got 'layer3'"):
        list_sites(made)


def test_misspelt():
    with pytest.raises(UnknownName, match=r"site: got 'layer1\.0\.conv3'.*Did you mean 'layer1\.0\.conv"):
        choose_sites(net(), "layer1.0.conv3")
    with pytest.raises(UnknownName, match=r"got 'block\*'"):
        choose_sites(net(), "block*")
    with pytest.raises(UnknownName, match="Did you mean 'output'"):
        choose_sites(net(), "ouptut")
    with pytest.raises(BadInput, match="sites: got none"):
        choose_sites(net(), [])
    with pytest.raises(BadInput, match="expected names of modules"):
        choose_sites(net(), [3])


def test_the_empty_name_is_the_model_itself():
    made = net()
    assert named_sites(made)[""] is made
