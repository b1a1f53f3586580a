"""MATLAB files of both kinds: the same variables read alike, in MATLAB's orientation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr
from scipy.io import savemat

from tertium.data import average, load, make_responses, read_mat, save
from tertium.data.formats.mat import variables_of
from tertium.errors import BadFile, BadInput

Make = Callable[..., xr.DataArray]

MATRIX = np.arange(24.0).reshape(2, 3, 4)
RAGGED = [np.array([[0.1, 0.2]]), np.zeros((1, 0)), np.array([[0.3]])]


def cells(items: list[Any]) -> np.ndarray:
    made = np.empty((1, len(items)), dtype=object)
    made[0] = items
    return made


def write_v5(path: Path) -> Path:
    savemat(
        path,
        {
            "X": MATRIX,
            "row": np.array([[1.0, 2.0, 3.0]]),
            "name": "monkey Ä",
            "names": cells(["a", "bc"]),
            "spikes": cells(RAGGED),
            "flag": np.array([[True, False]]),
            "info": {"rate": 30.0, "region": "IT", "inner": {"x": 1.0}},
            "units": np.array([({"id": 1.0, "area": "V1"},), ({"id": 2.0, "area": "V2"},)], dtype=object),
        },
    )
    return path


def write_v73(path: Path) -> Path:
    """Write the layout of MATLAB's own v7.3 files: dimensions reversed, codes for text, references for cells."""
    with h5py.File(path, "w", userblock_size=512) as file:
        pool = file.create_group("#refs#")

        def put(group: Any, name: str, value: Any, kind: str = "double") -> Any:
            if kind == "char":
                codes = np.frombuffer(value.encode("utf-16-le"), dtype="<u2")[:, None]
                made = group.create_dataset(name, data=codes)
            elif kind == "cell":
                refs = np.array([ref(item) for item in value.ravel()], dtype=h5py.ref_dtype).reshape(value.shape).T
                made = group.create_dataset(name, data=refs, dtype=h5py.ref_dtype)
            elif value.size == 0:
                made = group.create_dataset(name, data=np.array(value.shape, dtype=np.uint64))
                made.attrs["MATLAB_empty"] = np.uint8(1)
            else:
                made = group.create_dataset(name, data=np.asarray(value).T)
            made.attrs["MATLAB_class"] = np.bytes_(kind)
            return made

        def ref(item: Any) -> Any:
            name = f"r{len(pool)}"
            return put(pool, name, item, "char" if isinstance(item, str) else "double").ref

        put(file, "X", MATRIX)
        put(file, "row", np.array([[1.0, 2.0, 3.0]]))
        put(file, "name", "monkey Ä", "char")
        put(file, "names", cells(["a", "bc"]), "cell")
        put(file, "spikes", cells(RAGGED), "cell")
        put(file, "flag", np.array([[True, False]], dtype=np.uint8), "logical")
        info = file.create_group("info")
        info.attrs["MATLAB_class"] = np.bytes_("struct")
        put(info, "rate", np.array([[30.0]]))
        put(info, "region", "IT", "char")
        inner = info.create_group("inner")
        inner.attrs["MATLAB_class"] = np.bytes_("struct")
        put(inner, "x", np.array([[1.0]]))
        units = file.create_group("units")  # an array of structures: fields are bare arrays of references
        units.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, values in (("id", [np.array([[1.0]]), np.array([[2.0]])]), ("area", ["V1", "V2"])):
            refs = np.array([[ref(v) for v in values]], dtype=h5py.ref_dtype)
            units.create_dataset(field, data=refs, dtype=h5py.ref_dtype)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: TEST".ljust(124) + b"\x00\x02IM")
    return path


@pytest.mark.parametrize("write", [write_v5, write_v73])
class TestBothVersions:
    def test_variables(self, write: Callable[[Path], Path], tmp_path: Path) -> None:
        found = read_mat(write(tmp_path / "x.mat"))
        np.testing.assert_array_equal(found["X"], MATRIX)
        assert found["row"].shape == (1, 3)
        assert found["name"] == "monkey Ä"
        assert found["names"].shape == (1, 2)
        assert found["names"].ravel().tolist() == ["a", "bc"]
        assert [cell.shape for cell in found["spikes"].ravel()] == [(1, 2), (1, 0), (1, 1)]
        np.testing.assert_array_equal(found["spikes"][0, 0], RAGGED[0])
        assert found["flag"].ravel().tolist() == [True, False]
        assert found["info"]["region"] == "IT"
        assert found["info"]["rate"].item() == 30.0
        assert found["info"]["inner"]["x"].item() == 1.0

    def test_some_variables(self, write: Callable[[Path], Path], tmp_path: Path) -> None:
        path = write(tmp_path / "x.mat")
        assert list(read_mat(path, ["row"])) == ["row"]
        assert set(variables_of(path)) == {"X", "row", "name", "names", "spikes", "flag", "info", "units"}
        with pytest.raises(BadInput, match=r"no variable 'Y', expected one of .*X"):
            read_mat(path, ["Y"])

    def test_responses_by_naming_variables(self, write: Callable[[Path], Path], tmp_path: Path) -> None:
        path = write(tmp_path / "x.mat")
        found = load(
            path, values="X", dims=("trial", "time", "unit"), dt=0.1, trial={"stimulus": "names"}, quantity="rate"
        )
        np.testing.assert_array_equal(found.values, MATRIX)
        assert found["stimulus"].values.tolist() == ["a", "bc"]
        turned = load(path, values="X", dims=("time", "unit", "trial"), trial={}, unit={"depth": "row"})
        np.testing.assert_array_equal(turned.values, MATRIX.transpose(2, 0, 1))
        assert turned["depth"].values.tolist() == [1.0, 2.0, 3.0]

    def test_responses_found_by_name_and_length(self, write: Callable[[Path], Path], tmp_path: Path) -> None:
        found = load(write(tmp_path / "x.mat"))
        assert found.shape == (2, 3, 4)
        assert {n for n, c in found.coords.items() if c.dims == ("trial",)} == {"trial", "names", "flag"}


