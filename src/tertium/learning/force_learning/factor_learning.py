"""Spiking units learn to make the factors of another network, trial by trial, and compute with them by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from tertium.errors import BadInput
from tertium.learning.force_learning.factored_spikes import FactoredSpikes
from tertium.learning.force_learning.result import normalised_error
from tertium.learning.force_learning.rls import RecursiveLeastSquares
from tertium.rng import Seeds

Floats = NDArray[np.float64]
Backend = Literal["compiled", "reference"]


@dataclass(frozen=True)
class FactorRun:
    """Trials of a spiking network that makes factors.

    Attributes
    ----------
    network : FactoredSpikes
        With the weights that it has after the last trial.
    factors : array, shape (trial, time, factor)
        That it made.
    spikes : array of bool, shape (trial, time, unit)
    errors : array, shape (trial,)
        Mean square of the factors' errors over the mean square of those that were wanted, NaN where none were.
    """

    network: FactoredSpikes
    factors: Floats
    spikes: NDArray[np.bool_]
    errors: Floats


def spiking_network(
    spread: npt.ArrayLike,
    inputs: npt.ArrayLike,
    *,
    share: float = 1.0,
    inhibition: float = -0.3,
    slow: float = 0.11,
    fast: float = 0.13,
    dt: float = 1e-3,
    seed: int = 0,
) -> FactoredSpikes:
    """Make a spiking network that has learned nothing, with random synapses of the authors' strengths.

    Parameters
    ----------
    spread : array, shape (unit, factor)
        What a factor gives to the units.
    inputs : array, shape (unit, input)
    share : float
        Of the units whose spikes make factors.
    inhibition : float
        Of all units by all, fast; of a spike ``inhibition / (tau_fast n)``.
    slow, fast : float
        Spread of the random weights of both kinds, times ``tau sqrt(n)``; 0 for none.
    dt : float
        Seconds.
    seed : int
        Of the random weights and of who is heard.

    Raises
    ------
    BadInput
        If the shapes do not fit or a share is none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> network = spiking_network(rng.normal(size=(50, 2)), np.zeros((50, 1)))
    >>> network.factors.shape, bool(0.25 < network.random_fast.std() * 0.005 * 50 < 1.5)
    ((2, 100), True)
    """
    u, w = np.asarray(spread, dtype=np.float64), np.asarray(inputs, dtype=np.float64)
    if u.ndim != 2 or w.ndim != 2 or len(u) != len(w):
        raise BadInput("spread and inputs", got=f"{u.shape} and {w.shape}", expected="(unit, factor), (unit, input)")
    if not 0 < share <= 1 or slow < 0 or fast < 0:
        raise BadInput(
            "share, slow and fast", got=f"{share:g}, {slow:g}, {fast:g}", expected="a share up to 1; 0 or more"
        )
    n, seeds = len(u), Seeds(seed).child("spiking_network")
    heard = np.sort(seeds.numpy("heard").choice(n, max(1, round(share * n)), replace=False))
    made = FactoredSpikes(
        u, w, heard, np.zeros(n), np.zeros((u.shape[1], 2 * len(heard))), np.zeros((0, 2 * len(heard))), 0.0, dt=dt
    )
    made.inhibition = inhibition / (made.tau_fast * n)
    made.random_slow = slow / (made.tau_slow * np.sqrt(n)) * seeds.numpy("slow").normal(size=(n, n)) if slow else None
    made.random_fast = fast / (made.tau_fast * np.sqrt(n)) * seeds.numpy("fast").normal(size=(n, n)) if fast else None
    return made


def take_off_means(
    network: FactoredSpikes, factors: npt.ArrayLike, inputs: npt.ArrayLike, *, rest: float = 0.2, seed: int = 0
) -> FactoredSpikes:
    """Return the network with the mean current taken off that its units have when they hear given factors.

    The mean is one over the trials so far, and is taken off in the next: each trial brings it nearer to where factors
    and random synapses give nothing on average, which keeps rates low.

    Parameters
    ----------
    network : FactoredSpikes
    factors : array, shape (trial, time, factor)
    inputs : array, shape (trial, time, input)
    rest : float
        Seconds before each trial, see `learn_factors`.
    seed : int
        Of the voltages at first.
    """
    wanted, given = _trials(network, factors, inputs)
    held, sums = replace(network), np.zeros(network.n_units)
    for k in range(len(wanted)):
        runner = _Runner(held, "compiled", Seeds(seed).child(f"mean {k}"))
        runner.begin(rest, given.shape[2])
        sums += runner.trial(given[k], wanted[k], forced=True).mean_current
        held.mean = sums / (k + 1)
    return held


def learn_factors(
    network: FactoredSpikes,
    factors: npt.ArrayLike,
    inputs: npt.ArrayLike,
    *,
    every: float = 2.0,
    rest: float = 0.2,
    regulariser: float = 1.0,
    backend: Backend = "compiled",
    seed: int = 0,
) -> FactorRun:
    """Teach spiking units to make given factors from their own spikes (DePasquale, Sussillo, Abbott & Churchland 2023).

    Units hear the factors that they make from the beginning; the weights from their filtered spikes to the factors
    learn by recursive least squares while the network runs. Before each trial voltages are drawn at random and units
    hear their random synapses alone for a while, which leaves units silent from which no mean is taken off.

    Parameters
    ----------
    network : FactoredSpikes
        Whose weights are where learning begins; it is not changed. See `spiking_network` and `take_off_means`.
    factors : array, shape (trial, time, factor)
        Of another network that does the task: principal components of its rates, say.
    inputs : array, shape (trial, time, input)
    every : float
        Mean number of steps between two updates, which come at random.
    rest : float
        Seconds before each trial.
    regulariser : float
        See `RecursiveLeastSquares`.
    backend : {"compiled", "reference"}
        "reference" is the same, step by step in NumPy.
    seed : int
        Of voltages and times of updates.

    Returns
    -------
    FactorRun

    Raises
    ------
    BadInput
        If shapes do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> phase = 2 * np.pi * np.arange(300) * 1e-3 / 0.15
    >>> wave = np.stack([np.sin(phase), np.cos(phase)], axis=1)[None].repeat(20, axis=0)
    >>> network = spiking_network(6 * rng.normal(size=(100, 2)), rng.normal(size=(100, 1)), slow=0.0, fast=0.0)
    >>> run = learn_factors(network, wave, np.full((20, 300, 1), 2.0))
    >>> bool(run.errors[-3:].mean() < 0.01)
    True
    """
    wanted, given = _trials(network, factors, inputs)
    if not every >= 1:
        raise BadInput("every", got=repr(every), expected="1 or more")
    learner, seeds = replace(network, factors=network.factors.copy()), Seeds(seed).child("learn_factors")
    rls = RecursiveLeastSquares((2 * len(network.heard),), regulariser)
    return _run(learner, wanted, given, rest, backend, seeds, rls, every)


def run_factors(
    network: FactoredSpikes,
    inputs: npt.ArrayLike,
    *,
    rest: float = 0.2,
    factors: npt.ArrayLike | None = None,
    hears: Literal["own", "given"] = "own",
    backend: Backend = "compiled",
    seed: int = 0,
) -> FactorRun:
    """Run a network through trials, by itself or with given factors; nothing is learned.

    Parameters
    ----------
    network : FactoredSpikes
    inputs : array, shape (trial, time, input)
    rest, backend, seed
        See `learn_factors`.
    factors : array, shape (trial, time, factor), optional
        With which those that are made are compared.
    hears : {"own", "given"}
        Which of them the units hear.

    Raises
    ------
    BadInput
        If shapes do not fit, or units are to hear factors that are not given.
    """
    if hears not in ("own", "given") or (hears == "given" and factors is None):
        raise BadInput("hears", got=repr(hears), expected="'own', or 'given' where there are factors")
    x = np.asarray(inputs, dtype=np.float64)
    shape = (*x.shape[:2], len(network.factors))
    wanted, given = _trials(network, np.full(shape, np.nan) if factors is None else factors, x, finite=False)
    seeds = Seeds(seed).child("run_factors")
    return _run(network, wanted, given, rest, backend, seeds, None, 1.0, forced=hears == "given")


def _run(
    network: FactoredSpikes,
    wanted: Floats,
    given: Floats,
    rest: float,
    backend: Backend,
    seeds: Seeds,
    rls: RecursiveLeastSquares | None,
    every: float,
    forced: bool = False,
) -> FactorRun:
    """Run through trials, learning if there is something to learn by."""
    if backend not in ("compiled", "reference"):
        raise BadInput("backend", got=repr(backend), expected="'compiled' or 'reference'")
    trials, steps, _ = given.shape
    spikes, errors = np.zeros((trials, steps, network.n_units), dtype=bool), np.empty(trials)
    made = np.empty_like(wanted)
    for k in range(trials):
        own = seeds.child(f"trial {k}")
        runner = _Runner(network, backend, own)
        runner.begin(rest, given.shape[2])
        learns = np.less(own.numpy("updates").random(steps), 0.0 if rls is None else 1 / every)
        done = runner.trial(given[k], wanted[k], forced=forced, learns=learns, rls=rls)
        made[k], spikes[k] = done.factors, done.spikes
        errors[k] = normalised_error(made[k], wanted[k])
    return FactorRun(network, made, spikes, errors)


@dataclass(frozen=True)
class _Trial:
    factors: Floats
    spikes: NDArray[np.bool_]
    mean_current: Floats


class _Runner:
    """One trial of a network: begun at random, run by compiled steps or by those of the network."""

    def __init__(self, network: FactoredSpikes, backend: Backend, seeds: Seeds) -> None:
        self.network, self.backend, self.seeds = network, backend, seeds

    def begin(self, rest: float, n_inputs: int) -> None:
        """Draw voltages, and let units hear their random synapses alone, for so many seconds."""
        network = self.network
        network.rest(self.seeds.numpy("voltage").uniform(-network.depth, 0, network.n_units))
        steps = round(rest / network.dt)
        if steps:
            self.trial(np.zeros((steps, n_inputs)), np.zeros((steps, len(network.factors))), forced=True)

    def trial(
        self,
        given: Floats,
        wanted: Floats,
        *,
        forced: bool = False,
        learns: NDArray[np.bool_] | None = None,
        rls: RecursiveLeastSquares | None = None,
    ) -> _Trial:
        """Run on from where the network is."""
        when = np.zeros(len(given), dtype=bool) if learns is None else learns
        run = self._compiled if self.backend == "compiled" else self._plain
        return run(given, wanted, forced, when, rls)

    def _plain(
        self, given: Floats, wanted: Floats, forced: bool, learns: NDArray[np.bool_], rls: RecursiveLeastSquares | None
    ) -> _Trial:
        network = self.network
        heard = np.zeros(len(network.factors)) if forced else network.factors @ network.traces
        made, raster = np.empty_like(wanted), np.zeros((len(given), network.n_units), dtype=bool)
        current = np.zeros(network.n_units)
        for t, now in enumerate(given):
            current += network.spread @ heard + network.received_slow + network.received_fast
            raster[t] = network.step(heard, now)
            made[t] = network.factors @ network.traces
            heard = wanted[t] if forced else made[t]
            if rls is not None and learns[t]:
                network.factors += rls.step(network.traces, made[t] - wanted[t])
        return _Trial(made, raster, current / len(given))

    def _compiled(
        self, given: Floats, wanted: Floats, forced: bool, learns: NDArray[np.bool_], rls: RecursiveLeastSquares | None
    ) -> _Trial:
        from tertium.learning.force_learning.compiled_spikes import run_trial

        network, none = self.network, np.zeros((0, self.network.n_units))
        made, raster = np.empty_like(wanted), np.zeros((len(given), network.n_units), dtype=bool)
        received, current = np.stack([network.received_slow, network.received_fast]), np.zeros(network.n_units)
        keeps = [np.exp(-network.dt / tau) for tau in (network.tau, network.tau_slow, network.tau_fast)]
        network.inhibited = run_trial(
            np.ascontiguousarray(network.spread.T),
            given @ network.inputs.T - network.mean,
            network.heard,
            network.factors,
            none if network.random_slow is None else np.ascontiguousarray(network.random_slow.T),
            none if network.random_fast is None else np.ascontiguousarray(network.random_fast.T),
            np.array([*keeps, network.inhibition, network.depth]),
            network.voltage,
            network.traces,
            received,
            network.inhibited,
            np.ascontiguousarray(wanted),
            forced,
            learns,
            np.zeros((1, 1)) if rls is None else rls.inverse,
            made,
            raster,
            current,
        )
        network.received_slow, network.received_fast = received
        return _Trial(made, raster, current / len(given))


def _trials(
    network: FactoredSpikes, factors: npt.ArrayLike, inputs: npt.ArrayLike, finite: bool = True
) -> tuple[Floats, Floats]:
    wanted, given = np.asarray(factors, dtype=np.float64), np.asarray(inputs, dtype=np.float64)
    shapes = wanted.ndim == given.ndim == 3 and wanted.shape[:2] == given.shape[:2] and wanted.size > 0
    if not shapes or wanted.shape[2] != len(network.factors) or given.shape[2] != network.inputs.shape[1]:
        raise BadInput(
            "factors and inputs",
            got=f"{wanted.shape} and {given.shape}",
            expected=f"(trial, time, {len(network.factors)}) and (trial, time, {network.inputs.shape[1]})",
        )
    if not np.isfinite(given).all() or (finite and not np.isfinite(wanted).all()):
        raise BadInput("factors and inputs", got="numbers that are not finite", expected="finite ones")
    return wanted, given
