"""Recording: the right numbers under the right labels, whatever the module returns and however it is batched."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tertium.data import validate
from tertium.errors import BadInput, UnknownName
from tertium.record import record
from tertium.rng import Seeds

#: Batches change the order of sums only: relative to the largest response, in float32.
TOLERANCE = 1e-5


def images(n=7, side=8):
    return torch.randn(n, 3, side, side, generator=Seeds(0).torch("images"))


def conv_net():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 5),
        nn.ReLU(inplace=True),
    )


class SharedReLU(nn.Module):
    """One rectifier used three times, in place."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.relu = nn.Linear(3, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.second(self.relu(self.first(self.relu(x.clone())))))


class Returns(nn.Module):
    """Returns whatever it is told to make of its input."""

    def __init__(self, make):
        super().__init__()
        self.make, self.layer = make, nn.Identity()

    def forward(self, x):
        return self.make(self.layer(x))


def layer_of(responses, name):
    return responses.values[:, :, (responses.layer == name).values]


def test_numbers_are_those_of_the_layers_even_before_an_in_place_operation():
    net, x = conv_net(), images()
    with torch.no_grad():
        conv = functional.conv2d(x, net[0].weight, net[0].bias)
        pooled = functional.max_pool2d(conv.relu(), 2)
        linear = pooled.flatten(1) @ net[4].weight.T + net[4].bias
    r = validate(record(net, x, sites="*", progress=False), needs=["layer", "channel", "row", "column"])
    assert list(dict.fromkeys(r.layer.values)) == ["0", "1", "2", "4", "5"]
    assert conv.min() < 0  # the test could not fail otherwise
    for name, expected in (("0", conv), ("1", conv.relu()), ("2", pooled), ("4", linear), ("5", linear.relu())):
        np.testing.assert_allclose(layer_of(r, name)[:, 0], expected.flatten(1), atol=1e-5)


def test_a_unit_is_found_by_its_place():
    net, x = conv_net(), images()
    r = record(net, x, sites=["0", "4"], progress=False)
    with torch.no_grad():
        conv = net[0](x)
    unit = r.sel(unit="0/2/1/5")
    np.testing.assert_allclose(unit.values[:, 0], conv[:, 2, 1, 5], atol=1e-6)
    assert (int(unit.channel), int(unit.row), int(unit.column)) == (2, 1, 5)
    place = r.sel(unit=((r.layer == "0") & (r.channel == 3) & (r.row == 0) & (r.column == 4)))
    assert place.unit.values.tolist() == ["0/3/0/4"]
    linear = r.sel(unit="4/3")
    assert (int(linear.channel), int(linear.row), int(linear.column)) == (-1, -1, -1)
    assert r.channel.dtype == np.int32
    assert r.attrs["quantity"] == "activation"
    assert r.attrs["source"] == "Sequential"


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_batches_give_the_numbers_of_one_batch(batch_size):
    net, x = conv_net(), images()
    whole = record(net, x, batch_size=7, progress=False)
    parts = record(net, x, batch_size=batch_size, progress=False)
    assert parts.unit.equals(whole.unit)
    assert np.abs(parts.values - whole.values).max() <= TOLERANCE * np.abs(whole.values).max()


def test_trial_labels_are_kept_and_checked_before_the_work():
    net = conv_net()
    r = record(net, images(3), "4", trial={"stimulus": ["face", "hand", "house"], "repeat": 1}, progress=False)
    assert r.stimulus.values.tolist() == ["face", "hand", "house"]
    assert r["repeat"].values.tolist() == [1, 1, 1]
    calls = []
    net.register_forward_hook(lambda *_: calls.append(1))
    with pytest.raises(BadInput, match=r"trial label 'stimulus'.*expected length 3"):
        record(net, images(3), "4", trial={"stimulus": ["face"]}, progress=False)
    assert not calls


def test_shared_module_gives_a_layer_a_call():
    net, x = SharedReLU(), torch.randn(5, 3, generator=Seeds(1).torch("x"))
    r = record(net, x, ["relu", "first"], progress=False)
    assert list(dict.fromkeys(r.layer.values)) == ["first", "relu#0", "relu#1", "relu#2"]
    with torch.no_grad():
        first = net.first(x.relu())
        second = net.second(first.relu()).relu()
    for name, expected in (("first", first), ("relu#0", x.relu()), ("relu#1", first.relu()), ("relu#2", second)):
        np.testing.assert_allclose(layer_of(r, name)[:, 0], expected, atol=1e-6)


