"""Learning rules by name: back-propagation through time is one among others."""

from __future__ import annotations

import inspect
from typing import Any

from tertium.errors import BadInput, nearest
from tertium.learning.rule import Rule
from tertium.learning.rules.angles import Angles, angle_to_bptt
from tertium.learning.rules.energy import add_inverses
from tertium.learning.rules.feedback import add_feedback
from tertium.learning.rules.feedback_weights import (
    ErrorRule,
    FeedbackAngles,
    FeedbackRule,
    add_feedback_weights,
    feedback_angles,
)
from tertium.registry import Registry

__all__ = [
    "RULES",
    "Angles",
    "ErrorRule",
    "FeedbackAngles",
    "FeedbackRule",
    "add_feedback",
    "add_feedback_weights",
    "add_inverses",
    "angle_to_bptt",
    "feedback_angles",
    "named_rule",
]

#: Rule -> its class. Installed packages may add to it (entry-point group ``tertium.rules``).
RULES = Registry(
    "learning rule",
    {
        "bcm": "tertium.learning.rules.hebbian.bcm:BCM",
        "bptt": "tertium.learning.rules.bptt:BPTT",
        "btsp": "tertium.learning.rules.three_factor.btsp:BTSP",
        "decolle": "tertium.learning.rules.spiking.decolle:DECOLLE",
        "dendritic_targets": "tertium.learning.rules.three_factor.dendritic_targets:DendriticTargets",
        "difference_target_propagation": (
            "tertium.learning.rules.energy.target_propagation:DifferenceTargetPropagation"
        ),
        "direct_feedback_alignment": "tertium.learning.rules.feedback_weights.direct_feedback:DirectFeedbackAlignment",
        "e_prop": "tertium.learning.rules.e_prop:EProp",
        "equilibrium_propagation": "tertium.learning.rules.energy.equilibrium_propagation:EquilibriumPropagation",
        "event_prop": "tertium.learning.rules.spiking.event_prop:EventProp",
        "feedback_alignment": "tertium.learning.rules.feedback_weights.feedback_alignment:FeedbackAlignment",
        "fptt": "tertium.learning.rules.spiking.fptt:FPTT",
        "homeostatic_scaling": "tertium.learning.rules.spike_timing.inhibitory:HomeostaticScaling",
        "inhibitory_stdp": "tertium.learning.rules.spike_timing.inhibitory:InhibitorySTDP",
        "kolen_pollack": "tertium.learning.rules.feedback_weights.kolen_pollack:KolenPollack",
        "hebb": "tertium.learning.rules.hebbian.hebb:Hebb",
        "layer_perturbation": "tertium.learning.rules.without_errors.layer_perturbation:LayerPerturbation",
        "mdgl": "tertium.learning.rules.three_factor.mdgl:MDGL",
        "node_perturbation": "tertium.learning.rules.node_perturbation:NodePerturbation",
        "oja": "tertium.learning.rules.hebbian.principal:Oja",
        "perceptron": "tertium.learning.rules.without_errors.perceptron:Perceptron",
        "predictive_coding": "tertium.learning.rules.energy.predictive_coding:PredictiveCoding",
        "reward_hebbian": "tertium.learning.rules.three_factor.reward_hebbian:RewardHebbian",
        "reward_stdp": "tertium.learning.rules.spike_timing.reward:RewardSTDP",
        "rtrl": "tertium.learning.rules.rtrl:RTRL",
        "sign_symmetry": "tertium.learning.rules.feedback_weights.sign_symmetry:SignSymmetry",
        "sanger": "tertium.learning.rules.hebbian.principal:Sanger",
        "stdp": "tertium.learning.rules.spike_timing.pair:STDP",
        "tbptt": "tertium.learning.rules.tbptt:TruncatedBPTT",
        "triplet_stdp": "tertium.learning.rules.spike_timing.triplet:TripletSTDP",
        "voltage_stdp": "tertium.learning.rules.spike_timing.voltage:VoltageSTDP",
        "weight_mirror": "tertium.learning.rules.feedback_weights.weight_mirror:WeightMirror",
        "weight_perturbation": "tertium.learning.rules.without_errors.weight_perturbation:WeightPerturbation",
    },
    group="tertium.rules",
    listing="tertium rules",
)


def named_rule(rule: str | Rule, **options: Any) -> Rule:
    """Return a rule by its name, with its options, or the rule itself.

    Raises
    ------
    UnknownName
        If no rule has this name.
    BadInput
        If the rule has no such option, or is given as an object together with options.

    Examples
    --------
    >>> named_rule("tbptt", window=30).window
    30
    >>> named_rule("tbptt", widnow=30)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: option of rule 'tbptt': got 'widnow', expected one of stride, window. Did you mean 'window'?
    """  # noqa: E501
    if isinstance(rule, Rule):
        if options:
            raise BadInput(
                "options of a rule",
                got=f"{', '.join(sorted(options))} beside a {type(rule).__name__} that is made already",
                expected="the options where the rule is made",
                repair=f"Pass {type(rule).__name__}({', '.join(f'{k}={v!r}' for k, v in options.items())}).",
            )
        return rule
    make = RULES.load(rule)
    known = [name for name in inspect.signature(make).parameters if name != "self"]
    for key in options:
        if key not in known:
            close = nearest(key, known, limit=1)
            raise BadInput(
                f"option of rule '{rule}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(sorted(known))}" if known else "none",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
    made: Rule = make(**options)
    return made
