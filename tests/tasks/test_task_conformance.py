"""The suite itself: each clause is broken once, and the suite says which."""

import dataclasses

import numpy as np
import pytest

from tertium.tasks import Channel, Choice, Epoch, LossWeight, Stimulus, Target, Task, TaskSet, TaskSpec
from tertium.tasks.response_rules import LargestOutput
from tertium.testing.model_conformance import NonConforming
from tertium.testing.task_conformance import check_task


def spec(**change):
    given = {
        "name": "two_lights",
        "what": "Say which light was on.",
        "cite": "ours",
        "dt": 0.1,
        "epochs": (Epoch("light", Choice((0.2, 0.4))), Epoch("decision", 0.2)),
        "inputs": (Channel("lights", 2),),
        "outputs": (Channel("choice", 2),),
        "conditions": {"side": Choice((0, 1))},
        "stimuli": (Stimulus("lights", lambda c: np.eye(2)[c["side"]], "light"),),
        "targets": (Target("choice", lambda c: np.eye(2)[c["side"]], "decision"),),
        "weights": (LossWeight(1.0, "decision"),),
        "response": LargestOutput("side"),
        "facets": ("side",),
    }
    return TaskSpec(**(given | change))


class Broken(Task):
    """A task whose batches are tampered with."""

    def __init__(self, spec, tamper):
        super().__init__(spec)
        self.tamper, self.calls = tamper, 0

    def batch(self, n, seed=0, **fixed):
        self.calls += 1
        return self.tamper(super().batch(n, seed, **fixed), self.calls)


def swap(part, change):
    return lambda batch, call: dataclasses.replace(batch, **{part: change(getattr(batch, part))})


def in_padding(values):
    values = values.copy()
    values[-1, :, 0] += 1
    return values


def gap(epochs):
    return epochs | {"decision": epochs["decision"] + np.array([1, 0])}


def hidden_draw(batch, call):
    np.random.rand()  # noqa: NPY002
    return batch


TAMPERINGS = {
    "inputs are float64, not float32": swap("inputs", lambda x: x.astype(np.float64)),
    "targets are .*, not .*time, trial, channel": swap("targets", lambda x: x[..., :1].copy()),
    "mask are not contiguous": swap("mask", np.asfortranarray),
    "inputs are not all finite": swap("inputs", lambda x: np.where(x > 0, np.float32(np.nan), x)),
    "a loss weight is negative": swap("mask", lambda x: -x),
    "nothing is weighed in some trial": swap("mask", lambda x: x * (np.arange(x.shape[1]) > 0)[:, None].astype("f4")),
    "a target is 50, out of reach": swap("targets", lambda x: 50 * x),
    "an epoch does not begin where the one before ends": swap("epochs", gap),
    "something is shown after the end of a trial": swap("inputs", in_padding),
    "something is weighed after the end of a trial": swap("mask", in_padding),
    "the same seed gives another batch": lambda batch, call: dataclasses.replace(batch, inputs=batch.inputs * call),
    "it draws from NumPy's global generator": hidden_draw,
}


def test_a_sound_task_passes_alone_and_in_a_set():
    check_task(Task(spec()))
    check_task(TaskSet("lights", {"one": Task(spec())}))


@pytest.mark.parametrize("clause", TAMPERINGS)
def test_each_broken_clause_is_named(clause):
    np.random.rand()  # noqa: NPY002  (so that the next draw changes no word of the state, only how many were used)
    with pytest.raises(NonConforming, match=f"task 'two_lights': {clause}"):
        check_task(Broken(spec(), TAMPERINGS[clause]))


def test_broken_descriptions_are_named():
    pairs = {"side": Choice((0, 1)), "colour": lambda drawn: np.zeros((len(drawn["side"]), 2))}
    with pytest.raises(NonConforming, match="facet 'colour' is not in the table of conditions"):
        check_task(Task(spec(facets=("colour",), conditions=pairs)))
    with pytest.raises(NonConforming, match=r"the targets themselves are correct in only \d+% of the trials"):
        check_task(Task(spec(targets=(Target("choice", 1.0, "decision"),))))
    with pytest.raises(NonConforming, match="outputs that are always 0 are correct in 100% of the trials"):
        check_task(Task(spec(conditions={"side": lambda c: np.zeros(32, int)}, epochs=spec().epochs)), n=32)
    with pytest.raises(NonConforming, match="another seed gives the same batch"):
        check_task(
            Task(
                spec(
                    conditions={"side": lambda c: np.arange(32) % 2},
                    epochs=(Epoch("light", 0.2), Epoch("decision", 0.2)),
                )
            )
        )
