"""Kept results: only what the canon asks for is kept, and a stale one is noticed."""

import json

import pytest

from tertium.errors import BadInput
from tertium.run import records
from tertium.run.engine import run_study


@pytest.fixture
def results(tmp_path, monkeypatch):
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(records, "results_folder", lambda: folder)
    return folder


@pytest.mark.parametrize(
    ("options", "message"),
    [({"size": "smoke"}, "got a smoke run"), ({"seeds": [3]}, r"on seeds \[3\]")],
)
def test_only_full_runs_on_the_test_seeds_are_kept(runs, results, options, message):
    run = run_study("mcculloch1943", **options)
    with pytest.raises(BadInput, match=message):
        records.record(run)
    assert list(results.iterdir()) == []


def test_a_kept_result_gives_the_state_and_goes_stale_with_the_source(runs, results):
    run = run_study("mcculloch1943")
    kept = json.loads(records.record(run).read_text())
    assert "run" not in kept, "a machine's path is nobody's business"
    assert records.stale("mcculloch1943", kept) == ""
    assert records.stale("mcculloch1943", {**kept, "source_hash": "0"}) == "the study's source has changed since"
    (entry,) = [e for e in records.canon_states() if e["study"] == "mcculloch1943"]
    assert entry["claims"] == len(run.verdicts)
    assert entry["state"] == ("held" if run.held else "partly")
    (absent,) = [e for e in records.canon_states() if e["row"] == "FND21"]
    assert (absent["state"], absent["claims"]) == ("absent", 0)


@pytest.mark.parametrize(
    ("held", "state"), [([], "absent"), ([True, True], "held"), ([True, False], "partly"), ([False], "not held")]
)
def test_states(held, state):
    assert records.state({"claims": [{"held": h} for h in held]}) == state


def test_a_run_from_python_is_reused(runs):
    import tertium as tt

    first = tt.studies.get("mcculloch1943").run(size="smoke")
    stamp = (first.folder.seed(first.seeds[0]) / "results.npz").stat().st_mtime_ns
    again = tt.studies.get("mcculloch1943").run(size="smoke")
    assert (again.folder.seed(first.seeds[0]) / "results.npz").stat().st_mtime_ns == stamp
    assert again.metrics == first.metrics


def test_two_processes_do_not_work_in_one_folder(runs):
    from filelock import FileLock

    run = run_study("mcculloch1943", size="smoke")
    with FileLock(run.folder.lock), pytest.raises(BadInput, match="another process at work"):
        run_study("mcculloch1943", size="smoke")


def test_methods_of_methods_belong_to_a_study():
    from pathlib import Path

    from tertium.studies import base, mante2013

    found = {path.name for path in base._sources(Path(mante2013.__file__))}
    direct = Path(mante2013.__file__).read_text(encoding="utf-8")
    assert "mante_lines.py" in found
    assert "methods.mante_lines" not in direct, "only another method imports it"
