"""Cell types of a network, and what one type tells another on average: the modulatory weights of MDGL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from tertium.errors import BadInput
from tertium.models import Cell
from tertium.rng import Seeds


def types_of(cell: Cell, given: Sequence[str | int] | None, rule: str) -> torch.Tensor:
    """Return the type of each unit as a whole number, 0, 1, and so on, shape (unit,).

    Parameters
    ----------
    cell : Cell
    given : sequence of str or int, optional
        The type of each unit; by default what the units are labelled with (``cell.unit_labels()["cell_type"]``: Dale's
        law leaves E and I there, an `LSNN` LIF and ALIF).
    rule : str
        Who asks.

    Raises
    ------
    BadInput
        If there is another number of types than units, or none are given and the units have no labels.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> types_of(RateRNN(2, 5, 1, dale=0.8).cells[0], None, "mdgl").tolist()
    [0, 0, 0, 0, 1]
    """
    found = cell.unit_labels().get("cell_type") if given is None else np.asarray(given)
    if found is None:
        raise BadInput(
            f"network for rule '{rule}'",
            got="units without a cell type",
            expected="a type for each unit, by which modulators tell units apart",
            repair="Make it with dale=0.8 (types E and I), or pass types=[...] to the rule.",
        )
    if np.shape(found) != (cell.n_units,):
        raise BadInput(
            f"types for rule '{rule}'", got=f"shape {np.shape(found)}", expected=f"{cell.n_units}, one for each unit"
        )
    return torch.from_numpy(np.unique(found.astype(str), return_inverse=True)[1])


def mean_weights(weight: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
    """Return the mean weight of the synapses between each two types, shape (type of target, type of source).

    Only synapses that are there count; where there are none, the mean is 0.

    Parameters
    ----------
    weight : torch.Tensor, shape (target, source)
        Recurrent weights, 0 where there is no synapse.
    types : torch.Tensor of int, shape (unit,)

    Examples
    --------
    >>> weight = torch.tensor([[0.0, 2.0, -1.0], [4.0, 0.0, -3.0], [1.0, 0.0, 0.0]])
    >>> mean_weights(weight, torch.tensor([0, 0, 1]))
    tensor([[ 3., -2.],
            [ 1.,  0.]])
    """
    member = torch.nn.functional.one_hot(types).to(weight.dtype)
    synapses = (weight != 0).to(weight.dtype)
    return (member.T @ weight @ member) / (member.T @ synapses @ member).clamp(min=1)


def random_weights(like: torch.Tensor, seed: int) -> torch.Tensor:
    """Return random numbers with the root mean square of ``like``: what modulators would be without any knowledge."""
    drawn = torch.randn(like.shape, generator=Seeds(seed).child("cell_types").torch("weights"))
    drawn = drawn.to(like.device, like.dtype)
    return drawn * (like.square().mean() / drawn.square().mean().clamp(min=1e-12)).sqrt()