def test_calls_as_time():
    class Settling(nn.Module):
        def __init__(self):
            super().__init__()
            self.step = nn.Linear(3, 3)

        def forward(self, x):
            for _ in range(6):
                x = self.step(x)
            return x

    net, x = Settling(), torch.randn(5, 3, generator=Seeds(1).torch("x"))
    r = record(net, x, "step", calls="time", dt=0.1, batch_size=2, progress=False)
    assert r.shape == (5, 6, 3)
    assert r.time.values == pytest.approx(np.arange(6) * 0.1)
    with torch.no_grad():
        np.testing.assert_allclose(r.values[:, 1], net.step(net.step(x)), atol=1e-6)
        np.testing.assert_allclose(r.values[:, 5], net(x), atol=1e-6)
    with pytest.raises(BadInput, match=r"got calls that return shapes \(2, 3\) and \(2, 4\).*calls='separate'"):
        record(SharedReLU(), x, "relu", calls="time", progress=False)


@pytest.mark.parametrize(
    "make",
    [lambda x: (x, 1), lambda x: [x], lambda x: {"logits": x, "more": None}, lambda x: {"loss": None, "logits": x}],
)
def test_first_tensor_of_tuples_lists_and_mappings(make):
    x = torch.randn(4, 3, generator=Seeds(2).torch("x"))
    np.testing.assert_array_equal(record(Returns(make), x, "output", progress=False).values[:, 0], x)


def test_a_structure_without_a_tensor_in_front_is_shown():
    with pytest.raises(BadInput, match=r"the model's output: got \(None, Tensor\(2, 3\)\), expected a tensor"):
        record(Returns(lambda x: (None, x)), torch.zeros(2, 3), "output", progress=False)


def test_output_names():
    net, x = conv_net(), images(2)
    a, b = (record(net, x, name, progress=False) for name in ("", "output"))
    assert a.identical(b)
    assert set(a.layer.values) == {"output"}
    named = nn.Sequential()
    named.add_module("output", nn.Linear(3, 2))
    named.add_module("last", nn.ReLU())
    r = record(named, torch.ones(2, 3), ["output", ""], progress=False)
    assert list(dict.fromkeys(r.layer.values)) == ["output", "(output)"]


def test_tokens_and_words_by_keyword():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(10, 4)

        def forward(self, ids, mask):
            return self.embed(ids) * mask[..., None]

    ids, mask = torch.tensor([[1, 2], [3, 4], [5, 6]]), torch.tensor([[1.0, 0.0]] * 3)
    net = Words()
    r = record(net, {"ids": ids, "mask": mask}, ["embed", "output"], batch_size=2, progress=False)
    np.testing.assert_array_equal(r.sel(unit="embed/1/3").values[:, 0], net.embed.weight.detach()[[2, 4, 6], 3])
    assert not r.sel(unit="output/1/3").values.any()
    with pytest.raises(BadInput, match="equal lengths"):
        record(net, {"ids": ids, "mask": mask[:2]}, progress=False)


@pytest.mark.parametrize(
    ("dtype", "expected"), [(torch.float64, np.float64), (torch.bfloat16, np.float32), (torch.float16, np.float32)]
)
def test_types_of_numbers(dtype, expected):
    net = nn.Linear(3, 2).to(dtype)
    r = record(net, torch.ones(4, 3), "output", progress=False)
    assert r.dtype == expected
    assert net.weight.dtype == dtype
    with torch.no_grad():
        np.testing.assert_allclose(r.values[:, 0], net(torch.ones(4, 3, dtype=dtype)).to(torch.float64), rtol=1e-6)


def test_arrays_of_floats_are_ready_tensors():
    x = np.random.default_rng(0).normal(size=(4, 3))  # float64, turned into the network's type
    net = nn.Linear(3, 2)
    with torch.no_grad():
        expected = net(torch.from_numpy(x).float())
    np.testing.assert_allclose(record(net, x, "output", progress=False).values[:, 0], expected, atol=1e-6)


