"""Noise ceilings of responses: how much of a unit's response any model could explain, from repeats or from subjects.

At least six quantities go by the name "noise ceiling". Those here are defined in `CEILINGS`; every result carries its
definition and its assumptions in words. The ceiling of a dissimilarity matrix over subjects is another one (`rsa`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.compare.ceilings.across_subjects import Via, inter_subject
from tertium.compare.ceilings.definitions import DEFINITIONS, Method
from tertium.compare.ceilings.estimate import Estimate
from tertium.compare.ceilings.explainable import explainable_variance
from tertium.compare.ceilings.reliability import signal_power, split_half
from tertium.compare.ceilings.repeated import leave_one_repeat_out, oracle
from tertium.compare.ceilings.result import NoiseCeiling
from tertium.compare.ceilings.subject_bounds import leave_one_subject_out
from tertium.compare.ceilings.subjects import subjects_of
from tertium.compare.ceilings.time_courses import temporal
from tertium.compare.ceilings.trials import Repeats, repeats_of
from tertium.errors import BadInput, unknown_name
from tertium.rng import Seeds

__all__ = ["CEILINGS", "NoiseCeiling", "noise_ceiling"]

#: Every noise ceiling by name: what it is, and what it assumes.
CEILINGS = DEFINITIONS


def noise_ceiling(
    responses: xr.DataArray | Mapping[str, xr.DataArray],
    method: Method = "split_half",
    by: str = "stimulus",
    *,
    seed: int = 0,
    n_splits: int = 100,
    constant: Literal["raise", "zero"] = "raise",
    subject: str = "subject",
    via: Via = "ridge",
    cv: int = 5,
) -> NoiseCeiling:
    """Estimate how much of each unit's response could be explained at all, from repeats of the same stimuli.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit), or mapping of str to such
        Single trials. Every time bin counts as a response of its own (average over time first if that is not meant).
        For "loso" and "inter_subject": one table a subject, or one table with a label of its trials or units that
        names the subject.
    method : str
        One of `CEILINGS`. From repeats: "split_half", "signal_power", "feve", "loo", "oracle", "temporal"; from
        subjects: "loso" (leave one subject out) and "inter_subject". See Notes.
    by : str
        Label of the trials that says which are repeats of one another. Where there is no label "stimulus", "condition"
        is used.
    seed : int
        Seed of the random halves ("split_half").
    n_splits : int
        How many random splits to pool ("split_half").
    constant : str
        What to do with a unit whose responses never change: "raise", or "zero" (there is nothing to explain).
    subject : str
        Label that names the subject.
    via : {"ridge", "mean"}
        How "inter_subject" predicts: by regression on the other subjects' units, or by their mean where units
        correspond.
    cv : int
        Folds of that regression.

    Returns
    -------
    NoiseCeiling

    Raises
    ------
    BadInput
        If a stimulus was shown once only, there are too few stimuli and time bins (fewer than four), the label is
        missing, a unit is constant, there is one subject only, or stimuli (or units, where they must) do not
        correspond.
    UnknownName
        If there is no such method.

    Notes
    -----
    Let S be the variance of the true mean response over stimuli, N the variance of single trials around it, n the
    number of repeats (unequal numbers enter as the mean of N / n over stimuli, each with its own N).

    "split_half" and "signal_power" estimate the same number, S / (S + N / n): the squared correlation of a perfect
    model with the mean responses, and the reliability of those means. "split_half" takes the covariance C of the
    two halves' means, over random splits, as S; divided by the variance V of the full means this *is* the Spearman-
    Brown formula, 2 r / (1 + r) with r = C / mean variance of the halves, but holds for odd and unequal numbers too.
    "signal_power" takes S = V - mean(N / n), the limit of all splits (Sahani & Linden 2003), without chance.

    The ratio of two unbiased estimates is biased low, by about 2 (1 - value) / stimuli, and so is the usual mean
    of corrected correlations. 1 - value is a ratio of mean squares, 1 / F, whose expectation is known: it is
    multiplied by (p - 3) / (p - 1), p = stimuli x time bins. The estimate is then unbiased for normal signal and
    noise (stimuli a sample of many). For one fixed set of stimuli it is slightly high, by at most about .013 at 20
    stimuli and .006 at 50. Time bins that go together in the signal count for less than p; with few stimuli and long
    smooth responses some of the low bias is left.

    "feve" is S / (S + N), of single trials. "loo" and "oracle" are correlations of single repeats with the mean of the
    others, S / sqrt((S + N)(S + N / (n - 1))); "loo" has the upper bound too. "loso" is the same with subjects in place
    of repeats. "temporal" is S / (S + N / n) with variances over time, within stimuli. Bias and interval of all of
    these come from the jackknife over stimuli. `CEILINGS` says what each assumes; each `Estimate` in
    `tertium.compare.ceilings` says how its interval covered in simulation.

    References
    ----------
    Spearman, C. (1910) and Brown, W. (1910). British Journal of Psychology 3:271 and 3:296. Sahani, M. & Linden, J. F.
    (2003). How linear are auditory cortical responses? NIPS 15. Hsu, A., Borst, A. & Theunissen, F. E. (2004).
    Quantifying variability in neural responses. Network 15:91. Schoppe, O. et al. (2016). Measuring the performance of
    neural models. Frontiers in Computational Neuroscience 10:10. McGraw, K. O. & Wong, S. P. (1996). Forming
    inferences about some intraclass correlation coefficients. Psychological Methods 1:30 (the interval). Cadena, S. A.
    et al. (2019). PLoS Comput Biol 15:e1006897 ("feve"). Walker, E. Y. et al. (2019). Nature Neuroscience 22:2060
    ("oracle"). Nili, H. et al. (2014). PLoS Comput Biol 10:e1003553 ("loso"). Schrimpf, M. et al. (2021). PNAS
    118:e2105646118 ("inter_subject").

    Examples
    --------
    >>> from tertium.data.responses import make_responses
    >>> rng = np.random.default_rng(0)
    >>> signal = np.repeat(rng.normal(size=200), 8)                  # 200 stimuli, 8 repeats
    >>> r = make_responses((signal + 2.0 * rng.normal(size=1600))[:, None],
    ...                    trial={"stimulus": np.repeat(np.arange(200), 8)})
    >>> ceiling = noise_ceiling(r)                                   # truth: 1 / (1 + 4 / 8) = 0.667
    >>> bool(ceiling.lower[0] < 2 / 3 < ceiling.upper[0]), ceiling.n_repeats[:3].tolist()
    (True, [8, 8, 8])
    >>> share = noise_ceiling(r, "feve")                             # truth: 1 / (1 + 4) = 0.2
    >>> bool(share.lower[0] < 0.2 < share.upper[0])
    True
    """
    if method not in DEFINITIONS:
        raise unknown_name("method", str(method), DEFINITIONS)
    if isinstance(n_splits, bool) or not isinstance(n_splits, int | np.integer) or n_splits < 1:
        raise BadInput("n_splits", got=repr(n_splits), expected="a whole number, at least 1", repair="")
    if DEFINITIONS[method].subjects:
        return _over_subjects(responses, method, by, subject, via, cv, constant)
    repeats = repeats_of(_one_table(responses, method), by)
    still = _still(repeats.values.reshape(-1, len(repeats.units)), repeats.units, constant)
    found, blocks = _from_repeats(repeats, method, n_splits, seed)
    low, high = int(repeats.n_repeats.min()), int(repeats.n_repeats.max())
    shown = f"{low} repeats" if low == high else f"{low} to {high} repeats"
    words = {"{n}": shown, "{blocks}": blocks}
    return _result(found, still, repeats.units, method, words, repeats.n_repeats, 1)


def _from_repeats(repeats: Repeats, method: str, n_splits: int, seed: int) -> tuple[Estimate, str]:
    """Return the estimate, and the blocks that a jackknife over time left out."""
    if method == "temporal":
        return temporal(repeats)
    if method == "split_half":
        return split_half(repeats, n_splits, Seeds(seed).numpy("splits")), ""
    of = {
        "signal_power": signal_power,
        "feve": explainable_variance,
        "loo": leave_one_repeat_out,
        "oracle": oracle,
    }
    return of[method](repeats), ""


def _over_subjects(
    responses: xr.DataArray | Mapping[str, xr.DataArray],
    method: str,
    by: str,
    subject: str,
    via: Via,
    cv: int,
    constant: str,
) -> NoiseCeiling:
    if via not in ("ridge", "mean"):
        raise BadInput("via", got=repr(via), expected="'ridge' or 'mean'", repair="")
    subjects = subjects_of(responses, by, subject)
    each = [means.reshape(-1, means.shape[2]) for means in subjects.means]
    n = len(subjects.names)
    if method == "loso":
        means, units = subjects.corresponding(method)
        still = np.any([_still(rows, units, constant) for rows in each], axis=0)
        found = leave_one_subject_out(means)
    else:
        names = zip(subjects.names, subjects.units, strict=True)
        full = [tuple(f"{name}/{unit}" for unit in own) for name, own in names]
        still = np.concatenate([_still(rows, own, constant) for rows, own in zip(each, full, strict=True)])
        found, units = inter_subject(subjects, via, cv)
    how = {"ridge": f"ridge regression, {cv} folds", "mean": "mean of the corresponding unit"}[via]
    return _result(found, still, units, method, {"{n}": f"{n} subjects", "{via}": how}, subjects.n_repeats, n)


def _result(
    found: Estimate,
    still: npt.NDArray[np.bool_],
    units: tuple[str, ...],
    method: str,
    words: Mapping[str, str],
    n_repeats: npt.NDArray[np.int64],
    n_subjects: int,
) -> NoiseCeiling:
    """Put numbers and words together; units that never change have a ceiling of 0."""
    says = DEFINITIONS[method].says
    for mark, word in words.items():
        says = says.replace(mark, word)
    value, lower, upper, interval = (
        np.where(still, 0.0, part) for part in (found.value, found.lower, found.upper, found.interval)
    )
    return NoiseCeiling(
        value=value,
        lower=lower,
        upper=upper,
        units=units,
        method=method,
        definition=says,
        assumes=DEFINITIONS[method].assumes,
        n_repeats=n_repeats,
        signal=found.signal,
        noise=found.noise,
        interval=interval,
        n_subjects=n_subjects,
    )


def _one_table(responses: xr.DataArray | Mapping[str, xr.DataArray], method: str) -> xr.DataArray:
    if isinstance(responses, Mapping) and not isinstance(responses, xr.DataArray | xr.Dataset):
        raise BadInput(
            "responses",
            got=f"{len(responses)} tables for method '{method}'",
            expected="one table",
            repair="Take them one by one; 'loso' and 'inter_subject' take one table a subject.",
        )
    return responses


def _still(values: npt.NDArray[np.float64], units: tuple[str, ...], constant: str) -> npt.NDArray[np.bool_]:
    """Return which units, columns of (sample, unit), never change; refuse them unless told otherwise."""
    still = values.min(axis=0) == values.max(axis=0)
    if still.any() and constant != "zero":
        raise BadInput(
            "responses",
            got=f"the same number on all trials in {int(still.sum())} units, first '{units[int(still.argmax())]}'",
            expected="units that respond",
            repair="Drop them, or pass constant='zero' to give them a ceiling of 0.",
        )
    return np.asarray(still)
