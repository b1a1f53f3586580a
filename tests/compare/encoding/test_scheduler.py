"""The same scores from a Dask scheduler as from this process, also where workers are killed; what is refused."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tertium.compare import Ridge, encode, fit_ridge
from tertium.compare.encoding.blockwise import executor
from tertium.compare.encoding.encoder import ReadyEncoder
from tertium.compare.encoding.tables import table
from tertium.data import load, make_responses, save
from tertium.errors import BadInput, MissingPackage

distributed = pytest.importorskip("distributed", reason="needs tertium[cluster]")


@pytest.fixture(scope="module")
def client():
    """Two worker processes with one thread each."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as found,
    ):
        yield found


def planted(units=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 90))
    return X, X @ rng.normal(size=(90, units)) / 3 + 3 * rng.normal(size=(60, units))


def same(found, wanted):
    # blocks have other widths, and sums of matrix products another order
    for name in ("value", "folds", "draws", "penalties"):
        assert np.allclose(getattr(found, name), getattr(wanted, name), rtol=1e-12, atol=1e-12), name
    assert found.units == wanted.units


def test_the_scores_are_those_of_this_process(client, tmp_path):
    X, Y = planted()
    wanted = encode(X, Y, cv=3, n_bootstrap=20)
    same(encode(X, Y, cv=3, n_bootstrap=20, scheduler=client), wanted)
    address = client.scheduler.address
    same(encode(X, Y, cv=3, n_bootstrap=20, scheduler=address), wanted)
    assert client.status == "running"
    stimuli = {"stimulus": [f"s{i:02d}" for i in range(60)]}
    for name, values in (("X", X), ("Y", Y)):
        save(make_responses(values, trial=stimuli), tmp_path / f"{name}.zarr", chunks=(60, 1, 16))
    lazy_X, lazy_Y = (load(tmp_path / f"{name}.zarr") for name in ("X", "Y"))
    found = encode(lazy_X, lazy_Y, cv=3, n_bootstrap=20, scheduler=client)
    assert np.allclose(found.folds, wanted.folds, atol=1e-12)


def test_a_fit_with_weights_is_the_same(client):
    X, Y = planted()
    there, here = fit_ridge(X, Y, (1.0, 50.0), cv=3, width=8, scheduler=client), fit_ridge(X, Y, (1.0, 50.0), cv=3)
    assert np.allclose(there.dual, here.dual, rtol=1e-12, atol=1e-12)
    assert np.array_equal(there.penalties, here.penalties)
    assert np.allclose(there.means, here.means, rtol=1e-12)


def test_of_a_store_the_path_is_sent_and_not_the_numbers(tmp_path):
    values = np.random.default_rng(0).normal(size=(40, 3000))
    responses = make_responses(values, trial={"stimulus": [f"s{i:02d}" for i in range(40)]})
    save(responses, tmp_path / "r.zarr")
    sent = distributed.protocol.pickle.dumps(table(load(tmp_path / "r.zarr"), "X"))
    assert len(sent) < values.nbytes / 5


