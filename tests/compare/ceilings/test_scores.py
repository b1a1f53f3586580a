"""FEVE and the normalised correlation of predictions whose true score is known."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import cc_norm, feve
from tertium.data import average
from tertium.data.responses import make_responses
from tertium.errors import BadInput

DRAWS = 2000


def planted(rng, noise=1.0, stimuli=40, repeats=5, units=DRAWS):
    signal = rng.normal(size=(stimuli, units))
    values = np.repeat(signal, repeats, axis=0) + np.sqrt(noise) * rng.normal(size=(stimuli * repeats, units))
    return signal, make_responses(values, trial={"stimulus": np.repeat(np.arange(stimuli), repeats)})


@pytest.mark.parametrize(("gain", "error"), [(1.0, 0.0), (0.6, 0.3), (1.0, 1.0)])
def test_scores_are_unbiased_and_intervals_cover(gain, error):
    rng = np.random.default_rng(1)
    signal, r = planted(rng)
    predicted = gain * signal + error * rng.normal(size=signal.shape)
    truth = {feve: 1 - ((1 - gain) ** 2 + error**2), cc_norm: gain / np.sqrt(gain**2 + error**2)}
    for score, true in truth.items():
        found = score(predicted, r)
        assert found.reliable.all()

        assert abs(found.mean - true) < 0.02
        if error:  # a perfect model's score varies with the noise alone
            assert np.mean((found.lower <= true) & (true <= found.upper)) > 0.88


def test_noise_does_not_lower_them_where_it_lowers_plain_scores():
    rng = np.random.default_rng(2)
    signal, r = planted(rng, noise=3.0, stimuli=100)
    means = average(r, by="stimulus").values[:, 0]
    plain = [np.corrcoef(signal[:, u], means[:, u])[0, 1] for u in range(DRAWS)]
    assert np.mean(plain) < 0.85
    assert cc_norm(signal, r).mean == pytest.approx(1, abs=0.02)
    assert feve(signal, r).mean == pytest.approx(1, abs=0.02)


def test_gain_matters_to_feve_alone_and_the_mean_scores_zero():
    signal, r = planted(np.random.default_rng(3))
    np.testing.assert_allclose(cc_norm(7 * signal + 2, r).value, cc_norm(signal, r).value)
    assert feve(3 * signal, r).mean < -2
    assert feve(np.zeros_like(signal), r).mean == pytest.approx(0, abs=0.05)


def test_units_without_signal_are_not_reliable():
    rng = np.random.default_rng(4)
    signal, r = planted(rng, units=20)
    values = r.values.copy()
    values[:, 0, 10:] = rng.normal(size=(200, 10))
    found = feve(signal, r.copy(data=values))
    assert found.reliable[:10].all()
    assert not found.reliable[10:].any()
    assert np.isfinite(found.mean)
    assert list(found.table().columns) == ["value", "lower", "upper", "explainable", "reliable"]
    assert "10 reliable" in found.figure().layout.title.text


def test_labelled_predictions_are_put_in_order():
    signal, r = planted(np.random.default_rng(5), units=3)
    shuffled = np.random.default_rng(6).permutation(40)
    rows = make_responses(signal[shuffled], trial={"stimulus": shuffled})
    np.testing.assert_allclose(feve(rows, r).value, feve(signal, r).value)
    with pytest.raises(BadInput, match="one row for each of the 40 stimuli"):
        feve(rows.isel(trial=slice(39)), r)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p[:-1], r"shape \(39, 1, 3\)"),
        (lambda p: np.where(p == p[0, 0], np.nan, p), "NaN or infinite"),
        (lambda p: np.where(np.arange(3) == 1, 2.0, p), "the same number for all stimuli in 1 units, first '1'"),
    ],
)
def test_bad_predictions_are_refused(change, message):
    signal, r = planted(np.random.default_rng(7), units=3)
    with pytest.raises(BadInput, match=message):
        cc_norm(change(signal), r)
