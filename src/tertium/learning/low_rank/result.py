"""What came of fitting low-rank networks to activity: how much each rank explains, and the networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tertium.errors import BadInput
from tertium.learning.low_rank.student import Observed, Student
from tertium.learning.training.state import Check
from tertium.models import RateCell, RateRNN
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RankFit:
    """The network of one rank.

    Attributes
    ----------
    weights : mapping of str to array
        Parameters of its `RateCell`: ``left`` (M), ``right`` (N), ``input_weight`` (I), ``bias`` and ``initial`` where
        they are learned.
    history : sequence of Check
        While it was fitted; ``performance`` is the explained share of the variance of trials that are fitted.
    explained : float
        Share of the variance of held-out trials.
    explained_fitted : float
        The same of the trials that were fitted.
    by_unit : array, shape (unit,)
        Share of the variance of each unit in held-out trials.
    """

    weights: Mapping[str, Singles]
    history: Sequence[Check]
    explained: float
    explained_fitted: float
    by_unit: Floats


@dataclass(frozen=True, eq=False)
class LowRankFit:
    """Low-rank networks that imitate a population; see `tertium.learning.fit_low_rank`.

    Attributes
    ----------
    by_rank : mapping of int to RankFit
    held_out : array of bool, shape (trial,)
        Trials that were not fitted.
    dt, tau : float
        Seconds.
    nonlinearity : str
    observed : {"rate", "potential"}
    bias, learn_initial : bool
    noise : float
        During the fit.
    settle : float
        Seconds that did not count.
    """

    by_rank: Mapping[int, RankFit]
    held_out: npt.NDArray[np.bool_]
    dt: float
    tau: float
    nonlinearity: str
    observed: Observed
    bias: bool
    learn_initial: bool
    noise: float
    settle: float

    def __repr__(self) -> str:
        shares = ", ".join(f"{rank}: {one.explained:.3f}" for rank, one in self.by_rank.items())
        return f"LowRankFit(explained by rank {{{shares}}}, {int(self.held_out.sum())} held-out trials)"

    @property
    def ranks(self) -> tuple[int, ...]:
        """Ranks that were fitted, ascending."""
        return tuple(self.by_rank)

    @property
    def explained(self) -> Floats:
        """Share of the variance of held-out trials that each rank explains, shape (rank,)."""
        return np.array([one.explained for one in self.by_rank.values()])

    def knee(self, gain: float = 0.02) -> int:
        """Return the least rank after which no further one adds more than ``gain`` to the explained share.

        The last rank is returned if all before it fall short; then more ranks may be needed.

        Raises
        ------
        BadInput
            If fewer than two ranks were fitted, or some between are missing.
        """
        ranks = self.ranks
        if len(ranks) < 2 or ranks[-1] - ranks[0] != len(ranks) - 1:
            raise BadInput(
                "knee",
                got=f"ranks {', '.join(map(str, ranks))}",
                expected="two or more ranks in a row",
                repair="Pass rank=(1, 2, 3, 4, 5).",
            )
        gains = np.diff(self.explained)
        return next((rank for i, rank in enumerate(ranks[:-1]) if (gains[i:] <= gain).all()), ranks[-1])

    def network(self, rank: int, *, readout: npt.ArrayLike | None = None) -> RateRNN:
        """Return the network of a rank, without noise.

        Parameters
        ----------
        rank : int
            Above 0.
        readout : array-like, shape (output, unit), optional
            Weights of the rates to outputs: those of the network that was imitated, or of a decoder. By default one
            output of zeros; a recording does not tell what reads it.

        Raises
        ------
        BadInput
            If this rank was not fitted or is 0, or the read-out has another shape.
        """
        weights = self._fit(rank).weights
        units, channels = weights["input_weight"].shape
        read = np.zeros((1, units)) if readout is None else np.asarray(readout, dtype=np.float64)
        if read.ndim != 2 or read.shape[1] != units:
            raise BadInput("readout", got=f"shape {read.shape}", expected=f"(output, {units}), the units of the fit")
        if rank == 0:
            raise BadInput("rank", got="0, units without connections", expected="a network", repair="Ask for rank 1.")
        network = RateRNN(
            channels,
            units,
            len(read),
            dt=self.dt,
            tau=self.tau,
            nonlinearity=self.nonlinearity,
            rank=rank,
            bias=self.bias,
            readout_bias=False,
            learn_initial=self.learn_initial,
        )
        _load(network.cell, weights)
        with torch.no_grad():
            network.readout.weight.copy_(torch.from_numpy(read))
        return network

    def predict(self, rank: int, inputs: npt.ArrayLike) -> Singles:
        """Return the activity that a network answers inputs with, both (trial, time, ...)."""
        weights = self._fit(rank).weights
        shown = np.asarray(inputs, dtype=np.float32)
        units, channels = weights["input_weight"].shape
        if shown.ndim != 3 or shown.shape[2] != channels:
            raise BadInput("inputs", got=f"shape {shown.shape}", expected=f"(trial, time, {channels})")
        student = Student(
            channels,
            units,
            rank,
            dt=self.dt,
            tau=self.tau,
            nonlinearity=self.nonlinearity,
            observed=self.observed,
            bias=self.bias,
            learn_initial=self.learn_initial,
            seeds=Seeds(0),
        )
        _load(student.cell, weights)
        return student.show(shown.swapaxes(0, 1)).swapaxes(0, 1)

    def table(self) -> pd.DataFrame:
        """Return one row a rank: explained shares, what this rank adds, and the median over units."""
        import pandas as pd

        return pd.DataFrame(
            {
                "rank": self.ranks,
                "explained": self.explained,
                "gain": np.diff(self.explained, prepend=np.nan),
                "explained_fitted": [one.explained_fitted for one in self.by_rank.values()],
                "median_unit": [float(np.nanmedian(one.by_unit)) for one in self.by_rank.values()],
            }
        )

    def figure(self) -> go.Figure:
        """Draw what each rank explains of held-out trials and of fitted ones, with the spread over units."""
        from tertium import figure

        units = len(next(iter(self.by_rank.values())).by_unit)
        drawn = figure.new(
            x="rank of the recurrent weights",
            y="explained share of the variance",
            title=f"n = {units} units, {int(self.held_out.sum())} held-out trials",
        )
        quartiles = np.array([np.nanpercentile(one.by_unit, [25, 50, 75]) for one in self.by_rank.values()])
        ranks = list(self.ranks)
        figure.lines_with_band(
            drawn, ranks, quartiles[:, 1].tolist(), quartiles[:, 0].tolist(), quartiles[:, 2].tolist(),
            "median unit, quartiles", colour=figure.COLOURS[6], dash="dash",
        )  # fmt: skip
        fitted = [one.explained_fitted for one in self.by_rank.values()]
        for label, values, symbol in (("held-out", self.explained, "circle"), ("fitted", fitted, "circle-open")):
            drawn.add_scatter(
                x=ranks,
                y=values,
                mode="lines+markers",
                name=f"{label} trials",
                line={"color": figure.COLOURS[0], "width": 2 if symbol == "circle" else 1},
                marker={"size": 8, "symbol": symbol, "color": figure.COLOURS[0]},
            )
        drawn.update_xaxes(dtick=1)
        drawn.update_yaxes(range=[min(0.0, float(quartiles.min()), float(self.explained.min())) - 0.02, 1.03])
        return drawn

    def _fit(self, rank: int) -> RankFit:
        if rank not in self.by_rank:
            raise BadInput("rank", got=str(rank), expected=f"one of {', '.join(map(str, self.ranks))}")
        return self.by_rank[rank]


def _load(cell: object, weights: Mapping[str, Singles]) -> None:
    """Put weights into a cell of the same kind."""
    assert isinstance(cell, RateCell)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
