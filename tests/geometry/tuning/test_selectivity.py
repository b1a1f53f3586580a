"""Discriminability, information, mixed selectivity: closed forms, peers, planted kinds, false positives, refusals."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import f_oneway, mannwhitneyu
from sklearn.metrics import roc_auc_score

import tertium as tt
from tertium.errors import BadInput

geometry = tt.geometry


def test_areas_are_those_of_peers_and_of_the_closed_form():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [400, 600])
    gaps = np.array([0.0, 0.5, 2.0])
    r = rng.normal(size=(1000, 3)) + labels[:, None] * gaps
    found = geometry.discriminability(r, labels, bootstrap=100, permutations=200)
    for unit in range(3):
        assert found.area[unit] == pytest.approx(roc_auc_score(labels, r[:, unit]), abs=1e-12)
    assert found.d_prime == pytest.approx(gaps, abs=0.15)
    assert found.area == pytest.approx(ndtr(gaps / np.sqrt(2)), abs=0.04)
    assert (found.area_interval[:, 0] < found.area).all()
    assert found.p_value[1:] == pytest.approx(1 / 201)
    whole = np.round(r[:, :1])  # ties
    assert geometry.discriminability(whole, labels, bootstrap=1, permutations=1).area[0] == pytest.approx(
        mannwhitneyu(whole[labels == 1, 0], whole[labels == 0, 0]).statistic / 240_000
    )


def test_p_values_of_units_that_tell_nothing_are_uniform():
    rng = np.random.default_rng(1)
    found = geometry.discriminability(rng.normal(size=(40, 400)), np.arange(40) % 2, bootstrap=1, permutations=500)
    assert np.mean(found.p_value < 0.1) == pytest.approx(0.1, abs=0.04)
    assert np.mean(found.p_value) == pytest.approx(0.5, abs=0.05)


def test_a_pair_of_several_stimuli_tables_figures_and_determinism():
    r = np.random.default_rng(2).normal(size=(30, 4)) + (np.arange(30) % 3)[:, None]
    names = np.array(["a", "b", "c"])[np.arange(30) % 3]
    one, same = (geometry.discriminability(r, names, ("c", "a"), bootstrap=50, seed=3) for _ in range(2))
    assert one.table().equals(same.table())
    assert (one.d_prime < 0).all()
    assert one.counts == (10, 10)
    assert one.figure().layout.yaxis.title.text == "area under the ROC curve"


def test_information_is_without_bias_where_there_is_none_and_raw_information_is_not():
    rng = np.random.default_rng(3)
    found = geometry.stimulus_information(rng.normal(size=(160, 300)), np.arange(160) % 5)
    assert found.value.mean() == pytest.approx(0, abs=0.004)
    assert found.raw.mean() > 0.04  # the control
    assert found.shuffled.mean() == pytest.approx(0, abs=0.004)
    assert np.mean(found.p_value < 0.1) == pytest.approx(0.1, abs=0.05)


def test_information_of_a_noisy_channel_is_its_closed_form():
    rng = np.random.default_rng(4)
    bit = np.arange(120) % 2
    r = np.where(rng.random((120, 300)) < 0.11, 1 - bit[:, None], bit[:, None]).astype(float)
    found = geometry.stimulus_information(r, bit, permutations=20)
    closed = 1 + 0.11 * np.log2(0.11) + 0.89 * np.log2(0.89)
    assert found.most == 1
    assert found.value.mean() == pytest.approx(closed, abs=0.01)
    assert found.raw.mean() > closed
    assert len(found.table()) == 300
    assert len(found.figure().data) == 2


def mixed_units(trials, seed, noise=1.0):
    """Return four groups of 25 units: nothing, one variable, two added, their combination; and the variables."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(3, size=trials), rng.integers(2, size=trials)
    signals = [0 * a, a - 1.0, (a - 1.0) + (b - 0.5) * 1.5, (a - 1.0) * (2 * b - 1)]
    r = np.repeat(np.stack(signals, axis=1), 25, axis=1)
    return r + noise * rng.normal(size=r.shape), {"stimulus": a, "context": b}


def test_planted_kinds_come_back():
    r, variables = mixed_units(240, 0)
    found = geometry.mixed_selectivity(r, variables, permutations=500)
    kinds = np.array(found.kind).reshape(4, 25)
    for row, kind in zip(kinds, ("none", "pure", "linear mixed", "nonlinear mixed"), strict=True):
        assert (row == kind).mean() >= 0.84
    assert found.shares["nonlinear mixed"] == pytest.approx(0.25, abs=0.05)
    # variances 2/3, 2/3 + 9/16 and 2/3 beside noise of 1
    assert found.effect[0, 25:50].mean() == pytest.approx(2 / 3 / (1 + 2 / 3), abs=0.05)
    assert found.effect[1, 50:75].mean() == pytest.approx(9 / 16 / (1 + 9 / 16), abs=0.05)
    assert found.effect[2, 75:].mean() == pytest.approx(2 / 3 / (1 + 2 / 3), abs=0.05)
    assert found.effect[:, :25].mean() == pytest.approx(0, abs=0.01)


