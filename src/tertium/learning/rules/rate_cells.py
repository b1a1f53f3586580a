"""Rate cells as local rules see them: what arrives at each synapse, and how its gradient reaches the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.learning.rules.stepped import Values, cells_of, stepped_network
from tertium.models import RateCell, RecurrentNetwork


def rate_network(model: nn.Module, rule: str, *, one_cell: bool = False, tau: bool = True) -> RecurrentNetwork:
    """Return the network, if it is one of rate cells with a linear read-out.

    Parameters
    ----------
    model : torch.nn.Module
    rule : str
        Who asks.
    one_cell : bool
        Whether there may be one cell only.
    tau : bool
        Whether time constants may be learned.

    Raises
    ------
    BadInput
        If it is another network.
    """
    network = stepped_network(model, rule)
    for cell in cells_of(network):
        if not isinstance(cell, RateCell) or type(cell).step is not RateCell.step:
            raise BadInput(
                f"network for rule '{rule}'",
                got=f"a {type(cell).__name__.removeprefix('Parametrized')}",
                expected="rate cells (RateRNN), for which alone this rule is defined",
                repair="Train it with rule='bptt'.",
            )
        if not tau and "log_tau" in dict(cell.named_parameters()):
            raise BadInput(
                f"network for rule '{rule}'",
                got="learned time constants",
                expected="weights only: this rule reaches what enters a unit as a current",
                repair="Make it with learn_tau=False.",
            )
    if one_cell and len(network.cells) > 1:
        raise BadInput(
            f"network for rule '{rule}'",
            got=f"{len(network.cells)} cells on top of each other",
            expected="one cell: the outputs' errors reach no other",
            repair="Use a RateRNN, or rule='bptt'.",
        )
    if not isinstance(network.readout, nn.Linear):
        raise BadInput(f"read-out for rule '{rule}'", got=type(network.readout).__name__, expected="a linear layer")
    return network


def presynaptic(rates: torch.Tensor, xs: torch.Tensor) -> torch.Tensor:
    """Return what arrives at the synapses of a cell: rates of its units, its inputs, and 1 for the bias.

    Parameters
    ----------
    rates : torch.Tensor, shape (..., unit)
        One step before.
    xs : torch.Tensor, shape (..., input)

    Returns
    -------
    torch.Tensor, shape (..., unit + input + 1)
    """
    return torch.cat([rates, xs, torch.ones_like(rates[..., :1])], dim=-1)


def spread(cell: RateCell, prefix: str, incoming: torch.Tensor) -> Values:
    """Return the gradients of the weights of a cell from that of all that enters its units.

    Parameters
    ----------
    cell : RateCell
        Without constraints.
    prefix : str
        Name of the cell in its network.
    incoming : torch.Tensor, shape (unit, unit + input + 1)
        Gradient by the connections as `presynaptic` orders them.

    Returns
    -------
    dict of str to torch.Tensor
        By name of the weight in the network.
    """
    recurrent, inputs, bias = incoming.split([cell.n_units, cell.n_inputs, 1], dim=1)
    found = {f"{prefix}.input_weight": inputs}
    if cell.bias is not None:
        found[f"{prefix}.bias"] = bias[:, 0]
    if cell.rank is None:
        found[f"{prefix}.recurrent_weight"] = recurrent
    else:  # W = left right' / N
        found[f"{prefix}.left"] = recurrent @ cell.right.detach() / cell.n_units
        found[f"{prefix}.right"] = recurrent.T @ cell.left.detach() / cell.n_units
    return found


def spread_readout(to_outputs: torch.Tensor, rates: torch.Tensor) -> Values:
    """Return the gradients of the read-out from errors (time, trial, output) and rates (time, trial, unit)."""
    return {
        "readout.weight": torch.einsum("tbo,tbj->oj", to_outputs, rates),
        "readout.bias": to_outputs.sum((0, 1)),
    }


@dataclass(frozen=True)
class Moment:
    """One step of a rate cell, taken apart.

    Attributes
    ----------
    before, state : torch.Tensor, shape (trial, unit)
        State before and after the step.
    sent, rates : torch.Tensor, shape (trial, unit)
        Rates before the step, which the units send each other during it, and after it.
    pulled : torch.Tensor, shape (trial, unit)
        Where the leak pulls the state: the whole current, or in the rate form what the units make of it.
    slope : torch.Tensor, shape (trial, unit)
        Of the nonlinearity: at the state, in the rate form at the current.
    """

    before: torch.Tensor
    state: torch.Tensor
    sent: torch.Tensor
    rates: torch.Tensor
    pulled: torch.Tensor
    slope: torch.Tensor


def moments(cell: RateCell, xs: torch.Tensor, noise: torch.Tensor | None) -> Iterator[Moment]:
    """Run a rate cell from its beginning and yield its steps.

    Parameters
    ----------
    cell : RateCell
        Without constraints, so that no weight is worked out anew at each step.
    xs : torch.Tensor, shape (time, trial, input)
    noise : torch.Tensor or None, shape (time, trial, unit)
    """
    drive, alpha, state = cell.drive(xs, noise), cell.leak(), cell.init(xs.shape[1])
    for now in drive.unbind(0):
        # in the rate form the rate is the state; what is sent is a node of its own, so that one can ask for the
        # derivative by what is sent without what leaks into the next state
        sent = cell.activity(state) if cell.form == "membrane" else state.clone()
        before, current = state, cell.recurrent(sent) + now
        pulled = current if cell.form == "membrane" else cell.nonlinearity(current)
        state = (1 - alpha) * before + alpha * pulled
        rates = cell.activity(state)
        slope = cell.nonlinearity.slope(rates.detach() if cell.form == "membrane" else pulled.detach())
        yield Moment(before, state, sent, rates, pulled, slope)
