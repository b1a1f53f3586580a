"""What every measure starts from: two representations of the same samples, in the same order, centred, in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.distances.cells import group_means
from tertium.compare.patterns import gather_patterns
from tertium.compare.rdm_inference.align import KEEP_COMMON, same_stimuli
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Ready = TypeVar("Ready")

#: What a measure answers: a float, or a tensor of no dimension where a tensor was given. mypy cannot tell which.
Number = Any


@dataclass(frozen=True, eq=False)
class Samples:
    """One representation.

    Attributes
    ----------
    name : str
        What errors call it.
    values : tensor of float64, shape (sample, unit)
        Each unit less its mean over samples. All time bins of a stimulus follow each other.
    means : tensor of float64, shape (unit,)
        What was taken away.
    labels : tuple of str
        Of the stimuli; empty for what has none.
    times : array, shape (bin,)
        Time bins of each stimulus, in seconds; one bin for what has none.
    cutoff : float
        Singular values below this share of the largest are rounding errors of the numbers that were given.
    units : tuple of str
        Names of the units.
    is_tensor : bool
        Whether a tensor was given, so that a tensor is answered.
    """

    name: str
    values: torch.Tensor
    means: torch.Tensor
    labels: tuple[str, ...]
    times: npt.NDArray[np.float64]
    cutoff: float
    units: tuple[str, ...]
    is_tensor: bool

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.values.shape[0])

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli (of samples, where there are no labels)."""
        return self.n_samples // len(self.times)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.values.shape[1])

    def take(self, blocks: npt.NDArray[np.int64]) -> Samples:
        """Return some of the stimuli (rows, where there are no labels), in this order, centred anew."""
        bins = len(self.times)
        rows = torch.from_numpy((np.asarray(blocks)[:, None] * bins + np.arange(bins)).ravel()).to(self.values.device)
        values = self.values[rows]
        labels = tuple(self.labels[i] for i in blocks) if self.labels else ()
        return replace(self, values=values - values.mean(0), means=self.means + values.mean(0), labels=labels)

    def shuffled(self, order: npt.NDArray[np.int64]) -> Samples:
        """Return the answers to other stimuli under each stimulus's name: what a permutation test draws."""
        return replace(self.take(order), labels=self.labels)

    def pick(self, units: npt.NDArray[np.int64]) -> Samples:
        """Return some of the units, in this order."""
        columns = torch.from_numpy(np.asarray(units)).to(self.values.device)
        names = tuple(self.units[i] for i in units)
        return replace(self, values=self.values[:, columns], means=self.means[columns], units=names)

    def refuse_constant_units(self, what: str) -> None:
        """Raise `BadInput`, naming them, if there are units without which ``what`` is not defined."""
        sizes = self.values.detach().square().mean(0).sqrt()
        constant = (sizes <= self.cutoff * self.means.detach().abs()).nonzero().flatten().tolist()
        if constant:
            shown = ", ".join(f"'{self.units[i]}'" for i in constant[:3])
            more = f" and {len(constant) - 3} more" if len(constant) > 3 else ""
            raise BadInput(
                self.name,
                got=f"constant responses in unit {shown}{more}",
                expected=f"responses that differ between samples, without which a unit has no {what}",
                repair="Leave those units out.",
            )


