"""Recording straight to disk."""

import numpy as np
import pytest
import torch
import zarr
from torch import nn

import tertium as tt
from tertium.errors import BadInput, MissingData
from tertium.record import plan, record
from tertium.rng import Seeds


def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 5))


X = torch.randn(10, 3, 8, 8, generator=Seeds(0).torch("x"))
LABELS = {"stimulus": [f"image {i}" for i in range(10)]}


def test_disk_holds_what_memory_would(tmp_path):
    model = net()
    in_memory = record(model, X, batch_size=4, trial=LABELS, progress=False)
    on_disk = record(model, X, batch_size=4, trial=LABELS, to=tmp_path / "r.zarr", progress=False)
    assert not isinstance(on_disk.variable._data, np.ndarray)  # opened lazily
    assert on_disk.identical(in_memory)
    assert tt.data.load(tmp_path / "r.zarr").identical(in_memory)
    assert [p.name for p in tmp_path.iterdir()] == ["r.zarr"]


def test_a_chunk_holds_one_batch(tmp_path):
    record(net(), X, batch_size=4, to=tmp_path / "r.zarr", progress=False)
    assert zarr.open_group(tmp_path / "r.zarr", mode="r")["responses"].chunks == (4, 1, 293)


def test_disk_needs_no_room_in_memory(tmp_path):
    model, x = net(), X.repeat(100, 1, 1, 1)
    limit = plan(model, x, batch_size=4).working_bytes + 1000
    with pytest.raises(BadInput, match=r"to='responses\.zarr'"):
        record(model, x, batch_size=4, memory_limit=limit, progress=False)
    r = record(model, x, batch_size=4, memory_limit=limit, to=tmp_path / "r.zarr", progress=False)
    assert r.shape == (1000, 1, 293)


def test_an_error_leaves_nothing_behind(tmp_path):
    class Fails(nn.Module):
        def forward(self, x):
            if x[0, 0] > 5:
                raise RuntimeError("out of order")
            return x

    x = torch.arange(10.0)[:, None]
    with pytest.raises(BadInput, match="out of order"):
        record(Fails(), x, "output", batch_size=2, to=tmp_path / "r.zarr", progress=False)
    with pytest.raises(BadInput, match="got nan at trial 3"):
        record(nn.Identity(), torch.where(x == 3, torch.nan, x), "output", batch_size=2, to=tmp_path / "r.zarr")
    assert list(tmp_path.iterdir()) == []


def test_times_and_projection_go_to_disk_too(tmp_path):
    model, x = nn.GRU(3, 50), torch.randn(6, 5, 3, generator=Seeds(0).torch("x"))
    options = {"layout": "time_batch", "project": "sparse", "n_components": 8, "dt": 0.1, "progress": False}
    r = record(model, x, "output", batch_size=2, to=tmp_path / "r.zarr", **options)
    assert r.shape == (5, 6, 8)
    assert r.identical(record(model, x, "output", batch_size=2, **options))


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(MissingData, match="expected a folder to write to"):
        record(net(), X, to=tmp_path / "nowhere" / "r.zarr", progress=False)
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "notes.txt").write_text("keep me")
    with pytest.raises(BadInput, match="a folder of another kind"):
        record(net(), X, to=tmp_path / "mine.zarr", progress=False)
    assert (tmp_path / "mine.zarr" / "notes.txt").read_text() == "keep me"
