"""Drawing one block of channels of one trial: lines, or colours where there are many."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.figure import COLOURS
from tertium.tasks.channels import Channel, Ring
from tertium.tasks.pictures.parts import Column, Row, Sheet


def draw_block(
    sheet: Sheet,
    row: Row,
    j: int,
    number: int,
    span: tuple[float, float],
    top: tuple[float, float],
    column: Column,
) -> None:
    """Draw one block of one trial with axes of its own."""
    suffix = "" if number == 1 else str(number)
    values, dt = row.values[j], column.batch.dt
    low, high = row.limits
    x_axis: dict[str, Any] = {"domain": span, "anchor": f"y{suffix}", "range": [0, column.seconds]}
    sheet.axis(f"xaxis{suffix}", x_axis | {"showticklabels": False, "ticks": "", **_BARE})
    y_axis: dict[str, Any] = {"domain": top, "anchor": f"x{suffix}", "showticklabels": j == 0, **_BARE}
    y_axis |= {"ticks": "outside" if j == 0 else "", "ticklen": 3, "tickfont": {"size": 10}}
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    if row.kind == "colours":
        channel = _channel_axis(row.block)
        last = j == len(row.values) - 1
        bar: dict[str, Any] = {"thickness": 8, "len": top[1] - top[0], "y": sum(top) / 2, "x": 1.01}
        bar |= {"tickfont": {"size": 10}, "nticks": 4, "outlinewidth": 0}
        picture = {"type": "heatmap", "z": values.T, "x0": dt / 2, "dx": dt, "y": channel, "zmin": low, "zmax": high}
        colours = "Blues" if low >= 0 else _around_zero(low, high)
        sheet.traces.append(
            picture | {"colorscale": colours, "showscale": last, "colorbar": bar if last else None, **axes}
        )
        ticks = {"tickvals": [0, 180, 360], "range": [channel[0], channel[-1]]} if isinstance(row.block, Ring) else {}
        sheet.axis(f"yaxis{suffix}", y_axis | ticks)
        return
    apart = 1.15 * (high - low) if row.stacked else 0.0
    seconds = np.arange(len(values) + 1) * dt
    for k in range(row.block.size):
        # the last sample lasts one step
        line = {"color": COLOURS[k % len(COLOURS)], "width": 1.5, "shape": "hv"}
        name = f"{row.block.name} {k}" if row.block.size > 1 else row.block.name
        drawn = np.append(values[:, k], values[-1:, k]) - k * apart
        sheet.traces.append(
            {"type": "scatter", "x": seconds, "y": drawn, "mode": "lines", "line": line, "name": name, **axes}
        )
    sheet.axis(f"yaxis{suffix}", y_axis | _line_ticks(row, apart))


def _line_ticks(row: Row, apart: float) -> dict[str, Any]:
    """Return range and ticks of an axis: the ends and zero, or the channels where they are stacked."""
    low, high = row.limits
    margin = 0.12 * (high - low)
    if row.stacked:
        places = [-k * apart + (low + high) / 2 for k in range(row.block.size)]
        names = [str(k) for k in range(row.block.size)]
        bottom = low - (row.block.size - 1) * apart
        return {"tickvals": places, "ticktext": names, "range": [bottom - margin, high + margin]}
    ends = [v for v in (low, high) if abs(v) > 0.25 * (high - low)] + ([0.0] if low <= 0 <= high else [])
    return {"tickvals": ends, "ticktext": [f"{v:.2g}" for v in ends], "range": [low - margin, high + margin]}


_BARE: dict[str, Any] = {
    "showgrid": False,
    "zeroline": False,
    "showline": False,
    "linecolor": "#888888",
    "tickcolor": "#888888",
}


def _around_zero(low: float, high: float) -> list[list[Any]]:
    """Return a colour scale that is white at zero, orange below and blue above, equally strong on both sides."""
    reach = max(-low, high)
    zero = -low / (high - low)
    return [[0.0, _mixed("#D55E00", -low / reach)], [zero, "#ffffff"], [1.0, _mixed("#08306b", high / reach)]]


def _mixed(colour: str, share: float) -> str:
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * share):02x}" for part in parts)


def _channel_axis(block: Channel) -> npt.NDArray[np.floating]:
    return np.degrees(block.preferred) if isinstance(block, Ring) else np.arange(block.size, dtype=np.float64)
