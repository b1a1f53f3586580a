"""DYN01: flow fields, nullclines, and what is lost when the flow of many units is shown in a plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import Subspace, fixed_points, flow_field, simulate
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, at_most, between
from tertium.studies.methods.vyas import (
    errors_of_steps,
    explained,
    fitzhugh_nagumo,
    followed,
    full_rank,
    nullcline_error,
    order,
    rank_two,
    rate_network,
)
from tertium.studies.pictures import vyas as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The plane of FitzHugh and Nagumo's model that is shown, and the current that makes it fire.
LOW, HIGH, CURRENT = (-2.5, -1.0), (2.5, 2.0), 0.5


class Vyas2020(Study):
    """The flow of a network, its nullclines, and its shadow in a plane (Vyas et al. 2020; Strogatz 2015).

    A velocity is integrated by two methods that must agree. Nullclines of a model with two variables are those of the
    closed form, and cross at its fixed point. The flow of a network of rank 2 never leaves its plane: the field in
    this plane, on a grid, moves as the whole network does. The flow of a network of full rank leaves any plane, even
    that in which it varies most: the projection error says how much of the velocity is not shown.
    """

    row, kind = "DYN01", "simulation"
    cite = (
        Reference(
            "Vyas2020",
            "Vyas, S., Golub, M. D., Sussillo, D. & Shenoy, K. V.",
            2020,
            "Computation through neural population dynamics",
            "Annual Review of Neuroscience 43:249-275",
            "10.1146/annurev-neuro-092619-094115",
        ),
        Reference(
            "Strogatz2015",
            "Strogatz, S. H.",
            2015,
            "Nonlinear dynamics and chaos, 2nd edition",
            "Westview Press",
        ),
    )
    smoke = {"finest": 12, "units": 20, "starts": 3, "steps": 60, "places": 21}

    class Config(StudyConfig):
        """Sizes of networks, runs and grids."""

        small: int = Field(10, ge=2, description="units of the network whose velocity is integrated by both methods")
        finest: int = Field(20, ge=8, le=22, description="Euler's finest step is 2 to the power of minus this")
        units: int = Field(100, ge=4, description="units of the networks whose flow is projected")
        gain: float = Field(1.5, gt=1, description="standard deviation of full-rank weights, times root of units")
        starts: int = Field(10, ge=1, description="runs of each network")
        steps: int = Field(600, ge=10, description="steps of each run, of a twentieth of a time constant")
        places: int = Field(61, ge=4, description="places of the grids along each axis")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        euler_steps: NDArray[np.int64]  # (count,) steps in one time constant
        euler_errors: Floats  # (count,) from the finest run of the other method, relative
        rk4_steps: NDArray[np.int64]
        rk4_errors: Floats
        nullclines: float  # largest distance from the closed form
        nullclines_other: float  # from that of another current
        crossing: float  # distance of the fixed point from the nearest place where both components are zero
        explained: dict[str, float]  # network -> R2 of the full runs by the field in the plane
        leaving: dict[str, float]  # network -> median projection error
        runs: dict[str, Floats]  # network -> (2 runs, time, axis) in the plane
        followed: dict[str, Floats]  # network -> (2 runs, time, axis) by the field alone
        errors: dict[str, Floats]  # network -> (place, place) projection error
        low: dict[str, Floats]
        high: dict[str, Floats]

    def run(self, config: Config, lab: Lab) -> Results:
        """Integrate by two methods, find nullclines, project networks of rank 2 and of full rank."""
        steps = lab.stage("steps", lambda: two_methods(config, lab))
        plane = lab.stage("nullclines", lambda: nullclines(config))
        shadows = lab.stage("networks", lambda: project(config, lab))
        return self.Results(**steps, **plane, **shadows)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield agreement and orders of the methods, nullclines, and the projections."""
        orders = {
            "euler": order(results.euler_steps, results.euler_errors),
            "rk4": order(results.rk4_steps, results.rk4_errors),
        }
        yield Claim(
            "agreement",
            "With small steps the methods of Euler and of Runge and Kutta agree.",
            float(results.euler_errors[-1]),
            at_most(1e-6),
            "canon DYN01",
            Control(f"Euler's method with {results.euler_steps[0]} steps", float(results.euler_errors[0])),
            judge="each",
            unit="relative difference after one time constant",
        )
        for name, other, expected in (("euler", "rk4", 1.0), ("rk4", "euler", 4.0)):
            yield Claim(
                f"order_{name}",
                f"The error of {'Euler' if name == 'euler' else 'Runge and Kutta'} falls with the step to the power of "
                f"{expected:g}.",
                orders[name],
                between(expected - 0.2, expected + 0.2),
                "canon DYN01",
                Control("the other method", orders[other]),
                judge="each",
                unit="order",
            )
        yield Claim(
            "nullclines",
            "Nullclines on the grid are those of the closed form.",
            results.nullclines,
            at_most(0.01),
            "closed form; margin for the grid ours",
            Control("the closed form of no current", results.nullclines_other),
            judge="each",
            unit="largest distance",
        )
        yield Claim(
            "rank_two",
            "The field in the plane of a network of rank 2 moves as the whole network.",
            results.explained["rank 2"],
            at_least(0.99),
            "canon DYN01",
            Control("full rank, plane of the two leading principal axes", results.explained["full rank"]),
            judge="each",
            unit="R² of all units",
        )
        yield Claim(
            "projection",
            "The flow of a network of full rank leaves the plane in which it varies most.",
            results.leaving["full rank"],
            above(0.01),
            "canon DYN01: above 0; margin ours",
            Control("rank 2 in its own plane", results.leaving["rank 2"]),
            judge="each",
            unit="median fraction of the velocity",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw errors against steps, the phase plane, runs and their shadows, projection errors."""
        first, seeds = results[0], len(results)
        yield Picture(
            "orders",
            draw.orders(results),
            f"Error after one time constant, relative to the states, against the step; a line a seed, {seeds} each.",
        )
        yield Picture(
            "phase_plane",
            draw.phase_plane(),
            "FitzHugh and Nagumo's model under a current that makes it fire: streamlines, speed (colour), nullclines, "
            "fixed point, and a run.",
        )
        yield Picture(
            "shadows",
            draw.shadows(first),
            "Two runs of each network in the plane (wide, grey), and where the field in the plane leads by itself "
            "(coloured); colour of the ground: fraction of the velocity that leaves the plane. First seed.",
        )


def two_methods(config: Vyas2020.Config, lab: Lab) -> dict[str, Any]:
    """Integrate a small network with many steps by both methods, and return how far they are from the finest run."""
    rng = lab.seeds.numpy("small")
    velocity = rate_network(full_rank(config.small, config.gain, rng))
    starts = rng.normal(size=(4, config.small))
    exact = simulate(velocity, starts, 1024, time="continuous", dt=1 / 1024, every=1024)[:, -1]
    # beyond 64 steps the error of the fourth order falls into rounding
    rk4 = 2 ** np.arange(2, 7)
    euler = 2 ** np.arange(6, config.finest + 1, 2)
    euler = np.unique(np.append(euler, 2**config.finest))
    return {
        "euler_steps": euler,
        "euler_errors": errors_of_steps(velocity, starts, euler, "euler", exact),
        "rk4_steps": rk4,
        "rk4_errors": errors_of_steps(velocity, starts, rk4, "rk4", exact),
    }


def nullclines(config: Vyas2020.Config) -> dict[str, Any]:
    """Find nullclines of FitzHugh and Nagumo's model, which has no randomness."""
    velocity = fitzhugh_nagumo(CURRENT)
    field = flow_field(velocity, LOW, HIGH, config.places, time="continuous")
    (root,) = fixed_points(velocity, np.zeros((1, 2)), time="continuous").points
    near = [min(np.linalg.norm(line - root, axis=1).min() for line in lines) for lines in field.nullclines]
    return {
        "nullclines": nullcline_error(field, CURRENT),
        "nullclines_other": nullcline_error(field, 0.0),
        "crossing": float(max(near)),
    }


def project(config: Vyas2020.Config, lab: Lab) -> dict[str, Any]:
    """Show networks of rank 2 and of full rank in a plane, and let the fields move by themselves."""
    rng = lab.seeds.numpy("networks")
    weights, m = rank_two(config.units, 1.2, rng)
    own = Subspace.spanned(m)
    starts = {
        "rank 2": own.lift(np.sqrt(config.units) * rng.normal(size=(config.starts, 2))),
        "full rank": rng.normal(size=(config.starts, config.units)),
    }
    matrices = {"rank 2": weights, "full rank": full_rank(config.units, config.gain, rng)}
    found: dict[str, dict[str, Any]] = {
        name: {} for name in ("explained", "leaving", "runs", "followed", "errors", "low", "high")
    }
    for name, matrix in matrices.items():
        velocity, dt = rate_network(matrix), 0.05
        runs = simulate(velocity, starts[name], config.steps, time="continuous", dt=dt)
        plane = own if name == "rank 2" else Subspace.of(runs)
        low, high = plane.box(runs)
        field = flow_field(velocity, low, high, config.places, time="continuous", axes=plane.axes, origin=plane.origin)
        led = followed(field, runs, dt)
        measured: dict[str, Any] = {
            "explained": explained(runs, led),
            "leaving": float(np.median(field.leaving)),
            "runs": plane.project(runs[:2]),
            "followed": plane.project(led[:2]),
            "errors": field.leaving,
            "low": low,
            "high": high,
        }
        for what, value in measured.items():
            found[what][name] = value
    return found
