"""Similarity of two representations by their dissimilarity matrices, as one torch function (RSA as a loss)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy.typing as npt
import torch

from tertium.compare.representations.samples import Number, Samples, compared, read_pair
from tertium.errors import BadInput, nearest

if TYPE_CHECKING:
    import xarray as xr

Metric = Literal["correlation", "cosine", "euclidean"]
Method = Literal["pearson", "cosine"]


def rdm_similarity(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    metric: Metric = "correlation",
    method: Method = "pearson",
    by: str = "condition",
) -> Number:
    """Similarity, -1 to 1: how alike the dissimilarity matrices of two representations are, with a gradient.

    The number that `tertium.compare.rsa` gives for ``rdm(X, metric)`` and ``rdm(Y, metric)``, for use as a loss or in
    `tertium.compare.pairwise`. Noise ceilings, cross-validated distances, rank methods and inference are `rsa`'s.

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples; see `tertium.compare.cca`. Each time bin is a sample here.
    metric : {"correlation", "cosine", "euclidean"}
        As in `tertium.compare.rdm`.
    method : {"pearson", "cosine"}
        As in `tertium.compare.rsa`.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor

    Raises
    ------
    BadInput
        If samples do not match, there are fewer than three, or a sample has no pattern (all units alike).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(20, 5))
    >>> round(rdm_similarity(X, 3 * X), 9)
    1.0
    """
    return compared(MatrixAgreement(metric, method), *read_pair(X, Y, by))


@dataclass(frozen=True)
class MatrixAgreement:
    """Options of `rdm_similarity`, and its two steps: what each representation needs once, and what each pair needs."""

    metric: Metric = "correlation"
    method: Method = "pearson"
    is_distance: ClassVar[bool] = False
    is_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for what, given, known in (
            ("metric", self.metric, get_args(Metric)),
            ("method", self.method, get_args(Method)),
        ):
            if given not in known:
                close = nearest(given, known)
                repair = f"Did you mean '{close[0]}'?" if close else "tertium.compare.rsa has others, without gradient."
                raise BadInput(what, got=f"'{given}'", expected=" or ".join(known), repair=repair)

    def prepare(self, x: Samples) -> torch.Tensor:
        """Return the dissimilarities of all pairs of samples, (centred and) of norm 1."""
        if x.n_samples < 3:
            raise BadInput(
                x.name, got=f"{x.n_samples} samples", expected="at least 3, whose dissimilarities can differ"
            )
        rows, columns = torch.triu_indices(x.n_samples, x.n_samples, 1, device=x.values.device)
        vector = self._dissimilarities(x)[rows, columns]
        if self.method == "pearson":
            vector = vector - vector.mean()
        size = vector.norm()
        if not float(size.detach()) > 1e-12:
            raise BadInput(x.name, got="the same dissimilarity for every pair", expected="dissimilarities that differ")
        return vector / size

    def between(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return the correlation, or cosine, of two vectors of dissimilarities."""
        return first @ second

    def _dissimilarities(self, x: Samples) -> torch.Tensor:
        if self.metric == "euclidean":
            product = x.values @ x.values.T / x.n_units
            squares = product.diagonal()
            return squares[:, None] + squares - 2 * product
        patterns = x.values + x.means
        if self.metric == "correlation":
            patterns = patterns - patterns.mean(1, keepdim=True)
        sizes = patterns.norm(dim=1)
        flat = sizes.detach() <= x.cutoff * float(patterns.detach().abs().max())
        if bool(flat.any()):
            row = int(flat.nonzero()[0])
            stimulus = f"stimulus '{x.labels[row // len(x.times)]}'" if x.labels else f"sample {row}"
            raise BadInput(
                f"{x.name}, {stimulus}",
                got="the same response in all units",
                expected=f"a pattern, without which there is no {self.metric}",
                repair="Leave it out, or use metric='euclidean'.",
            )
        patterns = patterns / sizes[:, None]
        return 1 - patterns @ patterns.T
