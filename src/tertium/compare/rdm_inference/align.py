"""Bring models and data to the same stimuli in the same order, or say which ones differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.engine import CENTRED
from tertium.compare.similarity.pairs import FloatArray
from tertium.errors import BadInput


@dataclass(frozen=True, eq=False)
class Aligned:
    """RDMs in one order of stimuli.

    Attributes
    ----------
    labels : tuple of str
        The stimuli.
    names : tuple of str
        One for each RDM.
    vectors : array, shape (rdm, pair)
        Dissimilarities.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    vectors: FloatArray


def align_data(data: RDM | Sequence[RDM] | Mapping[str, RDM]) -> Aligned:
    """Put measured RDMs in the order of the first one's stimuli.

    Raises
    ------
    BadInput
        If there is none, one is no RDM, or their stimuli are not the same.
    """
    items = named(data, "subject")
    for name, rdm in items:
        if not isinstance(rdm, RDM):
            raise BadInput(
                f"data '{name}'", got=f"a {type(rdm).__name__}", expected="an RDM", repair="See tertium.compare.rdm."
            )
    first_name, first = items[0]
    vectors = np.stack([aligned(rdm, first.labels, f"data '{n}'", f"data '{first_name}'") for n, rdm in items])
    return Aligned(first.labels, tuple(name for name, _ in items), vectors)


def aligned(rdm: RDM, labels: tuple[str, ...], what: str, other: str) -> FloatArray:
    """Return an RDM's vector in the order of ``labels``; the same set of labels is needed."""
    same_stimuli(rdm.labels, labels, what, other)
    return rdm.vector if rdm.labels == labels else rdm.subset(labels).vector


def same_stimuli(
    mine: Sequence[str],
    theirs: Sequence[str],
    what: str,
    other: str,
    repair: str = "Use RDM.subset to keep the common ones, or name them alike.",
) -> None:
    """Raise `BadInput`, naming the stimuli that differ, unless both have the same ones in any order."""
    extra, missing = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
    if extra or missing:
        facts = [f"{_some(extra)} only in {what}"] if extra else []
        facts += [f"{_some(missing)} only in {other}"] if missing else []
        raise BadInput(
            f"stimuli of {what} and {other}",
            got=" and ".join(facts),
            expected="the same labels",
            repair=repair,
        )


#: What to do where responses, not RDMs, show other stimuli.
KEEP_COMMON = "Keep the common ones (tertium.data.select(responses, stimulus=[...])), or name them alike."


def named(things: Any, kind: str) -> list[tuple[str, Any]]:
    """Give every model or subject a name of its own: the mapping's key, its own name, or a number."""
    if isinstance(things, Mapping):
        items = [(str(key), value) for key, value in things.items()]
    elif isinstance(things, Iterable) and not isinstance(things, RDM | str):
        given = [(str(getattr(value, "name", "")), value) for value in things]
        names = [name for name, _ in given]
        items = [
            (f"{name or kind} {i + 1}" if not name or names.count(name) > 1 else name, value)
            for i, (name, value) in enumerate(given)
        ]
    else:
        items = [(str(getattr(things, "name", "")) or f"{kind} 1", things)]
    if not items:
        raise BadInput(f"{kind}s", got="none", expected="at least one", repair="")
    return [(_free(name, [n for n, _ in items], i), value) for i, (name, value) in enumerate(items)]


def _free(name: str, names: list[str], i: int) -> str:
    """Return a name that no other thing has: an "a 1" made of the first "a" may meet one that was called so."""
    while name in names[:i] + names[i + 1 :]:
        name = f"{name} ({i + 1})"
    return name


def check_values(name: str, vector: FloatArray, method: str) -> None:
    """Raise `BadInput` for an RDM from which no similarity can be computed: infinite, all missing, constant."""
    if np.isinf(vector).any():
        got = f"{int(np.isinf(vector).sum())} infinite dissimilarities"
        raise BadInput(f"RDM '{name}'", got=got, expected="numbers, or NaN where not measured", repair="")
    there = vector[np.isfinite(vector)]
    if len(there) < 3:
        raise BadInput(f"RDM '{name}'", got=f"{len(there)} measured dissimilarities", expected="at least 3", repair="")
    if method in CENTRED and there.max() == there.min():
        raise BadInput(
            f"RDM '{name}'",
            got=f"the same dissimilarity ({there[0]:.3g}) for every pair",
            expected="dissimilarities that differ",
            repair=f"{method} is not defined for a constant RDM: leave it out.",
        )
    if not there.any():
        raise BadInput(
            f"RDM '{name}'", got="only zeros", expected="dissimilarities that differ from 0", repair="Leave it out."
        )


def _some(labels: list[str]) -> str:
    shown = ", ".join(f"'{label}'" for label in labels[:3])
    return shown if len(labels) <= 3 else f"{shown} and {len(labels) - 3} more"
