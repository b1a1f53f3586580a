"""What a weight's constraints add up to: which connections may exist, with which sign, and how a weight starts.

A weight matrix is (target, source): column j holds what unit j sends. A `Constraint` is a small description; it is
built, for one weight, into a parametrization, a module that turns what the optimiser owns into the weight that is used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput


@dataclass(frozen=True, eq=False)
class Connections:
    """What is so far known of one weight matrix.

    Parameters
    ----------
    mask : torch.Tensor of bool, shape (target, source)
        Connections that may exist.
    signs : torch.Tensor of int8, shape (target, source)
        1 for excitatory, -1 for inhibitory, 0 for either.
    areas : array of str, shape (source,), optional
        Area of each unit.
    """

    mask: torch.Tensor
    signs: torch.Tensor
    areas: npt.NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Targets, sources."""
        return self.mask.shape[0], self.mask.shape[1]

    @property
    def square(self) -> bool:
        """Whether these are connections among the units of one population."""
        return self.mask.shape[0] == self.mask.shape[1]

    def without(self, mask: torch.Tensor) -> Connections:
        """Return what is left when connections may exist only where ``mask`` says so."""
        return replace(self, mask=self.mask & mask)

    def with_signs(self, signs: torch.Tensor, what: str) -> Connections:
        """Return the connections with the signs prescribed (0 prescribes none).

        Raises
        ------
        BadInput
            If a connection that may exist is to have both signs.
        """
        wanted = signs.to(torch.int8).expand(self.mask.shape)
        clash = self.mask & (self.signs * wanted < 0)
        if bool(clash.any()):
            target, source = (int(i) for i in clash.nonzero()[0])
            raise BadInput(
                what,
                got=f"{int(clash.sum())} connections that another constraint gives the other sign, "
                f"for instance from unit {source} to unit {target}",
                expected="one sign for each connection",
                repair="Give Dale the signs of the connectome's units (Dale(signs=...)), or leave one of the two out.",
            )
        return replace(self, signs=torch.where(wanted != 0, wanted, self.signs))


class Constraint(ABC):
    """A rule about the connections of one weight matrix.

    Attributes
    ----------
    order : int
        Constraints are applied in this order: how weights are made up (0), which may exist (1), signs of units (2),
        signs of connections (3), what rewires them (4).
    """

    order: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return type(self).__name__

    @abstractmethod
    def build(self, connections: Connections) -> nn.Module | None:
        """Return the parametrization of one weight, or None if the constraint leaves its values alone."""

    def attach(self, module: nn.Module, connections: Connections) -> None:
        """Leave on a cell what the constraint knows of its units (labels, places); called for unit-by-unit weights."""
        return

    def narrow(self, connections: Connections, built: nn.Module | None) -> Connections:
        """Return what is known of the connections once this constraint holds too."""
        return narrowed(connections, [] if built is None else [built], self.name)

    def start(self, weight: torch.Tensor, connections: Connections) -> torch.Tensor:
        """Return the weight to start from, given all constraints; by default the connections that exist of this one.

        Signs are seen to at the end (`fitting`).
        """
        return weight * connections.mask


def fitting(weight: torch.Tensor, connections: Connections) -> torch.Tensor:
    """Return a weight with the magnitudes of ``weight``, where connections may exist, and the prescribed signs."""
    signs = connections.signs.to(weight.dtype)
    return torch.where(connections.signs == 0, weight, weight.abs() * signs) * connections.mask


