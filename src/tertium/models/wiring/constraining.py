"""The one entry point: put constraints on the weights of a cell, in the right order, or say why they contradict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

from tertium.errors import BadInput, unknown_name
from tertium.models.wiring.connections import Connections, Constraint, Masked, Signed, connections_of, fitting
from tertium.models.wiring.connectome import Connectome
from tertium.models.wiring.dale import Dale
from tertium.models.wiring.deep_rewiring import Rewired, Rewiring
from tertium.models.wiring.factors import LowRank
from tertium.models.wiring.spatial import SpatialEmbedding

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def constrain(module: ModuleT, *constraints: Constraint, weight: str | Sequence[str] | None = None) -> ModuleT:
    """Constrain the connections of a cell (or of any module), so that they hold exactly after every step of learning.

    Constraints compose and may be given in any order and in several calls. Make the optimiser afterwards. Cells
    remember areas and cell types (``cell.unit_labels()``).

    Parameters
    ----------
    module : torch.nn.Module
        A cell, or any module with a weight of shape (target, source).
    *constraints : Constraint
        For instance ``Dale(0.8)``, ``SparseMask(0.1)``, ``NoAutapses()``.
    weight : str or sequence of str, optional
        Names of the weights; by default all unit-by-unit weights of the cell (a GRU has three), which then have the
        same connections and signs.

    Returns
    -------
    torch.nn.Module
        The same module, changed in place. Weights that do not fit are replaced: each constraint says by what.

    Raises
    ------
    BadInput
        If constraints contradict each other or do not fit the weight.
    UnknownName
        If the module has no such weight.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> from tertium.models.wiring import Dale, NoAutapses, SparseMask
    >>> network = RateRNN(3, 50, 2)
    >>> cell = constrain(network.cell, Dale(0.8), SparseMask(0.2), NoAutapses())
    >>> weight = cell.recurrent_weight.detach()
    >>> bool((weight[:, :40] >= 0).all() and (weight[:, 40:] <= 0).all()), int((weight.diagonal() != 0).sum())
    (True, 0)
    """
    for constraint in constraints:
        if not isinstance(constraint, Constraint):
            raise BadInput(
                "constraint",
                got=f"a {type(constraint).__name__}" if not isinstance(constraint, type) else constraint.__name__,
                expected="constraints of tertium.models.wiring, such as Dale(0.8)",
            )
    names = _weights(module, weight)
    for name in names:
        _check_compatible(constraints_of(module, name), constraints)
    # all is built before anything is changed: an error leaves the module as it was
    plans = [_Plan(module, name, constraints) for name in names]
    for plan in plans:
        plan.carry_out()
    return module


def constraints_of(module: nn.Module, weight: str = "recurrent_weight") -> tuple[Constraint, ...]:
    """Return the constraints on a weight, in the order in which they were given.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> from tertium.models.wiring import NoAutapses
    >>> constraints_of(constrain(RateCell(1, 3), NoAutapses()))
    (NoAutapses(),)
    """
    return tuple(getattr(module, "_constraints", {}).get(weight, ()))


class _Plan:
    """What is to be done to one weight."""

    def __init__(self, module: nn.Module, name: str, constraints: Sequence[Constraint]) -> None:
        self.module, self.name, self.constraints = module, name, constraints
        self.value: torch.Tensor = getattr(module, name).detach().clone()
        known = connections_of(module, name)
        self.built: list[tuple[Constraint, nn.Module | None]] = []
        for constraint in sorted(constraints, key=lambda c: c.order):
            one = constraint.build(known)
            one = None if one is None else one.to(self.value.device)
            given = bool((known.signs[known.mask] != 0).all())
            known = constraint.narrow(known, one)
            if isinstance(one, Signed) and given:
                # signs that agree with those given before only say where connections are
                one = Masked(one.signs.expand(known.shape) != 0, constraint.name)
            self.built.append((constraint, one))
        self.known: Connections = known
        if not bool(known.mask.any()):
            raise BadInput(
                f"constraints on '{name}'",
                got=" and ".join(c.name for c in constraints) + ", under which no connection is left",
                expected="at least one connection",
            )
        self.start = self._start()

    def _start(self) -> torch.Tensor:
        """Return the weight to start from: each constraint in turn changes it as far as it has to."""
        value = self.value
        for constraint, _ in self.built:
            value = constraint.start(value, self.known)
        return fitting(value, self.known)

    def carry_out(self) -> None:
        """Set the weight and register the parametrizations."""
        modules = [one for _, one in self.built if one is not None]
        rewired = [one for one in modules if isinstance(one, Rewired)]
        with torch.no_grad():
            parameter = getattr(self.module, self.name)
            if parametrize.is_parametrized(self.module, self.name):
                setattr(self.module, self.name, self.start)
            else:
                parameter.copy_(self.start)
        # a rewired weight holds signs and possible connections itself
        for one in rewired or modules:
            parametrize.register_parametrization(self.module, self.name, one)
        if modules:  # once more: a parametrization that joins others does not invert what it is given
            with torch.no_grad():
                setattr(self.module, self.name, self.start)
        kept: dict[str, tuple[Constraint, ...]] = getattr(self.module, "_constraints", {})
        # past Module.__setattr__, which is typed for tensors and modules only
        vars(self.module)["_constraints"] = {
            **kept,
            self.name: (*constraints_of(self.module, self.name), *self.constraints),
        }
        if self.known.square and self.name in getattr(self.module, "recurrent_weights", ("recurrent_weight",)):
            for constraint, _ in self.built:
                constraint.attach(self.module, self.known)


def _weights(module: nn.Module, weight: str | Sequence[str] | None) -> list[str]:
    given: Any = getattr(module, "recurrent_weights", ("recurrent_weight",)) if weight is None else weight
    names = [given] if isinstance(given, str) else list(given)
    known = [n for n, p in module.named_parameters(recurse=False) if p.ndim == 2]
    known += [str(n) for n in getattr(module, "parametrizations", {})]
    for name in names:
        if name in known:
            continue
        if getattr(module, "rank", None) is not None and name == "recurrent_weight":
            raise BadInput(
                "weight to constrain",
                got="a cell made with rank=, whose square matrix is never formed",
                expected="a cell of full rank",
                repair="Leave rank out, or use LowRank alone.",
            )
        raise unknown_name("weight (target, source)", name, known)
    return names


def _check_compatible(present: Sequence[Constraint], added: Sequence[Constraint]) -> None:
    """Raise `BadInput` for pairs that cannot hold together; signs are compared when they are known."""
    together = [*present, *added]
    factored = [c for c in together if isinstance(c, LowRank)]
    others = [c for c in together if not isinstance(c, LowRank | SpatialEmbedding)]
    if factored and (others or len(factored) > 1):
        expected = "weights of low rank that no mask or sign changes"
        raise _contradiction(factored[0], (others or factored[1:])[0], expected, "Use one of the two.")
    for kind in (Rewiring, SpatialEmbedding):
        same = [c for c in together if isinstance(c, kind)]
        if len(same) > 1:
            raise _contradiction(same[0], same[1], f"one {kind.__name__}", "Leave one out.")
    for early, late in ((present, added), (added, present)):
        rewiring = [c for c in late if isinstance(c, Rewiring)]
        # who comes before a rewiring may be a mask, who comes after it nothing that touches connections
        kinds = (Dale, Connectome, LowRank) if late is added else (Constraint,)
        apart = [c for c in early if isinstance(c, kinds) and not isinstance(c, SpatialEmbedding)]
        if rewiring and apart:
            repair = "Give them to constrain together, in one call."
            raise _contradiction(rewiring[0], apart[0], "constraints that rewiring knows of from the start", repair)


def _contradiction(one: Constraint, other: Constraint, expected: str, repair: str) -> BadInput:
    return BadInput("constraints", got=f"{one.name} with {other.name}", expected=expected, repair=repair)
