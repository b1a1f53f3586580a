"""What each noise ceiling is, in words, and what it assumes: the table that every result quotes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["split_half", "signal_power", "feve", "loo", "oracle", "loso", "inter_subject", "temporal"]


@dataclass(frozen=True)
class Definition:
    """One noise ceiling in words.

    Attributes
    ----------
    says : str
        What the numbers are; "{n}" stands for the repeats (or subjects) there were.
    assumes : str
        What must be true of the responses for the numbers to be that.
    scale : {"reliability", "share", "correlation"}
        Share of the variance of mean responses, share of the variance of single trials, correlation.
    bounds : bool
        Whether ``lower`` and ``upper`` are two ceilings; otherwise they are the ends of the interval.
    subjects : bool
        Whether it is estimated from subjects; otherwise from repeats.
    """

    says: str
    assumes: str
    scale: Literal["reliability", "share", "correlation"]
    bounds: bool = False
    subjects: bool = False


_RELIABILITY = (
    "share of the variance over stimuli of the mean response to {n} that is signal: the R2 (squared correlation) "
    "that a perfect model reaches on these means; "
)
_F_INTERVAL = "; interval: 95 %, F distribution"
_JACKKNIFE = "; interval: 95 %, jackknife over stimuli"
_REPEATS = (
    "repeats are exchangeable: the same true response each time (no adaptation, no drift), noise independent between "
    "trials and of mean zero"
)
_SAMPLE = "stimuli are an independent sample of those the ceiling is meant for"
_NORMAL = (
    f"{_REPEATS}; {_SAMPLE}; for the correction of bias and the interval also normal signal and noise, and time bins "
    "that are independent in both"
)
_SUBJECTS = (
    "what subjects do not share is no part of what a model should explain: their private responses, independent "
    "between subjects, count as noise, even where they repeat"
)

#: Every noise ceiling by name.
DEFINITIONS: dict[str, Definition] = {
    "split_half": Definition(
        _RELIABILITY + "covariance of random halves of the repeats, Spearman-Brown corrected" + _F_INTERVAL,
        _NORMAL,
        "reliability",
    ),
    "signal_power": Definition(
        _RELIABILITY + "signal power over total power, the limit of all split halves" + _F_INTERVAL,
        _NORMAL,
        "reliability",
    ),
    "feve": Definition(
        "fraction of explainable variance, (Var[y] - noise) / Var[y]: share of the variance of single trials that is "
        "signal; {n}" + _JACKKNIFE,
        f"{_REPEATS}; {_SAMPLE}; the noise may differ from stimulus to stimulus",
        "share",
    ),
    "loo": Definition(
        "correlation over stimuli of single repeats with the mean of the other repeats (value and lower bound) and "
        "with the mean of all repeats, itself among them (upper bound); a perfect model's correlation with single "
        "repeats lies between the two; {n}" + _JACKKNIFE + ", of the lower bound",
        f"{_REPEATS}; {_SAMPLE}",
        "correlation",
        bounds=True,
    ),
    "oracle": Definition(
        "correlation over stimuli of single repeats with the mean of the other repeats, an oracle without model; it "
        "grows with the number of repeats, and a perfect model lies above it; {n}" + _JACKKNIFE,
        f"{_REPEATS}; {_SAMPLE}; equally many repeats of all stimuli",
        "correlation",
    ),
    "loso": Definition(
        "correlation over stimuli of each subject's mean response with the z-scored mean of the other subjects (value "
        "and lower bound) and of all subjects, itself among them (upper bound), averaged over subjects; {n}"
        + _JACKKNIFE
        + ", of the lower bound",
        f"units correspond between subjects; {_SUBJECTS}; {_SAMPLE}, the subjects are those there are",
        "correlation",
        bounds=True,
        subjects=True,
    ),
    "inter_subject": Definition(
        "correlation over stimuli of a unit's mean response with its prediction from the other subjects' units "
        "({via}); it grows with the number of subjects, units, stimuli and repeats, and a perfect model may lie "
        "above it; {n}" + _JACKKNIFE,
        f"{_SUBJECTS}; for predictions by regression: stimuli enough to fit it (too few lower the ceiling); {_SAMPLE}",
        "correlation",
        subjects=True,
    ),
    "temporal": Definition(
        "share of the variance over time, within stimuli, of the mean time course of {n} that is signal: the squared "
        "correlation over time that a perfect model reaches; each trial's own mean over time is taken out; interval: "
        "95 %, jackknife over {blocks}",
        f"{_REPEATS} (within a trial noise may be correlated over time); blocks of time, where there are few stimuli, "
        "longer than signal and noise remember",
        "reliability",
    ),
}
