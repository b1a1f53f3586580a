"""SNN07: units of a published package equation by equation, networks converted to spikes, and spikes that learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.fang_networks import converted, learned
from tertium.studies.methods.fang_units import compared
from tertium.studies.pictures import fang2023 as draw
from tertium.tasks import labelled

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: Steps of the control of a conversion.
FEW = 4


class Fang2023(Study):
    """Units, conversion and learning of SpikingJelly, done by ours (Fang et al. 2023).

    Units: random currents drive our `LIF` layer, with fixed and with learned time constants (PLIF), and a loop for one
    unit that is written out from the package's equations: soft and hard reset, and inputs that decay with the voltage
    or do not. The package itself is run against our units by an optional development test where it is installed.

    Conversion: a dense and a convolutional network of rectified units learn the digits, 8,000 of 10,000, and become
    spiking networks without further learning, scaled by the activity that 1,000 of these cause. Pictures are held as
    currents; the answer is the mean of the outputs over time. All numbers are from the other 2,000 digits.

    Learning: three convolutional layers of PLIF units under a read-out learn by surrogate gradients through space and
    time, for four steps a digit.

    Ours: the package converts with one scale for a layer too (its modes "max" and "99.9%"; we take the latter); its
    networks for digits are larger, learn from 60,000 digits, pool, and normalise batches, which ours do not. Sizes were
    chosen on seed 0: a conversion lost 0.15 points, without scaling 6.6 (dense) and 3.1 (convolutional), after four
    steps 9.1 and 5.8; the spiking network told 95.7 % after 300 steps of training and 97.3 % after 900, hence 1,200.
    Thresholds are the canon's.
    """

    row, kind = "SNN07", "simulation"
    cite = (
        Reference(
            "Fang2023",
            "Fang, W., Chen, Y., Ding, J., Yu, Z., Masquelier, T., Chen, D., Huang, L., Zhou, H., Li, G. & Tian, Y.",
            2023,
            "SpikingJelly: an open-source machine learning infrastructure platform for spike-based intelligence",
            "Science Advances 9:eadi1480",
            "10.1126/sciadv.adi1480",
        ),
        Reference(
            "Fang2021",
            "Fang, W., Yu, Z., Chen, Y., Masquelier, T., Huang, T. & Tian, Y.",
            2021,
            "Incorporating learnable membrane time constant to enhance learning of spiking neural networks",
            "International Conference on Computer Vision",
        ),
        Reference(
            "Rueckauer2017",
            "Rueckauer, B., Lungu, I.-A., Hu, Y., Pfeiffer, M. & Liu, S.-C.",
            2017,
            "Conversion of continuous-valued deep networks to efficient event-driven networks for image classification",
            "Frontiers in Neuroscience 11:682",
            "10.3389/fnins.2017.00682",
        ),
    )
    test_seeds = (10, 11, 12)
    needs = ("mnist_t10k",)
    smoke = {
        "steps_compared": 20, "units_compared": 3, "digits": 200, "mlp_units": (6,), "cnn_channels": (2,),
        "rate_steps": 2, "channels": (2, 2, 2), "steps": 2, "batch": 8, "window": 5,
    }  # fmt: skip

    class Config(StudyConfig):
        """Units, networks, training."""

        steps_compared: int = Field(200, ge=1, description="steps for which units are compared")
        units_compared: int = Field(50, ge=1, description="units that are compared, each of its own time constant")
        digits: int = Field(10_000, ge=100, description="digits, a fifth held out")
        mlp_units: tuple[int, ...] = Field((256, 128), description="hidden units of the dense network")
        cnn_channels: tuple[int, ...] = Field((16, 32), description="maps of the convolutional network")
        rate_steps: int = Field(800, ge=1, description="steps of training of these")
        rate_learning_rate: float = Field(2e-3, gt=0, description="of Adam at first; falls to 0 as a half cosine")
        window: int = Field(64, ge=FEW, description="steps for which converted networks see a digit")
        percentile: float = Field(
            99.9, gt=0, le=100, description="of a layer's activity, what becomes a spike each step"
        )
        channels: tuple[int, ...] = Field((16, 32, 64), description="maps of the spiking network")
        kernel: int = Field(5, ge=1, description="width of its patches; strides are 2")
        tau: float = Field(0.002, gt=0.001, description="time constant at which units start, seconds (1 ms a step)")
        shown: int = Field(4, ge=1, description="steps for which it sees a digit")
        steps: int = Field(1200, ge=1, description="steps of training")
        batch: int = Field(64, ge=1, description="digits of a step")
        learning_rate: float = Field(4e-3, gt=0, description="of Adam at first; falls to 0 as a half cosine")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; right answers in per cent of held-out digits."""

        units: dict[str, Floats]  # differences from the loop written out, (convention,)
        converted: dict[str, dict[str, Floats]]  # network -> rate (1,), normalised and plain (step,)
        spiking: Floats  # (step,) right
        readout: Floats  # (step,) right where the read-out alone learns
        rates: Floats  # (layer,) share of steps with a spike
        curve: Floats  # (point, 2) steps of training, right of some digits that are learned from

    def run(self, config: Config, lab: Lab) -> Results:
        """Compare units, convert networks, train spiking ones."""
        units = compared(config.steps_compared, config.units_compared, lab.seeds.child("units"))
        images = lab.data("mnist_t10k")
        kept = lab.seeds.numpy("digits").permutation(len(images.images))[: config.digits]
        pixels = np.asarray(images.images, dtype=np.float32)[kept, None]
        labels = np.asarray(images.label)[kept].astype(np.int64)
        seed = lab.seeds.integer("division") % 2**31
        items = labelled(pixels / pixels.max(), labels, name="digits", scaling="none", held_out=0.2, seed=seed)
        made = {kind: lab.stage(kind, partial(converted, kind, items, config, lab)) for kind in ("MLP", "CNN")}
        whole = lab.stage("spiking", partial(learned, items, config.shown, config, lab))
        readout = lab.stage("readout", partial(learned, items, config.shown, config, lab, whole=False))
        return self.Results(units, made, whole["right"], readout["right"], whole["rate"], whole["curve"])

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield that units agree, what conversion loses, and what spikes learn."""
        for kind, wrong, what in (
            ("LIF", "late", "resets one step late, as in another family of packages"),
            ("PLIF", "tau", "the other convention of how inputs decay"),
        ):
            yield Claim(
                kind.lower(),
                f"{kind} units have the voltages of the package's equations under both resets and conventions of tau.",
                float(results.units[kind].max()),
                at_most(1e-6),
                "canon SNN07",
                Control(what, float(results.units[wrong].min())),
                judge="each",
                unit="largest difference, threshold 0.8",
            )
        for kind, found in results.converted.items():
            rate, normalised, plain = (found[name] for name in ("rate", "normalised", "plain"))
            dense = kind == "MLP"
            yield Claim(
                f"converted_{kind.lower()}",
                f"A {'dense' if dense else 'convolutional'} network that is converted to spikes loses at most 1.5 "
                "points in 64 steps.",
                float(rate[0] - normalised[-1]),
                at_most(1.5),
                "canon SNN07",
                Control("its weights as they are", float(rate[0] - plain[-1]))
                if dense
                else Control("after four steps", float(rate[0] - normalised[FEW - 1])),
                judge="each",
                unit="points of accuracy",
            )
        yield Claim(
            "learned",
            "Three convolutional layers of spiking units learn to tell 97 % of the digits in four steps.",
            float(results.spiking[-1]),
            at_least(97),
            "canon SNN07",
            Control("the read-out alone learns", float(results.readout[-1])),
            unit="% of held-out digits",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw differences of units, conversions over time, and learning."""
        yield from draw.pictures(results)
