"""The presets hold the numbers of their papers; durations are transcribed in milliseconds."""

import numpy as np
import pytest

from tertium.tasks import make

# epoch -> ms, or (shortest, longest) of what is drawn
SONG16 = {
    "rdm_fixed": {"fixation": 100, "stimulus": 800, "decision": 300},
    "rdm_rt": {"fixation": 100, "stimulus": 800},
    "mante": {"fixation": 100, "stimulus": 800, "decision": 300},
    "multisensory": {"fixation": 100, "stimulus": 1000, "decision": 300},
    "romo": {"fixation": 100, "f1": 500, "delay": (2500, 3500), "f2": 500, "decision": 300},
}
SONG17 = {
    "rdm_fixed": {"fixation": 750, "stimulus": (80, 1500), "decision": 500},
    "rdm_rt": {"fixation": 750, "stimulus": 2000},
    "mante": {"fixation": 750, "stimulus": 750, "delay": (300, 1500), "decision": 500},
    "multisensory": {"fixation": 750, "stimulus": 1000, "decision": 500},
    "romo": {"fixation": 750, "f1": 500, "delay": (2700, 3300), "f2": 500, "decision": 500},
    "padoaschioppa": {"fixation": 750, "offer": (1000, 2000), "decision": 750},
    "postdecisionwager": {
        "fixation": 750,
        "stimulus": (100, 900),
        "early_delay": (500, 750),
        "late_delay": (450, 1300),
        "decision": 500,
    },
}
LINT22 = {
    "rdm": {"fixation": 100, "stimulus": 800, "delay": 300, "decision": 300},
    # 350 ms of cue are 17 whole steps of 20 ms in the paper's code
    "mante": {"fixation": 100, "cue": 340, "stimulus": 800, "delay": 100, "decision": 20},
    "romo": {"fixation": 100, "f1": 100, "delay": (500, 2000), "f2": 100, "decision": 100},
    "raposo": {"fixation": 100, "stimulus": 800, "delay": 100, "decision": 500},
    "dms": {"fixation": 100, "sample": 500, "delay": (500, 3000), "test": 500, "decision": 1000},
}
ALL = [
    (f"{study}/{name}", table, dt)
    for study, tables, dt in (("song16", SONG16, 20), ("song17", SONG17, 10), ("lint22", LINT22, 20))
    for name, table in tables.items()
]


@pytest.mark.parametrize(("name", "table", "dt"), ALL, ids=[name for name, _, _ in ALL])
def test_durations_are_the_papers(name, table, dt):
    task = make(name)
    assert task.dt * 1000 == dt
    drawn = task.batch(300, seed=0, **({"catch": False} if name.startswith("song16") else {}))
    assert list(drawn.epochs) == list(table)
    for epoch, stated in table.items():
        ms = np.diff(drawn.seconds(epoch), axis=1)[:, 0] * 1000
        if isinstance(stated, tuple):
            assert ms.min() >= stated[0] - dt
            assert ms.max() <= stated[1] + dt
            assert ms.min() < stated[0] + 0.1 * (stated[1] - stated[0])
        else:
            np.testing.assert_allclose(ms, stated, atol=1e-6)


def averaged(batch, epoch):
    """Return the mean of inputs over an epoch of each trial, shape (trial, input)."""
    first, stop = batch.epochs[epoch].T
    grid = np.arange(batch.steps)[:, None]
    inside = (grid >= first) & (grid < stop)
    return np.einsum("tn,tnc->nc", inside, batch.inputs) / inside.sum(0)[:, None]