def test_an_array_of_structures(tmp_path: Path) -> None:
    units = read_mat(write_v73(tmp_path / "x.mat"))["units"]
    assert units.shape == (2, 1)
    assert [unit["area"] for unit in units.ravel()] == ["V1", "V2"]
    made = np.array([[(1.0, "V1"), (2.0, "V2")]], dtype=[("id", object), ("area", object)])
    savemat(tmp_path / "y.mat", {"units": made})
    same = read_mat(tmp_path / "y.mat")["units"]
    assert [unit["area"] for unit in same.ravel()] == ["V1", "V2"]


def test_several_lines_of_text_and_sparse_matrices(tmp_path: Path) -> None:
    from scipy.sparse import csc_array

    matrix = csc_array(np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))
    savemat(tmp_path / "5.mat", {"S": matrix, "lines": np.array(["ab", "cd"])})
    with h5py.File(tmp_path / "7.mat", "w", userblock_size=512) as file:
        group = file.create_group("S")
        group.attrs["MATLAB_sparse"] = np.uint64(2)
        group.attrs["MATLAB_class"] = np.bytes_("double")
        for name, values in (("data", matrix.data), ("ir", matrix.indices), ("jc", matrix.indptr)):
            group.create_dataset(name, data=values)
        lines = file.create_dataset("lines", data=np.array([[97, 99], [98, 100]], dtype=np.uint16))
        lines.attrs["MATLAB_class"] = np.bytes_("char")
    for name in ("5.mat", "7.mat"):
        found = read_mat(tmp_path / name)
        np.testing.assert_array_equal(found["S"].toarray(), matrix.toarray())
        assert found["lines"] == ["ab", "cd"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "uint8", "bool"])
def test_what_is_saved_comes_back_identical(dtype: str, make: Make, tmp_path: Path) -> None:
    r = make(dtype=dtype if dtype.startswith("f") else "float64")
    r = r.copy(data=(10 * r.values).astype(dtype)).assign_coords(animal="rat", year=2020)
    again = load(save(r, tmp_path / "r.mat"))
    xr.testing.assert_identical(again, r)
    assert again.dtype == r.dtype
    assert {c: again[c].dtype for c in again.coords} == {c: r[c].dtype for c in r.coords}


def test_small_tables_and_averages_come_back(table: xr.DataArray, tmp_path: Path) -> None:
    for r in (make_responses([[1.0]], trial={"stimulus": [""]}), average(table, "stimulus")):
        xr.testing.assert_identical(load(save(r, tmp_path / "r.mat")), r)


def test_a_reader_of_the_other_version(tmp_path: Path) -> None:
    new, old = write_v73(tmp_path / "new.mat"), write_v5(tmp_path / "old.mat")
    with pytest.raises(BadFile, match=r"got a MATLAB v7\.3 file, expected a MATLAB v5 file\. Leave version out"):
        read_mat(new, version="5")
    with pytest.raises(BadFile, match=r"got a MATLAB v5 file, expected a MATLAB v7\.3 file"):
        read_mat(old, version="7.3")


def test_a_file_cut_short(tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"X": np.random.default_rng(0).normal(size=(50, 50))})
    content = (tmp_path / "x.mat").read_bytes()
    (tmp_path / "x.mat").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadFile, match=r"x\.mat': got a file that cannot be read"):
        read_mat(tmp_path / "x.mat")


def test_more_than_a_v5_file_holds(tmp_path: Path) -> None:
    labels = make_responses(np.broadcast_to(np.int8(0), (2**16, 2**10, 2**6)))
    with pytest.raises(BadInput, match=r"4\.0 GB, expected less than 2 GB.*\.zarr"):
        save(labels, tmp_path / "x.mat")


def test_a_real_file(needs_data: Callable[..., None]) -> None:
    import os

    needs_data("kriegeskorte92")
    folder = Path(os.environ["TERTIUM_DATA"]) / "kriegeskorte92"
    found = read_mat(folder / "92_brainRDMs.mat")["RDMs"]
    assert found.shape == (1, 4, 2)
    assert found[0, 0, 0]["RDM"].shape == (92, 92)
