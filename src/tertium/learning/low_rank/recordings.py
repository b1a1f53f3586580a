"""Recorded trials as a task: inputs are shown, and what is asked for is the activity of every unit."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data import validate
from tertium.errors import BadInput
from tertium.learning.low_rank.variance import explained_variance
from tertium.rng import Seeds
from tertium.tasks.channels import Vector
from tertium.tasks.response_rules import FollowsTarget
from tertium.tasks.spec import TaskSpec, lasting
from tertium.tasks.trial_batch import TrialBatch

Singles = npt.NDArray[np.float32]


class Recorded:
    """Trials with inputs and activity that a network is to imitate; a task for `tertium.learning.fit`.

    Parameters
    ----------
    inputs : array of float32, shape (time, trial, input)
    activity : array of float32, shape (time, trial, unit)
    dt : float
        Seconds a step.
    settle : int
        Steps at the beginning of each trial that do not count.

    Attributes
    ----------
    name : str
        Holds a digest of the trials: a checkpoint of other trials is refused by it.
    n_inputs, n_outputs : int
        Channels of the inputs; units.
    """

    def __init__(self, inputs: Singles, activity: Singles, dt: float, settle: int = 0) -> None:
        self.inputs, self.activity, self.dt, self.settle = inputs, activity, dt, settle
        self.n_inputs, self.n_outputs = inputs.shape[2], activity.shape[2]
        digest = hashlib.sha256(f"{settle} ".encode() + inputs.tobytes() + activity.tobytes())
        self.name = f"recorded {digest.hexdigest()[:12]}"
        # float64: the mean of millions of float32 is not exact
        self._variance = float(activity[settle:].var(axis=(0, 1), dtype=np.float64).mean())

    def __len__(self) -> int:
        return self.inputs.shape[1]

    def some(self, trials: npt.NDArray[Any]) -> Recorded:
        """Return some of the trials, by index or by a mask."""
        return Recorded(self.inputs[:, trials], self.activity[:, trials], self.dt, self.settle)

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Draw ``n`` trials, with replacement; errors are weighed so that their mean is the unexplained variance."""
        if fixed:
            raise BadInput("conditions of recorded trials", got=", ".join(fixed), expected="none: they are as recorded")
        seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
        drawn = seeds.numpy("trials").integers(len(self), size=n)
        steps, units = len(self.inputs), self.n_outputs
        weight = np.zeros((steps, n, units), np.float32)
        weight[self.settle :] = steps / ((steps - self.settle) * self._variance)
        return TrialBatch(
            inputs=self.inputs[:, drawn],
            targets=self.activity[:, drawn],
            mask=weight,
            epochs={"trial": np.tile([0, steps], (n, 1))},
            columns={"trial": drawn},
            streams={},
            dt=self.dt,
            spec=self._spec(),
        )

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the explained share of the variance, which takes the place of a fraction correct."""
        told = np.asarray(outputs)[self.settle :]
        return float(explained_variance(batch.targets[self.settle :], told))

    def _spec(self) -> TaskSpec:
        return TaskSpec(
            name="recorded",
            what="Imitate recorded activity.",
            cite="",
            dt=self.dt,
            epochs=lasting(trial=len(self.inputs) * self.dt),
            inputs=(Vector("input", self.n_inputs),),
            outputs=(Vector("unit", self.n_outputs),),
            conditions={},
            stimuli=(),
            targets=(),
            weights=(),
            response=FollowsTarget(1.0),
        )


def recorded_trials(
    responses: xr.DataArray | npt.ArrayLike, inputs: npt.ArrayLike, dt: float | None, settle: float
) -> Recorded:
    """Return responses and inputs, both (trial, time, ...), as trials to imitate.

    Raises
    ------
    BadInput
        If a shape, a number or the time step cannot be used; the message says which.
    """
    if isinstance(responses, xr.DataArray):
        validate(responses)
        own = float(responses.attrs["dt"])
        if dt is not None and abs(dt - own) > 1e-9:
            raise BadInput("dt", got=f"{dt:g} s", expected=f"that of the responses, {own:g} s", repair="Leave it out.")
        dt = own
    if dt is None or not 0 < dt < float("inf"):
        raise BadInput("dt", got=repr(dt), expected="the time step of the responses in seconds", repair="Pass dt=0.02.")
    activity, shown = (np.asarray(given, dtype=np.float32) for given in (responses, inputs))
    if activity.ndim != 3 or shown.ndim != 3 or activity.shape[:2] != shown.shape[:2] or 0 in shown.shape:
        raise BadInput(
            "responses and inputs",
            got=f"shapes {activity.shape} and {shown.shape}",
            expected="(trial, time, unit) and (trial, time, input) of the same trials and times",
            repair="Of a TrialBatch, pass batch.inputs.swapaxes(0, 1).",
        )
    for what, values in (("responses", activity), ("inputs", shown)):
        if not np.isfinite(values).all():
            raise BadInput(what, got="a value that is not finite", expected="finite numbers")
    steps = round(settle / dt) if np.isfinite(settle) else -1
    if not 0 <= steps <= activity.shape[1] - 2:
        raise BadInput(
            "settle", got=f"{settle} s", expected=f"0 to {dt * (activity.shape[1] - 2):g} s, shorter than the trials"
        )
    if not activity[:, steps:].std(axis=(0, 1)).any():
        raise BadInput("responses", got="units that never change", expected="activity that varies")
    return Recorded(shown.swapaxes(0, 1).copy(), activity.swapaxes(0, 1).copy(), float(dt), steps)
