"""A whole network from inputs to outputs: fast, and in the memory of about sqrt(T) steps if that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tertium.errors import BadInput
from tertium.models.kernels.arguments import checked_alpha, checked_connections, checked_form, checked_initial
from tertium.models.kernels.network.blocks import Block, RunInBlocks
from tertium.models.kernels.network.joined import Joined, RunJoined
from tertium.models.kernels.network.weights import Layout, thin_factors, whole_matrix
from tertium.models.kernels.noise import NoiseSource, checked_std, step_noise
from tertium.models.kernels.nonlinearities import Nonlinearity
from tertium.models.kernels.nonlinearities import nonlinearity as named
from tertium.models.kernels.reference import low_rank_reference, rate_reference


def network_unroll(
    x: Tensor,
    initial: Tensor,
    input_weight: Tensor,
    output_weight: Tensor,
    alpha: float | Tensor,
    *,
    weight: Tensor | None = None,
    factors: tuple[Tensor, Tensor] | None = None,
    bias: Tensor | None = None,
    output_bias: Tensor | None = None,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    noise_std: float | Tensor = 0.0,
    generator: torch.Generator | None = None,
    checkpoint: bool = False,
    all_states: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run a leaky rate network from its inputs to its outputs, y_t = W_out r_t + b_out.

    Equal to `network_reference`, and the fastest way to train a network of one layer: inputs, recurrence and read-out
    share their products, and neither drive nor noise is kept. With ``checkpoint`` about sqrt(T) states are kept and the
    steps between them run again in the backward pass: a third more time, for a small part of the memory.

    Parameters
    ----------
    x : Tensor
        Inputs, shape (time, batch, input).
    initial : Tensor
        State before the first step, shape (batch, unit), or (unit,) for all trials alike.
    input_weight : Tensor
        W_in, shape (unit, input).
    output_weight : Tensor
        W_out, shape (output, unit).
    alpha : float or Tensor
        dt/tau, of all units or of each, shape (unit,); above 0.
    weight, factors
        Recurrent connections: W, shape (unit, unit), post x pre; or (m, n), shape (unit, rank) each, for m n' / N; or
        both, for their sum. One of them has to be given.
    bias, output_bias : Tensor, optional
        Shapes (unit,) and (output,).
    nonlinearity, form
        See `rate_unroll`.
    noise_std : float or Tensor
        Standard deviation of the Gaussian noise added to the drive of each unit at each step, shape (unit,) or one for
        all; it gets no gradient. See `step_noise`.
    generator : torch.Generator, optional
        Source of the noise; by default torch's own.
    checkpoint : bool
        Save memory, as above. Values and gradients are the same.
    all_states : bool
        Whether to return all states or the last one only, which saves memory.

    Returns
    -------
    outputs : Tensor
        Shape (time, batch, output).
    states : Tensor
        Shape (time, batch, unit), or (1, batch, unit): the last state.

    Raises
    ------
    BadInput
        If a shape or a type does not fit, alpha is not above 0, or there are no connections.
    UnknownName
        If there is no such nonlinearity or form.

    Examples
    --------
    >>> import torch
    >>> x, ones = torch.ones(3, 1, 1), torch.ones(1, 1)
    >>> outputs, states = network_unroll(x, torch.zeros(1), ones, 2 * ones, alpha=0.5, weight=torch.zeros(1, 1))
    >>> outputs.ravel(), states.ravel()
    (tensor([1.0000, 1.5000, 1.7500]), tensor([0.5000, 0.7500, 0.8750]))
    """
    parts = _Parts(x, input_weight, output_weight, bias, output_bias)
    parts.check()
    drive_like = parts.drive_like()
    per_unit = checked_alpha(alpha, drive_like)
    given = checked_connections(weight, factors, drive_like)
    full, thin = (given, None) if isinstance(given, Tensor) else (None, given)
    block, weights = parts.joined(full, thin, (named(nonlinearity), checked_form(form), all_states))
    parameters = (per_unit, *weights)
    std = checked_std(noise_std, x, drive_like.shape[-1])
    noise = None if std is None else NoiseSource(std, generator)
    state = checked_initial(initial, drive_like)
    if checkpoint and torch.is_grad_enabled():
        found: tuple[Tensor, Tensor] = RunInBlocks.apply(block, noise, x, state, *parameters)
        return found
    return block(x, state, None if noise is None else noise.draw(*x.shape[:2]), *parameters)


