"""Bayesian decoding of spike counts: Poisson neurons with measured tuning, with or without continuity in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from tertium.compare.decoding.decoders.contract import Decoder, Fitting, FloatArray, Kind, Place, Readout
from tertium.compare.decoding.decoders.states import States, make_states
from tertium.errors import BadInput

#: Samples at the mean rate that are added to each state, so that no rate is 0.
_PSEUDO = 0.5


@dataclass(frozen=True)
class PoissonBayes(Decoder):
    """The posterior of a class, an angle, a number or a position, given counts of independent Poisson neurons.

    Tuning curves are spikes over visits in each state (bin of the angle or position), both smoothed. With the Markov
    prior states follow each other by a random walk whose steps are those of the fitted samples (Zhang et al. 1998;
    Brown et al. 1998), and the posterior looks at the past, or at past and future.

    Parameters
    ----------
    bins : int, optional
        States along each variable: 60 for one, 20 for each of two. Not for classes.
    smooth : float
        Standard deviation of the smoothing of tuning curves, in bins; 0 for none.
    prior : {"flat", "visits", "markov"}
        States count alike (those that were visited), as often as they were visited, or by the one before.
    both_ways : bool
        With "markov", whether what comes later is used (smoothing) or only what came before (filtering).
    estimate : {"mean", "mode"}
        Mean of the posterior (of its direction, for angles), or its most probable state. Classes are always the most
        probable.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("class", "number", "angle")
    scaled: ClassVar[bool] = False
    bins: int | None = None
    smooth: float = 1.5
    prior: Literal["flat", "visits", "markov"] = "flat"
    both_ways: bool = True
    estimate: Literal["mean", "mode"] = "mean"

    def __post_init__(self) -> None:
        if self.bins is not None and (isinstance(self.bins, bool) or not isinstance(self.bins, int) or self.bins < 2):
            raise BadInput("bins", got=repr(self.bins), expected="a whole number, at least 2")
        if not np.isfinite(self.smooth) or self.smooth < 0:
            raise BadInput("smooth", got=repr(self.smooth), expected="0 or more bins")
        if self.prior not in ("flat", "visits", "markov"):
            raise BadInput("prior", got=repr(self.prior), expected="'flat', 'visits' or 'markov'")
        if self.estimate not in ("mean", "mode"):
            raise BadInput("estimate", got=repr(self.estimate), expected="'mean' or 'mode'")

    def fit(self, x: FloatArray, y: npt.NDArray[Any], fitting: Fitting) -> Readout:
        """Measure tuning curves, the prior, and the steps of the random walk."""
        if (x < 0).any():
            raise BadInput(
                "responses",
                got=f"{x.min():.3g}",
                expected="spike counts, 0 or more",
                repair="Give counts as they are, not z-scores or differences.",
            )
        states = make_states(y, fitting.aim, self.bins)
        where = states.of(y)
        visits = np.bincount(where, minlength=states.n).astype(np.float64)
        spikes = np.stack([np.bincount(where, unit, minlength=states.n) for unit in x.T], axis=1)
        if fitting.aim.kind != "class" and self.smooth:
            visits = _smoothed(visits, states, self.smooth)
            spikes = np.stack([_smoothed(unit, states, self.smooth) for unit in spikes.T], axis=1)
        overall = np.maximum(x.mean(0), 1e-12)
        rates = (spikes + _PSEUDO * overall) / (visits + _PSEUDO)[:, None]
        reached = visits > 1e-3
        weight = reached * (visits if self.prior == "visits" else 1.0)
        walk = None
        if self.prior == "markov":
            walk = states.walk(y, fitting.place.follows) * reached
            walk /= np.maximum(walk.sum(1, keepdims=True), 1e-300)
        return Posterior(rates, weight / weight.sum(), walk, states, self)

    @property
    def says(self) -> str:
        """The decoder in words."""
        prior = self.prior if self.prior != "markov" else "Markov " + ("both ways" if self.both_ways else "forward")
        return f"Poisson Bayes ({prior} prior)"


class Posterior(Readout):
    """Tuning curves and prior of a fitted `PoissonBayes`."""

    def __init__(
        self, rates: FloatArray, prior: FloatArray, walk: FloatArray | None, states: States, options: PoissonBayes
    ) -> None:
        self._rates, self._prior, self._walk, self._states, self._options = rates, prior, walk, states, options

    def read(self, x: FloatArray, place: Place) -> npt.NDArray[Any]:
        """Return the mean or mode of the posterior."""
        posterior = self.posterior(x, place)
        if self._options.estimate == "mode" or self._states.kind == "class":
            return self._states.values(posterior.argmax(1))
        return self._states.mean(posterior)

    def posterior(self, x: FloatArray, place: Place) -> FloatArray:
        """Return the probability of each state at each sample, (sample, state)."""
        logs = x @ np.log(self._rates).T - self._rates.sum(1)
        logs = np.where(self._prior > 0, logs, -np.inf)
        likelihood = np.exp(logs - logs.max(1, keepdims=True))
        if self._walk is None:
            found = likelihood * self._prior
            return np.asarray(found / found.sum(1, keepdims=True))
        follows = place.follows
        if 2 * follows.sum() < len(x):
            raise BadInput(
                "cross-validation",
                got=f"{int(follows.sum())} of {len(x)} tested samples that follow the one before",
                expected="runs of neighbours, for a prior that goes from one to the next",
                repair="Use cv=BlockedKFold(5), or time='samples'.",
            )
        return _along(likelihood, follows, self._prior, self._walk, both_ways=self._options.both_ways)


def _along(
    likelihood: FloatArray, follows: npt.NDArray[np.bool_], prior: FloatArray, walk: FloatArray, *, both_ways: bool
) -> FloatArray:
    """Return filtered, or smoothed, probabilities of states (Rabiner 1989, equations 19 to 27)."""
    tiny = np.finfo(np.float64).tiny
    found = np.empty_like(likelihood)
    for t in range(len(likelihood)):
        before = found[t - 1] @ walk if follows[t] else prior
        found[t] = likelihood[t] * (before + tiny)  # where spikes deny what the walk allows, spikes are believed
        found[t] /= max(found[t].sum(), tiny)
    if not both_ways:
        return found
    later = np.ones(likelihood.shape[1])
    for t in range(len(likelihood) - 2, -1, -1):
        later = walk @ (likelihood[t + 1] * later) if follows[t + 1] else np.ones(likelihood.shape[1])
        later /= max(later.max(), tiny)
        both = found[t] * later
        total = both.sum()
        found[t] = both / total if total > 0 else found[t]
    return found


def _smoothed(values: FloatArray, states: States, width: float) -> FloatArray:
    mode = "wrap" if states.kind == "angle" else "constant"
    return np.asarray(gaussian_filter(values.reshape(states.shape), width, mode=mode).ravel())
