"""What is measured of one network of Mante et al. 2013: its choices, its lines, its paths on targeted axes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.dynamics import SelectionVectors, fixed_points, selection_vector, tdr
from tertium.record import record
from tertium.studies.methods.mante_axes import CONDITIONS, REGRESSORS, labelled, paths
from tertium.studies.methods.mante_choices import accuracies, fractions, show, slope_ratio, weights
from tertium.studies.methods.mante_lines import Line, context_input, line_of
from tertium.studies.methods.mante_networks import CONTEXTS, INPUTS, leak_of

if TYPE_CHECKING:
    from tertium.models import RateRNN
    from tertium.rng import Seeds
    from tertium.tasks.task import Task

Floats = npt.NDArray[np.float64]

#: How often labels are dealt out anew for a control.
SHUFFLES = 50

#: The input that counts in each context.
RELEVANT = dict(zip(CONTEXTS, INPUTS, strict=True))


def choices(network: RateRNN, blank: RateRNN, task: Task, trials: int, seeds: Seeds) -> dict[str, Any]:
    """Return accuracies, fractions and slopes of the network's choices, with an untrained and a shuffled control."""
    batch, outputs, _ = show(network, task, trials, seeds.child("choices"))
    untrained = show(blank, task, trials, seeds.child("choices"))
    dealt = seeds.numpy("contexts").permutation(batch.columns["context"])
    slopes = weights(batch, outputs)
    shuffled = weights(batch, outputs, dealt)
    return {
        "accuracy": accuracies(batch, outputs),
        "untrained": accuracies(*untrained[:2]),
        "fractions": fractions(batch, outputs),
        "slopes": slopes,
        "slope_ratio": slope_ratio(slopes),
        "slope_ratio_shuffled": slope_ratio(shuffled),
    }


def lines(network: RateRNN, blank: RateRNN, task: Task, trials: int, places: int, seeds: Seeds) -> dict[str, Any]:
    """Return the line of each context, its eigenvalues per time constant, and what its selection vectors pick up."""
    batch, _, states = show(network, task, trials, seeds.child("lines"))
    ends = [states[batch.columns["context"] == i] for i in range(len(CONTEXTS))]
    found = [line_of(network, some, i, places) for i, some in enumerate(ends)]
    leak = leak_of(network)
    eigenvalues = [(one.points.eigenvalues[:, :2] - 1) / leak for one in found]
    _, _, still = show(blank, task, 50, seeds.child("lines"))
    resting = [fixed_points(blank, still, context_input(i), slow=None).eigenvalues for i in range(len(CONTEXTS))]
    return {
        "outputs": [one.outputs for one in found],
        "top": [one[:, 0].real for one in eigenvalues],
        "next": [one[:, 1].real for one in eigenvalues],
        "speeds": [one.points.speeds / leak for one in found],
        "fixed": np.array([one.fixed for one in found]),
        "straight": np.array([one.straight for one in found]),
        "straight_control": np.array([first_component(some) for some in ends]),
        "untrained_top": np.array([((one[:, 0].real - 1) / leak).mean() if len(one) else np.nan for one in resting]),
        **selection(network, found, seeds),
    }


def first_component(states: Floats) -> float:
    """Return the share of the states' variance along their first principal component."""
    squares = np.linalg.svd(states - states.mean(0), compute_uv=False) ** 2
    return float(squares[0] / squares.sum())


def selection(network: RateRNN, found: list[Line], seeds: Seeds) -> dict[str, Any]:
    """Return selection vectors, how much better they pick up the relevant input, and how the inputs themselves change.

    Networks without a line in one of the contexts have NaN and no vectors.
    """
    if not all(len(one.points) and (one.points.eigenvalues[:, 0].imag == 0).any() for one in found):
        names = ("ratio", "ratio_shuffled", "input_change", "projection_change", "input_turn", "selection_angle")
        return {"selection": {}, **dict.fromkeys(names, np.nan)}
    readout = network.readout.weight.detach().double().numpy()[0]
    vectors = selection_vector(
        {name: one.points for name, one in zip(CONTEXTS, found, strict=True)},
        {name: j for j, name in enumerate(INPUTS)},
        relevant=RELEVANT,
        towards=readout,
    )
    lengths, turn = drives_of_rates(vectors)
    strengths = np.abs(vectors.strengths)
    return {
        "selection": {f.name: _plain(getattr(vectors, f.name)) for f in fields(vectors)},
        "ratio": float(vectors.ratios.min()),
        "ratio_shuffled": shuffled_ratio(vectors, seeds.numpy("labels of points")),
        "input_change": float(_change(lengths).max()),
        "projection_change": float(_change(strengths).min()),
        "input_turn": float(turn.max()),
        "selection_angle": float(vectors.selection_angles[0, 1]),
    }


