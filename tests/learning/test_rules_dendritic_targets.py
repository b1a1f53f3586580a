"""Dendritic targets: back-propagation where it must be, interneurons that learn to cancel, plateaus by loops."""

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.learning.goals import mean_squared_error
from tertium.learning.rule import Trials
from tertium.learning.rules import angle_to_bptt
from tertium.learning.rules.three_factor.btsp import saturating
from tertium.learning.rules.three_factor.dendritic_changes import TimeScale, by_plateaus, kept_total
from tertium.learning.rules.three_factor.dendritic_targets import DendriticTargets
from tertium.models import MLP
from tertium.models.feedforward.dendritic.gains import PAPER, Gains
from tertium.models.feedforward.dendritic.network import DendriticNetwork
from tertium.rng import Seeds
from tertium.tasks import given_trials

#: Somatic interneurons that nobody hears; rates stay below 1.
QUIET = [Gains(gain, 1e-6, 1.0, 1.0, 1.0) for gain in (0.7, 0.6, 0.3)]


def trials(n=12, channels=8, outputs=3, off=0.02):
    """Return patterns, with targets that are a little off what the network of the tests answers."""
    x = Seeds(0).numpy("x").random((1, n, channels)).astype(np.float32)
    net = DendriticNetwork(channels, (20, 15), outputs, interneurons=4, gains=QUIET, seed=3)
    answers = net(torch.from_numpy(x))[0].detach().numpy()
    wrong = off * Seeds(0).numpy("wrong").normal(size=answers.shape)
    return net, Trials.of(given_trials(x, answers + wrong, dt=0.1))


def by_sgd(rule, net, given, steps, rate=1.0):
    optimiser = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=rate)
    for _ in range(steps):
        rule.fill(net, given, mean_squared_error, seeds=Seeds(0))
        optimiser.step()


def test_without_somatic_inhibition_dendrites_that_compare_times_send_the_gradient():
    net, given = trials()
    for layer in net.stack()[:-1]:
        layer.top_down_gain = 1.0
    assert angle_to_bptt(DendriticTargets(compare="time"), net, given).together < 30
    assert all(angle < 0.1 for angle in angle_to_bptt(DendriticTargets(compare="time"), net, given).parameters.values())
    layer = net.stack()[0]
    layer.top_down_gain = 0.5  # a factor of its own for a layer changes how far it goes, not where
    assert all(angle < 0.1 for angle in angle_to_bptt(DendriticTargets(compare="time"), net, given).parameters.values())


def test_interneurons_learn_to_cancel_what_comes_from_above():
    net, given = trials(off=0.0)
    for layer in net.stack():  # only inhibition of dendrites learns: outputs are right
        layer.from_below.requires_grad_(False)

    def left():
        settled = net.settle(given.inputs)
        return [float(net.at_dendrites(i, settled[i], settled[i + 1].rate).detach().abs().mean()) for i in range(2)]

    before = left()
    by_sgd(DendriticTargets(), net, given, 150, rate=0.2)
    assert all(late < 0.1 * early for early, late in zip(before, left(), strict=True))


def test_synapses_on_dendritic_interneurons_keep_their_total():
    net, given = trials()
    layer = net.stack()[0]
    before = [part.weight.detach().clone() for part in (layer.soma_to_dendritic, layer.dendritic_to_dendritic)]
    by_sgd(DendriticTargets(recruitment_rate=0.1, mutual_rate=0.1), net, given, 5)
    for was, part in zip(before, (layer.soma_to_dendritic, layer.dendritic_to_dendritic), strict=True):
        torch.testing.assert_close(part.weight.sum(1), was.sum(1))
        assert not torch.allclose(part.weight, was)
    assert kept_total(-torch.ones(1, 2), torch.tensor([[2.0, 0.0]]), sign=-1).tolist() == [[-0.5, 0.5]]


def test_plateaus_change_synapses_as_by_loops_over_trials():
    rng = Seeds(1).numpy("plateaus")
    plateau, pre, weight = rng.uniform(-1, 1, (5, 3)), rng.random((5, 4)), rng.random((3, 4))
    left, w_max = 0.3, 1.5

    def q(trace):
        return float(saturating(torch.tensor(trace, dtype=torch.float64), 0.01, 200.0))

    expected = np.zeros((3, 4))
    for i in range(3):
        for j in range(4):
            for t in range(5):
                if plateau[t, i] < 0:
                    expected[i, j] += plateau[t, i] * pre[t, j]
                pairs = [(t, t, 1.0), (t, t - 1, left), (t - 1, t, left)]
                for when, heard, share in pairs:
                    if min(when, heard) >= 0 and plateau[when, i] > 0:
                        trace = share * pre[heard, j]
                        step = (w_max - weight[i, j]) * trace - weight[i, j] * q(trace)
                        expected[i, j] += plateau[when, i] * step
    given = [torch.from_numpy(one) for one in (plateau, pre, weight)]
    np.testing.assert_allclose(by_plateaus(*given, TimeScale(w_max, left)), expected, atol=1e-12)


def test_plateaus_keep_weights_within_their_bounds():
    net, given = trials(off=0.3)
    by_sgd(DendriticTargets(update="btsp", w_max=0.4), net, given, 60)
    for layer in net.stack():
        weight = layer.from_below.weight.detach()
        assert 0 <= float(weight.min()) <= float(weight.max()) < 0.45


def test_units_that_are_silent_learn_nothing():
    net, given = trials()
    with torch.no_grad():
        net.layers[0].from_below.parametrizations.weight.original[4] = 0
    DendriticTargets().fill(net, given, mean_squared_error, seeds=Seeds(0))
    change = net.layers[0].from_below.parametrizations.weight.original.grad
    assert not change[4].any()
    assert change[5].any()


@pytest.mark.parametrize("update", ["error", "btsp"])
@pytest.mark.parametrize("compare", ["inhibition", "time"])
def test_it_learns_and_signs_hold_throughout(update, compare):
    x = Seeds(2).numpy("patterns").random((1, 4, 12)).astype(np.float32)
    given = Trials.of(given_trials(x, np.eye(4, dtype=np.float32)[None], dt=0.1))
    net = DendriticNetwork(12, (20,), 4, gains=(PAPER[0], PAPER[1], Gains(1.0, 0.1, 0.4, 2.7, 2.5)), seed=1)
    rule = DendriticTargets(update=update, compare=compare, w_max=2.0)
    before = rule.fill(net, given, mean_squared_error, seeds=Seeds(0)).loss
    for _ in range(12):
        by_sgd(rule, net, given, 8, rate=0.5)
        for layer in net.stack():
            assert all(bool((w >= 0).all() or (w <= 0).all()) for w in layer.weights().values())
    assert rule.fill(net, given, mean_squared_error, seeds=Seeds(0)).loss < 0.5 * before


def test_it_says_why_a_network_without_dendrites_is_refused():
    with pytest.raises(BadInput, match="whose units are points, expected a DendriticNetwork: the rule reads at a dend"):
        DendriticTargets().check(MLP(7, 20, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"update": "hebb"}, "got 'hebb' and 'inhibition'"),
        ({"compare": "space"}, "got 'error' and 'space'"),
        ({"rate": 0.0}, "rate"),
        ({"w_max": (1.0, 1.0)}, "one or three numbers > 0"),
        ({"discount": 1.5}, "a share from 0 to 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(BadInput, match=message):
        DendriticTargets(**options)
