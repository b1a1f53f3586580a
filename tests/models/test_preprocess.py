"""From photographs to a network's input."""

import numpy as np
import pytest
import torch
from PIL import Image

from tertium.errors import BadInput
from tertium.models import Preprocess
from tertium.models.squeezenet import squeezenet_preprocess

RNG = np.random.default_rng(0)
PLAIN = {"scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def test_pixels_of_the_right_size_are_only_shifted_scaled_and_put_in_order():
    images = RNG.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    look = Preprocess(size=8, resize=8, order="BGR", scale=0.5, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 8.0))
    expected = (images[..., ::-1].astype(float) * 0.5 - [1, 2, 3]) / [2, 4, 8]
    np.testing.assert_allclose(look(images).numpy(), expected.transpose(0, 3, 1, 2), atol=1e-5)


def test_squeezenet_takes_bgr_minus_the_mean_image():
    grey = np.full((1, 224, 224, 3), [10, 20, 30], dtype=np.uint8)
    np.testing.assert_allclose(
        squeezenet_preprocess()(grey)[0, :, 0, 0].numpy(), [30 - 103.939, 20 - 116.779, 10 - 123.68], atol=1e-4
    )


def test_framing_of_a_wide_picture():
    """A picture of three vertical stripes: cropping shows the middle one only, whole shows all three."""
    stripes = np.zeros((1, 64, 192, 3), dtype=np.uint8)
    stripes[:, :, :64, 0] = stripes[:, :, 64:128, 1] = stripes[:, :, 128:, 2] = 255
    crop = Preprocess(size=48, resize=64, framing="crop", **PLAIN)(stripes)
    whole = Preprocess(size=48, resize=64, framing="whole", **PLAIN)(stripes)
    auto = Preprocess(size=48, resize=64, **PLAIN)(stripes)
    assert crop.shape == whole.shape == (1, 3, 48, 48)
    assert crop[0, :, 24, :].mean(1).tolist() == [0, 255, 0]
    assert whole[0, :, 24, :].mean(1).tolist() == pytest.approx([85, 85, 85], abs=2)
    assert torch.equal(auto, crop)


def test_square_pictures_are_taken_whole_by_default():
    picture = RNG.integers(0, 256, (1, 60, 60, 3), dtype=np.uint8)
    auto, whole, crop = (Preprocess(size=32, resize=40, framing=f, **PLAIN)(picture) for f in ("auto", "whole", "crop"))
    assert torch.equal(auto, whole)
    assert not torch.equal(auto, crop)
    by_hand = np.asarray(Image.fromarray(picture[0]).resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(whole[0].permute(1, 2, 0).numpy(), by_hand)


def test_crop_is_the_middle_of_the_resized_picture():
    picture = RNG.integers(0, 256, (100, 300, 3), dtype=np.uint8)
    found = Preprocess(size=40, resize=50, framing="crop", **PLAIN)([picture])
    resized = np.asarray(Image.fromarray(picture).resize((150, 50), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(found[0].permute(1, 2, 0).numpy(), resized[5:45, 55:95])


def test_grey_pictures_pil_images_and_mixed_sizes():
    grey = RNG.integers(0, 256, (2, 8, 8), dtype=np.uint8)
    look = Preprocess(size=8, resize=8, **PLAIN)
    expected = np.repeat(grey[:, None], 3, axis=1)
    np.testing.assert_array_equal(look(grey).numpy(), expected)
    np.testing.assert_array_equal(look(grey[..., None]).numpy(), expected)
    assert look([grey[0], Image.new("RGB", (20, 10)), np.zeros((5, 9, 3), np.uint8)]).shape == (3, 3, 8, 8)
    one = Preprocess(size=8, resize=8, order="grey", scale=1.0, mean=(0.0,), std=(1.0,))
    np.testing.assert_array_equal(one(grey).numpy(), grey[:, None])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 8, 8, 3)), r"got values of type float64, expected uint8.*255 \* images"),
        (np.zeros((2, 3, 8, 8), np.uint8), r"got shape \(2, 3, 8, 8\), expected \(image, height, width, 3\)"),
        (np.zeros((2, 8, 8, 4), np.uint8), "drop transparency"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3))], "image 1: got values of type float64"),
        (np.zeros((0, 8, 8, 3), np.uint8), "images: got none, expected at least one"),
    ],
)
def test_what_is_no_8_bit_image(images, message):
    with pytest.raises(BadInput, match=message):
        Preprocess()(images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "RBG"}, "order: got 'RBG', expected one of RGB, BGR, grey"),
        ({"size": 300}, "size 300, resize 256, expected 0 < size <= resize. Pass resize=300"),
        ({"mean": (0.5,)}, r"mean: got \(0.5,\), expected 3 number"),
        ({"std": (1.0, 0.0, 1.0)}, "3 positive number"),
        ({"interpolation": "lanczos"}, "expected one of nearest, bilinear, bicubic"),
    ],
)
def test_unusable_options(options, message):
    with pytest.raises(BadInput, match=message):
        Preprocess(**options)
