"""`avalanches`: from a recording to exponents, shapes and branching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.geometry.criticality.crackling import shape_collapse, size_of_duration
from tertium.geometry.criticality.detection import cut_avalanches
from tertium.geometry.criticality.events import population_events
from tertium.geometry.criticality.laws.fitting import ALTERNATIVES, LEAST, PowerLaw, fit_power_law
from tertium.geometry.criticality.result import Avalanches
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

    from tertium.data import SpikeTrains
    from tertium.geometry.criticality.laws.tails import Family

Range = tuple[int | None, int | None]


def avalanches(
    r: xr.DataArray | npt.ArrayLike | SpikeTrains | Mapping[Any, npt.ArrayLike],
    *,
    dt: float | None = None,
    bin: float | None = None,
    sizes: Range = (None, None),
    durations: Range = (None, None),
    decades: float = 1.0,
    least: int = LEAST,
    alternatives: tuple[Family, ...] = ALTERNATIVES,
    bootstrap: int = 100,
    seed: int | Seeds = 0,
) -> Avalanches:
    """Cut a population's activity into avalanches and ask whether they are those of a critical point.

    An avalanche is a stretch of active bins between two silent ones; bins are as wide as the mean interval between
    events of the population (Beggs & Plenz 2003). Sizes and durations are fitted and tested as by Clauset et al.
    (2009). At a critical point mean size grows with duration to the power ``(alpha - 1) / (tau - 1)``, and mean shapes
    of all durations fall on one curve (Sethna et al. 2001; Friedman et al. 2012; Marshall et al. 2016). None of these
    alone proves a critical point.

    Parameters
    ----------
    r : responses of spike counts, array (time,), (time, unit) or (trial, time, unit) of counts, or spike times
        An array of one axis holds the counts of the whole population; spike times are ``SpikeTrains`` or a mapping of
        unit to seconds. Avalanches that touch the ends of a trial are left out.
    dt : float, optional
        Width of a bin of an array, seconds; responses know theirs.
    bin : float, optional
        Width of the bins of avalanches, seconds; by default the mean interval between events, for binned counts to the
        nearest whole number of bins.
    sizes, durations : tuple of int or None
        Where the laws begin and end, events and bins. None for a beginning that is found and for no end. Choose ends
        before looking, from the size of the system.
    decades : float
        Powers of ten that both laws must be seen over.
    least : int
        Avalanches that a law must hold for.
    alternatives : tuple of str
        Other tails to test the laws against: of "exponential", "lognormal", "truncated power law".
    bootstrap : int
        Samples for p values and for intervals of growth; 0 for none.
    seed : int or Seeds

    Returns
    -------
    Avalanches

    Raises
    ------
    BadInput
        If counts are not whole numbers, or there are too few avalanches for a law.

    References
    ----------
    Beggs, J. M. & Plenz, D. (2003). Neuronal avalanches in neocortical circuits. Journal of Neuroscience 23:11167.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> trace = []
    >>> for _ in range(3000):  # critical branching, one avalanche after the other
    ...     active = 1
    ...     while active and len(trace) < 10**6:
    ...         trace.append(active)
    ...         active = rng.poisson(active)
    ...     trace.append(0)
    >>> found = avalanches([0] + trace, bin=1, sizes=(None, 10_000), durations=(None, 100), bootstrap=10)
    >>> len(found.sizes), bool(abs(found.size_law.exponent - 1.5) < 0.1), bool(abs(found.branching_ratio - 1) < 0.1)
    (3000, True, True)
    """
    seeds = seed if isinstance(seed, Seeds) else Seeds(seed)
    events = population_events(r, dt=dt, bin=bin)
    cut = cut_avalanches(events.counts)
    if len(cut.sizes) < least:
        raise BadInput(
            "avalanches",
            got=f"{len(cut.sizes)} in bins of {events.bin:g}, {cut.censored} more at the ends of trials",
            expected=f"at least {least}",
            repair="Record longer, or pass a smaller bin=: in wide bins a population is never silent.",
        )
    laws: list[PowerLaw] = []
    for name, values, (low, high) in (("sizes", cut.sizes, sizes), ("durations", cut.durations, durations)):
        if len(np.unique(values)) < 3:
            raise BadInput(
                f"{name} of avalanches",
                got=f"{len(np.unique(values))} different ones in bins of {events.bin:g}",
                expected="3 or more",
                repair="Pass another bin=.",
            )
        laws.append(
            fit_power_law(
                values, low=low, high=high, decades=decades, least=least, alternatives=alternatives,
                bootstrap=bootstrap, seed=seeds.child(name),
            )
        )  # fmt: skip
    low, high = _seen(laws[1])
    ratios = cut.ratios()
    half = 1.96 * float(ratios.std(ddof=1)) / np.sqrt(len(ratios))
    return Avalanches(
        sizes=cut.sizes,
        durations=cut.durations,
        bin=events.bin,
        mean_interval=events.mean_interval,
        censored=cut.censored,
        size_law=laws[0],
        duration_law=laws[1],
        growth=size_of_duration(cut, low, high, bootstrap=bootstrap, seeds=seeds),
        shapes=shape_collapse(cut, low, high, bootstrap=bootstrap, seeds=seeds),
        branching_ratio=float(ratios.mean()),
        branching_interval=(float(ratios.mean()) - half, float(ratios.mean()) + half),
    )


def _seen(law: PowerLaw) -> tuple[int, int]:
    """Return the durations over which a law was fitted."""
    inside = law.sample.unique[law.sample.unique <= (np.inf if law.high is None else law.high)]
    return law.low, int(inside[-1])
