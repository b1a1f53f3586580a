"""Local rules: their factors are exact, their shortcuts are those of the papers, chance averages to the gradient."""

import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.learning.goals import cross_entropy, mean_squared_error
from tertium.learning.rule import Trials
from tertium.learning.rules import add_feedback, angle_to_bptt, named_rule
from tertium.models import RateCell, RateRNN, RecurrentNetwork
from tertium.models.wiring import Dale, NoAutapses, SparseMask, constrain
from tertium.rng import Seeds
from tertium.testing.rule_conformance import short_trials


def gradients(rule, model, trials, goal=mean_squared_error, costs=(), seed=3):
    rule.fill(model, trials, goal, seeds=Seeds(seed), costs=costs)
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def quiet(run):
    return 0.3 * (run.rates**2).mean()


def network(form, **given):
    options = {"dt": 0.05, "noise": 0.1, "nonlinearity": "tanh", "learn_initial": True, "learn_tau": True, **given}
    return RateRNN(7, 6, 3, form=form, **options).double()


KINDS = {
    "one time constant": {},
    "own time constants": {"tau": [0.05, 0.1, 0.15, 0.2, 0.3, 0.4]},
    "low rank plus random": {"rank": 2, "random_gain": 0.5, "nonlinearity": "softplus"},
}


@pytest.mark.parametrize("form", ["membrane", "rate"])
@pytest.mark.parametrize("kind", KINDS)
def test_full_learning_signals_times_traces_are_the_gradient_of_bptt(form, kind):
    model, trials = network(form, **KINDS[kind]), short_trials(n=3, dtype=torch.float64)
    exact = gradients(named_rule("bptt"), model, trials, cross_entropy, (quiet,))
    found = gradients(named_rule("e_prop", feedback="exact"), model, trials, cross_entropy, (quiet,))
    assert set(found) == set(exact)
    for name, gradient in exact.items():
        assert gradient.abs().max() > 1e-6, name
        torch.testing.assert_close(found[name], gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("form", ["membrane", "rate"])
def test_without_recurrent_weights_symmetric_e_prop_is_bptt(form):
    """With W = 0 no effect goes through other units: all but the gradient of W, and that too, is exact."""
    model, trials = network(form), short_trials(n=3, dtype=torch.float64)
    with torch.no_grad():
        model.cell.recurrent_weight.zero_()
    exact = gradients(named_rule("bptt"), model, trials, cross_entropy, (quiet,))
    found = gradients(named_rule("e_prop"), model, trials, cross_entropy, (quiet,))
    for name, gradient in exact.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("form", ["membrane", "rate"])
def test_symmetric_e_prop_is_bptt_that_stops_at_what_units_send_each_other(form):
    """The readable definition: the same loop, differentiated with the rates detached where they are sent."""
    model, trials = network(form, noise=0.0), short_trials(n=3, dtype=torch.float64)
    found = gradients(named_rule("e_prop"), model, trials)
    model.zero_grad()
    cell, rates = model.cell, []
    state = cell.init(3)
    for x in trials.inputs:
        current = cell.recurrent(cell.activity(state).detach()) + cell.drive(x)
        pulled = current if form == "membrane" else cell.nonlinearity(current)
        state = (1 - cell.leak()) * state + cell.leak() * pulled
        rates.append(cell.activity(state))
    mean_squared_error(model.readout(torch.stack(rates)), trials).backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-9, atol=1e-13)


def test_random_feedback_replaces_the_read_out_on_the_way_back():
    model, trials = network("rate"), short_trials(n=3, dtype=torch.float64)
    rule = named_rule("e_prop", feedback="random", seed=5)
    random = gradients(rule, model, trials)
    symmetric = gradients(named_rule("e_prop"), model, trials)
    assert torch.equal(random["readout.weight"], symmetric["readout.weight"])
    assert not torch.allclose(random["cells.0.recurrent_weight"], symmetric["cells.0.recurrent_weight"], rtol=0.1)
    other = gradients(named_rule("e_prop", feedback="random", seed=6), model, trials)
    assert not torch.equal(random["cells.0.bias"], other["cells.0.bias"])
    # with the same weights on both ways, random feedback is symmetric feedback
    from tertium.learning.rules.feedback import random_feedback

    outputs_and_targets = gradients(named_rule("e_prop", feedback="random", seed=5), model, trials)
    assert torch.equal(outputs_and_targets["cells.0.bias"], random["cells.0.bias"])
    planted = network("rate")
    with torch.no_grad():
        planted.readout.weight.copy_(random_feedback(planted, 5))
    torch.testing.assert_close(
        gradients(rule, planted, trials)["cells.0.recurrent_weight"],
        gradients(named_rule("e_prop"), planted, trials)["cells.0.recurrent_weight"],
    )


