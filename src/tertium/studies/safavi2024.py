"""THY11: noise that makes a predictive network code best brings its avalanches near to critical ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.safavi_avalanches import avalanche_sizes, density, exponential_or_power_law, kappa
from tertium.studies.methods.safavi_network import drawn_signal, drive_of, predict
from tertium.studies.pictures import safavi as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Safavi2024(Study):
    """The noise with which a delayed predictive network codes best makes its avalanches critical (Safavi et al. 2024).

    Identical leaky neurons hear a signal less the population's own estimate of it, each fires when the estimate is
    too low, and inhibition by the others arrives after a delay (Chalk et al. 2016). Without noise all fire before the
    first is heard; with much noise they fire by chance. Between lies a noise of least error. Avalanches are stretches
    of active bins; how far their sizes are from those of a critical system is kappa of Shew et al. (2009), 1 at the
    power law of exponent 3/2. The cost of a spike biases the estimate, which noise also makes good (without a delay by
    a factor of two), so that the control has neither.

    Sizes, decoder, delay and cost are the canon's, voltages and cost in units of the signal. Ours: the signal (filtered
    noise), the time constant, kappa in place of the paper's deviation from a fitted line (of its text only the figures'
    code was at hand), and the bin of a fifth of the delay. Pilots with decoders of both signs and this cost ping-pong
    at 4.4 kHz whatever the noise. In bins of 0.1 to 0.5 ms kappa is 1 within about half a decade of the noise of least
    error (the picture shows three); in bins of the mean interval between spikes it hardly depends on the noise. With
    ten times that noise spikes by chance are so many that bins merge, and kappa rises again. Kappa of 1 proves no
    critical point: where it is met sizes bend off the law beyond some 60 spikes.
    """

    row, kind = "THY11", "simulation"
    cite = (
        Reference(
            "Safavi2024",
            "Safavi, S., Chalk, M., Logothetis, N. K. & Levina, A.",
            2024,
            "Signatures of criticality in efficient coding networks",
            "Proceedings of the National Academy of Sciences 121:e2302730121",
            "10.1073/pnas.2302730121",
        ),
        Reference(
            "Chalk2016",
            "Chalk, M., Gutkin, B. & Deneve, S.",
            2016,
            "Neural oscillations as a signature of efficient coding in the presence of synaptic delays",
            "eLife 5:e13824",
            "10.7554/eLife.13824",
        ),
        Reference(
            "Shew2009",
            "Shew, W. L., Yang, H., Petermann, T., Roy, R. & Plenz, D.",
            2009,
            "Neuronal avalanches imply maximum dynamic range in cortical networks at criticality",
            "Journal of Neuroscience 29:15595-15600",
            "10.1523/JNEUROSCI.3864-09.2009",
        ),
    )
    smoke = {"seconds": 1.0, "per_decade": 3}

    class Config(StudyConfig):
        """Network, signal, noise."""

        neurons: int = Field(400, ge=10, description="neurons")
        decoder: float = Field(0.02, gt=0, description="what a spike adds to the estimate")
        cost: float = Field(0.02, ge=0, description="what a spike costs its neuron besides")
        delay: float = Field(1e-3, ge=0, description="of inhibition, seconds")
        tau: float = Field(0.05, gt=0, description="time constant, seconds")
        dt: float = Field(1e-4, gt=0, description="step, seconds")
        mean: float = Field(1.0, description="of the signal")
        spread: float = Field(0.4, gt=0, description="standard deviation of the signal")
        change: float = Field(0.1, gt=0, description="time constant of the signal, seconds")
        seconds: float = Field(8.0, gt=0.5, description="length of each simulation")
        least: float = Field(10**-2.5, gt=0, description="least noise beside none, in units of the signal")
        decades: float = Field(2.0, gt=0, description="up to which factor of that")
        per_decade: int = Field(8, ge=2, description="noises in each decade")
        bin: int = Field(2, ge=1, description="bin of avalanches, steps")
        bins: tuple[int, ...] = Field((1, 2, 5), description="bins that the picture shows")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; one entry a noise, the first without."""

        neurons: int
        noise: Floats
        mse: Floats
        mse_at_once: Floats  # with neither delay nor cost
        rates: Floats  # Hz
        kappas: Floats  # (bin, noise)
        kappas_by_chance: Floats  # as many spikes at random times, first of these bins that is asked
        bins: list[int]
        bin: int
        large: Floats  # share of avalanches of half the neurons or more
        statistic: Floats  # power law against exponential
        densities: dict[str, Floats]  # (2, place) at the least noise, that of kappa nearest to 1, the largest
        traces: dict[str, Floats]  # (2, time) signal and estimate, without noise, at the least error, at the largest
        dt: float

    def run(self, config: Config, lab: Lab) -> Results:
        """Simulate the network at each noise, with and without delay, and measure errors and avalanches."""
        count = round(config.decades * config.per_decade) + 1
        noise = np.concatenate([[0.0], config.least * 10 ** (np.arange(count) / config.per_decade)])
        found = [lab.stage(f"noise-{n}", partial(at_noise, config, lab, float(s))) for n, s in enumerate(noise)]
        columns = {name: np.array([one[name] for one in found]) for name in SCALARS}
        kappas = np.array([one["kappas"] for one in found]).T
        best = int(columns["mse"].argmin())
        critical = nearest(kappas[config.bins.index(config.bin)])
        return self.Results(
            neurons=config.neurons,
            noise=noise,
            kappas=kappas,
            bins=list(config.bins),
            bin=config.bin,
            densities={
                name: found[at]["density"] for name, at in (("low", 1), ("critical", critical), ("high", count))
            },
            traces={name: found[at]["trace"] for name, at in (("none", 0), ("best", best), ("high", count))},
            dt=config.dt,
            **columns,
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the best noise, that of critical avalanches, and avalanches at either end."""
        noise, mse = results.noise, results.mse
        best = int(mse.argmin())
        kappas = results.kappas[results.bins.index(results.bin)]
        yield Claim(
            "u_shape",
            "Error is least at a noise between: without noise, and with the most, it is at least twice as large.",
            float(min(mse[0], mse[-1]) / mse.min()),
            at_least(2.0),
            "canon THY11; Safavi et al. 2024, figure 1",
            Control("neither delay nor cost", float(min(results.mse_at_once[[0, -1]]) / results.mse_at_once.min())),
            unit="factor",
        )
        yield Claim(
            "together",
            "Avalanches are nearest to critical ones at nearly the noise of least error.",
            apart(noise, best, nearest(kappas)),
            at_most(0.5),
            "canon THY11; Safavi et al. 2024, figure 1",
            Control("as many spikes at random times", apart(noise, best, nearest(results.kappas_by_chance))),
            unit="decades of noise",
        )
        yield Claim(
            "bump",
            "With little noise avalanches of half the neurons or more make a bump (a critical system: 2 %).",
            float(results.large[1]),
            at_least(0.25),
            "canon THY11; margin ours",
            Control("noise of least error", float(results.large[best])),
            unit="share of avalanches",
        )
        yield Claim(
            "exponential",
            "With much noise their sizes fall exponentially rather than by a power law.",
            float(results.statistic[-1]),
            at_most(-1.96),
            "canon THY11; Vuong's test at 5 %",
            Control("noise of kappa nearest to 1", float(results.statistic[nearest(kappas)])),
            unit="Vuong's statistic",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw error and kappa by noise, sizes of avalanches, estimates."""
        yield from draw.pictures(results)


#: What is one number for each noise.
SCALARS = ("mse", "mse_at_once", "rates", "kappas_by_chance", "large", "statistic")


def nearest(kappas: Floats) -> int:
    """Return at which noise, of those with any, kappa is nearest to 1."""
    return int(np.nanargmin(np.abs(kappas[1:] - 1))) + 1


def apart(noise: Floats, one: int, other: int) -> float:
    """Return how many decades two noises are apart."""
    return float(abs(np.log10(noise[one]) - np.log10(noise[other]))) if min(one, other) > 0 else float("inf")


def at_noise(config: Safavi2024.Config, lab: Lab, noise: float) -> dict[str, Any]:
    """Return errors and avalanches at one noise; the signal is the same for all."""
    steps, leak, settle = round(config.seconds / config.dt), config.dt / config.tau, round(0.4 / config.dt)
    rng = lab.seeds.numpy("signal")
    signal = drawn_signal(steps, config.dt, config.mean, config.spread, config.change, rng)
    drive, rng = drive_of(signal, leak), lab.seeds.numpy(f"noise {noise:.6f}")
    run = partial(predict, drive, config.neurons, decoder=config.decoder, leak=leak, noise=noise, rng=rng)
    counts, estimate = run(cost=config.cost, delay=round(config.delay / config.dt))
    _, at_once = run(cost=0.0, delay=0)
    counts = counts[settle:]
    error, error_at_once = (estimate - signal)[settle:], (at_once - signal)[settle:]
    sizes = avalanche_sizes(counts, config.bin)
    chance = rng.poisson(counts.mean(), len(counts))
    shown = slice(settle, settle + round(0.5 / config.dt), 5)
    return {
        "mse": float(np.mean(error**2)),
        "mse_at_once": float(np.mean(error_at_once**2)),
        "rates": float(counts.mean() / (config.dt * config.neurons)),
        "kappas": np.array([kappa(avalanche_sizes(counts, b), config.neurons) for b in config.bins]),
        "kappas_by_chance": kappa(avalanche_sizes(chance, config.bin), config.neurons),
        "large": float(np.mean(sizes >= config.neurons / 2)),
        "statistic": exponential_or_power_law(sizes, config.neurons),
        "density": density(sizes),
        "trace": np.stack([signal[shown], estimate[shown]]),
    }
