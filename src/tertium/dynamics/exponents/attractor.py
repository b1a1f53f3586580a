"""`classify_attractor`: fixed point, limit cycle, torus or chaos, or an honest "undecided"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.exponents.benettin import lyapunov
from tertium.dynamics.exponents.recurrence import Motion, motion
from tertium.dynamics.exponents.spectrum import LyapunovSpectrum
from tertium.dynamics.fields.simulation import Drive, Stepper, simulate, starting_states, stepper
from tertium.dynamics.step import Time, as_dynamics
from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
AttractorKind = Literal["fixed point", "limit cycle", "torus", "chaos", "unbounded", "undecided"]

#: An exponent is called zero only where what is told from zero is slower than this fraction of the motion itself:
#: within a few turns the exponents of chaos, too, cannot be told from zero.
SLOW = 0.025


@dataclass(frozen=True, eq=False)
class Attractors:
    """On what kind of attractor each run ends; see `tertium.dynamics.classify_attractor`.

    Attributes
    ----------
    kinds : tuple of str, one a start
        "fixed point", "limit cycle", "torus", "chaos", "unbounded" or "undecided".
    reasons : tuple of str
        Why, in words.
    periods : array, shape (start,)
        Of limit cycles, in steps (discrete) or units of time; otherwise NaN.
    spectrum : LyapunovSpectrum or None
        Of the starts that stay bounded, in their order.
    bounded : array of bool, shape (start,)
    zero : float
        Exponents nearer to zero than this are not told from it: `resolution` over the length of the run.
    """

    kinds: tuple[AttractorKind, ...]
    reasons: tuple[str, ...]
    periods: Floats
    spectrum: LyapunovSpectrum | None
    bounded: npt.NDArray[np.bool_]
    zero: float

    @property
    def kind(self) -> str:
        """The kind on which all starts agree, or "several"."""
        return self.kinds[0] if len(set(self.kinds)) == 1 else "several"

    def table(self) -> pd.DataFrame:
        """Return one row a start: kind, leading exponents with the first one's interval, period, reason."""
        import pandas as pd

        rows = pd.DataFrame({"kind": self.kinds, "period": self.periods, "reason": self.reasons})
        if self.spectrum is not None:
            for i in range(min(3, self.spectrum.blocks.shape[2])):
                column = np.full(len(self.kinds), np.nan)
                column[self.bounded] = self.spectrum.by_start[:, i]
                rows.insert(1 + i, f"exponent{i + 1}", column)
        return rows

    def figure(self) -> go.Figure:
        """Draw the leading exponents of each start with their intervals, coloured by kind."""
        from tertium.dynamics.exponents.picture import attractors_figure

        return attractors_figure(self)


