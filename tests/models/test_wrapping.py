"""Any torch network as one that can be shown images."""

import numpy as np
import pytest
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models import Preprocess, wrap
from tertium.record import list_sites, record

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
LOOK = {"size": 8, "resize": 8, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


class HuggingFaceLike(nn.Module):
    """Takes ``pixel_values`` by keyword and returns a mapping, as the networks of that library do."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(192, 6))
        self.classifier = nn.Linear(6, 2)

    def forward(self, *, pixel_values):
        hidden = self.encoder(pixel_values)
        return {"loss": None, "logits": self.classifier(hidden), "hidden_states": (hidden,)}


def small_net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))


def test_sites_keep_their_names_and_the_network_is_the_users_own():
    net = small_net()
    model = wrap(net, LOOK, name="mine")
    assert list_sites(model) == list_sites(net) == ("0", "1", "3")
    recorded = record(model, IMAGES, sites=["3", "output"], progress=False)
    assert recorded.attrs["source"] == "mine"
    assert set(recorded.layer.values) == {"3", "output"}
    with torch.no_grad():
        net[3].bias += 1  # the adapter holds the network, not a copy
    np.testing.assert_allclose(
        record(model, IMAGES, sites="output", progress=False).values,
        recorded.sel(unit=recorded.layer == "output").values + 1,
        atol=1e-5,
    )


def test_mode_of_the_network_is_kept():
    for mode in (True, False):
        net = small_net().train(mode)
        model = wrap(net, LOOK)
        record(model, IMAGES, progress=False)
        assert model.training is net.training is net[1].training is mode


def test_outputs_in_mappings_and_input_by_keyword():
    model = wrap(HuggingFaceLike(), LOOK, argument="pixel_values", output="logits")
    recorded = record(model, IMAGES, sites=["classifier", "output"], progress=False)
    values = {layer: recorded.values[:, 0, (recorded.layer == layer).values] for layer in ("classifier", "output")}
    np.testing.assert_array_equal(values["classifier"], values["output"])
    assert wrap(HuggingFaceLike(), LOOK, argument="pixel_values", output="hidden_states")(
        torch.zeros(1, 3, 8, 8)
    ).shape == (1, 6)
    with pytest.raises(BadInput, match=r"no 'logit' in dict.*Did you mean 'logits'"):
        wrap(HuggingFaceLike(), LOOK, argument="pixel_values", output="logit")(torch.zeros(1, 3, 8, 8))


def test_transforms_of_single_images():
    """torchvision and timm transforms give a tensor, Hugging Face processors a mapping with a batch of one."""
    reference = Preprocess(**LOOK)

    def transform(picture):
        return reference([picture])[0]

    def processor(picture):
        return {"pixel_values": reference([picture])}

    expected = reference(IMAGES)
    for callable_ in (transform, processor, lambda p: {"pixel_values": [transform(p).numpy()]}):
        assert torch.equal(wrap(small_net(), callable_).preprocess(IMAGES), expected)


def test_bad_transforms():
    with pytest.raises(BadInput, match=r"expected a tensor of shape \(channel, height, width\) for one PIL image"):
        wrap(small_net(), lambda picture: "text").preprocess(IMAGES)
    sizes = iter((4, 5, 6))
    with pytest.raises(BadInput, match="expected one shape for all images"):
        wrap(small_net(), lambda picture: torch.zeros(3, 4, next(sizes))).preprocess(IMAGES)


def test_bad_arguments():
    with pytest.raises(BadInput, match=r"network: got a type, expected a torch.nn.Module. Pass an instance"):
        wrap(nn.Linear, LOOK)
    with pytest.raises(BadInput, match=r"got 'means'.*Did you mean 'mean'"):
        wrap(small_net(), {"means": (0.5, 0.5, 0.5)})
    with pytest.raises(BadInput, match="preprocess: got a int"):
        wrap(small_net(), 3)


def test_without_preprocess_images_are_refused_with_the_way_out():
    with pytest.raises(BadInput, match=r"without preprocess.*tertium\.models\.wrap"):
        record(wrap(small_net()), IMAGES, progress=False)
    with pytest.raises(BadInput, match=r"8-bit images for a Sequential without preprocess"):
        record(small_net(), IMAGES, progress=False)


def test_size_alone_keeps_the_usual_margin_of_a_crop():
    assert wrap(small_net(), {"size": 224}).preprocess.resize == 256
