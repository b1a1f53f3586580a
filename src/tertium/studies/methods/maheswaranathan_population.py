"""All networks of one task of Maheswaranathan et al. 2019, driven with the same trials and taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import RecurrentNetwork
from tertium.rng import Seeds
from tertium.studies.methods.maheswaranathan_linear import integrating_modes, turning
from tertium.studies.methods.maheswaranathan_measures import geometry_distances, is_scaffold
from tertium.studies.methods.maheswaranathan_networks import (
    INTEGRATION_INPUTS,
    Member,
    PopulationConfig,
    still_inputs,
    task_of,
)
from tertium.studies.methods.maheswaranathan_topology import anatomy, side_by_side
from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]

#: The network whose graphs are drawn.
EXAMPLE = ("GRU", 0)


def drive(network: RecurrentNetwork, batch: TrialBatch) -> tuple[Floats, Floats, Floats]:
    """Let a network do trials; return outputs (time, trial, output), states and activity (trial, time, unit)."""
    with torch.no_grad():
        outputs, states = network(torch.as_tensor(batch.inputs, dtype=torch.float32))
        assert torch.is_tensor(states)
        activity = network.cell.activity(states)
    by_trial = [x.double().numpy().transpose(1, 0, 2) for x in (states, activity)]
    return outputs.double().numpy(), by_trial[0], by_trial[1]


def take_apart(
    config: PopulationConfig, name: str, members: list[Member], seeds: Seeds, **sizes: int
) -> dict[str, Any]:
    """Measure all networks of a task.

    Parameters
    ----------
    config : PopulationConfig
    name : str
        The task.
    members : list of Member
    seeds : Seeds
        Of trials and starts; all networks get the same trials.
    **sizes : int
        ``trials`` that are driven, ``compared`` of them for geometry, ``starts`` of a search.

    Returns
    -------
    dict
        ``score, score_blank`` (network,): what the task's rule reads, mean over trials; ``geometry`` (network,
        network); ``graphs, graphs_blank``: for each network its graphs under all constant inputs; ``scaffold,
        scaffold_blank, fixed, turning, modes`` (network, input); ``example``: one network's anatomy under one input.
    """
    task = task_of(config, name)
    batch = task.batch(sizes["trials"], seeds.child("trials"))
    found: dict[str, list[Any]] = {key: [] for key in MEASURES}
    activities, example = [], {}
    for one in members:
        label = f"{one.architecture}-{one.number}"
        outputs, states, activity = drive(one.network, batch)
        activities.append(activity[: sizes["compared"]].reshape(-1, activity.shape[-1]))
        taken = under_inputs(config, name, one.network, states, batch, sizes["starts"], seeds.child(label))
        before, begun, _ = drive(one.blank, batch)
        blank = under_inputs(config, name, one.blank, begun, batch, sizes["starts"], seeds.child(label))
        found["score"].append(float(task.spec.response.read(outputs, batch).mean()))
        found["score_blank"].append(float(task.spec.response.read(before, batch).mean()))
        found["graphs"].append(side_by_side([x["graph"] for x in taken]))
        found["graphs_blank"].append(side_by_side([x["graph"] for x in blank]))
        found["scaffold"].append([is_scaffold(x["graph"], name, config.bits) for x in taken])
        found["scaffold_blank"].append([is_scaffold(x["graph"], name, config.bits) for x in blank])
        found["fixed"].append([int(x["certified"].sum()) for x in taken])
        found["turning"].append([turning(x) for x in taken])
        found["modes"].append(modes_of(config, name, one.network, taken))
        if (one.architecture, one.number) == EXAMPLE:
            example = {**taken[len(taken) // 2], "states": states[:12]}
    arrays = {key: values if key.startswith("graphs") else np.array(values, float) for key, values in found.items()}
    return {**arrays, "geometry": geometry_distances(activities), "example": example}


#: What is measured of each network.
MEASURES = (
    "score", "score_blank", "graphs", "graphs_blank", "scaffold", "scaffold_blank", "fixed", "turning", "modes",
)  # fmt: skip


def under_inputs(
    config: PopulationConfig,
    name: str,
    network: RecurrentNetwork,
    states: Floats,
    batch: TrialBatch,
    starts: int,
    seeds: Seeds,
) -> list[dict[str, Any]]:
    """Take a network apart under each constant input of its task, from the states of trials with that input."""
    taken = []
    for which, cue in enumerate(still_inputs(config, name)):
        of = np.asarray(batch.conditions["context"]) == which if name == "integration" else np.ones(len(states), bool)
        taken.append(anatomy(network.cell, states[of], cue, starts, seeds.child(str(which))))
    return taken


def modes_of(
    config: PopulationConfig, name: str, network: RecurrentNetwork, taken: list[dict[str, Any]]
) -> list[float]:
    """Return how many modes integrate the stream of each context; NaN for other tasks."""
    if name != "integration":
        return [float("nan")] * len(taken)
    steps = round(config.integration * 100)
    return [
        integrating_modes(network, one["line_points"], cue, stream, steps)
        for stream, (one, cue) in enumerate(zip(taken, still_inputs(config, name), strict=True))
    ]


def turning_of_integrators(
    config: PopulationConfig, members: list[Member], seeds: Seeds, levels: Floats, **sizes: int
) -> Floats:
    """Return at how many Hz networks that integrate turn when their stream is held at each level of the sine waves.

    The first network of each architecture in the first context, shape (architecture, level): a control.
    """
    batch = task_of(config, "integration").batch(sizes["trials"], seeds.child("trials"))
    rows = []
    for one in members:
        if one.number:
            continue
        _, states, _ = drive(one.network, batch)
        cues = [np.eye(INTEGRATION_INPUTS)[2] + level * np.eye(INTEGRATION_INPUTS)[0] for level in levels]
        taken = [anatomy(one.network.cell, states, cue, sizes["starts"], seeds.child("other")) for cue in cues]
        rows.append([turning(x) for x in taken])
    return np.array(rows)
