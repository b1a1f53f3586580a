"""FND13: the instruments find what is planted, and what ought to fail fails."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models import VanillaRNN
from tertium.studies.base import verdicts
from tertium.studies.doya1993 import BOX, FAILING, STARTS, Doya1993, oscillate
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.automata import agreement, all_strings, extract, minimal, visit
from tertium.studies.methods.doya import (
    Units,
    answers_to,
    cycles,
    flow,
    free_run,
    reader,
    readout_for,
    recurrent_network,
    trajectory,
    van_der_pol,
    wanted,
    worst_error,
)
from tertium.tasks.sequence.automaton import LANGUAGES, Automaton, automaton


def planted_network(target):
    """Return a network that is an automaton: its unit (state, symbol) is on when the symbol was read in the state."""
    n = len(target.moves)
    network = VanillaRNN(2, 2 * n, 1, dt=0.01, nonlinearity="sigmoid")
    weights, shown = np.zeros((2 * n, 2 * n)), np.full((2 * n, 2), -10.0)
    # before the first symbol nothing is on: state 0 is where no unit of another state is
    bias = np.where(np.arange(2 * n) < 2, 0.0, -20.0)
    after = target.table.ravel()  # (unit,) the state that a unit stands for
    for unit in range(2 * n):
        state, symbol = divmod(unit, 2)
        shown[unit, symbol] = 10.0
        weights[unit] = np.where(after == state, 20.0, 0.0) if state else np.where(after == 0, 0.0, -20.0)
    readout = np.where(target.is_accepting[after], 1.0, -1.0)[None]
    cell = network.cell
    with torch.no_grad():
        for parameter, values in (
            (cell.recurrent_weight, weights),
            (cell.input_weight, shown),
            (cell.bias, bias),
            (network.readout.weight, readout),
        ):
            parameter.copy_(torch.from_numpy(values))
    return network


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_automaton_of_a_network_built_by_hand_is_found(language):
    target = automaton(language)
    network = planted_network(target)
    strings = all_strings(7)
    np.testing.assert_array_equal(answers_to(network, strings), target.accepts(strings))
    visits = visit(reader(network), np.zeros(network.n_units), strings[::3])
    found = extract(visits, strings, answers_to(network, strings), counts=(2, 3, 4, 6, 8, 12), seed=0)
    assert found.fidelity == 1
    # not only of one language: states are numbered alike, so the smallest automata are the same tables
    np.testing.assert_array_equal(found.automaton.table, minimal(target)[0].table)
    assert agreement(found.automaton, target, 10) == 1


def test_of_another_language_it_is_told_apart():
    assert agreement(automaton("parity"), automaton("tomita5"), 8) < 0.6
    # no string of two symbols shows that three zeros are forbidden
    anything = Automaton([(0, 0)], [0])
    assert agreement(automaton("tomita4"), anything, 2) == 1
    assert agreement(automaton("tomita4"), anything, 3) == pytest.approx(13 / 14)


def test_copies_of_states_are_merged_and_those_never_reached_are_left_out():
    rng = np.random.default_rng(0)
    target = automaton("tomita7")
    n, copies = len(target.moves), 3
    # state s of copy c is c * n + s; each move leads into a copy drawn at random; two states more lead nowhere
    moves = [
        tuple(int(target.table[s, a] + n * rng.integers(copies)) for a in (0, 1))
        for _ in range(copies)
        for s in range(n)
    ]
    moves += [(n * copies, n * copies + 1), (0, 1)]
    accepting = [c * n + s for c in range(copies) for s in target.accepting] + [n * copies]
    smallest, became = minimal(Automaton(moves, accepting))
    assert agreement(smallest, target, 9) == 1
    assert len(smallest.moves) == n
    assert became[-2:].tolist() == [-1, -1]
    np.testing.assert_array_equal(smallest.table, minimal(target)[0].table)


def test_visits_hold_every_state_and_both_ways_on():
    def counter(states, symbol):
        after = states + symbol + 1
        return after, after[:, 0] % 2 == 0

    visits = visit(counter, np.zeros(1), np.array([[1, 0], [0, -1]]))
    np.testing.assert_array_equal(np.sort(visits.states[:, 0]), [0, 1, 2, 3])
    np.testing.assert_array_equal(visits.successors[0], visits.states + 1)
    np.testing.assert_array_equal(visits.successors[1], visits.states + 2)
    np.testing.assert_array_equal(visits.answers[1:], visits.states[1:, 0] % 2 == 0)


def test_numbers_of_clusters_are_checked():
    network = planted_network(automaton("parity"))
    visits = visit(reader(network), np.zeros(network.n_units), all_strings(1))
    with pytest.raises(BadInput, match=r"numbers of clusters: got \[4, 0\], expected integers >= 1"):
        extract(visits, all_strings(1), np.ones((2, 1), dtype=bool), counts=(4, 0), seed=0)


def test_the_oscillator_has_the_known_period_and_amplitude():
    passed = trajectory(np.array([2.0, 0.0]), 1.0, 0.05, 1600)
    periods, amplitudes = cycles(passed[:, 0], 0.05)
    assert periods[-1] == pytest.approx(6.6632869, abs=5e-4)  # of mu = 1
    assert amplitudes[-1] == pytest.approx(2.0086199, abs=5e-4)


def test_one_step_is_that_of_a_standard_solver():
    from scipy.integrate import solve_ivp

    start = np.array([[2.5, -3.0], [0.1, 0.2]])
    for one, after in zip(start, flow(start, 1.0, 0.3), strict=True):
        exact = solve_ivp(lambda _, y: van_der_pol(y, 1.0), (0, 0.3), one, rtol=1e-11, atol=1e-12).y[:, -1]
        np.testing.assert_allclose(after, exact, rtol=1e-7)


def test_a_network_moves_exactly_as_its_readout_says():
    rng = np.random.default_rng(0)
    units = Units.draw(12, BOX, rng, dt=0.05, tau=0.5)
    readout = rng.normal(size=(2, 12))
    x = STARTS
    expected = [x]
    for _ in range(20):
        x = 0.9 * x + 0.1 * units.rates(x) @ readout.T
        expected.append(x)
    run = free_run(recurrent_network(units, readout), STARTS, 21)
    np.testing.assert_allclose(run, np.array(expected), rtol=1e-6, atol=1e-6)  # the network keeps dt / tau in float32


def test_a_motion_that_the_units_can_make_is_found():
    rng = np.random.default_rng(1)
    units = Units.draw(8, BOX, rng, dt=0.05, tau=0.5)
    planted = rng.normal(size=(2, 8))
    points = rng.uniform(-BOX, BOX, (200, 2))
    after = 0.9 * points + 0.1 * units.rates(points) @ planted.T
    found = readout_for(units, points, wanted(points, after, units), ridge=1e-12)
    np.testing.assert_allclose(found, planted, rtol=1e-4, atol=1e-4)


def test_too_few_cycles_count_as_failed():
    assert worst_error(np.ones(19), 1.0, 20) == 1
    assert worst_error(np.r_[5.0, np.ones(19), 1.2], 1.0, 20) == pytest.approx(0.2)


def test_the_oscillator_holds_at_full_size_and_its_controls_fail():
    study = Doya1993()
    found = oscillate(study.configure({"numbers": [10, 100]}), MemoryLab(0))
    assert found["period_error"]["fitted"] < 0.01
    assert found["amplitude_error"]["fitted"] < 0.01
    assert min(found["period_error"][name] for name in FAILING) > 0.05
    assert min(found["amplitude_error"][name] for name in FAILING) > 0.1
    # both runs are on the cycle at the end
    assert np.ptp(found["run"][-200:, :, 0], axis=0) == pytest.approx(2 * found["true"]["amplitude"], rel=0.01)


@pytest.mark.slow
def test_smaller_trainings_read_languages_and_their_controls_do_not():
    study = Doya1993()
    config = study.configure({"strings": 150, "numbers": [10, 50]})
    results = study.run(config, MemoryLab(0))
    judged = {v.id: v for v in verdicts(study, [results])}
    for language in ("parity", "tomita1", "tomita2", "tomita4"):
        assert judged[language].held, judged[language]
