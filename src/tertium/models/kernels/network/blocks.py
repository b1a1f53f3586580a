"""Square-root checkpointing: a long run in about sqrt(T) blocks, of which only the states in between are kept.

``torch.utils.checkpoint`` would do, but its first call imports torch's compiler (2 s and 100 MB), and it knows only the
global source of random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tertium.models.kernels.noise import NoiseSource

#: Of the inputs of some steps, the state before them, the noise of these steps, and the parameters: outputs and states.
Block = Callable[..., tuple[Tensor, Tensor]]


class RunInBlocks(torch.autograd.Function):
    """Outputs and states of a run, as ``block`` gives them for a part of it (all states, or the last one only)."""

    @staticmethod
    def forward(
        ctx: Any, block: Block, noise: NoiseSource | None, x: Tensor, state: Tensor, *parameters: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Run forwards, block by block."""
        length = math.isqrt(len(x) - 1) + 1
        starts, outputs, states, ctx.noise_states = [], [], [], []
        for piece in x.split(length):
            starts.append(state)
            ctx.noise_states.append(None if noise is None else noise.get_state())
            drawn = None if noise is None else noise.draw(*piece.shape[:2])
            now, states_now = block(piece, state, drawn, *parameters)
            outputs.append(now)
            states.append(states_now)
            state = states_now[-1].clone()  # a view would keep the whole block
        ctx.save_for_backward(x, *starts, *parameters)
        ctx.block, ctx.noise, ctx.length, ctx.all_states = block, noise, length, len(states[0]) == length
        ctx.set_materialize_grads(False)
        return torch.cat(outputs), torch.cat(states) if ctx.all_states else states[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_outputs: Tensor | None, to_states: Tensor | None) -> Any:
        """Run each block again, the last one first, and back through it."""
        x, *saved = ctx.saved_tensors
        pieces = x.split(ctx.length)
        starts, parameters = saved[: len(pieces)], saved[len(pieces) :]
        wanted = ctx.needs_input_grad[2:]
        sums: list[Tensor | None] = [None] * len(parameters)
        to_x, carry = [], None
        for number in range(len(pieces) - 1, -1, -1):
            piece = slice(number * ctx.length, number * ctx.length + len(pieces[number]))
            last = piece.stop == len(x)
            leaves = [
                None if tensor is None else tensor.detach().requires_grad_(want)
                for tensor, want in zip(
                    (pieces[number], starts[number], *parameters),
                    (wanted[0], wanted[1] or number > 0, *wanted[2:]),
                    strict=True,
                )
            ]
            with torch.enable_grad():
                drawn = None
                if ctx.noise is not None:
                    drawn = ctx.noise.replay(ctx.noise_states[number], *pieces[number].shape[:2])
                found = ctx.block(*leaves[:2], drawn, *leaves[2:])
            given = (None if to_outputs is None else to_outputs[piece], _to_states(ctx, to_states, piece, last, carry))
            to_piece, carry, *to_parameters = _gradients(found, given, leaves)
            to_x.append(to_piece)
            sums = [b if a is None else a if b is None else a.add_(b) for a, b in zip(sums, to_parameters, strict=True)]
        whole = [torch.zeros_like(p) if g is None else g for p, g in zip(pieces, reversed(to_x), strict=True)]
        return None, None, torch.cat(whole) if wanted[0] else None, carry if wanted[1] else None, *sums


def _to_states(ctx: Any, to_states: Tensor | None, piece: slice, last: bool, carry: Tensor | None) -> Tensor | None:
    # what reaches the states of a block: from outside, and through the state with which the next block began
    if not ctx.all_states:
        return to_states if last else None if carry is None else carry[None]
    if carry is None:
        return None if to_states is None else to_states[piece]
    length = piece.stop - piece.start
    mine = carry.new_zeros((length, *carry.shape)) if to_states is None else to_states[piece].clone()
    mine[-1] += carry
    return mine


def _gradients(
    found: tuple[Tensor, Tensor], given: tuple[Tensor | None, Tensor | None], leaves: list[Tensor | None]
) -> list[Tensor | None]:
    pairs = [(f, g) for f, g in zip(found, given, strict=True) if g is not None and f.requires_grad]
    wanted = [leaf for leaf in leaves if leaf is not None and leaf.requires_grad]
    if not pairs or not wanted:
        return [None] * len(leaves)
    ends, gradients = zip(*pairs, strict=True)
    answers = iter(torch.autograd.grad(ends, wanted, gradients, allow_unused=True))
    return [next(answers) if leaf is not None and leaf.requires_grad else None for leaf in leaves]
