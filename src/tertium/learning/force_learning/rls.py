"""Recursive least squares: the best linear read-out of all samples so far, updated by one sample at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


class RecursiveLeastSquares:
    """The running inverse correlation matrix P of what a read-out sees, and the change of weights that it implies.

    ``P_t = (regulariser * I + sum_s r_s r_s')^-1`` is kept up to date by one product a sample (Sussillo & Abbott 2009).
    Weights changed by what `step` returns are, after every sample, those with the least
    ``sum_s |W r_s - f_s|^2 + regulariser |W - W_0|^2`` over all samples so far.

    Parameters
    ----------
    size : tuple of int
        Numbers of inputs; or (read-outs, inputs) for so many read-outs that each see inputs of their own.
    regulariser : float
        Called alpha in the paper; small is fast and rough. Between 1 and 100 for networks of hundreds of units.

    Attributes
    ----------
    inverse : numpy.ndarray, shape (..., input, input)
        P.

    Raises
    ------
    BadInput
        If the regulariser is not positive.

    Examples
    --------
    >>> rls, weights = RecursiveLeastSquares((1,), regulariser=1.0), np.zeros((1, 1))
    >>> for _ in range(3):
    ...     r, target = np.array([1.0]), 2.0
    ...     weights += rls.step(r, weights @ r - target)
    >>> weights.round(6).item()      # 3 * 2 / (1 + 3), the ridge solution
    1.5
    """

    def __init__(self, size: tuple[int, ...], regulariser: float = 1.0) -> None:
        if not regulariser > 0:
            raise BadInput("regulariser", got=repr(regulariser), expected="a number above 0", repair="Pass 1.0.")
        self.inverse = np.tile(np.eye(size[-1]) / regulariser, (*size[:-1], 1, 1))

    def step(self, inputs: Floats, error: Floats) -> Floats:
        """Take in a sample and return the change of the weights.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (..., input)
            What the read-outs see.
        error : numpy.ndarray
            Output minus target before the change: (output,) of read-outs that share their inputs; (read-out,) of those
            that do not.

        Returns
        -------
        numpy.ndarray, shape (output or read-out, input)
        """
        gain = (self.inverse @ inputs[..., None])[..., 0]
        scale = 1 / (1 + (inputs * gain).sum(-1, keepdims=True))
        half = np.sqrt(scale) * gain  # the outer product of a vector with itself is symmetric to the last bit
        self.inverse -= half[..., :, None] * half[..., None, :]
        return np.asarray(-error[:, None] * (scale * gain))
