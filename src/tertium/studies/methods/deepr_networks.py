"""Sparse networks for digits: rewired, with a random mask, rewired without growth, or dense; a hook that counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils import parametrize

from tertium.learning import fit
from tertium.models import MLP
from tertium.models.wiring import Connections, Dale, Rewired, Rewiring, SparseMask, constrain

if TYPE_CHECKING:
    from torch import nn

    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks import LabelledTask

Floats = NDArray[np.float64]


class Sizes(Protocol):
    """What the trainings take from the study's configuration."""

    units: tuple[int, ...]
    steps: int
    batch: int
    learning_rate: float
    dense_learning_rate: float
    l1: float
    temperature: float


class OnlyRetracting(Rewiring):
    """DEEP R without growth: connections that fall below zero are gone."""

    def build(self, connections: Connections) -> Rewired:
        """Return the parametrization."""
        made = super().build(connections)
        return Shrinking(made.signs, made.possible, made.active, self)


class Shrinking(Rewired):
    """A weight whose connections retract and never grow."""

    @torch.no_grad()
    def rewire(self, strength: torch.Tensor, learning_rate: float, momenta: list[torch.Tensor]) -> int:
        """Retract what fell below zero; return how many."""
        before = self.active.clone()
        moved = super().rewire(strength, learning_rate, momenta)
        self.active &= before  # what has grown has strength zero still
        return moved


def network_of(kind: str, densities: tuple[float, ...], config: Sizes, task: LabelledTask, seed: int) -> MLP:
    """Return an untrained network of rectified units without biases, as the authors had it.

    Parameters
    ----------
    kind : {"dense", "static", "deep-r", "dale", "shrinking"}
        "dale": rewired, and hidden units excite (four in five) or inhibit.
    densities : tuple of float
        Share of connections of each layer. In sparse networks weights start larger by the root of one over this, so
        that the input to a unit has the variance of the dense one's.
    config : Sizes
    task : LabelledTask
    seed : int
        Of weights, masks and rewiring.
    """
    network = MLP(task.n_inputs, config.units, task.n_outputs, bias=False, seed=seed)
    if kind == "dense":
        return network
    rule = OnlyRetracting if kind == "shrinking" else Rewiring
    for i, (layer, density) in enumerate(zip(network.stack(), densities, strict=True)):
        own = 100 * seed + i
        if kind == "static":
            constrain(layer, SparseMask(density, seed=own), weight="weight")
            continue
        with torch.no_grad():
            layer.weight.div_(density**0.5)
        rewiring = rule(density, l1=config.l1, temperature=config.temperature, seed=own)
        signs = [Dale(0.8, start_from="keep")] if kind == "dale" and i else []
        constrain(layer, rewiring, *signs, weight="weight")
    return network


class Watch:
    """A hook that notes, after every step, how many connections there are, and how many weights changed their sign.

    Signs are those of the weights before the first step; of rewired weights those that each possible connection has
    been given, and where hidden units excite or inhibit, those of the units.
    """

    def __init__(self, network: MLP, *, dale: bool = False) -> None:
        self.layers = network.stack()
        self.signs = [_signs(layer, dale and i > 0) for i, layer in enumerate(self.layers)]
        self.start = _exist(self.layers)
        self.counts, self.flipped = [int(sum(one.sum() for one in self.start))], [0]

    def after_step(self, model: nn.Module, seeds: Seeds) -> None:
        """Count."""
        self.counts.append(int(sum(one.sum() for one in _exist(self.layers))))
        pairs = zip(self.layers, self.signs, strict=True)
        self.flipped.append(int(sum((layer.weight.detach() * signs < 0).sum() for layer, signs in pairs)))

    def moved(self) -> float:
        """Return the share of the connections there are now that were not there before the first step."""
        now = _exist(self.layers)
        new = sum(int((one & ~before).sum()) for one, before in zip(now, self.start, strict=True))
        return new / max(1, sum(int(one.sum()) for one in now))

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"counts": list(self.counts), "flipped": list(self.flipped)}

    def load_state_dict(self, kept: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.counts, self.flipped = list(kept["counts"]), list(kept["flipped"])


def _rewired(layer: nn.Module) -> Rewired | None:
    if not parametrize.is_parametrized(layer, "weight"):
        return None
    parametrizations: Any = layer.parametrizations
    return next((one for one in parametrizations["weight"] if isinstance(one, Rewired)), None)


def _exist(layers: list[Any]) -> list[torch.Tensor]:
    """Return which connections there are; of rewired weights the active ones, else those that are not zero."""
    found = ((layer, _rewired(layer)) for layer in layers)
    return [(layer.weight.detach() != 0) if one is None else one.active.clone() for layer, one in found]


def _signs(layer: Any, of_units: bool) -> torch.Tensor:
    """Return the sign that each weight must keep."""
    rewired = _rewired(layer)
    if of_units:
        n = layer.n_inputs
        return torch.where(torch.arange(n) < round(0.8 * n), 1, -1).expand(layer.n_units, n)
    return torch.sign(layer.weight.detach()).clone() if rewired is None else rewired.signs.clone()


def train(
    network: MLP, task: LabelledTask, config: Sizes, lab: Lab, name: str, *, dale: bool = False
) -> dict[str, Any]:
    """Train a network, and return what it tells right of held-out digits (percent) and what was counted on the way.

    All networks of a seed see the same batches.

    Returns
    -------
    dict
        "accuracy"; "count" at the start; "lost", the largest difference from it at any step; "flipped", the most
        weights of another sign at any step; "moved", the share of connections that were not there at first; "counts"
        (point,), fifty of them.
    """
    watch = Watch(network, dale=dale)
    sparse = any(parametrize.is_parametrized(layer, "weight") for layer in network.stack())
    # the lab's own fit would draw other batches for each name
    fit(
        network,
        task,
        name=name,
        keeper=lab.steps,
        seed=lab.seeds.child("batches"),
        goal="cross_entropy",
        optimizer="sgd",
        learning_rate=config.learning_rate if sparse else config.dense_learning_rate,
        schedule="cosine",
        steps=config.steps,
        batch=config.batch,
        validate_every=config.steps,
        checkpoint_every=2000,
        hooks=[watch],
        progress=False,
    )
    assert task.held_out is not None
    trials = task.held_out.everything()
    with torch.no_grad():
        outputs = network(torch.from_numpy(trials.inputs))[0].numpy()
    counts = np.array(watch.counts, dtype=np.float64)
    return {
        "accuracy": 100 * task.held_out.performance(outputs, trials),
        "count": float(counts[0]),
        "lost": float(np.abs(counts - counts[0]).max()),
        "flipped": float(max(watch.flipped)),
        "moved": watch.moved(),
        "counts": counts[np.linspace(0, len(counts) - 1, 50).round().astype(int)],
    }
