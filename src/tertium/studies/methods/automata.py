"""From the states of a trained network to a finite automaton: cluster, follow the majority, merge what cannot be told apart."""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.tasks.sequence.automaton import Automaton

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: States (state, unit) and one symbol -> the states after it, and whether each of these accepts.
Machine = Callable[[Floats, int], tuple[Floats, Bools]]
#: States that agree to so many decimals are one point for k-means.
_DIGITS = 6


@dataclass(frozen=True)
class Visits:
    """The states that a network passed through while it read strings.

    Attributes
    ----------
    states : array, shape (visit, unit)
        The state before the first symbol, then those after each symbol of each string.
    answers : array of bool, shape (visit,)
        Whether the network accepts there; the first entry, before any symbol, says nothing.
    successors : array, shape (symbol, visit, unit)
        Where each state goes when 0 or 1 is read next, also where the strings had the other symbol.
    """

    states: Floats
    answers: Bools
    successors: Floats


@dataclass(frozen=True)
class Extracted:
    """An automaton with the clusters it is made of.

    Attributes
    ----------
    automaton : Automaton
        The smallest one.
    members : array of int, shape (visit,)
        State of the automaton to which each visited state belongs; -1 where nothing leads to its cluster.
    clusters : int
        How many clusters of states there were before merging.
    fidelity : float
        Fraction of the network's answers that the automaton gives too.
    """

    automaton: Automaton
    members: Ints
    clusters: int
    fidelity: float


