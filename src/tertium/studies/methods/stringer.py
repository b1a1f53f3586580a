"""How stringer2021 measures: a compass recorded and simulated, a bound on its decoders, and a hand's velocity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare import (
    BlockedKFold,
    Decoded,
    KFold,
    PoissonBayes,
    SmallNetwork,
    decode,
    encode,
    fisher_information,
    lagged,
    spike_glm,
)
from tertium.data import make_responses

if TYPE_CHECKING:
    import xarray as xr

    from tertium.rng import Seeds
    from tertium.studies.stringer2021 import Stringer2021

Array = npt.NDArray[np.float64]

#: Width of a bin of the recorded compass (s), and bins of the recording in it.
DT, BINS = 0.2, 20
#: Bins between what is fitted and what is tested, in all recordings: five seconds of the compass.
GAP = 25
#: Expected spikes below which a unit is left out where information is estimated from few trials.
LIVELY = 0.3
#: Harmonics of the logarithm of a tuning curve.
HARMONICS = 4


def binned_compass(recorded: xr.DataArray, share: float = 1.0) -> tuple[Array, Array]:
    """Return spike counts (bin, unit) in 200 ms, and the mean direction of the head in each (rad), of a first share."""
    n = int(recorded.sizes["time"] * share) // BINS
    counts = recorded.values[0, : n * BINS].reshape(n, BINS, -1).sum(1).astype(np.float64)
    direction = np.exp(1j * recorded["angle"].values[: n * BINS].reshape(n, BINS)).mean(1)
    return counts, np.angle(direction) % (2 * np.pi)


def read_angle(counts: Array, angle: Array, method: Any, folds: int = 5, gap: int = GAP, **options: Any) -> Decoded:
    """Decode an angle from the bins of one recording, in blocks of time."""
    series = make_responses(counts[None], dt=DT, quantity="spike_count" if (counts >= 0).all() else "other")
    labelled = series.assign_coords(angle=("time", angle))
    chosen = {"n_permutations": 0, "n_bootstrap": 200} | options
    return decode(labelled, "angle", method, kind="angle", time="samples", cv=BlockedKFold(folds, gap=gap), **chosen)


def reference_error(counts: Array, angle: Array, order: npt.NDArray[np.int64]) -> float:
    """Return the median error (degrees) on the second half, of tuning measured in the first, as the reference has it.

    ``order`` says whose tuning each unit is read with in the second half.
    """
    half = (len(counts) + 1) // 2
    mixed = counts.copy()
    mixed[half:] = counts[half:][:, order]
    plain = PoissonBayes(90, 0.0, estimate="mode")
    return float(read_angle(mixed, angle, plain, folds=2, gap=0, n_bootstrap=0).folds[1, 0])


def compass(counts: Array, angle: Array, network: SmallNetwork, seeds: Seeds) -> dict[str, Any]:
    """Decode the recorded compass linearly, by Bayes and by a network; and what each must fail on.

    Returns
    -------
    dict
        Median errors (degrees) over all tested bins and by block, their draws, absolute errors of all bins; the
        reduction of the linear decoder's error by the network with its interval; controls.
    """
    seed = seeds.integer("decoders")
    methods: dict[str, Any] = {"linear": "ridge", "Bayes": "bayes", "network": network}
    found = {name: read_angle(counts, angle, method, seed=seed) for name, method in methods.items()}
    made = linear_code(counts, angle, seeds.numpy("linear code"))
    straight = {name: read_angle(made, angle, methods[name], seed=seed).mean for name in ("linear", "network")}
    moved = np.roll(angle, len(angle) // 2 + int(seeds.numpy("moved").integers(-500, 500)))
    lost = read_angle(counts, moved, network, seed=seed, n_bootstrap=0)
    reduction = 1 - found["network"].draws[:, 0] / found["linear"].draws[:, 0]
    order = seeds.numpy("units").permutation(counts.shape[1])
    return {
        "median": {name: one.mean for name, one in found.items()},
        "interval": {name: one.interval[:, 0] for name, one in found.items()},
        "blocks": {name: one.folds[:, 0] for name, one in found.items()},
        "errors": {name: np.degrees(np.abs(one.errors[:, 0])) for name, one in found.items()},
        "reduction": 1 - found["network"].mean / found["linear"].mean,
        "reduction interval": np.quantile(reduction, [0.025, 0.975]),
        "reduction, linear code": 1 - straight["network"] / straight["linear"],
        "above Bayes": found["network"].mean - found["Bayes"].mean,
        "above Bayes interval": np.asarray(found["network"].minus(found["Bayes"])),
        "above Bayes, moved": lost.mean - found["Bayes"].mean,
        "reference": reference_error(counts, angle, np.arange(counts.shape[1])),
        "reference, wrong tuning": reference_error(counts, angle, order),
    }


def linear_code(counts: Array, angle: Array, random: np.random.Generator) -> Array:
    """Return responses that are linear in cosine and sine of the angle, with the Gaussian noise of the recorded ones.

    Nothing is left for a network to find that a linear decoder misses.
    """
    design = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    weights = np.linalg.lstsq(design, counts, rcond=None)[0]
    noise = np.cov((counts - design @ weights).T)
    return np.asarray(design @ weights + random.multivariate_normal(np.zeros(counts.shape[1]), noise, len(counts)))


@dataclass(frozen=True, eq=False)
class Tuning:
    """Tuning curves in closed form: the logarithm of the expected count is a sum of harmonics of the angle.

    Attributes
    ----------
    constant : array, shape (unit,)
    weights : array, shape (2 * HARMONICS, unit)
        Of the cosines, then of the sines.
    """

    constant: Array
    weights: Array

    def counts(self, angle: Array) -> Array:
        """Return the expected count of each unit (angle, unit)."""
        return np.asarray(np.exp(self.constant + _harmonics(angle) @ self.weights))

    def slopes(self, angle: Array) -> Array:
        """Return its derivative (per rad)."""
        orders = np.arange(1, HARMONICS + 1)
        cosines, sines = np.split(_harmonics(angle), 2, axis=1)
        turned = np.concatenate([-orders * sines, orders * cosines], axis=1)
        return np.asarray(self.counts(angle) * (turned @ self.weights))

    def information(self, angle: Array) -> Array:
        """Return the Fisher information of independent Poisson counts, ``sum f'^2 / f`` (1 / rad^2)."""
        return np.asarray((self.slopes(angle) ** 2 / self.counts(angle)).sum(1))

    def bound(self, angle: Array) -> float:
        """Return the least root mean squared error of an unbiased decoder (degrees; Cramér and Rao)."""
        return float(np.degrees(np.sqrt((1 / self.information(angle)).mean())))

    def drawn(self, units: int, random: np.random.Generator) -> Tuning:
        """Return a population of like units that prefer any angle: curves drawn from these and turned at random."""
        which, turn = random.integers(len(self.constant), size=units), random.uniform(0, 2 * np.pi, units)
        phase = np.arange(1, HARMONICS + 1)[:, None] * turn
        cosines, sines = np.split(self.weights[:, which], 2)
        turned = [np.cos(phase) * cosines - np.sin(phase) * sines, np.sin(phase) * cosines + np.cos(phase) * sines]
        return Tuning(self.constant[which], np.concatenate(turned))

    def take(self, units: Any) -> Tuning:
        """Return some units, by numbers, a slice or a mask."""
        return Tuning(self.constant[units], self.weights[:, units])


