"""Memory that is said beforehand against what a process takes, blocks that keep to it, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge as TheirRidge

from tertium.compare import BandedRidge, KFold, Lagged, Ridge, encode, fit_ridge
from tertium.compare.encoding import fitting
from tertium.compare.encoding import memory as ours
from tertium.compare.encoding.fitting import fit_memory_need
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.tables import table
from tertium.errors import BadInput

#: What is measured may be less than what is said, to this part of it, or more, to this multiple.
LEAST, MOST = 0.4, 1.2

needs_proc = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read from /proc")

MEASURE = """
import json, sys
import numpy as np
from tertium.compare import BandedRidge, KFold, PartialLeastSquares, ReducedRank, Ridge, encode, fit_ridge
from tertium.compare.encoding.fitting import fit_memory_need
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.tables import table

def status(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))

small = np.random.default_rng(0).normal(size=(60, 50))
encode(small, small, n_bootstrap=10)
encode(small, small, PartialLeastSquares(3), n_bootstrap=10)
encode(small, small[:, :2], BandedRidge((20, 30), draws=0, steps=1), n_bootstrap=10)
found = {}
for name, model, n, p, u, kind, memory in [
    ("dual", Ridge(), 240, 300, 1200, "float64", None),
    ("narrow", Ridge(), 240, 300, 1200, "float64", 0.03),
    ("single", Ridge(), 240, 300, 1200, "float32", None),
    ("primal", Ridge(form="primal"), 400, 60, 1000, "float64", None),
    ("pls", PartialLeastSquares(3), 240, 300, 1200, "float64", None),
    ("rank", ReducedRank(3), 240, 300, 1200, "float64", None),
    ("banded", BandedRidge((100,) * 5, draws=0, penalties=(1.0,), steps=1), 240, 500, 1, "float64", None),
    ("fit", fit_ridge, 240, 300, 1200, "float64", None),
]:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(n, p)).astype(kind), rng.normal(size=(n, u)).astype(kind)
    tables, folds = (table(X, "X"), table(Y, "Y")), KFold(3).split(n)
    fit = model is fit_ridge
    need = fit_memory_need(*tables, folds.pairs, None, 2048) if fit else memory_need(model, *tables, folds, 30, memory)
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS:")
    kept = fit_ridge(X, Y, cv=3) if fit else encode(X, Y, model, cv=3, n_bootstrap=30, memory=memory)
    found[name] = [status("VmHWM:") - before, need.total, need.width]
    del X, Y, tables, kept
