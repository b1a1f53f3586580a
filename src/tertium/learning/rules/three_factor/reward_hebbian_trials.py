"""Miconi's rule as in the paper: one trial after another, each followed by a reward and a change of the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.learning.rules.spike_timing.spike_timing_rule import positive

Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Backend = Literal["compiled", "reference"]


@dataclass(frozen=True)
class Pushes:
    """Random pushes of single units in one trial.

    Attributes
    ----------
    steps, units : array of int, shape (push,)
        When, in ascending order, and whom.
    sizes : array, shape (push,)
        Currents.
    """

    steps: Ints
    units: Ints
    sizes: Singles

    @classmethod
    def draw(
        cls, generator: np.random.Generator, n_steps: int, n_units: int, chance: float, largest: float, first: int = 0
    ) -> Pushes:
        """Draw pushes: each unit at each step from ``first`` on with a chance, of sizes uniform up to the largest.

        Examples
        --------
        >>> pushes = Pushes.draw(np.random.default_rng(0), 1000, 200, 0.003, 16.0, first=4)
        >>> 500 < len(pushes.steps) < 700, int(pushes.steps.min()) >= 4, bool(abs(pushes.sizes).max() <= 16)
        (True, True, True)
        """
        places = max(0, n_steps - first) * n_units
        gaps = generator.geometric(chance, round(chance * places + 10 * np.sqrt(chance * places) + 10))
        at = np.cumsum(gaps) - 1
        at = at[at < places]
        sizes = generator.uniform(-largest, largest, len(at)).astype(np.float32)
        return cls(at // n_units + first, at % n_units, sizes)


@dataclass(frozen=True)
class ShakenTrial:
    """What units did in a trial.

    Attributes
    ----------
    sent : array, shape (time, unit)
        Rates that arrived at each step: those of the step before.
    rates : array, shape (time, unit)
    fluctuations : array, shape (time, unit)
        How far each potential was from where it had been.
    """

    sent: Singles
    rates: Singles
    fluctuations: Singles


class RewardHebbianTrials:
    """A chaotic network that learns from one number at the end of each trial (Miconi 2017).

    ``tau dx/dt = -x + W tanh(x) + drive + pushes``. Each synapse adds up ``S(r_j (x_i - mean x_i))``; at the end
    ``dW = eta E (E - loss) e`` with E the running mean of the losses of this kind of trial, each entry bounded. This is
    `RewardHebbian` (rule "reward_hebbian") in the paper's own order, 20,000 trials long, for which it is compiled;
    ``backend="reference"`` is the same in plain NumPy. Defaults are those of the author's code for delayed non-match to
    sample, where a push is 16 in units of the current, and the first 100 trials change nothing.

    Parameters
    ----------
    weights : array, shape (target, source)
        Recurrent weights at first. They are copied.
    held : mapping of int to float, optional
        Units whose potential stays where it is put: they serve the others as biases. Nothing changes what they hear.
    dt, tau : float
        Seconds.
    push : float
        Largest random push, a current.
    rate : float
        How often a unit is pushed, in Hz.
    quiet : int
        Steps at the beginning of a trial without pushes.
    power : float
        S(x) = sign(x) |x|^power.
    eta, largest : float
        Amplitude; bound of the change of a weight by one trial.
    forgets, expects : float
        Share of the running means of potentials and of losses that is new in each step and trial.
    waits : int
        Trials before weights change; the expected loss is found meanwhile.
    backend : {"compiled", "reference"}

    Raises
    ------
    BadInput
        If a number is out of its range or a shape does not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> learner = RewardHebbianTrials(rng.normal(size=(20, 20)) / 3, held={1: 1.0}, waits=1)
    >>> drive = np.zeros((100, 20), dtype=np.float32)
    >>> for k in range(3):
    ...     trial = learner.run(drive, rng.uniform(-0.1, 0.1, 20), rng)
    ...     learner.learn(trial, kind=0, loss=float(abs(trial.rates[-20:, 0] - 0.9).mean()))
    >>> learner.trials, bool(abs(learner.change).max() <= 3e-4), bool(learner.change[1].any())
    (3, True, False)
    """

    def __init__(
        self,
        weights: npt.ArrayLike,
        *,
        held: dict[int, float] | None = None,
        dt: float = 1e-3,
        tau: float = 0.03,
        push: float = 16.0,
        rate: float = 3.0,
        quiet: int = 4,
        power: float = 3.0,
        eta: float = 0.1,
        largest: float = 3e-4,
        forgets: float = 0.95,
        expects: float = 0.25,
        waits: int = 101,
        backend: Backend = "compiled",
    ) -> None:
        positive(
            "RewardHebbianTrials", dt=dt, tau=tau, push=push, rate=rate, power=power, eta=eta, largest=largest,
            forgets=forgets, expects=expects,
        )  # fmt: skip
        given = np.asarray(weights, dtype=np.float32)
        if given.ndim != 2 or given.shape[0] != given.shape[1] or not np.isfinite(given).all():
            raise BadInput("weights", got=f"shape {given.shape}", expected="(unit, unit), finite")
        if forgets > 1 or expects > 1 or dt > tau or rate * dt >= 1:
            raise BadInput(
                "shares and times",
                got=f"forgets {forgets:g}, expects {expects:g}, dt {dt:g}, tau {tau:g}, rate {rate:g}",
                expected="shares of at most 1, dt <= tau, rate * dt < 1",
            )
        if backend not in ("compiled", "reference"):
            raise BadInput("backend", got=repr(backend), expected="'compiled' or 'reference'")
        self._by_source = np.ascontiguousarray(given.T)
        self.held = {} if held is None else dict(held)
        self._leak = np.full(len(given), dt / tau, dtype=np.float32)
        self._leak[list(self.held)] = 0
        self.push, self.chance, self.quiet, self.power = push, rate * dt, quiet, power
        self.eta, self.largest, self.forgets, self.expects = eta, largest, forgets, expects
        self.waits, self.backend = waits, backend
        self.trials = 0
        self.expected: dict[int, float] = {}
        self.change = np.zeros_like(given)

    @property
    def weights(self) -> Singles:
        """Recurrent weights as they are, shape (target, source)."""
        return self._by_source.T.copy()

    def run(self, drive: npt.ArrayLike, start: npt.ArrayLike, generator: np.random.Generator) -> ShakenTrial:
        """Run a trial with pushes; nothing is learned.

        Parameters
        ----------
        drive : array, shape (time, unit)
            What arrives from outside.
        start : array, shape (unit,)
            Potentials at first; those of held units are put in their place.
        generator : numpy.random.Generator
            Of the pushes.
        """
        given, begin = np.ascontiguousarray(drive, dtype=np.float32), np.array(start, dtype=np.float32)
        n = len(self._by_source)
        if given.ndim != 2 or given.shape[1] != n or begin.shape != (n,):
            raise BadInput("drive and start", got=f"{given.shape}, {begin.shape}", expected=f"(time, {n}), ({n},)")
        for unit, value in self.held.items():
            begin[unit] = value
        pushes = Pushes.draw(generator, len(given), n, self.chance, self.push, self.quiet)
        rates, fluctuations = np.empty((len(given) + 1, n), np.float32), np.empty((len(given), n), np.float32)
        _trial_of(self.backend)(
            self._by_source, given, begin, self._leak, self.forgets, pushes.steps, pushes.units, pushes.sizes, rates,
            fluctuations,
        )  # fmt: skip
        return ShakenTrial(rates[:-1], rates[1:], fluctuations)

    def eligibility(self, trial: ShakenTrial) -> Singles:
        """Return the eligibility of each synapse at the end of a trial, shape (target, source)."""
        return self._eligible(trial).T

    def learn(self, trial: ShakenTrial, kind: int, loss: float) -> None:
        """Hear how bad a trial was, and change the weights; ``change`` is what was added, (target, source).

        Parameters
        ----------
        trial : ShakenTrial
        kind : int
            Trials whose loss is expected together.
        loss : float
        """
        if not np.isfinite(loss):
            raise BadInput("loss", got=repr(loss), expected="a finite number")
        expected = self.expected.get(kind, 0.0)
        if self.trials >= self.waits:
            scale = np.float32(self.eta * expected * (expected - loss))
            change = np.clip(scale * self._eligible(trial), -self.largest, self.largest)
            self._by_source += change
            self.change = change.T
        self.expected[kind] = (1 - self.expects) * expected + self.expects * loss
        self.trials += 1

    def state(self) -> dict[str, object]:
        """Return all that changes, for a checkpoint."""
        kinds = {str(kind): value for kind, value in self.expected.items()}
        return {"weights": self.weights, "expected": kinds, "trials": self.trials}

    def restore(self, weights: npt.ArrayLike, expected: dict[str, float], trials: int) -> None:
        """Go on from a checkpoint."""
        self._by_source = np.ascontiguousarray(np.asarray(weights, dtype=np.float32).T)
        self.expected = {int(kind): float(value) for kind, value in expected.items()}
        self.trials = int(trials)

    def _eligible(self, trial: ShakenTrial) -> Singles:
        """Return eligibilities by source: S of a product is the product of S, so that the sum is a matrix product."""
        return np.asarray(_supralinear(trial.sent, self.power).T @ _supralinear(trial.fluctuations, self.power))


def _trial_of(backend: Backend) -> Callable[..., None]:
    """Return what runs a trial; the compiler is asked for only where it is needed."""
    if backend == "reference":
        return reference_trial
    from tertium.learning.rules.three_factor.reward_hebbian_compiled import run_trial

    return run_trial


def _supralinear(x: Singles, power: float) -> Singles:
    """Return sign(x) |x|^power, without a logarithm where it is a small integer."""
    if power == 1:
        return x
    if power == 2:
        return x * np.abs(x)
    if power == 3:
        return x * x * x
    return np.asarray(np.sign(x) * np.abs(x) ** np.float32(power))


def reference_trial(
    by_source: Singles,
    drive: Singles,
    start: Singles,
    leak: Singles,
    forgets: float,
    steps: Ints,
    units: Ints,
    sizes: Singles,
    rates: Singles,
    fluctuations: Singles,
) -> None:
    """Run one trial in plain NumPy: what the compiled one is held against. Arguments are the same."""
    x, known = start.copy(), start.copy()
    rates[0] = np.tanh(x)
    for t, given in enumerate(drive):
        total = given + rates[t] @ by_source
        now = steps == t
        total[units[now]] += sizes[now]
        x = x + leak * (total - x)
        fluctuations[t] = x - known
        known = (1 - forgets) * known + forgets * x
        rates[t + 1] = np.tanh(x)
