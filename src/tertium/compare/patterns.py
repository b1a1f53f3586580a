"""From labelled responses, or a plain array with labels, to what the estimators take: trials by channels, numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.pairs import FloatArray, IntArray
from tertium.errors import BadInput, nearest

if TYPE_CHECKING:
    import xarray as xr

#: Labels that stand for folds of cross-validation when none is named, in this order.
RUN_LABELS = ("run", "repeat")


@dataclass(frozen=True)
class Patterns:
    """Trials by channels, with the number of each trial's condition and run.

    Parameters
    ----------
    values : array, shape (trial, channel)
        Responses. Time that is kept makes channels of unit by time, all units of a bin together.
    condition : array of int, shape (trial,)
        Number of the condition, from 0 in order of first appearance.
    labels : tuple of str
        Names of the conditions.
    run : array of int, shape (trial,), or None
        Number of the run, from 0.
    runs : tuple of str
        Names of the runs.
    groups : dict of str to tuple of str
        Other trial labels that are the same in all trials of each condition.
    """

    values: FloatArray
    condition: IntArray
    labels: tuple[str, ...]
    run: IntArray | None = None
    runs: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def one_each(self) -> bool:
        """Whether every condition has exactly one trial, in order."""
        return len(self.labels) == len(self.condition)


def gather_patterns(
    responses: xr.DataArray | npt.ArrayLike,
    *,
    by: str,
    labels: npt.ArrayLike | None,
    runs: str | npt.ArrayLike | None,
    time: str,
    missing: bool,
) -> Patterns:
    """Read patterns from responses or from a plain array, shape (sample, channel); see `tertium.compare.rdm`."""
    import xarray as xr

    if time not in ("mean", "concatenate"):
        raise BadInput(
            "time",
            got=f"'{time}'",
            expected="'mean' or 'concatenate'",
            repair="For one RDM per time bin use tertium.compare.rdm_over_time.",
        )
    if isinstance(responses, xr.DataArray):
        if labels is not None:
            raise BadInput(
                "labels", got="labels beside labelled responses", expected="one of them", repair="Pass by='LABEL'."
            )
        return _from_responses(responses, by, runs, time, missing)
    return _from_array(responses, labels, runs, missing)


def number(labels: Iterable[Any], what: str) -> tuple[IntArray, tuple[str, ...]]:
    """Number labels from 0 in order of first appearance.

    Raises
    ------
    BadInput
        If a label is missing (None or NaN), or two that differ are written alike.

    Examples
    --------
    >>> number(["b", "a", "b"], "condition")
    (array([0, 1, 0]), ('b', 'a'))
    """
    labels = list(labels)
    texts = [str(label) for label in labels]
    for at, label in enumerate(labels):
        if label is None or label != label:  # NaN differs from itself
            raise BadInput(
                f"label '{what}'", got=f"{label} at row {at}", expected="a value in each row", repair="Drop those rows."
            )
    where = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    _check_distinct(labels, texts, what)
    return np.array([where[text] for text in texts], dtype=np.int64), tuple(where)


def _check_distinct(labels: list[Any], texts: list[str], what: str) -> None:
    """Raise `BadInput` where two labels that differ are written alike (1 and "1"): they would silently become one."""
    first: dict[str, Any] = {}
    for label, text in zip(labels, texts, strict=True):
        if first.setdefault(text, label) != label:
            raise BadInput(
                f"label '{what}'",
                got=f"{first[text]!r} and {label!r}, which are written alike",
                expected="labels that differ as text, too",
                repair="Make them all text or all numbers.",
            )


def _from_responses(
    responses: xr.DataArray, by: str, runs: str | npt.ArrayLike | None, time: str, missing: bool
) -> Patterns:
    from tertium.data.responses import validate

    validate(responses, finite=False)
    rows = str(responses.dims[0])
    values = np.asarray(responses.values, dtype=np.float64)
    if time == "mean" or values.shape[1] == 1:
        values = values[:, 0] if values.shape[1] == 1 else values.mean(axis=1)
    else:
        values = values.reshape(len(values), -1)
    _check_values(values, missing)
    name = _row_label(responses, by)
    condition, labels = number(responses[name].values, name)
    run, run_names = _runs(responses, runs, rows)
    return Patterns(values, condition, labels, run, run_names, _groups(responses, name, condition, len(labels)))


def _row_label(responses: xr.DataArray, by: str) -> str:
    rows = str(responses.dims[0])
    known = [str(k) for k, v in responses.coords.items() if v.dims == (rows,)]
    if by in known:
        return by
    if by == "condition":
        if "stimulus" in known:
            return "stimulus"
        raise BadInput(
            "responses",
            got=f"neither a label 'condition' nor 'stimulus' on {rows}; there is {', '.join(sorted(known)) or 'none'}",
            expected="the label whose values are the rows of the RDM",
            repair="Pass by='LABEL'; by='trial' takes every trial by itself.",
        )
    if by in responses.coords:
        raise BadInput(
            f"by='{by}'",
            got=f"a label of {' and '.join(map(str, responses[by].dims)) or 'nothing'}",
            expected=f"one of {rows}",
            repair="Use tertium.compare.rdms_by for one RDM per group of units.",
        )
    close = nearest(by, known)
    raise BadInput(
        f"by='{by}'",
        got=f"no such label on {rows}",
        expected="one of " + ", ".join(sorted(known)),
        repair=f"Did you mean '{close[0]}'?" if close else "",
    )


def _runs(
    responses: xr.DataArray, runs: str | npt.ArrayLike | None, rows: str
) -> tuple[IntArray | None, tuple[str, ...]]:
    known = [str(k) for k, v in responses.coords.items() if v.dims == (rows,)]
    if runs is None:
        named = [label for label in RUN_LABELS if label in known]
        return number(responses[named[0]].values, named[0]) if named else (None, ())
    if isinstance(runs, str):
        if runs not in known:
            close = nearest(runs, known)
            raise BadInput(
                f"runs='{runs}'",
                got=f"no such label on {rows}",
                expected="one of " + ", ".join(sorted(known)),
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
        return number(responses[runs].values, runs)
    return _number_rows(runs, responses.sizes[rows], "runs")


def _groups(responses: xr.DataArray, by: str, condition: IntArray, n: int) -> dict[str, tuple[str, ...]]:
    rows = responses.dims[0]
    first = np.full(n, -1)
    first[condition[::-1]] = np.arange(len(condition))[::-1]
    found = {}
    for key, coord in responses.coords.items():
        if key in (by, rows) or coord.dims != (rows,):
            continue
        texts = np.array([str(v) for v in coord.values], dtype=object)
        if (texts == texts[first][condition]).all():
            found[str(key)] = tuple(texts[first])
    return found


def _from_array(
    array: npt.ArrayLike, labels: npt.ArrayLike | None, runs: str | npt.ArrayLike | None, missing: bool
) -> Patterns:
    values = _numbers(array).astype(np.float64)
    _check_values(values, missing)
    condition, names = _number_rows(np.arange(len(values)) if labels is None else labels, len(values), "labels")
    if isinstance(runs, str):
        raise BadInput("runs", got=f"'{runs}' beside a plain array", expected="an array of runs", repair="")
    run, run_names = (None, ()) if runs is None else _number_rows(runs, len(values), "runs")
    return Patterns(values, condition, names, run, run_names)


def _numbers(array: Any) -> npt.NDArray[Any]:
    expected = "numbers (sample, unit), or responses with labels"
    if isinstance(array, Mapping):
        repair = "Take its sessions one by one: {name: rdm(session) for name, session in sessions.items()}."
        raise BadInput("responses", got="a mapping", expected=expected, repair=repair)
    try:
        values = np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as problem:  # ragged lists; tensors on a device or with a gradient
        raise BadInput(
            "responses",
            got=f"a {type(array).__name__} that is no array ({problem})",
            expected=expected,
            repair="Convert it with numpy.asarray(values, dtype=float).",
        ) from problem
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise BadInput(
            "responses",
            got=f"an array of shape {values.shape} and type {values.dtype}",
            expected=expected,
            repair="Use tertium.data.make_responses for (trial, time, unit).",
        )
    return values


def _number_rows(labels: Any, n: int, what: str) -> tuple[IntArray, tuple[str, ...]]:
    array = np.asarray(labels, dtype=object)
    if array.shape != (n,):
        raise BadInput(what, got=f"shape {array.shape}", expected=f"length {n}, one for each row", repair="")
    return number(list(array), what)


def _check_values(values: FloatArray, missing: bool) -> None:
    bad = np.isinf(values) if missing else ~np.isfinite(values)
    if bad.any():
        row, channel = (int(k) for k in np.argwhere(bad)[0])
        raise BadInput(
            "responses",
            got=f"{values[row, channel]} in row {row}, channel {channel} ({int(bad.sum())} such values)",
            expected="finite numbers",
            repair="Pass missing=True if NaN marks channels that were not measured."
            if np.isnan(values[row, channel])
            else "Drop those rows or channels.",
        )
