"""DEEP R: what a connection does that no error moves, in closed form; counts and signs in layers and cells."""

import numpy as np
import pytest
import torch

from tertium.learning import fit
from tertium.models import MLP, make
from tertium.models.wiring import Dale, Rewired, Rewiring, constrain
from tertium.rng import Seeds
from tertium.tasks import labelled


def free_connections(n=40, density=0.5, l1=1.0, temperature=1.0, seed=0):
    layer = MLP(n, (), n, bias=False).stack()[0]
    constrain(layer, Rewiring(density, l1=l1, temperature=temperature, seed=seed), weight="weight")
    return layer, layer.parametrizations.weight[0]


def test_strengths_that_no_error_moves_are_exponential_with_mean_temperature_over_pull():
    # drift -l1 and diffusion T with as much growing at 0 as falls below it: no net flux, so density exp(-l1 x / T)
    layer, rewired = free_connections(l1=0.5, temperature=1.0)
    strength = layer.parametrizations.weight.original.detach()
    strength[rewired.active] = -2.0 * torch.log(torch.rand(800, generator=Seeds(0).torch("start")))
    everywhere, means, squares = torch.zeros_like(strength), [], []
    for step in range(3000):
        rewired.rewire(strength, 2e-3, [])
        if step % 10 == 0:
            everywhere += rewired.active
            means.append(float(strength[rewired.active].mean()))
            squares.append(float(strength[rewired.active].square().mean()))
    # a step is 0.06 long: that much a strength may overshoot before it is found below zero
    assert np.mean(means) == pytest.approx(2.0, rel=0.06)
    assert np.mean(squares) == pytest.approx(2 * 2.0**2, rel=0.12)
    assert int(rewired.active.sum()) == 800


def test_without_errors_no_place_is_preferred():
    _, rewired = free_connections(n=12, density=0.25)
    strength = torch.zeros(12, 12)
    occupied = torch.zeros(12, 12)
    for _ in range(3000):
        rewired.rewire(strength, 0.5, [])
        occupied += rewired.active
    assert float(occupied.sum()) == 36 * 3000
    share = occupied / 3000
    assert float(share.min()) > 0.15
    assert float(share.max()) < 0.35  # a fixed mask would have 0 and 1


def test_a_connection_grows_at_zero_and_what_the_optimiser_knew_of_it_is_forgotten():
    _, rewired = free_connections(n=6, density=0.5, temperature=0.0)
    before = rewired.active.clone()
    strength, momentum = torch.where(before, 0.01, 0.0), torch.ones(6, 6)
    strength[before.nonzero()[0][0], before.nonzero()[0][1]] = 5.0
    assert rewired.rewire(strength, 0.1, [momentum]) == 17
    grown = rewired.active & (strength == 0)
    assert int(grown.sum()) == 17
    assert bool((momentum[grown] == 0).all())
    assert float(strength.max()) == pytest.approx(4.9)


CLOUDS = labelled(
    Seeds(0).numpy("clouds").normal(size=(60, 8)) + np.eye(3, 8)[np.arange(60) % 3] * 3,
    np.arange(60) % 3,
    held_out=0,
    dt=0.01,
)


class Watch:
    """Notes after each step how many connections are active, and how many weights have a wrong sign."""

    def __init__(self, layer, name):
        self.layer, self.name = layer, name
        self.rewired = layer.parametrizations[name][-1]
        self.signs, self.first = self.rewired.signs.clone(), self.rewired.active.clone()
        self.counts, self.wrong = [], []

    def after_step(self, model, seeds):
        weight = getattr(self.layer, self.name).detach()
        self.counts.append(int(self.rewired.active.sum()))
        self.wrong.append(int(((weight * self.signs < 0) | ((weight != 0) & ~self.rewired.active)).sum()))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_layers_of_an_mlp_keep_their_count_and_dales_signs_while_it_learns(optimizer):
    network = MLP(8, 20, 3, dt=CLOUDS.dt, seed=1)
    constrain(network.layers[0], Rewiring(0.3, l1=0.05), weight="weight")
    constrain(network.layers[1], Rewiring(0.3, l1=0.05), Dale(0.8, start_from="keep"), weight="weight")
    watches = [Watch(layer, "weight") for layer in network.stack()]
    rate = {"sgd": 0.5, "adam": 0.02}[optimizer]
    options = {"goal": "cross_entropy", "steps": 150, "batch": 20, "validate_every": 150, "progress": False}
    found = fit(network, CLOUDS, optimizer=optimizer, learning_rate=rate, hooks=watches, **options)
    for watch, n in zip(watches, (48, 18), strict=True):
        assert set(watch.counts) == {n}
        assert set(watch.wrong) == {0}
        assert bool((watch.first != watch.rewired.active).any())
    assert bool((network.layers[1].weight[:, :16] >= 0).all() and (network.layers[1].weight[:, 16:] <= 0).all())
    assert found.performance > 0.9


@pytest.mark.parametrize("name", ["lsnn", "lstm"])
def test_recurrent_weights_of_spiking_and_gated_networks_keep_their_count(name):
    network = make(name, n_inputs=8, n_units=12, n_outputs=3, dt=CLOUDS.dt)
    cell = network.layers[0] if hasattr(network, "layers") else network.cell
    names = getattr(cell, "recurrent_weights", ("recurrent_weight",))
    constrain(cell, Rewiring(0.25, l1=1.0))
    watches = [Watch(cell, one) for one in names]
    assert all(isinstance(watch.rewired, Rewired) for watch in watches)
    fit(network, CLOUDS, goal="cross_entropy", steps=5, batch=4, hooks=watches, validate_every=5, progress=False)
    for watch in watches:
        assert set(watch.counts) == {round(0.25 * int(watch.rewired.possible.sum()))}
        assert set(watch.wrong) == {0}
