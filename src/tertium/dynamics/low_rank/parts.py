"""A connectivity matrix taken apart: structure of low rank, random bulk, and which eigenvalues belong to which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.low_rank.loadings import Loadings, matrix
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class LowRankParts:
    """What `low_rank_parts` found.

    Attributes
    ----------
    loadings : Loadings
        m (mean square 1) and n of each singular mode that is kept, largest first: ``W ~ m n^T / n_units``.
    singular_values : array, shape (unit,)
    eigenvalues : array of complex, shape (unit,)
        Largest modulus first.
    gain : float
        Of the random part, sqrt(n_units) times the standard deviation of its entries: the radius of the bulk.
    p_values : array, shape (unit,)
        Probability that independent Gaussian weights of this gain have an eigenvalue of this modulus anywhere.
    level : float
        Below which an eigenvalue counts as an outlier.
    """

    loadings: Loadings
    singular_values: Floats
    eigenvalues: Complexes
    gain: float
    p_values: Floats
    level: float

    @property
    def outliers(self) -> Complexes:
        """Eigenvalues outside of the bulk, largest modulus first."""
        return np.asarray(self.eigenvalues[self.p_values < self.level])

    @property
    def overlap_eigenvalues(self) -> Complexes:
        """Eigenvalues of ``N^T M / n_units``, shape (rank,), largest modulus first: where outliers are expected."""
        values = np.linalg.eigvals(self.loadings.overlaps).astype(np.complex128)
        return np.asarray(values[np.lexsort((-values.imag, -np.round(np.abs(values), 12)))])

    def table(self) -> pd.DataFrame:
        """Return one row for each singular mode kept: its size, and the overlap of its n with its m."""
        import pandas as pd

        rank = self.loadings.rank
        return pd.DataFrame(
            {
                "mode": np.arange(1, rank + 1),
                "singular_value": self.singular_values[:rank],
                "overlap": np.diag(self.loadings.overlaps),
                "overlap_eigenvalue": self.overlap_eigenvalues,
            }
        )

    def figure(self) -> go.Figure:
        """Draw the eigenvalues in the complex plane with the bulk's circle and the eigenvalues of the overlaps."""
        from tertium import figure

        n = len(self.eigenvalues)
        drawn = figure.new(x="real part", y="imaginary part", width=620, height=480, title=f"{n} units")
        out = self.p_values < self.level
        angle = np.linspace(0, 2 * np.pi, 200)
        circle = {"color": "#888888", "width": 1, "dash": "dash"}
        drawn.add_scatter(
            x=self.gain * np.cos(angle), y=self.gain * np.sin(angle), mode="lines", line=circle,
            name=f"circular law, radius {self.gain:.2f}",
        )  # fmt: skip
        for chosen, name, look in (
            (~out, "bulk", {"color": "#7F7F7F", "size": 4, "opacity": 0.6}),
            (out, "outliers", {"color": figure.COLOURS[1], "size": 9}),
        ):
            values = self.eigenvalues[chosen]
            drawn.add_scatter(x=values.real, y=values.imag, mode="markers", marker=look, name=name)
        expected = self.overlap_eigenvalues
        cross = {"symbol": "x-thin", "size": 12, "line": {"color": "#222222", "width": 2}}
        drawn.add_scatter(x=expected.real, y=expected.imag, mode="markers", marker=cross, name="of the overlaps")
        drawn.update_yaxes(scaleanchor="x")
        return drawn


