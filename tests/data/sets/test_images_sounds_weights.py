"""Pictures, sounds and the weights of a trained network."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from tertium.data.sets.images.mnist_t10k import read_idx
from tertium.data.sets.weights.efficientnet_lite0 import read_state
from tertium.errors import BadFile


def test_squeezenet(loaded):
    weights = loaded("squeezenet11")
    assert sum(w.size for w in weights.values()) == 1_235_496
    assert len(weights) == 52
    assert weights["conv1.w"].shape == (64, 3, 3, 3)
    assert weights["fire9.expand3x3.w"].shape == (256, 64, 3, 3)
    assert weights["conv10.b"].shape == (1000,)
    assert {w.dtype for w in weights.values()} == {np.dtype(np.float32)}


def test_efficientnet(loaded):
    weights = loaded("efficientnet_lite0")
    learned = {n: w for n, w in weights.items() if "running_" not in n and "num_batches" not in n}
    assert sum(w.size for w in learned.values()) == 4_652_008
    assert {w.dtype for w in learned.values()} == {np.dtype(np.float32)}


def test_a_file_that_is_no_state_dict(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "weights.pth"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(BadFile, match="expected a state dict of tensors"):
        read_state(path)
    torch.save([1, 2], path)
    with pytest.raises(BadFile, match="got a list"):
        read_state(path)


def test_imagenet_sample(loaded):
    data = loaded("imagenet_sample200")
    assert data.images.shape == (200, 224, 224, 3)
    assert data.label.tolist() == list(range(0, 1000, 5))
    assert data.name[0] == "n01440764_tench.JPEG"
    assert list(data.name) == sorted(data.name)  # labels follow the sorted synsets
    assert 90 < data.images.mean() < 140


@pytest.mark.slow
def test_cifar(loaded):
    data = loaded("cifar10_subset")
    assert data.images.shape == (12000, 32, 32, 3)
    assert data.classes[3] == "cat"
    split = np.array(data.split)
    assert np.bincount(data.label[split == "train"]).tolist() == [1000] * 10
    assert np.bincount(data.label[split == "test"]).tolist() == [200] * 10
    # the colour of the sky: airplanes and ships are bluer than frogs
    blueness = data.images[..., 2].mean(axis=(1, 2)) - data.images[..., 0].mean(axis=(1, 2))
    by_class = {name: blueness[data.label == i].mean() for i, name in enumerate(data.classes)}
    assert min(by_class["airplane"], by_class["ship"]) > by_class["frog"] + 10


def test_mnist(loaded):
    data = loaded("mnist_t10k")
    assert data.images.shape == (10000, 28, 28)
    assert np.bincount(data.label).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert data.images.mean() / 255 == pytest.approx(0.1325, abs=5e-4)  # the test set's mean
    assert data.label[:5].tolist() == [7, 2, 1, 0, 4]


def test_omniglot(loaded):
    data = loaded("omniglot_small")
    assert data.images.shape == (2720, 105, 105)
    assert len(data.classes) == 136
    assert (np.bincount(data.label) == 20).all()
    assert {c.split("/")[0] for c in data.classes} == {"Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"}
    assert set(np.unique(data.images)) == {0, 255}
    assert (data.images == 255).mean() > 0.9  # dark ink on white


def test_spoken_digits(loaded):
    data = loaded("fsdd")
    assert (len(data), data.rate) == (900, 8000.0)
    assert sum(map(len, data.waves)) == 3_127_443
    assert np.bincount(data.labels["digit"]).tolist() == [90] * 10
    assert set(data.labels["speaker"]) == {"george", "jackson", "lucas", "nicolas", "theo", "yweweler"}
    seconds = np.array([len(w) for w in data.waves]) / data.rate
    assert 0.1 < seconds.min() < np.median(seconds) < 1 < seconds.max() < 3
    assert min(np.abs(w).max() for w in data.waves) > 100  # none is silent


def test_speech(loaded):
    data = loaded("cochlea_speech")
    assert (len(data), data.rate) == (10, 16000.0)
    assert {len(w) for w in data.waves} == {32000}
    spectrum = np.mean([np.abs(np.fft.rfft(w)) ** 2 for w in data.waves], axis=0)
    frequency = np.fft.rfftfreq(32000, 1 / data.rate)
    assert spectrum[frequency < 4000].sum() > 0.9 * spectrum.sum()  # as speech is


def test_idx_files(tmp_path):
    path = tmp_path / "a.idx"
    values = np.arange(6, dtype=">i4").reshape(2, 3)
    whole = struct.pack(">BBBBII", 0, 0, 0x0C, 2, 2, 3) + values.tobytes()
    path.write_bytes(whole)
    np.testing.assert_array_equal(read_idx(path), values)
    path.write_bytes(gzip.compress(whole))
    np.testing.assert_array_equal(read_idx(path), values)
    assert read_idx(path).dtype == np.int32
    path.write_bytes(whole[:-1])
    with pytest.raises(BadFile, match=r"23 bytes of values, expected 24 for shape \(2, 3\)"):
        read_idx(path)
    path.write_bytes(gzip.compress(whole)[:-9])
    with pytest.raises(BadFile, match="damaged gzip"):
        read_idx(path)
    path.write_bytes(b"PNG or whatever")
    with pytest.raises(BadFile, match="expected an IDX file"):
        read_idx(path)
