"""The catalogue of studies agrees with the studies, and the canon is complete."""

import json
from collections import Counter

import pytest

from tertium.run.records import canon_states, kept_results, stale, state
from tertium.studies.base import Study, StudyConfig
from tertium.studies.catalogue import ROWS, STUDIES, canon
from tertium.studies.claim import KIND_MEANINGS


def test_the_canon_has_its_158_rows_once_each():
    ids = [row.id for row in canon()]
    assert len(ids) == len(set(ids)) == 158
    assert Counter(row.priority for row in canon()) == {1: 77, 2: 52, 3: 29}


def test_every_row_is_listed_the_absent_ones_too():
    states = canon_states()
    assert {row.id for row in canon()} <= {entry["row"] for entry in states}
    assert all(entry["state"] in ("held", "partly", "not held", "absent") for entry in states)
    json.dumps(states, allow_nan=False)


@pytest.mark.parametrize("name", list(STUDIES))
def test_a_study_declares_what_the_runner_and_the_reader_need(name):
    study = STUDIES.load(name)
    assert issubclass(study, Study)
    assert ROWS[name] == study.row
    assert study.row in {row.id for row in canon()}
    assert study.kind in KIND_MEANINGS
    assert study.cite
    assert all(r.authors and r.year and r.title and r.venue for r in study.cite)
    assert not set(study.pilot_seeds) & set(study.test_seeds), "a seed that chose a threshold cannot test it"
    assert issubclass(study.Config, StudyConfig)
    for key, field in study.Config.model_fields.items():
        assert field.description, f"{name}: the configuration's field '{key}' has no description"
    assert "seed" not in study.Config.model_fields
    study.configure(size="smoke")
    study.configure(size="full")


@pytest.mark.parametrize("name", list(kept_results()) or [pytest.param("", marks=pytest.mark.skip("none kept yet"))])
def test_a_kept_result_still_speaks_for_its_study(name):
    kept = kept_results()[name]
    assert name in STUDIES, "results/ names a study that is gone"
    assert stale(name, kept) == "", f"run it again: tertium run {name} --record"
    study = STUDIES.load(name)
    assert (kept["row"], kept["size"], tuple(kept["seeds"])) == (study.row, "full", study.test_seeds)
    assert state(kept) != "absent"


def test_every_study_has_a_kept_result():
    assert sorted(kept_results()) == sorted(STUDIES)
