"""What RSA found: scores, intervals, ceilings, tests, a table and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tertium.compare.rdm_inference.multiple import benjamini_hochberg, bonferroni
from tertium.compare.rdm_inference.variance import Uncertainty
from tertium.compare.similarity.pairs import FloatArray
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr


@dataclass(frozen=True, eq=False)
class RSAResult:
    """Scores of models against measured RDMs; made by `tertium.compare.rsa`.

    Attributes
    ----------
    models, subjects, labels : tuple of str
        Names of the models, the subjects and the stimuli.
    method : str
        The similarity.
    bootstrap : str or None
        What was drawn: "stimuli", "subjects", "both" or nothing.
    values : array, shape (row, subject)
        Scores of the models and, if there are ceilings, of the lower and the upper one.
    uncertainty : Uncertainty or None
        Covariances of the mean scores; None for one subject without bootstrap.
    draws : array, shape (draw, row) or None
        Mean score over subjects in each bootstrap draw. For "both" these scatter too widely: use `interval`.
    level : float
        Coverage of the intervals.
    interval_method : str
        "t" or "percentile".
    n_folds : int or None
        Folds of stimuli, if scores are of held-out stimuli.
    randomisation : array, shape (model,) or None
        p values of the randomisation test.
    notes : tuple of str
        What could not be done, and why.
    """

    models: tuple[str, ...]
    subjects: tuple[str, ...]
    labels: tuple[str, ...]
    method: str
    bootstrap: str | None
    values: FloatArray
    uncertainty: Uncertainty | None
    draws: FloatArray | None
    level: float
    interval_method: str
    n_folds: int | None
    randomisation: FloatArray | None
    notes: tuple[str, ...]

    @cached_property
    def scores(self) -> xr.DataArray:
        """Score of each model for each subject, dims (model, subject), in [-1, 1]."""
        import xarray as xr

        return xr.DataArray(
            self.values[: len(self.models)],
            dims=("model", "subject"),
            coords={
                "model": np.array(self.models, dtype=object),
                "subject": np.array(self.subjects, dtype=object),
            },
            attrs={"method": self.method},
            name="score",
        )

    @cached_property
    def mean(self) -> dict[str, float]:
        """Mean score of each model over subjects."""
        means = self.values.mean(axis=1)
        return {name: float(means[i]) for i, name in enumerate(self.models)}

    @cached_property
    def ceiling(self) -> tuple[float, float] | None:
        """Lower and upper noise ceiling (Nili et al. 2014), or None; `ceiling_note` says why."""
        if len(self.values) == len(self.models):
            return None
        lower, upper = self.values[len(self.models) :].mean(axis=1)
        return float(lower), float(upper)

    @property
    def ceiling_note(self) -> str:
        """Why there is no ceiling, or what it means."""
        if len(self.subjects) < 2:
            return "no noise ceiling: it is how well subjects agree, and there is one subject"
        if self.ceiling is None:
            return "no noise ceiling: some subject shares fewer than 3 measured pairs with the others"
        return "lower: mean of the other subjects' RDMs; upper: mean of all subjects' RDMs"

    @cached_property
    def interval(self) -> dict[str, tuple[float, float]]:
        """Confidence interval of each model's mean score; empty where there is none, `notes` says why."""
        if self.uncertainty is None:
            return {}
        if self.interval_method == "percentile" and self.draws is not None:
            share = (1 - self.level) / 2
            low, high = np.quantile(self.draws, [share, 1 - share], axis=0)
        else:
            low, high = self.uncertainty.t_interval(self.values.mean(axis=1), np.eye(len(self.values)), self.level)
        return {name: (float(low[i]), float(high[i])) for i, name in enumerate(self.models)}

    def compare(self) -> pd.DataFrame:
        """Test every two models against each other, and each against 0 and against the lower noise ceiling.

        Returns
        -------
        pandas.DataFrame
            One row a test. ``family``: "pair", "zero" or "lower ceiling"; ``model`` less ``other`` is ``difference``,
            with its interval ``low``, ``high``, ``t``, ``dof``, ``p``, and ``p_fdr`` (Benjamini-Hochberg) and
            ``p_bonferroni`` within the family. Paired: the variance is that of the difference, over subjects or
            bootstrap draws. Two-sided, but for "zero", where only a positive score counts. For the two cosines 0 is
            not chance; the randomisation test (``n_permutations``) knows the chance level.

        Raises
        ------
        BadInput
            If there is one subject and no bootstrap, and so nothing to test by.
        """
        import pandas as pd

        if self.uncertainty is None:
            raise BadInput(
                "comparison of models",
                got="one subject and no bootstrap",
                expected="2 subjects or a bootstrap over stimuli",
                repair="Pass bootstrap='stimuli'.",
            )
        frames = [
            self._family("pair", [(i, j) for i in range(len(self.models)) for j in range(i + 1, len(self.models))]),
            self._family("zero", [(i, -1) for i in range(len(self.models))]),
        ]
        if self.ceiling is not None:
            lower = len(self.models)
            frames.append(self._family("lower ceiling", [(i, lower) for i in range(lower)]))
        return pd.concat([f for f in frames if len(f)], ignore_index=True)

    def _family(self, family: str, tests: list[tuple[int, int]]) -> pd.DataFrame:
        import pandas as pd

        if not tests:
            return pd.DataFrame()
        assert self.uncertainty is not None
        rows = len(self.values)
        contrast = np.zeros((len(tests), rows))
        for k, (i, j) in enumerate(tests):
            contrast[k, i] = 1
            if j >= 0:
                contrast[k, j] = -1
        difference = contrast @ self.values.mean(axis=1)
        low, high = self.uncertainty.t_interval(difference, contrast, self.level)
        t, p = self.uncertainty.t_test(difference, contrast, one_sided=family == "zero")
        others = {-1: "0", len(self.models): "lower ceiling"}
        return pd.DataFrame(
            {
                "family": family,
                "model": [self.models[i] for i, _ in tests],
                "other": [self.models[j] if 0 <= j < len(self.models) else others[j] for _, j in tests],
                "difference": difference,
                "low": low,
                "high": high,
                "t": t,
                "dof": self.uncertainty.dof,
                "p": p,
                "p_fdr": benjamini_hochberg(p),
                "p_bonferroni": bonferroni(p),
            }
        )

    def table(self) -> pd.DataFrame:
        """One row a model: mean score, interval, p against 0, ceilings, and a warning above the upper ceiling."""
        import pandas as pd

        frame = pd.DataFrame({"model": self.models, "score": list(self.mean.values())})
        if self.interval:
            frame["low"] = [low for low, _ in self.interval.values()]
            frame["high"] = [high for _, high in self.interval.values()]
            frame["p"] = self._family("zero", [(i, -1) for i in range(len(self.models))])["p"]
        if self.randomisation is not None:
            frame["p_randomisation"] = self.randomisation
        if self.ceiling is not None:
            frame["ceiling_low"], frame["ceiling_high"] = self.ceiling
        frame["warning"] = [self.warning(name) for name in self.models]
        return frame

    def warning(self, model: str) -> str:
        """Return a warning if a model's score exceeds the upper noise ceiling, else an empty string."""
        if self.ceiling is None or self.mean[model] <= self.ceiling[1] + 1e-12:
            return ""
        return "above the upper noise ceiling: was the model made from these data?"

    def figure(self) -> go.Figure:
        """Draw the mean scores with intervals, each subject's score and the band of the noise ceiling."""
        from tertium.compare.rdm_inference.figure import score_figure

        return score_figure(self)

    def __repr__(self) -> str:
        bounds = f"ceiling {self.ceiling[0]:.3f} to {self.ceiling[1]:.3f}" if self.ceiling else "no ceiling"
        scores = ", ".join(f"{name} {value:.3f}" for name, value in self.mean.items())
        return (
            f"RSAResult({self.method}: {scores}; {bounds}; {len(self.labels)} stimuli, {len(self.subjects)} subjects)"
        )
