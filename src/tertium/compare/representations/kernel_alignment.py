"""Centred kernel alignment: whether two representations find the same samples alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy.typing as npt
import torch

from tertium.compare.representations.kernels import (
    Kernel,
    centred_gram,
    check_kernel,
    corrected,
    gram,
    linear_dependence,
    linear_products,
)
from tertium.compare.representations.samples import Number, Samples, answer, compared, read_pair
from tertium.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr


def cka(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    unbiased: bool = True,
    kernel: Kernel = "linear",
    bandwidth: float = 1.0,
    by: str = "condition",
) -> Number:
    """Similarity, up to 1: centred kernel alignment of two representations (Kornblith et al. 2019).

    The cosine of the angle between two centred Gram matrices. Unchanged by rotations and by one scale for all units of
    either. With few samples and many units the biased form approaches 1 even for independent noise; the unbiased one is
    0 in the mean then, and may be negative.

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples; see `tertium.compare.cca`.
    unbiased : bool
        By the U-statistic of Song et al. 2012 (used so by Nguyen, Raghu & Kornblith 2021).
    kernel : {"linear", "rbf"} or function
        "rbf" is ``exp(-d^2 / (2 s^2))``, s being ``bandwidth`` times the median distance of two samples. A function
        takes a tensor (sample, unit), centred, and returns its Gram matrix.
    bandwidth : float
        See ``kernel``.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        If samples do not match, or there are fewer than four and ``unbiased``.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, noise = rng.normal(size=(50, 20)), rng.normal(size=(50, 400))
    >>> turned = X @ np.linalg.qr(rng.normal(size=(20, 20)))[0]
    >>> round(cka(X, turned), 9), round(cka(X, noise), 1), round(cka(X, noise, unbiased=False), 1)
    (1.0, 0.0, 0.5)
    """
    return compared(Alignment(unbiased, kernel, bandwidth), *read_pair(X, Y, by))


def minibatch_cka(
    batches: Iterable[tuple[xr.DataArray | npt.ArrayLike | torch.Tensor, xr.DataArray | npt.ArrayLike | torch.Tensor]],
    *,
    kernel: Kernel = "linear",
    bandwidth: float = 1.0,
    by: str = "condition",
) -> Number:
    """Similarity, up to 1: unbiased centred kernel alignment from batches of samples (Nguyen et al. 2021).

    The three dependences of `cka` are averaged over batches before they are divided. Each average is that of all
    samples in the mean, whatever the size of the batches; the noise falls with their number. One batch at a time is
    held.

    Parameters
    ----------
    batches : iterable of pairs (X, Y)
        Each as in `cka`, at least four samples.
    kernel, bandwidth, by
        As in `cka`. The median distance of "rbf" is that of each batch.

    Returns
    -------
    float, or tensor with a gradient (float64) if a tensor was given

    Raises
    ------
    BadInput
        As `cka`; if there is no batch.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(4000, 5))
    >>> Y = X + rng.normal(size=(4000, 5))
    >>> batches = ((X[i : i + 40], Y[i : i + 40]) for i in range(0, 4000, 40))
    >>> abs(minibatch_cka(batches) - cka(X, Y)) < 0.02
    True
    """
    measure = Alignment(True, kernel, bandwidth)
    sums: torch.Tensor | None = None
    last: tuple[Samples, ...] = ()
    for X, Y in batches:
        last = read_pair(X, Y, by)
        first, second = (measure.prepare(one) for one in last)
        mixed = measure.dependence_of(first.features, second.features)
        found = torch.stack([mixed, first.own, second.own])
        sums = found if sums is None else sums + found
    if sums is None:
        raise BadInput("batches", got="none", expected="at least one pair (X, Y)")
    return answer(sums[0] / (sums[1] * sums[2]).sqrt(), *last)


@dataclass(frozen=True, eq=False)
class Kernelised:
    """One representation made ready: centred responses (linear kernel) or a Gram matrix, and its own dependence."""

    features: torch.Tensor
    own: torch.Tensor


@dataclass(frozen=True)
class Alignment:
    """Options of `cka`, and its two steps: what each representation needs once, and what each pair needs."""

    unbiased: bool = True
    kernel: Kernel = "linear"
    bandwidth: float = 1.0
    is_distance: ClassVar[bool] = False
    is_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_kernel(self.kernel, self.bandwidth)

    def prepare(self, x: Samples) -> Kernelised:
        """Return the representation with its own dependence.

        Raises
        ------
        BadInput
            If there are too few samples, or all are equally alike.
        """
        self._check(x)
        if self.kernel == "linear":
            features, least = x.values, float(x.values.detach().square().sum()) ** 2 / x.n_samples**2
        else:
            features = centred_gram(gram(x.values, self.kernel, self.bandwidth), unbiased=self.unbiased)
            least = 1.0
        own = self.dependence_of(features, features)
        if not float(own.detach()) > 1e-13 * least:
            raise BadInput(x.name, got="samples all equally alike", expected="some that are more alike than others")
        return Kernelised(features, own)

    def between(self, first: Kernelised, second: Kernelised) -> torch.Tensor:
        """Return the similarity of two."""
        return self.dependence_of(first.features, second.features) / (first.own * second.own).sqrt()

    def dependence_of(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the dependence of two representations made ready."""
        if self.kernel == "linear":
            return linear_dependence(first, second, unbiased=self.unbiased)
        return (first * second).sum()

    def all_pairs(self, samples: Sequence[Samples]) -> torch.Tensor:
        """Return the similarities of all pairs, shape (representation, representation).

        Equal to `between` for each pair, without a Gram matrix for each (linear kernel).
        """
        if self.kernel == "linear":
            for x in samples:
                self._check(x)
            norms = torch.stack([x.values.square().sum(1) for x in samples])
            products = linear_products([x.values for x in samples])
            products = corrected(products, norms[:, None], norms[None], unbiased=self.unbiased)
        else:
            flat = torch.stack([self.prepare(x).features.flatten() for x in samples])
            products = flat @ flat.T
        sizes = products.diagonal().sqrt()
        return products / sizes / sizes[:, None]

    def _check(self, x: Samples) -> None:
        if self.unbiased and x.n_samples < 4:
            raise BadInput(x.name, got=f"{x.n_samples} samples", expected="at least 4 for unbiased=True")
