"""Poisson regression against scikit-learn, planted truth, hard cases, and the deviance as a measure."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score

from tertium.compare import KFold, PoissonRidge, encode
from tertium.compare.encoding.models.poisson import Standardised, floored_mean, penalised
from tertium.compare.spike_trains.newton import fit_poisson
from tertium.compare.validation.agreement import agreement
from tertium.data import make_responses
from tertium.errors import BadInput


def planted(n=300, p=6, units=4, rate=2.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.geomspace(3, 0.2, p) + rng.normal(size=p)
    standard = (X - X.mean(0)) / X.std(0)
    weights = np.sqrt(1 / p) * rng.normal(size=(p, units))
    return X, rng.poisson(rate * np.exp(standard @ weights - 0.5 * (weights**2).sum(0))).astype(float), weights


@pytest.mark.parametrize("p", [6, 100, 400])  # solved directly, by conjugate gradients, with more features than samples
@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_coefficients_equal_those_of_scikit_learn(p, alpha):
    X, Y, _ = planted(p=p, rate=3.0)
    rows = np.arange(len(X))
    ready = Standardised.of(X, rows[:200], rows[200:])
    weights = penalised(ready.fitted, Y[:200], np.full(4, alpha), None)
    standard = (X - X[:200].mean(0)) / X[:200].std(0)
    axes = np.linalg.lstsq(standard, np.concatenate([ready.fitted, ready.tested])[:, 1:], rcond=None)[0]
    for unit in range(4):
        theirs = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        theirs.fit(standard[:200], Y[:200, unit])
        assert weights[unit, 0] == pytest.approx(theirs.intercept_, abs=1e-6)
        if p < 200:
            assert np.allclose(axes @ weights[unit, 1:], theirs.coef_, atol=1e-6)
        linear = ready.tested @ weights[unit]
        assert np.allclose(linear, standard[200:] @ theirs.coef_ + theirs.intercept_, atol=1e-6)


def test_penalties_are_chosen_by_held_out_likelihood_and_the_score_is_that_of_scikit_learn():
    X, Y, _ = planted(n=120)
    penalties, scheme = (1e-3, 0.1, 10.0), KFold(4, seed=1)
    score = encode(X, Y, PoissonRidge(penalties), cv=scheme, measure="deviance", n_bootstrap=0)
    folds = scheme.split(len(X))

    def fitted_by_them(alpha, rows, tested, counts):
        scale = X[rows].mean(0), X[rows].std(0)
        model = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-10, max_iter=500)
        return model.fit((X[rows] - scale[0]) / scale[1], counts[rows]).predict((X[tested] - scale[0]) / scale[1])

    for number, (fitted, tested) in enumerate(folds):
        for unit in range(Y.shape[1]):
            likelihood = np.zeros(3)
            for a, b in folds.inside(fitted, number):
                for i, alpha in enumerate(penalties):
                    expected = fitted_by_them(alpha, fitted[a], fitted[b], Y[:, unit])
                    likelihood[i] += (Y[fitted[b], unit] * np.log(expected) - expected).sum()
            alpha = penalties[likelihood.argmax()]
            assert score.penalties[number, unit] == alpha
            left = d2_dev(Y[tested, unit], fitted_by_them(alpha, fitted, tested, Y[:, unit]), Y[fitted, unit].mean())
            assert score.folds[number, unit] == pytest.approx(left, abs=1e-6)


def d2_dev(observed, expected, mean):
    from sklearn.metrics import mean_poisson_deviance

    return 1 - mean_poisson_deviance(observed, expected) / mean_poisson_deviance(observed, np.full(len(observed), mean))


def test_the_deviance_is_that_of_scikit_learn_where_the_mean_is_its_own():
    rng = np.random.default_rng(1)
    observed = rng.poisson(2.0, size=(50, 3)).astype(float)
    predicted = rng.gamma(3.0, 1.0, size=(50, 3))
    found = agreement(observed, predicted, observed.mean(0), np.ones((1, 50)), "deviance")[0]
    theirs = [d2_tweedie_score(observed[:, i], predicted[:, i], power=1) for i in range(3)]
    assert np.allclose(found, theirs, atol=1e-12)


def test_the_deviance_of_draws_is_that_of_the_samples_repeated():
    rng = np.random.default_rng(2)
    observed, predicted = rng.poisson(2.0, size=(20, 2)).astype(float), rng.gamma(3.0, 1.0, size=(20, 2))
    mean = np.array([1.5, 2.5])
    drawn = rng.integers(0, 20, 20)
    counts = np.bincount(drawn, minlength=20)[None].astype(float)
    once = agreement(observed[drawn], predicted[drawn], mean, np.ones((1, 20)), "deviance")
    assert np.allclose(agreement(observed, predicted, mean, counts, "deviance"), once, atol=1e-12)


def test_the_mean_is_chance_the_truth_is_best_and_negative_predictions_are_finite():
    observed = np.array([[0.0], [1.0], [5.0], [2.0]])
    ones = np.ones((1, 4))
    assert agreement(observed, np.full((4, 1), 3.0), np.array([3.0]), ones, "deviance").tolist() == [[0.0]]
    assert agreement(observed, observed, np.array([3.0]), ones, "deviance")[0, 0] > 0.999
    below = agreement(observed, -np.ones((4, 1)), np.array([3.0]), ones, "deviance")[0, 0]
    assert np.isfinite(below)
    assert below < 0
    assert agreement(observed, observed, np.zeros(1), ones, "deviance").tolist() == [[0.0]]
    with pytest.raises(BadInput, match="'deviance' of a response of -1"):
        agreement(observed - 1, observed, np.ones(1), ones, "deviance")


def test_counts_are_explained_better_than_by_lines_and_every_measure_serves_every_model():
    X, Y, weights = planted(n=600, units=8)
    poisson = encode(X, Y, "poisson", measure="deviance")
    lines = encode(X, Y, "ridge", measure="deviance")
    assert poisson.minus(lines)[0] > 0
    assert (poisson.chance, poisson.ceiling) == (0.0, None)
    assert poisson.figure().layout.yaxis.title.text == "fraction of held-out deviance explained (D2)"
    truth = 2.0 * np.exp((X - X.mean(0)) / X.std(0) @ weights - 0.5 * (weights**2).sum(0))
    best = agreement(Y, truth, Y.mean(0), np.ones((1, len(Y))), "deviance")[0]
    assert np.abs(poisson.value - best).max() < 0.08
    assert abs((poisson.value - best).mean()) < 0.02
    assert encode(X, Y, "poisson").mean > 0.3
    unrelated = encode(np.random.default_rng(9).normal(size=X.shape), Y, "poisson", measure="deviance")
    assert abs(unrelated.mean) < 0.02


def test_it_is_deterministic_and_blocks_change_nothing(memory_for):
    X, Y, _ = planted(n=90, units=9)
    once, again = (encode(X, Y, "poisson", cv=3, n_bootstrap=20) for _ in range(2))
    assert np.array_equal(once.folds, again.folds)
    assert np.array_equal(once.draws, again.draws)
    small = encode(X, Y, "poisson", cv=3, n_bootstrap=20, memory=memory_for(2, X, Y, "poisson", 3, 20))
    assert np.allclose(once.folds, small.folds, atol=1e-9)


def test_silent_units_and_separation_are_survived():
    X, Y, _ = planted(n=90, units=4)
    Y[:, 0] = 0
    Y[:, 1] = 0
    Y[7, 1] = 1  # silent in what is fitted in one fold
    X[:, 0] += 20 * (X[:, 0] > 0)
    Y[:, 2] = np.where(X[:, 0] > 10, 4, 0)  # told apart without error: no finite best weight but by penalty
    score = encode(X, Y, PoissonRidge((1e-9, 1e-6)), cv=3, measure="deviance", constant="zero")
    assert np.isfinite(score.folds).all()
    assert score.value[0] == 0.0
    assert score.value[2] > 0.5


def test_newton_converges_from_a_bad_start_and_without_a_penalty_on_separated_data():
    X, Y, _ = planted()
    design = np.concatenate([np.ones((len(X), 1)), X], axis=1)
    none, free = np.zeros((7, 7)), np.zeros(4)
    near = np.zeros((4, 7))
    good = fit_poisson(design, Y, none, free, near)
    bad = fit_poisson(design, Y, none, free, near + np.r_[5.0, 2 * np.ones(6)])
    assert good.converged.all()
    assert bad.converged.all()
    assert np.allclose(good.weights, bad.weights, atol=1e-7)
    apart = np.stack([np.ones(20), np.repeat([0.0, 1.0], 10)], axis=1)
    found = fit_poisson(apart, np.repeat([[0.0], [2.0]], 10, axis=0), np.zeros((2, 2)), np.zeros(1), np.zeros((1, 2)))
    assert np.isfinite(found.weights).all()
    assert np.exp(found.weights.sum()) == pytest.approx(2.0)
    assert found.weights[0, 0] < -10


def test_trials_of_a_stimulus_are_averaged_and_rates_are_refused():
    rng = np.random.default_rng(3)
    features = make_responses(rng.normal(size=(40, 3)), trial={"stimulus": [f"s{i}" for i in range(40)]})
    shown = np.repeat(np.arange(40), 3)
    rate = np.exp(features.values[shown, 0] @ np.array([[0.5], [-0.5], [0.0]]))
    labels = {"stimulus": [f"s{i}" for i in shown]}
    counts = make_responses(rng.poisson(rate), trial=labels, quantity="spike_count")
    assert encode(features, counts, "poisson").mean > 0.3
    with pytest.raises(BadInput, match="spike counts: whole numbers"):
        encode(features, make_responses(rate, trial=labels), "poisson")


def test_refusals():
    X, Y, _ = planted(n=60)
    bad = Y.copy()
    bad[3, 2] = -1
    with pytest.raises(BadInput, match="-1 at sample 3, unit '2'"):
        encode(X, bad, "poisson")
    bad[3, 2] = 0.5
    with pytest.raises(BadInput, match=r"0\.5 at sample 3, unit '2'"):
        encode(X, bad, "poisson")
    with pytest.raises(BadInput, match="do not vary"):
        encode(np.ones_like(X), Y, "poisson")
    with pytest.raises(BadInput, match="above 0"):
        PoissonRidge((0.0,))
    with pytest.raises(BadInput, match="steps"):
        PoissonRidge(steps=0)
    assert floored_mean(np.array([[0.0, 1.0], [0.0, 3.0]])).tolist() == [0.25, 2.0]
