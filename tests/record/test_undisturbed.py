"""A network comes out of a recording as it went in, whatever happens."""

import pytest
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.record import record
from tertium.record.undisturbed import undisturbed
from tertium.testing.model_conformance import _fingerprint


class Fails(nn.Module):
    """Raises on the forward pass number ``when``."""

    def __init__(self, when):
        super().__init__()
        self.when, self.count = when, 0

    def forward(self, x):
        self.count += 1
        if self.count == self.when:
            raise RuntimeError("out of order")
        return x


class Counter(nn.Module):
    """Writes to its buffers even in eval mode: in place, and by a new tensor."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("state", torch.zeros(3))

    def forward(self, x):
        self.seen += len(x)
        self.state = x[0].clone()
        return x


def mixed_net(*more):
    """Modes mixed, a frozen weight, running statistics, a gradient, a hook of the user's."""
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Sequential(nn.Linear(4, 3)), *more)
    net.train()
    net[1].eval()
    net[3][0].weight.requires_grad_(False)
    net[3].register_forward_hook(lambda *_: None)
    net(torch.ones(5, 3)).sum().backward()
    return net


@pytest.mark.parametrize("grad", [True, False])
def test_everything_is_as_it_was(grad):
    net = mixed_net(Counter())
    held = list(net.parameters())  # as an optimiser holds them
    x = torch.linspace(-1, 1, 27).reshape(9, 3)
    before, state = _fingerprint(net), torch.get_rng_state()
    with torch.set_grad_enabled(grad):
        record(net, x, sites="*", batch_size=4, progress=False)
        assert torch.is_grad_enabled() is grad
    assert _fingerprint(net) == before
    assert net[2].training
    assert not net[1].training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p is q for p, q in zip(net.parameters(), held, strict=True))


@pytest.mark.parametrize("when", [1, 3])
def test_everything_is_as_it_was_after_an_error(when):
    net = mixed_net(Counter(), Fails(when + 1))  # once in mixed_net
    before, state, cudnn = _fingerprint(net), torch.get_rng_state(), torch.backends.cudnn.deterministic
    with pytest.raises(BadInput, match=r"got RuntimeError \(out of order\)") as caught:
        record(net, torch.ones(9, 3), batch_size=4, progress=False)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert _fingerprint(net) == before
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.backends.cudnn.deterministic is cudnn


def test_everything_is_as_it_was_after_an_interrupt():
    net = mixed_net()
    before = _fingerprint(net)

    def interrupt(*_):
        raise KeyboardInterrupt

    handle = net[0].register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        record(net, torch.ones(9, 3), progress=False)
    handle.remove()
    assert _fingerprint(net) == before


def test_batch_normalisation_uses_its_running_statistics():
    net = nn.Sequential(nn.BatchNorm1d(3))
    net(torch.randn(50, 3) * 5 + 2)
    x = torch.ones(4, 3)
    expected = (1 - net[0].running_mean) / (net[0].running_var + net[0].eps).sqrt()
    recorded = record(net, x, progress=False)
    assert recorded.values[0, 0] == pytest.approx(expected.tolist(), rel=1e-5)
    assert recorded.values[0, 0].tolist() == recorded.values[3, 0].tolist()


def test_normalisation_by_the_batch_is_warned_of():
    net = nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False))
    with pytest.warns(UserWarning, match=r"layer '0' normalises by the batch it is given"):
        record(net, torch.randn(4, 3), progress=False)


def test_recorded_network_can_be_trained_on():
    """A tensor that a network keeps from its forward pass stays usable (inference mode would forbid it)."""

    class Remembers(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.last = nn.Linear(3, 3), None

        def forward(self, x):
            self.last = self.layer(x)
            return self.last

    net = Remembers()
    record(net, torch.ones(2, 3), progress=False)
    net.layer(net.last).sum().backward()
    assert net.layer.weight.grad is not None


def test_devices_are_given_back():
    """The meta device stands in for an accelerator: copies stand in there, and the very same tensors come back."""
    net = mixed_net()
    shared = torch.zeros(2)
    net[0].register_buffer("a", shared)
    net[3].register_buffer("b", shared)
    before = _fingerprint(net)
    with undisturbed(net, device="meta"):
        assert {t.device.type for t in (*net.parameters(), *net.buffers())} == {"meta"}
        assert net[0].a is net[3].b
        assert net(torch.ones(2, 3, device="meta")).device.type == "meta"
    assert _fingerprint(net) == before
    with pytest.raises(ValueError, match="stop"), undisturbed(net, device="meta"):
        raise ValueError("stop")
    assert _fingerprint(net) == before


def test_recurrent_layers_move_with_all_their_weights():
    net = nn.LSTM(3, 4)
    expected = net(torch.ones(2, 1, 3))[0]
    with undisturbed(net, device="meta"):
        assert net(torch.ones(2, 1, 3, device="meta"))[0].device.type == "meta"
    assert torch.equal(net(torch.ones(2, 1, 3))[0], expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_an_accelerator_gives_the_same_numbers():
    net, x = mixed_net(), torch.ones(4, 3)
    before = _fingerprint(net)
    there = record(net, x, device="cuda", progress=False)
    assert _fingerprint(net) == before
    assert abs(there - record(net, x, progress=False)).max() < 1e-5
