"""FND04: back-propagation written by hand, checked, and the symmetry network of 1986."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.models.foundations import binary_inputs
from tertium.models.foundations import mlp as net
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, above, at_least, below
from tertium.studies.pictures import rumelhart as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: A logistic unit whose slope was forgotten: equation (5) without dy/dx.
NO_SLOPE = net.Unit(net.LOGISTIC.activation, lambda y: y.new_ones(()))


class Rumelhart1986(Study):
    """Back-propagation finds the gradient, and two hidden units that detect mirror symmetry (Rumelhart et al. 1986)."""

    row, kind = "FND04", "simulation"
    cite = (
        Reference(
            "Rumelhart1986",
            "Rumelhart, D. E., Hinton, G. E. & Williams, R. J.",
            1986,
            "Learning representations by back-propagating errors",
            "Nature 323:533-536",
            "10.1038/323533a0",
        ),
    )
    smoke = {"nets": 12, "sweeps": 1000, "gradient_nets": 3}

    class Config(StudyConfig):
        """Sizes, and the constants of the paper's figure 1."""

        nets: int = Field(20, ge=2, description="independent 6-2-1 networks")
        sweeps: int = Field(10_000, ge=1, description="times through the 64 patterns (the paper's net took 1,425)")
        rate: float = Field(0.1, gt=0, description="epsilon of equation (9)")
        momentum: float = Field(0.9, ge=0, lt=1, description="alpha of equation (9)")
        spread: float = Field(0.3, gt=0, description="first weights are uniform between minus this and this")
        gradient_nets: int = Field(20, ge=1, description="random networks on which the gradient is checked")
        gradient_sizes: tuple[int, ...] = Field((6, 5, 4, 2), description="their layers")
        difference: float = Field(1e-5, gt=0, description="step of the central differences")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; weights are (net, hidden unit, input)."""

        difference_error: float  # largest relative error of the gradient against central differences
        difference_no_slope: float  # the same without dy/dx: smallest over nets
        autograd_error: float  # against automatic differentiation: largest over nets
        autograd_feedback: float  # the same with errors sent through other weights: smallest over nets
        first_solved: NDArray[np.int64]  # (net,) sweep at which all 64 patterns were first right, -1 if never
        solved: NDArray[np.bool_]  # (net,) all 64 patterns right at the end
        weights: Floats
        solved_one_hidden: float  # fraction of 6-1-1 networks
        shuffled_weights: Floats  # after learning the labels shuffled over the patterns
        sweeps: int

    def run(self, config: Config, lab: Lab) -> Results:
        """Check the gradient, then train symmetry networks and their controls."""
        gradient = lab.stage("gradient", lambda: gradient_errors(config, lab))
        labels = mirror_symmetric()
        shuffled = lab.seeds.numpy("shuffled labels").permutation(labels)
        symmetry = self._train("symmetry", 2, labels, config, lab)
        one_hidden = self._train("one-hidden", 1, labels, config, lab)
        wrong_labels = self._train("shuffled", 2, shuffled, config, lab)
        return self.Results(
            **gradient,
            **symmetry,
            solved_one_hidden=float((one_hidden["first_solved"] >= 0).mean()),
            shuffled_weights=wrong_labels["weights"],
            sweeps=config.sweeps,
        )

    @staticmethod
    def _train(name: str, hidden: int, labels: Floats, config: Config, lab: Lab) -> dict[str, Any]:
        """Train 6-hidden-1 networks on the 64 patterns, weights changed once a sweep (equation 9)."""
        import torch

        layers = net.random_layers((6, hidden, 1), config.nets, config.spread, lab.seeds.torch(name))
        change = net.at_rest(layers)
        x, d = torch.from_numpy(binary_inputs(6).astype(np.float64)), torch.from_numpy(labels)[:, None]
        first = torch.full((config.nets,), -1)

        def save() -> dict[str, Any]:
            return {"net": net.pack(layers), "change": net.pack(change), "first": first}

        def load(state: Any) -> None:
            net.unpack(layers, state["net"])
            net.unpack(change, state["change"])
            first.copy_(state["first"])

        for sweep in lab.steps(name, config.sweeps, save=save, load=load, every=1000):
            activity = net.forward(layers, x)
            first[(first < 0) & net.all_right(activity[-1], d)] = sweep
            gradients = net.backpropagate(layers, activity, d)
            net.descend(layers, change, gradients, rate=config.rate, momentum=config.momentum)
        solved = net.all_right(net.forward(layers, x)[-1], d)
        return {"first_solved": first.numpy(), "solved": solved.numpy(), "weights": layers[0].weights.numpy()}

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the two checks of the gradient, the learning of symmetry, and the structure of solved nets."""
        yield Claim(
            "central_differences",
            "The hand-written gradient equals central differences (float64, worst network).",
            results.difference_error,
            below(1e-6),
            "canon FND04",
            Control("derivative of the unit left out of equation (5) (best network)", results.difference_no_slope),
            judge="each",
            unit="relative error",
        )
        yield Claim(
            "autograd",
            "The hand-written gradient equals automatic differentiation (float64, worst network).",
            results.autograd_error,
            below(1e-10),
            "canon FND04",
            Control("errors sent back through other weights (best network)", results.autograd_feedback),
            judge="each",
            unit="relative error",
        )
        yield Claim(
            "symmetry",
            f"6-2-1 networks come to answer all 64 patterns ({len(results.solved)} networks a seed).",
            float((results.first_solved >= 0).mean()),
            at_least(0.5),
            "canon FND04; one network in Rumelhart et al. 1986, Fig. 1",
            Control("one hidden unit", results.solved_one_hidden),
            unit="fraction of networks",
        )
        weights, shuffled = results.weights[results.solved], results.shuffled_weights
        correlations = mirror_correlation(weights)
        yield Claim(
            "mirror_weights",
            "In solved networks weights from mirror-image inputs are opposite (largest r of any solved network).",
            float(correlations.max()) if len(correlations) else np.nan,
            below(-0.95),
            "Rumelhart et al. 1986, Fig. 1; canon FND04",
            Control(
                "labels shuffled over the 64 patterns (mean r of networks)", float(mirror_correlation(shuffled).mean())
            ),
            judge="each",
            unit="correlation",
        )
        yield from self._magnitudes(weights, shuffled)

    @staticmethod
    def _magnitudes(weights: Floats, shuffled: Floats) -> Iterator[Claim]:
        """Yield the claims on the magnitudes: 1:2:4 in all, in most, and what the others do."""
        what = "labels shuffled over the 64 patterns"
        powers = [fraction_near(w, [(1, 2, 4)], 0.3) for w in (weights, shuffled)]
        yield Claim(
            "one_two_four_all",
            "In every solved network both hidden units have magnitudes 1:2:4, each ratio within 30 %.",
            powers[0],
            at_least(1),
            "canon FND04, read strictly",
            Control(what, powers[1]),
            unit="fraction of solved networks",
        )
        yield Claim(
            "one_two_four_most",
            "In most solved networks both hidden units have magnitudes 1:2:4, each ratio within 30 %.",
            powers[0],
            above(0.5),
            "Rumelhart et al. 1986, Fig. 1 (one network); majority ours",
            Control(what, powers[1]),
            unit="fraction of solved networks",
        )
        codes = [fraction_near(w, [(1, 2, 4), (2, 3, 4)], 0.1) for w in (weights, shuffled)]
        yield Claim(
            "two_codes",
            "Solved networks have 1:2:4 or else 2:3:4 (each ratio within 10 %), where no signed sum of pairs cancels.",
            codes[0],
            at_least(0.95),
            "ours",
            Control(what, codes[1]),
            unit="fraction of solved networks",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the solved nets' weights, the ratios of their magnitudes, and learning."""
        seeds, nets = len(results), len(results[0].solved)
        solved = sum(int(r.solved.sum()) for r in results)
        yield Picture(
            "weights",
            draw.weights(results),
            "Weights from the six inputs to the two hidden units of the first solved network with magnitudes 1:2:4 (as "
            "in Fig. 1 of 1986) and of the first with 2:3:4, where there is one; one network each, so no error bars.",
        )
        yield Picture(
            "ratios",
            draw.ratios(results),
            f"Ratios of the three magnitudes (smallest : middle : largest), one point a hidden unit of {solved} solved "
            f"networks out of {seeds * nets} ({seeds} seeds). Box: within 30 % of 1:2:4. Grey: after learning shuffled "
            "labels.",
        )
        yield Picture(
            "learning",
            draw.learning(results),
            f"Networks that have answered all 64 patterns by each sweep: mean over {seeds} seeds of {nets} networks, "
            "bars 95 % t-intervals over seeds. Dotted: the 1,425 sweeps of the paper's network.",
        )


def mirror_symmetric() -> Floats:
    """Return 1 for each of the 64 patterns that reads the same backwards, else 0, shape (pattern,)."""
    patterns = binary_inputs(6)
    return (patterns == patterns[:, ::-1]).all(axis=1).astype(np.float64)


def gradient_errors(config: Rumelhart1986.Config, lab: Lab) -> dict[str, Any]:
    """Compare the hand-written gradient of random networks with differences and automatic differentiation."""
    import torch

    seeds = lab.seeds.child("gradient")
    layers = net.random_layers(config.gradient_sizes, config.gradient_nets, 1.0, seeds.torch("weights"))
    other = net.random_layers(config.gradient_sizes, config.gradient_nets, 1.0, seeds.torch("feedback"))
    x = torch.rand(16, config.gradient_sizes[0], generator=seeds.torch("inputs"), dtype=torch.float64)
    d = torch.rand(16, config.gradient_sizes[-1], generator=seeds.torch("targets"), dtype=torch.float64)

    def error_of(candidate: Sequence[net.Layer]) -> Any:
        return net.squared_error(net.forward(candidate, x)[-1], d)

    numeric = []
    for parameter in net.pack(layers):
        flat = parameter.view(len(parameter), -1)  # shares memory: each entry is moved up, down and back
        for i in range(flat.shape[1]):
            kept = flat[:, i].clone()
            ends = []
            for sign in (1, -1):
                flat[:, i] = kept + sign * config.difference
                ends.append(error_of(layers))
            flat[:, i] = kept
            numeric.append((ends[0] - ends[1]) / (2 * config.difference))
    differences = torch.stack(numeric, dim=1)
    tracked = [net.Layer(*(p.clone().requires_grad_() for p in layer)) for layer in layers]
    automatic = _rows(torch.autograd.grad(error_of(tracked).sum(), net.pack(tracked)))
    activity = net.forward(layers, x)
    by_hand = _rows(net.pack(net.backpropagate(layers, activity, d)))
    no_slope = _rows(net.pack(net.backpropagate(layers, activity, d, [NO_SLOPE] * len(layers))))
    feedback = _rows(net.pack(net.backpropagate(layers, activity, d, feedback=[layer.weights for layer in other])))

    def off(gradient: Any, reference: Any) -> Any:
        return (gradient - reference).norm(dim=1) / reference.norm(dim=1)

    return {
        "difference_error": float(off(by_hand, differences).max()),
        "difference_no_slope": float(off(no_slope, differences).min()),
        "autograd_error": float(off(by_hand, automatic).max()),
        "autograd_feedback": float(off(feedback, automatic).min()),
    }


def _rows(parameters: Sequence[Any]) -> Any:
    """Return all gradients of a network in one row, shape (net, parameter)."""
    import torch

    return torch.cat([p.reshape(len(p), -1) for p in parameters], dim=1)


def mirror_correlation(weights: Floats) -> Floats:
    """Correlate weights of the left inputs with those of their mirror images, over both hidden units, shape (net,)."""
    left, right = (half.reshape(len(weights), 3 * weights.shape[1]) for half in (weights[..., :3], weights[..., :2:-1]))
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(left, right, strict=True)])


def magnitudes(weights: Floats) -> Floats:
    """Return the size of each mirror pair, half the difference of its weights, smallest first (net, hidden, 3)."""
    return np.sort(np.abs(weights[..., :3] - weights[..., :2:-1]) / 2, axis=-1)


def fraction_near(weights: Floats, codes: Sequence[tuple[int, int, int]], tolerance: float) -> float:
    """Return the fraction of networks whose hidden units all have magnitudes in the ratios of one of the codes.

    Every ratio of two magnitudes has to be within the relative tolerance; NaN without networks.
    """
    if not len(weights):
        return float("nan")
    size = magnitudes(weights)
    near = [
        np.all(
            [np.abs(size[..., j] / size[..., i] * c[i] / c[j] - 1) <= tolerance for i, j in ((0, 1), (1, 2), (0, 2))], 0
        )
        for c in codes
    ]
    return float(np.any(near, axis=0).all(axis=-1).mean())