print(json.dumps(found))
"""


@needs_proc
def test_what_is_said_is_what_is_taken():
    # the C library gives memory back at once, so that one model's is not there for the next
    env = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE], env=env, capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(ran.stdout)
    assert 0 < found["narrow"][2] < found["dual"][2] == 1200
    assert found["narrow"][1] <= 0.03e9 < found["dual"][1]
    for name, (taken, said, _) in found.items():
        assert LEAST * said < taken < MOST * said, (name, taken / 1e6, said / 1e6)


def needed(X, Y, memory=None, model=None, draws=200):
    return memory_need(model or Ridge(), table(X, "X"), table(Y, "Y"), KFold(5).split(len(X)), draws, memory)


def test_the_width_of_blocks_keeps_to_what_is_allowed():
    X, Y = np.zeros((400, 1000)), np.zeros((400, 50_000))
    everything = needed(X, Y)
    assert everything.width * everything.column <= 0.3e9
    for again in (BandedRidge((1000,)), Lagged((0,), BandedRidge((1000,)), bins=400)):
        remade = needed(X, Y, model=again)
        assert 0.5e9 < remade.width * remade.column <= 1e9, "hats that are made again for each block"
    for memory in (0.3, 0.6, 5.0):
        need = needed(X, Y, memory)
        assert need.total <= memory * 1e9
        assert need.width == 50_000 or need.total + need.column > 0.99 * memory * 1e9
    assert needed(X.astype(np.float32), Y.astype(np.float32)).held.kept == everything.held.kept / 2


def test_what_is_held_whole_has_to_fit(monkeypatch):
    X, Y = np.zeros((400, 1000)), np.zeros((400, 10))
    with pytest.raises(BadInput, match=r"memory=0.01 GB.*Ridge holds whole for 400 samples.*allow more"):
        needed(X, Y, 0.01)
    with pytest.raises(BadInput, match=r"memory=1e-09 GB"):
        encode(X, Y, memory=1e-9)
    monkeypatch.setattr(ours, "machine_memory", lambda: 1e7)
    for memory in (None, 64):
        with pytest.raises(BadInput, match=r"0.01 GB of this machine.*a larger machine"):
            needed(X, Y, memory)
    for wrong in (0, -1.0, float("nan")):
        with pytest.raises(BadInput, match="gigabytes, above 0"):
            needed(X, Y, wrong)


def test_the_memory_of_this_machine_is_known():
    assert 1e8 < ours.machine_memory() < 1e15


@pytest.mark.parametrize(
    ("units", "terminal", "said"), [(150_000, True, True), (150_000, False, False), (5, True, False)]
)
def test_much_is_said_on_a_terminal_and_nothing_anywhere_else(units, terminal, said, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    need = needed(np.zeros((400, 10)), np.zeros((400, units)))
    ours.say(need)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("will use about 0.56 GB" in err and "memory=..." in err) if said else err == ""


def test_many_samples_of_few_features_need_no_products_of_samples(monkeypatch):
    many = needed(np.zeros((100_000, 100)), np.zeros((100_000, 1)))
    assert many.whole < 8e9 < 8 * 100_000**2
    monkeypatch.setattr(ours, "machine_memory", lambda: 0.2e9)
    rng, n = np.random.default_rng(0), 20_000
    X = rng.normal(size=(n, 5)) + 3
    Y = X @ rng.normal(size=(5, 2)) + rng.normal(size=(n, 2))
    cv = KFold(3)
    score = encode(X, Y, cv=cv, measure="r2", n_bootstrap=0)
    scale = ((X - X.mean(0)) ** 2).sum() / n
    assert np.isin(score.penalties.round(9), (scale * np.logspace(-4, 4, 9)).round(9)).all()
    for number, (fitted, tested) in enumerate(cv.split(n)):
        for unit, penalty in enumerate(score.penalties[number]):
            theirs = TheirRidge(alpha=penalty).fit(X[fitted], Y[fitted, unit])
            left = Y[tested, unit] - theirs.predict(X[tested])
            wanted = 1 - (left**2).sum() / ((Y[tested, unit] - Y[fitted, unit].mean()) ** 2).sum()
            assert score.folds[number, unit] == pytest.approx(wanted, abs=1e-9)
    with pytest.raises(BadInput, match="Ridge holds whole for 20000 samples"):
        encode(X, Y, Ridge(form="dual"), cv=cv)


def test_steps_hold_products_of_every_band_and_inner_fold():
    X, Y = np.zeros((100, 30)), np.zeros((100, 4))
    without, few, many = (
        needed(X, Y, model=model).held.kept
        for model in (BandedRidge((10, 20)), BandedRidge((10, 20), steps=5), BandedRidge((10,) * 3, steps=5))
    )
    assert few > without
    assert many - few == 8 * 100**2 + 8 * 80**2 * 5


def test_a_fit_that_exceeds_the_machine_is_refused(monkeypatch):
    X, Y = np.zeros((400, 1000)), np.zeros((400, 10))
    need = fit_memory_need(table(X, "X"), table(Y, "Y"), KFold(5).split(400).pairs, None, 2048)
    assert "set width=... for smaller blocks" in str(need)
    one = fit_memory_need(table(X, "X"), table(Y, "Y"), (), (1.0,), 2048)
    assert one.total < need.total / 2
    monkeypatch.setattr(fitting, "machine_memory", lambda: 1e7)
    with pytest.raises(BadInput, match=r"400 samples, 9 penalties and 10 units for 0.01 GB.*smaller width="):
        fit_ridge(X, Y)
