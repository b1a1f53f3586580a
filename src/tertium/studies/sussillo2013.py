"""DYN03: what a network that remembers three bits does when it is left alone, read from its fixed points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import RateRNN, RecurrentNetwork
from tertium.models.recurrent.initial_weights import Gaussian
from tertium.studies.base import Field, Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least, at_most, exactly
from tertium.studies.methods.flipflop import (
    anatomy,
    distance_to_cube,
    edges,
    expected_counts,
    explained,
    few_unstable,
    moduli,
    one_edge_less,
    points_off,
    same_again,
    search,
)
from tertium.studies.methods.flipflop_networks import (
    MAIN_BITS,
    FlipFlopConfig,
    blank_network,
    drive,
    flip_flop,
    trained,
)
from tertium.studies.pictures import flipflop as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The two kinds of network that learn three bits.
KINDS = {"tanh": "leaky tanh units", "gru": "gated units"}
UNTRAINED = "the same network before training"


class Sussillo2013(Study):
    """A network that holds three bits has eight memories at the corners of a cube, and saddles on its edges (Sussillo & Barak 2013)."""  # noqa: E501

    row, kind = "DYN03", "simulation"
    cite = (
        Reference(
            "Sussillo2013",
            "Sussillo, D. & Barak, O.",
            2013,
            "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural networks",
            "Neural Computation 25:626-649",
            "10.1162/NECO_a_00409",
        ),
    )
    smoke = {
        "units": 24,
        "steps": 100,
        "other_steps": 50,
        "batch": 16,
        "trials": 32,
        "starts": 64,
        "repeats": 2,
        "chaos_starts": 16,
    }

    class Config(FlipFlopConfig):
        """Networks, training and searches."""

        other_bits: tuple[int, ...] = Field((2, 4), description="bits of further networks of tanh units")
        trials: int = Field(256, ge=8, description="trials that states are taken from, and performance is measured on")
        starts: int = Field(1024, ge=8, description="states that a search begins from")
        repeats: int = Field(5, ge=2, description="searches from other starts, whose eigenvalues are compared")
        jitter: float = Field(0.01, gt=0, description="relative change of each recurrent weight, a control")
        chaos_gain: float = Field(2.5, gt=1, description="gain of random weights, a control")
        chaos_starts: int = Field(256, ge=8, description="states that the search in the random network begins from")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; networks by name, "tanh-3", "gru-3" and so on."""

        performance: dict[str, float]  # fraction of counted steps with the right sign
        performance_blank: dict[str, float]  # the same before training
        performance_clean: dict[str, float]  # without noise on the inputs
        performance_clean_blank: dict[str, float]
        found: dict[str, dict[str, Any]]  # `anatomy` of each network
        blank: dict[str, NDArray[np.int64]]  # indices of the fixed points before training
        repeated: dict[str, float]  # largest difference of eigenvalue moduli between searches
        jittered: dict[str, float]  # the same against a network with jittered weights
        chaos_index: NDArray[np.int64]  # indices of the fixed points of a random network
        explained: dict[str, float]  # variance of the memories in as many components as bits
        explained_shuffled: dict[str, float]
        edges: dict[str, float]
        edges_shuffled: dict[str, float]
        trial: dict[str, Floats]  # inputs, outputs, targets of one trial of the tanh network

    def run(self, config: Config, lab: Lab) -> Results:
        """Train, drive, find and certify fixed points, let the networks run from their saddles."""
        names = [(kind, MAIN_BITS) for kind in KINDS] + [("tanh", bits) for bits in config.other_bits]
        measured = {f"{kind}-{bits}": measure(config, kind, bits, lab) for kind, bits in names}
        main = [f"{kind}-{MAIN_BITS}" for kind in KINDS]
        return self.Results(
            performance={name: one["performance"] for name, one in measured.items()},
            performance_blank={name: one["performance_blank"] for name, one in measured.items()},
            performance_clean={name: one["performance_clean"] for name, one in measured.items()},
            performance_clean_blank={name: one["performance_clean_blank"] for name, one in measured.items()},
            found={name: one["found"] for name, one in measured.items()},
            blank={name: one["blank"] for name, one in measured.items()},
            explained={name: measured[name]["explained"] for name in main},
            explained_shuffled={name: measured[name]["explained_shuffled"] for name in main},
            edges={name: measured[name]["edges"] for name in main},
            edges_shuffled={name: measured[name]["edges_shuffled"] for name in main},
            repeated={name: measured[name]["repeated"] for name in main},
            jittered={name: measured[name]["jittered"] for name in main},
            trial=measured[main[0]]["trial"],
            chaos_index=lab.stage("chaos", lambda: chaos(config, lab)),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield performance, points by index, certificates, geometry, connections, reproducibility."""
        main = [f"{kind}-{MAIN_BITS}" for kind in KINDS]
        memories = 2**MAIN_BITS
        for key, noisy, values, before in (
            ("performance", "with noise of 0.15 on each sample", results.performance, results.performance_blank),
            ("clean", "without noise on the inputs", results.performance_clean, results.performance_clean_blank),
        ):
            yield Claim(
                key,
                f"Networks of both kinds have the right sign at 99 % of the steps, {noisy} (the lesser of two).",
                least(values[name] for name in main),
                at_least(0.99),
                "canon DYN03, which does not say with what noise",
                Control(UNTRAINED, most(before[name] for name in main)),
                unit="fraction of steps",
            )
        for name in main:
            yield from point_claims(results, name, memories)
        proven = [results.found[name] for name in main]
        yield Claim(
            "certified",
            "Every fixed point is certified by the theorem of Newton and Kantorovich (the lesser of two networks).",
            least(float(np.mean(one["certified"])) for one in proven),
            exactly(1),
            "ours",
            Control("the states that the searches begin from", most(one["starts_certified"] for one in proven)),
            judge="each",
            unit="fraction of points",
        )
        yield Claim(
            "speed",
            "At every fixed point q = |F|²/2 is below 1e-8 (the larger of two networks).",
            most(q(one["speeds"]) for one in proven),
            at_most(1e-8),
            "canon DYN03",
            Control(
                "the states that the searches begin from, median", least(one["starts_speed"] ** 2 / 2 for one in proven)
            ),
            judge="each",
            unit="q",
        )
        yield from geometry_claims(results, main)
        for name in results.found:
            bits = int(name.split("-")[1])
            if name not in main:
                yield counted(results, name, f"A network of {bits} bits has 3^{bits} = {3**bits} fixed points", bits)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw a trial, the cubes, points by index, eigenvalues, unstable modes over seeds."""
        first, n = results[0], len(results)
        yield Picture(
            "trial",
            draw.trial(first.trial),
            "One trial of the first network of tanh units: pulses with their noise (grey), output (colour) and target "
            "(dashed) of each bit.",
        )
        for kind, units in KINDS.items():
            taken = first.found[f"{kind}-{MAIN_BITS}"]
            yield Picture(
                f"cube_{kind}",
                draw.cube(taken),
                f"Fixed points of the first network of {units}, {len(taken['points'])} of them, on the first three "
                "principal components of the memories, by the number of unstable modes; lines join saddles of index 1 "
                "with the memories that the network comes to from either side of them.",
            )
        yield Picture(
            "counts",
            draw.counts(results),
            f"Certified fixed points by number of unstable modes; a dot a network, {n} of each kind. Lines: of as "
            "many independent bistable systems as there are bits: C(n, k) 2^(n-k).",
        )
        yield Picture(
            "eigenvalues",
            draw.eigenvalues(first, list(KINDS)),
            f"Eigenvalues of the Jacobian of one step of 10 ms at all fixed points of the first networks, {MAIN_BITS} "
            "bits, by number of unstable modes; dashed the unit circle.",
        )
        yield Picture(
            "unstable",
            draw.unstable_modes(results, list(KINDS)),
            f"Modulus of the largest eigenvalue at each fixed point by number of unstable modes; a dot a point, {n} "
            "networks of each kind. Below the line the point is stable.",
        )


def point_claims(results: Sussillo2013.Results, name: str, memories: int) -> Iterator[Claim]:
    """Yield how many memories and saddles a network has."""
    units, bits = KINDS[name.split("-")[0]], MAIN_BITS
    index = results.found[name]["index"]
    expected = expected_counts(bits)
    yield Claim(
        f"memories_{name}",
        f"A network of {units} that holds {bits} bits has exactly {memories} stable fixed points.",
        float((index == 0).sum()),
        exactly(memories),
        "canon DYN03; Sussillo & Barak 2013, Fig. 2",
        Control(UNTRAINED, float((results.blank[name] == 0).sum())),
        judge="each",
        unit="points",
    )
    yield Claim(
        f"saddles_{name}",
        f"A network of {units} has at least 8 saddles with one unstable mode.",
        float((index == 1).sum()),
        at_least(8),
        "canon DYN03 asks for 8 of 12",
        Control(UNTRAINED, float((results.blank[name] == 1).sum())),
        judge="each",
        unit="points",
    )
    yield counted(
        results, name, f"A network of {units} has {' / '.join(map(str, expected))} points of index 0 to {bits}", bits
    )


def counted(results: Sussillo2013.Results, name: str, sentence: str, bits: int) -> Claim:
    """Return the claim that points by index are those of independent bits."""
    return Claim(
        f"points_{name}",
        f"{sentence}: none is missing and none too many.",
        points_off(results.found[name]["index"], bits),
        exactly(0),
        "closed form: C(n, k) 2^(n-k), of n independent bistable systems",
        Control(UNTRAINED, points_off(results.blank[name], bits)),
        judge="each",
        unit="points missing or too many",
    )


def geometry_claims(results: Sussillo2013.Results, main: Sequence[str]) -> Iterator[Claim]:
    """Yield the cube, its edges, the few unstable modes and the eigenvalues found again; the worse of two networks."""
    yield Claim(
        "few_unstable",
        "At least 90 % of the saddles have one to four unstable modes.",
        least(few_unstable(results.found[name]["index"]) for name in main),
        at_least(0.9),
        "canon DYN03",
        Control("a random network in its chaotic regime", few_unstable(results.chaos_index)),
        unit="fraction of saddles",
    )
    yield Claim(
        "cube",
        "The memories lie at the corners of a box: as many components as bits have 90 % of their variance.",
        least(results.explained[name] for name in main),
        at_least(0.9),
        "canon DYN03",
        Control("each unit's values exchanged between the memories", most(results.explained_shuffled[n] for n in main)),
        unit="fraction of variance",
    )
    yield Claim(
        "edges",
        "From either side of every saddle of index 1 the network comes to two memories that differ in one bit.",
        least(results.edges[name] for name in main),
        exactly(1),
        "canon DYN03; Sussillo & Barak 2013, Fig. 2",
        Control("ends exchanged between the saddles", most(results.edges_shuffled[name] for name in main)),
        judge="each",
        unit="fraction of saddles",
    )
    yield Claim(
        "graph",
        "The graph of memories that share a saddle is that of a cube.",
        most(distance_to_cube(results.found[name]["neighbours"], MAIN_BITS) for name in main),
        at_most(1e-9),
        "ours: distance of the spectra of their Laplacians",
        Control(
            "the same graph with one edge cut",
            least(one_edge_less(results.found[name]["neighbours"], MAIN_BITS) for name in main),
        ),
        judge="each",
        unit="distance of spectra",
    )
    yield Claim(
        "eigenvalues",
        "Searches from other starts find the same points with the same eigenvalues.",
        most(results.repeated[name] for name in main),
        at_most(1e-6),
        "canon DYN03: reproducible; tolerance ours",
        Control("recurrent weights changed by 1 %", least(results.jittered[name] for name in main)),
        judge="each",
        unit="largest difference of moduli",
    )


def measure(config: Sussillo2013.Config, kind: str, bits: int, lab: Lab) -> dict[str, Any]:
    """Train one network and take it apart."""
    name = f"{kind}-{bits}"
    network = trained(config, kind, bits, lab)
    blank = blank_network(config, kind, bits, lab.seed)
    task, seeds, still = flip_flop(config, bits), lab.seeds.child(name), np.zeros(bits)
    clean = flip_flop(config, bits, noise=0.0)

    def work() -> dict[str, Any]:
        driven = drive(network, task, config.trials, seeds.child("trials"))
        found = anatomy(network.cell, driven["states"], still, config.starts, seeds, reader(network))
        before = drive(blank, task, config.trials, seeds.child("trials"))
        seed = seeds.integer("blank") % 2**31
        memories = found["points"][found["index"] == 0]
        mixed = seeds.numpy("units").permuted(memories, axis=0)
        repeated = jittered = float("nan")
        if bits == MAIN_BITS:
            repeated = same_again(network.cell, driven["states"], still, config.starts, seeds, config.repeats)
            jittered = change_by_jitter(network, found, config.jitter, seeds)
        return {
            "performance": float(driven["right"].mean()),
            "performance_blank": float(before["right"].mean()),
            "performance_clean": float(drive(network, clean, config.trials, seeds.child("clean"))["right"].mean()),
            "performance_clean_blank": float(drive(blank, clean, config.trials, seeds.child("clean"))["right"].mean()),
            "found": found,
            "blank": search(blank.cell, before["states"], still, config.starts, seed, slow=None).index,
            "explained": explained(memories, bits),
            "explained_shuffled": explained(mixed, bits),
            "edges": edges(found),
            "edges_shuffled": edges(found, seeds),
            "repeated": repeated,
            "jittered": jittered,
            "trial": {key: driven[key][:, 0] for key in ("inputs", "outputs", "targets")},
        }

    return lab.stage(f"anatomy-{name}", work)


def change_by_jitter(network: RecurrentNetwork, found: dict[str, Any], share: float, seeds: Any) -> float:
    """Return how far eigenvalues move with the weights: moduli at the nearest points of a jittered copy."""
    moved = deepcopy(network)
    with torch.no_grad():
        weight: Any = moved.cell.recurrent_weight
        weight.mul_(1 + share * torch.randn(weight.shape, generator=seeds.torch("jitter")))
    if not len(found["points"]):
        return float("nan")
    still = np.zeros(network.n_inputs)
    other = search(moved.cell, found["points"], still, 4 * len(found["points"]), 0, slow=None)
    values = found["eigenvalues"]
    before = -np.sort(-np.hypot(values[..., 0], values[..., 1]), axis=1)
    distance = np.linalg.norm(found["points"][:, None] - other.points, axis=-1)
    return float(np.abs(before - moduli(other)[distance.argmin(1)]).max())


def reader(network: RecurrentNetwork) -> Any:
    """Return the read-out as a function of arrays, (point, unit) -> (point, output)."""

    def read(points: Floats) -> Floats:
        with torch.no_grad():
            outputs: Floats = network.readout(torch.as_tensor(points, dtype=torch.float32)).double().numpy()
        return outputs

    return read


def chaos(config: Sussillo2013.Config, lab: Lab) -> NDArray[np.int64]:
    """Return the indices of the fixed points of a random network that is chaotic (Sompolinsky et al. 1988)."""
    network = RateRNN(
        1,
        config.units,
        1,
        dt=0.01,
        tau=0.02,
        nonlinearity="tanh",
        form="rate",
        init=Gaussian(config.chaos_gain),
        seed=lab.seed,
    )
    start = lab.seeds.torch("chaos")
    begin = torch.rand(16, config.units, generator=start) * 2 - 1
    with torch.no_grad():
        _, states = network(torch.zeros(200, 16, 1), begin)
    assert torch.is_tensor(states)
    visited = states[50:].double().numpy().transpose(1, 0, 2)
    return search(network.cell, visited, np.zeros(1), config.chaos_starts, lab.seed, slow=None).index


def q(speeds: Floats) -> float:
    """Return the largest |F|²/2, NaN where there is no point."""
    return float(np.max(speeds) ** 2 / 2) if len(speeds) else float("nan")


def least(values: Iterable[float]) -> float:
    """Return the smallest value, NaN where one of them is."""
    return float(np.min(list(values)))


def most(values: Iterable[float]) -> float:
    """Return the largest value, NaN where one of them is."""
    return float(np.max(list(values)))
