"""Choices of people: the numbers that the sets are known by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tertium.data.responses import validate
from tertium.errors import BadInput


def stay_probabilities(trials, *, missed):
    """Mean over people of P(same first choice as on the last trial), by what the last trial brought."""
    by_person = trials.groupby("subject")
    last = {name: by_person[name].shift() for name in ("choice1", "win", "common")}
    if missed == "drop":
        kept = trials["choice1"].notna() & last["choice1"].notna() & last["win"].notna()
    else:  # a choice not made in time counts as no stay, and brings no reward
        kept = last["choice1"].notna()
    table = pd.DataFrame(
        {
            "subject": trials["subject"],
            "stay": trials["choice1"] == last["choice1"],
            "win": last["win"].fillna(0.0),
            "common": last["common"],
        }
    )[kept]
    per_person = table.groupby(["subject", "win", "common"])["stay"].mean()
    mean = per_person.groupby(["win", "common"]).mean()
    return [mean[1, 1], mean[1, 0], mean[0, 1], mean[0, 0]]


def test_two_step(loaded):
    trials = loaded("kool_twostep")
    assert len(trials) == 30900
    assert trials["subject"].nunique() == 206
    assert (trials.groupby("subject")["practice"].sum() == 25).all()
    assert int(trials["choice1"].isna().sum()) == 722
    assert int(trials["choice2"].isna().sum()) == 1000
    assert trials["rt1"].median() == pytest.approx(0.576, abs=1e-9)  # seconds
    assert trials["common"].mean() == pytest.approx(0.7, abs=0.01)
    real = trials[~trials["practice"]]
    # reference over 206 people: .733 .688 .617 .671 (a missed choice counts as no stay)
    np.testing.assert_allclose(stay_probabilities(real, missed="no stay"), [0.733, 0.688, 0.617, 0.671], atol=6e-4)
    # with missed trials left out all four are somewhat higher, in the same order
    found = stay_probabilities(real, missed="drop")
    np.testing.assert_allclose(found, [0.740, 0.697, 0.628, 0.680], atol=6e-4)


def test_reversal(loaded):
    trials = loaded("nivlab_reversal")
    assert len(trials) == 406 * 90
    assert (trials.groupby("subject").size() == 90).all()
    assert sorted(trials["block"].unique()) == [1, 2, 3, 4, 5, 6]
    assert ((trials["choice"] == trials["correct"]) == (trials["accuracy"] == 1)).mean() > 0.999
    # the best arm pays in 80 % of trials, the others in 20 %
    pays = trials.groupby("accuracy")["outcome"].mean()
    np.testing.assert_allclose(pays, [0.2, 0.8], atol=0.02)
    # people learn within a block, and fall back when the best arm changes
    accuracy = trials.groupby("trial")["accuracy"].mean()
    assert accuracy[15] > 0.6 > 0.3 > accuracy[16]
    people, scores = loaded("nivlab_reversal", table="people"), loaded("nivlab_reversal", table="scores")
    assert set(people["subject"]) == set(scores["subject"]) == set(trials["subject"])
    with pytest.raises(BadInput, match="trials, people, scores"):
        loaded("nivlab_reversal", table="trial")


def test_things(loaded):
    r = validate(loaded("things_vice"), needs=["stimulus", "word", "synset"])
    assert r.shape == (1854, 1, 42)
    assert len(set(r["stimulus"].values)) == 1854
    assert (r.values >= 0).all()
    assert (r["synset"].values == "").sum() == 59
    # neighbours in the embedding are neighbours in meaning
    x = r.values[:, 0]
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    names = list(r["stimulus"].values)
    similar = unit @ unit[names.index("apple")]
    assert similar[names.index("pear")] > similar[names.index("hammer")] + 0.3
