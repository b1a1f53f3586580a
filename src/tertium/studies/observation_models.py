"""SEN18: what spikes, calcium, BOLD, LFP and MEG let us see of one latent population code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.methods.observation import (
    LEVELS,
    MEASURES,
    MODALITIES,
    RELIABILITIES,
    burst_response,
    ceiling_errors,
    compare,
    deconvolution,
    in_order,
    latent_codes,
    population,
    rates_of,
    similarities,
    variability,
)
from tertium.studies.pictures.observation import pictures

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Array = NDArray[np.float64]


class ObservationModels(Study):
    """One latent population code, seen through spikes, calcium, BOLD, LFP and MEG, with ceilings that say how well."""

    row, kind = "SEN18", "simulation"
    cite = (
        Reference(
            "Friedrich2017",
            "Friedrich, J., Zhou, P. & Paninski, L.",
            2017,
            "Fast online deconvolution of calcium imaging data",
            "PLoS Computational Biology 13:e1005423",
            "10.1371/journal.pcbi.1005423",
        ),
        Reference(
            "Glover1999",
            "Glover, G. H.",
            1999,
            "Deconvolution of impulse response in event-related BOLD fMRI",
            "NeuroImage 9:416-429",
            "10.1006/nimg.1998.0419",
        ),
        Reference(
            "Chen2013",
            "Chen, T.-W. et al.",
            2013,
            "Ultrasensitive fluorescent proteins for imaging neuronal activity",
            "Nature 499:295-300",
            "10.1038/nature12354",
        ),
        Reference(
            "Sahani2003",
            "Sahani, M. & Linden, J. F.",
            2003,
            "How linear are auditory cortical responses?",
            "Advances in Neural Information Processing Systems 15:125-132",
        ),
    )
    smoke = {"stimuli": 16, "units": 24, "repeats": 4, "imaging": 10.0, "draws": 5, "shuffles": 2}

    class Config(StudyConfig):
        """Sizes of the simulated experiments."""

        stimuli: int = Field(80, ge=8, description="stimuli shown to the population")
        units: int = Field(120, ge=12, description="units of the brain and of each model")
        dimensions: int = Field(8, ge=2, description="latent dimensions of the population code")
        repeats: int = Field(10, ge=2, description="repeats of each stimulus")
        imaging: float = Field(60.0, gt=2.0, description="length of the imaging session (s)")
        draws: int = Field(100, ge=2, description="simulated experiments in the test of the ceiling")
        shuffles: int = Field(20, ge=1, description="shuffles of the stimuli in the control of the ordering")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured; ``example`` holds short traces for the pictures."""

        fano: dict[str, Array]  # process -> (stimulus x unit): variance over mean of counts
        deconvolved: Array  # (unit): correlation of deconvolved calcium with the latent rate
        fluorescence: Array  # (unit): the same of the fluorescence itself
        deconvolved_shuffled: Array  # (unit): the same where frames were shuffled in time
        bold_peak: dict[str, float]  # response -> time of the peak after a burst (s)
        ceiling_error: dict[str, Array]  # estimator -> (reliability): mean estimate - truth
        latent: Array  # (measure, level): similarity of the models with the latent rates
        similarity: dict[str, Array]  # modality -> (measure, level)
        shuffled: dict[str, Array]  # modality -> (shuffle, measure, level)
        example: dict[str, Array]

    def run(self, config: Config, lab: Lab) -> Results:
        """Observe one population through each modality, invert what can be inverted, compare it with six models."""
        seeds = lab.seeds
        codes = latent_codes(config, seeds)
        brain = population(codes[0], config.units, seeds.child("brain"), name="brain", topographic=True)
        fano = lab.stage("fano", lambda: variability(brain, config, seeds))
        imaging = lab.stage("imaging", lambda: deconvolution(config, seeds.child("imaging")))
        bold_peak, bold_example = lab.stage("bold", lambda: burst_response(seeds.child("bold")))
        errors = lab.stage("ceiling", lambda: ceiling_errors(config, seeds.child("ceiling")))
        models = [
            rates_of(population(code, config.units, seeds.child(f"model {level}"), name=f"model {level}"))
            for level, code in zip(LEVELS, codes, strict=True)
        ]
        measured: dict[str, Any] = {}
        for name in lab.track(MODALITIES, "modalities"):
            measured[name] = lab.stage(f"ordering-{name}", partial(compare, name, brain, models, config, seeds))
        return self.Results(
            fano=fano,
            deconvolved=imaging["deconvolved"],
            fluorescence=imaging["fluorescence"],
            deconvolved_shuffled=imaging["shuffled"],
            bold_peak=bold_peak,
            ceiling_error=errors,
            latent=similarities(rates_of(brain), models),
            similarity={name: m["similarity"] for name, m in measured.items()},
            shuffled={name: m["shuffled"] for name, m in measured.items()},
            example=bold_example | imaging["example"] | {n: m["trace"] for n, m in measured.items()},
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the five statements of the row, the last for each modality."""
        yield Claim(
            "fano",
            "Counts of Poisson spikes drawn from the latent rates have a Fano factor of 1.",
            float(np.nanmean(results.fano["poisson"])),
            between(0.95, 1.05),
            "canon row SEN18; closed form: the variance of a Poisson count is its mean",
            Control("gamma-renewal spikes (shape 4) of the same rates", float(np.nanmean(results.fano["gamma"]))),
            judge="each",
        )
        yield Claim(
            "deconvolution",
            "Activity deconvolved from GCaMP6f fluorescence (mean of repeats) follows the latent rate.",
            float(results.deconvolved.mean()),
            at_least(0.8),
            "canon row SEN18",
            Control("frames shuffled in time before deconvolution", float(results.deconvolved_shuffled.mean())),
            judge="each",
            unit="correlation",
        )
        yield Claim(
            "hrf_peak",
            "BOLD peaks 5 s after a burst of firing.",
            results.bold_peak["canonical"],
            between(4.0, 6.0),
            "canon row SEN18; Glover 1999; Friston et al. 1998",
            Control("a haemodynamic response without delay (exponential)", results.bold_peak["no delay"]),
            judge="each",
            unit="s",
        )
        worst = {name: float(np.abs(error).max()) for name, error in results.ceiling_error.items()}
        yield Claim(
            "ceiling",
            "The split-half ceiling is on average over draws the true explainable variance (largest error of three).",
            worst["split-half, corrected"],
            at_most(0.02),
            "canon row SEN18; truth in closed form",
            Control("split-half correlation without the Spearman-Brown correction", worst["split-half correlation"]),
            judge="each",
            unit="explainable variance",
        )
        for name, meaning in MODALITIES.items():
            yield Claim(
                f"order_{name}",
                f"Seen through {meaning}, every similarity measure keeps 4 of 5 comparisons of models in order.",
                int(in_order(results.similarity[name]).min()),
                at_least(4),
                "canon row SEN18",
                Control("stimuli shuffled", float(in_order(results.shuffled[name]).min(axis=-1).mean())),
                judge="each",
                unit="of 5, fewest over measures",
            )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw each modality with the latent rate behind it, the ceiling's error, and the ordering of the models."""
        yield from pictures(results, LEVELS, RELIABILITIES, MEASURES)
