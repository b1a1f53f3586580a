"""A third party's study, registered by an entry point, as an installed package would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install the study 'walk' into a folder on the path of this process and of those it starts."""
    place = tmp_path / "plugin"
    info = place / "walks-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: walks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tertium.studies]\nwalk = walk_plugin:RandomWalk\n")
    shutil.copy(Path(__file__).parent / "plugin.py", place / "walk_plugin.py")
    monkeypatch.setenv("PYTHONPATH", str(place))
    return place
