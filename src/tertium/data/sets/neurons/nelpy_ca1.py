"""Rat hippocampal CA1 on a linear track or a w-maze: spike times and tracked position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses
from tertium.data.spikes import SpikeTrains
from tertium.errors import BadFile, BadInput

if TYPE_CHECKING:
    import pandas as pd

CITE = "Kemere lab, nelpy example data"
TRACKS = ("linear-track", "w-maze")
CLOCK = 30_000.0
_HEADER_END = b"<End settings>\n"
_RECORD = np.dtype([("time", "<u4"), ("x", "<u2"), ("y", "<u2"), ("x2", "<u2"), ("y2", "<u2")])


@dataclass(frozen=True, eq=False)
class NelpyCA1:
    """Spikes and position of a rat on a track.

    Parameters
    ----------
    spikes : SpikeTrains
        Seconds on the clock of ``position``; a unit is called "tetrode.cluster" ("1.3"). Units without a spike are
        kept.
    position : pandas.DataFrame
        ``time`` (s, increasing), ``x`` and ``y`` (camera pixels, 640 x 480).
    span : tuple of float
        First and last second of the recording.
    """

    spikes: SpikeTrains
    position: pd.DataFrame
    span: tuple[float, float]
    cite: str = CITE

    def responses(self, *, dt: float = 0.25) -> xr.DataArray:
        """Return spike counts over the whole recording as one long trial, with the position along time.

        Parameters
        ----------
        dt : float
            Width of a bin, seconds.

        Returns
        -------
        xarray.DataArray, dims (trial 1, time, unit)
            Spike counts; ``time`` is the start of a bin in seconds; labels ``x`` and ``y`` along time are the
            position (pixels) at the middle of the bin, interpolated.

        Raises
        ------
        BadInput
            If ``dt`` is not a positive part of the recording.
        """
        start, stop = self.span
        if not 0 < dt <= stop - start:
            raise BadInput("dt", got=f"{dt} s", expected=f"more than 0 and at most {stop - start:.0f} s")
        edges = start + dt * np.arange(int((stop - start) / dt) + 1)
        n_units = len(self.spikes.units)
        counts = np.stack([np.histogram(self.spikes.at(i), edges)[0] for i in range(n_units)], axis=-1)
        made = make_responses(
            counts[None],
            dt=dt,
            time=edges[:-1],
            unit={"unit": self.spikes.units, "region": "CA1"},
            quantity="spike_count",
            source="nelpy_ca1",
            cite=CITE,
        )
        middle = edges[:-1] + dt / 2
        at = {axis: np.interp(middle, self.position["time"], self.position[axis]) for axis in ("x", "y")}
        return made.assign_coords({axis: ("time", values) for axis, values in at.items()})


def load(files: Mapping[str, Path], *, track: str = "linear-track") -> NelpyCA1:
    """Read one of the two recordings.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    track : str
        ``linear-track`` or ``w-maze``.

    Raises
    ------
    BadInput
        If there is no such track.
    """
    if track not in TRACKS:
        raise BadInput("track", got=f"'{track}'", expected=" or ".join(TRACKS), repair="")
    from scipy.io import loadmat

    spikes: dict[str, npt.NDArray[np.float64]] = {}
    spans: list[npt.NDArray[np.float64]] = []
    # one cell a day, in it one a epoch, in it one a tetrode, in it one a cluster; empty where there is none
    tetrodes = loadmat(files[f"{track}_spikes.mat"])["spikes"][0, 0][0, 0]
    for tetrode, clusters in enumerate(tetrodes.ravel(), start=1):
        for cluster, cell in enumerate(clusters.ravel(), start=1):
            if cell.size:
                spikes[f"{tetrode}.{cluster}"] = _floats(cell["time"][0, 0])
                spans.append(_floats(cell["timerange"][0, 0]))
    span = (float(min(s[0] for s in spans)), float(max(s[1] for s in spans)))
    return NelpyCA1(SpikeTrains.of(spikes), read_tracking(files[f"{track}_trajectory.videoPositionTracking"]), span)


def read_tracking(path: Path) -> pd.DataFrame:
    """Read a tracking file: a text header, then records of a 30 kHz clock (uint32) and pixels (4 x uint16).

    Returns
    -------
    pandas.DataFrame
        ``time`` (s), ``x``, ``y`` (pixels). A record whose clock does not advance is left out.

    Raises
    ------
    BadFile
        If there is no such header, or the records are cut off.
    """
    import pandas as pd

    data = path.read_bytes()
    header, end, body = data.partition(_HEADER_END)
    if not end or b"clockrate: 30000" not in header:
        raise BadFile(path.name, got="no header with 'clockrate: 30000'", expected="a .videoPositionTracking file")
    if len(body) % _RECORD.itemsize:
        raise BadFile(path.name, got=f"{len(body) % _RECORD.itemsize} bytes too many", expected="whole records")
    records = np.frombuffer(body, dtype=_RECORD)
    clock = records["time"].astype(np.int64)
    latest = np.maximum.accumulate(clock)
    advances = np.concatenate([[True], clock[1:] > latest[:-1]])
    kept = records[advances]
    return pd.DataFrame({"time": kept["time"] / CLOCK, "x": kept["x"].astype(float), "y": kept["y"].astype(float)})


def _floats(values: Any) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).ravel()
