"""The 20 cognitive tasks of Yang et al. 2019 as one set for one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tertium.tasks.multitask import yang19_decision, yang19_go, yang19_match
from tertium.tasks.multitask.yang19_parts import CITE, RULES
from tertium.tasks.task import Task
from tertium.tasks.task_set import TaskSet, chosen

#: How often the original draws a task, relative to the others.
WEIGHTS = {"contextdm1": 5.0, "contextdm2": 5.0}


def yang19(
    *,
    tasks: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    dt: float = 0.02,
    noise: float = 0.01,
    shared_timing: bool = False,
) -> TaskSet:
    """The 20 tasks of Yang et al. 2019, or some of them, for one network with 85 inputs and 33 outputs.

    The paper's values throughout: the fixation target is 0.85 (its published code has 0.8), a response counts within
    36 degrees. Durations, modalities and directions are drawn for each trial; with ``shared_timing`` the durations are
    those of the first trial of the batch, as in the original (which also draws one modality a batch).

    Parameters
    ----------
    tasks : sequence of str, optional
        Names, all 20 by default.
    weights : mapping of str to float, optional
        How often a task is drawn, relative to the others; by default the two context-dependent decisions 5, else 1.
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
    shared_timing : bool
        Whether all trials of a batch have one timing.
    """
    rooms = (yang19_go, yang19_decision, yang19_match)
    names = chosen("yang19", tasks, RULES)
    made = {}
    for name in names:
        write = next(getattr(room, name) for room in rooms if hasattr(room, name))
        made[name] = Task(write(dt=dt, noise=noise, shared_timing=shared_timing))
    if weights is None:
        weights = {name: weight for name, weight in WEIGHTS.items() if name in made}
    what = "The 20 tasks of Yang et al. 2019, or some of them, for one network with 85 inputs and 33 outputs."
    return TaskSet("yang19", made, weights, what=what, cite=CITE)
