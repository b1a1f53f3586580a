"""dPCA as a whole: planted axes found, variance accounted for, ridge chosen, significance in time, refusals."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import dpca
from tertium.dynamics.demixed.marginals import default_groups, marginalise
from tertium.dynamics.demixed.significance import long_runs
from tertium.errors import BadInput
from tertium.rng import Seeds

LABELS = ["stimulus", "decision"]
N_TIMES = 40


def latents(stimulus, decision):
    """Time, stimulus (around 0.35 s) and decision (after 0.5 s), shape (..., time, 3)."""
    t = np.linspace(0, 1, N_TIMES)
    s, d = np.asarray(stimulus)[..., None], np.asarray(decision)[..., None]
    ramp = np.clip(t - 0.5, 0, None) * 4
    return np.stack(
        [
            np.broadcast_to(2 * np.sin(4 * t), (*np.shape(stimulus), N_TIMES)),
            (s - 1.5) * np.exp(-((t - 0.35) ** 2) / 0.01),
            (d - 0.5) * ramp,
        ],
        axis=-1,
    )


def planted(n_units=40, n_trials=10, noise=1.0, seed=0):
    rng = Seeds(seed).numpy("planted")
    axes = rng.normal(size=(3, n_units))
    axes[2] += 0.6 * axes[1]  # stimulus and decision overlap
    stimulus, decision = (k.ravel() for k in np.indices((4, 2)).reshape(2, -1).repeat(n_trials, axis=1))
    values = latents(stimulus, decision) @ axes + noise * rng.normal(size=(len(stimulus), N_TIMES, n_units))
    return make_responses(values, dt=0.025, trial={"stimulus": stimulus, "decision": decision}), axes


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_axes_and_components_are_recovered(seed):
    r, axes = planted(seed=seed, noise=0.5)
    found = dpca(r, LABELS, n_components=3, seed=seed)
    units = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    truth = latents(*np.indices((4, 2)))
    for name, axis, index in (("time", units[0], 0), ("stimulus", units[1], 1), ("decision", units[2], 2)):
        first = found.of(name)[0]
        # overlapping axes are told apart, which principal components (orthogonal) cannot
        assert abs(found.encoder[:, first] @ axis) > 0.99
        read = found.components[first].ravel()
        assert abs(np.corrcoef(read, truth[..., index].ravel())[0, 1]) > 0.98
        g = found.groups.index(name)
        assert found.explained.by_group[first, g] > 0.9 * found.explained.alone[first]
    assert [found.group[i] for i in range(3)].count("stimulus x decision") == 0
    assert abs(found.signal["stimulus x decision"]) < 0.01


def test_without_noise_all_is_explained():
    axes = Seeds(0).numpy("axes").normal(size=(3, 20))
    table = np.moveaxis(latents(*np.indices((4, 2))) @ axes, -1, 0)
    found = dpca(table, LABELS, ridge=0.0, n_components=2)
    assert len(found) == 3
    assert found.explained.cumulative[-1] == pytest.approx(1.0, abs=1e-9)
    for i, name in enumerate(found.group):
        assert found.explained.by_group[i].sum() == pytest.approx(found.explained.alone[i], abs=1e-12)
        assert found.explained.alone[i] == pytest.approx(found.marginal[name], abs=1e-9)


def test_explained_variance_by_definition():
    r, _ = planted(n_units=12, n_trials=3, noise=3.0)
    found = dpca(r, LABELS, n_components=4, ridge=0.1)
    table = np.moveaxis(np.stack([r.values[i : i + 3].mean(0) for i in range(0, 24, 3)]), -1, 0).reshape(12, 4, 2, -1)
    parts = {k: v.reshape(12, -1) for k, v in marginalise(table, default_groups(LABELS), LABELS).items()}
    x = sum(parts.values())
    assert sum(found.marginal.values()) == pytest.approx(1.0, abs=1e-12)
    for i in range(len(found)):
        f, d = found.encoder[:, [i]], found.decoder[:, [i]]
        assert found.explained.alone[i] == pytest.approx(1 - ((x - f @ d.T @ x) ** 2).sum() / (x**2).sum(), abs=1e-12)
        whole = found.encoder[:, : i + 1] @ found.decoder[:, : i + 1].T @ x
        assert found.explained.cumulative[i] == pytest.approx(1 - ((x - whole) ** 2).sum() / (x**2).sum(), abs=1e-12)
        for g, part in enumerate(parts.values()):
            gain = ((part**2).sum() - ((part - f @ d.T @ part) ** 2).sum()) / (x**2).sum()
            assert found.explained.by_group[i, g] == pytest.approx(gain, abs=1e-12)
    singular = np.linalg.svd(x, compute_uv=False)
    wanted = np.cumsum(singular**2)[: len(found)] / (x**2).sum()
    assert (len(found), len(wanted)) == (16, 12)
    np.testing.assert_allclose(found.explained.cumulative_pca, np.pad(wanted, (0, 4), "edge"), atol=1e-12)
    assert (found.explained.cumulative <= found.explained.cumulative_pca + 1e-12).all()


def test_validation_by_definition():
    """The errors of one held-out set, written out with the matrices themselves."""
    from tertium.dynamics.demixed.noise import NoiseCovariance
    from tertium.dynamics.demixed.pseudo_population import pseudo_population
    from tertium.dynamics.demixed.regression import fit_parts
    from tertium.dynamics.demixed.validation import validate_ridge

    r, _ = planted(n_units=8, n_trials=4, noise=2.0)
    made, groups = pseudo_population(r, LABELS), default_groups(LABELS)
    n, noise = dict.fromkeys(groups, 3), NoiseCovariance(made, "diagonal")
    found = validate_ridge(made, groups, n, noise, [0.01, 0.3], 1, Seeds(5))
    held = made.draw(Seeds(5).numpy("held 0"))
    parts = {
        k: v.reshape(8, -1) for k, v in marginalise(made.without(held).reshape(8, 4, 2, -1), groups, LABELS).items()
    }
    test = held.reshape(8, -1)
    test = test - test.mean(1, keepdims=True)
    for i, ridge in enumerate([0.01, 0.3]):
        fits = fit_parts(parts, noise.without(held), n, dict.fromkeys(groups, ridge))
        for g, (name, part) in enumerate(parts.items()):
            encoder, decoder = fits[name]
            error = ((part - encoder @ (decoder.T @ test)) ** 2).sum() / (part**2).sum()
            assert found.errors[0, i, g] == pytest.approx(error, rel=1e-9)


def test_ridge_grows_with_noise_and_helps():
    """Without the noise term, few noisy trials of many units need a ridge; clean ones do not."""
    clean, _ = planted(n_units=60, n_trials=4, noise=0.02)
    noisy, _ = planted(n_units=60, n_trials=4, noise=6.0)
    weak = dpca(clean, LABELS, noise=None, n_components=3)
    strong = dpca(noisy, LABELS, noise=None, n_components=3)
    assert strong.ridge["time"] > 10 * weak.ridge["time"]
    assert not strong.validation.at_edge
    none = dpca(noisy, LABELS, noise=None, n_components=3, ridge=0.0)

    truth = np.moveaxis(clean.values[::4], -1, 0).reshape(60, 4, 2, N_TIMES)
    parts = marginalise(truth, default_groups(LABELS), LABELS)

    fresh = clean.values + 6.0 * Seeds(8).numpy("fresh").normal(size=clean.shape)

    def error(found):  # of the true marginalisations, from new single trials
        read = (fresh - found.mean) @ found.decoder
        total = 0.0
        for name, part in parts.items():
            own = found.of(name)
            wanted = np.moveaxis(part.reshape(60, 8, N_TIMES), 0, -1).repeat(4, axis=0)
            total += ((wanted - read[..., own] @ found.encoder[:, own].T) ** 2).sum()
        return total

    assert error(strong) < 0.8 * error(none)


def test_significance_in_time():
    r, _ = planted(n_units=25, n_trials=8, noise=2.0)
    found = dpca(r, LABELS, n_components=3, ridge=0.1, n_shuffles=15, n_splits=12, run=5)
    t = found.time
    marks = {name: found.significance.significant[name][0] for name in found.significance.accuracy}
    assert set(marks) == {"stimulus", "decision", "stimulus x decision"}
    assert found.significance.chance == {"stimulus": 0.25, "decision": 0.5, "stimulus x decision": 0.125}
    assert marks["stimulus"][np.abs(t - 0.35) < 0.08].all()
    assert not marks["stimulus"][np.abs(t - 0.35) > 0.3].any()
    assert marks["decision"][t > 0.75].all()
    assert not marks["decision"][t < 0.45].any()
    assert not marks["stimulus x decision"].any()  # there is none
    shuffled = found.significance.shuffled["decision"]
    assert shuffled.mean() == pytest.approx(0.5, abs=0.05)


def test_labels_that_mean_nothing_are_not_significant():
    r, _ = planted(n_units=25, n_trials=8, noise=2.0)
    mixed = r.copy()
    order = Seeds(7).numpy("order").permutation(r.sizes["trial"])
    mixed.values = r.values[order]
    found = dpca(mixed, LABELS, n_components=2, ridge=0.1, n_shuffles=15, n_splits=12, run=5)
    assert not any(marks.any() for marks in found.significance.significant.values())


def test_long_runs():
    marks = np.array([1, 0, 1, 1, 1, 0, 0, 1, 1], dtype=bool)
    assert long_runs(marks, 2).tolist() == [False, False, True, True, True, False, False, True, True]
    assert not long_runs(marks, 4).any()


def test_same_seed_same_result_and_other_seed_not():
    r, _ = planted(n_units=10, n_trials=3, noise=3.0)
    a, b, c = (dpca(r, LABELS, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.validation.errors, b.validation.errors)
    assert np.array_equal(a.encoder, b.encoder)
    assert not np.array_equal(a.validation.errors, c.validation.errors)


def test_transform_and_table_and_figures():
    r, _ = planted(n_units=10, n_trials=3)
    found = dpca(r, LABELS, n_components=2)
    read = found.transform(r)
    assert read.shape == (24, N_TIMES, len(found))
    np.testing.assert_allclose(
        read.reshape(4, 2, 3, N_TIMES, -1).mean(2), np.moveaxis(found.components, 0, -1), atol=1e-10
    )
    table = found.table()
    assert list(table.index) == list(range(1, len(found) + 1))
    assert table["explained"].is_monotonic_decreasing
    assert "time (s)" in [axis.title.text for axis in found.figure().select_xaxes()]
    assert found.variance_figure().layout.yaxis.title.text == "explained variance (%)"
    assert found.axes_figure().data[0].z.shape == (len(found), len(found))
    assert len(found.validation_figure().data) == 15  # 4 marginalisations and all: line, two edges
    with pytest.raises(BadInput, match="same units"):
        found.transform(np.zeros((3, 9)))
    with pytest.raises(BadInput, match="marginalisation"):
        found.of("colour")


def test_bad_input():
    r, _ = planted(n_units=4, n_trials=2)
    table = np.zeros((4, 3, 2, 5))
    cases = [
        (lambda: dpca(r, ["stimulus", "time"]), "labels"),
        (lambda: dpca(r, ["colour"]), "colour"),
        (lambda: dpca(r, LABELS, ridge=-1.0), "ridge of time"),
        (lambda: dpca(r, LABELS, ridge="best"), "'cv' or a number"),
        (lambda: dpca(r, LABELS, ridges=[]), "ridges"),
        (lambda: dpca(r, LABELS, n_components=0), "at least one component"),
        (lambda: dpca(r, LABELS, n_components={"time": 1}), "one for each of"),
        (lambda: dpca(r, LABELS, noise="some"), "noise"),
        (lambda: dpca(r, LABELS, repeats=0), "repeats"),
        (lambda: dpca(r, LABELS, n_shuffles=-1), "n_shuffles"),
        (lambda: dpca(table, LABELS), "no trials to hold out"),
        (lambda: dpca(table, LABELS, ridge=0.0), "never change"),
        (lambda: dpca(table, ["stimulus"], ridge=0.0), "shape"),
        (lambda: dpca(np.ones((4, 3, 1, 5)), LABELS, ridge=0.0), "two levels"),
        (lambda: dpca(np.where(np.arange(5) == 2, np.nan, table + 1), LABELS, ridge=0.0), "average of unit 0"),
        (
            lambda: dpca(np.random.default_rng(0).normal(size=(4, 3, 2, 5)), LABELS, ridge=0.0, n_shuffles=3),
            "no trials to shuffle",
        ),
        (lambda: dpca(r.isel(trial=r["stimulus"].values == 0), LABELS), "one level"),
    ]
    for call, words in cases:
        with pytest.raises(BadInput, match=words):
            call()
