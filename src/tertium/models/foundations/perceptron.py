"""The perceptron and its learning rule, on many data sets at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PerceptronRun:
    """What perceptrons learned, one perceptron a data set.

    Attributes
    ----------
    weights : numpy.ndarray, shape (set, channel + 1)
        The last one multiplies a constant input of one: it is minus the threshold.
    mistakes : numpy.ndarray, shape (set,)
        Corrections made in all.
    stopped : numpy.ndarray of bool, shape (set,)
        Whether a whole sweep passed without a mistake.
    accuracy : numpy.ndarray, shape (sweep, set)
        Fraction of the training set that is right after each sweep.
    """

    weights: Floats
    mistakes: NDArray[np.int64]
    stopped: NDArray[np.bool_]
    accuracy: Floats


def with_bias(inputs: ArrayLike) -> Floats:
    """Append the constant input of one, shape (..., channel) -> (..., channel + 1).

    Examples
    --------
    >>> with_bias([[0.5, 2.0]])
    array([[0.5, 2. , 1. ]])
    """
    values = np.asarray(inputs, dtype=np.float64)
    return np.concatenate([values, np.ones((*values.shape[:-1], 1))], axis=-1)


def respond(weights: ArrayLike, inputs: ArrayLike) -> Floats:
    """Return 1 where the weighted input reaches the threshold, else 0.

    Parameters
    ----------
    weights : array_like, shape (set, channel + 1)
        As in `PerceptronRun`.
    inputs : array_like, shape (set, sample, channel)

    Returns
    -------
    numpy.ndarray, shape (set, sample)

    Examples
    --------
    >>> respond([[1.0, 1.0, -1.5]], [[[0, 1], [1, 1]]])  # AND
    array([[0., 1.]])
    """
    drive = np.einsum("snc,sc->sn", with_bias(inputs), np.asarray(weights, dtype=np.float64))
    return (drive >= 0).astype(np.float64)


def learn(
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    sweeps: int,
    start: ArrayLike | None = None,
) -> PerceptronRun:
    """Correct each perceptron after each wrong answer, dw = (t - y) x, until a sweep brings no mistake.

    The samples are shown in their order, sweep after sweep; a perceptron that makes no mistake does not change, so
    the sets that have stopped cost only time.

    Parameters
    ----------
    inputs : array_like, shape (set, sample, channel)
        Any unit.
    targets : array_like, shape (set, sample)
        0 or 1.
    sweeps : int
        At most so many times through the samples.
    start : array_like, shape (set, channel + 1), optional
        First weights; zero (as Novikoff's theorem wants) if not given.

    Returns
    -------
    PerceptronRun

    Raises
    ------
    BadInput
        If the shapes disagree or a target is neither 0 nor 1.

    References
    ----------
    Rosenblatt, F. (1958). Psychological Review 65:386; the error-correcting form of Rosenblatt (1962).

    Examples
    --------
    >>> x = [[[0, 0], [0, 1], [1, 0], [1, 1]]]
    >>> run = learn(x, [[0, 0, 0, 1]], sweeps=100)  # AND
    >>> bool(run.stopped[0]), respond(run.weights, x).tolist()
    (True, [[0.0, 0.0, 0.0, 1.0]])
    """
    values, wanted = with_bias(inputs), np.asarray(targets, dtype=np.float64)
    _check(values, wanted)
    weights = np.zeros(values[:, 0].shape) if start is None else np.array(start, dtype=np.float64)
    mistakes, stopped = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    by_sample, by_target = np.ascontiguousarray(values.swapaxes(0, 1)), wanted.T
    accuracy: list[Floats] = []
    for _ in range(sweeps):
        before = mistakes.copy()
        for x, t in zip(by_sample, by_target, strict=True):
            error = t - (np.einsum("sc,sc->s", x, weights) >= 0)
            weights += error[:, None] * x
            mistakes += error != 0
        stopped = mistakes == before
        right = (np.einsum("snc,sc->sn", values, weights) >= 0) == wanted
        accuracy.append(right.mean(axis=1))
        if stopped.all():
            break
    return PerceptronRun(weights, mistakes, stopped, np.array(accuracy))


def _check(values: Floats, targets: Floats) -> None:
    if values.ndim != 3 or targets.shape != values.shape[:2]:
        channels = (*values.shape[:-1], values.shape[-1] - 1)
        raise BadInput(
            "labelled sets",
            got=f"inputs {channels} and targets {targets.shape}",
            expected="inputs (set, sample, channel) and targets (set, sample)",
        )
    if not np.isin(targets, (0.0, 1.0)).all():
        raise BadInput("perceptron targets", got=f"{np.unique(targets)[:4].tolist()}", expected="0 and 1")
