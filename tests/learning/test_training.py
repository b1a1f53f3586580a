"""The loop does what a plain torch loop does, validates on fresh trials, and stops when it should."""

import math
import threading
from functools import partial

import numpy as np
import pytest
import torch

from tertium.errors import BadInput, UnknownName
from tertium.learning import Lesson, Trials, fit, schedules
from tertium.learning.goals import mean_squared_error
from tertium.learning.training.optimisers import make_optimiser
from tertium.learning.training.schedules import make_scheduler
from tertium.rng import Seeds
from tertium.tasks import make

QUICK = {"batch": 4, "validate_trials": 8, "validate_every": 5}


def test_the_loop_is_the_plain_torch_loop(task, network, same):
    fitted, plain = network(), network()
    fit(fitted, task, steps=6, clip=0.5, schedule="cosine", learning_rate=0.01, seed=5, **QUICK)

    seeds = Seeds(5).child("fit")
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.01)
    for step in range(6):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (1 + math.cos(math.pi * step / 6)) / 2
        trials = Trials.of(task.batch(4, seeds.integer(f"batch {step}")))
        optimizer.zero_grad()
        outputs, _ = plain(trials.inputs, generator=seeds.child(f"step {step}").torch("noise"))
        mean_squared_error(outputs, trials).backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        optimizer.step()
    for ours, theirs in zip(fitted.parameters(), plain.parameters(), strict=True):
        # torch's own clipping divides by norm + 1e-6
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    assert not same(fitted, network()), "something was learned"


def test_the_seed_decides_and_nothing_else(task, network, same):
    first, again, other = network(), network(), network()
    fit(first, task, steps=3, **QUICK)
    torch.manual_seed(99)
    fit(again, task, steps=3, **QUICK)
    fit(other, task, steps=3, seed=1, **QUICK)
    assert same(first, again)
    assert not same(first, other)


def test_validation_changes_nothing_and_uses_fresh_trials(network, scripted, same):
    often, seldom = network(), network()
    watched = scripted(*[0.5] * 4)
    fit(often, watched, steps=4, batch=4, validate_every=1, validate_trials=8)
    fit(seldom, scripted(0.5), steps=4, batch=4, validate_every=4, validate_trials=8)
    assert same(often, seldom)
    assert len(watched.seeds) == len(set(watched.seeds)) == 8, "no trials are asked for twice"
    training = {seed for seed in watched.seeds if isinstance(seed, int)}
    assert len(training) == 4, "the seed of a training batch is one number, to be given to task.batch"


@pytest.mark.parametrize(("checks", "at"), [(1, 2), (2, 5), (3, 6)])
def test_training_stops_after_so_many_good_checks_in_a_row(network, scripted, checks, at):
    task = scripted(0.5, 0.91, 0.89, 0.9, 0.95, 0.99, 0.5)
    done = fit(network(), task, steps=7, batch=4, validate_every=1, validate_trials=8, until=0.9, checks=checks)
    assert (done.steps, done.stopped, len(done.history)) == (at, "criterion", at)


def test_without_a_criterion_all_steps_are_done(network, scripted):
    done = fit(network(), scripted(1.0, 1.0), steps=2, batch=4, validate_every=1, validate_trials=8)
    assert (done.steps, done.stopped, done.performance) == (2, "steps", 1.0)


def test_the_last_step_is_always_validated(task, network):
    done = fit(network(), task, steps=7, **QUICK)
    assert [check.step for check in done.history] == [5, 7]
    assert list(done.table()["step"]) == [5, 7]
    assert all(math.isfinite(check.loss) and check.seconds > 0 for check in done.history)
    assert done.history[0].learning_rate == 1e-3


