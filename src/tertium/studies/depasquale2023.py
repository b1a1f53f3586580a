"""SNN11: spiking units do a task of rate units because they make the same factors, each in its own irregular way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.depasquale_networks import Teacher, judged, scrambled, turned
from tertium.studies.methods.depasquale_spikes import repeated, steady, varied
from tertium.studies.pictures import depasquale2023 as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class DePasquale2023(Study):
    """Factors, not single units, carry a computation over to spiking networks (DePasquale et al. 2023).

    A network of 100 rate units learns context-dependent decisions by back-propagation. Its factors, the principal
    components of its rates, are what 400 leaky integrate-and-fire units are to make of their filtered spikes, by
    recursive least squares while they run and hear what they make. A unit receives a random mixture of what the rate
    units receive: the factors through fixed weights, the task's inputs, fast inhibition from all, and random synapses,
    slow and fast. Time constants (10, 100 and 5 ms), inhibition (-0.3), gain (3), updates every second step on average
    and the mean current that is taken off are those of the authors' demonstration. The answer is read by the rate
    network's own read-out from the factors that the spiking units make; the authors learn one.

    Departures: 400 units in place of 800, and random synapses of half the authors' strength (0.055 and 0.065): with
    theirs (0.11 and 0.13) 400 units made 0.86 of the factors' variance in a probe (seed 0), with half 0.96. The rate
    units have a time constant of 100 ms; the authors' network is a map of 10 ms steps whose factors follow the white
    noise of its input, of which 400 spiking units made 0.78. 99 % of the power of the rates rather than 95 %, with
    which the rate network's own read-out is already wrong more often. 100 trials teach; the authors take 300. The task
    is tertium's `context_decision` with a fixed delay and not the integral of the paper; a wrong answer is one on the
    wrong side.

    Trials begin with voltages drawn at random. Irregularity is measured over repetitions of one stimulus with its very
    noise, so that all of it is the network's own. The CV of intervals rises where rates change within a trial, by
    itself already above 0.6 in units without random synapses (pilots); hence the CV claim has units with constant
    factors as its control, and CV2, which compares neighbouring intervals only, makes the stricter claim beside it
    (ours). The other thresholds are the canon's.
    """

    row, kind = "SNN11", "simulation"
    cite = (
        Reference(
            "DePasquale2023",
            "DePasquale, B., Sussillo, D., Abbott, L. F. & Churchland, M. M.",
            2023,
            "The centrality of population-level factors to network computation is demonstrated by a versatile approach "
            "for training spiking networks",
            "Neuron 111:631-649",
            "10.1016/j.neuron.2022.12.007",
        ),
    )
    smoke = {
        "units": 60, "rates": 16, "steps": 5, "taught": 4, "tested": 8, "stimuli": 1, "repeats": 12, "delay": 0.1,
    }  # fmt: skip
    test_seeds = (10, 11, 12)

    class Config(StudyConfig):
        """Both networks and their task."""

        rates: int = Field(100, ge=2, description="rate units")
        dt: float = Field(0.02, gt=0, description="time step of the rate units, seconds")
        tau: float = Field(0.1, gt=0, description="time constant of the rate units, seconds")
        delay: float = Field(0.2, gt=0, description="between stimulus and decision, seconds")
        steps: int = Field(1000, ge=1, description="of the training of the rate units")
        batch: int = Field(64, ge=1, description="trials a step")
        learning_rate: float = Field(2e-3, gt=0, description="of Adam")
        variance: float = Field(0.99, gt=0, lt=1, description="share of the power of the rates that factors have")
        units: int = Field(400, ge=4, description="spiking units")
        gain: float = Field(3.0, gt=0, description="of the mixtures of rate units that spiking units stand for")
        slow: float = Field(0.055, gt=0, description="strength of slow random synapses")
        fast: float = Field(0.065, gt=0, description="strength of fast random synapses")
        taught: int = Field(100, ge=1, description="trials by which spiking units learn")
        tested: int = Field(400, ge=1, description="trials on which both networks are tested")
        stimuli: int = Field(4, ge=1, description="trials that are repeated")
        repeats: int = Field(50, ge=10, description="repetitions of each")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        learning: Floats  # (trial,), error of the factors while learning
        wrong: float  # of the rate network, share of answers
        tests: dict[str, dict[str, Any]]  # "spiking", "scrambled", "turned" -> explained, wrong, made, wanted
        spikes: dict[str, dict[str, Any]]  # "spiking", "plain", "varied" -> rate, cv, ... (stimulus,), raster
        steady: float  # CV of units that hear constant factors

    def run(self, config: Config, lab: Lab) -> Results:
        """Train the rate units, teach the spiking ones, test both, and look at the spikes."""
        teacher = Teacher(config, lab)
        batch = teacher.trials(config.tested, "tested")
        network, learning = teacher.teach(random=True)
        plain, _ = teacher.teach(random=False)

        def tests() -> dict[str, dict[str, Any]]:
            other, basis = turned(network, lab.seeds)
            return {
                "spiking": judged(teacher, network, batch),
                "scrambled": judged(teacher, scrambled(network, lab.seeds), batch),
                "turned": judged(teacher, other, batch, basis),
            }

        def spikes() -> dict[str, dict[str, Any]]:
            return {
                "spiking": repeated(teacher, network, config.stimuli, config.repeats),
                "plain": repeated(teacher, plain, config.stimuli, config.repeats),
                "varied": varied(teacher, network, config.repeats),
            }

        return self.Results(
            learning=learning,
            wrong=1 - float(batch.correct(teacher.run(batch)[0]).mean()),
            tests=lab.stage("tests", tests),
            spikes=lab.stage("spikes", spikes),
            steady=steady(teacher, plain, config.repeats),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield that factors and task carry over, that the basis matters, and that spikes stay irregular."""
        tests = results.tests
        ratios = {name: one["wrong"] / results.wrong if results.wrong else np.nan for name, one in tests.items()}
        yield Claim(
            "factors",
            "Spiking units make nine tenths or more of the variance of the rate network's factors, together.",
            float(tests["spiking"]["explained"]),
            at_least(0.9),
            "canon SNN11",
            Control("units that hear the factors in another basis", float(tests["scrambled"]["explained"])),
            judge="each",
            unit="R2 over trials and times",
        )
        yield Claim(
            "task",
            "Spiking units answer wrongly at most 1.5 times as often as the rate network.",
            float(ratios["spiking"]),
            at_most(1.5),
            "canon SNN11",
            Control("units that hear the factors in another basis", float(ratios["scrambled"])),
            unit="wrong answers over the rate network's",
        )
        yield Claim(
            "scrambled",
            "Units that hear the factors in another basis than they make them in are wrong three times as often as the "
            "rate network or more.",
            float(ratios["scrambled"]),
            at_least(3),
            "canon SNN11",
            Control("factors made and heard in another basis", float(ratios["turned"])),
            unit="wrong answers over the rate network's",
        )
        yield from self._irregular(results)

    def _irregular(self, results: Results) -> Iterator[Claim]:
        """Yield what spikes are like over repetitions of a stimulus."""
        own, plain, varied_stimuli = (
            {name: float(np.mean(value)) for name, value in results.spikes[kind].items() if name != "raster"}
            for kind in ("spiking", "plain", "varied")
        )
        yield Claim(
            "cv",
            "Intervals between the spikes of a unit are irregular: their CV is 0.6 or more.",
            own["cv"],
            at_least(0.6),
            "canon SNN11",
            Control("constant factors, no random synapses", results.steady),
            judge="each",
            unit="CV, mean over units",
        )
        yield Claim(
            "cv2",
            "Neighbouring intervals are irregular too: their CV2 is 0.6 or more.",
            own["cv2"],
            at_least(0.6),
            "ours; the canon's threshold of the CV",
            Control("units that learned the factors without random synapses", plain["cv2"]),
            unit="CV2, mean over units",
        )
        yield Claim(
            "fano",
            "Spike counts vary over repetitions of one stimulus: their Fano factor is 0.5 or more.",
            own["fano"],
            at_least(0.5),
            "canon SNN11",
            Control("units that learned the factors without random synapses", plain["fano"]),
            unit="Fano factor in 250 ms, mean over units",
        )
        yield Claim(
            "correlation",
            "Spike counts of 95 % of pairs of units vary over repetitions of one stimulus with a correlation of at "
            "most 0.3, whatever its sign.",
            own["correlation"],
            at_most(0.3),
            "canon SNN11; of pairs and not of their mean, ours",
            Control("repetitions with different stimuli, which units share", varied_stimuli["correlation"]),
            judge="each",
            unit="|correlation| in 250 ms that 95 % of pairs do not pass",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw factors, errors, spikes and their irregularity."""
        yield from draw.pictures(results)
