"""dPCA with a cross-validated ridge: 300 units, 12 conditions, 60 bins: python bench/dpca.py."""

from __future__ import annotations

import time

import numpy as np
import xarray as xr
from peers import print_table
from threadpoolctl import threadpool_limits

from tertium.data import make_responses
from tertium.dynamics import dpca
from tertium.rng import Seeds

UNITS, STIMULI, DECISIONS, BINS = 300, 6, 2, 60

#: The interaction is left with the decision, which makes three marginalisations.
GROUPS = {
    "time": [["time"]],
    "stimulus": [["stimulus"], ["stimulus", "time"]],
    "decision and interaction": [
        ["decision"],
        ["decision", "time"],
        ["stimulus", "decision"],
        ["stimulus", "decision", "time"],
    ],
}


def simulate(n_trials: int) -> xr.DataArray:
    """Return responses with smooth components of time, stimulus and decision, and noise of the size of the signal."""
    random = Seeds(0).numpy("responses")
    stimulus, decision = (k.ravel() for k in np.indices((STIMULI, DECISIONS)).reshape(2, -1).repeat(n_trials, axis=1))
    t = np.linspace(0, 1, BINS)
    latent = np.stack(
        [
            np.broadcast_to(np.sin(4 * t), (len(stimulus), BINS)),
            (stimulus[:, None] - 2.5) / 2 * np.exp(-((t - 0.3) ** 2) / 0.02),
            (decision[:, None] - 0.5) * 2 * t,
        ],
        axis=2,
    )
    values = latent @ random.normal(size=(3, UNITS))
    values += 2 * random.normal(size=values.shape)
    return make_responses(values, dt=0.01, trial={"stimulus": stimulus, "decision": decision})


def main() -> list[dict[str, object]]:
    """Time the choice of the ridge (26 ridges, 10 times one trial held out) and the fit, with few and many trials."""
    rows: list[dict[str, object]] = []
    with threadpool_limits(1):
        for n_trials in (15, 30, 60):
            responses = simulate(n_trials)
            wall, cpu = time.perf_counter(), time.process_time()
            found = dpca(responses, ["stimulus", "decision"], groups=GROUPS)
            rows.append(
                {
                    "what": f"{UNITS} units x {STIMULI * DECISIONS} conditions x {BINS} bins x {n_trials} trials",
                    "seconds": time.perf_counter() - wall,
                    "CPU seconds": time.process_time() - cpu,
                    "ridge": found.ridge["time"],
                    "explained by 3": float(found.explained.cumulative[2]),
                }
            )
    return rows


if __name__ == "__main__":
    print_table(main())
