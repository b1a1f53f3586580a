"""Pseudo-populations, Fisher information and learning curves: planted truth, bounds, honest chance, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from tertium.compare import (
    LeaveOneOut,
    decode,
    decode_sessions,
    fisher_information,
    learning_curve,
    pseudo_population,
)
from tertium.data import make_responses
from tertium.errors import BadInput, UnknownName


def limited(units, trials, information, limit, seed=0, step=1.0):
    """Return two clouds whose information is information / (1 + limit information), by differential correlations."""
    rng = np.random.default_rng(seed)
    slope = rng.normal(size=units)
    slope *= np.sqrt(information) / np.linalg.norm(slope)
    s = np.repeat([0.0, step], trials)
    values = rng.normal(size=(2 * trials, units)) + (s + np.sqrt(limit) * rng.normal(size=2 * trials))[:, None] * slope
    return values, s


def test_information_has_no_bias_and_its_error_and_interval_are_right():
    # 60 trials a stimulus, 30 units: naively 2.3 times too much
    found = [fisher_information(*limited(30, 60, 2.0, 0.1, seed, step=0.5)) for seed in range(300)]
    truth = 2.0 / 1.2
    value = np.array([one.value[0] for one in found])
    error = np.array([one.error[0] for one in found])
    assert abs(value.mean() - truth) < 3.5 * value.std() / np.sqrt(300)
    assert np.mean([one.naive[0] for one in found]) > 2 * truth
    assert np.sqrt((error**2).mean()) == pytest.approx(value.std(), rel=0.15)
    low, high = np.array([one.interval[:, 0] for one in found]).T
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= 0.98  # 0.95; of 300, give or take 0.013
    assert np.mean([one.independent[0] for one in found]) > truth


def test_information_of_unequal_trials_and_of_independent_noise():
    rng = np.random.default_rng(3)
    value, independent = [], []
    for _ in range(300):
        s = np.repeat([0.0, 1.0], [25, 70])
        found = fisher_information(rng.normal(size=(95, 20)) + 0.3 * s[:, None], s)
        value.append(found.value[0])
        independent.append(found.independent[0])
    for got in (value, independent):
        assert abs(np.mean(got) - 1.8) < 3.5 * np.std(got) / np.sqrt(300)
    assert np.std(independent) < np.std(value)


def test_decoders_stay_below_the_bound_and_good_ones_reach_it():
    values, s = limited(10, 1500, 4.0, 0.05)
    found = fisher_information(values, s)
    assert found.bound[0] == pytest.approx(np.sqrt(0.05 + 1 / 4.0), rel=0.1)
    best = found.efficiency(decode(values, s, "ridge", n_permutations=0))[0]
    half = found.efficiency(decode(values[:, :5], s, "ridge", n_permutations=0))[0]
    assert 0.95 < best < 1.03
    assert half < 0.9
    with pytest.raises(BadInput, match="decoded classes"):
        found.efficiency(decode(values, s > 0, n_permutations=0))
    with pytest.raises(BadInput, match="the same stimuli"):
        found.efficiency(decode(values, s + 5, "ridge", n_permutations=0))
    many = fisher_information(np.concatenate([values, values[:1500] + 2]), np.repeat([0.0, 1.0, 3.0], 1500))
    assert many.table()[["from", "to"]].values.tolist() == [[0, 1], [1, 3]]
    assert len(many.figure().data) == 3


def test_extrapolation_finds_the_planted_limit():
    limits, inside = [], 0
    for seed in range(6):
        values, s = limited(120, 800, 24.0, 0.05, seed)
        curve = learning_curve(values, s > 0, sizes=(5, 10, 20, 40, 80), n_subsets=10, seed=seed)
        low, high = curve.asymptote_interval
        inside += low < 20 < high
        limits.append(curve.limit)
        assert curve.asymptote == 1 / curve.limit
        assert curve.half == pytest.approx(20 * 120 / 24.0, rel=1.5)
    # without bias (standard error of the mean: 0.0035), and with an interval that holds the truth
    assert np.mean(limits) == pytest.approx(0.05, abs=0.01)
    assert inside >= 4  # of 6 with 95 %: 3 or fewer have a probability of 0.2 %


def test_information_without_limit_is_not_said_to_saturate():
    saturating = 0
    for seed in range(5):
        values, s = limited(100, 500, 10.0, 0.0, seed)
        curve = learning_curve(values, s > 0, sizes=(5, 10, 20, 40, 80), n_subsets=10)
        saturating += np.isfinite(curve.asymptote_interval[1])
    assert saturating <= 1  # 2.5 % each; 2 or more have a probability of 0.6 %


def test_a_learning_curve_of_a_decoder_is_below_that_without_bias():
    values, s = limited(40, 150, 6.0, 0.0)
    sizes = (2, 10, 40)
    free = learning_curve(values, s > 0, sizes, n_subsets=5)
    lda = learning_curve(values, s > 0, sizes, "lda", n_subsets=5)
    assert lda.mean[-1] < free.mean[-1]
    assert lda.mean[-1] == pytest.approx(6.0, rel=0.5)
    assert (np.diff(free.mean) > 0).all()
    assert free.table()["accuracy"].between(0.5, 1).all()
    assert len(free.figure().data) == 4
    again = learning_curve(values, s > 0, sizes, n_subsets=5)
    assert np.array_equal(free.subsets, again.subsets)


def sessions(effect, seed=0, count=4, trials=24):
    rng = np.random.default_rng(seed)
    made = {}
    for i in range(count):
        choice, context = (
            rng.permutation(np.tile([0, 1], trials // 2)),
            rng.permutation(np.tile(["a", "b"], trials // 2)),
        )
        values = rng.normal(size=(trials, 2, 5)) + effect * choice[:, None, None]
        made[f"day {i}"] = make_responses(values, dt=0.1, trial={"choice": choice, "context": context})
    return made


def test_pseudo_trials_hold_trials_of_their_condition_and_parts_share_none():
    made = sessions(0)
    marked = {  # each unit says which trial it is
        name: r.copy(data=np.broadcast_to(np.arange(24.0)[:, None, None], r.shape)) for name, r in made.items()
    }
    pseudo = pseudo_population(marked, ["choice", "context"], trials_per_condition=6, parts=3)
    assert pseudo.shape == (4 * 3 * 6, 2, 20)
    assert set(pseudo["session"].values) == set(made)
    for name, r in made.items():
        drawn = pseudo.isel(unit=np.flatnonzero(pseudo["session"].values == name)).values[:, 0, 0].astype(int)
        assert np.array_equal(r["choice"].values[drawn], pseudo["choice"].values)
        assert np.array_equal(r["context"].values[drawn], pseudo["context"].values)
        parts = [set(drawn[pseudo["part"].values == part]) for part in range(3)]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    again = pseudo_population(marked, ["choice", "context"], trials_per_condition=6, parts=3)
    assert np.array_equal(pseudo.values, again.values)


def test_sessions_together_tell_more_than_one_and_chance_is_by_trials():
    made = sessions(0.5)
    found = decode_sessions(made, "choice", n_permutations=39, n_resamples=4, parts=4)
    alone = decode_sessions({"day 0": made["day 0"]}, "choice", n_permutations=0, n_resamples=4, parts=4)
    assert found.mean > 0.8 > alone.mean
    assert found.p[0] < 0.05
    assert found.folds.shape == (16, 1)
    assert "4 sessions" in found.method
    assert len(found.figure().data) == 4


def test_pseudo_populations_of_noise_are_at_chance_with_uniform_p_values():
    p, mean = [], []
    for seed in range(30):
        found = decode_sessions(
            sessions(0, seed, count=3, trials=16), "choice", n_permutations=19, n_resamples=1, parts=4
        )
        p.append(found.p[0])
        mean.append(found.mean)
    assert kstest(p, "uniform").pvalue > 0.01
    assert abs(np.mean(mean) - 0.5) < 4 * np.std(mean) / np.sqrt(30)
    # shuffling pseudo-trials, which share trials, would be far too sure
    pseudo = pseudo_population(sessions(0, 1, count=3, trials=16), "choice", trials_per_condition=50, parts=4)
    wrong = decode(pseudo, "choice", cv=LeaveOneOut("part"), n_permutations=30, n_bootstrap=0).null.std()
    right = decode_sessions(
        sessions(0, 1, count=3, trials=16), "choice", trials_per_condition=50, n_permutations=30, n_resamples=1, parts=4
    ).null.std()
    assert right > 1.5 * wrong


def test_refusals():
    values, s = limited(10, 20, 1.0, 0.0)
    with pytest.raises(BadInput, match="at least 46 in all"):
        fisher_information(np.tile(values, 4), s)
    with pytest.raises(BadInput, match="one value only"):
        fisher_information(values, np.zeros(40))
    with pytest.raises(BadInput, match="independent ones"):
        fisher_information(values * (np.arange(10) > 0), s)
    with pytest.raises(BadInput, match="method='lda'"):
        learning_curve(np.tile(values, 4), s > 0)
    with pytest.raises(BadInput, match="at least three whole numbers from 1 to 10"):
        learning_curve(values, s > 0, (1, 2, 11))
    with pytest.raises(BadInput, match="3 classes"):
        learning_curve(values, np.arange(40) % 3)
    with pytest.raises(BadInput, match="two a block"):
        learning_curve(values, s > 0, (1, 2, 3), blocks=15)
    made = sessions(0)
    with pytest.raises(BadInput, match=r"session 'day 1'.*at least 20"):
        pseudo_population({"day 1": made["day 1"]}, "choice", parts=20)
    with pytest.raises(UnknownName, match="Did you mean 'choice'"):
        pseudo_population(made, "choise")
    with pytest.raises(BadInput, match="the same times"):
        pseudo_population([made["day 0"], made["day 1"].isel(time=[0])], "choice")
    with pytest.raises(BadInput, match="none"):
        pseudo_population({}, "choice")
    with pytest.raises(BadInput, match="a decoder of classes"):
        decode_sessions(made, "choice", "ridge")
    with pytest.raises(BadInput, match="n_resamples"):
        decode_sessions(made, "choice", n_resamples=0)
