"""What a time loop is given, checked once before it starts."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from tertium.errors import BadInput, unknown_name

Form = Literal["membrane", "rate"]
FORMS: tuple[str, ...] = get_args(Form)


def checked_form(form: str) -> str:
    """Return ``form``, or raise UnknownName."""
    if form not in FORMS:
        raise unknown_name("form of the rate equation", str(form), FORMS)
    return form


def checked_drive(drive: Tensor) -> None:
    """Raise BadInput unless ``drive`` is (time, batch, unit), floating, with at least one step."""
    if drive.dim() != 3 or not drive.is_floating_point() or 0 in drive.shape:
        raise BadInput(
            "drive",
            got=f"{_kind(drive)}",
            expected="floating-point numbers (time, batch, unit), no dim empty",
            repair="Put time first: drive.transpose(0, 1) turns batch-first into this.",
        )


def checked_initial(initial: Tensor, drive: Tensor) -> Tensor:
    """Return the state before the first step as (batch, unit); one state for all trials may be given as (unit,)."""
    _, batch, units = drive.shape
    if initial.dim() > 2 or tuple(initial.shape) not in {(units,), (1, units), (batch, units)}:
        raise BadInput(
            "initial state",
            got=f"shape {tuple(initial.shape)}",
            expected=f"({batch}, {units}), or ({units},) for all trials alike",
        )
    _same_type("initial state", initial, drive)
    return initial.expand(batch, units)


def checked_alpha(alpha: float | Tensor, like: Tensor) -> Tensor:
    """Return dt/tau of each unit, shape (unit,), of the type and on the device of ``like``."""
    units = like.shape[-1]
    # a tensor is told apart first: looking at the values of one on a GPU would make the host wait for it
    if not isinstance(alpha, Tensor):
        if not 0 < alpha < float("inf"):
            raise BadInput(
                "alpha = dt/tau", got=repr(alpha), expected="a number > 0", repair="1 leaves out the leak altogether."
            )
        return torch.full((units,), float(alpha), dtype=like.dtype, device=like.device)
    if tuple(alpha.shape) not in {(), (1,), (units,)}:
        raise BadInput("alpha = dt/tau", got=f"shape {tuple(alpha.shape)}", expected=f"one number or ({units},)")
    if alpha.device.type == "cpu" and not bool((alpha > 0).all()):
        raise BadInput("alpha = dt/tau", got=f"a smallest value of {alpha.min().item():g}", expected="numbers > 0")
    return alpha.to(dtype=like.dtype, device=like.device).expand(units)


def checked_weight(weight: Tensor, like: Tensor) -> None:
    """Raise BadInput unless ``weight`` is (post, pre) for the units of ``like``."""
    units = like.shape[-1]
    if tuple(weight.shape) != (units, units):
        raise BadInput(
            "recurrent weight", got=f"shape {tuple(weight.shape)}", expected=f"({units}, {units}), post x pre"
        )
    _same_type("recurrent weight", weight, like)


def checked_factors(m: Tensor, n: Tensor, like: Tensor) -> None:
    """Raise BadInput unless ``m`` and ``n`` are (unit, rank) for the units of ``like``."""
    units = like.shape[-1]
    if m.dim() != 2 or m.shape != n.shape or m.shape[0] != units or m.shape[1] == 0:
        raise BadInput(
            "low-rank factors m and n",
            got=f"shapes {tuple(m.shape)} and {tuple(n.shape)}",
            expected=f"both ({units}, rank)",
        )
    _same_type("low-rank factor m", m, like)
    _same_type("low-rank factor n", n, like)


def checked_connections(
    weight: Tensor | None, factors: tuple[Tensor, Tensor] | None, like: Tensor
) -> Tensor | tuple[Tensor, Tensor]:
    """Return W or (m, n); where all three are given, W + m n' / N, as it costs no more than W."""
    if weight is not None:
        checked_weight(weight, like)
    if factors is None and weight is not None:
        return weight
    if factors is None:
        raise BadInput("recurrent connections", got="none", expected="a weight, or factors m and n, or both")
    m, n = factors
    checked_factors(m, n, like)
    return factors if weight is None else torch.addmm(weight, m, n.t(), alpha=1 / len(m))


def _same_type(what: str, given: Tensor, like: Tensor) -> None:
    if given.dtype != like.dtype or given.device != like.device:
        raise BadInput(what, got=f"{given.dtype} on {given.device}", expected=f"{like.dtype} on {like.device}")


def _kind(tensor: Tensor) -> str:
    return f"{tensor.dtype} of shape {tuple(tensor.shape)}".replace("torch.", "")
