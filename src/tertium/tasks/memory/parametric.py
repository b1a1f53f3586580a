"""Parametric working memory: which of two vibrations, seconds apart, was faster."""

from __future__ import annotations

from collections.abc import Sequence

from tertium.tasks.channels import Channel
from tertium.tasks.decision.two_choice import TunedPair, choice_from, fixate_then_choose
from tertium.tasks.distributions import Distribution, Rows
from tertium.tasks.noise import Noise
from tertium.tasks.spec import Stimulus, TaskSpec, lasting

#: Pairs of vibrations in Hz that differ by 8 Hz (Romo et al. 1999).
PAIRS = ((18, 10), (22, 14), (26, 18), (30, 22), (34, 26))


def parametric_working_memory(
    *,
    dt: float = 0.02,
    pairs: Sequence[tuple[float, float]] = PAIRS,
    noise: float = 0.01,
    fixation: float = 0.5,
    f1: float = 0.5,
    delay: float | Distribution = 3.0,
    f2: float = 0.5,
    decision: float = 0.1,
    vibration: Channel | None = None,
) -> TaskSpec:
    """Tell which of two vibrations, seconds apart, had the higher frequency (Romo et al. 1999).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    pairs : sequence of (float, float)
        Frequencies in Hz; each pair comes in both orders. Choice 0: the first was higher.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, f1, delay, f2, decision : float or Distribution
        Seconds; vibrations of 0.5 s and a delay of 3 s are the paper's.
    vibration : Channel, optional
        How a frequency is shown; by default one channel rises and one falls with it, between 0.2 and 1.
    """
    frequencies = [frequency for pair in pairs for frequency in pair]
    both_orders = [tuple(map(float, order)) for a, b in pairs for order in ((a, b), (b, a))]
    frame = fixate_then_choose(("fixation", "f1", "delay", "f2"))
    return frame.task(
        name="parametric_working_memory",
        what="Tell which of two vibrations, seconds apart, had the higher frequency.",
        cite="Romo, Brody, Hernandez & Lemus 1999 Nature",
        dt=dt,
        epochs=lasting(fixation=fixation, f1=f1, delay=delay, f2=f2, decision=decision),
        inputs=(vibration or TunedPair("vibration", low=min(frequencies), high=max(frequencies)),),
        conditions={
            ("frequency1", "frequency2"): Rows(both_orders),
            "difference": lambda c: c["frequency1"] - c["frequency2"],
            "choice": choice_from("difference"),
        },
        stimuli=(
            Stimulus("vibration", "frequency1", "f1"),
            Stimulus("vibration", "frequency2", "f2"),
        ),
        noise={"vibration": Noise(noise, "leaky", tau=0.1)},
        facets=("choice",),
    )
