"""Fixed points along a changing input: followed round folds, with their bifurcations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.roots.newton import newton
from tertium.dynamics.roots.points import FixedPoints, growth, sorted_eigenvalues
from tertium.dynamics.states import flat_states
from tertium.dynamics.step import Dynamics, Time, as_dynamics
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]

#: How bifurcations are drawn.
SYMBOLS = {"fold": "circle", "branch point": "square", "hopf": "star", "flip": "diamond"}

#: Steps of the corrector, the number at which the arc grows, and by what it grows and shrinks.
CORRECTIONS, EASY, GROW, SHRINK = 8, 3, 1.3, 0.5


@dataclass(frozen=True)
class Bifurcation:
    """Where a branch changes its stability.

    Attributes
    ----------
    kind : {"fold", "branch point", "hopf", "flip"}
        Fold: the branch turns back. Branch point: a real eigenvalue crosses and the branch goes straight on, as at a
        pitchfork or a transcritical bifurcation. Hopf: a complex pair crosses (Neimark-Sacker in discrete time). Flip:
        an eigenvalue crosses -1 (discrete time).
    at : float
        The parameter there, between two points of the branch.
    point : array, shape (unit,)
        The state there.
    frequency : float
        Of a Hopf bifurcation, radians per step or per unit of time; 0 of the others.
    """

    kind: str
    at: float
    point: Floats
    frequency: float


@dataclass(frozen=True, eq=False)
class Branch:
    """Fixed points that go over into each other along a parameter.

    Attributes
    ----------
    parameter : array, shape (m,)
        0 at the first input, 1 at the second; not monotonic where the branch folds.
    points : array, shape (m, unit)
    eigenvalues : array of complex, shape (m, unit)
        Of the Jacobian of ``step``, slowest first.
    index : array of int, shape (m,)
        Unstable directions.
    bifurcations : tuple of Bifurcation
    ended : str
        Why the branch ends: "border" (the parameter left 0 to 1), "steps", or "lost" (the corrector failed).
    """

    parameter: Floats
    points: Floats
    eigenvalues: npt.NDArray[np.complex128]
    index: npt.NDArray[np.int64]
    bifurcations: tuple[Bifurcation, ...]
    ended: str

    def table(self) -> pd.DataFrame:
        """Return one row for each bifurcation."""
        import pandas as pd

        rows = [(one.kind, one.at, one.frequency) for one in self.bifurcations]
        return pd.DataFrame(rows, columns=["kind", "parameter", "frequency"])


def follow(
    step: Any,
    points: FixedPoints | npt.ArrayLike,
    inputs: Sequence[npt.ArrayLike],
    *,
    time: Time = "discrete",
    arc: float = 0.02,
    longest: float = 0.05,
    steps: int = 500,
) -> list[Branch]:
    """Follow fixed points from one input to another, round folds (pseudo-arclength continuation, Keller 1977).

    Along the branch the point and the parameter are unknown together; each step goes along the tangent and is put back
    on the branch by Newton's method in the plane across it. A parameter of the system other than its input is followed
    by writing a ``step`` that takes it as an input.

    Parameters
    ----------
    step : callable or torch.nn.Module
        As in `fixed_points`.
    points : FixedPoints, or array-like of shape (k, unit)
        Where the branches begin, under the first input; each is first put right by Newton's method.
    inputs : two array-likes, each of shape (channel,)
        The input at parameter 0 and at parameter 1; between them it is mixed linearly.
    time : {"discrete", "continuous"}
        Of `FixedPoints` their own.
    arc, longest : float
        First and longest step along the branch, in the norm of state and parameter together.
    steps : int
        Steps along a branch at most.

    Returns
    -------
    list of Branch
        One for each point, in their order.

    Raises
    ------
    BadInput
        If the inputs do not fit or are equal, or a point is not near a fixed point of the first input.

    Examples
    --------
    The fold of ``h' = x + h - h^3`` is at ``x = 2 / sqrt(27)``:

    >>> (branch,) = follow(lambda h, x: x + h - h**3, [[-1.32]], [[-1.0], [1.0]], time="continuous")
    >>> [one.kind for one in branch.bifurcations], abs(branch.bifurcations[0].at * 2 - 1 - 2 / 27**0.5) < 1e-3
    (['fold', 'fold'], True)
    """
    if isinstance(points, FixedPoints):
        states, time = points.points, points.time
    else:
        states = flat_states(points)
    if len(inputs) != 2:
        raise BadInput("inputs", got=f"{len(inputs)}", expected="two: where to begin and where to go")
    begin, end = (np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in inputs)
    if begin.shape != end.shape or begin.ndim != 1 or not np.isfinite(begin + end).all() or (begin == end).all():
        raise BadInput("inputs", got=f"shapes {begin.shape} and {end.shape}", expected="two different finite inputs")
    if not 0 < arc <= longest or steps < 1:
        raise BadInput("arc and steps", got=f"{arc}, {longest}, {steps}", expected="0 < arc <= longest, steps >= 1")
    system = as_dynamics(step, states.shape[1], begin, time=time)
    found = newton(system, states, system.inputs(begin, len(states)))
    if not found.converged.all():
        lost = int(np.flatnonzero(~found.converged)[0])
        raise BadInput(
            f"point {lost}",
            got=f"speed {found.speeds[lost]:.2g} after Newton's method",
            expected="a fixed point under the first input",
            repair="Find them with tertium.dynamics.fixed_points first.",
        )
    walk = _Walk(system, begin, end - begin)
    return [_branch(walk, point, arc, longest, steps) for point in found.states]


@dataclass(frozen=True)
class _Walk:
    """A system along one line of inputs; a place is the state and the parameter in a row."""

    system: Dynamics
    begin: Floats
    change: Floats

    def input(self, place: Floats) -> Floats:
        return np.asarray(self.begin + place[-1] * self.change)[None]

    def velocity(self, place: Floats) -> Floats:
        return np.asarray(self.system.velocity(place[None, :-1], self.input(place))[0])

    def slope(self, place: Floats) -> Floats:
        """Return the derivative of the velocity in state and parameter, shape (unit, unit + 1)."""
        h, x = place[None, :-1], self.input(place)
        along = self.system.input_derivative(h, x)[0] @ self.change
        return np.concatenate([self.system.velocity_jacobian(h, x)[0], along[:, None]], axis=1)

    def tangent(self, place: Floats, before: Floats) -> Floats:
        """Return the unit tangent of the branch that goes on in the direction of ``before``."""
        bordered = np.vstack([self.slope(place), before])
        ahead = np.linalg.solve(bordered, np.eye(len(place))[-1])
        return np.asarray(ahead / np.linalg.norm(ahead))

    def correct(self, guess: Floats, tangent: Floats) -> tuple[Floats, int] | None:
        """Return the place on the branch in the plane through ``guess`` across ``tangent``, and the steps it took."""
        place = guess.copy()
        for done in range(1, CORRECTIONS + 1):
            bordered = np.vstack([self.slope(place), tangent])
            missing = np.append(self.velocity(place), tangent @ (place - guess))
            change = np.linalg.solve(bordered, missing)
            place = place - change
            if not np.isfinite(place).all():
                return None
            if np.linalg.norm(change) < 1e-10 * (1 + np.linalg.norm(place)):
                return place, done
        return None


def _branch(walk: _Walk, point: Floats, arc: float, longest: float, steps: int) -> Branch:
    places = [np.append(point, 0.0)]
    tangents = [walk.tangent(places[0], np.eye(len(point) + 1)[-1])]
    ended = "steps"
    while len(places) <= steps:
        guess = places[-1] + arc * tangents[-1]
        found = walk.correct(guess, tangents[-1])
        # a corrector that strays farther than the step has landed on another branch
        if found is None or np.linalg.norm(found[0] - guess) > arc:
            arc *= SHRINK
            if arc < 1e-7:
                ended = "lost"
                break
            continue
        place, effort = found
        places.append(place)
        tangents.append(walk.tangent(place, tangents[-1]))
        if not 0 <= place[-1] <= 1:
            ended = "border"
            break
        if effort <= EASY:
            arc = min(arc * GROW, longest)
    path, along = np.array(places), np.array(tangents)
    x = walk.begin + path[:, -1:] * walk.change
    jacobians = walk.system.derivative(path[:, :-1], x)
    eigenvalues = sorted_eigenvalues(jacobians, walk.system.time)
    index = (growth(eigenvalues, walk.system.time) > 0).sum(1)
    crossings = tuple(_crossings(path, along, eigenvalues, walk.system.time))
    return Branch(path[:, -1], path[:, :-1], eigenvalues, np.asarray(index, dtype=np.int64), crossings, ended)


def _crossings(
    path: Floats, tangents: Floats, eigenvalues: npt.NDArray[np.complex128], time: Time
) -> Iterator[Bifurcation]:
    """Yield what happens between neighbouring places of a branch: signs that change, from the eigenvalues there."""
    for k in range(len(path) - 1):
        pair = eigenvalues[k], eigenvalues[k + 1]
        turned = _share(tangents[k, -1], tangents[k + 1, -1])
        crossed = _real_crossing(*pair, border=1.0 if time == "discrete" else 0.0)
        flipped = _real_crossing(-pair[0], -pair[1], border=1.0) if time == "discrete" else None
        shares: list[tuple[str, float | None, float]] = [
            ("fold", turned, 0.0),
            ("branch point", crossed if turned is None else None, 0.0),
            ("flip", flipped, 0.0),
            ("hopf", *_pair_crossing(*pair, time)),
        ]
        for kind, share, frequency in shares:
            if share is not None:
                place = _between(path[k : k + 2], tangents[k : k + 2], share)
                yield Bifurcation(kind, float(place[-1]), place[:-1], frequency)


def _between(ends: Floats, tangents: Floats, share: float) -> Floats:
    """Return the place at a share of the way between two places of a branch: Hermite's cubic through both tangents."""
    first, second = tangents * np.linalg.norm(ends[1] - ends[0])
    t = share
    straight = (2 * t**3 - 3 * t**2 + 1) * ends[0] + (3 * t**2 - 2 * t**3) * ends[1]
    return np.asarray(straight + (t**3 - 2 * t**2 + t) * first + (t**3 - t**2) * second)


