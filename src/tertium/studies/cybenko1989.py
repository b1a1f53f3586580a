"""FND09: one hidden layer of sigmoidal units approximates functions and regions; linear units do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.models.foundations import grow
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, at_most, exactly
from tertium.studies.pictures import cybenko as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


def _bump(x: Floats) -> Floats:
    return np.exp(-((x - 0.5) ** 2).sum(axis=1) / 0.08)


def _wave(x: Floats) -> Floats:
    return np.sin(2 * np.pi * x[:, 0]) * np.cos(2 * np.pi * x[:, 1])


def _chirp(x: Floats) -> Floats:
    return np.sin(3 * np.pi * (x[:, 0] + x[:, 1] ** 2))


def _pyramid(x: Floats) -> Floats:
    return 1 - 2 * np.abs(x - 0.5).max(axis=1)


def _franke(x: Floats) -> Floats:
    """Two hills, a slope and a dip: the usual test of scattered data approximation (Franke 1979)."""
    a, b = 9 * x[:, 0], 9 * x[:, 1]
    hills = 0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4) + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4)
    slope = 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
    return hills + slope - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)


def _cone(x: Floats) -> Floats:
    return np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5)


#: Smooth (bump, franke), oscillating (wave, chirp) and kinked (pyramid) functions on the unit square.
TARGETS: dict[str, Callable[[Floats], Floats]] = {
    "bump": _bump,
    "franke": _franke,
    "wave": _wave,
    "chirp": _chirp,
    "pyramid": _pyramid,
}
#: Beside the five: its tip is a point where no direction is smooth, the hardest case for sums of ridges.
BESIDE: dict[str, Callable[[Floats], Floats]] = {"cone": _cone}


class Cybenko1989(Study):
    """One hidden layer of sigmoidal units approximates any continuous function; linear units plateau (Cybenko 1989)."""

    row, kind = "FND09", "analogue"
    cite = (
        Reference(
            "Cybenko1989",
            "Cybenko, G.",
            1989,
            "Approximation by superpositions of a sigmoidal function",
            "Mathematics of Control, Signals and Systems 2:303-314",
            "10.1007/BF02551274",
        ),
        Reference(
            "Franke1979",
            "Franke, R.",
            1979,
            "A critical comparison of some methods for interpolation of scattered data",
            "Naval Postgraduate School NPS-53-79-003",
        ),
    )
    smoke = {
        "widths": [4, 16],
        "steps": [30, 30],
        "grid": 17,
        "dense": 33,
        "region_widths": [8, 16],
        "region_steps": 30,
    }

    class Config(StudyConfig):
        """Widths, training and grids."""

        widths: tuple[int, ...] = Field((4, 8, 16, 32, 64, 128, 256), min_length=2, description="hidden units")
        steps: tuple[int, ...] = Field((200, 200, 200, 100, 60, 50, 60), description="training steps at each width")
        grid: int = Field(41, ge=5, description="training points on a side of the square")
        dense: int = Field(121, ge=5, description="points on a side, edges in, where the largest error is sought")
        region_widths: tuple[int, ...] = Field((8, 32, 64), description="growth of the net that learns the region")
        region_steps: int = Field(60, ge=1, description="training steps at each of these widths")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured: largest errors on the dense grid, by target and width."""

        widths: NDArray[np.int64]
        errors: dict[str, Floats]  # target -> (width,) sup-norm error, sigmoidal units
        linear: dict[str, Floats]  # the same with linear units
        beside: dict[str, Floats]  # target beside the five -> (width,), sigmoidal units
        beside_linear: dict[str, Floats]  # the same with linear units
        region_accuracy: float
        region_linear: float
        region: NDArray[np.int64]  # (point, point) 1 inside
        region_answer: NDArray[np.int64]  # (point, point) what the network says

    def run(self, config: Config, lab: Lab) -> Results:
        """Grow networks on every target, with both kinds of unit, and one on a region of two pieces."""
        errors = {name: self._approximate(name, config, lab) for name in lab.track(TARGETS, "targets")}
        linear = {name: self._approximate(name, config, lab, linear=True) for name in TARGETS}
        beside = {name: self._approximate(name, config, lab) for name in BESIDE}
        beside_linear = {name: self._approximate(name, config, lab, linear=True) for name in BESIDE}
        region = lab.stage("region", lambda: learn_region(config, lab.seeds.child("region").numpy("net")))
        return self.Results(np.array(config.widths), errors, linear, beside, beside_linear, **region)

    @staticmethod
    def _approximate(name: str, config: Config, lab: Lab, *, linear: bool = False) -> Floats:
        """Return the sup-norm error on the dense grid at each width, shape (width,)."""
        target = (TARGETS | BESIDE)[name]
        kind = "linear" if linear else "sigmoidal"

        def work() -> Floats:
            x, dense = square(config.grid), square(config.dense)
            steps = [min(s, 10) for s in config.steps] if linear else config.steps  # a plane is found in a few
            nets = grow(x, target(x), config.widths, steps, lab.seeds.numpy(f"{name} {kind}"), linear=linear)
            return np.array([np.abs(net(dense) - target(dense)).max() for net in nets])

        return lab.stage(f"{name}-{kind}", work)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the fall of the error, the region, and the plateau of linear units."""
        small, large = int(results.widths[0]), int(results.widths[-1])
        fall, plateau = ratios(results.errors), ratios(results.linear)
        yield Claim(
            "error_falls",
            f"The largest error with {large} units is at most a tenth of that with {small}, for all five functions.",
            int((fall <= 0.1).sum()),
            exactly(5),
            "canon FND09; Cybenko 1989, theorem 2 promises convergence, not its speed",
            Control("hidden units linear", int((plateau <= 0.1).sum())),
            judge="each",
            unit="functions of 5",
        )
        yield Claim(
            "cone_falls",
            "The same holds for a cone, whose tip is smooth in no direction (left out of the five for that).",
            float(ratios(results.beside).max()),
            at_most(0.1),
            "canon FND09's factor, for a target chosen to be hard: ours",
            Control("hidden units linear", float(ratios(results.beside_linear).max())),
            unit="error ratio",
        )
        yield Claim(
            "linear_plateau",
            f"With linear units the error stays: {large} keep more than 0.9 of the error of {small} (least of 5).",
            float(plateau.min()),
            above(0.9),
            "canon FND09; closed form: a sum of linear units is one plane",
            Control("sigmoidal units (largest of five)", float(fall.max())),
            judge="each",
            unit="error ratio",
        )
        yield Claim(
            "region",
            "One hidden layer classifies new points of a random region of two separate pieces.",
            results.region_accuracy,
            at_least(0.98),
            "canon FND09; Cybenko 1989, theorem 3",
            Control("hidden units linear", results.region_linear),
            unit="accuracy",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw error against width, and the region with the network's answer."""
        seeds, first = len(results), results[0]
        yield Picture(
            "errors",
            draw.errors(results),
            f"Largest error on a dense grid against hidden units, each width grown from the one before: geometric "
            f"mean of {seeds} seeds, bars the range over seeds. Dashed: the same with linear units (bump). Dotted: the "
            "cone, which is not one of the five; its tip is hard for sums of ridges.",
        )
        yield Picture(
            "region",
            draw.region(first),
            f"A random region of two pieces (left) and what the network answers for points between those it was "
            f"trained on (right): accuracy {first.region_accuracy:.3f} in this seed, linear units "
            f"{first.region_linear:.3f}; {first.region.size} points.",
        )


