"""RSA as a torch function gives the numbers of `rsa` itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.compare import rdm, rdm_similarity, rsa
from tertium.errors import BadInput


def pair(samples: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 6)) + np.arange(6)
    return x, x @ rng.normal(size=(6, 9)) + rng.normal(size=(samples, 9))


@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean"])
@pytest.mark.parametrize("method", ["pearson", "cosine"])
def test_the_number_is_that_of_rsa(metric, method) -> None:
    x, y = pair()
    expected = float(np.ravel(rsa(rdm(x, metric), rdm(y, metric), method=method).scores)[0])
    assert rdm_similarity(x, y, metric=metric, method=method) == pytest.approx(expected, abs=1e-10)
    both = [torch.from_numpy(v).requires_grad_() for v in (x, y)]
    assert torch.autograd.gradcheck(lambda a, b: rdm_similarity(a, b, metric=metric, method=method), both)


def test_bad_input_is_told() -> None:
    x, y = pair()
    with pytest.raises(BadInput, match="Did you mean 'euclidean'"):
        rdm_similarity(x, y, metric="euclidian")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"tertium\.compare\.rsa has others"):
        rdm_similarity(x, y, method="kendall_tau_a")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="X: got 2 samples"):
        rdm_similarity(x[:2], y[:2])
    flat = x.copy()
    flat[3] = 2.0
    with pytest.raises(BadInput, match="X, sample 3: got the same response in all units"):
        rdm_similarity(flat, y)
    assert rdm_similarity(flat, y, metric="euclidean") > 0
    with pytest.raises(BadInput, match="same dissimilarity for every pair"):
        rdm_similarity(np.eye(4), y[:4], metric="euclidean")
