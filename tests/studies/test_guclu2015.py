"""SEN03: voxels are what they should be, and a planted layer is found without any data set."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch

from tertium.compare import noise_ceiling
from tertium.data import make_responses
from tertium.rng import Seeds
from tertium.studies.guclu2015 import explained, within_one
from tertium.studies.methods.guclu import (
    SIDE,
    as_responses,
    features,
    gradient,
    layer_scores,
    scanned,
    voxels,
)

IMAGES = 80


@pytest.fixture(scope="module")
def network():
    """Return three layers that keep less and less of the place, on images without a preprocessing."""
    torch.manual_seed(0)
    layers = [("first", torch.nn.Conv2d(3, 16, 5, 2)), ("a", torch.nn.ReLU())]
    layers += [("second", torch.nn.Conv2d(16, 16, 3, 2))]
    layers += [("b", torch.nn.ReLU()), ("third", torch.nn.Conv2d(16, 16, 3, 2))]
    return torch.nn.Sequential(OrderedDict(layers)).eval()


@pytest.fixture(scope="module")
def images():
    random = Seeds(0).numpy("images")
    coarse = random.normal(size=(IMAGES, 3, 4, 4)).repeat(8, 2).repeat(8, 3)
    return torch.from_numpy(coarse + 0.5 * random.normal(size=coarse.shape)).float()


def test_units_are_scaled_and_constant_ones_left_out(network, images):
    sampled = features(network, images, ("first", "a"), 40, 0)
    assert np.allclose(sampled.values.mean(0), 0, atol=1e-12)
    assert np.allclose(sampled.values.std(0), 1)
    assert set(sampled["layer"].values) == {"first", "a"}


def test_a_voxel_with_a_wide_reach_is_the_sum_of_all_units_with_their_gains(network, images):
    sampled = features(network, images, ("first",), 40, 0)
    wide = voxels(sampled, "first", 3, 1e4, Seeds(1))
    random = Seeds(1).numpy("voxels")
    random.uniform(size=(3, 2))
    gains = random.exponential(size=(sampled.sizes["unit"], 3))
    assert np.allclose(wide, sampled.values[:, 0] @ gains / sampled.sizes["unit"], rtol=1e-4, atol=1e-6)
    narrow = voxels(sampled, "first", 3, 0.2 * SIDE, Seeds(1))
    assert not np.allclose(narrow, wide, rtol=0.1)


def test_the_mean_over_scans_has_the_reliability_asked_for():
    drive = Seeds(2).numpy("drive").normal(size=(2000, 4))
    brain = as_responses(scanned(drive, 4, 0.6, Seeds(3)), ["V1"] * 4, np.arange(2000))
    assert np.allclose(noise_ceiling(brain, "signal_power").value, 0.6, atol=0.04)


def test_a_planted_layer_is_found_and_answers_to_other_images_find_none(network, images):
    names = ("first", "second", "third")
    cells = features(network, images, names, 300, 1)
    model = features(network, images, names, 300, 2)
    drive = np.concatenate([voxels(cells, name, 6, 5.0, Seeds(4).child(name)) for name in names], axis=1)
    scans = scanned(drive, 4, 0.9, Seeds(5))
    planted, areas = np.repeat(np.arange(3), 6), [name for name in names for _ in range(6)]
    scores, ceilings = layer_scores(model, as_responses(scans, areas, np.arange(IMAGES)), names, 4, 0)
    found = scores.argmax(0)
    assert within_one(found, planted) > 0.9
    assert gradient(planted, found, 0)[0] > 0.5
    assert 0.3 < explained(scores, ceilings, planted) < 1.1
    order = Seeds(6).numpy("order").permutation(IMAGES)
    shuffled, _ = layer_scores(model, as_responses(scans, areas, order), names, 4, 0)
    assert explained(shuffled, ceilings, planted) < 0.2


def test_p_is_uniform_where_there_is_no_gradient():
    areas = np.repeat(np.arange(4), 50)
    draws = [gradient(areas, Seeds(seed).numpy("nothing").integers(0, 9, 200), 0)[1] for seed in range(40)]
    assert np.mean(draws) == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / 40)), "p is uniform"
    rho, p = gradient(areas, areas, 0)
    assert rho == pytest.approx(1)
    assert p == pytest.approx(0.001)


def test_labels_say_which_region_a_voxel_is_in():
    brain = as_responses(np.zeros((2, 3, 2)), ["V1", "IT"], np.array([2, 0, 1]))
    assert brain["region"].values.tolist() == ["V1", "IT"]
    assert brain["stimulus"].values.tolist() == ["002", "000", "001"] * 2
    assert isinstance(brain, type(make_responses([[1.0]])))
