"""Loadings of a low-rank network: what each unit sends into, reads from, and gets along the latent directions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

Floats = npt.NDArray[np.float64]


def matrix(values: npt.ArrayLike, what: str) -> Floats:
    """Return a matrix of finite numbers, (unit, column); a vector is one column."""
    array = np.asarray(values, dtype=np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise BadInput(what, got=f"shape {array.shape}", expected="(unit, column), at least one of each")
    if not np.isfinite(array).all():
        raise BadInput(what, got="a value that is not finite", expected="finite numbers")
    return np.array(array)


@dataclass(frozen=True, eq=False)
class Loadings:
    """A network ``tau dx/dt = -x + M N^T phi(x) / n_units + I v`` by the loadings of its units.

    Parameters
    ----------
    m : array-like, shape (unit, rank) or (unit,)
        Where each latent variable moves the units.
    n : array-like, of the same shape
        With what weights each latent variable is read from the units' rates.
    inputs : array-like, shape (unit, input), optional
        Input weights.

    Raises
    ------
    BadInput
        If the shapes do not agree or a value is not finite.

    Examples
    --------
    >>> pair = Loadings([1.0, -1.0, 1.0, -1.0], [2.0, 0.0, 2.0, 0.0])
    >>> pair.rank, pair.overlaps.tolist(), pair.weights()[0].tolist()
    (1, [[1.0]], [0.5, 0.0, 0.5, 0.0])
    """

    m: Floats
    n: Floats
    inputs: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        m, n = matrix(self.m, "loadings m"), matrix(self.n, "loadings n")
        given = np.asarray(self.inputs, dtype=np.float64)
        inputs = matrix(given, "input weights") if given.size else np.zeros((len(m), 0))
        if n.shape != m.shape or len(inputs) != len(m):
            raise BadInput(
                "loadings",
                got=f"m {m.shape}, n {n.shape}, inputs {inputs.shape}",
                expected="m and n of one shape (unit, rank), inputs (unit, input), the same units",
            )
        for name, value in (("m", m), ("n", n), ("inputs", inputs)):
            object.__setattr__(self, name, value)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.m)

    @property
    def rank(self) -> int:
        """Number of latent variables."""
        return self.m.shape[1]

    @property
    def overlaps(self) -> Floats:
        """``N^T M / n_units``, shape (rank, rank); its eigenvalues are the non-zero ones of the connectivity."""
        return np.asarray(self.n.T @ self.m / self.n_units)

    @property
    def names(self) -> list[str]:
        """Names of the columns of `joined`: m1, ..., n1, ..., I1, ..."""
        numbers = range(1, self.rank + 1)
        inputs = range(1, self.inputs.shape[1] + 1)
        return [f"m{r}" for r in numbers] + [f"n{r}" for r in numbers] + [f"I{s}" for s in inputs]

    def weights(self) -> Floats:
        """Return the connectivity ``M N^T / n_units``, shape (unit, unit), row = target."""
        return np.asarray(self.m @ self.n.T / self.n_units)

    def joined(self) -> Floats:
        """Return all loadings side by side, shape (unit, 2 rank + input), in the order of `names`."""
        return np.concatenate([self.m, self.n, self.inputs], axis=1)

    @classmethod
    def split(cls, joined: npt.ArrayLike, rank: int) -> Loadings:
        """Take apart what `joined` put side by side.

        Raises
        ------
        BadInput
            If there are fewer columns than m and n of this rank need.
        """
        table = matrix(joined, "loadings")
        if rank < 1 or table.shape[1] < 2 * rank:
            raise BadInput("rank", got=f"{rank} of {table.shape[1]} columns", expected="m, n and inputs side by side")
        return cls(table[:, :rank], table[:, rank : 2 * rank], table[:, 2 * rank :])
