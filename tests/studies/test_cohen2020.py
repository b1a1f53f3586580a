"""THY02: the small network learns and is kept exactly, layers are sampled fairly, claims read the results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.data.sets.kinds import Images
from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.studies.cohen2020 import Cohen2020
from tertium.studies.kept import kept_arrays, kept_networks
from tertium.studies.methods.cohen import measure_layers
from tertium.studies.methods.cohen_layers import PIXELS, draw_images, layer_responses
from tertium.studies.methods.small_cnn import (
    SHELF,
    SmallCNN,
    accuracy,
    train_small_cnn,
    training,
    weights_of,
    with_weights,
)


def pictures(count, seed):
    """Return pictures of three classes, each brightest in one colour."""
    random = Seeds(seed).numpy("pictures")
    labels = np.arange(count) % 3
    images = random.integers(0, 120, size=(count, 32, 32, 3))
    images[np.arange(count), :, :, labels] += 60
    return images.astype(np.uint8), labels


@pytest.fixture(scope="module")
def learned():
    """Return a narrow network that learned three classes."""
    images, labels = pictures(96, 0)
    return train_small_cnn(images, labels, Seeds(1), epochs=4, widths=(4, 8), batch=16)


def test_the_network_learns_and_is_the_same_again(learned):
    images, labels = pictures(60, 2)
    assert accuracy(learned, images, labels) > 0.8
    assert accuracy(SmallCNN(3, Seeds(1), (4, 8)).eval(), images, labels) < 0.7
    other = train_small_cnn(*pictures(96, 0), Seeds(1), epochs=4, widths=(4, 8), batch=16)
    assert all(torch.equal(a, b) for a, b in zip(learned.parameters(), other.parameters(), strict=True))
    assert not learned.training


def test_weights_in_half_precision_are_the_network(learned):
    kept = weights_of(learned)
    assert {one.dtype.name for one in kept.values()} == {"float16", "int64"}
    again = with_weights(SmallCNN(3, Seeds(5), (4, 8)), kept)
    images, _ = pictures(5, 3)
    shown = learned.preprocess(images)
    assert torch.equal(again(shown), learned(shown))


def test_too_few_images_are_refused():
    with pytest.raises(BadInput, match="64 or more"):
        train_small_cnn(*pictures(10, 0), Seeds(0))


def test_kept_networks_are_those_of_the_test_seeds_and_of_this_training():
    assert set(kept_networks(SHELF)) >= {f"cifar10-{seed}" for seed in Cohen2020.test_seeds}
    for seed in Cohen2020.test_seeds:
        arrays = kept_arrays(SHELF, f"cifar10-{seed}", training(Cohen2020.Config().epochs))
        assert arrays is not None
        with_weights(SmallCNN(10, Seeds(0)), arrays)


def test_images_are_of_the_test_split_and_units_of_the_layer_they_say(learned):
    images, labels = pictures(60, 4)
    split = tuple("train" if i < 30 else "test" for i in range(60))
    data = Images(images, labels, tuple(str(i) for i in range(60)), ("r", "g", "b"), split)
    drawn, kinds = draw_images(data, 6, Seeds(5))
    assert kinds.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    tested = {one.tobytes() for one in images[30:]}
    assert all(one.tobytes() in tested for one in drawn)
    layers = layer_responses(learned, drawn, ("conv2", "pooled"), 40, Seeds(6))
    assert list(layers) == [PIXELS, "conv2", "pooled"]
    assert layers[PIXELS].shape == (18, 40)
    assert layers["pooled"].shape[1] <= 8
    assert layers["conv2"].min() >= 0
    assert all(np.ptp(one, axis=0).min() > 0 for one in layers.values())


def test_planted_manifolds_are_measured():
    random = Seeds(7).numpy("manifolds")
    labels = np.repeat(np.arange(8), 12)
    centres = random.normal(size=(8, 100))[labels]
    layers = {"wide": centres + random.normal(size=(96, 100)), "tight": centres + 0.2 * random.normal(size=(96, 100))}
    found = measure_layers(layers, labels, 40, Seeds(8))
    assert found["capacity"][1] > 2 * found["capacity"][0]
    assert found["radius"][1] < 0.4 * found["radius"][0]
    assert found["correlation"].shape == found["shared"].shape == (2,)


def test_claims_read_the_planted_results():
    layers = ["pixels", "conv1", "conv8", "pooled"]

    def rows(*last):
        names = ("trained", "untrained", "shuffled")
        return {name: np.array([1.0, 2.0, late, 9.0]) for name, late in zip(names, last, strict=True)}

    results = Cohen2020.Results(
        layers=layers, accuracy=0.7, accuracy_untrained=0.1, capacity=rows(3.0, 1.1, 0.9), radius=rows(1.0, 1.9, 2.0),
        dimension=rows(1.2, 2.0, 2.0), correlation=rows(0.8, 1.0, 1.0), shared=rows(1.0, 1.0, 1.0),
    )  # fmt: skip
    got = {c.id: (c.value, c.control.value) for c in Cohen2020().claims(results)}
    assert got["capacity"] == pytest.approx((3.0, 0.9))
    assert got["random_network"] == pytest.approx((1.1, 3.0))
    assert got["radius"] == pytest.approx((0.5, 0.95))
    assert got["dimension"] == pytest.approx((0.6, 1.0))
    assert got["centre_correlation"] == pytest.approx((0.8, 1.0))
    assert len(list(Cohen2020().figures([results]))) == 4
