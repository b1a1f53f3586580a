"""Choices of networks and what they depend on: fractions by coherence, weights of both inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tertium.studies.methods.mante_networks import CONTEXTS
from tertium.tasks.presets.mante13 import PROBES

if TYPE_CHECKING:
    from tertium.models import RateRNN
    from tertium.rng import Seeds
    from tertium.tasks.task import Task
    from tertium.tasks.trial_batch import TrialBatch

Floats = npt.NDArray[np.float64]

#: Signed offsets of both inputs, sorted.
LEVELS = tuple(sorted({sign * size for size in PROBES for sign in (-1, 1)}))


def show(network: RateRNN, task: Task, trials: int, seeds: Seeds) -> tuple[TrialBatch, Floats, Floats]:
    """Show trials and return them with the outputs (time, trial, 1) and the last states (trial, unit)."""
    batch = task.batch(trials, seeds)
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(batch.inputs), generator=seeds.torch("units"))
    assert isinstance(states, torch.Tensor)
    return batch, outputs.double().numpy(), states[-1].double().numpy()


def accuracies(batch: TrialBatch, outputs: Floats) -> Floats:
    """Return the fraction correct at each strength of the relevant evidence, (context, strength), weakest first."""
    right, context = batch.correct(outputs), batch.columns["context"]
    size = np.abs(batch.columns["relevant"])
    return np.array(
        [[right[(context == i) & np.isclose(size, s)].mean() for s in PROBES] for i in range(len(CONTEXTS))]
    )


def fractions(batch: TrialBatch, outputs: Floats) -> Floats:
    """Return the fraction of positive choices by level of each input, (context, input, level)."""
    positive, columns = outputs[-1, :, 0] > 0, batch.columns
    return np.array(
        [
            [
                [positive[(columns["context"] == i) & np.isclose(columns[name], level)].mean() for level in LEVELS]
                for name in ("motion", "colour")
            ]
            for i in range(len(CONTEXTS))
        ]
    )


def weights(batch: TrialBatch, outputs: Floats, context: npt.NDArray[np.int64] | None = None) -> Floats:
    """Return the slope of choices on each input, (context, input), per 0.15 of it: logistic regression on both.

    Parameters
    ----------
    batch : TrialBatch
    outputs : array, shape (time, trial, 1)
    context : array of int, shape (trial,), optional
        By default the trials' own.
    """
    from sklearn.linear_model import LogisticRegression

    columns = batch.columns
    told = columns["context"] if context is None else context
    evidence = np.stack([columns["motion"], columns["colour"]], axis=1) / PROBES[-1]
    positive = outputs[-1, :, 0] > 0
    found = np.full((len(CONTEXTS), 2), np.nan)
    for i in range(len(CONTEXTS)):
        here = told == i
        if len(np.unique(positive[here])) == 2:
            found[i] = LogisticRegression(C=1e4, max_iter=1000).fit(evidence[here], positive[here]).coef_[0]
    return found


def slope_ratio(slopes: Floats) -> float:
    """Return the larger over the contexts of irrelevant over relevant slope, without sign.

    Examples
    --------
    >>> slope_ratio(np.array([[4.0, -0.4], [0.1, 5.0]]))
    0.1
    """
    own = np.abs(np.diag(slopes))
    other = np.abs(slopes[[0, 1], [1, 0]])
    return float((other / own).max())


def ideal_observer(coherence: Floats, stimulus: float, sensory_noise: float) -> Floats:
    """Return the fraction correct of an observer who adds up all evidence: ``Phi(c sqrt(n) / noise)``, n in ms.

    Parameters
    ----------
    coherence : array
        Offsets of the relevant input.
    stimulus : float
        Seconds.
    sensory_noise : float
        Standard deviation of a sample of 1 ms.

    Examples
    --------
    >>> ideal_observer(np.array([0.0, 0.036]), 0.75, 1.0).round(3).tolist()
    [0.5, 0.838]
    """
    from scipy.stats import norm

    return np.asarray(norm.cdf(np.abs(coherence) * np.sqrt(1e3 * stimulus) / sensory_noise))
