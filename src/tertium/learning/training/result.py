"""What came of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from torch import nn

from tertium.learning.training.state import Check

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Stopped = Literal["criterion", "steps", "interrupted"]


@dataclass(frozen=True)
class Fit:
    """What came of a training.

    Attributes
    ----------
    model : torch.nn.Module
        The network, which was trained in place.
    history : tuple of Check
        One entry a validation.
    steps : int
        Steps done.
    stopped : {"criterion", "steps", "interrupted"}
        Why training ended: the performance was reached, the steps were used up, or Ctrl-C.
    seconds : float
        Spent on training, over all resumed parts.
    until : float, optional
        The criterion.
    """

    model: nn.Module
    history: Sequence[Check]
    steps: int
    stopped: Stopped
    seconds: float
    until: float | None = None

    def __repr__(self) -> str:
        return (
            f"Fit({type(self.model).__name__}, {self.steps} steps, stopped by {self.stopped}, "
            f"performance {self.performance:.3g}, {self.seconds:.3g} s)"
        )

    @property
    def performance(self) -> float:
        """Fraction correct at the last validation, NaN before the first."""
        return self.history[-1].performance if self.history else float("nan")

    @property
    def loss(self) -> float:
        """Training loss up to the last validation, NaN before the first."""
        return self.history[-1].loss if self.history else float("nan")

    def table(self) -> pd.DataFrame:
        """Return the history, one row a validation."""
        import pandas as pd

        return pd.DataFrame([check.numbers() for check in self.history])

    def figure(self) -> go.Figure:
        """Draw loss (logarithmic) and performance against steps, with the criterion and the ends of lessons."""
        from tertium.figure import COLOURS, limit_line, new

        figure = new(x="training step", y="fraction correct", title=f"{self.steps} steps, stopped by {self.stopped}")
        steps = [check.step for check in self.history]
        curves: tuple[tuple[str, list[float], str], ...] = (
            ("training loss", [c.loss for c in self.history], "solid"),
            ("validation loss", [c.validation_loss for c in self.history], "dot"),
        )
        for name, values, dash in curves:
            figure.add_scatter(
                x=steps, y=values, name=name, yaxis="y2", mode="lines", line={"color": COLOURS[6], "dash": dash}
            )
        for name in self.history[-1].by_task if self.history else ():
            by_task = [c.by_task.get(name) for c in self.history]
            line = {"color": COLOURS[5], "width": 1}
            figure.add_scatter(x=steps, y=by_task, name=name, mode="lines", line=line, showlegend=False)
        performance = [c.performance for c in self.history]
        line = {"color": COLOURS[0], "width": 2}
        figure.add_scatter(x=steps, y=performance, name="performance", mode="lines+markers", line=line)
        if self.until is not None:
            limit_line(figure, self.until, f"criterion {self.until:g}")
        for before, after in zip(self.history, self.history[1:], strict=False):
            if after.lesson > before.lesson:
                limit_line(figure, before.step, f"lesson {after.lesson + 1}", vertical=True)
        own = figure.layout.yaxis.to_plotly_json() | {"title": {"text": "loss", "font": {"size": 13}}}
        # ticks at 1, 2, 5 of each decade; left alone, an overlaid axis takes its ticks from the one below
        loss_axis = own | {"type": "log", "overlaying": "y", "side": "right", "tickmode": "linear", "dtick": "D2"}
        figure.update_layout(yaxis2=loss_axis, yaxis={"range": [0, 1.03]}, margin={"r": 72})
        figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"})
        return figure
