"""Fit low-rank networks to recorded activity, and see how many latent variables it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.errors import BadInput
from tertium.learning.fitting import fit
from tertium.learning.goals import mean_squared_error
from tertium.learning.low_rank.recordings import Recorded, recorded_trials
from tertium.learning.low_rank.regression import Drives
from tertium.learning.low_rank.result import LowRankFit, RankFit
from tertium.learning.low_rank.student import Observed, Student
from tertium.learning.low_rank.variance import explained_variance
from tertium.learning.training.keeping import Keeper
from tertium.learning.training.schedules import Cosine
from tertium.rng import Seeds


def fit_low_rank(
    responses: xr.DataArray | npt.ArrayLike,
    inputs: npt.ArrayLike,
    *,
    rank: int | Sequence[int] = (1, 2, 3, 4, 5),
    dt: float | None = None,
    tau: float = 0.1,
    nonlinearity: str = "tanh",
    observed: Observed = "rate",
    start: Literal["regression", "random"] = "regression",
    bias: bool = False,
    learn_initial: bool = False,
    noise: float = 0.0,
    settle: float = 0.0,
    held_out: float | npt.ArrayLike = 0.2,
    steps: int = 300,
    batch: int = 32,
    learning_rate: float = 3e-3,
    clip: float = 1.0,
    seed: int | Seeds = 0,
    checkpoint: str | Path | None = None,
    keeper: Keeper | None = None,
    name: str = "low-rank",
    progress: bool = True,
) -> LowRankFit:
    """Fit networks of low rank to the activity of a population (LINT: Valente, Pillow & Ostojic 2022).

    The network has one unit for each recorded one, the same inputs, and recurrent weights ``J = M N' / n``:
    ``tau dx/dt = -x + J phi(x) + I u``. M, N and I are changed by back-propagation until the activity of every unit on
    every trial is that of the recording. One network is fitted for each rank; trials that none of them was fitted to
    say how much each explains (`LowRankFit.knee`).

    Where rates tell potentials, weights begin at those of a reduced-rank regression of what each unit must have
    received on what was sent. Random weights, with which the paper begins, take many times the steps.

    Parameters
    ----------
    responses : responses, or array-like of shape (trial, time, unit)
        Of a network or of neurons; the first time is one step after the network's initial state.
    inputs : array-like, shape (trial, time, input)
        What was shown, step by step. Of a ``TrialBatch``: ``batch.inputs.swapaxes(0, 1)``.
    rank : int or sequence of int
        Each is fitted for itself. Rank 0 is a network without connections: what the inputs explain alone.
    dt : float, optional
        Seconds a step; responses know their own.
    tau : float
        Time constant of the units, seconds.
    nonlinearity : str
        From potential to rate: "tanh", "relu", "softplus", "sigmoid", "identity".
    observed : {"rate", "potential"}
        What the responses are of a unit: what it sends, or the current behind it (centred rates of neurons are often
        taken for the latter, so that they have no bounds).
    start : {"regression", "random"}
        First weights.
    bias, learn_initial : bool
        Whether each unit has a constant input, and a first state other than 0.
    noise : float
        Standard deviation of private noise of the units during the fit.
    settle : float
        Seconds at the beginning of trials that do not count: the network finds its way into the first state.
    held_out : float or array-like of bool, shape (trial,)
        Which trials are not fitted: a share, drawn at random, or those that are marked.
    steps, batch : int
        Steps of Adam; trials a step.
    learning_rate : float
        Of Adam, falling to a twentieth as a cosine.
    clip : float
        Largest norm of the gradient.
    seed : int or Seeds
        Of split, first weights and batches.
    checkpoint : str or Path, optional
        Folder for checkpoints; a fit that was killed goes on from there.
    keeper : Keeper, optional
        Keeps the state in place of a folder (``lab.steps`` of a study).
    name : str
        What the keeper calls the fits: ``<name>-rank-1``.
    progress : bool
        Whether to show a bar on a terminal.

    Returns
    -------
    LowRankFit

    Raises
    ------
    BadInput
        If shapes, numbers or options cannot be used, or rates lie out of the nonlinearity's range.

    References
    ----------
    Valente, A., Pillow, J. W. & Ostojic, S. (2022). Extracting computational mechanisms from neural data using low-rank
    RNNs. NeurIPS 35.

    Examples
    --------
    A rank-one network of 30 units that holds two states, watched for 50 trials:

    >>> import torch
    >>> from tertium.models import RateRNN
    >>> network = RateRNN(1, 30, 1, rank=1, nonlinearity="tanh", bias=False, seed=1)
    >>> _ = network.cell.right.data.copy_(2 * network.cell.left.data + network.cell.input_weight.data)
    >>> inputs = Seeds(0).numpy("inputs").normal(size=(50, 20, 1)).astype("float32")
    >>> rates = torch.tanh(network(torch.from_numpy(inputs.swapaxes(0, 1)))[1]).detach().numpy().swapaxes(0, 1)
    >>> found = fit_low_rank(rates, inputs, rank=(0, 1, 2), dt=0.02, steps=60)
    >>> found.knee(), bool(found.explained[1] > 0.99)
    (1, True)
    """
    recorded = recorded_trials(responses, inputs, dt, settle)
    ranks = _ranks(rank, recorded.n_outputs)
    _check_range(recorded, nonlinearity, observed)
    if start not in ("regression", "random"):
        raise BadInput("start", got=repr(start), expected="'regression' or 'random'")
    seeds = (seed if isinstance(seed, Seeds) else Seeds(seed)).child("fit_low_rank")
    out = _held_out(held_out, len(recorded), seeds)
    fitted, tested = recorded.some(~out), recorded.some(out)
    options: dict[str, Any] = {
        "dt": recorded.dt,
        "tau": tau,
        "nonlinearity": nonlinearity,
        "observed": observed,
        "bias": bias,
        "learn_initial": learn_initial,
        "noise": noise,
    }
    drives = None
    if start == "regression":
        alpha = recorded.dt / tau
        drives = Drives.of(fitted, alpha, nonlinearity=nonlinearity, observed=observed, bias=bias)
    found = {}
    for one in ranks:
        part = seeds.child(f"rank {one}")
        student = Student(recorded.n_inputs, recorded.n_outputs, one, seeds=part.child("weights"), **options)
        if drives is not None:
            drives.write(student)
        done = fit(
            student,
            fitted,
            goal=mean_squared_error,
            learning_rate=learning_rate,
            schedule=Cosine(final=0.05),
            clip=clip,
            steps=steps,
            batch=batch,
            seed=part,
            validate_every=max(1, steps // 10),
            validate_trials=batch,
            checkpoint=checkpoint,
            keeper=keeper,
            name=f"{name}-rank-{one}",
            progress=progress,
        )
        found[one] = RankFit(student.weights(), done.history, *_shares(student, fitted, tested))
    return LowRankFit(found, out, settle=settle, **options)


def _shares(student: Student, fitted: Recorded, tested: Recorded) -> tuple[float, float, npt.NDArray[np.float64]]:
    """Return what is explained of held-out trials, of those that were fitted, and of each unit in held-out ones."""
    shown = [(one.activity[one.settle :], student.show(one.inputs)[one.settle :]) for one in (tested, fitted)]
    whole, own = (float(explained_variance(*pair)) for pair in shown)
    return whole, own, explained_variance(*shown[0], by_unit=True)


def _ranks(rank: int | Sequence[int], units: int) -> list[int]:
    given = [rank] if isinstance(rank, int | np.integer) else list(rank)
    whole = all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in given)
    if not given or not whole or min(given) < 0 or max(given) > units or len(set(given)) < len(given):
        raise BadInput(
            "rank", got=repr(rank), expected=f"integers from 0 to {units} (units), each once", repair="Pass (1, 2, 3)."
        )
    return sorted(int(one) for one in given)


def _check_range(recorded: Recorded, nonlinearity: str, observed: str) -> None:
    """Refuse rates that no unit of this kind can have."""
    if observed not in ("rate", "potential"):
        raise BadInput("observed", got=repr(observed), expected="'rate' or 'potential'")
    bounds = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "relu": (0.0, np.inf), "softplus": (0.0, np.inf)}
    low, high = bounds.get(nonlinearity, (-np.inf, np.inf))
    least, most = float(recorded.activity.min()), float(recorded.activity.max())
    if observed == "rate" and not (low <= least and most <= high):
        raise BadInput(
            f"rates of {nonlinearity} units",
            got=f"numbers from {least:.3g} to {most:.3g}",
            expected=f"{low:g} to {high:g}",
            repair='Scale them, or pass observed="potential".',
        )


def _held_out(given: float | npt.ArrayLike, trials: int, seeds: Seeds) -> npt.NDArray[np.bool_]:
    """Return a mask of the trials that are not fitted, shape (trial,)."""
    marked = np.asarray(given)
    if marked.ndim == 0:
        share = float(marked)
        n = round(share * trials) if 0 < share < 1 else 0
        mask = np.zeros(trials, dtype=bool)
        mask[seeds.numpy("held out").permutation(trials)[:n]] = True
    elif marked.dtype == bool and marked.shape == (trials,):
        mask = marked.copy()
    else:
        raise BadInput(
            "held_out", got=f"{marked.dtype} of shape {marked.shape}", expected=f"a share, or {trials} bools"
        )
    if not 0 < mask.sum() < trials:
        raise BadInput(
            "held_out",
            got=f"{int(mask.sum())} of {trials} trials",
            expected="at least one trial on either side",
            repair="Pass held_out=0.2 and enough trials.",
        )
    return mask
