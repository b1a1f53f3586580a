"""FND03: XOR at small size, resuming, and that a target a perceptron can learn is told from one it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from tertium.rng import Seeds
from tertium.studies import MemoryLab
from tertium.studies.base import verdicts
from tertium.studies.minsky1969 import Minsky1969, accuracy_by_presentation, parity


@pytest.fixture(scope="module")
def finished():
    study = Minsky1969()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_the_theorems_hold_at_any_size(finished):
    study, results = finished
    judged = {v.id: v for v in verdicts(study, [results])}
    for name in ("perceptron_xor", "hidden_1", "parity_ceiling", "hidden_8"):
        assert judged[name].held, name


def test_a_perceptron_reaches_the_ceiling_but_not_more(finished):
    _, results = finished
    assert results.perceptron_xor.max() == 0.75
    assert results.parity_best["3"].max() == 0.75


def test_a_learnable_target_is_learned_by_the_same_code():
    config = Minsky1969.Config(nets=5, perceptron_sweeps=40)
    both = np.array([0.0, 0.0, 0.0, 1.0])
    course = accuracy_by_presentation(2, both, config, Seeds(0).numpy("and"))
    assert course.shape == (5, 160)
    assert (course[:, -1] == 1).all()


def test_parity_of_two_bits_is_xor():
    assert parity(2).tolist() == [0, 1, 1, 0]
    assert parity(3).sum() == 4


def test_networks_that_do_not_learn_do_not_pass():
    study = Minsky1969()
    config = study.configure({"rate": 1e-9}, size="smoke")
    judged = {v.id: v for v in verdicts(study, [study.run(config, MemoryLab(0))])}
    assert not judged["hidden_8"].held
    assert not judged["parity_hidden"].held


class KilledLab(MemoryLab):
    """Saves after ten sweeps, spoils what follows, and starts again from what it saved."""

    def steps(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        import copy

        yield from range(10)
        kept = copy.deepcopy(save())
        yield from range(10, 25)  # lost in the kill
        load(kept)
        yield from range(10, total)


def test_a_killed_run_resumes_to_the_same_curve():
    config = Minsky1969.Config(nets=4, sweeps=150)
    whole = Minsky1969._train("xor-8", 2, 8, 150, config, MemoryLab(1))
    resumed = Minsky1969._train("xor-8", 2, 8, 150, config, KilledLab(1))
    assert whole[-1] > 0
    np.testing.assert_array_equal(whole, resumed)


def test_figures_are_drawn(finished):
    study, results = finished
    assert [p.id for p in study.figures([results, results])] == ["learning", "hidden", "parity"]
