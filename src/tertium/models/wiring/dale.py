"""Dale's principle: a unit excites all its targets or inhibits all of them. And weights that balance to start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.wiring.connections import Connections, Constraint, Signed, fitting, label, signs_of_units
from tertium.rng import Seeds


@dataclass(frozen=True, eq=False)
class Dale(Constraint):
    """Each unit is excitatory or inhibitory: all its outgoing weights have one sign (column j of the weights).

    Parameters
    ----------
    fraction_excitatory : float
        Share of excitatory units, rounded to a whole number. They come first, in each area if the cell has areas.
    signs : array-like, shape (unit,), optional
        1 (or "E") for excitatory and -1 (or "I") for inhibitory units, instead of a fraction.
    magnitude : {"abs", "relu"}
        How magnitudes are made of what the optimiser owns: the absolute value, or rectification, which is what Song et
        al. (2016) use and which lets connections fall silent.
    start_from : {"balanced", "keep"}
        "balanced" draws weights in which inhibition balances excitation, see `balanced_weights`, unless the present
        ones have these signs already (those of a connectome); "keep" takes the magnitudes that are there.
    spectral_radius : float
        Of the balanced weights.
    seed : int
        Seed of the balanced weights.

    Raises
    ------
    BadInput
        If the fraction is not in 0..1 or an option is unknown.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import constrain
    >>> cell = constrain(RateCell(1, 10), Dale(0.8))
    >>> "".join(cell.unit_labels()["cell_type"])
    'EEEEEEEEII'
    >>> weight = cell.recurrent_weight
    >>> bool((weight[:, :8] >= 0).all()), bool((weight[:, 8:] <= 0).all())
    (True, True)
    """

    order: ClassVar[int] = 2

    fraction_excitatory: float = 0.8
    signs: npt.ArrayLike | None = None
    magnitude: Literal["abs", "relu"] = "abs"
    start_from: Literal["balanced", "keep"] = "balanced"
    spectral_radius: float = 1.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.fraction_excitatory <= 1:
            raise BadInput(
                "fraction_excitatory", got=repr(self.fraction_excitatory), expected="a share of the units, 0 to 1"
            )
        if self.start_from not in ("balanced", "keep"):
            raise BadInput("start_from", got=repr(self.start_from), expected="'balanced' or 'keep'")
        if not self.spectral_radius > 0:
            raise BadInput("spectral_radius", got=repr(self.spectral_radius), expected="a number > 0")

    def build(self, connections: Connections) -> Signed:
        """Return the parametrization."""
        signs = self.unit_signs(connections.shape[1], connections.areas)
        return Signed(torch.from_numpy(signs)[None, :], self.magnitude, self.name)

    def unit_signs(self, n: int, areas: npt.NDArray[Any] | None = None) -> npt.NDArray[np.int8]:
        """Return 1 for excitatory and -1 for inhibitory units, shape (unit,)."""
        if self.signs is not None:
            return signs_of_units(self.signs, n, "signs of Dale")
        signs = np.ones(n, dtype=np.int8)
        where = [np.arange(n)] if areas is None else [np.flatnonzero(areas == a) for a in dict.fromkeys(areas.tolist())]
        for units in where:
            signs[units[round(self.fraction_excitatory * len(units)) :]] = -1
        return signs

    def attach(self, module: nn.Module, connections: Connections) -> None:
        """Label the units of a cell as E or I."""
        signs = self.unit_signs(connections.shape[1], connections.areas)
        label(module, "cell_type", np.where(signs > 0, "E", "I"))

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return balanced weights for connections within a population, else the present magnitudes."""
        fits = fitting(weight, connections)
        if self.start_from == "keep" or not connections.square or torch.equal(fits, weight):
            return fits
        drawn = balanced_weights(
            connections.signs.cpu().numpy(),
            connections.mask.cpu().numpy(),
            spectral_radius=self.spectral_radius,
            rng=Seeds(self.seed).child("Dale").numpy("balanced_weights"),
        )
        return torch.as_tensor(drawn, dtype=weight.dtype, device=weight.device)


def balanced_weights(
    signs: npt.NDArray[Any],
    mask: npt.NDArray[np.bool_] | None = None,
    *,
    spectral_radius: float = 1.5,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Draw weights in which each unit's inhibition balances its excitation, so that activity neither dies nor explodes.

    Magnitudes are gamma distributed with shape 2; the inhibitory weights onto a unit are scaled to sum to its
    excitatory ones; the whole is scaled to a spectral radius (after Song, Yang & Wang 2016, whose means balance; here
    the drawn weights onto each unit do). A unit that receives only one of the two is left as it is.

    Parameters
    ----------
    signs : array of int, shape (source,) or (target, source)
        1, or -1 for inhibition; 0 counts as excitation.
    mask : array of bool, shape (target, source), optional
        Connections that exist; all by default.
    spectral_radius : float
        Largest absolute eigenvalue. Weights without loops have none; they are scaled to unit norm per target instead.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    array, shape (target, source)

    Examples
    --------
    >>> signs = np.array([1, 1, 1, 1, -1])
    >>> weights = balanced_weights(signs, rng=np.random.default_rng(0))
    >>> np.allclose(weights.sum(1), 0)
    True
    """
    n = np.shape(signs)[-1]
    signs = np.broadcast_to(np.where(np.asarray(signs) < 0, -1, 1), (n, n))
    weights = signs * rng.gamma(2.0, 1.0, size=(n, n)) * (True if mask is None else mask)
    excitation, inhibition = np.clip(weights, 0, None).sum(1), np.clip(-weights, 0, None).sum(1)
    both = (excitation > 0) & (inhibition > 0)
    ratio = np.divide(excitation, inhibition, out=np.ones(n), where=both)
    weights = np.where(weights < 0, weights * ratio[:, None], weights)
    radius = float(np.abs(np.linalg.eigvals(weights)).max())
    size = float(np.linalg.norm(weights)) / np.sqrt(n)
    if radius > 1e-6 * size:
        return weights * (spectral_radius / radius)
    return weights / size if size else weights
