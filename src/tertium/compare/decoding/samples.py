"""The border of decoding: responses, or an array, and labels, made into samples with something to decode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.decoding.decoders.contract import Aim, FloatArray, Indices, Kind, Place
from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput, nearest

TimeUse = Literal["mean", "each", "samples"]
LabelsGiven = str | Sequence[str] | npt.ArrayLike


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and what is decoded from them.

    Attributes
    ----------
    values : array, shape (sample, bin, unit)
        One bin, unless every time bin is decoded by itself.
    target : array
        Numbers of classes (sample,), or numbers (sample, variable); angles in rad.
    aim : Aim
    classes : tuple of str
        Names of the classes; empty for numbers and angles.
    names : tuple of str
        What is decoded: one name for each variable.
    labels : mapping of str to array, shape (sample,)
        All labels of the samples, for schemes of cross-validation.
    place : Place
    series : bool
        Whether samples are the bins of a recording, which resemble their neighbours.
    units : tuple of str
    time : array, shape (bin,)
        Seconds; of the bins in ``values``.
    counts : float
        What values are multiplied with to be spike counts.
    """

    values: FloatArray
    target: npt.NDArray[Any]
    aim: Aim
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: dict[str, npt.NDArray[Any]]
    place: Place
    series: bool
    units: tuple[str, ...]
    time: FloatArray
    counts: float

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.values)

    def take(self, samples: Indices) -> Samples:
        """Return some of the samples."""
        labels = {name: values[samples] for name, values in self.labels.items()}
        target, place = self.target[samples], self.place.take(samples)
        return replace(self, values=self.values[samples], target=target, labels=labels, place=place)

    def relabelled(self, target: npt.NDArray[Any]) -> Samples:
        """Return the same responses with other targets, also in the label that they came from."""
        labels = dict(self.labels)
        if self.classes:
            labels[self.names[0]] = np.asarray(self.classes, dtype=object)[target]
        return replace(self, target=target, labels=labels)


def gather(
    responses: xr.DataArray | npt.ArrayLike,
    labels: LabelsGiven,
    kind: Kind | None,
    preferred: tuple[Kind, ...],
    time: TimeUse,
) -> Samples:
    """Read samples and targets; see `tertium.compare.decode` for what may be given.

    Parameters
    ----------
    preferred : tuple of str
        What the decoder can decode; the kind is taken from there, and from the labels where it leaves a choice.

    Raises
    ------
    BadInput
        If anything does not fit; the message names it.

    Examples
    --------
    >>> samples = gather(np.eye(4), ["a", "b", "a", "b"], None, ("class",), "mean")
    >>> samples.classes, samples.target.tolist(), samples.values.shape
    (('a', 'b'), [0, 1, 0, 1], (4, 1, 4))
    """
    if time not in ("mean", "each", "samples"):
        raise BadInput("time", got=repr(time), expected="'mean', 'each' or 'samples'")
    values, coords, place, units, seconds, counts = _values(responses, time)
    names, given = _labels(labels, coords, len(values), responses, time)
    kind = _kind(kind, preferred, given, names[0])
    classes: tuple[str, ...] = ()
    target: npt.NDArray[Any]
    if kind == "class":
        if len(names) > 1:
            raise BadInput(
                "labels", got=f"{len(names)} labels of classes", expected="one", repair="Join them into one."
            )
        classes, target = _classes(given[:, 0], names[0])
        aim = Aim(kind, len(classes), 1)
    else:
        target = _numbers(given, names)
        aim = Aim(kind, 0, target.shape[1])
        if kind == "angle" and len(names) > 1:
            raise BadInput("labels", got=f"{len(names)} angles", expected="one")
    sample_labels = {name: column for name, column in coords.items() if len(column) == len(values)}
    if kind == "class":
        sample_labels[names[0]] = np.asarray(classes, dtype=object)[target]
    series = time == "samples"
    return Samples(values, target, aim, classes, names, sample_labels, place, series, units, seconds, counts)


def _values(
    responses: Any, time: TimeUse
) -> tuple[FloatArray, dict[str, npt.NDArray[Any]], Place, tuple[str, ...], FloatArray, float]:
    """Return values (sample, bin, unit), labels of samples, their places, units, times, factor to counts."""
    if not isinstance(responses, xr.DataArray):
        values = np.asarray(responses)
        if values.ndim == 3:
            return _values(make_responses(values), time)
        if values.ndim != 2 or values.dtype.kind not in "fiub" or not values.size:
            raise BadInput(
                "responses",
                got=f"{values.dtype} of shape {values.shape}",
                expected="responses, or numbers (sample, unit)",
                repair="Make them with tertium.data.make_responses.",
            )
        if time == "each":
            raise BadInput("time", got="'each' of an array (sample, unit)", expected="responses (trial, time, unit)")
        values = values.astype(np.float64)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            raise BadInput(
                "responses",
                got=f"{values[tuple(bad[0])]} at sample {bad[0][0]}, unit {bad[0][1]} ({len(bad)} such)",
                expected="finite numbers",
                repair="Drop those samples or units.",
            )
        places = Place(np.arange(len(values)), np.zeros(len(values), dtype=np.int64))
        return values[:, None], {}, places, tuple(map(str, range(values.shape[1]))), np.zeros(1), 1.0
    validate(responses)
    trials, bins, units = responses.shape
    values = np.asarray(responses.values, dtype=np.float64)
    first = responses.dims[0]
    coords = {str(k): np.asarray(v.values) for k, v in responses.coords.items() if v.dims == (first,)}
    seconds = np.asarray(responses["time"].values, dtype=np.float64)
    per = float(responses.attrs["dt"]) if responses.attrs.get("quantity") == "rate" else 1.0
    names = tuple(str(unit) for unit in responses["unit"].values)
    if time == "samples":
        coords = {k: np.repeat(v, bins) for k, v in coords.items()}
        along = {str(k): np.tile(v.values, trials) for k, v in responses.coords.items() if v.dims == ("time",)}
        place = Place(np.tile(np.arange(bins), trials), np.repeat(np.arange(trials), bins))
        return values.reshape(-1, 1, units), along | coords, place, names, np.zeros(1), per
    place = Place(np.arange(trials), np.zeros(trials, dtype=np.int64))
    if time == "mean":
        return values.mean(1, keepdims=True), coords, place, names, seconds[:1], per * bins
    return values, coords, place, names, seconds, per


