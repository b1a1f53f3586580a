"""Recordings: shapes, labels, and the numbers that the sets are known by."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from tertium.data.brain_set import brain_set
from tertium.data.responses import validate
from tertium.errors import BadFile, BadInput
from tertium.rng import Seeds


def upper(matrix):
    return squareform(np.asarray(matrix), checks=False)


def test_kriegeskorte92_images_and_categories(loaded):
    data = loaded("kriegeskorte92")
    assert data.images.shape == (92, 175, 175, 3)
    assert data.images.dtype == np.uint8
    assert len(set(data.labels)) == 92
    counts = data.categories.sum()
    # 48 animate (24 human, 24 not; 24 faces, 24 bodies), 23 natural and 21 artificial objects
    assert counts[["animate", "inanimate", "human", "nonhuman", "body", "face"]].tolist() == [48, 44, 24, 24, 24, 24]
    assert counts[["natural", "artificial"]].tolist() == [23, 21]
    assert (data.labels[0], data.labels[91]) == ("00_human_body", "91_artificial_object")
    assert data.category.count("human_face") == 12


def test_kriegeskorte92_dissimilarities(loaded):
    data = loaded("kriegeskorte92")
    assert data.human.dims == ("subject", "session", "stimulus", "stimulus_2")
    assert data.human.shape == (4, 2, 92, 92)
    assert data.behaviour.shape == (16, 92, 92)
    assert set(data.models) >= {"animacy", "HMAX", "V1", "Silhouette", "RADON", "EVA"}
    # the mean over subjects and sessions is the matrix printed in Fig. 1
    np.testing.assert_allclose(data.human.mean(("subject", "session")).values, data.human_mean.values, atol=1e-6)
    np.testing.assert_allclose(data.models["monkeyIT"].values, data.monkey.values, atol=1e-6)
    # Kriegeskorte et al. 2008, Fig. 3: human and monkey IT agree, r = 0.49
    assert np.corrcoef(upper(data.human_mean), upper(data.monkey))[0, 1] == pytest.approx(0.49, abs=0.005)
    animacy, v1 = (spearmanr(upper(data.models[m]), upper(data.human_mean))[0] for m in ("animacy", "V1"))
    assert animacy > 0.5 > 0.1 > v1


def test_kriegeskorte92_as_a_brain_set(loaded):
    loaded("kriegeskorte92")
    found = brain_set("kriegeskorte92")
    assert {region: r.sizes["subject"] for region, r in found.regions.items()} == {"human IT": 4, "monkey IT": 1}
    assert found.images.shape == (92, 175, 175, 3)


def test_roitman_trials(loaded):
    data = loaded("roitman_lip")
    trials = data.trials
    assert (len(trials), len(data.spikes), trials["unit"].nunique()) == (6149, 6149, 54)
    assert sorted(trials["coherence"].unique()) == [0, 0.032, 0.064, 0.128, 0.256, 0.512]
    np.testing.assert_allclose(trials["saccade"] - trials["dots_on"], trials["rt"], atol=1e-9)
    # reference: 826 ms at zero coherence, 409 ms into the response field at 51.2 %
    assert trials["rt"][trials["coherence"] == 0].mean() == pytest.approx(0.826, abs=5e-4)
    strong = trials["coherence"] == 0.512
    assert trials["rt"][strong & (trials["choice"] == 1)].mean() == pytest.approx(0.409, abs=5e-4)
    accuracy = trials.groupby("coherence")["correct"].mean()
    assert accuracy.is_monotonic_increasing
    assert accuracy.iloc[0] == pytest.approx(0.5, abs=0.02)
    assert accuracy.iloc[-1] == 1.0
    published = data.behaviour.groupby("coherence")["rt"].mean()
    np.testing.assert_allclose(published, trials.groupby("coherence")["rt"].mean(), atol=1e-6)


def test_roitman_ramps(loaded):
    by_unit = loaded("roitman_lip").responses(align="dots_on", window=(0.0, 0.5), dt=0.05)
    assert len(by_unit) == 54
    assert sum(r.sizes["trial"] for r in by_unit.values()) == 6149

    def rate(choice):
        chosen = [
            r.values[(r["coherence"] == 0.512) & (r["choice"] == choice) & r["correct"], :, 0] for r in by_unit.values()
        ]
        per_bin = np.concatenate(chosen).mean(axis=0) / 0.05
        return (per_bin[1:] + per_bin[:-1]) / 2  # windows of 100 ms

    # reference: up to 63 Hz into the field, down to 28 Hz out of it, at 51.2 %
    assert rate(1).max() == pytest.approx(63, abs=0.5)
    assert rate(2).min() == pytest.approx(28, abs=0.5)


def test_roitman_counts_agree_with_a_plain_loop(loaded):
    data = loaded("roitman_lip")
    unit = str(data.trials["unit"].iloc[0])
    r = data.responses(align="saccade", window=(-0.2, 0.0), dt=0.1)[unit]
    for row, trial in enumerate(r["trial"].values[:20]):
        times = data.spikes[trial] - data.trials["saccade"].iloc[trial]
        assert r.values[row, 0, 0] == sum(-0.2 <= t < -0.1 for t in times)
    with pytest.raises(BadInput, match="dots_on or saccade"):
        data.responses(align="fixation")
    with pytest.raises(BadInput, match="whole number of bins"):
        data.responses(window=(0.0, 0.55), dt=0.1)


def test_nelpy(loaded):
    for track, n_units, n_spikes in (("linear-track", 37, 28829), ("w-maze", 35, 518352)):
        data = loaded("nelpy_ca1", track=track)
        assert (len(data.spikes.units), len(data.spikes.times)) == (n_units, n_spikes)
        time = data.position["time"].to_numpy()
        assert (np.diff(time) > 0).all()
        assert np.median(np.diff(time)) == pytest.approx(1 / 60, abs=1e-4)  # a 60 Hz camera
        assert data.position[["x", "y"]].max().tolist() <= [640, 480]
        assert time[0] - 60 < data.span[0] <= data.spikes.times.min()
        assert data.spikes.times.max() <= data.span[1] < time[-1] + 60
        r = data.responses(dt=0.25)
        inside = (data.spikes.times >= data.span[0]) & (data.spikes.times < r["time"].values[-1] + 0.25)
        assert int(r.sum()) == inside.sum()
        assert r["x"].dims == ("time",)
    with pytest.raises(BadInput, match="linear-track or w-maze"):
        loaded("nelpy_ca1", track="linear")


def test_nelpy_place_cells(loaded):
    """On the linear track cells fire in places: position says more about counts than about shifted ones."""
    r = loaded("nelpy_ca1", track="linear-track").responses(dt=0.5)
    where = r["x"].values
    x = np.digitize(where, np.linspace(where.min(), where.max(), 21)[1:-1])

    def information(counts):
        overall = counts.mean()
        occupied = np.bincount(x, minlength=20) / len(x)
        rate = np.bincount(x, counts, minlength=20) / np.maximum(np.bincount(x, minlength=20), 1) / overall
        return float((occupied * rate * np.log2(np.where(rate > 0, rate, 1))).sum())  # Skaggs et al. 1993, bits/spike

    active = np.flatnonzero(r.values[0].sum(axis=0) > 100)
    found = np.array([information(r.values[0, :, u].astype(float)) for u in active])
    shifts = Seeds(0).numpy("shifts").integers(200, len(x) - 200, size=20)
    chance = np.array([[information(np.roll(r.values[0, :, u], s).astype(float)) for s in shifts] for u in active])
    assert (found > chance.max(axis=1)).mean() > 0.5


def test_tracking_file_that_is_damaged(tmp_path):
    from tertium.data.sets.neurons.nelpy_ca1 import read_tracking

    path = tmp_path / "a.videoPositionTracking"
    header = b"<Start settings>\nclockrate: 30000\n<End settings>\n"
    path.write_bytes(header + np.array([(30000, 3, 4, 0, 0)], "<u4,<u2,<u2,<u2,<u2").tobytes())
    assert read_tracking(path).to_numpy().tolist() == [[1.0, 3.0, 4.0]]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadFile, match="11 bytes too many"):
        read_tracking(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(BadFile, match="no header"):
        read_tracking(path)


def test_dad(loaded):
    r = loaded("dad_m1")
    assert r.shape == (3018, 1, 71)
    assert (r["split"].values == "train").sum() == 1200
    assert sorted(np.unique(r["target"])) == [0, 1, 2, 3]
    counts = r.values[:, 0].astype(float)
    velocity = np.stack([r["velocity_x"].values, r["velocity_y"].values], axis=1)
    lagged = np.concatenate([np.roll(counts, lag, axis=0) for lag in (0, 1, 2)], axis=1)

    def score(target):
        blocks = np.arange(len(target)) * 5 // len(target)  # five stretches of time, each held out once
        predicted = np.empty_like(target)
        for block in range(5):
            held = blocks == block
            predicted[held] = Ridge(alpha=1000).fit(lagged[~held], target[~held]).predict(lagged[held])
        return r2_score(target, predicted, multioutput="raw_values")

    found = score(velocity)  # reference: ridge with 3 lags, cross-validated R2 0.52-0.79; measured 0.63, 0.63
    assert (found > 0.52).all()
    assert (found < 0.79).all()
    shuffled = velocity[Seeds(0).numpy("shuffle").permutation(len(velocity))]
    assert (score(shuffled) < 0.05).all()


def test_peyrache(loaded):
    r = loaded("peyrache_hd")
    assert r.shape == (1, 212078, 19)
    assert r["angle"].dims == ("time",)
    assert (r["angle"] >= 0).all()
    assert (r["angle"] <= 2 * np.pi).all()
    assert loaded("peyrache_hd", state="rem").shape == (1, 97600, 19)
    assert loaded("peyrache_hd", state="sws").sizes["time"] == 870900
    with pytest.raises(BadInput, match="run, rem, sws"):
        loaded("peyrache_hd", state="wake")


def test_peyrache_decoding(loaded):
    """Bayesian decoding of head direction, 200 ms bins, second half: median error 15.5 degrees."""
    r = loaded("peyrache_hd")
    n, n_angles = r.sizes["time"] // 20, 90
    counts = r.values[0, : n * 20].reshape(n, 20, -1).sum(axis=1)
    angle = np.angle(np.exp(1j * r["angle"].values[: n * 20].reshape(n, 20)).mean(axis=1)) % (2 * np.pi)
    train = np.arange(n) < n // 2

    def median_error(shown):
        place = (shown / (2 * np.pi) * n_angles).astype(int) % n_angles
        time_there = np.bincount(place[train], minlength=n_angles)
        tuning = np.stack([np.bincount(place[train], c, minlength=n_angles) for c in counts[train].T], axis=1)
        tuning = np.maximum(tuning / np.maximum(time_there, 1)[:, None], 1e-3)
        likelihood = counts[~train] @ np.log(tuning).T - tuning.sum(axis=1)  # Poisson, flat prior
        decoded = (likelihood.argmax(axis=1) + 0.5) / n_angles * 2 * np.pi
        return np.rad2deg(np.median(np.abs(np.angle(np.exp(1j * (decoded - shown[~train]))))))

    assert median_error(angle) == pytest.approx(15.5, abs=0.3)
    assert median_error(np.roll(angle, n // 3)) > 60  # the wrong angles


def test_price(loaded):
    by_day = loaded("price_v1_seq")
    assert list(by_day) == [1, 2, 3, 4]
    assert sum(r.sizes["unit"] for r in by_day.values()) == 140
    for r in by_day.values():
        validate(r, needs=["stimulus", "first", "held", "angle", "count"])
        assert (r.sizes["trial"], r.sizes["time"], r.attrs["dt"]) == (60, 30, 0.025)
        assert set(r["stimulus"].values) == {"A_CD", "A_held_D", "E_CD", "E_held_D"}
        angle = np.rad2deg(r["angle"].values)
        assert 60 < angle.min() < angle.max() < 180  # the authors' axis of second angles
        assert (r["held"].values == [s.endswith("held_D") for s in r["stimulus"].values]).all()
        # each new grating drives the population: the first 50 ms after 50 ms beat what came before the response
        mean = r.mean(("trial", "unit")).values
        assert mean[2:4].mean() > mean[0:2].mean() + 0.2
    # a trial belongs to one day
    trials = np.concatenate([r["trial"].values for r in by_day.values()])
    assert sorted(trials) == list(range(240))


def test_hallem(loaded):
    r = loaded("hallem_orn")
    assert r.shape == (110, 1, 24)
    assert r.attrs["units"] == "Hz"
    assert (r["unit"].values[0], r["glomerulus"].values[0], r["cas"].values[1]) != ("", "", "")
    assert float(r.sel(unit="Or2a")[0, 0]) == 3  # ammonium hydroxide, first cell of the table
    assert r["spontaneous"].values.tolist()[:3] == [8, 17, 3]
    full = loaded("hallem_orn", add_spontaneous=True)
    np.testing.assert_array_equal(full.values - r.values, np.broadcast_to(r["spontaneous"].values, r.shape))
    # geosmin and ethyl lactate among the odours, water-soluble acids too: each once
    assert len(set(r["stimulus"].values)) == 110


@pytest.mark.slow
def test_lee_gabor_energy(loaded):
    """Gabor energies predict the four cells; reference r 0.53-0.59 on held-out patterns; this bank: 0.63-0.71."""
    data = loaded("lee_v1_patterns", crop=40)
    assert data.images.shape == (9500, 40, 40)
    assert set(np.unique(data.images)) == {0, 255}
    assert data.responses.shape == (9500, 1, 4)
    half = (255.0 - data.images).reshape(-1, 20, 2, 20, 2).mean(axis=(2, 4)) / 255
    flat = half.reshape(len(half), -1) - half.reshape(len(half), -1).mean(axis=0)
    grid = np.arange(20)
    energies = []
    for wavelength, width, step in ((4, 2.0, 2), (8, 3.5, 4)):
        centres = [(x, y) for x in range(2, 20, step) for y in range(2, 20, step)]
        for centre in centres:
            for angle in np.arange(0, np.pi, np.pi / 8):
                x, y = np.meshgrid(grid - centre[0], grid - centre[1])
                along = x * np.cos(angle) + y * np.sin(angle)
                wave = np.exp(-(x**2 + y**2) / (2 * width**2) + 2j * np.pi * along / wavelength)
                energies.append(np.hypot(flat @ wave.real.ravel(), flat @ wave.imag.ravel()))
    features = np.stack(energies, axis=1)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    order = Seeds(0).numpy("split").permutation(len(features))
    train, test = order[:7600], order[7600:]
    y = data.responses.values[:, 0]
    predicted = Ridge(alpha=1000).fit(features[train], y[train]).predict(features[test])
    found = [np.corrcoef(predicted[:, i], y[test, i])[0, 1] for i in range(4)]
    assert min(found) > 0.53
    wrong = Ridge(alpha=1000).fit(features[train], y[train][::-1]).predict(features[test])
    assert max(np.corrcoef(wrong[:, i], y[test, i])[0, 1] for i in range(4)) < 0.2


def test_lee_crop_is_checked(tmp_path):
    from tertium.data.sets.neurons.lee_v1_patterns import load

    for crop in (0, 41, 162):
        with pytest.raises(BadInput, match="even number from 2 to 160"):
            load({}, crop=crop)
