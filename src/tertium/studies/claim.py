"""Claims: one sentence, one measured value, a threshold with a source, and a negative control that must fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from tertium.errors import BadInput

Kind = Literal["real", "simulation", "in_silico", "analogue"]
Judge = Literal["mean", "each", "interval"]

#: What each kind of claim may say.
KIND_MEANINGS: dict[str, str] = {
    "real": "real neural or behavioural data",
    "simulation": "the paper's own setting, simulated",
    "in_silico": "a simulated animal stands in: tests the pipeline, says nothing about brains",
    "analogue": "our operationalisation of the idea",
}


@dataclass(frozen=True)
class Threshold:
    """The values at which a claim holds: an interval, open or closed at its ends.

    Examples
    --------
    >>> at_least(0.95).holds(0.95), above(0.95).holds(0.95)
    (True, False)
    >>> str(between(0.3, 0.7))
    '0.3 to 0.7'
    """

    low: float = -math.inf
    high: float = math.inf
    open: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value meets the threshold; NaN never does."""
        if self.open:
            return self.low < value < self.high
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"{'>' if self.open else '>='} {self.low:g}"
        if math.isinf(self.low):
            return f"{'<' if self.open else '<='} {self.high:g}"
        return f"= {self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


def at_least(low: float) -> Threshold:
    """The claim holds at ``low`` and above."""
    return Threshold(low=low)


def at_most(high: float) -> Threshold:
    """The claim holds at ``high`` and below."""
    return Threshold(high=high)


def above(low: float) -> Threshold:
    """The claim holds strictly above ``low``."""
    return Threshold(low=low, open=True)


def below(high: float) -> Threshold:
    """The claim holds strictly below ``high`` (a p value)."""
    return Threshold(high=high, open=True)


def between(low: float, high: float) -> Threshold:
    """The claim holds from ``low`` to ``high``, both ends in."""
    return Threshold(low=low, high=high)


def exactly(value: float) -> Threshold:
    """The claim holds at one value only (a count)."""
    return Threshold(low=value, high=value)


@dataclass(frozen=True)
class Control:
    """The same measurement where the claim must *not* hold: shuffled, untrained, wrongly wired.

    Parameters
    ----------
    what : str
        What was done ("labels shuffled").
    value : float
        What was measured then.
    threshold : Threshold, optional
        If the control is measured on another scale; by default the claim's own threshold, which it must miss.
    """

    what: str
    value: float
    threshold: Threshold | None = None


@dataclass(frozen=True)
class Claim:
    """One sentence of a study and what one seed measured for it.

    Parameters
    ----------
    id : str
        Short name, unique in the study.
    sentence : str
        What is claimed, as a sentence.
    value : float
        What was measured.
    threshold : Threshold
        Where the claim holds; frozen before the test seeds were run.
    source : str
        Where the threshold comes from: paper and figure, closed form, or "ours".
    control : Control
        The negative control.
    interval : tuple of float, optional
        95 % interval of the value within this seed (a bootstrap over images, subjects, ...). Where it is given, the
        verdict's interval is the mean of these over the seeds; otherwise it is over seeds.
    kind : str, optional
        One of ``KIND_MEANINGS``; the study's kind if not given.
    judge : str
        "mean": the mean over seeds must meet the threshold; "each": every seed must; "interval": the whole 95 %
        interval must.
    unit : str
        Unit of the value, for tables.
    """

    id: str
    sentence: str
    value: float
    threshold: Threshold
    source: str
    control: Control
    interval: tuple[float, float] | None = None
    kind: Kind | None = None
    judge: Judge = "mean"
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KIND_MEANINGS:
            raise BadInput(f"claim '{self.id}'", got=f"kind '{self.kind}'", expected=", ".join(KIND_MEANINGS))
        if self.judge not in get_args(Judge):
            raise BadInput(f"claim '{self.id}'", got=f"judge '{self.judge}'", expected=", ".join(get_args(Judge)))


@dataclass(frozen=True)
class Verdict:
    """A claim over all seeds: the mean, its 95 % interval, whether it held and whether its control failed."""

    id: str
    sentence: str
    kind: str
    value: float
    interval: tuple[float, float]
    threshold: str
    source: str
    control: str
    control_value: float
    control_failed: bool
    met: bool
    unit: str = ""
    values: tuple[float, ...] = field(default=())
    judge: str = "mean"

    @property
    def held(self) -> bool:
        """A claim holds when its value meets the threshold *and* its negative control does not."""
        return self.met and self.control_failed

    def as_json(self) -> dict[str, Any]:
        """Return the entry of ``claims`` in ``tertium run --json``."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "kind": self.kind,
            "value": _finite(self.value),
            "ci": [_finite(self.interval[0]), _finite(self.interval[1])],
            "threshold": self.threshold,
            "judge": self.judge,
            "unit": self.unit,
            "source": self.source,
            "met": self.met,
            "held": self.held,
            "values": [_finite(v) for v in self.values],
            "control": {
                "what": self.control,
                "value": _finite(self.control_value),
                "failed": self.control_failed,
            },
        }


def judge(per_seed: Sequence[Claim], default_kind: str) -> Verdict:
    """Combine what the seeds measured for one claim into a verdict.

    Parameters
    ----------
    per_seed : sequence of Claim
        The same claim, once a seed.
    default_kind : str
        The study's kind.

    Returns
    -------
    Verdict
        The interval is the claims' own, its ends averaged over the seeds, where they have one; otherwise the 95 %
        t-interval of the mean over seeds (the value twice for one seed).

    Examples
    --------
    >>> c = [Claim("a", "It works.", v, at_least(0.9), "ours", Control("shuffled", 0.5)) for v in (0.92, 0.96)]
    >>> v = judge(c, "simulation")
    >>> v.held, round(v.value, 2)
    (True, 0.94)
    """
    first = per_seed[0]
    values = np.array([c.value for c in per_seed], dtype=float)
    controls = np.array([c.control.value for c in per_seed], dtype=float)
    mean, interval = float(values.mean()), _interval(per_seed, values)
    rule = first.threshold
    if first.judge == "each":
        met = all(rule.holds(v) for v in values)
    elif first.judge == "interval":
        met = rule.holds(interval[0]) and rule.holds(interval[1])
    else:
        met = rule.holds(mean)
    control_rule = first.control.threshold or rule
    # "each" promises every seed, so its control has to fail in every seed too; a NaN control proves nothing
    judged = controls if first.judge == "each" else controls.mean(keepdims=True)
    control_failed = bool(np.isfinite(judged).all()) and not any(control_rule.holds(v) for v in judged)
    return Verdict(
        id=first.id,
        sentence=first.sentence,
        kind=first.kind or default_kind,
        value=mean,
        interval=interval,
        threshold=str(rule),
        source=first.source,
        control=first.control.what,
        control_value=float(controls.mean()),
        control_failed=control_failed,
        met=met,
        unit=first.unit,
        values=tuple(float(v) for v in values),
        judge=first.judge,
    )


def _interval(per_seed: Sequence[Claim], values: np.ndarray[Any, Any]) -> tuple[float, float]:
    own = [c.interval for c in per_seed if c.interval is not None]
    if len(own) == len(per_seed):
        low, high = np.mean(own, axis=0)
        return float(low), float(high)
    if len(values) == 1:
        return float(values[0]), float(values[0])
    from scipy import stats

    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def _finite(value: float) -> float | None:
    """JSON has no NaN: an undefined number is null."""
    return float(value) if math.isfinite(value) else None