def test_song16_inputs_and_outputs_are_pycogs():
    batch = make("song16/rdm_fixed").batch(500, seed=0, catch=False)
    coherence = batch.columns["coherence"]
    assert sorted(set(np.abs(coherence) * 100)) == [1, 2, 4, 8, 16]
    # baseline 0.2, then (1 +- 3.2 coherence) / 2; noise 0.01 sqrt(2 tau / dt) = 0.0316 a sample
    expected = 0.2 + (1 + 3.2 * np.stack([coherence, -coherence], 1)) / 2
    np.testing.assert_allclose(averaged(batch, "stimulus"), expected, atol=5 * 0.0316 / np.sqrt(40))
    before = batch.inputs[:5]
    assert before.std() == pytest.approx(0.01 * np.sqrt(2 * 100 / 20), rel=0.05)
    assert set(np.unique(batch.targets)) == {np.float32(0.2), np.float32(1.0)}
    assert (batch.mask[:5] == 1).all()
    assert (batch.mask[5:45] == 0).all()
    assert (batch.mask[45:] == 1).all()


@pytest.mark.parametrize(
    ("name", "rate", "seconds"),
    [
        ("rdm_fixed", 1 / 11, 2.0),
        ("rdm_rt", 1 / 11, 1.0),
        ("mante", 1 / 73, 1.0),
        ("multisensory", 1 / 43, 1.0),
        ("romo", 1 / 11, 2.0),
    ],
)
def test_song16_catch_trials_show_nothing_and_ask_for_neither_choice(name, rate, seconds):
    task = make(f"song16/{name}")
    catch = task.batch(2000, seed=0, **{"delay": 2.5} if name == "romo" else {}).columns["catch"]
    assert catch.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / 2000))
    blank = task.batch(20, seed=0, catch=True)
    np.testing.assert_allclose(blank.lengths * blank.dt, seconds)
    assert blank.inputs.mean() == pytest.approx(0.2, abs=0.01)
    assert (blank.targets == np.float32(0.2)).all()
    assert (blank.mask == 1).all()
    if name != "rdm_rt":
        assert not blank.correct(np.ones_like(blank.targets)).any()


def test_song16_reaction_times_have_a_start_cue_and_an_untrained_beginning():
    batch = make("song16/rdm_rt").batch(50, seed=0, catch=False)
    np.testing.assert_allclose(averaged(batch, "stimulus")[:, 2], 1.2, atol=0.03)
    assert (batch.mask[5:20] == 0).all()
    assert (batch.mask[20:] == 1).all()


def test_song16_mante_scales_coherence_by_five_and_cues_with_the_stimulus():
    batch = make("song16/mante").batch(300, seed=0, catch=False)
    seen = averaged(batch, "stimulus") - 0.2
    np.testing.assert_allclose(seen[:, 2] - seen[:, 3], 5 * batch.columns["motion"], atol=0.04)
    np.testing.assert_allclose(seen[:, 4] - seen[:, 5], 5 * batch.columns["colour"], atol=0.04)
    np.testing.assert_array_equal(seen[:, :2].argmax(1), batch.columns["context"])
    np.testing.assert_allclose(averaged(batch, "decision"), 0.2, atol=0.05)


def test_song16_frequencies_are_tuned_as_in_pycog():
    batch = make("song16/romo").batch(200, seed=0, catch=False, delay=2.5)
    f1 = batch.columns["frequency1"]
    expected = 0.2 + np.stack([0.2 + 0.8 * (f1 - 10) / 24, 0.2 + 0.8 * (34 - f1) / 24], 1)
    np.testing.assert_allclose(averaged(batch, "f1"), expected, atol=0.04)
    batch = make("song16/multisensory").batch(300, seed=0, catch=False, modality="both")
    rate = batch.columns["rate"]
    assert sorted(set(rate)) == list(range(6, 20))
    expected = 0.2 + np.stack([0.5 + 0.6 * (rate - 6) / 13, 0.5 + 0.6 * (19 - rate) / 13], 1)
    np.testing.assert_allclose(averaged(batch, "stimulus"), np.tile(expected, 2), atol=0.03)


