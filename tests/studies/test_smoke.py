"""Every catalogued study runs at its smoke size, and its kept verdicts are of these very claims and thresholds."""

import pytest

from tertium.run.records import kept_results
from tertium.studies.catalogue import STUDIES
from tertium.testing.study_conformance import check_study


@pytest.mark.parametrize("name", list(STUDIES))
def test_a_study_keeps_the_contract(name, needs_data):
    study = STUDIES.load(name)
    needs_data(*study.needs)
    judged = check_study(study)
    kept = kept_results().get(name)
    assert kept is not None, f"tertium run {name} --record"
    assert [(v.id, v.threshold) for v in judged] == [(c["id"], c["threshold"]) for c in kept["claims"]]