def _share(before: float, after: float) -> float | None:
    """Return where between two values a straight line passes zero, None where their signs are equal."""
    return None if (before > 0) == (after > 0) else float(before / (before - after))


def _real_crossing(
    before: npt.NDArray[np.complex128], after: npt.NDArray[np.complex128], border: float
) -> float | None:
    """Return where a real eigenvalue passes a border, None where the parity of those beyond it stays."""
    real = [values.real[np.abs(values.imag) < 1e-12] - border for values in (before, after)]
    if (real[0] > 0).sum() % 2 == (real[1] > 0).sum() % 2 or not real[0].size or not real[1].size:
        return None
    # the one that crosses is the nearest to the border on either side
    near = [float(values[np.abs(values).argmin()]) for values in real]
    return _share(*near)


def _pair_crossing(
    before: npt.NDArray[np.complex128], after: npt.NDArray[np.complex128], time: Time
) -> tuple[float | None, float]:
    """Return where a complex pair becomes unstable or stable, and its frequency there."""
    rates = [growth(values, time) for values in (before, after)]
    if (rates[0] > 0).sum() == (rates[1] > 0).sum():
        return None, 0.0
    pairs = [np.flatnonzero(values.imag > 1e-12) for values in (before, after)]
    if not len(pairs[0]) or not len(pairs[1]):
        return None, 0.0
    near = [int(p[np.abs(r[p]).argmin()]) for p, r in zip(pairs, rates, strict=True)]
    share = _share(float(rates[0][near[0]]), float(rates[1][near[1]]))
    if share is None:
        return None, 0.0
    value = before[near[0]] + share * (after[near[1]] - before[near[0]])
    return share, float(abs(np.angle(value)) if time == "discrete" else abs(value.imag))


