"""Networks of several areas: one population in named blocks, with inputs into some and outputs from some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import unknown_name
from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.initial_weights import InitialWeights
from tertium.models.recurrent.network import RecurrentNetwork
from tertium.models.recurrent.rate_cell import RateCell
from tertium.models.wiring import BlockMask, Constraint, Dale, NoAutapses, SparseMask, constrain, hierarchy
from tertium.rng import Seeds


class MultiAreaRNN(RecurrentNetwork):
    """Leaky rate units in several areas, more sparsely connected between areas than within.

    By default the areas form a chain: the first receives the inputs, each projects to the next (feedforward) and to
    the one before (feedback), and the last is read out. All other weights stay zero while the network learns. Units
    carry their area (and, with ``dale``, their cell type) into recordings.

    Parameters
    ----------
    n_inputs : int
        Input channels.
    areas : mapping of str to int
        Area -> units, from the lowest to the highest.
    n_outputs : int
        Output channels.
    input_to, output_from : sequence of str, optional
        Areas that receive inputs, and that are read out; by default the first and the last.
    feedforward, feedback, within : float
        Shares of connections that exist from an area to the next, to the one before, and to itself.
    connections : mapping of (source, target) to float, optional
        Shares for all pairs of areas, instead of a chain; a pair that is not named is not connected.
    dale : float, optional
        Share of excitatory units in each area.
    excitatory_projections : bool
        With ``dale``: whether only excitatory units project to other areas.
    autapses : bool
        Whether units may be connected to themselves.
    dt, tau, nonlinearity, form, noise, init, readout_bias
        As in `RateRNN`; tau in seconds, one number or one for each unit in the order of the areas.
    seed : int
        Seed of connections and weights.

    Raises
    ------
    BadInput, UnknownName
        If an area is empty or unknown, or a share is not in 0..1.

    Examples
    --------
    >>> import torch
    >>> network = MultiAreaRNN(3, {"V1": 30, "PFC": 20}, 2, feedback=0.05)
    >>> outputs, states = network(torch.zeros(10, 4, 3))
    >>> tuple(outputs.shape), int((network.cell.recurrent_weight[:30, 30:] != 0).sum())
    ((10, 4, 2), 30)
    >>> network.units("PFC")
    slice(30, 50, None)
    """

    def __init__(
        self,
        n_inputs: int,
        areas: Mapping[str, int],
        n_outputs: int,
        *,
        input_to: Sequence[str] | None = None,
        output_from: Sequence[str] | None = None,
        feedforward: float = 0.2,
        feedback: float = 0.1,
        within: float = 1.0,
        connections: Mapping[tuple[str, str], float] | None = None,
        dale: float | None = None,
        excitatory_projections: bool = False,
        autapses: bool = True,
        dt: float = 0.02,
        tau: float | npt.ArrayLike = 0.1,
        nonlinearity: str | Nonlinearity = "relu",
        form: Literal["membrane", "rate"] = "membrane",
        noise: float = 0.0,
        init: str | InitialWeights = "gaussian",
        readout_bias: bool = True,
        seed: int = 0,
    ) -> None:
        shares = connections or hierarchy(areas, feedforward=feedforward, feedback=feedback, within=within)
        blocks = BlockMask(dict(areas), dict(shares), seed=seed)
        names = list(areas)
        receiving = _known(names[:1] if input_to is None else input_to, names)
        read = _known(names[-1:] if output_from is None else output_from, names)
        seeds = Seeds(seed).child("MultiAreaRNN")
        of_unit = blocks.unit_areas()
        cell = RateCell(
            n_inputs,
            len(of_unit),
            dt=dt,
            tau=tau,
            nonlinearity=nonlinearity,
            form=form,
            noise=noise,
            init=init,
            seeds=seeds,
        )
        super().__init__(cell, n_outputs, dt=dt, readout_bias=readout_bias, seeds=seeds)
        self.areas = dict(areas)
        wanted: list[Constraint] = [blocks, *([] if autapses else [NoAutapses()])]
        if dale is not None:
            wanted.append(Dale(dale, seed=seed))
            if excitatory_projections:
                wanted.append(SparseMask(mask=_long_range(Dale(dale), of_unit)))
        constrain(cell, *wanted)
        n = len(of_unit)
        into = np.broadcast_to(np.isin(of_unit, receiving)[:, None], (n, n_inputs))
        out_of = np.broadcast_to(np.isin(of_unit, read)[None, :], (n_outputs, n))
        constrain(cell, SparseMask(mask=into), weight="input_weight")
        constrain(self.readout, SparseMask(mask=out_of), weight="weight")

    def units(self, area: str) -> slice:
        """Return where the units of an area lie along the unit dimension.

        Raises
        ------
        UnknownName
            If there is no such area.
        """
        _known([area], list(self.areas))
        start = 0
        for name, n in self.areas.items():
            if name == area:
                break
            start += n
        return slice(start, start + self.areas[area])


def _known(given: str | Sequence[str], names: Sequence[str]) -> list[str]:
    wanted = [given] if isinstance(given, str) else list(given)
    for name in wanted:
        if name not in names:
            raise unknown_name("area", name, names)
    return wanted


def _long_range(dale: Dale, areas: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return the connections that exist if only excitatory units project to other areas, shape (target, source)."""
    excitatory = dale.unit_signs(len(areas), areas) > 0
    return (areas[:, None] == areas[None, :]) | excitatory[None, :]