# variance after a leaky unit of 100 ms of the noise on a stimulus, and which inputs are stimuli
@pytest.mark.parametrize(
    ("name", "variance", "during", "inputs"),
    [
        ("rdm_fixed", 0.01, "stimulus", [1, 2]),
        ("rdm_rt", 0.01, "stimulus", [1, 2]),
        ("mante", 0.02, "stimulus", [2, 3, 4, 5]),
        ("romo", 0.0001, "f1", [1, 2]),
        ("postdecisionwager", 0.01, "stimulus", [1, 2]),
    ],
)
def test_song17_noise_comes_with_the_stimulus(name, variance, during, inputs):
    fixed = {"coherence": 0.0} if "rdm" in name or "wager" in name else {}
    fixed |= {"motion": 0.0, "colour": 0.0} if name == "mante" else {}
    fixed |= {"frequency1": 18.0, "frequency2": 10.0} if name == "romo" else {}
    batch = make(f"song17/{name}").batch(100, seed=0, **fixed)
    first, stop = batch.epochs[during].T
    grid = np.arange(batch.steps)[:, None]
    inside = (grid >= first) & (grid < stop)
    for channel in inputs:
        samples = batch.inputs[..., channel][inside]
        assert samples.std() == pytest.approx(np.sqrt(variance * 2 * 100 / 10), rel=0.06)
    assert (batch.inputs[:75][..., inputs] == 0).all()
    assert (batch.inputs[-1][..., inputs] == 0).all() or name == "rdm_rt"


def test_song17_multisensory_noise_is_on_the_modality_that_is_there():
    batch = make("song17/multisensory").batch(100, seed=0, modality="visual", rate=12.5)
    seen = batch.inputs[75:175]
    assert (seen[..., 3:] == 0).all()
    assert seen[..., 1].std() == pytest.approx(np.sqrt(0.018 * 20), rel=0.05)
    # pyrl: (1 +- f / 25) / 2
    assert seen[..., 1].mean() == pytest.approx(0.75, abs=0.03)
    assert seen[..., 2].mean() == pytest.approx(0.25, abs=0.03)


def test_song17_mante_holds_by_its_cue():
    batch = make("song17/mante").batch(50, seed=0)
    assert batch.inputs.shape[2] == 6
    decision = batch.epochs["decision"][:, 0]
    for trial in range(50):
        assert (batch.inputs[: decision[trial], trial, batch.columns["context"][trial]] == 1).all()
        assert (batch.inputs[decision[trial] :, trial] == 0).all()
    assert sorted(set(np.abs(batch.columns["motion"]))) == [0.05, 0.15, 0.5]


