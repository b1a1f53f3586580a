"""The strip beside a claim: the value with its interval, the seeds, the control and the range that is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tertium.report.numbers import parse_threshold

__all__ = ["strip"]

WIDTH, HEIGHT = 168, 30
_MARGIN = 8.0
_MIDDLE = HEIGHT / 2


def strip(verdict: Mapping[str, Any]) -> str:
    """Draw a claim's evidence as a small SVG picture.

    The range in which the claim holds is shaded; a filled dot with a bar is the value with its 95 % interval, short
    ticks are the seeds, and an open dot is the negative control. Every claim has a scale of its own. Nothing is said
    here that the table does not say in numbers, so the picture is hidden from screen readers.

    Parameters
    ----------
    verdict : mapping
        ``Verdict.as_json()``.

    Returns
    -------
    str
        An ``<svg>`` element made of numbers only; empty when nothing was measured.

    Examples
    --------
    >>> v = {"value": 0.9, "ci": [0.8, 1.0], "values": [0.85, 0.95], "threshold": ">= 0.5", "control": {"value": 0.1}}
    >>> strip(v).startswith("<svg") and "strip-control" in strip(v)
    True
    """
    value = verdict["value"]
    limits = parse_threshold(str(verdict.get("threshold", "")))
    control = verdict.get("control", {}).get("value")
    seeds = [v for v in verdict.get("values", ()) if v is not None]
    ci = [v for v in verdict.get("ci", ()) if v is not None]
    marks = [v for v in (value, control, *seeds, *ci) if v is not None]
    if value is None or not marks:
        return ""
    ends = [x for x in (limits[:2] if limits else ()) if math.isfinite(x)]
    low, high = min(marks + ends), max(marks + ends)
    spread = high - low or abs(high) or 1.0
    low, high = low - 0.06 * spread, high + 0.06 * spread

    def x(at: float) -> float:
        return _MARGIN + (WIDTH - 2 * _MARGIN) * (at - low) / (high - low)

    parts = [_range(limits, x) if limits else "", _line("strip-axis", 0, WIDTH, _MIDDLE, _MIDDLE)]
    if len(seeds) > 1:
        parts += [_line("strip-seed", x(v), x(v), _MIDDLE + 6, _MIDDLE + 10) for v in seeds]
    if len(ci) == 2 and ci[0] != ci[1]:
        parts.append(_line("strip-interval", x(ci[0]), x(ci[1]), _MIDDLE, _MIDDLE))
    if control is not None:
        parts.append(f'<circle class="strip-control" cx="{x(control):.1f}" cy="{_MIDDLE:.1f}" r="3.6"/>')
    parts.append(f'<circle class="strip-value" cx="{x(value):.1f}" cy="{_MIDDLE:.1f}" r="4"/>')
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg class="strip" {box} aria-hidden="true" focusable="false">{"".join(parts)}</svg>'


def _range(limits: tuple[float, float, bool], x: Any) -> str:
    """Draw where the claim holds; a single value is a line."""
    left = x(limits[0]) if math.isfinite(limits[0]) else 0.0
    right = x(limits[1]) if math.isfinite(limits[1]) else float(WIDTH)
    width = max(right - left, 0.0)
    shade = f'<rect class="strip-range" x="{left:.1f}" y="3" width="{width:.1f}" height="{HEIGHT - 6}"/>'
    edges = [_line("strip-limit", x(end), x(end), 3, HEIGHT - 3) for end in limits[:2] if math.isfinite(end)]
    return shade + "".join(edges)


def _line(kind: str, x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'
