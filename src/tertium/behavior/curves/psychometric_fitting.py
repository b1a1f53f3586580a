"""`fit_psychometric`: choices as a function of the stimulus, with guesses and lapses, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Interval, Levels, draws_wanted, interval, levels_of
from tertium.behavior.curves.psychometric_result import SHAPES, Psychometric, Shape, curve
from tertium.behavior.curves.scoring import binomial, deviance, minimise, slopes
from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]


def fit_psychometric(
    level: npt.ArrayLike,
    choice: npt.ArrayLike,
    shape: Shape = "normal",
    *,
    guess: float | None = 0.0,
    lapse: float | None = None,
    most: float = 0.1,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Psychometric:
    """Fit a psychometric function: how likely a choice is, given the strength of the stimulus.

    Parameters
    ----------
    level : array, shape (trial,)
        Strength of the stimulus, in its unit; of one sign for "weibull".
    choice : array of bool, shape (trial,)
        Whether the choice was made (or was correct).
    shape : {"normal", "logistic", "weibull"}
        F: cumulative Gaussian; logistic ``1 / (1 + exp(-(x - threshold) / width))``; Weibull
        ``1 - exp(-(x / threshold)**width)``.
    guess, lapse : float or None
        Probability of the choice without a stimulus, and of its omission at the strongest; None fits them, between 0
        and ``most``. With two alternatives and ``choice`` whether they were correct, pass ``guess=0.5``.
    most : float
        Bound of fitted guesses and lapses (the rectangular prior of Wichmann & Hill 2001).
    n_bootstrap : int
        Parametric bootstrap: data sets drawn from the fitted function and fitted again.
    seed : int
        Of the draws.

    Returns
    -------
    Psychometric
        ``psi(x) = guess + (1 - guess - lapse) F(x; threshold, width)`` (Wichmann & Hill 2001, equation 1).

    Raises
    ------
    BadInput
        If there are fewer levels than constants, all choices are the same, numbers are not finite, or a bound
        cannot be.
    UnknownName
        If there is no such shape.

    Notes
    -----
    Goodness of fit is the deviance against its own bootstrap distribution, since with few trials a level the chi-square
    distribution is wrong (Wichmann & Hill 2001, Perception & Psychophysics 63:1293). Intervals are percentiles
    (63:1314), and hold if the function does: where ``p_value`` is small, trials vary more than the function says and
    intervals are too narrow. A lapse rate is poorly known without trials at high levels (Prins 2012);
    where it is fitted as 0 no draw has lapses, and its interval has no length, which says nothing. In simulation
    (9 levels of 100 trials) intervals of threshold and width cover in 92 to 97 %, and in 57 and 70 % where there are
    4 % lapses and ``lapse=0`` denies them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat(np.linspace(-2, 2, 9), 100)
    >>> from scipy.stats import norm
    >>> found = fit_psychometric(x, rng.random(900) < norm.cdf(x, 0.3, 0.8), lapse=0.0, n_bootstrap=200)
    >>> 0.3 in found.threshold, 0.8 in found.width
    (True, True)
    """
    if shape not in SHAPES:
        raise unknown_name("shape", str(shape), SHAPES)
    guess, lapse = _rate("guess", guess), _rate("lapse", lapse)
    if not 0 < most < 0.5:
        raise BadInput("most", got=f"{most}", expected="between 0 and 0.5", repair="0.1 is usual.")
    if (guess or 0.0) + (lapse or 0.0) >= 1:
        raise BadInput("guess and lapse", got=f"{guess} and {lapse}", expected="together below 1", repair="")
    draws = draws_wanted("n_bootstrap", n_bootstrap)
    trials = levels_of(level, choice, least=2 + (guess is None) + (lapse is None))
    _can_be_fitted(trials, shape)
    constants = _constants(trials, shape, guess, lapse, most)
    starts = _starts(trials, shape, guess, lapse)
    found, losses = _fit(constants, trials.level, trials.n, np.tile(trials.k, (len(starts), 1)), starts, shape)
    best = found[[int(losses.argmin())]]
    p = curve(trials.level, *constants(best).T[:, :, None], shape=shape)[0]
    drawn = Seeds(seed).numpy("psychometric").binomial(trials.n.astype(int), p, size=(draws, len(p))).astype(float)
    again, _ = _fit(constants, trials.level, trials.n, drawn, np.repeat(best, draws, axis=0), shape)
    values, spread = constants(best)[0], constants(again)
    values[2:], spread[:, 2:] = _to_zero(values[2:]), _to_zero(spread[:, 2:])
    refitted = curve(trials.level, *spread.T[:, :, None], shape=shape)
    measured = float(deviance(trials.k, trials.n, p))
    null = deviance(drawn, trials.n, refitted)
    given = (None, None, guess, lapse)
    four = [interval(v, spread[:, i]) if given[i] is None else Interval(v, v, v) for i, v in enumerate(values.tolist())]
    return Psychometric(
        shape=shape,
        threshold=four[0],
        width=four[1],
        guess=four[2],
        lapse=four[3],
        level=trials.level,
        n=trials.n,
        k=trials.k,
        log_likelihood=-float(losses.min()),
        n_fitted=2 + (guess is None) + (lapse is None),
        deviance=measured,
        p_value=float((1 + (null >= measured - 1e-9).sum()) / (1 + draws)),
        draws=spread,
    )


def _constants(
    trials: Levels, shape: str, guess: float | None, lapse: float | None, most: float
) -> Callable[[Floats], Floats]:
    """Return the map from what is fitted, (fit, free constant), to threshold, width, guess, lapse, (fit, 4)."""
    reach = float(np.ptp(trials.level))
    middle = float(trials.level.mean())

    def of(z: Floats) -> Floats:
        out = np.empty((len(z), 4))
        if shape == "weibull":
            out[:, 0], out[:, 1] = np.exp(np.clip(z[:, 0], -30, 30)), np.exp(np.clip(z[:, 1], -5, 5))
        else:
            out[:, 0] = middle + reach * z[:, 0]
            out[:, 1] = reach * np.exp(np.clip(z[:, 1], -12, 12))
        column = 2
        for i, given in ((2, guess), (3, lapse)):
            out[:, i] = given if given is not None else most / (1 + np.exp(-np.clip(z[:, column], -30, 30)))
            column += given is None
        return out

    return of


def _starts(trials: Levels, shape: str, guess: float | None, lapse: float | None) -> Floats:
    """Return beginnings over the range of levels, with shallow and steep functions, few lapses and many."""
    if shape == "weibull":
        first = np.log(np.quantile(trials.level[trials.level > 0], [0.1, 0.3, 0.5, 0.8]))
        second = np.log([0.8, 1.5, 3.0])
    else:
        first, second = np.linspace(-0.3, 0.3, 5), np.log([0.03, 0.1, 0.3])
    rates = [[-2.0, 1.0]] * ((guess is None) + (lapse is None))
    grid = np.meshgrid(first, second, *rates, indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=1)


def _fit(
    constants: Callable[[Floats], Floats], x: Floats, n: Floats, k: Floats, start: Floats, shape: str
) -> tuple[Floats, Floats]:
    def predict(z: Floats) -> Floats:
        return curve(x, *constants(z).T[:, :, None], shape=shape)

    def evaluate(z: Floats) -> tuple[Floats, Floats, Floats]:
        p, dp = slopes(predict, z)
        return binomial(p, dp, k, n)

    return minimise(evaluate, start)


def _to_zero(rates: Floats) -> Floats:
    """Return rates, those that went down to nothing as 0 itself."""
    return np.where(rates < 1e-6, 0.0, rates)


def _rate(name: str, value: float | None) -> float | None:
    if value is not None and not 0 <= value < 1:
        raise BadInput(name, got=f"{value}", expected="a probability in [0, 1), or None to fit it", repair="")
    return None if value is None else float(value)


def _can_be_fitted(trials: Levels, shape: str) -> None:
    if trials.k.sum() in (0.0, trials.n.sum()):
        raise BadInput(
            "choices",
            got=f"the same on all {int(trials.n.sum())} trials",
            expected="some of each",
            repair="Nothing can be said about a threshold; use levels nearer to it.",
        )
    if shape == "weibull" and trials.level[0] < 0:
        raise BadInput(
            "level",
            got=f"{trials.level[0]:g}",
            expected="0 or above for a Weibull function",
            repair="Take the strength without sign and whether the choice was correct, or another shape.",
        )
