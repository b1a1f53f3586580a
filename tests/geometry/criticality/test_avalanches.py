"""Avalanches: cutting, bins, exact laws of branching, growth and shapes, refusals."""

import numpy as np
import pytest
from scipy.special import gammaln

import tertium as tt
from tertium.errors import BadInput
from tertium.geometry.criticality.crackling import shape_collapse, size_of_duration
from tertium.geometry.criticality.detection import Cut, cut_avalanches
from tertium.geometry.criticality.events import population_events
from tertium.rng import Seeds


def galton_watson(n, m, rng, longest=2000):
    """Return (avalanche, generation) activity of Poisson branching, one ancestor each."""
    active, rows = np.ones(n, dtype=np.int64), []
    for _ in range(longest):
        rows.append(active)
        active = rng.poisson(m * active)
        if not active.any():
            break
    return np.array(rows).T


def trace(n, m, seed):
    """Return the avalanches one after the other, a silent bin between."""
    rows = galton_watson(n, m, np.random.default_rng(seed))
    each = [np.append(0, row[row > 0]) for row in rows]
    return np.append(np.concatenate(each), 0)


def cut_of(sizes, durations):
    zeros = np.zeros(0, dtype=np.int64)
    return Cut(np.asarray(sizes), np.asarray(durations), zeros, zeros, 0)


def test_cutting_gives_back_the_avalanches_that_were_put_in():
    rows = galton_watson(500, 0.9, np.random.default_rng(0))
    cut = cut_avalanches([trace(500, 0.9, 0)])
    assert cut.sizes.tolist() == rows.sum(1).tolist()
    assert cut.durations.tolist() == (rows > 0).sum(1).tolist()
    assert cut.censored == 0
    expected = np.array([row[1] if len(row) > 1 else 0 for row in rows])
    assert cut.ratios() == pytest.approx(expected)
    of_three = cut.profiles(3)
    assert of_three.tolist() == [row[:3].tolist() for row in rows if (row > 0).sum() == 3]


def test_avalanches_at_the_ends_of_trials_are_left_out():
    cut = cut_avalanches([np.array([1, 0, 2, 2, 0]), np.array([0, 3, 0, 1]), np.array([1, 1]), np.zeros(3, int)])
    assert cut.sizes.tolist() == [4, 3]
    assert cut.censored == 3


def test_sizes_follow_borel_and_durations_the_iterated_generating_function():
    m, n = 0.9, 40_000
    cut = cut_avalanches([trace(n, m, 1)])
    k = np.arange(1, 200)
    borel = np.exp(-m * k + (k - 1) * np.log(m * k) - gammaln(k + 1))  # total progeny of one ancestor
    shares = np.bincount(cut.sizes, minlength=200)[1:200] / n
    assert np.abs(np.cumsum(shares) - np.cumsum(borel)).max() < 1.63 / np.sqrt(n)  # Kolmogorov, p = 0.01
    dead = [0.0]
    for _ in range(60):
        dead.append(np.exp(m * (dead[-1] - 1)))
    lasting = np.bincount(cut.durations, minlength=61)[1:61] / n
    assert np.abs(np.cumsum(lasting) - np.array(dead[1:])).max() < 1.63 / np.sqrt(n)


def test_critical_branching_has_the_exponents_of_mean_field():
    found = tt.geometry.avalanches(
        trace(20_000, 1.0, 2), bin=1, sizes=(None, 5000), durations=(20, 300), bootstrap=20, alternatives=()
    )
    assert found.size_law.exponent == pytest.approx(1.5, abs=0.05)
    assert found.duration_law.exponent == pytest.approx(2.0, abs=0.15)
    assert found.growth.exponent == pytest.approx(2.0, abs=0.2)
    assert found.shapes.exponent == pytest.approx(2.0, abs=0.2)
    assert found.branching_ratio == pytest.approx(1.0, abs=0.03)
    assert found.size_law.p_value >= 0.1
    assert found.predicted_interval[0] < found.growth.exponent < found.predicted_interval[1]


def test_subcritical_branching_is_no_power_law():
    found = tt.geometry.avalanches(trace(5000, 0.8, 3), bin=1, bootstrap=30)
    assert found.branching_ratio == pytest.approx(0.8, abs=0.04)
    assert found.size_law.p_value < 0.1
    tests = {one.tail.family: one for one in found.size_law.tests}
    assert tests["truncated power law"].favoured == "truncated power law"
    exponent, rate = tests["truncated power law"].tail.parameters
    if found.size_law.low <= 3:
        assert exponent == pytest.approx(1.5, abs=0.2)
        assert rate == pytest.approx(0.8 - 1 - np.log(0.8), rel=0.3)  # of the tail of Borel's distribution


def test_growth_and_its_interval_from_exact_sizes():
    durations = np.repeat(np.arange(5, 60), 40)
    rng = np.random.default_rng(4)
    sizes = np.maximum(1, rng.poisson(3 * durations**1.7))
    found = size_of_duration(cut_of(sizes, durations), 5, 59, bootstrap=100, seeds=Seeds(0))
    assert found.exponent == pytest.approx(1.7, abs=0.02)
    assert found.interval[0] < 1.7 < found.interval[1]
    assert found.scale == pytest.approx(3, rel=0.05)
    nothing = size_of_duration(cut_of([1, 2], [1, 2]), 1, 2, bootstrap=5, seeds=Seeds(0))
    assert np.isnan(nothing.exponent)
    assert np.isnan(nothing.interval).all()


