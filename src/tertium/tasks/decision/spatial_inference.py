"""One-choice spatial inference: which of two steps of a maze leads towards the goal."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import OneHot, Vector
from tertium.tasks.distributions import Columns, Rows
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import LargestOutput
from tertium.tasks.spec import LossWeight, Stimulus, Target, TaskSpec, lasting

#: Steps, in the order of inputs and outputs.
STEPS = ("left", "up", "right", "down")
#: The eight problems of the paper's public code: goal (0 up-left, 1 up-right, 2 down-left, 3 down-right), the two
#: steps on offer, and the one that leads towards the goal.
PROBLEMS = (
    (1, 0, 1, 1),
    (1, 2, 3, 2),
    (3, 0, 3, 3),
    (2, 2, 3, 3),
    (2, 0, 1, 0),
    (0, 1, 2, 1),
    (3, 0, 2, 2),
    (0, 0, 2, 0),
)


def spatial_inference(
    *,
    dt: float = 0.01,
    goal_steps: int = 20,
    delay_steps: int = 10,
    option_steps: int = 20,
    noise: float = 0.05,
) -> TaskSpec:
    """Remember the goal of a maze, then take of two possible steps the one towards it (Achterberg et al. 2023).

    Eight inputs (four goals, four steps on offer) and four outputs (steps). The goal is shown for 20 steps, nothing
    for 10, the two options for 20; the answer is read, and the error counted, at the last step only. These numbers,
    the eight problems and the noise are those of the paper's public code.

    Parameters
    ----------
    dt : float
        Seconds that one step stands for; the task is in steps.
    goal_steps, delay_steps, option_steps : int
        Steps of the three periods; the answer is the last of the options.
    noise : float
        Standard deviation of the noise on each sample of the inputs, whatever ``dt``.
    """
    shown = ("options", "answer")
    return TaskSpec(
        name="spatial_inference",
        what="Remember a goal, then choose of two steps the one that leads towards it.",
        cite="Achterberg, Akarca, Strouse, Duncan & Astle 2023 Nature Machine Intelligence",
        dt=dt,
        epochs=lasting(goal=goal_steps * dt, delay=delay_steps * dt, options=(option_steps - 1) * dt, answer=dt),
        inputs=(OneHot("goal", 4), Vector("option", 4)),
        outputs=(OneHot("step", 4),),
        conditions={("goal", "option1", "option2", "choice"): Rows(PROBLEMS)},
        stimuli=(Stimulus("goal", "goal", "goal"), Stimulus("option", _options, shown)),
        targets=(Target("step", "choice", "answer"),),
        weights=(LossWeight(1.0, "answer"),),
        response=LargestOutput("choice", channel="step", during="answer"),
        noise={"goal": Noise(noise, "sample"), "option": Noise(noise, "sample")},
        facets=("goal", "choice"),
    )


def _options(drawn: Columns) -> npt.NDArray[Any]:
    steps = np.arange(4)
    on = (drawn["option1"][:, None] == steps) | (drawn["option2"][:, None] == steps)
    return on.astype(np.float64)
