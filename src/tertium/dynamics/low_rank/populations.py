"""Populations of a low-rank network: its loadings as a mixture of Gaussians, and new networks drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.low_rank.loadings import Loadings
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from sklearn.mixture import GaussianMixture

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Populations:
    """Units as draws from a mixture of Gaussians over their loadings; see `fit_populations`.

    Attributes
    ----------
    weights : array, shape (population,)
        Shares of the units, largest first.
    means : array, shape (population, loading)
    covariances : array, shape (population, loading, loading)
    labels : array of int, shape (unit,)
        The population each unit most likely belongs to.
    loadings : Loadings
        What was fitted.
    tried : array of int, shape (number,)
        Numbers of populations tried.
    bic : array, shape (number,)
        Bayesian information criterion of each, nats times 2; lower is better.
    """

    weights: Floats
    means: Floats
    covariances: Floats
    labels: Integers
    loadings: Loadings
    tried: Integers
    bic: Floats

    def __len__(self) -> int:
        return len(self.weights)

    def resample(self, n_units: int, seed: int | Seeds = 0) -> Loadings:
        """Draw a new network with these statistics (Dubreuil et al. 2022): what they do not fix is lost.

        Raises
        ------
        BadInput
            If no unit is asked for.
        """
        if n_units < 1:
            raise BadInput("units", got=str(n_units), expected="at least 1")
        rng = (seed if isinstance(seed, Seeds) else Seeds(seed)).numpy("resample")
        of = rng.choice(len(self), n_units, p=self.weights)
        drawn = np.empty((n_units, self.means.shape[1]))
        for p in range(len(self)):
            mine = of == p
            drawn[mine] = rng.multivariate_normal(
                self.means[p], self.covariances[p], int(mine.sum()), method="eigh", check_valid="ignore"
            )
        return Loadings.split(drawn, self.loadings.rank)

    def table(self) -> pd.DataFrame:
        """Return one row for each population: its share, and the covariance of each n with each m and I."""
        import pandas as pd

        names, rank = self.loadings.names, self.loadings.rank
        columns: dict[str, npt.ArrayLike] = {"population": np.arange(1, len(self) + 1), "share": self.weights}
        for r in range(rank, 2 * rank):
            for d in [*range(rank), *range(2 * rank, len(names))]:
                columns[f"cov({names[r]}, {names[d]})"] = self.covariances[:, r, d]
        return pd.DataFrame(columns)

    def figure(self, x: str | None = None, y: str | None = None) -> go.Figure:
        """Draw BIC against the number of populations, and the units on two loadings, coloured by population.

        Parameters
        ----------
        x, y : str, optional
            Loadings to show ("m1", "n2", "I1"); by default the pair whose covariance differs most over populations.
        """
        from plotly.subplots import make_subplots

        from tertium import figure

        names = self.loadings.names
        first, second = self._pair() if x is None or y is None else (_place(x, names), _place(y, names))
        panels = make_subplots(1, 2, column_widths=[0.36, 0.64], horizontal_spacing=0.14)
        base = figure.new(height=400).layout
        panels.update_layout({k: v for k, v in base.to_plotly_json().items() if k not in ("xaxis", "yaxis")})
        panels.update_xaxes(base.xaxis)
        panels.update_yaxes(base.yaxis)
        dark = {"color": "#222222", "size": 7}
        relative = self.bic - self.bic.min()
        panels.add_scatter(x=self.tried, y=relative, mode="lines+markers", marker=dark, showlegend=False, row=1, col=1)
        panels.update_xaxes(title_text="number of populations", dtick=1, row=1, col=1)
        panels.update_yaxes(title_text="BIC above its minimum", row=1, col=1)
        table = self.loadings.joined()
        for p in range(len(self)):
            mine = np.flatnonzero(self.labels == p)[:1500]  # more only hides the ones below
            look = {"color": figure.COLOURS[p % len(figure.COLOURS)], "size": 4, "opacity": 0.5}
            name = f"population {p + 1} ({self.weights[p]:.0%})"
            panels.add_scatter(
                x=table[mine, first], y=table[mine, second], mode="markers", marker=look, name=name, row=1, col=2
            )
        panels.update_xaxes(title_text=f"loading {names[first]}", row=1, col=2)
        panels.update_yaxes(title_text=f"loading {names[second]}", row=1, col=2)
        panels.update_layout(legend={"itemsizing": "constant"})
        return panels

    def _pair(self) -> tuple[int, int]:
        """Return the pair of loadings whose correlation differs most between populations."""
        deviations = np.sqrt(np.maximum(np.einsum("pii->pi", self.covariances), 1e-300))
        correlations = self.covariances / (deviations[:, :, None] * deviations[:, None, :])
        differing = np.ptp(correlations, axis=0)
        i, j = np.unravel_index(int(differing.argmax()), differing.shape)
        return min(int(i), int(j)), max(int(i), int(j))


def fit_populations(loadings: Loadings, numbers: npt.ArrayLike = (1, 2, 3, 4), *, seed: int | Seeds = 0) -> Populations:
    """Find the populations of a low-rank network: the mixture of Gaussians that explains its loadings best.

    Mixtures with full covariances are fitted by expectation maximisation, eight starts each (scikit-learn), to loadings
    scaled to standard deviation 1; the Bayesian information criterion chooses among the numbers (Dubreuil et al. 2022).

    Parameters
    ----------
    loadings : Loadings
    numbers : array-like of int
        Numbers of populations to try; one number fixes it.
    seed : int or Seeds
        Of the starts.

    Returns
    -------
    Populations
        With the number of populations that has the lowest criterion.

    Raises
    ------
    BadInput
        If a number is impossible, a loading is the same in all units, or one follows from the others (a mixture of
        Gaussians has no density then), or there are too few units.

    References
    ----------
    Dubreuil, A., Valente, A., Beiran, M., Mastrogiuseppe, F. & Ostojic, S. (2022). The role of population structure in
    computations through neural dynamics. Nature Neuroscience 25:783.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> m, noise = rng.normal(size=(2, 600))
    >>> n = np.where(np.arange(600) < 300, 1.0, -1.0) * m + 0.3 * noise
    >>> len(fit_populations(Loadings(m, n), (1, 2, 3)))
    2
    """
    tried = np.atleast_1d(np.asarray(numbers, dtype=np.int64))
    if tried.ndim != 1 or not len(tried) or tried.min() < 1:
        raise BadInput("numbers of populations", got=f"{tried.tolist()}", expected="integers, 1 or more")
    table = loadings.joined()
    if len(table) < 5 * table.shape[1] * tried.max():
        raise BadInput(
            "loadings",
            got=f"{len(table)} units",
            expected=f"at least {5 * table.shape[1] * tried.max()} for {tried.max()} populations of these loadings",
        )
    scale = _scale(table, loadings.names)
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    fits = [_best_mixture(table / scale, int(k), seeds.integer(f"{k} populations") % 2**32) for k in tried]
    bic = np.array([fit.bic(table / scale) for fit in fits])
    best = fits[int(bic.argmin())]
    order = np.argsort(-best.weights_, kind="stable")
    return Populations(
        weights=best.weights_[order] / best.weights_.sum(),
        means=best.means_[order] * scale,
        covariances=best.covariances_[order] * scale[:, None] * scale,
        labels=np.argsort(order)[best.predict(table / scale)].astype(np.int64),
        loadings=loadings,
        tried=tried,
        bic=bic,
    )


def _best_mixture(x: Floats, k: int, seed: int) -> GaussianMixture:
    """Return the likeliest of several fits of a mixture.

    Half of the starts are random memberships: populations that differ in covariance only lie across each other, and
    from clusters, the other half, the algorithm often ends with them cut in pieces.
    """
    from sklearn.mixture import GaussianMixture

    starts = {"kmeans": 4, "random": 4} if k > 1 else {"kmeans": 1}
    fits = [
        GaussianMixture(k, n_init=n, max_iter=300, init_params=kind, random_state=seed).fit(x)
        for kind, n in starts.items()
    ]
    return max(fits, key=lambda fit: float(fit.lower_bound_))


def _scale(table: Floats, names: list[str]) -> Floats:
    """Return the standard deviations of loadings; refuse those that span no density, by name."""
    scale = np.asarray(table.std(0))
    for name, deviation in zip(names, scale, strict=True):
        if deviation < 1e-12:
            raise BadInput(f"loading {name}", got="one value in all units", expected="a spread", repair="Leave it out.")
    correlations = np.corrcoef(table / scale, rowvar=False).reshape(len(names), len(names))
    values, vectors = np.linalg.eigh(correlations)
    if values[0] < 1e-8:
        involved = [name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 0.05]
        raise BadInput(
            "loadings " + ", ".join(involved),
            got="one that is a weighted sum of the others",
            expected="loadings of which none follows from the others",
            repair="Leave one of them out.",
        )
    return scale


def _place(name: str, names: list[str]) -> int:
    if name not in names:
        raise BadInput("loading", got=f"'{name}'", expected=", ".join(names))
    return names.index(name)
