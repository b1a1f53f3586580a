"""FND19: gates keep what a plain recurrent network forgets: the adding problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tertium.models import GRU, LSTM, LSTMCell, RecurrentNetwork, VanillaRNN
from tertium.models.recurrent.initial_weights import Gaussian, InitialWeights, Orthogonal
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.hochreiter import answer_error, gradients_back
from tertium.studies.pictures import hochreiter as draw
from tertium.tasks import make

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The networks: their cell, and how its recurrent weights start.
NETWORKS: dict[str, tuple[type[LSTM | GRU | VanillaRNN], InitialWeights]] = {
    "LSTM": (LSTM, Gaussian()),
    "GRU": (GRU, Gaussian()),
    "tanh": (VanillaRNN, Gaussian()),
    "tanh, rotation": (VanillaRNN, Orthogonal()),
}
#: Always answering 1, the mean of the sum of two uniform numbers, has this error.
BASELINE = 1 / 6
#: Input channel that marks the two numbers.
MARKER = 1


class Hochreiter1997(Study):
    """Networks with gates add two numbers that lie a hundred steps apart (Hochreiter & Schmidhuber 1997).

    A plain tanh network that is trained as long does not: on its way back through time its gradient dies. Recurrent
    weights start as independent Gaussian numbers of variance 1/n in all of them. A tanh network that starts as a
    rotation is shown beside them; the slopes of its units, below one, let its gradient die as well. As in the paper,
    the LSTM's input gates start nearly closed (there: biases of -3 and -6); its forget gates, which the paper does not
    have yet, start nearly open. With input gates half open and forget biases of 1 or 3, networks of the pilot had not
    begun to learn after 500 steps.
    """

    row, kind = "FND19", "simulation"
    cite = (
        Reference(
            "Hochreiter1997",
            "Hochreiter, S. & Schmidhuber, J.",
            1997,
            "Long short-term memory",
            "Neural Computation 9:1735-1780",
            "10.1162/neco.1997.9.8.1735",
        ),
        Reference(
            "Cho2014",
            "Cho, K., van Merrienboer, B., Gulcehre, C., Bahdanau, D., Bougares, F., Schwenk, H. & Bengio, Y.",
            2014,
            "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
            "Proceedings of EMNLP 2014:1724-1734",
            "10.3115/v1/D14-1179",
        ),
        Reference(
            "Le2015",
            "Le, Q. V., Jaitly, N. & Hinton, G. E.",
            2015,
            "A simple way to initialize recurrent networks of rectified linear units",
            "arXiv:1504.00941",
        ),
    )
    test_seeds = (10, 11, 12)
    smoke = {"length": 12, "units": 8, "steps": 20, "validate_every": 10, "validate_trials": 64, "trials": 128}

    class Config(StudyConfig):
        """The task, the networks, their training."""

        length: int = Field(100, ge=4, description="numbers of a sequence")
        units: int = Field(64, ge=1, description="units of each network")
        steps: int = Field(1200, ge=1, description="steps of training, the same for all")
        batch: int = Field(32, ge=1, description="sequences a step")
        gate_bias: float = Field(
            4.0, description="LSTM at the start: bias of the forget gates, less that of the input gates"
        )
        learning_rate: float = Field(5e-3, gt=0, description="of Adam, at first; it falls to zero like a cosine")
        clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
        validate_every: int = Field(100, ge=1, description="steps between two points of a learning curve")
        validate_trials: int = Field(512, ge=1, description="new sequences of each of these points")
        trials: int = Field(2000, ge=1, description="new sequences of the test")
        gradient_trials: int = Field(64, ge=1, description="sequences of which the gradient is looked at")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured, by network."""

        error: dict[str, float]  # test, mean squared
        error_unmarked: dict[str, float]  # the same sequences, markers hidden
        steps: NDArray[np.int64]  # (point,) of the learning curves
        curves: dict[str, Floats]  # (point,) mean squared error on new sequences
        gradients: dict[str, Floats]  # (lag,) after training, relative to lag 0
        gradients_before: dict[str, Floats]

    def run(self, config: Config, lab: Lab) -> Results:
        """Train each network for as many steps, test it, follow its gradient back."""
        measured = {name: add_up(name, config, lab) for name in NETWORKS}
        return self.Results(
            steps=measured["LSTM"]["steps"],
            **{
                field: {name: found[field] for name, found in measured.items()}
                for field in ("error", "error_unmarked", "curves", "gradients", "gradients_before")
            },
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the errors, and what is left of the gradient on its way back."""
        for name in ("LSTM", "GRU"):
            yield Claim(
                name.lower(),
                f"The {name} network solves the adding problem.",
                results.error[name],
                at_most(0.01),
                f"canon FND19; always answering the mean has {BASELINE:.3f}",
                Control("the same network, markers hidden", results.error_unmarked[name]),
                judge="each",
                unit="mean squared error",
            )
        yield Claim(
            "tanh",
            "After as many steps the plain tanh network does not.",
            results.error["tanh"],
            at_least(0.1),
            "canon FND19",
            Control("the GRU network", results.error["GRU"]),
            judge="each",
            unit="mean squared error",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the learning curves and the gradients."""
        seeds = len(results)
        yield Picture(
            "learning",
            draw.learning(results),
            f"Error on new sequences against steps of training; thin lines are {seeds} networks of each kind, thick "
            "lines their geometric mean. Dashed: always answering the mean, and the error that counts as solved.",
        )
        yield Picture(
            "gradients",
            draw.gradients(results),
            "Gradient of the loss with respect to the state so many steps before the answer, relative to the last "
            f"step; geometric mean of {seeds} networks of each kind, band their range. Left before training, right "
            "after.",
        )


def new_network(name: str, config: Hochreiter1997.Config, seed: int) -> RecurrentNetwork:
    """Return an untrained network of a kind."""
    kind, init = NETWORKS[name]
    network = kind(2, config.units, 1, dt=make("adding").dt, init=init, seed=seed)
    cell = network.cell
    if isinstance(cell, LSTMCell):
        with torch.no_grad():
            bias = cell.bias.view(len(cell.gates), -1)
            bias[cell.gates.index("forget")] = config.gate_bias
            bias[cell.gates.index("input")] = -config.gate_bias
    return network


def add_up(name: str, config: Hochreiter1997.Config, lab: Lab) -> dict[str, Any]:
    """Train one network and measure it."""
    task = make("adding", length=config.length)
    seed = lab.seeds.integer(f"weights of {name}") % 2**31
    network, blank = new_network(name, config, seed), new_network(name, config, seed)
    done = lab.fit(
        network,
        task,
        name=name.replace(", ", "-"),
        goal="weighted_squared_error",
        learning_rate=config.learning_rate,
        schedule="cosine",
        clip=config.clip,
        steps=config.steps,
        batch=config.batch,
        validate_every=config.validate_every,
        validate_trials=config.validate_trials,
        progress=False,
    )
    # all networks are tested on the same sequences
    test = task.batch(config.trials, lab.seeds.child("test"))
    few = task.batch(config.gradient_trials, lab.seeds.child("gradients"))
    return {
        "error": answer_error(network, test),
        "error_unmarked": answer_error(network, test, hidden=MARKER),
        "steps": np.array([check.step for check in done.history]),
        "curves": np.array([check.validation_loss for check in done.history]),
        "gradients": gradients_back(network, few),
        "gradients_before": gradients_back(blank, few),
    }
