"""Text tables, long and wide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertium.data import average, load, make_responses, save, to_frame
from tertium.errors import BadFile, BadInput


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_values_and_labels_come_back(suffix: str, table: xr.DataArray, tmp_path: Path) -> None:
    path = save(table, tmp_path / f"r{suffix}")
    again = load(path, dt=0.1, quantity="rate")
    xr.testing.assert_equal(again, table)
    assert {n: c.dims for n, c in again.coords.items()} == {n: c.dims for n, c in table.coords.items()}
    assert again["correct"].dtype == bool
    assert len(path.read_text().splitlines()) == 1 + table.size


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)),
    data=st.data(),
)
def test_any_number_comes_back(shape: tuple[int, int, int], data: st.DataObject, tmp_path: Path) -> None:
    n = int(np.prod(shape))
    numbers = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=n, max_size=n))
    r = make_responses(np.reshape(numbers, shape), dt=0.1, unit={"region": "IT"}, trial={"session": "monday"})
    again = load(save(r, tmp_path / "r.csv"), dt=0.1)
    xr.testing.assert_equal(again, r)
    assert again["region"].dims == ("unit",)
    assert again["session"].dims == ("trial",)


def test_a_frame_has_a_row_for_each_number(table: xr.DataArray) -> None:
    frame = to_frame(table)
    assert list(frame.columns[:4]) == ["trial", "time", "unit", "value"]
    row = frame[(frame.trial == 7) & (frame.unit == "n2") & np.isclose(frame.time, 0.1)]
    assert row["value"].item() == table.values[7, 3, 2]
    assert row["stimulus"].item() == "s1"


def test_averages_come_back_as_one_trial_a_condition(table: xr.DataArray, tmp_path: Path) -> None:
    r = average(table, "stimulus")
    again = load(save(r, tmp_path / "r.csv"))
    np.testing.assert_array_equal(again.values, r.values)
    assert again["condition"].values.tolist() == ["s0", "s1", "s2"]
    assert again["n_trials"].values.tolist() == [4, 4, 4]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_long_rows_in_any_order_without_time(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "unit,rate,trial,image\nb,4,2,y\na,1,1,x\na,3,2,y\nb,2,1,x\n")
    r = load(path, value="rate")
    assert r["trial"].values.tolist() == [2, 1]
    assert r["unit"].values.tolist() == ["b", "a"]
    np.testing.assert_array_equal(r.values[:, 0], [[4, 3], [2, 1]])
    assert r["image"].values.tolist() == ["y", "x"]


def test_text_that_looks_like_nothing_stays_text(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "trial,unit,value,region\n0,01,1,null\n0,02,2,None\n")
    r = load(path)
    assert r["unit"].values.tolist() == ["01", "02"]
    assert r["region"].values.tolist() == ["null", "None"]


def test_names_of_trials(tmp_path: Path) -> None:
    r = load(write(tmp_path / "x.csv", "trial,unit,value\nfirst,a,1\nsecond,a,2\n"))
    assert r["trial"].values.tolist() == [0, 1]
    assert r["trial_name"].values.tolist() == ["first", "second"]


def test_wide_static(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "stimulus,coherence,n1,n2\na,0.1,1,2\nb,0.2,3,4\n")
    r = load(path, trial_labels=["coherence"])
    np.testing.assert_array_equal(r.values[:, 0], [[1, 2], [3, 4]])
    assert r["unit"].values.tolist() == ["n1", "n2"]
    assert r["stimulus"].values.tolist() == ["a", "b"]
    assert r["coherence"].values.tolist() == [0.1, 0.2]


def test_wide_in_time(tmp_path: Path) -> None:
    rows = ["trial\ttime\tside\tn1\tn2", "0\t0.0\tL\t1\t2", "0\t0.5\tL\t3\t4", "1\t0.0\tR\t5\t6", "1\t0.5\tR\t7\t8"]
    r = load(write(tmp_path / "x.tsv", "\n".join(rows)))
    np.testing.assert_array_equal(r.values, [[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    assert r["side"].values.tolist() == ["L", "R"]
    assert r.attrs["dt"] == 0.5
    one = load(write(tmp_path / "y.csv", "time,n1\n0.0,1\n0.1,2\n"))
    assert one.shape == (1, 2, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trial,unit,value\n0,a,1\n0,b,2\n1,a,3\n", "0 rows for trial 1, time 0 s, unit 'b' .1 such cells"),
        ("trial,unit,value\n0,a,1\n0,a,2\n", "2 rows for trial 0, time 0 s, unit 'a'"),
        ("trial,unit,value\n0,a,1\n1,a,2.5x\n", r"column 'value' of 'x\.csv': got '.*' in row"),
        ("trial,unit,value\n0,a,1\n1,a,nan\n", "nan at trial 1, time index 0, unit 'a'"),
        (
            "trial,unit,value,odd\n0,a,1,p\n0,b,2,q\n1,a,3,q\n1,b,4,p\n",
            "column 'odd' of .* differs within a trial and within",
        ),
        ("name,side\nx,L\n", "the columns name, side, expected trial, time, unit, value"),
    ],
)
def test_unusable_tables(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        load(write(tmp_path / "x.csv", text))


def test_unusable_files(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no table"):
        load(write(tmp_path / "x.csv", "a,b\n1,2\n1,2,3,4\n"))
    with pytest.raises(BadFile, match="1 rows of 1 columns, expected a table whose columns are separated by tabs"):
        load(write(tmp_path / "x.tsv", "a,b\n1,2\n"))
    with pytest.raises(BadFile, match="0 rows of 2 columns"):
        load(write(tmp_path / "y.csv", "a,b\n"))
    with pytest.raises(BadInput, match="no column 'coherence'"):
        load(write(tmp_path / "z.csv", "n1,n2\n1,2\n"), trial_labels=["coherence"])
