"""Costs agree with what their docstrings say, worked out in NumPy, and act on training by name."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.learning import Run, Trials, costs, fit
from tertium.models import RateRNN
from tertium.models.wiring import Dale, SpatialEmbedding, constrain, grid, wiring_cost


@pytest.fixture
def run(task):
    """Rates of 5 units in trials of different lengths; those in the padding are huge."""
    from tertium.tasks import make

    trials = Trials.of(make("context_decision", dt=0.05).batch(6, seed=2))
    assert len(set(trials.batch.lengths)) > 1
    rates = np.random.default_rng(0).normal(size=(*trials.batch.valid.shape, 5))
    rates[~trials.batch.valid] = 1e6
    return Run(trials.targets, torch.from_numpy(rates).requires_grad_(), trials)


def as_lists(run):
    """Return the rates of each trial while it runs: a list of arrays (time, unit)."""
    rates = run.rates.detach().numpy()
    return [rates[:n, k] for k, n in enumerate(run.trials.batch.lengths)]


def test_costs_on_rates_are_means_over_units_and_running_trials(run):
    flat = np.concatenate(as_lists(run))
    speeds = np.concatenate([np.diff(r, axis=0) for r in as_lists(run)]) / 0.05
    expected = {
        costs.RatesL1(0.5): 0.5 * np.abs(flat).mean(),
        costs.RatesL2(2.0): 2.0 * (flat**2).mean(),
        costs.RateTarget(3.0, 0.2): 3.0 * ((flat.mean(0) - 0.2) ** 2).mean(),
        costs.RateChange(0.1): 0.1 * (speeds**2).mean(),
    }
    for cost, value in expected.items():
        np.testing.assert_allclose(cost(run).item(), value, rtol=1e-10, err_msg=str(cost))


@pytest.mark.parametrize("cost", [costs.RatesL1(1.0), costs.RatesL2(1.0), costs.RateTarget(1.0), costs.RateChange(1.0)])
def test_no_gradient_comes_from_the_padding(run, cost):
    (gradient,) = torch.autograd.grad(cost(run), run.rates)
    valid = torch.from_numpy(run.trials.batch.valid)
    assert not gradient[~valid].any()
    assert gradient[valid].abs().sum() > 0


def test_costs_on_weights_are_sums_over_the_weights_as_they_are_used():
    model = RateRNN(3, 10, 2, seed=1)
    constrain(model.cell, Dale(0.8))
    recurrent = model.cell.recurrent_weight.detach()
    every = [recurrent, model.cell.input_weight, model.readout.weight]
    assert costs.WeightsL1(0.1)(model).item() == pytest.approx(0.1 * float(recurrent.abs().sum()))
    assert costs.WeightsL2(0.1)(model).item() == pytest.approx(0.1 * float((recurrent**2).sum()))
    assert costs.WeightsL2(1.0, "all")(model).item() == pytest.approx(sum((w**2).sum().item() for w in every))
    with torch.no_grad():
        assert float(costs.WeightsL1(0.1)(model)) > 0, "also where no gradient is wanted"


def test_the_wiring_cost_is_that_of_the_embedded_cells():
    model = RateRNN(3, 8, 2, seed=1)
    constrain(model.cell, SpatialEmbedding(grid(2, 2, 2)))
    for way in (False, True):
        want = 0.3 * wiring_cost(model.cell, with_communicability=way).item()
        assert costs.WiringCost(0.3, way)(model).item() == pytest.approx(want)
    with pytest.raises(BadInput, match="WiringCost: got a network whose units have no places"):
        costs.WiringCost(0.3)(RateRNN(3, 8, 2))


def test_costs_add_their_gradients_and_show_by_name(task, network):
    model, plain = network(), network()
    options = {"optimizer": lambda p: torch.optim.SGD(p, lr=1.0), "steps": 1, "batch": 4, "validate_trials": 8}
    before = model.cell.recurrent_weight.detach().clone()
    fit(plain, task, **options)
    many = [costs.WeightsL2(0.01), costs.RatesL1(0.0, name="silent"), lambda run: 0.0 * run.rates.sum()]
    check = fit(model, task, costs=many, **options).history[-1]
    difference = (model.cell.recurrent_weight - plain.cell.recurrent_weight).detach()
    torch.testing.assert_close(difference, -0.02 * before, rtol=1e-4, atol=1e-6)
    assert set(check.costs) == {"WeightsL2", "silent", "<lambda>"}
    after = 0.01 * (model.cell.recurrent_weight**2).sum().item()
    assert check.numbers()["cost/WeightsL2"] == pytest.approx(after)


def test_a_rate_target_is_approached(task, network):
    def mean_rate(model):
        _, states = model(Trials.of(task.batch(32, seed=9)).inputs)
        return model.rates(states).mean().item()

    before, model = mean_rate(network()), network()
    fit(model, task, costs=[costs.RateTarget(100.0, 2 * before)], steps=40, learning_rate=0.01, batch=8)
    assert mean_rate(model) == pytest.approx(2 * before, rel=0.25)


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_a_strength_is_a_finite_positive_number(strength):
    with pytest.raises(BadInput, match=r"strength of RatesL1: got .*, expected a finite number >= 0"):
        costs.RatesL1(strength)


def test_costs_that_cannot_be_used_are_answered(task, network):
    with pytest.raises(BadInput, match=r"costs: got 'RatesL1' twice, expected different names. Pass name= to one"):
        fit(network(), task, costs=[costs.RatesL1(1.0), costs.RatesL1(2.0)], steps=1)
    with pytest.raises(BadInput, match="which: got 'input', expected 'recurrent' or 'all'"):
        costs.WeightsL1(1.0, "input")(network())
    with pytest.raises(BadInput, match=r"recurrent weights of Linear: got none.*which='all'"):
        costs.WeightsL1(1.0)(torch.nn.Linear(2, 2))
