"""LRN13: what arrives at dendrites from above teaches every layer, whoever excites and whoever inhibits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium.learning.rules import named_rule
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.galloni_controls import HebbianOnly
from tertium.studies.methods.galloni_networks import OUTPUT, Floats, Setting, final_accuracy, train
from tertium.studies.pictures import galloni2025 as draw
from tertium.tasks import LabelledTask, labelled

if TYPE_CHECKING:
    from tertium.studies.lab import Lab


class Galloni2025(Study):
    """Dendrites that compare top-down input before and after a push teach all layers (Galloni et al. 2025).

    Written digits (the 10,000 of MNIST's test file, a fifth held out) are shown to two hidden layers of excitatory
    units with soma and dendrite, somatic and dendritic interneurons, and excitatory outputs with interneurons;
    no biases, and every weight keeps the sign of its population. Outputs are pushed towards their targets; the state of
    a dendrite (excitation from above minus inhibition) under the push, less that before it, teaches the synapses from
    below: by a product with their rate, or by plateaus and behavioural time-scale plasticity. Somatic interneurons are
    fixed and top-down weights are those upwards times a factor, both as in the paper's main network.

    All networks of a seed start from the same weights and see the same batches; back-propagation goes through the same
    network, all sweeps of its settling, under the same constraint of sign. In the Hebbian network, as in the paper's,
    outputs learn by their own errors and hidden layers hear no teacher; it has the authors' constants, not tuned
    for this size but for its inhibition and its pace, and tells little (seed 0: 22 % after 300 steps).

    Departures: the authors show 20,000 of 50,000 digits, one at a time, with 500 units and 50 interneurons of each
    kind, and reach 93.4 % (back-propagation with the same signs 95.9 %; one seed each, from their logs). Here a layer
    has 100 and 20, digits come in batches, and Adam sizes the steps of synapses from below, for back-propagation
    likewise; outputs begin near their targets. In their main network a dendrite is compared with what interneurons
    have learned to cancel, not with its own past (which is a variant of theirs). In such short trainings that failed
    (seed 0: 35 %, or 63 % where interneurons learned first): what inhibition leaves over is larger than what is to be
    learned from. Their plateaus cannot be beyond a largest weight of 0.35 to 0.44; here it is 1.

    The canon asks that top-down input at wrong units collapses learning to 20 %. With all synapses plastic it does not
    (seed 0: 81.5 %), for outputs learn from their own targets whatever is below them; the claim stands as it is. The
    claim beside it, of ours, holds the outputs' synapses fixed, so that hidden layers alone can learn.

    Sizes and learning rates were chosen on seed 0 by a script with the same networks: 90.1 % by the state of dendrites
    after 600 steps, 92.2 % by plateaus after 800, back-propagation 89.8 %; with the outputs fixed 85.5 %, and 10.3 % at
    wrong units; angles of hidden layers 8 and, at wrong units, 52 degrees, hence 30. The other thresholds are the
    canon's, so that no full pilots of the study were run.
    """

    row, kind = "LRN13", "simulation"
    cite = (
        Reference(
            "Galloni2025",
            "Galloni, A. R., Peddada, A., Chennawar, Y. & Milstein, A. D.",
            2025,
            "Cellular and subcellular specialization enables biology-constrained deep learning",
            "bioRxiv 2025.05.22.655599",
            "10.1101/2025.05.22.655599",
        ),
    )
    needs = ("mnist_t10k",)
    smoke = {"units": 12, "interneurons": 3, "steps": 4, "batch": 8, "images": 60, "points": 2}
    pilot_seeds, test_seeds = (0, 1, 2), (10, 11, 12)

    class Config(StudyConfig):
        """Sizes of the experiment."""

        units: int = Field(100, ge=2, description="excitatory units of each of two hidden layers")
        interneurons: int = Field(20, ge=1, description="interneurons of each kind in a hidden layer")
        steps: int = Field(800, ge=2, description="of training")
        batch: int = Field(20, ge=1, description="digits a step")
        images: int = Field(10_000, ge=20, description="digits, a fifth held out")
        learning_rate: float = Field(0.001, gt=0, description="of Adam at first, for synapses from below")
        inhibition: float = Field(0.04, gt=0, description="factor of the steps of inhibition at dendrites")
        recruitment: float = Field(0.03, gt=0, description="factor of the steps onto dendritic interneurons")
        w_max: float = Field(1.0, gt=0, description="largest weight of plasticity by plateaus")
        points: int = Field(5, ge=2, description="measurements on the way")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        curves: dict[str, dict[str, Floats]]  # condition -> what `train` returns

    def run(self, config: Config, lab: Lab) -> Results:
        """Train every network."""
        setting = Setting(
            self._digits(config, lab),
            config.units,
            config.interneurons,
            config.steps,
            config.batch,
            config.learning_rate,
            config.inhibition,
            config.recruitment,
            config.points,
        )
        error = named_rule("dendritic_targets", compare="time")
        plateaus = named_rule("dendritic_targets", compare="time", update="btsp", w_max=config.w_max)
        exact = named_rule("bptt")
        conditions: dict[str, tuple[Any, dict[str, Any]]] = {
            "back-propagation": (exact, {}),
            "dendrites": (error, {"angles": True}),
            "plateaus": (plateaus, {"angles": True}),
            "hebbian": (HebbianOnly(), {"hebbian": True}),
            "shuffled": (error, {"shuffled": True, "angles": True}),
            "dendrites-fixed": (error, {"fixed": (OUTPUT,)}),
            "shuffled-fixed": (error, {"fixed": (OUTPUT,), "shuffled": True}),
            "outputs-only": (error, {"fixed": tuple(range(OUTPUT))}),
            "free": (exact, {"free": True}),
        }
        return self.Results(
            {name: train(setting, name, rule, lab, **options) for name, (rule, options) in conditions.items()}
        )

    @staticmethod
    def _digits(config: Config, lab: Lab) -> LabelledTask:
        images = lab.data("mnist_t10k")
        chosen = np.arange(len(images.images))
        if config.images < len(chosen):
            chosen = np.sort(lab.seeds.numpy("digits").choice(chosen, config.images, replace=False))
        pixels = np.asarray(images.images, dtype=np.float32)[chosen].reshape(len(chosen), -1) / 255
        labels = np.asarray(images.label)[chosen].astype(np.int64)
        division = lab.seeds.integer("division") % 2**31
        return labelled(pixels, labels, name="digits", held_out=0.2, scaling="none", seed=division)

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield how well layers learn by dendrites, what they learn that Hebb's rule does not, and signs."""
        curves = results.curves
        right = {name: final_accuracy(one) for name, one in curves.items()}
        hebbian, exact = right["hebbian"], right["back-propagation"]
        for name, what in (("dendrites", "the state of dendrites"), ("plateaus", "plateaus that it gates")):
            yield Claim(
                f"learns_{name}",
                f"Taught by {what}, the network tells 85 % of held-out digits or more.",
                right[name],
                at_least(85),
                "canon LRN13; 93.4 % in the authors' logs",
                Control("only the outputs learn", right["outputs-only"]),
                unit="%",
            )
            yield Claim(
                f"beyond_hebb_{name}",
                f"Taught by {what}, it is ahead of Hebb's rule by 20 points or more.",
                right[name] - hebbian,
                at_least(20),
                "canon LRN13",
                Control(
                    "top-down input at wrong units, the outputs' synapses fixed", right["shuffled-fixed"] - hebbian
                ),
                unit="points of accuracy",
            )
            yield Claim(
                f"near_exact_{name}",
                f"Taught by {what}, it is within 10 points of back-propagation in the same network.",
                exact - right[name],
                at_most(10),
                "canon LRN13; 2.5 in the authors' logs",
                Control("Hebb's rule", exact - hebbian),
                unit="points of accuracy",
            )
        for name, what in (("shuffled", ""), ("shuffled-fixed", ", where the outputs' synapses are fixed")):
            yield Claim(
                name.replace("-", "_"),
                f"Top-down input at wrong units leaves 20 % or less{what}.",
                right[name],
                at_most(20),
                "canon LRN13" if name == "shuffled" else "ours, after canon LRN13: hidden layers alone can learn",
                Control(f"at the right units{what}", right[name.replace("shuffled", "dendrites")]),
                unit="%",
            )
        yield Claim(
            "aligned",
            "At the end what dendrites ask for is within 30 degrees of the gradient (mean over hidden layers).",
            float(curves["dendrites"]["angle"][-1]),
            at_most(30),
            "ours",
            Control("top-down input at wrong units", float(curves["shuffled"]["angle"][-1])),
            unit="degrees",
        )
        yield Claim(
            "signs",
            "After no step of any of these rules a synapse has the wrong sign (share of synapses, the largest).",
            max(float(one["wrong"][0]) for name, one in curves.items() if name != "free"),
            at_most(0),
            "canon LRN13",
            Control("back-propagation without the constraint", float(curves["free"]["wrong"][0])),
            judge="each",
            unit="share",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw accuracy and angles through training, and accuracy at the end."""
        yield from draw.pictures([one.curves for one in results])
