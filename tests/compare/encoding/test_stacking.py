"""Stacked feature spaces: weights against a general solver, planted mixtures, bounds, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Ridge as TheirRidge

from tertium.compare import KFold, Ridge, Stacked, encode, stack_spaces
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.models.spaces.simplex import simplex_weights
from tertium.compare.encoding.tables import table
from tertium.data import make_responses
from tertium.errors import BadInput


def planted(n=150, units=6, seed=0):
    """Return spaces A, B and C and responses: the first third of A, the second of B, the last of A and B."""
    rng = np.random.default_rng(seed)
    spaces = {name: rng.normal(size=(n, size)) for name, size in (("A", 5), ("B", 40), ("C", 12))}
    from_A, from_B = (
        spaces[name] @ rng.normal(size=(spaces[name].shape[1], units)) / spaces[name].shape[1] ** 0.5 for name in "AB"
    )
    third = units // 3
    from_A[:, third : 2 * third] = 0
    from_B[:, :third] = 0
    return spaces, 2 * from_A + 2 * from_B + rng.normal(size=(n, units))


@pytest.mark.parametrize("models", [2, 3, 5])
def test_weights_are_those_of_a_general_solver(models):
    rng = np.random.default_rng(models)
    errors = rng.normal(size=(12, 30, models)) * rng.uniform(0.3, 2, size=(12, 1, models))
    errors += rng.normal(size=(12, 30, 1))
    products = np.einsum("tis,tir->tsr", errors, errors)
    found = simplex_weights(products)
    assert (found >= 0).all()
    assert np.allclose(found.sum(1), 1, atol=1e-12)
    assert (found == 0).any(), "some are at the border"
    for Q, ours in zip(products, found, strict=True):
        theirs = minimize(
            lambda a, Q=Q: a @ Q @ a / np.trace(Q), np.full(models, 1 / models), method="SLSQP",
            jac=lambda a, Q=Q: 2 * Q @ a / np.trace(Q), bounds=[(0, 1)] * models,
            constraints={"type": "eq", "fun": lambda a: a.sum() - 1}, options={"ftol": 1e-14, "maxiter": 500},
        ).x  # fmt: skip
        assert ours @ Q @ ours <= theirs @ Q @ theirs * (1 + 1e-9)
        assert np.allclose(ours, theirs, atol=1e-4)
        slope = Q @ ours  # Karush, Kuhn and Tucker: alike where there is weight, and no less elsewhere
        assert np.allclose(slope[ours > 0], slope[ours > 0].mean(), rtol=1e-6)
        assert (slope >= slope[ours > 0].mean() * (1 - 1e-6)).all()


def test_models_that_agree_share_and_errors_of_zero_are_survived():
    same = np.ones((1, 2, 2))
    assert np.allclose(simplex_weights(same), 0.5)
    assert np.allclose(simplex_weights(np.zeros((1, 3, 3))), 1 / 3)
    one = np.diag([0.0, 1.0, 2.0])[None]
    assert np.allclose(simplex_weights(one), [[1, 0, 0]], atol=1e-6)


def test_a_stack_is_the_mixture_of_scikit_learns_regressions():
    spaces, Y = planted(90, 3)
    X, sizes, cv, alpha = np.concatenate(list(spaces.values()), axis=1), (5, 40, 12), KFold(3, seed=1), 4.0
    score = encode(X, Y, Stacked(sizes, (alpha,)), cv=cv, measure="r2", n_bootstrap=0)
    parts = np.split(X, np.cumsum(sizes)[:-1], axis=1)
    for number, (fitted, tested) in enumerate(cv.split(90)):
        inside = cv.split(90).inside(fitted, number)
        for unit in range(3):
            y, errors = Y[:, unit], []
            for part in parts:
                held = []
                for a, b in inside:
                    model = TheirRidge(alpha=alpha).fit(part[fitted][a], y[fitted][a])
                    held.append(model.predict(part[fitted][b]) - y[fitted][b])
                errors.append(np.concatenate(held))
            weights = simplex_weights((np.array(errors) @ np.array(errors).T)[None])[0]
            predicted = sum(
                w * TheirRidge(alpha=alpha).fit(part[fitted], y[fitted]).predict(part[tested])
                for w, part in zip(weights, parts, strict=True)
            )
            about = ((y[tested] - y[fitted].mean()) ** 2).sum()
            expected = 1 - ((y[tested] - predicted) ** 2).sum() / about
            assert score.folds[number, unit] == pytest.approx(expected, abs=1e-6)


def test_planted_spaces_get_the_weight_and_the_bounds_hold():
    spaces, Y = planted()
    found = stack_spaces(spaces, Y, n_bootstrap=50)
    weights = found.weights.mean(0)
    assert np.allclose(found.weights.sum(1), 1)
    assert (weights[0, :2] > 0.8).all()
    assert (weights[1, 2:4] > 0.8).all()
    assert (weights[:2, 4:] > 0.2).all()
    assert (weights[2] < 0.15).all()
    assert found.needed(0.9)["first"].tolist()[:4] == ["A", "A", "B", "B"]
    assert found.needed(0.9)["last"].tolist() == ["A", "A", "B", "B", "B", "B"]
    assert (found.most["A"][:2] > 0.6).all()
    assert (found.least["B"][2:4] > 0.3).all()
    assert np.abs(found.least["C"]).max() < 0.05
    best = np.max([found.most[name] for name in "ABC"], axis=0)
    assert (found.total.value > best - 0.03).all(), "a mixture is about as good as the best space"
    assert (found.total.value[4:] > best[4:] + 0.05).all()
    rows = found.table()
    assert rows.loc["A", "only_low"] < rows.loc["A", "only"] < rows.loc["A", "only_high"]
    assert rows.loc["C", "alone_high"] < 0.1
    assert [len(one.x) for one in found.figure().data] == [3, 3]


def test_a_space_by_itself_is_ridge_and_sets_are_those_of_encode():
    spaces, Y = planted(90, 3)
    found = stack_spaces(spaces, Y, cv=3, n_bootstrap=0)
    alone = encode(spaces["B"], Y, Ridge(form="dual"), cv=3, measure="r2", n_bootstrap=0)
    assert np.allclose(found.scores["B",].folds, alone.folds, atol=1e-10)
    both = np.concatenate([spaces["A"], spaces["C"]], axis=1)
    pair = encode(both, Y, Stacked((5, 12)), cv=3, measure="r2", n_bootstrap=0)
    assert np.allclose(found.scores["A", "C"].folds, pair.folds, atol=1e-10)
    assert np.isnan(found.table()["only_low"]).all()


def test_labelled_spaces_are_put_into_the_order_of_the_responses():
    spaces, Y = planted(60, 3)
    names, order = [f"s{i:02d}" for i in range(60)], np.random.default_rng(1).permutation(60)
    shuffled = [names[i] for i in order]
    given = {key: make_responses(one[order], trial={"stimulus": shuffled}) for key, one in spaces.items()}
    cv = KFold(3)
    found = stack_spaces(given, make_responses(Y, trial={"stimulus": names}), cv=cv, n_bootstrap=0)
    plain = stack_spaces(spaces, Y, cv=cv, n_bootstrap=0)
    assert np.allclose(found.weights, plain.weights, atol=1e-9)
    assert np.allclose(found.total.folds, plain.total.folds, atol=1e-9)


def test_labels_blocks_pickling_and_the_name_of_the_method():
    spaces, Y = planted(90, 6)
    names = [f"s{i:02d}" for i in range(90)]
    layers = [name for name, one in spaces.items() for _ in range(one.shape[1])]
    values = np.concatenate(list(spaces.values()), axis=1)
    X = make_responses(values, trial={"stimulus": names}, unit={"layer": layers})
    labelled = make_responses(Y, trial={"stimulus": names})
    score = encode(X, labelled, "stacking", cv=3, n_bootstrap=0)
    assert score.method == "stacked ridge regressions (3 feature spaces: A, B, C)"
    assert score.penalties.shape == (3, 6)
    ready = Stacked((5, 40, 12)).prepare(table(values, "X"), table(Y, "Y"), KFold(3).split(90), 10)
    copy = pickle.loads(pickle.dumps(ready))
    whole = ready.predict(2, Y)
    assert np.array_equal(copy.predict(2, Y).values, whole.values)
    assert np.allclose(ready.predict(2, Y[:, 3:4]).values, whole.values[:, 3:4], atol=1e-10), "a block of one unit"


def test_tested_samples_choose_nothing_and_constant_units_score_at_chance():
    spaces, Y = planted(90, 3)
    values, folds = np.concatenate(list(spaces.values()), axis=1), KFold(3).split(90)
    ready = Stacked((5, 40, 12)).prepare(table(values, "X"), table(Y, "Y"), folds, 10)
    other = Y.copy()
    other[folds.pairs[0][1]] += 100
    assert np.array_equal(ready.predict(0, Y).values, ready.predict(0, other).values)
    Y[:, 1] = 3.0
    assert encode(values, Y, Stacked((5, 40, 12)), cv=3, constant="zero").value[1] == 0.0


def test_refusals():
    spaces, Y = planted(60, 3)
    X = np.concatenate(list(spaces.values()), axis=1)
    with pytest.raises(BadInput, match="add up to the 57 columns"):
        encode(X, Y, Stacked((5, 40)))
    with pytest.raises(BadInput, match="2 to 8"):
        encode(X, Y, Stacked((57,)))
    with pytest.raises(BadInput, match="label of X's units"):
        encode(X, Y, "stacking")
    X[:, :5] = 1
    with pytest.raises(BadInput, match=r"features of '0'.*no variation"):
        encode(X, Y, Stacked((5, 40, 12)))
    with pytest.raises(BadInput, match="above 0"):
        Stacked(penalties=(-1.0,))
    with pytest.raises(BadInput, match="Call encode for one"):
        stack_spaces({"A": spaces["A"]}, Y)
    with pytest.raises(BadInput, match="features 'B'"):
        stack_spaces({"A": spaces["A"], "B": spaces["B"][:50]}, Y)
    found = stack_spaces({"A": spaces["A"], "B": spaces["B"]}, Y, cv=3, n_bootstrap=0)
    with pytest.raises(BadInput, match="share"):
        found.needed(0.0)


def test_memory_goes_by_the_number_of_spaces():
    spaces, Y = planted(90, 3)
    X, folds = table(np.concatenate(list(spaces.values()), axis=1), "X"), KFold(3).split(90)
    two, three, ridge = (
        memory_need(model, X, table(Y, "Y"), folds, 0).held.kept
        for model in (Stacked((5, 52)), Stacked((5, 40, 12)), Ridge(form="dual"))
    )
    assert (two, three) == (2 * ridge, 3 * ridge)
