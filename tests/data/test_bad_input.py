"""The list of bad input, each answered with one clear line: what, got, expected, and how to repair it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pynwb
import pytest
import xarray as xr

from tertium.data import average, combine, load, make_responses, read_mat, save
from tertium.errors import BadFile, BadInput, TertiumError


def wrong_number_of_dims(_: Path) -> None:
    make_responses(np.zeros((2, 3, 4, 5)))


def labels_of_the_wrong_length(_: Path) -> None:
    make_responses(np.zeros((2, 3)), trial={"choice": ["left", "right", "left"]})


def not_a_number(_: Path) -> None:
    make_responses([[0.0, np.nan]], unit={"unit": ["left", "right"]})


def infinite(_: Path) -> None:
    make_responses([[0.0, 0.0], [np.inf, 0.0]], unit={"unit": ["left", "right"]})


def duplicate_units(_: Path) -> None:
    make_responses(np.zeros((1, 2)), unit={"unit": ["n1", "n1"]})


def unequal_labels(_: Path) -> None:
    combine(make_responses(np.zeros((2, 2))), make_responses(np.zeros((2, 3))), np.add)


def truncated_store(folder: Path) -> None:
    path = save(make_responses(np.zeros((2, 2))), folder / "r.zarr")
    (path / "responses" / "c" / "0" / "0" / "0").unlink()
    load(path)


def another_kind_of_file(folder: Path) -> None:
    (folder / "r.nwb").write_text("trial,unit,value\n0,a,1\n")
    load(folder / "r.nwb")


def nwb_without_trials(folder: Path) -> None:
    nwb = pynwb.NWBFile("s", "i", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    nwb.add_unit(spike_times=[0.1, 0.2])
    with pynwb.NWBHDF5IO(str(folder / "r.nwb"), "w") as io:
        io.write(nwb)
    load(folder / "r.nwb")


def new_mat_read_as_old(folder: Path) -> None:
    with h5py.File(folder / "r.mat", "w", userblock_size=512) as file:
        file["X"] = np.zeros((2, 2))
        file["X"].attrs["MATLAB_class"] = np.bytes_("double")
    read_mat(folder / "r.mat", version="5")


def zero_trials_of_a_condition(_: Path) -> None:
    average(make_responses(np.zeros((2, 2)), trial={"condition": ["a", "b"]}), levels=["a", "b", "c"])


CASES: list[tuple[Callable[[Path], None], type[TertiumError], tuple[str, ...]]] = [
    (wrong_number_of_dims, BadInput, ("4 dimensions", "(trial, time, unit)")),
    (labels_of_the_wrong_length, BadInput, ("'choice'", "(3,)", "length 2")),
    (not_a_number, BadInput, ("nan", "trial 0", "unit 'right'")),
    (infinite, BadInput, ("inf", "trial 1", "unit 'left'")),
    (duplicate_units, BadInput, ("'n1' 2 times", "each name once")),
    (unequal_labels, BadInput, ("unit labels", "'2' only in the second")),
    (truncated_store, BadFile, ("r.zarr", "files", "complete zarr store")),
    (another_kind_of_file, BadFile, ("r.nwb", "a text table", "an NWB file")),
    (nwb_without_trials, BadFile, ("r.nwb", "no trials table", "whole=True")),
    (new_mat_read_as_old, BadFile, ("r.mat", "MATLAB v7.3", "MATLAB v5")),
    (zero_trials_of_a_condition, BadInput, ("condition 'c'", "zero trials")),
]


@pytest.mark.parametrize(("make", "kind", "parts"), CASES, ids=[case[0].__name__ for case in CASES])
def test_one_clear_line(
    make: Callable[[Path], None], kind: type[TertiumError], parts: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        make(tmp_path)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 300
    for part in ("got ", "expected ", *parts):
        assert part in line


def test_xarray_alone_would_have_joined_silently() -> None:
    a, b = make_responses(np.ones((1, 2))), make_responses(np.ones((1, 3)))
    with xr.set_options(arithmetic_join="inner"):
        assert (a + b).sizes["unit"] == 2  # the reason why `combine` exists