class Masked(nn.Module):
    """Connections that do not exist have weight zero.

    Parameters
    ----------
    mask : torch.Tensor of bool, shape (target, source)
    what : str
        The constraint, for messages.
    """

    mask: torch.Tensor

    def __init__(self, mask: torch.Tensor, what: str) -> None:
        super().__init__()
        self.what = what
        self.register_buffer("mask", mask)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight with zeros where there is no connection."""
        return weight * self.mask

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """Return what gives this weight; raise `BadInput` if it has connections that may not exist."""
        extra = int(((weight != 0) & ~self.mask).sum())
        if extra:
            raise _does_not_fit(self.what, f"{extra} weights where there is no connection", "zero there")
        return weight


class Signed(nn.Module):
    """Weights keep their sign: magnitudes are learned, signs are given; sign 0 means no connection.

    Parameters
    ----------
    signs : torch.Tensor, shape (1, source) or (target, source)
        1, -1 or 0.
    magnitude : {"abs", "relu"}
        How a magnitude is made of what the optimiser owns. "relu" silences a connection that is driven below zero.
    what : str
        The constraint, for messages.
    """

    signs: torch.Tensor

    def __init__(self, signs: torch.Tensor, magnitude: str, what: str) -> None:
        super().__init__()
        if magnitude not in ("abs", "relu"):
            raise BadInput("magnitude", got=repr(magnitude), expected="'abs' or 'relu'")
        self.magnitude, self.what = magnitude, what
        self.register_buffer("signs", signs.to(torch.int8))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return magnitudes times signs."""
        return (weight.abs() if self.magnitude == "abs" else weight.relu()) * self.signs

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the magnitudes; raise `BadInput` if a weight has another sign."""
        wrong = int((torch.sign(weight) * (1 - torch.sign(weight) * self.signs) != 0).sum())
        if wrong:
            raise _does_not_fit(self.what, f"{wrong} weights of another sign", "the prescribed signs")
        return weight * self.signs


def connections_of(module: nn.Module, weight: str = "recurrent_weight") -> Connections:
    """Return which connections of a weight may exist, and with which sign, as its parametrizations say.

    Parameters
    ----------
    module : torch.nn.Module
        For instance a cell.
    weight : str
        Name of the weight.

    Returns
    -------
    Connections

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import NoAutapses, constrain
    >>> cell = constrain(RateCell(1, 3), NoAutapses())
    >>> connections_of(cell).mask.int().tolist()
    [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    value = getattr(module, weight)
    n_targets, n_sources = value.shape
    free = Connections(
        torch.ones(n_targets, n_sources, dtype=torch.bool, device=value.device),
        torch.zeros(n_targets, n_sources, dtype=torch.int8, device=value.device),
        getattr(module, "_unit_labels", {}).get("area") if n_targets == n_sources else None,
    )
    if not parametrize.is_parametrized(module, weight):
        return free
    parametrizations: Any = module.parametrizations
    return narrowed(free, parametrizations[weight], weight)


def narrowed(connections: Connections, built: Iterable[nn.Module], what: str) -> Connections:
    """Return what is known of connections once these parametrizations hold too."""
    for one in built:
        if isinstance(one, Signed):
            # the mask first: where there is no connection no sign can contradict
            connections = connections.without(one.signs.expand(connections.shape) != 0).with_signs(one.signs, what)
        elif isinstance(one, Masked):
            connections = connections.without(one.mask)
    return connections


def label(module: nn.Module, name: str, values: npt.ArrayLike) -> None:
    """Label the units of a module that keeps labels; others are left alone."""
    keep = getattr(module, "label_units", None)
    if callable(keep):
        keep(name, values)


def signs_of_units(signs: npt.ArrayLike, n: int, what: str) -> npt.NDArray[np.int8]:
    """Return signs of units as an array of 1 and -1, from numbers or from the letters E and I."""
    given = np.asarray(signs)
    if given.dtype.kind in "UTO" and set(given.tolist()) <= {"E", "I"}:
        given = np.where(given == "E", 1, -1)
    if given.shape != (n,) or not np.isin(given, (-1, 1)).all():
        raise BadInput(
            what,
            got=f"shape {given.shape}, values {sorted(set(np.ravel(given).tolist()))[:4]}",
            expected=f"{n} values, 1 (or 'E') for excitatory and -1 (or 'I') for inhibitory units",
        )
    return given.astype(np.int8)


def _does_not_fit(what: str, got: str, expected: str) -> BadInput:
    return BadInput(
        f"weight under {what}",
        got=got,
        expected=expected,
        repair="Assign a weight that fits, or let tertium.models.wiring.constrain choose one to start from.",
    )
