"""What is shown by mistake: one picture, pictures that are no bytes, none at all, something that is no network."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from tertium.data import make_responses
from tertium.errors import BadInput
from tertium.models import wrap
from tertium.record import record
from tertium.record.sinks import MemorySink

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 3), dtype=np.uint8)


@pytest.fixture
def seeing():
    return wrap(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten()), {"size": 8, "resize": 8})


def test_one_colour_picture_is_not_many_grey_ones(seeing):
    with pytest.raises(BadInput, match=r"got one image, shape \(12, 10, 3\), .* images\[None\]"):
        record(seeing, IMAGES[0], progress=False)
    assert record(seeing, IMAGES[:1], progress=False).sizes["trial"] == 1
    assert record(seeing, IMAGES[..., 0], progress=False).sizes["trial"] == 3  # grey ones, 10 columns


@pytest.mark.parametrize("images", [IMAGES / 255.0, IMAGES.astype(np.int64)])
def test_pictures_do_not_pass_by_the_preprocessing(seeing, images):
    with pytest.raises(BadInput, match="expected 8-bit images"):
        record(seeing, images, progress=False)


def test_ready_arrays_are_shown_as_they_are(seeing):
    ready = np.random.default_rng(0).normal(size=(2, 3, 8, 3))  # 3 columns, but channels first
    assert record(seeing, ready, sites="0", progress=False).sizes["unit"] == 2 * 6 * 1


def test_no_pictures(seeing):
    with pytest.raises(BadInput, match="images: got none, expected at least one"):
        record(seeing, IMAGES[:0], progress=False)


@pytest.mark.parametrize("model", [lambda x: x, None, nn.Linear])
def test_what_is_no_network_is_named(model):
    with pytest.raises(BadInput, match=r"^model: got a \w+, expected a torch.nn.Module"):
        record(model, torch.zeros(2, 3), progress=False)


class Uncopied(str):
    """A name that must not be deep-copied: a million of them take seconds."""

    __slots__ = ()

    def __deepcopy__(self, memo):
        raise AssertionError("a label was deep-copied")


def test_names_of_units_are_not_copied_one_by_one():
    names = np.array([Uncopied(f"n{i}") for i in range(3)], dtype=object)
    with pytest.raises(AssertionError, match="deep-copied"):
        copy.deepcopy(names)  # so that the test can fail
    labels = make_responses(np.zeros((2, 1, 3)), unit={"region": names})
    sink = MemorySink(labels, np.dtype(np.float32))
    sink.write(0, np.ones((2, 1, 3)))
    made = sink.result()
    assert made["region"].values.tolist() == ["n0", "n1", "n2"]
    assert made.values.tolist() == [[[1.0] * 3]] * 2
