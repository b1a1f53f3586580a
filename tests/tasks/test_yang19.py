"""The 20 tasks of Yang et al. 2019, held against a transcription of their table (times in ms, angles in pi)."""

import numpy as np
import pytest

from tertium.errors import BadInput, UnknownName
from tertium.tasks import TaskLike, make

U = lambda low, high: ("U", low, high)  # noqa: E731
NAMES = [
    "fdgo",
    "reactgo",
    "delaygo",
    "fdanti",
    "reactanti",
    "delayanti",
    "dm1",
    "dm2",
    "contextdm1",
    "contextdm2",
    "multidm",
    "delaydm1",
    "delaydm2",
    "contextdelaydm1",
    "contextdelaydm2",
    "multidelaydm",
    "dmsgo",
    "dmsnogo",
    "dmcgo",
    "dmcnogo",
]

# epoch -> ms: one of a list, drawn evenly ("U"), or fixed; in the order of the trial
FDGO = {"fixation": U(300, 700), "stimulus": U(500, 1500), "response": [500]}
REACT = {"fixation": U(500, 2500), "response": [500]}
DELAY = {
    "fixation": [300, 500, 700],
    "stimulus": [200, 400, 600],
    "delay": [200, 400, 800, 1600],
    "response": [500],
}
DM = {"fixation": U(100, 400), "stimulus": [400, 800, 1600], "response": [500]}
DELAYDM = {
    "fixation": [200, 400, 600],
    "stimulus1": [200, 400, 600],
    "delay1": [200, 400, 800, 1600],
    "stimulus2": [200, 400, 600],
    "delay2": U(100, 300),
    "response": [500],
}
DMS = {"fixation": [200, 400, 600], "stimulus1": [200, 400, 600], "delay": [200, 400, 800, 1600], "response": [500]}
DMC = DMS | {"response": [200, 400, 600]}
TABLE = (
    {"fdgo": FDGO, "fdanti": FDGO, "reactgo": REACT, "reactanti": REACT, "delaygo": DELAY, "delayanti": DELAY}
    | dict.fromkeys(("dm1", "dm2", "contextdm1", "contextdm2", "multidm"), DM)
    | dict.fromkeys(("delaydm1", "delaydm2", "contextdelaydm1", "contextdelaydm2", "multidelaydm"), DELAYDM)
    | {"dmsgo": DMS, "dmsnogo": DMS, "dmcgo": DMC, "dmcnogo": DMC}
)
RING1, RING2 = slice(1, 33), slice(33, 65)
QUIET = {"noise": 0.0}
PREFERRED = np.arange(32) * 2 * np.pi / 32


@pytest.fixture(scope="module")
def quiet():
    """All 20 tasks without noise, and 100 trials of each."""
    tasks = make("yang19", **QUIET)
    return tasks, {name: tasks.batch(100, seed=5, task=name) for name in tasks.names}


def bump(direction):
    apart = np.abs((np.asarray(direction)[..., None] - PREFERRED + np.pi) % (2 * np.pi) - np.pi)
    return 0.8 * np.exp(-0.5 * (8 * apart / np.pi) ** 2)


def at(values, batch, epoch, offset=0):
    """Values at a step of an epoch of each trial, shape (trial, channel)."""
    return values[batch.epochs[epoch][:, 0] + offset, np.arange(len(batch))]


def test_the_set_has_the_names_sizes_and_step_of_the_paper(quiet):
    tasks, batches = quiet
    assert list(tasks.names) == NAMES
    assert (tasks.n_inputs, tasks.n_outputs, tasks.dt) == (85, 33, 0.02)
    assert isinstance(tasks, TaskLike)
    assert isinstance(tasks["dm1"], TaskLike)
    for place, name in enumerate(NAMES):
        rule = batches[name].inputs[..., 65:]
        assert (rule[..., place] == batches[name].valid).all()
        assert rule.sum() == batches[name].valid.sum()
        assert make(f"yang19/{name}").spec.name == f"yang19/{name}"


@pytest.mark.parametrize("name", NAMES)
def test_timings_are_those_of_the_table(quiet, name):
    batch = quiet[1][name]
    assert list(batch.epochs) == list(TABLE[name])
    for epoch, wanted in TABLE[name].items():
        ms = np.rint(np.diff(batch.seconds(epoch), axis=1)[:, 0] * 1000)
        if wanted[0] == "U":
            # whole steps, rounded down as in the original: [low, high)
            assert set(ms) <= set(range(wanted[1], wanted[2], 20))
            assert np.mean(ms) == pytest.approx((wanted[1] + wanted[2] - 20) / 2, abs=0.1 * (wanted[2] - wanted[1]))
        else:
            assert set(ms) == set(wanted)
            assert all((ms == one).mean() > 0.6 / len(wanted) for one in wanted)
    assert len(set(batch.lengths)) > 1, "each trial has its own timing"


