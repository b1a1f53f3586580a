"""Tasks of MDGL: a pattern to be produced from frozen spikes, and samples to be matched over a delay, as spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds
from tertium.tasks import Task, given_trials
from tertium.tasks.channels import OneHot, Vector
from tertium.tasks.course import TrialCourse
from tertium.tasks.distributions import Choice
from tertium.tasks.response_rules import FollowsTarget, LargestOutput
from tertium.tasks.spec import Epoch, LossWeight, Series, Stimulus, Target, TaskSpec
from tertium.tasks.trial_batch import TrialBatch

#: Input neurons of each of four groups of the matching task: two samples, the go signal, background.
GROUP = 10


class Pattern:
    """Produce one sum of four sines from one frozen volley of Poisson spikes; every trial is the same.

    Parameters
    ----------
    seeds : Seeds
        Of spikes, amplitudes and phases.
    dt, duration : float
        In seconds.
    channels : int
        Input neurons.
    rate : float
        Of their spikes, in hertz.
    """

    name = "pattern"

    def __init__(
        self, seeds: Seeds, *, dt: float, duration: float = 1.0, channels: int = 100, rate: float = 10.0
    ) -> None:
        self.dt, self.n_inputs, self.n_outputs = dt, channels, 1
        steps, rng = round(duration / dt), seeds.numpy("pattern")
        self._spikes = (rng.random((steps, 1, channels)) < rate * dt).astype(np.float32)
        times = np.arange(steps) * dt
        sines = [
            rng.uniform(0.5, 2.0) * np.sin(2 * np.pi * hertz * times + rng.uniform(0, 2 * np.pi))
            for hertz in (1, 2, 3, 5)
        ]
        wanted = np.sum(sines, axis=0)
        self._target = ((wanted - wanted.mean()) / wanted.std())[:, None, None].astype(np.float32)

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Return the trial ``n`` times."""
        return given_trials(self._spikes.repeat(n, axis=1), self._target.repeat(n, axis=1), dt=self.dt)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the share of trials that stay within a tenth of the pattern."""
        return float(FollowsTarget(0.1).correct(np.asarray(outputs), batch).mean())


def matching(*, dt: float, delay: float) -> Task:
    """Return the task to tell whether two stimuli, a delay apart, were the same (Liu et al. 2021, fig. 3).

    A stimulus is 0.15 s of spikes at 40 Hz in one of two groups of ten neurons; ten others give the go signal at that
    rate in the last 0.1 s, in which the answer counts, and ten spike at 10 Hz throughout.

    Parameters
    ----------
    dt, delay : float
        In seconds.
    """
    during = ("sample", "delay", "test", "response")
    return Task(
        TaskSpec(
            name="matching",
            what="Tell whether two stimuli, a delay apart, were the same.",
            cite="Liu et al. 2021 PNAS",
            dt=dt,
            epochs=(Epoch("sample", 0.15), Epoch("delay", delay), Epoch("test", 0.15), Epoch("response", 0.1)),
            inputs=(Vector("spikes", 4 * GROUP),),
            outputs=(OneHot("choice", 2),),
            conditions={
                "sample_identity": Choice((0, 1)),
                "test_identity": Choice((0, 1)),
                "match": lambda drawn: (drawn["sample_identity"] == drawn["test_identity"]).astype(int),
            },
            streams={"spikes": _poisson},
            stimuli=(Stimulus("spikes", Series(lambda course: course.streams["spikes"]), during=during),),
            targets=(Target("choice", "match", during="response"),),
            weights=(LossWeight(1.0, during="response"),),
            response=LargestOutput("match", "choice", "response"),
            facets=("match",),
        )
    )


def _poisson(rng: np.random.Generator, course: TrialCourse) -> npt.NDArray[np.float32]:
    """Return the spikes of all input neurons, (time, trial, channel)."""
    rates = np.zeros((course.steps, course.n, 4, GROUP), dtype=np.float32)
    rates[:, :, 3] = 10
    groups: dict[str, Any] = {
        "sample": course.columns["sample_identity"],
        "test": course.columns["test_identity"],
        "response": 2,
    }
    for epoch, group in groups.items():
        rates[:, np.arange(course.n), group] += 40 * course.during(epoch)[..., None]
    spikes = rng.random(rates.shape) < rates * course.dt
    return spikes.reshape(course.steps, course.n, 4 * GROUP).astype(np.float32)
