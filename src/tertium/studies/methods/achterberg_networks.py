"""The networks of Achterberg et al. 2023: trained under a cost, and looked at where accuracy and sparsity match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.learning.costs import WeightCost, WeightsL1, WiringCost
from tertium.studies.base import Field, StudyConfig
from tertium.studies.methods.achterberg import (
    Snapshots,
    distances,
    nearness,
    network_in_space,
    recurrent_weights,
    selectivity,
    shuffle_distances,
)
from tertium.studies.methods.graph_measures import (
    communities,
    modularity,
    rewired,
    small_worldness,
    strengths,
    strongest,
)
from tertium.tasks import make

if TYPE_CHECKING:
    import xarray as xr

    from tertium.models import RateRNN
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.task import Task

Floats = NDArray[np.float64]

#: What is trained: under the cost of Achterberg et al., under plain sparsity, and under distances of shuffled pairs.
SPATIAL, SPARSE, SHUFFLED, UNTRAINED = "seRNN", "L1", "shuffled distances", "untrained"


class NetworksConfig(StudyConfig):
    """Task, networks, training, and what is measured."""

    shape: tuple[int, int, int] = Field((5, 5, 4), description="units along x, y, z (paper)")
    epochs: int = Field(30, ge=1, description="epochs of training (paper: 10)")
    steps: int = Field(40, ge=1, description="steps of an epoch (paper: 5120 trials in batches of 128)")
    batch: int = Field(128, ge=1, description="trials of a step (paper)")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam (paper)")
    wiring: float = Field(0.1, ge=0, description="strength of the wiring cost (paper: 0.001 to 0.3)")
    sparsity: float = Field(0.005, ge=0, description="strength of the L1 cost")
    accuracy: float = Field(0.9, ge=0, le=1, description="accuracy that a network must have to be looked at (paper)")
    alive: float = Field(0.01, ge=0, description="absolute weight above which a connection counts as alive")
    connections: float = Field(0.25, gt=0, le=1, description="fraction of connections alive at which a seRNN is taken")
    tolerance: float = Field(0.15, gt=0, description="how far from that a seRNN may be")
    matched: float = Field(0.05, gt=0, description="how far from the seRNN another network's fraction may be")
    attempts: int = Field(8, ge=1, description="initial weights that are tried until a network passes the filters")
    density: float = Field(0.1, gt=0, le=1, description="fraction of pairs that make the graph (paper)")
    nulls: int = Field(50, ge=2, description="random graphs for small-worldness")
    rewirings: int = Field(10, ge=1, description="graphs of the same degrees, whose modularity is taken off")
    restarts: int = Field(10, ge=1, description="restarts of the search for communities")
    trials: int = Field(640, ge=8, description="trials in which units are recorded (paper)")
    permutations: int = Field(1000, ge=10, description="of units over places")


def train(config: NetworksConfig, lab: Lab, kind: str, near: float) -> dict[str, Any]:
    """Train a kind of network until one passes the filters, from other initial weights each time.

    Networks are filtered by accuracy as in the paper, and taken at the epoch at which their fraction of connections
    alive is nearest ``near``: networks of one sparsity are compared, not networks of one age.

    Parameters
    ----------
    config : NetworksConfig
    lab : Lab
    kind : str
        `SPATIAL`, `SPARSE` or `SHUFFLED`. All three begin at the same weights.
    near : float
        Fraction of connections alive.

    Returns
    -------
    dict
        ``accuracy``, ``connections``, ``weights`` over the epochs of the last attempt, how many ``attempts`` there
        were, and the ``epoch`` that is taken (-1 if none passes) with its ``state``.
    """
    task = make("spatial_inference")
    tolerance = config.tolerance if kind == SPATIAL else config.matched
    course: dict[str, Any] = {}
    for attempt in range(config.attempts):
        network, kept = initial_network(config, task, lab.seeds, attempt), Snapshots(config.steps)
        if kind == SHUFFLED:
            shuffle_distances(network, lab.seeds.numpy("shuffled distances"))
        done = lab.fit(
            network,
            task,
            name=f"{kind.replace(' ', '-')}-{attempt}",
            goal="cross_entropy",
            costs=[cost_of(kind, config)],
            hooks=[kept],
            steps=config.epochs * config.steps,
            batch=config.batch,
            learning_rate=config.learning_rate,
            validate_every=config.steps,
            checkpoint_every=5 * config.steps,
        )
        weights = np.array([state["cells.0.recurrent_weight"].numpy() for state in kept.kept])
        accuracy = np.array([check.performance for check in done.history])
        alive = np.array([connections(w, config.alive) for w in weights])
        epoch = passing(accuracy, alive, config.accuracy, near, tolerance)
        course = {"accuracy": accuracy, "connections": alive, "weights": weights, "attempts": attempt + 1}
        course |= {"epoch": epoch, "state": {}}
        if epoch >= 0:
            return course | {"state": {name: value.numpy() for name, value in kept.kept[epoch].items()}}
    lab.note(f"No {kind} network passed the filters in {config.attempts} attempts.")
    return course


def initial_network(config: NetworksConfig, task: Task, seeds: Seeds, attempt: int) -> RateRNN:
    """Return the untrained network of an attempt, the same for all kinds."""
    return network_in_space(task, config.shape, seeds.child(f"attempt {attempt}"))


def cost_of(kind: str, config: NetworksConfig) -> WeightCost:
    """Return the cost under which a kind of network is trained."""
    if kind == SPARSE:
        return WeightsL1(config.sparsity)
    return WiringCost(config.wiring, with_communicability=True)


def connections(weights: Floats, alive: float) -> float:
    """Return the fraction of connections between different units whose absolute weight exceeds ``alive``.

    Examples
    --------
    >>> connections(np.array([[5.0, 1.0], [0.0, 5.0]]), 0.5)
    0.5
    """
    apart = ~np.eye(len(weights), dtype=bool)
    return float((np.abs(weights)[apart] > alive).mean())


def passing(accuracy: Floats, alive: Floats, least: float, near: float, tolerance: float) -> int:
    """Return the epoch with enough accuracy whose connections are nearest, or -1 if none is near enough.

    Examples
    --------
    >>> passing(np.array([0.5, 0.95, 1.0]), np.array([0.3, 0.4, 0.2]), 0.9, near=0.32, tolerance=0.1)
    1
    """
    gap = np.where(accuracy >= least, np.abs(alive - near), np.inf)
    return int(gap.argmin()) if gap.min(initial=np.inf) <= tolerance else -1


#: What is measured of a network, in the order of the tables.
MEASURES = (
    "accuracy", "connections", "autapses", "modularity", "excess modularity", "modularity with autapses",
    "small-worldness", "small-worldness for degrees", "length", "weight-distance", "activity", "distance from even",
    "goal nearness", "options nearness",
)  # fmt: skip


def measure(config: NetworksConfig, network: RateRNN, seeds: Seeds) -> dict[str, Any]:
    """Measure wiring and function of a network: `MEASURES`, and the goal share of each unit (NaN where inactive)."""
    from tertium.record import record

    task = make("spatial_inference")
    trials = task.batch(config.trials, seeds.child("recorded trials"))
    labels = {name: trials.columns[name] for name in ("goal", "option1", "option2", "choice")}
    responses = record(network, trials.inputs, sites="cells.0", trial=labels, progress=False)
    outputs = record(network, trials.inputs, sites="output", progress=False)
    correct = trials.correct(outputs.transpose("time", "trial", "unit").to_numpy())
    weights = recurrent_weights(network)
    return {
        "accuracy": float(correct.mean()),
        "connections": connections(weights, config.alive),
        **wiring(config, weights, seeds),
        **function(config, responses, seeds),
    }


def wiring(config: NetworksConfig, weights: Floats, seeds: Seeds) -> dict[str, float]:
    """Measure the graph of the strongest pairs (and, as the paper's code does, of all weights with the autapses)."""
    apart, strong = distances(config.shape), strengths(weights)
    graph = strongest(strong, config.density)
    pairs = np.triu_indices(len(strong), 1)
    size = np.abs(weights)
    own = np.diag(np.diag(size))
    found = best_modularity(graph, seeds, config.restarts)
    rng = seeds.numpy("rewired")
    random = [best_modularity(rewired(graph, rng), seeds, 1) for _ in range(config.rewirings)]
    by_degrees = small_worldness(graph, seeds.numpy("nulls"), nulls=config.rewirings, keep="degrees")
    return {
        "autapses": float(np.trace(size) / size.sum()),
        "modularity": found,
        "excess modularity": found - float(np.mean(random)),
        "modularity with autapses": best_modularity(strong + own, seeds, config.restarts),
        "small-worldness": small_worldness(graph, seeds.numpy("nulls"), nulls=config.nulls).sigma,
        "small-worldness for degrees": by_degrees.sigma,
        "length": float(apart[graph].mean() / apart[pairs].mean()),
        "weight-distance": float(np.corrcoef(strong[pairs], apart[pairs])[0, 1]),
    }


def best_modularity(graph: Floats | NDArray[np.bool_], seeds: Seeds, restarts: int) -> float:
    """Return the largest modularity that the search finds."""
    return modularity(graph, communities(graph, seeds.numpy("communities"), restarts))


def function(config: NetworksConfig, responses: xr.DataArray, seeds: Seeds) -> dict[str, Any]:
    """Measure what units do, and where.

    As in the paper, the goal is looked for in the first five steps of the options (it is no longer shown), the
    options in the last five.
    """
    values = responses.to_numpy().astype(np.float64)
    goal = np.eye(4)[responses["goal"].to_numpy().astype(int)]
    options = sum(np.eye(4)[responses[name].to_numpy().astype(int)] for name in ("option1", "option2"))
    first, last = (
        selectivity(values[:, window].mean(axis=1), goal, np.asarray(options))
        for window in (slice(-20, -15), slice(-5, None))
    )
    apart = distances(config.shape)
    near = [
        nearness(what, apart, seeds.numpy(name), config.permutations).z
        for name, what in (("goal nearness", first.goal), ("options nearness", last.options))
    ]
    share = np.full(len(apart), np.nan)
    share[last.active] = last.goal_share()
    return {
        "activity": float(np.abs(values).mean()),
        "distance from even": last.distance_from_even(),
        "goal nearness": near[0],
        "options nearness": near[1],
        "share": share,
    }


def length_profile(weights: Floats, shape: tuple[int, int, int], edges: Sequence[float]) -> Floats:
    """Return the mean absolute weight of pairs by their distance, shape (bin,), as a multiple of the overall mean."""
    apart, strong = distances(shape), strengths(weights)
    pairs = np.triu_indices(len(strong), 1)
    where = np.digitize(apart[pairs], edges) - 1
    values = strong[pairs]
    means = [values[where == k].mean() if (where == k).any() else np.nan for k in range(len(edges) - 1)]
    return np.array(means) / values.mean()
