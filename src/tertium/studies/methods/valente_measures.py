"""What is measured of a teacher and its low-rank students: ranks, inactivations, selection vectors, currents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.learning import LowRankFit, explained_variance, fit_low_rank
from tertium.studies.methods.valente_networks import (
    CONTEXTS,
    ValenteConfig,
    inactivated,
    performances,
    quiet,
    rate_cell,
    run,
    task_of,
    truncated,
)

if TYPE_CHECKING:
    from tertium.models import RateRNN
    from tertium.rng import Seeds
    from tertium.studies.lab import Lab
    from tertium.tasks.trial_batch import TrialBatch

Floats = npt.NDArray[np.float64]

#: Units and conditions of the picture of trajectories.
SHOWN = 6


def students(teacher: RateRNN, config: ValenteConfig, lab: Lab) -> dict[str, LowRankFit]:
    """Return the low-rank networks fitted to a teacher's activity: in both contexts, and in each by itself."""
    fitted, tested = recordings(config, lab.seeds)
    inputs = np.concatenate([batch.inputs.swapaxes(0, 1) for batch in (fitted, tested)])
    rates = np.concatenate([run(teacher, fitted, lab.seeds.child("fitted"))[1], held_out_rates(teacher, tested, lab)])
    context = np.concatenate([batch.columns["context"] for batch in (fitted, tested)])
    out = np.arange(len(inputs)) >= len(fitted)
    found = {}
    for name, here, most in (
        ("both", np.ones(len(context), dtype=bool), config.ranks),
        *((name, context == i, config.context_ranks) for i, name in enumerate(CONTEXTS)),
    ):
        found[name] = fit_low_rank(
            rates[here],
            inputs[here],
            rank=range(most + 1),
            dt=0.02,
            tau=0.1,
            held_out=out[here],
            steps=config.steps,
            seed=lab.seeds.child(name),
            keeper=lab.steps,
            name=f"student-{name}",
        )
    return found


def recordings(config: ValenteConfig, seeds: Seeds) -> tuple[TrialBatch, TrialBatch]:
    """Return the trials to which students are fitted, and those that are held out."""
    task = task_of()
    return task.batch(config.trials, seeds.child("fitted")), task.batch(config.held_out, seeds.child("held out"))


def held_out_rates(teacher: RateRNN, tested: TrialBatch, lab: Lab) -> npt.NDArray[np.float32]:
    """Return the teacher's rates in held-out trials, with its noise, (trial, time, unit)."""
    return run(teacher, tested, lab.seeds.child("held out"))[1]


def ranks(teacher: RateRNN, found: dict[str, LowRankFit], config: ValenteConfig, lab: Lab) -> dict[str, Any]:
    """Return what each rank explains, where the knees are, and the same of the truncated teacher."""
    _, tested = recordings(config, lab.seeds)
    noisy = held_out_rates(teacher, tested, lab)
    clean = run(quiet(teacher), tested, lab.seeds)[1]
    cut = [run(truncated(teacher, r), tested, lab.seeds)[1] for r in range(config.truncations + 1)]
    every = np.ones(len(noisy), dtype=bool)
    where = {"both": every, **{name: tested.columns["context"] == i for i, name in enumerate(CONTEXTS)}}
    epochs = {name: slice(*edges[0]) for name, edges in tested.epochs.items() if name in ("cue", "stimulus", "delay")}
    knees = {name: one.knee() for name, one in found.items()}
    told = {r: found["both"].predict(r, tested.inputs.swapaxes(0, 1)) for r in found["both"].ranks}
    return {
        "explained": {name: one.explained for name, one in found.items()},
        "knee": knees,
        "ceiling": {name: float(explained_variance(noisy[here], clean[here])) for name, here in where.items()},
        "cut": {
            name: np.array([float(explained_variance(noisy[here], one[here])) for one in cut])
            for name, here in where.items()
        },
        "by_epoch": {
            name: np.array([float(explained_variance(clean[:, part], one[:, part])) for one in told.values()])
            for name, part in epochs.items()
        },
        "shown": _shown(clean, told[knees["both"]], cut[knees["both"]], tested),
    }


def _shown(clean: Any, told: Any, cut: Any, tested: TrialBatch) -> dict[str, Any]:
    """Return mean rates of the units that vary most, (context, choice, time, unit), of teacher, student, truncated."""
    spread = clean.var((0, 1))
    best = np.argsort(-spread)[: max(SHOWN * 4, 1) : 4][:SHOWN]  # not the six most alike
    context, choice = tested.columns["context"], tested.columns["choice"]
    groups = [[(context == i) & (choice == k) for k in (0, 1)] for i in range(len(CONTEXTS))]
    return {
        "units": best,
        "time": np.arange(clean.shape[1]) * 0.02,
        **{
            name: np.array([[values[here][:, :, best].mean(0) for here in row] for row in groups])
            for name, values in (("teacher", clean), ("student", told), ("truncated", cut))
        },
    }


