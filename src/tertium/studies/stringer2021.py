"""SEN11: an angle read from a population by linear, Bayesian and network decoders, and how near the bound they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.compare import SmallNetwork
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.methods.stringer import (
    against_bound,
    binned_compass,
    by_cells,
    compass,
    estimated_information,
    measured_tuning,
    reaching,
)

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Array = NDArray[np.float64]


class Stringer2021(Study):
    """A network reads the head's direction better than a linear decoder, and a population's bound is within reach.

    Stringer et al. (2021) decoded the orientation of gratings from some 20,000 neurons of mouse V1; Neuromatch Academy
    teaches networks as decoders with an excerpt of it. That file is not at hand: nothing here is claimed about mouse
    V1. Where it is, `tertium.data.own_files.gratings.read_gratings` reads it and `tertium.compare.decode` decodes it.

    Recorded instead: 19 head-direction cells of a mouse (Peyrache et al. 2015), 200 ms bins, the angle read in five
    blocks of time with 5 s between what is fitted and what is tested; and motor cortex of a reaching macaque (Dyer et
    al. 2017), the hand's velocity from the counts of three bins. A few bins of the compass span gaps of the recording
    (up to 2.5 s); they are kept, as in the reference.

    Simulated: independent Poisson populations whose tuning curves are those of the recorded cells (four harmonics of
    the angle in the logarithm of the rate), turned at random, against the closed form of their Cramér-Rao bound.
    Networks have square roots of counts there. Units added are nested: the larger population holds the smaller.

    Both decoders are held to the bound at 64 and at 256 units; only the Bayesian one knows that counts are Poisson.

    Ours: the jitter of the control, the claim on estimated information, and that the halving is asked from the
    smallest to the next size at which errors are small beside the tuning's width (64 and 256 units).
    """

    row, kind = "SEN11", "real"
    cite = (
        Reference(
            "Stringer2021",
            "Stringer, C., Michaelos, M., Tsyboulski, D., Lindo, S. E. & Pachitariu, M.",
            2021,
            "High-precision coding in visual cortex",
            "Cell 184:2767-2778",
            "10.1016/j.cell.2021.03.042",
        ),
        Reference(
            "Peyrache2015",
            "Peyrache, A., Lacroix, M. M., Petersen, P. C. & Buzsáki, G.",
            2015,
            "Internally organized mechanisms of the head direction sense",
            "Nature Neuroscience 18:569-575",
            "10.1038/nn.3968",
        ),
        Reference(
            "Dyer2017",
            "Dyer, E. L. et al.",
            2017,
            "A cryptography-based approach for movement decoding",
            "Nature Biomedical Engineering 1:967-976",
            "10.1038/s41551-017-0169-7",
        ),
        Reference(
            "Kanitscheider2015",
            "Kanitscheider, I., Coen-Cagli, R., Kohn, A. & Pouget, A.",
            2015,
            "Measuring Fisher information accurately in correlated neural populations",
            "PLoS Computational Biology 11:e1004218",
            "10.1371/journal.pcbi.1004218",
        ),
    )
    test_seeds = (10, 11, 12, 13)
    needs = ("peyrache_hd", "dad_m1")
    smoke = {"share": 0.2, "trials": 600, "hidden": 8, "steps": 40, "sizes": (16, 64), "cells": (5, 19)}

    class Config(StudyConfig):
        """Sizes of the networks and of the simulated populations."""

        share: float = Field(1.0, gt=0.05, le=1.0, description="first share of the recorded compass that is used")
        hidden: int = Field(64, ge=1, description="rectified units of the networks")
        weight_decay: float = Field(3.0, ge=0, description="weight decay of the networks (AdamW)")
        patience: int = Field(40, ge=1, description="steps without a better held-out loss before training stops")
        steps: int = Field(800, ge=1, description="most steps of training")
        sizes: tuple[int, ...] = Field((16, 64, 256), description="units of the simulated populations, times four each")
        trials: int = Field(16_000, ge=100, description="simulated trials, half of them fitted in turn")
        jitter: float = Field(3.0, gt=0, description="common error of the jittered control (degrees)")
        information_trials: int = Field(4000, ge=100, description="trials at each of two angles for the information")
        few_trials: int = Field(60, ge=40, description="trials at each angle for the naive estimate of the control")
        cells: tuple[int, ...] = Field((2, 4, 8, 12, 16, 19), description="recorded cells that are decoded together")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; errors in degrees."""

        compass: dict[str, Any]  # see methods.stringer.compass
        cells: dict[str, Array]  # "recorded", "twins" -> median error at each number of cells
        bound: dict[str, Array]  # decoder or "bound" -> root mean squared error at each size
        information: dict[str, Array]  # estimate over closed form at twelve angles
        reaching: dict[str, Any]  # see methods.stringer.reaching
        sizes: list[int]
        cell_counts: list[int]

    def run(self, config: Config, lab: Lab) -> Results:
        """Decode the recorded compass, its simulated relatives, and the hand."""
        lab.note("The mouse V1 gratings of Stringer et al. (2021) are not at hand; nothing is claimed about them.")
        counts, angle = binned_compass(lab.data("peyrache_hd"), config.share)
        network = SmallNetwork(
            (config.hidden,), weight_decay=config.weight_decay, patience=config.patience, steps=config.steps
        )
        seeds, tuning = lab.seeds, measured_tuning(counts, angle)
        return self.Results(
            compass=lab.stage("compass", lambda: compass(counts, angle, network, seeds.child("compass"))),
            cells=lab.stage("cells", lambda: by_cells(counts, angle, tuning, config.cells, seeds.child("cells"))),
            bound=lab.stage("bound", lambda: against_bound(tuning, config, network, seeds.child("bound"))),
            information=estimated_information(
                tuning, 64, config.information_trials, config.few_trials, seeds.child("information")
            ),
            reaching=lab.stage("reaching", lambda: reaching(lab.data("dad_m1"), network, seeds.child("reaching"))),
            sizes=list(config.sizes),
            cell_counts=list(config.cells),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the claims on the recordings, then those on the simulated populations."""
        yield from self._recorded(results)
        yield from self._simulated(results)

    @staticmethod
    def _recorded(results: Results) -> Iterator[Claim]:
        found, hand = results.compass, results.reaching
        yield Claim(
            "compass_reference",
            "A Bayesian decoder of tuning measured in the first half reads the head's direction in the second.",
            found["reference"],
            between(15.2, 15.8),
            "reference of the data set, 15.5 degrees; tolerance ours",
            Control("tuning curves exchanged between cells", found["reference, wrong tuning"]),
            unit="degrees, median error",
        )
        low, high = found["reduction interval"]
        yield Claim(
            "network_over_linear",
            "A network with rectified units reads the head's direction with a smaller error than a linear decoder.",
            found["reduction"],
            at_least(0.1),
            "canon row SEN11; interval of the bootstrap over stretches of time",
            Control("responses made linear in cosine and sine, same noise", found["reduction, linear code"]),
            interval=(float(low), float(high)),
            unit="of the linear decoder's median error",
        )
        low, high = found["above Bayes interval"]
        yield Claim(
            "network_near_bayes",
            "The network's error exceeds that of a Bayesian decoder by no more than 2 degrees.",
            found["above Bayes"],
            at_most(2.0),
            "canon row SEN11; interval of the bootstrap over stretches of time",
            Control("angles moved in time", found["above Bayes, moved"]),
            interval=(float(low), float(high)),
            unit="degrees",
        )
        least = min(float(hand["linear"].min()), float(hand["encode"].min()))
        yield Claim(
            "reach_velocity",
            "Ridge regression on three bins of motor cortex gives both axes of the hand's velocity (lowest of four).",
            least,
            between(0.52, 0.79),
            "reference of the data set: cross-validated R2 of 0.52 to 0.79",
            Control("velocities moved in time", float(hand["moved"].max())),
            unit="R2, blocks of time",
        )

    @staticmethod
    def _simulated(results: Results) -> Iterator[Claim]:
        bound, error = results.bound["bound"], results.bound
        for name in ("Bayes", "network"):
            who = "A Bayesian decoder" if name == "Bayes" else "A network"
            yield Claim(
                f"bound_{name.lower()}",
                f"{who} of a Poisson population comes within 1.3 times its Cramér-Rao bound (the worse of two sizes).",
                float((error[name] / bound)[1:].max()),
                at_most(1.3),
                "canon row SEN11; bound in closed form",
                Control("a quarter of the units, the bound of all", float(error[name][-2] / bound[-1])),
                kind="simulation",
                unit="RMSE / bound",
            )
        yield Claim(
            "halves",
            "Four times as many units halve the error of the Bayesian decoder.",
            float(error["Bayes"][-1] / error["Bayes"][-2]),
            between(0.4, 0.6),
            "canon row SEN11: within 20 %",
            Control(
                "all units err alike from trial to trial, by 3 degrees",
                float(error["Bayes, jittered"][-1] / error["Bayes, jittered"][-2]),
            ),
            kind="simulation",
            unit="RMSE ratio",
        )
        information = results.information
        yield Claim(
            "information",
            "The Fisher information estimated from trials is that of the closed form (mean of twelve angles).",
            float(information["estimate"].mean()),
            between(0.9, 1.1),
            "closed form; tolerance ours",
            Control("naive estimate from few trials", float(information["naive"].mean())),
            kind="simulation",
            unit="estimate / closed form",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw errors of the decoders, errors against units with the bound, and the hand's velocity."""
        from tertium.studies.pictures.stringer import pictures

        yield from pictures(results)
