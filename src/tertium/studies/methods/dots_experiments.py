"""The experiments with networks and monkeys that judge random dots: what is shown, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.models import RateRNN
from tertium.rng import Seeds
from tertium.studies.methods.decisions import curve, fit_weibull, kernel
from tertium.studies.methods.dots_measures import behaviour, cells
from tertium.studies.methods.dots_networks import (
    DotsConfig,
    answering_task,
    blank_network,
    cells_of,
    session,
    trained,
    view,
    viewing_task,
)

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = npt.NDArray[np.float64]
Networks = dict[str, RateRNN]

#: Windows of the tables of single cells, seconds around the onset of the motion and around the response.
ON_MOTION, ON_RESPONSE = (-0.1, 0.8), (-0.3, 0.0)


def trained_networks(config: DotsConfig, lab: Lab) -> Networks:
    """Train a network that watches to the end, one without recurrence that does, and one that answers at any time."""
    watching, answering = viewing_task(config), answering_task(config)
    return {
        name: trained(name, blank_network(config, task, lab.seed, recurrent=wired), task, config, lab, steps)
        for name, task, wired, steps in (
            ("viewing", watching, True, config.steps),
            ("control", watching, False, config.control_steps),
            ("answering", answering, True, config.steps),
        )
    }


def monkeys(config: DotsConfig, lab: Lab) -> dict[str, Any]:
    """Measure the animals; the resamplings are the same for every seed, as the animals are."""
    data = lab.data("roitman_lip")
    seeds = Seeds(0).child("monkeys")
    again: dict[str, Any] = {"draws": config.draws, "shuffles": config.shuffles}
    table = data.behaviour
    groups = {"1": table[table["monkey"] == 1], "2": table[table["monkey"] == 2], "both": table}
    aligned = [
        data.responses(align=event, window=window, dt=0.02)
        for event, window in (("dots_on", ON_MOTION), ("saccade", ON_RESPONSE))
    ]
    return {
        "monkeys": {
            name: behaviour(one["coherence"], one["correct"], one["rt"], seeds.numpy(name), **again)
            for name, one in groups.items()
        },
        "neurons": cells(aligned[0], aligned[1], seeds.numpy("cells"), **again),
    }


def psychometric(networks: Networks, config: DotsConfig, lab: Lab) -> dict[str, Any]:
    """Show motion of one duration to the trained network and to what it was before training."""
    task, seeds = viewing_task(config), lab.seeds.child("psychometric")
    rng = seeds.numpy("shuffles")
    found = {}
    for name, network in (("trained", networks["viewing"]), ("untrained", blank_network(config, task, lab.seed))):
        batch, chosen = view(network, task, config.trials, seeds, stimulus=config.shown)
        found[name] = (np.abs(batch.columns["coherence"]), chosen == batch.columns["choice"])
    coherence, correct = found["trained"]
    measured = curve(coherence, correct)
    fitted = fit_weibull(measured)
    dealt = [fit_weibull(curve(rng.permutation(coherence), correct)).r2 for _ in range(config.shuffles)]
    return {
        "coherences": measured.x,
        "correct": measured.mean,
        "correct_sem": measured.sem,
        "untrained": curve(*found["untrained"]).mean,
        "threshold": fitted.threshold,
        "slope": fitted.slope,
        "r2": fitted.r2,
        "r2_shuffled": float(np.median(dealt)),
    }


def durations(networks: Networks, config: DotsConfig, lab: Lab) -> dict[str, Any]:
    """Measure the threshold at each duration, also of the network without recurrence."""
    task = viewing_task(config)

    def thresholds(name: str) -> Floats:
        out = []
        for seconds in lab.track(config.durations, "durations"):
            seeds = lab.seeds.child(f"{seconds:g} s")
            batch, chosen = view(networks[name], task, config.duration_trials, seeds, stimulus=seconds)
            right = chosen == batch.columns["choice"]
            out.append(fit_weibull(curve(np.abs(batch.columns["coherence"]), right)).threshold)
        return np.array(out)

    return {
        "durations": np.array(config.durations),
        "thresholds": thresholds("viewing"),
        "thresholds_control": thresholds("control"),
        "saturation": config.saturation,
    }


def kernels(networks: Networks, config: DotsConfig, lab: Lab) -> dict[str, Any]:
    """Relate choices at zero coherence to the evidence that chance gave at each moment."""
    task = viewing_task(config)
    out: dict[str, Any] = {}
    for name, field in (("viewing", "kernel"), ("control", "kernel_control")):
        seeds = lab.seeds.child("kernel")
        batch, chosen = view(networks[name], task, config.kernel_trials, seeds, stimulus=config.shown, coherence=0.0)
        first, stop = batch.epochs["stimulus"][0]
        towards, away = batch.inputs[first:stop, :, 1], batch.inputs[first:stop, :, 2]
        out[field], sem = kernel(towards - away, chosen)
        if name == "viewing":
            out["kernel_sem"], out["kernel_time"] = sem, task.dt * (np.arange(stop - first) + 0.5)
    return out


def times(networks: Networks, config: DotsConfig, lab: Lab) -> dict[str, Any]:
    """Let the network answer when it is ready, and record from its units meanwhile."""
    one = session(networks["answering"], answering_task(config), config.session_trials, lab.seeds.child("session"))
    there = one.choice >= 0
    again: dict[str, Any] = {"draws": config.draws, "shuffles": config.shuffles}
    coherence, correct, seconds = (x[there] for x in (one.coherence, one.correct, one.seconds))
    aligned = [cells_of(one, align=a, window=w) for a, w in (("dots_on", ON_MOTION), ("saccade", ON_RESPONSE))]
    return {
        "answered": curve(one.coherence, there).mean,
        "network": behaviour(coherence, correct, seconds, lab.seeds.numpy("behaviour"), **again),
        "units": cells(aligned[0], aligned[1], lab.seeds.numpy("units"), **again),
    }