def read(given: xr.DataArray | npt.ArrayLike | torch.Tensor, name: str, by: str = "condition") -> Samples:
    """Read responses, an array or a tensor.

    Parameters
    ----------
    given : responses, array-like of shape (sample, unit), or tensor of shape (sample, unit)
        Trials of responses are averaged within each ``by``, and each time bin is a sample.
    name : str
        What errors call it.
    by : str
        Label whose values are the stimuli of responses; where there is no "condition", "stimulus" is taken.

    Raises
    ------
    BadInput
        If it is not that, has a value that is not finite, fewer than two samples, or only constant units.

    Examples
    --------
    >>> read([[1.0, 5.0], [3.0, 5.0]], "X").values.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    import xarray as xr

    if isinstance(given, torch.Tensor):
        return _samples(_from_tensor(given, name), name, _precision(given.dtype), is_tensor=True)
    try:
        patterns = gather_patterns(given, by=by, labels=None, runs=None, time="concatenate", missing=False)
    except BadInput as fault:
        what = name if fault.what == "responses" else f"{name}: {fault.what}"
        repair = "Drop those samples or units." if fault.expected == "finite numbers" else fault.repair
        raise BadInput(what, got=fault.got, expected=fault.expected, repair=repair) from fault
    numbers, labels, times, units = patterns.values, tuple[str, ...](), np.zeros(1), tuple[str, ...]()
    if isinstance(given, xr.DataArray):
        kind, labels, units = given.dtype, patterns.labels, tuple(str(unit) for unit in given["unit"].values)
        times = np.asarray(given["time"].values, dtype=np.float64)
        if not patterns.one_each:
            numbers = group_means(numbers, patterns.condition, len(labels))
        numbers = numbers.reshape(len(labels) * len(times), -1)
    else:
        kind = np.asarray(given).dtype
    precision = float(np.finfo(kind).eps) if kind.kind == "f" else 0.0
    return _samples(torch.from_numpy(np.array(numbers)), name, precision, labels, times, units)


def read_pair(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    by: str = "condition",
) -> tuple[Samples, Samples]:
    """Read two representations and put the second in the first one's order of stimuli.

    Raises
    ------
    BadInput
        If they do not have the same stimuli (which ones differ is said), the same times, or as many samples.
    """
    first, second = read(X, "X", by), read(Y, "Y", by)
    return first, matched(first, second)


def matched(first: Samples, second: Samples) -> Samples:
    """Return ``second`` in the order of ``first``: by label where both have labels, as it is otherwise."""
    if first.labels and second.labels:
        same_stimuli(second.labels, first.labels, second.name, first.name, KEEP_COMMON)
        if first.times.shape != second.times.shape or not np.allclose(first.times, second.times, rtol=0, atol=1e-9):
            raise BadInput(
                f"times of {first.name} and {second.name}",
                got=f"{_span(first.times)} and {_span(second.times)}",
                expected="the same time bins, each of which is a sample",
                repair="Bring both to one window (tertium.data.window), or average over time.",
            )
        if first.labels != second.labels:
            where = {label: i for i, label in enumerate(second.labels)}
            second = second.take(np.array([where[label] for label in first.labels]))
    if first.n_samples != second.n_samples:
        raise BadInput(
            f"{first.name} and {second.name}",
            got=f"{first.n_samples} and {second.n_samples} samples",
            expected="responses to the same samples in the same order",
        )
    return second


def _samples(
    values: torch.Tensor,
    name: str,
    precision: float,
    labels: tuple[str, ...] = (),
    times: npt.NDArray[np.float64] | None = None,
    units: tuple[str, ...] = (),
    *,
    is_tensor: bool = False,
) -> Samples:
    _check(values, name)
    units = units or tuple(map(str, range(values.shape[1])))
    times = np.zeros(1) if times is None else times
    cutoff = max(values.shape) * max(precision, float(np.finfo(np.float64).eps))
    means = values.mean(0)
    return Samples(name, values - means, means, labels, times, cutoff, units, is_tensor)


class Measure(Protocol[Ready]):
    """Options of a measure, and its two steps."""

    @property
    def is_distance(self) -> bool:
        """Whether 0 means alike; it is a similarity otherwise."""

    @property
    def is_symmetric(self) -> bool:
        """Whether the order of a pair does not matter."""

    def prepare(self, x: Samples, /) -> Ready:
        """Return what each representation needs once."""

    def between(self, first: Ready, second: Ready, /) -> torch.Tensor:
        """Return the number for a pair."""


def compared(measure: Measure[Ready], x: Samples, y: Samples) -> Number:
    """Compare two representations by a measure."""
    return answer(measure.between(measure.prepare(x), measure.prepare(y)), x, y)


def answer(value: torch.Tensor, *given: Samples) -> Number:
    """Return the tensor if a tensor was given, a float otherwise."""
    return value if any(one.is_tensor for one in given) else float(value)


def _from_tensor(given: torch.Tensor, name: str) -> torch.Tensor:
    if given.ndim != 2 or given.is_complex() or given.dtype == torch.bool:
        raise BadInput(
            name,
            got=f"a tensor of shape {tuple(given.shape)} and type {given.dtype}",
            expected="real numbers (sample, unit)",
            repair="Flatten trials and times into samples: values.flatten(0, -2).",
        )
    return given.to(torch.float64)


def _precision(kind: torch.dtype) -> float:
    return float(torch.finfo(kind).eps) if kind.is_floating_point else 0.0


def _check(values: torch.Tensor, name: str) -> None:
    if min(values.shape) < 1 or len(values) < 2:
        raise BadInput(name, got=f"shape {tuple(values.shape)}", expected="two samples or more, and a unit")
    fixed = values.detach()
    bad = ~torch.isfinite(fixed)
    if bool(bad.any()):
        row, unit = (int(k) for k in bad.nonzero()[0])
        raise BadInput(
            name,
            got=f"{float(fixed[row, unit])} at sample {row}, unit {unit} ({int(bad.sum())} such values)",
            expected="finite numbers",
            repair="Drop those samples or units.",
        )
    if bool((fixed == fixed[0]).all()):
        raise BadInput(
            name, got="units that are all constant over samples", expected="responses that differ between samples"
        )


def _span(times: npt.NDArray[np.float64]) -> str:
    return f"{len(times)} bins from {times[0]:g} s to {times[-1]:g} s"
