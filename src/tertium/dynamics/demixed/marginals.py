"""Marginalisation: a table of averages taken apart into what each label, and each combination of labels, does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]

#: The effects (sets of labels) that each marginalisation is the sum of.
Groups = dict[str, tuple[tuple[str, ...], ...]]

TIME = "time"


def default_groups(labels: Sequence[str], *, static: bool = False) -> Groups:
    """Return the usual marginalisations: each combination of labels merged with its interaction with time, and time.

    That is Kobak et al. 2016: a stimulus component may be modulated in time and stays a stimulus component.

    Parameters
    ----------
    labels : sequence of str
        Labels of the trials.
    static : bool
        There is only one time, so there are no effects of it.

    Examples
    --------
    >>> for name, effects in default_groups(["stimulus", "decision"]).items(): print(name, effects)
    time (('time',),)
    stimulus (('stimulus',), ('stimulus', 'time'))
    decision (('decision',), ('decision', 'time'))
    stimulus x decision (('stimulus', 'decision'), ('stimulus', 'decision', 'time'))
    """
    groups: Groups = {} if static else {TIME: ((TIME,),)}
    for size in range(1, len(labels) + 1):
        for effect in combinations(labels, size):
            groups[" x ".join(effect)] = (effect,) if static else (effect, (*effect, TIME))
    return groups


def check_groups(groups: Mapping[str, Sequence[Sequence[str]]], labels: Sequence[str], *, static: bool) -> Groups:
    """Return the user's own grouping in canonical order, if every effect is in exactly one group.

    Raises
    ------
    BadInput
        If a group names an unknown label, or an effect is in two groups or in none: the marginalisations would then not
        sum to the data.

    Examples
    --------
    >>> check_groups({"all": [["stimulus"], ["time"], ["time", "stimulus"]]}, ["stimulus"], static=False)
    {'all': (('stimulus',), ('time',), ('stimulus', 'time'))}
    """
    axes = [*labels] if static else [*labels, TIME]
    wanted = [effect for size in range(1, len(axes) + 1) for effect in combinations(axes, size)]
    found: Groups = {}
    owner: dict[tuple[str, ...], str] = {}
    for name, effects in groups.items():
        own = []
        for effect in effects:
            names = (effect,) if isinstance(effect, str) else tuple(effect)
            unknown = [one for one in names if one not in axes]
            if unknown or not names or len(set(names)) < len(names):
                raise BadInput(
                    f"group '{name}'",
                    got=f"the effect {names}",
                    expected=f"combinations of {', '.join(axes)}, each label once",
                )
            key = tuple(axis for axis in axes if axis in names)
            if key in owner:
                raise BadInput(
                    f"effect {' x '.join(key)}",
                    got=f"it in the groups '{owner[key]}' and '{name}'",
                    expected="each effect in one group",
                )
            owner[key] = name
            own.append(key)
        found[name] = tuple(own)
    missing = [" x ".join(effect) for effect in wanted if effect not in owner]
    if missing:
        raise BadInput(
            "groups",
            got=f"no group for {', '.join(missing)}",
            expected="each effect in one group, so that the marginalisations sum to the data",
            repair="Put it into a group, for instance into one named 'rest'.",
        )
    return found


def marginalise(averages: npt.ArrayLike, groups: Groups, labels: Sequence[str]) -> dict[str, Floats]:
    """Split averages into marginalisations, which sum to the centred averages and are orthogonal to each other.

    Each effect is a product of projections, one an axis: the mean over the axis where the effect does not have it, what
    is left of the mean where it has (Kobak et al. 2016, Methods, "Marginalization procedure").

    Parameters
    ----------
    averages : array-like, shape (unit, label 1, ..., time)
        One average for each unit, combination of labels and time; every combination counts alike.
    groups : mapping
        From `default_groups` or `check_groups`.
    labels : sequence of str
        Names of the axes between unit and time.

    Returns
    -------
    dict of arrays, each of the shape of the averages

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(5, 3, 2, 7))
    >>> parts = marginalise(x, default_groups(["stimulus", "decision"]), ["stimulus", "decision"])
    >>> bool(np.allclose(sum(parts.values()), x - x.mean(axis=(1, 2, 3), keepdims=True)))
    True
    """
    table = np.asarray(averages, dtype=np.float64)
    axes = [*labels, TIME]
    parts = {}
    for name, effects in groups.items():
        part = np.zeros_like(table)
        for effect in effects:
            one = table
            # means first: they make the array small
            for axis in sorted(range(len(axes)), key=lambda axis: axes[axis] in effect):
                mean = one.mean(axis=axis + 1, keepdims=True)
                one = one - mean if axes[axis] in effect else mean
            part += one
        parts[name] = part
    return parts


def condition_shares(groups: Groups, sizes: Sequence[int], labels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return how much of independent noise of the conditions falls into each marginalisation.

    Parameters
    ----------
    groups : mapping
    sizes : sequence of int
        Levels of each label.
    labels : sequence of str

    Returns
    -------
    dict of (float, float)
        Shares of the power of the noise's mean over time, and of what changes in time: the diagonal of the projections
        on conditions, which is the same for every condition.

    Examples
    --------
    >>> condition_shares(default_groups(["stimulus"]), [4], ["stimulus"])
    {'time': (0.0, 0.25), 'stimulus': (0.75, 0.75)}
    """
    shares = {}
    for name, effects in groups.items():
        total = [0.0, 0.0]
        for effect in effects:
            of_labels = np.prod([1 - 1 / n if one in effect else 1 / n for one, n in zip(labels, sizes, strict=True)])
            total[TIME in effect] += float(of_labels)
        shares[name] = (total[0], total[1])
    return shares
