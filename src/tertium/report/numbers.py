"""How numbers are written for readers: three significant digits, intervals, p values, durations, thresholds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = [
    "Limits",
    "column",
    "duration",
    "interval",
    "is_p_value",
    "number",
    "p_value",
    "parse_threshold",
    "pretty_threshold",
]

#: Ends of the range in which a threshold is met, and whether an end is itself outside.
Limits = tuple[float, float, bool]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MISSING = "not measured"


def number(value: float | int | None, *, digits: int = 3, plain: bool = False) -> str:
    """Write one number with three significant digits at most.

    Parameters
    ----------
    value : float, int or None
        None and NaN are "not measured".
    digits : int
        Significant digits of a number that is not whole.
    plain : bool
        ASCII only ("-1.2e-05"), for terminals that know nothing else.

    Returns
    -------
    str

    Examples
    --------
    >>> number(0.33412), number(12345), number(-0.0), number(0.5), number(1234.56)
    ('0.334', '12,345', '0', '0.5', '1,235')
    >>> number(-0.0000123), number(-0.0000123, plain=True)
    ('−1.23 × 10⁻⁵', '-1.23e-05')
    """
    if value is None or math.isnan(value):
        return _MISSING
    if math.isinf(value):
        text = "infinity" if plain else "∞"
        return text if value > 0 else _minus("-" + text, plain)
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e6:
        return _minus(f"{int(value):,}", plain)
    if not 1e-3 <= abs(value) < 1e6:
        return _scientific(value, digits, plain)
    # a number of a thousand or more loses no digit before the point
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return _minus(text.rstrip("0").rstrip(".") if decimals else text, plain)


def column(values: Sequence[float | int | None]) -> list[str]:
    """Write the numbers of a table's column with the same decimals, so that their points stand in line.

    Numbers of very different size are written each in its own way.

    Examples
    --------
    >>> column([0.11, 0.331, -0.0]), column([1, 20]), column([1e-6, 30.0])
    (['0.110', '0.331', '0.000'], ['1', '20'], ['1 × 10⁻⁶', '30'])
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    whole = all(v.is_integer() for v in map(float, sizes))
    if whole or not sizes or max(sizes) >= 1e5 or max(sizes) > 1000 * min(sizes):
        return [number(v) if v is not None and not math.isnan(v) else "–" for v in values]
    finest = max(0, 2 - math.floor(math.log10(max(sizes))))
    needed = max(len(f"{v:.{finest}f}".rstrip("0").partition(".")[2]) for v in sizes)
    known = [v is not None and math.isfinite(v) for v in values]
    return [_fixed(v or 0.0, needed, False) if k else "–" for v, k in zip(values, known, strict=True)]


def p_value(p: float | None, *, plain: bool = False) -> str:
    """Write a p value; below a thousandth only that it is.

    Examples
    --------
    >>> p_value(0.0002), p_value(0.0312), p_value(1.0)
    ('< 0.001', '0.031', '1.000')
    """
    if p is None or math.isnan(p):
        return number(p, plain=plain)
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def is_p_value(name: str) -> bool:
    """Whether a unit or the name of a metric says that the number is a p value.

    Examples
    --------
    >>> [is_p_value(n) for n in ("p", "p value", "fire4.p_value", "p_human", "speed", "pixels")]
    [True, True, True, True, False, False]
    """
    last = name.lower().replace("-", "_").replace(" ", "_").rsplit(".", 1)[-1]
    return last in {"p", "p_value", "pvalue"} or last.startswith("p_") or last.endswith(("_p", "_p_value"))


