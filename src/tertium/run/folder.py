"""A run folder, ``runs/<study>/<hash>/``: what was asked, where, what was measured, what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tertium.errors import BadInput, MissingData
from tertium.run.tree import read_json, write_json


def runs_folder() -> Path:
    """Return the folder that holds all runs: the environment variable ``TERTIUM_RUNS``, or ``runs`` here."""
    return Path(os.environ.get("TERTIUM_RUNS") or "runs")


@dataclass(frozen=True)
class RunFolder:
    """The files of one run; every file is written under a temporary name and renamed.

    Attributes
    ----------
    path : Path
        The folder. ``config.json`` says what was asked, ``env.json`` where it ran, ``metrics.jsonl`` how it went,
        ``claims.json`` what came of it; ``seed-N/`` holds that seed's stages, checkpoints and results.
    """

    path: Path

    @property
    def config(self) -> Path:
        """What was asked: study, size, seeds, configuration, hash of the study's source."""
        return self.path / "config.json"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "env.json"

    @property
    def metrics(self) -> Path:
        """One JSON object a line, as the run went."""
        return self.path / "metrics.jsonl"

    @property
    def claims(self) -> Path:
        """The verdicts; this file is written last, so a run that has it is finished."""
        return self.path / "claims.json"

    @property
    def responses(self) -> Path:
        """The recorded responses, if the study keeps them."""
        return self.path / "responses.zarr"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"

    @property
    def lock(self) -> Path:
        """Held by the process that runs here."""
        return self.path / ".lock"

    def seed(self, seed: int) -> Path:
        """Return the folder of one seed."""
        return self.path / f"seed-{seed}"

    def open(self, asked: dict[str, Any]) -> None:
        """Make the folder and write what was asked."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.config, asked)
        except OSError as problem:
            raise BadInput(
                f"run folder {self.path}",
                got=str(problem.strerror or problem),
                expected="a folder that can be written",
                repair="Set TERTIUM_RUNS to a folder of yours.",
            ) from None

    def asked(self) -> dict[str, Any]:
        """Return what was asked.

        Raises
        ------
        MissingData
            If this is no run folder.
        """
        if not self.config.exists():
            raise MissingData(
                f"run {self.path}",
                got="no config.json there",
                expected="a folder made by tertium run",
                repair="Give runs/<study>/<hash>, or a study's name for its latest run.",
            )
        return dict(read_json(self.config))


def find_run(name: str) -> RunFolder:
    """Return the run folder meant by a path, or by a study's name (its latest run).

    Raises
    ------
    MissingData
        If there is none.
    """
    path = Path(name)
    if (path / "config.json").exists():
        return RunFolder(path)
    if path.is_file() and (path.parent / "config.json").exists():
        return RunFolder(path.parent)
    found = sorted((runs_folder() / name).glob("*/config.json"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise MissingData(
            f"run '{name}'",
            got=f"no such folder, and none in {runs_folder() / name}",
            expected="a run folder, or a study that has been run here",
            repair=f"Run it first: tertium run {name}",
        )
    return RunFolder(found[-1].parent)
