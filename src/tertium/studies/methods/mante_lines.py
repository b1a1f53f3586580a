"""Lines of slow points in each context of a network of Mante et al. 2013, and what their selection vectors pick up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.dynamics import as_dynamics, fixed_points
from tertium.dynamics.modules import step_of_module
from tertium.dynamics.roots.points import Points, sorted_eigenvalues
from tertium.studies.methods.mante_networks import leak_of

if TYPE_CHECKING:
    from tertium.models import RateRNN

Floats = npt.NDArray[np.float64]

#: Time constants of the units for which states run on without evidence before a line is laid through them.
REST = 10


@dataclass(frozen=True)
class Line:
    """Slow points of one context, in order.

    Attributes
    ----------
    points : Points
        Where, at given places along the line, the state moves along it only; Jacobians are those of one step.
    outputs : array, shape (point,)
        The read-out at each.
    straight : float
        Share of the points' variance along their first principal component.
    fixed : int
        Certified fixed points found from the same states.
    """

    points: Points
    outputs: Floats
    straight: float
    fixed: int


def context_input(context: int) -> Floats:
    """Return the input with the context's cue alone, shape (channel,)."""
    return np.eye(4)[2 + context]


def line_of(network: RateRNN, states: Floats, context: int, places: int) -> Line:
    """Find points along the slow direction of a context.

    A line attractor of a trained network is a chain of a few fixed points with slow stretches between them. Newton's
    method from anywhere ends at the few; so the place along the line is held and a state is looked for whose velocity
    across it is zero (what is left, the speed along the line, is reported). The direction is the first principal
    component of states in which trials ended, after ten time constants without evidence.

    Parameters
    ----------
    network : RateRNN
    states : array, shape (trial, unit)
        Last states of trials of this context.
    context : int
    places : int
        Places along the line, evenly from one end of these states to the other (from their 5 % to their 95 % quantile).
    """
    cue = context_input(context)
    system = as_dynamics(network, states.shape[1], cue)
    steps = round(REST / leak_of(network))
    rested = states
    for _ in range(steps):
        rested = system.move(rested, system.inputs(cue, len(rested)))
    centre = rested.mean(0)
    direction = np.linalg.svd(rested - centre, full_matrices=False)[2][0]
    along = (rested - centre) @ direction
    low, high = np.quantile(along, [0.05, 0.95])
    wanted = np.linspace(float(low), float(high), places)
    starts = rested[np.abs(along - wanted[:, None]).argmin(1)]
    held = np.concatenate([np.tile(cue, (places, 1)), wanted[:, None]], axis=1)
    found = fixed_points(_held(network, centre, direction), starts, held, time="continuous", slow=None)
    order = np.argsort(found.inputs[:, -1])
    points = points_at(system, found.points[order], cue)
    readout = network.readout
    rates = torch.tanh(torch.from_numpy(points.points).float())
    outputs = readout(rates).detach().double().numpy()[:, 0]
    spread = np.linalg.svd(points.points - points.points.mean(0), compute_uv=False) ** 2
    roots = fixed_points(network, states[: 10 * places], cue, slow=None)
    return Line(points, outputs, float(spread[0] / spread.sum()), int(roots.certified.sum()))


def _held(network: RateRNN, centre: Floats, direction: Floats) -> Any:
    """Return a velocity whose roots, at a place that is one more input, are states that move along the line only."""
    step, channels = step_of_module(network, len(centre))
    middle, along = torch.from_numpy(centre), torch.from_numpy(direction)

    def velocity(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        moved = step(h, x[:, :channels]) - h
        missing = x[:, channels] - (h - middle) @ along
        return moved + (missing - moved @ along)[:, None] * along

    return velocity


def points_at(system: Any, states: Floats, cue: Floats) -> Points:
    """Return states as points of a system, with their speeds and Jacobians."""
    x = system.inputs(cue, len(states))
    velocity, jacobians = system.velocity(states, x), system.derivative(states, x)
    newton = np.linalg.solve(jacobians - np.eye(system.n_units), velocity[:, :, None])[:, :, 0]
    return Points(
        points=states,
        inputs=x,
        speeds=np.linalg.norm(velocity, axis=1),
        decrements=np.linalg.norm(newton, axis=1),
        jacobians=jacobians,
        input_jacobians=system.input_derivative(states, x),
        eigenvalues=sorted_eigenvalues(jacobians, "discrete"),
        counts=np.ones(len(states), dtype=np.int64),
        time="discrete",
    )
