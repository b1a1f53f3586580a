"""Which rules are trained on which network, with which options and learning rates; all others refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What the rules of one panel have in common.
Group = Literal["exact", "local", "feedback", "differences", "reward", "untaught"]


@dataclass(frozen=True)
class Entry:
    """One training.

    Attributes
    ----------
    family : str
        "digits", "decision" or "spikes".
    rule : str
        Its name in the catalogue of rules.
    group : str
        "exact": the gradient itself; "local": the gradient with paths through time or through other units cut off;
        "feedback": errors sent down by weights that are not the layer's own; "differences": differences of activity;
        "reward": told how good it was, not what would have been right; "untaught": told nothing.
    learning_rate : float
        Of Adam.
    options : mapping of str to float, int or str
        Those of the rule.
    label : str
        What pictures call it; by default the rule's name.
    """

    family: str
    rule: str
    group: Group
    learning_rate: float
    options: Mapping[str, float | int | str] = field(default_factory=dict)
    label: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.rule.replace("_", " "))

    @property
    def key(self) -> str:
        """The label as a plain name."""
        return self.label.replace(",", "").replace(" ", "-")


#: Room that a rule is given: RTRL may keep so many numbers a trial, which a step of seconds would take.
ROOM: Mapping[str, Mapping[str, int]] = {"rtrl": {"limit": 2**16}}

#: Every training. Learning rates are those with the largest area under the learning curve on seed 0, of 1e-3, 3e-3,
#: 1e-2, 3e-2, and 1e-1 where 3e-2 was the best. Exact rules have that of BPTT.
ENTRIES = (
    Entry("digits", "bptt", "exact", 3e-2, label="back-propagation"),
    Entry("digits", "feedback_alignment", "feedback", 3e-2),
    Entry("digits", "direct_feedback_alignment", "feedback", 3e-2),
    Entry("digits", "sign_symmetry", "feedback", 3e-2),
    Entry("digits", "weight_mirror", "feedback", 3e-2),
    Entry("digits", "kolen_pollack", "feedback", 3e-2, label="Kolen-Pollack"),
    Entry("digits", "difference_target_propagation", "differences", 3e-2, label="target propagation"),
    Entry("digits", "predictive_coding", "differences", 3e-2),
    Entry("digits", "equilibrium_propagation", "differences", 1e-2, {"steps": 20, "beta": 0.2}),
    Entry("digits", "layer_perturbation", "reward", 1e-2, {"draws": 4}),
    Entry("digits", "weight_perturbation", "reward", 3e-2, {"draws": 10}),
    Entry("digits", "hebb", "untaught", 1e-3, label="Hebb"),
    Entry("digits", "oja", "untaught", 3e-2, label="Oja"),
    Entry("digits", "sanger", "untaught", 1e-2, label="Sanger"),
    Entry("digits", "bcm", "untaught", 3e-2, label="BCM"),
    Entry("decision", "bptt", "exact", 3e-2, label="BPTT"),
    Entry("decision", "rtrl", "exact", 3e-2, {"limit": 2**22}, "RTRL"),
    Entry("decision", "tbptt", "exact", 3e-2, {"window": 1000, "stride": 1000}, "TBPTT, whole trial"),
    Entry("decision", "e_prop", "exact", 3e-2, {"feedback": "exact"}, "e-prop, exact"),
    Entry("decision", "tbptt", "local", 1e-2, {"window": 3, "stride": 3}, "TBPTT, 3 steps"),
    Entry("decision", "e_prop", "local", 1e-2, {"feedback": "symmetric"}, "e-prop, symmetric"),
    Entry("decision", "mdgl", "local", 1e-2, label="MDGL"),
    Entry("decision", "fptt", "local", 3e-3, {"stride": 5}, "FPTT"),
    Entry("decision", "e_prop", "feedback", 1e-2, {"feedback": "random"}, "e-prop, random"),
    Entry("decision", "e_prop", "feedback", 1e-2, {"feedback": "adaptive"}, "e-prop, adaptive"),
    Entry("decision", "node_perturbation", "reward", 1e-2, {"draws": 4}),
    Entry("decision", "weight_perturbation", "reward", 3e-2, {"draws": 10}),
    Entry(
        "decision",
        "reward_hebbian",
        "reward",
        1e-2,
        {"push": 0.5, "rate": 3.0, "eta": 1.0, "largest": 1.0},
        "reward-Hebbian",
    ),
    Entry("decision", "hebb", "untaught", 1e-2, label="Hebb"),
    Entry("decision", "oja", "untaught", 1e-2, label="Oja"),
    Entry("decision", "sanger", "untaught", 3e-2, label="Sanger"),
    Entry("decision", "bcm", "untaught", 1e-2, label="BCM"),
    Entry("spikes", "bptt", "exact", 3e-2, label="BPTT"),
    Entry("spikes", "tbptt", "exact", 3e-2, {"window": 1000, "stride": 1000}, "TBPTT, whole trial"),
    Entry("spikes", "e_prop", "exact", 3e-2, {"feedback": "exact"}, "e-prop, exact"),
    Entry("spikes", "event_prop", "exact", 1e-1, label="EventProp"),
    Entry("spikes", "tbptt", "local", 3e-2, {"window": 5, "stride": 5}, "TBPTT, 5 steps"),
    Entry("spikes", "e_prop", "local", 3e-2, {"feedback": "symmetric"}, "e-prop, symmetric"),
    Entry("spikes", "mdgl", "local", 3e-2, label="MDGL"),
    Entry("spikes", "fptt", "local", 3e-3, {"stride": 10}, "FPTT"),
    Entry("spikes", "decolle", "local", 3e-2, label="DECOLLE"),
    Entry("spikes", "e_prop", "feedback", 3e-2, {"feedback": "random"}, "e-prop, random"),
    Entry("spikes", "e_prop", "feedback", 3e-2, {"feedback": "adaptive"}, "e-prop, adaptive"),
    Entry("spikes", "weight_perturbation", "reward", 3e-2, {"draws": 2, "sigma": 0.03}),
    Entry("spikes", "reward_stdp", "reward", 3e-2, {"depression": 1e-9, "expected_by": "label"}, "reward STDP"),
    Entry("spikes", "stdp", "untaught", 1e-2, label="STDP"),
    Entry("spikes", "triplet_stdp", "untaught", 1e-2, label="triplet STDP"),
    Entry("spikes", "voltage_stdp", "untaught", 1e-2, label="voltage STDP"),
    Entry("spikes", "inhibitory_stdp", "untaught", 1e-2, label="inhibitory STDP"),
    Entry("spikes", "homeostatic_scaling", "untaught", 3e-2),
)


def name_of(entry: Entry) -> str:
    """Return the name by which results know a training.

    Examples
    --------
    >>> name_of(Entry("decision", "e_prop", "local", 0.01, label="e-prop, symmetric"))
    'decision e-prop-symmetric'
    """
    return f"{entry.family} {entry.key}"
