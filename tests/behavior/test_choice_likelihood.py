"""Likelihood of choices: closed forms, planted models, held-out trials, subjects."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.behavior import choice_likelihood, crossvalidated_likelihood
from tertium.errors import BadInput


def subjects(rng, n=10, trials=200):
    x = rng.choice([-1.0, 0.0, 1.0], size=n * trials)
    who = np.repeat(np.arange(n), trials)
    p = 1 / (1 + np.exp(-rng.normal(1.5, 0.3, n)[who] * x))
    return x, who, p, (rng.random(x.size) < p).astype(int)


def test_the_true_model_meets_its_entropy():
    rng = np.random.default_rng(1)
    x, who, p, choice = subjects(rng, trials=2000)
    found = choice_likelihood(p, choice, subject=who, condition=x)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()
    assert found.value.value == pytest.approx(entropy, abs=0.01)
    assert entropy in found.value
    assert found.saturated <= found.value.value
    assert found.explainable == pytest.approx(1, abs=0.02)
    assert found.explained.value == pytest.approx(1 - found.value.value / np.log(2))
    assert found.explained.low < found.explained.value < found.explained.high


def test_knowing_nothing_is_chance_and_wrong_is_worse():
    rng = np.random.default_rng(2)
    choice = rng.integers(0, 4, 100)
    even = choice_likelihood(np.full((100, 4), 0.25), choice)
    assert even.value.value == pytest.approx(even.chance) == pytest.approx(np.log(4))
    _, _, p, c = subjects(rng)
    assert choice_likelihood(1 - p, c).value.value > np.log(2)


def test_bic_counts_constants():
    _, _, p, c = subjects(np.random.default_rng(3))
    none, three = (choice_likelihood(p, c, n_constants=k).bic for k in (0, 3))
    total = -np.where(c == 1, np.log(p), np.log(1 - p)).sum()
    assert none == pytest.approx(2 * total)
    assert three - none == pytest.approx(3 * np.log(2000))


def test_intervals_over_subjects_cover_their_population():
    rng = np.random.default_rng(4)
    truth = 0.4
    covered = []
    for _ in range(200):
        each = rng.normal(truth, 0.08, 6)
        p = np.exp(-np.repeat(each, 4))
        covered.append(truth in choice_likelihood(p, np.ones(24, dtype=int), subject=np.repeat(np.arange(6), 4)).value)
    assert 0.9 <= np.mean(covered) <= 0.99


def test_subjects_weigh_the_same_whatever_their_trials():
    p, who = np.r_[np.full(10, 0.5), np.full(90, 0.9)], np.repeat(["a", "b"], [10, 90])
    found = choice_likelihood(p, np.ones(100, dtype=int), subject=who)
    assert found.value.value == pytest.approx(-(np.log(0.5) + np.log(0.9)) / 2)
    np.testing.assert_allclose(found.table()["nll"], [-np.log(0.5), -np.log(0.9)])


def memoriser(inputs, choice):
    """Remembers every trial that it saw, and guesses the others."""
    seen = dict(zip(inputs.tolist(), choice.tolist(), strict=True))
    return lambda new: np.array([0.99 if seen.get(v) == 1 else 0.01 if v in seen else 0.5 for v in new.tolist()])


def test_held_out_trials_unmask_a_model_that_remembers():
    rng = np.random.default_rng(5)
    x, choice = np.arange(300.0), rng.integers(0, 2, 300)
    on_its_trials = choice_likelihood(memoriser(x, choice)(x), choice)
    assert on_its_trials.value.value < 0.02
    held_out = crossvalidated_likelihood(memoriser, x, choice)
    assert held_out.value.value == pytest.approx(np.log(2))
    assert held_out.cross_validated
    assert np.isnan(held_out.bic)


def test_a_fitted_slope_generalises():
    x, who, p, choice = subjects(np.random.default_rng(6))

    def fit(inputs, chosen):
        log_odds = np.log(np.mean(chosen[inputs == 1]) / np.mean(1 - chosen[inputs == 1]))
        return lambda new: 1 / (1 + np.exp(-log_odds * new))

    found = crossvalidated_likelihood(fit, x, choice, subject=who, condition=x)
    assert found.value.value == pytest.approx(choice_likelihood(p, choice, subject=who).value.value, abs=0.02)
    assert crossvalidated_likelihood(fit, x, choice, seed=1).value != crossvalidated_likelihood(fit, x, choice).value
    figure = found.figure()
    assert "cross-validated" in figure.layout.title.text
    assert {s.label.text for s in figure.layout.shapes} == {"chance", "saturated"}


@pytest.mark.parametrize(
    ("p", "choice", "options", "message"),
    [
        ([0.5, 1.0], [1, 0], {}, "0 for what was chosen on trial 1"),
        ([[0.5, 0.6], [0.5, 0.5]], [0, 1], {}, "on trial 0"),
        ([0.5, 0.5], [0, 2], {}, "whole numbers from 0 to 1"),
        ([0.5, 0.5], [0.0, 1.0], {}, "choice: got float64"),
        ([0.5, 0.5], [0], {}, r"choices \(1,\)"),
        ([0.5, 0.5], [0, 1], {"subject": ["a", "a"]}, "subjects: got 1"),
        ([0.5, np.nan], [0, 1], {}, "on trial 1"),
    ],
)
def test_bad_input_says_what_is_wrong(p, choice, options, message):
    with pytest.raises(BadInput, match=message):
        choice_likelihood(p, choice, **options)


def test_more_parts_than_trials():
    with pytest.raises(BadInput, match="from 2 to 3 trials"):
        crossvalidated_likelihood(memoriser, [1.0, 2.0, 3.0], [0, 1, 1], cv=4)
