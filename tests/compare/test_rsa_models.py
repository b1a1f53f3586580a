"""Flexible models: fitted weights, readouts, and folds that keep copies of a stimulus together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from tertium.compare.inference import rsa
from tertium.compare.rdm_inference.evaluate import crossvalidate
from tertium.compare.rdm_inference.folds import default_folds
from tertium.compare.rdm_inference.folds import test_folds as cut_folds
from tertium.compare.rdm_inference.models import WeightedModel, fit_weights
from tertium.compare.rdm_inference.remixed import RemixedModel, train_readout
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity import reference
from tertium.compare.similarity.engine import METHODS
from tertium.compare.similarity.pairs import Pairs
from tertium.errors import BadInput

N = 30
LABELS = tuple(map(str, range(N)))
FIRST, SECOND = np.triu_indices(N, 1)


def squared(x: np.ndarray, name: str = "") -> RDM:
    return RDM(((x[FIRST] - x[SECOND]) ** 2).sum(axis=1), LABELS, name=name)


@pytest.fixture(scope="module")
def components() -> list[RDM]:
    rng = np.random.default_rng(0)
    return [squared(rng.normal(size=(N, 6)), name) for name in "abc"]


@pytest.fixture(scope="module")
def mixture(components: list[RDM]) -> list[RDM]:
    rng = np.random.default_rng(1)
    clean = 3.0 * components[0].vector + 1.0 * components[1].vector
    return [RDM(clean + 4 * rng.normal(size=len(clean)), LABELS) for _ in range(4)]


@pytest.mark.parametrize("method", METHODS)
def test_planted_weights_are_recovered(components, mixture, method) -> None:
    weights = WeightedModel(components).fit(mixture, method).weights
    assert weights["a"] / weights["b"] == pytest.approx(3.0, rel=0.15)
    assert weights["c"] < 0.05 * weights["a"]


def test_weights_equal_nnls_on_a_draw_written_out(components, mixture) -> None:
    counts = np.bincount(np.random.default_rng(3).integers(0, N, N), minlength=N)
    stacked = np.stack([c.vector for c in components])
    data = np.stack([d.vector for d in mixture])
    drawn = np.repeat(np.arange(N), counts)
    x = np.stack([reference.expand(v, FIRST, SECOND, drawn) for v in stacked])
    y = np.stack([reference.expand(v, FIRST, SECOND, drawn) for v in data])
    target = (y / np.sqrt((y**2).mean(axis=1, keepdims=True))).mean(axis=0)
    found = fit_weights(stacked, data, Pairs.all(N), counts, "cosine")
    assert found == pytest.approx(nnls(x.T, target)[0], abs=1e-8)
    z = (y - y.mean(axis=1, keepdims=True)) / y.std(axis=1, keepdims=True)
    centred = x - x.mean(axis=1, keepdims=True)
    found = fit_weights(stacked, data, Pairs.all(N), counts, "pearson")
    assert found == pytest.approx(nnls(centred.T, z.mean(axis=0))[0], abs=1e-8)
    i, j = np.triu_indices(len(drawn), 1)
    apart = drawn[i] != drawn[j]
    whiten = np.linalg.cholesky(np.linalg.inv(reference.dissimilarity_covariance(i[apart], j[apart]))).T
    found = fit_weights(stacked, data, Pairs.all(N), counts, "whitened_cosine")
    assert found == pytest.approx(nnls(whiten @ x.T, whiten @ target)[0], abs=1e-8)


def test_weights_ignore_the_held_out_stimuli(components, mixture) -> None:
    training = (np.arange(N) < 20).astype(int)
    stacked, data = np.stack([c.vector for c in components]), np.stack([d.vector for d in mixture])
    outside = (FIRST >= 20) | (SECOND >= 20)
    spoiled = data + 1000.0 * outside * np.random.default_rng(0).random(len(outside))
    for method in METHODS:
        expected = fit_weights(stacked, data, Pairs.all(N), training, method)
        assert fit_weights(stacked, spoiled, Pairs.all(N), training, method) == pytest.approx(expected, abs=1e-12)


def test_a_component_that_never_varies_gets_no_weight(components, mixture) -> None:
    flat = RDM(np.ones(len(FIRST)), LABELS, name="flat")
    assert WeightedModel([components[0], flat]).fit(mixture, "pearson").weights["flat"] == 0


def test_fitted_model_predicts_other_stimuli(components, mixture) -> None:
    fitted = WeightedModel(components).fit(mixture, stimuli=LABELS[:15])
    expected = sum(fitted.weights[c.name] * c.vector for c in components)
    assert fitted.predict().vector == pytest.approx(expected)
    assert fitted.predict(LABELS[15:]).n_conditions == 15
    with pytest.raises(BadInput, match="'nobody', expected at least 3 of the data's labels"):
        WeightedModel(components).fit(mixture, stimuli=["nobody", "1", "2"])


def test_copies_of_a_stimulus_never_straddle_folds() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = np.bincount(rng.integers(0, N, N), minlength=N)
        member = cut_folds(counts, 3, rng)
        assert (member.sum(axis=0) == (counts > 0)).all()
        assert np.ptp(member.sum(axis=1)) <= 1
    assert [default_folds(n) for n in (6, 200)] == [2, 5]


def test_weighting_beats_its_components_where_they_mix(components, mixture) -> None:
    result = rsa([*components, WeightedModel(components)], mixture, "pearson", bootstrap="both", n_bootstrap=40)
    assert result.n_folds == 3
    assert result.mean["weighted"] > max(result.mean[name] for name in "abc")
    tests = result.compare().set_index(["family", "model", "other"])
    assert tests.loc[("pair", "b", "weighted"), "p"] < 0.05
    assert result.ceiling[0] < result.ceiling[1]
    assert "held-out stimuli, 3 folds" in result.figure().layout.title.text


def test_weighting_does_not_help_where_nothing_is_to_be_found() -> None:
    # 25 random components fit 435 noisy pairs well in-sample; held out they must not.
    rng = np.random.default_rng(0)
    many = [squared(rng.normal(size=(N, 3)), f"c{i}") for i in range(25)]
    noise = [squared(rng.normal(size=(N, 3))) for _ in range(6)]
    model = WeightedModel(many)
    inside = np.mean([reference.pearson(model.fit(d).rdm.vector, d.vector) for d in noise])
    outside = np.mean([next(iter(rsa(model, d, "pearson").mean.values())) for d in noise])
    assert inside > 0.25
    assert abs(outside) < 0.1


def test_fold_scores_of_a_fixed_model_are_scores_of_the_folds_stimuli(components, mixture) -> None:
    scores = crossvalidate(components[0], mixture, 3, "spearman", seed=2)
    from tertium.rng import Seeds

    member = cut_folds(np.ones(N, dtype=int), 3, Seeds(2).numpy("folds"))
    for fold in range(3):
        kept = [LABELS[i] for i in np.flatnonzero(member[fold])]
        expected = rsa(components[0].subset(kept), [d.subset(kept) for d in mixture], "spearman").values[0]
        assert scores.values[0, fold, 0] == pytest.approx(expected, abs=1e-12)


def two_kinds(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of 40 units, one of which tells a category."""
    rng = np.random.default_rng(seed)
    kind = np.arange(N) % 2 == 0
    features = rng.normal(size=(N, 40))
    features[:, 0] = np.where(kind, 2.5, -2.5) + 0.5 * rng.normal(size=N)
    return features, kind