def interval(
    value: float | None,
    ends: Sequence[float | None] | None,
    *,
    near: Sequence[float] = (),
    plain: bool = False,
) -> tuple[str, str]:
    """Write a value and its 95 % interval with as many decimals as the interval warrants.

    Parameters
    ----------
    value : float or None
        What was measured.
    ends : two floats or None
        The interval; equal ends (a value without spread) are not written.
    near : sequence of float
        Limits that rounding must not seem to cross: 0.9496 beside a limit of 0.95 is written with more decimals.
    plain : bool
        ASCII only.

    Returns
    -------
    value, interval : str
        The second is empty when there is none.

    Examples
    --------
    >>> interval(0.33412, (0.3041, 0.3642))
    ('0.33', '[0.30, 0.36]')
    >>> interval(0.9496, (0.93, 0.97), near=[0.95])
    ('0.9496', '[0.9300, 0.9700]')
    >>> interval(0.0362, (-0.0041, 0.0765))
    ('0.036', '[−0.004, 0.076]')
    >>> interval(7.0, (7.0, 7.0)), interval(None, None)
    (('7', ''), ('not measured', ''))
    """
    low, high = (ends[0], ends[1]) if ends is not None else (None, None)
    if value is None or low is None or high is None or not all(map(math.isfinite, (value, low, high))):
        return number(value, plain=plain), ""
    if low == high == value:
        decimals = _apart(value, 0, near)
        shown = number(value, plain=plain)
        return (_fixed(value, decimals, plain) if decimals and _seems_across(value, shown, near) else shown), ""
    largest = max(abs(value), abs(low), abs(high))
    if not 1e-3 <= largest < 1e6:
        low_text, high_text = (_scientific(x, 3, plain) if x else "0" for x in (low, high))
        return number(value, plain=plain), f"[{low_text}, {high_text}]"
    half = max((high - low) / 2, largest * 1e-6)
    first = math.floor(math.log10(half))
    decimals = -first if half / 10**first >= 2.95 else 1 - first  # 0.03 -> 2 decimals, 0.012 -> 3
    finest = 3 - math.floor(math.log10(largest))  # never more than four significant digits
    decimals = _apart(value, max(0, min(decimals, finest)), near)
    for end in (low, high):  # an interval that crosses 0 has to be seen to do so
        decimals = _apart(end, decimals, (*near, 0.0))
    return _fixed(value, decimals, plain), f"[{_fixed(low, decimals, plain)}, {_fixed(high, decimals, plain)}]"


def duration(seconds: float) -> str:
    """Write how long something took.

    Examples
    --------
    >>> duration(0.8), duration(42.2), duration(75), duration(7300)
    ('0.8 s', '42 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def parse_threshold(text: str) -> Limits | None:
    """Read a threshold back from how a claim writes it; None when it is written in another way.

    Examples
    --------
    >>> parse_threshold(">= 0.95"), parse_threshold("< 0.05"), parse_threshold("0.3 to 0.7"), parse_threshold("tall")
    ((0.95, inf, False), (-inf, 0.05, True), (0.3, 0.7, False), None)
    """
    sign, _, rest = text.partition(" ")
    try:
        if sign in {">=", ">"}:
            return float(rest), math.inf, sign == ">"
        if sign in {"<=", "<"}:
            return -math.inf, float(rest), sign == "<"
        if sign == "=":
            return float(rest), float(rest), False
        low, _, high = text.partition(" to ")
        return float(low), float(high), False
    except ValueError:
        return None


def pretty_threshold(text: str, *, plain: bool = False) -> str:
    """Write a threshold with the signs of print.

    Examples
    --------
    >>> pretty_threshold(">= 0.95"), pretty_threshold("<= -1e-06"), pretty_threshold(">= 1", plain=True)
    ('≥ 0.95', '≤ −1 × 10⁻⁶', '>= 1')
    """
    if plain or parse_threshold(text) is None:
        return text
    text = re.sub(r"e([+-]\d+)", lambda e: f" × 10{str(int(e[1])).translate(_SUPERSCRIPTS)}", text)
    return text.replace(">=", "≥").replace("<=", "≤").replace("-", "−")


def _apart(value: float, decimals: int, near: Sequence[float]) -> int:
    """Return the decimals, from ``decimals`` on, at which the value stays on its side of every limit."""
    while decimals < 8 and _seems_across(value, f"{value:.{decimals}f}", near):
        decimals += 1
    return decimals


def _seems_across(value: float, shown: str, near: Sequence[float]) -> bool:
    try:
        rounded = float(shown.replace(",", "").replace("−", "-"))
    except ValueError:
        return False  # scientific notation already shows enough
    return any(math.isfinite(limit) and _side(rounded, limit) != _side(value, limit) for limit in near)


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _fixed(value: float, decimals: int, plain: bool) -> str:
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")  # no -0.0
    return _minus(text, plain)


def _scientific(value: float, digits: int, plain: bool) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    if plain:
        return f"{mantissa}e{exponent}"
    return f"{_minus(mantissa, plain)} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def _minus(text: str, plain: bool) -> str:
    return text if plain else text.replace("-", "−")
