"""`fit_chronometric`: choices and reaction times together, by the diffusion whose drift is proportional to evidence."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Floats, draws_wanted, finite, interval, levels_of, same_length
from tertium.behavior.curves.diffusion import accuracy, mean_seconds
from tertium.behavior.curves.diffusion_result import Chronometric
from tertium.behavior.curves.scoring import Evaluate, binomial, deviance, gaussian, minimise, slopes
from tertium.errors import BadInput
from tertium.rng import Seeds

To = Literal["both", "times", "choices"]
Trials = Literal["all", "correct"]


def fit_chronometric(
    strength: npt.ArrayLike,
    correct: npt.ArrayLike,
    seconds: npt.ArrayLike,
    *,
    to: To = "both",
    times_of: Trials = "all",
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Chronometric:
    """Fit a diffusion to bounds to choices and mean reaction times.

    Parameters
    ----------
    strength : array, shape (trial,)
        Strength of the evidence (coherence, 0 to 1); its sign does not matter.
    correct : array of bool, shape (trial,)
        Whether the choice was right; without evidence, any coin.
    seconds : array, shape (trial,)
        Reaction times.
    to : {"both", "times", "choices"}
        What is fitted. From times alone all constants follow, so that choices can be predicted; from choices alone
        only the product of bound and sensitivity does (bound and rest are then NaN, and sensitivity is the product).
    times_of : {"all", "correct"}
        Whose times. In the model they are the same; in animals errors are often slower.
    n_bootstrap : int
        Draws of trials, within each strength.
    seed : int
        Of the draws.

    Returns
    -------
    Chronometric
        Bound A, sensitivity k and rest t_R of Palmer, Huk & Shadlen (2005): `diffusion.accuracy`,
        `diffusion.mean_seconds`. Choices count by their binomial likelihood, mean times by their standard errors as
        measured.

    Raises
    ------
    BadInput
        If there are fewer than 4 strengths (of which one above 0), a strength with fewer than 5 times, times not above
        0, or numbers not finite.

    Notes
    -----
    Proportional drift, no variability of drift, start or rest, no lapses and bounds that do not collapse are assumed.
    The model's means do not depend on how times are spread around them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat([0.0, 0.032, 0.064, 0.128, 0.256, 0.512], 400)
    >>> ok = rng.random(x.size) < accuracy(x, 0.8, 12.0)
    >>> rt = rng.normal(mean_seconds(x, 0.8, 12.0, 0.35), 0.1)
    >>> found = fit_chronometric(x, ok, rt, n_bootstrap=200)
    >>> 0.8 in found.bound, 12.0 in found.sensitivity, 0.35 in found.rest
    (True, True, True)
    """
    for name, value, known in (("to", to, get_args(To)), ("times_of", times_of, get_args(Trials))):
        if value not in known:
            raise BadInput(name, got=repr(value), expected=" or ".join(f"'{k}'" for k in known), repair="")
    draws = draws_wanted("n_bootstrap", n_bootstrap)
    x, rt = np.abs(finite("strength", strength)), finite("seconds", seconds)
    same_length(("strength", x), ("seconds", rt))
    trials = levels_of(x, correct, least=4)
    level, n = trials.level, trials.n
    ok = np.asarray(correct, dtype=bool)
    counted = ok if times_of == "correct" else np.ones_like(ok)
    _times_can_be_fitted(level, trials.place, rt, counted)
    measured = [part[None] for part in _means(trials.place, ok, rt, counted, len(level))]
    best = _first_fit(level, n, *measured, to=to)
    rng, again = Seeds(seed).numpy("trials"), []
    rows, starts = np.argsort(trials.place, kind="stable"), np.repeat(np.cumsum(n) - n, n.astype(int))
    for _ in range(draws):  # trials with replacement, within each strength
        drawn = rows[(starts + np.floor(rng.random(len(rows)) * np.repeat(n, n.astype(int)))).astype(int)]
        again.append(_means(trials.place[drawn], ok[drawn], rt[drawn], counted[drawn], len(level)))
    many = [np.stack(part) for part in zip(*again, strict=True)]
    spread = _constants(minimise(_loss(level, n, *many, to=to), np.repeat(np.log(best), draws, axis=0))[0])
    k, mean, error = (part[0] for part in measured)
    p = accuracy(level, 1.0 if to == "choices" else best[0, 0], best[0, 1])
    misfit = float("nan") if to == "choices" else float((((mean - mean_seconds(level, *best[0])) / error) ** 2).sum())
    if to == "choices":
        best[:, [0, 2]] = spread[:, [0, 2]] = np.nan
    three = [interval(v, spread[:, i]) for i, v in enumerate(best[0].tolist())]
    return Chronometric(
        bound=three[0],
        sensitivity=three[1],
        rest=three[2],
        strength=level,
        n=n,
        k=k,
        seconds=mean,
        error=error,
        deviance=float(deviance(k, n, p)),
        chi_square=misfit,
        to=to,
        times_of=times_of,
        draws=spread,
    )


def _loss(x: Floats, n: Floats, k: Floats, mean: Floats, error: Floats, *, to: str) -> Evaluate:
    """Return the loss of logarithms of (bound, sensitivity, rest), (fit, 3); k, mean and error are (fit, level)."""

    def choices(z: Floats) -> Floats:
        constants = _constants(z)
        bound = np.ones((len(z), 1)) if to == "choices" else constants[:, [0]]
        return accuracy(x, bound, constants[:, [1]])

    def times(z: Floats) -> Floats:
        return mean_seconds(x, *_constants(z).T[:, :, None])

    def evaluate(z: Floats) -> tuple[Floats, Floats, Floats]:
        if to == "choices":
            return binomial(*slopes(choices, z), k, n)
        loss, gradient, information = gaussian(*slopes(times, z), mean, error)
        if to == "both":
            more = binomial(*slopes(choices, z), k, n)
            loss, gradient, information = loss + more[0], gradient + more[1], information + more[2]
        return loss, gradient, information

    return evaluate


def _constants(z: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(z, -12, 12)))


def _first_fit(x: Floats, n: Floats, k: Floats, mean: Floats, error: Floats, *, to: str) -> Floats:
    """Return the constants of one data set, shape (1, 3), the best from several beginnings."""
    least, spread = float(mean.min()), max(float(np.ptp(mean)), 1e-3)
    bounds, rests = np.sqrt(spread) * np.array([0.8, 1.3]), least * np.array([0.5, 0.9])
    sensitivities = np.array([0.3, 1.0, 3.0, 10.0]) / np.median(x[x > 0])
    grid = np.meshgrid(bounds, sensitivities, rests, indexing="ij")
    begin = np.log(np.stack([axis.ravel() for axis in grid], axis=1))
    wide = (np.repeat(part, len(begin), axis=0) for part in (k, mean, error))
    z, loss = minimise(_loss(x, n, *wide, to=to), begin)
    return _constants(z[[int(loss.argmin())]])


def _means(
    place: npt.NDArray[np.int64], ok: npt.NDArray[np.bool_], rt: Floats, counted: npt.NDArray[np.bool_], n_levels: int
) -> tuple[Floats, Floats, Floats]:
    """Return correct choices, mean time and its standard error at each level."""
    k = np.bincount(place, ok, n_levels).astype(np.float64)
    where, times = place[counted], rt[counted]
    n = np.bincount(where, minlength=n_levels)
    mean = np.bincount(where, times, n_levels) / np.maximum(n, 1)
    squares = np.bincount(where, (times - mean[where]) ** 2, n_levels)
    error = np.sqrt(squares / np.maximum(n - 1, 1) / np.maximum(n, 1))
    return k, mean, np.maximum(error, 1e-6)


def _times_can_be_fitted(
    level: Floats, place: npt.NDArray[np.int64], rt: Floats, counted: npt.NDArray[np.bool_]
) -> None:
    if rt.min() <= 0:
        raise BadInput(
            "seconds", got=f"{rt.min():g} s at trial {int(rt.argmin())}", expected="above 0", repair="Leave it out."
        )
    n = np.bincount(place[counted], minlength=len(level))
    if n.min() < 5:
        raise BadInput(
            "seconds",
            got=f"{n.min()} times at strength {level[int(n.argmin())]:g}",
            expected="at least 5, for a standard error",
            repair="Leave that strength out.",
        )
