"""FND02: the perceptron's learning rule, its mistake bound, its capacity, and a retina."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.models.foundations import learn, respond
from tertium.models.foundations.perceptron import with_bias
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most, between
from tertium.studies.pictures import rosenblatt as draw
from tertium.theory import novikoff_bound, separable, separable_probability

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]


class Rosenblatt1958(Study):
    """The perceptron stops within Novikoff's bound, separates up to Cover's capacity, and tells left from right (Rosenblatt 1958)."""  # noqa: E501

    row, kind = "FND02", "simulation"
    cite = (
        Reference(
            "Rosenblatt1958",
            "Rosenblatt, F.",
            1958,
            "The perceptron: a probabilistic model for information storage and organization in the brain",
            "Psychological Review 65:386-408",
            "10.1037/h0042519",
        ),
        Reference(
            "Novikoff1962",
            "Novikoff, A. B. J.",
            1962,
            "On convergence proofs for perceptrons",
            "Symposium on the Mathematical Theory of Automata 12:615-622",
        ),
        Reference(
            "Cover1965",
            "Cover, T. M.",
            1965,
            "Geometrical and statistical properties of systems of linear inequalities",
            "IEEE Transactions on Electronic Computers 14:326-334",
            "10.1109/PGEC.1965.264137",
        ),
    )
    smoke = {
        "sets": 12,
        "sweeps": 400,
        "inputs": 20,
        "dichotomies": 12,
        "retinas": 2,
        "trained": 100,
        "tested": 100,
        "digit_sweeps": 10,
    }

    class Config(StudyConfig):
        """Sizes."""

        sets: int = Field(100, ge=1, description="random separable sets of the mistake bound")
        samples: int = Field(60, ge=1, description="samples of each set")
        channels: int = Field(20, ge=1, description="inputs of each set")
        sweeps: int = Field(3000, ge=1, description="times through the samples at most")
        inputs: int = Field(60, ge=2, description="N of the capacity experiment")
        dichotomies: int = Field(100, ge=1, description="random dichotomies at each load")
        loads: tuple[float, ...] = Field((1.0, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0), description="P / N")
        retinas: int = Field(10, ge=1, description="perceptrons that look at left and right blobs")
        side: int = Field(20, ge=4, description="pixels of a side of the retina")
        noise: float = Field(0.05, ge=0, le=0.5, description="probability that a pixel flips")
        trained: int = Field(400, ge=1, description="blobs shown in training")
        tested: int = Field(400, ge=1, description="new blobs shown in the test")
        digit_sweeps: int = Field(100, ge=1, description="times through the digits at most")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        stopped: Floats  # (set,) whether the perceptron stopped, teacher's labels
        mistakes: Floats  # (set,)
        bounds: Floats  # (set,) (R / gamma)**2
        shuffled_stopped: Floats  # (set,) the same inputs with shuffled labels
        shuffled_mistakes: Floats  # (set,)
        loads: Floats  # P / N
        dichotomies: int
        inputs: int
        separable: dict[str, float]  # load -> fraction, random labels
        separable_half: dict[str, float]  # load -> fraction when half of the inputs are cut
        separable_teacher: dict[str, float]  # load -> fraction when a plane gave the labels
        retina_curve: Floats  # (retina, training blobs so far) test accuracy
        retina_shown: NDArray[np.int64]  # training blobs shown, for the curve
        retina_shuffled: float  # test accuracy after training with shuffled labels
        retina_examples: Floats  # (example, pixel, pixel)
        retina_weights: Floats  # (pixel, pixel) of the first perceptron
        digits: Floats  # (pair of digits,) test accuracy
        digits_shuffled: Floats

    def run(self, config: Config, lab: Lab) -> Results:
        """Learn separable sets, count separable dichotomies, look at blobs, read digits."""
        bound = lab.stage("bound", lambda: mistake_bound(config, lab.seeds.numpy("sets")))
        capacity = lab.stage("capacity", lambda: self._capacity(config, lab))
        retina = lab.stage("retina", lambda: left_or_right(config, lab.seeds.numpy("retina")))
        digits = lab.stage("digits", lambda: two_digits(config, lab.seeds.numpy("digits")))
        sizes: dict[str, Any] = {
            "loads": np.array(config.loads),
            "dichotomies": config.dichotomies,
            "inputs": config.inputs,
        }
        return self.Results(**bound, **sizes, **capacity, **retina, **digits)

    @staticmethod
    def _capacity(config: Config, lab: Lab) -> dict[str, Any]:
        found: dict[str, dict[str, float]] = {"separable": {}, "separable_half": {}, "separable_teacher": {}}
        for load in lab.track(config.loads, "capacity"):
            rng = lab.seeds.numpy(f"load {load}")
            points = round(load * config.inputs)
            counts = np.zeros(3)
            for _ in range(config.dichotomies):
                x, signs = rng.normal(size=(points, config.inputs)), rng.choice([-1.0, 1.0], points)
                teacher = np.where(x @ rng.normal(size=config.inputs) > 0, 1.0, -1.0)
                half = x[:, : config.inputs // 2]
                counts += separable(x, signs), separable(half, signs), separable(x, teacher)
            for kind, count in zip(found, counts, strict=True):
                found[kind][f"{load:g}"] = float(count / config.dichotomies)
        return found

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the mistake bound, the capacity, the retina and the digits."""
        shuffled = "labels shuffled over the same inputs"
        yield Claim(
            "stops",
            f"On every one of {len(results.stopped)} random separable sets the perceptron stops making mistakes.",
            float(results.stopped.mean()),
            at_least(1),
            "convergence theorem: Novikoff 1962",
            Control(shuffled, float(results.shuffled_stopped.mean())),
            judge="each",
            unit="fraction of sets",
        )
        yield Claim(
            "mistake_bound",
            "On every set the mistakes stay within (R / gamma)^2, gamma being the exact largest margin.",
            float((results.mistakes / results.bounds).max()),
            at_most(1),
            "closed form: Novikoff 1962",
            Control(
                f"{shuffled} (bound of the true labels)", float((results.shuffled_mistakes / results.bounds).max())
            ),
            judge="each",
            unit="largest mistakes / bound",
        )
        random, half, teacher = results.separable, results.separable_half, results.separable_teacher
        teacher_what, half_what = "labels given by a plane, not at random", "half of the inputs cut"
        for load, threshold, what, control in (
            ("1.5", at_least(0.95), half_what, half),
            ("2", between(0.3, 0.7), teacher_what, teacher),
            ("2.5", at_most(0.05), teacher_what, teacher),
        ):
            expected = separable_probability(round(float(load) * results.inputs), results.inputs)
            yield Claim(
                f"capacity_{load}",
                f"At {load} points an input, random dichotomies of {results.inputs} inputs are separable this often.",
                random.get(load, np.nan),
                threshold,
                f"canon FND02; Cover 1965 gives {expected:.3f}",
                Control(what, control.get(load, np.nan)),
                unit="fraction of dichotomies",
            )
        yield Claim(
            "cover_curve",
            "The fraction of separable dichotomies follows Cover's closed form at all loads.",
            worst_deviation(random, results.inputs),
            at_most(0.1),
            f"closed form: Cover 1965; margin ours (2 standard errors at n = {results.dichotomies})",
            Control(half_what, worst_deviation(half, results.inputs)),
            judge="mean",
            unit="largest deviation",
        )
        yield Claim(
            "retina",
            "A perceptron on a 20x20 retina tells new blobs on the left from blobs on the right.",
            float(results.retina_curve[:, -1].mean()),
            at_least(0.95),
            "canon FND02",
            Control("labels shuffled in training", results.retina_shuffled),
            unit="test accuracy",
        )
        yield Claim(
            "digits",
            "A perceptron tells apart any two handwritten digits (mean over the 45 pairs).",
            float(results.digits.mean()),
            at_least(0.97),
            "ours",
            Control("labels shuffled in training", float(results.digits_shuffled.mean())),
            kind="analogue",
            unit="test accuracy",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the bound, Cover's curve, the retina with its learning curve."""
        seeds, first = len(results), results[0]
        yield Picture(
            "bound",
            draw.bound(results),
            f"Mistakes until the perceptron stopped against Novikoff's bound, one point a random separable set "
            f"({seeds} seeds x {len(first.mistakes)} sets). Line: mistakes = bound; no point may lie above it.",
        )
        yield Picture(
            "capacity",
            draw.capacity(results),
            f"Separable dichotomies of N = {first.inputs} inputs against the load P/N. Points: linear program, n = "
            f"{seeds * first.dichotomies} dichotomies a load, bars 95 % binomial (Wilson) intervals. Line: Cover's "
            "closed form.",
        )
        yield Picture(
            "retina",
            draw.retina(first),
            "Four training blobs (two left, two right) with their flipped pixels, and the 400 weights that one "
            "perceptron learned (blue: speaks for left, red: for right).",
        )
        yield Picture(
            "learning",
            draw.learning(results),
            f"Accuracy on new blobs against training blobs shown; mean of {seeds * len(first.retina_curve)} "
            "perceptrons, bars 95 % intervals over perceptrons. Dashed: training labels shuffled.",
        )


def mistake_bound(config: Rosenblatt1958.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Learn random sets that a random plane labels, and the same sets with shuffled labels, to the end."""
    x = rng.normal(size=(config.sets, config.samples, config.channels))
    planes = rng.normal(size=(config.sets, config.channels + 1))
    targets = respond(planes, x)
    shuffled = rng.permuted(targets, axis=1)
    true, false = (learn(x, t, sweeps=config.sweeps) for t in (targets, shuffled))
    bounds = [novikoff_bound(points, 2 * t - 1) for points, t in zip(with_bias(x), targets, strict=True)]
    return {
        "stopped": true.stopped.astype(float),
        "mistakes": true.mistakes.astype(float),
        "bounds": np.array(bounds),
        "shuffled_stopped": false.stopped.astype(float),
        "shuffled_mistakes": false.mistakes.astype(float),
    }


def blobs(number: int, config: Rosenblatt1958.Config, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw discs of 2 to 4 pixels radius wholly in the right (1) or left (0) half of a noisy retina.

    Returns
    -------
    images : numpy.ndarray, shape (number, side, side)
        0 or 1.
    right : numpy.ndarray, shape (number,)
        0 or 1.
    """
    side = config.side
    right = rng.integers(0, 2, number).astype(float)
    radius = rng.uniform(0.1, 0.2, number) * side
    across = rng.uniform(radius, side / 2 - radius) + right * side / 2
    down = rng.uniform(radius, side - radius)
    pixel = np.arange(side) + 0.5
    distance = np.hypot(pixel[None, :, None] - down[:, None, None], pixel[None, None, :] - across[:, None, None])
    flipped = rng.random((number, side, side)) < config.noise
    return ((distance <= radius[:, None, None]) ^ flipped).astype(float), right


def left_or_right(config: Rosenblatt1958.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Train perceptrons on more and more blobs and test them on new ones."""
    train, test = ([blobs(n, config, rng) for _ in range(config.retinas)] for n in (config.trained, config.tested))
    x, new = (np.array([images.reshape(len(images), -1) for images, _ in made]) for made in (train, test))
    t, new_t = (np.array([right for _, right in made]) for made in (train, test))
    shown = np.unique(np.geomspace(10, config.trained, 6).astype(np.int64))
    runs = [learn(x[:, :n], t[:, :n], sweeps=50) for n in shown]
    wrong = learn(x, rng.permuted(t, axis=1), sweeps=50)
    examples = np.concatenate([train[0][0][train[0][1] == side][:2] for side in (0, 1)])
    return {
        "retina_curve": np.array([(respond(run.weights, new) == new_t).mean(axis=1) for run in runs]).T,
        "retina_shown": shown,
        "retina_shuffled": float((respond(wrong.weights, new) == new_t).mean()),
        "retina_examples": examples,
        "retina_weights": runs[-1].weights[0, :-1].reshape(config.side, config.side),
    }


def two_digits(config: Rosenblatt1958.Config, rng: np.random.Generator) -> dict[str, Any]:
    """Train a perceptron on each pair of scikit-learn's 8x8 digits (half of 174 images a class), test on the rest."""
    from itertools import combinations

    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    each = 174  # images of the rarest digit, "8"
    chosen = [rng.permutation(np.flatnonzero(labels == digit))[:each] for digit in range(10)]
    pairs = np.array([np.stack([chosen[a], chosen[b]], axis=1).ravel() for a, b in combinations(range(10), 2)])
    x = images[pairs] / 16.0  # (pair, image, pixel), the two digits in turn
    t = np.tile([0.0, 1.0], (len(pairs), each))
    half = each  # of 2 * each images
    run = learn(x[:, :half], t[:, :half], sweeps=config.digit_sweeps)
    wrong = learn(x[:, :half], rng.permuted(t[:, :half], axis=1), sweeps=config.digit_sweeps)
    new, new_t = x[:, half:], t[:, half:]
    return {
        "digits": (respond(run.weights, new) == new_t).mean(axis=1),
        "digits_shuffled": (respond(wrong.weights, new) == new_t).mean(axis=1),
    }


def worst_deviation(found: dict[str, float], inputs: int) -> float:
    """Return the largest distance of the fractions found from Cover's closed form."""
    expected = [separable_probability(round(float(load) * inputs), inputs) for load in found]
    return float(np.abs(np.array(list(found.values())) - expected).max())