def test_of_a_set_of_tasks_each_is_validated_and_the_worst_counts(network):
    both = make("yang19", tasks=["fdgo", "delaygo"])
    options = {"steps": 1, "batch": 2, "validate_every": 1, "validate_trials": 16}
    worst = fit(network_for(both), both, **options).history[-1]
    mean = fit(network_for(both), both, over_tasks="mean", **options).history[-1]
    assert set(worst.by_task) == {"fdgo", "delaygo"}
    assert worst.performance == min(worst.by_task.values())
    assert mean.performance == pytest.approx(np.mean(list(mean.by_task.values())))
    assert worst.numbers()["performance/fdgo"] == worst.by_task["fdgo"]


def network_for(task):
    from tertium.models import RateRNN

    return RateRNN(task.n_inputs, 8, task.n_outputs, dt=task.dt)


def test_threads_are_restored(task, network):
    seen = []

    class Look:
        def after_step(self, model, seeds):
            seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        fit(network(), task, steps=1, hooks=[Look()], **QUICK)
        assert (seen, torch.get_num_threads()) == ([1], 2)
        fit(network(), task, steps=1, hooks=[Look()], threads=None, **QUICK)
        assert seen == [1, 2]
    finally:
        torch.set_num_threads(before)


def test_hooks_come_after_the_optimiser_with_seeds_of_the_step(task, network):
    drawn = []

    class Zero:
        def after_step(self, model, seeds):
            drawn.append(seeds.integer("x"))
            with torch.no_grad():
                model.readout.bias.zero_()

    model = network()
    fit(model, task, steps=3, hooks=[Zero()], **QUICK)
    assert not model.readout.bias.any()
    assert len(set(drawn)) == 3


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "exponential", "steps"])
def test_schedules_agree_with_torch(name):
    def rates(schedule):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
        scheduler = make_scheduler(schedule, optimizer, 20)
        found = []
        for _ in range(20):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    lr = torch.optim.lr_scheduler
    ours = {
        "constant": "constant",
        "linear": schedules.Linear(0.1),
        "cosine": schedules.Cosine(0.1),
        "exponential": schedules.Exponential(0.1),
        "steps": schedules.Steps(6, 0.3),
    }[name]
    theirs = {
        "constant": partial(lr.ConstantLR, factor=1.0),
        "linear": partial(lr.LinearLR, start_factor=1.0, end_factor=0.1, total_iters=20),
        "cosine": partial(lr.CosineAnnealingLR, T_max=20, eta_min=0.05),
        "exponential": partial(lr.ExponentialLR, gamma=0.1 ** (1 / 20)),
        "steps": partial(lr.StepLR, step_size=6, gamma=0.3),
    }[name]
    np.testing.assert_allclose(rates(ours), rates(theirs), rtol=1e-9)


def test_optimisers_by_name_and_by_function(network):
    model = network()
    names = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}
    for name, kind in names.items():
        made = make_optimiser(name, model, 0.02)
        assert (type(made).__name__, made.defaults["lr"]) == (kind, 0.02)
    model.readout.weight.requires_grad_(False)
    own = make_optimiser(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), model, None)
    trained = {id(p) for group in own.param_groups for p in group["params"]}
    assert id(model.readout.weight) not in trained
    assert len(trained) == len(list(model.parameters())) - 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps: got 0, expected an integer >= 1"),
        ({"batch": 2.5}, "batch: got 2.5, expected an integer"),
        ({"clip": 0.0}, "clip: got 0.0, expected a positive norm"),
        ({"clip": float("nan")}, "clip: got nan"),
        ({"until": 95}, r"until: got 95, expected a fraction correct in \(0, 1\]"),
        ({"until": 0.9, "checks": 0}, "checks: got 0"),
        ({"validate_every": 0}, "validate_every: got 0"),
        ({"validate_trials": 0}, "validate_trials: got 0"),
        ({"over_tasks": "max"}, "over_tasks: got 'max', expected 'min' or 'mean'"),
        ({"threads": 0}, "threads: got 0"),
        ({"learning_rate": -1.0}, "learning_rate: got -1.0, expected a positive number"),
        ({"optimizer": torch.optim.Adam, "learning_rate": 0.1}, "learning_rate: got 0.1 beside a function"),
        ({"schedule": lambda optimizer: 3}, "schedule: got a function that returned int"),
        ({"on_interrupt": "ignore"}, "on_interrupt: got 'ignore', expected 'raise' or 'return'"),
    ],
)
def test_options_that_cannot_be_used_are_answered(task, network, options, message):
    with pytest.raises(BadInput, match=message):
        fit(network(), task, **{"steps": 1, **QUICK, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "bppt"}, "learning rule: got 'bppt'.*Did you mean 'bptt'"),
        ({"goal": "crossentropy"}, "goal: got 'crossentropy'.*Did you mean 'cross_entropy'"),
        ({"optimizer": "adem"}, "optimizer: got 'adem'.*Did you mean 'adam'"),
        ({"schedule": "cosin"}, "schedule: got 'cosin'.*Did you mean 'cosine'"),
    ],
)
def test_misspelt_names_are_answered(task, network, options, message):
    with pytest.raises(UnknownName, match=message):
        fit(network(), task, **{"steps": 1, **QUICK, **options})


