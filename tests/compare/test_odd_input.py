"""Odd but honest input: extreme numbers, labels that look alike, tensors, counts that are no counts, shared arrays."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tertium.compare import RDM, bootstrap, noise_ceiling, permutation_test, rdm, rsa
from tertium.data import make_responses
from tertium.errors import BadInput

X = np.random.default_rng(0).normal(size=(6, 9))
LABELS = [f"s{i}" for i in range(8)]


@pytest.fixture
def generator():
    return np.random.default_rng(1)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 3e153])
@pytest.mark.parametrize("metric", ["correlation", "cosine"])
def test_metrics_without_scale_hold_at_any_scale(metric, scale):
    np.testing.assert_allclose(rdm(X * scale, metric).vector, pdist(X, metric), rtol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "mahalanobis", "crossnobis", "poisson_kl"])
def test_squares_out_of_range_are_an_error_not_infinity(metric):
    options = {"noise": np.ones(9)} if metric == "mahalanobis" else {}
    labels = np.arange(6) % 2 if metric == "crossnobis" else None
    values = np.abs(X) * np.logspace(0, 307, 9) if metric == "poisson_kl" else X * 1e200
    with pytest.raises(BadInput, match="values out of range, from responses up to") as error:
        rdm(values, metric, labels=labels, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("method", ["spearman", "kendall_tau_a", "rho_a", "pearson", "cosine", "whitened_cosine"])
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_rsa_does_not_know_the_scale_of_dissimilarities(generator, method, scale):
    model, data = generator.uniform(1, 2, 28), generator.uniform(1, 2, (3, 28))
    plain = rsa(RDM(model, labels=LABELS), [RDM(d, labels=LABELS) for d in data], method)
    large = rsa(RDM(model * scale, labels=LABELS), [RDM(d * scale, labels=LABELS) for d in data], method)
    np.testing.assert_allclose(large.scores.values, plain.scores.values, rtol=1e-10)
    np.testing.assert_allclose(large.ceiling, plain.ceiling, rtol=1e-10)


def test_labels_written_alike_are_not_merged():
    with pytest.raises(BadInput, match=r"got 1 and '1', which are written alike"):
        rdm(X, "euclidean", labels=[1, "1", 2, 3, 4, 5])
    assert rdm(X, "euclidean", labels=[1, 1.0 + 1, 3, 4, 5, 6]).labels[0] == "1"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": X, "b": X}, "got a mapping, .*one by one"),
        ([[1.0, 2.0], [3.0]], "got a list that is no array"),
    ],
)
def test_what_is_no_table_is_named(given, message):
    with pytest.raises(BadInput, match=message):
        rdm(given)


def test_tensors_are_taken_and_those_with_a_gradient_named():
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(rdm(torch.tensor(X), "euclidean").vector, pdist(X) ** 2 / 9)
    with pytest.raises(BadInput, match="got a Tensor that is no array"):
        rdm(torch.tensor(X, requires_grad=True), "euclidean")


def test_an_rdm_keeps_its_own_numbers():
    mine = np.array([1.0, 2.0, 3.0])
    kept = RDM(mine, labels="abc")
    mine[0] = 99.0
    assert kept.vector[0] == 1.0


@pytest.mark.parametrize("names", [("a", "a", "a 1"), ("", "model 1", "model 1 (1)"), ("x", "y", "z")])
def test_every_model_keeps_a_name_of_its_own(generator, names):
    models = [RDM(generator.uniform(size=28), labels=LABELS, name=name) for name in names]
    data = [RDM(generator.uniform(size=28), labels=LABELS) for _ in range(3)]
    result = rsa(models, data)
    assert len(set(result.models)) == len(result.interval) == 3
    for row, model in enumerate(models):
        alone = rsa(model, data).scores.values[0]
        np.testing.assert_array_equal(result.scores.values[row], alone)


@pytest.mark.parametrize("value", [200.0, 0, True, "many"])
def test_counts_are_whole_numbers(generator, value):
    one = RDM(generator.uniform(size=28), labels=LABELS)
    with pytest.raises(BadInput, match=r"^n_bootstrap: got .*, expected a whole number"):
        rsa(one, [one, one], bootstrap="both", n_bootstrap=value)
    with pytest.raises(BadInput, match=r"^n: got .*, expected a whole number of draws, at least 2"):
        bootstrap([1.0, 2.0, 3.0], n=value)
    with pytest.raises(BadInput, match=r"^n: got .*, expected a whole number of shuffles, at least 1"):
        permutation_test([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], n=value)


def test_noise_ceiling_finds_repeats_by_condition(generator):
    values = generator.normal(size=(40, 2))
    labels = np.repeat(np.arange(10), 4)
    by_condition = noise_ceiling(make_responses(values, trial={"condition": labels}))
    by_stimulus = noise_ceiling(make_responses(values, trial={"stimulus": labels}))
    np.testing.assert_array_equal(by_condition.value, by_stimulus.value)


def test_noise_ceiling_takes_no_missing_label_for_a_stimulus(generator):
    labels = np.array([*"aabbccdd", None, None], dtype=object)
    r = make_responses(generator.normal(size=(10, 2)), trial={"stimulus": labels})
    with pytest.raises(BadInput, match=r"label 'stimulus': got no value \(None or NaN\) for 2 trials"):
        noise_ceiling(r)


def test_nothing_is_written_to_the_input(generator):
    values = np.abs(generator.normal(size=(12, 1, 5)))
    before = values.copy()
    r = make_responses(values, trial={"stimulus": list("abcd") * 3, "run": np.repeat(np.arange(3), 4)})
    for metric in ("correlation", "cosine", "euclidean", "mahalanobis", "crossnobis", "poisson_kl", "poisson_kl_cv"):
        rdm(r, metric)
        rdm(values[:4, 0], metric if metric in ("correlation", "cosine", "euclidean") else "euclidean")
    noise_ceiling(r)
    np.testing.assert_array_equal(values, before)


def test_unsorted_conditions_unequal_trials_and_odd_memory(generator):
    values = generator.normal(size=(9, 8))[:, ::2].astype(np.float32)
    labels = ["ü", "b", "a", "ü", "ζ", "b", "ü", "a", "a"]
    order = ["ü", "b", "a", "ζ"]
    means = np.stack([values[[lab == c for lab in labels]].astype(float).mean(axis=0) for c in order])
    found = rdm(values, "euclidean", labels=labels)
    assert found.labels == tuple(order)
    np.testing.assert_allclose(found.vector, pdist(means) ** 2 / 4, rtol=1e-12)


def test_crossnobis_is_what_its_definition_says(generator):
    cond, run = np.repeat(np.arange(4), 6), np.tile(np.arange(3), 8)
    kept = generator.permutation(24)[:20]
    cond, run, values = cond[kept], run[kept], generator.normal(size=(20, 5))
    root = generator.normal(size=(5, 5))
    precision = root @ root.T
    wanted = []
    for a, b in itertools.combinations(dict.fromkeys(cond.tolist()), 2):
        total = weights = 0.0
        for r, s in itertools.combinations(range(3), 2):
            counts = [[((cond == c) & (run == q)).sum() for c in (a, b)] for q in (r, s)]
            if min(map(min, counts)) == 0:
                continue
            in_run = [values[run == q] for q in (r, s)], [cond[run == q] for q in (r, s)]
            deltas = [v[c == a].mean(axis=0) - v[c == b].mean(axis=0) for v, c in zip(*in_run, strict=True)]
            weight = np.prod([n * m / (n + m) for n, m in counts])
            total += weight * (deltas[0] @ precision @ deltas[1]) / 5
            weights += weight
        wanted.append(total / weights)
    found = rdm(values, "crossnobis", labels=cond, runs=run, noise=precision)
    np.testing.assert_allclose(found.vector, wanted, rtol=1e-10)
