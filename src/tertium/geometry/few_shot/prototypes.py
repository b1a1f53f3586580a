"""Learning by prototypes, tried out: a few examples of two manifolds are averaged, others go to the nearer average."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.rng import Seeds

Floats = npt.NDArray[np.float64]


def prototype_errors(clouds: list[Floats], shots: int, draws: int, seeds: Seeds) -> Floats:
    """Return the share of held-out samples of each manifold that the prototype of each other one takes.

    Parameters
    ----------
    clouds : list of array, shape (sample, unit)
    shots : int
        Examples of each, drawn anew each time.
    draws : int
    seeds : Seeds

    Returns
    -------
    array, shape (manifold, manifold)
        Of samples of the row against the column; NaN on the diagonal.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> far = [rng.normal(size=(20, 5)), rng.normal(size=(20, 5)) + 100]
    >>> prototype_errors(far, 1, 10, Seeds(0))[0, 1]
    np.float64(0.0)
    """
    many = len(clouds)
    errors = np.full((many, many), np.nan)
    for a in range(many):
        for b in range(a + 1, many):
            rng = seeds.numpy(f"pair {a} {b}")
            first, second = _examples(len(clouds[a]), shots, draws, rng), _examples(len(clouds[b]), shots, draws, rng)
            between = clouds[a] @ clouds[b].T
            to_a = [first @ (clouds[a] @ clouds[a].T), first @ between]  # prototypes of a with samples of a, of b
            to_b = [second @ between.T, second @ (clouds[b] @ clouds[b].T)]
            lengths = ((to_a[0] * first).sum(1) - (to_b[1] * second).sum(1))[:, None] / 2
            errors[a, b] = _share(to_a[0] - to_b[0] - lengths, first)
            errors[b, a] = _share(to_b[1] - to_a[1] + lengths, second)
    return errors


def _examples(n: int, shots: int, draws: int, rng: np.random.Generator) -> Floats:
    """Return the weights of samples in the average of the drawn ones, (draw, sample)."""
    order = rng.random((draws, n)).argsort(1)
    return np.asarray((order.argsort(1) < shots) / shots)


def _share(nearer: Floats, examples: Floats) -> float:
    """Return the share of samples that were no examples and lie nearer to the other prototype; ties count half."""
    tested = examples == 0
    wrong = (nearer < 0) + 0.5 * (nearer == 0)
    return float((wrong * tested).sum() / tested.sum())
