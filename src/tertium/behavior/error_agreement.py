"""`error_consistency`: whether two observers err on the same trials, more than their accuracies make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import binary, draws_wanted, same_length
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ErrorConsistency:
    """Agreement of observers about which trials they get right, beyond what their accuracies make.

    Attributes
    ----------
    kappa : array, shape (observer, observer)
        Cohen's kappa: 1 for the same errors, 0 for independent ones. NaN where both are right (or wrong) on all trials.
    low, high : array, shape (observer, observer)
        95 % interval over trials.
    least, most : array, shape (observer, observer)
        What kappa could be at all, given both accuracies.
    chance_low, chance_high : array, shape (observer, observer)
        Middle 95 % of kappa of independent observers with these accuracies.
    observed, expected : array, shape (observer, observer)
        Share of trials on which both are right or both wrong, and that of independent observers.
    accuracy : array, shape (observer,)
        Share of trials each got right.
    observers : tuple of str
        Their names.
    n_trials : int
        How many trials all of them saw.
    """

    kappa: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats
    chance_low: Floats
    chance_high: Floats
    observed: Floats
    expected: Floats
    accuracy: Floats
    observers: tuple[str, ...]
    n_trials: int

    def table(self) -> pd.DataFrame:
        """Return one row for each pair of observers."""
        import pandas as pd

        i, j = np.triu_indices(len(self.observers), 1)
        names = ("kappa", "low", "high", "least", "most", "chance_low", "chance_high", "observed", "expected")
        pairs = pd.MultiIndex.from_arrays(
            [[self.observers[a] for a in i], [self.observers[b] for b in j]], names=["one", "other"]
        )
        return pd.DataFrame({name: getattr(self, name)[i, j] for name in names}, index=pairs)

    def figure(self) -> go.Figure:
        """Draw kappa of each pair with its interval, on the range that independent observers have (grey)."""
        from tertium.figure import COLOURS, dots_with_intervals, limit_line, new

        rows = self.table().reset_index()
        names = [f"{a} & {b}" for a, b in zip(rows["one"], rows["other"], strict=True)]
        figure = new(
            x="error consistency (Cohen's kappa)",
            title=f"{len(self.observers)} observers, {self.n_trials} trials; bars: 95 % interval",
            height=120 + 26 * len(names),
        )
        figure.add_bar(
            x=(rows["chance_high"] - rows["chance_low"]).tolist(),
            base=rows["chance_low"].tolist(),
            y=names,
            orientation="h",
            marker={"color": "#DDDDDD"},
            name="independent errors",
            width=0.7,
        )
        kappa, low, high = (rows[name].tolist() for name in ("kappa", "low", "high"))
        dots_with_intervals(figure, names, kappa, low, high, "measured", colour=COLOURS[0], horizontal=True)
        figure.update_yaxes(automargin=True)
        return limit_line(figure, 0.0, "", vertical=True)


def error_consistency(
    correct: Mapping[str, npt.ArrayLike] | npt.ArrayLike, *, n_draws: int = 1000, seed: int = 0
) -> ErrorConsistency:
    """Ask of every two observers whether they err on the same trials (Geirhos, Meding & Wichmann 2020).

    Parameters
    ----------
    correct : mapping of str to array of bool, shape (trial,), or array of shape (observer, trial)
        Whether each observer got each trial right; the same trials in the same order.
    n_draws : int
        Draws of what lies behind the trials, and of independent observers.
    seed : int
        Of the draws.

    Returns
    -------
    ErrorConsistency
        ``kappa = (observed - expected) / (1 - expected)`` with ``expected = p1 p2 + (1 - p1)(1 - p2)``
        (NeurIPS 33:13890). Given both accuracies the observed agreement lies between
        ``|p1 + p2 - 1|`` and ``1 - |p1 - p2|``, which bounds kappa.

    Raises
    ------
    BadInput
        If there are fewer than two observers or ten trials, lengths differ, or values are not true or false.

    Notes
    -----
    Trials are taken as independent draws (of stimuli). The interval is that of the four shares (both right, one, the
    other, none) given their counts, with Jeffreys' prior of half a trial each: a bootstrap of trials fails where the
    rarest, as none right, was never seen. In simulation (400 trials, accuracies 0.75 and 0.95, kappa 0, 0.4, 0.8)
    it covers in 92 to 97 %, a bootstrap in 61 % at the worst. Observers near 0 or 1 hardly disagree, and kappa then
    has wide intervals: compare with ``chance_low`` and ``chance_high``, not with 0 alone.

    Examples
    --------
    >>> found = error_consistency({"a": [1, 1, 1, 0, 0] * 20, "b": [1, 1, 0, 1, 0] * 20}, n_draws=200)
    >>> float(found.observed[0, 1]), round(float(found.expected[0, 1]), 2), round(float(found.kappa[0, 1]), 3)
    (0.6, 0.52, 0.167)
    """
    draws = draws_wanted("n_draws", n_draws)
    if not isinstance(correct, Mapping):
        rows = np.asarray(correct)
        if rows.ndim != 2:
            raise BadInput("correct", got=f"shape {rows.shape}", expected="(observer, trial), or a mapping", repair="")
        correct = {str(i): row for i, row in enumerate(rows)}
    names = tuple(str(name) for name in correct)
    if len(names) < 2:
        raise BadInput("observers", got=f"{len(names)}", expected="at least 2", repair="")
    columns = {name: binary(f"correct of '{name}'", values) for name, values in correct.items()}
    n = same_length(*columns.items())
    if n < 10:
        raise BadInput("trials", got=f"{n}", expected="at least 10", repair="")
    right = np.stack(list(columns.values())).astype(np.float64)
    p = right.mean(axis=1)
    observed = (right @ right.T + (1 - right) @ (1 - right.T)) / n
    expected = np.outer(p, p) + np.outer(1 - p, 1 - p)
    agree = np.abs(p[:, None] + p - 1), 1 - np.abs(p[:, None] - p)
    shape = (2, len(names), len(names))
    ends, chance = np.full(shape, np.nan), np.full(shape, np.nan)
    kappa = _kappa(observed, expected)
    for out in (*ends, *chance):
        np.fill_diagonal(out, np.diag(kappa))  # an observer agrees with itself, whatever the trials
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        generator = Seeds(seed).numpy(f"{names[i]} and {names[j]}")
        both = np.array([right[i] @ right[j], right[i] @ (1 - right[j]), (1 - right[i]) @ right[j]])
        cells = np.append(both, n - both.sum())
        alone = np.array([p[i] * p[j], p[i] * (1 - p[j]), (1 - p[i]) * p[j], (1 - p[i]) * (1 - p[j])])
        posterior = generator.dirichlet(cells + 0.5, size=draws)
        independent = generator.multinomial(n, alone / alone.sum(), size=draws) / n
        for end, drawn in ((ends, posterior), (chance, independent)):
            values = _kappa_of_cells(drawn)
            values = values[np.isfinite(values)]
            if len(values):
                end[:, i, j] = end[:, j, i] = np.quantile(values, [0.025, 0.975])
    return ErrorConsistency(
        kappa=kappa,
        low=ends[0],
        high=ends[1],
        least=_kappa(agree[0], expected),
        most=_kappa(agree[1], expected),
        chance_low=chance[0],
        chance_high=chance[1],
        observed=observed,
        expected=expected,
        accuracy=p,
        observers=names,
        n_trials=n,
    )


def _kappa(observed: Floats, expected: Floats) -> Floats:
    room = 1 - expected
    possible = room > 1e-12
    return np.where(possible, (observed - expected) / np.where(possible, room, 1.0), np.nan)


def _kappa_of_cells(cells: Floats) -> Floats:
    """Return kappa of shares (draw, 4): both right, one alone, the other alone, none."""
    one, other = cells[:, 0] + cells[:, 1], cells[:, 0] + cells[:, 2]
    return _kappa(cells[:, 0] + cells[:, 3], one * other + (1 - one) * (1 - other))
