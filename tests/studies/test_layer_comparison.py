"""Layers against regions by any measure: a planted layer wins, published correlations give patterns back."""

import numpy as np
import pytest
import torch

from tertium.compare import cka, rdm, rsa
from tertium.data import make_responses
from tertium.data.brain_set import BrainSet
from tertium.errors import BadInput, UnknownName
from tertium.studies.layer_comparison import compare_layers
from tertium.studies.layer_patterns import brain_patterns, layer_patterns, normalised
from tertium.studies.layerwise import region_rdms


@pytest.fixture
def shown(two_layers):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    network = two_layers
    with torch.no_grad():
        pooled = network.pool(network.preprocess(images)).flatten(1).numpy()
    return images, tuple(f"image {i}" for i in range(40)), network, pooled


def recorded(pooled, labels, n_subjects=3, noise=10.0):
    rng = np.random.default_rng(1)
    answers = np.hstack([pooled + rng.normal(0, noise, pooled.shape) for _ in range(n_subjects)])
    subject = np.repeat([f"s{i}" for i in range(n_subjects)], pooled.shape[1])
    return make_responses(answers, trial={"stimulus": list(labels)}, unit={"subject": subject}, quantity="rate")


def correlations(pooled, labels, n_subjects=3):
    import xarray as xr

    rng = np.random.default_rng(2)
    found = [rdm(pooled + rng.normal(0, 20, pooled.shape), labels=labels).values for _ in range(n_subjects)]
    coords = {
        "subject": np.array([f"s{i}" for i in range(n_subjects)], dtype=object),
        "stimulus": np.array(labels, dtype=object),
        "stimulus_2": np.array(labels, dtype=object),
    }
    dims = ("subject", "stimulus", "stimulus_2")
    return xr.DataArray(np.stack(found), dims=dims, coords=coords, attrs={"metric": "correlation"})


@pytest.mark.parametrize("measure", ["cka", "procrustes", "bures", "encode", "soft_match"])
def test_the_planted_layer_wins_by_every_measure(shown, measure):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": recorded(pooled, labels)})
    scores = compare_layers(network, brain, measure, bootstrap="stimuli", n_draws=20)
    assert scores.best() == {"IT": "pool"}
    row = scores.table().set_index("layer").loc["pool"]
    assert row.interval_low < row.score < row.interval_high
    assert np.isfinite(row.ceiling_low)
    assert np.isnan(row.ceiling_high)
    drawn = scores.figure("IT")
    assert ("lower is better" in drawn.layout.yaxis.title.text) == scores.is_distance


def test_published_correlations_give_back_patterns_up_to_a_rotation(shown):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": correlations(pooled, labels)})
    patterns = brain_patterns(brain, "IT")
    layers = layer_patterns(network, images, labels, normalise=True)
    direct = normalised(pooled.astype(np.float64), labels, "pool")
    assert cka(layers["pool"], direct, by="stimulus") == pytest.approx(1.0, abs=1e-6)
    # RDMs of what came back are the published ones
    published = brain.regions["IT"].values[0][np.triu_indices(40, 1)]
    rebuilt = rdm(patterns["s0"], metric="euclidean", by="stimulus").vector
    assert np.corrcoef(published, rebuilt)[0, 1] == pytest.approx(1.0, abs=1e-9)
    by_cka = compare_layers(network, brain, "cka", n_draws=20)
    assert by_cka.best() == {"IT": "pool"}
    assert "came back up to a rotation" in " ".join(by_cka.notes)
    assert by_cka.intervals_in_words == "95 % intervals over subjects and stimuli"


def test_measures_of_single_units_refuse_dissimilarities(shown):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": correlations(pooled, labels)})
    for measure in ("soft_match", "encode"):
        with pytest.raises(BadInput, match=r"up to a rotation only.*Use rsa, cka"):
            compare_layers(network, brain, measure)


def test_misspelt_names_are_answered(shown):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": recorded(pooled, labels)})
    with pytest.raises(UnknownName, match="Did you mean 'cka'"):
        compare_layers(network, brain, "ckaa")
    with pytest.raises(UnknownName, match="Did you mean 'stimuli'"):
        compare_layers(network, brain, "cka", bootstrap="stimulus")


def test_rsa_keeps_its_own_ceilings(shown):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": correlations(pooled, labels)})
    scores = compare_layers(network, brain, "rsa", n_draws=50)
    direct = rsa(rdm(pooled, labels=labels, name="pool"), region_rdms(brain)["IT"], method="spearman")
    assert scores.regions["IT"].mean["pool"] == pytest.approx(direct.mean["pool"], abs=1e-6)
    assert scores.ceiling_in_words.startswith("Band")


def test_a_layer_without_pattern_is_named(shown):
    images, labels, network, pooled = shown
    brain = BrainSet("planted", images, labels, {"IT": correlations(pooled, labels)})
    with torch.no_grad():
        network.mix.weight.zero_()
    with pytest.raises(BadInput, match="layer 'mix', image 'image 0'"):
        compare_layers(network, brain, "cka")
