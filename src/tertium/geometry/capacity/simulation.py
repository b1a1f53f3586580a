"""`simulated_capacity`: how many dimensions a readout needs to tell manifolds apart under random labels, by trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.capacity.clouds import as_clouds
from tertium.geometry.capacity.planes import TOUCHES, Worst, largest_margin, worst_of, worst_of_balls
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Balls that could be apart by no more than this, in norms of the centre, count as touching: planes at curved surfaces
#: settle slowly, and so small a margin changes the capacity by less than one in a hundred.
BALLS_TOUCH = 5e-3

#: For one draw and a number of dimensions: the manifolds' worst points, and a point of each.
Problem = Callable[[int], tuple[Worst, Floats]]


@dataclass(frozen=True, eq=False)
class SimulatedCapacity:
    """What `simulated_capacity` found.

    Attributes
    ----------
    value : float
        Manifolds for each dimension at which half of the random labellings are linearly separable.
    interval : tuple of float
        95 %, normal, over draws.
    critical : float
        Dimensions at which half of them are.
    needed : array of int, shape (draw,)
        Dimensions that each draw of labels and projection needs.
    manifolds : int
    by : str
        How dimensions were drawn.
    """

    value: float
    interval: tuple[float, float]
    critical: float
    needed: Integers
    manifolds: int
    by: str

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.needed)

    @property
    def sizes(self) -> Integers:
        """Dimensions from just too few for all draws to just enough for all, (size,)."""
        return np.arange(max(1, int(self.needed.min()) - 1), int(self.needed.max()) + 1)

    @property
    def separable(self) -> Integers:
        """Draws that are separable in so many dimensions, (size,)."""
        return (self.needed[None, :] <= self.sizes[:, None]).sum(1)

    def curve(self, sizes: npt.ArrayLike) -> Floats:
        """Return the normal curve of the share of separable labellings, with the mean and the spread of the draws."""
        from scipy.special import ndtr

        spread = max(float(self.needed.std(ddof=1)), 0.3)
        return np.asarray(ndtr((np.asarray(sizes, dtype=float) - self.critical) / spread))

    def __float__(self) -> float:
        return self.value

    def table(self) -> pd.DataFrame:
        """Return one row a number of dimensions: how many draws are separable, and their share."""
        import pandas as pd

        shares = self.separable / self.draws
        return pd.DataFrame({"dimensions": self.sizes, "separable": self.separable, "share": shares})

    def figure(self) -> go.Figure:
        """Draw the share of separable labellings against the dimensions, and where it is one half."""
        from tertium.geometry.capacity.picture import separable_figure

        return separable_figure(self)


def simulated_capacity(
    r: xr.DataArray | npt.ArrayLike | Sequence[npt.ArrayLike],
    labels: str | Sequence[Any] | None = None,
    *,
    by: Literal["projection", "units"] = "projection",
    draws: int = 40,
    bias: bool = False,
    seed: int | Seeds = 0,
) -> SimulatedCapacity:
    """Count how many dimensions a linear readout needs to tell manifolds apart, for random labels, by trying.

    Each draw labels the manifolds at random and adds one random dimension after another; since more never hurts, the
    number needed is found by bisection. Half of the labellings are separable at the mean number needed less one half,
    which is exact for points (Cover 1965), where twice as many points as dimensions are.

    Parameters
    ----------
    r, labels
        As for `tertium.geometry.manifold_capacity`; the mean of all centres is taken off.
    by : {"projection", "units"}
        Random directions, or units in random order.
    draws : int
    bias : bool
        Let the plane lie off the origin. The theory of random labels does not.
    seed : int or Seeds

    Returns
    -------
    SimulatedCapacity

    Raises
    ------
    BadInput
        If manifolds do not fit together, options make no sense, or not all labellings are separable even with all
        units.

    References
    ----------
    Cohen, U., Chung, S., Lee, D. D. & Sompolinsky, H. (2020). Separability and geometry of object manifolds in deep
    neural networks. Nature Communications 11:746.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(40, 1, 60))
    >>> found = simulated_capacity(list(points))
    >>> found.interval[0] < 2 < found.interval[1]
    True
    """
    clouds, _ = as_clouds(r, labels)
    if by not in ("projection", "units"):
        raise BadInput("by", got=repr(by), expected="'projection' or 'units'")
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    most = clouds[0].shape[1]
    every = np.concatenate(clouds)
    ends = np.cumsum([len(one) for one in clouds])[:-1]

    def draw(i: int) -> Problem:
        rng = seeds.numpy(f"draw {i}")
        signs = _labels(len(clouds), rng)
        moved = every[:, rng.permutation(most)] if by == "units" else every @ rng.normal(size=(most, most))
        if bias:
            moved = np.hstack([np.full((len(moved), 1), np.abs(every).max()), moved])

        def problem(n: int) -> tuple[Worst, Floats]:
            parts = np.split(moved[:, : n + bias], ends)
            signed = [part * sign for part, sign in zip(parts, signs, strict=True)]
            return worst_of(signed), np.array([one.mean(0) for one in signed])

        return problem

    return _simulate(draw, len(clouds), most, draws, by)


def simulated_ball_capacity(
    radius: float, dimension: int, *, manifolds: int = 40, draws: int = 40, seed: int | Seeds = 0
) -> SimulatedCapacity:
    """Simulate the capacity of balls in random places with random axes, whole balls and not samples of them.

    Parameters
    ----------
    radius : float
        In norms of the centre.
    dimension : int
    manifolds, draws : int
    seed : int or Seeds

    Returns
    -------
    SimulatedCapacity

    Raises
    ------
    BadInput
        If a number makes no sense.

    Examples
    --------
    >>> found = simulated_ball_capacity(1.0, 2, manifolds=20, draws=10)
    >>> bool(abs(found.value / (2 / 3) - 1) < 0.1)  # 2 / (1 + D), in closed form at radius 1
    True
    """
    if not (np.isfinite(radius) and radius >= 0) or dimension < 1 or manifolds < 2:
        raise BadInput(
            "balls",
            got=f"{manifolds} of radius {radius} and dimension {dimension}",
            expected="2 or more, of radius 0 or more and dimension 1 or more",
        )
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    most = manifolds * (dimension + 1)  # as many as all balls span: no labelling resists

    def draw(i: int) -> Problem:
        rng = seeds.numpy(f"draw {i}")
        centres = rng.normal(size=(manifolds, most)) * _labels(manifolds, rng)[:, None]
        axes = rng.normal(size=(manifolds, dimension, most))
        return lambda n: (worst_of_balls(centres[:, :n], axes[:, :, :n], radius), centres[:, :n])

    return _simulate(draw, manifolds, most, draws, "projection", BALLS_TOUCH)


def _labels(manifolds: int, rng: np.random.Generator) -> Floats:
    return np.asarray(rng.choice([-1.0, 1.0], size=manifolds))


def _simulate(
    draw: Callable[[int], Problem], manifolds: int, most: int, draws: int, by: str, least: float = TOUCHES
) -> SimulatedCapacity:
    if draws < 5:
        raise BadInput("draws", got=f"{draws}", expected="5 or more")
    from threadpoolctl import threadpool_limits

    needed = np.zeros(draws, dtype=np.int64)
    guess = max(1, manifolds // 2)
    with threadpool_limits(limits=1):  # thousands of small products: threads would wait for each other
        for i in range(draws):
            needed[i] = _needed(draw(i), most, min(guess, most), least)
            guess = int(needed[: i + 1].mean())
    critical = float(needed.mean()) - 0.5
    half = 1.96 * float(needed.std(ddof=1) / np.sqrt(draws))
    ends = float(manifolds / (critical + half)), float(manifolds / max(critical - half, 0.5))
    return SimulatedCapacity(manifolds / critical, ends, critical, needed, manifolds, by)


def _needed(problem: Problem, most: int, guess: int, least: float) -> int:
    """Return the fewest dimensions that make a labelling separable: a widening search from a guess, then bisection."""

    def separable(n: int) -> bool:
        return largest_margin(*problem(n), exact=False, least=least)[0] > 0

    low, high, step = 0, most, max(1, guess // 8)  # not separable at low; taken to be at high
    at, known = guess, False
    while low < at <= high and not (known and low > 0):
        if separable(at):
            high, known, at = at, True, at - step
        else:
            low, at = at, at + step
            if known:
                break
        step *= 2
    if not known and (low >= most or not separable(most)):
        raise BadInput(
            "manifolds",
            got=f"a labelling that is not separable even in all {most} dimensions",
            expected="manifolds that a linear readout can tell apart",
            repair="Take more units or fewer manifolds; the capacity is below manifolds / units.",
        )
    while high - low > 1:
        middle = (low + high) // 2
        if separable(middle):
            high = middle
        else:
            low = middle
    return high