def low_rank_parts(weights: npt.ArrayLike, rank: int | None = None, *, level: float = 0.01) -> LowRankParts:
    """Split connectivity into structure of low rank and a random bulk, by singular values and by eigenvalues.

    The gain of the bulk is read from the median singular value, which a few strong modes leave alone (of independent
    entries singular values follow the quarter circle law up to twice the gain). An eigenvalue is an outlier if so
    large a modulus is improbable among all eigenvalues of independent Gaussian weights (Kostlan's law for N complex
    eigenvalues; half as many pairs for real weights).

    Parameters
    ----------
    weights : array-like, shape (unit, unit)
        Row = target.
    rank : int, optional
        Singular modes to keep; by default those beyond the edge of the bulk by 5 %, at least one.
    level : float
        Level of the test for outliers.

    Returns
    -------
    LowRankParts

    Raises
    ------
    BadInput
        If the matrix is not square, has fewer than 10 units, is zero or not finite, or the rank is impossible.

    References
    ----------
    Mastrogiuseppe, F. & Ostojic, S. (2018). Linking connectivity, dynamics, and computations in low-rank recurrent
    neural networks. Neuron 99:609. Rider, B. & Sinclair, C. D. (2014). Extremal laws for the real Ginibre ensemble.
    Annals of Applied Probability 24:1621.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> m, noise = rng.normal(size=200), rng.normal(size=(200, 200)) * 0.5 / np.sqrt(200)
    >>> parts = low_rank_parts(np.outer(m, 1.5 * m) / 200 + noise)
    >>> parts.loadings.rank, len(parts.outliers), round(parts.gain, 1)
    (1, 1, 0.5)
    """
    w = matrix(weights, "weights")
    n = len(w)
    if w.shape != (n, n) or n < 10:
        raise BadInput("weights", got=f"shape {w.shape}", expected="(unit, unit), at least 10 units")
    if not w.any():
        raise BadInput("weights", got="zeros only", expected="connections")
    if rank is not None and not 1 <= rank < n:
        raise BadInput("rank", got=str(rank), expected=f"1 to {n - 1}")
    left, singular, right = np.linalg.svd(w)
    gain = float(np.median(singular)) / quarter_circle_median()
    gain = gain if gain > 1e-9 * singular[0] else 0.0
    kept = rank or max(1, int((singular > 2 * gain * 1.05).sum() if gain else (singular > 1e-9 * singular[0]).sum()))
    m = left[:, :kept] * np.sqrt(n)
    signs = np.where((m**3).sum(0) < 0, -1.0, 1.0)  # a mode has no sign; its long tail points upwards
    loadings = Loadings(m * signs, right[:kept].T * singular[:kept] * np.sqrt(n) * signs)
    values = np.linalg.eigvals(w).astype(np.complex128)
    values = values[np.lexsort((-values.imag, -values.real, -np.round(np.abs(values), 12)))]
    chance = modulus_p_values(np.abs(values), gain, n)
    return LowRankParts(loadings, singular, values, gain, chance, level)


@cache
def quarter_circle_median() -> float:
    """Return the median of the singular values of independent entries of variance 1 / N, many units.

    Examples
    --------
    >>> round(quarter_circle_median(), 4)
    0.8079
    """
    from scipy.optimize import brentq

    def excess(x: float) -> float:
        return (x * np.sqrt(4 - x**2) / 2 + 2 * np.arcsin(x / 2)) / np.pi - 0.5

    return float(brentq(excess, 0, 2))


def modulus_p_values(moduli: Floats, gain: float, n_units: int) -> Floats:
    """Return how probable it is that independent Gaussian weights have an eigenvalue of at least each modulus.

    Examples
    --------
    >>> modulus_p_values(np.array([0.5, 1.2]), 1.0, 200).round(3).tolist()
    [1.0, 0.0]
    """
    from scipy.special import gammainc

    if not gain:
        return np.where(moduli > 1e-9 * max(float(moduli.max()), 1e-300), 0.0, 1.0)
    scaled = np.sqrt(n_units) * moduli / gain
    # squared moduli of complex weights are as N independent gamma variables of shape 1 to N (Kostlan 1992)
    with np.errstate(divide="ignore"):
        below = np.array([np.log(gammainc(np.arange(1, n_units + 1), s**2)).sum() for s in scaled])
    return np.asarray(-np.expm1(0.5 * below - _real_beyond(scaled, n_units)))


def _real_beyond(scaled: Floats, n: int) -> Floats:
    """Return the expected number of real eigenvalues, of entries of variance 1, beyond each modulus.

    From the density of Edelman, Kostlan & Shub (1994, corollary 4.3).
    """
    from scipy.special import gammainc, gammaincc, gammaln, xlogy

    x = np.linspace(0, np.sqrt(n) + 10, 4001)
    bulk = gammaincc(n - 1, x**2) / np.sqrt(2 * np.pi)
    log_edge = xlogy(n - 1, x) - x**2 / 2 - gammaln(n / 2) - n / 2 * np.log(2)
    density = bulk + np.exp(log_edge) * gammainc((n - 1) / 2, x**2 / 2)
    steps = (density[1:] + density[:-1]) / 2 * np.diff(x)
    beyond = 2 * np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    return np.asarray(np.interp(scaled, x, beyond))
