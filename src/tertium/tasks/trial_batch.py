"""A batch of trials: what is shown, what is asked, and what each trial was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import pandas as pd

    from tertium.tasks.spec import TaskSpec


@dataclass(frozen=True, eq=False)
class TrialBatch:
    """Trials of a task, each with its own timing, padded at the end to the longest.

    Attributes
    ----------
    inputs : array of float32, shape (time, trial, input)
        What is shown; zero in the padding.
    targets : array of float32, shape (time, trial, output)
        What the outputs should be.
    mask : array of float32, shape (time, trial, output)
        Weight of an error; zero where nothing is asked and in the padding.
    epochs : mapping of str to array of int, shape (trial, 2)
        Epoch -> first step, and first step after it, of each trial.
    columns : mapping of str to array, shape (trial, ...)
        Conditions; `conditions` is the table of those that are one value a trial.
    streams : mapping of str to array, shape (time, trial, ...)
        Random streams of the task (evidence pulses, for instance).
    dt : float
        Time step in seconds.
    spec : TaskSpec
        The task they are trials of.
    """

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]
    mask: npt.NDArray[np.float32]
    epochs: Mapping[str, npt.NDArray[np.int64]]
    columns: Mapping[str, npt.NDArray[Any]]
    streams: Mapping[str, npt.NDArray[Any]]
    dt: float
    spec: TaskSpec

    def __len__(self) -> int:
        return self.inputs.shape[1]

    @property
    def steps(self) -> int:
        """Steps of the longest trial."""
        return self.inputs.shape[0]

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Steps of each trial, shape (trial,)."""
        return np.asarray(list(self.epochs.values())[-1][:, 1])

    @cached_property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Where a trial is still running, shape (time, trial)."""
        return np.arange(self.steps)[:, None] < self.lengths

    @cached_property
    def conditions(self) -> pd.DataFrame:
        """One row a trial: the conditions, and the onset of each epoch in seconds (``onset_<epoch>``)."""
        import pandas as pd

        table = {name: values for name, values in self.columns.items() if values.ndim == 1}
        onsets = {f"onset_{name}": edges[:, 0] * self.dt for name, edges in self.epochs.items()}
        return pd.DataFrame({**table, **onsets}).rename_axis("trial")

    def seconds(self, epoch: str) -> npt.NDArray[np.floating]:
        """Return onset and offset of an epoch in each trial, seconds, shape (trial, 2)."""
        if epoch not in self.epochs:
            raise unknown_name(f"epoch of task '{self.spec.name}'", epoch, self.epochs)
        return self.epochs[epoch] * self.dt

    def block(self, name: str) -> slice:
        """Return the place of a block of output channels along the last axis."""
        start = 0
        for block in self.spec.outputs:
            if block.name == name:
                return slice(start, start + block.size)
            start += block.size
        raise unknown_name(f"output of task '{self.spec.name}'", name, [b.name for b in self.spec.outputs])

    def correct(self, outputs: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which trials were answered correctly.

        A trial in which an output is no finite number while it runs was not.

        Parameters
        ----------
        outputs : array, shape (time, trial, output)
            What a network answered to ``inputs``.

        Raises
        ------
        BadInput
            If the outputs have another shape than the targets.
        """
        answers = np.asarray(outputs)
        if answers.shape != self.targets.shape:
            raise BadInput(
                f"outputs for task '{self.spec.name}'",
                got=f"shape {answers.shape}",
                expected=f"{self.targets.shape} (time, trial, output)",
                repair="Show the network `inputs` of this batch and give its outputs as they are.",
            )
        right = self.spec.response.correct(answers, self)
        finite = np.isfinite(answers).all(-1)
        return right if finite.all() else right & (finite | ~self.valid).all(0)
