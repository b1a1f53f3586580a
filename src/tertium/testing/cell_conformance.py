"""What every recurrent cell must do: one readable step, a fast loop that agrees with it, and no hidden memory."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch

from tertium.models.recurrent.cell import Cell
from tertium.rng import Seeds
from tertium.testing.model_conformance import NonConforming


def check_cell(
    cell: Cell,
    *,
    make: Callable[[], Cell] | None = None,
    steps: int = 10,
    batch: int = 3,
    seed: int = 0,
    value_tolerance: float = 1e-6,
    gradient_tolerance: float = 1e-5,
) -> None:
    """Check a cell against the contract of `tertium.models.Cell`.

    Checked are: shapes; the fast loop gives the values and gradients of the loop over ``step``, with the cell's noise,
    in float32 and (to 1e-10) in float64; the noise follows its generator; a run of ``steps`` steps is a run of 4 and
    one of the rest; a cell has no hidden memory; its weights survive ``state_dict``; making it draws nothing from
    torch's global generator.

    Parameters
    ----------
    cell : Cell
        The cell; it is copied, not changed.
    make : callable, optional
        Makes such a cell anew. With it the last clause is checked, and that the same call gives the same weights.
    steps, batch : int
        Size of the runs, at least 5 steps.
    seed : int
        Seed of inputs and noise.
    value_tolerance, gradient_tolerance : float
        Largest difference in float32, relative to the largest number of the tensor (or to 1).

    Raises
    ------
    NonConforming
        If a clause does not hold.

    Examples
    --------
    >>> from tertium.models import RateCell
    >>> check_cell(RateCell(2, 5, noise=0.1), make=lambda: RateCell(2, 5, noise=0.1))
    """
    cell = copy.deepcopy(cell)
    seeds = Seeds(seed).child("check_cell")
    if make is not None:
        _check_making(make)
    xs = torch.randn(steps, batch, *cell.input_shape, generator=seeds.torch("inputs"))
    _check_shapes(cell, xs)
    _check_agreement(cell, xs, seeds, value_tolerance, gradient_tolerance)
    _check_agreement(copy.deepcopy(cell).double(), xs.double(), seeds, 1e-10, 1e-10)
    _check_noise(cell, xs, seeds)
    _check_continuation(cell, xs, seeds, value_tolerance)
    _check_state_dict(cell, xs, seeds)


def _check_making(make: Callable[[], Cell]) -> None:
    before = torch.get_rng_state()
    one, two = make().state_dict(), make().state_dict()
    if not torch.equal(before, torch.get_rng_state()):
        raise NonConforming("making the cell draws from torch's global generator")
    if not all(torch.equal(one[key], two[key]) for key in one):
        raise NonConforming("the same call makes other weights the second time")


def _check_shapes(cell: Cell, xs: torch.Tensor) -> None:
    steps, batch = xs.shape[:2]
    start = cell.init(batch)
    if start.shape[0] != batch:
        raise NonConforming(f"init({batch}) has shape {tuple(start.shape)}, not (batch, ...)")
    state, activity = cell.step(start, xs[0])
    if state.shape != start.shape:
        raise NonConforming(f"step turns a state of shape {tuple(start.shape)} into one of {tuple(state.shape)}")
    if not torch.equal(activity, cell.activity(state)):
        raise NonConforming("step and activity read different activity out of one state")
    if activity.flatten(1).shape != (batch, cell.n_units):
        raise NonConforming(f"activity of {cell.n_units} units has shape {tuple(activity.shape)}")
    activities, states = cell(xs)
    if states.shape != (steps, *start.shape) or activities.shape != (steps, *activity.shape):
        raise NonConforming(f"a run has shapes {tuple(activities.shape)} and {tuple(states.shape)}")
    for name, values in cell.unit_labels().items():
        if values.shape != (cell.n_units,):
            raise NonConforming(f"unit label '{name}' has shape {values.shape}, not ({cell.n_units},)")


def _check_agreement(cell: Cell, xs: torch.Tensor, seeds: Seeds, values: float, gradients: float) -> None:
    fast, slow = (_run_and_differentiate(cell, xs, seeds, backend) for backend in ("auto", "reference"))
    for name, reference in slow.items():
        scale = max(1.0, float(reference.abs().max()))
        off = float((fast[name] - reference).abs().max()) / scale
        allowed = gradients if name.startswith("gradient") else values
        if not off <= allowed:  # NaN is no agreement
            raise NonConforming(
                f"{name}: the fast loop differs from step by {off:.1e} ({xs.dtype}, {allowed:.0e} allowed)"
            )


def _run_and_differentiate(cell: Cell, xs: torch.Tensor, seeds: Seeds, backend: str) -> dict[str, torch.Tensor]:
    """Return values, and gradients of a random weighting of all values, by name."""
    xs = xs.clone().requires_grad_(True)
    like = cell.init(xs.shape[1]).detach()
    start = (0.1 * torch.randn(like.shape, generator=seeds.torch("start"), dtype=xs.dtype)).requires_grad_(True)
    activity, states = cell(xs, start, generator=seeds.torch("noise"), backend=backend)
    loss = xs.new_zeros(())
    for name, tensor in (("activity", activity), ("states", states)):
        loss = loss + (tensor * torch.randn(tensor.shape, generator=seeds.torch(name), dtype=xs.dtype)).sum()
    wanted = {name: p for name, p in cell.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(loss / len(xs), [xs, start, *wanted.values()], allow_unused=True)
    names = ["inputs", "initial state", *wanted]
    gradients = {f"gradient of {n}": g for n, g in zip(names, found, strict=True) if g is not None}
    return {"activity": activity.detach(), "states": states.detach(), **gradients}


def _check_noise(cell: Cell, xs: torch.Tensor, seeds: Seeds) -> None:
    before = torch.get_rng_state()
    one, _ = cell(xs, generator=seeds.torch("noise"))
    two, _ = cell(xs, generator=seeds.torch("noise"))
    if not torch.equal(one, two):
        raise NonConforming("one generator gives two runs: the cell has hidden memory or draws from elsewhere")
    if not torch.equal(before, torch.get_rng_state()):
        raise NonConforming("a run with its own generator draws from torch's global one")
    other, _ = cell(xs, generator=seeds.torch("other noise"))
    noisy = cell.noise(len(xs), xs.shape[1], seeds.torch("noise")) is not None
    if noisy and torch.equal(one, other):
        raise NonConforming("the cell draws noise but does not use it")


def _check_continuation(cell: Cell, xs: torch.Tensor, seeds: Seeds, tolerance: float) -> None:
    noise = cell.noise(len(xs), xs.shape[1], seeds.torch("noise"))
    start = cell.init(xs.shape[1])
    with torch.no_grad():
        whole = cell.unroll(xs, start, noise)
        first = cell.unroll(xs[:4], start, None if noise is None else noise[:4])
        rest = cell.unroll(xs[4:], first[-1], None if noise is None else noise[4:])
    off = float((torch.cat([first, rest]) - whole).abs().max()) / max(1.0, float(whole.abs().max()))
    if not off <= tolerance:
        raise NonConforming(f"a run that is stopped and continued ends elsewhere, by {off:.1e}")


def _check_state_dict(cell: Cell, xs: torch.Tensor, seeds: Seeds) -> None:
    saved = {key: value.clone() for key, value in cell.state_dict().items()}
    expected, _ = cell(xs, generator=seeds.torch("noise"))
    other = copy.deepcopy(cell)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    other.load_state_dict(saved)
    found, _ = other(xs, generator=seeds.torch("noise"))
    if not torch.equal(found, expected):
        raise NonConforming("weights that are saved and loaded make another cell: state_dict misses something")
