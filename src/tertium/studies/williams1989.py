"""FND11: one gradient by going back in time or forwards; how it vanishes or explodes; what each way has to remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.learning.goals import cross_entropy
from tertium.learning.rule import Trials
from tertium.learning.rules import named_rule
from tertium.models import RateRNN
from tertium.models.recurrent.initial_weights import Gaussian, InitialWeights, Orthogonal
from tertium.rng import Seeds
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, at_most
from tertium.studies.methods.williams import (
    bytes_of_bptt,
    bytes_of_rtrl,
    discrete_cell,
    gradient_differences,
    line,
    lyapunov_spectrum,
    product_norms,
    small_network,
    step_jacobians,
)
from tertium.studies.pictures import williams as draw
from tertium.tasks import make

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Networks in discrete time under private noise: how their weights are drawn, and the noise of each step.
REGIMES: dict[str, tuple[InitialWeights, float]] = {
    "vanishing": (Gaussian(0.9), 0.5),
    "exploding": (Gaussian(4.0), 0.5),
    "rotation": (Orthogonal(0.95), 0.1),
}
#: Networks whose gradients are compared.
GRADED: dict[str, dict[str, Any]] = {
    "tanh, potential leaks": {"nonlinearity": "tanh", "form": "membrane"},
    "softplus, potential leaks": {"nonlinearity": "softplus", "form": "membrane"},
    "tanh, rate leaks": {"nonlinearity": "tanh", "form": "rate"},
}


class Williams1989(Study):
    """One gradient, backwards or forwards in time; it vanishes or explodes (Williams & Zipser 1989).

    There are two ways to work it out: back-propagation through time remembers every step;
    real-time recurrent learning carries the influence of each weight along and remembers none.

    The gradient passes through ``dh_T / dh_0``, a product of Jacobians, whose size goes exponentially with T. *How
    fast* depends on what is called its size. The largest singular value grows with the largest Lyapunov exponent, the
    geometric mean of all singular values with the mean of the Lyapunov spectrum, and both are tested, with exponents
    taken from another trajectory. That the usual norm grows with the *mean* of the spectrum, as one reads at times,
    holds where all exponents are nearly one (rotations) and nowhere else; this too is tested.
    """

    row, kind = "FND11", "simulation"
    cite = (
        Reference(
            "Williams1989",
            "Williams, R. J. & Zipser, D.",
            1989,
            "A learning algorithm for continually running fully recurrent neural networks",
            "Neural Computation 1:270-280",
            "10.1162/neco.1989.1.2.270",
        ),
        Reference(
            "Pascanu2013",
            "Pascanu, R., Mikolov, T. & Bengio, Y.",
            2013,
            "On the difficulty of training recurrent neural networks",
            "Proceedings of the 30th International Conference on Machine Learning, PMLR 28:1310-1318",
        ),
        Reference(
            "Engelken2023",
            "Engelken, R., Wolf, F. & Abbott, L. F.",
            2023,
            "Lyapunov spectra of chaotic recurrent neural networks",
            "Physical Review Research 5:043044",
            "10.1103/PhysRevResearch.5.043044",
        ),
    )
    smoke = {
        "units": 4,
        "population": 16,
        "trajectories": 3,
        "horizon": 40,
        "long": 150,
        "lengths": [2, 4, 8, 16],
        "rtrl_longest": 8,
        "rtrl_units": 4,
    }

    class Config(StudyConfig):
        """Sizes of networks and runs."""

        units: int = Field(10, ge=2, description="units of the networks whose gradients are compared")
        trials: int = Field(4, ge=1, description="trials of these")
        window: int = Field(5, ge=1, description="steps of the truncated gradient, which is to fail")
        population: int = Field(64, ge=4, description="units of the networks whose Jacobians are multiplied")
        trajectories: int = Field(16, ge=1, description="trajectories over which log norms are averaged")
        transient: int = Field(20, ge=0, description="steps before lines are fitted: directions align first")
        horizon: int = Field(100, ge=30, description="the longest product of Jacobians, steps")
        every: int = Field(5, ge=1, description="steps between two points of the fit")
        long: int = Field(1000, ge=100, description="steps of the trajectory that gives the Lyapunov spectrum")
        lengths: tuple[int, ...] = Field((10, 20, 40, 80, 160, 320, 640), description="steps of runs, for memory")
        rtrl_longest: int = Field(80, ge=2, description="the longest of them that RTRL, which is slow, has to do")
        rtrl_units: int = Field(16, ge=2, description="units of the network whose memory is counted")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; sizes and regimes by name."""

        differences: dict[str, float]  # network -> largest relative difference of RTRL and BPTT over its parameters
        truncated: dict[str, float]  # the same of truncated BPTT and BPTT
        at: NDArray[np.int64]  # (horizon,) T
        fitted_from: int
        sizes: dict[str, dict[str, Floats]]  # regime -> size -> (horizon,) mean log
        spectra: dict[str, Floats]  # regime -> (unit,) Lyapunov exponents, nats a step
        radii: dict[str, float]  # regime -> log of the spectral radius of W
        means: dict[str, float]  # regime -> mean log eigenvalue modulus of W
        lengths: NDArray[np.int64]  # (length,) steps
        bytes_bptt: Floats  # (length,)
        bytes_rtrl: Floats  # of the first lengths

    def run(self, config: Config, lab: Lab) -> Results:
        """Compare gradients, multiply Jacobians, count bytes."""
        gradients = lab.stage("gradients", lambda: compare_gradients(config, lab))
        grown = {name: self._grow(name, config, lab) for name in REGIMES}
        memory = lab.stage("memory", lambda: count_bytes(config, lab))
        return self.Results(
            differences=gradients["rtrl"],
            truncated=gradients["tbptt"],
            at=points(config),
            fitted_from=config.transient,
            sizes={name: g["sizes"] for name, g in grown.items()},
            spectra={name: g["spectrum"] for name, g in grown.items()},
            radii={name: g["radius"] for name, g in grown.items()},
            means={name: g["mean"] for name, g in grown.items()},
            lengths=np.array(config.lengths),
            bytes_bptt=memory["bptt"],
            bytes_rtrl=memory["rtrl"],
        )

    @staticmethod
    def _grow(name: str, config: Config, lab: Lab) -> dict[str, Any]:
        return lab.stage(name, lambda: multiply_jacobians(*REGIMES[name], config, lab.seeds.child(name)))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the equality of gradients, the growth of the Jacobian, the memory."""
        yield Claim(
            "one_gradient",
            "Gradients by RTRL and BPTT are the same for every parameter of three kinds of network.",
            max(results.differences.values()),
            at_most(1e-8),
            "canon FND11; Williams & Zipser 1989: both are the exact gradient",
            Control("BPTT cut after 5 steps (least of three networks)", min(results.truncated.values())),
            judge="each",
            unit="largest difference / largest entry",
        )
        yield from self._growth(results)
        bptt, rtrl = results.bytes_bptt, results.bytes_rtrl
        done = results.lengths[: len(rtrl)]
        yield Claim(
            "memory_bptt",
            "The bytes that BPTT needs at once are a linear function of the length of the run.",
            line(results.lengths, bptt)[1],
            above(0.99),
            "canon FND11",
            Control("RTRL (no growth to explain counts as 0)", line(done, rtrl)[1]),
            judge="each",
            unit="R²",
        )
        yield Claim(
            "memory_rtrl",
            f"The bytes that RTRL needs at once are the same for a run {done[-1] / done[0]:g} times as long.",
            float(rtrl[-1] / rtrl[0]),
            at_most(1.01),
            "Williams & Zipser 1989: nothing past is kept; margin ours",
            Control("BPTT", float(bptt[len(rtrl) - 1] / bptt[0])),
            judge="each",
            unit="bytes of the longest run / shortest",
        )

    def _growth(self, results: Results) -> Iterator[Claim]:
        slopes = {size: {name: fitted(results, name, size) for name in REGIMES} for size in ("spectral", "volume")}
        largest = {name: float(spectrum[0]) for name, spectrum in results.spectra.items()}
        mean = {name: float(spectrum.mean()) for name, spectrum in results.spectra.items()}
        raw = [fitted(results, name, "spectral", np.exp)[1] for name in REGIMES]
        yield Claim(
            "exponential",
            "The log of the largest singular value of dh_T/dh_0 is a linear function of T (least of three networks).",
            min(explained for _, explained in slopes["spectral"].values()),
            at_least(0.99),
            "canon FND11 asks for a line; its R² is ours",
            Control("the singular value itself, not its logarithm (largest of three)", max(raw)),
            unit="R²",
        )
        for size, what, predicted, naive, control in (
            ("spectral", "largest singular value", largest, results.radii, "log of the spectral radius of W"),
            ("volume", "geometric mean of the singular values", mean, results.means, "mean log |eigenvalue| of W"),
        ):
            exponent = "largest Lyapunov exponent" if size == "spectral" else "mean of the Lyapunov spectrum"
            found = {name: slope for name, (slope, _) in slopes[size].items()}
            yield Claim(
                f"slope_{size}",
                f"The slope of the log of the {what} is the {exponent} of another trajectory, in all three networks.",
                max(off(found[name], predicted[name]) for name in REGIMES),
                at_most(0.1),
                "canon FND11: within 10 %",
                Control(
                    f"predicted from the {control}: no saturation (least of three)",
                    min(off(found[name], naive[name]) for name in REGIMES),
                ),
                unit="relative error of the slope",
            )
        usual = {name: fitted(results, name, "frobenius")[0] for name in REGIMES}
        yield Claim(
            "slope_norm_rotation",
            "Where W is a rotation and saturation weak, the Frobenius norm too has the slope of the spectrum's mean.",
            off(usual["rotation"], mean["rotation"]),
            at_most(0.1),
            "canon FND11 as it is worded: within 10 %",
            Control("Gaussian W, whose spectrum is broad", off(usual["vanishing"], mean["vanishing"])),
            unit="relative error of the slope",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the growth of the Jacobian, the spectra, the memory."""
        n, first = len(results), results[0]
        yield Picture(
            "jacobian",
            draw.jacobian(results),
            f"Size of dh_T/dh_0 against T, mean of the log over trajectories; points: mean of {n} seeds, bars 95 % "
            "intervals over seeds. Left the largest singular value, right the geometric mean of all. Lines have the "
            "slope of the largest Lyapunov exponent and of the mean of the spectrum of another trajectory, from the "
            f"first fitted point on (T = {first.fitted_from}).",
        )
        yield Picture(
            "spectra",
            draw.spectra(results),
            f"Lyapunov spectra of the three networks ({len(first.spectra['vanishing'])} units), mean of {n} seeds, "
            "band the range over seeds. "
            "A rotation that saturates little has nearly one exponent; Gaussian weights have many.",
        )
        yield Picture(
            "memory",
            draw.memory(results),
            f"Peak of the bytes of tensors alive at once against the length of the run, for one gradient of one "
            f"network; mean of {n} seeds (all alike). BPTT grows with the run; RTRL does not, but it starts higher.",
        )


