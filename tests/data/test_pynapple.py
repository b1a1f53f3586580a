"""Pynapple objects; needs the extra of that name."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tertium.data import bin_spikes, from_pynapple
from tertium.errors import BadInput, MissingPackage

STARTS = np.array([1.0, 3.0, 5.0])


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynapple", None)
    with pytest.raises(MissingPackage, match=r"pynapple: got no such package.*Install tertium\[pynapple\]"):
        from_pynapple(None, STARTS)


class TestObjects:
    @pytest.fixture(autouse=True)
    def _nap(self) -> None:
        self.nap = pytest.importorskip("pynapple", reason="pynapple is not installed: pip install tertium[pynapple]")

    def test_spikes(self) -> None:
        generator = np.random.default_rng(0)
        times = {i: np.sort(generator.uniform(0, 10, 100)) for i in (3, 5)}
        group = self.nap.TsGroup({i: self.nap.Ts(t) for i, t in times.items()}, metadata={"region": ["V1", "IT"]})
        trials = self.nap.IntervalSet(STARTS, STARTS + 1.0, metadata={"choice": ["left", "right", "left"]})
        r = from_pynapple(group, trials, dt=0.1)
        expected = bin_spikes(times, STARTS, (0.0, 1.0), 0.1)
        np.testing.assert_array_equal(r.values, expected.values)
        assert r["unit"].values.tolist() == ["3", "5"]
        assert r["region"].values.tolist() == ["V1", "IT"]
        assert r["choice"].values.tolist() == ["left", "right", "left"]

    def test_continuous_recordings(self) -> None:
        data = np.random.default_rng(0).normal(size=(100, 2))
        stamps = np.arange(100) * 0.1
        frame = self.nap.TsdFrame(t=stamps, d=data, columns=["a", "b"])
        r = from_pynapple(frame, STARTS, window=(-0.2, 0.3), quantity="df_over_f")
        np.testing.assert_array_equal(r.values[1], data[28:33])
        assert r["unit"].values.tolist() == ["a", "b"]
        assert r.attrs["dt"] == pytest.approx(0.1)
        one = from_pynapple(self.nap.Tsd(t=stamps, d=data[:, 0]), self.nap.Ts(STARTS), window=(0.0, 0.4), dt=0.2)
        np.testing.assert_allclose(one.values[0, :, 0], data[10:14, 0].reshape(2, 2).mean(axis=1))

    def test_unusable(self) -> None:
        frame = self.nap.Tsd(t=np.arange(10.0), d=np.arange(10.0))
        with pytest.raises(BadInput, match="got none, and a shortest trial of nan s"):
            from_pynapple(frame, STARTS)
        with pytest.raises(BadInput, match=r"1 of 3 without the event, or whose window runs out .*: 2 \(5 s\)"):
            from_pynapple(frame, STARTS, window=(0.0, 6.0))
        with pytest.raises(BadInput, match="got a IntervalSet, expected a pynapple TsGroup"):
            from_pynapple(self.nap.IntervalSet(STARTS, STARTS + 1), STARTS)
