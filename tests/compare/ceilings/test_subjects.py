"""Ceilings from subjects against closed forms: leave one out, and predictions from the others."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import noise_ceiling
from tertium.data.responses import make_responses
from tertium.errors import BadInput

DRAWS = 400


def one(values, stimulus, **labels):
    return make_responses(values, trial={"stimulus": stimulus}, **labels)


def planted(rng, private, subjects=5, stimuli=30, units=DRAWS):
    """What subjects share has variance 1, what each has alone this variance."""
    shared = rng.normal(size=(stimuli, units))
    return {
        f"s{i}": one((1 + i) * (shared + np.sqrt(private) * rng.normal(size=shared.shape)), np.arange(stimuli))
        for i in range(subjects)
    }


def covers(found, truth):
    return np.mean((found.interval[0] <= truth) & (truth <= found.interval[1]))


@pytest.mark.parametrize("private", [0.5, 4.0])
def test_leave_one_subject_out_meets_its_closed_form(private):
    """Subjects differ in gain, which must not matter."""
    found = noise_ceiling(planted(np.random.default_rng(1), private), "loso")
    lower = 1 / np.sqrt((1 + private) * (1 + private / 4))
    upper = np.sqrt((1 + private / 5) / (1 + private))
    assert abs(found.mean - lower) < 0.02
    assert abs(found.upper.mean() - upper) < 0.02
    assert 0.90 < covers(found, lower) < 0.99
    assert found.n_subjects == 5
    assert "5 subjects" in found.definition


def test_leave_one_subject_out_is_the_mean_of_plain_correlations():
    tables = planted(np.random.default_rng(2), 1.0, subjects=4, units=1, stimuli=2000)
    z = np.stack([t.values[:, 0, 0] for t in tables.values()])
    z = (z - z.mean(1, keepdims=True)) / z.std(1, keepdims=True)
    plain = [np.corrcoef(z[i], np.delete(z, i, 0).mean(0))[0, 1] for i in range(4)]
    whole = [np.corrcoef(z[i], z.mean(0))[0, 1] for i in range(4)]
    found = noise_ceiling(tables, "loso")
    assert found.value[0] == pytest.approx(np.mean(plain), abs=1e-3)  # they differ by the bias that is taken out
    assert found.upper[0] == pytest.approx(np.mean(whole), abs=1e-3)


def test_shared_and_private_variance():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(40, DRAWS))
    tables = {c: one(shared + np.sqrt(2) * rng.normal(size=shared.shape), np.arange(40)) for c in "abcd"}
    found = noise_ceiling(tables, "loso")
    assert found.signal.mean() == pytest.approx(1.0, abs=0.05)
    assert found.noise.mean() == pytest.approx(2.0, abs=0.05)


def test_a_label_of_trials_says_the_same_as_a_mapping():
    tables = planted(np.random.default_rng(4), 1.0, subjects=3, units=3)
    joined = make_responses(
        np.concatenate([t.values for t in tables.values()]),
        trial={"stimulus": np.tile(np.arange(30), 3), "subject": np.repeat(list(tables), 30)},
    )
    for method in ("loso", "inter_subject"):
        a, b = noise_ceiling(tables, method, via="mean"), noise_ceiling(joined, method, via="mean")
        np.testing.assert_allclose(a.value, b.value)


def test_inter_subject_by_the_mean():
    found = noise_ceiling(
        {k: t / (1 + i) for i, (k, t) in enumerate(planted(np.random.default_rng(5), 1.0).items())},
        "inter_subject",
        via="mean",
    )
    truth = 1 / np.sqrt(2 * (1 + 1 / 4))
    assert abs(found.mean - truth) < 0.02
    assert 0.90 < covers(found, truth) < 0.99
    assert found.units[0] == "s0/0"


def test_inter_subject_by_regression_finds_the_best_linear_prediction():
    """Units of another subject in other numbers and signs: three noisy views of the shared signal predict."""
    rng = np.random.default_rng(6)
    value, low, high = [], [], []
    for _ in range(25):
        shared = rng.normal(size=(400, 1))
        view = one(np.array([1.0, -2.0, 0.5]) * (shared + rng.normal(size=(400, 3))), np.arange(400))
        target = one(shared + rng.normal(size=(400, 4)), np.arange(400))
        found = noise_ceiling({"target": target, "view": view}, "inter_subject")
        value.append(found.value[:4])
        low.append(found.interval[0, :4])
        high.append(found.interval[1, :4])
    truth = 1 / np.sqrt(2 * (1 + 1 / 3))
    assert abs(np.mean(value) - truth) < 0.02
    # 25 views serve 4 targets each, so that coverage itself is uncertain; its numbers are in the docstring
    assert np.mean((np.array(low) <= truth) & (truth <= np.array(high))) > 0.8


def test_unrelated_subjects_have_no_ceiling():
    rng = np.random.default_rng(7)
    tables = {c: one(rng.normal(size=(60, 20)), np.arange(60)) for c in "abc"}
    assert abs(noise_ceiling(tables, "loso").mean) < 0.05
    assert noise_ceiling(tables, "inter_subject").mean < 0.05


def test_units_labelled_by_subject():
    rng = np.random.default_rng(8)
    shared = rng.normal(size=(100, 1))
    r = make_responses(
        shared + 0.1 * rng.normal(size=(100, 4)),
        trial={"stimulus": np.arange(100)},
        unit={"subject": ["a", "a", "b", "b"]},
    )
    found = noise_ceiling(r, "inter_subject")
    assert found.units == ("a/0", "a/1", "b/2", "b/3")
    assert found.mean > 0.95
    assert "ridge regression, 5 folds" in found.definition
    assert "2 subjects" in found.figure().layout.title.text


def test_bad_input_says_what_is_wrong():
    rng = np.random.default_rng(9)
    a, b = (one(rng.normal(size=(8, 2)), np.arange(8)) for _ in range(2))
    with pytest.raises(BadInput, match="subjects: got 1, 'a'"):
        noise_ceiling({"a": a}, "loso")
    with pytest.raises(BadInput, match="others in subject 'b'"):
        noise_ceiling({"a": a, "b": b.assign_coords(unit=["x", "y"])}, "loso")
    with pytest.raises(BadInput, match="subject 'b': got other stimuli"):
        noise_ceiling({"a": a, "b": b.assign_coords(stimulus=("trial", np.arange(1, 9)))}, "loso")
    with pytest.raises(BadInput, match="no label 'subject'"):
        noise_ceiling(a, "loso")
    with pytest.raises(BadInput, match="via: got 'median'"):
        noise_ceiling({"a": a, "b": b}, "inter_subject", via="median")
    with pytest.raises(BadInput, match="at least 4, over which"):
        noise_ceiling({"a": a.isel(trial=slice(3)), "b": b.isel(trial=slice(3))}, "loso")
    still = b.copy(data=np.where(np.arange(2) == 1, 3.0, b.values))
    with pytest.raises(BadInput, match="first 'b/1'"):
        noise_ceiling({"a": a, "b": still}, "inter_subject")
    assert noise_ceiling({"a": a, "b": still}, "loso", constant="zero").value[1] == 0
