"""SNN02, digits: crossings become spikes, networks begin alike, accuracy counts every digit, claims read results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.rng import Seeds
from tertium.studies.bellec2018digits import Bellec2018Digits
from tertium.studies.methods.bellec_digits import DT, CrossingCode, digit_task, network, pooled, right


@pytest.fixture(scope="module")
def task():
    """Return bright and dark pictures of four rows."""
    labels = np.arange(100) % 2
    images = np.zeros((100, 4, 4), dtype=np.uint8)
    images[labels == 1, :, 1::2] = 255
    return digit_task(images, labels, side=4, levels=3, cue=0.01, seed=0)


def test_every_crossing_is_a_spike_and_sums_give_the_brightness_back():
    values = torch.from_numpy(Seeds(0).numpy("values").random((5, 30)))
    spikes = CrossingCode(10).spikes(values, steps=40, dt=DT, seeds=Seeds(0))
    rising, falling, cue = spikes[:30, :, :10], spikes[:30, :, 10:20], spikes[:, :, 20]
    levels = (rising - falling).sum(2).cumsum(0)
    torch.testing.assert_close(levels, torch.floor(values.T * 10).to(levels.dtype))
    assert not spikes[30:, :, :20].any()
    assert cue.sum(0).tolist() == [10.0] * 5
    assert not cue[:30].any()


def test_pictures_are_means_of_blocks():
    images = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    small = pooled(images, 2)
    assert small.shape == (2, 2, 2)
    assert small[0, 0, 0] == pytest.approx((0 + 1 + 4 + 5) / 4 / 255)


def test_the_answer_counts_after_the_last_pixel_only(task):
    batch = task.batch(6, seed=0)
    assert batch.steps == 26
    assert not batch.mask[:21].any()
    assert batch.mask[21:].all()
    assert len(task.held_out) == 20


def test_spiking_networks_differ_in_adaptation_alone(task):
    lsnn, lif, short = (network(task, name, 10, 3) for name in ("LSNN", "LIF", "short"))
    for one in (lif, short):
        assert torch.equal(lsnn.cell.recurrent_weight, one.cell.recurrent_weight)
        assert torch.equal(lsnn.cell.input_weight, one.cell.input_weight)
    assert (lsnn.cell.strength > 0).sum() == (short.cell.strength > 0).sum() == 5
    assert not lif.cell.strength.any()
    assert float(lsnn.cell.tau_adaptation.max()) == pytest.approx(0.7)
    assert float(short.cell.tau_adaptation.max()) == pytest.approx(0.02)


class Reads(torch.nn.Module):
    """Tells bright pictures from dark ones by counting spikes."""

    def forward(self, x, state=None, *, generator=None):
        bright = (x[:, :, :-1].sum((0, 2)) > 0).float()
        return torch.stack([1 - bright, bright], -1).expand(len(x), -1, -1), None


def test_accuracy_counts_every_digit(task):
    assert right(Reads(), task.held_out) == 100.0


def planted(lsnn: float, lif: float, short: float, lstm: float) -> Bellec2018Digits.Results:
    names = {"LSNN": lsnn, "LIF": lif, "short": short, "LSTM": lstm}
    return Bellec2018Digits.Results(
        names, 10.0, np.array([1.0, 2.0]), {name: np.array([10.0, one]) for name, one in names.items()}
    )


def test_claims_read_the_accuracies():
    found = {claim.id: claim for claim in Bellec2018Digits().claims(planted(60.0, 30.0, 35.0, 63.0))}
    assert found["gap"].value == 30
    assert found["gap"].control.value == 5
    assert found["close_to_lstm"].value == 3
    assert found["close_to_lstm"].control.value == 33
    assert found["faster"].value == 15
    assert found["faster"].control.value == 2.5
    assert found["learned"].control.value == 10


def test_pictures_are_drawn():
    one = planted(60.0, 30.0, 35.0, 63.0)
    assert [picture.id for picture in Bellec2018Digits().figures([one, one])] == ["right", "learning"]
