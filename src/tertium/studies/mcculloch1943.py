"""FND01: which Boolean functions does one threshold neuron compute, and which do two layers of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium import figure
from tertium.models import foundations
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, exactly

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.lab import Lab

#: Codes of XOR (true for patterns 01 and 10) and XNOR (00 and 11).
XOR_XNOR = frozenset({6, 9})
#: Conventional names of the sixteen functions of two inputs, in the order of their codes.
NAMES = (
    "0", "NOR", "¬a∧b", "¬a", "a∧¬b", "¬b", "XOR", "NAND", "AND", "XNOR", "b", "¬a∨b", "a", "a∨¬b", "OR", "1",
)  # fmt: skip


class McCulloch1943(Study):
    """One threshold neuron computes all but parity of two inputs; two layers compute everything (McCulloch & Pitts 1943)."""  # noqa: E501

    row, kind = "FND01", "simulation"
    cite = (
        Reference(
            "McCulloch1943",
            "McCulloch, W. S. & Pitts, W.",
            1943,
            "A logical calculus of the ideas immanent in nervous activity",
            "Bulletin of Mathematical Biophysics 5:115-133",
            "10.1007/BF02478259",
        ),
        Reference("Muroga1971", "Muroga, S.", 1971, "Threshold Logic and Its Applications", "Wiley"),
    )
    smoke = {"chunk": 20_000}  # the whole enumeration takes seconds
    pilot_seeds, test_seeds = (0,), (10,)  # an enumeration: no randomness

    class Config(StudyConfig):
        """Ranges of the enumeration."""

        largest_weight: int = Field(3, ge=1, le=5, description="integer weights from minus this to plus this")
        hidden_largest: int = Field(3, ge=1, le=3, description="hidden units of the largest two-layer net of 3 inputs")
        chunk: int = Field(50_000, ge=1, description="two-layer nets tried at a time (memory)")

    @dataclass(frozen=True)
    class Results:
        """What the enumeration found; ``n`` runs over 2, 3 and 4 inputs."""

        by_weight: NDArray[np.int64]  # (n, largest weight 1..): functions that one unit computes
        no_inhibition: list[int]  # n: functions with weights >= 0 only
        missing: list[int]  # codes of the functions of two inputs that no unit computes
        missing_without_inhibition: list[int]
        refuted: list[int]  # n: functions with a certificate that no unit computes them
        undecided: list[int]  # n: functions neither found nor refuted, or both
        undecided_small: list[int]  # the same when only weights -1, 0, 1 are tried
        by_hidden: dict[str, list[int]]  # "2", "3" inputs -> functions by number of hidden units
        composed: list[int]  # n: functions that the minterm construction computes when run
        composed_linear: list[int]  # n: the same nets with hidden units that do not threshold

    def run(self, config: Config, lab: Lab) -> Results:
        """Enumerate all weights and thresholds of one unit, certify the rest, then enumerate two-layer nets."""
        largest = config.largest_weight
        # Every threshold function of 4 inputs has a realisation with weights up to 3 (minimal total weight 9, OEIS
        # A003217); this is not assumed: `refuted` proves the count complete. Larger weights must add nothing.
        limits = range(1, largest + 2)
        one = {
            (n, w): foundations.realised(n, range(-w, w + 1)) for n in lab.track((2, 3, 4), "one unit") for w in limits
        }
        excitatory = {n: foundations.realised(n, range(largest + 1)) for n in (2, 3, 4)}
        proved = {n: np.flatnonzero(foundations.refuted(n)) for n in (2, 3, 4)}
        by_hidden = {str(n): lab.stage(f"hidden-{n}", partial(self._by_hidden, n, config)) for n in (2, 3)}
        return self.Results(
            by_weight=np.array([[len(one[n, w]) for w in limits] for n in (2, 3, 4)]),
            no_inhibition=[len(excitatory[n]) for n in (2, 3, 4)],
            missing=np.setdiff1d(np.arange(16), one[2, largest]).tolist(),
            missing_without_inhibition=np.setdiff1d(np.arange(16), excitatory[2]).tolist(),
            refuted=[len(proved[n]) for n in (2, 3, 4)],
            undecided=[undecided(n, one[n, largest], proved[n]) for n in (2, 3, 4)],
            undecided_small=[undecided(n, one[n, 1], proved[n]) for n in (2, 3, 4)],
            by_hidden=by_hidden,
            composed=[composed(n) for n in (2, 3)],
            composed_linear=[composed(n, linear=True) for n in (2, 3)],
        )

    @staticmethod
    def _by_hidden(n: int, config: Config) -> list[int]:
        weights = range(-config.largest_weight, config.largest_weight + 1)
        widths = range(1, config.hidden_largest + 1)
        return [len(foundations.two_layer_functions(n, k, weights, chunk=config.chunk)) for k in widths]

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the row's counts, their completeness, and the two-layer nets."""
        inhibition = "no inhibition: weights from 0 up only"
        for i, (n, count) in enumerate(((2, 14), (3, 104), (4, 1882))):
            yield Claim(
                f"one_unit_{n}_inputs",
                f"One unit with integer weights computes exactly {count} of the {2 ** (2**n)} functions of {n} inputs.",
                int(results.by_weight[i, -2]),
                exactly(count),
                "exact count: Muroga 1971, table 2.3.2 (OEIS A000609)",
                Control(inhibition, results.no_inhibition[i]),
                unit="functions",
            )
        yield Claim(
            "missing_parity",
            "The functions of two inputs that one unit cannot compute are XOR and XNOR and no others.",
            overlap(results.missing),
            exactly(1),
            "exact: overlap (Jaccard) of the missing set with {XOR, XNOR}",
            Control(inhibition, overlap(results.missing_without_inhibition)),
        )
        yield Claim(
            "complete",
            "Each function of 2, 3 and 4 inputs is either computed by a unit that was found, or proved impossible.",
            sum(results.undecided),
            exactly(0),
            "exact: certificate of Elgot 1961 (two sums of true and of false patterns are equal)",
            Control("weights -1, 0 and 1 only", sum(results.undecided_small)),
            unit="functions undecided",
        )
        for n, all_of_them, hidden in ((2, 16, 2), (3, 256, 3)):
            yield Claim(
                f"two_layers_{n}_inputs",
                f"Two-layer nets of the same unit ({hidden} hidden) compute all {all_of_them} functions of {n} inputs.",
                max(results.by_hidden[str(n)][:hidden]),
                exactly(all_of_them),
                "exact: every Boolean function has a normal form (McCulloch & Pitts 1943, theorem 2)",
                Control("one hidden unit", results.by_hidden[str(n)][0]),
                unit="functions",
            )
            yield Claim(
                f"composed_{n}_inputs",
                f"A hidden unit for each pattern and one output unit, run as a network, compute all {all_of_them}.",
                results.composed[n - 2],
                exactly(all_of_them),
                "exact: disjunctive normal form",
                Control("hidden units linear (no threshold), output threshold free", results.composed_linear[n - 2]),
                unit="functions",
            )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the sixteen functions, the count against the weights allowed, and against hidden units."""
        first = results[0]
        yield Picture(
            "sixteen",
            _sixteen(first),
            "The 16 functions of two inputs (columns) with their outputs for the four patterns (rows; filled: fires). "
            "Blue: one unit computes it; orange: no unit does. Exhaustive, so no error bars.",
        )
        yield Picture(
            "weights",
            _against_weights(first),
            "Functions that one unit computes when its weights are integers from -w to w, as a share of all threshold "
            "functions of that many inputs (14, 104, 1882). Exhaustive, so no error bars.",
        )
        yield Picture(
            "hidden",
            _against_hidden(first),
            "Functions that a two-layer net computes against its number of hidden units, as a share of all (16 of two "
            "inputs, 256 of three). Exhaustive over hidden layers and output units, so no error bars.",
        )


def overlap(codes: Sequence[int]) -> float:
    """Return the Jaccard overlap of a set of codes with {XOR, XNOR}: 1 if they are the same set."""
    found = frozenset(codes)
    return len(found & XOR_XNOR) / len(found | XOR_XNOR)


def undecided(n: int, found: NDArray[Any], proved_impossible: NDArray[Any]) -> int:
    """Count the functions of n inputs that are neither found nor proved impossible, or (a contradiction) both."""
    votes = np.bincount(np.concatenate([found, proved_impossible]), minlength=2 ** (2**n))
    return int((votes != 1).sum())


def composed(n: int, *, linear: bool = False) -> int:
    """Build a net for every function of n inputs out of minterm units, run it, count those that are right.

    With linear hidden units the output unit may choose the best threshold for each function; it still sees only a
    weighted sum of the inputs.
    """
    patterns = foundations.binary_inputs(n)
    weights, thresholds = foundations.minterm_layer(n)
    wanted = (np.arange(2 ** (2**n))[:, None] >> np.arange(2**n)) & 1  # (function, pattern)
    if not linear:
        hidden = foundations.threshold(patterns, weights, thresholds)
        outputs = foundations.threshold(hidden, wanted, np.ones(len(wanted))).T
        return int((outputs == wanted).all(axis=1).sum())
    drive = wanted @ (patterns @ weights.T - thresholds).T  # (function, pattern)
    levels = np.unique(drive)
    cuts = np.append(levels, levels[-1] + 1)
    return int(np.any([((drive >= cut) == wanted).all(axis=1) for cut in cuts], axis=0).sum())


def _sixteen(results: McCulloch1943.Results) -> go.Figure:
    import plotly.graph_objects as go

    table = (np.arange(16)[None, :] >> np.arange(4)[:, None]) & 1  # (pattern, function)
    impossible = np.isin(np.arange(16), results.missing)
    drawn = figure.new(x="function of a, b", y="inputs a b", title="One unit computes 14 of 16 functions", height=300)
    for chosen, colour, name in ((~impossible, 0, "one unit"), (impossible, 1, "no unit")):
        pattern, code = np.nonzero(table * chosen)
        drawn.add_trace(
            go.Scatter(
                x=[NAMES[c] for c in code],
                y=[f"{p >> 1} {p & 1}" for p in pattern],
                mode="markers",
                marker={"symbol": "square", "size": 22, "color": figure.COLOURS[colour]},
                name=name,
            )
        )
    drawn.update_xaxes(type="category", categoryorder="array", categoryarray=list(NAMES), range=[-0.6, 15.6])
    drawn.update_yaxes(type="category", categoryorder="array", categoryarray=["1 1", "1 0", "0 1", "0 0"])
    return drawn


def _against_weights(results: McCulloch1943.Results) -> go.Figure:
    drawn = figure.new(x="largest weight w (integer)", y="threshold functions found (%)")
    limits = list(range(1, results.by_weight.shape[1] + 1))
    for n, counts, total in zip((2, 3, 4), results.by_weight, (14, 104, 1882), strict=True):
        name = f"{n} inputs: {counts[-1]} of {2 ** (2**n)}"
        drawn.add_scatter(x=limits, y=100 * counts / total, mode="lines+markers", name=name)
    drawn.update_xaxes(dtick=1)
    drawn.update_yaxes(range=[0, 105])
    return drawn


def _against_hidden(results: McCulloch1943.Results) -> go.Figure:
    drawn = figure.new(x="hidden units", y="functions computed (%)")
    for n, counts in results.by_hidden.items():
        total = 2 ** (2 ** int(n))
        drawn.add_scatter(
            x=list(range(1, len(counts) + 1)),
            y=[100 * c / total for c in counts],
            text=[str(c) for c in counts],
            textposition="top center" if n == "2" else "bottom right",
            mode="lines+markers+text",
            name=f"{n} inputs, of {total}",
        )
    drawn.update_xaxes(dtick=1)
    drawn.update_yaxes(range=[0, 112])
    return drawn
