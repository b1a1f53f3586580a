"""How strong the ridge should be: the averages of most trials predicted from single trials that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.dynamics.demixed.marginals import Groups, marginalise
from tertium.dynamics.demixed.noise import NoiseCovariance
from tertium.dynamics.demixed.pseudo_population import PseudoPopulation
from tertium.dynamics.demixed.regression import Predictors, Target
from tertium.errors import BadInput
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]

#: Ridges to try, as shares of |X|.
RIDGES = tuple(float(ridge) for ridge in np.geomspace(1e-4, 2.0, 26))


@dataclass(frozen=True, eq=False)
class Validation:
    """Errors of held-out pseudo-trials for each ridge.

    Attributes
    ----------
    ridges : array, shape (ridge,)
    errors : array, shape (repeat, ridge, group)
        Squared error of each marginalisation over the power of that marginalisation.
    powers : array, shape (repeat, group)
    groups : tuple of str
    """

    ridges: Floats
    errors: Floats
    powers: Floats
    groups: tuple[str, ...]

    @property
    def total(self) -> Floats:
        """Error of all marginalisations together over the total power, shape (repeat, ridge)."""
        return np.asarray((self.errors * self.powers[:, None]).sum(2) / self.powers.sum(1)[:, None])

    @property
    def best(self) -> float:
        """The ridge with the least mean error over all marginalisations."""
        return float(self.ridges[self.total.mean(0).argmin()])

    @property
    def best_by_group(self) -> dict[str, float]:
        """The ridge with the least mean error of each marginalisation."""
        return dict(zip(self.groups, self.ridges[self.errors.mean(0).argmin(0)].tolist(), strict=True))

    @property
    def at_edge(self) -> bool:
        """Whether the best ridge is the largest that was tried: then try larger ones."""
        return self.best == float(self.ridges[-1])


def validate_ridge(
    population: PseudoPopulation,
    groups: Groups,
    n: dict[str, int],
    noise: NoiseCovariance | None,
    ridges: Sequence[float],
    repeats: int,
    seeds: Seeds,
) -> Validation:
    """Cross-validate ridges as in Kobak et al. 2016 (Methods, "Regularization").

    Of every unit and condition one trial is held out; the fit to the others' averages then has to find, from the
    held-out trials, the marginalisations *of the averages*: ``sum_phi |X_phi,train - F D' X_test|^2``. Trials are gone
    through once, before; a repeat costs the same however many there are.

    Raises
    ------
    BadInput
        If a unit has one trial only of a condition.
    """
    check_repeated(population)
    labels = [name for name, _ in population.levels]
    shape = (len(population.units), *population.sizes, len(population.time))
    errors = np.empty((repeats, len(ridges), len(groups)))
    powers = np.empty((repeats, len(groups)))
    for repeat in range(repeats):
        held = population.draw(seeds.numpy(f"held {repeat}"))
        parts = {
            name: part.reshape(len(held), -1)
            for name, part in marginalise(population.without(held).reshape(shape), groups, labels).items()
        }
        train = np.sum(list(parts.values()), axis=0)
        test = held.reshape(len(held), -1)
        test = test - test.mean(1, keepdims=True)
        test_gram = test @ test.T
        predictors = Predictors.of(train, noise.without(held) if noise else None)
        for g, (name, part) in enumerate(parts.items()):
            target, cross = Target.of(part, train, predictors), test @ part.T
            powers[repeat, g] = (part**2).sum()
            for i, ridge in enumerate(ridges):
                encoder, decoder = target.fit(n[name], ridge)
                # |P - F D' T|^2, with orthonormal F, from Gram matrices
                fitted = ((decoder.T @ cross) * encoder.T).sum()
                size = ((decoder.T @ test_gram) * decoder.T).sum()
                errors[repeat, i, g] = (powers[repeat, g] - 2 * fitted + size) / powers[repeat, g]
    return Validation(np.array(ridges, dtype=np.float64), errors, powers, tuple(groups))


def check_repeated(population: PseudoPopulation) -> None:
    """Raise `BadInput`, by name, where a unit has one trial only of a condition."""
    once = np.argwhere(population.counts < 2)
    if len(once):
        unit, condition = once[0]
        raise BadInput(
            f"unit '{population.units[unit]}'",
            got=f"one trial of {population.name(int(condition))} ({len(once)} such pairs of unit and condition)",
            expected="two trials or more of every unit and condition, so that one can be held out",
            repair="Pass ridge=0.1 (or another number) and n_shuffles=0, or leave those units out.",
        )