class Slow:
    """Doubles a block, slowly; says in files who began with which."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, block):
        (self.folder / f"{block}-{os.getpid()}").touch()
        time.sleep(0.2)
        return 2 * block


@dataclass(frozen=True)
class SlowRidge(Ridge):
    """Ridge regression whose blocks take a while; see `Slow`."""

    folder: Path = Path()

    def prepare(self, features, targets, folds, width):
        return SlowReady(super().prepare(features, targets, folds, width), self.folder)


class SlowReady(ReadyEncoder):
    def __init__(self, ready, folder):
        self.ready, self.slow = ready, Slow(folder)

    def predict(self, fold, targets):
        if fold == 0:
            self.slow(int(abs(targets[0, 0]) * 1e9))
        return self.ready.predict(fold, targets)

    @property
    def says(self):
        return self.ready.says


def test_the_scores_are_the_same_where_a_worker_is_killed_midway(client, tmp_path):
    def kill():
        while not (begun := [int(f.name.split("-")[1]) for f in tmp_path.iterdir()]):
            time.sleep(0.01)
        os.kill(begun[0], signal.SIGKILL)

    X, Y = planted()
    wanted = encode(X, Y, cv=3, n_bootstrap=20)
    killer = threading.Thread(target=kill)
    killer.start()
    found = encode(X, Y, SlowRidge(folder=tmp_path), cv=3, n_bootstrap=20, scheduler=client)
    killer.join()
    same(found, wanted)
    begun = [f.name.split("-")[0] for f in tmp_path.iterdir()]
    assert len(begun) > len(set(begun)) == 4, "what the killed worker had begun was begun again"
    client.wait_for_workers(2, timeout=30)


@pytest.mark.slow
def test_data_lost_with_all_workers_are_sent_again(client, tmp_path):
    def kill():
        while len({f.name.split("-")[1] for f in tmp_path.iterdir()}) < 2:
            time.sleep(0.01)
        for pid in {int(f.name.split("-")[1]) for f in tmp_path.iterdir()}:
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = {}
    with executor(client) as there:
        there.run(Slow(tmp_path), list(range(8)), found.__setitem__)
    killer.join()
    assert found == {i: 2 * i for i in range(8)}
    client.wait_for_workers(2, timeout=30)


def test_tasks_are_cancelled_when_nobody_waits_for_them(client, tmp_path):
    def interrupt(block, result):
        raise KeyboardInterrupt

    with executor(client) as there, pytest.raises(KeyboardInterrupt):
        there.run(Slow(tmp_path), list(range(100)), interrupt)
    time.sleep(1.0)
    begun = len(list(tmp_path.iterdir()))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == begun < 20


def test_a_clear_error_of_a_task_comes_back_as_it_is(client):
    X, Y = planted()
    Y[3, 2] = np.nan
    with pytest.raises(BadInput, match="nan at sample 3, unit '2'"):
        encode(X, Y, Ridge((1.0,)), scheduler=client)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nonsense", "'nonsense'.*address of a running Dask scheduler"),
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1"),
        (4, "a int"),
    ],
)
def test_what_is_no_scheduler_is_refused_within_seconds(given, says, monkeypatch):
    monkeypatch.setattr("tertium.compare.encoding.blockwise._REACH", 0.5)
    X, Y = planted()
    begun = time.monotonic()
    with pytest.raises(BadInput, match=says):
        encode(X, Y, scheduler=given)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("trials", [2, 3])
def test_a_scheduler_whose_first_message_comes_with_others_is_greeted_again(trials, client, monkeypatch):
    plain, made = distributed.Client, []

    class Busy(plain):
        def __init__(self, *args, **options):
            made.append(args)
            if len(made) <= trials:
                raise AssertionError  # as Dask does
            super().__init__(*args, **options)

    monkeypatch.setattr(distributed, "Client", Busy)
    found, address = {}, client.scheduler.address
    if trials == 3:
        with pytest.raises(BadInput, match="an answer that is not Dask's"), executor(address):
            pass
    else:
        with executor(address) as there:
            there.run(abs, [-1], found.__setitem__)
        assert found == {-1: 1}
    assert len(made) == 3


def test_a_scheduler_without_workers_and_a_closed_client_are_refused():
    X, Y = planted()
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        client = distributed.Client(cluster, set_as_default=False)
        with pytest.raises(BadInput, match="no workers"):
            encode(X, Y, scheduler=client)
        client.close()
        with pytest.raises(BadInput, match="closed"):
            encode(X, Y, scheduler=client)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    X, Y = planted()
    with pytest.raises(MissingPackage, match=r"pip install 'tertium\[cluster\]'"):
        encode(X, Y, scheduler="tcp://127.0.0.1:1")
