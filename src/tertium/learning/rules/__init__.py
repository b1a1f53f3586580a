"""Learning rules by name: back-propagation through time is one among others."""

from __future__ import annotations

from typing import Any

from tertium.learning.rule import Rule
from tertium.registry import Registry

#: Rule -> its class. Installed packages may add to it (entry-point group ``tertium.rules``).
RULES = Registry(
    "learning rule",
    {
        "bptt": "tertium.learning.rules.bptt:BPTT",
    },
    group="tertium.rules",
    listing="tertium rules",
)


def named_rule(rule: str | Rule, **options: Any) -> Rule:
    """Return a rule by its name, or the rule itself.

    Raises
    ------
    UnknownName
        If no rule has this name.

    Examples
    --------
    >>> named_rule("bptt").name
    'bptt'
    """
    if isinstance(rule, Rule):
        return rule
    made: Rule = RULES.load(rule)(**options)
    return made
