"""Shares of feature spaces: planted ones are found, they add up, and responses are matched."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import KFold, partition_variance
from tertium.data import make_responses
from tertium.errors import BadInput


def planted(n=500, seed=0):
    """Return features A and B that share their first two columns' source, C of their own, and responses."""
    rng = np.random.default_rng(seed)
    common, a, b, c = (rng.normal(size=(n, 2)) for _ in range(4))
    parts = [x @ np.linalg.qr(rng.normal(size=(2, 2)))[0] for x in (common, a, b)]
    Y = 2 * parts[0] + 1.5 * parts[1] + 1.0 * parts[2] + rng.normal(size=(n, 2))
    return {"A": np.c_[common, a], "B": np.c_[common, b], "C": c}, Y


def test_planted_shares_are_found_and_add_up():
    features, Y = planted()
    found = partition_variance(features, Y, cv=3, band_draws=2)
    total = 4 + 1.5**2 + 1 + 1
    wanted = {("A",): 1.5**2, ("B",): 1.0, ("C",): 0.0, ("A", "B"): 4.0, ("A", "C"): 0, ("B", "C"): 0}
    for names, variance in wanted.items():
        assert found.shares[names].mean() == pytest.approx(variance / total, abs=0.04), names
    assert found.shares["A", "B", "C"].mean() == pytest.approx(0, abs=0.03)
    assert np.allclose(sum(found.shares.values()), found.total.value)
    table = found.table()
    assert (table["low"] <= table["share"] + 0.01).all()
    assert table.loc["only A", "low"] > table.loc["only C", "high"]
    assert len(found.figure().data[0].x) == 7


def test_responses_are_matched_by_stimulus():
    features, Y = planted(60)
    names = [f"s{i:02d}" for i in range(60)]
    order = np.random.default_rng(1).permutation(60)
    labelled = {
        "A": make_responses(features["A"], trial={"stimulus": names}),
        "B": make_responses(features["B"][order], trial={"stimulus": [names[i] for i in order]}),
    }
    responses = make_responses(Y, trial={"stimulus": names})
    found = partition_variance(labelled, responses, cv=KFold(4), n_bootstrap=0, band_draws=0)
    plain = partition_variance({"A": features["A"], "B": features["B"]}, Y, cv=KFold(4), n_bootstrap=0, band_draws=0)
    for key, share in plain.shares.items():
        assert np.allclose(found.shares[key], share, atol=1e-9)
    assert np.isnan(found.table()["low"]).all()


def test_refusals():
    features, Y = planted(60)
    with pytest.raises(BadInput, match="Call encode for one"):
        partition_variance({"A": features["A"]}, Y)
    with pytest.raises(BadInput, match="2 to 4"):
        partition_variance({str(i): features["A"] for i in range(5)}, Y)
    with pytest.raises(BadInput, match=r"features 'B'.*60 and 50 samples"):
        partition_variance({"A": features["A"], "B": features["B"][:50]}, Y)
