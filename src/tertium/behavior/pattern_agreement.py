"""`pattern_consistency`: correlation of two observers' patterns, corrected for how reliable each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Interval, draws_wanted, interval
from tertium.behavior.confusions import Confusions
from tertium.behavior.patterns import Pattern, behavioral_pattern
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PatternConsistency:
    """How much two observers find the same things difficult.

    Attributes
    ----------
    corrected : Interval
        Correlation of the patterns of independent halves of the trials over the root of both reliabilities: 1 if the
        patterns are the same but for noise (estimates may exceed 1).
    raw : float
        Correlation of the patterns of all trials.
    reliability : tuple of float
        Correlation of the two halves, of one observer and of the other; 1 for a model without noise.
    one, other : array
        Both patterns of all trials, flat, in the same order.
    pattern : str
        Which; see `behavioral_pattern`.
    n_images, n_objects : int
        How many images and objects.
    """

    corrected: Interval
    raw: float
    reliability: tuple[float, float]
    one: Floats
    other: Floats
    pattern: str
    n_images: int
    n_objects: int

    def table(self) -> pd.DataFrame:
        """Return one row."""
        import pandas as pd

        c = self.corrected
        row = {"corrected": c.value, "low": c.low, "high": c.high, "raw": self.raw}
        both = {"reliability_one": self.reliability[0], "reliability_other": self.reliability[1]}
        return pd.DataFrame([row | both], index=pd.Index([self.pattern], name="pattern", dtype=object))

    def figure(self, *, one: str = "one observer", other: str = "other observer") -> go.Figure:
        """Draw one pattern over the other."""
        from tertium.figure import COLOURS, new

        unit = "d', less the mean of the object" if self.pattern.endswith("n") else "d'"
        figure = new(
            x=f"{one} ({unit})",
            y=f"{other} ({unit})",
            title=f"{self.pattern}: {self.n_images} images, {self.n_objects} objects; corrected r {self.corrected}, "
            f"raw {self.raw:.2f}",
            height=460,
        )
        marker = {"size": 5, "color": COLOURS[0], "opacity": 0.6}
        figure.add_scatter(x=self.one.tolist(), y=self.other.tolist(), mode="markers", marker=marker, showlegend=False)
        return figure


def pattern_consistency(
    one: Confusions,
    other: Confusions,
    pattern: Pattern = "i1n",
    *,
    n_splits: int = 20,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> PatternConsistency:
    """Correlate two observers' patterns of difficulties, as if both had been measured without noise.

    Parameters
    ----------
    one, other : Confusions
        Of the same images and objects. Counts are split into halves; a model's probabilities are taken as they are.
    pattern : str
        See `behavioral_pattern`.
    n_splits : int
        Random halves to average over.
    n_bootstrap : int
        Draws of images (of objects for "o1" and "o2"), for the interval.
    seed : int
        Of halves and draws.

    Returns
    -------
    PatternConsistency
        ``r(one, other) / sqrt(r(one, one) r(other, other))``, all of them between halves (Rajalingham et al. 2018,
        noise-adjusted correlation); correlations are averaged over splits before the ratio.

    Raises
    ------
    BadInput
        If images or objects differ, there are fewer than 4 of what is correlated, a cell that one was tested in the
        other was not, or a half of an observer does not correlate with its other half.

    Notes
    -----
    Halves must be exchangeable: trials of many subjects pooled are halved over trials, not over subjects, so that
    differences between subjects count as noise within each image. The interval is over images. In simulation (60
    images, 20 or 60 trials each) the bias is about 0.02 and the interval covers in 90 to 96 %; where both patterns are
    the same it covers 1 in 79 to 90 % only.

    Examples
    --------
    >>> from tertium.behavior.confusions import confusions_of_model
    >>> p = np.random.default_rng(0).uniform(0.1, 0.9, size=(40, 2))
    >>> model = confusions_of_model(p, ["a", "b"] * 20, ["a", "b"])
    >>> round(pattern_consistency(model, model).corrected.value, 6)
    1.0
    """
    draws = draws_wanted("n_bootstrap", n_bootstrap)
    draws_wanted("n_splits", n_splits, 1)
    _same(one, other)
    seeds = Seeds(seed)
    whole = behavioral_pattern(one, pattern), behavioral_pattern(other, pattern)
    there = np.isfinite(whole[0]) & np.isfinite(whole[1])
    if len(whole[0]) < 4 or there.sum() < 4:
        raise BadInput(
            f"pattern '{pattern}'",
            got=f"{min(len(whole[0]), int(there.sum()))} that both were tested with",
            expected="at least 4, over which patterns are correlated",
            repair="Use more images, or a pattern by image.",
        )
    rows = len(whole[0])
    weights = np.vstack(
        [np.ones(rows), seeds.numpy("images").multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(float)]
    )
    generator = seeds.numpy("halves")
    sums = np.zeros((3, len(weights)))
    for _ in range(n_splits):
        a, b = ([behavioral_pattern(half, pattern) for half in x.halves(generator)] for x in (one, other))
        sums[0] += np.mean([_correlation(x, y, weights) for x in a for y in b], axis=0)
        sums[1] += _correlation(a[0], a[1], weights)
        sums[2] += _correlation(b[0], b[1], weights)
    between, own, others = sums / n_splits
    for name, reliability in (("one", own[0]), ("other", others[0])):
        if not reliability > 0:
            raise BadInput(
                f"reliability of '{name}'",
                got=f"{reliability:.3f} between halves",
                expected="above 0, to correct for it",
                repair="Use more trials an image, or a coarser pattern.",
            )
    product = own * others
    corrected = np.where(product > 0, between / np.sqrt(np.where(product > 0, product, 1.0)), np.nan)
    raw = float(_correlation(*whole, weights[:1])[0])
    flat = [part[there] for part in whole]
    return PatternConsistency(
        corrected=interval(float(corrected[0]), corrected[1:]),
        raw=raw,
        reliability=(float(own[0]), float(others[0])),
        one=flat[0],
        other=flat[1],
        pattern=pattern,
        n_images=len(one.images),
        n_objects=len(one.objects),
    )


def _correlation(a: Floats, b: Floats, weights: Floats) -> Floats:
    """Correlate two patterns where both have values, with weights of their rows, (draw, row); shape (draw,)."""
    there = np.isfinite(a) & np.isfinite(b)
    x, y = np.where(there, a, 0.0), np.where(there, b, 0.0)
    moments = [there.astype(float), x, y, x * y, x**2, y**2]
    n, sx, sy, xy, xx, yy = (weights @ (m if m.ndim == 1 else m.sum(axis=1)) for m in moments)
    spread = (xx - sx**2 / n) * (yy - sy**2 / n)
    return np.where(spread > 0, (xy - sx * sy / n) / np.sqrt(np.where(spread > 0, spread, 1.0)), 0.0)


def _same(one: Confusions, other: Confusions) -> None:
    for name, a, b in (("images", one.images, other.images), ("objects", one.objects, other.objects)):
        if a != b:
            odd = sorted(set(a) ^ set(b))
            got = f"{len(a)} and {len(b)}" + (f", '{odd[0]}' in one of them only" if odd else ", in another order")
            raise BadInput(name, got=got, expected="the same in both", repair="Take those that both have.")
    if (one.of != other.of).any():
        at = one.images[int(np.flatnonzero(one.of != other.of)[0])]
        raise BadInput("objects", got=f"another one in image '{at}'", expected="the same in both", repair="")
