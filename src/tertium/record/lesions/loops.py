"""Lesions inside recurrent cells, whose loop over time is one call: what others hear is changed at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.recurrent.cell import Cell
from tertium.models.recurrent.conv_cell import ConvRNNCell
from tertium.models.recurrent.rate_cell import RateCell

Effect = Callable[[torch.Tensor], torch.Tensor]


def cell_of(module: nn.Module, site: str) -> Cell | None:
    """Return the cell whose units a site stands for, or None where a site is no recurrent layer of ours.

    Raises
    ------
    BadInput
        If the module runs over time in one call that cannot be reached into.
    """
    if isinstance(module, nn.RNNBase):
        raise BadInput(
            f"site '{site}'",
            got=f"nn.{type(module).__name__}, which runs over time in one call",
            expected="a layer whose units can be changed while it runs",
            repair="Use nn.RNNCell, nn.GRUCell or nn.LSTMCell step by step, or a network of tertium.models.",
        )
    cell = module if isinstance(module, Cell) else getattr(module, "cell", None)
    return cell if isinstance(cell, Cell) and (module is cell or isinstance(cell, ConvRNNCell)) else None


def shape_of(cell: Cell) -> tuple[int, ...]:
    """Return the shape of a cell's units: (unit,), or (channel, row, column)."""
    return (cell.n_channels, *cell.size) if isinstance(cell, ConvRNNCell) else (cell.n_units,)


@contextmanager
def lesioned_loop(cell: Cell, site: str, effect: Effect) -> Iterator[None]:
    """Let other units, read-outs and recordings hear ``effect(activity)`` of a cell, at every step.

    Of rate cells the potential below goes on as its inputs drive it. Where state and activity are one (gates,
    convolutions) the state itself is changed.

    Raises
    ------
    BadInput
        If the activity of the cell is neither heard through ``recurrent(rates)`` nor a part of its state.
    """
    before = getattr(vars(cell).get("step"), "__self__", None)
    loop = before if isinstance(before, _Loop) else _Loop(cell, site)
    loop.effects.append(effect)
    # a hook that listens keeps a network from running cell and read-out as one, past the loop below
    handle = cell.register_forward_hook(lambda *_: None)
    try:
        for name in loop.names:
            vars(cell)[name] = getattr(loop, name)
        yield
    finally:
        handle.remove()
        loop.effects.remove(effect)
        if not loop.effects:
            for name in loop.names:
                vars(cell).pop(name, None)


class _Loop:
    """Stands in for methods of a cell; what is heard is drawn once a step, so that all who listen hear the same."""

    def __init__(self, cell: Cell, site: str) -> None:
        self.cell, self.kind, self.effects = cell, type(cell), list[Effect]()
        self.names: tuple[str, ...] = ("step", "run", "activity") if isinstance(cell, RateCell) else ("step", "run")
        if isinstance(cell, ConvRNNCell):
            self.names = ("step", "run", "advance")
        elif not isinstance(cell, RateCell):
            self._check_state(site)

    def heard(self, activity: torch.Tensor) -> torch.Tensor:
        for effect in self.effects:
            activity = effect(activity)
        return activity

    def activity(self, state: torch.Tensor) -> torch.Tensor:
        return self.heard(self.kind.activity(self.cell, state))

    def advance(self, state: torch.Tensor, drive: torch.Tensor, top_down: torch.Tensor | None = None) -> torch.Tensor:
        assert isinstance(self.cell, ConvRNNCell)
        return self.heard(ConvRNNCell.advance(self.cell, state, drive, top_down))

    def step(
        self, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return self._go_on(state, self.heard(self.kind.activity(self.cell, state)), x, noise)

    def run(
        self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        heard, states, activities = self.heard(self.kind.activity(self.cell, state)), [], []
        drawn = [None] * len(xs) if noise is None else noise.unbind(0)
        for x, drive in zip(xs.unbind(0), drawn, strict=True):
            state, heard = self._go_on(state, heard, x, drive)
            states.append(state)
            activities.append(heard)
        return torch.stack(activities), torch.stack(states)

    def _go_on(
        self, state: torch.Tensor, heard: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state and what is heard of it, given what was heard of the last."""
        cell = self.cell
        if isinstance(cell, RateCell):
            of_kind = type(cell).recurrent
            vars(cell)["recurrent"] = lambda _: of_kind(cell, heard)
            try:
                state, _ = self.kind.step(cell, state, x, noise)
            finally:
                del vars(cell)["recurrent"]
            return state, self.heard(self.kind.activity(cell, state))
        if isinstance(cell, ConvRNNCell):
            state, _ = self.kind.step(cell, heard, x, noise)  # calls advance, which is ours
            return state, state
        n = cell.n_units
        state, _ = self.kind.step(cell, torch.cat([heard, state[..., n:]], dim=-1), x, noise)
        heard = self.heard(state[..., :n])
        return torch.cat([heard, state[..., n:]], dim=-1), heard

    def _check_state(self, site: str) -> None:
        cell = self.cell
        with torch.no_grad():
            state = cell.init(1)
            state = torch.linspace(-0.5, 0.5, state.numel()).to(state).view(state.shape)
            same = state.ndim == 2 and torch.equal(cell.activity(state), state[:, : cell.n_units])
        if not same:
            raise BadInput(
                f"site '{site}'",
                got=f"a {type(cell).__name__}, whose activity is no part of its state",
                expected="a rate cell, or one whose state begins with its activity",
                repair="Lesion a layer that hears it, or derive the cell from tertium.models.RateCell.",
            )
