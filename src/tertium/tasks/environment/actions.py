"""How the answers that a response rule reads from outputs become actions of an agent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import singledispatch
from typing import Any, Generic, TypeVar

import gymnasium
import numpy as np
import numpy.typing as npt

from tertium.errors import unknown_name
from tertium.tasks.channels import Channel, CosSin, Ring
from tertium.tasks.decision.first_to_threshold import FirstToThreshold
from tertium.tasks.engine.checking import names_of
from tertium.tasks.response_rules import CrossingTime, LargestOutput, PopulationVector, ResponseRule, SignOfOutput
from tertium.tasks.spec import TaskSpec
from tertium.tasks.trial_batch import TrialBatch

#: The action of an agent that holds fixation, or waits.
HOLD = 0

#: Directions to choose from where outputs are the cosine and the sine of one.
_DIRECTIONS = 32


RuleT = TypeVar("RuleT", bound=ResponseRule)

#: Rules whose answer is one of several channels.
ChannelRuleT = TypeVar("ChannelRuleT", bound=LargestOutput | FirstToThreshold)


class ActionMapping(ABC, Generic[RuleT]):
    """What an agent may do in a task, when it may do it, and whether it was right.

    A discrete mapping has action 0 for holding; any other action is the answer, and the trial ends with it. The answer
    is written on outputs as a network would give it and judged by the task's own response rule, so that agents and
    networks are judged alike. A trial is always a `TrialBatch` of one.

    Parameters
    ----------
    rule : ResponseRule
        How the task reads answers.
    spec : TaskSpec
        The task.

    Attributes
    ----------
    space : gymnasium.spaces.Space
        The actions.
    """

    space: gymnasium.Space[Any]

    def __init__(self, rule: RuleT, spec: TaskSpec) -> None:
        self.rule, self.spec = rule, spec

    @abstractmethod
    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return at which steps an answer may be given, shape (time,)."""

    @abstractmethod
    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return what a network that answers so at this step would put out, shape (time, 1, output)."""

    @abstractmethod
    def best(self, trial: TrialBatch) -> npt.NDArray[Any]:
        """Return what an agent that knows the answer does at each step, shape (time,)."""

    def correct(self, action: int, step: int, trial: TrialBatch) -> bool:
        """Return whether an answer is correct; ``action`` is 0 where none was given until the end."""
        return bool(self.rule.correct(self.outputs(action, step, trial), trial)[0])

    def during(self, epochs: Any, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where some epochs of a trial are, shape (time,)."""
        inside = np.zeros(trial.steps, dtype=bool)
        for name in names_of(epochs):
            first, stop = trial.epochs[name][0]
            inside[first:stop] = True
        return inside

    def answer_at_once(self, action: int, trial: TrialBatch) -> npt.NDArray[np.int64]:
        """Return actions that hold until an answer may be given, then give it, shape (time,)."""
        actions = np.full(trial.steps, HOLD, dtype=np.int64)
        actions[self.allowed(trial)] = action
        return actions

    def holding(self, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return outputs at their baseline with a fixation output, if there is one, at 1, shape (time, 1, output)."""
        base = np.concatenate([np.full(b.size, b.baseline, dtype=np.float32) for b in self.spec.outputs])
        outputs = np.broadcast_to(base, (trial.steps, 1, base.size)).copy()
        fixation = getattr(self.rule, "fixation", None)
        if fixation is not None:
            outputs[..., trial.block(fixation)] = 1.0
        return outputs

    def letting_go(
        self, channel: str, fixation: str | None, activity: npt.ArrayLike, trial: TrialBatch
    ) -> npt.NDArray[np.float32]:
        """Return outputs that hold until an answer may be given, then give ``activity`` and let fixation go.

        Parameters
        ----------
        channel : str
            Block of outputs that answers.
        fixation : str or None
            The fixation output, if the rule has one.
        activity : array, shape (channel,)
            What the block shows.
        trial : TrialBatch
            The trial.
        """
        outputs, response = self.holding(trial), np.flatnonzero(self.allowed(trial))
        if fixation is not None:
            outputs[response, :, trial.block(fixation)] = 0.0
        outputs[response, :, trial.block(channel)] = activity
        return outputs

    def block(self, name: str) -> Channel:
        """Return a block of outputs by its name."""
        for block in self.spec.outputs:
            if block.name == name:
                return block
        raise unknown_name(f"output of task '{self.spec.name}'", name, [b.name for b in self.spec.outputs])


class OneOfChannels(ActionMapping[ChannelRuleT]):
    """Hold, or choose one of several channels: ``Discrete(1 + channels)``."""

    def __init__(self, rule: ChannelRuleT, spec: TaskSpec) -> None:
        super().__init__(rule, spec)
        self.space = gymnasium.spaces.Discrete(1 + self.block(rule.channel).size)

    def correct(self, action: int, step: int, trial: TrialBatch) -> bool:
        """Return whether it is; holding is right only where no channel is."""
        if action == HOLD:
            return bool(trial.columns[self.rule.correct_answer][0] == -1)
        return super().correct(action, step, trial)

    def best(self, trial: TrialBatch) -> npt.NDArray[Any]:
        """Return the right choice, held back until it may be made."""
        return self.answer_at_once(int(trial.columns[self.rule.correct_answer][0]) + 1, trial)


class ChooseChannel(OneOfChannels[LargestOutput]):
    """Hold, or choose one of the channels (`LargestOutput`): ``Discrete(1 + channels)``."""

    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the response epoch is."""
        return self.during(self.rule.during, trial)

    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return the chosen channel at 1 and fixation at 0 during the response."""
        if action == HOLD:
            return self.holding(trial)
        chosen = np.eye(self.block(self.rule.channel).size, dtype=np.float32)[action - 1]
        return self.letting_go(self.rule.channel, self.rule.fixation, chosen, trial)


class ChooseInTime(OneOfChannels[FirstToThreshold]):
    """Hold, or choose a channel at a time of one's own (`FirstToThreshold`): ``Discrete(1 + channels)``."""

    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return the steps of the epoch from the earliest that counts on."""
        allowed = self.during(self.rule.during, trial)
        first = trial.epochs[self.rule.during][0, 0]
        allowed[first : first + round(self.rule.earliest / trial.dt)] = False
        return allowed

    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return the chosen channel above threshold from the choice on, all below it before."""
        outputs = self.holding(trial)
        place = trial.block(self.rule.channel)
        outputs[..., place] = self.rule.threshold - 1.0
        if action != HOLD:
            outputs[step:, :, place.start + action - 1] = self.rule.threshold + 1.0
        return outputs


class ChooseSign(ActionMapping[SignOfOutput]):
    """Hold, or choose the negative (1) or the positive side (2) (`SignOfOutput`): ``Discrete(3)``."""

    def __init__(self, rule: SignOfOutput, spec: TaskSpec) -> None:
        super().__init__(rule, spec)
        self.space = gymnasium.spaces.Discrete(3)

    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the response epoch is."""
        return self.during(self.rule.during, trial)

    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return the output at -1 or +1 during the response."""
        outputs = self.holding(trial)
        outputs[self.allowed(trial), :, trial.block(self.rule.channel)] = (0.0, -1.0, 1.0)[action]
        return outputs

    def correct(self, action: int, step: int, trial: TrialBatch) -> bool:
        """Return whether the sign is right; holding never is."""
        return action != HOLD and super().correct(action, step, trial)

    def best(self, trial: TrialBatch) -> npt.NDArray[Any]:
        """Return the right side, held back until it may be chosen."""
        return self.answer_at_once(2 if trial.columns[self.rule.correct_answer][0] > 0 else 1, trial)


class ChooseDirection(ActionMapping[PopulationVector]):
    """Hold, or choose the direction of one unit of the ring (`PopulationVector`): ``Discrete(1 + units)``.

    Where outputs are a cosine and a sine there are no units: then there are 32 directions. Correct is a direction
    within the rule's tolerance and, on rings too coarse for it, the nearest unit.
    """

    def __init__(self, rule: PopulationVector, spec: TaskSpec) -> None:
        super().__init__(rule, spec)
        ring = self.block(rule.channel)
        if not isinstance(ring, Ring | CosSin):
            known = [b.name for b in spec.outputs if isinstance(b, Ring | CosSin)]
            raise unknown_name("output that holds a direction", rule.channel, known)
        self.ring, self.directions = ring, ring.size if isinstance(ring, Ring) else _DIRECTIONS
        self.space = gymnasium.spaces.Discrete(1 + self.directions)

    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where the response epoch is."""
        return self.during(self.rule.during, trial)

    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return a bump at the direction and fixation at 0 during the response."""
        if action == HOLD:
            return self.holding(trial)
        bump = self.ring.encode(np.array([(action - 1) * 2 * np.pi / self.directions]))[0]
        return self.letting_go(self.rule.channel, self.rule.fixation, bump, trial)

    def correct(self, action: int, step: int, trial: TrialBatch) -> bool:
        """Return whether the direction is right; holding is right only where no direction is."""
        if action == HOLD:
            return bool(np.isnan(trial.columns[self.rule.correct_answer][0]))
        return action == self._nearest(trial) or super().correct(action, step, trial)

    def best(self, trial: TrialBatch) -> npt.NDArray[Any]:
        """Return the unit nearest to the right direction, held back until it may be chosen."""
        return self.answer_at_once(self._nearest(trial), trial)

    def _nearest(self, trial: TrialBatch) -> int:
        wanted = float(trial.columns[self.rule.correct_answer][0])
        if np.isnan(wanted):
            return HOLD
        return 1 + int(np.rint(wanted / (2 * np.pi) * self.directions)) % self.directions


class PressInTime(ActionMapping[CrossingTime]):
    """Wait, or press (`CrossingTime`): ``Discrete(2)``. The time of the press is the answer."""

    def __init__(self, rule: CrossingTime, spec: TaskSpec) -> None:
        super().__init__(rule, spec)
        self.space = gymnasium.spaces.Discrete(2)

    def allowed(self, trial: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return the steps from the one at which time begins to count."""
        return np.arange(trial.steps) >= trial.epochs[self.rule.since][0, 0]

    def outputs(self, action: int, step: int, trial: TrialBatch) -> npt.NDArray[np.float32]:
        """Return the output above threshold from the press on and below it before."""
        outputs = self.holding(trial)
        pressed = (action != HOLD) & (np.arange(trial.steps) >= step)
        level = np.where(pressed, self.rule.threshold + 1.0, self.rule.threshold - 1.0)
        outputs[..., trial.block(self.rule.channel)] = level[:, None, None]
        return outputs

    def best(self, trial: TrialBatch) -> npt.NDArray[Any]:
        """Return a press at the right time, shape (time,)."""
        wanted = float(trial.columns[self.rule.correct_answer][0])
        actions = np.full(trial.steps, HOLD, dtype=np.int64)
        if not np.isnan(wanted):
            at = int(trial.epochs[self.rule.since][0, 0] + np.rint(wanted / trial.dt))
            actions[min(at, trial.steps - 1)] = 1
        return actions


@singledispatch
def choose_mapping(rule: ResponseRule, spec: TaskSpec) -> ActionMapping[Any] | None:
    """Return the discrete mapping for a kind of rule, None where actions are the outputs themselves.

    Register a mapping for a rule of your own, ``choose_mapping.register(MyRule, MyMapping)``, or give the rule a method
    ``actions(spec)`` that returns it.
    """
    return None


choose_mapping.register(LargestOutput, ChooseChannel)
choose_mapping.register(FirstToThreshold, ChooseInTime)
choose_mapping.register(SignOfOutput, ChooseSign)
choose_mapping.register(PopulationVector, ChooseDirection)
choose_mapping.register(CrossingTime, PressInTime)


def action_mapping(spec: TaskSpec) -> ActionMapping[Any] | None:
    """Return how answers of a task become actions.

    Parameters
    ----------
    spec : TaskSpec
        The task; its response rule may bring its own mapping with a method ``actions(spec)``.

    Returns
    -------
    ActionMapping or None
        None: the actions are the outputs, one number each.

    Examples
    --------
    >>> from tertium.tasks import make
    >>> action_mapping(make("context_decision").spec).space
    Discrete(3)
    """
    own = getattr(spec.response, "actions", None)
    return own(spec) if callable(own) else choose_mapping(spec.response, spec)
