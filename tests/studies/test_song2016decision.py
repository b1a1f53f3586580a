"""COG01: every measure finds what was planted, whoever decided, and the networks' trials are read as a monkey's."""

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.optimize import curve_fit

from tertium.data import make_responses
from tertium.rng import Seeds
from tertium.studies.methods import decisions, dots_networks, ramps
from tertium.studies.methods.dots_measures import agreement, behaviour, cells
from tertium.studies.methods.dots_networks import DotsConfig, answering_task, blank_network, viewing_task

LEVELS = np.array([0.0, 0.032, 0.064, 0.128, 0.256, 0.512])


def diffusion(rng, trials, bound=0.8, drift=12.0, rest=0.3, dt=0.002):
    """Diffuse to a bound, the textbook way: coherence, correct, seconds of each trial."""
    coherence = np.repeat(LEVELS, trials)
    x, seconds = np.zeros(len(coherence)), np.full(len(coherence), np.nan)
    for step in range(1, 5000):
        open_ = np.isnan(seconds)
        if not open_.any():
            break
        x[open_] += drift * coherence[open_] * dt + np.sqrt(dt) * rng.normal(size=open_.sum())
        seconds[open_ & (np.abs(x) >= bound)] = step * dt + rest
    return coherence, x > 0, seconds


def test_a_curve_leaves_out_trials_without_a_value():
    found = decisions.curve([0.1, 0.1, 0.1, 0.5, 0.5], [1.0, 3.0, np.nan, 2.0, 2.0])
    assert (found.x.tolist(), found.mean.tolist(), found.n.tolist()) == ([0.1, 0.5], [2.0, 2.0], [2.0, 2.0])
    assert found.sem.tolist() == [pytest.approx(1 / np.sqrt(2)), 0.0]


def test_a_planted_weibull_function_is_found():
    rng = np.random.default_rng(0)
    coherence = np.repeat(LEVELS, 4000)
    measured = decisions.curve(coherence, rng.random(len(coherence)) < decisions.weibull(coherence, 0.08, 1.4))
    found = decisions.fit_weibull(measured)
    assert found.threshold == pytest.approx(0.08, rel=0.04)
    assert found.slope == pytest.approx(1.4, rel=0.06)
    assert found.r2 > 0.995
    by_squares, _ = curve_fit(decisions.weibull, measured.x, measured.mean, p0=(0.1, 1.0))
    assert found.threshold == pytest.approx(by_squares[0], rel=0.04)


def test_choices_without_relation_to_coherence_are_no_weibull_function():
    rng = np.random.default_rng(1)
    found = decisions.fit_weibull(decisions.curve(np.repeat(LEVELS, 500), rng.random(3000) < 0.75))
    assert not found.r2 > 0.5


def test_a_planted_diffusion_is_found_and_its_times_predict_its_choices():
    coherence, correct, seconds = diffusion(np.random.default_rng(2), 600)
    found = decisions.fit_chronometric(decisions.curve(coherence, seconds))
    # closed form: mean decision time bound^2 at zero coherence, sensitivity = bound * drift (steps of 2 ms overshoot)
    assert found.rest == pytest.approx(0.3, abs=0.05)
    assert found.longest == pytest.approx(0.64, rel=0.15)
    assert found.sensitivity == pytest.approx(0.8 * 12, rel=0.15)
    choices = decisions.curve(coherence, correct)
    # sampling alone: fractions of 600 trials have standard errors of 0.02
    assert decisions.explained(choices.mean, found.accuracy(choices.x)) > 0.95
    measured = behaviour(coherence, correct, seconds, np.random.default_rng(0), draws=10, shuffles=5)
    assert measured["predicted"] > 0.95
    assert measured["predicted_shuffled"] < 0
    assert measured["fall_low"] <= measured["fall"] <= measured["fall_high"]
    assert abs(measured["fall_shuffled"]) < 0.1 < measured["fall"]


