"""`lyapunov`: the rates at which nearby states part, by the method of Benettin and others (1980)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.dynamics.exponents.spectrum import LyapunovSpectrum
from tertium.dynamics.exponents.tangent import TangentStep, tangent_step
from tertium.dynamics.fields.simulation import Drive, starting_states, step_duration, stepper
from tertium.dynamics.step import Dynamics, Time, as_dynamics
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

#: Lengths are not taken below this, whose logarithm is -690: a superstable orbit has an exponent of minus infinity.
SHORTEST = 1e-300

#: A vector that is shorter than the longest by this factor has lost its direction to rounding.
LOST = 1e-13


def lyapunov(
    step: Any,
    h0: xr.DataArray | npt.ArrayLike,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    dt: float | None = None,
    steps: int = 10_000,
    transient: int = 1_000,
    n_exponents: int | None = None,
    qr_every: int | None = None,
    blocks: int = 10,
    jacobian: Callable[[Any, Any], Any] | None = None,
    seed: int = 0,
) -> LyapunovSpectrum:
    """Measure whether, and how fast, nearby states part: the Lyapunov spectrum, or its largest exponents.

    Tangent vectors are carried along with the states (by the Jacobian in discrete, by a fourth-order Runge-Kutta
    method in continuous time) and made orthonormal again by QR; exponents are the mean logarithms of their stretching
    (Benettin, Galgani, Giorgilli & Strelcyn 1980; Geist, Parlitz & Lauterborn 1990). Steps before the measurement are
    dropped; during the second half of them the vectors already turn into their directions.

    Parameters
    ----------
    step : callable or torch.nn.Module or Dynamics
        ``step(h, x)``, batched; see `tertium.dynamics.as_dynamics`.
    h0 : array-like, shape (start, unit) or (unit,), or responses
        Where to begin.
    inputs : array-like
        A number, (channel,), (start, channel), or one for each step, of the transient too: (start, step, channel).
    time : {"discrete", "continuous"}
        Whether ``step`` gives the next state (exponents per step) or a velocity (exponents per unit of time).
    dt : float, optional
        Duration of a step; for continuous time only, and needed there.
    steps, transient : int
        Steps that are measured, and those before them.
    n_exponents : int, optional
        How many exponents, from the largest; by default all.
    qr_every : int, optional
        Steps between two orthonormalisations: by default 1 in discrete time and 5 in continuous.
    blocks : int
        Stretches of each run whose differences give the intervals.
    jacobian : callable, optional
        ``jacobian(h, x) -> (batch, unit, unit)`` of ``step``. Without it, few exponents (fewer than a quarter) are
        found by differences along their vectors, many by the whole Jacobian.
    seed : int
        Of the first directions of the vectors.

    Returns
    -------
    LyapunovSpectrum

    Raises
    ------
    BadInput
        If shapes do not fit, a number is out of range, states leave the finite numbers, or vectors fall together
        between two orthonormalisations.

    Examples
    --------
    The logistic map at its most chaotic, log 2:

    >>> starts = np.random.default_rng(0).uniform(size=(20, 1))
    >>> found = lyapunov(lambda h, x: 4 * h * (1 - h), starts, steps=5000)
    >>> abs(found.exponents[0] - np.log(2)) < 5e-3
    np.True_
    """
    starts = starting_states(h0)
    system = as_dynamics(step, starts.shape[1], inputs, time=time, jacobian=jacobian)
    width = step_duration(system.time, dt)
    wanted = system.n_units if n_exponents is None else n_exponents
    every = (1 if system.time == "discrete" else 5) if qr_every is None else qr_every
    if not 1 <= wanted <= system.n_units:
        raise BadInput("n_exponents", got=str(wanted), expected=f"1 to {system.n_units}")
    if every < 1 or blocks < 2 or transient < 0:
        raise BadInput(
            "qr_every, blocks and transient",
            got=f"{every}, {blocks} and {transient}",
            expected="at least 1, 2 and 0",
        )
    times = steps // (every * blocks)  # orthonormalisations in a block
    if times < 1:
        raise BadInput("steps", got=str(steps), expected=f"at least {every * blocks}: one orthonormalisation a block")
    exact = jacobian is not None or 4 * wanted >= system.n_units
    drive = Drive.of(system, inputs, len(starts), transient + steps)
    half = transient - every * ((transient - transient // 2) // every)  # the rest is whole orthonormalisations
    h = settle(system, starts, drive, half, dt)
    draws = Seeds(seed).numpy("tangent vectors").standard_normal((len(starts), system.n_units, wanted))
    frame = np.linalg.qr(draws)[0]
    advance = tangent_step(system, dt, wanted, exact)
    run = _Run(advance, drive, every, half)
    while run.t < transient:
        h, frame, _, _ = run.stretch(h, frame)
    logs = np.zeros((blocks, len(starts), wanted))
    volumes = np.zeros(len(starts))
    for block in range(blocks):
        for _ in range(times):
            h, frame, stretched, volume = run.stretch(h, frame)
            logs[block] += stretched
            volumes += volume
    duration = width * (run.t - transient)
    means = logs.transpose(1, 0, 2) / (duration / blocks)
    order = np.argsort(-means.mean(1), axis=1, kind="stable")
    return LyapunovSpectrum(
        blocks=np.take_along_axis(means, order[:, None], axis=2),
        divergences=volumes / duration,
        duration=duration,
        n_units=system.n_units,
        end=h,
        time=system.time,
    )


def settle(system: Dynamics, h: Floats, drive: Drive, steps: int, dt: float | None) -> Floats:
    """Go some steps without tangent vectors."""
    advance = stepper(system, dt)
    for t in range(steps):
        h = advance(h, drive.at(t))
    return _checked(h, steps)


class _Run:
    """States and vectors from one orthonormalisation to the next, and the number of the step."""

    def __init__(self, advance: TangentStep, drive: Drive, every: int, t: int) -> None:
        self.advance, self.drive, self.every, self.t = advance, drive, every, t

    def stretch(self, h: Floats, frame: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return states, an orthonormal frame, the logarithms of its stretching, and of the growth of volumes."""
        volume = np.zeros(len(h))
        for _ in range(self.every):
            h, frame, grown = self.advance(h, frame, self.drive.at(self.t))
            volume = volume + grown
            self.t += 1
        _checked(h, self.t)
        frame, mixed = np.linalg.qr(frame)
        lengths = np.abs(np.einsum("bii->bi", mixed))
        if self.every > 1 and (lengths.min(1) < LOST * lengths.max(1)).any():
            raise BadInput(
                "qr_every",
                got=f"{self.every} steps, in which vectors fall together",
                expected="fewer",
                repair="Pass qr_every=1.",
            )
        return h, frame, np.log(np.maximum(lengths, SHORTEST)), volume


def _checked(h: Floats, t: int) -> Floats:
    if not np.isfinite(h).all():
        gone = np.flatnonzero(~np.isfinite(h).all(1))
        raise BadInput(
            "states",
            got=f"numbers that are not finite by step {t}, from {len(gone)} starts (the first: {gone[0]})",
            expected="a system that stays bounded",
            repair="Begin elsewhere, or take a smaller dt.",
        )
    return h
