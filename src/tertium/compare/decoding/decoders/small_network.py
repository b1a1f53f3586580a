"""A small network as a decoder, fitted until it stops getting better on samples set aside."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Aim, Decoder, Fitting, FloatArray, Kind, Place, Readout
from tertium.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


@dataclass(frozen=True)
class SmallNetwork(Decoder):
    """Rectified layers trained by Adam on all samples at once; the first inner fold is set aside for stopping.

    A fit takes a tenth of a second or more: with many shuffles of labels it is the slowest of all decoders.

    Parameters
    ----------
    hidden : tuple of int
        Units of each layer.
    weight_decay : float
        Of AdamW.
    learning_rate : float
    patience : int
        Steps without a better loss on the samples set aside before stopping; the best weights are kept.
    steps : int
        At most so many.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("class", "number", "angle")
    hidden: tuple[int, ...] = (32,)
    weight_decay: float = 0.01
    learning_rate: float = 0.01
    patience: int = 20
    steps: int = 500

    def __post_init__(self) -> None:
        for name, value in (("patience", self.patience), ("steps", self.steps), *(("hidden", h) for h in self.hidden)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadInput(name, got=repr(value), expected="a whole number, at least 1")
        for name, number in (("weight_decay", self.weight_decay), ("learning_rate", self.learning_rate)):
            if not np.isfinite(number) or number < 0:
                raise BadInput(name, got=repr(number), expected="0 or more")

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Train, and keep the weights that were best on the samples set aside."""
        import torch

        aims, centre, spread = _aims(y, fitting.aim)
        generator = fitting.seeds.torch("weights")
        weights = _initial((x.shape[1], *self.hidden, aims.shape[1]), generator)
        inputs, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(aims, dtype=torch.float32)
        fitted, aside = (torch.as_tensor(rows) for rows in fitting.inside().pairs[0])
        loss = _loss(targets, fitting.aim)
        optimiser = torch.optim.AdamW(weights, lr=self.learning_rate, weight_decay=self.weight_decay)
        best, kept, since = float("inf"), [w.detach().clone() for w in weights], 0
        for _ in range(self.steps):
            optimiser.zero_grad()
            loss(_forward(inputs[fitted], weights), fitted).backward()
            optimiser.step()
            with torch.no_grad():
                now = float(loss(_forward(inputs[aside], weights), aside))
            since = 0 if now < best else since + 1
            if now < best:
                best, kept = now, [w.detach().clone() for w in weights]
            if since >= self.patience:
                break
        return Trained(kept, fitting.aim, centre, spread)

    @property
    def says(self) -> str:
        """The decoder in words."""
        return f"network ({', '.join(map(str, self.hidden))} hidden units)"


class Trained(Readout):
    """The weights of a trained `SmallNetwork`."""

    def __init__(self, weights: list[torch.Tensor], aim: Aim, centre: FloatArray, spread: FloatArray) -> None:
        self._weights, self._aim, self._centre, self._spread = weights, aim, centre, spread

    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Return the class with the largest output, the numbers, or the angle (rad)."""
        import torch

        with torch.no_grad():
            said = _forward(torch.tensor(x, dtype=torch.float32), self._weights).numpy().astype(np.float64)
        if self._aim.kind == "class":
            return np.asarray(said.argmax(1))
        if self._aim.kind == "angle":
            return np.asarray(np.arctan2(said[:, 1], said[:, 0])[:, None])
        return said * self._spread + self._centre


def _aims(y: npt.NDArray[Any], aim: Aim) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return outputs to aim at, (sample, output), and the centre and spread of numbers."""
    if aim.kind == "class":
        return np.eye(aim.n_classes)[y], np.zeros(1), np.ones(1)
    if aim.kind == "angle":
        return np.concatenate([np.cos(y), np.sin(y)], axis=1), np.zeros(1), np.ones(1)
    centre, spread = y.mean(0), np.maximum(y.std(0), 1e-12)
    return (y - centre) / spread, centre, spread


def _loss(targets: torch.Tensor, aim: Aim) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the loss of outputs of some rows: cross entropy, classes weighted alike, or squared error."""
    if aim.kind != "class":
        return lambda said, rows: ((said - targets[rows]) ** 2).mean()
    weight = targets / targets.sum(0)

    def entropy(said: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return -(weight[rows] * said.log_softmax(1)).sum() / weight[rows].sum()

    return entropy


def _initial(sizes: tuple[int, ...], generator: torch.Generator) -> list[torch.Tensor]:
    """Return weights and constants, layer by layer (He et al. 2015)."""
    import torch

    made = []
    for n_in, n_out in pairwise(sizes):
        scale = float(np.sqrt(2 / n_in))
        made += [scale * torch.randn(n_in, n_out, generator=generator), torch.zeros(n_out)]
    return [w.requires_grad_(True) for w in made]


def _forward(x: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    last = len(weights) // 2 - 1
    for layer in range(last + 1):
        x = x @ weights[2 * layer] + weights[2 * layer + 1]
        x = x.relu() if layer < last else x
    return x