def test_the_kernel_of_an_integrator_is_flat_and_that_of_a_forgetful_observer_is_late():
    evidence = np.random.default_rng(3).normal(size=(30, 20_000))
    weight, sem = decisions.kernel(evidence, (evidence.sum(0) < 0).astype(int))
    assert weight.mean() == pytest.approx(np.sqrt(2 / (np.pi * 30)), rel=0.03)
    assert np.abs(weight - weight.mean()).max() < 4.5 * sem.max()
    assert decisions.weaker_end(weight) > 0.9
    leak = 0.7 ** np.arange(29, -1, -1)[:, None]
    late, _ = decisions.kernel(evidence, ((leak * evidence).sum(0) < 0).astype(int))
    assert decisions.weaker_end(late) < 0.1


def test_a_kernel_needs_both_choices():
    weight, _ = decisions.kernel(np.zeros((4, 3)), np.zeros(3, dtype=int))
    assert np.isnan(weight).all()


def test_thresholds_of_an_ideal_observer_fall_with_the_root_of_duration():
    rng, seconds, found = np.random.default_rng(4), np.array([0.1, 0.2, 0.4, 0.8]), []
    for t in seconds:
        coherence = np.repeat(LEVELS, 3000)
        correct = coherence * 20 * t + np.sqrt(t) * rng.normal(size=len(coherence)) > 0
        found.append(decisions.fit_weibull(decisions.curve(coherence, correct)).threshold)
    assert decisions.loglog_slope(seconds, found, 0.8) == pytest.approx(-0.5, abs=0.06)


def ramping_cells(rng, n=12, trials=300, quantity="activation", onset=0.1, level=1.0, dt=0.02):
    """Plant cells that ramp from ``onset`` with a slope of twice the signed coherence and stop at a common level."""
    time = -0.1 + dt * np.arange(45)
    tables = {}
    for i in range(n):
        coherence, choice = rng.choice(LEVELS, trials), rng.integers(1, 3, trials)
        slope = (0.5 + 2 * coherence) * np.where(choice == 1, 1, -1)
        rate = 2 + slope[:, None] * np.maximum(time + dt / 2 - onset, 0) + 0.1 * rng.normal(size=(trials, len(time)))
        labels = {"coherence": coherence, "choice": choice, "correct": np.ones(trials, bool)}
        labels["rt"] = onset + level / np.abs(slope)
        unit = {"unit": [f"c{i}"]}
        values = rate * dt if quantity == "spike_count" else rate
        tables[f"c{i}"] = make_responses(
            values[:, :, None], dt=dt, time=time, trial=labels, unit=unit, quantity=quantity
        )
    return tables


@pytest.mark.parametrize("quantity", ["activation", "spike_count"])
def test_planted_ramps_are_found_in_rates_and_in_counts(quantity):
    tables = ramping_cells(np.random.default_rng(5), quantity=quantity)
    trials = [ramps.trials_of(table, until=-0.05) for table in tables.values()]
    found = ramps.ramps(trials, next(iter(tables.values()))["time"].values, 0.02)
    start = ramps.onset(found)
    assert start == pytest.approx(0.2, abs=0.08)  # the quarter of its peak is reached later than it begins
    slopes = ramps.slopes(found, start, 0.2)
    np.testing.assert_allclose(slopes[0], 0.5 + 2 * LEVELS, atol=0.2)
    np.testing.assert_allclose(slopes[1], -0.5 - 2 * LEVELS, atol=0.2)
    assert ramps.against_coherence(found, start, 0.2) > 0.95
    dealt = [ramps.shuffled(one, np.random.default_rng(6)) for one in trials]
    flat = ramps.ramps(dealt, found.time - 0.01, 0.02)
    assert np.ptp(ramps.slopes(flat, start, 0.2)[0]) < 0.5 * np.ptp(slopes[0])


def test_a_mean_rate_is_that_of_all_trials_and_ends_when_half_of_them_have():
    table = make_responses(
        np.arange(12.0).reshape(4, 3, 1),
        dt=0.1,
        trial={
            "coherence": [0.5] * 4,
            "choice": [1] * 4,
            "correct": [True] * 3 + [False],
            "rt": [0.1, 0.1, 0.3, 1],
        },
    )
    found = ramps.ramps([ramps.trials_of(table, until=0.0)], table["time"].values, 0.1)
    assert found.mean[0, 0, 0] == pytest.approx(3.0)  # trials 0, 1, 2; the error does not count
    assert np.isnan(found.mean[0, 0, 1:]).all()  # one of three is left
    assert found.total[0, 0, 0] == 3


