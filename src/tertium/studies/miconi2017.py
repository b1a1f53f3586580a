"""LRN06: a chaotic network learns a task with memory from one number at the end of each trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.miconi_codes import at, mixed_in_time, own_and_others, scores
from tertium.studies.methods.miconi_network import DT, KINDS, Experiment
from tertium.studies.pictures import miconi2017 as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Miconi2017(Study):
    """Hebbian learning, made supralinear and gated by a late reward, teaches a chaotic network (Miconi 2017).

    200 tanh units in the chaotic regime (g = 1.5, tau 30 ms) see a stimulus, wait, see another and say whether they
    differed. Units are pushed at random about 3 times a second; each synapse adds up the cube of its input times the
    fluctuation of its unit; after the last step one number, the mean error of the output in the last 200 ms, less what
    is expected of this kind of trial, turns the sums into changes. Constants are those of the author's code: eta 0.1,
    bound 3e-4, pushes of up to 16 in units of the current, a running error with 0.75 of the old, no change in the first
    101 trials, units 1, 10 and 11 held as biases, unit 0 the output with answers of -0.98 and 0.98. A trial counts as
    right, as there, if its mean error is below 1. That the reward comes at the end only is how the rule is made: it is
    told one number after the last step. What is tested is that this number matters: networks that are told the error of
    the last but one trial of the same kind must not learn.

    The linear rule learns at 0.003, the best of 0.1, 0.01, 0.003, 0.001, 0.0003 and 0.0001 in pilots with seed 0 (right
    in trials 9,001 to 10,000: with 0.003 75 %, 0.001 65 %, 0.0003 54 %; in trials 2,001 to 3,000 with 0.1 54 %, 0.01
    50 %, 0.0001 61 %). It may learn for a while and lose it: with seed 2 and 0.001 90 % of trials 6,001 to 7,000 were
    right and 49 % of the last 1,000. The square, the other supralinear function that the author names, needs a smaller
    rate than the cube too (0.1: 55 % at the end; 0.003: 99.8 % of trials 4,001 to 5,000). Pilots of learning were run
    by a script with the same trials, on seeds 0, 1 and 2.

    The error is asked for in each kind of trial, which is stricter than the canon's median of all trials. Seeds 10 to
    12 were first recorded with that: 0.02, 0.04 and 0.05, but the control's were 1.04, 0.86 and 0.05. Networks that are
    told wrong errors get stuck at answers that are right for two or three of the four kinds, where errors are near 0,
    and 2 elsewhere, so that the median of all says little. After this change the study was tested on new seeds.

    10,000 trials a network rather than 20,000; the canon's bound is 20,000. Float32. Decoders are discriminants and not
    the paper's correlation with mean patterns. They read the first stimulus at any time, also in networks that did not
    learn, and with decoders that do not last: a dynamic code of the sample is a property of chaotic networks and not
    what this one learned. Within the 200 ms of the delay alone, codes hardly turn (others' decoders read 0.95 and 0.99
    in pilots); the claim is about all of the trial. What learning brings is a code of the answer that stays; this claim
    and its threshold are ours. All other thresholds are the canon's.
    """

    row, kind = "LRN06", "simulation"
    cite = (
        Reference(
            "Miconi2017",
            "Miconi, T.",
            2017,
            "Biologically plausible learning in recurrent neural networks reproduces neural dynamics observed during "
            "cognitive tasks",
            "eLife 6:e20899",
            "10.7554/eLife.20899",
        ),
    )
    smoke = {
        "units": 30, "trials": 120, "steps": 200, "shown": 40, "second": 80, "response": 40, "recorded": 40,
        "bin_width": 0.02, "judged": 8,
    }  # fmt: skip
    test_seeds = (13, 14, 15)

    class Config(StudyConfig):
        """The network and its task."""

        units: int = Field(200, ge=12, description="units")
        gain: float = Field(1.5, gt=0, description="of the random weights, g")
        trials: int = Field(10_000, ge=8, description="from which each network learns")
        steps: int = Field(1000, ge=50, description="milliseconds of a trial")
        shown: int = Field(200, ge=10, description="milliseconds of a stimulus")
        second: int = Field(400, ge=20, description="when the second stimulus begins, milliseconds")
        response: int = Field(200, ge=10, description="milliseconds at the end in which the output is judged")
        slower_eta: float = Field(0.003, gt=0, description="learning rate of the linear rule and of the square")
        judged: int = Field(1000, ge=4, description="last trials by which a network is judged")
        recorded: int = Field(160, ge=20, description="trials that are recorded")
        bin_width: float = Field(0.025, gt=0, description="of rates that are decoded, seconds")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        errors: dict[str, Floats]  # "cube", "square", "linear", "misdealt" -> error of each trial, (trial,)
        judged: int
        outputs: Floats  # (kind, time), mean over recorded trials after learning
        times: Floats  # (bin,), seconds
        epochs: dict[str, list[float]]  # "sample", "delay", "response" -> beginning and end, seconds
        sample: Floats  # (time fitted, time tested), how well the first stimulus is read
        answer: Floats  # the same of the answer
        untrained: Floats  # of the answer, before learning
        later: Floats  # of the second stimulus
        mixed: Floats  # of the first stimulus, with times of each trial mixed

    def run(self, config: Config, lab: Lab) -> Results:
        """Train under four variants, then record the network of the cube and decode."""
        experiment = Experiment(config, lab)
        learner, cube = experiment.train("cube")
        variants: dict[str, dict[str, Any]] = {
            "square": {"power": 2.0, "eta": config.slower_eta},
            "linear": {"power": 1.0, "eta": config.slower_eta},
            "misdealt": {"misdealt": True},
        }
        errors = {"cube": cube} | {name: experiment.train(name, **options)[1] for name, options in variants.items()}

        def codes() -> dict[str, Any]:
            after, before = experiment.record(learner), experiment.record(experiment.learner())
            mixed = mixed_in_time(after, config.bin_width, lab.seeds.numpy("mixed"))
            sample, times = scores(after, "first", config.bin_width, lab.seed)
            output = after.sel(unit=after["index"] == 0).values[:, :, 0]
            return {
                "outputs": np.stack([output[after["kind"].values == kind].mean(0) for kind in range(4)]),
                "times": times,
                "sample": sample,
                "answer": scores(after, "answer", config.bin_width, lab.seed)[0],
                "untrained": scores(before, "answer", config.bin_width, lab.seed)[0],
                "later": scores(after, "second", config.bin_width, lab.seed)[0],
                "mixed": scores(mixed, "first", config.bin_width, lab.seed)[0],
            }

        epochs = {
            "sample": [DT * config.shown / 2, DT * config.shown],  # its second half, when it has arrived
            "delay": [DT * config.shown, DT * config.second],
            "response": [DT * (config.steps - config.response), DT * config.steps],
        }
        return self.Results(errors=errors, judged=config.judged, epochs=epochs, **lab.stage("codes", codes))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield that the network learns, that S has to be supralinear, and how sample and answer are coded."""
        last = {name: errors[-results.judged :] for name, errors in results.errors.items()}
        right = {name: 100 * float((errors < 1).mean()) for name, errors in last.items()}
        told_wrong = "told the error of the trial of the same kind before"
        yield Claim(
            "error",
            "After 10,000 trials the median error of the output is 0.4 or less in each kind of trial.",
            worst_kind(results.errors["cube"], results.judged),
            at_most(0.4),
            "canon LRN06; there the median of all trials",
            Control(told_wrong, worst_kind(results.errors["misdealt"], results.judged)),
            judge="each",
            unit="median |error| of the worst kind",
        )
        yield Claim(
            "right",
            "After 10,000 trials nine in ten trials or more are right.",
            right["cube"],
            at_least(90),
            "canon LRN06; right: Miconi 2017, error below 1",
            Control(told_wrong, right["misdealt"]),
            judge="each",
            unit="% of trials",
        )
        yield Claim(
            "supralinear",
            "The cube of products is ahead of the products themselves by 20 points or more, although these have the "
            "learning rate that is best for them.",
            right["cube"] - right["linear"],
            at_least(20),
            "canon LRN06",
            Control("ahead of the square, which is supralinear too", right["cube"] - right["square"]),
            unit="points of trials right",
        )
        yield from self._codes(results)

    def _codes(self, results: Results) -> Iterator[Claim]:
        """Yield what is coded when, and by which code."""
        inside = {name: at(results.times, *ends) for name, ends in results.epochs.items()}
        delay, response = inside["delay"], inside["response"]
        yield Claim(
            "kept",
            "All through the delay four in five samples or more are read from the units (worst time).",
            float(np.diagonal(results.sample)[delay].min()),
            at_least(0.8),
            "canon LRN06",
            Control("the second stimulus, not yet seen (best time)", float(np.diagonal(results.later)[delay].max())),
            judge="each",
            unit="balanced accuracy",
        )
        yield Claim(
            "turned",
            "The decoders of the sample epoch no longer read the sample in the response epoch.",
            float(results.sample[np.ix_(inside["sample"], response)].mean()),
            at_most(0.8),
            "canon LRN06",
            Control("the response epoch's own decoders", float(np.diagonal(results.sample)[response].mean())),
            judge="each",
            unit="balanced accuracy",
        )
        own, others = own_and_others(results.sample)
        own_mixed, others_mixed = own_and_others(results.mixed)
        yield Claim(
            "dynamic",
            "The sample is read better by the decoder of the same time than by those of other times, by 0.1 or more.",
            own - others,
            at_least(0.1),
            "canon LRN06",
            Control("times of each trial mixed", own_mixed - others_mixed),
            judge="each",
            unit="difference of balanced accuracy",
        )
        yield Claim(
            "answer",
            "In the response epoch the answer has one code: decoders of one time read it at the others.",
            own_and_others(results.answer[np.ix_(response, response)])[1],
            at_least(0.9),
            "ours; Miconi 2017 Fig. 3",
            Control("before learning", own_and_others(results.untrained[np.ix_(response, response)])[1]),
            unit="balanced accuracy",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw learning, the answers and the decoders across time."""
        yield from draw.pictures(results)


def worst_kind(errors: Floats, judged: int) -> float:
    """Return the largest of the medians of the last trials of each kind; kinds take turns.

    Examples
    --------
    >>> worst_kind(np.array([0.0, 0.1, 0.2, 1.9] * 5), 12)
    1.9
    """
    kinds = np.arange(len(errors)) % len(KINDS)
    return max(float(np.median(errors[-judged:][kinds[-judged:] == kind])) for kind in range(len(KINDS)))
