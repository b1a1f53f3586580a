"""Targeted dimensionality reduction: axes along which a population carries given variables of the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tertium.dynamics.axes.population import Averages, Population, Sessions, averages, population, standardised
from tertium.dynamics.axes.targeted.design import Scale, designs
from tertium.dynamics.axes.targeted.result import TDR, project_averages
from tertium.dynamics.axes.targeted.shuffles import shuffled_norms
from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: Part of a regression vector (by norm) that must be left when the axes before it are taken out.
LEAST = 1e-6


def tdr(
    r: Sessions,
    regressors: Sequence[str],
    *,
    interactions: Sequence[Sequence[str]] = (),
    conditions: str | Sequence[str] | None = None,
    missing: str = "error",
    n_pcs: int | None = 12,
    smooth: float = 0.0,
    window: tuple[float, float] | None = None,
    scale: Scale = "range",
    n_permutations: int = 500,
    seed: int = 0,
    labels: Mapping[str, npt.ArrayLike] | None = None,
    dt: float | None = None,
) -> TDR:
    """Find the axes along which a population carries choice, motion and so on (Mante, Sussillo et al. 2013).

    Each unit is z-scored over its trials and times and regressed, in each time bin, on the trials' variables. The
    coefficients of one variable over units are a vector in state space at each time; it is projected on the first
    principal components of the condition averages, taken at the time when it is longest, and the vectors of all
    variables are made orthogonal in the order given (Mante et al. 2013, Supplementary Information, "Targeted
    dimensionality reduction").

    Parameters
    ----------
    r : responses, array-like of shape (trial, time, unit), or a mapping or sequence of responses
        Several sessions make a pseudo-population: each unit is regressed on its own trials, and the condition averages
        are put side by side.
    regressors : sequence of str
        Trial labels, numbers or truth values, in the order in which axes are made orthogonal: the first axis keeps all
        of its vector, each later one what is orthogonal to those before.
    interactions : sequence of sequences of str
        Products of regressors, for instance ``[("motion", "context")]``; their axes come last.
    conditions : str or sequence of str, optional
        Trial labels whose combinations are averaged; the regressors if not given.
    missing : {"error", "drop"}
        Conditions that not every session has: refuse, or average the others only (regression uses all trials anyway).
    n_pcs : int, optional
        Principal components kept, 12 in the paper; as many as the averages have where that is fewer. None leaves the
        denoising out.
    smooth : float
        Standard deviation of a Gaussian over time for the averages, seconds (0.04 in the paper); 0 for none.
    window : tuple of float, optional
        Seconds, both ends included: look for the longest vectors here only.
    scale : {"range", "none"}
        "range" maps each regressor's ends to -1 and 1, so that lengths of vectors can be compared.
    n_permutations : int
        Shuffles for the p values; 0 for none.
    seed : int
    labels, dt
        Labels of the trials, and width of a time bin in seconds, of a plain array.

    Returns
    -------
    TDR
        The averages that are projected are of the trials that gave the axes: differences along an axis are biased
        upwards. Whether there is any is for ``p`` to say, or for `TDR.project` on trials kept aside.

    Raises
    ------
    BadInput
        If a regressor is missing, not numeric, constant or a combination of others in a session; if there are too few
        trials, units that never vary, or conditions without trials; or if two variables share one axis.

    Notes
    -----
    The p value of an axis is that of the longest vector over time, without denoising (components of the averages
    already fit the noise of the trials as labelled, not as shuffled). Trials' residuals from all other regressors are
    shuffled within each session (Freedman & Lane 1983), so that correlated regressors do not pass for one another.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice, motion = rng.choice([-1, 1], 200), rng.choice([-1, 0, 1], 200)
    >>> values = rng.normal(size=(200, 5, 8))
    >>> values[:, :, 0] += 2 * choice[:, None]
    >>> values[:, :, 1] += 2 * motion[:, None]
    >>> found = tdr(values, ["choice", "motion"], labels={"choice": choice, "motion": motion}, n_permutations=50)
    >>> found.axes.shape, bool(abs(found.axes[0, 0]) > 0.95), bool(abs(found.axes[1, 1]) > 0.95)
    ((8, 2), True, True)
    """
    one, means, spreads = standardised(population(r, labels, dt=dt))
    matrices, names = designs(one, regressors, interactions, scale=scale)
    by = [conditions] if isinstance(conditions, str) else list(regressors if conditions is None else conditions)
    average = averages(one, by, missing=missing, smooth=smooth)
    raw = coefficients(one, matrices)[1:]
    components = principal(average.values, n_pcs)
    denoised = raw @ components @ components.T
    norms = np.asarray(np.linalg.norm(denoised, axis=2))
    peaks = _peaks(norms, one.time, window)
    vectors = np.stack([denoised[i, t] for i, t in enumerate(peaks)], axis=1)
    axes = orthogonal_axes(vectors, names)
    null, level, p = shuffled_norms(one, matrices, raw, n_permutations, seed)
    projections, errors = project_averages(one, average, axes, smooth)
    return TDR(
        regressors=tuple(names),
        units=one.units,
        time=one.time,
        coefficients=raw,
        denoised=denoised,
        peaks=one.time[peaks],
        vectors=vectors,
        axes=axes,
        conditions=_condition_table(average, by),
        averages=average.values,
        projections=projections,
        errors=errors,
        counts=average.counts,
        left_out=tuple(average.left_out),
        n_pcs=components.shape[1],
        n_trials=tuple(session.sizes["trial"] for session in one.sessions.values()),
        means=means,
        spreads=spreads,
        p=p,
        null=null,
        null_level=level,
    )


def coefficients(one: Population, matrices: Sequence[Floats]) -> Floats:
    """Return the least-squares coefficients of each unit in each time bin, (regressor, time, unit), constant first."""
    parts = []
    for r, matrix in zip(one.sessions.values(), matrices, strict=True):
        n, times, units = r.shape
        fitted = np.linalg.pinv(matrix) @ r.values.reshape(n, times * units)
        parts.append(fitted.reshape(-1, times, units))
    return np.concatenate(parts, axis=2)


def principal(values: Floats, n: int | None) -> Floats:
    """Return the first ``n`` principal components of averages (condition, time, unit), columns (unit, component).

    Fewer come back where there are fewer; None gives those of all units, which take nothing away.
    """
    units = values.shape[2]
    if n is None:
        return np.eye(units)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise BadInput("n_pcs", got=repr(n), expected="a whole number above 0, or None", repair="12 is usual.")
    rows = values.reshape(-1, units)
    _, sizes, right = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    rank = int((sizes > 1e-10 * max(sizes[0], 1e-300)).sum())
    return np.asarray(right[: min(n, rank)].T)


def orthogonal_axes(vectors: Floats, names: Sequence[str]) -> Floats:
    """Return orthonormal axes, (unit, axis), each turned towards its own vector, by QR decomposition.

    Raises
    ------
    BadInput
        If a vector lies in the span of those before it.

    Examples
    --------
    >>> orthogonal_axes(np.array([[-2.0, 1.0], [0.0, 3.0]]), ["choice", "motion"]).round(6).tolist()
    [[-1.0, 0.0], [0.0, 1.0]]
    """
    units, k = vectors.shape
    sizes = np.linalg.norm(vectors, axis=0)
    axes, triangle = np.linalg.qr(vectors)
    left = np.abs(np.diag(triangle))
    left = np.pad(left, (0, k - len(left)))  # more axes than units
    short = np.flatnonzero(left <= LEAST * np.maximum(sizes, 1e-300))
    if len(short):
        before = ", ".join(f"'{name}'" for name in names[: short[0]]) or "nothing: the vector is 0"
        raise BadInput(
            f"axis of '{names[short[0]]}'",
            got=f"a vector in the span of those of {before} ({units} units)",
            expected="an axis of its own for each regressor",
            repair="Leave that regressor out, or keep more components (n_pcs=).",
        )
    return np.asarray(axes * np.sign(np.diag(triangle)))


def _peaks(norms: Floats, time: Floats, window: tuple[float, float] | None) -> npt.NDArray[np.int64]:
    allowed = np.arange(len(time))
    if window is not None:
        allowed = allowed[(time >= window[0] - 1e-9) & (time <= window[1] + 1e-9)]
        if not len(allowed):
            raise BadInput(
                "window", got=f"{window} s, without a time bin", expected=f"within {time[0]:g} to {time[-1]:g} s"
            )
    return np.asarray(allowed[norms[:, allowed].argmax(1)], dtype=np.int64)


def _condition_table(average: Averages, names: Sequence[str]) -> dict[str, npt.NDArray[np.object_]]:
    """Return the labels of the conditions, one array of shape (condition,) for each."""
    columns: dict[str, npt.NDArray[np.object_]] = {}
    for j, name in enumerate(names):
        column = np.empty(len(average.keys), dtype=object)
        column[:] = [key[j] for key in average.keys]
        columns[name] = column
    return columns
