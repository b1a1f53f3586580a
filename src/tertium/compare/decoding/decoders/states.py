"""A label cut into states: classes, bins of an angle, bins of one or two numbers; and random walks between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.contract import Aim, FloatArray, Indices, Kind
from tertium.errors import BadInput

_TURN = 2 * np.pi


@dataclass(frozen=True, eq=False)
class States:
    """States of what is decoded.

    Attributes
    ----------
    kind : {"class", "number", "angle"}
    centres : array, shape (state, variable)
        Middles of the bins, angles in rad.
    shape : tuple of int
        Bins along each variable.
    edges : tuple of array
        Of the bins along each variable; none for classes.
    """

    kind: Kind
    centres: FloatArray
    shape: tuple[int, ...]
    edges: tuple[FloatArray, ...]

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.centres)

    def of(self, y: npt.NDArray[Any]) -> Indices:
        """Return the state of each sample, shape (sample,), from targets as decoders get them."""
        if self.kind == "class":
            return np.asarray(y, dtype=np.int64)
        values = np.mod(y, _TURN) if self.kind == "angle" else y
        each = [
            np.clip(np.searchsorted(edge, column, side="right") - 1, 0, len(edge) - 2)
            for edge, column in zip(self.edges, values.T, strict=True)
        ]
        return np.asarray(np.ravel_multi_index(tuple(each), self.shape), dtype=np.int64)

    def values(self, states: Indices) -> npt.NDArray[Any]:
        """Return what states stand for: classes (sample,), or middles of bins (sample, variable)."""
        return states if self.kind == "class" else self.centres[states]

    def mean(self, posterior: FloatArray) -> FloatArray:
        """Return the mean under probabilities (sample, state): (sample, variable); the mean direction of angles."""
        if self.kind == "angle":
            return np.asarray(np.angle(posterior @ np.exp(1j * self.centres)))
        return np.asarray(posterior @ self.centres)

    def walk(self, y: npt.NDArray[Any], follows: npt.NDArray[np.bool_]) -> FloatArray:
        """Return probabilities (from, to) of a random walk with the steps of some samples.

        Steps are Gaussian with the root mean square of those seen, at least half a bin; of classes, shares of those
        seen, one added to each.

        Raises
        ------
        BadInput
            If no sample follows another.
        """
        next_ = np.flatnonzero(follows)
        if not len(next_):
            raise BadInput(
                "prior",
                got="no two neighbouring samples among those fitted",
                expected="a recording in order",
                repair="Use time='samples', or prior='visits'.",
            )
        if self.kind == "class":
            seen = np.ones((self.n, self.n))
            np.add.at(seen, (y[next_ - 1], y[next_]), 1)
            return np.asarray(seen / seen.sum(1, keepdims=True))
        logs = np.zeros((self.n, self.n))
        for column, edge, centre in zip(y.T, self.edges, self.centres.T, strict=True):
            step = _apart(column[next_] - column[next_ - 1], self.kind)
            width = max(float(np.sqrt((step**2).mean())), 0.5 * float(edge[1] - edge[0]))
            logs -= 0.5 * (_apart(centre[:, None] - centre, self.kind) / width) ** 2
        found = np.exp(logs)
        return np.asarray(found / found.sum(1, keepdims=True))


def make_states(y: npt.NDArray[Any], aim: Aim, bins: int | None) -> States:
    """Return states for the samples that are fitted.

    Parameters
    ----------
    y : array
        Classes (sample,), or numbers (sample, variable).
    bins : int, optional
        Along each variable; 60 for one, 20 for each of two.

    Raises
    ------
    BadInput
        If there are more than two variables.

    Examples
    --------
    >>> states = make_states(np.array([[0.1], [6.2]]), Aim("angle", 0, 1), 4)
    >>> states.of(np.array([[0.1], [-0.1]])).tolist(), states.centres.ravel().round(2).tolist()
    ([0, 3], [0.79, 2.36, 3.93, 5.5])
    """
    if aim.kind == "class":
        return States("class", np.arange(aim.n_classes, dtype=np.float64)[:, None], (aim.n_classes,), ())
    if aim.variables > 2:
        raise BadInput(
            "labels",
            got=f"{aim.variables} variables",
            expected="one or two for method='bayes'",
            repair="Decode the others by themselves, or use method='ridge'.",
        )
    count = bins if bins is not None else 60 if aim.variables == 1 else 20
    edges = []
    for column in y.T:
        low, high = (0.0, _TURN) if aim.kind == "angle" else (float(column.min()), float(column.max()))
        edges.append(np.linspace(low, high if high > low else low + 1.0, count + 1))
    middles = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    centres = np.stack([axis.ravel() for axis in np.meshgrid(*middles, indexing="ij")], axis=1)
    return States(aim.kind, centres, (count,) * len(edges), tuple(edges))


def _apart(difference: FloatArray, kind: Kind) -> FloatArray:
    return np.mod(difference + np.pi, _TURN) - np.pi if kind == "angle" else difference