def compare_gradients(config: Williams1989.Config, lab: Lab) -> dict[str, dict[str, float]]:
    """Return the largest relative difference from BPTT of each network, by rule."""
    task = make("context_decision", dt=0.05)
    trials = Trials.of(task.batch(config.trials, seed=lab.seeds.child("trials"), delay=0.3), dtype=torch.float64)
    rules = {"rtrl": named_rule("rtrl"), "tbptt": named_rule("tbptt", window=config.window)}
    found: dict[str, dict[str, float]] = {rule: {} for rule in rules}
    for name, kind in GRADED.items():
        seed = lab.seeds.integer(f"network {name}") % 2**31
        given: dict[str, Any] = {"dt": 0.05, "noise": 0.1, "learn_initial": True, "learn_tau": True, "seed": seed}
        model = RateRNN(task.n_inputs, config.units, task.n_outputs, **given, **kind).double()
        for rule_name, rule in rules.items():
            away = gradient_differences(rule, named_rule("bptt"), model, trials, cross_entropy, lab.seeds)
            found[rule_name][name] = max(away.values())
    return found


def multiply_jacobians(
    scheme: InitialWeights, drive: float, config: Williams1989.Config, seeds: Seeds
) -> dict[str, Any]:
    """Return sizes of dh_T/dh_0, the Lyapunov spectrum of another trajectory, and what W alone would predict."""
    weights = scheme.draw(config.population, seeds.torch("weights")).double().numpy()
    cell = discrete_cell(weights)
    jacobians = step_jacobians(cell, config.trajectories, config.horizon, drive, seeds.numpy("short"))
    # the prediction comes from a trajectory of its own
    other = step_jacobians(cell, 1, config.long, drive, seeds.numpy("long"))[:, 0]
    moduli = np.log(np.abs(np.linalg.eigvals(weights)))
    return {
        "sizes": product_norms(jacobians, points(config)),
        "spectrum": lyapunov_spectrum(other),
        "radius": float(moduli.max()),
        "mean": float(moduli.mean()),
    }


