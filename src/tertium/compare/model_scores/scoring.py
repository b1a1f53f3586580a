"""What scores a model against a brain: any measure by its name, or a function, in two steps that share work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import torch

from tertium.compare.encoding.encoder import KeptEncoders
from tertium.compare.encoding.tables import Table, matched_tables, table
from tertium.compare.model_scores.whole import Whole, read_whole
from tertium.compare.representations.pairs.comparing import CALLED, SHARED, with_options
from tertium.compare.representations.pairs.result import WORDS
from tertium.compare.representations.samples import Measure, Samples, matched, read
from tertium.errors import BadInput, unknown_name

if TYPE_CHECKING:
    from tertium.compare.similarity.pairs import FloatArray

#: Measures by name.
MEASURES: tuple[str, ...] = ("rsa", "encode", *SHARED, *CALLED)

#: What is shown to a measure: samples of trial means, or responses with their trials.
Shown = Samples | Whole


@runtime_checkable
class Scoring(Protocol):
    """A measure, ready to be applied to subsets of stimuli and units."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def words(self) -> str:
        """What an axis is called."""

    @property
    def is_distance(self) -> bool:
        """Whether 0 means alike, and less is better."""

    def read(self, given: Any, name: str, by: str) -> Any:
        """Return a representation, of which stimuli can be taken: `Samples`, `Whole`, or one's own like them."""

    def join(self, others: Sequence[Any]) -> Any:
        """Return several subjects as one model, which is the ceiling of another."""

    def prepare(self, x: Any) -> Any:
        """Return what a representation needs once."""

    def between(self, model: Any, brain: Any) -> float:
        """Return the score of a model for a brain, both prepared."""


def joined(others: Sequence[Samples]) -> Samples:
    """Return all units of some subjects as one representation.

    Examples
    --------
    >>> first, second = read([[0.0], [1.0]], "a"), read([[1.0, 2.0], [0.0, 5.0]], "b")
    >>> joined([first, second]).n_units
    3
    """
    return replace(
        others[0],
        name="the other subjects",
        values=torch.cat([one.values for one in others], 1),
        means=torch.cat([one.means for one in others]),
        units=tuple(f"{i}:{unit}" for i, one in enumerate(others) for unit in one.units),
        cutoff=max(one.cutoff for one in others),
    )


@dataclass(frozen=True)
class ByName:
    """A measure of `tertium.compare.pairwise`."""

    name: str
    measure: Measure[Any]

    @property
    def words(self) -> str:
        """What an axis is called."""
        return WORDS[self.name]

    @property
    def is_distance(self) -> bool:
        """Whether 0 means alike."""
        return self.measure.is_distance

    def read(self, given: Any, name: str, by: str) -> Samples:
        """Return means of trials, one sample a stimulus and time."""
        return read(given, name, by)

    def join(self, others: Sequence[Samples]) -> Samples:
        """Return the units of all of them."""
        return joined(others)

    def prepare(self, x: Samples) -> Any:
        """Return what the measure needs once."""
        with torch.no_grad():
            return self.measure.prepare(x)

    def between(self, model: Any, brain: Any) -> float:
        """Return the measure."""
        with torch.no_grad():
            return float(self.measure.between(model, brain))


@dataclass(frozen=True)
class ByDissimilarities:
    """Representational similarity analysis: the similarity of two RDMs by any method of `tertium.compare.rsa`."""

    metric: str = "correlation"
    method: str = "spearman"
    name: str = field(default="rsa", init=False)
    is_distance: bool = field(default=False, init=False)

    @property
    def words(self) -> str:
        """What an axis is called."""
        return f"similarity of RDMs ({self.method}, {self.metric})"

    def read(self, given: Any, name: str, by: str) -> Samples:
        """Return means of trials, one sample a stimulus and time."""
        return read(given, name, by)

    def join(self, others: Sequence[Samples]) -> Samples:
        """Return the units of all of them."""
        return joined(others)

    def prepare(self, x: Samples) -> FloatArray:
        """Return the vector of dissimilarities."""
        from tertium.compare.dissimilarity import rdm

        return rdm((x.values + x.means).numpy(), metric=self.metric).vector

    def between(self, model: FloatArray, brain: FloatArray) -> float:
        """Return the similarity of two vectors."""
        from tertium.compare.similarity.engine import similarity

        return float(similarity(model, brain, self.method)[0, 0])


