"""Mean responses of several subjects to the same stimuli, as estimators of noise ceilings take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.ceilings.trials import stimulus_label
from tertium.data.averaging import level_codes
from tertium.data.responses import validate
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]
Given = xr.DataArray | Mapping[str, xr.DataArray]


@dataclass(frozen=True, eq=False)
class Subjects:
    """Responses of subjects, averaged over the repeats of a stimulus.

    Attributes
    ----------
    names : tuple of str
        Names of the subjects.
    means : tuple of array, shape (stimulus, time, unit) each
        The same stimuli in the same order; units may differ.
    units : tuple of tuple of str
        Names of each subject's units.
    n_repeats : array of int, shape (stimulus,)
        Repeats of each stimulus, in the subject that has fewest.
    """

    names: tuple[str, ...]
    means: tuple[FloatArray, ...]
    units: tuple[tuple[str, ...], ...]
    n_repeats: npt.NDArray[np.int64]

    def corresponding(self, method: str) -> tuple[FloatArray, tuple[str, ...]]:
        """Return all means, shape (subject, stimulus, time, unit), and the units' names, the same in all subjects.

        Raises
        ------
        BadInput
            If subjects have different units.
        """
        for name, units in zip(self.names, self.units, strict=True):
            if units != self.units[0]:
                raise BadInput(
                    f"units for method '{method}'",
                    got=f"others in subject '{name}' ({len(units)}) than in '{self.names[0]}' ({len(self.units[0])})",
                    expected="units that correspond, by the same names in the same order",
                    repair="Use method='inter_subject' with via='ridge', which maps the units of one onto another's.",
                )
        return np.stack(self.means), self.units[0]


def subjects_of(given: Given, by: str, subject: str) -> Subjects:
    """Average each subject's trials by stimulus and check that all saw the same.

    Parameters
    ----------
    given : mapping of str to responses, or responses
        One table a subject; or one table whose trials, or whose units, have a label that says whose they are.
    by, subject : str
        Labels that name the stimulus and the subject.

    Raises
    ------
    BadInput
        If there is one subject only, stimuli or time bins differ, or there are too few stimuli.
    """
    tables = dict(given) if isinstance(given, Mapping) else _split(given, subject)
    if len(tables) < 2:
        raise BadInput(
            "subjects",
            got=f"{len(tables)}" + (f", '{next(iter(tables))}'" if tables else ""),
            expected="at least 2: what subjects share cannot be told from one",
            repair="Repeats of one subject have ceilings of their own: 'split_half', 'signal_power', 'feve', 'loo'.",
        )
    means: dict[str, FloatArray] = {}
    counts = []
    stimuli: list[str] | None = None
    for name, table in tables.items():
        label = stimulus_label(table, by)
        found, codes = level_codes(table, label)
        names = [str(one) for one in found]
        if stimuli is not None and (names != stimuli or table.sizes["time"] != next(iter(means.values())).shape[1]):
            raise _differ(str(name), names, stimuli)
        stimuli = names
        n = np.bincount(codes)
        sums = np.add.reduceat(
            np.asarray(table.values, dtype=np.float64)[np.argsort(codes, kind="stable")], np.cumsum(n) - n, axis=0
        )
        means[str(name)] = sums / n[:, None, None]
        counts.append(n)
    if len(counts[0]) < 4:
        raise BadInput(
            f"stimuli by '{by}'",
            got=f"{len(counts[0])}",
            expected="at least 4, over which responses are correlated",
            repair="Use more stimuli.",
        )
    units = tuple(tuple(str(u) for u in table["unit"].values) for table in tables.values())
    return Subjects(tuple(means), tuple(means.values()), units, np.min(counts, axis=0).astype(np.int64))


def _split(table: xr.DataArray, subject: str) -> dict[str, xr.DataArray]:
    validate(table, needs=(subject,))
    dim = str(table[subject].dims[0])
    labels = np.array([str(v) for v in table[subject].values], dtype=object)
    return {str(name): table.isel({dim: np.flatnonzero(labels == name)}) for name in dict.fromkeys(labels.tolist())}


def _differ(name: str, found: list[str], stimuli: list[str]) -> BadInput:
    odd = sorted(set(found) ^ set(stimuli))
    return BadInput(
        f"subject '{name}'",
        got=f"other stimuli than the first subject, for instance '{odd[0]}'" if odd else "other time bins",
        expected="the same stimuli and time bins in all subjects",
        repair="Take those that all have, with tertium.data.select or tertium.data.window.",
    )
