"""A page with one of everything: figures of the kinds that studies draw, claims held and not held, text that bites.

All numbers are invented; nothing here was measured.
"""

from __future__ import annotations

import numpy as np
import pytest

from tertium import figure
from tertium.report.page import Page, PageFigure, PageTable
from tertium.studies.claim import Claim, Control, above, at_least, below, between, judge

SEEDS = (10, 11, 12, 13, 14)
CATEGORIES = ("human body", "human face", "animal body", "animal face", "natural object", "artificial object")


def make_verdicts() -> list[dict]:
    rng = np.random.default_rng(0)

    def claim(id, sentence, mean, sd, threshold, source, control, at, **more):
        values = mean + sd * rng.standard_normal(len(SEEDS))
        claims = [Claim(id, sentence, float(v), threshold, source, Control(control, at), **more) for v in values]
        return judge(claims, "real").as_json()

    return [
        claim(
            "human_it",
            "The deepest layers explain human IT better than the first layer does.",
            0.331,
            0.012,
            at_least(0.25),
            "lower ceiling .38; margin ours",
            "untrained network",
            0.06,
            unit="Spearman rho",
        ),
        claim(
            "species",
            "Human and monkey IT agree on the dissimilarities of the same images.",
            0.49,
            0.03,
            between(0.4, 0.6),
            "Kriegeskorte et al. 2008, Fig. 3",
            "image labels shuffled",
            0.003,
            judge="each",
        ),
        claim(
            "categorical",
            "The categorical model beats the V1-like model.",
            0.0002,
            0.00001,
            below(0.05),
            "5 %, Bonferroni",
            "category labels shuffled",
            0.46,
            unit="p",
        ),
        claim(
            "remixing",
            "Remixing and reweighting the features brings the network to the noise ceiling.",
            0.34,
            0.004,
            above(0.38),
            "Khaligh-Razavi & Kriegeskorte 2014, Fig. 10",
            "pixels remixed",
            0.11,
            judge="interval",
        ),
        claim(
            "reliability",
            "Two <b>sessions</b> & one subject agree.",
            0.71,
            0.02,
            at_least(0.5),
            "ours",
            "sessions of different subjects",
            0.62,
            kind="analogue",
        ),
    ]


def make_figures() -> list[PageFigure]:
    rng = np.random.default_rng(1)
    layers = ["conv1", *(f"fire{i}" for i in range(2, 10)), "conv10"]
    rho = np.array([0.11, 0.15, 0.19, 0.23, 0.26, 0.27, 0.30, 0.33, 0.31, 0.27])
    scores = figure.new(
        x="layer of SqueezeNet", y="Spearman ρ with IT", title="Deep layers come close to the ceiling of human IT"
    )
    figure.dots_with_intervals(scores, layers, rho, rho - 0.03, rho + 0.03, "human IT (n = 4)", lines=True)
    monkey = rho * 1.25 + 0.03
    colour = figure.COLOURS[1]
    figure.dots_with_intervals(
        scores, layers, monkey, monkey - 0.04, monkey + 0.04, "monkey IT (n = 2)", colour=colour, lines=True
    )
    figure.band(scores, 0.38, 0.48, "noise ceiling, human")
    scores.update_yaxes(range=[0, 0.55])

    features = rng.standard_normal((92, 30)) + 1.4 * np.repeat(
        rng.standard_normal((6, 30)), [12, 12, 12, 12, 22, 22], axis=0
    )
    rdm = figure.new(title="Dissimilarities of 92 images in layer fire8", height=520)
    groups = np.repeat(CATEGORIES, [12, 12, 12, 12, 22, 22]).tolist()
    figure.heatmap(rdm, 1 - np.corrcoef(features), colour="1 − Pearson r", groups=groups, square=True)

    step = np.arange(0, 2000, 20)
    curves = figure.new(x="training step", y="loss (cross-entropy, nats)", title="Learning")
    for name, rate, colour in zip(
        ("back-propagation", "feedback alignment", "untrained"), (300, 700, 1e9), figure.COLOURS, strict=False
    ):
        mean = 0.1 + 2.2 * np.exp(-step / rate)
        figure.lines_with_band(curves, step, mean, mean * 0.9, mean * 1.1, name, colour=colour)
    figure.limit_line(curves, 2.3, "chance")

    many = figure.new(y="tau-a", title="Models compared", height=420)
    models = [
        "V1-like",
        "pixels",
        "silhouette",
        "SqueezeNet fire4",
        "SqueezeNet fire8",
        "remixed features",
        "categorical",
    ]
    tau = np.array([0.04, 0.03, 0.05, 0.13, 0.19, 0.22, 0.24])
    figure.bars(many, models, tau, tau - 0.02, tau + 0.02, "fixed")
    figure.bars(many, models, tau * 1.1, tau * 1.1 - 0.02, tau * 1.1 + 0.02, "reweighted", colour=figure.COLOURS[4])
    captions = (
        "Rank correlation of each layer's dissimilarities with those of human and monkey inferotemporal cortex. Dots: "
        "mean over subjects; bars: 95 % bootstrap intervals over images (n = 1,000); band: noise ceiling.",
        "Correlation distance between the responses of layer ``fire8`` to each pair of images, sorted by category.",
        "Loss on held-out trials; bands: 95 % intervals over 5 seeds.",
        "Kendall's tau-a with human IT; bars: 95 % intervals over images and subjects.",
    )
    names = ("layers", "rdm", "learning", "models")
    return [PageFigure(n, f.to_json(), c) for n, f, c in zip(names, (scores, rdm, curves, many), captions, strict=True)]


