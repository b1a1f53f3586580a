"""Marginalisation: sums exactly, is orthogonal, refuses groupings that leave something out."""

import numpy as np
import pytest

from tertium.dynamics.demixed.marginals import check_groups, condition_shares, default_groups, marginalise
from tertium.errors import BadInput
from tertium.rng import Seeds

LABELS = ["stimulus", "decision"]


@pytest.mark.parametrize(
    ("labels", "shape"), [(["s"], (4, 3, 6)), (LABELS, (5, 4, 2, 7)), (["a", "b", "c"], (3, 2, 3, 2, 5))]
)
def test_sums_to_the_data_and_is_orthogonal(labels, shape):
    table = Seeds(0).numpy("table").normal(size=shape)
    centred = table - table.reshape(shape[0], -1).mean(1).reshape(-1, *[1] * (len(shape) - 1))
    parts = marginalise(table, default_groups(labels), labels)
    assert len(parts) == 2 ** len(labels)
    np.testing.assert_allclose(sum(parts.values()), centred, atol=1e-13)
    flat = [part.reshape(shape[0], -1) for part in parts.values()]
    for i, one in enumerate(flat):
        for other in flat[:i]:
            np.testing.assert_allclose(one @ other.T, 0.0, atol=1e-12)  # of every pair of units, not only in sum
    assert sum((part**2).sum() for part in flat) == pytest.approx((centred**2).sum(), rel=1e-12)


def test_the_published_averages():
    """Kobak et al. 2016, Eq. of the marginalisation, written out for two labels and time."""
    x = Seeds(1).numpy("table").normal(size=(4, 3, 2, 6))
    x -= x.mean(axis=(1, 2, 3), keepdims=True)
    parts = marginalise(x, default_groups(LABELS), LABELS)
    time = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    stimulus = np.broadcast_to(x.mean(axis=2, keepdims=True), x.shape) - time
    decision = np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape) - time
    for name, wanted in [("time", time), ("stimulus", stimulus), ("decision", decision)]:
        np.testing.assert_allclose(parts[name], wanted, atol=1e-13)
    np.testing.assert_allclose(parts["stimulus x decision"], x - time - stimulus - decision, atol=1e-13)


def test_static_averages_have_no_time():
    groups = default_groups(LABELS, static=True)
    assert list(groups) == ["stimulus", "decision", "stimulus x decision"]
    x = Seeds(2).numpy("table").normal(size=(4, 3, 2, 1))
    parts = marginalise(x, groups, LABELS)
    np.testing.assert_allclose(sum(parts.values()), x - x.mean(axis=(1, 2), keepdims=True), atol=1e-13)


def test_own_groups():
    own = {"signal": [["stimulus"], ["time", "stimulus"]], "rest": [["time"]]}
    assert check_groups(own, ["stimulus"], static=False)["signal"] == (("stimulus",), ("stimulus", "time"))
    with pytest.raises(BadInput, match="no group for stimulus x time"):
        check_groups({"a": [["stimulus"], ["time"]]}, ["stimulus"], static=False)
    with pytest.raises(BadInput, match="in the groups 'a' and 'b'"):
        check_groups({"a": [["stimulus"]], "b": [["stimulus"]]}, ["stimulus"], static=False)
    with pytest.raises(BadInput, match="colour"):
        check_groups({"a": [["colour"]]}, ["stimulus"], static=False)


def test_shares_of_independent_noise():
    """White noise of 20,000 units falls into the marginalisations in the shares that are foretold."""
    sizes, n_times = (3, 2), 5
    groups = default_groups(LABELS)
    shares = condition_shares(groups, sizes, LABELS)
    noise = Seeds(0).numpy("noise").normal(size=(20000, *sizes, n_times))
    parts = marginalise(noise, groups, LABELS)
    for name, (slow, fast) in shares.items():
        # of the power of the noise, 1 / n_times is in its mean over time
        expected = slow / n_times + fast * (1 - 1 / n_times)
        assert (parts[name] ** 2).sum() / noise.size == pytest.approx(expected, rel=0.02)
