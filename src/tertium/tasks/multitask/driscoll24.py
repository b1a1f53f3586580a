"""The 15 cognitive tasks of Driscoll et al. 2024 as one set for one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tertium.tasks.multitask import driscoll24_tasks
from tertium.tasks.multitask.driscoll24_parts import CITE, RULES
from tertium.tasks.task import Task
from tertium.tasks.task_set import TaskSet, chosen


def driscoll24(
    *,
    tasks: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    dt: float = 0.02,
    noise: float = 0.1,
    coherences: Sequence[float] = driscoll24_tasks.COHERENCES,
) -> TaskSet:
    """The 15 tasks of Driscoll et al. 2024, or some of them, for one network with 20 inputs and 3 outputs.

    Timings are the authors'. A direction is a cosine and a sine. The fixation target is 0.8 and a response counts
    within 18 degrees, as in the authors' code. Two defaults are not the authors': ``noise`` and ``coherences``, which
    follow the field's benchmark of these tasks (the Computation-through-Dynamics Benchmark) as far as said below.

    Parameters
    ----------
    tasks : sequence of str, optional
        Names, all 15 by default.
    weights : mapping of str to float, optional
        How often a task is drawn, relative to the others; evenly by default.
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms. The default
        gives 0.32 at 20 ms, the benchmark's level (0.31 in its code, 0.3 in its configuration, at 20 ms).
    coherences : sequence of float
        Of the integration tasks: half the difference between the strengths of the stimuli; the sign is drawn. The
        default, 0.08, 0.16 and 0.32, is that of the benchmark's table of tasks and of Yang et al.'s delayed decisions.
        The authors draw from U(0.005, 0.8), and the benchmark's code draws both strengths from U(0.5, 1.5).
    """
    made = {}
    for name in chosen("driscoll24", tasks, RULES):
        more = {"coherences": coherences} if "int" in name else {}
        made[name] = Task(getattr(driscoll24_tasks, name)(dt=dt, noise=noise, **more))
    what = "The 15 tasks of Driscoll et al. 2024, or some of them, for one network with 20 inputs and 3 outputs."
    return TaskSet("driscoll24", made, weights, what=what, cite=CITE)
