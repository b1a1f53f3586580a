"""Constraints hold after every step of learning, exactly, alone and together."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tertium.models import GRUCell, RateCell, RateRNN
from tertium.models.wiring import (
    BlockMask,
    Connectome,
    Dale,
    LowRank,
    LowRankPlusRandom,
    NoAutapses,
    Rewiring,
    SparseMask,
    SpatialEmbedding,
    constrain,
    grid,
    hierarchy,
    rewire_after,
    wiring_cost,
)
from tertium.rng import Seeds

N = 20
AREAS = {"V1": 12, "PFC": 8}
GRAPH = Seeds(1).numpy("graph").normal(size=(N, N)) * (Seeds(2).numpy("graph").random((N, N)) < 0.3)
Check = Callable[[torch.Tensor], None]


def dale(weight):
    assert (weight[:, :16] >= 0).all()
    assert (weight[:, 16:] <= 0).all()


def dale_by_area(weight):
    excitatory = np.r_[:10, 12:18]  # 0.8 of 12 and of 8, rounded
    inhibitory = np.r_[10:12, 18:20]
    assert (weight[:, excitatory] >= 0).all()
    assert (weight[:, inhibitory] <= 0).all()


def sparse(weight):
    assert int((weight != 0).sum()) <= 120


def no_autapses(weight):
    assert (weight.diagonal() == 0).all()


def blocks(weight):
    assert int((weight[12:, :12] != 0).sum()) <= 19  # 0.2 of 8 x 12
    assert int((weight[:12, 12:] != 0).sum()) <= 10  # 0.1 of it


def connectome(weight):
    assert (weight.numpy()[GRAPH == 0] == 0).all()
    assert (np.sign(weight.numpy()) * np.sign(GRAPH) >= 0).all()


def rank_two(weight):
    assert int(torch.linalg.matrix_rank(weight.double(), rtol=1e-5)) <= 2


def rank_one_plus_random(weight):
    drawn = LowRankPlusRandom(1, gain=0.5)._random((N, N))
    assert int(torch.linalg.matrix_rank((weight - drawn).double(), rtol=1e-4)) <= 1


CASES: dict[str, tuple[list, list[Check]]] = {
    "Dale": ([Dale(0.8)], [dale]),
    "Dale, rectified": ([Dale(0.8, magnitude="relu")], [dale]),
    "sparse": ([SparseMask(0.3)], [sparse]),
    "no autapses": ([NoAutapses()], [no_autapses]),
    "areas": ([BlockMask(AREAS, hierarchy(AREAS))], [blocks]),
    "connectome": ([Connectome(GRAPH)], [connectome]),
    "low rank": ([LowRank(2)], [rank_two]),
    "low rank plus random": ([LowRankPlusRandom(1, gain=0.5)], [rank_one_plus_random]),
    "places": ([SpatialEmbedding(grid(5, 4)), Dale(0.8)], [dale]),
    "Dale, sparse, no autapses": ([NoAutapses(), SparseMask(0.3), Dale(0.8)], [dale, sparse, no_autapses]),
    "Dale, areas, sparse, no autapses": (
        [Dale(0.8, magnitude="relu"), SparseMask(0.5), BlockMask(AREAS, hierarchy(AREAS)), NoAutapses()],
        [dale_by_area, blocks, no_autapses],
    ),
    "connectome, no autapses": ([Connectome(GRAPH, start_from="random"), NoAutapses()], [connectome, no_autapses]),
    "rewiring": ([Rewiring(0.3, l1=0.5)], [sparse]),
    "rewiring, Dale, no autapses": (
        [Rewiring(0.3, l1=0.5, temperature=1e-3), Dale(0.8), NoAutapses()],
        [dale, no_autapses],
    ),
}

OPTIMIZERS = {
    "Adam": lambda ps: torch.optim.Adam(ps, lr=3e-2, weight_decay=1e-2),
    "SGD": lambda ps: torch.optim.SGD(ps, lr=5e-2, momentum=0.9, weight_decay=1e-2),
}


QUICK = ("Dale, areas, sparse, no autapses", "rewiring, Dale, no autapses")


@pytest.mark.parametrize("optimizer", [pytest.param("Adam"), pytest.param("SGD", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in CASES])
def test_constraints_hold_after_each_of_200_steps(name, optimizer):
    constraints, checks = CASES[name]
    network = RateRNN(2, N, 1, nonlinearity="tanh", tau=0.04, seed=3)
    constrain(network.cell, *constraints)
    steps = OPTIMIZERS[optimizer](network.parameters())
    active = None
    if any(isinstance(c, Rewiring) for c in constraints):
        rewire_after(steps, network)
        active = network.cell.parametrizations.recurrent_weight[-1]
    xs = torch.randn(4, 5, 2, generator=Seeds(0).torch("xs"))
    start = network.cell.recurrent_weight.detach().clone()
    n_active = None if active is None else int(active.active.sum())
    for _ in range(200):
        steps.zero_grad()
        outputs, _ = network(xs)
        ((outputs - 1).square().mean() + 0.01 * network.cell.recurrent_weight.square().sum()).backward()
        steps.step()
        weight = network.cell.recurrent_weight.detach()
        for check in checks:
            check(weight)
        if active is not None:
            assert int(active.active.sum()) == n_active
            assert not bool((active.active & ~active.possible).any())
            assert not bool(((weight != 0) & ~active.active).any())
    assert torch.isfinite(weight).all()
    assert (weight - start).abs().max() > 0.01  # it did learn


def test_rewiring_moves_connections_and_lets_them_grow():
    network = RateRNN(2, N, 1, nonlinearity="tanh", tau=0.04, seed=3)
    cell = constrain(network.cell, Rewiring(0.2, l1=0.1), NoAutapses())
    rewired = cell.parametrizations.recurrent_weight[0]
    first = rewired.active.clone()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    rewire_after(optimizer, network)
    xs = torch.randn(6, 8, 2, generator=Seeds(0).torch("xs"))
    for _ in range(100):
        optimizer.zero_grad()
        (network(xs)[0] - 1).square().mean().backward()
        optimizer.step()
    moved = rewired.active & ~first
    assert int(moved.sum()) > 10
    assert int((cell.recurrent_weight.detach()[moved] != 0).sum()) > 0.5 * int(moved.sum())


def test_rewiring_resumes_as_if_it_had_not_been_interrupted():
    def run(n, state=None):
        network = RateRNN(1, N, 1, seed=3)
        constrain(network.cell, Rewiring(0.2, l1=1.0, temperature=0.1))
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-2)
        rewire_after(optimizer, network)
        if state is not None:
            network.load_state_dict(state)
        for _ in range(n):
            optimizer.zero_grad()
            (network(torch.ones(3, 2, 1))[0] - 1).square().mean().backward()
            optimizer.step()
        return network.state_dict()

    whole, halves = run(10), run(5, run(5))
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[key], halves[key]) for key in whole)


def test_gates_share_connections_and_signs():
    cell = constrain(GRUCell(2, N), Dale(0.8), SparseMask(0.3), NoAutapses())
    masks = [getattr(cell, name) != 0 for name in cell.recurrent_weights]
    assert all(torch.equal(mask, masks[0]) for mask in masks)
    for name in cell.recurrent_weights:
        dale(getattr(cell, name).detach())


def test_constraints_in_several_calls_are_those_of_one():
    one = constrain(RateCell(1, N), SparseMask(0.3), NoAutapses(), Dale(0.8, magnitude="relu"))
    several = RateCell(1, N)
    for constraint in (NoAutapses(), SparseMask(0.3), Dale(0.8, magnitude="relu")):
        constrain(several, constraint)
    assert torch.equal(one.recurrent_weight, several.recurrent_weight)


@pytest.mark.slow
def test_learning_under_a_wiring_cost_shortens_connections():
    def mean_length(cost):
        network = RateRNN(2, N, 1, nonlinearity="tanh", tau=0.04, seed=3)
        cell = constrain(network.cell, SpatialEmbedding(grid(5, 4)))
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
        xs = torch.randn(5, 16, 2, generator=Seeds(0).torch("xs"))
        for _ in range(100):
            optimizer.zero_grad()
            loss = (network(xs)[0] - xs.cumsum(0).mean(-1, keepdim=True)).square().mean()
            (loss + cost(cell)).backward()
            optimizer.step()
        size = cell.recurrent_weight.detach().abs()
        return float((size * cell.places.distances).sum() / size.sum())

    free = mean_length(lambda cell: 0.0)
    assert mean_length(lambda cell: 0.003 * wiring_cost(cell)) < 0.8 * free
    assert mean_length(lambda cell: 0.03 * wiring_cost(cell, with_communicability=True)) < 0.8 * free
