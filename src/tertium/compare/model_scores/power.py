"""What an experiment with more subjects or stimuli would tell apart, by simulation of the same test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import stats

from tertium.compare.model_scores.spread import Spread
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FloatArray = npt.NDArray[np.float64]

#: Experiments simulated for each size; the smallest difference is known to 1 to 2 per cent.
EXPERIMENTS = 4000


@dataclass(frozen=True, eq=False)
class Power:
    """The smallest difference that experiments of several sizes detect.

    Attributes
    ----------
    what : str
        The score, or the difference, that is meant.
    n_subjects, n_stimuli : tuple of int
        Sizes.
    smallest : array, shape (n_subjects, n_stimuli)
        The difference that is detected in a share ``power`` of experiments.
    now : float
        Size of the difference that was measured.
    alpha, power : float
        Level of the two-sided test; that share.
    """

    what: str
    n_subjects: tuple[int, ...]
    n_stimuli: tuple[int, ...]
    smallest: FloatArray
    now: float
    alpha: float
    power: float

    def __str__(self) -> str:
        lines = [
            f"with {k} subjects and {n} stimuli you can tell apart {self.smallest[i, j]:.2g}"
            for i, k in enumerate(self.n_subjects)
            for j, n in enumerate(self.n_stimuli)
        ]
        return f"{self.what} (measured: {self.now:.2g})\n" + "\n".join(lines)

    def table(self) -> pd.DataFrame:
        """Return one row a size: the smallest difference, and whether it is below the one that was measured."""
        import pandas as pd

        sizes = [(k, n) for k in self.n_subjects for n in self.n_stimuli]
        table = pd.DataFrame(sizes, columns=["subjects", "stimuli"])
        return table.assign(smallest=self.smallest.ravel(), detects_measured=self.smallest.ravel() <= self.now)

    def figure(self) -> go.Figure:
        """Draw the smallest difference over the number of subjects, a line for each number of stimuli."""
        from tertium import figure

        drawn = figure.new(
            x="subjects",
            y=f"smallest difference detected (power {self.power:.0%})",
            title=f"{self.what}: two-sided test at {self.alpha:g}; dashed: measured here ({self.now:.2g})",
        )
        for j, n in enumerate(self.n_stimuli):
            drawn.add_scatter(x=list(self.n_subjects), y=self.smallest[:, j], mode="lines+markers", name=f"{n} stimuli")
        drawn.update_xaxes(type="log", tickvals=list(self.n_subjects), ticktext=[str(k) for k in self.n_subjects])
        drawn.update_yaxes(rangemode="tozero")
        drawn.update_layout(showlegend=len(self.n_stimuli) > 1)
        figure.limit_line(drawn, self.now, "")
        return drawn


def simulate_power(
    spread: Spread,
    contrast: FloatArray,
    n_subjects: tuple[int, ...],
    n_stimuli: tuple[int, ...],
    *,
    what: str,
    now: float,
    alpha: float,
    power: float,
    seed: int,
) -> Power:
    """Simulate experiments out of variance components, and their tests.

    Scores of subjects are Gaussian: an effect of each subject, one of each stimulus, and one of both; each experiment
    estimates its variance as `Spread` does, and takes t with one less than the smaller number of degrees of freedom.

    Parameters
    ----------
    spread : Spread
        Of an experiment that was made.
    contrast : array, shape (row,)
        Weighted sum of mean scores that is meant.
    n_subjects, n_stimuli : tuple of int
        Sizes.
    what, now, alpha, power
        See `Power`.
    seed : int

    Raises
    ------
    BadInput
        If subjects or stimuli were not drawn, or a size is below 2.
    """
    if spread.subjects is None or spread.stimuli is None:
        raise BadInput(
            "power",
            got=f"scores drawn over {' and '.join(spread.over) or 'nothing'}",
            expected="subjects and stimuli, of which others are to be foretold",
            repair="Measure at least two subjects, and 10 stimuli.",
        )
    if min(*n_subjects, *n_stimuli) < 2 or not 0 < alpha < 1 or not 0 < power < 1:
        raise BadInput(
            "power",
            got=f"{min(*n_subjects, *n_stimuli)} of something, alpha {alpha:g}, power {power:g}",
            expected="at least 2 subjects and stimuli, and shares between 0 and 1",
        )
    found = spread.components(contrast)
    of_subject = max(found["subjects"] + found.get("units", 0.0), 0.0) * spread.n_subjects
    of_stimulus = max(found["stimuli"], 0.0) * spread.n_stimuli
    of_both = max(found["subjects x stimuli"], 0.0) * spread.n_subjects * spread.n_stimuli
    seeds = Seeds(seed)
    smallest = np.array(
        [
            [_smallest(of_subject, of_stimulus, of_both, k, n, alpha, power, seeds) for n in n_stimuli]
            for k in n_subjects
        ]
    )
    return Power(what, n_subjects, n_stimuli, smallest, now, alpha, power)


def _smallest(
    subject: float, stimulus: float, both: float, k: int, n: int, alpha: float, power: float, seeds: Seeds
) -> float:
    """Return the difference that a share ``power`` of experiments with k subjects and n stimuli detect."""
    random = seeds.numpy(f"{k} subjects, {n} stimuli")
    each = random.normal(0, np.sqrt(subject + both / n), (EXPERIMENTS, k))
    shared = random.normal(0, np.sqrt(stimulus / n), EXPERIMENTS)
    over_subjects = each.var(1, ddof=1) / k
    over_stimuli = (stimulus + both / k) / n * random.chisquare(n - 1, EXPERIMENTS) / (n - 1)
    doubled = both / (k * n) * random.chisquare((k - 1) * (n - 1), EXPERIMENTS) / ((k - 1) * (n - 1))
    variance = np.maximum(over_subjects + over_stimuli - doubled, np.maximum(over_subjects, over_stimuli))
    needed = np.sqrt(variance) * stats.t.ppf(1 - alpha / 2, min(k, n) - 1) - each.mean(1) - shared
    return float(np.quantile(needed, power))
