"""Tasks of Song, Yang & Wang 2017 (eLife), trained from reward: dt 10 ms, tau 100 ms.

Numbers are those of the paper's public code (pyrl). Input noise is there only while a stimulus is; its standard
deviation is given for after a leaky unit of 100 ms, where the code's ``sigma = sqrt(2 * 100 * v)``, divided by
sqrt(dt in ms), is ``sqrt(v)``. Outputs are the policy's actions: fixate, and the choices. Times are rounded to whole
steps, where the code cuts them down. Revisions of the code differ in the noise of two tasks: ``mante`` has v 0.02 or
0.025 (here 0.02), ``romo`` 0.0001 or 0.001 (here 0.0001, from the revision with a delay of 2.7 to 3.3 s).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from tertium.tasks.decision.context_decision import context_decision
from tertium.tasks.decision.multisensory import multisensory_decision
from tertium.tasks.decision.perceptual import (
    COHERENCES,
    perceptual_decision_rt,
    perceptual_decision_variable,
)
from tertium.tasks.decision.two_choice import TunedPair
from tertium.tasks.decision.value import economic_choice, post_decision_wager
from tertium.tasks.distributions import TruncatedExponential, Uniform
from tertium.tasks.memory.parametric import parametric_working_memory
from tertium.tasks.noise import Noise
from tertium.tasks.presets.restyling import noisy_while_shown, retimed, without_fixation
from tertium.tasks.spec import TaskSpec


def rdm_fixed(*, dt: float = 0.01) -> TaskSpec:
    """Random dots for an unpredictable time, mean 330 ms between 80 and 1500 ms (Song et al. 2017).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = perceptual_decision_variable(
        dt=dt,
        coherences=(0.0, 0.064, 0.128, 0.256, 0.512),
        fixation=0.75,
        stimulus=TruncatedExponential(0.33, 0.08, 1.5),
        decision=0.5,
    )
    return _pyrl(spec, "rdm_fixed", 0.01)


def rdm_rt(*, dt: float = 0.01) -> TaskSpec:
    """Random dots for up to 2 s, to be answered at any time (Song et al. 2017).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = perceptual_decision_rt(dt=dt, coherences=COHERENCES, fixation=0.75, stimulus=2.0, grace=0.0)
    return _pyrl(spec, "rdm_rt", 0.01)


def mante(*, dt: float = 0.01) -> TaskSpec:
    """Context-dependent integration with a delay of 300 ms and more (Song et al. 2017).

    There is no fixation input: the context cue, on until the decision, tells when to hold.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = retimed(
        context_decision(dt=dt, coherences=(0.05, 0.15, 0.5)),
        # 300 ms plus an exponential of mean 300 ms up to 1200 ms, which has no memory
        {"fixation": 0.75, "stimulus": 0.75, "delay": TruncatedExponential(0.3, 0.3, 1.5), "decision": 0.5},
    )
    blocks = {block.name: block for block in spec.inputs}
    spec = replace(
        without_fixation(spec, outputs=False),
        inputs=tuple(blocks[name] for name in ("context", "motion", "colour")),
        stimuli=tuple(
            replace(s, during=("fixation", "stimulus", "delay")) if s.channel == "context" else s
            for s in spec.stimuli
            if s.channel != "fixation"
        ),
    )
    return _pyrl(spec, "mante", 0.02)


def multisensory(*, dt: float = 0.01) -> TaskSpec:
    """Visual, auditory or both rates for 1 s, any between 9 and 16 events a second (Song et al. 2017).

    Choice 0 is high and choice 1 is low; the code has them the other way round.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    tuned = partial(TunedPair, low=0.0, high=25.0, rising=(0.5, 1.0), falling=(0.5, 0.0))
    spec = multisensory_decision(
        dt=dt,
        fixation=0.75,
        stimulus=1.0,
        decision=0.5,
        visual=tuned("visual"),
        auditory=tuned("auditory"),
    )
    spec = replace(spec, conditions={**spec.conditions, "rate": Uniform(9.0, 16.0)})
    return _pyrl(spec, "multisensory", 0.018)


def romo(*, dt: float = 0.01) -> TaskSpec:
    """Two vibrations with a delay of 2.7 to 3.3 s between them (Song et al. 2017).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = parametric_working_memory(
        dt=dt,
        fixation=0.75,
        f1=0.5,
        delay=Uniform(2.7, 3.3),
        f2=0.5,
        decision=0.5,
        vibration=TunedPair("vibration", low=10.0, high=34.0, rising=(0.5, 1.0), falling=(0.5, 0.0)),
    )
    return _pyrl(spec, "romo", 0.0001)


def padoaschioppa(*, dt: float = 0.01) -> TaskSpec:
    """Economic choice between two juices, A worth 2.2 times B (Song et al. 2017).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = economic_choice(dt=dt, ratio=2.2, fixation=0.75, offer=Uniform(1.0, 2.0), decision=0.75)
    return _pyrl(spec, "padoaschioppa", 0.0)


def postdecisionwager(*, dt: float = 0.01) -> TaskSpec:
    """Random dots with, on half of the trials, a sure reward of 0.7 on offer (Song et al. 2017).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = post_decision_wager(
        dt=dt,
        sure_reward=0.7,
        fixation=0.75,
        # 100 ms plus an exponential of mean 180 ms up to 800 ms, which has no memory
        stimulus=TruncatedExponential(0.18, 0.1, 0.9),
        delay=TruncatedExponential(1.35, 1.2, 1.8),
        before_sure=TruncatedExponential(0.575, 0.5, 0.75),
        decision=0.5,
    )
    return _pyrl(spec, "postdecisionwager", 0.01)


def _pyrl(spec: TaskSpec, name: str, variance: float) -> TaskSpec:
    """Return a task in the manner of pyrl; ``variance`` is that of the noise after a leaky unit of 100 ms."""
    sensory = Noise(float(np.sqrt(variance)), "leaky", tau=0.1)
    spec = noisy_while_shown(spec, dict.fromkeys(spec.noise, sensory) if variance else {})
    return replace(spec, name=f"song17/{name}", cite="Song, Yang & Wang 2017 eLife")
