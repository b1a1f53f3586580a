"""Networks over time: outputs and steps become trial x time x unit."""

import numpy as np
import pytest
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.record import record
from tertium.record.feed import layout_of
from tertium.rng import Seeds

TIMES, TRIALS = 6, 4


def inputs():
    return torch.randn(TIMES, TRIALS, 3, generator=Seeds(0).torch("x"))


class Rate(nn.Module):
    """A rate network as tertium writes them: ``outputs, states = model(x, state=None)``, time first."""

    dt = 0.02

    def __init__(self):
        super().__init__()
        self.cell, self.readout = nn.RNNCell(3, 5), nn.Linear(5, 2)

    def forward(self, x, state=None):
        states = []
        for step in x:
            state = self.cell(step, state)
            states.append(state)
        states = torch.stack(states)
        return self.readout(states), states


def test_layout_is_read_off_the_signature_or_the_attribute():
    declared = nn.Linear(3, 2)
    declared.layout = "time_batch"
    assert [layout_of(m) for m in (Rate(), declared, nn.Linear(3, 2), nn.GRU(3, 2))] == [
        "time_batch",
        "time_batch",
        "batch",
        "batch",
    ]


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_output_whole_sequences_and_single_steps(batch_size):
    net, x = Rate(), inputs()
    r = record(net, x, ["cell", "readout", "output"], batch_size=batch_size, progress=False)
    assert dict(r.sizes) == {"trial": TRIALS, "time": TIMES, "unit": 5 + 2 + 2}
    assert r.time.values == pytest.approx(np.arange(TIMES) * 0.02)
    with torch.no_grad():
        outputs, states = net(x)
    part = {name: r.values[:, :, (r.layer == name).values] for name in ("cell", "readout", "output")}
    np.testing.assert_allclose(part["cell"], states.transpose(0, 1), atol=1e-6)
    np.testing.assert_allclose(part["output"], outputs.transpose(0, 1), atol=1e-6)
    np.testing.assert_array_equal(part["readout"], part["output"])


def test_as_many_trials_as_times_is_no_riddle():
    net, x = Rate(), torch.randn(2, 2, 3, generator=Seeds(0).torch("x"))  # two trials are shown to find the layout
    r = record(net, x, ["cell", "output"], progress=False)
    with torch.no_grad():
        outputs, states = net(x)
    np.testing.assert_allclose(r.values[:, :, :5], states.transpose(0, 1), atol=1e-6)
    np.testing.assert_allclose(r.values[:, :, 5:], outputs.transpose(0, 1), atol=1e-6)


def test_a_torch_recurrent_layer_with_the_layout_named():
    net, x = nn.LSTM(3, 5), inputs()
    r = record(net, x, "output", layout="time_batch", dt=0.01, progress=False)
    with torch.no_grad():
        np.testing.assert_allclose(r.values, net(x)[0].transpose(0, 1), atol=1e-6)
    with pytest.raises(BadInput, match=r"got shape .* for 2 trial.*layout='time_batch'|RuntimeError"):
        record(nn.Sequential(nn.LSTM(3, 5)), x[:, :1].repeat(1, 3, 1).permute(1, 2, 0), "0", progress=False)


def test_unit_choice_and_projection_are_the_same_at_all_times():
    net, x = Rate(), inputs()
    whole = record(net, x, "cell", progress=False)
    some = record(net, x, "cell", units=2, progress=False)
    np.testing.assert_array_equal(some.values, whole.sel(unit=some.unit.values).values)
    projected = record(net, x, "cell", project="gaussian", n_components=3, progress=False)
    flat = whole.values.reshape(-1, 5)
    weights, *_ = np.linalg.lstsq(flat, projected.values.reshape(-1, 3), rcond=None)
    np.testing.assert_allclose(flat @ weights, projected.values.reshape(-1, 3), atol=1e-4)


def test_sites_with_and_without_time_do_not_mix():
    class Last(Rate):
        def forward(self, x, state=None):
            return self.readout(super().forward(x, state)[1][-1]), None

    with pytest.raises(BadInput, match=r"got 1 time bin\(s\) in 'output' and 6 time bin\(s\) in 'cell'"):
        record(Last(), inputs(), ["cell", "output"], progress=False)
    assert record(Last(), inputs(), "output", progress=False).shape == (TRIALS, 1, 2)


def test_a_missing_dimension_is_named():
    with pytest.raises(BadInput, match=r"inputs: got shape \(6, 3\), expected \(time, trial, channel\)"):
        record(Rate(), torch.zeros(6, 3), progress=False)