def inactivations(teacher: RateRNN, student: RateRNN, config: ValenteConfig, seeds: Seeds) -> dict[str, Any]:
    """Return performances (subset, context) when the same units are cut from teacher and student, and other ones.

    Units are sorted along a random direction in the space of the student's loadings and their products (what it says
    about a unit's part in the computation); those at one end are cut. All subsets are of one size.
    """
    batch = task_of().batch(config.test_trials, seeds.child("inactivations"))
    table, rng = loading_table(student), seeds.numpy("subsets")
    n = max(1, round(config.share * config.units))
    kept: dict[str, list[Floats]] = {"teacher": [], "student": [], "random": []}
    for _ in range(config.subsets):
        units = np.argsort(-(table @ rng.normal(size=table.shape[1])))[:n]
        other = rng.permutation(config.units)[:n]
        for name, network, gone in (
            ("teacher", teacher, units),
            ("student", student, units),
            ("random", student, other),
        ):
            kept[name].append(performances(inactivated(network, gone), batch, seeds))
    found = {name: np.array(values) for name, values in kept.items()}
    return {
        "inactivated": found,
        "intact": {
            "teacher": performances(quiet(teacher), batch, seeds),
            "student": performances(student, batch, seeds),
            "truncated": performances(truncated(teacher, rate_cell(student).rank or 1), batch, seeds),
        },
        "inactivation_r": correlation_within(found["teacher"], found["student"]),
        "inactivation_r_random": correlation_within(found["teacher"], found["random"]),
    }


def loading_table(student: RateRNN) -> Floats:
    """Return m, n, I and the products n I and n m of each unit, z-scored, shape (unit, feature)."""
    cell = rate_cell(student)
    m, n, inputs = (p.detach().double().numpy() for p in (cell.left, cell.right, cell.input_weight))
    both = n[:, :, None] * np.concatenate([inputs, m], axis=1)[:, None, :]
    table = np.concatenate([m, n, inputs, both.reshape(len(n), -1)], axis=1)
    return np.asarray((table - table.mean(0)) / table.std(0))


def correlation_within(a: Floats, b: Floats) -> float:
    """Return Pearson's correlation over subsets and contexts, (subset, context), the means of the contexts taken off.

    That one context is harder for teacher and student alike says nothing about which units were cut. NaN where nothing
    varies.
    """
    x, y = a - a.mean(0), b - b.mean(0)
    if not (np.ptp(x) > 0 and np.ptp(y) > 0):
        return float("nan")
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def selection_of(network: RateRNN, batch: TrialBatch, context: int) -> Floats:
    """Return what a pulse to each unit, when evidence begins, changes in the decision: mean over a context's trials.

    ``d output(end) / d x(onset)``, by back-propagation along each trial. On a line attractor it is the left eigenvector
    of the slow mode, the selection vector of Mante et al. (2013), once the other modes have died out. It is defined as
    well where the slow modes turn, which those of these teachers often do, or run off to one of two states.
    """
    here = batch.columns["context"] == context
    x = torch.from_numpy(batch.inputs[:, here])
    onset = int(batch.epochs["stimulus"][0, 0])
    calm = quiet(network)
    with torch.no_grad():
        _, states = calm(x[:onset])
    assert isinstance(states, torch.Tensor)
    begin = states[-1].clone().requires_grad_(True)
    outputs, _ = calm(x[onset:], begin)
    (gradient,) = torch.autograd.grad(outputs[-1].sum(), begin)
    return np.asarray(gradient.double().numpy().mean(0))


def selections(teacher: RateRNN, student: RateRNN, batch: TrialBatch) -> dict[str, Any]:
    """Return overlaps of selection vectors of teacher and student, and how they pick up the inputs."""
    of_teacher, of_student = (
        np.stack([selection_of(one, batch, i) for i in range(len(CONTEXTS))]) for one in (teacher, student)
    )
    of_teacher, of_student = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (of_teacher, of_student))
    overlaps = np.abs(of_teacher @ of_student.T)
    picked = {
        name: vectors @ rate_cell(network).input_weight[:, : len(CONTEXTS)].detach().double().numpy()
        for name, network, vectors in (("teacher", teacher, of_teacher), ("student", student, of_student))
    }
    return {
        "overlaps": overlaps,  # (context of the teacher, context of the student)
        "teacher_overlap": float(abs(of_teacher[0] @ of_teacher[1])),
        "picked": picked,
    }


def currents(student: RateRNN, batch: TrialBatch, seeds: Seeds) -> dict[str, Any]:
    """Return the decision's latent current of a student over time, mean by context and relevant evidence.

    Recurrent currents ``M kappa``, ``kappa = N' r / n``, are seen along their first principal component, which points
    to the read-out's positive choice.
    """
    outputs, rates = run(student, batch, seeds)
    cell = rate_cell(student)
    m, n = (p.detach().double().numpy() for p in (cell.left, cell.right))
    kappa = rates @ n / len(n)
    flat = (kappa - kappa.mean((0, 1))).reshape(-1, kappa.shape[2])
    along = _first_component(flat, m)
    current = kappa @ (m.T @ along) / np.sqrt(len(n))
    sign = 1.0 if np.corrcoef(current[:, -1], outputs[-1, :, 0])[0, 1] >= 0 else -1.0
    context = batch.columns["context"]
    signed = [batch.columns[name] for name in CONTEXTS]
    relevant = np.where(context == 0, signed[0], signed[1])
    levels = np.unique(np.round(relevant, 6))
    mean = [[current[(context == i) & np.isclose(relevant, v)].mean(0) for v in levels] for i in range(len(CONTEXTS))]
    return {"currents": {"levels": levels, "time": np.arange(rates.shape[1]) * 0.02, "mean": sign * np.array(mean)}}


def _first_component(flat: Floats, m: Floats) -> Floats:
    """Return the first principal component of ``flat @ m.T``, (unit,), from the small covariance of its latents."""
    q, r = np.linalg.qr(m)
    return np.asarray(q @ np.linalg.eigh(r @ (flat.T @ flat) @ r.T)[1][:, -1])