def kept_vectors(kept: dict[str, Any]) -> SelectionVectors:
    """Return selection vectors from the plain fields that `selection` keeps."""
    return SelectionVectors(**{**kept, "contexts": tuple(kept["contexts"]), "inputs": tuple(kept["inputs"])})


def drives_of_rates(vectors: SelectionVectors) -> tuple[Floats, Floats]:
    """Return how far each input moves the rates, (context, input), and the angle between contexts, degrees, (input,).

    In the space of potentials an input pushes the same way always; that of rates sees the gain ``1 - tanh(h)^2`` of
    each unit, which a context may change.
    """
    gains = 1 - np.tanh(vectors.points) ** 2
    drives = vectors.drives * gains[:, None]
    mean = np.stack([drives[vectors.used & (vectors.context == i)].mean(0) for i in range(len(CONTEXTS))])
    lengths = np.linalg.norm(mean, axis=2)
    cosines = (mean[0] * mean[1]).sum(1) / lengths.prod(0)
    return lengths, np.asarray(np.degrees(np.arccos(np.clip(cosines, -1, 1))))


def shuffled_ratio(vectors: SelectionVectors, rng: np.random.Generator) -> float:
    """Return the median of the lesser ratio when the points' contexts are dealt out anew."""
    used = np.flatnonzero(vectors.used)
    ratios = []
    for _ in range(SHUFFLES):
        dealt = rng.permutation(vectors.context[used])
        means = np.abs([vectors.projections[used[dealt == i]].mean(0) for i in range(len(CONTEXTS))])
        ratios.append(min(means[0, 0] / means[0, 1], means[1, 1] / means[1, 0]))
    return float(np.median(ratios))


def _change(values: Floats) -> Floats:
    """Return the difference between two contexts relative to their mean, for each column."""
    return np.asarray(np.abs(values[0] - values[1]) / values.mean(0))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if hasattr(value, "keys") else value


def recorded(network: RateRNN, task: Task, trials: int, seeds: Seeds) -> xr.DataArray:
    """Return the rates of a network doing the task, labelled by what was shown and what it chose."""
    batch = task.batch(trials, seeds)
    both = record(network, batch, ("cells.0", "readout"), seed=seeds.integer("units"), progress=False)
    layer = both["layer"].values
    return labelled(both[:, :, layer == "cells.0"], both.values[:, :, layer == "readout"].transpose(1, 0, 2))


def trajectories(network: RateRNN, task: Task, trials: int, kept: dict[str, Any], seeds: Seeds) -> dict[str, Any]:
    """Return mean paths on the axes of choice, motion and colour, with the points of the lines and selection vectors.

    Lines and vectors come from the space of potentials. A state is seen on the axes through its rates; a direction of
    reading (a covector) is divided by what directions are multiplied by.
    """
    rates = recorded(network, task, trials, seeds.child("paths"))
    found = tdr(rates, list(REGRESSORS), conditions=list(CONDITIONS), missing="drop", n_permutations=0)
    drawn = paths(found, rates)
    if kept["selection"]:
        vectors = kept_vectors(kept["selection"])
        states = np.tanh(vectors.points)
        drawn["points"] = (states - found.means) / found.spreads @ found.axes
        reading = vectors.left / (1 - states**2) * found.spreads
        mean = np.stack([reading[vectors.used & (vectors.context == i)].mean(0) for i in range(len(CONTEXTS))])
        drawn["reading"] = mean / np.linalg.norm(mean, axis=1, keepdims=True) @ found.axes
        drawn["point_context"] = vectors.context
    return {"paths": drawn}
