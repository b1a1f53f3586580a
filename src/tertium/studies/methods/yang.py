"""Measures of Yang et al. 2019: task variance, clusters of units, lesions, and sums of rule inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import RateCell, RateRNN
from tertium.rng import Seeds
from tertium.tasks.task_set import TaskSet
from tertium.tasks.trial_batch import TrialBatch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Clustering:
    """Units grouped by the tasks in which they vary.

    Attributes
    ----------
    labels : array of int, shape (unit,)
        Cluster of each unit, -1 for units that are silent in all tasks.
    silhouettes : array, shape (k,)
        Mean silhouette for each number of clusters in ``ks``.
    ks : array of int, shape (k,)
        Numbers of clusters tried.
    k : int
        The number with the largest silhouette.
    """

    labels: NDArray[np.int64]
    silhouettes: Floats
    ks: NDArray[np.int64]
    k: int

    @property
    def silhouette(self) -> float:
        """The largest mean silhouette."""
        return float(self.silhouettes.max())


@contextmanager
def quiet(network: RateRNN) -> Iterator[None]:
    """Switch the private noise of the units off, as the paper does for its analyses."""
    cell = network.cell
    assert isinstance(cell, RateCell)
    before, cell.noise_std = cell.noise_std, 0.0
    try:
        yield
    finally:
        cell.noise_std = before


def answers(network: RateRNN, inputs: NDArray[np.float32], seeds: Seeds) -> tuple[Floats, Floats]:
    """Return the outputs, shape (time, trial, output), and the rates, (time, trial, unit), of a network."""
    with torch.no_grad():
        outputs, states = network(torch.from_numpy(inputs), generator=seeds.torch("noise"))
    return outputs.numpy(), network.rates(states).numpy()


def performance(network: RateRNN, tasks: TaskSet, trials: int, seeds: Seeds) -> Floats:
    """Return the fraction correct in each task, on new trials with all noise, shape (task,)."""
    return np.array([np.mean(b.correct(answers(network, b.inputs, s)[0])) for b, s in _batches(tasks, trials, seeds)])


def _batches(tasks: TaskSet, trials: int, seeds: Seeds) -> Iterator[tuple[TrialBatch, Seeds]]:
    for name in tasks.names:
        own = seeds.child(name)
        yield tasks.batch(trials, own, task=name), own


def task_variance(network: RateRNN, tasks: TaskSet, trials: int, repeats: int, seeds: Seeds) -> Floats:
    """Return how much each unit varies with the stimulus in each task, shape (unit, task).

    The variance of a unit's rate over trials at each time, averaged over time after the fixation epoch (Yang et al.
    2019, methods, "task variance"). All trials of a batch must have one timing, or the variance would be one of
    timings: give tasks with ``shared_timing``, without input noise. Averaged over ``repeats`` such batches.
    """
    found = np.zeros((network.n_units, len(tasks.names)))
    with quiet(network):
        for i, name in enumerate(tasks.names):
            for repeat in range(repeats):
                own = seeds.child(name).child(f"timing {repeat}")
                batch = tasks.batch(trials, own, task=name)
                _, rates = answers(network, batch.inputs, own)
                start = int(batch.epochs["fixation"][0, 1])
                found[:, i] += rates[start:].var(axis=1).mean(axis=0) / repeats
    return found


def normalised(variance: Floats, silent: float = 1e-3) -> tuple[Floats, NDArray[np.bool_]]:
    """Divide each unit's task variances by the largest of them; units whose sum is under ``silent`` are left out.

    Returns
    -------
    normalised : array, shape (active unit, task)
    active : array of bool, shape (unit,)
    """
    active = variance.sum(1) > silent
    return variance[active] / variance[active].max(1, keepdims=True), active


def cluster(variance: Floats, ks: Sequence[int], seeds: Seeds) -> Clustering:
    """Group units by k-means on their normalised task variances, with the k that has the largest silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    points, active = normalised(variance)
    usable = [k for k in ks if k < len(points)]
    scores, labels = [], []
    for k in usable:
        means = KMeans(k, n_init=20, random_state=seeds.integer(f"k {k}") % 2**32).fit(points)
        labels.append(means.labels_)
        scores.append(float(silhouette_score(points, means.labels_)))
    best = int(np.argmax(scores))
    found = np.full(len(variance), -1, dtype=np.int64)
    found[active] = labels[best]
    return Clustering(found, np.array(scores), np.array(usable), usable[best])


