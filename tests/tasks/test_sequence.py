"""Planted facts of the sequence tasks."""

import itertools
import re

import numpy as np
import pytest

from tertium.errors import BadInput, UnknownName
from tertium.tasks import make
from tertium.tasks.sequence.automaton import LANGUAGES, automaton


def test_flip_flop_keeps_the_sign_of_the_last_pulse():
    batch = make("flip_flop", noise=0.0, duration=2.0).batch(4, seed=3)
    kept = np.zeros((4, 3))
    for step in range(batch.steps):
        kept = np.where(batch.inputs[step] != 0, batch.inputs[step], kept)
        np.testing.assert_array_equal(batch.targets[step], kept)


def test_flip_flop_pulses_come_at_the_stated_rate_and_last_as_long_as_stated():
    task = make("flip_flop", bits=2, rate=2.0, pulse=0.05, noise=0.0, duration=20.0)
    batch = task.batch(50, seed=0)
    pulses = batch.streams["pulses"]
    seconds = batch.steps * batch.dt * 50 * 2
    assert (pulses[1:] != 0).sum() / seconds == pytest.approx(2.0, abs=4 * np.sqrt(2.0 / seconds))
    alone = [
        (t, n) for t, n in np.argwhere(pulses[..., 0] != 0) if not (pulses[t + 1 : t + 6, n, 0] != 0).any() and t < 1990
    ]
    for t, n in alone[:50]:
        assert (batch.inputs[t : t + 5, n, 0] == pulses[t, n, 0]).all()
        assert batch.inputs[t + 5, n, 0] == 0


def test_flip_flop_is_not_judged_right_after_a_pulse():
    task = make("flip_flop", blind=0.04, fraction=1.0)
    batch = task.batch(20, seed=1)
    late = np.concatenate([batch.targets[:1], batch.targets[:1], batch.targets[:-2]])
    assert task.performance(late, batch) == 1.0
    later = np.concatenate([np.repeat(batch.targets[:1], 6, 0), batch.targets[:-6]])
    assert task.performance(later, batch) < 0.1


def test_flip_flop_is_not_trained_right_after_a_pulse():
    batch = make("flip_flop", blind=0.04, duration=2.0).batch(20, seed=1)
    since = np.zeros(batch.mask.shape[1:], dtype=int)
    for pulses, counted in zip(batch.streams["pulses"], batch.mask, strict=True):
        since = np.where(pulses != 0, 0, since + 1)
        np.testing.assert_array_equal(counted, since >= 4)  # 40 ms on the pulse's own channel
    assert 0 < batch.mask.mean() < 1
    assert (make("flip_flop", blind=0.0).batch(4, seed=1).mask == 1).all()


def test_what_the_loss_of_the_flip_flop_counts_is_what_is_judged():
    task = make("flip_flop", blind=0.1, fraction=1.0)
    batch = task.batch(10, seed=2)
    assert task.performance(np.where(batch.mask > 0, batch.targets, -batch.targets), batch) == 1.0
    step, trial, bit = np.argwhere(batch.mask > 0)[1000]
    wrong = batch.targets.copy()
    wrong[step, trial, bit] *= -1
    assert batch.correct(wrong).sum() == 9


def test_flip_flop_needs_a_bit():
    with pytest.raises(BadInput, match="bits of the flip-flop"):
        make("flip_flop", bits=0)


def test_adding_asks_for_the_sum_of_the_marked_numbers_at_the_end():
    batch = make("adding", length=100).batch(2000, seed=0)
    assert (batch.inputs[:, :, 1].sum(0) == 2).all()
    assert (batch.inputs[:50, :, 1].sum(0) == 1).all()
    total = (batch.inputs[..., 0] * batch.inputs[..., 1]).sum(0)
    np.testing.assert_allclose(batch.targets[-1, :, 0], total, atol=1e-6)
    assert batch.mask[:-1].sum() == 0
    assert (batch.mask[-1] == 1).all()
    # variance of the sum of two uniform numbers: the error of always answering 1
    assert np.mean((batch.targets[-1] - 1) ** 2) == pytest.approx(1 / 6, abs=0.015)


def test_adding_needs_two_numbers():
    with pytest.raises(BadInput, match="length of the adding problem"):
        make("adding", length=1)


def no_odd_ones_then_odd_zeros(string):
    runs = [(symbol, len(list(group))) for symbol, group in itertools.groupby(string)]
    return not any(a == ("1", n) and n % 2 and m % 2 for a, (_, m) in itertools.pairwise(runs) for n in [a[1]])


