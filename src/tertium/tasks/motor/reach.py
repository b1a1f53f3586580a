"""Centre-out and random-target reaches with an instructed delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tertium.errors import BadInput, unknown_name
from tertium.tasks.channels import Channel, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Choice, Columns, Distribution, Uniform
from tertium.tasks.motor.effectors import EFFECTORS, Effector
from tertium.tasks.motor.reach_task import EndPoint, ReachTask
from tertium.tasks.motor.smooth_paths import minimum_jerk
from tertium.tasks.spec import LossWeight, Series, Stimulus, Target, TaskSpec, lasting


def reach(
    *,
    dt: float = 0.01,
    effector: str | Effector = "point_mass",
    n_targets: int = 8,
    distance: float = 0.1,
    delay: float | Distribution = Uniform(0.3, 0.8),
    movement: float = 0.5,
    tolerance: float = 0.01,
) -> ReachTask:
    """Reach from the centre to one of eight targets on a circle, after a delay and a go cue (Georgopoulos et al. 1982).

    The targets of training are minimum-jerk paths of the hand (Flash & Hogan 1985). Positions on the channels are
    relative to the start and in units of ``distance``, so that a target has length 1. The paper has no instructed
    delay; durations are ours.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    effector : str or Effector
        "point_mass", "two_link_arm", or one of one's own: the body that agents move.
    n_targets : int
        How many, evenly on the circle; the first is to the right.
    distance : float
        From start to target, metres.
    delay : float or Distribution
        Seconds from the target's appearance to the go cue.
    movement : float
        Seconds from the go cue to the end of the movement, after which the hand is held for 0.3 s.
    tolerance : float
        Largest distance that counts, metres: from the target at the end, and from the start at the go cue.
    """
    if n_targets < 1:
        raise BadInput("n_targets", got=f"{n_targets}", expected="an integer >= 1", repair="Pass n_targets=8.")
    conditions: dict[str | tuple[str, ...], Distribution | Callable[[Columns], np.ndarray]] = {
        "target": Choice(range(n_targets)),
        "direction": lambda c: c["target"] * (2 * np.pi / n_targets),
        "amplitude": lambda c: np.ones(len(c["target"])),
    }
    return _reaching(
        name="reach",
        what="Reach from the centre to one of several targets on a circle once the go cue comes.",
        cite="Georgopoulos, Kalaska, Caminiti & Massey 1982 Journal of Neuroscience",
        conditions=conditions,
        facets=("target",),
        dt=dt,
        effector=effector,
        distance=distance,
        delay=delay,
        movement=movement,
        tolerance=tolerance,
    )


def random_target_reach(
    *,
    dt: float = 0.01,
    effector: str | Effector = "point_mass",
    nearest: float = 0.03,
    farthest: float = 0.12,
    delay: float | Distribution = Uniform(0.3, 0.8),
    movement: float = 0.5,
    tolerance: float = 0.01,
) -> ReachTask:
    """Reach from the centre to a target anywhere around it, after a delay and a go cue.

    As `reach`, with any direction and any distance between two limits; positions on the channels are in units of the
    farthest.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    effector : str or Effector
        "point_mass", "two_link_arm", or one of one's own: the body that agents move.
    nearest, farthest : float
        Limits of the distance from start to target, metres.
    delay : float or Distribution
        Seconds from the target's appearance to the go cue.
    movement : float
        Seconds from the go cue to the end of the movement.
    tolerance : float
        Largest distance that counts, metres.
    """
    if not 0 < nearest <= farthest:
        raise BadInput(
            "distances of targets", got=f"{nearest} to {farthest} m", expected="0 < nearest <= farthest", repair=""
        )
    return _reaching(
        name="random_target_reach",
        what="Reach from the centre to a target anywhere around it once the go cue comes.",
        cite="Flash & Hogan 1985 Journal of Neuroscience",
        conditions={"direction": Uniform(0.0, 2 * np.pi), "amplitude": Uniform(nearest / farthest, 1.0)},
        facets=(),
        dt=dt,
        effector=effector,
        distance=farthest,
        delay=delay,
        movement=movement,
        tolerance=tolerance,
    )


def _reaching(
    *,
    name: str,
    what: str,
    cite: str,
    conditions: Mapping[str | tuple[str, ...], Distribution | Callable[[Columns], np.ndarray]],
    facets: tuple[str, ...],
    dt: float,
    effector: str | Effector,
    distance: float,
    delay: float | Distribution,
    movement: float,
    tolerance: float,
) -> ReachTask:
    for what_of, value in (("distance", distance), ("movement", movement), ("tolerance", tolerance)):
        if not value > 0:
            raise BadInput(f"{what_of} of task '{name}'", got=f"{value}", expected="a number > 0")
    body = _effector(effector)
    seen, all_of_it = ("delay", "movement", "hold"), ("fixation", "delay", "movement", "hold")
    spec = TaskSpec(
        name=name,
        what=what,
        cite=cite,
        dt=dt,
        epochs=lasting(fixation=0.2, delay=delay, movement=movement, hold=0.3),
        inputs=(Vector("target", 2), Channel("go")),
        outputs=(Vector("hand", 2),),
        conditions=conditions,
        stimuli=(Stimulus("target", _target, seen), Stimulus("go", 1.0, ("movement", "hold"))),
        targets=(Target("hand", Series(_path(movement)), ("movement", "hold")),),
        weights=(LossWeight(1.0, all_of_it),),
        response=EndPoint(tolerance / distance),
        facets=facets,
    )
    return ReachTask(spec, body, distance)


def _effector(wanted: str | Effector) -> Effector:
    if isinstance(wanted, Effector):
        return wanted
    if wanted not in EFFECTORS:
        raise unknown_name("effector", str(wanted), EFFECTORS)
    return EFFECTORS[wanted]()


def _target(columns: Columns) -> np.ndarray:
    """Return the position of the target on its channels, shape (trial, 2)."""
    around = np.stack([np.cos(columns["direction"]), np.sin(columns["direction"])], axis=-1)
    return np.asarray(columns["amplitude"][:, None] * around)


def _path(movement: float) -> Callable[[TrialCourse], np.ndarray]:
    def path(course: TrialCourse) -> np.ndarray:
        # the position at a step is that at its end, so that the movement's last step is at the target
        done = minimum_jerk((course.since("movement") + course.dt) / movement)
        return np.asarray(done[..., None] * _target(course.columns))

    return path
