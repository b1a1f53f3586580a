"""Training: `fit` puts together what a training is made of, and `tertium.learning.training.loop` does the steps."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from torch import nn

from tertium.errors import BadInput
from tertium.learning.costs import WeightCost
from tertium.learning.goals import named_goal
from tertium.learning.rule import ActivityCost, Goal, Rule
from tertium.learning.rules import named_rule
from tertium.learning.training.curriculum import Lesson, lessons
from tertium.learning.training.identity import network_identity
from tertium.learning.training.keeping import FolderKeeper, Keeper, only_count
from tertium.learning.training.loop import Hook, Plan, train
from tertium.learning.training.optimisers import OptimiserChoice, make_optimiser
from tertium.learning.training.process import torch_threads
from tertium.learning.training.result import Fit
from tertium.learning.training.schedules import Constant, ScheduleChoice, make_scheduler
from tertium.learning.training.sinks import MetricsFile, Sink
from tertium.learning.training.state import TrainingState
from tertium.learning.training.validation import Validation, cost_name
from tertium.models.wiring.deep_rewiring import Rewired, rewire_after
from tertium.rng import Seeds
from tertium.tasks.task import TaskLike


def fit(
    model: nn.Module,
    task: TaskLike,
    *,
    rule: str | Rule = "bptt",
    goal: str | Goal = "mean_squared_error",
    optimizer: OptimiserChoice = "adam",
    learning_rate: float | None = None,
    schedule: ScheduleChoice = None,
    clip: float | None = None,
    costs: Sequence[ActivityCost | WeightCost] = (),
    hooks: Sequence[Hook] = (),
    steps: int = 10_000,
    batch: int = 64,
    ahead: int = 0,
    seed: int | Seeds = 0,
    until: float | None = None,
    checks: int = 1,
    curriculum: Sequence[Lesson] = (),
    validate_every: int = 100,
    validate_trials: int = 256,
    over_tasks: Literal["min", "mean"] = "min",
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 100,
    keeper: Keeper | None = None,
    name: str = "fit",
    sinks: Sequence[Sink] = (),
    threads: int | None = 1,
    progress: bool = True,
    on_interrupt: Literal["raise", "return"] = "raise",
) -> Fit:
    """Train a network on a task.

    The trials and the noise of a step depend on the seed and the number of the step alone, so that a training that
    was killed goes on from its last checkpoint to the very weights it would have had. Weights under
    `tertium.models.wiring.Rewiring` are rewired after each step.

    Parameters
    ----------
    model : torch.nn.Module
        ``outputs, states = model(x, state=None, generator=...)`` with x (time, trial, input); trained in place.
    task : TaskLike
        Gives batches of trials and says how good answers are; of a set of tasks, each batch holds one.
    rule : str or Rule
        What fills the gradients; see `tertium.learning.rules`.
    goal : str or callable
        What is minimised; see `tertium.learning.goals`.
    optimizer : str or callable
        "adam", "adamw", "rmsprop", "sgd", or a function of the list of trainable parameters.
    learning_rate : float, optional
        Of a named optimiser, 1e-3 by default.
    schedule : str, Schedule or callable, optional
        Course of the learning rate: "constant", "linear", "cosine", "exponential", "steps", one of
        `tertium.learning.schedules`, or a function from the optimiser to one of torch's schedulers.
    clip : float, optional
        Largest norm of the gradient of all parameters together.
    costs : sequence
        Costs on activity and on weights, each of another name; see `tertium.learning.costs`.
    hooks : sequence of Hook
        Done after each step of the optimiser, in order.
    steps : int
        At most so many steps, over all lessons.
    batch : int
        Trials a step.
    ahead : int
        Threads that make the batches of the next steps; the results are the same. 0 makes each batch in its step.
    seed : int or Seeds
        Seeds of trials and noise; the weights have their own.
    until : float, optional
        Stop when the performance on fresh trials has reached this.
    checks : int
        At so many validations in a row.
    curriculum : sequence of Lesson
        Tasks that are trained first, each until its own threshold.
    validate_every : int
        Steps between two validations.
    validate_trials : int
        Trials of a validation, of each task of a set.
    over_tasks : {"min", "mean"}
        Which performance of a set of tasks has to reach ``until``.
    checkpoint : str or Path, optional
        Folder for ``checkpoint-<name>.pt`` and ``metrics.jsonl``; a training found there is resumed.
    checkpoint_every : int
        Steps between two checkpoints.
    keeper : Keeper, optional
        Keeps the state in place of a folder (``lab.steps`` of a study).
    name : str
        What the keeper calls this training: the checkpoint is ``checkpoint-<name>.pt``.
    sinks : sequence of callable
        Take the numbers of each validation (`tertium.learning.TensorBoard`).
    threads : int, optional
        Threads of torch during training; one is fastest for small networks. None leaves them as they are.
    progress : bool
        Whether to show a bar on a terminal.
    on_interrupt : {"raise", "return"}
        What Ctrl-C does once the step is whole and the checkpoint written.

    Returns
    -------
    Fit
        History, steps, performance, why it stopped.

    Raises
    ------
    BadInput
        If an option cannot be used, the network does not fit the task, or the checkpoint is of another training.
    UnknownName
        If a rule, goal, optimiser or schedule has no such name.
    Diverged
        If loss, gradient or weights are not finite; the last good checkpoint is kept.
    KeyboardInterrupt
        After Ctrl-C, unless ``on_interrupt="return"``.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> from tertium.tasks import make
    >>> task = make("context_decision")
    >>> network = RateRNN(task.n_inputs, 32, task.n_outputs, dt=task.dt)
    >>> done = fit(network, task, steps=20, batch=16, validate_every=10, validate_trials=32)
    >>> done.steps, done.stopped, len(done.history)
    (20, 'steps', 2)
    """
    _check_options(steps=steps, batch=batch, checkpoint_every=checkpoint_every)
    _check_kinds(model, task, rule=rule, goal=goal, costs=costs, hooks=hooks, sinks=sinks)
    _check_fit(model, task)
    if checkpoint is not None and keeper is not None:
        raise BadInput("checkpoint", got="a folder and a keeper", expected="one of the two", repair="Leave one out.")
    if isinstance(ahead, bool) or not isinstance(ahead, int) or ahead < 0:
        raise BadInput("ahead", got=repr(ahead), expected="a number of threads >= 0", repair="Pass ahead=1.")
    if on_interrupt not in ("raise", "return"):
        raise BadInput("on_interrupt", got=repr(on_interrupt), expected="'raise' or 'return'")
    _check_names(costs)
    plan = Plan(
        name=name,
        course=lessons(curriculum, Lesson(task, until, checks)),
        rule=named_rule(rule),
        goal=named_goal(goal),
        activity_costs=tuple(c for c in costs if not isinstance(c, WeightCost)),
        weight_costs=tuple(c for c in costs if isinstance(c, WeightCost)),
        clip=clip,
        hooks=tuple(hooks),
        steps=steps,
        batch=batch,
        ahead=ahead,
        seeds=(seed if isinstance(seed, Seeds) else Seeds(seed)).child("fit"),
        validation=Validation(validate_every, validate_trials, over_tasks),
        checkpoint_every=checkpoint_every,
        progress=progress,
    )
    plan.rule.check(model)
    made = make_optimiser(optimizer, model, learning_rate)
    identity = (
        plan.identity()
        | network_identity(model)
        | {
            "optimizer": _word(optimizer),
            "learning_rate": learning_rate,
            "schedule": None if schedule in (None, "constant", Constant()) else f"{_word(schedule)} over {steps} steps",
        }
    )
    state = TrainingState(model, made, make_scheduler(schedule, made, steps), plan.hooks, identity)
    if checkpoint is not None:
        keeper = FolderKeeper(checkpoint)
        sinks = (MetricsFile(Path(checkpoint) / "metrics.jsonl", state), *sinks)
    rewiring = rewire_after(made, model) if any(isinstance(part, Rewired) for part in model.modules()) else None
    try:
        with torch_threads(threads):
            interrupted = train(plan, state, keeper or only_count, sinks)
    finally:
        if rewiring is not None:
            rewiring.remove()
    if interrupted and on_interrupt == "raise":
        raise KeyboardInterrupt
    stopped = "interrupted" if interrupted else state.stopped or "steps"
    return Fit(model, tuple(state.history), state.step, stopped, state.seconds, until)


def _word(choice: Any) -> str:
    """Return how an option is written into a checkpoint: text, or the name of a function."""
    return str(getattr(choice, "__qualname__", choice))


def _check_names(costs: Sequence[ActivityCost | WeightCost]) -> None:
    """Refuse two costs of one name: the metrics could not tell them apart."""
    names = [cost_name(cost) for cost in costs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadInput(
            "costs", got=f"'{twice[0]}' twice", expected="different names", repair="Pass name= to one of them."
        )


def _check_options(**numbers: int) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BadInput(name, got=repr(value), expected="an integer >= 1")


def _check_kinds(
    model: Any, task: Any, *, rule: Any, goal: Any, costs: Sequence[Any], hooks: Sequence[Any], sinks: Sequence[Any]
) -> None:
    """Refuse what can be no network, task, rule and so on, before anything is made."""
    if not isinstance(model, nn.Module):
        raise BadInput("model", got=f"a {type(model).__name__}", expected="a network (torch.nn.Module)")
    takes = inspect.signature(model.forward).parameters
    if "generator" not in takes and not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        raise BadInput(
            f"model {type(model).__name__}",
            got=f"forward({', '.join(takes)})",
            expected="forward(x, state=None, generator=None) -> outputs, states",
            repair="See tertium.models, or wrap it in a module of this signature.",
        )
    if not hasattr(task, "batch"):
        repair = f"Pass tertium.tasks.make({task!r})." if isinstance(task, str) else "Make one by tertium.tasks.make."
        raise BadInput("task", got=repr(task), expected="a task", repair=repair)
    if not isinstance(rule, str | Rule):
        raise BadInput("rule", got=repr(rule), expected="a name, or a Rule", repair="Pass rule='bptt'.")
    for what, given, fits, expected in (
        ("costs", costs, lambda c: callable(c) and not isinstance(c, type), "a list such as [RatesL2(1e-4)]"),
        ("hooks", hooks, lambda h: hasattr(h, "after_step"), "a list of objects with after_step(model, seeds)"),
        ("sinks", sinks, callable, "a list of functions of the numbers of a validation"),
        ("goal", [goal], lambda g: isinstance(g, str) or callable(g), "a name, or a function of outputs and trials"),
    ):
        if not isinstance(given, Sequence) or isinstance(given, str) or not all(fits(one) for one in given):
            raise BadInput(what, got=repr(goal if what == "goal" else given), expected=expected)


def _check_fit(model: nn.Module, task: TaskLike) -> None:
    """Refuse a network whose channels or time step are not those of the task."""
    for name, unit in (("n_inputs", ""), ("n_outputs", ""), ("dt", " s")):
        have, want = getattr(model, name, None), getattr(task, name)
        # a network that does not say, or says it in text, is taken at its word when it runs
        if isinstance(have, int | float) and abs(have - want) > 1e-9:
            raise BadInput(
                f"{name} of the network",
                got=f"{have:g}{unit}",
                expected=f"that of task '{task.name}', {want:g}{unit}",
                repair=f"Make the network with {name}={want:g}.",
            )
