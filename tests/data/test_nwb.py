"""NWB: export that validates and reads back equal; spikes and series cut by the trials table; what a file holds."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pynwb
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynwb.ecephys import LFP
from pynwb.image import ImageSeries
from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel, RoiResponseSeries

from tertium.data import average, bin_spikes, load, make_responses, nwb_contents, save, save_nwb
from tertium.errors import BadFile, BadInput

Make = Callable[..., xr.DataArray]

STARTS = np.array([1.0, 3.0, 5.0, 7.0])


class TestExport:
    def test_validates_and_reads_back_identical(self, table: xr.DataArray, tmp_path: Path) -> None:
        path = save(table, tmp_path / "r.nwb")
        assert pynwb.validate(path=str(path)) == []
        again = load(path)
        xr.testing.assert_identical(again, table)
        assert {c: again[c].dtype for c in again.coords} == {c: table[c].dtype for c in table.coords}

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        shape=st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3)),
        dtype=st.sampled_from(["float16", "float32", "float64", "int16", "uint8", "bool"]),
        text=st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6), min_size=5, max_size=5
        ),
    )
    def test_any_table(self, shape: tuple[int, int, int], dtype: str, text: list[str], tmp_path: Path) -> None:
        n = shape[0]
        values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        r = make_responses(values, dt=0.25, trial={"name": text[:n], "flag": np.arange(n) > 1}, quantity="rate")
        again = load(save(r, tmp_path / "r.nwb"))
        xr.testing.assert_identical(again, r)
        assert again.dtype == r.dtype

    def test_averages_and_awkward_names(self, table: xr.DataArray, tmp_path: Path) -> None:
        r = average(table, "stimulus").assign_coords(
            {
                "id": ("condition", [3, 1, 2]),
                "a/b": ("condition", ["x", "y", "z"]),
                "a_b": ("condition", [1.0, 2.0, 3.0]),
            }
        )
        r = r.assign_coords(animal="rat", epoch=("time", list("abcde")), description=("unit", list("wxyz")))
        path = save(r, tmp_path / "r.nwb")
        assert pynwb.validate(path=str(path)) == []
        xr.testing.assert_identical(load(path), r)

    @pytest.mark.parametrize("stops", [STARTS + 1.5, STARTS + 9.0])
    def test_the_trials_own_times_are_kept(self, stops: np.ndarray, tmp_path: Path) -> None:
        r = make_responses(np.ones((4, 3, 2)), dt=0.1, trial={"start_time": STARTS, "stop_time": stops})
        path = save(r, tmp_path / "r.nwb")
        xr.testing.assert_identical(load(path), r)
        with pynwb.NWBHDF5IO(str(path), "r") as io:
            trials = io.read().trials
            np.testing.assert_array_equal(trials["start_time"][:], STARTS)
            np.testing.assert_array_equal(trials["stop_time"][:], stops)

    def test_overlapping_trials_are_laid_out_anew(self, tmp_path: Path) -> None:
        starts = np.array([0.0, 0.1, 0.2])
        r = make_responses(np.ones((3, 4, 1)), dt=0.1, trial={"start_time": starts, "stop_time": starts + 0.4})
        path = save(r, tmp_path / "r.nwb")
        assert pynwb.validate(path=str(path)) == []
        xr.testing.assert_identical(load(path), r)

    def test_others_can_read_it(self, table: xr.DataArray, tmp_path: Path) -> None:
        start = datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.UTC)
        path = save_nwb(table, tmp_path / "r.nwb", session_start=start, identifier="one", session_description="a test")
        with pynwb.NWBHDF5IO(str(path), "r") as io:
            nwb = io.read()
            assert (nwb.identifier, nwb.session_description, nwb.session_start_time) == ("one", "a test", start)
            series = nwb.processing["tertium"]["responses"]
            assert series.unit == "Hz"
            np.testing.assert_array_equal(series.data[5:10], table.values[1])
            assert (np.diff(series.timestamps[:]) > 0).all()
            assert nwb.trials["stimulus"][:3].tolist() == ["s0", "s1", "s2"]
        # and so can we, as if it were anybody's
        cut = load(path, series="responses", window=(-0.2, 0.3), align_to="start_time", drop=True)
        np.testing.assert_array_equal(cut.values[0], table.values[0])


@pytest.fixture
def blank() -> pynwb.NWBFile:
    return pynwb.NWBFile("session", "id-1", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))


def write(nwb: pynwb.NWBFile, path: Path) -> Path:
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwb)
    return path


def add_trials(nwb: pynwb.NWBFile, go: list[float]) -> None:
    nwb.add_trial_column("choice", "what was chosen")
    nwb.add_trial_column("go", "go cue, s")
    for i, start in enumerate(STARTS):
        nwb.add_trial(start_time=start, stop_time=start + 1.0 + 0.1 * i, choice="left" if i % 2 else "right", go=go[i])


def electrodes(nwb: pynwb.NWBFile, locations: list[str]) -> None:
    group = nwb.create_electrode_group("shank", "a shank", "CA1", nwb.create_device("probe"))
    for location in locations:
        nwb.add_electrode(location=location, group=group)


class TestUnits:
    @pytest.fixture
    def spikes(self) -> dict[str, np.ndarray]:
        generator = np.random.default_rng(0)
        return {str(i): np.sort(generator.uniform(0, 10, 200 * i)) for i in range(3)}

    @pytest.fixture
    def path(self, blank: pynwb.NWBFile, spikes: dict[str, np.ndarray], tmp_path: Path) -> Path:
        add_trials(blank, go=[0.2 + s for s in STARTS[:3]] + [np.nan])
        electrodes(blank, ["CA1", "CA3"])
        blank.add_unit_column("quality", "of the sorting")
        for i, times in enumerate(spikes.values()):
            blank.add_unit(spike_times=times, quality=f"q{i}", electrodes=[i % 2])
        return write(blank, tmp_path / "s.nwb")

    def test_equals_binning_by_hand(self, path: Path, spikes: dict[str, np.ndarray]) -> None:
        found = load(path, window=(-0.5, 1.0), dt=0.05)
        expected = bin_spikes(spikes, STARTS, window=(-0.5, 1.0), dt=0.05)
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found["time"].values, expected["time"].values)
        assert found["choice"].values.tolist() == ["right", "left", "right", "left"]
        assert found["quality"].values.tolist() == ["q0", "q1", "q2"]
        assert found["region"].values.tolist() == ["CA1", "CA3", "CA1"]
        assert found.attrs["quantity"] == "spike_count"

    def test_without_options_the_shortest_trial_is_cut_in_bins_of_10_ms(self, path: Path) -> None:
        found = load(path)
        assert found.shape == (4, 100, 3)
        assert found.attrs["dt"] == 0.01

    def test_an_event_that_some_trials_lack(self, path: Path, spikes: dict[str, np.ndarray]) -> None:
        with pytest.raises(BadInput, match="alignment at 'go': got 1 of 4 trials without it, first 3"):
            load(path, align_to="go", window=(0, 0.5), dt=0.1)
        found = load(path, align_to="go", window=(0, 0.5), dt=0.1, drop=True)
        np.testing.assert_array_equal(found.values, bin_spikes(spikes, STARTS[:3] + 0.2, (0, 0.5), 0.1).values)
        assert found["trial"].values.tolist() == [0, 1, 2]
        with pytest.raises(BadInput, match="no column 'choice' in seconds, expected one of start_time, stop_time, go"):
            load(path, align_to="choice")

    def test_the_whole_recording(self, path: Path, spikes: dict[str, np.ndarray]) -> None:
        found = load(path, whole=True, dt=0.5)
        assert found.sizes["trial"] == 1
        assert found.values.sum(axis=(0, 1)).tolist() == [len(times) for times in spikes.values()]

    def test_contents(self, path: Path) -> None:
        items = {item.path: item for item in nwb_contents(path)}
        assert items["units"].shape == (3,)
        assert items["trials"].columns == ("start_time", "stop_time", "choice", "go")


class TestSeries:
    def test_roi_responses(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        add_trials(blank, go=[0.0] * 4)
        channel = OpticalChannel(name="green", description="a channel", emission_lambda=500.0)
        plane = blank.create_imaging_plane(
            name="plane",
            optical_channel=channel,
            description="",
            device=blank.create_device("scope"),
            excitation_lambda=600.0,
            indicator="GCaMP",
            location="V1",
        )
        segments = ImageSegmentation()
        rois = segments.create_plane_segmentation("cells", plane, "rois")
        rois.add_column("layer", "cortical layer")
        for i in range(3):
            rois.add_roi(image_mask=np.zeros((2, 2)), layer=f"L{i}")
        data = np.random.default_rng(0).normal(size=(300, 2))
        region = rois.create_roi_table_region("two of them", region=[2, 0])
        series = RoiResponseSeries(name="dff", data=data, unit="ratio", rois=region, rate=30.0, starting_time=0.5)
        module = blank.create_processing_module("ophys", "")
        module.add(segments)
        dff = DfOverF()
        module.add(dff)
        dff.add_roi_response_series(series)
        found = load(write(blank, tmp_path / "s.nwb"), window=(0.0, 0.5))
        assert found.shape == (4, 15, 2)
        np.testing.assert_array_equal(found.values[1], data[75:90])  # 3.0 s is sample (3.0 - 0.5) * 30
        assert found["unit"].values.tolist() == ["2", "0"]
        assert found["layer"].values.tolist() == ["L2", "L0"]
        assert found.attrs["quantity"] == "df_over_f"
        assert found.attrs["dt"] == pytest.approx(1 / 30)
        assert found["choice"].dims == ("trial",)

    def electrical(self, nwb: pynwb.NWBFile) -> np.ndarray:
        electrodes(nwb, ["CA1", "CA3", "CA3"])
        data = np.random.default_rng(0).integers(-1000, 1000, size=(1000, 2)).astype(np.int16)
        region = nwb.create_electrode_table_region([1, 0], "two of them")
        lfp = LFP()
        nwb.add_acquisition(lfp)
        lfp.create_electrical_series(
            name="lfp",
            data=data,
            electrodes=region,
            rate=100.0,
            conversion=2e-6,
            offset=1e-3,
            channel_conversion=np.array([1.0, 3.0]),
        )
        return (data * np.array([2e-6, 6e-6]) + 1e-3).astype(np.float32)

    def test_electrical_series_in_volts(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        add_trials(blank, go=list(STARTS + 0.5))
        volts = self.electrical(blank)
        path = write(blank, tmp_path / "s.nwb")
        found = load(path, align_to="go", window=(-0.1, 0.1))
        np.testing.assert_allclose(found.values[2], volts[540:560], rtol=1e-6)
        assert found["region"].values.tolist() == ["CA3", "CA1"]
        assert (found.attrs["quantity"], found.attrs["units"]) == ("lfp", "volts")
        coarse = load(path, align_to="go", window=(-0.1, 0.1), dt=0.05)
        np.testing.assert_allclose(coarse.values[2], volts[540:560].reshape(4, 5, 2).mean(axis=1), rtol=1e-5)
        with pytest.raises(BadInput, match=r"dt: got 0\.015 s for 'LFP/lfp', sampled every 0\.01 s"):
            load(path, window=(0, 0.3), dt=0.015)

    def test_windows_outside_the_recording(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        add_trials(blank, go=[0.01, 3.0, 9.95, np.nan])
        self.electrical(blank)
        path = write(blank, tmp_path / "s.nwb")
        message = r"3 of 4 without the event, .*: 0 \(0\.01 s\), 2 \(9\.95 s\), 3 \(no event\), .* within 0 to 10 s"
        with pytest.raises(BadInput, match=message):
            load(path, align_to="go", window=(-0.1, 0.1))
        assert load(path, align_to="go", window=(-0.1, 0.1), drop=True)["trial"].values.tolist() == [1]

    def test_time_stamps_and_a_gap(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        add_trials(blank, go=[0.0] * 4)
        stamps = np.arange(100) * 0.1 + 0.03
        stamps[55:] += 1.0  # the recorder paused within the third trial
        data = np.arange(100.0)
        blank.add_acquisition(pynwb.TimeSeries(name="pupil", data=data, unit="mm", timestamps=stamps))
        path = write(blank, tmp_path / "s.nwb")
        with pytest.raises(BadInput, match=r"1 of 4 .* over a gap: 2 \(5 s\)"):
            load(path, window=(0.0, 1.0))
        found = load(path, window=(0.0, 1.0), drop=True)
        np.testing.assert_array_equal(found.values[:, :, 0], np.add.outer([10, 30, 60], np.arange(10)))

    def test_without_trials(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        volts = self.electrical(blank)
        path = write(blank, tmp_path / "s.nwb")
        with pytest.raises(
            BadFile, match=r"got no trials table, expected trials to cut the recording by\. Pass whole=True"
        ):
            load(path)
        found = load(path, whole=True)
        assert found.shape == (1, 1000, 2)
        np.testing.assert_allclose(found.values[0], volts, rtol=1e-6)

    def test_choosing_a_series(self, blank: pynwb.NWBFile, tmp_path: Path) -> None:
        add_trials(blank, go=[0.0] * 4)
        for name in ("pupil", "wheel"):
            blank.add_acquisition(pynwb.TimeSeries(name=name, data=np.zeros((99, 1)), unit="mm", rate=10.0))
        blank.add_acquisition(ImageSeries(name="movie", data=np.zeros((9, 2, 2)), unit="n.a.", rate=1.0))
        path = write(blank, tmp_path / "s.nwb")
        assert load(path, series="wheel").shape == (4, 10, 1)
        with pytest.raises(BadInput, match="got 2 series: pupil, wheel, expected one series"):
            load(path)
        with pytest.raises(BadInput, match=r"got 'whele', expected one series .* Did you mean 'wheel'"):
            load(path, series="whele")
        with pytest.raises(BadInput, match="no units with spike times"):
            load(path, series="units")
        assert {item.path: item.usable for item in nwb_contents(path)}["movie"] is False


def test_a_damaged_file(table: xr.DataArray, tmp_path: Path) -> None:
    path = save(table, tmp_path / "r.nwb")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BadFile, match="a damaged HDF5 file"):
        load(path)
