"""The 15 tasks of Driscoll et al. 2024, held against a transcription of their table (times in ms)."""

import numpy as np
import pytest

from tertium.tasks import TaskLike, make

MOST = (200, 1600)
DELAY = {"context": (300, 700), "stimulus": (200, 1500), "response": (300, 700)}
MEMORY = {"context": (300, 700), "stimulus": MOST, "memory": MOST, "response": (300, 700)}
REACT = {"context": (500, 2500), "response": (300, 1700)}
INTEGRATION = {
    "context": (200, 600),
    "stimulus1": MOST,
    "memory1": MOST,
    "stimulus2": MOST,
    "memory2": (100, 300),
    "response": (300, 700),
}
MATCH = {"context": (200, 600), "stimulus1": MOST, "memory1": MOST, "response": (300, 700)}
TABLE = {
    "delaypro": DELAY,
    "memorypro": MEMORY,
    "reactpro": REACT,
    "delayanti": DELAY,
    "memoryanti": MEMORY,
    "reactanti": REACT,
    "intmod1": INTEGRATION,
    "intmod2": INTEGRATION,
    "contextintmod1": INTEGRATION,
    "contextintmod2": INTEGRATION,
    "contextintmultimodal": INTEGRATION,
    "match2sample": MATCH,
    "nonmatch2sample": MATCH,
    "matchcatpro": MATCH,
    "matchcatanti": MATCH,
}


@pytest.fixture(scope="module")
def quiet():
    """All 15 tasks without noise, and 200 trials of each."""
    tasks = make("driscoll24", noise=0.0)
    return tasks, {name: tasks.batch(200, seed=6, task=name) for name in tasks.names}


def at(values, batch, epoch):
    return values[batch.epochs[epoch][:, 0], np.arange(len(batch))]


def pair(direction):
    return np.nan_to_num(np.stack([np.cos(direction), np.sin(direction)], axis=-1))


def test_the_set_has_the_names_sizes_and_step_of_the_table(quiet):
    tasks, batches = quiet
    assert list(tasks.names) == list(TABLE)
    assert (tasks.n_inputs, tasks.n_outputs, tasks.dt) == (20, 3, 0.02)
    assert isinstance(tasks, TaskLike)
    for place, name in enumerate(TABLE):
        rule = batches[name].inputs[..., 5:]
        assert (rule[..., place] == batches[name].valid).all()
        assert rule.sum() == batches[name].valid.sum()
        assert make(f"driscoll24/{name}").name == f"driscoll24/{name}"
    some = make("driscoll24", tasks=["reactpro", "intmod2"], coherences=[0.5])
    assert some.n_inputs == 20
    assert set(np.abs(some.batch(9, task="intmod2").columns["coherence_modality2"])) == {0.5}


@pytest.mark.parametrize("name", TABLE)
def test_timings_are_those_of_the_table(quiet, name):
    batch = quiet[1][name]
    assert list(batch.epochs) == list(TABLE[name])
    for epoch, (low, high) in TABLE[name].items():
        ms = np.rint(np.diff(batch.seconds(epoch), axis=1)[:, 0] * 1000)
        assert set(ms) <= set(range(low, high, 20))
        assert ms.min() < low + 0.1 * (high - low)
        assert ms.max() > high - 0.1 * (high - low) - 20
        assert np.mean(ms) == pytest.approx((low + high - 20) / 2, abs=0.09 * (high - low))
    assert len(set(batch.lengths)) > 1


@pytest.mark.parametrize("name", TABLE)
def test_fixation_targets_and_costs(quiet, name):
    batch = quiet[1][name]
    start, stop = batch.epochs["response"].T
    step = np.arange(batch.steps)[:, None]
    before, during = step < start, (step >= start) & (step < stop)
    stays = name.startswith(("react", "match", "nonmatch"))
    assert (batch.inputs[..., 0] == (batch.valid if stays else before)).all()
    answer = batch.columns["answer"]
    held = before | (during & np.isnan(answer))
    np.testing.assert_allclose(batch.targets[..., 0], 0.8 * held, atol=1e-6)
    np.testing.assert_allclose(batch.targets[..., 1:], during[..., None] * pair(answer), atol=1e-6)
    cost = np.where(before & (step >= 5), 1.0, 0.0) + np.where(during & (step >= start + 5), 5.0, 0.0)
    np.testing.assert_array_equal(batch.mask, cost[..., None] * [2, 1, 1])


