"""Maximum entropy surrogates: their means and covariances are the data's; nothing with these has more entropy."""

import numpy as np
import pytest

from tertium.dynamics import maximum_entropy
from tertium.dynamics.rotations.surrogates import main_effects
from tertium.errors import BadInput
from tertium.rng import Seeds


def tensor(seed=0, shape=(6, 15, 12), k=4):
    rng = Seeds(seed).numpy("tensor")
    slow = np.cumsum(rng.normal(size=(shape[0], shape[1], k)), axis=1)
    return slow @ rng.normal(size=(k, shape[2])) + 0.1 * rng.normal(size=shape) + 3.0


def covariances(left):
    return [np.tensordot(left, left, (others, others)) for others in ((1, 2), (0, 2), (0, 1))]


def test_covariances_of_the_distribution_are_the_datas():
    x = tensor()
    fit = maximum_entropy(x)
    assert fit.error < 1e-8
    assert fit.iterations < 40
    wanted = covariances(x - main_effects(x))
    for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
        values, basis = fit.variances.sum(axis=others), fit.bases[axis]
        np.testing.assert_allclose((basis * values) @ basis.T, wanted[axis], atol=1e-7 * np.trace(wanted[axis]))


def test_samples_have_the_means_and_covariances():
    x = tensor()
    fit = maximum_entropy(x)
    drawn = [fit.sample(Seeds(1).numpy(f"{i}")) for i in range(2000)]
    wanted = covariances(x - main_effects(x))
    z = (np.mean(drawn, axis=0) - main_effects(x)) / (np.std(drawn, axis=0) / np.sqrt(2000))
    assert np.abs(z).max() < 5
    found = [np.mean([covariances(one - main_effects(x))[axis] for one in drawn], axis=0) for axis in range(3)]
    for one, other in zip(found, wanted, strict=True):
        # a draw has few independent numbers (the first axes hold most): 2 to 3 % is the error of 2000
        assert np.linalg.norm(one - other) < 0.08 * np.linalg.norm(other)
    assert not np.allclose(drawn[0], drawn[1])
    assert np.array_equal(drawn[0], fit.sample(Seeds(1).numpy("0")))


def test_no_other_variances_have_more_entropy():
    """Changes that keep all three marginals (a corner up, its partners down) lower the entropy, both ways."""
    fit = maximum_entropy(tensor())
    rng = Seeds(2).numpy("change")
    entropy = np.log(fit.variances).sum()
    a, b, c = fit.variances.shape
    for _ in range(50):
        (i, j), (k, n), (p, q) = (rng.choice(size, 2, replace=False) for size in (a, b, c))
        cells = [(u, v, w) for u in (i, j) for v in (k, n) for w in (p, q)]
        signs = [(-1) ** (int(u == j) + int(v == n) + int(w == q)) for u, v, w in cells]
        smallest = min(fit.variances[cell] for cell in cells)
        for size in (0.1, -0.1):
            other = fit.variances.copy()
            for cell, sign in zip(cells, signs, strict=True):
                other[cell] += size * smallest * sign
            for others in ((1, 2), (0, 2), (0, 1)):
                np.testing.assert_allclose(other.sum(others), fit.variances.sum(others), rtol=1e-12)
            assert np.log(other).sum() < entropy
    values = [fit.variances.sum(others) for others in ((1, 2), (0, 2), (0, 1))]
    total = fit.variances.sum()
    product = values[0][:, None, None] * values[1][None, :, None] * values[2] / total**2
    assert np.log(product).sum() < entropy  # the product of the marginals has them too


@pytest.mark.parametrize("shape", [(3, 40, 5), (30, 6, 8), (4, 10, 60)])
def test_fewer_dimensions_than_units(shape):
    """Low rank: no variance goes where the data have none."""
    rng = Seeds(3).numpy("low")
    x = np.cumsum(rng.normal(size=(*shape[:2], 2)), axis=1) @ rng.normal(size=(2, shape[2]))
    fit = maximum_entropy(x)
    assert fit.variances.shape[2] <= 3
    assert fit.error < 1e-8
    drawn = fit.sample(Seeds(0).numpy("draw")) - main_effects(x)
    outside = drawn.reshape(-1, shape[2]) @ (np.eye(shape[2]) - fit.bases[2] @ fit.bases[2].T)
    assert np.abs(outside).max() < 1e-8 * np.abs(drawn).max()


def test_only_main_effects_is_refused():
    a, b, c = (Seeds(4).numpy(name).normal(size=n) for name, n in (("a", 3), ("b", 5), ("c", 4)))
    with pytest.raises(BadInput, match="only add up"):
        maximum_entropy(a[:, None, None] + b[None, :, None] + c)
