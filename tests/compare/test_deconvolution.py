"""OASIS against general non-negative least squares and against planted spikes."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare.deconvolution import deconvolve, oasis, oasis_reference
from tertium.data.responses import make_responses
from tertium.errors import BadInput


def noisy(seed, n=150, decay=0.9, sd=0.2):
    rng = np.random.default_rng(seed)
    s = rng.poisson(0.1, n).astype(float)
    c = np.zeros(n)
    for t in range(n):
        c[t] = decay * (c[t - 1] if t else 0.0) + s[t]
    return c + sd * rng.normal(size=n), s


@pytest.mark.parametrize("penalty", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("decay", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("seed", range(4))
def test_equals_non_negative_least_squares(seed, decay, penalty):
    y, _ = noisy(seed, decay=decay, sd=0.5)
    calcium, activity = oasis(y, decay, penalty=penalty)
    slow_calcium, slow_activity = oasis_reference(y, decay, penalty=penalty)
    np.testing.assert_allclose(activity, slow_activity, atol=1e-6)
    np.testing.assert_allclose(calcium, slow_calcium, atol=1e-6)


def test_a_trace_below_zero_is_silent():
    calcium, activity = oasis(-np.ones(20), 0.9)
    assert not calcium.any()
    assert not activity.any()


def test_result_meets_its_own_model():
    y, _ = noisy(1)
    calcium, activity = oasis(y, 0.9, penalty=0.1)
    np.testing.assert_allclose(calcium[1:] - 0.9 * calcium[:-1], activity[1:], atol=1e-12)
    assert activity.min() >= 0


def test_without_noise_the_planted_spikes_come_back():
    y, s = noisy(2, sd=0.0)
    np.testing.assert_allclose(oasis(y, 0.9)[1], s, atol=1e-9)


def test_minimum_removes_small_events_and_keeps_spikes():
    y, s = noisy(3, n=2000, decay=0.95, sd=0.15)
    plain, strict = oasis(y, 0.95)[1], oasis(y, 0.95, minimum=0.6)[1]
    assert strict[strict > 0].min() >= 0.6 - 1e-9
    assert (plain > 0).sum() > 2 * (s > 0).sum()
    hits = (strict > 0) & (s > 0)
    assert hits.sum() > 0.9 * (s > 0).sum()
    assert hits.sum() > 0.9 * (strict > 0).sum()


def test_penalty_trades_events_for_fit():
    y, _ = noisy(4, n=500)
    events = [(oasis(y, 0.9, penalty=p)[1] > 1e-9).sum() for p in (0.0, 0.2, 1.0)]
    assert events[0] > events[1] > events[2]


def test_long_traces_are_quick_and_stable():
    y, _ = noisy(5, n=50_000, decay=0.999, sd=0.5)
    calcium, _ = oasis(y, 0.999)
    assert np.isfinite(calcium).all()


def test_responses_keep_labels_and_give_hertz():
    dt, tau = 0.05, 0.5
    decay = np.exp(-dt / tau)
    counts = np.random.default_rng(6).poisson(0.2, size=(2, 60, 3)).astype(float)
    fluorescence = np.zeros_like(counts)
    for t in range(60):
        fluorescence[:, t] = decay * (fluorescence[:, t - 1] if t else 0) + 0.3 * counts[:, t]
    r = make_responses(
        fluorescence + 0.1, dt=dt, quantity="df_over_f", trial={"stimulus": ["a", "b"]}, unit={"region": ["V1"] * 3}
    )
    found = deconvolve(r, tau, amplitude=0.3, baseline=0.1)
    np.testing.assert_allclose(found.values, counts / dt, atol=1e-7)
    assert (found.attrs["quantity"], found.attrs["units"]) == ("rate", "Hz")
    assert found["stimulus"].values.tolist() == ["a", "b"]
    assert found["region"].values.tolist() == ["V1"] * 3
    assert deconvolve(r, tau).attrs["units"] == "dF/F per bin"
    averaged = r.drop_vars("trial").rename(trial="condition").assign_coords(condition=["a", "b"])
    assert deconvolve(averaged, tau)["condition"].values.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trace": [[1.0]]}, r"trace: got shape \(1, 1\), expected one row of finite numbers"),
        ({"trace": [np.nan]}, "one row of finite numbers"),
        ({"decay": 1.0}, r"decay: got 1, expected a number in \(0, 1\)"),
        ({"penalty": -1.0}, "penalty: got -1"),
        ({"minimum": np.inf}, "minimum: got inf"),
    ],
)
def test_bad_input_says_what_is_wrong(options, message):
    with pytest.raises(BadInput, match=message):
        oasis(**({"trace": [1.0, 2.0], "decay": 0.9} | options))


def test_only_fluorescence_is_deconvolved():
    rate = make_responses(np.ones((1, 3, 1)), quantity="rate")
    with pytest.raises(BadInput, match="quantity 'rate', expected 'df_over_f'"):
        deconvolve(rate, 0.5)
    with pytest.raises(BadInput, match="tau: got 0"):
        deconvolve(make_responses(np.ones((1, 3, 1)), quantity="df_over_f"), 0.0)
