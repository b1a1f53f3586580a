"""What all tests share: where the data are, and folders that belong to one test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def needs_data():
    """Return a function that skips the test, with the reason, unless a data set is at hand without a download."""

    def need(*names: str) -> None:
        folder = os.environ.get("TERTIUM_DATA")
        for name in names:
            if not folder or not (Path(folder) / name).is_dir():
                pytest.skip(f"data set '{name}' is not at hand: set TERTIUM_DATA to the folder that holds it")

    return need


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Send all runs of a test to a folder of its own."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("TERTIUM_RUNS", str(folder))
    return folder