def count_bytes(config: Williams1989.Config, lab: Lab) -> dict[str, Floats]:
    """Return the peak of bytes of one gradient for each length of run, by rule."""
    network = small_network(config.rtrl_units, lab.seeds.integer("memory") % 2**31)
    found: dict[str, list[float]] = {"bptt": [], "rtrl": []}
    for steps in config.lengths:
        noise = lab.seeds.torch(f"run of {steps}")
        xs, targets = (torch.randn(steps, 1, n, generator=noise, dtype=torch.float64) for n in (2, 1))
        found["bptt"].append(bytes_of_bptt(network, xs, targets))
        if steps <= config.rtrl_longest:
            found["rtrl"].append(bytes_of_rtrl(network, xs, targets))
    return {name: np.array(values, dtype=np.float64) for name, values in found.items()}


def points(config: Williams1989.Config) -> NDArray[np.int64]:
    """Return the numbers of steps T at which the product of Jacobians is measured."""
    return np.arange(config.every, config.horizon + 1, config.every)


def fitted(
    results: Williams1989.Results, regime: str, size: str, change: Callable[[Floats], Floats] | None = None
) -> tuple[float, float]:
    """Return slope and explained variance of log size against T behind the transient, or of a function of log size."""
    behind = results.at >= results.fitted_from
    values = results.sizes[regime][size][behind]
    return line(results.at[behind], values if change is None else change(values))


def off(found: float, predicted: float) -> float:
    """Return the relative error of a slope."""
    return abs(found / predicted - 1) if predicted else float("inf")