def branches_figure(branches: Sequence[Branch], *, readout: npt.ArrayLike | None = None, name: str = "") -> go.Figure:
    """Draw a bifurcation diagram: one coordinate of the points against the parameter.

    Parameters
    ----------
    branches : sequence of Branch
    readout : array-like, shape (unit,), optional
        What is drawn is ``points @ readout``; by default the first principal component of all points.
    name : str
        Of the vertical axis.
    """
    from tertium import figure
    from tertium.dynamics.roots.picture import axes_of

    if not branches:
        raise BadInput("branches", got="none", expected="at least one")
    everything = np.concatenate([one.points for one in branches])
    if readout is None:
        weights, centre, name = axes_of(everything, 1)[0], everything.mean(0), name or "component 1"
    else:
        weights, centre, name = np.asarray(readout, dtype=np.float64), np.zeros(everything.shape[1]), name or "readout"
    drawn = figure.new(x="parameter (share of the way between the inputs)", y=name)
    named: set[str] = set()
    for one in branches:
        at = (one.points - centre) @ weights
        for stable, label, dash in ((True, "stable", "solid"), (False, "unstable", "dot")):
            # a point stays in both lines where stability changes, so that they meet
            which = (one.index == 0) == stable
            joined = which | np.append(which[1:], False) | np.append(False, which[:-1])
            line = {"color": figure.COLOURS[0 if stable else 6], "width": 2, "dash": dash}
            shown = np.where(joined if stable else which, at, np.nan)
            style = {"name": label, "legendgroup": label, "showlegend": label not in named and bool(which.any())}
            drawn.add_scatter(x=one.parameter, y=shown, mode="lines", line=line, **style)
            named |= {label} if which.any() else set()
        for kind in sorted({found.kind for found in one.bifurcations}):
            some = [found for found in one.bifurcations if found.kind == kind]
            mark = {"size": 9, "symbol": SYMBOLS[kind], "color": figure.COLOURS[1]}
            drawn.add_scatter(
                x=[found.at for found in some],
                y=[float((found.point - centre) @ weights) for found in some],
                mode="markers",
                marker=mark,
                name=kind,
                legendgroup=kind,
                showlegend=kind not in named,
            )
            named.add(kind)
    return drawn