def all_strings(length: int) -> Ints:
    """Return all strings of 0 and 1 of a length, shape (2**length, length); their beginnings are all shorter ones.

    Examples
    --------
    >>> all_strings(2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    return np.asarray((np.arange(2**length)[:, None] >> np.arange(length)[::-1]) & 1, dtype=np.int64)


def agreement(one: Automaton, other: Automaton, longest: int) -> float:
    """Return the fraction of all strings of 1 to ``longest`` symbols that both accept or both reject.

    Examples
    --------
    >>> odd, all_of_them = Automaton([(0, 1), (1, 0)], [1]), Automaton([(0, 0)], [0])
    >>> agreement(odd, odd, 5), agreement(odd, all_of_them, 5)
    (1.0, 0.5)
    """
    same = total = 0
    for length in range(1, longest + 1):
        strings = all_strings(length)
        same += int((one.accepts(strings)[:, -1] == other.accepts(strings)[:, -1]).sum())
        total += len(strings)
    return same / total


def minimal(machine: Automaton) -> tuple[Automaton, Ints]:
    """Return the smallest automaton of the same language (Moore's refinement), and where each state went.

    States are numbered in the order in which they are met, 0 before 1, so that two automata of one language come out
    identical.

    Returns
    -------
    automaton : Automaton
    became : array of int, shape (state,)
        New state of each old one, -1 for a state that cannot be reached.

    Examples
    --------
    >>> smallest, became = minimal(Automaton([(2, 1), (3, 0), (0, 3), (1, 2)], [1, 3]))
    >>> smallest.table.tolist(), list(smallest.accepting), became.tolist()
    ([[0, 1], [1, 0]], [1], [0, 1, 0, 1])
    """
    table = machine.table
    kind = machine.is_accepting.astype(np.int64)
    while True:
        # states stay together as long as they and what they lead to are of one kind
        seen = np.stack([kind, *(kind[table[:, symbol]] for symbol in (0, 1))], axis=1)
        finer = np.unique(seen, axis=0, return_inverse=True)[1].ravel()
        if finer.max() == kind.max():
            break
        kind = finer
    order = [int(kind[0])]
    some = {int(k): int(np.flatnonzero(kind == k)[0]) for k in np.unique(kind)}
    for k in order:  # grows while it is gone through
        order += [n for n in dict.fromkeys(int(kind[t]) for t in table[some[k]]) if n not in order]
    new = {k: number for number, k in enumerate(order)}
    moves = [(new[int(kind[zero])], new[int(kind[one])]) for zero, one in (table[some[k]] for k in order)]
    accepting = [new[k] for k in order if machine.is_accepting[some[k]]]
    return Automaton(moves, accepting), np.array([new.get(int(k), -1) for k in kind])


def visit(machine: Machine, start: Floats, strings: Ints) -> Visits:
    """Read strings and note every state passed through, and where each would go with either symbol.

    Parameters
    ----------
    machine : callable
        States and one symbol -> next states and answers.
    start : array, shape (unit,)
        The state before the first symbol.
    strings : array of int, shape (string, position)
        Symbols, -1 after the end of a string.
    """
    states, answers, now = [start[None]], [np.zeros(1, dtype=bool)], np.repeat(start[None], len(strings), axis=0)
    for symbols in strings.T:
        for symbol in (0, 1):
            read = symbols == symbol
            if read.any():
                now[read], accepts = machine(now[read], symbol)
                states.append(now[read])
                answers.append(accepts)
    reached = np.concatenate(states)
    successors = np.stack([machine(reached, symbol)[0] for symbol in (0, 1)])
    return Visits(reached, np.concatenate(answers), successors)


def quotient(visits: Visits, clusters: int, seed: int) -> tuple[Automaton, Ints]:
    """Cluster the visited states by k-means and let most members of each cluster say where it leads and what it says.

    The state before the first symbol is state 0 of the automaton by itself: no training has asked for an answer there.

    Returns
    -------
    automaton : Automaton
        Not minimal: ``clusters + 1`` states, the first not accepting.
    labels : array of int, shape (visit,)
        State of the automaton to which each visit belongs.
    """
    from sklearn.cluster import KMeans

    found = KMeans(clusters, n_init=4, random_state=seed).fit(visits.states[1:].round(_DIGITS))
    labels = np.concatenate([[0], found.labels_ + 1])
    leads = np.stack([found.predict(after) + 1 for after in visits.successors], axis=1)
    moves, accepting = [], []
    for state in range(clusters + 1):
        members = labels == state
        moves.append(tuple(int(np.bincount(leads[members, symbol]).argmax()) for symbol in (0, 1)))
        if state and visits.answers[members].mean() > 0.5:
            accepting.append(state)
    return Automaton([(zero, one) for zero, one in moves], accepting), labels


def extract(visits: Visits, strings: Ints, answers: Bools, *, counts: Sequence[int], seed: int) -> Extracted:
    """Return the automaton that answers most like the network; of several numbers of clusters the first that does.

    The choice asks the network alone; the language it was trained on is not known here.

    Parameters
    ----------
    visits : Visits
        The states to be clustered.
    strings : array of int, shape (string, position)
        Other strings, on which automata and network are compared; -1 after the end.
    answers : array of bool, shape (string, position)
        What the network says of them after each symbol.
    counts : sequence of int
        Numbers of clusters that are tried, in order; one that is larger than the number of different states visited
        is tried with that number.
    seed : int
        Of k-means.

    Raises
    ------
    BadInput
        If no number of clusters is given, or one below 1.
    """
    if not counts or min(counts) < 1:
        raise BadInput("numbers of clusters", got=f"{list(counts)}", expected="integers >= 1", repair="Pass (2, 4, 8).")
    inside = strings >= 0
    distinct = len(np.unique(visits.states[1:].round(_DIGITS), axis=0))
    best: Extracted | None = None
    for clusters in dict.fromkeys(min(count, distinct) for count in counts):
        raw, labels = quotient(visits, clusters, seed)
        fidelity = float((raw.accepts(np.maximum(strings, 0)) == answers)[inside].mean())
        if best is None or fidelity > best.fidelity:
            # before the first symbol either answer is allowed: take that which makes the smaller automaton
            either = [minimal(Automaton(raw.moves, [*extra, *raw.accepting])) for extra in ([], [0])]
            smallest, became = min(either, key=lambda pair: len(pair[0].moves))
            best = Extracted(smallest, became[labels], clusters, fidelity)
        if fidelity == 1:
            break
    assert best is not None
    return best
