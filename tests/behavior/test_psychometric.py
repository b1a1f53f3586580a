"""Psychometric functions: planted constants come back, closed forms, goodness of fit, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from tertium.behavior import fit_psychometric
from tertium.behavior.curves.psychometric_result import curve
from tertium.errors import BadInput, UnknownName

LEVELS = {"normal": np.linspace(-2, 2, 9), "logistic": np.linspace(-2, 2, 9), "weibull": 0.016 * 2.0 ** np.arange(7)}
TRUE = {"normal": (0.3, 0.8), "logistic": (0.3, 0.3), "weibull": (0.08, 1.3)}


def draw(rng, shape, guess, lapse, n=100):
    x = np.repeat(LEVELS[shape], n)
    return x, rng.random(x.size) < curve(x, *TRUE[shape], guess, lapse, shape=shape)


@pytest.mark.parametrize(("shape", "guess"), [("normal", 0.0), ("logistic", 0.0), ("weibull", 0.5)])
def test_planted_constants_come_back_and_intervals_cover(shape, guess):
    rng = np.random.default_rng(1)
    found = [
        fit_psychometric(*draw(rng, shape, guess, 0.03), shape, guess=guess, n_bootstrap=100, seed=i) for i in range(12)
    ]
    threshold, width = TRUE[shape]
    assert np.mean([f.threshold.value for f in found]) == pytest.approx(threshold, rel=0.12)
    assert np.mean([f.width.value for f in found]) == pytest.approx(width, rel=0.15)
    assert sum(threshold in f.threshold for f in found) >= 9  # 95 % of 12 is 11; below 9 has a chance of 0.002
    assert sum(width in f.width for f in found) >= 9
    assert sum(f.p_value < 0.05 for f in found) <= 3


def test_the_likelihood_is_at_its_maximum():
    """Against a general optimiser on the same likelihood, written out."""
    x, y = draw(np.random.default_rng(2), "normal", 0.05, 0.05)
    found = fit_psychometric(x, y, guess=None, n_bootstrap=100)

    def loss(z):
        p = np.clip(z[2] + (1 - z[2] - z[3]) * norm.cdf((x - z[0]) / np.exp(z[1])), 1e-9, 1 - 1e-9)
        return -np.where(y, np.log(p), np.log(1 - p)).sum()

    peer = minimize(loss, [0, 0, 0.02, 0.02], method="L-BFGS-B", bounds=[(-2, 2), (-3, 3), (0, 0.1), (0, 0.1)])
    assert -found.log_likelihood == pytest.approx(peer.fun, abs=1e-4)
    np.testing.assert_allclose([found.threshold.value, found.width.value], [peer.x[0], np.exp(peer.x[1])], rtol=0.01)
    assert found.n_fitted == 4
    assert found.bic == pytest.approx(4 * np.log(900) + 2 * peer.fun, abs=1e-3)


def test_lapses_denied_bias_the_width():
    """Wichmann & Hill's point; with it the test above has something to recover."""
    rng = np.random.default_rng(3)
    widths = [
        [fit_psychometric(*draw(rng, "normal", 0.0, 0.05), lapse=lapse, n_bootstrap=100).width.value for _ in range(6)]
        for lapse in (0.0, None)
    ]
    assert np.mean(widths[0]) > 0.86
    assert np.mean(widths[1]) == pytest.approx(0.8, abs=0.05)


def test_level_at_inverts_the_function():
    for shape, guess in (("normal", 0.0), ("logistic", 0.0), ("weibull", 0.5)):
        found = fit_psychometric(
            *draw(np.random.default_rng(4), shape, guess, 0.02), shape, guess=guess, n_bootstrap=100
        )
        at = found.level_at(0.75)
        assert float(found.probability(at.value)) == pytest.approx(0.75)
        assert at.low < at.value < at.high
        assert np.isnan(found.level_at(0.999999).value) == (found.lapse.value > 1e-6)


def test_a_wrong_function_has_a_small_p():
    rng = np.random.default_rng(5)
    x = np.repeat(np.linspace(-2, 2, 9), 200)
    y = rng.random(x.size) < 0.5 + 0.4 * np.sin(2 * x)  # not monotonic
    assert fit_psychometric(x, y, n_bootstrap=200).p_value < 0.01


def test_deviance_is_zero_for_a_saturated_fit():
    x = np.repeat([0.0, 1.0], 100)
    y = np.r_[np.arange(100) < 20, np.arange(100) < 70]
    found = fit_psychometric(x, y, "logistic", lapse=0.0, n_bootstrap=100)
    assert found.deviance == pytest.approx(0, abs=1e-6)
    scale = 1 / (np.log(7 / 3) - np.log(1 / 4))
    assert found.width.value == pytest.approx(scale, rel=1e-4)
    assert found.threshold.value == pytest.approx(scale * np.log(4), rel=1e-4)


def test_seed_table_and_figure():
    x, y = draw(np.random.default_rng(6), "normal", 0.0, 0.0)
    a, b, c = (fit_psychometric(x, y, n_bootstrap=100, seed=s) for s in (1, 1, 2))
    assert a.threshold == b.threshold
    assert a.threshold != c.threshold
    assert list(a.table().index) == ["threshold", "width", "guess", "lapse"]
    assert a.guess.low == a.guess.high == 0.0
    figure = a.figure(x="contrast (%)")
    assert figure.layout.xaxis.title.text == "contrast (%)"
    assert "900 trials" in figure.layout.title.text


@pytest.mark.parametrize(
    ("level", "choice", "options", "message"),
    [
        ([0, 1, 2], [0, 1], {}, "level 3, choices 2"),
        ([0, 1, np.nan], [0, 1, 1], {}, "first at trial 2"),
        ([0, 1, 2], [0, 1, 2], {}, "choices: got 2, expected true or false"),
        ([0, 0, 1], [0, 1, 1], {}, "2 different ones, expected at least 3"),
        ([0, 1, 2], [1, 1, 1], {}, "the same on all 3 trials"),
        ([-1, 1, 2], [0, 1, 1], {"shape": "weibull"}, "0 or above for a Weibull"),
        ([0, 1, 2], [0, 1, 1], {"guess": 1.5}, "guess: got 1.5"),
        ([0, 1, 2], [0, 1, 1], {"guess": 0.6, "lapse": 0.5}, "together below 1"),
        ([0, 1, 2], [0, 1, 1], {"n_bootstrap": 10}, "at least 100"),
    ],
)
def test_bad_input_says_what_is_wrong(level, choice, options, message):
    with pytest.raises(BadInput, match=message):
        fit_psychometric(level, choice, **options)


def test_a_misspelt_shape():
    with pytest.raises(UnknownName, match="Did you mean 'weibull'"):
        fit_psychometric([0, 1, 2], [0, 1, 1], "weibul")