@pytest.mark.parametrize("name", list(TABLE)[:6])
def test_pro_and_anti(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    np.testing.assert_allclose(c["answer"], (c["location"] + np.pi * ("anti" in name)) % (2 * np.pi))
    first = "response" if "react" in name else "stimulus"
    for place, modality in ((slice(1, 3), 1), (slice(3, 5), 2)):
        shown = np.where((c["modality"] == modality)[:, None], pair(c["location"]), 0)
        np.testing.assert_allclose(at(batch.inputs, batch, first)[:, place], shown, atol=1e-6)
        later = 0 if "memory" in name else shown
        np.testing.assert_allclose(at(batch.inputs, batch, "response")[:, place], later, atol=1e-6)


@pytest.mark.parametrize("name", list(TABLE)[6:11])
def test_integration(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    for i in (1, 2):
        for modality, place in ((1, slice(1, 3)), (2, slice(3, 5))):
            strength = c.get(f"strength_{i}_modality{modality}", np.zeros(200))
            shown = strength[:, None] * pair(c[f"location_{i}"])
            np.testing.assert_allclose(at(batch.inputs, batch, f"stimulus{i}")[:, place], shown, atol=1e-6)
    apart = (c["location_2"] - c["location_1"]) % (2 * np.pi)
    assert 0.5 * np.pi <= apart.min() <= apart.max() <= 1.5 * np.pi
    counts = [1, 2] if "multi" in name else [int(name[-1])]
    totals = [np.mean([c[f"strength_{i}_modality{m}"] for m in counts], axis=0) for i in (1, 2)]
    assert set((np.abs(totals[0] - totals[1]) / 2).round(9)) == {0.08, 0.16, 0.32}
    assert 0.8 <= ((totals[0] + totals[1]) / 2).min() <= ((totals[0] + totals[1]) / 2).max() <= 1.2
    np.testing.assert_array_equal(c["answer"], np.where(totals[0] > totals[1], c["location_1"], c["location_2"]))
    assert ("strength_1_modality1" in c and "strength_1_modality2" in c) == name.startswith("context")


@pytest.mark.parametrize("name", list(TABLE)[11:])
def test_matching(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    if "sample" in name:
        apart = np.abs((c["location_2"] - c["location_1"] + np.pi) % (2 * np.pi) - np.pi)
        match = apart < 1e-9
        assert apart[~match].min() >= np.pi / 9
    else:
        match = (c["location_1"] < np.pi) == (c["location_2"] < np.pi)
    assert 0.4 < match.mean() < 0.6
    go = match == (not name.startswith("non") and not name.endswith("anti"))
    np.testing.assert_array_equal(c["answer"], np.where(go, c["location_2"], np.nan))


def test_noise_is_sigma_times_root_two_over_alpha_on_every_input():
    noisy, still = (make("driscoll24/memorypro", noise=sigma).batch(100, seed=2) for sigma in (0.1, 0.0))
    std = (noisy.inputs - still.inputs)[noisy.valid].std(axis=0)
    np.testing.assert_allclose(std, 0.1 * np.sqrt(2 / 0.2), rtol=0.05)
    assert std.mean() == pytest.approx(0.3, abs=0.02)  # the table, rounded


def test_responses_count_within_18_degrees(quiet):
    tasks, batches = quiet
    batch = batches["delaypro"]
    for degrees, share in ((17, 1.0), (19, 0.0)):
        outputs = batch.targets.copy()
        outputs[..., 1:] = 0.3 * pair(batch.columns["answer"] + np.radians(degrees))
        assert tasks.performance(outputs, batch) == share
