"""`encode`: responses predicted from features on samples that were not fitted, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy.typing as npt

from tertium.compare.encoding.blockwise import executor
from tertium.compare.encoding.encoder import Encoder, KeptEncoders
from tertium.compare.encoding.memory import memory_need, say
from tertium.compare.encoding.models.banded_ridge import BandedRidge
from tertium.compare.encoding.models.kernel_ridge import KernelRidge
from tertium.compare.encoding.models.matched import OneToOne, SoftMatched
from tertium.compare.encoding.models.partial_least_squares import PartialLeastSquares
from tertium.compare.encoding.models.poisson import PoissonRidge
from tertium.compare.encoding.models.readouts.factorised import FactorisedReadout
from tertium.compare.encoding.models.reduced_rank import ReducedRank
from tertium.compare.encoding.models.ridge import Ridge
from tertium.compare.encoding.models.spaces.stacked import Stacked
from tertium.compare.encoding.scoring import scored
from tertium.compare.encoding.tables import Table, matched_tables
from tertium.compare.validation.agreement import Agreement
from tertium.compare.validation.folds import CrossValidation, as_cross_validation
from tertium.compare.validation.score import Score
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

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

#: Models whose making ready takes features, folds and a precision, and nothing else of the targets.
OF_FEATURES: tuple[type[Encoder], ...] = (Ridge, KernelRidge, BandedRidge, Stacked)


def encode(
    X: xr.DataArray | npt.ArrayLike,
    Y: xr.DataArray | npt.ArrayLike,
    method: str | Encoder = "ridge",
    *,
    cv: int | CrossValidation = 5,
    by: str = "stimulus",
    measure: Agreement = "correlation",
    n_bootstrap: int = 200,
    memory: float | None = None,
    seed: int = 0,
    constant: Literal["raise", "zero"] = "raise",
    scheduler: str | Client | None = None,
) -> Score:
    """Ask how well the responses of each unit are predicted by features, on stimuli that were not fitted.

    Parameters
    ----------
    X : responses, or array-like of shape (sample, feature)
        Features, usually the responses of a network. May be opened lazily, or be a zarr array, and larger than memory:
        columns are read in blocks, whole chunks of the store at a time (`PoissonRidge` holds all features).
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
    memory : float, optional
        Gigabytes that may be taken beside X and Y, where those are in memory: products of samples and predictions under
        all penalties, which are held whole, and blocks of features and units. By default 0.3 GB for blocks (1 GB where
        hats are made again for each), beside what is held whole, as far as the machine has it. On a terminal more than
        half a gigabyte is said beforehand. Every task of a ``scheduler`` may take as much.
    seed : int
        Of the draws.
    constant : {"raise", "zero"}
        Units that answer all stimuli alike are refused, with their names, or score 0.
    scheduler : str or distributed.Client, optional
        Address of a Dask scheduler ("tcp://host:8786"), or a client: blocks of units are then worked on by its workers
        (``pip install 'tertium[cluster]'``). Scores are the same up to rounding (1e-12), since blocks are narrower.
        Arrays are sent to the workers once; of responses opened from a zarr store only the path is.

    Returns
    -------
    Score
        With a ceiling where stimuli were repeated.

    Raises
    ------
    BadInput
        If stimuli do not match (which is said), numbers are not finite, a unit is constant, there are fewer samples
        than folds, fewer than 3 samples in a tested part, what is held whole and one block exceed ``memory`` or the
        machine, or the scheduler cannot be reached or has no workers.
    MissingPackage
        If a scheduler is given and Dask is not installed.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(200, 10))
    >>> responses = features @ rng.normal(size=(10, 3)) + rng.normal(size=(200, 3))
    >>> score = encode(features, responses)
    >>> (score.value > 0.8).all().item(), score.folds.shape
    (True, (5, 3))
    """
    return encode_tables(
        *matched_tables(X, Y, by), method, cv=cv, measure=measure, n_bootstrap=n_bootstrap, memory=memory, seed=seed,
        constant=constant, scheduler=scheduler,
    )  # fmt: skip


def encode_tables(
    features: Table,
    targets: Table,
    method: str | Encoder = "ridge",
    *,
    cv: int | CrossValidation = 5,
    measure: Agreement = "correlation",
    n_bootstrap: int = 200,
    memory: float | None = None,
    seed: int = 0,
    constant: Literal["raise", "zero"] = "raise",
    scheduler: str | Client | None = None,
    kept: KeptEncoders | None = None,
) -> Score:
    """Do what `encode` does with tables that are matched already.

    Parameters
    ----------
    features, targets : Table
    method, cv, measure, n_bootstrap, memory, seed, constant, scheduler
        As of `encode`.
    kept : KeptEncoders, optional
        Models made ready in earlier calls, of the same method, cv and memory: where the method looks at features alone,
        hats are made once for all targets.
    """
    encoder = _encoder(method)
    if measure not in get_args(Agreement):
        raise BadInput("measure", got=repr(measure), expected=" or ".join(f"'{m}'" for m in get_args(Agreement)))
    if isinstance(n_bootstrap, bool) or n_bootstrap < 0:
        raise BadInput("n_bootstrap", got=f"{n_bootstrap}", expected="0 for no intervals, or a number of draws")
    if constant not in ("raise", "zero"):
        raise BadInput("constant", got=repr(constant), expected="'raise' or 'zero'")
    labels, whose = targets.labels() or features.labels(), kept if type(encoder) in OF_FEATURES else None
    known = whose.find(features, labels, targets.precision) if whose else None
    folds = known[0] if known else as_cross_validation(cv, labels).split(targets.n, labels)
    smallest = min(len(tested) for _, tested in folds)
    if smallest < 3:
        raise BadInput(
            "cross-validation",
            got=f"a tested part of {smallest} samples",
            expected="at least 3, without which a score of a fold means nothing",
            repair="Use fewer folds, or more stimuli.",
        )
    need = memory_need(encoder, features, targets, folds, n_bootstrap, memory)
    say(need)
    with executor(scheduler) as where:
        ready = known[1] if known else encoder.prepare(features, targets, folds, need.width)
        if whose and not known:
            whose.keep(features, labels, targets.precision, (folds, ready), need.held.kept)
        return scored(ready, targets, folds, measure, n_bootstrap, need.width, seed, where, constant)


def _encoder(method: str | Encoder) -> Encoder:
    if isinstance(method, Encoder):
        return method
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    return METHODS[method]()
