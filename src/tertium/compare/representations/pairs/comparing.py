"""Every two of many representations compared: what each needs is computed once, and what pairs share is shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.representations.canonical import Canonical, Principal, ProjectionWeighted
from tertium.compare.representations.kernel_alignment import Alignment
from tertium.compare.representations.matching import MatchedCorrelation, Pairing, SoftMatching
from tertium.compare.representations.pairs.result import PairwiseComparison
from tertium.compare.representations.predictivity import MutualRidge
from tertium.compare.representations.rdm_agreement import MatrixAgreement
from tertium.compare.representations.samples import Measure, Samples, matched, read
from tertium.compare.representations.shapes import GramShape, Shape
from tertium.errors import BadInput, nearest, unknown_name

Floats = npt.NDArray[np.float64]

#: Measures that `pairwise` knows by name: those with two steps, which share work between pairs.
SHARED: dict[str, type[Any]] = {
    "cka": Alignment,
    "cca": Canonical,
    "svcca": Principal,
    "pwcca": ProjectionWeighted,
    "procrustes": Shape,
    "bures": GramShape,
    "permutation_match": Pairing,
    "soft_match": SoftMatching,
    "matched_correlation": MatchedCorrelation,
    "rdm_similarity": MatrixAgreement,
    "mutual_predictivity": MutualRidge,
}

#: Those that need more than samples by units (trials, time), and are called for each pair.
CALLED = ("dsa", "stochastic_shape")


def pairwise(
    representations: Mapping[str, Any] | Sequence[Any],
    measure: str | Callable[[Any, Any], Any] = "cka",
    *,
    groups: Mapping[str, Any] | Sequence[Any] | None = None,
    leave_out: int = 0,
    is_distance: bool = True,
    by: str = "condition",
    **options: Any,
) -> PairwiseComparison:
    """Compare every two of many representations: layers, networks, regions, animals.

    Parameters
    ----------
    representations : mapping of names to representations, or sequence
        Responses, arrays or tensors, as the measure takes them.
    measure : str or function
        The name of a measure of `tertium.compare`: "cka", "cca", "svcca", "pwcca", "procrustes", "bures",
        "permutation_match", "soft_match", "matched_correlation", "rdm_similarity", "mutual_predictivity",
        "stochastic_shape", "dsa". Or a function of two representations that gives a number (or a result with
        ``float()``).
    groups : mapping of names to groups, or sequence, optional
        What each representation is an instance of (an architecture, an animal): colours of the picture, and
        `PairwiseComparison.leave_one_out`.
    leave_out : int
        If above 0: how many blocks of stimuli are left out in turn, for standard errors and a reliability by the
        jackknife. As many as stimuli is leave-one-out; 10 is cheaper. Costs so many matrices more.
    is_distance : bool
        Of a function: whether 0 means alike; a similarity with the value 1 otherwise.
    by : str
        Label whose values are the stimuli of responses; where there is no "condition", "stimulus" is taken.
    **options
        Further arguments of the measure.

    Returns
    -------
    PairwiseComparison

    Raises
    ------
    UnknownName
        If there is no such measure.
    BadInput
        If there are fewer than two, samples do not match, or as the measure.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> found = pairwise({"x": X, "turned": X[:, ::-1], "noise": rng.normal(size=(60, 8))}, "procrustes")
    >>> found.matrix.round(1)
    array([[0. , 0. , 1.3],
           [0. , 0. , 1.3],
           [1.3, 1.3, 0. ]])
    """
    names, given = _named(representations)
    belongs = _groups(groups, names)
    if isinstance(measure, str) and measure in SHARED:
        chosen = with_options(measure, options)
        with torch.no_grad():
            samples = _read_all(names, given, by)
            matrix = compared_all(chosen, samples)
            left_out = _left_out(chosen, samples, leave_out)
        return PairwiseComparison(names, matrix, measure, chosen.is_distance, left_out, belongs)
    function: Callable[..., Any]
    if callable(measure):
        word, function = getattr(measure, "__name__", type(measure).__name__), measure
    elif measure in CALLED:
        from tertium.compare.operators.dynamical import dsa
        from tertium.compare.representations.stochastic import stochastic_shape

        word, is_distance = measure, True
        function = dsa if measure == "dsa" else stochastic_shape
        options |= {"by": by} if measure == "stochastic_shape" else {}
    else:
        raise unknown_name("measure", str(measure), (*SHARED, *CALLED))
    if leave_out:
        got = f"the measure {word}, which takes representations whole"
        raise BadInput("leave_out", got=got, expected="one of " + ", ".join(SHARED))
    matrix = np.full((len(given), len(given)), 0.0 if is_distance else 1.0)
    for i, first in enumerate(given):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = float(function(given[j], first, **options))
    return PairwiseComparison(names, matrix, word, is_distance, None, belongs)


def compared_all(measure: Measure[Any], samples: Sequence[Samples]) -> Floats:
    """Return the matrix of all pairs, shape (representation, representation)."""
    whole = getattr(measure, "all_pairs", None)
    if whole is not None:
        return np.array(whole(samples).cpu().numpy(), dtype=np.float64)
    ready = [measure.prepare(x) for x in samples]
    n = len(samples)
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            if i == j and measure.is_distance:
                continue
            found[i, j] = found[j, i] = float(measure.between(ready[i], ready[j]))
            if i != j and not measure.is_symmetric:
                found[j, i] = float(measure.between(ready[j], ready[i]))
    return found


def _left_out(measure: Measure[Any], samples: Sequence[Samples], blocks: int) -> Floats | None:
    """Return the matrices without each block of stimuli, shape (block, representation, representation)."""
    if not blocks:
        return None
    stimuli = samples[0].n_samples // len(samples[0].times)
    if not 2 <= blocks <= stimuli:
        raise BadInput("leave_out", got=f"{blocks}", expected=f"0, or 2 to {stimuli} blocks of {stimuli} stimuli")
    block = np.arange(stimuli) * blocks // stimuli
    kept = [np.flatnonzero(block != i) for i in range(blocks)]
    return np.stack([compared_all(measure, [x.take(rows) for x in samples]) for rows in kept])


def _read_all(names: Sequence[str], given: Iterable[Any], by: str) -> list[Samples]:
    samples = [read(one, name, by) for name, one in zip(names, given, strict=True)]
    return [samples[0], *(matched(samples[0], x) for x in samples[1:])]


def with_options(name: str, options: dict[str, Any]) -> Measure[Any]:
    """Return a measure of `SHARED` with its options.

    Raises
    ------
    BadInput
        If it has no such option, or the measure refuses its value.

    Examples
    --------
    >>> with_options("cka", {"unbiased": False}).unbiased
    False
    """
    known = [field.name for field in fields(SHARED[name])]
    for option in options:
        if option not in known:
            close = nearest(option, known)
            raise BadInput(
                f"option '{option}'",
                got=f"measure '{name}'",
                expected="one of " + ", ".join(known) if known else "no options",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
    return SHARED[name](**options)


def _named(representations: Mapping[str, Any] | Sequence[Any]) -> tuple[tuple[str, ...], list[Any]]:
    if isinstance(representations, Mapping):
        names, given = [str(name) for name in representations], list(representations.values())
    else:
        given = list(representations)
        names = [str(i + 1) for i in range(len(given))]
    if len(given) < 2 or len(set(names)) < len(names):
        raise BadInput(
            "representations", got=f"{len(given)}, {len(set(names))} names", expected="two or more, each named"
        )
    return tuple(names), given


def _groups(groups: Mapping[str, Any] | Sequence[Any] | None, names: Sequence[str]) -> tuple[str, ...]:
    if groups is None:
        return ()
    if isinstance(groups, Mapping):
        absent = [name for name in names if name not in groups]
        if absent:
            raise BadInput("groups", got=f"none for '{absent[0]}'", expected="one for each representation")
        return tuple(str(groups[name]) for name in names)
    if len(groups) != len(names):
        raise BadInput("groups", got=f"{len(groups)}", expected=f"{len(names)}, one for each representation")
    return tuple(map(str, groups))