@pytest.mark.parametrize("name", NAMES)
def test_fixation_targets_and_costs(quiet, name):
    batch = quiet[1][name]
    start, stop = batch.epochs["response"].T
    step = np.arange(batch.steps)[:, None]
    before, during = step < start, (step >= start) & (step < stop)
    off = not name.startswith(("react", "dms", "dmc"))
    assert (batch.inputs[..., 0] == (before if off else batch.valid)).all()
    held = np.isnan(batch.columns["answer"])
    wanted = np.where(before | (during & held), 0.85, 0.05)
    np.testing.assert_allclose(batch.targets[..., 0][batch.valid], wanted[batch.valid], atol=1e-6)
    ring = 0.05 + np.where((during & ~held)[..., None], bump(np.nan_to_num(batch.columns["answer"])), 0)
    np.testing.assert_allclose(batch.targets[..., 1:][batch.valid], ring[batch.valid], atol=1e-6)
    cost = np.where(before & (step >= 5), 1.0, 0.0) + np.where(during & (step >= start + 5), 5.0, 0.0)
    np.testing.assert_array_equal(batch.mask[..., 1:], np.repeat(cost[..., None], 32, axis=-1))
    np.testing.assert_array_equal(batch.mask[..., 0], 2 * cost)


@pytest.mark.parametrize("name", NAMES[:6])
def test_go_and_anti(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    shift = np.pi if "anti" in name else 0
    np.testing.assert_allclose(c["answer"], (c["location"] + shift) % (2 * np.pi))
    first = "response" if "react" in name else "stimulus"
    for ring, modality in ((RING1, 1), (RING2, 2)):
        shown = np.where((c["modality"] == modality)[:, None], bump(c["location"]), 0)
        np.testing.assert_allclose(at(batch.inputs, batch, first)[:, ring], shown, atol=1e-6)
        # it goes off for the response only where the response waits for a delay
        later = 0 if "delay" in name else shown
        np.testing.assert_allclose(at(batch.inputs, batch, "response", 20)[:, ring], later, atol=1e-6)
    assert (batch.inputs[:5, :, 1:65] == 0).all()


@pytest.mark.parametrize("name", NAMES[6:16])
def test_decisions(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    delayed, both = "delay" in name, "multi" in name
    levels = (0.08, 0.16, 0.32) if delayed else (0.01, 0.02, 0.04, 0.08)
    apart = (c["location_2"] - c["location_1"]) % (2 * np.pi)
    assert apart.min() >= 0.5 * np.pi
    assert apart.max() <= 1.5 * np.pi
    for i in (1, 2):
        for modality, ring in ((1, RING1), (2, RING2)):
            part = at(batch.inputs, batch, f"stimulus{i}" if delayed else "stimulus")[:, ring]
            shown = sum(
                c.get(f"strength_{k}_modality{modality}", np.zeros(100))[:, None] * bump(c[f"location_{k}"])
                for k in ((i,) if delayed else (1, 2))
            )
            np.testing.assert_allclose(part, shown, atol=1e-5)
    if both:
        total = [
            c["strength_1_modality1"] + c["strength_1_modality2"],
            c["strength_2_modality1"] + c["strength_2_modality2"],
        ]
        for i in (1, 2):
            one, two = c[f"strength_{i}_modality1"], c[f"strength_{i}_modality2"]
            split = np.abs(one - two) / ((one + two) / 2)
            assert 0.2 <= split.min() < 0.25
            assert 0.75 < split.max() <= 0.8
        first, mean, coherence = total[0] > total[1], (total[0] + total[1]) / 4, (total[0] - total[1]) / 4
    else:
        m = name[-1]
        pair = c[f"strength_1_modality{m}"], c[f"strength_2_modality{m}"]
        first, mean, coherence = pair[0] > pair[1], (pair[0] + pair[1]) / 2, (pair[0] - pair[1]) / 2
    np.testing.assert_array_equal(c["answer"], np.where(first, c["location_1"], c["location_2"]))
    assert set(np.abs(coherence).round(9)) == set(levels)
    assert 0.8 <= mean.min() < 0.85
    assert 1.15 < mean.max() <= 1.2
    if name.startswith("context"):
        other = (
            c["strength_1_modality1"] > c["strength_2_modality1"],
            c["strength_1_modality2"] > c["strength_2_modality2"],
        )
        assert 0.4 < np.mean(other[0] == other[1]) < 0.6, "the other modality says nothing about the answer"


@pytest.mark.parametrize("name", NAMES[16:])
def test_matching(quiet, name):
    batch = quiet[1][name]
    c = batch.columns
    go_if = not name.endswith("nogo")
    apart = np.abs((c["location_2"] - c["location_1"] + np.pi) % (2 * np.pi) - np.pi)
    if name.startswith("dms"):
        match = apart < 1e-9
        assert apart[~match].min() >= np.pi / 9
    else:
        match = (c["location_1"] < np.pi) == (c["location_2"] < np.pi)
        for where in ("location_1", "location_2"):
            assert set((c[where] / np.pi).round(6)) == {0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9}
    assert 0.4 < match.mean() < 0.6
    np.testing.assert_array_equal(c["answer"], np.where(match == go_if, c["location_2"], np.nan))
    for i, epoch in ((1, "stimulus1"), (2, "response")):
        for ring, modality in ((RING1, 1), (RING2, 2)):
            shown = np.where((c[f"modality_{i}"] == modality)[:, None], bump(c[f"location_{i}"]), 0)
            np.testing.assert_allclose(at(batch.inputs, batch, epoch)[:, ring], shown, atol=1e-6)
    assert (at(batch.inputs, batch, "delay")[:, 1:65] == 0).all()


def test_noise_is_sigma_times_root_two_over_alpha_on_every_input():
    noisy, quiet = (make("yang19/dm1", noise=sigma).batch(200, seed=2) for sigma in (0.01, 0.0))
    difference = (noisy.inputs - quiet.inputs)[noisy.valid]
    np.testing.assert_allclose(difference.std(axis=0), 0.01 * np.sqrt(2 / 0.2), rtol=0.05)
    assert np.abs(np.corrcoef(difference[:, 0], difference[:, 84])[0, 1]) < 0.05
    coarse = make("yang19/dm1", dt=0.05).batch(50, seed=2)
    assert coarse.inputs[: coarse.lengths.min(), :, 84].std() == pytest.approx(0.01 * np.sqrt(2 / 0.5), rel=0.05)


def test_responses_count_within_36_degrees_and_with_fixation_released(quiet):
    tasks, batches = quiet
    batch = batches["fdgo"]
    for degrees, share in ((35, 1.0), (37, 0.0)):
        outputs = batch.targets.copy()
        outputs[..., 1:] = 0.05 + bump(batch.columns["answer"] + np.radians(degrees))
        assert tasks.performance(outputs, batch) == share
    outputs = batch.targets.copy()
    outputs[..., 0] = 0.6
    assert tasks.performance(outputs, batch) == 0


def test_the_set_draws_its_tasks_with_weights_and_the_seed_decides():
    tasks = make("yang19")
    assert tasks.probabilities[NAMES.index("contextdm1")] == pytest.approx(5 / 28)
    drawn = [tasks.batch(1, seed=s).spec.name for s in range(150)]
    context = np.mean([name in ("yang19/contextdm1", "yang19/contextdm2") for name in drawn])
    assert context == pytest.approx(10 / 28, abs=0.12)
    one, two = tasks.batch(4, seed=7), tasks.batch(4, seed=7)
    assert one.spec.name == two.spec.name
    np.testing.assert_array_equal(one.inputs, two.inputs)
    np.testing.assert_array_equal(one.inputs, tasks[one.spec.name[7:]].batch(4, seed=7).inputs)
    even = make("yang19", tasks=["dm1", "contextdm1"], weights={})
    assert even.probabilities.tolist() == [0.5, 0.5]
    assert even.n_inputs == 85


def test_shared_timing_gives_one_timing_a_batch():
    batch = make("yang19", shared_timing=True).batch(30, seed=1, task="delaydm1")
    assert len(set(batch.lengths)) == 1
    assert batch.valid.all()


def test_wrong_names_are_answered():
    with pytest.raises(UnknownName, match=r"task of set 'yang19': got 'fdgoo'.*Did you mean 'fdgo'"):
        make("yang19", tasks=["fdgoo"])
    with pytest.raises(UnknownName, match="task of set 'yang19': got 'dm3'"):
        make("yang19").batch(4, task="dm3")
    with pytest.raises(BadInput, match="tasks of set 'yang19': got 'dm1', expected a list of different names"):
        make("yang19", tasks="dm1")
    with pytest.raises(UnknownName, match="task of set 'yang19': got 'dm2'"):
        make("yang19", tasks=["dm1"], weights={"dm2": 2})
    with pytest.raises(BadInput, match="weight of task 'dm1': got -1"):
        make("yang19", tasks=["dm1"], weights={"dm1": -1})
    with pytest.raises(BadInput, match="weights of set 'yang19': got zero for every task"):
        make("yang19", tasks=["dm1"], weights={"dm1": 0})
    with pytest.raises(BadInput, match="option of task 'yang19/dm1': got 'sigma'"):
        make("yang19/dm1", sigma=1)
