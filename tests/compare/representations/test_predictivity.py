"""Mutual predictivity against scikit-learn's ridge, planted shares of variance, chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge, RidgeCV

from tertium.compare import KFold, encode, mutual_predictivity
from tertium.compare import Ridge as OurRidge
from tertium.compare.representations.predictivity import best_penalty, ridge
from tertium.data import make_responses
from tertium.errors import BadInput


def test_the_regression_is_ridge() -> None:
    rng = np.random.default_rng(0)
    for n, p in ((30, 5), (12, 40)):
        x, y, new = rng.normal(size=(n, p)), rng.normal(size=(n, 3)), rng.normal(size=(4, p))
        x = x - x.mean(0)
        y = y - y.mean(0)
        unit = (x**2).sum() / p
        expected = Ridge(alpha=0.1 * unit, fit_intercept=False).fit(x, y).predict(new)
        found = ridge(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(new), 0.1)
        assert np.allclose(found, expected, atol=1e-10)
        grid = (1e-4, 1e-2, 1.0, 10.0)
        chosen = RidgeCV(alphas=[g * unit for g in grid], scoring=None).fit(x, y).alpha_ / unit
        assert best_penalty(torch.from_numpy(x), torch.from_numpy(y), grid) == pytest.approx(chosen)


def test_planted_shares_of_variance_are_found() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 4))
    y = x @ np.linalg.qr(rng.normal(size=(4, 4)))[0] + rng.normal(size=(3000, 4))  # half signal
    assert mutual_predictivity(x, y, direction="forward") == pytest.approx(0.5, abs=0.02)
    assert mutual_predictivity(x, y, direction="backward") == pytest.approx(0.5, abs=0.02)
    both = mutual_predictivity(x, y)
    ways = [mutual_predictivity(x, y, direction=way) for way in ("forward", "backward")]
    assert both == pytest.approx(np.mean(ways), abs=1e-12)
    assert mutual_predictivity(x, x[:, :2] + 7, direction="forward") > 0.999
    assert mutual_predictivity(x, x[:, :2], direction="backward") == pytest.approx(0.5, abs=0.02)


def test_independent_noise_is_not_predicted_even_by_many_units() -> None:
    rng = np.random.default_rng(0)
    assert mutual_predictivity(rng.normal(size=(60, 200)), rng.normal(size=(60, 200))) < 0.02


@pytest.mark.parametrize("p", [5, 90])
def test_it_is_what_encode_finds_under_the_same_folds_and_penalties(p) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, p)) + 2
    y = x[:, :5] @ rng.normal(size=(5, 4)) + rng.normal(size=(60, 4))
    scheme, missed, whole = KFold(3, seed=7), 0.0, 0.0
    for number, (fitted, tested) in enumerate(scheme.split(60)):
        penalty = 0.1 * ((x[fitted] - x[fitted].mean(0)) ** 2).sum() / p
        score = encode(x, y, OurRidge((penalty,)), cv=scheme, measure="r2", n_bootstrap=0)
        about = ((y[tested] - y[fitted].mean(0)) ** 2).sum(0)
        missed, whole = missed + ((1 - score.folds[number]) * about).sum(), whole + about.sum()
    found = mutual_predictivity(x, y, direction="forward", folds=3, penalties=[0.1], seed=7)
    assert found == pytest.approx(1 - missed / whole, abs=1e-8)
    assert found != pytest.approx(mutual_predictivity(x, y, direction="forward", folds=3, penalties=[0.1]), abs=1e-6)


def test_bins_of_a_stimulus_stay_together() -> None:
    """A constant offset of each stimulus predicts itself only if its bins are in both training and test."""
    rng = np.random.default_rng(0)
    x, y = (np.repeat(rng.normal(size=(40, 1, 5)), 10, axis=1) + 0.01 * rng.normal(size=(40, 10, 5)) for _ in range(2))
    wide = np.concatenate([x, *(x**k for k in (2, 3, 4, 5))], axis=2)
    names = [str(i) for i in range(40)]
    first, second = (make_responses(v, dt=0.1, trial={"stimulus": names}) for v in (wide, y))
    kept = mutual_predictivity(first, second, direction="forward")
    leaked = mutual_predictivity(wide.reshape(400, -1), y.reshape(400, -1), direction="forward")
    assert kept < 0.1 < 0.3 < leaked


def test_gradients_are_those_of_central_differences() -> None:
    rng = np.random.default_rng(0)
    for p in (3, 20):
        x = torch.from_numpy(rng.normal(size=(14, p))).requires_grad_()
        y = (x.detach()[:, :2] + torch.from_numpy(rng.normal(size=(14, 2)))).requires_grad_()

        def measure(a, b):
            return mutual_predictivity(a, b, penalties=[0.1], folds=3)

        assert torch.autograd.gradcheck(measure, (x, y))


def test_bad_input_is_told() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(BadInput, match="Did you mean 'forward'"):
        mutual_predictivity(x, x, direction="forwards")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="penalties above 0"):
        mutual_predictivity(x, x, penalties=[0.0])
    with pytest.raises(BadInput, match="X: got 9 stimuli, expected at least 10 for 5 folds"):
        mutual_predictivity(x[:9], x[:9])