def _labels(
    labels: LabelsGiven, coords: dict[str, npt.NDArray[Any]], n: int, responses: Any, time: TimeUse
) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
    """Return names and values (sample, variable)."""
    names = _label_names(labels, coords)
    if names:
        for name in names:
            if name not in coords:
                there, close = ", ".join(f"'{c}'" for c in coords) or "none", nearest(name, coords)
                along = "" if time == "samples" else " of trials"
                raise BadInput(
                    "labels",
                    got=f"no label '{name}'{along} (there are: {there})",
                    expected="a label of every sample",
                    repair=f"Did you mean '{close[0]}'?" if close else "Pass an array with one value for each sample.",
                )
        return names, np.stack([coords[name].astype(object) for name in names], axis=1)
    given = labels.values if isinstance(labels, xr.DataArray) else np.asarray(labels)
    if time == "samples" and isinstance(responses, xr.DataArray) and given.shape[:2] == responses.shape[:2]:
        given = given.reshape(n, *given.shape[2:])
    if given.ndim not in (1, 2) or len(given) != n or not given.size:
        raise BadInput(
            "labels",
            got=f"shape {given.shape} for {n} samples",
            expected=f"({n},), one for each sample, or ({n}, variable)",
        )
    name = str(labels.name) if isinstance(labels, xr.DataArray) and labels.name else "label"
    wide = given.reshape(n, -1)
    names = (name,) if wide.shape[1] == 1 else tuple(f"{name} {i}" for i in range(wide.shape[1]))
    return names, wide.astype(object)


def _label_names(labels: LabelsGiven, coords: dict[str, npt.NDArray[Any]]) -> tuple[str, ...]:
    """Return the names of labels; none if values were given."""
    if isinstance(labels, str):
        return (labels,)
    if isinstance(labels, list | tuple):
        names = tuple(label for label in labels if isinstance(label, str) and label in coords)
        return names if len(names) == len(labels) else ()
    return ()


def _kind(kind: Kind | None, preferred: tuple[Kind, ...], given: npt.NDArray[Any], name: str) -> Kind:
    if kind is not None:
        if kind not in preferred:
            can = " or ".join(f"'{k}'" for k in preferred)
            raise BadInput(
                "kind",
                got=repr(kind),
                expected=f"{can}, which is what this decoder decodes",
                repair="'bayes' and 'network' decode classes, numbers and angles; 'ridge' numbers and angles.",
            )
        return kind
    if "class" not in preferred or preferred == ("class",):
        return preferred[0]
    return "number" if all(isinstance(v, float | np.floating) for v in given.ravel()) else "class"


def _classes(given: npt.NDArray[Any], name: str) -> tuple[tuple[str, ...], Indices]:
    """Return the names of classes, numbers in order, text sorted; and the number of each sample's class."""
    missing = [i for i, v in enumerate(given) if v is None or v == "" or (isinstance(v, float) and np.isnan(v))]
    if missing:
        raise _without(name, missing)
    number = all(isinstance(v, int | float | np.integer | np.floating) for v in given)
    found = sorted(set(given.tolist())) if number else sorted({str(v) for v in given})
    if len(found) < 2:
        raise BadInput(f"label '{name}'", got=f"one value only, {found[0]!r}", expected="at least two classes")
    if number and len(found) > len(given) / 2:
        raise BadInput(
            f"label '{name}'",
            got=f"{len(found)} different numbers in {len(given)} samples",
            expected="a few classes",
            repair="Pass method='ridge' to decode a number.",
        )
    where = {value: i for i, value in enumerate(found)}
    codes = np.array([where[v if number else str(v)] for v in given.tolist()], dtype=np.int64)
    return tuple(str(v) for v in found), codes


def _numbers(given: npt.NDArray[Any], names: tuple[str, ...]) -> FloatArray:
    try:
        target = given.astype(np.float64)
    except (TypeError, ValueError):
        raise BadInput(
            f"label '{names[0]}'",
            got=f"values like {given[0, 0]!r}",
            expected="numbers",
            repair="Classes are decoded by 'lda', 'logistic', 'svm', 'bayes' or 'network'.",
        ) from None
    missing = np.flatnonzero(~np.isfinite(target).all(1))
    if len(missing):
        raise _without(names[0], missing.tolist())
    for column, name in zip(target.T, names, strict=True):
        if np.ptp(column) == 0:
            raise BadInput(f"label '{name}'", got=f"one value only, {column[0]:g}", expected="values that differ")
    return target


def _without(name: str, missing: list[int]) -> BadInput:
    return BadInput(
        f"label '{name}'",
        got=f"no value in {len(missing)} samples, the first at {missing[0]}",
        expected="a value for each sample",
        repair="Leave those samples out: responses.isel(trial=known).",
    )
