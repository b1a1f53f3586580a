"""Models with memory: features of some bins before, never from another trial, nor fitted where they are tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tertium.compare.encoding.encoder import Encoder, Predicted, ReadyEncoder
from tertium.compare.encoding.memory import Held, Sizes, held_by
from tertium.compare.encoding.models.ridge import Ridge
from tertium.compare.encoding.tables import Table
from tertium.compare.spike_trains.lags import lagged
from tertium.compare.validation.folds import Folds
from tertium.errors import BadInput

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lagged(Encoder):
    """Another model on what features were some time bins before (a finite impulse response).

    The same as ``encode(lagged(X, lags), Y, model)``, with two things refused: lags as long as a trial, and folds in
    which a time bin of the features is seen both by samples that are fitted and by samples that are tested. All
    features at all lags are held in memory.

    Parameters
    ----------
    lags : sequence of int
        Bins, as of `tertium.compare.lagged`: 0 is the same bin, 3 what was three bins before.
    model : Encoder
        What predicts from them. Bands of `BandedRidge` are those of X's units; where those have no label, each lag is
        one.
    bins : int, optional
        Time bins of a trial, where neither X nor Y is labelled; by default all samples are one trial.
    fill : float
        What stands for bins before a trial began.

    Examples
    --------
    >>> from tertium.compare import BlockedKFold, encode
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(12, 50, 2))  # trial, time, feature
    >>> Y = lagged(X, [3]) @ np.array([[1.0, 0.0], [1.0, -1.0]]) + 0.5 * random.normal(size=X.shape)
    >>> samples = X.reshape(600, 2), Y.reshape(600, 2)
    >>> score = encode(*samples, Lagged(range(5), bins=50), cv=BlockedKFold(5, gap=4))
    >>> bool((score.value > 0.8).all()), score.method.split(" (")[0]
    (True, 'lags of 0 to 4 bins, ridge')
    """

    lags: Sequence[int]
    model: Encoder = field(default_factory=Ridge)
    bins: int | None = None
    fill: float = 0.0

    def __post_init__(self) -> None:
        lagged(np.zeros((1, 1)), self.lags)  # refuses what are no lags
        if not isinstance(self.model, Encoder) or isinstance(self.model, Lagged):
            raise BadInput("model", got=repr(self.model), expected="an encoding model without lags of its own")
        if not np.isfinite(self.fill):
            raise BadInput("fill", got=f"{self.fill}", expected="a finite number")

    def prepare(self, features: Table, targets: Table, folds: Folds, width: int) -> ReadyLagged:
        """Return the model made ready for features at all lags.

        Raises
        ------
        BadInput
            If a lag is as long as a trial, samples are no whole trials, or folds share time bins of the features.
        """
        bins, lags = self._bins(features, targets), np.asarray(self.lags)
        if np.abs(lags).max() >= bins:
            raise BadInput(
                "lags",
                got=f"a lag of {lags[np.abs(lags).argmax()]} bins in trials of {bins}",
                expected="lags shorter than a trial",
                repair="Nothing is taken from the trial beside it: use shorter lags, or longer trials.",
            )
        refuse_shared_bins(folds, bins, int(np.ptp(lags)))
        whole = features.block(0, features.width).reshape(-1, bins, features.width)
        design = np.asarray(lagged(whole, lags, fill=self.fill)).reshape(features.n, -1)
        if not (np.ptp(design, axis=0) > 0).any():
            raise BadInput("X", got="features that do not vary over samples", expected="features that do")
        made = with_lags(features, lags, design.astype(features.precision, copy=False))
        return ReadyLagged(
            self.model.prepare(made, targets, folds, width), f"lags of {lags.min()} to {lags.max()} bins"
        )

    def _bins(self, features: Table, targets: Table) -> int:
        labelled = [table.bins for table in (features, targets) if table.codes is not None]
        bins = labelled[0] if labelled else features.n if self.bins is None else self.bins
        if isinstance(bins, bool) or not isinstance(bins, int | np.integer) or bins < 1 or features.n % bins:
            raise BadInput("bins", got=f"{bins!r} for {features.n} samples", expected="the time bins of every trial")
        if labelled and self.bins is not None and self.bins != bins:
            raise BadInput("bins", got=f"{self.bins}", expected=f"{bins}, as responses have, or none")
        return int(bins)


class ReadyLagged(ReadyEncoder):
    """A model made ready for features at all lags; see `Lagged`."""

    def __init__(self, ready: ReadyEncoder, what: str) -> None:
        self._ready, self._what = ready, what

    def predict(self, fold: int, targets: FloatArray) -> Predicted:
        """Predict as the model does."""
        return self._ready.predict(fold, targets)

    @property
    def says(self) -> str:
        """The lags and the model in words."""
        return f"{self._what}, {self._ready.says}"


def with_lags(features: Table, lags: npt.NDArray[np.int64], design: FloatArray) -> Table:
    """Return a table of features at all lags, (sample, feature * lag), with their names and bands."""
    names = tuple(f"{name}, {lag} bins before" for name in features.columns for lag in lags)
    regions = np.repeat(features.regions, len(lags)) if features.regions else np.tile(lags, features.width)
    return replace(
        features, source=design, codes=None, stimuli=(), bins=1, width=len(names), columns=names,
        regions=tuple(map(str, regions)), by="",
    )  # fmt: skip


def refuse_shared_bins(folds: Folds, bins: int, span: int) -> None:
    """Refuse folds in which samples that are fitted and tested see one time bin of a trial's features.

    Parameters
    ----------
    folds : Folds
        Of samples that are trials of ``bins`` time bins, one after the other.
    bins : int
    span : int
        Bins between the first lag and the last: two samples of a trial that are no further apart see a common bin.

    Raises
    ------
    BadInput
        If there is one.

    Examples
    --------
    >>> from tertium.compare import BlockedKFold
    >>> refuse_shared_bins(BlockedKFold(2, gap=3).split(20), 20, 3)
    >>> refuse_shared_bins(BlockedKFold(2).split(20), 10, 3)  # cut where one trial ends and another begins
    """
    for fitted, tested in folds:
        known = np.zeros((folds.n // bins, bins), dtype=bool)
        known.flat[fitted] = True
        seen = known.copy()
        for apart in range(1, min(span, bins - 1) + 1):
            seen[:, apart:] |= known[:, :-apart]
            seen[:, :-apart] |= known[:, apart:]
        shared = seen.flat[tested]
        if shared.any():
            trial, time = divmod(int(tested[shared.argmax()]), bins)
            raise BadInput(
                "cross-validation",
                got=f"bin {time} of trial {trial} tested, within {span} bins of one that is fitted "
                f"({int(shared.sum())} such)",
                expected="no time bin whose features are seen in fitting and in testing",
                repair=f"Use BlockedKFold(5, gap={span}), or keep trials whole: GroupedKFold('stimulus').",
            )


@held_by.register
def _(encoder: Lagged, sizes: Sizes) -> Held:
    """What its model holds of features at all lags, and these."""
    n, lags = sizes.features.n, np.asarray(encoder.lags)
    # of no samples: sizes are asked for, not numbers
    wide = with_lags(sizes.features, lags, np.empty((0, len(lags) * sizes.features.width)))
    inner, design = held_by(encoder.model, replace(sizes, features=wide)), 8.0 * n * wide.width
    return Held(inner.passing + 3 * design, inner.kept + design, inner.column, inner.again)
