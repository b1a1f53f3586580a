"""`fixed_points`: from states to certified roots, each once, and slow points beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.roots.certificate import certify
from tertium.dynamics.roots.newton import newton, newton_steps
from tertium.dynamics.roots.points import FixedPoints, SlowPoints, sorted_eigenvalues
from tertium.dynamics.roots.slow import Minimiser, slowest
from tertium.dynamics.states import flat_states
from tertium.dynamics.step import Dynamics, Time, as_dynamics, in_parts
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def fixed_points(
    step: Any,
    states: xr.DataArray | npt.ArrayLike,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    jacobian: Callable[[Any, Any], Any] | None = None,
    tolerance: float = 1e-10,
    iterations: int = 100,
    same: float = 1e-5,
    slow: Minimiser | None = "levenberg_marquardt",
    slowness: float = np.inf,
) -> FixedPoints:
    """Find the fixed points of a network, prove that they are there, and tell slow points apart from them.

    From each state Newton's method (damped, norm-clipped, float64) looks for a root of ``step(h, x) - h``, saddles as
    well as attractors (Golub & Sussillo 2018 minimise the speed instead, which takes longer and ends at slow points
    too). Roots nearer to each other than ``same`` are one. Each is certified by the theorem of Newton and Kantorovich.
    Starts that reach no root go downhill in speed and end at slow points, which are handed out apart. So does what
    cannot be located: a point from which Newton's step, rounding included, is longer than one plus its norm and than
    the root mean square norm of the states (on a continuum of fixed points, or where gates are saturated). Nothing is
    drawn at random: the same states give the same points.

    Parameters
    ----------
    step : callable or torch.nn.Module
        ``step(h, x) -> h``, batched, for tensors of torch or arrays of NumPy; or a module: see
        `tertium.dynamics.as_dynamics`.
    states : array-like, shape (start, unit), or responses
        Where to begin; one state is enough. Of responses every time of every trial is a start: thin them out with
        `tertium.dynamics.sample_states`.
    inputs : array-like
        A number, one constant input (channel,), or one for each start (start, channel).
    time : {"discrete", "continuous"}
        Whether ``step`` gives the next state or a velocity.
    jacobian : callable, optional
        ``jacobian(h, x) -> (batch, unit, unit)`` of ``step``, in place of automatic differentiation.
    tolerance : float
        Of speed and Newton step, relative to one plus the norm of the state.
    iterations : int
        Newton steps at most; slow points get twice as many.
    same : float
        Distance below which two roots are one, relative to the root mean square norm of the states.
    slow : {"levenberg_marquardt", "gradient"} or None
        How slow points are looked for; None leaves them out.
    slowness : float
        Slow points that move faster than this are not reported.

    Returns
    -------
    FixedPoints
        Sorted by index, then by the number of starts that ended there, then by the first unit.

    Raises
    ------
    BadInput
        If states or inputs have another shape, are not finite, or the function does not fit them.

    Examples
    --------
    Two memories and the saddle between them:

    >>> import torch
    >>> weights = torch.tensor([[2.0, 0.0], [0.0, 0.5]], dtype=torch.float64)
    >>> found = fixed_points(lambda h, x: torch.tanh(h @ weights.T + x), np.random.default_rng(0).normal(size=(50, 2)))
    >>> found.index.tolist(), found.certified.all().item()
    ([0, 0, 1], True)
    >>> found.points.round(3)[:, 0].tolist() in ([0.958, -0.958, 0.0], [-0.958, 0.958, 0.0])
    True
    """
    starts = flat_states(states)
    system = as_dynamics(step, starts.shape[1], inputs, time=time, jacobian=jacobian)
    x = system.inputs(inputs, len(starts))
    for name, value in (("tolerance", tolerance), ("same", same)):
        if not value > 0:
            raise BadInput(name, got=f"{value}", expected="a number above 0")
    if iterations < 1:
        raise BadInput("iterations", got=str(iterations), expected="at least 1")
    found = newton(system, starts, x, tolerance=tolerance, iterations=iterations)
    spread = max(float(np.sqrt((starts**2).sum(1).mean())), 1e-12)
    near = same * spread
    rooted = np.flatnonzero(found.converged)
    first, counts = distinct(found.states[rooted], x[rooted], found.speeds[rooted], near)
    best = rooted[first]
    proof = certify(system, found.states[best], x[best])
    # where rounding alone moves a root farther than it is from the origin and than all starts are spread, nothing says
    # that there is one: a saturated gate, or a continuum. Such a point is slow, no root.
    located = proof.decrement <= np.maximum(spread, 1 + np.linalg.norm(found.states[best], axis=1))
    best, counts, proof = best[located], counts[located], proof.take(located)
    roots, under = found.states[best], x[best]
    lost = np.setdiff1d(np.arange(len(starts)), rooted[_near_any(found.states[rooted], x[rooted], roots, under, near)])
    from_where = np.where(found.converged[lost, None], found.states[lost], starts[lost])
    points, unresolved = _slow_points(system, from_where, x[lost], slow, 2 * iterations, near)
    fixed = FixedPoints(
        **_described(system, roots, under),
        decrements=proof.decrement,
        counts=counts,
        certified=proof.certified,
        radius=proof.radius,
        apart=proof.apart,
        slow=points.take(points.speeds <= slowness),
        unresolved=unresolved,
        starts=len(starts),
    )
    return fixed.take(np.lexsort((roots[:, 0], -counts, fixed.index)))


def distinct(
    states: Floats, inputs: Floats, speeds: Floats, near: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which states to keep, and how many each stands for: no two under one input are nearer than ``near``.

    Of states that are near each other the slowest is kept.

    Examples
    --------
    >>> first, counts = distinct(np.array([[0.0], [1.0], [1e-9]]), np.zeros((3, 1)), np.array([2.0, 1.0, 1.0]), 1e-6)
    >>> first.tolist(), counts.tolist()
    ([1, 2], [1, 2])
    """
    from scipy.spatial import cKDTree

    free = np.ones(len(states), dtype=bool)
    first, counts = [], []
    tree = cKDTree(states) if len(states) else None
    for i in np.argsort(speeds, kind="stable"):
        if not free[i] or tree is None:
            continue
        members = np.array(tree.query_ball_point(states[i], near), dtype=np.int64)
        members = members[free[members] & (inputs[members] == inputs[i]).all(1)]
        free[members] = False
        first.append(i)
        counts.append(len(members))
    return np.array(first, dtype=np.int64), np.array(counts, dtype=np.int64)


