"""Tasks whose next state and reward depend on the subject's actions, played by many subjects side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds
from tertium.tasks.channels import Channel, OneHot
from tertium.tasks.engine.checking import trials_asked_for
from tertium.tasks.response_rules import ResponseRule
from tertium.tasks.spec import Epoch, LossWeight, TaskSpec
from tertium.tasks.trial_batch import TrialBatch

if TYPE_CHECKING:
    import gymnasium

    from tertium.tasks.episodic.players import Player

Floats = npt.NDArray[np.float32]
Actions = npt.NDArray[np.int64]


class Episodes(ABC):
    """``n`` subjects, each in an episode of its own, that act at the same steps.

    A task's own episodes say what an action leads to (`outcome`) and which would be best (`best`).

    Parameters
    ----------
    task : EpisodicTask
        The task.
    n : int
        Number of subjects.
    rng : numpy.random.Generator
        Draws the worlds and what happens in them.

    Attributes
    ----------
    clock : int
        Steps taken.
    """

    def __init__(self, task: EpisodicTask, n: int, rng: np.random.Generator) -> None:
        self.task, self.n, self.rng, self.clock = task, n, rng, 0
        self._last = np.zeros((n, task.n_actions + 1), dtype=np.float32)

    @abstractmethod
    def outcome(self, actions: Actions) -> npt.NDArray[np.floating]:
        """Return the rewards of actions, shape (n,), and move the world on."""

    @abstractmethod
    def best(self) -> Actions:
        """Return the action with the largest expected reward for one who knows the world, shape (n,)."""

    def shown(self) -> Floats:
        """Return what the subject sees, apart from its own past, shape (n, channel)."""
        return np.zeros((self.n, 0), dtype=np.float32)

    def matters(self) -> npt.NDArray[np.bool_]:
        """Return whether it matters now what is done, shape (n,)."""
        return np.ones(self.n, dtype=bool)

    @property
    def finished(self) -> bool:
        """Whether the episodes are over."""
        return self.clock >= self.task.steps

    def observations(self) -> Floats:
        """Return what the subjects observe now, shape (n, n_inputs)."""
        clock = np.full((self.n, 1), self.clock / self.task.steps, dtype=np.float32)
        past = [self._last] if self.task.shows_past else []
        return np.concatenate([self.shown(), clock, *past], axis=1)

    def step(self, actions: npt.ArrayLike) -> npt.NDArray[np.floating]:
        """Act; return the rewards, shape (n,).

        Raises
        ------
        BadInput
            If the episodes are over, or actions are not one integer a subject within the range.
        """
        if self.finished:
            raise BadInput(
                f"step in task '{self.task.name}'",
                got=f"step {self.clock + 1}",
                expected=f"at most {self.task.steps} steps",
                repair="Begin new episodes.",
            )
        chosen = np.asarray(actions)
        fits = chosen.shape == (self.n,) and np.issubdtype(chosen.dtype, np.integer)
        if not fits or (chosen < 0).any() or (chosen >= self.task.n_actions).any():
            raise BadInput(
                f"actions in task '{self.task.name}'",
                got=f"shape {chosen.shape}, {chosen.dtype}",
                expected=f"{self.n} integers from 0 to {self.task.n_actions - 1}",
            )
        rewards = self.outcome(chosen.astype(np.int64))
        self._last[:] = 0.0
        self._last[np.arange(self.n), chosen] = 1.0
        self._last[:, -1] = rewards
        self.clock += 1
        return rewards


@dataclass(frozen=True)
class Play:
    """What happened when subjects played.

    Attributes
    ----------
    observations : array of float32, shape (step, subject, n_inputs)
    actions : array of int, shape (step, subject)
    rewards : array, shape (step, subject)
    best : array of int, shape (step, subject)
        What one who knows the world would have done.
    matters : array of bool, shape (step, subject)
        Where it mattered.
    """

    observations: Floats
    actions: Actions
    rewards: npt.NDArray[np.floating]
    best: Actions
    matters: npt.NDArray[np.bool_]

    @property
    def share_best(self) -> npt.NDArray[np.floating]:
        """Fraction of the choices that were the best, shape (subject,)."""
        right = (self.actions == self.best) & self.matters
        return right.sum(0) / np.maximum(self.matters.sum(0), 1)


@dataclass(frozen=True)
class ChoosesBest(ResponseRule):
    """The answer is the largest output at each step; correct where enough of the choices are the best.

    Parameters
    ----------
    at_least : float
        Fraction of the choices.
    """

    at_least: float = 0.8

    def read(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[Any]:
        """Return the fraction of best choices in each trial."""
        asked = batch.mask.any(-1)
        right = (outputs.argmax(-1) == batch.targets.argmax(-1)) & asked
        return np.asarray(right.sum(0) / np.maximum(asked.sum(0), 1))

    def correct(self, outputs: npt.NDArray[Any], batch: TrialBatch) -> npt.NDArray[np.bool_]:
        """Return where enough of them are."""
        return np.asarray(self.read(outputs, batch) >= self.at_least)


@dataclass(frozen=True, kw_only=True)
class EpisodicTask(ABC):
    """A task that has to be played: what comes next depends on what was done.

    Parameters
    ----------
    trials : int
        Trials in an episode.
    dt : float
        Seconds of one step. Nominal: these tasks have no time within a step.
    shows_past : bool
        Whether observations hold the last action (one-hot) and the last reward, as in meta-reinforcement learning.

    Attributes
    ----------
    name, what, cite : str
    n_actions : int
    n_inputs, n_outputs : int
        Channels of an observation, and actions.
    steps : int
        Steps of an episode.
    reward_range : (float, float)
        Smallest and largest reward of a step.
    """

    trials: int = 100
    dt: float = 1.0
    shows_past: bool = True

    name: ClassVar[str]
    what: ClassVar[str]
    cite: ClassVar[str]
    reward_range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    steps_per_trial: ClassVar[int] = 1

    def __post_init__(self) -> None:
        for what, value in (("trials", self.trials), ("dt", self.dt)):
            if not value > 0:
                raise BadInput(f"{what} of task '{self.name}'", got=f"{value}", expected="a number > 0")

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return 2

    @property
    def steps(self) -> int:
        """Steps of an episode."""
        return self.trials * self.steps_per_trial

    @property
    def n_outputs(self) -> int:
        """Number of outputs of a network: one an action."""
        return self.n_actions

    @property
    def n_inputs(self) -> int:
        """Channels of an observation."""
        return sum(block.size for block in self.spec.inputs)

    def channels(self) -> Sequence[Channel]:
        """Return the blocks of what the world shows; the subject's own past is added to them."""
        return ()

    @abstractmethod
    def begin(self, n: int, rng: np.random.Generator) -> Episodes:
        """Begin ``n`` episodes."""

    @cached_property
    def spec(self) -> TaskSpec:
        """The task's channels and epoch; it cannot generate trials, which have to be played."""
        past = (OneHot("last_action", self.n_actions), Channel("last_reward")) if self.shows_past else ()
        return TaskSpec(
            name=self.name,
            what=self.what,
            cite=self.cite,
            dt=self.dt,
            epochs=(Epoch("play", self.steps * self.dt),),
            inputs=(*self.channels(), Channel("clock"), *past),
            outputs=(Channel("choice", self.n_actions),),
            conditions={},
            stimuli=(),
            targets=(),
            weights=(LossWeight(1.0, "play"),),
            response=ChoosesBest(),
        )

    def play(self, policy: Player | Callable[[Floats], npt.ArrayLike], n: int, seed: int | Seeds = 0) -> Play:
        """Let subjects play, all of them one episode.

        Parameters
        ----------
        policy : Player or callable
            A player (see `tertium.tasks.episodic.players`), or a function from observations, shape (n, n_inputs), to
            actions, shape (n,).
        n : int
            Number of subjects.
        seed : int or Seeds
            The same seed gives the same worlds and, for the players of this package, the same actions.

        Returns
        -------
        Play
        """
        n, seeds = trials_asked_for(n), seed if isinstance(seed, Seeds) else Seeds(seed)
        world = self.begin(n, seeds.numpy("world"))
        if not (callable(policy) or hasattr(policy, "act")):
            raise BadInput(
                f"player of task '{self.name}'",
                got=repr(policy),
                expected="a Player, or a function from observations to actions",
                repair="Pass KnowsBest() of tertium.tasks.episodic, for instance.",
            )
        player = None if callable(policy) else policy
        if player is not None:
            player.begin(world, seeds.numpy("player"))
        seen, done, paid, best, mattered = [], [], [], [], []
        while not world.finished:
            observations = world.observations()
            acting = policy if callable(policy) else policy.act
            actions = np.asarray(acting(observations))
            seen.append(observations)
            best.append(world.best())
            mattered.append(world.matters())
            rewards = world.step(actions)
            done.append(actions)
            paid.append(rewards)
            if player is not None:
                player.learn(actions, rewards)
        return Play(np.stack(seen), np.stack(done), np.stack(paid), np.stack(best), np.stack(mattered))

    def batch(self, n: int, seed: int | Seeds = 0, **fixed: Any) -> TrialBatch:
        """Return episodes played by a uniformly random player; the target is the best action at each step.

        The best action is that of one who knows the hidden world, so that no network can reach every target from what
        it observes: the supervised side is for warming up, pictures and read-outs. Agents are trained with `play` or
        the environment.

        Parameters
        ----------
        n : int
            How many.
        seed : int or Seeds
            The same seed gives the same episodes.

        Returns
        -------
        TrialBatch
            ``columns`` hold the ``total_reward`` and the ``share_best`` of the random player, ``streams`` its
            ``actions`` and ``rewards``.

        Raises
        ------
        UnknownName
            If a condition is given: episodes have none.
        """
        for key in fixed:
            raise unknown_name(f"condition of task '{self.name}'", key, ())
        from tertium.tasks.episodic.players import UniformlyRandom

        play = self.play(UniformlyRandom(), n, seed)
        targets = np.eye(self.n_actions, dtype=np.float32)[play.best]
        mask = np.repeat(play.matters[..., None], self.n_actions, axis=-1).astype(np.float32)
        epochs = {"play": np.tile(np.array([0, self.steps], dtype=np.int64), (n, 1))}
        columns = {"total_reward": play.rewards.sum(0), "share_best": play.share_best}
        streams: Mapping[str, npt.NDArray[Any]] = {"actions": play.actions, "rewards": play.rewards}
        return TrialBatch(play.observations, targets, mask, epochs, columns, streams, self.dt, self.spec)

    def performance(self, outputs: npt.ArrayLike, batch: TrialBatch) -> float:
        """Return the fraction of trials in which enough choices were the best, 0 to 1."""
        return float(batch.correct(outputs).mean())

    def environment(self) -> gymnasium.Env[Any, Any]:
        """Return the Gymnasium environment of this task."""
        from tertium.tasks.environment.episodic_environment import EpisodicEnvironment

        return EpisodicEnvironment(self)
