"""Lessons follow each other when their thresholds are reached."""

import pytest

from tertium.errors import BadInput
from tertium.learning import Lesson, fit

OPTIONS = {"batch": 2, "validate_every": 2, "validate_trials": 4}


def test_lessons_end_at_their_thresholds_and_the_task_comes_last(network, scripted):
    first, second, last = scripted(0.4, 0.7), scripted(0.8, 0.5, 0.8, 0.9), scripted(0.5, 0.99)
    done = fit(
        network(),
        last,
        curriculum=[Lesson(first, until=0.6), Lesson(second, until=0.8, checks=2)],
        steps=100,
        until=0.95,
        **OPTIONS,
    )
    assert [check.lesson for check in done.history] == [0, 0, 1, 1, 1, 1, 2, 2]
    assert (done.stopped, done.steps) == ("criterion", 16)
    # two steps before each validation, then its trials
    assert [len(task.seeds) for task in (first, second, last)] == [6, 12, 6]
    assert not first.performances + second.performances + last.performances


def test_steps_may_run_out_before_the_last_lesson(network, scripted):
    first, last = scripted(0.4, 0.5), scripted()
    done = fit(network(), last, curriculum=[Lesson(first, until=0.6)], steps=4, **OPTIONS)
    assert (done.stopped, done.history[-1].lesson) == ("steps", 0)
    assert not last.seeds


def test_a_good_streak_does_not_carry_over_to_the_next_lesson(network, scripted):
    first, last = scripted(0.9, 0.9), scripted(0.9, 0.1, 0.9, 0.9)
    lesson = Lesson(first, until=0.8, checks=2)
    done = fit(network(), last, curriculum=[lesson], steps=100, until=0.8, checks=2, **OPTIONS)
    assert len(done.history) == 6


def test_thresholds_that_cannot_be_used_are_answered(task):
    with pytest.raises(BadInput, match=r"until: got 1.5, expected a fraction correct in \(0, 1\]"):
        Lesson(task, until=1.5)
    with pytest.raises(BadInput, match="checks: got 0"):
        Lesson(task, until=0.5, checks=0)
