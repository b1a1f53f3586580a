"""A loss, gradient or weight that is not finite stops training with all that is needed to see it again."""

import re

import pytest
import torch

from tertium.checkpoint import load_checkpoint
from tertium.learning import Diverged, Trials, fit
from tertium.learning.goals import mean_squared_error

QUICK = {"steps": 20, "batch": 4, "validate_trials": 4, "checkpoint_every": 5}


def poisoned(from_step):
    """Make a goal that gives NaN from a step on."""
    calls = iter(range(1000))

    def goal(outputs, trials):
        loss = mean_squared_error(outputs, trials)
        return loss * float("nan") if next(calls) >= from_step else loss

    return goal


def test_a_loss_that_is_not_finite_names_step_batch_and_checkpoint(task, network, tmp_path):
    with pytest.raises(Diverged) as caught:
        fit(network(), task, goal=poisoned(12), checkpoint=tmp_path, **QUICK)
    message = str(caught.value)
    assert message.startswith("step 12 of training: got loss nan, expected finite numbers.")
    assert f"The last good checkpoint, of step 10, is kept in {tmp_path / 'checkpoint-fit.pt'}." in message
    assert "\n" not in message
    assert load_checkpoint(tmp_path / "checkpoint-fit.pt")["step"] == 10


def test_the_batch_can_be_drawn_again_from_the_message(task, network):
    seen = []

    def goal(outputs, trials):
        seen.append(trials.inputs)
        return mean_squared_error(outputs, trials) * (float("inf") if len(seen) == 3 else 1.0)

    with pytest.raises(Diverged, match="step 2 of training: got loss inf") as caught:
        fit(network(), task, goal=goal, **QUICK)
    n, seed = re.search(r"'context_decision': batch\((\d+), seed=(\d+)\)", str(caught.value)).groups()
    again = Trials.of(task.batch(int(n), int(seed)))
    assert torch.equal(again.inputs, seen[-1])
    assert "No checkpoint had been kept" in str(caught.value)


def test_a_gradient_that_is_not_finite_stops_before_it_reaches_the_weights(task, network, same):
    def goal(outputs, trials):
        # the square root of zero has a finite value and an infinite slope
        return torch.sqrt((outputs * 0).sum()) + mean_squared_error(outputs, trials)

    model = network()
    with pytest.raises(Diverged, match=r"step 0 of training: got a gradient .* of norm nan"):
        fit(model, task, goal=goal, **QUICK)
    assert same(model, network())


def test_a_cost_that_is_not_finite_stops_too(task, network):
    def endless(run):
        return run.rates.sum() * float("inf")

    with pytest.raises(Diverged, match="step 0 of training: got a gradient"):
        fit(network(), task, costs=[endless], **QUICK)


def test_weights_that_are_not_finite_never_replace_a_good_checkpoint(task, network, tmp_path):
    class Break:
        done = 0

        def after_step(self, model, seeds):
            Break.done += 1
            if Break.done == 10:
                with torch.no_grad():
                    model.readout.bias[0] = float("inf")

    with pytest.raises(Diverged, match=r"weights 'readout.bias': got a number that is not finite"):
        fit(network(), task, hooks=[Break()], checkpoint=tmp_path, **QUICK)
    assert load_checkpoint(tmp_path / "checkpoint-fit.pt")["step"] == 5
