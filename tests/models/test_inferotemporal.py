"""SqueezeNet's layers against human and monkey IT: the documented reference correlations (SEN04)."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tertium.data.catalogue import load_set
from tertium.models import make
from tertium.record import record

pytestmark = pytest.mark.slow


def test_layers_agree_with_it_as_documented(needs_data):
    needs_data("squeezenet11", "kriegeskorte92")
    brain = load_set("kriegeskorte92")
    pairs = np.triu_indices(92, 1)
    human = brain.human.mean(("subject", "session")).values[pairs]
    monkey = brain.monkey.values[pairs]
    recorded = record(make("squeezenet11"), brain.images, sites=["conv1", "fire4", "fire8"], progress=False)
    found = {}
    for layer in ("conv1", "fire4", "fire8"):
        patterns = recorded.values[:, 0, (recorded.layer == layer).values]
        rdm = (1 - np.corrcoef(patterns))[pairs]
        found[layer] = (spearmanr(rdm, human).statistic, spearmanr(rdm, monkey).statistic)
    # reference (README of the data): 1 - Pearson RDMs, Spearman; given to two digits
    assert found["conv1"] == (pytest.approx(0.11, abs=0.005), pytest.approx(0.20, abs=0.005))
    assert found["fire4"] == (pytest.approx(0.23, abs=0.005), pytest.approx(0.37, abs=0.005))
    assert found["fire8"] == (pytest.approx(0.33, abs=0.005), pytest.approx(0.43, abs=0.005))
