"""FND01: the counts, and that a broken unit or a broken certificate is found out."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.models import foundations
from tertium.studies import MemoryLab
from tertium.studies.base import verdicts
from tertium.studies.mcculloch1943 import McCulloch1943, composed, overlap, undecided


@pytest.fixture(scope="module")
def finished():
    study = McCulloch1943()
    return study, study.run(study.configure(size="smoke"), MemoryLab(10))


def test_every_claim_holds_with_the_published_counts(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    assert all(v.held for v in judged.values()), [v.id for v in judged.values() if not v.held]
    assert results.by_weight[:, -1].tolist() == [14, 104, 1882]  # weights one larger add nothing
    assert results.refuted == [2, 152, 63654]
    assert results.by_hidden["3"] == [104, 254, 256]  # parity of three needs the third hidden unit


def test_weights_up_to_two_are_not_enough_for_four_inputs():
    study = McCulloch1943()
    results = study.run(study.configure({"largest_weight": 2, "hidden_largest": 1}), MemoryLab(10))
    judged = {v.id: v for v in verdicts(study, [results])}
    assert judged["one_unit_4_inputs"].value == 986
    assert not judged["one_unit_4_inputs"].held
    assert not judged["complete"].held
    assert not judged["two_layers_3_inputs"].held


def test_a_function_lost_or_counted_twice_is_undecided():
    found, impossible = foundations.realised(2, range(-1, 2)), np.array([6, 9])
    assert undecided(2, found, impossible) == 0
    assert undecided(2, found[1:], impossible) == 1
    assert undecided(2, found, np.array([6, 9, 8])) == 1


def test_linear_hidden_units_compute_no_more_than_one_unit():
    assert composed(2, linear=True) == 14
    assert composed(3, linear=True) == 104


def test_overlap_is_one_for_xor_and_xnor_only():
    assert overlap([6, 9]) == 1
    assert overlap([6]) == 0.5
    assert overlap([]) == 0


def test_figures_are_drawn(finished):
    study, results = finished
    pictures = list(study.figures([results]))
    assert [p.id for p in pictures] == ["sixteen", "weights", "hidden"]
    assert sum(len(trace.x) for trace in pictures[0].figure.data) == 32  # half of 16 x 4 outputs are ones