def test_leaving_out_in_closed_form_equals_training_without() -> None:
    features, kind = two_kinds()
    target = np.where(kind, 1.0, -1.0)
    kernel = features @ features.T
    counts = np.bincount(np.random.default_rng(1).integers(0, N, N), minlength=N)
    left_out, _ = train_readout(kernel, target, counts, 0.3)
    # By hand, in the space of units: weights and mean of the whole training set, one stimulus's copies taken away.
    mean = counts @ features / counts.sum()
    x = features - mean
    length = counts @ (x**2).sum(axis=1) / counts.sum()
    x = np.c_[x, np.full(N, 10.0 * np.sqrt(length))]
    positive = counts[kind].sum()
    weight = counts * np.where(kind, counts.sum() / (2 * positive), counts.sum() / (2 * (counts.sum() - positive)))
    for i in np.flatnonzero(counts)[:6]:
        w = weight.copy().astype(float)
        w[i] = 0
        gram = (x * w[:, None]).T @ x + 0.3 * length * counts.sum() * np.eye(x.shape[1])
        assert left_out[i] == pytest.approx(x[i] @ np.linalg.solve(gram, (x * w[:, None]).T @ target), abs=1e-8)


def test_remixing_finds_a_category_that_the_layer_hides() -> None:
    features, kind = two_kinds()
    layer = squared(features, "layer")
    rng = np.random.default_rng(2)
    category = (kind[FIRST] != kind[SECOND]) * 1.0
    data = [RDM(category + 0.5 * rng.normal(size=len(category)), LABELS) for _ in range(4)]
    remixed = RemixedModel(features, LABELS, {"kind": kind}, layers=[layer])
    shuffled = RemixedModel(features, LABELS, {"kind": rng.permutation(kind)}, layers=[layer], name="shuffled")
    models = {"layer": layer, "remixed": remixed, "shuffled": shuffled}
    result = rsa(models, data, "kendall_tau_a", bootstrap="stimuli", n_bootstrap=30)
    assert result.mean["remixed"] > result.mean["layer"] + 0.1
    assert result.mean["remixed"] > result.mean["shuffled"] + 0.1
    weights = remixed.fit(data).weights
    assert weights["readout kind"] > 0


