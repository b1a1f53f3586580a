"""The contract: what `make_responses` makes, and what it and `validate` refuse."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from tertium.data import QUANTITIES, make_responses, validate
from tertium.errors import BadInput


def test_dims_labels_and_attributes() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    r = make_responses(
        values,
        dt=0.02,
        trial={"stimulus": ["a", "b"], "session": "monday"},
        unit={"region": ["V1"] * 4},
        quantity="rate",
        source="monkey",
        cite="x",
    )
    assert r.dims == ("trial", "time", "unit")
    np.testing.assert_array_equal(r.values, values)
    assert r["trial"].values.tolist() == [0, 1]
    np.testing.assert_allclose(r["time"].values, [0, 0.02, 0.04])
    assert r["unit"].values.tolist() == ["0", "1", "2", "3"]
    assert r["session"].values.tolist() == ["monday", "monday"]
    assert r.attrs == {
        "schema": "tertium.responses/1",
        "quantity": "rate",
        "units": "Hz",
        "dt": 0.02,
        "source": "monkey",
        "cite": "x",
    }


def test_two_dimensions_get_a_time_of_length_one() -> None:
    r = make_responses(np.ones((3, 2)))
    assert r.shape == (3, 1, 2)
    assert r["time"].values.tolist() == [0.0]


@pytest.mark.parametrize("label", [["a", "b"], np.array(["a", "b"]), np.array([b"a", b"b"]), np.array(["a", "b"], "T")])
def test_text_labels_are_objects_of_str(label: object) -> None:
    r = make_responses(np.ones((2, 1)), trial={"stimulus": label})
    assert r["stimulus"].dtype == object
    assert r["stimulus"].values.tolist() == ["a", "b"]


def test_unit_names_become_text() -> None:
    assert make_responses(np.ones((1, 2)), unit={"unit": [7, 9]})["unit"].values.tolist() == ["7", "9"]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_brings_its_unit(quantity: str) -> None:
    assert make_responses(np.ones((1, 1)), quantity=quantity).attrs["units"] == QUANTITIES[quantity]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint16", "int64", "bool"])
def test_real_numbers_keep_their_type(dtype: str) -> None:
    assert make_responses(np.ones((2, 3), dtype=dtype)).dtype == dtype


def test_large_finite_numbers_are_finite_even_if_their_sum_is_not() -> None:
    r = make_responses(np.full((4, 2), 1.7e308))
    assert validate(r) is r


def test_validate_returns_the_same_object(table: xr.DataArray) -> None:
    assert validate(table, needs=["stimulus", "region"]) is table


def test_averaged_tables_are_valid() -> None:
    r = make_responses(np.ones((2, 1))).rename(trial="condition")
    assert validate(r) is r


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(3), r"an array of 1 dimensions, shape \(3,\), expected \(trial, time, unit\)"),
        (np.ones((2, 2, 2, 2)), "an array of 4 dimensions"),
        (np.array([["a"]]), "values of type <U1, expected real numbers"),
        (np.ones((2, 2), complex), "values of type complex128"),
        ([[1.0], [1.0, 2.0]], "a list that is no array"),
        (np.ma.masked_equal([[1.0, 2.0]], 2.0), "a masked array with 1 values masked"),
        (np.ones((0, 3)), "no trials, expected at least one trial"),
        (np.ones((3, 0)), "no units, expected at least one unit"),
    ],
)
def test_unusable_values(values: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_responses(values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trial": {"stimulus": ["a"]}}, r"trial label 'stimulus': got shape \(1,\), expected length 3"),
        ({"unit": {"region": [["a", "b"]]}}, r"unit label 'region': got shape \(1, 2\), expected length 2"),
        ({"unit": {"unit": ["a", "a"]}}, "unit names: got 'a' 2 times, expected each name once"),
        ({"trial": {"x": [1, 2, 3]}, "unit": {"x": [1, 2]}}, "trial label 'x': got a name that is already taken"),
        ({"trial": {"time": [1, 2, 3]}}, "trial label 'time': got a name that is already taken"),
        ({"trial": {"trial": ["a", "b", "c"]}}, "trial label 'trial': got values like 'a', expected whole numbers"),
        ({"dt": 0}, "dt: got 0, expected a positive number of seconds"),
        ({"dt": float("nan")}, "dt: got nan"),
        ({"dt": "fast"}, "dt: got 'fast'"),
        ({"quantity": "rates"}, "quantity: got 'rates', expected one of rate"),
        ({"time": [0.0, 1.0]}, r"time label 'time': got shape \(2,\), expected length 1"),
        ({"time": ["now"]}, "time label 'time': got values of type object, expected seconds"),
    ],
)
def test_unusable_labels(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make_responses(np.ones((3, 2)), **arguments)  # type: ignore[arg-type]


def test_time_has_to_increase() -> None:
    with pytest.raises(BadInput, match=r"time: got values like \[0.0, 0.2, 0.1\]"):
        make_responses(np.ones((1, 3, 1)), time=[0.0, 0.2, 0.1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_named_by_trial_and_unit(bad: float) -> None:
    values = np.zeros((4, 3, 2))
    values[2, 1, 1] = bad
    with pytest.raises(BadInput, match=rf"{bad} at trial 12, time index 1, unit 'left'"):
        make_responses(values, trial={"trial": [10, 11, 12, 13]}, unit={"unit": ["right", "left"]})


def test_two_infinities_that_cancel_are_still_found() -> None:
    with pytest.raises(BadInput, match="inf at trial 0"):
        make_responses([[np.inf, -np.inf]])


def test_validate_refuses_what_is_no_table(table: xr.DataArray) -> None:
    with pytest.raises(BadInput, match=r"a ndarray, expected an xarray.DataArray"):
        validate(table.values)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"dims \(unit, time, trial\).*transpose"):
        validate(table.transpose("unit", "time", "trial"))
    with pytest.raises(BadInput, match=r"dims \(trial, unit\)"):
        validate(table.isel(time=0))
    with pytest.raises(BadInput, match="no label 'choice'"):
        validate(table, needs=["choice"])
    with pytest.raises(BadInput, match=r"no dt, expected attrs\['dt'\]"):
        validate(table.drop_attrs())
    with pytest.raises(BadInput, match="label 'both': got 2 dimensions"):
        validate(table.assign_coords(both=(("trial", "unit"), np.ones((12, 4)))))
    with pytest.raises(BadInput, match="no label 'time'"):
        validate(table.drop_vars("time"))
    with pytest.raises(BadInput, match="no label 'unit'"):
        validate(table.drop_vars(["unit", "region"]))


def test_every_message_is_one_line() -> None:
    with pytest.raises(BadInput) as caught:
        make_responses(np.full((2, 2), np.nan))
    assert "\n" not in str(caught.value)


def test_making_responses_loads_nothing_heavy() -> None:
    program = (
        "import sys, tertium as tt; tt.data.make_responses([[1.0]]);"
        "print([m for m in ('torch', 'matplotlib', 'pynwb', 'h5py', 'zarr', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_floor_loads_no_module_of_it() -> None:
    program = "import sys, tertium.data; print('numpy' in sys.modules, 'xarray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_names_are_functions_whichever_module_was_imported_first() -> None:
    program = (
        "import tertium.data.averaging, tertium.data.windows, tertium.data.splitting, tertium.data.selecting;"
        "import tertium as tt;"
        "print(all(callable(getattr(tt.data, n)) for n in dir(tt.data) if n not in ('QUANTITIES', 'catalogue')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", done.stderr
