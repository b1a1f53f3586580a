"""Trained networks in which it is known which units compute, and the tools that look for these units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.geometry import discriminability, participation_ratio, stimulus_information
from tertium.models import MultiAreaRNN
from tertium.record import lesion, record
from tertium.tasks import make

if TYPE_CHECKING:
    from tertium.rng import Seeds
    from tertium.studies.jonas2017 import Jonas2017
    from tertium.studies.lab import Lab
    from tertium.tasks.task import Task

Floats = npt.NDArray[np.float64]

#: Blocks of units: the loop that is read out, units that only listen to it, units that nobody drives.
CAUSAL, COPIES, BYSTANDERS = "causal", "copies", "bystanders"

#: Steps of 20 ms at the end of a trial in which tuning is measured; lags of Granger's regressions.
LATE, LAGS = 10, 2

#: Trials shown at a time: a lesioned network runs step by step, and few large batches are faster.
SHOWN: dict[str, Any] = {"batch_size": 1000, "progress": False}


def decision_task() -> Task:
    """Return the task: which way noisy motion of 0.5 s goes."""
    return make("perceptual_decision", dt=0.02, noise=0.2, fixation=0.1, stimulus=0.5, decision=0.1)


def planted(config: Jonas2017.Config, task: Task, seed: int) -> MultiAreaRNN:
    """Return an untrained network whose answer hangs on the causal block alone, whatever it learns."""
    blocks = {CAUSAL: config.units, COPIES: config.units, BYSTANDERS: config.bystanders}
    return MultiAreaRNN(
        task.n_inputs,
        blocks,
        task.n_outputs,
        input_to=CAUSAL,
        output_from=CAUSAL,
        connections={
            (CAUSAL, CAUSAL): 1.0,
            (CAUSAL, COPIES): config.heard,
            (COPIES, COPIES): 0.2,
            (BYSTANDERS, BYSTANDERS): 0.2,
        },
        dt=task.dt,
        nonlinearity="tanh",
        noise=config.noise,
        seed=seed,
    )


class Laboratory:
    """What a physiologist can do with one network: watch its units and choices, with or without a lesion."""

    def __init__(self, network: MultiAreaRNN, task: Task, seeds: Seeds) -> None:
        self.network, self.task, self.seeds = network, task, seeds

    def session(self, trials: int, name: str) -> tuple[xr.DataArray, Floats, Floats]:
        """Return units, outputs (trial, time, output) and choices of new trials."""
        own = self.seeds.child(name)
        batch = self.task.batch(trials, own)
        both = record(self.network, batch, ("cells.0", "readout"), seed=own.integer("units"), **SHOWN)
        layer = both["layer"].values
        outputs = both.values[:, :, layer == "readout"]
        return both[:, :, layer == "cells.0"], outputs, self._choices(outputs, batch)

    def choices(self, trials: int, name: str) -> tuple[Floats, Floats, float]:
        """Return signed coherences, choices (0, 1; trial) and the share of correct ones."""
        own = self.seeds.child(name)
        batch = self.task.batch(trials, own)
        answers = record(self.network, batch, "readout", seed=own.integer("units"), **SHOWN).values
        chosen = self._choices(answers, batch)
        correct = float(np.mean(chosen == batch.columns["choice"]))
        return signed(batch.columns["coherence"], batch.columns["choice"]), chosen, correct

    def _choices(self, outputs: Floats, batch: Any) -> Floats:
        return np.asarray(self.task.spec.response.read(outputs.transpose(1, 0, 2), batch), dtype=np.float64)


def signed(coherence: npt.ArrayLike, side: npt.ArrayLike) -> Floats:
    """Return motion strengths with the sign of their direction (0 or 1), shape (trial,)."""
    return np.asarray(coherence, dtype=np.float64) * (2.0 * np.asarray(side, dtype=np.float64) - 1)


def residual(values: Floats, motion: Floats) -> Floats:
    """Take the mean course over trials of one motion off, (trial, time, column): what Granger's test supposes.

    Left in, it makes whatever rises in every trial a cause of the output, also of that of other trials.
    """
    left = np.array(values, dtype=np.float64)
    for level in np.unique(motion):
        left[motion == level] -= left[motion == level].mean(0)
    return left


def effects(lab: Laboratory, config: Jonas2017.Config, how: str, amounts: Floats | None = None) -> Floats:
    """Return how far each unit's lesion moves the psychometric function, in standard errors squared, shape (unit,).

    Every lesion has trials of its own, as in an animal. ``how`` is "silence", "clamp" or "sham" (nothing is done).
    """
    rest = lab.choices(config.reference, f"{how} reference")
    found = []
    for unit in range(lab.network.n_units):
        name = f"{how} {unit}"
        if how == "sham":
            seen = lab.choices(config.trials, name)
        elif amounts is None:
            with lesion(lab.network, "cells.0", unit):
                seen = lab.choices(config.trials, name)
        else:
            with lesion(lab.network, "cells.0", unit, how="clamp", amount=float(amounts[unit])):
                seen = lab.choices(config.trials, name)
        found.append(shift(rest[:2], seen[:2]))
    return np.array(found)


def shift(rest: tuple[Floats, Floats], seen: tuple[Floats, Floats]) -> float:
    """Return the mean over coherences of the squared difference in choices, over its variance; 1 by chance.

    Parameters
    ----------
    rest, seen : tuple of array, shape (trial,)
        Signed coherences and choices (0, 1) without and with the lesion.

    Examples
    --------
    >>> levels = np.repeat([-1.0, 1.0], 50)
    >>> shift((levels, levels > 0), (levels, levels > 0)), shift((levels, levels > 0), (levels, levels < 0)) > 9
    (0.0, True)
    """
    terms = []
    for level in np.unique(np.round(rest[0], 6)):
        a, b = (np.asarray(chosen)[np.isclose(of, level)] for of, chosen in (rest, seen))
        if len(a) and len(b):
            p = (a.sum() + b.sum() + 1) / (len(a) + len(b) + 2)  # Laplace: a level at which all agree has a variance
            terms.append((a.mean() - b.mean()) ** 2 / (p * (1 - p) * (1 / len(a) + 1 / len(b))))
    return float(np.mean(terms))


def granger(units: Floats, target: Floats, lags: int = LAGS) -> Floats:
    """Return how much each unit's past adds to what a signal's own past says of it: Granger's F, shape (unit,).

    Parameters
    ----------
    units : array, shape (trial, time, unit)
    target : array, shape (trial, time)
        Nothing crosses from trial to trial.
    """
    own = np.stack([target[:, lags - k : -k] for k in range(1, lags + 1)], -1).reshape(-1, lags)
    now = target[:, lags:].reshape(-1, 1)
    base = np.column_stack([np.ones(len(own)), own])
    before = _squares(base, now)
    found = []
    for unit in range(units.shape[2]):
        past = np.stack([units[:, lags - k : -k, unit] for k in range(1, lags + 1)], -1).reshape(-1, lags)
        after = _squares(np.column_stack([base, past]), now)
        found.append((before - after) / lags / (after / (len(now) - 1 - 2 * lags)))
    return np.array(found)


def _squares(design: Floats, target: Floats) -> float:
    weights = np.linalg.lstsq(design, target, rcond=None)[0]
    return float(((target - design @ weights) ** 2).sum())


def hubs(samples: Floats) -> Floats:
    """Return each unit's mean absolute correlation with the others, (sample, unit) -> (unit,)."""
    r = np.abs(np.corrcoef(samples.T))
    return np.asarray((r.sum(0) - 1) / (len(r) - 1))


