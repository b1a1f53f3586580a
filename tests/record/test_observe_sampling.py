"""Electrodes and repeats."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data.responses import make_responses
from tertium.errors import BadInput
from tertium.record.observe import electrodes, repeats, spikes


def test_electrodes_take_units_without_repetition_and_keep_labels():
    r = make_responses(np.random.default_rng(0).random((3, 2, 40)), unit={"region": ["V1"] * 20 + ["V4"] * 20})
    seen = electrodes(r, 10, seed=3)
    names = seen["unit"].values.tolist()
    assert len(set(names)) == 10
    assert names == sorted(names, key=int)
    np.testing.assert_array_equal(seen.values, r.sel(unit=names).values)
    assert seen.attrs["observation"] == "electrodes(n=10, bias=none, seed=3)"
    assert "observation" not in r.attrs


def test_rate_bias_finds_units_in_proportion_to_their_rate():
    rates = np.linspace(1, 10, 50)
    r = make_responses(np.broadcast_to(rates, (2, 1, 50)).copy(), quantity="rate")
    found = np.zeros(50)
    for seed in range(1000):
        found[int(electrodes(r, 1, seed=seed, bias="rate")["unit"].values[0])] += 1
    expected = 1000 * rates / rates.sum()
    assert ((found - expected) ** 2 / expected).sum() < 90  # chi-squared with 49 degrees, 0.03 % above 88
    fair = np.array([int(electrodes(r, 1, seed=s)["unit"].values[0]) for s in range(300)])
    assert fair.mean() == pytest.approx(24.5, abs=3.4)


def test_repeats_label_stimuli_and_draw_independent_noise():
    r = make_responses(
        np.full((3, 100, 2), 20.0), dt=0.01, quantity="rate", trial={"stimulus": ["a", "b", "c"], "context": [0, 1, 0]}
    )
    many = repeats(r, 4)
    assert many["stimulus"].values.tolist() == ["a", "b", "c"] * 4
    assert many["context"].values.tolist() == [0, 1, 0] * 4
    assert many["repeat"].values.tolist() == np.repeat(np.arange(4), 3).tolist()
    counts = spikes(many, seed=1).values
    assert (counts[0] != counts[3]).any()
    shuffled = repeats(r, 4, seed=2, order="shuffled")
    pairs = sorted(zip(shuffled["stimulus"].values, shuffled["repeat"].values, strict=True))
    assert pairs == sorted(zip(many["stimulus"].values, many["repeat"].values, strict=True))
    assert shuffled["stimulus"].values.tolist() != many["stimulus"].values.tolist()


def test_gain_makes_counts_as_variable_as_the_modulated_poisson_model_says():
    r = make_responses(np.full((1, 1, 2), 20.0), dt=1.0, quantity="rate")
    counts = spikes(repeats(r, 20_000, seed=4, gain=0.3), seed=5).values[:, 0]
    assert counts.mean() == pytest.approx(20.0, rel=0.01)
    # Goris et al. 2014, eq. 1: variance = mean + gain variance x mean^2; the gain is shared
    assert counts.var() == pytest.approx(20.0 + 0.09 * 400, rel=0.05)
    assert np.cov(counts.T)[0, 1] == pytest.approx(0.09 * 400, rel=0.08)


def test_conditions_become_trials():
    averaged = make_responses(np.ones((2, 1, 1)), quantity="rate").rename(trial="condition")
    averaged = averaged.assign_coords(condition=np.array(["face", "house"], dtype=object))
    seen = repeats(averaged, 2)
    assert seen.dims[0] == "trial"
    assert seen["stimulus"].values.tolist() == ["face", "house", "face", "house"]


def test_bad_input_says_what_is_wrong():
    r = make_responses(np.array([[[1.0, 0.0, -2.0]]]), quantity="rate")
    with pytest.raises(BadInput, match="n: got 4, expected a whole number from 1 to 3"):
        electrodes(r, 4)
    with pytest.raises(BadInput, match="a negative mean in unit '2'"):
        electrodes(r, 1, bias="rate")
    with pytest.raises(BadInput, match="n: got 2, expected a whole number from 1 to 1"):
        electrodes(r.clip(min=0), 2, bias="rate")
    with pytest.raises(BadInput, match="bias: got 'big'"):
        electrodes(r, 1, bias="big")
    with pytest.raises(BadInput, match="n: got 0"):
        repeats(r, 0)
    with pytest.raises(BadInput, match="order: got 'sorted'"):
        repeats(r, 2, order="sorted")