def measured_tuning(counts: Array, angle: Array) -> Tuning:
    """Fit tuning curves to recorded counts (bin, unit) by Poisson regression on harmonics of the angle (rad)."""
    columns = _harmonics(angle)
    fit = spike_glm(counts, columns, dt=DT, history=None, penalty=1.0, cv=2)
    weights = np.array([[fit.filter("stimulus", u, str(i)).values[0] for u in fit.units] for i in range(2 * HARMONICS)])
    return Tuning(fit.baseline + np.log(DT) - columns.mean(0) @ weights, weights)


def _harmonics(angle: Array) -> Array:
    phase = angle[:, None] * np.arange(1, HARMONICS + 1)
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)


def against_bound(tuning: Tuning, config: Stringer2021.Config, network: SmallNetwork, seeds: Seeds) -> dict[str, Array]:
    """Decode simulated populations of growing size and compare with the Cramér-Rao bound.

    Returns
    -------
    dict
        "bound", "linear", "Bayes", "network", and "Bayes, jittered" (all units see an angle that is off by a common
        error): root mean squared error (degrees) at each size.
    """
    random = seeds.numpy("population")
    angle = random.uniform(0, 2 * np.pi, config.trials)
    jittered = angle + random.normal(0, np.radians(config.jitter), config.trials)
    everyone = tuning.drawn(max(config.sizes), random)
    counts, off = (random.poisson(everyone.counts(a)).astype(np.float64) for a in (angle, jittered))
    bayes = PoissonBayes(180, 4.0)
    found: dict[str, list[float]] = {name: [] for name in ("bound", "linear", "Bayes", "network", "Bayes, jittered")}
    for n in config.sizes:
        found["bound"].append(everyone.take(slice(n)).bound(angle))
        found["linear"].append(_rms(counts[:, :n], angle, "ridge", seeds))
        found["Bayes"].append(_rms(counts[:, :n], angle, bayes, seeds))
        found["Bayes, jittered"].append(_rms(off[:, :n], angle, bayes, seeds))
        found["network"].append(_rms(np.sqrt(counts[:, :n]), angle, network, seeds))
    return {name: np.array(values) for name, values in found.items()}


