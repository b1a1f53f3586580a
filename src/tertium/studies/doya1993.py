"""FND13: a recurrent network as any dynamical system, and as any finite automaton."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tertium.learning.training.curriculum import Lesson
from tertium.models import VanillaRNN
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least, at_most
from tertium.studies.methods.automata import Extracted, agreement, extract, visit
from tertium.studies.methods.doya import (
    Units,
    answers_to,
    cycles,
    flow,
    free_run,
    reader,
    readout_for,
    recurrent_network,
    trajectory,
    wanted,
    worst_error,
)
from tertium.studies.methods.wrong_targets import targets_of_another_trial
from tertium.studies.pictures import doya as draw
from tertium.tasks import make
from tertium.tasks.sequence.automaton import automaton

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

LANGUAGES = {
    "parity": "an odd number of ones",
    "tomita1": "only ones",
    "tomita2": "10, repeated",
    "tomita4": "no three zeros in a row",
}
#: Half widths of the region of x and x' in which the oscillator is shown.
BOX = np.array([3.0, 4.5])
#: Where free runs start: well inside of the limit cycle, and outside of it.
STARTS = np.array([[0.1, 0.0], [2.8, 3.0]])
#: Networks on which the measurement of the oscillator has to fail.
FAILING = ("untrained", "shuffled", "linear")


class Doya1993(Study):
    """A recurrent network can be a given dynamical system, or a given finite automaton (Doya 1993).

    Leaky units with random tuning get the read-out that, fed back to them, moves as Van der Pol's oscillator does in
    one step; then the network runs by itself. Discrete networks learn by gradient descent to say after each symbol
    whether a string belongs to a regular language; from their states an automaton is read.
    """

    row, kind = "FND13", "simulation"
    cite = (
        Reference(
            "Doya1993",
            "Doya, K.",
            1993,
            "Universality of fully connected recurrent neural networks",
            "Technical report, University of California, San Diego",
        ),
        Reference(
            "Funahashi1993",
            "Funahashi, K. & Nakamura, Y.",
            1993,
            "Approximation of dynamical systems by continuous time recurrent neural networks",
            "Neural Networks 6:801-806",
            "10.1016/S0893-6080(05)80125-X",
        ),
        Reference(
            "Giles1992",
            "Giles, C. L., Miller, C. B., Chen, D., Chen, H. H., Sun, G. Z. & Lee, Y. C.",
            1992,
            "Learning and extracting finite state automata with second-order recurrent neural networks",
            "Neural Computation 4:393-405",
            "10.1162/neco.1992.4.3.393",
        ),
        Reference(
            "Tomita1982",
            "Tomita, M.",
            1982,
            "Dynamic construction of finite automata from examples using hill-climbing",
            "Proceedings of the Fourth Annual Conference of the Cognitive Science Society:105-108",
        ),
    )
    smoke = {
        "samples": 500,
        "cycles": 3,
        "numbers": [10, 50],
        "steps": 30,
        "lengths": [3, 6],
        "strings": 60,
        "clusters": [2, 4],
    }

    class Config(StudyConfig):
        """The oscillator, the networks, the strings."""

        mu: float = Field(1.0, gt=0, description="damping of Van der Pol's oscillator")
        dt: float = Field(0.05, gt=0, description="time step of the leaky network, seconds")
        tau: float = Field(0.5, gt=0, description="time constant of the leaky units, seconds")
        numbers: tuple[int, ...] = Field((10, 20, 50, 100), description="units of leaky networks; the last one runs")
        samples: int = Field(4000, ge=10, description="random points at which the one-step motion is shown")
        ridge: float = Field(1e-8, gt=0, description="ridge of the read-out, per sample")
        cycles: int = Field(20, ge=1, description="cycles of the free run that are measured")
        settling: int = Field(6, ge=1, description="cycles before them")
        units: int = Field(20, ge=2, description="units of the networks that read strings")
        learning_rate: float = Field(3e-3, gt=0, description="of Adam")
        batch: int = Field(32, ge=1, description="strings a step")
        steps: int = Field(4000, ge=1, description="steps of training at most, over all lengths")
        lengths: tuple[int, ...] = Field((4, 8, 14), description="longest strings of each lesson")
        strings: int = Field(300, ge=10, description="strings whose states are clustered; as many choose how many")
        clusters: tuple[int, ...] = Field(
            (2, 3, 4, 6, 8, 12, 16, 24, 32), description="numbers of clusters tried; the first that does best is taken"
        )
        compared: int = Field(12, ge=1, description="automata are compared on all strings up to this length")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        true: dict[str, float]  # period (s) and amplitude of the oscillator
        dt: float
        target: Floats  # (time, start, 2) of the oscillator
        run: Floats  # (time, start, 2) of the network
        period_error: dict[str, float]  # network -> worst cycle of both starts
        amplitude_error: dict[str, float]
        numbers: NDArray[np.int64]
        field_error: Floats  # (number of units,) relative, on fresh points
        field_error_linear: Floats
        compared: int
        equal: dict[str, float]  # language -> whether the extracted automaton is the smallest one
        equal_untrained: dict[str, float]
        equal_shuffled: dict[str, float]
        agreement: dict[str, float]  # language -> fraction of all strings on which both automata agree
        read: dict[str, dict[str, Any]]  # language -> states on two axes, the automaton, the course of learning

    def run(self, config: Config, lab: Lab) -> Results:
        """Fit the oscillator and let it run; learn the languages and read automata from the states."""
        oscillator = lab.stage("oscillator", lambda: oscillate(config, lab))
        learned = {language: learn(language, config, lab) for language in LANGUAGES}
        return self.Results(
            **oscillator,
            dt=config.dt,
            numbers=np.array(config.numbers),
            compared=config.compared,
            equal={name: found["equal"] for name, found in learned.items()},
            equal_untrained={name: found["untrained"] for name, found in learned.items()},
            equal_shuffled={name: found["shuffled"] for name, found in learned.items()},
            agreement={name: found["agreement"] for name, found in learned.items()},
            read={name: found["read"] for name, found in learned.items()},
        )

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield period and amplitude of the free run, the error against units, each language."""
        for what, errors, limit in (
            ("period", results.period_error, 0.05),
            ("amplitude", results.amplitude_error, 0.1),
        ):
            yield Claim(
                f"van_der_pol_{what}",
                f"Running freely from inside and outside of the limit cycle, the network keeps the oscillator's {what} "
                "in every cycle.",
                errors["fitted"],
                at_most(limit),
                "canon FND13",
                Control(
                    "the best of three: untrained, fitted to shuffled motions, linear units (no cycle counts as 1)",
                    min(errors[name] for name in FAILING),
                ),
                judge="each",
                unit="relative error, worst cycle",
            )
        fewest, most = results.numbers[[0, -1]]
        yield Claim(
            "more_units",
            f"From {fewest} to {most} units the error of the one-step motion falls at least thirtyfold.",
            float(results.field_error[0] / results.field_error[-1]),
            at_least(30),
            "Funahashi & Nakamura 1993 (any accuracy with enough units); factor ours",
            Control("linear units", float(results.field_error_linear[0] / results.field_error_linear[-1])),
            unit="ratio of errors",
        )
        for language, meaning in LANGUAGES.items():
            yield Claim(
                language,
                f"The automaton read from a network that learned '{meaning}' is the smallest one of this language, and "
                f"agrees with it on all strings of 1 to {results.compared} symbols.",
                results.equal[language],
                at_least(0.6),
                "canon FND13: at least 3 of 5 seeds",
                Control(
                    "the better of two: untrained, trained on answers to other strings",
                    max(results.equal_untrained[language], results.equal_shuffled[language]),
                ),
                unit="fraction of seeds",
            )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the phase portrait, a free run, the error against units, the automata, the learning."""
        first, seeds = results[0], len(results)
        yield Picture(
            "portrait",
            draw.portrait(first),
            f"A leaky network of {first.numbers[-1]} units runs by itself from two states (dots), beside the "
            "oscillator it was fitted to from the same states (grey, wide). First network.",
        )
        yield Picture(
            "free_run",
            draw.traces(first),
            "The same run from inside of the limit cycle, against time. Errors of the period add up to a shift of "
            "the phase; here it stays too small to be seen where the lines lie on each other.",
        )
        yield Picture(
            "units",
            draw.errors(results),
            f"Root-mean-square error of the motion in one step on fresh points of the whole region, relative to the "
            f"motion, against the number of units; mean of {seeds} networks a point, bars 95 % intervals.",
        )
        yield Picture(
            "automata",
            draw.automata(first),
            "States that four networks visit while they read strings, on their first two principal axes (dots), and "
            "the automaton read from them: a circle a state, where its members lie dense, double where it accepts; "
            "arrows say where 0 (dotted) and 1 (solid) lead. First network.",
        )
        yield Picture(
            "learning",
            draw.learning(results),
            f"Fraction of fresh strings answered correctly after every symbol, of the lesson's length; a line a "
            f"network, {seeds} a language. Dots: the end of training.",
        )


def oscillate(config: Doya1993.Config, lab: Lab) -> dict[str, Any]:
    """Fit networks to the oscillator's motion in one step, and let the largest one and its controls run."""
    mu, dt = config.mu, config.dt
    reference = trajectory(np.array([2.0, 0.0]), mu, dt, round(60 / dt))
    period, amplitude = (float(found[-5:].mean()) for found in cycles(reference[:, 0], dt))
    rng = lab.seeds.numpy("points")
    points, fresh = (rng.uniform(-BOX, BOX, (config.samples, 2)) for _ in range(2))
    moved, moved_fresh = (flow(x, mu, dt, steps=10) for x in (points, fresh))
    errors: dict[str, list[float]] = {"tanh": [], "identity": []}
    networks = {}
    for number in config.numbers:
        for kind in ("tanh", "identity"):
            draws = lab.seeds.numpy(f"tuning of {number}")
            units = Units.draw(number, BOX, draws, dt=dt, tau=config.tau, nonlinearity=kind)
            drive = wanted(points, moved, units)
            readout = readout_for(units, points, drive, config.ridge)
            off = units.rates(fresh) @ readout.T - wanted(fresh, moved_fresh, units)
            motion = (moved_fresh - fresh) * (config.tau / dt)
            errors[kind].append(float(np.sqrt((off**2).sum() / (motion**2).sum())))
            networks["fitted" if kind == "tanh" else "linear"] = recurrent_network(units, readout)
            if kind == "tanh":
                shuffled = readout_for(units, points, draws.permutation(drive), config.ridge)
                blank = draws.normal(size=readout.shape) * np.linalg.norm(readout) / np.sqrt(readout.size)
                networks["shuffled"], networks["untrained"] = (recurrent_network(units, d) for d in (shuffled, blank))
    steps = round((config.cycles + config.settling) * period / dt)
    runs = {name: free_run(network, STARTS, steps) for name, network in networks.items()}
    found = {name: [cycles(run[:, k, 0], dt) for k in range(len(STARTS))] for name, run in runs.items()}
    return {
        "true": {"period": period, "amplitude": amplitude},
        "target": trajectory(STARTS, mu, dt, steps),
        "run": runs["fitted"],
        "period_error": {n: max(worst_error(p, period, config.cycles) for p, _ in f) for n, f in found.items()},
        "amplitude_error": {n: max(worst_error(a, amplitude, config.cycles) for _, a in f) for n, f in found.items()},
        "field_error": np.array(errors["tanh"]),
        "field_error_linear": np.array(errors["identity"]),
    }


