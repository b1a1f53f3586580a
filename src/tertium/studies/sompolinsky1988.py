"""DYN02: fixed points, cycles, tori and chaos told apart; chaos in random networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.dynamics import LyapunovSpectrum, autocorrelation_time, classify_attractor, lyapunov, simulate
from tertium.errors import BadInput
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, at_most, below, between, exactly
from tertium.studies.methods.sompolinsky import RandomNetwork, mean_field
from tertium.studies.methods.zoo import draw_starts, lorenz, lorenz_jacobian, specimens
from tertium.studies.pictures import sompolinsky as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Gains at which the largest exponent is measured. Near 1 networks of finite size are not chaotic yet.
GAINS = (0.8, 1.5, 2.0)


class Sompolinsky1988(Study):
    """An attractor's kind is read from its exponents; random networks are chaotic above gain 1 (Sompolinsky 1988).

    A zoo of systems whose attractors are known is classified by Lyapunov spectrum and recurrence. Networks
    ``dx/dt = -x + g J tanh(x)`` with independent Gaussian weights are at rest below gain 1 and chaotic above; their
    memory, the time of the autocorrelation, grows towards gain 1. What infinitely many units would do is worked out
    from the mean-field theory and drawn beside.

    Memory was tested first with 500 units on seeds 10 to 14. At gain 1.3 most networks of that size end on cycles or
    at rest; in one seed most never forgot, and the times could not be compared. The number of units was raised on
    the pilot seeds, thresholds stayed, and the whole study is tested on seeds 20 to 24.
    """

    row, kind = "DYN02", "simulation"
    cite = (
        Reference(
            "Sompolinsky1988",
            "Sompolinsky, H., Crisanti, A. & Sommers, H. J.",
            1988,
            "Chaos in random neural networks",
            "Physical Review Letters 61:259-262",
            "10.1103/PhysRevLett.61.259",
        ),
        Reference(
            "Strogatz2015",
            "Strogatz, S. H.",
            2015,
            "Nonlinear dynamics and chaos, 2nd edition",
            "Westview Press",
        ),
        Reference(
            "Benettin1980",
            "Benettin, G., Galgani, L., Giorgilli, A. & Strelcyn, J.-M.",
            1980,
            "Lyapunov characteristic exponents for smooth dynamical systems and for Hamiltonian systems",
            "Meccanica 15:9-20",
            "10.1007/BF02128236",
        ),
    )
    test_seeds = (20, 21, 22, 23, 24)
    smoke = {
        "zoo_steps": 400,
        "lorenz_starts": 4,
        "lorenz_steps": 1000,
        "units": 60,
        "large_units": 80,
        "networks": 2,
        "steps": 300,
        "memory_units": 60,
        "memory_networks": 3,
        "memory_steps": 200,
    }

    class Config(StudyConfig):
        """Sizes of runs and networks."""

        zoo_steps: int = Field(5000, ge=200, description="steps of each system of the zoo")
        lorenz_starts: int = Field(20, ge=3, description="runs of Lorenz's system")
        lorenz_steps: int = Field(10_000, ge=500, description="steps of each, of 0.01")
        units: int = Field(300, ge=10, description="units of the networks whose exponent is measured")
        large_units: int = Field(1200, ge=10, description="units of a larger one at the middle gain")
        networks: int = Field(4, ge=1, description="networks of each gain, over which exponents are averaged")
        steps: int = Field(1000, ge=100, description="steps of these, of a fifth of a time constant")
        memory_units: int = Field(1500, ge=10, description="units of the networks whose memory is measured")
        memory_networks: int = Field(9, ge=2, description="of these, for each gain")
        memory_steps: int = Field(800, ge=100, description="steps of these, of half a time constant")
        memory_gains: tuple[float, ...] = Field((1.3, 1.5, 2.0, 3.0), description="their gains, rising, above 1")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        kinds: dict[str, str]  # system of the zoo -> its kind
        found: dict[str, str]  # the kind it was found to have
        alone: dict[str, str]  # the kind by the largest exponent alone
        reasons: dict[str, str]
        lorenz: Floats  # (exponent,)
        lorenz_dimension: float
        lorenz_resting: float  # largest exponent at rho = 10
        lorenz_flatter: float  # sum of the exponents with beta = 2
        exponents: dict[str, Floats]  # gain -> (network,) largest exponent
        exponents_symmetric: dict[str, Floats]  # the same of symmetric weights
        exponent_large: float  # of the larger network
        sizes: NDArray[np.int64]  # units of the networks, and of the larger one
        gains: Floats  # (gain,)
        half: Floats  # (gain, network) time in which the autocorrelation falls to one half; infinite if it does not
        half_shuffled: Floats  # (gain, network) of the same runs with times shuffled
        theory_exponents: Floats  # (gain,)
        theory_half: Floats  # (gain,)

    def run(self, config: Config, lab: Lab) -> Results:
        """Classify the zoo, measure Lorenz's system, and random networks."""
        zoo = lab.stage("zoo", lambda: classify_zoo(config, lab))
        known = lab.stage("lorenz", lambda: measure_lorenz(config, lab))
        networks = lab.stage("exponents", lambda: measure_exponents(config, lab))
        memory = lab.stage("memory", lambda: measure_memory(config, lab))
        return self.Results(**zoo, **known, **networks, **memory)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the zoo, Lorenz's exponents, the border of chaos, the memory."""
        yield Claim(
            "zoo",
            f"All {len(results.kinds)} systems of the zoo, at rest, cycling, on a torus, chaotic or unbounded, are told"
            " apart.",
            share(results.found, results.kinds),
            exactly(1.0),
            "canon DYN02",
            Control("by the sign of the largest exponent alone", share(results.alone, results.kinds)),
            judge="each",
            unit="fraction right",
        )
        yield Claim(
            "lorenz",
            "The largest exponent of Lorenz's system is the known one.",
            float(results.lorenz[0]),
            between(0.906 - 0.03, 0.906 + 0.03),
            "canon DYN02",
            Control("rho = 10, where it rests", results.lorenz_resting),
            judge="each",
            unit="nats per unit of time",
        )
        closed = -41 / 3
        yield Claim(
            "lorenz_sum",
            "Its exponents add up to the divergence of its flow, -41/3.",
            abs(float(results.lorenz.sum()) - closed),
            at_most(1e-3),
            "closed form; margin for the step of 0.01 ours",
            Control("the sum with beta = 2, which is another", abs(results.lorenz_flatter - closed)),
            judge="each",
            unit="nats per unit of time",
        )
        yield from self._networks(results)

    def _networks(self, results: Results) -> Iterator[Claim]:
        mean = {gain: float(found.mean()) for gain, found in results.exponents.items()}
        symmetric = {gain: float(found.mean()) for gain, found in results.exponents_symmetric.items()}
        low, *high = (f"{g:g}" for g in GAINS)
        unit = "nats per time constant"
        small, large = results.sizes
        yield Claim(
            "rest",
            f"Random networks of {small} units and gain {low} come to rest: the largest exponent is negative.",
            mean[low],
            below(0.0),
            "canon DYN02; Sompolinsky et al. 1988",
            Control(f"the same weights at gain {high[-1]}", mean[high[-1]]),
            judge="each",
            unit=f"{unit}, mean over networks",
        )
        for gain in high:
            yield Claim(
                f"chaos_{gain.replace('.', '_')}",
                f"Random networks of {small} units and gain {gain} are chaotic: the largest exponent is positive.",
                mean[gain],
                above(0.0),
                "canon DYN02; Sompolinsky et al. 1988",
                Control("symmetric weights of the same variance", symmetric[gain]),
                judge="interval",
                unit=f"{unit}, mean over networks",
            )
        yield Claim(
            f"chaos_{high[0].replace('.', '_')}_large",
            f"So are networks of {large} units and gain {high[0]}.",
            results.exponent_large,
            above(0.0),
            "ours: theory of infinitely many units",
            Control(f"symmetric weights, {small} units", symmetric[high[0]]),
            judge="interval",
            unit=unit,
        )
        half, shuffled = np.median(results.half, axis=1), np.median(results.half_shuffled, axis=1)
        first, last = results.gains[[0, -1]]
        yield Claim(
            "memory",
            f"Memory grows towards the border of chaos: the autocorrelation at gain {first:g} takes longer to fall to "
            f"one half than at gain {last:g}.",
            float(half[0] / half[-1]),
            at_least(1.7),
            "canon DYN02: it diverges; factor ours, 2.7 in theory",
            Control("the same runs with times shuffled", float(shuffled[0] / shuffled[-1])),
            unit="ratio of times",
        )
        yield Claim(
            "memory_theory",
            "These times are those of the theory of infinitely many units, at all gains.",
            float(np.abs(np.log(half / results.theory_half)).max()),
            at_most(float(np.log(1.5))),
            "Sompolinsky et al. 1988; a factor of 1.5, for finite size, ours",
            Control(
                "the theory of gains in reverse order", float(np.abs(np.log(half / results.theory_half[::-1])).max())
            ),
            unit="log ratio, worst gain",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw Lorenz's exponents, those of random networks, memory against gain."""
        first, seeds = results[0], len(results)
        yield Picture(
            "zoo",
            draw.zoo(results),
            f"How often each system of the zoo was found to be of each kind, over {seeds} seeds; framed: what it is.",
        )
        yield Picture(
            "exponents",
            draw.exponents(results),
            f"Largest Lyapunov exponent against gain: dots, those of {first.sizes[0]} units ({seeds} seeds); squares, "
            f"of {first.sizes[1]}; line, theory of infinitely many units. Symmetric weights of the same variance "
            "stay at rest. At gain 1.5 many networks of finite size end on cycles or at rest.",
        )
        yield Picture(
            "memory",
            draw.memory(results),
            "Time in which the autocorrelation falls to one half, against gain: dots, median over networks, one a seed "
            f"({seeds}); line: theory. With times shuffled nothing is left of it.",
        )


def share(found: dict[str, str], kinds: dict[str, str]) -> float:
    """Return the fraction of systems whose kind was found."""
    return float(np.mean([found[name] == kind for name, kind in kinds.items()]))


def classify_zoo(config: Sompolinsky1988.Config, lab: Lab) -> dict[str, Any]:
    """Find the kind of each system of the zoo from one random start."""
    kinds, found, alone, reasons = {}, {}, {}, {}
    for name, one in lab.track(specimens().items(), "zoo"):
        starts = draw_starts(one, 1, lab.seeds.child("zoo").numpy(name))
        steps = round(one.length * config.zoo_steps)
        judged = classify_attractor(
            one.step, starts, time=one.time, dt=one.dt, steps=steps, transient=max(steps // 4, 200)
        )
        kinds[name], found[name], reasons[name] = one.kind, judged.kind, judged.reasons[0]
        if judged.spectrum is None:
            alone[name] = judged.kind
        else:
            largest = judged.spectrum.exponents[0]
            moving = "chaos" if largest > judged.zero else "limit cycle"
            alone[name] = "fixed point" if largest < -judged.zero else moving
    return {"kinds": kinds, "found": found, "alone": alone, "reasons": reasons}


def measure_lorenz(config: Sompolinsky1988.Config, lab: Lab) -> dict[str, Any]:
    """Measure the spectrum of Lorenz's system and of two others that differ in one constant."""
    starts = 5 * lab.seeds.numpy("lorenz").normal(size=(config.lorenz_starts, 3))

    def spectrum(rho: float = 28.0, beta: float = 8 / 3) -> LyapunovSpectrum:
        # starts near the middle of a wing take long to leave it
        return lyapunov(
            partial(lorenz, rho=rho, beta=beta),
            starts,
            time="continuous",
            dt=0.01,
            steps=config.lorenz_steps,
            transient=config.lorenz_steps // 2,
            jacobian=partial(lorenz_jacobian, rho=rho, beta=beta),
        )

    known = spectrum()
    return {
        "lorenz": known.exponents,
        "lorenz_dimension": known.kaplan_yorke,
        "lorenz_resting": float(spectrum(rho=10.0).exponents[0]),
        "lorenz_flatter": spectrum(beta=2.0).sum,
    }


def measure_exponents(config: Sompolinsky1988.Config, lab: Lab) -> dict[str, Any]:
    """Measure the largest exponent of networks at each gain, with the same weights, of symmetric and of larger ones."""

    def largest(units: int, gain: float, number: int, *, symmetric: bool = False) -> float:
        kind = "symmetric" if symmetric else "independent"
        rng = lab.seeds.child("networks").numpy(f"{kind}, {units}, {number}")  # the same weights at each gain
        network = RandomNetwork.draw(units, gain, rng, symmetric=symmetric)
        spectrum = lyapunov(
            network.velocity,
            rng.normal(size=(1, units)),
            time="continuous",
            dt=0.2,
            steps=config.steps,
            transient=config.steps,
            n_exponents=1,
        )
        return float(spectrum.exponents[0])

    each = range(config.networks)
    small, middle = config.units, GAINS[1]
    return {
        "exponents": {f"{g:g}": np.array([largest(small, g, k) for k in each]) for g in GAINS},
        "exponents_symmetric": {
            f"{g:g}": np.array([largest(small, g, k, symmetric=True) for k in each]) for g in GAINS[1:]
        },
        "exponent_large": largest(config.large_units, middle, 0),
        "sizes": np.array([small, config.large_units]),
    }


def measure_memory(config: Sompolinsky1988.Config, lab: Lab) -> dict[str, Any]:
    """Measure for each gain and network how long the states' autocorrelation takes to fall to one half."""
    step, gains = 0.5, np.array(config.memory_gains)
    half, shuffled = np.empty((2, len(gains), config.memory_networks))
    for i, gain in enumerate(gains):
        for k in range(config.memory_networks):
            rng = lab.seeds.child("memory").numpy(f"{gain:g}, {k}")
            network = RandomNetwork.draw(config.memory_units, float(gain), rng)
            start = rng.normal(size=config.memory_units)
            run = simulate(network.velocity, start, config.memory_steps, time="continuous", dt=step)
            run = run[:, config.memory_steps // 4 :]
            half[i, k] = memory(run, step)
            shuffled[i, k] = memory(rng.permutation(run, axis=1), step)
    theory = [mean_field(float(gain)) for gain in gains]
    return {
        "gains": gains,
        "half": half,
        "half_shuffled": shuffled,
        "theory_exponents": np.array([one.exponent for one in theory]),
        "theory_half": np.array([np.interp(-0.5, -one.correlation, one.lags) for one in theory]),
    }


def memory(run: Floats, step: float) -> float:
    """Return the time in which the autocorrelation of a run falls to one half; infinite if it never does."""
    try:
        found = autocorrelation_time(run, dt=step, centre="none", bootstrap=0).half
    except BadInput:  # a network of finite size that has come to rest at zero varies no more
        return float("inf")
    return float(np.nan_to_num(found, nan=np.inf))
