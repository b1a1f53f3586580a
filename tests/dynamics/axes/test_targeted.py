"""Targeted dimensionality reduction: planted axes come back, axes that are not there do not."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import tdr
from tertium.dynamics.axes.population import averages, population
from tertium.dynamics.axes.targeted.result import project_averages

NAMES = ["choice", "motion", "colour"]


def degrees(a, b):
    cosine = abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
    return float(np.degrees(np.arccos(min(1.0, cosine))))


def divided(planted, found):
    """Return the planted axes in units of z-scores."""
    return planted.axes / found.spreads[:, None]


def test_three_planted_axes_are_recovered_within_degrees(plant):
    planted = plant()
    found = tdr(planted.responses, NAMES, n_permutations=100)
    truth = divided(planted, found)
    off = [degrees(found.vectors[:, i], truth[:, i]) for i in range(3)]
    assert max(off) < 8  # noise of coefficients: about 1 / sqrt(600) a unit beside a signal of 1 to 1.5
    np.testing.assert_allclose(found.peaks, [0.8, 0.3, 0.5], atol=0.051)
    np.testing.assert_allclose(found.p, 1 / 101)
    assert found.n_pcs == 12


def test_coefficients_are_those_of_least_squares(plant):
    planted = plant(trials=80, units=5)
    found = tdr(planted.responses, NAMES, n_permutations=0, scale="none")
    r = planted.responses
    z = (r.values - r.values.mean((0, 1))) / r.values.std((0, 1))
    design = np.column_stack([np.ones(80), *(r[name].values for name in NAMES)])
    for t in (0, 7):
        expected = np.linalg.solve(design.T @ design, design.T @ z[:, t])
        np.testing.assert_allclose(found.coefficients[:, t], expected[1:], atol=1e-10)


def test_denoising_is_the_projection_on_the_components_of_the_averages(plant):
    found = tdr(plant(trials=200, units=15).responses, NAMES, n_pcs=4, n_permutations=0)
    rows = found.averages.reshape(-1, 15)
    values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False))
    kept = vectors[:, np.argsort(values)[::-1][:4]]
    np.testing.assert_allclose(found.denoised, found.coefficients @ kept @ kept.T, atol=1e-10)
    at = np.linalg.norm(found.denoised[0], axis=1).argmax()
    np.testing.assert_allclose(found.vectors[:, 0], found.denoised[0, at])
    assert found.peaks[0] == found.time[at]


def test_axes_are_orthonormal_in_the_order_given(plant):
    r = plant(units=20, correlated=0.6).responses
    first, second = (tdr(r, names, n_permutations=0) for names in (["choice", "motion"], ["motion", "choice"]))
    np.testing.assert_allclose(first.axes.T @ first.axes, np.eye(2), atol=1e-12)
    assert degrees(first.axes[:, 0], first.vectors[:, 0]) < 1e-4
    assert degrees(second.axes[:, 0], second.vectors[:, 0]) < 1e-4
    # Gram-Schmidt by hand
    other = first.vectors[:, 1] - first.axes[:, 0] * (first.axes[:, 0] @ first.vectors[:, 1])
    np.testing.assert_allclose(first.axes[:, 1], other / np.linalg.norm(other), atol=1e-12)
    np.testing.assert_allclose(first.vectors, second.vectors[:, ::-1], atol=1e-10)


def test_regression_tells_correlated_variables_apart(plant):
    planted = plant(trials=1500, correlated=0.7)
    r = planted.responses
    assert np.corrcoef(r["choice"], r["motion"])[0, 1] > 0.5
    found = tdr(r, NAMES, n_permutations=0)
    truth = divided(planted, found)
    assert max(degrees(found.vectors[:, i], truth[:, i]) for i in range(3)) < 8


def test_pseudo_population_finds_the_same_axes_as_one_recording(plant):
    """Units of six sessions with trials of their own, between 250 and 400."""
    units, rng = 30, np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(units, 3)))[0]
    sessions = {}
    for s in range(6):
        here = slice(5 * s, 5 * s + 5)
        one = plant(trials=250 + 30 * s, units=units, axes=axes, seed=s).responses
        sessions[f"day {s}"] = one.isel(unit=here)
    found = tdr(sessions, NAMES, n_permutations=50)
    truth = axes / found.spreads[:, None]
    assert max(degrees(found.vectors[:, i], truth[:, i]) for i in range(3)) < 12
    assert found.n_trials == tuple(250 + 30 * s for s in range(6))
    assert found.units[:2] == ("0", "1")
    np.testing.assert_allclose(found.p, 1 / 51)
    as_list = tdr(list(sessions.values()), NAMES, n_permutations=0)
    np.testing.assert_array_equal(as_list.axes, found.axes)


def test_names_of_units_that_recur_get_their_session(plant):
    a, b = plant(trials=100, units=3).responses, plant(trials=120, units=3, seed=1).responses
    assert tdr({"mon": a, "tue": b}, ["choice"], n_permutations=0).units[3] == "tue/0"


def test_interactions_are_axes_of_their_own():
    rng = np.random.default_rng(0)
    motion, context = rng.choice([-1, 1], (2, 400))
    values = rng.normal(size=(400, 6, 10))
    values[:, 3, 4] += 2 * motion * context
    labels = {"motion": motion, "context": context}
    found = tdr(
        values, ["motion", "context"], interactions=[("motion", "context")], labels=labels, n_permutations=200, dt=0.1
    )
    assert found.regressors == ("motion", "context", "motion:context")
    assert found.p[2] < 0.01 < found.p[:2].min()
    assert degrees(found.vectors[:, 2], np.eye(10)[4]) < 15  # noise of 9 coefficients of 1 / sqrt(400) beside 0.9
    assert found.peaks[2] == pytest.approx(0.3)


def test_p_values_of_a_variable_that_is_not_there_are_uniform():
    """Motion drives the units, choice follows motion and drives nothing: its p value must stay a p value."""
    p = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        motion = rng.choice([-1.0, -0.5, 0.5, 1.0], 60)
        choice = np.where(motion + 0.7 * rng.normal(size=60) > 0, 1, -1)
        values = rng.normal(size=(60, 4, 6))
        values[:, :, :2] += motion[:, None, None]
        labels = {"choice": choice, "motion": motion}
        p.append(tdr(values, ["choice", "motion"], labels=labels, n_permutations=99, seed=seed).p)
    choice_p, motion_p = np.array(p).T
    # 40 uniform numbers: mean 0.5 +- 0.046; below 0.05 on average 2, more than 7 in 1 of 1,000 such tests
    assert abs(choice_p.mean() - 0.5) < 0.14
    assert (choice_p < 0.05).sum() <= 7
    assert (motion_p < 0.05).mean() > 0.9


def test_errors_are_the_spread_over_repetitions():
    """Standard errors along a fixed axis of two sessions, against the spread of the mean over 300 experiments."""
    rng = np.random.default_rng(0)
    axis = np.array([[0.8], [0.0], [0.6]])
    means, errors = [], []
    for _ in range(300):
        noise = {n: rng.normal(size=(n, 4, 2)) * [2.0, 1.0] for n in (20, 60)}
        noise[60] = noise[60][:, :, :1]  # the third unit has trials of its own
        sessions = {
            str(n): make_responses(values, dt=0.1, trial={"choice": np.arange(n) % 2}) for n, values in noise.items()
        }
        one = population(sessions)
        mean, error = project_averages(one, averages(one, ["choice"], smooth=0.1), axis, 0.1)
        means.append(mean)
        errors.append(error)
    # 300 x 8 values: the ratio is known to about 3 %
    assert np.sqrt(np.mean(np.square(errors))) / np.std(means) == pytest.approx(1, abs=0.08)


def test_projections_are_the_averages_along_the_axes(plant):
    found = tdr(plant(trials=300, units=12).responses, NAMES, smooth=0.1, n_permutations=0)
    np.testing.assert_allclose(found.projections, found.averages @ found.axes, atol=1e-10)
    assert found.projections.shape == (len(found.conditions["choice"]), 20, 3)
    rows = found.averages.reshape(-1, 12) - found.averages.reshape(-1, 12).mean(0)
    expected = (rows @ found.axes).var(0) / rows.var(0).sum()
    np.testing.assert_allclose(found.explained, expected, atol=1e-12)


def test_trials_kept_aside_can_be_projected(plant):
    r = plant().responses
    found = tdr(r.isel(trial=slice(0, 400)), NAMES, n_permutations=0)
    along = found.project(r.isel(trial=slice(400, None)))
    assert along.shape == (200, 20, 3)
    at = int(np.argmin(np.abs(found.time - 0.8)))
    assert np.corrcoef(along[:, at, 0], r["choice"].values[400:])[0, 1] > 0.9


def test_the_same_seed_gives_the_same_p(plant):
    r = plant(trials=100, units=6, strength=(0.05, 0.05, 0.05)).responses
    runs = [tdr(r, ["choice", "motion"], n_permutations=30, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0].null, runs[1].null)
    assert (runs[0].null != runs[2].null).any()


def test_window_limits_where_the_peak_is_looked_for(plant):
    found = tdr(plant(trials=200, units=10).responses, ["choice"], window=(0.0, 0.3), n_permutations=0)
    assert found.peaks[0] <= 0.3


def test_order_of_trials_does_not_matter(plant):
    r = plant(trials=150, units=8).responses
    a, b = (tdr(one, NAMES, n_permutations=0) for one in (r, r.isel(trial=slice(None, None, -1))))
    np.testing.assert_allclose(a.axes, b.axes, atol=1e-9)


def test_table_and_figures(plant):
    found = tdr(plant(trials=200, units=10).responses, NAMES, n_permutations=20)
    table = found.table()
    assert table["regressor"].tolist() == NAMES
    assert table["turned_degrees"][0] == pytest.approx(0, abs=1e-4)
    assert table["n_trials"].tolist() == [200] * 3
    plane = found.figure(x="motion", y="choice")
    assert plane.layout.xaxis.title.text == "motion axis (z-score)"
    assert len([t for t in plane.data if t.mode == "lines+markers"]) == len(found.averages)
    assert found.time_figure().layout.xaxis3.title.text == "time (s)"
    lines = [t for t in found.strength_figure().data if t.line.dash == "dot"]
    np.testing.assert_allclose(lines[1].y, found.null_level[1])
    single = tdr(plant(trials=100, units=6).responses, ["choice"], n_permutations=0)
    assert single.figure().layout.annotations[0].text == "choice axis"


def test_a_network_without_noise_and_one_time_bin():
    """One trial a condition, responses exactly linear in the variables."""
    choice, motion = (m.ravel() for m in np.meshgrid([-1, 1], [-2, -1, 1, 2]))
    values = np.outer(choice, [1.0, 0, 0, 1]) + np.outer(motion, [0, 1.0, 0, 0.5]) + np.outer(choice**3, [0, 0, 2.0, 0])
    found = tdr(values, ["choice", "motion"], labels={"choice": choice, "motion": motion}, n_permutations=50)
    np.testing.assert_allclose(found.vectors[:, 0] * found.spreads, [1, 0, 2, 1], atol=1e-9)
    np.testing.assert_allclose(found.vectors[:, 1] * found.spreads, [0, 2, 0, 1], atol=1e-9)  # for half the range
    assert found.n_pcs == 2
    assert np.isnan(found.errors).all()
    assert found.explained.sum() == pytest.approx(1)
    assert found.p.max() < 0.05
    assert found.figure().layout.title.text.endswith("ring: start")


def test_truth_values_and_text_numbers():
    rng = np.random.default_rng(0)
    right = rng.choice([True, False], 60)
    values = rng.normal(size=(60, 2, 3))
    values[:, :, 1] += 3 * right[:, None]
    r = make_responses(values, dt=0.1, trial={"right": right})
    found = tdr(r, ["right"], n_permutations=0)
    assert found.axes[1, 0] > 0.9