def test_linear_mixing_is_not_taken_for_nonlinear_even_with_skewed_noise_and_unequal_counts():
    rng = np.random.default_rng(5)
    a = (rng.random(150) < 0.3).astype(int)
    b = (rng.random(150) < 0.25 + 0.4 * a).astype(int)  # the variables are correlated
    r = (a + b)[:, None] * 1.5 + rng.exponential(size=(150, 300))
    found = geometry.mixed_selectivity(r, {"a": a, "b": b}, permutations=300)
    assert np.mean(found.p_value[2] < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(found.p_value[:2] < 0.05) > 0.95
    only = geometry.mixed_selectivity(
        1.5 * a[:, None] + rng.exponential(size=(150, 300)), {"a": a, "b": b}, permutations=300
    )
    assert np.mean(only.p_value[1] < 0.05) == pytest.approx(0.05, abs=0.035)  # tested beside the other


def test_the_f_ratio_of_balanced_designs_is_that_of_textbooks():
    rng = np.random.default_rng(6)
    a, b = np.repeat([0, 1, 2], 20), np.tile([0, 1], 30)
    y = rng.normal(size=60) + a
    found = geometry.mixed_selectivity(y[:, None], {"a": a, "b": b}, permutations=20)
    cells = np.array([[y[(a == i) & (b == j)].mean() for j in range(2)] for i in range(3)])
    rows, columns, grand = cells.mean(1), cells.mean(0), cells.mean()
    within = sum(((y[(a == i) & (b == j)] - cells[i, j]) ** 2).sum() for i in range(3) for j in range(2)) / 54
    crossed = 10 * ((cells - rows[:, None] - columns + grand) ** 2).sum() / 2 / within
    assert found.f[:, 0] == pytest.approx(
        [20 * ((rows - grand) ** 2).sum() / 2 / within, 30 * ((columns - grand) ** 2).sum() / within, crossed]
    )
    assert f_oneway(*(y[a == i] for i in range(3))).statistic == pytest.approx(found.f[0, 0], rel=0.2)


def test_responses_with_three_labels_a_table_and_determinism():
    rng = np.random.default_rng(7)
    labels = {name: rng.integers(2, size=120) for name in ("task", "cue", "choice")}
    signal = labels["task"] ^ labels["cue"] ^ labels["choice"]
    r = tt.data.make_responses(signal[:, None] * 2.0 + rng.normal(size=(120, 3)), trial=labels)
    one, same = (geometry.mixed_selectivity(r, list(labels), permutations=100, seed=1) for _ in range(2))
    assert one.table().equals(same.table())
    assert one.terms == ("task", "cue", "choice", "nonlinear")
    assert one.kind == ("nonlinear mixed",) * 3
    assert one.figure().layout.yaxis.title.text == "units (%)"


VARIABLES = {"a": np.arange(40) % 2, "b": np.arange(40) // 2 % 2}
NOISE = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: geometry.discriminability(NOISE, np.arange(40) % 4), "two different ones"),
        (lambda: geometry.discriminability(NOISE, np.arange(40) % 4, (1, 9)), "two different ones"),
        (lambda: geometry.discriminability(NOISE, np.arange(40) < 2), "3 or more of each"),
        (lambda: geometry.discriminability(NOISE, np.arange(40) % 2, bootstrap=0), "1 or more of each"),
        (lambda: geometry.stimulus_information(NOISE, np.arange(40) % 20), "as many trials"),
        (lambda: geometry.stimulus_information(NOISE, np.arange(40) % 2, bins=1), "2 or more bins"),
        (lambda: geometry.mixed_selectivity(NOISE, {"a": VARIABLES["a"]}), "two different ones"),
        (lambda: geometry.mixed_selectivity(NOISE, {"a": VARIABLES["a"], "b": VARIABLES["a"]}), "every combination"),
        (lambda: geometry.mixed_selectivity(np.ones((40, 3)), VARIABLES), "never vary"),
        (lambda: geometry.mixed_selectivity(NOISE, VARIABLES, level=0), "0 to 1"),
        (lambda: geometry.mixed_selectivity(NOISE[:4], {k: v[:4] for k, v in VARIABLES.items()}), "more than 4"),
        (lambda: geometry.mixed_selectivity(NOISE, ["a", "b"]), "plain array"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, says):
    with pytest.raises(BadInput, match=says):
        call()
