"""What the 20 tasks of Yang et al. 2019 have in common: channels, targets and how near is correct."""

from __future__ import annotations

import numpy as np

from tertium.tasks.channels import Channel, Ring
from tertium.tasks.multitask.suite import Suite

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

SUITE = Suite(
    name="yang19",
    cite=CITE,
    rules=RULES,
    modality=Ring,
    fixation=Channel("fixation", baseline=REST),
    direction=Ring("direction", baseline=REST),
    held=RAISED,
    tolerance=TOLERANCE,
)
