"""Tables on a terminal: 80 columns, plain text in a pipe, ASCII where nothing else is known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tertium.report import claims_table, studies_table

ROWS = [
    {"study": "mcculloch1943", "row": "FND01", "priority": 1, "system": "McCulloch-Pitts threshold neuron",
     "state": "held", "claims": 3, "held": 3, "kind": "simulation", "seconds": 1.2},
    {"study": "", "row": "FND05", "priority": 2, "system": "A system that nobody has built yet, with a long name",
     "state": "absent", "claims": 0, "held": 0, "kind": "", "seconds": None},
    {"study": "khaligh2014", "row": "SEN04", "priority": 1, "system": "Primate IT and deep networks",
     "state": "partly", "claims": [{}, {}], "held": 1, "kind": "real", "seconds": 412.0},
    {"study": "observation_models", "row": "SEN18", "priority": 1, "system": "Observation models [x]",
     "state": "not held", "claims": 5, "held": 0, "kind": "simulation", "seconds": 59.7},
]  # fmt: skip


def printed(table, *, terminal: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=terminal, color_system="standard" if terminal else None).print(table)
    return out.getvalue()


@pytest.mark.parametrize("unicode", [True, False])
def test_claims_fit_and_are_plain_in_a_pipe(verdicts, unicode):
    text = printed(claims_table(verdicts, unicode=unicode))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert text.isascii() is not unicode
    sign = ("✓", "✗", "≥") if unicode else ("+", "x", ">=")
    assert text.count(f"{sign[0]} held") == 3
    assert text.count(f"{sign[1]} not held") == 2
    for part in (f"{sign[2]} 0.25", "[0.45, 0.53]", "0.06 failed", "p < 0.001", "human_it", "seed", "<b>sessions</b>"):
        assert part in text, part
    assert "0.62 did not" in text  # a control that did not fail is said to have not


def test_claims_have_colours_on_a_terminal(verdicts):
    text = printed(claims_table(verdicts, unicode=True), terminal=True)
    assert "\x1b[32m✓ held" in text
    assert "\x1b[31m✗ not held" in text


@pytest.mark.parametrize("unicode", [True, False])
def test_studies_fit_under_their_groups(unicode):
    text = printed(studies_table(ROWS, unicode=unicode))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert text.isascii() is not unicode
    for part in ("3/3", "1/2", "0/5", "7 min", "1 min", "1.2 s", "observation_models", "[x]"):
        assert part in text, part
    for state in ("held", "absent", "partly", "not held"):
        assert f" {state}" in text
    gap = next(i for i, line in enumerate(lines) if "SEN04" in line)
    assert lines[gap - 1].strip() == ""  # groups stand apart


def test_encoding_of_standard_output_decides(verdicts, monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert printed(claims_table(verdicts)).isascii()
