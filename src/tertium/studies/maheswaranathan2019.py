"""DYN05: networks of four architectures learn three tasks; their geometry is their own, their topology the task's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study
from tertium.studies.claim import Claim, Control, above, at_least, at_most, exactly
from tertium.studies.methods.maheswaranathan_measures import by_chance, decodable, laid_out, topology_distances
from tertium.studies.methods.maheswaranathan_networks import (
    ARCHITECTURES,
    TASKS,
    PopulationConfig,
    frequencies,
    member_names,
    population,
    still_inputs,
)
from tertium.studies.methods.maheswaranathan_population import take_apart, turning_of_integrators
from tertium.studies.pictures import maheswaranathan as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon DYN05; Maheswaranathan et al. 2019, {}"
UNTRAINED = "the same networks before training"

#: What a network has to reach: share of steps with the right signs; root mean square error.
CRITERIA = {"bits": at_least(0.98), "sines": at_most(0.1), "integration": at_most(0.1)}

#: What the tasks are called in sentences, and the graph that is expected under each constant input.
CALLED = {"bits": "hold three bits", "sines": "put out sine waves", "integration": "integrate in context"}
SCAFFOLDS = {
    "bits": "eight memories at the corners of a cube, joined through saddles on its twelve edges",
    "sines": "one unstable fixed point in the middle of one closed orbit",
    "integration": "one line of states that stay where they are for a trial",
}
FIGURES = {"bits": "Fig. 1", "sines": "Fig. 2", "integration": "Fig. 3"}


class Maheswaranathan2019(Study):
    """Networks of four architectures: geometry tells which one it is, fixed-point topology does not (Maheswaranathan et al. 2019).

    One seed is one population: four networks of each architecture for each task, 48 in all. A claim's value is one
    number over a population. Four architectures of 64 tanh units (the paper: tanh and rectified units, 64 to 256 of
    them, hundreds of networks); training stops after a fixed number of steps, and networks that did not reach the
    criterion are counted and stay in all measures.

    Fixed before the test, on seed 0: one minus SVCCA (components with 99 % of the variance) of the activity in the same
    trials; graphs and their distance as `studies.methods.maheswaranathan_topology` defines them; metric MDS in two
    dimensions; the architecture of the nearest neighbour on paper, networks at the same distance sharing the vote. By
    chance that is right for 3 of 15 other networks, 0.2 (the canon's 0.25 is of large populations).

    What is universal is the graph at the time scale of a trial: how many exact fixed points there are along what is
    nearly a line differs between architectures (picture "counts"). Units are those of the networks' activity for
    geometry, and of the whole state, an LSTM's with its memory, for topology.
    """  # noqa: E501

    row, kind = "DYN05", "simulation"
    cite = (
        Reference(
            "Maheswaranathan2019",
            "Maheswaranathan, N., Williams, A. H., Golub, M. D., Ganguli, S. & Sussillo, D.",
            2019,
            "Universality and individuality in neural dynamics across large populations of recurrent networks",
            "Advances in Neural Information Processing Systems 32:15629-15641",
        ),
    )
    pilot_seeds = (0,)
    test_seeds = (10, 11)
    smoke = {
        "units": 8,
        "networks": 2,
        "steps_bits": 2,
        "steps_sines": 2,
        "steps_integration": 2,
        "vanilla": 1,
        "ugrnn": 1,
        "batch": 4,
        "duration": 0.2,
        "wave": 0.2,
        "integration": 0.2,
        "levels": 2,
        "trials": 16,
        "compared": 8,
        "starts": 8,
        "starts_bits": 8,
        "shuffles": 20,
    }

    class Config(PopulationConfig):
        """Networks, training and measurements."""

        trials: int = Field(128, ge=8, description="trials that states are taken from, and scores")
        compared: int = Field(32, ge=4, description="of these, trials whose activity is compared")
        starts: int = Field(32, ge=4, description="states between visited ones that fixed points are looked for from")
        starts_bits: int = Field(512, ge=4, description="the same of networks that hold bits, which have more of them")
        shuffles: int = Field(500, ge=10, description="exchanges of labels")

    @dataclass(frozen=True)
    class Results:
        """What one population measured; by task, networks in the order of architectures."""

        names: list[str]  # architecture of each network of a task
        measured: dict[str, dict[str, Any]]  # `take_apart` of each task, without graphs
        geometry: dict[str, float]  # share of architectures told by geometry
        geometry_shuffled: dict[str, Floats]  # the same with labels exchanged
        topology: dict[str, float]  # share told by topology
        tasks: float  # share of tasks told by topology
        tasks_blank: float
        laid_geometry: dict[str, Floats]  # (network, 2)
        laid_topology: dict[str, Floats]
        laid_tasks: Floats  # (network of any task, 2)
        wanted: Floats  # (level,) Hz
        modes: float  # least ratio of the modes of a gated architecture to those of vanilla networks
        modes_shuffled: float  # mean of the same with labels exchanged

    def run(self, config: Config, lab: Lab) -> Results:
        """Train or fetch the population; take each network apart; compare all with all."""
        return compared(config, lab, {name: measure(config, name, lab) for name in TASKS})

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield learning, geometry, topology by task and of tasks, scaffolds, frequencies, modes."""
        yield Claim(
            "learned",
            "All networks reach the criterion of their task: 98 % of steps right, or an error of at most 0.1.",
            learned(results, "score"),
            exactly(1),
            "ours",
            Control(UNTRAINED, learned(results, "score_blank")),
            judge="each",
            unit="share of networks",
        )
        for task in TASKS:
            yield Claim(
                f"geometry_{task}",
                f"In networks that {CALLED[task]}, geometry tells the architecture of at least 80 %.",
                results.geometry[task],
                at_least(0.8),
                CANON.format(FIGURES[task]),
                Control("architectures exchanged among the networks", float(np.mean(results.geometry_shuffled[task]))),
                unit="share of networks (chance 0.2)",
            )
        for task in TASKS:
            yield Claim(
                f"topology_{task}",
                f"In networks that {CALLED[task]}, topology tells the architecture of at most 40 %.",
                results.topology[task],
                at_most(0.4),
                CANON.format(FIGURES[task]),
                Control("the same of their geometry", results.geometry[task]),
                unit="share of networks (chance 0.2)",
            )
        yield Claim(
            "tasks",
            "Topology tells the task of every network.",
            results.tasks,
            exactly(1),
            "canon DYN05",
            Control(UNTRAINED, results.tasks_blank),
            judge="each",
            unit="share of networks (chance 0.32)",
        )
        for task, threshold in (("bits", exactly(1)), ("sines", at_least(0.8)), ("integration", at_least(0.8))):
            yield Claim(
                f"scaffold_{task}",
                f"Networks that {CALLED[task]} have {SCAFFOLDS[task]}, under every constant input, and nothing else.",
                float(np.mean(results.measured[task]["scaffold"])),
                threshold,
                "canon DYN05: 8 of 8 nets" if task == "bits" else CANON.format(FIGURES[task]) + "; share ours",
                Control(UNTRAINED, float(np.mean(results.measured[task]["scaffold_blank"]))),
                judge="each" if task == "bits" else "mean",
                unit="share of networks and inputs",
            )
        yield from linear_claims(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw networks on paper, confusions, graphs, frequencies, and what is not universal."""
        first, n = results[0], len(results)
        each = len(first.names) // len(ARCHITECTURES)
        many = f"{n} population{'s' if n > 1 else ''} of {each} networks of each architecture"
        yield Picture(
            "geometry",
            draw.laid_out(first, "geometry"),
            "Networks of the first population by geometry: metric MDS of one minus SVCCA of their activity in the same "
            f"trials; a dot a network, {each} of each architecture and task.",
        )
        yield Picture(
            "topology",
            draw.laid_out(first, "topology"),
            "The same networks by topology: metric MDS of the distances of their fixed-point graphs. Networks whose "
            "graphs are the same lie on one point and are drawn on a small circle round it.",
        )
        yield Picture(
            "tasks",
            draw.laid_tasks(first),
            f"The {len(TASKS) * len(first.names)} networks of all tasks of the first population by topology; those "
            "with the same graph are drawn on a small circle round one point.",
        )
        yield Picture(
            "confusions",
            draw.confusions(results),
            "Which architecture the nearest neighbour on paper has, by geometry (above) and by topology (below); share "
            f"of the networks of each architecture, mean over {many}. Networks at the same distance share the vote.",
        )
        yield Picture(
            "graphs",
            draw.graphs(first),
            "One GRU of each task under one constant input, on two principal components of the states of 12 trials "
            "(grey): fixed points by number of unstable directions, what leads to what, and the line of states that "
            "stay where they are for a trial. Sine waves: all trials, all frequencies; fixed point of one of them.",
        )
        yield Picture(
            "frequencies",
            draw.frequencies(results),
            "Frequency of the slowest mode of networks linearised at the fixed point nearest to where they rest, "
            f"against that asked for; a dot a network and input, {many}. Crosses: networks that integrate, their "
            "stream held at the same levels.",
        )
        yield Picture(
            "counts",
            draw.counts(results),
            "What is not universal: certified fixed points within reach under each constant input, and linear modes "
            f"that predict what a constant input adds up to; a dot a network and input, {many}.",
        )


def measure(config: Maheswaranathan2019.Config, name: str, lab: Lab) -> dict[str, Any]:
    """Train or fetch the networks of a task and take them apart."""
    members, kept = population(config, name, lab)
    if kept:
        lab.note(f"Networks that {CALLED[name]} are the trained ones that are kept; retrain=true trains them again.")
    seeds, starts = lab.seeds.child(name), config.starts_bits if name == "bits" else config.starts
    sizes = {"trials": config.trials, "compared": config.compared, "starts": starts}
    found = lab.stage(f"anatomy-{name}", lambda: take_apart(config, name, members, seeds, **sizes))
    if name != "integration":
        return found
    levels = still_inputs(config, "sines")[:, 0]
    other = lab.stage("other", lambda: turning_of_integrators(config, members, seeds, levels, **sizes))
    return {**found, "turning_other": other}


def compared(config: Maheswaranathan2019.Config, lab: Lab, measured: dict[str, Any]) -> Maheswaranathan2019.Results:
    """Lay networks out by geometry and by topology, and tell kinds by neighbours."""
    names = [architecture for architecture, _ in member_names(config)]
    kinds, of_task = list(ARCHITECTURES), [task for task in TASKS for _ in names]
    laid_geometry = {task: laid_out(np.asarray(measured[task]["geometry"])) for task in TASKS}
    graphs, blank = ([g for task in TASKS for g in measured[task][key]] for key in ("graphs", "graphs_blank"))
    distances = topology_distances(graphs)
    n = len(names)
    of = {task: distances[k * n : (k + 1) * n, k * n : (k + 1) * n] for k, task in enumerate(TASKS)}
    laid_topology = {task: laid_out(of[task]) for task in TASKS}
    laid_tasks = laid_out(distances)
    rng = lab.seeds.numpy("modes")
    exchanged = [[str(x) for x in rng.permutation(names)] for _ in range(config.shuffles)]
    return Maheswaranathan2019.Results(
        names=names,
        measured={t: {k: v for k, v in one.items() if not k.startswith("graphs")} for t, one in measured.items()},
        geometry={task: decodable(laid_geometry[task], names, kinds) for task in TASKS},
        geometry_shuffled={
            task: by_chance(laid_geometry[task], names, kinds, lab.seeds.child(task), config.shuffles) for task in TASKS
        },
        topology={task: decodable(laid_topology[task], names, kinds) for task in TASKS},
        tasks=decodable(laid_tasks, of_task, TASKS),
        tasks_blank=decodable(laid_out(topology_distances(blank)), of_task, TASKS),
        laid_geometry=laid_geometry,
        laid_topology=laid_topology,
        laid_tasks=laid_tasks,
        wanted=frequencies(config),
        modes=more_modes(measured["integration"]["modes"], names),
        modes_shuffled=float(np.mean([more_modes(measured["integration"]["modes"], one) for one in exchanged])),
    )


def learned(results: Maheswaranathan2019.Results, key: str) -> float:
    """Return the share of all networks that reach the criterion of their task."""
    reached = [CRITERIA[task].holds(score) for task in TASKS for score in results.measured[task][key]]
    return float(np.mean(reached))


def off(turning: Floats, wanted: Floats) -> float:
    """Return the mean relative difference of frequencies, NaN where one is missing.

    Examples
    --------
    >>> off(np.array([[3.0, 5.0]]), np.array([3.0, 4.0]))
    0.125
    """
    return float(np.mean(np.abs(np.asarray(turning) / wanted - 1)))


def linear_claims(results: Maheswaranathan2019.Results) -> Iterator[Claim]:
    """Yield that linear frequencies are those asked for, and that gated networks integrate with more modes."""
    yield Claim(
        "frequencies",
        "Linearised at its fixed point, a network turns at the frequency that the input asks for, to 20 %.",
        off(results.measured["sines"]["turning"], results.wanted),
        at_most(0.2),
        "canon DYN05 (response to the input's frequency); margin ours",
        Control(
            "networks that integrate, their stream held at the same levels",
            off(results.measured["integration"]["turning_other"], results.wanted),
        ),
        unit="mean relative difference",
    )
    yield Claim(
        "modes",
        "Each gated architecture integrates with more linear modes than vanilla networks (the least of three).",
        results.modes,
        above(1),
        CANON.format("Fig. 3f"),
        Control("architectures exchanged among the networks, mean", results.modes_shuffled),
        unit="ratio of means",
    )


def more_modes(modes: Floats, names: Sequence[str]) -> float:
    """Return the least ratio of the mean modes of another architecture to those of vanilla networks.

    Lines that are not there (NaN) do not count; NaN where an architecture has none.

    Examples
    --------
    >>> more_modes(np.array([[1.0], [2.0], [3.0]]), ["vanilla", "GRU", "LSTM"])
    2.0
    """
    of = {name: np.asarray(modes)[np.array(names) == name] for name in dict.fromkeys(names)}
    mean = {name: float(x[np.isfinite(x)].mean()) if np.isfinite(x).any() else np.nan for name, x in of.items()}
    return float(np.min([value / mean["vanilla"] for name, value in mean.items() if name != "vanilla"]))
