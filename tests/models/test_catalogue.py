"""The catalogue of networks, weights, and the conformance of each network."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from tertium.data.catalogue import describe
from tertium.errors import BadFile, BadInput, UnknownName
from tertium.models import MODELS, list_models, make
from tertium.models.build import blank, he_normal
from tertium.models.catalogue import CARDS, card
from tertium.models.weights import fill
from tertium.record import list_sites, record
from tertium.rng import Seeds
from tertium.testing.model_conformance import NonConforming, check_model

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 60, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["squeezenet11", "efficientnet_lite0"])
def test_every_network_conforms(name):
    network = make(name, pretrained=False, seed=1)
    network.preprocess = dataclasses.replace(network.preprocess, size=64, resize=64)  # a small picture: quicker
    check_model(network, IMAGES, record=record)


@pytest.mark.parametrize("name", ["gabor_energy", "pixels"])
def test_every_fixed_network_conforms(name):
    network = make(name)
    check_model(network, IMAGES, record=record)
    assert not list(network.parameters())
    assert not network.training


OVER_TIME = {
    "cnn": ({"n_inputs": 64, "n_units": (3, 4), "n_outputs": 2, "size": (8, 8)}, (1, 2, 64)),
    "conv_rnn": ({"n_inputs": 1, "n_units": (3, 4), "n_outputs": 2, "size": (8, 8)}, (5, 2, 1, 8, 8)),
    "dendritic_network": ({"n_inputs": 3, "n_units": (6, 4), "n_outputs": 2}, (1, 2, 3)),
    "dendritic_tree": ({"n_inputs": 6, "n_subtrees": 2}, (1, 2, 6)),
    "equilibrium": ({"n_inputs": 3, "n_units": (6, 4), "n_outputs": 2}, (1, 2, 3)),
    "mlp": ({"n_inputs": 3, "n_units": (6, 4), "n_outputs": 2}, (1, 2, 3)),
    "multi_area_rnn": ({"n_inputs": 3, "areas": {"V1": 6, "PFC": 4}, "n_outputs": 2}, (5, 2, 3)),
    **{
        name: ({"n_inputs": 3, "n_units": 6, "n_outputs": 2}, (5, 2, 3))
        for name in ("gru", "lsnn", "lstm", "rate_rnn", "ugrnn", "vanilla_rnn")
    },
}
WITH_WEIGHTS = sorted(name for name in CARDS if CARDS[name].weights)


@pytest.mark.parametrize("name", OVER_TIME)
def test_every_network_over_time_conforms(name):
    config, shape = OVER_TIME[name]
    xs = torch.randn(shape, generator=Seeds(0).torch("xs"))
    check_model(make(name, **config), xs, record=record)
    with pytest.raises(BadInput, match=f"options of model '{name}': got no n_inputs, no "):
        make(name)


def test_all_our_networks_are_in_the_conformance_tests_above():
    assert set(CARDS) == {"squeezenet11", "efficientnet_lite0", "gabor_energy", "pixels", *OVER_TIME} <= set(MODELS)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_card_tells_the_true_number_of_parameters(name):
    network = make(name, pretrained=False)
    assert sum(p.numel() for p in network.parameters()) == card(name).parameters
    assert not network.training


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_untrained_weights_follow_their_seed_and_leave_the_global_generator_alone(name):
    before = torch.get_rng_state()
    one, same, other = (make(name, pretrained=False, seed=s).state_dict() for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    drawn = [key for key in one if key.endswith("weight") and one[key].ndim == 4]
    assert drawn
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not any(torch.equal(one[key], other[key]) for key in drawn)
    fan_in = one[drawn[-1]][0].numel()  # He et al. 2015: variance 2 / fan-in; 3 standard errors of a variance
    assert float(one[drawn[-1]].var()) == pytest.approx(2 / fan_in, rel=3 * (2 / one[drawn[-1]].numel()) ** 0.5)


def test_listing_loads_no_torch_and_says_what_is_at_hand():
    code = (
        "import sys, tertium as tt; rows = tt.models.list_models(); "
        "assert {'squeezenet11', 'efficientnet_lite0'} <= {r['name'] for r in rows}; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(row["at_hand"] in (True, False) for row in list_models() if row["weights"])
    assert all(row["cite"] for row in list_models() if row["name"] in CARDS)
    assert all(row["licence"] for row in list_models() if row["weights"])


def test_at_hand_follows_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TERTIUM_CACHE", str(tmp_path))
    monkeypatch.delenv("TERTIUM_DATA", raising=False)
    assert not any(row["at_hand"] for row in list_models() if row["weights"])
    place = tmp_path / "data" / "efficientnet_lite0" / describe("efficientnet_lite0").files[0].name
    place.parent.mkdir(parents=True)
    place.touch()
    assert {row["name"]: row["at_hand"] for row in list_models()}["efficientnet_lite0"]


def test_misspelt_names_and_options():
    with pytest.raises(UnknownName, match="Did you mean 'squeezenet11'"):
        make("squezenet11")
    with pytest.raises(BadInput, match="Did you mean 'seed'"):
        make("squeezenet11", pretrained=False, seeds=1)
    with pytest.raises(BadInput, match="framing: got 'middle', expected one of auto, whole, crop"):
        make("squeezenet11", pretrained=False, framing="middle")


def test_sites_have_the_names_of_the_papers():
    squeeze = make("squeezenet11", pretrained=False)
    assert list_sites(squeeze) == (
        *("conv1", "pool1", "fire2", "fire3", "pool3", "fire4", "fire5", "pool5"),
        *("fire6", "fire7", "fire8", "fire9", "conv10", "pool10"),
    )
    efficient = list_sites(make("efficientnet_lite0", pretrained=False))
    assert efficient[0] == "stem"
    assert efficient[-3:] == ("head", "pool", "classifier")
    assert sum(name.startswith("block") for name in efficient) == 16


def test_fire_module_joins_its_two_expansions_rectified():
    network = make("squeezenet11", pretrained=False, seed=0)
    x = torch.randn(1, 3, 64, 64, generator=Seeds(0).torch("x"))
    sites = ["fire2", "fire2.expand1x1", "fire2.expand3x3"]
    r = record(network, x, sites=sites, progress=False)
    part = {site: r.values[0, 0, (r.layer == site).values] for site in sites}
    np.testing.assert_array_equal(part["fire2"], np.concatenate([part[sites[1]], part[sites[2]]]))
    assert part["fire2"].min() == 0 < part["fire2"].max()


def test_weights_that_do_not_fit_are_named():
    layer = nn.Linear(2, 1)
    with pytest.raises(BadFile, match="got bias missing"):
        fill(layer, {"weight": torch.ones(1, 2)}, "toy")
    with pytest.raises(BadFile, match="got scale unknown to the network"):
        fill(layer, {"weight": torch.ones(1, 2), "bias": torch.ones(1), "scale": torch.ones(1)}, "toy")


def test_starting_a_layer_of_unknown_kind_fails():
    with pytest.raises(TypeError, match=r"'0' \(LayerNorm\)"):
        he_normal(blank(lambda: nn.Sequential(nn.LayerNorm(3))), Seeds(0).torch("w"))


class Drifting(nn.Module):
    """Breaks the contract: its answer depends on how often it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        self.asked += 1
        return self.layer(x) + self.asked


class Mixing(nn.Module):
    """Breaks the contract: trials of one batch see each other."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x - x.mean(0))


def test_the_suite_finds_what_does_not_conform():
    x = torch.randn(4, 3, generator=Seeds(0).torch("x"))
    with pytest.raises(NonConforming, match="other numbers the second time"):
        check_model(nn.Sequential(Drifting()), x, record=lambda *a, **k: record(*a, **{"sites": "0", **k}))
    with pytest.raises(NonConforming, match="batches of one differ"):
        check_model(Mixing(), x, record=record)

    def careless(model, inputs, **options):
        model.train()
        return record(model, inputs, **options)

    with pytest.raises(NonConforming, match="recording changed mode of"):
        check_model(nn.Linear(3, 2).eval(), x, record=careless)
