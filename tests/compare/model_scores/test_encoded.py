"""Scores of models by encoding: those of encode itself, with hats made once for all subjects and draws of units."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import BandedRidge, KernelRidge, PartialLeastSquares, ReducedRank, Ridge, encode, score_models
from tertium.compare.encoding.encoder import KeptEncoders
from tertium.compare.encoding.front import encode_tables
from tertium.compare.encoding.tables import table
from tertium.data import make_responses


def world(n=40, bins=1, seed=0):
    """Return three models and two subjects that see the same world, in responses of stimuli with times."""
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(n * bins, 6))
    names = [f"s{i:03d}" for i in range(n)]

    def responses(units, noise):
        values = seen @ rng.normal(size=(6, units)) + noise * rng.normal(size=(n * bins, units))
        time = 0.01 * np.arange(bins) if bins > 1 else None
        return make_responses(values.reshape(n, bins, units), trial={"stimulus": names}, time=time)

    return {"a": responses(12, 0.5), "b": responses(30, 3.0)}, {"x": responses(9, 1.0), "y": responses(7, 2.0)}


@pytest.mark.parametrize(
    ("method", "bins"),
    [
        ("ridge", 1),
        (Ridge((1.0, 50.0), form="primal"), 3),
        (BandedRidge((4, 8), draws=1, penalties=(0.1, 1.0)), 1),
        (KernelRidge(penalties=(1.0, 10.0)), 1),
        (ReducedRank(2, (1.0, 10.0)), 1),
        (PartialLeastSquares(2), 1),
    ],
)
def test_scores_are_those_of_encode(method, bins):
    models, brains = world(bins=bins)
    if isinstance(method, BandedRidge):
        models, brains = {"a": models["a"]}, {"x": brains["x"]}  # no ceiling, which has other bands
    found = score_models(models, brains, "encode", over=(), n_permutations=0, method=method, cv=3).scores
    for model, features in models.items():
        for subject, responses in brains.items():
            wanted = encode(features, responses, method, cv=3, n_bootstrap=0).mean
            assert found.sel(model=model, subject=subject).item() == pytest.approx(wanted, abs=1e-10)


def test_hats_are_made_once_for_all_subjects_and_draws_of_units(monkeypatch):
    models, brains = world()
    made, plain = [], Ridge.prepare

    def watched(self, features, targets, folds, width):
        made.append(features.width)
        return plain(self, features, targets, folds, width)

    monkeypatch.setattr(Ridge, "prepare", watched)
    options = {"method": Ridge((1.0, 50.0)), "cv": 3}
    score_models(models, brains, "encode", over=("units",), n_draws=20, n_permutations=0, **options)
    # both models, and for each subject the other, once for the scores of all and once for the draws
    assert sorted(made) == sorted(2 * [12, 30, 7, 9])


def test_what_was_used_longest_ago_is_forgotten():
    rng = np.random.default_rng(1)
    one, two = (table(rng.normal(size=(30, 4)), "X") for _ in range(2))
    targets = table(rng.normal(size=(30, 3)), "Y")
    options = {"cv": 3, "n_bootstrap": 0}
    labels, kind = targets.labels(), targets.precision
    kept = KeptEncoders(most=1.0)
    first = encode_tables(one, targets, kept=kept, **options)
    assert kept.find(one, labels, kind) is not None
    assert kept.find(one, {"stimulus": np.arange(30)}, kind) is None
    assert kept.find(one, labels, np.dtype(np.float32)) is None
    assert np.array_equal(encode_tables(one, targets, kept=kept, **options).folds, first.folds)
    encode_tables(two, targets, kept=kept, **options)
    assert kept.find(one, labels, kind) is None
    assert kept.find(two, labels, kind) is not None
    roomy = KeptEncoders()
    for features in (one, two):
        encode_tables(features, targets, kept=roomy, **options)
        encode_tables(features, targets, "pls", kept=(unused := KeptEncoders()), **options)
        assert unused.find(features, labels, kind) is None, "PLS looks at its targets"
    assert roomy.find(one, labels, kind) is not None
