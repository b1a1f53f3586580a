"""COG06 and COG07: the measures find what was planted, and a killed run ends as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tertium.models import RateRNN
from tertium.rng import Seeds
from tertium.studies.kept import keep_network, kept_arrays
from tertium.studies.methods import yang
from tertium.studies.methods.yang_networks import YangConfig, blank_network, tasks_of, training
from tertium.studies.yang2019composition import PARTS, WHOLE, random_triples, sums_of_states
from tertium.tasks import make

NAMES = ("fdgo", "delaygo", "fdanti", "delayanti", "dm1", "dm2")


@pytest.fixture(scope="module")
def config():
    return YangConfig(tasks=NAMES, units=12)


def planted(rng, clusters=4, units=25, tasks=10):
    prototypes = np.eye(clusters, tasks) + 0.5 * np.eye(clusters, tasks, k=1)
    return np.repeat(prototypes, units, axis=0) + 0.02 * rng.random((clusters * units, tasks))


def test_planted_clusters_are_found():
    variance = planted(np.random.default_rng(0))
    variance[3] = 0  # a silent unit belongs to no cluster
    found = yang.cluster(variance, range(2, 9), Seeds(0))
    assert found.k == 4
    assert found.labels[3] == -1
    groups = [set(found.labels[i * 25 : (i + 1) * 25]) - {-1} for i in range(4)]
    assert all(len(g) == 1 for g in groups)
    assert len(set.union(*groups)) == 4


def test_preferred_tasks_are_those_of_the_prototype():
    variance = planted(np.random.default_rng(1))
    labels = np.repeat(np.arange(4), 25)
    preferred = yang.preferred_tasks(variance, labels)
    assert [np.flatnonzero(row).tolist() for row in preferred] == [[0], [1], [2], [3]]


def test_lesion_ratio_is_that_of_the_losses():
    preferred = np.array([[True, False, False], [False, True, False]])
    losses = np.array([[0.6, 0.1, 0.1], [0.1, 0.6, 0.1]])
    assert yang.selectivity_of_lesions(losses, preferred) == pytest.approx(6.0)


def test_fractional_variance_of_units_of_one_task_and_of_both():
    variance = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    assert yang.fractional_variance(variance, ["a", "b"], "a", "b").tolist() == [1.0, -1.0, 0.0]


def test_a_cut_unit_moves_nothing(config):
    network = blank_network(config, "softplus", 0, 0.02)
    units = np.arange(12) == 5
    hurt = yang.lesion(network, units)
    batch = tasks_of(config, 0.02).batch(4, seed=1, task="fdgo")
    before, _ = yang.answers(hurt, batch.inputs, Seeds(0))
    with torch.no_grad():
        hurt.cell.bias[5] += 10.0  # whatever the unit does, nobody hears it
    after, _ = yang.answers(hurt, batch.inputs, Seeds(0))
    assert np.array_equal(before, after)
    intact, _ = yang.answers(network, batch.inputs, Seeds(0))
    assert not np.allclose(before, intact)


def test_variance_is_zero_where_nothing_differs_between_trials(config):
    """A network that only hears the rule input answers every stimulus alike."""
    network = blank_network(config, "softplus", 0, 0.02)
    with torch.no_grad():
        network.cell.input_weight[:, 1:65] = 0
    tasks = tasks_of(config, 0.02, noise=0.0, shared_timing=True)
    assert yang.task_variance(network, tasks, 16, 1, Seeds(3)).max() < 1e-10
    assert network.cell.noise_std == config.noise, "the noise is back"


def test_the_own_rule_as_a_sum_of_one_changes_nothing(config):
    network, tasks = blank_network(config, "softplus", 0, 0.02), tasks_of(config, 0.02)
    seeds = Seeds(5)
    batch = tasks.batch(32, seeds, task="delayanti")
    direct = np.mean(batch.correct(yang.answers(network, batch.inputs, seeds)[0]))
    assert yang.performance_with_rules(network, tasks, "delayanti", {"delayanti": 1.0}, 32, seeds) == direct


def test_states_that_add_up_are_found():
    rng = np.random.default_rng(0)
    states = dict(zip(NAMES, rng.normal(size=(6, 40)), strict=True))
    states[WHOLE] = sum(w * states[p] for p, w in PARTS.items()) + 0.1 * rng.normal(size=40)
    triples = random_triples(NAMES, 10, rng)
    assert all(set(t) != set(PARTS) and WHOLE not in t for t in triples)
    found = sums_of_states(np.array([states[n] for n in NAMES]), NAMES, triples)
    assert found["nearest"] == WHOLE
    assert found["cosine_sum"] > 0.95 > max(found["cosine_parts"].values())


def test_a_kept_network_comes_back_only_for_its_own_training(tmp_path, monkeypatch, config):
    monkeypatch.setattr("tertium.studies.kept.results_folder", lambda: tmp_path)
    network = blank_network(config, "softplus", 3, 0.02)
    keep_network("yang2019", "softplus-3", {k: v.numpy() for k, v in network.state_dict().items()}, training(config))
    found = kept_arrays("yang2019", "softplus-3", training(config))
    other = RateRNN(85, 12, 33, form="rate", nonlinearity="softplus", output="sigmoid", seed=9)
    other.load_state_dict({k: torch.from_numpy(v) for k, v in found.items()})
    assert torch.equal(other.cell.recurrent_weight, network.cell.recurrent_weight)
    assert kept_arrays("yang2019", "softplus-3", training(YangConfig(tasks=NAMES, units=13))) is None
    assert kept_arrays("yang2019", "softplus-4", training(config)) is None


def test_rule_inputs_stay_in_place_when_tasks_are_left_out(config):
    some, every = tasks_of(config, 0.02, noise=0.0), make("yang19", noise=0.0)
    a, b = (tasks.batch(2, seed=0, task="dm1").inputs[0, 0, 65:] for tasks in (some, every))
    assert np.array_equal(a, b)
    assert a.sum() == 1


@pytest.mark.slow
def test_a_run_killed_in_training_goes_on_to_the_same_claims(tmp_path):
    words = [sys.executable, "-m", "tertium", "run", "yang2019", "--smoke", "--json", "seeds=4"]
    words += ["coarse_steps=600", "units=24"]

    def start(runs: Path) -> subprocess.Popen:
        environment = {**os.environ, "TERTIUM_RUNS": str(runs), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    killed = start(tmp_path / "killed")
    deadline = time.monotonic() + 120
    while not list((tmp_path / "killed").rglob("checkpoint-softplus-coarse.pt")):
        assert killed.poll() is None, killed.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not list((tmp_path / "killed").rglob("results.npz")), "it was killed too late to test anything"
    finished = []
    for folder in ("killed", "whole"):
        run = start(tmp_path / folder)
        out, err = run.communicate()
        assert run.returncode in (0, 1), err
        finished.append(json.loads(out))
    again, whole = finished
    assert again["claims"] == whole["claims"]
    assert again["metrics"] == whole["metrics"]
