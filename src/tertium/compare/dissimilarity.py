"""Representational dissimilarity matrices from responses: the labelled front of `tertium.compare.distances`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.distances.cells import group_means
from tertium.compare.distances.pairs import FloatArray
from tertium.compare.noise_precision import (
    ESTIMATORS,
    diagonal_precision_missing,
    noise_precision,
    noise_residuals,
)
from tertium.compare.patterns import Patterns, gather_patterns
from tertium.compare.rdm_type import RDM
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import xarray as xr

#: Dissimilarities that `rdm` knows, each with what it is.
METRICS: dict[str, str] = {
    "correlation": "1 - Pearson correlation over channels, 0 to 2",
    "cosine": "1 - cosine of the angle, 0 to 2",
    "euclidean": "squared Euclidean distance / channels",
    "mahalanobis": "squared distance in units of the noise / channels",
    "crossnobis": "cross-validated squared Mahalanobis distance / channels, unbiased",
    "poisson_kl": "symmetrised Kullback-Leibler divergence of Poisson rates / channels",
    "poisson_kl_cv": "the same, cross-validated",
}
_WITH_NOISE = ("mahalanobis", "crossnobis")
_CROSS_VALIDATED = ("crossnobis", "poisson_kl_cv")
_WITH_MISSING = ("euclidean", "mahalanobis", "crossnobis")

Noise = str | npt.ArrayLike | Mapping[Any, npt.ArrayLike] | None


def rdm(
    responses: xr.DataArray | npt.ArrayLike,
    metric: str = "correlation",
    by: str = "condition",
    *,
    labels: npt.ArrayLike | None = None,
    runs: str | npt.ArrayLike | None = None,
    noise: Noise = None,
    noise_by_run: bool = False,
    contrast: str = "auto",
    time: str = "mean",
    prior_rate: float = 1.0,
    prior_weight: float = 0.1,
    missing: bool = False,
    partial: bool = False,
    name: str = "",
) -> RDM:
    """Compute how dissimilar the responses to each two conditions are.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial or condition, time, unit), or array, shape (sample, unit)
        Responses of a brain or a network. Choose units beforehand (``responses.sel(...)``). Samples of a plain array
        are named by ``labels``.
    metric : str
        One of `METRICS`. ``euclidean``, ``mahalanobis`` and ``crossnobis`` are squared and divided by the number of
        channels.
    by : str
        The trial label whose values are the rows of the RDM, in order of first appearance; trials that share a value
        are averaged (``by="trial"`` compares single trials). Where there is no label "condition", "stimulus" is used.
    labels : array-like, shape (sample,), optional
        Conditions of a plain array; every sample is its own if not given.
    runs : str or array-like, shape (trial,), optional
        Folds of cross-validation: a trial label or its values. By default the label "run" or, failing that, "repeat";
        where there is neither, every trial is a fold, which takes trials to be independent.
    noise : str or array or mapping, optional
        Noise precision of mahalanobis and crossnobis. ``"diagonal"``, ``"shrinkage"`` (towards a multiple of the
        identity), ``"shrinkage_diagonal"`` or ``"full"`` estimate it from the spread of repeated trials; an array,
        shape (channel, channel) or (channel,), is used as it is; a mapping gives one array for each run. By default
        the identity for crossnobis (the cross-validated Euclidean distance) and ``"shrinkage"`` for mahalanobis.
    noise_by_run : bool
        Estimate a precision for each run from its own residuals (crossnobis).
    contrast : {"auto", "within_runs", "across_runs"}
        Estimator of crossnobis. ``within_runs`` multiplies differences taken within runs and is blind to what a run
        adds to all its patterns; ``across_runs`` multiplies all trials of different runs, which also uses runs that
        hold only one of two conditions. Both agree in balanced designs. ``auto`` is ``within_runs`` where there are
        runs.
    time : {"mean", "concatenate"}
        Average over time bins, or make every unit in every bin a channel. `rdm_over_time` gives one RDM per bin.
    prior_rate, prior_weight : float
        Gamma prior of the Poisson metrics: a rate in the unit of the responses, and how many observations it is worth.
    missing : bool
        Take NaN for channels that were not measured (euclidean, mahalanobis and crossnobis; with noise correlations
        they must be missing from whole runs). Otherwise NaN is an error.
    partial : bool
        Give NaN to pairs of conditions that no two runs hold together, instead of an error (crossnobis).
    name : str
        What the RDM describes; by default the responses' ``source``.

    Returns
    -------
    RDM
        Trial labels that are constant within conditions become its ``groups``.

    Raises
    ------
    UnknownName
        If there is no such metric.
    BadInput
        If a label is missing, there are fewer than two conditions, or the metric is not defined for the responses;
        the message names the condition.

    Notes
    -----
    A precision estimated from the very trials that are compared leaves crossnobis exactly unbiased only where
    every condition has two or more trials in every run (then residuals are taken within runs). With one trial of a
    condition in each run, residuals and run means are dependent and a bias upwards remains: in our simulations (6 runs,
    equal conditions) 6 % of the plain Mahalanobis bias for 10 conditions and 20 channels, 2 % for 40 conditions, 19 %
    for 10 conditions and 60 channels with ``"shrinkage"`` (7 % with ``"shrinkage_diagonal"``). A precision from other
    data, such as the residuals of a GLM, has none.

    Sources: Walther et al. 2016 Neuroimage 137:188; Diedrichsen & Kriegeskorte 2017 PLoS Comput Biol 13:e1005508;
    Schutt et al. 2023 eLife 12:e82566.

    Examples
    --------
    >>> rdm([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]], "euclidean", labels=["face", "face", "house"]).vector
    array([12.5])
    """
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    _check_options(metric, noise, noise_by_run, contrast, missing)
    patterns = gather_patterns(responses, by=by, labels=labels, runs=runs, time=time, missing=missing)
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        if metric in _CROSS_VALIDATED:
            prior = (prior_rate, prior_weight)
            vector = _cross_validated(patterns, metric, noise, noise_by_run, contrast, prior, partial)
        else:
            vector = _averaged(patterns, metric, noise, (prior_rate, prior_weight))
    _check_overflow(vector, patterns, metric, partial)
    return RDM(vector, patterns.labels, metric, name or _source(responses), patterns.groups)


def rdm_over_time(responses: xr.DataArray, metric: str = "correlation", **options: Any) -> dict[float, RDM]:
    """Compute one RDM for each time bin: a film of the representation.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial or condition, time, unit)
        Responses. For windows wider than a bin, average them beforehand.
    metric : str
        As in `rdm`.
    **options
        Further arguments of `rdm`, but ``time``.

    Returns
    -------
    dict of float to RDM
        Time in seconds -> RDM, in the order of the bins.

    Raises
    ------
    BadInput
        As `rdm`, for any bin.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> r = make_responses([[[0.0], [1.0]], [[1.0], [3.0]]], dt=0.1, trial={"stimulus": ["a", "b"]})
    >>> {time: one.vector.tolist() for time, one in rdm_over_time(r, "euclidean").items()}
    {0.0: [1.0], 0.1: [4.0]}
    """
    from tertium.data.responses import validate

    validate(responses, finite=False)
    times = np.asarray(responses["time"].values, dtype=np.float64)
    named = str(options.pop("name", "") or _source(responses))
    return {
        float(t): rdm(responses.isel(time=[i]), metric, name=f"{named} {t:g} s".strip(), **options)
        for i, t in enumerate(times)
    }


def rdms_by(
    responses: xr.DataArray, unit_label: str = "layer", metric: str = "correlation", **options: Any
) -> dict[str, RDM]:
    """Compute one RDM for each group of units: layer by layer, region by region.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial or condition, time, unit)
        Responses.
    unit_label : str
        The unit label whose values make the groups.
    metric : str
        As in `rdm`.
    **options
        Further arguments of `rdm`.

    Returns
    -------
    dict of str to RDM
        In order of first appearance; each RDM has the group's name.

    Raises
    ------
    BadInput
        If units have no such label, or as `rdm`.

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> r = make_responses([[0.0, 1.0], [2.0, 1.5]], trial={"stimulus": ["a", "b"]}, unit={"layer": ["conv", "fc"]})
    >>> {layer: one.vector.tolist() for layer, one in rdms_by(r, metric="euclidean").items()}
    {'conv': [4.0], 'fc': [0.25]}
    """
    from tertium.data.responses import validate

    validate(responses, finite=False)
    if unit_label not in responses.coords or responses[unit_label].dims != ("unit",):
        known = sorted(str(k) for k, v in responses.coords.items() if v.dims == ("unit",))
        raise BadInput(
            f"unit label '{unit_label}'",
            got="no such label on unit",
            expected="one of " + ", ".join(known),
            repair=f'Add it with responses.assign_coords({unit_label}=("unit", [...])).',
        )
    group = np.array([str(v) for v in responses[unit_label].values], dtype=object)
    return {
        str(value): rdm(responses.isel(unit=np.flatnonzero(group == value)), metric, name=str(value), **options)
        for value in dict.fromkeys(group)
    }


def _averaged(patterns: Patterns, metric: str, noise: Noise, prior: tuple[float, float]) -> FloatArray:
    from tertium.compare.distances.correlation import correlation, cosine
    from tertium.compare.distances.euclidean import squared_euclidean
    from tertium.compare.distances.mahalanobis import mahalanobis
    from tertium.compare.distances.poisson import poisson_kl

    names = patterns.labels
    means = patterns.values if patterns.one_each else group_means(patterns.values, patterns.condition, len(names))
    if metric == "mahalanobis":
        precision = _precision(patterns, "shrinkage" if noise is None else noise)
        assert precision is not None
        return mahalanobis(means, precision, names=names)
    if metric == "poisson_kl":
        return poisson_kl(means, prior_rate=prior[0], prior_weight=prior[1], names=names)
    plain = {"correlation": correlation, "cosine": cosine, "euclidean": squared_euclidean}
    return plain[metric](means, names=names)


def _cross_validated(
    patterns: Patterns,
    metric: str,
    noise: Noise,
    noise_by_run: bool,
    contrast: str,
    prior: tuple[float, float],
    partial: bool,
) -> FloatArray:
    from tertium.compare.distances.crossnobis import crossnobis, crossnobis_across
    from tertium.compare.distances.poisson import poisson_kl_cv

    values, condition, run, names = patterns.values, patterns.condition, patterns.run, patterns.labels
    if metric == "poisson_kl_cv":
        needed = _needed_run(patterns, metric)
        return poisson_kl_cv(values, condition, needed, prior_rate=prior[0], prior_weight=prior[1], names=names)
    across = contrast == "across_runs" or (contrast == "auto" and run is None)
    if not across:
        needed = _needed_run(patterns, "crossnobis with contrast='within_runs'")
        precision: Any = _run_precisions(patterns, noise, noise_by_run)
        return crossnobis(values, condition, needed, precision=precision, names=names, partial=partial)
    if noise_by_run or isinstance(noise, Mapping):
        raise BadInput(
            "noise",
            got="a precision for each run, and products across runs",
            expected="one precision",
            repair="Name the runs (runs='LABEL') and use contrast='within_runs'.",
        )
    return crossnobis_across(values, condition, run, precision=_precision(patterns, noise), names=names)


def _precision(patterns: Patterns, noise: Any) -> FloatArray | None:
    if noise is None:
        return None  # the identity
    if isinstance(noise, Mapping):
        raise BadInput("noise", got="a mapping", expected="one precision for this metric", repair="Average them.")
    if not isinstance(noise, str):
        return np.asarray(noise, dtype=np.float64)
    if noise == "diagonal" and np.isnan(patterns.values).any():
        return diagonal_precision_missing(patterns.values, patterns.condition, patterns.run)
    _no_missing(patterns, noise)
    left, freedom = noise_residuals(patterns.values, patterns.condition, patterns.run)
    return noise_precision(left, float(freedom.sum()), noise)


def _run_precisions(patterns: Patterns, noise: Any, noise_by_run: bool) -> Any:
    if isinstance(noise, Mapping):
        given = {str(key): value for key, value in noise.items()}
        absent = [name for name in patterns.runs if name not in given]
        if absent:
            raise BadInput(
                "noise", got=f"no precision for run '{absent[0]}'", expected="one for each run", repair="Add it."
            )
        return {i: given[name] for i, name in enumerate(patterns.runs)}
    if not noise_by_run:
        return _precision(patterns, noise)
    _no_missing(patterns, noise)
    left, freedom = noise_residuals(patterns.values, patterns.condition, patterns.run)
    run = patterns.run
    return {
        i: noise_precision(left[run == i], float(freedom[run == i].sum()), noise) for i in range(len(patterns.runs))
    }


def _check_overflow(vector: FloatArray, patterns: Patterns, metric: str, partial: bool) -> None:
    bad = np.isinf(vector) if partial else ~np.isfinite(vector)
    if bad.any():
        raise BadInput(
            f"{metric} dissimilarity",
            got=f"{int(bad.sum())} of {len(vector)} values out of range, from responses up to "
            f"{np.nanmax(np.abs(patterns.values)):.3g}",
            expected="responses whose squares are finite",
            repair="Scale the responses, for instance with tertium.data.zscore.",
        )


def _no_missing(patterns: Patterns, noise: str) -> None:
    if np.isnan(patterns.values).any():
        raise BadInput(
            f"noise='{noise}'",
            got="responses with missing channels",
            expected="complete trials, from which noise correlations can be told",
            repair="Use noise='diagonal', or pass a precision matrix estimated on complete trials.",
        )


def _needed_run(patterns: Patterns, what: str) -> Any:
    if patterns.run is None:
        raise BadInput(
            what,
            got="no runs",
            expected="a trial label that tells runs apart",
            repair="Pass runs='LABEL', or an array with the run of each trial.",
        )
    return patterns.run


def _check_options(metric: str, noise: Noise, noise_by_run: bool, contrast: str, missing: bool) -> None:
    if contrast not in ("auto", "within_runs", "across_runs"):
        raise unknown_name("contrast", contrast, ("auto", "within_runs", "across_runs"))
    if isinstance(noise, str) and noise not in ESTIMATORS:
        raise unknown_name("noise estimate", noise, ESTIMATORS)
    if (noise is not None or noise_by_run) and metric not in _WITH_NOISE:
        raise BadInput(
            "noise", got=f"metric '{metric}'", expected="mahalanobis or crossnobis", repair="Leave noise out."
        )
    if noise_by_run and (metric != "crossnobis" or not isinstance(noise, str)):
        raise BadInput(
            "noise_by_run",
            got=f"metric '{metric}' and noise of type {type(noise).__name__}",
            expected="metric='crossnobis' and the name of an estimate",
            repair="Pass noise='shrinkage', for instance.",
        )
    if missing and metric not in _WITH_MISSING:
        raise BadInput(
            "missing channels", got=f"metric '{metric}'", expected="one of " + ", ".join(_WITH_MISSING), repair=""
        )


def _source(responses: Any) -> str:
    return str(getattr(responses, "attrs", {}).get("source", ""))
