"""SNN06: units with liquid time constants learn long sequences online, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.yin_adding import BASELINE, FIXED, FIXED_ADAPTING, LIQUID, Units, learned
from tertium.studies.methods.yin_memory import memory_of
from tertium.studies.pictures import yin2023 as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Networks: their units and how they learn. All see the same sequences, from weights of the same draws.
NETWORKS: dict[str, tuple[Units, str]] = {
    "liquid, FPTT": (LIQUID, "fptt"),
    "liquid, no regulariser": (LIQUID, "no regulariser"),
    "liquid, truncated BPTT": (LIQUID, "tbptt"),
    "LIF, FPTT": (FIXED, "fptt"),
    "ALIF, BPTT": (FIXED_ADAPTING, "bptt"),
}


class Yin2023(Study):
    """Liquid time constants and FPTT learn to add two numbers across 400 steps, online (Yin et al. 2023).

    Numbers and a marker arrive for 400 steps; the sum of the two marked numbers is asked for. FPTT cuts a sequence into
    ten stretches and changes the weights after each: errors go back through one stretch only, the sum is asked for at
    the end of each stretch with a weight that grows, and weights are bound to their running mean. Time constants are
    liquid: gates that look at input and state say how fast voltage and threshold change.

    From the published code: ten stretches, the losses on the way, beta 0.5, Adam, gradients clipped at 1, a threshold
    of 0.1 and an adaptation of 1.8 (other scripts of it have 0.5 and none), the read-out of voltages after their reset.
    Its alpha is 0.5 in the call that is given for this task and 0.1 in the script; we take 0.1, as the other stayed at
    0.02 in pilots (with other starting gates). Ours: 32 units for 128, 32 sequences a step for 128, a learning rate of
    0.005 that falls as a cosine for 0.003, gates that start slow (400 steps), input weights of size 3. With first
    weights as in the published code nothing was learned in the steps that we can afford.

    LIF and ALIF units are the same cell whose gates do not look; the time constant of each unit is learned. BPTT and
    truncated BPTT, whose errors go back through 40 steps too, ask at the end alone. "No regulariser" takes all steps,
    losses and stretches of FPTT, and leaves out the running mean: it is truncated BPTT online.

    Pilots (seeds 0 to 2, 360 batches): FPTT 0.013, 0.009, 0.016; seed 0 without the regulariser 0.012, LIF units 0.167,
    ALIF units by BPTT 0.167, and truncated BPTT 0.001. So what the paper and the canon expect of truncated BPTT, that
    it leaves more error, does not hold here: what opens a gate for a marked number in the last 40 steps does so in any,
    and sums that cannot be known yet are asked for on the way by FPTT alone. It is the units that make the difference.
    Both claims stand as the canon asks for them. Trained units are silent in most steps; what is remembered is in their
    voltages.
    """

    row, kind = "SNN06", "simulation"
    cite = (
        Reference(
            "Yin2023",
            "Yin, B., Corradi, F. & Bohte, S. M.",
            2023,
            "Accurate online training of dynamical spiking neural networks through Forward Propagation Through Time",
            "Nature Machine Intelligence 5:518-527",
            "10.1038/s42256-023-00650-4",
        ),
        Reference(
            "Kag2021",
            "Kag, A. & Saligrama, V.",
            2021,
            "Training recurrent neural networks via Forward Propagation Through Time",
            "International Conference on Machine Learning",
        ),
    )
    test_seeds = (10, 11, 12)
    smoke = {
        "length": 20, "stretches": 2, "units": 6, "steps": 4, "batch": 4, "points": 2, "trials": 20,
        "short": 10, "long": 20, "memory_stride": 5, "memory_units": 4, "memory_batch": 0,
    }  # fmt: skip

    class Config(StudyConfig):
        """The task, the networks, their training, the measurement of memory."""

        length: int = Field(400, ge=4, description="numbers of a sequence")
        stretches: int = Field(10, ge=2, description="stretches that FPTT cuts it into")
        units: int = Field(32, ge=1, description="units of each network")
        steps: int = Field(300, ge=1, description="batches that each network learns from")
        batch: int = Field(32, ge=1, description="sequences of a batch")
        learning_rate: float = Field(5e-3, gt=0, description="of Adam at first; falls to 0 as a half cosine")
        clip: float = Field(1.0, gt=0, description="largest norm of a gradient")
        alpha: float = Field(0.1, gt=0, description="how strongly FPTT binds weights to their running mean")
        beta: float = Field(0.5, gt=0, le=1, description="how fast that mean follows")
        tau: float = Field(0.4, gt=0.001, description="time constant with which membranes start, seconds (1 ms a step)")
        gain: float = Field(3.0, gt=0, description="size of the first input weights, in units of the voltage")
        points: int = Field(12, ge=1, description="points of a learning curve")
        trials: int = Field(2000, ge=4, description="new sequences of the test")
        short: int = Field(100, ge=2, description="length of short sequences in the measurement of memory")
        long: int = Field(1000, ge=2, description="length of long ones")
        memory_stride: int = Field(50, ge=1, description="steps of a stretch there, the same for both")
        memory_units: int = Field(64, ge=1, description="units there")
        memory_batch: int = Field(64, ge=0, description="sequences of a batch there; 0 leaves it out")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured, by network."""

        error: dict[str, float]  # mean squared, of the last answer
        rate: dict[str, float]  # share of steps in which a unit spikes
        curves: dict[str, Floats]  # (point,) error while learning
        batches: Floats  # (point,)
        memory: dict[str, Floats]  # rule -> MB, for sequences of these lengths
        lengths: Floats

    def run(self, config: Config, lab: Lab) -> Results:
        """Train each network on the same sequences, and measure memory once for all seeds."""
        found = {}
        for name, (units, rule) in NETWORKS.items():
            plain = name.replace(", ", "-").replace(" ", "_")
            found[name] = lab.stage(plain, partial(learned, units, rule, config, lab, plain))
        memory = lab.stage("memory", lambda: self._memory(config), shared=True)
        every = max(1, config.steps // config.points)
        return self.Results(
            error={name: float(one["error"]) for name, one in found.items()},
            rate={name: float(one["rate"]) for name, one in found.items()},
            curves={name: np.asarray(one["curve"]) for name, one in found.items()},
            batches=every * np.arange(1.0, config.steps // every + 1),
            memory=memory,
            lengths=np.array([config.short, config.long], dtype=np.float64),
        )

    @staticmethod
    def _memory(config: Config) -> dict[str, Floats]:
        sizes = (config.memory_stride, config.memory_units, config.memory_batch)
        return memory_of(("fptt", "bptt"), (config.short, config.long), *sizes)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what is learned, what it takes, and what is kept in memory."""
        error, unit = results.error, "mean squared error"
        liquid, memory = error["liquid, FPTT"], {rule: float(mb[1] / mb[0]) for rule, mb in results.memory.items()}
        yield Claim(
            "learned",
            "Liquid units learn by FPTT to add two numbers across 400 steps.",
            liquid,
            at_most(0.02),
            f"canon SNN06; always answering the mean has {BASELINE:.3f}",
            Control("LIF units by FPTT", error["LIF, FPTT"]),
            unit=unit,
        )
        yield Claim(
            "alif",
            "Adaptive units by BPTT, shown the same sequences, do not.",
            error["ALIF, BPTT"],
            at_least(0.08),
            "canon SNN06",
            Control("liquid units by FPTT", liquid),
            unit=unit,
        )
        yield Claim(
            "lif",
            "Without liquid time constants half or more of what is learned beyond the baseline is lost.",
            lost(error["LIF, FPTT"], liquid),
            at_least(0.5),
            "canon SNN06",
            Control("liquid units, without FPTT's regulariser", lost(error["liquid, no regulariser"], liquid)),
            unit="share of what is learned",
        )
        yield Claim(
            "units",
            "Liquid units learn by each of three rules (largest error), units with fixed time constants by none.",
            max(error[name] for name, (units, _) in NETWORKS.items() if units.liquid),
            at_most(0.02),
            "ours; the canon's threshold of an error",
            Control(
                "units with fixed time constants (smallest error)",
                min(error[name] for name, (units, _) in NETWORKS.items() if not units.liquid),
            ),
            unit=unit,
        )
        late = Control(
            "FPTT, last points of its learning curve", float(results.curves["liquid, FPTT"][-3:].mean()) / liquid
        )
        yield Claim(
            "truncated",
            "Truncated BPTT through as many steps as FPTT's, asked at the end, leaves more error.",
            error["liquid, truncated BPTT"] / liquid,
            at_least(1.25),
            "canon SNN06 (worse); factor ours",
            late,
            unit="ratio of errors",
        )
        yield Claim(
            "regulariser",
            "Truncated BPTT online, with FPTT's losses on the way and without its regulariser, leaves more error.",
            error["liquid, no regulariser"] / liquid,
            at_least(1.25),
            "canon SNN06 (worse); factor ours",
            late,
            unit="ratio of errors",
        )
        yield Claim(
            "memory",
            "The peak of memory does not grow with the sequence: 1,000 steps take at most 1.2 times what 100 take.",
            memory["fptt"],
            at_most(1.2),
            "canon SNN06",
            Control("BPTT", memory["bptt"]),
            judge="each",
            unit="ratio of peaks",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw learning curves, errors and memory."""
        yield from draw.pictures(results)


def lost(error: float, reference: float) -> float:
    """Return the share of what a reference has learned beyond the baseline that a network has not."""
    return (error - reference) / (BASELINE - reference)