def area(scores: Floats, truth: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of scores that are to tell true from false."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores))


def card(lab: Laboratory, config: Jonas2017.Config) -> dict[str, Any]:
    """Apply all tools to one network; scores (unit,) by tool, areas, and what the network is like."""
    responses, outputs, chosen = lab.session(config.recorded, "recording")
    late = responses.values[:, -LATE:].mean(1)
    labels = ["left" if one == 0 else "right" for one in chosen]
    told = discriminability(late, labels, bootstrap=1, permutations=1)
    motion = signed(responses["coherence"].values, responses["choice"].values)
    noise = residual(responses.values, motion)
    answer = residual(outputs[:, :, 1:2] - outputs[:, :, 2:], motion)[:, :, 0]
    shuffled = lab.seeds.numpy("shuffled").permutation(len(answer))
    high = np.quantile(responses.values, 0.95, axis=(0, 1))
    scores = {
        "ablation": effects(lab, config, "silence"),
        "stimulation": effects(lab, config, "clamp", high),
        "sham": effects(lab, config, "sham"),
        "tuning": np.abs(told.area - 0.5),
        "information": stimulus_information(late, labels, permutations=2).value,
        "Granger": granger(noise, answer),
        "Granger, trials shuffled": granger(noise, answer[shuffled]),
        "correlation hub": hubs(late),
    }
    block = responses["area"].values.astype(str)
    return {"scores": scores, **judged(scores, block), **dimensions(late, block)}


def judged(scores: dict[str, Floats], block: npt.NDArray[Any]) -> dict[str, Any]:
    """Return areas under the ROC curve: causal units among all, among the tuned; tuned units among all."""
    tuned = block != BYSTANDERS
    return {
        "block": [str(one) for one in block],
        "causal": {tool: area(of, block == CAUSAL) for tool, of in scores.items()},
        "among_tuned": {tool: area(of[tuned], block[tuned] == CAUSAL) for tool, of in scores.items()},
        "tuned": {tool: area(of, tuned) for tool, of in scores.items()},
    }


def dimensions(late: Floats, block: npt.NDArray[Any]) -> dict[str, Any]:
    """Return the dimension of the causal block, of all tuned units, and of all units."""
    parts = {"causal": block == CAUSAL, "tuned": block != BYSTANDERS, "all": block != ""}
    return {"dimension": {name: participation_ratio(late[:, of]).value for name, of in parts.items()}}


def networks(config: Jonas2017.Config, lab: Lab) -> dict[str, Any]:
    """Train networks, and apply all tools to each; one entry a network in every list."""
    task = decision_task()
    cards, correct, untrained = [], [], []
    for k in range(config.networks):
        seeds = lab.seeds.child(f"network {k}")
        network = planted(config, task, seeds.integer("weights") % 2**31)
        untrained.append(Laboratory(network, task, seeds).choices(config.reference, "untrained")[2])
        lab.fit(network, task, name=f"network-{k}", steps=config.steps, batch=64, validate_trials=128)
        held = Laboratory(network, task, seeds.child("laboratory"))
        correct.append(held.choices(config.reference, "trained")[2])
        cards.append(card(held, config))
    return {"cards": cards, "correct": np.array(correct), "untrained": np.array(untrained)}
