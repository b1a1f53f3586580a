"""COG01: networks trained on random dots, and the monkeys that did the task, measured by the same functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Picture, Reference, Study
from tertium.studies.claim import Claim, Control, Kind, at_least, at_most, between
from tertium.studies.methods.decisions import loglog_slope, weaker_end
from tertium.studies.methods.dots_experiments import durations, kernels, monkeys, psychometric, times, trained_networks
from tertium.studies.methods.dots_measures import agreement
from tertium.studies.methods.dots_networks import DotsConfig
from tertium.studies.pictures import dots as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON, OURS = "canon COG01", "ours, from the pilot seeds"
SHUFFLED = "coherences shuffled over the trials"


class Song2016Decision(Study):
    """Networks trained on random dots decide like the monkeys, and their units ramp like neurons of LIP (Song et al. 2016)."""  # noqa: E501

    row, kind = "COG01", "simulation"
    cite = (
        Reference(
            "Song2016",
            "Song, H. F., Yang, G. R. & Wang, X.-J.",
            2016,
            "Training excitatory-inhibitory recurrent neural networks for cognitive tasks",
            "PLoS Computational Biology 12:e1004792",
            "10.1371/journal.pcbi.1004792",
        ),
        Reference(
            "Britten1992",
            "Britten, K. H., Shadlen, M. N., Newsome, W. T. & Movshon, J. A.",
            1992,
            "The analysis of visual motion: a comparison of neuronal and psychophysical performance",
            "Journal of Neuroscience 12:4745-4765",
        ),
        Reference(
            "Roitman2002",
            "Roitman, J. D. & Shadlen, M. N.",
            2002,
            "Response of neurons in the lateral intraparietal area during a combined visual discrimination reaction "
            "time task",
            "Journal of Neuroscience 22:9475-9489",
        ),
        Reference(
            "Palmer2005",
            "Palmer, J., Huk, A. C. & Shadlen, M. N.",
            2005,
            "The effect of stimulus strength on the speed and accuracy of a perceptual decision",
            "Journal of Vision 5:376-404",
            "10.1167/5.5.1",
        ),
    )
    needs = ("roitman_lip",)
    test_seeds = (10, 11, 12)
    smoke = {
        "units": 16,
        "batch": 16,
        "steps": 20,
        "control_steps": 5,
        "trials": 60,
        "duration_trials": 60,
        "kernel_trials": 60,
        "session_trials": 120,
        "durations": (0.1, 0.2, 0.4),
        "level": 0.3,
        "limit": 1.0,
        "draws": 3,
        "shuffles": 2,
    }

    class Config(DotsConfig):
        """Networks, training and measurements."""

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        coherences: Floats
        correct: Floats  # (level,) of the network that watches to the end
        correct_sem: Floats
        untrained: Floats  # (level,)
        threshold: float
        slope: float
        r2: float
        r2_shuffled: float  # median
        durations: Floats  # s
        thresholds: Floats  # (duration,)
        thresholds_control: Floats  # (duration,) of a network without recurrence
        saturation: float
        kernel_time: Floats  # s
        kernel: Floats  # (time,)
        kernel_sem: Floats
        kernel_control: Floats
        answered: Floats  # (level,) fraction of trials with a reaction time
        network: dict[str, Any]  # `behaviour` of the network that answers when it is ready
        units: dict[str, Any]  # `cells` of it
        monkeys: dict[str, Any]  # "1", "2", "both" -> `behaviour`
        neurons: dict[str, Any]  # `cells` of LIP

    def run(self, config: Config, lab: Lab) -> Results:
        """Train, watch the networks like monkeys, measure the monkeys themselves."""
        animals = lab.stage("monkeys", lambda: monkeys(config, lab), shared=True)
        networks = trained_networks(config, lab)
        return self.Results(
            **lab.stage("psychometric", lambda: psychometric(networks, config, lab)),
            **lab.stage("durations", lambda: durations(networks, config, lab)),
            **lab.stage("kernels", lambda: kernels(networks, config, lab)),
            **lab.stage("times", lambda: times(networks, config, lab)),
            **animals,
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what the networks do, what the monkeys do, and how far they agree."""
        yield from integration_claims(results)
        yield from behaviour_claims(results)
        yield from ramp_claims(results)
        yield from agreement_claims(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw choices, times, the kernel, thresholds against duration, and ramps."""
        first = results[0]
        nets = f"{len(results)} network{'s' if len(results) > 1 else ''}"
        counts = [int(first.monkeys[m]["n"].sum()) for m in ("1", "2")]
        late = 100 * (1 - float(np.mean([one.answered.mean() for one in results])))
        yield Picture(
            "psychometric",
            draw.psychometric(results),
            f"Correct choices against motion strength, reaction-time task: two monkeys ({counts[0]} and {counts[1]} "
            f"trials; bars 95 % over trials) and {nets} (a dot each). Lines: Weibull functions; zero is drawn at 1.6 "
            f"%. On {late:.1f} % of the trials networks had not answered when the motion ended; these are left out.",
        )
        yield Picture(
            "chronometric",
            draw.chronometric(results),
            "Mean reaction times of the same trials, dots and bars as before. Lines: diffusion to a bound (Palmer et "
            "al. 2005). The networks see and move without delay.",
        )
        yield Picture(
            "kernel",
            draw.kernels(results),
            "How much the evidence of each moment leans to the choice that follows, at zero coherence; thick: mean "
            f"over {nets}, thin: each. Dashed: an integrator without loss or noise of its own.",
        )
        yield Picture(
            "durations",
            draw.durations(results),
            "Coherence at which 81.6 % of the choices are correct against the duration of the motion; thick: mean over "
            f"{nets}, thin: each. Dotted: slope -1/2.",
        )
        for where, event in (("motion", "onset of the motion"), ("response", "response")):
            yield Picture(
                f"ramps_{where}",
                draw.ramps(first, where),
                f"Left: {first.neurons['n']} LIP neurons; right: the {first.units['n']} choice-selective units of the "
                f"first network. Mean rate around the {event}, by coherence; solid before the cell's own choice, "
                "dashed before the other. Bands: standard error over cells, at the weakest and the strongest motion.",
            )
        yield Picture(
            "slopes",
            draw.slopes(results),
            f"Slope of the ramps against coherence, in units of the largest: {first.neurons['n']} LIP neurons, and "
            f"units of {nets} (a dot each; line: mean). Filled: own choice; open: the other.",
        )


def integration_claims(results: Song2016Decision.Results) -> Iterator[Claim]:
    """Yield how the network that watches to the end decides."""
    without = "a network without recurrence, trained on the same task"
    yield Claim(
        "accuracy",
        "Of the strongest motion, shown for 0.8 s, the trained network judges at least 99 % of the trials correctly.",
        float(results.correct[-1]),
        at_least(0.99),
        CANON,
        Control("the same network before training", float(results.untrained[-1])),
        unit="fraction correct",
    )
    yield Claim(
        "psychometric",
        "A Weibull function describes the network's choices.",
        results.r2,
        at_least(0.98),
        CANON,
        Control(SHUFFLED, results.r2_shuffled),
        unit="R squared",
    )
    yield Claim(
        "kernel",
        "Early and late evidence both count: the lesser third of the kernel is near its mean.",
        weaker_end(results.kernel),
        at_least(0.7),
        f"canon COG01; margin {OURS}",
        Control(without, weaker_end(results.kernel_control)),
        unit="lesser end over mean",
    )
    slopes = [
        loglog_slope(results.durations, thresholds, results.saturation)
        for thresholds in (results.thresholds, results.thresholds_control)
    ]
    yield Claim(
        "integration",
        "The threshold falls with the duration of the motion, up to 0.8 s, as when all evidence is added up.",
        slopes[0],
        between(-0.65, -0.35),
        CANON,
        Control(without, slopes[1]),
        unit="log-log slope",
    )


#: What is claimed of choices and times: measured number, sentence, least value, source, unit.
OF_BEHAVIOUR = (
    ("r2", "In the reaction-time task a Weibull function describes the choices of {}.", 0.98, CANON, "R squared"),
    (
        "best",
        "With time to decide, {} judges at least 99 % of the trials of the strongest motion correctly.",
        0.99,
        CANON,
        "fraction correct",
    ),
    (
        "fall",
        "From the weakest to the strongest motion the reaction times of {} fall by a quarter or more.",
        0.25,
        f"Roitman & Shadlen 2002; margin {OURS}",
        "relative fall",
    ),
    (
        "predicted",
        "The reaction times of {} predict the choices: one diffusion to a bound gives both.",
        0.9,
        f"Palmer et al. 2005; margin {OURS}",
        "R squared of choices",
    ),
)

#: What is claimed of cells: measured number, sentence, control, unit.
OF_CELLS = (
    (
        "own",
        "Before their own choice {} ramp up the more steeply the stronger the motion.",
        "coherences shuffled within each choice",
        "r of slope and coherence",
    ),
    (
        "other",
        "Before the other choice {} ramp less, or down, the stronger the motion.",
        "coherences shuffled within each choice",
        "r of slope and coherence",
    ),
    (
        "spread",
        "Just before their own choice the rates of {} hardly depend on the motion.",
        "as long a window in the midst of the ramp",
        "spread over coherences / difference of choices",
    ),
)


def behaviour_claims(results: Song2016Decision.Results) -> Iterator[Claim]:
    """Yield the same claims on choices and times of the network and of the monkeys; of those the worse one counts."""
    who: tuple[tuple[str, str, Kind, list[dict[str, Any]]], ...] = (
        ("network", "the network", "simulation", [results.network]),
        ("monkey", "each monkey", "real", [results.monkeys["1"], results.monkeys["2"]]),
    )
    for name, whose, kind, found in who:
        for number, sentence, low, source, unit in OF_BEHAVIOUR:
            worse = min(found, key=lambda one, n=number: one[n])  # type: ignore[misc]
            yield Claim(
                f"{name}_{number}",
                sentence.format(whose),
                worse[number],
                at_least(low),
                source,
                Control(SHUFFLED, max(one[f"{number}_shuffled"] for one in found)),
                interval=(worse[f"{number}_low"], worse[f"{number}_high"]) if kind == "real" else None,
                kind=kind,
                unit=unit,
            )


def ramp_claims(results: Song2016Decision.Results) -> Iterator[Claim]:
    """Yield the same claims on units of the network and on neurons of LIP."""
    who: tuple[tuple[str, str, Kind, dict[str, Any], float], ...] = (
        ("unit", "choice-selective units", "simulation", results.units, 0.5),
        ("lip", "LIP neurons", "real", results.neurons, 0.25),
    )
    for name, whose, kind, found, spread in who:
        thresholds = {"own": at_least(0.8), "other": at_most(-0.8), "spread": at_most(spread)}
        for number, sentence, control, unit in OF_CELLS:
            yield Claim(
                f"{name}_{number}",
                sentence.format(whose),
                found[number],
                thresholds[number],
                f"Roitman & Shadlen 2002; margin {OURS}",
                Control(control, found[f"{number}_shuffled"]),
                interval=(found[f"{number}_low"], found[f"{number}_high"]) if kind == "real" else None,
                kind=kind,
                unit=unit,
            )


def agreement_claims(results: Song2016Decision.Results) -> Iterator[Claim]:
    """Yield how far the network's times and ramps go with the monkeys'."""
    network, monkeys_both = results.network, results.monkeys["both"]
    units, neurons = results.units, results.neurons
    for name, sentence, (value, control), what, unit in (
        (
            "same_times",
            "Over coherences the network's mean reaction times go with the monkeys'.",
            agreement(network["seconds"], monkeys_both["seconds"], network["seconds_shuffled"]),
            "coherences of the network's trials shuffled",
            "r over coherences",
        ),
        (
            "same_ramps",
            "Over coherences and choices the slopes of the units' ramps go with those of LIP neurons.",
            agreement(units["slopes"], neurons["slopes"], units["slopes_shuffled"]),
            "coherences of the network's trials shuffled within each choice",
            "r over coherences and choices",
        ),
    ):
        yield Claim(name, sentence, value, at_least(0.9), OURS, Control(what, control), kind="real", unit=unit)
