"""Measurements of FND19: the error of an answer, with and without what it needs; the gradient on its way back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning.goals import weighted_squared_error
from tertium.learning.rule import Trials
from tertium.models import RecurrentNetwork
from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]


def answer_error(network: RecurrentNetwork, batch: TrialBatch, *, hidden: int | None = None) -> float:
    """Return the mean squared error where an answer is asked for.

    Parameters
    ----------
    network : RecurrentNetwork
        Answers.
    batch : TrialBatch
        Trials.
    hidden : int, optional
        Input channel that is not shown (set to 0).
    """
    trials = Trials.of(batch)
    inputs = trials.inputs.clone()
    if hidden is not None:
        inputs[..., hidden] = 0
    with torch.no_grad():
        outputs, _ = network(inputs)
    return float(weighted_squared_error(outputs, trials))


def gradients_back(network: RecurrentNetwork, batch: TrialBatch) -> Floats:
    """Return how large the gradient of the loss is that arrives at the states of earlier and earlier steps.

    The state is the whole of it, of an LSTM hidden vector and memory together. The network has one cell.

    Returns
    -------
    numpy.ndarray, shape (lag,)
        Root-mean-square over trials of the norm of dL / d(state), divided by that of the last step (lag 0).
    """
    trials = Trials.of(batch)
    cell = network.cell
    state, states, activity = cell.init(len(batch)), [], []
    for x in trials.inputs.unbind(0):  # the readable loop: its states are in the graph, one tensor a step
        state, active = cell.step(state, x)
        state.retain_grad()
        states.append(state)
        activity.append(active)
    loss = weighted_squared_error(network.readout(torch.stack(activity)), trials)
    loss.backward()
    network.zero_grad()
    sizes = [0.0 if s.grad is None else float(s.grad.double().norm()) for s in reversed(states)]
    return np.array(sizes) / sizes[0]
