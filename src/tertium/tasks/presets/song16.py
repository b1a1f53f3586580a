"""Tasks of Song, Yang & Wang 2016 (PLoS Computational Biology), trained by back-propagation: dt 20 ms, tau 100 ms.

Numbers are those of the paper's public code (pycog). What they share: two choice outputs at 1 for the correct choice
and 0.2 otherwise, no fixation channels, errors counted during fixation and decision; inputs on a baseline of 0.2 with
noise 0.01 (after a leaky unit of 100 ms); and catch trials, as often as one further condition, in which nothing is
shown and both outputs stay at 0.2. The code cuts inputs off at 0, six standard deviations below the baseline: not done
here. The longer fixations that it tests with can be had by ``task.batch(n, fixation=0.3, catch=False)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.decision.context_decision import context_decision
from tertium.tasks.decision.first_to_threshold import FirstToThreshold
from tertium.tasks.decision.multisensory import multisensory_decision
from tertium.tasks.decision.perceptual import perceptual_decision, perceptual_decision_rt
from tertium.tasks.decision.two_choice import TunedPair
from tertium.tasks.distributions import Choice, Distribution, Uniform
from tertium.tasks.memory.parametric import parametric_working_memory
from tertium.tasks.noise import Noise
from tertium.tasks.presets.restyling import Seconds, rescaled, retimed, without_fixation
from tertium.tasks.response_rules import LargestOutput, ResponseRule, mean_during
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec

if TYPE_CHECKING:
    from tertium.tasks.trial_batch import TrialBatch

#: Target of the correct choice, and of an output otherwise.
HIGH, LOW = 1.0, 0.2
#: Halfway between them, above which an output counts as a choice; ours.
HALFWAY = (HIGH + LOW) / 2


def rdm_fixed(*, dt: float = 0.02) -> TaskSpec:
    """Random dots shown for 800 ms (Song et al. 2016).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = perceptual_decision(dt=dt, coherences=(0.01, 0.02, 0.04, 0.08, 0.16))
    seconds = {"fixation": 0.1, "stimulus": 0.8, "decision": 0.3}
    return _pycog(rescaled(spec, {"motion": 3.2}), "rdm_fixed", seconds, conditions=10, blank=2.0)


def rdm_rt(*, dt: float = 0.02) -> TaskSpec:
    """Random dots shown until the end of the trial, to be answered at any time (Song et al. 2016).

    A start cue comes on with the dots. Outputs are not trained in their first 300 ms.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = perceptual_decision_rt(dt=dt, coherences=(0.01, 0.02, 0.04, 0.08, 0.16), threshold=HALFWAY)
    spec = rescaled(spec, {"motion": 3.2})
    spec = replace(
        spec, inputs=(*spec.inputs, Channel("start")), stimuli=(*spec.stimuli, Stimulus("start", 1.0, "stimulus"))
    )
    seconds = {"fixation": 0.1, "stimulus": 0.8}
    return _pycog(spec, "rdm_rt", seconds, conditions=10, blank=1.0, decision="stimulus", grace=0.3)


def mante(*, dt: float = 0.02) -> TaskSpec:
    """Context-dependent integration with an 800 ms stimulus, the cue shown with it (Song et al. 2016).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    spec = rescaled(context_decision(dt=dt, coherences=(0.01, 0.03, 0.1)), {"motion": 5.0, "colour": 5.0})
    blocks = {block.name: block for block in spec.inputs}
    spec = replace(
        spec,
        inputs=tuple(blocks[name] for name in ("context", "motion", "colour")),
        stimuli=tuple(
            replace(s, during="stimulus") if s.channel == "context" else s
            for s in spec.stimuli
            if s.channel != "fixation"
        ),
    )
    seconds = {"fixation": 0.1, "stimulus": 0.8, "decision": 0.3}
    return _pycog(spec, "mante", seconds, conditions=72, blank=1.0)


def multisensory(*, dt: float = 0.02) -> TaskSpec:
    """Visual, auditory or both rates shown for 1 s, 6 to 19 events a second (Song et al. 2016).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    tuned = partial(TunedPair, low=6.0, high=19.0, rising=(0.5, 1.1), falling=(1.1, 0.5))
    spec = multisensory_decision(
        dt=dt,
        rates=range(6, 20),
        visual=tuned("visual"),
        auditory=tuned("auditory"),
    )
    seconds = {"fixation": 0.1, "stimulus": 1.0, "decision": 0.3}
    return _pycog(spec, "multisensory", seconds, conditions=3 * 14, blank=1.0)


def romo(*, dt: float = 0.02) -> TaskSpec:
    """Two vibrations with a delay of 2.5 to 3.5 s between them (Song et al. 2016).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """
    seconds: Seconds = {
        "fixation": 0.1,
        "f1": 0.5,
        "delay": Uniform(2.5, 3.5),
        "f2": 0.5,
        "decision": 0.3,
    }
    return _pycog(parametric_working_memory(dt=dt), "romo", seconds, conditions=10, blank=2.0)


def _pycog(
    spec: TaskSpec,
    name: str,
    seconds: Seconds,
    *,
    conditions: int,
    blank: float,
    decision: str = "decision",
    grace: float = 0.0,
) -> TaskSpec:
    """Return a task in the manner of pycog; ``blank`` is the length of catch trials in seconds."""
    spec = without_fixation(spec)
    drawn: dict[str | tuple[str, ...], Any] = {
        epoch: value for epoch, value in seconds.items() if isinstance(value, Distribution)
    }
    spec = retimed(spec, dict.fromkeys(seconds, 0.0))
    response: ResponseRule = ChoiceOrNone("answer")
    if isinstance(spec.response, FirstToThreshold):
        response = replace(spec.response, correct_answer="answer")
    return replace(
        spec,
        name=f"song16/{name}",
        cite="Song, Yang & Wang 2016 PLoS Computational Biology",
        epochs=tuple(Epoch(epoch, _unless_catch(epoch, value, blank)) for epoch, value in seconds.items()),
        inputs=tuple(replace(block, baseline=0.2) for block in spec.inputs),
        outputs=(OneHot("choice", 2, baseline=LOW),),
        conditions={
            "catch": Choice((False, True), (1 - 1 / (conditions + 1), 1 / (conditions + 1))),
            **drawn,
            **spec.conditions,
            "answer": lambda c: np.where(c["catch"], -1, c["choice"]),
        },
        targets=(Target("choice", "answer", decision, strength=HIGH - LOW),),
        weights=(LossWeight(1.0, "fixation"), LossWeight(1.0, decision, grace=grace)),
        response=response,
        noise={block.name: Noise(0.01, "leaky", tau=0.1) for block in spec.inputs},
        facets=(*spec.facets, "catch"),
    )


def _unless_catch(epoch: str, value: float | Distribution, blank: float) -> Any:
    """Return the duration of an epoch; a catch trial is all fixation."""
    caught = blank if epoch == "fixation" else 0.0
    if isinstance(value, Distribution):
        return lambda c: np.where(c["catch"], caught, c[epoch])
    return lambda c: np.where(c["catch"], caught, value)


@dataclass(frozen=True)
class ChoiceOrNone(LargestOutput):
    """The answer is the larger output during the decision; on a catch trial, whether either rises above halfway."""

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the index of the chosen output, -1 for a catch trial on which neither was."""
        chosen = super().read(outputs, batch)
        waiting = mean_during(outputs[..., batch.block(self.channel)], batch, "fixation")
        caught = np.where(waiting.max(-1) > HALFWAY, waiting.argmax(-1), -1)
        return np.where(batch.columns["catch"], caught, chosen)
