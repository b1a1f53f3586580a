"""What is made of the curves: how far above chance a rule ends, how fast, and whether its angle foretold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from tertium.studies.methods.rules_families import CHANCE, OWN_NETWORK
from tertium.studies.methods.rules_table import ENTRIES, Entry, Group, name_of

Floats = NDArray[np.float64]

#: "<family> <key>" -> what `learned` returns.
Curves = Mapping[str, Mapping[str, Floats]]

#: Groups of rules that are told which way outputs should have gone.
TOLD: tuple[Group, ...] = ("exact", "local", "feedback", "differences")

#: Rules that shake something and compare what came of it.
SHAKING = ("layer_perturbation", "node_perturbation", "weight_perturbation")


def entries(family: str = "", groups: Iterable[Group] = (), rules: Iterable[str] = ()) -> list[Entry]:
    """Return the trainings of a family, of some groups, of some rules; each is left open where nothing is given."""
    return [
        entry
        for entry in ENTRIES
        if (not family or entry.family == family)
        and (not groups or entry.group in groups)
        and (not rules or entry.rule in rules)
    ]


def reference(family: str) -> Entry:
    """Return the training by back-propagation of a family."""
    return entries(family, rules=["bptt"])[0]


def above_chance(family: str, accuracy: Floats, last: int = 3) -> float:
    """Return by how many points the mean of the last measurements is above chance.

    Examples
    --------
    >>> above_chance("digits", np.array([10.0, 40.0, 50.0, 60.0]))
    40.0
    """
    return float(accuracy[-last:].mean()) - CHANCE[family]


def end(curves: Curves, entry: Entry) -> float:
    """Return by how many points a training ends above chance."""
    return above_chance(entry.family, curves[name_of(entry)]["accuracy"])


def area(accuracy: Floats) -> float:
    """Return the mean share of right answers through training (percent), the untrained network left out."""
    return float(accuracy[1:].mean())


def early(angle: Floats) -> float:
    """Return the mean angle over the first third of the measurements, the untrained network among them.

    Examples
    --------
    >>> early(np.array([80.0, 60.0, 50.0, 10.0, 10.0, 10.0]))
    70.0
    """
    return float(angle[: max(1, len(angle) // 3)].mean())


def compared(family: str) -> list[Entry]:
    """Return the trainings whose angle and speed are compared: taught, in the family's network, the gradient once."""
    return [
        entry
        for entry in entries(family, (*TOLD, "reward"))
        if entry.rule not in OWN_NETWORK and (entry.group != "exact" or entry is reference(family))
    ]


def angle_and_speed(
    curves: Curves, over: Iterable[str], random: np.random.Generator, draws: int = 400
) -> tuple[float, float]:
    """Return how angle and speed go together over the rules of a family, and how they would by chance.

    Parameters
    ----------
    curves : mapping
    over : iterable of str
        Names of families.
    random : numpy.random.Generator
    draws : int
        How often angles and curves are paired at random.

    Returns
    -------
    value : float
        Spearman's correlation of early angle and area under the learning curve, the mean over families.
    by_chance : float
        The lower end (5 %) of the same number with the pairing shuffled within families.
    """
    from scipy.stats import rankdata

    ranks = []
    for family in over:
        found = [curves[name_of(entry)] for entry in compared(family)]
        columns = [early(one["angle"]) for one in found], [area(one["accuracy"]) for one in found]
        ranks.append(tuple(rankdata(column) for column in columns))

    def correlation(pairs: Iterable[tuple[Floats, Floats]]) -> float:
        # where all learn alike there is nothing to foretell
        return float(np.mean([np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else np.nan for x, y in pairs]))

    shuffled = [correlation((x, random.permutation(y)) for x, y in ranks) for _ in range(draws)]
    return correlation(ranks), float(np.quantile(shuffled, 0.05))


def faster_though_further(curves: Curves, one: Entry, others: Iterable[Entry]) -> float:
    """Return by how many points of the mean accuracy one rule leads others that point nearer to the gradient.

    The least lead over all those that do point nearer early in training; NaN if none does.
    """
    own = curves[name_of(one)]
    found = [other for other in (curves[name_of(e)] for e in others) if early(other["angle"]) < early(own["angle"])]
    return min((area(own["accuracy"]) - area(other["accuracy"]) for other in found), default=float("nan"))


def furthest(curves: Curves, chosen: Iterable[Entry]) -> list[float]:
    """Return the largest angle of each training, through all of it, in degrees."""
    return [float(curves[name_of(entry)]["angle"].max()) for entry in chosen]


def expected_cosine(draws: int, numbers: float) -> float:
    """Return the cosine between a gradient and its estimate from random pushes of all its numbers.

    With g the gradient by ``n`` numbers and the estimate the mean over ``k`` normal pushes xi of ``xi (xi . g)``, its
    mean is g and its mean square ``|g|^2 (1 + (n + 1) / k)``; the cosine of the means is ``sqrt(k / (k + n + 1))``.

    Examples
    --------
    >>> round(expected_cosine(1, 98), 6)
    0.1
    """
    return float(np.sqrt(draws / (draws + numbers + 1)))


def factor_off(curves: Curves, numbers: Mapping[str, float]) -> float:
    """Return the factor by which cosines of weight perturbation are off those expected, the worst of some families.

    Parameters
    ----------
    curves : mapping
    numbers : mapping of str to float
        Family -> how many numbers are thought to be pushed.
    """
    worst = 1.0
    for entry in entries(rules=["weight_perturbation"]):
        if entry.family in numbers:
            cosine = float(np.cos(np.radians(curves[name_of(entry)]["angle"])).mean())
            ratio = max(cosine, 1e-9) / expected_cosine(int(entry.options["draws"]), numbers[entry.family])
            worst = max(worst, ratio, 1 / ratio)
    return worst