def test_a_network_that_does_not_fit_the_task_is_refused(task, network):
    with pytest.raises(BadInput, match=r"dt of the network: got 0.05 s, expected that of task .* 0.02 s"):
        fit(network(), make("context_decision", dt=0.02), steps=1)
    other = make("perceptual_decision", dt=0.05)
    with pytest.raises(BadInput, match="n_inputs of the network: got 7, expected that of task 'perceptual_decision'"):
        fit(network(), other, steps=1)
    frozen = network().requires_grad_(False)
    with pytest.raises(BadInput, match="no parameter with requires_grad"):
        fit(frozen, task, steps=1)


def test_a_lesson_needs_an_end_and_the_channels_of_the_task(task, network):
    with pytest.raises(BadInput, match=r"lesson 0 of the curriculum: got until=None"):
        fit(network(), task, curriculum=[Lesson(task)], steps=1)
    with pytest.raises(BadInput, match=r"lesson 0 of the curriculum: got 7 inputs, 3 outputs, dt=0.02 s"):
        fit(network(), task, curriculum=[Lesson(make("context_decision"), until=0.9)], steps=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "config"),
    [
        # without coherences near zero, at which nobody can be right more often than by chance
        ("perceptual_decision", {"coherences": (0.128, 0.256, 0.512)}),
        ("context_decision", {"coherences": (0.15, 0.5), "delay": 0.3}),
    ],
)
def test_a_network_learns_a_task(name, config):
    from tertium.models import RateRNN

    task = make(name, **config)
    model = RateRNN(task.n_inputs, 64, task.n_outputs, dt=task.dt, noise=0.05, seed=10)
    options = {"learning_rate": 2e-3, "clip": 1.0, "validate_every": 50, "steps": 1000}
    done = fit(model, task, until=0.95, seed=10, **options)
    assert done.stopped == "criterion"
    again = task.batch(500, seed=123)
    outputs, _ = model(Trials.of(again).inputs, generator=Seeds(1).torch("noise"))
    assert task.performance(outputs.detach().numpy(), again) > 0.9


def test_batches_made_ahead_change_nothing(task, network, same):
    plain, ahead = network(), network()
    lesson = [Lesson(task, until=0.01)]
    first = fit(plain, task, curriculum=lesson, steps=12, **QUICK)
    second = fit(ahead, task, curriculum=lesson, steps=12, ahead=2, **QUICK)
    assert same(plain, ahead)
    assert [c.lesson for c in first.history] == [c.lesson for c in second.history] == [0, 1, 1]
    assert not [t for t in threading.enumerate() if t.name.startswith("tertium-prefetch")]
    with pytest.raises(BadInput, match="ahead: got -1"):
        fit(network(), task, steps=1, ahead=-1, **QUICK)