@dataclass(frozen=True)
class ByEncoding:
    """An encoding model from the model's units to the brain's: the mean score over units that were predicted."""

    options: dict[str, Any]
    name: str = field(default="encode", init=False)
    is_distance: bool = field(default=False, init=False)
    _kept: KeptEncoders = field(default_factory=KeptEncoders, init=False, repr=False, compare=False)

    @property
    def words(self) -> str:
        """What an axis is called."""
        how, what = self.options.get("method", "ridge"), self.options.get("measure", "correlation")
        named = how if isinstance(how, str) else type(how).__name__
        return f"{what} with held-out responses ({named}), mean over units"

    def read(self, given: Any, name: str, by: str) -> Samples:
        """Return means of trials, one sample a stimulus and time."""
        return read(given, name, by)

    def join(self, others: Sequence[Samples]) -> Samples:
        """Return the units of all of them."""
        return joined(others)

    def prepare(self, x: Samples) -> Table:
        """Return a table of samples with their stimuli, so that times of one stimulus stay in one fold."""
        from tertium.data.responses import make_responses

        bins = len(x.times)
        values = (x.values + x.means).numpy().reshape(x.n_samples // bins, bins, x.n_units)
        names = list(x.labels) if x.labels else [f"{i:06d}" for i in range(len(values))]
        time = np.asarray(x.times) if bins > 1 else None
        return table(make_responses(values, trial={"stimulus": names}, time=time), x.name)

    def between(self, model: Table, brain: Table) -> float:
        """Return the mean over units; what a model's hats are is found once for all subjects and draws of units."""
        from tertium.compare.encoding.front import encode_tables

        options = {"n_bootstrap": 0, "constant": "zero", **self.options}
        return encode_tables(*matched_tables(model, brain, "stimulus"), kept=self._kept, **options).mean


@dataclass(frozen=True)
class ByFunction:
    """A function of model and brain that gives a number: of arrays (sample, unit), or of responses with trials."""

    function: Callable[..., Any]
    name: str
    is_distance: bool
    whole: bool
    options: dict[str, Any]

    @property
    def words(self) -> str:
        """What an axis is called."""
        return WORDS.get(self.name, self.name)

    def read(self, given: Any, name: str, by: str) -> Shown:
        """Return trial means, or responses with their trials."""
        return read_whole(given, name, by) if self.whole else read(given, name, by)

    def join(self, others: Sequence[Any]) -> Shown:
        """Return the units of all of them."""
        return joined(others)

    def prepare(self, x: Shown) -> Any:
        """Return what the function takes."""
        return x.responses if isinstance(x, Whole) else (x.values + x.means).numpy()

    def between(self, model: Any, brain: Any) -> float:
        """Return what the function gives."""
        return float(self.function(model, brain, **self.options))


def scoring(
    measure: str | Callable[..., Any] | Scoring, *, is_distance: bool, whole: bool, by: str, options: dict[str, Any]
) -> Scoring:
    """Return a measure by its name, or around a function.

    Raises
    ------
    UnknownName
        If there is no such measure.
    BadInput
        If the measure has no such option.

    Examples
    --------
    >>> scoring("cka", is_distance=False, whole=False, by="stimulus", options={}).words
    'CKA'
    """
    if isinstance(measure, Scoring):
        return measure
    if callable(measure):
        name = getattr(measure, "__name__", type(measure).__name__)
        return ByFunction(measure, name, is_distance, whole, options)
    if measure == "encode":
        return ByEncoding(options)
    if measure == "rsa":
        return _dissimilarities(options)
    if measure in SHARED:
        return ByName(measure, with_options(measure, options))
    if measure == "dsa":
        from tertium.compare.operators.dynamical import dsa

        return ByFunction(dsa, "dsa", True, True, options)
    if measure == "stochastic_shape":
        from tertium.compare.representations.stochastic import stochastic_shape

        return ByFunction(stochastic_shape, "stochastic_shape", True, True, {"by": by, **options})
    raise unknown_name("measure", str(measure), MEASURES)


def matched_to(first: Shown, second: Shown) -> Shown:
    """Return the second in the first one's order of stimuli; what a scoring of one's own reads is in order.

    Raises
    ------
    BadInput
        If they do not show the same stimuli; it says which differ.
    """
    if isinstance(first, Samples) and isinstance(second, Samples):
        return matched(first, second)
    return second.in_order_of(first) if isinstance(first, Whole) and isinstance(second, Whole) else second


def _dissimilarities(options: dict[str, Any]) -> ByDissimilarities:
    from tertium.compare.similarity.engine import check_method

    for option in options:
        if option not in ("metric", "method"):
            raise BadInput(f"option '{option}'", got="measure 'rsa'", expected="metric or method")
    made = ByDissimilarities(**options)
    check_method(made.method)
    if made.metric == "crossnobis":
        raise BadInput(
            "metric",
            got="'crossnobis'",
            expected="a metric of mean patterns",
            repair="Compute RDMs from trials with tertium.compare.rdm, and compare them with tertium.compare.rsa.",
        )
    return made
