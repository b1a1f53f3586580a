"""Repeats of stimuli as estimators of noise ceilings take them: trials sorted, counted and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.averaging import level_codes
from tertium.data.responses import validate
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Repeats:
    """Single trials, those of a stimulus side by side.

    Attributes
    ----------
    values : array, shape (trial, time, unit)
        Sorted by stimulus.
    n_repeats : array of int, shape (stimulus,)
        How many trials each stimulus has.
    stimuli, units : tuple of str
        Names.
    """

    values: FloatArray
    n_repeats: npt.NDArray[np.int64]
    stimuli: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def points(self) -> int:
        """Number of mean responses of a unit: stimuli times time bins."""
        return len(self.n_repeats) * self.values.shape[1]

    def sums(self, values: FloatArray | None = None) -> FloatArray:
        """Return sums over the trials of each stimulus, shape (stimulus, time, unit), of these or other values."""
        starts = np.cumsum(self.n_repeats) - self.n_repeats
        return np.asarray(np.add.reduceat(self.values if values is None else values, starts, axis=0))

    def means(self) -> FloatArray:
        """Return the mean response to each stimulus, shape (stimulus, time, unit)."""
        return self.sums() / self.n_repeats[:, None, None]

    def within(self, means: FloatArray) -> FloatArray:
        """Return the unbiased variance of trials around the mean of their stimulus, shape (stimulus, time, unit)."""
        squares = self.sums((self.values - np.repeat(means, self.n_repeats, axis=0)) ** 2)
        return squares / (self.n_repeats[:, None, None] - 1.0)

    def of_units(self, where: slice) -> Repeats:
        """Return some units, with the mean of each over all trials taken out (against loss of digits)."""
        values = self.values[:, :, where]
        return Repeats(values - values.mean(axis=(0, 1)), self.n_repeats, self.stimuli, self.units[where])


def stimulus_label(responses: xr.DataArray, by: str) -> str:
    """Return the label that names stimuli, "condition" where there is no "stimulus"; check that it is on trials."""
    validate(responses)
    if by == "stimulus" and by not in responses.coords and "condition" in responses.coords:
        by = "condition"
    validate(responses, needs=(by,), finite=False)
    if responses.dims[0] != "trial" or responses[by].dims != ("trial",):
        raise BadInput(
            "responses",
            got=f"dims ({', '.join(map(str, responses.dims))}) and '{by}' along {responses[by].dims}",
            expected=f"single trials, (trial, time, unit), with a label '{by}' on trial",
            repair="Averaged responses have no noise left to estimate: pass the single trials.",
        )
    return by


def repeats_of(responses: xr.DataArray, by: str, *, least: int = 2) -> Repeats:
    """Sort trials by stimulus.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
    by : str
        Label that says which stimulus was shown.
    least : int
        Fewest repeats of a stimulus.

    Raises
    ------
    BadInput
        If a stimulus has fewer, or there are fewer than four stimuli (times time bins).
    """
    by = stimulus_label(responses, by)
    names, stimulus = level_codes(responses, by)
    n_repeats = np.bincount(stimulus)
    if n_repeats.min() < least:
        once = int((n_repeats < least).sum())
        raise BadInput(
            f"repeats by '{by}'",
            got=f"{once} of {len(names)} stimuli shown once only, first '{names[int(n_repeats.argmin())]}'",
            expected="at least 2 repeats of every stimulus: one trial cannot tell signal from noise",
            repair="Leave those stimuli out, or choose another label with by=.",
        )
    if len(names) * responses.sizes["time"] < 4:
        raise BadInput(
            f"stimuli by '{by}'",
            got=f"{len(names)} stimuli and {responses.sizes['time']} time bins",
            expected="at least 4 stimuli, or stimuli x time bins",
            repair="The variance over so few mean responses says nothing; use more stimuli.",
        )
    order = np.argsort(stimulus, kind="stable")
    values = np.asarray(responses.values, dtype=np.float64)[order]
    units = tuple(str(name) for name in responses["unit"].values)
    return Repeats(values, n_repeats.astype(np.int64), tuple(str(name) for name in names), units)


def equal_repeats(repeats: Repeats, method: str) -> int:
    """Return the number of repeats, the same for all stimuli.

    Raises
    ------
    BadInput
        If it is not.
    """
    low, high = int(repeats.n_repeats.min()), int(repeats.n_repeats.max())
    if low != high:
        few = repeats.stimuli[int(repeats.n_repeats.argmin())]
        raise BadInput(
            f"repeats for method '{method}'",
            got=f"{low} to {high}, fewest of stimulus '{few}'",
            expected="equally many of every stimulus, since this ceiling depends on their number",
            repair=f"Keep {low} trials of each, or take 'signal_power', 'feve' or 'loo', which take any numbers.",
        )
    return low


def by_block(points: FloatArray, n_blocks: int = 20) -> FloatArray:
    """Add up numbers of (stimulus, time, ...) over blocks to be left out one by one, shape (block, ...).

    A block is a stimulus; where there are fewer than half of ``n_blocks``, the time of each is cut into pieces.
    """
    n_stimuli, n_times = points.shape[:2]
    if n_stimuli >= n_blocks // 2 or n_times == 1:
        return np.asarray(points.sum(axis=1))
    pieces = min(n_times, -(-n_blocks // n_stimuli))
    starts = np.arange(pieces) * n_times // pieces
    summed = np.add.reduceat(points, starts, axis=1)
    return np.asarray(summed.reshape(n_stimuli * pieces, *points.shape[2:]))
