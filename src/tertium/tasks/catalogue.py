"""The catalogue of tasks. Listing imports none of them."""

from __future__ import annotations

import inspect
from typing import Any

from tertium.errors import BadInput, nearest
from tertium.registry import Registry
from tertium.tasks.spec import TaskSpec
from tertium.tasks.task import Task

#: Task -> the function that writes its description. Installed packages may add to it (group ``tertium.tasks``).
TASKS = Registry(
    "task",
    {
        "context_decision": "tertium.tasks.decision.context_decision:context_decision",
        "yang19": "tertium.tasks.multitask.yang19:yang19",
        "yang19/fdgo": "tertium.tasks.multitask.yang19_go:fdgo",
        "yang19/reactgo": "tertium.tasks.multitask.yang19_go:reactgo",
        "yang19/delaygo": "tertium.tasks.multitask.yang19_go:delaygo",
        "yang19/fdanti": "tertium.tasks.multitask.yang19_go:fdanti",
        "yang19/reactanti": "tertium.tasks.multitask.yang19_go:reactanti",
        "yang19/delayanti": "tertium.tasks.multitask.yang19_go:delayanti",
        "yang19/dm1": "tertium.tasks.multitask.yang19_decision:dm1",
        "yang19/dm2": "tertium.tasks.multitask.yang19_decision:dm2",
        "yang19/contextdm1": "tertium.tasks.multitask.yang19_decision:contextdm1",
        "yang19/contextdm2": "tertium.tasks.multitask.yang19_decision:contextdm2",
        "yang19/multidm": "tertium.tasks.multitask.yang19_decision:multidm",
        "yang19/delaydm1": "tertium.tasks.multitask.yang19_decision:delaydm1",
        "yang19/delaydm2": "tertium.tasks.multitask.yang19_decision:delaydm2",
        "yang19/contextdelaydm1": "tertium.tasks.multitask.yang19_decision:contextdelaydm1",
        "yang19/contextdelaydm2": "tertium.tasks.multitask.yang19_decision:contextdelaydm2",
        "yang19/multidelaydm": "tertium.tasks.multitask.yang19_decision:multidelaydm",
        "yang19/dmsgo": "tertium.tasks.multitask.yang19_match:dmsgo",
        "yang19/dmsnogo": "tertium.tasks.multitask.yang19_match:dmsnogo",
        "yang19/dmcgo": "tertium.tasks.multitask.yang19_match:dmcgo",
        "yang19/dmcnogo": "tertium.tasks.multitask.yang19_match:dmcnogo",
        "driscoll24": "tertium.tasks.multitask.driscoll24:driscoll24",
        "driscoll24/delaypro": "tertium.tasks.multitask.driscoll24_tasks:delaypro",
        "driscoll24/memorypro": "tertium.tasks.multitask.driscoll24_tasks:memorypro",
        "driscoll24/reactpro": "tertium.tasks.multitask.driscoll24_tasks:reactpro",
        "driscoll24/delayanti": "tertium.tasks.multitask.driscoll24_tasks:delayanti",
        "driscoll24/memoryanti": "tertium.tasks.multitask.driscoll24_tasks:memoryanti",
        "driscoll24/reactanti": "tertium.tasks.multitask.driscoll24_tasks:reactanti",
        "driscoll24/intmod1": "tertium.tasks.multitask.driscoll24_tasks:intmod1",
        "driscoll24/intmod2": "tertium.tasks.multitask.driscoll24_tasks:intmod2",
        "driscoll24/contextintmod1": "tertium.tasks.multitask.driscoll24_tasks:contextintmod1",
        "driscoll24/contextintmod2": "tertium.tasks.multitask.driscoll24_tasks:contextintmod2",
        "driscoll24/contextintmultimodal": "tertium.tasks.multitask.driscoll24_tasks:contextintmultimodal",
        "driscoll24/match2sample": "tertium.tasks.multitask.driscoll24_tasks:match2sample",
        "driscoll24/nonmatch2sample": "tertium.tasks.multitask.driscoll24_tasks:nonmatch2sample",
        "driscoll24/matchcatpro": "tertium.tasks.multitask.driscoll24_tasks:matchcatpro",
        "driscoll24/matchcatanti": "tertium.tasks.multitask.driscoll24_tasks:matchcatanti",
        "mante13": "tertium.tasks.presets.mante13:mante13",
        "song16/rdm_fixed": "tertium.tasks.presets.song16:rdm_fixed",
        "song16/rdm_rt": "tertium.tasks.presets.song16:rdm_rt",
        "song16/mante": "tertium.tasks.presets.song16:mante",
        "song16/multisensory": "tertium.tasks.presets.song16:multisensory",
        "song16/romo": "tertium.tasks.presets.song16:romo",
        "song17/rdm_fixed": "tertium.tasks.presets.song17:rdm_fixed",
        "song17/rdm_rt": "tertium.tasks.presets.song17:rdm_rt",
        "song17/mante": "tertium.tasks.presets.song17:mante",
        "song17/multisensory": "tertium.tasks.presets.song17:multisensory",
        "song17/romo": "tertium.tasks.presets.song17:romo",
        "song17/padoaschioppa": "tertium.tasks.presets.song17:padoaschioppa",
        "song17/postdecisionwager": "tertium.tasks.presets.song17:postdecisionwager",
        "lint22/rdm": "tertium.tasks.presets.lint22:rdm",
        "lint22/mante": "tertium.tasks.presets.lint22:mante",
        "lint22/romo": "tertium.tasks.presets.lint22:romo",
        "lint22/raposo": "tertium.tasks.presets.lint22:raposo",
        "lint22/dms": "tertium.tasks.presets.lint22:dms",
        "perceptual_decision": "tertium.tasks.decision.perceptual:perceptual_decision",
        "perceptual_decision_variable": "tertium.tasks.decision.perceptual:perceptual_decision_variable",
        "perceptual_decision_rt": "tertium.tasks.decision.perceptual:perceptual_decision_rt",
        "perceptual_decision_delay_response": "tertium.tasks.decision.perceptual:perceptual_decision_delay_response",
        "multisensory_decision": "tertium.tasks.decision.multisensory:multisensory_decision",
        "pulse_accumulation": "tertium.tasks.decision.evidence:pulse_accumulation",
        "probabilistic_reasoning": "tertium.tasks.decision.evidence:probabilistic_reasoning",
        "economic_choice": "tertium.tasks.decision.value:economic_choice",
        "post_decision_wager": "tertium.tasks.decision.value:post_decision_wager",
        "hierarchical_reasoning": "tertium.tasks.decision.hierarchical:hierarchical_reasoning",
        "go_nogo": "tertium.tasks.decision.inhibition:go_nogo",
        "anti_reach": "tertium.tasks.decision.inhibition:anti_reach",
        "spatial_inference": "tertium.tasks.decision.spatial_inference:spatial_inference",
        "parametric_working_memory": "tertium.tasks.memory.parametric:parametric_working_memory",
        "delayed_match_to_sample": "tertium.tasks.memory.matching:delayed_match_to_sample",
        "delayed_match_to_category": "tertium.tasks.memory.matching:delayed_match_to_category",
        "delayed_paired_association": "tertium.tasks.memory.matching:delayed_paired_association",
        "dual_delay_match": "tertium.tasks.memory.several_tests:dual_delay_match",
        "delayed_match_distractor": "tertium.tasks.memory.several_tests:delayed_match_distractor",
        "delayed_estimation": "tertium.tasks.memory.orientation:delayed_estimation",
        "change_detection": "tertium.tasks.memory.orientation:change_detection",
        "store_recall": "tertium.tasks.memory.store_recall:store_recall",
        "interval_discrimination": "tertium.tasks.timing.discrimination:interval_discrimination",
        "ready_set_go": "tertium.tasks.timing.production:ready_set_go",
        "one_two_three_go": "tertium.tasks.timing.production:one_two_three_go",
        "motor_timing": "tertium.tasks.timing.production:motor_timing",
        "copy": "tertium.tasks.sequence.copying:copying",
        "sine_generator": "tertium.tasks.sequence.filtering:sine_generator",
        "moving_average": "tertium.tasks.sequence.filtering:moving_average",
        "flip_flop": "tertium.tasks.sequence.flip_flop:flip_flop",
        "adding": "tertium.tasks.sequence.adding:adding",
        "regular_language": "tertium.tasks.sequence.regular_language:regular_language",
        "bandit": "tertium.tasks.episodic.bandits:Bandit",
        "bandit_correlated": "tertium.tasks.episodic.bandits:CorrelatedBandit",
        "bandit_restless": "tertium.tasks.episodic.bandits:RestlessBandit",
        "bandit_volatile": "tertium.tasks.episodic.bandits:VolatileBandit",
        "harlow": "tertium.tasks.episodic.harlow:Harlow",
        "reversal": "tertium.tasks.episodic.reversal:Reversal",
        "two_step": "tertium.tasks.episodic.two_step:TwoStep",
        "two_step_daw": "tertium.tasks.episodic.two_step:TwoStepDaw",
        "reach": "tertium.tasks.motor.reach:reach",
        "random_target_reach": "tertium.tasks.motor.reach:random_target_reach",
    },
    group="tertium.tasks",
    listing="tertium tasks",
)


def make(name: str, **config: Any) -> Any:
    """Make a task of the catalogue.

    Parameters
    ----------
    name : str
        One of ``TASKS``.
    **config
        Options of that task: ``dt`` (seconds), durations, noise, numbers of channels.

    Returns
    -------
    Task or TaskSet
        A `TaskSet` where the name stands for a set ("yang19").

    Raises
    ------
    UnknownName
        If no such task is catalogued.
    BadInput
        If the task has no such option.

    Examples
    --------
    >>> make("context_decision", dt=0.01).dt
    0.01
    >>> make("context_decision", det=0.01)
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: option of task 'context_decision': got 'det', expected one of coherences, delay,
        dt, noise. Did you mean 'dt'?
    """
    if not isinstance(name, str):
        raise BadInput("name of a task", got=repr(name), expected="text", repair="See tertium tasks.")
    write = TASKS.load(name)
    options = inspect.signature(write).parameters
    for key in config:
        if key not in options:
            close = nearest(key, options, limit=1)
            raise BadInput(
                f"option of task '{name}'",
                got=f"'{key}'",
                expected=f"one of {', '.join(sorted(options))}",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
    made = write(**config)
    return Task(made) if isinstance(made, TaskSpec) else made
