"""Decoding of numbers, angles and positions: Cramér-Rao, continuity in time, ridge, networks, a recorded compass."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.metrics import r2_score

from tertium.compare import BlockedKFold, KFold, PoissonBayes, RidgeReadout, SmallNetwork, decode
from tertium.data import load, make_responses
from tertium.errors import BadInput


def compass(angle, cells=30, gain=6.0, seed=0):
    """Return Poisson counts of head-direction cells, (sample, cell), and the Fisher information at each sample."""
    rng = np.random.default_rng(seed)
    preferred = np.linspace(0, 2 * np.pi, cells, endpoint=False)
    rates = 0.2 + gain * np.exp(4 * (np.cos(angle[:, None] - preferred) - 1))
    slopes = -(rates - 0.2) * 4 * np.sin(angle[:, None] - preferred)
    return rng.poisson(rates), (slopes**2 / rates).sum(1)


def off(a, b):
    return np.mod(a - b + np.pi, 2 * np.pi) - np.pi


def test_bayes_reaches_the_bound_of_cramer_and_rao_and_no_less():
    angle = np.random.default_rng(1).uniform(0, 2 * np.pi, 6000)
    counts, information = compass(angle)
    found = decode(counts, angle, "bayes", kind="angle", n_permutations=0, n_bootstrap=0)
    bound = np.sqrt(np.mean(1 / information))
    assert 0.98 < np.sqrt((found.errors**2).mean()) / bound < 1.12
    # the median of a Gaussian error is 0.6745 standard deviations
    assert found.mean == pytest.approx(np.degrees(0.6745 * bound), rel=0.1)
    ridge = decode(counts, angle, "ridge", kind="angle", n_permutations=0, n_bootstrap=0)
    assert np.sqrt((ridge.errors**2).mean()) > np.sqrt((found.errors**2).mean())


def test_continuity_in_time_helps_on_smooth_paths_and_looking_back_helps_more():
    steps = np.random.default_rng(2).normal(size=3000) * 0.05
    angle = np.mod(np.cumsum(steps), 2 * np.pi)
    counts, _ = compass(angle, cells=12, gain=1.5, seed=3)
    r = make_responses(counts[None], dt=0.02, quantity="spike_count").assign_coords(angle=("time", angle))
    options = {"kind": "angle", "time": "samples", "n_permutations": 0}
    flat = decode(r, "angle", PoissonBayes(), **options).mean
    forward = decode(r, "angle", PoissonBayes(prior="markov", both_ways=False), **options).mean
    both = decode(r, "angle", PoissonBayes(prior="markov"), **options).mean
    assert forward < 0.7 * flat
    assert both < 0.9 * forward
    # control: samples in random order have no continuity to use
    order = np.random.default_rng(0).permutation(3000)
    mixed = r.isel(time=order).assign_coords(time=r["time"].values)
    assert decode(mixed, "angle", PoissonBayes(prior="markov"), **options).mean > 0.9 * flat


def test_position_in_the_plane_is_decoded_by_place_cells():
    rng = np.random.default_rng(4)
    place = np.mod(np.cumsum(rng.normal(size=(4000, 2)) * 0.02, axis=0), 2)
    place = np.where(place > 1, 2 - place, place)  # reflected at the walls
    centres = rng.uniform(size=(40, 2))
    rates = 0.05 + 3 * np.exp(-((place[:, None] - centres) ** 2).sum(2) / (2 * 0.12**2))
    counts = rng.poisson(rates)
    flat = decode(counts, place, "bayes", cv=BlockedKFold(4), measure="median_error", n_permutations=20)
    markov = decode(
        counts, place, PoissonBayes(prior="markov"), cv=BlockedKFold(4), measure="median_error", n_permutations=0
    )
    assert flat.units == ("label 0", "label 1")
    assert (flat.value < 0.07).all()
    assert (markov.value < flat.value).all()
    assert flat.direction == "lower is better"
    assert (flat.p < 0.05).all()
    assert (flat.null_mean > 0.15).all()
    assert flat.chance > 0.15
    assert {trace.name for trace in flat.figure().data} == {"data", "20 shuffles (95 %)"}
    with pytest.raises(BadInput, match="BlockedKFold"):
        decode(counts, place, PoissonBayes(prior="markov"), cv=KFold(4), n_permutations=0)


def test_bayes_decodes_classes_as_its_formula_says():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1, 2], 60)
    rates = rng.uniform(0.5, 4, size=(3, 8))
    counts = rng.poisson(rates[y])
    found = decode(counts, y, "bayes", n_permutations=0)
    scheme_folds = found.says_folds
    assert scheme_folds.startswith("StratifiedKFold")
    assert found.mean > 0.6
    as_rate = make_responses(counts[:, None, :] / 0.5, dt=0.5, quantity="rate")
    again = decode(as_rate, y, "bayes", n_permutations=0)
    assert np.array_equal(found.predictions, again.predictions)  # rates are made into counts


def test_ridge_is_that_of_scikit_learn_and_shuffles_side_by_side_are_as_one_by_one():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(90, 20))
    y = X @ rng.normal(size=20) + 2 * rng.normal(size=90)
    found = decode(X, y, RidgeReadout((0.5,)), cv=KFold(3), n_permutations=40)
    for number, (fitted, tested) in enumerate(KFold(3).split(90)):
        z = (X - X[fitted].mean(0)) / X[fitted].std(0)
        model = TheirRidge(alpha=0.5 * len(fitted)).fit(z[fitted], y[fitted])
        assert np.allclose(found.predictions[tested, 0], model.predict(z[tested]), atol=1e-8)
        total = ((y[tested] - y[fitted].mean()) ** 2).sum()
        expected = 1 - ((y[tested] - model.predict(z[tested])) ** 2).sum() / total
        assert found.folds[number, 0] == pytest.approx(expected)
    assert found.p[0] == pytest.approx(1 / 41)
    assert found.chance == 0
    assert abs(found.null_mean[0]) < 0.5
    # shuffled labels given as labels score what the null says
    alone = [decode(X, y, cv=KFold(3), method=RidgeReadout((0.5, 50.0)), n_permutations=k) for k in (1, 3)]
    assert alone[0].null[0, 0] == pytest.approx(alone[1].null[0, 0], abs=1e-12)
    assert alone[0].value == pytest.approx(alone[1].value, abs=1e-12)
    chosen = decode(X, y, "ridge", n_permutations=0)
    assert chosen.mean > decode(X, y, RidgeReadout((1000.0,)), n_permutations=0).mean
    assert r2_score(y, chosen.predictions[:, 0]) == pytest.approx(chosen.mean, abs=0.1)


def test_angles_do_not_mind_where_the_circle_is_cut():
    angle = np.random.default_rng(7).uniform(0, 2 * np.pi, 400)
    counts, _ = compass(angle)
    one = decode(counts, angle, "ridge", kind="angle", n_permutations=20)
    other = decode(counts, off(angle, 0), "ridge", kind="angle", n_permutations=0)
    assert one.mean == pytest.approx(other.mean, abs=1e-9)
    assert one.chance == 90
    assert one.null_mean[0] == pytest.approx(90, abs=8)
    assert one.p[0] < 0.05
    assert one.mean < 10
    cosine = decode(counts, angle, "ridge", kind="angle", measure="mean_cosine", n_permutations=0)
    assert cosine.mean == pytest.approx(np.cos(one.errors).mean(), abs=1e-9)
    assert len(one.figure().data) == 5


def test_a_network_reads_what_no_linear_decoder_can():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(300, 6))
    parity = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
    net = decode(X, parity, "network", n_permutations=4, n_bootstrap=0)
    assert net.mean > 0.75
    assert abs(net.null.mean() - 0.5) < 0.1
    assert decode(X, parity, "lda", n_permutations=0).mean < 0.62
    number = decode(X, X[:, 0] * X[:, 1], "network", n_permutations=0)
    assert number.kind == "number"
    assert number.mean > 0.4
    angle = np.random.default_rng(7).uniform(0, 2 * np.pi, 400)
    counts, _ = compass(angle)
    assert decode(counts, angle, SmallNetwork((16, 16)), kind="angle", n_permutations=0).mean < 12
    again = decode(X, parity, "network", n_permutations=4, n_bootstrap=0)
    assert np.array_equal(net.null, again.null)


def test_slow_noise_is_not_decoded_from_slow_noise():
    p = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        slow = np.stack([np.convolve(rng.normal(size=700), np.ones(100) / 10, "valid") for _ in range(9)], axis=1)
        r = make_responses(slow[None, :, 1:], dt=0.1)
        found = decode(r, slow[:, 0], "ridge", time="samples", n_permutations=39, n_bootstrap=0, measure="correlation")
        p.append(found.p[0])
    assert np.sum(np.array(p) <= 0.05) <= 4  # 1 expected; 5 or more have a probability of 0.3 %


def test_a_recorded_compass(needs_data):
    """Reference: Bayesian decoding, 200 ms bins, fitted to the first half: median error 15.5 degrees on the second."""
    needs_data("peyrache_hd")
    r = load("peyrache_hd")
    n = r.sizes["time"] // 20
    counts = r.values[0, : n * 20].reshape(n, 20, -1).sum(1)
    angle = np.angle(np.exp(1j * r["angle"].values[: n * 20].reshape(n, 20)).mean(1)) % (2 * np.pi)
    binned = make_responses(counts[None], dt=0.2, quantity="spike_count").assign_coords(angle=("time", angle))
    options = {"kind": "angle", "time": "samples", "cv": BlockedKFold(2)}
    plain = decode(binned, "angle", PoissonBayes(90, 0.0, estimate="mode"), n_permutations=20, **options)
    assert plain.folds[1, 0] == pytest.approx(15.5, abs=0.3)
    assert plain.p[0] == pytest.approx(1 / 21)
    assert plain.null.min() > 60
    markov = decode(binned, "angle", PoissonBayes(prior="markov"), n_permutations=0, **options)
    assert markov.folds[1, 0] < plain.folds[1, 0]


def test_refusals():
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = np.arange(40.0)
    with pytest.raises(BadInput, match="spike counts, 0 or more"):
        decode(X, y, "bayes")
    with pytest.raises(BadInput, match="'ridge' numbers and angles"):
        decode(X, y, "ridge", kind="class")
    with pytest.raises(BadInput, match="values like 'a'"):
        decode(X, ["a"] * 40, "ridge")
    with pytest.raises(BadInput, match="one value only, 1"):
        decode(X, np.ones(40), "ridge")
    with pytest.raises(BadInput, match="no value in 1 samples, the first at 2"):
        decode(X, np.where(y == 2, np.nan, y), "ridge")
    with pytest.raises(BadInput, match="3 variables"):
        decode(np.abs(X), np.abs(X) + 1, "bayes", n_permutations=0)
    with pytest.raises(BadInput, match="at least 3"):
        decode(X, y, "ridge", cv=KFold(20))
    with pytest.raises(BadInput, match="classes"):
        _ = decode(X, y > 20, n_permutations=0).errors
    with pytest.raises(BadInput, match="a number"):
        _ = decode(X, y, "ridge", n_permutations=0).confusion
    for wrong in (
        lambda: RidgeReadout((0.0,)),
        lambda: PoissonBayes(bins=1),
        lambda: PoissonBayes(prior="smooth"),
        lambda: PoissonBayes(smooth=-1),
        lambda: PoissonBayes(estimate="median"),
        lambda: SmallNetwork((0,)),
        lambda: SmallNetwork(weight_decay=-1),
    ):
        with pytest.raises(BadInput):
            wrong()
