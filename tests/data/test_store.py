"""`load` and `save`: the suffix chooses, the content has to agree, and no half file is ever left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.io import savemat

from tertium.data import load, make_responses, save, sniff
from tertium.data.store import READERS, WRITERS
from tertium.errors import BadFile, BadInput, MissingData, UnknownName

SUFFIXES = [".zarr", ".nwb", ".mat", ".npz", ".csv", ".tsv"]
KINDS = {".zarr": "zarr", ".nwb": "nwb", ".mat": "mat5", ".npz": "npz", ".csv": "text", ".tsv": "text"}


def test_every_format_has_a_reader_and_a_writer() -> None:
    assert sorted(READERS) == sorted(WRITERS) == sorted(SUFFIXES)
    for suffix in SUFFIXES:
        assert callable(READERS.load(suffix))
        assert callable(WRITERS.load(suffix))


@pytest.mark.parametrize("suffix", SUFFIXES)
class TestEveryFormat:
    def test_there_and_back(self, suffix: str, table: xr.DataArray, tmp_path: Path) -> None:
        path = save(table, str(tmp_path / "r") + suffix.upper())
        assert sniff(path) == KINDS[suffix]
        options = {"dt": 0.1} if suffix in (".csv", ".tsv") else {}
        xr.testing.assert_equal(load(str(path), **options).compute(), table)

    def test_a_failing_save_leaves_what_was_there(
        self, suffix: str, table: xr.DataArray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = save(table, tmp_path / f"r{suffix}")
        for broken in (
            "numpy.savez_compressed",
            "scipy.io.savemat",
            "pandas.DataFrame.to_csv",
            "pynwb.NWBHDF5IO.write",
            "tertium.data.formats.zarr_write.inventory",
        ):
            monkeypatch.setattr(broken, _no_space)
        with pytest.raises(OSError, match="no space left"):
            save(table.copy(data=2 * table.values), path)
        monkeypatch.undo()
        assert [p.name for p in tmp_path.iterdir()] == [f"r{suffix}"]
        np.testing.assert_allclose(load(path).values, table.values, rtol=1e-15)

    def test_a_free_name_is_asked_for(self, suffix: str, table: xr.DataArray, tmp_path: Path) -> None:
        path = save(table, tmp_path / f"r{suffix}")
        with pytest.raises(BadInput, match="something there already, expected a free name"):
            save(table, path, overwrite=False)
        save(table[:3], path)
        assert load(path).sizes["trial"] == 3

    def test_no_such_file(self, suffix: str, tmp_path: Path) -> None:
        with pytest.raises(MissingData, match=f"r{suffix}': got nothing there, expected a file"):
            load(tmp_path / f"r{suffix}")
        with pytest.raises(MissingData, match="There is no folder"):
            load(str(tmp_path / "nowhere" / f"r{suffix}"))

    def test_a_file_that_is_not_what_its_suffix_says(self, suffix: str, table: xr.DataArray, tmp_path: Path) -> None:
        other = ".npz" if suffix != ".npz" else ".mat"
        path = save(table, tmp_path / f"r{other}").rename(tmp_path / f"r{suffix}")
        with pytest.raises(BadFile, match=rf"r{suffix}': got a .*, expected a.* Rename it to end in '{other}'"):
            load(path)

    def test_an_empty_file(self, suffix: str, tmp_path: Path) -> None:
        (tmp_path / f"r{suffix}").touch()
        with pytest.raises(BadFile, match="got an empty file"):
            load(tmp_path / f"r{suffix}")


def _no_space(*_: object, **__: object) -> None:
    raise OSError("no space left")


def test_tables_that_break_the_contract_are_not_saved(table: xr.DataArray, tmp_path: Path) -> None:
    bad = table.copy()
    bad[1, 2, 3] = np.nan
    for suffix in SUFFIXES:
        with pytest.raises(BadInput, match="nan at trial 1, time index 2, unit 'n3'"):
            save(bad, tmp_path / f"r{suffix}")
    assert not list(tmp_path.iterdir())


def test_suffixes_nobody_knows(table: xr.DataArray, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'r\.pkl': got the suffix '\.pkl', expected one of \.zarr, \.nwb"):
        save(table, tmp_path / "r.pkl")
    with pytest.raises(BadInput, match="'r': got no suffix"):
        save(table, tmp_path / "r")
    (tmp_path / "r.txt").write_text("hello")
    with pytest.raises(BadInput, match=r"'r\.txt': got the suffix '\.txt'"):
        load(tmp_path / "r.txt")


def test_a_file_without_suffix_is_known_by_its_content(table: xr.DataArray, tmp_path: Path) -> None:
    for suffix in (".zarr", ".npz", ".mat", ".nwb"):
        path = save(table, tmp_path / f"a{suffix}").rename(tmp_path / suffix[1:])
        xr.testing.assert_equal(load(path).compute(), table)


def test_a_name_is_looked_up_in_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def load_set(name: str, **options: object) -> xr.DataArray:
        asked.append((name, options))
        return make_responses([[1.0]])

    monkeypatch.setattr("tertium.data.catalogue.load_set", load_set)
    load("kriegeskorte92", part="human")
    assert asked == [("kriegeskorte92", {"part": "human"})]
    monkeypatch.undo()
    with pytest.raises(UnknownName, match="kriegeskort"):
        load("kriegeskort92")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x93NUMPY\x01\x00", "npy"),
        (b"PK\x03\x04 but no more", None),
        (b"trial,unit\n1,\xc3\xa4\n", "text"),
        (b"\xff\xfe\xfd caf\xe9", "unknown"),
        (b"\x89HDF\r\n\x1a\n and no more", None),
        (b"\x00\x01\x02\x03" * 20, "unknown"),
    ],
)
def test_sniffing(content: bytes, kind: str | None, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    if kind is None:
        with pytest.raises(BadFile, match="Was it copied completely"):
            sniff(tmp_path / "x")
    else:
        assert sniff(tmp_path / "x") == kind


def test_sniffing_version_4_and_plain_hdf5(tmp_path: Path, make: Callable[..., xr.DataArray]) -> None:
    import h5py

    savemat(tmp_path / "4.mat", {"X": np.ones((3, 2))}, format="4")
    assert sniff(tmp_path / "4.mat") == "mat4"
    assert load(tmp_path / "4.mat", values="X").shape == (3, 1, 2)
    with h5py.File(tmp_path / "h.mat", "w") as file:
        file["X"] = np.ones((2, 3))
    assert sniff(tmp_path / "h.mat") == "hdf5"
    assert load(tmp_path / "h.mat").shape == (3, 1, 2)
