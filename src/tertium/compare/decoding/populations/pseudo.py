"""Pseudo-populations: neurons of several sessions put together as if they had been recorded at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Decoder
from tertium.compare.decoding.front import as_decoder, check_counts, decode
from tertium.compare.decoding.result import Decoded
from tertium.compare.validation.folds import LeaveOneOut
from tertium.data.responses import make_responses, validate
from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

Indices = npt.NDArray[np.int64]


def pseudo_population(
    sessions: Mapping[str, xr.DataArray] | Sequence[xr.DataArray],
    labels: str | Sequence[str],
    *,
    trials_per_condition: int = 20,
    parts: int = 5,
    shuffle: bool = False,
    seed: int = 0,
) -> xr.DataArray:
    """Put the neurons of several sessions together: each pseudo-trial draws a trial of its condition in every session.

    The trials of each session and condition are first divided into parts, and a pseudo-trial draws from one part only,
    with replacement. With ``cv=LeaveOneOut("part")`` no trial is both fitted and tested. Correlations between sessions
    are lost, and noise is independent from session to session.

    Parameters
    ----------
    sessions : mapping of str to responses, or sequence of responses
        With the same times.
    labels : str or sequence of str
        Trial labels; each combination that occurs is a condition, and has to occur in every session.
    trials_per_condition : int
        Pseudo-trials of each condition in each part.
    parts : int
        Parts; every session needs as many trials of each condition.
    shuffle : bool
        Shuffle the labels among the trials of each session first. This makes chance: pseudo-trials that share trials
        are not to be shuffled themselves.
    seed : int

    Returns
    -------
    responses
        Trials with the labels and "part"; units "session/unit" with the label "session".

    Raises
    ------
    BadInput
        If a session lacks a condition, or trials of it, or times differ.

    Examples
    --------
    >>> a = make_responses(np.zeros((20, 3)), trial={"choice": [0, 1] * 10})
    >>> b = make_responses(np.zeros((12, 2)), trial={"choice": [0, 1] * 6})
    >>> pseudo_population({"monday": a, "tuesday": b}, "choice", trials_per_condition=4).shape
    (40, 1, 5)
    """
    named, names = _sessions(sessions), [labels] if isinstance(labels, str) else list(labels)
    for what, number, least in (("trials_per_condition", trials_per_condition, 1), ("parts", parts, 2)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
            raise BadInput(what, got=repr(number), expected=f"a whole number, at least {least}")
    _check_times(named)
    found = {name: _conditions(r, names, name) for name, r in named.items()}
    conditions = list(dict.fromkeys(c for of in found.values() for c in of))
    seeds = Seeds(seed).child("pseudo-population")
    values, units, owners = [], [], []
    for name, r in named.items():
        drawn = _draw(found[name], conditions, name, trials_per_condition, parts, shuffle, seeds.numpy(name))
        values.append(np.asarray(r.values, dtype=np.float64)[drawn])
        units += [f"{name}/{unit}" for unit in r["unit"].values]
        owners += [name] * r.sizes["unit"]
    each = [condition for condition in conditions for _ in range(parts * trials_per_condition)]
    part = np.tile(np.repeat(np.arange(parts), trials_per_condition), len(conditions))
    trial = {label: [condition[i] for condition in each] for i, label in enumerate(names)}
    first = next(iter(named.values()))
    return make_responses(
        np.concatenate(values, axis=2),
        dt=float(first.attrs["dt"]),
        trial=trial | {"part": part},
        unit={"unit": units, "session": owners},
        time=first["time"].values,
        quantity=str(first.attrs.get("quantity", "other")),
        source=f"pseudo-population of {len(named)} sessions",
    )


def decode_sessions(
    sessions: Mapping[str, xr.DataArray] | Sequence[xr.DataArray],
    label: str,
    method: str | Decoder = "lda",
    *,
    conditions: Sequence[str] = (),
    trials_per_condition: int = 20,
    parts: int = 5,
    n_resamples: int = 10,
    n_permutations: int = 100,
    seed: int = 0,
) -> Decoded:
    """Decode a class from pseudo-populations of several sessions; chance by shuffling the trials of each session.

    Parameters
    ----------
    sessions, trials_per_condition, parts
        As of `pseudo_population`.
    label : str
        The trial label that is decoded.
    method : str or Decoder
        Of classes; see `decode`.
    conditions : sequence of str
        Further labels that make a condition, so that they are balanced against the one decoded.
    n_resamples : int
        Pseudo-populations, over which the score is averaged; each draws its own parts.
    n_permutations : int
        Shuffles of labels within sessions, each scored on one pseudo-population: a single one scatters more than the
        mean of several, so that p values err on the safe side.
    seed : int

    Returns
    -------
    Decoded
        ``folds`` are parts of all pseudo-populations; without an interval, since pseudo-trials share trials;
        predictions are those of the first pseudo-population.

    Raises
    ------
    BadInput
        As `pseudo_population`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice = np.tile([0, 1], 15)
    >>> sessions = [make_responses(rng.normal(size=(30, 4)) + choice[:, None], trial={"choice": choice}) for _ in "abc"]
    >>> decode_sessions(sessions, "choice", n_permutations=20).mean > 0.8
    True
    """
    from dataclasses import replace

    check_counts(n_permutations=n_permutations)
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        raise BadInput("n_resamples", got=repr(n_resamples), expected="a whole number, at least 1")
    decoder, seeds = as_decoder(method), Seeds(seed).child("sessions")
    if "class" not in decoder.kinds:
        raise BadInput("method", got=f"{decoder.says}", expected="a decoder of classes")

    def once(name: str, *, shuffle: bool) -> Decoded:
        own = seeds.integer(name)
        pseudo = pseudo_population(
            sessions, [label, *conditions], trials_per_condition=trials_per_condition, parts=parts, shuffle=shuffle,
            seed=own,
        )  # fmt: skip
        cv = LeaveOneOut("part")
        return decode(pseudo, label, decoder, cv=cv, kind="class", n_permutations=0, n_bootstrap=0, seed=own)

    found = [once(f"resample {i}", shuffle=False) for i in range(n_resamples)]
    null = np.array([once(f"shuffle {i}", shuffle=True).value for i in range(n_permutations)])
    return replace(
        found[0],
        value=np.mean([one.value for one in found], axis=0),
        folds=np.concatenate([one.folds for one in found]),
        null=null.reshape(n_permutations, 1),
        method=f"{decoder.says}, {n_resamples} pseudo-populations of {len(sessions)} sessions",
    )


def _sessions(sessions: Mapping[str, xr.DataArray] | Sequence[xr.DataArray]) -> dict[str, xr.DataArray]:
    if isinstance(sessions, Mapping):
        named = {str(name): r for name, r in sessions.items()}
    elif isinstance(sessions, list | tuple):
        named = {str(i): r for i, r in enumerate(sessions)}
    else:
        raise BadInput("sessions", got=f"a {type(sessions).__name__}", expected="a mapping or a list of responses")
    if not named:
        raise BadInput("sessions", got="none", expected="at least one")
    for r in named.values():
        validate(r)
    return named


def _check_times(named: Mapping[str, xr.DataArray]) -> None:
    (first, one), *others = named.items()
    for name, r in others:
        if r.sizes["time"] != one.sizes["time"] or not np.allclose(r["time"].values, one["time"].values):
            raise BadInput(
                f"session '{name}'",
                got=f"{r.sizes['time']} time bins that are not those of '{first}'",
                expected="the same times in all",
                repair="Cut them with tertium.data.window.",
            )


def _conditions(r: xr.DataArray, labels: Sequence[str], session: str) -> dict[tuple[object, ...], Indices]:
    """Return the trials of each condition, in the order in which conditions sort as text."""
    for label in labels:
        if label not in r.coords or r.coords[label].dims != ("trial",):
            there = [str(c) for c, v in r.coords.items() if v.dims == ("trial",)]
            raise unknown_name(f"trial label of session '{session}'", label, there)
    rows = list(zip(*(r[label].values.tolist() for label in labels), strict=True))
    found: dict[tuple[object, ...], list[int]] = {}
    for i, row in enumerate(rows):
        found.setdefault(row, []).append(i)
    return {key: np.array(found[key], dtype=np.int64) for key in sorted(found, key=str)}


def _draw(
    of: Mapping[tuple[object, ...], Indices],
    conditions: Sequence[tuple[object, ...]],
    session: str,
    count: int,
    parts: int,
    shuffle: bool,
    random: np.random.Generator,
) -> Indices:
    """Return the trial of each pseudo-trial, by condition and part."""
    for condition in conditions:
        got = len(of.get(condition, ()))
        if got < parts:
            name = ", ".join(map(str, condition))
            raise BadInput(
                f"session '{session}'",
                got=f"{got} trials of condition '{name}'",
                expected=f"at least {parts}, one for each part",
                repair="Leave the session or the condition out, or use fewer parts.",
            )
    trials = np.concatenate([of[condition] for condition in conditions])
    if shuffle:
        trials = random.permutation(trials)
    drawn, start = [], 0
    for condition in conditions:
        mine = random.permutation(trials[start : start + len(of[condition])])
        start += len(mine)
        drawn += [random.choice(part, count) for part in np.array_split(mine, parts)]
    return np.concatenate(drawn)