def make_page() -> Page:
    table = PageTable(
        "Every layer against every region",
        ["layer", "units", "human rho", "human p", "monkey rho", "monkey p", "V1-like rho", "best subject"],
        [
            ["conv1", 774400, 0.11, 0.0213, 0.2, 0.0004, 0.31, "S3"],
            ["fire8", 86528, 0.33, 1e-6, 0.43, 1e-7, -0.0, "S1"],
        ],
        "Spearman correlations; p from 10,000 relabellings of the images, one-sided.",
    )
    return Page(
        title="Deep supervised, but not unsupervised, models may explain IT cortical representation",
        study="khaligh2014",
        row="SEN04",
        kind="real",
        size="full",
        seeds=SEEDS,
        question="Does a network trained to name objects represent images as inferotemporal cortex does?\n\n"
        "Kriegeskorte and colleagues showed 92 images to people and monkeys. We show the same images to every layer of "
        "SqueezeNet (``squeezenet11``) and compare the dissimilarities of its responses with those of both, beside "
        "their noise ceilings. Text that bites: <script>alert(1)</script> & </script>.",
        verdicts=make_verdicts(),
        figures=make_figures(),
        notes=[
            "EfficientNet-Lite0 was left out: see ``tertium data fetch efficientnet_lite0``.",
            "2 of 92 images had to be converted from a palette to RGB.",
        ],
        metrics={
            "human_it.fire8": 0.33012,
            "ceiling.lower": 0.3812,
            "p_species": 0.00002,
            "n_bootstrap": 1000,
            "drift": -0.0,
        },
        config={
            "images": {"value": 92, "meaning": "how many of the images are shown"},
            "layers": {"value": ["conv1", "fire4", "fire8"], "meaning": "sites that are recorded"},
            "n_bootstrap": {"value": 1000, "meaning": "bootstrap samples over images"},
            "metric": "correlation",
        },
        environment={
            "tertium": "0.1.0",
            "python": "3.11.2",
            "torch": "2.13.0+cpu",
            "numpy": "2.3.1",
            "machine": "Linux x86_64, 2 cores",
        },
        citations=[
            {
                "text": "Khaligh-Razavi, S.-M. and Kriegeskorte, N. (2014). Deep supervised models may "
                "explain IT cortical representation. PLoS Computational Biology 10:e1003915.",
                "bibtex": "@article{Khaligh2014,\n  year = {2014}\n}",
            }
        ],
        command="tertium run khaligh2014 seeds=10..14",
        seconds=412.3,
        tables=[table],
        created="22 November 2026",
    )


@pytest.fixture(scope="session")
def page() -> Page:
    return make_page()


@pytest.fixture(scope="session")
def verdicts() -> list[dict]:
    return make_verdicts()
