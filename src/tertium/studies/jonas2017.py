"""CMP04: the tools of neuroscience tried on networks whose mechanism is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.jonas_circuits import networks
from tertium.studies.methods.jonas_edges import circuits

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

CANON, OURS = "canon row CMP04", "ours, from pilot seeds"
SHAM = "sham lesions: the same sessions, nothing silenced"


class Jonas2017(Study):
    """A report card of tools: lesions find the units that compute, tuning does not, correlation invents connections.

    Jonas & Kording (2017) asked whether neuroscience's tools would understand a microprocessor, whose truth is known.
    Here the truth is planted. Units: networks are trained to judge noisy motion, with wiring in which some units make
    the answer, as many hear these and have no way to the answer (decorative copies), and half as many are driven by
    noise alone (bystanders). Masks hold this whatever is learned. Tools see choices, units and the output:
    single-unit lesions (each in sessions of its own, as in an animal, so that effects have the noise of trials),
    clamping at a high rate, tuning (ROC area of the choice), information, Granger's F of a unit for the output, mean
    correlation with the others. Each is scored by the ROC area for the planted units.

    Connections: circuits of spiking neurons with sparse planted couplings, with private inputs only, or with a hidden
    input that reaches all of them after different delays; mean rates are the same. Tools: correlation and partial
    correlation of counts in 20 ms, conditional Granger's F, and couplings of `spike_glm`; where a tool has no
    direction, it is asked for pairs that are connected in any direction.

    Departures: the row wants trained networks throughout; circuits in which connections are looked for are not trained,
    since couplings of a trained network have no independent spikes to go by. Granger's tests are written here. By how
    much silencing beats tuning depends on who else is recorded: on pilot seeds by 0.10 with as many bystanders as
    copies, and by 0.06 if copies hear half of the causal units, for then they are less tuned. What a lesion cannot
    show is not tested: units that stand in for each other would hide from single lesions. Granger's test supposes that
    the mean course is taken off; left in, it found causal units by the output of *other* trials too (areas 0.69 to
    0.92 on pilot seeds).
    """

    row, kind = "CMP04", "simulation"
    cite = (
        Reference(
            "Jonas2017",
            "Jonas, E. & Kording, K. P.",
            2017,
            "Could a neuroscientist understand a microprocessor?",
            "PLoS Computational Biology 13:e1005268",
            "10.1371/journal.pcbi.1005268",
        ),
        Reference(
            "Granger1969",
            "Granger, C. W. J.",
            1969,
            "Investigating causal relations by econometric models and cross-spectral methods",
            "Econometrica 37:424-438",
            "10.2307/1912791",
        ),
    )
    test_seeds = (10, 11, 12)
    smoke = {
        "units": 4, "bystanders": 3, "networks": 1, "steps": 150, "trials": 30, "reference": 100, "recorded": 200,
        "neurons": 5, "density": 0.4, "spike_trials": 6, "bins": 400, "circuits": 1,
    }  # fmt: skip

    class Config(StudyConfig):
        """Sizes of networks, circuits and sessions."""

        networks: int = Field(2, ge=1, description="trained networks a seed")
        units: int = Field(16, ge=2, description="units that compute, and as many copies")
        bystanders: int = Field(8, ge=2, description="units that are driven by noise alone")
        heard: float = Field(1.0, gt=0, le=1, description="share of causal units that a copy hears")
        noise: float = Field(0.1, ge=0, description="standard deviation of the units' private noise")
        steps: int = Field(400, ge=1, description="steps of training, of 64 trials")
        trials: int = Field(1500, ge=20, description="trials with each lesion")
        reference: int = Field(6000, ge=20, description="trials without lesion")
        recorded: int = Field(1000, ge=20, description="trials in which units are recorded")
        circuits: int = Field(2, ge=1, description="spiking circuits a seed")
        neurons: int = Field(12, ge=3, description="neurons of a circuit")
        density: float = Field(0.15, gt=0, lt=1, description="share of ordered pairs that are connected")
        coupling: float = Field(0.4, gt=0, description="largest gain in log rate by a spike in the bin before")
        shared: float = Field(0.8, ge=0, description="largest gain of the shared input, log rate per deviation")
        spike_trials: int = Field(40, ge=4, description="trials of a circuit")
        bins: int = Field(1000, ge=100, description="bins of 5 ms in a trial")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        cards: list[dict[str, Any]]  # a network: scores and areas by tool, blocks, dimensions
        correct: Floats  # (network,)
        untrained: Floats  # (network,)
        edges: dict[str, dict[str, Floats]]  # condition -> tool -> area (circuit,)

    def run(self, config: Config, lab: Lab) -> Results:
        """Train networks and look for their units; simulate circuits and look for their connections."""
        return self.Results(
            **lab.stage("networks", lambda: networks(config, lab)),
            edges=lab.stage("circuits", lambda: circuits(config, lab)),
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield what tools say of units, of connections, of dimensions."""
        yield Claim(
            "learned",
            "The networks judge motion (all strengths, zero among them).",
            float(results.correct.mean()),
            at_least(0.65),
            OURS,
            Control("before training", float(results.untrained.mean())),
            judge="each",
            unit="fraction correct",
        )
        yield from self._units(results)
        yield from self._edges(results)
        whole, tuned = (
            float(np.mean([one["dimension"][part] / one["dimension"]["causal"] for one in results.cards]))
            for part in ("all", "tuned")
        )
        yield Claim(
            "dimension",
            "The dimension of all recorded units is not that of the circuit that computes: bystanders add to it.",
            whole,
            at_least(1.25),
            OURS,
            Control("causal units and copies, without bystanders", tuned),
            unit="participation ratio, over that of the causal block",
        )

    @staticmethod
    def _units(results: Results) -> Iterator[Claim]:
        causal = {tool: mean_area(results, "causal", tool) for tool in results.cards[0]["causal"]}
        tuned = {tool: mean_area(results, "among_tuned", tool) for tool in causal}
        for tool, what in (("ablation", "Silencing"), ("stimulation", "Clamping")):
            yield Claim(
                tool,
                f"{what} one unit after the other finds the units that make the answer.",
                causal[tool],
                at_least(0.8),
                CANON if tool == "ablation" else "as for ablation",
                Control(SHAM, causal["sham"]),
                unit="ROC area",
            )
        yield Claim(
            "tuning",
            "Tuning finds them less well than silencing does.",
            causal["ablation"] - causal["tuning"],
            at_least(0.1),
            CANON,
            Control(f"{SHAM}, less tuning", causal["sham"] - causal["tuning"]),
            unit="difference of ROC areas",
        )
        yield Claim(
            "copies",
            "Among tuned units, tuning hardly tells causal ones from copies, and silencing does.",
            tuned["ablation"] - tuned["tuning"],
            at_least(0.2),
            OURS,
            Control(f"{SHAM}, less tuning", tuned["sham"] - tuned["tuning"]),
            unit="difference of ROC areas",
        )
        yield Claim(
            "tuned",
            "Tuning does what it is for: it tells units that know the choice, causal or not, from bystanders.",
            mean_area(results, "tuned", "tuning"),
            at_least(0.85),
            OURS,
            Control("causal units told from copies by tuning", tuned["tuning"]),
            unit="ROC area",
        )
        yield Claim(
            "granger",
            "Where units and output are seen without error, Granger's test finds the units that make the answer.",
            causal["Granger"],
            at_least(0.8),
            OURS,
            Control("output of other trials", causal["Granger, trials shuffled"]),
            unit="ROC area",
        )

    @staticmethod
    def _edges(results: Results) -> Iterator[Claim]:
        found = {name: {tool: float(of.mean()) for tool, of in by.items()} for name, by in results.edges.items()}
        alone, common, mixed = (found[name] for name in ("private input", "common input", "trials shuffled"))
        yield Claim(
            "correlation_fails",
            "Under a hidden common input, correlation does not find the connections.",
            common["correlation"],
            at_most(0.75),
            CANON,
            Control("the same circuits, private input only", alone["correlation"]),
            unit="ROC area",
        )
        yield Claim(
            "correlation_works",
            "Without common input, correlation finds connected pairs far better.",
            alone["correlation"] - common["correlation"],
            at_least(0.15),
            OURS,
            Control("trials of each unit shuffled, less common input", mixed["correlation"] - common["correlation"]),
            unit="difference of ROC areas",
        )
        for tool, name in (("GLM coupling", "glm"), ("Granger", "granger_edges")):
            yield Claim(
                name,
                f"Without common input, {'coupling filters find' if name == 'glm' else 'Granger tests find'} who "
                "drives whom.",
                alone[tool],
                at_least(0.9),
                OURS,
                Control("trials of each unit shuffled", mixed[tool]),
                unit="ROC area",
            )
        known = found["common input, known"]["GLM coupling"]
        yield Claim(
            "known",
            "A hidden common input misleads coupling filters too, and to know it gives back what was lost.",
            known - common["GLM coupling"],
            at_least(0.05),
            OURS,
            Control("private input only, less input known", alone["GLM coupling"] - known),
            unit="difference of ROC areas",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw both report cards, one network's lesions against its tuning, and the dimensions."""
        from tertium.studies.pictures.jonas import pictures

        yield from pictures(results)


def mean_area(results: Jonas2017.Results, question: str, tool: str) -> float:
    """Return the mean ROC area of a tool over the networks of a seed."""
    return float(np.mean([one[question][tool] for one in results.cards]))
