"""FND03: a perceptron cannot learn XOR or parity; a layer of hidden units can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.models.foundations import binary_inputs, learn, respond
from tertium.models.foundations import mlp as net
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, exactly
from tertium.studies.pictures import minsky as draw
from tertium.theory import parity_ceiling

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Minsky1969(Study):
    """A perceptron gets at most three of XOR's four patterns right; hidden units get all (Minsky & Papert 1969)."""

    row, kind = "FND03", "simulation"
    cite = (
        Reference(
            "Minsky1969",
            "Minsky, M. & Papert, S.",
            1969,
            "Perceptrons: An Introduction to Computational Geometry",
            "MIT Press",
        ),
        Reference(
            "Aspnes1994",
            "Aspnes, J., Beigel, R., Furst, M. & Rudich, S.",
            1994,
            "The expressive power of voting polynomials",
            "Combinatorica 14:135-148",
            "10.1007/BF01215346",
        ),
    )
    smoke = {"nets": 10, "sweeps": 400, "perceptron_sweeps": 30, "parity_bits": [2, 3], "parity_sweeps": 400}

    class Config(StudyConfig):
        """Sizes and learning constants."""

        nets: int = Field(100, ge=2, description="independent networks of each kind")
        hidden: tuple[int, ...] = Field((1, 2, 3, 4, 8), description="hidden units k of the XOR networks")
        sweeps: int = Field(3000, ge=1, description="times through the four patterns of XOR")
        perceptron_sweeps: int = Field(200, ge=1, description="times through the patterns, perceptrons")
        parity_bits: tuple[int, ...] = Field((2, 3, 4, 5), description="inputs n of the parity networks")
        parity_sweeps: int = Field(4000, ge=1, description="times through the 2**n patterns")
        rate: float = Field(0.2, gt=0, description="learning rate epsilon")
        momentum: float = Field(0.9, ge=0, lt=1, description="momentum alpha")
        spread: float = Field(2.0, gt=0, description="first weights are uniform between minus this and this")

    @dataclass(frozen=True)
    class Results:
        """Per network, for one seed; keys are numbers of hidden units or of inputs."""

        perceptron_xor: Floats  # (net, presentation) training accuracy after every single presentation
        perceptron_or: Floats
        solved: dict[str, float]  # hidden units -> fraction of networks with all four patterns right
        solved_linear: float  # eight hidden units without a nonlinearity
        curves: dict[str, Floats]  # hidden units -> (sweep) fraction solved so far
        parity_best: dict[str, Floats]  # inputs -> (net) best accuracy a perceptron ever had
        majority_best: dict[str, Floats]  # the same perceptrons on majority
        parity_solved: dict[str, float]  # inputs -> fraction of networks with 2n hidden units
        parity_solved_one: dict[str, float]  # inputs -> fraction with one hidden unit

    def run(self, config: Config, lab: Lab) -> Results:
        """Train perceptrons and networks on XOR, then on parity of more bits."""
        perceptrons = lab.stage("perceptrons", lambda: self._perceptrons(config, lab))
        xor = {str(k): self._train(f"xor-{k}", 2, k, config.sweeps, config, lab) for k in config.hidden}
        linear = self._train("xor-linear", 2, 8, config.sweeps, config, lab, hidden_unit=net.LINEAR)
        many = {
            str(n): self._train(f"parity-{n}", n, 2 * n, config.parity_sweeps, config, lab) for n in config.parity_bits
        }
        one = {str(n): self._train(f"one-{n}", n, 1, config.parity_sweeps, config, lab) for n in config.parity_bits}
        return self.Results(
            **perceptrons,
            solved={k: float(curve[-1]) for k, curve in xor.items()},
            solved_linear=float(linear[-1]),
            curves=xor,
            parity_solved={n: float(curve[-1]) for n, curve in many.items()},
            parity_solved_one={n: float(curve[-1]) for n, curve in one.items()},
        )

    @staticmethod
    def _perceptrons(config: Config, lab: Lab) -> dict[str, Any]:
        """Train perceptrons from random weights in random orders, looking at them after every presentation."""
        found: dict[str, Any] = {"parity_best": {}, "majority_best": {}}
        xor, either = (parity(2), binary_inputs(2).any(axis=1).astype(float))
        found["perceptron_xor"] = accuracy_by_presentation(2, xor, config, lab.seeds.numpy("xor"))
        found["perceptron_or"] = accuracy_by_presentation(2, either, config, lab.seeds.numpy("or"))
        for n in config.parity_bits:
            majority = (2 * binary_inputs(n).sum(axis=1) > n).astype(float)
            for kind, target in (("parity_best", parity(n)), ("majority_best", majority)):
                course = accuracy_by_presentation(n, target, config, lab.seeds.numpy(f"{kind} {n}"))
                found[kind][str(n)] = course.max(axis=1)
        return found

    @staticmethod
    def _train(
        name: str, n: int, hidden: int, sweeps: int, config: Config, lab: Lab, hidden_unit: net.Unit = net.LOGISTIC
    ) -> Floats:
        """Train n-hidden-1 networks on parity by back-propagation; return the fraction solved by each sweep."""
        import torch

        layers = net.random_layers((n, hidden, 1), config.nets, config.spread, lab.seeds.torch(name))
        change, units = net.at_rest(layers), [hidden_unit, net.LOGISTIC]
        x = torch.from_numpy(binary_inputs(n).astype(np.float64))
        d = torch.from_numpy(parity(n))[:, None]
        solved = torch.zeros(config.nets, dtype=torch.bool)
        curve = torch.zeros(sweeps, dtype=torch.float64)

        def save() -> dict[str, Any]:
            return {"net": net.pack(layers), "change": net.pack(change), "solved": solved, "curve": curve}

        def load(state: Any) -> None:
            net.unpack(layers, state["net"])
            net.unpack(change, state["change"])
            solved.copy_(state["solved"])
            curve.copy_(state["curve"])

        for sweep in lab.steps(name, sweeps, save=save, load=load, every=1000):
            activity = net.forward(layers, x, units)
            solved |= net.all_right(activity[-1], d)
            curve[sweep] = solved.double().mean()
            gradients = net.backpropagate(layers, activity, d, units)
            net.descend(layers, change, gradients, rate=config.rate, momentum=config.momentum)
        return curve.numpy()

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the row's three counts on XOR, then parity."""
        n = len(results.perceptron_xor)
        yield Claim(
            "perceptron_xor",
            f"None of {n} perceptrons ever gets more than 75 % of XOR right, looked at after every presentation.",
            int((results.perceptron_xor.max(axis=1) > 0.75).sum()),
            exactly(0),
            "theorem: Minsky & Papert 1969, section 2.1; canon FND03",
            Control("the same perceptrons on OR", int((results.perceptron_or.max(axis=1) > 0.75).sum())),
            judge="each",
            unit="perceptrons above 75 %",
        )
        yield Claim(
            "hidden_8",
            f"Networks with 8 hidden units get all of XOR right ({n} networks a seed).",
            results.solved.get("8", np.nan),
            at_least(0.95),
            "canon FND03",
            Control("the 8 hidden units linear", results.solved_linear),
            unit="fraction of networks",
        )
        yield Claim(
            "hidden_1",
            f"No network with 1 hidden unit ever gets all of XOR right ({n} networks a seed).",
            results.solved.get("1", np.nan),
            exactly(0),
            "theorem: the output is a monotonic function of one weighted sum; canon FND03",
            Control("2 hidden units", results.solved.get("2", np.nan)),
            judge="each",
            unit="fraction of networks",
        )
        excess = [float(best.max()) - parity_ceiling(int(k)) for k, best in results.parity_best.items()]
        excess_majority = [float(best.max()) - parity_ceiling(int(k)) for k, best in results.majority_best.items()]
        yield Claim(
            "parity_ceiling",
            "On parity of more bits no perceptron ever rises above the ceiling of one threshold unit.",
            max(excess),
            at_most(0),
            "closed form: Aspnes et al. 1994 (degree one), enumerated up to n = 4",
            Control("the same perceptrons on majority, where learning must pass that ceiling", min(excess_majority)),
            judge="each",
            unit="largest accuracy minus ceiling",
        )
        yield Claim(
            "parity_hidden",
            "Networks with 2n hidden units learn parity of n bits (worst n).",
            min(results.parity_solved.values()),
            at_least(0.8),
            "ours (2n hidden units as in Tesauro & Janssens 1988)",
            Control("one hidden unit (best n)", max(results.parity_solved_one.values())),
            unit="fraction of networks",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw learning of XOR, solutions against hidden units, and parity."""
        seeds, nets = len(results), len(results[0].perceptron_xor)
        yield Picture(
            "learning",
            draw.learning(results),
            f"Networks that have had all four patterns of XOR right by each sweep: mean over {seeds} seeds of {nets} "
            "networks each, bars 95 % t-intervals over seeds. Dashed: perceptrons (none ever).",
        )
        yield Picture(
            "hidden",
            draw.hidden(results),
            f"Networks that solved XOR against hidden units: mean over {seeds} seeds of {nets} networks, bars 95 % "
            "t-intervals over seeds. Triangle: 8 hidden units without a nonlinearity.",
        )
        yield Picture(
            "parity",
            draw.parity(results),
            f"Parity of n bits. Points: best accuracy that any of {seeds * nets} perceptrons ever had; line: the "
            "closed form ceiling of one threshold unit; squares: fraction of networks with 2n hidden units that got "
            f"every pattern right (mean of {seeds} seeds of {nets} networks, bars 95 % t-intervals).",
        )


def parity(n: int) -> Floats:
    """Return the parity of all 2**n patterns, shape (pattern,)."""
    return (binary_inputs(n).sum(axis=1) % 2).astype(np.float64)


def accuracy_by_presentation(n: int, target: Floats, config: Minsky1969.Config, rng: np.random.Generator) -> Floats:
    """Train perceptrons pattern by pattern, in random order, and test them after each, shape (net, presentation)."""
    patterns = binary_inputs(n).astype(np.float64)
    everything, wanted = (np.broadcast_to(a, (config.nets, *a.shape)) for a in (patterns, target))
    weights = rng.uniform(-config.spread, config.spread, (config.nets, n + 1))
    course: list[Floats] = []
    for _ in range(config.perceptron_sweeps):
        for shown in rng.permuted(np.tile(np.arange(2**n), (config.nets, 1)), axis=1).T:
            weights = learn(patterns[shown][:, None], target[shown][:, None], sweeps=1, start=weights).weights
            course.append((respond(weights, everything) == wanted).mean(axis=1))
    return np.array(course).T