def test_attention_is_recorded_although_torch_would_take_a_shortcut():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.TransformerEncoder(layer, 2)
    x = torch.randn(3, 5, 8, generator=Seeds(3).torch("x"))
    fast = torch.backends.mha.get_fastpath_enabled()
    r = record(net, x, ["layers.*.linear1", "layers.0.self_attn", "output"], progress=False)
    assert set(r.layer.values) == {"layers.0.linear1", "layers.1.linear1", "layers.0.self_attn", "output"}
    assert torch.backends.mha.get_fastpath_enabled() is fast
    with torch.no_grad():
        expected = net.eval()(x)
    np.testing.assert_allclose(layer_of(r, "output")[:, 0], expected.flatten(1), atol=1e-5)


def test_a_network_that_draws_numbers_draws_the_same_ones_for_a_seed():
    net = Returns(lambda x: x + torch.randn_like(x))
    x = torch.zeros(4, 3)
    torch.rand(5)
    before = torch.get_rng_state()
    a, b, c = (record(net, x, "output", seed=seed, progress=False).values for seed in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.1
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("net", "sites", "message"),
    [
        (Returns(lambda x: x.T), "output", r"site 'output': got shape \(3, 2\) for 2 trial.*layout='time_batch'"),
        (Returns(lambda x: x.sum()), "output", r"got shape \(\) for 2 trial"),
        (Returns(lambda x: x.to(torch.complex64)), "output", "got complex numbers"),
        (Returns(lambda x: x / 0), "output", "responses: got nan at trial 0, time index 0, unit 'output/0'"),
        (Returns(lambda x: x @ torch.ones(4)), "*", r"got RuntimeError \(.*\) on inputs of shape \(2, 3\)"),
    ],
)
def test_what_cannot_be_recorded_says_why_in_one_line(net, sites, message):
    with pytest.raises(BadInput, match=message) as caught:
        record(net, torch.zeros(5, 3), sites, progress=False)
    assert "\n" not in str(caught.value)


def test_a_module_that_is_not_used_is_named_unless_met_by_a_wildcard():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.auxiliary = nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x):
            return self.used(x)

    assert set(record(Unused(), torch.ones(2, 3), progress=False).layer.values) == {"used"}
    with pytest.raises(BadInput, match="site 'auxiliary': got no call in the forward pass"):
        record(Unused(), torch.ones(2, 3), ["used", "auxiliary"], progress=False)


def test_layers_that_change_with_the_stimuli():
    varying = Returns(lambda x: x[:, : int(x[0, 0])])
    x = torch.ones(4, 3)
    x[2:, 0] = 2
    with pytest.raises(BadInput, match=r"in a later batch.*those of one kind at a time"):
        record(varying, x, "output", batch_size=2, progress=False)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(0, 3), "inputs: got no trials"),
        (torch.tensor(1.0), "got a single number"),
        ("images", "inputs: got a str, expected 8-bit images"),
        (np.array(["a"]), "inputs: got a ndarray"),
    ],
)
def test_inputs_that_cannot_be_shown(inputs, message):
    with pytest.raises(BadInput, match=message):
        record(nn.Linear(3, 2), inputs, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size: got 0, expected an integer >= 1"),
        ({"units": 1.5}, "units: got 1.5"),
        ({"units": 2, "project": "sparse", "n_components": 3}, "units and project, expected one of the two"),
        ({"project": "sparse"}, "n_components: got none"),
        ({"n_components": 3}, "n_components: got 3 without project"),
        ({"project": "guassian", "n_components": 3}, "project: got 'guassian', expected 'gaussian' or 'sparse'"),
        ({"layout": "time"}, "layout: got 'time', expected one of auto, batch, time_batch"),
        ({"calls": "tim"}, "calls: got 'tim'.*Did you mean 'time'"),
        ({"dt": -1.0}, r"dt: got -1\.0"),
        ({"to": "responses.npz"}, r"to: got 'responses\.npz', expected a path ending in \.zarr"),
        ({"sites": []}, "sites: got none"),
    ],
)
def test_unusable_options(options, message):
    with pytest.raises(BadInput, match=message):
        record(nn.Linear(3, 2), torch.ones(2, 3), progress=False, **options)


def test_misspelt_site():
    with pytest.raises(UnknownName, match=r"site: got 'linear3'.*Did you mean 'linear2' or 'linear1'"):
        record(nn.TransformerEncoderLayer(8, 2, 16), torch.zeros(2, 3, 8), "linear3", progress=False)
