"""Representations are read alike from responses, arrays and tensors, and what cannot be matched is named."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.compare import cca, svcca
from tertium.compare.representations.samples import matched, read
from tertium.data import make_responses
from tertium.errors import BadInput


def responses(values: np.ndarray, stimuli: list[str], dt: float = 0.1):
    return make_responses(values, dt=dt, trial={"stimulus": stimuli}, quantity="rate")


def test_stimuli_are_matched_by_label_and_repeats_are_averaged() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 1, 3))
    names = [f"image {i}" for i in range(20)]
    order = rng.permutation(20)
    noise = rng.normal(size=(20, 1, 3))
    twice = np.concatenate([(x + noise)[order], (x - noise)[order]])
    other = responses(twice, [names[i] for i in order] * 2)
    assert cca(responses(x, names), other) == pytest.approx(1, abs=1e-9)
    assert cca(x[:, 0], other) < 0.9, "an array has no labels to be matched by"


def test_time_bins_are_samples() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 10, 3))
    names = list("abcdef")
    y = x @ rng.normal(size=(3, 3))
    backwards = responses(y[::-1], names[::-1])
    assert cca(responses(x, names), backwards) == pytest.approx(1, abs=1e-9)
    first, second = read(responses(x, names), "X"), read(backwards, "Y")
    assert first.n_samples == 60
    assert torch.allclose(matched(first, second).values.reshape(6, 10, 3)[0], torch.from_numpy(y[0] - y.mean((0, 1))))


def test_floats_for_arrays_and_tensors_for_tensors() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30, 4))
    as_float = cca(x, y)
    assert isinstance(as_float, float)
    single = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    found = cca(single, y)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.float64
    assert found.shape == ()
    found.backward()
    assert single.grad is not None
    assert single.grad.dtype == torch.float32
    assert float(found.detach()) == pytest.approx(as_float, abs=1e-6)


def test_what_cannot_be_matched_is_named() -> None:
    rng = np.random.default_rng(0)
    x = responses(rng.normal(size=(4, 1, 2)), list("abcd"))
    with pytest.raises(BadInput, match="'e' only in Y and 'd' only in X"):
        svcca(x, responses(rng.normal(size=(4, 1, 2)), list("abce")))
    with pytest.raises(BadInput, match=r"times of X and Y: got 1 bins.*and 3 bins"):
        svcca(x, responses(rng.normal(size=(4, 3, 2)), list("abcd")))
    with pytest.raises(BadInput, match="got 4 and 5 samples"):
        svcca(x, rng.normal(size=(5, 2)))


def test_bad_values_are_named() -> None:
    good = np.random.default_rng(0).normal(size=(10, 2))
    bad = good.copy()
    bad[3, 1] = np.nan
    with pytest.raises(BadInput, match="Y: got nan"):
        cca(good, bad)
    with pytest.raises(BadInput, match="Y: got nan at sample 3, unit 1"):
        cca(good, torch.from_numpy(bad))
    with pytest.raises(BadInput, match="Y: got units that are all constant"):
        cca(good, np.full((10, 2), 0.1))
    with pytest.raises(BadInput, match=r"Y: got a tensor of shape \(10, 2, 1\).*flatten"):
        cca(good, torch.zeros(10, 2, 1))
    with pytest.raises(BadInput, match=r"Y: got an array of shape \(10,\)"):
        cca(good, good[:, 0])
    with pytest.raises(BadInput, match="Y: got shape"):
        cca(good, torch.zeros(10, 0))
