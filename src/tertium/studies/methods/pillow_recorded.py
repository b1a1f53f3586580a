"""How pillow2008 measures on recorded neurons: LIP during a decision, CA1 on a track; with and without their past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tertium.compare import SpikeGLM, raised_cosines, spike_glm

if TYPE_CHECKING:
    from tertium.data.sets.neurons.nelpy_ca1 import NelpyCA1
    from tertium.data.sets.neurons.roitman_lip import RoitmanLIP

Array = npt.NDArray[np.float64]

#: Spikes that a unit must have to be fitted.
ENOUGH = 500
#: Running: faster than so many pixels a second, for longer than so many seconds.
SPEED, LASTING = 10.0, 1.0


@dataclass(frozen=True, eq=False)
class Recording:
    """Trials of one unit.

    Attributes
    ----------
    name : str
    spikes : list of array, each of shape (time, 1)
    covariates : list of array, each of shape (time, column)
        What the experimenter knows: stimulus, choice, time, position.
    """

    name: str
    spikes: list[Array]
    covariates: list[Array]

    @property
    def count(self) -> float:
        """Number of spikes."""
        return float(sum(one.sum() for one in self.spikes))


def lip_units(data: RoitmanLIP, dt: float, most: int) -> list[Recording]:
    """Return LIP units, from 200 ms after the dots came on to 50 ms before the saccade, with what drives them.

    Covariates: signed coherence, choice, time since the dots (alone and with the choice), time to the saccade up to 300
    ms (alone and with the choice), and three cosines over the session for slow drift.
    """
    table, found = data.trials, []
    for name in table["unit"].unique():
        rows = np.flatnonzero(table["unit"] == name)
        spikes, covariates = [], []
        for k, i in enumerate(rows):
            edges = np.arange(table["dots_on"][i] + 0.2, table["saccade"][i] - 0.05, dt)
            if len(edges) * dt < 0.3:
                continue
            n = len(edges) - 1
            choice = 1.0 if table["choice"][i] == 1 else -1.0
            signed = table["coherence"][i] * (1.0 if table["direction"][i] == 1 else -1.0)
            since, until = np.arange(n) * dt, np.minimum((n - np.arange(n)) * dt, 0.3)
            drift = [np.full(n, np.cos(np.pi * j * k / len(rows))) for j in (1, 2, 3)]
            columns = [np.full(n, signed), np.full(n, choice), since, since * choice, until, until * choice, *drift]
            spikes.append(np.histogram(data.spikes[i], edges)[0][:, None].astype(np.float64))
            covariates.append(np.stack(columns, axis=1))
        one = Recording(str(name), spikes, covariates)
        if one.count >= ENOUGH:
            found.append(one)
        if len(found) == most:
            break
    return found


def ca1_units(data: NelpyCA1, dt: float, most: int, *, running: bool = True) -> list[Recording]:
    """Return the busiest CA1 units on the linear track, with position and speed; while it runs, or all the time.

    Covariates: twelve bumps along the track for either direction of movement, five across, and the logarithm of
    speed. Trials are stretches of running; of the whole recording, stretches of ten seconds.
    """
    from scipy.ndimage import gaussian_filter1d

    r = data.responses(dt=dt)
    counts = r.values[0].astype(np.float64)
    x, y = (gaussian_filter1d(r[axis].values, 0.25 / dt) for axis in ("x", "y"))
    speed, onward = np.hypot(np.gradient(x, dt), np.gradient(y, dt)), (np.gradient(x, dt) > 0)[:, None]
    along = np.exp(-((x[:, None] - np.linspace(150, 520, 12)) ** 2) / (2 * 30**2))
    across = np.exp(-((y[:, None] - np.linspace(8, 479, 5)) ** 2) / (2 * 80**2))
    columns = np.concatenate([along * onward, along * ~onward, across, np.log1p(speed)[:, None]], axis=1)
    stretches = _running(speed > SPEED, dt) if running else _stretches(len(counts), round(10.0 / dt))
    total = sum(counts[a:b].sum(0) for a, b in stretches)
    busy = [i for i in np.argsort(total)[::-1][:most] if total[i] >= ENOUGH]
    covariates = [columns[a:b] for a, b in stretches]
    return [Recording(str(r["unit"].values[i]), [counts[a:b, [i]] for a, b in stretches], covariates) for i in busy]


def _running(fast: npt.NDArray[np.bool_], dt: float) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], fast.astype(int), [0]]))
    ends = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    return [(int(a), int(b)) for a, b in ends if (b - a) * dt > LASTING]


def _stretches(n: int, width: int) -> list[tuple[int, int]]:
    return [(a, min(a + width, n)) for a in range(0, n, width)]


def compared(units: list[Recording], dt: float, span: float, functions: int, penalty: float) -> dict[str, Any]:
    """Fit each unit by its covariates alone, with its past, and with its past run backwards; judge on held-out trials.

    Returns
    -------
    dict
        "units"; "bits": bits per spike (unit, model), models in the order above; "statistic", "band": of the
        Kolmogorov-Smirnov test of the first two (unit, model); "lags" (s), "history", "errors" (unit, lag): filters;
        "quantiles": rescaled intervals of the unit with the median statistic, by model.
    """
    basis = raised_cosines(functions, span, dt, start=dt)
    options: dict[str, Any] = {"dt": dt, "border": "zero", "penalty": penalty}
    bits, statistic, filters, clocks = [], [], [], []
    band = []
    for one in units:
        plain = spike_glm(one.spikes, one.covariates, history=None, **options)
        past = spike_glm(one.spikes, one.covariates, history=basis, **options)
        # the same train run backwards within each trial: as many spikes, as bursty, at no time that could cause these
        pairs = [np.concatenate([s, s[::-1]], axis=1) for s in one.spikes]
        back = spike_glm(pairs, one.covariates, history=None, coupling=basis, **options)
        bits.append([plain.log_likelihood[0], past.log_likelihood[0], back.log_likelihood[0]])
        tests = [fit.time_rescaling() for fit in (plain, past)]
        statistic.append([test.statistic[0] for test in tests])
        band.append(tests[0].band[0])
        clocks.append([test.uniform[0] for test in tests])
        filters.append(_history(past))
    middle = int(np.argsort(np.array(statistic)[:, 1] / np.array(band))[len(units) // 2])
    values, errors = np.stack([f[0] for f in filters]), np.stack([f[1] for f in filters])
    return {
        "units": [one.name for one in units],
        "bits": np.array(bits),
        "statistic": np.array(statistic),
        "band": np.array(band),
        "lags": basis.times,
        "history": values,
        "errors": errors,
        "quantiles": {"known": clocks[middle][0], "with its past": clocks[middle][1]},
        "shown": units[middle].name,
    }


def _history(fit: SpikeGLM) -> tuple[Array, Array]:
    one = fit.filter("history", fit.units[0])
    return one.values, one.errors
