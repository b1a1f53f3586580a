"""Regressors of trials: numbers from labels, scaled alike in all sessions, refused by name where singular."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.dynamics.axes.population import Population, check_trial_labels
from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]
Scale = Literal["range", "none"]

#: Part of a regressor (by norm) that must be left when the others are taken out; less is rounding.
LEAST = 1e-8


def designs(
    one: Population, regressors: Sequence[str], interactions: Sequence[Sequence[str]] = (), *, scale: Scale = "range"
) -> tuple[list[Floats], list[str]]:
    """Return the matrix of regressors of each session, (trial, 1 + regressor), a constant first, and their names.

    Parameters
    ----------
    one : Population
    regressors : sequence of str
        Trial labels, numbers or truth values.
    interactions : sequence of sequences of str
        Products of regressors, for instance ``[("motion", "context")]``, named "motion:context".
    scale : {"range", "none"}
        "range" maps the lowest and highest value of all sessions to -1 and 1, so that coefficients can be compared.

    Raises
    ------
    BadInput
        If a label is missing or not numeric, a regressor is constant or a combination of others, or there are too few
        trials; the message names regressor and session.

    Examples
    --------
    >>> from tertium.dynamics.axes.population import population
    >>> one = population(np.zeros((4, 1, 1)), {"choice": [1, 2, 1, 2], "motion": [0.0, 0.1, 0.2, 0.4]})
    >>> designs(one, ["choice", "motion"])[0][0].round(2).tolist()
    [[1.0, -1.0, -1.0], [1.0, 1.0, -0.5], [1.0, -1.0, 0.0], [1.0, 1.0, 1.0]]
    """
    names = _names(regressors, interactions, scale)
    numbers = [
        {label: _numbers(r, label, name, one.sessions) for label in regressors} for name, r in one.sessions.items()
    ]
    matrices = []
    ends = {label: _ends([n[label] for n in numbers]) for label in regressors}
    for name, given in zip(one.sessions, numbers, strict=True):
        where = f" in session '{name}'" if len(one.sessions) > 1 else ""
        columns = {label: _scaled(given[label], *ends[label], scale) for label in regressors}
        columns |= {":".join(parts): np.prod([columns[p] for p in parts], axis=0) for parts in interactions}
        check_regular(columns, where)
        matrices.append(np.column_stack([np.ones(len(given[regressors[0]])), *columns.values()]))
    return matrices, names


def check_regular(columns: Mapping[str, Floats], where: str = "") -> None:
    """Raise `BadInput` if regressors, each of shape (trial,), cannot be told apart; the message names them.

    Parameters
    ----------
    columns : mapping of str to array
        Without the constant.
    where : str
        Told after the name, for instance " in session 'n1'".
    """
    n, k = len(next(iter(columns.values()))), len(columns)
    if n < k + 2:
        raise BadInput(
            f"trials{where}",
            got=f"{n} for {k} regressors and a constant",
            expected=f"at least {k + 2}",
            repair="Use more trials, or fewer regressors.",
        )
    basis, known = np.full((n, 1), n**-0.5), ["constant"]
    for name, column in columns.items():
        size = float(np.linalg.norm(column))
        left = column - basis @ (basis.T @ column)
        left -= basis @ (basis.T @ left)  # once more: the first time leaves rounding errors
        if np.linalg.norm(left) > LEAST * max(size, 1e-300):
            basis, known = np.column_stack([basis, left / np.linalg.norm(left)]), [*known, name]
            continue
        if len(np.unique(column)) == 1 or size == 0:
            raise BadInput(
                f"regressor '{name}'{where}",
                got=f"the same value in all {n} trials",
                expected="a regressor that varies",
                repair="Leave it out, or leave out that session.",
            )
        earlier = np.column_stack([np.ones(n), *(columns[other] for other in known[1:])])
        weights = np.linalg.lstsq(earlier, column, rcond=None)[0]
        parts = [other for other, w in zip(known, weights, strict=True) if abs(w) > 1e-6 * np.abs(weights).max()]
        raise BadInput(
            f"regressor '{name}'{where}",
            got=f"a linear combination of {' and '.join(p for p in parts if p != 'constant') or 'the constant'}",
            expected="regressors that can be told apart",
            repair="Leave one of them out, or add trials in which they differ (errors, say).",
        )


def _names(regressors: Sequence[str], interactions: Sequence[Sequence[str]], scale: str) -> list[str]:
    if isinstance(regressors, str) or not len(regressors):
        raise BadInput("regressors", got=repr(regressors), expected='a list of trial labels, ["motion", "choice"]')
    if scale not in ("range", "none"):
        raise BadInput("scale", got=repr(scale), expected="'range' or 'none'")
    for parts in interactions:
        strange = [p for p in ([parts] if isinstance(parts, str) else parts) if p not in regressors]
        if isinstance(parts, str) or strange or len(set(parts)) < 2:
            raise BadInput(
                "interactions",
                got=repr(parts),
                expected=f"pairs of {', '.join(regressors)}",
                repair='Pass, for instance, interactions=[("motion", "context")].',
            )
    names = [*regressors, *(":".join(parts) for parts in interactions)]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadInput("regressors", got=f"'{twice[0]}' twice", expected="each once")
    return names


def _numbers(r: xr.DataArray, label: str, session: str, sessions: Mapping[str, xr.DataArray]) -> Floats:
    check_trial_labels(r, [label], session, sessions)
    values = r[label].values
    where = f" in session '{session}'" if len(sessions) > 1 else ""
    numeric = values.dtype.kind in "iufb" or all(isinstance(v, int | float | np.number | np.bool_) for v in values)
    if not numeric:
        low, high = ([*sorted({str(v) for v in values}), "..."])[:2]
        raise BadInput(
            f"regressor '{label}'{where}",
            got=f"values like {values[0]!r}",
            expected="numbers",
            repair=f"Give each value a number, for instance -1 for '{low}' and 1 for '{high}'.",
        )
    numbers = values.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise BadInput(
            f"regressor '{label}'{where}",
            got=f"{len(bad)} trials without a finite value, first trial {r['trial'].values[bad[0]]}",
            expected="a finite number for every trial",
            repair="Leave those trials out.",
        )
    return numbers


def _ends(columns: Sequence[Floats]) -> tuple[float, float]:
    return min(float(c.min()) for c in columns), max(float(c.max()) for c in columns)


def _scaled(values: Floats, low: float, high: float, scale: Scale) -> Floats:
    if scale == "none" or high == low:  # a constant is refused by name later
        return values
    return 2 * (values - low) / (high - low) - 1
