"""`choice_likelihood`: how well a model's probabilities say what was chosen, between chance and the best there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Floats, Indices, Interval, labels, same_length
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: Of inputs and choices to fit: a function of inputs that returns probabilities, (trial, option).
Fit = Callable[[npt.NDArray[Any], Indices], Callable[[npt.NDArray[Any]], npt.ArrayLike]]


@dataclass(frozen=True, eq=False)
class ChoiceLikelihood:
    """Negative log likelihood of choices under a model, in nats a trial: lower is better.

    Attributes
    ----------
    value : Interval
        Mean over subjects of each one's mean over trials, with Student's interval over subjects; over trials, where no
        subjects were given.
    chance : float
        That of a model that knows nothing: log(options).
    saturated : float
        That of the frequencies of choices in each condition (of each subject): no model of the conditions does better
        on these trials. NaN where no conditions were given.
    explained : Interval
        1 - value / chance: McFadden's pseudo R squared.
    bic : float
        ``n_constants log(trials) + 2 total``, over all subjects; lower is better.
    by_subject : array, shape (subject,)
        Mean over the trials of each.
    subjects : tuple of str
        Their names; one, "all", where none were given.
    n_trials, n_options, n_constants : int
        How many.
    cross_validated : bool
        Whether each trial was predicted by a model that was not fitted to it.
    """

    value: Interval
    chance: float
    saturated: float
    explained: Interval
    bic: float
    by_subject: Floats
    subjects: tuple[str, ...]
    n_trials: int
    n_options: int
    n_constants: int
    cross_validated: bool

    @property
    def explainable(self) -> float:
        """Share of the way from chance to the saturated model that the model goes; NaN without conditions."""
        return (self.chance - self.value.value) / (self.chance - self.saturated)

    def table(self) -> pd.DataFrame:
        """Return one row for each subject."""
        import pandas as pd

        columns = {"nll": self.by_subject, "explained": 1 - self.by_subject / self.chance}
        return pd.DataFrame(columns, index=pd.Index(self.subjects, name="subject", dtype=object))

    def figure(self) -> go.Figure:
        """Draw each subject's negative log likelihood, and the mean, between chance and the saturated model."""
        from tertium.figure import COLOURS, dots_with_intervals, limit_line, new

        kind = "cross-validated" if self.cross_validated else "of the trials given"
        n = len(self.subjects)
        figure = new(
            y="negative log likelihood (nats a trial)",
            title=f"Choices of {n} subject{'s' * (n > 1)}, {self.n_trials} trials, {kind}; mean with 95 % interval",
        )
        dots_with_intervals(
            figure, ["mean"], [self.value.value], [self.value.low], [self.value.high], colour=COLOURS[1]
        )
        order = np.argsort(self.by_subject) if n > 1 else np.zeros(0, dtype=int)
        figure.add_scatter(
            x=[self.subjects[i] for i in order],
            y=self.by_subject[order].tolist(),
            mode="markers",
            marker={"size": 6, "color": COLOURS[0]},
            showlegend=False,
        )
        limit_line(figure, self.chance, "chance")
        if np.isfinite(self.saturated):
            limit_line(figure, self.saturated, "saturated")
        return figure.update_xaxes(type="category")


def choice_likelihood(
    probabilities: npt.ArrayLike,
    choice: npt.ArrayLike,
    *,
    subject: npt.ArrayLike | None = None,
    condition: npt.ArrayLike | None = None,
    n_constants: int = 0,
) -> ChoiceLikelihood:
    """Score a model's probabilities by what was chosen.

    Parameters
    ----------
    probabilities : array, shape (trial, option) or (trial,)
        Of each option, summing to 1; or of option 1 out of 0 and 1.
    choice : array of int, shape (trial,)
        Which option was chosen.
    subject, condition : array of labels, shape (trial,), optional
        Who chose, and what was shown, for the interval and for the saturated model.
    n_constants : int
        How many constants of the model were fitted to these trials, all subjects together.

    Returns
    -------
    ChoiceLikelihood

    Raises
    ------
    BadInput
        If probabilities are not such, do not sum to 1, or give 0 to what was chosen (the trial is named).

    Examples
    --------
    >>> found = choice_likelihood([0.9, 0.9, 0.1, 0.1], [1, 1, 0, 0])
    >>> round(found.value.value, 4), round(found.chance, 4)         # -log(0.9), log(2)
    (0.1054, 0.6931)
    """
    chosen, losses, n_options = _losses(probabilities, choice)
    return _summed(chosen, losses, n_options, subject, condition, n_constants, held_out=False)


