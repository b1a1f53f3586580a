"""DYN12: patterns as attractors of a binary network: energy, recall from noisy cues, and how many patterns it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.methods.hopfield import (
    CAPACITY,
    flipped,
    hebbian,
    knee,
    naive,
    one_way,
    overlaps,
    random_patterns,
    recall,
    retrieval,
    theory,
)
from tertium.studies.pictures import hopfield as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON = "canon DYN12"
#: An overlap from which on a pattern counts as recalled.
RECALLED = 0.9
#: Loads of which the canon speaks, and one near the capacity, where theories differ.
LOW, HIGH, NEAR = 0.08, 0.20, 0.13


class Hopfield1982(Study):
    """Hebbian couplings make patterns into attractors of a falling energy, up to 0.14 patterns a unit (Hopfield 1982)."""  # noqa: E501

    row, kind = "DYN12", "simulation"
    cite = (
        Reference(
            "Hopfield1982",
            "Hopfield, J. J.",
            1982,
            "Neural networks and physical systems with emergent collective computational abilities",
            "Proceedings of the National Academy of Sciences 79:2554-2558",
            "10.1073/pnas.79.8.2554",
        ),
        Reference(
            "Amit1985",
            "Amit, D. J., Gutfreund, H. & Sompolinsky, H.",
            1985,
            "Storing infinite numbers of patterns in a spin-glass model of neural networks",
            "Physical Review Letters 55:1530-1533",
            "10.1103/PhysRevLett.55.1530",
        ),
    )
    smoke = {"units": 100, "sizes": (50, 100), "cues": 8, "networks": 1, "near_networks": 1}

    class Config(StudyConfig):
        """Networks, loads and cues."""

        units: int = Field(400, ge=20, description="units of the networks that the claims are about")
        sizes: tuple[int, ...] = Field((100, 200, 400), description="sizes whose curves are drawn, units among them")
        loads: tuple[float, ...] = Field(
            (0.04, 0.06, LOW, 0.10, 0.11, 0.12, NEAR, 0.14, 0.15, 0.16, 0.17, 0.18, HIGH, 0.22, 0.24),
            description="patterns a unit",
        )
        flips: float = Field(0.1, gt=0, lt=0.5, description="share of a cue's units that are turned over")
        cues: int = Field(32, ge=1, description="patterns of each network that are recalled, at most")
        networks: int = Field(5, ge=1, description="networks for each load, each with its own patterns")
        near_networks: int = Field(8, ge=1, description="networks just below the capacity, compared with theory")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        units: int
        loads: Floats
        overlap: dict[str, Floats]  # size -> (load,) mean final overlap
        recalled: dict[str, Floats]  # size -> (load,) share of cues with an overlap of 0.9 and more
        cut: Floats  # (load,) mean final overlap with half of the couplings cut
        unstored: float  # mean final overlap with a pattern that was never stored, at the low load
        near: float  # mean overlap of recalled patterns just below the capacity
        near_share: float  # how many of them were recalled
        rise: float  # largest change of energy in any update
        rise_one_way: float  # the same with couplings that are not symmetric
        energies: Floats  # (sweep, run) a unit
        energies_one_way: Floats

    def run(self, config: Config, lab: Lab) -> Results:
        """Watch the energy, then recall from noisy cues at one load after another."""
        seeds, n = lab.seeds, config.units

        def curve(size: int, *, cut: bool = False) -> dict[str, Floats]:
            found = [
                retrieval(size, load, config.flips, config.cues, config.networks, seeds, cut=cut)
                for load in config.loads
            ]
            return {
                "overlap": np.array([one.mean() for one in found]),
                "recalled": np.array([(one >= RECALLED).mean() for one in found]),
            }

        sizes = sorted({n, *config.sizes})
        curves = {str(size): lab.stage(f"curve-{size}", partial(curve, size)) for size in sizes}
        near = retrieval(n, NEAR, config.flips, 2 * config.cues, config.near_networks, seeds.child("near"))
        return self.Results(
            units=n,
            loads=np.array(config.loads),
            overlap={name: one["overlap"] for name, one in curves.items()},
            recalled={name: one["recalled"] for name, one in curves.items()},
            cut=lab.stage("cut", lambda: curve(n, cut=True))["overlap"],
            unstored=unstored(config, lab),
            near=float(near[near >= RECALLED].mean()) if (near >= RECALLED).any() else float("nan"),
            near_share=float((near >= RECALLED).mean()),
            **lab.stage("energy", lambda: watch_energy(config, lab)),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the falling energy, recall below and above the capacity, the knee, and mean-field theory."""
        curve = results.overlap[str(results.units)]
        low, high = (float(curve[np.isclose(results.loads, load)][0]) for load in (LOW, HIGH))
        yield Claim(
            "energy",
            "No update of any unit raises the energy.",
            results.rise,
            at_most(1e-9),
            f"{CANON}; Hopfield 1982: it cannot, with symmetric couplings; tolerance for rounding",
            Control("half of the couplings cut in one direction each", results.rise_one_way),
            judge="each",
            unit="largest change of energy",
        )
        yield Claim(
            "recall",
            f"With {LOW} patterns a unit and a tenth of the cue wrong, the final overlap is at least 0.97.",
            low,
            at_least(0.97),
            CANON,
            Control("patterns that were never stored", results.unstored),
            unit="overlap",
        )
        yield Claim(
            "overload",
            f"With {HIGH} patterns a unit, the final overlap is at most 0.6.",
            high,
            at_most(0.6),
            CANON,
            Control(f"the same with {LOW} patterns a unit", low),
            unit="overlap",
        )
        yield Claim(
            "knee",
            f"The knee of overlap against load lies between 0.12 and 0.16; the capacity of theory is {CAPACITY}.",
            knee(results.loads, curve),
            between(0.12, 0.16),
            f"{CANON}; the knee is the point farthest above the line between the ends of the curve",
            Control("half of the couplings cut", knee(results.loads, results.cut)),
            unit="patterns a unit",
        )
        yield Claim(
            "theory",
            f"With {NEAR} patterns a unit, recalled patterns have the overlap of mean-field theory to within 0.004.",
            abs(results.near - theory(NEAR)),
            at_most(0.004),
            "Amit, Gutfreund & Sompolinsky 1985, eq. 10-12; tolerance ours, from the pilot seeds",
            Control("predicted from one update under independent noise", abs(results.near - naive(NEAR))),
            unit="difference of overlap",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw overlap against load, and energy against sweeps."""
        n, first = len(results), results[0]
        yield Picture(
            "capacity",
            draw.capacity(results),
            f"Final overlap of recall from cues with a tenth of the units wrong; mean of {n} seeds, bars 95 % "
            "intervals over seeds. Black line: retrieval states of mean-field theory, which end at the capacity.",
        )
        yield Picture(
            "recalled",
            draw.recalled(results),
            f"Share of cues that end with an overlap of at least {RECALLED}; mean of {n} seeds, bars 95 % intervals. "
            "Larger networks fail more sharply and nearer to the capacity.",
        )
        yield Picture(
            "energy",
            draw.energy(first),
            "Energy a unit after each sweep over all units, eight runs of the first seed, with symmetric couplings and "
            "with half of them cut in one direction each.",
        )


def unstored(config: Hopfield1982.Config, lab: Lab) -> float:
    """Return the mean overlap with new patterns that the network was cued with, at the low load."""
    rng = lab.seeds.numpy("unstored")
    weights = hebbian(random_patterns(round(LOW * config.units), config.units, rng))
    new = random_patterns(config.cues, config.units, rng)
    return float(overlaps(recall(weights, flipped(new, config.flips, rng), rng).states, new).mean())


def watch_energy(config: Hopfield1982.Config, lab: Lab) -> dict[str, Any]:
    """Run from random states, with symmetric couplings and with half of the directions cut."""
    found: dict[str, Any] = {}
    rng = lab.seeds.numpy("energy")
    patterns = random_patterns(round(LOW * config.units), config.units, rng)
    weights, cues = hebbian(patterns), random_patterns(config.cues, config.units, rng)
    for name, couplings in (("", weights), ("_one_way", one_way(weights, rng))):
        # without an energy that falls, a run may never end
        run = recall(couplings, cues, rng, most=20)
        found |= {
            f"rise{name}": float(run.changes.max()),
            f"energies{name}": run.energies[:, :8] / config.units,
        }
    return found
