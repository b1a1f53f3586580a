"""A study of a third party, for the tests of the runner: a random walk that can be killed at any step."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tertium.studies.base import Field, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least
from tertium.studies.lab import Lab


@dataclass(frozen=True)
class Walk:
    """Where the walk ended."""

    end: float
    path: np.ndarray
    stage_sum: float


class RandomWalk(Study):
    """A walk of normal steps."""

    row = ""
    cite = (Reference("Test2026", "Test, A.", 2026, "Walks", "Tests 1:1"),)
    kind = "simulation"
    smoke: dict[str, Any] = {"steps": 20}
    pilot_seeds = (0,)
    test_seeds = (10, 11)
    Results = Walk

    class Config(StudyConfig):
        """Length of the walk and where to be killed."""

        steps: int = Field(200, description="steps of the walk")
        threshold: float = Field(-1e9, description="where the claim holds")

    def run(self, config: Config, lab: Lab) -> Walk:
        """Walk; die by SIGKILL at step KILL_AT, or wait there at WAIT_AT, when the environment says so."""
        witness = os.environ.get("WITNESS")
        if witness:
            with Path(witness).open("a") as file:
                file.write(f"start {lab.seed}\n")

        def work() -> dict[str, Any]:
            if witness:
                with Path(witness).open("a") as file:
                    file.write(f"stage {lab.seed}\n")
            return {"draws": lab.seeds.numpy("stage").normal(size=5)}

        kept = lab.stage("draws", work)
        rng = lab.seeds.numpy("walk")
        path: list[float] = [0.0]

        def load(state: Any) -> None:
            path[:] = list(state["path"])
            rng.bit_generator.state = state["rng"]

        save = lambda: {"path": np.array(path), "rng": rng.bit_generator.state}  # noqa: E731
        for step in lab.steps("walk", config.steps, save=save, load=load, every=10):
            if str(step) == os.environ.get("KILL_AT"):
                os.kill(os.getpid(), signal.SIGKILL)
            if str(step) == os.environ.get("WAIT_AT"):
                with Path(witness or os.devnull).open("a") as file:
                    file.write(f"waits {lab.seed} {os.getpid()}\n")
                time.sleep(60)
            path.append(path[-1] + rng.normal())
            if witness:
                with Path(witness).open("a") as file:
                    file.write(f"step {lab.seed} {step}\n")
            lab.log(step=step, position=path[-1])
        lab.note("walked")
        return Walk(end=path[-1], path=np.array(path), stage_sum=float(kept["draws"].sum()))

    def claims(self, results: Walk) -> Iterator[Claim]:
        """Claim that the walk ended above the threshold."""
        yield Claim("end", "The walk ends high.", results.end, at_least(-1e6), "ours", Control("nothing", -1e9))
