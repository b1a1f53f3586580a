"""Claims and verdicts: thresholds, controls, seeds."""

import math

import pytest

from tertium.errors import BadInput
from tertium.studies.claim import Claim, Control, above, at_least, at_most, below, between, exactly, judge


def claims(values, controls, threshold=None, **options):
    return [
        Claim("c", "It does.", v, threshold or at_least(1.0), "ours", Control("shuffled", c), **options)
        for v, c in zip(values, controls, strict=True)
    ]


@pytest.mark.parametrize(
    ("threshold", "inside", "outside", "text"),
    [
        (at_least(2), 2, 1.9, ">= 2"),
        (above(2), 2.1, 2, "> 2"),
        (at_most(2), 2, 2.1, "<= 2"),
        (below(0.05), 0.049, 0.05, "< 0.05"),
        (between(1, 2), 1, 2.1, "1 to 2"),
        (exactly(14), 14, 13, "= 14"),
    ],
)
def test_thresholds(threshold, inside, outside, text):
    assert threshold.holds(inside)
    assert not threshold.holds(outside)
    assert not threshold.holds(math.nan)
    assert str(threshold) == text


def test_the_mean_decides_by_default_and_each_seed_when_promised():
    assert judge(claims([0.9, 1.3], [0, 0]), "real").held
    assert not judge(claims([0.9, 1.3], [0, 0], judge="each"), "real").held
    assert not judge(claims([0.9, 1.3], [0, 0], judge="interval"), "real").held
    assert judge(claims([1.30, 1.31, 1.32], [0, 0, 0], judge="interval"), "real").held


def test_a_control_that_meets_the_threshold_sinks_the_claim():
    assert not judge(claims([2, 2], [1.5, 1.5]), "real").held
    assert judge(claims([2, 2], [2.5, 0.0], threshold=at_least(1.5)), "real").control_failed
    assert not judge(claims([2, 2], [2.5, 0.0], threshold=at_least(1.5), judge="each"), "real").control_failed


def test_an_unmeasured_control_proves_nothing():
    assert not judge(claims([2], [math.nan]), "real").held


def test_the_interval_is_the_t_interval_over_seeds():
    verdict = judge(claims([1.0, 2.0, 3.0], [0, 0, 0]), "real")
    half = 4.302652729911275 / math.sqrt(3)  # t(0.975, 2) times the standard error
    assert verdict.interval == pytest.approx((2 - half, 2 + half))


def test_the_claims_own_interval_goes_before_the_spread_over_seeds():
    assert judge(claims([1.0], [0], interval=(0.5, 1.5)), "real").interval == (0.5, 1.5)
    two = claims([1.0, 1.1], [0, 0], interval=(0.5, 1.5), judge="interval")
    assert judge(two, "real").interval == (0.5, 1.5)
    assert not judge(two, "real").met


def test_json_has_no_nan():
    entry = judge(claims([math.nan], [math.nan]), "real").as_json()
    assert entry["value"] is None
    assert entry["control"]["value"] is None
    assert entry["held"] is False


def test_unknown_kinds_and_judges_are_refused():
    with pytest.raises(BadInput, match="kind 'true'"):
        claims([1], [1], kind="true")
    with pytest.raises(BadInput, match="judge 'some'"):
        claims([1], [1], judge="some")