def network_reference(
    x: Tensor,
    initial: Tensor,
    input_weight: Tensor,
    output_weight: Tensor,
    alpha: float | Tensor,
    *,
    weight: Tensor | None = None,
    factors: tuple[Tensor, Tensor] | None = None,
    bias: Tensor | None = None,
    output_bias: Tensor | None = None,
    nonlinearity: str | Nonlinearity = "relu",
    form: str = "membrane",
    noise_std: float | Tensor = 0.0,
    generator: torch.Generator | None = None,
    checkpoint: bool = False,
    all_states: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run a network from inputs to outputs step by step: the reference of `network_unroll`, whose arguments it takes.

    Parameters
    ----------
    x, initial, input_weight, output_weight, alpha, weight, factors, bias, output_bias
        See `network_unroll`.
    nonlinearity, form, noise_std, generator, checkpoint, all_states
        See `network_unroll`; ``checkpoint`` changes nothing here.

    Returns
    -------
    outputs, states : Tensor
        As of `network_unroll`.
    """
    parts = _Parts(x, input_weight, output_weight, bias, output_bias)
    parts.check()
    linear = torch.nn.functional.linear
    drive = linear(x, input_weight, bias)
    std = checked_std(noise_std, x, drive.shape[-1])
    if std is not None:
        drive = drive + step_noise(len(x), x.shape[1], std, generator)
    if factors is None:
        if weight is None:
            raise BadInput("recurrent connections", got="none", expected="a weight, or factors m and n, or both")
        states = rate_reference(drive, initial, weight, alpha, nonlinearity, form)
    else:
        states = low_rank_reference(drive, initial, *factors, alpha, nonlinearity, form, weight=weight)
    rates = named(nonlinearity)(states) if form == "membrane" else states
    return linear(rates, output_weight, output_bias), states if all_states else states[-1:]


@dataclass(frozen=True)
class _Parts:
    x: Tensor
    input_weight: Tensor
    output_weight: Tensor
    bias: Tensor | None
    output_bias: Tensor | None

    def check(self) -> None:
        x, units = self.x, self.input_weight.shape[0]
        if x.dim() != 3 or not x.is_floating_point() or 0 in x.shape[:2]:
            raise BadInput(
                "inputs",
                got=f"{x.dtype} of shape {tuple(x.shape)}".replace("torch.", ""),
                expected="floating-point numbers (time, batch, input), at least one step and trial",
                repair="Put time first: x.transpose(0, 1) turns batch-first into this.",
            )
        outputs = self.output_weight.shape[0]
        wanted = {
            "input weight": (self.input_weight, (units, x.shape[-1])),
            "output weight": (self.output_weight, (outputs, units)),
            "bias": (self.bias, (units,)),
            "output bias": (self.output_bias, (outputs,)),
        }
        for what, (tensor, shape) in wanted.items():
            if tensor is not None and (tuple(tensor.shape) != shape or tensor.dtype != x.dtype):
                got = f"{tensor.dtype} of shape {tuple(tensor.shape)}".replace("torch.", "")
                raise BadInput(what, got=got, expected=f"{x.dtype} of shape {shape}".replace("torch.", ""))

    def drive_like(self) -> Tensor:
        """Return a tensor of the drive's shape that takes no memory."""
        return self.x.new_empty(1).expand(*self.x.shape[:2], self.input_weight.shape[0])

    def joined(
        self,
        weight: Tensor | None,
        factors: tuple[Tensor, Tensor] | None,
        how: tuple[Nonlinearity, str, bool],
    ) -> tuple[Block, tuple[Tensor | None, Tensor | None]]:
        """Return a block of a network with full or with low-rank connections, and its joined weights."""
        layout = Layout(len(self.input_weight), self.x.shape[-1], len(self.output_weight))
        plan = Joined(layout, *how)
        ends = (self.input_weight, self.bias, self.output_weight, self.output_bias)

        def block(
            x: Tensor, state: Tensor, noise: Tensor | None, alpha: Tensor, first: Tensor, second: Tensor | None
        ) -> tuple[Tensor, Tensor]:
            found: tuple[Tensor, Tensor] = RunJoined.apply(x, state, alpha, first, second, noise, plan)
            return found

        if factors is not None:
            return block, thin_factors(layout, *factors, *ends)
        assert weight is not None  # checked_connections lets nothing through that has neither
        return block, (whole_matrix(layout, weight, *ends), None)
