"""COG08: short-term memory in trained networks, between persistent and sequential activity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Picture, Reference, Study
from tertium.studies.claim import Claim, Control, at_least
from tertium.studies.methods.orhan import mean_of_known, rank_correlation
from tertium.studies.methods.orhan_networks import (
    AGAIN,
    COMPARISON,
    CONDITIONS,
    FIXED,
    MEASURES,
    TANH,
    VARIABLE,
    NetworksConfig,
    kinds,
    trained_and_measured,
)
from tertium.studies.pictures import orhan as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: A network with less skill has not learned and is compared with no other (0: guesses; the population vector has 0.88).
LEARNED = 0.4


class Orhan2019(Study):
    """Trained networks remember with activity that is more persistent or more sequential (Orhan & Ma 2019).

    Rate networks see the spikes of 50 tuned units for 25 steps and report the orientation after a delay of 100. The
    sequentiality index of the trained networks is compared over initial weights (``lambda0``), delays (fixed or
    variable), tasks (report an orientation, or compare two values) and nonlinearities (ReLU or tanh). As in the paper
    each comparison is made at every lambda0 and averaged; a network that has not learned is compared with none.

    Tasks, initial weights, network and index are those of the paper's public code. Ours: 100 units instead of 500;
    1,250 steps with a falling learning rate in place of 25,000 at one rate, so that most networks err more than the
    paper admits (half of the optimal error again), and the skill of each is measured beside its index; no cost on
    rates, which the paper has late in training (1e-4); one sigma0 (0.1) instead of a range, at which all tasks are
    learned in so few steps. The temporally structured task is the paper's comparison (COMP): its change detection is
    not. tanh units and the comparison need a smaller learning rate. Networks trained with variable delays are measured
    at the longest, so that all trials that are measured are equally long. Steps, lambda0, sigma0 and learning rates
    were chosen on seeds 0 and 1.

    The first claim asks nine networks in ten to have learned. An earlier form asked every one; it was changed before
    the test seeds were run, since the paper and the other claims leave out those that have not. On the test seeds 19
    of 20 have learned in four seeds and all in one, so that the earlier form would not hold.
    """

    row, kind = "COG08", "simulation"
    cite = (
        Reference(
            "OrhanMa2019",
            "Orhan, A. E. & Ma, W. J.",
            2019,
            "A diverse range of factors affect the nature of neural representations underlying short-term memory",
            "Nature Neuroscience 22:275-283",
            "10.1038/s41593-018-0314-y",
        ),
    )
    test_seeds = (20, 21, 22, 23, 24)
    smoke = {"units": 40, "lambda0": (0.9, 0.98), "batch": 8, "steps": 8, "warm_up": 2, "trials": 16}

    class Config(NetworksConfig):
        """Networks, training and measurements."""

    @dataclass(frozen=True)
    class Results:
        """What one seed measured of each network."""

        lambda0: Floats  # (value,)
        measures: dict[str, Floats]  # measure -> (condition, value), in the order of CONDITIONS
        rates: dict[str, Floats]  # condition -> (value, time, unit), one trial of each network

        def of(self, measure: str, condition: str) -> Floats:
            """Return one measure of the networks of one condition, (value,)."""
            return self.measures[measure][CONDITIONS.index(condition)]

        def index(self, condition: str) -> Floats:
            """Return the sequentiality index of one condition, (value,), NaN where a network has not learned."""
            return np.where(self.of("skill", condition) >= LEARNED, self.of("index", condition), np.nan)

        def difference(self, more: str, less: str) -> float:
            """Return how much more sequential one condition is, over the lambda0 at which both have learned."""
            return float(mean_of_known(self.index(more) - self.index(less)))

    def run(self, config: Config, lab: Lab) -> Results:
        """Train each network and measure it."""
        every = [kind for condition in CONDITIONS for kind in kinds(condition, config)]
        found = [
            lab.stage(f"network-{kind.key}", partial(trained_and_measured, kind, config, lab))
            for kind in lab.track(every, "networks")
        ]
        shape = (len(CONDITIONS), len(config.lambda0))
        numbers = np.array([one["numbers"] for one in found]).reshape(*shape, len(MEASURES))
        rates = np.array([one["rates"] for one in found])
        return self.Results(
            lambda0=np.array(config.lambda0),
            measures={name: numbers[..., i] for i, name in enumerate(MEASURES)},
            rates={name: rates[shape[1] * i : shape[1] * (i + 1)] for i, name in enumerate(CONDITIONS)},
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what makes memories more sequential, and that the networks have them."""
        relu = [i for i, name in enumerate(CONDITIONS) if name != TANH]
        yield Claim(
            "learned",
            "At least nine in ten networks of ReLU units remember (skill 0.4 or more; 0 for guesses, 1 for no error).",
            float((results.measures["skill"][relu] >= LEARNED).mean()),
            at_least(0.9),
            "ours; Orhan & Ma 2019 leave out networks that remember too little",
            Control(
                "the same networks before training", float((results.measures["skill untrained"] >= LEARNED).mean())
            ),
            unit="fraction of networks",
        )
        index = mean_of_known([results.index(FIXED), results.index(AGAIN)])
        learned = np.isfinite(index)
        untrained = (results.of("index untrained", FIXED) + results.of("index untrained", AGAIN)) / 2
        yield Claim(
            "lambda0",
            "The larger lambda0, the more sequential the trained networks (two at each lambda0).",
            rank_correlation(results.lambda0[learned], index[learned]) if learned.sum() > 3 else float("nan"),
            at_least(0.8),
            "canon COG08; Orhan & Ma 2019",
            Control("the same networks before training", rank_correlation(results.lambda0, untrained)),
            unit="Spearman's rho",
        )
        yield from comparisons(results)

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw units by peak time, the index against lambda0, and the comparisons."""
        yield from draw.pictures(results)


def comparisons(results: Orhan2019.Results) -> Iterator[Claim]:
    """Yield the differences that delay, task and nonlinearity make; the control is other networks of the same kind."""
    again = results.difference(AGAIN, FIXED)
    for name, sentence, difference, least, source in (
        (
            "variable_delay",
            "Networks trained with a fixed delay are more sequential than with variable delays.",
            results.difference(FIXED, VARIABLE),
            0.3,
            "canon COG08; Orhan & Ma 2019",
        ),
        (
            "comparison",
            "Networks that compare two stimuli are more sequential than networks that report one.",
            results.difference(COMPARISON, FIXED),
            0.1,
            "canon COG08; Orhan & Ma 2019; margin ours",
        ),
        (
            "tanh",
            "ReLU units are more sequential than tanh units.",
            results.difference(FIXED, TANH),
            0.1,
            "canon COG08; Orhan & Ma 2019; margin ours",
        ),
    ):
        yield Claim(
            name,
            sentence,
            difference,
            at_least(least),
            source,
            Control("networks of the first kind again, other initial weights and trials", again),
            unit="difference of the sequentiality index",
        )
