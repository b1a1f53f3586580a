"""A network against single units: the layer of each fold is the one that is best in the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tertium.compare import Score, encode

if TYPE_CHECKING:
    import xarray as xr


def layer_scores(
    layers: Mapping[str, xr.DataArray], responses: xr.DataArray, *, folds: int = 5, n_draws: int = 200, seed: int = 0
) -> dict[str, Score]:
    """Return the score of each layer by ridge regression, under the same folds and draws."""
    return {name: encode(layer, responses, cv=folds, n_bootstrap=n_draws, seed=seed) for name, layer in layers.items()}


def chosen(scores: Mapping[str, Score]) -> tuple[float, str]:
    """Return the mean over folds of the layer that is best in the other folds, and the layer chosen most often.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 4))
    >>> found = {"a": encode(X, X), "b": encode(rng.normal(size=(60, 4)), X)}
    >>> chosen(found)[1]
    'a'
    """
    names = list(scores)
    by_fold = np.stack([scores[name].folds.mean(1) for name in names])  # (layer, fold)
    others = by_fold.sum(1, keepdims=True) - by_fold
    best = others.argmax(0)
    value = float(by_fold[best, np.arange(by_fold.shape[1])].mean())
    return value, names[int(np.bincount(best, minlength=len(names)).argmax())]
