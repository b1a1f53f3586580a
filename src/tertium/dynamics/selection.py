"""Selection vectors: which inputs a line of slow points picks up, and which it lets decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.dynamics.axes.angles import angle_between_axes
from tertium.dynamics.roots.points import FixedPoints, Points
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

#: An eigenvalue whose imaginary part is below this share of its size is real.
REAL = 1e-9


@dataclass(frozen=True, eq=False)
class SelectionVectors:
    """Line and selection vector in each context; see `tertium.dynamics.selection_vector`.

    Attributes
    ----------
    contexts, inputs : tuple of str
    context : array of int, shape (point,)
        In which context each point is.
    points : array, shape (point, unit)
        Sorted by context and, within it, along the line.
    positions : array, shape (point,)
        Of each point along the mean line, from the middle of its context's points, in the unit of the states.
    eigenvalues : array of complex, shape (point, 2)
        The slowest and the next slowest of the Jacobian of ``step``; the second is NaN of a system of one unit.
    right : array, shape (point, unit)
        Direction of the line at each point: right eigenvector of the slowest mode, of length 1.
    left : array, shape (point, unit)
        Selection vector at each point: left eigenvector of that mode, ``left @ right = 1``.
    drives : array, shape (point, input, unit)
        Where each input pushes the state.
    projections : array, shape (point, input)
        ``drives @ left``: how far along the line the state is in the end after a brief unit pulse of the input.
    used : array of bool, shape (point,)
        Whether the slowest mode is real; points where it turns have no line and count in no average.
    lines, selections : array, shape (context, unit)
        Averages over the points; lines of length 1, selections with ``selection @ line = 1``.
    relevant : mapping of str to str
        Context -> the input that counts there; empty if not given.
    """

    contexts: tuple[str, ...]
    inputs: tuple[str, ...]
    context: npt.NDArray[np.int64]
    points: Floats
    positions: Floats
    eigenvalues: Complexes
    right: Floats
    left: Floats
    drives: Floats
    projections: Floats
    used: npt.NDArray[np.bool_]
    lines: Floats
    selections: Floats
    relevant: Mapping[str, str]

    @property
    def strengths(self) -> Floats:
        """Mean projection of each input on the selection vector, (context, input)."""
        return self._averaged(self.projections)

    @property
    def mean_drives(self) -> Floats:
        """Mean direction into which each input pushes the state, (context, input, unit)."""
        return self._averaged(self.drives)

    @property
    def selection_angles(self) -> Floats:
        """Angles between the selection vectors of the contexts, degrees, (context, context), 0 to 180."""
        return angle_between_axes(self.selections.T, signed=True).degrees

    @property
    def line_angles(self) -> Floats:
        """Angles between the lines of the contexts, degrees, (context, context), 0 to 180."""
        return angle_between_axes(self.lines.T, signed=True).degrees

    @property
    def ratios(self) -> Floats:
        """How much better the relevant input is picked up than the best of the others, shape (context,).

        Raises
        ------
        BadInput
            If `relevant` was not given, or there is one input only.
        """
        if not self.relevant or len(self.inputs) < 2:
            raise BadInput(
                "ratios",
                got="no relevant inputs" if not self.relevant else "one input",
                expected="relevant inputs, and others",
                repair='Pass relevant={"context": "input", ...} to selection_vector.',
            )
        found = np.abs(self.strengths)
        wanted = np.array([self.inputs.index(self.relevant[name]) for name in self.contexts])
        rows = np.arange(len(found))
        others = found.copy()
        others[rows, wanted] = 0
        with np.errstate(divide="ignore"):
            return np.asarray(found[rows, wanted] / others.max(1))

    def table(self) -> pd.DataFrame:
        """Return one row for each context and input: projection on the selection vector, and the angles behind it."""
        import pandas as pd

        rows = []
        strengths, drives = self.strengths, self.mean_drives
        for i, context in enumerate(self.contexts):
            here = self.used & (self.context == i)
            for j, name in enumerate(self.inputs):
                both = np.stack([self.selections[i], self.lines[i]], axis=1)
                silent = not drives[i, j].any()
                angles = [np.nan, np.nan] if silent else angle_between_axes(drives[i, j], both).degrees[0]
                rows.append(
                    {
                        "context": context,
                        "input": name,
                        "relevant": self.relevant.get(context, "") == name,
                        "points": int(here.sum()),
                        "projection": strengths[i, j],
                        "sd": float(self.projections[here, j].std(ddof=1)) if here.sum() > 1 else np.nan,
                        "drive": float(np.linalg.norm(drives[i, j])),
                        "from_selection_degrees": angles[0],
                        "from_line_degrees": angles[1],
                    }
                )
        return pd.DataFrame(rows)

    def figure(self) -> go.Figure:
        """Draw line, selection vector and inputs of each context, and where on the line pulses of the inputs end."""
        from tertium.dynamics.selection_picture import plane_figure

        return plane_figure(self)

    def along_figure(self) -> go.Figure:
        """Draw how well each input is picked up at each place of the line."""
        from tertium.dynamics.selection_picture import along_figure

        return along_figure(self)

    def _averaged(self, values: Floats) -> Floats:
        return np.stack([values[self.used & (self.context == i)].mean(0) for i in range(len(self.contexts))])


def selection_vector(
    points: Points | Mapping[str, Points | Sequence[Points]],
    inputs: Mapping[str, int | npt.ArrayLike],
    *,
    relevant: Mapping[str, str] | None = None,
    towards: npt.ArrayLike | None = None,
) -> SelectionVectors:
    """Ask which inputs move a network along its line attractor, and which decay (Mante, Sussillo et al. 2013, Fig. 6).

    Near a point of a line attractor one mode is slow and all others decay. Its right eigenvector r is the direction of
    the line; its left eigenvector s is the selection vector: a pulse of input that pushes the state by d leaves it,
    once the other modes are gone, at ``(s . d) r``. An input is ignored where the line runs on unmoved by it,
    ``s . d = 0``, however far it pushes the state away in between.

    Parameters
    ----------
    points : FixedPoints or SlowPoints, or a mapping of context to these
        Points along the line, found under the input of one context each; several tables of one context are put
        together, and slow points that come with fixed points are used as well.
    inputs : mapping of str to int or array-like
        Name -> channel, or a direction in the space of channels, shape (channel,).
    relevant : mapping of str to str, optional
        Context -> the input that counts there, for `SelectionVectors.ratios`.
    towards : array-like, shape (unit,), optional
        Lines point this way, read-out weights for instance. By default the first line's largest entry is positive and
        the other lines point the way of the first.

    Returns
    -------
    SelectionVectors
        Eigenvectors have no sign of their own: those of neighbouring points are turned alike, then averaged.

    Raises
    ------
    BadInput
        If there are no points, systems or channels differ, names are unknown, no point of a context has a real slowest
        mode, or ``towards`` is orthogonal to a line.

    Examples
    --------
    A line along the first unit that listens to both units, whatever the second does by itself:

    >>> from tertium.dynamics import fixed_points
    >>> velocity = lambda h, x: h @ np.array([[0.0, 0.0], [0.5, -1.0]]) + x
    >>> found = fixed_points(velocity, np.zeros((1, 2)), np.zeros(2), time="continuous")
    >>> selection_vector(found, {"own": 0, "other": 1}).strengths.round(3).tolist()
    [[1.0, 0.5]]
    """
    tables = _tables(points)
    names = tuple(tables)
    directions = _directions(inputs, next(iter(tables.values()))[0].input_jacobians.shape[2])
    wanted = _relevant(relevant, names, tuple(inputs))
    parts = [_of_context(name, some, directions) for name, some in tables.items()]
    parts = _turned(parts, _towards(towards, parts[0].points.shape[1]), names)
    lines = np.stack([part.line() for part in parts])
    selections = np.stack([part.selection(line) for part, line in zip(parts, lines, strict=True)])
    left, drives = (np.concatenate([getattr(p, name) for p in parts]) for name in ("left", "drives"))
    return SelectionVectors(
        contexts=names,
        inputs=tuple(inputs),
        context=np.concatenate([np.full(len(p.points), i) for i, p in enumerate(parts)]),
        points=np.concatenate([p.points for p in parts]),
        positions=np.concatenate([(p.points - p.points.mean(0)) @ line for p, line in zip(parts, lines, strict=True)]),
        eigenvalues=np.concatenate([p.eigenvalues for p in parts]),
        right=np.concatenate([p.right for p in parts]),
        left=left,
        drives=drives,
        projections=np.einsum("piu,pu->pi", drives, left),
        used=np.concatenate([p.used for p in parts]),
        lines=lines,
        selections=selections,
        relevant=wanted,
    )


@dataclass(frozen=True)
class _Context:
    """Points of one context, in the order of the line."""

    points: Floats
    eigenvalues: Complexes
    right: Floats
    left: Floats
    drives: Floats
    used: npt.NDArray[np.bool_]

    def line(self) -> Floats:
        mean = self.right[self.used].mean(0)
        return np.asarray(mean / np.linalg.norm(mean))

    def selection(self, line: Floats) -> Floats:
        mean = self.left[self.used].mean(0)
        return np.asarray(mean / (mean @ line))


def _of_context(name: str, some: Sequence[Points], directions: Floats) -> _Context:
    """Return the slowest modes of all points of a context, each turned like its neighbour on the line."""
    states = np.concatenate([one.points for one in some])
    units = states.shape[1]
    right, left, values = (
        np.zeros((2, *states.shape))[0],
        np.zeros(states.shape),
        np.full((len(states), 2), np.nan + 0j),
    )
    used = np.zeros(len(states), dtype=bool)
    row = 0
    for one in some:
        for k in range(len(one)):
            modes = one.modes(k)
            values[row, : min(2, units)] = modes.values[:2]
            used[row] = abs(modes.values[0].imag) <= REAL * max(abs(modes.values[0]), 1e-300)
            right[row], left[row] = modes.right[:, 0].real, modes.left[0].real
            row += 1
    if not used.any():
        raise BadInput(
            f"slowest mode in context '{name}'",
            got=f"complex at all {len(states)} points: the state turns",
            expected="a real eigenvalue, whose direction is a line",
            repair="Look at the eigenvalues (FixedPoints.eigenvalue_figure): there is no line attractor.",
        )
    centred = states - states.mean(0)
    order = np.argsort(centred @ np.linalg.svd(centred, full_matrices=False)[2][0], kind="stable")
    before = None
    for k in order[used[order]]:
        if before is not None and right[k] @ right[before] < 0:
            right[k], left[k] = -right[k], -left[k]
        before = k
    drives = np.concatenate([np.einsum("puc,ic->piu", one.input_jacobians, directions) for one in some])
    return _Context(states[order], values[order], right[order], left[order], drives[order], used[order])


def _turned(parts: Sequence[_Context], towards: Floats | None, names: Sequence[str]) -> list[_Context]:
    """Return the contexts with their eigenvectors pointing one way, and their points in this order."""
    reference = towards
    if reference is None:
        first = parts[0].line()
        reference = first * np.sign(first[np.abs(first).argmax()])
    found = []
    for part, name in zip(parts, names, strict=True):
        line = part.line()
        along = float(line @ reference) / float(np.linalg.norm(reference))
        if towards is not None and abs(along) < 1e-9:
            raise BadInput(
                "towards",
                got=f"a direction orthogonal to the line of context '{name}'",
                expected="one that tells its two ends apart",
                repair="Leave it out.",
            )
        sign = -1.0 if along < 0 else 1.0
        back = -1 if sign * float((part.points[-1] - part.points[0]) @ line) < 0 else 1
        found.append(
            _Context(
                part.points[::back],
                part.eigenvalues[::back],
                sign * part.right[::back],
                sign * part.left[::back],
                part.drives[::back],
                part.used[::back],
            )
        )
    return found


def _tables(points: Points | Mapping[str, Points | Sequence[Points]]) -> dict[str, list[Points]]:
    """Return the tables of each context, those of slow points among them."""
    given = {"": points} if isinstance(points, Points) else dict(points)
    if not given:
        raise BadInput("points", got="no context", expected="fixed or slow points of at least one context")
    tables: dict[str, list[Points]] = {}
    for name, some in given.items():
        every = [some] if isinstance(some, Points) else list(some)
        every += [one.slow for one in every if isinstance(one, FixedPoints)]
        tables[str(name)] = [one for one in every if len(one)]
        if not tables[str(name)]:
            raise BadInput(
                f"points of context '{name}'",
                got="none",
                expected="fixed or slow points along a line",
                repair="Begin from more states in tertium.dynamics.fixed_points.",
            )
    kinds = {(one.points.shape[1], one.input_jacobians.shape[2], one.time) for some in tables.values() for one in some}
    if len(kinds) > 1:
        told = " and ".join(f"{u} units, {c} channels, {t} time" for u, c, t in sorted(kinds))
        raise BadInput("points", got=f"those of different systems: {told}", expected="one system in all contexts")
    return tables


def _directions(inputs: Mapping[str, int | npt.ArrayLike], channels: int) -> Floats:
    """Return the directions of the inputs in the space of channels, (input, channel)."""
    if not inputs:
        raise BadInput("inputs", got="none", expected='channels by name, for instance {"motion": 0, "colour": 1}')
    rows = []
    for name, given in inputs.items():
        if isinstance(given, int | np.integer) and not isinstance(given, bool) and 0 <= given < channels:
            rows.append(np.eye(channels)[int(given)])
            continue
        direction = np.asarray(given, dtype=np.float64)
        if direction.shape != (channels,) or not np.isfinite(direction).all():
            raise BadInput(
                f"input '{name}'",
                got=f"{given!r}" if direction.ndim == 0 else f"shape {direction.shape}, or a value that is not finite",
                expected=f"a channel, 0 to {channels - 1}, or a direction of {channels} finite numbers",
                repair="Find the points with inputs= that have all channels.",
            )
        rows.append(direction)
    return np.array(rows)


def _relevant(relevant: Mapping[str, str] | None, contexts: tuple[str, ...], inputs: tuple[str, ...]) -> dict[str, str]:
    if relevant is None:
        return {}
    if sorted(relevant) != sorted(contexts) or not set(relevant.values()) <= set(inputs):
        raise BadInput(
            "relevant",
            got=", ".join(f"{c}: {i}" for c, i in relevant.items()) or "nothing",
            expected=f"for each of {', '.join(contexts)} one of {', '.join(inputs)}",
        )
    return dict(relevant)


def _towards(towards: npt.ArrayLike | None, units: int) -> Floats | None:
    if towards is None:
        return None
    direction = np.asarray(towards, dtype=np.float64)
    if direction.shape != (units,) or not np.isfinite(direction).all() or not direction.any():
        raise BadInput("towards", got=f"shape {direction.shape}", expected=f"({units},), finite, not all 0")
    return direction
