"""How measures rank: planted agreement, planted families, planted chance levels, and what each measure gives."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import cka, procrustes, rdm, rsa
from tertium.rng import Seeds
from tertium.studies.agreement import Agreement
from tertium.studies.methods.agreement import (
    CHANCE_LEVEL,
    FAMILIES,
    MEASURES,
    Drawn,
    all_scores,
    best_on_halves,
    chosen_on_all,
    chosen_otherwise,
    drawn_scores,
    leading,
    mean_of_pairs,
    opposite,
    planted,
    rank_agreement,
    within_less_between,
)
from tertium.studies.methods.agreement_pairs import (
    OF_UNITS,
    alive,
    chance_by_dimension,
    correlation_of_matrices,
    pair_scores,
    patterns_of,
    width_effect,
)


def likened(n=60):
    """Return a region, a layer like it, one less so, and one that shares nothing."""
    random = np.random.default_rng(0)
    region = random.normal(size=(n, 30))
    layers = {
        "near": region + 0.2 * random.normal(size=region.shape),
        "far": region + 2 * random.normal(size=region.shape),
        "none": random.normal(size=(n, 30)),
    }
    return layers, {"it": region}


def test_every_measure_ranks_a_planted_order_right_and_is_what_compare_says():
    layers, regions = likened()
    scores = all_scores(layers, regions, MEASURES)
    assert scores.shape == (len(MEASURES), 1, 3)
    assert (scores[:, 0, 0] > scores[:, 0, 1]).all()
    # with as many components as there are, canonical correlations tell nothing from little
    fixed = [i for i, m in enumerate(MEASURES) if m != "SVCCA 90 %"]
    assert (scores[fixed, 0, 1] > scores[fixed, 0, 2]).all()
    got = dict(zip(MEASURES, scores[:, 0, 0], strict=True))
    near, it = layers["near"], regions["it"]
    assert got["CKA"] == pytest.approx(cka(near, it))
    assert got["Procrustes"] == pytest.approx(np.cos(procrustes(near, it)))
    (spearman,) = rsa(rdm(near, "euclidean", name="near"), rdm(it, "euclidean"), "spearman").mean.values()
    assert got["RSA Spearman"] == pytest.approx(spearman)
    assert got["RSA whitened"] == pytest.approx(got["CKA biased"], abs=1e-9), "one measure by two names"


def test_no_measure_changes_with_a_rotation():
    layers, regions = likened()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(30, 30)))[0]
    turned = {name: x @ turn for name, x in layers.items()}
    assert np.allclose(all_scores(layers, regions, MEASURES), all_scores(turned, regions, MEASURES), atol=1e-4)


def test_intervals_are_those_of_a_mean_over_stimuli():
    random = np.random.default_rng(2)
    x, subsets = random.normal(size=100), []
    for _ in range(2000):
        subsets.append([[[random.permutation(x)[:80].mean()]]])
    found = Drawn(np.full((1, 1, 1), x.mean()), np.array(subsets), (80 / 20) ** 0.5)
    _, low, high = found.interval(lambda s: s)
    assert float((high - low).squeeze()) == pytest.approx(2 * 1.96 * x.std(ddof=1) / 10, rel=0.1)


def test_signs_tell_apart_what_is_apart():
    layers, regions = likened()
    names = ("CKA", "Procrustes")
    found = drawn_scores(layers, regions, names, draws=8, keep=0.8, random=np.random.default_rng(3))
    signs = found.signs(0)
    assert (signs[:, 0, 2] == 1).all()
    assert (signs[:, 2, 0] == -1).all()
    assert (signs[:, [0, 1, 2], [0, 1, 2]] == 0).all()
    assert mean_of_pairs(opposite(signs)) == 0
    assert mean_of_pairs(opposite(np.array([signs[0], -signs[0]]))) == 1


def test_divisions_are_found_and_shuffled_ones_are_not():
    random = np.random.default_rng(4)
    truths = random.normal(size=(2, 40))
    scores = np.array([truths[i // 5] + 0.3 * random.normal(size=40) for i in range(10)])[:, None]
    agreement = rank_agreement(scores)
    assert within_less_between(agreement, ["a"] * 5 + ["b"] * 5) > 0.6
    assert abs(within_less_between(agreement, ["a", "b"] * 5)) < 0.3
    assert np.allclose(np.diag(agreement), 1)


def test_choices_of_measures_and_of_halves():
    layers, regions = likened()
    best = best_on_halves(layers, regions, ("CKA", "RSA Pearson"), 2, np.random.default_rng(5))
    assert best.shape == (2, 2, 2, 1)
    assert (best == 0).all()
    apart = np.array([[[[0], [1]], [[2], [1]]]])
    measures, stimuli = chosen_otherwise(apart)
    assert measures.tolist() == [1]
    assert stimuli.tolist() == [0.5]


def test_chance_follows_dimension_where_theory_says_so():
    random = np.random.default_rng(6)
    patterns = {str(d): random.normal(size=(60, d)) @ random.normal(size=(d, 80)) for d in (2, 6, 18, 50)}
    regions = {"it": random.normal(size=(60, 40))}
    names = ("CKA", "CKA biased", "Procrustes")
    found, scores, dimensions = chance_by_dimension(patterns, regions, names, 3, random)
    assert (np.diff(dimensions) > 0).all()
    assert found[1:].min() == pytest.approx(1)
    assert abs(scores[0]).max() < 0.15
    noise = width_effect(60, (5, 50, 500), Seeds(0))
    assert (np.diff(noise["biased"]) > 0).all()
    assert abs(noise["unbiased"]).max() < 0.1


def test_units_that_answer_are_taken_and_the_same_ones_on_both_sets():
    random = np.random.default_rng(7)
    units = {which: {"layer": random.normal(size=(20, 10))} for which in ("objects", "photographs")}
    units["photographs"]["layer"][:, 3] = 0
    for shown in units.values():
        shown["layer"][:, :3] = 0.0
        shown["layer"] += np.arange(10.0) * 100
    taken = alive(units, 6, random)
    kept = [np.round(one["layer"].mean(0) / 100).tolist() for one in taken.values()]
    assert len(kept[0]) == 6
    assert min(kept[0]) > 3, "the first four answer all alike in one set at least"
    assert kept[0] == kept[1]
    pairs = pair_scores({name: random.normal(size=(30, 12)) for name in "abc"})
    assert pairs.shape == (len(OF_UNITS), 3)


def test_patterns_are_as_correlations_see_them():
    random = np.random.default_rng(8)
    x = random.gamma(1.0, size=(20, 50))
    found = patterns_of({"layer": x}, 50, random)["layer"]
    assert np.allclose(rdm(x, "correlation").vector, rdm(found, "euclidean").vector * found.shape[1] / 2)
    assert np.allclose(leading(found, 3) ** 2, found[:, :3] ** 2)


def test_labels_cover_all_measures():
    assert set(FAMILIES) == set(CHANCE_LEVEL) == set(MEASURES)
    assert correlation_of_matrices(np.diag([1.0, 2, 3]) + np.eye(3)[::-1], np.eye(3)[::-1]) == pytest.approx(1)


def test_a_planted_region_is_chosen_by_all_measures():
    layers, _ = likened()
    region = planted(layers["far"], 0.1, np.random.default_rng(9))
    best = all_scores(layers, {"planted": region}, MEASURES).argmax(-1)
    assert (best == 1).all()
    assert chosen_on_all(best).tolist() == [0]


def test_claims_read_the_planted_results():
    n = len(MEASURES)
    place = {name: i for i, name in enumerate(MEASURES)}
    chance = np.zeros(n)
    chance[place["CKA biased"]] = 0.9
    pair = np.array([[0, 0.3], [0.3, 0]])
    results = Agreement.Results(
        names=["a", "b"], scores=np.zeros((n, 2, 2)), low=np.zeros((n, 2, 2)), high=np.zeros((n, 2, 2)),
        agreement=np.eye(n), agreement_low=np.eye(n), agreement_high=np.eye(n), by_family=np.array([0.2, 0.1, 0.3]),
        by_chance=np.array([0.1, 0.0, 0.2]), by_shuffled_chance=0.0, by_shuffled_family=0.0, opposite=pair,
        opposite_shuffled=0.0, whitened_gap=0.0, unwhitened_gap=0.5, other_layer=np.array([0.6, 0.5, 0.1]),
        other_half=np.array([0.7, 0.5, 0.0]), other_layer_of_half=np.zeros(3), chance=chance,
        chance_scores=np.zeros((n, 2)), dimensions=np.ones(2), widths=np.array([1.0, 2.0]),
        noise_biased=np.array([0.1, 0.6]), noise_unbiased=np.array([0.1, 0.0]), pairs_objects=np.eye(3),
        pairs_photographs=np.eye(3), pairs_alike=0.9, pairs_shuffled=0.0,
    )  # fmt: skip
    claims = {c.id: c for c in Agreement().claims(results)}
    assert all(c.threshold.holds(c.value) and not c.threshold.holds(c.control.value) for c in claims.values())
    assert claims["family"].interval == (0.1, 0.3)
    assert claims["noise_width"].value == pytest.approx(0.5)
    assert claims["halves"].value == pytest.approx(0.6)
    assert claims["opposite"].value == pytest.approx(0.3)
