"""What each constraint means, what weights start from, and clear words where constraints contradict."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import torch

from tertium.errors import BadInput, UnknownName
from tertium.models import LSTMCell, RateCell, RateRNN
from tertium.models.wiring import (
    BlockMask,
    Connectome,
    Constraint,
    Dale,
    LowRank,
    NoAutapses,
    Rewiring,
    SparseMask,
    SpatialEmbedding,
    balanced_weights,
    communicability,
    connections_of,
    constrain,
    grid,
    hierarchy,
    rewire_after,
    wiring_cost,
)
from tertium.rng import Seeds
from tertium.testing.cell_conformance import check_cell


@pytest.mark.parametrize(
    "constraints",
    [
        [Dale(0.75), NoAutapses()],
        [SparseMask(0.5)],
        [LowRank(2)],
        [Rewiring(0.5), Dale(0.5)],
        [Connectome(np.eye(8, k=1) - np.eye(8, k=-2))],
        [SpatialEmbedding(grid(4, 2))],
    ],
    ids=lambda cs: " ".join(c.name for c in cs),
)
def test_constrained_cells_conform(constraints):
    def make():
        return constrain(RateCell(2, 8, nonlinearity="tanh", noise=0.1), *constraints)

    check_cell(make(), make=make)
    check_cell(constrain(LSTMCell(2, 8), *constraints))


def test_numbers_of_connections_are_exact():
    cell = constrain(RateCell(1, 50), SparseMask(0.1))
    weight = cell.recurrent_weight.detach()
    assert int((weight != 0).sum()) == 250
    # the variance of the input to a unit is kept: density x (1 / sqrt(density))^2, 3 standard errors
    assert float(weight.square().sum()) == pytest.approx(50, rel=3 * (2 / 250) ** 0.5)
    areas = {"a": 30, "b": 10, "c": 10}
    cell = constrain(RateCell(1, 50), BlockMask(areas, hierarchy(areas, feedforward=0.3, feedback=0.1, within=0.5)))
    exists = (cell.recurrent_weight != 0).numpy()
    area = cell.unit_labels()["area"]
    counts = {(s, t): int(exists[np.ix_(area == t, area == s)].sum()) for s in areas for t in areas}
    assert counts == {
        **{("a", "a"): 450, ("b", "b"): 50, ("c", "c"): 50},
        **{("a", "b"): 90, ("b", "a"): 30, ("b", "c"): 30, ("c", "b"): 10, ("a", "c"): 0, ("c", "a"): 0},
    }


def test_balanced_start():
    cell = constrain(RateCell(1, 60), Dale(0.8, spectral_radius=1.5), SparseMask(0.5), NoAutapses())
    weight = cell.recurrent_weight.detach().double().numpy()
    np.testing.assert_allclose(weight.sum(1), 0, atol=1e-6)
    assert np.abs(np.linalg.eigvals(weight)).max() == pytest.approx(1.5, rel=1e-5)
    kept = RateCell(1, 60)
    before = kept.recurrent_weight.detach().abs()
    constrain(kept, Dale(0.8, start_from="keep"))
    assert torch.equal(kept.recurrent_weight.abs(), before)


def test_balanced_weights_without_loops_or_without_inhibition():
    rng = Seeds(0).numpy("weights")
    chain = balanced_weights(np.ones(5), np.eye(5, k=-1, dtype=bool), rng=rng)
    assert np.linalg.norm(chain) == pytest.approx(5**0.5)
    excited = balanced_weights(np.ones(5), rng=rng)
    assert (excited > 0).all()
    assert np.abs(np.linalg.eigvals(excited)).max() == pytest.approx(1.5)


def test_cell_types_by_area_and_by_letters():
    areas = {"V1": 5, "PFC": 10}
    cell = constrain(RateCell(1, 15), Dale(0.8), BlockMask(areas, hierarchy(areas)))
    assert "".join(cell.unit_labels()["cell_type"]) == "EEEEI" + "EEEEEEEEII"
    letters = list("EIEI")
    cell = constrain(RateCell(1, 4), Dale(signs=letters))
    assert cell.unit_labels()["cell_type"].tolist() == letters
    assert (cell.recurrent_weight[:, [0, 2]] >= 0).all()
    assert (cell.recurrent_weight[:, [1, 3]] <= 0).all()


class FakeGraph:
    """A networkx graph, as far as it is used."""

    nodes = ("b", "a", "c")

    def __init__(self, directed):
        self._directed = directed

    def is_directed(self):
        return self._directed

    def edges(self, data, default):
        assert (data, default) == ("weight", 1.0)
        return [("a", "b", 2.0), ("b", "c", default)]


def test_a_connectome_is_read_from_all_kinds_of_graphs():
    matrix = np.array([[0, 2.0, 0], [0, 0, 0], [1.0, 0, 0]])  # (target, source): a to b, b to c
    kinds = [matrix, torch.tensor(matrix), scipy.sparse.csr_array(matrix), [(1, 0, 2.0), (0, 2)], FakeGraph(True)]
    for graph in kinds:
        cell = constrain(RateCell(1, 3), Connectome(graph))
        np.testing.assert_array_equal(cell.recurrent_weight.detach(), matrix)
    both_ways = constrain(RateCell(1, 3), Connectome(FakeGraph(False))).recurrent_weight.detach()
    np.testing.assert_array_equal(both_ways, matrix + matrix.T)
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph()
    graph.add_nodes_from(FakeGraph.nodes)
    graph.add_weighted_edges_from([("a", "b", 2.0), ("b", "c", 1.0)])
    cell = constrain(RateCell(1, 3), Connectome(graph))
    np.testing.assert_array_equal(cell.recurrent_weight.detach(), matrix)


def test_signs_of_a_connectome():
    counts = np.array([[0, 3.0, 1], [2, 0, 0], [1, 1, 0]])
    cell = constrain(RateCell(1, 3), Connectome(counts, signs=list("EIE"), spectral_radius=1.2))
    weight = cell.recurrent_weight.detach().double().numpy()
    assert np.abs(np.linalg.eigvals(weight)).max() == pytest.approx(1.2, rel=1e-5)
    np.testing.assert_allclose(weight / weight[1, 0] * 2, counts * [1, -1, 1], rtol=1e-6)
    assert "".join(cell.unit_labels()["cell_type"]) == "EIE"
    mixed = constrain(RateCell(1, 2), Connectome(np.array([[1.0, 1], [-1, 0]])))
    assert "cell_type" not in mixed.unit_labels()
    # a connectome whose units obey Dale composes with Dale of the same signs
    constrain(cell, Dale(signs=[1, -1, 1]))
    assert cell.recurrent_weight[0, 1] < 0 == cell.recurrent_weight[0, 0]


def test_communicability_is_that_of_crofts_and_higham():
    weight = Seeds(0).numpy("w").normal(size=(6, 6))
    size = np.abs(weight)
    scale = np.diag(size.sum(0) ** -0.5)  # outgoing strengths: weights are (target, source)
    expected = scipy.linalg.expm(scale @ size @ scale)
    np.testing.assert_allclose(communicability(torch.tensor(weight)).numpy(), expected, rtol=1e-10)
    cell = constrain(RateCell(1, 6).double(), SpatialEmbedding(grid(3, 2)))
    with torch.no_grad():
        cell.recurrent_weight.copy_(torch.tensor(weight))
    apart = np.linalg.norm(grid(3, 2)[:, None] - grid(3, 2)[None], axis=-1)
    assert wiring_cost(cell).item() == pytest.approx((size * apart).sum(), rel=1e-6)
    cost = wiring_cost(cell, with_communicability=True)
    assert cost.item() == pytest.approx((size * apart * expected).sum(), rel=1e-6)


def test_the_gradient_of_communicability_is_right_and_finite_for_units_that_send_nothing():
    weight = torch.randn(4, 4, generator=Seeds(0).torch("w"), dtype=torch.float64).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda w: (communicability(w) * w.abs()).sum(), (weight,))
    alone = torch.tensor([[0.0, 1.0], [0.0, 0.0]], requires_grad=True)
    communicability(alone).sum().backward()
    assert torch.isfinite(alone.grad).all()


def test_assigning_weights_that_do_not_fit_is_an_error():
    cell = constrain(RateCell(1, 4), Dale(0.5), NoAutapses())
    fits = cell.recurrent_weight.detach() * 2
    cell.recurrent_weight = fits
    torch.testing.assert_close(cell.recurrent_weight.detach(), fits)
    with pytest.raises(BadInput, match="weight under Dale: got 1 weights of another sign"):
        cell.recurrent_weight = fits * torch.tensor([[-1.0, 1, 1, 1], [-1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]) + 0
    with pytest.raises(BadInput, match="weight under NoAutapses: got 4 weights where there is no connection"):
        cell.recurrent_weight = fits + torch.diag(torch.tensor([1.0, 1, -1, -1]))
    low = constrain(RateCell(1, 4), LowRank(1))
    with pytest.raises(BadInput, match="off rank 1, expected a weight of rank 1"):
        low.recurrent_weight = torch.eye(4)


def test_contradictions_are_named_and_leave_the_cell_alone():
    cell = RateCell(1, 4)
    before = copy.deepcopy(cell.state_dict())
    graph = np.array([[0, 1.0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1.0], [0, 0, 0, 0]])
    for constraints in ([Dale(0.5), Connectome(graph)], [Connectome(graph), Dale(0.5)]):
        with pytest.raises(
            BadInput, match=r"1 connections that another constraint gives the other sign.*unit 3 to unit 2"
        ):
            constrain(cell, *constraints)
    with pytest.raises(BadInput, match=r"constraints: got LowRank with Dale.*Use one of the two"):
        constrain(cell, Dale(0.5), LowRank(2))
    with pytest.raises(BadInput, match="under which no connection is left"):
        constrain(cell, SparseMask(mask=np.eye(4)), NoAutapses())
    with pytest.raises(BadInput, match="as many units as the population has"):
        constrain(cell, BlockMask({"a": 3}, [("a", "a")]))
    with pytest.raises(BadInput, match=r"Rewiring with Dale.*in one call"):
        constrain(constrain(RateCell(1, 4), Dale(0.5)), Rewiring(0.5))
    with pytest.raises(BadInput, match=r"Rewiring with NoAutapses.*in one call"):
        constrain(constrain(RateCell(1, 4), Rewiring(0.5)), NoAutapses())
    assert cell.state_dict().keys() == before.keys()
    assert all(torch.equal(before[key], value) for key, value in cell.state_dict().items())


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="SparseMask: got neither density nor mask"):
        SparseMask()
    with pytest.raises(BadInput, match=r"density of SparseMask: got 1.5"):
        SparseMask(1.5)
    with pytest.raises(BadInput, match=r"mask of SparseMask: got shape \(2, 2\)"):
        constrain(RateCell(1, 3), SparseMask(mask=np.ones((2, 2))))
    with pytest.raises(BadInput, match="fraction_excitatory: got 80"):
        Dale(80)
    with pytest.raises(BadInput, match=r"signs of Dale: got shape .*expected 3 values"):
        constrain(RateCell(1, 3), Dale(signs=[1, 0, -1]))
    with pytest.raises(UnknownName, match=r"area: got 'V2'.*Did you mean 'V1'"):
        BlockMask({"V1": 3}, [("V1", "V2")])
    with pytest.raises(BadInput, match=r"areas: got \{'V1': 0\}"):
        hierarchy({"V1": 0})
    with pytest.raises(BadInput, match="an edge from 5 to 0, expected 3 targets and 3 sources"):
        constrain(RateCell(1, 3), Connectome([(5, 0)]))
    with pytest.raises(BadInput, match="graph of Connectome: got no connection"):
        constrain(RateCell(1, 3), Connectome(np.zeros((3, 3))))
    with pytest.raises(BadInput, match="a graph without loops"):
        constrain(RateCell(1, 3), Connectome([(0, 1)], spectral_radius=1.0))
    with pytest.raises(BadInput, match="a str that is no list of edges"):
        constrain(RateCell(1, 3), Connectome("graph.csv"))
    with pytest.raises(BadInput, match="rank of LowRank: got 4, expected 1 to 3"):
        constrain(RateCell(1, 3), LowRank(4))
    with pytest.raises(BadInput, match="2 places for a weight of shape"):
        constrain(RateCell(1, 3), SpatialEmbedding(grid(2)))
    for shape in ((), (-1, 2), (2.5,)):
        with pytest.raises(BadInput, match=r"shape of the grid: got .*, expected integers >= 1"):
            grid(*shape)
    with pytest.raises(BadInput, match="wiring cost: got a cell whose units have no places"):
        wiring_cost(RateCell(1, 3))
    with pytest.raises(BadInput, match=r"got Dale, expected constraints"):
        constrain(RateCell(1, 3), Dale)
    with pytest.raises(UnknownName, match=r"Did you mean 'recurrent_weight'"):
        constrain(RateCell(1, 3), NoAutapses(), weight="recurent_weight")
    with pytest.raises(BadInput, match="a cell made with rank="):
        constrain(RateCell(1, 3, rank=1), NoAutapses())
    with pytest.raises(BadInput, match="rewire_after: got no weight under Rewiring"):
        rewire_after(torch.optim.SGD(RateCell(1, 3).parameters(), lr=0.1), RateCell(1, 3))


def test_weights_that_are_not_square_can_be_constrained_too():
    network = RateRNN(2, 10, 3)
    constrain(network.readout, Dale(0.8), weight="weight")
    constrain(network.cell, Dale(signs=[1, 1]), weight="input_weight")
    assert (network.readout.weight[:, :8] >= 0).all()
    assert (network.readout.weight[:, 8:] <= 0).all()
    assert (network.cell.input_weight >= 0).all()
    assert network.cell.unit_labels() == {}
    with pytest.raises(BadInput, match="connections among the units of one population"):
        constrain(network.readout, NoAutapses(), weight="weight")


def test_connections_of_a_weight_are_known():
    cell = constrain(RateCell(1, 5), Dale(0.6), NoAutapses())
    known = connections_of(cell)
    assert torch.equal(known.mask, ~torch.eye(5, dtype=torch.bool))
    assert known.signs[0].tolist() == [1, 1, 1, -1, -1]


def test_copies_keep_constraints_and_labels():
    cell = constrain(RateCell(1, 5), Dale(0.6), SpatialEmbedding(np.arange(5.0)[:, None]))
    twin = copy.deepcopy(cell)
    torch.testing.assert_close(twin.recurrent_weight, cell.recurrent_weight)
    assert twin.unit_labels().keys() == {"cell_type", "x"}
    fresh = constrain(RateCell(1, 5, seeds=9), Dale(0.6, seed=3), SpatialEmbedding(np.zeros((5, 1))))
    fresh.load_state_dict(cell.state_dict())
    assert torch.equal(fresh.recurrent_weight, cell.recurrent_weight)


def test_wiring_is_listed_without_torch():
    code = "import sys; from tertium.models import wiring; dir(wiring); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_third_party_constraint_is_a_subclass():
    class OnlyFirst(Constraint):
        def build(self, connections):
            return SparseMask(mask=np.arange(connections.shape[1])[None] < np.ones((connections.shape[0], 1))).build(
                connections
            )

    cell = constrain(RateCell(1, 4), OnlyFirst(), NoAutapses())
    assert (cell.recurrent_weight != 0).int().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