def square(side: int, *, inside: bool = False) -> Floats:
    """Return a grid of the unit square, (point, 2), from edge to edge, or at the middles of ``side`` cells."""
    along = (np.arange(side) + 0.5) / side if inside else np.linspace(0, 1, side)
    return np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1).reshape(-1, 2)


def ratios(errors: dict[str, Floats]) -> Floats:
    """Return the error at the largest width over that at the smallest, one a target."""
    return np.array([e[-1] / e[0] for e in errors.values()])


def two_pieces(generator: np.random.Generator) -> Callable[[Floats], NDArray[np.bool_]]:
    """Draw two ellipses that do not touch, one in each half of the square; return whether points lie inside."""
    centres = np.array([generator.uniform((0.22, 0.25), (0.28, 0.75)), generator.uniform((0.72, 0.25), (0.78, 0.75))])
    axes = generator.uniform(0.1, 0.19, size=(2, 2))
    turns = generator.uniform(0, np.pi, size=2)

    def inside(x: Floats) -> NDArray[np.bool_]:
        found = np.zeros(len(x), dtype=bool)
        for centre, axis, turn in zip(centres, axes, turns, strict=True):
            turned = (x - centre) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            found |= ((turned / axis) ** 2).sum(axis=1) < 1
        return found

    return inside


def learn_region(config: Cybenko1989.Config, generator: np.random.Generator) -> dict[str, Any]:
    """Fit -1 and +1 outside and inside of two pieces; classify points between the training points by the sign."""
    inside, side = two_pieces(generator), config.dense - 1
    x, new = square(config.grid), square(side, inside=True)
    sides, truth = np.where(inside(x), 1.0, -1.0), inside(new)
    steps = [config.region_steps] * len(config.region_widths)
    answers = [
        grow(x, sides, config.region_widths, steps, generator, linear=linear)[-1](new) > 0 for linear in (False, True)
    ]
    shape = (side, side)
    return {
        "region_accuracy": float((answers[0] == truth).mean()),
        "region_linear": float((answers[1] == truth).mean()),
        "region": truth.reshape(shape).astype(np.int64),
        "region_answer": answers[0].reshape(shape).astype(np.int64),
    }
