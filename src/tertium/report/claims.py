"""Claims as they are told to readers: the same words on the page and on the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tertium.report import numbers
from tertium.report.strips import strip
from tertium.studies.claim import KIND_MEANINGS

__all__ = ["claim_context", "judged_text", "outcome", "p_text", "reason", "written_value"]

_JUDGED = {"mean": "", "each": "by every seed", "interval": "by the whole interval"}


def written_value(verdict: Mapping[str, Any], *, plain: bool = False) -> tuple[str, str]:
    """Write what was measured and its interval; p values as p values.

    Examples
    --------
    >>> written_value({"value": 0.334, "ci": [0.304, 0.364], "threshold": ">= 0.2", "unit": ""})
    ('0.33', '[0.30, 0.36]')
    >>> written_value({"value": 0.0002, "ci": [0.0001, 0.0003], "threshold": "< 0.05", "unit": "p"})
    ('< 0.001', '')
    """
    value, ci = verdict["value"], verdict.get("ci")
    if numbers.is_p_value(str(verdict.get("unit", ""))):
        return numbers.p_value(value, plain=plain), ""
    limits = numbers.parse_threshold(str(verdict.get("threshold", "")))
    return numbers.interval(value, ci, near=limits[:2] if limits else (), plain=plain)


def judged_text(verdict: Mapping[str, Any]) -> str:
    """Say what has to meet the threshold, when it is not the mean."""
    return _JUDGED.get(str(verdict.get("judge", "mean")), "")


def reason(verdict: Mapping[str, Any]) -> str:
    """Say why a claim is not held; empty when it is.

    Examples
    --------
    >>> reason({"held": False, "value": 0.2, "control": {"value": 0.1, "failed": True}})
    'misses what is asked for'
    >>> reason({"held": False, "value": 0.9, "control": {"value": 0.8, "failed": False}})
    'its control did not fail'
    """
    if verdict["held"]:
        return ""
    if verdict["value"] is None:
        return "could not be measured"
    control = verdict.get("control", {})
    if control.get("failed"):
        return "misses what is asked for"
    return "its control could not be measured" if control.get("value") is None else "its control did not fail"


def outcome(verdicts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Sum up all claims in one line: its text, a symbol and a state.

    Examples
    --------
    >>> outcome([{"held": True}, {"held": False}])
    {'state': 'partly', 'symbol': '◐', 'text': '1 of 2 claims held'}
    """
    held, total = sum(bool(v["held"]) for v in verdicts), len(verdicts)
    state, symbol = ("held", "✓") if held == total else ("partly", "◐") if held else ("missed", "✗")
    if total == 1:
        text = "The claim held" if held else "The claim did not hold"
    elif held == total:
        text = f"All {total} claims held"
    else:
        text = f"{held or 'None'} of {total} claims held"
    return {"state": state, "symbol": symbol, "text": text}


def claim_context(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's template writes about one claim."""
    value, interval = written_value(verdict)
    unit = str(verdict.get("unit", ""))
    control = verdict["control"]
    p_valued = numbers.is_p_value(unit)
    return {
        "id": verdict["id"],
        "slug": re.sub(r"[^A-Za-z0-9_-]+", "-", str(verdict["id"])),
        "sentence": verdict["sentence"],
        "kind": verdict.get("kind", ""),
        "kind_meaning": KIND_MEANINGS.get(verdict.get("kind", ""), verdict.get("kind", "")),
        "source": verdict.get("source", ""),
        "strip": strip(verdict),
        "value": p_text(verdict["value"]) if p_valued else value,
        "unit": "" if p_valued else unit,
        "interval": interval,
        "threshold": numbers.pretty_threshold(str(verdict.get("threshold", ""))),
        "judged": judged_text(verdict),
        "control": control["what"],
        "control_value": p_text(control["value"]) if p_valued else numbers.number(control["value"]),
        "control_verdict": "failed, as it must" if control["failed"] else "did not fail",
        "held": verdict["held"],
        "reason": reason(verdict),
    }


def p_text(p: float | None, *, plain: bool = False) -> str:
    """Write a p value with its letter.

    Examples
    --------
    >>> p_text(0.0001), p_text(0.0312), p_text(None)
    ('p < 0.001', 'p = 0.031', 'not measured')
    """
    written = numbers.p_value(p, plain=plain)
    return written if p is None else f"p {written}" if written.startswith("<") else f"p = {written}"