def crossvalidated_likelihood(
    fit: Fit,
    inputs: npt.ArrayLike,
    choice: npt.ArrayLike,
    *,
    cv: int = 5,
    subject: npt.ArrayLike | None = None,
    condition: npt.ArrayLike | None = None,
    seed: int = 0,
) -> ChoiceLikelihood:
    """Score a model on choices that it was not fitted to.

    Parameters
    ----------
    fit : callable
        Takes inputs and choices of some trials, returns a function of inputs that returns probabilities.
    inputs : array, shape (trial, ...)
        Whatever the model takes.
    choice, subject, condition
        As in `choice_likelihood`.
    cv : int
        Parts of the trials, at random; each is predicted by a model fitted to the others.
    seed : int
        Of the parts.

    Returns
    -------
    ChoiceLikelihood
        With a ``bic`` of NaN: trials were held out instead of counting constants. The saturated model is not
        cross-validated, and so a bound from below.

    Raises
    ------
    BadInput
        As `choice_likelihood`; and if there are more parts than trials.

    Examples
    --------
    >>> x = np.random.default_rng(0).integers(0, 2, 200)
    >>> def frequencies(inputs, choice):
    ...     p = np.array([choice[inputs == i].mean() for i in (0, 1)]).clip(0.01, 0.99)
    ...     return lambda new: p[new]
    >>> round(crossvalidated_likelihood(frequencies, x, x).value.value, 4)
    0.0101
    """
    given, chosen = np.asarray(inputs), np.asarray(choice)
    n = same_length(("inputs", given), ("choice", chosen))
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or not 2 <= cv <= n:
        raise BadInput("cv", got=repr(cv), expected=f"a whole number from 2 to {n} trials", repair="5 is usual.")
    part = Seeds(seed).numpy("parts").permutation(np.arange(n) % cv)
    losses, n_options = np.empty(n), 2
    for i in range(cv):
        tested = part == i
        predict = fit(given[~tested], chosen[~tested])
        _, losses[tested], n_options = _losses(predict(given[tested]), chosen[tested])
    return _summed(chosen.astype(np.int64), losses, n_options, subject, condition, 0, held_out=True)


def _losses(probabilities: npt.ArrayLike, choice: npt.ArrayLike) -> tuple[Indices, Floats, int]:
    """Return choices, minus the log probability of each, and the number of options."""
    p, c = np.asarray(probabilities, dtype=np.float64), np.asarray(choice)
    if p.ndim == 1:
        p = np.stack([1 - p, p], axis=1)
    if p.ndim != 2 or c.shape != p.shape[:1] or p.shape[1] < 2:
        got = f"probabilities {p.shape}, choices {c.shape}"
        raise BadInput("trials", got=got, expected="(trial, option) and (trial,)", repair="")
    if not (np.isfinite(p) & (p >= 0)).all() or np.abs(p.sum(axis=1) - 1).max() > 1e-6:
        bad = np.flatnonzero(~(np.isfinite(p) & (p >= 0)).all(axis=1) | ~(np.abs(p.sum(axis=1) - 1) <= 1e-6))
        got = f"{p[bad[0]].tolist()} on trial {bad[0]}"
        raise BadInput("probabilities", got=got, expected="0 or more, summing to 1", repair="Normalise them.")
    if c.dtype.kind not in "iub" or (c < 0).any() or (c >= p.shape[1]).any():
        got = f"{c.dtype}, {c.min()} to {c.max()}" if len(c) else "none"
        raise BadInput("choice", got=got, expected=f"whole numbers from 0 to {p.shape[1] - 1}", repair="")
    c = c.astype(np.int64)
    taken = p[np.arange(len(c)), c]
    if taken.min() <= 0:
        raise BadInput(
            "probabilities",
            got=f"0 for what was chosen on trial {int(taken.argmin())}",
            expected="above 0: one such trial makes the likelihood 0",
            repair="Give the model a lapse rate, for instance 0.98 p + 0.02 / options.",
        )
    return c, -np.log(taken), p.shape[1]


def _summed(
    choice: Indices,
    losses: Floats,
    n_options: int,
    subject: npt.ArrayLike | None,
    condition: npt.ArrayLike | None,
    n_constants: int,
    *,
    held_out: bool,
) -> ChoiceLikelihood:
    """Average within subjects, then over them; Student's interval, since subjects are few as a rule."""
    from scipy import stats

    n = len(losses)
    names, who = (("all",), np.zeros(n, dtype=np.int64)) if subject is None else labels("subject", subject)
    same_length(("choice", losses), ("subject", who))
    counts = np.bincount(who)
    by_subject = np.bincount(who, losses) / counts
    rows = losses if subject is None else by_subject
    if len(rows) < 2:
        raise BadInput("subjects", got=f"{len(rows)}", expected="at least 2", repair="Leave subject out: over trials.")
    middle, chance = float(rows.mean()), float(np.log(n_options))
    reach = float(stats.t.ppf(0.975, len(rows) - 1) * rows.std(ddof=1) / np.sqrt(len(rows)))
    value = Interval(middle, middle - reach, middle + reach)
    best = float("nan")
    if condition is not None:
        _, what = labels("condition", condition)
        same_length(("choice", losses), ("condition", what))
        cell = who * (what.max() + 1) + what
        table = np.zeros((int(cell.max()) + 1, n_options))
        np.add.at(table, (cell, choice), 1.0)
        taken = table[cell, choice] / table.sum(axis=1)[cell]
        best = float((np.bincount(who, -np.log(taken)) / counts).mean())
    return ChoiceLikelihood(
        value=value,
        chance=chance,
        saturated=best,
        explained=Interval(1 - value.value / chance, 1 - value.high / chance, 1 - value.low / chance),
        bic=float("nan") if held_out else n_constants * float(np.log(n)) + 2 * float(losses.sum()),
        by_subject=by_subject,
        subjects=names,
        n_trials=n,
        n_options=n_options,
        n_constants=n_constants,
        cross_validated=held_out,
    )