def classify_attractor(
    step: Any,
    h0: xr.DataArray | npt.ArrayLike,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    dt: float | None = None,
    steps: int = 20_000,
    transient: int = 5_000,
    n_exponents: int | None = None,
    jacobian: Callable[[Any, Any], Any] | None = None,
    resolution: float = 5.0,
    same: float = 3e-4,
    bound: float = 1e6,
    seed: int = 0,
) -> Attractors:
    """Say on what kind of attractor a system ends: fixed point, limit cycle, torus, chaos; or that it cannot be told.

    Two kinds of evidence must agree. The signs of the leading Lyapunov exponents, with 95 % intervals: all negative, a
    fixed point; in continuous time, where one exponent along the flow is zero by theorem and is left out, all others
    negative, a limit cycle; further zeros, a torus; the largest positive, chaos. And the run itself: it comes to rest,
    repeats itself, or does neither. Where an interval straddles a border, or the two disagree, the kind is
    "undecided", with the reason; a longer run (``steps``) often decides it.

    Parameters
    ----------
    step, h0, inputs, time, dt, jacobian, seed
        As of `tertium.dynamics.lyapunov`; inputs are constant.
    steps, transient : int
        Steps that are measured, and those before them. Starts that leave the bound during either are "unbounded".
    n_exponents : int, optional
        How many exponents; by default 4, or as many as there are units. Tori need more than they have dimensions.
    resolution : float
        Growth over the whole run, in nats, that is not told from none: an exponent is zero if its interval lies within
        ``resolution / duration`` of zero, and that is slow against the motion itself (some 30 turns long).
    same : float
        A run repeats itself if it misses itself by no more than this fraction of its extent.
    bound : float
        A norm of the state beyond which a run is unbounded.

    Returns
    -------
    Attractors

    Raises
    ------
    BadInput
        As of `tertium.dynamics.lyapunov`.

    Examples
    --------
    The logistic map settles, doubles its period, and is chaotic:

    >>> for r in (2.8, 3.2, 3.9):
    ...     found = classify_attractor(lambda h, x: r * h * (1 - h), [0.3], steps=1000, transient=200)
    ...     print(found.kind, found.periods)
    fixed point [nan]
    limit cycle [2.]
    chaos [nan]
    """
    starts = starting_states(h0)
    system = as_dynamics(step, starts.shape[1], inputs, time=time, jacobian=jacobian)
    x = system.inputs(inputs, len(starts))
    for name, value in (("resolution", resolution), ("same", same), ("bound", bound)):
        if not value > 0:
            raise BadInput(name, got=f"{value}", expected="a number above 0")
    advance = stepper(system, dt)
    settled, bounded = _settled(advance, starts, x, transient, bound)
    # a run that leaves later has no attractor either, and would stop all others
    bounded[bounded] = _settled(advance, settled[bounded], x[bounded], steps + transient // 4, bound)[1]
    width = 1.0 if system.time == "discrete" else float(dt or 0)
    zero = resolution / (steps * width)
    kinds: list[AttractorKind] = ["unbounded"] * len(starts)
    reasons = [f"its norm passes {bound:g}"] * len(starts)
    periods = np.full(len(starts), np.nan)
    spectrum = None
    if bounded.any():
        spectrum = lyapunov(
            system,
            settled[bounded],
            x[bounded],
            time=system.time,
            dt=dt,
            steps=steps,
            transient=transient // 4,
            n_exponents=min(system.n_units, 4) if n_exponents is None else n_exponents,
            jacobian=jacobian,
            seed=seed,
        )
        intervals = spectrum.intervals_by_start
        for k, start in enumerate(np.flatnonzero(bounded)):
            # from the end of the measurement, one start at a time: the paths of all would take much memory
            begin, many = spectrum.end[k], min(steps, 20_000)
            path = simulate(system, begin, many, x[start], time=system.time, dt=dt)[0]
            moves = motion(path, system.time, same)
            kinds[start], reasons[start] = judged(intervals[k], zero, moves, spectrum, width)
            if kinds[start] == "limit cycle":
                periods[start] = moves.period * width
    return Attractors(tuple(kinds), tuple(reasons), periods, spectrum, bounded, zero)


def signs(intervals: Floats, zero: float) -> str:
    """Return the sign of each exponent: ``+``, ``-``, ``0``, or ``?`` where its interval (exponent, 2) straddles.

    Examples
    --------
    >>> signs(np.array([[0.8, 1.0], [-0.01, 0.01], [-0.1, 0.04], [-3.0, -2.0]]), zero=0.05)
    '+0?-'
    """
    low, high = intervals.T
    found = np.full(len(intervals), "?")
    found[low > zero] = "+"
    found[high < -zero] = "-"
    found[(low >= -zero) & (high <= zero)] = "0"
    return "".join(found)


def judged(
    intervals: Floats, zero: float, moves: Motion, spectrum: LyapunovSpectrum, width: float
) -> tuple[AttractorKind, str]:
    """Return the kind of attractor that exponents and the run, whose steps take ``width``, agree on, and why."""
    found = signs(intervals, zero)
    if moves.rests:
        if found[0] == "-":
            return "fixed point", "it comes to rest, and all exponents are negative"
        why = "positive: the fixed point is unstable" if found[0] == "+" else "not told from zero"
        return "undecided", f"it comes to rest, but the largest exponent is {why}"
    if moves.grows:
        return "undecided", "it moves more and more: it has not come to an attractor"
    repeats = np.isfinite(moves.period)
    again = f"it repeats itself after {moves.period:.6g} steps" if repeats else "it does not repeat itself"
    if found[0] == "+":
        kind: AttractorKind = "undecided" if repeats else "chaos"
        return kind, f"the largest exponent is positive, {'but' if repeats else 'and'} {again}"
    if zero > SLOW * moves.pace / width:
        found = found.replace("0", "?")
    others = found
    if spectrum.time == "continuous":
        along = int(np.abs(intervals.mean(1)).argmin())
        if found[along] == "-":
            return "undecided", f"it moves on, but all exponents are negative, and {again}"
        others = found[:along] + found[along + 1 :]
    if "?" in others or "+" in others:
        return "undecided", f"exponents ({found}) that are not told from zero"
    zeros = others.count("0")
    if not zeros:
        kind = "limit cycle" if repeats else "undecided"
        return kind, f"no exponent but that along the flow is zero, {'and' if repeats else 'but'} {again}"
    if "-" not in others and not spectrum.whole:
        return "undecided", f"all {len(found)} exponents are zero: ask for more"
    kind = "undecided" if repeats else "torus"
    dimension = zeros + (spectrum.time == "continuous")
    return kind, f"{dimension} exponents are zero and none positive, {'but' if repeats else 'and'} {again}"


def _settled(advance: Stepper, h: Floats, x: Floats, steps: int, bound: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Go some steps; runs that leave the bound stop there, and are told."""
    drive = Drive(x)
    alive = np.linalg.norm(h, axis=1) <= bound
    h = h.copy()
    for t in range(steps):
        if not alive.any():
            break
        moved = advance(h[alive], drive.take(alive).at(t))
        inside = np.linalg.norm(moved, axis=1) <= bound  # False for NaN
        still = np.flatnonzero(alive)
        h[still[inside]] = moved[inside]
        alive[still[~inside]] = False
    return h, alive
