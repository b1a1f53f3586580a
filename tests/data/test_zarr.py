"""The zarr store: round trips, laziness, writing batch by batch, and stores that are not whole."""

from __future__ import annotations

import json
import shutil
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertium.data import ZarrWriter, average, load, make_responses, save, select, template, window
from tertium.data.formats.zarr_write import default_chunks
from tertium.errors import BadFile, BadInput, MissingData

Make = Callable[..., xr.DataArray]

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(1, 5)),
    dtype=st.sampled_from(["float16", "float32", "float64", "int16", "uint8", "bool"]),
    text=st.lists(names, min_size=7, max_size=7),
)
def test_what_is_saved_comes_back_identical(
    shape: tuple[int, int, int], dtype: str, text: list[str], tmp_path: Path
) -> None:
    n = shape[0]
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    r = make_responses(
        values, dt=0.1, trial={"name": text[:n], "number": np.arange(n) / 7, "flag": np.arange(n) % 2 == 0}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = load(save(r, tmp_path / "r.zarr", chunks=(2, 3, 2)))
        xr.testing.assert_identical(again.compute(), r)
    assert again.dtype == r.dtype
    assert [again[c].dtype for c in again.coords] == [r[c].dtype for c in r.coords]


def test_averages_and_labels_of_the_whole_table_come_back(table: xr.DataArray, tmp_path: Path) -> None:
    r = average(table, "stimulus").assign_coords(animal="rat", bin=("time", ["a", "b", "c", "d", "e"]))
    r.attrs["window"] = [0.0, 0.5]
    xr.testing.assert_identical(load(save(r, tmp_path / "r.zarr")).compute(), r)


def test_xarray_alone_can_open_it(table: xr.DataArray, tmp_path: Path) -> None:
    opened = xr.open_zarr(save(table, tmp_path / "r.zarr"), chunks=None, consolidated=False)["responses"]
    np.testing.assert_array_equal(opened.values, table.values)
    assert set(opened.coords) == set(table.coords)


def test_a_store_written_by_xarray_opens(table: xr.DataArray, tmp_path: Path) -> None:
    table.to_dataset(name="cells").to_zarr(tmp_path / "r.zarr", zarr_format=3, consolidated=False)
    xr.testing.assert_equal(load(tmp_path / "r.zarr").compute(), table)
    with pytest.raises(BadInput, match="the arrays cells, expected an array 'units'"):
        load(tmp_path / "r.zarr", values="units")


def test_opening_reads_no_numbers(tmp_path: Path) -> None:
    r = make_responses(np.random.default_rng(0).normal(size=(400, 100, 20)), trial={"condition": np.arange(400) % 4})
    save(r, tmp_path / "r.zarr", chunks=(10, 100, 20))
    load(tmp_path / "r.zarr", lazy=True)  # imports are not what is measured
    tracemalloc.start()
    lazy = load(tmp_path / "r.zarr")
    part = window(select(lazy, condition=2), 0, 50)
    opened = tracemalloc.get_traced_memory()[1]
    assert opened < 0.1 * r.nbytes
    tracemalloc.reset_peak()
    np.testing.assert_array_equal(part[3:5].values, r.values[[14, 18], :50])
    assert tracemalloc.get_traced_memory()[1] < 0.2 * r.nbytes
    tracemalloc.stop()


def test_averaging_a_store_does_not_load_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertium.data.blocks.BLOCK_BYTES", 2**18)
    r = make_responses(np.random.default_rng(0).normal(size=(400, 100, 20)), trial={"condition": np.arange(400) % 4})
    save(r, tmp_path / "r.zarr", chunks=(10, 100, 10))
    expected = average(r)
    lazy = load(tmp_path / "r.zarr")
    tracemalloc.start()
    found = average(lazy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    assert peak < 0.4 * r.nbytes
    assert not lazy.variable._in_memory


def test_changing_a_lazy_table_does_not_change_the_store(table: xr.DataArray, tmp_path: Path) -> None:
    path = save(table, tmp_path / "r.zarr")
    lazy = load(path)
    lazy[0, 0, 0] = 99.0
    assert lazy.values[0, 0, 0] == 99.0
    assert load(path).values[0, 0, 0] == table.values[0, 0, 0]


def test_a_lazy_table_can_be_saved_over_its_own_store(table: xr.DataArray, tmp_path: Path) -> None:
    path = save(table, tmp_path / "r.zarr")
    save(select(load(path), stimulus="s1"), path)
    xr.testing.assert_identical(load(path).compute(), select(table, stimulus="s1"))
    assert [p.name for p in tmp_path.iterdir()] == ["r.zarr"]


@pytest.mark.parametrize("shape", [(10_000, 1, 1), (3, 1, 10**6), (5, 10**7, 3), (1, 1, 1), (100, 500, 300)])
def test_chunks_are_of_a_few_megabytes(shape: tuple[int, int, int]) -> None:
    chunks = default_chunks(template(shape), "float32")
    assert all(1 <= c <= n for c, n in zip(chunks, shape, strict=True))
    assert np.prod(chunks) * 4 <= 4 * 2**20
    assert np.prod(chunks) * 4 > 2**20 or all(c in (n, 512) for c, n in zip(chunks, shape, strict=True))


class TestWriter:
    def test_batches_in_any_order(self, table: xr.DataArray, tmp_path: Path) -> None:
        path = tmp_path / "r.zarr"
        writer = ZarrWriter(path, table, dtype="float64", chunks=(5, 5, 3))
        for start in (8, 0, 4):
            writer.write(start, table.values[start : start + 4])
            assert not path.exists()
        assert writer.close() == path
        xr.testing.assert_identical(load(path).compute(), table)

    def test_a_template_takes_no_memory(self) -> None:
        labels = template((10**5, 100, 10**4), dt=0.01, quantity="rate", attrs={"layer": "conv1"})
        assert labels.shape == (10**5, 100, 10**4)
        assert labels.attrs["layer"] == "conv1"
        assert labels.values.base is None or labels.values.strides == (0, 0, 0)

    def test_static_batches_may_have_two_dimensions(self, tmp_path: Path) -> None:
        with ZarrWriter(tmp_path / "r.zarr", template((2, 1, 3))) as writer:
            writer.write(0, np.ones((2, 3)))
        assert load(tmp_path / "r.zarr").dtype == np.float32

    def test_trials_never_written(self, tmp_path: Path) -> None:
        writer = ZarrWriter(tmp_path / "r.zarr", template((4, 1, 3)))
        writer.write(0, np.ones((3, 1, 3)))
        with pytest.raises(BadInput, match="1 of 4 trials never written, first 3"):
            writer.close()
        assert not list(tmp_path.iterdir())

    def test_an_exception_leaves_nothing_and_keeps_what_was_there(self, table: xr.DataArray, tmp_path: Path) -> None:
        path = save(table, tmp_path / "r.zarr")

        def interrupted() -> None:
            with ZarrWriter(path, table) as writer:
                writer.write(0, np.zeros((3, 5, 4)))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        xr.testing.assert_identical(load(path).compute(), table)
        assert [p.name for p in tmp_path.iterdir()] == ["r.zarr"]

    def test_unusable_batches(self, table: xr.DataArray, tmp_path: Path) -> None:
        with ZarrWriter(tmp_path / "r.zarr", table) as writer:
            with pytest.raises(
                BadInput, match=r"batch at trial 11: got shape \(3, 5, 4\), expected \(at most 1, 5, 4\)"
            ):
                writer.write(11, np.zeros((3, 5, 4)))
            with pytest.raises(BadInput, match=r"got shape \(2, 4\)"):
                writer.write(0, np.zeros((2, 4)))
            bad = np.zeros((2, 5, 4))
            bad[1, 0, 2] = np.inf
            with pytest.raises(BadInput, match="inf at trial 5, time index 0, unit 'n2'"):
                writer.write(4, bad)
            writer.write(0, table.values)

    def test_unusable_labels_and_attributes(self, table: xr.DataArray, tmp_path: Path) -> None:
        mixed = table.assign_coords(mixed=("trial", np.array(["a", 1] * 6, dtype=object)))
        with pytest.raises(BadInput, match="label 'mixed': got values of type int and str, expected all numbers"):
            save(mixed, tmp_path / "r.zarr")
        odd = table.assign_attrs(model=object())
        with pytest.raises(BadInput, match="attribute 'model': got a object"):
            save(odd, tmp_path / "r.zarr")
        assert not list(tmp_path.iterdir())


class TestNotWhole:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Path:
        values = np.zeros((8, 3, 4))  # chunks of zeros: zarr alone would give them back though they are gone
        return save(make_responses(values, trial={"stimulus": list("aabbccdd")}), tmp_path / "r.zarr", chunks=(2, 3, 2))

    def test_a_missing_chunk(self, store: Path) -> None:
        (store / "responses" / "c" / "1" / "0" / "1").unlink()
        with pytest.raises(BadFile, match=r"r.zarr': got \d+ of \d+ files, expected a complete zarr store"):
            load(store)

    def test_a_chunk_cut_short(self, store: Path) -> None:
        chunk = store / "responses" / "c" / "1" / "0" / "1"
        chunk.write_bytes(chunk.read_bytes()[:-3])
        with pytest.raises(BadFile, match=r"got \d+ of \d+ bytes"):
            load(store)

    def test_a_damaged_chunk_is_found_when_it_is_read(self, store: Path) -> None:
        chunk = store / "responses" / "c" / "1" / "0" / "1"
        content = bytearray(chunk.read_bytes())
        content[len(content) // 2] ^= 0xFF
        chunk.write_bytes(bytes(content))
        opened = load(store)
        assert opened[:2].values.sum() == 0  # other chunks are sound
        with pytest.raises(BadFile, match="a chunk that cannot be read"):
            opened.values  # noqa: B018
        with pytest.raises(BadFile, match="a chunk that cannot be read"):
            average(load(store), by="stimulus")

    def test_a_missing_label(self, store: Path) -> None:
        shutil.rmtree(store / "stimulus")
        with pytest.raises(BadFile, match="expected a complete zarr store"):
            load(store)

    def test_never_completed(self, store: Path) -> None:
        meta = json.loads((store / "zarr.json").read_text())
        meta["attributes"] = {}
        (store / "zarr.json").write_text(json.dumps(meta))
        with pytest.raises(BadFile, match="a store that was never completed"):
            load(store)

    def test_metadata_cut_short(self, store: Path) -> None:
        (store / "zarr.json").write_text('{"zarr_for')
        with pytest.raises(BadFile, match=r"a folder without a readable zarr\.json"):
            load(store)

    def test_a_folder_that_is_no_store(self, tmp_path: Path) -> None:
        (tmp_path / "r.zarr").mkdir()
        (tmp_path / "r.zarr" / "notes.txt").write_text("keep me")
        with pytest.raises(BadFile, match="a folder that is no zarr store"):
            load(tmp_path / "r.zarr")
        with pytest.raises(BadInput, match="a folder of another kind, expected a free name"):
            save(make_responses([[1.0]]), tmp_path / "r.zarr")
        assert (tmp_path / "r.zarr" / "notes.txt").exists()

    def test_targets(self, store: Path, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="something there already, expected a free name"):
            save(make_responses([[1.0]]), store, overwrite=False)
        with pytest.raises(MissingData, match=r"folder .*nowhere': got nothing there"):
            save(make_responses([[1.0]]), tmp_path / "nowhere" / "r.zarr")
