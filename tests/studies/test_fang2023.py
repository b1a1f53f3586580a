"""SNN07: units written out, conversion and learning on planted items; claims read the results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tertium.rng import Seeds
from tertium.studies.fang2023 import Fang2023
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.fang_networks import converted, held, learned, right, spiking_network
from tertium.studies.methods.fang_units import CONVENTIONS, Convention, compared, written_out
from tertium.tasks import labelled

LABELS = np.arange(300) % 3
PLANTED = Seeds(0).numpy("items").random((3, 1, 8, 8))[LABELS]
ITEMS = labelled(
    (PLANTED + 0.1 * Seeds(1).numpy("items").random((300, 1, 8, 8))).astype(np.float32), LABELS, scaling="none"
)


def test_the_written_out_unit_is_that_of_the_documentation_by_hand():
    currents, tau = np.full((3, 1), 1.0), np.array([2.0])
    for how, wanted in {
        Convention(True, True): [0.5, 0.75, 0.875],
        Convention(False, True): [1.0, 1.0, 1.0],
        Convention(False, False): [1.0, 1.1, 1.15],
    }.items():
        spikes, charged = written_out(currents, tau, 0.8, how)
        np.testing.assert_allclose(charged[:, 0], wanted)
        assert spikes[:, 0].tolist() == [float(h >= 0.8) for h in wanted]
    assert len(set(CONVENTIONS)) == 4


def test_units_agree_and_controls_do_not():
    found = compared(60, 8, Seeds(3))
    assert max(found["LIF"].max(), found["PLIF"].max()) < 1e-12
    assert not found["spikes"].any()
    assert min(found["late"].min(), found["tau"].min()) > 0.05
    assert 0.02 < found["rate"].min() <= found["rate"].max() < 0.6


def test_answers_are_those_of_the_mean_so_far():
    class Answers(torch.nn.Module):
        def forward(self, x):
            wrong, good = torch.tensor([0.0, 9.0, 0.0]), torch.tensor([5.0, 0.0, 0.0])
            return torch.stack([good, wrong, good, good])[:, None].expand(4, x.shape[1], 3), None

    share = 100 * float((ITEMS.labels == 0).mean())
    other = 100 * float((ITEMS.labels == 1).mean())
    np.testing.assert_allclose(right(Answers(), ITEMS, 4), [share, other, share, share])


def test_a_held_item_is_the_same_in_each_step():
    batch = held(ITEMS, 4).batch(5, 0)
    assert batch.inputs.shape == (4, 5, 64)
    assert (batch.inputs == ITEMS.items[batch.columns["item"]]).all()
    assert batch.mask.all()


CONFIG = Fang2023.configure(
    {
        "mlp_units": (20,), "cnn_channels": (4,), "rate_steps": 60, "channels": (8, 16), "steps": 60, "batch": 16,
        "window": 40, "learning_rate": 5e-3, "rate_learning_rate": 5e-3, "kernel": 3,
    }
)  # fmt: skip


@pytest.mark.parametrize("kind", ["MLP", "CNN"])
def test_a_network_is_converted_without_loss(kind):
    found = converted(kind, ITEMS, CONFIG, MemoryLab(0))
    assert found["rate"][0] > 90
    assert found["normalised"][-1] >= found["rate"][0] - 2
    assert found["normalised"].shape == found["plain"].shape == (40,)


def test_spikes_learn_and_the_readout_alone_leaves_the_cells_as_they_were():
    lab = MemoryLab(0)
    found = learned(ITEMS, 3, CONFIG, lab)
    assert found["right"][-1] > 80
    assert found["rate"].shape == (2,)
    assert (found["rate"] > 0.005).all()
    network = spiking_network(ITEMS, CONFIG, lab.seeds.child("spiking"))
    assert [cell.out_shape for cell in network.cells] == [(8, 4, 4), (16, 2, 2)]
    assert learned(ITEMS, 3, CONFIG, lab, whole=False)["right"].shape == (3,)


def test_claims_read_the_planted_results():
    one = {"rate": np.array([96.0]), "normalised": np.linspace(50, 95.5, 64), "plain": np.full(64, 90.0)}
    results = Fang2023.Results(
        units={"LIF": np.full(4, 1e-15), "PLIF": np.full(4, 1e-15), "late": np.ones(4), "tau": np.ones(4)},
        converted={"MLP": one, "CNN": one},
        spiking=np.array([90.0, 97.5]),
        readout=np.array([80.0, 90.0]),
        rates=np.full(3, 0.1),
        curve=np.zeros((2, 2)),
    )
    claims = {claim.id: claim for claim in Fang2023().claims(results)}
    assert all(claim.threshold.holds(claim.value) for claim in claims.values())
    assert not any(claim.threshold.holds(claim.control.value) for claim in claims.values())
    assert claims["converted_mlp"].value == pytest.approx(0.5)
    wrong = replace(results, units=results.units | {"PLIF": np.array([0.0, 0.0, 1e-3, 0.0])})
    changed = {claim.id: claim for claim in Fang2023().claims(wrong)}
    assert not changed["plif"].threshold.holds(changed["plif"].value)
