"""Tasks of Valente, Pillow & Ostojic 2022 (NeurIPS), for low-rank inference: dt 20 ms, tau 100 ms.

Numbers are those of the paper's public code. What they share: evidence with a sign on one channel, one output at +1 or
-1 (choice 0 is +1), errors counted during the decision only, noise of a given standard deviation on each sample (so it
is not invariant to ``dt``; on stimulus channels only), no catch trials.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tertium.tasks.channels import Channel
from tertium.tasks.decision.context_decision import context_decision
from tertium.tasks.decision.multisensory import multisensory_decision
from tertium.tasks.decision.perceptual import perceptual_decision
from tertium.tasks.distributions import Choice, Given, Rows, Uniform
from tertium.tasks.memory.matching import delayed_match_to_sample
from tertium.tasks.memory.parametric import parametric_working_memory
from tertium.tasks.noise import Noise
from tertium.tasks.presets.restyling import Seconds, one_signed_output, rescaled, retimed
from tertium.tasks.spec import Stimulus, Target, TaskSpec

CITE = "Valente, Pillow & Ostojic 2022 NeurIPS"


def rdm(*, dt: float = 0.02) -> TaskSpec:
    """Random dots for 800 ms, then a delay of 300 ms (Valente et al. 2022).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = one_signed_output(perceptual_decision(dt=dt, coherences=(0.01, 0.02, 0.04, 0.08, 0.16)))
    spec = retimed(rescaled(spec, {"motion": 3.2}), {"fixation": 0.1, "stimulus": 0.8, "delay": 0.3, "decision": 0.3})
    return replace(spec, name="lint22/rdm", cite=CITE, noise={"motion": Noise(0.03, "sample")})


def mante(*, dt: float = 0.02) -> TaskSpec:
    """Context-dependent integration; the cue comes 350 ms before the stimulus (Valente et al. 2022).

    The code cuts 350 ms down to 17 whole steps, so that is 340 ms here. Context 0 asks for motion, 1 for colour.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = one_signed_output(context_decision(dt=dt, coherences=(0.1, 0.2, 0.4)))
    cued = ("cue", "stimulus", "delay")
    evidence = tuple(s for s in spec.stimuli if s.channel in ("motion", "colour"))
    # retimed first, so that the cue's epochs are there when the cue is put into them
    spec = retimed(
        replace(spec, stimuli=evidence),
        {"fixation": 0.1, "cue": 0.34, "stimulus": 0.8, "delay": 0.1, "decision": 0.02},
    )
    return replace(
        spec,
        name="lint22/mante",
        cite=CITE,
        stimuli=(*spec.stimuli, Stimulus("context", "context", cued, strength=0.1)),
        noise={"motion": Noise(0.1, "sample"), "colour": Noise(0.1, "sample")},
    )


def romo(*, dt: float = 0.02) -> TaskSpec:
    """Two vibrations of 100 ms with 0.5 to 2 s between them; report the difference (Valente et al. 2022).

    The output is to be ``(f1 - f2) / 24``, its sign is the answer. Frequencies are 10 to 34 Hz and differ by 8, 16 or
    24 Hz.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    pairs = [(f, f + d) for d in (-24, -16, -8, 8, 16, 24) for f in range(10, 35) if 10 <= f + d <= 34]
    spec = one_signed_output(parametric_working_memory(dt=dt, vibration=Channel("vibration")))
    seconds: Seconds = {
        "fixation": 0.1,
        "f1": 0.1,
        "delay": Uniform(0.5, 2.0),
        "f2": 0.1,
        "decision": 0.1,
    }
    spec = retimed(spec, seconds)
    both = ("frequency1", "frequency2")
    return replace(
        spec,
        name="lint22/romo",
        cite=CITE,
        conditions={**spec.conditions, both: Rows([tuple(map(float, pair)) for pair in pairs])},
        stimuli=(
            Stimulus("vibration", lambda c: (c["frequency1"] - 22) / 24, "f1"),
            Stimulus("vibration", lambda c: (c["frequency2"] - 22) / 24, "f2"),
        ),
        targets=(Target("choice", lambda c: c["difference"] / 24, "decision"),),
        noise={"vibration": Noise(0.01, "sample")},
    )


def raposo(*, dt: float = 0.02) -> TaskSpec:
    """Visual, auditory or both kinds of evidence for 800 ms, each with a strength of its own (Valente et al. 2022).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = one_signed_output(multisensory_decision(dt=dt))
    spec = retimed(spec, {"fixation": 0.1, "stimulus": 0.8, "delay": 0.1, "decision": 0.5})
    strengths: dict[str | tuple[str, ...], Any] = {
        name: Choice((0.1, 0.2, 0.4, 0.8)) for name in ("visual_strength", "auditory_strength")
    }
    return replace(
        spec,
        name="lint22/raposo",
        cite=CITE,
        conditions={
            "modality": spec.conditions["modality"],
            "choice": Given(lambda rng, drawn, n: rng.integers(2, size=n)),
            **strengths,
            "answer": lambda c: 1 - 2 * c["choice"],
        },
        stimuli=tuple(replace(s, value=_signed_strength(f"{s.channel}_strength")) for s in spec.stimuli),
        noise={"visual": Noise(0.5, "sample"), "auditory": Noise(0.5, "sample")},
    )


def _signed_strength(name: str) -> Any:
    return lambda c: c["answer"] * c[name]


def dms(*, dt: float = 0.02) -> TaskSpec:
    """Delayed match to one of two samples, 0.5 to 3 s later (Valente et al. 2022).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = delayed_match_to_sample(dt=dt, samples=2)
    stimulus = next(block for block in spec.inputs if block.name == "stimulus")
    spec = replace(one_signed_output(spec), inputs=(stimulus,))
    seconds: Seconds = {
        "fixation": 0.1,
        "sample": 0.5,
        "delay": Uniform(0.5, 3.0),
        "test": 0.5,
        "decision": 1.0,
    }
    return replace(retimed(spec, seconds), name="lint22/dms", cite=CITE, noise={"stimulus": Noise(0.03, "sample")})
