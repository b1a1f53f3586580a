"""How much of one activity lies in the subspace of another: the alignment index, and what it is by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.dynamics.states import flat_states
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SubspaceAlignment:
    """Alignment of two activities' subspaces; see `tertium.dynamics.subspace_alignment`.

    Attributes
    ----------
    index : float
        Variance of Y in the first d components of X, over that of Y in its own first d: 0 orthogonal, 1 the same.
    reverse : float
        The same of X in the components of Y.
    n : int
        d, the dimension of the subspaces.
    null_uniform : array, shape (draw,)
        Index of two random subspaces, all directions alike.
    null_covariance : array, shape (draw,)
        Index of two random subspaces drawn from the covariance of X and Y together.
    p_orthogonal, p_aligned : mapping of str to float
        For each null ("uniform", "covariance") the share of draws with an index as low or lower, and as high or higher.
    n_units : int
    """

    index: float
    reverse: float
    n: int
    null_uniform: Floats
    null_covariance: Floats
    p_orthogonal: dict[str, float]
    p_aligned: dict[str, float]
    n_units: int

    def table(self) -> pd.DataFrame:
        """Return one row for each null: the index, the null's mean and 95 % range, p values of both sides."""
        import pandas as pd

        rows = []
        for name, null in self._nulls():
            low, high = np.quantile(null, [0.025, 0.975])
            rows.append(
                {
                    "null": name,
                    "index": self.index,
                    "reverse": self.reverse,
                    "dimensions": self.n,
                    "null_mean": float(null.mean()),
                    "null_low": float(low),
                    "null_high": float(high),
                    "p_orthogonal": self.p_orthogonal[name],
                    "p_aligned": self.p_aligned[name],
                }
            )
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Draw the index in both directions as lines over the distributions of both nulls."""
        title = f"{self.n} of {self.n_units} dimensions; {len(self.null_uniform)} draws of each null"
        drawn = figure.new(x="alignment index", y="share of draws (%)", title=title)
        labels = {"uniform": "random subspaces", "covariance": "random, with the data's covariance"}
        for (name, null), hue in zip(self._nulls(), figure.COLOURS[5:7], strict=True):
            drawn.add_histogram(
                x=null,
                histnorm="percent",
                xbins={"start": 0, "end": 1, "size": 0.02},
                name=labels[name],
                marker={"color": hue},
                opacity=0.7,
            )
        drawn.update_layout(barmode="overlay")
        drawn.update_xaxes(range=[0, 1.02])
        lines = (("Y in X's subspace", self.index, figure.COLOURS[0]), ("X in Y's", self.reverse, figure.COLOURS[1]))
        for label, value, hue in lines:
            drawn.add_scatter(
                x=[value, value],
                y=[0, 1],
                yaxis="y2",
                mode="lines",
                line={"color": hue, "width": 2},
                name=f"{label}: {value:.2f}",
            )
        drawn.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False})
        return drawn

    def _nulls(self) -> tuple[tuple[str, Floats], tuple[str, Floats]]:
        return ("uniform", self.null_uniform), ("covariance", self.null_covariance)


def subspace_alignment(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    n: int = 10,
    *,
    n_random: int = 1000,
    seed: int = 0,
) -> SubspaceAlignment:
    """Ask whether activity in two epochs (planning and moving, say) fills the same dimensions (Elsayed et al. 2016).

    Parameters
    ----------
    X, Y : responses or array-like, shape (trial or condition, time, unit) or (sample, unit)
        The same units in both; condition averages as a rule, so that noise does not count.
    n : int
        Dimension d of the subspaces; 10 in the paper.
    n_random : int
        Draws of each null.
    seed : int

    Returns
    -------
    SubspaceAlignment
        ``index = tr(D' C D) / (sum of the d largest eigenvalues of C)``, D the first d components of X and C the
        covariance of Y (Elsayed et al. 2016, Methods). The two nulls: subspaces in any direction, whose mean index
        is d / units; and subspaces spanned by d vectors drawn from the covariance of both data sets together, which
        are more aligned, as activity fills few dimensions anyway. Compare with the second.

    Raises
    ------
    BadInput
        If units differ, there are fewer samples or units than dimensions, or Y has no variance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, Y = np.zeros((2, 200, 8))
    >>> X[:, :2], Y[:, 2:4] = rng.normal(size=(2, 200, 2))
    >>> round(subspace_alignment(X, Y, n=2, n_random=10).index, 6)
    0.0
    """
    x, y = flat_states(X), flat_states(Y)
    _check(x, y, n, n_random)
    spans, covariances = [], []
    for one in (x, y):
        covariance = np.atleast_2d(np.cov(one, rowvar=False))
        values, vectors = np.linalg.eigh(covariance)
        spans.append((vectors[:, ::-1][:, :n], float(values[::-1][:n].sum())))
        covariances.append(covariance)
    (of_x, most_x), (of_y, most_y) = spans
    for name, most in (("X", most_x), ("Y", most_y)):
        if most <= 0:
            raise BadInput(name, got="no variance", expected="samples that differ")
    index = float(np.trace(of_x.T @ covariances[1] @ of_x)) / most_y
    reverse = float(np.trace(of_y.T @ covariances[0] @ of_y)) / most_x
    generator = Seeds(seed).child("subspace_alignment")
    both = np.cov(np.concatenate([x, y]), rowvar=False)
    values, vectors = np.linalg.eigh(np.atleast_2d(both))
    root = vectors * np.sqrt(np.clip(values, 0, None))
    nulls = {
        "uniform": random_alignment(np.eye(x.shape[1]), n, n_random, generator.numpy("uniform")),
        "covariance": random_alignment(root, n, n_random, generator.numpy("covariance")),
    }
    slack = 1e-12
    return SubspaceAlignment(
        index,
        reverse,
        n,
        nulls["uniform"],
        nulls["covariance"],
        {k: float((1 + (null <= index + slack).sum()) / (1 + n_random)) for k, null in nulls.items()},
        {k: float((1 + (null >= index - slack).sum()) / (1 + n_random)) for k, null in nulls.items()},
        x.shape[1],
    )


def random_alignment(root: Floats, n: int, draws: int, generator: np.random.Generator) -> Floats:
    """Return alignment indices of pairs of random subspaces, (draw,): ``tr(A' B B' A) / d``.

    Each subspace is spanned by ``root @ v`` with v, (unit, d), of independent normal numbers: ``root root'`` is the
    covariance that the subspaces follow (Elsayed et al. 2016, Methods).
    """
    found = np.empty(draws)
    for i in range(draws):
        one, other = (
            np.linalg.svd(root @ generator.standard_normal((len(root), n)), full_matrices=False)[0] for _ in range(2)
        )
        found[i] = float(((one.T @ other) ** 2).sum()) / n
    return found


def _check(x: Floats, y: Floats, n: int, n_random: int) -> None:
    if x.shape[1] != y.shape[1]:
        raise BadInput("X and Y", got=f"{x.shape[1]} and {y.shape[1]} units", expected="the same units in both")
    most = min(x.shape[1], len(x) - 1, len(y) - 1)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= most:
        raise BadInput(
            "n",
            got=f"{n} dimensions of {x.shape[1]} units in {len(x)} and {len(y)} samples",
            expected=f"1 to {most}" if most > 0 else "at least 2 samples of each",
            repair="Pass fewer dimensions, or more samples.",
        )
    if isinstance(n_random, bool) or not isinstance(n_random, int | np.integer) or n_random < 1:
        raise BadInput("n_random", got=repr(n_random), expected="a whole number above 0", repair="1000 is usual.")