def test_adaptive_feedback_comes_to_agree_with_the_read_out():
    """Of Kolen & Pollack: with plain gradient steps the difference shrinks by (1 - rate * decay) each, exactly."""
    model, trials = add_feedback(network("membrane"), seed=1), short_trials(n=3, dtype=torch.float64)
    rule, rate = named_rule("e_prop", feedback="adaptive", decay=0.5), 0.1
    optimiser = torch.optim.SGD(model.parameters(), lr=rate)
    apart = (model.readout.weight - model.feedback).detach().clone()
    for step in range(20):
        rule.fill(model, trials, mean_squared_error, seeds=Seeds(step))
        optimiser.step()
    expected = apart * (1 - rate * 0.5) ** 20
    torch.testing.assert_close((model.readout.weight - model.feedback).detach(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", ["e_prop", "node_perturbation"])
def test_local_rules_obey_wiring_constraints(rule):
    model = RateRNN(7, 10, 3, dt=0.05)
    constrain(model.cell, Dale(0.8), SparseMask(0.5), NoAutapses())
    before = model.cell.recurrent_weight.detach().clone()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(5):
        named_rule(rule).fill(model, short_trials(), mean_squared_error, seeds=Seeds(step))
        optimiser.step()
    after = model.cell.recurrent_weight.detach()
    assert not torch.equal(before, after)
    assert ((before == 0) <= (after == 0)).all()
    assert (before * after >= 0).all()
    assert after.diagonal().eq(0).all()


def repeated(trials, n):
    """Return trials whose copies average within one fill as repeated fills would."""
    inputs, targets, mask = (t.repeat(1, n, 1) for t in (trials.inputs, trials.targets, trials.mask))
    return Trials(inputs, targets, mask, trials.batch)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["membrane", "rate"])
def test_node_perturbation_averages_to_the_gradient_of_bptt(form):
    """40 estimates from 100 runs each: their mean lies within sampling error of the gradient, in every entry."""
    model = RateRNN(7, 4, 3, dt=0.05, nonlinearity="tanh", form=form, learn_initial=True).double()
    one = short_trials(n=1, dtype=torch.float64)
    trials = repeated(one, 50)
    exact = gradients(named_rule("bptt"), model, one, costs=(quiet,))
    rule = named_rule("node_perturbation", sigma=1e-3, draws=2)
    drawn = [gradients(rule, model, trials, costs=(quiet,), seed=s) for s in range(40)]
    for name, gradient in exact.items():
        estimates = torch.stack([d[name] for d in drawn])
        heard = estimates.std(0) > 0
        assert torch.equal(estimates.mean(0)[~heard], gradient[~heard])  # synapses at which nothing arrived
        scores = ((estimates.mean(0) - gradient) / (estimates.std(0) / 40**0.5))[heard]
        assert scores.abs().max() < 4.5, name  # of about 100 entries; chance of one beyond: 1 in 1000
        assert (scores**2).mean() < 3.0, name  # 1 is expected; entries of one unit go together
    together, truth = (
        torch.cat([torch.stack([d[n] for d in drawn]).mean(0).flatten() for n in exact]),
        torch.cat([g.flatten() for g in exact.values()]),
    )
    assert (together - truth).norm() / truth.norm() < 0.3  # of 4000 draws; 0.15 is expected


def test_node_perturbation_gets_closer_with_more_draws_also_through_two_cells():
    stack = RecurrentNetwork([RateCell(7, 5, dt=0.05), RateCell(5, 4, dt=0.05)], 3, dt=0.05)
    trials = short_trials(n=2)
    few, many = (angle_to_bptt(named_rule("node_perturbation", draws=n), stack, trials) for n in (2, 100))
    assert many.together < few.together
    assert many.together < 50
    assert many.parameters["cells.0.input_weight"] < 75


def test_without_a_perturbed_trial_nobody_is_blamed():
    """Only the shaken trial's own loss counts: a trial whose errors weigh nothing gets no credit and gives none."""
    model, trials = RateRNN(7, 5, 3, dt=0.05).double(), short_trials(n=2, dtype=torch.float64)
    first = Trials(
        *(t[:, :1] for t in (trials.inputs, trials.targets, 2 * trials.mask)), trials.batch
    )  # mean over one trial of twice the weight = mean over two
    masked = Trials(trials.inputs, trials.targets, trials.mask * torch.tensor([[[2.0], [0.0]]]), trials.batch)
    rule = named_rule("e_prop")
    for name, gradient in gradients(rule, model, first).items():
        torch.testing.assert_close(gradients(rule, model, masked)[name] * 1.0, gradient / 2)
    whole = gradients(named_rule("node_perturbation"), model, masked)
    silent = Trials(trials.inputs, trials.targets, 0 * trials.mask, trials.batch)
    nothing = gradients(named_rule("node_perturbation"), model, silent)
    assert any(g.abs().max() > 0 for g in whole.values())
    assert all(g.abs().max() == 0 for g in nothing.values())


@pytest.mark.parametrize(
    ("rule", "model", "message"),
    [
        ("e_prop", torch.nn.Linear(2, 2), "network for rule 'e_prop': got a Linear, expected a RecurrentNetwork"),
        ("e_prop", RecurrentNetwork([RateCell(2, 3), RateCell(3, 3)], 1), "got 2 cells on top of each other"),
        ("node_perturbation", RateRNN(2, 3, 1, learn_tau=True), "got learned time constants"),
    ],
)
def test_networks_that_make_no_sense_are_refused(rule, model, message):
    with pytest.raises(BadInput, match=message):
        named_rule(rule).check(model)


def test_cells_that_are_no_rate_cells_are_refused():
    class Other(RateCell):
        def step(self, state, x, noise=None):
            return super().step(2 * state, x, noise)

    for rule in ("e_prop", "node_perturbation"):
        with pytest.raises(BadInput, match=f"network for rule '{rule}': got a Other, expected rate cells"):
            named_rule(rule).check(RecurrentNetwork(Other(2, 3), 1))


def test_odd_options_are_answered():
    with pytest.raises(UnknownName, match=r"feedback: got 'symetric'.*Did you mean 'symmetric'"):
        named_rule("e_prop", feedback="symetric")
    with pytest.raises(BadInput, match="decay: got -1"):
        named_rule("e_prop", decay=-1)
    with pytest.raises(BadInput, match=r"sigma and draws: got 0 and 1, expected sigma > 0"):
        named_rule("node_perturbation", sigma=0)
    with pytest.raises(BadInput, match=r"got no feedback weights.*add_feedback\(model\)"):
        named_rule("e_prop", feedback="adaptive").check(RateRNN(2, 3, 1))
