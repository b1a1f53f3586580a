"""What the 15 tasks of Driscoll et al. 2024 have in common: channels, targets and how near is correct."""

from __future__ import annotations

import numpy as np

from tertium.tasks.channels import Channel, CosSin
from tertium.tasks.multitask.suite import Suite

#: In the order of their rule inputs.
RULES = (
    "delaypro", "memorypro", "reactpro", "delayanti", "memoryanti", "reactanti",
    "intmod1", "intmod2", "contextintmod1", "contextintmod2", "contextintmultimodal",
    "match2sample", "nonmatch2sample", "matchcatpro", "matchcatanti",
)  # fmt: skip

CITE = "Driscoll, Shenoy & Sussillo 2024 Nature Neuroscience"

#: Target of the fixation output while fixation is to be held; 0 after.
HELD = 0.8

#: 18 degrees on either side count as correct.
TOLERANCE = np.pi / 10

SUITE = Suite(
    name="driscoll24",
    cite=CITE,
    rules=RULES,
    modality=CosSin,
    fixation=Channel("fixation"),
    direction=CosSin("direction"),
    held=HELD,
    tolerance=TOLERANCE,
)
