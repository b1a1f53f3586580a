"""`stimulus_information`: bits that the response of each unit carries about the stimulus, corrected for few trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.samples import labelled
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StimulusInformation:
    """What `stimulus_information` found, in bits.

    Attributes
    ----------
    value : array, shape (unit,)
        Corrected for few trials; may come out a little below 0.
    raw : array, shape (unit,)
        As counted, too large.
    shuffled : array, shape (unit,)
        Mean corrected information after labels are permuted: what is left of the bias, near 0 if the correction holds.
    p_value : array, shape (unit,)
        Share of permutations with as much raw information.
    most : float
        Entropy of the stimuli.
    units : tuple of str
    trials : int
    bins : int
    """

    value: Floats
    raw: Floats
    shuffled: Floats
    p_value: Floats
    most: float
    units: tuple[str, ...]
    trials: int
    bins: int

    def table(self) -> pd.DataFrame:
        """Return one row a unit: corrected, raw and shuffled information (bits), p value."""
        import pandas as pd

        columns = {"unit": self.units, "bits": self.value, "raw": self.raw, "shuffled": self.shuffled}
        return pd.DataFrame(columns | {"p_value": self.p_value})

    def figure(self) -> go.Figure:
        """Draw the information of all units in order, beside what is left after permutation."""
        from tertium import figure

        order = np.argsort(-self.value)
        drawn = figure.new(
            x="unit, in order of information",
            y="information (bits)",
            title=f"{self.trials} trials, responses in {self.bins} bins; stimuli have {self.most:.2f} bits",
        )
        x = np.arange(1, len(order) + 1)
        for values, name, colour in (
            (self.value, "corrected", figure.COLOURS[0]),
            (self.shuffled, "labels permuted", figure.COLOURS[6]),
        ):
            drawn.add_scatter(x=x, y=values[order], mode="markers", name=name, marker={"color": colour, "size": 7})
        drawn.update_layout(legend={"x": 0.98, "xanchor": "right", "y": 0.98})
        return drawn


def stimulus_information(
    r: xr.DataArray | npt.ArrayLike,
    labels: str | Sequence[Any] | npt.NDArray[Any],
    *,
    bins: int = 4,
    permutations: int = 200,
    seed: int | Seeds = 0,
) -> StimulusInformation:
    """Measure how many bits a single trial of each unit tells about the stimulus.

    Responses are put into bins that hold equally many trials (equal responses stay together). Counted information is
    too large by ``(sum_s (R_s - 1) - (R - 1)) / (2 N ln 2)`` to first order, of N trials with R bins in use, R_s of
    them by stimulus s (Panzeri & Treves 1996, with the bins counted that occur); this is taken off.

    Parameters
    ----------
    r : responses, or array (sample, unit) or (trial, time, unit)
        Trials are averaged over their time.
    labels : str or sequence, shape (sample,)
    bins : int
        Of the responses. The correction wants four trials a stimulus for each.
    permutations : int
    seed : int or Seeds

    Returns
    -------
    StimulusInformation

    Raises
    ------
    BadInput
        If there are fewer trials of a stimulus than bins, fewer than 2 stimuli or bins, or no permutations.

    References
    ----------
    Panzeri, S. & Treves, A. (1996). Analytical estimates of limited sampling biases in different information measures.
    Network 7:87-107.

    Examples
    --------
    >>> r = np.repeat([[0.0], [1.0]], 50, axis=0)
    >>> found = stimulus_information(r, np.repeat(["a", "b"], 50))
    >>> found.raw.item(), found.most
    (1.0, 1.0)
    """
    if bins < 2 or permutations < 1:
        raise BadInput(
            "bins", got=f"{bins} bins, {permutations} permutations", expected="2 or more bins, 1 permutation"
        )
    samples = labelled(r, labels)
    if samples.counts.min() < bins:
        raise BadInput(
            "trials",
            got=f"{samples.counts.min()} of one stimulus, {bins} bins",
            expected="as many trials of each stimulus as bins, better four times as many",
            repair="Use fewer bins.",
        )
    trials, units = samples.values.shape
    members = np.zeros((trials, units * bins))
    members[np.arange(trials)[:, None], np.arange(units) * bins + _binned(samples.values, bins)] = 1.0
    who = np.eye(len(samples.levels))[samples.codes]
    raw, bias = _information(who, members, bins)
    rng = (seed if isinstance(seed, Seeds) else Seeds(seed)).numpy("information")
    drawn = [_information(who[rng.permutation(trials)], members, bins) for _ in range(permutations)]
    above = sum((one >= raw - 1e-12).astype(int) for one, _ in drawn)
    share = samples.counts / trials
    return StimulusInformation(
        value=raw - bias,
        raw=raw,
        shuffled=np.mean([one - off for one, off in drawn], axis=0),
        p_value=np.asarray((1 + above) / (1 + permutations)),
        most=float(-(share * np.log2(share)).sum()),
        units=samples.units,
        trials=trials,
        bins=bins,
    )


def _binned(values: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Return the bin of each response, (trial, unit); few different values have a bin each."""
    found = np.empty(values.shape, dtype=np.int64)
    for unit, column in enumerate(values.T):
        different = np.unique(column)
        edges = different[1:] if len(different) <= bins else np.quantile(column, np.arange(1, bins) / bins)
        found[:, unit] = np.searchsorted(edges, column, side="right")
    return found


def _information(who: Floats, members: Floats, bins: int) -> tuple[Floats, Floats]:
    """Return counted information and its bias, (unit,), from members of stimuli and of bins."""
    counts = (who.T @ members).reshape(who.shape[1], -1, bins)  # (stimulus, unit, bin)
    n = len(who)
    joint = counts / n
    expected = joint.sum(0) * joint.sum(2, keepdims=True)
    terms = joint * np.log2(np.where(joint > 0, joint / np.where(expected > 0, expected, 1.0), 1.0))
    used, all_used = (counts > 0).sum(2) - 1, (counts.sum(0) > 0).sum(1) - 1
    return terms.sum((0, 2)), (used.sum(0) - all_used) / (2 * n * np.log(2))