def test_song17_values_and_coherences_are_pyrls():
    cohs = {
        name: set(make(f"song17/{name}").batch(300, seed=0).conditions["coherence"].abs())
        for name in ("rdm_fixed", "rdm_rt", "postdecisionwager")
    }
    assert cohs["rdm_fixed"] == {0.0, 0.064, 0.128, 0.256, 0.512}
    assert cohs["rdm_rt"] == cohs["postdecisionwager"] == {0.0, 0.032, 0.064, 0.128, 0.256, 0.512}
    table = make("song17/padoaschioppa").batch(300, seed=0).conditions
    np.testing.assert_allclose(table["value_a"], 2.2 * table["amount_a"])
    assert set(zip(table["amount_b"], table["amount_a"], strict=True)) == {
        (0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (2, 0),
    }  # fmt: skip


# standard deviation of a sample, and what coherences are multiplied by
@pytest.mark.parametrize(
    ("name", "std", "noisy"),
    [("rdm", 0.03, [0]), ("mante", 0.1, [0, 1]), ("romo", 0.01, [0]), ("raposo", 0.5, [0, 1]), ("dms", 0.03, [0, 1])],
)
def test_lint22_noise_is_per_sample_throughout_the_trial(name, std, noisy):
    batch = make(f"lint22/{name}").batch(400, seed=0)
    assert batch.inputs[:5][..., noisy].std() == pytest.approx(std, rel=0.05)
    assert batch.targets.shape[2] == 1


def test_lint22_inputs_carry_a_sign():
    batch = make("lint22/rdm").batch(500, seed=0)
    assert sorted(set(np.abs(batch.columns["coherence"]))) == [0.01, 0.02, 0.04, 0.08, 0.16]
    np.testing.assert_allclose(averaged(batch, "stimulus")[:, 0], 3.2 * batch.columns["coherence"], atol=0.025)
    np.testing.assert_array_equal(batch.targets[-1, :, 0], np.sign(batch.columns["coherence"]))
    batch = make("lint22/mante").batch(500, seed=0)
    seen = averaged(batch, "stimulus")
    np.testing.assert_allclose(seen[:, 0], batch.columns["motion"], atol=0.08)
    assert sorted(set(np.abs(batch.columns["motion"]).round(6))) == [0.1, 0.2, 0.4]
    np.testing.assert_allclose(seen[:, 2:].sum(1), 0.1, atol=1e-6)
    np.testing.assert_array_equal(averaged(batch, "cue")[:, 2:].argmax(1), batch.columns["context"])
    assert (batch.inputs[:5, :, 2:] == 0).all()


def test_lint22_romo_reports_the_difference():
    batch = make("lint22/romo").batch(500, seed=0)
    difference = batch.columns["frequency1"] - batch.columns["frequency2"]
    assert set(np.abs(difference)) == {8, 16, 24}
    assert batch.columns["frequency1"].min() >= 10
    assert batch.columns["frequency2"].max() <= 34
    last = batch.targets[batch.epochs["decision"][:, 0], np.arange(500), 0]
    np.testing.assert_allclose(last, difference / 24, atol=1e-6)
    np.testing.assert_allclose(averaged(batch, "f1")[:, 0], (batch.columns["frequency1"] - 22) / 24, atol=0.02)


def test_lint22_raposo_modalities_agree_and_have_their_own_strengths():
    batch = make("lint22/raposo").batch(2000, seed=0, modality="both")
    table = batch.conditions
    assert (table["visual_strength"] == table["auditory_strength"]).mean() == pytest.approx(0.25, abs=0.05)
    seen = averaged(batch, "stimulus")
    for place, strength in enumerate(("visual_strength", "auditory_strength")):
        expected = table["answer"] * table[strength]
        np.testing.assert_allclose(seen[:, place], expected, atol=5 * 0.5 / np.sqrt(40))
        assert np.corrcoef(seen[:, place], expected)[0, 1] > 0.97
    one = make("lint22/raposo").batch(300, seed=0, modality="auditory")
    np.testing.assert_allclose(averaged(one, "stimulus")[:, 0], 0, atol=5 * 0.5 / np.sqrt(40))


def test_lint22_dms_has_four_kinds_of_trials():
    batch = make("lint22/dms").batch(400, seed=0)
    kinds = batch.conditions.groupby(["sample_identity", "test_identity"])["answer"].agg(["first", "nunique", "size"])
    assert len(kinds) == 4
    assert (kinds["nunique"] == 1).all()
    assert kinds["first"].to_dict() == {(0, 0): 1, (0, 1): -1, (1, 0): -1, (1, 1): 1}
    assert kinds["size"].min() > 60
    assert batch.inputs.shape[2] == 2


def test_mante13_inputs_noise_and_answer():
    task = make("mante13")
    assert task.dt == 0.001
    batch = task.batch(200, seed=0)
    assert batch.steps == 750
    assert batch.inputs.shape[2] == 4
    # 31.623 sqrt(0.001 s)
    assert (batch.inputs[..., 0] - batch.columns["motion"]).std() == pytest.approx(1.0, abs=0.01)
    assert np.abs(batch.columns["motion"]).max() <= 0.1875
    relevant = np.where(batch.columns["context"] == 0, batch.columns["motion"], batch.columns["colour"])
    np.testing.assert_array_equal(batch.targets[-1, :, 0], np.sign(relevant))
    assert (batch.mask[:-1] == 0).all()
    np.testing.assert_array_equal(batch.inputs[0, :, 2:].argmax(1), batch.columns["context"])
    probes = make("mante13", coherences=(0.009, 0.036, 0.15), dt=0.01).batch(100, seed=0)
    assert set(np.abs(probes.columns["colour"])) == {0.009, 0.036, 0.15}
    assert probes.inputs[..., 0].std() == pytest.approx(31.623 * np.sqrt(0.01), rel=0.05)