def _rms(responses: Array, angle: Array, method: Any, seeds: Seeds) -> float:
    options: dict[str, Any] = {"n_permutations": 0, "n_bootstrap": 0, "seed": seeds.integer("network")}
    found = decode(responses, angle, method, kind="angle", cv=KFold(2), **options)
    return float(np.degrees(np.sqrt((found.errors**2).mean())))


def estimated_information(tuning: Tuning, units: int, trials: int, few: int, seeds: Seeds) -> dict[str, Array]:
    """Estimate the Fisher information of a simulated population from trials of neighbouring angles, 3 degrees apart.

    Units that expect less than ``LIVELY`` spikes there are left out of it: in few trials they might never fire.

    Returns
    -------
    dict
        At twelve angles: "estimate", "low", "high" from many trials, "naive" from few, over the closed form.
    """
    random, step, found = seeds.numpy("information"), np.radians(3.0), []
    everyone = tuning.drawn(units, random)
    for middle in np.arange(12) * np.pi / 6:
        population = everyone.take(everyone.counts(np.array([middle]))[0] > LIVELY)
        closed = population.information(np.array([middle]))[0]
        pair = middle + step * np.array([-0.5, 0.5])
        rates = population.counts(pair)
        many, less = (
            fisher_information(random.poisson(np.repeat(rates, n, axis=0)), np.repeat(pair, n)) for n in (trials, few)
        )
        found.append(np.array([many.value[0], *many.interval[:, 0], less.naive[0]]) / closed)
    return dict(zip(("estimate", "low", "high", "naive"), np.array(found).T, strict=True))


def by_cells(counts: Array, angle: Array, tuning: Tuning, sizes: tuple[int, ...], seeds: Seeds) -> dict[str, Array]:
    """Return median errors (degrees) of Bayes from some of the recorded cells, and from their Poisson twins.

    Twins have the measured tuning, the same movements of the head, and independent Poisson noise. Mean over ten draws
    of cells, shape (size,).
    """
    random = seeds.numpy("cells")
    twins = random.poisson(tuning.counts(angle)).astype(np.float64)
    found: dict[str, list[float]] = {"recorded": [], "twins": []}
    for n in sizes:
        drawn = [random.permutation(counts.shape[1])[:n] for _ in range(10 if n < counts.shape[1] else 1)]
        for name, table in (("recorded", counts), ("twins", twins)):
            each = [read_angle(table[:, cells], angle, "bayes", n_bootstrap=0).mean for cells in drawn]
            found[name].append(float(np.mean(each)))
    return {name: np.array(values) for name, values in found.items()}


def reaching(recorded: xr.DataArray, network: SmallNetwork, seeds: Seeds) -> dict[str, Any]:
    """Read the velocity of the hand from counts in this bin and the two before, in five blocks of time.

    Returns
    -------
    dict
        Cross-validated R2 of both axes by ``decode`` (linear, network) and ``encode`` (ridge), intervals of the linear
        decoder, R2 with velocities moved in time, and what was done and decoded in a stretch of the recording.
    """
    counts = recorded.values[:, 0].astype(np.float64)
    velocity = np.stack([recorded["velocity_x"].values, recorded["velocity_y"].values], axis=1)
    features = lagged(counts, [0, 1, 2])
    options: dict[str, Any] = {"cv": BlockedKFold(5, gap=3), "seed": seeds.integer("velocity")}
    linear = decode(features, velocity, "ridge", n_permutations=0, **options)
    deep = decode(features, velocity, network, kind="number", n_permutations=0, n_bootstrap=0, **options)
    moved = np.roll(velocity, len(velocity) // 2 + int(seeds.numpy("moved").integers(-300, 300)), axis=0)
    lost = decode(features, moved, "ridge", n_permutations=0, n_bootstrap=0, **options)
    shown = slice(1200, 1400)
    return {
        "linear": linear.value,
        "interval": linear.interval,
        "encode": encode(features, velocity, "ridge", measure="r2", n_bootstrap=0, **options).value,
        "network": deep.value,
        "moved": lost.value,
        "observed": velocity[shown],
        "decoded": linear.predictions[shown],
    }
