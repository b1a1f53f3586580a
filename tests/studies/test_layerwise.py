"""Layers against regions: a planted layer is found, ceilings and intervals appear where they can."""

import numpy as np
import pytest
import torch

from tertium.compare import rdm
from tertium.data import make_responses
from tertium.data.brain_set import BrainSet
from tertium.errors import BadInput, UnknownName
from tertium.studies.layerwise import layer_rdms, region_rdms, score_layers


@pytest.fixture
def shown(two_layers):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    labels = [f"image {i}" for i in range(20)]
    network = two_layers
    with torch.no_grad():
        pooled = network.pool(network.preprocess(images)).flatten(1).numpy()
    return images, labels, network, pooled


def brain(pooled, labels, n_subjects, noise):
    rng = np.random.default_rng(1)
    answers = np.concatenate([pooled + rng.normal(0, noise, pooled.shape) for _ in range(n_subjects)])
    subject = np.repeat([f"s{i}" for i in range(n_subjects)], len(pooled))
    trial = {"stimulus": labels * n_subjects, "subject": subject}
    return make_responses(answers, trial=trial, quantity="rate")


def test_layers_are_those_of_the_network_and_their_rdms_exact(shown):
    images, labels, network, pooled = shown
    rdms = layer_rdms(network, images, labels)
    assert list(rdms) == ["pool", "mix"]
    assert rdms["pool"].vector == pytest.approx(rdm(pooled, labels=labels).vector, abs=1e-6)
    assert rdms["pool"].labels == tuple(labels)


def test_the_planted_layer_wins_with_intervals_and_ceilings(shown):
    images, labels, network, pooled = shown
    regions = region_rdms(BrainSet("planted", images, tuple(labels), {"IT": brain(pooled, labels, 3, 10.0)}))
    assert [len(r) for r in regions.values()] == [3]
    scores = score_layers(layer_rdms(network, images, labels), regions, n_bootstrap=100)
    assert scores.best() == {"IT": "pool"}
    table = scores.table().set_index("layer")
    pool = table.loc["pool"]
    assert pool.interval_low < pool.score < pool.interval_high
    assert pool.ceiling_low <= pool.ceiling_high
    assert pool.subjects == 3
    assert scores.notes == ()
    figure = scores.figure("IT")
    assert "n" not in figure.layout.title.text or "20 stimuli, 3 subjects" in figure.layout.title.text


def test_one_subject_has_no_ceiling_and_few_stimuli_no_interval_and_both_are_said(shown):
    images, labels, network, pooled = shown
    few = slice(0, 6)
    regions = {"IT": [rdm(pooled[few], labels=labels[few])]}
    scores = score_layers(layer_rdms(network, images[few], labels[few]), regions)
    assert np.isnan(scores.table().ceiling_low).all()
    assert np.isnan(scores.table().interval_low).all()
    assert "6 stimuli are too few to resample" in scores.notes[0]
    assert "no noise ceiling" in scores.notes[1]


def test_subjects_that_saw_other_stimuli_are_refused(shown):
    images, labels, _, pooled = shown
    answers = brain(pooled, labels, 2, 1.0).isel(trial=slice(0, 39))
    with pytest.raises(BadInput, match="subjects that saw different stimuli"):
        region_rdms(BrainSet("planted", images, tuple(labels), {"IT": answers}))


def test_a_misspelt_bootstrap_is_answered(shown):
    images, labels, network, pooled = shown
    with pytest.raises(UnknownName, match="Did you mean 'stimuli'"):
        score_layers(layer_rdms(network, images, labels), {"IT": [rdm(pooled, labels=labels)]}, bootstrap="stimulus")
