"""Distances between the shapes of two representations: angles after the best rotation, which are true metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy.typing as npt
import torch

from tertium.compare.representations.kernels import Kernel, centred_gram, check_kernel, gram
from tertium.compare.representations.samples import Number, Samples, compared, read_pair
from tertium.compare.representations.spectral import angle, cross_norm, narrowed, polar_factor, root
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr


def procrustes(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    alpha: float = 1.0,
    *,
    by: str = "condition",
) -> Number:
    """Distance, 0 to pi / 2: the angle (rad) between two representations after the best rotation.

    Responses are centred and scaled to unit size, partly whitened, and rotated or reflected onto each other. A true
    metric for every ``alpha``: symmetric, with the triangle inequality, and 0 only for shapes that are alike, so that
    representations can be clustered and laid out (Williams et al. 2021). The one with fewer units is filled up with
    zeros.

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples; see `tertium.compare.cca`.
    alpha : float
        1: unchanged by rotations (angular Procrustes distance). 0: fully whitened, unchanged by all invertible linear
        maps, the arc cosine of the mean canonical correlation (of equal ranks). Between: ``X (alpha I + (1 - alpha) (X'
        X)^(-1/2))``, where X is scaled so that both terms have one size; unchanged by rotations.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor
        Two that are alike are some 1e-8 rad apart, by rounding.

    Raises
    ------
    BadInput
        If samples do not match; for ``alpha=0`` if a representation has as many dimensions as samples.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 3))
    >>> turned, sheared = X[:, [2, 0, 1]] * [1, -1, 1], X @ [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    >>> procrustes(X, turned) < 1e-7, procrustes(X, sheared) > 0.2, procrustes(X, sheared, alpha=0) < 1e-7
    (True, True, True)
    """
    return compared(Shape(alpha), *read_pair(X, Y, by))


def bures(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    kernel: Kernel = "linear",
    bandwidth: float = 1.0,
    by: str = "condition",
) -> Number:
    """Distance, 0 to pi / 2: the Bures angle (rad) between the Gram matrices of two representations.

    ``arccos(F / sqrt(tr K tr L))`` with the fidelity ``F = tr (K^(1/2) L K^(1/2))^(1/2)`` of the centred Gram matrices.
    A metric. For the linear kernel equal to `procrustes` (Harvey, Larsen & Williams 2024), found by another way, and
    the cheaper one with more units than samples; other kernels give Procrustes' distance in their feature spaces.

    Parameters
    ----------
    X, Y, by
        As in `procrustes`.
    kernel, bandwidth
        As in `tertium.compare.cka`; a function has to give a positive semi-definite matrix.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        If samples do not match, or a Gram matrix is not positive semi-definite.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.normal(size=(2, 30, 5))
    >>> abs(bures(X, Y) - procrustes(X, Y)) < 1e-7
    True
    """
    return compared(GramShape(kernel, bandwidth), *read_pair(X, Y, by))


@dataclass(frozen=True)
class Shape:
    """Options of `procrustes`, and its two steps: what each representation needs once, and what each pair needs."""

    alpha: float = 1.0
    is_distance: ClassVar[bool] = True
    is_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise BadInput("alpha", got=f"{self.alpha}", expected="0 (whitened) to 1 (as it is)")

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return partly whitened responses of unit size, shape (sample, unit)."""
        scaled = x.values / x.values.norm()
        if self.alpha == 1:
            return scaled if scaled.requires_grad else narrowed(scaled)[0]
        white = polar_factor(scaled, x.cutoff)
        rank = round(float(white.detach().square().sum()))
        if self.alpha == 0 and rank >= x.n_samples - 1:
            raise BadInput(
                x.name,
                got=f"{rank} dimensions in {x.n_samples} samples",
                expected="fewer dimensions than samples - 1 for alpha=0: whitened, all such representations are alike",
                repair="Take more samples, or alpha above 0.",
            )
        mixed = self.alpha * rank**0.5 * scaled + (1 - self.alpha) * white
        mixed = mixed / mixed.norm()
        return mixed if mixed.requires_grad else narrowed(mixed)[0]

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the angle after the best rotation."""
        return angle(cross_norm(first, second))


@dataclass(frozen=True)
class GramShape:
    """Options of `bures`, and its two steps."""

    kernel: Kernel = "linear"
    bandwidth: float = 1.0
    is_distance: ClassVar[bool] = True
    is_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_kernel(self.kernel, self.bandwidth)

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return the root of the centred Gram matrix of unit trace."""
        centred = centred_gram(gram(x.values, self.kernel, self.bandwidth), unbiased=False)
        centred = (centred + centred.T) / 2
        trace = centred.diagonal().sum()
        least = float(torch.linalg.eigvalsh(centred.detach())[0]) if callable(self.kernel) else 0.0
        if not float(trace.detach()) > 0 or least < -1e-8 * float(trace.detach()):
            got = f"a Gram matrix with trace {float(trace.detach()):.3g} and least eigenvalue {least:.3g}"
            raise BadInput(x.name, got=got, expected="one that is positive semi-definite and not 0")
        return root(centred / trace)

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the Bures angle."""
        return angle(cross_norm(first, second))
