"""SNN01: manifolds against a sum written out, shapes at half height, trainings, claims read from planted results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tertium.models.spiking import surrogate
from tertium.rng import Seeds
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.zenke_manifolds import TimeCode, manifold, manifold_task
from tertium.studies.methods.zenke_networks import SHAPES, Training, learned, network_of, shaped, steep
from tertium.studies.zenke2021 import Zenke2021, off_target, spread

TRAINING = Training(units=8, steps=2, batch=20, learning_rate=0.1, gain=20.0, target=20.0, strength=1e4)


@pytest.fixture(scope="module")
def task():
    """Return two coarse manifolds of four inputs."""
    return manifold_task(Seeds(0).numpy("manifolds"), classes=2, channels=4, samples=50, cutoff=5, seed=0)


def test_a_manifold_is_the_product_of_sums_of_waves():
    points = Seeds(1).numpy("points").random((30, 2))
    found = manifold(points, 3, Seeds(2).numpy("waves"), alpha=1.5, cutoff=4)
    rng = Seeds(2).numpy("waves")
    drawn = [rng.random((3, 3, 4)) for _ in range(2)]
    for i in range(3):
        wanted = np.array(
            [
                np.prod(
                    [
                        sum(
                            height[i, k]
                            * (k + 1) ** -1.5
                            * np.sin(2 * np.pi * ((k + 1) * x * stretch[i, k] + phase[i, k]))
                            for k in range(4)
                        )
                        for x, (height, stretch, phase) in zip(point, drawn, strict=True)
                    ]
                )
                for point in points
            ]
        )
        np.testing.assert_allclose(found[:, i], (wanted - wanted.min()) / np.ptp(wanted), atol=1e-12)


def test_near_points_have_near_times_where_the_manifold_is_smooth():
    x = np.linspace(0, 1, 400)[:, None]
    smooth, rough = (manifold(x, 5, Seeds(3).numpy("waves"), alpha=alpha, cutoff=200) for alpha in (3.0, 0.5))
    assert np.abs(np.diff(smooth, axis=0)).mean() < 0.3 * np.abs(np.diff(rough, axis=0)).mean()


def test_every_input_spikes_once_at_its_coordinate(task):
    batch = task.batch(20, item=np.arange(20))
    assert (batch.inputs.sum(0) == 1).all()
    times = task.source.items[:20].astype(np.float64)
    np.testing.assert_array_equal(batch.inputs.argmax(0), np.floor(times * 50 + 1e-9))
    spikes = TimeCode(0.01).spikes(torch.tensor([[0.0, 0.55, 1.0]]), steps=20, dt=0.001, seeds=Seeds(0))
    assert spikes[:, 0].argmax(0).tolist() == [0, 5, 10]


def test_shapes_are_of_one_height_and_one_width_at_half_height():
    half = (2**0.5 - 1) / 10
    for name in SHAPES:
        shape = shaped(name, 10.0)
        at = shape.slope(torch.tensor([0.0, 0.999 * half, 1.001 * half], dtype=torch.float64))
        assert float(at[0]) == pytest.approx(1)
        assert float(at[1]) > 0.5 > float(at[2])
    at = torch.tensor([0.0, 0.05])
    np.testing.assert_allclose(steep(20.0, asymptotic=True).slope(at), [20.0, 5.0], rtol=1e-6)
    np.testing.assert_allclose(steep(20.0, asymptotic=False).slope(at), [1.0, 0.25], rtol=1e-6)


def test_a_frozen_network_learns_with_its_readout_alone(task):
    lab = MemoryLab(4)
    start = network_of(task, TRAINING, shaped("boxcar", 10.0), lab.seeds.child("network"))
    same = network_of(task, TRAINING, shaped("sigmoid", 10.0), lab.seeds.child("network"))
    assert all(torch.equal(a, b) for a, b in zip(start.parameters(), same.parameters(), strict=True))
    frozen = learned(task, TRAINING, shaped("super_spike", 10.0), lab, "frozen", frozen=True)
    longer = learned(task, TRAINING.lasting(8), shaped("super_spike", 10.0), lab, "frozen", frozen=True)
    assert frozen.rate == longer.rate, "hidden units do what they did"
    free = learned(task, TRAINING.lasting(8), shaped("super_spike", 10.0), lab, "free")
    assert free.rate != frozen.rate


def test_a_training_that_overflows_ends_and_is_judged(task):
    lab = MemoryLab(1)
    strong = replace(TRAINING, units=20, gain=20.0)
    found = learned(task, strong, surrogate("fast_sigmoid", height=1e30), lab, "steep", held=False)
    assert found.overflowed
    assert 0 <= found.accuracy <= 100
    assert "steep" in lab.notes[0]


def test_claims_read_the_planted_results():
    results = Zenke2021.Results(
        chance=10.0, target=20.0, shapes={"super_spike": 96.0, "sigmoid": 95.0, "boxcar": 94.0}, rate=21.0, frozen=48.0,
        frozen_rate=11.0, free_rate=90.0, betas=np.array([1.0, 10.0, 100.0]),
        recurrent=np.array([10.0, 60.0, 20.0]), feedforward=np.array([80.0, 82.0, 79.0]),
        tall={"recurrent": 15.0, "feedforward": 81.0}, overflowed=0.0, inputs=np.zeros((5, 6, 2)),
    )  # fmt: skip
    claims = {one.id: one for one in Zenke2021().claims(results)}
    assert all(one.threshold.holds(one.value) for one in claims.values())
    assert not any(one.threshold.holds(one.control.value) for one in claims.values())
    assert claims["shape"].value == 2
    assert claims["shape"].control.value == 48
    assert claims["slope"].value == 50
    assert claims["slope"].control.value == 3
    assert claims["scale"].value == 45
    assert claims["scale"].control.value == 1
    assert claims["rate"].value == pytest.approx(5)
    worse = {one.id: one for one in Zenke2021().claims(replace(results, frozen=60.0, rate=25.0))}
    assert not worse["frozen"].threshold.holds(worse["frozen"].value)
    assert not worse["rate"].threshold.holds(worse["rate"].value)


def test_distances():
    assert spread([3.0, 1.0, 2.0]) == 2
    assert off_target(15.0, 20.0) == pytest.approx(25)
