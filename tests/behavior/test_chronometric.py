"""The diffusion to bounds: its closed forms against simulated paths, planted constants, and two monkeys."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.behavior import fit_chronometric, fit_psychometric
from tertium.behavior.curves.diffusion import accuracy, mean_seconds
from tertium.errors import BadInput

X = np.repeat([0.0, 0.032, 0.064, 0.128, 0.256, 0.512], 120)


def closed_form(rng, bound=0.7, sensitivity=12.0, rest=0.35):
    """Choices and means as the closed forms say, times spread around them in another way."""
    ok = rng.random(X.size) < accuracy(X, bound, sensitivity)
    return X, ok, mean_seconds(X, bound, sensitivity, rest) + rng.gamma(2, 0.1, X.size) - 0.2


def test_closed_forms_are_those_of_simulated_paths():
    """Small steps, and the bound moved inward by 0.5826 standard deviations of a step for what they overlook."""
    rng = np.random.default_rng(1)
    x, dt, bound, k = np.repeat([0.0, 0.1], 3000), 1e-3, 0.6, 12.0
    path, t = np.zeros(x.size), np.zeros(x.size)
    ok = np.zeros(x.size, dtype=bool)
    alive = np.arange(x.size)
    for i in range(1, 8000):
        path[alive] += k * x[alive] * dt + np.sqrt(dt) * rng.normal(size=alive.size)
        out = np.abs(path[alive]) >= bound - 0.5826 * np.sqrt(dt)
        t[alive[out]], ok[alive[out]] = i * dt, path[alive[out]] > 0
        alive = alive[~out]
        if not alive.size:
            break
    for level in (0.0, 0.1):
        there = x == level
        assert ok[there].mean() == pytest.approx(float(accuracy(level, bound, k)), abs=0.03)
        assert t[there].mean() == pytest.approx(float(mean_seconds(level, bound, k, 0.0)), rel=0.04)
    wrong, right = t[(x == 0.1) & ~ok].mean(), t[(x == 0.1) & ok].mean()
    assert wrong == pytest.approx(right, rel=0.12)  # the same for errors, as fits to all trials take for granted


def test_planted_constants_come_back_and_intervals_cover():
    rng = np.random.default_rng(2)
    found = [fit_chronometric(*closed_form(rng), n_bootstrap=100, seed=i) for i in range(20)]
    for name, truth, tolerance in (("bound", 0.7, 0.02), ("sensitivity", 12.0, 0.8), ("rest", 0.35, 0.02)):
        each = [getattr(f, name) for f in found]
        assert np.mean([e.value for e in each]) == pytest.approx(truth, abs=tolerance)
        assert sum(truth in e for e in each) >= 15
    misfit = np.mean([f.deviance + f.chi_square for f in found])
    assert 6 < misfit < 13  # 6 accuracies, one of them known, and 6 times, less 3 constants: about 8 or 9


def test_times_alone_predict_choices():
    x, ok, rt = closed_form(np.random.default_rng(3))
    found = fit_chronometric(x, ok, rt, to="times", n_bootstrap=100)
    np.testing.assert_allclose(found.accuracy(found.strength), accuracy(found.strength, 0.7, 12.0), atol=0.05)
    other = fit_chronometric(x, np.random.default_rng(0).permutation(ok), rt, to="times", n_bootstrap=100)
    assert other.bound.value == found.bound.value  # choices have no say


def test_choices_alone_give_the_product():
    rng = np.random.default_rng(4)
    each = [fit_chronometric(*closed_form(rng), to="choices", n_bootstrap=100, seed=i) for i in range(20)]
    assert sum(0.7 * 12.0 in f.sensitivity for f in each) >= 15
    found = each[0]
    assert np.isnan(found.bound.value)
    assert np.isnan(found.mean_seconds(0.1))
    assert len(found.figure().data) == 4


def test_seed_table_and_figure():
    trials = closed_form(np.random.default_rng(5))
    a, b = (fit_chronometric(*trials, n_bootstrap=100, seed=1) for _ in range(2))
    assert a.rest == b.rest
    assert list(a.table().index) == ["bound", "sensitivity", "rest"]
    figure = a.figure(x="coherence")
    assert figure.layout.yaxis2.title.text == "mean reaction time (s)"
    assert figure.layout.xaxis2.title.text == "coherence"
    assert "720 trials" in figure.layout.title.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, ok, t: (x[:-1], ok, t), "strength 719"),
        (lambda x, ok, t: (x, ok, np.where(np.arange(720) == 7, -0.1, t)), "-0.1 s at trial 7"),
        (lambda x, ok, t: (np.where(x > 0.1, 0.5, 0.0), ok, t), "2 different ones, expected at least 4"),
        (lambda x, ok, t: (np.r_[x[:-1], 0.9], ok, t), "1 times at strength 0.9"),
        (lambda x, ok, t: (x, ok, np.where(np.arange(720) == 7, np.nan, t)), "first at trial 7"),
    ],
)
def test_bad_input_says_what_is_wrong(change, message):
    with pytest.raises(BadInput, match=message):
        fit_chronometric(*change(*closed_form(np.random.default_rng(6))))


def test_bad_options():
    with pytest.raises(BadInput, match="to: got 'speed'"):
        fit_chronometric(*closed_form(np.random.default_rng(7)), to="speed")


@pytest.mark.parametrize(
    ("monkey", "threshold", "slope", "bound", "rest"),
    [(1, 0.0824, 1.44, 0.638, 0.379), (2, 0.0674, 1.20, 0.768, 0.280)],
)
def test_two_monkeys(monkey, threshold, slope, bound, rest, needs_data):
    """Our numbers of Roitman & Shadlen (2002), pinned; times alone predict most of the choices."""
    from tertium.data import load

    needs_data("roitman_lip")
    behaviour = load("roitman_lip").behaviour
    trials = behaviour[behaviour["monkey"] == monkey]
    x, ok, rt = (trials[name].to_numpy() for name in ("coherence", "correct", "rt"))
    choices = fit_psychometric(x, ok, "weibull", guess=0.5, n_bootstrap=200)
    assert choices.threshold.value == pytest.approx(threshold, abs=2e-4)
    assert choices.width.value == pytest.approx(slope, abs=0.01)
    assert choices.p_value > 0.2
    both = fit_chronometric(x, ok, rt, n_bootstrap=100)
    assert both.bound.value == pytest.approx(bound, abs=2e-3)
    assert both.rest.value == pytest.approx(rest, abs=2e-3)
    predicted = fit_chronometric(x, ok, rt, to="times", n_bootstrap=100).accuracy(both.strength)
    measured = both.k / both.n
    assert 1 - ((predicted - measured) ** 2).sum() / ((measured - measured.mean()) ** 2).sum() > 0.95
