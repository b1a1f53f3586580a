"""Dendritic trees on pairs of digits: the task, the neurons that are compared, and how they are trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import nn

from tertium.learning import fit
from tertium.models import MLP, DendriticTree
from tertium.models.dendrites import LinearNode, NMDANode
from tertium.tasks import labelled

if TYPE_CHECKING:
    from tertium.data.sets.kinds import Images
    from tertium.studies.lab import Lab
    from tertium.tasks import LabelledTask


class Sizes(Protocol):
    """What the trainings take from the study's configuration."""

    subtrees: int
    steps: int
    batch: int
    learning_rate: float
    leak: float


def pair_of_digits(images: Images, pair: tuple[int, int], most: int, seed: int) -> LabelledTask:
    """Return the task to tell two digits apart, at most ``most`` images of each, a quarter of them held out."""
    which = [np.flatnonzero(images.label == digit)[:most] for digit in pair]
    shown = images.images[np.concatenate(which)].reshape(sum(len(one) for one in which), -1) / 255.0
    labels = np.repeat([0, 1], [len(one) for one in which])
    return labelled(shown, labels, name=f"{pair[0]} or {pair[1]}", held_out=0.25, seed=seed)


class OneNeuron(nn.Module):
    """A network with one output v, as one with the outputs (0, v): its softmax is the logistic function of v."""

    layout = "time_batch"

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, state: Any = None, *, generator: torch.Generator | None = None) -> Any:
        """Return outputs (time, batch, 2) and the states of the network."""
        v, states = self.network(x, state, generator=generator)
        return torch.cat([torch.zeros_like(v), v], dim=-1), states


def n_parameters(network: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(p.numel() for p in network.parameters())


def matched_dense(n_inputs: int, parameters: int, seed: int) -> MLP:
    """Return a dense network of one hidden layer and one output with about as many parameters."""
    return MLP(n_inputs, max(1, round((parameters - 1) / (n_inputs + 2))), 1, seed=seed)


def most_equal_parts(n: int, most: int) -> int:
    """Return the largest number of equal parts of n that is at most ``most``, two or more in a part."""
    return max(parts for parts in range(1, most + 1) if n % parts == 0 and n >= 2 * parts)


def neurons(config: Sizes, n_inputs: int, seed: int) -> dict[str, Callable[[], nn.Module]]:
    """Return what makes each untrained network of a seed, by its name; "divided" is without repeats."""
    k = config.subtrees

    def tree(n_subtrees: int = k, **options: Any) -> Callable[[], DendriticTree]:
        return lambda: DendriticTree(n_inputs, n_subtrees, seed=seed, **options)

    return {
        "1-tree": tree(1),
        "k-tree": tree(),
        "divided": tree(most_equal_parts(n_inputs, k), order="divided"),
        "chain": tree(shape="chain"),
        "passive": tree(leak=config.leak),
        "nmda": tree(node=NMDANode()),
        "synapses": tree(synapses="conductance"),
        "linear": tree(node=LinearNode()),
        "dense": lambda: matched_dense(n_inputs, n_parameters(tree()()), seed),
    }


def train(network: nn.Module, task: LabelledTask, config: Sizes, lab: Lab, name: str) -> dict[str, float]:
    """Train a network, and return what it tells right of the images it learned from and of those held out, in percent.

    All networks of a seed see the same batches.
    """
    model = OneNeuron(network)
    # the lab's own fit would draw other batches for each name
    fit(
        model,
        task,
        name=name,
        keeper=lab.steps,
        seed=lab.seeds.child("batches"),
        goal="cross_entropy",
        optimizer="adam",
        learning_rate=config.learning_rate,
        schedule="cosine",
        steps=config.steps,
        batch=config.batch,
        validate_every=config.steps,
        checkpoint_every=1000,
        progress=False,
    )
    assert task.held_out is not None
    return {"learned": right(model, task), "held out": right(model, task.held_out)}


def right(model: nn.Module, task: LabelledTask) -> float:
    """Return the share of all images of a task that a network tells right, in percent."""
    trials = task.everything()
    with torch.no_grad():
        outputs = model(torch.from_numpy(trials.inputs))[0].numpy()
    return 100 * task.performance(outputs, trials)


def discriminant(task: LabelledTask, shrinkage: str | None = None) -> dict[str, float]:
    """Return what linear discriminant analysis tells right, in percent.

    Without shrinkage the covariance is that of the sample, inverted where it can be, as the authors had it; "auto"
    shrinks it (Ledoit & Wolf 2004).
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    assert task.held_out is not None
    fitted = LinearDiscriminantAnalysis(solver="lsqr" if shrinkage else "svd", shrinkage=shrinkage)
    fitted.fit(task.items, task.labels)
    parts = {"learned": task, "held out": task.held_out}
    return {name: 100 * float(fitted.score(part.items, part.labels)) for name, part in parts.items()}