def test_rates_that_meet_before_the_response_have_no_spread():
    rng = np.random.default_rng(7)
    tables = ramping_cells(rng)
    ended = {}
    for name, table in tables.items():
        flat = np.where(table["choice"].values == 1, 3.0, 1.0)[:, None, None] + 0 * table.values[:, :15]
        labels = {key: table[key].values for key in ("coherence", "choice", "correct", "rt")}
        ended[name] = make_responses(flat, dt=0.02, time=-0.3 + 0.02 * np.arange(15), trial=labels)
    measured = cells(tables, ended, rng, draws=10, shuffles=3)
    assert measured["spread"] == pytest.approx(0, abs=1e-6)
    assert measured["spread_shuffled"] > 0.2
    assert measured["own"] > 0.9
    assert measured["other"] < -0.9
    assert measured["n"] == 12


def test_without_cells_nothing_is_measured():
    measured = cells({}, {}, np.random.default_rng(0), draws=2, shuffles=2)
    assert measured["n"] == 0
    assert np.isnan(measured["own"])
    assert np.isnan(agreement(measured["slopes"], np.zeros((2, 6)), measured["slopes_shuffled"])[0])


def test_without_recurrence_no_unit_hears_another():
    config = DotsConfig(units=8, noise=0.0)
    task = viewing_task(config)
    network = blank_network(config, task, 0, recurrent=False)
    inputs = torch.from_numpy(task.batch(2, seed=0, stimulus=0.2).inputs)
    with torch.no_grad():
        _, before = network(inputs)
        network.cell.bias[3] += 5
        _, after = network(inputs)
    others = np.arange(8) != 3
    assert torch.equal(before[..., others], after[..., others])
    assert not network.cell.recurrent_weight.requires_grad


def planted_session(rng, trials=200, units=3, dt=0.02):
    """Unit 0 rises for choice 0, unit 1 for choice 1, unit 2 for neither."""
    time = -0.3 + dt * np.arange(100)
    choice = rng.integers(0, 2, trials)
    seconds = np.round(rng.uniform(0.2, 1.0, trials) / dt) * dt
    rates = 0.1 * rng.normal(size=(trials, 100, units))
    late = np.clip(time[None] - seconds[:, None] + 0.2, 0, None)
    for unit in (0, 1):
        rates[:, :, unit] += np.where(choice == unit, 1, -1)[:, None] * late * 5
    table = make_responses(rates, dt=dt, time=time)
    return dots_networks.Session(rng.choice(LEVELS, trials), choice, np.ones(trials, bool), seconds, table)


def test_selective_units_are_found_and_told_their_own_choice():
    one = planted_session(np.random.default_rng(8))
    found = dots_networks.cells_of(one, align="saccade", window=(-0.3, 0.0))
    assert set(found) == {"u0", "u1"}
    for unit, table in ((0, found["u0"]), (1, found["u1"])):
        trials = table["trial"].values
        assert (trials % 2 == 1).all()  # selected on the others
        assert ((table["choice"].values == 1) == (one.choice[trials] == unit)).all()
        rate = table.values[:, -1, 0]
        assert rate[table["choice"].values == 1].mean() > 0.5 > rate[table["choice"].values == 2].mean()
    first = found["u0"]
    source = one.rates.values[first["trial"].values[0], :, 0]
    begin = round((one.seconds[first["trial"].values[0]] - 0.3 + 0.3) / 0.02)
    np.testing.assert_allclose(first.values[0, :, 0], source[begin : begin + 15])


def test_a_session_holds_the_answers_that_the_task_reads():
    config = DotsConfig(units=8, limit=0.6, level=0.05)
    task = answering_task(config)
    one = dots_networks.session(blank_network(config, task, 1), task, 40, Seeds(3))
    assert isinstance(one.rates, xr.DataArray)
    assert one.rates.sizes == {"trial": 40, "time": 45, "unit": 8}
    assert one.rates["time"].values[0] == pytest.approx(-0.3)
    there = one.choice >= 0
    assert there.any()
    assert np.isfinite(one.seconds[there]).all()
    assert np.isnan(one.seconds[~there]).all()
    assert one.seconds[there].min() >= 0.02 - 1e-9
    again = dots_networks.session(blank_network(config, task, 1), task, 40, Seeds(3))
    assert again.rates.equals(one.rates)
