"""When a component tells its label: decoders as classifiers of held-out pseudo-trials, against shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.dynamics.demixed.marginals import TIME, Groups, marginalise
from tertium.dynamics.demixed.noise import Noise, NoiseCovariance
from tertium.dynamics.demixed.pseudo_population import PseudoPopulation
from tertium.dynamics.demixed.regression import Predictors, Target
from tertium.dynamics.demixed.validation import check_repeated
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Components of a marginalisation that are tested, as in the paper.
TESTED = 3


@dataclass(frozen=True, eq=False)
class Significance:
    """Accuracy in time of each marginalisation's first components as classifiers of its labels.

    Attributes
    ----------
    accuracy : dict of arrays, shape (component, time)
        Share of held-out pseudo-trials that are told right, for each marginalisation with a label.
    shuffled : dict of arrays, shape (shuffle, time)
        The same of the first component, with trials shuffled over conditions.
    chance : dict of float
        One over the number of classes.
    n_splits : int
        Times that one trial of every unit and condition was held out.
    run : int
        Fewest neighbouring bins that are marked.
    """

    accuracy: dict[str, Floats]
    shuffled: dict[str, Floats]
    chance: dict[str, float]
    n_splits: int
    run: int

    @property
    def significant(self) -> dict[str, Bools]:
        """Times, (component, time), where accuracy is above that of all shuffles, in long enough runs."""
        return {
            name: np.array([long_runs(row > self.shuffled[name].max(0), self.run) for row in accuracy])
            for name, accuracy in self.accuracy.items()
        }


def long_runs(marked: Bools, least: int) -> Bools:
    """Keep the runs of neighbouring marks that are long enough.

    Examples
    --------
    >>> long_runs(np.array([1, 1, 0, 1, 1, 1], dtype=bool), 3).astype(int).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    edges = np.diff(np.concatenate([[0], marked.astype(np.int64), [0]]))
    kept = np.zeros(len(marked), dtype=np.bool_)
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        kept[begin:end] = end - begin >= least
    return kept


def classes_of(effects: tuple[tuple[str, ...], ...], population: PseudoPopulation) -> npt.NDArray[np.int64]:
    """Return the class of each condition, (condition,): the combination of the labels that the effects are about."""
    own = {label for effect in effects for label in effect if label != TIME}
    codes = np.indices(population.sizes).reshape(len(population.sizes), -1)
    chosen = [codes[i] for i, (label, _) in enumerate(population.levels) if label in own]
    if not chosen:
        return np.zeros(codes.shape[1], dtype=np.int64)
    return np.unique(np.stack(chosen), axis=1, return_inverse=True)[1].reshape(-1).astype(np.int64)


def component_significance(
    population: PseudoPopulation,
    groups: Groups,
    encoders: dict[str, Floats],
    ridge: dict[str, float],
    noise: Noise | None,
    *,
    n_splits: int,
    n_shuffles: int,
    run: int,
    seeds: Seeds,
) -> Significance:
    """Test the first components of each marginalisation, as in Kobak et al. 2016 (Methods, "Statistical significance").

    Stratified Monte-Carlo leave-group-out: one trial of every unit and condition is held out, dPCA fitted to the
    averages of the others; at each time a held-out projection belongs to the class whose mean projection is nearest.
    The null distribution is that of the first component with trials shuffled over conditions, fitted anew.

    Parameters
    ----------
    encoders : dict of arrays, shape (unit, component)
        Of the fit to all trials, in order; components of the splits are matched to them.
    """
    check_repeated(population)
    classes = {name: classes_of(effects, population) for name, effects in groups.items()}
    classes = {name: one for name, one in classes.items() if one.any() and encoders[name].shape[1]}
    first = {name: encoders[name][:, :TESTED] for name in classes}
    accuracy = _accuracy(population, groups, classes, first, ridge, noise, n_splits, seeds.child("data"))
    shuffled: dict[str, list[Floats]] = {name: [] for name in classes}
    for shuffle in range(n_shuffles):
        own = seeds.child(f"shuffle {shuffle}")
        mixed = population.shuffled(own.numpy("order"))
        for name, found in _accuracy(mixed, groups, classes, None, ridge, noise, n_splits, own).items():
            shuffled[name].append(found[0])
    chance = {name: 1.0 / (int(one.max()) + 1) for name, one in classes.items()}
    return Significance(accuracy, {name: np.array(rows) for name, rows in shuffled.items()}, chance, n_splits, run)


def _accuracy(
    population: PseudoPopulation,
    groups: Groups,
    classes: dict[str, npt.NDArray[np.int64]],
    encoders: dict[str, Floats] | None,
    ridge: dict[str, float],
    noise: Noise | None,
    n_splits: int,
    seeds: Seeds,
) -> dict[str, Floats]:
    """Return mean accuracies over splits, (component, time), of each marginalisation with classes."""
    labels = [name for name, _ in population.levels]
    n_units, _, n_times = population.means.shape
    covariance = NoiseCovariance(population, noise) if noise else None
    sums = {name: np.zeros((encoders[name].shape[1] if encoders else 1, n_times)) for name in classes}
    for split in range(n_splits):
        held = population.draw(seeds.numpy(f"split {split}"))
        train = population.without(held)
        centre = train.mean(axis=(1, 2), keepdims=True)
        flat = (train - centre).reshape(n_units, -1)
        parts = marginalise(train.reshape(n_units, *population.sizes, n_times), groups, labels)
        predictors = Predictors.of(flat, covariance.without(held) if covariance else None)
        for name, own in classes.items():
            n = sums[name].shape[0]
            encoder, decoder = Target.of(parts[name].reshape(n_units, -1), flat, predictors).fit(n, ridge[name])
            if encoders:
                decoder = decoder[:, _matched(encoders[name], encoder)]
            trained = np.tensordot(decoder.T, train - centre, 1)
            tested = np.tensordot(decoder.T, held - centre, 1)
            means = np.stack([trained[:, own == c].mean(1) for c in range(int(own.max()) + 1)], axis=1)
            told = np.abs(tested[:, :, None] - means[:, None]).argmin(2)
            sums[name][: len(told)] += (told == own[None, :, None]).mean(1)
    return {name: total / n_splits for name, total in sums.items()}


def _matched(wanted: Floats, found: Floats) -> npt.NDArray[np.int64]:
    """Return for each wanted axis the found one that is most like it, each once."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-np.abs(wanted.T @ found))
    return np.asarray(columns[np.argsort(rows)], dtype=np.int64)
