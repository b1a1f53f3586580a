"""SNN11: factors are those of the rate units, bases are turned as they should be, measures see what is planted."""

from types import SimpleNamespace

import numpy as np
import pytest

from tertium.learning.force_learning import run_factors, spiking_network
from tertium.rng import Seeds
from tertium.studies.depasquale2023 import DePasquale2023
from tertium.studies.lab import MemoryLab
from tertium.studies.methods.depasquale_networks import Teacher, explained, orthogonal, scrambled, turned
from tertium.studies.methods.depasquale_spikes import irregular


@pytest.fixture(scope="module")
def teacher():
    return Teacher(DePasquale2023.configure({}, "smoke"), MemoryLab(0))


def test_factors_and_inputs_run_on_in_milliseconds(teacher) -> None:
    batch = teacher.trials(3, "some")
    outputs, rates = teacher.run(batch)
    factors, inputs = teacher.factors(batch), teacher.inputs(batch)
    assert teacher.fine == 20
    np.testing.assert_allclose(factors[:, 19::20], rates @ teacher.components, atol=1e-12)
    np.testing.assert_allclose(factors[:, 29], (factors[:, 19] + factors[:, 39]) / 2)
    np.testing.assert_array_equal(inputs[:, 20:40], np.repeat(batch.inputs[1][:, None], 20, axis=1))
    held = np.repeat(rates @ teacher.components, 20, axis=1)
    np.testing.assert_allclose(
        teacher.answers(held), (rates @ teacher.components @ teacher.components.T).transpose(1, 0, 2)
        @ teacher.network.readout.weight.detach().numpy().T + teacher.network.readout.bias.detach().numpy(), atol=1e-5,
    )  # fmt: skip
    assert outputs.shape == teacher.answers(held).shape


def test_factors_have_the_power_that_is_asked_for(teacher) -> None:
    rates = teacher.run(teacher.trials(300, "components"))[1].reshape(-1, 16)
    kept = ((rates @ teacher.components) ** 2).sum() / (rates**2).sum()
    less = ((rates @ teacher.components[:, :-1]) ** 2).sum() / (rates**2).sum()
    assert less < 0.99 <= kept + 1e-6


def test_units_stand_for_mixtures_of_rate_units(teacher) -> None:
    made = teacher.untaught(random=False)
    mixture = 3 * orthogonal(60, 16, teacher.seeds)
    np.testing.assert_allclose(mixture.T @ mixture, 9 * np.eye(16), atol=1e-10)
    weights = teacher.network.cell.recurrent_weight.detach().double().numpy()
    np.testing.assert_allclose(made.spread, mixture @ weights @ teacher.components)
    assert made.random_slow is None
    assert teacher.untaught(random=True).random_fast is not None


def test_a_basis_that_is_turned_alike_changes_nothing_and_one_that_is_not_does() -> None:
    rng = np.random.default_rng(0)
    network = spiking_network(3 * rng.normal(size=(50, 3)), rng.normal(size=(50, 1)), slow=0.0, fast=0.0)
    network.factors = 0.02 * rng.normal(size=(3, 100))
    inputs = np.full((1, 40, 1), 3.0)  # short, since rounding grows
    own = run_factors(network, inputs, rest=0.0, seed=1)
    alike, basis = turned(network, Seeds(0))
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-12)
    same = run_factors(alike, inputs, rest=0.0, seed=1)
    np.testing.assert_array_equal(same.spikes, own.spikes)
    np.testing.assert_allclose(same.factors @ basis.T, own.factors, atol=1e-9)
    assert not np.array_equal(run_factors(scrambled(network, Seeds(0)), inputs, rest=0.0, seed=1).spikes, own.spikes)


def test_explained_variance_is_that_of_all_factors() -> None:
    wanted = np.random.default_rng(0).normal(size=(4, 500, 3))
    assert explained(wanted, wanted) == 1
    assert explained(np.zeros_like(wanted), wanted) == pytest.approx(0, abs=0.01)
    noise = 0.5 * np.random.default_rng(1).normal(size=wanted.shape)
    assert explained(wanted + noise, wanted) == pytest.approx(0.75, abs=0.02)


def test_poisson_spikes_are_irregular_clocks_are_not_and_shared_rates_are_seen() -> None:
    rng = np.random.default_rng(0)
    poisson = irregular(rng.random((40, 1000, 12)) < 0.04)
    assert poisson["cv"] == pytest.approx(0.96, abs=0.07)
    assert poisson["cv2"] == pytest.approx(0.98, abs=0.07)
    assert poisson["fano"] == pytest.approx(0.96, abs=0.1)
    assert poisson["correlation"] < 0.25
    assert poisson["rate"] == pytest.approx(40, rel=0.1)
    clocks = np.zeros((40, 1000, 2), dtype=bool)
    for trial, start in enumerate(rng.integers(0, 30, 40)):
        clocks[trial, start::30] = True
    steady = irregular(clocks)
    assert max(steady["cv"], steady["cv2"]) < 1e-9
    assert steady["fano"] < 0.1
    shared = irregular(rng.random((40, 1000, 12)) < 0.04 * rng.choice([0.3, 1.7], size=(40, 1, 1)))
    assert shared["correlation"] > 0.6


def test_claims_hold_for_results_as_the_paper_has_them() -> None:
    tests = {
        "spiking": {"explained": 0.95, "wrong": 0.12},
        "scrambled": {"explained": -3.0, "wrong": 0.5},
        "turned": {"explained": 0.95, "wrong": 0.12},
    }
    measures = ("rate", "cv", "cv2", "fano", "correlation")
    spikes = {
        kind: dict(zip(measures, np.array(values)[:, None], strict=True))
        for kind, values in (
            ("spiking", (10, 1.0, 0.7, 0.8, 0.1)),
            ("plain", (10, 0.8, 0.3, 0.1, 0.1)),
            ("varied", (10, 1, 1, 2, 0.6)),
        )
    }
    found = SimpleNamespace(tests=tests, spikes=spikes, steady=0.1, wrong=0.1)
    claims = list(DePasquale2023().claims(found))
    assert [c.id for c in claims] == ["factors", "task", "scrambled", "cv", "cv2", "fano", "correlation"]
    for claim in claims:
        assert claim.threshold.holds(claim.value), claim.id
        assert not claim.threshold.holds(claim.control.value), claim.id
    found.wrong = 0.0  # nothing to compare with
    assert np.isnan([c.value for c in DePasquale2023().claims(found) if c.id in ("task", "scrambled")]).all()