def test_readouts_see_no_labels_of_held_out_stimuli() -> None:
    features, kind = two_kinds()
    training = (np.arange(N) < 20).astype(int)
    turned = kind.copy()
    turned[20:] = ~turned[20:]
    for given in (kind, turned):
        components = RemixedModel(features, LABELS, {"kind": given}).prepare(LABELS)
        to_fit, to_predict = components.of(training)
        if given is kind:
            first = to_predict
    assert to_predict == pytest.approx(first, abs=1e-12)
    assert to_fit.shape == (1, len(FIRST))


def test_readouts_trained_on_separate_images() -> None:
    features, kind = two_kinds(0)
    rng = np.random.default_rng(5)
    other_kind = np.arange(200) % 2 == 0
    images = rng.normal(size=(200, 40))
    images[:, 0] += np.where(other_kind, 2.5, -2.5)
    model = RemixedModel(features, LABELS, {"kind": other_kind}, training_features=images)
    category = RDM((kind[FIRST] != kind[SECOND]) * 1.0, LABELS, name="kind")
    assert rsa(model, category, "pearson").mean["remixed"] > 0.7


def test_order_of_stimuli_does_not_matter(components, mixture) -> None:
    features, kind = two_kinds()
    order = np.random.default_rng(0).permutation(N)
    one = RemixedModel(features, LABELS, {"kind": kind}, layers=components)
    turned = RemixedModel(features[order], [LABELS[i] for i in order], {"kind": kind[order]}, layers=components)
    assert one.fit(mixture).weights == pytest.approx(turned.fit(mixture).weights, abs=1e-9)


def test_bad_models_are_named(components) -> None:
    features, kind = two_kinds()
    with pytest.raises(BadInput, match="category 'kind': got 1 members and 29 others"):
        RemixedModel(features, LABELS, {"kind": np.arange(N) == 0})
    with pytest.raises(BadInput, match=r"category 'kind': got .* of shape \(5,\), expected 30 booleans"):
        RemixedModel(features, LABELS, {"kind": kind[:5]})
    with pytest.raises(BadInput, match=r"features: got shape \(30, 40\), expected shape \(29, unit\)"):
        RemixedModel(features, LABELS[1:], {"kind": kind})
    with pytest.raises(BadInput, match="features: got NaN"):
        RemixedModel(features * np.nan, LABELS, {"kind": kind})
    with pytest.raises(BadInput, match="shrinkage"):
        RemixedModel(features, LABELS, {"kind": kind}, shrinkage=0)
    with pytest.raises(BadInput, match="3 and 40 units"):
        RemixedModel(features, LABELS, {"kind": kind}, training_features=features[:, :3])
    with pytest.raises(BadInput, match="categories: got none"):
        RemixedModel(features, LABELS, {})
    with pytest.raises(BadInput, match="only in component 'b'"):
        WeightedModel([components[0], RDM(np.arange(435.0), range(1, 31), name="b")])
    with pytest.raises(BadInput, match="component 'hole': got 1 NaN"):
        WeightedModel([RDM(np.r_[np.nan, np.ones(434)], LABELS, name="hole")])