def lesion(network: RateRNN, units: NDArray[np.bool_]) -> RateRNN:
    """Return a copy of a network in which some units are without any effect on others and on the read-out."""
    from copy import deepcopy

    hurt = deepcopy(network)
    cell = hurt.cell
    assert isinstance(cell, RateCell)
    gone = torch.from_numpy(units)
    with torch.no_grad():
        cell.recurrent_weight[:, gone] = 0
        hurt.readout.weight[:, gone] = 0
    return hurt


def lesion_losses(
    network: RateRNN, labels: NDArray[np.int64], tasks: TaskSet, trials: int, seeds: Seeds
) -> tuple[Floats, Floats]:
    """Return the loss of performance in each task when each cluster is cut, and the performance before.

    Returns
    -------
    losses : array, shape (cluster, task)
        Fraction correct before minus after, on the same trials.
    intact : array, shape (task,)
    """
    intact = performance(network, tasks, trials, seeds)
    clusters = range(labels.max() + 1)
    losses = [intact - performance(lesion(network, labels == c), tasks, trials, seeds) for c in clusters]
    return np.array(losses), intact


def preferred_tasks(variance: Floats, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the tasks that a cluster prefers: those with at least three quarters of the largest of its mean variances.

    Means are over the normalised task variances of its units, shape (cluster, task).
    """
    points, active = normalised(variance)
    of = labels[active]
    means = np.array([points[of == c].mean(0) for c in range(of.max() + 1)])
    return np.asarray(means >= 0.75 * means.max(1, keepdims=True))


def selectivity_of_lesions(losses: Floats, preferred: NDArray[np.bool_]) -> float:
    """Return the mean loss in preferred tasks over the mean loss in the others, clusters taken together."""
    return float(losses[preferred].mean() / max(losses[~preferred].mean(), 1e-3))


def fractional_variance(variance: Floats, names: Sequence[str], a: str, b: str, silent: float = 1e-3) -> Floats:
    """Return (TV_a - TV_b) / (TV_a + TV_b) of the units that vary in either task, shape (unit,)."""
    of_a, of_b = variance[:, names.index(a)], variance[:, names.index(b)]
    active = of_a + of_b > silent
    return (of_a[active] - of_b[active]) / (of_a[active] + of_b[active])


def states_at_stimulus_end(
    network: RateRNN, tasks: TaskSet, epochs: Mapping[str, str], trials: int, seeds: Seeds
) -> Floats:
    """Return the mean rates at the last step of the stimulus in each task, shape (task, unit), noise switched off.

    Parameters
    ----------
    epochs : mapping of str to str
        Task -> its epoch with the stimulus.
    """
    means = []
    with quiet(network):
        for name, epoch in epochs.items():
            own = seeds.child(name)
            batch = tasks.batch(trials, own, task=name)
            _, rates = answers(network, batch.inputs, own)
            means.append(rates[batch.epochs[epoch][:, 1] - 1, np.arange(trials)].mean(0))
    return np.array(means)


def performance_with_rules(
    network: RateRNN, tasks: TaskSet, task: str, rules: Mapping[str, float], trials: int, seeds: Seeds
) -> float:
    """Return the fraction correct in a task when a weighted sum of rule inputs stands in for its own."""
    names = list(tasks.names)
    batch = tasks.batch(trials, seeds, task=task)
    inputs, first = batch.inputs.copy(), batch.inputs.shape[-1] - len(names)
    mixture = np.zeros(len(names), dtype=np.float32)
    for name, weight in rules.items():
        mixture[names.index(name)] += weight
    mixture[names.index(task)] -= 1  # its own rule input is taken away, the noise on it stays
    inputs[..., first:] += mixture * batch.valid[..., None]
    return float(np.mean(batch.correct(answers(network, inputs, seeds)[0])))