def _near_any(states: Floats, inputs: Floats, roots: Floats, under: Floats, near: float) -> npt.NDArray[np.bool_]:
    """Return which states are one of the roots."""
    found = np.zeros(len(states), dtype=bool)
    for root, given in zip(roots, under, strict=True):
        found |= (np.linalg.norm(states - root, axis=1) <= near) & (inputs == given).all(1)
    return found


def _described(system: Dynamics, points: Floats, inputs: Floats) -> dict[str, Any]:
    """Return what fixed and slow points have in common, by name."""
    jacobians = in_parts(system.derivative, points, inputs, (system.n_units, system.n_units))
    return {
        "points": points,
        "inputs": inputs,
        "speeds": np.linalg.norm(system.velocity(points, inputs), axis=1) if len(points) else np.zeros(0),
        "jacobians": jacobians,
        "input_jacobians": in_parts(system.input_derivative, points, inputs, (system.n_units, system.n_inputs)),
        "eigenvalues": sorted_eigenvalues(jacobians, system.time),
        "time": system.time,
    }


def _slow_points(
    system: Dynamics, starts: Floats, inputs: Floats, method: Minimiser | None, iterations: int, near: float
) -> tuple[SlowPoints, Floats]:
    """Return the slow points that starts without a root come to, each once, and the last states of all other starts."""
    none = np.zeros(0, dtype=np.int64)
    if method is None or not len(starts):
        states, first, counts, lost, settled = starts, none, none, np.ones(len(starts), dtype=bool), none.astype(bool)
    else:
        found = slowest(system, starts, inputs, method=method, iterations=iterations)
        states, lost = found.states, ~np.isfinite(found.speeds)
        kept = np.flatnonzero(~lost)
        chosen, counts = distinct(states[kept], inputs[kept], found.speeds[kept], near)
        first = kept[chosen]
        settled = found.converged[first]
    shared = _described(system, states[first], inputs[first])
    with np.errstate(over="ignore"):  # of a Jacobian that is all but singular
        sizes = np.linalg.norm(newton_steps(system, states[first], inputs[first]), axis=1)
    slow = SlowPoints(**shared, decrements=np.nan_to_num(sizes, nan=np.inf), counts=counts, settled=settled)
    return slow.take(np.argsort(slow.speeds, kind="stable")), states[lost]
