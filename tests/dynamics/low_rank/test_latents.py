"""Latent variables of a simulated low-rank network, and the field they move in, are those of its reduced equations."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import Loadings, kappa_field, project_on_loadings
from tertium.errors import BadInput
from tertium.rng import Seeds


def network(rank=2, n=400):
    rng = Seeds(0).numpy("network")
    m, noise = rng.normal(size=(2, n, rank))
    return Loadings(m, 1.8 * m + 0.5 * noise, rng.normal(size=n))


def simulated(loadings, random=None, steps=60, dt=0.1):
    rng = Seeds(1).numpy("starts")
    kappa, v = rng.normal(size=(5, loadings.rank)), np.zeros((5, 1))
    x = kappa @ loadings.m.T
    states, latents, drives = [], [], []
    for step in range(steps):
        states.append(x)
        latents.append(kappa)
        drives.append(v)
        drive = np.full((5, 1), float(step < 30))
        rates = np.tanh(x)
        current = rates @ loadings.weights().T + drive @ loadings.inputs.T
        x = x + dt * (current - x + (0 if random is None else rates @ random.T))
        kappa = kappa + dt * (rates @ loadings.n / loadings.n_units - kappa)
        v = v + dt * (drive - v)
    return (np.stack(a, axis=1) for a in (states, latents, drives))


def test_latent_variables_are_those_that_moved_the_network():
    loadings = network()
    states, kappa, v = simulated(loadings)
    responses = make_responses(states, dt=0.01)
    found = project_on_loadings(responses, loadings.m, loadings.inputs)
    np.testing.assert_allclose(found.kappa, kappa, atol=1e-9)
    np.testing.assert_allclose(found.inputs, v, atol=1e-9)
    assert found.explained == pytest.approx(1)
    assert found.explained_by_m < 0.99
    assert found.seconds
    assert list(found.table()["latent"]) == ["kappa1", "kappa2", "input1"]
    assert len([t for t in found.figure([0, 0, 1, 1, 1]).data if t.showlegend]) == 2


def test_a_random_part_leaves_the_span():
    loadings = network()
    random = Seeds(2).numpy("random").normal(size=(400, 400)) / 20
    states, _, _ = simulated(loadings, random)
    assert project_on_loadings(states, loadings.m, loadings.inputs).explained < 0.95


def test_the_field_is_the_velocity_of_the_simulated_network_and_its_zeros_are_where_it_rests():
    loadings = network(1)
    field = kappa_field(loadings, [np.linspace(-3, 3, 301)])
    at_rest = 1.0
    for _ in range(3000):
        at_rest += 0.1 * (np.tanh(loadings.m[:, 0] * at_rest) @ loadings.n[:, 0] / 400 - at_rest)
    zeros = field.zeros()
    np.testing.assert_allclose(zeros[[0, 2]], [-at_rest, at_rest], atol=0.01)
    assert len(field.table()) == 301
    shifted = kappa_field(loadings, [[0.0, 1.0]], [0.5], bias=0.2)
    by_hand = np.tanh(loadings.m[:, 0] + 0.5 * loadings.inputs[:, 0] + 0.2) @ loadings.n[:, 0] / 400 - 1
    assert shifted.velocity[1, 0] == pytest.approx(by_hand)


def test_the_field_of_two_latents_has_their_shape_and_is_drawn():
    field = kappa_field(network(), [np.linspace(-2, 2, 31), np.linspace(-1, 1, 21)])
    assert field.velocity.shape == (31, 21, 2)
    assert len(field.figure().data) == 2
    with pytest.raises(BadInput, match="zeros: got 2 latent variables"):
        field.zeros()


def test_bad_input_is_named():
    loadings = network()
    with pytest.raises(BadInput, match="states: got shape"):
        project_on_loadings(np.zeros((3, 4, 5)), loadings.m)
    with pytest.raises(BadInput, match="loadings: got columns that are linearly dependent"):
        project_on_loadings(np.zeros((3, 4, 400)), loadings.m, loadings.m[:, 0])
    with pytest.raises(BadInput, match="states: got the same at all times"):
        project_on_loadings(np.zeros((3, 4, 400)), loadings.m)
    with pytest.raises(BadInput, match="states: got a value that is not finite"):
        project_on_loadings(np.full((3, 4, 400), np.inf), loadings.m)
    with pytest.raises(BadInput, match="axes: got 1 for rank 2"):
        kappa_field(loadings, [[0.0, 1.0]])
    with pytest.raises(BadInput, match="axes: got places that do not increase"):
        kappa_field(loadings, [[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(BadInput, match="inputs: got inputs"):
        kappa_field(loadings, [[0.0, 1.0], [0.0, 1.0]], [1.0, 2.0])