DEFINITIONS = {
    "parity": lambda s: s.count("1") % 2 == 1,
    "tomita1": lambda s: re.fullmatch("1*", s) is not None,
    "tomita2": lambda s: re.fullmatch("(10)*", s) is not None,
    "tomita3": no_odd_ones_then_odd_zeros,
    "tomita4": lambda s: "000" not in s,
    "tomita5": lambda s: s.count("0") % 2 == 0 and s.count("1") % 2 == 0,
    "tomita6": lambda s: (s.count("1") - s.count("0")) % 3 == 0,
    "tomita7": lambda s: re.fullmatch("0*1*0*1*", s) is not None,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_automata_accept_exactly_their_language(language):
    rule = automaton(language)
    for length in range(1, 11):
        strings = list(itertools.product("01", repeat=length))
        accepted = rule.accepts(np.array(strings, dtype=int))[:, -1]
        expected = [DEFINITIONS[language]("".join(s)) for s in strings]
        assert accepted.tolist() == expected, (language, length)


@pytest.mark.parametrize("language", LANGUAGES)
def test_automata_are_minimal(language):
    # states are apart if some string of up to 6 symbols is accepted from one and not from the other
    rule = automaton(language)
    strings = [s for n in range(7) for s in itertools.product((0, 1), repeat=n)]
    futures = set()
    for state in range(len(rule.moves)):
        verdicts = []
        for string in strings:
            now = state
            for symbol in string:
                now = rule.moves[now][symbol]
            verdicts.append(bool(rule.is_accepting[now]))
        futures.add(tuple(verdicts))
    assert len(futures) == len(rule.moves)


@pytest.mark.parametrize("language", ["parity", "tomita1", "tomita4", "tomita7"])
def test_regular_language_is_balanced_and_its_targets_follow_the_definition(language):
    batch = make("regular_language", language=language, shortest=6, longest=12).batch(2000, seed=0)
    assert batch.columns["accepted"].mean() == pytest.approx(0.5, abs=0.05)
    for trial in range(50):
        length = batch.columns["length"][trial]
        symbols = batch.inputs[:length, trial].argmax(-1)
        for step in range(length):
            accepted = DEFINITIONS[language]("".join(map(str, symbols[: step + 1])))
            assert batch.targets[step, trial, 0] == (1 if accepted else -1)
        assert batch.mask[length:, trial].sum() == 0


def test_strings_of_a_kind_are_drawn_uniformly():
    # tomita4 has 13 strings of 4 symbols without 000
    drawn = LANGUAGES["tomita4"].draw(np.random.default_rng(0), np.full(13_000, 4), np.ones(13_000, dtype=bool))
    counts = np.unique(drawn @ np.array([8, 4, 2, 1]), return_counts=True)[1]
    assert len(counts) == 13
    assert (((counts - 1000) ** 2) / 1000).sum() < 32.9  # chi-square, 12 degrees of freedom, p = 0.001


def test_a_length_without_accepted_strings_gives_rejected_ones():
    batch = make("regular_language", language="tomita2", shortest=5, longest=5, balance=1.0).batch(20, seed=0)
    assert not batch.columns["accepted"].any()


def test_misspelt_languages_and_bad_lengths_are_answered():
    with pytest.raises(UnknownName, match="Did you mean 'tomita2'"):
        make("regular_language", language="tomita22")
    with pytest.raises(BadInput, match="1 <= shortest <= longest"):
        make("regular_language", shortest=5, longest=3)
    with pytest.raises(BadInput, match="balance"):
        make("regular_language", balance=2.0)


def test_copy_asks_for_the_string_after_the_go_signal():
    batch = make("copy", symbols=8, length=10, delay=0.3).batch(50, seed=0)
    assert batch.steps == 10 + 30 + 10
    shown, asked = batch.inputs.argmax(-1), batch.targets.argmax(-1)
    np.testing.assert_array_equal(shown[:10], asked[40:])
    np.testing.assert_array_equal(shown[:10].T, batch.columns["string"])
    assert (shown[10:39] == 8).all()
    assert (shown[39] == 9).all()
    assert (shown[40:] == 8).all()
    assert (asked[:40] == 8).all()
    wrong = batch.targets.copy()
    wrong[45, 7] = np.roll(wrong[45, 7], 1)
    assert batch.correct(wrong).sum() == 49


def test_sine_waves_have_the_frequency_of_their_input():
    batch = make("sine_generator", duration=8.0).batch(30, seed=0)
    time = np.arange(batch.steps) * batch.dt
    level = batch.inputs[0, :, 0]
    omega = 1.0 + 5.0 * ((level - 0.25) * 51 - 1) / 50
    np.testing.assert_allclose(batch.targets[..., 0], np.sin(omega * time[:, None]), atol=1e-4)
    assert (batch.inputs == batch.inputs[:1]).all()


@pytest.mark.parametrize("points", [1, 2, 3])
def test_moving_average_agrees_with_a_plain_loop(points):
    batch = make("moving_average", points=points).batch(4, seed=0)
    for trial in range(4):
        values, marks = batch.inputs[:, trial, 0].tolist(), batch.inputs[:, trial, 1].tolist()
        last, means = [0.0] * points, []
        for value, mark in zip(values, marks, strict=True):
            last = [*last[1:], value] if mark == 1 else last
            means.append(sum(last) / points)
        np.testing.assert_allclose(batch.targets[:, trial, 0], means, atol=1e-6)


def test_marks_keep_their_distance_and_come_at_the_stated_rate():
    batch = make("moving_average", duration=50.0, shortest_gap=0.1, rate=2.0).batch(20, seed=0)
    gaps = np.concatenate([np.diff(np.flatnonzero(batch.inputs[:, trial, 1])) for trial in range(20)]) * batch.dt
    assert gaps.min() >= 0.1 - 1e-9
    # a gap of at least one step, then geometric waiting with mean 1 / rate, of which the first step is part of the gap
    assert gaps.mean() == pytest.approx(0.1 + 0.5 - 0.01, abs=0.05)
    assert np.abs(batch.inputs[..., 0]).max() < 1


def test_nothing_to_do_is_refused():
    with pytest.raises(BadInput, match="copying"):
        make("copy", length=0)
    with pytest.raises(BadInput, match="moving average"):
        make("moving_average", points=0)
    with pytest.raises(BadInput, match="sine generator"):
        make("sine_generator", frequencies=0)