@pytest.mark.parametrize("growth", [1.5, 2.0])
def test_planted_shapes_collapse_at_their_exponent(growth):
    rng = np.random.default_rng(5)
    counts, durations = [], []
    for duration in range(10, 60):
        phase = (np.arange(duration) + 0.5) / duration
        shape = 20 * duration ** (growth - 1) * phase * (1 - phase)
        for _ in range(30):
            counts.append(np.maximum(1, rng.poisson(shape)))
            durations.append(duration)
    trial = np.append(np.concatenate([np.append(0, one) for one in counts]), 0)
    found = shape_collapse(cut_avalanches([trial]), 10, 59, bootstrap=20, seeds=Seeds(0))
    assert found.exponent == pytest.approx(growth, abs=0.1)
    assert found.error < 0.005
    mean = found.scaled.mean(0)
    parabola = found.phases * (1 - found.phases)
    assert np.corrcoef(mean, parabola)[0, 1] > 0.99


def test_bins_are_the_mean_interval_between_events():
    rng = np.random.default_rng(6)
    times = {"a": rng.random(300) * 100, "b": rng.random(200) * 100}
    events = population_events(times)
    both = np.sort(np.concatenate(list(times.values())))
    assert events.bin == events.mean_interval == pytest.approx(np.diff(both).mean())
    assert sum(int(one.sum()) for one in events.counts) == 500
    same = population_events(tt.data.SpikeTrains.of(times))
    assert same.counts[0].tolist() == events.counts[0].tolist()
    # counted in fine bins they are put together to the nearest whole number of bins
    counts = np.histogram(both, np.arange(0, 100.01, 0.01))[0]
    binned = population_events(counts, dt=0.01)
    assert binned.mean_interval == pytest.approx(events.mean_interval, abs=1e-3)
    assert binned.bin == pytest.approx(round(binned.mean_interval / 0.01) * 0.01)
    assert binned.counts[0].sum() == pytest.approx(500, abs=10)


def test_responses_arrays_and_trials_agree():
    rng = np.random.default_rng(7)
    counts = rng.poisson(0.02, size=(4, 500, 10))
    responses = tt.data.make_responses(counts, dt=0.002, quantity="spike_count")
    a, b = population_events(responses, bin=0.004), population_events(counts, dt=0.002, bin=0.004)
    assert [x.tolist() for x in a.counts] == [x.tolist() for x in b.counts]
    assert len(a.counts) == 4
    assert a.counts[0].tolist() == counts[0].sum(1).reshape(250, 2).sum(1).tolist()
    assert a.bin == 0.004


def test_same_seed_same_result_with_table_and_figure():
    first, second = (tt.geometry.avalanches(trace(1500, 0.95, 8), dt=0.004, bin=0.004, bootstrap=5) for _ in range(2))
    assert first.table().equals(second.table())
    assert list(first.table().columns) == ["measure", "value", "low", "high", "p_value"]
    drawn = first.figure()
    assert drawn.layout.xaxis2.title.text == "duration (bins of 0.004 s)"
    assert first.shapes.figure().layout.yaxis.title.text == "events a bin, scaled"


@pytest.mark.parametrize(
    ("r", "options", "says"),
    [
        (np.array([0.5, 1.0]), {}, "not whole"),
        (np.array([-1, 1]), {}, "below 0"),
        (np.array([np.nan, 1]), {}, "not finite"),
        (np.zeros(100), {}, "0 events"),
        (np.ones((2, 2, 2, 2)), {}, "spike times or responses"),
        (np.array(["a"]), {}, "spike times or responses"),
        ({"a": [0.1]}, {}, "1 events"),
        ({"a": [0.1, np.inf]}, {}, "not finite"),
        ({"a": [0.1, 0.4]}, {"dt": 0.1}, "spike times have no bins"),
        ({"a": [0.0, 1e9]}, {"bin": 1e-3}, "at most"),
        (np.array([0, 1, 1, 0]), {"dt": -1.0}, "positive"),
        (np.array([0, 1, 1, 0]), {"bin": 0.0}, "positive"),
        (np.array([0, 1, 1, 0]), {"bin": 9}, "shorter than a trial"),
        (np.ones(200, int), {}, "at least 50"),
        (np.tile([0, 1], 200), {"bin": 1}, "3 or more"),
    ],
)
def test_what_has_no_avalanches_is_refused(r, options, says):
    with pytest.raises(BadInput, match=says):
        tt.geometry.avalanches(r, **options)


def test_another_dt_than_the_responses_say_is_refused():
    responses = tt.data.make_responses(np.ones((1, 30, 2)), dt=0.01, quantity="spike_count")
    for instrument in (tt.geometry.avalanches, tt.geometry.branching_ratio):
        with pytest.raises(BadInput, match="as the responses say"):
            instrument(responses, dt=0.02)
