"""Closed forms of spectra, held against drawn matrices."""

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.theory import bulk_axes, structured_eigenvalues


@pytest.mark.parametrize("symmetry", [-0.5, 0.0, 0.6])
def test_the_bulk_reaches_as_far_as_the_elliptic_law_says(symmetry):
    a, b = Seeds(1).numpy("pair").normal(size=(2, 500, 500))
    even, odd = (a + a.T) / 2, (b - b.T) / 2
    w = 0.7 * (np.sqrt(1 + symmetry) * even + np.sqrt(1 - symmetry) * odd) / np.sqrt(500)
    values = np.linalg.eigvals(w)
    real, imaginary = bulk_axes(0.7, symmetry)
    assert np.abs(values.real).max() == pytest.approx(real, abs=0.05)
    assert np.abs(values.imag).max() == pytest.approx(imaginary, abs=0.05)


@pytest.mark.parametrize("symmetry", [0.0, 0.5])
def test_an_outlier_lies_where_the_overlap_and_the_symmetry_put_it(symmetry):
    rng = Seeds(2).numpy("weights")
    n, gain = 1000, 0.6
    a, b = rng.normal(size=(2, n, n))
    random = gain * (np.sqrt(1 + symmetry) * (a + a.T) / 2 + np.sqrt(1 - symmetry) * (b - b.T) / 2) / np.sqrt(n)
    m, noise = rng.normal(size=(2, n))
    right = 1.6 * m + 0.3 * noise
    values = np.linalg.eigvals(random + np.outer(m, right) / n)
    (expected,) = structured_eigenvalues(right @ m / n, gain, symmetry)
    assert np.abs(values - expected).min() < 0.05
    if symmetry:  # without the shift it would not be found
        assert np.abs(values - right @ m / n).min() > 0.07


def test_structure_within_the_bulk_is_lost_and_the_largest_comes_first():
    assert structured_eigenvalues(np.diag([0.5, 3.0, -2.0]), gain=1.0).tolist() == [3, -2]
    np.testing.assert_allclose(structured_eigenvalues([[1, -2], [2, 1]]), [1 + 2j, 1 - 2j])


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="gain: got -1"):
        bulk_axes(-1)
    with pytest.raises(BadInput, match="symmetry: got 2, expected a correlation"):
        bulk_axes(1, 2)
    with pytest.raises(BadInput, match=r"overlaps: got shape \(1, 2\)"):
        structured_eigenvalues([[1.0, 2.0]])