def learn(language: str, config: Doya1993.Config, lab: Lab) -> dict[str, Any]:
    """Train a network on longer and longer strings of a language, and read an automaton from its states."""
    *short, task = (make("regular_language", language=language, longest=n) for n in config.lengths)
    seed = lab.seeds.integer(language) % 2**31

    def network() -> VanillaRNN:
        return VanillaRNN(task.n_inputs, config.units, task.n_outputs, dt=task.dt, seed=seed)

    common: dict[str, Any] = {
        "learning_rate": config.learning_rate,
        "clip": 1.0,
        "batch": config.batch,
        "validate_every": min(50, config.steps),
        "progress": False,
    }
    trained, untrained, shuffled = network(), network(), network()
    done = lab.fit(
        trained,
        task,
        name=language,
        goal="weighted_squared_error",
        curriculum=[Lesson(shorter, until=0.98) for shorter in short],
        until=0.999,
        checks=2,
        steps=config.steps,
        **common,
    )
    lab.fit(shuffled, task, name=f"{language}-shuffled", goal=targets_of_another_trial, steps=done.steps, **common)

    def read() -> dict[str, Any]:
        target = automaton(language)
        results: dict[str, Any] = {}
        for name, net in (("equal", trained), ("untrained", untrained), ("shuffled", shuffled)):
            found, points = automaton_of(net, task, config, lab)
            alike = agreement(found.automaton, target, config.compared)
            results[name] = float(alike == 1 and len(found.automaton.moves) == len(target.moves))
            if name == "equal":
                results |= {"agreement": alike, "read": drawn(found, points)}
        history = np.array([[check.step, check.performance] for check in done.history])
        results["read"] |= {"history": history}
        return results

    return lab.stage(f"automaton-{language}", read)


def automaton_of(network: VanillaRNN, task: Any, config: Doya1993.Config, lab: Lab) -> tuple[Extracted, Floats]:
    """Return the automaton of a network, read from strings of its task, and the states visited (visit, unit)."""
    seeds = lab.seeds.child("reading")
    clustered, compared = (
        task.batch(config.strings, seeds.child(part)).columns["symbols"] for part in ("clustered", "compared")
    )
    start = network.cell.init(1)[0].detach().double().numpy()
    visits = visit(reader(network), start, clustered)
    answers = answers_to(network, compared)
    seed = seeds.integer("clusters") % 2**31
    return extract(visits, compared, answers, counts=config.clusters, seed=seed), visits.states


def drawn(found: Extracted, states: Floats) -> dict[str, Any]:
    """Return what the picture of an automaton needs: states on two principal axes, members, moves, answers."""
    centred = states - states.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    return {
        "points": centred @ axes.T,
        "members": found.members,
        "moves": found.automaton.table,
        "accepting": found.automaton.is_accepting,
        "clusters": found.clusters,
        "fidelity": found.fidelity,
    }
