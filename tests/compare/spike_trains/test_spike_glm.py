"""Spike-train models: planted filters come back within their errors, wrong models are found out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.linear_model import PoissonRegressor

from tertium.compare import impulses, lagged, raised_cosines, simulate_spike_trains, spike_glm
from tertium.compare.spike_trains.fitting import _scheme
from tertium.compare.spike_trains.unit_fits import fit_unit
from tertium.compare.validation.agreement import poisson_deviance
from tertium.compare.validation.folds import BlockedKFold, GroupedKFold, KFold
from tertium.data import make_responses
from tertium.errors import BadInput

DT = 0.004
SEEN = raised_cosines(5, 0.08, DT, scale="linear")
PAST = raised_cosines(4, 0.1, DT, start=DT)
OTHERS = raised_cosines(3, 0.06, DT, start=DT)
SIGNS = {("0", "1"): 1.0, ("1", "2"): -1.0, ("2", "0"): 1.0}


def truth():
    """Filters that lie in the bases, so that what is found may miss them by noise alone."""
    stimulus = np.array([SEEN.values @ w for w in ([0.1, 0.3, 0.1, -0.1, 0.0], [0, -0.2, -0.3, 0, 0.1], [0.0] * 5)])
    past = PAST.values @ np.array([-2.5, -0.8, 0.15, 0.05])
    other = OTHERS.values @ np.array([0.5, 0.3, 0.0])
    return stimulus, past, other


def planted(n=30_000, trials=1, seed=0):
    stimulus, past, other = truth()
    random = np.random.default_rng(100 + seed)
    x = random.normal(size=(trials, n // trials, 1))
    drive = np.log(30.0) + lagged(x, SEEN.lags) @ stimulus.T
    filters = np.zeros((len(past), 3, 3))
    for i in range(3):
        filters[:, i, i] = past
    for (source, target), sign in SIGNS.items():
        filters[: len(other), int(source), int(target)] = sign * other
    return simulate_spike_trains(drive, filters, dt=DT, seed=seed), x


@pytest.fixture(scope="module")
def full():
    made, x = planted()
    return made, x, spike_glm(made.spikes, x, stimulus=SEEN, history=PAST, coupling=OTHERS)


def misses(fit):
    """Return how many standard errors each filter is off, at each lag."""
    stimulus, past, other = truth()
    found = []
    for one in fit.filters:
        right = {"stimulus": stimulus[int(one.target)], "history": past}.get(one.kind)
        right = SIGNS.get((one.source, one.target), 0.0) * other if right is None else right
        informative = one.errors > 1e-3 * one.errors.max()
        found.append((one, right, ((one.values - right) / one.errors)[informative]))
    return found


def test_planted_filters_are_recovered_within_their_errors(full):
    _, _, fit = full
    z = np.concatenate([off for _, _, off in misses(fit)])
    assert np.abs(z).max() < 5
    assert 0.7 < z.std() < 1.3
    for one, right, _ in misses(fit):
        if np.abs(right).max() > 0:
            assert np.corrcoef(one.values, right)[0, 1] > 0.95
            assert one.p < 1e-6
    assert np.abs((fit.baseline - np.log(30)) / fit.baseline_error).max() < 4
    for (source, target), sign in SIGNS.items():
        assert np.sign(fit.filter("coupling", target, source).integral) == sign


def test_standard_errors_are_the_scatter_over_recordings():
    found = []
    for seed in range(20):
        made, x = planted(n=6000, seed=seed)
        fit = spike_glm(made.spikes, x, stimulus=SEEN, history=PAST, coupling=OTHERS, cv=2)
        found += [off[len(off) // 3] for _, _, off in misses(fit)]
    assert abs(np.mean(found)) < 0.25
    assert 0.85 < np.std(found) < 1.15


def test_there_is_no_coupling_where_none_was_planted():
    p = []
    for seed in range(40):
        made, _ = planted_without_coupling(seed)
        fit = spike_glm(made.spikes, history=PAST, coupling=OTHERS, cv=2)
        p += [one.p for one in fit.filters if one.kind == "coupling"]
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) < 0.05) < 0.12


def planted_without_coupling(seed):
    filters = np.zeros((len(PAST.values), 2, 2))
    filters[:, 0, 0] = filters[:, 1, 1] = truth()[1]
    return simulate_spike_trains(np.full((5000, 2), np.log(40.0)), filters, dt=DT, seed=seed), None


def test_the_true_model_is_accepted_and_one_without_history_rejected(full):
    made, x, fit = full
    assert fit.time_rescaling().accepted.all()
    assert fit.time_rescaling(held_out=False).accepted.all()
    without = spike_glm(made.spikes, x, stimulus=SEEN, history=None, coupling=OTHERS)
    assert not without.time_rescaling().accepted.any()
    assert (without.time_rescaling().p < 1e-6).all()
    assert (without.log_likelihood < fit.log_likelihood).all()
    assert [len(one) for one in fit.rescaled_times()] == fit.counts.sum(0).tolist()


def test_held_out_likelihood_and_deviance_are_those_of_the_truth(full):
    made, x, fit = full
    counts = fit.counts
    expected = made.expected[0, -len(counts) :]
    assert np.array_equal(made.spikes.values[0, -len(counts) :], counts)
    mean = counts.mean(0)
    bits = (counts * np.log(expected / mean) - expected + mean).sum(0) / counts.sum(0) / np.log(2)
    deviance = 1 - poisson_deviance(counts, expected).sum(0) / poisson_deviance(counts, mean + 0 * counts).sum(0)
    assert np.abs(fit.log_likelihood - bits).max() < 0.05
    assert np.abs(fit.deviance_explained - deviance).max() < 0.02
    assert (fit.interval[0] < fit.log_likelihood).all()
    assert (fit.log_likelihood < fit.interval[1]).all()
    unrelated = spike_glm(made.spikes, np.roll(x, 9999, axis=1), stimulus=SEEN, history=None)
    assert np.abs(unrelated.log_likelihood).max() < 0.02


def test_filters_are_those_of_scikit_learn_without_a_penalty():
    made, x = planted(n=4000, trials=4)
    basis, past = impulses(3 * DT, DT), impulses(4 * DT, DT, start=DT)
    fit = spike_glm(made.spikes, x, stimulus=basis, history=past, penalty=0.0)
    counts = made.spikes.values
    for unit in range(3):
        design = np.concatenate([lagged(x, range(3)), lagged(counts[:, :, [unit]], range(1, 4))], axis=2)[:, 3:]
        model = PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        model.fit(design.reshape(-1, 6), counts[:, 3:, unit].ravel())
        name = str(unit)
        assert np.allclose(fit.filter("stimulus", name).values, model.coef_[:3], atol=1e-6)
        assert np.allclose(fit.filter("history", name).values, model.coef_[3:], atol=1e-6)
        centred = model.intercept_ + x.mean() * model.coef_[:3].sum() - np.log(DT)
        assert fit.baseline[unit] == pytest.approx(centred, abs=1e-6)


def test_the_error_of_a_baseline_alone_is_one_over_the_root_of_the_spikes():
    counts = np.random.default_rng(0).poisson(0.1, size=(3000, 1))
    fit = spike_glm(counts, dt=0.01, history=None)
    assert fit.baseline[0] == pytest.approx(np.log(counts.mean() / 0.01), abs=1e-9)
    assert fit.baseline_error[0] == pytest.approx(counts.sum() ** -0.5, rel=1e-9)
    assert abs(fit.log_likelihood[0]) < 0.01


def test_the_penalty_is_that_of_its_formula():
    made, _ = planted(n=4000)
    basis = impulses(6 * DT, DT, start=DT)
    fit = spike_glm(made.spikes.isel(unit=[0]), history=basis, penalty=3.0, smoothness=20.0)
    counts = made.spikes.values[0, :, 0]
    design = lagged(counts[:, None], range(1, 6))[5:]
    found = fit.filter("history", "0").values
    expected = np.exp(fit.baseline[0] + np.log(DT) + design @ found)
    bends = np.diff(np.eye(5), n=2, axis=0)
    slope = design.T @ (expected - counts[5:]) + 3.0 * found + 20.0 * bends.T @ bends @ found
    assert np.abs(slope).max() < 1e-6


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_smoothness_prior_helps_with_few_data_and_is_chosen(seed):
    made, x = planted(n=2500, seed=seed)
    options = {"stimulus": impulses(0.08, DT), "history": PAST}
    rough = spike_glm(made.spikes, x, **options)
    smooth = spike_glm(made.spikes, x, smoothness=[0.0, 30.0, 1000.0, 30_000.0], **options)
    right = truth()[0]
    errors = [
        np.mean([((fit.filter("stimulus", str(i)).values - right[i]) ** 2).mean() for i in range(3)])
        for fit in (rough, smooth)
    ]
    assert errors[1] < 0.75 * errors[0]
    assert (smooth.smoothness > 0).all()
    assert smooth.log_likelihood.mean() > rough.log_likelihood.mean()


def test_trials_of_any_length_are_fitted_and_the_past_stops_at_their_border():
    made, x = planted(n=8000, trials=8)
    counts, stimuli = list(made.spikes.values), list(x)
    counts[2], stimuli[2] = counts[2][:500], stimuli[2][:500]
    ragged = spike_glm(counts, stimuli, dt=DT, stimulus=SEEN, history=PAST)
    first = int(max(SEEN.lags[-1], PAST.lags[-1]))
    assert len(ragged.counts) == 7 * (1000 - first) + 500 - first
    turned = [counts[i] for i in (5, 1, 7, 3, 2, 0, 6, 4)], [stimuli[i] for i in (5, 1, 7, 3, 2, 0, 6, 4)]
    again = spike_glm(*turned, dt=DT, stimulus=SEEN, history=PAST)
    for one, other in zip(ragged.filters, again.filters, strict=True):
        assert np.allclose(one.values, other.values, atol=1e-8), "trials in another order have other neighbours"
    zero = spike_glm(counts, stimuli, dt=DT, stimulus=SEEN, history=PAST, border="zero")
    assert len(zero.counts) == 7500
    assert [one.shape for one in ragged.simulate(1)] == [one.shape for one in counts]


def test_folds_are_whole_trials_or_blocks_a_filter_apart(monkeypatch):
    assert _scheme(5, 1, 25, nested=False) == BlockedKFold(5, gap=25)
    assert _scheme(5, 20, 25, nested=True) == GroupedKFold("trial", 5)
    assert _scheme(5, 3, 25, nested=False) == GroupedKFold("trial", 3)
    assert _scheme(5, 5, 25, nested=True) == GroupedKFold("trial", 3)
    assert _scheme(5, 2, 25, nested=True) == BlockedKFold(5, gap=25)
    made, x = planted(n=4000, trials=8)
    seen = []

    def spy(design, counts, parts, grid, folds):
        seen.append(folds)
        return fit_unit(design, counts, parts, grid, folds)

    monkeypatch.setattr("tertium.compare.spike_trains.fitting.fit_unit", spy)
    fit = spike_glm(made.spikes, x, history=PAST, cv=4)
    trial = np.repeat(np.arange(8), len(fit.counts) // 8)
    for fitted, tested in seen[0]:
        assert not set(trial[fitted]) & set(trial[tested])


def test_what_is_held_out_was_not_fitted():
    made, x = planted(n=3000)
    changed = made.spikes.copy()
    fit = spike_glm(made.spikes, x, history=None, cv=BlockedKFold(3))
    changed.values[0, 1000:2000] = changed.values[0, 1000:2000][::-1]
    other = spike_glm(changed, x, history=None, cv=BlockedKFold(3))
    assert np.allclose(fit.held_out[1000:2000], other.held_out[1000:2000], rtol=1e-8)
    assert not np.allclose(fit.held_out[:1000], other.held_out[:1000], rtol=1e-3)


def test_simulations_of_the_fit_look_like_what_was_fitted(full):
    made, _, fit = full
    drawn = fit.simulate(seed=5)
    assert dict(drawn.sizes) == dict(made.spikes.sizes)
    assert drawn.attrs["quantity"] == "spike_count"
    ours, theirs = drawn.values[0].sum(0), made.spikes.values[0].sum(0)
    assert np.abs(ours / theirs - 1).max() < 0.08
    soon = [np.mean(np.diff(np.flatnonzero(one.values[0, :, 0])) <= 2) for one in (drawn, made.spikes)]
    assert abs(soon[0] - soon[1]) < 0.02
    again = spike_glm(drawn, planted()[1], stimulus=SEEN, history=PAST, coupling=OTHERS, cv=2)
    for one, other in zip(again.filters, fit.filters, strict=True):
        assert np.abs((one.values - other.values) / one.errors)[one.errors > 1e-3 * one.errors.max()].max() < 5
    assert np.array_equal(fit.simulate(seed=5).values, drawn.values)


def test_tables_and_figures(full):
    made, x, fit = full
    table = fit.table()
    assert table["spikes"].tolist() == fit.counts.sum(0).tolist()
    assert len(fit.filter_table()) == 3 + 3 + 6
    drawn = fit.figure("1")
    titles = [note.text for note in drawn.layout.annotations]
    assert titles[:3] == ["stimulus", "own past", "other units"]
    assert drawn.layout.xaxis2.title.text == "time since a spike (s)"
    assert "bits per held-out spike" in drawn.layout.title.text
    instant = spike_glm(made.spikes, x, history=None, cv=2).figure()
    assert instant.layout.xaxis.title.text == "stimulus, same bin"


def test_it_is_deterministic_and_arrays_are_as_good_as_responses():
    made, x = planted(n=3000)
    once, again = (spike_glm(made.spikes, x, coupling=OTHERS) for _ in range(2))
    array = spike_glm(made.spikes.values[0], x[0], dt=DT, coupling=OTHERS)
    for other in (again, array):
        assert np.array_equal(once.held_out, other.held_out)
        assert np.array_equal(once.interval, other.interval)
        assert all(np.array_equal(a.values, b.values) for a, b in zip(once.filters, other.filters, strict=True))


def test_stimuli_may_be_labelled_and_scaled_as_one_likes():
    made, x = planted(n=4000)
    names = {"unit": ["contrast"]}
    plain = spike_glm(made.spikes, make_responses(x, dt=DT, unit=names), stimulus=SEEN)
    large = spike_glm(made.spikes, make_responses(500 + 100 * x, dt=DT, unit=names), stimulus=SEEN)
    one, other = (fit.filter("stimulus", "0", "contrast") for fit in (plain, large))
    assert np.allclose(one.values, 100 * other.values, atol=1e-7)
    assert np.allclose(one.errors, 100 * other.errors, atol=1e-7)
    assert np.allclose(plain.held_out, large.held_out, rtol=1e-6)


def test_an_absolute_refractory_period_is_survived():
    made = simulate_spike_trains(np.full((20_000, 1), np.log(80.0)), np.full((3, 1, 1), -40.0), dt=0.001, seed=2)
    for penalty in (0.0, 0.01):
        fit = spike_glm(made.spikes, history=impulses(0.006, 0.001, start=0.001), penalty=penalty)
        gains = fit.filter("history", "0").values
        assert np.isfinite(gains).all()
        assert (gains[:3] < -3).all()
        assert np.abs(gains[3:]).max() < 0.5
        assert fit.time_rescaling().accepted[0]
        assert np.isfinite(fit.log_likelihood).all()


def test_refusals():
    made, x = planted(n=2000)
    counts = made.spikes.values[0]
    with pytest.raises(BadInput, match="dt: got none"):
        spike_glm(counts)
    with pytest.raises(BadInput, match="one of both"):
        spike_glm(made.spikes, dt=0.001)
    bad = counts.copy()
    bad[7, 1] = np.nan
    with pytest.raises(BadInput, match="nan in trial 0, bin 7, column 1"):
        spike_glm(bad, dt=DT)
    bad[7, 1] = -1
    with pytest.raises(BadInput, match="-1 in trial 0, bin 7, unit '1'"):
        spike_glm(bad, dt=DT)
    bad[7, 1] = 0.5
    with pytest.raises(BadInput, match="counts: whole numbers"):
        spike_glm(bad, dt=DT)
    with pytest.raises(BadInput, match="quantity 'rate'"):
        spike_glm(make_responses(made.spikes.values, dt=DT, quantity="rate"))
    few = counts.copy()
    few[100:, 2] = 0
    with pytest.raises(BadInput, match="too few of unit '2'"):
        spike_glm(few, dt=DT)
    burst = np.zeros((1000, 1))
    burst[100:140] = 1
    with pytest.raises(BadInput, match="none of unit '0' in what fold 0 fits"):
        spike_glm(burst, dt=DT)
    with pytest.raises(BadInput, match="1 trials of 1999 bins"):
        spike_glm(made.spikes, x[:, 1:])
    with pytest.raises(BadInput, match="does not vary"):
        spike_glm(made.spikes, np.ones_like(x))
    with pytest.raises(BadInput, match="spikes that are predicted must not be known"):
        spike_glm(made.spikes, history=impulses(0.02, DT))
    with pytest.raises(BadInput, match="a basis in bins of"):
        spike_glm(made.spikes, history=impulses(0.02, 0.001, start=0.001))
    with pytest.raises(BadInput, match="a span that holds a lag"):
        spike_glm(made.spikes, history=DT)
    with pytest.raises(BadInput, match="trials longer than the filters"):
        spike_glm(list(counts.reshape(100, 20, 3)), dt=DT)
    with pytest.raises(BadInput, match="a filter and no stimuli"):
        spike_glm(made.spikes, stimulus=0.1)
    with pytest.raises(BadInput, match="penalty"):
        spike_glm(made.spikes, penalty=-1.0)
    with pytest.raises(BadInput, match="each bin tested once"):
        spike_glm(made.spikes, cv=KFold(3, repeats=2))
    with pytest.raises(BadInput, match="cv"):
        spike_glm(made.spikes, cv=1)
    with pytest.raises(BadInput, match="'drop' or 'zero'"):
        spike_glm(made.spikes, border="none")
    fit = spike_glm(made.spikes, cv=2)
    with pytest.raises(BadInput, match="history of '0' on '0'"):
        fit.filter("coupling", "0")
    with pytest.raises(BadInput, match="one of 0, 1, 2"):
        fit.figure("7")
