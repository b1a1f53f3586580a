"""The declarative description of a task: its epochs, channels, conditions, stimuli, targets and loss weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.channels import Channel
from tertium.tasks.distributions import Columns, Distribution
from tertium.tasks.engine.checking import check_spec, require_number
from tertium.tasks.noise import Noise

if TYPE_CHECKING:
    from tertium.tasks.course import TrialCourse
    from tertium.tasks.response_rules import ResponseRule

#: A value in a trial: a number, the name of a condition, or a function of the conditions.
Value = float | str | Callable[[Columns], npt.NDArray[Any]]

#: Seconds: fixed, drawn for each trial, the name of a condition, or a function of the conditions.
Duration = float | Distribution | str | Callable[[Columns], npt.NDArray[Any]]

#: Name of a condition (or names of several drawn together) -> what it is drawn from, or follows from.
Conditions = Mapping[str | tuple[str, ...], Distribution | Callable[[Columns], npt.NDArray[Any]]]


@dataclass(frozen=True)
class Epoch:
    """A stretch of a trial.

    Parameters
    ----------
    name : str
        What stimuli, targets and weights call it.
    duration : float, Distribution, str or callable
        Seconds: fixed, drawn for each trial, the name of a condition, or a function of the conditions.
    """

    name: str
    duration: Duration


def lasting(**durations: Duration) -> tuple[Epoch, ...]:
    """Return epochs in the order in which they are named, each with its duration.

    Parameters
    ----------
    **durations : float, Distribution, str or callable
        Epoch = its duration in seconds; see `Epoch`.

    Examples
    --------
    >>> [epoch.name for epoch in lasting(fixation=0.3, stimulus=0.75)]
    ['fixation', 'stimulus']
    """
    return tuple(Epoch(name, duration) for name, duration in durations.items())


@dataclass(frozen=True)
class Series:
    """A value that changes within the trial: ``function(course)`` -> (time, trial) or (time, trial, size).

    ``course`` tells the time since the start of each epoch, the conditions, the streams and dt; see
    `tertium.tasks.course.TrialCourse`.
    """

    function: Callable[[TrialCourse], npt.NDArray[Any]]


@dataclass(frozen=True)
class Stimulus:
    """Something shown on a block of input channels; what is shown at one time on one block adds up.

    Parameters
    ----------
    channel : str
        The block.
    value : float, str, callable or Series
        What it shows: encoded by the block (`Ring`: a direction, `OneHot`: an index).
    during : str or sequence of str
        Epochs.
    strength : float, str or callable
        Multiplies the encoded value.
    """

    channel: str
    value: Value | Series
    during: str | Sequence[str]
    strength: Value = 1.0


@dataclass(frozen=True)
class Target(Stimulus):
    """What a block of output channels should do during some epochs, added to the block's baseline."""


@dataclass(frozen=True)
class LossWeight:
    """How much an error counts during some epochs; later entries replace earlier ones.

    Parameters
    ----------
    weight : float
        The weight. Where none is given it is 0.
    during : str or sequence of str
        Epochs.
    channel : str, optional
        Only this block of outputs; all by default.
    grace : float
        Seconds at the start of each stretch of adjoining epochs in which the weight is left as it was.
    where : Series, optional
        For a weight that changes within its epochs: where it holds, true or false; elsewhere the weight is left as it
        was.

    Raises
    ------
    BadInput
        If a number is negative, or ``where`` is no `Series`.
    """

    weight: float
    during: str | Sequence[str]
    channel: str | None = None
    grace: float = 0.0
    where: Series | None = None

    def __post_init__(self) -> None:
        if not (self.where is None or isinstance(self.where, Series)):
            raise BadInput("where of LossWeight", got=repr(self.where), expected="a Series, or None")
        require_number("weight of LossWeight", self.weight, at_least=0)
        require_number("grace of LossWeight", self.grace, at_least=0)


#: A random stream within the trial: ``function(rng, course)`` -> (time, trial, ...). Targets may read it.
Stream = Callable[[np.random.Generator, "TrialCourse"], npt.NDArray[Any]]


@dataclass(frozen=True)
class TaskSpec:
    """A cognitive task, written down once; compiled to batches of trials and to an environment.

    Parameters
    ----------
    name : str
        Name in the catalogue.
    what : str
        One sentence: what the subject has to do.
    cite : str
        The paper.
    dt : float
        Time step in seconds.
    epochs : sequence of Epoch
        In order.
    inputs, outputs : sequence of Channel
        Blocks of channels, in the order of the arrays.
    conditions : mapping
        Name -> distribution, or function of the conditions before it. A tuple of names stands for conditions drawn
        together (`Rows`). Drawn in this order.
    stimuli : sequence of Stimulus
        What is shown.
    targets : sequence of Target
        What is to be answered.
    weights : sequence of LossWeight
        How errors count.
    response : ResponseRule
        How an answer is read from outputs, and when it is correct.
    noise : mapping of str to Noise
        Input block -> its noise.
    streams : mapping of str to callable
        Random streams, drawn before stimuli and targets are laid out.
    facets : sequence of str
        The conditions that a reader wants to see apart: pictures show one trial of each combination.
    shared_timing : bool
        Whether all trials of a batch have the durations of the first (as in Yang et al. 2019).

    Raises
    ------
    BadInput
        If ``dt`` is not positive, a part is missing or of the wrong kind, or two epochs or blocks have one name.
    UnknownName
        If a stimulus, target, weight, noise, duration, facet or the response rule names an epoch, block or condition
        that is not there.
    """

    name: str
    what: str
    cite: str
    dt: float
    epochs: Sequence[Epoch]
    inputs: Sequence[Channel]
    outputs: Sequence[Channel]
    conditions: Conditions
    stimuli: Sequence[Stimulus]
    targets: Sequence[Target]
    weights: Sequence[LossWeight]
    response: ResponseRule
    noise: Mapping[str, Noise] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)
    facets: Sequence[str] = ()
    shared_timing: bool = False

    def __post_init__(self) -> None:
        check_spec(self)

    @staticmethod
    def block_names(blocks: Sequence[Channel]) -> list[str]:
        """Return the names of blocks."""
        return [block.name for block in blocks]

    def condition_names(self) -> list[str]:
        """Return the names of all conditions, in the order in which they are drawn."""
        return list(chain.from_iterable((k,) if isinstance(k, str) else k for k in self.conditions))
