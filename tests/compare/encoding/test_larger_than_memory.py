"""Features and responses on disk that exceed what a process may take; chunks are read once; weights go to disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from tertium.compare import BandedRidge, KernelRidge, PartialLeastSquares, ReducedRank, Ridge, encode, fit_ridge
from tertium.compare.encoding.tables import table
from tertium.data import load, make_responses, save
from tertium.data.formats.zarr_read import _Chunks
from tertium.errors import BadInput

#: Bytes that the process may grow by; X takes 4 times as much.
ALLOWED = 12e6

MEASURE = """
import json, sys
import numpy as np
from tertium.compare import encode
from tertium.data import load

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

def taken(work):
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS:")
    work()
    return status("VmHWM:") - before

folder = sys.argv[1]
X, Y = (load(folder + name) for name in ("/X.zarr", "/Y.zarr"))
warm = X[:, :, :1000], Y[:, :, :1000]
encode(*warm, cv=3, n_bootstrap=0)
blocks = taken(lambda: encode(X, Y, cv=3, n_bootstrap=0, memory=0.012))
print(json.dumps({"blocks": blocks, "whole": taken(lambda: np.asarray(X.values))}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read from /proc")
def test_features_four_times_as_large_as_what_may_be_taken_are_encoded(tmp_path):
    rng = np.random.default_rng(0)
    stimuli = {"stimulus": [f"s{i:02d}" for i in range(100)]}
    few = rng.normal(size=(100, 400)).astype(np.float32)
    for name, columns in (("X", int(ALLOWED / 100)), ("Y", 10_000)):
        values = np.tile(few, (1, 500))[:, :columns]
        save(make_responses(values, trial=stimuli), tmp_path / f"{name}.zarr")
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(ran.stdout)
    assert found["whole"] > 3 * ALLOWED, "what holds a table whole is seen"
    assert found["blocks"] < ALLOWED


def planted(n=48, p=200, u=150):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, p))
    return X, X @ rng.normal(size=(p, u)) / 4 + 3 * rng.normal(size=(n, u))


@pytest.fixture
def stored(tmp_path):
    X, Y = planted()
    stimuli = {"stimulus": [f"s{i:02d}" for i in range(len(X))]}
    for name, values in (("X", X), ("Y", Y)):
        save(make_responses(values, trial=stimuli), tmp_path / f"{name}.zarr", chunks=(20, 1, 32))
    return X, Y, *(load(tmp_path / f"{name}.zarr") for name in ("X", "Y"))


def columns_read(monkeypatch):
    """Return a list that gets the number of columns of each reading from disk."""
    read, plain = [], _Chunks._read

    def watched(self, key):
        values = plain(self, key)
        read.append((self.shape[2], values.shape[2]))
        return values

    monkeypatch.setattr(_Chunks, "_read", watched)
    return read


@pytest.mark.parametrize("units", [10, 40, 100])
def test_chunks_are_read_once_however_wide_blocks_are(stored, units, monkeypatch, memory_for):
    X, Y, lazy_X, lazy_Y = stored
    memory = memory_for(units, lazy_X, lazy_Y, cv=3, draws=5)
    read = columns_read(monkeypatch)
    found = encode(lazy_X, lazy_Y, cv=3, n_bootstrap=5, memory=memory)
    for width in (200, 150):
        of_one = [columns for whole, columns in read if whole == width]
        assert sum(of_one) == width
        assert all(columns % 32 == 0 for columns in of_one[:-1])
    monkeypatch.undo()
    assert np.allclose(found.folds, encode(X, Y, cv=3, n_bootstrap=5).folds, atol=1e-10)


def test_chunks_that_exceed_blocks_by_far_are_read_in_parts():
    here = table(np.zeros((10, 64)), "X")
    assert [span.stop - span.start for span in here.spans(30)] == [30, 30, 4]
    wide = table(zarr.array(np.zeros((10, 64)), chunks=(10, 32)), "X")
    assert [span.stop - span.start for span in wide.spans(40)] == [32, 32]
    assert [span.stop - span.start for span in wide.spans(8)] == [32, 32], "four blocks of 8 columns"
    assert {span.stop - span.start for span in wide.spans(4)} == {4}


@pytest.mark.parametrize(
    "model",
    [
        Ridge((9.0, 90.0), form="primal"),
        BandedRidge((100, 100), draws=0),
        KernelRidge(),
        PartialLeastSquares(3),
        ReducedRank(3),
    ],
)
def test_every_method_reads_zarr_arrays_as_it_does_arrays(model):
    X, Y = planted(u=20)
    on_disk = (zarr.array(values, chunks=(10, 16)) for values in (X, Y))
    found = encode(*on_disk, model, cv=3, n_bootstrap=0)
    assert np.allclose(found.folds, encode(X, Y, model, cv=3, n_bootstrap=0).folds, atol=1e-8)


def test_trials_are_averaged_a_few_columns_at_a_time(monkeypatch):
    rng = np.random.default_rng(2)
    values = rng.normal(size=(30, 2, 7))
    responses = make_responses(values, dt=0.1, trial={"stimulus": np.tile(list("abcdef"), 5)})
    whole = table(responses, "Y").block(0, 7)
    assert np.allclose(whole, values.reshape(5, 6, 2, 7).mean(0).reshape(12, 7), atol=1e-12)
    monkeypatch.setattr("tertium.compare.encoding.tables._AVERAGED_AT_ONCE", 1000.0)
    assert np.array_equal(table(responses, "Y").block(2, 7), whole[:, 2:])


def test_weights_go_to_a_store_that_predicts_what_the_fit_predicts(stored, tmp_path, monkeypatch):
    X, Y, lazy_X, lazy_Y = stored
    monkeypatch.setattr("tertium.compare.encoding.weights._AT_ONCE", 150 * 8 * 30.0)
    fit = fit_ridge(lazy_X + 2.0, lazy_Y, (1.0, 50.0), cv=3, width=20)
    path = fit.weights(tmp_path / "weights.zarr")
    found = load(path)
    assert found["feature"].values[:2].tolist() == ["0", "1"]
    weights = found.values[:, 0]
    assert np.allclose(weights, fit.weights(), atol=1e-12)
    assert np.allclose(weights, fit_ridge(X, Y, (1.0, 50.0), cv=3).weights(), atol=1e-9)
    assert np.allclose(X @ weights + 2 * weights.sum(0) + found["intercept"].values, fit.predict(lazy_X + 2.0))
    assert np.allclose(found["mean"].values, X.mean(0) + 2)
    assert np.array_equal(found["penalty"].values, fit.penalties)
    (tmp_path / "file.zarr").write_text("mine")
    with pytest.raises(BadInput, match="another kind"):
        fit.weights(tmp_path / "file.zarr")
