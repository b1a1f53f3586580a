"""Wiring diagrams: counts of cells and connections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from tertium.data.sets.kinds import Graph, Images, Sounds
from tertium.errors import BadInput


def test_flyvis(loaded):
    data = loaded("flyvis_connectome")
    assert (data.graph.n_nodes, data.graph.n_edges, len(data.edges), len(data.offsets)) == (65, 605, 605, 2140)
    assert data.graph.nodes["input"].sum() == 8
    assert data.graph.nodes["output"].sum() == 34
    assert set(data.edges["sign"]) == {-1, 1}
    assert data.edges["synapses"].sum() == pytest.approx(data.graph.adjacency.sum())
    assert data.edges["n_offsets"].sum() == 2140
    # photoreceptors are histaminergic: R1 inhibits L1, with 40 synapses, in its own column
    r1 = data.offsets.query("source == 'R1' and target == 'L1'")
    assert r1[["sign", "du", "dv", "synapses"]].to_numpy().tolist() == [[-1, 0, 0, 40]]
    names = data.graph.nodes.index
    assert data.graph.adjacency[names.get_loc("R1"), names.get_loc("L1")] == 40


def test_celegans(loaded):
    chemical = loaded("celegans", synapse="chemical")
    electrical = loaded("celegans", synapse="electrical")
    assert (chemical.n_nodes, chemical.n_edges, chemical.adjacency.sum()) == (454, 4879, 28113)
    assert (electrical.n_nodes, electrical.adjacency.sum(), electrical.directed) == (469, 23313, False)
    assert chemical.nodes["neuron"].sum() == electrical.nodes["neuron"].sum() == 300
    # the command interneurons drive the motor neurons of their direction
    where = chemical.nodes.index.get_loc
    assert chemical.adjacency[where("AVAL"), where("DA01")] > 0
    assert chemical.adjacency[where("DA01"), where("AVAL")] == 0
    first = loaded("celegans", synapse="chemical", version="edges")
    assert (first.n_edges, first.adjacency.sum()) == (4681, 27019)
    gaps = loaded("celegans", synapse="electrical", version="edges")
    assert (gaps.n_edges, gaps.adjacency.sum()) == (2698, 12683)
    with pytest.raises(BadInput, match="chemical or electrical"):
        loaded("celegans", synapse="gap")
    with pytest.raises(BadInput, match="matrix or edges"):
        loaded("celegans", version="new")


def test_larval_fly(loaded):
    paired = loaded("larval_fly")
    assert (paired.n_nodes, paired.n_edges, paired.adjacency.sum()) == (1240, 32564, 137980)
    assert (paired.nodes.groupby("pair")["hemisphere"].agg("".join).map(sorted).map("".join) == "LR").all()
    whole = loaded("larval_fly", part="all")
    assert (whole.n_nodes, whole.n_edges) == (3554, 119010)
    assert whole.nodes["pair"].notna().sum() == 1240
    # left and right mirror each other: an edge tends to be there when its mirror image is
    order = paired.nodes.assign(row=np.arange(1240)).sort_values("pair")
    left, right = (order.query(f"hemisphere == '{side}'")["row"].to_numpy() for side in "LR")
    a = (paired.adjacency != 0).toarray()
    mirrored, shifted = a[np.ix_(right, right)], a[np.ix_(np.roll(right, 1), np.roll(right, 1))]
    within = a[np.ix_(left, left)]
    assert (within & mirrored).sum() > 5 * (within & shifted).sum()
    with pytest.raises(BadInput, match="paired or all"):
        loaded("larval_fly", part="some")


@pytest.mark.parametrize(
    ("species", "n", "edges", "directed"),
    [("human", 114, 891, False), ("chimp", 114, 752, False), ("macaque", 82, 778, True), ("marmoset", 55, 350, True)],
)
def test_connectomes_of_four_primates(loaded, species, n, edges, directed):
    graph = loaded("human_macaque_sc", species=species)
    assert (graph.n_nodes, graph.n_edges, graph.directed) == (n, edges, directed)
    assert graph.adjacency.min() == 0
    assert not graph.adjacency.diagonal().any()


def test_a_species_that_is_not_there(loaded):
    with pytest.raises(BadInput, match="human, chimp, macaque, marmoset"):
        loaded("human_macaque_sc", species="mouse")


def test_the_borders_of_graphs_images_and_sounds():
    nodes = pd.DataFrame(index=["a", "b"])
    asymmetric = csr_array(np.array([[0.0, 1.0], [0.0, 3.0]]))
    assert Graph(asymmetric, nodes, "synapses").n_edges == 2
    assert Graph(asymmetric + asymmetric.T, nodes, "synapses", directed=False).n_edges == 2
    with pytest.raises(BadInput, match="asymmetric adjacency"):
        Graph(asymmetric, nodes, "synapses", directed=False)
    with pytest.raises(BadInput, match="'a' twice"):
        Graph(asymmetric, pd.DataFrame(index=["a", "a"]), "synapses")
    with pytest.raises(BadInput, match="2 adjacency, 1 nodes"):
        Graph(asymmetric, nodes[:1], "synapses")
    with pytest.raises(BadInput, match=r"shape \(2, 1\)"):
        Graph(asymmetric[:, :1], nodes, "synapses")
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    with pytest.raises(BadInput, match="2 images, 1 label, 2 name"):
        Images(pixels, np.zeros(1, dtype=int), ("a", "b"))
    with pytest.raises(BadInput, match="float64 of shape"):
        Images(pixels / 1.0, np.zeros(2, dtype=int), ("a", "b"))
    with pytest.raises(BadInput, match="1 waves, 2 digit"):
        Sounds((np.zeros(3),), 8000.0, {"digit": np.zeros(2, dtype=int)})
