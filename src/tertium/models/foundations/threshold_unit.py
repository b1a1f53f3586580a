"""The McCulloch-Pitts neuron, and the Boolean functions that one of them, or two layers of them, can compute."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tertium.errors import BadInput

Bits = NDArray[np.int64]


def threshold(inputs: ArrayLike, weights: ArrayLike, thresholds: ArrayLike) -> Bits:
    """Fire (1) where the weighted input reaches the threshold, else stay silent (0): y = H(w.x - b).

    Parameters
    ----------
    inputs : array_like, shape (pattern, channel)
        Activity of the input cells, 0 or 1.
    weights : array_like, shape (unit, channel)
        Synaptic weights; negative ones inhibit.
    thresholds : array_like, shape (unit,)
        A unit fires at its threshold and above.

    Returns
    -------
    numpy.ndarray, shape (pattern, unit)
        0 or 1.

    References
    ----------
    McCulloch, W. S. & Pitts, W. (1943). Bulletin of Mathematical Biophysics 5:115. Weights that may be negative
    stand for relative inhibition; their neurons had absolute inhibition (their section 2).

    Examples
    --------
    >>> threshold([[0, 0], [0, 1], [1, 0], [1, 1]], [[1, 1], [1, 1]], [2, 1]).T  # AND, OR
    array([[0, 0, 0, 1],
           [0, 1, 1, 1]])
    """
    drive = np.asarray(inputs) @ np.asarray(weights).T
    return (drive >= np.asarray(thresholds)).astype(np.int64)


def binary_inputs(n: int) -> Bits:
    """Return all 2**n patterns of n bits, in counting order, shape (pattern, channel).

    Raises
    ------
    BadInput
        If n is not from 1 to 16.

    Examples
    --------
    >>> binary_inputs(2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if not 1 <= n <= 16:
        raise BadInput("number of binary inputs", got=str(n), expected="1 to 16")
    return (np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1


def truth_code(outputs: ArrayLike) -> Bits:
    """Name Boolean functions by an integer whose bit p is the output for pattern p.

    Parameters
    ----------
    outputs : array_like, shape (..., pattern)
        0 or 1, the patterns in the order of `binary_inputs`.

    Returns
    -------
    numpy.ndarray, shape (...)
        Codes from 0 to 2**patterns - 1.

    Examples
    --------
    >>> truth_code([[0, 0, 0, 1], [0, 1, 1, 0]])  # AND, XOR
    array([8, 6])
    """
    bits = np.asarray(outputs, dtype=np.int64)
    return np.asarray(bits @ (1 << np.arange(bits.shape[-1], dtype=np.int64)))


def realised(n: int, weights: range) -> Bits:
    """Return the codes of all functions that one unit with integer weights from a range computes.

    Every weight vector is tried with every threshold that makes a difference (integers, because the drive is one).

    Parameters
    ----------
    n : int
        Number of inputs, at most 4 (5 inputs have 2**32 functions).
    weights : range
        Allowed weights, ``range(-3, 4)`` for instance.

    Returns
    -------
    numpy.ndarray, shape (function,)
        Codes, sorted.

    Raises
    ------
    BadInput
        If n is not from 1 to 4.

    Examples
    --------
    >>> len(realised(2, range(-1, 2)))
    14
    """
    _check_small(n)
    drive = np.array(list(product(weights, repeat=n))) @ binary_inputs(n).T
    tried = range(int(drive.min()), int(drive.max()) + 2)
    return np.unique(np.concatenate([truth_code(drive >= b) for b in tried]))


def refuted(n: int) -> NDArray[np.bool_]:
    """Say of each Boolean function whether a certificate proves that no threshold unit computes it.

    The certificate: patterns a, b on which the function is 1 and c, d on which it is 0, with a + b = c + d. A unit
    would need w.(a + b) at or above, and w.(c + d) below, twice its threshold: a contradiction in integers.

    Parameters
    ----------
    n : int
        Number of inputs, at most 4.

    Returns
    -------
    numpy.ndarray, shape (2**(2**n),)
        One truth value a function, in the order of the codes.

    Raises
    ------
    BadInput
        If n is not from 1 to 4.

    References
    ----------
    Elgot, C. C. (1961); Muroga, S. (1971). Threshold Logic and Its Applications, chapter 7 (2-asummability).

    Examples
    --------
    >>> import numpy as np
    >>> np.flatnonzero(refuted(2))  # XOR and XNOR: 01 + 10 = 00 + 11
    array([6, 9])
    """
    _check_small(n)
    patterns = binary_inputs(n)
    pairs: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for a, b in combinations_with_replacement(range(2**n), 2):
        pairs.setdefault(tuple((patterns[a] + patterns[b]).tolist()), []).append((a, b))
    codes = np.arange(2 ** (2**n))
    on = [((codes >> p) & 1).astype(bool) for p in range(2**n)]
    proved = np.zeros(len(codes), dtype=bool)
    for same_sum in pairs.values():
        both_on = np.any([on[a] & on[b] for a, b in same_sum], axis=0)
        both_off = np.any([~on[a] & ~on[b] for a, b in same_sum], axis=0)
        proved |= both_on & both_off
    return proved


def two_layer_functions(n: int, hidden: int, weights: range, *, chunk: int = 50_000) -> Bits:
    """Return the codes of all functions of n inputs that ``hidden`` units and one output unit compute together.

    All sets of different hidden functions are tried with every output unit, so the answer is exhaustive.

    Parameters
    ----------
    n, hidden : int
        Inputs and hidden units, 1 to 4 and 1 to 4.
    weights : range
        Allowed weights in both layers.
    chunk : int
        Hidden layers tried at a time (memory).

    Returns
    -------
    numpy.ndarray, shape (function,)
        Codes, sorted.

    Raises
    ------
    BadInput
        If n or hidden is not from 1 to 4.

    Examples
    --------
    >>> len(two_layer_functions(2, 2, range(-1, 2)))
    16
    """
    first, last = realised(n, weights), realised(hidden, weights)
    layers = np.array(list(combinations(first, hidden)))
    found = np.zeros(2 ** (2**n), dtype=bool)
    for start in range(0, len(layers), chunk):
        fires = (layers[start : start + chunk, :, None] >> np.arange(2**n)) & 1  # (layer, hidden unit, pattern)
        pattern_of_hidden = np.einsum("lhp,h->lp", fires, 1 << np.arange(hidden - 1, -1, -1))
        for gate in last:
            found[truth_code((gate >> pattern_of_hidden) & 1)] = True
    return np.flatnonzero(found)


def minterm_layer(n: int) -> tuple[Bits, Bits]:
    """Return weights (unit, channel) and thresholds (unit,) of 2**n units that each fire for one pattern only.

    An output unit of threshold 1 that listens to the units of the patterns it wants computes any function.

    Examples
    --------
    >>> weights, thresholds = minterm_layer(2)
    >>> threshold(binary_inputs(2), weights, thresholds).tolist()
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    """
    patterns = binary_inputs(n)
    return 2 * patterns - 1, patterns.sum(axis=1)


def _check_small(n: int) -> None:
    if not 1 <= n <= 4:
        raise BadInput("number of inputs", got=str(n), expected="1 to 4", repair="5 inputs have 2**32 functions.")
