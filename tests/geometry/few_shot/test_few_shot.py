"""Few-shot geometry: planted Gaussian manifolds, moments of the margin, theory against prototypes, refusals."""

import numpy as np
import pytest
from scipy.special import ndtr

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.few_shot.prototypes import prototype_errors
from tertium.geometry.few_shot.terms import measure
from tertium.rng import Seeds

few_shot_snr = tt.geometry.few_shot_snr


def planted(units, seed, distance=1.0):
    """Return two centres and two covariances with overlapping axes, different sizes and a signal along the noise."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(units, units)))[0]
    first = axes[:, :12] * np.linspace(1.2, 0.3, 12)
    second = axes[:, 6:20] * np.linspace(1.4, 0.4, 14)
    gap = distance * (axes[:, 0] * 0.4 + axes[:, 8] * 0.4 + axes[:, 30])
    return [np.zeros(units), gap], [first @ first.T, second @ second.T]


def drawn(centres, covariances, n, rng):
    roots = [np.linalg.cholesky(c + 1e-12 * np.eye(len(c))) for c in covariances]
    return [m + rng.normal(size=(n, len(m))) @ root.T for m, root in zip(centres, roots, strict=True)]


def exact_snr(centres, covariances, m):
    (ca, cb), d = covariances, centres[0] - centres[1]
    mean = (d @ d + (np.trace(cb) - np.trace(ca)) / m) / 2
    variance = d @ ca @ d + d @ cb @ d / m + (np.trace(ca @ ca) + np.trace(ca @ cb)) / m
    return mean / np.sqrt(variance + (np.trace(ca @ ca) + np.trace(cb @ cb)) / (2 * m**2))


@pytest.mark.parametrize("m", [1, 5])
def test_mean_and_variance_of_the_margin_are_those_of_simulated_prototypes(m):
    centres, covariances = planted(40, 0, distance=1.5)
    rng, n = np.random.default_rng(1), 200_000
    (ca, cb), d = covariances, centres[1]
    roots = [np.linalg.cholesky(c + 1e-12 * np.eye(40)) for c in (ca, ca, cb)]
    x, a, b = (rng.normal(size=(n, 40)) @ root.T for root in roots)
    a, b = a / np.sqrt(m), d + b / np.sqrt(m)
    h = ((x - b) ** 2).sum(1) / 2 - ((x - a) ** 2).sum(1) / 2
    assert h.mean() / h.std() == pytest.approx(exact_snr(centres, covariances, m), rel=0.01)
    # and the instrument reads the same from many samples
    clouds = drawn(centres, covariances, 4000, rng)
    found = few_shot_snr(np.concatenate(clouds), np.repeat([0, 1], 4000), m)
    assert found.snr[0, 1] == pytest.approx(exact_snr(centres, covariances, m), rel=0.05)


@pytest.mark.parametrize("m", [1, 5])
def test_predicted_errors_are_those_of_prototypes_and_leading_terms_alone_fail(m):
    rng, off = np.random.default_rng(2), ~np.eye(4, dtype=bool)
    worst_all, worst_leading = 0.0, 0.0
    for size in (0.5, 1.0, 1.5):
        centres = size * rng.normal(size=(4, 60)) * 0.4
        axes = rng.normal(size=(4, 60, 60)) / 8  # about thirty dimensions; with few the margin is not normal
        clouds = [c + rng.normal(size=(300, 60)) @ a.T for c, a in zip(centres, axes, strict=True)]
        r, labels = np.concatenate(clouds), np.repeat(np.arange(4), 300)
        found = few_shot_snr(r, labels, m, draws=2000)
        leading = few_shot_snr(r, labels, m, terms="leading")
        worst_all = max(worst_all, np.abs(found.error - found.measured)[off].max())
        worst_leading = max(worst_leading, np.abs(leading.error - found.measured)[off].max())
    assert worst_all < 0.02
    assert worst_leading > (0.06 if m == 1 else 0.025)  # the control


def test_few_samples_are_corrected():
    rng, gap = np.random.default_rng(4), np.zeros(200)
    gap[:2] = 2.5
    true = exact_snr([np.zeros(200), gap], [np.eye(200)] * 2, 2)
    plain, signals, corrected, labels = [], [], [], np.repeat([0, 1], 12)
    for _ in range(250):
        r = rng.normal(size=(24, 200)) + labels[:, None] * gap
        corrected.append(few_shot_snr(r, labels, 2).snr[0, 1])
        signals.append(few_shot_snr(r, labels, 2).signal[0, 1])
        plain.append(few_shot_snr(r, labels, 2, corrected=False).signal[0, 1])
    assert np.median(corrected) == pytest.approx(true, rel=0.1)
    assert np.median(signals) == pytest.approx(gap @ gap / 200, rel=0.1)
    assert np.median(plain) > 3 * gap @ gap / 200  # the control: few samples make concepts look apart


def test_corrected_moments_have_no_bias():
    centres, covariances = planted(40, 5)
    rng, d = np.random.default_rng(6), centres[1]
    rows = []
    for _ in range(1500):
        t = measure(drawn(centres, covariances, 8, rng), corrected=True)
        rows.append([t.distance[0, 1], t.size[0], t.shared[0, 1], t.shared[0, 0]])
    ca, cb = covariances
    expected = [d @ d, np.trace(ca), np.trace(ca @ cb), np.trace(ca @ ca)]
    errors = np.std(rows, axis=0) / np.sqrt(len(rows))
    assert (np.abs(np.mean(rows, axis=0) - expected) < 4 * errors).all()


def test_prototypes_are_those_of_a_plain_loop():
    rng = np.random.default_rng(7)
    clouds = [rng.normal(size=(7, 3)), rng.normal(size=(9, 3)) + 0.7]
    found = prototype_errors(clouds, 2, 400, Seeds(0))
    wrong = []
    for _ in range(3000):
        i, j = rng.choice(7, 2, replace=False), rng.choice(9, 2, replace=False)
        a, b = clouds[0][i].mean(0), clouds[1][j].mean(0)
        rest = np.delete(clouds[0], i, axis=0)
        wrong.append((((rest - a) ** 2).sum(1) > ((rest - b) ** 2).sum(1)).mean())
    assert found[0, 1] == pytest.approx(np.mean(wrong), abs=0.03)
    assert np.isnan(np.diag(found)).all()


def test_responses_tables_figures_and_determinism():
    rng = np.random.default_rng(8)
    names = np.repeat(["cat", "dog", "car"], 20)
    values = 2 * rng.normal(size=(60, 2, 15)) + np.repeat(rng.normal(size=(3, 1, 15)), 20, axis=0)
    r = tt.data.make_responses(values, dt=0.1, trial={"object": names})
    found, again = (few_shot_snr(r, "object", 3, draws=20, seed=5) for _ in range(2))
    assert found.names == ("car", "cat", "dog")
    assert found.table().equals(again.table())
    assert len(found.table()) == 6
    row = found.table().iloc[0]
    assert row["error"] == pytest.approx(ndtr(-row["snr"]))
    assert found.snr[0, 1] == pytest.approx(few_shot_snr(values.mean(1), names, 3).snr[0, 1])
    assert 0 < found.mean_error < 0.5
    assert found.figure().layout.yaxis.title.text == "measured errors (%)"
    assert few_shot_snr(r, "object").figure().data[0].type == "heatmap"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": np.zeros(20)}, "2 or more"),
        ({"labels": np.arange(20) // 4}, "5 or more of each"),
        ({"labels": "object"}, "plain array"),
        ({"labels": np.zeros(7)}, "one for each of 20"),
        ({"shots": 0}, "0 shots"),
        ({"shots": 10, "draws": 5}, "left to test"),
        ({"terms": "some"}, "'leading'"),
        ({"r": np.ones((20, 4))}, "never vary"),
        ({"labels": [None] * 20}, "without one"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, says):
    given = {"r": np.random.default_rng(0).normal(size=(20, 4)), "labels": np.arange(20) % 2} | change
    with pytest.raises(BadInput, match=says):
        few_shot_snr(given.pop("r"), **given)
