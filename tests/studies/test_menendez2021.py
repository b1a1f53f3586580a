"""SEN13: gratings, tuning and measures have their closed forms, a network learns tilt, and claims read results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.compare import rdm
from tertium.rng import Seeds
from tertium.studies.menendez2021 import Menendez2021
from tertium.studies.methods.menendez import (
    LAYERS,
    SIDE,
    WAVELENGTH,
    Judge,
    between_sides,
    gratings,
    layer_rdms,
    orientation_rdm,
    ring,
    tilt_accuracy,
    train,
    v1_responses,
)

ORIENTATION = np.arange(-87.5, 90, 5.0)
DOUBLED = np.radians(2 * ORIENTATION)


def of_points(*columns):
    return rdm(np.stack(columns, axis=1), metric="euclidean", labels=ORIENTATION)


def test_gratings_turn_clockwise_and_have_the_noise_asked_for():
    random = Seeds(0).numpy("x")
    upright, flat = gratings(np.array([0.0, 90.0]), 0.0, random)[:, 0].numpy()
    np.testing.assert_allclose(flat, upright.T, atol=1e-6)
    middle = SIDE // 2
    assert upright[middle, middle] > 0.9, "bright in the middle"
    assert upright[middle, middle + round(WAVELENGTH / 2)] < -0.2, "dark half a wavelength beside it"
    assert (upright[middle - 3 : middle + 3, middle] > 0.8).all(), "and bright along the bar"
    clockwise = gratings(np.array([45.0]), 0.0, random)[0, 0].numpy()
    assert clockwise[middle - 4, middle + 3] > 0.4 > 0 > clockwise[middle - 4, middle - 5], "the right end is up"
    noisy = gratings(np.zeros(200), 0.5, random)[:, 0].numpy() - upright
    assert noisy.std() == pytest.approx(0.5, rel=0.02)


def test_v1_is_tuned_and_its_plane_is_the_ring():
    shown = np.repeat(ORIENTATION, 400)
    counts = v1_responses(shown, 20, Seeds(1).numpy("x"))
    curves = counts.reshape(len(ORIENTATION), 400, 20).mean(1)
    assert curves.max() < 22.5
    assert curves.min(0).max() < 4.8, "a baseline of 2, and 12 % of 20 spikes left of the widest bell"
    fano = counts.reshape(len(ORIENTATION), 400, 20).var(1, ddof=1).mean() / curves.mean()
    assert fano == pytest.approx(1, abs=0.05)
    above = (curves - curves.min(0) > 0.5 * np.ptp(curves, axis=0)).sum(0) * 5.0
    assert above.min() >= 25, "whole widths at half height: 30 to 70 degrees"
    assert above.max() <= 75
    many = np.repeat(ORIENTATION, 20)
    assert ring(orientation_rdm(v1_responses(many, 100, Seeds(2).numpy("x")), many, "V1"))[1] > 0.95


def test_the_ring_is_found_turned_and_mirrored_and_not_where_there_is_none():
    for sign in (1, -1):
        assert ring(of_points(np.cos(sign * DOUBLED + 1), np.sin(sign * DOUBLED + 1)))[1] == pytest.approx(1, abs=1e-6)
    assert ring(of_points(np.sin(DOUBLED), 1e-3 * np.cos(3 * DOUBLED)))[1] < 0.05, "a line"
    mixed = Seeds(3).numpy("x").permutation(DOUBLED)
    assert ring(of_points(np.cos(mixed), np.sin(mixed)))[1] < 0.4


def test_the_share_between_sides_has_its_closed_forms():
    """4/pi^2 on a ring and 8/pi^2 on a line, for many orientations; 1 for two points, 0 where sides are alike."""
    assert between_sides(of_points(np.cos(DOUBLED), np.sin(DOUBLED))) == pytest.approx(4 / np.pi**2, abs=2e-3)
    assert between_sides(of_points(np.sin(DOUBLED))) == pytest.approx(8 / np.pi**2, abs=3e-3)
    assert between_sides(of_points(np.sign(ORIENTATION))) == pytest.approx(1)
    assert between_sides(of_points(np.abs(ORIENTATION))) == pytest.approx(0, abs=1e-12)


def test_rdms_are_of_standardised_means_without_silent_units():
    shown = np.array([-10.0, 10.0, -10.0, 10.0, 30.0])
    responses = np.array([[0.0, 5, 1], [2, 5, 1], [2, 5, 1], [4, 5, 1], [5, 5, 2]])
    found = orientation_rdm(responses, shown, "x")
    means = np.array([[1.0, 1], [3, 1], [5, 2]])
    scaled = (means - means.mean(0)) / means.std(0)
    expected = ((scaled[:, None] - scaled[None]) ** 2).mean(-1)
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    assert found.labels == ("-10.0", "10.0", "30.0")


def test_a_network_learns_tilt_the_same_way_twice():
    judges = [train(Judge(16, "tilt", Seeds(4)), 0.3, 120, Seeds(4)) for _ in range(2)]
    for one, other in zip(judges[0].parameters(), judges[1].parameters(), strict=True):
        assert torch.equal(one, other)
    assert tilt_accuracy(judges[0], 0.3, Seeds(5).numpy("x"), 1000) > 0.9
    assert tilt_accuracy(Judge(16, "tilt", Seeds(4)), 0.3, Seeds(5).numpy("x"), 1000) < 0.8
    found = layer_rdms(judges[0], ORIENTATION, 4, 0.3, Seeds(6).numpy("x"))
    assert tuple(found) == LAYERS
    assert between_sides(found["answer"]) > 0.85
    said = judges[0].layers(gratings(ORIENTATION, 0.3, Seeds(7).numpy("x")))["answer"]
    np.testing.assert_allclose(said.sum(1), 1, atol=1e-6)


def test_claims_read_the_results():
    networks = {"tilt": (0.9, 0.6, 0.5), "orientation": (0.9, 0.92, 0.95), "untrained": (0.95, 0.8, 0.3)}
    names = ("V1", *(f"{network} {layer}" for network in networks for layer in LAYERS))
    square = of_points(np.cos(DOUBLED), np.sin(DOUBLED))
    results = Menendez2021.Results(
        orientation=ORIENTATION,
        accuracy={"tilt": 0.99, "orientation": 0.97, "untrained": 0.5},
        similarity={name: np.array(mean)[:, None] + np.array([-0.01, 0.01]) for name, mean in networks.items()},
        ceiling=np.array([0.97, 0.99]),
        share={"tilt": np.array([0.4, 0.8, 0.96]), "orientation": np.full(3, 0.4), "untrained": np.full(3, 0.3)},
        circular={"V1": np.array([0.98, 1.0]), "tilt": np.array([0.9, 0.3, 0.0])}
        | {"orientation": np.ones(3), "untrained": np.array([0.97, 0.96, 0.0])},
        rdms=dict.fromkeys(names, square.values),
        points={name: ring(square)[0] for name in names},
    )
    claims = {one.id: (one.value, one.control.value) for one in Menendez2021().claims(results)}
    assert claims == {
        "tilt": (0.99, 0.5),
        "ring": (0.99, 0.3),
        "decline": (pytest.approx(0.4), pytest.approx(-0.05)),
        "named": (pytest.approx(0.95), pytest.approx(0.5)),
        "ring_hidden": (0.3, 0.96),
        "clusters_hidden": (0.8, 0.3),
        "clusters_answer": (0.96, 0.3),
    }
    drawn = {one.id: one.figure for one in Menendez2021().figures([results])}
    assert list(drawn) == ["similarity", "planes", "rdms", "clusters"]
    assert np.allclose(drawn["similarity"].data[0].y, networks["tilt"])
