"""`decode`: labels read from responses on samples that were not fitted, beside chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare.decoding.decoders.classifiers import LinearDiscriminant, Logistic, SupportVectors
from tertium.compare.decoding.decoders.contract import Decoder, FloatArray, Kind
from tertium.compare.decoding.decoders.poisson_bayes import PoissonBayes
from tertium.compare.decoding.decoders.ridge_readout import RidgeReadout
from tertium.compare.decoding.decoders.small_network import SmallNetwork
from tertium.compare.decoding.engine import (
    check_folds,
    choose_scheme,
    clusters,
    decode_folds,
    score_all,
    score_folds,
    shuffled_target,
)
from tertium.compare.decoding.result import Decoded
from tertium.compare.decoding.samples import LabelsGiven, Samples, TimeUse, gather
from tertium.compare.decoding.scoring import guess, measure_name
from tertium.compare.validation.agreement import draw_counts
from tertium.compare.validation.folds import CrossValidation, Folds
from tertium.errors import BadInput, nearest, unknown_name
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

#: Methods by name, with their default options.
METHODS: dict[str, type[Decoder]] = {
    "lda": LinearDiscriminant,
    "logistic": Logistic,
    "svm": SupportVectors,
    "ridge": RidgeReadout,
    "bayes": PoissonBayes,
    "network": SmallNetwork,
}


def decode(
    R: xr.DataArray | npt.ArrayLike,
    labels: LabelsGiven,
    method: str | Decoder = "lda",
    *,
    cv: int | CrossValidation = 5,
    kind: Kind | None = None,
    time: TimeUse = "mean",
    measure: str | None = None,
    balance: bool = False,
    within: str | None = None,
    n_permutations: int = 100,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Decoded:
    """Ask how well a label can be read from responses, on samples that were not fitted, and how well by chance.

    Units are z-scored by the samples that are fitted, options chosen within them; nothing that is tested is seen
    before.

    Parameters
    ----------
    R : responses, or array-like of shape (sample, unit)
        An array (trial, time, unit) will do as well.
    labels : str, sequence of str, or array-like of shape (sample,) or (sample, variable)
        Label of the trials (of times too, with ``time="samples"``), or the values themselves. Several are decoded as
        the coordinates of one position.
    method : {"lda", "logistic", "svm", "ridge", "bayes", "network"}, or a decoder with options of one's own
        `LinearDiscriminant`, `Logistic`, `SupportVectors` for classes; `RidgeReadout` for numbers and angles;
        `PoissonBayes` (of spike counts) and `SmallNetwork` for all three.
    cv : int or CrossValidation
        Number of folds, or a scheme. A number means folds with equal shares of each class; whole stimuli are tested
        where trials of enough stimuli were repeated; of bins of a recording whole trials are tested, or stretches of
        the only one.
    kind : {"class", "number", "angle"}, optional
        What the label is, where the decoder leaves a choice; floats are numbers and all else classes if it is not
        said. Angles are in rad.
    time : {"mean", "each", "samples"}
        Average over time; or decode each time bin by itself; or take bins as samples, for labels that change in time.
    measure : str, optional
        See `Decoded`; balanced accuracy, R2, or the median error of angles if not said.
    balance : bool
        Fit as many samples of each class as the rarest has. Classes are scored alike anyway.
    within : str, optional
        Label of the trials (a session, a block) within whose values labels are shuffled.
    n_permutations : int
        Shuffles of labels for chance, each with folds of its own; 0 for none. Stimuli that are kept whole are shuffled
        whole, trials of bins too; the bins of a single recording are moved in time, which keeps its slowness.
    n_bootstrap : int
        Draws of tested samples for intervals (of whole stimuli or stretches, where folds keep them whole); 0 for none.
    seed : int

    Returns
    -------
    Decoded
        A `Score` with predictions, confusion and chance.

    Raises
    ------
    BadInput
        If labels are missing, do not fit the samples, have one value or too few samples of a class for the folds, or
        numbers are not finite.
    UnknownName
        If there is no such method.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice = np.repeat(["left", "right"], 40)
    >>> found = decode(rng.normal(size=(80, 10)) + (choice == "left")[:, None], choice)
    >>> found.mean > 0.85, found.chance, bool(found.p[0] < 0.05), found.confusion.shape
    (True, 0.5, True, (2, 2))
    """
    decoder = as_decoder(method)
    check_counts(n_permutations=n_permutations, n_bootstrap=n_bootstrap)
    samples = gather(R, labels, kind, decoder.kinds, time)
    if within is not None:
        check_label(samples, within, "within")
    name = measure_name(measure, samples.aim.kind)
    scheme = choose_scheme(cv, samples)
    folds = scheme.split(samples.n, samples.labels)
    check_folds(samples, folds)
    _check_parts(folds, name)
    seeds = Seeds(seed).child("decode")
    shuffles = [shuffled_target(samples, scheme, within, seeds.child(f"shuffle {i}")) for i in range(n_permutations)]
    if decoder.side_by_side and samples.aim.kind != "class":
        said, null = _side_by_side(samples, decoder, folds, shuffles, name, seeds)
    else:
        said = decode_folds(samples, decoder, folds, samples.target, balance=balance, seeds=seeds)
        null = _null(samples, decoder, scheme, shuffles, name, balance, seeds)
    draws = _draws(samples, folds, scheme, said, name, n_bootstrap, seed)
    of_folds = [(samples.target[a].reshape(len(a), -1), samples.target[b].reshape(len(b), -1)) for a, b in folds]
    if samples.classes:
        of_folds = [(a[:, 0], b[:, 0]) for a, b in of_folds]
    columns = samples.names if samples.values.shape[1] == 1 else tuple(f"{t:g} s" for t in samples.time)
    if time == "each" and samples.aim.variables > 1:
        raise BadInput("labels", got=f"{samples.aim.variables} for each time bin", expected="one")
    observed, predictions = _first_said(samples, folds, said)
    return Decoded(
        value=score_all(samples, folds, samples.target, said, name)[0],
        folds=score_folds(samples, folds, samples.target, said, name),
        units=columns,
        measure=name,
        chance=guess(samples.aim, name, of_folds),
        draws=draws,
        ceiling=None,
        ceiling_says="not known of a decoder",
        penalties=None,
        regions=(),
        method=decoder.says,
        n_samples=samples.n,
        kind=samples.aim.kind,
        null=null,
        classes=samples.classes,
        observed=observed,
        predictions=predictions,
        time=samples.time if time == "each" else None,
        label=", ".join(samples.names),
        n_units=len(samples.units),
        says_folds=str(scheme),
    )


def as_decoder(method: str | Decoder) -> Decoder:
    """Return a decoder, from one or from its name.

    Raises
    ------
    UnknownName
        If there is none of that name.
    """
    if isinstance(method, Decoder):
        return method
    if not isinstance(method, str) or method not in METHODS:
        raise unknown_name("method", str(method), METHODS)
    return METHODS[method]()


def check_counts(**counts: int) -> None:
    """Raise `BadInput` unless each is a whole number, 0 or more."""
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise BadInput(name, got=repr(value), expected="a whole number, 0 or more")


def check_label(samples: Samples, label: str, what: str) -> None:
    """Raise `BadInput` unless samples have a label of that name."""
    if label not in samples.labels:
        close = nearest(label, samples.labels)
        raise BadInput(
            what,
            got=f"no label '{label}' of the samples",
            expected=" or ".join(f"'{name}'" for name in samples.labels),
            repair=f"Did you mean '{close[0]}'?" if close else "",
        )


def _check_parts(folds: Folds, measure: str) -> None:
    smallest = min(len(tested) for _, tested in folds)
    if measure in ("r2", "correlation") and smallest < 3:
        raise BadInput(
            "cross-validation",
            got=f"a tested part of {smallest} samples",
            expected="at least 3, without which a score of a fold means nothing",
            repair="Use fewer folds, or measure='median_error'.",
        )


def _null(
    samples: Samples,
    decoder: Decoder,
    scheme: CrossValidation,
    shuffles: list[npt.NDArray[Any]],
    measure: str,
    balance: bool,
    seeds: Seeds,
) -> FloatArray:
    """Return scores with shuffled labels, (permutation, column); folds are made anew from the shuffled labels."""
    found = []
    for i, target in enumerate(shuffles):
        other = samples.relabelled(target)
        folds = scheme.split(samples.n, other.labels)
        said = decode_folds(other, decoder, folds, target, balance=balance, seeds=seeds.child(f"shuffle {i}"))
        found.append(score_all(other, folds, target, said, measure)[0])
    columns = samples.values.shape[1] * samples.aim.variables
    return np.array(found).reshape(len(shuffles), columns)


def _side_by_side(
    samples: Samples,
    decoder: Decoder,
    folds: Folds,
    shuffles: list[npt.NDArray[Any]],
    measure: str,
    seeds: Seeds,
) -> tuple[list[npt.NDArray[Any]], FloatArray]:
    """Return what is read of the labels, and scores of shuffled ones, all fitted at once as further targets."""
    wide = np.concatenate([samples.target, *shuffles], axis=1)
    said = decode_folds(samples, decoder, folds, wide, balance=False, seeds=seeds)
    bins, variables = samples.values.shape[1], samples.aim.variables
    scored = score_all(samples, folds, wide, said, measure)[0].reshape(bins, -1, variables)
    mine = [one.reshape(len(one), bins, -1, variables)[:, :, 0].reshape(len(one), -1) for one in said]
    return mine, scored[:, 1:].transpose(1, 0, 2).reshape(len(shuffles), bins * variables)


def _draws(
    samples: Samples,
    folds: Folds,
    scheme: CrossValidation,
    said: list[npt.NDArray[Any]],
    measure: str,
    n_draws: int,
    seed: int,
) -> FloatArray:
    """Return scores over draws of tested samples, (draw, column); none where a part has fewer than 3 to draw from."""
    together = clusters(samples, scheme)
    counts = []
    for number, (_, tested) in enumerate(folds):
        of = np.arange(len(tested)) if together is None else np.unique(together[tested], return_inverse=True)[1]
        if int(of.max()) < 2 or not n_draws:
            return np.zeros((0, said[0].shape[1]))
        counts.append(draw_counts(int(of.max()) + 1, n_draws, seed, number)[1:, of])
    return score_all(samples, folds, samples.target, said, measure, counts)


def _first_said(
    samples: Samples, folds: Folds, said: list[npt.NDArray[Any]]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return what was and what was read, (sample, column), of the first time that each sample was tested."""
    columns = said[0].shape[1]
    wide = samples.target.reshape(samples.n, -1)
    observed = np.tile(wide, (1, columns // wide.shape[1]))
    nothing = -1 if samples.classes else np.nan
    found = np.full((samples.n, columns), nothing, dtype=np.int64 if samples.classes else np.float64)
    done = np.zeros(samples.n, dtype=bool)
    for (_, tested), decoded in zip(folds, said, strict=True):
        new = ~done[tested]
        found[tested[new]] = decoded[new]
        done[tested] = True
    return observed, found
