"""How well any network of images explains the real data at hand, beside reference models: ``tertium score``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.studies.leaderboard.benchmarks import BENCHMARKS, Benchmark
    from tertium.studies.leaderboard.board import Leaderboard, score
    from tertium.studies.leaderboard.references import REFERENCES

__all__ = ["BENCHMARKS", "REFERENCES", "Benchmark", "Leaderboard", "score"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BENCHMARKS": "benchmarks",
        "Benchmark": "benchmarks",
        "Leaderboard": "board",
        "REFERENCES": "references",
        "score": "board",
    },
)
