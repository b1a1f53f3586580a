"""LRN07: its tasks and networks are what they say, measures read planted curves, claims tell a good rule from none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tertium.learning import Trials
from tertium.rng import Seeds
from tertium.studies.lab import MemoryLab
from tertium.studies.liu2021 import Liu2021
from tertium.studies.methods.liu_networks import Cosines, cell_types, compared, gap_closed, network, pace, rules, train
from tertium.studies.methods.liu_tasks import GROUP, Pattern, matching

DT = 0.005


@pytest.fixture(scope="module")
def task():
    """Return matching with a short delay."""
    return matching(dt=DT, delay=0.1)


def test_stimuli_are_spikes_of_the_group_that_the_label_names(task):
    batch = task.batch(400, seed=1)
    spikes = batch.inputs.reshape(batch.steps, 400, 4, GROUP)
    rate = spikes.mean(axis=3) / DT
    sample, test, response = (
        np.asarray(batch.epochs[name])[0] for name in ("sample", "test", "response")
    )  # the same in all trials
    shown = batch.columns["sample_identity"], batch.columns["test_identity"]
    for (start, stop), identity in zip((sample, test), shown, strict=True):
        during = rate[start:stop].mean(0)
        assert during[np.arange(400), identity].mean() == pytest.approx(40, rel=0.05)
        assert not during[np.arange(400), 1 - identity].any()
    assert rate[response[0] : response[1], :, 2].mean() == pytest.approx(40, rel=0.05)
    assert not rate[: response[0], :, 2].any()
    assert rate[:, :, 3].mean() == pytest.approx(10, rel=0.05)


def test_the_answer_is_whether_both_were_the_same_and_counts_at_the_end(task):
    batch = task.batch(40, seed=2)
    same = batch.columns["sample_identity"] == batch.columns["test_identity"]
    start = int(np.asarray(batch.epochs["response"])[0, 0])
    assert batch.targets[-1].argmax(-1).tolist() == same.astype(int).tolist()
    assert not batch.mask[:start].any()
    assert batch.mask[start:].all()
    assert task.performance(batch.targets, batch) == 1.0


def test_the_pattern_is_one_trial_and_its_own_for_each_seed():
    pattern = Pattern(Seeds(3), dt=DT)
    one, other = pattern.batch(2, seed=0), pattern.batch(2, seed=9)
    np.testing.assert_array_equal(one.inputs, other.inputs)
    assert one.targets.mean() == pytest.approx(0, abs=1e-5)
    assert one.targets.std() == pytest.approx(1, abs=1e-5)
    assert one.inputs.mean() / DT == pytest.approx(10, rel=0.1)
    assert not np.array_equal(one.targets, Pattern(Seeds(4), dt=DT).batch(2).targets)
    assert pattern.performance(one.targets, one) == 1.0
    power = np.abs(np.fft.rfft(one.targets[:, 0, 0]))
    assert set(np.flatnonzero(power > 0.01 * power.max())) == {1, 2, 3, 5}


def test_networks_are_sparse_signed_and_typed(task):
    model = network(task, 100, 0.1, Seeds(0))
    weight, out = model.cell.recurrent_weight.detach(), model.readout.weight.detach()
    assert (weight != 0).float().mean() == pytest.approx(0.1, abs=0.005)
    assert int((out != 0).sum()) == 20
    assert (weight[:, :80] >= 0).all()
    assert (weight[:, 80:] <= 0).all()
    assert (out[:, :80] >= 0).all()
    assert (out[:, 80:] <= 0).all()
    types = cell_types(model)
    assert [len(set(types[n])) for n in ("1", "2", "4")] == [1, 2, 3]  # inhibitory units all adapt: they come last
    assert types["2"].count("I") == 20
    assert sum(one.endswith("O") for one in types["8"]) == int((out != 0).any(0).sum())


def test_the_gap_is_measured_between_e_prop_and_bptt():
    curves = {"bptt": np.exp([0.0, -2.0]), "mdgl": np.exp([0.0, -1.5]), "e_prop": np.exp([0.0, -1.0])}
    assert pace(curves["mdgl"]) == pytest.approx(-0.75)
    assert [gap_closed(curves, name) for name in ("e_prop", "mdgl", "bptt")] == pytest.approx([0, 50, 100])


def test_rules_of_a_seed_start_alike_and_exact_weights_point_closest(task):
    lab, model = MemoryLab(seed=3), network(task, 20, 0.5, Seeds(1))
    watch = Cosines(compared(0), Trials.of(task.batch(16, seed=1)), "cross_entropy", every=2)
    sizes = {"steps": 4, "batch": 4, "learning_rate": 1e-6, "validate_every": 2, "validate_trials": 8}
    curves = {
        name: train(task, rule, name, lab, model=network(task, 20, 0.5, Seeds(1)), **sizes)
        for name, rule in rules(0).items()
        if name != "e_prop"
    }
    curves["e_prop"] = train(task, rules(0)["e_prop"], "e_prop", lab, model=model, hooks=[watch], **sizes)
    first = curves["bptt"]
    for curve in curves.values():
        assert curve.shape == (3,)
        np.testing.assert_allclose(curve, first, rtol=1e-3)
    cosines = watch.table()
    assert cosines["synapses"].shape == (2,)
    assert cosines["synapses"].mean() > cosines["e_prop"].mean()
    assert all((values <= 1).all() for values in cosines.values())


def planted(mdgl: float, random: float) -> Liu2021.Results:
    """Return results in which two rules have made such shares of the way from e-prop to BPTT."""
    line = np.linspace(0, -1, 11)
    curves = {"bptt": np.exp(2 * line), "e_prop": np.exp(line)}
    curves |= {"mdgl": np.exp((1 + mdgl) * line), "random": np.exp((1 + random) * line)}
    cosines = {"e_prop": np.full(6, 0.8), "2 types": np.full(6, 0.8 + 0.2 * mdgl), "random": np.full(6, 0.8)}
    return Liu2021.Results({"pattern": curves}, {"pattern": cosines}, {"pattern": 10})


def test_claims_read_paces_and_cosines():
    good = {claim.id: claim for claim in Liu2021().claims(planted(0.5, -0.1))}
    assert good["gap_pattern"].value == pytest.approx(50)
    assert good["gap_pattern"].control.value == pytest.approx(-10)
    assert good["order_pattern"].value == pytest.approx(0.25)
    assert good["order_pattern"].control.value < 0
    assert good["cosine_pattern"].value == pytest.approx(0.1)
    assert good["nearer_pattern"].value == pytest.approx(50)
    beyond = {claim.id: claim for claim in Liu2021().claims(planted(1.2, -0.1))}
    assert beyond["order_pattern"].value < 0  # faster than BPTT is not the order either


def test_pictures_are_drawn_of_planted_results():
    grains = {name: np.full(6, 0.9) for name in ("1 types", "4 types", "8 types", "synapses")}
    one = planted(0.5, 0.0)
    full = replace(one, cosines={"pattern": one.cosines["pattern"] | grains})
    drawn = list(Liu2021().figures([full, full]))
    assert [picture.id for picture in drawn] == ["loss_pattern", "cosines"]
