"""Trials of a task are recorded with their conditions and timings."""

import numpy as np
import torch

import tertium as tt
from tertium.studies.lab import MemoryLab


def network_of(task):
    return tt.models.RateRNN(task.n_inputs, 12, task.n_outputs, dt=task.dt, noise=0.1)


def test_a_batch_of_trials_brings_its_labels():
    task = tt.tasks.make("context_decision")
    batch = task.batch(6, seed=2)
    responses = tt.record.record(network_of(task), batch, sites="cells.0", trial={"session": ["a"] * 6})
    tt.data.validate(responses)
    assert responses.sizes == {"trial": 6, "time": batch.steps, "unit": 12}
    assert np.array_equal(responses.context, batch.columns["context"])
    assert np.allclose(responses.onset_decision, batch.seconds("decision")[:, 0])
    assert np.allclose(responses.duration, batch.lengths * task.dt)
    assert set(responses.task.values) == {"context_decision"}
    assert set(responses.session.values) == {"a"}
    assert responses.attrs["dt"] == task.dt


def test_what_is_recorded_is_what_the_network_does():
    task = tt.tasks.make("context_decision")
    network, batch = tt.models.RateRNN(task.n_inputs, 12, task.n_outputs, dt=task.dt), task.batch(3, seed=0)
    with torch.no_grad():
        _, states = network(torch.from_numpy(batch.inputs))
    expected = network.rates(states).permute(1, 0, 2).numpy()
    got = tt.record.record(network, batch, sites="cells.0").values
    assert np.allclose(got, expected, atol=1e-6)


def test_a_lab_records_the_same_trials_each_time():
    task = tt.tasks.make("perceptual_decision")
    network = network_of(task)
    one, two = (MemoryLab(3).record(network, task, 5, coherence=0.5) for _ in range(2))
    assert np.array_equal(one.values, two.values)
    assert set(np.abs(one.coherence.values)) == {0.5}
    assert not np.array_equal(one.values, MemoryLab(4).record(network, task, 5, coherence=0.5).values)


def test_constraints_on_weights_are_no_layers():
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    network = torch.nn.Sequential(layer, torch.nn.ReLU())
    assert tt.record.list_sites(network) == ("0", "1")
    assert tt.record.record(network, torch.ones(2, 3), progress=False).sizes["unit"] == 4
