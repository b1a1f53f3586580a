"""A world of stimuli, a teacher that is known in full, and students that learn in many ways, kept while they learn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.han2023 import Han2023

Floats = NDArray[np.float64]
Goal = Literal["imitate", "task", "noisy", "rebuild"]

#: What students learn: the teacher's outputs, its task, its task with wrong labels among the right, the stimuli.
GOALS: dict[str, Goal] = {
    "imitates": "imitate",
    "same task": "task",
    "noisy labels": "noisy",
    "autoencoder": "rebuild",
}


@dataclass(frozen=True)
class World:
    """Classes of stimuli, each around two prototypes, with noise that is strong along few directions.

    Attributes
    ----------
    prototypes : array, shape (class, 2, input)
    spread : array, shape (input, input)
        Noise is this times a standard normal vector.
    """

    prototypes: Floats
    spread: Floats

    def draw(self, n: int, random: np.random.Generator, *, noise: float = 1.0) -> tuple[Floats, NDArray[np.int64]]:
        """Return stimuli (stimulus, input) and their classes.

        Examples
        --------
        >>> from tertium.rng import Seeds
        >>> x, kinds = world(4, 10, Seeds(0)).draw(6, np.random.default_rng(0))
        >>> x.shape, kinds.shape
        ((6, 10), (6,))
        """
        kinds = random.integers(0, len(self.prototypes), n)
        centres = self.prototypes[kinds, random.integers(0, 2, n)]
        return centres + noise * random.normal(size=centres.shape) @ self.spread.T, kinds

    def blends(self, n: int, random: np.random.Generator) -> Floats:
        """Return stimuli that are the mean of two others, of any classes: a property that no training stimulus has."""
        return (self.draw(n, random)[0] + self.draw(n, random)[0]) / 2**0.5


def world(classes: int, inputs: int, seeds: Seeds) -> World:
    """Return a world whose noise falls off as the square root of the rank of a direction."""
    random = seeds.numpy("world")
    prototypes = random.normal(size=(classes, 2, inputs))
    axes = np.linalg.qr(random.normal(size=(inputs, inputs)))[0]
    sizes = np.arange(1, inputs + 1) ** -0.5
    return World(prototypes, axes * (2.2 * sizes / np.sqrt(np.mean(sizes**2))))


class Layered(nn.Module):
    """Inputs, one or more layers of units, outputs; what is compared is the last layer of units.

    Parameters
    ----------
    sizes : tuple of int
        Inputs, units of each layer, outputs.
    seeds : Seeds
        Of the first weights, of variance 2 / inputs of a layer (1 / units for the readout).
    tanh : bool
        Units that saturate, in place of rectified ones.
    """

    def __init__(self, sizes: tuple[int, ...], seeds: Seeds, *, tanh: bool = False) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes[:-1]))
        self.readout, self.tanh = nn.Linear(sizes[-2], sizes[-1]), tanh
        random = seeds.torch("weights")
        with torch.no_grad():
            for one in [*self.maps, self.readout]:
                weight, bias = one.get_parameter("weight"), one.get_parameter("bias")
                weight.normal_(0, ((1 if one is self.readout else 2) / weight.shape[1]) ** 0.5, generator=random)
                bias.zero_()

    def rates(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity of the last layer of units, (stimulus, unit)."""
        for one in self.maps:
            x = torch.tanh(one(x)) if self.tanh else torch.relu(one(x))
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return outputs, (stimulus, output)."""
        return torch.as_tensor(self.readout(self.rates(x)))


@dataclass(frozen=True)
class Kind:
    """A way to become a student: what is learned, by how many units and layers, from which first weights."""

    goal: Goal
    width: float = 1.0
    layers: int = 1
    tanh: bool = False
    first_of_teacher: bool = False


#: Widths of students, relative to the teacher.
WIDTHS: dict[str, float] = {"narrow": 0.5, "as wide": 1.0, "wide": 3.0}

#: Students: each goal at each width; other units, more layers; and siblings, which have the teacher's first weights.
KINDS: dict[str, Kind] = {
    **{
        f"{name}, {width}": Kind(goal, width=factor) for name, goal in GOALS.items() for width, factor in WIDTHS.items()
    },
    "imitates, tanh": Kind("imitate", tanh=True),
    "imitates, deep": Kind("imitate", layers=2),
    "sibling, same task": Kind("task", first_of_teacher=True),
    "sibling, noisy labels": Kind("noisy", first_of_teacher=True),
}


@dataclass(frozen=True, eq=False)
class Student:
    """A student at one moment of its training: its units and what it answers.

    Attributes
    ----------
    kind, steps
        Which way, and how many steps of training.
    network : Layered
    readout : array, shape (unit + 1, class), or None
        What gives its answers where its outputs are no classes (an autoencoder's); the last row is the constant.
    """

    kind: str
    steps: int
    network: Layered
    readout: Floats | None

    @property
    def name(self) -> str:
        """Return way and moment."""
        return f"{self.kind} @{self.steps}"

    def rates(self, x: Floats) -> Floats:
        """Return the activity of the units, (stimulus, unit)."""
        with torch.no_grad():
            return self.network.rates(torch.from_numpy(x).float()).double().numpy()

    def answers(self, x: Floats) -> Floats:
        """Return a score of each class, (stimulus, class)."""
        if self.readout is None:
            with torch.no_grad():
                return self.network(torch.from_numpy(x).float()).double().numpy()
        return self.rates(x) @ self.readout[:-1] + self.readout[-1]


def taught(config: Han2023.Config, place: World, seeds: Seeds) -> tuple[Student, list[Student]]:
    """Train the teacher on the task, then every kind of student, and return it and all snapshots.

    The first student is one that has learned nothing.
    """
    x, kinds = place.draw(config.examples, seeds.numpy("examples"))
    as_teacher = (config.inputs, config.units, config.classes)
    teacher = Layered(as_teacher, seeds.child("teacher"))
    end = config.moments[-1]
    learn(teacher, x, one_hot(kinds, config.classes), "classes", (end,), config, seeds.child("teacher"))
    master = Student("teacher", end, teacher, None)
    students = [Student("untrained", 0, Layered(as_teacher, seeds.child("untrained")), None)]
    for name, kind in KINDS.items():
        own = seeds.child(name)
        outputs = config.inputs if kind.goal == "rebuild" else config.classes
        sizes = (config.inputs, *[round(kind.width * config.units)] * kind.layers, outputs)
        network = Layered(sizes, seeds.child("teacher") if kind.first_of_teacher else own, tanh=kind.tanh)
        goal = targets(kind.goal, x, kinds, master, config, own.numpy("targets"))
        loss = "classes" if kind.goal in ("task", "noisy") else "values"
        for steps, kept in zip(config.moments, learn(network, x, goal, loss, config.moments, config, own), strict=True):
            readout = told_classes(kept, x, kinds, config.classes) if kind.goal == "rebuild" else None
            students.append(Student(name, steps, kept, readout))
    return master, students


def targets(
    goal: Goal,
    x: Floats,
    kinds: NDArray[np.int64],
    teacher: Student,
    config: Han2023.Config,
    random: np.random.Generator,
) -> Floats:
    """Return what a student is to answer, (stimulus, output): classes, the teacher's outputs, or the stimulus."""
    if goal == "rebuild":
        return x
    if goal == "imitate":
        answers = teacher.answers(x)
        return np.asarray((answers - answers.mean(0)) / answers.std())
    wrong = config.label_noise if goal == "noisy" else 0.0
    drawn = random.integers(0, config.classes, len(kinds))
    return one_hot(np.where(random.random(len(kinds)) < wrong, drawn, kinds), config.classes)


def learn(
    network: Layered,
    x: Floats,
    goal: Floats,
    loss: str,
    moments: tuple[int, ...],
    config: Han2023.Config,
    seeds: Seeds,
) -> list[Layered]:
    """Train in place (Adam) and return copies after each number of steps; 0 is before training."""
    from copy import deepcopy

    shown, asked = torch.from_numpy(x).float(), torch.from_numpy(goal).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    random, kept = seeds.torch("order"), []
    for step in range(max(moments) + 1):
        if step in moments:
            kept.append(deepcopy(network))
        which = torch.randint(len(shown), (config.batch,), generator=random)
        told = network(shown[which])
        measured = nn.functional.cross_entropy if loss == "classes" else nn.functional.mse_loss
        optimiser.zero_grad()
        measured(told, asked[which]).backward()
        optimiser.step()
    return kept


def told_classes(network: Layered, x: Floats, kinds: NDArray[np.int64], classes: int) -> Floats:
    """Return a readout of classes from a layer that learned none, by ridge regression, (unit + 1, class)."""
    with torch.no_grad():
        rates = network.rates(torch.from_numpy(x).float()).double().numpy()
    with_one = np.hstack([rates, np.ones((len(rates), 1))])
    gram = with_one.T @ with_one + 1e-3 * len(rates) * np.eye(with_one.shape[1])
    return np.asarray(np.linalg.solve(gram, with_one.T @ one_hot(kinds, classes)))


def one_hot(kinds: NDArray[np.int64], classes: int) -> Floats:
    """Return 1 at the class of each stimulus.

    Examples
    --------
    >>> one_hot(np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.eye(classes)[kinds]
