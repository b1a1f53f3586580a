"""Multisensory decision: is the rate of flashes, of clicks or of both high or low."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tertium.tasks.channels import Channel
from tertium.tasks.decision.two_choice import TunedPair, choice_from, fixate_then_choose
from tertium.tasks.distributions import Choice
from tertium.tasks.noise import Noise
from tertium.tasks.spec import Stimulus, TaskSpec, lasting

#: Values of the condition ``modality``.
MODALITIES = ("visual", "auditory", "both")


def multisensory_decision(
    *,
    dt: float = 0.02,
    rates: Sequence[float] = (9, 10, 11, 12, 13, 14, 15, 16),
    boundary: float = 12.5,
    noise: float = 0.1,
    fixation: float = 0.3,
    stimulus: float = 1.0,
    decision: float = 0.1,
    visual: Channel | None = None,
    auditory: Channel | None = None,
) -> TaskSpec:
    """Judge whether flashes, clicks or both come at a high or a low rate (Raposo, Kaufman & Churchland 2014).

    The two modalities agree when both are there, so that their evidence can be added up.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    rates : sequence of float
        Events per second; a rate above the boundary asks for choice 0, one below for choice 1, at it for either.
    boundary : float
        Events per second.
    noise : float
        Standard deviation of the sensory noise after a leaky unit of 100 ms; present throughout the trial.
    fixation, stimulus, decision : float
        Seconds. The stimulus of 1 s is the paper's, the others are those of the field's task collections.
    visual, auditory : Channel, optional
        How a modality shows a rate; by default two channels, ``rate / (2 boundary)`` and 1 less that.
    """
    frame = fixate_then_choose(("fixation", "stimulus"))
    tuned = partial(TunedPair, low=0.0, high=2 * boundary, rising=(0.0, 1.0), falling=(1.0, 0.0))
    return frame.task(
        name="multisensory_decision",
        what="Judge whether flashes, clicks or both come at a high or a low rate.",
        cite="Raposo, Kaufman & Churchland 2014 Nature Neuroscience",
        dt=dt,
        epochs=lasting(fixation=fixation, stimulus=stimulus, decision=decision),
        inputs=(visual or tuned("visual"), auditory or tuned("auditory")),
        conditions={
            "modality": Choice(MODALITIES),
            "rate": Choice(tuple(float(rate) for rate in rates)),
            "evidence": lambda c: c["rate"] - boundary,
            "choice": choice_from("evidence"),
        },
        stimuli=(
            Stimulus("visual", "rate", "stimulus", strength=lambda c: c["modality"] != "auditory"),
            Stimulus("auditory", "rate", "stimulus", strength=lambda c: c["modality"] != "visual"),
        ),
        noise={"visual": Noise(noise, "leaky", tau=0.1), "auditory": Noise(noise, "leaky", tau=0.1)},
        facets=("modality", "choice"),
    )
