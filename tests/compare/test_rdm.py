"""The labelled front: which trials make which rows, options, groups of units, time, and errors of one line."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from tertium import compare
from tertium.compare.distances.crossnobis import crossnobis, crossnobis_across
from tertium.compare.distances.mahalanobis import mahalanobis
from tertium.compare.noise_precision import noise_precision, noise_residuals
from tertium.data.responses import make_responses
from tertium.errors import BadInput, UnknownName
from tertium.rng import Seeds

STIMULI = ("face", "hand", "house", "tool")


@pytest.fixture
def r():
    """4 stimuli x 3 runs x 2 trials, 5 time bins, 6 units in 2 layers."""
    random = Seeds(0).numpy("responses")
    stimulus = np.tile(np.repeat(STIMULI, 2), 3)
    which = np.tile(np.repeat(np.arange(4), 2), 3)
    values = 3.0 + random.normal(size=(4, 5, 6))[which] + 0.5 * random.normal(size=(24, 5, 6))
    return make_responses(
        np.abs(values),
        dt=0.1,
        trial={
            "stimulus": stimulus,
            "run": np.repeat(["r1", "r2", "r3"], 8),
            "category": np.where(which < 2, "animate", "inanimate"),
            "rt": random.random(24),
        },
        unit={"layer": ["a", "a", "b", "b", "b", "b"]},
        quantity="rate",
        source="monkey N",
    )


def means(r, over="time"):
    x = r.values.mean(axis=1) if over == "time" else r.values.reshape(24, -1)
    return np.array([x[r.stimulus.values == s].mean(axis=0) for s in STIMULI])


def test_trials_of_a_stimulus_are_averaged(r):
    found = compare.rdm(r, by="stimulus")
    np.testing.assert_allclose(found.vector, 1 - np.corrcoef(means(r))[np.triu_indices(4, 1)], atol=1e-12)
    assert found.labels == STIMULI
    assert found.metric == "correlation"
    assert found.name == "monkey N"


def test_labels_constant_within_conditions_become_groups(r):
    assert compare.rdm(r, by="stimulus").groups == {"category": ("animate", "animate", "inanimate", "inanimate")}


@pytest.mark.parametrize(
    ("metric", "oracle"), [("euclidean", "sqeuclidean"), ("cosine", "cosine"), ("correlation", "correlation")]
)
@pytest.mark.parametrize("time", ["mean", "concatenate"])
def test_against_scipy(r, metric, oracle, time):
    x = means(r, "time" if time == "mean" else "no")
    expected = pdist(x, oracle) / (x.shape[1] if metric == "euclidean" else 1)
    np.testing.assert_allclose(compare.rdm(r, metric, "stimulus", time=time).vector, expected, rtol=1e-10)


def test_the_stimulus_stands_in_for_a_missing_condition(r):
    np.testing.assert_array_equal(compare.rdm(r).vector, compare.rdm(r, by="stimulus").vector)
    labelled = r.assign_coords(condition=("trial", r.category.values))
    assert compare.rdm(labelled).labels == ("animate", "inanimate")


def test_single_trials(r):
    found = compare.rdm(r, "euclidean", by="trial")
    assert found.n_conditions == 24
    np.testing.assert_allclose(found.vector, pdist(r.values.mean(axis=1), "sqeuclidean") / 6, rtol=1e-10)


def test_averaged_responses_keep_their_order(r):
    averaged = r.groupby("stimulus").mean("trial").rename(stimulus="condition")
    averaged.attrs = r.attrs
    found = compare.rdm(averaged.isel(condition=[2, 0, 1]), "euclidean")
    assert found.labels == ("house", "face", "hand")


def test_plain_arrays():
    x = np.arange(12.0).reshape(4, 3) ** 2
    np.testing.assert_allclose(compare.rdm(x, "euclidean").vector, pdist(x, "sqeuclidean") / 3)
    assert compare.rdm(x, labels=[3, 1, 2, 0]).labels == ("3", "1", "2", "0")
    folded = compare.rdm(x, "crossnobis", labels=["a", "b", "a", "b"], runs=[0, 0, 1, 1])
    np.testing.assert_allclose(folded.vector, (x[0] - x[1]) @ (x[2] - x[3]) / 3)


def test_crossnobis_uses_the_label_run(r):
    x = r.values.mean(axis=1)
    condition = np.tile(np.repeat(np.arange(4), 2), 3)
    run = np.repeat(np.arange(3), 8)
    np.testing.assert_allclose(compare.rdm(r, "crossnobis").vector, crossnobis(x, condition, run), rtol=1e-12)
    np.testing.assert_allclose(compare.rdm(r, "crossnobis", runs=run).vector, crossnobis(x, condition, run), rtol=1e-12)
    unnamed = compare.rdm(r.drop_vars("run"), "crossnobis").vector
    np.testing.assert_allclose(unnamed, crossnobis_across(x, condition), rtol=1e-12)
    repeats = r.drop_vars("run").assign_coords(repeat=("trial", run))
    np.testing.assert_allclose(compare.rdm(repeats, "crossnobis").vector, crossnobis(x, condition, run), rtol=1e-12)


def test_identity_noise_is_the_euclidean_crossnobis(r):
    plain = compare.rdm(r, "crossnobis").vector
    np.testing.assert_allclose(compare.rdm(r, "crossnobis", noise=np.eye(6)).vector, plain, rtol=1e-10)
    by_run = {run: np.eye(6) for run in ("r1", "r2", "r3")}
    np.testing.assert_allclose(compare.rdm(r, "crossnobis", noise=by_run).vector, plain, rtol=1e-10)
    np.testing.assert_allclose(
        compare.rdm(r, "mahalanobis", noise=np.ones(6)).vector, compare.rdm(r, "euclidean").vector, rtol=1e-10
    )


@pytest.mark.parametrize("noise", ["diagonal", "shrinkage", "shrinkage_diagonal", "full"])
def test_named_noise_is_estimated_from_repeats(r, noise):
    x = r.values.mean(axis=1)
    condition, run = np.tile(np.repeat(np.arange(4), 2), 3), np.repeat(np.arange(3), 8)
    left, freedom = noise_residuals(x, condition, run)
    p = noise_precision(left, freedom.sum(), noise)
    np.testing.assert_allclose(
        compare.rdm(r, "crossnobis", noise=noise).vector, crossnobis(x, condition, run, precision=p), rtol=1e-9
    )
    np.testing.assert_allclose(compare.rdm(r, "mahalanobis", noise=noise).vector, mahalanobis(means(r), p), rtol=1e-9)
    if noise == "diagonal":
        each = {k: noise_precision(left[run == k], freedom[run == k].sum(), noise) for k in range(3)}
        found = compare.rdm(r, "crossnobis", noise=noise, noise_by_run=True).vector
        np.testing.assert_allclose(found, crossnobis(x, condition, run, precision=each), rtol=1e-9)


def test_noise_estimated_from_the_same_trials_leaves_crossnobis_unbiased():
    """Two trials of each condition in each run: residuals within runs say nothing about the means of runs."""
    random = Seeds(2).numpy("null")
    condition, run = np.tile(np.repeat(np.arange(8), 2), 4), np.repeat(np.arange(4), 16)
    means = [
        compare.rdm(
            random.normal(size=(64, 12)), "crossnobis", labels=condition, runs=run, noise="shrinkage"
        ).vector.mean()
        for _ in range(300)
    ]
    error = np.std(means) / np.sqrt(len(means))
    assert abs(np.mean(means)) < 3.5 * error
    assert error < 0.02 * 2 / 8  # against the bias of the plain distance: 2 / (trials of a condition)


def test_mahalanobis_shrinks_unless_told_otherwise(r):
    np.testing.assert_array_equal(
        compare.rdm(r, "mahalanobis").vector, compare.rdm(r, "mahalanobis", noise="shrinkage").vector
    )


def test_missing_channels_have_to_be_announced(r):
    holed = r.copy(deep=True)
    holed.values[3, :, 2] = np.nan
    with pytest.raises(BadInput, match=r"got nan in row 3, channel 2 .*Pass missing=True"):
        compare.rdm(holed, "crossnobis")
    for noise in (None, "diagonal"):
        found = compare.rdm(holed, "crossnobis", missing=True, noise=noise).vector
        assert np.isfinite(found).all()
        # one trial of 24 lacks one unit of 6: close to the complete result, not equal
        complete = compare.rdm(r, "crossnobis", noise=noise).vector
        assert 0 < np.abs(found - complete).max() < 0.25 * np.abs(complete).max()
    with pytest.raises(BadInput, match="noise='shrinkage': got responses with missing channels"):
        compare.rdm(holed, "crossnobis", missing=True, noise="shrinkage")
    with pytest.raises(BadInput, match="missing channels: got metric 'cosine'"):
        compare.rdm(holed, "cosine", missing=True)


def test_layer_by_layer(r):
    found = compare.rdms_by(r, "layer", "euclidean")
    assert list(found) == ["a", "b"]
    assert found["b"].name == "b"
    np.testing.assert_allclose(found["a"].vector, pdist(means(r)[:, :2], "sqeuclidean") / 2, rtol=1e-10)
    with pytest.raises(BadInput, match="unit label 'region': got no such label on unit, expected one of layer, unit"):
        compare.rdms_by(r, "region")


def test_over_time(r):
    found = compare.rdm_over_time(r, "euclidean")
    np.testing.assert_allclose(list(found), np.arange(5) * 0.1)
    x = np.array([r.values[r.stimulus.values == s, 3].mean(axis=0) for s in STIMULI])
    np.testing.assert_allclose(list(found.values())[3].vector, pdist(x, "sqeuclidean") / 6, rtol=1e-10)
    assert list(found.values())[3].name == "monkey N 0.3 s"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "euclidian"}, "metric: got 'euclidian'.*Did you mean 'euclidean'"),
        ({"by": "stimulis"}, "by='stimulis': got no such label on trial.*Did you mean 'stimulus'"),
        ({"by": "layer"}, "by='layer': got a label of unit, expected one of trial.*rdms_by"),
        ({"metric": "crossnobis", "runs": "rum"}, "runs='rum': got no such label.*Did you mean 'run'"),
        ({"metric": "crossnobis", "runs": [1, 2]}, r"runs: got shape \(2,\), expected length 24"),
        ({"time": "each"}, "time: got 'each'.*rdm_over_time"),
        ({"noise": "shrinkage"}, "noise: got metric 'correlation', expected mahalanobis or crossnobis"),
        ({"metric": "crossnobis", "noise": "shrink"}, "noise estimate: got 'shrink'.*Did you mean 'shrinkage'"),
        ({"metric": "crossnobis", "noise_by_run": True}, "noise_by_run: got metric 'crossnobis'"),
        ({"metric": "crossnobis", "contrast": "within"}, "contrast: got 'within'.*Did you mean 'within_runs'"),
        ({"metric": "crossnobis", "noise": {"r1": np.ones(6)}}, "noise: got no precision for run 'r2'"),
        ({"metric": "crossnobis", "noise": np.ones(5)}, r"noise precision: got shape \(5,\), expected \(6, 6\)"),
        ({"labels": STIMULI}, "labels: got labels beside labelled responses"),
    ],
)
def test_bad_options(r, options, message):
    with pytest.raises((BadInput, UnknownName), match=message) as caught:
        compare.rdm(r, **options)
    assert "\n" not in str(caught.value)


def test_bad_responses(r):
    with pytest.raises(
        BadInput, match="neither a label 'condition' nor 'stimulus' on trial; there is category, rt, run"
    ):
        compare.rdm(r.drop_vars("stimulus"))
    with pytest.raises(BadInput, match="crossnobis: got 1 run, expected at least 2"):
        compare.rdm(r.isel(trial=slice(0, 8)), "crossnobis")
    with pytest.raises(BadInput, match="crossnobis of condition 'face': got a single run, or a single trial"):
        compare.rdm(r.drop_vars("run").isel(trial=slice(0, 8, 2)), "crossnobis")
    with pytest.raises(BadInput, match="got 1 condition, expected at least 2"):
        compare.rdm(r.isel(trial=slice(0, 2)))
    with pytest.raises(BadInput, match="responses: got an array of shape"):
        compare.rdm(np.zeros((2, 2, 2)))
    with pytest.raises(BadInput, match="condition 'hand': got a pattern that is the same"):
        compare.rdm(r.where(r.stimulus != "hand", 1.0))
    with pytest.raises(BadInput, match="condition 'house': got a negative rate in channel"):
        compare.rdm(r.where(r.stimulus != "house", -1.0), "poisson_kl")
    with pytest.raises(BadInput, match="label 'stimulus': got nan at row 0"):
        compare.rdm(r.assign_coords(stimulus=("trial", np.r_[np.nan, np.arange(23.0)])))
    with pytest.raises(BadInput, match="poisson_kl_cv: got no runs"):
        compare.rdm(r.drop_vars("run"), "poisson_kl_cv")
    with pytest.raises(BadInput, match="a precision for each run, and products across runs"):
        compare.rdm(r, "crossnobis", noise={"r1": np.ones(6)}, contrast="across_runs")


def test_the_input_is_left_alone(r):
    before = r.copy(deep=True)
    for metric in compare.METRICS:
        compare.rdm(r, metric)
    assert r.identical(before)


def test_no_array_of_pairs_by_channels_is_formed():
    """300 x 2000: pairs by channels would take 718 MB."""
    import tracemalloc

    x = Seeds(1).numpy("big").normal(size=(300, 2000))
    tracemalloc.start()
    for metric in ("correlation", "euclidean", "cosine"):
        compare.rdm(x, metric)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * x.nbytes  # a float64 copy, a centred one, and the matrix of pairs
