"""`encode`: responses predicted from features on samples that were not fitted, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
import numpy.typing as npt

from tertium.compare.ceiling import noise_ceiling
from tertium.compare.encoding.encoder import Encoder, ReadyEncoder
from tertium.compare.encoding.models.banded_ridge import BandedRidge
from tertium.compare.encoding.models.kernel_ridge import KernelRidge
from tertium.compare.encoding.models.matched import OneToOne, SoftMatched
from tertium.compare.encoding.models.partial_least_squares import PartialLeastSquares
from tertium.compare.encoding.models.poisson import PoissonRidge
from tertium.compare.encoding.models.readouts.factorised import FactorisedReadout
from tertium.compare.encoding.models.reduced_rank import ReducedRank
from tertium.compare.encoding.models.ridge import Ridge
from tertium.compare.encoding.models.spaces.stacked import Stacked
from tertium.compare.encoding.tables import Table, matched_tables
from tertium.compare.validation.agreement import CHANCE, Agreement, agreement, draw_counts
from tertium.compare.validation.folds import CrossValidation, Folds, as_cross_validation
from tertium.compare.validation.score import Score
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

#: Methods by name, with their default options.
METHODS: dict[str, type[Encoder]] = {
    "ridge": Ridge,
    "banded_ridge": BandedRidge,
    "pls": PartialLeastSquares,
    "kernel_ridge": KernelRidge,
    "reduced_rank": ReducedRank,
    "poisson": PoissonRidge,
    "stacking": Stacked,
    "one_to_one": OneToOne,
    "soft_matching": SoftMatched,
    "factorised": FactorisedReadout,
}

_GIGABYTE = 1e9


def encode(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    method: str | Encoder = "ridge",
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    measure: Agreement = "correlation",
    n_bootstrap: int = 200,
    memory: float = 1.0,
    seed: int = 0,
) -> Score:
    """Ask how well the responses of each unit are predicted by features, on stimuli that were not fitted.

    Parameters
    ----------
    X : responses, or array-like of shape (sample, feature)
        Features, usually the responses of a network. May be opened lazily.
    Y : responses, or array-like of shape (sample, unit)
        What is predicted. Trials of a stimulus are averaged, and their scatter gives the ceiling. May be opened
        lazily: units are read in blocks. Where X and Y are both labelled they are matched by stimulus. Computed in
        float32 if that is what is given, in float64 otherwise.
    method : str, or an object with own options
        "ridge" (`Ridge`), "banded_ridge" (`BandedRidge`), "kernel_ridge" (`KernelRidge`), "pls"
        (`PartialLeastSquares`), "reduced_rank" (`ReducedRank`), "stacking" (`Stacked`), "one_to_one" (`OneToOne`),
        "soft_matching" (`SoftMatched`), "factorised" (`FactorisedReadout`, for layers of channels by places), and for
        spike counts "poisson" (`PoissonRidge`).
    cv : int or CrossValidation
        Number of folds, or `KFold`, `GroupedKFold`, `BlockedKFold`, `LeaveOneOut`. With a number, whole stimuli are
        tested. Penalties are chosen by the same scheme within the samples that are fitted. Pass the same to every model
        that is compared.
    by : str
        Label of the trials that says which stimulus was shown.
    measure : {"correlation", "r2", "deviance"}
        See `Score`.
    n_bootstrap : int
        Draws of tested samples, within each fold, for intervals; 0 for none. The fits stay as they are.
    memory : float
        Gigabytes that blocks of features and units may take, beside products of samples with samples (8 n^2 bytes
        each, a handful for each fold).
    seed : int
        Of the draws.

    Returns
    -------
    Score
        With a ceiling where stimuli were repeated.

    Raises
    ------
    BadInput
        If stimuli do not match (which is said), numbers are not finite, there are fewer samples than folds, fewer than
        3 samples in a tested part, or ``memory`` does not hold one block.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 10))
    >>> responses = features @ rng.normal(size=(10, 3)) + rng.normal(size=(200, 3))
    >>> score = encode(features, responses)
    >>> (score.value > 0.8).all().item(), score.folds.shape
    (True, (5, 3))
    """
    encoder = _encoder(method)
    if measure not in get_args(Agreement):
        raise BadInput("measure", got=repr(measure), expected=" or ".join(f"'{m}'" for m in get_args(Agreement)))
    if isinstance(n_bootstrap, bool) or n_bootstrap < 0:
        raise BadInput("n_bootstrap", got=f"{n_bootstrap}", expected="0 for no intervals, or a number of draws")
    features, targets = matched_tables(X, Y, by)
    labels = targets.labels() or features.labels()
    folds = as_cross_validation(cv, labels).split(targets.n, labels)
    smallest = min(len(tested) for _, tested in folds)
    if smallest < 3:
        raise BadInput(
            "cross-validation",
            got=f"a tested part of {smallest} samples",
            expected="at least 3, without which a score of a fold means nothing",
            repair="Use fewer folds, or more stimuli.",
        )
    width = _width(targets, n_bootstrap, memory)
    ready = encoder.prepare(features, targets, folds, width)
    return _scored(ready, targets, folds, measure, n_bootstrap, width, seed)


def _scored(
    ready: ReadyEncoder, targets: Table, folds: Folds, measure: Agreement, draws: int, width: int, seed: int
) -> Score:
    counts = [draw_counts(len(tested), draws, seed, i) for i, (_, tested) in enumerate(folds)]
    by_fold, drawn = np.empty((len(folds), targets.width)), np.zeros((draws, targets.width))
    penalties = np.full((len(folds), targets.width), np.nan)
    repeated = bool((targets.repeats > 1).all())
    ceiling = np.empty(targets.width) if repeated and measure in _CEILING else None
    for where, block in targets.blocks(width):
        block = block.astype(targets.precision, copy=False)
        for i, (_, tested) in enumerate(folds):
            found = ready.predict(i, block)
            values = agreement(
                np.asarray(block[tested], dtype=np.float64), found.values, found.fitted_mean, counts[i], measure
            )
            by_fold[i, where] = values[0]
            drawn[:, where] += values[1:] / len(folds)
            if found.penalties is not None:
                penalties[i, where] = found.penalties
        if ceiling is not None:
            ceiling[where] = _ceiling(targets, where, measure)
    return Score(
        value=by_fold.mean(0),
        folds=by_fold,
        units=targets.columns,
        measure=measure,
        chance=CHANCE[measure],
        draws=drawn,
        ceiling=ceiling,
        ceiling_says="no stimulus was repeated" if not repeated else _CEILING.get(measure, "none is known for D2"),
        penalties=None if np.isnan(penalties).any() else penalties,
        regions=targets.regions,
        method=ready.says,
        n_samples=targets.n,
    )


_CEILING = {
    "correlation": "correlation of a perfect model with the mean responses: the root of their reliability, by signal "
    "power (Sahani & Linden 2003)",
    "r2": "R2 of a perfect model on the mean responses: their reliability, by signal power (Sahani & Linden 2003)",
}


def _ceiling(targets: Table, where: slice, measure: Agreement) -> FloatArray:
    found = noise_ceiling(targets.source.isel(unit=where), "signal_power", by=targets.by, constant="zero")
    return found.correlation if measure == "correlation" else found.value


def _encoder(method: str | Encoder) -> Encoder:
    if isinstance(method, Encoder):
        return method
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    return METHODS[method]()


def _width(targets: Table, draws: int, memory: float) -> int:
    """Return how many columns fit into memory: all samples, their predictions and errors under ten penalties, draws."""
    bytes_each = 8 * (25 * targets.n + 8 * (1 + draws))
    trials = 1 if targets.codes is None else len(targets.codes) * targets.bins / targets.n
    bytes_each += int(16 * trials * targets.n)
    width = int(memory * _GIGABYTE / bytes_each)
    if width < 1:
        raise BadInput(
            "memory",
            got=f"{memory} GB",
            expected=f"at least {bytes_each / _GIGABYTE:.2g} GB, for one unit of {targets.n} samples",
        )
    return min(width, targets.width)
