"""What the 20 tasks of Yang et al. 2019 have in common: channels, targets, costs and the rule of response."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tertium.tasks.channels import Channel, OneHot, Ring
from tertium.tasks.multitask.shared import MODALITIES, Conditions
from tertium.tasks.noise import Noise
from tertium.tasks.response_rules import PopulationVector
from tertium.tasks.spec import Epoch, LossWeight, Stimulus, Target, TaskSpec, Value

#: In the order of their rule inputs.
RULES = (
    "fdgo", "reactgo", "delaygo", "fdanti", "reactanti", "delayanti",
    "dm1", "dm2", "contextdm1", "contextdm2", "multidm",
    "delaydm1", "delaydm2", "contextdelaydm1", "contextdelaydm2", "multidelaydm",
    "dmsgo", "dmsnogo", "dmcgo", "dmcnogo",
)  # fmt: skip

CITE = "Yang, Joglekar, Song, Newsome & Wang 2019 Nature Neuroscience"

#: Outputs rest at 0.05 and are raised by 0.8: the fixation output to 0.85, the ring to a bump of height 0.85.
REST, RAISED = 0.05, 0.8

#: 36 degrees on either side count as correct.
TOLERANCE = np.pi / 5


def spec(
    name: str,
    what: str,
    epochs: Sequence[Epoch],
    conditions: Conditions,
    stimuli: Sequence[Stimulus],
    *,
    dt: float,
    noise: float,
    shared_timing: bool,
    facets: Sequence[str],
    fixation_goes_off: bool = True,
) -> TaskSpec:
    """Return the description of one task; its conditions hold the correct direction as ``answer``, NaN for none.

    Parameters
    ----------
    name, what : str
        Name (one of `RULES`), and what the subject has to do.
    epochs : sequence of Epoch
        The last is the ``response``.
    conditions, stimuli
        See `TaskSpec`; fixation and rule inputs are added here.
    dt : float
        Seconds.
    noise : float
        sigma_x: each sample of each input has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
    shared_timing : bool
        Whether all trials of a batch have one timing, as in the original.
    facets : sequence of str
        Conditions that pictures tell apart.
    fixation_goes_off : bool
        Whether the end of the fixation input is the signal to respond; otherwise it stays on.
    """
    names = tuple(epoch.name for epoch in epochs)
    before = names[:-1]
    held: Value = lambda c: RAISED * np.isnan(c["answer"])  # noqa: E731
    return TaskSpec(
        name=f"yang19/{name}",
        what=what,
        cite=CITE,
        dt=dt,
        epochs=tuple(epochs),
        inputs=(Channel("fixation"), *(Ring(ring) for ring in MODALITIES), OneHot("rule", len(RULES))),
        outputs=(Channel("fixation", baseline=REST), Ring("direction", baseline=REST)),
        conditions=conditions,
        stimuli=(
            Stimulus("fixation", 1.0, before if fixation_goes_off else names),
            Stimulus("rule", float(RULES.index(name)), names),
            *stimuli,
        ),
        targets=(
            Target("fixation", RAISED, before),
            Target("fixation", held, "response"),
            Target("direction", "answer", "response"),
        ),
        weights=(
            # 100 ms to settle at the start of the trial and of the response cost nothing; fixation counts twice
            LossWeight(1.0, before, grace=0.1),
            LossWeight(5.0, "response", grace=0.1),
            LossWeight(2.0, before, channel="fixation", grace=0.1),
            LossWeight(10.0, "response", channel="fixation", grace=0.1),
        ),
        response=PopulationVector("answer", tolerance=TOLERANCE),
        noise={block: Noise(noise, "leaky", tau=0.1) for block in ("fixation", *MODALITIES, "rule")},
        facets=tuple(facets),
        shared_timing=shared_timing,
    )
