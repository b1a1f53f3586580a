"""What the README shows runs as it stands."""

import re
import shlex
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.mark.slow
def test_the_python_example_runs(needs_data, capsys):
    needs_data("kriegeskorte92", "squeezenet11")
    (first, *_) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    exec(compile(first, "README.md", "exec"), {})
    assert "0.434" in capsys.readouterr().out  # the published .43 of fire8 with monkey IT


def test_every_verb_it_names_exists():
    from tertium.cli.app import app

    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    named = {
        shlex.split(line.split("#")[0])[1]
        for line in README.read_text(encoding="utf-8").splitlines()
        if line.startswith("tertium ")
    }
    assert named <= known
    assert known <= named | {"rules", "models", "report", "cite", "doctor"}


def test_every_file_it_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_its_table_says_what_the_kept_results_say():
    from tertium.run.records import kept_results

    said = re.findall(r"^\| (\w+) \| `(\w+)`.*?\| (\d+) of (\d+) \|", README.read_text(encoding="utf-8"), re.M)
    kept = [
        (r["row"], name, str(sum(c["held"] for c in r["claims"])), str(len(r["claims"])))
        for name, r in kept_results().items()
    ]
    assert sorted(said) == sorted(kept)
