"""How far a rule's gradient points away from that of back-propagation through time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.learning.goals import named_goal
from tertium.learning.rule import ActivityCost, Goal, Rule, Trials
from tertium.learning.rules.bptt import BPTT
from tertium.rng import Seeds


@dataclass(frozen=True)
class Angles:
    """Angles to the gradient of BPTT in degrees: 0 along it, 90 unrelated, above 90 against it.

    Attributes
    ----------
    together : float
        Of all parameters as one vector; a parameter that the rule leaves alone counts as zeros.
    parameters : mapping of str to float
        Of each parameter; NaN where one of the two gradients is zero or missing.
    """

    together: float
    parameters: Mapping[str, float]


def angle_to_bptt(
    rule: Rule,
    model: nn.Module,
    trials: Trials,
    goal: str | Goal = "mean_squared_error",
    *,
    seeds: Seeds | int = 0,
    costs: tuple[ActivityCost, ...] = (),
) -> Angles:
    """Return the angle between a rule's gradient and that of BPTT on a batch of trials.

    Both see the same noise. The gradients that the network holds are left as they were.

    Parameters
    ----------
    rule : Rule
        For instance ``EProp()``.
    model : torch.nn.Module
        The network.
    trials : Trials
        The batch.
    goal : str or callable
        What is to be minimised.
    seeds : Seeds or int
        Seeds of noise and perturbations.
    costs : tuple of callable
        Costs on activity.

    Raises
    ------
    BadInput
        If the rule makes no sense for the network, or the loss is not a finite number.

    Examples
    --------
    >>> from tertium.learning.rules.tbptt import TruncatedBPTT
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> model, trials = RateRNN(task.n_inputs, 20, task.n_outputs), Trials.of(task.batch(4))
    >>> short, long = (angle_to_bptt(TruncatedBPTT(window=w), model, trials).together for w in (2, 1000))
    >>> short > 5, long < 0.1
    (True, True)
    """
    goal = named_goal(goal)
    seeds = Seeds(seeds) if isinstance(seeds, int) else seeds
    rule.check(model)
    with gradients_kept(model):
        theirs, exact = (_gradients_of(one, model, trials, goal, seeds=seeds, costs=costs) for one in (rule, BPTT()))
    names = list(exact)
    zeros = {name: torch.zeros_like(p, dtype=torch.float64) for name, p in model.named_parameters()}
    one, other = (torch.cat([g.get(n, zeros[n]).flatten() for n in names]) for g in (theirs, exact))
    return Angles(degrees(one, other), {n: degrees(theirs.get(n, zeros[n]), exact[n]) for n in names})


def degrees(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the angle between two gradients of one shape, in degrees; NaN if one of them is zero.

    Examples
    --------
    >>> round(degrees(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0])), 6)
    45.0
    """
    a, b = one.detach().flatten().double(), other.detach().flatten().double()
    lengths = float(a.norm()), float(b.norm())
    if 0.0 in lengths:
        return math.nan
    a, b = a / lengths[0], b / lengths[1]
    # atan2 of the halved angle: the arc cosine loses half of the digits near 0
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))


@contextmanager
def gradients_kept(model: nn.Module) -> Iterator[None]:
    """Put back the gradients that a network holds after a stretch of work."""
    held = {name: p.grad for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = None
    try:
        yield
    finally:
        for name, p in model.named_parameters():
            p.grad = held[name]


def _gradients_of(
    rule: Rule, model: nn.Module, trials: Trials, goal: Goal, *, seeds: Seeds, costs: tuple[ActivityCost, ...]
) -> dict[str, torch.Tensor]:
    filled = rule.fill(model, trials, goal, seeds=seeds, costs=costs)
    found = {n: p.grad.detach().double() for n, p in model.named_parameters() if p.grad is not None}
    if not math.isfinite(filled.loss) or not found:
        raise BadInput(
            f"gradient of rule '{rule.name}'",
            got=f"a loss of {filled.loss}",
            expected="a finite loss, so that there is a gradient",
            repair="Take a network whose activity stays finite.",
        )
    return found
