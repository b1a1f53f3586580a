"""Decisions on evidence in pieces: clicks from the left and the right, shapes with weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import OneHot, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.decision.two_choice import choice_from, fixate_then_choose, signed
from tertium.tasks.distributions import Choice, Columns, Distribution, Given, Uniform
from tertium.tasks.noise import Noise
from tertium.tasks.spec import Epoch, Series, Stimulus, TaskSpec, lasting


def pulse_accumulation(
    *,
    dt: float = 0.01,
    total_rate: float = 40.0,
    log_ratios: Sequence[float] = (0.5, 1.5, 2.5, 3.5),
    noise: float = 0.0,
    fixation: float = 0.5,
    stimulus: float | Distribution = Uniform(0.1, 1.2),
    decision: float = 0.5,
) -> TaskSpec:
    """Count clicks on the left and on the right, and choose the side with more (Brunton et al. 2013).

    Clicks are Poisson trains whose rates add up to ``total_rate``. The correct side is the one that had more clicks
    on this trial, whatever the rates were (a coin where they are equal). The condition ``clicks`` holds every click.
    The pair of clicks that starts each of the paper's trials is left out.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    total_rate : float
        Clicks per second on both sides together (40 in the paper).
    log_ratios : sequence of float
        Sizes of the natural logarithm of left over right rate; the sign is drawn. These four are ours.
    noise : float
        Standard deviation of the noise on the clicks after a leaky unit of 100 ms; a click is 1 for one step.
    fixation, stimulus, decision : float or Distribution
        Seconds; stimuli last 0.1 to 1.2 s as in the paper, the other times are ours.
    """
    frame = fixate_then_choose(("fixation", "stimulus"))
    seconds = stimulus if isinstance(stimulus, Distribution) else Choice((stimulus,))
    return frame.task(
        name="pulse_accumulation",
        what="Choose the side on which more clicks were heard.",
        cite="Brunton, Botvinick & Brody 2013 Science",
        dt=dt,
        epochs=lasting(fixation=fixation, stimulus="stimulus", decision=decision),
        inputs=(Vector("clicks", 2),),
        conditions={
            "stimulus": seconds,
            "log_ratio": Choice(signed(log_ratios)),
            "clicks": Given(_click_trains(total_rate, dt)),
            "left_clicks": lambda c: c["clicks"][..., 0].sum(1),
            "right_clicks": lambda c: c["clicks"][..., 1].sum(1),
            "difference": lambda c: c["left_clicks"] - c["right_clicks"],
            "choice": choice_from("difference"),
        },
        stimuli=(Stimulus("clicks", Series(_clicks), "stimulus"),),
        noise={"clicks": Noise(noise, "leaky", tau=0.1)},
        facets=("choice",),
    )


def _click_trains(total_rate: float, dt: float) -> Any:
    """Return the draw of clicks in each step of the stimulus, shape (trial, step, side)."""

    def draw(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
        steps = np.rint(drawn["stimulus"] / dt).astype(int)
        left = total_rate / (1 + np.exp(-drawn["log_ratio"]))
        rates = np.stack([left, total_rate - left], axis=-1)
        counts = rng.poisson(rates[:, None] * dt, (n, steps.max(), 2))
        return counts * (np.arange(steps.max())[:, None] < steps[:, None, None])

    return draw


def _clicks(course: TrialCourse) -> npt.NDArray[Any]:
    clicks = course.columns["clicks"]
    if clicks.shape[1] == 0:
        return np.zeros((course.steps, course.n, 2))
    step = np.clip(course.grid - course.start("stimulus"), 0, clicks.shape[1] - 1)
    return np.asarray(clicks[np.arange(course.n), step])


#: Evidence of the ten shapes for choice 0, log10 odds. The paper's two strongest are infinite; 10 stands for that.
SHAPE_WEIGHTS = (-10.0, -0.9, -0.7, -0.5, -0.3, 0.3, 0.5, 0.7, 0.9, 10.0)


def probabilistic_reasoning(
    *,
    dt: float = 0.02,
    weights: Sequence[float] = SHAPE_WEIGHTS,
    shapes: int = 4,
    noise: float = 0.0,
    fixation: float = 0.5,
    shape: float = 0.5,
    delay: float | Distribution = Uniform(0.45, 0.55),
    decision: float = 0.5,
) -> TaskSpec:
    """Add up the evidence of shapes that appear one after another (the weather task of Yang & Shadlen 2007).

    The rewarded choice is drawn with log10 odds equal to the sum of the shapes' weights, so that even the best
    possible observer is not always right: the condition ``log_odds`` tells how sure it could be.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    weights : sequence of float
        Log10 odds for choice 0 of each shape.
    shapes : int
        Shapes on a trial, each at a place of its own, where it stays until the decision; the order of places is drawn.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, shape, delay, decision : float or Distribution
        Seconds; ``shape`` is the time from one shape to the next.

    Raises
    ------
    BadInput
        If a trial has no shape.
    """
    if shapes < 1:
        raise BadInput("shapes of a trial", got=f"{shapes}", expected="an integer >= 1", repair="Pass shapes=4.")
    order = range(1, shapes + 1)
    epochs = ("fixation", *(f"stimulus{i}" for i in order), "delay")
    frame = fixate_then_choose(epochs)
    places = tuple(f"place{i}" for i in order)
    table = np.asarray(weights, dtype=np.float64)
    return frame.task(
        name="probabilistic_reasoning",
        what="Add up the evidence of shapes that appear one after another.",
        cite="Yang & Shadlen 2007 Nature",
        dt=dt,
        epochs=(
            Epoch("fixation", fixation),
            *(Epoch(f"stimulus{i}", shape) for i in order),
            Epoch("delay", delay),
            Epoch("decision", decision),
        ),
        inputs=[OneHot(f"place{i}", len(table)) for i in order],
        conditions={
            **{f"shape{i}": Choice(tuple(range(len(table)))) for i in order},
            places: Given(lambda rng, drawn, n: rng.permuted(np.tile(np.arange(shapes), (n, 1)), axis=1)),
            "log_odds": lambda c: table[np.stack([c[f"shape{i}"] for i in order])].sum(0),
            "choice": Given(_by_odds),
        },
        stimuli=[Stimulus(f"place{i}", Series(_shape_at(i - 1, shapes)), epochs) for i in order],
        noise={f"place{i}": Noise(noise, "leaky", tau=0.1) for i in order},
        facets=("choice",),
    )


def _by_odds(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
    return np.where(rng.random(n) < 1 / (1 + 10.0 ** -drawn["log_odds"]), 0, 1)


def _shape_at(place: int, shapes: int) -> Any:
    """Return the series of the shape that is seen at one place, -1 for none."""

    def series(course: TrialCourse) -> npt.NDArray[Any]:
        seen = np.full((course.steps, course.n), -1)
        for i in range(1, shapes + 1):
            here = course.columns[f"place{i}"] == place
            seen = np.where(here & (course.since(f"stimulus{i}") > -course.dt / 2), course.columns[f"shape{i}"], seen)
        return seen

    return series
