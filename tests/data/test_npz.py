"""Zips of NumPy arrays: ours come back, anybody's are understood or refused with a reason."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertium.data import average, load, make_responses, save
from tertium.errors import BadFile, BadInput


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 5)),
    dtype=st.sampled_from(["float16", "float32", "float64", "int16", "uint8", "bool"]),
    text=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=7, max_size=7),
)
def test_what_is_saved_comes_back_identical(
    shape: tuple[int, int, int], dtype: str, text: list[str], tmp_path: Path
) -> None:
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    r = make_responses(values, dt=0.1, trial={"a.b": text[: shape[0]], "flag": np.arange(shape[0]) > 2})
    again = load(save(r, tmp_path / "r.npz"))
    xr.testing.assert_identical(again, r)
    assert again.dtype == r.dtype
    assert {c: again[c].dtype for c in again.coords} == {c: r[c].dtype for c in r.coords}


def test_averages_come_back_and_nothing_is_pickled(table: xr.DataArray, tmp_path: Path) -> None:
    r = average(table, "stimulus").assign_coords(animal="rat")
    path = save(r, tmp_path / "r.npz")
    xr.testing.assert_identical(load(path), r)
    with np.load(path, allow_pickle=False) as file:
        assert file["condition.stimulus"].dtype.kind == "U"
        np.testing.assert_array_equal(file["responses"], r.values)


def test_anybodys_file_is_understood_by_name_and_length(tmp_path: Path) -> None:
    rates = np.random.default_rng(0).normal(size=(6, 5, 4))
    np.savez(
        tmp_path / "x.npz",
        rates=rates,
        stimuli=np.array(list("aabbcc")),
        area=np.array(["V1", "V1", "IT", "IT"]),
        time=np.arange(5) * 0.05 - 0.1,
        seed=np.array(3),
        weights=np.zeros((2, 2, 2, 2)),
    )
    r = load(tmp_path / "x.npz", quantity="rate")
    np.testing.assert_array_equal(r.values, rates)
    assert r["stimulus"].values.tolist() == list("aabbcc")
    assert r["area"].dims == ("unit",)
    assert r.attrs["dt"] == pytest.approx(0.05)
    assert r["time"].values[0] == -0.1
    assert r.attrs["source"] == "x.npz"


def test_static_responses_and_explicit_choices(tmp_path: Path) -> None:
    a, b = np.ones((3, 2)), np.zeros((2, 3))
    np.savez(tmp_path / "x.npz", a=a, b=b, ids=np.array([10, 11, 12]), dt=0.02)
    with pytest.raises(BadInput, match=r"2 arrays that could be responses; it holds 'a' \(3, 2\), 'b' \(2, 3\)"):
        load(tmp_path / "x.npz")
    r = load(tmp_path / "x.npz", values="b", dims=("unit", "trial"), trial={"image": "ids"}, unit={"unit": ["p", "q"]})
    assert r.shape == (3, 1, 2)
    assert r["image"].values.tolist() == [10, 11, 12]
    assert r["unit"].values.tolist() == ["p", "q"]
    assert r.attrs["dt"] == 0.02


def test_as_many_trials_as_units(tmp_path: Path) -> None:
    square = np.random.default_rng(0).normal(size=(4, 4))
    np.savez(tmp_path / "x.npz", X=square, condition=np.arange(4), regions=np.array(list("abcd")))
    r = load(tmp_path / "x.npz")
    assert r["condition"].dims == ("trial",)
    assert r["region"].dims == ("unit",)
    np.savez(tmp_path / "y.npz", X=square, score=np.arange(4))
    with pytest.raises(BadInput, match=r"'score' of 'y.npz': got 4 labels for 4 trials and 4 units.*trial=\{'score'"):
        load(tmp_path / "y.npz")
    assert load(tmp_path / "y.npz", trial={"score": "score"})["score"].dims == ("trial",)
    assert load(tmp_path / "y.npz", unit={"score": "score"})["score"].dims == ("unit",)


def test_names_of_trials_are_no_index(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", X=np.ones((2, 3)), trials=np.array(["first", "second"]))
    r = load(tmp_path / "x.npz")
    assert r["trial"].values.tolist() == [0, 1]
    assert r["trial_name"].values.tolist() == ["first", "second"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": "Y"}, "no array 'Y', expected one of X, stimulus"),
        ({"values": "stimulos"}, "Did you mean 'stimulus'"),
        ({"dims": ("trial", "time")}, r"'X' of 'x.npz': got shape \(3, 2\) for dims \(trial, time\)"),
        ({"trial": {"image": "nothing"}}, "no array 'nothing'"),
        ({"unit": {"region": "stimulus"}}, r"unit label 'region': got shape \(3,\), expected length 2"),
    ],
)
def test_unusable_choices(options: dict[str, object], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", X=np.ones((3, 2)), stimulus=np.array(list("abc")))
    with pytest.raises(BadInput, match=message):
        load(tmp_path / "x.npz", **options)


def test_unusable_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", X=np.ones((2, 2)), label=np.array(["a", None], dtype=object))
    with pytest.raises(BadFile, match=r"array 'label' of 'x.npz': got pickled objects, .* dtype=str"):
        load(tmp_path / "x.npz")
    np.savez(tmp_path / "y.npz", only=np.arange(3))
    with pytest.raises(BadInput, match=r"0 arrays that could be responses; it holds 'only' \(3,\)"):
        load(tmp_path / "y.npz")
    content = (tmp_path / "y.npz").read_bytes()
    (tmp_path / "y.npz").write_bytes(content[:-40])
    with pytest.raises(BadFile, match="a damaged zip file"):
        load(tmp_path / "y.npz")
    with zipfile.ZipFile(tmp_path / "z.npz", "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    with pytest.raises(BadFile, match=r"z\.npz': got a zip file, expected a zip of NumPy arrays"):
        load(tmp_path / "z.npz")
    bad = np.ones((2, 2))
    bad[1, 0] = np.nan
    np.savez(tmp_path / "w.npz", X=bad)
    with pytest.raises(BadInput, match="nan at trial 1, time index 0, unit '0'"):
        load(tmp_path / "w.npz")
