"""RSA end to end: planted models, intervals and tests against closed forms, ceilings, folds, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tertium.compare.inference import rsa
from tertium.compare.rdm_inference.ceiling import rdm_ceiling
from tertium.compare.rdm_inference.evaluate import crossvalidate
from tertium.compare.rdm_inference.models import WeightedModel
from tertium.compare.rdm_inference.multiple import benjamini_hochberg, bonferroni
from tertium.compare.rdm_inference.variance import from_draws, two_factor, without_fold_noise
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity import reference
from tertium.compare.similarity.engine import METHODS
from tertium.errors import BadInput, UnknownName

N = 20
LABELS = tuple(f"image {i:02d}" for i in range(N))


def patterns(seed: int, n: int = N, units: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, units))


def squared(x: np.ndarray, name: str = "") -> RDM:
    first, second = np.triu_indices(len(x), 1)
    labels = LABELS if len(x) == N else tuple(map(str, range(len(x))))
    return RDM(((x[first] - x[second]) ** 2).sum(axis=1), labels, metric="euclidean", name=name)


def subjects_of(truth: RDM, n_subjects: int = 6, noise: float = 6.0, seed: int = 9) -> list[RDM]:
    rng = np.random.default_rng(seed)
    return [
        RDM(truth.vector + noise * rng.normal(size=len(truth.vector)), truth.labels, name=f"subject {s + 1}")
        for s in range(n_subjects)
    ]


@pytest.fixture(scope="module")
def truth() -> RDM:
    return squared(patterns(0), "truth")


@pytest.fixture(scope="module")
def wrong() -> RDM:
    return squared(patterns(1), "wrong")


@pytest.fixture(scope="module")
def data(truth: RDM) -> list[RDM]:
    return subjects_of(truth)


@pytest.mark.parametrize("bootstrap", [None, "stimuli", "subjects", "both"])
@pytest.mark.parametrize("method", METHODS)
def test_the_planted_model_wins_and_reaches_the_ceiling(truth, wrong, data, method, bootstrap) -> None:
    result = rsa([truth, wrong], data, method, bootstrap=bootstrap, n_bootstrap=100)
    assert result.mean["truth"] > result.mean["wrong"]
    assert result.ceiling[0] < result.ceiling[1]
    low, high = result.interval["truth"]
    assert low < result.mean["truth"] < high
    tests = result.compare().set_index(["family", "model"])
    assert tests.loc[("pair", "truth"), "p_bonferroni"] < 0.05
    assert tests.loc[("zero", "truth"), "p_fdr"] < 0.05
    if method not in ("cosine", "whitened_cosine"):  # theirs is no chance level of 0
        assert tests.loc[("zero", "wrong"), "p"] > 0.01
    assert tests.loc[("lower ceiling", "wrong"), "difference"] < 0
    # The truth itself predicts better than the mean of five noisy subjects.
    assert tests.loc[("lower ceiling", "truth"), "difference"] > 0


def test_without_bootstrap_intervals_and_tests_are_students(truth, wrong, data) -> None:
    result = rsa([truth, wrong], data, "pearson")
    scores = result.scores.values
    expected = stats.ttest_1samp(scores[0], 0).confidence_interval(0.95)
    assert result.interval["truth"] == pytest.approx((expected.low, expected.high), abs=1e-12)
    tests = result.compare().set_index("family")
    assert tests.loc["pair", "p"] == pytest.approx(stats.ttest_rel(scores[0], scores[1]).pvalue, rel=1e-9)
    one_sided = [stats.ttest_1samp(row, 0, alternative="greater").pvalue for row in scores]
    assert tests.loc["zero", "p"].to_numpy() == pytest.approx(one_sided, rel=1e-9)


def test_subject_bootstrap_approaches_the_standard_error(truth, wrong, data) -> None:
    plain = rsa([truth, wrong], data, "pearson")
    drawn = rsa([truth, wrong], data, "pearson", bootstrap="subjects", n_bootstrap=20_000)
    contrast = np.eye(4)
    assert drawn.uncertainty.variance(contrast) == pytest.approx(plain.uncertainty.variance(contrast), rel=0.05)


def test_stimulus_draws_equal_draws_written_out(truth, wrong, data) -> None:
    from tertium.compare.resample import multiplicities
    from tertium.rng import Seeds

    result = rsa([truth, wrong], data, "spearman", bootstrap="stimuli", n_bootstrap=10, seed=4)
    counts = multiplicities(N, 10, Seeds(4).numpy("stimuli"), least=3)
    first, second = np.triu_indices(N, 1)
    for draw, row in zip(result.draws, counts, strict=True):
        drawn = np.repeat(np.arange(N), row)
        x = reference.expand(wrong.vector, first, second, drawn)
        scores = [reference.spearman(x, reference.expand(d.vector, first, second, drawn)) for d in data]
        assert draw[1] == pytest.approx(np.mean(scores), abs=1e-12)


def test_stimulus_bootstrap_knows_how_scores_vary_over_stimuli() -> None:
    # One subject, a new set of stimuli each time: the standard deviation of the scores is what the bootstrap estimates.
    rng = np.random.default_rng(0)

    def study(n: int) -> tuple[RDM, RDM]:
        model = rng.normal(size=(n, 6))
        return squared(model), squared(model + 0.8 * rng.normal(size=(n, 6)))

    scores = [next(iter(rsa(*study(40), "pearson").mean.values())) for _ in range(150)]
    errors = []
    for i in range(20):
        result = rsa(*study(40), "pearson", bootstrap="stimuli", n_bootstrap=150, seed=i)
        errors.append(np.sqrt(result.uncertainty.variance(np.eye(1))[0]))
    assert np.mean(errors) == pytest.approx(np.std(scores), rel=0.25)


def test_two_factor_correction_recovers_the_variance_of_crossed_effects() -> None:
    # Scores = stimulus effect + subject effect + residual: the variance of the grand mean is known.
    rng = np.random.default_rng(0)
    n_subjects, n_stimuli, n_draws = 8, 30, 300
    s_subject, s_stimulus, s_residual = 0.5, 1.0, 3.0
    planted = s_subject**2 / n_subjects + s_stimulus**2 / n_stimuli + s_residual**2 / (n_subjects * n_stimuli)
    corrected, naive = [], []
    for _ in range(60):
        table = s_subject * rng.normal(size=(n_subjects, 1)) + s_stimulus * rng.normal(size=n_stimuli)
        table = table + s_residual * rng.normal(size=(n_subjects, n_stimuli))
        subjects = rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), n_draws)
        stimuli = rng.multinomial(n_stimuli, np.full(n_stimuli, 1 / n_stimuli), n_draws) / n_stimuli
        draws = (stimuli @ table.T)[:, None, None, :]
        uncertainty = from_draws("both", table.mean(axis=1)[None], n_stimuli, draws, subjects)
        corrected.append(uncertainty.variance(np.ones((1, 1)))[0])
        naive.append(uncertainty.both[0, 0])
    error = np.std(corrected) / np.sqrt(60)
    # The bounds (never below a one-factor variance) can only raise it.
    assert planted - 4 * error < np.mean(corrected) < 1.3 * planted
    assert np.mean(naive) > 1.3 * planted


def test_two_factor_bounds() -> None:
    one = np.array([1.0])
    assert two_factor(one, one, np.array([1.5])) == pytest.approx([1.5])  # estimate 2.5, kept below both
    assert two_factor(one, one, np.array([9.0])) == pytest.approx([1.0])  # estimate -5, kept above either


def test_noise_of_the_folds_is_taken_off() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(4000, 1, 2)) * [1.0, 2.0]
    means = truth + 1.5 * rng.normal(size=(4000, 2, 2))
    assert np.diag(without_fold_noise(means)) == pytest.approx([1.0, 4.0], rel=0.12)
    assert np.diag(np.cov(means.mean(axis=1).T))[0] > 1.9


def test_coverage_of_both_factors(truth) -> None:
    # Studies with new subjects and new stimuli; the planted score is that of a very large study.
    rng = np.random.default_rng(3)

    def study(n: int, s: int) -> tuple[RDM, list[RDM]]:
        x = rng.normal(size=(n, 5))
        return squared(x), [squared(x + 0.7 * rng.normal(size=(n, 5)) * rng.uniform(0.6, 1.4)) for _ in range(s)]

    planted = np.mean([next(iter(rsa(*study(120, 20), "pearson").mean.values())) for _ in range(8)])
    covered = 0
    for i in range(40):
        result = rsa(*study(24, 6), "pearson", bootstrap="both", n_bootstrap=200, seed=i)
        low, high = next(iter(result.interval.values()))
        covered += low < planted < high
    assert covered >= 33  # 95 % of 40 is 38; 33 or fewer has p < 0.02 under 95 %


def test_ceilings_as_in_nili_2014(data) -> None:
    stacked = np.stack([d.vector for d in data])
    z = stats.zscore(stacked, axis=1)
    upper = np.mean([reference.pearson(z.mean(axis=0), row) for row in stacked])
    lower = np.mean([reference.pearson(np.delete(z, s, axis=0).mean(axis=0), row) for s, row in enumerate(stacked)])
    assert rdm_ceiling(data, "pearson") == pytest.approx((lower, upper), abs=1e-12)
    ranks = stats.rankdata(stacked, axis=1)
    upper = np.mean([reference.spearman(ranks.mean(axis=0), row) for row in stacked])
    lower = np.mean(
        [reference.spearman(np.delete(ranks, s, axis=0).mean(axis=0), row) for s, row in enumerate(stacked)]
    )
    assert rdm_ceiling(data, "spearman") == pytest.approx((lower, upper), abs=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman", "cosine"])
def test_no_model_beats_the_upper_ceiling_by_much_and_the_table_warns(data, method) -> None:
    stacked = np.stack([d.vector for d in data])
    best = RDM(stats.rankdata(stacked, axis=1).mean(axis=0) if method == "spearman" else stacked.mean(axis=0), LABELS)
    result = rsa({"the data's mean": best, "other": squared(patterns(5))}, data, method)
    assert result.mean["the data's mean"] == pytest.approx(result.ceiling[1], abs=5e-3)
    table = result.table().set_index("model")
    assert table.loc["other", "warning"] == ""
    overfit = rsa({"its own": data[0]}, [data[0], *data[:2]], method)
    assert overfit.mean["its own"] > overfit.ceiling[0]


def test_a_score_above_the_ceiling_is_flagged() -> None:
    # Two subjects whose ranks disagree symmetrically: a model that is one of them plus its tau can pass the mean rank.
    rng = np.random.default_rng(2)
    found = None
    for _ in range(200):
        a, b, c = rng.permutation(15.0 * np.arange(1, 16)), rng.permutation(np.arange(15.0)), rng.permutation(15) * 1.0
        subjects = [RDM(v, list("abcdef")) for v in (a, b, c)]
        result = rsa({"one subject": subjects[0]}, subjects, "kendall_tau_a")
        if result.mean["one subject"] > result.ceiling[1] + 1e-9:
            found = result
            break
    assert found is not None
    assert "above the upper noise ceiling" in found.table().loc[0, "warning"]


def test_one_subject_has_no_ceiling_and_says_so(truth, wrong, data) -> None:
    result = rsa([truth, wrong], data[0])
    assert result.ceiling is None
    assert "one subject" in result.ceiling_note
    assert result.interval == {}
    assert result.notes == ("No interval: one subject and no bootstrap over stimuli.",)
    with pytest.raises(BadInput, match="Pass bootstrap='stimuli'"):
        result.compare()
    drawn = rsa([truth, wrong], data[0], bootstrap="stimuli", n_bootstrap=50)
    assert drawn.interval["truth"][0] < drawn.mean["truth"]
    assert set(drawn.compare()["family"]) == {"pair", "zero"}


def test_order_of_labels_does_not_matter_but_the_labels_do(truth, data) -> None:
    turned = truth.subset(reversed(truth.labels))
    assert rsa(turned, data).mean["truth"] == pytest.approx(rsa(truth, data).mean["truth"], abs=1e-12)
    other = RDM(truth.vector, ["unseen", *LABELS[1:]], name="other")
    with pytest.raises(BadInput, match="'unseen' only in model 'other' and 'image 00' only in data 'subject 1'"):
        rsa(other, data)
    with pytest.raises(BadInput, match="'image 19' only in data 'subject 1'"):
        rsa(truth, [data[0], data[1].subset(LABELS[:-1])])


def test_names_of_models_and_subjects(truth, wrong) -> None:
    given = subjects_of(RDM(truth.vector, LABELS, name="IT"), 3)
    same = [RDM(d.vector, LABELS, name="IT") for d in given]
    result = rsa({"layer 1": truth, "layer 2": wrong}, same)
    assert list(result.scores.coords["model"].values) == ["layer 1", "layer 2"]
    assert list(result.scores.coords["subject"].values) == ["IT 1", "IT 2", "IT 3"]
    assert list(rsa([RDM(truth.vector, LABELS)], {"a": given[0], "b": given[1]}).mean) == ["model 1"]


def test_partial_data_are_used_pair_by_pair(truth, wrong, data) -> None:
    partial = data[0].vector.copy()
    partial[::5] = np.nan
    subjects = [RDM(partial, LABELS), *data[1:]]
    result = rsa([truth, wrong], subjects, "pearson", bootstrap="both", n_bootstrap=50)
    there = np.isfinite(partial)
    expected = reference.pearson(truth.vector[there], partial[there])
    assert result.values[0, 0] == pytest.approx(expected, abs=1e-12)
    assert result.values[0, 1:] == pytest.approx(rsa(truth, data[1:], "pearson").values[0], abs=1e-12)
    assert np.isfinite(result.compare()["p"]).all()


def test_subjects_that_share_no_pairs_have_scores_but_no_ceiling(truth, wrong, data) -> None:
    halves = [np.where(np.arange(190) % 2 == k, data[k].vector, np.nan) for k in range(2)]
    subjects = [RDM(half, LABELS) for half in halves]
    result = rsa([truth, wrong], subjects, bootstrap="stimuli", n_bootstrap=30)
    assert result.ceiling is None
    assert "shares fewer than 3 measured pairs" in result.ceiling_note
    assert set(result.compare()["family"]) == {"pair", "zero"}
    with pytest.raises(BadInput, match="fewer than 3 pairs that another one has too"):
        rdm_ceiling(subjects)


def test_cosines_are_not_tested_against_zero_without_a_word(truth, wrong, data) -> None:
    result = rsa([truth, wrong], data, "cosine")
    assert result.compare().set_index(["family", "model"]).loc[("zero", "wrong"), "p"] < 0.001
    assert "exceeds 0 by chance" in result.notes[0]
    assert rsa([truth, wrong], data, "cosine", n_permutations=99).randomisation[1] > 0.05


def test_randomisation_test_finds_the_planted_model_only(truth, wrong, data) -> None:
    result = rsa([truth, wrong], data, "spearman", n_permutations=200)
    assert result.randomisation[0] == pytest.approx(1 / 201)
    assert result.randomisation[1] > 0.05
    rng = np.random.default_rng(0)
    p = [
        rsa(
            squared(rng.normal(size=(N, 5))), squared(rng.normal(size=(N, 5))), "pearson", n_permutations=60
        ).randomisation
        for _ in range(80)
    ]
    assert np.mean(p) == pytest.approx(0.5, abs=0.13)


def test_the_same_seed_gives_the_same_result(truth, wrong, data) -> None:
    options = {"bootstrap": "both", "n_bootstrap": 60}
    one, same = (rsa([truth, wrong], data, seed=5, **options) for _ in range(2))
    other = rsa([truth, wrong], data, seed=6, **options)
    assert (one.draws == same.draws).all()
    assert (one.draws != other.draws).any()


def test_corrections_for_many_tests() -> None:
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p), abs=1e-15)
    assert bonferroni(p) == pytest.approx(np.minimum(8 * p, 1))
    with pytest.raises(BadInput, match="outside"):
        benjamini_hochberg([0.1, np.nan])


def test_figure_says_what_it_shows(truth, wrong, data) -> None:
    figure = rsa([truth, wrong], data, "rho_a", bootstrap="both", n_bootstrap=30).figure()
    assert figure.layout.title.text == "20 stimuli, 6 subjects; 95% intervals over stimuli and subjects"
    assert "ρ" in figure.layout.yaxis.title.text
    assert figure.data[-1].error_y.array is not None
    assert figure.layout.shapes[0].fillcolor is not None
    assert rsa(truth, data[0]).figure().layout.title.text == "20 stimuli, 1 subject; no intervals"


def test_percentile_intervals_hold_the_middle_of_the_draws(truth, wrong, data) -> None:
    result = rsa([truth, wrong], data, bootstrap="stimuli", n_bootstrap=200, interval="percentile", level=0.9)
    low, high = result.interval["truth"]
    assert np.mean((result.draws[:, 0] >= low) & (result.draws[:, 0] <= high)) == pytest.approx(0.9, abs=0.01)


def test_draws_without_a_score_are_counted_or_refused() -> None:
    # Two stimuli of one kind among eight: some draws hold one kind only, where the model is constant.
    kind = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    first, second = np.triu_indices(10, 1)
    model = RDM((kind[first] != kind[second]) * 1.0, range(10), name="kind")
    data = [RDM(np.random.default_rng(s).random(45), range(10)) for s in range(3)]
    result = rsa(model, data, "spearman", bootstrap="stimuli", n_bootstrap=400)
    assert "draws left out: 'kind' is constant" in result.notes[0]
    assert np.isfinite(result.draws).all()
    lone = np.array([0] + [1] * 9)
    model = RDM((lone[first] != lone[second]) * 1.0, range(10), name="lone")
    with pytest.raises(BadInput, match=r"not defined in \d+ of 400 draws \('lone' is constant"):
        rsa(model, data, "spearman", bootstrap="stimuli", n_bootstrap=400)
    assert rsa(model, data, "rho_a", bootstrap="stimuli", n_bootstrap=50).notes == ()


def test_few_stimuli_or_subjects_are_refused_with_the_reason(truth, data) -> None:
    few = [d.subset(LABELS[:5]) for d in data]
    with pytest.raises(BadInput, match="bootstrap over stimuli: got 5 stimuli, expected at least 6"):
        rsa(truth.subset(LABELS[:5]), few, bootstrap="stimuli")
    with pytest.raises(BadInput, match="got 2 stimuli, expected at least 3"):
        rsa(RDM([1.0], "ab"), RDM([1.0], "ab"))
    with pytest.raises(BadInput, match="bootstrap over subjects: got one subject"):
        rsa(truth, data[0], bootstrap="both")
    with pytest.raises(BadInput, match="folds of 5 stimuli"):
        crossvalidate(WeightedModel([truth.subset(LABELS[:5])]), few)
    with pytest.raises(BadInput, match="about 6 different ones a draw"):
        rsa(truth.subset(LABELS[:10]), [d.subset(LABELS[:10]) for d in data], bootstrap="stimuli", folds=3)


def test_bad_rdms_are_named(truth, data) -> None:
    with pytest.raises(BadInput, match=r"RDM 'flat': got the same dissimilarity \(1\) for every pair"):
        rsa(RDM(np.ones(190), LABELS, name="flat"), data, "spearman")
    with pytest.raises(BadInput, match="RDM 'zero': got only zeros"):
        rsa(RDM(np.zeros(190), LABELS, name="zero"), data, "cosine")
    with pytest.raises(BadInput, match="RDM 'inf': got 1 infinite"):
        rsa(truth, [RDM(np.r_[np.inf, np.ones(189)], LABELS, name="inf")])
    with pytest.raises(BadInput, match="RDM 'none': got 0 measured"):
        rsa(truth, RDM(np.full(190, np.nan), LABELS, name="none"))
    with pytest.raises(BadInput, match="model 'x': got a ndarray"):
        rsa({"x": truth.vector}, data)
    with pytest.raises(BadInput, match="models: got none"):
        rsa([], data)
    half = np.r_[np.full(100, np.nan), np.arange(90.0)]
    with pytest.raises(BadInput, match="score of 'half' with 'subject 1': got fewer than 2 pairs"):
        rsa(RDM(half, LABELS, name="half"), RDM(half[::-1].copy(), LABELS, name="subject 1"))


def test_bad_options_are_named(truth, data) -> None:
    with pytest.raises(UnknownName, match="'kendall_tau_a'"):
        rsa(truth, data, "kendall_tau")
    with pytest.raises(BadInput, match="bootstrap: got 'stimulus'"):
        rsa(truth, data, bootstrap="stimulus")
    with pytest.raises(BadInput, match="n_bootstrap: got 1"):
        rsa(truth, data, bootstrap="both", n_bootstrap=1)
    with pytest.raises(BadInput, match="scatter too widely"):
        rsa(truth, data, bootstrap="both", interval="percentile")
    with pytest.raises(BadInput, match="level"):
        rsa(truth, data, level=95)
