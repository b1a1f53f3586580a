"""Shading the epochs of trials and writing their names, so that no name lies on another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tertium.tasks.pictures.parts import Column, Sheet

_SHADES = ("rgba(0,0,0,0.045)", "rgba(0,0,0,0)")

# Pixels, for text of this size: what a letter takes, and what lines take from each other.
_SIZE, _LETTER, _LINE = 10, 6.2, 11

#: Degrees by which names are turned where some epoch is too short for its own.
_SLANT = 45

#: Pixels between the feet of slanted names that just do not touch.
_APART = _LINE / math.sin(math.radians(_SLANT))

#: Pixels from the trials up to the feet of slanted names, bridged by a line to the middle of the epoch.
_LEAD = 7

_GREY = "#555555"


@dataclass(frozen=True)
class EpochNames:
    """Where the names of epochs go in all trials of a picture: level where they fit, else all slanted.

    Parameters
    ----------
    columns : sequence of Column
        The trials.
    wide : int
        Pixels of a trial, at least; many epochs may need more.
    """

    columns: Sequence[Column]
    wide: int

    @property
    def slanted(self) -> bool:
        """Whether some epoch is too short for its name."""
        return any(
            (stop - first) / column.steps * self.wide < _LETTER * (len(name) + 1)
            for column in self.columns
            for name, (first, stop) in _lasting(column).items()
        )

    @property
    def width(self) -> int:
        """Pixels of a trial."""
        most = max(len(_lasting(column)) for column in self.columns)
        return max(self.wide, math.ceil(most * _APART)) if self.slanted else self.wide

    @property
    def height(self) -> int:
        """Pixels that the names take above the trials."""
        if not self.slanted:
            return 16
        longest = max(len(name) for column in self.columns for name in _lasting(column))
        return math.ceil(_LEAD + (_LETTER * longest + _LINE) * math.sin(math.radians(_SLANT)))

    def draw(self, sheet: Sheet, column: Column, x: str) -> None:
        """Shade the epochs of a trial and write their names above them.

        Parameters
        ----------
        sheet : Sheet
            Where.
        column : Column
            The trial.
        x : str
            Its time axis.
        """
        lasting, second = _lasting(column), self.width / column.seconds
        middles = [(first + stop) / 2 * column.batch.dt for first, stop in lasting.values()]
        feet = spread_out([second * middle for middle in middles], _APART, 0.0, float(self.width))
        for i, (name, (first, stop)) in enumerate(lasting.items()):
            ends = {"x0": first * column.batch.dt, "x1": stop * column.batch.dt, "y0": 0, "y1": 1}
            shade = {"fillcolor": _SHADES[i % 2], "line": {"width": 0}, "layer": "below"}
            sheet.shapes.append({"type": "rect", "xref": x, "yref": "paper"} | ends | shade)
            text: dict[str, Any] = {"xref": x, "x": middles[i], "y": 1, "yanchor": "bottom"}
            text |= {"font": {"size": _SIZE, "color": _GREY}}
            if self.slanted:
                aside = feet[i] - second * middles[i]
                sheet.shapes.append(_line(x, middles[i], aside))
                # the foot of turned letters is half a line to the right of the corner they are anchored at
                place = {"xanchor": "left", "xshift": aside - _LINE / 2, "yshift": _LEAD, "textangle": -_SLANT}
            else:
                place = {"xanchor": "center", "yshift": 2}
            sheet.note(name, **text, **place)


def spread_out(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return places as near to the wanted ones as can be (least squares), in order and far enough from each other.

    Parameters
    ----------
    wanted : sequence of float
        In rising order.
    apart : float
        Least distance of neighbours.
    low, high : float
        Limits, which have room for all.

    Examples
    --------
    >>> spread_out([10.0, 11.0, 50.0], apart=5.0, low=0.0, high=60.0)
    [8.0, 13.0, 50.0]
    >>> spread_out([58, 59], apart=5.0, low=0.0, high=60.0)
    [55.0, 60.0]
    """
    # without the distances that are due, the places only must not fall: neighbours that would are put at their mean
    pools: list[tuple[float, int]] = []
    for i, place in enumerate(wanted):
        total, count = place - i * apart, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, several = pools.pop()
            total, count = total + before, count + several
        pools.append((total, count))
    room = high - (len(wanted) - 1) * apart
    levels = [min(max(total / count, low), room) for total, count in pools for _ in range(count)]
    return [level + i * apart for i, level in enumerate(levels)]


def _line(x: str, middle: float, aside: float) -> dict[str, Any]:
    """Return the line from the middle of an epoch to the foot of its name, so many pixels to the side."""
    pixels = {"xsizemode": "pixel", "ysizemode": "pixel", "xanchor": middle, "yanchor": 1}
    ends = {"x0": 0, "y0": 0, "x1": aside, "y1": _LEAD}
    return {"type": "line", "xref": x, "yref": "paper", "line": {"width": 0.7, "color": _GREY}} | pixels | ends


def _lasting(column: Column) -> dict[str, tuple[int, int]]:
    """Return first and last step of the epochs that have any."""
    edges = {name: steps[column.trial] for name, steps in column.batch.epochs.items()}
    return {name: (int(first), int(stop)) for name, (first, stop) in edges.items() if stop > first}
