"""Back-propagation through time: the exact gradient, by automatic differentiation and our hand-written loops."""

from __future__ import annotations

import torch
from torch import nn

from tertium.learning.rule import ActivityCost, Filled, Goal, Rule, Trials
from tertium.learning.rules.signals import rates_of, total_loss
from tertium.learning.running import run_network
from tertium.rng import Seeds


class BPTT(Rule):
    """Back-propagation through time (Werbos 1990; Rumelhart, Hinton & Williams 1986).

    Examples
    --------
    >>> from tertium.learning.goals import mean_squared_error
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> model = RateRNN(task.n_inputs, 20, task.n_outputs)
    >>> filled = BPTT().fill(model, Trials.of(task.batch(4)), mean_squared_error, seeds=Seeds(0))
    >>> filled.loss > 0, model.readout.weight.grad is not None
    (True, True)
    """

    name = "bptt"
    cite = "Werbos 1990 Proc. IEEE"
    needs = "any network over time"

    def fill(
        self, model: nn.Module, trials: Trials, goal: Goal, *, seeds: Seeds, costs: tuple[ActivityCost, ...] = ()
    ) -> Filled:
        """Fill the gradients of the goal and the costs."""
        model.zero_grad(set_to_none=True)
        outputs, states = run_network(model, trials, seeds, all_states=bool(costs))
        rates = rates_of(model, states) if costs else None
        loss, total = total_loss(outputs, rates, trials, goal, costs)
        if torch.isfinite(total):  # gradients of a non-finite loss would only spread it
            total.backward()
        return Filled(float(loss.detach()), outputs.detach())
