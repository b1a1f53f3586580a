"""Every task of the catalogue keeps the contract of tasks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertium.errors import BadInput, UnknownName
from tertium.tasks import TASKS, Task, TaskLike, TaskSet, make
from tertium.tasks.episodic.episodic_task import EpisodicTask
from tertium.testing.task_conformance import check_task

ALL = tuple(TASKS)


@pytest.mark.parametrize("name", ALL)
def test_every_task_keeps_the_contract(name):
    task = make(name)
    if isinstance(task, EpisodicTask):
        # its trials depend on what the subject does: there are no targets; its own tests play it
        assert callable(task.environment)
        return
    assert isinstance(task, Task | TaskSet)
    assert isinstance(task, TaskLike)
    assert task.name == name
    check_task(task, n=24)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(ALL), seed=st.integers(0, 2**40), n=st.integers(20, 60))
def test_the_contract_holds_for_any_seed(name, seed, n):
    task = make(name)
    if not isinstance(task, EpisodicTask):
        check_task(task, n=n, seed=seed)


@pytest.mark.parametrize("name", ALL)
def test_every_task_says_what_it_asks_and_whose_it_is(name):
    task = make(name)
    for one in [task, *task.tasks.values()] if isinstance(task, TaskSet) else [task]:
        spec = getattr(one, "spec", one)  # a set says it itself
        assert spec.what.endswith(".")
        assert spec.cite
    assert TASKS.load(name).__doc__


def test_a_set_cites_what_its_tasks_cite():
    for name in ("yang19", "driscoll24"):
        task = make(name)
        assert task.what == TASKS.load(name).__doc__.split("\n")[0]
        assert {one.spec.cite for one in task.tasks.values()} == {task.cite}


def test_make_answers_wrong_names():
    with pytest.raises(UnknownName, match=r"task: got 'contxt_decision'.*Did you mean 'context_decision'"):
        make("contxt_decision")
    with pytest.raises(BadInput, match=r"option of task 'yang19': got 'task', expected one of .*Did you mean 'tasks'"):
        make("yang19", task="dm1")
