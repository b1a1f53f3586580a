"""Measurements of teachers and students, each on networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.models import RateRNN
from tertium.rng import Seeds
from tertium.studies.methods.valente_measures import (
    _first_component,
    correlation_within,
    currents,
    loading_table,
    selection_of,
    selections,
)
from tertium.studies.methods.valente_networks import (
    ValenteConfig,
    blank_teacher,
    inactivated,
    performances,
    quiet,
    rate_cell,
    run,
    task_of,
    truncated,
)


def integrator(units: int = 40) -> RateRNN:
    """Return a rank-one linear network that adds up motion and reads it out, whatever the context."""
    network = RateRNN(
        4, units, 1, dt=0.02, tau=0.1, nonlinearity="identity", rank=1, bias=False, readout_bias=False, seed=0
    )
    rng = Seeds(0).numpy("integrator")
    m = rng.normal(size=(units, 1))
    n = m * units / (m * m).sum() + 0.0
    cell = rate_cell(network)
    with torch.no_grad():
        cell.left.copy_(torch.from_numpy(m))
        cell.right.copy_(torch.from_numpy(n))
        cell.input_weight.zero_()
        cell.input_weight[:, 0] = torch.from_numpy(m[:, 0])
        network.readout.weight.copy_(torch.from_numpy(m.T))
    return network.requires_grad_(False)


def test_selection_vector_of_an_integrator_is_its_left_eigenvector() -> None:
    network, batch = integrator(), task_of().batch(12, 0)
    found = selection_of(network, batch, 0)
    jacobian = (rate_cell(network).left @ rate_cell(network).right.T).numpy() / 40
    values, vectors = np.linalg.eig(jacobian.T)
    left = vectors[:, values.real.argmax()].real
    cosine = abs(found @ left) / np.linalg.norm(found) / np.linalg.norm(left)
    assert cosine == pytest.approx(1, abs=1e-4)


def test_a_network_agrees_with_itself_and_an_untrained_one_does_not() -> None:
    network, batch = integrator(), task_of().batch(12, 0)
    same = selections(network, network, batch)
    np.testing.assert_allclose(np.diag(same["overlaps"]), 1, atol=1e-6)
    assert same["picked"]["teacher"][0, 0] > 10 * abs(same["picked"]["teacher"][0, 1])
    other = blank_teacher(ValenteConfig(units=40), 5)
    assert selections(network, other, batch)["overlaps"].max() < 0.7


def test_integrator_answers_motion_and_not_colour() -> None:
    found = performances(integrator(), task_of().batch(400, 1), Seeds(0))
    assert found[0] > 0.97
    assert 0.3 < found[1] < 0.7


def test_inactivated_units_have_no_effect() -> None:
    config = ValenteConfig(units=30)
    teacher, batch = quiet(blank_teacher(config, 0)), task_of().batch(6, 0)
    gone = np.arange(10)
    hurt = inactivated(teacher, gone)
    again = inactivated(teacher, gone)
    with torch.no_grad():  # what cut units receive makes no difference
        rate_cell(again).recurrent_weight[gone] = 7.0
        rate_cell(again).input_weight[gone] = -3.0
    np.testing.assert_allclose(run(hurt, batch, Seeds(0))[0], run(again, batch, Seeds(0))[0], atol=1e-7)
    assert not np.allclose(run(hurt, batch, Seeds(0))[0], run(teacher, batch, Seeds(0))[0], atol=1e-7)
    student = integrator()
    lost = inactivated(student, np.arange(40))
    assert not run(lost, batch, Seeds(0))[0].any()
    assert rate_cell(student).right.any(), "the student itself is left as it was"


def test_truncation_keeps_the_largest_singular_values() -> None:
    teacher = blank_teacher(ValenteConfig(units=20), 0)
    whole = np.linalg.svd(rate_cell(teacher).recurrent_weight.detach().numpy(), compute_uv=False)
    cut = np.linalg.svd(rate_cell(truncated(teacher, 3)).recurrent_weight.detach().numpy(), compute_uv=False)
    np.testing.assert_allclose(cut[:3], whole[:3], rtol=1e-4)
    np.testing.assert_allclose(cut[3:], 0, atol=1e-6)
    assert rate_cell(teacher).noise_std > 0
    assert rate_cell(truncated(teacher, 3)).noise_std == 0


def test_current_of_the_decision_goes_up_with_evidence() -> None:
    found = currents(integrator(), task_of().batch(300, 2), Seeds(0))["currents"]
    ends = found["mean"][0, :, -1]
    assert (np.diff(ends) > 0).all()
    assert found["levels"].tolist() == [-0.4, -0.2, -0.1, 0.1, 0.2, 0.4]


def test_first_component_is_that_of_all_units() -> None:
    rng = Seeds(1).numpy("latents")
    kappa, m = rng.normal(size=(200, 2)) * [3.0, 1.0], rng.normal(size=(15, 2))
    kappa -= kappa.mean(0)
    direct = np.linalg.svd(kappa @ m.T, full_matrices=False)[2][0]
    assert abs(direct @ _first_component(kappa, m)) == pytest.approx(1, abs=1e-9)


def test_loading_table_and_correlation() -> None:
    student = RateRNN(4, 30, 1, rank=2, seed=1)
    table = loading_table(student)
    assert table.shape == (30, 2 + 2 + 4 + 2 * (4 + 2))
    np.testing.assert_allclose(table.std(0), 1, rtol=1e-6)


def test_correlation_within_contexts() -> None:
    # a context that is harder for both is no agreement about subsets
    a, b = np.array([[0.0, 0.9], [0.1, 1.0]]), np.array([[0.1, 1.0], [0.0, 0.9]])
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.9
    assert correlation_within(a, b) == pytest.approx(-1)
    assert np.isnan(correlation_within(np.array([[0.5], [0.5]]), np.array([[0.1], [0.2]])))
