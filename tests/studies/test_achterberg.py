"""CON03: graph and function measures on graphs and networks whose answer is known, and the study's parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.studies import MemoryLab
from tertium.studies.achterberg2023 import Achterberg2023
from tertium.studies.base import verdicts
from tertium.studies.methods.achterberg import (
    Snapshots,
    distances,
    nearness,
    network_in_space,
    selectivity,
    shuffle_distances,
)
from tertium.studies.methods.achterberg_networks import (
    MEASURES,
    SHUFFLED,
    SPARSE,
    SPATIAL,
    NetworksConfig,
    connections,
    length_profile,
    passing,
    train,
    wiring,
)
from tertium.studies.methods.graph_measures import (
    clustering,
    communities,
    efficiency,
    modularity,
    random_graph,
    rewired,
    small_worldness,
    strengths,
    strongest,
)
from tertium.tasks import make


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def cliques(count, size):
    """Separate cliques: each community has all its edges within, Q = 1 - 1 / count."""
    return np.kron(np.eye(count), np.ones((size, size)) - np.eye(size)) > 0


def ring(nodes, each_side):
    """A ring lattice; Watts & Strogatz give C = 3 (K - 2) / (4 (K - 1)) for K = 2 each_side."""
    steps = sum(np.roll(np.eye(nodes), k, axis=1) for k in range(1, each_side + 1))
    return (steps + steps.T) > 0


@pytest.mark.parametrize("count", [2, 4, 10])
def test_louvain_finds_cliques_and_their_closed_form(count, rng):
    graph = cliques(count, 6)
    order = rng.permutation(len(graph))
    labels = communities(graph[np.ix_(order, order)], rng)
    truth = np.repeat(np.arange(count), 6)[order]
    assert (labels[:, None] == labels).tolist() == (truth[:, None] == truth).tolist()
    assert modularity(graph, np.repeat(np.arange(count), 6)) == pytest.approx(1 - 1 / count, abs=1e-12)


def test_louvain_merges_communities_of_communities(rng):
    # 16 cliques on a ring, one edge between neighbours: Q = 1 - 1/16 - (share of edges between)
    graph = cliques(16, 5).astype(float)
    for one in range(16):
        a, b = 5 * one, (5 * one + 6) % 80
        graph[a, b] = graph[b, a] = 1
    labels = communities(graph, rng)
    edges, between = graph.sum() / 2, 16
    assert modularity(graph, labels) >= 1 - 1 / 16 - between / edges - 1e-12
    assert len(np.unique(labels)) in (8, 16)  # at this size both are known optima of the resolution limit


def test_modularity_is_that_of_the_definition_sum_and_zero_for_one_community(rng):
    graph = strengths(rng.normal(size=(12, 12)))
    labels = rng.integers(0, 3, 12)
    k, m2 = graph.sum(0), graph.sum()
    by_hand = sum((graph[i, j] - k[i] * k[j] / m2) / m2 for i in range(12) for j in range(12) if labels[i] == labels[j])
    assert modularity(graph, labels) == pytest.approx(by_hand, abs=1e-12)
    assert modularity(graph, np.zeros(12, int)) == pytest.approx(0, abs=1e-12)
    assert modularity(graph, communities(graph, rng)) >= by_hand


def test_autapses_do_not_count_as_connections():
    weights = np.array([[9.0, -2.0], [0.0, 9.0]])
    assert strengths(weights).tolist() == [[0, 1], [1, 0]]


def test_a_directed_matrix_is_no_graph(rng):
    with pytest.raises(BadInput, match="symmetric matrix"):
        communities(np.triu(np.ones((4, 4))), rng)


def test_the_strongest_pairs_are_kept_at_exactly_the_density(rng):
    graph = strengths(rng.normal(size=(40, 40)))
    kept = strongest(graph, 0.1)
    assert np.triu(kept).sum() == 78
    assert graph[kept].min() > graph[~kept & ~np.eye(40, dtype=bool)].max()
    assert strongest(np.zeros((5, 5)), 0.5).sum() == 0


@pytest.mark.parametrize("each_side", [1, 2, 4])
def test_clustering_of_a_ring_lattice(each_side):
    k = 2 * each_side
    assert clustering(ring(60, each_side)) == pytest.approx(3 * (k - 2) / (4 * (k - 1)) if k > 2 else 0, abs=1e-12)


def test_efficiency_of_a_ring_and_of_separate_pieces():
    lengths = np.minimum(np.arange(1, 20), 20 - np.arange(1, 20))
    assert efficiency(ring(20, 1)) == pytest.approx((1 / lengths).mean(), abs=1e-12)
    assert efficiency(cliques(2, 5)) == pytest.approx(4 / 9, abs=1e-12)  # a node reaches 4 of 9 others, in one step


def test_a_random_graph_has_its_edges_and_sigma_one(rng):
    graph = random_graph(100, 495, rng)
    assert np.triu(graph).sum() == 495
    assert (graph == graph.T).all()
    # spread of sigma over such graphs is 0.03
    assert small_worldness(graph, rng, nulls=30).sigma == pytest.approx(1, abs=0.12)


def test_a_rewired_lattice_is_a_small_world(rng):
    # Watts & Strogatz: a few shortcuts leave the clustering and shorten the paths
    graph = ring(100, 5)
    for node in range(0, 100, 5):
        other = int(rng.integers(100))
        if other != node:
            graph[node, (node + 1) % 100] = graph[(node + 1) % 100, node] = False
            graph[node, other] = graph[other, node] = True
    world = small_worldness(graph, rng, nulls=20)
    assert world.sigma > 3
    assert world.clustering / world.null_clustering > 4
    assert world.path / world.null_path < 1.5


def test_hubs_cluster_beyond_the_density_but_not_beyond_the_degrees(rng):
    core = np.zeros((80, 80), dtype=bool)
    core[:12, :] = rng.random((12, 80)) < 0.5
    graph = rewired((core | core.T) & ~np.eye(80, dtype=bool), rng)  # a draw from the degree-matched null itself
    assert small_worldness(graph, rng, nulls=20).sigma > 1.5
    assert small_worldness(graph, rng, nulls=10, keep="degrees").sigma == pytest.approx(1, abs=0.1)


def test_rewiring_keeps_degrees_and_breaks_communities(rng):
    graph = cliques(5, 8)
    new = rewired(graph, rng)
    assert (new.sum(0) == graph.sum(0)).all()
    assert (new == new.T).all()
    assert not new.diagonal().any()
    assert modularity(new, np.repeat(np.arange(5), 8)) < 0.2 < modularity(graph, np.repeat(np.arange(5), 8))


def test_small_worldness_needs_edges(rng):
    with pytest.raises(BadInput, match="no edges"):
        small_worldness(np.zeros((4, 4), dtype=bool), rng)


def test_selectivity_finds_planted_units(rng):
    goal, options = rng.normal(size=(2000, 3)), rng.normal(size=(2000, 4))
    one, other = goal @ [1, 0, 1] / np.sqrt(2), options @ [0, 1, 0, 0]
    activity = np.stack([one, other, one + other, np.zeros(2000), one + rng.normal(size=2000)], axis=1)
    found = selectivity(activity, goal, options)
    np.testing.assert_allclose(found.goal, [1, 0, 0.5, 0, 0.5], atol=0.05)
    np.testing.assert_allclose(found.options, [0, 1, 0.5, 0, 0], atol=0.05)
    assert found.active.tolist() == [True, True, True, False, True]
    assert found.distance_from_even() == pytest.approx(0.375, abs=0.02)


def test_variance_shared_by_goal_and_options_makes_no_unit_look_mixed(rng):
    goal = rng.normal(size=(4000, 1))
    options = 0.8 * goal + 0.6 * rng.normal(size=(4000, 1))  # correlated 0.8
    found = selectivity(goal.copy(), goal, options)
    assert found.goal_share()[0] == pytest.approx(1, abs=0.01)


def test_silent_units_have_no_selectivity():
    found = selectivity(np.zeros((50, 3)), np.ones((50, 1)), np.ones((50, 1)))
    assert not found.active.any()
    assert np.isnan(found.distance_from_even())


def test_nearness_finds_a_planted_cluster_and_nothing_in_noise(rng):
    apart = distances((5, 5, 4))
    corner = (apart[0] < 2.5).astype(float)
    planted = nearness(corner, apart, rng)
    assert planted.p == pytest.approx(1 / 1001)
    assert planted.ratio < 0.75
    ps = [nearness(rng.random(100), apart, rng, permutations=200).p for _ in range(60)]
    assert 0.3 < np.mean(ps) < 0.7
    assert np.isnan(nearness(np.zeros(100), apart, rng).z)


def test_nearness_is_the_weighted_mean_distance_of_pairs(rng):
    apart = distances((2, 2, 2))
    function = rng.random(8)
    weights = np.outer(function, function) * ~np.eye(8, dtype=bool)
    mean = (weights * apart).sum() / weights.sum()
    nulls = []
    same = np.random.default_rng(5)
    for _ in range(50):
        shuffled = function[same.permutation(8)]
        pairs = np.outer(shuffled, shuffled) * ~np.eye(8, dtype=bool)
        nulls.append((pairs * apart).sum() / pairs.sum())
    found = nearness(function, apart, np.random.default_rng(5), permutations=50)
    assert found.ratio == pytest.approx(mean / np.mean(nulls), rel=1e-9)


def test_the_network_is_the_papers():
    task = make("spatial_inference")
    network = network_in_space(task, (5, 5, 4), Seeds(0))
    assert (task.n_inputs, network.n_units, task.n_outputs) == (8, 100, 4)
    weight = network.cell.recurrent_weight.detach()
    torch.testing.assert_close(weight @ weight.T, torch.eye(100), atol=1e-5, rtol=0)
    assert float(network.cell.input_weight.detach().abs().max()) <= (6 / 108) ** 0.5
    x, state = torch.rand(3, 2, 8), torch.rand(2, 100)
    _, states = network(x, state)
    first = torch.relu(state @ weight.T + x[0] @ network.cell.input_weight.detach().T)
    torch.testing.assert_close(states[0].detach(), first, atol=1e-5, rtol=1e-5)


def test_shuffled_distances_are_the_same_numbers_without_a_space():
    network = network_in_space(make("spatial_inference"), (3, 3, 2), Seeds(0))
    before = network.cell.places.distances.clone()
    shuffle_distances(network, np.random.default_rng(0))
    after = network.cell.places.distances
    assert torch.equal(after, after.T)
    assert torch.equal(after.diagonal(), torch.zeros(18))
    torch.testing.assert_close(after.flatten().sort()[0], before.flatten().sort()[0])
    values = np.corrcoef(before.numpy()[np.triu_indices(18, 1)], after.numpy()[np.triu_indices(18, 1)])[0, 1]
    assert abs(values) < 0.3


def test_snapshots_go_on_from_a_checkpoint():
    model = torch.nn.Linear(1, 1)
    whole, first = Snapshots(2), Snapshots(2)
    for _ in range(3):
        first.after_step(model, Seeds(0))
    second = Snapshots(2)
    second.load_state_dict(first.state_dict())
    second.after_step(model, Seeds(0))
    for _ in range(4):
        whole.after_step(model, Seeds(0))
    assert len(second.kept) == len(whole.kept) == 2
    model.weight.data += 1  # kept weights are copies
    assert not torch.equal(second.kept[0]["weight"], model.weight)


def test_a_network_is_taken_where_accuracy_and_sparsity_pass():
    accuracy, alive = np.array([0.3, 0.9, 1.0, 1.0]), np.array([0.9, 0.5, 0.3, 0.1])
    assert passing(accuracy, alive, 0.9, near=0.25, tolerance=0.1) == 2
    assert passing(accuracy, alive, 0.9, near=0.7, tolerance=0.1) == -1  # nothing is near
    assert passing(accuracy, alive, 0.9, near=0.9, tolerance=0.1) == -1  # near, but the task is not solved
    assert passing(np.zeros(4), alive, 0.9, near=0.3, tolerance=1.0) == -1


def test_connections_are_counted_without_autapses():
    weights = np.full((3, 3), 0.005)
    np.fill_diagonal(weights, 1.0)
    weights[0, 1] = -0.02
    assert connections(weights, 0.01) == pytest.approx(1 / 6)


def test_wiring_of_planted_networks(rng):
    config = NetworksConfig(nulls=10, rewirings=3)
    apart = distances((5, 5, 4))
    near = np.exp(-apart) * rng.uniform(0.5, 1.5, apart.shape) * ~np.eye(100, dtype=bool)
    anywhere = rng.permutation(near.ravel()).reshape(near.shape)
    local, random = (wiring(config, w, Seeds(0)) for w in (near, anywhere))
    assert local["modularity"] - random["modularity"] > 0.1
    assert local["excess modularity"] > 0.1 > abs(random["excess modularity"])
    assert local["small-worldness"] > 2
    assert random["small-worldness"] == pytest.approx(1, abs=0.15)
    assert local["length"] < 0.6
    assert random["length"] == pytest.approx(1, abs=0.1)
    assert local["weight-distance"] < -0.5
    assert abs(random["weight-distance"]) < 0.1


def test_autapses_alone_make_the_papers_modularity_and_not_ours(rng):
    config = NetworksConfig(nulls=2, rewirings=1)
    weights = np.abs(rng.normal(size=(100, 100)))
    with_autapses = wiring(config, weights + 100 * np.eye(100), Seeds(0))
    without = wiring(config, weights, Seeds(0))
    assert with_autapses["modularity with autapses"] > 0.4 > 0.2 > without["modularity with autapses"]
    assert with_autapses["modularity"] == without["modularity"]


def test_the_profile_of_a_planted_decay():
    apart = distances((5, 5, 4))
    edges = [0.5, 1.5, 2.5, 7.5]
    profile = length_profile(np.exp(-apart), (5, 5, 4), edges)
    assert (np.diff(profile) < 0).all()
    np.testing.assert_allclose(length_profile(np.ones((100, 100)), (5, 5, 4), edges), 1)


@pytest.fixture(scope="module")
def smoke():
    study = Achterberg2023()
    return study, study.run(study.configure(size="smoke"), MemoryLab(0))


def test_all_kinds_begin_at_the_same_weights_and_only_the_cost_differs(smoke):
    _, results = smoke
    one, other, shuffled = (results.strengths[kind] for kind in (SPATIAL, SPARSE, SHUFFLED))
    assert np.abs(one - other).max() < 0.02  # six steps of 1e-3, a little either way
    assert not np.array_equal(one, shuffled)


@pytest.mark.slow
def test_a_network_that_passes_no_filter_holds_no_claim():
    study, lab = Achterberg2023(), MemoryLab(0)
    config = study.configure({"accuracy": 1.0, "attempts": 2, "epochs": 1, "steps": 1}, size="smoke")
    results = study.run(config, lab)
    assert results.attempts[SPATIAL] == 2
    assert any("No seRNN network passed" in note for note in lab.notes)
    assert all(np.isnan(results.measures[SPATIAL][name]) for name in MEASURES)
    judged = verdicts(study, [results])
    assert not any(v.held for v in judged)
    assert len(list(study.figures([results, results]))) == 5


def test_figures_are_drawn(smoke):
    study, results = smoke
    drawn = [p.id for p in study.figures([results, results])]
    assert drawn == ["space", "distance", "graphs", "training", "function"]


@pytest.mark.slow
def test_the_wiring_cost_shortens_connections_within_an_epoch():
    config = NetworksConfig(epochs=1, accuracy=0.0, tolerance=1.0, matched=1.0, attempts=1, nulls=2, rewirings=1)
    found = {}
    for kind in (SPATIAL, SHUFFLED):
        course = train(config, MemoryLab(0), kind, 0.25)
        found[kind] = wiring(config, course["weights"][0].astype(float), Seeds(0))["weight-distance"]
    assert found[SPATIAL] < -0.2
    assert abs(found[SHUFFLED]) < 0.05
