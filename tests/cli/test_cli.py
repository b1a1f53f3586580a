"""The command line as a user meets it: exit codes, one clear line, clean JSON."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tertium.studies.catalogue import canon


def tertium(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tertium", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["runn"], "No such command 'runn'. Did you mean 'run'?"),
        (["run"], "Missing argument"),
        (["run", "rosenblat1958"], "study: got 'rosenblat1958', expected one of the known names. Did you mean 'rosen"),
        (["run", "mcculloch1943", "--smok"], "No such option: --smok"),
        (["run", "khaligh2014", "n_bootstrp=3"], "Did you mean 'n_bootstrap' (int, default 1000: bootstrap draws"),
        (["run", "khaligh2014", "folds=many"], "configuration key 'folds': got 'many', expected int, default 4"),
        (["run", "khaligh2014", "folds"], "override: got 'folds', expected key=value"),
        (["run", "mcculloch1943", "seeds=-1"], "seeds: got -1"),
        (["report", "nothing"], "run 'nothing': got no such folder"),
        (["cite", "khaligh"], "Did you mean 'khaligh2014'?"),
        (["data", "fetch", "kriegeskort92"], "Did you mean 'kriegeskorte92'?"),
        (["studies", "XYZ99"], "study: got 'XYZ99'"),
        (["compare", "squeezenet12", "kriegeskorte92"], "squeezenet11"),
        (["compare", "squeezenet11", "nothing.npz"], "nothing.npz"),
    ],
)
def test_bad_input_is_answered_in_one_line_with_exit_code_2(words, line, runs):
    done = tertium(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    told = done.stderr.strip().splitlines()
    assert len(told) == 1, done.stderr
    assert line in told[0]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_the_traceback(runs):
    done = tertium("run", "rosenblat1958", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_studies_lists_every_row_of_the_canon_as_json():
    done = tertium("studies", "--json")
    rows = json.loads(done.stdout)
    assert done.returncode == 0
    assert {r.id for r in canon()} <= {row["row"] for row in rows}
    assert set(rows[0]) >= {"study", "row", "priority", "state", "claims", "held", "kind", "seconds"}
    assert {row["state"] for row in rows} <= {"held", "partly", "not held", "absent"}


def test_studies_can_be_narrowed():
    done = tertium("studies", "FND")
    assert "mcculloch1943" in done.stdout
    assert "SEN04" not in done.stdout
    assert "21 rows" in done.stdout


@pytest.mark.parametrize(
    ("pattern", "rows"), [("SEN", 20), ("fnd01", 1), ("absent", None), ("perceptron", 2), ("khaligh", 1)]
)
def test_a_pattern_is_a_group_a_row_a_state_or_words(pattern, rows):
    found = json.loads(tertium("studies", pattern, "--json").stdout)
    if rows is not None:
        assert len(found) == rows
    else:
        assert {row["state"] for row in found} == {"absent"}


def test_a_run_prints_one_json_object_and_writes_its_page(runs):
    done = tertium("run", "mcculloch1943", "--smoke", "--json")
    out = json.loads(done.stdout)
    assert done.returncode in (0, 1)
    assert done.returncode == (0 if all(claim["held"] for claim in out["claims"]) else 1)
    assert set(out) >= {"study", "row", "size", "seeds", "run", "seconds", "metrics", "claims"}
    claim = out["claims"][0]
    assert set(claim) >= {"id", "sentence", "kind", "value", "ci", "threshold", "source", "held", "control"}
    assert set(claim["control"]) == {"what", "value", "failed"}
    folder = runs / "mcculloch1943" / os.path.basename(out["run"])
    assert {"config.json", "env.json", "claims.json", "report.html"} <= {p.name for p in folder.iterdir()}
    again = tertium("report", "mcculloch1943", "--json")
    assert json.loads(again.stdout)["reports"] == [str(folder / "report.html")]


def test_cite_prints_text_or_bibtex():
    assert "Rosenblatt" in tertium("cite", "rosenblatt1958").stdout
    assert tertium("cite", "rosenblatt1958", "--bibtex").stdout.startswith("@article{")


def test_data_and_models_and_doctor_speak_json():
    sets = json.loads(tertium("data", "--json").stdout)
    assert len(sets) >= 22
    assert {"name", "what", "real", "licence", "bytes", "at_hand"} <= set(sets[0])
    assert {"squeezenet11", "efficientnet_lite0"} <= {
        row["name"] for row in json.loads(tertium("models", "--json").stdout)
    }
    checks = json.loads(tertium("doctor", "--json").stdout)
    assert {"check", "ok", "found", "repair"} == set(checks[0])


def test_compare_works_on_a_module_and_a_npz_that_nobody_prepared(tmp_path, runs):
    """A user's own network in a file, and responses whose units see a planted part of the image."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    # units of the "brain" are the pixels' local means: what the first layer computes
    planted = images.astype(float).reshape(24, 4, 4, 4, 4, 3).mean((2, 4)).reshape(24, -1)
    np.savez(tmp_path / "mine.npz", images=images, responses=planted + rng.normal(0, 1, planted.shape))
    (tmp_path / "mynet.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.retina = nn.AvgPool2d(4)\n"
        "        self.mix = nn.Linear(48, 8)\n"
        "        nn.init.normal_(self.mix.weight, generator=torch.Generator().manual_seed(0))\n"
        "    def preprocess(self, images):\n"
        "        return torch.as_tensor(images).permute(0, 3, 1, 2).float() / 255\n"
        "    def forward(self, x):\n"
        "        return self.mix(self.retina(x).flatten(1))\n"
    )
    done = tertium("compare", f"{tmp_path}/mynet.py:Net", str(tmp_path / "mine.npz"), "--json", "--draws", "100")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    scores = {row["layer"]: row["score"] for row in out["scores"]}
    assert set(scores) == {"retina", "mix"}
    assert scores["retina"] > 0.95
    assert scores["mix"] < 0.8
    assert list(out["best"].values()) == ["retina"]
    assert "no noise ceiling" in " ".join(out["notes"])
    assert os.path.exists(out["report"])


def test_a_recording_is_imported_and_comes_back(tmp_path):
    import tertium as tt

    made = tt.data.make_responses(np.arange(24.0).reshape(4, 3, 2), dt=0.1, trial={"stimulus": list("abab")})
    tt.data.save(made, tmp_path / "mine.npz")
    done = tertium("data", "import", str(tmp_path / "mine.npz"), "--json")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["sizes"] == {"trial": 4, "time": 3, "unit": 2}
    assert tt.data.load(out["saved"]).identical(made)


def test_a_broken_recording_is_named_in_one_line(tmp_path):
    (tmp_path / "broken.nwb").write_bytes(b"this is no NWB file")
    done = tertium("data", "import", str(tmp_path / "broken.nwb"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "broken.nwb" in done.stderr
