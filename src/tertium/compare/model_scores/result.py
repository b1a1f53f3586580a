"""`ModelScores`: scores of models for subjects, with intervals, ceilings, tests of differences and of chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare.model_scores.spread import Spread
from tertium.compare.rdm_inference.multiple import benjamini_hochberg, bonferroni
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

    from tertium.compare.model_scores.power import Power

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Scores of models for subjects by one measure; made by `score_models`.

    Attributes
    ----------
    models, subjects : tuple of str
        Their names.
    measure, words : str
        Name of the measure; what an axis is called.
    is_distance : bool
        Whether 0 means alike, and less is better.
    values : array, shape (row, subject)
        Scores of the models and, if there is a ceiling, of the other subjects in the last row.
    has_ceiling : bool
        Whether there is that row.
    spread : Spread or None
        Covariances over what was drawn; None where nothing was.
    null : array, shape (shuffle, model), or None
        Mean scores under shuffled stimuli.
    level : float
        Coverage of intervals.
    notes : tuple of str
        What could not be drawn, and why.
    """

    models: tuple[str, ...]
    subjects: tuple[str, ...]
    measure: str
    words: str
    is_distance: bool
    values: FloatArray
    has_ceiling: bool
    spread: Spread | None
    null: FloatArray | None
    level: float
    notes: tuple[str, ...]

    @property
    def direction(self) -> str:
        """Whether more is better."""
        return "lower is better" if self.is_distance else "higher is better"

    @cached_property
    def scores(self) -> xr.DataArray:
        """Score of each model for each subject, dims (model, subject)."""
        import xarray as xr

        coords = {"model": np.array(self.models, dtype=object), "subject": np.array(self.subjects, dtype=object)}
        values = self.values[: len(self.models)]
        return xr.DataArray(values, dims=("model", "subject"), coords=coords, name=self.measure)

    @cached_property
    def mean(self) -> dict[str, float]:
        """Mean score of each model over subjects."""
        return {name: float(self.values[i].mean()) for i, name in enumerate(self.models)}

    @property
    def best(self) -> str:
        """The model that agrees best with the subjects in the mean."""
        return (min if self.is_distance else max)(self.mean, key=lambda name: self.mean[name])

    @property
    def ceiling(self) -> float | None:
        """Mean score of all other subjects' units together, as a model of each subject; None for one subject.

        What the data let one expect of a model that knows other brains: a lower bound of what is possible.
        """
        return float(self.values[-1].mean()) if self.has_ceiling else None

    @cached_property
    def interval(self) -> dict[str, tuple[float, float]]:
        """Interval of each model's mean score; empty where nothing was drawn."""
        if self.spread is None:
            return {}
        low, high = self.spread.interval(self.values.mean(1), np.eye(len(self.values)), self.level)
        return {name: (float(low[i]), float(high[i])) for i, name in enumerate(self.models)}

    @cached_property
    def chance(self) -> dict[str, float]:
        """Mean score of each model under shuffled stimuli; empty without shuffles."""
        return {} if self.null is None else dict(zip(self.models, self.null.mean(0).tolist(), strict=True))

    def difference(self, model: str, other: str) -> tuple[float, tuple[float, float]]:
        """Return by how much a model's score exceeds another's, with its interval; the other may be "ceiling".

        Raises
        ------
        UnknownName
            If there is no such model.
        BadInput
            If nothing was drawn.
        """
        contrast = self._contrast(model, other)
        spread = self._needed()
        value = contrast @ self.values.mean(1)
        low, high = spread.interval(value, contrast, self.level)
        return float(value[0]), (float(low[0]), float(high[0]))

    def compare(self) -> pd.DataFrame:
        """Test every two models against each other and, where there is a ceiling, each against it.

        Returns
        -------
        pandas.DataFrame
            One row a test: ``model`` less ``other`` is ``difference``, with ``low``, ``high``, ``t``, ``dof``, ``p``
            (two-sided), and within each ``family`` ("pair", "ceiling") ``p_fdr`` (Benjamini-Hochberg) and
            ``p_bonferroni``. Paired: the variance is that of the difference.

        Raises
        ------
        BadInput
            If nothing was drawn.
        """
        import pandas as pd

        spread = self._needed()
        pairs = [("pair", a, b) for i, a in enumerate(self.models) for b in self.models[i + 1 :]]
        pairs += [("ceiling", name, "ceiling") for name in self.models] if self.has_ceiling else []
        if not pairs:
            raise BadInput("comparison", got="one model and no ceiling", expected="two models, or two subjects")
        contrasts = np.vstack([self._contrast(a, b) for _, a, b in pairs])
        values = contrasts @ self.values.mean(1)
        low, high = spread.interval(values, contrasts, self.level)
        t, p = spread.test(values, contrasts)
        table = pd.DataFrame(pairs, columns=["family", "model", "other"])
        table = table.assign(difference=values, low=low, high=high, t=t, dof=spread.dof, p=p)
        for name, adjust in (("p_fdr", benjamini_hochberg), ("p_bonferroni", bonferroni)):
            table[name] = table.groupby("family")["p"].transform(lambda family, adjust=adjust: adjust(family))
        return table

    def against_chance(self) -> pd.DataFrame:
        """Test each model against shuffled stimuli.

        Returns
        -------
        pandas.DataFrame
            One row a model: ``score``, ``chance``, ``p`` (one-sided), ``p_fdr``, and ``p_family``, which keeps the
            chance of any false alarm: the best of all models in each shuffle is what a model must exceed (Westfall &
            Young 1993).

        Raises
        ------
        BadInput
            If there were no shuffles.
        """
        import pandas as pd

        if self.null is None:
            expected = "shuffles of the stimuli"
            raise BadInput("test against chance", got="none", expected=expected, repair="Pass n_permutations=1000.")
        sign = -1.0 if self.is_distance else 1.0
        score = np.array([self.mean[name] for name in self.models])
        null = sign * self.null
        slack = 1e-12 * np.maximum(1.0, np.abs(score))
        count = 1 + len(null)
        p = (1 + (null >= sign * score - slack).sum(0)) / count
        # shuffled scores are brought to one centre, so that a model that scores high by chance does not speak for all
        apart = null - null.mean(0)
        family = (1 + (apart.max(1)[:, None] >= sign * score - null.mean(0) - slack).sum(0)) / count
        columns = {"score": score, "chance": self.null.mean(0), "p": p, "p_fdr": benjamini_hochberg(p)}
        return pd.DataFrame({**columns, "p_family": family}, index=pd.Index(self.models, name="model", dtype=object))

    def components(self, model: str, other: str = "") -> pd.DataFrame:
        """Say where the variance of a model's mean score comes from, or that of its difference from another's.

        Returns
        -------
        pandas.DataFrame
            One row a component: ``variance`` of the mean (unbiased, so that nothing may be negative), ``share``, and
            ``error``, the standard deviation that it alone would give.

        Raises
        ------
        BadInput
            If nothing was drawn.
        """
        import pandas as pd

        found = self._needed().components(self._contrast(model, other)[0])
        variance = np.array(list(found.values()))
        there = np.maximum(variance, 0.0)
        share = there / there.sum() if there.sum() > 0 else np.full(len(there), np.nan)
        index = pd.Index(list(found), name="component", dtype=object)
        return pd.DataFrame({"variance": variance, "share": share, "error": np.sqrt(there)}, index=index)

    def power(
        self,
        model: str,
        other: str = "",
        *,
        n_subjects: Sequence[int] = (2, 4, 8, 16, 32),
        n_stimuli: Sequence[int] = (),
        alpha: float = 0.05,
        power: float = 0.8,
        seed: int = 0,
    ) -> Power:
        """Ask how small a difference more subjects or more stimuli would tell apart, by simulation.

        Parameters
        ----------
        model, other : str
            Two models whose difference is meant; one alone is meant as it is.
        n_subjects, n_stimuli : sequence of int
            Sizes of the experiment; as many stimuli as there were if none is named.
        alpha : float
            Level of the two-sided test.
        power : float
            Share of experiments that is to detect it.
        seed : int
            Of the simulation.

        Returns
        -------
        Power

        Raises
        ------
        BadInput
            If subjects or stimuli were not drawn here, so that nothing is known of others.
        """
        from tertium.compare.model_scores.power import simulate_power

        contrast = self._contrast(model, other)
        what = f"{model} less {other}" if other else model
        sizes = tuple(n_subjects), tuple(n_stimuli) or (self._needed().n_stimuli,)
        now = abs(float((contrast @ self.values.mean(1))[0]))
        return simulate_power(
            self._needed(), contrast[0], *sizes, what=what, now=now, alpha=alpha, power=power, seed=seed
        )

    def table(self) -> pd.DataFrame:
        """Return one row a model, best first: mean score, interval, and of the ceiling."""
        import pandas as pd

        index = pd.Index(self.models, name="model", dtype=object)
        columns: dict[str, object] = {"score": list(self.mean.values())}
        if self.interval:
            columns |= dict(zip(("low", "high"), zip(*self.interval.values(), strict=True), strict=True))
        if self.ceiling is not None:
            columns["ceiling"] = self.ceiling
        if self.chance:
            columns["chance"] = list(self.chance.values())
        return pd.DataFrame(columns, index=index).sort_values("score", ascending=self.is_distance)

    def figure(self) -> go.Figure:
        """Draw each model's mean score with its interval, its subjects, the ceiling and chance."""
        from tertium.compare.model_scores.pictures import scores_figure

        return scores_figure(self)

    def _needed(self) -> Spread:
        if self.spread is None:
            raise BadInput(
                "what is uncertain",
                got="nothing that was drawn",
                expected="subjects, stimuli or units",
                repair="Call score_models(..., over=('stimuli',)).",
            )
        return self.spread

    def _contrast(self, model: str, other: str) -> FloatArray:
        contrast = np.zeros((1, len(self.values)))
        contrast[0, self._row(model)] += 1.0
        if other:
            contrast[0, self._row(other)] -= 1.0
        return contrast

    def _row(self, name: str) -> int:
        if name == "ceiling" and self.has_ceiling:
            return len(self.models)
        if name not in self.models:
            raise unknown_name("model", name, self.models)
        return self.models.index(name)
